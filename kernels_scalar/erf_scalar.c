/* SPDX-License-Identifier: MIT */
/*
 * The error function and what is made of it: ERF and GELU of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 *   erf(x) is an odd polynomial up to 0.84; from there on it is 1 - 2^g, g a polynomial in |x|: 2^g is small, and so is
 *   the part of its error that is seen
 *   gelu(x) = x (1 + erf(y)) / 2 = x (Q + y P) / 2 Q with y = x / sqrt(2) and erf(y) = y P / Q: a fraction takes a
 *   quarter less of operations, for an error that is small in comparison with x, but not, below 0, with the result
 *
 * Where |x| is large the fraction passes 1 by a little, and is cut off there: gelu is then x or 0 exactly.
 */
#include "kernels/erf.h"
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

static inline float erf_of(float x) {
    const float size = lw_from_bits(lw_bits(x) & 0x7fffffffu), a = lw_scalar_min(size, LW_ERF_MOST);
    const float square = a * a;
    float small = LW_ERF_S5 * square + LW_ERF_S4;
    small = small * square + LW_ERF_S3;
    small = small * square + LW_ERF_S2;
    small = small * square + LW_ERF_S1;
    small = small * square + LW_ERF_S0;
    small = small * a + a;

    float g = LW_ERF_G6 * a + LW_ERF_G5;
    g = g * a + LW_ERF_G4;
    g = g * a + LW_ERF_G3;
    g = g * a + LW_ERF_G2;
    g = g * a + LW_ERF_G1;
    g = g * a + LW_ERF_G0;
    const float t = g + (LW_ROUND + 127.0f), f = g - (t - (LW_ROUND + 127.0f));
    const float large = 1.0f - lw_exp2_fraction(f) * lw_from_bits(lw_bits(t) << 23);
    return lw_from_bits(lw_bits(a < LW_ERF_LIMIT ? small : large) | (lw_bits(x) & 0x80000000u));
}

static void erf_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = erf_of(x[i]);
}

static inline float gelu_of(float x) {
    x = lw_scalar_max(x, LW_GELU_LEAST);
    const float y = lw_scalar_min(x * LW_ROOT_HALF, LW_ERF_MOST), square = y * y;
    float p = LW_GELU_P5 * square + LW_GELU_P4, q = LW_GELU_Q5 * square + LW_GELU_Q4;
    p = p * square + LW_GELU_P3, q = q * square + LW_GELU_Q3;
    p = p * square + LW_GELU_P2, q = q * square + LW_GELU_Q2;
    p = p * square + LW_GELU_P1, q = q * square + LW_GELU_Q1;
    p = p * square + LW_GELU_P0, q = q * square + LW_GELU_Q0;
    const float twice = q + q;
    return x * (lw_scalar_min(lw_scalar_max(y * p + q, 0.0f), twice) / twice);
}

static void gelu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = gelu_of(x[i]);
}

void lw_scalar_erf_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_ERF] = erf_;
    kernels->unary_f32[LW_K_GELU] = gelu;
}
