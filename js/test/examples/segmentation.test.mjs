/* SPDX-License-Identifier: MIT */
/* The page that finds people, in headless browsers, with a photo and a made camera; the mask beside TensorFlow.js'. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { makeSite } from '../../../examples/site.mjs';
import { serve } from '../../browser/serve.mjs';
import { humanModel, samplePhoto } from '../../demo/models.mjs';
import { BROWSERS, cpuOutput, distance, status, temporaryFolder } from './support.mjs';

const folder = temporaryFolder();
// Of values from 0 to 1, after 55 convolutions. (The official backend's differ by 4e-5.)
const TOLERANCE = 5e-4;
let site, model;

before(async () => {
  makeSite('segmentation', join(folder, 'site'));
  site = await serve(join(folder, 'site'));
  await tf.setBackend('cpu');
  model = await loadGraphModel(humanModel('selfie'));
  // The file has the sixths of hard-swish in 16 bits, 0.02 % too small; the exporter makes them sixths again.
  for (const [value] of Object.values(model.weights)) {
    if (value.size === 1 && Math.abs(value.dataSync()[0] - 1 / 6) < 1e-4) value.dataSync()[0] = 1 / 6;
  }
});

after(() => site.close());

/* Browsers may scale photos alike: the cpu backend takes seconds for each. */
const known = new Map();
async function expectedMask(rgb) {
  const key = rgb.join();
  if (!known.has(key)) known.set(key, await cpuOutput(model, rgb, [1, 256, 256, 3], 1 / 255, 0));
  return known.get(key);
}

for (const [name, launch] of Object.entries(BROWSERS)) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await launch(folder);
    });
    after(() => browser?.close());

    /* The page, when it says this. */
    async function open(ready = /^Ready/) {
      const page = await browser.newPage();
      await page.goto(site.url);
      await status(page, ready);
      return page;
    }
    const choose = async (page, path) => (await page.$('#photo')).uploadFile(path);

    test('a photo: the mask is that of TensorFlow.js, and only people are shown', { timeout: 90_000 }, async (t) => {
      const page = await open();
      await choose(page, samplePhoto(6));
      await status(page, /^sample6\.jpg: [\d.]+ ms$/);
      const { input, mask, milliseconds } = JSON.parse(await page.evaluate(() => {
        const { program, input: pixels, milliseconds: time } = globalThis.segmentation;
        const values = new Float32Array(program.memory.buffer, program.mask(), pixels.length / 4);
        return JSON.stringify({ input: Array.from(pixels), mask: Array.from(values), milliseconds: time });
      }));
      const expected = await expectedMask(input.filter((_, i) => i % 4 !== 3));
      t.diagnostic(`${milliseconds.toFixed(1)} ms, largest difference ${distance(mask, expected)}`);
      assert.ok(distance(mask, expected) <= TOLERANCE);

      // How opaque the picture is that is shown: at a face and at a corner.
      const [face, corner] = await page.evaluate(() => [[776, 496], [5, 5]].map(([x, y]) => (
        document.getElementById('result').getContext('2d').getImageData(x, y, 1, 1).data[3])));
      assert.ok(face > 200 && corner < 50, `${face}, ${corner}`);
      await page.close();
    });

    test('the camera: frame after frame', { timeout: 90_000 }, async () => {
      const page = await open();
      await page.click('#camera');
      await page.waitForFunction(() => globalThis.segmentation?.frames >= 5, { timeout: 30_000 });
      await status(page, /^[\d.]+ ms$/);
      assert.ok(await page.$eval('#result', ({ width, height }) => width >= 320 && height >= 240));
      await page.close();
    });

    test('a file that is no picture, a network that is damaged or missing: the page says so', async () => {
      const text = join(folder, 'text.jpg'), network = join(folder, 'site/selfie.lwn'), bytes = readFileSync(network);
      writeFileSync(text, 'no picture');
      const page = await open();
      await choose(page, text);
      await status(page, /^Error: /);
      await page.close();
      writeFileSync(network, bytes.subarray(0, -4));
      await (await open(/^Error: this is no network that export.mjs has written$/)).close();
      rmSync(network);
      await (await open(/^Error: selfie\.lwn: HTTP status 404$/)).close();
      writeFileSync(network, bytes);
    });
  });
}
