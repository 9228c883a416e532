/* SPDX-License-Identifier: MIT */
/*
 * Logarithms of one element: LOG and LOG1P of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * x = 2^k (1 + f), 2/3 <= 1 + f < 4/3, and log(x) = k ln 2 + log(1 + f). The exponent k comes from the bits of x less
 * those of 2/3. Where k is not 0 nothing cancels, since |log(1 + f)| < 0.41; where it is, f is exact. ln 2 is two
 * numbers, the first with few enough bits for k times it to be exact. The polynomial is in kernels/log.h.
 */
#include <math.h>

#include "kernels/log.h"
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

static inline float log_of_parts(float f, float k) {
    float p = LW_LOG_L7 * f + LW_LOG_L6;
    p = p * f + LW_LOG_L5;
    p = p * f + LW_LOG_L4;
    p = p * f + LW_LOG_L3;
    p = p * f + LW_LOG_L2;
    p = p * f + LW_LOG_L1;
    p = p * f + LW_LOG_L0;
    p = p * f + -0.5f;
    p = (f * f) * p + k * LW_LN2_LOW;
    return k * LW_LN2_HIGH + (p + f);
}

/* The bits of x less k in the exponent, for normal x > 0. */
static inline uint32_t exponent_of(float x) {
    return (lw_bits(x) - LW_TWO_THIRDS) & 0xff800000u;
}

static float log_of(float x) {
    if (!(x < INFINITY)) return x; /* or a NaN */
    if (x <= 0.0f) return x < 0.0f ? NAN : -INFINITY;
    float k = 0.0f;
    if (x < 0x1p-126f) {
        x *= 0x1p23f;
        k = -23.0f;
    }
    const uint32_t exponent = exponent_of(x);
    return log_of_parts(lw_from_bits(lw_bits(x) - exponent) - 1.0f, (float)((int32_t)exponent >> 23) + k);
}

/* With k of 1 + x, f = 2^-k x + (2^-k - 1): what rounding 1 + x loses is not lost. log1p(-0) is -0. */
static float log1p_of(float x) {
    if (!(x < INFINITY) || x == 0.0f) return x;
    if (x <= -1.0f) return x < -1.0f ? NAN : -INFINITY;
    if (x > LW_LOG1P_LARGE) return log_of(x); /* 2^-k would be denormal */
    const uint32_t exponent = exponent_of(1.0f + x);
    const float scale = lw_from_bits(0x3f800000u - exponent);
    return log_of_parts(scale * x + (scale - 1.0f), (float)((int32_t)exponent >> 23));
}

void lw_scalar_log(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = log_of(x[i]);
}

void lw_scalar_log1p(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = log1p_of(x[i]);
}

void lw_scalar_log_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_LOG] = lw_scalar_log;
    kernels->unary_f32[LW_K_LOG1P] = lw_scalar_log1p;
}
