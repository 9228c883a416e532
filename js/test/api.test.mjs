/* SPDX-License-Identifier: MIT */
/*
 * The functions of the official package as programs call them, and those of our own beside them. TensorFlow.js's engine
 * is one for each process, so each test is a program of its own.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installPackage, run } from './packed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-api-'));
const dist = join(folder, 'node_modules/lanewise/dist');
const officialDist = join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
const relaxed = Number(process.versions.node.split('.')[0]) >= 26;
const best = relaxed ? 'relaxed' : 'simd128';
after(() => rmSync(folder, { recursive: true, force: true }));

before(() => {
  installPackage(folder);
});

/** Runs a program over tf and lanewise; `add()` starts the backend, computes, and prints the tier and the sum. */
const program = (source, ...flags) => run(folder, 'program.mjs', `import * as tf from '@tensorflow/tfjs-core';
  import { readFileSync } from 'node:fs';
  import * as lanewise from 'lanewise';
  const dist = ${JSON.stringify(dist)};
  const add = async (name = 'wasm') => console.log(await tf.setBackend(name), lanewise.tier(name),
    tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync().join());
  const fails = async body => { try { await body(); console.log('fine'); } catch (e) { console.log(e.message); } };
  ${source}`, ...flags);

test('nothing starts before it is asked to', () => {
  const printed = program(`
    await fails(() => lanewise.tier());
    await fails(() => lanewise.getThreadsCount());
    await fails(() => lanewise.tier('other'));
    lanewise.setTier('scalar');
    await add();
    console.log(lanewise.why(), lanewise.features().simd128, lanewise.getThreadsCount(), tf.backend().why);`);
  assert.match(printed, new RegExp(`^(.*'wasm' has not started.*\n){2}.*'other' has not started.*
true scalar 4,6\ntier 'scalar' was asked for true 1 tier 'scalar' was asked for\n$`));
});

test('setWasmPaths and setThreadsCount may be called whenever and however the official ones may', () => {
  assert.equal(program(`
    for (const count of [4, 0, -1, 1e9, undefined, NaN]) lanewise.setThreadsCount(count);
    lanewise.setWasmPaths(dist + '/');
    await add();
    lanewise.setWasmPaths(dist + '/');
    lanewise.setThreadsCount(2);
    console.log(lanewise.getThreadsCount());
    lanewise.setWasmPaths('/elsewhere/');
    await add();`), `true ${best} 4,6\n${Math.min(2, availableParallelism())}\ntrue ${best} 4,6
lanewise: setWasmPaths comes too late for the backend that runs; it will count when it is loaded again\n`);
});

test('setThreadsCount while the backend is being loaded counts, too', () => {
  assert.equal(program(`
    lanewise.setThreadsCount(2);
    const started = tf.setBackend('wasm');
    lanewise.setThreadsCount(1);
    await started;
    console.log(lanewise.getThreadsCount());`), '1\n');
});

test('what the official folder on a public server is asked for lies beside our code', () => {
  const url = 'https://cdn.test/npm/@tensorflow/tfjs-backend-wasm@4.22.0/dist/';
  const warning = /^lanewise: https:\/\/cdn\.test\/.* can't be used; those beside lanewise's code are loaded/m;
  for (const call of [`setWasmPaths('${url}')`, `setWasmPath('${url}tfjs-backend-wasm.wasm')`,
    `setWasmPaths({ 'tfjs-backend-wasm.wasm': '${url}tfjs-backend-wasm.wasm',
      'tfjs-backend-wasm-simd.wasm': '${url}tfjs-backend-wasm-simd.wasm' })`]) {
    const printed = program(`lanewise.${call}; await add();`);
    assert.match(printed, new RegExp(`^true ${best} 4,6$`, 'm'), call);
    assert.match(printed, warning, call);
  }
  // Under an alias the folder in node_modules is ours.
  assert.match(program(`
    globalThis.fetch = async url => { console.log(url); throw new Error('none'); };
    lanewise.setWasmPaths('http://localhost/node_modules/@tensorflow/tfjs-backend-wasm/dist/');
    await tf.setBackend('wasm');`), /^http:\/\/localhost\/node_modules\/.*lanewise-/);
});

