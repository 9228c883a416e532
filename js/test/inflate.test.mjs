/* SPDX-License-Identifier: MIT */
/* The inflater of the single-file builds, against Node's deflater. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';
import { FILES } from 'lanewise/runtime';

const { outputFiles: [{ text }] } = await build({
  entryPoints: [new URL('../src/runtime/inflate.ts', import.meta.url).pathname], format: 'esm', write: false,
});
const { inflate } = await import(`data:text/javascript,${encodeURIComponent(text)}`);

test('every kind of block', () => {
  const strategies = ['Z_DEFAULT_STRATEGY', 'Z_FILTERED', 'Z_HUFFMAN_ONLY', 'Z_RLE', 'Z_FIXED'];
  const noise = i => (Math.imul(i, 2654435761) >>> 13) ^ (i * i >> 4);
  for (const size of [0, 1, 5, 300, 70_000, 200_000]) {
    for (const mask of [0, 3, 255]) {
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => noise(i) & mask));
      for (const level of [0, 1, 6, 9]) {
        for (const strategy of strategies) {
          const deflated = deflateRawSync(bytes, { level, strategy: constants[strategy] });
          assert.equal(Buffer.compare(inflate(deflated, size), bytes), 0, `${size} ${mask} ${level} ${strategy}`);
        }
      }
    }
  }
});

test('the files that it is for', () => {
  for (const file of FILES) {
    const bytes = readFileSync(new URL(`../dist/${file}`, import.meta.url));
    assert.equal(Buffer.compare(inflate(deflateRawSync(bytes, { level: 9 }), bytes.length), bytes), 0, file);
  }
});
