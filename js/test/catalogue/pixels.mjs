/* SPDX-License-Identifier: MIT */
const elsewhere = (dtypes, reason) => Object.fromEntries(dtypes.map(dtype =>
  [dtype, { elsewhere: 'pixels.test.mjs', reason }]));

export const Draw = elsewhere(['float32', 'int32'], 'it takes a canvas');
export const FromPixels = elsewhere(['int32'], 'it takes a picture; with the cpu backend TensorFlow.js reads it itself');
