/* SPDX-License-Identifier: MIT */
/* Resizing images. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ResizeBilinear } from '../runtime/kernels.js';
import { elementBytes } from './backend.js';
import { toFloat } from './elementwise.js';
import { ANY, expect, expectRank, NUMBER, type Attrs, type Kernel, type KernelTable } from './kernel.js';

/** What both ways of resizing are told. */
function resizeOf(images: TensorInfo, attrs: Attrs): ResizeBilinear {
  const [batch, inputHeight, inputWidth, channels] = images.shape;
  const [outputHeight, outputWidth] = attrs.size as [number, number];
  return {
    batch, inputHeight, inputWidth, channels, outputHeight, outputWidth, alignCorners: attrs.alignCorners ?? false,
    halfPixelCenters: attrs.halfPixelCenters ?? false,
  };
}

const resizeBilinear: Kernel = (backend, { images }, attrs) => {
  expect('ResizeBilinear', 'images', images, ANY);
  expectRank('ResizeBilinear', 'images', images, 4);
  const op = resizeOf(images, attrs);
  const { kernels, heap } = backend;
  const sizes = kernels.resizeBilinearSizes(op);
  const input = toFloat(backend, images);
  const y = backend.output([op.batch, op.outputHeight, op.outputWidth, op.channels], 'float32');
  kernels.resizeBilinear(op, input, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  return y;
};

const resizeNearest: Kernel = (backend, { images }, attrs) => {
  expect('ResizeNearestNeighbor', 'images', images, NUMBER);
  expectRank('ResizeNearestNeighbor', 'images', images, 4);
  const op = { ...resizeOf(images, attrs), elementBytes: elementBytes(images.dtype) };
  const input = backend.pointer(images);
  const y = backend.output([op.batch, op.outputHeight, op.outputWidth, op.channels], images.dtype);
  backend.kernels.resizeNearest(op, input, backend.pointer(y));
  return y;
};

export const imageKernels: KernelTable = {
  ResizeBilinear: resizeBilinear,
  ResizeNearestNeighbor: resizeNearest,
};
