/* SPDX-License-Identifier: MIT */
/*
 * One method for each function of the C API: it writes the descriptor into one preallocated area, makes the call, and
 * turns a status into an exception. Nothing is allocated on the way. Tensors are pointers into the heap.
 *
 * Field names are the C API's (include/lanewise/lanewise.h), which also has each operator's formula; their offsets come
 * from the generated module.
 */
import * as lw from '../generated/layout.js';
import { LanewiseError, ThreadLostError } from './errors.js';
import type { Heap, WasmExports } from './heap.js';
import type { Threads } from './threads.js';

export type Pointer = number;

/** `struct lw_activation`; the kind is one of LW_LINEAR, LW_RELU, ... */
export interface Activation {
  readonly kind: number;
  readonly alpha: number;
  readonly min: number;
  readonly max: number;
}

/** An activation that has no parameters. */
export function activation(kind: number, alpha = 0, min = 0, max = 0): Activation {
  return { kind, alpha, min, max };
}
export const LINEAR: Activation = activation(lw.LW_LINEAR);

/** `struct lw_epilogue` and the activation: what follows an operator's sum. The pointer of what there is not is 0. */
export interface Epilogue {
  readonly activation: Activation;
  readonly bias: Pointer;
  readonly scale: Pointer;
  readonly shift: Pointer;
  readonly residual: Pointer;
  readonly slopes: Pointer;
}
export const NO_EPILOGUE: Epilogue = { activation: LINEAR, bias: 0, scale: 0, shift: 0, residual: 0, slopes: 0 };

/** `struct lw_window`: a sliding window; the four pads count for LW_PADDING_EXPLICIT only. */
export interface Window {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padding: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly padBottom: number;
  readonly padRight: number;
}

/** `struct lw_conv2d` */
export interface Conv2d {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly groups: number;
  readonly window: Window;
  /** `enum lw_winograd`; by default LW_WINOGRAD_AUTO. */
  readonly winograd?: number;
}

/** `struct lw_depthwise_conv2d` */
export interface DepthwiseConv2d {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly depthMultiplier: number;
  readonly window: Window;
}

/** `struct lw_conv2d_transpose` */
export interface Conv2dTranspose {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
  readonly window: Window;
}

/** `struct lw_conv3d` */
export interface Conv3d {
  readonly batch: number;
  readonly inputDepth: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputDepth: number;
  readonly outputChannels: number;
  readonly groups: number;
  readonly kernelDepth: number;
  readonly strideDepth: number;
  readonly dilationDepth: number;
  readonly padFront: number;
  readonly window: Window;
  /** `enum lw_winograd`; by default LW_WINOGRAD_AUTO. */
  readonly winograd?: number;
}

/** `struct lw_matmul` */
export interface Matmul {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly aBatchStride: number;
  readonly bBatchStride: number;
}

/** `struct lw_pool2d` */
export interface Pool2d {
  readonly kind: number;
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly window: Window;
  readonly activation: Activation;
}

/** `struct lw_pool3d`; triples are depth, height, width. */
export interface Pool3d {
  readonly kind: number;
  readonly type: number;
  readonly batch: number;
  readonly channels: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pad: readonly number[];
  readonly empty: number;
  readonly last: boolean;
  readonly withBatch?: boolean;
}

/** `struct lw_fft` */
export interface Fft {
  readonly batch: number;
  readonly length: number;
  readonly inverse: boolean;
}

/** `struct lw_dilation2d`; pairs are height, width. */
export interface Dilation2d {
  readonly type: number;
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pad: readonly number[];
}

/** `struct lw_lrn` */
export interface Lrn {
  readonly channels: number;
  readonly radius: number;
  readonly pixels: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

/** `struct lw_resize_bilinear` */
export interface ResizeBilinear {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** `struct lw_resize_nearest` */
export interface ResizeNearest extends ResizeBilinear {
  readonly elementBytes: number;
}

/** `struct lw_transform` */
export interface Transform {
  readonly type: number;
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly transforms: number;
  readonly bilinear: boolean;
  /** One of LW_EDGE_... */
  readonly edge: number;
  readonly fill: number;
}

/** `struct lw_rotate` and the arguments beside it */
export interface Rotate {
  readonly elementBytes: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly sine: number;
  readonly cosine: number;
  readonly centerX: number;
  readonly centerY: number;
}

/** `struct lw_crop_and_resize` */
export interface CropAndResize {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly boxes: number;
  readonly cropHeight: number;
  readonly cropWidth: number;
  readonly nearest: boolean;
  readonly extrapolation: number;
}

/** `struct lw_scatter` */
export interface Scatter {
  /** LW_SCATTER_SET or LW_SCATTER_ADD */
  readonly op: number;
  readonly type: number;
  readonly skip: boolean;
  readonly repeat: boolean;
  readonly shape: readonly number[];
  readonly batch: number;
  readonly count: number;
  readonly slice: number;
}

/** `struct lw_segment` */
export interface Segment {
  /** LW_REDUCE_SUM or LW_REDUCE_MEAN */
  readonly op: number;
  readonly type: number;
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  readonly segments: number;
}

/** `struct lw_sizes`: what an operator needs and makes. */
export interface Sizes {
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputElements: number;
  readonly packedBytes: number;
  readonly scratchBytes: number;
}

const AREA_BYTES = Math.max(lw.lw_conv2d.bytes, lw.lw_depthwise_conv2d.bytes, lw.lw_conv2d_transpose.bytes,
  lw.lw_conv3d.bytes, lw.lw_matmul.bytes, lw.lw_pool2d.bytes, lw.lw_pool3d.bytes, lw.lw_dilation2d.bytes,
  lw.lw_lrn.bytes, lw.lw_transform.bytes, lw.lw_rotate.bytes, lw.lw_binary.bytes, lw.lw_resize_bilinear.bytes,
  lw.lw_resize_nearest.bytes, lw.lw_crop_and_resize.bytes, lw.lw_fft.bytes,
  lw.lw_copy.bytes, lw.lw_pad.bytes, lw.lw_gather.bytes, lw.lw_gather_nd.bytes, lw.lw_scatter.bytes,
  lw.lw_segment.bytes, lw.lw_activation.bytes);

/** What Kernels.observe saw of one function. */
export interface Observed {
  readonly name: string;
  calls: number;
  ms: number;
}

/** The C API over one module and one tier. */
export class Kernels {
  /** The context: pointer to the table of the tier's kernels. */
  private context: Pointer;
  private readonly area: Pointer;
  private readonly epilogueArea: Pointer;
  private readonly sizesAt: Pointer;

