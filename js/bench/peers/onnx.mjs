/* SPDX-License-Identifier: MIT */
/*
 * A graph (see graph.mjs) as an .onnx file, in memory, in the operators of ONNX 17.
 *
 * ONNX has images as NCHW. So where a graph has convolutions, pooling, means or resizing, every value of four
 * dimensions is kept in that order, inputs and outputs too, and is transposed only where an operator needs
 * TensorFlow's own order, as converters do. In other graphs nothing is reordered.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { permuted, sizeOf } from './graph.mjs';

const require = createRequire(import.meta.url);

/* The reader and writer of the format that comes with onnxruntime-web. */
const SCHEMA = 'lib/onnxjs/ort-schema/protobuf/onnx.js';
const { onnx } = require(join(dirname(require.resolve('onnxruntime-web')), '..', SCHEMA));

const TO_NCHW = [0, 3, 1, 2], TO_NHWC = [0, 2, 3, 1];
const IMAGES = /Conv2D|Pool|Resize|Mean/;
const TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 };

const number = (value) => ({ shape: [], dtype: 'float32', data: Float32Array.of(value) });
const longs = (values) => ({ shape: [values.length], dtype: 'int64', data: BigInt64Array.from(values, BigInt) });
const pair = (value) => (Array.isArray(value) ? value : [value, value]);

function attribute(name, value) {
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  return value instanceof Number ? { name, type: 1, f: Number(value) } : { name, type: 2, i: Number(value) };
}

/* A float attribute: a plain number is an integer one. */
const float = (value) => new Number(value);

/* What has to be added on each side, [top, left, bottom, right], for `pad` of a TensorFlow.js kernel. */
function padding(pad, x, y, window, strides, dilations) {
  if (pad === 'valid' || pad === 0) return [0, 0, 0, 0];
  if (pad !== 'same') throw new Error(`padding ${JSON.stringify(pad)}`);
  const steps = pair(strides), apart = pair(dilations);
  const both = pair(window).map((n, i) => (
    Math.max((y.shape[i + 1] - 1) * steps[i] + (n - 1) * apart[i] + 1 - x.shape[i + 1], 0)));
  const before = both.map((n) => n >> 1);
  return [...before, ...both.map((n, i) => n - before[i])];
}

/*
 * What the operators below are written with. A value of a graph has a stored form, which the file has under the value's
 * name: NCHW or as it is. They call
 *   stored(value), plain(value)   the name of its stored form; of the value in TensorFlow's order
 *   add(op, inputs, attrs)        adds a node with inputs of those names; returns its output's name
 *   keep(value, name)             makes `name` the stored form of a value; keepPlain, of one in TensorFlow's order
 *   fixed(value)                  the name of a constant
 *   axis(value, i)                where the stored form has dimension i
 */
