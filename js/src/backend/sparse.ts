/* SPDX-License-Identifier: MIT */
/*
 * Lists of indices: sparse tensors' bookkeeping and unique elements. What they do is TensorFlow.js's own code, which
 * its backends share.
 */
import type { TypedArray } from '@tensorflow/tfjs-core';
import {
  sparseFillEmptyRowsImpl, sparseReshapeImpl, uniqueImpl,
} from '@tensorflow/tfjs-backend-cpu/dist/shared';
import { expect, expectRank, expectShape, STORABLE, type Kernel } from './kernel.js';
import { expectSize, numbersOf, stringsOf, tensorOf } from './values.js';

const INDEX = ['int32'] as const;

const sparseReshape: Kernel = (backend, { inputIndices, inputShape, newShape }) => {
  const op = 'SparseReshape';
  expect(op, 'inputIndices', inputIndices, INDEX);
  expectRank(op, 'inputIndices', inputIndices, 2);
  expect(op, 'inputShape', inputShape, INDEX);
  expectShape(op, 'inputShape', inputShape, [inputIndices.shape[1]]);
  expect(op, 'newShape', newShape, INDEX);
  expectRank(op, 'newShape', newShape, 1);
  const [indices, shape, outShape] = sparseReshapeImpl(numbersOf(backend, inputIndices), inputIndices.shape, 'int32',
    Array.from(numbersOf(backend, inputShape)), Array.from(numbersOf(backend, newShape)));
  return [tensorOf(backend, indices, shape, 'int32'), tensorOf(backend, outShape, [outShape.length], 'int32')];
};

const sparseFillEmptyRows: Kernel = (backend, { indices, values, denseShape, defaultValue }) => {
  const op = 'SparseFillEmptyRows';
  expect(op, 'indices', indices, INDEX);
  expectRank(op, 'indices', indices, 2);
  expect(op, 'values', values, STORABLE);
  expectShape(op, 'values', values, [indices.shape[0]]);
  expect(op, 'denseShape', denseShape, INDEX);
  expectShape(op, 'denseShape', denseShape, [indices.shape[1]]);
  expectSize(op, 'the rows', numbersOf(backend, denseShape)[0]);
  expect(op, 'defaultValue', defaultValue, [values.dtype]);
  expectRank(op, 'defaultValue', defaultValue, 0);
  const { dtype } = values;
  const strings = dtype === 'string';
  const [at, shape, filled, isEmpty, back] = sparseFillEmptyRowsImpl(numbersOf(backend, indices), indices.shape,
    'int32', (strings ? stringsOf(backend, values) : numbersOf(backend, values)) as TypedArray, dtype,
    numbersOf(backend, denseShape),
    (strings ? stringsOf(backend, defaultValue) : numbersOf(backend, defaultValue))[0] as number);
  return [
    tensorOf(backend, at, shape, 'int32'),
    tensorOf(backend, filled, [shape[0]], dtype),
    tensorOf(backend, isEmpty.map(Number), [isEmpty.length], 'bool'),
    tensorOf(backend, back, [back.length], 'int32'),
  ];
};

/** Strings are told apart by number: the shared code joins elements with commas, and strings may have commas inside. */
const unique: Kernel = (backend, { x }, { axis }) => {
  expect('Unique', 'x', x, STORABLE);
  if (x.dtype !== 'string') {
    const { outputValues, outputShape, indices } = uniqueImpl(numbersOf(backend, x), axis, x.shape, x.dtype);
    return [
      tensorOf(backend, outputValues as TypedArray, outputShape, x.dtype),
      tensorOf(backend, indices as Int32Array, [indices.length], 'int32'),
    ];
  }
  const numbers = new Map<string, number>();
  const all: Uint8Array[] = [];
  const ids = Int32Array.from(stringsOf(backend, x) as ArrayLike<Uint8Array>, text => {
    const key = String(text), known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, all.length);
    return all.push(text) - 1;
  });
  const { outputValues, outputShape, indices } = uniqueImpl(ids, axis, x.shape, 'int32');
  return [
    tensorOf(backend, Array.from(outputValues as Int32Array, id => all[id]), outputShape, 'string'),
    tensorOf(backend, indices as Int32Array, [indices.length], 'int32'),
  ];
};

export { sparseFillEmptyRows as SparseFillEmptyRows, sparseReshape as SparseReshape, unique as Unique };
