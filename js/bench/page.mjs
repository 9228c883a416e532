/* SPDX-License-Identifier: MIT */
/* What `scripts/bench models --threads --browser` runs in a page; browser.mjs bundles it, and calls `bench`. */
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { contestOfThreads, startThreads } from './threads.mjs';

tf.enableProdMode();
setWasmPaths('./');

const bytes = async (file) => (await fetch(file)).arrayBuffer();
const json = async (file) => (await fetch(file)).json();

/* `pretend` of startOfficialThreads. */
function pretend(processors) {
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: processors, configurable: true });
  return () => delete navigator.hardwareConcurrency; // the prototype has the true one
}

let contestants;

globalThis.bench = {
  async start(most) {
    contestants = await startThreads(most, pretend);
  },

  /* Times the model that is served at this moment. */
  async time(options) {
    const { layers, shape, dtype } = await json('input.json'), buffer = await bytes('input.bin');
    const values = dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
    const load = async () => ({ ...await json('model.json'), weightData: await bytes('weights.bin') });
    const loadModel = () => (layers ? loadLayersModel({ load }) : loadGraphModel({ load }));
    return contestOfThreads(contestants, loadModel, { values, shape, dtype }, options);
  },
};
