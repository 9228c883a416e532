/* SPDX-License-Identifier: MIT */
/*
 * Every kernel against the cpu backend, over many shapes and dtypes, on every tier that this engine can run; and scalar
 * against simd128 bit for bit.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { kernelNames } from 'lanewise/backend';
import { catalogue } from './catalogue.mjs';
import { sum, testTiers, ulps } from './support.mjs';

const tested = new Set();
/** kernels: the names that the case is meant to reach; the last test asks whether all were met. */
function check(kernels, name, tolerance, make) {
  for (const kernel of [kernels].flat()) tested.add(kernel);
  testTiers(`${[kernels].flat()[0]}: ${name}`, tolerance, make);
}
const raw = (name, inputs, attrs) => tf.engine().runKernel(name, inputs, attrs);

// ---- Convolution ---------------------------------------------------------------------------------------

const convolutions = [
  // x, filter, strides, pad, dilations, dimRoundingMode
  [[1, 7, 7, 3], [3, 3, 3, 8], 1, 'same'],
  [[2, 9, 6, 5], [3, 3, 5, 7], 2, 'same'],
  [[1, 8, 8, 16], [1, 1, 16, 24], 1, 'valid'],
  [[3, 5, 5, 13], [1, 1, 13, 3], 2, 'same'],
  [[1, 15, 11, 4], [5, 3, 4, 9], [2, 1], 'valid'],
  [[1, 12, 12, 6], [3, 3, 6, 4], 1, 'same', 2],
  [[1, 12, 12, 6], [3, 3, 6, 4], 1, 'valid', [2, 3]],
  [[1, 6, 6, 2], [3, 3, 2, 2], 1, 2],
  [[1, 6, 6, 2], [3, 3, 2, 2], 1, [[0, 0], [1, 2], [0, 3], [0, 0]]],
  [[1, 7, 7, 2], [2, 2, 2, 3], 2, 0, 1, 'ceil'],
  [[1, 8, 7, 2], [3, 3, 2, 3], 2, 1, 1, 'round'],
  [[1, 8, 7, 2], [3, 3, 2, 3], 2, 1, 1, 'floor'],
  [[1, 1, 1, 33], [1, 1, 33, 65], 1, 'valid'],
  [[1, 32, 32, 3], [3, 3, 3, 16], 2, 'same'],
  [[1, 14, 14, 64], [3, 3, 64, 64], 1, 'same'],
  [[1, 4, 4, 1], [4, 4, 1, 1], 1, 'same'],
  [[0, 4, 4, 2], [3, 3, 2, 5], 1, 'same'],
];
for (const [x, filter, strides, pad, dilations = 1, rounding] of convolutions) {
  const name = `[${x}] * [${filter}], strides ${strides}, pad ${JSON.stringify(pad)}, dilations ${dilations} `
    + `${rounding ?? ''}`;
  check('Conv2D', name, sum(filter[0] * filter[1] * filter[2]), r =>
    tf.conv2d(r.float(x), r.float(filter), strides, pad, 'NHWC', dilations, rounding));
}

const activations = ['linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu', 'sigmoid'];
const biases = [undefined, [9], [], [1], [1, 1, 9], [6, 1, 1], [6, 7, 9]];
for (const activation of activations) {
  for (const bias of biases) {
    check(['FusedConv2D', 'Prelu'], `${activation}, bias ${bias && `[${bias}]`}`, sum(27) + ulps(8, 4), r => {
      const x = r.float([1, 6, 7, 3]), filter = r.float([3, 3, 3, 9]);
      const given = bias && r.float(bias);
      const slopes = r.float([9]);
      return tf.fused.conv2d({
        x, filter, strides: 1, pad: 'same', bias: given, activation, leakyreluAlpha: 0.3,
        preluActivationWeights: activation === 'prelu' ? slopes : undefined,
      });
    });
  }
}
for (const slopes of [[], [1], [9], [1, 1, 9], [6, 7, 9], [1, 7, 1]]) {
  check('FusedConv2D', `prelu with slopes [${slopes}]`, sum(27) + ulps(4, 4), r => raw('FusedConv2D',
    { x: r.float([1, 6, 7, 3]), filter: r.float([3, 3, 3, 9]), bias: r.float([9]),
      preluActivationWeights: r.float(slopes) },
    { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1, activation: 'prelu' }));
}

const depthwise = [
  [[1, 7, 7, 4], [3, 3, 4, 1], 1, 'same'],
  [[2, 9, 8, 5], [3, 3, 5, 1], 2, 'same'],
  [[1, 9, 8, 16], [5, 5, 16, 1], 1, 'same'],
  [[1, 11, 13, 7], [5, 5, 7, 1], 2, 'valid'],
  [[1, 9, 9, 3], [3, 3, 3, 2], 1, 'same'],
  [[1, 9, 9, 6], [3, 3, 6, 1], 1, 'same', 2],
  [[1, 9, 9, 6], [3, 3, 6, 1], 1, 'valid', [1, 2]],
  [[1, 8, 8, 3], [2, 4, 3, 3], 2, 1],
  [[1, 8, 8, 9], [7, 7, 9, 1], 1, 'same'],
  [[1, 8, 7, 2], [3, 3, 2, 1], 2, 1, 1, 'ceil'],
  [[1, 28, 28, 32], [3, 3, 32, 1], 1, 'same'],
  [[1, 1, 1, 8], [3, 3, 8, 1], 1, 'same'],
];
for (const [x, filter, strides, pad, dilations = 1, rounding] of depthwise) {
  const name = `[${x}] * [${filter}], strides ${strides}, pad ${pad}, dilations ${dilations} ${rounding ?? ''}`;
  check('DepthwiseConv2dNative', name, sum(filter[0] * filter[1]), r =>
    tf.depthwiseConv2d(r.float(x), r.float(filter), strides, pad, 'NHWC', dilations, rounding));
}
for (const activation of activations) {
  check('FusedDepthwiseConv2D', activation, sum(9) + ulps(8, 4), r => tf.fused.depthwiseConv2d({
    x: r.float([1, 8, 8, 5]), filter: r.float([3, 3, 5, 2]), strides: 1, pad: 'same', bias: r.float([10]), activation,
    leakyreluAlpha: 0.1, preluActivationWeights: activation === 'prelu' ? r.float([10]) : undefined,
  }));
}

