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
#include "kernels/log.h"

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

/* q of the expm1 above */
static inline float lw_expm1_q(float r) {
    float q = LW_EXP_Q4 * r + LW_EXP_Q3;
    q = q * r + LW_EXP_Q2;
    q = q * r + LW_EXP_Q1;
    return q * r + LW_EXP_Q0;
}

/* 2^f, |f| <= 1/2 */
static inline float lw_exp2_fraction(float f) {
    float e = LW_EXP2_E5 * f + LW_EXP2_E4;
    e = e * f + LW_EXP2_E3;
    e = e * f + LW_EXP2_E2;
    e = e * f + LW_EXP2_E1;
    return e * f + LW_EXP2_E0;
}

/* exp of any x: 0 from -104 down, denormals above that, infinity above 88.7. 2^n alone would not fit a float at either
 * end, so it is two factors, 2^floor(n / 2) and 2^ceil(n / 2); only the second multiplication rounds. */
static inline float lw_exp_any(float x) {
    x = lw_scalar_min(lw_scalar_max(x, -104.0f), 104.0f);
    float t = x * LW_LOG2_E + (LW_ROUND + 254.0f);
    float n = t - (LW_ROUND + 254.0f);
    float r = n * -LW_LN2_HIGH + x;
    r = n * -LW_LN2_LOW + r;
    uint32_t exponents = lw_bits(t), half = exponents >> 1;
    float e = ((r * r) * lw_expm1_q(r) + r) + 1.0f;
    return e * lw_from_bits(half << 23) * lw_from_bits((exponents - half) << 23);
}

/* exp(x) - 1 for |x| <= 20, without cancellation: 2^n (exp(r) - 1) + (2^n - 1). One product with ln 2 is enough: what it
 * lacks is an absolute error of exp(x) where that is under 1, and elu and tanh lose most of it where it is more. */
static inline float lw_expm1_small(float x) {
    float t = x * LW_LOG2_E + (LW_ROUND + 127.0f);
    float n = t - (LW_ROUND + 127.0f);
    float power = lw_from_bits(lw_bits(t) << 23);
    float r = n * -LW_LN2 + x;
    float e = (r * r) * lw_expm1_q(r) + r;
    return e * power + (power - 1.0f);
}

/* exp(x) - 1 of any x: 2^n (exp(r) - 1) + (2^n - 1) again, where 2^n may not fit a float but half of it does. */
static inline float lw_expm1_any(float x) {
    float d = lw_scalar_min(lw_scalar_max(x, -20.0f), 89.0f);
    float t = d * LW_LOG2_E + (LW_ROUND + 126.0f);
    float n = t - (LW_ROUND + 126.0f);
    float r = n * -LW_LN2_HIGH + d;
    r = n * -LW_LN2_LOW + r;
    float e = (r * r) * lw_expm1_q(r) + r;
    float half = lw_from_bits(lw_bits(t) << 23), rest = half - 0.5f;
    float result = ((e + e) * half + rest) + rest;
    return lw_from_bits(lw_bits(result) | (lw_bits(x) & 0x80000000u)); /* of -0 */
}

/* log(1 + exp(x)) = max(x, 0) + log1p(e), e = exp(-|x|), with the fraction of kernels/log.h. Below -87.7 e is 0. */
static inline float lw_softplus(float x) {
    float d = lw_scalar_max(lw_from_bits(lw_bits(x) | 0x80000000u), -88.0f);
    float t = d * LW_LOG2_E + (LW_ROUND + 127.0f);
    float n = t - (LW_ROUND + 127.0f);
    float r = n * -LW_LN2_HIGH + d;
    r = n * -LW_LN2_LOW + r;
    float e = (((r * r) * lw_expm1_q(r) + r) + 1.0f) * lw_from_bits(lw_bits(t) << 23);
    float p = (LW_LOG1P_R2 * e + LW_LOG1P_R1) * e + LW_LOG1P_R0;
    float q = ((LW_LOG1P_Q3 * e + LW_LOG1P_Q2) * e + LW_LOG1P_Q1) * e + 1.0f;
    return lw_scalar_max(x, 0.0f) + (e - (e * e) * p / q);
}

/* 1 / (1 + exp(-x)) as E / (1 + E), E = exp(x) = 2^n (A + R) / (A - R) with R = r B: a fraction takes two operations
 * less than a polynomial of the same accuracy, and there is a division anyhow. The result is 1 long before 40; below
 * -87.7 n is -127, its power 0, and so is the result. */
static inline float lw_sigmoid(float x) {
    x = lw_scalar_min(lw_scalar_max(x, -88.0f), 40.0f);
    float t = x * LW_LOG2_E + (LW_ROUND + 127.0f);
    float n = t - (LW_ROUND + 127.0f);
    float r = n * -LW_LN2_HIGH + x;
    r = n * -LW_LN2_LOW + r;
    float square = r * r, a = square * LW_EXP_A1 + LW_EXP_A0, b = r * (square + LW_EXP_B0);
    float e = lw_from_bits(lw_bits(t) << 23) * (a + b);
    return e / (e + (a - b));
}

/* exp(d) for softmax, d <= 0 the difference of two numbers: as 2^(d log2(e)), whose exponent is split by a subtraction.
 * That has an error of |d| 2^-24, relative to exp(d), which is no more than what rounding the difference cost already.
 * Below -87.7 it is 0. */
static inline float lw_exp_difference(float d) {
    d = lw_scalar_max(d, -88.0f);
    float t = d * LW_LOG2_E + (LW_ROUND + 127.0f);
    float f = d * LW_LOG2_E - (t - (LW_ROUND + 127.0f));
    return lw_exp2_fraction(f) * lw_from_bits(lw_bits(t) << 23);
}

#endif
