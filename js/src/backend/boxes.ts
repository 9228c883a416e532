/* SPDX-License-Identifier: MIT */
/* Non-maximum suppression: which boxes are taken is decided by TensorFlow.js's own code, which its backends share. */
import { kernel_impls, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from './backend.js';
import { expect, expectRank, FLOAT, type Kernel } from './kernel.js';
import { numbersOf, tensorOf } from './values.js';

type Floats = [boxes: Float32Array, scores: Float32Array];

function given(backend: BackendWasm, op: string, boxes: TensorInfo, scores: TensorInfo): Floats {
  expect(op, 'boxes', boxes, FLOAT);
  expectRank(op, 'boxes', boxes, 2);
  expect(op, 'scores', scores, FLOAT);
  return [numbersOf(backend, boxes), numbersOf(backend, scores)] as Floats;
}

const suppress3: Kernel = (backend, { boxes, scores }, { maxOutputSize, iouThreshold, scoreThreshold }) => {
  const { selectedIndices } = kernel_impls.nonMaxSuppressionV3Impl(
    ...given(backend, 'NonMaxSuppressionV3', boxes, scores), maxOutputSize, iouThreshold, scoreThreshold);
  return tensorOf(backend, selectedIndices, [selectedIndices.length], 'int32');
};

const suppress4: Kernel = (backend, { boxes, scores }, attrs) => {
  const { maxOutputSize, iouThreshold, scoreThreshold, padToMaxOutputSize } = attrs;
  const { selectedIndices, validOutputs } = kernel_impls.nonMaxSuppressionV4Impl(
    ...given(backend, 'NonMaxSuppressionV4', boxes, scores), maxOutputSize, iouThreshold, scoreThreshold,
    padToMaxOutputSize);
  return [
    tensorOf(backend, selectedIndices, [selectedIndices.length], 'int32'),
    tensorOf(backend, [validOutputs!], [], 'int32'),
  ];
};

const suppress5: Kernel = (backend, { boxes, scores }, attrs) => {
  const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } = attrs;
  const { selectedIndices, selectedScores } = kernel_impls.nonMaxSuppressionV5Impl(
    ...given(backend, 'NonMaxSuppressionV5', boxes, scores), maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma);
  return [
    tensorOf(backend, selectedIndices, [selectedIndices.length], 'int32'),
    tensorOf(backend, selectedScores!, [selectedScores!.length], 'float32'),
  ];
};

export {
  suppress3 as NonMaxSuppressionV3, suppress4 as NonMaxSuppressionV4, suppress5 as NonMaxSuppressionV5,
};
