/* SPDX-License-Identifier: MIT */
/* Convolutions of images, ordinary, depthwise and transposed, and their gradients. */
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { LW_WINOGRAD_OFF } from '../generated/layout.js';
import { LanewiseError, OutOfMemoryError } from '../runtime/errors.js';
import type { Conv2d, Conv2dTranspose, DepthwiseConv2d } from '../runtime/kernels.js';
import type { BackendWasm, Data } from './backend.js';
import { imageOf, start, type Border } from './deferred.js';
import { toFloat } from './elementwise.js';
import { anyFormat, channelsLast, lastAttrs, toLast } from './format.js';
import { finishEmpty, fusedOf, NOT_FUSED, type Fused } from './fused.js';
import { asFloat, filterGradientOf, fitGradient, zeros } from './gradients.js';
import {
  ANY, expect, expectRank, FLOAT, NUMBER, product, shapeOf, type Attrs, type Inputs, type Kernel,
} from './kernel.js';
import { Cast } from './movement.js';
import { checkOutput, findPlan, NO_SIZES, planKey, windowOf, type WindowPlan } from './window.js';

type Shape4D = [number, number, number, number];

function images(op: string, inputs: Inputs) {
  const { x, filter } = inputs;
  expect(op, 'x', x, FLOAT);
  expect(op, 'filter', filter, FLOAT);
  expectRank(op, 'x', x, 4);
  expectRank(op, 'filter', filter, 4);
  return { x, filter };
}

/** TensorFlow.js checks this in its own functions; models may reach a kernel directly. */
function expectChannels(op: string, found: number, wanted: number, filterShape: readonly number[]): void {
  if (found !== wanted) {
    throw new LanewiseError(`${op}: the filter [${filterShape}] takes ${wanted} channels, the input has ${found}`);
  }
}

/** The image's own size, which TensorFlow.js takes to include the border. */
function insideOf(info: backend_util.Conv2DInfo, [top, bottom, left, right]: Border) {
  return { inputHeight: info.inHeight - top - bottom, inputWidth: info.inWidth - left - right };
}

function run(backend: BackendWasm, plan: WindowPlan, data: Data, fused: Fused): TensorInfo {
  const shape = plan.outShape.slice();
  if (plan.sizes === NO_SIZES) return backend.output(shape, 'float32');
  const y = start(backend, plan, shape, data.pointer, fused.epilogue, [data, ...fused.held]);
  fused.finish?.(y);
  return y;
}

/** The output of a convolution whose filter has no elements. */
function emptySums(backend: BackendWasm, op: string, inputs: Inputs, attrs: Attrs, depthwise: boolean): TensorInfo {
  const { x, filter } = inputs;
  expectChannels(op, x.shape[3], filter.shape[2], filter.shape);
  const info = backend_util.computeConv2DInfo(x.shape as Shape4D, filter.shape as Shape4D, attrs.strides,
    attrs.dilations ?? 1, attrs.pad, attrs.dimRoundingMode, depthwise);
  const y = backend.output(info.outShape, 'float32');
  finishEmpty(backend, op, inputs, attrs, y);
  return y;
}

/** Integers are convolved as floats, exact up to 2^24, and become integers again. Only raw kernels are given any. */
const ofIntegers = (op: string, kernel: Kernel): Kernel => (backend, inputs, attrs) => {
  const { x, filter } = inputs;
  if (x?.dtype === 'float32' && filter?.dtype === 'float32') return kernel(backend, inputs, attrs);
  expect(op, 'x', x, NUMBER);
  expect(op, 'filter', filter, NUMBER);
  const image = asFloat(backend, x), weights = asFloat(backend, filter);
  let y = kernel(backend, { ...inputs, x: image, filter: weights }, attrs) as TensorInfo;
  if (image !== x) {
    const sums = y;
    y = Cast(backend, { x: sums }, { dtype: x.dtype }) as TensorInfo;
    backend.drop(sums);
    backend.drop(image);
  }
  if (weights !== filter) backend.drop(weights);
  return y;
};

