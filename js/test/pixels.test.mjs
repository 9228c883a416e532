/* SPDX-License-Identifier: MIT */
/* Pictures as tensors and back, with what Node has of the browser's classes; browser/pixels.test.mjs has the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { LanewiseError } from 'lanewise/backend';
import { randoms, run, tiers } from './support.mjs';

const name = `lanewise-${tiers[tiers.length - 1]}`;
const raw = (kernel, inputs, attrs) => tf.engine().runKernel(kernel, inputs, attrs);

function picture(width, height, Type, seed = 1) {
  const { integer } = randoms(seed);
  return { data: Type.from({ length: 4 * width * height }, () => integer(0, 255)), width, height };
}

/** TensorFlow.js takes clamped bytes only from the browser's class. */
globalThis.ImageData ??= class ImageData {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};

test('pixels of any number of channels become integers, as on the cpu backend', async () => {
  for (const [width, height] of [[1, 1], [3, 2], [17, 31]]) {
    const bytes = picture(width, height, Uint8Array), clamped = picture(width, height, Uint8ClampedArray);
    const image = new ImageData(clamped.data, width, height);
    for (const pixels of [bytes, image]) {
      for (const channels of [1, 2, 3, 4, undefined]) {
        const make = () => tf.browser.fromPixels(pixels, channels);
        const expected = await run('cpu', make);
        for (const tier of tiers) assert.deepEqual(await run(`lanewise-${tier}`, make), expected);
      }
    }
  }
  await tf.setBackend(name);
  const backend = tf.backend();
  const profile = await tf.profile(() => tf.browser.fromPixels(picture(2, 2, Uint8Array)));
  assert.deepEqual(profile.kernelNames, ['FromPixels'], 'the kernel ran');
  const whole = picture(64, 64, Uint8Array), part = whole.data.subarray(5, 5 + 4 * 9);
  const from = tf.browser.fromPixels({ data: part, width: 3, height: 3 }, 1);
  assert.deepEqual([...from.dataSync()], [...part].filter((_, i) => i % 4 === 0), 'bytes at an odd address');
  assert.equal(backend.heap.bytesInUse > 0, true);
});

test('pictures that cannot be read are errors that say why', async () => {
  await tf.setBackend(name);
  const backend = tf.backend(), before = backend.numDataIds();
  const fails = (pixels, message, numChannels = 3) => assert.throws(
    () => raw('FromPixels', { pixels }, { numChannels }), error => error instanceof LanewiseError && message.test(error.message));
  fails({ data: new Uint8Array(15), width: 2, height: 2 }, /2 x 2 pixels have 15 bytes of data; expected 16/);
  fails({ width: 0, height: 2 }, /0 x 2 pixels large; has it been loaded/);
  fails({ width: 2, height: 2 }, /no canvas to draw the picture on/);
  for (const channels of [0, 1.5, 5]) fails(picture(1, 1, Uint8Array), /'numChannels' is/, channels);
  assert.equal(backend.numDataIds(), before);
});

/** As much of a canvas as the kernels need. */
class Canvas {
  getContext(type, attributes) {
    Object.assign(this, { type, attributes });
    return {
      createImageData: (width, height) => new ImageData(new Uint8ClampedArray(4 * width * height), width, height),
      putImageData: ({ data, width, height }, x, y) => { this.drawn = { data, width, height, x, y }; },
    };
  }
}

test('tensors are drawn as on the cpu backend', async () => {
  const options = [undefined, { imageOptions: { alpha: 0.3 } },
    { contextOptions: { contextAttributes: { alpha: false } } }];
  for (const shape of [[3, 5], [3, 5, 1], [3, 5, 3], [2, 2, 4]]) {
    for (const option of options) {
      for (const dtype of ['float32', 'int32']) {
        const found = [];
        for (const backend of ['cpu', ...tiers.map(tier => `lanewise-${tier}`)]) {
          await tf.setBackend(backend);
          const random = randoms(3), canvas = new Canvas();
          tf.tidy(() => tf.browser.draw(dtype === 'int32' ? random.int(shape, 0, 255) : tf.abs(random.float(shape)),
            canvas, option));
          found.push(canvas);
        }
        for (const canvas of found) assert.deepEqual(canvas, found[0], `${shape} ${dtype}`);
      }
    }
  }
});

test('what cannot be drawn is an error, and nothing is drawn', async () => {
  await tf.setBackend(name);
  const backend = tf.backend(), before = backend.numDataIds();
  const canvas = new Canvas();
  const fails = (image, message, on = canvas, options = undefined) => assert.throws(
    () => tf.tidy(() => tf.browser.draw(image(), on, options)), message);
  fails(() => tf.tensor2d([[0, 1.5]]), /float32 Tensor must be in the range \[0 - 1\] but encountered 1.5/);
  fails(() => tf.tensor2d([[-1, 255]], undefined, 'int32'), /int32 Tensor must be in the range \[0 - 255\].* -1/);
  fails(() => tf.zeros([2, 2]), /not a canvas/, {});
  fails(() => tf.zeros([2, 2]), /type '2d'/, { getContext: () => null });
  fails(() => tf.zeros([2, 2]), /'webgl' is not supported/, canvas, { contextOptions: { contextType: 'webgl' } });
  assert.throws(() => raw('Draw', { image: tf.zeros([1, 1, 2]) }, { canvas }), /1, 3 or 4 channels/);
  assert.equal(canvas.drawn, undefined);
  assert.equal(backend.numDataIds() - before, 1);
});
