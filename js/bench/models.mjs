/* SPDX-License-Identifier: MIT */
/*
 * scripts/bench models [--rounds N] [--filter REGEX] [--warm-up MS] [--cold] [--threads [--browser] [--busy]]
 * [--overhead] [--profile] [--out FOLDER]: whole models, one thread, Lanewise's tiers beside LiteRT, onnxruntime and
 * the official backend in one process, interleaved.
 *
 * --cold: the first inference of a program that has just begun, instead; a process of its own for each sample, and V8
 * as it comes.
 * --threads: the best tier on one thread, on two, and so on up to the machine's cores, instead, beside the official
 * backend on one thread and on as many; not pinned to a core. Also times MoveNet thunder
 * and BlazePose full and heavy.
 * --browser: with --threads; in a cross-origin isolated page of headless Chromium, as users run it: bundled from
 * TensorFlow.js's entries for browsers, where Node gets ES5. The page's clock has steps of 5 microseconds.
 * --busy: with --threads; another program keeps the last core busy meanwhile.
 * --overhead: the time inside and outside of WebAssembly instead, of the best tier and of the official backend.
 * --profile: for each model, the time in each kind of kernel of the best tier instead, by timing every kernel call.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import './engine.mjs';
import * as tf from '@tensorflow/tfjs-core';
import { backendOf, chosenTier, registerTiers } from '../demo/backends.mjs';
import { infer, runContest } from '../demo/contest.mjs';
import { inputOf, loadModel, MODELS, MORE_MODELS } from '../test/models/catalogue.mjs';
import { measureCold } from './cold.mjs';
import { measureOverhead } from './overhead.mjs';
import { peerModel } from './peers/model.mjs';
import { pretendInNode } from './peers/official-in-node.mjs';
import { findPeers } from './peers/peers.mjs';
import { printTable, writeJson } from './report.mjs';
import { contestOfThreads, startThreads } from './threads.mjs';

function fail(message) {
  console.error(message);
  process.exit(1);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        rounds: { type: 'string' },
        filter: { type: 'string', default: '' },
        models: { type: 'string' }, // another name of --filter
        'warm-up': { type: 'string', default: '1500' },
        cold: { type: 'boolean', default: false },
        threads: { type: 'boolean', default: false },
        browser: { type: 'boolean', default: false },
        busy: { type: 'boolean', default: false },
        overhead: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        out: { type: 'string', default: fileURLToPath(new URL('../../build/bench', import.meta.url)) },
      },
    }).values;
  } catch (error) {
    return fail(error.message.split('\n')[0]);
  }
}

const options = readOptions();
options.rounds ??= options.cold || options.overhead ? '7' : '25';
const rounds = Number(options.rounds);
if (!/^\d+$/.test(options.rounds) || rounds < 1) fail(`--rounds ${options.rounds}: expected 1 or more`);
const warmUpMs = Number(options['warm-up']);
if (!(warmUpMs >= 0)) fail(`--warm-up ${options['warm-up']}: expected milliseconds`);
for (const name of ['browser', 'busy']) {
  if (options[name] && !options.threads) fail(`--${name}: it goes with --threads`);
}

tf.enableProdMode();
const tiers = registerTiers().filter((tier) => tier !== 'scalar');
const filter = options.models ?? options.filter;
const models = options.threads
  ? [...MODELS, ...MORE_MODELS.filter(({ name }) => /thunder|blazepose-(full|heavy)/.test(name))] : MODELS;
const chosen = models.filter(({ name }) => new RegExp(filter, 'i').test(name));
if (chosen.length === 0) fail(`--filter ${filter}: no model's name matches`);

/* Time per kernel and shape, in microseconds for one inference, the largest first. */
async function profile(definition) {
  const { values, shape, dtype } = inputOf(definition);
  await tf.setBackend(backendOf(chosenTier()));
  const model = await loadModel(definition);
  const spent = new Map();
  const run = () => infer(model, values, shape, dtype);
  for (const start = performance.now(); performance.now() - start < 1500;) run();
  const original = tf.engine().runKernelFunc;
  tf.engine().runKernelFunc = function (params) {
    if (!params.kernelName) return original.call(this, params); // a composed function: its kernels are counted
    const start = performance.now();
    const result = original.call(this, params);
    const micros = (performance.now() - start) * 1000;
    const inputs = params.inputs ?? {};
    const shapes = Object.entries(inputs).filter(([, x]) => x).map(([name, x]) => `${name} ${[x.shape]}`).join(', ');
    const attrs = params.attrs ?? {};
    const key = `${params.kernelName}  ${shapes} ${attrs.strides ?? ''} ${attrs.pad ?? ''} ${attrs.activation ?? ''}`;
    const entry = spent.get(key) ?? { micros: 0, calls: 0 };
    entry.micros += micros;
    entry.calls += 1;
    spent.set(key, entry);
    return result;
  };
  const start = performance.now();
  for (let i = 0; i < rounds; i++) run();
  const total = (performance.now() - start) / rounds;
  tf.engine().runKernelFunc = original;
  model.dispose();
  const rows = [...spent].sort(([, a], [, b]) => b.micros - a.micros);
  const kernels = rows.reduce((sum, [, { micros }]) => sum + micros, 0) / rounds / 1000;
  console.log(`\n${definition.name}, ${chosenTier()}: ${total.toFixed(2)} ms, of which ${kernels.toFixed(2)} in ` +
    'kernels');
  printTable([['kernel', 'µs', 'calls'], ...rows.slice(0, 25).map(([key, { micros, calls }]) => (
    [key, (micros / rounds).toFixed(1), String(calls / rounds)]))]);
}