function writer(images) {
  const nodes = [], initializers = [], names = new Map();
  let count = 0;
  const turned = ({ shape }) => images && shape.length === 4;
  const add = (op, inputs, attrs = {}, outputs = 1) => {
    const made = Array.from({ length: outputs }, () => `v${count++}`);
    const attributes = Object.entries(attrs).filter(([, value]) => value !== undefined);
    nodes.push({ opType: op, input: inputs, output: made, attribute: attributes.map(([k, v]) => attribute(k, v)) });
    return outputs === 1 ? made[0] : made;
  };
  const fixed = ({ shape, dtype, data }) => {
    const name = `v${count++}`;
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    initializers.push({ name, dims: shape, dataType: TYPES[dtype], rawData });
    return name;
  };
  /* Transposing by `order` changes nothing in memory where the dimensions that change places have one element. */
  const transpose = (name, shape, order) => {
    const moved = order.filter((i) => shape[i] !== 1);
    if (moved.every((i, at) => at === 0 || i > moved[at - 1])) return reshape(name, order.map((i) => shape[i]));
    return add('Transpose', [name], { perm: order });
  };
  const reshape = (name, shape) => add('Reshape', [name, fixed(longs(shape))]);
  const stored = (value) => {
    if (!names.has(value)) names.set(value, fixed(turned(value) ? permuted(value, TO_NCHW) : value));
    return names.get(value);
  };
  const plain = (value) => {
    if (!turned(value)) return stored(value);
    if (value.data) return fixed(value);
    return transpose(stored(value), TO_NCHW.map((i) => value.shape[i]), TO_NHWC);
  };
  const keep = (value, name) => names.set(value, name);
  return {
    nodes, initializers, add, fixed, reshape, stored, plain, keep, turned,
    input: (value) => keep(value, `v${count++}`),
    keepPlain: (value, name) => keep(value, turned(value) ? transpose(name, value.shape, TO_NCHW) : name),
    axis(value, i) {
      const positive = i < 0 ? i + value.shape.length : i;
      return turned(value) ? TO_NCHW.indexOf(positive) : positive;
    },
    /* An operand that is repeated along dimensions it lacks, beside one of `rank` dimensions. */
    operand(value, rank) {
      if (!images || rank !== 4 || value.shape.length === 4 || sizeOf(value.shape) === 1) return stored(value);
      const shape = [...Array(4 - value.shape.length).fill(1), ...value.shape];
      if (value.data) return fixed(permuted({ ...value, shape }, TO_NCHW));
      return transpose(reshape(stored(value), shape), shape, TO_NCHW);
    },
  };
}

function activated(w, name, { attrs: { activation = 'linear', leakyreluAlpha }, inputs, outputs: [y] }) {
  switch (activation) {
    case 'linear': return name;
    case 'relu': return w.add('Relu', [name]);
    case 'relu6': return w.add('Clip', [name, w.fixed(number(0)), w.fixed(number(6))]);
    case 'sigmoid': return w.add('Sigmoid', [name]);
    case 'elu': return w.add('Elu', [name]);
    case 'leakyrelu': return w.add('LeakyRelu', [name], { alpha: float(leakyreluAlpha) });
    case 'prelu': return w.add('PRelu', [name, w.operand(inputs[3], y.shape.length)]);
    default: throw new Error(`activation ${activation}`);
  }
}

const convolution = (weights, groups) => (w, node) => {
  const { inputs: [x, filter, bias], attrs: { strides, pad, dilations }, outputs: [y] } = node;
  const inputs = [w.stored(x), w.fixed(weights(filter)), ...bias ? [w.stored(bias)] : []];
  w.keep(y, activated(w, w.add('Conv', inputs, {
    strides: pair(strides), dilations: pair(dilations ?? 1), group: groups(x, filter),
    kernel_shape: filter.shape.slice(0, 2), pads: padding(pad, x, y, filter.shape.slice(0, 2), strides, dilations ?? 1),
  }), node));
};

const pooling = (op) => (w, { inputs: [x], attrs: { filterSize, strides, pad }, outputs: [y] }) => w.keep(y,
  w.add(op, [w.stored(x)], {
    kernel_shape: pair(filterSize), strides: pair(strides), pads: padding(pad, x, y, filterSize, strides, 1),
  }));

const unary = (op, attrs) => (w, { inputs: [x], attrs: given, outputs: [y] }) => (
  w.keep(y, w.add(op, [w.stored(x)], attrs?.(given))));

const binary = (op) => (w, node) => {
  const { inputs, outputs: [y] } = node, rank = y.shape.length;
  w.keep(y, activated(w, w.add(op, inputs.map((value) => w.operand(value, rank))), node));
};

/* ReduceSum takes its axes as an input, the others as an attribute. */
const reduction = (op) => (w, { inputs: [x], attrs: { axis, reductionIndices = axis, keepDims }, outputs: [y] }) => {
  const given = [reductionIndices ?? x.shape.map((_, i) => i)].flat();
  const axes = given.map((i) => w.axis(x, i)), keepdims = Number(keepDims ?? false);
  const left = w.turned(x) && !keepDims ? TO_NCHW.filter((_, i) => !axes.includes(i)) : [];
  if (left.some((i, at) => i < left[at - 1])) throw new Error(`${op} that leaves images' dimensions in another order`);
  w.keep(y, op === 'ReduceSum' ? w.add(op, [w.stored(x), w.fixed(longs(axes))], { keepdims })
    : w.add(op, [w.stored(x)], { axes, keepdims }));
};