test('a map of some files: the best of those that the engine can run', () => {
  for (const [names, tier] of [[['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'], 'simd128'],
    [['lanewise-scalar.wasm'], 'scalar'], [[], best]]) {
    assert.equal(program(`
      lanewise.setWasmPaths(Object.fromEntries(${JSON.stringify(names)}.map(name => [name, dist + '/' + name])));
      await add();`), `true ${tier} 4,6\n`);
  }
  assert.match(program(`
    await fails(() => lanewise.setWasmPaths(undefined));
    await fails(() => lanewise.setWasmPaths({ 'other.wasm': 'x' }));
    lanewise.setWasmPaths(new URL('file://' + dist));
    await add();
    tf.removeBackend('wasm');
    lanewise.setWasmPath(new URL('file://' + dist + '/tfjs-backend-wasm-simd.wasm'));
    lanewise.registerBackend('wasm');
    await add();`), new RegExp(`^.*expected a folder or a map.*, got undefined
.*there is no file 'other.wasm'.*\ntrue ${best} 4,6\ntrue simd128 4,6\n$`));
  // None that is allowed: beside the code.
  assert.match(program(`
    lanewise.setWasmPaths({ 'lanewise-${best}.wasm': '/nowhere' });
    lanewise.excludeTiers('${best}');
    await add();
    console.log(lanewise.why());`), /^true (simd128|scalar) 4,6\n'.*' lies beside the package's code; .*'.*' is excluded/m);
});

test('bytes and compiled modules take the place of paths', () => {
  assert.equal(program(`
    lanewise.setWasmBinary(readFileSync(dist + '/lanewise-simd128.wasm'));
    await add();
    tf.removeBackend('wasm');
    lanewise.setWasmBinary(await WebAssembly.compile(readFileSync(dist + '/lanewise-scalar.wasm')));
    console.log(lanewise.registerBackend('wasm'));
    await add();
    tf.removeBackend('wasm');
    lanewise.setWasmBinary(undefined);
    lanewise.setWasmPaths({ 'lanewise-simd128.wasm': readFileSync(dist + '/lanewise-simd128.wasm') });
    lanewise.registerBackend('wasm');
    await add();`), 'true simd128 4,6\ntrue\ntrue scalar 4,6\ntrue simd128 4,6\n');
});

test('a tier forced, excluded, or switched off by the flag', () => {
  const next = relaxed ? 'simd128' : 'scalar';
  assert.match(program(`
    lanewise.excludeTiers('${best}');
    await add();
    console.log(lanewise.why());
    await fails(() => lanewise.excludeTiers());
    await fails(() => lanewise.setTier('scalar'));
    await fails(() => lanewise.setWasmBinary(new Uint8Array()));`), new RegExp(`^true ${next} 4,6\n'${next}' is the .*'${
    best}' is excluded\n.*excludeTiers comes too late.*\n.*setTier comes too late.*\n.*setWasmBinary comes too late.*\n$`));
  assert.equal(program(`tf.env().set('WASM_HAS_SIMD_SUPPORT', false); await add();`), 'true scalar 4,6\n');
  assert.equal(program(`lanewise.setTier('scalar'); lanewise.setTier(undefined); await add();`), `true ${best} 4,6\n`);
  assert.match(program(`lanewise.excludeTiers(...lanewise.TIERS); console.log(await tf.setBackend('wasm'));`),
    /^false\n[^]*no tier can run here/);
});

test('the backend can be removed and registered again without a warning', () => {
  assert.equal(program(`
    await add();
    const before = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    await fails(() => lanewise.tier());
    tf.registerBackend('wasm', before, 2);
    await add();
    tf.removeBackend('wasm');
    lanewise.setTier('scalar');
    console.log(lanewise.registerBackend('wasm'), lanewise.registerBackend('wasm'));
    await tf.ready();
    await add();
    tf.removeBackend('wasm');
    console.log(lanewise.registerBackend('wasm', { tier: 'simd128' }));
    await add();`), `true ${best} 4,6
lanewise: the backend 'wasm' has not started; call and await tf.setBackend('wasm') first
true ${best} 4,6\ntrue false\ntrue scalar 4,6\ntrue\ntrue simd128 4,6\n`);
});

test('import and require in one process, and copies inside of bundles, share their settings', () => {
  const check = `
    a.setTier('scalar');
    b.setWasmPaths(${JSON.stringify(dist)});
    console.log(await tf.setBackend('wasm'), a.tier(), b.tier(), b.features() === a.features());
    if (tf.add(tf.relu(tf.conv2d(tf.ones([1, 2, 2, 1]), tf.ones([1, 1, 1, 1]), 1, 'same')), 1).dataSync()[3] !== 2) throw 1;
    try { b.setTier('simd128'); } catch (error) { console.log(error.message); }`;
  const late = 'lanewise: setTier comes too late: the backend has started. Call it before tf.setBackend() or ' +
    "tf.ready(), or after tf.removeBackend('wasm')";
  assert.equal(run(folder, 'both.mjs', `import * as tf from '@tensorflow/tfjs-core'; import { createRequire } from 'module';
    import * as a from 'lanewise'; const b = createRequire(import.meta.url)('lanewise');
    console.log(a.BackendWasm === b.BackendWasm); ${check}`), `true\ntrue scalar scalar true\n${late}\n`);
  // The files that bundlers take for import and for require: two copies of everything.
  assert.equal(run(folder, 'copies.mjs', `import * as tf from '@tensorflow/tfjs-core'; import { createRequire } from 'module';
    import * as a from './node_modules/lanewise/dist/index.js';
    const b = createRequire(import.meta.url)('./node_modules/lanewise/dist/index.cjs');
    console.log(a.BackendWasm === b.BackendWasm); ${check}`), `false\ntrue scalar scalar true\n${late}\n`);
});

test('the official package after ours does no harm', () => {
  const sent = "lanewise: another package (@tensorflow/tfjs-backend-wasm?) registered its kernels for our backend 'wasm'.";
  const quiet = 'const warn = console.warn; console.warn = text => { if (/^lanewise/.test(text)) warn(text); };';
  const before = program(`${quiet} await import('@tensorflow/tfjs-backend-wasm'); await add();`);
  assert.ok(before.startsWith(`true ${best} 4,6\n${sent}`), before);
  const started = program(`${quiet} await add();
    await import('@tensorflow/tfjs-backend-wasm');
    await fails(() => tf.add(1, 2));
    await add();`);
  assert.ok(started.startsWith(`true ${best} 4,6
lanewise: a kernel of another package was called for the backend 'wasm'; from now on ours are
true ${best} 4,6\n${sent}`), started);
  // Where setBackend sets the official kernels up.
  const again = program(`${quiet} await add(); await import('@tensorflow/tfjs-backend-wasm'); await add();`);
  assert.ok(again.startsWith(`true ${best} 4,6\ntrue ${best} 4,6\n${sent}`), again);
  // One kernel of the program's own stays.
  assert.equal(program(`${quiet} tf.registerKernel({ kernelName: 'Add', backendName: 'wasm',
    kernelFunc: ({ backend }) => {
      const y = backend.makeOutput([2], 'float32', undefined, new Float32Array([7, 8]));
      backend.typedArrayFromHeap(y)[1] += backend.getMemoryOffset(y.dataId) > 0 ? 1 : 0;
      return y;
    } }); await add();`), `true ${best} 7,9\n`);
});

// ---- Files that can't be loaded ----------------------------------------------------------------------------

test('a binary that cannot be loaded: where it was, what is wrong, what to do', async () => {
  const scalar = readFileSync(join(dist, 'lanewise-scalar.wasm'));
  const wasm = 'application/wasm', page = '<!doctype html><title>App</title>';
  const routes = {
    missing: [404, 'text/html', page], forbidden: [403, 'text/plain', ''], page: [200, 'text/html', page],
    streamed: [200, wasm, page], mime: [200, 'text/plain', scalar], cut: [200, 'application/octet-stream',
      scalar.subarray(0, 60_000)], cutStreamed: [200, wasm, scalar.subarray(0, 60_000)],
    official: [200, wasm, readFileSync(join(officialDist, 'tfjs-backend-wasm-simd.wasm'))],
    bare: [200, wasm, Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)],
  };
  const server = createServer((request, response) => {
    const name = request.url.split('/')[1];
    if (name === 'broken') {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': scalar.length });
      response.write(scalar.subarray(0, 50_000), () => response.destroy());
      return;
    }
    const [status, type, body] = routes[name];
    response.writeHead(status, { 'Content-Type': type }).end(body);
  });
  await new Promise(resolve => { server.listen(0, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${server.address().port}`;
  const { registerBackend } = await import('lanewise/backend');
  const tf = await import('@tensorflow/tfjs-core');
  const { warn } = console;
  /** What TensorFlow.js prints when the backend doesn't start. */
  async function printed(options) {
    const lines = [];
    console.warn = text => lines.push(text);
    registerBackend('tested', options);
    const started = await tf.setBackend('tested');
    console.warn = warn;
    tf.removeBackend('tested');
    return started ? 'started' : lines.join('\n');
  }
  const cure = 'Say where the files are with setWasmPaths';
  const cases = {
    missing: ['HTTP status 404', cure], forbidden: ['HTTP status 403', cure],
    page: ["is not a WebAssembly file: it starts with '<!doctype html><', so it is a page", cure], streamed: ["can't be compiled", cure],
    mime: ['started'], cut: ['(60000 bytes)', 'cut off or damaged', cure], cutStreamed: ['cut off or damaged', cure],
    official: ['@tensorflow/tfjs-backend-wasm', cure], bare: ['has no export memory', cure],
    broken: ['the connection broke'],
  };
  try {
    for (const [name, expected] of Object.entries(cases)) {
      const text = await printed({ tier: 'scalar', wasmPaths: `${url}/${name}` });
      const where = name === 'mime' ? [] : [`${url}/${name}/lanewise-scalar.wasm`];
      for (const part of [...where, ...expected]) assert.ok(text.includes(part), `${name}: ${part} in ${text}`);
    }
  } finally {
    await new Promise(resolve => { server.close(resolve); });
  }
  const gone = await printed({ wasmPaths: url });
  for (const part of [url, "server can't be reached", 'CORS', cure]) assert.ok(gone.includes(part), gone);
  // The message itself, as engines word it; the browser tests have real policies.
  const { compile } = WebAssembly;
  WebAssembly.compile = async () => {
    throw new WebAssembly.CompileError("Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is " +
      'not an allowed source of script in the following Content Security Policy directive');
  };
  const refused = await printed({ wasmPaths: dist });
  WebAssembly.compile = compile;
  assert.match(refused, /may not be compiled here.*script-src 'self' 'wasm-unsafe-eval'/);
});

test('an engine without WebAssembly runs on another backend and says why', () => {
  const source = `import * as tf from '@tensorflow/tfjs-core'; import '@tensorflow/tfjs-backend-cpu';
    import { detect, load } from 'lanewise/runtime';
    import 'lanewise';
    console.log(typeof WebAssembly, detect().simd128);
    await load({ wasm: new Uint8Array(8) }).catch(error => console.log(error.message));
    await tf.ready();
    console.log(tf.getBackend(), tf.add(1, 2).dataSync()[0]);`;
  writeFileSync(join(folder, 'none.cjs'), 'delete globalThis.WebAssembly;');
  const without = run(folder, 'without.mjs', source, '--require', './none.cjs');
  assert.match(without, /^undefined false\nlanewise: this engine has no WebAssembly.*'cpu'.*\ncpu 3\n/);
  assert.match(without, /Initialization of backend wasm failed\n.*this engine has no WebAssembly/);
});
