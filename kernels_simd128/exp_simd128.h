/* SPDX-License-Identifier: MIT */
/*
 * exp and exp - 1 of vectors, shared by the unary family and softmax: the operations of kernels_scalar/exp_scalar.h,
 * which explains them, in the same order.
 *
 * Each function works on LW_EXP_VECTORS vectors step by step, so that a constant is fetched once for all of them. The
 * constants come from memory: there are more than registers, and a v128.const inside of a loop costs V8 three
 * instructions each time (a function took three times as long with them).
 */
#ifndef LW_EXP_SIMD128_H
#define LW_EXP_SIMD128_H

#include "kernels/exp.h"
#include "kernels/simd.h"

enum { LW_EXP_VECTORS = 4 };

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
    LW_C_EXP_CONSTANTS
};

#define LW_FOUR(x)                                                                                                     \
    { x, x, x, x }
static const float lw_exp_constants[LW_C_EXP_CONSTANTS][4] = {
    [LW_C_LOG2_E] = LW_FOUR(LW_LOG2_E),
    [LW_C_MINUS_LN2_HIGH] = LW_FOUR(-LW_LN2_HIGH),
    [LW_C_MINUS_LN2_LOW] = LW_FOUR(-LW_LN2_LOW),
    [LW_C_MINUS_LN2] = LW_FOUR(-LW_LN2),
    [LW_C_Q0] = LW_FOUR(LW_EXP_Q0),
    [LW_C_Q1] = LW_FOUR(LW_EXP_Q1),
    [LW_C_Q2] = LW_FOUR(LW_EXP_Q2),
    [LW_C_Q3] = LW_FOUR(LW_EXP_Q3),
    [LW_C_Q4] = LW_FOUR(LW_EXP_Q4),
    [LW_C_ONE] = LW_FOUR(1.0f),
    [LW_C_TWO] = LW_FOUR(2.0f),
    [LW_C_ROUND_127] = LW_FOUR(LW_ROUND + 127.0f),
    [LW_C_ROUND_254] = LW_FOUR(LW_ROUND + 254.0f),
    [LW_C_A0] = LW_FOUR(LW_EXP_A0),
    [LW_C_A1] = LW_FOUR(LW_EXP_A1),
    [LW_C_B0] = LW_FOUR(LW_EXP_B0),
    [LW_C_E0] = LW_FOUR(LW_EXP2_E0),
    [LW_C_E1] = LW_FOUR(LW_EXP2_E1),
    [LW_C_E2] = LW_FOUR(LW_EXP2_E2),
    [LW_C_E3] = LW_FOUR(LW_EXP2_E3),
    [LW_C_E4] = LW_FOUR(LW_EXP2_E4),
    [LW_C_E5] = LW_FOUR(LW_EXP2_E5),
    [LW_C_MINUS_88] = LW_FOUR(-88.0f),
    [LW_C_40] = LW_FOUR(40.0f),
    [LW_C_MINUS_20] = LW_FOUR(-20.0f),
    [LW_C_20] = LW_FOUR(20.0f),
    [LW_C_MINUS_104] = LW_FOUR(-104.0f),
    [LW_C_104] = LW_FOUR(104.0f),
    [LW_C_SIGN] = LW_FOUR(-0.0f),
    [LW_C_3] = LW_FOUR(3.0f),
    [LW_C_6] = LW_FOUR(6.0f),
    [LW_C_6TH] = LW_FOUR(1.0f / 6.0f),
};
#undef LW_FOUR

/* Where the constants are, in a way that keeps the compiler from knowing them. */
typedef const float (*lw_exp_table)[4];
static inline lw_exp_table lw_exp_load_table(void) {
    lw_exp_table table = lw_exp_constants;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(table));
#endif
    return table;
}
static inline __attribute__((always_inline)) v128_t lw_exp_k(lw_exp_table table, enum lw_exp_constant k) {
    return wasm_v128_load(table[k]);
}

#define LW_EXP_EACH(v) for (size_t v = 0; v < LW_EXP_VECTORS; v++)

