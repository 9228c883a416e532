/* SPDX-License-Identifier: MIT */
/*
 * Graph models of published architectures with made weights, for programs whose weights no package has. Layers,
 * shapes, node names and outputs are those that the program expects; every op that the published model runs runs here.
 *
 * Weights are uniform random numbers from a fixed seed, with variance 2 / k for sums of k terms: signals then keep
 * their size from layer to layer, so that a wrong layer shows in the outputs.
 */
const DTYPES = { float32: 'DT_FLOAT', int32: 'DT_INT32' };

const base64 = (text) => Buffer.from(text).toString('base64');
const strings = (list) => ({ list: { s: list.map(base64) } });
const integers = (list) => ({ list: { i: list.map(String) } });
const size = (shape) => shape.reduce((product, n) => product * n, 1);

class Graph {
  constructor(seed) {
    this.nodes = [];
    this.weights = [];
    this.chunks = [];
    this.state = Math.imul(seed, 0x9e3779b1) | 1;
  }

  /* xorshift32, mapped to [-1, 1) */
  random() {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 31 - 1;
  }

  /* A node's name; `attr` in the form of TensorFlow's JSON. */
  node(op, input, attr = {}, name = `${op}_${this.nodes.length}`) {
    this.nodes.push({ name, op, input, attr });
    return name;
  }

  placeholder(name, shape, dtype) {
    const dim = shape.map((n) => ({ size: String(n) }));
    return this.node('Placeholder', [], { shape: { shape: { dim } }, dtype: { type: DTYPES[dtype] } }, name);
  }

  constant(values, shape, dtype = 'float32') {
    const data = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    const name = this.node('Const', [], { dtype: { type: DTYPES[dtype] } });
    this.weights.push({ name, shape, dtype });
    this.chunks.push(Buffer.from(data.buffer));
    return name;
  }

  filter(shape, terms, gain = 2) {
    const scale = Math.sqrt(3 * gain / terms);
    return this.constant(Float32Array.from({ length: size(shape) }, () => this.random() * scale), shape);
  }

  /* Of a 1 x 1 convolution, with weights that sum to 0 for each output: its inputs are all positive, and outputs of one
   * sign would make every mask full or empty. */
  balancedFilter([inputs, outputs]) {
    const values = Float32Array.from({ length: inputs * outputs }, () => this.random() * Math.sqrt(3 / inputs));
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let i = output; i < values.length; i += outputs) sum += values[i];
      for (let i = output; i < values.length; i += outputs) values[i] -= sum / inputs;
    }
    return this.constant(values, [1, 1, inputs, outputs]);
  }

  /* offset: a number, or a function of the channel */
  bias(channels, offset = 0) {
    const at = typeof offset === 'function' ? offset : () => offset;
    return this.constant(Float32Array.from({ length: channels }, (_, i) => at(i) + this.random() * 0.1), [channels]);
  }

  window({ stride = 1, dilation = 1, padding = 'SAME', activation, inputs = 1 }) {
    return {
      strides: integers([1, stride, stride, 1]), dilations: integers([1, dilation, dilation, 1]),
      padding: { s: base64(padding) }, data_format: { s: base64('NHWC') }, explicit_paddings: { list: {} },
      fused_ops: strings(activation ? ['BiasAdd', activation] : ['BiasAdd']), num_args: { i: String(inputs) },
      T: { type: 'DT_FLOAT' }, epsilon: { f: 0 },
    };
  }

  /* activation: 'Relu', 'Relu6' or none; offset: of the bias; balanced: see above. */
  conv(input, [inputs, outputs], kernel, { name, offset, balanced, ...options } = {}) {
    const filter = balanced ? this.balancedFilter([inputs, outputs])
      : this.filter([kernel, kernel, inputs, outputs], kernel * kernel * inputs, options.activation ? 2 : 1);
    return this.node('_FusedConv2D', [input, filter, this.bias(outputs, offset)], this.window(options), name);
  }

  depthwise(input, channels, { name, ...options } = {}) {
    const filter = this.filter([3, 3, channels, 1], 9);
    const attr = this.window({ activation: 'Relu6', ...options });
    return this.node('FusedDepthwiseConv2dNative', [input, filter, this.bias(channels)], attr, name);
  }

  binary(op, a, b, name) {
    return this.node(op, [a, b], { T: { type: 'DT_FLOAT' } }, name);
  }

  reshape(input, shape, name) {
    return this.node('Reshape', [input, this.constant(shape, [shape.length], 'int32')], {}, name);
  }

  concat(inputs, axis, name) {
    const attr = { N: { i: String(inputs.length) } };
    return this.node('ConcatV2', [...inputs, this.constant([axis], [], 'int32')], attr, name);
  }

  slice(input, begin, extent, name) {
    const ends = [begin, extent].map((list) => this.constant(list, [list.length], 'int32'));
    return this.node('Slice', [input, ...ends], {}, name);
  }

  /* As files: { json, bytes }. outputs: node names in the order in which predict() returns them. */
  model(inputs, outputs) {
    const named = (names) => Object.fromEntries(names.map((name) => {
      const { attr } = this.nodes.find((node) => node.name === name);
      return [name, { name: `${name}:0`, dtype: attr.dtype?.type ?? 'DT_FLOAT', tensorShape: attr.shape?.shape ?? {} }];
    }));
    return {
      json: {
        format: 'graph-model', generatedBy: 'made', convertedBy: null,
        signature: { inputs: named(inputs), outputs: named(outputs) },
        modelTopology: { node: this.nodes, library: {}, versions: { producer: 1 } },
        weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: this.weights }],
      },
      bytes: Buffer.concat(this.chunks),
    };
  }
}

