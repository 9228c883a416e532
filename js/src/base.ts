/* SPDX-License-Identifier: MIT */
/**
 * The backend 'wasm' without kernels, for programs that name those they need, so that a bundler drops the others.
 *
 * ```js
 * import { registerKernels } from 'lanewise/base'; // registers the backend 'wasm'
 * import { addConfig, conv2DConfig } from 'lanewise/kernels';
 *
 * registerKernels([addConfig, conv2DConfig]);
 * ```
 * @packageDocumentation
 */
import { register, registerDefault } from './backend/register.js';
import type { LoadOptions } from './runtime/load.js';

export * from './api.js';

/** Registers a backend that has no kernels yet, as registerBackend of 'lanewise' one with all; then registerKernels. */
export function registerBackend(name: string, options: LoadOptions = {}, priority?: number): boolean {
  return register([], name, options, priority);
}

registerDefault([]);
