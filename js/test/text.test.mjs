/* SPDX-License-Identifier: MIT */
/* Strings in all kernels that take them, ragged and sparse bookkeeping, unique elements: as on the cpu backend. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { randoms, run, size, tiers } from './support.mjs';

const name = `lanewise-${tiers[tiers.length - 1]}`;
const raw = (kernel, inputs, attrs) => tf.engine().runKernel(kernel, inputs, attrs);

const WORDS = ['', 'a', 'b', ',', 'a,b', 'ä', '水', '😀', 'A', 'ab', '1', '\0'];
const words = (random, shape, count = WORDS.length) =>
  tf.tensor(Array.from({ length: size(shape) }, () => WORDS[random.integer(0, count - 1)]), shape, 'string');
const ints = (values, shape = [values.length]) => tf.tensor(values, shape, 'int32');

/** Asserts that all tiers give what the cpu backend gives, and leave nothing behind. */
async function same(make, seeds = [1]) {
  for (const seed of seeds) {
    const expected = await run('cpu', make, seed);
    for (const tier of tiers) {
      await tf.setBackend(`lanewise-${tier}`);
      const backend = tf.backend(), before = backend.numDataIds();
      assert.deepEqual(await run(`lanewise-${tier}`, make, seed), expected, `${tier}, seed ${seed}`);
      assert.equal(backend.numDataIds(), before, 'data left behind');
    }
  }
}

/** Asserts that both backends fail with a message that has this part, and that ours leaves nothing behind. */
async function fails(make, message) {
  for (const backendName of ['cpu', name]) {
    await tf.setBackend(backendName);
    const backend = tf.backend(), before = backend.numDataIds();
    assert.throws(() => tf.tidy(() => make(randoms(1))), message, backendName);
    if (backendName === name) assert.equal(backend.numDataIds(), before, 'data left behind');
  }
}

const seeds = [1, 2, 3, 4, 5];

const list = tensors => tensors.map(x => tf.clone(x));

test('kernels that move elements move strings', async () => {
  const kernels = {
    Tile: x => raw('Tile', { x }, { reps: [2, 1, 2] }),
    Concat: x => raw('Concat', [x, x], { axis: 1 }),
    Pack: x => raw('Pack', [x, x, x], { axis: 2 }),
    Slice: x => raw('Slice', { x }, { begin: [0, 1, 1], size: [2, 2, 3] }),
    StridedSlice: x => tf.stridedSlice(x, [0, 2, 0], [2, 0, 4], [1, -1, 3]),
    'StridedSlice, all': x => tf.stridedSlice(x, [0, 0, 0], [2, 3, 4], [1, 1, 1]),
    'StridedSlice, shrunk': x => tf.stridedSlice(x, [0, 1, 0], [2, 2, 4], [1, 1, 1], 0, 0, 0, 0, 2),
    Transpose: x => raw('Transpose', { x }, { perm: [2, 0, 1] }),
    Reverse: x => raw('Reverse', { x }, { dims: [0, 2] }),
    GatherV2: x => raw('GatherV2', { x, indices: ints([1, 0, 3, 3], [2, 2]) }, { axis: 2, batchDims: 0 }),
    'GatherV2, batched': x => raw('GatherV2', { x, indices: ints([1, 0, 2, 2], [2, 2]) }, { axis: 1, batchDims: 1 }),
    GatherNd: x => raw('GatherNd', { params: x, indices: ints([1, 0, 0, 2], [2, 2]) }),
    Unpack: x => raw('Unpack', { value: x }, { axis: 1 }),
    SplitV: x => raw('SplitV', { x }, { numOrSizeSplits: [3, 1], axis: 2 }),
    MirrorPad: x => raw('MirrorPad', { x }, { paddings: [[1, 0], [0, 1], [2, 2]], mode: 'reflect' }),
    'MirrorPad, symmetric': x => raw('MirrorPad', { x }, { paddings: [[1, 0], [0, 1], [2, 2]], mode: 'symmetric' }),
    ExpandDims: x => raw('ExpandDims', { input: x }, { dim: -1 }),
    Identity: x => raw('Identity', { x }),
    Reshape: x => raw('Reshape', { x }, { shape: [4, 6] }),
    Fill: () => raw('Fill', {}, { shape: [2, 3], value: 'ä', dtype: 'string' }),
    BatchToSpaceND: x => raw('BatchToSpaceND', { x }, { blockShape: [2], crops: [[1, 2]] }),
    SpaceToBatchND: x => raw('SpaceToBatchND', { x }, { blockShape: [1, 2], paddings: [[0, 0], [0, 0]] }),
    SparseToDense: x => raw('SparseToDense', {
      sparseIndices: ints([3, 1]), sparseValues: raw('Reshape', { x: raw('Slice', { x },
        { begin: [0, 0, 0], size: [1, 1, 2] }) }, { shape: [2] }), defaultValue: tf.scalar('-'),
    }, { outputShape: [5] }),
  };
  for (const make of Object.values(kernels)) {
    await same(random => {
      const y = make(words(random, [2, 3, 4]));
      return Array.isArray(y) ? list(y) : y;
    });
  }
  for (const make of [x => raw('Tile', { x }, { reps: [1, 2] }), x => raw('Concat', [x, x], { axis: 0 }),
    x => raw('Reverse', { x }, { dims: [0] }), x => raw('Slice', { x }, { begin: [0, 0], size: [0, 3] })]) {
    await same(random => make(words(random, [0, 3])));
  }
  await fails(random => raw('Concat', [words(random, [2]), random.float([2])], { axis: 0 }), /./);
});

