/* SPDX-License-Identifier: MIT */
import { edges, tensor } from '../values.mjs';

const ints = (shape, ...values) => tensor('int32', shape, values);
const ANY = ['float32', 'int32', 'bool'], STORABLE = [...ANY, 'string', 'complex64'];

/** Rows for dtypes, of `cases(dtype)`. Moving changes no bit. */
const rows = (dtypes, cases) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), exact: 'bits', ...(dtype === 'complex64' && { parts: true }) }]));

/** Rows of kernels with one input: a case for each [shape, attributes]. */
const single = (list, dtypes = STORABLE, name = 'x') => rows(dtypes, dtype => list.map(([shape, attrs], i) =>
  ({ inputs: { [name]: edges(dtype, shape, i, 3) }, attrs })));

export const BroadcastTo = Object.fromEntries(STORABLE.map(dtype => [dtype, {
  elsewhere: dtype === 'string' ? 'text.test.mjs' : 'kernels.test.mjs',
  reason: 'the cpu backend has no such kernel',
  cases: [[[3], [2, 3]], [[2, 1, 3], [2, 4, 3]]].map(([shape, to]) =>
    ({ inputs: { x: edges(dtype, shape) }, attrs: { shape: to } })),
}]));

const joined = shapes => dtype => shapes.map(([axis, ...each]) =>
  ({ inputs: each.map((shape, i) => edges(dtype, shape, 7 * i)), attrs: { axis } }));

export const Concat = rows(STORABLE, joined([[0, [7], [5]], [1, [2, 3], [2, 4], [2, 1]], [-1, [2, 3, 4], [2, 3, 2]],
  [1, [2, 3, 4], [2, 2, 4]], [0, [0, 3], [2, 3]], [0, [9]]]));

export const Pack = rows(STORABLE, joined([[0, [], []], [0, [5], [5], [5]], [1, [5], [5]], [-1, [2, 3], [2, 3]],
  [1, [2, 3, 4], [2, 3, 4]]]));

export const Slice = single([
  [[9], { begin: [2], size: [4] }], [[4, 5], { begin: [1, 0], size: [2, 5] }],
  [[4, 5], { begin: [0, 2], size: [4, 2] }],
  [[2, 3, 4, 5], { begin: [1, 0, 2, 1], size: [1, 3, 2, 3] }], [[4, 5], { begin: [1, 1], size: [0, 2] }],
  [[2, 3, 4, 5], { begin: [0, 0, 0, 0], size: [2, 3, 4, 5] }],
]);

const MASKS = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };

export const StridedSlice = single([
  [[9], { begin: [1], end: [8], strides: [3] }], [[9], { begin: [8], end: [0], strides: [-2] }],
  [[4, 6], { begin: [0, 5], end: [4, 1], strides: [2, -1] }], [[4, 6], { begin: [0, 0], end: [4, 6], strides: [1, 1] }],
  [[4, 6], { begin: [1, 2], end: [2, 6], strides: [1, 1], shrinkAxisMask: 1 }],
  [[4, 6], { begin: [0, 1], end: [0, 4], strides: [1, 1], beginMask: 1, endMask: 1 }],
  [[3, 4, 2], { begin: [0, 1], end: [0, 2], strides: [1, 1], ellipsisMask: 1 }],
  [[4, 6], { begin: [0, 0, 1], end: [0, 3, 5], strides: [1, 2, 2], newAxisMask: 1 }],
].map(([shape, attrs]) => [shape, { ...MASKS, ...attrs }]));

export const Unpack = single([[[5], { axis: 0 }], [[2, 3], { axis: 1 }], [[2, 3, 4], { axis: -2 }]], STORABLE, 'value');

export const SplitV = single([
  [[9], { numOrSizeSplits: 3, axis: 0 }], [[4, 6], { numOrSizeSplits: [1, 5], axis: 1 }],
  [[4, 6], { numOrSizeSplits: [3, -1], axis: 0 }], [[2, 3, 4], { numOrSizeSplits: 2, axis: -1 }],
]);

export const Reverse = single([[[9], { dims: [0] }], [[3, 5], { dims: [1] }], [[2, 3, 4], { dims: [0, -1] }],
  [[2, 3], { dims: [] }], [[0, 3], { dims: [1] }]]);

export const Transpose = single([[[7], { perm: [0] }], [[5, 9], { perm: [1, 0] }], [[2, 3, 4], { perm: [2, 0, 1] }],
  [[2, 3, 4], { perm: [0, 2, 1] }], [[2, 3, 4, 5], { perm: [0, 3, 1, 2] }], [[16, 17], { perm: [1, 0] }],
  [[2, 1, 3, 1, 2], { perm: [4, 3, 2, 1, 0] }], [[0, 3], { perm: [1, 0] }]]);