  /** name: what messages call the file. threads: those that are attached to the module's memory. */
  constructor(private exports: WasmExports, readonly heap: Heap, private readonly name: string,
    private readonly threads?: Threads) {
    this.area = heap.allocate(AREA_BYTES);
    this.epilogueArea = heap.allocate(lw.lw_epilogue.bytes);
    this.sizesAt = heap.allocate(lw.lw_sizes.bytes);
    this.context = this.createContext();
  }

  /** A context for the threads that there are. */
  private createContext(): Pointer {
    const { exports, heap, threads } = this, { lw_context_options: options } = lw;
    const bytes = exports.lw_context_bytes() >>> 0;
    const memory = heap.allocate(bytes);
    const out = heap.allocate(4);
    this.set(this.area + options.struct_bytes, options.bytes);
    this.set(this.area + options.tier, 0); // a module has one
    this.set(this.area + options.parallel_for, threads?.pool ? exports.lw_module_parallel_for() : 0);
    this.set(this.area + options.pool, threads?.pool ?? 0);
    this.set(this.area + options.threads, threads?.pool ? threads.most : 1);
    this.set(this.area + options.kernels, 0); // linked in
    const status = exports.lw_context_create(memory, bytes, this.area, out);
    const context = heap.u32[out >>> 2];
    heap.free(out);
    this.check('createContext', {}, status);
    return context;
  }

  /** The name of the tier whose kernels run. */
  get tier(): string {
    return this.heap.text(this.exports.lw_context_tier(this.context));
  }

  /** The version of the C library. */
  get version(): string {
    return this.heap.text(this.exports.lw_version());
  }

  /** Runs `body` and says which functions of the C library it called and how long they took, all calls of one together. */
  observe(body: () => void): Observed[] {
    const { exports } = this;
    const now = typeof performance === 'object' ? () => performance.now() : Date.now;
    const seen = new Map<string, Observed>();
    const watched: Record<string, unknown> = { ...exports };
    for (const [name, call] of Object.entries(exports)) {
      if (typeof call !== 'function' || !name.startsWith('lw_')) continue;
      watched[name] = (...args: number[]) => {
        const start = now();
        const result = call(...args);
        let entry = seen.get(name);
        if (!entry) seen.set(name, entry = { name, calls: 0, ms: 0 });
        entry.calls++;
        entry.ms += now() - start;
        return result;
      };
    }
    this.exports = watched as unknown as WasmExports;
    try {
      body();
    } finally {
      this.exports = exports;
    }
    return [...seen.values()];
  }

  // ---- Convolution ---------------------------------------------------------------------------------------

  conv2dSizes(op: Conv2d): Sizes {
    return this.sizes('conv2d', op, this.exports.lw_conv2d_sizes(this.context, this.conv2dAt(op), this.sizesAt));
  }
  conv2dPack(op: Conv2d, filter: Pointer, packed: Pointer): void {
    this.check('conv2d', op, this.exports.lw_conv2d_pack(this.context, this.conv2dAt(op), filter, packed));
  }
  conv2d(op: Conv2d, epilogue: Epilogue, input: Pointer, packed: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('conv2d', op, this.exports.lw_conv2d_run(this.context, this.conv2dAt(op, epilogue.activation), input,
      packed, this.epilogue(epilogue), scratch, output));
  }
  private conv2dAt(op: Conv2d, how = LINEAR): Pointer {
    const { area: at } = this;
    const { lw_conv2d: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.input_channels, op.inputChannels);
    this.set(at + f.output_channels, op.outputChannels);
    this.set(at + f.groups, op.groups);
    this.window(at + f.window, op.window);
    this.activation(at + f.activation, how);
    this.set(at + f.winograd, op.winograd ?? lw.LW_WINOGRAD_AUTO);
    this.set(at + f.input_pixel_stride, 0); // dense
    this.set(at + f.output_pixel_stride, 0);
    return at;
  }

  depthwiseConv2dSizes(op: DepthwiseConv2d): Sizes {
    return this.sizes('depthwiseConv2d', op,
      this.exports.lw_depthwise_conv2d_sizes(this.context, this.depthwiseConv2dAt(op), this.sizesAt));
  }
  depthwiseConv2dPack(op: DepthwiseConv2d, filter: Pointer, packed: Pointer): void {
    this.check('depthwiseConv2d', op, this.exports.lw_depthwise_conv2d_pack(this.context, this.depthwiseConv2dAt(op),
      filter, packed));
  }
  depthwiseConv2d(op: DepthwiseConv2d, epilogue: Epilogue, input: Pointer, packed: Pointer, scratch: Pointer,
    output: Pointer): void {
    this.check('depthwiseConv2d', op, this.exports.lw_depthwise_conv2d_run(this.context,
      this.depthwiseConv2dAt(op, epilogue.activation), input, packed, this.epilogue(epilogue), scratch, output));
  }
  private depthwiseConv2dAt(op: DepthwiseConv2d, how = LINEAR): Pointer {
    const { area: at } = this;
    const { lw_depthwise_conv2d: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.channels, op.channels);
    this.set(at + f.depth_multiplier, op.depthMultiplier);
    this.window(at + f.window, op.window);
    this.activation(at + f.activation, how);
    this.set(at + f.input_pixel_stride, 0); // dense
    this.set(at + f.output_pixel_stride, 0);
    return at;
  }