test('strings where the cpu backend has none: padding, choosing, BroadcastTo, DepthToSpace', async () => {
  await tf.setBackend(name);
  const x = tf.tensor2d([['a', 'b'], ['c', 'ä']]), y = tf.tensor2d([['1', '2'], ['3', '4']]);
  const pad = attrs => raw('PadV2', { x }, { paddings: [[1, 0], [0, 1]], ...attrs }).arraySync();
  assert.deepEqual(pad({ constantValue: 'q' }), [['q', 'q', 'q'], ['a', 'b', 'q'], ['c', 'ä', 'q']]);
  assert.deepEqual(pad({ constantValue: 0 }), [['', '', ''], ['a', 'b', ''], ['c', 'ä', '']]);
  const condition = tf.tensor2d([[1, 0], [0, 1]], undefined, 'bool');
  assert.deepEqual(raw('Select', { condition, t: x, e: y }).arraySync(), [['a', '2'], ['3', 'ä']]);
  assert.deepEqual(raw('BroadcastTo', { x }, { shape: [2, 2, 2] }).arraySync(), [x.arraySync(), x.arraySync()]);
  const depth = raw('DepthToSpace', { x: tf.reshape(x, [1, 1, 1, 4]) }, { blockSize: 2, dataFormat: 'NHWC' });
  assert.deepEqual(tf.reshape(depth, [2, 2]).arraySync(), x.arraySync());
  assert.throws(() => raw('Select', { condition, t: x, e: condition }), /dtype string/);
});

test('comparisons compare strings', async () => {
  for (const kernel of ['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual']) {
    await same(random => raw(kernel, { a: words(random, [12, 1]), b: words(random, [12]) }));
    await same(random => raw(kernel, { a: words(random, [3, 1, 4]), b: words(random, [2, 1]) }));
    await same(random => raw(kernel, { a: words(random, []), b: words(random, [0]) }));
    await fails(random => raw(kernel, { a: words(random, [2]), b: random.int([2]) }), /./);
  }
});

