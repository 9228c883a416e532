/* SPDX-License-Identifier: MIT */
/* The benchmarks run, compare what they time, and refuse options that they don't have. Nothing here is timed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { supports } from 'lanewise/runtime';
import { peerLayer } from '../bench/peers/layer.mjs';
import { findPeers } from '../bench/peers/peers.mjs';

const installed = (name) => existsSync(new URL(`../node_modules/${name}`, import.meta.url));
const peers = [['LiteRT', '@litertjs/core'], ['onnxruntime', 'onnxruntime-web']].filter(([, name]) => installed(name))
  .map(([label]) => label);

const bench = (mode, ...options) => spawnSync(process.execPath,
  [fileURLToPath(new URL(`../bench/${mode}.mjs`, import.meta.url)), ...options], { encoding: 'utf8' });

test('ops times layers on all sides, and finds no wrong result', (t) => {
  if (Number(process.versions.node.split('.')[0]) < 26) return t.skip('the peaks need relaxed SIMD');
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const layers = ['28² 96→2', 'depthwise 3x3 s2 14', 'transposed 2x2', 'global average', '14²x240 by channel',
      'matmul 1x1024x1001', 'softmax 1x', 'bilinear 2x 64²x3', 'batch norm 7', 'layer norm in', 'top 5', 'every other'];
    const run = bench('ops', '--filter', layers.join('|'), '--rounds', '1', '--warm-up', '10', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { results, peaks, smallest, notes } = JSON.parse(readFileSync(join(out, 'ops.json'), 'utf8'));
    assert.deepEqual(notes.filter((note) => !/is left out/.test(note)), []);
    assert.equal(results.length, layers.length);
    for (const { name, sides } of [smallest, ...results]) {
      // What is one call of the C API is timed by itself too.
      assert.ok(!/conv|softmax/.test(name) || sides['relaxed C'] && sides['simd128 C'], name);
      assert.deepEqual(Object.keys(sides).filter((label) => !/ C$/.test(label)).sort(),
        [...peers, 'official', 'relaxed tfjs', 'simd128 tfjs'].sort(), name);
      for (const [label, side] of Object.entries(sides)) {
        assert.ok(side.min > 0 && side.min <= side.median && side.median <= side.max, `${name}, ${label}`);
        assert.equal(side.wrong, false, `${name}, ${label}`);
        assert.equal(side.complete, !(label === 'LiteRT' && /top|every/.test(name)), `${name}, ${label}`);
      }
    }
    assert.ok(peaks.madd > 0 && peaks.mulAdd > 0 && peaks.read.length === 5 && peaks.copy.length === 5);
    assert.match(readFileSync(join(out, 'ops.svg'), 'utf8'), /^<svg [^]*softmax 1x1001[^]*<\/svg>\n$/);
    assert.match(readFileSync(join(out, 'ops.md'), 'utf8'), /\| softmax 1x1001 \|/);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('ops --threads compares all threads with one', () => {
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('ops', '--threads', '--filter', 'add 28|conv 3x3 14² 32|layer norm in', '--rounds', '3',
      '--warm-up', '20', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { results, threads } = JSON.parse(readFileSync(join(out, 'ops-threads.json'), 'utf8'));
    assert.equal(threads, Math.max(2, availableParallelism()));
    assert.deepEqual(results.map(({ call }) => call), ['C', 'tfjs', 'C']);
    for (const { name, lost, jobs, sides } of results) {
      const { 1: one, [threads]: all } = sides;
      for (const { min, median, max } of [one, all]) assert.ok(min > 0 && min <= median && median <= max, name);
      assert.ok(jobs >= 0 && jobs < 20, name);
      assert.equal(lost, all.median - one.median / threads);
    }
    assert.match(run.stdout, /\nOverhead of a job: [\d.–-]+ µs, the median of lost/);
    assert.match(readFileSync(join(out, 'ops-threads.md'), 'utf8'), /\| layer norm in parts 196x768\* \|/);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('a library whose output differs takes no part', async (t) => {
  if (!supports('relaxed')) return t.skip('LiteRT is compared in relaxed SIMD');
  await tf.setBackend('cpu');
  const run = (_, { x, bias }) => tf.maxPool(tf.add(x, bias), 2, 1, 'same');
  const layer = { inputs: { x: [1, 3, 4, 2], bias: [2] }, run };
  const values = { x: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)), bias: Float32Array.of(1, -2) };
  const y = layer.run(tf, { x: tf.tensor(values.x, layer.inputs.x), bias: tf.tensor(values.bias) });
  const expected = y.dataSync(), { peers: found, notes } = await findPeers();
  assert.deepEqual(found.map(({ label }) => label), peers);
  assert.equal(notes.length, 2 - peers.length);
  for (const peer of found) {
    const side = await peerLayer(peer, layer, values, expected);
    side.dispose();
    for (const i of [0, 7, 23]) {
      const other = Float32Array.from(expected);
      other[i] += 0.01;
      await assert.rejects(peerLayer(peer, layer, values, other), /its output differs/);
    }
  }
});

test('models times other libraries only with outputs that agree', (t) => {
  if (!supports('relaxed')) return t.skip('LiteRT is compared in relaxed SIMD');
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('models', '--filter', 'blazeface-front', '--rounds', '1', '--warm-up', '0', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { report, notes } = JSON.parse(readFileSync(join(out, 'models.json'), 'utf8'));
    assert.deepEqual(notes.filter((note) => !/is left out/.test(note)), []);
    assert.deepEqual(report.map(({ backend }) => backend),
      ['Lanewise relaxed', 'Lanewise simd128', ...peers, 'official wasm']);
    for (const { backend, min, median, max } of report) assert.ok(min > 0 && min <= median && median <= max, backend);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('models --threads compares all threads with one, on both sides', () => {
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('models', '--threads', '--busy', '--filter', 'blazeface-front', '--rounds', '1', '--warm-up', '0',
      '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { report } = JSON.parse(readFileSync(join(out, 'threads-busy.json'), 'utf8'));
    const most = Math.max(2, availableParallelism()), counts = Array.from({ length: most - 1 }, (_, i) => i + 2);
    assert.deepEqual(report.map(({ backend }) => backend.replace(/^Lanewise \w+/, 'ours')),
      ['ours, 1 thread', ...counts.map((count) => `ours, ${count} threads`), 'official wasm, 1 thread',
        `official wasm, ${Math.min(most, 8)} threads`]);
    for (const { backend, min, median, max } of report) assert.ok(min > 0 && min <= median && median <= max, backend);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('models --cold starts each library in processes of its own', (t) => {
  if (!supports('relaxed')) return t.skip('LiteRT is compared in relaxed SIMD');
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('models', '--cold', '--filter', 'blazeface-front', '--rounds', '1', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { report, notes } = JSON.parse(readFileSync(join(out, 'cold.json'), 'utf8'));
    assert.deepEqual(notes.filter((note) => !/is left out/.test(note)), []);
    assert.deepEqual(report.map(({ backend }) => backend), ['Lanewise', 'official', ...peers]);
    for (const { backend, total, first } of report) {
      assert.ok(first.min > 0 && first.median < total.median && total.median <= total.max, backend);
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('sizes are those of the files', () => {
  const out = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  try {
    const run = bench('sizes', '--out', out);
    assert.equal(run.status, 0, run.stderr);
    const { sizes } = JSON.parse(readFileSync(join(out, 'sizes.json'), 'utf8'));
    assert.deepEqual(sizes.map(({ label }) => label.split(',')[0]), ['Lanewise', 'Lanewise', 'Lanewise',
      'official backend', 'official backend', 'TensorFlow.js core and converter', ...peers.map((label) => (
        label === 'LiteRT' ? label : 'onnxruntime-web'))]);
    const file = statSync(new URL('../dist/lanewise-relaxed.wasm', import.meta.url));
    assert.equal(sizes[0].wasm.raw, file.size);
    for (const { label, wasm, js } of sizes) {
      assert.ok(!wasm || (wasm.gzip > 20000 && wasm.gzip < wasm.raw), label);
      assert.ok(js.gzip > 5000 && js.gzip < js.raw, label);
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('options that are not there are refused', () => {
  for (const [mode, option, value, message] of [
    ['ops', '--filter', 'no such layer', /no layer matches/],
    ['ops', '--rounds', '0', /--rounds 0: expected 1 or more/],
    ['ops', '--warm-up', 'x', /--warm-up x: expected milliseconds/],
    ['ops', '--fast', '1', /Unknown option '--fast'/], ['models', '--filter', 'no such', /no model's name matches/],
    ['models', '--rounds', 'x', /--rounds x: expected 1 or more/], ['models', '--fast', '1', /Unknown option '--fast'/],
    ['sizes', '--fast', '1', /Unknown option '--fast'/],
    ['models', '--busy', undefined, /--busy: it goes with --threads/],
    ['models', '--browser', undefined, /--browser: it goes with --threads/],
    ['models', '--warm-up', 'x', /--warm-up x: expected milliseconds/],
  ]) {
    const run = bench(mode, option, ...(value ? [value] : []));
    assert.equal(run.status, 1);
    assert.match(run.stderr, message);
  }
});
