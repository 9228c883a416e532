/* SPDX-License-Identifier: MIT */
/*
 * The backend as a citizen of TensorFlow.js: data that comes and goes, memory that doesn't leak, errors that help, and
 * other backends beside it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { setThreadsCount as officialThreads } from '@tensorflow/tfjs-backend-wasm';
import {
  BackendWasm, features, kernelNames, LanewiseError, OutOfMemoryError, registerBackend, tier,
} from 'lanewise/backend';
import { load } from 'lanewise/runtime';
import { randoms, tiers } from './support.mjs';

officialThreads(1);
const name = `lanewise-${tiers[tiers.length - 1]}`;
const raw = (kernel, inputs, attrs) => tf.engine().runKernel(kernel, inputs, attrs);
const start = async (backend = name) => {
  assert.ok(await tf.setBackend(backend));
  return tf.backend();
};

/** Asserts that a kernel fails with a message that has all these parts, and leaves nothing behind. */
function fails(body, ...parts) {
  const backend = tf.backend();
  const before = [tf.memory().numTensors, backend.numDataIds(), backend.heap.bytesInUse - backend.heap.scratchBytes];
  assert.throws(() => tf.tidy(body), error => {
    for (const part of parts) assert.ok(error.message.includes(part), `'${error.message}' has '${part}'`);
    return error instanceof LanewiseError;
  });
  const after = [tf.memory().numTensors, backend.numDataIds(), backend.heap.bytesInUse - backend.heap.scratchBytes];
  assert.deepEqual(after, before, 'tensors, data and bytes after the failure');
}

test('what is written is read back, in every dtype', async () => {
  await start();
  assert.deepEqual([...tf.tensor1d([1.5, -2, NaN]).dataSync()], [1.5, -2, NaN]);
  assert.deepEqual([...await tf.tensor1d([1, -2, 3], 'int32').data()], [1, -2, 3]);
  assert.deepEqual([...tf.tensor1d([true, false], 'bool').dataSync()], [1, 0]);
  assert.deepEqual(tf.tensor1d(['a', 'ü', '']).dataSync(), ['a', 'ü', '']);
  assert.deepEqual([...tf.tensor([], [0, 3]).dataSync()], []);
  assert.equal(tf.scalar(7).dataSync()[0], 7);
  const x = tf.tensor1d([1, 2, 3]);
  const copy = x.dataSync();
  copy[0] = 9;
  assert.equal(x.dataSync()[0], 1, 'reads are copies');
  tf.disposeVariables();
});

test('the backend says what it is', async () => {
  const backend = await start();
  assert.ok(backend instanceof BackendWasm);
  assert.equal(backend.floatPrecision(), 32);
  assert.equal(backend.memory().unreliable, false);
  assert.equal(tier(name), tiers[tiers.length - 1]);
  assert.equal(features(name).simd128, true);
  assert.ok((await tf.time(() => tf.add(1, 2))).kernelMs >= 0);
  assert.throws(() => tier('cpu'), /not one of Lanewise's/);
  assert.throws(() => tier('nothing'), /has not started/);
  assert.equal(registerBackend(name), false, 'a name that is taken is left alone');
});

test('tensors move between backends and back', async () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => i - 50);
  await start();
  const ours = tf.tensor1d(values), filter = tf.tensor4d(values.slice(0, 36), [3, 3, 2, 2]);
  const image = tf.tensor4d(values.slice(0, 98), [1, 7, 7, 2]);
  const convolved = tf.conv2d(image, filter, 1, 'same').dataSync();
  await start('cpu');
  const theirs = tf.tensor1d(values);
  assert.deepEqual([...tf.add(ours, theirs).dataSync()], [...values.map(v => 2 * v)]);
  assert.deepEqual([...tf.conv2d(image, filter, 1, 'same').dataSync()], [...convolved]);
  await start();
  assert.deepEqual([...tf.add(ours, theirs).dataSync()], [...values.map(v => 2 * v)]);
  assert.deepEqual([...tf.conv2d(image, filter, 1, 'same').dataSync()], [...convolved]);
  const backend = tf.backend(), count = backend.numDataIds();
  tf.dispose([ours, theirs]);
  assert.equal(backend.numDataIds(), count - 2);
  tf.dispose([image, filter]);
});

