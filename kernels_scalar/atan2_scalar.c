/* SPDX-License-Identifier: MIT */
/*
 * Angles: the ATAN2 of binary_f32, and ASIN, ACOS and ATAN of unary_f32.
 *
 *   out[i] = atan2(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *   out[i] = f(x[i]) for i < n; out may be x
 *
 * In double precision, with which the result is rounded wrongly only where the exact one lies close to the middle of
 * two floats. All are the angle of a point (x, y): of (b, a), of (sqrt(1 - x^2), x), (x, sqrt(1 - x^2)) and (1, x).
 * With s the smaller and l the larger of |x| and |y|:
 *   atan(s / l) = atan(s / l) up to tan(pi / 8), else pi / 4 + atan((s - l) / (s + l)), so that |r| <= 0.4143 for the
 *   quotient r, of which a polynomial makes the angle (kernels/atan2.h).
 * The octant follows from which of the two is smaller and from their signs. Two zeros have the quotient 0, two
 * infinities 1.
 */
#include <math.h>

#include "kernels/atan2.h"
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

#include "lanewise/lanewise.h"

static const struct lw_atan2_constants *const constants = &lw_atan2_constants;

static int is_negative(float x) {
    return lw_bits(x) >> 31;
}
static double size_of(float x) {
    return (double)lw_from_bits(lw_bits(x) & 0x7fffffffu);
}

/* x, y >= 0; behind: x stands for -x. */
static double angle_of(double y, double x, int behind) {
    const int steep = x < y;
    const double small = steep ? x : y, large = steep ? y : x;
    const int far = small > constants->tan_8th * large;
    const double r = far ? (small - large) / (small + large) : small / large, z = r * r;
    double sum = constants->terms[LW_ATAN_TERMS - 1];
    for (size_t i = LW_ATAN_TERMS - 1; i-- > 0;) sum = sum * z + constants->terms[i];
    double result = sum * r + (far ? constants->quarter_pi : 0.0);
    if (steep) result = constants->half_pi - result;
    return behind ? constants->pi - result : result;
}

static float atan2_of(float a, float b) {
    if (a != a || b != b) return NAN;
    double y = size_of(a), x = size_of(b);
    if (y == (double)INFINITY && x == y) y = x = constants->one;
    if (y == 0.0 && x == y) x = constants->one;
    const float size = (float)angle_of(y, x, is_negative(b));
    return is_negative(a) ? -size : size;
}

static void atan2_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = atan2_of(a[i * a_step], b[i * b_step]);
}

/* sqrt(1 - x^2) */
static double other_side(double x) {
    return sqrt((constants->one - x) * (constants->one + x));
}

static void asin_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) {
        const float size = (float)angle_of(size_of(x[i]), other_side(size_of(x[i])), 0);
        out[i] = is_negative(x[i]) ? -size : size;
    }
}

static void acos_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)angle_of(other_side(size_of(x[i])), size_of(x[i]), is_negative(x[i]));
}

static void atan_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) {
        const float size = (float)angle_of(size_of(x[i]), constants->one, 0);
        out[i] = is_negative(x[i]) ? -size : size;
    }
}

void lw_scalar_atan2_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_ATAN2] = atan2_f32;
    kernels->unary_f32[LW_K_ASIN] = asin_;
    kernels->unary_f32[LW_K_ACOS] = acos_;
    kernels->unary_f32[LW_K_ATAN] = atan_;
}
