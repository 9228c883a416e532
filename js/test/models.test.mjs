/* SPDX-License-Identifier: MIT */
/*
 * Published models on real photos: every tier that this engine has gives the cpu backend's outputs, within a tolerance
 * derived from the model (models/catalogue.mjs); scalar and simd128 give the same bits; nothing leaks; and the demo
 * finds the faces that the cpu backend finds.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { backendOf, chosenTier, registerTiers } from '../demo/backends.mjs';
import { decodeFaces, INPUT_SIZE, letterbox, overlap } from '../demo/blazeface.mjs';
import { infer, maxDifference } from '../demo/contest.mjs';
import { readImage } from '../demo/image.mjs';
import { loadBlazeFace, samplePhoto } from '../demo/models.mjs';
import { analyse, inputOf, loadModel, MODELS, toleranceOf } from './models/catalogue.mjs';

tf.enableProdMode();
const tiers = registerTiers();
const nodeMajor = Number(process.versions.node.split('.')[0]);

/* Runs `body` with `backend` current and a model loaded into it. */
async function withModel(backend, load, body) {
  assert.ok(await tf.setBackend(backend), `backend ${backend} starts`);
  const model = await load();
  try {
    return await body(model);
  } finally {
    model.dispose();
  }
}

const bits = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/* One line for each output of each model: tolerance, and the largest difference of each backend from the reference. */
const report = [];

test('the dispatcher chooses the best tier of this Node', () => {
  const expected = { 20: 'simd128', 26: 'relaxed' }[nodeMajor];
  if (expected) assert.equal(chosenTier(), expected);
  assert.equal(tiers[0], chosenTier());
  assert.deepEqual(tiers, ['relaxed', 'simd128', 'scalar'].slice(tiers[0] === 'relaxed' ? 0 : 1));
});

for (const definition of MODELS) {
  test(definition.name, async (t) => {
    const input = inputOf(definition);
    const analysis = await analyse(definition);
    const run = (backend, extraNodes = [], values = input.values) => withModel(backend, () => loadModel(definition),
      (model) => infer(model, values, input.shape, input.dtype, extraNodes));

    const all = await run('cpu', [...analysis.logits.values()]);
    const reference = all.slice(0, all.length - analysis.logits.size);
    const tolerances = reference.map((output) => (
      toleranceOf(analysis, output, all.find(({ name }) => name === analysis.logits.get(output.name)))));
    const errors = (outputs) => outputs.map((output, i) => maxDifference([output], [reference[i]]));
    reference.forEach(({ data }, i) => {
      assert.ok(data.every(Number.isFinite) && data.some((value) => value !== data[0]) || data.length === 1);
      assert.ok(tolerances[i] > 0);
    });

    const columns = { official: errors(await run('wasm')) };
    const outputs = {};
    for (const tier of tiers) {
      await t.test(tier, async () => {
        outputs[tier] = await run(backendOf(tier));
        assert.equal(tf.backend().tier, tier);
        columns[tier] = errors(outputs[tier]);
        outputs[tier].forEach((output, i) => {
          assert.deepEqual(output.shape, reference[i].shape);
          assert.ok(columns[tier][i] <= tolerances[i],
            `${output.name}: differs by ${columns[tier][i]}, tolerance ${tolerances[i]}`);
        });
      });
    }
    await t.test('scalar and simd128 give the same bits', () => {
      outputs.scalar.forEach((output, i) => {
        assert.ok(bits(output).equals(bits(outputs.simd128[i])), `${output.name} differs by ${
          maxDifference([output], [outputs.simd128[i]])}`);
      });
    });
    await t.test('the tolerance notices an input that is off by 1 %', async () => {
      const off = input.values.map((value) => value * 0.99);
      const noticed = errors(await run(backendOf(tiers[0]), [], off)).some((error, i) => error > tolerances[i]);
      assert.ok(noticed);
    });

    const line = (value) => value.toExponential(1).padStart(9);
    reference.forEach(({ name }, i) => {
      report.push(`${`${definition.name} ${name.split('/').at(-2) ?? name}`.slice(0, 44).padEnd(44)}` +
        `${line(tolerances[i])}${line(columns.official[i])}${[...tiers].reverse().map((tier) => (
          columns[tier] ? line(columns[tier][i]) : '        -')).join('')}`);
    });
  });
}

after(() => {
  const heads = ['tolerance', 'official', ...[...tiers].reverse()].map((head) => head.padStart(9)).join('');
  console.log('largest |difference| from the cpu backend');
  console.log([`${'model and output'.padEnd(44)}${heads}`, ...report].join('\n'));
});

test('a thousand inferences leave memory as ten did', async () => {
  const definition = MODELS.find(({ name }) => name === 'blazeface-front');
  const input = inputOf(definition);
  for (const tier of tiers.filter((name) => name !== 'scalar')) { // the same JavaScript, and too slow
    await tf.setBackend(backendOf(tier));
    const empty = tf.memory();
    await withModel(backendOf(tier), () => loadModel(definition), (model) => {
      const memory = () => {
        const { numTensors, numDataBuffers, numBytes } = tf.memory();
        const { heap } = tf.backend();
        return {
          numTensors, numDataBuffers, numBytes, dataIds: tf.backend().numDataIds(),
          wasmBytes: heap.totalBytes, bytesInUse: heap.bytesInUse, blocksInUse: heap.blocksInUse,
        };
      };
      for (let i = 0; i < 10; i++) infer(model, input.values, input.shape);
      const tenth = memory();
      for (let i = 10; i < 1000; i++) infer(model, input.values, input.shape);
      assert.deepEqual(memory(), tenth);
    });
    const { numTensors, numDataBuffers } = tf.memory();
    assert.deepEqual({ numTensors, numDataBuffers },
      { numTensors: empty.numTensors, numDataBuffers: empty.numDataBuffers }, 'dispose() gives all back');
  }
});

/* Counted by eye; the fifth photo has five people. */
const PEOPLE = [3, 3, 3, 4, 5, 4];

test('the faces of six photos', async (t) => {
  const photos = PEOPLE.map((_, i) => letterbox(readImage(samplePhoto(i + 1))));
  const find = (backend) => withModel(backend, loadBlazeFace, (model) => photos.map(({ input, placement }) => (
    decodeFaces(infer(model, input, [1, INPUT_SIZE, INPUT_SIZE, 3]), placement))));
  const reference = await find('cpu');
  await t.test('the reference finds everybody', () => {
    assert.deepEqual(reference.map((faces) => faces.length), PEOPLE);
  });
  for (const tier of tiers) {
    await t.test(tier, async () => {
      (await find(backendOf(tier))).forEach((faces, photo) => {
        assert.equal(faces.length, reference[photo].length);
        faces.forEach((face, i) => {
          const expected = reference[photo][i];
          const iou = overlap(face, expected);
          assert.ok(iou > 0.99, `photo ${photo + 1}, face ${i + 1}: ${iou}`);
          assert.ok(Math.abs(face.score - expected.score) < 1e-3);
          face.landmarks.forEach(({ x, y }, p) => {
            assert.ok(Math.hypot(x - expected.landmarks[p].x, y - expected.landmarks[p].y) < 0.5);
          });
        });
      });
    });
  }
});
