/* SPDX-License-Identifier: MIT */
/*
 * Inflates deflated data (RFC 1951). The engines' own DecompressionStream is missing from those that need the scalar tier.
 *
 * A prefix code is decoded by counting: codes of n bits are consecutive numbers, and follow those of n - 1 bits.
 */

/** A prefix code: how many symbols have each length, and the symbols in order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

const MAX_BITS = 15;

function codeOf(lengths: ArrayLike<number>, start: number, end: number): Code {
  const counts = new Uint16Array(MAX_BITS + 1), symbols = new Uint16Array(end - start);
  for (let i = start; i < end; i++) counts[lengths[i]]++;
  counts[0] = 0;
  const next = new Uint16Array(MAX_BITS + 2);
  for (let n = 1; n <= MAX_BITS; n++) next[n + 1] = next[n] + counts[n];
  for (let i = start; i < end; i++) if (lengths[i]) symbols[next[lengths[i]]++] = i - start;
  return { counts, symbols };
}

/** Symbols 257 to 285 are lengths from 3, 0 to 29 distances from 1: how many more bits each has, and its least value. */
function bases(extra: number[], first: number): { extra: number[]; base: number[] } {
  const base: number[] = [];
  for (const bits of extra) {
    base.push(first);
    first += 1 << bits;
  }
  return { extra, base };
}
const LENGTHS = /* @__PURE__ */ bases([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5,
  5], 3);
const DISTANCES = /* @__PURE__ */ bases([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11,
  11, 12, 12, 13, 13], 1);

/** The order in which a block gives the lengths of the code for lengths. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Inflates data that are known to be whole (they are part of this package). `bytes`: how many come out. */
export function inflate(input: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(bytes);
  let at = 0, to = 0, held = 0, heldBits = 0;

  const take = (count: number): number => {
    while (heldBits < count) {
      held |= input[at++] << heldBits;
      heldBits += 8;
    }
    const value = held & ((1 << count) - 1);
    held >>>= count;
    heldBits -= count;
    return value;
  };

  const decode = ({ counts, symbols }: Code): number => {
    for (let length = 1, code = 0, first = 0, index = 0; length <= MAX_BITS; length++) {
      if (heldBits === 0) {
        held = input[at++];
        heldBits = 8;
      }
      code |= held & 1;
      held >>>= 1;
      heldBits--;
      const count = counts[length];
      if (code - first < count) return symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new RangeError('damaged');
  };

  for (let last = false; !last;) {
    last = take(1) === 1;
    const kind = take(2);
    if (kind === 0) { // as they are
      held = heldBits = 0;
      const count = input[at] | input[at + 1] << 8;
      at += 4;
      output.set(input.subarray(at, at + count), to);
      at += count;
      to += count;
      continue;
    }
    let literals: Code, distances: Code;
    if (kind === 1) { // the fixed codes
      const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
      literals = codeOf(lengths, 0, 288);
      distances = codeOf(new Uint8Array(30).fill(5), 0, 30);
    } else {
      const literalCount = take(5) + 257, distanceCount = take(5) + 1, given = take(4) + 4;
      const short = new Uint8Array(19);
      for (let i = 0; i < given; i++) short[ORDER[i]] = take(3);
      const code = codeOf(short, 0, 19);
      const lengths = new Uint8Array(literalCount + distanceCount);
      for (let i = 0; i < lengths.length;) {
        const symbol = decode(code);
        if (symbol < 16) {
          lengths[i++] = symbol;
        } else {
          const value = symbol === 16 ? lengths[i - 1] : 0;
          const count = symbol === 16 ? take(2) + 3 : symbol === 17 ? take(3) + 3 : take(7) + 11;
          lengths.fill(value, i, i += count);
        }
      }
      literals = codeOf(lengths, 0, literalCount);
      distances = codeOf(lengths, literalCount, lengths.length);
    }
    for (let symbol = decode(literals); symbol !== 256; symbol = decode(literals)) {
      if (symbol < 256) {
        output[to++] = symbol;
        continue;
      }
      // 258, the greatest length, has a symbol of its own.
      const length = symbol === 285 ? 258 : LENGTHS.base[symbol - 257] + take(LENGTHS.extra[symbol - 257]);
      const distance = decode(distances);
      const from = to - DISTANCES.base[distance] - take(DISTANCES.extra[distance]);
      for (let i = 0; i < length; i++) output[to++] = output[from + i];
    }
  }
  return output;
}
