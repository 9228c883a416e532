/* SPDX-License-Identifier: MIT */
/* platform.ts for CommonJS. */
declare const __dirname: string | undefined;
declare const require: (name: string) => unknown;

const scriptUrl = typeof document === 'object' && document.currentScript instanceof HTMLScriptElement
  ? document.currentScript.src : undefined;

export function builtin(file: string): string | undefined {
  if (typeof process === 'object' && typeof __dirname === 'string') return `${__dirname}/${file}`;
  if (scriptUrl) return new URL(file, scriptUrl).href;
  return typeof location === 'object' ? new URL(file, location.href).href : undefined;
}

export function fileSystem(): unknown {
  return require('fs'); // package.json tells bundlers for browsers that there is none
}
