/* SPDX-License-Identifier: MIT */
/* The package's entries: single kernels, single files, scripts, and what they share. From the packed package. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { installPackage, run as runIn } from './packed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-entries-'));
const dist = join(folder, 'node_modules/lanewise/dist');
after(() => rmSync(folder, { recursive: true, force: true }));

const expected = Number(process.versions.node.split('.')[0]) >= 26 ? 'relaxed' : 'simd128';

const run = (...args) => runIn(folder, ...args);

before(() => {
  installPackage(folder);
});

// ---- Single kernels ----------------------------------------------------------------------------------------

const bundle = async (name, source, options) => {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder }, bundle: true, write: false, format: 'esm', platform: 'node',
    mainFields: ['module', 'main'], conditions: ['import'], external: ['@tensorflow/tfjs-core'], logLevel: 'error',
    minify: true, outfile: join(folder, name), ...options,
  });
  return outputFiles[0].text;
};

test('a bundle of two kernels has those and no others', async () => {
  const program = `
    import * as tf from '@tensorflow/tfjs-core';
    import { registerKernels, setWasmPaths } from 'lanewise/base';
    import { addConfig, reluConfig } from 'lanewise/kernels';
    setWasmPaths(${JSON.stringify(dist)});
    registerKernels([addConfig, reluConfig]);
    await tf.setBackend('wasm');
    console.log(tf.relu(tf.add(tf.tensor1d([-3, 1]), tf.tensor1d([1, 1]))).dataSync().join());
    try { tf.sub(tf.tensor1d([1]), tf.tensor1d([1])); } catch (error) { console.log(error.message); }`;
  const all = await bundle('all.mjs', "import 'lanewise';");
  const two = await bundle('two.mjs', program);
  assert.match(run('two.mjs', two), /^0,2\nKernel 'Sub' not registered for backend 'wasm'\n$/);
  const names = text => [...text.matchAll(/\("([A-Z_][A-Za-z0-9]+)",/g)].map(([, name]) => name);
  assert.ok(names(all).includes('FusedBatchNorm') && names(all).length > 100);
  const { kernelNames } = await import('lanewise/backend');
  assert.deepEqual([...new Set(names(two))].filter(name => kernelNames.includes(name)).sort(), ['Add', 'Relu']);
  assert.ok(2 * two.length < all.length, `${two.length} of ${all.length} bytes`);
});

test('programs made by the custom-module tool find base and kernels under the official paths', async () => {
  const { kernelNames } = await import('lanewise/backend');
  const variable = name => `${name[0] === '_' ? `_${name[1].toLowerCase()}${name.slice(2)}`
    : name[0].toLowerCase() + name.slice(1)}Config`;
  const program = (importing, path) => `
    ${importing('{ version_wasm, BackendWasm }', `${path}/dist/base`)}
    ${kernelNames.map(name => importing(`{ ${variable(name)} }`, `${path}/dist/kernels/${name}`)).join('\n')}
    const all = { ${kernelNames.map(variable).join()} };
    for (const config of Object.values(all)) tf.registerKernel(config);
    console.log(version_wasm, Object.values(all).map(({ kernelName }) => kernelName).join());
    tf.setBackend('wasm').then(() => console.log(tf.backend() instanceof BackendWasm, tf.exp(0).dataSync()[0]));`;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const answer = `${version} ${kernelNames.join()}\ntrue 1\n`;
  assert.equal(run('official.mjs', `import * as tf from '@tensorflow/tfjs-core';
    ${program((what, path) => `import ${what} from '${path}';`, 'lanewise')}`), answer);
  assert.equal(run('official.cjs', `const tf = require('@tensorflow/tfjs-core');
    ${program((what, path) => `const ${what} = require('${path}');`, 'lanewise')}`), answer);
  const aliased = await bundle('aliased.mjs', `import * as tf from '@tensorflow/tfjs-core';
    import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm/dist/base';
    setWasmPaths(${JSON.stringify(dist)});
    ${program((what, path) => `import ${what} from '${path}';`, '@tensorflow/tfjs-backend-wasm')}`,
  { alias: { '@tensorflow/tfjs-backend-wasm': 'lanewise' } });
  assert.equal(run('aliased.mjs', aliased), answer);
  // The official package's own names of configurations, where they differ from what the tool makes of the kernel's.
  const configs = await import('lanewise/kernels');
  for (const file of readdirSync(join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/kernels'))) {
    const [, name] = readFileSync(join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/kernels', file), 'utf8')
      .match(/^export const (\w+Config) =/m) ?? [];
    const kernel = file.replace(/\..*/, '');
    if (name && kernelNames.includes(kernel)) assert.equal(configs[name]?.kernelName, kernel, name);
  }
});

// ---- Single files ------------------------------------------------------------------------------------------

const compute = (expected) => `
  tf.setBackend('wasm').then(() => console.log(lanewise.tier() === '${expected}', lanewise.why(),
    tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync().join()));`;

