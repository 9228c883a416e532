/* SPDX-License-Identifier: MIT */
/* Sliding windows: from TensorFlow.js attributes to descriptors. */
import type { backend_util } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { Sizes, Window } from '../runtime/kernels.js';
import type { Operator, Plan } from './backend.js';
import { NO_BORDER, type Border } from './deferred.js';
import { expectWhole, pair, type Attrs } from './kernel.js';

/**
 * The window that TensorFlow.js computed, with explicit padding. Its output size is the authority: it knows about
 * dimRoundingMode, and where the padding is a number of pixels, it has the width follow from the height's stride and
 * filter. So the padding behind the image is whatever leads to that size, also less than nothing. A border around the
 * image that TensorFlow.js takes for a part of it comes on top.
 */
export function windowOf(op: string, info: backend_util.Conv2DInfo, border = NO_BORDER): Window {
  const { padInfo } = info;
  expectWhole(op, 'strides', [info.strideHeight, info.strideWidth], 1);
  expectWhole(op, 'dilations', [info.dilationHeight, info.dilationWidth], 1);
  expectWhole(op, 'pad', [padInfo.top, padInfo.left]);
  const [top, bottom, left, right] = border;
  const behind = (output: number, stride: number, kernel: number, input: number, before: number) =>
    (output - 1) * stride + kernel - input - before;
  return {
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padding: lw.LW_PADDING_EXPLICIT,
    padTop: top + padInfo.top,
    padLeft: left + padInfo.left,
    padBottom:
      bottom + behind(info.outHeight, info.strideHeight, info.effectiveFilterHeight, info.inHeight, padInfo.top),
    padRight: right + behind(info.outWidth, info.strideWidth, info.effectiveFilterWidth, info.inWidth, padInfo.left),
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
export interface WindowPlan<Op extends Plan['op'] = Plan['op']> extends Plan {
  readonly op: Op;
  readonly outShape: number[];
  /** What the plan was made for. */
  readonly imageShape: readonly number[];
  /** Tensors of other shapes may share the weights' data. */
  readonly filterShape: readonly number[];
  readonly strides: number | number[];
  readonly dilations: number | number[];
  readonly pad: string | number;
  readonly border: Border;
  readonly rounding: string | undefined;
}

function padKey(pad: unknown): string | number {
  return typeof pad === 'object' ? JSON.stringify(pad) : pad as string | number;
}

/** The plan made for this image and these attributes; it allocates nothing. */
export function findPlan<Op extends Plan['op']>(plans: Plan[] | undefined, kernel: Operator,
  imageShape: readonly number[], filterShape: readonly number[], attrs: Attrs,
  border = NO_BORDER): WindowPlan<Op> | undefined {
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
      && pad === plan.pad && attrs.dimRoundingMode === plan.rounding && same(border, plan.border)) {
      return plan;
    }
  }
  return undefined;
}

/** Whether two lists of four are the same. */
function same(a: readonly number[], b: readonly number[]): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

/** The fields of a plan that findPlan compares. */
export function planKey<O extends Operator>(kernel: O, imageShape: readonly number[], filterShape: readonly number[],
  attrs: Attrs, border = NO_BORDER) {
  const { strides } = attrs;
  const dilations = attrs.dilations ?? 1; // layers models say null
  return {
    kernel, imageShape, filterShape, strides: copyOf(strides), dilations: copyOf(dilations), pad: padKey(attrs.pad),
    rounding: attrs.dimRoundingMode, border,
  };
}

function copyOf(value: number | number[]): number | number[] {
  return typeof value === 'number' ? value : [...value];
}
