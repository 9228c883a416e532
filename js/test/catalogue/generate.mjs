/* SPDX-License-Identifier: MIT */
import { random, tensor } from '../values.mjs';

const ints = (...values) => tensor('int32', [values.length], values);
const sequences = (dtype, all) => all.map(([start, stop, step]) =>
  ({ inputs: {}, attrs: { start, stop, step, dtype } }));

const DRIFT = {
  absolute: 1e-6, relative: 1e-5, reason: 'ours are rounded once; cpu adds the step to a rounded element',
};
export const Range = {
  float32: {
    cases: sequences('float32', [[0, 5, 1], [5, 0, 1], [5, 0, -1], [0, 1, 0.1], [1, 1, 3], [0, 5, -1], [5, 0, 2],
      [3, 1.5, 1], [-1e3, 1e3, 123.45678], [0.1, 0.7, 0.05]]),
    exact: DRIFT,
  },
  int32: {
    cases: sequences('int32', [[0, 5, 1], [5, 0, 1], [-7, 9, 3], [2147483640, 2147483647, 2], [4, 4, 1]]),
    exact: 'bits',
  },
};
export const LinSpace = {
  float32: {
    cases: [[0, 1, 7], [1, 0, 4], [-3, -3, 3], [5, 6, 1], [0.1, 1e6, 50]].map(([start, stop, num]) =>
      ({ inputs: {}, attrs: { start, stop, num } })),
    exact: DRIFT,
  },
};

export const Multinomial = {
  float32: {
    cases: [1, 0.5, 77].flatMap(seed => [
      { inputs: { logits: random('float32', [3, 5], 2, -3, 3) }, attrs: { numSamples: 40, seed, normalized: false } },
      { inputs: { logits: random('float32', [2, 4], 6, 0, 0.5) }, attrs: { numSamples: 40, seed, normalized: true } },
      { inputs: { logits: tensor('float32', [3, 3], [0, 1, 0, NaN, 0, 1, 0.5, 0, 0.5]) },
        attrs: { numSamples: 9, seed, normalized: true } },
      { inputs: { logits: random('float32', [2, 1], 6) }, attrs: { numSamples: 3, seed, normalized: false } },
      { inputs: { logits: random('float32', [2, 4], 6) }, attrs: { numSamples: 0, seed, normalized: false } },
    ]),
    exact: 'bits',
  },
};

export const BroadcastArgs = {
  int32: {
    cases: [[ints(1, 6), ints(3, 1, 1, 1)], [ints(2, 3), ints(2, 3)], [ints(), ints(4)], [ints(0, 1), ints(1, 5)]]
      .map(([s0, s1]) => ({ inputs: { s0, s1 } })),
    exact: 'bits',
  },
};
