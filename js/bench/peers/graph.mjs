/* SPDX-License-Identifier: MIT */
/*
 * A layer or a model of TensorFlow.js as a graph that other libraries' formats can be written from: the kernels that
 * one run of it calls, with their shapes, then simplified as those libraries' own converters would.
 *
 * A graph is { inputs, outputs, nodes }; a value { shape, dtype, data }, data only of constants; a node
 * { op, inputs, attrs, outputs }: op and attrs are a TensorFlow.js kernel's, inputs and outputs lists of values.
 */
import * as tf from '@tensorflow/tfjs-core';

/* The number of a shape's elements. */
export const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);

/* A value that has data, with its dimensions in another order: dimension i of the result is dimension order[i]. */
export function permuted({ shape, dtype, data }, order) {
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  const to = order.map((i) => shape[i]), steps = order.map((i) => strides[i]);
  const out = new data.constructor(data.length), at = to.map(() => 0);
  for (let i = 0, from = 0; i < out.length; i++) {
    out[i] = data[from];
    for (let d = to.length - 1; d >= 0; d--) {
      from += steps[d];
      if (++at[d] < to[d]) break;
      from -= steps[d] * to[d];
      at[d] = 0;
    }
  }
  return { shape: to, dtype, data: out };
}

/* The order of a kernel's named inputs; those of kernels that aren't here are in the order of the kernel's own. */
const INPUTS = {
  FusedConv2D: ['x', 'filter', 'bias', 'preluActivationWeights'],
  FusedDepthwiseConv2D: ['x', 'filter', 'bias', 'preluActivationWeights'],
  _FusedMatMul: ['a', 'b', 'bias', 'preluActivationWeights'],
  Conv2D: ['x', 'filter'], DepthwiseConv2dNative: ['x', 'filter'], BatchMatMul: ['a', 'b'], Prelu: ['x', 'alpha'],
  Conv2DBackpropInput: ['dy', 'filter'], FusedBatchNorm: ['x', 'mean', 'variance', 'offset', 'scale'],
  GatherNd: ['params', 'indices'],
};

/*
 * run: () => tensor or tensors, through TensorFlow.js's API, on the current backend.
 * inputs: the tensors that the graph takes; all others that it doesn't make itself are constants.
 */
export function record(run, inputs) {
  const nodes = [], values = new Map(inputs.map(({ id, shape, dtype }) => [id, { shape, dtype }]));
  const graphInputs = [...values.values()];
  const valueOf = (tensor) => {
    if (!values.has(tensor.id)) {
      values.set(tensor.id, { shape: tensor.shape, dtype: tensor.dtype, data: tensor.dataSync().slice() });
    }
    return values.get(tensor.id);
  };
  const engine = tf.engine(), original = engine.runKernelFunc;
  engine.runKernelFunc = function (params) {
    const result = original.call(this, params);
    if (params.kernelName) {
      const names = INPUTS[params.kernelName] ?? Object.keys(params.inputs);
      const sources = names.map((name) => params.inputs[name] && valueOf(params.inputs[name]));
      const outputs = [result].flat();
      // What is made of constants alone is a constant too.
      const constant = sources.every((value) => value?.data !== undefined);
      for (const { id, shape, dtype } of outputs) values.set(id, { shape, dtype });
      if (constant) outputs.forEach((tensor) => { values.get(tensor.id).data = tensor.dataSync().slice(); });
      else {
        nodes.push({
          op: params.kernelName, inputs: sources, attrs: { ...params.attrs },
          outputs: outputs.map(({ id }) => values.get(id)),
        });
      }
    }
    return result;
  };
  try {
    return tf.tidy(() => {
      const outputs = [run()].flat().map(valueOf);
      return simplify({ inputs: graphInputs, outputs, nodes });
    });
  } finally {
    engine.runKernelFunc = original;
  }
}

/* An operand that is one number for each channel, or one for all: its values for `channels`; else undefined. */
function perChannel(value, channels) {
  if (!value?.data || value.dtype !== 'float32') return undefined;
  if (value.data.length === 1) return new Float32Array(channels).fill(value.data[0]);
  return value.shape.at(-1) === channels && value.data.length === channels ? value.data : undefined;
}