const transposed = [
  // dy, filter, output shape, strides, pad
  [[1, 4, 4, 6], [3, 3, 5, 6], [1, 8, 8, 5], 2, 'same'],
  [[2, 5, 3, 4], [2, 2, 3, 4], [2, 10, 6, 3], 2, 'valid'],
  [[1, 6, 6, 3], [3, 3, 2, 3], [1, 6, 6, 2], 1, 'same'],
  [[1, 3, 3, 8], [4, 4, 4, 8], [1, 6, 6, 4], 2, 'same'],
  [[1, 3, 3, 2], [5, 5, 4, 2], [1, 7, 7, 4], 1, 'valid'],
];
for (const [dy, filter, out, strides, pad] of transposed) {
  check('Conv2DBackpropInput', `[${dy}] * [${filter}] to [${out}], strides ${strides}, pad ${pad}`,
    sum(filter[0] * filter[1] * filter[3]), r => tf.conv2dTranspose(r.float(dy), r.float(filter), out, strides, pad));
}

// ---- Matrix multiplication -----------------------------------------------------------------------------

for (const [m, k, n] of [[1, 1, 1], [3, 4, 5], [1, 64, 100], [17, 33, 9], [64, 64, 64], [7, 300, 2], [0, 3, 4]]) {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      check('BatchMatMul', `${m}x${k}x${n} ${transposeA} ${transposeB}`, sum(k), r => tf.matMul(
        r.float(transposeA ? [k, m] : [m, k]), r.float(transposeB ? [n, k] : [k, n]), transposeA, transposeB));
    }
  }
}
for (const [a, b] of [
  [[3, 4, 5], [3, 5, 6]], [[1, 4, 5], [3, 5, 6]], [[3, 4, 5], [1, 5, 6]], [[2, 3, 4, 5], [2, 3, 5, 6]],
  [[2, 3, 4, 5], [5, 6]], [[4, 5], [2, 3, 5, 6]],
]) {
  check('BatchMatMul', `[${a}] by [${b}]`, sum(5), r => tf.matMul(r.float(a), r.float(b)));
  check('BatchMatMul', `[${a}] by [${b}], transposed`, sum(5), r => {
    const swap = ([...s]) => [...s.slice(0, -2), s[s.length - 1], s[s.length - 2]];
    return tf.matMul(r.float(swap(a)), r.float(swap(b)), true, true);
  });
}
for (const activation of activations) {
  for (const bias of [undefined, [6], [], [1, 6], [4, 1], [4, 6]]) {
    check('_FusedMatMul', `${activation}, bias ${bias && `[${bias}]`}`, sum(5) + ulps(8, 4), r => tf.fused.matMul({
      a: r.float([4, 5]), b: r.float([5, 6]), bias: bias && r.float(bias), activation, leakyreluAlpha: 0.3,
      preluActivationWeights: activation === 'prelu' ? r.float([6]) : undefined,
    }));
  }
}
check('_FusedMatMul', 'batches, transposed', sum(5) + ulps(4), r => tf.fused.matMul({
  a: r.float([3, 5, 4]), b: r.float([3, 6, 5]), transposeA: true, transposeB: true, bias: r.float([6]),
  activation: 'relu',
}));

// ---- Pooling -------------------------------------------------------------------------------------------

for (const [x, filter, strides, pad, rounding] of [
  [[1, 8, 8, 5], 2, 2, 'valid'], [[2, 9, 7, 16], 3, 2, 'same'], [[1, 9, 7, 3], [3, 2], [1, 2], 'same'],
  [[1, 7, 7, 8], 7, 1, 'valid'], [[1, 7, 7, 8], 3, 1, 1], [[1, 8, 8, 4], 3, 2, 0, 'ceil'], [[1, 5, 5, 1], 1, 1, 'same'],
  [[1, 5, 5, 3], 1, 2, 'same'], [[2, 2, 3, 1], 1, 2, 1], [[1, 7, 9, 33], 3, 2, 'valid'],
  [[1, 9, 70, 20], 3, 2, 'same'], [[1, 9, 70, 20], 3, 1, 'same'], [[1, 6, 40, 35], 2, 1, 'valid'],
  [[1, 12, 80, 18], 5, 1, 'same'], [[1, 12, 12, 3], 3, 1, 'same'], [[1, 12, 12, 2], 4, 3, 'valid'],
]) {
  const name = `[${x}], window ${filter}, strides ${strides}, pad ${pad} ${rounding ?? ''}`;
  check('MaxPool', name, 0, r => tf.maxPool(r.float(x), filter, strides, pad, rounding));
  check('AvgPool', name, sum(49) / 49 + ulps(2), r => tf.avgPool(r.float(x), filter, strides, pad, rounding));
}

// ---- Elementwise ---------------------------------------------------------------------------------------

