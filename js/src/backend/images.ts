/* SPDX-License-Identifier: MIT */
/* Resizing images and parts of them, and seeing them turned, mirrored or projected. */
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { ResizeBilinear } from '../runtime/kernels.js';
import { elementBytes } from './backend.js';
import { toFloat } from './elementwise.js';
import { ANY, expect, expectOneOf, expectRank, expectShape, product, typeOf, type Attrs, type Kernel } from './kernel.js';
import { fillWith, Reverse } from './movement.js';

/** What both ways of resizing are told. */
function resizeOf(op: string, images: TensorInfo, attrs: Attrs,
  [outputHeight, outputWidth] = attrs.size as number[]): ResizeBilinear {
  const [batch, inputHeight, inputWidth, channels] = images.shape;
  if (inputHeight * inputWidth === 0 && batch * outputHeight * outputWidth * channels > 0) {
    throw new LanewiseError(`${op}: argument 'images' has shape [${images.shape}]; expected images of a pixel or more`);
  }
  return {
    batch, inputHeight, inputWidth, channels, outputHeight, outputWidth, alignCorners: attrs.alignCorners ?? false,
    halfPixelCenters: attrs.halfPixelCenters ?? false,
  };
}

const resizeBilinear: Kernel = (backend, { images }, attrs) => {
  expect('ResizeBilinear', 'images', images, ANY);
  expectRank('ResizeBilinear', 'images', images, 4);
  const op = resizeOf('ResizeBilinear', images, attrs);
  const { kernels, heap } = backend;
  const sizes = kernels.resizeBilinearSizes(op);
  const input = toFloat(backend, images);
  const y = backend.output([op.batch, op.outputHeight, op.outputWidth, op.channels], 'float32');
  kernels.resizeBilinear(op, input, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  return y;
};

const resizeNearest: Kernel = (backend, { images }, attrs) => {
  expect('ResizeNearestNeighbor', 'images', images, ANY);
  expectRank('ResizeNearestNeighbor', 'images', images, 4);
  const op = { ...resizeOf('ResizeNearestNeighbor', images, attrs), elementBytes: elementBytes(images.dtype) };
  const input = backend.pointer(images);
  const y = backend.output([op.batch, op.outputHeight, op.outputWidth, op.channels], images.dtype);
  backend.kernels.resizeNearest(op, input, backend.pointer(y));
  return y;
};

/** Unlike in plain JavaScript, a gradient knows of halfPixelCenters. */
const resizeBilinearGradient: Kernel = (backend, { images, dy }, attrs) => {
  const op = gradientOf('ResizeBilinearGrad', images, dy, attrs);
  const slopes = toFloat(backend, dy);
  const dx = backend.output(images.shape.slice(), 'float32');
  backend.kernels.resizeBilinearGradient(op, slopes, backend.pointer(dx));
  return dx;
};

const resizeNearestGradient: Kernel = (backend, { images, dy }, attrs) => {
  const op = { ...gradientOf('ResizeNearestNeighborGrad', images, dy, attrs), elementBytes: 4 };
  const { kernels } = backend;
  const slopes = toFloat(backend, dy);
  const dx = backend.output(images.shape.slice(), images.dtype);
  const output = backend.pointer(dx), size = product(images.shape), isFloat = images.dtype === 'float32';
  const result = isFloat ? output : backend.temporary(4 * size);
  kernels.resizeNearestGradient(op, slopes, result);
  if (!isFloat) kernels.cast(lw.LW_FLOAT32, typeOf(images.dtype), size, result, output);
  return dx;
};

function gradientOf(op: string, images: TensorInfo, dy: TensorInfo, attrs: Attrs): ResizeBilinear {
  expect(op, 'images', images, ANY);
  expect(op, 'dy', dy, ANY);
  expectRank(op, 'images', images, 4);
  expectRank(op, 'dy', dy, 4);
  if (dy.shape[0] !== images.shape[0] || dy.shape[3] !== images.shape[3]) {
    throw new LanewiseError(`${op}: argument 'dy' of shape [${dy.shape}] is no gradient of [${images.shape}] resized`);
  }
  return resizeOf(op, images, attrs, dy.shape.slice(1, 3));
}

const EDGES: Record<string, number> = {
  constant: lw.LW_EDGE_CONSTANT, reflect: lw.LW_EDGE_REFLECT, wrap: lw.LW_EDGE_WRAP, nearest: lw.LW_EDGE_NEAREST,
};

const transform: Kernel = (backend, { image, transforms }, attrs) => {
  const name = 'Transform';
  expect(name, 'image', image, ANY);
  expectRank(name, 'image', image, 4);
  expect(name, 'transforms', transforms, ANY);
  expectRank(name, 'transforms', transforms, 2);
  const { interpolation, fillMode = 'constant', fillValue, outputShape } = attrs;
  expectOneOf(name, 'fillMode', fillMode, Object.keys(EDGES));
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
    throw new LanewiseError(`Error in Transform: Expect 'nearest' or 'bilinear', but got ${interpolation}`);
  }
  if (transforms.shape[1] !== 8) {
    throw new LanewiseError(`${name}: argument 'transforms' has shape [${transforms.shape}]; expected 8 numbers a row`);
  }
  const [batch, inputHeight, inputWidth, channels] = image.shape;
  const [outputHeight, outputWidth] = (outputShape ?? [inputHeight, inputWidth]) as [number, number];
  const op = {
    type: typeOf(image.dtype), batch, inputHeight, inputWidth, channels, outputHeight, outputWidth,
    transforms: transforms.shape[0], bilinear: interpolation === 'bilinear',
    edge: EDGES[fillMode], fill: fillValue as number,
  };
  const input = backend.pointer(image), matrices = toFloat(backend, transforms);
  const y = backend.output([batch, outputHeight, outputWidth, channels], image.dtype);
  backend.kernels.transform(op, input, matrices, backend.pointer(y));
  return y;
};

