/* SPDX-License-Identifier: MIT */
/*
 * The packed package in pages without a bundler, in workers and service workers, and in a Chrome extension. All of it
 * lies in one folder, as on a server.
 */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { openInFirefox } from '../../browser/firefox.mjs';
import { serve } from '../../browser/serve.mjs';
import { page } from './bundlers.mjs';
import {
  assertClear, assertRight, browse, browseFirefox, copyFiles, fileFor, FILES, fixture, NO_WORKERS, NOT_ISOLATED, workshop,
  write,
} from './support.mjs';

/* What Chrome lets an extension's pages and workers do; and what it doesn't have to: fetch from elsewhere. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; object-src 'self'; connect-src 'self'";

const IMPORT_MAP = `<script type="importmap">{ "imports": { "lanewise": "./lanewise/index.js",
  "@tensorflow/tfjs-core": "./tfjs/tf-core.fesm.min.js" } }</script>`;
const CORE = 'tfjs/tf-core.min.js', SCRIPT = 'lanewise/tf-backend-wasm.min.js';
const SINGLE = 'lanewise/script/single.min.js';
const scripts = (...urls) => page(urls.map(url => `<script src="${url}"></script>`).join(''));
const WORKER = 'DedicatedWorkerGlobalScope', SERVICE = 'ServiceWorkerGlobalScope';

/*
 * Each page: its URL; where its program runs; the folder of the WebAssembly files that it finds by itself. inline: the
 * page needs an inline script, which an extension's page may not have.
 */
const PAGES = {
  'a module with an import map': { url: 'map.html', where: 'Window', folder: 'lanewise/', inline: true },
  'script tags': { url: 'scripts.html', where: 'Window', folder: 'lanewise/' },
  'script tags and the single file': { url: 'single.html', where: 'Window' },
  'a bundled module': { url: 'module.html', where: 'Window', folder: '' },
  'a bundled script': { url: 'classic.html', where: 'Window', folder: '' },
  'a module worker': { url: 'client.html?worker=module.js&type=module', where: WORKER, folder: '' },
  'a bundled worker': { url: 'client.html?worker=classic.js&type=classic', where: WORKER, folder: '' },
  'a worker with importScripts': {
    url: 'client.html?worker=worker.js&type=classic', where: WORKER, folder: 'lanewise/',
  },
  'a module service worker': { url: 'client.html?service=module.js&type=module', where: SERVICE, folder: '' },
  'a bundled service worker': { url: 'client.html?service=classic.js&type=classic', where: SERVICE, folder: '' },
  'a service worker with importScripts': {
    url: 'client.html?service=worker.js&type=classic', where: SERVICE, folder: 'lanewise/',
  },
};

const TEXTS = {
  'map.html': page(`${IMPORT_MAP}<script type="module" src="main.js"></script>`),
  'scripts.html': scripts(CORE, SCRIPT, 'script.js'),
  'single.html': scripts(CORE, SINGLE, 'script.js'),
  'module.html': page('<script type="module" src="module.js"></script>'),
  'classic.html': scripts('classic.js'),
  'client.html': scripts('client.js'),
  'worker.js': `importScripts('${CORE}', '${SCRIPT}', 'script.js');\n`,
};

let shop, browser, folder;
before(async () => {
  shop = workshop('pages');
  browser = await browse(shop.folder);
  const project = shop.project('app', { 'main.js': fixture('main.js'), 'script.js': fixture('script.js') });
  folder = join(project, 'site');
  write(folder, { ...TEXTS, 'client.js': fixture('client.js') });
  // The packages' own files, and a program beside them.
  const core = join(shop.folder, 'node_modules/@tensorflow/tfjs-core/dist');
  cpSync(join(project, 'node_modules/lanewise/dist'), join(folder, 'lanewise'), { recursive: true });
  for (const name of ['tf-core.min.js', 'tf-core.fesm.min.js']) cpSync(join(core, name), join(folder, 'tfjs', name));
  for (const name of ['main.js', 'start.js', 'program.js', 'probe.js']) cpSync(join(project, name), join(folder, name));
  // Bundles, with the WebAssembly files beside them.
  copyFiles(project, folder);
  copyFiles(project, join(folder, 'copied'));
  for (const [entry, format, outfile] of [
    ['main.js', 'esm', 'module.js'], ['main.js', 'iife', 'classic.js'], ['script.js', 'iife', 'script.js'],
  ]) {
    await build({ absWorkingDir: project, entryPoints: [entry], format, outfile: join(folder, outfile), bundle: true,
      minify: true, logLevel: 'error' });
  }
});
after(async () => {
  await browser?.close();
  shop?.remove();
});

/* Serves the folder with headers while body(visit) runs; visit(url) also says which of the package's files it asked for. */
async function served(headers, body, by = browser) {
  const site = await serve(folder, { headers });
  try {
    await body(async url => {
      site.requests.length = 0;
      const { outcomes: [outcome], problems } = await by.visit(site.url + url);
      const files = new Set(site.requests.filter(path => FILES.some(file => path.endsWith(`/${file}`))));
      return { outcome, problems, files: [...files].sort() };
    });
  } finally {
    await site.close();
  }
}

