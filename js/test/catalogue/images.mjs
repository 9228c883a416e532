/* SPDX-License-Identifier: MIT */
import { edges, random, tensor } from '../values.mjs';

const rows = (dtypes, exact, cases) => Object.fromEntries(dtypes.map(dtype => [dtype, { exact, cases: cases(dtype) }]));
const NUMBERS = ['float32', 'int32', 'bool'];
const INTERPOLATED = {
  absolute: 1e-6, relative: 1e-5, reason: 'interpolation is float32; the cpu backend has doubles',
};

const sizes = [
  [[2, 3, 4, 3], [6, 8]], [[1, 5, 7, 2], [3, 3]], [[1, 4, 4, 1], [4, 4]], [[1, 1, 3, 2], [4, 1]],
  [[1, 6, 5, 4], [1, 9]], [[0, 3, 3, 2], [5, 5]], [[2, 3, 3, 2], [8, 5]], [[1, 7, 7, 3], [3, 2]],
];
const HOW = [
  { alignCorners: false, halfPixelCenters: false }, { alignCorners: true, halfPixelCenters: false },
  { alignCorners: false, halfPixelCenters: true },
];
const resized = values => dtype => sizes.flatMap(([shape, size]) => HOW.flatMap(how =>
  values(dtype, shape).map(images => ({ inputs: { images }, attrs: { ...how, size } }))));
const tame = (dtype, shape) => [random(dtype, shape)];
const all = (dtype, shape) => [random(dtype, shape), edges(dtype, shape)];

export const ResizeBilinear = rows(NUMBERS, { ...INTERPOLATED, absolute: 1e-4 }, resized(tame));
export const ResizeNearestNeighbor = rows(NUMBERS, 'bits', resized(all));
ResizeNearestNeighbor.int32.except = [{
  reason: 'pixels are copied; the cpu backend takes them through float32', where: ({ ours, cpu }) =>
    Math.fround(ours) === cpu || cpu === 2147483647 || cpu === -2147483648,
}];

/*
 * The cpu backend's gradients don't know of halfPixelCenters. Its bilinear one has height and width exchanged; the other
 * is right for one image only, and never ends where corners are aligned to an image of one row or column.
 */
const gradients = square => rows(['float32'], 'bits', dtype => sizes.filter(([[batch, height, width]]) =>
  square ? height === width : batch < 2 && height > 1 && width > 1).flatMap(([shape, [height, width]]) => [false, true].map(alignCorners => ({
  inputs: { images: random(dtype, shape), dy: random(dtype, [shape[0], height, width, shape[3]], 2) },
  attrs: { alignCorners, halfPixelCenters: false, size: [height, width] },
}))));
export const ResizeBilinearGrad = gradients(true);
export const ResizeNearestNeighborGrad = gradients(false);

export const FlipLeftRight = rows(NUMBERS, 'bits', dtype => [[2, 3, 4, 3], [1, 1, 1, 1], [1, 5, 7, 1], [1, 2, 0, 2]]
  .map(shape => ({ inputs: { image: edges(dtype, shape) } })));

export const RotateWithOffset = rows(NUMBERS, 'bits', dtype => [[2, 5, 6, 3], [1, 7, 7, 4], [1, 3, 9, 1], [0, 2, 2, 1]]
  .flatMap(shape => [[0.3, 0, 0.5], [Math.PI / 2, 3, [0.25, 0.75]], [-2, [1, 2, 7], 0.5], [NaN, 1, 0.5]].map(
    ([radians, fillValue, center]) => ({ inputs: { image: edges(dtype, shape) }, attrs: { radians, fillValue, center } })
  )));

/* One image each: the cpu backend leaves all but the first of a batch unfilled. */
const matrices = [
  [1, 0, 0, 0, 1, 0, 0, 0], [0.7, -0.7, 2.3, 0.6, 0.8, -1.1, 0, 0], [1.5, 0.2, -3.4, -0.1, 1.9, -4, 0.02, -0.03],
  [3, 0, -20, 0, -3, 25, 0, 0], [1, 0, 0, 0, 1, 0, -0.5, 0], [NaN, 0, 0, 0, Infinity, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0],
  [1, 0, 0.5, 0, 1, -0.5, 0, 0],
];
const transforms = values => dtype => ['nearest', 'bilinear'].flatMap(interpolation =>
  ['constant', 'reflect', 'wrap', 'nearest'].flatMap(fillMode => matrices.map((matrix, i) => ({
    inputs: {
      image: values(dtype, [[1, 5, 6, 3], [1, 4, 4, 1], [1, 1, 3, 2]][i % 3]), transforms: tensor('float32', [1, 8], matrix),
    },
    attrs: { interpolation, fillMode, fillValue: i % 2, outputShape: i % 3 ? null : [6, 4] },
  }))));
export const Transform = {
  ...rows(['float32'], { absolute: 1e-9, relative: 1e-6, reason: 'NaN apart the same; two zeros may differ' },
    transforms(random)),
  ...rows(['int32'], 'bits', transforms(random)), ...rows(['bool'], 'bits', transforms(random)),
};

const boxes = [
  [[0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], [0.9, 0.8, 0.1, 0.2]], [[-0.5, -0.2, 0.5, 1.3], [0.3, 0.3, 0.3, 0.3], [0, 0, 0, 0]],
];
const cropOf = (dtype, corners, method, cropSize) => ({
  inputs: {
    image: random(dtype, [2, 5, 6, 3]), boxes: tensor('float32', [corners.length, 4], corners.flat()),
    boxInd: tensor('int32', [corners.length], [1, 0, 1]),
  },
  attrs: { method, extrapolationValue: 2, cropSize },
});
export const CropAndResize = rows(NUMBERS, { ...INTERPOLATED, absolute: 1e-4 }, dtype => boxes.flatMap(corners =>
  ['bilinear', 'nearest'].flatMap(method => [[3, 3], [1, 1], [5, 2]].map(size => cropOf(dtype, corners, method, size)))));
