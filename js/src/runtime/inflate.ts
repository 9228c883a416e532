/* SPDX-License-Identifier: MIT */
/*
 * Inflates deflated data (RFC 1951). The engines' own DecompressionStream is missing from those that need the scalar tier.
 *
 * A code of up to FAST_BITS bits is looked up at once; a longer one is decoded by counting: codes of n bits are consecutive
 * numbers, and follow those of n - 1 bits.
 */

/** A prefix code. */
interface Code {
  /** How many symbols have each length. */
  readonly counts: Uint16Array;
  /** The symbols in order of their codes. */
  readonly symbols: Uint16Array;
  /** For the next FAST_BITS bits of the input: symbol * 16 + length, or 0 where the code is longer. */
  readonly fast: Uint16Array;
}

const MAX_BITS = 15, FAST_BITS = 10;

function codeOf(lengths: ArrayLike<number>, start: number, end: number): Code {
  const counts = new Uint16Array(MAX_BITS + 1), symbols = new Uint16Array(end - start);
  const fast = new Uint16Array(1 << FAST_BITS);
  for (let i = start; i < end; i++) counts[lengths[i]]++;
  counts[0] = 0;
  const next = new Uint16Array(MAX_BITS + 2), codes = new Uint16Array(MAX_BITS + 2);
  for (let n = 1; n <= MAX_BITS; n++) {
    next[n + 1] = next[n] + counts[n];
    codes[n + 1] = (codes[n] + counts[n]) << 1;
  }
  for (let i = start; i < end; i++) {
    const length = lengths[i];
    if (length === 0) continue;
    symbols[next[length]++] = i - start;
    const code = codes[length]++;
    if (length > FAST_BITS) continue;
    let reversed = 0; // the first bit of a code is the lowest that is read
    for (let bit = 0; bit < length; bit++) reversed |= (code >> bit & 1) << (length - 1 - bit);
    for (let at = reversed; at < fast.length; at += 1 << length) fast[at] = (i - start) << 4 | length;
  }
  return { counts, symbols, fast };
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

/** Reads bits, the lowest of a byte first. */
class Bits {
  held = 0;
  heldBits = 0;
  at = 0;

  constructor(readonly input: Uint8Array) {}

  /** Has at least so many bits at hand; beyond the end they are zeros. */
  private need(count: number): void {
    for (; this.heldBits < count; this.heldBits += 8) this.held |= this.input[this.at++] << this.heldBits;
  }

  take(count: number): number {
    this.need(count);
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  decode({ counts, symbols, fast }: Code): number {
    this.need(MAX_BITS);
    const found = fast[this.held & ((1 << FAST_BITS) - 1)];
    if (found) {
      this.held >>>= found & 15;
      this.heldBits -= found & 15;
      return found >> 4;
    }
    for (let length = 1, code = 0, first = 0, index = 0; length <= MAX_BITS; length++) {
      code |= this.take(1);
      const count = counts[length];
      if (code - first < count) return symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new RangeError('damaged');
  }
}

/** Inflates data that are known to be whole (they are part of this package). `bytes`: how many come out. */
export function inflate(input: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(bytes), bits = new Bits(input);
  for (let last = false, to = 0; !last;) {
    last = bits.take(1) === 1;
    const kind = bits.take(2);
    if (kind === 0) { // as they are
      const at = bits.at - (bits.heldBits >> 3); // whole bytes may be at hand already
      const count = input[at] | input[at + 1] << 8;
      output.set(input.subarray(at + 4, at + 4 + count), to);
      to += count;
      bits.held = bits.heldBits = 0;
      bits.at = at + 4 + count;
    } else if (kind === 1) { // the fixed codes
      const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
      to = block(bits, codeOf(lengths, 0, 288), codeOf(new Uint8Array(30).fill(5), 0, 30), output, to);
    } else {
      const literalCount = bits.take(5) + 257, distanceCount = bits.take(5) + 1, given = bits.take(4) + 4;
      const short = new Uint8Array(19);
      for (let i = 0; i < given; i++) short[ORDER[i]] = bits.take(3);
      const code = codeOf(short, 0, 19);
      const lengths = new Uint8Array(literalCount + distanceCount);
      for (let i = 0; i < lengths.length;) {
        const symbol = bits.decode(code);
        if (symbol < 16) {
          lengths[i++] = symbol;
        } else {
          const value = symbol === 16 ? lengths[i - 1] : 0;
          const count = symbol === 16 ? bits.take(2) + 3 : symbol === 17 ? bits.take(3) + 3 : bits.take(7) + 11;
          lengths.fill(value, i, i += count);
        }
      }
      to = block(bits, codeOf(lengths, 0, literalCount), codeOf(lengths, literalCount, lengths.length), output, to);
    }
  }
  return output;
}

/** Inflates a block's literals and copies; returns where the output ends. */
function block(bits: Bits, literals: Code, distances: Code, output: Uint8Array, to: number): number {
  const { input } = bits, { fast } = literals, mask = (1 << FAST_BITS) - 1;
  let { held, heldBits, at } = bits;
  for (;;) {
    for (; heldBits < MAX_BITS; heldBits += 8) held |= input[at++] << heldBits;
    const found = fast[held & mask];
    let symbol = found >> 4;
    if (found) {
      held >>>= found & 15;
      heldBits -= found & 15;
    }
    if (found && symbol < 256) { // most are these
      output[to++] = symbol;
      continue;
    }
    bits.held = held;
    bits.heldBits = heldBits;
    bits.at = at;
    if (!found) symbol = bits.decode(literals);
    if (symbol === 256) return to;
    if (symbol < 256) {
      output[to++] = symbol;
    } else {
      // 258, the greatest length, has a symbol of its own.
      const length = symbol === 285 ? 258 : LENGTHS.base[symbol - 257] + bits.take(LENGTHS.extra[symbol - 257]);
      const distance = bits.decode(distances);
      const from = to - DISTANCES.base[distance] - bits.take(DISTANCES.extra[distance]);
      for (const end = to + length, back = to - from; to < end; to++) output[to] = output[to - back];
    }
    ({ held, heldBits, at } = bits);
  }
}
