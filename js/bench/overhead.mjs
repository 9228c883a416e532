/* SPDX-License-Identifier: MIT */
/*
 * Where an inference's time goes outside of the kernels, by V8's sampling profiler: in WebAssembly, in the backend's
 * JavaScript, in TensorFlow.js, elsewhere. Lanewise and the official backend take turns.
 */
import { Session } from 'node:inspector/promises';
import * as tf from '@tensorflow/tfjs-core';
import { infer, median } from '../demo/contest.mjs';
import { inputOf, loadModel } from '../test/models/catalogue.mjs';

const SAMPLE_MICROSECONDS = 100;
const SLICE_MS = 400;

/** Whose time a sample of V8's is. */
function ownerOf({ functionName, url }) {
  if (url.startsWith('wasm') || functionName.startsWith('wasm')) return 'wasm';
  if (/tfjs-(core|converter|layers)/.test(url)) return 'tfjs';
  if (/tfjs-backend-wasm/.test(url) || /\/dist\/[^/]*\.c?js$/.test(url)) return 'backend';
  return 'other'; // Node, the garbage collector
}

async function slice(session, run) {
  await session.post('Profiler.start');
  let inferences = 0;
  const start = performance.now();
  do {
    run();
    inferences++;
  } while (performance.now() - start < SLICE_MS);
  const micros = (performance.now() - start) * 1000 / inferences;
  const { profile: { nodes, samples, timeDeltas } } = await session.post('Profiler.stop');
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const spent = { wasm: 0, backend: 0, tfjs: 0, other: 0 };
  let total = 0;
  samples.forEach((id, i) => {
    spent[owners.get(id)] += timeDeltas[i];
    total += timeDeltas[i];
  });
  for (const owner of Object.keys(spent)) spent[owner] *= micros / total;
  return { total: micros, ...spent };
}

/** backends: [{ label, backend }]. Returns [{ label, total, wasm, backend, tfjs, other }], medians in microseconds. */
export async function measureOverhead(definition, backends, rounds, warmUpMs) {
  const { values, shape, dtype } = inputOf(definition);
  const sides = [];
  for (const { label, backend } of backends) {
    await tf.setBackend(backend);
    const model = await loadModel(definition);
    sides.push({ label, backend, model, slices: [], run: () => infer(model, values, shape, dtype) });
  }
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
  for (const { backend, run } of sides) {
    await tf.setBackend(backend);
    for (const start = performance.now(); performance.now() - start < warmUpMs;) run();
  }
  for (let round = 0; round < rounds; round++) {
    for (const { backend, run, slices } of sides) {
      await tf.setBackend(backend);
      slices.push(await slice(session, run));
    }
  }
  session.disconnect();
  for (const { model } of sides) model.dispose();
  return sides.map(({ label, slices }) => Object.assign({ label },
    ...Object.keys(slices[0]).map((key) => ({ [key]: median(slices.map((one) => one[key])) }))));
}
