/* SPDX-License-Identifier: MIT */
/*
 * Convolutions and matrix products that wait for what follows them: the bits are those of separate operators, the calls
 * are fewer, and whatever happens to the tensors on the way, nothing is wrong, lost or leaked.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { OutOfMemoryError } from 'lanewise/backend';
import { randoms, tiers } from './support.mjs';

let seed = 1;
const float = shape => randoms(seed++).float(shape);
const bits = values => [...new Int32Array(values.buffer)];
const same = (got, wanted, what) => assert.deepEqual(bits(got), bits(wanted), what);

const C = 10;
/* Operators whose output has C channels. The weights are made once and used again. */
const OPERATORS = {
  conv2d: () => {
    const x = float([2, 7, 6, 5]), filter = float([3, 3, 5, C]);
    return () => tf.conv2d(x, filter, 2, 'same');
  },
  'conv2d with a bias': () => {
    const x = float([1, 9, 9, 12]), filter = float([1, 1, 12, C]), bias = float([C]);
    return () => tf.fused.conv2d({ x, filter, strides: 1, pad: 'valid', bias });
  },
  'conv2d by Winograd': () => {
    const x = float([1, 16, 16, 16]), filter = float([3, 3, 16, C]);
    return () => tf.conv2d(x, filter, 1, 'same');
  },
  'conv2d in groups': () => {
    const x = float([1, 5, 5, 8]), filter = float([3, 3, 4, C]);
    const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1 };
    return () => tf.engine().runKernel('Conv2D', { x, filter }, attrs); // tf.conv2d knows no groups
  },
  depthwise: () => {
    const x = float([1, 8, 8, 5]), filter = float([3, 3, 5, 2]);
    return () => tf.depthwiseConv2d(x, filter, 1, 'same');
  },
  transposed: () => {
    const x = float([1, 4, 4, 6]), filter = float([2, 2, C, 6]);
    return () => tf.conv2dTranspose(x, filter, [1, 8, 8, C], 2, 'same');
  },
  matmul: () => {
    const a = float([3, 7, 6]), b = float([6, C]);
    return () => tf.matMul(a, tf.reshape(b, [1, 6, C]));
  },
};

/* What may follow, as functions of the tensor; each is one call of the library by itself. */
const scalars = () => ({ zero: tf.scalar(0), six: tf.scalar(6), half: tf.scalar(0.5) });
const statistics = () => [float([C]), tf.abs(float([C])), float([C]), float([C])];
const STEPS = {
  relu: () => tf.relu,
  relu6: () => tf.relu6,
  elu: () => tf.elu,
  sigmoid: () => tf.sigmoid,
  tanh: () => tf.tanh,
  leakyRelu: () => x => tf.leakyRelu(x, 0.3),
  clip: () => x => tf.clipByValue(x, -0.5, 0.25),
  prelu: () => {
    const slopes = float([C]);
    return x => tf.prelu(x, slopes);
  },
  'add to a tensor': shape => {
    const other = float(shape);
    return x => tf.add(x, other);
  },
  'add a tensor to it': shape => {
    const other = float(shape);
    return x => tf.add(other, x);
  },
  'add values of the channels': () => {
    const values = float([C]);
    return x => tf.add(values, x);
  },
  'batch norm': () => {
    const [mean, variance, offset, scale] = statistics();
    return x => tf.batchNorm(x, mean, variance, offset, scale, 1e-3);
  },
  'batch norm without scale': () => {
    const [mean, variance] = statistics();
    return x => tf.batchNorm(x, mean, variance);
  },
  'larger than a number': () => {
    const { half } = scalars();
    return x => tf.maximum(x, half);
  },
  'smaller than a number': () => {
    const { half } = scalars();
    return x => tf.minimum(x, half);
  },
};
const CHAINS = [
  ...Object.keys(STEPS).map(step => [step]),
  ['batch norm', 'relu6'], ['batch norm', 'relu', 'clip'], ['batch norm', 'add to a tensor'],
  ['batch norm', 'add a tensor to it', 'relu'], ['batch norm without scale', 'add to a tensor', 'prelu'],
  ['add values of the channels', 'add to a tensor', 'relu'], ['add to a tensor', 'sigmoid'], ['relu', 'relu6'],
  ['larger than a number', 'smaller than a number'], ['smaller than a number', 'larger than a number'],
  ['relu', 'smaller than a number'], ['larger than a number', 'relu'],
];
/* Chains whose last step has to be a call of its own. */
const SPLIT = [
  ['relu', 'batch norm'], ['add to a tensor', 'batch norm'], ['batch norm', 'batch norm'],
  ['add to a tensor', 'add to a tensor'], ['clip', 'add to a tensor'], ['sigmoid', 'larger than a number'],
  ['elu', 'relu'], ['relu6', 'sigmoid'], ['add values of the channels', 'batch norm'],
  ['batch norm', 'add values of the channels'], ['add values of the channels', 'add values of the channels'],
];

