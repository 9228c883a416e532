/* SPDX-License-Identifier: MIT */
/* A model of the catalogue on a library beside TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import { backendOf, chosenTier } from '../../demo/backends.mjs';
import { infer, maxDifference } from '../../demo/contest.mjs';
import { analyse, inputOf, loadModel, toleranceOf } from '../../test/models/catalogue.mjs';
import { record } from './graph.mjs';

/*
 * peer: of findPeers(). It gets the operations that TensorFlow.js runs, simplified as a converter would, and takes part
 * only if its outputs agree with Lanewise's as closely as the tests ask of any backend; throws why it doesn't.
 * Returns { file, input, complete }: the model as a file of the peer's, and the model's input in the peer's layout.
 */
export async function peerModel(peer, definition) {
  const { values, shape, dtype } = inputOf(definition);
  await tf.setBackend(backendOf(chosenTier()));
  const model = await loadModel(definition), tensor = tf.tensor(values, shape, dtype);
  try {
    const analysis = await analyse(definition), names = model.outputs.map(({ name }) => name);
    const expected = infer(model, values, shape, dtype, [...analysis.logits.values()]);
    const run = () => (model.execute ? model.execute(tensor, names) : model.predict(tensor));
    const file = peer.write(record(run, [tensor])), input = peer.toOwn(file, { shape, dtype, data: values });
    const { infer: inferThere, dispose, complete } = await peer.model(file);
    const outputs = await inferThere(input.data, input.shape);
    dispose();
    names.forEach((name, i) => {
      const logit = expected.find((each) => each.name === analysis.logits.get(name));
      const difference = maxDifference([peer.toOurs(file, outputs[i])], [expected[i]]);
      const tolerance = toleranceOf(analysis, expected[i], logit);
      if (difference > tolerance) throw new Error(`output ${name} is off by ${difference}, more than ${tolerance}`);
    });
    return { file, input, complete };
  } finally {
    tf.dispose(tensor);
    model.dispose();
  }
}
