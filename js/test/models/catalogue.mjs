/* SPDX-License-Identifier: MIT */
/*
 * The published models that the tests run, what each gets to see, and how far its outputs may be from the reference.
 *
 * The tolerance of an output is
 *     u * sum over layers of sqrt(k) * (largest absolute value of the reference output),     u = 2^-24
 * where the layers are the model's convolutions and matrix products and k is the number of terms in each of their sums.
 * Why: adding k products in another order, or with fused multiply-adds, moves the sum by about sqrt(k) roundings of u
 * relative to what is summed (rounding errors of random sign), and each layer adds its share to those before. It is
 * derived from the model alone; nobody fits it to what a backend happens to do. docs/tolerances.md has measured errors.
 *
 * An output that is a sigmoid inherits the error of the logits it is made of, which can be large numbers: the sigmoid's
 * slope is at most 1/4, so largest |logit| / 4 takes the place of the largest value where it is larger.
 */
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { readImage } from '../../demo/image.mjs';
import { humanModel, nsfwModel, samplePhoto } from '../../demo/models.mjs';
import { cropImage, resample } from '../../demo/resample.mjs';

export const UNIT_ROUNDOFF = 2 ** -24;

const photos = new Map();

function photo(number) {
  if (!photos.has(number)) photos.set(number, readImage(samplePhoto(number)));
  return photos.get(number);
}

/* A square part of a sample photo, resized; each of 0 to 255 becomes value * scale + offset. */
function picture({ sample, left, top, side, size, scale, offset = 0, dtype = 'float32' }) {
  const pixels = resample(cropImage(photo(sample), left, top, side, side), size, size);
  const values = dtype === 'int32'
    ? Int32Array.from(pixels, Math.round) : pixels.map((value) => value * scale + offset);
  return { values, shape: [1, size, size, 3], dtype };
}

const PEOPLE = { sample: 6, left: 200, top: 150, side: 1380 };
const PERSON = { sample: 6, left: 250, top: 200, side: 1300 };
const FACE = { sample: 6, left: 1090, top: 300, side: 350 };
const HAND = { sample: 2, left: 700, top: 960, side: 350 };
const zeroToOne = { scale: 1 / 255 };
const minusOneToOne = { scale: 1 / 127.5, offset: -1 };

export const MODELS = [
  { name: 'blazeface-front', input: { ...PEOPLE, size: 128, ...minusOneToOne } },
  { name: 'blazeface-back', input: { ...PEOPLE, size: 256, ...minusOneToOne } },
  { name: 'facemesh', input: { ...FACE, size: 192, ...zeroToOne } },
  { name: 'posenet', input: { ...PEOPLE, size: 385, ...minusOneToOne } },
  { name: 'movenet-lightning', input: { ...PERSON, size: 192, dtype: 'int32' } },
  { name: 'selfie', input: { ...PEOPLE, size: 256, ...zeroToOne } },
  { name: 'blazepose-lite', input: { ...PERSON, size: 256, ...zeroToOne } },
  { name: 'faceres', input: { ...FACE, size: 224, scale: 1 } },
  { name: 'handlandmark-lite', input: { ...HAND, size: 224, ...zeroToOne } },
  { name: 'nsfwjs MobileNetV2 1.0', nsfw: 'mobilenet_v2', layers: true, input: { ...PEOPLE, size: 224, ...zeroToOne } },
  { name: 'nsfwjs MobileNetV2 1.4', nsfw: 'mobilenet_v2_mid', input: { ...PEOPLE, size: 224, ...zeroToOne } },
];

/* What tf.loadGraphModel or, of layers models, tf.loadLayersModel takes. */
export const handlerOf = (model) => (model.nsfw ? nsfwModel(model.nsfw) : humanModel(model.name));

export const inputOf = (model) => picture(model.input);

/* Loads a model into the current backend. */
export const loadModel = (model) => (
  model.layers ? loadLayersModel(handlerOf(model)) : loadGraphModel(handlerOf(model)));

/* What the tolerance of a model's outputs follows from:
 * layers: the number of convolutions and matrix products;
 * budget: the sum over them of sqrt(k);
 * logits: for an output that is a sigmoid, the name of the node it is the sigmoid of. */
export async function analyse(model) {
  const { modelTopology, weightSpecs, signature } = await handlerOf(model).load();
  const shapes = new Map(weightSpecs.map(({ name, shape }) => [name, shape]));
  const terms = (shape, depthwise, transposed) => {
    if (shape.length === 2) return shape[0]; // matrix product: [k][n]
    const [height, width, third, fourth] = shape; // HWIO; HWIM; or HWOI
    return height * width * (depthwise ? 1 : transposed ? fourth : third);
  };
  const total = (layers, logits) => (
    { layers: layers.length, budget: layers.reduce((sum, k) => sum + Math.sqrt(k), 0), logits });
  if (model.layers) {
    return total(weightSpecs.filter(({ name }) => /kernel$/.test(name))
      .map(({ name, shape }) => terms(shape, /depthwise/.test(name))), new Map());
  }

  const nodes = new Map(modelTopology.node.map((node) => [node.name, node]));
  const layers = modelTopology.node.filter(({ op }) => /Conv2d|Conv2D|MatMul/.test(op)).map(({ name, op, input }) => {
    const filter = input.find((source) => shapes.get(source)?.length >= 2);
    if (!filter) throw new Error(`${model.name}: ${name} has no constant filter`);
    return terms(shapes.get(filter), /Depthwise/.test(op), op === 'Conv2DBackpropInput');
  });
  const logits = new Map();
  for (const { name } of Object.values(signature?.outputs ?? {})) {
    let node = nodes.get(name.split(':')[0]);
    while (/^(Identity|Reshape)$/.test(node.op)) node = nodes.get(node.input[0]);
    if (node.op === 'Sigmoid') logits.set(name.split(':')[0], node.input[0]);
  }
  return total(layers, logits);
}

export const largest = (values) => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

/* analysis: of analyse(); output: one of the reference's, { name, data }; logit: the output it is the sigmoid of, or
 * undefined. */
export function toleranceOf({ budget }, output, logit) {
  const scale = Math.max(largest(output.data), logit ? largest(logit.data) / 4 : 0);
  return UNIT_ROUNDOFF * budget * scale;
}
