/* SPDX-License-Identifier: MIT */
/*
 * Tensors as JavaScript's arrays, for kernels that compute no numbers: ragged and sparse bookkeeping, and strings.
 *
 * Strings never enter the module's memory: kernels that move or compare elements work on numbers that stand for them.
 */
import { util, type DataType, type TensorInfo, type TypedArray } from '@tensorflow/tfjs-core';
import { LanewiseError } from '../runtime/errors.js';
import type { Pointer } from '../runtime/kernels.js';
import { MOST_STRINGS, type BackendWasm } from './backend.js';
import { product, type Inputs } from './kernel.js';

/** A copy of a tensor's elements, which outlasts any allocation. */
export const numbersOf = (backend: BackendWasm, x: TensorInfo): TypedArray => backend.readSync(x.dataId) as TypedArray;

/** The elements of a dtype at an address: a view that is good until something is allocated. */
export function elementsAt({ heap }: BackendWasm, dtype: DataType, at: Pointer, count: number): TypedArray {
  if (dtype === 'bool') return heap.u8.subarray(at, at + count);
  return (dtype === 'int32' ? heap.i32 : heap.f32).subarray(at >>> 2, (at >>> 2) + count);
}

/** The strings of a tensor, encoded; not to be changed. */
export const stringsOf = (backend: BackendWasm, x: TensorInfo): Uint8Array[] => backend.data(x.dataId).strings!;

/** TensorFlow.js's shared code works with arrays of its own, which end the program where they get too large. */
export function expectSize(op: string, what: string, count: number): void {
  if (count <= MOST_STRINGS) return;
  throw new LanewiseError(`${op}: ${what} would have ${count} elements; up to ${MOST_STRINGS} are possible`);
}

/** A new tensor of given elements, as `numbersOf` or `stringsOf` return them. */
export function tensorOf(backend: BackendWasm, values: ArrayLike<number> | Uint8Array[], shape: number[],
  dtype: DataType): TensorInfo {
  if (values.length !== product(shape)) {
    throw new LanewiseError(`${values.length} values can't make a tensor of shape [${shape}]`);
  }
  const y = backend.output(shape, dtype);
  if (dtype === 'string') backend.data(y.dataId).strings = values as Uint8Array[];
  else {
    elementsAt(backend, dtype, backend.pointer(y), values.length).set(values as ArrayLike<number>);
  }
  return y;
}

/** Gives `run` the inputs with an int32 tensor of `number`'s results in place of each tensor of strings. */
function numbered<T>(backend: BackendWasm, inputs: Inputs, number: (text: Uint8Array) => number,
  run: (inputs: Inputs) => T): T {
  const replaced: Inputs = {}, made: TensorInfo[] = [];
  for (const [name, x] of Object.entries(inputs)) {
    replaced[name] = x;
    if (x.dtype !== 'string') continue;
    const numbers = stringsOf(backend, x).map(number);
    made.push(replaced[name] = tensorOf(backend, numbers, x.shape, 'int32'));
  }
  const result = run(replaced);
  for (const x of made) backend.drop(x);
  return result;
}

/**
 * Runs what only moves elements with a number in place of each string, and puts the strings into its outputs. `extra`
 * is a string that is no input: its number is given to `run` too.
 */
export function moveStrings<T extends TensorInfo | TensorInfo[]>(backend: BackendWasm, inputs: Inputs,
  run: (inputs: Inputs, extra: number) => T, extra = ''): T {
  const all = [util.encodeString(extra)];
  return numbered(backend, inputs, text => all.push(text) - 1, moved => {
    const restore = (y: TensorInfo): TensorInfo => {
      const moved = backend.output(y.shape, 'string');
      backend.data(moved.dataId).strings = Array.from(numbersOf(backend, y), at => all[at]);
      backend.drop(y);
      return moved;
    };
    const outputs = run(moved, 0);
    return (Array.isArray(outputs) ? outputs.map(restore) : restore(outputs)) as T;
  });
}

/** Runs what compares elements with each string's rank, in JavaScript's order, in place of the string. */
export function rankStrings<T>(backend: BackendWasm, inputs: Inputs, run: (inputs: Inputs) => T): T {
  const all = new Set<string>();
  for (const x of Object.values(inputs)) {
    if (x.dtype === 'string') for (const text of stringsOf(backend, x)) all.add(util.decodeString(text));
  }
  const ranks = new Map([...all].sort().map((text, rank) => [text, rank]));
  return numbered(backend, inputs, text => ranks.get(util.decodeString(text))!, run);
}
