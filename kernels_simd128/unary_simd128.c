/* SPDX-License-Identifier: MIT */
/*
 * Functions of one element: clamp_f32 and most of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * The operations and their order are those of kernels_scalar/unary_scalar.c, which explains them; only relaxed fuses
 * the multiply-adds. Every function is a vector operation put through a loop.
 */
#include "kernels/simd.h"
#include "kernels_simd128/exp_simd128.h"
#include "kernels_simd128/install.h"

typedef v128_t operation(v128_t x, v128_t p, v128_t q);

/* out = f(x, p, q), four vectors at a time: their chains of operations are independent and overlap. p and q are kept
 * in registers: V8 makes a v128.const in a loop anew each time, by three instructions. */
static inline __attribute__((always_inline)) void loop(size_t n, const float *x, float *out, operation *f, v128_t p,
                                                       v128_t q) {
    lw_keep(&p);
    lw_keep(&q);
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

/* The same, one vector at a time, for functions that few models use: V8 unrolls such a loop by itself. */
static inline __attribute__((always_inline)) void short_loop(size_t n, const float *x, float *out, operation *f,
                                                             v128_t p, v128_t q) {
    lw_keep(&p);
    lw_keep(&q);
    for (; n >= 4; n -= 4, x += 4, out += 4) wasm_v128_store(out, f(wasm_v128_load(x), p, q));
    if (n) lw_store_lanes(out, f(lw_load_lanes(x, n), p, q), n);
}

/* And for those of many constants, most of them made of exp (exp_simd128.h). */
static inline __attribute__((always_inline)) void loop_exp(size_t n, const float *x, float *out,
                                                           void (*f)(lw_table table, v128_t *x)) {
    lw_loop(n, x, out, lw_exp_constants, f, NULL, NULL);
}

static inline __attribute__((always_inline)) v128_t clamp_op(v128_t x, v128_t lo, v128_t hi) {
    return lw_min(lw_max(x, lo), hi);
}
static void clamp(size_t n, struct lw_clamp clamp, const float *x, float *out) {
    loop(n, x, out, clamp_op, wasm_f32x4_splat(clamp.lo), wasm_f32x4_splat(clamp.hi));
}

static inline __attribute__((always_inline)) v128_t leaky_relu_op(v128_t x, v128_t alpha, v128_t zero) {
    return lw_select(wasm_f32x4_mul(alpha, x), x, wasm_f32x4_lt(x, zero));
}
static void leaky_relu(size_t n, float alpha, const float *x, float *out) {
    loop(n, x, out, leaky_relu_op, wasm_f32x4_splat(alpha), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) void elu_op(lw_table table, v128_t *x) {
    const v128_t least = lw_constant(table, LW_C_MINUS_20), zero = wasm_f32x4_splat(0.0f);
    v128_t e[LW_VECTORS];
    LW_EACH(v) e[v] = lw_max(x[v], least);
    lw_expm1_small(table, e);
    LW_EACH(v) x[v] = lw_select(e[v], x[v], wasm_f32x4_lt(x[v], zero));
}
static void elu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, elu_op);
}

static void sigmoid(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, lw_sigmoid);
}

static inline __attribute__((always_inline)) void tanh_op(lw_table table, v128_t *x) {
    const v128_t two = lw_constant(table, LW_C_TWO), most = lw_constant(table, LW_C_20);
    const v128_t sign = lw_constant(table, LW_C_SIGN);
    v128_t t[LW_VECTORS];
    LW_EACH(v) t[v] = wasm_v128_andnot(x[v], sign);
    LW_EACH(v) t[v] = lw_kept(lw_min(wasm_f32x4_add(t[v], t[v]), most));
    lw_expm1_small(table, t);
    LW_EACH(v) {
        const v128_t y = wasm_f32x4_div(t[v], wasm_f32x4_add(t[v], two));
        x[v] = wasm_v128_or(y, wasm_v128_and(x[v], sign));
    }
}
static void tanh_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, tanh_op);
}

static inline __attribute__((always_inline)) void hard_swish_op(lw_table table, v128_t *x) {
    const v128_t zero = wasm_f32x4_splat(0.0f), three = lw_constant(table, LW_C_3), six = lw_constant(table, LW_C_6);
    const v128_t sixth = lw_constant(table, LW_C_6TH);
    LW_EACH(v) {
        const v128_t gate = lw_min(lw_max(wasm_f32x4_add(x[v], three), zero), six);
        x[v] = wasm_f32x4_mul(x[v], wasm_f32x4_mul(gate, sixth));
    }
}
static void hard_swish(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, hard_swish_op);
}

static void exp_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, lw_exp_any);
}

static void expm1_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, lw_expm1_any);
}

static void softplus(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, lw_softplus);
}

