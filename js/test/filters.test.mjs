/* SPDX-License-Identifier: MIT */
/*
 * Images resized, turned and projected, dilated and normalized: what the catalogue can't hold to the cpu backend, because
 * that is wrong there, and bad arguments.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { assertClose, run, tiers } from './support.mjs';

const raw = (name, inputs, attrs) => tf.engine().runKernel(name, inputs, attrs);

function each(name, check) {
  test(name, async () => {
    for (const tier of tiers) {
      assert.ok(await tf.setBackend(`lanewise-${tier}`));
      await check(`lanewise-${tier}`);
    }
  });
}

/** The gradient of resizing, pixel by pixel, is what a change of that pixel changes of the weighted sum of the output. */
each('gradients of resizing are those of resizing', async backend => {
  const ways = [{}, { alignCorners: true }, { halfPixelCenters: true }];
  for (const [shape, size] of [[[2, 3, 4, 2], [7, 5]], [[2, 5, 3, 1], [2, 6]], [[1, 1, 3, 2], [4, 1]]]) {
    for (const way of ways) {
      for (const kernel of ['ResizeBilinear', 'ResizeNearestNeighbor']) {
        const attrs = { alignCorners: false, halfPixelCenters: false, ...way, size };
        const [dx, ...changes] = await run(backend, r => {
          const images = tf.zeros(shape), dy = r.float([shape[0], ...size, shape[3]]);
          const found = raw(`${kernel}Grad`, { images, dy }, attrs);
          const count = images.size;
          const each = Array.from({ length: count }, (_, i) => {
            const one = new Float32Array(count);
            one[i] = 1;
            return tf.sum(tf.mul(dy, raw(kernel, { images: tf.tensor(one, shape) }, attrs)));
          });
          return [found, ...each];
        });
        assertClose([dx], [{ ...dx, shape, values: changes.map(({ values }) => values[0]) }], 1e-5,
          `${kernel} [${shape}] to ${size}, ${JSON.stringify(way)}`);
      }
    }
  }
});

each('each image of a batch is projected, by its own matrix or by one for all', () => {
  const image = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);
  const still = [1, 0, 0, 0, 1, 0, 0, 0], left = [1, 0, 1, 0, 1, 0, 0, 0];
  const attrs = { interpolation: 'nearest', fillMode: 'constant', fillValue: 9, outputShape: null };
  const project = rows => [...raw('Transform', { image, transforms: tf.tensor(rows.flat(), [rows.length, 8]) }, attrs)
    .dataSync()];
  assert.deepEqual(project([still, left]), [1, 2, 3, 4, 6, 9, 8, 9]);
  assert.deepEqual(project([left]), [2, 9, 4, 9, 6, 9, 8, 9]);
});

each('a batch of projected images has the shape asked for', () => {
  const y = tf.image.transform(tf.zeros([2, 3, 4, 1]), tf.ones([2, 8]), 'nearest', 'constant', 0, [5, 6]);
  assert.deepEqual(y.shape, [2, 5, 6, 1]);
});

each('dilated integers beyond what a float holds are exact', () => {
  const x = tf.tensor([16777217, 5, 16777219, -2147483648], [1, 2, 2, 1], 'int32');
  const y = raw('Dilation2D', { x, filter: tf.tensor([1], [1, 1, 1], 'int32') },
    { strides: 1, pad: 'valid', dilations: 1 });
  assert.deepEqual([...y.dataSync()], [16777218, 6, 16777220, -2147483647]);
});

each('bad arguments are errors that say so', () => {
  const x = tf.zeros([1, 3, 3, 2]);
  const attrs = { strides: 1, pad: 'valid', dilations: 1 };
  assert.throws(() => raw('Dilation2D', { x, filter: tf.zeros([2, 2, 3]) }, attrs), /takes 3 channels, the input has 2/);
  assert.throws(() => raw('Dilation2D', { x, filter: tf.zeros([9, 9, 2]) }, attrs), /do not fit/);
  assert.throws(() => raw('Dilation2DBackpropInput', { x, filter: tf.zeros([2, 2, 2]), dy: x }, attrs),
    /argument 'dy' has shape \[1,3,3,2\]; expected the output's, \[1,2,2,2\]/);
  assert.throws(() => raw('LRN', { x }, { depthRadius: 1.5, bias: 1, alpha: 1, beta: 1 }), /'depthRadius' is 1.5/);
  assert.throws(() => raw('Transform', { image: x, transforms: tf.zeros([1, 8]) }, { interpolation: 'cubic' }),
    /Expect 'nearest' or 'bilinear', but got cubic/);
  assert.throws(() => raw('Transform', { image: x, transforms: tf.zeros([1, 7]) }, { interpolation: 'nearest' }),
    /expected 8 numbers a row/);
  assert.throws(() => raw('ResizeBilinearGrad', { images: x, dy: tf.zeros([2, 3, 3, 2]) }, { alignCorners: false }),
    /is no gradient of/);
});
