/* SPDX-License-Identifier: MIT */
/* A layer of layers.mjs on a library beside TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import { isWeight } from '../layers.mjs';
import { record } from './graph.mjs';

/* Whether these are the values of `expected`, up to rounding. */
export function agrees(values, expected) {
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return values.length === expected.length && values.every((value, i) => (
    Object.is(value, expected[i]) || Math.abs(value - expected[i]) <= 1e-3 * largest + 1e-6));
}

/*
 * peer: of findPeers(). values: the numbers of layer.inputs by name. expected: the output's values. Returns what
 * peer.layer() does; throws why the layer can't take part, for example because its output differs.
 */
export async function peerLayer(peer, layer, values, expected) {
  const typeOf = (name) => ({ Int32Array: 'int32', Uint8Array: 'bool' })[values[name].constructor.name] ?? 'float32';
  const tensors = Object.fromEntries(Object.entries(layer.inputs).map(([name, shape]) => (
    [name, tf.tensor(values[name], shape, typeOf(name))])));
  const names = Object.keys(layer.inputs).filter((name) => !isWeight(name));
  try {
    const graph = record(() => layer.run(tf, tensors), names.map((name) => tensors[name]));
    if (graph.nodes.length === 0) throw new Error('its output is a constant');
    const inputs = names.map((name) => ({ shape: layer.inputs[name], dtype: typeOf(name), data: values[name] }));
    const side = await peer.layer(peer.write(graph), inputs);
    try {
      await side.run(1);
      if (!agrees(await side.output(), expected)) throw new Error('its output differs from ours');
      return side;
    } catch (error) {
      side.dispose();
      throw error;
    }
  } finally {
    tf.dispose(tensors);
  }
}