/* The methods of Kernels that `body` calls, without those that only plan. */
function callsOf(body) {
  const backend = tf.backend();
  const { kernels } = backend;
  const calls = [];
  backend.kernels = new Proxy(kernels, {
    get: (target, name) => (typeof target[name] !== 'function' ? target[name] : (...args) => {
      if (!/(Sizes|Pack|Fold)$/.test(name)) calls.push(name);
      return target[name](...args);
    }),
  });
  try {
    body();
  } finally {
    backend.kernels = kernels;
  }
  return calls;
}

for (const tier of tiers) {
  for (const [name, make] of Object.entries(OPERATORS)) {
    test(`${tier}: steps after ${name} are one call with the bits of several`, async () => {
      await tf.setBackend(`lanewise-${tier}`);
      tf.engine().startScope();
      for (const [chains, calls] of [[CHAINS, 1], [SPLIT, 2]]) {
        for (const chain of chains) {
          const operator = make();
          const { shape } = operator();
          const steps = chain.map(step => STEPS[step](shape));
          let joined, separate;
          const made = callsOf(() => { joined = steps.reduce((x, step) => step(x), operator()).dataSync(); });
          assert.equal(made.length, calls, `${chain.join(', ')}: ${made}`);
          separate = steps.reduce((x, step) => {
            x.dataSync();
            return step(x);
          }, operator());
          same(joined, separate.dataSync(), chain.join(', '));
        }
      }
      tf.engine().endScope();
    });
  }

  test(`${tier}: zeros around an image are not written for a convolution`, async () => {
    await tf.setBackend(`lanewise-${tier}`);
    tf.engine().startScope();
    const x = float([2, 8, 9, 4]);
    const dense = float([3, 3, 4, 6]), wise = float([3, 3, 4, 2]), point = float([1, 1, 4, 3]);
    const pads = [[0, 0], [1, 2], [0, 1], [0, 0]];
    for (const [what, convolve, calls] of [
      ['conv2d', y => tf.conv2d(y, dense, 2, 'valid'), 1],
      ['depthwise', y => tf.depthwiseConv2d(y, wise, 2, 'valid'), 1],
      ['more padding', y => tf.conv2d(y, dense, 1, 'same'), 1], ['numbers', y => tf.conv2d(y, dense, 1, 2), 1],
      ['dilated', y => tf.depthwiseConv2d(y, wise, 1, 'same', 'NHWC', 2), 1],
      ['a kernel smaller than the border', y => tf.conv2d(y, point, 1, 'valid'), 2],
      ['nothing that can', y => tf.relu(y), 2],
    ]) {
      let got;
      const made = callsOf(() => { got = convolve(tf.pad(x, pads)).dataSync(); });
      assert.equal(made.length, calls, `${what}: ${made}`);
      const padded = tf.pad(x, pads);
      padded.dataSync();
      const wanted = convolve(padded).dataSync();
      got.forEach((value, i) => assert.ok(Object.is(value + 0, wanted[i] + 0), `${what}, element ${i}`));
    }
    assert.deepEqual(callsOf(() => tf.conv2d(tf.pad(x, pads, 1), dense, 1, 'same').dataSync()), ['pad', 'conv2d']);
    assert.deepEqual(callsOf(() => tf.conv2d(tf.pad(x, [[1, 0], ...pads.slice(1)]), dense, 1, 'same').dataSync()),
      ['pad', 'conv2d']);
    const twice = tf.pad(tf.pad(x, pads, 0), pads, 5); // the constants don't get mixed up
    assert.equal(twice.dataSync()[0], 5);
    assert.equal(tf.slice(twice, [0, 1, 0, 0], [1, 1, 1, 1]).dataSync()[0], 0);
    tf.engine().endScope();
  });
}

