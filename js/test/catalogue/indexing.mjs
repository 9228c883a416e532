/* SPDX-License-Identifier: MIT */
import { edges, EDGES, line, random, tensor } from '../values.mjs';

const ints = (...values) => tensor('int32', [values.length], values);
const rows = (dtypes, cases, more = {}) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), exact: 'bits', ...more }]));
const NUMBER = ['float32', 'int32'], ANY = [...NUMBER, 'bool'];

/** Indices, updates' shape, output's shape: repeated indices, slices, several numbers an index, nothing. */
const SCATTERED = [
  [tensor('int32', [5, 1], [4, 0, 7, 4, 4]), [5], [9]],
  [tensor('int32', [4, 1], [2, 0, 2, 1]), [4, 3, 5], [3, 3, 5]],
  [tensor('int32', [4, 2], [2, 0, 2, 1, 0, 0, 2, 0]), [4, 18], [3, 2, 18]],
  [tensor('int32', [2, 2, 3], [1, 0, 2, 1, 0, 3, 0, 0, 0, 1, 0, 2]), [2, 2], [2, 1, 4]],
  [ints(3, 1), [2], [5]],
  [tensor('int32', [0, 1], []), [0], [4]],
];

export const ScatterNd = {
  ...rows(NUMBER, dtype => SCATTERED.map(([indices, updates, shape]) =>
    ({ inputs: { indices, updates: edges(dtype, updates) }, attrs: { shape } }))),
  bool: {
    cases: SCATTERED.map(([indices, updates, shape]) =>
      ({ inputs: { indices, updates: edges('bool', updates, 1) }, attrs: { shape } })),
    exact: 'bits',
    except: [{ reason: 'a boolean is 0 or 1; cpu counts', where: ({ ours, cpu }) => ours === 1 && cpu > 1 }],
  },
};

export const TensorScatterUpdate = rows([...ANY, 'string'], dtype => SCATTERED.map(([indices, updates, shape]) => ({
  inputs: { tensor: given(dtype, shape), indices, updates: given(dtype, updates, 1) },
})));

/** Strings have no edges. */
function given(dtype, shape, start = 0) {
  if (dtype === 'string') return tensor(dtype, shape, start ? ['x', 'yy'] : ['', 'a', 'b,c']);
  return edges(dtype, shape, start, 3);
}

export const SparseToDense = rows([...ANY, 'string'], dtype => [
  [ints(6, 0, 3), [3], [8]], [ints(6, 0, 3), [], [8]], [tensor('int32', [], [2]), [], [3]],
  [tensor('int32', [3, 2], [0, 1, 2, 0, 1, 1]), [3], [3, 2]], [tensor('int32', [0, 2], []), [0], [3, 2]],
].map(([sparseIndices, values, outputShape]) => ({
  inputs: { sparseIndices, sparseValues: given(dtype, values, 1), defaultValue: given(dtype, [], 2) },
  attrs: { outputShape },
})));

export const OneHot = {
  int32: {
    cases: [[7], [2, 3], [], [0]].flatMap(shape => [
      { dtype: 'int32', depth: 5, onValue: 7, offValue: -3 },
      { dtype: 'float32', depth: 4, onValue: 0.5, offValue: NaN },
      { dtype: 'bool', depth: 3, onValue: 1, offValue: 0 }, { dtype: 'int32', depth: 1, onValue: 1, offValue: 0 },
    ].map(attrs => ({ inputs: { indices: random('int32', shape, 5, -2, 6) }, attrs }))),
    exact: 'bits',
  },
};

export const Diag = rows(ANY, dtype => [line(dtype), edges(dtype, [2, 3]), edges(dtype, [1, 2, 1]), edges(dtype, []),
  edges(dtype, [0])].map(x => ({ inputs: { x } })));

const elsewhere = (dtypes, example) => Object.fromEntries(dtypes.map(dtype => [dtype, {
  elsewhere: 'indexing.test.mjs', reason: 'the cpu backend has no kernel of this name', cases: [example(dtype)],
}]));

export const MatrixBandPart = elsewhere(ANY, dtype => ({
  inputs: { input: edges(dtype, [5, 6]), numLower: tensor('int32', [], [1]), numUpper: tensor('int32', [], [2]) },
}));

export const UnsortedSegmentSum = {
  float32: {
    cases: [[[6], 3], [[6, 4], 3], [[6, 2, 20], 4], [[6], 1]].map(([shape, numSegments]) => ({
      inputs: { x: random('float32', shape, 3), segmentIds: random('int32', [6], 2, -1, numSegments) },
      attrs: { numSegments },
    })),
    exact: { absolute: 1e-6, reason: 'cpu adds up in float64' },
  },
};

/** Data, indices and ids. */
const segments = dtype => [
  [edges(dtype, [4, 5]), ints(0, 1, 2, 3), ints(0, 1, 2, 4)],
  [random(dtype, [4, 20], 2), ints(3, 1, 1, 0, 2), ints(0, 0, 0, 2, 2)],
  [random(dtype, [3, 2, 2], 4), ints(2, 2), ints(1, 1)], [line(dtype), ints(5, 5, 7, 9), ints(0, 1, 1, 2)],
  [edges(dtype, [3, 2]), ints(), ints()],
].map(([data, indices, segmentIds]) => ({ inputs: { data, indices, segmentIds } }));
export const SparseSegmentSum = rows(NUMBER, segments);
export const SparseSegmentMean = rows(NUMBER, segments);

/** Weights of each dtype, those of nothing among them. */
const counted = (dtype, shapes, attrs) => shapes.flatMap(shape => attrs.flatMap(a =>
  [shape, shape.map(() => 0)].map(weights => ({
    inputs: { x: random('int32', shape, 7, 0, 9), weights: edges(dtype, weights, 3) }, attrs: { size: 8, ...a },
  }))));
export const Bincount = rows(NUMBER, dtype => counted(dtype, [[20], [1], [0]], [{}]));
export const DenseBincount = rows(NUMBER, dtype =>
  counted(dtype, [[20], [0], [3, 7], [1, 1], [2, 0]], [{ binaryOutput: false }, { binaryOutput: true }]));

export const SearchSorted = rows(NUMBER, dtype => ['left', 'right'].flatMap(side => {
  const ascending = Array.from(EDGES[dtype]).filter(x => !Number.isNaN(x)).sort((a, b) => a - b);
  const all = ascending.length, row = tensor(dtype, [1, all], ascending);
  return [[row, edges(dtype, [1, EDGES[dtype].length])],
    [tensor(dtype, [2, 3], [1, 1, 2, -3, 0, 9]), random(dtype, [2, 9], 4, -4, 10)],
    [tensor(dtype, [3, 1], [5, -1, 2]), random(dtype, [3, 4], 4, -4, 6)]]
    .map(([sortedSequence, values]) => ({ inputs: { sortedSequence, values }, attrs: { side } }));
}));
const bound = elsewhere(NUMBER, dtype => ({
  inputs: { sortedSequence: tensor(dtype, [1, 4], [1, 2, 3, 4]), values: tensor(dtype, [1, 3], [0, 2, 9]) },
}));
export { bound as LowerBound, bound as UpperBound };
