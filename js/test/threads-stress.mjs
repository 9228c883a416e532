/* SPDX-License-Identifier: MIT */
/*
 * Puts threads under stress: node threads-stress.mjs [--jobs N] [--backends N] [--models N] [--kills N] [--seed N]
 *   --jobs      random operators on 1 to 8 threads, bit for bit as on one; then half as many in each of two Node workers
 *   --backends  backends that are made, used and removed: no thread is left
 *   --models    rounds of two models that take turns on a backend, as on one thread; then in two Node workers at once
 *   --kills     workers that are killed while they do a task: a ThreadLostError after five seconds, and the next jobs are
 *               right
 * threads.test.mjs runs it for a moment, scripts/stress for longer. It ends with `N passed, N failed`; one that hangs is
 * for the caller to end.
 */
import { readdirSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { load } from 'lanewise/runtime';

const options = { jobs: 0, backends: 0, models: 0, kills: 0, seed: 1 };

/* A generator of whole numbers below its argument. */
function generator(seed) {
  let state = (Math.imul(seed, 2654435761) | 1) >>> 0;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const numbers = Float32Array.from({ length: 1 << 19 }, (_, i) => Math.sin(i * 12.9898) * 3);
const product = (shape) => shape.reduce((a, b) => a * b, 1);

/* The output's bytes of an operator that the seed chooses. */
function randomOperator(lw, seed) {
  const below = generator(seed), made = [];
  const tensor = (...shape) => {
    const first = below(1000);
    made.push(lw.tensor(numbers.subarray(first, first + product(shape)), shape));
    return made.at(-1);
  };
  const some = (most) => 1 + below(below(4) ? Math.ceil(most / 3) : most);
  const image = () => tensor(1, 6 + some(50), 6 + some(50), some(40));
  const operators = [
    (x = image()) => lw.conv2d(x, tensor(3, 3, x.shape[3], some(40)), { padding: below(2) ? 'same' : 'valid' }),
    (x = image()) => lw.conv2d(x, tensor(1, 1, x.shape[3], some(90)), { strides: 1 + below(2) }),
    (x = image()) => lw.conv2d(x, tensor(5, 5, x.shape[3], some(20)), { strides: 2, activation: 'relu' }),
    (x = image()) => lw.depthwiseConv2d(x, tensor(3, 3, x.shape[3], 1), { padding: 'same' }),
    (k = some(300)) => lw.matmul(tensor(some(200), k), tensor(k, some(200))),
    (k = some(900)) => lw.matmul(tensor(1, k), tensor(k, some(500))),
    () => lw.maxPool(image(), 1 + below(3)), () => lw.avgPool(image(), 1 + below(3)),
    () => lw.softmax(tensor(some(300), some(400))),
    () => lw.unary(['tanh', 'sin', 'exp', 'sigmoid'][below(4)], tensor(some(100000))),
    (x = image()) => lw.binary(['add', 'mul', 'div'][below(3)], x, tensor(x.shape[3])),
  ];
  made.push(operators[below(operators.length)]());
  const { buffer, byteOffset, byteLength } = made.at(-1).data();
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  for (const x of made) x.dispose();
  return bytes;
}

const count = { passed: 0, failed: 0 };
function check(good, what) {
  count[good ? 'passed' : 'failed']++;
  if (!good) console.log(`FAILED: ${what}`);
}

/* Random operators, with another number of threads every few hundred: how many have other bits than on one. */
async function jobs(many, seed) {
  const one = await load({ threads: 1 }), below = generator(seed);
  let wrong = 0;
  for (let done = 0; done < many;) {
    const lw = await load({ threads: 1 + below(8) });
    if (below(2)) await wait(20); // or the first jobs find no worker
    for (let left = 300; left > 0 && done < many; left--, done++) {
      const operator = below(2 ** 31);
      if (below(60) === 0) lw.threads?.limit(1 + below(8));
      if (below(100) === 0) await wait(1); // the workers sleep
      if (!randomOperator(lw, operator).equals(randomOperator(one, operator))) {
        wrong++;
        console.log(`operator ${operator} on ${lw.threads?.count ?? 1} threads has other bits than on one`);
      }
    }
    lw.threads?.dispose();
  }
  return wrong;
}

/* Threads of this process; undefined where they can't be counted. */
function processThreads() {
  try {
    return readdirSync('/proc/self/task').length;
  } catch {
    return undefined;
  }
}

async function backends(many, seed) {
  const tf = await import('@tensorflow/tfjs-core');
  const { registerBackend } = await import('lanewise/backend');
  const below = generator(seed), side = 150;
  const multiply = () => tf.tidy(() => {
    const x = tf.tensor2d(numbers.subarray(0, side * side), [side, side]);
    return Buffer.from(tf.softmax(tf.matMul(x, x)).dataSync().buffer);
  });
  let expected, wrong = 0, before;
  for (let i = 0; i < many; i++) {
    const name = `backend-${i}`;
    registerBackend(name, { threads: i === 0 ? 1 : 2 + below(4) });
    if (!await tf.setBackend(name)) throw new Error('the backend does not start');
    if (below(3) === 0) await wait(below(30)); // or they are ended before they have begun
    expected ??= multiply();
    for (let k = below(4); k > 0; k--) wrong += !multiply().equals(expected);
    tf.removeBackend(name);
    before ??= processThreads();
  }
  check(wrong === 0, `${wrong} results of backends that come and go have other bits`);
  for (let i = 0; i < 1000 && processThreads() > before; i++) await wait(10);
  const left = processThreads();
  check(left === undefined || left <= before, `${left} threads are left of backends that were removed; were ${before}`);
}

/* Two models that take turns on one backend: how many of them have outputs with other bits than on one thread. */
async function models(rounds, threads) {
  const tf = await import('@tensorflow/tfjs-core');
  const { registerBackend } = await import('lanewise/backend');
  const { infer } = await import('../demo/contest.mjs');
  const { inputOf, loadModel, MODELS } = await import('./models/catalogue.mjs');
  tf.enableProdMode();
  const pair = MODELS.filter(({ name }) => name === 'facemesh' || name === 'blazeface-front');
  const inputs = pair.map(inputOf);
  const run = async (count, times) => {
    registerBackend(`threads-${count}`, { threads: count });
    if (!await tf.setBackend(`threads-${count}`)) throw new Error('the backend does not start');
    const loaded = await Promise.all(pair.map(loadModel)), seen = pair.map(() => new Set());
    for (let i = 0; i < times; i++) {
      for (let k = 0; k < pair.length; k++) {
        const outputs = infer(loaded[k], inputs[k].values, inputs[k].shape, inputs[k].dtype);
        seen[k].add(outputs.map(({ data }) => (
          Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'))).join());
      }
    }
    for (const model of loaded) model.dispose();
    tf.removeBackend(`threads-${count}`);
    return seen;
  };
  const expected = await run(1, 1), seen = await run(threads, rounds);
  return seen.filter((outputs, k) => outputs.size !== 1 || !outputs.has([...expected[k]][0])).length;
}

/* What two Node workers return that run `task` at the same time. */
function inTwoWorkers(task) {
  return Promise.all([1, 2].map((k) => new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...task, seed: options.seed + k } });
    worker.on('message', resolve);
    worker.on('error', reject);
  })));
}

