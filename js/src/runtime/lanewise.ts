/* SPDX-License-Identifier: MIT */
/* Operators on float32 tensors, without TensorFlow.js: the comfortable layer over Kernels. */
import * as lw from '../generated/layout.js';
import type { Features, Tier } from './detect.js';
import { LanewiseError } from './errors.js';
import type { Heap } from './heap.js';
import {
  activation, LINEAR, NO_EPILOGUE, type Activation, type Epilogue, type Kernels, type Pointer, type Sizes, type Window,
} from './kernels.js';
import type { Threads } from './threads.js';
import { loadModule, type LoadOptions, type Module } from './load.js';

/** Loads the best tier that this engine can run, or the one asked for. */
export async function load(options: LoadOptions = {}): Promise<Lanewise> {
  return new Lanewise(await loadModule(options));
}

export type ActivationName = 'linear' | 'relu' | 'relu6' | 'leakyRelu' | 'elu' | 'sigmoid' | 'tanh' | 'hardSwish'
  | 'gelu' | 'geluTanh';
const ACTIVATIONS: Record<ActivationName, number> = {
  linear: lw.LW_LINEAR, relu: lw.LW_RELU, relu6: lw.LW_RELU6, leakyRelu: lw.LW_LEAKY_RELU, elu: lw.LW_ELU,
  sigmoid: lw.LW_SIGMOID, tanh: lw.LW_TANH, hardSwish: lw.LW_HARD_SWISH, gelu: lw.LW_GELU,
  geluTanh: lw.LW_GELU_TANH,
};

export type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'squaredDifference' | 'prelu';
const BINARY: Record<BinaryName, number> = {
  add: lw.LW_BINARY_ADD, sub: lw.LW_BINARY_SUB, mul: lw.LW_BINARY_MUL, div: lw.LW_BINARY_DIV, min: lw.LW_BINARY_MIN,
  max: lw.LW_BINARY_MAX, squaredDifference: lw.LW_BINARY_SQUARED_DIFFERENCE, prelu: lw.LW_BINARY_PRELU,
};

export type UnaryName = ActivationName | 'exp' | 'sqrt' | 'abs' | 'neg' | 'floor' | 'square'
  | 'ceil' | 'round' | 'rsqrt' | 'reciprocal' | 'sign' | 'expm1' | 'log' | 'log1p' | 'softplus' | 'selu'
  | 'erf' | 'sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan'
  | 'sinh' | 'cosh' | 'asinh' | 'acosh' | 'atanh';
const UNARY: Partial<Record<UnaryName, number>> = {
  exp: lw.LW_UNARY_EXP, sqrt: lw.LW_UNARY_SQRT, abs: lw.LW_UNARY_ABS, neg: lw.LW_UNARY_NEG, floor: lw.LW_UNARY_FLOOR,
  square: lw.LW_UNARY_SQUARE, ceil: lw.LW_UNARY_CEIL, round: lw.LW_UNARY_ROUND, rsqrt: lw.LW_UNARY_RSQRT,
  reciprocal: lw.LW_UNARY_RECIPROCAL, sign: lw.LW_UNARY_SIGN, expm1: lw.LW_UNARY_EXPM1, log: lw.LW_UNARY_LOG,
  log1p: lw.LW_UNARY_LOG1P, softplus: lw.LW_UNARY_SOFTPLUS, selu: lw.LW_UNARY_SELU, erf: lw.LW_UNARY_ERF,
  sin: lw.LW_UNARY_SIN, cos: lw.LW_UNARY_COS, tan: lw.LW_UNARY_TAN, asin: lw.LW_UNARY_ASIN,
  acos: lw.LW_UNARY_ACOS, atan: lw.LW_UNARY_ATAN, sinh: lw.LW_UNARY_SINH, cosh: lw.LW_UNARY_COSH,
  asinh: lw.LW_UNARY_ASINH, acosh: lw.LW_UNARY_ACOSH, atanh: lw.LW_UNARY_ATANH,
};

