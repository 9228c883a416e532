/* SPDX-License-Identifier: MIT */
/*
 * Tensors as the catalogue writes them: `{ dtype, shape, values }`, made on each backend anew. complex64 values lie
 * interleaved: real, imaginary, real, ...
 */

const size = shape => shape.reduce((product, n) => product * n, 1);

const mirrored = numbers => numbers.flatMap(x => [x, -x]);

/** Where kernels go wrong: what is not finite, zeros, denormals, the largest, ties of rounding, integers' extremes. */
export const EDGES = {
  float32: Float32Array.of(NaN, ...mirrored([
    Infinity, 0, 1.401298464324817e-45, 1.1754942106924411e-38, 1.1754943508222875e-38, 1e-20, 1e-7, 5.9604645e-8, 0.1,
    0.49999997, 0.5, 0.50000006, 0.99999994, 1, 1.0000001, 1.5, 2, 2.5, 3, 3.5, Math.PI, 6, 6.5, 10.25, 20, 87.5, 89,
    104, 1000.5, 65536, 4194304.5, 8388607.5, 8388608, 8388609, 16777216, 1e9, 2147483520, 2147483648, 4294967296, 6e9,
    1e20, 1.8446744e19, 1.7e38, 3.4028234663852886e38,
  ])),
  int32: Int32Array.of(0, ...mirrored([
    1, 2, 3, 5, 6, 7, 10, 31, 32, 100, 255, 256, 1000, 46340, 46341, 65536, 16777216, 16777217, 1000000007, 2147483646,
    2147483647,
  ]), -2147483648),
  bool: Uint8Array.of(0, 1),
  string: ['', 'a', 'b', 'A', ',', 'a,b', 'ab', 'ä', '水', '😀', '\uffff', '\0', ' a', '10', '9'],
};

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array, complex64: Float32Array };

/** A tensor of these numbers, or strings, over and over. */
export function tensor(dtype, shape, values) {
  const length = size(shape) * (dtype === 'complex64' ? 2 : 1);
  const all = Array.from({ length }, (_, i) => values[i % values.length]);
  return { dtype, shape, values: dtype === 'string' ? all : ARRAYS[dtype].from(all) };
}

/** A tensor that goes through the edges of its dtype in steps of `stride`, from `start` on. */
export function edges(dtype, shape, start = 0, stride = 1) {
  const from = EDGES[dtype === 'complex64' ? 'float32' : dtype];
  return tensor(dtype, shape, Array.from(from, (_, i) => from[(start + i * stride) % from.length]));
}

/** All edges of a dtype in one dimension: `[n]`. */
export const line = dtype => edges(dtype, [EDGES[dtype].length]);

/** A tensor of random numbers from low to high, the same ones for the same seed. */
export function random(dtype, shape, seed = 1, low = dtype === 'int32' ? -100 : -1, high = -low) {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const fraction = (state >>> 0) / 2 ** 32;
    if (dtype === 'bool') return fraction < 0.5 ? 0 : 1;
    if (dtype === 'string') return EDGES.string[Math.floor(fraction * EDGES.string.length)];
    return dtype === 'int32' ? low + Math.floor(fraction * (high - low + 1)) : low + fraction * (high - low);
  };
  const count = size(shape) * (dtype === 'complex64' ? 2 : 1);
  return tensor(dtype, shape, Array.from({ length: Math.max(count, 1) }, next));
}