test('the official backend and all tiers work side by side', async () => {
  const r = [];
  for (const backend of ['wasm', ...tiers.map(t => `lanewise-${t}`), 'wasm']) {
    await start(backend);
    const random = randoms(3);
    const image = () => random.float([1, 8, 8, 3]), filter = () => random.float([3, 3, 3, 4]);
    r.push(tf.tidy(() => [...tf.relu(tf.conv2d(image(), filter(), 1, 'same')).dataSync()]));
    assert.equal(tf.backend() instanceof BackendWasm, backend !== 'wasm');
  }
  for (const values of r) values.forEach((v, i) => assert.ok(Math.abs(v - r[0][i]) < 1e-5));
});

test('references are counted: data lives as long as its last tensor', async () => {
  const backend = await start();
  const bytes = backend.heap.bytesInUse, count = backend.numDataIds();
  const x = tf.tensor2d([[1, 2], [3, 4]]);
  const flat = tf.reshape(x, [4]), clone = tf.clone(flat), expanded = tf.expandDims(x, 0);
  assert.equal(backend.numDataIds(), count + 1);
  tf.dispose([x, flat, expanded]);
  assert.deepEqual([...clone.dataSync()], [1, 2, 3, 4]);
  clone.dispose();
  assert.equal(backend.numDataIds(), count);
  assert.equal(backend.heap.bytesInUse, bytes);
});

test('data survives the growth of the memory', async () => {
  const backend = await start();
  const x = tf.tensor1d([1, 2, 3]);
  const total = backend.heap.totalBytes;
  const big = tf.zeros([Math.ceil(total / 4)]);
  assert.ok(backend.heap.totalBytes > total);
  assert.deepEqual([...x.dataSync()], [1, 2, 3]);
  assert.deepEqual([...tf.add(x, 1).dataSync()], [2, 3, 4]);
  tf.dispose([x, big]);
});

test('Winograd is used as the options say, alike in every tier, and one packed copy serves all sizes', async () => {
  const options = ['auto', 'f2', 'off'].flatMap((winograd) => tiers.map((tier) => ({ winograd, tier })));
  const results = {}, bytes = {};
  for (const { winograd, tier } of options) {
    const name = `winograd-${winograd}-${tier}`;
    assert.ok(registerBackend(name, { winograd, tier }));
    const backend = await start(name);
    const values = (n, seed) => Float32Array.from({ length: n }, (_, i) => Math.sin(seed + i * 1.7));
    const filter = tf.tensor(values(9 * 32 * 32, 1), [3, 3, 32, 32]);
    const before = backend.heap.bytesInUse - backend.heap.scratchBytes;
    const outputs = [12, 14, 20, 28].map((side) => tf.tidy(() => [
      ...tf.conv2d(tf.tensor(values(side * side * 32, 2), [1, side, side, 32]), filter, 1, 'same').dataSync()]));
    results[name] = outputs.flat();
    bytes[winograd] = backend.heap.bytesInUse - backend.heap.scratchBytes - before;
    filter.dispose();
    assert.equal(backend.heap.bytesInUse - backend.heap.scratchBytes, before - 4 * 9 * 32 * 32);
    tf.removeBackend(name);
  }
  const floats = 4 * 9 * 32 * 32;
  assert.deepEqual(bytes, { auto: floats * 4, f2: floats * 16 / 9, off: floats });
  const largest = (name, other) => results[name].reduce((max, x, i) => Math.max(max, Math.abs(x - results[other][i])), 0);
  for (const winograd of ['auto', 'f2', 'off']) {
    if (tiers.includes('simd128')) {
      assert.equal(largest(`winograd-${winograd}-simd128`, `winograd-${winograd}-scalar`), 0);
    }
    for (const tier of tiers) assert.ok(largest(`winograd-${winograd}-${tier}`, 'winograd-off-scalar') < 2e-4);
  }
  assert.ok(largest('winograd-auto-scalar', 'winograd-off-scalar') > 0);
  assert.ok(largest('winograd-f2-scalar', 'winograd-off-scalar') > 0);
  await assert.rejects(load({ winograd: 'F4' }), /the option 'winograd' is 'F4'; expected one of auto, f2, off/);
});

