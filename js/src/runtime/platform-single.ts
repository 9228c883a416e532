/* SPDX-License-Identifier: MIT */
/*
 * platform.ts for the builds of a single file, which have the WebAssembly files inside: deflated, in base64. Of relaxed
 * there is the file for several threads, which one bit turns into one for one thread; engines that have no relaxed SIMD
 * run one thread.
 */
import { inflate } from './inflate.js';
import relaxed from 'deflated:lanewise-relaxed-threads.wasm';
import scalar from 'deflated:lanewise-scalar.wasm';
import simd128 from 'deflated:lanewise-simd128.wasm';
import worker from 'text:web-worker';
import { scriptUrl } from './script-url.js';

export function builtin(file: string): Uint8Array<ArrayBuffer> | undefined {
  switch (file) {
    case 'lanewise-scalar.wasm': return unpack(scalar);
    case 'lanewise-simd128.wasm': return unpack(simd128);
    case 'lanewise-relaxed.wasm': return unshare(unpack(relaxed));
    case 'lanewise-relaxed-threads.wasm': return unpack(relaxed);
    default: return undefined;
  }
}

/** Makes the memory that a module imports one that isn't shared. */
function unshare(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const wanted = [3, ...codes('env'), 6, ...codes('memory'), 2]; // an import of a memory; its kind of limits follows
  const at = bytes.findIndex((_, i) => wanted.every((byte, k) => bytes[i + k] === byte)) + wanted.length;
  bytes[at] &= ~2;
  return bytes;
}

const codes = (text: string) => [...text].map(letter => letter.charCodeAt(0));

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

/**
 * The script single.min.js is its own worker, so that it needs no other file even under a policy of worker-src 'self': by
 * that name it knows what it is (js/scripts/build.mjs). A script of another name may have more than Lanewise inside; then
 * workers are made of blobs, where the policy allows it.
 */
export const waysToStart = [
  () => {
    if (!scriptUrl || !/\/single\.min\.js([?#].*)?$/.test(scriptUrl)) throw new Error('there is no such script');
    return new Worker(scriptUrl, { name: 'lanewise-worker' });
  },
  () => new Worker(blobUrl ??= URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }))),
];
let blobUrl: string | undefined;

export function nodeModule(name: string): unknown {
  return typeof process === 'object' ? process.getBuiltinModule?.(name) : undefined;
}
