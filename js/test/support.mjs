/* SPDX-License-Identifier: MIT */
/* What the tests share: backends for every tier, repeatable random numbers, comparisons. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { registerBackend } from 'lanewise/backend';
import { supports, TIERS } from 'lanewise/runtime';

/** The tiers that this engine can run, slowest first, each registered as `lanewise-<tier>`. */
export const tiers = TIERS.filter(supports);
for (const tier of tiers) assert.ok(registerBackend(`lanewise-${tier}`, { tier }));

/** Numbers that are the same in every run: xorshift32 over the whole range, mapped to [-1, 1). */
export function randoms(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
  return {
    next,
    integer: (low, high) => low + Math.floor((next() + 1) / 2 * (high - low + 1)),
    float: shape => tf.tensor(Float32Array.from({ length: size(shape) }, next), shape, 'float32'),
    int: (shape, low = -100, high = 100) =>
      tf.tensor(Int32Array.from({ length: size(shape) }, () => low + Math.floor((next() + 1) / 2 * (high - low + 1))),
        shape, 'int32'),
    bool: shape => tf.tensor(Uint8Array.from({ length: size(shape) }, () => next() > 0), shape, 'bool'),
  };
}

export const size = shape => shape.reduce((product, n) => product * n, 1);

/**
 * Runs `make` on a backend, with its own inputs from the same random numbers, and returns the outputs' shapes, dtypes
 * and elements.
 */
export async function run(backend, make, seed = 1) {
  assert.ok(await tf.setBackend(backend), `${backend} starts`);
  const tensors = [];
  tf.tidy(() => {
    const made = make(randoms(seed));
    for (const tensor of Array.isArray(made) ? made : [made]) {
      tensors.push({ shape: tensor.shape, dtype: tensor.dtype, values: tensor.dataSync() });
    }
  });
  return tensors;
}

/** Asserts that shapes and dtypes agree and that no element is further than `tolerance` from the reference. */
export function assertClose(found, reference, tolerance, message) {
  assert.equal(found.length, reference.length, `${message}: number of outputs`);
  found.forEach(({ shape, dtype, values }, n) => {
    const expected = reference[n];
    assert.deepEqual(shape, expected.shape, `${message}: shape of output ${n}`);
    assert.equal(dtype, expected.dtype, `${message}: dtype of output ${n}`);
    assert.equal(values.length, expected.values.length, `${message}: length of output ${n}`);
    for (let i = 0; i < values.length; i++) {
      const a = values[i], b = expected.values[i];
      const same = Object.is(a, b) || a === b || (dtype === 'float32' && Math.abs(a - b) <= tolerance);
      if (!same) assert.fail(`${message}: element ${i} of output ${n} is ${a}, expected ${b} (tolerance ${tolerance})`);
    }
  });
}

/** Asserts that the elements have the same bits; NaN is NaN, whatever its payload. */
export function assertSameBits(found, reference, message) {
  found.forEach(({ values }, n) => {
    const expected = reference[n].values;
    for (let i = 0; i < values.length; i++) {
      if (!Object.is(values[i], expected[i])) {
        assert.fail(`${message}: element ${i} of output ${n} is ${values[i]} in one tier, ${expected[i]} in the other`);
      }
    }
  });
}

const U = 2 ** -24;
/** The bound of sums of k products of numbers in [-1, 1]: gamma_k times the sum of the magnitudes, about k / 4. */
export const sum = k => Math.max(1, k) * U * (k / 2 + 2);
/** A few units in the last place of numbers up to `scale`. */
export const ulps = (n, scale = 1) => n * 2 * U * scale;

/**
 * A test that `make` gives on every tier what `reference`, by default the same, gives on the cpu backend, and scalar and
 * simd128 the same bits.
 */
export function testTiers(name, tolerance, make, reference = make) {
  test(name, async () => {
    const expected = await run('cpu', reference);
    const results = {};
    for (const tier of tiers) {
      results[tier] = await run(`lanewise-${tier}`, make);
      assertClose(results[tier], expected, tolerance, tier);
    }
    if (results.simd128) assertSameBits(results.simd128, results.scalar, 'simd128 and scalar');
  });
}
