/* SPDX-License-Identifier: MIT */
/* Pooling. */
import { backend_util, util } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LINEAR, type Pool2d } from '../runtime/kernels.js';
import { expect, expectNhwc, expectRank, FLOAT, type Kernel } from './kernel.js';
import { checkOutput, windowOf } from './window.js';

const pool = (op: string, kind: number): Kernel => (backend, inputs, attrs) => {
  const { x } = inputs;
  expect(op, 'x', x, FLOAT);
  expectRank(op, 'x', x, 4);
  expectNhwc(op, attrs.dataFormat);
  const info = backend_util.computePool2DInfo(x.shape as [number, number, number, number], attrs.filterSize,
    attrs.strides, 1, attrs.pad, attrs.dimRoundingMode);
  if (info.filterHeight === 1 && info.filterWidth === 1 && util.arraysEqual(info.inShape, info.outShape)) {
    return backend.share(x, x.shape); // whatever the padding: the other backends' rule
  }
  const descriptor: Pool2d = {
    kind, batch: info.batchSize, inputHeight: info.inHeight, inputWidth: info.inWidth, channels: info.inChannels,
    window: windowOf(info), activation: LINEAR,
  };
  if (info.outShape.includes(0)) return backend.output(info.outShape, 'float32');
  const { kernels, heap } = backend;
  const sizes = kernels.pool2dSizes(descriptor);
  checkOutput(op, info, sizes);
  const input = backend.pointer(x);
  const y = backend.output(info.outShape, 'float32');
  kernels.pool2d(descriptor, input, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  return y;
};

export const MaxPool = /* @__PURE__ */ pool('MaxPool', lw.LW_POOL_MAX);
export const AvgPool = /* @__PURE__ */ pool('AvgPool', lw.LW_POOL_AVERAGE);