const times = (count, item) => Array.from({ length: count }, () => item);

/* ---- MobileNet -------------------------------------------------------------------------------------------------- */

/* MobileNet v1 (arXiv 1704.04861): [channels, stride] of each separable block. */
const V1_BLOCKS = [[64, 1], [128, 2], [128, 1], [256, 2], [256, 1], [512, 2], ...times(5, [512, 1]), [1024, 2],
  [1024, 1]];

/* Strides that would make the output coarser than `outputStride` become dilation. Returns [node, channels]. */
function v1Features(graph, input, { alpha = 1, outputStride = 32, prefix }) {
  const scaled = (channels) => channels * alpha;
  const first = { stride: 2, activation: 'Relu6', name: `${prefix}/Conv2d_0/Relu6` };
  let node = graph.conv(input, [3, scaled(32)], 3, first);
  let channels = scaled(32), at = 2, dilation = 1;
  V1_BLOCKS.forEach(([outputs, wanted], i) => {
    const stride = at * wanted > outputStride ? 1 : wanted;
    node = graph.depthwise(node, channels, { stride, dilation, name: `${prefix}/Conv2d_${i + 1}_depthwise/Relu6` });
    if (stride < wanted) dilation *= wanted;
    at *= stride;
    node = graph.conv(node, [channels, scaled(outputs)], 1,
      { activation: 'Relu6', name: `${prefix}/Conv2d_${i + 1}_pointwise/Relu6` });
    channels = scaled(outputs);
  });
  return [node, channels];
}

/* MobileNet v2 (arXiv 1801.04381): [expansion, channels, repetitions, stride]. */
const V2_BLOCKS = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2],
  [6, 320, 1, 1]];

