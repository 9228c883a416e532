/* SPDX-License-Identifier: MIT */
import { edges, random } from '../values.mjs';

const ANY = ['float32', 'int32', 'bool'];
const SHAPES = [
  // Batch dimensions of a and of b, then m, k, n. cpu takes none where each has dimensions that the other repeats.
  [[], [], 3, 4, 5], [[2], [2], 3, 4, 5], [[2], [], 3, 4, 5], [[], [3], 2, 5, 1],
  [[2, 3], [3], 1, 4, 2], [[1], [4], 5, 2, 3], [[], [], 1, 1, 1], [[], [], 17, 60, 9], [[0], [0], 2, 3, 4],
  [[], [], 0, 3, 4], [[], [], 2, 0, 4],
];

function products(dtype, low, high) {
  const cases = [];
  for (const [i, [outerA, outerB, m, k, n]] of SHAPES.entries()) {
    for (const [transposeA, transposeB] of [[false, false], [false, true], [true, false], [true, true]]) {
      cases.push({
        inputs: {
          a: random(dtype, [...outerA, ...transposeA ? [k, m] : [m, k]], i, low, high),
          b: random(dtype, [...outerB, ...transposeB ? [n, k] : [k, n]], i + 20, low, high),
        },
        attrs: { transposeA, transposeB },
      });
    }
  }
  return cases;
}

const mixed = (dtype, other) => ({
  inputs: { a: random(dtype, [3, 4], 1, -9, 9), b: random(other, [4, 2], 2, -9, 9) },
  attrs: { transposeA: false, transposeB: false },
});

const SUMS = {
  absolute: 2e-5, relative: 1e-6, reason: 'sums of up to 60 products in float32; cpu sums in float64, 48 at a time',
};
const special = { inputs: { a: edges('float32', [22, 4], 0, 3), b: random('float32', [4, 3]) }, attrs: {} };

export const BatchMatMul = {
  float32: { cases: [...products('float32'), mixed('float32', 'int32'), mixed('float32', 'bool')], exact: SUMS },
  int32: {
    cases: [...products('int32'), ...products('int32', -40000, 40000), mixed('int32', 'float32'),
      mixed('int32', 'bool')],
    exact: 'bits',
  },
  bool: { cases: [...products('bool'), mixed('bool', 'int32')], exact: 'bits' },
};

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'];
const BIASES = [undefined, [], [1], [5], [3, 1], [3, 5], [1, 5]];

function fused(dtype) {
  const cases = [];
  for (const outer of [[], [2]]) {
    for (const activation of ACTIVATIONS) {
      for (const bias of [...BIASES, ...outer.length ? [[2, 3, 5], [2, 1, 5]] : []]) {
        const inputs = { a: random(dtype, [...outer, 3, 4], 1, -3, 3), b: random(dtype, [...outer, 4, 5], 2, -3, 3) };
        if (bias) inputs.bias = random(dtype, bias, 3, -3, 3);
        if (activation === 'prelu') inputs.preluActivationWeights = random(dtype, bias ?? [5], 4);
        cases.push({ inputs, attrs: { transposeA: false, transposeB: false, activation, leakyreluAlpha: 0.25 } });
      }
    }
  }
  return cases;
}

export const _FusedMatMul = Object.fromEntries(ANY.map(dtype => [dtype, { cases: fused(dtype), exact: SUMS }]));
// Sums of bools may be more than 1, which cpu lets the activations that have a result of float32 see.
_FusedMatMul.bool.cases = _FusedMatMul.bool.cases.filter(({ attrs }) => !/prelu|leaky/.test(attrs.activation));
_FusedMatMul.float32.cases.push({
  inputs: { a: random('float32', [3, 4]), b: random('float32', [4, 5]), bias: random('int32', [5]) },
  attrs: { activation: 'relu' },
});
BatchMatMul.float32.cases.push(special);
