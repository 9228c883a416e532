/* SPDX-License-Identifier: MIT */
/*
 * Angles: the ATAN2 of binary_f32, and ASIN, ACOS and ATAN of unary_f32.
 *
 *   out[i] = atan2(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *   out[i] = f(x[i]) for i < n; out may be x
 *
 * The operations of kernels_scalar/atan2_scalar.c, which explains them.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels/atan2.h"
#include "kernels_simd128/double_simd128.h"
#include "kernels_simd128/install.h"

#include "lanewise/lanewise.h"

/* The angles of four points in the first quadrant, of those behind mirrored at the vertical axis. small and large are
 * the smaller and the larger of their coordinates, steep where the smaller is x. */
static inline __attribute__((always_inline)) v128_t angle_of(const v128_t small[2], const v128_t large[2],
                                                             const v128_t steep[2], v128_t behind,
                                                             const struct lw_atan2_constants *constants) {
    v128_t mirrored[2], base[2], r[2], z[2], sum[2];
    lw_widen(behind, mirrored);
    LW_PAIRS(p) {
        const v128_t far = wasm_f64x2_gt(small[p], wasm_f64x2_mul(lw_double(&constants->tan_8th), large[p]));
        base[p] = wasm_v128_and(far, lw_double(&constants->quarter_pi));
        const v128_t numerator = wasm_f64x2_sub(small[p], wasm_v128_and(far, large[p]));
        r[p] = wasm_f64x2_div(numerator, wasm_f64x2_add(large[p], wasm_v128_and(far, small[p])));
        z[p] = wasm_f64x2_mul(r[p], r[p]);
        sum[p] = lw_double(&constants->terms[LW_ATAN_TERMS - 1]);
        lw_keep(&z[p]);
    }
    for (size_t i = LW_ATAN_TERMS - 1; i-- > 0;) lw_double_horner(sum, z, &constants->terms[i]);
    LW_PAIRS(p) {
        v128_t result = wasm_f64x2_add(wasm_f64x2_mul(sum[p], r[p]), base[p]);
        result = wasm_v128_bitselect(wasm_f64x2_sub(lw_double(&constants->half_pi), result), result, steep[p]);
        sum[p] = wasm_v128_bitselect(wasm_f64x2_sub(lw_double(&constants->pi), result), result, mirrored[p]);
    }
    return lw_demote(sum);
}

static inline __attribute__((always_inline)) v128_t atan2_of(v128_t a, v128_t b,
                                                             const struct lw_atan2_constants *constants) {
    const v128_t y = wasm_f32x4_abs(a), x = wasm_f32x4_abs(b), one = wasm_f32x4_splat(1.0f);
    const v128_t is_steep = wasm_f32x4_lt(x, y);
    v128_t least = wasm_v128_bitselect(x, y, is_steep), most = wasm_v128_bitselect(y, x, is_steep);
    const v128_t infinite = wasm_f32x4_eq(least, wasm_f32x4_splat(INFINITY));
    least = wasm_v128_bitselect(one, least, infinite);
    most = wasm_v128_bitselect(one, most, wasm_v128_or(infinite, wasm_f32x4_eq(most, wasm_f32x4_splat(0.0f))));
    v128_t small[2], large[2], steep[2];
    lw_promote(least, small);
    lw_promote(most, large);
    lw_widen(is_steep, steep);
    const v128_t size = angle_of(small, large, steep, wasm_i32x4_shr(b, 31), constants);
    const v128_t result = wasm_v128_xor(size, wasm_v128_and(a, wasm_f32x4_splat(-0.0f)));
    return wasm_v128_or(result, wasm_v128_or(wasm_f32x4_ne(a, a), wasm_f32x4_ne(b, b)));
}

static inline const struct lw_atan2_constants *hidden_constants(void) {
    const struct lw_atan2_constants *constants = &lw_atan2_constants;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(constants)); /* or the compiler knows them */
#endif
    return constants;
}

static void atan2_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    if (n == 0) return;
    const struct lw_atan2_constants *constants = hidden_constants();
    const v128_t a0 = wasm_v128_load32_splat(a), b0 = wasm_v128_load32_splat(b);
    for (size_t i = 0; i < n; i += 4) {
        const size_t lanes = n - i;
        const v128_t y = a_step ? lw_load_some(a + i, lanes) : a0, x = b_step ? lw_load_some(b + i, lanes) : b0;
        lw_store_some(out + i, atan2_of(y, x, constants), lanes);
    }
}

enum function { ASIN, ACOS, ATAN };

static inline __attribute__((always_inline)) v128_t arc(v128_t v, enum function function,
                                                        const struct lw_atan2_constants *constants) {
    const v128_t sign = wasm_f32x4_splat(-0.0f), one = lw_double(&constants->one);
    v128_t y[2], steep[2], small[2], large[2];
    lw_promote(wasm_v128_andnot(v, sign), y);
    LW_PAIRS(p) {
        v128_t x = one;
        if (function != ATAN) x = wasm_f64x2_sqrt(wasm_f64x2_mul(wasm_f64x2_sub(one, y[p]), wasm_f64x2_add(one, y[p])));
        if (function == ACOS) {
            const v128_t other = x;
            x = y[p];
            y[p] = other;
        }
        steep[p] = wasm_f64x2_lt(x, y[p]);
        small[p] = wasm_v128_bitselect(x, y[p], steep[p]);
        large[p] = wasm_v128_bitselect(y[p], x, steep[p]);
    }
    const bool even = function == ACOS;
    const v128_t behind = even ? wasm_i32x4_shr(v, 31) : wasm_i32x4_splat(0);
    const v128_t size = angle_of(small, large, steep, behind, constants);
    return even ? size : wasm_v128_or(size, wasm_v128_and(v, sign));
}

/* One copy of the code: which function it is, branches decide that are always taken alike. */
static __attribute__((noinline)) void run(size_t n, const float *x, float *out, enum function function) {
    const struct lw_atan2_constants *constants = hidden_constants();
    for (; n > 0; x += 4, out += 4) {
        const size_t lanes = n < 4 ? n : 4;
        lw_store_some(out, arc(lw_load_some(x, lanes), lw_unknown(function), constants), lanes);
        n -= lanes;
    }
}

static void asin_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, ASIN);
}

static void acos_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, ACOS);
}

static void atan_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    run(n, x, out, ATAN);
}

void lw_simd128_atan2_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_ATAN2] = atan2_f32;
    kernels->unary_f32[LW_K_ASIN] = asin_;
    kernels->unary_f32[LW_K_ACOS] = acos_;
    kernels->unary_f32[LW_K_ATAN] = atan_;
}
