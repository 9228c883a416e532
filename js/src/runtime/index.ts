/* SPDX-License-Identifier: MIT */
/**
 * Lanewise without TensorFlow.js.
 *
 * ```js
 * import { load } from 'lanewise/runtime';
 *
 * const lw = await load(); // the best tier that this engine can run
 * const image = lw.tensor(pixels, [1, 224, 224, 3]);
 * const filter = lw.tensor(weights, [3, 3, 3, 32]);
 * const output = lw.conv2d(image, filter, { strides: 2, padding: 'same', activation: 'relu6' });
 * output.data(); // a Float32Array
 * ```
 * @packageDocumentation
 */
export { detect, supports, TIERS, type Features, type Tier } from './detect.js';
export { LanewiseError, OutOfMemoryError, ThreadLostError } from './errors.js';
export { FILES, fileOf, type Fetch, type WasmFile, type WasmPaths, type WasmSource } from './files.js';
export type { Heap } from './heap.js';
export * from './kernels.js';
export {
  Lanewise, load, Tensor, type ActivationName, type BinaryName, type FusedOptions, type UnaryName, type WindowOptions,
} from './lanewise.js';
export { chooseTier, loadModule, type LoadOptions, type Module, type WinogradUse } from './load.js';
/** The enums and struct layouts of the C API. */
export * as layout from './layout.js';
