/* SPDX-License-Identifier: MIT */
/* Arguments that would lead out of a tensor's memory are errors, and leave nothing behind. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { LanewiseError, registerBackend } from 'lanewise/backend';
import { load } from 'lanewise/runtime';

registerBackend('guarded', {});
await tf.setBackend('guarded');
const run = (name, inputs, attrs) => tf.engine().runKernel(name, inputs, attrs);
const ones = (...shape) => tf.ones(shape);

const WRONG = {
  'a slice that begins before the tensor': () => tf.slice(ones(4, 5), [-5, 0], [5, 5]),
  'a slice that begins far before it': () => tf.slice(ones(4, 5), [0, -2147483648], [4, 2]),
  'a slice that begins between elements': () => tf.slice(ones(4, 5), [0.5, 0], [1, 1]),
  'a slice with a size below -1': () => tf.slice(ones(4, 5), [0, 0], [-3, 1]),
  'parts that are more than the whole': () => tf.split(ones(4), [6, -2]),
  'parts of less than nothing': () => tf.split(ones(4), [5, -1]),
  'a permutation with a dimension twice': () => tf.transpose(ones(30, 2), [0, 0]),
  'half a sample': () => tf.multinomial(ones(2, 3), 2.5, 1),
  'half a row': () => tf.image.resizeBilinear(ones(1, 4, 4, 1), [2.5, 2]),
  'half a repetition': () => tf.tile(ones(3), [1.5]),
  'half a crop': () => tf.image.cropAndResize(ones(1, 4, 4, 1), tf.tensor2d([[0, 0, 1, 1]]), tf.tensor1d([0], 'int32'),
    [2.5, 2]),
  'half a depth': () => tf.oneHot(tf.tensor1d([0, 1], 'int32'), 2.5),
  'a negative depth': () => run('OneHot', { indices: tf.tensor1d([0, 1], 'int32') }, { depth: -3 }),
  'bins below zero': () => run('Bincount', { x: tf.tensor1d([0], 'int32'), weights: ones(1) }, { size: -5 }),
  'an axis named twice': () => tf.sum(ones(3, 4, 5), [0, 0]),
  'one-hot strings': () => tf.oneHot(tf.tensor1d([0], 'int32'), 2000, 1, 3, 'string'),
  'more values than indices': () => tf.sparse.sparseFillEmptyRows(tf.tensor2d([[0, 0]], [1, 2], 'int32'),
    tf.range(0, 1000), tf.tensor1d([1, 2], 'int32'), tf.scalar(0)),
  'volumes in steps of one and a half': () => tf.conv3d(ones(1, 5, 5, 5, 2), ones(3, 3, 3, 2, 2), 1.5, 'valid'),
  'a gradient in such steps': () => run('DepthwiseConv2dNativeBackpropInput', {
    dy: ones(1, 9, 9, 2), filter: ones(3, 3, 2, 1),
  }, { inputShape: [1, 7, 7, 2], strides: 1.5, pad: 'valid', dilations: 1 }),
  'a window smaller than nothing': () => run('AvgPoolGrad', { dy: ones(1, 3, 3, 2), input: ones(1, 7, 7, 2) },
    { filterSize: -1, strides: 1, pad: 'same' }),
  'batch dimensions that are no number': () => tf.gather(ones(2, 3, 4), tf.zeros([2, 2], 'int32'), 1, NaN),
  'strided slices between elements': () => tf.stridedSlice(ones(4), [0.5], [2], [1]),
  'half a border': () => tf.pad(ones(1, 4, 4, 1), [[0, 0], [0.5, 0.5], [0, 0], [0, 0]]),
  'half a mirrored border': () => tf.mirrorPad(ones(4), [[0.5, 0.5]], 'reflect'),
  'stacked on half an axis': () => tf.stack([ones(3), ones(3)], 0.5),
  'half a matrix': () => tf.matMul(tf.reshape(ones(4), [0.5, 8]), ones(8, 3)),
  'bands of no number': () => run('MatrixBandPart', {
    input: ones(3, 3), numLower: tf.zeros([0], 'int32'), numUpper: tf.scalar(1, 'int32'),
  }),
  'a gradient of another shape': () => run('LRNGrad', { x: ones(2, 4, 4, 7), y: ones(2, 4, 4, 7), dy: ones(1, 1, 1, 7) },
    { depthRadius: 2, bias: 1, alpha: 0.5, beta: 0.75 }),
  'an output of another shape': () => run('LRNGrad', { x: ones(1, 4, 4, 7), y: ones(1, 1, 1, 7), dy: ones(1, 4, 4, 7) },
    { depthRadius: 2, bias: 1, alpha: 0.5, beta: 0.75 }),
  'imaginary parts that are missing': () => run('Complex', { real: ones(89), imag: ones(2) }),
  'a choice among other shapes': () => run('Select', { condition: tf.zeros([9], 'bool'), t: ones(5), e: ones(2) }),
  'boxes with other numbers than corners': () => run('CropAndResize', {
    image: ones(1, 4, 4, 1), boxes: ones(3), boxInd: tf.zeros([3], 'int32'),
  }, { cropSize: [2, 2], method: 'bilinear', extrapolationValue: 0 }),
};

for (const [what, body] of Object.entries(WRONG)) {
  test(what, () => {
    const state = () => {
      const { heap } = tf.backend();
      return { ...tf.memory(), blocks: heap.blocksInUse, scratch: heap.scratchBytes };
    };
    tf.tidy(() => { try { body(); } catch {} }); // the working memory stays
    const before = state();
    tf.tidy(() => assert.throws(body, error => error instanceof LanewiseError || !/memory access/.test(error.message)));
    assert.deepEqual(state(), before);
  });
}

test('a variable made of another backend\'s tensor keeps its data', async () => {
  await tf.setBackend('cpu');
  const x = tf.tensor1d([1, 2, 3]), more = tf.tensor1d([4, 5, 6]);
  await tf.setBackend('guarded');
  const v = tf.variable(x);
  x.dispose();
  assert.deepEqual([...v.dataSync()], [1, 2, 3]);
  v.assign(more);
  more.dispose();
  assert.deepEqual([...v.dataSync()], [4, 5, 6]);
  v.dispose();
});

test('complex numbers of integers, and draws from integer logits', () => {
  assert.deepEqual([...tf.complex(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')).dataSync()], [1, 3, 2, 4]);
  const draws = logits => [...tf.multinomial(logits, 20, 7).dataSync()];
  assert.deepEqual(draws(tf.tensor2d([[1, 2, 3]], [1, 3], 'int32')), draws(tf.tensor2d([[1, 2, 3]])));
});

test('a file whose tier is excluded, or not the one that was asked for, is refused by name', async () => {
  const bytes = readFileSync(new URL('../dist/lanewise-scalar.wasm', import.meta.url));
  await assert.rejects(load({ exclude: ['scalar'], wasm: bytes }), /the bytes given holds tier 'scalar', which is excluded/);
  await assert.rejects(load({ tier: 'simd128', wasm: bytes }), /holds tier 'scalar', but 'simd128' was to be loaded/);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assert.equal((await load({ wasm: view })).tier, 'scalar');
});
