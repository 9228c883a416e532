/* SPDX-License-Identifier: MIT */
import { edges, EDGES, line, random, tensor } from '../values.mjs';

const rows = (dtypes, cases, more = () => ({ exact: 'bits' })) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), ...more(dtype) }]));
const NUMBER = ['float32', 'int32'], ANY = [...NUMBER, 'bool'];

/** Sums in another order than cpu's, which is in float64. */
const sums = (absolute, relative) => dtype => ({
  exact: dtype === 'float32' ? { absolute, relative, reason: 'cpu adds up or multiplies in float64' } : 'bits',
});

/** Shapes and axes: rows, columns, both, several dimensions apart, one element, nothing, none. */
const AXES = [[[7], 0], [[40], 0], [[3, 5], 0], [[3, 5], 1], [[3, 37], -1], [[37, 3], 0], [[3, 5], [0, 1]],
  [[2, 3, 4], 1], [[2, 3, 4], [0, 2]], [[2, 3, 4, 5], [1, 3]], [[1, 1], 0], [[4, 0], 0], [[], []]];
/** Nothing to reduce, and several results. */
const NOTHING = [[[4, 0], 1], [[0, 3], 0], [[2, 0, 3], [1]], [[0], [0]]];
const reduced = (axis, values, from = [...AXES, ...NOTHING]) => dtype => from.flatMap(([shape, axes]) =>
  [false, true].flatMap(keepDims =>
    values(dtype, shape).map(x => ({ inputs: { x }, attrs: { [axis]: axes, keepDims } }))));

const some = (dtype, shape) => [random(dtype, shape, 3), ...dtype === 'float32' ? [
  tensor(dtype, shape, [1, 2, -Infinity, 0.5, -3]), tensor(dtype, shape, [1, Infinity, 3, -Infinity, 2, 2, 7]),
  tensor(dtype, shape, [1, NaN, 2, 0.5, 1, -3, 5, 9, -1]),
] : []];
/** NaN, infinities and extremes in rows of their own, so that one doesn't hide the others. */
const special = (dtype, shape) => [random(dtype, shape, 3), edges(dtype, shape), ...dtype === 'float32' ? [
  tensor(dtype, shape, [1, -Infinity, 3, 0.5, Infinity, 2, -1, -7]), tensor(dtype, shape, [-0, 0, 0, -0]),
] : []];

export const Max = rows(ANY, reduced('reductionIndices', special));
export const Min = rows(ANY, reduced('axis', special));
export const All = rows(['bool'], reduced('axis', special, AXES));
export const Any = rows(['bool'], reduced('axis', special, AXES));
export const Sum = rows(ANY, reduced('axis', some), sums(1e-5, 1e-6));
export const Mean = rows(ANY, reduced('axis', some), () => ({
  exact: { absolute: 1e-6, relative: 1e-6, reason: 'cpu adds up in float64, of elements already divided' },
}));
export const Prod = rows(ANY, reduced('axis', (dtype, shape) =>
  [random(dtype, shape, 3, dtype === 'float32' ? 0.5 : -2, 2), ...some(dtype, shape).slice(1)]), sums(1e-6, 1e-5));

const positions = dtype => AXES.filter(([shape, axes]) => !Array.isArray(axes) && shape[0] !== 4)
  .flatMap(([shape, axis]) => special(dtype, shape).map(x => ({ inputs: { x }, attrs: { axis } })));
export const ArgMax = rows(ANY, positions);
export const ArgMin = rows(ANY, positions);

const running = dtype => [[[9], 0], [[3, 40], 1], [[40, 3], 0], [[2, 3, 4], 1], [[3, 0], 0], [[1], 0]]
  .flatMap(([shape, axis]) => [false, true].flatMap(exclusive => [false, true].map(reverse =>
    ({ inputs: { x: random(dtype, shape, 5) }, attrs: { axis, exclusive, reverse } }))));
export const Cumsum = rows(ANY, running);
export const Cumprod = rows(ANY, running);

/** Finite numbers: the cpu backend loses its way where it compares an infinity with itself. */
const largest = dtype => [[[9], 4], [[3, 50], 5], [[2, 2, 7], 7], [[3, 4], 0], [[1], 1]].flatMap(([shape, k]) =>
  [random(dtype, shape, 5), tensor(dtype, shape, Array.from(EDGES[dtype]).filter(Number.isFinite)),
    tensor(dtype, shape, [1, 0, 1, 1, 0])].map(x => ({ inputs: { x }, attrs: { k, sorted: true } })));
export const TopK = rows(ANY, largest);

const logits = [random('float32', [7], 3, -5, 5), random('float32', [3, 40], 3, -5, 5),
  random('float32', [2, 3, 4], 3, -90, 90), tensor('float32', [2, 3], [1e30, 0, -1e30, -1e-30, 0, 1e-30]),
  tensor('float32', [3, 2], [NaN, 1, -Infinity, 0, Infinity, 0]),
  tensor('float32', [3, 1], [5, -5, 0]), random('float32', [0, 4])];
export const Softmax = {
  float32: {
    cases: logits.map(x => ({ inputs: { logits: x }, attrs: { dim: x.shape.length - 1 } })),
    exact: { absolute: 1e-37, relative: 1e-5, reason: 'exponentials are of floats, and may be 0 under 2^-126' },
  },
  int32: {
    cases: [{ inputs: { logits: random('int32', [3, 5], 4, -9, 9) }, attrs: { dim: -1 } }],
    exact: { relative: 1e-6, reason: 'as of float32' },
  },
};
export const LogSoftmax = {
  float32: {
    elsewhere: 'indexing.test.mjs', reason: 'the cpu backend has no kernel of this name',
    cases: [{ inputs: { logits: random('float32', [3, 40]) }, attrs: { axis: -1 } }],
  },
};

const normalised = [[[2, 3, 4], 4], [[5, 7], 7], [[1, 2, 3, 2], 2], [[0, 3], 3]].flatMap(([shape, channels]) => [
  { offset: random('float32', [channels], 6), scale: random('float32', [channels], 7) }, {},
].map(more => ({
  inputs: {
    x: random('float32', shape, 3), mean: random('float32', [channels], 4),
    variance: random('float32', [channels], 5, 0, 2), ...more,
  },
  attrs: { varianceEpsilon: 1e-3 },
})));
export const FusedBatchNorm = {
  float32: {
    cases: [...normalised, {
      inputs: { x: line('float32'), mean: tensor('float32', [1], [0]), variance: tensor('float32', [1], [1]) },
      attrs: { varianceEpsilon: 0 },
    }],
    exact: { absolute: 2e-6, relative: 1e-6, reason: 'scale and shift are folded first; cpu computes in float64' },
  },
};
