/* SPDX-License-Identifier: MIT */
/* What the functions that are evaluated in double precision share: the polynomials of kernels/pow.h, and bits. */
#ifndef LW_DOUBLE_SCALAR_H
#define LW_DOUBLE_SCALAR_H

#include <stddef.h>
#include <string.h>

#include "kernels/pow.h"

static inline uint64_t lw_double_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline double lw_double_from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* min(max(x, -bound), bound) */
static inline double lw_within(double x, double bound) {
    if (x < -bound) x = -bound;
    return bound < x ? bound : x;
}

/* With s = (m - 1) / (m + 1) and z = s^2: log2(m) = s times this. */
static inline double lw_log2_sum(double z) {
    double sum = lw_pow_constants.log2[LW_LOG2_TERMS - 1];
    for (size_t i = LW_LOG2_TERMS - 1; i-- > 0;) sum = sum * z + lw_pow_constants.log2[i];
    return sum;
}

/* 2^f = 1 + f times this, |f| <= 1/2. */
static inline double lw_exp2_sum(double f) {
    double sum = lw_pow_constants.exp2[LW_EXP2_TERMS - 1];
    for (size_t i = LW_EXP2_TERMS - 1; i-- > 1;) sum = sum * f + lw_pow_constants.exp2[i];
    return sum;
}

#endif
