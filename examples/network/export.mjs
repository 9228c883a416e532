/* SPDX-License-Identifier: MIT */
/*
 * Writes a graph model of TensorFlow.js as a file that network.c runs: a list of layers and their weights.
 *
 *     node export.mjs MODEL FILE [--scale=1] [--shift=0]
 *
 * MODEL: model.json with its weights beside it, or the same as modules (model.js, weights in base64), as nsfwjs has it.
 * The network's input is a picture's bytes times scale plus shift: what the model wants to see.
 *
 * A bias, a residual that is added and an activation become part of the convolution before them: fewer passes over
 * memory.
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve as absolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/* As in network.h. */
const OPS = ['conv', 'depthwise', 'transposed', 'dense', 'maxPool', 'averagePool', 'resize', 'add', 'mul', 'activation',
  'softmax'];
const NONE = 0xffffffff;
/* As in enum lw_activation_kind. */
const ACTIVATIONS = { Relu: 1, Relu6: 2, Elu: 5, Sigmoid: 6, Tanh: 7, HardSwish: 8 };
const WITH_WEIGHTS = ['conv', 'depthwise', 'transposed', 'dense'];

/* ---- The model's files ------------------------------------------------------------------------------------------ */

function float16(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent === 31 ? (fraction ? NaN : Infinity)
    : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/* Weights by name: { shape, values }. They may be stored as 8 or 16 bits each, to be scaled. */
function decodeWeights(specs, bytes) {
  const STORED = { float32: [4, 'readFloatLE'], int32: [4, 'readInt32LE'], uint16: [2, 'readUInt16LE'],
    uint8: [1, 'readUInt8'], float16: [2, 'readUInt16LE'] };
  const weights = new Map();
  let at = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    const stored = quantization?.dtype ?? dtype;
    if (!STORED[stored]) throw new Error(`${name} is stored as ${stored}`);
    const [size, read] = STORED[stored], { scale = 1, min = 0 } = quantization ?? {};
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
      const value = bytes[read](at + i * size);
      return stored === 'float16' ? float16(value) : value * scale + min;
    });
    weights.set(name, { shape, values });
    at += values.length * size;
  }
  return weights;
}

function readModel(path) {
  const require = createRequire(absolute(path)), extension = path.endsWith('.min.js') ? '.min.js' : extname(path);
  const model = extension === '.json' ? JSON.parse(readFileSync(path, 'utf8')) : require(absolute(path));
  const file = (name) => (extension === '.json' ? readFileSync(join(dirname(path), name))
    : Buffer.from(require(`./${name}${extension}`), 'base64'));
  const groups = model.weightsManifest;
  const bytes = Buffer.concat(groups.flatMap(({ paths }) => paths).map(file));
  return { nodes: model.modelTopology.node, weights: decodeWeights(groups.flatMap((group) => group.weights), bytes) };
}

/* ---- From nodes to layers --------------------------------------------------------------------------------------- */

/* Returns { layers, input: { height, width, channels, scale, shift }, weights: [Float32Array] }. A layer's input, other
 * and output are tensors: { uses, made }, the layers that read it and the number of the one that makes it. */
