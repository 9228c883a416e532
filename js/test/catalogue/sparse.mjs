/* SPDX-License-Identifier: MIT */
import { edges, random, tensor } from '../values.mjs';

const ints = (...values) => tensor('int32', [values.length], values);
const rows = (dtypes, cases) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), exact: 'bits' }]));
const STORABLE = ['float32', 'int32', 'bool', 'string'];

export const SparseReshape = rows(['int32'], () => [[9, -1], [36], [2, 3, 6], [1, 36, 1]].map(newShape => ({
  inputs: {
    inputIndices: tensor('int32', [5, 3], [0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 2, 3]), inputShape: ints(2, 3, 6),
    newShape: ints(...newShape),
  },
})));

export const SparseFillEmptyRows = rows(STORABLE, dtype => [
  [tensor('int32', [3, 2], [0, 1, 2, 0, 2, 3]), 3], [tensor('int32', [3, 2], [2, 1, 0, 0, 1, 3]), 3],
  [tensor('int32', [0, 2], []), 0],
].map(([indices, count]) => ({
  inputs: {
    indices, values: edges(dtype, [count]), denseShape: ints(4, 5), defaultValue: edges(dtype, [], 1),
  },
})));

export const Unique = rows(STORABLE, dtype => [
  [[9], 0], [[0], 0], [[3, 4], 0], [[3, 4], 1], [[2, 3, 4], -2], [[2, 3, 4], 2],
].flatMap(([shape, axis]) => {
  const few = dtype === 'string' ? tensor(dtype, shape, ['a', 'b', 'a', 'a', '']) : random(dtype, shape, 4, 0, 2);
  const all = [few, edges(dtype, shape)];
  return all.map(x => ({ inputs: { x }, attrs: { axis } }));
}));
