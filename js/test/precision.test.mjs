/* SPDX-License-Identifier: MIT */
/* Every kernel of the catalogue, on every tier, against the cpu backend: bit for bit, or as closely as its row says. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { TIERS } from 'lanewise/runtime';
import { catalogue } from './catalogue.mjs';
import { tiers } from './support.mjs';

function make({ dtype, shape, values }) {
  if (dtype !== 'complex64') return tf.tensor(values, shape, dtype);
  const part = which => tf.tensor(values.filter((_, i) => i % 2 === which), shape, 'float32');
  return tf.complex(part(0), part(1));
}

/** The outputs of a kernel on the current backend. It must leave nothing behind, but what the next call of it uses. */
function outputs(name, { inputs, attrs = {} }, again = false) {
  const backend = tf.backend();
  const state = () => [backend.numDataIds(), backend.heap && backend.heap.bytesInUse - backend.heap.scratchBytes];
  const before = state();
  const found = tf.tidy(() => {
    const given = Array.isArray(inputs) ? inputs.map(make)
      : Object.fromEntries(Object.entries(inputs).filter(([, x]) => x)
        .map(([key, x]) => [key, Array.isArray(x) ? x.map(make) : make(x)]));
    const result = tf.engine().runKernel(name, given, attrs);
    return [result].flat().map(({ shape, dtype, ...tensor }, i) =>
      ({ shape, dtype, values: [result].flat()[i].dataSync() }));
  });
  if (!backend.heap || isDeepStrictEqual(state(), before)) return found;
  if (!again) return outputs(name, { inputs, attrs }, true);
  assert.deepEqual(state(), before, 'tensors or memory are left behind');
  return found;
}

/** What a kernel makes of the real and imaginary parts by themselves, put together again. */
function outputsOfParts(name, { inputs, attrs }) {
  const part = which => {
    const of = x => x?.dtype !== 'complex64' ? x
      : { ...x, dtype: 'float32', values: x.values.filter((_, i) => i % 2 === which) };
    const given = Array.isArray(inputs) ? inputs.map(of)
      : Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, of(x)]));
    return outputs(name, { inputs: given, attrs });
  };
  const real = part(0), imaginary = part(1);
  return real.map(({ shape, values }, n) => ({
    shape, dtype: 'complex64',
    values: Float32Array.from({ length: 2 * values.length }, (_, i) => (i % 2 ? imaginary[n].values : values)[i >> 1]),
  }));
}

const word = new Int32Array(1), float = new Float32Array(word.buffer);

/** Floats in their order as integers, with -0 just below 0. */
function order(x) {
  float[0] = x;
  return word[0] < 0 ? -0x80000000 - word[0] - 1 : word[0];
}

function agrees(dtype, a, b, exact) {
  if (Object.is(a, b)) return true;
  if (exact === 'bits' || !['float32', 'complex64'].includes(dtype) || Number.isNaN(a) || Number.isNaN(b)) return false;
  if (a === 0 && b === 0) return exact.absolute > 0; // zeros of different signs
  if (exact.ulp !== undefined) {
    // The sign of zero is not a step of its own.
    const from = order(a), to = order(b);
    return Math.abs(from - to) - (from < 0 !== to < 0 ? 1 : 0) <= exact.ulp;
  }
  return Math.abs(a - b) <= (exact.absolute ?? 0) + (exact.relative ?? 0) * Math.abs(b);
}

/** The element of an input that belongs to an element of the output, by broadcasting. */
function elementAt({ shape, values }, outShape, index) {
  let from = 0, stride = 1;
  for (let d = outShape.length - 1, e = shape.length - 1; d >= 0; d--, e--) {
    if (e >= 0) from += (shape[e] === 1 ? 0 : index % outShape[d]) * stride;
    if (e >= 0) stride *= shape[e];
    index = Math.floor(index / outShape[d]);
  }
  return values[from];
}

/** A number with the sign of zero. */
const said = x => Object.is(x, -0) ? '-0' : `${x}`;

const ARRAYS = {
  float32: Float32Array, int32: Int32Array, bool: Uint8Array, complex64: Float32Array, string: Array,
};

function compare(what, found, expected, row, exact, example, used) {
  assert.equal(found.length, expected.length, `${what}: number of outputs`);
  found.forEach((ours, n) => {
    const cpu = expected[n];
    assert.deepEqual(ours.shape, cpu.shape, `${what}: shape of output ${n}`);
    assert.equal(ours.dtype, cpu.dtype, `${what}: dtype of output ${n}`);
    assert.equal(ours.values.length, cpu.values.length, `${what}: length of output ${n}`);
    assert.equal(ours.values.constructor, ARRAYS[ours.dtype], `${what}: what holds output ${n}`);
    for (let i = 0; i < cpu.values.length; i++) {
      const a = ours.values[i], b = cpu.values[i];
      if (agrees(cpu.dtype, a, b, exact)) continue;
      const at = name => elementAt(example.inputs[name], cpu.shape, i);
      const exception = row.except?.find(({ where }) => where({ ours: a, cpu: b, at, attrs: example.attrs ?? {} }));
      if (exception) {
        used.add(exception);
        continue;
      }
      const inputs = Object.entries(example.inputs).map(([name, x]) =>
        `${name} [${x.shape}] ${x.dtype} ${x.shape.length <= cpu.shape.length ? said(at(name)) : ''}`).join(', ');
      assert.fail(`${what}: element ${i} of output ${n} is ${said(a)}, cpu has ${said(b)}; ` +
        `exact: ${JSON.stringify(exact)}; inputs ${inputs}; attributes ${JSON.stringify(example.attrs)}`);
    }
  });
}

for (const [name, entry] of Object.entries(catalogue)) {
  test(name, async () => {
    for (const [dtype, row] of Object.entries(entry)) {
      if (row.elsewhere) continue;
      const results = {};
      for (const backend of ['cpu', ...tiers.map(tier => `lanewise-${tier}`)]) {
        assert.ok(await tf.setBackend(backend));
        results[backend] = row.cases.map((example, i) => {
          try {
            return (row.parts && backend === 'cpu' ? outputsOfParts : outputs)(name, example);
          } catch (error) {
            const { inputs, attrs } = example;
            const given = JSON.stringify(Object.entries(inputs).map(([key, x]) => [key, x?.dtype, x?.shape]));
            throw new Error(`case ${i} of ${dtype} on ${backend}, ${given} ${JSON.stringify(attrs)}: ${error.message}`,
              { cause: error });
          }
        });
      }
      const used = new Set();
      for (const tier of tiers) {
        const exact = (tier === 'relaxed' && row.relaxed) || row.exact;
        results[`lanewise-${tier}`].forEach((found, i) => {
          compare(`case ${i} of ${dtype} on ${tier}`, found, results.cpu[i], row, exact, row.cases[i], used);
        });
      }
      for (const exception of tiers.length === TIERS.length ? row.except ?? [] : []) {
        assert.ok(used.has(exception), `${dtype}: the exception '${exception.reason}' is not needed`);
      }
      if (!tiers.includes('simd128')) continue;
      results['lanewise-simd128'].forEach((found, i) => {
        compare(`case ${i} of ${dtype}, simd128 beside scalar`, found, results['lanewise-scalar'][i], {}, 'bits',
          row.cases[i], used);
      });
    }
  });
}
