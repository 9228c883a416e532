/* SPDX-License-Identifier: MIT */
/*
 * The layers that scripts/bench ops times. Each is { group, name, inputs, run, flops, bytes, reference, goal }:
 *   inputs     shapes by name; the tensors are made once, with random values in -1 to 1. Those that isWeight() knows
 *              are weights, which a library may pack beforehand
 *   values     by name the numbers of inputs that aren't random floats: indices, boxes, bools (a Uint8Array)
 *   run        (tf, tensors) => output, through TensorFlow.js's API
 *   flops      of the direct sum: what Winograd's method saves shows as more GFLOP/s than the machine has
 *   bytes      read and written at least once; a layer without flops is measured against the copy bandwidth
 *   reference  microseconds of XNNPACK (August 2026, the best of its wasm builds), measured once on a machine like
 *              this one; not measured by this program
 *   goal       how many times faster than that Lanewise wants to be
 */
export const isWeight = (name) => /^(filter|bias|slopes|alpha|weights|mean|variance|scale|shift)$/.test(name);

const convolution = (group, side, inputs, outputs, kernel, stride, reference, goal) => {
  const output = Math.ceil(side / stride);
  const macs = output * output * kernel * kernel * inputs * outputs;
  return {
    group, name: `conv ${kernel}x${kernel}${stride > 1 ? ` s${stride}` : ''} ${side}² ${inputs}→${outputs}`,
    inputs: { x: [1, side, side, inputs], filter: [kernel, kernel, inputs, outputs], bias: [outputs] },
    run: (tf, { x, filter, bias }) => (
      tf.fused.conv2d({ x, filter, bias, strides: stride, pad: 'same', activation: 'relu6' })),
    flops: 2 * macs,
    bytes: 4 * (side * side * inputs + kernel * kernel * inputs * outputs + output * output * outputs),
    reference, goal,
  };
};

const depthwise = (side, channels, kernel, stride, reference, goal, dilation = 1, multiplier = 1) => {
  const [height, width] = [kernel].flat().length > 1 ? kernel : [kernel, kernel];
  const output = Math.ceil(side / stride);
  return {
    group: 'depthwise',
    name: `depthwise ${height}x${width}${stride > 1 ? ` s${stride}` : ''}${dilation > 1 ? ` d${dilation}` : ''} ` +
      `${side}²x${channels}${multiplier > 1 ? ` times ${multiplier}` : ''}`,
    inputs: {
      x: [1, side, side, channels], filter: [height, width, channels, multiplier], bias: [channels * multiplier],
    },
    run: (tf, { x, filter, bias }) => (
      tf.fused.depthwiseConv2d({
        x, filter, bias, strides: stride, dilations: dilation, pad: 'same', activation: 'relu6',
      })),
    flops: 2 * output * output * height * width * channels * multiplier,
    bytes: 4 * channels * (side * side + (height * width + output * output) * multiplier),
    reference, goal,
  };
};

const transposed = (side, channels, kernel, stride, reference, goal) => ({
  group: 'transposed', name: `transposed ${kernel}x${kernel} s${stride} ${side}² ${channels}→${channels}`,
  inputs: { x: [1, side, side, channels], filter: [kernel, kernel, channels, channels] },
  run: (tf, { x, filter }) => (
    tf.conv2dTranspose(x, filter, [1, side * stride, side * stride, channels], stride, 'same')),
  flops: 2 * side * side * kernel * kernel * channels * channels,
  bytes: 4 * (side * side * channels * (1 + stride * stride) + kernel * kernel * channels * channels),
  reference, goal,
});

const matmul = (batch, m, n, k, reference, goal, options = {}) => {
  const { transposeA = false, transposeB = false } = options;
  const shape = (rows, columns) => (batch > 1 ? [batch, rows, columns] : [rows, columns]);
  return {
    group: 'matmul',
    name: `matmul ${batch > 1 ? `${batch}x` : ''}${m}x${k}x${n}${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`,
    inputs: { a: transposeA ? shape(k, m) : shape(m, k), weights: transposeB ? shape(n, k) : shape(k, n) },
    run: (tf, { a, weights }) => tf.matMul(a, weights, transposeA, transposeB),
    flops: 2 * batch * m * n * k, bytes: 4 * batch * (m * k + k * n + m * n), reference, goal,
  };
};

