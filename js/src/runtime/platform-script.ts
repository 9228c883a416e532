/* SPDX-License-Identifier: MIT */
/* platform.ts for script tags, importScripts and AMD; the same file can be required, too. */
declare const __dirname: string | undefined;
declare const require: ((name: string) => unknown) | undefined;

/** The URL of this very script, known only while it runs for the first time. */
const scriptUrl = ((): string | undefined => {
  if (typeof document === 'object') {
    return document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : undefined;
  }
  // A worker doesn't say which script it imports, but an error does: its stack's first line with a URL is here.
  return /((?:https?|file|blob|[a-z-]+-extension):\/\/[^\s()]+?)(?::\d+){1,2}\)?$/m.exec(new Error().stack ?? '')?.[1];
})();

export function builtin(file: string): string | undefined {
  if (typeof process === 'object' && typeof __dirname === 'string') return `${__dirname}/${file}`;
  const base = scriptUrl ?? (typeof location === 'object' ? location.href : undefined);
  return base && new URL(file, base).href;
}

export function startWorker(): Worker {
  return new Worker(builtin('lanewise-worker.js')!);
}

export function nodeModule(name: string): unknown {
  if (typeof process === 'object' && process.getBuiltinModule) return process.getBuiltinModule(name);
  return typeof require === 'function' ? require(name) : undefined;
}
