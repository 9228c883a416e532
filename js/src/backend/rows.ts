/* SPDX-License-Identifier: MIT */
/* Softmax, reductions, batch normalisation. */
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { Pointer } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import { joinBatchNorm } from './deferred.js';
import { Exp, Log, Sub, toFloat } from './elementwise.js';
import {
  ANY, axesOf, expect, FLOAT, NUMBER, product, stridesOf, typeOf, type Kernel,
} from './kernel.js';
import { fillWith, transpose } from './movement.js';

const softmax: Kernel = (backend, { logits }, { dim = -1 }) => {
  expect('Softmax', 'logits', logits, ANY);
  const { shape } = logits, rank = shape.length;
  if (!(dim >= -Math.max(rank, 1) && dim < Math.max(rank, 1))) {
    throw new LanewiseError(`Softmax: attribute 'dim' is ${dim}; logits have ${rank} dimensions`);
  }
  const axis = dim < 0 ? rank + dim : dim;
  if (axis < rank - 1) return turned(backend, logits, axis, x => softmax(backend, { logits: x }, { dim: -1 }));
  const input = toFloat(backend, logits);
  const columns = rank ? shape[rank - 1] : 1;
  const y = backend.output(shape.slice(), 'float32');
  backend.kernels.softmax(product(shape, 0, rank - 1), columns, input, backend.pointer(y));
  return y;
};

/** Runs what works on the last dimension on another: changes the two over, and the result's. */
function turned(backend: BackendWasm, x: TensorInfo, axis: number,
  run: (x: TensorInfo) => TensorInfo | TensorInfo[]): TensorInfo {
  const perm = x.shape.map((_, i) => i);
  [perm[axis], perm[perm.length - 1]] = [perm.length - 1, axis];
  const last = transpose(backend, { x }, { perm }) as TensorInfo;
  const done = run(last) as TensorInfo;
  const y = transpose(backend, { x: done }, { perm }) as TensorInfo;
  backend.drop(last);
  backend.drop(done);
  return y;
}

const logSoftmax: Kernel = (backend, { logits }, { axis = -1 }) => {
  expect('LogSoftmax', 'logits', logits, FLOAT);
  const peak = Max(backend, { x: logits }, { reductionIndices: axis, keepDims: true }) as TensorInfo;
  const shifted = Sub(backend, { a: logits, b: peak }, {}) as TensorInfo;
  const total = Sum(backend, { x: Exp(backend, { x: shifted }, {}) as TensorInfo }, { axis, keepDims: true });
  const b = Log(backend, { x: total as TensorInfo }, {}) as TensorInfo;
  return backend.keepOnly(Sub(backend, { a: shifted, b }, {}) as TensorInfo);
};

