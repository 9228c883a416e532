/* SPDX-License-Identifier: MIT */
/*
 * The published models that models.test.mjs leaves out because they take the cpu backend long: the tiers with SIMD
 * give its outputs within the tolerance that follows from each model (catalogue.mjs). Part of `scripts/test programs`.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { backendOf, registerTiers } from '../../demo/backends.mjs';
import { maxDifference } from '../../demo/contest.mjs';
import { analyse, inputOf, loadModel, MORE_MODELS, toleranceOf } from './catalogue.mjs';

tf.enableProdMode();
const tiers = registerTiers().filter((tier) => tier !== 'scalar'); // the same bits as simd128, and slow

/* One inference on a backend: [{ name, shape, dtype, data }] and its time. */
async function run(backend, definition, values, extraNodes = []) {
  assert.ok(await tf.setBackend(backend), `backend ${backend} starts`);
  const { shape, dtype } = inputOf(definition);
  const model = await loadModel(definition);
  const names = [...model.outputs.map(({ name }) => name), ...extraNodes];
  const before = tf.memory().numTensors;
  const others = Object.entries(definition.others ?? {});
  const inputs = Object.fromEntries(others.map(([name, value]) => [name, tf.scalar(value)]));
  const [picture] = model.inputs.map(({ name }) => name.split(':')[0]).filter((name) => !(name in inputs));
  inputs[picture] = tf.tensor(values, shape, dtype);
  const start = performance.now();
  const running = definition.dynamic ? model.executeAsync(inputs, names) : model.execute(inputs, names);
  const outputs = [await running].flat();
  const read = outputs.map((output, i) => (
    { name: names[i], shape: output.shape, dtype: output.dtype, data: output.dataSync() }));
  const ms = performance.now() - start;
  tf.dispose([inputs, outputs]);
  const left = tf.memory().numTensors - before;
  model.dispose();
  return { outputs: read, ms, left };
}

const report = [];

for (const definition of MORE_MODELS) {
  test(definition.name, async (t) => {
    const { values } = inputOf(definition);
    const analysis = await analyse(definition);
    const cpu = await run('cpu', definition, values, [...analysis.logits.values()]);
    const reference = cpu.outputs.slice(0, cpu.outputs.length - analysis.logits.size);
    const tolerances = reference.map((output) => (
      toleranceOf(analysis, output, cpu.outputs.find(({ name }) => name === analysis.logits.get(output.name)))));
    const errors = (outputs) => outputs.map((output, i) => maxDifference([output], [reference[i]]));
    assert.ok(reference.some(({ data }) => data.length && data.some((value) => value !== 0)));
    assert.ok(reference.every(({ data }) => data.every(Number.isFinite)));

    const columns = {};
    const times = [cpu.ms];
    try {
      const official = await run('wasm', definition, values);
      columns.official = errors(official.outputs);
      times.push(official.ms);
    } catch {
      times.push(NaN); // it lacks a kernel
    }
    for (const tier of tiers) {
      await t.test(tier, async () => {
        const { outputs, ms, left } = await run(backendOf(tier), definition, values);
        columns[tier] = errors(outputs);
        if (tier === tiers[0]) times.push(ms);
        outputs.forEach((output, i) => {
          assert.deepEqual(output.shape, reference[i].shape);
          assert.equal(output.dtype, reference[i].dtype);
          assert.ok(columns[tier][i] <= tolerances[i],
            `${output.name}: differs by ${columns[tier][i]}, tolerance ${tolerances[i]}`);
        });
        assert.equal(left, 0, 'tensors left');
      });
    }
    await t.test('the tolerance notices a picture that is darker by 1 %', async () => {
      const darker = values.map((value) => value * (definition.off ?? 0.99));
      const { outputs } = await run(backendOf(tiers[0]), definition, darker);
      assert.ok(errors(outputs).some((error, i) => error > tolerances[i]));
    });

    const cell = (value) => (value === undefined ? '-' : value.toExponential(1)).padStart(9);
    reference.forEach(({ name }, i) => {
      const label = `${definition.name} ${name.split('/').at(-1)}`.slice(0, 44).padEnd(44);
      const ms = i ? '' : times.map((value) => (Number.isNaN(value) ? '-' : value.toFixed(0)).padStart(7)).join('');
      report.push(`${label}${cell(tolerances[i])}${cell(columns.official?.[i])}${
        [...tiers].reverse().map((tier) => cell(columns[tier]?.[i])).join('')}${ms}`);
    });
  });
}

after(() => {
  const heads = ['tolerance', 'official', ...[...tiers].reverse()].map((head) => head.padStart(9)).join('');
  console.log(`largest |difference| from the cpu backend; first inference in ms: cpu, official, ${tiers[0]}`);
  console.log([`${'model and output'.padEnd(44)}${heads}`, ...report].join('\n'));
});