const scalar = (value) => (value?.data?.length === 1 ? value.data[0] : undefined);
const constant = (data, shape = [data.length]) => ({ shape, dtype: 'float32', data });

/* y = x * scale + shift for each channel, if that is what a node computes of its first non-constant operand. */
function affine({ op, inputs: [a, b, ...rest], attrs }, channels) {
  const constants = perChannel(b?.data ? b : a, channels);
  const plain = (values, f) => values && Float32Array.from(values, f);
  const ones = () => new Float32Array(channels).fill(1), zeros = () => new Float32Array(channels);
  switch (op) {
    case 'Add': return constants && { scale: ones(), shift: constants };
    case 'Sub': return b?.data && constants && { scale: ones(), shift: plain(constants, (v) => -v) };
    case 'Multiply': return constants && { scale: constants, shift: zeros() };
    case 'FusedBatchNorm': {
      const [mean, variance, offset, gamma] = [b, ...rest].map((value) => perChannel(value, channels));
      if (!mean || !variance) return undefined;
      const scale = plain(variance, (v, i) => (gamma ? gamma[i] : 1) / Math.sqrt(v + attrs.varianceEpsilon));
      return { scale, shift: plain(mean, (v, i) => (offset ? offset[i] : 0) - v * scale[i]) };
    }
    default: return undefined;
  }
}

/* The clamp that a node and its operand's clamp make together, if it is one of those that all formats have. */
function clamp({ op, inputs, attrs }, before) {
  const limit = scalar(inputs.find((value) => value.data));
  if (op === 'Relu' && before === 'linear') return 'relu';
  if (op === 'Relu6' && before !== 'relu6') return 'relu6';
  if (op === 'Relu' || op === 'Relu6') return before;
  if (op === 'ClipByValue' && attrs.clipValueMin === 0 && attrs.clipValueMax === 6) return 'relu6';
  if (op === 'Minimum' && limit === 6 && before !== 'linear') return 'relu6';
  if (op === 'Maximum' && limit === 0) return before === 'linear' ? 'relu' : before;
  return undefined;
}

const WEIGHTED = /^(FusedConv2D|FusedDepthwiseConv2D)$/;

