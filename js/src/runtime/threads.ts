/* SPDX-License-Identifier: MIT */
/*
 * The workers that share a module's memory. They are started before the module is compiled, and nobody waits for them:
 * one that isn't there yet takes no part in a job.
 */
import nodeCode from 'text:node-worker';
import { detect } from './detect.js';
import { LanewiseError } from './errors.js';
import { message, WORKER } from './files.js';
import * as lw from '../generated/layout.js';
import type { Heap, WasmExports } from './heap.js';
import type { Pointer } from './kernels.js';
import { inNode } from './node.js';
import { nodeModule, waysToStart } from './platform.js';
import type { Work } from './worker.js';

/** More threads than this are only used when they are asked for. */
const MOST_BY_DEFAULT = 8;
export const MOST_THREADS = 64;

/** How many threads this machine has for us. */
export function hardwareThreads(): number {
  const os = inNode ? nodeModule('os') as { availableParallelism?(): number; cpus(): unknown[] } | undefined : undefined;
  const count = os ? os.availableParallelism?.() ?? os.cpus().length
    : typeof navigator === 'object' ? navigator.hardwareConcurrency : 1;
  return count >= 1 ? count : 1;
}

/** Throws unless a program may ask for so many threads and so much memory. */
export function checkThreads(count: number | undefined, maximumMemory: number | undefined): void {
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= MOST_THREADS)) {
    throw new LanewiseError(`the option 'threads' is ${count}; expected a whole number from 1 to ${MOST_THREADS}`);
  }
  if (maximumMemory !== undefined && !(maximumMemory >= INITIAL_BYTES)) {
    throw new LanewiseError(`the option 'maximumMemory' is ${maximumMemory}; expected at least ${INITIAL_BYTES} bytes`);
  }
}

/** The number of threads to use when `wanted` were asked for, and what to say about it. */
export function threadsFor(wanted: number | undefined): { count: number; advice?: string } {
  const count = wanted ?? Math.min(hardwareThreads(), MOST_BY_DEFAULT);
  if (count === 1) return { count };
  if (!detect().threads) return { count: 1, advice: notIsolated(count) };
  return inNode || typeof Worker === 'function' ? { count } : { count: 1, advice: noWorkers(count) };
}

function noWorkers(count: number): string {
  return `one thread runs in place of ${count}, because nothing can start workers here, as in service workers`;
}

function notIsolated(count: number): string | undefined {
  if (inNode || typeof crossOriginIsolated !== 'boolean' || crossOriginIsolated) return undefined;
  if (typeof Worker !== 'function') return noWorkers(count);
  return `one thread runs in place of ${count}, because this page is not cross-origin isolated and so may not share ` +
    'memory with workers. Serve it with the headers "Cross-Origin-Opener-Policy: same-origin" and ' +
    '"Cross-Origin-Embedder-Policy: require-corp", or call setThreadsCount(1) if one thread will do';
}

/** What browsers' Worker and Node.js's have in common. */
interface Hand {
  postMessage(message: Work): void;
  terminate(): unknown;
}

interface NodeWorkers {
  Worker: new (code: string, options: { eval: boolean }) => Hand & {
    unref(): void;
    on(event: 'error', call: (error: unknown) => void): void;
    on(event: 'exit', call: (code: number) => void): void;
  };
}

/** Workers that were started together. */
class Hands {
  private hands: Hand[] = [];

  /** Starts so many. `lost` is called when one can't be started, or dies. */
  constructor(count: number, source: string | URL | undefined, private readonly lost: (why: string) => void) {
    try {
      while (this.hands.length < count) this.hands.push(inNode ? this.nodeWorker() : this.webWorker(source));
    } catch (error) {
      lost(cantStart(message(error)));
    }
  }

  get count(): number {
    return this.hands.length;
  }

  private nodeWorker(): Hand {
    const { Worker } = nodeModule('worker_threads') as NodeWorkers;
    const hand = new Worker(nodeCode, { eval: true });
    hand.unref(); // a program that is done shall end
    hand.on('error', error => this.remove(hand, `a worker died: ${message(error)}`));
    hand.on('exit', code => this.remove(hand, `a worker ended with code ${code}`));
    return hand;
  }

  private webWorker(source: string | URL | undefined): Hand {
    const ways = source === undefined ? [...waysToStart] : [() => new Worker(source)];
    let worker: Worker, sent: Work | undefined;
    const hand: Hand = {
      postMessage: work => { worker.postMessage(sent = work); },
      terminate: () => { worker.terminate(); },
    };
    const start = () => {
      worker = firstOf(ways);
      worker.onerror = event => {
        event.preventDefault?.();
        // Servers that have a page for every address answer with that for a script that isn't there.
        if (event.message && !event.message.includes('SyntaxError')) {
          return this.remove(hand, `a worker died: ${event.message}`);
        }
        if (!this.hands.includes(hand)) return;
        try {
          start(); // this way is none
          if (sent) worker.postMessage(sent);
        } catch {
          this.end(); // nor can the others'
          this.lost(cantStart(`${WORKER} is not where it should be, or is served without the page's ` +
            "Cross-Origin-Embedder-Policy, or the page's Content-Security-Policy forbids it (worker-src 'self')"));
        }
      };
    };
    start();
    return hand;
  }

  private remove(hand: Hand, why: string): void {
    if (!this.hands.includes(hand)) return;
    this.hands = this.hands.filter(other => other !== hand);
    this.lost(why);
  }

  send(work: (worker: number) => Work): void {
    this.hands.forEach((hand, i) => hand.postMessage(work(i + 1)));
  }

  end(): void {
    const { hands } = this;
    this.hands = [];
    for (const hand of hands) void hand.terminate();
  }
}

