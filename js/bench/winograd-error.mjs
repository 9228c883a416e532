/* SPDX-License-Identifier: MIT */
// How far Winograd's convolution and the direct one are from the exact result: the table in docs/performance/winograd.md.
//
//   node js/bench/winograd-error.mjs
//
// Inputs and filters are uniform in [-1, 1]; the reference is summed in double precision, over every output.
import { load, TIERS, supports } from 'lanewise/runtime';

const LAYERS = [[56, 64], [28, 128], [14, 256], [7, 512]];

function randoms(n, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/* 3x3, stride 1, 'same': x is [side][side][channels], filter [3][3][channels][channels]. */
function exact(x, filter, side, channels) {
  const out = new Float64Array(side * side * channels);
  for (let y = 0; y < side; y++) {
    for (let c = 0; c < side; c++) {
      const to = out.subarray((y * side + c) * channels, (y * side + c + 1) * channels);
      for (let k = 0; k < 9; k++) {
        const iy = y + Math.floor(k / 3) - 1, ix = c + k % 3 - 1;
        if (iy < 0 || iy >= side || ix < 0 || ix >= side) continue;
        for (let i = 0; i < channels; i++) {
          const value = x[(iy * side + ix) * channels + i], row = (k * channels + i) * channels;
          for (let o = 0; o < channels; o++) to[o] += value * filter[row + o];
        }
      }
    }
  }
  return out;
}

console.log(`${'layer'.padEnd(10)}${'tier'.padEnd(9)}${'option'.padEnd(8)}   largest      mean   x direct: largest  mean`);
for (const [side, channels] of LAYERS) {
  const x = randoms(side * side * channels, 1), filter = randoms(9 * channels * channels, 2);
  const want = exact(x, filter, side, channels);
  for (const tier of TIERS.filter((name) => name !== 'scalar' && supports(name))) { // scalar: the same bits as simd128
    let direct;
    for (const winograd of ['off', 'f2', 'auto']) {
      const lw = await load({ tier, winograd });
      const got = lw.conv2d(lw.tensor(x, [1, side, side, channels]), lw.tensor(filter, [3, 3, channels, channels]),
        { padding: 'same' }).data();
      let largest = 0, sum = 0;
      for (let i = 0; i < got.length; i++) {
        const error = Math.abs(got[i] - want[i]);
        sum += error;
        if (!(error <= largest)) largest = error;
      }
      const mean = sum / got.length;
      direct ??= { largest, mean };
      console.log(`${`${side}²x${channels}`.padEnd(10)}${tier.padEnd(9)}${winograd.padEnd(8)}` +
        `${largest.toExponential(2).padStart(10)}${mean.toExponential(2).padStart(10)}` +
        `${(largest / direct.largest).toFixed(2).padStart(19)}${(mean / direct.mean).toFixed(2).padStart(6)}`);
    }
  }
}
