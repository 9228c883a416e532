/* SPDX-License-Identifier: MIT */
/*
 * Training: a small convolutional network of TensorFlow.js's layers, on images that are made here, on every tier. Its
 * loss falls, it tells the classes apart, its weights are those that the cpu backend arrives at, and a step leaves
 * nothing behind. And the steps of each optimizer by itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { assertClose, assertSameBits, randoms, run, tiers } from './support.mjs';

// ---- A network -----------------------------------------------------------------------------------------

const SIDE = 12, CLASSES = 4, IMAGES = 96, BATCH = 24;

/** Noisy waves that run across, down, or along one of the diagonals: the class is the direction. */
function data() {
  const { next } = randoms(7);
  const pixels = new Float32Array(IMAGES * SIDE * SIDE), classes = new Float32Array(IMAGES * CLASSES);
  for (let i = 0; i < IMAGES; i++) {
    const direction = i % CLASSES, phase = Math.PI * next();
    classes[i * CLASSES + direction] = 1;
    for (let p = 0; p < SIDE * SIDE; p++) {
      const x = p % SIDE, y = Math.floor(p / SIDE);
      pixels[i * SIDE * SIDE + p] = Math.sin(phase + 1.4 * [x, y, 0.7 * (x + y), 0.7 * (x - y)][direction])
        + 0.3 * next();
    }
  }
  return [tf.tensor4d(pixels, [IMAGES, SIDE, SIDE, 1]), tf.tensor2d(classes, [IMAGES, CLASSES])];
}

function network() {
  const kernel = seed => layers.initializers.glorotUniform({ seed });
  return layers.sequential({
    layers: [
      layers.layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 8, kernelSize: 3, padding: 'same',
        activation: 'relu', kernelInitializer: kernel(1) }),
      layers.layers.maxPooling2d({ poolSize: 2 }),
      // A bias here would have a gradient of nothing but rounding errors: the next layer takes the mean away.
      layers.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, useBias: false,
        depthwiseInitializer: kernel(2) }),
      layers.layers.batchNormalization({ momentum: 0.8 }),
      layers.layers.activation({ activation: 'relu' }),
      layers.layers.conv2d({ filters: 12, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu',
        kernelInitializer: kernel(3) }),
      layers.layers.averagePooling2d({ poolSize: 2 }),
      layers.layers.flatten(),
      layers.layers.dropout({ rate: 0.1, seed: 4 }),
      layers.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: kernel(5) }),
    ],
  });
}

/** Trains a new network; `epochEnd` is called after each epoch. */
async function train(backend, optimizer, epochs, epochEnd) {
  assert.ok(await tf.setBackend(backend));
  const [x, y] = data();
  const model = network();
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const { history } = await model.fit(x, y,
    { epochs, batchSize: BATCH, shuffle: false, verbose: 0, callbacks: epochEnd && { onEpochEnd: epochEnd } });
  const weights = model.getWeights().map(w => ({ shape: w.shape, dtype: w.dtype, values: w.dataSync() }));
  const [loss, accuracy] = model.evaluate(x, y, { batchSize: IMAGES }).map(value => value.dataSync()[0]);
  model.dispose();
  optimizer.dispose();
  tf.dispose([x, y]);
  return { history, weights, loss, accuracy };
}

for (const tier of tiers) {
  test(`a network learns, and no step leaves anything behind (${tier})`, async () => {
    const states = [];
    const { history, loss, accuracy } = await train(`lanewise-${tier}`, tf.train.adam(0.01), 8, () => {
      const { heap } = tf.backend();
      states.push([tf.memory().numTensors, tf.backend().numDataIds(), heap.bytesInUse - heap.scratchBytes]);
    });
    assert.ok(history.loss[0] > 0.5 && history.loss[7] < 0.05, `losses ${history.loss}`);
    assert.ok(loss < 0.05, `loss ${loss}`);
    assert.equal(accuracy, 1);
    for (const state of states.slice(2)) assert.deepEqual(state, states[1], 'tensors, data and bytes after an epoch');
  });
}

test('the weights are those of the cpu backend, in scalar and simd128 the same bits', async () => {
  const RATE = 0.1, EPOCHS = 3;
  const reference = await train('cpu', tf.train.sgd(RATE), EPOCHS);
  assert.ok(reference.accuracy > 0.9, `accuracy ${reference.accuracy}`);
  // A step adds two roundings of a weight and RATE times those of its gradient. That is a sum over all pixels of a
  // batch, whose terms add up to about 1 since the loss is a mean; its errors grow as a random walk does.
  const U = 2 ** -24, steps = EPOCHS * IMAGES / BATCH, terms = BATCH * SIDE * SIDE;
  const trained = {};
  for (const tier of tiers) {
    const { weights, history } = trained[tier] = await train(`lanewise-${tier}`, tf.train.sgd(RATE), EPOCHS);
    weights.forEach((found, i) => {
      const expected = reference.weights[i];
      const largest = expected.values.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      assertClose([found], [expected], steps * U * (2 * largest + RATE * Math.sqrt(terms)), `${tier}, weights ${i}`);
    });
    history.loss.forEach((loss, i) => assert.ok(Math.abs(loss - reference.history.loss[i]) < 1e-5, `loss ${loss}`));
  }
  if (trained.simd128) assertSameBits(trained.simd128.weights, trained.scalar.weights, 'simd128 and scalar');
});

// ---- Optimizers ----------------------------------------------------------------------------------------

const OPTIMIZERS = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  'momentum of Nesterov': () => tf.train.momentum(0.1, 0.9, true),
  adam: () => tf.train.adam(0.01),
  rmsprop: () => tf.train.rmsprop(0.01),
  'rmsprop, centered': () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-7, true),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.1),
  adamax: () => tf.train.adamax(0.01),
};
for (const [name, make] of Object.entries(OPTIMIZERS)) {
  test(`steps of ${name} are those of the cpu backend`, async () => {
    const steps = r => {
      const optimizer = make(), w = tf.variable(r.float([5, 7]));
      const seen = [];
      for (let step = 0; step < 6; step++) {
        // Gradients of all sizes, zeros among them.
        const g = tf.mul(r.float([5, 7]), tf.pow(tf.scalar(10), r.int([5, 7], -4, 1).cast('float32')));
        optimizer.applyGradients({ [w.name]: tf.where(tf.greater(r.float([5, 7]), -0.8), g, tf.zerosLike(g)) });
        seen.push(tf.clone(w));
      }
      optimizer.dispose();
      w.dispose();
      return seen;
    };
    const reference = await run('cpu', steps);
    for (const tier of tiers) assertClose(await run(`lanewise-${tier}`, steps), reference, 0, tier);
  });
}