const pairs = [
  [[5], [5]], [[2, 3, 4], [2, 3, 4]], [[2, 3, 4], [4]], [[4], [2, 3, 4]], [[2, 3, 4], []], [[], [7]],
  [[2, 1, 4], [3, 1]],
  [[1, 9, 9, 16], [16]], [[1, 9, 9, 16], [1, 1, 1, 16]], [[33], [1]], [[3, 1], [1, 5]], [[0], [1]], [[2, 0, 3], [1, 3]],
  [[2, 1, 3, 1, 2], [1, 4, 1, 5, 2]], [[], []],
];
const binary = {
  Add: tf.add, Sub: tf.sub, Multiply: tf.mul, Minimum: tf.minimum, Maximum: tf.maximum,
  SquaredDifference: tf.squaredDifference, RealDiv: tf.div, FloorDiv: tf.floorDiv,
};
for (const [kernel, op] of Object.entries(binary)) {
  for (const [a, b] of pairs) {
    check(kernel, `[${a}] and [${b}]`, kernel === 'RealDiv' ? 0 : ulps(2, 4), r => op(r.float(a), r.float(b)));
    check(kernel, `[${a}] and [${b}], int32`, 0, r => op(r.int(a), r.int(b)));
  }
}
// A quotient is rounded once here and twice in the cpu backend, which divides doubles: with 53 bits, which is more than
// twice 24, the results are the same.
check('RealDiv', 'exactly', 0, r => tf.div(r.float([999]), r.float([999])));
check('RealDiv', 'int32 by the kernel itself', 0, r => raw('RealDiv', { a: r.int([99]), b: r.int([99], 1, 9) }));
check('Minimum', 'NaN and infinities', 0, () => {
  const special = tf.tensor1d([NaN, Infinity, -Infinity, 0, 1, -1]);
  return [tf.minimum(tf.reshape(special, [6, 1]), special), tf.maximum(tf.reshape(special, [6, 1]), special)];
});
for (const [x, alpha] of [[[2, 3, 4], [4]], [[2, 3, 4], [2, 3, 4]], [[5], []], [[1, 4, 4, 8], [1, 1, 8]]]) {
  check('Prelu', `[${x}], slopes [${alpha}]`, ulps(1), r => tf.prelu(r.float(x), r.float(alpha)));
}
check('Prelu', 'int32', ulps(1, 100), r => raw('Prelu', { x: r.int([2, 4]), alpha: r.int([4], 0, 3) }));
check('AddN', 'one, two and four terms', ulps(4), r => [
  tf.addN([r.float([3, 5])]), tf.addN([r.float([3, 5]), r.float([3, 5])]),
  tf.addN([r.float([3, 5]), r.float([3, 5]), r.float([3, 5]), r.float([3, 5])]), tf.addN([r.int([7]), r.int([7])]),
]);

const unary = {
  Sqrt: [tf.sqrt, 0, 1], Exp: [tf.exp, 4, 1], Relu: [tf.relu, 0], Relu6: [tf.relu6, 0, 12],
  Sigmoid: [tf.sigmoid, 4, 12],
  Tanh: [tf.tanh, 8, 6], Elu: [tf.elu, 8, 6], Abs: [tf.abs, 0], Neg: [tf.neg, 0], Floor: [tf.floor, 0, 9],
  Square: [tf.square, 1],
};
for (const [kernel, [op, error, scale = 1]] of Object.entries(unary)) {
  for (const shape of [[1], [3], [64], [5, 7, 3], [], [0], [1001]]) {
    check(kernel, `[${shape}]`, ulps(error, 4), r =>
      op(tf.tensor(r.float(shape).dataSync().map(v => kernel === 'Sqrt' ? v * v : v * scale), shape)));
  }
  check(kernel, 'NaN, infinities, zeros', 0, () => op(tf.tensor1d([NaN, Infinity, -Infinity, 0, -0])));
}
for (const kernel of ['Relu', 'Relu6', 'Abs', 'Neg', 'Square']) {
  check(kernel, 'int32', 0, r => unary[kernel][0](r.int([4, 9])));
}
check('Exp', 'int32', ulps(4, 60), r => tf.exp(r.int([9], -4, 4)));
check('LeakyRelu', 'two slopes, int32', ulps(1, 100), r =>
  [tf.leakyRelu(r.int([9])), tf.leakyRelu(r.float([50])), tf.leakyRelu(r.float([50]), 0.1)]);
check('ClipByValue', 'float32', 0, r => [
  tf.clipByValue(r.float([5, 9]), -0.5, 0.25), tf.clipByValue(tf.tensor1d([NaN, 9, -9, Infinity]), -1, 1),
  tf.clipByValue(r.float([9]), 0, Infinity),
]);
check('ClipByValue', 'int32', 0, r => tf.clipByValue(r.int([50]), -5, 30));

// ---- Rows ----------------------------------------------------------------------------------------------

