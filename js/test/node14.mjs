/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher's tests on an engine without SIMD and without a test runner: run with Node 14. The scalar tier must be
 * chosen, and the package must load as ES module and as CommonJS.
 */
import { strict as assert } from 'assert';
import { createRequire } from 'module';
import { tests } from './dispatch.mjs';

const require = createRequire(import.meta.url);
const all = {
  ...tests,
  async 'CommonJS, too, chooses the scalar tier'() {
    const { load } = require('lanewise/runtime');
    const lw = await load();
    assert.equal(lw.tier, 'scalar');
    assert.deepEqual([...lw.unary('relu', lw.tensor([-1, 2], [2])).data()], [0, 2]);
  },
  async 'the TensorFlow.js backend runs'() {
    const tf = require('@tensorflow/tfjs-core');
    const { tier } = require('lanewise');
    assert.ok(await tf.setBackend('wasm'));
    assert.equal(tier(), 'scalar');
    assert.equal(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'), false);
    assert.deepEqual([...tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync()], [4, 6]);
  },
};

let passed = 0, failed = 0;
(async () => {
  for (const [name, body] of Object.entries(all)) {
    try {
      await body();
      passed++;
      console.log(`ok - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok - ${name}\n${error.stack}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed || !passed ? 1 : 0;
})();
