/* SPDX-License-Identifier: MIT */
/*
 * Pages of script tags, without a bundler, in headless Chromium and Firefox under strict policies: TensorFlow.js's own
 * file and ours, in the page and in a worker; and what a page is told whose policy forbids too much.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FILES } from 'lanewise/runtime';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { CHROMIUM, openInChromium } from './chromium.mjs';
import { FIREFOX, openInFirefox } from './firefox.mjs';
import { serve } from './serve.mjs';

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'lanewise-pages-'));
const SCRIPTS = ['tf-backend-wasm.js', 'tf-backend-wasm.min.js', 'single.min.js'];
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const BROWSERS = {
  chromium: () => chromium.launch(CHROMIUM),
  firefox: () => puppeteer.launch({
    browser: 'firefox', executablePath: FIREFOX, headless: true,
    userDataDir: mkdtempSync(join(folder, 'firefox-')),
  }),
};
let browser;
const sites = [];

before(async () => {
  const dist = dirname(require.resolve('lanewise/lanewise-scalar.wasm'));
  for (const name of ['lib', 'alone', 'app']) mkdirSync(join(folder, name));
  copyFileSync(join(dirname(require.resolve('@tensorflow/tfjs-core/package.json')), 'dist/tf-core.min.js'),
    join(folder, 'tf-core.min.js'));
  for (const file of [...FILES, ...SCRIPTS]) {
    copyFileSync(join(dist, file.includes('single') ? 'script' : '', file), join(folder, 'lib', file));
  }
  for (const file of SCRIPTS) {
    copyFileSync(join(folder, 'lib', file), join(folder, 'alone', file)); // without wasm files
    writeFileSync(join(folder, `${file}.html`), `<!doctype html><meta charset="utf-8"><title>script</title>
      <script src="tf-core.min.js"></script><script src="lib/${file}"></script>`);
    writeFileSync(join(folder, `alone-${file}.html`), `<!doctype html><meta charset="utf-8"><title>script</title>
      <script src="tf-core.min.js"></script><script src="alone/${file}"></script>`);
    writeFileSync(join(folder, 'app', `${file}.worker.js`), `importScripts('../tf-core.min.js', '../lib/${file}');
      (${compute})().then(postMessage);`);
    writeFileSync(join(folder, `${file}.worker.html`), `<!doctype html><meta charset="utf-8"><title>worker</title>
      <script src="client.js" data-worker="app/${file}.worker.js"></script>`);
  }
  writeFileSync(join(folder, 'client.js'), `new Worker(document.currentScript.dataset.worker).onmessage = ({ data }) => {
    fetch('/outcome', { method: 'POST', body: JSON.stringify({ ...data, page: location.pathname }) });
  };`);
  writeFileSync(join(folder, 'none.html'), '<!doctype html><script src="lib/tf-backend-wasm.min.js"></script>');
});

after(async () => {
  for (const site of sites) await site.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What the page or worker does. */
async function compute() {
  const warnings = [];
  tf.wasm.setThreadsCount(2);
  console.info = console.warn = text => warnings.push(text);
  const started = await tf.setBackend('wasm');
  if (!started) return { warnings };
  const sum = tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync().join();
  const { module } = tf.backend();
  const joined = () => module.kernels.exports.lw_pool_threads(module.threads.pool);
  for (let i = 0; i < 500 && joined() < 2; i++) await new Promise(done => { setTimeout(done, 10); });
  return { sum, warnings, tier: tf.wasm.tier(), threads: joined(), functions: typeof tf.wasm.setWasmPaths };
}

/** Opens a page under a policy; returns what `body` does in it and the requests for WebAssembly files. */
async function visit(name, policy, body, argument) {
  const site = await serve(folder, { headers: { 'Content-Security-Policy': policy } });
  sites.push(site);
  const page = await browser.newPage();
  const requests = [];
  page.on('request', request => {
    if (request.url().endsWith('.wasm')) requests.push(request.url().slice(site.url.length));
  });
  await page.goto(site.url + name);
  const result = await page.evaluate(body, argument);
  await page.close();
  return { ...result, requests };
}

for (const [name, launch] of Object.entries(BROWSERS)) {
  /** What these pages post, opened all at once. */
  const openAll = (site, paths) => (name === 'firefox' ? openInFirefox(folder, site, paths)
    : openInChromium(browser, site, paths));

  describe(name, () => {
    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    for (const file of SCRIPTS) {
      const single = file.includes('single');

      test(`${file}: a script tag, under a strict policy`, async () => {
        const { sum, tier, threads, functions, warnings, requests } = await visit(`${file}.html`, POLICY, compute);
        assert.deepEqual({ sum, functions, warnings }, { sum: '4,6', functions: 'function', warnings: [] });
        assert.equal(threads, 2);
        assert.equal(tier, 'relaxed');
        assert.deepEqual(requests, single ? [] : ['lib/lanewise-relaxed-threads.wasm']);
      });

      test(`${file}: without a server for the WebAssembly files`, async () => {
        const { sum, tier, warnings, requests } = await visit(`alone-${file}.html`,
          POLICY.replace("connect-src 'self'", single ? "connect-src 'none'" : "connect-src 'self'"), compute);
        if (single) {
          assert.deepEqual({ sum, tier, requests }, { sum: '4,6', tier: 'relaxed', requests: [] });
        } else {
          assert.match(warnings.join('\n'), /alone\/lanewise-relaxed(-threads)?\.wasm: HTTP status 404 .*setWasmPaths/);
        }
      });
    }

    test('importScripts in a worker that lies elsewhere', async () => {
      const site = await serve(folder, { headers: { 'Content-Security-Policy': POLICY } });
      sites.push(site);
      const paths = SCRIPTS.map(file => `${file}.worker.html`);
      for (const { sum, tier, threads, warnings } of await openAll(site, paths)) {
        assert.deepEqual({ sum, warnings, tier, threads }, { sum: '4,6', warnings: [], tier: 'relaxed', threads: 2 });
      }
    });

    test('policies that forbid too much: the message says what to add', async () => {
      const noWasm = await visit('tf-backend-wasm.min.js.html', POLICY.replace(" 'wasm-unsafe-eval'", ''), compute);
      assert.match(noWasm.warnings.join('\n'), /may not be compiled here.*script-src 'self' 'wasm-unsafe-eval'/);
      const noFetch = await visit('tf-backend-wasm.min.js.html',
        POLICY.replace("connect-src 'self'", "connect-src 'none'"), compute);
      assert.match(noFetch.warnings.join('\n'),
        /lib\/lanewise-relaxed(-threads)?\.wasm: .*Content-Security-Policy has no connect-src/);
    });

    test('without TensorFlow.js the script says so', async () => {
      const site = await serve(folder);
      sites.push(site);
      const page = await browser.newPage();
      const errors = [];
      page.on('pageerror', error => errors.push(error.message.replace(/^Error: /, '')));
      await page.goto(`${site.url}none.html`);
      await page.close();
      assert.deepEqual(errors, ['lanewise: TensorFlow.js must be loaded first: tf.min.js, or tf-core.min.js']);
    });
  });
}
