/* SPDX-License-Identifier: MIT */
/*
 * x to the power of y: the POW of binary_f32 and binary_i32.
 *
 *   out[i] = a[i * a_step] ^ b[i * b_step] for i < n, steps 0 or 1
 *
 * float32: 2^(y log2 |x|) in double precision, with which the result is rounded wrongly only where the exact one lies
 * within 2^-35 of the middle of two floats.
 *   |x| = m 2^k with m in sqrt(1/2) to sqrt(2), log2 m = (2 / ln 2) artanh(s), s = (m - 1) / (m + 1), |s| < 0.172:
 *   eight terms of artanh's series leave 2^-44. 2^t = 2^n 2^f with n an integer and |f| <= 1/2: ten terms leave 2^-37.
 * The special cases are those of IEEE 754's pow; they follow from a large number for log2 of 0 and of infinity.
 * y = 2 is x * x.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels_scalar/double_scalar.h"
#include "kernels_scalar/install.h"

#include "lanewise/lanewise.h"

static const struct lw_pow_constants *const constants = &lw_pow_constants;

/* x >= 0 */
static double log2_of(double x) {
    if (x == 0.0) return -constants->huge;
    if (x == constants->infinity) return constants->huge;
    const uint64_t power = lw_double_bits(x) + constants->half_root_to_one; /* its exponent field is k + 1023 */
    const double k = lw_double_from_bits(power >> 52 | constants->to_52_bits) - constants->to_52_1023;
    const double m = lw_double_from_bits(lw_double_bits(x) - (power & constants->exponent_bits) + constants->one_bits);
    const double s = (m - 1.0) / (m + 1.0), z = s * s;
    return lw_log2_sum(z) * s + k;
}

/* |t| <= most */
static double exp2_of(double t) {
    const double rounded = t + constants->round, f = t - (rounded - constants->round);
    const double sum = lw_exp2_sum(f) * f + constants->one;
    return lw_double_from_bits(lw_double_bits(sum) + (lw_double_bits(rounded) << 52));
}

static float power(float x, float y) {
    if (y == 2.0f) return x * x;
    if (y == 0.0f || x == 1.0f) return 1.0f;
    if (x != x || y != y) return NAN;
    const bool is_integer = floorf(y) == y, is_odd = is_integer && floorf(y * 0.5f) != y * 0.5f;
    if (x < 0.0f && x > -INFINITY && !is_integer) return NAN;
    const double logarithm = log2_of(x < 0.0f ? -(double)x : (double)x);
    const float size = (float)exp2_of(lw_within(lw_within((double)y, constants->huge) * logarithm, constants->most));
    return is_odd && lw_double_bits((double)x) >> 63 ? -size : size;
}

static void power_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = power(a[i * a_step], b[i * b_step]);
}

static void power_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = lw_power_of_int(a[i * a_step], b[i * b_step]);
}

void lw_scalar_pow_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_POW] = power_f32;
    kernels->binary_i32[LW_BINARY_POW] = power_i32;
}