for (const shape of [[1, 1], [3, 4], [2, 1001], [7], [2, 3, 5], [0, 4]]) {
  check('Softmax', `[${shape}]`, ulps(8), r => tf.softmax(tf.mul(r.float(shape), 5)));
}
check('Softmax', 'large logits', ulps(8), () => tf.softmax(tf.tensor2d([[1000, 999, -1000], [-1e4, -1e4, -1e4]])));
const axes = [
  [[7], 0], [[3, 5], 0], [[3, 5], 1], [[3, 5], [0, 1]], [[2, 7, 7, 16], [1, 2]], [[2, 3, 4, 5], [0, 2]],
  [[2, 3, 4, 5], [1, 3]], [[2, 3, 4, 5], [-1]], [[2, 3, 4, 5], undefined], [[3, 5], []], [[], undefined], [[2, 300], 1],
];
for (const [shape, axis] of axes) {
  for (const keepDims of [false, true]) {
    const name = `[${shape}] over ${JSON.stringify(axis)}, keepDims ${keepDims}`;
    check('Mean', name, ulps(16), r => tf.mean(r.float(shape), axis, keepDims));
    check('Sum', name, sum(600) / 8, r => tf.sum(r.float(shape), axis, keepDims));
    check('Sum', `${name}, int32 and bool`, 0, r =>
      [tf.sum(r.int(shape), axis, keepDims), tf.sum(r.bool(shape), axis, keepDims)]);
  }
}
check('Mean', 'int32', ulps(8, 100), r => tf.mean(r.int([9, 9]), 1));
for (const [shape, axis] of [[[9], 0], [[3, 5], 0], [[3, 5], 1], [[2, 7, 3, 4], 1], [[2, 7, 3, 4], -1],
  [[4, 1000], 1]]) {
  check('ArgMax', `[${shape}] over ${axis}`, 0, r =>
    [tf.argMax(r.float(shape), axis), tf.argMax(r.int(shape, 0, 3), axis)]);
}
check('ArgMax', 'bool', 0, r => tf.argMax(r.bool([5, 6]), 1));
check('ArgMax', 'NaN', 0, () => tf.argMax(tf.tensor2d([[1, NaN, 3], [NaN, NaN, NaN]]), 1));
for (const [x, parameter] of [[[2, 5, 5, 7], [7]], [[3, 9], [9]], [[2, 3, 4], [4]], [[1, 2, 3, 4], [1, 2, 3, 4]],
  [[1, 4, 4, 3], [1, 1, 1, 3]]]) {
  check('FusedBatchNorm', `[${x}], parameters [${parameter}]`, ulps(32), r => {
    const given = [r.float(x), r.float(parameter), tf.add(tf.abs(r.float(parameter)), 0.1), r.float(parameter),
      r.float(parameter)];
    return [tf.batchNorm(...given, 0.001), tf.batchNorm(given[0], given[1], given[2]),
      tf.batchNorm(given[0], given[1], given[2], undefined, given[4], 0.1)];
  });
}

check(['DepthwiseConv2dNative', 'Conv2DBackpropInput', 'MaxPool', 'AvgPool', 'ResizeBilinear', 'FusedBatchNorm',
  'FusedConv2D'],
  'no images at all', 0, r => {
    const x = r.float([0, 4, 4, 2]), four = r.float([2]);
    return [tf.depthwiseConv2d(x, r.float([3, 3, 2, 1]), 1, 'same'), tf.maxPool(x, 2, 2, 'same'),
      tf.avgPool(x, 2, 2, 'same'),
      tf.image.resizeBilinear(x, [3, 3]), tf.batchNorm(x, four, tf.abs(four)), tf.sum(x, [1, 2]), tf.softmax(x),
      tf.conv2dTranspose(x, r.float([2, 2, 3, 2]), [0, 8, 8, 3], 2, 'same'),
      tf.matMul(r.float([3, 4]), r.float([4, 0])),
      tf.fused.conv2d({ x, filter: r.float([1, 1, 2, 4]), strides: 1, pad: 'same', bias: r.float([4, 4, 4]),
        activation: 'elu' }),
      tf.concat([x, x], 3), tf.pad(x, [[0, 0], [1, 1], [0, 0], [0, 0]]), tf.transpose(x)];
  });

// ---- Images --------------------------------------------------------------------------------------------

for (const [shape, to] of [[[1, 4, 4, 3], [8, 8]], [[2, 7, 5, 2], [3, 9]], [[1, 8, 8, 16], [4, 4]],
  [[1, 1, 1, 4], [5, 6]],
  [[1, 6, 6, 1], [6, 6]], [[1, 33, 17, 5], [12, 40]], [[1, 5, 5, 3], [1, 1]]]) {
  for (const [align, half] of [[false, false], [true, false], [false, true]]) {
    check('ResizeBilinear', `[${shape}] to ${to}, ${align} ${half}`, ulps(40), r =>
      tf.image.resizeBilinear(r.float(shape), to, align, half));
  }
}
check('ResizeBilinear', 'int32', ulps(40, 100), r => tf.image.resizeBilinear(r.int([1, 4, 6, 3]), [7, 5]));

// ---- Moving data ---------------------------------------------------------------------------------------

