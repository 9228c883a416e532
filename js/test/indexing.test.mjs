/* SPDX-License-Identifier: MIT */
/*
 * Arrays made by indices, sequences, draws and Einstein sums, at random shapes against the cpu backend; and what that
 * lacks or has wrong, against plain loops.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { assertClose, run, size, testTiers, tiers } from './support.mjs';

const check = (kernel, name, make, tolerance = 0) => testTiers(`${kernel}: ${name}`, tolerance, make);

/** Our own tiers against values that are given. */
function expectValues(kernel, name, make, expected) {
  test(`${kernel}: ${name}`, async () => {
    for (const tier of tiers) {
      const [found] = await run(`lanewise-${tier}`, make);
      assert.deepEqual({ ...found, values: Array.from(found.values) }, expected, tier);
    }
  });
}

function throwsEverywhere(name, make, message) {
  test(name, async () => {
    for (const tier of tiers) {
      await tf.setBackend(`lanewise-${tier}`);
      const before = tf.backend().numDataIds();
      assert.throws(() => tf.tidy(make), message, tier);
      assert.equal(tf.backend().numDataIds(), before, `${tier}: nothing is left behind`);
    }
  });
}

const raw = (name, inputs, attrs = {}) => tf.engine().runKernel(name, inputs, attrs);
const numeric = ['float', 'int'], dtypes = ['float', 'int', 'bool'];

// ---- Scattering ----------------------------------------------------------------------------------------

/** Random indices of `rank` numbers into a shape. */
function indices(r, count, shape, rank) {
  const values = Array.from({ length: count }, () => shape.slice(0, rank).map(n => r.integer(0, n - 1)));
  return tf.tensor(values.flat(), [count, rank], 'int32');
}
const scattered = [[[5], 1], [[7, 3], 1], [[4, 5], 2], [[3, 4, 20], 1], [[3, 4, 2], 2], [[2, 3, 4], 3],
  [[2, 2, 3, 2, 17], 4]];

for (const dtype of dtypes) {
  check('ScatterNd', dtype, r => scattered.flatMap(([shape, rank]) => [0, 1, 9].map(count => {
    const at = indices(r, count, shape, rank), updates = [count, ...shape.slice(rank)];
    // Sums of booleans are another test: the cpu backend has numbers above 1 for them.
    return tf.scatterND(at, dtype === 'bool' ? tf.zeros(updates, 'bool') : r[dtype](updates), shape);
  })));
  check('TensorScatterUpdate', dtype, r => scattered.flatMap(([shape, rank]) => [0, 1, 9].map(count =>
    tf.tensorScatterUpdate(r[dtype](shape), indices(r, count, shape, rank), r[dtype]([count, ...shape.slice(rank)])))));
  check('SparseToDense', dtype, r => [
    tf.sparseToDense(r.int([6], 0, 8), r[dtype]([6]), [9], r[dtype]([])),
    tf.sparseToDense(r.int([6], 0, 8), r[dtype]([]), [9], r[dtype]([])),
    tf.sparseToDense(indices(r, 5, [3, 4], 2), r[dtype]([5]), [3, 4], r[dtype]([])),
    tf.sparseToDense(indices(r, 5, [3, 4, 2], 3), r[dtype]([]), [3, 4, 2], r[dtype]([])),
    tf.sparseToDense(tf.scalar(2, 'int32'), r[dtype]([]), [4], r[dtype]([])),
  ]);
  check('OneHot', dtype, r => {
    const name = { float: 'float32', int: 'int32', bool: 'bool' }[dtype];
    const on = dtype === 'float' ? 2.5 : 1;
    return [[], [7], [2, 3], [0]].flatMap(shape => [tf.oneHot(r.int(shape, -2, 7), 6, on, 0, name),
      tf.oneHot(r.int(shape, 0, 1), 2, 0, on, name)]);
  });
  check('Diag', dtype, r => [[1], [6], [2, 3], [3, 1, 2], [0]].map(shape => tf.diag(r[dtype](shape))));
}
check('ScatterNd', 'many', r => [
  tf.scatterND(r.int([2000, 1], 0, 99), r.float([2000, 16]), [100, 16]),
  tf.scatterND(r.int([2000, 2], 0, 19), r.float([2000]), [20, 20]),
]);
expectValues('ScatterNd', 'booleans, true where any is', () => tf.scatterND([[0], [0], [2], [3], [3]],
  tf.tensor1d([1, 1, 0, 0, 1], 'bool'), [4]), { shape: [4], dtype: 'bool', values: [1, 0, 0, 1] });
