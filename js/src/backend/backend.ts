/* SPDX-License-Identifier: MIT */
import {
  engine, KernelBackend, util, type BackendValues, type DataId, type DataType, type KernelFunc, type TensorInfo,
} from '@tensorflow/tfjs-core';
import { LW_VERSION } from '../generated/layout.js';
import { LanewiseError, OutOfMemoryError, ThreadLostError } from '../runtime/errors.js';
import type { Features, Tier } from '../runtime/detect.js';
import type { Heap } from '../runtime/heap.js';
import type { Kernels, Pointer, Sizes } from '../runtime/kernels.js';
import type { Module } from '../runtime/load.js';
import type { Deferred } from './deferred.js';
import { sizeOf, type Attrs, type Inputs, type Kernel } from './kernel.js';
import { elementsAt } from './values.js';

/** A block of memory with several holders: the last to let go of it frees it. */
export class Memory {
  pointer: Pointer = 0;
  holders = 0;
}

/** The operators with weights that may wait, by their method of Kernels. */
export type Operator = 'conv2d' | 'depthwiseConv2d' | 'conv2dTranspose' | 'matmul';
/** All of them. */
export type Weighted = Operator | 'conv3d';

/**
 * An operator prepared for one geometry: its descriptor, its sizes and its packed weights. Plans belong to the weights'
 * data and die with them.
 */
export interface Plan {
  readonly kernel: Weighted;
  readonly op: Parameters<Kernels[Weighted]>[0];
  readonly sizes: Sizes;
  readonly packed: Memory;
  /** Plans of the same weights with the same of this share their packed copy. Undefined: none shares. */
  readonly packing?: string;
  /** How many further steps may join it: what it is then has been needed by itself and with more. Undefined: any. */
  steps?: number;
}

/** Weights that meet ever new geometries keep the packed copies of the last few. */
const MAX_PLANS = 4;

/** More elements in one of JavaScript's arrays end the program. */
export const MOST_STRINGS = 2 ** 26;

/** A program that transforms rows of ever new lengths keeps the tables of the last few. */
const MAX_TABLES = 4;

/**
 * A tensor's data. For tensors that this backend made it is its own DataId, so that finding it takes no look-up; data
 * that came from another backend keeps that backend's DataId.
 */
export class Data extends Memory {
  /** The backend that holds the data now; undefined when it is disposed of or has moved away. */
  owner: BackendWasm | undefined;
  /** What will compute the data; until then there is no memory. */
  deferred: Deferred | undefined;
  dtype: DataType = 'float32';
  size = 0;
  refCount = 0;
  /** A string tensor's elements; they never enter the module's memory. */
  strings: Uint8Array[] | undefined;
  plans: Plan[] | undefined;
}

export function elementBytes(dtype: DataType): number {
  switch (dtype) {
    case 'float32':
    case 'int32': return 4;
    case 'bool': return 1;
    case 'complex64': return 8; // real and imaginary part side by side
    case 'string': return 0;
    default: throw new LanewiseError(`tensors of dtype ${dtype} are not supported; there are float32, int32, bool, ` +
      'complex64 and string');
  }
}

/** Kernels whose errors TensorFlow.js's specs know word for word. */
const WORD_FOR_WORD = /^(Einsum|Ragged|Sparse)/;

/**
 * What a kernel threw, with the kernel's name. An error of the engine's own, as of a number where an array should be, is
 * one of arguments that no check foresaw: it gets all of them.
 */
function explained(name: string, inputs: Inputs, attrs: Attrs | undefined, error: unknown): unknown {
  if (error instanceof TypeError || error instanceof RangeError) {
    const said = [
      ...Object.entries(inputs ?? {}).map(([key, x]) =>
        `${key}: ${([x].flat() as TensorInfo[]).map(each => `${each?.dtype} [${each?.shape}]`).join(' and ')}`),
      ...Object.entries(attrs ?? {}).map(([key, value]) => `${key}: ${Array.isArray(value) ? `[${value}]` : value}`),
    ].join(', ').slice(0, 400);
    return new LanewiseError(`${name}: an argument is missing or not of the kind expected: ${error.message}. Given ` +
      `were ${said}`);
  }
  const named = error instanceof LanewiseError
    ? !(error instanceof OutOfMemoryError || error instanceof ThreadLostError)
    : (error as Error)?.constructor === Error && !WORD_FOR_WORD.test(name);
  const message = named ? (error as Error).message : name;
  return message.includes(name) ? error : new LanewiseError(`${name}: ${message.replace('lanewise: ', '')}`);
}

