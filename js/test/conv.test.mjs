/* SPDX-License-Identifier: MIT */
/* Convolutions in all that TensorFlow.js allows beyond plain NHWC images, against the cpu backend, on every tier. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers gradients
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

// ---- Sizes that TensorFlow.js computes in its own way --------------------------------------------------

// A number of pixels to pad with makes width and height by the height's stride and filter, whatever the width's are.
const PADDED = [
  // x, filter, strides, pad, dimRoundingMode
  [[1, 8, 9, 3], [3, 3, 3, 4], [2, 1], 1],
  [[1, 8, 9, 3], [3, 3, 3, 4], [1, 2], 1],
  [[2, 9, 7, 16], [3, 3, 16, 16], [3, 1], 2],
  [[1, 8, 9, 3], [5, 3, 3, 4], 1, 1],
  [[1, 8, 9, 3], [1, 4, 3, 4], 1, 2],
  [[1, 12, 12, 8], [3, 5, 8, 8], [1, 2], 0],
  [[1, 8, 7, 2], [3, 3, 2, 3], 2, 1, 'ceil'],
  [[1, 8, 7, 2], [3, 3, 2, 3], 2, 1, 'round'],
  [[1, 7, 8, 2], [2, 3, 2, 3], [2, 3], [[0, 0], [1, 2], [0, 3], [0, 0]], 'ceil'],
  [[1, 7, 8, 2], [1, 1, 2, 3], 1, 3],
];
for (const [x, filter, strides, pad, rounding] of PADDED) {
  const name = `[${x}] * [${filter}], strides ${strides}, pad ${JSON.stringify(pad)} ${rounding ?? ''}`;
  const attrs = { strides, pad, dimRoundingMode: rounding, dataFormat: 'NHWC', dilations: 1 };
  const [channels, outputs] = filter.slice(2);
  const { outShape } = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, rounding);
  const wide = [...outShape.slice(0, 3), channels * outputs];
  testTiers(`Conv2D: ${name}`, sum(filter[0] * filter[1] * channels),
    r => raw('Conv2D', { x: r.float(x), filter: r.float(filter) }, attrs));
  testTiers(`DepthwiseConv2dNative: ${name}`, sum(filter[0] * filter[1]),
    r => raw('DepthwiseConv2dNative', { x: r.float(x), filter: r.float(filter) }, attrs));
  testTiers(`Conv2DBackpropInput: ${name}`, sum(filter[0] * filter[1] * outputs),
    r => raw('Conv2DBackpropInput', { dy: r.float(outShape), filter: r.float(filter) }, { ...attrs, inputShape: x }));
  testTiers(`Conv2DBackpropFilter: ${name}`, sum(outShape[0] * outShape[1] * outShape[2]),
    r => raw('Conv2DBackpropFilter', { x: r.float(x), dy: r.float(outShape) }, { ...attrs, filterShape: filter }));
  testTiers(`DepthwiseConv2dNativeBackpropInput: ${name}`, sum(filter[0] * filter[1] * outputs),
    r => raw('DepthwiseConv2dNativeBackpropInput', { dy: r.float(wide), filter: r.float(filter) },
      { ...attrs, inputShape: x }));
  testTiers(`DepthwiseConv2dNativeBackpropFilter: ${name}`, sum(outShape[0] * outShape[1] * outShape[2]),
    r => raw('DepthwiseConv2dNativeBackpropFilter', { x: r.float(x), dy: r.float(wide) },
      { ...attrs, filterShape: filter }));
}

// ---- Nothing to compute --------------------------------------------------------------------------------

const EMPTY = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1 };
for (const [x, filter] of [
  [[0, 5, 5, 3], [3, 3, 3, 4]], [[2, 5, 5, 0], [3, 3, 0, 4]], [[2, 5, 5, 3], [3, 3, 3, 0]],
  [[2, 0, 5, 3], [3, 3, 3, 4]], [[2, 5, 5, 0], [3, 3, 0, 0]],
]) {
  const outputs = filter[3];
  for (const activation of ['linear', 'sigmoid', 'prelu']) {
    for (const bias of [undefined, [outputs], [1, 1, outputs], []]) {
      testTiers(`FusedConv2D: [${x}] * [${filter}], bias ${bias}, ${activation}`, ulps(4), r => raw('FusedConv2D', {
        x: r.float(x), filter: r.float(filter), ...bias && { bias: r.float(bias) },
        ...activation === 'prelu' && { preluActivationWeights: r.float([outputs]) },
      }, { ...EMPTY, activation }));
    }
  }
  const dy = [x[0], x[1], x[2], outputs];
  testTiers(`DepthwiseConv2dNative: [${x}] * [${filter}]`, 0,
    r => raw('DepthwiseConv2dNative', { x: r.float(x), filter: r.float(filter) }, EMPTY));
  testTiers(`Conv2DBackpropInput: [${x}] * [${filter}]`, 0,
    r => raw('Conv2DBackpropInput', { dy: r.float(dy), filter: r.float(filter) }, { ...EMPTY, inputShape: x }));
  testTiers(`Conv2DBackpropFilter: [${x}] * [${filter}]`, 0,
    r => raw('Conv2DBackpropFilter', { x: r.float(x), dy: r.float(dy) }, { ...EMPTY, filterShape: filter }));
}
testTiers('gradients of a filter higher than the image by one', 0, r => {
  const attrs = { ...EMPTY, pad: 'valid' };
  const x = r.float([1, 2, 6, 2]), filter = r.float([3, 3, 2, 4]), dy = tf.zeros([1, 0, 4, 4]);
  return [raw('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape }),
    raw('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape }),
    raw('DepthwiseConv2dNativeBackpropInput', { dy: tf.zeros([1, 0, 4, 8]), filter },
      { ...attrs, inputShape: x.shape }),
    raw('DepthwiseConv2dNativeBackpropFilter', { x, dy: tf.zeros([1, 0, 4, 8]) },
      { ...attrs, filterShape: filter.shape })];
});

// ---- Gradients -----------------------------------------------------------------------------------------

testTiers('Conv2DBackpropInput: a gradient larger than it should be', sum(36), r => raw('Conv2DBackpropInput',
  { dy: r.float([1, 8, 8, 4]), filter: r.float([3, 3, 5, 4]) },
  { inputShape: [1, 8, 8, 5], strides: 2, pad: 'same', dataFormat: 'NHWC' }));
testTiers('Conv2DBackpropFilter: a gradient larger than it should be', sum(16), r => raw('Conv2DBackpropFilter',
  { x: r.float([1, 8, 8, 5]), dy: r.float([1, 8, 8, 4]) },
  { filterShape: [3, 3, 5, 4], strides: 2, pad: 'same', dataFormat: 'NHWC' }));

for (const [x, filter, strides, pad] of [
  [[2, 7, 6, 3], [3, 3, 3, 8], 1, 'same'],
  [[3, 28, 28, 1], [5, 5, 1, 8], 1, 'same'],
  [[1, 56, 56, 8], [3, 3, 8, 16], 2, 'same'],
  [[32, 7, 7, 6], [3, 3, 6, 4], 1, 'valid'],
  [[2, 14, 14, 24], [1, 1, 24, 40], 1, 'valid'],
  [[4, 9, 10, 5], [2, 4, 5, 2], [3, 2], 'same'],
  [[1, 3, 500, 2], [1, 3, 2, 3], 1, 'same'],
]) {
  const name = `[${x}] * [${filter}], strides ${strides}, pad ${pad}`;
  const pixels = x[0] * x[1] * x[2];
  testTiers(`Conv2DBackpropFilter and Conv2DBackpropInput: ${name}`, sum(Math.max(pixels, filter[3] * 9)), r => {
    const dx = tf.grads((a, b) => tf.conv2d(a, b, strides, pad));
    return dx([r.float(x), r.float(filter)]);
  });
  testTiers(`DepthwiseConv2dNative, gradients: ${name}`, sum(Math.max(pixels, 9 * filter[3])), r =>
    tf.grads((a, b) => tf.depthwiseConv2d(a, b, strides, pad))([r.float(x), r.float(filter)]));
}
testTiers('Conv2DBackpropFilter: NCHW', sum(100), r => raw('Conv2DBackpropFilter',
  { x: r.float([2, 5, 8, 9]), dy: r.float([2, 6, 4, 5]) },
  { filterShape: [3, 3, 5, 6], strides: 2, pad: 'same', dataFormat: 'NCHW' }));
for (const dtype of ['int32', 'bool']) {
  testTiers(`gradients of ${dtype} tensors`, 0, r => {
    const make = shape => dtype === 'bool' ? r.bool(shape) : r.int(shape, -9, 9);
    const x = make([2, 6, 5, 3]), filter = make([3, 3, 3, 2]), dy = make([2, 6, 5, 2]), wide = make([2, 6, 5, 6]);
    const attrs = { ...EMPTY, inputShape: x.shape, filterShape: filter.shape };
    return [raw('Conv2DBackpropInput', { dy, filter }, attrs), raw('Conv2DBackpropFilter', { x, dy }, attrs),
      raw('DepthwiseConv2dNativeBackpropInput', { dy: wide, filter }, attrs),
      raw('DepthwiseConv2dNativeBackpropFilter', { x, dy: wide }, attrs)];
  });
}
testTiers('FusedConv2D: slopes that are int32', sum(18), r => raw('FusedConv2D', {
  x: r.float([1, 5, 5, 2]), filter: r.float([3, 3, 2, 4]), preluActivationWeights: r.int([4], -3, 3),
}, { ...EMPTY, activation: 'prelu' }));

test('gradients smaller than they should be are errors', async () => {
  await tf.setBackend(`lanewise-${tiers[0]}`);
  const attrs = { ...EMPTY, inputShape: [1, 8, 8, 3], filterShape: [3, 3, 3, 4] };
  const dy = tf.zeros([1, 7, 8, 4]), filter = tf.zeros([3, 3, 3, 4]), x = tf.zeros([1, 8, 8, 3]);
  assert.throws(() => raw('Conv2DBackpropInput', { dy, filter }, attrs), /'dy' has shape \[1,7,8,4\]/);
  assert.throws(() => raw('Conv2DBackpropFilter', { dy, x }, attrs), /'dy' has shape \[1,7,8,4\]/);
  tf.dispose([dy, filter, x]);
});

// ---- Volumes -------------------------------------------------------------------------------------------

const VOLUMES = [
  // x, filter, strides, pad, dilations
  [[1, 4, 5, 6, 3], [3, 3, 3, 3, 4], 1, 'same'],
  [[2, 5, 5, 4, 1], [2, 3, 2, 1, 8], 1, 'valid'],
  [[1, 6, 7, 8, 5], [3, 3, 3, 5, 2], 2, 'same'],
  [[2, 6, 7, 8, 2], [2, 1, 3, 2, 3], [1, 2, 3], 'same'],
  [[1, 5, 6, 7, 2], [3, 3, 3, 2, 3], 2, 1],
  [[1, 4, 4, 4, 2], [1, 1, 1, 2, 3], 2, 'same'], // the padding is less than nothing
  [[1, 7, 5, 8, 2], [1, 2, 1, 2, 3], 3, 'same'],
  [[1, 3, 9, 9, 16], [3, 3, 3, 16, 16], 1, 'same'],
  [[1, 3, 3, 3, 2], [4, 3, 3, 2, 2], 1, 'valid'], // does not fit by one
  [[0, 3, 3, 3, 2], [2, 2, 2, 2, 2], 1, 'same'],
  [[1, 3, 3, 3, 0], [2, 2, 2, 0, 2], 1, 'same'],
];
for (const [x, filter, strides, pad] of VOLUMES) {
  const name = `[${x}] * [${filter}], strides ${strides}, pad ${pad}`;
  const { outShape } = tf.backend_util.computeConv3DInfo(x, filter, strides, 1, pad);
  const taps = filter[0] * filter[1] * filter[2];
  testTiers(`Conv3D: ${name}`, sum(taps * filter[3]),
    r => raw('Conv3D', { x: r.float(x), filter: r.float(filter) }, { strides, pad, dilations: 1 }));
  testTiers(`Conv3DBackpropInputV2: ${name}`, sum(taps * filter[4]), r => raw('Conv3DBackpropInputV2',
    { dy: r.float(outShape), filter: r.float(filter) }, { strides, pad, inputShape: x }));
  testTiers(`Conv3DBackpropFilterV2: ${name}`, sum(outShape[0] * outShape[1] * outShape[2] * outShape[3]),
    r => raw('Conv3DBackpropFilterV2', { x: r.float(x), dy: r.float(outShape) },
      { strides, pad, filterShape: filter }));
}
testTiers('Conv3D: dilations', sum(54), r => raw('Conv3D',
  { x: r.float([1, 6, 7, 8, 2]), filter: r.float([3, 3, 3, 2, 3]) },
  { strides: 1, pad: 'same', dilations: [1, 2, 3] }));
testTiers('Conv3D: int32', 0, r => {
  const x = r.int([1, 4, 5, 6, 2], -9, 9), filter = r.int([2, 2, 2, 2, 3], -9, 9);
  return [tf.conv3d(x, filter, 1, 'same'), raw('Conv3DBackpropInputV2', { dy: r.int([1, 4, 5, 6, 3], -9, 9), filter },
    { strides: 1, pad: 'same', inputShape: x.shape })];
});
testTiers('Conv3DTranspose', sum(54), r =>
  tf.conv3dTranspose(r.float([1, 3, 4, 5, 2]), r.float([3, 3, 3, 4, 2]), [1, 6, 8, 10, 4], 2, 'same'));

test('the weights of volumes are packed once, and nothing is left behind', async () => {
  await tf.setBackend(`lanewise-${tiers[tiers.length - 1]}`);
  const { heap } = tf.backend(), r = randoms(1);
  const x = r.float([1, 4, 4, 4, 2]), filter = r.float([3, 3, 3, 2, 3]), cut = r.float([1, 1, 1, 2, 3]);
  const infer = () => tf.tidy(() => {
    tf.grads((a, b) => tf.conv3d(a, b, 1, 'same'))([x, filter]);
    tf.grads((a, b) => tf.conv3d(a, b, 2, 'same'))([x, cut]); // parts are copied
  });
  infer();
  const { plans } = tf.backend().data(filter.dataId);
  const state = () => [plans.length, heap.bytesInUse, tf.memory().numTensors, tf.backend().numDataIds()];
  const before = state();
  for (let i = 0; i < 5; i++) infer();
  assert.deepEqual(state(), before);
  tf.dispose([x, filter, cut]);
});

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
