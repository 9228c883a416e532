/* SPDX-License-Identifier: MIT */
/* Where a tier's WebAssembly file lies, and how it gets compiled. */
import { TIERS, type Tier } from './detect.js';
import { LanewiseError } from './errors.js';
import { inNode } from './node.js';
import { builtin, nodeModule } from './platform.js';

export type WasmFile = `lanewise-${Tier}.wasm` | `lanewise-${Exclude<Tier, 'scalar'>}-threads.wasm`
  | 'lanewise-worker.js';

/** What browsers' workers run. */
export const WORKER = 'lanewise-worker.js';

/** The file that a tier ships as, for one thread or for several. */
export function fileOf(tier: Tier, threads = false): WasmFile {
  return threads && tier !== 'scalar' ? `lanewise-${tier}-threads.wasm` : `lanewise-${tier}.wasm`;
}

/** All files that may have to be where setWasmPaths says. */
export const FILES: readonly WasmFile[] =
  [...TIERS.map(tier => fileOf(tier)), fileOf('simd128', true), fileOf('relaxed', true), WORKER];

/**
 * A folder (path or URL; a `/` is added at its end when there is none), or the path, URL, bytes or compiled module of
 * each file. Of files that a map leaves out only what the engine can't do without is looked for beside the package's
 * code.
 */
export type WasmPaths = string | URL | Partial<Record<WasmFile, WasmSource>>;

/** A file: its path or URL, its bytes, or the module already compiled. */
export type WasmSource = string | URL | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

export type Fetch = (url: string, init?: { credentials?: RequestCredentials }) => Promise<Response>;

type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

export const HOW_TO_POINT_ELSEWHERE =
  'Say where the files are with setWasmPaths(folder or {file: url}) before the backend starts, or with the option ' +
  "wasmPaths of load(); or import 'lanewise/single', which has them inside.";

/** Whether a map gives a file; undefined when there is no map. */
export function gives(paths: WasmPaths | undefined, file: WasmFile): boolean | undefined {
  if (paths === undefined || typeof paths === 'string' || paths instanceof URL) return undefined;
  if (paths === null || typeof paths !== 'object') {
    throw new LanewiseError(`the WebAssembly files' paths are ${paths === null ? 'null' : `of type ${typeof paths}`}; ` +
      'expected a folder, or a map from file name to path, URL, bytes or WebAssembly.Module');
  }
  for (const name of Object.keys(paths)) {
    if (FILES.includes(name as WasmFile)) continue;
    throw new LanewiseError(`the map of paths names '${name}'; there are ${FILES.join(', ')}`);
  }
  return paths[file] !== undefined;
}

export function locate(file: WasmFile, paths: WasmPaths | undefined): WasmSource {
  const source = find(file, paths);
  if (source === undefined) throw new LanewiseError(`can't tell where ${file} is. ${HOW_TO_POINT_ELSEWHERE}`);
  return source;
}

export function find(file: WasmFile, paths: WasmPaths | undefined): WasmSource | undefined {
  if (typeof paths === 'string' || paths instanceof URL) {
    const folder = String(paths);
    return (folder === '' || /[/\\]$/.test(folder) ? folder : `${folder}/`) + file;
  }
  return paths?.[file] ?? builtin(file);
}

/** What messages call a source. */
export function nameOf(source: WasmSource): string {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    return isModule(source) ? 'the module given' : 'the bytes given';
  }
  const url = String(source);
  return url.length > 200 ? `${url.slice(0, 60)}... (${url.length} characters)` : url; // a data: URL holds the file
}

function isModule(source: WasmSource): boolean {
  return typeof WebAssembly === 'object' && source instanceof WebAssembly.Module;
}