test('where memory is short, convolutions do with smaller packed weights', async () => {
  const backend = await start();
  const x = tf.ones([1, 8, 8, 32]), filter = tf.ones([3, 3, 32, 32]);
  const direct = 4 * 9 * 32 * 32;
  const { allocate } = backend.heap;
  for (const [limit, packed] of [[direct * 4, direct * 4], [direct * 2, direct * 16 / 9], [direct, direct]]) {
    const asked = [];
    backend.heap.allocate = function (bytes) {
      if (bytes > limit && bytes % direct === 0 || bytes === direct * 16 / 9 && bytes > limit) {
        asked.push(bytes);
        return allocate.call(this, 2 ** 32);
      }
      return allocate.call(this, bytes);
    };
    try {
      const copy = tf.clone(filter), own = tf.add(copy, 0);
      const before = backend.heap.bytesInUse - backend.heap.scratchBytes;
      const y = tf.conv2d(x, own, 1, 'same');
      assert.ok(Math.abs(y.dataSync()[0] - 128) < 1e-3);
      assert.equal(backend.heap.bytesInUse - backend.heap.scratchBytes - before, packed + 4 * 8 * 8 * 32);
      assert.equal(asked.length, [0, 1, 2][[direct * 4, direct * 2, direct].indexOf(limit)]);
      tf.dispose([copy, own, y]);
    } finally {
      delete backend.heap.allocate;
    }
  }
  // When not even the direct sum's fit, that is said; nothing is left behind.
  const before = backend.heap.bytesInUse - backend.heap.scratchBytes;
  backend.heap.allocate = function (bytes) {
    return allocate.call(this, bytes === direct || bytes === direct * 4 || bytes === direct * 16 / 9 ? 2 ** 32 : bytes);
  };
  try {
    assert.throws(() => tf.conv2d(x, filter, 1, 'same'), (error) => (
      error instanceof OutOfMemoryError && error instanceof LanewiseError && /out of memory/.test(error.message)));
  } finally {
    delete backend.heap.allocate;
  }
  assert.equal(backend.heap.bytesInUse - backend.heap.scratchBytes, before);
  tf.dispose([x, filter]);
});

test('weights are packed once for a geometry, and the packed copy dies with them', async () => {
  const backend = await start();
  const before = backend.heap.bytesInUse - backend.heap.scratchBytes;
  const x = tf.ones([1, 12, 12, 8]), filter = tf.ones([3, 3, 8, 16]), b = tf.ones([1152, 10]);
  const bytes = () => backend.heap.bytesInUse - backend.heap.scratchBytes;
  const plain = bytes();
  const once = () => tf.tidy(() => {
    tf.matMul(tf.reshape(x, [1, 1152]), b);
    tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', activation: 'relu' });
  });
  once();
  const packed = bytes();
  assert.ok(packed > plain + 4 * (3 * 3 * 8 * 16 + 1152 * 10), 'packed copies exist');
  for (let i = 0; i < 5; i++) once();
  assert.equal(bytes(), packed);
  // Ever new geometries: only the last few packed copies stay.
  const many = () => {
    for (let side = 3; side < 40; side++) {
      tf.tidy(() => { tf.conv2d(tf.ones([1, side, side, 8]), filter, 1, 'valid'); });
    }
    return bytes();
  };
  const few = many();
  assert.equal(many(), few);
  assert.ok(few < packed + 5 * 36 * 4 * 8 * 16, 'no more than a few Winograd transforms of the filter');
  tf.dispose([filter, b, x]);
  assert.equal(bytes(), before);
});