function convert({ nodes, weights }, input) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const layers = [], tensors = new Map(), used = [];
  let offset = 0;

  /* A node that only hands its input on counts as that. */
  const source = (name) => {
    const node = byName.get(name.replace(/:0$/, ''));
    if (!node) throw new Error(`${name} is an output of a node that has several`);
    return ['Identity', 'Squeeze', 'StopGradient'].includes(node.op) ? source(node.input[0]) : node;
  };
  const constant = (node) => (node.op === 'Const' ? weights.get(node.name) : undefined);
  const text = (attribute) => Buffer.from(attribute.s ?? attribute, 'base64').toString();
  const numbers = (attribute) => attribute.list.i.map(Number);

  const uses = new Map();
  for (const node of nodes) {
    if (source(node.name) !== node || node.op === 'Const') continue;
    for (const name of node.input ?? []) uses.set(source(name), (uses.get(source(name)) ?? 0) + 1);
  }

  const store = (values) => {
    used.push(values);
    offset += values.length;
    return offset - values.length;
  };
  const add = (node, op, from, fields = {}) => {
    const output = { uses: uses.get(node) ?? 0, made: layers.length };
    layers.push({ op, input: from, output, activation: 0, ...fields });
    return output;
  };
  const layerOf = (tensor) => layers[tensor.made];
  /* Whether the layer that makes the tensor can do more before anyone reads it. */
  const open = (tensor, readers = 1) => layerOf(tensor) && tensor.uses === readers && layerOf(tensor).activation === 0
    && WITH_WEIGHTS.includes(layerOf(tensor).op);

  /* The next steps, inside of the layer before them where that can take them. The tensor stays, its readers change. */
  const readers = (tensor, node) => Object.assign(tensor, { uses: uses.get(node) ?? 0 });
  function activate(node, tensor, kind, count = 1) {
    if (!ACTIVATIONS[kind]) throw new Error(`no activation ${kind}`);
    if (!open(tensor, count)) return add(node, 'activation', tensor, { activation: ACTIVATIONS[kind] });
    layerOf(tensor).activation = ACTIVATIONS[kind];
    return readers(tensor, node);
  }
  function addBias(node, tensor, values) {
    if (!open(tensor) || layerOf(tensor).bias !== undefined) throw new Error(`${node.name}: a sum with a constant`);
    layerOf(tensor).bias = store(values);
    return readers(tensor, node);
  }
  function addTensors(node, a, b) {
    const [early, late] = a.made < b.made ? [a, b] : [b, a];
    if (!open(late) || layerOf(late).other) return add(node, 'add', a, { other: b });
    layerOf(late).other = early;
    return readers(late, node);
  }

  /* The operand beside a constant of one value. */
  function beside(node, value) {
    for (const i of [0, 1]) {
      const values = constant(source(node.input[i]))?.values;
      if (values?.length === 1 && Math.abs(values[0] - value) < 1e-4) return source(node.input[1 - i]);
    }
    return undefined;
  }
  /* x in (x / 6) relu6(x + 3): that is one activation. (A sixth in 16 bits is 0.02 % less; ours is a sixth.) */
  function hardSwish(node) {
    for (const [sixth, clamp] of [[0, 1], [1, 0]].map((order) => order.map((i) => source(node.input[i])))) {
      if (sixth.op !== 'Mul' || clamp.op !== 'Relu6') continue;
      const x = beside(sixth, 1 / 6), sum = source(clamp.input[0]);
      if (x && ['Add', 'AddV2'].includes(sum.op) && beside(sum, 3) === x) return x;
    }
    return undefined;
  }

  function window(node, kernel) {
    const strides = numbers(node.attr.strides), padding = text(node.attr.padding);
    const dilations = node.attr.dilations ? numbers(node.attr.dilations) : [1];
    if (strides[1] !== strides[2] || dilations.some((n) => n !== 1) || !['SAME', 'VALID'].includes(padding)) {
      throw new Error(`${node.name}: strides ${strides}, dilations ${dilations}, padding ${padding}`);
    }
    return { kernelHeight: kernel[0], kernelWidth: kernel[1], stride: strides[1], samePadding: padding === 'SAME' };
  }
  function withWeights(node, op, from, filter, fields) {
    const tensor = add(node, op, from, { filter: store(filter.values), ...fields });
    const [first, kind] = (node.attr.fused_ops?.list.s ?? []).map(text);
    if (first === undefined) return tensor;
    if (first !== 'BiasAdd') throw new Error(`${node.name} is fused with ${first}`);
    layerOf(tensor).bias = store(constant(source(node.input[2])).values);
    if (kind) layerOf(tensor).activation = ACTIVATIONS[kind];
    return tensor;
  }

  function make(node) {
    const operands = (node.input ?? []).map(source), [first, second] = operands.map(constant);
    const tensor = (i) => visit(operands[i]);
    switch (node.op) {
      case 'Placeholder': {
        const [height, width, channels] = node.attr.shape.shape.dim.slice(1).map(({ size }) => Number(size));
        Object.assign(input, { height, width, channels });
        return { uses: uses.get(node), made: -1 };
      }
      case 'Conv2D': case '_FusedConv2D':
        return withWeights(node, 'conv', tensor(0), second,
          { ...window(node, second.shape), channels: second.shape[3] });
      case 'DepthwiseConv2dNative': case 'FusedDepthwiseConv2dNative':
        if (second.shape[3] !== 1) throw new Error(`${node.name}: depth multiplier ${second.shape[3]}`);
        return withWeights(node, 'depthwise', tensor(0), second, window(node, second.shape));
      case 'Conv2DBackpropInput': {
        const [, height, width, channels] = first.values;
        return withWeights(node, 'transposed', tensor(2), second,
          { ...window(node, second.shape), height, width, channels });
      }
      case 'MatMul': case '_FusedMatMul':
        if (node.attr.transpose_b?.b) throw new Error(`${node.name}: a transposed matrix`);
        return withWeights(node, 'dense', tensor(0), second, { channels: second.shape[1] });
      case 'MaxPool': return add(node, 'maxPool', tensor(0), window(node, numbers(node.attr.ksize).slice(1)));
      case 'AvgPool': return add(node, 'averagePool', tensor(0), window(node, numbers(node.attr.ksize).slice(1)));
      case 'Mean':
        if (second.values.join() !== '1,2') throw new Error(`${node.name}: a mean over ${second.values}`);
        return add(node, 'averagePool', tensor(0), { stride: 1 }); // a window as large as the image
      case 'ResizeBilinear':
        if (!node.attr.half_pixel_centers?.b) throw new Error(`${node.name}: not from pixels' centers`);
        return add(node, 'resize', tensor(0), { height: second.values[0], width: second.values[1] });
      case 'Softmax': return add(node, 'softmax', tensor(0));
      case 'Mul': case 'Sub': case 'Add': case 'AddV2': case 'BiasAdd': case 'AddN': {
        const x = node.op === 'Mul' && hardSwish(node);
        if (x) return activate(node, visit(x), 'HardSwish', 2);
        const values = (first ?? second)?.values;
        if (!values) {
          if (node.op === 'Sub') break;
          const [a, b] = [tensor(0), tensor(1)];
          return node.op === 'Mul' ? add(node, 'mul', a, { other: b }) : addTensors(node, a, b);
        }
        const other = tensor(first ? 1 : 0);
        if (other.made >= 0) {
          if (node.op === 'Mul' || node.op === 'Sub') break;
          return addBias(node, other, values);
        }
        // What is done to the input with one number becomes part of scale and shift.
        if (values.length !== 1 || (node.op === 'Sub' && first)) break;
        if (node.op === 'Mul') Object.assign(input, { scale: input.scale * values[0], shift: input.shift * values[0] });
        else input.shift += node.op === 'Sub' ? -values[0] : values[0];
        return other;
      }
      default: if (ACTIVATIONS[node.op]) return activate(node, tensor(0), node.op);
    }
    throw new Error(`${node.name}: ${node.op} is not implemented like this`);
  }
  function visit(node) {
    if (!tensors.has(node)) tensors.set(node, make(node));
    return tensors.get(node);
  }

  const ends = nodes.filter((node) => source(node.name) === node && !uses.has(node) && node.op !== 'Const');
  if (ends.length !== 1) throw new Error(`the model has ${ends.length} outputs`);
  visit(ends[0]);
  return { layers, input, weights: used };
}

