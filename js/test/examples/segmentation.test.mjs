/* SPDX-License-Identifier: MIT */
/* The page that finds people, in headless Chromium, with a photo and a made camera; the mask beside TensorFlow.js'. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { chromium } from 'playwright-core';
import { makeSite } from '../../../examples/site.mjs';
import { CHROMIUM } from '../../browser/chromium.mjs';
import { serve } from '../../browser/serve.mjs';
import { humanModel, samplePhoto } from '../../demo/models.mjs';
import { cpuOutput, distance, temporaryFolder } from './support.mjs';

const folder = temporaryFolder();
const TOLERANCE = 5e-4; // of values from 0 to 1, after 55 convolutions; the official backend's differ by 4e-5
let site, browser, page, model;

before(async () => {
  makeSite('segmentation', join(folder, 'site'));
  site = await serve(join(folder, 'site'));
  browser = await chromium.launchPersistentContext(mkdtempSync(join(folder, 'chromium-')), {
    ...CHROMIUM, permissions: ['camera'],
    args: [...CHROMIUM.args, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  });
  await tf.setBackend('cpu');
  model = await loadGraphModel(humanModel('selfie'));
  // The file has the sixths of hard-swish in 16 bits, 0.02 % too small; the exporter makes them sixths again.
  for (const [value] of Object.values(model.weights)) {
    if (value.size === 1 && Math.abs(value.dataSync()[0] - 1 / 6) < 1e-4) value.dataSync()[0] = 1 / 6;
  }
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/* The page, ready for work. */
async function open(ready = /^Ready/) {
  page = await browser.newPage();
  await page.goto(site.url);
  await status(ready);
}

/* Waits until the page says something like this. */
async function status(pattern) {
  await page.waitForFunction((source) => new RegExp(source).test(document.getElementById('status').textContent),
    pattern.source, { timeout: 30_000 });
}

test('a photo: the mask is that of TensorFlow.js, and only people are shown', { timeout: 90_000 }, async (t) => {
  await open();
  await page.setInputFiles('#photo', samplePhoto(6));
  await status(/^sample6\.jpg: [\d.]+ ms$/);
  const { input, mask, milliseconds } = await page.evaluate(() => {
    const { program, input: pixels, milliseconds: time } = globalThis.segmentation;
    const values = new Float32Array(program.memory.buffer, program.mask(), pixels.length / 4);
    return { input: Array.from(pixels), mask: Array.from(values), milliseconds: time };
  });
  const expected = await cpuOutput(model, input.filter((_, i) => i % 4 !== 3), [1, 256, 256, 3], 1 / 255, 0);
  t.diagnostic(`${milliseconds.toFixed(1)} ms, largest difference ${distance(mask, expected)}`);
  assert.ok(distance(mask, expected) <= TOLERANCE);

  // How opaque the picture is that is shown: at a face and at a corner.
  const alpha = (x, y) => page.evaluate(([left, top]) => (
    document.getElementById('result').getContext('2d').getImageData(left, top, 1, 1).data[3]), [x, y]);
  assert.deepEqual([await alpha(776, 496) > 200, await alpha(5, 5) < 50], [true, true]);
  await page.close();
});

test('the camera: frame after frame', { timeout: 90_000 }, async () => {
  await open();
  await page.click('#camera');
  await page.waitForFunction(() => globalThis.segmentation?.frames >= 5, null, { timeout: 30_000 });
  await status(/^[\d.]+ ms$/);
  assert.deepEqual(await page.evaluate(() => {
    const { width, height } = document.getElementById('result');
    return { width, height };
  }), { width: 640, height: 480 });
  await page.close();
});

test('a file that is no picture, a network that is damaged or missing: the page says so', async () => {
  await open();
  await page.setInputFiles('#photo', { name: 'text.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
  await status(/^Error: /);
  await page.close();
  const network = join(folder, 'site/selfie.lwn'), bytes = readFileSync(network);
  writeFileSync(network, bytes.subarray(0, -4));
  await open(/^Error: this is no network that export.mjs has written$/);
  await page.close();
  rmSync(network);
  await open(/^Error: selfie\.lwn: HTTP status 404$/);
  await page.close();
});
