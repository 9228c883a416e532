/* SPDX-License-Identifier: MIT */
/*
 * Tests of the dispatcher and of the runtime without TensorFlow.js, as plain functions: node's test runner runs them
 * (dispatch.test.mjs), and node14.mjs does on an engine that has no test runner.
 */
import { strict as assert } from 'assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, copyFileSync } from 'fs';
import { tmpdir } from 'os';
import { join, sep } from 'path';
import { fileURLToPath, pathToFileURL } from 'url';
import { chooseTier, detect, fileOf, FILES, LanewiseError, layout, load, loadModule, supports,
  TIERS } from 'lanewise/runtime';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const read = tier => readFileSync(join(dist, fileOf(tier)));
const major = Number(process.versions.node.split('.')[0]);
const best = major >= 26 ? 'relaxed' : major >= 16 ? 'simd128' : 'scalar';
const able = TIERS.slice(0, TIERS.indexOf(best) + 1);

/** Runs `body` with a folder that is deleted afterwards. */
async function withFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Asserts that a promise fails with a LanewiseError whose message has all these parts. */
async function fails(promise, ...parts) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, 'it fails');
  assert.ok(error instanceof LanewiseError, `${error.stack} is a LanewiseError`);
  for (const part of parts) assert.ok(error.message.includes(part), `'${error.message}' has '${part}'`);
}

const failsSync = (body, ...parts) => fails((async () => body())(), ...parts);

const response = (bytes, type, status = 200) => ({
  ok: status === 200, status, statusText: status === 404 ? 'Not Found' : '',
  headers: { get: name => (name.toLowerCase() === 'content-type' ? type : null) },
  arrayBuffer: async () => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
});

/** Loads a tier and computes something with it. */
async function works(options, tier) {
  const lw = await load(options);
  assert.equal(lw.tier, tier);
  const y = lw.matmul(lw.tensor([1, 2, 3, 4], [2, 2]), lw.tensor([5, 6, 7, 8], [2, 2]));
  assert.deepEqual([...y.data()], [19, 22, 43, 50]);
  return lw;
}