/*
 * A program's thread can't kill a worker while it runs a job itself. So the workers are here started by a thread that does
 * nothing else: the killer. It kills one as soon as it sees one inside of the pool's gate (threads/pool.c): in a task.
 */
function killerThread() {
  const hands = new Map();
  parentPort.on('message', ({ what, id, value }) => {
    if (what === 'start') hands.set(id, { worker: new Worker(value, { eval: true }) });
    if (what === 'send') Object.assign(hands.get(id), { work: value }).worker.postMessage(value);
    if (what === 'end') void hands.get(id)?.worker.terminate();
    if (what === 'kill') {
      const { worker, work } = hands.values().next().value;
      const words = new Int32Array(work.memory.buffer), gate = (work.pool + 64) >>> 2;
      const until = performance.now() + 10000;
      while ((Atomics.load(words, gate) & 0x7fffffff) === 0 && performance.now() < until);
      worker.on('exit', () => Atomics.store(value, 0, 1));
      void worker.terminate();
    }
    if (what === 'forget') hands.clear();
  });
}

async function kills(many) {
  const workerThreads = createRequire(import.meta.url)('node:worker_threads'), { Worker: RealWorker } = workerThreads;
  const killer = new RealWorker(new URL(import.meta.url), { workerData: { killer: true } });
  let made = 0;
  workerThreads.Worker = class {
    constructor(value) {
      this.id = made++;
      killer.postMessage({ what: 'start', id: this.id, value });
    }
    postMessage(value) { killer.postMessage({ what: 'send', id: this.id, value }); }
    terminate() { killer.postMessage({ what: 'end', id: this.id }); }
    unref() {}
    on() {}
  };
  syncBuiltinESMExports();
  const shape = [500, 500], large = (lw) => {
    const x = lw.tensor(numbers.subarray(0, product(shape)), shape);
    try {
      const y = lw.matmul(x, x), bytes = Buffer.from(y.data().slice().buffer);
      y.dispose();
      return bytes;
    } finally {
      x.dispose();
    }
  };
  const joined = async (lw, threads) => {
    for (let i = 0; i < 1000 && lw.kernels.exports.lw_pool_threads(lw.threads.pool) !== threads; i++) await wait(10);
    return lw.kernels.exports.lw_pool_threads(lw.threads.pool) === threads;
  };
  const right = large(await load({ threads: 1 }));
  let lost = 0;
  // One that is killed may just have left its task: then nothing is lost.
  for (let tries = 0; lost < many && tries < many * 10; tries++) {
    const lw = await load({ threads: 2 }), before = lost;
    check(await joined(lw, 2), 'a worker joins');
    const dead = new Int32Array(new SharedArrayBuffer(4));
    killer.postMessage({ what: 'kill', value: dead });
    while (lost === before && Atomics.load(dead, 0) === 0) {
      try {
        if (!large(lw).equals(right)) check(false, 'a job has wrong results after its worker was killed');
      } catch (error) {
        if (error.name !== 'ThreadLostError') throw error;
        lost++;
      }
    }
    check(lost === before || await joined(lw, 2), 'a dead worker is replaced');
    check(large(lw).equals(right), 'the first job after that');
    lw.threads.dispose();
    killer.postMessage({ what: 'forget' });
  }
  check(lost === many, `of ${many} workers that are killed in a task all are noticed; ${lost} were`);
  workerThreads.Worker = RealWorker;
  await killer.terminate();
}