const rotateWithOffset: Kernel = (backend, { image }, { radians, fillValue, center }) => {
  const name = 'RotateWithOffset';
  expect(name, 'image', image, ANY);
  expectRank(name, 'image', image, 4);
  const [batch, height, width, channels] = image.shape;
  const [centerX, centerY] = backend_util.getImageCenter(center, height, width);
  const op = {
    elementBytes: elementBytes(image.dtype), batch, height, width, channels, sine: Math.sin(radians),
    cosine: Math.cos(radians), centerX, centerY,
  };
  // A colour has an opaque fourth channel.
  const pixel = Array.from({ length: channels }, (_, c) => typeof fillValue === 'number' ? fillValue
    : c === 3 ? 255 : fillValue[c]);
  const fill = backend.temporary(op.elementBytes * channels);
  const input = backend.pointer(image);
  const y = backend.output(image.shape.slice(), image.dtype);
  const output = backend.pointer(y);
  const { u8, i32, f32 } = backend.heap;
  if (image.dtype === 'bool') u8.set(pixel, fill);
  else (image.dtype === 'int32' ? i32 : f32).set(pixel, fill >>> 2);
  backend.kernels.rotate(op, input, fill, output);
  return y;
};

const flipLeftRight: Kernel = (backend, { image }) => {
  expect('FlipLeftRight', 'image', image, ANY);
  expectRank('FlipLeftRight', 'image', image, 4);
  return Reverse(backend, { x: image }, { dims: [2] });
};

const cropAndResize: Kernel = (backend, { image, boxes, boxInd }, attrs) => {
  const kernel = 'CropAndResize';
  expect(kernel, 'image', image, ANY);
  expectRank(kernel, 'image', image, 4);
  expect(kernel, 'boxes', boxes, ANY);
  expect(kernel, 'boxInd', boxInd, ['int32']);
  expectShape(kernel, 'boxes', boxes, [boxes.shape[0], 4]);
  expectShape(kernel, 'boxInd', boxInd, [boxes.shape[0]]);
  expectOneOf(kernel, 'method', attrs.method, ['bilinear', 'nearest']);
  const [batch, inputHeight, inputWidth, channels] = image.shape;
  const [cropHeight, cropWidth] = attrs.cropSize as [number, number];
  const op = {
    batch, inputHeight, inputWidth, channels, boxes: boxes.shape[0], cropHeight, cropWidth,
    nearest: attrs.method === 'nearest', extrapolation: attrs.extrapolationValue ?? 0,
  };
  const { kernels, heap } = backend;
  const input = toFloat(backend, image), corners = toFloat(backend, boxes), which = backend.pointer(boxInd);
  const y = backend.output([op.boxes, cropHeight, cropWidth, channels], 'float32');
  if (inputHeight * inputWidth === 0) { // all is outside of an image of no pixels
    const at = which >>> 2, size = cropHeight * cropWidth * channels;
    fillWith(backend, y, 0);
    const { i32, f32 } = heap, first = backend.pointer(y) >>> 2;
    for (let b = 0; b < op.boxes; b++) {
      if (i32[at + b] >= 0 && i32[at + b] < batch) f32.fill(op.extrapolation, first + b * size, first + (b + 1) * size);
    }
    return y;
  }
  const sizes = kernels.cropAndResizeSizes(op);
  kernels.cropAndResize(op, input, corners, which, heap.scratch(sizes.scratchBytes), backend.pointer(y));
  return y;
};

export {
  cropAndResize as CropAndResize, flipLeftRight as FlipLeftRight, resizeBilinear as ResizeBilinear,
  resizeBilinearGradient as ResizeBilinearGrad, resizeNearest as ResizeNearestNeighbor,
  resizeNearestGradient as ResizeNearestNeighborGrad, rotateWithOffset as RotateWithOffset, transform as Transform,
};