/** The three-dimensional view [outer][reduced][inner] of a tensor whose axes are to be reduced. */
interface Reduction {
  readonly input: Pointer;
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** Axes that don't follow one another are brought together at the end first. */
export function reductionOf(backend: BackendWasm, shape: readonly number[], axes: number[], input: Pointer): Reduction {
  if (axes.length === 0) return { input, outer: product(shape), reduced: 1, inner: 1 };
  const first = axes[0], last = axes[axes.length - 1];
  if (last - first + 1 === axes.length) {
    return {
      input, outer: product(shape, 0, first), reduced: product(shape, first, last + 1), inner: product(shape, last + 1),
    };
  }
  const kept = shape.map((_, i) => i).filter(i => !axes.includes(i));
  const order = [...kept, ...axes];
  const strides = stridesOf(shape);
  const target = order.map(i => shape[i]);
  const copy = backend.temporary(4 * product(shape));
  backend.kernels.copy(4, target, order.map(i => strides[i]), stridesOf(target), input, copy);
  return {
    input: copy, outer: product(kept.map(i => shape[i])), reduced: product(axes.map(i => shape[i])), inner: 1,
  };
}

function reducedShape(shape: number[], axes: number[], keepDims: boolean): number[] {
  const [kept] = backend_util.computeOutAndReduceShapes(shape, axes);
  return keepDims ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
}

const mean: Kernel = (backend, { x }, { axis, keepDims }) => {
  expect('Mean', 'x', x, ANY);
  const axes = axesOf(axis, x.shape);
  const { input, outer, reduced, inner } = reductionOf(backend, x.shape, axes, toFloat(backend, x));
  const y = backend.output(reducedShape(x.shape, axes, keepDims), 'float32');
  if (reduced === 0) fillWith(backend, y, 0); // the cpu backend's rule
  else backend.kernels.reduce(lw.LW_REDUCE_MEAN, lw.LW_FLOAT32, outer, reduced, inner, input, backend.pointer(y));
  return y;
};

/** An int32 copy of booleans that lasts as long as the kernel. */
function toInt(backend: BackendWasm, x: TensorInfo): Pointer {
  const size = product(x.shape);
  const input = backend.pointer(x);
  const copy = backend.temporary(4 * size);
  backend.kernels.cast(lw.LW_BOOL, lw.LW_INT32, size, input, copy);
  return copy;
}

/** A sum or product, of booleans as of int32. */
const total = (op: string, code: number): Kernel => (backend, { x }, { axis, keepDims }) => {
  expect(op, 'x', x, ANY);
  const axes = axesOf(axis, x.shape);
  const dtype = x.dtype === 'float32' ? 'float32' : 'int32';
  const pointer = x.dtype === 'bool' ? toInt(backend, x) : backend.pointer(x);
  const { input, outer, reduced, inner } = reductionOf(backend, x.shape, axes, pointer);
  const y = backend.output(reducedShape(x.shape, axes, keepDims), dtype);
  backend.kernels.reduce(code, typeOf(dtype), outer, reduced, inner, input, backend.pointer(y));
  return y;
};

/** The largest or smallest. */
const extreme = (op: string, code: number): Kernel => {
  const ofBools = logical(op, code);
  return (backend, inputs, attrs) => {
    const { x } = inputs, { axis, reductionIndices, keepDims } = attrs; // Max calls its axes otherwise
    if (x?.dtype === 'bool') return ofBools(backend, inputs, { axis: axis ?? reductionIndices, keepDims });
    expect(op, 'x', x, NUMBER);
    const axes = axesOf(axis ?? reductionIndices, x.shape);
    const { input, outer, reduced, inner } = reductionOf(backend, x.shape, axes, backend.pointer(x));
    const y = backend.output(reducedShape(x.shape, axes, keepDims), x.dtype);
    if (reduced === 0) fillWith(backend, y, NaN); // or 0 of integers: the cpu backend's rule
    else backend.kernels.reduce(code, typeOf(x.dtype), outer, reduced, inner, input, backend.pointer(y));
    return y;
  };
};

/** Whether any or all booleans are true: the largest or smallest of them as numbers. */
const logical = (op: string, code: number): Kernel => (backend, { x }, { axis, keepDims }) => {
  expect(op, 'x', x, ['bool']);
  const axes = axesOf(axis, x.shape);
  const { input, outer, reduced, inner } = reductionOf(backend, x.shape, axes, toInt(backend, x));
  const y = backend.output(reducedShape(x.shape, axes, keepDims), 'bool');
  const size = outer * inner;
  if (reduced === 0) {
    fillWith(backend, y, op === 'All' ? 1 : 0);
    return y;
  }
  const numbers = backend.temporary(4 * size);
  backend.kernels.reduce(code, lw.LW_INT32, outer, reduced, inner, input, numbers);
  backend.kernels.cast(lw.LW_INT32, lw.LW_BOOL, size, numbers, backend.pointer(y));
  return y;
};

const argExtreme = (op: 'ArgMax' | 'ArgMin'): Kernel => (backend, { x }, { axis }) => {
  expect(op, 'x', x, ANY);
  const pointer = x.dtype === 'bool' ? toFloat(backend, x) : backend.pointer(x);
  const [only, ...more] = axesOf(axis, x.shape);
  if (more.length) throw new LanewiseError(`${op}: attribute 'axis' is [${axis}]; expected one axis`);
  const { input, outer, reduced, inner } = reductionOf(backend, x.shape, only === undefined ? [] : [only],
    pointer);
  const y = backend.output(reducedShape(x.shape, only === undefined ? [] : [only], false), 'int32');
  if (reduced === 0) { // the other backends' rule
    fillWith(backend, y, 0);
    return y;
  }
  const { kernels } = backend;
  const type = x.dtype === 'int32' ? lw.LW_INT32 : lw.LW_FLOAT32;
  if (op === 'ArgMax') kernels.argmax(type, outer, reduced, inner, input, backend.pointer(y));
  else kernels.argmin(type, outer, reduced, inner, input, backend.pointer(y));
  return y;
};

/** Sorted, whether that was asked for or not. */
const topK: Kernel = (backend, { x }, { k }) => {
  expect('TopK', 'x', x, ANY);
  const columns = x.shape[x.shape.length - 1];
  if (!(k >= 0 && k <= columns)) throw new LanewiseError(`TopK: attribute 'k' is ${k}; expected 0 to ${columns}`);
  const shape = [...x.shape.slice(0, -1), k];
  const rows = product(x.shape, 0, x.shape.length - 1), bools = x.dtype === 'bool';
  const input = bools ? toInt(backend, x) : backend.pointer(x);
  const values = backend.output(shape, x.dtype), indices = backend.output(shape.slice(), 'int32');
  const { kernels } = backend, to = backend.pointer(values);
  const numbers = bools ? backend.temporary(4 * rows * k) : to;
  kernels.topK(x.dtype === 'float32' ? lw.LW_FLOAT32 : lw.LW_INT32, rows, columns, k, input, numbers,
    backend.pointer(indices));
  if (bools) kernels.cast(lw.LW_INT32, lw.LW_BOOL, rows * k, numbers, to);
  return [values, indices];
};

/** Running sums or products along one axis, of booleans as of int32. */
const cumulative = (op: string, code: number): Kernel => (backend, { x }, { axis, exclusive, reverse }) => {
  expect(op, 'x', x, ANY);
  const axes = axesOf(axis, x.shape);
  if (axes.length > 1) throw new LanewiseError(`${op}: attribute 'axis' is [${axis}]; expected one axis`);
  const dtype = x.dtype === 'float32' ? 'float32' : 'int32';
  const pointer = x.dtype === 'bool' ? toInt(backend, x) : backend.pointer(x);
  const { input, outer, reduced, inner } = reductionOf(backend, x.shape, axes, pointer);
  const y = backend.output(x.shape.slice(), dtype);
  backend.kernels.cumulative(code, typeOf(dtype), exclusive, reverse, outer, reduced, inner, input,
    backend.pointer(y));
  return y;
};

const batchNorm: Kernel = (backend, inputs, { varianceEpsilon = 0.001 }) => {
  const op = 'FusedBatchNorm';
  const { x, mean: means, variance, offset, scale } = inputs;
  expect(op, 'x', x, FLOAT);
  expect(op, 'mean', means, FLOAT);
  expect(op, 'variance', variance, FLOAT);
  if (offset) expect(op, 'offset', offset, FLOAT);
  if (scale) expect(op, 'scale', scale, FLOAT);

  // TensorFlow.js lets the four parameters have any size and repeats each over the elements of x.
  const channels = Math.max(...[means, variance, offset, scale].map(p => p ? product(p.shape) : 1));
  const size = product(x.shape);
  const parameter = (name: string, p: TensorInfo | undefined): Pointer => {
    if (!p) return 0;
    const pointer = backend.pointer(p);
    const length = product(p.shape);
    if (length === channels) return pointer;
    if (length === 0 || channels % length) {
      throw new LanewiseError(`${op}: argument '${name}' has shape [${p.shape}], which does not fit the others: ` +
        `their largest has ${channels} elements`);
    }
    const copy = backend.temporary(4 * channels);
    backend.kernels.copy(4, [channels / length, length], [0, 1], [length, 1], pointer, copy);
    return copy;
  };
  if (channels === 0 || size % channels) {
    throw new LanewiseError(`${op}: argument 'x' of shape [${x.shape}] can't be divided into rows of ${channels} ` +
      'elements');
  }
  const { kernels, heap } = backend;
  const pointers = [parameter('mean', means), parameter('variance', variance), parameter('scale', scale),
    parameter('offset', offset)];
  const joined = joinBatchNorm(backend, x, channels, varianceEpsilon, pointers[0], pointers[1], pointers[2],
    pointers[3]);
  if (joined) return joined;
  const input = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'float32');
  kernels.batchNorm(size / channels, channels, varianceEpsilon, input, pointers[0], pointers[1], pointers[2],
    pointers[3], heap.scratch(8 * channels), backend.pointer(y));
  return y;
};

export const All = /* @__PURE__ */ logical('All', lw.LW_REDUCE_MIN);
export const Any = /* @__PURE__ */ logical('Any', lw.LW_REDUCE_MAX);
export const ArgMax = /* @__PURE__ */ argExtreme('ArgMax');
export const ArgMin = /* @__PURE__ */ argExtreme('ArgMin');
export const Cumprod = /* @__PURE__ */ cumulative('Cumprod', lw.LW_REDUCE_PRODUCT);
export const Cumsum = /* @__PURE__ */ cumulative('Cumsum', lw.LW_REDUCE_SUM);
export const Max = /* @__PURE__ */ extreme('Max', lw.LW_REDUCE_MAX);
export const Min = /* @__PURE__ */ extreme('Min', lw.LW_REDUCE_MIN);
export const Prod = /* @__PURE__ */ total('Prod', lw.LW_REDUCE_PRODUCT);
export const Sum = /* @__PURE__ */ total('Sum', lw.LW_REDUCE_SUM);
export {
  batchNorm as FusedBatchNorm, logSoftmax as LogSoftmax, mean as Mean, softmax as Softmax, topK as TopK,
};
