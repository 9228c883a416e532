/* SPDX-License-Identifier: MIT */
/* Tensors made of a few numbers: sequences, random draws, shapes. */
import { backend_util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import alea from 'seedrandom/lib/alea.js';
import type { BackendWasm } from './backend.js';
import { expect, expectRank, NUMBER, product, typeOf, type Kernel } from './kernel.js';
import { cast } from './movement.js';
import { Softmax } from './rows.js';
import { numbersOf, tensorOf } from './values.js';

function sequence(backend: BackendWasm, dtype: DataType, start: number, step: number, count: number): TensorInfo {
  expect('Range', 'dtype', { dataId: {}, shape: [], dtype }, NUMBER);
  const y = backend.output([count], dtype);
  backend.kernels.range(typeOf(dtype), start, step, count, backend.pointer(y));
  return y;
}

/** As elsewhere a step of 1 is -1 where the stop lies below the start; other steps of the wrong sign make nothing. */
const range: Kernel = (backend, _, { start, stop, step, dtype }) => {
  const down = stop < start && step === 1;
  const none = start === stop || (!down && stop > start !== step > 0);
  const count = none ? 0 : Math.abs(Math.ceil((stop - start) / step));
  return sequence(backend, dtype ?? 'float32', start, down ? -1 : step, count);
};

const linSpace: Kernel = (backend, _, { start, stop, num }) => {
  const count = Math.floor(num);
  return sequence(backend, 'float32', start, count > 1 ? (stop - start) / (count - 1) : 0, count);
};

/** The largest float that is not above a number from 0 to 1: it is below the same floats. */
function floatBelow(x: number): number {
  const rounded = Math.fround(x);
  return rounded <= x ? rounded : Math.fround(rounded * (1 - 2 ** -24));
}

/** The draws are the cpu backend's for the same seed: each row starts from it. */
const multinomial: Kernel = (backend, { logits: given }, attrs) => {
  expect('Multinomial', 'logits', given, NUMBER);
  expectRank('Multinomial', 'logits', given, 2);
  const { numSamples, seed, normalized } = attrs;
  const [rows, events] = given.shape;
  const logits = given.dtype === 'float32' ? given : cast(backend, { x: given }, { dtype: 'float32' }) as TensorInfo;
  const probabilities = normalized ? logits : Softmax(backend, { logits }, { dim: -1 }) as TensorInfo;
  const from = backend.pointer(probabilities);
  const draws = backend.temporary(4 * numSamples), scratch = backend.temporary(4 * events);
  const y = backend.output([rows, numSamples], 'int32');
  const to = backend.pointer(y);
  const random = alea(String(seed));
  const { f32 } = backend.heap;
  for (let i = 0, at = draws >>> 2; i < numSamples; i++) f32[at + i] = floatBelow(random());
  if (product(y.shape)) backend.kernels.multinomial(rows, events, numSamples, from, draws, scratch, to);
  if (!normalized) backend.drop(probabilities);
  if (logits !== given) backend.drop(logits);
  return y;
};

const broadcastArgs: Kernel = (backend, { s0, s1 }) => {
  expect('BroadcastArgs', 's0', s0, ['int32']);
  expect('BroadcastArgs', 's1', s1, ['int32']);
  const shape = backend_util.assertAndGetBroadcastShape(Array.from(numbersOf(backend, s0)),
    Array.from(numbersOf(backend, s1)));
  return tensorOf(backend, shape, [shape.length], 'int32');
};

export { broadcastArgs as BroadcastArgs, linSpace as LinSpace, multinomial as Multinomial, range as Range };
