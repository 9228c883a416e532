/* SPDX-License-Identifier: MIT */
/*
 * Every kernel, called with what the catalogue has for it, a few things of which are made wrong at random: shapes,
 * dtypes, elements, attributes. Whatever comes out of it, an output or an error,
 *   - no byte around a block of memory is written, and no input;
 *   - the outputs are the same when those bytes, and the blocks before they are filled, are others: nothing else is read;
 *   - nothing is left behind;
 *   - an error is one of ours or of TensorFlow.js, with the kernel's name.
 * The cases are numbered: `node test/fuzz.test.mjs [FROM [COUNT]]` runs others than the test does.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { kernelNames, LanewiseError, OutOfMemoryError, registerBackend } from 'lanewise/backend';
import { catalogue } from './catalogue.mjs';
import { randoms, size } from './support.mjs';
import { tensor } from './values.mjs';

const [FROM = 0, COUNT = 5000] = process.argv.slice(2).map(Number);

registerBackend('fuzzed', {});
await tf.setBackend('fuzzed');
const backend = tf.backend(), { heap } = backend;

// ---- Memory between guards -----------------------------------------------------------------------------

const GUARD = 4096;
/** What is there before anything is written: a byte of the first run, and of the second. */
const FILLS = [0x7f, 0];
/** Larger blocks are refused, so that a wrong size takes no time. */
const LARGEST = 2 ** 24;
let fill = FILLS[0];
const damage = [], blocks = new Map(); // the blocks' sizes by pointer
const { allocate, free } = Object.getPrototypeOf(heap);

heap.allocate = bytes => {
  if (bytes === 0) return 0;
  if (bytes > LARGEST) throw new OutOfMemoryError(`${bytes} bytes are too many here`);
  const pointer = allocate.call(heap, bytes + 2 * GUARD) + GUARD;
  heap.u8.fill(fill, pointer - GUARD, pointer + bytes + GUARD);
  blocks.set(pointer, bytes);
  return pointer;
};
heap.free = pointer => {
  if (pointer === 0) return;
  inspect(pointer);
  heap.u8.fill(fill, pointer, pointer + blocks.get(pointer)); // who reads it later sees that
  blocks.delete(pointer);
  free.call(heap, pointer - GUARD);
};

function guards(pointer) {
  const behind = pointer + blocks.get(pointer);
  return [heap.u8.subarray(pointer - GUARD, pointer), heap.u8.subarray(behind, behind + GUARD)];
}
function inspect(pointer) {
  for (const guard of guards(pointer)) {
    if (guard.every(byte => byte === fill)) continue;
    damage.push(`around a block of ${blocks.get(pointer)} bytes`);
    guard.fill(fill);
  }
}

// ---- Cases ---------------------------------------------------------------------------------------------

