/* SPDX-License-Identifier: MIT */
/* The catalogue has all kernels, and its rows say what they must. precision.test.mjs holds the kernels to them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { kernelNames } from 'lanewise/backend';
import { catalogue, families } from './catalogue.mjs';
import { size } from './support.mjs';

test('every kernel has its row, and every row its kernel', () => {
  const rows = Object.values(families).flatMap(family => Object.keys(family));
  assert.equal(new Set(rows).size, rows.length, 'a kernel has rows in two files');
  assert.deepEqual(kernelNames.filter(name => !catalogue[name]), [], 'kernels without a row');
  assert.deepEqual(rows.filter(name => !kernelNames.includes(name)), [], 'rows without a kernel');
});

test('rows are complete', () => {
  for (const [name, entry] of Object.entries(catalogue)) {
    for (const [dtype, row] of Object.entries(entry)) {
      const what = `${name}, ${dtype}`;
      assert.ok(['float32', 'int32', 'bool', 'complex64', 'string'].includes(dtype), what);
      if (row.elsewhere) {
        assert.ok(row.reason, what);
        continue;
      }
      assert.ok(row.cases.length > 0, `${what}: no cases`);
      for (const { inputs } of row.cases) {
        for (const x of Object.values(inputs).flat()) assert.ok(!x || size(x.shape) <= 20000, `${what}: large`);
      }
      for (const exact of [row.exact, row.relaxed ?? 'bits']) {
        assert.ok(exact === 'bits' || exact.ulp > 0 || exact.reason, `${what}: exact is ${JSON.stringify(exact)}`);
      }
      for (const { reason, where } of row.except ?? []) assert.ok(reason && where, `${what}: an exception`);
    }
  }
});
