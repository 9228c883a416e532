/* SPDX-License-Identifier: MIT */
/* Layer by layer, one thread: Lanewise's tiers beside its peers, in one process, interleaved. See USAGE. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import './engine.mjs';
import * as tf from '@tensorflow/tfjs-core';
import { registerBackend } from 'lanewise/backend';
import { backendOf, chosenTier, registerTiers } from '../demo/backends.mjs';
import { median } from '../demo/contest.mjs';
import { LAYERS, SMALLEST, WAKER } from './layers.mjs';
import { measurePeaks, peaksTable } from './peaks.mjs';
import { sizeOf } from './peers/graph.mjs';
import { agrees, peerLayer } from './peers/layer.mjs';
import { findPeers } from './peers/peers.mjs';
import { barChart, markdownTable, printTable, writeJson, writeText } from './report.mjs';

const USAGE = `usage: scripts/bench ops [--filter REGEX] [--rounds N] [--warm-up MS] [--no-peers] [--threads]
                         [--out FOLDER]

Times each layer on Lanewise's relaxed and simd128 tiers and on the peers, and sets the results against the machine's
peaks, measured in the same run.

  C         one call of the C operator, on packed weights: what to compare with a library's own figures
  tfjs API  one call of the function of TensorFlow.js, its overhead and the output's disposal included
  official  the same on @tensorflow/tfjs-backend-wasm (XNNPACK of 2022)
  LiteRT, onnxruntime
            one call of @litertjs/core (XNNPACK's newest, relaxed SIMD) and of onnxruntime-web (its own kernels,
            simd128) on a model of that one layer, weights packed, inputs and outputs staying in the library's
            memory. Such a call has a cost of its own, which counts in small layers; the last line tells it. A layer
            is timed only where its output agrees with ours.

  --filter REGEX  only layers whose group or name matches
  --rounds N      rounds of each side, 9 by default; each is the mean of a burst of about 3 ms, after one call that
                  brings the side's own data into the caches
  --warm-up MS    how long each side runs before it counts, so that the engine compiles everything at its best: 120 by
                  default, and 2.5 times as long for LiteRT and onnxruntime
  --no-peers      Lanewise alone
  --threads       the best tier alone, on one thread and on as many as the machine has cores (two at least), not pinned
                  to a core. Each side warms up for 300 ms with a large product before each call, and again as usual:
                  the pool learns what to spread with its workers awake, as in a model. Lost is the median on all
                  threads less their share of the median on one: what handing out cost, uneven shares, memory that the
                  cores share, work that stays on one
  --out FOLDER    where ops.json, ops.md and ops.svg go, or ops-threads.json and .md; build/bench by default`;

function options() {
  const { values } = parseArgs({
    options: {
      filter: { type: 'string', default: '' }, rounds: { type: 'string', default: '9' },
      'warm-up': { type: 'string' }, threads: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' },
      out: { type: 'string', default: fileURLToPath(new URL('../../build/bench', import.meta.url)) },
    },
  });
  const rounds = Number(values.rounds);
  if (!/^\d+$/.test(values.rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: expected 1 or more`);
  values['warm-up'] ??= values.threads ? '300' : '120';
  const warmUp = Number(values['warm-up']);
  if (!(warmUp >= 0)) throw new Error(`--warm-up ${values['warm-up']}: expected milliseconds`);
  const layers = LAYERS.filter(({ group, name }) => new RegExp(values.filter, 'i').test(`${group} ${name}`));
  if (layers.length === 0) throw new Error(`--filter ${values.filter}: no layer matches`);
  return { ...values, rounds, warmUp, peers: !values['no-peers'], layers };
}

/* Values in -1 to 1, the same for every side. */
function randoms(count, seed) {
  const values = new Float32Array(count);
  let state = seed * 2654435761 + 12345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

const valuesOf = (layer) => Object.fromEntries(Object.entries(layer.inputs).map(([name, shape], i) => (
  [name, layer.values?.[name] ?? randoms(sizeOf(shape), i + 1)])));

/* A side is { label, backend, run(count), output(), dispose() }: runs the layer `count` times; one run's values. */
async function tfjsSides(layer, values, backend, label, direct) {
  await tf.setBackend(backend);
  const tensors = Object.fromEntries(Object.entries(layer.inputs).map(([name, shape]) => (
    [name, tf.tensor(values[name], shape, values[name] instanceof Uint8Array ? 'bool' : undefined)])));
  const once = () => {
    const y = tf.tidy(() => layer.run(tf, tensors));
    tf.backend().finish?.(); // Lanewise's convolutions wait until they are needed
    return y;
  };
  const sides = [{
    label, backend, output: () => tf.tidy(() => once().dataSync()),
    run: (count) => {
      for (let i = 0; i < count; i++) once().dispose();
    },
    dispose: () => tf.dispose(tensors),
  }];
  if (direct) {
    once().dispose(); // packs the weights
    // The call of the C API that the function makes, to be repeated by itself. Its output stays allocated.
    const { kernels } = tf.backend();
    const calls = [];
    const recorder = new Proxy(kernels, {
      get: (target, name) => (typeof target[name] !== 'function' ? target[name] : (...args) => {
        if (!/Sizes$|Pack$/.test(name)) calls.push(() => target[name](...args));
        return target[name](...args);
      }),
    });
    Object.defineProperty(tf.backend(), 'kernels', { value: recorder, configurable: true, writable: true });
    const kept = once();
    Object.defineProperty(tf.backend(), 'kernels', { value: kernels, configurable: true, writable: true });
    if (calls.length === 1) {
      const [call] = calls;
      sides.unshift({
        label: direct, backend, output: () => kept.dataSync(),
        run: (count) => {
          for (let i = 0; i < count; i++) call();
        },
        dispose: () => kept.dispose(),
      });
    } else kept.dispose();
  }
  return sides;
}

const microseconds = (value) => (
  value === undefined ? '–' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0));

