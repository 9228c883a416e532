/* SPDX-License-Identifier: MIT */
/*
 * LiteRT, the runtime of TensorFlow Lite: XNNPACK's newest kernels for WebAssembly, in relaxed SIMD, on one thread. Its
 * package is made for browsers; this runs it in Node, in the same process as everything that it is compared with.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import vm from 'node:vm';
import { supports } from 'lanewise/runtime';

const require = createRequire(import.meta.url);

/* What a web worker has for loading a script; this one sets self.ModuleFactory. Its messages are left out. */
function importScripts(path) {
  const module = { exports: {} }, names = ['require', 'module', 'exports', '__dirname', '__filename'];
  const script = vm.compileFunction(readFileSync(path, 'utf8'), names, { filename: path });
  script(require, module, module.exports, dirname(path), path);
  const quiet = { print() {}, printErr() {} };
  globalThis.ModuleFactory = (settings) => module.exports({ ...quiet, ...settings });
}

async function load() {
  if (!supports('relaxed')) throw new Error('it would run without relaxed SIMD here');
  const litert = await import('@litertjs/core');
  const { warn, error } = console;
  globalThis.self ??= globalThis;
  globalThis.importScripts = importScripts;
  console.warn = console.error = () => {}; // it says at length that there is no GPU
  try {
    await litert.loadLiteRt(`${dirname(require.resolve('@litertjs/core/package.json'))}/wasm/`);
  } finally {
    Object.assign(console, { warn, error });
    delete globalThis.importScripts; // others would take this for a worker
  }
  return litert;
}

let loaded;

/*
 * bytes: a .tflite file. Returns { infer, dispose, complete }. infer(values, shape) does what the demo's infer() does
 * for TensorFlow.js, so that both are timed alike: it copies the numbers in, runs, and copies the outputs out.
 * complete: whether XNNPACK runs all of the model's operations.
 */
export async function loadLiteRt(bytes) {
  loaded ??= load();
  const { loadAndCompile, Tensor } = await loaded;
  const model = await loadAndCompile(bytes, { accelerator: 'wasm' });
  return {
    complete: model.isFullyAccelerated,
    dispose: () => model.delete(),
    async infer(values, shape) {
      const input = new Tensor(values, shape), outputs = await model.run([input]);
      const results = outputs.map((output) => ({ data: output.toTypedArray() }));
      for (const tensor of [input, ...outputs]) tensor.delete();
      return results;
    },
  };
}