const dtypes = ['float', 'int', 'bool'];
for (const dtype of dtypes) {
  for (const [shapes, axis] of [[[[2, 3], [2, 3]], 0], [[[2, 3], [2, 5]], 1], [[[2, 3], [2, 5], [2, 1]], -1],
    [[[2, 3, 4], [2, 1, 4]], 1], [[[5], [0], [2]], 0], [[[1, 4, 4, 3], [1, 4, 4, 13]], 3], [[[2, 0], [2, 0]], 0]]) {
    check('Concat', `${dtype} ${JSON.stringify(shapes)} along ${axis}`, 0, r =>
      tf.concat(shapes.map(s => r[dtype](s)), axis));
  }
  for (const [shape, begin, extent] of [[[9], [2], [5]], [[4, 5], [1, 2], [2, 3]], [[4, 5], [1, 0], [2, 5]],
    [[2, 5, 5, 8], [0, 1, 1, 2], [2, 3, 3, 5]], [[3, 4], [0, 0], [-1, -1]], [[3, 4], [3, 0], [0, 4]]]) {
    check('Slice', `${dtype} [${shape}] from ${begin}, ${extent}`, 0, r => tf.slice(r[dtype](shape), begin, extent));
  }
  for (const [shape, axis] of [[[3], 0], [[2, 3], 0], [[2, 3], 1], [[2, 3], 2], [[], 0], [[2, 3, 4], -1]]) {
    check('Pack', `${dtype} [${shape}] along ${axis}`, 0, r => tf.stack([r[dtype](shape), r[dtype](shape)], axis));
  }
  for (const [shape, axis] of [[[3], 0], [[2, 3], 0], [[2, 3], 1], [[2, 3, 4], -2]]) {
    check('Unpack', `${dtype} [${shape}] along ${axis}`, 0, r => tf.unstack(r[dtype](shape), axis));
  }
  for (const [shape, paddings] of [[[3], [[1, 2]]], [[2, 3], [[1, 0], [0, 2]]],
    [[1, 5, 5, 3], [[0, 0], [1, 2], [3, 0], [0, 0]]],
    [[2, 2, 2], [[1, 1], [2, 2], [0, 3]]], [[0, 2], [[1, 1], [0, 1]]]]) {
    check('PadV2', `${dtype} [${shape}] by ${JSON.stringify(paddings)}`, 0, r =>
      [tf.pad(r[dtype](shape), paddings, 0), tf.pad(r[dtype](shape), paddings, 1)]);
  }
  check('GatherNd', dtype, 0, r => [
    tf.gatherND(r[dtype]([4, 5]), r.int([6, 2], 0, 3)), tf.gatherND(r[dtype]([4, 5, 3]), r.int([2, 3, 1], 0, 3)),
    tf.gatherND(r[dtype]([7]), r.int([4, 1], 0, 6)),
  ]);
  for (const [shape, perm] of [[[2, 3], [1, 0]], [[2, 3, 4], [2, 0, 1]], [[2, 3, 4, 5], [0, 3, 1, 2]],
    [[1, 7], undefined], [[0, 3], [1, 0]]]) {
    check('Transpose', `${dtype} [${shape}] by ${perm}`, 0, r => tf.transpose(r[dtype](shape), perm));
  }
  check('Reshape', dtype, 0, r => [tf.reshape(r[dtype]([4, 6]), [2, -1]), tf.reshape(r[dtype]([1]), [])]);
  check('ExpandDims', dtype, 0, r => [tf.expandDims(r[dtype]([4, 6]), 1), tf.expandDims(r[dtype]([4]), -1)]);
  check('Identity', dtype, 0, r => tf.clone(r[dtype]([4, 6])));
  check('Tile', dtype, 0, r => [tf.tile(r[dtype]([2, 3]), [2, 2]), tf.tile(r[dtype]([4]), [3])]);
  check('BroadcastTo', dtype, 0, r => [tf.broadcastTo(r[dtype]([3, 1]), [2, 3, 4]),
    tf.broadcastTo(r[dtype]([]), [2, 2])]);
  check('Reverse', dtype, 0, r => [tf.reverse(r[dtype]([7])), tf.reverse(r[dtype]([2, 3, 4]), [0, 2])]);
  check('SplitV', dtype, 0, r => [...tf.split(r[dtype]([6, 4]), 2), ...tf.split(r[dtype]([6, 5]), [1, 3, 1], 1)]);
  check('StridedSlice', dtype, 0, r => [
    tf.stridedSlice(r[dtype]([9]), [1], [8], [2]), tf.stridedSlice(r[dtype]([4, 5]), [3, 0], [0, 5], [-1, 2]),
    tf.stridedSlice(r[dtype]([4, 5, 6]), [1, 0, 2], [2, 5, 4], [1, 1, 1], 0, 0, 0, 0, 1),
    tf.stridedSlice(r[dtype]([3]), [0], [2], [-1]), tf.stridedSlice(r[dtype]([5, 5]), [3, 0], [1, 5], [1, 2]), // empty
  ]);
  check(['ZerosLike', 'OnesLike'], dtype, 0, r => [tf.zerosLike(r[dtype]([3, 2])), tf.onesLike(r[dtype]([3, 2]))]);
  for (const to of ['float32', 'int32', 'bool']) {
    check('Cast', `${dtype} to ${to}`, 0, r => tf.cast(r[dtype]([99]), to));
  }
}
check('Cast', 'floats that need rounding', 0, () =>
  tf.cast(tf.tensor1d([1.9, -1.9, 0.5, -0.5, 2147483520, -2147483648, NaN, 0]), 'int32'));
check('Cast', 'NaN and zeros to bool', 0, () => tf.cast(tf.tensor1d([NaN, 0, -0, 1e-40, Infinity]), 'bool'));
// The cpu backend keeps the integers as they are: a float32 tensor that holds what no float32 can.
check('Cast', 'large int32', 2 ** 6, () => tf.cast(tf.tensor1d([16777217, -16777219, 2147483647], 'int32'), 'float32'));
check('Fill', 'all dtypes', 0, () => [tf.fill([2, 3], 4.5), tf.fill([3], 7, 'int32'), tf.fill([], 1, 'bool'),
  tf.fill([0], 1)]);
check(['Concat', 'Slice', 'Reshape', 'Identity', 'Fill', 'Unpack'], 'strings', 0, () => {
  const x = tf.tensor2d([['a', 'bc'], ['', 'ü']]);
  return [tf.concat([x, x], 1), tf.slice(x, [1, 0], [1, 2]), tf.reshape(x, [4]), tf.clone(x), tf.fill([2], 'no'),
    ...tf.unstack(x, 1)];
});

// ---- More of each element, and what is in plain JavaScript ---------------------------------------------

