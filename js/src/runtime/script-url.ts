/* SPDX-License-Identifier: MIT */
/** The URL of this very script, known only while it runs for the first time. */
export const scriptUrl = ((): string | undefined => {
  if (typeof document === 'object') {
    return document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : undefined;
  }
  // A worker doesn't say which script it imports, but an error does: its stack's first line with a URL is here.
  return /((?:https?|file|blob|[a-z-]+-extension):\/\/[^\s()]+?)(?::\d+){1,2}\)?$/m.exec(new Error().stack ?? '')?.[1];
})();
