/* SPDX-License-Identifier: MIT */
/*
 * Functions of two elements, binary_f32 and binary_i32, and what they make of a whole row, fold_f32 and fold_i32.
 *
 *   out[i] = op(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *
 * Every function is a vector operation put through one loop, which is specialised for the steps: an operand with step
 * 0 is splatted once. The int32 FLOOR_DIV stays scalar: there is no vector division of integers.
 */
#include <math.h>
#include <string.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#include "lanewise/lanewise.h"

typedef v128_t operation(v128_t a, v128_t b);

/* Elements are moved as 4 bytes, so float32 and int32 share this. a_step and b_step are constants where it is
 * inlined. */
static inline __attribute__((always_inline)) void loop(size_t n, const float *a, size_t a_step, const float *b,
                                                       size_t b_step, float *out, operation *op) {
    if (n == 0) return;
    const v128_t a0 = wasm_v128_load32_splat(a), b0 = wasm_v128_load32_splat(b);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        /* All loads before the stores, which might for all the compiler knows change what is loaded. */
        v128_t y[4];
        for (size_t j = 0; j < 4; j++)
            y[j] = op(a_step ? wasm_v128_load(a + i + 4 * j) : a0, b_step ? wasm_v128_load(b + i + 4 * j) : b0);
        for (size_t j = 0; j < 4; j++) wasm_v128_store(out + i + 4 * j, y[j]);
    }
    for (; i + 4 <= n; i += 4) {
        const v128_t va = a_step ? wasm_v128_load(a + i) : a0;
        const v128_t vb = b_step ? wasm_v128_load(b + i) : b0;
        wasm_v128_store(out + i, op(va, vb));
    }
    if (i < n) {
        const v128_t va = a_step ? lw_load_lanes(a + i, n - i) : a0;
        const v128_t vb = b_step ? lw_load_lanes(b + i, n - i) : b0;
        lw_store_lanes(out + i, op(va, vb), n - i);
    }
}

static inline __attribute__((always_inline)) void steps(size_t n, const void *a, size_t a_step, const void *b,
                                                        size_t b_step, void *out, operation *op) {
    if (a_step == 0)
        loop(n, a, 0, b, 1, out, op);
    else if (b_step == 0)
        loop(n, a, 1, b, 0, out, op);
    else
        loop(n, a, 1, b, 1, out, op);
}

/* ---- float32 ---- */

static inline __attribute__((always_inline)) v128_t add_op(v128_t a, v128_t b) {
    return wasm_f32x4_add(a, b);
}
static inline __attribute__((always_inline)) v128_t sub_op(v128_t a, v128_t b) {
    return wasm_f32x4_sub(a, b);
}
static inline __attribute__((always_inline)) v128_t mul_op(v128_t a, v128_t b) {
    return wasm_f32x4_mul(a, b);
}
static inline __attribute__((always_inline)) v128_t div_op(v128_t a, v128_t b) {
    return wasm_f32x4_div(a, b);
}
/* A NaN in a stays by itself; where b is NaN the comparison gives a lane of ones, which is one. */
static inline __attribute__((always_inline)) v128_t min_op(v128_t a, v128_t b) {
    return wasm_v128_or(lw_min(a, b), wasm_f32x4_ne(b, b));
}
static inline __attribute__((always_inline)) v128_t max_op(v128_t a, v128_t b) {
    return wasm_v128_or(lw_max(a, b), wasm_f32x4_ne(b, b));
}
static inline __attribute__((always_inline)) v128_t floor_div_op(v128_t a, v128_t b) {
    return wasm_f32x4_floor(wasm_f32x4_div(a, b));
}
static inline __attribute__((always_inline)) v128_t squared_difference_op(v128_t a, v128_t b) {
    const v128_t difference = wasm_f32x4_sub(a, b);
    return wasm_f32x4_mul(difference, difference);
}
static inline __attribute__((always_inline)) v128_t prelu_op(v128_t a, v128_t b) {
    return lw_select(wasm_f32x4_mul(b, a), a, wasm_f32x4_lt(a, wasm_f32x4_splat(0.0f)));
}

static void add(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, add_op);
}
static void sub(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, sub_op);
}
static void mul(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, mul_op);
}
static void div_(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, div_op);
}
static void min(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, min_op);
}
static void max(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, max_op);
}
static void floor_div(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, floor_div_op);
}
static void squared_difference(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, squared_difference_op);
}
static void prelu(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    steps(n, a, a_step, b, b_step, out, prelu_op);
}

/* ---- int32 ---- */

static inline __attribute__((always_inline)) v128_t add_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_add(a, b);
}
static inline __attribute__((always_inline)) v128_t sub_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_sub(a, b);
}
static inline __attribute__((always_inline)) v128_t mul_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_mul(a, b);
}
static inline __attribute__((always_inline)) v128_t min_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_min(a, b);
}
static inline __attribute__((always_inline)) v128_t max_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_max(a, b);
}
static inline __attribute__((always_inline)) v128_t squared_difference_i32_op(v128_t a, v128_t b) {
    const v128_t difference = wasm_i32x4_sub(a, b);
    return wasm_i32x4_mul(difference, difference);
}

