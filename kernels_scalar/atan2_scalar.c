/* SPDX-License-Identifier: MIT */
/*
 * The angle of the point (b, a): the ATAN2 of binary_f32.
 *
 *   out[i] = atan2(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *
 * In double precision, with which the result is rounded wrongly only where the exact one lies close to the middle of two
 * floats. With s the smaller and l the larger of |a| and |b|:
 *   atan(s / l) = atan(s / l) up to tan(pi / 8), else pi / 4 + atan((s - l) / (s + l)), so that |r| <= 0.4143 for the
 *   quotient r; thirteen terms of the series r - r^3 / 3 + r^5 / 5 ... leave 2^-37 of it.
 * The octant follows from which of the two is smaller and from their signs. Two zeros have the quotient 0, two infinities 1.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/atan2.h"
#include "kernels_scalar/install.h"

#include "lanewise/lanewise.h"

static const struct lw_atan2_constants *const constants = &lw_atan2_constants;

static int is_negative(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 31;
}

static float angle(float a, float b) {
    if (a != a || b != b) return NAN;
    const float y = is_negative(a) ? -a : a, x = is_negative(b) ? -b : b;
    double small = (double)(x < y ? x : y), large = (double)(x < y ? y : x);
    if (small == (double)INFINITY) small = large = constants->one;
    if (large == 0.0) large = constants->one;
    const int far = small > constants->tan_8th * large;
    const double r = far ? (small - large) / (small + large) : small / large, z = r * r;
    double sum = constants->terms[LW_ATAN_TERMS - 1];
    for (size_t i = LW_ATAN_TERMS - 1; i-- > 0;) sum = sum * z + constants->terms[i];
    double result = sum * r + (far ? constants->quarter_pi : 0.0);
    if (x < y) result = constants->half_pi - result;
    if (is_negative(b)) result = constants->pi - result;
    return is_negative(a) ? -(float)result : (float)result;
}

static void atan2_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = angle(a[i * a_step], b[i * b_step]);
}

void lw_scalar_atan2_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_ATAN2] = atan2_f32;
}
