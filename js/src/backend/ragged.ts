/* SPDX-License-Identifier: MIT */
/* Kernels of ragged tensors. Their bookkeeping is TensorFlow.js's own code, which its backends share. */
import { backend_util, type TensorInfo, type TypedArray } from '@tensorflow/tfjs-core';
import {
  raggedGatherImpl, raggedRangeImpl, raggedTensorToTensorImpl,
} from '@tensorflow/tfjs-backend-cpu/dist/shared';
import { LanewiseError } from '../runtime/errors.js';
import type { BackendWasm } from './backend.js';
import { expect, NUMBER, STORABLE, type Kernel } from './kernel.js';
import { expectSize, numbersOf, stringsOf, tensorOf } from './values.js';

const INDEX = ['int32'] as const;

const elementsOf = (backend: BackendWasm, x: TensorInfo): TypedArray =>
  // The shared code only moves elements, so that they may be strings as well.
  x.dtype === 'string' ? stringsOf(backend, x) as unknown as TypedArray : numbersOf(backend, x);

const raggedGather: Kernel = (backend, inputs, { outputRaggedRank }) => {
  const op = 'RaggedGather';
  const { paramsDenseValues: dense, indices } = inputs;
  const nested = inputs.paramsNestedSplits as unknown as TensorInfo[];
  for (const splits of nested) expect(op, 'paramsNestedSplits', splits, INDEX);
  expect(op, 'paramsDenseValues', dense, STORABLE);
  expect(op, 'indices', indices, INDEX);
  const [splits, values, shape] = raggedGatherImpl(nested.map(x => numbersOf(backend, x)), nested.map(x => x.shape),
    elementsOf(backend, dense), dense.shape, dense.dtype, numbersOf(backend, indices), indices.shape, outputRaggedRank);
  return [
    ...splits.map(each => tensorOf(backend, each, [each.length], 'int32')),
    tensorOf(backend, values, shape, dense.dtype),
  ];
};

const raggedRange: Kernel = (backend, { starts, limits, deltas }) => {
  const op = 'RaggedRange';
  expect(op, 'starts', starts, NUMBER);
  expect(op, 'limits', limits, [starts.dtype]);
  expect(op, 'deltas', deltas, [starts.dtype]);
  const [from, to, by] = [starts, limits, deltas].map(x => numbersOf(backend, x));
  let size = 0;
  for (let row = Math.max(from.length, to.length, by.length); row-- > 0;) {
    const [start, limit, delta] = [from, to, by].map(x => x[row] ?? x[0]); // scalars go with every row
    const some = Math.ceil((limit - start) / delta);
    if (some > 0 && some < 2 ** 31) size += some; // the shared code refuses others
  }
  expectSize(op, 'the ranges', size);
  const [splits, values] = raggedRangeImpl(from, starts.shape, starts.dtype, to, limits.shape, by, deltas.shape);
  return [
    tensorOf(backend, splits, [splits.length], 'int32'),
    tensorOf(backend, values, [values.length], starts.dtype),
  ];
};

/**
 * The shared code lays out the rows: it is given their numbers as values, with -1 as the default, so that it tells
 * where every row goes, of any dtype and shape, and the rows are filled in here. (By itself it lays out numbers alone,
 * leaves out defaults of more than one element, and confuses the sizes of a row with their positions.)
 */