/** How a window slides. Pairs are [height, width]. */
export interface WindowOptions {
  strides?: number | [number, number];
  dilations?: number | [number, number];
  /** 'valid' by default; a number or [top, bottom, left, right] pads with so many pixels. */
  padding?: 'valid' | 'same' | number | [number, number, number, number];
}

/** What a convolution or a matrix product does to its sums. */
export interface FusedOptions {
  /** One value for each output channel. */
  bias?: Tensor;
  activation?: ActivationName;
  /** The slope of leakyRelu. */
  alpha?: number;
}

/** A dense float32 array in the module's memory. Dispose of it when it isn't needed any more. */
export class Tensor {
  /** Weights packed for one geometry; they die with the tensor. */
  private packed: { key: string; sizes: Sizes; pointer: Pointer } | undefined;
  private disposed = false;

  /** @internal */
  constructor(/** @internal */ readonly heap: Heap, readonly shape: readonly number[], private readonly at: Pointer) {}

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, n) => product * n, 1);
  }

  /** Where the elements lie, for calls of Kernels. */
  get pointer(): Pointer {
    if (this.disposed) throw new LanewiseError(`a tensor of shape [${this.shape}] is used after dispose()`);
    return this.at;
  }

  /** A copy of the elements. */
  data(): Float32Array {
    const start = this.pointer >>> 2;
    return this.heap.f32.slice(start, start + this.size);
  }

  /** Overwrites the elements. */
  set(data: ArrayLike<number>): this {
    if (data.length !== this.size) {
      throw new LanewiseError(`${data.length} values given for a tensor of shape [${this.shape}], which has ` +
        `${this.size}`);
    }
    this.unpack();
    this.heap.f32.set(data, this.pointer >>> 2);
    return this;
  }

  /** Frees the memory. */
  dispose(): void {
    if (this.disposed) return;
    this.unpack();
    this.heap.free(this.at);
    this.disposed = true;
  }

  /** @internal The packed weights for an operator of this key, made by `pack` the first time. */
  packedFor(key: string, sizes: () => Sizes, pack: (pointer: Pointer) => void): { sizes: Sizes; pointer: Pointer } {
    if (this.packed?.key !== key) {
      this.unpack();
      const needed = sizes();
      const pointer = this.heap.allocate(needed.packedBytes);
      try {
        pack(pointer);
      } catch (error) {
        this.heap.free(pointer);
        throw error;
      }
      this.packed = { key, sizes: needed, pointer };
    }
    return this.packed!;
  }

  private unpack(): void {
    if (this.packed) this.heap.free(this.packed.pointer);
    this.packed = undefined;
  }
}

/** A loaded module and its operators. Images are NHWC, convolution filters HWIO, depthwise filters HWIM. */
export class Lanewise {
  /** The tier that runs. */
  readonly tier: Tier;
  /** What the engine supports. */
  readonly features: Features;
  /** Why this tier runs. */
  readonly why: string;
  /** The C API's operators. */
  readonly kernels: Kernels;
  /** The module's memory. */
  readonly heap: Heap;
  /** The threads that work; undefined when it is one. `threads.dispose()` ends them. */
  readonly threads: Threads | undefined;
  private readonly winograd: number;

  /** @internal Use load(). */
  constructor(module: Module) {
    ({
      tier: this.tier, features: this.features, why: this.why, kernels: this.kernels, heap: this.heap,
      threads: this.threads, winograd: this.winograd,
    } = module);
  }

  /** A new tensor with these values, or with zeros. */
  tensor(data: ArrayLike<number> | undefined, shape: readonly number[]): Tensor {
    const tensor = this.empty(shape);
    if (data) {
      try {
        tensor.set(data);
      } catch (error) {
        tensor.dispose();
        throw error;
      }
    } else if (tensor.size) this.heap.f32.fill(0, tensor.pointer >>> 2, (tensor.pointer >>> 2) + tensor.size);
    return tensor;
  }