test('a thousand inferences leave the memory where the tenth left it', async () => {
  const backend = await start();
  const r = randoms(5);
  const weights = {
    conv: r.float([3, 3, 3, 16]), depthwise: r.float([3, 3, 16, 1]), point: r.float([1, 1, 16, 24]),
    bias: r.float([24]),
    dense: r.float([24, 10]), mean: r.float([16]), variance: tf.tidy(() => tf.add(tf.abs(r.float([16])), 0.1)),
    up: r.float([2, 2, 16, 24]), slopes: r.float([24]), wide: r.float([8, 8, 24]),
  };
  const image = r.float([1, 16, 16, 3]);
  const infer = () => tf.tidy(() => {
    let x = tf.conv2d(image, weights.conv, 2, 'same');
    x = tf.relu6(tf.batchNorm(x, weights.mean, weights.variance));
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]);
    x = tf.depthwiseConv2d(x, weights.depthwise, 1, 'valid');
    const y = tf.fused.conv2d({ x, filter: weights.point, strides: 1, pad: 'same', bias: weights.bias,
      activation: 'relu' });
    const wide = tf.fused.conv2d({ x, filter: weights.point, strides: 1, pad: 'same', bias: weights.wide,
      activation: 'elu' });
    const up = tf.conv2dTranspose(y, weights.up, [1, 16, 16, 16], 2, 'same');
    const parts = tf.unstack(tf.concat([tf.prelu(y, weights.slopes), wide], 0));
    const pooled = tf.mean(tf.add(tf.maxPool(y, 2, 2, 'same'), tf.avgPool(y, 2, 2, 'same')), [1, 2]);
    const scores = tf.softmax(tf.matMul(pooled, weights.dense));
    const resized = tf.image.resizeBilinear(up, [7, 5]);
    return [scores, tf.argMax(scores, -1), tf.gatherND(parts[0], tf.tensor2d([[0, 1], [2, 3]], [2, 2], 'int32')),
      tf.slice(resized, [0, 0, 0, 0], [1, 1, 1, 1]), tf.cast(tf.stack([scores, scores]), 'int32'),
      tf.sum(resized, [0, 2])]
      .map(t => t.dataSync());
  });
  let tenth, first;
  const state = () => ({
    tensors: tf.memory().numTensors, buffers: tf.memory().numDataBuffers, bytes: tf.memory().numBytes,
    data: backend.numDataIds(), heap: backend.heap.bytesInUse, blocks: backend.heap.blocksInUse,
    total: backend.heap.totalBytes,
  });
  for (let i = 1; i <= 1000; i++) {
    const results = infer();
    first ??= results;
    if (i === 10) tenth = state();
    if (i === 1000) assert.deepEqual(results, first);
  }
  assert.deepEqual(state(), tenth);
  tf.dispose([weights, image]);
});

