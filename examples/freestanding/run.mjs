// SPDX-License-Identifier: MIT
// node run.mjs MODULE.wasm: multiplies two matrices with a module that imports nothing.
import { readFileSync } from 'node:fs';

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const { exports } = new WebAssembly.Instance(module, {});
const floats = (address, n) => new Float32Array(exports.memory.buffer, address, n);

floats(exports.a(), 6).set([1, 2, 3, 4, 5, 6]);
floats(exports.b(), 12).set([1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]);
const status = exports.multiply();
if (status !== 0) throw new Error(`lw_status ${status}`);

const tail = new Uint8Array(exports.memory.buffer, exports.tier());
const tier = String.fromCharCode(...tail.subarray(0, tail.indexOf(0)));
console.log(`${tier}: ${floats(exports.out(), 8).join(' ')}`);