  conv2dTransposeSizes(op: Conv2dTranspose): Sizes {
    return this.sizes('conv2dTranspose', op,
      this.exports.lw_conv2d_transpose_sizes(this.context, this.conv2dTransposeAt(op), this.sizesAt));
  }
  conv2dTransposePack(op: Conv2dTranspose, filter: Pointer, packed: Pointer): void {
    this.check('conv2dTranspose', op,
      this.exports.lw_conv2d_transpose_pack(this.context, this.conv2dTransposeAt(op), filter, packed));
  }
  conv2dTranspose(op: Conv2dTranspose, epilogue: Epilogue, input: Pointer, packed: Pointer, scratch: Pointer,
    output: Pointer): void {
    this.check('conv2dTranspose', op, this.exports.lw_conv2d_transpose_run(this.context,
      this.conv2dTransposeAt(op, epilogue.activation), input, packed, this.epilogue(epilogue), scratch, output));
  }
  private conv2dTransposeAt(op: Conv2dTranspose, how = LINEAR): Pointer {
    const { area: at } = this;
    const { lw_conv2d_transpose: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.input_channels, op.inputChannels);
    this.set(at + f.output_height, op.outputHeight);
    this.set(at + f.output_width, op.outputWidth);
    this.set(at + f.output_channels, op.outputChannels);
    this.window(at + f.window, op.window);
    this.activation(at + f.activation, how);
    this.set(at + f.input_pixel_stride, 0); // dense
    this.set(at + f.output_pixel_stride, 0);
    return at;
  }

  conv3dSizes(op: Conv3d): Sizes {
    return this.sizes('conv3d', op, this.exports.lw_conv3d_sizes(this.context, this.conv3dAt(op), this.sizesAt));
  }
  conv3dPack(op: Conv3d, filter: Pointer, packed: Pointer): void {
    this.check('conv3d', op, this.exports.lw_conv3d_pack(this.context, this.conv3dAt(op), filter, packed));
  }
  conv3d(op: Conv3d, input: Pointer, packed: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('conv3d', op,
      this.exports.lw_conv3d_run(this.context, this.conv3dAt(op), input, packed, scratch, output));
  }
  private conv3dAt(op: Conv3d): Pointer {
    const { area: at } = this;
    const { lw_conv3d: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_depth, op.inputDepth);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.input_channels, op.inputChannels);
    this.set(at + f.output_depth, op.outputDepth);
    this.set(at + f.output_channels, op.outputChannels);
    this.set(at + f.groups, op.groups);
    this.set(at + f.kernel_depth, op.kernelDepth);
    this.set(at + f.stride_depth, op.strideDepth);
    this.set(at + f.dilation_depth, op.dilationDepth);
    this.set(at + f.pad_front, op.padFront);
    this.window(at + f.window, op.window);
    this.set(at + f.winograd, op.winograd ?? lw.LW_WINOGRAD_AUTO);
    return at;
  }

  // ---- Gradients of convolutions -------------------------------------------------------------------------

  conv3dInputGradientSizes(op: Conv3d): Sizes {
    return this.sizes('conv3dInputGradient', op,
      this.exports.lw_conv3d_input_gradient_sizes(this.context, this.conv3dAt(op), this.sizesAt));
  }
  conv3dInputGradientPack(op: Conv3d, filter: Pointer, packed: Pointer): void {
    this.check('conv3dInputGradient', op,
      this.exports.lw_conv3d_input_gradient_pack(this.context, this.conv3dAt(op), filter, packed));
  }
  conv3dInputGradient(op: Conv3d, outputGradient: Pointer, packed: Pointer, scratch: Pointer,
    inputGradient: Pointer): void {
    this.check('conv3dInputGradient', op, this.exports.lw_conv3d_input_gradient_run(this.context, this.conv3dAt(op),
      outputGradient, packed, scratch, inputGradient));
  }

  conv3dFilterGradientSizes(op: Conv3d): Sizes {
    return this.sizes('conv3dFilterGradient', op,
      this.exports.lw_conv3d_filter_gradient_sizes(this.context, this.conv3dAt(op), this.sizesAt));
  }
  conv3dFilterGradient(op: Conv3d, input: Pointer, outputGradient: Pointer, scratch: Pointer,
    filterGradient: Pointer): void {
    this.check('conv3dFilterGradient', op, this.exports.lw_conv3d_filter_gradient_run(this.context, this.conv3dAt(op),
      input, outputGradient, scratch, filterGradient));
  }

  depthwiseConv2dInputGradientSizes(op: DepthwiseConv2d): Sizes {
    return this.sizes('depthwiseConv2dInputGradient', op, this.exports.lw_depthwise_conv2d_input_gradient_sizes(
      this.context, this.depthwiseConv2dAt(op), this.sizesAt));
  }
  depthwiseConv2dInputGradient(op: DepthwiseConv2d, outputGradient: Pointer, filter: Pointer, scratch: Pointer,
    inputGradient: Pointer): void {
    this.check('depthwiseConv2dInputGradient', op, this.exports.lw_depthwise_conv2d_input_gradient_run(this.context,
      this.depthwiseConv2dAt(op), outputGradient, filter, scratch, inputGradient));
  }

  depthwiseConv2dFilterGradientSizes(op: DepthwiseConv2d): Sizes {
    return this.sizes('depthwiseConv2dFilterGradient', op, this.exports.lw_depthwise_conv2d_filter_gradient_sizes(
      this.context, this.depthwiseConv2dAt(op), this.sizesAt));
  }
  depthwiseConv2dFilterGradient(op: DepthwiseConv2d, input: Pointer, outputGradient: Pointer, scratch: Pointer,
    filterGradient: Pointer): void {
    this.check('depthwiseConv2dFilterGradient', op, this.exports.lw_depthwise_conv2d_filter_gradient_run(this.context,
      this.depthwiseConv2dAt(op), input, outputGradient, scratch, filterGradient));
  }

