/* SPDX-License-Identifier: MIT */
/**
 * The TensorFlow.js backend without the import's side effect: nothing is registered until registerBackend is called, so
 * the official package may hold the name 'wasm'.
 * @packageDocumentation
 */
import { register } from './backend/register.js';
import { allKernels } from './generated/kernels.js';
import type { LoadOptions } from './runtime/load.js';

export * from './api.js';

/** Names of the TensorFlow.js kernels that the backend has. */
export const kernelNames: readonly string[] = allKernels.map(({ kernelName }) => kernelName).sort();

/**
 * Registers a backend under a name, with a tier or files of its own. Any number of them, and the official package's,
 * work side by side; `tf.setBackend(name)` starts one.
 *
 * ```js
 * registerBackend('lanewise-scalar', { tier: 'scalar' });
 * await tf.setBackend('lanewise-scalar');
 * ```
 * The name 'wasm' (after `tf.removeBackend('wasm')`) has the settings that setWasmPaths and its kin make, too.
 * @param priority By default 2 for 'wasm' and 0 for others, which TensorFlow.js then never chooses by itself.
 * @returns false when the name is taken; nothing has changed then.
 */
export function registerBackend(name: string, options: LoadOptions = {}, priority?: number): boolean {
  return register(allKernels, name, options, priority);
}
