/* SPDX-License-Identifier: MIT */
/* What the gradients of convolutions share. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { Conv3d } from '../runtime/kernels.js';
import type { BackendWasm } from './backend.js';
import { toFloat } from './elementwise.js';
import { product } from './kernel.js';
import { Cast, fillWith, slice } from './movement.js';

/** A tensor as float32: itself, or a copy, which the caller gives back with `drop`. */
export function asFloat(backend: BackendWasm, x: TensorInfo): TensorInfo {
  return x.dtype === 'float32' ? x : Cast(backend, { x }, { dtype: 'float32' }) as TensorInfo;
}

export function zeros(backend: BackendWasm, shape: readonly number[]): TensorInfo {
  const y = backend.output([...shape], 'float32');
  fillWith(backend, y, 0);
  return y;
}

/**
 * The gradient of an output as float32, which is to have a certain shape. TensorFlow.js may hand in larger images, since
 * not all of its gradients know about dimRoundingMode: then it is the part in front, which the cpu backend reads. A copy
 * is the caller's to give back with `drop`.
 */
export function fitGradient(backend: BackendWasm, op: string, dy: TensorInfo, shape: readonly number[]): TensorInfo {
  const last = shape.length - 1;
  if (dy.shape.length !== shape.length || dy.shape.some((n, i) => i % last ? n < shape[i] : n !== shape[i])) {
    throw new LanewiseError(`${op}: argument 'dy' has shape [${dy.shape}]; expected [${shape}]`);
  }
  const values = asFloat(backend, dy);
  if (product(dy.shape) === product(shape)) return values;
  const part = slice(backend, { x: values }, { begin: shape.map(() => 0), size: [...shape] }) as TensorInfo;
  if (values !== dy) backend.drop(values);
  return part;
}

/** The gradient of a filter. outShape: that of the convolution's output. */
export function filterGradientOf(backend: BackendWasm, op: string, x: TensorInfo, dy: TensorInfo,
  filterShape: readonly number[], outShape: readonly number[], descriptor: Conv3d): TensorInfo {
  if (product(filterShape) * product(x.shape) * product(outShape) === 0) return zeros(backend, filterShape);
  const { kernels, heap } = backend;
  const gradient = fitGradient(backend, op, dy, outShape);
  const from = toFloat(backend, x), dyPointer = backend.pointer(gradient);
  const y = backend.output([...filterShape], 'float32');
  const { scratchBytes } = kernels.conv3dFilterGradientSizes(descriptor);
  kernels.conv3dFilterGradient(descriptor, from, dyPointer, heap.scratch(scratchBytes), backend.pointer(y));
  if (gradient !== dy) backend.drop(gradient);
  return y;
}
