/* SPDX-License-Identifier: MIT */
import * as lw from '../generated/layout.js';
import { detect, supports, TIERS, type Features, type Tier } from './detect.js';
import { LanewiseError } from './errors.js';
import {
  compile, fileOf, find, gives, HOW_TO_POINT_ELSEWHERE, locate, message, nameOf, NO_WEBASSEMBLY, WORKER, type Fetch,
  type WasmPaths, type WasmSource,
} from './files.js';
import { Heap, type WasmExports } from './heap.js';
import { importsFor, importsMemory } from './imports.js';
import { Kernels, otherBuild } from './kernels.js';
import { inNode } from './node.js';
import { checkThreads, newMemory, Threads, threadsFor } from './threads.js';

export interface LoadOptions {
  /** The tier to run; an error when the engine can't. By default the best that it can. */
  tier?: Tier;
  /** Tiers never to choose. */
  exclude?: readonly Tier[];
  /**
   * The WebAssembly files' folder, or a map from file name to path, URL, bytes or compiled module. By default beside the
   * package's code. With a map the best tier is chosen of those that it has, if the engine can run one of them.
   */
  wasmPaths?: WasmPaths;
  /** The file itself: path or URL, bytes, or a compiled module. The tier that it holds runs. */
  wasm?: WasmSource;
  /** Used in place of the engine's fetch. */
  fetch?: Fetch;
  /**
   * How far the backend's 3x3 convolutions may use Winograd's method, which is two to four times faster, rounds a
   * little differently and takes up to four times the memory for weights: 'auto', the default, as it pays; 'f2' only
   * the form that is as exact as the direct sum; 'off' never.
   */
  winograd?: WinogradUse;
  /**
   * How many threads work, the calling one included: 1 to 64. By default as many as the machine has, up to 8; one where
   * the engine lends no shared memory, as in pages that are not cross-origin isolated.
   */
  threads?: number;
  /** What workers run, lanewise-worker.js, as a URL of the page's own origin. By default beside the package's code. */
  worker?: string | URL;
  /**
   * How many bytes the memory may grow to where threads share it, up to 4 GiB, the default. Engines reserve addresses for
   * all of it, and those of phones may not have so many.
   */
  maximumMemory?: number;
}

export type WinogradUse = 'auto' | 'f2' | 'off';

const WINOGRAD: Record<WinogradUse, number> = {
  auto: lw.LW_WINOGRAD_AUTO, f2: lw.LW_WINOGRAD_F2, off: lw.LW_WINOGRAD_OFF,
};

/** A module that is ready to run. */
export interface Module {
  readonly kernels: Kernels;
  readonly heap: Heap;
  /** The tier that runs. */
  readonly tier: Tier;
  /** What the engine supports. */
  readonly features: Features;
  /** Why this tier runs. */
  readonly why: string;
  /** `enum lw_winograd` as the options say. */
  readonly winograd: number;
  /** The workers; undefined with one thread. */
  readonly threads: Threads | undefined;
}

/** Throws where an option is none that there is. */
export function checkOptions({ tier, exclude = [], winograd = 'auto', threads, maximumMemory }: LoadOptions): void {
  if (!Array.isArray(exclude)) {
    throw new LanewiseError(`the option 'exclude' is '${exclude}'; expected an array of tiers`);
  }
  for (const name of tier === undefined ? exclude : [tier, ...exclude]) {
    if (!TIERS.includes(name)) throw new LanewiseError(`unknown tier '${name}'; there are ${TIERS.join(', ')}`);
  }
  if (!Object.prototype.hasOwnProperty.call(WINOGRAD, winograd)) {
    throw new LanewiseError(`the option 'winograd' is '${winograd}'; expected one of ` +
      `${Object.keys(WINOGRAD).join(', ')}`);
  }
  checkThreads(threads, maximumMemory);
}

/** Chooses a tier for this engine and says why; the choice is never silently a lesser one. */
export function chooseTier(options: LoadOptions = {}): { tier: Tier; why: string } {
  if (typeof WebAssembly !== 'object') throw new LanewiseError(NO_WEBASSEMBLY);
  checkOptions(options);
  const { tier, exclude = [] } = options;
  if (tier !== undefined) {
    if (exclude.includes(tier)) throw new LanewiseError(`tier '${tier}' is both asked for and excluded`);
    if (!supports(tier)) throw new LanewiseError(`this engine can't run tier '${tier}': ${unsupported(tier)}`);
    return { tier, why: `tier '${tier}' was asked for` };
  }
  const reasons: string[] = [];
  let unmapped: Tier | undefined;
  for (const candidate of [...TIERS].reverse()) {
    if (exclude.includes(candidate)) {
      reasons.push(`'${candidate}' is excluded`);
    } else if (!supports(candidate)) {
      reasons.push(unsupported(candidate));
    } else if (gives(options.wasmPaths, fileOf(candidate)) === false) {
      reasons.push(`the map of paths has no file for '${candidate}'`);
      unmapped ??= candidate;
    } else {
      return { tier: candidate, why: [`'${candidate}' is the best tier left`, ...reasons].join('; ') };
    }
  }
  if (unmapped) {
    return { tier: unmapped, why: [`'${unmapped}' lies beside the package's code`, ...reasons].join('; ') };
  }
  throw new LanewiseError(`no tier can run here: ${reasons.join('; ')}`);
}

