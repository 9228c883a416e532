/* SPDX-License-Identifier: MIT */
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { BackendWasm } from './backend.js';
import type { Kernel } from './kernel.js';

/** A kernel as TensorFlow.js takes it, for the backend 'wasm'. */
export function config(kernelName: string, kernel: Kernel): KernelConfig {
  return { kernelName, backendName: 'wasm', kernelFunc: BackendWasm.kernelFunc(kernelName, kernel) };
}
