/* SPDX-License-Identifier: MIT */
/* Resizing images and parts of them. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ResizeBilinear } from '../runtime/kernels.js';
import { elementBytes } from './backend.js';
import { toFloat } from './elementwise.js';
import { ANY, expect, expectRank, FLOAT, NUMBER, type Attrs, type Kernel } from './kernel.js';

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

const cropAndResize: Kernel = (backend, { image, boxes, boxInd }, attrs) => {
  const kernel = 'CropAndResize';
  expect(kernel, 'image', image, NUMBER);
  expectRank(kernel, 'image', image, 4);
  expect(kernel, 'boxes', boxes, FLOAT);
  expect(kernel, 'boxInd', boxInd, ['int32']);
  const [batch, inputHeight, inputWidth, channels] = image.shape;
  const [cropHeight, cropWidth] = attrs.cropSize as [number, number];
  const op = {
    batch, inputHeight, inputWidth, channels, boxes: boxes.shape[0], cropHeight, cropWidth,
    nearest: attrs.method === 'nearest', extrapolation: attrs.extrapolationValue ?? 0,
  };
  const { kernels, heap } = backend;
  const sizes = kernels.cropAndResizeSizes(op);
  const input = toFloat(backend, image), corners = backend.pointer(boxes), which = backend.pointer(boxInd);
  const y = backend.output([op.boxes, cropHeight, cropWidth, channels], 'float32');
  kernels.cropAndResize(op, input, corners, which, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  return y;
};

export {
  cropAndResize as CropAndResize, resizeBilinear as ResizeBilinear, resizeNearest as ResizeNearestNeighbor,
};