/* The value as it is, computed here: lw_keep for expressions. */
static inline __attribute__((always_inline)) v128_t lw_kept(v128_t v) {
    lw_keep(&v);
    return v;
}

/* q = q r + k */
static inline __attribute__((always_inline)) void lw_exp_horner(v128_t *q, const v128_t *r, v128_t k) {
    LW_EXP_EACH(v) q[v] = lw_kept(lw_madd(q[v], r[v], k));
}

/* With n = x / ln 2 rounded to an integer: t has n in its low bits, above those of `round`. */
static inline __attribute__((always_inline)) void lw_exp_split(lw_exp_table table, const v128_t *x,
                                                               enum lw_exp_constant round, v128_t *t, v128_t *n) {
    const v128_t log2_e = lw_exp_k(table, LW_C_LOG2_E), shift = lw_exp_k(table, round);
    LW_EXP_EACH(v) t[v] = lw_kept(lw_madd(x[v], log2_e, shift));
    LW_EXP_EACH(v) n[v] = lw_kept(wasm_f32x4_sub(t[v], shift));
}

/* x = x - n ln 2, in two parts */
static inline __attribute__((always_inline)) void lw_exp_reduce(lw_exp_table table, v128_t *x, const v128_t *n) {
    const v128_t high = lw_exp_k(table, LW_C_MINUS_LN2_HIGH), low = lw_exp_k(table, LW_C_MINUS_LN2_LOW);
    LW_EXP_EACH(v) x[v] = lw_kept(lw_madd(n[v], high, x[v]));
    LW_EXP_EACH(v) x[v] = lw_kept(lw_madd(n[v], low, x[v]));
}

static inline __attribute__((always_inline)) void lw_expm1_q(lw_exp_table table, const v128_t *r, v128_t *q) {
    const v128_t q4 = lw_exp_k(table, LW_C_Q4), q3 = lw_exp_k(table, LW_C_Q3);
    LW_EXP_EACH(v) q[v] = lw_kept(lw_madd(q4, r[v], q3));
    lw_exp_horner(q, r, lw_exp_k(table, LW_C_Q2));
    lw_exp_horner(q, r, lw_exp_k(table, LW_C_Q1));
    lw_exp_horner(q, r, lw_exp_k(table, LW_C_Q0));
}

/* x = exp(x), any x */
static inline __attribute__((always_inline)) void lw_exp_any(lw_exp_table table, v128_t *x) {
    v128_t t[LW_EXP_VECTORS], e[LW_EXP_VECTORS];
    const v128_t least = lw_exp_k(table, LW_C_MINUS_104), most = lw_exp_k(table, LW_C_104);
    LW_EXP_EACH(v) x[v] = lw_kept(lw_min(lw_max(x[v], least), most));
    lw_exp_split(table, x, LW_C_ROUND_254, t, e);
    lw_exp_reduce(table, x, e);
    lw_expm1_q(table, x, e);
    LW_EXP_EACH(v) e[v] = lw_kept(lw_madd(wasm_f32x4_mul(x[v], x[v]), e[v], x[v]));
    const v128_t one = lw_exp_k(table, LW_C_ONE);
    LW_EXP_EACH(v) e[v] = lw_kept(wasm_f32x4_add(e[v], one));
    LW_EXP_EACH(v) {
        const v128_t half = wasm_u32x4_shr(t[v], 1);
        e[v] = lw_kept(wasm_f32x4_mul(e[v], wasm_i32x4_shl(half, 23)));
        t[v] = lw_kept(wasm_i32x4_shl(wasm_i32x4_sub(t[v], half), 23));
    }
    LW_EXP_EACH(v) x[v] = wasm_f32x4_mul(e[v], t[v]);
}

