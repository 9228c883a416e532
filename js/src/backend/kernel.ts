/* SPDX-License-Identifier: MIT */
/* What the kernels share: their signature, and checks of their arguments. */
import { util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import * as lw from '../generated/layout.js';
import { LanewiseError } from '../runtime/errors.js';
import type { BackendWasm } from './backend.js';

/** Inputs by name; operators that take any number of tensors have them under 0, 1, ... */
export type Inputs = Record<string, TensorInfo>;
// The attributes' types are each operator's own; TensorFlow.js passes them untyped.
export type Attrs = Record<string, any>;
export type Kernel = (backend: BackendWasm, inputs: Inputs, attrs: Attrs) => TensorInfo | TensorInfo[];

export const FLOAT: readonly DataType[] = ['float32'];
export const NUMBER: readonly DataType[] = ['float32', 'int32'];
export const ANY: readonly DataType[] = ['float32', 'int32', 'bool'];
/** What lies in the module's memory: all but strings. */
export const STORED: readonly DataType[] = ['float32', 'int32', 'bool', 'complex64'];
export const DTYPES: readonly DataType[] = ['float32', 'int32', 'bool', 'complex64', 'string'];
export const STORABLE: readonly DataType[] = ['float32', 'int32', 'bool', 'string'];

/** Throws unless the tensor has one of these dtypes. */
export function expect(op: string, argument: string, x: TensorInfo | undefined, dtypes: readonly DataType[]): void {
  if (!x) throw new LanewiseError(`${op}: argument '${argument}' is missing`);
  if (!dtypes.includes(x.dtype)) {
    throw new LanewiseError(`${op}: argument '${argument}' has dtype ${x.dtype}; expected ${dtypes.join(' or ')}`);
  }
}

/** Throws unless the tensor has this many dimensions. */
export function expectRank(op: string, argument: string, x: TensorInfo, rank: number): void {
  if (x.shape.length !== rank) {
    throw new LanewiseError(`${op}: argument '${argument}' has shape [${x.shape}]; expected ${rank} dimensions`);
  }
}

/** Throws unless the tensor has this shape. */
export function expectShape(op: string, argument: string, x: TensorInfo, shape: readonly number[]): void {
  if (x.shape.length !== shape.length || x.shape.some((n, i) => n !== shape[i])) {
    throw new LanewiseError(`${op}: argument '${argument}' has shape [${x.shape}]; expected [${shape}]`);
  }
}

/** The C API's name of a dtype. */
export function typeOf(dtype: DataType): number {
  return dtype === 'float32' ? lw.LW_FLOAT32 : dtype === 'int32' ? lw.LW_INT32 : lw.LW_BOOL;
}

/** The same elements seen with another shape: for use inside of a kernel only, no reference is counted. */
export const seenAs = (x: TensorInfo, shape: number[]): TensorInfo => ({ dataId: x.dataId, dtype: x.dtype, shape });

/** The strides, in elements, of a dense array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, stride = 1; i >= 0; stride *= shape[i--]) strides[i] = stride;
  return strides;
}

/** The product of shape[from] up to, without, shape[to]. */
export function product(shape: readonly number[], from = 0, to = shape.length): number {
  let result = 1;
  for (let i = from; i < to; i++) result *= shape[i];
  return result;
}

/** Whether a tensor has one value for each channel, the last dimension of another. */
export function perChannel({ shape }: TensorInfo, channels: number): boolean {
  return product(shape) === channels && (shape.length === 0 || shape[shape.length - 1] === channels);
}

/** A pair of numbers where TensorFlow.js takes one number or two. */
export function pair(value: number | readonly number[], index: number): number {
  return typeof value === 'number' ? value : value[index] ?? value[0];
}

/** Throws unless these are whole numbers from `least` to `most`, by default what fits into 32 bits. */
export function expectWhole(op: string, attribute: string, values: readonly number[], least = -(2 ** 31),
  most = 2 ** 31 - 1): void {
  if (values.some(n => !Number.isInteger(n) || n < least || n > most)) {
    throw new LanewiseError(`${op}: attribute '${attribute}' is [${values}]; expected whole numbers from ${least} to ` +
      most);
  }
}

/** Throws unless an attribute has one of these values. */
export function expectOneOf(op: string, attribute: string, value: unknown, values: readonly string[]): void {
  if (values.includes(value as string)) return;
  throw new LanewiseError(`${op}: attribute '${attribute}' is ${value}; expected ${values.join(' or ')}`);
}

/** An attribute that is a shape of this many dimensions. */
export function shapeOf(op: string, attribute: string, shape: readonly number[], rank: number): number[] {
  if (shape?.length !== rank) {
    throw new LanewiseError(`${op}: attribute '${attribute}' is [${shape}]; expected a shape of ${rank} dimensions`);
  }
  expectWhole(op, attribute, shape, 0);
  return [...shape];
}

/** Axes counted from 0, ascending. */
export function axesOf(axis: number | number[] | undefined | null, shape: number[]): number[] {
  const axes = util.parseAxisParam(axis as number[], shape).sort((a, b) => a - b);
  if (axes.some((n, i) => n !== (n | 0) || n === axes[i - 1])) {
    throw new LanewiseError(`the axes are [${axis}]; expected dimensions of [${shape}], none of them twice`);
  }
  return axes;
}

/** One axis, counted from 0. */
export const axisOf = (axis: number, shape: number[]): number => axesOf(axis, shape)[0];

/** The number of elements of a tensor that is to be made. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) {
    if (!Number.isInteger(shape[i]) || shape[i] < 0) {
      throw new LanewiseError(`there can be no tensor of shape [${shape}]: ${shape[i]} is no size`);
    }
    size *= shape[i];
  }
  return size;
}
