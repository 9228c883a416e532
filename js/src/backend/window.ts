/* SPDX-License-Identifier: MIT */
/* Sliding windows: from TensorFlow.js attributes to descriptors. */
import type { backend_util } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { Activation, Sizes, Window } from '../runtime/kernels.js';
import type { Plan } from './backend.js';
import { pair, type Attrs } from './kernel.js';

/**
 * The window that TensorFlow.js computed, with explicit padding. Its output size is the authority (it knows about
 * dimRoundingMode), so the padding behind the image is whatever leads to that size.
 */
export function windowOf(info: backend_util.Conv2DInfo): Window {
  const { padInfo } = info;
  const behind = (output: number, stride: number, kernel: number, input: number, before: number) =>
    Math.max(0, (output - 1) * stride + kernel - input - before);
  return {
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padding: lw.LW_PADDING_EXPLICIT,
    padTop: padInfo.top,
    padLeft: padInfo.left,
    padBottom: behind(info.outHeight, info.strideHeight, info.effectiveFilterHeight, info.inHeight, padInfo.top),
    padRight: behind(info.outWidth, info.strideWidth, info.effectiveFilterWidth, info.inWidth, padInfo.left),
  };
}

/** Sizes of an operator with nothing to do, which the library would refuse where a window doesn't fit. */
export const NO_SIZES: Sizes = { outputHeight: 0, outputWidth: 0, outputElements: 0, packedBytes: 0, scratchBytes: 0 };

/** Both sides have computed the output's size: they must agree. */
export function checkOutput(op: string, info: backend_util.Conv2DInfo, sizes: Sizes): void {
  if (sizes.outputHeight !== info.outHeight || sizes.outputWidth !== info.outWidth) {
    throw new LanewiseError(`${op}: the library makes an output of ${sizes.outputHeight}x${sizes.outputWidth}, ` +
      `TensorFlow.js expects ${info.outHeight}x${info.outWidth}`);
  }
}

/** A plan for weights that slide over an image. */
export interface WindowPlan<Op> extends Plan {
  readonly op: Op;
  readonly outShape: number[];
  /** What the plan was made for. */
  readonly imageShape: readonly number[];
  /** Tensors of other shapes may share the weights' data. */
  readonly filterShape: readonly number[];
  readonly strides: number | number[];
  readonly dilations: number | number[];
  readonly pad: string | number;
  readonly rounding: string | undefined;
  readonly activation: Activation;
}

function padKey(pad: unknown): string | number {
  return typeof pad === 'object' ? JSON.stringify(pad) : pad as string | number;
}

/** The plan made for this image and these attributes; it allocates nothing. */
export function findPlan<Op>(plans: Plan[] | undefined, kernel: string, imageShape: readonly number[],
  filterShape: readonly number[], attrs: Attrs, activation: Activation): WindowPlan<Op> | undefined {
  if (!plans) return undefined;
  const { strides } = attrs;
  const dilations = attrs.dilations ?? 1; // layers models say null
  const pad = padKey(attrs.pad);
  for (const candidate of plans) {
    if (candidate.kernel !== kernel) continue;
    const plan = candidate as WindowPlan<Op>;
    if (same(plan.imageShape, imageShape) && same(plan.filterShape, filterShape)
      && pair(strides, 0) === pair(plan.strides, 0) && pair(strides, 1) === pair(plan.strides, 1)
      && pair(dilations, 0) === pair(plan.dilations, 0) && pair(dilations, 1) === pair(plan.dilations, 1)
      && pad === plan.pad && attrs.dimRoundingMode === plan.rounding
      && activation.kind === plan.activation.kind && activation.alpha === plan.activation.alpha) {
      return plan;
    }
  }
  return undefined;
}

/** Whether two shapes of four dimensions are the same. */
function same(a: readonly number[], b: readonly number[]): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

/** The fields of a plan that findPlan compares. */
export function planKey(kernel: string, imageShape: readonly number[], filterShape: readonly number[], attrs: Attrs,
  activation: Activation) {
  const { strides } = attrs;
  const dilations = attrs.dilations ?? 1; // layers models say null
  return {
    kernel, imageShape, filterShape, activation, strides: copyOf(strides), dilations: copyOf(dilations),
    pad: padKey(attrs.pad), rounding: attrs.dimRoundingMode,
  };
}

function copyOf(value: number | number[]): number | number[] {
  return typeof value === 'number' ? value : [...value];
}