  /** filter: [height, width, input channels / groups, output channels]. */
  conv2d(input: Tensor, filter: Tensor, options: WindowOptions & FusedOptions & { groups?: number } = {}): Tensor {
    this.own('conv2d', input, filter, options.bias);
    const [batch, inputHeight, inputWidth, inputChannels] = image('conv2d', 'input', input);
    const [kernelHeight, kernelWidth, filterChannels, outputChannels] = image('conv2d', 'filter', filter);
    const { groups = 1 } = options;
    if (filterChannels * groups !== inputChannels) {
      throw new LanewiseError(`conv2d: the filter [${filter.shape}] takes ${filterChannels * groups} input channels ` +
        `in ${groups} group(s), the input [${input.shape}] has ${inputChannels}`);
    }
    const op = {
      batch, inputHeight, inputWidth, inputChannels, outputChannels, groups,
      window: windowOf('conv2d', kernelHeight, kernelWidth, options), winograd: this.winograd,
    };
    const epilogue = epilogueOf('conv2d', options, outputChannels);
    const { kernels } = this;
    const { sizes, pointer } = filter.packedFor(`conv2d${JSON.stringify(op)}`, () => kernels.conv2dSizes(op),
      packed => kernels.conv2dPack(op, filter.pointer, packed));
    return this.produce([batch, sizes.outputHeight, sizes.outputWidth, outputChannels], output =>
      kernels.conv2d(op, epilogue, input.pointer, pointer, this.heap.scratch(sizes.scratchBytes), output));
  }

  /** filter: [height, width, channels, depth multiplier]. */
  depthwiseConv2d(input: Tensor, filter: Tensor, options: WindowOptions & FusedOptions = {}): Tensor {
    this.own('depthwiseConv2d', input, filter, options.bias);
    const [batch, inputHeight, inputWidth, channels] = image('depthwiseConv2d', 'input', input);
    const [kernelHeight, kernelWidth, filterChannels, depthMultiplier] = image('depthwiseConv2d', 'filter', filter);
    if (filterChannels !== channels) {
      throw new LanewiseError(`depthwiseConv2d: the filter [${filter.shape}] takes ${filterChannels} channels, the ` +
        `input [${input.shape}] has ${channels}`);
    }
    const op = {
      batch, inputHeight, inputWidth, channels, depthMultiplier,
      window: windowOf('depthwiseConv2d', kernelHeight, kernelWidth, options),
    };
    const outputChannels = channels * depthMultiplier;
    const epilogue = epilogueOf('depthwiseConv2d', options, outputChannels);
    const { kernels } = this;
    const { sizes, pointer } = filter.packedFor(`depthwiseConv2d${JSON.stringify(op)}`,
      () => kernels.depthwiseConv2dSizes(op), packed => kernels.depthwiseConv2dPack(op, filter.pointer, packed));
    return this.produce([batch, sizes.outputHeight, sizes.outputWidth, outputChannels], output =>
      kernels.depthwiseConv2d(op, epilogue, input.pointer, pointer, this.heap.scratch(sizes.scratchBytes), output));
  }