const conv2d = (op: string): Kernel => ofIntegers(op, anyFormat(op, ['x'], (backend, inputs, attrs) => {
  const { x, filter } = images(op, inputs);
  const { kernels, heap } = backend;
  if (product(filter.shape) === 0) return emptySums(backend, op, inputs, attrs, false);
  const fused = fusedOf(backend, op, inputs, attrs, filter.shape[3]);
  const weights = backend.data(filter.dataId);
  const { data, border } = imageOf(backend, x, filter.shape[0], filter.shape[1]);
  const plan = findPlan<Conv2d>(weights.plans, 'conv2d', x.shape, filter.shape, attrs, border) ?? makePlan();
  return run(backend, plan, data, fused);

  function makePlan(): WindowPlan<Conv2d> {
    const info = backend_util.computeConv2DInfo(x.shape as Shape4D, filter.shape as Shape4D, attrs.strides,
      attrs.dilations ?? 1, attrs.pad, attrs.dimRoundingMode, false, 'channelsLast');
    const groups = filter.shape[2] > 0 ? x.shape[3] / filter.shape[2] : 1;
    if (!Number.isInteger(groups)) expectChannels(op, x.shape[3], filter.shape[2], filter.shape);
    const key = planKey('conv2d', x.shape, filter.shape, attrs, border);
    const empty = info.outShape.includes(0);
    for (let { winograd } = backend; ; winograd++) {
      const descriptor: Conv2d = {
        batch: info.batchSize, ...insideOf(info, border), inputChannels: info.inChannels,
        outputChannels: info.outChannels, groups, window: windowOf(op, info, border), winograd,
      };
      const sizes = empty ? NO_SIZES : kernels.conv2dSizes(descriptor);
      if (!empty) checkOutput(op, info, sizes);
      // The size tells which algorithm it is, and nothing else of the image's geometry matters to the packed weights.
      const packing = `conv2d ${filter.shape} ${groups} ${sizes.packedBytes}`;
      const made = { ...key, op: descriptor, sizes, outShape: info.outShape, packing };
      try {
        heap.scratch(sizes.scratchBytes);
        return backend.plan<WindowPlan<Conv2d>>(weights, made,
          packed => kernels.conv2dPack(descriptor, weights.pointer, packed));
      } catch (error) {
        // Winograd's method takes more memory; where that is short, the next smaller tile or the direct sum must do.
        if (winograd === LW_WINOGRAD_OFF || !(error instanceof OutOfMemoryError)) throw error;
      }
    }
  }
}));

const depthwiseConv2d = (op: string): Kernel => ofIntegers(op, anyFormat(op, ['x'], (backend, inputs, attrs) => {
  const { x, filter } = images(op, inputs);
  const { kernels } = backend;
  if (product(filter.shape) === 0) return emptySums(backend, op, inputs, attrs, true);
  const fused = fusedOf(backend, op, inputs, attrs, filter.shape[2] * filter.shape[3]);
  const weights = backend.data(filter.dataId);
  const { data, border } = imageOf(backend, x, filter.shape[0], filter.shape[1]);
  const plan = findPlan<DepthwiseConv2d>(weights.plans, 'depthwiseConv2d', x.shape, filter.shape, attrs, border)
    ?? makePlan();
  return run(backend, plan, data, fused);

  function makePlan(): WindowPlan<DepthwiseConv2d> {
    expectChannels(op, x.shape[3], filter.shape[2], filter.shape);
    const info = backend_util.computeConv2DInfo(x.shape as Shape4D, filter.shape as Shape4D, attrs.strides,
      attrs.dilations ?? 1, attrs.pad, attrs.dimRoundingMode, true);
    const descriptor: DepthwiseConv2d = {
      batch: info.batchSize, ...insideOf(info, border), channels: info.inChannels, depthMultiplier: filter.shape[3],
      window: windowOf(op, info, border),
    };
    const empty = info.outShape.includes(0);
    const sizes = empty ? NO_SIZES : kernels.depthwiseConv2dSizes(descriptor);
    if (!empty) checkOutput(op, info, sizes);
    const made = {
      ...planKey('depthwiseConv2d', x.shape, filter.shape, attrs, border), op: descriptor, sizes,
      outShape: info.outShape, packing: `depthwise ${filter.shape} ${sizes.packedBytes}`,
    };
    return backend.plan<WindowPlan<DepthwiseConv2d>>(weights, made,
      packed => kernels.depthwiseConv2dPack(descriptor, weights.pointer, packed));
  }
}));