const arg = (op) => (w, { inputs: [x], attrs, outputs: [y] }) => (
  w.keep(y, w.add('Cast', [w.add(op, [w.plain(x)], { axis: attrs.axis, keepdims: 0 })], { to: TYPES.int32 })));

const resize = (settings) => (w, { inputs: [x], attrs, outputs: [y] }) => {
  const sizes = longs(TO_NCHW.map((i) => y.shape[i]));
  const transformation = attrs.alignCorners ? 'align_corners' : attrs.halfPixelCenters ? 'half_pixel' : 'asymmetric';
  w.keep(y, w.add('Resize', [w.stored(x), '', '', w.fixed(sizes)],
    { coordinate_transformation_mode: transformation, ...settings }));
};

/* By kernel: a function that adds the nodes of one of it. */
const OPERATORS = {
  FusedConv2D: convolution((filter) => permuted(filter, [3, 2, 0, 1]), (x, filter) => x.shape[3] / filter.shape[2]),
  FusedDepthwiseConv2D: convolution((filter) => {
    const { shape: [channels, multiplier, ...window], ...rest } = permuted(filter, [2, 3, 0, 1]);
    return { ...rest, shape: [channels * multiplier, 1, ...window] };
  }, (x) => x.shape[3]),
  Conv2DBackpropInput(w, { inputs: [x, filter], attrs: { strides, pad }, outputs: [y] }) {
    if (pad !== 'same' && pad !== 'valid') throw new Error(`padding ${JSON.stringify(pad)}`);
    const steps = pair(strides);
    // What the input would give without padding, less what the output has: cut off, or if negative appended.
    const more = steps.map((stride, i) => (x.shape[i + 1] - 1) * stride + filter.shape[i] - y.shape[i + 1]);
    const begin = more.map((n) => Math.max(n, 0) >> 1), end = more.map((n, i) => Math.max(n, 0) - begin[i]);
    w.keep(y, w.add('ConvTranspose', [w.stored(x), w.fixed(permuted(filter, [3, 2, 0, 1]))], {
      strides: steps, pads: [...begin, ...end], output_padding: more.map((n) => Math.max(-n, 0)),
    }));
  },
  _FusedMatMul(w, node) {
    const { inputs: [a, b, bias], attrs: { transposeA, transposeB }, outputs: [y] } = node;
    if (a.shape.length === 2 && b.shape.length === 2) {
      const inputs = [a, b, ...bias ? [bias] : []].map(w.stored);
      const attrs = { transA: Number(transposeA ?? 0), transB: Number(transposeB ?? 0) };
      w.keep(y, activated(w, w.add('Gemm', inputs, attrs), node));
      return;
    }
    if (bias || w.turned(a)) throw new Error('batched matrix product of images, or with a bias');
    const turn = (value, transposed) => {
      const last = value.shape.length - 1, order = value.shape.map((_, i) => (i < last - 1 ? i : 2 * last - 1 - i));
      return transposed ? w.add('Transpose', [w.stored(value)], { perm: order }) : w.stored(value);
    };
    w.keep(y, activated(w, w.add('MatMul', [turn(a, transposeA), turn(b, transposeB)]), node));
  },
  MaxPool: pooling('MaxPool'), AvgPool: pooling('AveragePool'),
  Mean: reduction('ReduceMean'), Sum: reduction('ReduceSum'), Max: reduction('ReduceMax'), Min: reduction('ReduceMin'),
  ArgMax: arg('ArgMax'), ArgMin: arg('ArgMin'),
  Add: binary('Add'), Sub: binary('Sub'), Multiply: binary('Mul'), RealDiv: binary('Div'), Less: binary('Less'),
  Greater: binary('Greater'), Maximum: binary('Max'), Minimum: binary('Min'), Prelu: binary('PRelu'),
  FloorDiv(w, node) {
    const [a, b] = node.inputs;
    if (a.dtype !== 'int32' || !(b.data?.[0] > 0)) throw new Error('FloorDiv but of integers by a positive constant');
    binary('Div')(w, node); // rounds towards zero: the indices that models divide aren't negative
  },
  SquaredDifference(w, { inputs, outputs: [y] }) {
    const difference = w.add('Sub', inputs.map((value) => w.operand(value, y.shape.length)));
    w.keep(y, w.add('Mul', [difference, difference]));
  },
  Square: (w, { inputs: [x], outputs: [y] }) => w.keep(y, w.add('Mul', [w.stored(x), w.stored(x)])),
  Rsqrt: (w, { inputs: [x], outputs: [y] }) => w.keep(y, w.add('Reciprocal', [w.add('Sqrt', [w.stored(x)])])),
  Relu: unary('Relu'), Sigmoid: unary('Sigmoid'), Tanh: unary('Tanh'), Exp: unary('Exp'), Sqrt: unary('Sqrt'),
  Elu: unary('Elu'), HardSwish: unary('HardSwish'), IsNan: unary('IsNaN'),
  Relu6: (w, { inputs: [x], outputs: [y] }) => (
    w.keep(y, w.add('Clip', [w.stored(x), w.fixed(number(0)), w.fixed(number(6))]))),
  LeakyRelu: unary('LeakyRelu', ({ alpha }) => ({ alpha: float(alpha) })),
  Softmax: (w, { inputs: [x], outputs: [y] }) => w.keep(y, w.add('Softmax', [w.stored(x)], { axis: w.axis(x, -1) })),
  Cast: (w, { inputs: [x], outputs: [y] }) => w.keep(y, w.add('Cast', [w.stored(x)], { to: TYPES[y.dtype] })),
  Cumsum(w, { inputs: [x], attrs: { axis, exclusive, reverse }, outputs: [y] }) {
    const inputs = [w.stored(x), w.fixed({ ...longs([w.axis(x, axis)]), shape: [] })];
    w.keep(y, w.add('CumSum', inputs, { exclusive: Number(exclusive), reverse: Number(reverse) }));
  },
  Reshape: (w, { inputs: [x], outputs: [y] }) => w.keepPlain(y, w.reshape(w.plain(x), y.shape)),
  Transpose: (w, { inputs: [x], attrs, outputs: [y] }) => (
    w.keepPlain(y, w.add('Transpose', [w.plain(x)], { perm: attrs.perm }))),
  PadV2(w, { inputs: [x], attrs: { paddings, constantValue }, outputs: [y] }) {
    const order = w.turned(x) ? TO_NCHW : x.shape.map((_, i) => i);
    const pads = [0, 1].flatMap((side) => order.map((i) => paddings[i][side]));
    w.keep(y, w.add('Pad', [w.stored(x), w.fixed(longs(pads)), w.fixed(number(constantValue ?? 0))]));
  },
  MirrorPad(w, { inputs: [x], attrs: { paddings, mode }, outputs: [y] }) {
    if (mode !== 'reflect') throw new Error(`no mirror padding that is ${mode}`);
    const pads = [0, 1].flatMap((side) => paddings.map((both) => both[side]));
    w.keepPlain(y, w.add('Pad', [w.plain(x), w.fixed(longs(pads))], { mode }));
  },
  Reverse(w, { inputs: [x], attrs: { dims }, outputs: [y] }) {
    const axes = [dims].flat(), all = (value) => w.fixed(longs(axes.map(() => value)));
    w.keepPlain(y, w.add('Slice', [w.plain(x), all(-1), all(-(2 ** 31)), w.fixed(longs(axes)), all(-1)]));
  },
  StridedSlice(w, { inputs: [x], attrs: { begin, end, strides, ...masks }, outputs: [y] }) {
    if (Object.values(masks).some((mask) => mask !== 0)) throw new Error('a strided slice with masks');
    const axes = begin.map((_, i) => i);
    w.keepPlain(y, w.add('Slice', [w.plain(x), ...[begin, end, axes, strides].map((list) => w.fixed(longs(list)))]));
  },
  TopK(w, { inputs: [x], attrs: { k }, outputs: [values, indices] }) {
    const [largest, places] = w.add('TopK', [w.plain(x), w.fixed(longs([k]))], { axis: x.shape.length - 1 }, 2);
    w.keepPlain(values, largest);
    w.keepPlain(indices, w.add('Cast', [places], { to: TYPES.int32 }));
  },
  Concat: (w, { inputs, attrs, outputs: [y] }) => (
    w.keep(y, w.add('Concat', inputs.map(w.stored), { axis: w.axis(y, attrs.axis) }))),
  Pack(w, { inputs, attrs: { axis = 0 }, outputs: [y] }) {
    const parts = inputs.map((value) => w.add('Unsqueeze', [w.plain(value), w.fixed(longs([axis]))]));
    w.keepPlain(y, w.add('Concat', parts, { axis }));
  },
  Unpack(w, { inputs: [x], attrs: { axis = 0 }, outputs }) {
    const parts = [w.add('Split', [w.plain(x)], { axis }, outputs.length)].flat();
    outputs.forEach((y, i) => w.keepPlain(y, w.add('Squeeze', [parts[i], w.fixed(longs([axis]))])));
  },
  GatherNd: (w, { inputs: [x, indices], outputs: [y] }) => (
    w.keepPlain(y, w.add('GatherND', [w.plain(x), w.add('Cast', [w.plain(indices)], { to: TYPES.int64 })]))),
  ResizeBilinear: resize({ mode: 'linear' }),
  ResizeNearestNeighbor: resize({ mode: 'nearest', nearest_mode: 'floor' }),
};

