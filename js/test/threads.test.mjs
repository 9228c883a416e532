/* SPDX-License-Identifier: MIT */
/*
 * Threads: how many there are and why, that their number changes no bit, and what happens when workers can't be started,
 * end, or die in the middle of a job. The C tests have the pool by itself.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { detect, fileOf, load, loadModule, supports } from 'lanewise/runtime';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-threads-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const tiers = ['simd128', 'relaxed'].filter(supports);
const best = tiers[tiers.length - 1];

/** What `body` gives, and what it says on the console. */
async function listen(body) {
  const said = [], { info, warn } = console;
  console.info = console.warn = text => said.push(text);
  try {
    return { value: await body(), said };
  } finally {
    Object.assign(console, { info, warn });
  }
}

/** Waits until so many threads have joined the pool. */
async function joined(module, count) {
  for (let i = 0; i < 500 && module.kernels.exports.lw_pool_threads(module.threads.pool) !== count; i++) await wait(10);
  assert.equal(module.kernels.exports.lw_pool_threads(module.threads.pool), count, 'threads in the pool');
}

/** Made numbers, not too regular. */
const numbers = (count, seed) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed) * 3);

/** Some operators that have enough work for several threads: all their outputs' bytes. */
function compute(lw) {
  const made = [];
  const tensor = (shape, seed) => {
    const x = lw.tensor(numbers(shape.reduce((a, b) => a * b), seed), shape);
    made.push(x);
    return x;
  };
  const image = tensor([1, 41, 43, 24], 1);
  const outputs = [
    lw.conv2d(image, tensor([3, 3, 24, 40], 2), { padding: 'same', activation: 'relu6' }),
    lw.conv2d(image, tensor([1, 1, 24, 70], 3), { bias: tensor([70], 4) }),
    lw.conv2d(image, tensor([5, 5, 24, 17], 5), { strides: 2 }),
    lw.depthwiseConv2d(image, tensor([3, 3, 24, 1], 6), { padding: 'same' }),
    lw.matmul(tensor([190, 260], 7), tensor([260, 130], 8)),
    lw.matmul(tensor([1, 900], 9), tensor([900, 800], 10)),
    lw.maxPool(image, 3), lw.avgPool(image, 2), lw.softmax(tensor([300, 400], 11)),
    lw.unary('tanh', tensor([60000], 12)), lw.binary('mul', image, tensor([24], 13)),
  ];
  const bytes = outputs.map(y => Buffer.from(y.data().buffer).toString('base64'));
  for (const x of [...made, ...outputs]) x.dispose();
  return bytes;
}

test('the number of threads changes no bit', async () => {
  for (const tier of tiers) {
    const one = compute(await load({ tier, threads: 1 }));
    for (const threads of [2, 3, 8]) {
      const lw = await load({ tier, threads });
      await joined(lw, threads);
      const jobs = () => lw.heap.u32[lw.threads.pool >>> 2], before = jobs(); // the pool's first word
      for (let i = 0; i < 3; i++) {
        compute(lw).forEach((bytes, k) => assert.ok(bytes === one[k], `${tier}, ${threads} threads, output ${k}`));
      }
      assert.ok(jobs() > before, 'workers were called');
      assert.equal(lw.threads.count, threads);
      lw.threads.dispose();
    }
  }
});

test('as many threads as were asked for, by default those of the machine', async () => {
  assert.equal((await load({ threads: 1 })).threads, undefined);
  const module = await loadModule();
  assert.equal(module.threads?.count ?? 1, Math.min(availableParallelism(), 8));
  assert.equal(module.kernels.tier, best);
  module.threads?.dispose();
  const three = await loadModule({ threads: 3 });
  await joined(three, 3);
  three.threads.limit(2);
  await joined(three, 2);
  assert.equal(three.threads.count, 2);
  three.threads.limit(100);
  await joined(three, 3);
  three.threads.dispose();
  for (const threads of [0, -1, 1.5, NaN, 65, '2', null]) {
    await assert.rejects(load({ threads }), /'threads' is .*; expected a whole number from 1 to 64/);
  }
});

test('a file of several threads can be given by itself, and needs shared memory', async () => {
  const bytes = readFileSync(join(dist, fileOf(best, true)));
  for (const wasm of [bytes, new WebAssembly.Module(bytes), join(dist, fileOf(best, true))]) {
    const module = await loadModule({ wasm, threads: 2 });
    assert.equal(module.tier, best);
    assert.equal(module.threads.count, 2);
    assert.ok(module.heap.u8.buffer instanceof SharedArrayBuffer);
    module.threads.dispose();
  }
});