const positive = x => tf.add(tf.abs(x), 0.01);
const functions = {
  Acos: tf.acos, Acosh: x => tf.acosh(tf.add(positive(x), 1)), Asin: tf.asin, Asinh: tf.asinh, Atan: tf.atan,
  Atanh: x => tf.atanh(tf.mul(x, 0.9)), Ceil: x => tf.ceil(tf.mul(x, 9)), Cos: tf.cos, Cosh: tf.cosh, Erf: tf.erf,
  Expm1: tf.expm1, Log: x => tf.log(positive(x)), Log1p: x => tf.log1p(positive(x)), Reciprocal: tf.reciprocal,
  Round: x => tf.round(tf.mul(tf.round(tf.mul(x, 10)), 0.5)), Rsqrt: x => tf.rsqrt(positive(x)), Selu: tf.selu,
  Sign: tf.sign, Sin: tf.sin, Sinh: tf.sinh, Softplus: x => tf.softplus(tf.mul(x, 20)), Step: x => tf.step(x, 0.3),
  Tan: tf.tan, IsNan: tf.isNaN, IsInf: tf.isInf, IsFinite: tf.isFinite,
};
for (const [kernel, op] of Object.entries(functions)) {
  check(kernel, 'some numbers', ulps(4, kernel === 'Reciprocal' ? 1000 : 20), r => op(r.float([5, 40])));
}
// The cpu backend has erf to 1.5e-7.
for (const kernel of ['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Erf', 'Expm1', 'Log',
  'Log1p', 'Reciprocal', 'Round', 'Rsqrt', 'Selu', 'Sin', 'Sinh', 'Softplus', 'Step', 'Tan']) {
  check(kernel, 'NaN, infinities, zeros, large and small', ulps(4, 4), () =>
    raw(kernel, {
      x: tf.tensor1d([NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5, -0.75, 3e38, -1e6, 1e-40, -1e-20]),
    }, { alpha: 0.3 }));
}
check(['Ceil', 'Round', 'Reciprocal', 'Sign', 'Step'], 'int32', 0, () => {
  const x = tf.tensor1d([-7, -1, 0, 1, 2, 2147483647], 'int32');
  const plain = ['Ceil', 'Round', 'Reciprocal', 'Sign'].map(kernel => raw(kernel, { x }));
  return [...plain, raw('Step', { x }, { alpha: -2.7 })];
});
check(['IsNan', 'IsInf', 'IsFinite', 'Sign', 'Round'], 'NaN and infinities', 0, () => {
  const x = tf.tensor1d([NaN, Infinity, -Infinity, 0, 2.5, -2.5, -0.5]);
  return [tf.isNaN(x), tf.isInf(x), tf.isFinite(x), tf.round(tf.slice(x, [3], [4])), tf.sign(tf.slice(x, [1], [4]))];
});
const comparisons = {
  Equal: tf.equal, NotEqual: tf.notEqual, Less: tf.less, LessEqual: tf.lessEqual, Greater: tf.greater,
  GreaterEqual: tf.greaterEqual,
};
for (const [kernel, op] of Object.entries(comparisons)) {
  check(kernel, 'with broadcasting', 0, r => pairs.flatMap(([a, b]) => [op(r.int(a, 0, 2), r.int(b, 0, 2)),
    op(r.float(a), r.float(b)), op(r.bool(a), r.bool(b))]));
}
check('BitwiseAnd', 'with broadcasting', 0, r => raw('BitwiseAnd', { a: r.int([3, 5]), b: r.int([5]) }));
check(['LogicalXor'], 'raw', 0, () => [tf.logicalXor(tf.tensor1d([true, true, false, false], 'bool'),
  tf.tensor1d([true, false, true, false], 'bool'))]);
check(['LogicalAnd', 'LogicalOr', 'LogicalNot'], 'with broadcasting', 0, r => pairs.flatMap(([a, b]) =>
  [tf.logicalAnd(r.bool(a), r.bool(b)), tf.logicalOr(r.bool(a), r.bool(b)), tf.logicalNot(r.bool(a))]));
check('Pow', 'floats and integers', ulps(2), r => [tf.pow(positive(r.float([2, 3, 4])), r.float([4])),
  tf.pow(r.int([9], 0, 5), r.int([9], 0, 3))]);
check('Pow', 'special cases', ulps(1, 9), () => {
  const x = tf.tensor1d([0, -0, 1, -1, 2, -2, 0.5, Infinity, -Infinity, NaN]);
  return [0, 1, -1, 2, -3, 0.5].map(y => tf.pow(x, y)); // JavaScript's 1 to the power of infinity is NaN, C's 1
});
check('Pow', 'integers, negative powers too', 0, () =>
  tf.pow(tf.tensor2d([0, 1, -1, 2, -3, 7], [6, 1], 'int32'), tf.tensor1d([0, 1, 3, 8, -1, -2], 'int32')));
check('RealDiv', 'integers', 0, () => raw('RealDiv', { a: tf.tensor1d([16777217, -7, 7, 5, -2147483648], 'int32'),
  b: tf.tensor1d([1, 2, -2, 0, 3], 'int32') }));
check('Mod', 'all signs', ulps(2, 9), r => [tf.mod(tf.mul(r.float([50]), 9), r.float([50])),
  tf.mod(r.int([50]), r.int([50], 1, 9)), tf.mod(r.int([50]), r.int([50], -9, -1))]);
