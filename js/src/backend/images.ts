/* SPDX-License-Identifier: MIT */
/* Resizing images. */
import type { ResizeBilinear } from '../runtime/kernels.js';
import { toFloat } from './elementwise.js';
import { ANY, expect, expectRank, type Kernel, type KernelTable } from './kernel.js';

const resizeBilinear: Kernel = (backend, { images }, attrs) => {
  expect('ResizeBilinear', 'images', images, ANY);
  expectRank('ResizeBilinear', 'images', images, 4);
  const [batch, inputHeight, inputWidth, channels] = images.shape;
  const [outputHeight, outputWidth] = attrs.size as [number, number];
  const op: ResizeBilinear = {
    batch, inputHeight, inputWidth, channels, outputHeight, outputWidth, alignCorners: attrs.alignCorners ?? false,
    halfPixelCenters: attrs.halfPixelCenters ?? false,
  };
  const { kernels, heap } = backend;
  const sizes = kernels.resizeBilinearSizes(op);
  const input = toFloat(backend, images);
  const y = backend.output([batch, outputHeight, outputWidth, channels], 'float32');
  kernels.resizeBilinear(op, input, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  return y;
};

export const imageKernels: KernelTable = {
  ResizeBilinear: resizeBilinear,
};
