/* SPDX-License-Identifier: MIT */
/* Images whose channels come first (NCHW, NCDHW), for kernels that take them last: they are transposed and back. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { BackendWasm } from './backend.js';
import { ANY, expect, type Attrs, type Inputs, type Kernel } from './kernel.js';
import { transpose } from './movement.js';

/** Whether a data format has the channels last. */
export function channelsLast(op: string, dataFormat: unknown): boolean {
  switch (dataFormat ?? 'NHWC') { // layers models say null
    case 'NHWC': case 'NDHWC': return true;
    case 'NCHW': case 'NCDHW': return false;
    default: throw new LanewiseError(`${op}: unknown dataFormat '${dataFormat}'; there are NHWC and NCHW`);
  }
}

/** The shape of an image with the channels moved to the end. */
export function lastShape([batch, channels, ...size]: readonly number[]): number[] {
  return [batch, ...size, channels];
}

/** A copy of an image with the channels moved to the end; the caller gives it back with `drop`. */
export function toLast(backend: BackendWasm, x: TensorInfo): TensorInfo {
  return transpose(backend, { x }, { perm: lastShape(x.shape.map((_, i) => i)) }) as TensorInfo;
}

/** The way back, of a tensor that the kernel has made and that ends here. */
export function fromLast(backend: BackendWasm, x: TensorInfo): TensorInfo {
  const last = x.shape.length - 1;
  const perm = x.shape.map((_, i) => i < 2 ? i * last : i - 1);
  const y = transpose(backend, { x }, { perm }) as TensorInfo;
  backend.drop(x);
  return y;
}

/** A copy of bias or slopes, which broadcast with an image, to broadcast with one that has its channels last. */
function besideLast(backend: BackendWasm, x: TensorInfo, rank: number): TensorInfo {
  const shape = [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  return toLast(backend, { ...x, shape });
}

const BESIDE = ['bias', 'preluActivationWeights'];

/**
 * Makes a kernel of images with the channels last one for both formats. `images`: its arguments that are images. Shapes
 * and pads among the attributes are put in order too.
 */
export function anyFormat(op: string, images: readonly string[], kernel: Kernel): Kernel {
  return (backend, inputs, attrs) => {
    if (channelsLast(op, attrs.dataFormat)) return kernel(backend, inputs, attrs);
    const copies: Inputs = {};
    for (const name of images) {
      expect(op, name, inputs[name], ANY);
      copies[name] = toLast(backend, inputs[name]);
    }
    const rank = inputs[images[0]].shape.length;
    for (const name of BESIDE) {
      const x = inputs[name];
      // One dimension alone is the channels in either format.
      if (x && x.shape.length > 1) copies[name] = besideLast(backend, x, rank);
    }
    const y = kernel(backend, { ...inputs, ...copies }, lastAttrs(attrs)) as TensorInfo;
    const result = fromLast(backend, y);
    for (const copy of Object.values(copies)) backend.drop(copy);
    return result;
  };
}

/** A convolution's attributes with shapes and pads in order. */
export function lastAttrs(attrs: Attrs): Attrs {
  const { pad, inputShape } = attrs;
  return {
    ...attrs,
    dataFormat: 'NHWC',
    ...typeof pad === 'object' && { pad: [pad[0], pad[2], pad[3], pad[1]] },
    ...inputShape && { inputShape: lastShape(inputShape) },
  };
}
