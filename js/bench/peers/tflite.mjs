/* SPDX-License-Identifier: MIT */
/*
 * A graph (see graph.mjs) as a .tflite file, in memory. Numbers of operators, options and fields are those of
 * TensorFlow Lite's schema.
 */
import { Builder } from 'flatbuffers';
import { permuted } from './graph.mjs';

const TYPES = { float32: 0, int32: 2, bool: 6 };
const ACTIVATIONS = { linear: 0, relu: 1, relu6: 3 };

const int = (value) => ({ add: 'addFieldInt32', value });
const byte = (value) => ({ add: 'addFieldInt8', value: Number(value) });
const float = (value) => ({ add: 'addFieldFloat32', value });

const floats = (data, shape = [data.length]) => ({ shape, dtype: 'float32', data });
const ints = (values, shape = [values.length]) => ({ shape, dtype: 'int32', data: Int32Array.from(values) });

/* `pad` of a TensorFlow.js kernel: SAME is 0, VALID 1. */
function padding(pad) {
  if (pad === 'same') return byte(0);
  if (pad === 'valid' || pad === 0) return byte(1);
  throw new Error(`padding ${JSON.stringify(pad)}`);
}

const pair = (value) => (Array.isArray(value) ? value : [value, value]);

/* Activations that an operator can have inside; others follow it as an operator of their own. */
const fused = (activation = 'linear') => byte(ACTIVATIONS[activation] ?? 0);
function after({ attrs: { activation = 'linear', leakyreluAlpha }, inputs }) {
  if (activation in ACTIVATIONS) return undefined;
  if (activation === 'prelu') return { code: 54, extra: [inputs[3]] };
  if (activation === 'sigmoid') return { code: 14 };
  if (activation === 'elu') return { code: 111 };
  if (activation === 'leakyrelu') return { code: 98, options: [75, float(leakyreluAlpha)] };
  throw new Error(`activation ${activation}`);
}

const window = ({ filterSize, strides, pad }) => {
  const [height, width] = pair(filterSize), [down, right] = pair(strides);
  return [5, padding(pad), int(right), int(down), int(width), int(height), byte(0)];
};
const plain = (code, ...options) => ({ inputs }) => ({ code, inputs, options });
const binary = (code, type) => ({ inputs, attrs }) => ({ code, inputs, options: [type, fused(attrs.activation)] });
const reduction = (code) => ({ inputs: [x], attrs: { axis, reductionIndices = axis, keepDims = false } }) => {
  const axes = [reductionIndices ?? x.shape.map((_, i) => i)].flat();
  return { code, inputs: [x, ints(axes)], options: [27, byte(keepDims)] };
};
const arg = (code, type) => ({ inputs: [x], attrs }) => (
  { code, inputs: [x, ints([attrs.axis], [])], options: [type, byte(TYPES.int32)] });

