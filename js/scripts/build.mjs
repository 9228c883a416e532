/* SPDX-License-Identifier: MIT */
// Builds js/dist: the WebAssembly files, the bundles (ES modules, CommonJS, scripts, and single files with the WebAssembly
// inside), their types, and the licences of other packages' code inside of the bundles.
//
// The C side must be built first (scripts/build does all). LANEWISE_WASM_DIR names the folder with the WebAssembly
// files and layout.js; by default ../build/wasm/dispatch.
import { execFileSync } from 'node:child_process';
import {
  cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { build as esbuild } from 'esbuild';
import { thirdPartyLicenses } from './licenses.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wasm = process.env.LANEWISE_WASM_DIR ?? join(root, '../build/wasm/dispatch');
const layout = join(wasm, 'layout.js');
if (!existsSync(layout)) {
  console.error(`${layout} is missing: build the C library for wasm first (scripts/build)`);
  process.exit(1);
}

const SCRIPT_HEAD = `// SPDX-License-Identifier: MIT
(function (root, factory) {
  function load(tf) {
    var module = { exports: {} };
    factory(module, function (name) { return name === '@tensorflow/tfjs-core' ? tf : undefined; });
    return module.exports;
  }
  if (typeof exports === 'object' && typeof module === 'object') {
    factory(module, require);
  } else if (typeof define === 'function' && define.amd) {
    define(['@tensorflow/tfjs-core'], load);
  } else if (!root.tf || !root.tf.registerBackend) {
    throw new Error('lanewise: TensorFlow.js must be loaded first: tf.min.js, or tf-core.min.js');
  } else {
    root.tf.wasm = Object.assign(root.tf.wasm || {}, load(root.tf));
  }
})(typeof self === 'object' ? self : this, function (module, require) {`;

/** esbuild: puts another half in the place of runtime/platform.ts. */
const platform = which => ({
  name: 'platform',
  setup(b) {
    b.onResolve({ filter: /\/platform\.js$/ }, () => ({ path: join(root, `src/runtime/platform-${which}.ts`) }));
  },
});

/** esbuild: what runtime/platform-single.ts imports. */
const deflated = {
  name: 'deflated',
  setup(b) {
    b.onResolve({ filter: /^deflated:/ }, ({ path }) => ({ path: path.slice(9), namespace: 'deflated' }));
    b.onLoad({ filter: /./, namespace: 'deflated' }, ({ path }) => {
      const file = readFileSync(join(wasm, path)), bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(file.length);
      return { contents: Buffer.concat([bytes, deflateRawSync(file, { level: 9 })]), loader: 'base64' };
    });
  },
};

/*
 * esbuild's ES module as a CommonJS file, line by line, so that its source map stays true. esbuild itself would make of
 * every use of an imported name calls of two getters, of which a first inference, before there is compiled code, makes
 * thousands. Here the names are variables, which is right because no exported name gets another value later.
 */
function toCommonJs(name, text) {
  const commonJs = text
    .replace(/^\/\/ SPDX.*/, line => `/* ${line.slice(3)} */ "use strict"; ` +
      'Object.defineProperty(exports, "__esModule", { value: true });')
    .replace(/^import \{([^}]*)\} from ("[^"]+");$/gm, (_, names, from) => (
      `var {${names.replace(/ as /g, ': ')}} = require(${from});`))
    .replace(/^import ("[^"]+");$/gm, 'require($1);')
    .replace(/^export \{([^}]*)\};$/gm, (_, names) => names.trim().split(/,\s*/).map(each => {
      const [local, exported = local] = each.split(' as ');
      return `exports.${exported} = ${local};`;
    }).join('\n'));
  const other = /^(import|export)\b.*|\bimport\.meta\b.*/m.exec(commonJs);
  if (other || !commonJs.startsWith('/* SPDX')) throw new Error(`${name}: not foreseen: ${other?.[0]}`);
  return commonJs;
}

