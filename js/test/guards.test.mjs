/* SPDX-License-Identifier: MIT */
/* Arguments that would lead out of a tensor's memory are errors, and leave nothing behind. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { LanewiseError, registerBackend } from 'lanewise/backend';
import { load } from 'lanewise/runtime';
import { excludeTiers, setTier, setWinograd } from 'lanewise';

registerBackend('guarded', {});
await tf.setBackend('guarded');
const run = (name, inputs, attrs) => tf.engine().runKernel(name, inputs, attrs);
const ones = (...shape) => tf.ones(shape);
const ints = (...values) => tf.tensor1d(values, 'int32');
/** Floats from 0 on. */
const count = (...shape) => tf.reshape(tf.range(0, shape.reduce((a, b) => a * b, 1)), shape);
const texts = (...values) => tf.tensor1d(values, 'string');
const flat = { strides: 1, pad: 'same', dataFormat: 'NHWC' }, deep = { strides: 1, pad: 'same' };
const dx2d = (dy, inputShape) => run('Conv2DBackpropInput', { dy, filter: ones(3, 3, 2, 4) }, { ...flat, inputShape });
const dw2d = (dy, filterShape) => run('Conv2DBackpropFilter', { x: ones(1, 5, 5, 2), dy }, { ...flat, filterShape });
const dx1 = (dy, inputShape) =>
  run('DepthwiseConv2dNativeBackpropInput', { dy, filter: ones(3, 3, 2, 2) }, { ...flat, dilations: 1, inputShape });
const dw1 = (dy, filterShape) =>
  run('DepthwiseConv2dNativeBackpropFilter', { x: ones(1, 5, 5, 2), dy }, { ...flat, dilations: 1, filterShape });
const dx3d = (dy, inputShape) =>
  run('Conv3DBackpropInputV2', { dy, filter: ones(3, 3, 3, 2, 4) }, { ...deep, inputShape });
const dw3d = (dy, filterShape) => run('Conv3DBackpropFilterV2', { x: ones(1, 5, 5, 5, 2), dy }, { ...deep, filterShape });
const ragged = (types, partitions, values = ones(4), shape = ints(-1, -1)) => run('RaggedTensorToTensor', {
  shape, values, defaultValue: tf.scalar(0), rowPartitionTensors: partitions,
}, { rowPartitionTypes: types });

