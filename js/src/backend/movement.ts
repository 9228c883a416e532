/* SPDX-License-Identifier: MIT */
/* Moving elements about without computing. */
import { backend_util, slice_util, util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import { elementBytes, type BackendWasm } from './backend.js';
import { complexOf, partOf } from './complex.js';
import { deferPad } from './deferred.js';
import { toFloat } from './elementwise.js';
import {
  ANY, axisOf, DTYPES, expect, expectOneOf, expectWhole, product, sizeOf, STORED, stridesOf, typeOf, type Inputs,
  type Kernel,
} from './kernel.js';
import { moveStrings } from './values.js';

const identity: Kernel = (backend, { x }) => backend.share(x, x.shape);

const reshape: Kernel = (backend, { x }, attrs) => {
  const size = product(x.shape);
  const shape = util.inferFromImplicitShape([...attrs.shape], size);
  if (sizeOf(shape) !== size) {
    throw new LanewiseError(`Reshape: argument 'x' of shape [${x.shape}] has ${size} elements; the new shape ` +
      `[${shape}] has ${product(shape)}`);
  }
  return backend.share(x, shape);
};

const expandDims: Kernel = (backend, { input }, { dim }) => {
  const rank = input.shape.length;
  if (!Number.isInteger(dim) || dim < -(rank + 1) || dim > rank) {
    throw new LanewiseError(`ExpandDims: attribute 'dim' is ${dim}; expected ${-(rank + 1)} to ${rank}`);
  }
  const shape = input.shape.slice();
  shape.splice(dim < 0 ? rank + dim + 1 : dim, 0, 1);
  return backend.share(input, shape);
};

export const cast: Kernel = (backend, { x }, attrs) => {
  const dtype = attrs.dtype as DataType;
  if (x.dtype === dtype) return backend.share(x, x.shape);
  expect('Cast', 'x', x, STORED);
  if (!STORED.includes(dtype)) {
    throw new LanewiseError(`Cast: ${x.dtype} can't become ${dtype}; expected ${STORED.join(' or ')}`);
  }
  if (dtype === 'complex64') return complexOf(backend, x.shape, toFloat(backend, x));
  if (x.dtype === 'complex64') {
    const real = partOf(backend, x, 0);
    if (dtype === 'float32') return real;
    const y = cast(backend, { x: real }, attrs);
    backend.drop(real);
    return y;
  }
  const input = backend.pointer(x);
  const y = backend.output(x.shape.slice(), dtype);
  backend.kernels.cast(typeOf(x.dtype), typeOf(dtype), product(x.shape), input, backend.pointer(y));
  return y;
};

const list = (inputs: Inputs): TensorInfo[] => Object.values(inputs) as TensorInfo[];

/** Joins tensors along an axis. `shape` gives each the shape that it is to be seen with. */
function join(backend: BackendWasm, op: string, tensors: TensorInfo[], axis: number,
  shape: (x: TensorInfo) => number[]): TensorInfo {
  for (const x of tensors) {
    expect(op, 'tensors', x, DTYPES);
    if (x.dtype !== tensors[0].dtype && (op === 'Pack' || !ANY.includes(x.dtype) || !ANY.includes(tensors[0].dtype))) {
      throw new LanewiseError(`${op}: tensors of dtype ${tensors[0].dtype} and ${x.dtype} can't be joined`);
    }
  }
  const filled = tensors.filter(x => product(x.shape)); // one that is alone keeps its dtype, as on cpu
  const { dtype } = filled.length === 1 ? filled[0] : tensors[0];
  if (dtype === 'string') {
    const inputs = Object.fromEntries(tensors.entries());
    return moveStrings(backend, inputs, moved => join(backend, op, list(moved), axis, shape));
  }
  const shapes = tensors.map(shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const outShape = backend_util.computeOutShape(shapes, axis);
  const outer = product(outShape, 0, axis);
  const row = product(outShape, axis);
  const y = backend.output(outShape, dtype);

  const bytes = elementBytes(dtype);
  let to = backend.pointer(y);
  for (let i = 0; i < tensors.length; i++) {
    const width = product(shapes[i], axis);
    if (width && outer) {
      const other = tensors[i].dtype === dtype ? undefined : cast(backend, { x: tensors[i] }, { dtype }) as TensorInfo;
      const from = backend.pointer(other ?? tensors[i]);
      if (outer === 1) backend.heap.u8.copyWithin(to, from, from + width * bytes);
      else backend.kernels.copy(bytes, [outer, width], [width, 1], [row, 1], from, to);
      if (other) backend.drop(other);
    }
    to += width * bytes;
  }
  return y;
}

const concat: Kernel = (backend, inputs, attrs) => {
  const tensors = list(inputs);
  const axis = axisOf(attrs.axis, tensors[0].shape);
  return join(backend, 'Concat', tensors, axis, x => x.shape);
};

const pack: Kernel = (backend, inputs, attrs) => {
  const tensors = list(inputs);
  const rank = tensors[0].shape.length;
  const axis = attrs.axis < 0 ? attrs.axis + rank + 1 : attrs.axis;
  expectWhole('Pack', 'axis', [axis], 0);
  for (const x of tensors) {
    if (!util.arraysEqual(x.shape, tensors[0].shape)) {
      throw new LanewiseError(`Pack: tensors of shape [${tensors[0].shape}] and [${x.shape}] can't be stacked`);
    }
  }
  return join(backend, 'Pack', tensors, axis, x => [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
};

/** The elements at begin[d] + i step[d] of each dimension. */
function extract(backend: BackendWasm, op: string, x: TensorInfo, begin: number[], step: number[], shape: number[],
  outShape: number[]): TensorInfo {
  expect(op, 'x', x, DTYPES);
  if (x.dtype === 'string') {
    return moveStrings(backend, { x }, moved => extract(backend, op, moved.x, begin, step, shape, outShape));
  }
  const strides = stridesOf(x.shape);
  const y = backend.output(outShape, x.dtype);
  const size = product(shape);
  if (product(outShape) !== size) {
    throw new LanewiseError(`${op}: [${shape}] elements don't make a tensor of shape [${outShape}]`);
  }
  if (size === 0) return y;
  for (let i = 0; i < x.shape.length; i++) {
    const first = begin[i], last = first + (shape[i] - 1) * step[i], n = x.shape[i];
    if (!(first >= 0 && first < n && last >= 0 && last < n && Number.isInteger(first) && Number.isInteger(step[i]))) {
      throw new LanewiseError(`${op}: elements [${begin}] and every [${step}]th on, [${shape}] of them, are not all in ` +
        `a tensor of shape [${x.shape}]`);
    }
  }
  let first = 0;
  for (let i = 0; i < begin.length; i++) first += begin[i] * strides[i];
  const steps = strides.map((stride, i) => stride * step[i]);

  const bytes = elementBytes(x.dtype);
  const from = backend.pointer(x) + first * bytes;
  const to = backend.pointer(y);
  const whole = step.every(n => n === 1) && slice_util.isSliceContinous(x.shape, begin, shape);
  if (whole) backend.heap.u8.copyWithin(to, from, from + size * bytes);
  else backend.kernels.copy(bytes, shape, steps, stridesOf(shape), from, to);
  return y;
}

const ones = (rank: number) => new Array<number>(rank).fill(1);

export const slice: Kernel = (backend, { x }, attrs) => {
  // From the end, as cpu does where that is one piece of memory. TensorFlow.js itself refuses -1.
  const counted = [attrs.begin].flat().map((from, i) => from < -1 ? from + x.shape[i] : from);
  const [begin, size] = slice_util.parseSliceParams(x as never, counted, attrs.size);
  slice_util.assertParamsValid(x as never, begin, size);
  begin.forEach((from, i) => {
    if (!Number.isInteger(from) || from < 0) {
      throw new LanewiseError(`Slice: attribute 'begin' is [${begin}]; expected numbers of 0 to [${x.shape}]`);
    }
    if (!(from + size[i] <= x.shape[i])) {
      throw new LanewiseError(`Slice: attribute 'size' is [${size}], from [${begin}] on; the tensor's shape is [${x.shape}]`);
    }
  });
  return extract(backend, 'Slice', x, begin, ones(begin.length), size, size.slice());
};

const stridedSlice: Kernel = (backend, { x }, attrs) => {
  const { finalShape, isIdentity, begin, end, strides } = slice_util.sliceInfo(x.shape, attrs.begin,
    attrs.end, attrs.strides, attrs.beginMask, attrs.endMask, attrs.ellipsisMask, attrs.newAxisMask,
    attrs.shrinkAxisMask);
  if (isIdentity) return backend.share(x, finalShape);
  const shape = slice_util.computeOutShape(begin, end, strides).map(n => Math.max(n, 0)); // an end before its begin
  return extract(backend, 'StridedSlice', x, begin, strides, shape, finalShape);
};

const unpack: Kernel = (backend, { value }, attrs) => {
  if (value.dtype === 'string') return moveStrings(backend, { value }, moved => unpack(backend, moved, attrs));
  const { shape } = value;
  const axis = attrs.axis < 0 ? attrs.axis + shape.length : attrs.axis;
  expectWhole('Unpack', 'axis', [axis], 0);
  const size = shape.slice();
  size[axis] = 1;
  const outShape = shape.filter((_, i) => i !== axis);
  return Array.from({ length: shape[axis] }, (_, i) => {
    const begin = new Array<number>(shape.length).fill(0);
    begin[axis] = i;
    return extract(backend, 'Unpack', value, begin, ones(shape.length), size, outShape.slice());
  });
};

const splitV: Kernel = (backend, { x }, attrs) => {
  if (x.dtype === 'string') return moveStrings(backend, { x }, moved => splitV(backend, moved, attrs));
  const axis = axisOf(attrs.axis, x.shape);
  // Nothing can be divided into as many parts of nothing as anyone asks for.
  const sizes = attrs.numOrSizeSplits > x.shape[axis] + 2 ** 16 ? [NaN]
    : backend_util.prepareSplitSize(x as never, attrs.numOrSizeSplits, axis);
  const begin = new Array<number>(x.shape.length).fill(0);
  if (sizes.some(n => !(n >= 0)) || sizes.reduce((sum, n) => sum + n, 0) !== x.shape[axis]) {
    throw new LanewiseError(`SplitV: attribute 'numOrSizeSplits' is [${attrs.numOrSizeSplits}]; expected sizes that add up ` +
      `to ${x.shape[axis]}`);
  }
  return sizes.map(n => {
    const size = x.shape.slice();
    size[axis] = n;
    const part = extract(backend, 'SplitV', x, begin, ones(begin.length), size, size.slice());
    begin[axis] += n;
    return part;
  });
};

const reverse: Kernel = (backend, { x }, attrs) => {
  const axes = util.parseAxisParam(attrs.dims, x.shape);
  const turned = x.shape.map((_, i) => axes.filter(axis => axis === i).length % 2 === 1); // twice is not at all
  const begin = x.shape.map((n, i) => turned[i] ? n - 1 : 0);
  const step = turned.map(is => is ? -1 : 1);
  return extract(backend, 'Reverse', x, begin, step, x.shape, x.shape.slice());
};

export const transpose: Kernel = (backend, { x }, attrs) => {
  if (x.dtype === 'string') return moveStrings(backend, { x }, moved => transpose(backend, moved, attrs));
  expect('Transpose', 'x', x, STORED);
  const strides = stridesOf(x.shape);
  const order = attrs.perm as number[];
  let seen = 0;
  for (const i of order) seen |= Number.isInteger(i) && i in x.shape ? 1 << i : 0;
  if (order.length !== x.shape.length || seen !== 2 ** order.length - 1) {
    throw new LanewiseError(`Transpose: attribute 'perm' is [${order}]; expected each of ${x.shape.length} dimensions once`);
  }
  const shape = order.map(i => x.shape[i]);
  const input = backend.pointer(x);
  const y = backend.output(shape, x.dtype);
  if (product(shape)) {
    backend.kernels.copy(elementBytes(x.dtype), shape, order.map(i => strides[i]), stridesOf(shape), input,
      backend.pointer(y));
  }
  return y;
};

/** Copies with repetition: each dimension of x is seen as [repeats][size]. */
function repeat(backend: BackendWasm, x: TensorInfo, shape: number[], repeats: number[],
  outShape: number[]): TensorInfo {
  if (x.dtype === 'string') {
    return moveStrings(backend, { x }, moved => repeat(backend, moved.x, shape, repeats, outShape));
  }
  const strides = stridesOf(shape);
  const view: number[] = [], from: number[] = [];
  shape.forEach((n, i) => {
    // Repeating a single element, or a thing once, needs no dimension of its own.
    if (repeats[i] !== 1) { view.push(repeats[i]); from.push(0); }
    if (n !== 1) { view.push(n); from.push(strides[i]); }
  });
  const input = backend.pointer(x);
  const y = backend.output(outShape, x.dtype);
  const bytes = elementBytes(x.dtype);
  if (product(view)) backend.kernels.copy(bytes, view, from, stridesOf(view), input, backend.pointer(y));
  return y;
}

const tile: Kernel = (backend, { x }, attrs) => {
  expect('Tile', 'x', x, DTYPES);
  const reps = attrs.reps as number[];
  expectWhole('Tile', 'reps', reps, 0, Infinity);
  const missing = reps.length - x.shape.length;
  if (missing < 0) throw new LanewiseError(`Tile: attribute 'reps' [${reps}] is shorter than the shape [${x.shape}]`);
  const shape = [...ones(missing), ...x.shape];
  return repeat(backend, x, shape, reps, shape.map((n, i) => n * reps[i]));
};

const broadcastTo: Kernel = (backend, { x }, attrs) => {
  expect('BroadcastTo', 'x', x, DTYPES);
  const target = attrs.shape as number[];
  const shape = [...ones(Math.max(0, target.length - x.shape.length)), ...x.shape];
  if (shape.length !== target.length || shape.some((n, i) => n !== target[i] && n !== 1)) {
    throw new LanewiseError(`BroadcastTo: argument 'x' of shape [${x.shape}] can't become [${target}]`);
  }
  return repeat(backend, x, shape, shape.map((n, i) => n === target[i] ? 1 : target[i]), target.slice());
};

function expectPaddings(op: string, x: TensorInfo, paddings: Array<[number, number]>, least: number): void {
  expectWhole(op, 'paddings', paddings.flat(), least);
  if (paddings.length !== x.shape.length || paddings.some(pair => pair.length !== 2)) {
    throw new LanewiseError(`${op}: attribute 'paddings' is ${JSON.stringify(paddings)}; expected two numbers for ` +
      `each dimension of [${x.shape}]`);
  }
}

export const padV2: Kernel = (backend, { x }, attrs) => {
  const { constantValue = 0 } = attrs;
  if (x.dtype === 'string') {
    return moveStrings(backend, { x }, (moved, extra) => padV2(backend, moved, { ...attrs, constantValue: extra }),
      constantValue || '');
  }
  expect('PadV2', 'x', x, STORED);
  const paddings = attrs.paddings as Array<[number, number]>;
  expectPaddings('PadV2', x, paddings, -(2 ** 31));
  if (paddings.flat().some(n => n < 0)) { // crops
    const begin = paddings.map(p => Math.max(0, -p[0]));
    const size = x.shape.map((n, i) => n - begin[i] - Math.max(0, -paddings[i][1]));
    if (size.some(n => n < 0)) {
      throw new LanewiseError(`PadV2: attribute 'paddings' is ${JSON.stringify(paddings)}; that cuts off more than ` +
        `there is of [${x.shape}]`);
    }
    const part = extract(backend, 'PadV2', x, begin, ones(begin.length), size, size);
    const y = padV2(backend, { x: part }, { paddings: paddings.map(p => p.map(n => Math.max(0, n))), constantValue });
    backend.drop(part);
    return y;
  }
  const outShape = x.shape.map((n, i) => paddings[i][0] + n + paddings[i][1]);
  const before = paddings.map(p => p[0]), after = paddings.map(p => p[1]);
  const size = product(x.shape);
  if (size && x.dtype === 'float32' && constantValue === 0 && x.shape.length === 4 && before[0] + after[0] === 0
    && before[3] + after[3] === 0) return deferPad(backend, x, [before[1], after[1], before[2], after[2]]);
  const input = backend.pointer(x);
  const y = backend.output(outShape, x.dtype);
  if (size === 0) {
    fillWith(backend, y, constantValue);
    return y;
  }
  const { value } = backend;
  fillAt(backend, x.dtype, value, 1, constantValue);
  backend.kernels.pad(elementBytes(x.dtype), x.shape, before, after, input, value, backend.pointer(y));
  return y;
};

/** Padding with the image mirrored at its border ('symmetric') or at its last pixels ('reflect'). */
const mirrorPad: Kernel = (backend, { x }, attrs) => {
  if (x.dtype === 'string') return moveStrings(backend, { x }, moved => mirrorPad(backend, moved, attrs));
  const { paddings, mode } = attrs;
  expect('MirrorPad', 'x', x, STORED);
  expectPaddings('MirrorPad', x, paddings, 0);
  expectOneOf('MirrorPad', 'mode', mode, ['reflect', 'symmetric']);
  const before = (paddings as Array<[number, number]>).map(p => p[0]);
  const after = (paddings as Array<[number, number]>).map(p => p[1]);
  const input = backend.pointer(x);
  const y = backend.output(x.shape.map((n, i) => before[i] + n + after[i]), x.dtype);
  backend.kernels.pad(elementBytes(x.dtype), x.shape, before, after, input, 0, backend.pointer(y),
    mode === 'symmetric' ? lw.LW_PAD_SYMMETRIC : lw.LW_PAD_REFLECT);
  return y;
};

const gatherNd: Kernel = (backend, inputs, attrs) => {
  const { params, indices } = inputs;
  expect('GatherNd', 'indices', indices, ['int32']);
  if (params.dtype === 'string') return moveStrings(backend, inputs, moved => gatherNd(backend, moved, attrs));
  expect('GatherNd', 'params', params, STORED);
  const [shape, count, sliceSize] = backend_util.prepareAndValidate(params as never, indices as never);
  const indexRank = indices.shape[indices.shape.length - 1];
  const from = backend.pointer(params), at = backend.pointer(indices);
  const y = backend.output(shape, params.dtype);
  if (product(shape)) {
    backend.kernels.gatherNd(params.shape.slice(0, indexRank), count, sliceSize * elementBytes(params.dtype), from, at,
      backend.pointer(y));
  }
  return y;
};

const gatherV2: Kernel = (backend, inputs, attrs) => {
  const { x, indices } = inputs, { axis, batchDims = 0 } = attrs;
  expect('GatherV2', 'indices', indices, ['int32']);
  if (x.dtype === 'string') return moveStrings(backend, inputs, moved => gatherV2(backend, moved, attrs));
  expect('GatherV2', 'x', x, STORED);
  const along = axisOf(axis, x.shape);
  expectWhole('GatherV2', 'batchDims', [batchDims]);
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
    backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, along, batchDims);
  const from = backend.pointer(x), at = backend.pointer(indices);
  const y = backend.output(outputShape, x.dtype);
  const count = batchSize ? product(indices.shape) / batchSize : 0;
  const inRange = backend.kernels.gather(batchSize, outerSize, dimSize, count, sliceSize * elementBytes(x.dtype), from,
    at, backend.pointer(y));
  if (!inRange) {
    const all = backend.heap.i32.subarray(at >>> 2, (at >>> 2) + product(indices.shape));
    const bad = all.find(index => index < 0 || index >= dimSize);
    throw new LanewiseError(`GatherV2: the index value ${bad} is not in [0, ${dimSize - 1}] (argument 'indices')`);
  }
  return y;
};

export function fillWith(backend: BackendWasm, y: TensorInfo, value: number): void {
  fillAt(backend, y.dtype, backend.pointer(y), product(y.shape), value);
}

/** Writes `count` elements of a value. */
function fillAt({ heap }: BackendWasm, dtype: DataType, at: number, count: number, value: number): void {
  const first = at >>> 2;
  if (dtype === 'float32') heap.f32.fill(value, first, first + count);
  else if (dtype === 'int32') heap.i32.fill(value, first, first + count);
  else if (dtype === 'bool') heap.u8.fill(value, at, at + count);
  else for (let i = 0; i < 2 * count; i++) heap.f32[first + i] = i % 2 ? 0 : value;
}

const fill: Kernel = (backend, _, { shape, value, dtype }) => {
  const type = (dtype ?? util.inferDtype(value)) as DataType;
  const y = backend.output([...shape], type);
  if (type === 'string') {
    backend.data(y.dataId).strings = new Array<Uint8Array>(product(shape)).fill(util.encodeString(value));
  } else fillWith(backend, y, Number(value));
  return y;
};

const constant = (op: string, value: number): Kernel => (backend, { x }) => {
  expect(op, 'x', x, STORED);
  const y = backend.output(x.shape.slice(), x.dtype);
  fillWith(backend, y, value);
  return y;
};

export const OnesLike = /* @__PURE__ */ constant('OnesLike', 1);
export const ZerosLike = /* @__PURE__ */ constant('ZerosLike', 0);
export {
  broadcastTo as BroadcastTo, cast as Cast, concat as Concat, expandDims as ExpandDims, fill as Fill,
  gatherNd as GatherNd, gatherV2 as GatherV2, identity as Identity, mirrorPad as MirrorPad, pack as Pack,
  padV2 as PadV2, reshape as Reshape, reverse as Reverse, slice as Slice, splitV as SplitV,
  stridedSlice as StridedSlice, tile as Tile, transpose as Transpose, unpack as Unpack,
};
