/* SPDX-License-Identifier: MIT */
/*
 * x to the power of y: the POW of binary_f32.
 *
 *   out[i] = a[i * a_step] ^ b[i * b_step] for i < n, steps 0 or 1
 *
 * The operations of kernels_scalar/pow_scalar.c, which explains them. What only zeros, infinities, NaN and negative
 * bases need is behind a branch.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels_simd128/install.h"
#include "kernels_simd128/pow_simd128.h"

#include "lanewise/lanewise.h"

/* log2 of finite x > 0, in its place. */
static inline __attribute__((always_inline)) void log2_of(v128_t x[2], const struct lw_pow_constants *constants) {
    v128_t k[2], s[2], z[2], sum[2];
    LW_PAIRS(p) {
        const v128_t power = wasm_i64x2_add(x[p], lw_bits64(&constants->half_root_to_one));
        k[p] = wasm_v128_or(wasm_u64x2_shr(power, 52), lw_bits64(&constants->to_52_bits));
        k[p] = wasm_f64x2_sub(k[p], lw_double(&constants->to_52_1023));
        const v128_t exponent = wasm_v128_and(power, lw_bits64(&constants->exponent_bits));
        const v128_t m = wasm_i64x2_add(wasm_i64x2_sub(x[p], exponent), lw_bits64(&constants->one_bits));
        s[p] = wasm_f64x2_div(wasm_f64x2_sub(m, lw_double(&constants->one)),
                              wasm_f64x2_add(m, lw_double(&constants->one)));
        lw_keep(&s[p]);
    }
    LW_PAIRS(p) {
        z[p] = wasm_f64x2_mul(s[p], s[p]);
    }
    lw_log2_sum(z, sum, constants);
    LW_PAIRS(p) x[p] = wasm_f64x2_add(wasm_f64x2_mul(sum[p], s[p]), k[p]);
}

/* 2^t, |t| <= most, in its place. */
static inline __attribute__((always_inline)) void exp2_of(v128_t t[2], const struct lw_pow_constants *constants) {
    v128_t power[2], f[2], sum[2];
    LW_PAIRS(p) {
        const v128_t rounded = wasm_f64x2_add(t[p], lw_double(&constants->round));
        f[p] = wasm_f64x2_sub(t[p], wasm_f64x2_sub(rounded, lw_double(&constants->round)));
        power[p] = wasm_i64x2_shl(rounded, 52);
        lw_keep(&f[p]);
    }
    lw_exp2_sum(f, sum, constants);
    lw_double_horner(sum, f, &constants->one);
    LW_PAIRS(p) t[p] = wasm_i64x2_add(sum[p], power[p]);
}

/* The logarithms of zeros and infinities. */
static __attribute__((noinline)) void special_logarithms(v128_t size, v128_t logarithm[2]) {
    const v128_t huge = wasm_f64x2_splat(lw_pow_constants.huge);
    v128_t x[2];
    lw_promote(size, x);
    LW_PAIRS(p) {
        const v128_t not_0 =
            wasm_v128_bitselect(wasm_f64x2_neg(huge), logarithm[p], wasm_f64x2_eq(x[p], wasm_f64x2_splat(0.0)));
        logarithm[p] = wasm_v128_bitselect(huge, not_0, wasm_f64x2_eq(x[p], wasm_f64x2_splat((double)INFINITY)));
    }
}

/* |x|^y made x^y, with what is NaN or 1. */
static __attribute__((noinline)) v128_t special_results(v128_t x, v128_t y, v128_t result) {
    const v128_t sign = wasm_f32x4_splat(-0.0f), zero = wasm_f32x4_splat(0.0f), one = wasm_f32x4_splat(1.0f);
    const v128_t half = wasm_f32x4_mul(y, wasm_f32x4_splat(0.5f));
    const v128_t is_integer = wasm_f32x4_eq(wasm_f32x4_floor(y), y);
    const v128_t is_odd = wasm_v128_and(is_integer, wasm_f32x4_ne(wasm_f32x4_floor(half), half));
    result = wasm_v128_xor(result, wasm_v128_and(wasm_v128_and(x, sign), is_odd));
    const v128_t negative = wasm_v128_and(wasm_f32x4_lt(x, zero), wasm_f32x4_gt(x, wasm_f32x4_splat(-INFINITY)));
    const v128_t unordered = wasm_v128_or(wasm_f32x4_ne(x, x), wasm_f32x4_ne(y, y));
    result = wasm_v128_or(result, wasm_v128_or(unordered, wasm_v128_andnot(negative, is_integer)));
    const v128_t is_one = wasm_v128_or(wasm_f32x4_eq(y, zero), wasm_f32x4_eq(x, one));
    return wasm_v128_bitselect(one, result, is_one);
}

static inline __attribute__((always_inline)) v128_t power(v128_t x, v128_t y, v128_t zero, v128_t infinity, v128_t two,
                                                          const struct lw_pow_constants *constants) {
    const v128_t size = wasm_f32x4_abs(x), y_size = wasm_f32x4_abs(y);
    const v128_t plain = wasm_v128_and(wasm_v128_and(wasm_f32x4_gt(x, zero), wasm_f32x4_lt(x, infinity)),
                                       wasm_f32x4_lt(y_size, infinity));
    const bool is_special = !wasm_i32x4_all_true(plain);

    v128_t t[2], factor[2];
    lw_promote(size, t);
    log2_of(t, constants);
    lw_promote(y, factor);
    if (is_special) {
        special_logarithms(size, t);
        LW_PAIRS(p) factor[p] = lw_within(factor[p], lw_double(&constants->huge));
    }
    LW_PAIRS(p) t[p] = lw_within(wasm_f64x2_mul(factor[p], t[p]), lw_double(&constants->most));
    exp2_of(t, constants);
    v128_t result = lw_demote(t);
    if (is_special) result = special_results(x, y, result);
    return wasm_v128_bitselect(wasm_f32x4_mul(x, x), result, wasm_f32x4_eq(y, two));
}

static void power_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    if (n == 0) return;
    const struct lw_pow_constants *constants = lw_hidden_pow_constants();
    const v128_t zero = lw_splat(0.0f), infinity = lw_splat(INFINITY), two = lw_splat(2.0f);
    const v128_t a0 = wasm_v128_load32_splat(a), b0 = wasm_v128_load32_splat(b);
    for (size_t i = 0; i < n; i += 4) {
        v128_t x = a0, y = b0;
        if (a_step) x = lw_load_some(a + i, n - i);
        if (b_step) y = lw_load_some(b + i, n - i);
        lw_store_some(out + i, power(x, y, zero, infinity, two, constants), n - i);
    }
}

static void power_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = lw_power_of_int(a[i * a_step], b[i * b_step]);
}

void lw_simd128_pow_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_POW] = power_f32;
    kernels->binary_i32[LW_BINARY_POW] = power_i32;
}
