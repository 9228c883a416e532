/* SPDX-License-Identifier: MIT */
/*
 * Threads in headless Chromium and Firefox: pages that are cross-origin isolated and pages that are not, workers, strict
 * policies, and what a page is told when it gets fewer threads than it could have.
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
const folder = mkdtempSync(join(tmpdir(), 'lanewise-browser-threads-'));
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const NOT_ISOLATED = { 'Cross-Origin-Opener-Policy': 'unsafe-none', 'Cross-Origin-Embedder-Policy': 'unsafe-none' };
const LIB = 'tf-backend-wasm.min.js', SINGLE = 'single.min.js', RENAMED = 'bundle.js';
const BROWSERS = {
  Chromium: () => chromium.launch(CHROMIUM),
  Firefox: () => puppeteer.launch({
    browser: 'firefox', executablePath: FIREFOX, headless: true,
    userDataDir: mkdtempSync(join(folder, 'firefox-')),
  }),
};

before(() => {
  const dist = dirname(require.resolve('lanewise/lanewise-scalar.wasm'));
  const core = join(dirname(require.resolve('@tensorflow/tfjs-core/package.json')), 'dist/tf-core.min.js');
  for (const name of ['site', 'site/lib', 'site/other', 'site/official']) mkdirSync(join(folder, name));
  copyFileSync(core, join(folder, 'site/tf-core.min.js'));
  for (const file of [...FILES, LIB]) copyFileSync(join(dist, file), join(folder, 'site/lib', file));
  for (const file of FILES) copyFileSync(join(dist, file), join(folder, 'site/official', file));
  for (const file of [SINGLE, RENAMED]) copyFileSync(join(dist, 'script', SINGLE), join(folder, 'site/lib', file));
  copyFileSync(join(dist, 'lanewise-worker.js'), join(folder, 'site/other/hand.js'));
  writeFileSync(join(folder, 'site/program.js'), `globalThis.run = ${run};`);
  for (const file of [LIB, SINGLE, RENAMED]) {
    writeFileSync(join(folder, 'site', `${file}.html`), `<!doctype html><meta charset="utf-8"><title>threads</title>
      <link rel="icon" href="data:,">
      <script src="tf-core.min.js"></script><script src="lib/${file}"></script><script src="program.js"></script>`);
    writeFileSync(join(folder, 'site', `${file}.worker.js`), `importScripts('tf-core.min.js', 'lib/${file}', 'program.js');
      onmessage = ({ data }) => run(data).then(postMessage, error => postMessage({ error: error.stack }));`);
    writeFileSync(join(folder, 'site', `${file}.workers.html`), `<!doctype html><meta charset="utf-8"><title>workers</title>
      <link rel="icon" href="data:,"><script src="client.js" data-worker="${file}.worker.js"></script>`);
  }
  // One worker for each list of options in the page's address.
  writeFileSync(join(folder, 'site/client.js'), `const { worker } = document.currentScript.dataset;
    Promise.all(JSON.parse(decodeURIComponent(location.search.slice(1))).map(options => new Promise(resolve => {
      const one = new Worker(worker);
      one.onmessage = ({ data }) => resolve(data);
      one.onerror = ({ message }) => resolve({ error: 'the script: ' + message });
      one.postMessage(options);
    }))).then(outcomes => fetch('/outcome', {
      method: 'POST', body: JSON.stringify({ page: location.pathname + location.search, outcomes }),
    }));`);
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/*
 * What a page or worker does: starts the backend with so many threads and waits until all have joined, or until fewer
 * are left; then it computes. `settings` are calls of tf.wasm. `sum` tells outputs apart by any bit.
 */
