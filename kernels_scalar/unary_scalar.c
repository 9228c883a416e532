/* SPDX-License-Identifier: MIT */
/*
 * Functions of one element: clamp_f32 and most of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * exp and what is made of it are computed as kernels_scalar/exp_scalar.h says.
 *
 * Their largest errors over all floats are in docs/performance/functions.md; tests/functions.h has the bounds.
 */
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

#include <math.h>

static void clamp(size_t n, struct lw_clamp clamp, const float *x, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = lw_scalar_min(lw_scalar_max(x[i], clamp.lo), clamp.hi);
}

static void leaky_relu(size_t n, float alpha, const float *x, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] < 0.0f ? alpha * x[i] : x[i];
}

/* exp(x) - 1 is -1 in float from -17.4 down. */
static void elu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = x[i] < 0.0f ? lw_expm1_small(lw_scalar_max(x[i], -20.0f)) : x[i];
}

static void sigmoid(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = lw_sigmoid(x[i]);
}

/* With t = exp(2 |x|) - 1: t / (t + 2), and the sign of x. tanh is 1 in float from 9.02 up. */
static void tanh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) {
        float t = lw_expm1_small(lw_scalar_min(fabsf(x[i]) + fabsf(x[i]), 20.0f));
        out[i] = lw_from_bits(lw_bits(t / (t + 2.0f)) | (lw_bits(x[i]) & 0x80000000u));
    }
}

/* The clamp is scaled before it meets x, so that a huge x comes out as it is. */
static void hard_swish(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) {
        float gate = lw_scalar_min(lw_scalar_max(x[i] + 3.0f, 0.0f), 6.0f);
        out[i] = x[i] * (gate * (1.0f / 6.0f));
    }
}

static void exp_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = lw_exp_any(x[i]);
}

static void expm1_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = lw_expm1_any(x[i]);
}

static void softplus(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = lw_softplus(x[i]);
}

static void selu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] < 0.0f ? LW_SELU_ALPHA * lw_expm1_small(lw_scalar_max(x[i], -20.0f)) : LW_SELU * x[i];
}

/* x (1 + tanh(u)) / 2 = x / (1 + exp(-2 u)), 2 u = x (GELU0 + GELU1 x^2). From -12 down the second factor is 0. */
static void gelu_tanh(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) {
        const float z = lw_scalar_max(x[i], -12.0f);
        out[i] = z * lw_sigmoid(z * ((z * z) * LW_GELU1 + LW_GELU0));
    }
}

static void sqrt_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = sqrtf(x[i]);
}

static void abs_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = fabsf(x[i]);
}

static void neg(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = -x[i];
}

static void floor_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = floorf(x[i]);
}

static void square(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = x[i] * x[i];
}

static void ceil_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = ceilf(x[i]);
}

static void round_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = rintf(x[i]);
}

static void rsqrt(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = 1.0f / sqrtf(x[i]);
}

static void reciprocal(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = 1.0f / x[i];
}

static void sign(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    for (size_t i = 0; i < n; i++) out[i] = x[i] < 0.0f ? -1.0f : x[i] > 0.0f ? 1.0f : 0.0f;
}

static void step(size_t n, float alpha, const float *x, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] > 0.0f ? 1.0f : x[i] != x[i] ? x[i] : alpha;
}

void lw_scalar_activation_install(struct lw_kernels *kernels) {
    kernels->clamp_f32 = clamp;
    kernels->unary_f32[LW_K_LEAKY_RELU] = leaky_relu;
    kernels->unary_f32[LW_K_ELU] = elu;
    kernels->unary_f32[LW_K_SIGMOID] = sigmoid;
    kernels->unary_f32[LW_K_TANH] = tanh_;
    kernels->unary_f32[LW_K_HARD_SWISH] = hard_swish;
    kernels->unary_f32[LW_K_GELU_TANH] = gelu_tanh;
}

void lw_scalar_unary_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_EXP] = exp_;
    kernels->unary_f32[LW_K_EXPM1] = expm1_;
    kernels->unary_f32[LW_K_SOFTPLUS] = softplus;
    kernels->unary_f32[LW_K_SELU] = selu;
    kernels->unary_f32[LW_K_SQRT] = sqrt_;
    kernels->unary_f32[LW_K_ABS] = abs_;
    kernels->unary_f32[LW_K_NEG] = neg;
    kernels->unary_f32[LW_K_FLOOR] = floor_;
    kernels->unary_f32[LW_K_SQUARE] = square;
    kernels->unary_f32[LW_K_CEIL] = ceil_;
    kernels->unary_f32[LW_K_ROUND] = round_;
    kernels->unary_f32[LW_K_RSQRT] = rsqrt;
    kernels->unary_f32[LW_K_RECIPROCAL] = reciprocal;
    kernels->unary_f32[LW_K_SIGN] = sign;
    kernels->unary_f32[LW_K_STEP] = step;
}
