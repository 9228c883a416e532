/* SPDX-License-Identifier: MIT */
/* What the tests of examples/ share: where the built programs are, and how they are run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import puppeteer from 'puppeteer-core';
import { CHROMIUM } from '../../browser/chromium.mjs';

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
export const EXAMPLES = join(ROOT, 'examples');
export const packageFile = (name, path) => join(ROOT, 'js/node_modules', name, path);
export const NODE = join(ROOT, 'js/node_modules/node26/bin/node');

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

/*
 * Browsers with a made camera and microphone, by name. All by Puppeteer: under Playwright Chromium waits, at a page's
 * first worklet, for a debugger that never comes. Firefox takes half a minute to hand over an array as it is: hand over
 * JSON.
 */
export const BROWSERS = {
  Chromium: (folder) => puppeteer.launch({
    ...CHROMIUM, browser: 'chrome', userDataDir: mkdtempSync(join(folder, 'chromium-')),
    args: [...CHROMIUM.args, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required'],
  }),
  Firefox: (folder) => puppeteer.launch({
    browser: 'firefox', executablePath: process.env.LANEWISE_FIREFOX ?? '/usr/bin/firefox-esr', headless: true,
    userDataDir: mkdtempSync(join(folder, 'firefox-')),
    extraPrefsFirefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true },
  }),
};

/* Waits until the page's status reads like this. */
export const status = (page, pattern) => page.waitForFunction(
  (source) => new RegExp(source).test(document.getElementById('status').textContent), { timeout: 30_000 },
  pattern.source);

/* The largest difference between two arrays. */
export const distance = (a, b) => (
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), a.length === b.length ? 0 : NaN));
