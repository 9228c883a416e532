/* SPDX-License-Identifier: MIT */
/*
 * Functions of one element: clamp_f32 and all of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * The operations and their order are those of kernels_scalar/unary_scalar.c, which explains them; only relaxed fuses
 * the multiply-adds. Every function is a vector operation put through one loop.
 */
#include "kernels/simd.h"
#include "kernels_simd128/exp_simd128.h"
#include "kernels_simd128/install.h"

typedef v128_t operation(v128_t x, v128_t p, v128_t q);

/* out = f(x, p, q), four vectors at a time: their chains of operations are independent and overlap. */
static inline __attribute__((always_inline)) void loop(size_t n, const float *x, float *out, operation *f, v128_t p,
                                                       v128_t q) {
    for (; n >= 16; n -= 16, x += 16, out += 16) {
        v128_t x0 = wasm_v128_load(x), x1 = wasm_v128_load(x + 4);
        v128_t x2 = wasm_v128_load(x + 8), x3 = wasm_v128_load(x + 12);
        wasm_v128_store(out, f(x0, p, q));
        wasm_v128_store(out + 4, f(x1, p, q));
        wasm_v128_store(out + 8, f(x2, p, q));
        wasm_v128_store(out + 12, f(x3, p, q));
    }
    for (; n >= 4; n -= 4, x += 4, out += 4) wasm_v128_store(out, f(wasm_v128_load(x), p, q));
    if (n) lw_store_lanes(out, f(lw_load_lanes(x, n), p, q), n);
}

/* The same one vector at a time, for functions so long that the processor overlaps them by itself and four copies
 * would only spill their constants. */
static inline __attribute__((always_inline)) void loop1(size_t n, const float *x, float *out, operation *f) {
    const v128_t zero = wasm_f32x4_splat(0.0f);
    for (; n >= 4; n -= 4, x += 4, out += 4) wasm_v128_store(out, f(wasm_v128_load(x), zero, zero));
    if (n) lw_store_lanes(out, f(lw_load_lanes(x, n), zero, zero), n);
}

static inline __attribute__((always_inline)) v128_t clamp_op(v128_t x, v128_t lo, v128_t hi) {
    return lw_min(lw_max(x, lo), hi);
}
static void clamp(size_t n, struct lw_clamp clamp, const float *x, float *out) {
    loop(n, x, out, clamp_op, wasm_f32x4_splat(clamp.lo), wasm_f32x4_splat(clamp.hi));
}

static inline __attribute__((always_inline)) v128_t leaky_relu_op(v128_t x, v128_t alpha, v128_t zero) {
    return wasm_v128_bitselect(wasm_f32x4_mul(alpha, x), x, wasm_f32x4_lt(x, zero));
}
static void leaky_relu(size_t n, float alpha, const float *x, float *out) {
    loop(n, x, out, leaky_relu_op, wasm_f32x4_splat(alpha), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t elu_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    const v128_t e = lw_expm1_small(lw_max(x, wasm_f32x4_splat(-20.0f)));
    return wasm_v128_bitselect(e, x, wasm_f32x4_lt(x, wasm_f32x4_splat(0.0f)));
}
static void elu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop1(n, x, out, elu_op);
}

static inline __attribute__((always_inline)) v128_t sigmoid_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    const v128_t one = wasm_f32x4_splat(1.0f);
    const v128_t e = lw_exp_negative(wasm_v128_or(x, wasm_f32x4_splat(-0.0f)));
    const v128_t numerator = wasm_v128_bitselect(e, one, wasm_f32x4_lt(x, wasm_f32x4_splat(0.0f)));
    return wasm_f32x4_div(numerator, wasm_f32x4_add(e, one));
}
static void sigmoid(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop1(n, x, out, sigmoid_op);
}

static inline __attribute__((always_inline)) v128_t tanh_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    const v128_t two = wasm_f32x4_splat(2.0f);
    const v128_t t = lw_expm1_small(lw_min(wasm_f32x4_mul(wasm_f32x4_abs(x), two), wasm_f32x4_splat(20.0f)));
    const v128_t sign = wasm_v128_and(x, wasm_f32x4_splat(-0.0f));
    return wasm_v128_or(wasm_f32x4_div(t, wasm_f32x4_add(t, two)), sign);
}
static void tanh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop1(n, x, out, tanh_op);
}

static inline __attribute__((always_inline)) v128_t hard_swish_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    const v128_t zero = wasm_f32x4_splat(0.0f), six = wasm_f32x4_splat(6.0f);
    const v128_t gate = lw_min(lw_max(wasm_f32x4_add(x, wasm_f32x4_splat(3.0f)), zero), six);
    return wasm_f32x4_mul(x, wasm_f32x4_mul(gate, wasm_f32x4_splat(1.0f / 6.0f)));
}
static void hard_swish(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop(n, x, out, hard_swish_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t exp_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return lw_exp_any(x);
}
static void exp_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop1(n, x, out, exp_op);
}

static inline __attribute__((always_inline)) v128_t sqrt_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_sqrt(x);
}
static void sqrt_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop(n, x, out, sqrt_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t abs_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_abs(x);
}
static void abs_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop(n, x, out, abs_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t neg_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_neg(x);
}
static void neg(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop(n, x, out, neg_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t floor_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_floor(x);
}
static void floor_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop(n, x, out, floor_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t square_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_mul(x, x);
}
static void square(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop(n, x, out, square_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

void lw_simd128_unary_install(struct lw_kernels *kernels) {
    kernels->clamp_f32 = clamp;
    kernels->unary_f32[LW_K_LEAKY_RELU] = leaky_relu;
    kernels->unary_f32[LW_K_ELU] = elu;
    kernels->unary_f32[LW_K_SIGMOID] = sigmoid;
    kernels->unary_f32[LW_K_TANH] = tanh_;
    kernels->unary_f32[LW_K_HARD_SWISH] = hard_swish;
    kernels->unary_f32[LW_K_EXP] = exp_;
    kernels->unary_f32[LW_K_SQRT] = sqrt_;
    kernels->unary_f32[LW_K_ABS] = abs_;
    kernels->unary_f32[LW_K_NEG] = neg;
    kernels->unary_f32[LW_K_FLOOR] = floor_;
    kernels->unary_f32[LW_K_SQUARE] = square;
}