const raggedTensorToTensor: Kernel = (backend, inputs, { rowPartitionTypes }) => {
  const op = 'RaggedTensorToTensor';
  const { shape, values, defaultValue } = inputs;
  const partitions = inputs.rowPartitionTensors as unknown as TensorInfo[];
  expect(op, 'shape', shape, INDEX);
  expect(op, 'values', values, STORABLE);
  expect(op, 'defaultValue', defaultValue, [values.dtype]);
  for (const partition of partitions) expect(op, 'rowPartitionTensors', partition, INDEX);
  backend_util.validateDefaultValueShape(defaultValue.shape, values.shape);
  const divided = partitions.map(x => numbersOf(backend, x));
  expectPartitions(op, divided, rowPartitionTypes, values.shape[0]);

  const raggedRank = backend_util.getRaggedRank(backend_util.getRowPartitionTypesHelper(rowPartitionTypes));
  const rank = raggedRank + values.shape.length;
  const [rows, ...row] = values.shape;
  let given = Array.from(numbersOf(backend, shape));
  if (shape.shape.length === 0 && given[0] === -1) given = new Array<number>(rank).fill(-1); // all unknown
  if (given.length !== rank) {
    throw new LanewiseError(`${op}: rt input.shape and shape=${given} are incompatible: rt input.rank = ${rank}, but ` +
      `shape.rank = ${given.length}`);
  }
  const outer = given.slice(0, raggedRank + 1);
  row.forEach((n, i) => {
    const wanted = given[outer.length + i];
    if (wanted !== -1 && wanted !== n) {
      throw new LanewiseError(`${op}: rt input.shape and shape=${given} are incompatible: rt input.shape[` +
        `${outer.length + i}] = ${n} but shape[${outer.length + i}] = ${wanted}`);
    }
  });
  // What is not said is no longer than what there is.
  expectSize(op, 'the output', [divided[0][0], ...given].reduce((total, n) => total * Math.max(n, 1), 1));
  const [rowShape, order] = raggedTensorToTensorImpl(Int32Array.from(outer), [outer.length],
    Int32Array.from({ length: rows }, (_, i) => i), [rows], 'int32', Int32Array.of(-1), [],
    divided, partitions.map(x => x.shape), rowPartitionTypes);

  const from = elementsOf(backend, values);
  const defaults = broadcast(elementsOf(backend, defaultValue), defaultValue.shape, row);
  const size = defaults.length;
  expectSize(op, 'the output', order.length * size);
  const y: number[] = [];
  for (const at of order) for (let i = 0; i < size; i++) y.push(at < 0 ? defaults[i] : from[at * size + i]);
  return tensorOf(backend, y, [...rowShape, ...row], values.dtype);
};

/** Throws unless each of these divides what the one before it has, and the last one `rows` values. */
function expectPartitions(op: string, partitions: TypedArray[], types: string[], rows: number): void {
  let size = -1;
  const fits = partitions.length === types.length && partitions.every((given, i) => {
    const type = types[i], parent = size, { length } = given;
    size = type === 'VALUE_ROWIDS' ? length : given[length - 1];
    return type === 'VALUE_ROWIDS' ? given.every(n => n >= 0 && n < parent)
      : type === 'ROW_SPLITS' ? (i === 0 || length - 1 <= parent) && given.every((n, k) => n >= (k ? given[k - 1] : 0))
      : type === 'FIRST_DIM_SIZE' && i === 0 && length === 1 && size >= 0;
  });
  if (fits && size === rows) return;
  const said = partitions.map((x, i) => `[${x}] of type ${types?.[i]}`);
  throw new LanewiseError(`${op}: arguments 'rowPartitionTensors', [${said}], don't divide ${rows} values into rows`);
}

/** The elements of shape `to` that those of shape `from`, of no higher rank, are repeated to. */
function broadcast(elements: TypedArray, from: number[], to: number[]): number[] {
  backend_util.assertAndGetBroadcastShape(from, to);
  let at = [0], size = 1;
  // From the last dimension to the first, each repeats what is there, with or without a step.
  for (let i = to.length - 1; i >= 0; i--) {
    const n = from[i - to.length + from.length] ?? 1, step = n === 1 ? 0 : size, inner = at;
    at = [];
    for (let k = 0; k < to[i]; k++) for (const index of inner) at.push(index + k * step);
    size *= n;
  }
  return at.map(index => elements[index]);
}

export {
  raggedGather as RaggedGather, raggedRange as RaggedRange, raggedTensorToTensor as RaggedTensorToTensor,
};
