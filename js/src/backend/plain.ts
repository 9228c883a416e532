/* SPDX-License-Identifier: MIT */
/*
 * Kernels that models use beside the heavy ones, on few elements: selections, post-processing. No tier has code for them,
 * so they are plain JavaScript over the module's memory: correct, without a copy to another backend, and not fast.
 */
import { backend_util, kernel_impls, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { BackendWasm } from './backend.js';
import { channelsLast, lastShape } from './format.js';
import { ANY, expect, FLOAT, product, stridesOf, type Kernel } from './kernel.js';
import { fillWith, padV2, slice, transpose } from './movement.js';
import { moveStrings } from './values.js';

type Elements = Float32Array | Int32Array | Uint8Array;

/** A tensor's elements in the memory: a view that is good until something is allocated. */
function view(backend: BackendWasm, x: TensorInfo): Elements {
  const at = backend.pointer(x), size = product(x.shape);
  const { heap } = backend;
  if (x.dtype === 'bool') return heap.u8.subarray(at, at + size);
  return (x.dtype === 'int32' ? heap.i32 : heap.f32).subarray(at >>> 2, (at >>> 2) + size);
}

const sparseToDense: Kernel = (backend, inputs, attrs) => {
  const op = 'SparseToDense';
  const { sparseIndices, sparseValues, defaultValue } = inputs;
  if (sparseValues.dtype === 'string') {
    expect(op, 'defaultValue', defaultValue, ['string']);
    return moveStrings(backend, inputs, moved => sparseToDense(backend, moved, attrs));
  }
  expect(op, 'sparseIndices', sparseIndices, ['int32']);
  expect(op, 'sparseValues', sparseValues, ANY);
  const shape = attrs.outputShape as number[];
  const all = [sparseIndices, sparseValues, defaultValue];
  for (const x of all) backend.pointer(x);
  const y = backend.output([...shape], sparseValues.dtype);
  const [at, values, initial] = all.map(x => view(backend, x));
  const to = view(backend, y).fill(initial[0]);
  const strides = stridesOf(shape);
  const count = sparseIndices.shape.length > 0 ? sparseIndices.shape[0] : 1;
  for (let i = 0; i < count; i++) {
    let element = 0;
    for (let d = 0; d < shape.length; d++) {
      const index = at[i * shape.length + d];
      if (!(index >= 0 && index < shape[d])) {
        throw new LanewiseError(`${op}: argument 'sparseIndices' has the index ${index}; expected 0 to ${shape[d] - 1}`);
      }
      element += index * strides[d];
    }
    to[element] = values[values.length === 1 ? 0 : i];
  }
  return y;
};

const range: Kernel = (backend, _, { start, stop, step, dtype }) => {
  const by = stop < start && step === 1 ? -1 : step;
  const length = start === stop || (start < stop) !== (by > 0) ? 0 : Math.ceil(Math.abs((stop - start) / by));
  const y = backend.output([length], dtype ?? 'float32');
  const to = view(backend, y);
  for (let i = 0; i < length; i++) to[i] = start + i * by;
  return y;
};

const oneHot: Kernel = (backend, { indices }, { dtype = 'int32', depth, onValue = 1, offValue = 0 }) => {
  expect('OneHot', 'indices', indices, ['int32']);
  backend.pointer(indices);
  const y = backend.output([...indices.shape, depth], dtype);
  fillWith(backend, y, offValue);
  const at = view(backend, indices), to = view(backend, y);
  for (let i = 0; i < at.length; i++) {
    const index = at[i];
    if (index >= 0 && index < depth) to[i * depth + index] = onValue;
  }
  return y;
};

const linSpace: Kernel = (backend, _, { start, stop, num }) => {
  const y = backend.output([num], 'float32');
  const to = view(backend, y);
  for (let i = 0; i < num; i++) to[i] = num > 1 ? start + i * (stop - start) / (num - 1) : start;
  return y;
};

// ---- Boxes and images ----------------------------------------------------------------------------------

function fromNumbers(backend: BackendWasm, values: ArrayLike<number>, dtype: DataType, shape = [values.length]) {
  const y = backend.output(shape, dtype);
  view(backend, y).set(values);
  return y;
}

/** The boxes and scores that the three forms of non-maximum suppression start from. */
function suppression(backend: BackendWasm, op: string, boxes: TensorInfo,
  scores: TensorInfo): [Float32Array, Float32Array] {
  expect(op, 'boxes', boxes, FLOAT);
  expect(op, 'scores', scores, FLOAT);
  backend.pointer(boxes);
  backend.pointer(scores);
  return [view(backend, boxes) as Float32Array, view(backend, scores) as Float32Array];
}

const suppress3: Kernel = (backend, { boxes, scores }, attrs) => {
  const given = suppression(backend, 'NonMaxSuppressionV3', boxes, scores);
  const { selectedIndices } = kernel_impls.nonMaxSuppressionV3Impl(...given, attrs.maxOutputSize, attrs.iouThreshold,
    attrs.scoreThreshold);
  return fromNumbers(backend, selectedIndices, 'int32');
};

const suppress4: Kernel = (backend, { boxes, scores }, attrs) => {
  const given = suppression(backend, 'NonMaxSuppressionV4', boxes, scores);
  const { selectedIndices, validOutputs } = kernel_impls.nonMaxSuppressionV4Impl(...given, attrs.maxOutputSize,
    attrs.iouThreshold, attrs.scoreThreshold, attrs.padToMaxOutputSize);
  return [fromNumbers(backend, selectedIndices, 'int32'), fromNumbers(backend, [validOutputs!], 'int32', [])];
};

const suppress5: Kernel = (backend, { boxes, scores }, attrs) => {
  const given = suppression(backend, 'NonMaxSuppressionV5', boxes, scores);
  const { selectedIndices, selectedScores } = kernel_impls.nonMaxSuppressionV5Impl(...given, attrs.maxOutputSize,
    attrs.iouThreshold, attrs.scoreThreshold, attrs.softNmsSigma);
  return [fromNumbers(backend, selectedIndices, 'int32'), fromNumbers(backend, selectedScores!, 'float32')];
};

// ---- Rearrangements, made of others --------------------------------------------------------------------

/** The same elements seen with another shape: for use inside of a kernel only, no reference is counted. */
const seenAs = (x: TensorInfo, shape: number[]): TensorInfo => ({ dataId: x.dataId, dtype: x.dtype, shape });

const depthToSpace: Kernel = (backend, { x }, { blockSize, dataFormat }) => {
  const last = channelsLast('DepthToSpace', dataFormat);
  const [batch, height, width, depth] = last ? x.shape : lastShape(x.shape);
  const channels = depth / (blockSize * blockSize);
  if (!last) {
    const planes = seenAs(x, [batch, blockSize, blockSize, channels, height, width]);
    const y = transpose(backend, { x: planes }, { perm: [0, 3, 4, 1, 5, 2] }) as TensorInfo;
    return seenAs(y, [batch, channels, height * blockSize, width * blockSize]);
  }
  const blocks = seenAs(x, [batch, height, width, blockSize, blockSize, channels]);
  const y = transpose(backend, { x: blocks }, { perm: [0, 1, 3, 2, 4, 5] }) as TensorInfo;
  return seenAs(y, [batch, height * blockSize, width * blockSize, channels]);
};

const spaceToBatch: Kernel = (backend, { x }, attrs) => {
  const blockShape = attrs.blockShape as number[];
  const block = product(blockShape);
  const rest = x.shape.length - 1 - blockShape.length;
  const paddings = [[0, 0], ...attrs.paddings, ...Array.from({ length: rest }, () => [0, 0])];
  const padded = padV2(backend, { x }, { paddings, constantValue: 0 }) as TensorInfo;
  const shape = backend_util.getReshaped(padded.shape, blockShape, block, false);
  const perm = backend_util.getPermuted(shape.length, blockShape.length, false);
  const y = transpose(backend, { x: seenAs(padded, shape) }, { perm }) as TensorInfo;
  backend.drop(padded);
  return seenAs(y, backend_util.getReshapedPermuted(padded.shape, blockShape, block, false));
};

const batchToSpace: Kernel = (backend, { x }, attrs) => {
  const blockShape = attrs.blockShape as number[];
  const block = product(blockShape);
  const shape = backend_util.getReshaped(x.shape, blockShape, block);
  const perm = backend_util.getPermuted(shape.length, blockShape.length);
  const whole = transpose(backend, { x: seenAs(x, shape) }, { perm }) as TensorInfo;
  const flat = backend_util.getReshapedPermuted(x.shape, blockShape, block);
  const begin = backend_util.getSliceBeginCoords(attrs.crops, blockShape.length);
  const size = backend_util.getSliceSize(flat, attrs.crops, blockShape.length);
  const y = slice(backend, { x: seenAs(whole, flat) }, { begin, size });
  backend.drop(whole);
  return y;
};

export {
  batchToSpace as BatchToSpaceND, depthToSpace as DepthToSpace, linSpace as LinSpace,
  suppress3 as NonMaxSuppressionV3, suppress4 as NonMaxSuppressionV4, suppress5 as NonMaxSuppressionV5,
  oneHot as OneHot, range as Range, spaceToBatch as SpaceToBatchND, sparseToDense as SparseToDense,
};
