/* SPDX-License-Identifier: MIT */
/* What differs between the ES module and the CommonJS build; platform-cjs.ts is the other half. */

/**
 * The URLs of the WebAssembly files beside this module. Written out, one by one: bundlers recognise the pattern and
 * carry the files along.
 */
export function builtinUrl(file: string): string | undefined {
  try {
    switch (file) {
      case 'lanewise-scalar.wasm': return new URL('./lanewise-scalar.wasm', import.meta.url).href;
      case 'lanewise-simd128.wasm': return new URL('./lanewise-simd128.wasm', import.meta.url).href;
      case 'lanewise-relaxed.wasm': return new URL('./lanewise-relaxed.wasm', import.meta.url).href;
    }
  } catch {
    // A bundle without import.meta.url (a classic script): fall through.
  }
  return beside(typeof document === 'object' ? scriptUrl : undefined, file);
}

// Known only while a classic script runs for the first time.
const scriptUrl = typeof document === 'object' && document.currentScript instanceof HTMLScriptElement
  ? document.currentScript.src : undefined;

function beside(base: string | undefined, file: string): string | undefined {
  if (base) return new URL(file, base).href;
  return typeof location === 'object' ? new URL(file, location.href).href : undefined;
}

/** A Node.js module. Its name is a variable, so that bundlers for browsers don't look for it. */
export async function nodeModule<T>(name: string): Promise<T> {
  return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as T;
}
