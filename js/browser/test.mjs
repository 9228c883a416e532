/* SPDX-License-Identifier: MIT */
/*
 * The demo page in headless Chromium and Firefox. `npm run test:browser`; LANEWISE_CHROMIUM and LANEWISE_FIREFOX say
 * where the browsers are. A browser that is missing is a failure: nothing is skipped in silence.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { decodeFaces, INPUT_SIZE, letterbox, overlap } from '../demo/blazeface.mjs';
import { infer } from '../demo/contest.mjs';
import { encodePng, readImage } from '../demo/image.mjs';
import { loadBlazeFace, samplePhoto } from '../demo/models.mjs';
import { resizeImage } from '../demo/resample.mjs';
import { PROBE } from '../test/probe.mjs';
import { buildPage } from './build.mjs';
import { CHROMIUM } from './chromium.mjs';
import { FIREFOX } from './firefox.mjs';
import { serve } from './serve.mjs';

const TIMEOUT = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'lanewise-browser-'));

/* What the cpu backend finds in Node. */
async function referenceFaces(image) {
  await tf.setBackend('cpu');
  const model = await loadBlazeFace();
  const { input, placement } = letterbox(image);
  return decodeFaces(infer(model, input, [1, INPUT_SIZE, INPUT_SIZE, 3]), placement);
}

/* Both browsers behind one face: open(url) -> { evaluate(code), chooseFile(path), screenshot(path), close() }. */
const DRIVERS = {
  chromium: async () => {
    const browser = await chromium.launchPersistentContext(mkdtempSync(join(folder, 'chromium-')), CHROMIUM);
    const open = async (url) => {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        evaluate: (code) => page.evaluate(code),
        chooseFile: (path) => page.setInputFiles('#file', path),
        screenshot: (path) => page.screenshot({ path, fullPage: true }),
        close: () => page.close(),
      };
    };
    return { open, close: () => browser.close() };
  },
  firefox: async () => {
    const browser = await puppeteer.launch({
      browser: 'firefox', executablePath: FIREFOX, headless: true,
      userDataDir: mkdtempSync(join(folder, 'firefox-')),
    });
    const open = async (url) => {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        evaluate: (code) => page.evaluate(code),
        chooseFile: async (path) => (await page.$('#file')).uploadFile(path),
        screenshot: (path) => page.screenshot({ path, fullPage: true }),
        close: () => page.close(),
      };
    };
    return { open, close: () => browser.close() };
  },
};