const NUMBERS = [
  undefined, null, NaN, -1, 0, 1, 2, 3, 5, 7, 0.5, 1.5, -2, -0.5, 1000, 65536, 1e9, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1,
  2 ** 32, 2 ** 32 + 1, 2 ** 53, -(2 ** 31), -(2 ** 32) + 1, Infinity, -Infinity, '2', true,
];
const ODD = [
  'x', '', 'same', 'valid', 'NCHW', false, {}, [], [1], [0], [-1], [1, 2], [2, 2], [1, 2, 3], [2, 1, 0], [1, 2, 3, 4],
  [1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [[0, 0]], [[1, 1], [1, 1]], [[0, 0], [1, 1], [1, 1], [0, 0]], [NaN], [0.5, 1],
  [2 ** 32 + 1, 1], [1e5, 1e5], new Array(9).fill(1), new Array(40).fill(1),
];
const ELEMENTS = {
  float32: [NaN, Infinity, -Infinity, 1e30, 0, -0, 0.5, -1, 1e9],
  int32: [-1, 0, 1, 2, 3, 100, 1e9, 2 ** 31 - 1, -(2 ** 31)],
  bool: [0, 1], complex64: [NaN, 1, Infinity], string: ['', 'a', 'ü'],
};
/** These need a platform's pictures. */
const names = kernelNames.filter(name => !['Draw', 'FromPixels'].includes(name));

function caseOf(number) {
  const { integer } = randoms(number);
  for (let i = 0; i < 8; i++) integer(0, 1); // neighbours begin alike
  const chance = percent => integer(1, 100) <= percent, pick = list => list[integer(0, list.length - 1)];
  const name = names[number % names.length];
  const { inputs, attrs } = structuredClone(pick(Object.values(catalogue[name]).flatMap(({ cases = [] }) => cases)));

  const reshaped = shape => {
    const at = integer(0, Math.max(0, shape.length - 1));
    switch (integer(0, 6)) {
      case 0: return Array.from({ length: integer(0, 6) }, () => pick([0, 1, 2, 3, 4, 5, 9]));
      case 1: return shape.map((n, i) => i === at ? n + 1 : n);
      case 2: return shape.map((n, i) => i === at ? Math.max(0, n - 1) : n);
      case 3: return shape.filter((_, i) => i !== at);
      case 4: return [...shape.slice(0, at), pick([1, 1, 2, 3]), ...shape.slice(at)];
      case 5: return shape.map((n, i) => i === at ? pick([0, 1, 2, 3, 7, 17, 40]) : n);
      default: return shape.reverse();
    }
  };
  const wrongValue = value => {
    if (Array.isArray(value) && value.length && chance(75)) {
      const at = integer(0, value.length - 1);
      if (chance(85)) value[at] = wrongValue(value[at]);
      else value.splice(at, 1, ...chance(50) ? [] : [value[at], value[at]]);
      return value;
    }
    if (typeof value === 'number' && chance(30)) {
      return pick([value + 1, value - 1, value * 2, -value, value + 0.5, value + 2 ** 32, value * 1000]);
    }
    return chance(75) ? pick(NUMBERS) : structuredClone(pick(ODD));
  };
  const wrongTensor = x => {
    const how = integer(0, 9);
    if (how < 6) x.shape = reshaped(x.shape);
    else if (how < 8) x.values = Array.from({ length: size(x.shape) * 2 }, (_, i) =>
      chance(50) ? pick(ELEMENTS[x.dtype]) : x.values[i % x.values.length] ?? ELEMENTS[x.dtype][0]);
    else Object.assign(x, (([dtype, values]) => ({ dtype, values }))(pick(Object.entries(ELEMENTS))));
    while (size(x.shape) > 10000) x.shape = x.shape.map(n => Math.ceil(n / 2));
  };
  for (let times = integer(1, 3); times > 0; times--) {
    const keys = Object.keys(inputs), attributes = Object.keys(attrs ?? {});
    if (attributes.length && chance(55)) {
      const key = pick(attributes);
      attrs[key] = wrongValue(attrs[key]);
    } else if (keys.length) {
      const key = pick(keys), x = inputs[key];
      if (chance(8)) Array.isArray(inputs) ? inputs.splice(key, 1) : delete inputs[key];
      else if (Array.isArray(x) && chance(10)) x.pop();
      else if (x && [x].flat().length) wrongTensor(pick([x].flat()));
    }
  }
  return { name, inputs, attrs };
}

function make({ dtype, shape, values }) {
  const { values: all } = tensor(dtype, shape, values.length ? values : ELEMENTS[dtype]);
  if (dtype !== 'complex64') return tf.tensor(all, shape, dtype);
  const part = which => tf.tensor(all.filter((_, i) => i % 2 === which), shape, 'float32');
  return tf.complex(part(0), part(1));
}

const said = ({ name, inputs, attrs }) => `${name}(${Object.entries(inputs).map(([key, x]) =>
  `${key}: ${[x].flat().map(each => each && `${each.dtype} [${each.shape}]`).join(' and ')}`).join(', ')}; ${
  JSON.stringify(attrs, (_, x) => typeof x === 'number' && !Number.isFinite(x) || x === undefined ? String(x) : x)})`;

// ---- The test ------------------------------------------------------------------------------------------

/** A tensor's elements as text. */
const elements = x => Array.from(x.dataSync(), each => Object.is(each, -0) ? '-0' : each).join();

/** The outputs of a case as text, or its error. */
function outcomeOf(given) {
  const all = Object.values(given.inputs).flat().filter(Boolean), before = all.map(elements);
  try {
    const outputs = [tf.engine().runKernel(given.name, given.inputs, given.attrs)].flat();
    return outputs.map(y => {
      const length = size(y.shape) * (y.dtype === 'complex64' ? 2 : 1) + 0; // TensorFlow.js has sizes of -0
      assert.equal(y.dataSync().length, length, `elements of an output of shape [${y.shape}]`);
      return `${y.dtype} [${y.shape}] ${elements(y)}`;
    }).join('; ');
  } catch (error) {
    return error;
  } finally {
    assert.deepEqual(all.map(elements), before, 'an input is another');
  }
}

function run(number) {
  const state = () => {
    backend.releaseMemory();
    return { tensors: tf.memory().numTensors, data: backend.numDataIds(), blocks: heap.blocksInUse };
  };
  const before = state();
  const outcome = tf.tidy(() => {
    const { name, inputs, attrs } = caseOf(number);
    const made = x => Array.isArray(x) ? x.map(made) : x && make(x);
    const given = Array.isArray(inputs) ? made(inputs)
      : Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, made(x)]));
    return { result: outcomeOf({ name, inputs: given, attrs }) };
  }).result;
  assert.deepEqual(state(), before, 'something is left behind');
  for (const pointer of blocks.keys()) inspect(pointer);
  assert.deepEqual(damage, [], 'something is written outside');
  return outcome;
}

test(`cases ${FROM} to ${FROM + COUNT - 1}`, t => {
  console.warn = () => {}; // TensorFlow.js has something to say about some of them
  const counts = { outputs: 0, errors: 0 };
  for (let number = FROM; number < FROM + COUNT; number++) {
    try {
      const [first, second] = FILLS.map(byte => {
        fill = byte;
        for (const pointer of blocks.keys()) for (const guard of guards(pointer)) guard.fill(fill);
        return run(number);
      });
      counts[first instanceof Error ? 'errors' : 'outputs']++;
      if (!(first instanceof Error)) assert.equal(second, first, 'something outside is read');
      else if (!(first instanceof OutOfMemoryError)) {
        const { name } = caseOf(number);
        assert.ok(first instanceof LanewiseError || first.constructor === Error, first.stack);
        // TensorFlow.js's specs know those of a few word for word.
        if (!/^(Einsum|Ragged|Sparse)/.test(name)) assert.ok(first.message.includes(name), first.message);
      }
    } catch (cause) {
      throw new Error(`case ${number}, ${said(caseOf(number))}: ${cause.message}`, { cause });
    }
  }
  t.diagnostic(`${counts.outputs} with outputs, ${counts.errors} with errors`);
  assert.ok(Math.min(counts.outputs, counts.errors) > COUNT / 10, 'cases of both kinds');
});