  // ---- Matrix multiplication -----------------------------------------------------------------------------

  matmulSizes(op: Matmul): Sizes {
    return this.sizes('matmul', op, this.exports.lw_matmul_sizes(this.context, this.matmulAt(op), this.sizesAt));
  }
  matmulPack(op: Matmul, b: Pointer, packed: Pointer): void {
    this.check('matmul', op, this.exports.lw_matmul_pack(this.context, this.matmulAt(op), b, packed));
  }
  matmul(op: Matmul, epilogue: Epilogue, a: Pointer, packed: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('matmul', op, this.exports.lw_matmul_run(this.context, this.matmulAt(op, epilogue.activation), a, packed,
      this.epilogue(epilogue), scratch, output));
  }
  matmulInt(op: Matmul, a: Pointer, b: Pointer, output: Pointer): void {
    this.check('matmulInt', op, this.exports.lw_matmul_i32_run(this.context, this.matmulAt(op), a, b, output));
  }
  private matmulAt(op: Matmul, how = LINEAR): Pointer {
    const { area: at } = this;
    const { lw_matmul: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.m, op.m);
    this.set(at + f.n, op.n);
    this.set(at + f.k, op.k);
    this.set(at + f.transpose_a, op.transposeA ? 1 : 0);
    this.set(at + f.transpose_b, op.transposeB ? 1 : 0);
    this.set(at + f.a_batch_stride, op.aBatchStride);
    this.set(at + f.b_batch_stride, op.bBatchStride);
    this.set(at + f.a_row_stride, 0); // all dense
    this.set(at + f.b_row_stride, 0);
    this.set(at + f.output_row_stride, 0);
    this.set(at + f.output_batch_stride, 0);
    this.activation(at + f.activation, how);
    return at;
  }

  // ---- Pooling -------------------------------------------------------------------------------------------

  pool2dSizes(op: Pool2d): Sizes {
    return this.sizes('pool2d', op, this.exports.lw_pool2d_sizes(this.context, this.pool2dAt(op), this.sizesAt));
  }
  pool2d(op: Pool2d, input: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('pool2d', op, this.exports.lw_pool2d_run(this.context, this.pool2dAt(op), input, scratch, output));
  }
  private pool2dAt(op: Pool2d): Pointer {
    const { area: at } = this;
    const { lw_pool2d: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.kind, op.kind);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.channels, op.channels);
    this.window(at + f.window, op.window);
    this.activation(at + f.activation, op.activation);
    this.set(at + f.input_pixel_stride, 0); // dense
    this.set(at + f.output_pixel_stride, 0);
    return at;
  }

  pool3dSizes(op: Pool3d): Sizes {
    return this.sizes('pool3d', op, this.exports.lw_pool3d_sizes(this.context, this.pool3dAt(op), this.sizesAt));
  }
  pool3d(op: Pool3d, input: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('pool3d', op, this.exports.lw_pool3d_run(this.context, this.pool3dAt(op), input, scratch, output));
  }
  /** output: int32 positions. */
  pool3dArgmax(op: Pool3d, input: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('pool3dArgmax', op,
      this.exports.lw_pool3d_argmax_run(this.context, this.pool3dAt(op), input, scratch, output));
  }
  pool3dGradient(op: Pool3d, input: Pointer, gradient: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('pool3dGradient', op, this.exports.lw_pool3d_gradient_run(this.context, this.pool3dAt(op), input,
      gradient, scratch, output));
  }
  private pool3dAt(op: Pool3d): Pointer {
    const { area: at } = this;
    const { lw_pool3d: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.kind, op.kind);
    this.set(at + f.type, op.type);
    this.set(at + f.batch, op.batch);
    this.set(at + f.channels, op.channels);
    this.array('pool3d', at + f.input_depth, op.input);
    this.array('pool3d', at + f.output_depth, op.output);
    this.array('pool3d', at + f.kernel_depth, op.kernel);
    this.array('pool3d', at + f.stride_depth, op.strides);
    this.array('pool3d', at + f.dilation_depth, op.dilations);
    this.array('pool3d', at + f.pad_front, op.pad);
    this.heap.f32[(at + f.empty) >>> 2] = op.empty;
    this.set(at + f.last, op.last ? 1 : 0);
    this.set(at + f.with_batch, op.withBatch ? 1 : 0);
    return at;
  }

  // ---- Dilation, local response normalization --------------------------------------------------------------