function cantStart(why: string): string {
  return `workers can't be started: ${why.replace(/\.$/, '')}. The page's own server must have ${WORKER}; ` +
    'setWorkerPath(url) says where';
}

/** What the first way gives that doesn't fail; none is tried twice. */
function firstOf(ways: (() => Worker)[]): Worker {
  for (;;) {
    const way = ways.shift();
    if (!way) throw new LanewiseError('there is no way to');
    try {
      return way();
    } catch (error) {
      if (ways.length === 0) throw error;
    }
  }
}

/** Bytes of a worker's stack: as many as the module's own. */
const STACK_BYTES = 65536;
/** Milliseconds after which workers should have come to the pool. */
const LATE = 10000;
/** How often dead workers are replaced. */
const RESTARTS = 3;

/** A module's workers and the pool that they work for. */
export class Threads {
  private hands: Hands;
  private restarts = 0;
  private late = false;
  private timer: unknown;
  private wanted: number;
  private module!: WebAssembly.Module;
  private memory!: WebAssembly.Memory;
  private exports!: WasmExports;
  private heap!: Heap;
  /** The pool, or 0 when there is none any more. */
  pool: Pointer = 0;

  /** Starts the workers: count - 1, since the calling thread is one. */
  constructor(readonly most: number, private readonly source: string | URL | undefined) {
    this.wanted = most;
    this.hands = this.start();
  }

  private start(): Hands {
    return new Hands(this.most - 1, this.source, why => console.warn(`lanewise: ${why}. ${this.count} thread(s) run`));
  }

  /** The number of threads that run. */
  get count(): number {
    if (this.pool === 0 && this.exports) return 1;
    const count = Math.min(this.wanted, 1 + (this.hands?.count ?? 0));
    return this.late ? Math.min(count, this.exports.lw_pool_threads(this.pool)) : count;
  }

  /** How many may run from now on. */
  limit(count: number): void {
    this.wanted = Math.max(1, Math.min(count, this.most));
    if (this.pool) this.exports.lw_pool_limit(this.pool, this.wanted);
  }

  /** Makes the pool in a module's memory, and sends the workers there. */
  attach(module: WebAssembly.Module, memory: WebAssembly.Memory, exports: WasmExports, heap: Heap): void {
    Object.assign(this, { module, memory, exports, heap });
    const { lw_pool_options: options } = lw;
    const bytes = exports.lw_pool_bytes(this.most) >>> 0;
    const block = heap.allocate(bytes), at = heap.allocate(options.bytes + 4), out = at + options.bytes;
    const { u32 } = heap;
    u32[(at + options.struct_bytes) >>> 2] = options.bytes;
    u32[(at + options.threads) >>> 2] = this.most;
    u32[(at + options.caller_spins) >>> 2] = mayWait() ? 0 : 1;
    u32[(at + options.begin) >>> 2] = u32[(at + options.begin_argument) >>> 2] = 0;
    exports.lw_pool_create(block, bytes, at, out);
    const pool = this.pool = heap.u32[out >>> 2];
    heap.free(at);
    exports.lw_pool_limit(pool, this.wanted);
    this.hands.send(worker => ({ module, memory, pool, worker, stack: heap.allocate(STACK_BYTES) + STACK_BYTES }));
    this.timer = setTimeout(() => this.lookForLate(), LATE);
    (this.timer as { unref?(): void }).unref?.();
  }

  /** A script that isn't ours may do nothing at all, without an error. */
  private lookForLate(): void {
    const { count } = this;
    this.late = true;
    if (this.count < count) {
      console.warn(`lanewise: ${count - this.count} worker(s) have not begun to work in ${LATE / 1000} s; is that ${WORKER} ` +
        `what they run? ${this.count} thread(s) run`);
    }
  }

  /**
   * Replaces all workers and the pool, after one was lost in the middle of a job. The lost one may be alive, so its stack
   * and the pool's memory are not given back.
   */
  restart(): void {
    this.endHands();
    if (this.restarts++ === RESTARTS) return;
    this.hands = this.start();
    this.attach(this.module, this.memory, this.exports, this.heap);
  }

  /** Ends the workers. */
  dispose(): void {
    if (this.pool) this.exports.lw_pool_end(this.pool);
    this.endHands();
  }

  private endHands(): void {
    clearTimeout(this.timer as number);
    this.late = false;
    this.hands.end();
    this.pool = 0;
  }
}

/** Whether this thread may sleep: a browser's main thread may not. */
function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

const PAGE_BYTES = 65536;
/** What the modules are linked for: dispatch/meson.build. */
const INITIAL_BYTES = 8 * 2 ** 20, MAXIMUM_BYTES = 4 * 2 ** 30;

/**
 * Memory for a module that imports it. Engines reserve addresses for all that a shared one may grow to, and may not have
 * so many: unless the maximum was asked for, it is halved until it can be had.
 */
export function newMemory(shared: boolean, maximumBytes: number | undefined): {
  memory: WebAssembly.Memory; limit: number;
} {
  const initial = INITIAL_BYTES / PAGE_BYTES;
  for (let maximum = Math.min(maximumBytes ?? MAXIMUM_BYTES, MAXIMUM_BYTES) / PAGE_BYTES; ; maximum /= 2) {
    try {
      const memory = new WebAssembly.Memory({ initial, maximum: Math.floor(maximum), shared });
      return { memory, limit: Math.floor(maximum) * PAGE_BYTES };
    } catch (error) {
      if (maximumBytes === undefined && maximum >= 2 * initial) continue;
      throw new LanewiseError(`there can be no memory of up to ${Math.floor(maximum) * PAGE_BYTES} bytes: ` +
        `${message(error)}. Ask for less with the option maximumMemory`);
    }
  }
}