const last = `lanewise-${tiers[tiers.length - 1]}`;
const bytes = () => tf.backend().heap.bytesInUse - tf.backend().heap.scratchBytes;

test('a tensor that something has joined is right when it is read, and then no longer waits', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]);
  const inner = () => {
    const sums = tf.conv2d(x, filter, 1, 'same');
    return [tf.relu(sums).dataSync(), sums.dataSync()];
  };
  const [first, sums] = inner();
  same(first, sums.map(value => Math.max(value, 0)));
  const calls = callsOf(() => {
    const again = inner();
    same(again[0], first);
    same(again[1], sums);
  });
  assert.deepEqual(calls, ['conv2d', 'unary'], 'computed once, at once');
  tf.engine().endScope();
});

test('what two steps follow is computed once', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]), bias = float([4]), a = float([1, 6, 6, 4]);
  const both = () => {
    const y = tf.add(tf.conv2d(x, filter, 1, 'same'), bias);
    return [tf.add(y, a).dataSync(), tf.sigmoid(y).dataSync()];
  };
  const [sum, sigmoid] = both();
  let again;
  assert.deepEqual(callsOf(() => { again = both(); }), ['conv2d', 'binary', 'unary'], 'the bias still joins');
  same(again[0], sum);
  same(again[1], sigmoid);
  tf.engine().endScope();
});

test('inputs may go before the output is read', async () => {
  await tf.setBackend(last);
  const run = (destroy) => tf.tidy(() => {
    seed = 100;
    const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]), bias = float([4]), other = float([1, 6, 6, 4]);
    const slopes = float([4]);
    const padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]);
    const y = tf.fused.conv2d({ x: padded, filter, bias, strides: 1, pad: 'valid' });
    const z = tf.add(y, other), w = tf.prelu(z, slopes);
    if (destroy) {
      const before = tf.memory().numDataBuffers;
      tf.dispose([x, filter, bias, other, slopes, padded, y, z]);
      assert.equal(tf.memory().numDataBuffers, before - 8);
      tf.tidy(() => { for (let i = 0; i < 20; i++) tf.fill([1, 6, 6, 4], 7).dataSync(); }); // overwrites what is free
    }
    return [...w.dataSync()];
  });
  const wanted = run(false), start = [bytes(), tf.backend().numDataIds()];
  assert.deepEqual(run(true), wanted);
  assert.deepEqual([bytes(), tf.backend().numDataIds()], start, 'nothing is left');
});

test('an input that moves to another backend, or a variable that is assigned, is read as it was', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const x = float([1, 6, 6, 3]), filter = tf.variable(float([3, 3, 3, 4]));
  const wanted = tf.conv2d(x, filter, 1, 'same').dataSync();
  for (const elsewhere of ['cpu', `lanewise-${tiers[0]}`]) {
    const y = tf.conv2d(x, filter, 1, 'same');
    await tf.setBackend(elsewhere);
    tf.neg(x).dataSync(); // fetches x
    await tf.setBackend(last);
    same(y.dataSync(), wanted, elsewhere);
    same(tf.conv2d(x, filter, 1, 'same').dataSync(), wanted, `${elsewhere} and back`);
  }
  const waits = tf.conv2d(x, filter, 1, 'same');
  await tf.setBackend('cpu');
  same(tf.neg(waits).dataSync(), wanted.map(value => -value), 'an output that waits is fetched');
  await tf.setBackend(last);
  const y = tf.conv2d(x, filter, 1, 'same');
  filter.assign(tf.zerosLike(filter));
  same(y.dataSync(), wanted, 'assigned');
  assert.ok(tf.conv2d(x, filter, 1, 'same').dataSync().every(value => value === 0));
  filter.dispose();
  tf.engine().endScope();
});

test('weights that meet many geometries while their outputs wait', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const filter = float([3, 3, 4, 4]), sizes = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
  const images = sizes.map(n => float([1, n, n, 4]));
  const all = images.map(x => tf.conv2d(x, filter, 1, 'same'));
  filter.dispose();
  tf.tidy(() => { for (let i = 0; i < 20; i++) tf.fill([3, 3, 4, 4], 7).dataSync(); });
  const got = all.map(y => y.dataSync());
  await tf.setBackend('cpu');
  seed -= 13;
  const same4 = float([3, 3, 4, 4]);
  images.forEach((x, i) => {
    const wanted = tf.conv2d(x, same4, 1, 'same').dataSync();
    got[i].forEach((value, j) => assert.ok(Math.abs(value - wanted[j]) < 1e-4, `${sizes[i]}`));
  });
  tf.engine().endScope();
});

