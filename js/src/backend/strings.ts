/* SPDX-License-Identifier: MIT */
/* Kernels of strings alone. What they do is TensorFlow.js's own code, which its backends share. */
import { util } from '@tensorflow/tfjs-core';
import {
  stringNGramsImpl, stringSplitImpl, stringToHashBucketFastImpl,
} from '@tensorflow/tfjs-backend-cpu/dist/shared';
import { LanewiseError } from '../runtime/errors.js';
import { expect, expectRank, expectWhole, product, type Kernel } from './kernel.js';
import { expectSize, numbersOf, stringsOf, tensorOf } from './values.js';

const stringNGrams: Kernel = (backend, { data, dataSplits }, attrs) => {
  const op = 'StringNGrams';
  expect(op, 'data', data, ['string']);
  expect(op, 'dataSplits', dataSplits, ['int32']);
  expectWhole(op, 'nGramWidths', attrs.nGramWidths, 1);
  expectWhole(op, 'padWidth', [attrs.padWidth], -1);
  // Each of the n-grams has as many parts as it is wide.
  const { length } = attrs.nGramWidths, widest = Math.max(0, ...attrs.nGramWidths);
  const pad = attrs.padWidth < 0 ? widest : Math.min(attrs.padWidth, widest);
  expectSize(op, 'the n-grams', widest * length * (product(data.shape) + 2 * pad * product(dataSplits.shape)));
  const [nGrams, splits] = stringNGramsImpl(stringsOf(backend, data), numbersOf(backend, dataSplits) as Int32Array,
    attrs.separator, attrs.nGramWidths, attrs.leftPad, attrs.rightPad, attrs.padWidth, attrs.preserveShortSequences);
  return [
    tensorOf(backend, nGrams, [nGrams.length], 'string'),
    tensorOf(backend, splits, dataSplits.shape.slice(), 'int32'),
  ];
};

const stringSplit: Kernel = (backend, { input, delimiter }, { skipEmpty }) => {
  const op = 'StringSplit';
  expect(op, 'input', input, ['string']);
  expectRank(op, 'input', input, 1);
  expect(op, 'delimiter', delimiter, ['string']);
  expectRank(op, 'delimiter', delimiter, 0);
  const [indices, values, shape] = stringSplitImpl(stringsOf(backend, input), stringsOf(backend, delimiter)[0],
    skipEmpty);
  return [
    tensorOf(backend, indices, [values.length, 2], 'int32'),
    tensorOf(backend, values, [values.length], 'string'),
    tensorOf(backend, shape, [2], 'int32'),
  ];
};

const stringToHashBucketFast: Kernel = (backend, { input }, { numBuckets }) => {
  const op = 'StringToHashBucketFast';
  expect(op, 'input', input, ['string']);
  if (!Number.isInteger(numBuckets) || numBuckets < 1) {
    throw new LanewiseError(`${op}: Number of buckets must be at least 1, but is ${numBuckets}`);
  }
  const buckets = stringToHashBucketFastImpl(stringsOf(backend, input), numBuckets);
  return tensorOf(backend, buckets, input.shape.slice(), 'int32');
};

/** One call of String.replace for each; the shared function for it brings the cpu backend's unary kernels along. */
const staticRegexReplace: Kernel = (backend, { x }, { pattern, rewrite, replaceGlobal }) => {
  expect('StaticRegexReplace', 'x', x, ['string']);
  const found = new RegExp(pattern, replaceGlobal ? 'g' : '');
  const replaced = stringsOf(backend, x).map(text =>
    util.encodeString(util.decodeString(text).replace(found, rewrite)));
  return tensorOf(backend, replaced, x.shape.slice(), 'string');
};

export {
  staticRegexReplace as StaticRegexReplace, stringNGrams as StringNGrams, stringSplit as StringSplit,
  stringToHashBucketFast as StringToHashBucketFast,
};
