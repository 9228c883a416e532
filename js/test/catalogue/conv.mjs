/* SPDX-License-Identifier: MIT */
import { edges, random, tensor } from '../values.mjs';

const SUMS = { absolute: 4e-6, relative: 4e-6, reason: 'sums are float32; the cpu backend has doubles' };
const FUNCTIONS = { ...SUMS, reason: 'the sums, and then an activation within its stated error' };

/** Numbers among which a few are not finite. */
const special = shape => tensor('float32', shape,
  [0.5, -0.25, NaN, 1, -1, 0.125, -0, 0.75, Infinity, -0.5, 0.25, 2, -3, 0, -Infinity, 0.375, -0.625, 1.5, -2, 0.875]);
const product = shape => shape.reduce((total, n) => total * n, 1);

/** Geometries: input, filter, output, attributes. */
const flat = [
  [[2, 5, 6, 3], [3, 3, 3, 5], [2, 5, 6, 5], { strides: 1, pad: 'same' }],
  [[1, 6, 7, 5], [2, 3, 5, 4], [1, 5, 5, 4], { strides: [1, 1], pad: 'valid' }],
  [[1, 7, 5, 4], [3, 3, 4, 2], [1, 4, 3, 2], { strides: 2, pad: 'same' }],
  [[2, 4, 4, 9], [1, 1, 9, 6], [2, 4, 4, 6], { strides: 1, pad: 'valid' }],
  [[1, 5, 6, 2], [3, 2, 2, 3], [1, 3, 6, 3], { strides: [2, 1], pad: [[0, 0], [1, 1], [0, 1], [0, 0]] }],
  [[1, 6, 9, 2], [3, 3, 2, 4], [1, 3, 5, 4], { strides: [2, 1], pad: 1 }],
  [[0, 4, 4, 2], [3, 3, 2, 4], [0, 4, 4, 4], { strides: 1, pad: 'same' }],
].map(([x, filter, y, attrs]) => [x, filter, y, { dataFormat: 'NHWC', dilations: 1, ...attrs }]);
const toFirst = ([n, h, w, c]) => [n, c, h, w];
const FIRST = [toFirst(flat[0][0]), flat[0][1], toFirst(flat[0][2]), { ...flat[0][3], dataFormat: 'NCHW' }];
const dilated = [[1, 7, 8, 3], [3, 2, 3, 4], [1, 7, 8, 4],
  { strides: 1, pad: 'same', dilations: [2, 3], dataFormat: 'NHWC' }];
const wide = flat.map(([x, filter, [n, h, w], attrs]) => [x, filter, [n, h, w, filter[2] * filter[3]], attrs]);
const deep = [
  [[1, 3, 4, 5, 2], [2, 3, 3, 2, 4], [1, 3, 4, 5, 4], { strides: 1, pad: 'same' }],
  [[2, 4, 4, 4, 3], [2, 2, 2, 3, 2], [2, 2, 2, 2, 2], { strides: 2, pad: 'valid' }],
  [[1, 3, 4, 3, 2], [3, 3, 3, 2, 3], [1, 3, 4, 3, 3], { strides: 1, pad: 1 }],
  [[1, 4, 4, 4, 2], [1, 1, 1, 2, 3], [1, 2, 2, 2, 3], { strides: 2, pad: 'same' }], // the padding is -1
  [[0, 3, 3, 3, 2], [2, 2, 2, 2, 2], [0, 3, 3, 3, 2], { strides: 1, pad: 'same' }],
];

/** Where a border of zeros meets a number that isn't finite. */
const BORDER = [{
  reason: 'pixels outside of the image count as 0, and 0 times what is not finite is NaN',
  where: ({ ours }) => Number.isNaN(ours),
}];
const integers = (shape, seed) => random('int32', shape, seed, -9, 9);

