/* SPDX-License-Identifier: MIT */
/**
 * The TensorFlow.js backend without the import's side effect: nothing is registered until registerBackend is called, so
 * the official package may hold the name 'wasm'.
 * @packageDocumentation
 */
import { LW_VERSION } from './generated/layout.js';

export { BackendWasm } from './backend/backend.js';
export {
  features, getThreadsCount, kernelNames, registerBackend, setThreadsCount, setTier, setWasmPath, setWasmPaths,
  setWinograd, tier,
} from './backend/register.js';
export { detect, supports, TIERS, type Features, type Tier } from './runtime/detect.js';
export { LanewiseError, OutOfMemoryError } from './runtime/errors.js';
export type { Fetch, WasmFile, WasmPaths, WasmSource } from './runtime/files.js';
export type { LoadOptions, WinogradUse } from './runtime/load.js';

/** The version of this package. */
export const version_wasm: string = LW_VERSION;
