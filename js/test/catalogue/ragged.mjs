/* SPDX-License-Identifier: MIT */
import { edges, tensor } from '../values.mjs';

const ints = (...values) => tensor('int32', [values.length], values);
const rows = (dtypes, cases) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { cases: cases(dtype), exact: 'bits' }]));

const INDICES = [ints(3, 0, 2, 2, 1), ints(), tensor('int32', [2, 2], [0, 3, 3, 1])];

export const RaggedGather = rows(['float32', 'int32', 'bool', 'string'], dtype => [
  ...[[8], [8, 2]].flatMap(shape => INDICES.map(indices => ({
    inputs: { paramsNestedSplits: [ints(0, 2, 3, 3, 8)], paramsDenseValues: edges(dtype, shape), indices },
    attrs: { outputRaggedRank: indices.shape.length },
  }))),
  {
    inputs: {
      paramsNestedSplits: [ints(0, 1, 3), ints(0, 2, 2, 6)], paramsDenseValues: edges(dtype, [6]), indices: ints(1, 0),
    },
    attrs: { outputRaggedRank: 2 },
  },
]);

export const RaggedRange = rows(['float32', 'int32'], dtype => {
  const of = (...values) => tensor(dtype, [values.length], values);
  return [
    { inputs: { starts: of(0, 5, 8), limits: of(8, 7, 8), deltas: of(2, 1, 1) } },
    { inputs: { starts: tensor(dtype, [], [1]), limits: of(8, -7, 1), deltas: of(2, -3, 1) } },
    { inputs: { starts: of(), limits: of(), deltas: tensor(dtype, [], [1]) } },
  ];
});

export const RaggedTensorToTensor = {
  string: { elsewhere: 'text.test.mjs', reason: 'the cpu backend fails' },
  ...rows(['float32', 'int32', 'bool'], dtype => {
    const defaultValue = tensor(dtype, [], [1]);
    const rowSplits = [[-1, -1], [4, 3], [2, 2], [5, 6], [0, 3]].map(shape => ({
      inputs: {
        shape: ints(...shape), values: edges(dtype, [8]), defaultValue, rowPartitionTensors: [ints(0, 2, 3, 3, 8)],
      },
      attrs: { rowPartitionTypes: ['ROW_SPLITS'] },
    }));
    return [...rowSplits, {
      inputs: {
        shape: ints(3, 3), values: edges(dtype, [4]), defaultValue,
        rowPartitionTensors: [tensor('int32', [], [3]), ints(0, 0, 2, 2)],
      },
      attrs: { rowPartitionTypes: ['FIRST_DIM_SIZE', 'VALUE_ROWIDS'] },
    }];
  }),
};