/* Keeps the last core busy until this program ends, however it does. */
function keepCoreBusy() {
  const spin = `while (process.ppid === ${process.pid});`;
  const core = String(availableParallelism() - 1);
  spawn('taskset', ['-c', core, process.execPath, '-e', spin], { stdio: 'ignore' })
    .on('error', ({ message }) => fail(`--busy: ${message}`))
    .unref();
}

const most = Math.max(2, availableParallelism());
const page = options.browser ? await import('./browser.mjs').then(({ openPage }) => openPage(most))
  .catch(({ message }) => fail(`--browser: ${message}`)) : undefined;
const sidesOfThreads = options.threads && !page ? await startThreads(most, pretendInNode) : [];
if (options.busy) keepCoreBusy();
const report = [], { peers, notes } = options.threads ? { peers: [], notes: [] } : await findPeers();
for (const definition of chosen) {
  if (options.cold) {
    report.push(...await measureCold(definition, peers, rounds, notes));
    continue;
  }
  if (options.overhead) {
    const sides = [{ label: `Lanewise ${chosenTier()}`, backend: backendOf(chosenTier()) },
      { label: 'official wasm', backend: 'wasm' }];
    report.push(...(await measureOverhead(definition, sides, rounds, warmUpMs)).map((entry) => (
      { model: definition.name, ...entry })));
    continue;
  }
  if (options.profile) {
    await profile(definition);
    continue;
  }
  if (options.threads) {
    const howLong = { rounds, warmUpMs };
    const results = await (page ? page.time(definition, howLong)
      : contestOfThreads(sidesOfThreads, () => loadModel(definition), inputOf(definition), howLong))
      .catch(({ message }) => fail(`${definition.name}: ${message}`));
    report.push(...results.map(({ label, first, median, min, max }) => (
      { model: definition.name, backend: label, first, median, min, max })));
    continue;
  }
  const { values, shape, dtype } = inputOf(definition);
  const contestants = [
    ...tiers.map((tier) => ({ label: `Lanewise ${tier}`, backend: backendOf(tier) })),
    { label: 'official wasm', backend: 'wasm' },
  ];
  for (const peer of peers) {
    try {
      const { file, input, complete } = await peerModel(peer, definition);
      contestants.splice(-1, 0, {
        label: complete ? peer.label : `${peer.label}, in part`,
        async load() {
          const model = await peer.model(file);
          return { ...model, infer: () => model.infer(input.data, input.shape) };
        },
      });
    } catch (error) {
      notes.push(`${definition.name}: no ${peer.label}: ${error.message}`);
    }
  }
  const results = await runContest(contestants, () => loadModel(definition), values, shape, {
    rounds, dtype, warmUpMs,
  });
  for (const { label, backend, first, median, min, max } of results) {
    // Those without a backend pack their weights while they load a model, so their first inference isn't like others'.
    report.push({ model: definition.name, backend: label, first: backend ? first : null, median, min, max });
  }
}

