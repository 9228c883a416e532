/* SPDX-License-Identifier: MIT */
/* Convolutions in all that TensorFlow.js allows beyond plain NHWC images, against the cpu backend, on every tier. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { randoms, sum, testTiers, tiers, ulps } from './support.mjs';

const raw = (kernel, inputs, attrs) => tf.engine().runKernel(kernel, inputs, attrs);
const ACTIVATIONS = ['linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu', 'sigmoid'];

// ---- Channels first ------------------------------------------------------------------------------------

const toLast = x => tf.transpose(x, [0, 2, 3, 1]);
const toFirst = x => tf.transpose(x, [0, 3, 1, 2]);

for (const [x, filter, strides, pad, dilations = 1] of [
  [[2, 3, 7, 6], [3, 3, 3, 8], 1, 'same'],
  [[1, 16, 9, 8], [1, 1, 16, 5], 2, 'valid'],
  [[1, 24, 14, 14], [3, 3, 24, 32], 1, 'same'],
  [[1, 5, 9, 12], [3, 2, 5, 4], 1, 'same', [2, 3]],
  [[1, 2, 6, 6], [3, 3, 2, 2], 1, [[0, 0], [0, 0], [1, 2], [0, 3]]],
  [[0, 2, 6, 6], [3, 3, 2, 2], 1, 'same'],
]) {
  testTiers(`Conv2D: NCHW [${x}] * [${filter}], strides ${strides}, pad ${JSON.stringify(pad)}`,
    sum(filter[0] * filter[1] * filter[2]),
    r => tf.conv2d(r.float(x), r.float(filter), strides, pad, 'NCHW', dilations));
}

for (const activation of ACTIVATIONS) {
  for (const bias of [undefined, [], [9], [9, 1, 1], [1, 6, 7], [9, 6, 7], [2, 9, 6, 7]]) {
    testTiers(`FusedConv2D: NCHW, ${activation}, bias ${bias && `[${bias}]`}`, sum(27) + ulps(8, 4), r => {
      const x = r.float([2, 3, 6, 7]), filter = r.float([3, 3, 3, 9]);
      return raw('FusedConv2D', {
        x, filter, ...bias && { bias: r.float(bias) },
        ...activation === 'prelu' && { preluActivationWeights: r.float(bias ?? [9]) },
      }, { strides: 1, pad: 'same', dataFormat: 'NCHW', dilations: 1, activation, leakyreluAlpha: 0.3 });
    });
  }
}

testTiers('Conv2DBackpropInput: NCHW', sum(54), r => raw('Conv2DBackpropInput',
  { dy: r.float([2, 6, 4, 5]), filter: r.float([3, 3, 5, 6]) },
  { inputShape: [2, 5, 8, 9], strides: 2, pad: 'same', dataFormat: 'NCHW' }));

// The cpu backend takes depthwise images as NHWC, whatever it is told.
for (const [x, filter, strides] of [[[2, 4, 7, 9], [3, 3, 4, 1], 1], [[1, 5, 8, 9], [5, 5, 5, 2], 2]]) {
  const attrs = { strides, pad: 'same', dilations: 1 };
  testTiers(`DepthwiseConv2dNative: NCHW [${x}] * [${filter}]`, sum(25),
    r => raw('DepthwiseConv2dNative', { x: r.float(x), filter: r.float(filter) }, { ...attrs, dataFormat: 'NCHW' }),
    r => toFirst(raw('DepthwiseConv2dNative', { x: toLast(r.float(x)), filter: r.float(filter) }, attrs)));
  const channels = filter[2] * filter[3];
  const fused = r => [r.float(x), r.float(filter), r.float([channels]), r.float([channels])];
  testTiers(`FusedDepthwiseConv2D: NCHW [${x}] * [${filter}]`, sum(26), r => {
    const [image, weights, bias, preluActivationWeights] = fused(r);
    return raw('FusedDepthwiseConv2D', { x: image, filter: weights, bias, preluActivationWeights },
      { ...attrs, dataFormat: 'NCHW', activation: 'prelu' });
  }, r => {
    const [image, weights, bias, preluActivationWeights] = fused(r);
    return toFirst(raw('FusedDepthwiseConv2D', { x: toLast(image), filter: weights, bias, preluActivationWeights },
      { ...attrs, activation: 'prelu' }));
  });
}

// The cpu backend refuses this one.
testTiers('DepthToSpace: NCHW', 0,
  r => tf.depthToSpace(r.float([2, 12, 3, 5]), 2, 'NCHW'),
  r => toFirst(tf.depthToSpace(toLast(r.float([2, 12, 3, 5])), 2, 'NHWC')));

test('weights are packed once for NCHW images too, and nothing is left behind', async () => {
  await tf.setBackend(`lanewise-${tiers[tiers.length - 1]}`);
  const { heap } = tf.backend(), r = randoms(1);
  const x = r.float([1, 3, 8, 8]), filter = r.float([3, 3, 3, 4]), bias = r.float([4, 1, 1]);
  const infer = () => tf.dispose(raw('FusedConv2D', { x, filter, bias },
    { strides: 1, pad: 'same', dataFormat: 'NCHW', dilations: 1, activation: 'relu' }));
  infer();
  const { plans } = tf.backend().data(filter.dataId);
  const before = [plans.length, heap.bytesInUse, tf.memory().numTensors, tf.backend().numDataIds()];
  for (let i = 0; i < 5; i++) infer();
  assert.deepEqual([plans.length, heap.bytesInUse, tf.memory().numTensors, tf.backend().numDataIds()], before);
  tf.dispose([x, filter, bias]);
});
