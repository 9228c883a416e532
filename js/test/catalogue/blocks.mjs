/* SPDX-License-Identifier: MIT */
import { edges } from '../values.mjs';

const rows = cases => Object.fromEntries(['float32', 'int32', 'bool'].map(dtype =>
  [dtype, { cases: cases(dtype), exact: 'bits' }]));

const depths = rows(dtype => [[[1, 2, 3, 8], 2], [[2, 1, 1, 9], 3], [[2, 4, 3, 4], 2], [[0, 2, 2, 4], 2]]
  .map(([shape, blockSize]) => ({ inputs: { x: edges(dtype, shape) }, attrs: { blockSize, dataFormat: 'NHWC' } })));
export const DepthToSpace = {
  ...depths,
  int32: {
    ...depths.int32,
    except: [{
      reason: 'cpu goes through float32',
      where: ({ ours, cpu }) => Math.abs(ours) > 2 ** 24 && cpu === (Math.fround(ours) | 0),
    }],
  },
};

export const SpaceToBatchND = rows(dtype => [
  [[1, 4, 4, 3], [2, 2], [[0, 0], [0, 0]]], [[2, 3, 5, 2], [2, 3], [[1, 0], [0, 1]]], [[1, 6], [3], [[1, 2]]],
  [[2, 2, 2, 2, 2], [2], [[0, 2]]],
].map(([shape, blockShape, paddings]) => ({ inputs: { x: edges(dtype, shape) }, attrs: { blockShape, paddings } })));

export const BatchToSpaceND = rows(dtype => [
  [[4, 2, 2, 3], [2, 2], [[0, 0], [0, 0]]], [[12, 2, 2, 2], [2, 3], [[1, 0], [0, 1]]], [[3, 3], [3], [[1, 2]]],
  [[4, 2, 2, 2, 2], [2], [[0, 2]]],
].map(([shape, blockShape, crops]) => ({ inputs: { x: edges(dtype, shape) }, attrs: { blockShape, crops } })));
