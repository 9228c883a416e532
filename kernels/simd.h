/* SPDX-License-Identifier: MIT */
/*
 * The one place that knows where vectors come from: wasm_simd128.h in WebAssembly, SIMDe natively. Kernels write
 * wasm_* intrinsics, and these few helpers for what differs by target or tier.
 */
#ifndef LW_SIMD_H
#define LW_SIMD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#include <wasm_simd128.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
#endif

/* a * b + c: two roundings in simd128, one in relaxed where the engine's machine has FMA. Native builds are for tests
 * and tools and take plain SSE, so there relaxed rounds as simd128 does. */
static inline v128_t lw_madd(v128_t a, v128_t b, v128_t c) {
#if defined(LW_RELAXED) && defined(__wasm__)
    return wasm_f32x4_relaxed_madd(a, b, c);
#else
    return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

/* c - a * b, rounded likewise. */
static inline v128_t lw_nmadd(v128_t a, v128_t b, v128_t c) {
#if defined(LW_RELAXED) && defined(__wasm__)
    return wasm_f32x4_relaxed_nmadd(a, b, c);
#else
    return wasm_f32x4_sub(c, wasm_f32x4_mul(a, b));
#endif
}

/* x in all lanes, for a loop that needs several such numbers. V8 does not keep a vector constant in a register: it
 * makes it anew at every use, in three instructions. This one it does keep, since to it a splat is no constant. */
static inline v128_t lw_splat(float x) {
#ifdef __wasm__
    __asm__("" : "+r"(x));
#endif
    return wasm_f32x4_splat(x);
}

/* b < a ? b : a per lane, and a < b ? b : a. Not wasm_f32x4_min: SIMDe's differs from wasm's on signed zeros. */
static inline v128_t lw_min(v128_t a, v128_t b) {
    return wasm_f32x4_pmin(a, b);
}
static inline v128_t lw_max(v128_t a, v128_t b) {
    return wasm_f32x4_pmax(a, b);
}

/* To the nearest integer, half-way cases to the even one. SIMDe's wasm_f32x4_nearest loses the sign of a zero; natively
 * what is under 2^23 is rounded by adding that to its magnitude. */
static inline v128_t lw_nearest(v128_t x) {
#ifdef __wasm__
    return wasm_f32x4_nearest(x);
#else
    const v128_t size = wasm_f32x4_abs(x), shift = wasm_f32x4_splat(0x1p23f);
    const v128_t rounded = wasm_f32x4_sub(wasm_f32x4_add(size, shift), shift);
    const v128_t inner = wasm_v128_or(rounded, wasm_v128_and(x, wasm_f32x4_splat(-0.0f)));
    return wasm_v128_bitselect(inner, x, wasm_f32x4_lt(size, shift));
#endif
}

/* mask ? a : b per lane, each lane of mask all ones or all zeros: one instruction where the engine's machine has it. */
static inline v128_t lw_select(v128_t a, v128_t b, v128_t mask) {
#if defined(LW_RELAXED) && defined(__wasm__)
    return wasm_i32x4_relaxed_laneselect(a, b, mask);
#else
    return wasm_v128_bitselect(a, b, mask);
#endif
}

/* Keeps the compiler from moving the computation of v past this point. LLVM otherwise gathers the loads of an
 * unrolled loop and chains each accumulator's operations, V8 keeps that order, and everything spills. */
static inline void lw_keep(v128_t *v) {
#ifdef __wasm__
    __asm__ volatile("" : "+r"(*v));
#else
    (void)v;
#endif
}

/* The first n (1 to 3) lanes, the others 0; reads and writes those n floats only. */
static inline v128_t lw_load_lanes(const float *p, size_t n) {
    v128_t v = wasm_f32x4_splat(0.0f);
    if (n == 1) return wasm_v128_load32_lane(p, v, 0);
    v = wasm_v128_load64_lane(p, v, 0);
    if (n == 3) v = wasm_v128_load32_lane(p + 2, v, 2);
    return v;
}
static inline void lw_store_lanes(float *p, v128_t v, size_t n) {
    if (n == 1) {
        wasm_v128_store32_lane(p, v, 0);
        return;
    }
    wasm_v128_store64_lane(p, v, 0);
    if (n == 3) wasm_v128_store32_lane(p + 2, v, 2);
}

/* The same for any n >= 1: all four lanes from 4 on. */
static inline __attribute__((always_inline)) v128_t lw_load_some(const float *p, size_t n) {
    return n < 4 ? lw_load_lanes(p, n) : wasm_v128_load(p);
}
static inline __attribute__((always_inline)) void lw_store_some(float *p, v128_t v, size_t n) {
    if (n < 4)
        lw_store_lanes(p, v, n);
    else
        wasm_v128_store(p, v);
}

/* The two high lanes, where conversions to and from double take their operands; and what they leave, put together. */
static inline __attribute__((always_inline)) v128_t lw_high_lanes(v128_t x) {
    return wasm_i32x4_shuffle(x, x, 2, 3, 2, 3);
}
static inline __attribute__((always_inline)) v128_t lw_join_lanes(v128_t low, v128_t high) {
    return wasm_i32x4_shuffle(low, high, 0, 1, 4, 5);
}

/* Four floats as two pairs of doubles, and back. */
static inline __attribute__((always_inline)) void lw_promote(v128_t x, v128_t pairs[2]) {
    pairs[0] = wasm_f64x2_promote_low_f32x4(x);
    pairs[1] = wasm_f64x2_promote_low_f32x4(lw_high_lanes(x));
}
static inline __attribute__((always_inline)) v128_t lw_demote(const v128_t pairs[2]) {
    return lw_join_lanes(wasm_f32x4_demote_f64x2_zero(pairs[0]), wasm_f32x4_demote_f64x2_zero(pairs[1]));
}

#endif
