/* SPDX-License-Identifier: MIT */
/*
 * LiteRT, the runtime of TensorFlow Lite: XNNPACK's newest kernels for WebAssembly, in relaxed SIMD, on one thread. Its
 * package is made for browsers; this runs it in Node, in the same process as everything that it is compared with.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import vm from 'node:vm';

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
 * bytes: a .tflite file. Returns { complete, infer, prepare, dispose }.
 * complete: whether XNNPACK runs all of the model's operations.
 * infer(values, shape): an inference as the demo's infer() does one with TensorFlow.js, so that both are timed alike:
 *   it copies the numbers in, runs, and copies the outputs out.
 * prepare(inputs): puts [{ shape, data }] into LiteRT's memory. Returns { run(count), output(), dispose() }, which copy
 *   nothing but, for output(), the values of its one output.
 */
export async function loadLiteRt(bytes) {
  loaded ??= load();
  const { loadAndCompile, Tensor } = await loaded;
  const model = await loadAndCompile(bytes, { accelerator: 'wasm' });
  const remove = (tensors) => tensors.forEach((tensor) => tensor.delete());
  return {
    complete: model.isFullyAccelerated,
    dispose: () => model.delete(),
    async infer(values, shape) {
      const input = new Tensor(values, shape), outputs = await model.run([input]);
      const results = outputs.map((output) => ({ data: output.toTypedArray() }));
      remove([input, ...outputs]);
      return results;
    },
    prepare(inputs) {
      const tensors = inputs.map(({ data, shape }) => new Tensor(data, shape));
      return {
        async run(count) {
          for (let i = 0; i < count; i++) remove(await model.run(tensors));
        },
        async output() {
          const outputs = await model.run(tensors), values = outputs[0].toTypedArray().slice();
          remove(outputs);
          return values;
        },
        dispose: () => remove(tensors),
      };
    },
  };
}
