/* SPDX-License-Identifier: MIT */
/*
 * Makes the denoiser's weights, and voices to try it with, from a seed:
 *
 *     node make.mjs WEIGHTS NOISY CLEAN     (raw float32, 16 kHz)
 *
 * The hidden layer's weights are random, and only the layer behind it is trained, by least squares: that takes a second
 * and is no worse than it needs to be here. The voices are made too: hummed syllables in white noise.
 */
import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/* As in denoiser.c. */
const RATE = 16000, HOP = 160, WINDOW = 320, BINS = 161, BANDS = 24, CONTEXT = 5, HIDDEN = 64;

/* Uniform numbers from 0 to 1 (Mulberry32). */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/* { clean, noisy }: syllables with a gliding pitch and pauses between them, and the same in noise. */
export function makeVoice(seconds, noise, seed) {
  const random = uniform(seed), clean = new Float32Array(seconds * RATE);
  for (let at = 0; at < clean.length;) {
    const length = Math.floor((0.15 + 0.3 * random()) * RATE);
    const pitch = 90 + 160 * random(), glide = 0.7 + 0.6 * random();
    const formants = [300 + 500 * random(), 900 + 1300 * random()];
    const harmonics = Array.from({ length: 20 }, (_, k) => (
      formants.reduce((sum, f) => sum + Math.exp(-((((k + 1) * pitch - f) / 150) ** 2)), 0.02)));
    let phase = 0;
    for (let i = 0; i < length && at + i < clean.length; i++) {
      phase += (2 * Math.PI * pitch * glide ** (i / length)) / RATE;
      const loud = 0.15 * Math.sin((Math.PI * i) / length) ** 0.5;
      clean[at + i] = loud * harmonics.reduce((sum, h, k) => sum + h * Math.sin((k + 1) * phase), 0);
    }
    at += length + Math.floor((0.05 + 0.25 * random()) * RATE);
  }
  return { clean, noisy: clean.map((x) => x + noise * normal(random)) };
}

/* ---- The parts that are no question of training ----------------------------------------------------------------- */

const window = (n) => Math.sin((Math.PI * n) / WINDOW);
const wave = (n, c) => (c < BINS ? Math.cos((2 * Math.PI * n * c) / WINDOW)
  : Math.sin((2 * Math.PI * n * (c - BINS)) / WINDOW));
const inEnds = (c) => c % BINS === 0 || c % BINS === BINS - 1;

/* [WINDOW][2 BINS]: a window's cosines, then sines; and back. */
const table = (value) => Float32Array.from({ length: WINDOW * 2 * BINS }, (_, i) => (
  value(Math.floor(i / (2 * BINS)), i % (2 * BINS))));
const analysis = table((n, c) => window(n) * wave(n, c));
const synthesis = table((n, c) => (window(n) * wave(n, c) * (inEnds(c) ? 1 : 2)) / WINDOW);

/* [2 BINS][BANDS]: triangles, equally wide on a scale like the ear's. */
const ear = (bin) => Math.log(1 + ((bin * RATE) / WINDOW) / 700);
const bands = Float32Array.from({ length: 2 * BINS * BANDS }, (_, i) => {
  const place = (ear(Math.floor(i / BANDS) % BINS) / ear(BINS)) * BANDS - 0.5;
  return Math.max(1 - Math.abs(place - (i % BANDS)), 0);
});

/* ---- Training --------------------------------------------------------------------------------------------------- */

/* The spectra of a signal, as the analysis gives them: [frames][2 BINS]. */
function spectra(signal) {
  const frames = Math.floor(signal.length / HOP) - 1;
  return Array.from({ length: frames }, (_, t) => {
    const spectrum = new Float64Array(2 * BINS);
    for (let n = 0; n < WINDOW; n++) {
      const x = signal[t * HOP + n];
      for (let c = 0; c < 2 * BINS; c++) spectrum[c] += x * analysis[n * 2 * BINS + c];
    }
    return spectrum;
  });
}

function loudness(spectrum) {
  const sums = new Float64Array(BANDS).fill(1e-6);
  spectrum.forEach((x, c) => sums.forEach((_, b) => { sums[b] += x * x * bands[c * BANDS + b]; }));
  return sums.map(Math.log);
}

/* Solves A X = B, A symmetric and positive, by elimination in place; the rows of B become those of X. */
function solve(A, B) {
  const size = A.length;
  for (let i = 0; i < size; i++) {
    for (let r = 0; r < size; r++) {
      if (r === i) continue;
      const factor = A[r][i] / A[i][i];
      for (let c = i; c < size; c++) A[r][c] -= factor * A[i][c];
      for (let c = 0; c < B[r].length; c++) B[r][c] -= factor * B[i][c];
    }
  }
  return B.map((row, i) => row.map((x) => x / A[i][i]));
}

/* All weights, in the order in which denoiser.c reads them. */
export function makeWeights(seed = 1) {
  const random = uniform(seed), inputs = CONTEXT * BANDS;
  // What the hidden layer sees is about -6 on average and varies by 4.
  const hidden = Float32Array.from({ length: inputs * HIDDEN }, () => normal(random) / Math.sqrt(inputs) / 4);
  const hiddenBias = Float32Array.from({ length: HIDDEN }, (_, h) => {
    let bias = 0.5 * normal(random);
    for (let i = 0; i < inputs; i++) bias += 6 * hidden[i * HIDDEN + h];
    return bias;
  });

  // Least squares for the gain of each bin, |clean|^2 / (|clean|^2 + |noise|^2), from the hidden layer and 1.
  const size = HIDDEN + 1;
  const A = Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 0.1 : 0)));
  const B = Array.from({ length: size }, () => new Float64Array(BINS));
  [0.01, 0.03, 0.06, 0.1].forEach((noise, i) => {
    const { clean, noisy } = makeVoice(4, noise, seed + 1 + i);
    const wanted = spectra(clean), seen = spectra(noisy), loud = seen.map(loudness);
    for (let t = CONTEXT - 1; t < seen.length; t++) {
      const features = new Float64Array(size).fill(1);
      for (let h = 0; h < HIDDEN; h++) {
        let sum = hiddenBias[h];
        for (let k = 0; k < inputs; k++) {
          sum += loud[t - CONTEXT + 1 + Math.floor(k / BANDS)][k % BANDS] * hidden[k * HIDDEN + h];
        }
        features[h] = Math.max(sum, 0);
      }
      for (let r = 0; r < size; r++) {
        for (let c = 0; c < size; c++) A[r][c] += features[r] * features[c];
        for (let bin = 0; bin < BINS; bin++) {
          const power = (a, b) => (a[bin] - b[bin]) ** 2 + (a[bin + BINS] - b[bin + BINS]) ** 2;
          const signal = wanted[t][bin] ** 2 + wanted[t][bin + BINS] ** 2;
          B[r][bin] += (features[r] * signal) / (signal + power(seen[t], wanted[t]) + 1e-9);
        }
      }
    }
  });
  const rows = solve(A, B);
  const gains = Float32Array.from(rows.slice(0, HIDDEN).flatMap((row) => [...row]));
  const parts = [analysis, bands, hidden, hiddenBias, gains, Float32Array.from(rows[HIDDEN]), synthesis];
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const [weights, noisyFile, cleanFile] = process.argv.slice(2);
  if (!cleanFile) throw new Error('usage: node make.mjs WEIGHTS NOISY CLEAN');
  const { clean, noisy } = makeVoice(6, 0.05, 100);
  writeFileSync(weights, makeWeights());
  writeFileSync(noisyFile, noisy);
  writeFileSync(cleanFile, clean);
}
