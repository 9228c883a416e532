/* SPDX-License-Identifier: MIT */
/*
 * Logarithms of one element: LOG and LOG1P of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * The operations of kernels_scalar/log_scalar.c, which explains them, in the same order. Blocks with a number that is
 * not in the domain, infinite, or denormal go to the scalar kernels.
 */
#include <math.h>

#include "kernels/exp.h"
#include "kernels/log.h"
#include "kernels_simd128/install.h"
#include "kernels_simd128/loop_simd128.h"

enum { MINUS_HALF, L0, L1, L2, L3, L4, L5, L6, L7, LN2_LOW, LN2_HIGH, ONE, LEAST, MOST, MINUS_ONE, LARGE, CONSTANTS };
static const float constants[CONSTANTS][4] = {
    [MINUS_HALF] = LW_FOUR(-0.5f),
    [L0] = LW_FOUR(LW_LOG_L0),
    [L1] = LW_FOUR(LW_LOG_L1),
    [L2] = LW_FOUR(LW_LOG_L2),
    [L3] = LW_FOUR(LW_LOG_L3),
    [L4] = LW_FOUR(LW_LOG_L4),
    [L5] = LW_FOUR(LW_LOG_L5),
    [L6] = LW_FOUR(LW_LOG_L6),
    [L7] = LW_FOUR(LW_LOG_L7),
    [LN2_LOW] = LW_FOUR(LW_LN2_LOW),
    [LN2_HIGH] = LW_FOUR(LW_LN2_HIGH),
    [ONE] = LW_FOUR(1.0f),
    [LEAST] = LW_FOUR(0x1p-126f),
    [MOST] = LW_FOUR(0x1.fffffep127f),
    [MINUS_ONE] = LW_FOUR(-0x1.fffffep-1f), /* almost */
    [LARGE] = LW_FOUR(LW_LOG1P_LARGE),
};

static inline __attribute__((always_inline)) void log_of_parts(lw_table table, const v128_t *f, const v128_t *k,
                                                               v128_t *result) {
    v128_t p[LW_VECTORS];
    lw_polynomial(table, MINUS_HALF, 9, f, p);
    const v128_t low = lw_constant(table, LN2_LOW), high = lw_constant(table, LN2_HIGH);
    LW_EACH(v) p[v] = lw_kept(lw_madd(wasm_f32x4_mul(f[v], f[v]), p[v], wasm_f32x4_mul(k[v], low)));
    LW_EACH(v) result[v] = lw_kept(lw_madd(k[v], high, wasm_f32x4_add(p[v], f[v])));
}

/* Whether a number is outside of least to most. */
static inline __attribute__((always_inline)) bool any_outside(const v128_t *x, v128_t least, v128_t most) {
    v128_t inside = wasm_v128_and(wasm_f32x4_ge(x[0], least), wasm_f32x4_le(x[0], most));
    for (size_t v = 1; v < LW_VECTORS; v++)
        inside = wasm_v128_and(inside, wasm_v128_and(wasm_f32x4_ge(x[v], least), wasm_f32x4_le(x[v], most)));
    return !wasm_i32x4_all_true(inside);
}

/* exponent = k in the exponent's bits, k = k */
static inline __attribute__((always_inline)) void exponents_of(const v128_t *x, v128_t *exponent, v128_t *k) {
    const v128_t two_thirds = wasm_i32x4_splat((int32_t)LW_TWO_THIRDS), field = wasm_i32x4_splat(-0x800000);
    LW_EACH(v) exponent[v] = lw_kept(wasm_v128_and(wasm_i32x4_sub(x[v], two_thirds), field));
    LW_EACH(v) k[v] = lw_kept(wasm_f32x4_convert_i32x4(wasm_i32x4_shr(exponent[v], 23)));
}

static inline __attribute__((always_inline)) void log_op(lw_table table, v128_t *x) {
    v128_t k[LW_VECTORS], f[LW_VECTORS];
    exponents_of(x, f, k);
    const v128_t one = lw_constant(table, ONE);
    LW_EACH(v) f[v] = lw_kept(wasm_f32x4_sub(wasm_i32x4_sub(x[v], f[v]), one));
    log_of_parts(table, f, k, x);
}
static inline __attribute__((always_inline)) bool log_is_rare(lw_table table, const v128_t *x) {
    return any_outside(x, lw_constant(table, LEAST), lw_constant(table, MOST));
}
static void log_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    lw_loop(n, x, out, constants, log_op, log_is_rare, lw_scalar_log);
}

static inline __attribute__((always_inline)) void log1p_op(lw_table table, v128_t *x) {
    v128_t k[LW_VECTORS], f[LW_VECTORS], sum[LW_VECTORS];
    const v128_t one = lw_constant(table, ONE), sign = wasm_f32x4_splat(-0.0f);
    LW_EACH(v) sum[v] = lw_kept(wasm_f32x4_add(one, x[v]));
    exponents_of(sum, f, k);
    LW_EACH(v) {
        const v128_t scale = wasm_i32x4_sub(one, f[v]);
        f[v] = lw_kept(lw_madd(scale, x[v], wasm_f32x4_sub(scale, one)));
    }
    log_of_parts(table, f, k, sum);
    LW_EACH(v) x[v] = wasm_v128_or(sum[v], wasm_v128_and(x[v], sign)); /* of a zero */
}
static inline __attribute__((always_inline)) bool log1p_is_rare(lw_table table, const v128_t *x) {
    return any_outside(x, lw_constant(table, MINUS_ONE), lw_constant(table, LARGE));
}
static void log1p_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    lw_loop(n, x, out, constants, log1p_op, log1p_is_rare, lw_scalar_log1p);
}

void lw_simd128_log_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_LOG] = log_;
    kernels->unary_f32[LW_K_LOG1P] = log1p_;
}
