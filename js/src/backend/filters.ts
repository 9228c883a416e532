/* SPDX-License-Identifier: MIT */
/* Filters that are no convolution: greyscale dilation and local response normalization, and their gradients. */
import { backend_util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { Dilation2d, Pointer } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import {
  ANY, expect, expectRank, expectShape, expectWhole, NUMBER, product, typeOf, type Attrs, type Inputs, type Kernel,
} from './kernel.js';

/** A tensor's elements as another type: themselves, or a copy that lasts as long as the kernel. */
function as(backend: BackendWasm, x: TensorInfo, type: number): Pointer {
  const pointer = backend.pointer(x), own = typeOf(x.dtype);
  if (own === type) return pointer;
  const size = product(x.shape);
  const copy = backend.temporary(4 * size);
  backend.kernels.cast(own, type, size, pointer, copy);
  return copy;
}

/** A new tensor, filled by `compute` with elements of `type` that become its own. */
function made(backend: BackendWasm, shape: readonly number[], dtype: DataType, type: number,
  compute: (output: Pointer) => void): TensorInfo {
  const y = backend.output([...shape], dtype);
  const output = backend.pointer(y), own = typeOf(dtype), size = product(shape);
  const result = own === type ? output : backend.temporary(4 * size);
  compute(result);
  if (own !== type) backend.kernels.cast(type, own, size, result, output);
  return y;
}

// ---- Dilation ------------------------------------------------------------------------------------------

interface Dilation {
  readonly descriptor: Dilation2d;
  readonly outShape: number[];
}

/** Floats unless both tensors are integers. */
function dilationOf(op: string, { x, filter }: Inputs, attrs: Attrs): Dilation {
  expect(op, 'x', x, ANY);
  expect(op, 'filter', filter, ANY);
  expectRank(op, 'x', x, 4);
  expectRank(op, 'filter', filter, 3);
  const info = backend_util.computeDilation2DInfo(x.shape as [number, number, number, number],
    filter.shape as [number, number, number], attrs.strides, attrs.pad, 'NHWC', attrs.dilations);
  const { outHeight, outWidth, padInfo } = info;
  const pad = [padInfo.top, padInfo.left], strides = [info.strideHeight, info.strideWidth];
  const dilations = [info.dilationHeight, info.dilationWidth];
  expectWhole(op, 'strides', strides, 1);
  expectWhole(op, 'dilations', dilations, 1);
  if (filter.shape[2] !== info.inChannels) {
    throw new LanewiseError(`${op}: the filter [${filter.shape}] takes ${filter.shape[2]} channels, the input has ` +
      `${info.inChannels}`);
  }
  if (![outHeight, outWidth].every(n => Number.isInteger(n) && n >= 0) || !pad.every(Number.isInteger)) {
    throw new LanewiseError(`${op}: a filter of shape [${filter.shape}], strides [${attrs.strides}] and padding ` +
      `[${pad}] do not fit argument 'x' of shape [${x.shape}]`);
  }
  const isFloat = x.dtype === 'float32' || filter.dtype === 'float32';
  return {
    outShape: info.outShape,
    descriptor: {
      type: isFloat ? lw.LW_FLOAT32 : lw.LW_INT32, batch: info.batchSize, inputHeight: info.inHeight,
      inputWidth: info.inWidth, channels: info.inChannels, output: [outHeight, outWidth],
      kernel: [info.filterHeight, info.filterWidth], strides, dilations, pad,
    },
  };
}

const dilation2d: Kernel = (backend, inputs, attrs) => {
  const { descriptor, outShape } = dilationOf('Dilation2D', inputs, attrs);
  const { x, filter } = inputs;
  const { type } = descriptor;
  const image = as(backend, x, type), weights = as(backend, filter, type);
  return made(backend, outShape, x.dtype, type, output =>
    backend.kernels.dilation2d(descriptor, image, weights, output));
};

const dilationGradient = (op: string, of: 'x' | 'filter'): Kernel => (backend, inputs, attrs) => {
  const { descriptor, outShape } = dilationOf(op, inputs, attrs);
  const { x, filter, dy } = inputs;
  expect(op, 'dy', dy, ANY);
  if (dy.shape.length !== 4 || dy.shape.some((n, i) => n !== outShape[i])) {
    throw new LanewiseError(`${op}: argument 'dy' has shape [${dy.shape}]; expected the output's, [${outShape}]`);
  }
  const { kernels } = backend;
  const { type } = descriptor;
  const image = as(backend, x, type), weights = as(backend, filter, type), slopes = as(backend, dy, type);
  const { shape, dtype } = inputs[of];
  return made(backend, shape, dtype, type, output => of === 'x'
    ? kernels.dilation2dInputGradient(descriptor, image, weights, slopes, output)
    : kernels.dilation2dFilterGradient(descriptor, image, weights, slopes, output));
};

// ---- Local response normalization ----------------------------------------------------------------------

function lrnOf(op: string, x: TensorInfo, { depthRadius, bias, alpha, beta }: Attrs) {
  expect(op, 'x', x, NUMBER);
  expectRank(op, 'x', x, 4);
  if (!Number.isInteger(depthRadius) || depthRadius < 0) {
    throw new LanewiseError(`${op}: attribute 'depthRadius' is ${depthRadius}; expected an integer that is not negative`);
  }
  return { channels: x.shape[3], radius: depthRadius as number, pixels: product(x.shape, 0, 3), bias, alpha, beta };
}

const lrn: Kernel = (backend, { x }, attrs) => {
  const op = lrnOf('LRN', x, attrs);
  const { kernels, heap } = backend;
  const input = as(backend, x, lw.LW_FLOAT32);
  return made(backend, x.shape, x.dtype, lw.LW_FLOAT32, output =>
    kernels.lrn(op, input, heap.scratch(kernels.lrnSizes(op).scratchBytes), output));
};

const lrnGradient: Kernel = (backend, { x, y, dy }, attrs) => {
  const op = lrnOf('LRNGrad', x, attrs);
  expect('LRNGrad', 'y', y, NUMBER);
  expect('LRNGrad', 'dy', dy, NUMBER);
  expectShape('LRNGrad', 'y', y, x.shape);
  expectShape('LRNGrad', 'dy', dy, x.shape);
  const { kernels, heap } = backend;
  const [input, result, slopes] = [x, y, dy].map(tensor => as(backend, tensor, lw.LW_FLOAT32));
  return made(backend, dy.shape, x.dtype, lw.LW_FLOAT32, output =>
    kernels.lrnGradient(op, input, result, slopes, heap.scratch(kernels.lrnSizes(op).scratchBytes), output));
};

export const Dilation2DBackpropInput = /* @__PURE__ */ dilationGradient('Dilation2DBackpropInput', 'x');
export const Dilation2DBackpropFilter = /* @__PURE__ */ dilationGradient('Dilation2DBackpropFilter', 'filter');
export { dilation2d as Dilation2D, lrn as LRN, lrnGradient as LRNGrad };
