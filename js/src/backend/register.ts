/* SPDX-License-Identifier: MIT */
/* How the backend gets into TensorFlow.js, and the settings that a program may make before. */
import {
  engine, env, findBackendFactory, getKernel, registerBackend as registerWithTensorFlow, registerKernel,
  unregisterKernel, type KernelBackend, type KernelConfig,
} from '@tensorflow/tfjs-core';
import { LW_VERSION } from '../generated/layout.js';
import { detect, type Features, type Tier } from '../runtime/detect.js';
import { LanewiseError } from '../runtime/errors.js';
import { FILES, fileOf, WORKER, type WasmFile, type WasmPaths, type WasmSource } from '../runtime/files.js';
import { checkOptions, loadModule, type LoadOptions, type WinogradUse } from '../runtime/load.js';
import { MOST_THREADS } from '../runtime/threads.js';
import { BackendWasm } from './backend.js';

/** The name under which importing the package registers the backend, and its priority: the official package's. */
const NAME = 'wasm';
const PRIORITY = 2;

/**
 * What all copies of this version share that one program may hold (an ES module and a CommonJS one, say): it hangs on
 * TensorFlow.js's engine, of which there is one.
 */
interface Shared {
  /** Settings of the backend 'wasm', as setWasmPaths and its kin made them. */
  options: LoadOptions;
  /** How often it is being loaded at this moment. */
  loading: number;
  /** Our kernels by backend. */
  readonly kernels: Map<string, Map<string, KernelConfig>>;
  /** The factory of 'wasm', if it is ours. */
  factory?: () => Promise<KernelBackend>;
}

function shared(): Shared {
  const holder = engine() as unknown as Record<symbol, Shared | undefined>;
  return (holder[Symbol.for(`lanewise ${LW_VERSION}`)] ??= { options: {}, loading: 0, kernels: new Map() });
}

/**
 * Registers a backend with these kernels; registerBackend of the entries says the rest.
 * @returns false when the name is taken; nothing has changed then.
 */
export function register(kernels: readonly KernelConfig[], name: string, options: LoadOptions = {},
  priority = name === NAME ? PRIORITY : 0): boolean {
  // Checked here, because a second registration of kernels would replace the first owner's.
  if (findBackendFactory(name)) return false;
  const factory = async () => {
    const module = await (name === NAME ? loadDefault(options) : loadModule(options));
    const backend = new BackendWasm(module);
    backend.replaced = () => {
      takeBack(name);
      return new LanewiseError(`a kernel of another package was called for the backend '${name}'; from now on ours are`);
    };
    takeBack(name);
    return backend;
  };
  registerWithTensorFlow(name, factory, priority);
  if (name === NAME) shared().factory = factory;
  registerKernels(kernels, name);
  return true;
}

/**
 * Gives a backend kernels: those of 'lanewise/kernels'. One that it has under the same name is replaced.
 * @param name The backend's name.
 */
export function registerKernels(kernels: readonly KernelConfig[], name = NAME): void {
  const all = shared().kernels;
  let ours = all.get(name);
  if (!ours) all.set(name, ours = new Map());
  for (const kernel of kernels) {
    ours.set(kernel.kernelName, { ...kernel, backendName: name });
    put(ours.get(kernel.kernelName)!);
  }
}

/** Registers a kernel in place of another, about which TensorFlow.js would warn. */
function put(kernel: KernelConfig): void {
  const { kernelName, backendName } = kernel;
  if (getKernel(kernelName, backendName)) unregisterKernel(kernelName, backendName);
  registerKernel(kernel);
}

/**
 * Puts our kernels back where another package has replaced most of them, as the official one does when it is imported
 * after this: its kernels can't run on our backend. A program's own kernels stay.
 */
function takeBack(name: string): void {
  const ours = [...shared().kernels.get(name)?.values() ?? []];
  const lost = ours.filter(({ kernelName, kernelFunc }) => getKernel(kernelName, name)?.kernelFunc !== kernelFunc);
  if (lost.length === 0 || 2 * lost.length < ours.length) return;
  lost.forEach(put);
  console.warn(`lanewise: another package (@tensorflow/tfjs-backend-wasm?) registered its kernels for our backend ` +
    `'${name}'. Ours are back in their place. Import only one of the packages`);
}

/** Loads the module of 'wasm' as the settings say at this moment. */
async function loadDefault(options: LoadOptions): ReturnType<typeof loadModule> {
  const state = shared();
  state.loading++;
  try {
    const { threads } = state.options;
    const module = await loadModule(await withFlag({ ...state.options, ...options }));
    // setThreadsCount may have been called meanwhile.
    if (state.options.threads !== threads) module.threads?.limit(state.options.threads ?? MOST_THREADS);
    return module;
  } finally {
    state.loading--;
  }
}

