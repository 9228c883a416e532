/* SPDX-License-Identifier: MIT */
import { LanewiseError, OutOfMemoryError } from './errors.js';

/** What every tier's WebAssembly file exports; the operators follow the C API in lanewise.h. */
export interface WasmExports {
  /** Undefined where the memory is shared, and imported. */
  readonly memory?: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(pointer: number): void;
  _initialize?(): void;
  readonly [name: `lw_${string}`]: (...args: number[]) => number;
}

/** Blocks start at multiples of this, so that a 16-byte vector never lies across two cache lines. */
const ALIGNMENT = 16;
/** Before each block: malloc's own pointer and the block's size. */
const HEADER_BYTES = 8;
/**
 * Processors compare the low 12 bits of addresses to find out whether a load depends on an earlier store: writing a
 * tensor a little below the one being read, modulo 4096, is up to twice as slow. Tensors' sizes tend to be multiples of
 * 4096, so malloc would make just such pairs. Large blocks start a quarter of a page further on than the one before.
 */
const PAGE = 4096, LARGE_BYTES = 16384;

/**
 * The module's memory. Pointers are unsigned numbers of bytes, up to 4 GiB; 0 is the pointer of a block of 0 bytes.
 *
 * The views must be read afresh after any call that may allocate: when the memory grows, new ones take their place.
 */
export class Heap {
  /** Bytes of all blocks that are allocated now, scratch included. */
  bytesInUse = 0;
  /** Number of blocks that are allocated now. */
  blocksInUse = 0;
  private _u8!: Uint8Array;
  private _i32!: Int32Array;
  private _u32!: Uint32Array;
  private _f32!: Float32Array;
  private readonly _exports: WasmExports;
  private _scratch = 0;
  /** Where in a page the last large block began. */
  private _phase = 0;
  private _scratchBytes = 0;

  /** limit: how many bytes the memory may grow to. */
  constructor(exports: WasmExports, private readonly memory: WebAssembly.Memory = exports.memory!,
    private readonly limit = 2 ** 32) {
    this._exports = exports;
    this.refresh();
  }

  // A memory that grew has detached its old buffer, whose views then have length 0.
  get u8(): Uint8Array {
    if (this._u8.length === 0) this.refresh();
    return this._u8;
  }
  get i32(): Int32Array {
    if (this._i32.length === 0) this.refresh();
    return this._i32;
  }
  get u32(): Uint32Array {
    if (this._u32.length === 0) this.refresh();
    return this._u32;
  }
  get f32(): Float32Array {
    if (this._f32.length === 0) this.refresh();
    return this._f32;
  }

  /** Makes new views; also called when a shared memory has grown, whose old buffer keeps its length. */
  refresh(): void {
    const { buffer } = this.memory;
    this._u8 = new Uint8Array(buffer);
    this._i32 = new Int32Array(buffer);
    this._u32 = new Uint32Array(buffer);
    this._f32 = new Float32Array(buffer);
  }

  /** Bytes of the whole memory: it grows and never shrinks. */
  get totalBytes(): number {
    return this.u8.length;
  }

  /** A new block, its content undefined. */
  allocate(bytes: number): number {
    if (bytes === 0) return 0;
    if (!(bytes > 0) || bytes % 1 !== 0) throw new LanewiseError(`there can be no block of ${bytes} bytes`);
    const large = bytes >= LARGE_BYTES;
    const whole = bytes + HEADER_BYTES + (large ? PAGE : ALIGNMENT);
    const raw = whole <= 0xffffffff ? this._exports.malloc(whole) >>> 0 : 0;
    if (raw === 0) {
      const limit = this.limit === 2 ** 32 ? '4 GiB is' : `${this.limit} are`;
      throw new OutOfMemoryError(`out of memory: ${bytes} bytes asked for, ${this.bytesInUse} bytes in use in ` +
        `${this.blocksInUse} blocks, ${this.totalBytes} bytes in the WebAssembly memory (${limit} its limit)`);
    }
    let pointer = ((raw + HEADER_BYTES + ALIGNMENT - 1) & -ALIGNMENT) >>> 0;
    if (large) {
      this._phase = (this._phase + PAGE / 4) % PAGE;
      pointer += (this._phase - pointer % PAGE + PAGE) % PAGE;
    }
    const u32 = this.u32;
    u32[(pointer - 8) >>> 2] = raw;
    u32[(pointer - 4) >>> 2] = bytes;
    this.bytesInUse += bytes;
    this.blocksInUse++;
    return pointer;
  }

  /** Gives a block back. */
  free(pointer: number): void {
    if (pointer === 0) return;
    const u32 = this.u32;
    this.bytesInUse -= u32[(pointer - 4) >>> 2];
    this.blocksInUse--;
    this._exports.free(u32[(pointer - 8) >>> 2]);
  }

  /** The C string at a pointer. */
  text(pointer: number): string {
    const { u8 } = this;
    let text = '';
    for (let i = pointer >>> 0; i > 0 && u8[i]; i++) text += String.fromCharCode(u8[i]);
    return text;
  }

  /** The one block of working memory, at least so large; the next call may replace it. */
  scratch(bytes: number): number {
    if (bytes > this._scratchBytes) {
      this.releaseScratch(); // should the next line throw
      this._scratch = this.allocate(bytes);
      this._scratchBytes = bytes;
    }
    return this._scratch;
  }

  /** Gives the working memory back. */
  releaseScratch(): void {
    this.free(this._scratch);
    this._scratch = this._scratchBytes = 0;
  }

  /** Bytes of the working memory. */
  get scratchBytes(): number {
    return this._scratchBytes;
  }
}
