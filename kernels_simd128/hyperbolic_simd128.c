/* SPDX-License-Identifier: MIT */
/*
 * Hyperbolic functions of one element and their inverses: SINH, COSH, ASINH, ACOSH and ATANH of unary_f32.
 * out[i] = f(x[i]) for i < n; out may be x.
 *
 * The operations of kernels_scalar/hyperbolic_scalar.c, which explains them.
 */
#include <stdbool.h>

#include "kernels_simd128/install.h"
#include "kernels_simd128/pow_simd128.h"

enum function { SINH, COSH, ASINH, ACOSH, ATANH };

/* x = exp(x) - 1, x >= 0 */
static inline __attribute__((always_inline)) void expm1_of(v128_t x[2], const struct lw_pow_constants *constants) {
    v128_t power[2], sum[2];
    const v128_t round = lw_double(&constants->round), one = lw_double(&constants->one);
    LW_PAIRS(p) {
        x[p] = lw_within(wasm_f64x2_mul(x[p], lw_double(&constants->log2_e)), lw_double(&constants->most));
        power[p] = wasm_f64x2_add(x[p], round);
        x[p] = wasm_f64x2_sub(x[p], wasm_f64x2_sub(power[p], round));
        lw_keep(&x[p]);
    }
    lw_exp2_sum(x, sum, constants);
    LW_PAIRS(p) {
        power[p] = wasm_i64x2_add(wasm_i64x2_shl(power[p], 52), one);
        x[p] = wasm_f64x2_mul(wasm_f64x2_mul(sum[p], x[p]), power[p]);
        x[p] = wasm_f64x2_add(x[p], wasm_f64x2_sub(power[p], one));
    }
}

/* y = log(1 + y), y >= 0 or infinite; NaN otherwise */
static inline __attribute__((always_inline)) void log1p_of(v128_t y[2], const struct lw_pow_constants *constants) {
    v128_t k[2], s[2], z[2], sum[2];
    const v128_t one = lw_double(&constants->one), two = lw_double(&constants->two);
    LW_PAIRS(p) {
        const v128_t power = wasm_i64x2_add(wasm_f64x2_add(y[p], one), lw_bits64(&constants->half_root_to_one));
        const v128_t exponent = wasm_v128_and(power, lw_bits64(&constants->exponent_bits));
        k[p] = wasm_v128_or(wasm_u64x2_shr(power, 52), lw_bits64(&constants->to_52_bits));
        k[p] = wasm_f64x2_sub(k[p], lw_double(&constants->to_52_1023));
        const v128_t scale = wasm_i64x2_sub(wasm_i64x2_add(one, one), exponent);
        const v128_t g = wasm_f64x2_add(wasm_f64x2_mul(y[p], scale), wasm_f64x2_sub(scale, one));
        s[p] = wasm_f64x2_div(g, wasm_f64x2_add(g, two));
        z[p] = wasm_f64x2_mul(s[p], s[p]);
        lw_keep(&z[p]);
    }
    lw_log2_sum(z, sum, constants);
    const v128_t infinity = lw_double(&constants->infinity), zero = wasm_f64x2_splat(0.0);
    LW_PAIRS(p) {
        const v128_t log2 = wasm_f64x2_add(wasm_f64x2_mul(sum[p], s[p]), k[p]);
        const v128_t finite = wasm_f64x2_mul(log2, lw_double(&constants->ln_2));
        const v128_t result = wasm_v128_bitselect(finite, y[p], wasm_f64x2_lt(y[p], infinity));
        y[p] = wasm_v128_or(result, wasm_f64x2_lt(y[p], zero));
    }
}

static inline __attribute__((always_inline)) v128_t hyperbolic(v128_t x, enum function function,
                                                               const struct lw_pow_constants *constants) {
    const v128_t sign = wasm_f32x4_splat(-0.0f), one = lw_double(&constants->one), half = lw_double(&constants->half);
    v128_t a[2];
    lw_promote(function == ACOSH ? x : wasm_v128_andnot(x, sign), a);
    if (function <= COSH) {
        expm1_of(a, constants);
        LW_PAIRS(p) {
            const v128_t e = wasm_f64x2_add(a[p], one);
            if (function == COSH) a[p] = e;
            a[p] = wasm_f64x2_add(a[p], wasm_f64x2_div(function == COSH ? one : a[p], e));
            a[p] = wasm_f64x2_mul(a[p], half);
        }
    } else {
        LW_PAIRS(p) {
            if (function == ASINH) {
                const v128_t root = wasm_f64x2_sqrt(wasm_f64x2_add(wasm_f64x2_mul(a[p], a[p]), one));
                const v128_t part = wasm_f64x2_pmin(one, wasm_f64x2_div(a[p], wasm_f64x2_add(root, one)));
                a[p] = wasm_f64x2_add(a[p], wasm_f64x2_mul(a[p], part));
            } else if (function == ACOSH) {
                const v128_t less = wasm_f64x2_sub(a[p], one), more = wasm_f64x2_add(a[p], one);
                const v128_t root = wasm_f64x2_mul(wasm_f64x2_sqrt(less), wasm_f64x2_sqrt(more));
                a[p] = wasm_f64x2_add(less, root);
            } else {
                a[p] = wasm_f64x2_div(wasm_f64x2_add(a[p], a[p]), wasm_f64x2_sub(one, a[p]));
            }
        }
        log1p_of(a, constants);
        if (function == ATANH) LW_PAIRS(p) a[p] = wasm_f64x2_mul(a[p], half);
    }
    const bool odd = function != COSH && function != ACOSH;
    return odd ? wasm_v128_or(lw_demote(a), wasm_v128_and(x, sign)) : lw_demote(a);
}

/* One copy of the code: which function it is, branches decide that are always taken alike. */
static __attribute__((noinline)) void run(size_t n, const float *x, float *out, enum function function) {
    const struct lw_pow_constants *constants = lw_hidden_pow_constants();
    for (; n > 0; x += 4, out += 4) {
        const size_t lanes = n < 4 ? n : 4;
        lw_store_some(out, hyperbolic(lw_load_some(x, lanes), lw_unknown(function), constants), lanes);
        n -= lanes;
    }
}

static void sinh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, SINH);
}

static void cosh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, COSH);
}

static void asinh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, ASINH);
}

static void acosh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, ACOSH);
}

static void atanh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, ATANH);
}

void lw_simd128_hyperbolic_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_SINH] = sinh_;
    kernels->unary_f32[LW_K_COSH] = cosh_;
    kernels->unary_f32[LW_K_ASINH] = asinh_;
    kernels->unary_f32[LW_K_ACOSH] = acosh_;
    kernels->unary_f32[LW_K_ATANH] = atanh_;
}