/** esbuild: the code of a worker as a string, for Node.js's ('text:node-worker') and for browsers' ('text:web-worker'). */
const workerCode = {
  name: 'worker',
  setup(b) {
    b.onResolve({ filter: /^text:/ }, ({ path }) => ({ path, namespace: 'text' }));
    b.onLoad({ filter: /./, namespace: 'text' }, async ({ path }) => {
      return { contents: await textOfWorker(path === 'text:node-worker'), loader: 'text' };
    });
  },
};
const workerBuild = {
  entryPoints: [join(root, 'src/runtime/worker.ts')], bundle: true, format: 'iife', target: 'es2018',
  platform: 'neutral', external: ['worker_threads'], minify: true,
};
async function textOfWorker(inNode) {
  const { outputFiles } = await esbuild({ ...workerBuild, define: { IN_NODE: String(inNode) }, write: false });
  return outputFiles[0].text;
}

// 1. What C knows: enums and offsets.
const generated = join(root, 'src/generated');
mkdirSync(generated, { recursive: true });
writeFileSync(join(generated, 'layout.ts'), execFileSync(process.execPath, [layout]));

// 2. A KernelConfig for each kernel: what backend/kernels.ts exports, under the names that TensorFlow.js's tool for custom
// modules makes of the kernels' names, and under the official packages' own where those differ.
const OFFICIAL_NAMES = { IsNan: 'isNaN', LRN: 'lrn', LRNGrad: 'lrnGrad', FFT: 'fft', IFFT: 'ifft' };
const { metafile: kernels } = await esbuild({
  entryPoints: [join(root, 'src/backend/kernels.ts')], bundle: true, packages: 'external', format: 'esm', write: false,
  metafile: true, outfile: 'kernels.js',
});
const kernelNames = Object.values(kernels.outputs)[0].exports.sort();
const configOf = name => `${name.replace(/^_?[A-Z]/, start => start.toLowerCase())}Config`;
writeFileSync(join(generated, 'kernels.ts'), `/* SPDX-License-Identifier: MIT */
/* Made by js/scripts/build.mjs. */
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { config } from '../backend/config.js';
import {
${kernelNames.map(name => `  ${name},\n`).join('')}} from '../backend/kernels.js';

${kernelNames.map(name => `export const ${configOf(name)}: KernelConfig = /* @__PURE__ */ config('${name}', ${name});
${OFFICIAL_NAMES[name] ? `export { ${configOf(name)} as ${OFFICIAL_NAMES[name]}Config };\n` : ''}`).join('')}
/** All of them. */
export const allKernels: readonly KernelConfig[] = [
${kernelNames.map(name => `  ${configOf(name)},\n`).join('')}];
`);

