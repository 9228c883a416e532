/* SPDX-License-Identifier: MIT */
/* Arrays made by indices: scattering, segments, counting, searches. */
import { backend_util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import { sparseSegmentReductionImpl } from '@tensorflow/tfjs-backend-cpu/dist/shared';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { Pointer, Scatter } from '../runtime/kernels.js';
import { elementBytes, type BackendWasm } from './backend.js';
import { Select } from './elementwise.js';
import { ANY, expect, expectRank, product, typeOf, type Kernel } from './kernel.js';
import { BroadcastTo, fillWith, ZerosLike } from './movement.js';
import { moveStrings } from './values.js';

const INDEX: readonly DataType[] = ['int32'];
const MOVABLE: readonly DataType[] = ['float32', 'int32', 'bool', 'complex64'];

/** The C API's name of a tensor's elements, where a complex number is two. */
const partOf = (dtype: DataType): number => dtype === 'complex64' ? lw.LW_FLOAT32 : typeOf(dtype);

/** One number in the memory, until the next such one. */
function numberAt({ heap, value }: BackendWasm, dtype: DataType, x: number): Pointer {
  if (dtype === 'float32') heap.f32[value >>> 2] = x;
  else if (dtype === 'int32') heap.i32[value >>> 2] = x;
  else heap.u8[value] = x;
  return value;
}

/** The indices of a kernel as JavaScript reads them, to say what is wrong with them. */
function indicesOf(backend: BackendWasm, x: TensorInfo): Int32Array {
  const at = backend.pointer(x) >>> 2;
  return backend.heap.i32.subarray(at, at + product(x.shape));
}

function clear(backend: BackendWasm, y: Pointer, bytes: number): void {
  backend.heap.u8.fill(0, y, y + bytes);
}

/**
 * Lets `compute` fill y with sums of x's elements, from zeros on. Sums of booleans are int32 sums, and true where those
 * aren't 0.
 */
function addUp(backend: BackendWasm, x: TensorInfo, y: TensorInfo,
  compute: (type: number, x: Pointer, y: Pointer) => void): TensorInfo {
  const input = backend.pointer(x), output = backend.pointer(y);
  const size = product(y.shape);
  if (y.dtype !== 'bool') {
    clear(backend, output, size * elementBytes(y.dtype));
    compute(partOf(y.dtype), input, output);
    return y;
  }
  const { kernels } = backend;
  const numbers = backend.temporary(4 * product(x.shape)), sums = backend.temporary(4 * size);
  kernels.cast(lw.LW_BOOL, lw.LW_INT32, product(x.shape), input, numbers);
  clear(backend, sums, 4 * size);
  compute(lw.LW_INT32, numbers, sums);
  kernels.cast(lw.LW_INT32, lw.LW_BOOL, size, sums, output);
  return y;
}

/** A tensor's numbers; booleans as int32, for as long as the kernel runs. */
function numbers(backend: BackendWasm, x: TensorInfo): [type: number, pointer: Pointer] {
  const pointer = backend.pointer(x), size = product(x.shape);
  if (x.dtype !== 'bool') return [typeOf(x.dtype), pointer];
  const copy = backend.temporary(4 * size);
  backend.kernels.cast(lw.LW_BOOL, lw.LW_INT32, size, pointer, copy);
  return [lw.LW_INT32, copy];
}

// ---- Scattering ----------------------------------------------------------------------------------------

/** Lays or adds `updates` over what is at `output`, a tensor of this shape. */
function scatterOver(backend: BackendWasm, how: number, indices: TensorInfo, updates: TensorInfo, shape: number[],
  type: number, from: Pointer, output: Pointer): void {
  const { sliceRank, numUpdates, sliceSize, outputSize } = backend_util.calculateShapes(updates, indices, shape);
  if (outputSize === 0 || numUpdates === 0 || sliceRank === 0) return;
  const repeat = updates.shape.length === 0 && sliceSize === 1;
  if (sliceRank > shape.length || (!repeat && product(updates.shape) !== numUpdates * sliceSize)) {
    throw new LanewiseError(`updates of shape [${updates.shape}] don't fit indices of shape [${indices.shape}] and ` +
      `an output of shape [${shape}]`);
  }
  const op: Scatter = {
    op: how, type, skip: false, repeat, shape: shape.slice(0, sliceRank), batch: 1, count: numUpdates,
    slice: sliceSize * (updates.dtype === 'complex64' ? 2 : 1),
  };
  if (backend.kernels.scatter(op, backend.pointer(indices), from, output)) return;
  const all = indicesOf(backend, indices);
  for (let i = 0; i < all.length; i += sliceRank) {
    const index = all.subarray(i, i + sliceRank);
    if (index.some((n, d) => n < 0 || n >= shape[d])) {
      throw new LanewiseError(`Invalid indices: ${index} does not index into ${shape}`);
    }
  }
}

const scatterNd: Kernel = (backend, { indices, updates }, attrs) => {
  expect('ScatterNd', 'indices', indices, INDEX);
  expect('ScatterNd', 'updates', updates, MOVABLE);
  const shape = attrs.shape as number[];
  const y = backend.output(shape.slice(), updates.dtype);
  return addUp(backend, updates, y, (type, from, to) =>
    scatterOver(backend, lw.LW_SCATTER_ADD, indices, updates, shape, type, from, to));
};

const tensorScatterUpdate: Kernel = (backend, inputs, attrs) => {
  const op = 'TensorScatterUpdate';
  const { tensor, indices, updates } = inputs;
  expect(op, 'indices', indices, INDEX);
  expect(op, 'updates', updates, [tensor.dtype]);
  if (tensor.dtype === 'string') {
    return moveStrings(backend, inputs, moved => tensorScatterUpdate(backend, moved, attrs));
  }
  expect(op, 'tensor', tensor, MOVABLE);
  const from = backend.pointer(tensor), values = backend.pointer(updates);
  const y = backend.output(tensor.shape.slice(), tensor.dtype);
  const to = backend.pointer(y);
  backend.heap.u8.copyWithin(to, from, from + product(y.shape) * elementBytes(y.dtype));
  scatterOver(backend, lw.LW_SCATTER_SET, indices, updates, y.shape, partOf(y.dtype), values, to);
  return y;
};

const sparseToDense: Kernel = (backend, inputs, attrs) => {
  const op = 'SparseToDense';
  const { sparseIndices, sparseValues, defaultValue } = inputs;
  expect(op, 'sparseIndices', sparseIndices, INDEX);
  expect(op, 'defaultValue', defaultValue, [sparseValues.dtype]);
  if (sparseValues.dtype === 'string') {
    return moveStrings(backend, inputs, moved => sparseToDense(backend, moved, attrs));
  }
  expect(op, 'sparseValues', sparseValues, MOVABLE);
  const shape = attrs.outputShape as number[];
  const value = backend.pointer(defaultValue), values = backend.pointer(sparseValues);
  const y = backend.output(shape.slice(), sparseValues.dtype);
  const to = backend.pointer(y), size = product(shape);
  if (size) backend.kernels.copy(elementBytes(y.dtype), [size], [0], [1], value, to);
  scatterOver(backend, lw.LW_SCATTER_SET, sparseIndices, sparseValues, shape, partOf(y.dtype), values, to);
  return y;
};

const oneHot: Kernel = (backend, { indices }, { dtype = 'int32', depth, onValue = 1, offValue = 0 }) => {
  expect('OneHot', 'indices', indices, INDEX);
  expect('OneHot', 'dtype', { dataId: {}, shape: [], dtype }, ANY);
  const at = backend.pointer(indices);
  const y = backend.output([...indices.shape, depth], dtype);
  fillWith(backend, y, offValue);
  const op: Scatter = {
    op: lw.LW_SCATTER_SET, type: typeOf(dtype), skip: true, repeat: true, shape: [depth],
    batch: product(indices.shape), count: 1, slice: 1,
  };
  backend.kernels.scatter(op, at, numberAt(backend, dtype, onValue), backend.pointer(y));
  return y;
};

/** The elements on the main diagonal of a matrix of zeros. */
const diag: Kernel = (backend, { x }) => {
  expect('Diag', 'x', x, MOVABLE);
  const from = backend.pointer(x), size = product(x.shape);
  const y = backend.output([...x.shape, ...x.shape], x.dtype);
  const to = backend.pointer(y), bytes = elementBytes(x.dtype);
  clear(backend, to, size * size * bytes);
  if (size) backend.kernels.copy(bytes, [size], [1], [size + 1], from, to);
  return y;
};

/** The diagonals from `numLower` below the main one to `numUpper` above it: all on a side whose number is negative. */
const matrixBandPart: Kernel = (backend, { input, numLower, numUpper }) => {
  const op = 'MatrixBandPart';
  expect(op, 'input', input, ANY);
  expect(op, 'numLower', numLower, INDEX);
  expect(op, 'numUpper', numUpper, INDEX);
  const { shape } = input, rank = shape.length;
  if (rank < 2) throw new LanewiseError(`${op}: argument 'input' has shape [${shape}]; expected 2 dimensions or more`);
  const [rows, columns] = shape.slice(-2);
  const reach = (x: TensorInfo) => {
    if (product(x.shape) !== 1) throw new LanewiseError(`MatrixBandPart: [${x.shape}] is not the shape of one number`);
    const n = backend.heap.i32[backend.pointer(x) >>> 2];
    return n < 0 ? rows + columns : n;
  };
  const lower = reach(numLower), upper = reach(numUpper);
  const inside = backend.output([rows, columns], 'bool');
  const from = backend.pointer(inside);
  clear(backend, from, rows * columns);
  for (let r = 0, row = from; r < rows; r++, row += columns) {
    const start = Math.min(columns, Math.max(0, r - lower)), stop = Math.min(columns, r + upper + 1);
    backend.heap.u8.fill(1, row + start, row + Math.max(start, stop));
  }
  const condition = BroadcastTo(backend, { x: inside }, { shape }) as TensorInfo;
  const zeros = ZerosLike(backend, { x: input }, {}) as TensorInfo;
  return backend.keepOnly(Select(backend, { condition, t: input, e: zeros }, {}) as TensorInfo);
};

// ---- Segments ------------------------------------------------------------------------------------------

/** Rows of x added up by segment; those whose id is no segment's are left out. */
const unsortedSegmentSum: Kernel = (backend, { x, segmentIds }, { numSegments }) => {
  const op = 'UnsortedSegmentSum';
  expect(op, 'x', x, ANY);
  expect(op, 'segmentIds', segmentIds, INDEX);
  const rank = segmentIds.shape.length;
  if (!(numSegments >= 0)) {
    throw new LanewiseError(`${op}: attribute 'numSegments' is ${numSegments}; expected 0 or more`);
  }
  if (segmentIds.shape.some((n, d) => n !== x.shape[d])) {
    throw new LanewiseError(`${op}: argument 'segmentIds' has shape [${segmentIds.shape}]; expected one with which ` +
      `that of 'x', [${x.shape}], begins`);
  }
  const ids = backend.pointer(segmentIds);
  const [type, from] = numbers(backend, x);
  const y = backend.output([numSegments, ...x.shape.slice(rank)], x.dtype === 'float32' ? 'float32' : 'int32');
  const to = backend.pointer(y);
  clear(backend, to, 4 * product(y.shape));
  const scatter: Scatter = {
    op: lw.LW_SCATTER_ADD, type, skip: true, repeat: false, shape: [numSegments], batch: 1,
    count: product(segmentIds.shape), slice: product(x.shape, rank),
  };
  backend.kernels.scatter(scatter, ids, from, to);
  return y;
};

const sparseSegment = (name: string, code: number): Kernel => (backend, { data, indices, segmentIds }) => {
  expect(name, 'data', data, ANY);
  expect(name, 'indices', indices, INDEX);
  expect(name, 'segmentIds', segmentIds, INDEX);
  if (data.shape.length < 1) throw new LanewiseError(`${name}: argument 'data' is a scalar; expected dimensions`);
  expectRank(name, 'indices', indices, 1);
  expectRank(name, 'segmentIds', segmentIds, 1);
  const [count] = indices.shape;
  if (segmentIds.shape[0] !== count) throw new LanewiseError(`${name}: segmentIds and indices should have same size.`);

  const at = backend.pointer(indices), ids = backend.pointer(segmentIds);
  const segments = count ? backend.heap.i32[(ids >>> 2) + count - 1] + 1 : 0;
  const [rows, ...row] = data.shape;
  if (segments < 0 || (count && segments === 0)) explain(backend, indices, segmentIds, rows);
  const y = backend.output([segments, ...row], data.dtype);
  return addUp(backend, data, y, (type, from, to) => {
    const op = { op: code, type, rows, columns: product(row), count, segments };
    if (!backend.kernels.segment(op, from, at, ids, to)) explain(backend, indices, segmentIds, rows);
  });
};

/** Throws what other backends throw for ids and indices that are wrong: their shared code says it, of one column. */
function explain(backend: BackendWasm, indices: TensorInfo, segmentIds: TensorInfo, rows: number): never {
  sparseSegmentReductionImpl(new Int32Array(rows), [rows], 'int32', indicesOf(backend, indices),
    indicesOf(backend, segmentIds));
  throw new LanewiseError('segments: an index is out of range');
}

// ---- Counting ------------------------------------------------------------------------------------------

/** How often each number below `size` is in each row of x, or the sum of the weights that belong to it there. */
function count(backend: BackendWasm, op: string, x: TensorInfo, weights: TensorInfo, size: number, rows: number,
  binary: boolean, shape: number[]): TensorInfo {
  expect(op, 'x', x, INDEX);
  expect(op, 'weights', weights, ANY);
  const total = product(x.shape), given = product(weights.shape);
  if (given && given !== total) {
    throw new LanewiseError(`${op}: argument 'weights' has shape [${weights.shape}]; expected [${x.shape}], or no ` +
      'elements');
  }
  const { kernels } = backend;
  const at = backend.pointer(x), least = backend.temporary(4);
  kernels.reduce(lw.LW_REDUCE_MIN, lw.LW_INT32, 1, total, 1, at, least);
  if (backend.heap.i32[least >>> 2] < 0) throw new LanewiseError(`${op}: Input x must be non-negative!`);

  const { dtype } = weights;
  const y = backend.output(shape, dtype);
  const scatter = (how: number, repeat: boolean, type: number, from: Pointer, to: Pointer) => kernels.scatter({
    op: how, type, skip: true, repeat, shape: [size], batch: rows, count: rows ? total / rows : 0, slice: 1,
  }, at, from, to);
  if (given && !binary) {
    return addUp(backend, weights, y, (type, from, to) => scatter(lw.LW_SCATTER_ADD, false, type, from, to));
  }
  const to = backend.pointer(y);
  clear(backend, to, product(shape) * elementBytes(dtype));
  scatter(binary || dtype === 'bool' ? lw.LW_SCATTER_SET : lw.LW_SCATTER_ADD, true, typeOf(dtype),
    numberAt(backend, dtype, 1), to);
  return y;
}

const bincount: Kernel = (backend, { x, weights }, { size }) =>
  count(backend, 'Bincount', x, weights, size, 1, false, [size]);

const denseBincount: Kernel = (backend, { x, weights }, { size, binaryOutput = false }) => {
  const rank = x.shape.length;
  if (rank < 1 || rank > 2) {
    throw new LanewiseError(`Error in denseBincount: input must be at most rank 2, but got rank ${rank}.`);
  }
  // Of one row TensorFlow.js counts all.
  return rank === 1 ? count(backend, 'DenseBincount', x, weights, size, 1, false, [size])
    : count(backend, 'DenseBincount', x, weights, size, x.shape[0], binaryOutput, [x.shape[0], size]);
};

// ---- Searches ------------------------------------------------------------------------------------------

/** Where values go into sorted rows. `side`: before or behind equal elements; undefined: as the attribute says. */
const search = (op: string, side?: string): Kernel => (backend, { sortedSequence, values }, attrs) => {
  expect(op, 'sortedSequence', sortedSequence, ANY);
  expect(op, 'values', values, ANY);
  const rows = sortedSequence.shape.slice(0, -1), last = values.shape.length - 1;
  const batch = product(rows);
  if (last < 0 || product(values.shape, 0, last) !== batch) {
    throw new LanewiseError(`${op}: argument 'sortedSequence' has shape [${sortedSequence.shape}], argument 'values' ` +
      `[${values.shape}]; expected the same but for the last dimension`);
  }
  const [rowType, sorted] = numbers(backend, sortedSequence), [type, wanted] = numbers(backend, values);
  const y = backend.output(values.shape.slice(), 'int32');
  backend.kernels.searchSorted(rowType, type, (side ?? attrs.side) !== 'left', batch,
    sortedSequence.shape[rows.length] ?? 1, values.shape[last], sorted, wanted, backend.pointer(y));
  return y;
};

export const LowerBound = /* @__PURE__ */ search('LowerBound', 'left');
export const SearchSorted = /* @__PURE__ */ search('SearchSorted');
export const SparseSegmentMean = /* @__PURE__ */ sparseSegment('SparseSegmentMean', lw.LW_REDUCE_MEAN);
export const SparseSegmentSum = /* @__PURE__ */ sparseSegment('SparseSegmentSum', lw.LW_REDUCE_SUM);
export const UpperBound = /* @__PURE__ */ search('UpperBound', 'right');
export {
  bincount as Bincount, denseBincount as DenseBincount, diag as Diag, matrixBandPart as MatrixBandPart,
  oneHot as OneHot, scatterNd as ScatterNd,
  sparseToDense as SparseToDense, tensorScatterUpdate as TensorScatterUpdate, unsortedSegmentSum as UnsortedSegmentSum,
};
