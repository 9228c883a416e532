/* SPDX-License-Identifier: MIT */
/* The polynomials of kernels/pow.h on two pairs of doubles: what kernels_scalar/double_scalar.h has. */
#ifndef LW_POW_SIMD128_H
#define LW_POW_SIMD128_H

#include "kernels/pow.h"
#include "kernels_simd128/double_simd128.h"

/* Eight bytes from memory in both lanes. */
static inline __attribute__((always_inline)) v128_t lw_bits64(const uint64_t *x) {
    return wasm_v128_load64_splat(x);
}

/* Keeps the compiler from knowing the constants. */
static inline const struct lw_pow_constants *lw_hidden_pow_constants(void) {
    const struct lw_pow_constants *constants = &lw_pow_constants;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(constants));
#endif
    return constants;
}

static inline __attribute__((always_inline)) void lw_log2_sum(const v128_t z[2], v128_t sum[2],
                                                              const struct lw_pow_constants *constants) {
    LW_PAIRS(p) sum[p] = lw_double(&constants->log2[LW_LOG2_TERMS - 1]);
    for (size_t i = LW_LOG2_TERMS - 1; i-- > 0;) lw_double_horner(sum, z, &constants->log2[i]);
}

static inline __attribute__((always_inline)) void lw_exp2_sum(const v128_t f[2], v128_t sum[2],
                                                              const struct lw_pow_constants *constants) {
    LW_PAIRS(p) sum[p] = lw_double(&constants->exp2[LW_EXP2_TERMS - 1]);
    for (size_t i = LW_EXP2_TERMS - 1; i-- > 1;) lw_double_horner(sum, f, &constants->exp2[i]);
}

#endif
