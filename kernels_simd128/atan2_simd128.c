/* SPDX-License-Identifier: MIT */
/*
 * The angle of the point (b, a): the ATAN2 of binary_f32.
 *
 *   out[i] = atan2(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *
 * The operations of kernels_scalar/atan2_scalar.c, which explains them, on two doubles at a time, and for two such pairs
 * step by step, so that a constant is fetched once for both. The constants come from memory, as those of pow do.
 */
#include <math.h>

#include "kernels/atan2.h"
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#include "lanewise/lanewise.h"

#define CONSTANT(name) wasm_v128_load64_splat(&constants->name)
#define PAIRS for (size_t p = 0; p < 2; p++)

/* A mask of four floats as two of doubles. */
static inline __attribute__((always_inline)) void widen(v128_t mask, v128_t pairs[2]) {
    pairs[0] = wasm_i64x2_extend_low_i32x4(mask);
    pairs[1] = wasm_i64x2_extend_high_i32x4(mask);
}

static inline __attribute__((always_inline)) v128_t angle(v128_t a, v128_t b,
                                                          const struct lw_atan2_constants *constants) {
    const v128_t y = wasm_f32x4_abs(a), x = wasm_f32x4_abs(b), one = wasm_f32x4_splat(1.0f);
    const v128_t steep = wasm_f32x4_lt(x, y);
    v128_t least = lw_select(x, y, steep), most = lw_select(y, x, steep);
    const v128_t infinite = wasm_f32x4_eq(least, wasm_f32x4_splat(INFINITY));
    least = lw_select(one, least, infinite);
    most = lw_select(one, most, wasm_v128_or(infinite, wasm_f32x4_eq(most, wasm_f32x4_splat(0.0f))));

    v128_t small[2], large[2], swapped[2], behind[2], base[2], r[2], z[2], sum[2];
    lw_promote(least, small);
    lw_promote(most, large);
    widen(steep, swapped);
    widen(wasm_i32x4_shr(b, 31), behind);
    PAIRS {
        const v128_t far = wasm_f64x2_gt(small[p], wasm_f64x2_mul(CONSTANT(tan_8th), large[p]));
        base[p] = wasm_v128_and(far, CONSTANT(quarter_pi));
        const v128_t numerator = wasm_f64x2_sub(small[p], wasm_v128_and(far, large[p]));
        r[p] = wasm_f64x2_div(numerator, wasm_f64x2_add(large[p], wasm_v128_and(far, small[p])));
        z[p] = wasm_f64x2_mul(r[p], r[p]);
        sum[p] = CONSTANT(terms[LW_ATAN_TERMS - 1]);
        lw_keep(&z[p]);
    }
    for (size_t i = LW_ATAN_TERMS - 1; i-- > 0;) {
        const v128_t term = CONSTANT(terms[i]);
        PAIRS {
            sum[p] = wasm_f64x2_add(wasm_f64x2_mul(sum[p], z[p]), term);
            lw_keep(&sum[p]);
        }
    }
    PAIRS {
        v128_t result = wasm_f64x2_add(wasm_f64x2_mul(sum[p], r[p]), base[p]);
        result = lw_select(wasm_f64x2_sub(CONSTANT(half_pi), result), result, swapped[p]);
        sum[p] = lw_select(wasm_f64x2_sub(CONSTANT(pi), result), result, behind[p]);
    }
    const v128_t signed_ = wasm_v128_xor(lw_demote(sum), wasm_v128_and(a, wasm_f32x4_splat(-0.0f)));
    return wasm_v128_or(signed_, wasm_v128_or(wasm_f32x4_ne(a, a), wasm_f32x4_ne(b, b)));
}

static void atan2_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    if (n == 0) return;
    const struct lw_atan2_constants *constants = &lw_atan2_constants;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(constants)); /* or the compiler knows them */
#endif
    const v128_t a0 = wasm_v128_load32_splat(a), b0 = wasm_v128_load32_splat(b);
    for (size_t i = 0; i < n; i += 4) {
        v128_t y = a0, x = b0;
        if (a_step) y = lw_load_some(a + i, n - i);
        if (b_step) x = lw_load_some(b + i, n - i);
        lw_store_some(out + i, angle(y, x, constants), n - i);
    }
}

void lw_simd128_atan2_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_ATAN2] = atan2_f32;
}
