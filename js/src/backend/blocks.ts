/* SPDX-License-Identifier: MIT */
/* Blocks of pixels rearranged: transposes of the same elements seen with more dimensions. */
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { channelsLast, lastShape } from './format.js';
import { expectWhole, product, seenAs, type Kernel } from './kernel.js';
import { padV2, slice, transpose } from './movement.js';

const depthToSpace: Kernel = (backend, { x }, { blockSize, dataFormat }) => {
  const last = channelsLast('DepthToSpace', dataFormat);
  const [batch, height, width, depth] = last ? x.shape : lastShape(x.shape);
  const channels = depth / (blockSize * blockSize);
  if (!last) {
    const planes = seenAs(x, [batch, blockSize, blockSize, channels, height, width]);
    const y = transpose(backend, { x: planes }, { perm: [0, 3, 4, 1, 5, 2] }) as TensorInfo;
    return seenAs(y, [batch, channels, height * blockSize, width * blockSize]);
  }
  const blocks = seenAs(x, [batch, height, width, blockSize, blockSize, channels]);
  const y = transpose(backend, { x: blocks }, { perm: [0, 1, 3, 2, 4, 5] }) as TensorInfo;
  return seenAs(y, [batch, height * blockSize, width * blockSize, channels]);
};

const spaceToBatch: Kernel = (backend, { x }, attrs) => {
  const blockShape = [...attrs.blockShape as number[]];
  expectWhole('SpaceToBatchND', 'blockShape', blockShape, 1);
  const block = product(blockShape);
  const rest = x.shape.length - 1 - blockShape.length;
  const paddings = [[0, 0], ...attrs.paddings, ...Array.from({ length: rest }, () => [0, 0])];
  const padded = padV2(backend, { x }, { paddings, constantValue: 0 }) as TensorInfo;
  const shape = backend_util.getReshaped(padded.shape, blockShape, block, false);
  const perm = backend_util.getPermuted(shape.length, blockShape.length, false);
  const y = transpose(backend, { x: seenAs(padded, shape) }, { perm }) as TensorInfo;
  backend.drop(padded);
  return seenAs(y, backend_util.getReshapedPermuted(padded.shape, blockShape, block, false));
};

const batchToSpace: Kernel = (backend, { x }, attrs) => {
  const blockShape = [...attrs.blockShape as number[]];
  expectWhole('BatchToSpaceND', 'blockShape', blockShape, 1);
  const block = product(blockShape);
  const shape = backend_util.getReshaped(x.shape, blockShape, block);
  const perm = backend_util.getPermuted(shape.length, blockShape.length);
  const whole = transpose(backend, { x: seenAs(x, shape) }, { perm }) as TensorInfo;
  const flat = backend_util.getReshapedPermuted(x.shape, blockShape, block);
  const begin = backend_util.getSliceBeginCoords(attrs.crops, blockShape.length);
  const size = backend_util.getSliceSize(flat, attrs.crops, blockShape.length);
  const y = slice(backend, { x: seenAs(whole, flat) }, { begin, size });
  backend.drop(whole);
  return y;
};

export { batchToSpace as BatchToSpaceND, depthToSpace as DepthToSpace, spaceToBatch as SpaceToBatchND };
