/* SPDX-License-Identifier: MIT */
/* The programs on several threads: Lanewise's pool, one of their own, and OpenMP's, natively and by Emscripten. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { built, NODE, run } from './support.mjs';

for (const pool of ['pool', 'own', 'openmp']) {
  const native = built('native', `threads-${pool}`), wasm = built('wasm', `threads-${pool}.js`);
  const programs = [['native', native, []], ...pool === 'openmp' ? [] : [['wasm', NODE, [wasm]]]];
  for (const [label, command, first] of programs) {
    // Some compilers have no OpenMP.
    test(`${label}, ${pool}: any number of threads gives the same bits`, { skip: !existsSync(command) }, () => {
      for (const threads of [2, 3, 4]) {
        const { status, stdout, stderr } = run(command, [...first, String(threads)]);
        assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
        assert.match(stdout, new RegExp(`^1 thread: [\\d.]+ ms\\n${threads} threads: [\\d.]+ ms\\nthe same bits\\n`));
        if (pool === 'pool') assert.match(stdout, new RegExp(`\\n${threads} threads in the pool\\n$`));
      }
    });
  }
}
