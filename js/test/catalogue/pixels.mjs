/* SPDX-License-Identifier: MIT */
import { random } from '../values.mjs';

/** Cases here are for the table of kernels alone. */
const elsewhere = (cases, reason) => Object.fromEntries(Object.entries(cases).map(([dtype, each]) =>
  [dtype, { elsewhere: 'pixels.test.mjs', reason, cases: [each] }]));

/** As much of a canvas as drawing needs. */
const canvas = {
  getContext: () => ({
    createImageData: (width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
    putImageData: () => {},
  }),
};

export const Draw = elsewhere({
  float32: { inputs: { image: random('float32', [4, 5, 3], 1, 0, 1) }, attrs: { canvas } },
  int32: { inputs: { image: random('int32', [4, 5, 3], 1, 0, 255) }, attrs: { canvas } },
}, 'it takes a canvas');

export const FromPixels = elsewhere({
  int32: { inputs: { pixels: { data: new Uint8Array(80), width: 4, height: 5 } }, attrs: { numChannels: 3 } },
}, 'it takes a picture; with the cpu backend TensorFlow.js reads it itself');
