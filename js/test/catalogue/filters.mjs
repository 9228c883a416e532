/* SPDX-License-Identifier: MIT */
import { edges, random, tensor } from '../values.mjs';

const rows = (dtypes, exact, cases) => Object.fromEntries(dtypes.map(dtype => [dtype, { exact, cases: cases(dtype) }]));
const NUMBERS = ['float32', 'int32', 'bool'];

const dilations = [
  // x, filter, output, attributes
  [[2, 5, 6, 3], [3, 2, 3], [2, 5, 6, 3], { strides: 1, pad: 'same', dilations: 1 }],
  [[1, 7, 8, 5], [2, 3, 5], [1, 3, 2, 5], { strides: [2, 3], pad: 'valid', dilations: 1 }],
  [[1, 6, 6, 1], [2, 2, 1], [1, 6, 6, 1], { strides: 1, pad: 'same', dilations: 2 }],
  [[0, 3, 3, 2], [2, 2, 2], [0, 2, 2, 2], { strides: 1, pad: 'valid', dilations: 1 }],
];
/** Edges; equals; and, from a filter of zeros, sums that are the pixels. */
const images = (dtype, shape) => [random(dtype, shape, 1, -3, 3), edges(dtype, shape, 0, 7),
  ...dtype === 'float32' ? [tensor(dtype, shape, [NaN, -Infinity, 1, 1, -0]), tensor(dtype, shape, [NaN])] : []];

export const Dilation2D = rows(NUMBERS, 'bits', dtype => dilations.flatMap(([x, filter, , attrs]) =>
  images(dtype, x).map(image => ({ inputs: { x: image, filter: random(dtype, filter, 2, -1, 1) }, attrs }))));

Dilation2D.bool.except = [{ reason: 'a bool is 0 or 1', where: ({ ours, cpu }) => ours === 1 && cpu > 1 }];

const SUMS = { absolute: 2e-6, relative: 2e-6, reason: 'sums are float32; the cpu backend has doubles' };
const dilationGradients = dtype => dilations.flatMap(([x, filter, y, attrs]) =>
  images(dtype, x).map(image => ({
    inputs: { x: image, filter: random(dtype, filter, 2, -1, 1), dy: random(dtype, y, 3, -9, 9) }, attrs,
  })));
export const Dilation2DBackpropInput = {
  ...rows(['float32'], SUMS, dilationGradients), ...rows(['int32'], 'bits', dilationGradients),
};
export const Dilation2DBackpropFilter = Dilation2DBackpropInput;

const NORMS = { absolute: 1e-6, relative: 4e-6, reason: 'sums and products are float32; the cpu backend has doubles' };
const lrn = [
  [[2, 3, 3, 7], { depthRadius: 2, bias: 1, alpha: 0.5, beta: 0.75 }],
  [[1, 2, 2, 4], { depthRadius: 5, bias: 2, alpha: 1e-4, beta: 0.5 }],
  [[1, 5, 7, 33], { depthRadius: 5, bias: 1, alpha: 1, beta: 1 }],
  [[1, 2, 3, 1], { depthRadius: 0, bias: 0.5, alpha: 1, beta: -1 }],
  [[1, 40, 40, 3], { depthRadius: 1, bias: 1, alpha: 1, beta: 0.75 }],
  [[0, 2, 3, 5], { depthRadius: 1, bias: 1, alpha: 1, beta: 0.5 }],
];
export const LRN = {
  ...rows(['float32'], NORMS, dtype => lrn.flatMap(([x, attrs]) => [
    random(dtype, x, 1, -2, 2),
    tensor(dtype, x, [1, NaN, 2, 3, Infinity, 4, -5, -0, 6, -Infinity, 7, 8, 9, 1e10, 1e-10, 2, 3]),
  ].map(input => ({ inputs: { x: input }, attrs })))),
  ...rows(['int32'], 'bits', dtype => lrn.map(([x, attrs]) => ({ inputs: { x: random(dtype, x) }, attrs }))),
};
export const LRNGrad = rows(['float32'], NORMS, dtype => lrn.map(([x, attrs]) => ({
  inputs: { x: random(dtype, x, 1, -2, 2), y: random(dtype, x, 2), dy: random(dtype, x, 3) }, attrs,
})));
