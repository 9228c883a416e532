/* SPDX-License-Identifier: MIT */
/*
 * The official backend's build for several threads beside its build for one. It never uses more threads than half of
 * the processors that it counts, so it is told twice as many as it shall have threads.
 */
import * as tf from '@tensorflow/tfjs-core';
import { getThreadsCount, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';

const FLAG = 'WASM_HAS_MULTITHREAD_SUPPORT';

/* It doesn't use more, whatever it is told. */
export const MOST_OFFICIAL_THREADS = 8;

/*
 * Starts it with so many threads, as a TensorFlow.js backend of the given name; its own name stays with the build for
 * one thread. pretend: makes the engine count so many processors; returns what ends that.
 */
export async function startOfficialThreads(name, threads, pretend) {
  const stop = pretend(2 * threads);
  tf.env().set(FLAG, true);
  setThreadsCount(threads);
  try {
    const backend = await tf.findBackendFactory('wasm')();
    if (getThreadsCount() !== threads) {
      throw new Error(`the official backend runs ${getThreadsCount()} threads instead of ${threads}`);
    }
    tf.copyRegisteredKernels('wasm', name);
    tf.registerBackend(name, () => backend);
  } finally {
    setThreadsCount(1);
    tf.env().set(FLAG, false);
    stop();
  }
}
