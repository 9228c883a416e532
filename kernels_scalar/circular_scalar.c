/* SPDX-License-Identifier: MIT */
/*
 * Sine, cosine and tangent of one element: SIN, COS and TAN of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * In double precision, with which the result is rounded wrongly only where the exact one lies close to the middle of
 * two floats. x = q pi / 2 + r, |r| <= pi / 4, and f(x) is the sine or cosine of r, or their quotient, with a sign
 * that depends on q, of which two bits count.
 *   Up to 2^20, q < 2^20 times the first 33 bits of pi / 2 is exact, and so is its difference from x; the rest of
 *   pi / 2 leaves an error of 2^-66 in r, which is no less than 2^-30 for any float.
 *   Beyond, x = m 2^e with an integer m < 2^24, and of the bits of 2 / pi only those 96 count for x 2 / pi that follow
 *   the first e - 2: those before make multiples of 4. m times these, modulo 2^96, is x 2 / pi modulo 4.
 */
#include "kernels/circular.h"
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

#include <math.h>

static const struct lw_circular_constants *const constants = &lw_circular_constants;

struct reduced {
    double r;
    uint32_t quadrant;
};

static struct reduced reduce_large(float x) {
    /* 32 zeros, then the bits of 2 / pi. */
    static const uint32_t bits_of_two_over_pi[8] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                                    0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
    const uint32_t bits = lw_bits(x) & 0x7fffffffu;
    const uint64_t mantissa = (bits & 0x7fffffu) | 0x800000u;
    const uint32_t start = (bits >> 23) - 150 - 2 + 32, shift = start % 32;
    uint64_t window[3];
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t *word = bits_of_two_over_pi + start / 32 + i;
        window[i] = (((uint64_t)word[0] << 32 | word[1]) << shift) >> 32;
    }
    const uint64_t product = (mantissa * window[0] << 32) + mantissa * window[1] + (mantissa * window[2] >> 32);
    const uint64_t quadrant = (product + ((uint64_t)1 << 61)) >> 62; /* rounded */
    const double r = (double)(int64_t)(product - (quadrant << 62)) * (0x1.921fb54442d18p+0 * 0x1p-62);
    if (x < 0.0f) return (struct reduced){-r, -(uint32_t)quadrant};
    return (struct reduced){r, (uint32_t)quadrant};
}

static struct reduced reduce(float x) {
    const double rounded = (double)x * constants->two_over_pi + constants->round, q = rounded - constants->round;
    uint64_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    return (struct reduced){((double)x - q * constants->half_pi_high) - q * constants->half_pi_low, (uint32_t)bits};
}

struct circle {
    double sine, cosine;
    uint32_t quadrant;
};
static struct circle circle_of(float x) {
    const float size = lw_from_bits(lw_bits(x) & 0x7fffffffu);
    const struct reduced reduced = size <= LW_CIRCULAR_MOST ? reduce(x) : reduce_large(x);
    const double square = reduced.r * reduced.r;
    double s = constants->sine[LW_SINE_TERMS - 1], c = constants->cosine[LW_SINE_TERMS - 1];
    for (size_t i = LW_SINE_TERMS - 1; i-- > 0;) {
        s = s * square + constants->sine[i];
        c = c * square + constants->cosine[i];
    }
    return (struct circle){reduced.r * (s * square + constants->one), c * square + constants->one, reduced.quadrant};
}

/* The sine of x and turns times pi / 2 */
static float sine_of(float x, uint32_t turns) {
    if (x - x != 0.0f) return NAN;
    const struct circle circle = circle_of(x);
    const uint32_t quadrant = circle.quadrant + turns;
    const double size = quadrant & 1 ? circle.cosine : circle.sine;
    return (float)(quadrant & 2 ? -size : size);
}

static float tan_of(float x) {
    if (x - x != 0.0f) return NAN;
    const struct circle circle = circle_of(x);
    return (float)(circle.quadrant & 1 ? -(circle.cosine / circle.sine) : circle.sine / circle.cosine);
}

void lw_scalar_sin(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = sine_of(x[i], 0);
}

void lw_scalar_cos(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = sine_of(x[i], 1);
}

void lw_scalar_tan(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = tan_of(x[i]);
}

void lw_scalar_circular_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_SIN] = lw_scalar_sin;
    kernels->unary_f32[LW_K_COS] = lw_scalar_cos;
    kernels->unary_f32[LW_K_TAN] = lw_scalar_tan;
}
