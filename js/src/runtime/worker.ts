/* SPDX-License-Identifier: MIT */
/*
 * What a worker runs, in browsers as the file lanewise-worker.js, in Node.js from a string: it waits for one message, makes
 * an instance of the module on the shared memory, and works for the pool until that ends.
 */
import { importsFor } from './imports.js';

/** What the worker is told. */
export interface Work {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** The pool, and which of its threads this one is. */
  pool: number;
  worker: number;
  /** The end of this thread's stack, from where it grows downwards. */
  stack: number;
}

function work({ module, memory, pool, worker, stack }: Work): void {
  const { exports } = new WebAssembly.Instance(module, importsFor(module, memory, () => {}));
  (exports.__stack_pointer as WebAssembly.Global).value = stack;
  (exports.lw_pool_work as (pool: number, worker: number) => void)(pool, worker);
}

/** Filled in by js/scripts/build.mjs. */
declare const IN_NODE: boolean;
declare const require: (name: string) => { parentPort: { once(name: string, call: (work: Work) => void): void } };

if (IN_NODE) {
  require('worker_threads').parentPort.once('message', work);
} else {
  self.onmessage = event => {
    work(event.data as Work);
    self.close();
  };
}