/* By kernel: a node as { code, inputs, options }, code the operator's number, options [type's number, fields...]. */
const OPERATORS = {
  FusedConv2D({ inputs: [x, filter, bias], attrs: { strides, pad, dilations, activation } }) {
    const [down, right] = pair(strides), [tall, wide] = pair(dilations ?? 1), outputs = filter.shape[3];
    return {
      code: 3, inputs: [x, permuted(filter, [3, 0, 1, 2]), bias ?? floats(new Float32Array(outputs))],
      options: [1, padding(pad), int(right), int(down), fused(activation), int(wide), int(tall)],
    };
  },
  FusedDepthwiseConv2D({ inputs: [x, filter, bias], attrs: { strides, pad, dilations, activation } }) {
    const [down, right] = pair(strides), [tall, wide] = pair(dilations ?? 1);
    const [height, width, channels, multiplier] = filter.shape, outputs = channels * multiplier;
    return {
      code: 4,
      inputs: [x, floats(filter.data, [1, height, width, outputs]), bias ?? floats(new Float32Array(outputs))],
      options: [2, padding(pad), int(right), int(down), int(multiplier), fused(activation), int(wide), int(tall)],
    };
  },
  Conv2DBackpropInput({ inputs: [x, filter], attrs: { strides, pad, inputShape } }) {
    const [down, right] = pair(strides);
    return {
      code: 67, inputs: [ints(inputShape), permuted(filter, [2, 0, 1, 3]), x],
      options: [49, padding(pad), int(right), int(down)],
    };
  },
  _FusedMatMul({ inputs: [a, b, bias], attrs: { transposeA, transposeB, activation } }) {
    if (b.data && b.shape.length === 2 && a.shape.length === 2 && !transposeA) {
      const weights = transposeB ? b : permuted(b, [1, 0]);
      return {
        code: 9, inputs: [a, weights, bias ?? floats(new Float32Array(weights.shape[0]))],
        options: [8, fused(activation)],
      };
    }
    if (bias || activation !== 'linear') throw new Error('batched matrix product with bias or activation');
    return { code: 126, inputs: [a, b], options: [101, byte(transposeA), byte(transposeB)] };
  },
  MaxPool: ({ inputs, attrs }) => ({ code: 17, inputs, options: window(attrs) }),
  AvgPool: ({ inputs, attrs }) => ({ code: 1, inputs, options: window(attrs) }),
  Mean: reduction(40), Sum: reduction(74), Max: reduction(82), Min: reduction(89),
  ArgMax: arg(56, 40), ArgMin: arg(79, 57),
  Add: binary(0, 11), Sub: binary(41, 28), Multiply: binary(18, 21), RealDiv: binary(42, 29),
  Less: plain(58), Greater: plain(61), Mod: plain(95),
  Maximum: plain(55), Minimum: plain(57), FloorDiv: plain(90), SquaredDifference: plain(99),
  Rsqrt: plain(76), Square: plain(92),
  Relu: plain(19), Relu6: plain(21), Sigmoid: plain(14), Tanh: plain(28), Exp: plain(47), Sqrt: plain(75),
  Elu: plain(111), HardSwish: plain(117), Prelu: plain(54), GatherNd: plain(107),
  LeakyRelu: ({ inputs, attrs }) => ({ code: 98, inputs, options: [75, float(attrs.alpha)] }),
  Softmax: plain(25, 9, float(1)),
  Reshape: ({ inputs: [x], outputs: [y] }) => ({ code: 22, inputs: [x, ints(y.shape)] }),
  Transpose: ({ inputs: [x], attrs }) => ({ code: 39, inputs: [x, ints(attrs.perm)] }),
  PadV2({ inputs: [x], attrs: { paddings, constantValue } }) {
    const sides = ints(paddings.flat(), [paddings.length, 2]);
    return constantValue ? { code: 60, inputs: [x, sides, floats(Float32Array.of(constantValue))] }
      : { code: 34, inputs: [x, sides], options: [22] };
  },
  MirrorPad: ({ inputs: [x], attrs: { paddings, mode } }) => (
    { code: 100, inputs: [x, ints(paddings.flat(), [paddings.length, 2])], options: [77, byte(mode === 'symmetric')] }),
  Reverse: ({ inputs: [x], attrs: { dims } }) => ({ code: 105, inputs: [x, ints([dims].flat())] }),
  StridedSlice({ inputs: [x], attrs }) {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
    const options = [32, ...[beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask].map(int)];
    return { code: 45, inputs: [x, ints(begin), ints(end), ints(strides)], options };
  },
  TopK: ({ inputs: [x], attrs: { k } }) => ({ code: 48, inputs: [x, ints([k], [])] }),
  Concat: ({ inputs, attrs }) => ({ code: 2, inputs, options: [10, int(attrs.axis), byte(0)] }),
  Pack: ({ inputs, attrs }) => ({ code: 83, inputs, options: [59, int(inputs.length), int(attrs.axis ?? 0)] }),
  Unpack: ({ inputs, attrs, outputs }) => (
    { code: 88, inputs, options: [64, int(outputs.length), int(attrs.axis ?? 0)] }),
  ResizeBilinear({ inputs: [x], attrs: { size, alignCorners, halfPixelCenters } }) {
    const options = [15, undefined, undefined, byte(alignCorners), byte(halfPixelCenters)];
    return { code: 23, inputs: [x, ints(size)], options };
  },
  ResizeNearestNeighbor: ({ inputs: [x], attrs: { size, alignCorners, halfPixelCenters } }) => (
    { code: 97, inputs: [x, ints(size)], options: [74, byte(alignCorners), byte(halfPixelCenters)] }),
  Cumsum: ({ inputs: [x], attrs: { axis, exclusive, reverse } }) => (
    { code: 128, inputs: [x, ints([axis], [])], options: [102, byte(exclusive), byte(reverse)] }),
  Cast: ({ inputs: [x], outputs: [y] }) => (
    { code: 53, inputs: [x], options: [37, byte(TYPES[x.dtype]), byte(TYPES[y.dtype])] }),
};