test('the single files need no other, on every tier', () => {
  const alone = join(folder, 'alone');
  mkdirSync(alone);
  for (const tier of [undefined, 'scalar', 'simd128']) {
    const answer = new RegExp(`^true .* 4,6$`, 'm');
    const program = `${tier ? `lanewise.setTier('${tier}');` : ''} ${compute(tier ?? expected)}`;
    writeFileSync(join(alone, 'single.mjs'), readFileSync(join(dist, 'single.js')));
    writeFileSync(join(alone, 'single.cjs'), readFileSync(join(dist, 'script/single.min.js')));
    assert.match(run('alone/program.mjs', `import * as tf from '@tensorflow/tfjs-core';
      import * as lanewise from './single.mjs'; ${program}`), answer);
    assert.match(run('alone/program.cjs', `const tf = require('@tensorflow/tfjs-core');
      const lanewise = require('./single.cjs'); ${program}`), answer);
  }
  assert.match(run('entry.mjs', `import * as tf from '@tensorflow/tfjs-core';
    import * as lanewise from 'lanewise/single'; ${compute(expected)}`), /^true .* 4,6$/m);
  assert.match(run('entry.cjs', `const tf = require('@tensorflow/tfjs-core');
    const lanewise = require('lanewise/single'); ${compute(expected)}`), /^true .* 4,6$/m);
});

// ---- Scripts -----------------------------------------------------------------------------------------------

for (const file of ['tf-backend-wasm.js', 'tf-backend-wasm.min.js', 'script/single.min.js']) {
  test(`${file} as a script gives tf.wasm, as AMD module its exports`, async () => {
    const code = readFileSync(join(dist, file), 'utf8');
    const { tf, globals, read } = fakePage();
    runInNewContext(code, globals);
    const exports = Object.keys(await import('lanewise')).filter(name => name !== 'default' && name !== 'module.exports');
    assert.deepEqual(Object.keys(globals.tf.wasm).sort(), exports.sort());
    assert.deepEqual(tf.registered, ['wasm 2']);
    await tf.factories.wasm();
    assert.deepEqual(read, file.includes('single') ? [] : [`https://cdn.test/x/lanewise-${expected}.wasm`]);

    const amd = fakePage();
    let defined;
    amd.globals.define = Object.assign((needs, factory) => {
      assert.deepEqual([...needs], ['@tensorflow/tfjs-core']);
      defined = factory(amd.globals.tf);
    }, { amd: {} });
    runInNewContext(code, amd.globals);
    assert.equal(amd.globals.tf.wasm, undefined);
    assert.equal(defined.version_wasm, globals.tf.wasm.version_wasm);

    assert.throws(() => runInNewContext(code, { self: {} }), /TensorFlow.js must be loaded first/);
  });
}

/** What the scripts see of a page: TensorFlow.js and the URL of their own script. */
function fakePage() {
  const real = createRequire(join(root, 'package.json'))('@tensorflow/tfjs-core');
  const tf = { registered: [], factories: {} }, read = [];
  const engine = {}, kernels = new Map();
  class HTMLScriptElement {
    src = 'https://cdn.test/x/tf-backend-wasm.js';
  }
  const globals = {
    console, URL, WebAssembly, HTMLScriptElement, document: { currentScript: new HTMLScriptElement() },
    fetch: async url => {
      read.push(url);
      const bytes = readFileSync(join(dist, url.split('/').pop()));
      return { ok: true, arrayBuffer: async () => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
    },
  };
  globals.self = globals;
  globals.tf = Object.create(real, Object.getOwnPropertyDescriptors({
    engine: () => engine, findBackendFactory: name => tf.factories[name] ?? null,
    registerKernel: kernel => kernels.set(kernel.kernelName, kernel), getKernel: name => kernels.get(name),
    registerBackend(name, factory, priority) {
      tf.registered.push(`${name} ${priority}`);
      tf.factories[name] = factory;
    },
  }));
  return { tf, globals, read };
}

// ---- What is in the files ----------------------------------------------------------------------------------

test('nothing that a page loads evaluates text, makes a worker of a blob or imports while it runs', () => {
  const files = readdirSync(dist, { recursive: true }).filter(name => /\.c?js$/.test(name));
  assert.ok(files.length > 15);
  for (const name of files) {
    // Without comments and strings of base64.
    const code = readFileSync(join(dist, name), 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
    for (const bad of [/\beval\s*\(/, /\bFunction\s*\(/, /\bimport\s*\(/, /importScripts/]) {
      assert.ok(!bad.test(code), `${name} has ${bad}`);
    }
    // A build of a single file has no other way to its workers, and does without them where a policy forbids it.
    assert.equal(/\bBlob\b|createObjectURL/.test(code), /single/.test(name), `${name} makes a worker of a blob`);
  }
});

test('every script has its source map', () => {
  for (const name of readdirSync(dist, { recursive: true }).filter(file => /^(?!.*\.node\.).*\.c?js$/.test(file))) {
    const code = readFileSync(join(dist, name), 'utf8');
    assert.ok(new RegExp(`//# sourceMappingURL=${basename(name)}\\.map\\s*(\\}\\);)?\\s*$`).test(code), name);
    assert.equal(JSON.parse(readFileSync(join(dist, `${name}.map`), 'utf8')).version, 3, name);
  }
});

test('the package weighs less than the official one, packed and unpacked', t => {
  const weigh = path => JSON.parse(execFileSync('npm', ['pack', '--ignore-scripts', '--dry-run', '--json', path],
    { cwd: folder, encoding: 'utf8' }))[0];
  const ours = weigh(root), official = weigh(join(root, 'node_modules/@tensorflow/tfjs-backend-wasm'));
  t.diagnostic(`packed ${ours.size} of ${official.size} bytes, unpacked ${ours.unpackedSize} of ${
    official.unpackedSize}`);
  assert.ok(ours.size < official.size && ours.unpackedSize < official.unpackedSize);
  for (const name of ['single.js', 'script/single.min.js']) {
    t.diagnostic(`${name}: ${statSync(join(dist, name)).size} bytes`);
  }
});
