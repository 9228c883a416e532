/* SPDX-License-Identifier: MIT */
declare const __dirname: string | undefined;

// Known only while a classic script runs for the first time.
const scriptUrl = typeof document === 'object' && document.currentScript instanceof HTMLScriptElement
  ? document.currentScript.src : undefined;

/** The path or URL of a file beside this code where import.meta.url doesn't tell: in CommonJS and in classic scripts. */
export function beside(file: string): string | undefined {
  if (typeof process === 'object' && typeof __dirname === 'string') return `${__dirname}/${file}`;
  if (scriptUrl) return new URL(file, scriptUrl).href;
  return typeof location === 'object' ? new URL(file, location.href).href : undefined;
}
