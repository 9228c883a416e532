/* SPDX-License-Identifier: MIT */
/* What 'lanewise', 'lanewise/backend' and 'lanewise/base' have in common. */
import { LW_VERSION } from './generated/layout.js';

export { BackendWasm } from './backend/backend.js';
export {
  excludeTiers, features, getThreadsCount, registerKernels, setMaximumMemory, setThreadsCount, setTier, setWasmBinary,
  setWasmPath, setWasmPaths, setWinograd, setWorkerPath, tier, why,
} from './backend/register.js';
export { detect, supports, TIERS, type Features, type Tier } from './runtime/detect.js';
export { LanewiseError, OutOfMemoryError, ThreadLostError } from './runtime/errors.js';
export type { Fetch, WasmFile, WasmPaths, WasmSource } from './runtime/files.js';
export type { LoadOptions, WinogradUse } from './runtime/load.js';

/** The version of this package, not of TensorFlow.js. */
export const version_wasm: string = LW_VERSION;
