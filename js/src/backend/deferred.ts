/* SPDX-License-Identifier: MIT */
/*
 * Operators that wait for what follows them.
 *
 * A convolution or matrix product is checked and planned when TensorFlow.js asks for it, and runs when its output is
 * first needed. Where a batch normalisation, an addition of another tensor or an activation is asked for before that,
 * it joins the operator's epilogue: the output goes through the cache once, and the tensor between is never made.
 * The bits are the same as those of separate operators. When a tensor that something has joined is needed after all, it
 * is computed by itself, and that operator doesn't wait any more (`Plan.alone`).
 *
 * In the same way an image that is padded with zeros waits for a convolution, which can do without the copy.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { activation, LINEAR, type Activation, type Epilogue, type Pointer } from '../runtime/kernels.js';
import type { BackendWasm, Data, Memory, Plan } from './backend.js';
import { product } from './kernel.js';

/** What computes a tensor's data when they are needed. */
export interface Deferred {
  /** What it points into. */
  readonly held: readonly Memory[];
  /** Whether another tensor was made of this one without its data. */
  joined: boolean;
  run(backend: BackendWasm, output: Pointer): void;
}

/** An operator with weights that has all it needs to run. */
class DeferredSum implements Deferred {
  joined = false;

  constructor(
    readonly plan: Plan,
    /** Channels of the output, its last dimension. */
    readonly channels: number,
    readonly input: Pointer,
    readonly epilogue: Epilogue,
    readonly held: readonly Memory[],
  ) {}

  run({ kernels, heap }: BackendWasm, output: Pointer): void {
    const { plan } = this;
    const scratch = heap.scratch(plan.sizes.scratchBytes);
    kernels[plan.kernel](plan.op as never, this.epilogue, this.input, plan.packed.pointer, scratch, output);
    if (this.joined) plan.alone = true;
  }
}

/** The output of an operator with weights. `held` is what input and epilogue point into. */
export function start(backend: BackendWasm, plan: Plan, shape: number[], input: Pointer, epilogue: Epilogue,
  held: readonly Memory[]): TensorInfo {
  const channels = shape[shape.length - 1];
  const y = backend.deferredOutput(shape, new DeferredSum(plan, channels, input, epilogue, [plan.packed, ...held]));
  if (plan.alone) backend.pointer(y);
  return y;
}

// ---- Steps that join ---------------------------------------------------------------------------------------

/** The operator behind a tensor that waits. */
function waiting(backend: BackendWasm, x: TensorInfo): DeferredSum | undefined {
  const deferred = backend.deferred(x);
  return deferred instanceof DeferredSum ? deferred : undefined;
}

function join(backend: BackendWasm, found: DeferredSum, shape: readonly number[], step: Partial<Epilogue>,
  ...held: Memory[]): TensorInfo {
  found.joined = true;
  const { plan, channels, input, epilogue } = found;
  return backend.deferredOutput(shape.slice(),
    new DeferredSum(plan, channels, input, { ...epilogue, ...step }, [...found.held, ...held]));
}

/** Whether a tensor's rows are the operator's channels; a reshape may have changed that. */
const rowsAreChannels = (x: TensorInfo, { channels }: DeferredSum) => x.shape[x.shape.length - 1] === channels;

/** x with an activation, if an operator waits that can do it. */
export function joinActivation(backend: BackendWasm, x: TensorInfo, how: Activation): TensorInfo | undefined {
  const found = waiting(backend, x);
  if (found?.epilogue.activation !== LINEAR) return undefined;
  return join(backend, found, x.shape, { activation: how });
}

/** x with slopes of one value for each channel. */
export function joinPrelu(backend: BackendWasm, x: TensorInfo, slopes: TensorInfo): TensorInfo | undefined {
  const found = waiting(backend, x);
  const { shape } = slopes;
  if (found?.epilogue.activation !== LINEAR || slopes.dtype !== 'float32' || !rowsAreChannels(x, found)
    || product(shape) !== found.channels || shape[shape.length - 1] !== found.channels
    || shape.length > x.shape.length) return undefined;
  const data = backend.data(slopes.dataId);
  return join(backend, found, x.shape, { activation: activation(lw.LW_PRELU), slopes: data.pointer }, data);
}