/* ---- From tensors to buffers, and to a file --------------------------------------------------------------------- */

/* Numbers buffers: one is free again after the last layer that reads its tensor. */
function assignBuffers(layers) {
  const last = new Map();
  layers.forEach(({ input, other }, i) => [input, other].forEach((tensor) => last.set(tensor, i)));
  const buffers = new Map([[layers[0].input, 0]]), free = [];
  let count = 1;
  return [layers.map((layer, i) => {
    buffers.set(layer.output, free.pop() ?? count++);
    const operands = [...new Set([layer.input, layer.other])].filter(Boolean);
    free.push(...operands.filter((tensor) => last.get(tensor) === i).map((tensor) => buffers.get(tensor)));
    const [from, other, output] = [layer.input, layer.other, layer.output].map((tensor) => buffers.get(tensor));
    return { ...layer, input: from, other, output };
  }), count];
}

/* The file's bytes. */
export function exportNetwork(path, { scale = 1, shift = 0 } = {}) {
  const { layers, input, weights } = convert(readModel(path), { scale, shift });
  const [numbered, buffers] = assignBuffers(layers);
  const count = weights.reduce((sum, { length }) => sum + length, 0);
  const header = new Uint32Array([0, layers.length, buffers, count, input.height, input.width, input.channels, 0, 0]);
  header[0] = Buffer.from('LWN1').readUInt32LE();
  header.set(new Uint32Array(new Float32Array([input.scale, input.shift]).buffer), 7);
  const records = numbered.map((layer) => Uint32Array.of(OPS.indexOf(layer.op), layer.input, layer.other ?? NONE,
    layer.output, layer.kernelHeight ?? 0, layer.kernelWidth ?? 0, layer.stride ?? 0, layer.samePadding ? 1 : 0,
    layer.height ?? 0, layer.width ?? 0, layer.channels ?? 0, layer.activation, layer.filter ?? NONE,
    layer.bias ?? NONE));
  return Buffer.concat([header, ...records, ...weights].map(({ buffer }) => new Uint8Array(buffer)));
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scale: { type: 'string', default: '1' }, shift: { type: 'string', default: '0' } },
  });
  if (positionals.length !== 2) throw new Error('usage: node export.mjs MODEL FILE [--scale=1] [--shift=0]');
  const [model, file] = positionals;
  writeFileSync(file, exportNetwork(model, { scale: Number(values.scale), shift: Number(values.shift) }));
}