/* Returns [node, channels] of the last layer, and those of the last expansion with a stride of 16. */
function v2Features(graph, input, prefix) {
  let node = graph.conv(input, [3, 32], 3, { stride: 2, activation: 'Relu6', name: `${prefix}/Conv/Relu6` });
  let channels = 32, at = 2, index = 0, middle;
  for (const [expansion, outputs, count, first] of V2_BLOCKS) {
    for (let i = 0; i < count; i++, index++) {
      const stride = i ? 1 : first, name = `${prefix}/expanded_conv${index ? `_${index}` : ''}`;
      const inner = channels * expansion;
      let block = node;
      const expand = { activation: 'Relu6', name: `${name}/expand/Relu6` };
      if (expansion > 1) block = graph.conv(block, [channels, inner], 1, expand);
      if (at === 16 && stride === 2) middle = [block, inner];
      block = graph.depthwise(block, inner, { stride, name: `${name}/depthwise/Relu6` });
      block = graph.conv(block, [inner, outputs], 1, { name: `${name}/project/BatchNorm/FusedBatchNorm` });
      if (stride === 1 && channels === outputs) block = graph.binary('AddV2', block, node, `${name}/add`);
      at *= stride;
      node = block;
      channels = outputs;
    }
  }
  node = graph.conv(node, [channels, 1280], 1, { activation: 'Relu6', name: `${prefix}/Conv_1/Relu6` });
  return { last: [node, 1280], middle };
}

/* A hub module's input of 0 to 1, as the network's of -1 to 1. */
function hubInput(graph) {
  const images = graph.placeholder('images', [-1, 224, 224, 3], 'float32');
  const doubled = graph.binary('Mul', images, graph.constant([2], []), 'module_apply_default/hub_input/Mul');
  return graph.binary('Sub', doubled, graph.constant([1], []), 'module_apply_default/hub_input/Sub');
}

function classifier(graph, pooled, channels, prefix) {
  const logits = graph.conv(pooled, [channels, 1001], 1, { name: `${prefix}/Conv2d_1c_1x1/BiasAdd` });
  const output = graph.node('Squeeze', [logits], { squeeze_dims: integers([1, 2]) }, 'module_apply_default/logits');
  return graph.model(['images'], [output]);
}

export function mobileNetV1() {
  const graph = new Graph(1), prefix = 'module_apply_default/MobilenetV1';
  const [node, channels] = v1Features(graph, hubInput(graph), { prefix: `${prefix}/MobilenetV1` });
  const axes = graph.constant([1, 2], [2], 'int32');
  const pooled = graph.node('Mean', [node, axes], { keep_dims: { b: true } }, `${prefix}/Logits/global_pool`);
  return classifier(graph, pooled, channels, `${prefix}/Logits`);
}

export function mobileNetV2() {
  const graph = new Graph(2), prefix = 'module_apply_default/MobilenetV2';
  const { last: [node, channels] } = v2Features(graph, hubInput(graph), `${prefix}/MobilenetV2`);
  const pooled = graph.node('AvgPool', [node], {
    ksize: integers([1, 7, 7, 1]), strides: integers([1, 2, 2, 1]), padding: { s: base64('VALID') },
    data_format: { s: base64('NHWC') },
  }, `${prefix}/Logits/AvgPool`);
  return classifier(graph, pooled, channels, `${prefix}/Logits`);
}

/* ---- BodyPix ---------------------------------------------------------------------------------------------------- */

/* Its outputs and their channels. */
const HEADS = {
  float_short_offsets: 34, float_segments: 1, float_part_heatmaps: 24, float_long_offsets: 34, float_heatmaps: 17,
  float_displacement_fwd: 32, float_displacement_bwd: 32, float_part_offsets: 48,
};

/* The heatmaps' bias makes keypoints rare. */
function bodyPixHeads(graph, input, channels, order) {
  for (const [name, outputs] of Object.entries(HEADS)) {
    graph.conv(input, [channels, outputs], 1, { name, offset: name === 'float_heatmaps' ? -1 : 0, balanced: true });
  }
  return graph.model(['sub_2'], order.map((name) => `float_${name}`));
}

export function bodyPixMobileNet() {
  const graph = new Graph(3);
  const input = graph.placeholder('sub_2', [1, -1, -1, 3], 'float32');
  const [node, channels] = v1Features(graph, input, { alpha: 0.75, outputStride: 16, prefix: 'MobilenetV1' });
  return bodyPixHeads(graph, node, channels, ['short_offsets', 'segments', 'part_heatmaps', 'long_offsets', 'heatmaps',
    'displacement_fwd', 'displacement_bwd', 'part_offsets']);
}