/*
 * Returns { bytes, images }: a Uint8Array, and whether inputs and outputs of four dimensions are NCHW. The inputs are
 * named i0, i1, ..., the outputs o0, o1, ... Throws for what has no operator there.
 */
export function writeOnnx({ inputs, outputs, nodes }) {
  const images = nodes.some(({ op }) => IMAGES.test(op)), w = writer(images);
  const described = (name, value) => {
    const shape = w.turned(value) ? TO_NCHW.map((i) => value.shape[i]) : value.shape;
    const dim = shape.map((n) => ({ dimValue: n }));
    return { name, type: { tensorType: { elemType: TYPES[value.dtype], shape: { dim } } } };
  };
  inputs.forEach((value, i) => w.keep(value, `i${i}`));
  for (const node of nodes) {
    if (!OPERATORS[node.op]) throw new Error(`no operator for ${node.op}`);
    OPERATORS[node.op](w, node);
  }
  const renamed = new Map(outputs.map((value, i) => [w.stored(value), `o${i}`]));
  if (renamed.size < outputs.length || inputs.some((value) => renamed.has(w.stored(value)))) {
    throw new Error('an output that is an input or another output');
  }
  for (const node of w.nodes) {
    for (const list of ['input', 'output']) node[list] = node[list].map((name) => renamed.get(name) ?? name);
  }
  const bytes = onnx.ModelProto.encode({
    irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'graph', node: w.nodes, initializer: w.initializers,
      input: inputs.map((value, i) => described(`i${i}`, value)),
      output: outputs.map((value, i) => described(`o${i}`, value)),
    },
  }).finish();
  return { bytes, images };
}

/* A value that has data as such a file stores it, and back. */
export const toImage = (value) => (value.shape.length === 4 ? permuted(value, TO_NCHW) : value);
export const fromImage = (value) => (value.shape.length === 4 ? permuted(value, TO_NHWC) : value);