async function use({ backend }) {
  if (backend && tf.getBackend() !== backend) await tf.setBackend(backend);
}

async function timeLayer(layer, { rounds, warmUp, peers, official, notes }) {
  const values = valuesOf(layer);
  const sides = [];
  for (const tier of TIERS) {
    sides.push(...await tfjsSides(layer, values, backendOf(tier), `${tier} tfjs`, `${tier} C`));
  }
  const own = sides.find(({ label }) => label === 'simd128 tfjs');
  await use(own);
  const expected = own.output();
  for (const peer of peers) {
    try {
      sides.push({ label: peer.label, ...await peerLayer(peer, layer, values, expected) });
    } catch (error) {
      notes.push(`${layer.name}: no ${peer.label}: ${error.message}`);
    }
  }
  if (official) sides.push(...await tfjsSides(layer, values, 'wasm', 'official'));
  return timeSides(layer, sides, expected, { rounds, warmUp });
}

/* prepare(side, count): what comes before `count` timed calls. same(values, expected): whether an output is right. */
async function timeSides(layer, sides, expected, { rounds, warmUp, prepare = (side) => side.run(1), same = agrees }) {
  const burst = async (side, count) => {
    await use(side);
    await prepare(side, count);
    const start = performance.now();
    await side.run(count);
    return performance.now() - start;
  };
  // Warm up, and find how many calls make a burst.
  for (const side of sides) {
    let ms = 0;
    side.count = 1;
    const enough = side.backend ? warmUp : 2.5 * warmUp;
    for (const start = performance.now(); performance.now() - start < enough;) {
      ms = await burst(side, side.count);
      if (ms < 3) side.count *= 2;
    }
    side.times = [];
  }
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) side.times.push(await burst(side, side.count) * 1000 / side.count);
  }
  const result = { group: layer.group, name: layer.name, flops: layer.flops, bytes: layer.bytes, sides: {} };
  for (const side of sides) {
    await use(side);
    const wrong = !same(await side.output(), expected);
    const { label, times, complete = true } = side;
    result.sides[label] = { median: median(times), min: Math.min(...times), max: Math.max(...times), wrong, complete };
    side.dispose();
  }
  return result;
}

