/* SPDX-License-Identifier: MIT */
/*
 * The official backend's build for several threads, which doesn't start in Node by itself: the package says so in a
 * flag of its own, and hands its workers Blobs, which Node's workers can't read. Its own files have all that Node
 * needs, so its workers get the same scripts from those. It never uses more threads than half of the processors that it
 * counts, so it is told twice as many as it shall have threads.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { getThreadsCount, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';

const require = createRequire(import.meta.url);
const FLAG = 'WASM_HAS_MULTITHREAD_SUPPORT';
const GLUE = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd';

/* It doesn't use more, whatever it is told. */
export const MOST_OFFICIAL_THREADS = 8;

/* Starts it with so many threads beside the one for one thread, as a TensorFlow.js backend of the given name. */
export async function startOfficialThreads(name, threads) {
  const os = require('node:os'), workers = require('node:worker_threads'), originals = [os.cpus, workers.Worker];
  const { wasmWorkerContents } = require(`${GLUE}.worker.js`);
  os.cpus = () => new Array(2 * threads);
  workers.Worker = class extends workers.Worker {
    constructor() {
      super(wasmWorkerContents.replace(/\n/g, '\\n'), { eval: true }); // one of its strings has a line's end
    }

    postMessage(message) {
      super.postMessage(message.urlOrBlob ? { ...message, urlOrBlob: require.resolve(`${GLUE}.js`) } : message);
    }

    ref() {} // a program that is done shall end
  };
  const supported = await tf.env().getAsync(FLAG);
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
    tf.env().set(FLAG, supported);
    [os.cpus, workers.Worker] = originals;
    delete globalThis.Worker; // the package sets it
  }
}
