/* SPDX-License-Identifier: MIT */
/* platform.ts for script tags, importScripts and AMD; the same file can be required, too. */
import { scriptUrl } from './script-url.js';

declare const __dirname: string | undefined;
declare const require: ((name: string) => unknown) | undefined;

export function builtin(file: string): string | undefined {
  if (typeof process === 'object' && typeof __dirname === 'string') return `${__dirname}/${file}`;
  const base = scriptUrl ?? (typeof location === 'object' ? location.href : undefined);
  return base && new URL(file, base).href;
}

export const waysToStart = [() => new Worker(builtin('lanewise-worker.js')!)];

export function nodeModule(name: string): unknown {
  if (typeof process === 'object' && process.getBuiltinModule) return process.getBuiltinModule(name);
  return typeof require === 'function' ? require(name) : undefined;
}