function unsupported(tier: Tier): string {
  return `it has no ${tier === 'relaxed' ? 'relaxed' : 'fixed-width'} SIMD`;
}

/** Loads a tier's WebAssembly file without blocking the thread. */
export async function loadModule(options: LoadOptions = {}): Promise<Module> {
  checkOptions(options);
  const { winograd = 'auto', wasmPaths } = options;
  const given = options.wasm !== undefined;
  const chosen = given && options.tier === undefined ? undefined : chooseTier(options);
  let started: Started | undefined, said = false;
  if (given) {
    started = await start(options.wasm!, options);
  } else {
    const { tier } = chosen!;
    const { count, advice } = tier === 'scalar' ? { count: 1 } : threadsFor(options.threads);
    if (advice) console.info(`lanewise: ${advice}`);
    // A map without the file means one thread, and so does a build of a single file that lacks it.
    const file = fileOf(tier, true);
    const source = count > 1 && gives(wasmPaths, file) !== false ? find(file, wasmPaths) : undefined;
    if (source !== undefined) {
      try {
        started = await start(source, options, count);
      } catch (error) {
        console.warn(`lanewise: one thread runs in place of ${count}: ${message(error)}`);
      }
    }
    said = Boolean(advice) || source !== undefined || gives(wasmPaths, file) === false;
    started ??= await start(locate(fileOf(tier), wasmPaths), options, 1);
  }
  if (!said && !started.threads && options.threads! > 1) {
    const why = detect().threads ? `${started.name} is for one thread` : 'this engine lends no shared memory';
    console.info(`lanewise: one thread runs in place of ${options.threads}, because ${why}`);
  }
  const { kernels, heap, threads, name } = started;
  const tier = kernels.tier as Tier;
  const wrong = chosen && tier !== chosen.tier
    ? `${name} holds tier '${tier}', but '${chosen.tier}' was to be loaded from it. ${HOW_TO_POINT_ELSEWHERE}`
    : options.exclude?.includes(tier) ? `${name} holds tier '${tier}', which is excluded` : undefined;
  if (wrong) {
    threads?.dispose();
    throw new LanewiseError(wrong);
  }
  return {
    kernels, heap, tier, threads, winograd: WINOGRAD[winograd], features: detect(),
    why: chosen?.why ?? `'${tier}' is the tier of the module given`,
  };
}

interface Started {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly threads: Threads | undefined;
  /** What messages call the file. */
  readonly name: string;
}

/**
 * Compiles and starts a module.
 * @param count Threads; undefined for a file that may be for one or for several.
 */
async function start(source: WasmSource, options: LoadOptions, count?: number): Promise<Started> {
  const name = nameOf(source);
  let threads = count === undefined || count === 1 ? undefined : new Threads(count, workerOf(options));
  try {
    const module = await compile(source, options.fetch);
    let memory: WebAssembly.Memory | undefined, limit: number | undefined;
    if (importsMemory(module)) {
      if (count !== 1) {
        if (!detect().threads) throw new LanewiseError(`${name} needs shared memory, which this engine doesn't lend here`);
        threads ??= new Threads(threadsFor(options.threads).count, workerOf(options));
      }
      ({ memory, limit } = newMemory(threads !== undefined, options.maximumMemory));
    } else if (threads) {
      throw new LanewiseError(`${name} is not for several threads`);
    }
    let heap: Heap | undefined;
    const exports = await instantiate(module, memory, name, () => heap?.refresh());
    heap = new Heap(exports, memory, limit);
    const version = heap.text(exports.lw_version());
    if (version !== lw.LW_VERSION) throw otherBuild(name, version);
    threads?.attach(module, memory!, exports, heap);
    return { kernels: new Kernels(exports, heap, name, threads), heap, threads, name };
  } catch (error) {
    threads?.dispose();
    throw error;
  }
}

function workerOf({ worker, wasmPaths }: LoadOptions): string | URL | undefined {
  if (worker !== undefined || wasmPaths === undefined) return worker;
  if (typeof wasmPaths === 'object' && !(wasmPaths instanceof URL)) return wasmPaths[WORKER] as string | URL | undefined;
  const url = locate(WORKER, wasmPaths) as string;
  // Only a page's own server may give it workers; WebAssembly files may be on another.
  return inNode || new URL(url, location.href).origin === location.origin ? url : undefined;
}

async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory | undefined, name: string,
  grown: () => void): Promise<WasmExports> {
  const imports = importsFor(module, memory, grown, wanted => {
    throw new LanewiseError(`${name} imports ${wanted}, which no WebAssembly file of Lanewise does: it is ` +
      `another program's (the files of @tensorflow/tfjs-backend-wasm can't be used). ${HOW_TO_POINT_ELSEWHERE}`);
  });
  let exports: WasmExports;
  try {
    exports = (await WebAssembly.instantiate(module, imports)).exports as unknown as WasmExports;
  } catch (error) {
    throw new LanewiseError(`${name} can't be started: ${message(error)}`);
  }
  for (const needed of [...memory ? [] : ['memory'], 'malloc', 'free', 'lw_version', 'lw_context_create']) {
    if (needed in exports) continue;
    throw new LanewiseError(`${name} has no export ${needed}; is it another program's? ${HOW_TO_POINT_ELSEWHERE}`);
  }
  exports._initialize?.();
  return exports;
}