/** What a disposed backend has in place of its module. */
const GONE = /* @__PURE__ */ new Proxy({}, {
  get() {
    throw new LanewiseError('a tensor is used whose backend was removed by tf.removeBackend()');
  },
});

/** The TensorFlow.js backend over one loaded module. */
export class BackendWasm extends KernelBackend {
  /** Kernels know a backend of their version by this, also when it is that of another copy of the package. */
  readonly lanewise: string = LW_VERSION;
  readonly kernels: Kernels;
  readonly heap: Heap;
  /** The tier that runs. */
  readonly tier: Tier;
  /** What the engine supports. */
  readonly features: Features;
  /** Why this tier runs. */
  readonly why: string;
  /** How far convolutions may use Winograd's method, `enum lw_winograd`. */
  readonly winograd: number;
  /** Data whose DataId another backend made. */
  private readonly foreign = new Map<DataId, Data>();
  private count = 0;
  private disposed = false;
  private onesBlock = new Memory();
  private onesCount = 0;
  /** Tables of Fourier transforms, by length: the last few. */
  private readonly tables = new Map<number, Memory>();
  /** All data that are deferred. */
  private readonly waiting = new Set<Data>();
  /** All data that have plans. */
  private readonly planned = new Set<Data>();
  /** What the kernel that runs has allocated: data, given back when it throws, and blocks, given back in any case. */
  private readonly outputs: Data[] = [];
  private readonly temporaries: Pointer[] = [];
  /** One element of any type, for operators that take a value's address. */
  readonly value: Pointer;
  /** The number 0, likewise. */
  readonly zero: Pointer;

  constructor(readonly module: Module) {
    super();
    ({ kernels: this.kernels, heap: this.heap, tier: this.tier, features: this.features, why: this.why } = module);
    this.winograd = module.winograd;
    this.value = this.heap.allocate(8);
    this.zero = this.heap.allocate(4);
    this.heap.u32[this.zero >>> 2] = 0;
  }

  // ---- Data ----------------------------------------------------------------------------------------------

  override write(values: BackendValues | null, shape: number[], dtype: DataType): DataId {
    const data = new Data();
    this.fill(data, values, shape, dtype, 1);
    return data;
  }

  override move(dataId: DataId, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
    // What waits in the backend that it comes from may still hold its old memory.
    const data = dataId instanceof Data && dataId.holders === 0 ? dataId : new Data();
    this.fill(data, values, shape, dtype, refCount);
    if (data !== dataId) this.foreign.set(dataId, data);
  }

  private fill(data: Data, values: BackendValues | null, shape: number[], dtype: DataType, refCount: number): void {
    const size = sizeOf(shape), count = dtype === 'complex64' ? 2 * size : size;
    if (values && values.length !== count) {
      throw new LanewiseError(`a ${dtype} tensor of shape [${shape}] takes ${count} values; ${values.length} were given`);
    }
    this.allocate(data, dtype, size);
    data.refCount = refCount;
    if (dtype === 'string') {
      data.strings = values as Uint8Array[] ?? [];
    } else if (values && size > 0) {
      const { heap } = this;
      const numbers = values as Float32Array | Int32Array | Uint8Array;
      if (dtype === 'float32' || dtype === 'complex64') heap.f32.set(numbers, data.pointer >>> 2);
      else if (dtype === 'int32') heap.i32.set(numbers, data.pointer >>> 2);
      else heap.u8.set(numbers, data.pointer);
    }
  }

  private allocate(data: Data, dtype: DataType, size: number): void {
    if (dtype === 'string' && size > MOST_STRINGS) {
      throw new OutOfMemoryError(`${size} strings are asked for; up to ${MOST_STRINGS} are possible`);
    }
    data.pointer = this.heap.allocate(size * elementBytes(dtype));
    this.register(data, dtype, size);
  }