/* x = exp(x) - 1, |x| <= 20 */
static inline __attribute__((always_inline)) void lw_expm1_small(lw_exp_table table, v128_t *x) {
    v128_t t[LW_EXP_VECTORS], e[LW_EXP_VECTORS];
    lw_exp_split(table, x, LW_C_ROUND_127, t, e);
    const v128_t ln2 = lw_exp_k(table, LW_C_MINUS_LN2);
    LW_EXP_EACH(v) x[v] = lw_kept(lw_madd(e[v], ln2, x[v]));
    lw_expm1_q(table, x, e);
    LW_EXP_EACH(v) e[v] = lw_kept(lw_madd(wasm_f32x4_mul(x[v], x[v]), e[v], x[v]));
    const v128_t one = lw_exp_k(table, LW_C_ONE);
    LW_EXP_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    LW_EXP_EACH(v) x[v] = lw_kept(lw_madd(e[v], t[v], wasm_f32x4_sub(t[v], one)));
}

/* x = 1 / (1 + exp(-x)) */
static inline __attribute__((always_inline)) void lw_sigmoid(lw_exp_table table, v128_t *x) {
    v128_t t[LW_EXP_VECTORS], square[LW_EXP_VECTORS], a[LW_EXP_VECTORS];
    const v128_t least = lw_exp_k(table, LW_C_MINUS_88), most = lw_exp_k(table, LW_C_40);
    LW_EXP_EACH(v) x[v] = lw_kept(lw_min(lw_max(x[v], least), most));
    lw_exp_split(table, x, LW_C_ROUND_127, t, square);
    lw_exp_reduce(table, x, square);
    LW_EXP_EACH(v) square[v] = lw_kept(wasm_f32x4_mul(x[v], x[v]));
    LW_EXP_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    const v128_t b0 = lw_exp_k(table, LW_C_B0), a0 = lw_exp_k(table, LW_C_A0), a1 = lw_exp_k(table, LW_C_A1);
    LW_EXP_EACH(v) x[v] = lw_kept(wasm_f32x4_mul(x[v], wasm_f32x4_add(square[v], b0)));
    LW_EXP_EACH(v) a[v] = lw_kept(lw_madd(square[v], a1, a0));
    LW_EXP_EACH(v) t[v] = lw_kept(wasm_f32x4_mul(t[v], wasm_f32x4_add(a[v], x[v])));
    LW_EXP_EACH(v) a[v] = lw_kept(wasm_f32x4_add(t[v], wasm_f32x4_sub(a[v], x[v])));
    LW_EXP_EACH(v) x[v] = lw_kept(wasm_f32x4_div(t[v], a[v]));
}

/* x = exp(x) for softmax, x <= 0 */
static inline __attribute__((always_inline)) void lw_exp_difference(lw_exp_table table, v128_t *x) {
    v128_t t[LW_EXP_VECTORS], e[LW_EXP_VECTORS];
    const v128_t least = lw_exp_k(table, LW_C_MINUS_88);
    LW_EXP_EACH(v) x[v] = lw_kept(lw_max(x[v], least));
    lw_exp_split(table, x, LW_C_ROUND_127, t, e);
    const v128_t log2_e = lw_exp_k(table, LW_C_LOG2_E);
    LW_EXP_EACH(v) x[v] = lw_kept(lw_madd(x[v], log2_e, wasm_f32x4_neg(e[v])));
    LW_EXP_EACH(v) t[v] = lw_kept(wasm_i32x4_shl(t[v], 23));
    const v128_t e5 = lw_exp_k(table, LW_C_E5), e4 = lw_exp_k(table, LW_C_E4);
    LW_EXP_EACH(v) e[v] = lw_kept(lw_madd(e5, x[v], e4));
    lw_exp_horner(e, x, lw_exp_k(table, LW_C_E3));
    lw_exp_horner(e, x, lw_exp_k(table, LW_C_E2));
    lw_exp_horner(e, x, lw_exp_k(table, LW_C_E1));
    lw_exp_horner(e, x, lw_exp_k(table, LW_C_E0));
    LW_EXP_EACH(v) x[v] = lw_kept(wasm_f32x4_mul(e[v], t[v]));
}

#endif