const WRONG = {
  'a slice that begins before the tensor': () => tf.slice(ones(4, 5), [-5, 0], [5, 5]),
  'a slice that begins far before it': () => tf.slice(ones(4, 5), [0, -2147483648], [4, 2]),
  'a slice that begins between elements': () => tf.slice(ones(4, 5), [0.5, 0], [1, 1]),
  'a slice with a size below -1': () => tf.slice(ones(4, 5), [0, 0], [-3, 1]),
  'parts that are more than the whole': () => tf.split(ones(4), [6, -2]),
  'parts of less than nothing': () => tf.split(ones(4), [5, -1]),
  'a permutation with a dimension twice': () => tf.transpose(ones(30, 2), [0, 0]),
  'half a sample': () => tf.multinomial(ones(2, 3), 2.5, 1),
  'half a row': () => tf.image.resizeBilinear(ones(1, 4, 4, 1), [2.5, 2]),
  'half a repetition': () => tf.tile(ones(3), [1.5]),
  'half a crop': () => tf.image.cropAndResize(ones(1, 4, 4, 1), tf.tensor2d([[0, 0, 1, 1]]), tf.tensor1d([0], 'int32'),
    [2.5, 2]),
  'half a depth': () => tf.oneHot(tf.tensor1d([0, 1], 'int32'), 2.5),
  'a negative depth': () => run('OneHot', { indices: tf.tensor1d([0, 1], 'int32') }, { depth: -3 }),
  'bins below zero': () => run('Bincount', { x: tf.tensor1d([0], 'int32'), weights: ones(1) }, { size: -5 }),
  'an axis named twice': () => tf.sum(ones(3, 4, 5), [0, 0]),
  'one-hot strings': () => tf.oneHot(tf.tensor1d([0], 'int32'), 2000, 1, 3, 'string'),
  'more values than indices': () => tf.sparse.sparseFillEmptyRows(tf.tensor2d([[0, 0]], [1, 2], 'int32'),
    tf.range(0, 1000), tf.tensor1d([1, 2], 'int32'), tf.scalar(0)),
  'volumes in steps of one and a half': () => tf.conv3d(ones(1, 5, 5, 5, 2), ones(3, 3, 3, 2, 2), 1.5, 'valid'),
  'a gradient in such steps': () => run('DepthwiseConv2dNativeBackpropInput', {
    dy: ones(1, 9, 9, 2), filter: ones(3, 3, 2, 1),
  }, { inputShape: [1, 7, 7, 2], strides: 1.5, pad: 'valid', dilations: 1 }),
  'a window smaller than nothing': () => run('AvgPoolGrad', { dy: ones(1, 3, 3, 2), input: ones(1, 7, 7, 2) },
    { filterSize: -1, strides: 1, pad: 'same' }),
  'batch dimensions that are no number': () => tf.gather(ones(2, 3, 4), tf.zeros([2, 2], 'int32'), 1, NaN),
  'strided slices between elements': () => tf.stridedSlice(ones(4), [0.5], [2], [1]),
  'half a border': () => tf.pad(ones(1, 4, 4, 1), [[0, 0], [0.5, 0.5], [0, 0], [0, 0]]),
  'half a mirrored border': () => tf.mirrorPad(ones(4), [[0.5, 0.5]], 'reflect'),
  'stacked on half an axis': () => tf.stack([ones(3), ones(3)], 0.5),
  'half a matrix': () => tf.matMul(tf.reshape(ones(4), [0.5, 8]), ones(8, 3)),
  'bands of no number': () => run('MatrixBandPart', {
    input: ones(3, 3), numLower: tf.zeros([0], 'int32'), numUpper: tf.scalar(1, 'int32'),
  }),
  'a gradient of another shape': () => run('LRNGrad', { x: ones(2, 4, 4, 7), y: ones(2, 4, 4, 7), dy: ones(1, 1, 1, 7) },
    { depthRadius: 2, bias: 1, alpha: 0.5, beta: 0.75 }),
  'an output of another shape': () => run('LRNGrad', { x: ones(1, 4, 4, 7), y: ones(1, 1, 1, 7), dy: ones(1, 4, 4, 7) },
    { depthRadius: 2, bias: 1, alpha: 0.5, beta: 0.75 }),
  'imaginary parts that are missing': () => run('Complex', { real: ones(89), imag: ones(2) }),
  'a choice among other shapes': () => run('Select', { condition: tf.zeros([9], 'bool'), t: ones(5), e: ones(2) }),
  'boxes with other numbers than corners': () => run('CropAndResize', {
    image: ones(1, 4, 4, 1), boxes: ones(3), boxInd: tf.zeros([3], 'int32'),
  }, { cropSize: [2, 2], method: 'bilinear', extrapolationValue: 0 }),
};

