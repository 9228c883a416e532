/* SPDX-License-Identifier: MIT */
/* exp and exp - 1 of four lanes, shared by the unary family and softmax: the operations of
 * kernels_scalar/exp_scalar.h, which explains them, in the same order. */
#ifndef LW_EXP_SIMD128_H
#define LW_EXP_SIMD128_H

#include "kernels/exp.h"
#include "kernels/simd.h"

/* exp(x - n ln 2) - 1 */
static inline __attribute__((always_inline)) v128_t lw_expm1_reduced(v128_t x, v128_t n) {
    v128_t r = lw_madd(n, wasm_f32x4_splat(-LW_LN2_HIGH), x);
    r = lw_madd(n, wasm_f32x4_splat(-LW_LN2_LOW), r);
    v128_t q = lw_madd(wasm_f32x4_splat(LW_EXP_Q4), r, wasm_f32x4_splat(LW_EXP_Q3));
    q = lw_madd(q, r, wasm_f32x4_splat(LW_EXP_Q2));
    q = lw_madd(q, r, wasm_f32x4_splat(LW_EXP_Q1));
    q = lw_madd(q, r, wasm_f32x4_splat(LW_EXP_Q0));
    return lw_madd(wasm_f32x4_mul(r, r), q, r);
}

/* exp of any x */
static inline __attribute__((always_inline)) v128_t lw_exp_any(v128_t x) {
    const v128_t round = wasm_f32x4_splat(LW_ROUND + 254.0f);
    x = lw_min(lw_max(x, wasm_f32x4_splat(-104.0f)), wasm_f32x4_splat(104.0f));
    const v128_t t = lw_madd(x, wasm_f32x4_splat(LW_LOG2_E), round);
    const v128_t e = wasm_f32x4_add(lw_expm1_reduced(x, wasm_f32x4_sub(t, round)), wasm_f32x4_splat(1.0f));
    const v128_t half = wasm_u32x4_shr(t, 1);
    return wasm_f32x4_mul(wasm_f32x4_mul(e, wasm_i32x4_shl(half, 23)), wasm_i32x4_shl(wasm_i32x4_sub(t, half), 23));
}

/* exp of x <= 0 */
static inline __attribute__((always_inline)) v128_t lw_exp_negative(v128_t x) {
    const v128_t round = wasm_f32x4_splat(LW_ROUND + 191.0f);
    x = lw_max(x, wasm_f32x4_splat(-104.0f));
    const v128_t t = lw_madd(x, wasm_f32x4_splat(LW_LOG2_E), round);
    const v128_t e = wasm_f32x4_add(lw_expm1_reduced(x, wasm_f32x4_sub(t, round)), wasm_f32x4_splat(1.0f));
    return wasm_f32x4_mul(wasm_f32x4_mul(e, wasm_i32x4_shl(t, 23)), wasm_f32x4_splat(0x1p-64f));
}

/* exp(x) - 1 for |x| <= 20 */
static inline __attribute__((always_inline)) v128_t lw_expm1_small(v128_t x) {
    const v128_t round = wasm_f32x4_splat(LW_ROUND + 127.0f);
    const v128_t t = lw_madd(x, wasm_f32x4_splat(LW_LOG2_E), round);
    const v128_t power = wasm_i32x4_shl(t, 23);
    const v128_t p = lw_expm1_reduced(x, wasm_f32x4_sub(t, round));
    return lw_madd(p, power, wasm_f32x4_sub(power, wasm_f32x4_splat(1.0f)));
}

#endif