/* ResNet-50 (arXiv 1512.03385) with an output stride of 16: [inner channels, blocks, stride, dilation]. */
const RESNET_STAGES = [[64, 3, 1, 1], [128, 4, 2, 1], [256, 6, 2, 1], [512, 3, 1, 2]];

export function bodyPixResNet() {
  const graph = new Graph(4);
  const input = graph.placeholder('sub_2', [1, -1, -1, 3], 'float32');
  const pad = (node, amount) => (
    graph.node('Pad', [node, graph.constant([0, 0, amount, amount, amount, amount, 0, 0], [4, 2], 'int32')]));
  // The program hands over colours less their means; the other networks get -1 to 1.
  const scaled = graph.binary('Mul', input, graph.constant([1 / 128], []));
  let node = graph.conv(pad(scaled, 3), [3, 64], 7, { stride: 2, padding: 'VALID', activation: 'Relu' });
  node = graph.node('MaxPool', [pad(node, 1)], {
    ksize: integers([1, 3, 3, 1]), strides: integers([1, 2, 2, 1]), padding: { s: base64('VALID') },
    data_format: { s: base64('NHWC') },
  });
  let channels = 64;
  for (const [inner, count, first, dilation] of RESNET_STAGES) {
    for (let i = 0; i < count; i++) {
      const stride = i ? 1 : first, outputs = inner * 4;
      const shortcut = channels === outputs ? node : graph.conv(node, [channels, outputs], 1, { stride });
      let block = graph.conv(node, [channels, inner], 1, { activation: 'Relu' });
      block = graph.conv(block, [inner, inner], 3, { stride, dilation, activation: 'Relu' });
      block = graph.conv(block, [inner, outputs], 1);
      // Halved, since sums of the shortcut and the block would grow from block to block.
      block = graph.binary('AddV2', shortcut, graph.binary('Mul', block, graph.constant([0.5], [])));
      node = graph.node('Relu', [block]);
      channels = outputs;
    }
  }
  return bodyPixHeads(graph, node, channels, ['displacement_bwd', 'displacement_fwd', 'heatmaps', 'long_offsets',
    'short_offsets', 'part_heatmaps', 'segments', 'part_offsets']);
}

/* ---- SSDLite ---------------------------------------------------------------------------------------------------- */

/* The preprocessor maps a function over the batch with TensorFlow 1's control flow: a loop over tensor arrays, in which
 * each picture is resized. */
