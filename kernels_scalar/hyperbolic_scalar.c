/* SPDX-License-Identifier: MIT */
/*
 * Hyperbolic functions of one element and their inverses: SINH, COSH, ASINH, ACOSH and ATANH of unary_f32.
 * out[i] = f(x[i]) for i < n; out may be x.
 *
 * In double precision, with which the result is rounded wrongly only where the exact one lies close to the middle of
 * two floats. All are made of two functions that lose nothing around 0, with a = |x|:
 *   m = exp(a) - 1 = 2^n (2^f - 1) + (2^n - 1), n + f = a log2(e), |f| <= 1/2
 *     sinh(a) = (m + m / (m + 1)) / 2, cosh(a) = ((m + 1) + 1 / (m + 1)) / 2
 *   log(1 + y) = ln 2 (k + log2(1 + g)), 1 + y = 2^k (1 + g): g = 2^-k y + (2^-k - 1) loses nothing of y
 *     asinh(a) = log(1 + y), y = a + a^2 / (1 + sqrt(a^2 + 1))
 *     acosh(x) = log(1 + y), y = (x - 1) + sqrt(x - 1) sqrt(x + 1)
 *     atanh(a) = log(1 + y) / 2, y = 2 a / (1 - a)
 */
#include "kernels_scalar/double_scalar.h"
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

#include <math.h>

static const struct lw_pow_constants *const constants = &lw_pow_constants;

static double size_of(float x) {
    return (double)lw_from_bits(lw_bits(x) & 0x7fffffffu);
}
static float with_sign_of(float x, double size) {
    return lw_from_bits(lw_bits((float)size) | (lw_bits(x) & 0x80000000u));
}

static double expm1_of(double x) {
    const double t = lw_within(x * constants->log2_e, constants->most), rounded = t + constants->round;
    const double f = t - (rounded - constants->round);
    const double power = lw_double_from_bits((lw_double_bits(rounded) << 52) + constants->one_bits);
    return (lw_exp2_sum(f) * f) * power + (power - constants->one);
}

static float sinh_of(float x) {
    const double m = expm1_of(size_of(x));
    return with_sign_of(x, (m + m / (m + constants->one)) * constants->half);
}

static float cosh_of(float x) {
    const double e = expm1_of(size_of(x)) + constants->one;
    return (float)((e + constants->one / e) * constants->half);
}

/* y >= 0, infinite or NaN; NaN below 0. */
static double log1p_of(double y) {
    if (!(y < constants->infinity)) return y;
    if (y < 0.0) return (double)NAN;
    const uint64_t power = lw_double_bits(y + constants->one) + constants->half_root_to_one;
    const uint64_t exponent = power & constants->exponent_bits; /* k + 1023 */
    const double k = lw_double_from_bits(power >> 52 | constants->to_52_bits) - constants->to_52_1023;
    const double scale = lw_double_from_bits(2 * constants->one_bits - exponent);
    const double g = y * scale + (scale - constants->one);
    const double s = g / (g + constants->two);
    return (lw_log2_sum(s * s) * s + k) * constants->ln_2;
}

static float asinh_of(float x) {
    const double a = size_of(x), root = sqrt(a * a + constants->one);
    double part = a / (root + constants->one);
    if (!(part < constants->one)) part = constants->one; /* of infinity */
    return with_sign_of(x, log1p_of(a + a * part));
}

static float acosh_of(float x) {
    const double less = (double)x - constants->one, more = (double)x + constants->one;
    return (float)log1p_of(less + sqrt(less) * sqrt(more));
}

static float atanh_of(float x) {
    const double a = size_of(x);
    return with_sign_of(x, log1p_of((a + a) / (constants->one - a)) * constants->half);
}

static void sinh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = sinh_of(x[i]);
}

static void cosh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = cosh_of(x[i]);
}

static void asinh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = asinh_of(x[i]);
}

static void acosh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = acosh_of(x[i]);
}

static void atanh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = atanh_of(x[i]);
}

void lw_scalar_hyperbolic_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_SINH] = sinh_;
    kernels->unary_f32[LW_K_COSH] = cosh_;
    kernels->unary_f32[LW_K_ASINH] = asinh_;
    kernels->unary_f32[LW_K_ACOSH] = acosh_;
    kernels->unary_f32[LW_K_ATANH] = atanh_;
}
