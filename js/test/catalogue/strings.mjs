/* SPDX-License-Identifier: MIT */
import { edges, line, tensor } from '../values.mjs';

const only = cases => ({ string: { cases, exact: 'bits' } });

export const StringNGrams = only([-1, 0, 1].flatMap(padWidth => [true, false].map(preserveShortSequences => ({
  inputs: { data: line('string'), dataSplits: tensor('int32', [6], [0, 1, 1, 4, 10, 15]) },
  attrs: { separator: '|', nGramWidths: [2, 3], leftPad: '<', rightPad: '>', padWidth, preserveShortSequences },
}))));

export const StringSplit = only(['', ',', 'ab', '水'].flatMap(delimiter => [true, false].map(skipEmpty => ({
  inputs: { input: line('string'), delimiter: tensor('string', [], [delimiter]) }, attrs: { skipEmpty },
}))));

export const StringToHashBucketFast = only([1, 10, 2 ** 31 - 1].flatMap(numBuckets => [[], [0], [3, 5]].map(shape => ({
  inputs: { input: edges('string', shape, 1) }, attrs: { numBuckets },
}))));

export const StaticRegexReplace = only([['a|ä', '<$&>', true], ['[ab]', '', false], ['^$', 'x', true]].flatMap(
  ([pattern, rewrite, replaceGlobal]) => [[], [0], [3, 5]].map(shape => ({
    inputs: { x: edges('string', shape) }, attrs: { pattern, rewrite, replaceGlobal },
  }))));
