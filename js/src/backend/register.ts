/* SPDX-License-Identifier: MIT */
/* How the backend gets into TensorFlow.js, and the settings that a program may make before. */
import {
  env, findBackend, findBackendFactory, registerBackend as registerWithTensorFlow, registerKernel,
} from '@tensorflow/tfjs-core';
import { detect, type Features, type Tier } from '../runtime/detect.js';
import { LanewiseError } from '../runtime/errors.js';
import { FILES, fileOf, type WasmFile, type WasmSource } from '../runtime/files.js';
import { loadModule, type LoadOptions, type WinogradUse } from '../runtime/load.js';
import { BackendWasm } from './backend.js';
import type { Kernel } from './kernel.js';
import * as all from './kernels.js';

const KERNELS: Record<string, Kernel> = { ...all };

/** Names of the TensorFlow.js kernels that the backend has. */
export const kernelNames: readonly string[] = Object.keys(KERNELS).sort();

/** The name under which importing the package registers the backend, and its priority: the official package's. */
const NAME = 'wasm';
const PRIORITY = 2;

/** Settings of the backend 'wasm', as setWasmPaths and its kin made them. */
const settings: { options: LoadOptions; started: boolean } = { options: {}, started: false };

/**
 * Registers a backend under a name, with a tier or files of its own. Any number of them, and the official package's,
 * work side by side; `tf.setBackend(name)` starts one.
 *
 * ```js
 * registerBackend('lanewise-scalar', { tier: 'scalar' });
 * await tf.setBackend('lanewise-scalar');
 * ```
 * @param priority By default 0: TensorFlow.js then never chooses it by itself.
 * @returns false when the name is taken; nothing has changed then.
 */
export function registerBackend(name: string, options: LoadOptions = {}, priority = 0): boolean {
  return register(name, () => loadModule(options), priority);
}

function register(name: string, load: () => ReturnType<typeof loadModule>, priority: number): boolean {
  // Checked here, because a second registration of kernels would replace the first owner's.
  if (findBackendFactory(name)) return false;
  registerWithTensorFlow(name, async () => new BackendWasm(await load()), priority);
  for (const kernelName of kernelNames) {
    registerKernel({
      kernelName, backendName: name, kernelFunc: BackendWasm.kernelFunc(kernelName, KERNELS[kernelName]),
    });
  }
  return true;
}

/** What the import of the package does: registers 'wasm', unless another package already has. */
export function registerDefault(): boolean {
  const registered = register(NAME, async () => {
    settings.started = true;
    try {
      return await loadModule(await withFlag(settings.options));
    } catch (error) {
      settings.started = false; // so that the settings can be mended
      throw error;
    }
  }, PRIORITY);
  if (!registered) {
    console.warn(`lanewise: another package has registered the backend '${NAME}' already, and keeps it. To have ` +
      "both, import 'lanewise/backend' and call registerBackend with another name.");
    return false;
  }
  env().registerFlag('WASM_HAS_SIMD_SUPPORT', async () => detect().simd128);
  env().registerFlag('WASM_HAS_MULTITHREAD_SUPPORT', async () => detect().threads);
  return true;
}

/** Programs written for the official package switch SIMD off by this flag; a tier that was asked for goes before it. */
async function withFlag(options: LoadOptions): Promise<LoadOptions> {
  const switchedOff = detect().simd128 && !await env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return !switchedOff || options.tier !== undefined ? options : { ...options, tier: 'scalar' };
}

/** The tier that a started backend runs. */
export function tier(name = NAME): Tier {
  return started(name).tier;
}

/** What the engine supports, as a started backend found it. */
export function features(name = NAME): Features {
  return started(name).features;
}

function started(name: string): BackendWasm {
  const backend = findBackend(name);
  if (!(backend instanceof BackendWasm)) {
    throw new LanewiseError(backend ? `the backend '${name}' is not one of Lanewise's`
      : `the backend '${name}' has not started; call and await tf.setBackend('${name}') first`);
  }
  return backend;
}

/** The official package's files and what takes their place, so that programs written for it work unchanged. */
const OFFICIAL: Record<string, WasmFile> = {
  'tfjs-backend-wasm.wasm': fileOf('scalar'),
  'tfjs-backend-wasm-simd.wasm': fileOf('simd128'),
  'tfjs-backend-wasm-threaded-simd.wasm': fileOf('relaxed'),
};

/** Changes settings of the backend 'wasm', which must not have started. */
function set(what: string, options: LoadOptions): void {
  if (settings.started) {
    throw new LanewiseError(`${what} comes too late: the backend has started. Call it before tf.setBackend() or ` +
      'tf.ready()');
  }
  Object.assign(settings.options, options);
}

/**
 * Sets the path or URL of the one WebAssembly file to load.
 * @deprecated Use setWasmPaths, which lets the engine's best tier be chosen.
 */
export function setWasmPath(path: string, usePlatformFetch = false): void {
  const file = OFFICIAL[lastPart(path)];
  // A file of the official package is none of ours: ours is expected beside it.
  const wasm: WasmSource = file ? folder(path) + file : path;
  set('setWasmPath', { wasm, wasmPaths: undefined, fetch: platformFetch(usePlatformFetch) });
}

/**
 * Sets where the WebAssembly files are: a folder's path or URL, or a map from file name to path or URL. A map may use
 * the official package's file names; then a URL that ends in such a name means our file in the same folder.
 * @param usePlatformFetch Fetch with `env().platform.fetch` in place of the global one.
 */
export function setWasmPaths(prefixOrFileMap: string | Record<string, string>, usePlatformFetch = false): void {
  const fetch = platformFetch(usePlatformFetch);
  if (typeof prefixOrFileMap === 'string') {
    set('setWasmPaths', { wasmPaths: prefixOrFileMap, wasm: undefined, fetch });
    return;
  }
  const paths: Partial<Record<WasmFile, string>> = {};
  for (const [name, url] of Object.entries(prefixOrFileMap)) {
    const file = OFFICIAL[name] ?? (FILES.includes(name as WasmFile) ? name as WasmFile : undefined);
    if (!file) {
      throw new LanewiseError(`setWasmPaths: there is no file '${name}'; there are ${FILES.join(', ')}`);
    }
    paths[file] = lastPart(url) in OFFICIAL ? folder(url) + file : url;
  }
  set('setWasmPaths', { wasmPaths: paths, wasm: undefined, fetch });
}

function lastPart(path: string): string {
  return path.slice(folder(path).length).replace(/[?#].*$/, '');
}

function folder(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function platformFetch(use: boolean): LoadOptions['fetch'] {
  return use ? (url, init) => env().platform.fetch(url, init as RequestInit) : undefined;
}

/** Chooses the tier of the backend 'wasm'; by default the best that the engine can run. */
export function setTier(tier: Tier): void {
  set('setTier', { tier });
}

/** Says how far the backend 'wasm' may use Winograd's method for 3x3 convolutions: 'auto', 'f2' or 'off'. */
export function setWinograd(winograd: WinogradUse): void {
  set('setWinograd', { winograd });
}

/** Accepted for programs written for the official package: this version runs on one thread. */
export function setThreadsCount(threadsCount: number): void {
  if (!Number.isInteger(threadsCount) || threadsCount < 1) {
    throw new LanewiseError(`setThreadsCount: ${threadsCount} is no number of threads; expected 1 or more`);
  }
}

/** The number of threads in use: 1. */
export function getThreadsCount(): number {
  started(NAME);
  return 1;
}
