/* SPDX-License-Identifier: MIT */
/**
 * Every kernel by itself, as a KernelConfig of TensorFlow.js for the backend 'wasm' under the official package's name
 * for it: addConfig, conv2DConfig and so on. 'lanewise/base' shows their use.
 * @packageDocumentation
 */
export * from './generated/kernels.js';
