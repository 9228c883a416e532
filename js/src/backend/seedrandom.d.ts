/* SPDX-License-Identifier: MIT */
declare module 'seedrandom/lib/alea.js' {
  /** A function that returns the next number from 0 up to 1. */
  export default function alea(seed: string): () => number;
}
