/* SPDX-License-Identifier: MIT */
/*
 * What can this engine run? A WebAssembly module with one opcode that the engine doesn't know fails as a whole, so each
 * tier is probed with a module of a few bytes that holds the instructions its kernels are made of.
 */

/** The tiers, slowest first. A tier is one set of micro-kernels; each ships as one WebAssembly file. */
export const TIERS = ['scalar', 'simd128', 'relaxed'] as const;
export type Tier = (typeof TIERS)[number];

/** What the engine supports. */
export interface Features {
  /** Fixed-width SIMD (WebAssembly 2.0). */
  readonly simd128: boolean;
  /** Relaxed SIMD (WebAssembly 3.0): fused multiply-add. */
  readonly relaxed: boolean;
  /** Shared memory and atomic instructions. The files for several threads need them. */
  readonly threads: boolean;
}

// Opcodes, as the core specification numbers them.
const LOCAL_GET_0 = [0x20, 0];
const DROP = [0x1a];
const I32_CONST_0 = [0x41, 0];
const F32_CONST_0 = [0x43, 0, 0, 0, 0];
const MEMARG = [0, 0]; // alignment 1, offset 0

/** An opcode behind the SIMD prefix: its number follows in LEB128. */
function simd(opcode: number): number[] {
  return opcode < 0x80 ? [0xfd, opcode] : [0xfd, (opcode & 0x7f) | 0x80, opcode >> 7];
}

/** A whole module around one function: (param v128 or nothing) -> nothing, with one page of memory. */
function moduleWith(params: number[], body: number[], memory: number[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: number[]): number[] => [id, content.length, ...content];
  const code = [0, ...body, 0x0b];
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [1, 0x60, params.length, ...params, 0]), // type 0: params -> ()
    ...section(3, [1, 0]), // function 0 has type 0
    ...section(5, [1, ...memory]),
    // The body may be longer than 127 bytes: two-byte lengths.
    ...[10, ...long(code.length + 3), 1, ...long(code.length), ...code],
  ];
  return new Uint8Array(bytes);
}

function long(n: number): number[] {
  return [(n & 0x7f) | 0x80, n >> 7];
}

const V128 = 0x7b;
const unary = (opcode: number) => [...LOCAL_GET_0, ...simd(opcode), ...DROP];
const binary = (opcode: number) => [...LOCAL_GET_0, ...LOCAL_GET_0, ...simd(opcode), ...DROP];

function simd128Probe(): Uint8Array<ArrayBuffer> {
  return moduleWith([V128], [
    ...I32_CONST_0, ...simd(0x00), ...MEMARG, ...DROP, // v128.load
    ...I32_CONST_0, ...simd(0x09), ...MEMARG, ...DROP, // v128.load32_splat
    ...I32_CONST_0, ...simd(0x5c), ...MEMARG, ...DROP, // v128.load32_zero
    ...I32_CONST_0, ...LOCAL_GET_0, ...simd(0x56), ...MEMARG, 1, ...DROP, // v128.load32_lane 1
    ...I32_CONST_0, ...LOCAL_GET_0, ...simd(0x5a), ...MEMARG, 1, // v128.store32_lane 1
    ...I32_CONST_0, ...LOCAL_GET_0, ...simd(0x0b), ...MEMARG, // v128.store
    ...F32_CONST_0, ...simd(0x13), ...DROP, // f32x4.splat
    ...LOCAL_GET_0, ...LOCAL_GET_0, ...simd(0x0d), ...Array(16).fill(0), ...DROP, // i8x16.shuffle
    ...LOCAL_GET_0, ...LOCAL_GET_0, ...LOCAL_GET_0, ...simd(0x52), ...DROP, // v128.bitselect
    ...binary(0xe4), ...binary(0xe6), ...binary(0xe7), // f32x4.add, mul, div
    ...binary(0xea), ...binary(0xeb), // f32x4.pmin, pmax
    ...unary(0xe3), ...unary(0x67), ...unary(0x68), ...unary(0x6a), // f32x4.sqrt, ceil, floor, nearest
    ...unary(0xf8), ...unary(0xfa), // i32x4.trunc_sat_f32x4_s, f32x4.convert_i32x4_s
    ...binary(0xb5), // i32x4.mul
    ...binary(0xf0), ...binary(0xf2), ...binary(0xf3), ...unary(0xef), // f64x2.add, mul, div, sqrt
    ...binary(0xf6), ...unary(0x5f), ...unary(0x5e), // f64x2.pmin, promote_low_f32x4, f32x4.demote_f64x2_zero
  ], [0, 1]);
}

function relaxedProbe(): Uint8Array<ArrayBuffer> {
  const ternary = (opcode: number) => [...LOCAL_GET_0, ...LOCAL_GET_0, ...LOCAL_GET_0, ...simd(opcode), ...DROP];
  return moduleWith([V128], [
    ...ternary(0x105), ...ternary(0x106), // f32x4.relaxed_madd, relaxed_nmadd
    ...ternary(0x10b), // i32x4.relaxed_laneselect
  ], [0, 1]);
}

function threadsProbe(): Uint8Array<ArrayBuffer> {
  // i32.atomic.load on a shared memory of 1 to 1 pages.
  return moduleWith([], [...I32_CONST_0, 0xfe, 0x10, 2, 0, ...DROP], [3, 1, 1]);
}

let detected: Features | undefined;

/** Probes the engine. Cheap, and remembered after the first call. */
export function detect(): Features {
  if (!detected) {
    if (typeof WebAssembly !== 'object') {
      detected = { simd128: false, relaxed: false, threads: false };
    } else {
      const simd128 = WebAssembly.validate(simd128Probe());
      detected = {
        simd128,
        relaxed: simd128 && WebAssembly.validate(relaxedProbe()),
        threads: typeof SharedArrayBuffer === 'function' && WebAssembly.validate(threadsProbe()),
      };
    }
  }
  return detected;
}

/** Whether this engine can run the file of a tier. */
export function supports(tier: Tier): boolean {
  return tier === 'scalar' ? typeof WebAssembly === 'object' : detect()[tier];
}