check('Atan2', 'with broadcasting', ulps(1, 4), r => tf.atan2(r.float([3, 4]), r.float([4])));
check('Atan2', 'special cases', ulps(1, 4), () => {
  const x = tf.tensor1d([0, -0, 1, -1, 1e-40, 3e38, Infinity, -Infinity, NaN]);
  return tf.atan2(tf.expandDims(x, 1), x);
});
for (const [shape, axis] of axes) {
  for (const keepDims of [false, true]) {
    const name = `[${shape}] over ${JSON.stringify(axis)}, keepDims ${keepDims}`;
    check(['Max', 'Min'], name, 0, r => [tf.max(r.float(shape), axis, keepDims), tf.min(r.float(shape), axis, keepDims),
      tf.max(r.int(shape), axis, keepDims), tf.min(r.int(shape), axis, keepDims)]);
    check(['Prod', 'Any', 'All'], name, ulps(64), r => [tf.prod(r.float(shape), axis, keepDims),
      tf.any(r.bool(shape), axis, keepDims), tf.all(r.bool(shape), axis, keepDims)]);
  }
}
check('Max', 'NaN', 0, () => [tf.max(tf.tensor1d([1, NaN, 3])), tf.min(tf.tensor1d([1, NaN, 3]))]);
check('ArgMin', 'several axes', 0, r => [tf.argMin(r.float([3, 5]), 0), tf.argMin(r.int([3, 5, 2], 0, 3), 1)]);
for (const [op, name] of [['cumsum', 'Cumsum'], ['cumprod', 'Cumprod']]) {
  for (const [exclusive, reverse] of [[false, false], [true, false], [false, true], [true, true]]) {
    check(name, `${exclusive} ${reverse}`, 0, r => [[[9], 0], [[6, 7], 1], [[3, 4, 5], 1], [[5, 9], 0]].flatMap(
      ([shape, axis]) => [r.float(shape), r.int(shape)].map(x => tf[op](x, axis, exclusive, reverse))));
  }
}
check('Select', 'elements and rows', 0, r => [tf.where(r.bool([3, 4]), r.float([3, 4]), r.float([3, 4])),
  tf.where(r.bool([5]), r.int([5]), r.int([5]))]);
check('GatherV2', 'axes and batches', 0, r => dtypes.flatMap(dtype => [tf.gather(r[dtype]([5, 3]), r.int([4], 0, 4)),
  tf.gather(r[dtype]([2, 5, 3]), r.int([2, 2], 0, 4), 1), tf.gather(r[dtype]([2, 5, 3]), r.int([2, 2], 0, 4), 1, 1),
  tf.gather(r[dtype]([5]), tf.scalar(2, 'int32')), tf.gather(r[dtype]([3, 20, 19]), r.int([3, 9], 0, 19), 1, 1)]));
check('SparseToDense', 'several shapes', 0, r => [
  tf.sparseToDense(tf.tensor2d([[0, 1], [2, 3]], [2, 2], 'int32'), r.float([2]), [3, 4], 0.5),
  tf.sparseToDense(tf.tensor1d([0, 4], 'int32'), r.int([2]), [6], 3), tf.sparseToDense(2, 1, [5], 0),
]);
check('Range', 'up and down', ulps(4, 9), () => [tf.range(0, 5), tf.range(1, 9, 2, 'int32'), tf.range(5, 0),
  tf.range(3, -3, -1.5), tf.range(2, 2), tf.range(0, 1, 0.1)]);
check('LinSpace', 'some', ulps(2, 9), () => [tf.linspace(0, 9, 10), tf.linspace(-1, 2, 7), tf.linspace(3, 3, 1)]);
check('OneHot', 'in and out of range', 0, r =>
  [tf.oneHot(r.int([2, 5], -1, 6), 5), tf.oneHot(r.int([4], 0, 2), 3, 2, -1)]);
check('TopK', 'floats and integers', 0, r => [r.float([3, 50]), r.int([3, 50], 0, 5)].flatMap(x => {
  const { values, indices } = tf.topk(x, 7);
  return [values, indices];
}));
check('TopK', 'all, none and one', 0, r => [r.int([4, 300], -9, 9), r.float([2, 2, 17])].flatMap(x => (
  [x.shape[x.shape.length - 1], 0, 1].flatMap(k => {
    const { values, indices } = tf.topk(x, k);
    return [values, indices];
  }))));
check('MirrorPad', 'both modes', 0, r => [tf.mirrorPad(r.float([3, 4]), [[1, 2], [3, 0]], 'reflect'),
  tf.mirrorPad(r.int([3, 4]), [[3, 2], [0, 4]], 'symmetric'),
  ...['reflect', 'symmetric'].flatMap(mode => [
    tf.mirrorPad(r.float([2, 4, 5, 3]), [[0, 0], [1, 2], [3, 0], [0, 0]], mode),
    tf.mirrorPad(r.bool([2, 3, 4, 2]), [[1, 0], [0, 0], [2, 1], [0, 1]], mode)])]);
check(['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'], 'random boxes', 0, r => {
  const corner = tf.abs(r.float([30, 2]));
  const boxes = tf.concat([corner, tf.add(corner, tf.abs(r.float([30, 2])))], 1), scores = tf.abs(r.float([30]));
  const padded = tf.image.nonMaxSuppressionPadded(boxes, scores, 20, 0.3, 0.1, true);
  const soft = tf.image.nonMaxSuppressionWithScore(boxes, scores, 10, 0.5, 0.1, 0.5);
  return [tf.image.nonMaxSuppression(boxes, scores, 10, 0.4, 0.2), padded.selectedIndices, padded.validOutputs,
    soft.selectedIndices, soft.selectedScores];
});
for (const [align, half] of [[false, false], [true, false], [false, true]]) {
  check('ResizeNearestNeighbor', `${align} ${half}`, 0, r => [[8, 8], [3, 2], [1, 7]].map(to =>
    tf.image.resizeNearestNeighbor(r.float([2, 5, 4, 3]), to, align, half)));
  check('ResizeNearestNeighbor', `integers, ${align} ${half}`, 0, r => [1, 2, 17].flatMap(channels =>
    [[14, 10], [5, 5], [31, 9]].map(to =>
      tf.image.resizeNearestNeighbor(r.int([1, 7, 5, channels]), to, align, half))));
}
for (const method of ['bilinear', 'nearest']) {
  check('CropAndResize', method, ulps(8), r => tf.image.cropAndResize(r.float([2, 7, 9, 3]),
    tf.tensor2d([[0, 0, 1, 1], [0.2, 0.3, 0.7, 0.6], [-0.5, 0.1, 1.4, 0.9], [0.9, 0.8, 0.1, 0.2]]),
    tf.tensor1d([0, 1, 1, 0], 'int32'), [5, 4], method, 0.5));
  check('CropAndResize', `${method}, odd boxes`, ulps(8, 9), r => [[1, 1], [3, 1], [1, 9]].flatMap(size => (
    [r.float([1, 6, 5, 1]), r.int([1, 6, 5, 8], -9, 9)].map(x => tf.image.cropAndResize(x,
      tf.tensor2d([[NaN, 0, 1, 1], [0, NaN, 1, 1], [0, 0, Infinity, 1], [-1, -1, 2, 2], [0, 0, 1, 1]]),
      tf.tensor1d([0, 0, 0, 0, 1], 'int32'), size, method, 0.5)))));
}
check('DepthToSpace', 'blocks of 2 and 3', 0, r => [tf.depthToSpace(r.float([2, 3, 4, 8]), 2),
  tf.depthToSpace(r.float([1, 2, 2, 9]), 3)]);
