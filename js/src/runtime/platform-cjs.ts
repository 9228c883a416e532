/* SPDX-License-Identifier: MIT */
/* platform.ts for CommonJS. */
import { beside } from './beside.js';

export { beside as builtin };

declare const require: (name: string) => unknown;

export const waysToStart = [() => new Worker(beside('lanewise-worker.js')!)];

/** A module of Node.js. Each has a call of its own, for bundlers; package.json tells those for browsers that there is none. */
export function nodeModule(name: string): unknown {
  switch (name) {
    case 'fs': return require('fs');
    case 'os': return require('os');
    default: return require('worker_threads');
  }
}