test('StringNGrams', async () => {
  await same(random => {
    const count = random.integer(0, 6), cut = random.integer(0, count);
    return tf.string.stringNGrams(words(random, [count]), ints([0, cut, count]), '|',
      [random.integer(1, 3), random.integer(1, 3)], '<', '>', random.integer(-1, 2), random.next() > 0)
      .nGrams;
  }, seeds);
  await fails(random => raw('StringNGrams', { data: words(random, [2]), dataSplits: ints([1, 2]) },
    { separator: '', nGramWidths: [1], leftPad: '', rightPad: '', padWidth: 0 }), /First split value must be 0, got 1/);
});

test('StringSplit', async () => {
  for (const delimiter of ['', ',', 'ab', 'ä']) {
    for (const skipEmpty of [true, false]) {
      await same(random => Object.values(tf.string.stringSplit(words(random, [9]), delimiter, skipEmpty)), [1, 2]);
    }
  }
  await fails(random => raw('StringSplit', { input: words(random, [1, 2]), delimiter: tf.scalar(',') },
    { skipEmpty: true }), /input/i);
});

test('StringToHashBucketFast', async () => {
  for (const buckets of [1, 10, 2 ** 31 - 1]) {
    await same(random => tf.string.stringToHashBucketFast(words(random, [3, 4]), buckets));
  }
  await fails(random => tf.string.stringToHashBucketFast(words(random, [2]), 0), /Number of buckets must be at/);
  await fails(() => raw('StringToHashBucketFast', { input: ints([1]) }, { numBuckets: 2 }), /string/);
});

test('StaticRegexReplace', async () => {
  for (const [pattern, rewrite, global] of [['[ab]', '<$&>', true], ['[ab]', 'x', false], ['^$', 'empty', true]]) {
    await same(random => tf.string.staticRegexReplace(words(random, [2, 5]), pattern, rewrite, global));
  }
});

test('RaggedGather', async () => {
  const gather = (dense, indices) => raw('RaggedGather', {
    paramsNestedSplits: [ints([0, 2, 3, 6])], paramsDenseValues: dense, indices,
  }, { outputRaggedRank: 1 });
  for (const kind of ['float', 'int', 'bool', 'string']) {
    for (const shape of [[6], [6, 2]]) {
      const dense = random => kind === 'string' ? words(random, shape) : random[kind](shape);
      await same(random => gather(dense(random), ints([2, 0, 1, 2])));
      await same(random => gather(dense(random), ints([], [0])));
    }
  }
  await fails(random => gather(random.float([6]), ints([3])), /indices\[0\] = 3 is not in \[0, 3\)/);
});

test('RaggedRange', async () => {
  await same(() => raw('RaggedRange', { starts: ints([0, 5, 8]), limits: ints([8, 7, 8]), deltas: ints([2, 1, 1]) }));
  await same(() => raw('RaggedRange', {
    starts: tf.scalar(0.5), limits: tf.tensor1d([8, -7]), deltas: tf.tensor1d([1, -2]),
  }));
  await fails(() => raw('RaggedRange', { starts: ints([0]), limits: ints([1]), deltas: ints([0]) }),
    /Requires delta != 0/);
});

const dense = (shape, values, defaultValue, splits = [0, 2, 2, 5]) => raw('RaggedTensorToTensor', {
  shape: ints(shape), values, defaultValue, rowPartitionTensors: [ints(splits)],
}, { rowPartitionTypes: ['ROW_SPLITS'] });

test('RaggedTensorToTensor', async () => {
  for (const shape of [[-1, -1], [3, 3], [2, 2], [4, 5], [0, 3]]) {
    await same(random => dense(shape, random.float([5]), tf.scalar(9)));
    await same(random => dense(shape, random.int([5]), tf.scalar(9, 'int32')));
    await same(random => dense(shape, random.bool([5]), tf.scalar(true, 'bool')));
  }
  await same(random => dense([-1, -1, 2], random.float([5, 2]), tf.scalar(9)));
  await same(random => raw('RaggedTensorToTensor', {
    shape: ints([3, 3]), values: random.float([4]), defaultValue: tf.scalar(1),
    rowPartitionTensors: [tf.scalar(3, 'int32'), ints([0, 0, 2, 2])],
  }, { rowPartitionTypes: ['FIRST_DIM_SIZE', 'VALUE_ROWIDS'] }));
  await fails(random => dense([2], random.float([5]), tf.scalar(1)), /are incompatible/);
  await fails(random => dense([-1, -1], random.float([5]), tf.tensor1d([1])), /must be less than/);
});

