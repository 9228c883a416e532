/* SPDX-License-Identifier: MIT */
import { random, tensor } from '../values.mjs';

/** Boxes whose corners may be in any order, some that overlap much, and nothing. */
const pairs = [
  [random('float32', [20, 4], 3, 0, 1), random('float32', [20], 4, 0, 1)],
  [tensor('float32', [5, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 1, 1, 0, 0.05, 0, 10, 1, 11, 0, 10, 1, 11]),
    tensor('float32', [5], [0.9, 0.75, 0.6, 0.75, 0.75])],
  [tensor('float32', [1, 4], [0, 0, 0, 0]), tensor('float32', [1], [0.5])],
  [tensor('float32', [0, 4], []), tensor('float32', [0], [])],
];
const row = more => ({
  float32: {
    cases: pairs.flatMap(([boxes, scores]) => [
      [3, 0.5, -Infinity], [30, 0.3, 0.2], [30, 1, 0], [30, 0, 0.6], [0, 0.5, 0],
    ].flatMap(([maxOutputSize, iouThreshold, scoreThreshold]) => more.map(attrs =>
      ({ inputs: { boxes, scores }, attrs: { maxOutputSize, iouThreshold, scoreThreshold, ...attrs } })))),
    exact: 'bits',
  },
});
export const NonMaxSuppressionV3 = row([{}]);
export const NonMaxSuppressionV4 = row([{ padToMaxOutputSize: false }, { padToMaxOutputSize: true }]);
export const NonMaxSuppressionV5 = row([{ softNmsSigma: 0 }, { softNmsSigma: 0.5 }]);
