/* SPDX-License-Identifier: MIT */
/*
 * Runs one program on one backend in a process of its own:
 *     node run.mjs PROGRAM BACKEND OUTPUT [--more RUNS]
 * BACKEND: cpu; lanewise, which is installed here under the name @tensorflow/tfjs-backend-wasm; or official, the
 * package that has this name by right. OUTPUT: the file for { tier, load, first, best, result, off, fetched, leaked }:
 * times in ms; what the program said; with --more, the best time of further runs, how many tensors they left, and what
 * the program said of a picture that is 1 % darker.
 */
import { writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serialize } from 'node:v8';
import { readImage } from '../../demo/image.mjs';
import { cropImage, resample } from '../../demo/resample.mjs';
import { PROGRAMS } from './programs.mjs';
import { fetched, installFetch } from './weights.mjs';

const require = createRequire(import.meta.url);
const [name, backend, file, ...options] = process.argv.slice(2);
const program = PROGRAMS.find((candidate) => candidate.name === name);
if (!program) throw new Error(`there is no program ${name}`);

const PHOTOS = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'demo');
const WASM = '@tensorflow/tfjs-backend-wasm';
if (backend === 'official') {
  const resolve = Module._resolveFilename; // CommonJS has no other hook that Node 20 knows
  Module._resolveFilename = function (request, ...rest) {
    return resolve.call(this, request === WASM ? 'official-backend-wasm' : request, ...rest);
  };
}
installFetch();
// Node has one since version 21, and a package of MediaPipe looks into it as it is loaded.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node.split('.')[0]}`, platform: process.platform };

const tf = require('@tensorflow/tfjs');
const tensorflowBackend = backend === 'cpu' ? 'cpu' : 'wasm';
const wasm = require(WASM);
const wasmFolder = `${dirname(require.resolve(WASM))}/`;
wasm.setThreadsCount(1);
if (!program.startsBackend) {
  wasm.setWasmPaths(wasmFolder);
  if (!await tf.setBackend(tensorflowBackend)) throw new Error(`${backend} does not start`);
  await tf.ready();
}

/* A part of a sample photo, `width` pixels wide, as rows of RGB bytes. */
function picture({ sample, left = 0, top = 0, side, width }) {
  let photo = readImage(join(PHOTOS, `sample${sample}.jpg`));
  if (side) photo = cropImage(photo, left, top, side, side);
  const height = Math.round(photo.height * width / photo.width);
  return { width, height, values: resample(photo, width, height) };
}

const image = picture(program.picture);
const pixels = (brightness) => tf.tensor3d(Int32Array.from(image.values, (value) => Math.round(value * brightness)),
  [image.height, image.width, 3], 'int32');

const environment = { require, tf, backend: tensorflowBackend, wasmFolder };
const start = performance.now();
const loaded = await program.load(environment);
async function run(brightness = 1) {
  const input = pixels(brightness);
  const begin = performance.now();
  const result = await program.run(loaded, input, environment);
  const ms = performance.now() - begin;
  input.dispose();
  return { result, ms };
}

const first = await run();
const report = { load: 0, first: first.ms, result: first.result, fetched, tier: tf.backend().tier };
report.load = performance.now() - start - first.ms;
if (tf.getBackend() !== tensorflowBackend) throw new Error(`the program changed the backend to ${tf.getBackend()}`);
if (options.includes('--more')) {
  const tensors = tf.memory().numTensors;
  report.best = Infinity;
  for (let i = 0; i < Number(options.at(-1)); i++) report.best = Math.min(report.best, (await run()).ms);
  report.leaked = tf.memory().numTensors - tensors;
  report.off = (await run(0.99)).result;
}
const cores = Object.keys(require.cache).filter((path) => /tfjs-core[\\/]dist[\\/]tf-core/.test(path));
if (cores.length !== 1) throw new Error(`${cores.length} copies of TensorFlow.js were loaded: ${cores.join(', ')}`);
writeFileSync(file, serialize(report));