  dilation2d(op: Dilation2d, input: Pointer, filter: Pointer, output: Pointer): void {
    this.check('dilation2d', op,
      this.exports.lw_dilation2d_run(this.context, this.dilation2dAt(op), input, filter, output));
  }
  dilation2dInputGradient(op: Dilation2d, input: Pointer, filter: Pointer, gradient: Pointer, output: Pointer): void {
    this.check('dilation2dInputGradient', op, this.exports.lw_dilation2d_input_gradient_run(this.context,
      this.dilation2dAt(op), input, filter, gradient, output));
  }
  dilation2dFilterGradient(op: Dilation2d, input: Pointer, filter: Pointer, gradient: Pointer, output: Pointer): void {
    this.check('dilation2dFilterGradient', op, this.exports.lw_dilation2d_filter_gradient_run(this.context,
      this.dilation2dAt(op), input, filter, gradient, output));
  }
  private dilation2dAt(op: Dilation2d): Pointer {
    const { area: at } = this;
    const { lw_dilation2d: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.type, op.type);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.channels, op.channels);
    this.array('dilation2d', at + f.output_height, op.output);
    this.array('dilation2d', at + f.kernel_height, op.kernel);
    this.array('dilation2d', at + f.stride_height, op.strides);
    this.array('dilation2d', at + f.dilation_height, op.dilations);
    this.array('dilation2d', at + f.pad_top, op.pad);
    return at;
  }

  lrnSizes(op: Lrn): Sizes {
    return this.sizes('lrn', op, this.exports.lw_lrn_sizes(this.context, this.lrnAt(op), this.sizesAt));
  }
  lrn(op: Lrn, input: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('lrn', op, this.exports.lw_lrn_run(this.context, this.lrnAt(op), input, scratch, output));
  }
  /** result: what lrn gave; gradient: of that. */
  lrnGradient(op: Lrn, input: Pointer, result: Pointer, gradient: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('lrnGradient', op, this.exports.lw_lrn_gradient_run(this.context, this.lrnAt(op), input, result,
      gradient, scratch, output));
  }
  private lrnAt(op: Lrn): Pointer {
    const { area: at } = this;
    const { lw_lrn: f } = lw;
    const { f32 } = this.heap;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.channels, op.channels);
    this.set(at + f.radius, op.radius);
    this.set(at + f.pixels, op.pixels);
    f32[(at + f.bias) >>> 2] = op.bias;
    f32[(at + f.alpha) >>> 2] = op.alpha;
    f32[(at + f.beta) >>> 2] = op.beta;
    return at;
  }

  // ---- Elementwise ---------------------------------------------------------------------------------------

  /** op: LW_UNARY_...; the activation counts for LW_UNARY_ACTIVATION, its alpha for LW_UNARY_STEP. output may be input. */
  unary(op: number, activation: Activation, count: number, input: Pointer, output: Pointer): void {
    this.activation(this.area, activation);
    this.check('unary', activation, this.exports.lw_unary_run(this.context, op, this.area, count, input, output));
  }

  /** op: LW_BINARY_...; type: that of the operands, LW_... The shapes broadcast. */
  binary(op: number, type: number, aShape: readonly number[], bShape: readonly number[], a: Pointer, b: Pointer,
    output: Pointer): void {
    const { area: at } = this;
    const { lw_binary: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.op, op);
    this.set(at + f.type, type);
    this.set(at + f.a_rank, aShape.length);
    this.set(at + f.b_rank, bShape.length);
    this.array('binary', at + f.a_shape, aShape);
    this.array('binary', at + f.b_shape, bShape);
    const status = this.exports.lw_binary_run(this.context, at, a, b, output);
    if (status !== lw.LW_OK) this.check('binary', { op, type, aShape, bShape }, status);
  }

  /** Of float32; the output is int32. */
  floorDiv(count: number, a: Pointer, b: Pointer, output: Pointer): void {
    const status = this.exports.lw_floor_div_run(this.context, count, a, b, output);
    if (status !== lw.LW_OK) this.check('floorDiv', { count }, status);
  }

  /** a, b and output are [rows][columns] of type LW_...; condition has a bool for each row. */
  select(type: number, rows: number, columns: number, condition: Pointer, a: Pointer, b: Pointer,
    output: Pointer): void {
    const status = this.exports.lw_select_run(this.context, type, rows, columns, condition, a, b, output);
    if (status !== lw.LW_OK) this.check('select', { type, rows, columns }, status);
  }

  cast(from: number, to: number, count: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_cast_run(this.context, from, to, count, input, output);
    if (status !== lw.LW_OK) this.check('cast', { from, to, count }, status);
  }

  // ---- Rows ----------------------------------------------------------------------------------------------

  softmax(rows: number, columns: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_softmax_run(this.context, rows, columns, input, output);
    if (status !== lw.LW_OK) this.check('softmax', { rows, columns }, status);
  }

  /** op: LW_REDUCE_...; input is [outer][reduced][inner]. */
  reduce(op: number, type: number, outer: number, reduced: number, inner: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_reduce_run(this.context, op, type, outer, reduced, inner, input, output);
    if (status !== lw.LW_OK) this.check('reduce', { op, type, outer, reduced, inner }, status);
  }

  /** op: LW_REDUCE_SUM or LW_REDUCE_PRODUCT; input and output are [outer][size][inner]. */
  cumulative(op: number, type: number, exclusive: boolean, reverse: boolean, outer: number, size: number,
    inner: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_cumulative_run(this.context, op, type, exclusive ? 1 : 0, reverse ? 1 : 0, outer,
      size, inner, input, output);
    if (status !== lw.LW_OK) this.check('cumulative', { op, type, exclusive, reverse, outer, size, inner }, status);
  }

  argmin(type: number, outer: number, reduced: number, inner: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_argmin_run(this.context, type, outer, reduced, inner, input, output);
    if (status !== lw.LW_OK) this.check('argmin', { type, outer, reduced, inner }, status);
  }
  argmax(type: number, outer: number, reduced: number, inner: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_argmax_run(this.context, type, outer, reduced, inner, input, output);
    if (status !== lw.LW_OK) this.check('argmax', { type, outer, reduced, inner }, status);
  }

  /** scale and offset may be 0; outScale and outShift are for an epilogue. */
  batchNormFold(channels: number, epsilon: number, mean: Pointer, variance: Pointer, scale: Pointer, offset: Pointer,
    outScale: Pointer, outShift: Pointer): void {
    const status = this.exports.lw_batch_norm_fold(this.context, channels, epsilon, mean, variance, scale, offset,
      outScale, outShift);
    if (status !== lw.LW_OK) this.check('batchNormFold', { channels, epsilon }, status);
  }
  /** values and indices are [rows][k]; type: LW_FLOAT32 or LW_INT32. */
  topK(type: number, rows: number, columns: number, k: number, input: Pointer, values: Pointer,
    indices: Pointer): void {
    const status = this.exports.lw_top_k_run(this.context, type, rows, columns, k, input, values, indices);
    if (status !== lw.LW_OK) this.check('topK', { type, rows, columns, k }, status);
  }

  /** scale and offset may be 0. */
  batchNorm(rows: number, channels: number, epsilon: number, input: Pointer, mean: Pointer, variance: Pointer,
    scale: Pointer, offset: Pointer, scratch: Pointer, output: Pointer): void {
    const status = this.exports.lw_batch_norm_run(this.context, rows, channels, epsilon, input, mean, variance, scale,
      offset, scratch, output);
    if (status !== lw.LW_OK) this.check('batchNorm', { rows, channels, epsilon }, status);
  }

  /** scale and shift may be 0. */
  layerNorm(rows: number, columns: number, epsilon: number, input: Pointer, scale: Pointer, shift: Pointer,
    output: Pointer): void {
    const status = this.exports.lw_layer_norm_run(this.context, rows, columns, epsilon, input, scale, shift, output);
    if (status !== lw.LW_OK) this.check('layerNorm', { rows, columns, epsilon }, status);
  }

  // ---- Complex numbers: (re, im) pairs of floats ---------------------------------------------------------

  complexAbs(count: number, input: Pointer, output: Pointer): void {
    const status = this.exports.lw_complex_abs_run(this.context, count, input, output);
    if (status !== lw.LW_OK) this.check('complexAbs', { count }, status);
  }

  /** output may be a or b. */
  complexMultiply(count: number, a: Pointer, b: Pointer, output: Pointer): void {
    const status = this.exports.lw_complex_multiply_run(this.context, count, a, b, output);
    if (status !== lw.LW_OK) this.check('complexMultiply', { count }, status);
  }

  fftSizes(op: Fft): Sizes {
    return this.sizes('fft', op, this.exports.lw_fft_sizes(this.context, this.fftAt(op), this.sizesAt));
  }
  /** Fills the table of a length. */
  fftPack(op: Fft, scratch: Pointer, packed: Pointer): void {
    this.check('fft', op, this.exports.lw_fft_pack(this.context, this.fftAt(op), scratch, packed));
  }
  fft(op: Fft, input: Pointer, packed: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('fft', op, this.exports.lw_fft_run(this.context, this.fftAt(op), input, packed, scratch, output));
  }
  private fftAt(op: Fft): Pointer {
    const { area: at } = this;
    const { lw_fft: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.length, op.length);
    this.set(at + f.inverse, op.inverse ? 1 : 0);
    return at;
  }

  // ---- Images --------------------------------------------------------------------------------------------

  resizeBilinearSizes(op: ResizeBilinear): Sizes {
    return this.sizes('resizeBilinear', op,
      this.exports.lw_resize_bilinear_sizes(this.context, this.resizeBilinearAt(op), this.sizesAt));
  }
  resizeBilinear(op: ResizeBilinear, input: Pointer, scratch: Pointer, output: Pointer): void {
    this.check('resizeBilinear', op,
      this.exports.lw_resize_bilinear_run(this.context, this.resizeBilinearAt(op), input, scratch, output));
  }
  private resizeBilinearAt(op: ResizeBilinear): Pointer {
    const { lw_resize_bilinear: f } = lw;
    this.set(this.area + f.struct_bytes, f.bytes);
    this.resize(f, op);
    return this.area;
  }

  resizeBilinearGradient(op: ResizeBilinear, gradient: Pointer, output: Pointer): void {
    this.check('resizeBilinearGradient', op,
      this.exports.lw_resize_bilinear_gradient_run(this.context, this.resizeBilinearAt(op), gradient, output));
  }

  resizeNearest(op: ResizeNearest, input: Pointer, output: Pointer): void {
    this.check('resizeNearest', op,
      this.exports.lw_resize_nearest_run(this.context, this.resizeNearestAt(op), input, output));
  }
  resizeNearestGradient(op: ResizeNearest, gradient: Pointer, output: Pointer): void {
    this.check('resizeNearestGradient', op,
      this.exports.lw_resize_nearest_gradient_run(this.context, this.resizeNearestAt(op), gradient, output));
  }
  private resizeNearestAt(op: ResizeNearest): Pointer {
    const { lw_resize_nearest: f } = lw;
    this.set(this.area + f.struct_bytes, f.bytes);
    this.set(this.area + f.element_bytes, op.elementBytes);
    this.resize(f, op);
    return this.area;
  }

  /** What the descriptors of both have. */
  private resize(f: typeof lw.lw_resize_bilinear | typeof lw.lw_resize_nearest, op: ResizeBilinear): void {
    const { area: at } = this;
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.channels, op.channels);
    this.set(at + f.output_height, op.outputHeight);
    this.set(at + f.output_width, op.outputWidth);
    this.set(at + f.align_corners, op.alignCorners ? 1 : 0);
    this.set(at + f.half_pixel_centers, op.halfPixelCenters ? 1 : 0);
    this.set(at + f.input_pixel_stride, 0); // dense
    this.set(at + f.output_pixel_stride, 0);
  }

  /** transforms: float32 [op.transforms][8]. */
  transform(op: Transform, input: Pointer, transforms: Pointer, output: Pointer): void {
    const { area: at } = this;
    const { lw_transform: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.type, op.type);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.channels, op.channels);
    this.set(at + f.output_height, op.outputHeight);
    this.set(at + f.output_width, op.outputWidth);
    this.set(at + f.transforms, op.transforms);
    this.set(at + f.bilinear, op.bilinear ? 1 : 0);
    this.set(at + f.edge, op.edge);
    this.heap.f32[(at + f.fill) >>> 2] = op.fill;
    this.check('transform', op, this.exports.lw_transform_run(this.context, at, input, transforms, output));
  }

  /** fill: one pixel. */
  rotate(op: Rotate, input: Pointer, fill: Pointer, output: Pointer): void {
    const { area: at } = this;
    const { lw_rotate: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.element_bytes, op.elementBytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.height, op.height);
    this.set(at + f.width, op.width);
    this.set(at + f.channels, op.channels);
    this.check('rotate', op, this.exports.lw_rotate_run(this.context, at, op.sine, op.cosine, op.centerX, op.centerY,
      input, fill, output));
  }

  cropAndResizeSizes(op: CropAndResize): Sizes {
    return this.sizes('cropAndResize', op,
      this.exports.lw_crop_and_resize_sizes(this.context, this.cropAndResizeAt(op), this.sizesAt));
  }
  cropAndResize(op: CropAndResize, input: Pointer, boxes: Pointer, indices: Pointer, scratch: Pointer,
    output: Pointer): void {
    this.check('cropAndResize', op, this.exports.lw_crop_and_resize_run(this.context, this.cropAndResizeAt(op), input,
      boxes, indices, scratch, output));
  }
  private cropAndResizeAt(op: CropAndResize): Pointer {
    const { area: at } = this;
    const { lw_crop_and_resize: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.batch, op.batch);
    this.set(at + f.input_height, op.inputHeight);
    this.set(at + f.input_width, op.inputWidth);
    this.set(at + f.channels, op.channels);
    this.set(at + f.boxes, op.boxes);
    this.set(at + f.crop_height, op.cropHeight);
    this.set(at + f.crop_width, op.cropWidth);
    this.set(at + f.nearest, op.nearest ? 1 : 0);
    this.heap.f32[(at + f.extrapolation) >>> 2] = op.extrapolation;
    return at;
  }

  // ---- Moving data ---------------------------------------------------------------------------------------

  /** Copies from one stride pattern to another; strides are in elements and may be 0 or negative. */
  copy(elementBytes: number, shape: readonly number[], inputStrides: readonly number[],
    outputStrides: readonly number[], input: Pointer, output: Pointer): void {
    const { area: at } = this;
    const { lw_copy: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.element_bytes, elementBytes);
    this.set(at + f.rank, shape.length);
    this.array('copy', at + f.shape, shape);
    this.array('copy', at + f.input_strides, inputStrides);
    this.array('copy', at + f.output_strides, outputStrides);
    const status = this.exports.lw_copy_run(this.context, at, input, output);
    if (status !== lw.LW_OK) this.check('copy', { elementBytes, shape, inputStrides, outputStrides }, status);
  }

  /** Red, green, blue and alpha bytes as integers, the first `channels` of them; they may be the output's last bytes. */
  pixels(pixels: number, channels: number, rgba: Pointer, output: Pointer): void {
    const status = this.exports.lw_pixels_run(this.context, pixels, channels, rgba, output);
    if (status !== lw.LW_OK) this.check('pixels', { pixels, channels }, status);
  }

  /** mode: LW_PAD_...; value: pointer to one element, for LW_PAD_CONSTANT only. */
  pad(elementBytes: number, shape: readonly number[], before: readonly number[], after: readonly number[],
    input: Pointer, value: Pointer, output: Pointer, mode: number = lw.LW_PAD_CONSTANT): void {
    const { area: at } = this;
    const { lw_pad: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.element_bytes, elementBytes);
    this.set(at + f.rank, shape.length);
    this.array('pad', at + f.shape, shape);
    this.array('pad', at + f.before, before);
    this.array('pad', at + f.after, after);
    this.set(at + f.mode, mode);
    const status = this.exports.lw_pad_run(this.context, at, input, value, output);
    if (status !== lw.LW_OK) this.check('pad', { elementBytes, shape, before, after, mode }, status);
  }

  /** paramsShape: the dimensions that an index has; indices are [count][paramsShape.length]. */
  gatherNd(paramsShape: readonly number[], count: number, sliceBytes: number, params: Pointer, indices: Pointer,
    output: Pointer): void {
    const { area: at } = this;
    const { lw_gather_nd: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.index_rank, paramsShape.length);
    this.array('gatherNd', at + f.params_shape, paramsShape);
    this.set(at + f.count, count);
    this.set(at + f.slice_bytes, sliceBytes);
    const status = this.exports.lw_gather_nd_run(this.context, at, params, indices, output);
    if (status !== lw.LW_OK) this.check('gatherNd', { paramsShape, count, sliceBytes }, status);
  }

  /** params are [batch][outer][size] slices, indices [batch][count]. false: an index is not in 0 to size - 1. */
  gather(batch: number, outer: number, size: number, count: number, sliceBytes: number, params: Pointer,
    indices: Pointer, output: Pointer): boolean {
    const { area: at } = this;
    const { lw_gather: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.size, size);
    this.set(at + f.batch, batch);
    this.set(at + f.outer, outer);
    this.set(at + f.count, count);
    this.set(at + f.slice_bytes, sliceBytes);
    const status = this.exports.lw_gather_run(this.context, at, params, indices, output);
    if (status === lw.LW_BAD_INDEX) return false;
    if (status !== lw.LW_OK) this.check('gather', { batch, outer, size, count, sliceBytes }, status);
    return true;
  }

  /** false: an index is out of range, and nothing was written. */
  scatter(op: Scatter, indices: Pointer, updates: Pointer, output: Pointer): boolean {
    const { area: at } = this;
    const { lw_scatter: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.op, op.op);
    this.set(at + f.type, op.type);
    this.set(at + f.skip, op.skip ? 1 : 0);
    this.set(at + f.repeat, op.repeat ? 1 : 0);
    this.set(at + f.index_rank, op.shape.length);
    this.array('scatter', at + f.shape, op.shape);
    this.set(at + f.batch, op.batch);
    this.set(at + f.count, op.count);
    this.set(at + f.slice, op.slice);
    const status = this.exports.lw_scatter_run(this.context, at, indices, updates, output);
    if (status === lw.LW_BAD_INDEX) return false;
    this.check('scatter', op, status);
    return true;
  }

  /** false: an index or id is out of range, or an id less than the one before; nothing was written. */
  segment(op: Segment, data: Pointer, indices: Pointer, ids: Pointer, output: Pointer): boolean {
    const { area: at } = this;
    const { lw_segment: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.op, op.op);
    this.set(at + f.type, op.type);
    this.set(at + f.rows, op.rows);
    this.set(at + f.columns, op.columns);
    this.set(at + f.count, op.count);
    this.set(at + f.segments, op.segments);
    const status = this.exports.lw_segment_run(this.context, at, data, indices, ids, output);
    if (status === lw.LW_BAD_INDEX) return false;
    this.check('segment', op, status);
    return true;
  }

  /** sorted is [batch][size], values and output are [batch][count]. */
  searchSorted(rowType: number, valueType: number, upper: boolean, batch: number, size: number, count: number,
    sorted: Pointer, values: Pointer, output: Pointer): void {
    const status = this.exports.lw_search_sorted_run(this.context, rowType, valueType, upper ? 1 : 0, batch, size,
      count, sorted, values, output);
    if (status !== lw.LW_OK) this.check('searchSorted', { rowType, valueType, upper, batch, size, count }, status);
  }

  range(type: number, start: number, step: number, count: number, output: Pointer): void {
    const status = this.exports.lw_range_run(this.context, type, start, step, count, output);
    if (status !== lw.LW_OK) this.check('range', { type, start, step, count }, status);
  }

  /** probabilities are [rows][events], draws [count], output is [rows][count]; scratch: `events` floats. */
  multinomial(rows: number, events: number, count: number, probabilities: Pointer, draws: Pointer, scratch: Pointer,
    output: Pointer): void {
    const status = this.exports.lw_multinomial_run(this.context, rows, events, count, probabilities, draws, scratch,
      output);
    if (status !== lw.LW_OK) this.check('multinomial', { rows, events, count }, status);
  }

  /** Returns how many boxes were selected; selectedScores may be 0. scratch: 16 * count bytes. */
  nonMaxSuppression(count: number, most: number, iouThreshold: number, scoreThreshold: number, sigma: number,
    boxes: Pointer, scores: Pointer, scratch: Pointer, indices: Pointer, selectedScores: Pointer): number {
    const status = this.exports.lw_non_max_suppression_run(this.context, count, most, iouThreshold, scoreThreshold, sigma,
      boxes, scores, scratch, indices, selectedScores, this.area);
    if (status !== lw.LW_OK) {
      this.check('nonMaxSuppression', { count, most, iouThreshold, scoreThreshold, sigma }, status);
    }
    return this.heap.u32[this.area >>> 2];
  }

  // ---- Descriptors and statuses --------------------------------------------------------------------------

  private set(at: Pointer, value: number): void {
    this.heap.u32[at >>> 2] = value;
  }

  private array(op: string, at: Pointer, values: readonly number[]): void {
    if (values.length > lw.LW_MAX_RANK) {
      throw new LanewiseError(`${op}: shape [${values.join(', ')}] has rank ${values.length}; up to ` +
        `${lw.LW_MAX_RANK} dimensions are supported`);
    }
    const u32 = this.heap.u32;
    for (let i = 0; i < values.length; i++) u32[(at >>> 2) + i] = values[i];
  }

  private window(at: Pointer, window: Window): void {
    const { lw_window: f } = lw;
    this.set(at + f.kernel_height, window.kernelHeight);
    this.set(at + f.kernel_width, window.kernelWidth);
    this.set(at + f.stride_height, window.strideHeight);
    this.set(at + f.stride_width, window.strideWidth);
    this.set(at + f.dilation_height, window.dilationHeight);
    this.set(at + f.dilation_width, window.dilationWidth);
    this.set(at + f.padding, window.padding);
    this.set(at + f.pad_top, window.padTop);
    this.set(at + f.pad_left, window.padLeft);
    this.set(at + f.pad_bottom, window.padBottom);
    this.set(at + f.pad_right, window.padRight);
  }

  private activation(at: Pointer, activation: Activation): void {
    const { lw_activation: f } = lw;
    const f32 = this.heap.f32;
    this.set(at + f.kind, activation.kind);
    f32[(at + f.alpha) >>> 2] = activation.alpha;
    f32[(at + f.min) >>> 2] = activation.min;
    f32[(at + f.max) >>> 2] = activation.max;
  }

  private epilogue(epilogue: Epilogue): Pointer {
    const { epilogueArea: at } = this;
    const { lw_epilogue: f } = lw;
    this.set(at + f.struct_bytes, f.bytes);
    this.set(at + f.bias, epilogue.bias);
    this.set(at + f.scale, epilogue.scale);
    this.set(at + f.shift, epilogue.shift);
    this.set(at + f.residual, epilogue.residual);
    this.set(at + f.slopes, epilogue.slopes);
    return at;
  }

  private sizes(op: string, params: object, status: number): Sizes {
    this.check(op, params, status);
    const { lw_sizes: f } = lw;
    const { u32 } = this.heap;
    const at = this.sizesAt;
    return {
      outputHeight: u32[(at + f.output_height) >>> 2],
      outputWidth: u32[(at + f.output_width) >>> 2],
      outputElements: u32[(at + f.output_elements) >>> 2],
      packedBytes: u32[(at + f.packed_bytes) >>> 2],
      scratchBytes: u32[(at + f.scratch_bytes) >>> 2],
    };
  }

  private check(op: string, params: object, status: number): void {
    if (status === lw.LW_OK) return;
    if (status === lw.LW_THREAD_LOST && this.threads) {
      this.threads.restart();
      this.context = this.createContext();
      throw new ThreadLostError(`${op}: a worker died in the middle of it, so its output is incomplete. ` +
        `${this.threads.count} thread(s) run from now on; do the computation again`);
    }
    // All sizes are this build's.
    if (status === lw.LW_BAD_STRUCT_BYTES) throw otherBuild(this.name, `${lw.LW_VERSION} with other structs`);
    const problem = this.heap.text(this.exports.lw_status_string(status));
    throw new LanewiseError(`${op}: ${problem}. The call was ${op}(${JSON.stringify(params)}).`);
  }
}

/** What to say about a file that doesn't belong to this code. */
export function otherBuild(name: string, version: string): LanewiseError {
  return new LanewiseError(`${name} is of another version of Lanewise (${version}; the code is ${lw.LW_VERSION}): ` +
    'copy the WebAssembly files that came with this code again');
}
