/* SPDX-License-Identifier: MIT */
/* Headless Chromium for `scripts/bench models --threads --browser`: bundles page.mjs, and serves it as isolated. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { FILES } from 'lanewise/runtime';
import { chromium } from 'playwright-core';
import { CHROMIUM } from '../browser/chromium.mjs';
import { serve } from '../browser/serve.mjs';
import { handlerOf, inputOf } from '../test/models/catalogue.mjs';

const require = createRequire(import.meta.url);

/*
 * Opens the page, with contestants on up to `most` threads.
 * Returns { version, time, close }; time(definition, options) is what contestOfThreads returns for a model.
 */
export async function openPage(most) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [fileURLToPath(new URL('page.mjs', import.meta.url))], outfile: join(folder, 'page.js'), bundle: true,
    format: 'esm', platform: 'browser', target: 'es2022', minify: true, logLevel: 'error',
  });
  const ours = dirname(require.resolve('lanewise/lanewise-scalar.wasm'));
  const official = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  for (const file of [...FILES.map((name) => join(ours, name)),
    ...['simd', 'threaded-simd'].map((name) => join(official, 'dist', `tfjs-backend-wasm-${name}.wasm`))]) {
    copyFileSync(file, join(folder, basename(file)));
  }
  writeFileSync(join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><title>bench</title>' +
    '<link rel="icon" href="data:,"><script type="module" src="page.js"></script>');
  const site = await serve(folder), browser = await chromium.launch(CHROMIUM), page = await browser.newPage();
  await page.goto(site.url);
  await page.evaluate((threads) => globalThis.bench.start(threads), most);
  return {
    version: browser.version(),
    async time(definition, options) {
      const { values, ...input } = inputOf(definition), { weightData, ...model } = await handlerOf(definition).load();
      writeFileSync(join(folder, 'input.json'), JSON.stringify({ ...input, layers: definition.layers }));
      writeFileSync(join(folder, 'input.bin'), values);
      writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(weightData));
      return page.evaluate((given) => globalThis.bench.time(given), options);
    },
    async close() {
      await browser.close();
      await site.close();
    },
  };
}