static inline __attribute__((always_inline)) void selu_op(lw_table table, v128_t *x) {
    const v128_t least = lw_constant(table, LW_C_MINUS_20), zero = wasm_f32x4_splat(0.0f);
    v128_t e[LW_VECTORS];
    LW_EACH(v) e[v] = lw_max(x[v], least);
    lw_expm1_small(table, e);
    const v128_t scale = lw_constant(table, LW_C_SELU), alpha = lw_constant(table, LW_C_SELU_ALPHA);
    LW_EACH(v) {
        const v128_t below = wasm_f32x4_lt(x[v], zero);
        x[v] = wasm_f32x4_mul(lw_select(alpha, scale, below), lw_select(e[v], x[v], below));
    }
}
static void selu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, selu_op);
}

static inline __attribute__((always_inline)) void gelu_tanh_op(lw_table table, v128_t *x) {
    const v128_t least = lw_constant(table, LW_C_MINUS_12);
    const v128_t c1 = lw_constant(table, LW_C_GELU1), c0 = lw_constant(table, LW_C_GELU0);
    v128_t gate[LW_VECTORS];
    LW_EACH(v) x[v] = lw_kept(lw_max(x[v], least));
    LW_EACH(v) gate[v] = lw_kept(wasm_f32x4_mul(x[v], lw_madd(wasm_f32x4_mul(x[v], x[v]), c1, c0)));
    lw_sigmoid(table, gate);
    LW_EACH(v) x[v] = wasm_f32x4_mul(x[v], gate[v]);
}
static void gelu_tanh(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    loop_exp(n, x, out, gelu_tanh_op);
}

static inline __attribute__((always_inline)) v128_t sqrt_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_sqrt(x);
}
static void sqrt_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, sqrt_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t abs_op(v128_t x, v128_t sign, v128_t q) {
    (void)q;
    return wasm_v128_andnot(x, sign);
}
static void abs_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, abs_op, wasm_f32x4_splat(-0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t neg_op(v128_t x, v128_t sign, v128_t q) {
    (void)q;
    return wasm_v128_xor(x, sign);
}
static void neg(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, neg_op, wasm_f32x4_splat(-0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t floor_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_floor(x);
}
static void floor_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, floor_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t square_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_mul(x, x);
}
static void square(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, square_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t ceil_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return wasm_f32x4_ceil(x);
}
static void ceil_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, ceil_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t round_op(v128_t x, v128_t p, v128_t q) {
    (void)p, (void)q;
    return lw_nearest(x);
}
static void round_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, round_op, wasm_f32x4_splat(0.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t rsqrt_op(v128_t x, v128_t one, v128_t q) {
    (void)q;
    return wasm_f32x4_div(one, wasm_f32x4_sqrt(x));
}
static void rsqrt(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, rsqrt_op, wasm_f32x4_splat(1.0f), wasm_f32x4_splat(0.0f));
}

static inline __attribute__((always_inline)) v128_t reciprocal_op(v128_t x, v128_t one, v128_t q) {
    (void)q;
    return wasm_f32x4_div(one, x);
}
static void reciprocal(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, reciprocal_op, wasm_f32x4_splat(1.0f), wasm_f32x4_splat(0.0f));
}

/* The sign of x, put on 1 where x is not 0 and not a NaN. */
static inline __attribute__((always_inline)) v128_t sign_op(v128_t x, v128_t one, v128_t minus_zero) {
    const v128_t size = wasm_v128_or(wasm_v128_and(x, minus_zero), one), zero = wasm_v128_xor(x, x);
    return wasm_v128_and(size, wasm_v128_or(wasm_f32x4_lt(x, zero), wasm_f32x4_gt(x, zero)));
}
static void sign(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    short_loop(n, x, out, sign_op, wasm_f32x4_splat(1.0f), wasm_f32x4_splat(-0.0f));
}

static inline __attribute__((always_inline)) v128_t step_op(v128_t x, v128_t one, v128_t alpha) {
    const v128_t step = lw_select(one, alpha, wasm_f32x4_gt(x, wasm_v128_xor(x, x)));
    return wasm_v128_or(step, wasm_f32x4_ne(x, x));
}
static void step(size_t n, float alpha, const float *x, float *out) {
    short_loop(n, x, out, step_op, wasm_f32x4_splat(1.0f), wasm_f32x4_splat(alpha));
}

void lw_simd128_activation_install(struct lw_kernels *kernels) {
    kernels->clamp_f32 = clamp;
    kernels->unary_f32[LW_K_LEAKY_RELU] = leaky_relu;
    kernels->unary_f32[LW_K_ELU] = elu;
    kernels->unary_f32[LW_K_SIGMOID] = sigmoid;
    kernels->unary_f32[LW_K_TANH] = tanh_;
    kernels->unary_f32[LW_K_HARD_SWISH] = hard_swish;
    kernels->unary_f32[LW_K_GELU_TANH] = gelu_tanh;
}

void lw_simd128_unary_install(struct lw_kernels *kernels) {
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
