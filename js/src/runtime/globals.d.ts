/* SPDX-License-Identifier: MIT */
/* The little of Node.js that the package touches. */
declare const process: {
  versions?: { node?: string };
  getBuiltinModule?(name: string): unknown;
} | undefined;

/* What js/scripts/build.mjs puts into the builds of a single file. */
declare module 'deflated:*' {
  const base64: string;
  export default base64;
}

/* The code of a worker: 'text:node-worker' or 'text:web-worker'. */
declare module 'text:*' {
  const code: string;
  export default code;
}