/** What the import of the package does: registers 'wasm', unless another package already has. */
export function registerDefault(kernels: readonly KernelConfig[]): boolean {
  if (!register(kernels, NAME)) {
    const owner = findBackendFactory(NAME);
    if (owner === shared().factory) { // this package's, by another of its entries
      registerKernels(kernels);
      return true;
    }
    console.warn(`lanewise: another package has registered the backend '${NAME}' already, and keeps it. To have ` +
      "both, import 'lanewise/backend' and call registerBackend with another name.");
    return false;
  }
  env().registerFlag('WASM_HAS_SIMD_SUPPORT', async () => detect().simd128);
  env().registerFlag('WASM_HAS_MULTITHREAD_SUPPORT', async () => detect().threads);
  return true;
}

/**
 * Programs written for the official package switch SIMD and threads off by these flags; a tier that was asked for goes
 * before.
 */
async function withFlag(options: LoadOptions): Promise<LoadOptions> {
  const switchedOff = detect().simd128 && !await env().getAsync('WASM_HAS_SIMD_SUPPORT');
  if (switchedOff && options.tier === undefined) options = { ...options, tier: 'scalar' };
  const alone = detect().threads && !await env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  return alone ? { ...options, threads: 1 } : options;
}

/** The tier that a started backend runs. */
export function tier(name = NAME): Tier {
  return started(name).tier;
}

/** What the engine supports, as a started backend found it. */
export function features(name = NAME): Features {
  return started(name).features;
}

/** Why a started backend runs its tier. */
export function why(name = NAME): string {
  return started(name).why;
}

function started(name: string): BackendWasm {
  const backend = running(name);
  if (!backend && (shared().kernels.has(name) || !findBackendFactory(name))) {
    throw new LanewiseError(`the backend '${name}' has not started; call and await tf.setBackend('${name}') first`);
  }
  // Not instanceof: it may be another copy's.
  if (typeof (backend as BackendWasm | undefined)?.tier !== 'string') {
    throw new LanewiseError(`the backend '${name}' is not one of Lanewise's`);
  }
  return backend as BackendWasm;
}

/** tf.findBackend would start it. */
function running(name: string): KernelBackend | undefined {
  return engine().registry[name];
}

// ---- Settings of the backend 'wasm' ------------------------------------------------------------------------

/** The official package's files and what takes their place, so that programs written for it work unchanged. */
const THREADED = 'tfjs-backend-wasm-threaded-simd.wasm';
const OFFICIAL: Record<string, WasmFile> = {
  'tfjs-backend-wasm.wasm': fileOf('scalar'),
  'tfjs-backend-wasm-simd.wasm': fileOf('simd128'),
  [THREADED]: fileOf('relaxed'),
};

const FOR_THREADS: readonly WasmFile[] = [fileOf('simd128', true), fileOf('relaxed', true), WORKER];

/** tf.removeBackend() forgets a backend that is still being loaded, too. */
const hasStarted = () => running(NAME) !== undefined
  || (shared().loading > 0 && findBackendFactory(NAME) === shared().factory);

/** Changes settings that must not come too late: what they ask for would silently not be. */
function set(what: string, options: LoadOptions): void {
  if (hasStarted()) {
    throw new LanewiseError(`${what} comes too late: the backend has started. Call it before tf.setBackend() or ` +
      "tf.ready(), or after tf.removeBackend('wasm')");
  }
  checkOptions(options);
  Object.assign(shared().options, options);
}

/** Changes where the files are. Programs do that again and again, and the official package doesn't mind. */
function setFiles(what: string, options: LoadOptions): void {
  const { options: now } = shared();
  if (hasStarted() && !(now.wasm === options.wasm && same(now.wasmPaths, options.wasmPaths))) {
    console.warn(`lanewise: ${what} comes too late for the backend that runs; it will count when it is loaded again`);
  }
  Object.assign(now, options);
}

function same(a: WasmPaths | undefined, b: WasmPaths | undefined): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object'
    && FILES.every(file => (a as Record<string, unknown>)[file] === (b as Record<string, unknown>)[file]));
}

/**
 * Sets the path or URL of the one WebAssembly file to load.
 * @deprecated Use setWasmPaths, which lets the engine's best tier be chosen.
 */
export function setWasmPath(path: string | URL, usePlatformFetch = false): void {
  const wasm = path ? ours(String(path)) : undefined; // undefined: beside our code
  setFiles('setWasmPath', { wasm, wasmPaths: undefined, fetch: platformFetch(usePlatformFetch) });
}

/**
 * Sets where the WebAssembly files are: a folder's path or URL, or a map from file name to path or URL, or to bytes or a
 * compiled module. With a map the best tier is chosen of those that it has. A map may use the official package's file
 * names; then a URL that ends in such a name means our file in the same folder. The official package's own folder on
 * a public server means the files beside our code.
 * @param usePlatformFetch Fetch with `env().platform.fetch` in place of the global one.
 */