async function phase(what, body) {
  const start = performance.now();
  await body();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

async function main() {
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].slice(2), value = Number(process.argv[i + 1]);
    if (!(name in options) || !Number.isInteger(value)) throw new Error(`bad option: ${process.argv[i]}`);
    options[name] = value;
  }
  const { seed } = options;
  if (options.jobs) {
    await phase(`${options.jobs} random operators on 1 to 8 threads`, async () => (
      check(await jobs(options.jobs, seed) === 0, 'random operators')));
    await phase('half as many in each of two Node workers at once', async () => {
      const wrong = await inTwoWorkers({ jobs: options.jobs >> 1 });
      wrong.forEach((n) => check(n === 0, 'random operators in two Node workers at once'));
    });
  }
  if (options.backends) {
    await phase(`${options.backends} backends made and removed`, () => backends(options.backends, seed));
  }
  if (options.models) {
    await phase(`${options.models} rounds of two models on one backend`, async () => {
      for (const threads of [2, 3]) check(await models(options.models, threads) === 0, `models on ${threads} threads`);
    });
    await phase('the same on two backends in two Node workers at once', async () => {
      const wrong = await inTwoWorkers({ models: options.models });
      wrong.forEach((n) => check(n === 0, 'models in two Node workers at once'));
    });
  }
  if (options.kills) await phase(`${options.kills} workers killed in a task`, () => kills(options.kills));
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed > 0 ? 1 : 0;
}

if (isMainThread) await main();
else if (workerData.killer) killerThread();
else parentPort.postMessage(workerData.jobs ? await jobs(workerData.jobs, workerData.seed) : await models(workerData.models, 2));
