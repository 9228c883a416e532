/* SPDX-License-Identifier: MIT */
/*
 * exp and exp - 1 of vectors, shared by the unary family and softmax: the operations of kernels_scalar/exp_scalar.h,
 * which explains them, in the same order.
 */
#ifndef LW_EXP_SIMD128_H
#define LW_EXP_SIMD128_H

#include "kernels/exp.h"
#include "kernels/log.h"
#include "kernels_simd128/loop_simd128.h"

enum lw_exp_constant {
    LW_C_LOG2_E,
    LW_C_MINUS_LN2_HIGH,
    LW_C_MINUS_LN2_LOW,
    LW_C_MINUS_LN2,
    LW_C_Q0,
    LW_C_Q1,
    LW_C_Q2,
    LW_C_Q3,
    LW_C_Q4,
    LW_C_ONE,
    LW_C_TWO,
    LW_C_ROUND_126,
    LW_C_ROUND_127,
    LW_C_ROUND_254,
    LW_C_A0,
    LW_C_A1,
    LW_C_B0,
    LW_C_E0,
    LW_C_E1,
    LW_C_E2,
    LW_C_E3,
    LW_C_E4,
    LW_C_E5,
    LW_C_MINUS_88,
    LW_C_40,
    LW_C_MINUS_20,
    LW_C_20,
    LW_C_MINUS_104,
    LW_C_104,
    LW_C_SIGN,
    LW_C_3,
    LW_C_6,
    LW_C_6TH,
    LW_C_HALF,
    LW_C_89,
    LW_C_SELU,
    LW_C_SELU_ALPHA,
    LW_C_LOG1P_R0,
    LW_C_LOG1P_R1,
    LW_C_LOG1P_R2,
    LW_C_LOG1P_Q0,
    LW_C_LOG1P_Q1,
    LW_C_LOG1P_Q2,
    LW_C_LOG1P_Q3,
    LW_C_GELU0,
    LW_C_GELU1,
    LW_C_MINUS_12,
    LW_C_EXP_CONSTANTS
};

/* In exp_simd128.c. */
extern const float lw_exp_constants[LW_C_EXP_CONSTANTS][4];

/* With n = x / ln 2 rounded to an integer: t has n in its low bits, above those of `round`. */
static inline __attribute__((always_inline)) void lw_exp_split(lw_table table, const v128_t *x,
                                                               enum lw_exp_constant round, v128_t *t, v128_t *n) {
    const v128_t log2_e = lw_constant(table, LW_C_LOG2_E), shift = lw_constant(table, round);
    LW_EACH(v) t[v] = lw_kept(lw_madd(x[v], log2_e, shift));
    LW_EACH(v) n[v] = lw_kept(wasm_f32x4_sub(t[v], shift));
}

/* x = x - n ln 2, in two parts */
static inline __attribute__((always_inline)) void lw_exp_reduce(lw_table table, v128_t *x, const v128_t *n) {
    const v128_t high = lw_constant(table, LW_C_MINUS_LN2_HIGH), low = lw_constant(table, LW_C_MINUS_LN2_LOW);
    LW_EACH(v) x[v] = lw_kept(lw_madd(n[v], high, x[v]));
    LW_EACH(v) x[v] = lw_kept(lw_madd(n[v], low, x[v]));
}

static inline __attribute__((always_inline)) void lw_expm1_q(lw_table table, const v128_t *r, v128_t *q) {
    lw_polynomial(table, LW_C_Q0, 5, r, q);
}

/* x = exp(x), any x */
static inline __attribute__((always_inline)) void lw_exp_any(lw_table table, v128_t *x) {
    v128_t t[LW_VECTORS], e[LW_VECTORS];
    const v128_t least = lw_constant(table, LW_C_MINUS_104), most = lw_constant(table, LW_C_104);
    LW_EACH(v) x[v] = lw_kept(lw_min(lw_max(x[v], least), most));
    lw_exp_split(table, x, LW_C_ROUND_254, t, e);
    lw_exp_reduce(table, x, e);
    lw_expm1_q(table, x, e);
    LW_EACH(v) e[v] = lw_kept(lw_madd(wasm_f32x4_mul(x[v], x[v]), e[v], x[v]));
    const v128_t one = lw_constant(table, LW_C_ONE);
    LW_EACH(v) e[v] = lw_kept(wasm_f32x4_add(e[v], one));
    LW_EACH(v) {
        const v128_t half = wasm_u32x4_shr(t[v], 1);
        e[v] = lw_kept(wasm_f32x4_mul(e[v], wasm_i32x4_shl(half, 23)));
        t[v] = lw_kept(wasm_i32x4_shl(wasm_i32x4_sub(t[v], half), 23));
    }
    LW_EACH(v) x[v] = wasm_f32x4_mul(e[v], t[v]);
}

/* x = exp(x) - 1, |x| <= 20 */
static inline __attribute__((always_inline)) void lw_expm1_small(lw_table table, v128_t *x) {
    v128_t t[LW_VECTORS], e[LW_VECTORS];
    lw_exp_split(table, x, LW_C_ROUND_127, t, e);
    const v128_t ln2 = lw_constant(table, LW_C_MINUS_LN2);
    LW_EACH(v) x[v] = lw_kept(lw_madd(e[v], ln2, x[v]));
    lw_expm1_q(table, x, e);
    LW_EACH(v) e[v] = lw_kept(lw_madd(wasm_f32x4_mul(x[v], x[v]), e[v], x[v]));
    const v128_t one = lw_constant(table, LW_C_ONE);
    LW_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    LW_EACH(v) x[v] = lw_kept(lw_madd(e[v], t[v], wasm_f32x4_sub(t[v], one)));
}