export function setWasmPaths(prefixOrFileMap: string | URL | Record<string, WasmSource | undefined>,
  usePlatformFetch = false): void {
  const fetch = platformFetch(usePlatformFetch);
  if (typeof prefixOrFileMap === 'string' || prefixOrFileMap instanceof URL) {
    const prefix = String(prefixOrFileMap);
    const wasmPaths = isOfficialServer(prefix) ? undefined : prefix;
    setFiles('setWasmPaths', { wasmPaths, wasm: undefined, fetch });
    return;
  }
  if (prefixOrFileMap === null || typeof prefixOrFileMap !== 'object') {
    throw new LanewiseError(`setWasmPaths: expected a folder or a map from file name to path, got ${prefixOrFileMap}`);
  }
  const paths: Partial<Record<WasmFile, WasmSource>> = {};
  for (const [name, source] of Object.entries(prefixOrFileMap)) {
    const file = OFFICIAL[name] ?? (FILES.includes(name as WasmFile) ? name as WasmFile : undefined);
    if (!file) {
      throw new LanewiseError(`setWasmPaths: there is no file '${name}'; there are ${FILES.join(', ')}`);
    }
    if (typeof source !== 'string' && !(source instanceof URL)) {
      paths[file] = source;
      continue;
    }
    const url = paths[file] = ours(String(source));
    // The official file for several threads: ours are several, in the same folder.
    if (url === undefined || lastPart(String(source)) !== THREADED) continue;
    for (const more of FOR_THREADS) paths[more] ??= folder(url) + more;
  }
  const none = Object.values(paths).every(source => source === undefined);
  setFiles('setWasmPaths', { wasmPaths: none ? undefined : paths, wasm: undefined, fetch });
}

/** The URL of our file that takes the place of an official one; undefined when it is not on that server. */
function ours(url: string): string | undefined {
  const file = OFFICIAL[lastPart(url)];
  if (!file) return url;
  return isOfficialServer(url) ? undefined : folder(url) + file;
}

/** Public servers have the official package under its name; a program's own server may have ours there. */
function isOfficialServer(url: string): boolean {
  const is = /^(https?:)?\/\/(?!.*\/node_modules\/).*\/@tensorflow\/tfjs-backend-wasm(@[^/]*)?\//.test(`${url}/`);
  if (is) {
    console.warn(`lanewise: ${url} has the files of the official package, which can't be used; those beside lanewise's ` +
      'code are loaded. setWasmPaths takes the URL of a folder with the files lanewise-*.wasm');
  }
  return is;
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

/** Hands over the one WebAssembly file to run, as bytes or compiled; nothing is fetched then. Undefined: take it back. */
export function setWasmBinary(binary: Exclude<WasmSource, string | URL> | undefined): void {
  set('setWasmBinary', { wasm: binary, wasmPaths: undefined });
}

/** Chooses the tier of the backend 'wasm'; undefined, the default, is the best that the engine can run. */
export function setTier(tier: Tier | undefined): void {
  set('setTier', { tier });
}

/** Names tiers that the backend 'wasm' is never to choose; none takes earlier ones back. */
export function excludeTiers(...exclude: Tier[]): void {
  set('excludeTiers', { exclude });
}

/** Says how far the backend 'wasm' may use Winograd's method for 3x3 convolutions: 'auto', 'f2' or 'off'. */
export function setWinograd(winograd: WinogradUse): void {
  set('setWinograd', { winograd });
}

/**
 * Sets how many threads the backend 'wasm' uses, the calling one included. Before it starts any number up to 64; while it
 * runs, no more than it was started with. What is no such number means the default: as many as the machine has, up to 8.
 */
export function setThreadsCount(threadsCount: number): void {
  const threads = threadsCount >= 1 ? Math.min(Math.floor(threadsCount), MOST_THREADS) : undefined;
  shared().options.threads = threads;
  const backend = running(NAME) as BackendWasm | undefined;
  backend?.module?.threads?.limit(threads ?? MOST_THREADS);
}

/** The number of threads that a started backend uses. */
export function getThreadsCount(): number {
  return started(NAME).module.threads?.count ?? 1;
}

/** Sets where the file lanewise-worker.js is, which browsers' workers run: a URL of the page's own origin. */
export function setWorkerPath(url: string | URL | undefined): void {
  set('setWorkerPath', { worker: url });
}

/** Sets how many bytes the memory of the backend 'wasm' may grow to where threads share it. */
export function setMaximumMemory(bytes: number | undefined): void {
  set('setMaximumMemory', { maximumMemory: bytes });
}
