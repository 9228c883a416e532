/* SPDX-License-Identifier: MIT */
/*
 * The package as its users get it: packed, installed into an empty folder beside TensorFlow.js, imported as ES module
 * and as CommonJS, bundled, and put in the official package's place.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { installPackage } from './packed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
const expected = Number(process.versions.node.split('.')[0]) >= 26 ? 'relaxed' : 'simd128';

before(() => {
  const names = installPackage(folder);
  for (const name of ['package.json', 'dist/index.js', 'dist/index.cjs', 'dist/backend.js', 'dist/runtime.js',
    'dist/types/index.d.ts', 'dist/types-cjs/index.d.ts', 'dist/types-cjs/package.json', 'dist/lanewise-scalar.wasm',
    'dist/lanewise-simd128.wasm', 'dist/lanewise-relaxed.wasm', 'dist/THIRD_PARTY_LICENSES']) {
    assert.ok(names.includes(name), `the package has ${name}`);
  }
  assert.deepEqual(names.filter(name => !/^(dist\/|docs\/|package\.json$|README|LICENSE)/.test(name)), []);
});

const program = `
  const add = async (tf, lanewise, expected) => {
    if (!await tf.setBackend('wasm')) throw new Error('no backend');
    if (lanewise.tier() !== expected) throw new Error(lanewise.tier());
    if (!await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) throw new Error('flag');
    if (!(lanewise.getThreadsCount() >= 1)) throw new Error('threads');
    console.log(tf.getBackend(), [...tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync()].join());
  };`;

test('as ES module', () => {
  writeFileSync(join(folder, 'esm.mjs'), `import * as tf from '@tensorflow/tfjs-core';
    import * as lanewise from 'lanewise';
    import { load } from 'lanewise/runtime'; ${program}
    await add(tf, lanewise, '${expected}');
    console.log((await load()).tier);`);
  assert.equal(node('esm.mjs'), `wasm 4,6\n${expected}\n`);
});

test('as CommonJS', () => {
  writeFileSync(join(folder, 'cjs.cjs'), `const tf = require('@tensorflow/tfjs-core');
    const lanewise = require('lanewise'); const { load } = require('lanewise/runtime'); ${program}
    add(tf, lanewise, '${expected}').then(async () => console.log((await load()).tier));`);
  assert.equal(node('cjs.cjs'), `wasm 4,6\n${expected}\n`);
});

for (const format of ['ES modules', 'CommonJS']) {
  test(`the entries share their classes and settings, as ${format}`, () => {
    const modules = format === 'CommonJS' ? `const tf = require('@tensorflow/tfjs-core');
      const index = require('lanewise'), backend = require('lanewise/backend'), runtime = require('lanewise/runtime');`
      : `import * as tf from '@tensorflow/tfjs-core';
      import * as index from 'lanewise';
      import * as backend from 'lanewise/backend';
      import * as runtime from 'lanewise/runtime';`;
    const name = format === 'CommonJS' ? 'shared.cjs' : 'shared.mjs';
    writeFileSync(join(folder, name), `${modules}
      backend.setTier('scalar');
      tf.setBackend('wasm').then(() => {
        console.log(index.tier(), backend.tier(), tf.backend() instanceof backend.BackendWasm);
        console.log(index.BackendWasm === backend.BackendWasm, index.LanewiseError === backend.LanewiseError,
          index.LanewiseError === runtime.LanewiseError, index.TIERS === runtime.TIERS);
        try { backend.setTier('relaxed'); } catch (error) {
          console.log(error instanceof runtime.LanewiseError, /setTier comes too late/.test(error.message));
        }
      });`);
    assert.equal(node(name), 'scalar scalar true\ntrue true true true\ntrue true\n');
  });
}

test('the runtime needs no TensorFlow.js', () => {
  const bare = join(folder, 'bare');
  mkdirSync(join(bare, 'node_modules'), { recursive: true });
  cpSync(join(folder, 'node_modules/lanewise'), join(bare, 'node_modules/lanewise'), { recursive: true });
  writeFileSync(join(bare, 'x.mjs'), `import { load } from 'lanewise/runtime'; console.log((await load()).tier)`);
  writeFileSync(join(bare, 'x.cjs'), `require('lanewise/runtime').load().then(({ tier }) => console.log(tier))`);
  for (const name of ['x.mjs', 'x.cjs']) {
    assert.equal(execFileSync(process.execPath, [name], { cwd: bare, encoding: 'utf8' }), `${expected}\n`);
  }
});

test('source maps bring their sources along, but for those of single files', () => {
  const dist = join(folder, 'node_modules/lanewise/dist');
  const maps = readdirSync(dist).filter(name => name.endsWith('.map'));
  const mapped = new Set();
  for (const name of maps) {
    const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(dist, name), 'utf8'));
    sources.forEach((source, i) => {
      assert.equal(Boolean(sourcesContent[i]), !/single/.test(name), `${name} has the content of ${source}`);
      mapped.add(source);
    });
  }
  for (const file of ['index.ts', 'backend/conv.ts', 'runtime/lanewise.ts', 'runtime/platform.ts',
    'runtime/platform-cjs.ts', 'runtime/platform-script.ts', 'runtime/platform-single.ts']) assert.ok(mapped.has(`../src/${file}`), file);
  // Through both of its translations a CommonJS file's map still leads to the line that threw.
  writeFileSync(join(folder, 'stack.cjs'), `
    try { require('lanewise').tier(); } catch (error) { console.log(error.stack); }`);
  assert.match(node('--enable-source-maps', 'stack.cjs'), /tier .*src\/backend\/register\.ts:\d+/);
});

test('the licences of all code that was bundled are there; the runtime and the types need none', () => {
  const dist = join(folder, 'node_modules/lanewise/dist');
  const foreign = file => JSON.parse(readFileSync(join(dist, `${file}.map`), 'utf8')).sources
    .filter(source => !/^\.\.\/src\/|^[^/]+\.c?js$|^text:/.test(source));
  const all = readdirSync(dist).filter(name => /^(?!.*\.node\.).*\.c?js$/.test(name)).flatMap(foreign);
  const licenses = readFileSync(join(dist, 'THIRD_PARTY_LICENSES'), 'utf8');
  const packages = [...licenses.matchAll(/^(\S+) (\d+\.\d+\.\d+\S*), (\S+)$/gm)];
  const holds = (source, name) => source.split('/').includes(name.split('/').pop());
  for (const [, name, version, license] of packages) {
    const found = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
    assert.deepEqual([version, license], [found.version, found.license], name);
    assert.ok(all.some(source => holds(source, name)), `${name} is in a bundle`);
  }
  for (const source of all) assert.ok(packages.some(([, name]) => holds(source, name)), source);
  assert.match(licenses, /^@tensorflow\/tfjs-backend-cpu [^]*^Copyright \d{4} Google LLC\./m);
  assert.match(licenses, /Apache License\s+Version 2.0[^]*END OF TERMS AND CONDITIONS/);

  for (const entry of ['runtime.js', 'runtime.cjs']) {
    const reached = new Set([entry]);
    for (const file of reached) { // grows as it is gone through
      for (const [, next] of readFileSync(join(dist, file), 'utf8').matchAll(/(?:from|require\() ?"\.\/([^"]+)"/g)) {
        reached.add(next);
      }
      assert.deepEqual(foreign(file), [], `${entry} loads ${file}`);
    }
    assert.ok(reached.size > 1, `${entry} loads a shared file`);
  }
  for (const types of ['types', 'types-cjs']) {
    for (const file of readdirSync(join(dist, types), { recursive: true })) {
      if (/\.d\.ts$/.test(file)) assert.doesNotMatch(readFileSync(join(dist, types, file), 'utf8'), /tfjs-backend-cpu/);
    }
  }
});

test('TensorFlow.js chooses the backend by itself, by priority', () => {
  writeFileSync(join(folder, 'priority.mjs'), `import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-cpu'; import 'lanewise';
    await tf.ready(); console.log(tf.getBackend());`);
  assert.equal(node('priority.mjs'), 'wasm\n');
});

test('a program written for the official package runs unchanged under an alias', async () => {
  const official = Object.keys(await import('@tensorflow/tfjs-backend-wasm'));
  const ours = Object.keys(await import('lanewise/backend'));
  const interop = ['default', 'module.exports', '__esModule'];
  assert.deepEqual(official.filter(name => ![...ours, ...interop].includes(name)), [], 'exports');

  writeFileSync(join(folder, 'app.mjs'), `import * as tf from '@tensorflow/tfjs-core';
    import { setWasmPaths, setThreadsCount, getThreadsCount, version_wasm } from '@tensorflow/tfjs-backend-wasm';
    setThreadsCount(2);
    setWasmPaths(process.argv[2]);
    (async () => {
      await tf.setBackend('wasm');
      await tf.ready();
      let late = 'accepted';
      try { setWasmPaths('elsewhere/'); } catch (error) { late = 'refused'; }
      console.log(tf.getBackend(), version_wasm, getThreadsCount(), late, tf.sum(tf.tensor1d([1, 2, 3])).dataSync()[0]);
    })().catch(error => console.log(error.message));`);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const format of ['esm', 'cjs']) {
    const outfile = join(folder, `app-${format}.${format === 'esm' ? 'js' : 'cjs'}`);
    if (format === 'esm') writeFileSync(join(folder, 'package.json'),
      JSON.stringify({ private: true, type: 'module' }));
    await build({
      absWorkingDir: folder, entryPoints: ['app.mjs'], bundle: true, format,
      platform: format === 'esm' ? 'neutral' : 'node',
      mainFields: ['module', 'main'], conditions: ['import'], outfile, logLevel: 'error',
      alias: { '@tensorflow/tfjs-backend-wasm': 'lanewise' },
      // As ES module TensorFlow.js can't be bundled for Node: it calls require.
      external: format === 'esm' ? ['@tensorflow/tfjs-core'] : [],
    });
    const wasm = join(folder, 'public');
    mkdirSync(wasm, { recursive: true });
    copyFileSync(join(root, `dist/lanewise-${expected}.wasm`), join(wasm, `lanewise-${expected}.wasm`));
    assert.equal(node(outfile, `${wasm}/`), `wasm ${version} 1 accepted 6\n`);
    // TensorFlow.js warns with the message of a backend that can't start.
    const { stderr } = spawnSync(process.execPath, [outfile, `${folder}/nowhere/`], { cwd: folder, encoding: 'utf8' });
    assert.match(stderr, /can't read .*nowhere\/lanewise-.*setWasmPaths/);
  }
});

test('the official package keeps its name when it came first; a failed start can be mended', () => {
  writeFileSync(join(folder, 'second.mjs'), `import * as tf from '@tensorflow/tfjs-core';
    import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
    setThreadsCount(1); // its threads don't start under Node
    const { BackendWasm } = await import('lanewise');
    await tf.setBackend('wasm');
    console.log(tf.backend() instanceof BackendWasm, tf.relu(tf.tensor1d([-1, 1])).dataSync().join());`);
  const second = spawnSync(process.execPath, ['second.mjs'], { cwd: folder, encoding: 'utf8' });
  assert.match(second.stdout, /^false 0,1$/m);
  assert.match(second.stderr, /another package has registered the backend 'wasm' already/);

  writeFileSync(join(folder, 'mend.mjs'), `import * as tf from '@tensorflow/tfjs-core';
    import { setWasmPaths } from 'lanewise';
    setWasmPaths('nowhere/');
    const first = await tf.setBackend('wasm');
    setWasmPaths(process.argv[2]);
    console.log(first, await tf.setBackend('wasm'), tf.relu(tf.tensor1d([-1, 1])).dataSync().join());`);
  assert.match(node('mend.mjs', join(root, 'dist')), /^false true 0,1$/m);
});

test('paths: the official file names mean our files beside them', async () => {
  writeFileSync(join(folder, 'paths.mjs'), `import * as tf from '@tensorflow/tfjs-core';
    import { setWasmPath, setWasmPaths, tier } from 'lanewise';
    const [how, argument] = JSON.parse(process.argv[2]);
    try {
      (how === 'path' ? setWasmPath : setWasmPaths)(argument);
      console.log(await tf.setBackend('wasm') && tier());
    } catch (error) { console.log(error.message); }`);
  const dist = join(folder, 'node_modules/lanewise/dist');
  const paths = (...args) => node('--no-warnings', 'paths.mjs', JSON.stringify(args));
  assert.match(paths('paths', `${dist}/`), new RegExp(`^${expected}$`, 'm'));
  assert.match(paths('paths', {
    'tfjs-backend-wasm.wasm': `${dist}/tfjs-backend-wasm.wasm`,
    'tfjs-backend-wasm-simd.wasm': `${dist}/tfjs-backend-wasm-simd.wasm?v=1`,
    'tfjs-backend-wasm-threaded-simd.wasm': `${dist}/tfjs-backend-wasm-threaded-simd.wasm`,
  }), new RegExp(`^${expected}$`, 'm'));
  assert.match(paths('path', `${dist}/tfjs-backend-wasm.wasm`), /^scalar$/m);
  assert.match(paths('path', `${dist}/lanewise-simd128.wasm`), /^simd128$/m);
  assert.match(paths('paths', { 'other.wasm': 'x' }), /no file 'other.wasm'.*lanewise-scalar.wasm/);
  // A bundler that resolves the official package's files through the alias gets ours.
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const file of ['tfjs-backend-wasm', 'tfjs-backend-wasm-simd', 'tfjs-backend-wasm-threaded-simd']) {
    assert.ok(existsSync(join(root, exports[`./dist/${file}.wasm`])));
  }
});

const TYPES = `
  import * as tf from '@tensorflow/tfjs-core';
  import { BackendWasm, registerBackend, setWasmPaths, tier, type Tier, version_wasm } from 'lanewise';
  import { LanewiseError } from 'lanewise/backend';
  import { registerKernels, setWasmBinary } from 'lanewise/base';
  import { allKernels, addConfig, isNaNConfig } from 'lanewise/kernels';
  import { why } from 'lanewise/single';
  import { version_wasm as official } from 'lanewise/dist/base';
  import { absConfig } from 'lanewise/dist/kernels/Abs';
  import { load, type Lanewise, type Tensor } from 'lanewise/runtime';
  setWasmPaths({ 'lanewise-scalar.wasm': 'x' }, true);
  const chosen: Tier = tier();
  registerBackend('mine', { tier: 'scalar', exclude: ['relaxed'] });
  setWasmPaths({ 'tfjs-backend-wasm.wasm': undefined, 'lanewise-relaxed.wasm': new Uint8Array(8) });
  setWasmBinary(new ArrayBuffer(8));
  registerKernels([addConfig, isNaNConfig, absConfig, ...allKernels], 'mine');
  export const reason: string = why() + official;
  async function main(): Promise<Tensor> {
    const lw: Lanewise = await load({ wasm: new Uint8Array(8) });
    return lw.conv2d(lw.tensor([1], [1, 1, 1, 1]), lw.tensor([1], [1, 1, 1, 1]),
      { padding: 'same', activation: 'relu6' });
  }
  // @ts-expect-error There is no such tier.
  registerBackend('mine', { tier: 'avx' });
  export { BackendWasm, chosen, LanewiseError, main, tf, version_wasm };`;

for (const [name, module, resolution] of [
  ['types.mts', 'nodenext', 'nodenext'], ['types.mts', 'node16', 'node16'], ['types.mts', 'es2022', 'bundler'],
  ['types.cts', 'node16', 'node16'], ['types.ts', 'commonjs', 'node10'],
]) {
  test(`the types compile in a strict program: ${name}, module ${module}, resolution ${resolution}`, () => {
    writeFileSync(join(folder, name), TYPES);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { noEmit: true, strict: true, target: 'es2022', module, moduleResolution: resolution, types: [] },
      files: [name],
    }));
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'],
      { cwd: folder, encoding: 'utf8' });
    // One of TensorFlow.js's own declarations needs a type of another package; ours need none.
    assert.deepEqual(stdout.split('\n').filter(line => /error/.test(line) && !/hash_util.*'Long'/.test(line)), []);
  });
}