/** Rows of a kernel with two arguments; attributesOf adds to a geometry's. */
function rows(geometries, a, b, shapesOf, attributesOf, dtypes, exceptions) {
  const row = dtype => {
    const make = (shape, seed) => dtype === 'int32' ? integers(shape, seed) : random(dtype, shape, seed);
    return {
      exact: dtype === 'float32' ? SUMS : 'bits',
      cases: geometries.flatMap(geometry => {
        const [first, second] = shapesOf(geometry), attrs = attributesOf(geometry);
        const cases = [{ inputs: { [a]: make(first, 1), [b]: make(second, 2) }, attrs }];
        if (dtype === 'float32' && product(first)) {
          cases.push({ inputs: { [a]: special(first), [b]: make(second, 3) }, attrs },
            { inputs: { [a]: make(first, 4), [b]: special(second) }, attrs });
        }
        return cases;
      }),
      ...dtype === 'float32' && exceptions && { except: exceptions },
    };
  };
  return Object.fromEntries(dtypes.map(dtype => [dtype, row(dtype)]));
}

const forward = ([x, filter]) => [x, filter], plain = ([, , , attrs]) => attrs;
const inputGradient = ([, filter, y]) => [y, filter], withInput = ([x, , , attrs]) => ({ ...attrs, inputShape: x });
const filterGradient = ([x, , y]) => [x, y], withFilter = ([, filter, , attrs]) => ({ ...attrs, filterShape: filter });
const NUMBERS = ['float32', 'int32', 'bool'];

export const Conv2D =
  rows([...flat, FIRST, dilated], 'x', 'filter', forward, plain, ['float32', 'int32'], BORDER);
export const DepthwiseConv2dNative =
  rows([...wide, dilated], 'x', 'filter', forward, plain, ['float32', 'int32'], BORDER);
export const Conv2DBackpropInput =
  rows([...flat, FIRST], 'dy', 'filter', inputGradient, withInput, NUMBERS, BORDER);
export const Conv2DBackpropFilter = rows([...flat, FIRST], 'x', 'dy', filterGradient, withFilter, NUMBERS, BORDER);
export const DepthwiseConv2dNativeBackpropInput =
  rows(wide, 'dy', 'filter', inputGradient, withInput, NUMBERS, BORDER);
export const DepthwiseConv2dNativeBackpropFilter =
  rows(wide, 'x', 'dy', filterGradient, withFilter, NUMBERS, BORDER);
export const Conv3D = rows(deep, 'x', 'filter', forward, geometry => ({ ...plain(geometry), dilations: 1 }),
  ['float32', 'int32'], BORDER);
export const Conv3DBackpropInputV2 = rows(deep, 'dy', 'filter', inputGradient, withInput, NUMBERS, BORDER);
export const Conv3DBackpropFilterV2 = rows(deep, 'x', 'dy', filterGradient, withFilter, NUMBERS, BORDER);

/** Every activation, with biases and slopes of every rank. */
const fused = (geometries, outputsOf) => ({
  float32: {
    exact: FUNCTIONS,
    cases: geometries.flatMap(([x, filter, y, attrs]) =>
      ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'prelu', 'leakyrelu'].flatMap((activation, i) => {
        const outputs = outputsOf(filter);
        return [undefined, [], [outputs], [1, 1, outputs], [y[1], y[2], 1], y].map((bias, j) => ({
          inputs: {
            x: random('float32', x, i + j), filter: random('float32', filter, i + j + 1),
            ...bias && { bias: random('float32', bias, i + 2) },
            ...activation === 'prelu' && {
              preluActivationWeights: random('float32', bias?.length > 1 ? bias : [outputs], 3),
            },
          },
          attrs: { ...attrs, activation, leakyreluAlpha: 0.3 },
        }));
      })),
  },
});
export const FusedConv2D = fused(flat.slice(0, 2), filter => filter[3]);
export const FusedDepthwiseConv2D = fused(wide.slice(0, 2), filter => filter[2] * filter[3]);
// What is not finite goes through each of them; a 1x1 filter of 1 hands it on.
FusedConv2D.float32.cases.push(...['linear', 'relu', 'relu6', 'leakyrelu', 'elu', 'sigmoid'].map(activation => ({
  inputs: { x: edges('float32', [1, 8, 12, 1]), filter: tensor('float32', [1, 1, 1, 1], [1]) },
  attrs: { ...flat[0][3], activation, leakyreluAlpha: 0.3 },
})));
