/* SPDX-License-Identifier: MIT */
/* The official package's switch: a program that turns SIMD off by its flag gets the tier without SIMD. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { tier } from 'lanewise';

test('WASM_HAS_SIMD_SUPPORT = false before the start chooses scalar', async () => {
  tf.env().set('WASM_HAS_SIMD_SUPPORT', false);
  assert.ok(await tf.setBackend('wasm'));
  assert.equal(tier(), 'scalar');
  assert.deepEqual([...tf.add(tf.tensor1d([1, 2]), 1).dataSync()], [2, 3]);
});