/** Compiles a source without blocking the thread. */
export async function compile(source: WasmSource, customFetch: Fetch | undefined): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== 'object') throw new LanewiseError(NO_WEBASSEMBLY);
  if (isModule(source)) return source as WebAssembly.Module;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return compileBytes(source as Bytes, nameOf(source));
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new LanewiseError(`the option 'wasm' is ${source === null ? 'null' : `of type ${typeof source}`}; expected ` +
      'a path or URL, bytes, or a WebAssembly.Module');
  }
  const url = String(source);
  let name = nameOf(source);
  // `data:` and `blob:` need fetch too; a one-letter scheme is a Windows drive.
  const isUrl = /^[a-z][a-z0-9+.-]+:/i.test(url);
  const fs = inNode && !customFetch && (!isUrl || /^file:/i.test(url)) ? nodeModule('fs') as FileSystem | undefined
    : undefined;
  if (fs) return compileBytes(await readFile(fs, url), url);

  const fetchUrl = customFetch ?? (typeof fetch === 'function' ? (fetch as Fetch) : undefined);
  if (!fetchUrl) {
    throw new LanewiseError(`can't load ${name}: this engine has no fetch. Hand over the file's bytes: ` +
      'setWasmBinary(bytes) or load({wasm: bytes}).');
  }
  let response: Response;
  try {
    response = await fetchUrl(url, { credentials: 'same-origin' });
  } catch (error) {
    throw new LanewiseError(`can't load ${name}: ${message(error)}. ${!/^http/i.test(name) && isUrl ? '' : 'Either the ' +
      "server can't be reached, or it doesn't allow this origin (CORS), or the page's Content-Security-Policy has no " +
      'connect-src for it. '}${HOW_TO_POINT_ELSEWHERE}`);
  }
  if (response.redirected) name += ` (redirected to ${response.url})`;
  if (!response.ok) {
    const status = [response.status, response.statusText].filter(Boolean).join(' ');
    throw new LanewiseError(`can't load ${name}: HTTP status ${status}. ${HOW_TO_POINT_ELSEWHERE}`);
  }
  // compileStreaming refuses any other type, and the response can be read only once.
  const type = response.headers?.get('content-type') ?? '';
  if (typeof WebAssembly.compileStreaming === 'function' && /^application\/wasm\b/i.test(type)) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (error) {
      throw cantCompile(name, error);
    }
  }
  let bytes: ArrayBuffer;
  try {
    bytes = await response.arrayBuffer();
  } catch (error) {
    throw new LanewiseError(`can't load ${name}: the connection broke: ${message(error)}`);
  }
  return compileBytes(bytes, name);
}

/** What engines without it are told. */
export const NO_WEBASSEMBLY = 'this engine has no WebAssembly, or has it switched off (as iOS does in lockdown mode, ' +
  "and Node.js with --jitless). TensorFlow.js runs there on its backends 'cpu' or 'webgl'";

interface FileSystem {
  promises: { readFile(path: string | URL): Promise<Bytes> };
}

async function readFile(fs: FileSystem, path: string): Promise<Bytes> {
  try {
    return await fs.promises.readFile(/^file:/i.test(path) ? new URL(path) : path);
  } catch (error) {
    throw new LanewiseError(`can't read ${path}: ${message(error)}. ${HOW_TO_POINT_ELSEWHERE}`);
  }
}

async function compileBytes(bytes: Bytes, name: string): Promise<WebAssembly.Module> {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  const magic = [0x00, 0x61, 0x73, 0x6d];
  if (magic.some((byte, i) => view[i] !== byte)) {
    const start = String.fromCharCode(...view.slice(0, 16)).replace(/[^ -~]/g, '.');
    const page = /^\s*</.test(start) ? ', so it is a page: some servers answer so when there is no such file' : '';
    throw new LanewiseError(`${name} (${view.length} bytes) is not a WebAssembly file: it starts with ` +
      `'${start}'${page}. ${HOW_TO_POINT_ELSEWHERE}`);
  }
  try {
    return await WebAssembly.compile(view);
  } catch (error) {
    throw cantCompile(`${name} (${view.length} bytes)`, error);
  }
}

function cantCompile(name: string, error: unknown): LanewiseError {
  const why = message(error).replace(/\.$/, '');
  return new LanewiseError(/content.security.policy|\bcsp\b|unsafe-eval/i.test(why)
    ? `${name} may not be compiled here: ${why}. Add 'wasm-unsafe-eval' to script-src in the page's ` +
      "Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'"
    : `${name} can't be compiled: it is cut off or damaged, or needs features that this engine doesn't have: ${why}. ` +
      HOW_TO_POINT_ELSEWHERE);
}

export function message(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: unknown }; // Node's fetch has the reason there
  return cause instanceof Error ? `${error.message} (${cause.message})` : error.message;
}
