/* SPDX-License-Identifier: MIT */
/* The constants of pow and of hyperbolic functions, which every tier shares; kernels_scalar/pow_scalar.c and
 * hyperbolic_scalar.c explain their use. */
#ifndef LW_POW_H
#define LW_POW_H

#include <math.h>
#include <stdint.h>

enum { LW_LOG2_TERMS = 8, LW_EXP2_TERMS = 10 };

struct lw_pow_constants {
    double log2[LW_LOG2_TERMS], exp2[LW_EXP2_TERMS];
    double one, two, half, infinity;
    double log2_e, ln_2;
    double huge;                      /* for log2 of infinity */
    double most;                      /* 2^most is infinite as a float, 2^-most is 0 */
    double round;                     /* added to |x| < 2^51, leaves x rounded to an integer in the low bits */
    double to_52_1023;                /* 2^52 + 1023 */
    uint64_t one_bits, exponent_bits; /* of 1, and the field of the exponent */
    uint64_t to_52_bits;              /* of 2^52 */
    uint64_t half_root_to_one;        /* from the bits of sqrt(1/2) to those of 1 */
};

static const struct lw_pow_constants lw_pow_constants = {
    /* 2 / ((2 i + 1) ln 2) */
    .log2 =
        {
            0x1.71547652b82fep+1,
            0x1.ec709dc3a03fdp-1,
            0x1.2776c50ef9bfep-1,
            0x1.a61762a7aded9p-2,
            0x1.484b13d7c02a9p-2,
            0x1.0c9a84994022dp-2,
            0x1.c68f568d31760p-3,
            0x1.89f3b1694cffep-3,
        },
    /* (ln 2)^i / i! */
    .exp2 =
        {
            0x1.0000000000000p+0,
            0x1.62e42fefa39efp-1,
            0x1.ebfbdff82c58fp-3,
            0x1.c6b08d704a0c0p-5,
            0x1.3b2ab6fba4e77p-7,
            0x1.5d87fe78a6731p-10,
            0x1.430912f86c787p-13,
            0x1.ffcbfc588b0c7p-17,
            0x1.62c0223a5c824p-20,
            0x1.b5253d395e7c4p-24,
        },
    .one = 1.0,
    .two = 2.0,
    .half = 0.5,
    .log2_e = 0x1.71547652b82fep+0,
    .ln_2 = 0x1.62e42fefa39efp-1,
    .infinity = (double)INFINITY,
    .huge = 1e300,
    .most = 200.0,
    .round = 0x1.8p52,
    .to_52_1023 = 0x1p52 + 1023.0,
    .one_bits = 0x3ff0000000000000,
    .exponent_bits = 0x7ff0000000000000,
    .to_52_bits = 0x4330000000000000,
    .half_root_to_one = 0x3ff0000000000000 - 0x3fe6a09e667f3bcd,
};

/* By squaring, unsigned, which wraps around. A negative power of another number than 1 and -1 truncates to 0. */
static inline int32_t lw_power_of_int(int32_t x, int32_t y) {
    if (y < 0 && x != 1 && x != -1) return 0;
    uint32_t result = 1, square = (uint32_t)x;
    for (uint32_t rest = (uint32_t)y; rest; rest >>= 1, square *= square) /* of -1 only the lowest bit of y counts */
        if (rest & 1) result *= square;
    return (int32_t)result;
}

#endif
