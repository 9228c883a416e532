/* SPDX-License-Identifier: MIT */
/* Non-maximum suppression. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { Pointer } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import { expect, expectRank, FLOAT, type Attrs, type Inputs, type Kernel } from './kernel.js';

interface Selected {
  readonly count: number;
  readonly indices: Pointer;
  readonly scores: Pointer;
}

function select(backend: BackendWasm, op: string, { boxes, scores }: Inputs, attrs: Attrs): Selected {
  expect(op, 'boxes', boxes, FLOAT);
  expectRank(op, 'boxes', boxes, 2);
  expect(op, 'scores', scores, FLOAT);
  expectRank(op, 'scores', scores, 1);
  const [size, corners] = boxes.shape;
  if (corners !== 4 || scores.shape[0] !== size) {
    throw new LanewiseError(`${op}: arguments 'boxes' and 'scores' have shapes [${boxes.shape}] and ` +
      `[${scores.shape}]; expected [n, 4] and [n]`);
  }
  const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma = 0 } = attrs;
  const most = Math.max(0, Math.min(maxOutputSize, size));
  const from = backend.pointer(boxes), given = backend.pointer(scores);
  const indices = backend.temporary(4 * most), selected = backend.temporary(4 * most);
  const count = backend.kernels.nonMaxSuppression(size, most, iouThreshold, scoreThreshold, softNmsSigma, from, given,
    backend.heap.scratch(16 * size), indices, selected);
  return { count, indices, scores: selected };
}

/** A new tensor of what lies at a pointer, and zeros behind it. */
function tensorAt(backend: BackendWasm, from: Pointer, count: number, size: number, dtype: 'int32' | 'float32') {
  const y = backend.output([size], dtype);
  const to = backend.pointer(y);
  const { u8 } = backend.heap;
  u8.copyWithin(to, from, from + 4 * count);
  u8.fill(0, to + 4 * count, to + 4 * size);
  return y;
}

const suppress3: Kernel = (backend, inputs, attrs) => {
  const { count, indices } = select(backend, 'NonMaxSuppressionV3', inputs, attrs);
  return tensorAt(backend, indices, count, count, 'int32');
};

const suppress4: Kernel = (backend, inputs, attrs): TensorInfo[] => {
  const { count, indices } = select(backend, 'NonMaxSuppressionV4', inputs, attrs);
  const size = attrs.padToMaxOutputSize ? Math.max(count, attrs.maxOutputSize) : count;
  const y = tensorAt(backend, indices, count, size, 'int32');
  const valid = backend.output([], 'int32');
  backend.heap.i32[backend.pointer(valid) >>> 2] = count;
  return [y, valid];
};

const suppress5: Kernel = (backend, inputs, attrs) => {
  const { count, indices, scores } = select(backend, 'NonMaxSuppressionV5', inputs, attrs);
  return [tensorAt(backend, indices, count, count, 'int32'), tensorAt(backend, scores, count, count, 'float32')];
};

export {
  suppress3 as NonMaxSuppressionV3, suppress4 as NonMaxSuppressionV4, suppress5 as NonMaxSuppressionV5,
};