const pool = (kind, side, channels, kernel, stride, reference, goal) => {
  const output = Math.ceil(side / stride);
  return {
    group: 'pooling', name: `${kind} pool ${kernel}x${kernel} s${stride} ${side}²x${channels}`,
    inputs: { x: [1, side, side, channels] },
    run: (tf, { x }) => (kind === 'max' ? tf.maxPool : tf.avgPool)(x, kernel, stride, 'same'),
    flops: 0, bytes: 4 * channels * (side * side + output * output), reference, goal,
  };
};

const MILLION = [1000, 1000];
const unary = (name, run, reference, goal) => ({
  group: 'elementwise', name: `${name} 1e6`, inputs: { x: MILLION }, run: (tf, { x }) => run(tf, x),
  flops: 0, bytes: 8e6, reference, goal,
});

const rows = (group, name, inputs, run, bytes, reference, goal, values) => (
  { group, name, inputs, values, run, flops: 0, bytes, reference, goal });

/* 0 to count - 1, each times `step` and modulo `end`. */
const int32 = (count, step, end) => Int32Array.from({ length: count }, (_, i) => i * step % end);
const bools = (count) => Uint8Array.from({ length: count }, (_, i) => i * 7 % 3 === 0);

/* As TensorFlow's converter leaves it. (tf.layers calls batchNorm with statistics repeated to the size of x.) */
const layerNorm = (count, columns) => rows('rows', `layer norm in parts ${count}x${columns}`,
  { x: [count, columns], scale: [columns], shift: [columns] }, (tf, { x, scale, shift }) => {
    const mean = tf.mean(x, 1, true);
    const variance = tf.mean(tf.squaredDifference(x, mean), 1, true);
    const factor = tf.mul(tf.rsqrt(tf.add(variance, 1e-5)), scale);
    return tf.add(tf.mul(x, factor), tf.sub(shift, tf.mul(mean, factor)));
  }, 8 * count * columns);

const batchNorm = (side, channels) => rows('rows', `batch norm ${side}²x${channels}`,
  { x: [1, side, side, channels], mean: [channels], variance: [channels], scale: [channels], shift: [channels] },
  (tf, { x, mean, variance, scale, shift }) => tf.batchNorm(x, mean, variance, shift, scale),
  8 * side * side * channels, undefined, undefined, { variance: new Float32Array(channels).fill(0.5) });

/* Boxes as a detector cuts them out of a picture: within it, or reaching beyond its border. */
const crops = (count, side, channels, size, method, beyond) => {
  const boxes = Float32Array.from({ length: 4 * count }, (_, i) => (
    i % 4 < 2 ? 0.1 + 0.01 * (i % 7) - beyond : 0.7 + 0.01 * (i % 11) + beyond));
  return rows('images', `${count} crops ${method} ${side}²x${channels} to ${size}²${beyond ? ' beyond' : ''}`,
    { x: [1, side, side, channels], boxes: [count, 4], which: [count] },
    (tf, inputs) => tf.image.cropAndResize(inputs.x, inputs.boxes, inputs.which, [size, size], method),
    4 * count * size * size * channels, undefined, undefined, { boxes, which: int32(count, 1, 1) });
};