async function outcome(page) {
  const end = Date.now() + TIMEOUT;
  while (Date.now() < end) {
    const state = await page.evaluate('JSON.stringify(globalThis.lanewiseDemo ?? null)');
    const result = JSON.parse(state);
    if (result && result.state !== 'running') return result;
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
  const text = await page.evaluate('document.body.innerText');
  throw new Error(`no result after ${TIMEOUT / 1000} s; the page says: ${text}`);
}

function assertFaces(faces, expected) {
  assert.equal(faces.length, expected.length);
  faces.forEach((face, i) => {
    const iou = overlap(face, expected[i]);
    assert.ok(iou > 0.99, `face ${i + 1}: IoU ${iou}`);
  });
}

/* The canvas at the middle of each edge of a box, just inside, and at its centre: [r, g, b] each. */
const pixelsOf = (page, box) => page.evaluate(`(() => {
  const context = document.getElementById('photo').getContext('2d');
  return ${JSON.stringify(edgePoints(box))}.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3));
})()`);

function edgePoints({ left, top, right, bottom }) {
  // A point off the middle, where no landmark is drawn.
  const x = Math.round(left + (right - left) * 0.3), y = Math.round(top + (bottom - top) * 0.7);
  return [[x, Math.round(top) + 1], [x, Math.round(bottom) - 2], [Math.round(left) + 1, y], [Math.round(right) - 2, y],
    [2, 2]];
}

const distance = (a, b) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

/* The boxes are drawn in colours that the photo does not have at their edges; its corner is still the photo's. */
async function assertDrawn(page, faces, photo) {
  for (const face of faces) {
    const drawn = await pixelsOf(page, face);
    const before = edgePoints(face).map(([x, y]) => [...photo.data.subarray((y * photo.width + x) * 4).subarray(0, 3)]);
    drawn.slice(0, 4).forEach((pixel, i) => {
      assert.deepEqual(pixel, drawn[0], 'the edges have one colour');
      assert.ok(distance(pixel, before[i]) > 32, `edge ${i} is drawn: ${pixel}, before ${before[i]}`);
    });
    assert.ok(distance(drawn[4], before[4]) < 8, `the corner is the photo's: ${drawn[4]}, before ${before[4]}`);
  }
}

let site, sloppySite, photo, faces, png, pngFaces;

before(async () => {
  const page = await buildPage(join(folder, 'site'));
  site = await serve(page);
  sloppySite = await serve(page, { wasmType: 'application/octet-stream' });
  photo = readImage(samplePhoto(3));
  faces = await referenceFaces(photo);
  png = resizeImage(readImage(samplePhoto(4)), 960, 724);
  pngFaces = await referenceFaces(png);
  writeFileSync(join(folder, 'photo.png'), encodePng(png));
  writeFileSync(join(folder, 'text.png'), 'not an image');
  assert.ok(faces.length === 3 && pngFaces.length >= 3);
});

after(async () => {
  await site?.close();
  await sloppySite?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

for (const [name, launch] of Object.entries(DRIVERS)) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    /* Opens the page, waits for its result, and leaves nothing open. */
    async function visit(url, body) {
      const page = await browser.open(url);
      try {
        await body(page, await outcome(page));
      } finally {
        await page.close();
      }
    }

    test('finds and draws the faces with the best tier', async (t) => {
      await visit(`${site.url}?rounds=5`, async (page, result) => {
        assert.equal(result.state, 'done', result.error);
        assert.equal(result.tier, await page.evaluate(PROBE));
        assert.equal(result.isolated, true);
        assertFaces(result.faces, faces);
        await assertDrawn(page, result.faces, photo);
        const text = await page.evaluate('document.body.innerText');
        assert.match(text, new RegExp(`Tier ${result.tier}: 3 faces found`));
        const labels = [`Lanewise ${result.tier} (chosen)`, 'official wasm, XNNPACK', 'cpu, plain JavaScript'];
        for (const label of labels) {
          const { median, difference } = result.results.find((entry) => entry.label === label);
          assert.ok(median > 0 && difference < 0.05, label);
          assert.ok(text.includes(label));
        }
        t.diagnostic(`${name}: tier ${result.tier}; median ms: ${result.results.map((entry) => (
          `${entry.label} ${entry.median.toFixed(1)}`)).join(', ')}`);
        if (process.env.LANEWISE_SCREENSHOTS) {
          await page.screenshot(join(process.env.LANEWISE_SCREENSHOTS, `${name}.png`));
        }
      });
    });

    test('takes another photo, and names a file that is none', async () => {
      await visit(`${site.url}?rounds=1`, async (page) => {
        await page.chooseFile(join(folder, 'photo.png'));
        await page.evaluate('lanewiseDemo.state'); // the change event has run
        const result = await outcome(page);
        assert.equal(result.state, 'done', result.error);
        assertFaces(result.faces, pngFaces);
        await assertDrawn(page, result.faces, png);
        await page.chooseFile(join(folder, 'text.png'));
        const failed = await outcome(page);
        assert.equal(failed.state, 'failed');
        assert.match(failed.error, /text\.png is not an image/);
        assert.equal(await page.evaluate('document.getElementById("error").innerText'), failed.error);
      });
    });

    test('a wrong wasm path gives a clear error in the page', async () => {
      await visit(`${site.url}?wasm=nowhere/`, async (page, result) => {
        assert.equal(result.state, 'failed');
        const error = await page.evaluate('document.getElementById("error").innerText');
        assert.equal(error, result.error);
        assert.match(error, /nowhere\/lanewise-\w+\.wasm/);
        assert.match(error, /404/);
      });
    });

    test('loads wasm that is served under a wrong MIME type', async () => {
      const { headers } = await fetch(`${sloppySite.url}lanewise-scalar.wasm`, { method: 'HEAD' });
      assert.equal(headers.get('content-type'), 'application/octet-stream');
      await visit(`${sloppySite.url}?rounds=1`, async (page, result) => {
        assert.equal(result.state, 'done', result.error);
        assertFaces(result.faces, faces);
      });
    });
  });
}

test('the server stays in its folder', async () => {
  assert.ok(existsSync(join(folder, 'photo.png')));
  for (const path of ['..%2fphoto.png', '%2e%2e/photo.png', 'nowhere', '%ff', '%00']) {
    const { status } = await fetch(site.url + path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
  assert.equal((await fetch(site.url)).status, 200);
  assert.equal((await fetch(site.url, { method: 'POST' })).status, 405);
});
