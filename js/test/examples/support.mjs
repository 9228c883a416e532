/* SPDX-License-Identifier: MIT */
/* What the tests of examples/ share: where the built programs are, and how they are run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
export const EXAMPLES = join(ROOT, 'examples');
export const packageFile = (name, path) => join(ROOT, 'js/node_modules', name, path);
const NODE = join(ROOT, 'js/node_modules/node26/bin/node');

/* The path of a built file of the native or wasm build. */
export const built = (target, file) => join(ROOT, 'build', target, 'examples', file);

/* How to start an example: natively and as WebAssembly. [label, command, first arguments, its tier] */
export const programs = (name) => [
  ['native', built('native', name), [], 'relaxed'],
  ['wasm, simd128', NODE, [built('wasm', `${name}-simd128.js`)], 'simd128'],
  ['wasm, relaxed', NODE, [built('wasm', `${name}-relaxed.js`)], 'relaxed'],
];

export function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  if (error) throw error;
  return { status, stdout, stderr };
}

/* A folder that goes away after the tests. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-examples-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/* What a picture's bytes times scale plus shift make of a model, on TensorFlow.js' cpu backend. */
export async function cpuOutput(model, bytes, shape, scale, shift) {
  await tf.setBackend('cpu');
  const input = tf.tensor(Float32Array.from(bytes, (byte) => byte * scale + shift), shape);
  const output = model.predict(input);
  const values = output.dataSync();
  tf.dispose([input, output]);
  return values;
}

/* The largest difference between two arrays. */
export const distance = (a, b) => (
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), a.length === b.length ? 0 : NaN));
