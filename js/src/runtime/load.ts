/* SPDX-License-Identifier: MIT */
import * as lw from '../generated/layout.js';
import { detect, supports, TIERS, type Features, type Tier } from './detect.js';
import { LanewiseError } from './errors.js';
import {
  compile, gives, HOW_TO_POINT_ELSEWHERE, locate, message, nameOf, NO_WEBASSEMBLY, type Fetch, type WasmPaths,
  type WasmSource,
} from './files.js';
import { Heap, type WasmExports } from './heap.js';
import { Kernels } from './kernels.js';

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
}

/** Throws where an option is none that there is. */
export function checkOptions({ tier, exclude = [], winograd = 'auto' }: LoadOptions): void {
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
    } else if (gives(options.wasmPaths, candidate) === false) {
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
  const { winograd = 'auto' } = options;
  const given = options.wasm !== undefined;
  const chosen = given && options.tier === undefined ? undefined : chooseTier(options);
  const source = given ? options.wasm! : locate(chosen!.tier, options.wasmPaths);
  const module = await compile(source, options.fetch);
  const exports = await instantiate(module, nameOf(source));
  const heap = new Heap(exports);
  const kernels = new Kernels(exports, heap);
  const tier = kernels.tier as Tier;
  if (chosen && tier !== chosen.tier) {
    throw new LanewiseError(`${nameOf(source)} holds tier '${tier}', but '${chosen.tier}' was to be loaded from it. ` +
      HOW_TO_POINT_ELSEWHERE);
  }
  if (options.exclude?.includes(tier)) {
    throw new LanewiseError(`${nameOf(source)} holds tier '${tier}', which is excluded`);
  }
  return {
    kernels, heap, tier, winograd: WINOGRAD[winograd], features: detect(),
    why: chosen?.why ?? `'${tier}' is the tier of the module given`,
  };
}

/** What a module may ask of us. It has no other imports, so anything else is not a file of Lanewise. */
const IMPORTS: Record<string, (...args: number[]) => number | void> = {
  'env.emscripten_notify_memory_growth': () => {}, // the heap notices by itself
};

async function instantiate(module: WebAssembly.Module, name: string): Promise<WasmExports> {
  const imports: Record<string, Record<string, (...args: number[]) => number | void>> = {};
  for (const { module: space, name: wanted } of WebAssembly.Module.imports(module)) {
    const provided = IMPORTS[`${space}.${wanted}`];
    if (!provided) {
      throw new LanewiseError(`${name} imports ${space}.${wanted}, which no WebAssembly file of Lanewise does: it is ` +
        `another program's (the files of @tensorflow/tfjs-backend-wasm can't be used). ${HOW_TO_POINT_ELSEWHERE}`);
    }
    (imports[space] ??= {})[wanted] = provided;
  }
  let exports: WasmExports;
  try {
    exports = (await WebAssembly.instantiate(module, imports)).exports as unknown as WasmExports;
  } catch (error) {
    throw new LanewiseError(`${name} can't be started: ${message(error)}`);
  }
  for (const needed of ['memory', 'malloc', 'free', 'lw_context_create']) {
    if (needed in exports) continue;
    throw new LanewiseError(`${name} has no export ${needed}; is it another program's? ${HOW_TO_POINT_ELSEWHERE}`);
  }
  exports._initialize?.();
  return exports;
}