test('errors name the operator, the argument, what came and what was expected', async () => {
  await start();
  const float = () => tf.ones([1, 4, 4, 2]);
  const filter = () => tf.ones([3, 3, 2, 2]);
  const attrs = { strides: 1, pad: 'same', dilations: 1, dataFormat: 'NHWC' };
  fails(() => raw('Conv2D', { x: tf.ones([1, 4, 4, 2], 'bool'), filter: filter() }, attrs), 'Conv2D', "'x'", 'bool',
    'expected float32 or int32');
  fails(() => raw('Conv2D', { x: float(), filter: tf.ones([3, 3, 2, 2], 'bool') }, attrs), "'filter'", 'bool');
  fails(() => raw('Conv2D', { x: tf.ones([4, 4]), filter: filter() }, attrs), "'x'", '[4,4]', 'expected 4 dimensions');
  fails(() => raw('Conv2D', { x: float(), filter: filter() }, { ...attrs, dataFormat: 'NWHC' }), 'Conv2D', 'NWHC',
    'NHWC');
  fails(() => raw('Conv2D', { x: float(), filter: tf.ones([3, 3, 5, 2]) }, attrs), 'Conv2D', '[3,3,5,2]');
  for (const channels of [1, 3]) { // also with weights that are packed already
    for (const kernel of ['Conv2D', 'DepthwiseConv2dNative']) {
      fails(() => {
        const used = filter();
        raw(kernel, { x: float(), filter: used }, attrs);
        raw(kernel, { x: tf.ones([1, 4, 4, channels]), filter: used }, attrs);
      }, kernel, 'takes 2 channels', `has ${channels}`);
    }
  }
  fails(() => raw('FusedConv2D', { x: float(), filter: filter() }, { ...attrs, activation: 'swish' }), "'swish'",
    'relu6');
  fails(() => raw('FusedConv2D', { x: float(), filter: filter(), bias: tf.ones([3]) }, attrs), "'bias'", '[3]',
    '[1,4,4,2]');
  fails(() => raw('FusedConv2D', { x: float(), filter: filter(), bias: tf.tensor1d(['a', 'b']) }, attrs), "'bias'",
    'string');
  fails(() => raw('FusedConv2D', { x: float(), filter: filter() }, { ...attrs, activation: 'prelu' }),
    "'preluActivationWeights' is missing");
  fails(() => raw('DepthwiseConv2dNative', { x: float(), filter: tf.ones([3, 3, 3, 1]) }, attrs), '[3,3,3,1]', '2');
  fails(() => raw('Conv2DBackpropInput', { dy: tf.ones([1, 3, 5, 2]), filter: filter() },
    { ...attrs, inputShape: [1, 4, 4, 2] }), "'dy'", '[1,3,5,2]');
  fails(() => raw('BatchMatMul', { a: tf.ones([2, 3]), b: tf.ones([4, 2]) }, {}), 'BatchMatMul', '[2,3]', '[4,2]');
  fails(() => raw('_FusedMatMul', { a: tf.ones([2, 3]), b: tf.tensor2d([['b']]) }, {}), "'b'", 'string');
  fails(() => raw('MaxPool', { x: tf.tensor1d(['a']) }, { filterSize: 2, strides: 2, pad: 'same' }), 'MaxPool', 'string');
  fails(() => raw('Add', { a: float(), b: tf.tensor1d(['b']) }), 'Add', "'b'", 'string');
  fails(() => raw('Add', { a: tf.tensor1d(['a']), b: tf.tensor1d(['b']) }), 'Add', "'a'", 'string', 'float32 or int32');
  fails(() => raw('Sqrt', { x: tf.tensor1d(['a']) }), 'Sqrt', 'string');
  fails(() => raw('Softmax', { logits: float() }, { dim: 4 }), 'Softmax', "'dim'");
  fails(() => raw('Cast', { x: tf.tensor1d(['a']) }, { dtype: 'float32' }), 'Cast', 'string');
  fails(() => raw('Cast', { x: float() }, { dtype: 'string' }), 'Cast', 'string');
  fails(() => raw('Pack', [tf.ones([2]), tf.ones([3])], { axis: 0 }), 'Pack', '[2]', '[3]');
  fails(() => raw('PadV2', { x: tf.ones([2]) }, { paddings: [[-3, 0]] }), 'PadV2', '[[-3,0]]');
  fails(() => raw('FusedBatchNorm', { x: float(), mean: tf.ones([3]), variance: tf.ones([4]) }, {}), "'mean'", '[3]');
  fails(() => raw('GatherNd', { params: tf.ones([2, 2]), indices: tf.tensor2d([[0, 2]], [1, 2], 'int32') }),
    'gatherNd', 'index points outside');
  fails(() => raw('GatherNd', { params: tf.ones([2, 2]), indices: tf.ones([1, 2]) }), "'indices'", 'expected int32');
  const three = indices => ({ x: tf.ones([3, 2]), indices: tf.tensor1d(indices, 'int32') });
  fails(() => raw('GatherV2', three([0, 2, 3]), { axis: 0 }), 'GatherV2', 'index value 3', '[0, 2]', "'indices'");
  fails(() => raw('GatherV2', three([0, -1]), { axis: 0 }), 'index value -1');
  fails(() => raw('Add', { a: tf.ones(new Array(9).fill(1)), b: tf.ones([1]) }), 'rank 9', 'up to 8');
  fails(() => raw('Fill', {}, { shape: [2 ** 16, 2 ** 16], value: 1, dtype: 'float32' }), 'out of memory',
    '17179869184 bytes asked for', 'in use');
});

test('kernels that the backend lacks are named by TensorFlow.js', async () => {
  await start();
  assert.throws(() => raw('NoSuchKernel', {}), /Kernel 'NoSuchKernel' not registered/);
  assert.ok(kernelNames.length >= 39);
});
