/* SPDX-License-Identifier: MIT */
/* The CommonJS half of platform.ts; js/scripts/build.mjs puts it in that file's place. */
declare const __dirname: string | undefined;
declare const require: (name: string) => unknown;

const scriptUrl = typeof document === 'object' && document.currentScript instanceof HTMLScriptElement
  ? document.currentScript.src : undefined;

export function builtinUrl(file: string): string | undefined {
  if (typeof process === 'object' && typeof __dirname === 'string') return `${__dirname}/${file}`;
  if (scriptUrl) return new URL(file, scriptUrl).href;
  return typeof location === 'object' ? new URL(file, location.href).href : undefined;
}

export async function nodeModule<T>(name: string): Promise<T> {
  return require(name) as T;
}