/* One layer on each of `counts` threads: as one call of the C API, or of TensorFlow.js where that makes several. */
async function timeThreads(layer, counts, settings) {
  const values = valuesOf(layer), sides = [], others = [];
  for (const threads of counts) {
    const backend = `lanewise-threads-${threads}`;
    const [side, ...rest] = await tfjsSides(layer, values, backend, 'tfjs', 'C');
    const [waker, ...more] = await tfjsSides(WAKER, valuesOf(WAKER), backend, 'tfjs', 'C');
    const { heap, threads: hands } = tf.backend().module;
    // The pool's first word counts the jobs that it shared with its workers.
    const shared = () => (hands ? heap.u32[hands.pool >>> 2] : 0);
    const timed = {
      ...side, label: String(threads), call: side.label, wake: () => waker.run(1), calls: 0, jobs: 0,
      run(count) {
        const before = shared();
        side.run(count);
        timed.jobs += shared() - before >>> 0;
        timed.calls += count;
      },
    };
    for (const start = performance.now(); performance.now() - start < settings.warmUp; side.run(1)) waker.run(1);
    sides.push(timed);
    others.push(...rest, waker, ...more);
  }
  await use(sides[0]);
  const result = await timeSides(layer, sides, sides[0].output(), {
    ...settings,
    prepare(side, count) {
      side.wake();
      side.run(Math.ceil(count / 8));
    },
    same: (output, expected) => output.every((value, i) => Object.is(value, expected[i])),
  });
  others.forEach((side) => side.dispose());
  const [one, all] = counts.map((threads) => result.sides[threads]), [{ call }, { jobs, calls }] = sides;
  if (all.wrong) throw new Error(`${layer.name}: the output on ${counts[1]} threads is not that on one`);
  return { ...result, call, lost: all.median - one.median / counts[1], jobs: jobs / calls };
}

/* Layers that take less on one thread tell what it costs to spread work. */
const SMALL = 30;

async function compareThreads({ layers, rounds, warmUp, out }) {
  const most = Math.max(2, availableParallelism()), counts = [1, most], results = [];
  for (const threads of counts) registerBackend(`lanewise-threads-${threads}`, { threads });
  for (const layer of layers) {
    results.push(await timeThreads(layer, counts, { rounds, warmUp }));
    process.stderr.write(`\r${results.length} of ${layers.length}`);
  }
  process.stderr.write('\n');
  const head = ['layer', '1 thread µs', 'median', `${most} threads µs`, 'median', 'times faster', 'lost µs', 'jobs'];
  const table = [head, ...results.map(({ name, call, sides: { 1: one, [most]: all }, lost, jobs }) => [
    call === 'C' ? name : `${name}*`, ...[one.min, one.median, all.min, all.median].map(microseconds),
    (one.median / all.median).toFixed(2), microseconds(lost), jobs.toFixed(1),
  ])];
  printTable(table);
  const small = results.filter(({ sides, jobs }) => sides[1].median < SMALL && jobs > 0.5);
  const perJob = small.length ? median(small.map(({ lost, jobs }) => lost / jobs)) : undefined;
  console.log(`
${chosenTier()}. µs are minima and medians over the rounds; * by a call of TensorFlow.js, which makes several of C's.
Lost: the median on ${most} threads less 1 / ${most} of that on one. Jobs that one call shared with workers: 0 where
there is too little to do, or where the pool found that they don't pay.
Overhead of a job: ${microseconds(perJob)} µs, the median of lost / jobs over ${small.length} layers that take less than
${SMALL} µs on one thread and are shared.`);
  writeJson(`${out}/ops-threads.json`, {
    date: new Date().toISOString(), node: process.version, tier: chosenTier(), threads: most, results, perJob,
  });
  writeText(`${out}/ops-threads.md`, markdownTable(table));
}

/* GFLOP/s of the machine that the layers' `reference` was measured on. */
const REFERENCE_PEAK = 59.1;

const TIERS = registerTiers().filter((tier) => tier !== 'scalar');