  private register(data: Data, dtype: DataType, size: number): void {
    data.holders = 1;
    data.dtype = dtype;
    data.size = size;
    data.refCount = 1;
    data.owner = this;
    this.count++;
  }

  /** The data of a tensor, computed if it was deferred. */
  data(dataId: DataId): Data {
    const data = this.entry(dataId);
    if (data.deferred) this.compute(data, data.deferred);
    return data;
  }

  /** The same, not computed; fetched from the backend that holds it when that is another one. */
  private entry(dataId: DataId): Data {
    const found = this.find(dataId);
    if (found) return found;
    // TensorFlow.js forgets a tensor that is disposed of, and moveData then fails without saying why.
    if (engine().state.tensorInfo.has(dataId)) engine().moveData(this, dataId);
    const moved = this.find(dataId);
    if (!moved) throw new LanewiseError('a tensor is used after it was disposed of');
    return moved;
  }

  private find(dataId: DataId): Data | undefined {
    return dataId instanceof Data && dataId.owner === this ? dataId : this.foreign.get(dataId);
  }

  override numDataIds(): number {
    return this.count;
  }

  override incRef(dataId: DataId): void {
    this.entry(dataId).refCount++; // a variable of another backend's data, say
  }

  decRef(dataId: DataId): void {
    const data = this.find(dataId);
    if (data) data.refCount--;
  }

  override refCount(dataId: DataId): number {
    return this.find(dataId)?.refCount ?? 0;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (this.disposed) return true;
    const data = this.find(dataId);
    if (data) {
      data.refCount--;
      if (!force && data.refCount > 0) return false;
      this.release(data);
      this.foreign.delete(dataId);
    }
    return true;
  }

  private release(data: Data): void {
    if (data.plans) {
      while (data.plans.length) this.forget(data.plans);
      this.planned.delete(data);
    }
    if (data.deferred) this.settle(data, data.deferred);
    data.plans = data.strings = data.owner = undefined;
    data.refCount = 0;
    this.count--;
    this.letGo(data);
  }

  private letGo(memory: Memory): void {
    if (--memory.holders > 0) return;
    this.heap.free(memory.pointer);
    memory.pointer = 0;
  }

  /** Runs what a tensor waits for. */
  private compute(data: Data, deferred: Deferred): void {
    const pointer = this.heap.allocate(4 * data.size);
    try {
      deferred.run(this, pointer);
    } catch (error) {
      this.heap.free(pointer);
      throw error;
    }
    data.pointer = pointer;
    this.settle(data, deferred);
  }

  private settle(data: Data, deferred: Deferred): void {
    data.deferred = undefined;
    this.waiting.delete(data);
    for (const memory of deferred.held) this.letGo(memory);
  }

  /**
   * Runs what has been asked for and waits, as a convolution does, for its output to be read or used. To be called
   * before a clock is stopped; otherwise nobody needs to.
   */
  finish(): void {
    for (const data of this.waiting) {
      if (!data.deferred!.joined) this.compute(data, data.deferred!);
    }
  }