test('outputs that nobody reads leave nothing behind', async () => {
  await tf.setBackend(last);
  const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]);
  tf.conv2d(x, filter, 1, 'same').dispose(); // packs the weights
  const before = [bytes(), tf.backend().numDataIds(), tf.memory().numBytes];
  const calls = callsOf(() => tf.tidy(() => {
    tf.relu(tf.batchNorm(tf.conv2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), filter, 1, 'valid'),
      tf.zeros([4]), tf.ones([4])));
  }));
  assert.ok(!calls.includes('conv2d') && !calls.includes('pad'), `${calls}`);
  tf.dispose([x, filter]);
  assert.ok(bytes() < before[0]);
  assert.equal(tf.backend().numDataIds(), before[1] - 2);
});

test('a tensor added to itself, and one in another shape', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]), slopes = float([12]);
  const wanted = tf.conv2d(x, filter, 1, 'same').dataSync();
  const y = tf.conv2d(x, filter, 1, 'same');
  same(tf.add(y, y).dataSync(), wanted.map(value => 2 * value));
  const rows = tf.reshape(tf.conv2d(x, filter, 1, 'same'), [12, 12]);
  same(tf.relu(rows).dataSync(), wanted.map(value => Math.max(value, 0)));
  const plain = tf.tensor(wanted, [12, 12]);
  const wide = tf.reshape(tf.conv2d(x, filter, 1, 'same'), [12, 12]);
  same(tf.prelu(wide, slopes).dataSync(), tf.prelu(plain, slopes).dataSync());
  const joined = tf.reshape(tf.conv2d(x, filter, 1, 'same'), [12, 12]);
  same(tf.batchNorm(tf.reshape(joined, [1, 1, 12, 12]), slopes, tf.ones([12])).dataSync(),
    tf.batchNorm(tf.reshape(plain, [1, 1, 12, 12]), slopes, tf.ones([12])).dataSync());
  tf.engine().endScope();
});

test('a tensor that is its own slopes', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  for (const operator of [(x, w) => tf.conv2d(x, tf.reshape(w, [1, 1, 4, 2]), 1, 'same'),
    (x, w) => tf.matMul(tf.reshape(x, [1, 4]), w)]) {
    const x = tf.tensor4d([1, 2, 3, -4], [1, 1, 1, 4]), w = tf.ones([4, 2]);
    const y = operator(x, w);
    tf.dispose([x, w]);
    const z = tf.prelu(y, tf.reshape(y, [2]));
    tf.fill([8], 1000).dataSync(); // overwrites what is free
    assert.deepEqual([...z.dataSync()], [2, 2]);
  }
  tf.engine().endScope();
});

test('short memory is an error of the one who needs it, and can be mended', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]);
  const wanted = tf.conv2d(x, filter, 1, 'same').dataSync();
  const y = tf.conv2d(x, filter, 1, 'same'), { heap } = tf.backend(), before = bytes();
  heap.allocate = () => { throw new OutOfMemoryError('out of memory'); };
  assert.throws(() => y.dataSync(), OutOfMemoryError);
  delete heap.allocate;
  assert.equal(bytes(), before);
  same(y.dataSync(), wanted);
  tf.engine().endScope();
});

test('clocks and profiles include what waits', async () => {
  await tf.setBackend(last);
  tf.engine().startScope();
  const x = float([1, 6, 6, 3]), filter = float([3, 3, 3, 4]);
  let y;
  const calls = callsOf(() => { tf.time(() => { y = tf.conv2d(x, filter, 1, 'same'); }); });
  assert.deepEqual(calls, ['conv2d']);
  y.dataSync();
  const { kernels } = await tf.profile(() => tf.relu(tf.conv2d(x, filter, 1, 'same')));
  assert.deepEqual(kernels.map(({ name }) => name), ['Conv2D', 'Relu']);
  const z = tf.conv2d(x, filter, 1, 'same');
  assert.deepEqual(callsOf(() => tf.backend().finish()), ['conv2d']);
  assert.deepEqual(callsOf(() => { z.dataSync(); }), []);
  tf.engine().endScope();
});
