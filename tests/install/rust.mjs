// SPDX-License-Identifier: MIT
// node rust.mjs MODULE.wasm: runs matmul.rs, built for wasm32-unknown-unknown.
import { readFileSync } from 'node:fs';

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2])), {});
const tail = new Uint8Array(exports.memory.buffer, exports.multiply());
const tier = String.fromCharCode(...tail.subarray(0, tail.indexOf(0)));
console.log(`${tier}: ${new Float32Array(exports.memory.buffer, exports.product(), 8).join(' ')}`);