async function run({ threads, settings = {}, ballast = 0, impatient = false, lose = false }) {
  const said = [], outcome = { said, isolated: crossOriginIsolated, main: typeof document === 'object' };
  for (const kind of ['log', 'info', 'warn', 'error']) console[kind] = (...words) => said.push(`${kind}: ${words.join(' ')}`);
  const { wasm } = tf;
  for (const [name, value] of Object.entries(settings)) wasm[name](value);
  if (threads) wasm.setThreadsCount(threads);
  let last = performance.now(), gap = 0;
  const timer = setInterval(() => {
    gap = Math.max(gap, performance.now() - last);
    last = performance.now();
  }, 5);
  if (!await tf.setBackend('wasm')) return outcome;
  const { module } = tf.backend();
  const joined = () => module.threads?.pool ? module.kernels.exports.lw_pool_threads(module.threads.pool) : 1;
  const allJoined = async () => {
    for (let i = 0; i < 1000 && joined() < wasm.getThreadsCount(); i++) await new Promise(done => { setTimeout(done, 10); });
  };
  outcome.early = joined();
  if (!impatient) await allJoined();
  clearInterval(timer);
  if (wasm.getThreadsCount() < threads) await new Promise(done => { setTimeout(done, 200); }); // what is said comes later

  const numbers = (shape, phase) => tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * 0.7 + phase)), shape);
  const compute = () => {
    const outputs = tf.tidy(() => {
      let x = numbers([1, 65, 63, 16], 0);
      x = tf.relu6(tf.add(tf.conv2d(x, numbers([3, 3, 16, 40], 1), 1, 'same'), numbers([40], 2)));
      x = tf.depthwiseConv2d(x, numbers([3, 3, 40, 1], 3), 1, 'same');
      const y = tf.conv2d(tf.maxPool(tf.tanh(x), 2, 2, 'same'), numbers([1, 1, 40, 50], 4), 1, 'valid');
      return [x, y, tf.softmax(tf.matMul(numbers([160, 170], 5), numbers([170, 150], 6))),
        tf.image.resizeBilinear(y, [70, 50])].map(z => z.dataSync());
    });
    let sum = 0;
    for (const values of outputs) {
      for (const bits of new Int32Array(values.buffer, values.byteOffset, values.length)) sum = Math.imul(sum ^ bits, 16777619);
    }
    return sum;
  };
  if (ballast) {
    tf.fill([ballast << 18], 1); // megabytes: what comes now lies behind it
    outcome.bytes = module.heap.totalBytes;
    try {
      tf.fill([ballast << 18], 1);
    } catch (error) {
      outcome.full = error.message;
    }
  }
  if (lose) {
    // As if a worker had died inside of a job: one more inside of the gate, the pool's second cache line.
    Atomics.add(module.heap.i32, (module.threads.pool + 64) >>> 2, 1);
    const start = performance.now();
    try {
      compute();
    } catch (error) {
      outcome.lost = `${error.name}: ${error.message}`;
    }
    outcome.stood = performance.now() - start;
    await allJoined();
  }
  outcome.sum = compute();
  if (impatient) {
    await allJoined();
    if (compute() !== outcome.sum) throw new Error('other bits when all threads had joined');
  }
  Object.assign(outcome, { gap, tier: wasm.tier(), count: wasm.getThreadsCount(), joined: joined(),
    shared: outcome.isolated && module.heap.u8.buffer instanceof SharedArrayBuffer });
  return outcome;
}