await page?.close();
const ms = (value) => value?.toFixed(2) ?? '';
const written = { date: new Date().toISOString(), node: process.version, chromium: page?.version, report, notes };
if (options.cold) {
  const all = ({ median, min, max }) => [median, min, max].map((value) => value.toFixed(1));
  const head = ['from import', 'min', 'max', 'first inference', 'min', 'max'];
  printTable([['model', 'backend', ...head], ...report.map(({ model, backend, total, first }) => (
    [model, backend, ...all(total), ...all(first)]))]);
  console.log("\nThe same in the processor's time, which counts all threads of the process and nobody else's:");
  printTable([['model', 'backend', ...head], ...report.map(({ model, backend, totalCpu, firstCpu }) => (
    [model, backend, ...all(totalCpu), ...all(firstCpu)]))]);
  console.log('Milliseconds, medians first. From import: to the first output, with the model loaded from its file.\n' +
    'First inference: that alone; LiteRT and onnxruntime pack their weights before it, TensorFlow.js in it.');
  notes.forEach((note) => console.log(note));
  writeJson(`${options.out}/cold.json`, written);
} else if (options.overhead) {
  const whole = (value) => value.toFixed(0);
  printTable([['model', 'backend', 'all', 'WebAssembly', "backend's JavaScript", 'TensorFlow.js', 'other',
    'outside / official all'], ...report.map(({ model, label, total, wasm, backend, tfjs, other }) => {
    const official = report.find((entry) => entry.model === model && entry.label === 'official wasm');
    return [model, label, ...[total, wasm, backend, tfjs, other].map(whole),
      `${((total - wasm) / official.total * 100).toFixed(1)} %`];
  })]);
  console.log('Microseconds of an inference, medians. TensorFlow.js: its core, engine and graph executor.');
  writeJson(`${options.out}/overhead.json`, written);
} else if (options.threads) {
  const head = ['first ms', 'median', 'min', 'max', 'times 1 thread', 'times official'];
  printTable([['model', 'backend', ...head], ...report.map((entry) => {
    const times = (pattern, replacement) => {
      const label = entry.backend.replace(pattern, replacement);
      const other = report.find(({ model, backend }) => model === entry.model && backend === label);
      return other ? (other.median / entry.median).toFixed(2) : '';
    };
    return [entry.model, entry.backend, ...[entry.first, entry.median, entry.min, entry.max].map(ms),
      times(/,.*/, ', 1 thread'), times(/.*,/, 'official wasm,')];
  })]);
  console.log("Medians: times the speed of the same library's one thread, and of the official backend on as many.");
  if (page) console.log(`Chromium ${page.version}, a cross-origin isolated page; its clock has steps of 5 µs.`);
  writeJson(`${options.out}/threads${page ? '-browser' : ''}${options.busy ? '-busy' : ''}.json`, written);
} else if (!options.profile) {
  printTable([['model', 'backend', 'first ms', 'median', 'min', 'max', 'times faster'], ...report.map((entry) => {
    const reference = report.find(({ model, backend }) => (
      model === entry.model && backend === 'official wasm'));
    return [entry.model, entry.backend, ms(entry.first), ms(entry.median), ms(entry.min), ms(entry.max),
      (reference.median / entry.median).toFixed(2)];
  })]);
  if (report.some(({ backend }) => backend.endsWith(', in part'))) {
    notes.push('in part: that library runs some of the operations by other kernels than its fast ones');
  }
  notes.forEach((note) => console.log(note));
  writeJson(`${options.out}/models.json`, written);
}
