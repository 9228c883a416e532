/* SPDX-License-Identifier: MIT */
/* Convolutions of volumes and their gradients. */
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { Conv3d } from '../runtime/kernels.js';
import type { BackendWasm, Plan } from './backend.js';
import { toFloat } from './elementwise.js';
import { asFloat, filterGradientOf, fitGradient, zeros } from './gradients.js';
import { ANY, expect, expectRank, expectWhole, product, shapeOf, type Attrs, type Kernel } from './kernel.js';
import { Cast, padV2, slice } from './movement.js';
import { windowOf } from './window.js';

type Shape5D = [number, number, number, number, number];

interface Volume {
  readonly op: Conv3d;
  readonly outShape: Shape5D;
  /** What is left out at the beginning of each dimension of the input, and of its gradient. */
  readonly left: number[];
}

function expectVolume(op: string, argument: string, x: TensorInfo): void {
  expect(op, argument, x, ANY);
  expectRank(op, argument, x, 5);
}

function volumeOf(backend: BackendWasm, op: string, inputShape: number[], filterShape: number[], attrs: Attrs,
  dilations: number | [number, number, number]): Volume {
  if (inputShape[4] !== filterShape[3]) {
    throw new LanewiseError(`${op}: the filter [${filterShape}] takes ${filterShape[3]} channels, the input has ` +
      `${inputShape[4]}`);
  }
  const info = backend_util.computeConv3DInfo(inputShape as Shape5D, filterShape as Shape5D, attrs.strides,
    dilations, attrs.pad);
  expectWhole(op, 'strides', [info.strideDepth], 1);
  expectWhole(op, 'dilations', [info.dilationDepth], 1);
  // Where strides are longer than the filter, TensorFlow.js makes the padding in front less than nothing.
  const { front, top, left } = info.padInfo;
  expectWhole(op, 'pad', [front, top, left]);
  const cut = [0, Math.max(0, -front), Math.max(0, -top), Math.max(0, -left), 0];
  const inside = {
    ...info, inHeight: info.inHeight - cut[2], inWidth: info.inWidth - cut[3],
    padInfo: { ...info.padInfo, top: Math.max(0, top), left: Math.max(0, left) },
  };
  return {
    op: {
      batch: info.batchSize, inputDepth: info.inDepth - cut[1], inputHeight: inside.inHeight,
      inputWidth: inside.inWidth, inputChannels: info.inChannels, outputDepth: info.outDepth,
      outputChannels: info.outChannels, groups: 1, kernelDepth: info.filterDepth, strideDepth: info.strideDepth,
      dilationDepth: info.dilationDepth, padFront: Math.max(0, front),
      window: windowOf(op, inside as unknown as backend_util.Conv2DInfo), winograd: backend.winograd,
    },
    outShape: info.outShape,
    left: cut,
  };
}

/** The part of a volume that the window may see: itself, or a copy, which the caller gives back with `drop`. */
function partSeen(backend: BackendWasm, x: TensorInfo, left: number[]): TensorInfo {
  if (left.every(n => n === 0)) return x;
  return slice(backend, { x }, { begin: left, size: x.shape.map((n, i) => n - left[i]) }) as TensorInfo;
}

interface VolumePlan extends Plan {
  readonly volume: Volume;
  /** All that it was made for. */
  readonly key: string;
}

const conv3d: Kernel = (backend, { x, filter }, attrs) => {
  const op = 'Conv3D';
  expectVolume(op, 'x', x);
  expectVolume(op, 'filter', filter);
  const { kernels, heap } = backend;
  const values = asFloat(backend, filter);
  const weights = backend.data(values.dataId);
  const { strides, pad, dilations } = attrs;
  const key = JSON.stringify([x.shape, filter.shape, strides, pad, dilations]);
  const found = weights.plans?.find(plan => plan.kernel === 'conv3d' && (plan as VolumePlan).key === key);
  const plan = found as VolumePlan | undefined ?? makePlan();
  const result = 'left' in plan ? zeros(backend, plan.outShape) : run(plan);
  if (values !== filter) backend.drop(values);
  if (x.dtype === 'float32') return result;
  const y = Cast(backend, { x: result }, { dtype: x.dtype }) as TensorInfo;
  backend.drop(result);
  return y;

  function makePlan(): VolumePlan | Volume {
    const volume = volumeOf(backend, op, x.shape, filter.shape, attrs, dilations ?? 1);
    if (product(x.shape) * product(filter.shape) * product(volume.outShape) === 0) return volume;
    const sizes = kernels.conv3dSizes(volume.op);
    return backend.plan<VolumePlan>(weights, { kernel: 'conv3d', op: volume.op, sizes, volume, key },
      packed => kernels.conv3dPack(volume.op, weights.pointer, packed));
  }

  function run({ volume, sizes, packed }: VolumePlan): TensorInfo {
    const part = partSeen(backend, x, volume.left);
    const input = toFloat(backend, part);
    const y = backend.output([...volume.outShape], 'float32');
    kernels.conv3d(volume.op, input, packed.pointer, heap.scratch(sizes.scratchBytes), backend.pointer(y));
    if (part !== x) backend.drop(part);
    return y;
  }
};

const conv3dInputGradient: Kernel = (backend, { dy, filter }, attrs) => {
  const op = 'Conv3DBackpropInputV2';
  expectVolume(op, 'dy', dy);
  expectVolume(op, 'filter', filter);
  const inputShape = shapeOf(op, 'inputShape', attrs.inputShape, 5);
  const { op: descriptor, outShape, left } = volumeOf(backend, op, inputShape, filter.shape, attrs, 1);
  if (product(inputShape) * product(filter.shape) * product(outShape) === 0) return zeros(backend, inputShape);
  const { kernels, heap } = backend;
  const sizes = kernels.conv3dInputGradientSizes(descriptor);
  const gradient = fitGradient(backend, op, dy, outShape);
  // Weights change with every step of a training: packing is not worth keeping.
  const packed = backend.temporary(sizes.packedBytes);
  kernels.conv3dInputGradientPack(descriptor, toFloat(backend, filter), packed);
  const y = backend.output(inputShape.map((n, i) => n - left[i]), 'float32');
  kernels.conv3dInputGradient(descriptor, backend.pointer(gradient), packed, heap.scratch(sizes.scratchBytes),
    backend.pointer(y));
  if (gradient !== dy) backend.drop(gradient);
  if (left.every(n => n === 0)) return y;
  const whole = padV2(backend, { x: y }, { paddings: left.map(n => [n, 0]), constantValue: 0 }) as TensorInfo;
  backend.drop(y);
  return whole;
};

const conv3dFilterGradient: Kernel = (backend, { x, dy }, attrs) => {
  const op = 'Conv3DBackpropFilterV2';
  expectVolume(op, 'x', x);
  expectVolume(op, 'dy', dy);
  const filterShape = shapeOf(op, 'filterShape', attrs.filterShape, 5);
  const { op: descriptor, outShape, left } = volumeOf(backend, op, x.shape, filterShape, attrs, 1);
  const part = partSeen(backend, x, left);
  const y = filterGradientOf(backend, op, part, dy, filterShape, outShape, descriptor);
  if (part !== x) backend.drop(part);
  return y;
};

export {
  conv3d as Conv3D, conv3dFilterGradient as Conv3DBackpropFilterV2, conv3dInputGradient as Conv3DBackpropInputV2,
};
