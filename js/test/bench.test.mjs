/* SPDX-License-Identifier: MIT */
/* The benchmarks run, compare what they time, and refuse options that they don't have. Nothing here is timed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { supports } from 'lanewise/runtime';

const bench = (mode, ...options) => spawnSync(process.execPath,
  [fileURLToPath(new URL(`../bench/${mode}.mjs`, import.meta.url)), ...options], { encoding: 'utf8' });

test('ops times a layer on both sides, and finds no wrong result', (t) => {
  if (Number(process.versions.node.split('.')[0]) < 26) return t.skip('the peaks need relaxed SIMD');
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('ops', '--filter', '28² 96→2|softmax 1x', '--rounds', '1', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { results, peaks } = JSON.parse(readFileSync(join(out, 'ops.json'), 'utf8'));
    assert.equal(results.length, 2);
    for (const { name, sides } of results) {
      assert.deepEqual(Object.keys(sides).sort(),
        ['official', 'relaxed C', 'relaxed tfjs', 'simd128 C', 'simd128 tfjs'], name);
      for (const [label, side] of Object.entries(sides)) {
        assert.ok(side.min > 0 && side.min <= side.median && side.median <= side.max, `${name}, ${label}`);
        assert.equal(side.wrong, false, `${name}, ${label}`);
      }
    }
    assert.ok(peaks.madd > 0 && peaks.mulAdd > 0 && peaks.read.length === 5 && peaks.copy.length === 5);
    assert.match(readFileSync(join(out, 'ops.svg'), 'utf8'), /^<svg [^]*softmax 1x1001[^]*<\/svg>\n$/);
    assert.match(readFileSync(join(out, 'ops.md'), 'utf8'), /\| softmax 1x1001 \|/);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('models times LiteRT only with outputs that agree', (t) => {
  if (!supports('relaxed')) return t.skip('LiteRT is compared in relaxed SIMD');
  if (!existsSync(new URL('../node_modules/@litertjs/core', import.meta.url))) return t.skip('LiteRT is not installed');
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('models', '--models', 'blazeface-front', '--rounds', '1', '--warm-up', '0', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { report, notes } = JSON.parse(readFileSync(join(out, 'models.json'), 'utf8'));
    assert.deepEqual(notes, []);
    assert.deepEqual(report.map(({ backend }) => backend),
      ['Lanewise relaxed', 'Lanewise simd128', 'LiteRT', 'official wasm']);
    for (const { backend, min, median, max } of report) assert.ok(min > 0 && min <= median && median <= max, backend);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('options that are not there are refused', () => {
  for (const [mode, option, value, message] of [
    ['ops', '--filter', 'no such layer', /no layer matches/], ['ops', '--rounds', '0', /--rounds 0: expected 1 or more/],
    ['ops', '--fast', '1', /Unknown option '--fast'/], ['models', '--models', 'no such', /no model's name matches/],
    ['models', '--rounds', 'x', /--rounds x: expected 1 or more/], ['models', '--fast', '1', /Unknown option '--fast'/],
    ['models', '--warm-up', 'x', /--warm-up x: expected milliseconds/],
  ]) {
    const run = bench(mode, option, value);
    assert.equal(run.status, 1);
    assert.match(run.stderr, message);
  }
});