test('RaggedTensorToTensor where the cpu backend fails: strings, larger defaults, rows of one or unknown', async () => {
  await tf.setBackend(name);
  const strings = dense([-1, 2], tf.tensor1d(['a', 'b', 'c', 'd', 'e']), tf.scalar('-'));
  assert.deepEqual(strings.arraySync(), [['a', 'b'], ['-', '-'], ['c', 'd']]);
  const values = tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]);
  const expected = [[[1, 2], [3, 4]], [[-1, -2], [-1, -2]], [[5, 6], [7, 8]]];
  for (const row of [2, -1]) {
    assert.deepEqual(dense([-1, 2, row], values, tf.tensor1d([-1, -2])).arraySync(), expected);
  }
  assert.deepEqual(dense([-1, 2, 1], tf.tensor2d([[1], [2], [3], [4], [5]]), tf.scalar(0)).arraySync(),
    [[[1], [2]], [[0], [0]], [[3], [4]]]);
  assert.deepEqual(dense([-1, 2, 2, 2], tf.tile(tf.reshape(values, [5, 1, 2]), [1, 2, 1]), tf.tensor2d([[-1], [-2]]))
    .arraySync()[1].slice(0, 1), [[[-1, -1], [-2, -2]]]);
  assert.throws(() => dense([-1, 2, 3], values, tf.scalar(0)), /are incompatible.*shape\[2\] = 3/);
});

test('SparseReshape', async () => {
  await same(() => Object.values(tf.sparse.sparseReshape(ints([0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 2, 3], [5, 3]),
    ints([2, 3, 6]), ints([9, -1]))));
  await fails(() => Object.values(tf.sparse.sparseReshape(ints([0, 0], [1, 2]), ints([2, 3]), ints([5]))), /Input to/);
});

test('SparseFillEmptyRows', async () => {
  for (const kind of ['float', 'int', 'bool', 'string']) {
    const values = random => kind === 'string' ? words(random, [3]) : random[kind]([3]);
    const dtype = { float: 'float32', int: 'int32' }[kind] ?? kind;
    const empty = () => tf.scalar(kind === 'string' ? '-' : 1, dtype);
    await same(random => raw('SparseFillEmptyRows', {
      indices: ints([0, 1, 2, 0, 2, 3], [3, 2]), values: values(random), denseShape: ints([4, 5]),
      defaultValue: empty(),
    }));
  }
  await fails(() => raw('SparseFillEmptyRows', {
    indices: ints([4, 0], [1, 2]), values: tf.tensor1d([1]), denseShape: ints([4, 5]), defaultValue: tf.scalar(0),
  }), /indices\(0, 0\) is invalid: 4 >= 4/);
});

test('Unique', async () => {
  for (const [shape, axis] of [[[9], 0], [[0], 0], [[3, 4], 0], [[3, 4], 1], [[2, 3, 4], -2], [[2, 3, 4], 2]]) {
    for (const make of [
      random => random.int(shape, 0, 2), random => random.bool(shape), random => words(random, shape, 3),
      random => tf.mul(random.int(shape, -1, 1), 0.5),
    ]) await same(random => Object.values(tf.unique(make(random), axis)), [1, 2]);
  }
  // The cpu backend takes these rows for the same: joined with commas, the bytes of both are 97,44,98.
  await tf.setBackend(name);
  assert.deepEqual(tf.unique(tf.tensor2d([['a', ',b'], ['a,', 'b'], ['a', ',b']]), 0).indices.arraySync(), [0, 1, 0]);
});
