/* SPDX-License-Identifier: MIT */
/* The WebAssembly memory: growth to 4 GiB, what happens when it is full, and that nothing stays behind. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { OutOfMemoryError, registerBackend } from 'lanewise/backend';
import { chooseTier, load } from 'lanewise/runtime';
import { backendOf, chosenTier, registerTiers } from '../demo/backends.mjs';
import { infer } from '../demo/contest.mjs';
import { inputOf, loadModel, MODELS } from './models/catalogue.mjs';

tf.enableProdMode();
registerTiers();
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

let names = 0;
/** A backend of its own for a test, current during the body and removed after it. */
async function withBackend(body) {
  const name = `memory-${++names}`;
  registerBackend(name, {});
  try {
    await tf.setBackend(name);
    await body(tf.backend(), name);
  } finally {
    await tf.setBackend('cpu');
    tf.removeBackend(name);
  }
}

/** Values between -1 and 1 from a fixed seed. */
function numbers(count, seed = 1) {
  const values = new Float32Array(count);
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

/** Convolutions of three kinds, a pooling, a matrix product and sums, on operands of about a megabyte each. */
function compute() {
  return tf.tidy(() => {
    const image = tf.tensor4d(numbers(128 * 128 * 16), [1, 128, 128, 16]);
    const a = tf.conv2d(image, tf.tensor4d(numbers(9 * 16 * 24, 2), [3, 3, 16, 24]), 1, 'same');
    const b = tf.depthwiseConv2d(a, tf.tensor4d(numbers(9 * 24, 3), [3, 3, 24, 1]), 2, 'same');
    const c = tf.reshape(tf.maxPool(b, 3, 2, 'same'), [1024, 24]);
    const d = tf.matMul(c, tf.tensor2d(numbers(24 * 1024, 4), [24, 1024]));
    const e = tf.concat([d, tf.transpose(d)], 1);
    return tf.concat([tf.sum(tf.softmax(e), 0), tf.max(e, 1), tf.mean(tf.cumsum(e, 0), 1)]).dataSync();
  });
}

const GIB = 2 ** 30;

test('tensors that lie across 2 GiB, above it and just below 4 GiB give the same bits', async () => {
  let expected;
  await withBackend(() => {
    expected = compute();
  });
  assert.ok(expected.every(Number.isFinite));
  for (const begin of [2 * GIB - 2e6, 2 * GIB + 1e6, 4 * GIB - 60e6]) {
    await withBackend(({ heap }) => {
      heap.allocate(begin - heap.allocate(16));
      const next = heap.allocate(1e6); // a block like those of compute()
      assert.ok(Math.abs(next - begin) < 1e6, `${next}`);
      heap.free(next);
      assert.deepEqual(compute(), expected, `from ${begin} on`);
    });
  }
});

test('a full memory is an error that says what was asked for and what is in use; then all goes on', async () => {
  await withBackend(backend => {
    const expected = compute();
    const ballast = backend.heap.allocate(3 * GIB);
    const one = tf.tensor1d([1]);
    const held = backend.heap.bytesInUse, { numTensors } = tf.memory();
    const message = new RegExp(`${2 * GIB} bytes asked for, ${held} bytes in use in \\d+ blocks`);
    const full = error => error instanceof OutOfMemoryError && message.test(error.message);
    for (let i = 0; i < 3; i++) {
      assert.throws(() => tf.zeros([GIB / 2]), full);
      assert.throws(() => tf.tile(one, [GIB / 2]), full);
      assert.throws(() => tf.tile(one, [2 ** 40]), OutOfMemoryError, 'more than there can be');
      assert.equal(backend.heap.bytesInUse, held);
      assert.equal(tf.memory().numTensors, numTensors);
      assert.deepEqual(compute(), expected);
    }
    backend.heap.free(ballast);
    tf.tidy(() => assert.equal(tf.max(tf.tile(one, [GIB / 4])).dataSync()[0], 1)); // there is place again
    assert.deepEqual(compute(), expected);
    one.dispose();
  });
});

test('a convolution that waits and then finds no memory fails when it is read, and can be read later', async () => {
  await withBackend(backend => {
    const x = tf.ones([1, 2048, 2048, 1]), filter = tf.ones([1, 1, 1, 16]);
    const y = tf.conv2d(x, filter, 1, 'same'); // 256 MiB
    const ballast = backend.heap.allocate(4 * GIB - backend.heap.totalBytes - 128e6);
    assert.throws(() => y.dataSync(), OutOfMemoryError);
    const held = backend.heap.bytesInUse;
    backend.releaseMemory(); // frees what it can, and needs none for it
    assert.ok(backend.heap.bytesInUse <= held);
    backend.heap.free(ballast);
    assert.ok(y.dataSync().every(value => value === 1));
    tf.dispose([x, filter, y]);
  });
});

test('releaseMemory() gives packed weights and working memory back, and they are made again', async () => {
  await withBackend(async backend => {
    const definition = MODELS.find(({ name }) => name === 'blazeface-front');
    const { values, shape } = inputOf(definition);
    const model = await loadModel(definition);
    const unpacked = backend.heap.bytesInUse;
    const [{ data }] = infer(model, values, shape);
    const packed = backend.heap.bytesInUse;
    assert.ok(packed > unpacked);
    backend.releaseMemory();
    assert.ok(backend.heap.bytesInUse <= unpacked, `${backend.heap.bytesInUse}, ${unpacked}`);
    assert.deepEqual(infer(model, values, shape)[0].data, data);
    assert.equal(backend.heap.bytesInUse, packed);
    assert.equal(tf.memory().numBytesInWasm, packed);
    assert.equal(tf.memory().numBytesInWasmAllocated, backend.heap.totalBytes);
    model.dispose();
  });
});

/** All that could grow: of TensorFlow.js, of the backend, of the module. */
function state() {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const { heap } = tf.backend();
  return {
    numTensors, numDataBuffers, numBytes, dataIds: tf.backend().numDataIds(), wasmBytes: heap.totalBytes,
    bytesInUse: heap.bytesInUse, blocksInUse: heap.blocksInUse,
  };
}

function jsBytes() {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

/** Node 20 runs the same JavaScript on slower kernels: there a thousand have to do. */
const INFERENCES = Number(process.versions.node.split('.')[0]) >= 26 ? 10000 : 1000;

test('ten thousand inferences leave memory as ten did', async () => {
  const definition = MODELS.find(({ name }) => name === 'blazeface-front');
  const { values, shape } = inputOf(definition);
  await tf.setBackend(backendOf(chosenTier()));
  const model = await loadModel(definition);
  for (let i = 0; i < 200; i++) infer(model, values, shape);
  const tenth = state();
  const bytes = jsBytes();
  for (let i = 200; i < INFERENCES; i++) infer(model, values, shape);
  assert.deepEqual(state(), tenth);
  const grown = jsBytes() - bytes;
  assert.ok(grown < 1e6, `JavaScript's heap has grown by ${grown} bytes`);
  model.dispose();
});

test('a hundred models made and disposed of leave memory as the second did', async () => {
  await withBackend(async () => {
    const definition = MODELS.find(({ name }) => name === 'blazeface-front');
    const { values, shape } = inputOf(definition);
    let second, bytes;
    for (let i = 0; i < 100; i++) {
      const model = await loadModel(definition);
      infer(model, values, shape);
      model.dispose();
      if (i === 1) second = state();
      if (i === 20) bytes = jsBytes();
    }
    assert.deepEqual(state(), second);
    const grown = jsBytes() - bytes;
    assert.ok(grown < 2e6, `JavaScript's heap has grown by ${grown} bytes`);
  });
});

test('a removed backend lets go of its module, even while tensors are about, and can be registered again', async () => {
  const tensors = [], modules = [];
  for (let i = 0; i < 20; i++) {
    assert.ok(registerBackend('removed', {}));
    await tf.setBackend('removed');
    const x = tf.ones([1, 64, 64, 8]);
    tensors.push(x, tf.conv2d(x, tf.ones([1, 1, 8, 8]), 1, 'same'));
    modules.push(new WeakRef(tf.backend().heap));
    await tf.setBackend('cpu');
    tf.removeBackend('removed');
  }
  assert.throws(() => tensors[0].dataSync(), /removed/);
  for (let i = 0; i < 10 && modules.some(module => module.deref()); i++) {
    await new Promise(resolve => setTimeout(resolve, 10));
    gc();
  }
  const alive = modules.filter(module => module.deref()).length;
  assert.ok(alive <= 1, `${alive} of 20 modules are alive`);
  for (const tensor of tensors) tensor.dispose();
});

test('tf.profile() says what each kernel called and took', async () => {
  await withBackend(async backend => {
    const profile = await tf.profile(() => tf.tidy(() => tf.sum(tf.relu(
      tf.conv2d(tf.ones([1, 64, 64, 8]), tf.ones([3, 3, 8, 8]), 1, 'same')))));
    const conv = profile.kernels.find(({ name }) => name === 'Conv2D');
    assert.ok(conv.kernelTimeMs > 0);
    assert.match(await conv.extraInfo, new RegExp(`^${backend.tier}: .*lw_conv2d_run \\d+\\.\\d{3} ms`));
    assert.match(await profile.kernels.find(({ name }) => name === 'Sum').extraInfo, /lw_reduce_run/);
    const time = await tf.time(() => tf.sum(tf.ones([8])).dispose());
    assert.ok(time.kernelMs >= 0 && time.wallMs >= time.kernelMs);
  });
});

test('the runtime grows to 4 GiB as well', async () => {
  const lw = await load();
  assert.equal(lw.tier, chooseTier().tier);
  const ballast = lw.heap.allocate(4 * GIB - 32e6);
  const x = lw.tensor(numbers(1000), [1000]);
  assert.ok(x.pointer > 2 * GIB);
  assert.deepEqual(lw.unary('neg', x).data(), numbers(1000).map(value => -value));
  assert.throws(() => lw.tensor(undefined, [1e8]), OutOfMemoryError);
  lw.heap.free(ballast);
});