function simplify({ inputs, outputs, nodes: recorded }) {
  const replaced = new Map(); // values that are the same as others
  const resolve = (value) => (replaced.has(value) ? resolve(replaced.get(value)) : value);
  let nodes = [];
  for (const node of recorded) {
    const { op, attrs } = node;
    const sources = node.inputs.map((value) => value && resolve(value));
    const next = { ...node, inputs: sources };
    const [x] = sources, [y] = node.outputs;
    const sameShape = String(x.shape) === String(y.shape);
    if (op === 'Identity' || (op === 'Reshape' && sameShape) || (op === 'Cast' && x.dtype === y.dtype)) {
      replaced.set(y, x);
      continue;
    }
    if (op === 'ExpandDims') next.op = 'Reshape';
    if (op === 'AddN' && sources.length === 2) next.op = 'Add';
    if (op === 'Conv2D') Object.assign(next, { op: 'FusedConv2D', attrs: { ...attrs, activation: 'linear' } });
    if (op === 'DepthwiseConv2dNative') {
      Object.assign(next, { op: 'FusedDepthwiseConv2D', attrs: { ...attrs, activation: 'linear' } });
    }
    if (op === 'BatchMatMul') Object.assign(next, { op: '_FusedMatMul', attrs: { ...attrs, activation: 'linear' } });
    if (/^(Add|Sub|Multiply)$/.test(next.op)) next.attrs = { activation: 'linear' };
    const [, b] = next.inputs;
    if (next.op === '_FusedMatMul' && x.shape.length > 2 && sizeOf(b.shape) === sizeOf(b.shape.slice(-2)) && b.data &&
      !attrs.transposeA) {
      // One matrix for all of a batch: as matrices of two dimensions.
      const flat = ({ shape, ...rest }) => ({ ...rest, shape: [sizeOf(shape.slice(0, -1)), shape.at(-1)] });
      const from = flat(x), to = flat(y), weights = { ...b, shape: b.shape.slice(-2) };
      nodes.push({ op: 'Reshape', inputs: [x], attrs: {}, outputs: [from] });
      nodes.push({ ...next, inputs: [from, weights, ...next.inputs.slice(2)], outputs: [to] });
      nodes.push({ op: 'Reshape', inputs: [to], attrs: {}, outputs: [y] });
    } else nodes.push(next);
  }
  outputs = outputs.map(resolve);

  // A node that only changes its operand channel by channel, or clamps it, becomes part of the operation before it.
  let makers, users;
  const index = () => {
    makers = new Map(nodes.flatMap((node) => node.outputs.map((value) => [value, node])));
    users = new Map();
    for (const value of [...nodes.flatMap((node) => node.inputs), ...outputs]) {
      users.set(value, (users.get(value) ?? 0) + 1);
    }
  };
  index();
  nodes = nodes.filter((node) => {
    const variable = node.inputs.filter((value) => value && !value.data);
    const [x] = variable, maker = makers.get(x);
    const [before, behind] = [maker, node].map((each) => each?.outputs[0].shape.length);
    if (variable.length !== 1 || !maker || users.get(x) !== 1 || before !== behind) return true;
    const { attrs } = maker;
    const change = WEIGHTED.test(maker.op) && attrs.activation === 'linear' && maker.inputs[1].data &&
      affine(node, x.shape.at(-1));
    const activation = 'activation' in attrs && /^(linear|relu6?)$/.test(attrs.activation) &&
      clamp(node, attrs.activation);
    if (change) {
      const { scale, shift } = change, channels = scale.length, [, filter, bias] = maker.inputs;
      maker.inputs = [...maker.inputs];
      // Output channels are the filter's last dimension, or (depthwise) its last two.
      maker.inputs[1] = constant(filter.data.map((value, i) => value * scale[i % channels]), filter.shape);
      const added = (i) => (bias ? bias.data[i % bias.data.length] : 0);
      maker.inputs[2] = constant(shift.map((value, i) => value + added(i) * scale[i]));
    } else if (activation) maker.attrs = { ...attrs, activation };
    else return true;
    maker.outputs = node.outputs;
    makers.set(node.outputs[0], maker);
    return false;
  });

  // A batch normalisation that is left becomes a multiplication and an addition.
  nodes = nodes.flatMap((node) => {
    const [x] = node.inputs, [y] = node.outputs;
    const change = node.op === 'FusedBatchNorm' && affine(node, x.shape.at(-1));
    if (!change) return [node];
    const between = { shape: y.shape, dtype: y.dtype }, attrs = { activation: 'linear' };
    return [{ op: 'Multiply', inputs: [x, constant(change.scale)], attrs, outputs: [between] },
      { op: 'Add', inputs: [between, constant(change.shift)], attrs, outputs: [y] }];
  });

  // x * relu6(x + 3) * c: hard-swish is that with c = 1/6. Weights that were stored in 16 bits have a c a little beside
  // it, so the rest of it multiplies the result.
  index();
  for (const node of nodes.filter(({ op }) => op === 'Multiply')) {
    const only = (value, op) => [makers.get(value)].find((maker) => maker?.op === op && users.get(value) === 1);
    const numberIn = ({ inputs: operands }) => scalar(operands.find((value) => value.data));
    const inner = node.inputs.map((value) => only(value, 'Multiply')).find((maker) => maker && numberIn(maker));
    if (!inner) continue;
    const factors = [...inner.inputs, ...node.inputs].filter((value) => !value.data && value !== inner.outputs[0]);
    const at = factors.findIndex((value) => only(value, 'Add')?.attrs.activation === 'relu6');
    const sum = makers.get(factors[at]), x = factors[1 - at];
    if (at < 0 || !sum.inputs.includes(x) || numberIn(sum) !== 3) continue;
    Object.assign(sum, { op: 'HardSwish', inputs: [x], attrs: {} });
    node.inputs = [factors[at], constant(Float32Array.of(numberIn(inner) * 6), [])];
    nodes = nodes.filter((other) => other !== inner);
  }

  // Kernels whose results nobody uses.
  for (let before = Infinity; nodes.length < before;) {
    before = nodes.length;
    index();
    nodes = nodes.filter((node) => node.outputs.some((value) => users.has(value)));
  }
  return { inputs, outputs, nodes };
}
