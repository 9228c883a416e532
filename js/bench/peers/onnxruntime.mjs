/* SPDX-License-Identifier: MIT */
/*
 * onnxruntime-web: Microsoft's kernels (MLAS) for WebAssembly, on one thread. Its binary for processors has simd128
 * instructions and no relaxed ones.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ERRORS_ONLY = 3, ALL_OPTIMISATIONS = 99;
const ARRAYS = { 1: Float32Array, 6: Int32Array, 9: Uint8Array }; // by the format's number of an element's type
const NUMBERS = { float32: 1, int32: 6, bool: 9 };

let library;

/*
 * bytes: an .onnx file whose one input is named i0. Returns { infer, dispose }. infer(values, shape) is an inference
 * through the library's own API, which copies the numbers in and the outputs out; both in the file's layout.
 */
export async function loadOnnxRuntime(bytes) {
  library ??= await import('onnxruntime-web');
  const { env, InferenceSession, Tensor } = library.default ?? library;
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  const names = Array.from(session.outputNames, (_, i) => `o${i}`);
  return {
    dispose: () => session.release(),
    async infer(values, shape) {
      const type = values instanceof Int32Array ? 'int32' : 'float32';
      const outputs = await session.run({ i0: new Tensor(type, values, shape) });
      return names.map((name) => ({ data: outputs[name].data, shape: outputs[name].dims }));
    },
  };
}

let started;

async function start() {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  const { default: create } = await import(pathToFileURL(join(folder, 'ort-wasm-simd-threaded.mjs')));
  const wasm = await create({ numThreads: 1, print() {}, printErr() {} });
  if (wasm._OrtInit(1, ERRORS_ONLY) !== 0) throw new Error('onnxruntime does not start');
  return wasm;
}

/*
 * One layer, called as the library's own JavaScript calls its module, but with inputs and outputs that stay in the
 * module's memory: that JavaScript copies them at every call.
 * bytes: an .onnx file with inputs i0, i1, ... and output o0. inputs: their [{ shape, dtype, data }] in order.
 * Returns { run(count), output(), dispose() }; output() is { shape, data } of the last run.
 */
export async function prepareOnnxRuntime(bytes, inputs) {
  const wasm = await (started ??= start());
  const blocks = [];
  /* Where copies of bytes are. */
  const put = (array) => {
    const pointer = wasm._malloc(array.byteLength);
    wasm.HEAPU8.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), pointer);
    blocks.push(pointer);
    return pointer;
  };
  const words = (values) => put(Int32Array.from(values));
  const name = (text) => put(new TextEncoder().encode(`${text}\0`));
  const check = (code) => {
    if (code === 0) return;
    const at = words([0, 0]);
    wasm._OrtGetLastError(at, at + 4);
    throw new Error(wasm.UTF8ToString(wasm.HEAP32[at + 4 >> 2]) || `onnxruntime's error ${code}`);
  };
  const options = wasm._OrtCreateSessionOptions(ALL_OPTIMISATIONS, true, true, 0, false, 0, 0, ERRORS_ONLY, 0, 0);
  const session = await wasm._OrtCreateSession(put(bytes), bytes.byteLength, options);
  wasm._OrtReleaseSessionOptions(options);
  if (!session) check(1);
  const tensors = inputs.map(({ shape, dtype, data }) => (
    wasm._OrtCreateTensor(NUMBERS[dtype], put(data), data.byteLength, words(shape), shape.length, 1)));
  const from = words(tensors), fromNames = words(inputs.map((_, i) => name(`i${i}`)));
  const to = words([0]), toNames = words([name('o0')]);
  return {
    /* The first run makes the output's tensor; later ones write into it. */
    run(count) {
      for (let i = 0; i < count; i++) {
        check(wasm._OrtRun(session, fromNames, from, inputs.length, toNames, 1, to, 0));
      }
    },
    output() {
      const at = words([0, 0, 0, 0]);
      check(wasm._OrtGetTensorData(wasm.HEAP32[to >> 2], at, at + 4, at + 8, at + 12));
      const [type, data, dims, rank] = wasm.HEAP32.subarray(at >> 2, (at >> 2) + 4);
      const shape = [...wasm.HEAP32.subarray(dims >> 2, (dims >> 2) + rank)];
      wasm._OrtFree(dims);
      const count = shape.reduce((product, n) => product * n, 1);
      return { shape, data: new ARRAYS[type](wasm.HEAPU8.buffer, data, count).slice() };
    },
    dispose() {
      for (const tensor of [...tensors, wasm.HEAP32[to >> 2]]) if (tensor) wasm._OrtReleaseTensor(tensor);
      wasm._OrtReleaseSession(session);
      blocks.forEach((pointer) => wasm._free(pointer));
    },
  };
}