/** The larger (LW_BINARY_MAX) or smaller (LW_BINARY_MIN) of each element of x and a number: both make a clamp. */
export function joinBound(backend: BackendWasm, x: TensorInfo, code: number,
  bound: TensorInfo): TensorInfo | undefined {
  const found = waiting(backend, x);
  if (!found || bound.dtype !== 'float32' || product(bound.shape) !== 1 || bound.shape.length > x.shape.length) {
    return undefined;
  }
  const { activation: now } = found.epilogue;
  let min = -Infinity, max = Infinity;
  if (now.kind === lw.LW_CLAMP) ({ min, max } = now);
  else if (now.kind === lw.LW_RELU) min = 0;
  else if (now !== LINEAR) return undefined;
  const at = backend.pointer(bound) >>> 2;
  const value = backend.heap.f32[at];
  if (code === lw.LW_BINARY_MAX && min === -Infinity) min = value;
  else if (code === lw.LW_BINARY_MIN && max === Infinity) max = value;
  else return undefined;
  return min <= max ? join(backend, found, x.shape, { activation: activation(lw.LW_CLAMP, 0, min, max) }) : undefined;
}

/** x and a tensor of the same shape, added. */
export function joinResidual(backend: BackendWasm, x: TensorInfo, residual: TensorInfo): TensorInfo | undefined {
  const found = waiting(backend, x);
  if (!found || found.epilogue.activation !== LINEAR || found.epilogue.residual || residual.dtype !== 'float32'
    || residual.dataId === x.dataId || x.shape.length !== residual.shape.length
    || x.shape.some((n, i) => n !== residual.shape[i])) return undefined;
  const data = backend.data(residual.dataId);
  return join(backend, found, x.shape, { residual: data.pointer }, data);
}

/** x as batch normalisation leaves it; the statistics are pointers to one value for each channel, or 0. */
export function joinBatchNorm(backend: BackendWasm, x: TensorInfo, channels: number, epsilon: number, mean: Pointer,
  variance: Pointer, scale: Pointer, offset: Pointer): TensorInfo | undefined {
  const found = waiting(backend, x);
  if (!found || found.epilogue.activation !== LINEAR || found.epilogue.scale || found.epilogue.residual
    || found.channels !== channels || !rowsAreChannels(x, found)) return undefined;
  const folded = backend.block(8 * channels);
  const { pointer } = folded, shift = pointer + 4 * channels;
  backend.kernels.batchNormFold(channels, epsilon, mean, variance, scale, offset, pointer, shift);
  return join(backend, found, x.shape, { scale: pointer, shift }, folded);
}

// ---- Padding -----------------------------------------------------------------------------------------------

/** Pixels of zeros around an image: above, below, to the left, to the right. */
export type Border = readonly [number, number, number, number];

class DeferredPad implements Deferred {
  joined = false;
  readonly held: readonly Memory[];

  constructor(readonly data: Data, readonly shape: readonly number[], readonly border: Border) {
    this.held = [data];
  }

  run({ kernels, zero }: BackendWasm, output: Pointer): void {
    const [top, bottom, left, right] = this.border;
    kernels.pad(4, this.shape, [0, top, left, 0], [0, bottom, right, 0], this.data.pointer, zero, output);
  }
}

/** An NHWC float32 image with zeros around it. */
export function deferPad(backend: BackendWasm, x: TensorInfo, border: Border): TensorInfo {
  const [batch, height, width, channels] = x.shape;
  const [top, bottom, left, right] = border;
  return backend.deferredOutput([batch, top + height + bottom, left + width + right, channels],
    new DeferredPad(backend.data(x.dataId), x.shape, border));
}

/** An image as a convolution reads it: its data, and the pixels of zeros that it is to add. */
export interface Image {
  readonly data: Data;
  readonly border: Border;
}

export const NO_BORDER: Border = [0, 0, 0, 0];

/** x without the zeros around it, where they have not been written and are fewer than the kernel's rows and columns. */
export function imageOf(backend: BackendWasm, x: TensorInfo, kernelHeight: number, kernelWidth: number): Image {
  const deferred = backend.deferred(x);
  if (deferred instanceof DeferredPad) {
    const { data, border, shape } = deferred;
    const [top, bottom, left, right] = border;
    if (Math.max(top, bottom) < kernelHeight && Math.max(left, right) < kernelWidth
      && x.shape[1] === top + shape[1] + bottom && x.shape[2] === left + shape[2] + right && x.shape[3] === shape[3]) {
      deferred.joined = true;
      return { data, border };
    }
  }
  return { data: backend.data(x.dataId), border: NO_BORDER };
}