function mapResize(graph, images, side) {
  const frame = { s: base64('Preprocessor/map/while/while_context') };
  const name = (part) => `Preprocessor/map/${part}`;
  const integer = (value) => graph.constant([value], [], 'int32');
  const firstOf = (node, label) => {
    const [begin, end, step] = [0, 1, 1].map((n) => graph.constant([n], [1], 'int32'));
    return graph.node('StridedSlice', [node, begin, end, step], {
      shrink_axis_mask: { i: '1' }, begin_mask: { i: '0' }, end_mask: { i: '0' }, new_axis_mask: { i: '0' },
      ellipsis_mask: { i: '0' },
    }, label);
  };
  const array = (label) => graph.node('TensorArrayV3', [count], {
    dtype: { type: 'DT_FLOAT' }, element_shape: { shape: { unknownRank: true } }, dynamic_size: { b: false },
    clear_after_read: { b: true }, identical_element_shapes: { b: true }, tensor_array_name: { s: '' },
  }, name(label));
  const enter = (node, label, constant) => graph.node('Enter', [node], {
    frame_name: frame, is_constant: { b: constant }, parallel_iterations: { i: '32' },
  }, name(`while/${label}`));

  const shape = graph.node('Shape', [images], { out_type: { type: 'DT_INT32' } }, name('Shape'));
  const count = firstOf(shape, name('strided_slice'));
  const source = array('TensorArray'), target = array('TensorArray_1');
  const range = graph.node('Range', [integer(0), count, integer(1)], {}, name('range'));
  const filled = graph.node('TensorArrayScatterV3', [source, range, images, `${source}:1`], {},
    name('TensorArrayScatterV3'));

  const indexIn = enter(integer(0), 'Enter', false), flowIn = enter(`${target}:1`, 'Enter_1', false);
  const merged = [[indexIn, ''], [flowIn, '_1']].map(([start, end]) => (
    graph.node('Merge', [start, name(`while/NextIteration${end}`)], { N: { i: '2' } }, name(`while/Merge${end}`))));
  const less = graph.node('Less', [merged[0], enter(count, 'Less/Enter', true)], {}, name('while/Less'));
  const condition = graph.node('LoopCond', [less], {}, name('while/LoopCond'));
  const switches = merged.map((node, i) => (
    graph.node('Switch', [node, condition], {}, name(`while/Switch${i ? '_1' : ''}`))));
  const index = graph.node('Identity', [`${switches[0]}:1`], {}, name('while/Identity'));
  const next = graph.node('AddV2', [index, integer(1)], {}, name('while/add'));
  const picture = graph.node('TensorArrayReadV3',
    [enter(source, 'TensorArrayReadV3/Enter', true), index, enter(filled, 'TensorArrayReadV3/Enter_1', true)],
    { dtype: { type: 'DT_FLOAT' } }, name('while/TensorArrayReadV3'));
  const batch = graph.node('ExpandDims', [picture, integer(0)], {}, name('while/ResizeImage/ExpandDims'));
  const resized = graph.node('ResizeBilinear', [batch, graph.constant([side, side], [2], 'int32')],
    { align_corners: { b: false }, half_pixel_centers: { b: false } }, name('while/ResizeImage/ResizeBilinear'));
  const squeezed = graph.node('Squeeze', [resized], { squeeze_dims: integers([0]) }, name('while/ResizeImage/Squeeze'));
  const flow = graph.node('TensorArrayWriteV3',
    [enter(target, 'TensorArrayWrite/Enter', true), index, squeezed, `${switches[1]}:1`], {},
    name('while/TensorArrayWriteV3'));
  graph.node('NextIteration', [next], {}, name('while/NextIteration'));
  graph.node('NextIteration', [flow], {}, name('while/NextIteration_1'));
  const done = graph.node('Exit', [switches[1]], {}, name('while/Exit_1'));

  const size = graph.node('TensorArraySizeV3', [target, done], {}, name('TensorArrayStack/TensorArraySizeV3'));
  const all = graph.node('Range', [integer(0), size, integer(1)], {}, name('TensorArrayStack/range'));
  const attr = { dtype: { type: 'DT_FLOAT' }, element_shape: { shape: { unknownRank: true } } };
  return graph.node('TensorArrayGatherV3', [target, all, done], attr, name('TensorArrayStack/TensorArrayGatherV3'));
}

/* Feature maps' sides, and the anchors' relative sizes and aspect ratios (arXiv 1512.02325): 1917 anchors. */
const SSD_SIDES = [19, 10, 5, 3, 2, 1];
const SSD_CLASSES = 90;
const NO_CLASS = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83]; // numbers that COCO never gave to a class

function ssdAnchors() {
  const anchors = []; // centre y, centre x, height, width
  SSD_SIDES.forEach((side, layer) => {
    const scale = 0.2 + 0.75 * layer / (SSD_SIDES.length - 1);
    const following = layer + 1 < SSD_SIDES.length ? 0.2 + 0.75 * (layer + 1) / (SSD_SIDES.length - 1) : 1;
    const shapes = layer === 0 ? [[0.1, 1], [scale, 2], [scale, 0.5]]
      : [...[1, 2, 0.5, 3, 1 / 3].map((ratio) => [scale, ratio]), [Math.sqrt(scale * following), 1]];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        for (const [extent, ratio] of shapes) {
          anchors.push((y + 0.5) / side, (x + 0.5) / side, extent / Math.sqrt(ratio), extent * Math.sqrt(ratio));
        }
      }
    }
  });
  return anchors;
}