/* Returns a Uint8Array; throws for what has no operator there. */
export function writeTflite({ inputs, outputs, nodes }) {
  const operators = nodes.flatMap((node) => {
    if (!OPERATORS[node.op]) throw new Error(`no operator for ${node.op}`);
    const operator = { options: [], ...OPERATORS[node.op](node), outputs: node.outputs }, last = after(node);
    if (!last) return [operator];
    const [y] = node.outputs, between = { shape: y.shape, dtype: y.dtype };
    return [{ ...operator, outputs: [between] },
      { code: last.code, inputs: [between, ...last.extra ?? []], options: last.options ?? [], outputs: [y] }];
  });
  const tensors = [...new Set([...inputs, ...operators.flatMap((each) => [...each.inputs, ...each.outputs])])];
  const numberOf = new Map(tensors.map((value, i) => [value, i]));
  const codes = [...new Set(operators.map(({ code }) => code))];

  const bytes = tensors.reduce((sum, { data }) => sum + (data ? data.byteLength + 64 : 0), 1 << 16);
  const builder = new Builder(bytes);
  /* A table of fields: { add, value } by number, or undefined for one that keeps its default. */
  const table = (fields) => {
    builder.startObject(fields.length);
    fields.forEach((field, i) => field && builder[field.add](i, field.value, undefined));
    return builder.endObject();
  };
  const offset = (value) => ({ add: 'addFieldOffset', value });
  const vector = (values, add) => {
    builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) builder[add](value);
    return offset(builder.endVector());
  };
  const intVector = (values) => vector(values, 'addInt32');
  const tables = (values) => vector(values, 'addOffset');

  const buffers = [table([])]; // number 0 is the empty one
  const tensorTables = tensors.map(({ shape, dtype, data }, i) => {
    let number = 0;
    if (data) {
      number = buffers.length;
      builder.prep(16, data.byteLength); // where the bytes begin must be a multiple of 16
      const vectorOf = builder.createByteVector(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      buffers.push(table([offset(vectorOf)]));
    }
    const name = offset(builder.createString(`t${i}`));
    return table([intVector(shape), byte(TYPES[dtype]), int(number), name, ...Array(4), byte(1)]);
  });
  const operatorTables = operators.map(({ code, inputs: from, outputs: to, options: [type, ...fields] }) => {
    const chosen = type && offset(table(fields));
    const lists = [from, to].map((values) => intVector(values.map((value) => numberOf.get(value))));
    return table([int(codes.indexOf(code)), ...lists, type && byte(type), chosen]);
  });
  const numbers = (values) => intVector(values.map((value) => numberOf.get(value)));
  const graph = table([tables(tensorTables), numbers(inputs), numbers(outputs), tables(operatorTables)]);
  const codeTables = codes.map((code) => table([byte(Math.min(code, 127)), undefined, int(1), int(code)]));
  builder.finish(table([int(3), tables(codeTables), tables([graph]), undefined, tables(buffers)]), 'TFL3');
  return builder.asUint8Array();
}
