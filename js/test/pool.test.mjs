/* SPDX-License-Identifier: MIT */
/* Pooling in two and three dimensions, its gradients and its odd geometries, against the cpu backend on every tier. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { assertClose, assertSameBits, randoms, run, tiers } from './support.mjs';

const TOLERANCE = 4e-6; // of sums of up to some hundred numbers in [-1, 1]

function check(name, make, tolerance = TOLERANCE) {
  test(name, async () => {
    const reference = await run('cpu', make);
    const results = {};
    for (const tier of tiers) {
      results[tier] = await run(`lanewise-${tier}`, make);
      assertClose(results[tier], reference, tolerance, tier);
    }
    if (results.simd128) assertSameBits(results.simd128, results.scalar, 'simd128 and scalar');
  });
}
const raw = (name, inputs, attrs) => tf.engine().runKernel(name, inputs, attrs);

/** A tensor of a dtype, with equals, and specials where it has them. */
function filled(r, dtype, shape) {
  if (dtype === 'int32') return r.int(shape, -1000, 1000);
  if (dtype === 'bool') return r.bool(shape);
  const x = r.float(shape);
  const values = x.dataSync().slice();
  for (let i = 0; i < values.length; i += r.integer(1, 9)) {
    values[i] = [NaN, Infinity, -Infinity, -0, 0, 0.5, 0.5][r.integer(0, 6)];
  }
  return tf.tensor(values, shape);
}

// ---- Random geometries ---------------------------------------------------------------------------------

/** A pooling that TensorFlow.js takes. */
function geometry(r, dimensions) {
  for (;;) {
    const spatial = Array.from({ length: dimensions }, () => r.integer(1, 7));
    const filterSize = spatial.map(() => r.integer(1, 4));
    const strides = spatial.map(() => r.integer(1, 3));
    const kind = r.integer(0, dimensions === 2 ? 3 : 2);
    const pad = ['same', 'valid', r.integer(0, 2),
      [[0, 0], [r.integer(0, 2), r.integer(0, 2)], [r.integer(0, 2), r.integer(0, 2)], [0, 0]]][kind];
    const dimRoundingMode = kind > 1 ? [undefined, 'floor', 'round', 'ceil'][r.integer(0, 3)] : undefined;
    const x = [r.integer(1, 2), ...spatial, r.integer(1, 9)];
    const compute = dimensions === 2 ? tf.backend_util.computePool2DInfo : tf.backend_util.computePool3DInfo;
    const { outShape } = compute(x, filterSize, strides, 1, pad, dimRoundingMode);
    if (outShape.every(n => n > 0)) return { x, outShape, attrs: { filterSize, strides, pad, dimRoundingMode } };
  }
}

const random = randoms(4);
for (let round = 0; round < 40; round++) {
  const { x, outShape, attrs } = geometry(random, 2);
  const dtype = ['float32', 'int32', 'float32', 'bool'][round % 4];
  const name = `${dtype} [${x}], ${JSON.stringify(attrs)}`;
  check(`MaxPool: ${name}`, r => raw('MaxPool', { x: filled(r, dtype, x) }, attrs), 0);
  check(`AvgPool: ${name}`, r => raw('AvgPool', { x: dtype === 'float32' ? r.float(x) : filled(r, dtype, x) }, attrs));
  // The reference stores the positions as the input's dtype.
  if (dtype !== 'bool') check(`MaxPoolWithArgmax: ${name}`, r => raw('MaxPoolWithArgmax', { x: filled(r, dtype, x) },
    { ...attrs, dimRoundingMode: undefined, includeBatchInIndex: round % 3 === 0 }), 0);
  check(`MaxPoolGrad: ${name}`, r => {
    const input = filled(r, dtype, x), dy = r.float(outShape);
    return raw('MaxPoolGrad', { dy, input, output: dy }, attrs);
  });
  const plain = { ...attrs, dimRoundingMode: undefined };
  const { outShape: own } = tf.backend_util.computePool2DInfo(x, attrs.filterSize, attrs.strides, 1, attrs.pad);
  if (own.every(n => n > 0)) {
    check(`AvgPoolGrad: ${name}`, r => raw('AvgPoolGrad', { dy: r.float(own), input: r.float(x) }, plain));
  }
}
for (let round = 0; round < 30; round++) {
  const { x, outShape, attrs } = geometry(random, 3);
  const dtype = ['float32', 'int32', 'float32', 'bool'][round % 4];
  const name = `${dtype} [${x}], ${JSON.stringify(attrs)}`;

  check(`MaxPool3D: ${name}`, r => raw('MaxPool3D', { x: filled(r, dtype, x) }, attrs), 0);
  check(`AvgPool3D: ${name}`, r =>
    raw('AvgPool3D', { x: dtype === 'float32' ? r.float(x) : filled(r, dtype, x) }, attrs));
  check(`AvgPool3DGrad: ${name}`, r => raw('AvgPool3DGrad', { dy: r.float(outShape), input: r.float(x) }, attrs));
  // The reference mistakes the position of a maximum when a window isn't square.
  if (attrs.filterSize[1] !== attrs.filterSize[2]) continue;
  check(`MaxPool3DGrad: ${name}`, r => {
    const input = filled(r, dtype, x), dy = r.float(outShape);
    return raw('MaxPool3DGrad', { dy, input, output: dy }, attrs);
  });
}