export const LAYERS = [
  convolution('pointwise', 56, 64, 128, 1, 1, 1000, 1.1),
  convolution('pointwise', 56, 128, 128, 1, 1, 2089, 1.1),
  convolution('pointwise', 28, 128, 256, 1, 1, 966, 1.07),
  convolution('pointwise', 28, 256, 256, 1, 1, 1993, 1.07),
  convolution('pointwise', 14, 256, 512, 1, 1, 967, 1.07),
  convolution('pointwise', 14, 512, 512, 1, 1, 1963, 1.07),
  convolution('pointwise', 112, 32, 64, 1, 1, 1060, 1.12),
  convolution('pointwise', 7, 512, 1024, 1, 1, 1026, 1.12),
  convolution('pointwise', 7, 1024, 1024, 1, 1, 2117, 1.12),
  convolution('pointwise', 28, 96, 2, 1, 1, 7.8, 1.3),
  convolution('pointwise', 14, 64, 64, 1, 1),
  convolution('pointwise', 56, 24, 144, 1, 1, 736, 1.3),
  convolution('pointwise', 56, 144, 24, 1, 1, 875, 1.3),
  convolution('3x3', 56, 64, 64, 3, 1, 4333, 3.4),
  convolution('3x3', 28, 128, 128, 3, 1, 4372, 3.7),
  convolution('3x3', 14, 256, 256, 3, 1, 4357, 3.0),
  convolution('3x3', 7, 512, 512, 3, 1, 4906, 2.3),
  convolution('3x3', 14, 32, 32, 3, 1),
  convolution('first layer', 224, 3, 32, 3, 2, 560, 1.5),
  convolution('first layer', 224, 3, 64, 7, 2, 5994, 1.5),
  convolution('first layer', 128, 3, 24, 5, 2, 784, 1.5),
  depthwise(112, 32, 3, 1, 591, 3),
  depthwise(56, 128, 3, 1, 536, 3),
  depthwise(28, 256, 3, 1, 270, 3),
  depthwise(14, 512, 3, 1, 141, 2),
  depthwise(7, 1024, 3, 1, 73.5, 1.3),
  depthwise(112, 64, 3, 2, 282, 2),
  depthwise(56, 128, 3, 2, 140, 2),
  depthwise(28, 256, 3, 2, 70, 2),
  depthwise(14, 512, 3, 2, 35, 2),
  depthwise(64, 24, 5, 1, 356, 2.5),
  depthwise(32, 48, 5, 1, 167, 2.5),
  depthwise(16, 96, 5, 1, 81, 2.5),
  depthwise(28, 96, 7, 1, 2482, 10),
  depthwise(64, 64, 5, 2),
  depthwise(56, 64, 3, 1, undefined, undefined, 2),
  depthwise(64, 1, 3, 1),
  depthwise(224, 3, 5, 1),
  depthwise(56, 32, 3, 1, undefined, undefined, 1, 2),
  depthwise(112, 3, 3, 2, undefined, undefined, 1, 8),
  depthwise(56, 64, [3, 1], 1),
  depthwise(56, 64, [1, 3], 1),
  matmul(1, 1, 1001, 1024, 72, 1.3),
  matmul(1, 1, 1024, 1024, 74, 1.3),
  matmul(1, 1, 1024, 4096, 312, 1.3),
  matmul(1, 64, 64, 64),
  matmul(1, 128, 128, 128),
  matmul(1, 256, 256, 256, 2 * 256 ** 3 / 54e3, 1.07),
  matmul(1, 512, 512, 512, 2 * 512 ** 3 / 50e3, 1.07),
  matmul(1, 1024, 1024, 1024, 2 * 1024 ** 3 / 49e3, 1.07),
  matmul(1, 128, 3072, 768),
  matmul(1, 256, 256, 256, undefined, undefined, { transposeA: true }),
  matmul(1, 256, 256, 256, undefined, undefined, { transposeB: true }),
  matmul(12, 128, 128, 64, undefined, undefined, { transposeB: true }),
  transposed(32, 64, 2, 2, 1127, 1.7),
  transposed(32, 64, 4, 4, 4732, 1.7),
  transposed(32, 64, 3, 2, 2726, 1.7),
  pool('max', 112, 64, 3, 2, 526, 6),
  pool('max', 112, 64, 2, 2, 532, 6),
  pool('average', 112, 64, 3, 2, 204, 3),
  pool('average', 28, 64, 3, 2),
  rows('pooling', 'global average 7²x1024', { x: [1, 7, 7, 1024] }, (tf, { x }) => tf.mean(x, [1, 2]),
    4 * 50 * 1024, 4.55, 1.5),
  rows('rows', 'softmax 1x1001', { x: [1, 1001] }, (tf, { x }) => tf.softmax(x), 8 * 1001, 0.67, 2),
  rows('rows', 'softmax 96x192', { x: [96, 192] }, (tf, { x }) => tf.softmax(x), 8 * 96 * 192),
  rows('rows', 'softmax 1000x1000', { x: MILLION }, (tf, { x }) => tf.softmax(x), 8e6, 670, 2),
  rows('rows', 'max 1000x1000 of rows', { x: MILLION }, (tf, { x }) => tf.max(x, 1), 4e6),
  rows('rows', 'min 1000x1000 of columns', { x: MILLION }, (tf, { x }) => tf.min(x, 0), 4e6),
  rows('rows', 'sum 1000x1000 of rows', { x: MILLION }, (tf, { x }) => tf.sum(x, 1), 4e6),
  rows('rows', 'argmax 1000x1000 of rows', { x: MILLION }, (tf, { x }) => tf.argMax(x, 1), 4e6),
  rows('rows', 'argmax 1000x1000 of columns', { x: MILLION }, (tf, { x }) => tf.argMax(x, 0), 4e6),
  rows('rows', 'argmax 48²x17 over pixels', { x: [48 * 48, 17] }, (tf, { x }) => tf.argMax(x, 0), 4 * 48 * 48 * 17),
  rows('rows', 'top 5 of 1001', { x: [1, 1001] }, (tf, { x }) => tf.topk(x, 5).values, 4004),
  rows('rows', 'top 100 of 10000', { x: [1, 10000] }, (tf, { x }) => tf.topk(x, 100).values, 4e4),
  batchNorm(112, 32),
  batchNorm(7, 960),
  layerNorm(196, 768),
  rows('rows', 'layer norm of tf.layers 196x768', { x: [196, 768], scale: [768], shift: [768] },
    (tf, { x, scale, shift }) => {
      const { mean, variance } = tf.moments(x, 1, true);
      const repeated = (parameter) => tf.tile(tf.reshape(parameter, [1, 768]), [196, 1]);
      return tf.batchNorm(x, tf.tile(mean, [1, 768]), tf.tile(variance, [1, 768]), repeated(shift), repeated(scale));
    }, 8 * 196 * 768),
  rows('rows', 'cumsum 1000x1000 of rows', { x: MILLION }, (tf, { x }) => tf.cumsum(x, 1), 8e6),
  rows('rows', 'cumsum 1000x1000 of columns', { x: MILLION }, (tf, { x }) => tf.cumsum(x, 0), 8e6),
  unary('sigmoid', (tf, x) => tf.sigmoid(x), 731, 3),
  unary('tanh', (tf, x) => tf.tanh(x), 1513, 3),
  unary('exp', (tf, x) => tf.exp(x), 1460, 3),
  unary('elu', (tf, x) => tf.elu(x), 778, 3),
  unary('relu', (tf, x) => tf.relu(x), 94, 1),
  unary('relu6', (tf, x) => tf.relu6(x), 94, 1),
  unary('leaky relu', (tf, x) => tf.leakyRelu(x), 98, 1),
  unary('erf', (tf, x) => tf.erf(x)),
  unary('log1p', (tf, x) => tf.log1p(x)),
  unary('softplus', (tf, x) => tf.softplus(x)),
  unary('selu', (tf, x) => tf.selu(x)),
  unary('reciprocal', (tf, x) => tf.reciprocal(x)),
  unary('sin', (tf, x) => tf.sin(x)),
  unary('atan', (tf, x) => tf.atan(x)),
  unary('sinh', (tf, x) => tf.sinh(x)),
  rows('elementwise', 'prelu 1e6', { x: [1000, 1000], alpha: [1000] }, (tf, { x, alpha }) => tf.prelu(x, alpha),
    8e6, 224, 2),
  rows('elementwise', 'add bias row 1e6', { x: [1000, 1000], bias: [1000] }, (tf, { x, bias }) => tf.add(x, bias),
    8e6, 240, 2),
  rows('elementwise', 'add 1e6', { x: MILLION, b: MILLION }, (tf, { x, b }) => tf.add(x, b), 12e6),
  rows('elementwise', 'add 28²x64', { x: [1, 28, 28, 64], b: [1, 28, 28, 64] }, (tf, { x, b }) => tf.add(x, b),
    12 * 28 * 28 * 64),
  rows('elementwise', 'pointwise and prelu 96²x16',
    { x: [1, 96, 96, 16], filter: [1, 1, 16, 16], bias: [16], slopes: [16] },
    (tf, { x, filter, bias, slopes }) => tf.fused.conv2d({
      x, filter, bias, strides: 1, pad: 'same', activation: 'prelu', preluActivationWeights: slopes,
    }), 8 * 96 * 96 * 16),
  rows('elementwise', 'add bias 56²x128', { x: [1, 56, 56, 128], bias: [128] },
    (tf, { x, bias }) => tf.add(x, bias),
    8 * 56 * 56 * 128),
  rows('elementwise', 'add bias 112²x16', { x: [1, 112, 112, 16], bias: [16] },
    (tf, { x, bias }) => tf.add(x, bias),
    8 * 112 * 112 * 16),
  rows('elementwise', 'add bias 224²x3', { x: [1, 224, 224, 3], bias: [3] },
    (tf, { x, bias }) => tf.add(x, bias),
    8 * 224 * 224 * 3),
  rows('elementwise', 'multiply 14²x240 by channel', { a: [1, 1, 1, 240], x: [1, 14, 14, 240] },
    (tf, { a, x }) => tf.mul(a, x), 8 * 14 * 14 * 240),
  rows('elementwise', 'multiply 56²x64 by pixel', { x: [1, 56, 56, 64], a: [1, 56, 56, 1] },
    (tf, { x, a }) => tf.mul(x, a), 8 * 56 * 56 * 64),
  rows('elementwise', 'add column 1000 and row 1000', { a: [1000, 1], b: [1, 1000] }, (tf, { a, b }) => tf.add(a, b),
    4e6),
  rows('elementwise', 'add column 1e5 and row 10', { a: [1e5, 1], b: [1, 10] }, (tf, { a, b }) => tf.add(a, b), 4e6),
  rows('elementwise', 'mod 1e6', { x: MILLION, b: [] }, (tf, { x, b }) => tf.mod(x, b), 8e6),
  rows('elementwise', 'less 1e6', { x: MILLION, b: MILLION }, (tf, { x, b }) => tf.less(x, b), 9e6),
  rows('elementwise', 'greater than a scalar 1e6', { x: MILLION, b: [] }, (tf, { x, b }) => tf.greater(x, b), 5e6),
  rows('elementwise', 'is NaN 1e6', { x: MILLION }, (tf, { x }) => tf.isNaN(x), 5e6),
  rows('elementwise', 'cast to int32 1e6', { x: MILLION }, (tf, { x }) => tf.cast(x, 'int32'), 8e6),
  rows('elementwise', 'cast to bool 1e6', { x: MILLION }, (tf, { x }) => tf.cast(x, 'bool'), 5e6),
  rows('images', 'resize bilinear 2x 64²x64', { x: [1, 64, 64, 64] },
    (tf, { x }) => tf.image.resizeBilinear(x, [128, 128]), 4 * 5 * 64 * 64 * 64, 231, 2),
  rows('images', 'resize bilinear 2x 64²x3', { x: [1, 64, 64, 3] },
    (tf, { x }) => tf.image.resizeBilinear(x, [128, 128]), 4 * 5 * 64 * 64 * 3, 36, 3),
  rows('images', 'resize bilinear 2x half-pixel 64²x64', { x: [1, 64, 64, 64] },
    (tf, { x }) => tf.image.resizeBilinear(x, [128, 128], false, true), 4 * 5 * 64 * 64 * 64),
  rows('images', 'resize bilinear 2x half-pixel 64²x3', { x: [1, 64, 64, 3] },
    (tf, { x }) => tf.image.resizeBilinear(x, [128, 128], false, true), 4 * 5 * 64 * 64 * 3),
  crops(1, 256, 3, 192, 'bilinear', 0),
  crops(1, 256, 3, 192, 'bilinear', 0.25),
  crops(32, 38, 128, 7, 'bilinear', 0),
  crops(1, 256, 3, 192, 'nearest', 0),
  rows('images', 'resize nearest 2x 64²x64', { x: [1, 64, 64, 64] },
    (tf, { x }) => tf.image.resizeNearestNeighbor(x, [128, 128]), 4 * 5 * 64 * 64 * 64),
  rows('images', 'resize nearest 2x 64²x3', { x: [1, 64, 64, 3] },
    (tf, { x }) => tf.image.resizeNearestNeighbor(x, [128, 128]), 4 * 5 * 64 * 64 * 3),
  rows('movement', 'transpose 1000x1000', { x: MILLION }, (tf, { x }) => tf.transpose(x), 8e6, ),
  rows('movement', 'transpose NHWC to NCHW 112²x64', { x: [1, 112, 112, 64] },
    (tf, { x }) => tf.transpose(x, [0, 3, 1, 2]), 8 * 112 * 112 * 64),
  rows('movement', 'transpose 1024x1024', { x: [1024, 1024] }, (tf, { x }) => tf.transpose(x), 8 * 1024 * 1024),
  rows('movement', 'transpose NHWC to NCHW 224²x3', { x: [1, 224, 224, 3] },
    (tf, { x }) => tf.transpose(x, [0, 3, 1, 2]), 8 * 224 * 224 * 3),
  rows('movement', 'transpose NCHW to NHWC 224²x3', { x: [1, 3, 224, 224] },
    (tf, { x }) => tf.transpose(x, [0, 2, 3, 1]), 8 * 224 * 224 * 3),
  rows('movement', 'transpose bools 512²', { x: [512, 512] }, (tf, { x }) => tf.transpose(x), 2 * 512 * 512, undefined,
    undefined, { x: bools(512 * 512) }),
  rows('movement', 'reverse rows 400²', { x: [400, 400] }, (tf, { x }) => tf.reverse(x, 1), 8 * 400 * 400),
  rows('movement', 'reverse columns of 224²x3', { x: [1, 224, 224, 3] }, (tf, { x }) => tf.reverse(x, 2),
    8 * 224 * 224 * 3),
  rows('movement', 'every other of 400x800', { x: [400, 800] },
    (tf, { x }) => tf.stridedSlice(x, [0, 0], [400, 800], [1, 2]), 8 * 400 * 400),
  rows('movement', 'mirror pad 3 pixels 224²x3', { x: [1, 224, 224, 3] },
    (tf, { x }) => tf.mirrorPad(x, [[0, 0], [3, 3], [3, 3], [0, 0]], 'reflect'), 8 * 224 * 224 * 3),
  rows('movement', 'mirror pad 1 pixel 56²x64', { x: [1, 56, 56, 64] },
    (tf, { x }) => tf.mirrorPad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], 'symmetric'), 8 * 56 * 56 * 64),
  rows('movement', 'one-hot 10000 of 100', { x: [10000] }, (tf, { x }) => tf.oneHot(x, 100), 4e6, undefined, undefined,
    { x: int32(10000, 7919, 100) }),
  rows('movement', 'sparse to dense 10000 of 1e6', { at: [10000], x: [10000] },
    (tf, { at, x }) => tf.sparseToDense(at, x, [1e6], 0), 4e6, undefined, undefined, { at: int32(10000, 91, 1e6) }),
  rows('movement', 'fill 1e6', { x: [1] }, (tf) => tf.fill([1000, 1000], 0.5), 4e6),
  rows('movement', 'range 1e5', { x: [1] }, (tf) => tf.range(0, 1e5), 4e5),
  rows('movement', 'pad 1 pixel 112²x64', { x: [1, 112, 112, 64] },
    (tf, { x }) => tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 8 * 112 * 112 * 64),
  rows('movement', 'concat channels 2 of 56²x64', { x: [1, 56, 56, 64], y: [1, 56, 56, 64] },
    (tf, { x, y }) => tf.concat([x, y], 3), 16 * 56 * 56 * 64),
];

/* What a call costs that has next to nothing to do. */
export const SMALLEST = rows('', 'relu of 4 numbers', { x: [4] }, (tf, { x }) => tf.relu(x), 32);

/* What any number of threads does faster. */
export const WAKER = matmul(1, 256, 256, 256);