/** The same with the words of the error that say what is wrong. */
const TOLD = {
  'a gradient of an image of five dimensions': [() => dx2d(ones(1, 5, 5, 4), [1, 5, 5, 2, 3]),
    /Conv2DBackpropInput: attribute 'inputShape' is \[1,5,5,2,3\]; expected a shape of 4 dimensions/],
  'the same with a plan for the first four': [() => {
    const filter = ones(3, 3, 2, 4), dy = ones(1, 5, 5, 4);
    run('Conv2DBackpropInput', { dy, filter }, { ...flat, inputShape: [1, 5, 5, 2] });
    run('Conv2DBackpropInput', { dy, filter }, { ...flat, inputShape: [1, 5, 5, 2, 3] });
  }, /inputShape/],
  'a gradient of an image of other channels': [() => dx2d(ones(1, 5, 5, 4), [1, 5, 5, 3]), /takes 2 channels, .* 3/],
  'a gradient of half a pixel': [() => dx2d(ones(1, 5, 5, 4), [1, 5, 4.5, 2]), /inputShape/],
  'a gradient of more images': [() => dx2d(ones(2, 5, 5, 4), [1, 5, 5, 2]),
    /'dy' has shape \[2,5,5,4\]; expected \[1,5,5,4\]/],
  'a gradient for a filter of six dimensions': [() => dw2d(ones(1, 5, 5, 4), [3, 3, 2, 4, 1, 1]), /'filterShape'/],
  'a gradient for a filter of other channels': [() => dw2d(ones(1, 5, 5, 5), [3, 3, 2, 4]), /'dy'/],
  'a gradient for no filter': [() => dw2d(ones(1, 5, 5, 4)), /'filterShape' is \[undefined\]/],
  'a depthwise gradient of five dimensions': [() => dx1(ones(1, 5, 5, 4), [1, 5, 5, 2, 2]), /'inputShape'/],
  'a depthwise gradient of other channels': [() => dx1(ones(1, 5, 5, 6), [1, 5, 5, 2]), /'dy'/],
  'a depthwise gradient for a filter of five dimensions': [() => dw1(ones(1, 5, 5, 4), [3, 3, 2, 2, 5]), /'filterShape'/],
  'a gradient of a volume of six dimensions': [() => dx3d(ones(1, 5, 5, 5, 4), [1, 5, 5, 5, 2, 2]), /'inputShape'/],
  'a gradient for a filter of a volume of six': [() => dw3d(ones(1, 5, 5, 5, 4), [3, 3, 3, 2, 4, 2]), /'filterShape'/],
  'a volume padded by half a pixel': [() => run('Conv3D', { x: ones(1, 4, 4, 4, 2), filter: ones(1, 1, 1, 2, 3) },
    { strides: 2, pad: 1.5, dilations: 2 }), /Conv3D: attribute 'pad' is \[1.5,1.5,1.5\]; expected whole numbers/],
  'strides beyond 32 bits': [() => run('Conv2D', { x: ones(1, 5, 5, 2), filter: ones(3, 3, 2, 4) },
    { ...flat, strides: 2 ** 32 + 1 }), /Conv2D: attribute 'strides'/],
  'a gradient of a pooling of other size': [() => run('MaxPoolGrad', { dy: ones(1, 9, 9, 2), input: ones(1, 7, 7, 2) },
    { filterSize: 3, strides: 1, pad: 'same' }), /MaxPoolGrad: argument 'dy' of shape \[1,9,9,2\] is no gradient/],
  'stacked on no axis': [() => run('Pack', [ones(3), ones(3)], { axis: null }), /Pack: attribute 'axis'/],
  'joined on no number': [() => run('Concat', [ones(3), ones(3)], { axis: false }), /Concat: the axes are \[false\]/],
  'a sum over a text': [() => run('Sum', { x: ones(2, 3, 4) }, { axis: '1' }), /Sum: the axes are \[1\]/],
  'a number as a shape': [() => run('Reshape', { x: ones(1, 1) }, { shape: 5 }), /Reshape: .*x: float32 \[1,1\], shape: 5/],
  'half a shape of nothing': [() => run('Reshape', { x: ones(0, 3) }, { shape: [0.5, 0] }), /Reshape: .*0.5/],
  'half a tile': [() => run('Tile', { x: ones(2) }, { reps: [9.5] }), /Tile: attribute 'reps' is \[9.5\]/],
  'a border of text': [() => run('PadV2', { x: ones(3) }, { paddings: [[1, '2']] }), /PadV2: attribute 'paddings'/],
  'a border of fewer dimensions': [() => run('PadV2', { x: ones(2, 3) }, { paddings: [[1, 1]] }),
    /PadV2: attribute 'paddings' is \[\[1,1\]\]; expected two numbers for each dimension of \[2,3\]/],
  'a border of no kind': [() => run('MirrorPad', { x: ones(3) }, { paddings: [[1, 1]], mode: 'wrap' }),
    /MirrorPad: attribute 'mode' is wrap; expected reflect or symmetric/],
  'a crop of no kind': [() => run('CropAndResize', {
    image: ones(1, 4, 4, 1), boxes: ones(1, 4), boxInd: ints(0),
  }, { cropSize: [2, 2], method: 'bicubic', extrapolationValue: 0 }), /CropAndResize: attribute 'method' is bicubic/],
  'a transformation with edges of no kind': [() => run('Transform', { image: ones(1, 4, 4, 1), transforms: ones(1, 8) },
    { interpolation: 'nearest', fillMode: 'constructor', fillValue: 0 }), /Transform: attribute 'fillMode' is constructor/],
  'a border of more dimensions': [() => run('MirrorPad', { x: ones(3) }, { paddings: [[1, 1], [0, 0]], mode: 'reflect' }),
    /MirrorPad: attribute 'paddings' is \[\[1,1\],\[0,0\]\]/],
  'a permutation by a property': [() => run('Transpose', { x: ones(1, 5) }, { perm: ['length', 1] }),
    /Transpose: attribute 'perm' is \[length,1\]; expected each of 2 dimensions once/],
  'a slice from a text on': [() => run('Slice', { x: ones(9) }, { begin: ['0'], size: [5] }), /Slice: attribute 'begin'/],
  'an activation by a property': [() => run('FusedConv2D', { x: ones(1, 5, 5, 2), filter: ones(3, 3, 2, 4) },
    { ...flat, activation: 'toString' }), /FusedConv2D: activation 'toString' is not supported/],
  'the same of integers': [() => run('_FusedMatMul', { a: tf.ones([2, 2], 'int32'), b: ones(2, 2) },
    { activation: 'constructor' }), /_FusedMatMul: activation 'constructor' is not supported/],
  'texts in the heap': [() => tf.backend().typedArrayFromHeap(texts('a')), /strings/],
  'texts as indices of texts': [() => run('GatherV2', { x: texts('a', 'b'), indices: texts('a') }, { axis: 0 }),
    /GatherV2: argument 'indices' has dtype string/],
  'numbers among texts': [() => run('TensorScatterUpdate', {
    tensor: texts('a', 'b'), indices: tf.zeros([1, 1], 'int32'), updates: ints(7),
  }, {}), /TensorScatterUpdate: argument 'updates' has dtype int32/],
  'texts without end': [() => tf.fill([2, 2147483647], 'a', 'string'), /4294967294 strings/],
  'a dilation less than 1': [() => run('Dilation2D', { x: ones(1, 7, 8, 5), filter: ones(2, 3, 5) },
    { strides: [-4294967295, 3], pad: 'valid', dilations: 1 }), /Dilation2D: attribute 'strides'/],
  'a number as a block': [() => run('SpaceToBatchND', { x: ones(2, 6) }, { blockShape: -2, paddings: [[1, 2]] }),
    /SpaceToBatchND/],
  'endless steps': [() => run('StridedSlice', { x: ones(9) }, {
    begin: [8], end: [0], strides: [-Infinity],
    beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0,
  }), /StridedSlice/],
  'parts of nothing without end': [() => tf.split(ones(0), 2 ** 31 - 1), /SplitV: attribute 'numOrSizeSplits'/],
  'no argument': [() => run('Sub', { a: ones(2) }), /Sub: .*missing/],
  'fewer values than the shape has': [() => tf.engine().makeTensor(new Float32Array(3), [4]), /\[4\] takes 4 .* 3 /],
  'more values than the shape has': [() => tf.engine().makeTensor(new Float32Array(5), [4]), /takes 4 values; 5/],
  'fewer texts than the shape has': [() => tf.backend().write([new Uint8Array(1)], [2], 'string'), /takes 2 values; 1/],
  'a sparse shape of another rank': [() => run('SparseReshape', {
    inputIndices: tf.zeros([3, 2], 'int32'), inputShape: ints(2, 3, 1), newShape: ints(6),
  }), /SparseReshape: argument 'inputShape' has shape \[3\]; expected \[2\]/],
  'a dense shape of another rank': [() => tf.sparse.sparseFillEmptyRows(tf.zeros([1, 2], 'int32'), ones(1), ints(1, 2, 3),
    tf.scalar(0)), /SparseFillEmptyRows: argument 'denseShape'/],
  'rows without end': [() => tf.sparse.sparseFillEmptyRows(tf.zeros([1, 2], 'int32'), ones(1), ints(2147483647, 2),
    tf.scalar(0)), /SparseFillEmptyRows: the rows would have 2147483647 elements/],
  'ids of another size': [() => tf.sparse.sparseSegmentSum(ones(3, 2), ints(0, 1), ints(0)), /same size/],
  'ranges without end': [() => tf.raggedRange(tf.scalar(0), tf.scalar(2e9), tf.scalar(1)), /RaggedRange: the ranges/],
  'rows of more values than there are': [() => ragged(['ROW_SPLITS'], [ints(0, 2, 2000000000)]), /don't divide 4 values/],
  'rows of fewer values than there are': [() => ragged(['ROW_SPLITS'], [ints(0, 2, 3)]), /don't divide 4 values/],
  'rows that go back': [() => ragged(['ROW_SPLITS'], [ints(0, 5, 4)]), /don't divide 4 values/],
  'a row that there is not': [() => ragged(['FIRST_DIM_SIZE', 'VALUE_ROWIDS'], [tf.scalar(2, 'int32'), ints(0, 0, 1, 2)]),
    /'rowPartitionTensors', \[\[2\] of type FIRST_DIM_SIZE,\[0,0,1,2\] of type/],
  'a first dimension without end': [() => ragged(['FIRST_DIM_SIZE', 'VALUE_ROWIDS'],
    [tf.scalar(2e9, 'int32'), ints(0, 0, 1, 1)]), /the output would have/],
  'an output without end': [() => ragged(['ROW_SPLITS'], [ints(0, 2, 4)], ones(4), ints(1e9, 1e9)), /output would have/],
  'partitions without types': [() => ragged([], [ints(0, 2, 4)]), /don't divide/],
  'n-grams without end': [() => tf.string.stringNGrams(texts('a', 'b'), ints(0, 2), '|', [1e9], '<', '>', -1, true),
    /StringNGrams: the n-grams would have/],
  'true buckets': [() => run('StringToHashBucketFast', { input: texts('a') }, { numBuckets: true }), /at least 1.* true/],
  'an image of no pixels made larger': [() => tf.image.resizeBilinear(ones(1, 0, 4, 1), [2, 2]),
    /ResizeBilinear: argument 'images' has shape \[1,0,4,1\]/],
  'an image of no pixels made larger, nearest': [() => tf.image.resizeNearestNeighbor(ones(1, 4, 0, 1), [2, 2]),
    /ResizeNearestNeighbor: argument 'images'/],
  'bools in a convolution': [() => run('Conv2D', { x: tf.ones([1, 5, 5, 2], 'bool'), filter: ones(3, 3, 2, 4) }, flat),
    /Conv2D: argument 'x' has dtype bool; expected float32 or int32/],
};

for (const [what, wrong] of Object.entries({ ...WRONG, ...TOLD })) {
  const [body, told = /./] = [wrong].flat();
  test(what, () => {
    const state = () => {
      const { heap } = tf.backend();
      return { ...tf.memory(), blocks: heap.blocksInUse, scratch: heap.scratchBytes };
    };
    tf.tidy(() => { try { body(); } catch {} }); // the working memory stays
    const before = state();
    tf.tidy(() => assert.throws(body, error => {
      // One of ours or of TensorFlow.js: never one of the engine's.
      assert.ok(error instanceof LanewiseError || error.constructor === Error, error.stack);
      assert.match(error.message, told);
      return true;
    }));
    assert.deepEqual(state(), before);
  });
}

test('a variable made of another backend\'s tensor keeps its data', async () => {
  await tf.setBackend('cpu');
  const x = tf.tensor1d([1, 2, 3]), more = tf.tensor1d([4, 5, 6]);
  await tf.setBackend('guarded');
  const v = tf.variable(x);
  x.dispose();
  assert.deepEqual([...v.dataSync()], [1, 2, 3]);
  v.assign(more);
  more.dispose();
  assert.deepEqual([...v.dataSync()], [4, 5, 6]);
  v.dispose();
});

test('complex numbers of integers, and draws from integer logits', () => {
  assert.deepEqual([...tf.complex(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')).dataSync()], [1, 3, 2, 4]);
  const draws = logits => [...tf.multinomial(logits, 20, 7).dataSync()];
  assert.deepEqual(draws(tf.tensor2d([[1, 2, 3]], [1, 3], 'int32')), draws(tf.tensor2d([[1, 2, 3]])));
});

test('a file whose tier is excluded, or not the one that was asked for, is refused by name', async () => {
  const bytes = readFileSync(new URL('../dist/lanewise-scalar.wasm', import.meta.url));
  await assert.rejects(load({ exclude: ['scalar'], wasm: bytes }), /the bytes given holds tier 'scalar', which is excluded/);
  await assert.rejects(load({ tier: 'simd128', wasm: bytes }), /holds tier 'scalar', but 'simd128' was to be loaded/);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assert.equal((await load({ wasm: view })).tier, 'scalar');
});

test('a tensor of another backend with too many values is refused, and nothing is written', async () => {
  await tf.setBackend('cpu');
  const x = tf.engine().makeTensor(new Float32Array(9), [2], 'float32');
  await tf.setBackend('guarded');
  const { bytesInUse } = tf.backend().heap;
  assert.throws(() => tf.neg(x), /shape \[2\] takes 2 values; 9 were given/);
  assert.equal(tf.backend().heap.bytesInUse, bytesInUse);
});

test('parts of a tensor are read within it', () => {
  const x = tf.tensor1d([1, 2, 3]);
  assert.deepEqual([...tf.backend().readSync(x.dataId, 1, 9)], [2, 3]);
});

test('gradients of pooling with windows far larger than the image', () => {
  const filterSize = 2 ** 31 - 1, attrs = { filterSize, strides: 1, pad: 'same', dimRoundingMode: undefined };
  const input = count(1, 3, 3, 1), dy = ones(1, 3, 3, 1);
  const average = run('AvgPoolGrad', { dy, input }, attrs);
  assert.deepEqual([...average.dataSync()], new Array(9).fill(Math.fround(9 / filterSize ** 2)));
  const cube = run('AvgPool3DGrad', { dy: ones(1, 3, 3, 1, 1), input: count(1, 3, 3, 1, 1) }, attrs);
  assert.deepEqual([...cube.dataSync()], new Array(9).fill(Math.fround(9 / filterSize ** 3)));
  assert.deepEqual([...run('MaxPoolGrad', { dy, input }, attrs).dataSync()], [0, 0, 0, 0, 0, 0, 0, 0, 9]);
  const two = { ...attrs, strides: 2 };
  assert.deepEqual([...run('AvgPoolGrad', { dy: ones(1, 2, 2, 1), input }, two).dataSync()],
    new Array(9).fill(Math.fround(4 / filterSize ** 2)));
});

/** What a function of tensors gives on the backend and on cpu. */
async function both(body) {
  const results = [];
  try {
    for (const name of ['cpu', 'guarded']) {
      await tf.setBackend(name);
      const of = y => ({ shape: y.shape, dtype: y.dtype, values: [...y.dataSync()] });
      results.push(tf.tidy(() => [body()].flat().map(of)));
    }
  } finally {
    await tf.setBackend('guarded');
  }
  return results;
}
const LIKE_CPU = {
  'axes reversed twice': () => [[0, 0], [1, 1, 0], [0, -2]].map(axes => tf.reverse(count(2, 3), axes)),
  'bools of other numbers': () => [[5, 0], [256, 3], [-1, 0.5], [NaN, 1], [true, false]].map(([on, off]) =>
    run('OneHot', { indices: ints(0, 3, 1) }, { depth: 2, onValue: on, offValue: off, dtype: 'bool' })),
  'a fill of bools': () => [5, 0.5, -1, true].map(value => run('Fill', {}, { shape: [3], value, dtype: 'bool' })),
  'crops of images of no pixels': () => [[1, 0, 4, 2], [1, 4, 0, 2]].map(shape => tf.image.cropAndResize(tf.zeros(shape),
    tf.tensor2d([[0, 0, 1, 1], [0.2, 0.3, 0.4, 0.6]]), ints(0, 1), [2, 2], 'bilinear', 7)),
  'searches for NaN and behind it': () => ['lowerBound', 'upperBound'].flatMap(name => [
    tf[name](tf.tensor1d([1, 2, 3, 5, 8]), tf.tensor1d([NaN, 2, 9, -1])),
    tf[name](tf.tensor1d([1, 2, 3, NaN, NaN]), tf.tensor1d([NaN, 2, 9, -1])),
  ]),
  'tensors of several dtypes joined': () => {
    const list = [tf.tensor2d([[1.5, -2.5, 3e9]]), tf.tensor2d([[2, -7, 16777217]], [1, 3], 'int32'),
      tf.tensor2d([[true, false, true]]), tf.zeros([0, 3])];
    return list.flatMap(x => list.flatMap(y => x.dtype === 'bool' && y.dtype !== 'bool' ? []
      : [tf.concat([x, y], 0), tf.concat([x, y, x], 0), ...x.size && y.size ? [tf.concat([x, y, y], 1)] : [],
        ...x.size && y.size ? [tf.concat([tf.concat([x, x], 0), tf.concat([y, y], 0)], 1)] : []]));
  },
  'slices from the end': () => [tf.slice(tf.tensor1d([1, 2, 3]), -2, 1), tf.slice(tf.tensor1d([1, 2, 3]), -3, 2),
    tf.slice(count(3, 4), [-2, 0], [1, 2]), tf.slice(count(3, 4), [-3], [2])],
  'paddings that crop': () => [tf.pad(count(4), [[-1, 0]]), tf.pad(count(3, 4), [[-1, 0], [0, -2]])],
  'convolutions of integers': () => {
    const [x, filter] = [[1, 5, 5, 2], [3, 3, 2, 2]].map(shape => tf.sub(tf.cast(count(...shape), 'int32'), ints(20)));
    return [
      run('Conv2D', { x, filter }, { ...flat, dilations: 1 }),
      run('Conv2D', { x: tf.cast(x, 'float32'), filter }, { ...flat, strides: 2, dilations: 1 }),
      run('DepthwiseConv2dNative', { x, filter }, { ...flat, pad: 'valid', dilations: 1 }),
      run('FusedConv2D', { x, filter, bias: ints(1, -500) }, { ...flat, dilations: 1, activation: 'relu' }),
      run('FusedDepthwiseConv2D', { x, filter }, { ...flat, dilations: 1, activation: 'relu6' }),
    ];
  },
};
for (const [what, body] of Object.entries(LIKE_CPU)) {
  test(`${what}, as on cpu`, async () => {
    const [cpu, ours] = await both(body);
    assert.deepEqual(ours, cpu);
  });
}

test('boxes before the first image are left out like those behind the last', () => {
  const box = tf.tensor2d([[0, 0, 1, 1]]);
  const crop = at => tf.image.cropAndResize(ones(1, 4, 4, 1), box, ints(at), [2, 2], 'nearest', 7);
  assert.deepEqual([-1, -2147483648, 1, 0].map(at => [...crop(at).dataSync()]),
    [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]]);
});

test('NaN is behind all numbers in topk', () => {
  const { values, indices } = tf.topk(tf.tensor1d([NaN, 1, NaN, 3, -Infinity]), 5);
  assert.deepEqual([...values.dataSync()], [3, 1, -Infinity, NaN, NaN]);
  assert.deepEqual([...indices.dataSync()], [3, 1, 4, 0, 2]);
});

test('settings that there are not are refused at once', () => {
  assert.throws(() => setTier('x'), /unknown tier 'x'; there are scalar, simd128, relaxed/);
  assert.throws(() => excludeTiers('scalar', 'avx'), /unknown tier 'avx'/);
  assert.throws(() => setWinograd('f8'), /the option 'winograd' is 'f8'; expected one of auto, f2, off/);
  setTier('simd128');
  setTier(undefined);
});

test('releaseMemory gives back tables of Fourier transforms, which are made again', () => {
  const backend = tf.backend();
  tf.tidy(() => {
    const x = tf.complex(ones(12), tf.zeros([12]));
    backend.releaseMemory();
    const { bytesInUse, blocksInUse } = backend.heap;
    const transform = () => tf.tidy(() => [...tf.fft(x).dataSync()]);
    const first = transform();
    assert.ok(backend.heap.bytesInUse > bytesInUse);
    backend.releaseMemory();
    assert.deepEqual([backend.heap.bytesInUse, backend.heap.blocksInUse], [bytesInUse, blocksInUse]);
    assert.deepEqual(transform(), first);
  });
});

test('a file that is missing after a redirect is told by both addresses', async () => {
  const fetch = async () => ({ ok: false, status: 404, redirected: true, url: 'https://there.example/b.wasm' });
  await assert.rejects(load({ wasm: 'https://here.example/a.wasm', fetch }),
    /can't load https:\/\/here.example\/a.wasm \(redirected to https:\/\/there.example\/b.wasm\): HTTP status 404/);
});

test('a file of another version is refused by name', async () => {
  const bytes = readFileSync(new URL('../dist/lanewise-scalar.wasm', import.meta.url));
  const other = Buffer.from(bytes);
  other.write('0.0.9', other.indexOf('0.1.0\0'));
  await assert.rejects(load({ wasm: other }),
    /the bytes given is of another version of Lanewise \(0\.0\.9; the code is 0\.1\.0\): copy the WebAssembly files/);
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const { exports } = await instantiate(...args);
    return { exports: { ...exports, lw_context_create: () => 2 } }; // LW_BAD_STRUCT_BYTES
  };
  try {
    await assert.rejects(load({ wasm: bytes }), /the bytes given is of another version .* with other structs/);
  } finally {
    WebAssembly.instantiate = instantiate;
  }
});

test('a tensor that was disposed of is told as such', () => {
  const x = ones(2);
  x.dispose();
  assert.throws(() => tf.add(x, 1), /Add: a tensor is used after it was disposed of/);
});

test('out of memory: the limit that was asked for is told', async () => {
  const wasm = new URL('../dist/lanewise-simd128-threads.wasm', import.meta.url);
  const lw = await load({ wasm, threads: 1, maximumMemory: 64 * 2 ** 20 });
  assert.throws(() => lw.tensor(new Float32Array(2 ** 25), [2 ** 25]), /\(67108864 are its limit\)/);
});

test('one thread in place of those that were asked for is told', async () => {
  const { info } = console, said = [];
  console.info = line => said.push(line);
  try {
    const wasm = new URL('../dist/lanewise-scalar.wasm', import.meta.url);
    for (const threads of [undefined, 1]) await load({ threads, wasm });
    assert.deepEqual(said, []);
    await load({ threads: 3, wasm });
    await load({ threads: 2, tier: 'scalar' });
  } finally {
    console.info = info;
  }
  assert.equal(said.length, 2);
  assert.match(said[0], /^lanewise: one thread runs in place of 3, because .*lanewise-scalar.wasm is for one thread$/);
  assert.match(said[1], /^lanewise: one thread runs in place of 2, because .*lanewise-scalar.wasm is for one thread$/);
});

test('slices from the end', () => {
  const x = count(3, 4);
  assert.deepEqual([...tf.slice(tf.tensor1d([1, 2, 3]), -2, 2).dataSync()], [2, 3]);
  assert.deepEqual([...tf.slice(x, [-2, -3], [-1, 2]).dataSync()], [5, 6, 9, 10]);
  assert.throws(() => tf.slice(x, -4, 1), /Slice: |negative/);
});

test('negative paddings crop', () => {
  const padded = tf.pad(count(3, 4), [[0, 1], [-1, 2]], 7);
  assert.deepEqual(padded.shape, [4, 5]);
  assert.deepEqual([...padded.dataSync()], [1, 2, 3, 7, 7, 5, 6, 7, 7, 7, 9, 10, 11, 7, 7, 7, 7, 7, 7, 7]);
  const moved = run('PadV2', { x: texts('a', 'b', 'c') }, { paddings: [[-1, 1]], constantValue: 'z' });
  assert.deepEqual(moved.dataSync(), ['b', 'c', 'z']);
  assert.throws(() => tf.pad(ones(3), [[-2, -2]]), /PadV2: attribute 'paddings' is .* cuts off more/);
});