static void add_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    steps(n, a, a_step, b, b_step, out, add_i32_op);
}
static void sub_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    steps(n, a, a_step, b, b_step, out, sub_i32_op);
}
static void mul_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    steps(n, a, a_step, b, b_step, out, mul_i32_op);
}
static void min_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    steps(n, a, a_step, b, b_step, out, min_i32_op);
}
static void max_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    steps(n, a, a_step, b, b_step, out, max_i32_op);
}
static void squared_difference_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step,
                                   int32_t *out) {
    steps(n, a, a_step, b, b_step, out, squared_difference_i32_op);
}

/* ---- Folds ---- */

/* The 16 partial results are four vectors. `neutral` fills what the last of them lack. */
static inline __attribute__((always_inline)) v128_t fold(size_t n, const void *data, v128_t neutral, operation *op) {
    const float *x = data; /* elements are moved as 4 bytes */
    v128_t p[4];
    for (size_t v = 0; v < 4; v++) p[v] = neutral;
    for (; n >= 16; n -= 16, x += 16)
        for (size_t v = 0; v < 4; v++) p[v] = op(p[v], wasm_v128_load(x + 4 * v));
    float rest[16];
    for (size_t v = 0; v < 4; v++) wasm_v128_store(rest + 4 * v, neutral);
    if (n) memcpy(rest, x, n * sizeof *rest);
    for (size_t v = 0; v < 4; v++) p[v] = op(p[v], wasm_v128_load(rest + 4 * v));
    const v128_t q = op(op(p[0], p[1]), op(p[2], p[3]));
    const v128_t pairs = op(q, wasm_i32x4_shuffle(q, q, 1, 0, 3, 2)); /* op(q0, q1) in lane 0, op(q2, q3) in 2 */
    return op(pairs, wasm_i32x4_shuffle(pairs, pairs, 2, 3, 0, 1));
}

static float fold_max(size_t n, const float *x) {
    return wasm_f32x4_extract_lane(fold(n, x, wasm_f32x4_splat(-INFINITY), max_op), 0);
}
static float fold_min(size_t n, const float *x) {
    return wasm_f32x4_extract_lane(fold(n, x, wasm_f32x4_splat(INFINITY), min_op), 0);
}
static float fold_product(size_t n, const float *x) {
    return wasm_f32x4_extract_lane(fold(n, x, wasm_f32x4_splat(1.0f), mul_op), 0);
}
static int32_t fold_sum_i32(size_t n, const int32_t *x) {
    return wasm_i32x4_extract_lane(fold(n, x, wasm_i32x4_splat(0), add_i32_op), 0);
}
static int32_t fold_max_i32(size_t n, const int32_t *x) {
    return wasm_i32x4_extract_lane(fold(n, x, wasm_i32x4_splat(INT32_MIN), max_i32_op), 0);
}
static int32_t fold_min_i32(size_t n, const int32_t *x) {
    return wasm_i32x4_extract_lane(fold(n, x, wasm_i32x4_splat(INT32_MAX), min_i32_op), 0);
}
static int32_t fold_product_i32(size_t n, const int32_t *x) {
    return wasm_i32x4_extract_lane(fold(n, x, wasm_i32x4_splat(1), mul_i32_op), 0);
}

void lw_simd128_binary_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_ADD] = add;
    kernels->binary_f32[LW_BINARY_SUB] = sub;
    kernels->binary_f32[LW_BINARY_MUL] = mul;
    kernels->binary_f32[LW_BINARY_DIV] = div_;
    kernels->binary_f32[LW_BINARY_MIN] = min;
    kernels->binary_f32[LW_BINARY_MAX] = max;
    kernels->binary_f32[LW_BINARY_FLOOR_DIV] = floor_div;
    kernels->binary_f32[LW_BINARY_SQUARED_DIFFERENCE] = squared_difference;
    kernels->binary_f32[LW_BINARY_PRELU] = prelu;

    kernels->binary_i32[LW_BINARY_ADD] = add_i32;
    kernels->binary_i32[LW_BINARY_SUB] = sub_i32;
    kernels->binary_i32[LW_BINARY_MUL] = mul_i32;
    kernels->binary_i32[LW_BINARY_MIN] = min_i32;
    kernels->binary_i32[LW_BINARY_MAX] = max_i32;
    kernels->binary_i32[LW_BINARY_SQUARED_DIFFERENCE] = squared_difference_i32;

    kernels->fold_f32[LW_K_FOLD_MAX] = fold_max;
    kernels->fold_f32[LW_K_FOLD_MIN] = fold_min;
    kernels->fold_f32[LW_K_FOLD_PRODUCT] = fold_product;
    kernels->fold_i32[LW_K_FOLD_SUM] = fold_sum_i32;
    kernels->fold_i32[LW_K_FOLD_MAX] = fold_max_i32;
    kernels->fold_i32[LW_K_FOLD_MIN] = fold_min_i32;
    kernels->fold_i32[LW_K_FOLD_PRODUCT] = fold_product_i32;
}