  /** [m, k] times [k, n]; `transposeB` takes b as [n, k]. */
  matmul(a: Tensor, b: Tensor, options: FusedOptions & { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
    this.own('matmul', a, b, options.bias);
    const { transposeA = false, transposeB = false } = options;
    const [m, k] = transposeA ? [...a.shape].reverse() : a.shape;
    const [bk, n] = transposeB ? [...b.shape].reverse() : b.shape;
    if (a.shape.length !== 2 || b.shape.length !== 2 || k !== bk) {
      throw new LanewiseError(`matmul: [${a.shape}]${transposeA ? ' transposed' : ''} and [${b.shape}]` +
        `${transposeB ? ' transposed' : ''} can't be multiplied; expected [m, k] and [k, n]`);
    }
    const op = {
      batch: 1, m, n, k, transposeA, transposeB, aBatchStride: 0, bBatchStride: 0,
    };
    const epilogue = epilogueOf('matmul', options, n);
    const { kernels } = this;
    const { sizes, pointer } = b.packedFor(`matmul${JSON.stringify(op)}`, () => kernels.matmulSizes(op),
      packed => kernels.matmulPack(op, b.pointer, packed));
    return this.produce([m, n], output =>
      kernels.matmul(op, epilogue, a.pointer, pointer, this.heap.scratch(sizes.scratchBytes), output));
  }

  maxPool(input: Tensor, size: number | [number, number], options: WindowOptions = {}): Tensor {
    return this.pool('maxPool', lw.LW_POOL_MAX, input, size, options);
  }

  avgPool(input: Tensor, size: number | [number, number], options: WindowOptions = {}): Tensor {
    return this.pool('avgPool', lw.LW_POOL_AVERAGE, input, size, options);
  }

  private pool(name: string, kind: number, input: Tensor, size: number | [number, number],
    options: WindowOptions): Tensor {
    this.own(name, input);
    const [batch, inputHeight, inputWidth, channels] = image(name, 'input', input);
    const [kernelHeight, kernelWidth] = pair(name, 'size', size);
    const op = {
      kind, batch, inputHeight, inputWidth, channels, window: windowOf(name, kernelHeight, kernelWidth, options),
      activation: LINEAR,
    };
    const sizes = this.kernels.pool2dSizes(op);
    return this.produce([batch, sizes.outputHeight, sizes.outputWidth, channels], output =>
      this.kernels.pool2d(op, input.pointer, this.heap.scratch(sizes.scratchBytes), output));
  }

  /** Applies a function to each element. alpha: the slope of leakyRelu. */
  unary(name: UnaryName, x: Tensor, alpha?: number): Tensor {
    this.own(`unary ${name}`, x);
    const op = UNARY[name];
    const given = op === undefined ? activationOf('unary', { activation: name as ActivationName, alpha }) : LINEAR;
    return this.produce(x.shape, output =>
      this.kernels.unary(op ?? lw.LW_UNARY_ACTIVATION, given, x.size, x.pointer, output));
  }

  /** Combines two tensors element by element; sizes of 1 are repeated. */
  binary(name: BinaryName, a: Tensor, b: Tensor): Tensor {
    this.own(`binary ${name}`, a, b);
    const op = BINARY[name];
    if (op === undefined) {
      throw new LanewiseError(`binary: unknown '${name}'; there are ${Object.keys(BINARY).join(', ')}`);
    }
    const rank = Math.max(a.shape.length, b.shape.length);
    const shape = Array.from({ length: rank }, (_, i) => {
      const x = a.shape[i + a.shape.length - rank] ?? 1;
      const y = b.shape[i + b.shape.length - rank] ?? 1;
      if (x !== y && x !== 1 && y !== 1) {
        throw new LanewiseError(`binary ${name}: the shapes [${a.shape}] and [${b.shape}] don't broadcast`);
      }
      return x === 1 ? y : x;
    });
    return this.produce(shape, output =>
      this.kernels.binary(op, lw.LW_FLOAT32, a.shape, b.shape, a.pointer, b.pointer, output));
  }

  /** Over the last dimension. */
  softmax(x: Tensor): Tensor {
    this.own('softmax', x);
    const columns = x.shape[x.shape.length - 1] ?? 1;
    return this.produce(x.shape, output =>
      this.kernels.softmax(columns ? x.size / columns : 0, columns, x.pointer, output));
  }

  /** Over the last dimension: (x - mean) / sqrt(variance + epsilon) * scale + shift. */
  layerNorm(x: Tensor, options: { scale?: Tensor; shift?: Tensor; epsilon?: number } = {}): Tensor {
    const { scale, shift, epsilon = 1e-5 } = options;
    this.own('layerNorm', x, scale, shift);
    const columns = x.shape[x.shape.length - 1] ?? 1;
    for (const [name, p] of [['scale', scale], ['shift', shift]] as const) {
      if (p && p.size !== columns) {
        throw new LanewiseError(`layerNorm: '${name}' has shape [${p.shape}]; expected ${columns} elements, as the ` +
          `last dimension of [${x.shape}]`);
      }
    }
    return this.produce(x.shape, output => this.kernels.layerNorm(columns ? x.size / columns : 0, columns, epsilon,
      x.pointer, scale?.pointer ?? 0, shift?.pointer ?? 0, output));
  }

  /** Throws unless all tensors lie in this module's memory: in another's their pointers mean nothing. */
  private own(op: string, ...tensors: (Tensor | undefined)[]): void {
    for (const tensor of tensors) {
      if (tensor && tensor.heap !== this.heap) {
        throw new LanewiseError(`${op}: a tensor of shape [${tensor.shape}] was made by another load(); expected one ` +
          'of this module');
      }
    }
  }

  private empty(shape: readonly number[]): Tensor {
    for (const n of shape) {
      if (!Number.isInteger(n) || n < 0) throw new LanewiseError(`[${shape}] is no shape: ${n} is not a size`);
    }
    const size = shape.reduce((product, n) => product * n, 1);
    return new Tensor(this.heap, [...shape], this.heap.allocate(4 * size));
  }

  /** Makes the output, and gives its memory back should the operator fail. */
  private produce(shape: readonly number[], run: (output: Pointer) => void): Tensor {
    const output = this.empty(shape);
    try {
      run(output.pointer);
    } catch (error) {
      output.dispose();
      throw error;
    }
    return output;
  }
}

function image(op: string, argument: string, x: Tensor): readonly number[] {
  if (x.shape.length !== 4) throw new LanewiseError(`${op}: ${argument} has shape [${x.shape}]; expected 4 dimensions`);
  return x.shape;
}

function pair(op: string, option: string, value: number | [number, number] = 1): [number, number] {
  const both: [number, number] = typeof value === 'number' ? [value, value] : value;
  return integers(op, option, both, 2, 1) as [number, number];
}

/** Throws unless `values` are `length` integers that are not below `least`. */
function integers(op: string, option: string, values: number[], length: number, least: number): number[] {
  const good = Array.isArray(values) && values.length === length
    && values.every(n => Number.isInteger(n) && n >= least && n <= 0xffffffff);
  if (good) return values;
  throw new LanewiseError(`${op}: option '${option}' is ${JSON.stringify(values)}; expected ${length} whole numbers ` +
    `of ${least} or more`);
}

function windowOf(op: string, kernelHeight: number, kernelWidth: number, options: WindowOptions): Window {
  const [strideHeight, strideWidth] = pair(op, 'strides', options.strides);
  const [dilationHeight, dilationWidth] = pair(op, 'dilations', options.dilations);
  const { padding = 'valid' } = options;
  const pads = typeof padding === 'number' ? [padding, padding, padding, padding]
    : typeof padding === 'string' ? [0, 0, 0, 0] : padding;
  if (typeof padding === 'string' && padding !== 'valid' && padding !== 'same') {
    throw new LanewiseError(`${op}: unknown padding '${padding}'; there are 'valid', 'same', a number, or ` +
      '[top, bottom, left, right]');
  }
  const [padTop, padBottom, padLeft, padRight] = integers(op, 'padding', pads, 4, 0);
  return {
    kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth,
    padding: padding === 'valid' ? lw.LW_PADDING_VALID
      : padding === 'same' ? lw.LW_PADDING_SAME : lw.LW_PADDING_EXPLICIT,
    padTop, padLeft, padBottom, padRight,
  };
}

function activationOf(op: string, options: FusedOptions): Activation {
  const { activation: name = 'linear', alpha = 0.2 } = options;
  const kind = ACTIVATIONS[name];
  if (kind === undefined) {
    throw new LanewiseError(`${op}: unknown activation '${name}'; there are ${Object.keys(ACTIVATIONS).join(', ')}`);
  }
  return activation(kind, kind === lw.LW_LEAKY_RELU ? alpha : 0);
}

function epilogueOf(op: string, options: FusedOptions, channels: number): Epilogue {
  const { bias } = options;
  if (bias && bias.size !== channels) {
    throw new LanewiseError(`${op}: the bias has shape [${bias.shape}]; expected ${channels} values`);
  }
  return { ...NO_EPILOGUE, activation: activationOf(op, options), bias: bias ? bias.pointer : 0 };
}
