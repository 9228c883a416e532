/* SPDX-License-Identifier: MIT */
/*
 * The official backend's build for several threads doesn't start in Node by itself: it hands its workers Blobs, which
 * Node's workers can't read. Its package's own files have all that Node needs, so its workers get the same scripts from
 * those.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const GLUE = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd';

/* `pretend` of startOfficialThreads. */
export function pretendInNode(processors) {
  const os = require('node:os'), workers = require('node:worker_threads'), originals = [os.cpus, workers.Worker];
  const { wasmWorkerContents } = require(`${GLUE}.worker.js`);
  os.cpus = () => new Array(processors);
  workers.Worker = class extends workers.Worker {
    constructor() {
      super(wasmWorkerContents.replace(/\n/g, '\\n'), { eval: true }); // one of its strings has a line's end
    }

    postMessage(message) {
      super.postMessage(message.urlOrBlob ? { ...message, urlOrBlob: require.resolve(`${GLUE}.js`) } : message);
    }

    ref() {} // a program that is done shall end
  };
  return () => {
    [os.cpus, workers.Worker] = originals;
    delete globalThis.Worker; // the package sets it
  };
}
