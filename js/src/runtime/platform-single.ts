/* SPDX-License-Identifier: MIT */
/* platform.ts for the builds of a single file, which have the WebAssembly files inside: deflated, in base64. */
import { inflate } from './inflate.js';
import relaxed from 'deflated:lanewise-relaxed.wasm';
import scalar from 'deflated:lanewise-scalar.wasm';
import simd128 from 'deflated:lanewise-simd128.wasm';

export function builtin(file: string): Uint8Array<ArrayBuffer> | undefined {
  switch (file) {
    case 'lanewise-scalar.wasm': return unpack(scalar);
    case 'lanewise-simd128.wasm': return unpack(simd128);
    case 'lanewise-relaxed.wasm': return unpack(relaxed);
    default: return undefined;
  }
}

/** The length of the file in four bytes, and the file deflated. */
function unpack(base64: string): Uint8Array<ArrayBuffer> {
  // Not atob, which some engines don't have and which makes a string first.
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[DIGITS.charCodeAt(i)] = i;
  const bytes = new Uint8Array(Math.floor(base64.length * 3 / 4));
  for (let from = 0, to = 0; from < base64.length; to += 3) {
    const group = values[base64.charCodeAt(from++)] << 18 | values[base64.charCodeAt(from++)] << 12
      | values[base64.charCodeAt(from++)] << 6 | values[base64.charCodeAt(from++)];
    bytes[to] = group >> 16;
    bytes[to + 1] = group >> 8;
    bytes[to + 2] = group;
  }
  return inflate(bytes.subarray(4), new DataView(bytes.buffer).getUint32(0, true));
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Node.js's module 'fs', for files that setWasmPaths names. */
export function fileSystem(): unknown {
  return typeof process === 'object' ? process.getBuiltinModule?.('fs') : undefined;
}