export function ssdLiteMobileNetV2() {
  const graph = new Graph(5);
  const images = graph.placeholder('image_tensor', [1, -1, -1, 3], 'int32');
  const floats = graph.node('Cast', [images], { SrcT: { type: 'DT_UINT8' }, DstT: { type: 'DT_FLOAT' } }, 'ToFloat');
  const resized = mapResize(graph, floats, 300);
  const scaled = graph.binary('Mul', resized, graph.constant([2 / 255], []), 'Preprocessor/mul');
  const input = graph.binary('Sub', scaled, graph.constant([1], []), 'Preprocessor/sub');

  const { last, middle } = v2Features(graph, input, 'FeatureExtractor/MobilenetV2');
  const maps = [middle, last];
  for (const outputs of [512, 256, 256, 128]) { // each halves the map's side
    const [node, channels] = maps.at(-1);
    let layer = graph.conv(node, [channels, outputs / 2], 1, { activation: 'Relu6' });
    layer = graph.depthwise(layer, outputs / 2, { stride: 2 });
    maps.push([graph.conv(layer, [outputs / 2, outputs], 1, { activation: 'Relu6' }), outputs]);
  }
  const boxes = [], classes = [];
  maps.forEach(([node, channels], i) => {
    const anchors = i === 0 ? 3 : 6, total = anchors * SSD_SIDES[i] ** 2;
    const predictor = (outputs, offset) => (
      graph.conv(graph.depthwise(node, channels), [channels, anchors * outputs], 1, { offset }));
    boxes.push(graph.reshape(predictor(4, 0), [-1, total, 1, 4]));
    const logit = (channel) => (NO_CLASS.includes(channel % (SSD_CLASSES + 1)) ? -20 : -3);
    classes.push(graph.reshape(predictor(SSD_CLASSES + 1, logit), [-1, total, SSD_CLASSES + 1]));
  });

  // Scores without the background class; boxes from offsets against their anchors, as the published decoder does.
  const scores = graph.node('Sigmoid', [graph.concat(classes, 1, 'concat_1')], {}, 'Postprocessor/convert_scores');
  graph.slice(scores, [0, 0, 1], [-1, -1, SSD_CLASSES], 'Postprocessor/Slice');

  const anchors = ssdAnchors(), total = anchors.length / 4;
  const column = (n) => graph.constant(anchors.filter((_, i) => i % 4 === n), [total]);
  const flat = graph.reshape(graph.concat(boxes, 1, 'concat'), [total, 4]);
  const transpose = (node, name) => graph.node('Transpose', [node, graph.constant([1, 0], [2], 'int32')], {}, name);
  const turned = transpose(flat, 'Postprocessor/Decode/transpose');
  const rows = graph.node('Unpack', [turned], { num: { i: '4' }, axis: { i: '0' } }, 'Postprocessor/Decode/unstack');
  const row = (n) => (n ? `${rows}:${n}` : rows);
  const over = (node, divisor) => graph.binary('RealDiv', node, graph.constant([divisor], []));
  const [height, width] = [2, 3].map((n) => graph.binary('Mul', graph.node('Exp', [over(row(n), 5)]), column(n)));
  const [y, x] = [0, 1].map((n) => (
    graph.binary('AddV2', graph.binary('Mul', over(row(n), 10), column(n + 2)), column(n))));
  const half = (node) => over(node, 2);
  const corners = [graph.binary('Sub', y, half(height)), graph.binary('Sub', x, half(width)),
    graph.binary('AddV2', y, half(height)), graph.binary('AddV2', x, half(width))];
  const packed = graph.node('Pack', corners, { N: { i: '4' }, axis: { i: '0' } }, 'Postprocessor/Decode/stack');
  const back = transpose(packed, 'Postprocessor/Decode/transpose_1');
  graph.reshape(back, [1, total, 1, 4], 'Postprocessor/ExpandDims_1');
  return graph.model(['image_tensor'], ['Postprocessor/Slice', 'Postprocessor/ExpandDims_1']);
}
