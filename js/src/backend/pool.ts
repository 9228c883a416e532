/* SPDX-License-Identifier: MIT */
/*
 * Pooling in two and three dimensions, and its gradients. TensorFlow.js says how large the output is (its rule for a
 * padding in pixels is one of its own) and where the first window begins; the library takes any such pair.
 */
import { backend_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { Pointer, Pool3d } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import { ANY, expect, expectRank, expectWhole, product, typeOf, type Attrs, type Kernel } from './kernel.js';

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** What the library is told, and what the kernels ask about it. */
interface Pooling extends Pool3d {
  readonly outShape: number[];
  /** TensorFlow.js returns the input itself, whatever the padding. */
  readonly identity: boolean;
}

/** Images of two dimensions: [batch, height, width, channels]. */
function flat(op: string, x: TensorInfo, attrs: Attrs, kind: number): Pooling {
  expectRank(op, 'x', x, 4);
  const info = backend_util.computePool2DInfo(x.shape as Shape4, attrs.filterSize, attrs.strides,
    attrs.dilations ?? 1, attrs.pad, attrs.dimRoundingMode);
  const { padInfo } = info;
  return check(op, x, {
    kind, type: lw.LW_FLOAT32, batch: info.batchSize, channels: info.inChannels,
    input: [1, info.inHeight, info.inWidth], output: [1, info.outHeight, info.outWidth],
    kernel: [1, info.filterHeight, info.filterWidth], strides: [1, info.strideHeight, info.strideWidth],
    dilations: [1, info.dilationHeight, info.dilationWidth], pad: [0, padInfo.top, padInfo.left], empty: NaN, last: false,
    outShape: info.outShape,
    identity: info.filterHeight === 1 && info.filterWidth === 1 && util.arraysEqual(info.inShape, info.outShape),
  });
}

/** Images with depth: [batch, depth, height, width, channels]. The reference's rules differ in details. */
function deep(op: string, x: TensorInfo, attrs: Attrs, kind: number): Pooling {
  expectRank(op, 'x', x, 5);
  const { dataFormat } = attrs;
  if (dataFormat !== undefined && dataFormat !== 'NDHWC') {
    throw new LanewiseError(`${op}: dataFormat '${dataFormat}' is not supported; expected 'NDHWC'`);
  }
  const info = backend_util.computePool3DInfo(x.shape as Shape5, attrs.filterSize, attrs.strides, 1, attrs.pad,
    attrs.dimRoundingMode);
  const { padInfo } = info;
  return check(op, x, {
    kind, type: lw.LW_FLOAT32, batch: info.batchSize, channels: info.inChannels,
    input: [info.inDepth, info.inHeight, info.inWidth], output: [info.outDepth, info.outHeight, info.outWidth],
    kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth], dilations: [1, 1, 1],
    pad: [padInfo.front, padInfo.top, padInfo.left], empty: 0, last: true, outShape: info.outShape, identity: false,
  });
}

function check(op: string, x: TensorInfo, pooling: Pooling): Pooling {
  const { output, kernel, strides, dilations, pad } = pooling;
  if (!output.every(n => Number.isInteger(n) && n >= 0)) {
    throw new LanewiseError(`${op}: a window of [${kernel}] pixels, stride [${strides}] and padding [${pad}] does not ` +
      `fit into argument 'x' of shape [${x.shape}]`);
  }
  expectWhole(op, 'filterSize', kernel, 1);
  expectWhole(op, 'strides', strides, 1);
  expectWhole(op, 'dilations', dilations, 1);
  if (!pad.every(Number.isInteger)) throw new LanewiseError(`${op}: the padding is [${pad}]; expected whole pixels`);
  return pooling;
}

/** A tensor's numbers as the library pools them, a bool as 0 or 1, and their type. */
function numbers(backend: BackendWasm, op: string, argument: string, x: TensorInfo): [Pointer, number] {
  expect(op, argument, x, ANY);
  const pointer = backend.pointer(x), type = typeOf(x.dtype);
  return x.dtype === 'bool' ? [converted(backend, pointer, product(x.shape), type, lw.LW_INT32), lw.LW_INT32]
    : [pointer, type];
}

function converted(backend: BackendWasm, from: Pointer, size: number, type: number, to: number): Pointer {
  if (type === to) return from;
  const copy = backend.temporary(4 * size);
  backend.kernels.cast(type, to, size, from, copy);
  return copy;
}

/** dtype: the output's, if it isn't the input's. */
function pooled(backend: BackendWasm, op: string, x: TensorInfo, pooling: Pooling, dtype = x.dtype): TensorInfo {
  const [input, type] = numbers(backend, op, 'x', x);
  const { kernels, heap } = backend;
  const y = backend.output(pooling.outShape, dtype);
  const output = backend.pointer(y), target = typeOf(dtype), size = product(pooling.outShape);
  const descriptor = { ...pooling, type };
  const result = type === target ? output : backend.temporary(4 * size);
  kernels.pool3d(descriptor, input, heap.scratch(kernels.pool3dSizes(descriptor).scratchBytes), result);
  if (type !== target) kernels.cast(type, target, size, result, output);
  return y;
}