// ---- By hand -------------------------------------------------------------------------------------------

check('MaxPool: large integers are exact', r => tf.maxPool(r.int([1, 4, 4, 3], 2 ** 30, 2 ** 31 - 1), 2, 1, 'same'), 0);
check('MaxPool: no batch', r => tf.maxPool(r.float([0, 4, 4, 3]), 2, 1, 'same'));
check('AvgPool: no channels', r => tf.avgPool(r.float([2, 4, 4, 0]), 2, 1, 'same'));
check('MaxPoolGrad: no batch', r => {
  const dy = r.float([0, 4, 4, 3]);
  return raw('MaxPoolGrad', { dy, input: dy, output: dy }, { filterSize: 2, strides: 1, pad: 'same' });
});
check('AvgPool: rows of every width', r => [1, 2, 3, 4, 5, 7, 8, 9, 17].map(channels =>
  tf.avgPool(r.float([1, 9, 11, channels]), 3, 2, 'same')));
for (const kernel of ['AvgPoolGrad', 'MaxPoolGrad']) {
  check(`${kernel}: rows of every width`, r => [1, 2, 3, 4, 5, 7, 8, 9, 17].map(channels => raw(kernel,
    { dy: r.float([1, 5, 6, channels]), input: r.float([1, 9, 11, channels]) },
    { filterSize: 3, strides: 2, pad: 'same' })));
}
for (const dilations of [2, [1, 3], [2, 1]]) {
  for (const type of ['max', 'avg']) {
    for (const pad of ['same', 'valid']) {
      check(`tf.pool: ${type}, dilations ${dilations}, ${pad}`, r =>
        tf.pool(r.float([2, 9, 10, 3]), [2, 3], type, pad, dilations, 1));
    }
  }
}

/** Every pixel of the output of Pool, tap by tap. */
function pooledByHand(x, shape, [height, width], average, [top, left], [down, across], [outHeight, outWidth]) {
  const [batch, inHeight, inWidth, channels] = shape;
  const y = [];
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let c = 0; c < channels; c++) {
          let total = average ? 0 : -Infinity, count = 0;
          for (let ky = 0; ky < height; ky++) {
            for (let kx = 0; kx < width; kx++) {
              const iy = row - top + ky * down, ix = column - left + kx * across;
              if (iy < 0 || iy >= inHeight || ix < 0 || ix >= inWidth) continue;
              const value = x[((n * inHeight + iy) * inWidth + ix) * channels + c];
              total = average ? total + value : Math.max(total, value);
              count++;
            }
          }
          y.push(average ? total / count : total);
        }
      }
    }
  }
  return y;
}
test('Pool, which no other backend has', async () => {
  for (const tier of tiers) {
    for (const poolingType of ['max', 'avg']) {
      const shape = [2, 7, 8, 5], windowShape = [2, 3], dilations = [2, 2];
      const [y, x] = await run(`lanewise-${tier}`, r => {
        const input = r.float(shape);
        return [raw('Pool', { input }, { windowShape, poolingType, pad: 'same', dilations, strides: 1 }), input];
      });
      const wanted = pooledByHand(x.values, shape, windowShape, poolingType === 'avg', [1, 2], dilations, [7, 8]);
      assertClose([y], [{ shape, dtype: 'float32', values: wanted }], 1e-6, tier);
    }
  }
});

test('The gradient of a pooling that rounds its size up reaches the last window', async () => {
  const make = r => raw('AvgPoolGrad', { dy: tf.ones([1, 2, 2, 1]), input: r.float([1, 3, 3, 1]) },
    { filterSize: 2, strides: 2, pad: 0 });
  for (const tier of tiers) {
    const [{ values }] = await run(`lanewise-${tier}`, make);
    assert.deepEqual([...values], new Array(9).fill(0.25));
  }
});

test('A maximum in a window with depth that is not square gets its gradient', async () => {
  for (const tier of tiers) {
    const [{ values }] = await run(`lanewise-${tier}`, () => raw('MaxPool3DGrad',
      { dy: tf.ones([1, 1, 1, 1, 1]), input: tf.tensor([1, 2, 3, 4, 9, 6], [1, 1, 2, 3, 1]) },
      { filterSize: [1, 2, 3], strides: 1, pad: 'valid' }));
    assert.deepEqual([...values], [0, 0, 0, 0, 1, 0]);
  }
});

test('What does not fit is an error that says so', async () => {
  for (const tier of tiers) {
    await tf.setBackend(`lanewise-${tier}`);
    const x = tf.zeros([1, 3, 3, 1]);
    assert.throws(() => tf.maxPool(x, 5, 1, 'valid'), /MaxPool: a window of \[1,5,5\] pixels.*does not\s+fit/);
    assert.throws(() => tf.avgPool(x, 2, 1, 0.5), /AvgPool: (the padding is|a window of)/);
    assert.throws(() => raw('MaxPool3D', { x: tf.zeros([1, 2, 2, 2, 1]) },
      { filterSize: 2, strides: 1, pad: 'valid', dataFormat: 'NCDHW' }), /dataFormat 'NCDHW' is not supported/);
    assert.throws(() => raw('AvgPoolGrad', { dy: tf.zeros([1, 3, 3, 2]), input: x },
      { filterSize: 1, strides: 1, pad: 'valid' }), /is no gradient of a pooling/);
  }
});
