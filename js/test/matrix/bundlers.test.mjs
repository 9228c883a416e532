/* SPDX-License-Identifier: MIT */
/* Fresh projects around the packed package, built by each bundler and run in Chromium. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../browser/serve.mjs';
import { BUNDLERS, viteServer } from './bundlers.mjs';
import {
  assertClear, assertRight, browse, copyFiles, fileFor, filesIn, fixture, NAME, NOT_ISOLATED, OFFICIAL, workshop,
} from './support.mjs';

let shop, browser;
before(async () => {
  shop = workshop('bundlers');
  browser = await browse(shop.folder);
});
after(async () => {
  await browser?.close();
  shop?.remove();
});

/* A page with these workers only: none that is made of a string. */
const STRICT = { 'Content-Security-Policy': "worker-src 'self'" };

/* Serves a folder while body(visit) runs; visit(query, { headers, count }). */
async function served(folder, body) {
  const now = {}, site = await serve(folder, { headers: now });
  try {
    await body(async (query = '', { headers = {}, ...options } = {}) => {
      site.requests.length = 0;
      for (const name of Object.keys(now)) delete now[name];
      Object.assign(now, headers);
      return { ...await browser.visit(site.url + query, options), requests: [...site.requests] };
    });
  } finally {
    await site.close();
  }
}

const wasmOf = ({ requests }) => requests.filter(url => /\.wasm/.test(url));

/* How often a bundle's code registers a kernel. */
function registrations(out, kernel) {
  const scripts = filesIn(out).filter(path => path.endsWith('.js')).map(path => readFileSync(path, 'utf8'));
  return scripts.join('\n').match(new RegExp(`\\(["'\`]${kernel}["'\`],`, 'g'))?.length ?? 0;
}

for (const [name, { carries, build }] of Object.entries(BUNDLERS)) {
  test(`${name}: import 'lanewise', and the official package's name as an alias`, async () => {
    const project = shop.project(`${name}-page`, {
      'main.js': `${fixture('main.js')}
        import * as official from '${OFFICIAL}';
        if (official.setWasmPaths !== lanewise.setWasmPaths) throw new Error('the alias is another module');`,
    });
    const out = join(project, 'out');
    await build({ project, out, alias: { [OFFICIAL]: NAME } });
    const carried = filesIn(out).filter(file => file.endsWith('.wasm'));
    assert.equal(carried.length, carries ? 5 : 0, 'the WebAssembly files come along');
    if (!carries) copyFiles(project, out);
    copyFiles(project, join(out, 'copied'));

    await served(out, async visit => {
      const plain = await visit('', { headers: STRICT });
      assertRight(plain.outcomes[0]);
      assert.deepEqual(plain.problems, []);
      assert.equal(wasmOf(plain).length, 1, 'only the tier that runs is loaded');

      const set = await visit('?paths=copied/', { headers: STRICT });
      assertRight(set.outcomes[0]);
      const { tier } = set.outcomes[0];
      assert.deepEqual(set.requests.filter(url => url.startsWith('/copied/')).sort(),
        ['/copied/lanewise-worker.js', `/copied/${fileFor(tier, 2)}`].sort());

      const alone = await visit('', { headers: { 'Cross-Origin-Opener-Policy': 'unsafe-none' } });
      assertRight(alone.outcomes[0], NOT_ISOLATED);
      assert.deepEqual(alone.problems, []);
      assert.equal(wasmOf(alone).length, 1);

      const lost = (await visit('?paths=nowhere/')).outcomes[0];
      for (const threads of [2, 1]) assertClear(lost, `nowhere/${fileFor(tier, threads)}`);
      filesIn(out).filter(path => path.endsWith('.wasm')).forEach(path => rmSync(path));
      const gone = (await visit()).outcomes[0];
      for (const url of [...wasmOf(plain), ...wasmOf(alone)]) assertClear(gone, url);
    });
  });

  test(`${name}: single kernels in the page, all in a module worker`, async () => {
    const project = shop.project(`${name}-worker`, {
      'main.js': `${fixture('base.js')}
        new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
          .onmessage = ({ data }) => console.log('outcome ' + JSON.stringify(data));`,
      'worker.js': fixture('main.js'),
    });
    const out = join(project, 'out');
    await build({ project, out, alias: {}, worker: true, minify: false });
    if (!carries) copyFiles(project, out);
    await served(out, async visit => {
      const { outcomes, problems } = await visit('', { count: 2, headers: STRICT });
      assert.deepEqual(problems, []);
      assert.deepEqual(outcomes.map(({ where }) => where).sort(), ['DedicatedWorkerGlobalScope', 'Window']);
      outcomes.forEach(outcome => assertRight(outcome));
    });

    // What the page doesn't name is in the worker only: as often as in the page above. webpack drops it as it minifies.
    if (name === 'webpack') return;
    for (const kernel of ['NonMaxSuppressionV5', 'CropAndResize', 'StringNGrams', 'MirrorPad', 'Unique']) {
      const all = registrations(join(shop.folder, `${name}-page/out`), kernel);
      assert.ok(all > 0);
      assert.equal(registrations(out, kernel), all, kernel);
    }
  });
}

test('Vite: the single file needs no other', async () => {
  const project = shop.project('vite-single', { 'main.js': fixture('main.js', `${NAME}/single`) });
  const out = join(project, 'out');
  await BUNDLERS.Vite.build({ project, out, alias: {} });
  assert.deepEqual(filesIn(out).filter(file => file.endsWith('.wasm')), []);
  await served(out, async visit => {
    const { outcomes, problems } = await visit();
    assert.deepEqual(problems, []);
    assertRight(outcomes[0]);
  });
});

test("Vite's development server", async () => {
  const project = shop.project('vite-dev', { 'main.js': fixture('main.js') });
  const server = await viteServer(project);
  try {
    const { outcomes, problems } = await browser.visit(server.url);
    assert.deepEqual(problems, []);
    assertRight(outcomes[0]);
    // This server answers with the page where there is no file.
    const wrong = (await browser.visit(`${server.url}?paths=nowhere/`)).outcomes[0];
    for (const threads of [2, 1]) {
      assertClear(wrong, `nowhere/${fileFor(outcomes[0].tier, threads)}`, 'is not a WebAssembly file');
    }
  } finally {
    await server.close();
  }
});