const complex = (...pairs) => tf.complex(pairs.map(([re]) => re), pairs.map(([, im]) => im));
expectValues('ScatterNd', 'complex numbers', () => tf.scatterND([[0], [2], [0]], complex([1, 4], [2, 5], [3, 6]), [3]),
  { shape: [3], dtype: 'complex64', values: [4, 10, 0, 0, 2, 5] });
expectValues('TensorScatterUpdate', 'complex numbers', () =>
  tf.tensorScatterUpdate(complex([1, 4], [2, 5]), [[1]], complex([9, 8])),
{ shape: [2], dtype: 'complex64', values: [1, 4, 9, 8] });
expectValues('Diag', 'complex numbers', () => tf.diag(complex([1, 3], [2, 4])),
  { shape: [2, 2], dtype: 'complex64', values: [1, 3, 0, 0, 0, 0, 2, 4] });
expectValues('Einsum', 'complex numbers', () => tf.einsum('i,j->ij', complex([1, 5], [2, 6]), complex([1, 0], [0, 1])),
  { shape: [2, 2], dtype: 'complex64', values: [1, 5, -5, 1, 2, 6, -6, 2] });
for (const bad of [[-1, 0], [3, 0], [0, 2]]) {
  throwsEverywhere(`scatterND at [${bad}]`, () => tf.scatterND([[0, 0], bad], [1, 2], [3, 2]),
    new RegExp(`Invalid indices: ${bad} does not index into 3,2`));
}
throwsEverywhere('indices of more numbers than there are dimensions', () => raw('ScatterNd',
  { indices: tf.tensor2d([[0, 0]], [1, 2], 'int32'), updates: tf.tensor1d([1]) }, { shape: [4] }), /don't fit/);
throwsEverywhere('updates that are too short', () => raw('ScatterNd',
  { indices: tf.tensor2d([[0], [1]], [2, 1], 'int32'), updates: tf.tensor1d([1]) }, { shape: [4] }), /don't fit/);

// ---- Segments ------------------------------------------------------------------------------------------

check('UnsortedSegmentSum', 'shapes', r => [[[12], 4], [[12, 3], 5], [[12, 2, 20], 3], [[12, 0], 2]].map(([shape, n]) =>
  tf.unsortedSegmentSum(r.float(shape), r.int([12], -1, n), n)), 1e-6); // cpu adds up in float64
test('UnsortedSegmentSum: int32, and ids in two dimensions', async () => {
  for (const tier of tiers) {
    const make = r => {
      const x = r.int([3, 4, 5]), ids = r.int([3, 4], -1, 4);
      return [x, ids, tf.unsortedSegmentSum(x, ids, 4)];
    };
    const [x, ids, found] = await run(`lanewise-${tier}`, make);
    const sums = new Int32Array(4 * 5);
    ids.values.forEach((id, i) => {
      for (let j = 0; j < 5 && id >= 0 && id < 4; j++) sums[id * 5 + j] += x.values[i * 5 + j];
    });
    assert.deepEqual(found, { shape: [4, 5], dtype: 'int32', values: sums }, tier);
  }
});
expectValues('UnsortedSegmentSum', 'a NaN stays in its segment',
  () => tf.unsortedSegmentSum([1, NaN, 2, 3], tf.tensor1d([0, 1, 0, 2], 'int32'), 3),
  { shape: [3], dtype: 'float32', values: [3, NaN, 3] });
expectValues('UnsortedSegmentSum', 'booleans are counted',
  () => tf.unsortedSegmentSum(tf.tensor1d([1, 1, 0, 1, 1], 'bool'), tf.tensor1d([2, 0, 1, 2, 5], 'int32'), 3),
  { shape: [3], dtype: 'int32', values: [1, 0, 2] });
throwsEverywhere('unsortedSegmentSum without a number of segments',
  () => tf.unsortedSegmentSum([1, 2], tf.tensor1d([0, 1], 'int32'), -1), /numSegments/);
throwsEverywhere('unsortedSegmentSum with ids of another length',
  () => tf.unsortedSegmentSum([1, 2, 3], tf.tensor1d([0, 1], 'int32'), 3), /segmentIds/);

for (const kernel of ['SparseSegmentSum', 'SparseSegmentMean']) {
  const op = kernel.replace('S', 's');
  for (const dtype of numeric) {
    check(kernel, dtype, r => [[7], [7, 3], [7, 2, 20]].flatMap(shape => [1, 4, 15].map(count => {
      const ids = Array.from({ length: count }, () => r.integer(0, 5)).sort((a, b) => a - b);
      return tf.sparse[op](r[dtype](shape), r.int([count], 0, 6), tf.tensor1d(ids, 'int32'));
    })));
  }
  const data = () => tf.ones([10, 4]), at = values => tf.tensor1d(values, 'int32');
  for (const [index, ids, message] of [
    [[1, -1], [0, 1], /indices\[1\] == -1 out of range \[0, 10\)/],
    [[1, 10], [0, 1], /indices\[1\] == 10 out of range/],
    [[1, 2, 3], [0, 2, 1], /Segment id 2 out of range|not increasing/], [[1, 2], [-1, 1], /Segment id -1 out of range/],
    [[1, 2], [0, -1], /segment ids must be >= 0/], [[1, 2, 3], [1, 0, 1], /^segment ids are not increasing/],
  ]) {
    throwsEverywhere(`${op} of [${index}] to [${ids}]`, () => tf.sparse[op](data(), at(index), at(ids)),
      error => message.test(error.message));
  }
}
check('SparseSegmentSum', 'no segments', r => tf.sparse.sparseSegmentSum(r.float([3, 2]), r.int([0]), r.int([0])));

// ---- Counting ------------------------------------------------------------------------------------------

for (const dtype of numeric) {
  check('Bincount', dtype, r => [0, 1, 50].flatMap(n => [
    tf.bincount(r.int([n], 0, 9), r[dtype]([n]), 8), tf.bincount(r.int([n], 0, 9), r[dtype]([0]), 12),
    tf.denseBincount(r.int([n], 0, 9), r[dtype]([n]), 8), tf.denseBincount(r.int([n], 0, 9), r[dtype]([0]), 8, true),
  ]));
  check('DenseBincount', `rows, ${dtype}`, r => [[1, 1], [3, 20], [20, 3], [4, 0]].flatMap(shape => [
    tf.denseBincount(r.int(shape, 0, 9), r[dtype](shape), 8),
    tf.denseBincount(r.int(shape, 0, 9), r[dtype]([0, 0]), 12),
    tf.denseBincount(r.int(shape, 0, 9), r[dtype](shape), 8, true),
  ]));
}
throwsEverywhere('bincount of a negative number', () => tf.bincount(tf.tensor1d([1, -1, 2], 'int32'), [], 4),
  /non-negative/);

// ---- Searches ------------------------------------------------------------------------------------------

for (const dtype of numeric) {
  const sorted = (r, shape) => tf.reverse(tf.topk(r[dtype](shape), shape[shape.length - 1]).values, -1);
  check('SearchSorted', dtype, r => ['left', 'right'].flatMap(side => [[1, 1, 1], [1, 100, 7], [3, 17, 9]].map(
    ([batch, n, count]) => tf.searchSorted(sorted(r, [batch, n]), r[dtype]([batch, count]), side))));
}
check('SearchSorted', 'equal numbers and NaN', () => ['left', 'right'].map(side => tf.searchSorted(
  tf.tensor2d([[-Infinity, 1, 1, 1, 2, Infinity]]), tf.tensor2d([[1, 0, 2, NaN, Infinity, -Infinity, 3]]), side)));
check('SearchSorted', 'other dtypes', () => ['left', 'right'].flatMap(side => [
  tf.searchSorted(tf.tensor2d([[1, 2, 3, 16777217]], [1, 4], 'int32'), tf.tensor2d([[1.5, 2, 16777216, 2e9]]), side),
  tf.searchSorted(tf.tensor2d([[0.5, 2, 3.5]]), tf.tensor2d([[0, 1, 2, 4]], [1, 4], 'int32'), side),
  tf.searchSorted(tf.tensor2d([[0, 0, 1]], [1, 3], 'bool'), tf.tensor2d([[0, 1]], [1, 2], 'bool'), side),
]));
test('LowerBound and UpperBound', async () => {
  for (const [kernel, side] of [['LowerBound', 'left'], ['UpperBound', 'right']]) {
    const inputs = () => ({
      sortedSequence: tf.tensor2d([[1, 2, 2, 3], [0, 5, 9, 9]]), values: tf.tensor2d([[2, 4], [9, 0]]),
    });
    const reference = await run('cpu', () => raw('SearchSorted', inputs(), { side }));
    for (const tier of tiers) {
      assertClose(await run(`lanewise-${tier}`, () => raw(kernel, inputs())), reference, 0, tier);
    }
  }
});

// ---- Sequences, draws, shapes --------------------------------------------------------------------------

const steps = [[0, 5], [5, 0], [0, 10, 2], [10, 0, -3], [1, 1], [0, 5, -1], [5, 0, 2], [3, 1.5], [-2, 2, 0.25],
  [0.5, 7, 1]];
check('Range', 'float32', () => steps.map(args => tf.range(...args)));
check('Range', 'int32', () => [[0, 5], [5, 0], [-7, 9, 3], [3, 3], [9, -7, -4]].map(([start, stop, step]) =>
  tf.range(start, stop, step, 'int32')));
test('long sequences are exact', async () => {
  for (const tier of tiers) {
    const [a, b] = await run(`lanewise-${tier}`, () => [tf.range(0, 100, 0.001), tf.linspace(-1, 1, 100001)]);
    assert.equal(a.values.length, 100000);
    a.values.forEach((x, i) => assert.equal(x, Math.fround(i * 0.001)));
    assert.equal(b.values[0], -1);
    assert.equal(b.values[50000], 0);
    assert.equal(b.values[100000], 1);
  }
});
check('LinSpace', 'up and down', () => [[0, 1, 5], [1, -1, 9], [3, 3, 2], [2, 7, 1], [-1, 5, 4]].map(args =>
  tf.linspace(...args)));
check('BroadcastArgs', 'shapes', () => [[[1, 6], [3, 1, 1, 1]], [[2], [2]], [[], [4, 1]]].map(([a, b]) =>
  tf.broadcastArgs(tf.tensor1d(a, 'int32'), tf.tensor1d(b, 'int32'))));
// Sums of probabilities in another order may send a draw to the event beside it; none of these does.
for (const seed of [1, 2, 0.25, 12345]) {
  check('Multinomial', `seed ${seed}`, r => [
    tf.multinomial(r.float([3, 7]), 50, seed), tf.multinomial(r.float([2]), 9, seed),
    tf.multinomial(tf.softmax(r.float([2, 20])), 100, seed, true),
  ]);
}
check('Multinomial', 'events that are certain or not there', () => tf.multinomial(
  tf.tensor2d([[0, 1, 0], [1, 0, 0], [0, 0, 1], [NaN, 1, 0]]), 20, 7, true));

// ---- Einstein sums -------------------------------------------------------------------------------------

const sizes = { b: 3, i: 4, j: 5, k: 6, l: 2 };
const equations = ['i->i', 'i->', 'ij->ji', 'ij->i', 'ij->j', 'bij->bji', 'bij->jb', ',->', 'i,->i', ',i->', 'i,i->',
  'i,i->i', 'i,j->ij', 'i,j->ji', 'i,j->', 'ij,jk->ik', 'ij,jk->ki', 'ij,kj->ik', 'ji,jk->ik', 'ji,kj->ik', 'ij,j->i',
  'j,ij->i', 'ij,ij->', 'ij,ij->ij', 'ij,ij->i', 'ij,ji->ij', 'bij,bjk->bik', 'bij,bjk->ibk', 'bij,bkj->bik',
  'ibj,jbk->ikb', 'bij,jk->bik', 'bij,ik->bjk', 'bijk,bijl->bkl', 'bijk,ljk->bil', 'ijk,jil->kl', 'bi,bk->bik',
  'bij,bk->', 'bijk,kl->bijl', 'ijl,k->lk', 'ij,kl->', 'ij,jk->', 'bij,bij->b', 'ijkl,lkji->', 'bi,bij->bj'];
/** By the definition: the cpu backend is wrong where each tensor has a dimension of its own that is summed. */
function einsum(equation, tensors) {
  const [terms, kept] = [equation.split('->')[0].split(','), equation.split('->')[1]];
  const all = [...new Set([...kept, ...terms.join('')])];
  const at = (dims, index) => [...dims].reduce((flat, d) => flat * sizes[d] + index[d], 0);
  const output = new Float64Array(size([...kept].map(d => sizes[d])));
  for (let n = 0; n < size(all.map(d => sizes[d])); n++) {
    const index = {};
    all.reduceRight((rest, d) => (index[d] = rest % sizes[d], Math.floor(rest / sizes[d])), n);
    output[at(kept, index)] += terms.reduce((product, dims, i) => product * tensors[i].values[at(dims, index)], 1);
  }
  return { shape: [...kept].map(d => sizes[d]), dtype: tensors[0].dtype, values: output };
}
for (const dtype of numeric) {
  test(`Einsum: ${dtype}`, async () => {
    for (const tier of tiers) {
      for (const equation of equations) {
        const shapes = equation.split('->')[0].split(',').map(term => [...term].map(dim => sizes[dim]));
        const [found, ...tensors] = await run(`lanewise-${tier}`, r => {
          const inputs = shapes.map(shape => dtype === 'int' ? r.int(shape, -9, 9) : r.float(shape));
          return [tf.einsum(equation, ...inputs), ...inputs];
        });
        assertClose([found], [einsum(equation, tensors)], dtype === 'int' ? 0 : 2e-5, `${tier}, ${equation}`);
      }
    }
  });
}
check('Einsum', 'nothing', r => [tf.einsum('ij,jk->ik', r.float([2, 0]), r.float([0, 3])),
  tf.einsum('ij,jk->ik', r.float([0, 2]), r.float([2, 3])), tf.einsum('ij->j', r.float([0, 3]))]);
check('Einsum', 'booleans, and two dtypes', r => [tf.einsum('ij,jk->ik', r.bool([3, 4]), r.int([4, 2])),
  tf.einsum('ij,jk->ik', r.int([3, 4]), r.float([4, 2]))], 1e-4);
throwsEverywhere('Einsum: another rank', () => tf.einsum('ij->i', tf.ones([2, 3, 4])), /2 dimensions/);
test('MatrixBandPart and LogSoftmax leave nothing behind', async () => {
  for (const tier of tiers) {
    await tf.setBackend(`lanewise-${tier}`);
    const input = tf.ones([3, 4, 5]), numLower = tf.scalar(1, 'int32'), backend = tf.backend();
    const before = [backend.numDataIds(), backend.heap.blocksInUse];
    raw('MatrixBandPart', { input, numLower, numUpper: numLower }).dispose();
    raw('LogSoftmax', { logits: input }, { axis: 1 }).dispose();
    assert.deepEqual([backend.numDataIds(), backend.heap.blocksInUse], before, tier);
    tf.dispose([input, numLower]);
  }
});
test('Einsum: nothing is left behind', async () => {
  for (const tier of tiers) {
    await tf.setBackend(`lanewise-${tier}`);
    const a = tf.ones([3, 4, 5]), b = tf.ones([5, 4, 2]), backend = tf.backend();
    a.dataSync();
    const before = [backend.numDataIds(), backend.heap.blocksInUse];
    for (const equation of ['ijk,kjl->il', 'ijk,kjl->ilj', 'ijk,kjl->']) tf.einsum(equation, a, b).dispose();
    assert.deepEqual([backend.numDataIds(), backend.heap.blocksInUse], before, tier);
    tf.dispose([a, b]);
  }
});

// ---- What the cpu backend has no kernel for -------------------------------------------------------------

test('MatrixBandPart', async () => {
  for (const tier of tiers) {
    for (const [shape, lower, upper] of [[[4, 5], 1, 0], [[2, 3, 3], -1, 1], [[5, 4], 0, -1], [[3, 3], -1, -1],
      [[2, 7], 9, 2], [[0, 3], 1, 1], [[9, 2], 0, 0]]) {
      for (const dtype of dtypes) {
        const [x, found] = await run(`lanewise-${tier}`, r => {
          const input = r[dtype](shape);
          const [numLower, numUpper] = [lower, upper].map(n => tf.scalar(n, 'int32'));
          return [input, raw('MatrixBandPart', { input, numLower, numUpper })];
        });
        const [rows, columns] = shape.slice(-2);
        const expected = x.values.map((value, at) => {
          const i = Math.floor(at / columns) % rows, j = at % columns;
          return (lower < 0 || i - j <= lower) && (upper < 0 || j - i <= upper) ? value : 0;
        });
        assert.deepEqual(found, { ...x, values: expected }, `${tier}, [${shape}] ${lower} ${upper}`);
      }
    }
  }
});
test('LogSoftmax', async () => {
  for (const [shape, axis] of [[[7], -1], [[3, 5], 1], [[3, 5], 0], [[2, 3, 4], 1]]) {
    // The op of this name takes the last dimension only.
    const last = (axis + shape.length) % shape.length;
    const order = shape.map((_, d) => d).filter(d => d !== last).concat(last);
    const reference = await run('cpu', r => tf.logSoftmax(tf.transpose(r.float(shape), order)));
    for (const tier of tiers) {
      const found = await run(`lanewise-${tier}`, r =>
        tf.transpose(raw('LogSoftmax', { logits: r.float(shape) }, { axis }), order));
      assertClose(found, reference, 1e-6, `${tier}, [${shape}] along ${axis}`);
    }
  }
});
check('EluGrad', 'shapes', r => [[7], [3, 5], [0], []].map(shape =>
  raw('EluGrad', { dy: r.float(shape), y: tf.elu(r.float(shape)) })), 1e-6);