const pool2d = (op: string, kind: number): Kernel => (backend, { x }, attrs) => {
  expect(op, 'x', x, ANY);
  const pooling = flat(op, x, attrs, kind);
  return pooling.identity ? backend.share(x, x.shape) : pooled(backend, op, x, pooling);
};

const pool3d = (op: string, kind: number): Kernel => (backend, { x }, attrs) => {
  expect(op, 'x', x, ANY);
  return pooled(backend, op, x, deep(op, x, attrs, kind), 'float32');
};

/** tf.pool as one kernel. Unlike there, pixels outside of the image don't count when the window is dilated either. */
const pool: Kernel = (backend, { input }, attrs) => {
  const { windowShape, poolingType, pad, dilations, strides, dimRoundingMode } = attrs;
  expect('Pool', 'input', input, ANY);
  const kind = poolingType === 'avg' ? lw.LW_POOL_AVERAGE : lw.LW_POOL_MAX;
  const given = { filterSize: windowShape, strides: strides ?? 1, dilations: dilations ?? 1, pad, dimRoundingMode };
  return pooled(backend, 'Pool', input, flat('Pool', input, given, kind));
};

const maxPoolWithArgmax: Kernel = (backend, { x }, attrs) => {
  const op = 'MaxPoolWithArgmax';
  expect(op, 'x', x, ANY);
  const pooling = flat(op, x, { ...attrs, dimRoundingMode: undefined }, lw.LW_POOL_MAX);
  const y = pooled(backend, op, x, pooling);
  const [input, type] = numbers(backend, op, 'x', x);
  const { kernels, heap } = backend;
  const at = backend.output(pooling.outShape.slice(), 'int32');
  const descriptor = { ...pooling, type, withBatch: attrs.includeBatchInIndex };
  kernels.pool3dArgmax(descriptor, input, heap.scratch(kernels.pool3dSizes(descriptor).scratchBytes),
    backend.pointer(at));
  return [y, at];
};

/**
 * The output's size is that of its gradient: TensorFlow.js does not tell a gradient which dimRoundingMode the pooling had,
 * and plain JavaScript loses the last windows where it rounded up.
 */
const gradient = (op: string, describe: typeof flat, kind: number): Kernel => (backend, { dy, input: x }, attrs) => {
  expect(op, 'dy', dy, ANY);
  expect(op, 'input', x, ANY);
  const pooling = describe(op, x, attrs, kind);
  expectRank(op, 'dy', dy, x.shape.length);
  const rank = dy.shape.length, { outShape } = pooling;
  if (dy.shape.some((n, i) => n !== outShape[i] && (i % (rank - 1) === 0 || n !== outShape[i] + 1))) {
    throw new LanewiseError(`${op}: argument 'dy' of shape [${dy.shape}] is no gradient of a pooling of [${x.shape}]`);
  }
  const spatial = dy.shape.slice(1, -1);
  const isMax = kind === lw.LW_POOL_MAX;
  const [input, type] = isMax ? numbers(backend, op, 'input', x) : [0, lw.LW_FLOAT32];
  const slopes = converted(backend, backend.pointer(dy), product(dy.shape), typeOf(dy.dtype), lw.LW_FLOAT32);
  const { kernels, heap } = backend;
  const dx = backend.output(x.shape.slice(), 'float32');
  const descriptor = { ...pooling, type, output: rank === 4 ? [1, ...spatial] : spatial };
  kernels.pool3dGradient(descriptor, input, slopes, heap.scratch(kernels.pool3dSizes(descriptor).scratchBytes),
    backend.pointer(dx));
  return dx;
};

export const MaxPool = /* @__PURE__ */ pool2d('MaxPool', lw.LW_POOL_MAX);
export const AvgPool = /* @__PURE__ */ pool2d('AvgPool', lw.LW_POOL_AVERAGE);
export const MaxPool3D = /* @__PURE__ */ pool3d('MaxPool3D', lw.LW_POOL_MAX);
export const AvgPool3D = /* @__PURE__ */ pool3d('AvgPool3D', lw.LW_POOL_AVERAGE);
export const MaxPoolGrad = /* @__PURE__ */ gradient('MaxPoolGrad', flat, lw.LW_POOL_MAX);
export const AvgPoolGrad = /* @__PURE__ */ gradient('AvgPoolGrad', flat, lw.LW_POOL_AVERAGE);
export const MaxPool3DGrad = /* @__PURE__ */ gradient('MaxPool3DGrad', deep, lw.LW_POOL_MAX);
export const AvgPool3DGrad = /* @__PURE__ */ gradient('AvgPool3DGrad', deep, lw.LW_POOL_AVERAGE);
export { maxPoolWithArgmax as MaxPoolWithArgmax, pool as Pool };
