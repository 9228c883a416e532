/* SPDX-License-Identifier: MIT */
/*
 * Four floats as two pairs of doubles, for functions that are evaluated in double precision. They work step by step on
 * both pairs, so that a constant is fetched once for both. The constants come from memory: there are more than
 * registers, and a v128.const inside of a loop costs V8 three instructions each time. Nothing is fused: the relaxed
 * tier takes these kernels from simd128.
 */
#ifndef LW_DOUBLE_SIMD128_H
#define LW_DOUBLE_SIMD128_H

#include "kernels/kernels.h"
#include "kernels/simd.h"

#define LW_PAIRS(p) for (size_t p = 0; p < 2; p++)

/* A double from memory in both lanes. */
static inline __attribute__((always_inline)) v128_t lw_double(const double *x) {
    return wasm_v128_load64_splat(x);
}

/* A mask of four floats as two of doubles. */
static inline __attribute__((always_inline)) void lw_widen(v128_t mask, v128_t pairs[2]) {
    pairs[0] = wasm_i64x2_extend_low_i32x4(mask);
    pairs[1] = wasm_i64x2_extend_high_i32x4(mask);
}

/* sum x + term, kept in this order. */
static inline __attribute__((always_inline)) void lw_double_horner(v128_t sum[2], const v128_t x[2],
                                                                   const double *term) {
    const v128_t next = lw_double(term);
    LW_PAIRS(p) {
        sum[p] = wasm_f64x2_add(wasm_f64x2_mul(sum[p], x[p]), next);
        lw_keep(&sum[p]);
    }
}

/* min(max(x, -bound), bound) */
static inline __attribute__((always_inline)) v128_t lw_within(v128_t x, v128_t bound) {
    return wasm_f64x2_pmin(wasm_f64x2_pmax(x, wasm_f64x2_neg(bound)), bound);
}

/* The same number, of which the compiler knows nothing: it makes no copies of a loop for each of its values. */
static inline __attribute__((always_inline)) uint32_t lw_unknown(uint32_t number) {
#ifdef __wasm__
    __asm__ volatile("" : "+r"(number));
#endif
    return number;
}

#endif