const conv2dTranspose = (op: string): Kernel => anyFormat(op, ['dy'], (backend: BackendWasm, inputs, attrs) => {
  expectGradient(op, inputs, 'dy', 'filter');
  const { dy, filter } = inputs;
  const { kernels } = backend;
  const inputShape = shapeOf(op, 'inputShape', attrs.inputShape, 4) as Shape4D;
  expectChannels(op, dy.shape[3], filter.shape[3], filter.shape);
  expectChannels(op, inputShape[3], filter.shape[2], filter.shape);
  const values = asFloat(backend, filter);
  const weights = backend.data(values.dataId);
  // The window belongs to the output, whose shape is an attribute; that of dy follows from it.
  const plan = findPlan<Conv2dTranspose>(weights.plans, 'conv2dTranspose', inputShape, filter.shape, attrs)
    ?? makePlan();
  const y = plan ? multiply(plan) : zeros(backend, inputShape);
  if (values !== filter) backend.drop(values);
  return y;

  function multiply(found: WindowPlan<Conv2dTranspose>): TensorInfo {
    const { batch, inputHeight, inputWidth, inputChannels } = found.op;
    const image = fitGradient(backend, op, dy, [batch, inputHeight, inputWidth, inputChannels]);
    const dx = run(backend, found, backend.data(image.dataId), NOT_FUSED);
    if (image !== dy) backend.drop(image); // what waits holds its memory
    return dx;
  }

  function makePlan(): WindowPlan<Conv2dTranspose> | undefined {
    const info = backend_util.computeConv2DInfo(inputShape, filter.shape as Shape4D, attrs.strides, 1, attrs.pad,
      attrs.dimRoundingMode, false, 'channelsLast');
    if (product(filter.shape) * product(info.inShape) * product(info.outShape) === 0) return undefined;
    const descriptor: Conv2dTranspose = {
      batch: info.batchSize, inputHeight: info.outHeight, inputWidth: info.outWidth, inputChannels: info.outChannels,
      outputHeight: info.inHeight, outputWidth: info.inWidth, outputChannels: info.inChannels,
      window: windowOf(op, info),
    };
    const sizes = kernels.conv2dTransposeSizes(descriptor);
    const made = {
      ...planKey('conv2dTranspose', inputShape, filter.shape, attrs), op: descriptor, sizes, outShape: inputShape,
    };
    return backend.plan<WindowPlan<Conv2dTranspose>>(weights, made,
      packed => kernels.conv2dTransposePack(descriptor, weights.pointer, packed));
  }
});

const conv2dFilterGradient = (op: string): Kernel => (backend, inputs, attrs) => {
  expectGradient(op, inputs, 'x', 'dy');
  const last = channelsLast(op, attrs.dataFormat);
  const x = last ? inputs.x : toLast(backend, inputs.x), dy = last ? inputs.dy : toLast(backend, inputs.dy);
  const { strides, pad, dimRoundingMode } = last ? attrs : lastAttrs(attrs);
  const filterShape = shapeOf(op, 'filterShape', attrs.filterShape, 4) as Shape4D;
  const info = backend_util.computeConv2DInfo(x.shape as Shape4D, filterShape, strides, 1, pad, dimRoundingMode);
  expectChannels(op, x.shape[3], filterShape[2], filterShape);
  const y = filterGradientOf(backend, op, x, dy, filterShape, info.outShape, {
    batch: info.batchSize, inputDepth: 1, inputHeight: info.inHeight, inputWidth: info.inWidth,
    inputChannels: info.inChannels, outputDepth: 1, outputChannels: info.outChannels, groups: 1, kernelDepth: 1,
    strideDepth: 1, dilationDepth: 1, padFront: 0, window: windowOf(op, info),
  });
  if (!last) {
    backend.drop(x);
    backend.drop(dy);
  }
  return y;
};