for (const [name, launch] of Object.entries(BROWSERS)) {
  describe(name, () => {
    let browser, one;
    before(async () => {
      browser = await launch();
      ({ sum: one } = await visit({}, LIB, { threads: 1 }));
    });
    after(() => browser?.close());

    /* Opens a page with these headers; returns what `body` gives in it and the paths that the page asked for. */
    async function open(headers, file, body, delays) {
      const site = await serve(join(folder, 'site'), { headers, delays });
      const page = await browser.newPage();
      try {
        await page.goto(`${site.url}${file}.html`);
        return { ...await body(page), requests: site.requests.map(path => path.slice(1)) };
      } finally {
        await page.close();
        await site.close();
      }
    }
    const visit = (headers, file, options) => open(headers, file, page => page.evaluate(argument => globalThis.run(argument),
      options));

    /* The same in workers of one page, all at once. */
    async function inWorkers(headers, file, ...options) {
      const site = await serve(join(folder, 'site'), { headers });
      const path = `${file}.workers.html?${encodeURIComponent(JSON.stringify(options))}`;
      try {
        const [{ outcomes }] = name === 'Firefox' ? await openInFirefox(folder, site, [path])
          : await openInChromium(browser, site, [path]);
        return outcomes;
      } finally {
        await site.close();
      }
    }

    function assertThreads({ sum, count, joined, shared, said, error }, expected, message) {
      assert.equal(error, undefined);
      assert.deepEqual({ count, joined, shared }, { count: expected, joined: expected, shared: expected > 1 });
      assert.ok(sum === one && Number.isInteger(one), 'the same bits as with one thread');
      if (!message) assert.deepEqual(said, []);
      else assert.match(said.join('\n'), message);
    }

    test('an isolated page: the threads asked for work, under a strict policy, with the bits of one', async () => {
      for (const threads of [2, 3]) {
        const outcome = await visit({ 'Content-Security-Policy': POLICY }, LIB, { threads });
        assertThreads(outcome, threads);
        assert.ok(outcome.main && outcome.isolated);
        assert.ok(outcome.gap < 2000, `the page stood still for ${outcome.gap} ms while the backend started`);
        const files = outcome.requests.filter(path => /lanewise-/.test(path)).sort();
        assert.deepEqual([...new Set(files)], [`lib/lanewise-${outcome.tier}-threads.wasm`, 'lib/lanewise-worker.js']);
      }
    });

    test('by default as many threads as the machine has', async () => {
      const { cores, ...outcome } = await open({}, LIB, async page => ({
        ...await page.evaluate(() => globalThis.run({})), cores: await page.evaluate(() => navigator.hardwareConcurrency),
      }));
      assert.equal(outcome.count, Math.min(cores, 8));
      assert.equal(outcome.joined, outcome.count);
      assert.deepEqual(outcome.said, []);
    });

    test('two backends in two workers of a page at once', async () => {
      const [first, second] = await inWorkers({ 'Content-Security-Policy': POLICY }, LIB, { threads: 2 }, { threads: 3 });
      assertThreads(first, 2);
      assertThreads(second, 3);
      assert.equal(first.main, false);
    });

    test('one thread that was asked for is nothing to talk about', async () => {
      for (const headers of [{}, NOT_ISOLATED]) {
        const { requests, ...outcome } = await visit(headers, LIB, { threads: 1 });
        assert.deepEqual([outcome.count, outcome.said, outcome.shared], [1, [], false]);
        assert.deepEqual(requests.filter(path => /lanewise-/.test(path)), [`lib/lanewise-${outcome.tier}.wasm`]);
      }
    });

    test('a page that is not isolated: one thread, and one line that names the headers', async () => {
      const message = /^info: lanewise: one thread runs in place of 4, because this page is not cross-origin isolated.*"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp", or call setThreadsCount\(1\) .*$/;
      for (const file of [LIB, SINGLE]) assertThreads(await visit(NOT_ISOLATED, file, { threads: 4 }), 1, message);
    });

    test("the worker's file elsewhere", async () => {
      const outcome = await visit({}, LIB, { threads: 2, settings: { setWorkerPath: 'other/hand.js' } });
      assertThreads(outcome, 2);
      assert.ok(outcome.requests.includes('other/hand.js') && !outcome.requests.includes('lib/lanewise-worker.js'));
    });

    test("official file names that say 'threaded' mean threads", async () => {
      const official = Object.fromEntries(['', '-simd', '-threaded-simd'].map(kind => (
        [`tfjs-backend-wasm${kind}.wasm`, `official/tfjs-backend-wasm${kind}.wasm`])));
      const outcome = await visit({}, LIB, { threads: 2, settings: { setWasmPaths: official } });
      assertThreads(outcome, 2);
      assert.deepEqual([...new Set(outcome.requests.filter(path => /lanewise-/.test(path)))].sort(),
        [`official/lanewise-${outcome.tier}-threads.wasm`, 'official/lanewise-worker.js']);
    });

    test("without the worker's file, or forbidden to start it, one thread works and one line says why", async () => {
      const settings = { setWorkerPath: 'nowhere/lanewise-worker.js' };
      const message = /^warn: lanewise: workers can't be started: .*worker-src 'self'.*setWorkerPath.*\. 1 thread\(s\) run$/;
      for (const [headers, more] of [
        [{}, { settings }], [{ 'Content-Security-Policy': POLICY.replace("worker-src 'self'", "worker-src 'none'") }, {}],
      ]) {
        const { count, joined, sum, said } = await visit(headers, LIB, { threads: 4, ...more });
        assert.deepEqual({ count, joined, sum }, { count: 1, joined: 1, sum: one });
        assert.equal(said.length, 1, said.join('\n'));
        assert.match(said[0], message);
      }
    });

    test("a worker's file on another server is one line, too", async () => {
      const other = await serve(join(folder, 'site'), { headers: {
        'Cross-Origin-Resource-Policy': 'cross-origin', 'Access-Control-Allow-Origin': '*',
      } });
      try {
        const settings = { setWorkerPath: `${other.url}lib/lanewise-worker.js` };
        const { count, joined, sum, said } = await visit({}, LIB, { threads: 3, settings });
        assert.deepEqual({ count, joined, sum }, { count: 1, joined: 1, sum: one });
        assert.equal(said.length, 1, said.join('\n'));
        assert.match(said[0], /^warn: lanewise: workers can't be started: .*The page's own server must have/);
        // WebAssembly files may be there; then the worker is the one beside the script.
        assertThreads(await visit({}, LIB, { threads: 2, settings: { setWasmPaths: `${other.url}lib/` } }), 2);
      } finally {
        await other.close();
      }
    });

    test('the single file is its own worker; under another name it makes them of blobs', async () => {
      const strict = { 'Content-Security-Policy': POLICY };
      assertThreads(await visit(strict, SINGLE, { threads: 3 }), 3);
      const [inWorker] = await inWorkers(strict, SINGLE, { threads: 2 });
      assertThreads(inWorker, 2);
      assertThreads(await visit({}, RENAMED, { threads: 3 }), 3);
      const { count, joined, sum, said } = await visit(strict, RENAMED, { threads: 3 });
      assert.deepEqual({ count, joined, sum }, { count: 1, joined: 1, sum: one });
      assert.equal(said.length, 1, said.join('\n'));
      assert.match(said[0], /^warn: lanewise: workers can't be started: .* 1 thread\(s\) run$/);
    });

    test("workers don't delay the first answer", async () => {
      const delays = { '/lib/lanewise-worker.js': 1500 };
      const { early, ...outcome } = await open({}, LIB, page => page.evaluate(options => globalThis.run(options),
        { threads: 3, impatient: true }), delays);
      assert.equal(early, 1);
      assertThreads(outcome, 3);
    });

    test('the memory grows while workers run, up to the maximum that was set', async () => {
      const settings = { setMaximumMemory: 128 << 20 };
      const { bytes, full, ...outcome } = await visit({}, LIB, { threads: 2, ballast: 80, settings });
      assertThreads(outcome, 2);
      assert.ok(bytes > 80 << 20 && bytes <= 128 << 20, `${bytes} bytes`);
      assert.match(full, /out of memory: \d+ bytes asked for/);
    });

    // The page's main thread may not sleep: an engine throws where it would. It watches, for no longer than this.
    test('a worker that is lost in the middle of a job is a clear error, and computing goes on after it', async () => {
      const { lost, stood, ...outcome } = await visit({}, LIB, { threads: 2, lose: true });
      assert.match(lost, /^ThreadLostError: .*a worker died in the middle of it, so its output is incomplete/);
      assert.ok(stood < 10000, `the page stood still for ${stood} ms`);
      assertThreads(outcome, 2, /^$/);
      assert.ok(outcome.main);
    });

    test('removeBackend ends the workers', async () => {
      await open({}, LIB, async page => {
        const outcome = await page.evaluate(() => globalThis.run({ threads: 4 }));
        assertThreads(outcome, 4);
        assert.equal(page.workers().length, 3);
        await page.evaluate(() => globalThis.tf.removeBackend('wasm'));
        for (let i = 0; i < 200 && page.workers().length > 0; i++) await new Promise(done => { setTimeout(done, 10); });
        assert.equal(page.workers().length, 0);
      });
    });

    // Firefox freezes them, and the page, for those who come back.
    if (name === 'Firefox') return;
    test('the workers end with their page', async () => {
      await open({}, LIB, async page => {
        await page.evaluate(() => globalThis.run({ threads: 4 }));
        assert.equal(page.workers().length, 3);
        await page.goto('about:blank');
        for (let i = 0; i < 200 && page.workers().length > 0; i++) await new Promise(done => { setTimeout(done, 10); });
        assert.equal(page.workers().length, 0);
      });
    });
  });
}
