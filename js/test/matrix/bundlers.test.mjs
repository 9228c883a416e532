/* SPDX-License-Identifier: MIT */
/* Fresh projects around the packed package, built by each bundler and run in Chromium. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
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
    await body(async (query = '', options = {}) => {
      site.requests.length = 0;
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
      const file = `lanewise-${set.outcomes[0].tier}.wasm`;
      assert.deepEqual(wasmOf(set), [`/copied/${file}`]);

      assertClear((await visit('?paths=nowhere/')).outcomes[0], `nowhere/${file}`);
      filesIn(out).filter(path => path.endsWith('.wasm')).forEach(path => rmSync(path));
      assertClear((await visit()).outcomes[0], wasmOf(plain)[0]);
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
    if (!carries) copyWasm(project, out);
    await served(out, async visit => {
      const { outcomes, problems } = await visit('', { count: 2 });
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
    assertClear(wrong, `nowhere/lanewise-${outcomes[0].tier}.wasm`, 'is not a WebAssembly file');
  } finally {
    await server.close();
  }
});
