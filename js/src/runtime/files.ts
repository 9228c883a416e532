/* SPDX-License-Identifier: MIT */
/* Where a tier's WebAssembly file lies, and how it gets compiled. */
import { TIERS, type Tier } from './detect.js';
import { LanewiseError } from './errors.js';
import { builtinUrl, nodeModule } from './platform.js';

export type WasmFile = `lanewise-${Tier}.wasm`;

/** The file that a tier ships as. */
export function fileOf(tier: Tier): WasmFile {
  return `lanewise-${tier}.wasm`;
}

export const FILES: readonly WasmFile[] = TIERS.map(fileOf);

/** A folder (path or URL; a `/` is added at its end when there is none), or the path or URL of each file. */
export type WasmPaths = string | URL | Partial<Record<WasmFile, string | URL>>;

/** A file given directly: its path or URL, its bytes, or the module already compiled. */
export type WasmSource = string | URL | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

export type Fetch = (url: string, init?: { credentials?: RequestCredentials }) => Promise<Response>;

type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

export const HOW_TO_POINT_ELSEWHERE =
  'Say where the files are with setWasmPaths(folder or {file: url}) before the backend starts, or with the option ' +
  'wasmPaths of load().';

const inNode = typeof process === 'object' && typeof process.versions?.node === 'string';

export function locate(tier: Tier, paths: WasmPaths | undefined): string {
  const file = fileOf(tier);
  if (typeof paths === 'string' || paths instanceof URL) {
    const folder = String(paths);
    return (folder === '' || /[/\\]$/.test(folder) ? folder : `${folder}/`) + file;
  }
  const url = paths ? paths[file] : builtinUrl(file);
  if (url === undefined) {
    throw new LanewiseError(paths
      ? `the map of paths has no entry for ${file}; it has ${Object.keys(paths).join(', ') || 'none at all'}. ` +
        HOW_TO_POINT_ELSEWHERE
      : `can't tell where ${file} is. ${HOW_TO_POINT_ELSEWHERE}`);
  }
  return String(url);
}

/** What messages call a source. */
export function nameOf(source: WasmSource): string {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    return source instanceof WebAssembly.Module ? 'the module given' : 'the bytes given';
  }
  const url = String(source);
  return url.length > 200 ? `${url.slice(0, 60)}... (${url.length} characters)` : url; // a data: URL holds the file
}

/** Compiles a source without blocking the thread. */
export async function compile(source: WasmSource, customFetch: Fetch | undefined): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return compileBytes(source as Bytes, nameOf(source));
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new LanewiseError(`the option 'wasm' is ${source === null ? 'null' : `of type ${typeof source}`}; expected ` +
      'a path or URL, bytes, or a WebAssembly.Module');
  }
  const url = String(source), name = nameOf(source);
  // `data:` and `blob:` need fetch too; a one-letter scheme is a Windows drive.
  const isUrl = /^[a-z][a-z0-9+.-]+:/i.test(url);
  if (inNode && !customFetch && (!isUrl || /^file:/i.test(url))) return compileBytes(await readFile(url), url);

  const fetchUrl = customFetch ?? (typeof fetch === 'function' ? (fetch as Fetch) : undefined);
  if (!fetchUrl) {
    throw new LanewiseError(`can't load ${name}: this engine has no fetch. Hand the file's bytes to ` +
      'load({wasm: bytes}).');
  }
  let response: Response;
  try {
    response = await fetchUrl(url, { credentials: 'same-origin' });
  } catch (error) {
    throw new LanewiseError(`can't load ${name}: ${message(error)}. ${HOW_TO_POINT_ELSEWHERE}`);
  }
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
      throw new LanewiseError(`${name} can't be compiled: ${message(error)}. ${HOW_TO_POINT_ELSEWHERE}`);
    }
  }
  return compileBytes(await response.arrayBuffer(), name);
}

async function readFile(path: string): Promise<Bytes> {
  const fs = await nodeModule<{ promises: { readFile(path: string | URL): Promise<Bytes> } }>('fs');
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
    throw new LanewiseError(`${name} (${view.length} bytes) is not a WebAssembly file: it starts with '${start}'. ` +
      HOW_TO_POINT_ELSEWHERE);
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new LanewiseError(`${name} (${view.length} bytes) can't be compiled: it is damaged, or needs features that ` +
      `this engine doesn't have: ${message(error)}. ${HOW_TO_POINT_ELSEWHERE}`);
  }
}

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