check(['SpaceToBatchND', 'BatchToSpaceND'], 'with paddings and crops', 0, r => [
  tf.spaceToBatchND(r.float([1, 4, 6, 2]), [2, 3], [[0, 0], [0, 0]]),
  tf.spaceToBatchND(r.int([2, 5, 3]), [2], [[1, 2]]),
  tf.batchToSpaceND(r.float([6, 2, 2, 3]), [2, 3], [[0, 1], [1, 2]]),
]);
check(['BatchMatMul', '_FusedMatMul'], 'int32', 0, r => [tf.matMul(r.int([3, 4]), r.int([4, 5])),
  tf.matMul(r.int([2, 4, 3]), r.int([1, 5, 4]), true, true)]);

// ---- Weights that are used in more than one way --------------------------------------------------------

/** One filter under many geometries, one after another and again: each must get its own packed weights. */
function reused(kernels, name, k, uses) {
  check(kernels, name, sum(k), r => {
    const filter = r.float([3, 3, 2, 4]), bind = uses.map(use => use(r));
    return [...bind, ...bind].map(use => use(filter));
  });
}
reused('Conv2D', 'one filter, other geometries', 18, [
  ...['same', 'valid', 0, 1, 2].map(pad => r => {
    const x = r.float([1, 8, 7, 2]);
    return filter => tf.conv2d(x, filter, 2, pad);
  }),
  ...['floor', 'round', 'ceil'].map(rounding => r => {
    const x = r.float([1, 8, 8, 2]);
    return filter => tf.conv2d(x, filter, 2, 1, 'NHWC', 1, rounding);
  }),
  ...[[2, 8, 7, 2], [1, 7, 7, 2]].map(shape => r => {
    const x = r.float(shape);
    return filter => tf.conv2d(x, filter, 1, 'same');
  }),
  ...[[3, 3, 2, 4], [3, 2, 2, 6], [2, 3, 3, 4]].map(shape => r => {
    const x = r.float([1, 8, 7, shape[2]]);
    return filter => tf.conv2d(x, tf.reshape(filter, shape), 1, 'same'); // other shapes, same data
  }),
]);
reused('DepthwiseConv2dNative', 'one filter, other geometries', 9, ['same', 'valid'].flatMap(pad => [1, 2].map(stride =>
  r => {
    const x = r.float([1, 9, 8, 2]);
    return filter => tf.depthwiseConv2d(x, filter, stride, pad);
  })));
check('BatchMatMul', 'one matrix, transposed and not', sum(5), r => {
  const a = r.float([5, 5]), b = r.float([5, 5]);
  return [[false, false], [false, true], [true, false], [true, true], [false, false]]
    .map(([transposeA, transposeB]) => tf.matMul(a, b, transposeA, transposeB));
});

// ---- Nothing to compute --------------------------------------------------------------------------------

check('MaxPool', 'a window higher than the image by one', 0, r => tf.maxPool(r.float([1, 2, 6, 1]), 3, 1, 'valid'));
check('Conv2D', 'a filter higher than the image by one', 0, r =>
  tf.conv2d(r.float([1, 2, 6, 2]), r.float([3, 3, 2, 4]), 1, 'valid'));
check('DepthwiseConv2dNative', 'a filter higher than the image by one', 0, r =>
  tf.depthwiseConv2d(r.float([1, 2, 6, 2]), r.float([3, 3, 2, 1]), 1, 'valid'));
check('ArgMax', 'over nothing; NaN first', 0, r =>
  [tf.argMax(r.float([5, 0]), 1), tf.argMax(tf.tensor1d([NaN, 5, 2])), tf.argMax(tf.tensor1d([5, NaN, 7]))]);
check('_FusedMatMul', 'no columns', 0, r => tf.fused.matMul({
  a: r.float([2, 3]), b: r.float([3, 0]), activation: 'prelu', preluActivationWeights: r.float([0]),
}));

test('every kernel has a case here, in the tests of its family or in the catalogue', () => {
  const folder = new URL('.', import.meta.url);
  const others = readdirSync(folder).filter(file => file.endsWith('.test.mjs') && !import.meta.url.endsWith(file))
    .map(file => readFileSync(new URL(file, folder), 'utf8')).join();
  const covered = name => tested.has(name) || catalogue[name] || others.includes(`'${name}'`);
  assert.deepEqual(kernelNames.filter(name => !covered(name)), []);
});

after(() => tf.disposeVariables());