/* x = exp(x) - 1, any x */
static inline __attribute__((always_inline)) void lw_expm1_any(lw_table table, v128_t *x) {
    v128_t r[LW_VECTORS], t[LW_VECTORS], e[LW_VECTORS];
    const v128_t least = lw_constant(table, LW_C_MINUS_20), most = lw_constant(table, LW_C_89);
    LW_EACH(v) r[v] = lw_kept(lw_min(lw_max(x[v], least), most));
    lw_exp_split(table, r, LW_C_ROUND_126, t, e);
    lw_exp_reduce(table, r, e);
    lw_expm1_q(table, r, e);
    LW_EACH(v) e[v] = lw_kept(lw_madd(wasm_f32x4_mul(r[v], r[v]), e[v], r[v]));
    const v128_t half = lw_constant(table, LW_C_HALF), sign = lw_constant(table, LW_C_SIGN);
    LW_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    LW_EACH(v) {
        const v128_t rest = wasm_f32x4_sub(t[v], half);
        const v128_t result = wasm_f32x4_add(lw_madd(wasm_f32x4_add(e[v], e[v]), t[v], rest), rest);
        x[v] = lw_kept(wasm_v128_or(result, wasm_v128_and(x[v], sign)));
    }
}

/* x = log(1 + exp(x)) */
static inline __attribute__((always_inline)) void lw_softplus(lw_table table, v128_t *x) {
    v128_t r[LW_VECTORS], t[LW_VECTORS], e[LW_VECTORS], p[LW_VECTORS], q[LW_VECTORS];
    const v128_t least = lw_constant(table, LW_C_MINUS_88), sign = lw_constant(table, LW_C_SIGN);
    LW_EACH(v) r[v] = lw_kept(lw_max(wasm_v128_or(x[v], sign), least));
    lw_exp_split(table, r, LW_C_ROUND_127, t, e);
    lw_exp_reduce(table, r, e);
    lw_expm1_q(table, r, e);
    LW_EACH(v) e[v] = lw_kept(lw_madd(wasm_f32x4_mul(r[v], r[v]), e[v], r[v]));
    const v128_t one = lw_constant(table, LW_C_ONE), zero = wasm_f32x4_splat(0.0f);
    LW_EACH(v) e[v] = lw_kept(wasm_f32x4_mul(wasm_f32x4_add(e[v], one), wasm_i32x4_shl(t[v], 23)));
    lw_polynomial(table, LW_C_LOG1P_R0, 3, e, p);
    lw_polynomial(table, LW_C_LOG1P_Q0, 4, e, q);
    LW_EACH(v) {
        const v128_t less = wasm_f32x4_div(wasm_f32x4_mul(wasm_f32x4_mul(e[v], e[v]), p[v]), q[v]);
        x[v] = lw_kept(wasm_f32x4_add(lw_max(x[v], zero), wasm_f32x4_sub(e[v], less)));
    }
}

/* x = 1 / (1 + exp(-x)) */
static inline __attribute__((always_inline)) void lw_sigmoid(lw_table table, v128_t *x) {
    v128_t t[LW_VECTORS], square[LW_VECTORS], a[LW_VECTORS];
    const v128_t least = lw_constant(table, LW_C_MINUS_88), most = lw_constant(table, LW_C_40);
    LW_EACH(v) x[v] = lw_kept(lw_min(lw_max(x[v], least), most));
    lw_exp_split(table, x, LW_C_ROUND_127, t, square);
    lw_exp_reduce(table, x, square);
    LW_EACH(v) square[v] = lw_kept(wasm_f32x4_mul(x[v], x[v]));
    LW_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    const v128_t b0 = lw_constant(table, LW_C_B0), a0 = lw_constant(table, LW_C_A0), a1 = lw_constant(table, LW_C_A1);
    LW_EACH(v) x[v] = lw_kept(wasm_f32x4_mul(x[v], wasm_f32x4_add(square[v], b0)));
    LW_EACH(v) a[v] = lw_kept(lw_madd(square[v], a1, a0));
    LW_EACH(v) t[v] = lw_kept(wasm_f32x4_mul(t[v], wasm_f32x4_add(a[v], x[v])));
    LW_EACH(v) a[v] = lw_kept(wasm_f32x4_add(t[v], wasm_f32x4_sub(a[v], x[v])));
    LW_EACH(v) x[v] = lw_kept(wasm_f32x4_div(t[v], a[v]));
}

/* x = exp(x) for softmax, x <= 0 */
static inline __attribute__((always_inline)) void lw_exp_difference(lw_table table, v128_t *x) {
    v128_t t[LW_VECTORS], e[LW_VECTORS];
    const v128_t least = lw_constant(table, LW_C_MINUS_88);
    LW_EACH(v) x[v] = lw_kept(lw_max(x[v], least));
    lw_exp_split(table, x, LW_C_ROUND_127, t, e);
    const v128_t log2_e = lw_constant(table, LW_C_LOG2_E);
    LW_EACH(v) x[v] = lw_kept(lw_madd(x[v], log2_e, wasm_f32x4_neg(e[v])));
    LW_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    lw_polynomial(table, LW_C_E0, 6, x, e);
    LW_EACH(v) x[v] = lw_kept(wasm_f32x4_mul(e[v], t[v]));
}

#endif
