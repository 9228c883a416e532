/* SPDX-License-Identifier: MIT */
/*
 * scripts/bench sizes [--out FOLDER]: bytes of what a page loads for each library, raw and compressed by gzip -9: the
 * WebAssembly file for one thread, and the JavaScript, bundled and minified by esbuild.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { markdownTable, printTable, writeJson, writeText } from './report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const CORE = '@tensorflow/tfjs-core';
const TFJS = 'node_modules/@tensorflow/tfjs-backend-wasm/dist', LITERT = 'node_modules/@litertjs/core/wasm';

/* code: what a page's script says. scripts: files that the library loads by itself. */
const LIBRARIES = [
  ...['relaxed', 'simd128', 'scalar'].map((tier) => (
    { label: `Lanewise, ${tier}`, wasm: `dist/lanewise-${tier}.wasm`, code: "import './dist/index.js'" })),
  {
    label: 'official backend, SIMD', wasm: `${TFJS}/tfjs-backend-wasm-simd.wasm`,
    code: "import '@tensorflow/tfjs-backend-wasm'",
  },
  {
    label: 'official backend, no SIMD', wasm: `${TFJS}/tfjs-backend-wasm.wasm`,
    code: "import '@tensorflow/tfjs-backend-wasm'",
  },
  {
    label: 'TensorFlow.js core and converter, which the backends need',
    code: `export { loadGraphModel } from '@tensorflow/tfjs-converter'; export { tensor } from '${CORE}'`, whole: true,
  },
  {
    label: 'LiteRT, relaxed SIMD', wasm: `${LITERT}/litert_wasm_internal.wasm`,
    code: "export { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core'",
    scripts: [`${LITERT}/litert_wasm_internal.js`],
  },
  {
    label: 'onnxruntime-web, SIMD', wasm: 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
    code: "export { InferenceSession, Tensor } from 'onnxruntime-web/wasm'",
  },
];

const measure = (files) => files.length > 0 && {
  raw: files.reduce((sum, file) => sum + file.length, 0),
  gzip: files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0),
};

async function bundle({ code, whole }) {
  const { outputFiles: [file] } = await build({
    stdin: { contents: code, resolveDir: root }, bundle: true, minify: true, write: false, format: 'esm',
    platform: 'browser', external: ['module', 'fs', 'path', 'util', 'worker_threads', 'node:*', ...whole ? [] : [CORE]],
    logLevel: 'silent',
  });
  return file.contents;
}

/* [{ label, wasm, js }], the two as { raw, gzip } in bytes, or false for none; of the libraries that are there. */
export async function measureSizes() {
  const sizes = [];
  for (const library of LIBRARIES) {
    const { label, wasm, scripts = [] } = library;
    if (wasm && !existsSync(`${root}/${wasm}`)) continue;
    const read = (path) => readFileSync(`${root}/${path}`);
    sizes.push({
      label, wasm: measure(wasm ? [read(wasm)] : []), js: measure([await bundle(library), ...scripts.map(read)]),
    });
  }
  return sizes;
}

async function main() {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: fileURLToPath(new URL('../../build/bench', import.meta.url)) } },
  });
  const sizes = await measureSizes();
  const cells = (size) => (size ? [size.raw, size.gzip].map((bytes) => bytes.toLocaleString('en')) : ['–', '–']);
  const table = [['library', '.wasm', 'gzip', 'JavaScript', 'gzip'],
    ...sizes.map(({ label, wasm, js }) => [label, ...cells(wasm), ...cells(js)])];
  printTable(table);
  writeJson(`${values.out}/sizes.json`, { date: new Date().toISOString(), sizes });
  writeText(`${values.out}/sizes.md`, markdownTable(table));
}

await main().catch((error) => {
  console.error(error.message.split('\n')[0]);
  process.exitCode = 1;
});
