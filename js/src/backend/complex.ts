/* SPDX-License-Identifier: MIT */
/* Complex numbers, which lie in memory as pairs of floats, and Fourier transforms. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from './backend.js';
import { toFloat } from './elementwise.js';
import { ANY, expect, expectShape, product, type Kernel } from './kernel.js';

const COMPLEX = ['complex64'] as const;

/** Copies floats that lie `fromStep` apart to every `toStep`-th place. */
function spread(backend: BackendWasm, count: number, from: number, fromStep: number, to: number, toStep: number): void {
  if (count) backend.kernels.copy(4, [count], [fromStep], [toStep], from, to);
}

/** A complex tensor of real parts; the imaginary parts are zeros. */
export function complexOf(backend: BackendWasm, shape: number[], real: number): TensorInfo {
  const y = backend.output(shape.slice(), 'complex64');
  const count = product(shape), to = backend.pointer(y);
  spread(backend, count, real, 1, to, 2);
  spread(backend, count, backend.zero, 0, to + 4, 2);
  return y;
}

/** The real (0) or imaginary (1) parts of a complex tensor. */
export function partOf(backend: BackendWasm, x: TensorInfo, part: 0 | 1): TensorInfo {
  const from = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'float32');
  spread(backend, product(x.shape), from + 4 * part, 2, backend.pointer(y), 1);
  return y;
}

const complex: Kernel = (backend, { real, imag }) => {
  expect('Complex', 'real', real, ANY);
  expect('Complex', 'imag', imag, ANY);
  expectShape('Complex', 'imag', imag, real.shape);
  const from = toFloat(backend, real), other = toFloat(backend, imag);
  const y = backend.output(real.shape.slice(), 'complex64');
  const count = product(real.shape), to = backend.pointer(y);
  spread(backend, count, from, 1, to, 2);
  spread(backend, count, other, 1, to + 4, 2);
  return y;
};

const part = (op: string, which: 0 | 1): Kernel => (backend, { input }) => {
  expect(op, 'input', input, COMPLEX);
  return partOf(backend, input, which);
};

const complexAbs: Kernel = (backend, { x }) => {
  expect('ComplexAbs', 'x', x, COMPLEX);
  const input = backend.pointer(x);
  const y = backend.output(x.shape.slice(), 'float32');
  backend.kernels.complexAbs(product(x.shape), input, backend.pointer(y));
  return y;
};

/** The transform of the last dimension. */
const fourier = (op: string, inverse: boolean): Kernel => (backend, { input }) => {
  expect(op, 'input', input, COMPLEX);
  const { kernels, heap } = backend;
  const from = backend.pointer(input);
  const y = backend.output(input.shape.slice(), 'complex64');
  const size = product(input.shape);
  if (size === 0) return y;
  const length = input.shape.length ? input.shape[input.shape.length - 1] : 1;
  const transform = { batch: size / length, length, inverse };
  const sizes = kernels.fftSizes(transform);
  const scratch = heap.scratch(sizes.scratchBytes);
  const table = backend.table(length, sizes.packedBytes, to => kernels.fftPack(transform, scratch, to));
  kernels.fft(transform, from, table, scratch, backend.pointer(y));
  return y;
};

export const Real = /* @__PURE__ */ part('Real', 0);
export const Imag = /* @__PURE__ */ part('Imag', 1);
export const FFT = /* @__PURE__ */ fourier('FFT', false);
export const IFFT = /* @__PURE__ */ fourier('IFFT', true);
export { complex as Complex, complexAbs as ComplexAbs };
