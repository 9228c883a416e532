/* SPDX-License-Identifier: MIT */
/* platform.ts for CommonJS. */
export { beside as builtin } from './beside.js';

declare const require: (name: string) => unknown;

export function fileSystem(): unknown {
  return require('fs'); // package.json tells bundlers for browsers that there is none
}