async function main() {
  const chosen = options();
  if (chosen.help) {
    console.log(USAGE);
    return;
  }
  tf.enableProdMode();
  if (chosen.threads) return compareThreads(chosen);
  const peaks = measurePeaks();
  const { peers, notes } = chosen.peers ? await findPeers() : { peers: [], notes: [] };
  const { rounds, warmUp } = chosen, settings = { rounds, warmUp, peers, official: chosen.peers, notes };
  const results = [];
  const smallest = await timeLayer(SMALLEST, settings);
  for (const layer of chosen.layers) {
    results.push({ ...await timeLayer(layer, settings), reference: layer.reference, goal: layer.goal });
    process.stderr.write(`\r${results.length} of ${chosen.layers.length}`);
  }
  process.stderr.write('\n');

  const copy = peaks.copy[2].rate;
  const share = ({ flops, bytes }, side, peak) => (
    side && (flops ? flops / side.min / 1e3 / peak : bytes / side.min / 1e3 / copy));
  const percent = (value) => (value === undefined ? '–' : `${(100 * value).toFixed(0)} %`);
  const mark = (side) => (
    side ? microseconds(side.min) + (side.wrong ? ' (wrong result)' : side.complete ? '' : '*') : '–');
  const head = ['layer', 'relaxed C µs', 'of peak', 'simd128 C µs', 'of peak',
    ...peers.flatMap(({ label }) => [`${label} µs`, 'times faster']), 'relaxed tfjs µs', 'official µs', 'times faster',
    'XNNPACK µs (given)', 'times faster', 'goal'];
  const ratio = (peer, side) => (peer && side ? (peer.median / side.median).toFixed(2) : '–');
  // The given figure is from another run: for arithmetic the two runs' peaks even that out.
  const timesGiven = ({ reference, flops }, side) => (
    reference && side ? (reference / side.min * (flops ? REFERENCE_PEAK / peaks.madd : 1)).toFixed(2) : '–');
  const table = [head, ...results.map((result) => {
    const { sides, reference, goal } = result;
    const relaxed = sides['relaxed C'], simd128 = sides['simd128 C'];
    const api = sides['relaxed tfjs'] ?? sides['simd128 tfjs'];
    return [
      result.name, mark(relaxed), percent(share(result, relaxed, peaks.madd)), mark(simd128),
      percent(share(result, simd128, peaks.mulAdd)),
      ...peers.flatMap(({ label }) => [mark(sides[label]), ratio(sides[label], relaxed ?? simd128)]),
      mark(api), mark(sides.official), ratio(sides.official, api),
      microseconds(reference), timesGiven(result, relaxed),
      goal ? String(goal) : '–',
    ];
  })];
  printTable(peaksTable(peaks));
  console.log();
  printTable(table);
  console.log(`
µs are minima over the rounds. Shares: of the tier's multiply-add peak, for layers without multiply-adds of the copy
bandwidth in 4 MB. Times faster: medians of this run, other libraries against C and official against tfjs API; and the
given time of XNNPACK against the relaxed minimum, for multiply-adds times the quotient of the two runs' peaks,
${REFERENCE_PEAK} / ${peaks.madd.toFixed(1)}.`);
  if (results.some(({ sides }) => Object.values(sides).some(({ complete }) => !complete))) {
    console.log('*: that library runs this layer, or a part of it, by other kernels than its fast ones.');
  }
  notes.forEach((note) => console.log(note));
  console.log(`A call that does next to nothing (${smallest.name}): ` +
    `${Object.entries(smallest.sides).map(([label, side]) => `${label} ${microseconds(side.min)}`).join(', ')} µs`);
  writeJson(`${chosen.out}/ops.json`, {
    date: new Date().toISOString(), node: process.version, peaks, smallest, results, notes,
  });
  writeText(`${chosen.out}/ops.md`, `${markdownTable(peaksTable(peaks))}\n\n${markdownTable(table)}`);
  writeText(`${chosen.out}/ops.svg`, barChart('Share of the measured peak, one core', [
    { name: 'relaxed', colour: '#1565c0' }, { name: 'simd128', colour: '#90caf9' },
    ...peers.map(({ label }, i) => ({ name: label, colour: ['#ef6c00', '#6a1b9a'][i] })),
    { name: 'official wasm', colour: '#c62828' },
  ], results.map((result) => ({
    label: result.name,
    values: [share(result, result.sides['relaxed C'], peaks.madd),
      share(result, result.sides['simd128 C'], peaks.mulAdd),
      ...peers.map(({ label }) => share(result, result.sides[label], label === 'LiteRT' ? peaks.madd : peaks.mulAdd)),
      share(result, result.sides.official, peaks.mulAdd)],
  }))));
}

await main().catch((error) => {
  console.error(error.message.split('\n')[0]);
  process.exitCode = 1;
});
