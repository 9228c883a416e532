/* SPDX-License-Identifier: MIT */
/*
 * What differs between the builds: where the WebAssembly files lie, and how Node.js reads files. This is the ES module;
 * js/scripts/build.mjs puts platform-cjs.ts, platform-script.ts or platform-single.ts in its place for the others.
 */
import { beside } from './beside.js';

/**
 * A WebAssembly file beside this module, as its URL, or as its bytes where the build has them inside. Written out one by
 * one: bundlers recognise the pattern and carry the files along.
 */
export function builtin(file: string): string | Uint8Array<ArrayBuffer> | undefined {
  try {
    switch (file) {
      case 'lanewise-scalar.wasm': return new URL('./lanewise-scalar.wasm', import.meta.url).href;
      case 'lanewise-simd128.wasm': return new URL('./lanewise-simd128.wasm', import.meta.url).href;
      case 'lanewise-relaxed.wasm': return new URL('./lanewise-relaxed.wasm', import.meta.url).href;
      case 'lanewise-simd128-threads.wasm': return new URL('./lanewise-simd128-threads.wasm', import.meta.url).href;
      case 'lanewise-relaxed-threads.wasm': return new URL('./lanewise-relaxed-threads.wasm', import.meta.url).href;
    }
  } catch {
    // A bundle without import.meta.url, a classic script or CommonJS: fall through.
  }
  return beside(file);
}

/** How to start a worker: by the first way that doesn't fail. Bundlers recognise this pattern, too. */
export const waysToStart = [() => {
  try {
    return new Worker(new URL('./lanewise-worker.js', import.meta.url));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new Worker(beside('lanewise-worker.js')!); // there was no import.meta.url
  }
}];

/**
 * A module of Node.js. Under Node.js the package's exports lead to the CommonJS build; this one gets there only inside
 * of a bundle. Without import(), which service workers and extensions refuse.
 */
export function nodeModule(name: string): unknown {
  return typeof process === 'object' ? process.getBuiltinModule?.(name) : undefined;
}