const withPaths = (url, paths) => `${url}${url.includes('?') ? '&' : '?'}paths=${paths}`;

/* The files that a page loads from a folder: two threads run, but one in service workers. */
const filesFor = (tier, from, where) => (where === SERVICE ? [`${from}${fileFor(tier, 1)}`]
  : [`${from}${fileFor(tier, 2)}`, `${from}lanewise-worker.js`]);
const whyOne = where => (where === SERVICE ? NO_WORKERS : undefined);

for (const [name, { url, where, folder: own, inline }] of Object.entries(PAGES)) {
  test(`${name}: the best tier, files elsewhere, a wrong path`, async () => {
    await served({}, async visit => {
      const plain = await visit(url), { tier } = plain.outcome;
      assertRight(plain.outcome, whyOne(where));
      assert.equal(plain.outcome.where, where);
      assert.deepEqual(plain.problems, []);
      assert.deepEqual(plain.files, own === undefined ? [] : filesFor(tier, `/${own}`, where));

      const set = await visit(withPaths(url, 'copied/'));
      assertRight(set.outcome, whyOne(where));
      assert.deepEqual(set.files, filesFor(tier, '/copied/', where));
      assertClear((await visit(withPaths(url, 'nowhere/'))).outcome, `nowhere/${fileFor(tier, 1)}`);
    });
  });

  test(`${name}: a page that is not isolated`, async () => {
    await served({ 'Cross-Origin-Opener-Policy': 'unsafe-none' }, async visit => {
      const { outcome, problems } = await visit(url);
      assertRight(outcome, whyOne(where) ?? NOT_ISOLATED);
      assert.deepEqual(problems, []);
    });
  });

  if (inline) continue;
  test(`${name}: under an extension's policy`, async () => {
    await served({ 'Content-Security-Policy': POLICY }, async visit => {
      const { outcome, problems } = await visit(url);
      assertRight(outcome, whyOne(where));
      assert.equal(outcome.where, where);
      assert.deepEqual(problems, []);
    });
  });
}

test("a policy without 'wasm-unsafe-eval' is seen, and the warning says so", async () => {
  await served({ 'Content-Security-Policy': POLICY.replace("'wasm-unsafe-eval'", '') }, async visit => {
    for (const { url, inline } of Object.values(PAGES)) {
      if (inline) continue;
      const { outcome } = await visit(url);
      assert.equal(outcome.started, false);
      assert.match(outcome.warnings.join('\n'), /may not be compiled here.*Add 'wasm-unsafe-eval' to script-src/);
    }
  });
});

test('Firefox: every page under the same policy', async () => {
  const firefox = await browseFirefox(shop.folder), pages = Object.values(PAGES).filter(({ inline }) => !inline);
  try {
    await served({ 'Content-Security-Policy': POLICY }, async visit => {
      for (const { url, where, folder: own } of pages.filter(page => page.where !== WORKER)) {
        const { outcome, problems, files } = await visit(url);
        assertRight(outcome, whyOne(where));
        assert.equal(outcome.where, where);
        assert.deepEqual(problems, []);
        assert.deepEqual(files, own === undefined ? [] : filesFor(outcome.tier, `/${own}`, where));
      }
    }, firefox);
  } finally {
    await firefox.close();
  }
  // Workers that start workers.
  const site = await serve(folder, { headers: { 'Content-Security-Policy': POLICY } });
  try {
    const urls = pages.filter(({ where }) => where === WORKER).map(({ url }) => `${url}&post`);
    for (const outcome of await openInFirefox(shop.folder, site, urls)) {
      assertRight(outcome);
      assert.equal(outcome.where, WORKER);
    }
  } finally {
    await site.close();
  }
});

test('a Chrome extension: its pages, its workers and its background service worker', async () => {
  const extension = join(folder, '../extension');
  cpSync(folder, extension, { recursive: true });
  write(extension, { 'manifest.json': JSON.stringify({
    manifest_version: 3, name: 'Lanewise', version: '1', background: { service_worker: 'module.js', type: 'module' },
    content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
    cross_origin_opener_policy: { value: 'same-origin' }, cross_origin_embedder_policy: { value: 'require-corp' },
  }) });
  const chromium = await browse(shop.folder, { extension });
  try {
    const urls = Object.values(PAGES).filter(({ inline, where }) => !inline && where !== SERVICE);
    for (const { url, where } of [...urls, { url: 'client.html', where: SERVICE }]) {
      const { outcomes: [outcome], problems } = await chromium.visit(chromium.extension + url);
      assertRight(outcome, whyOne(where));
      assert.equal(outcome.where, where);
      assert.deepEqual(problems, []);
    }
  } finally {
    await chromium.close();
  }
});

// The last of all: it removes the files.
test('files that are gone', async () => {
  for (const place of ['', 'lanewise']) FILES.forEach(file => rmSync(join(folder, place, file)));
  await served({}, async visit => {
    for (const { url, where, folder: own } of Object.values(PAGES)) {
      const { outcome } = await visit(url);
      if (own === undefined) assertRight(outcome, whyOne(where));
      else assertClear(outcome, `/${own}${fileFor(outcome.best, 1)}`);
    }
  });
});
