/* SPDX-License-Identifier: MIT */
/* Fresh projects around the packed package, built by each bundler and run in Chromium. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../browser/serve.mjs';
import { BUNDLERS, viteServer } from './bundlers.mjs';
import { assertClear, assertRight, browse, copyWasm, filesIn, fixture, NAME, OFFICIAL, workshop } from './support.mjs';

let shop, browser;
before(async () => {
  shop = workshop('bundlers');
  browser = await browse(shop.folder);
});
after(async () => {
  await browser?.close();
  shop?.remove();
});

/* Serves a folder while body(visit) runs. */
async function served(folder, body) {
  const site = await serve(folder);
  try {
    await body((query = '', options = {}) => browser.visit(site.url + query, options));
  } finally {
    await site.close();
  }
}

const wasmOf = ({ requests }) => requests.filter(url => /\.wasm/.test(url));

for (const [name, { carries, build }] of Object.entries(BUNDLERS)) {
  test(`${name}: import 'lanewise'`, async () => {
    const project = shop.project(name, { 'main.js': fixture('main.js') }), out = join(project, 'out');
    await build({ project, out, alias: {} });
    const carried = filesIn(out).filter(file => file.endsWith('.wasm'));
    assert.equal(carried.length, carries ? 3 : 0, 'the WebAssembly files come along');
    if (!carries) copyWasm(project, out);
    copyWasm(project, join(out, 'copied'));

    await served(out, async visit => {
      const plain = await visit();
      assertRight(plain.outcomes[0]);
      assert.deepEqual(plain.problems, []);
      assert.equal(wasmOf(plain).length, 1, 'only the tier that runs is loaded');

      const set = await visit('?paths=copied/');
      assertRight(set.outcomes[0]);
      assert.match(wasmOf(set).join(), /^[^,]*\/copied\/lanewise-relaxed\.wasm$/);

      const wrong = await visit('?paths=nowhere/');
      assertClear(wrong, 'nowhere/lanewise-relaxed.wasm');

      filesIn(out).filter(file => file.endsWith('.wasm')).forEach(file => rmSync(file));
      assertClear(await visit(), wasmOf(plain)[0]);
    });
  });

  test(`${name}: the official package's name, in the page and in a module worker`, async () => {
    const main = `new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });\n`;
    const project = shop.project(`${name}-alias`, {
      'main.js': fixture('main.js', OFFICIAL) + main, 'worker.js': fixture('main.js', OFFICIAL),
    });
    const out = join(project, 'out');
    await build({ project, out, alias: { [OFFICIAL]: NAME }, worker: true });
    if (!carries) copyWasm(project, out);
    await served(out, async visit => {
      const { outcomes, problems } = await visit('', { count: 2 });
      assert.deepEqual(problems, []);
      assert.deepEqual(outcomes.map(({ where }) => where).sort(), ['DedicatedWorkerGlobalScope', 'Window']);
      outcomes.forEach(outcome => assertRight(outcome));
    });
  });
}

test("Vite's development server", async () => {
  const project = shop.project('vite-dev', { 'main.js': fixture('main.js') });
  const server = await viteServer(project);
  try {
    const { outcomes, problems } = await browser.visit(server.url);
    assert.deepEqual(problems, []);
    assertRight(outcomes[0]);
    // This server answers with the page where there is no file.
    const wrong = await browser.visit(`${server.url}?paths=nowhere/`);
    assertClear(wrong, 'nowhere/lanewise-relaxed.wasm', "is not a WebAssembly file: it starts with '<!doctype html>");
  } finally {
    await server.close();
  }
});
