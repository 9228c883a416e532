/* SPDX-License-Identifier: MIT */
/* tf.browser.fromPixels and draw in headless Chromium, in a page and in a worker, beside the cpu backend's. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { FILES } from 'lanewise/runtime';
import { chromium } from 'playwright-core';
import { CHROMIUM } from './chromium.mjs';
import { serve } from './serve.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-pixels-'));
let site, browser;

/** What runs in the page and in the worker: it returns, by kind of picture and number of channels, what differs. */
async function program() {
  const { tf } = globalThis;
  const inPage = typeof document !== 'undefined';
  const failures = [], kinds = [];
  const compare = (what, found, expected) => {
    const [a, b] = [found, expected].map(x => JSON.stringify(x));
    if (a !== b) failures.push(`${what}: ${a.slice(0, 200)}, the cpu backend has ${b.slice(0, 200)}`);
  };
  const width = 5, height = 3;
  const image = new ImageData(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : i * 37 % 256;

  const offscreen = new OffscreenCanvas(width, height);
  offscreen.getContext('2d').putImageData(image, 0, 0);
  const blob = await offscreen.convertToBlob();
  const webgl = new OffscreenCanvas(width, height);
  const gl = webgl.getContext('webgl', { preserveDrawingBuffer: true });
  const pictures = { ImageData: image, OffscreenCanvas: offscreen, ImageBitmap: await createImageBitmap(blob) };
  if (inPage) {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d').putImageData(image, 0, 0);
    const element = new Image();
    element.src = URL.createObjectURL(blob);
    await element.decode();
    const video = document.createElement('video');
    video.srcObject = canvas.captureStream();
    video.muted = true;
    // The stream has a frame for each time that the canvas is drawn on.
    const drawing = setInterval(() => canvas.getContext('2d').putImageData(image, 0, 0), 50);
    await video.play();
    clearInterval(drawing);
    video.pause();
    Object.assign(pictures, { HTMLCanvasElement: canvas, HTMLImageElement: element, HTMLVideoElement: video });
  }
  for (const [kind, picture] of Object.entries(pictures)) {
    kinds.push(kind);
    for (const channels of [1, 2, 3, 4]) {
      const found = [];
      for (const backend of ['wasm', 'cpu']) {
        await tf.setBackend(backend);
        const before = tf.memory().numTensors;
        const tensor = tf.browser.fromPixels(picture, channels);
        found.push({ shape: tensor.shape, dtype: tensor.dtype, values: [...tensor.dataSync()] });
        tensor.dispose();
        if (tf.memory().numTensors !== before) failures.push(`${kind}: tensors are left`);
      }
      compare(`${kind}, ${channels} channels`, ...found);
      if (kind !== 'HTMLVideoElement' && channels === 4) compare(kind, found[0].values, [...image.data]);
    }
  }

  await tf.setBackend('wasm');
  if (!(tf.backend().module.heap.u8.buffer instanceof SharedArrayBuffer)) failures.push('the memory is not shared');
  if (gl) {
    // The cpu backend can't read a canvas whose context is WebGL's.
    kinds.push('WebGL');
    gl.clearColor(1, 0, 1, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const tensor = tf.browser.fromPixels(webgl);
    compare('WebGL', [...tensor.dataSync().slice(0, 6)], [255, 0, 255, 255, 0, 255]);
    tensor.dispose();
  }

  const canvases = inPage ? [() => document.createElement('canvas'), () => new OffscreenCanvas(1, 1)]
    : [() => new OffscreenCanvas(1, 1)];
  for (const [i, make] of canvases.entries()) {
    for (const shape of [[4, 2], [4, 2, 1], [4, 2, 3], [4, 2, 4]]) {
      for (const dtype of ['float32', 'int32']) {
        for (const options of [undefined, { imageOptions: { alpha: 0.5 } }]) {
          const found = [];
          for (const backend of ['wasm', 'cpu']) {
            await tf.setBackend(backend);
            const size = shape.reduce((product, n) => product * n, 1);
            const values = Array.from({ length: size }, (_, n) => dtype === 'int32' ? n * 29 % 256 : n * 0.3 % 1);
            const tensor = tf.tensor(values, shape, dtype);
            const canvas = make();
            tf.browser.draw(tensor, canvas, options);
            tensor.dispose();
            const drawn = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            found.push([drawn.width, drawn.height, ...drawn.data]);
          }
          compare(`draw ${shape} ${dtype} on canvas ${i}`, ...found);
        }
      }
    }
  }
  return { kinds, failures };
}

before(async () => {
  const require = createRequire(import.meta.url);
  await build({
    stdin: {
      contents: `import * as tf from '@tensorflow/tfjs-core'; import '@tensorflow/tfjs-backend-cpu'; import 'lanewise';
        import { setThreadsCount } from 'lanewise'; setThreadsCount(2); globalThis.tf = tf;`,
      resolveDir: here,
    },
    outfile: join(folder, 'tf.js'), bundle: true, format: 'esm', platform: 'browser', target: 'es2022',
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'worker.js'), `import './tf.js';
    (${program})().then(postMessage, error => postMessage({ kinds: [], failures: [error.stack] }));`);
  writeFileSync(join(folder, 'index.html'), `<!doctype html><meta charset="utf-8"><title>pixels</title>
    <script type="module" src="tf.js"></script>`);
  for (const file of FILES) copyFileSync(require.resolve(`lanewise/${file}`), join(folder, file));
  site = await serve(folder);
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function inPage(run, argument) {
  const page = await browser.newPage();
  try {
    await page.goto(site.url);
    await page.waitForFunction('globalThis.tf');
    return await page.evaluate(run, argument);
  } finally {
    await page.close();
  }
}

test('in a page: images, canvases, videos', { timeout: 60_000 }, async t => {
  const { kinds, failures } = await inPage(program);
  t.diagnostic(kinds.join(', '));
  assert.deepEqual(failures, []);
  const elements = ['HTMLImageElement', 'HTMLCanvasElement', 'HTMLVideoElement'];
  for (const kind of elements) assert.ok(kinds.includes(kind), kind);
});

test('in a worker: bitmaps and offscreen canvases', { timeout: 60_000 }, async t => {
  const { kinds, failures } = await inPage(() => new Promise((resolve, reject) => {
    const worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  }));
  t.diagnostic(kinds.join(', '));
  assert.deepEqual(failures, []);
  for (const kind of ['ImageData', 'ImageBitmap', 'OffscreenCanvas']) assert.ok(kinds.includes(kind), kind);
});

test('an image that has not been loaded is an error that says so', { timeout: 60_000 }, async () => {
  const message = await inPage(async () => {
    await globalThis.tf.setBackend('wasm');
    try {
      return globalThis.tf.browser.fromPixels(new Image()).shape.join();
    } catch (error) {
      return error.message;
    }
  });
  assert.match(message, /0 x 0 pixels large; has it been loaded/);
});
