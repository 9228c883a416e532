/* SPDX-License-Identifier: MIT */
/*
 * Resizes pictures: the one resampler that the demo uses in Node and in browsers, so that both feed a model the same
 * numbers for the same pixels.
 *
 * Each output pixel is a weighted mean of the input pixels around it. The weights fall off linearly (a triangle), over
 * one input pixel when enlarging, and over one *output* pixel when shrinking: every input pixel then counts, and a
 * large photo does not alias. Rows and columns are independent, so it is done in two passes.
 */

/* The first input index and the weights of each output index, along one axis. */
function triangleWeights(inputSize, outputSize) {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const taps = [];
  for (let out = 0; out < outputSize; out++) {
    const centre = (out + 0.5) * scale - 0.5;
    const first = Math.max(Math.ceil(centre - support), 0);
    const last = Math.min(Math.floor(centre + support), inputSize - 1);
    const weights = new Float64Array(last - first + 1);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      weights[i] = Math.max(1 - Math.abs(first + i - centre) / support, 0);
      sum += weights[i];
    }
    for (let i = 0; i < weights.length; i++) weights[i] /= sum;
    taps.push({ first, weights });
  }
  return taps;
}

/*
 * image: { width, height, data } with data RGBA bytes, opaque, [height][width][4].
 * Returns a Float32Array of RGB from 0 to 255, [outputHeight][outputWidth][3].
 */
export function resample(image, outputWidth, outputHeight) {
  const { width, height, data } = image;
  const columns = triangleWeights(width, outputWidth);
  const rows = triangleWeights(height, outputHeight);

  const narrow = new Float32Array(height * outputWidth * 3); // [height][outputWidth][3]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outputWidth; x++) {
      const { first, weights } = columns[x];
      let red = 0, green = 0, blue = 0;
      let at = (y * width + first) * 4;
      for (let i = 0; i < weights.length; i++, at += 4) {
        red += weights[i] * data[at];
        green += weights[i] * data[at + 1];
        blue += weights[i] * data[at + 2];
      }
      const to = (y * outputWidth + x) * 3;
      narrow[to] = red;
      narrow[to + 1] = green;
      narrow[to + 2] = blue;
    }
  }

  const stride = outputWidth * 3;
  const output = new Float32Array(outputHeight * stride); // [outputHeight][outputWidth][3]
  const sums = new Float64Array(stride);
  for (let y = 0; y < outputHeight; y++) {
    const { first, weights } = rows[y];
    sums.fill(0);
    for (let i = 0; i < weights.length; i++) {
      const from = (first + i) * stride;
      for (let x = 0; x < stride; x++) sums[x] += weights[i] * narrow[from + x];
    }
    output.set(sums, y * stride);
  }
  return output;
}

/* The same as an image of RGBA bytes again. */
export function resizeImage(image, outputWidth, outputHeight) {
  const rgb = resample(image, outputWidth, outputHeight);
  const data = new Uint8ClampedArray(outputWidth * outputHeight * 4);
  for (let from = 0, to = 0; to < data.length; from += 3, to += 4) {
    data[to] = rgb[from];
    data[to + 1] = rgb[from + 1];
    data[to + 2] = rgb[from + 2];
    data[to + 3] = 255;
  }
  return { width: outputWidth, height: outputHeight, data };
}

/* Part of an image, which must lie inside of it. */
export function cropImage(image, left, top, width, height) {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 4;
    data.set(image.data.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, data };
}
