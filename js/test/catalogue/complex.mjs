/* SPDX-License-Identifier: MIT */
import { edges, line, random } from '../values.mjs';

const SHAPES = [[], [7], [2, 3, 5], [0, 4], [1, 1, 9]];
const single = (name, dtype, more = []) => [...more, ...SHAPES.map((shape, i) => random(dtype, shape, i, -8, 8))]
  .map(x => ({ inputs: { [name]: x } }));

export const Complex = {
  float32: {
    cases: [
      { inputs: { real: line('float32'), imag: edges('float32', line('float32').shape, 5, 3) } },
      ...SHAPES.map(shape => ({ inputs: { real: random('float32', shape, 1), imag: random('float32', shape, 2) } })),
    ],
    exact: 'bits',
  },
};
const parts = { complex64: { cases: single('input', 'complex64', [edges('complex64', [60], 0, 7)]), exact: 'bits' } };
export const Real = parts;
export const Imag = parts;

export const ComplexAbs = {
  complex64: {
    // Every pair of edges, and random numbers.
    cases: single('x', 'complex64', [edges('complex64', [4000], 0, 37), edges('complex64', [89], 0, 1)]),
    exact: { ulp: 1 },
  },
};

const lengths = [1, 2, 4, 8, 64, 256, 3, 5, 6, 7, 9, 12, 15, 30, 31, 37, 74, 100, 101, 256];
const fourier = {
  complex64: {
    cases: [[3], [1], [0, 4], [2, 3, 8], ...lengths.map(n => [2, n])]
      .map((shape, i) => ({ inputs: { input: random('complex64', shape, i) } })),
    exact: { absolute: 2e-5, reason: 'cpu rounds to float32 at every step where the length is a power of 2' },
  },
};
export const FFT = fourier;
export const IFFT = fourier;