  override readSync(dataId: DataId, start = 0, end?: number): BackendValues {
    const { pointer, dtype, size, strings } = this.data(dataId);
    const stop = Math.min(end ?? size, size);
    if (dtype === 'string') return strings!.slice(start, stop);
    const { heap } = this;
    if (dtype === 'bool') return heap.u8.slice(pointer + start, pointer + stop);
    const first = pointer >>> 2;
    if (dtype === 'complex64') return heap.f32.slice(first + 2 * start, first + 2 * stop);
    return (dtype === 'int32' ? heap.i32 : heap.f32).slice(first + start, first + stop);
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  /** What tf.memory() adds: bytes of the WebAssembly memory that are taken, and all of them. */
  override memory(): { unreliable: boolean; numBytesInWasm: number; numBytesInWasmAllocated: number } {
    const { bytesInUse, totalBytes } = this.heap;
    return { unreliable: false, numBytesInWasm: bytesInUse, numBytesInWasmAllocated: totalBytes };
  }

  /**
   * Times a query with all that waits. For tf.profile() the extra information says which functions of the C library ran,
   * on which tier and for how long.
   */
  override async time(query: () => void): Promise<{ kernelMs: number; getExtraProfileInfo?: () => string }> {
    const start = util.now();
    const body = () => {
      query();
      this.finish();
    };
    if (!engine().state.profiling) {
      body();
      return { kernelMs: util.now() - start };
    }
    const calls = this.kernels.observe(body);
    const kernelMs = util.now() - start;
    const said = calls.map(({ name, ms }) => `${name} ${ms.toFixed(3)} ms`).join(', ');
    return { kernelMs, getExtraProfileInfo: () => `${this.tier}: ${said || 'no call'}` };
  }

  override timerAvailable(): boolean {
    return true;
  }

  /**
   * Gives back what only makes the next inference faster: packed weights, tables of Fourier transforms and working
   * memory. They are made again when they are needed. A WebAssembly memory doesn't shrink; other tensors get this memory.
   */
  releaseMemory(): void {
    for (const data of this.planned) while (data.plans?.length) this.forget(data.plans);
    this.planned.clear();
    for (const table of this.tables.values()) this.letGo(table);
    this.tables.clear();
    this.letGo(this.onesBlock);
    this.onesBlock = new Memory();
    this.onesCount = 0;
    this.heap.releaseScratch();
  }

  /** What tf.removeBackend() calls: lets go of the module, and so of its memory, even if tensors are still about. */
  override dispose(): void {
    this.module.threads?.dispose();
    this.foreign.clear();
    this.waiting.clear();
    this.planned.clear();
    this.disposed = true;
    Object.assign(this, { module: GONE, kernels: GONE, heap: GONE });
  }

  // ---- What programs' own kernels find in the official backend, too ---------------------------------------

  /** A new tensor; its elements are undefined where no values are given. */
  makeOutput(shape: number[], dtype: DataType, memoryOffset?: number, values?: BackendValues): TensorInfo {
    if (memoryOffset != null) throw new LanewiseError('makeOutput: memory from elsewhere is not supported');
    return { dataId: this.write(values ?? null, shape, dtype), shape, dtype };
  }

  /** A tensor's elements where they lie; to be read afresh after anything that may allocate. */
  typedArrayFromHeap({ dataId, dtype }: TensorInfo): Float32Array | Int32Array | Uint8Array {
    const { pointer, size } = this.data(dataId);
    if (dtype === 'string') throw new LanewiseError('typedArrayFromHeap: strings are not in the heap');
    const count = dtype === 'complex64' ? 2 * size : size;
    return elementsAt(this, dtype, pointer, count) as Float32Array | Int32Array | Uint8Array;
  }

  getMemoryOffset(dataId: DataId): Pointer {
    return this.data(dataId).pointer;
  }

  /** Called when the official package's kernels have taken the place of ours; they give themselves away below. */
  replaced: () => Error = () => new LanewiseError('a kernel of another package was called');

  /** Where the official kernels look for data. */
  get dataIdMap(): never {
    throw this.replaced();
  }

  /** Where the official kernels look for functions when they are set up. */
  get wasm(): { cwrap(): void } {
    this.replaced();
    return { cwrap() {} };
  }

  // ---- What kernels use ----------------------------------------------------------------------------------

  /** The kernel as TensorFlow.js calls it: it leaves nothing allocated behind but its outputs. */
  static kernelFunc(name: string, kernel: Kernel): KernelFunc {
    return ({ inputs, attrs, backend: given }) => {
      const backend = given as BackendWasm;
      if (backend.lanewise !== LW_VERSION) throw new LanewiseError(`${name}: the backend is not one of Lanewise's`);
      const { outputs, temporaries } = backend;
      try {
        return kernel(backend, inputs as Inputs, (attrs ?? {}) as Attrs);
      } catch (error) {
        for (const data of outputs) backend.release(data);
        throw explained(name, inputs as Inputs, attrs as Attrs, error);
      } finally {
        outputs.length = 0;
        for (const pointer of temporaries) backend.heap.free(pointer);
        temporaries.length = 0;
      }
    };
  }

  /** A new tensor, its elements undefined. */
  output(shape: number[], dtype: DataType): TensorInfo {
    const data = new Data();
    this.allocate(data, dtype, sizeOf(shape));
    this.outputs.push(data);
    return { dataId: data, shape, dtype };
  }

  /** What will compute a tensor's data; undefined when they are there, or held by another backend. */
  deferred(x: TensorInfo): Deferred | undefined {
    const { owner, deferred } = x.dataId as Data;
    return owner === this ? deferred : undefined;
  }

  /** A new float32 tensor that is computed when it is needed. */
  deferredOutput(shape: number[], deferred: Deferred): TensorInfo {
    const data = new Data();
    this.register(data, 'float32', sizeOf(shape));
    data.deferred = deferred;
    for (const memory of deferred.held) memory.holders++;
    this.waiting.add(data);
    this.outputs.push(data);
    return { dataId: data, shape, dtype: 'float32' };
  }

  /** Gives an output of this kernel back before the kernel returns. */
  drop(x: TensorInfo): void {
    const { outputs } = this;
    outputs.splice(outputs.indexOf(x.dataId as Data), 1);
    this.release(x.dataId as Data);
  }

  /** Gives all outputs of this kernel back but one. */
  keepOnly(x: TensorInfo): TensorInfo {
    const { outputs } = this;
    for (const data of outputs) if (data !== x.dataId) this.release(data);
    outputs.length = 0;
    outputs.push(x.dataId as Data);
    return x;
  }

  /** Another tensor over the same data. */
  share(x: TensorInfo, shape: number[]): TensorInfo {
    this.entry(x.dataId).refCount++;
    return { dataId: x.dataId, shape, dtype: x.dtype };
  }

  pointer(x: TensorInfo): Pointer {
    return this.data(x.dataId).pointer;
  }

  /** Memory that lasts until everything that holds it is done. */
  block(bytes: number): Memory {
    const memory = new Memory();
    memory.pointer = this.heap.allocate(bytes);
    return memory;
  }

  /** At least `count` floats of 1. */
  ones(count: number): Memory {
    if (count > this.onesCount) {
      const block = this.block(4 * count), first = block.pointer >>> 2;
      this.heap.f32.fill(1, first, first + count);
      block.holders = 1;
      this.letGo(this.onesBlock);
      this.onesBlock = block;
      this.onesCount = count;
    }
    return this.onesBlock;
  }

  /** The table of a Fourier transform, filled when it is new. */
  table(length: number, bytes: number, fill: (table: Pointer) => void): Pointer {
    const found = this.tables.get(length);
    if (found) return found.pointer;
    for (const [oldest, table] of this.tables) {
      if (this.tables.size < MAX_TABLES) break;
      this.tables.delete(oldest);
      this.letGo(table);
    }
    const table = this.block(bytes);
    table.holders = 1;
    fill(table.pointer);
    this.tables.set(length, table);
    return table.pointer;
  }

  /** Memory that lasts until the kernel returns. */
  temporary(bytes: number): Pointer {
    const pointer = this.heap.allocate(bytes);
    this.temporaries.push(pointer);
    return pointer;
  }

  /** Adds a plan to weights and packs them with it, unless an earlier plan has them packed alike. */
  plan<P extends Plan>(weights: Data, plan: Omit<P, 'packed'>, pack: (packed: Pointer) => void): P {
    const plans = (weights.plans ??= []);
    let packed = plan.packing === undefined ? undefined
      : plans.find(({ packing }) => packing === plan.packing)?.packed;
    if (packed === undefined) {
      packed = this.block(plan.sizes.packedBytes);
      try {
        if (packed.pointer) pack(packed.pointer);
      } catch (error) {
        this.heap.free(packed.pointer);
        throw error;
      }
    }
    packed.holders++;
    this.planned.add(weights);
    const done = { ...plan, packed } as unknown as P;
    plans.push(done);
    if (plans.length > MAX_PLANS) this.forget(plans);
    return done;
  }

  /** Drops the oldest plan. */
  private forget(plans: Plan[]): void {
    this.letGo(plans.shift()!.packed);
  }
}
