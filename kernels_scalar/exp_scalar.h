/* SPDX-License-Identifier: MIT */
/*
 * exp and exp - 1 of one element, shared by the unary family and softmax. Our own, so that every tier rounds alike:
 *
 *   n = x / ln 2 rounded to nearest, r = x - n ln 2, so |r| <= ln 2 / 2 and exp(x) = 2^n exp(r)
 *   expm1(r) = r + r^2 q(r), q the polynomial of kernels/exp.h
 *
 * n comes from adding 1.5 * 2^23: that rounds to an integer (ties to even), which then sits in the low bits of the
 * sum, and a shift by 23 makes it an exponent; the exponent's bias is added together with the 1.5 * 2^23. ln 2 is
 * subtracted in two parts, the first with few enough bits for n * LW_LN2_HIGH to be exact.
 */
#ifndef LW_EXP_SCALAR_H
#define LW_EXP_SCALAR_H

#include <stdint.h>
#include <string.h>

#include "kernels/exp.h"

static inline uint32_t lw_bits(float x) {
    uint32_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}
static inline float lw_from_bits(uint32_t b) {
    float x;
    memcpy(&x, &b, sizeof x);
    return x;
}

/* b < a ? b : a and a < b ? b : a: a NaN in a survives. */
static inline float lw_scalar_min(float a, float b) {
    return b < a ? b : a;
}
static inline float lw_scalar_max(float a, float b) {
    return a < b ? b : a;
}

/* exp(x - n ln 2) - 1 */
static inline float lw_expm1_reduced(float x, float n) {
    float r = n * -LW_LN2_HIGH + x;
    r = n * -LW_LN2_LOW + r;
    float q = LW_EXP_Q4 * r + LW_EXP_Q3;
    q = q * r + LW_EXP_Q2;
    q = q * r + LW_EXP_Q1;
    q = q * r + LW_EXP_Q0;
    return (r * r) * q + r;
}

/* exp of any x: 0 from -104 down, denormals above that, infinity above 88.7. 2^n alone would not fit a float at either
 * end, so it is two factors, 2^floor(n / 2) and 2^ceil(n / 2); only the second multiplication rounds. */
static inline float lw_exp_any(float x) {
    x = lw_scalar_min(lw_scalar_max(x, -104.0f), 104.0f);
    float t = x * LW_LOG2_E + (LW_ROUND + 254.0f);
    float n = t - (LW_ROUND + 254.0f);
    uint32_t exponents = lw_bits(t), half = exponents >> 1;
    float e = (lw_expm1_reduced(x, n) + 1.0f) * lw_from_bits(half << 23);
    return e * lw_from_bits((exponents - half) << 23);
}

/* exp of x <= 0, the same bits as lw_exp_any at less work: 2^(n + 64) always fits. */
static inline float lw_exp_negative(float x) {
    x = lw_scalar_max(x, -104.0f);
    float t = x * LW_LOG2_E + (LW_ROUND + 191.0f);
    float n = t - (LW_ROUND + 191.0f);
    return (lw_expm1_reduced(x, n) + 1.0f) * lw_from_bits(lw_bits(t) << 23) * 0x1p-64f;
}

/* exp(x) - 1 for |x| <= 20, without cancellation: 2^n (exp(r) - 1) + (2^n - 1). */
static inline float lw_expm1_small(float x) {
    float t = x * LW_LOG2_E + (LW_ROUND + 127.0f);
    float n = t - (LW_ROUND + 127.0f);
    float power = lw_from_bits(lw_bits(t) << 23);
    return lw_expm1_reduced(x, n) * power + (power - 1.0f);
}

#endif
