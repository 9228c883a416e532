/* SPDX-License-Identifier: MIT */
/* The C++ program that reads digits, natively and as WebAssembly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programs, run } from './support.mjs';

const DIGITS = '0123456789314159265358979323846264338327950288419716939937510';
const told = {}; // of each program, with the same noise

for (const [label, command, first, tier] of programs('digits')) {
  const read = (...args) => run(command, [...first, ...args]);

  test(`${label}: reads what it has drawn`, () => {
    for (const noise of ['0', '0.3', '0.6', '1']) {
      const { status, stdout, stderr } = read(DIGITS, noise);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      const [, sure] = new RegExp(`^tier ${tier} reads ${DIGITS}, at least ([\\d.]+) sure\\n$`).exec(stdout)
        ?? assert.fail(`with noise ${noise}: ${stdout}`);
      assert.ok(sure > 0.6 && sure <= 1);
      (told[label] ??= []).push(sure);
    }
  });

  test(`${label}: draws a few, and is lost in too much noise`, () => {
    const { stdout } = read('273', '0');
    assert.match(stdout, /@@@@[^]*tier \w+ reads 273, /);
    assert.ok(!read(DIGITS, '9').stdout.includes(`reads ${DIGITS},`));
  });

  test(`${label}: refuses what are no digits`, () => {
    for (const args of [[], [''], ['12a'], ['1'.repeat(1001)]]) {
      const { status, stdout, stderr } = read(...args);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, /^usage: digits DIGITS/);
    }
  });
}

test('native and simd128 are equally sure', () => {
  assert.deepEqual(told.native, told['wasm, simd128']);
});