// 3. Types; this checks the sources too. Made beside dist, which is replaced as a whole at the end.
const dist = join(root, 'dist');
const fresh = join(root, `dist.${process.pid}`);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
try {
  execFileSync(process.execPath, [tsc, '-p', root, '--outDir', join(fresh, 'types')], { stdio: 'inherit' });
  // To TypeScript a module is what the package.json above its types says: require needs types of its own.
  cpSync(join(fresh, 'types'), join(fresh, 'types-cjs'), { recursive: true });
  writeFileSync(join(fresh, 'types-cjs/package.json'), '{ "type": "commonjs" }\n');

  // What goes into the bundles: each file's path.
  const bundled = new Set();
  const build = async options => {
    const { metafile } = await esbuild({ ...options, absWorkingDir: root, metafile: true });
    for (const { inputs } of Object.values(metafile.outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput) bundled.add(join(root, path));
    }
    return metafile;
  };

  // 4. Bundles. Entries share their code: all imports of the package must see the same classes and settings.
  const shared = {
    bundle: true,
    target: ['es2020', 'node14'],
    platform: 'neutral',
    external: ['@tensorflow/tfjs-core', 'fs', 'os', 'worker_threads'],
    outdir: fresh,
    sourcemap: true, // with the sources inside: the package doesn't have them as files
    logLevel: 'warning',
    banner: { js: '// SPDX-License-Identifier: MIT' },
    plugins: [workerCode],
  };
  const entries = {
    index: 'src/index.ts', backend: 'src/backend.ts', base: 'src/base.ts', kernels: 'src/kernels.ts',
    runtime: 'src/runtime/index.ts',
  };
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)]));
  const modules = await build({ ...shared, entryPoints, format: 'esm', splitting: true });
  // esbuild splits only ES modules, so the CommonJS files are such ones first.
  await build({
    ...shared, entryPoints, format: 'esm', splitting: true, outExtension: { '.js': '.cjs' },
    plugins: [platform('cjs'), workerCode],
  });
  for (const file of readdirSync(fresh).filter(name => name.endsWith('.cjs'))) {
    const path = join(fresh, file);
    writeFileSync(path, toCommonJs(file, readFileSync(path, 'utf8')));
  }
  // What import means in Node.js: the CommonJS files, so that import and require see the same classes and settings.
  for (const { entryPoint, exports } of Object.values(modules.outputs)) {
    const name = Object.keys(entries).find(key => entries[key] === entryPoint);
    if (!name) continue;
    writeFileSync(join(fresh, `${name}.node.js`), `// SPDX-License-Identifier: MIT
import commonjs from './${name}.cjs';

export const {
${exports.map(key => `  ${key},\n`).join('')}} = commonjs;
`);
  }

  // Scripts: for a script tag, importScripts, AMD, and require. They see TensorFlow.js as the global tf.
  const script = {
    ...shared, entryPoints: undefined, outdir: undefined, format: 'cjs', target: 'es2018', plugins: [platform('script'), workerCode],
    banner: { js: SCRIPT_HEAD }, footer: { js: '});' },
  };
  const index = [join(root, 'src/index.ts')];
  await build({ ...script, entryPoints: index, outfile: join(fresh, 'tf-backend-wasm.js') });
  await build({ ...script, entryPoints: index, outfile: join(fresh, 'tf-backend-wasm.min.js'), minify: true });

  // Single files.
  // Their maps name lines and functions but lack the sources, which the other maps have.
  const single = { minify: true, sourcesContent: false, plugins: [platform('single'), deflated, workerCode] };
  await build({
    ...shared, ...single, entryPoints: index, outdir: undefined, format: 'esm', outfile: join(fresh, 'single.js'),
  });
  // The same file serves script tags and require, so its folder is one of CommonJS.
  // As a script it is its own worker: runtime/platform-single.ts.
  const head = SCRIPT_HEAD.replace('\n', `
if (typeof WorkerGlobalScope === 'function' && self.name === 'lanewise-worker') {
  ${(await textOfWorker(false)).trim()}
} else `);
  await build({
    ...script, ...single, entryPoints: index, outfile: join(fresh, 'script/single.min.js'), banner: { js: head },
  });
  writeFileSync(join(fresh, 'script/package.json'), '{ "type": "commonjs" }\n');

  writeFileSync(join(fresh, 'THIRD_PARTY_LICENSES'), thirdPartyLicenses(bundled));

  // 5. WebAssembly, and what browsers' workers run.
  for (const kind of ['scalar', 'simd128', 'relaxed', 'simd128-threads', 'relaxed-threads']) {
    writeFileSync(join(fresh, `lanewise-${kind}.wasm`), readFileSync(join(wasm, `lanewise-${kind}.wasm`)));
  }
  await esbuild({
    ...workerBuild, define: { IN_NODE: 'false' }, outfile: join(fresh, 'lanewise-worker.js'), sourcemap: true,
    banner: { js: '// SPDX-License-Identifier: MIT' },
  });
  // npm packs a licence only from this folder.
  writeFileSync(join(root, 'LICENSE'), readFileSync(join(root, '../LICENSE')));
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  if (error.status === undefined) throw error;
  process.exit(1);
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
console.log(`lanewise ${version} is in ${dist}`);
