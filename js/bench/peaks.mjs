/* SPDX-License-Identifier: MIT */
/*
 * What this machine allows in WebAssembly, measured: multiply-adds in registers, reading and copying by size. Run by
 * itself (scripts/bench peaks) it prints a table; the other benchmarks call measurePeaks() in their own process.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printTable } from './report.mjs';

const FILE = fileURLToPath(new URL('../../build/wasm/bench/peaks.wasm', import.meta.url));
const SIZES = [16, 256, 4096, 16384, 65536].map((kilobytes) => kilobytes * 1024);
const MIN_MS = 4;

/* The best of several bursts, in calls of `run(rounds)` per second times `work` per round. */
function rate(run, work) {
  let rounds = 1, ms = 0;
  for (; ms < MIN_MS; rounds *= 2) {
    const start = performance.now();
    run(rounds);
    ms = performance.now() - start;
  }
  rounds /= 2;
  let best = Infinity;
  for (let burst = 0; burst < 12; burst++) {
    const start = performance.now();
    run(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return work * rounds / best / 1e6; // per nanosecond
}

/* { madd, mulAdd } in GFLOP/s, { read, copy } as [{ bytes, rate }] in GB/s; copy counts what is read and written. */
export function measurePeaks() {
  if (!existsSync(FILE)) throw new Error(`${FILE} is missing; scripts/build makes it`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(FILE)), {
    env: { emscripten_notify_memory_growth: () => {} },
  });
  exports._initialize?.();
  const largest = Math.max(...SIZES);
  const align = (pointer) => (pointer + 63) & -64;
  const from = align(exports.malloc(largest + 64)), to = align(exports.malloc(largest / 2 + 64 + 4160)) + 4160;
  new Float32Array(exports.memory.buffer, from, largest / 4).fill(1);
  const flops = 8 * 12;
  return {
    madd: rate((rounds) => exports.madd(rounds * 10000, 0.5, 1), flops * 10000),
    mulAdd: rate((rounds) => exports.mul_add(rounds * 10000, 0.5, 1), flops * 10000),
    read: SIZES.map((bytes) => ({ bytes, rate: rate((rounds) => exports.read(from, bytes, rounds), bytes) })),
    copy: SIZES.map((bytes) => ({ bytes, rate: rate((rounds) => exports.copy(to, from, bytes / 2, rounds), bytes) })),
  };
}

const size = (bytes) => (bytes < 2 ** 20 ? `${bytes / 1024} KB` : `${bytes / 2 ** 20} MB`);

export function peaksTable({ madd, mulAdd, read, copy }) {
  return [
    ['peak', 'value', 'unit'],
    ['fused multiply-add (relaxed)', madd.toFixed(1), 'GFLOP/s'],
    ['multiply and add (simd128)', mulAdd.toFixed(1), 'GFLOP/s'],
    ...read.map(({ bytes, rate: value }) => [`read ${size(bytes)}`, value.toFixed(1), 'GB/s']),
    ...copy.map(({ bytes, rate: value }) => [`copy within ${size(bytes)}`, value.toFixed(1), 'GB/s']),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printTable(peaksTable(measurePeaks()));
