/* SPDX-License-Identifier: MIT */
/*
 * Times one model on several TensorFlow.js backends in one process, taking turns, so that whatever else the machine
 * does meets them all alike. Runs in Node and in browsers.
 */
import * as tf from '@tensorflow/tfjs-core';

/*
 * One inference as a program sees it: numbers in, numbers out. The model, a graph model or a layers model, must have
 * been loaded under the current backend. extraNodes: names of a graph's inner nodes whose values to return too.
 * Returns [{ name, shape, data }].
 */
export function infer(model, input, shape, dtype = 'float32', extraNodes = []) {
  const names = [...model.outputs.map((output) => output.name), ...extraNodes];
  // Tensors alone leave the tidy: it searches what it returns for tensors, element by element in arrays of numbers.
  const tensors = tf.tidy(() => {
    const tensor = tf.tensor(input, shape, dtype);
    return [model.execute ? model.execute(tensor, names) : model.predict(tensor)].flat();
  });
  const outputs = tensors.map((tensor, i) => ({ name: names[i], shape: tensor.shape, data: tensor.dataSync() }));
  tf.dispose(tensors);
  return outputs;
}

/* The largest absolute difference of two results of infer(); NaN differs from all but NaN, by infinity. */
export function maxDifference(a, b) {
  let max = 0;
  a.forEach(({ data }, i) => {
    const other = b[i].data;
    if (data.length !== other.length) max = Infinity;
    for (let j = 0; j < data.length; j++) {
      if (Object.is(data[j], other[j])) continue;
      const difference = Math.abs(data[j] - other[j]);
      max = Math.max(max, Number.isNaN(difference) ? Infinity : difference);
    }
  });
  return max;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/*
 * contestants: [{ label, backend, slow }], `backend` being a registered TensorFlow.js backend's name. The last is the
 * reference for the outputs. A slow one gets a fifth of the rounds and of the warm-up. One of another library has
 * no backend but load: async () => { infer, dispose }, where infer: async (input, shape) => [{ data }] in order.
 * loadModel: async () => model, called once under each backend, so that each has its own copy of the weights.
 * warmUpMs: how long each contestant runs at least before it counts.
 * progress: called with a text, and awaited.
 * Returns for each contestant { label, backend, first, median, min, max, rounds, difference, outputs }; times in ms.
 */
export async function runContest(contestants, loadModel, input, shape, options = {}) {
  const { rounds = 25, warmUps = 10, dtype = 'float32', warmUpMs = 0, progress = () => {} } = options;
  const entries = [];
  const timed = async (entry) => {
    if (entry.backend && tf.getBackend() !== entry.backend) await tf.setBackend(entry.backend);
    const start = performance.now();
    entry.outputs = entry.load ? await entry.model.infer(input, shape) : infer(entry.model, input, shape, dtype);
    return performance.now() - start;
  };
  const share = (entry, count) => (entry.slow ? Math.ceil(count / 5) : count);
  try {
    for (const contestant of contestants) {
      await progress(`loading the model into ${contestant.label}`);
      const { label, backend, load } = contestant;
      if (backend && !(await tf.setBackend(backend))) throw new Error(`${label} does not start`);
      const entry = { ...contestant, model: await (load ?? loadModel)(), times: [] };
      entries.push(entry);
      entry.first = await timed(entry);
    }
    for (const entry of entries) {
      await progress(`warming up ${entry.label}`);
      const count = share(entry, Math.min(warmUps, rounds)), start = performance.now();
      // Small models take many runs until all their code is compiled at its best.
      for (let i = 1; i < count || performance.now() - start < warmUpMs; i++) await timed(entry);
    }
    for (let round = 0; round < rounds; round++) {
      await progress(`round ${round + 1} of ${rounds}`);
      for (const entry of entries) {
        if (!entry.slow || round % 5 === 0) entry.times.push(await timed(entry));
      }
    }
  } finally {
    entries.forEach((entry) => entry.model.dispose());
  }
  const reference = entries.at(-1).outputs;
  return entries.map(({ label, backend, first, times, outputs }) => ({
    label, backend, first, outputs, rounds: times.length,
    median: median(times), min: Math.min(...times), max: Math.max(...times),
    difference: maxDifference(outputs, reference),
  }));
}

/* The largest absolute value in the reference's outputs, to see the differences in proportion. */
export const largestOutput = (results) => Math.max(...results.at(-1).outputs.map(({ data }) => (
  data.reduce((max, value) => Math.max(max, Math.abs(value)), 0))));

/* The contest's table as rows of text cells, the head first. */
export function contestTable(results) {
  const ms = (value) => value.toFixed(2);
  const head = ['backend', 'first ms', 'median ms', 'min ms', 'max ms', 'rounds', 'max |difference|'];
  const rows = results.map((result, i) => [
    result.label, ms(result.first), ms(result.median), ms(result.min), ms(result.max), String(result.rounds),
    i === results.length - 1 ? '(reference)' : result.difference === 0 ? '0' : result.difference.toExponential(1),
  ]);
  return [head, ...rows];
}
