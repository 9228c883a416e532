/* SPDX-License-Identifier: MIT */
import { edges, random, tensor } from '../values.mjs';

const SUMS = { absolute: 2e-6, relative: 2e-6, reason: 'sums are float32; the cpu backend has doubles' };
const NUMBERS = ['float32', 'int32', 'bool'];

const flat = [
  [[2, 5, 6, 3], [2, 3, 4, 3], { filterSize: 2, strides: [2, 2], pad: 'same' }],
  [[1, 6, 7, 5], [1, 4, 5, 5], { filterSize: [3, 3], strides: 1, pad: 'valid' }],
  [[1, 4, 4, 9], [1, 3, 3, 9], { filterSize: 3, strides: 2, pad: [[0, 0], [1, 2], [0, 3], [0, 0]] }],
  [[1, 4, 3, 1], [1, 6, 5, 1], { filterSize: 1, strides: 1, pad: 1 }], // windows that have no pixel
  [[1, 4, 5, 2], [1, 4, 5, 2], { filterSize: 1, strides: 1, pad: 'same' }],
  [[0, 4, 5, 2], [0, 2, 3, 2], { filterSize: 2, strides: 2, pad: 'same' }],
];
const deep = [
  [[2, 3, 4, 5, 2], [2, 2, 2, 3, 2], { filterSize: 2, strides: 2, pad: 'same' }],
  [[1, 3, 3, 4, 5], [1, 2, 2, 3, 5], { filterSize: [2, 2, 2], strides: [1, 1, 1], pad: 'valid' }],
  [[1, 2, 2, 2, 1], [1, 4, 4, 4, 1], { filterSize: 1, strides: 1, pad: 1 }],
  [[1, 5, 5, 5, 3], [1, 2, 2, 2, 3], { filterSize: 1, strides: 3, pad: 'same' }], // the padding is -1
  [[0, 2, 2, 2, 1], [0, 2, 2, 2, 1], { filterSize: 2, strides: 1, pad: 'same' }],
];

/** What a maximum meets: all edges, few of them so that there are equals, nothing but -Infinity or NaN. */
const hard = (dtype, shape) => dtype !== 'float32' ? [edges(dtype, shape), random(dtype, shape, 3, 0, 2)] : [
  edges(dtype, shape, 0, 7), tensor(dtype, shape, [NaN, -0, 0, -Infinity, 1, 1, -Infinity]),
  tensor(dtype, shape, [-Infinity]), tensor(dtype, shape, [NaN, -Infinity]), random(dtype, shape),
];
/** What a sum meets that can't overflow halfway. */
const summed = (dtype, shape) => dtype !== 'float32' ? hard(dtype, shape)
  : [random(dtype, shape), tensor(dtype, shape, [1, NaN, 2, Infinity, 3, -0, 4, 0.5, -Infinity, 5, 6, 7, 8])];

const rows = (dtypes, exact, cases) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { exact, cases: cases(dtype) }]));
const forward = (geometries, values, exact) => rows(NUMBERS, exact, dtype => geometries.flatMap(([x, , attrs]) =>
  values(dtype, x).map(input => ({ inputs: { x: input }, attrs }))));
const backward = geometries => rows(['float32', 'int32'], SUMS, dtype => geometries.flatMap(([x, y, attrs]) => {
  const dy = random('float32', y, 5);
  return hard(dtype, x).map(input => ({ inputs: { dy, input, output: dy }, attrs }));
}));

export const MaxPool = forward([
  ...flat, [[1, 5, 5, 2], , { filterSize: 2, strides: 2, pad: 0, dimRoundingMode: 'ceil' }],
  [[1, 5, 6, 2], , { filterSize: [3, 1], strides: [2, 1], pad: 1, dimRoundingMode: 'floor' }],
], hard, 'bits');
MaxPool.float32.except = [{
  reason: 'a window is compared column by column, so that another one of equal zeros may be the first',
  where: ({ ours, cpu }) => ours === 0 && cpu === 0,
}];
export const AvgPool = forward([
  ...flat, [[1, 5, 5, 2], , { filterSize: 2, strides: 2, pad: 0, dimRoundingMode: 'ceil' }],
], summed, SUMS);
export const MaxPool3D = forward(deep, hard, 'bits');
export const AvgPool3D = forward(deep, summed, SUMS);
export const MaxPoolGrad = backward(flat);
export const AvgPoolGrad = backward(flat);
export const MaxPool3DGrad = backward(deep);
export const AvgPool3DGrad = backward(deep);

const OWN = { elsewhere: 'pool.test.mjs', reason: 'the cpu backend keeps the positions as the dtype of the input' };
export const MaxPoolWithArgmax = {
  ...rows(['int32'], 'bits', dtype => flat.flatMap(([x, , attrs]) => hard(dtype, x).flatMap(input =>
    [false, true].map(includeBatchInIndex => ({ inputs: { x: input }, attrs: { ...attrs, includeBatchInIndex } }))))),
  float32: OWN, bool: OWN,
};

export const Pool = Object.fromEntries(NUMBERS.map(dtype => [dtype, {
  elsewhere: 'pool.test.mjs', reason: 'the cpu backend has no such kernel',
  cases: ['max', 'avg'].map(poolingType => ({
    inputs: { input: random(dtype, [1, 6, 6, 8]) },
    attrs: { windowShape: [3, 3], poolingType, pad: 'same', dilations: [1, 1], strides: [2, 2] },
  })),
}]));