export const Tile = single([[[5], { reps: [3] }], [[2, 3], { reps: [2, 1] }], [[2, 3], { reps: [1, 4] }],
  [[2, 3, 4], { reps: [2, 1, 2] }], [[2, 1], { reps: [1, 9] }], [[2, 3], { reps: [0, 1] }]]);

const PADDINGS = [[[5], [[2, 1]]], [[3, 4], [[0, 0], [1, 2]]], [[3, 4, 2], [[1, 0], [0, 2], [1, 1]]],
  [[1, 4, 4, 3], [[0, 0], [1, 1], [2, 0], [0, 0]]], [[2, 2, 2, 2, 2], [[1, 1], [0, 0], [0, 0], [0, 0], [0, 1]]]];

export const PadV2 = {
  ...single([0, 1].flatMap(constantValue => [...PADDINGS, [[0, 2], [[1, 1], [0, 1]]], [[3], [[0, 0]]]]
    .map(([shape, paddings]) => [shape, { paddings, constantValue }])), ANY),
  ...single(PADDINGS.map(([shape, paddings]) => [shape, { paddings, constantValue: 0 }]), ['complex64']),
  string: {
    elsewhere: 'text.test.mjs', reason: 'the cpu backend pads with what is no string',
    cases: PADDINGS.map(([shape, paddings]) =>
      ({ inputs: { x: edges('string', shape) }, attrs: { paddings, constantValue: '-' } })),
  },
};

export const MirrorPad = single(['reflect', 'symmetric'].flatMap(mode => [[[5], [[2, 1]]], [[3, 4], [[0, 0], [1, 2]]],
  [[3, 4, 2], [[1, 0], [0, 2], [1, 1]]]].map(([shape, paddings]) => [shape, { paddings, mode }])));

export const GatherV2 = rows(STORABLE, dtype => [
  [[5], ints([4], 4, 0, 0, 2), { axis: 0, batchDims: 0 }],
  [[3, 5], ints([2, 2], 4, 0, 3, 3), { axis: 1, batchDims: 0 }],
  [[2, 3, 4], ints([], 1), { axis: 1, batchDims: 0 }], [[2, 3, 4], ints([2, 2], 0, 2, 1, 1), { axis: 1, batchDims: 1 }],
  [[3, 5], ints([0]), { axis: 0, batchDims: 0 }], [[3, 4], ints([2], 2, 0), { axis: -1, batchDims: 0 }],
].map(([shape, indices, attrs]) => ({ inputs: { x: edges(dtype, shape, 1, 3), indices }, attrs })));

export const GatherNd = rows(STORABLE, dtype => [
  [[5], ints([3, 1], 4, 0, 4)], [[3, 5], ints([2, 2], 2, 4, 0, 0)], [[3, 5], ints([2, 1], 2, 0)],
  [[2, 3, 4], ints([2, 2, 2], 1, 2, 0, 0, 1, 1, 0, 2)],
].map(([shape, indices]) => ({ inputs: { params: edges(dtype, shape, 1, 3), indices } })));

export const ExpandDims = single([[[], { dim: 0 }], [[5], { dim: -1 }], [[2, 3], { dim: 1 }]], STORABLE, 'input');
export const Identity = single([[[], {}], [[2, 3], {}], [[0], {}]]);
export const Reshape = single([[[6], { shape: [2, 3] }], [[2, 3], { shape: [-1] }], [[1], { shape: [] }],
  [[0, 3], { shape: [3, 0] }]]);

export const Fill = Object.fromEntries(Object.entries({ float32: [0, -1.5, NaN], int32: [0, -7], bool: [0, 1],
  string: ['', 'ä'] }).map(([dtype, values]) => [dtype, {
  cases: values.flatMap(value => [[], [7], [2, 3], [0]].map(shape => ({ inputs: {}, attrs: { shape, value, dtype } }))),
  exact: 'bits',
}]));

export const OnesLike = single([[[], {}], [[2, 3], {}], [[0], {}]], [...ANY, 'complex64']);
OnesLike.complex64.parts = false; // 1 + 0i
export const ZerosLike = single([[[], {}], [[2, 3], {}], [[0], {}]], [...ANY, 'complex64']);

/** To every dtype but string; floats to int32 modulo 2^32. */
export const Cast = rows([...ANY, 'complex64'], dtype => ['float32', 'int32', 'bool', 'complex64'].flatMap(to =>
  [edges(dtype, [89]), edges(dtype, [], 5), edges(dtype, [0, 2]), edges(dtype, [3, 40], 2, 7)]
    .map(x => ({ inputs: { x }, attrs: { dtype: to } }))));
Cast.complex64.parts = false;
Cast.int32.except = [{
  reason: 'ours are float32, rounded; cpu keeps the integers',
  where: ({ ours, cpu, attrs }) => attrs.dtype === 'float32' && ours === Math.fround(cpu),
}];