export const tests = {
  'the probes agree with the engine and with the files'() {
    const features = detect();
    assert.equal(features.simd128, best !== 'scalar');
    assert.equal(features.relaxed, best === 'relaxed');
    for (const tier of TIERS) assert.equal(supports(tier), WebAssembly.validate(read(tier)), tier);
  },

  async 'the best tier is chosen and says why'() {
    const lw = await works({}, best);
    assert.ok(lw.why.includes(`'${best}' is the best`), lw.why);
    if (best !== 'relaxed') assert.ok(lw.why.includes('no relaxed SIMD'), lw.why);
    assert.equal(lw.kernels.version, layout.LW_VERSION);
  },

  async 'every tier that the engine has can be forced'() {
    for (const tier of able) {
      const lw = await works({ tier }, tier);
      assert.equal(lw.why, `tier '${tier}' was asked for`);
    }
  },

  async 'a tier that the engine does not have is an error, not a lesser tier'() {
    for (const tier of TIERS.slice(able.length)) {
      await fails(load({ tier }), `can't run tier '${tier}'`, 'SIMD');
      await fails(load({ wasm: read(tier) }), 'the bytes given', "can't be compiled");
    }
  },

  async 'unknown and contradictory tiers are errors'() {
    await fails(load({ tier: 'avx' }), "unknown tier 'avx'", 'scalar, simd128, relaxed');
    await fails(load({ exclude: ['sse'] }), "unknown tier 'sse'");
    await fails(load({ tier: 'scalar', exclude: ['scalar'] }), "'scalar'", 'excluded');
    await failsSync(() => chooseTier({ exclude: TIERS }), 'no tier can run here', "'scalar' is excluded");
  },

  async 'tiers can be excluded'() {
    const lw = await works({ exclude: ['relaxed'] }, best === 'relaxed' ? 'simd128' : best);
    if (best === 'relaxed') assert.ok(lw.why.includes("'relaxed' is excluded"), lw.why);
    await works({ exclude: ['relaxed', 'simd128'] }, 'scalar');
  },

  async 'bytes and compiled modules can be given'() {
    const bytes = read(best);
    await works({ wasm: bytes }, best);
    await works({ wasm: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) }, best);
    const module = new WebAssembly.Module(bytes);
    await works({ wasm: module }, best);
    await works({ wasm: module, tier: best }, best);
    if (best !== 'scalar') await fails(load({ wasm: read('scalar'), tier: 'simd128' }), "'simd128'", 'scalar');
    if (best !== 'scalar') await fails(load({ wasm: module, tier: 'scalar' }), "'scalar'", best);
  },

  async 'files can lie in another folder, or be named one by one'() {
    await withFolder(async folder => {
      for (const file of FILES) copyFileSync(join(dist, file), join(folder, file));
      copyFileSync(join(dist, fileOf(best)), join(folder, 'other.wasm'));
      await works({ wasmPaths: folder }, best);
      await works({ wasmPaths: folder + sep }, best);
      await works({ wasmPaths: pathToFileURL(folder) }, best);
      await works({ wasmPaths: { [fileOf(best)]: join(folder, 'other.wasm') } }, best);
      await works({ wasm: join(folder, 'other.wasm') }, best);
      await works({ wasm: pathToFileURL(join(folder, 'other.wasm')) }, best);
      await fails(load({ wasmPaths: { 'lanewise-other.wasm': 'x' } }), fileOf(best), 'lanewise-other.wasm');
      if (best !== 'scalar') {
        await fails(load({ tier: best, wasm: join(folder, fileOf('scalar')) }), `'${best}'`);
      }
    });
  },

  async 'a missing file is an error that names it and the way out'() {
    const missing = join(tmpdir(), 'lanewise-nowhere');
    await fails(load({ wasmPaths: missing }), missing, fileOf(best), 'ENOENT', 'setWasmPaths', 'wasmPaths');
  },

  async 'damaged files are errors'() {
    await withFolder(async folder => {
      const good = read('scalar');
      const cases = {
        'empty.wasm': [Buffer.alloc(0), 'is not a WebAssembly file'],
        'page.wasm': [Buffer.from('<!doctype html><title>Not found'), "it starts with '<!doctype html><'"],
        'half.wasm': [good.slice(0, good.length / 2), "can't be compiled"],
        'flipped.wasm': [Buffer.from(good.map((byte, i) => (i > 8 && i < 300 ? byte ^ 0x55 : byte))),
          "can't be compiled"],
      };
      for (const [name, [bytes, message]] of Object.entries(cases)) {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        await fails(load({ wasm: path }), path, message);
      }
      await fails(load({ wasm: new Uint8Array(3) }), 'the bytes given (3 bytes)');
    });
  },

  async 'another program\'s module is an error'() {
    const empty = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    await fails(load({ wasm: empty }), 'no export memory', "another program's");
    // (import "env" "abort" (func))
    const abort = [...'env'].map(c => c.charCodeAt(0)), name = [...'abort'].map(c => c.charCodeAt(0));
    const imports = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0,
      2, 3 + abort.length + name.length + 2, 1, abort.length, ...abort, name.length, ...name, 0, 0]));
    await fails(load({ wasm: imports }), 'imports env.abort', 'setWasmPaths');
  },

  async 'fetch: what it is asked, and what it answers'() {
    const asked = [];
    const fetch = async url => {
      asked.push(url);
      return response(read(best), 'application/octet-stream');
    };
    await works({ wasmPaths: 'https://example.org/wasm', fetch, threads: 1 }, best);
    await works({ wasmPaths: new URL('https://example.org/wasm/'), fetch, threads: 1 }, best);
    await works({ wasm: 'https://example.org/some.wasm', fetch }, best);
    assert.deepEqual(asked, [`https://example.org/wasm/${fileOf(best)}`, `https://example.org/wasm/${fileOf(best)}`,
      'https://example.org/some.wasm']);

    const url = 'https://example.org/lost.wasm';
    await fails(load({ wasm: url, fetch: async () => response(Buffer.alloc(0), 'text/html', 404) }),
      url, 'HTTP status 404 Not Found', 'setWasmPaths');
    await fails(load({ wasm: url, fetch: async () => response(Buffer.from('<html>'), 'text/html') }),
      url, 'is not a WebAssembly file', '<html>');
    await fails(load({ wasm: url, fetch: async () => { throw new TypeError('network down'); } }), url, 'network down');
  },

  async 'the runtime computes, and its errors name what came and what was expected'() {
    const lw = await load();
    const x = lw.tensor(Float32Array.from({ length: 32 }, (_, i) => i - 16), [1, 4, 4, 2]);
    const filter = lw.tensor(new Float32Array(2 * 3).fill(1), [1, 1, 2, 3]);
    const bias = lw.tensor([0, 1, 2], [3]);
    const y = lw.conv2d(x, filter, { strides: 2, bias, activation: 'relu' });
    assert.deepEqual(y.shape, [1, 2, 2, 3]);
    assert.deepEqual([...y.data()], [0, 0, 0, 0, 0, 0, 1, 2, 3, 9, 10, 11]);
    assert.deepEqual([...lw.unary('relu6', lw.tensor([-1, 3, 9], [3])).data()], [0, 3, 6]);
    assert.deepEqual([...lw.unary('leakyRelu', lw.tensor([-1], [1]), 0.5).data()], [-0.5]);
    assert.deepEqual([...lw.binary('add', lw.tensor([1, 2], [2, 1]), lw.tensor([10, 20], [2])).data()],
      [11, 21, 12, 22]);
    assert.deepEqual([...lw.softmax(lw.tensor([3, 3], [1, 2])).data()], [0.5, 0.5]);
    const three = lw.tensor([1, 3, 5, 7, 7, 7], [2, 3]), ramp = lw.tensor([1, 2, 3], [3]);
    assert.deepEqual([...lw.layerNorm(three, { epsilon: 4 / 3 }).data()], [-1, 0, 1, 0, 0, 0]);
    assert.deepEqual([...lw.layerNorm(three, { scale: ramp, shift: ramp, epsilon: 4 / 3 }).data()], [0, 2, 6, 1, 2, 3]);
    assert.deepEqual([...lw.maxPool(x, 4).data()], [14, 15]);
    assert.deepEqual([...lw.avgPool(x, 4).data()], [-1, 0]);
    const depthwise = lw.depthwiseConv2d(x, lw.tensor([1, 2], [1, 1, 2, 1]));
    assert.deepEqual([...depthwise.data().slice(0, 2)], [-16, -30]);

    const before = lw.heap.bytesInUse;
    await failsSync(() => lw.conv2d(x, lw.tensor(undefined, [1, 1, 3, 3])), 'conv2d', '[1,1,3,3]', '[1,4,4,2]');
    await failsSync(() => lw.conv2d(bias, filter), 'conv2d', 'input', '[3]', 'expected 4 dimensions');
    await failsSync(() => lw.conv2d(x, filter, { bias: x }), 'conv2d', 'bias', '[1,4,4,2]', 'expected 3');
    await failsSync(() => lw.conv2d(x, filter, { activation: 'swish' }), "unknown activation 'swish'", 'relu6');
    await failsSync(() => lw.conv2d(x, filter, { padding: 'full' }), "unknown padding 'full'");
    await failsSync(() => lw.conv2d(x, filter, { strides: 0 }), 'conv2d', "'strides' is [0,0]", 'expected');
    await failsSync(() => lw.matmul(bias, bias), 'matmul', '[3]', 'expected [m, k] and [k, n]');
    await failsSync(() => lw.binary('add', bias, lw.tensor([1, 2], [2])), '[3]', '[2]', 'broadcast');
    await failsSync(() => lw.layerNorm(x, { scale: bias }), 'layerNorm', "'scale'", '[3]', 'expected 2 elements');
    await failsSync(() => lw.tensor([1, 2], [3]), '2 values given', '[3]');
    await failsSync(() => lw.tensor(undefined, [-1]), '[-1] is no shape');
    await failsSync(() => lw.tensor(undefined, [2 ** 30]), 'out of memory', '4294967296 bytes asked for', 'in use');
    y.dispose();
    y.dispose();
    await failsSync(() => y.data(), 'after dispose()');
    assert.ok(lw.heap.bytesInUse < before + 200, 'failed calls keep nothing but the tensors made for them');
  },

  async 'options that are none, and tensors of another module, are errors'() {
    await fails(load({ wasm: null }), "'wasm' is null");
    await fails(load({ wasm: 42 }), "'wasm' is of type number");
    await fails(load({ exclude: 'scalar' }), "'exclude' is 'scalar'");
    const lw = await load({ tier: 'scalar' }), other = await load({ tier: 'scalar' });
    const x = lw.tensor([1, 2, 3, 4], [1, 2, 2, 1]), filter = lw.tensor([1], [1, 1, 1, 1]);
    const stranger = other.tensor([1], [1, 1, 1, 1]);
    await failsSync(() => lw.binary('add', x, stranger), 'binary add', 'made by another load()');
    await failsSync(() => lw.conv2d(x, stranger), 'conv2d', 'made by another load()');
    await failsSync(() => lw.conv2d(x, filter, { bias: stranger }), 'conv2d', 'made by another load()');
    for (const options of [{ strides: 1.5 }, { strides: -1 }, { dilations: 0 }, { padding: 1.5 }, { padding: [1, 1] }]) {
      const [option] = Object.keys(options);
      await failsSync(() => lw.conv2d(x, filter, options), 'conv2d', `'${option}'`, 'expected');
    }
    await failsSync(() => lw.maxPool(x, 0.5), 'maxPool', "'size'");
  },

  async 'tensors survive the memory\'s growth, and blocks are aligned and counted'() {
    const { heap } = await loadModule({ threads: 1 });
    const bytes = heap.bytesInUse, blocks = heap.blocksInUse;
    const first = heap.allocate(12);
    heap.f32.set([1, 2, 3], first >>> 2);
    const old = heap.f32;
    const big = heap.allocate(64 << 20);
    assert.equal(old.length, 0, 'the memory has grown');
    assert.deepEqual([...heap.f32.slice(first >>> 2, (first >>> 2) + 3)], [1, 2, 3]);
    assert.equal(first % 16, 0);
    assert.equal(big % 16, 0);
    assert.equal(heap.bytesInUse, bytes + 12 + (64 << 20));
    assert.equal(heap.allocate(0), 0);
    heap.free(0);
    heap.free(first);
    heap.free(big);
    assert.equal(heap.bytesInUse, bytes);
    assert.equal(heap.blocksInUse, blocks);
    const small = heap.scratch(100);
    assert.equal(heap.scratch(50), small);
    heap.scratch(1000);
    assert.equal(heap.bytesInUse, bytes + 1000);
  },
};
