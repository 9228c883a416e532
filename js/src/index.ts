/* SPDX-License-Identifier: MIT */
/**
 * Lanewise as a drop-in for the official WebAssembly backend of TensorFlow.js: importing it registers the backend
 * 'wasm'.
 *
 * ```js
 * import * as tf from '@tensorflow/tfjs-core';
 * import 'lanewise';
 *
 * await tf.setBackend('wasm');
 * ```
 * @packageDocumentation
 */
import { registerDefault } from './backend/register.js';
import { allKernels } from './generated/kernels.js';

export * from './backend.js';

registerDefault(allKernels);
