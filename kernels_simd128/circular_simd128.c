/* SPDX-License-Identifier: MIT */
/*
 * Sine, cosine and tangent of one element: SIN, COS and TAN of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * The operations of kernels_scalar/circular_scalar.c, which explains them. Four elements with one above 2^20 among
 * them, or one that is not finite, go to the scalar kernels.
 */
#include "kernels/circular.h"
#include "kernels_simd128/double_simd128.h"
#include "kernels_simd128/install.h"

enum function { SIN, COS, TAN };

static inline __attribute__((always_inline)) v128_t circular(v128_t x, enum function function,
                                                             const struct lw_circular_constants *constants) {
    v128_t r[2], quadrant[2], square[2], s[2], c[2];
    lw_promote(x, r);
    const v128_t round = lw_double(&constants->round);
    const v128_t high = lw_double(&constants->half_pi_high), low = lw_double(&constants->half_pi_low);
    LW_PAIRS(p) {
        quadrant[p] = wasm_f64x2_add(wasm_f64x2_mul(r[p], lw_double(&constants->two_over_pi)), round);
        const v128_t q = wasm_f64x2_sub(quadrant[p], round);
        r[p] = wasm_f64x2_sub(wasm_f64x2_sub(r[p], wasm_f64x2_mul(q, high)), wasm_f64x2_mul(q, low));
        lw_keep(&r[p]);
    }
    LW_PAIRS(p) {
        square[p] = wasm_f64x2_mul(r[p], r[p]);
        s[p] = lw_double(&constants->sine[LW_SINE_TERMS - 1]);
        c[p] = lw_double(&constants->cosine[LW_SINE_TERMS - 1]);
    }
    for (size_t i = LW_SINE_TERMS - 1; i-- > 0;) {
        lw_double_horner(s, square, &constants->sine[i]);
        lw_double_horner(c, square, &constants->cosine[i]);
    }
    lw_double_horner(s, square, &constants->one);
    lw_double_horner(c, square, &constants->one);

    const v128_t turns = wasm_i64x2_splat(function == COS), one = wasm_i64x2_splat(1), two = wasm_i64x2_splat(2);
    LW_PAIRS(p) {
        s[p] = wasm_f64x2_mul(r[p], s[p]);
        quadrant[p] = wasm_i64x2_add(quadrant[p], turns);
        const v128_t odd = wasm_i64x2_neg(wasm_v128_and(quadrant[p], one));
        v128_t result = wasm_v128_bitselect(c[p], s[p], odd), negative = wasm_v128_and(quadrant[p], two);
        if (function == TAN) {
            result = wasm_f64x2_div(result, wasm_v128_bitselect(s[p], c[p], odd));
            negative = odd;
        }
        s[p] = wasm_v128_xor(result, wasm_i64x2_shl(negative, function == TAN ? 63 : 62));
    }
    return lw_demote(s);
}

/* One copy of the code: which function it is, a branch decides that is always taken alike. */
static __attribute__((noinline)) void run(size_t n, const float *x, float *out, enum function function,
                                          lw_unary_f32_fn *rare) {
    const struct lw_circular_constants *constants = &lw_circular_constants;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(constants)); /* or the compiler knows them */
#endif
    const v128_t most = lw_splat(LW_CIRCULAR_MOST);
    for (; n > 0; x += 4, out += 4) {
        const size_t lanes = n < 4 ? n : 4;
        const v128_t v = lw_load_some(x, lanes);
        if (wasm_i32x4_all_true(wasm_f32x4_le(wasm_f32x4_abs(v), most)))
            lw_store_some(out, circular(v, lw_unknown(function), constants), lanes);
        else
            rare(lanes, 0.0f, x, out);
        n -= lanes;
    }
}

static void sin_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, SIN, lw_scalar_sin);
}

static void cos_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, COS, lw_scalar_cos);
}

static void tan_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, TAN, lw_scalar_tan);
}

void lw_simd128_circular_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_SIN] = sin_;
    kernels->unary_f32[LW_K_COS] = cos_;
    kernels->unary_f32[LW_K_TAN] = tan_;
}