test('the memory grows while workers run, up to a maximum that can be set', async () => {
  const lw = await load({ threads: 2, maximumMemory: 64 << 20 });
  const before = lw.heap.totalBytes, old = lw.heap.u8;
  const block = lw.heap.allocate(40 << 20);
  assert.ok(lw.heap.totalBytes > before && lw.heap.u8 !== old && lw.heap.u8.length === lw.heap.totalBytes);
  assert.throws(() => lw.heap.allocate(40 << 20), /out of memory: 41943040 bytes asked for/);
  compute(lw);
  lw.heap.free(block);
  lw.threads.dispose();
  await assert.rejects(load({ threads: 2, maximumMemory: 1000 }), /'maximumMemory' is 1000; expected at least/);
});

test('without the files of several threads, one runs, and the console says why', async () => {
  for (const options of [{ wasmPaths: { [fileOf(best)]: join(dist, fileOf(best)) } }]) {
    const { value, said } = await listen(() => load({ ...options, threads: 2 }));
    assert.equal(value.threads, undefined);
    assert.deepEqual(said, [], 'a map without that file asks for one thread');
  }
  writeFileSync(join(folder, fileOf(best)), readFileSync(join(dist, fileOf(best))));
  const { value, said } = await listen(() => load({ wasmPaths: folder, threads: 2 }));
  assert.equal(value.threads, undefined);
  assert.equal(value.tier, best);
  assert.equal(said.length, 1);
  assert.match(said[0], new RegExp(`one thread runs in place of 2: .*${fileOf(best, true)}`));
});

test('a worker that ends leaves the others, and the console says so', async () => {
  const lw = await load({ threads: 3 });
  await joined(lw, 3);
  const [hand] = lw.threads.hands.hands;
  const one = compute(lw);
  const { said } = await listen(async () => {
    await hand.terminate();
    await wait(20);
  });
  assert.equal(lw.threads.count, 2);
  assert.match(said.join(), /a worker ended with code 1. 2 thread\(s\) run/);
  assert.deepEqual(compute(lw), one);
  lw.threads.dispose();
});

test('a worker that dies in the middle of a job is an error, and computing goes on after it', { timeout: 60000 }, async () => {
  const lw = await load({ threads: 2 });
  await joined(lw, 2);
  const expected = compute(lw);
  const { pool } = lw.threads;
  // As if a worker had entered and never came back: one more inside of the gate, the pool's second cache line.
  Atomics.add(lw.heap.i32, (pool + 64) >>> 2, 1);
  let start;
  const { value: error } = await listen(() => {
    // Workers take part when it pays, and now and then.
    for (const end = Date.now() + 15000; Date.now() < end;) {
      start = Date.now();
      try {
        compute(lw);
      } catch (thrown) {
        return thrown;
      }
    }
    return undefined;
  });
  assert.equal(error?.name, 'ThreadLostError');
  assert.match(error.message, /a worker died in the middle of it, so its output is incomplete/);
  assert.ok(Date.now() - start < 20000);
  assert.notEqual(lw.threads.pool, pool);
  await joined(lw, 2);
  assert.deepEqual(compute(lw), expected);
  lw.threads.dispose();
});

test('a program that is done ends, whatever its workers do', () => {
  writeFileSync(join(folder, 'done.mjs'), `import { load } from ${JSON.stringify(join(dist, 'runtime.node.js'))};
    const lw = await load({ threads: 4 });
    lw.matmul(lw.tensor(undefined, [200, 200]), lw.tensor(undefined, [200, 200]));
    console.log('done', lw.threads.count);`);
  const start = Date.now();
  assert.equal(execFileSync(process.execPath, [join(folder, 'done.mjs')], { encoding: 'utf8', timeout: 20000 }), 'done 4\n');
  assert.ok(Date.now() - start < 20000);
});

test('under stress for a moment, as scripts/stress is for long', { timeout: 120000 }, () => {
  const program = fileURLToPath(new URL('threads-stress.mjs', import.meta.url));
  const said = execFileSync(process.execPath, [program, '--jobs', '400', '--backends', '12', '--models', '2', '--kills', '1'],
    { encoding: 'utf8', timeout: 110000, stdio: ['ignore', 'pipe', 'ignore'] });
  assert.match(said, /\n([2-9]|\d\d) passed, 0 failed\n$/);
});

test('modules come and go 50 times, with their workers', async () => {
  for (let i = 0; i < 50; i++) {
    const lw = await load({ threads: 1 + i % 4 });
    if (i % 3 === 0) lw.unary('tanh', lw.tensor(undefined, [50000]));
    lw.threads?.dispose();
  }
  assert.ok(detect().threads);
});
