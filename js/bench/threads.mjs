/* SPDX-License-Identifier: MIT */
/* The contest of `scripts/bench models --threads`, in Node and, with --browser, in a page. */
import * as tf from '@tensorflow/tfjs-core';
import { registerBackend } from 'lanewise/backend';
import { chosenTier } from '../demo/backends.mjs';
import { maxDifference, runContest } from '../demo/contest.mjs';
import { MOST_OFFICIAL_THREADS, startOfficialThreads } from './peers/official-threads.mjs';

/* Registers and starts the best tier on so many threads, and waits until all take part. */
async function startOurs(backend, threads) {
  registerBackend(backend, { threads });
  if (!(await tf.setBackend(backend))) throw new Error(`${backend} does not start`);
  const { module } = tf.backend();
  const joined = () => (module.threads ? module.kernels.exports.lw_pool_threads(module.threads.pool) : 1);
  for (let i = 0; joined() < threads && i < 500; i++) await new Promise((done) => { setTimeout(done, 10); });
  if (joined() !== threads) throw new Error(`${backend} runs ${joined()} threads instead of ${threads}`);
}

/*
 * The contestants: ours on one thread, on two, and so on up to `most`, and the official backend on one and on as many.
 * pretend: of startOfficialThreads.
 */
export async function startThreads(most, pretend) {
  const official = Math.min(most, MOST_OFFICIAL_THREADS), contestants = [];
  const add = (library, threads, backend) => (
    contestants.push({ label: `${library}, ${threads} thread${threads > 1 ? 's' : ''}`, backend }));
  for (let threads = 1; threads <= most; threads++) {
    await startOurs(`lanewise-threads-${threads}`, threads);
    add(`Lanewise ${chosenTier()}`, threads, `lanewise-threads-${threads}`);
  }
  await startOfficialThreads('official-threads', official, pretend);
  add('official wasm', 1, 'wasm');
  add('official wasm', official, 'official-threads');
  return contestants;
}

/* What runContest returns, without the outputs, which must not differ from those of the same library's one thread. */
export async function contestOfThreads(contestants, loadModel, { values, shape, dtype }, options) {
  const results = await runContest(contestants, loadModel, values, shape, { ...options, dtype });
  const oneThread = (side) => results.find(({ label }) => label === side.replace(/,.*/, ', 1 thread'));
  return results.map(({ outputs, ...times }) => {
    if (maxDifference(outputs, oneThread(times.label).outputs) === 0) return times;
    throw new Error(`${times.label}: the outputs differ from those of one thread`);
  });
}