function expectGradient(op: string, inputs: Inputs, ...names: string[]): void {
  for (const name of names) {
    expect(op, name, inputs[name], ANY);
    expectRank(op, name, inputs[name], 4);
  }
}

/** A depthwise convolution of which a gradient is asked for. */
function depthwiseOf(op: string, inputShape: number[], filterShape: number[], attrs: Attrs) {
  expectChannels(op, inputShape[3], filterShape[2], filterShape);
  const info = backend_util.computeConv2DInfo(inputShape as Shape4D, filterShape as Shape4D, attrs.strides,
    attrs.dilations ?? 1, attrs.pad, attrs.dimRoundingMode, true);
  const descriptor: DepthwiseConv2d = {
    batch: info.batchSize, inputHeight: info.inHeight, inputWidth: info.inWidth, channels: info.inChannels,
    depthMultiplier: filterShape[3], window: windowOf(op, info),
  };
  const empty = product(filterShape) * product(inputShape) * product(info.outShape) === 0;
  return { descriptor, outShape: info.outShape, empty };
}

const depthwiseInputGradient = (op: string): Kernel => (backend, inputs, attrs) => {
  expectGradient(op, inputs, 'dy', 'filter');
  const { dy, filter } = inputs;
  const inputShape = shapeOf(op, 'inputShape', attrs.inputShape, 4);
  const { descriptor, outShape, empty } = depthwiseOf(op, inputShape, filter.shape, attrs);
  if (empty) return zeros(backend, inputShape);
  const { kernels, heap } = backend;
  const gradient = fitGradient(backend, op, dy, outShape);
  const from = backend.pointer(gradient), weights = toFloat(backend, filter);
  const y = backend.output([...inputShape], 'float32');
  const { scratchBytes } = kernels.depthwiseConv2dInputGradientSizes(descriptor);
  kernels.depthwiseConv2dInputGradient(descriptor, from, weights, heap.scratch(scratchBytes), backend.pointer(y));
  if (gradient !== dy) backend.drop(gradient);
  return y;
};

const depthwiseFilterGradient = (op: string): Kernel => (backend, inputs, attrs) => {
  expectGradient(op, inputs, 'x', 'dy');
  const { x, dy } = inputs;
  const filterShape = shapeOf(op, 'filterShape', attrs.filterShape, 4);
  const { descriptor, outShape, empty } = depthwiseOf(op, x.shape, filterShape, attrs);
  if (empty) return zeros(backend, filterShape);
  const { kernels, heap } = backend;
  const gradient = fitGradient(backend, op, dy, outShape);
  const from = toFloat(backend, x), dyPointer = backend.pointer(gradient);
  const y = backend.output([...filterShape], 'float32');
  const { scratchBytes } = kernels.depthwiseConv2dFilterGradientSizes(descriptor);
  kernels.depthwiseConv2dFilterGradient(descriptor, from, dyPointer, heap.scratch(scratchBytes), backend.pointer(y));
  if (gradient !== dy) backend.drop(gradient);
  return y;
};

export const Conv2D = /* @__PURE__ */ conv2d('Conv2D');
export const FusedConv2D = /* @__PURE__ */ conv2d('FusedConv2D');
export const Conv2DBackpropFilter = /* @__PURE__ */ conv2dFilterGradient('Conv2DBackpropFilter');
export const Conv2DBackpropInput = /* @__PURE__ */ conv2dTranspose('Conv2DBackpropInput');
export const DepthwiseConv2dNative = /* @__PURE__ */ depthwiseConv2d('DepthwiseConv2dNative');
export const DepthwiseConv2dNativeBackpropFilter =
  /* @__PURE__ */ depthwiseFilterGradient('DepthwiseConv2dNativeBackpropFilter');
export const DepthwiseConv2dNativeBackpropInput =
  /* @__PURE__ */ depthwiseInputGradient('DepthwiseConv2dNativeBackpropInput');
export const FusedDepthwiseConv2D = /* @__PURE__ */ depthwiseConv2d('FusedDepthwiseConv2D');
