/* SPDX-License-Identifier: MIT */
/*
 * Operators that wait for what follows them.
 *
 * A convolution or matrix product is checked and planned when TensorFlow.js asks for it, and runs when its output is
 * first needed. Where a batch normalisation, an addition of another tensor or an activation is asked for before that,
 * it joins the operator's epilogue: the output goes through the cache once, and the tensor between is never made.
 * The bits are the same as those of separate operators. When a tensor that something has joined is needed after all, it
 * is computed by itself; from then on that operator waits for no step behind it (`Plan.steps`).
 *
 * In the same way an image that is padded with zeros waits for a convolution, which can do without the copy.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { activation, LINEAR, type Activation, type Epilogue, type Pointer } from '../runtime/kernels.js';
import type { BackendWasm, Data, Memory, Operator, Plan } from './backend.js';
import { perChannel, product } from './kernel.js';

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
    /** How many steps have joined it. */
    readonly steps: number,
    /** Channels of the output, its last dimension. */
    readonly channels: number,
    readonly input: Pointer,
    readonly epilogue: Epilogue,
    readonly held: readonly Memory[],
  ) {}

  run({ kernels, heap }: BackendWasm, output: Pointer): void {
    const { plan } = this;
    const scratch = heap.scratch(plan.sizes.scratchBytes);
    kernels[plan.kernel as Operator](plan.op as never, this.epilogue, this.input, plan.packed.pointer, scratch, output);
    if (this.joined) plan.steps = this.steps;
  }
}

/** The output of an operator with weights. `held` is what input and epilogue point into. */
export function start(backend: BackendWasm, plan: Plan, shape: number[], input: Pointer, epilogue: Epilogue,
  held: readonly Memory[]): TensorInfo {
  return wait(backend, shape,
    new DeferredSum(plan, 0, shape[shape.length - 1], input, epilogue, [plan.packed, ...held]));
}

/** A tensor that waits, unless it has been found that no further step should join it. */
function wait(backend: BackendWasm, shape: number[], sum: DeferredSum): TensorInfo {
  const y = backend.deferredOutput(shape, sum);
  if (sum.plan.steps === sum.steps) backend.pointer(y);
  return y;
}

// ---- Steps that join ---------------------------------------------------------------------------------------

/** The operator behind a tensor that waits and that nothing has joined. */
function waiting(backend: BackendWasm, x: TensorInfo): DeferredSum | undefined {
  const deferred = backend.deferred(x);
  return deferred instanceof DeferredSum && !deferred.joined ? deferred : undefined;
}

function join(backend: BackendWasm, found: DeferredSum, shape: readonly number[], step: Partial<Epilogue>,
  ...held: Memory[]): TensorInfo {
  found.joined = true;
  const { plan, steps, channels, input, epilogue } = found;
  return wait(backend, shape.slice(),
    new DeferredSum(plan, steps + 1, channels, input, { ...epilogue, ...step }, [...found.held, ...held]));
}

/** Whether a tensor's rows are the operator's channels; a reshape may have changed that. */
const rowsAreChannels = (x: TensorInfo, { channels }: DeferredSum) => x.shape[x.shape.length - 1] === channels;

/** x with an activation, if an operator waits that can do it. */
export function joinActivation(backend: BackendWasm, x: TensorInfo, how: Activation): TensorInfo | undefined {
  const found = waiting(backend, x);
  if (!found) return undefined;
  const both = after(found.epilogue.activation, how);
  return both && join(backend, found, x.shape, { activation: both });
}

/** One activation that does what two do, if there is one. */
function after(first: Activation, second: Activation): Activation | undefined {
  if (first === LINEAR) return second;
  const a = boundsOf(first), b = boundsOf(second);
  if (!a || !b) return undefined;
  const min = b.min > a.min ? b.min : a.min, max = b.max < a.max ? b.max : a.max;
  return min <= max ? activation(lw.LW_CLAMP, 0, min, max) : undefined;
}

function boundsOf({ kind, min, max }: Activation): { min: number; max: number } | undefined {
  switch (kind) {
    case lw.LW_RELU: return { min: 0, max: Infinity };
    case lw.LW_RELU6: return { min: 0, max: 6 };
    case lw.LW_CLAMP: return { min, max };
    default: return undefined;
  }
}

/** Whether a tensor has one value for each channel of x. */
const fits = (values: TensorInfo, x: TensorInfo, found: DeferredSum) => rowsAreChannels(x, found)
  && perChannel(values, found.channels) && values.shape.length <= x.shape.length;

/** The operator behind x, if another tensor can join it: one whose own data are not those of x. */
function waitingFor(backend: BackendWasm, x: TensorInfo, other: TensorInfo): DeferredSum | undefined {
  const found = waiting(backend, x);
  return found?.epilogue.activation === LINEAR && other.dtype === 'float32' && other.dataId !== x.dataId ? found
    : undefined;
}

/** x with slopes of one value for each channel. */
export function joinPrelu(backend: BackendWasm, x: TensorInfo, slopes: TensorInfo): TensorInfo | undefined {
  const found = waitingFor(backend, x, slopes);
  if (!found || !fits(slopes, x, found)) return undefined;
  const data = backend.data(slopes.dataId);
  return join(backend, found, x.shape, { activation: activation(lw.LW_PRELU), slopes: data.pointer }, data);
}

/** The larger (LW_BINARY_MAX) or smaller (LW_BINARY_MIN) of each element of x and a number: both make a clamp. */
export function joinBound(backend: BackendWasm, x: TensorInfo, code: number,
  bound: TensorInfo): TensorInfo | undefined {
  if (!waiting(backend, x) || bound.dtype !== 'float32' || product(bound.shape) !== 1
    || bound.shape.length > x.shape.length) return undefined;
  const at = backend.pointer(bound) >>> 2;
  const value = backend.heap.f32[at];
  if (Number.isNaN(value)) return undefined;
  return joinActivation(backend, x, code === lw.LW_BINARY_MAX ? activation(lw.LW_CLAMP, 0, value, Infinity)
    : activation(lw.LW_CLAMP, 0, -Infinity, value));
}

/** x and a tensor of the same shape, or of one value for each channel, added. */
export function joinSum(backend: BackendWasm, x: TensorInfo, other: TensorInfo): TensorInfo | undefined {
  const found = waitingFor(backend, x, other);
  if (!found || found.epilogue.residual) return undefined;
  if (x.shape.length === other.shape.length && x.shape.every((n, i) => n === other.shape[i])) {
    const data = backend.data(other.dataId);
    return join(backend, found, x.shape, { residual: data.pointer }, data);
  }
  // Not as the bias: a sum that starts from it has other bits.
  if (found.epilogue.scale || !fits(other, x, found)) return undefined;
  const data = backend.data(other.dataId), ones = backend.ones(found.channels);
  return join(backend, found, x.shape, { scale: ones.pointer, shift: data.pointer }, data, ones);
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
