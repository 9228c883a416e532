/* SPDX-License-Identifier: MIT */
/* Tensors as JavaScript's arrays, for kernels that compute no numbers: strings, ragged and sparse bookkeeping. */
import type { DataType, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';
import type { BackendWasm } from './backend.js';

/** A copy of a tensor's elements, which outlasts any allocation. */
export const numbersOf = (backend: BackendWasm, x: TensorInfo): TypedArray => backend.readSync(x.dataId) as TypedArray;

/** The strings of a tensor, encoded; not to be changed. */
export const stringsOf = (backend: BackendWasm, x: TensorInfo): Uint8Array[] => backend.data(x.dataId).strings!;

/** A new tensor of given elements, as `numbersOf` or `stringsOf` return them. */
export function tensorOf(backend: BackendWasm, values: ArrayLike<number> | Uint8Array[], shape: number[],
  dtype: DataType): TensorInfo {
  const y = backend.output(shape, dtype);
  if (dtype === 'string') backend.data(y.dataId).strings = values as Uint8Array[];
  else {
    const at = backend.pointer(y), { heap } = backend, numbers = values as ArrayLike<number>;
    if (dtype === 'bool') heap.u8.set(numbers, at);
    else (dtype === 'int32' ? heap.i32 : heap.f32).set(numbers, at >>> 2);
  }
  return y;
}
