/* SPDX-License-Identifier: MIT */
/*
 * Functions of two elements, binary_f32 and binary_i32, and what they make of a whole row, fold_f32 and fold_i32.
 *
 *   out[i] = op(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *
 * Every function is a vector operation put through one loop. Integers are divided as doubles, which are close enough
 * together that no quotient is rounded to the next integer.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kernels/mod.h"
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#include "lanewise/lanewise.h"

typedef v128_t operation(v128_t a, v128_t b);

/* Sixteen times x. */
static inline __attribute__((always_inline)) const float *repeat(const float *x, float *sixteen) {
    const v128_t splat = wasm_v128_load32_splat(x);
    for (size_t i = 0; i < 16; i += 4) wasm_v128_store(sixteen + i, splat);
    return sixteen;
}

/* Elements are moved as 4 bytes, so float32 and int32 share this. An operand with step 0 is written out and read again;
 * where the steps are constants, it stays in a register. */
static inline __attribute__((always_inline)) void loop(size_t n, const void *a_data, size_t a_step, const void *b_data,
                                                       size_t b_step, void *result, operation *op) {
    if (n == 0) return;
    const float *a = a_data, *b = b_data;
    float *out = result, a16[16], b16[16];
    if (a_step == 0) a = repeat(a, a16);
    if (b_step == 0) b = repeat(b, b16);
    for (; n >= 16; n -= 16, a += 16 * a_step, b += 16 * b_step, out += 16) {
        /* All loads before the stores, which might for all the compiler knows change what is loaded. */
        v128_t y[4];
        for (size_t j = 0; j < 4; j++) y[j] = op(wasm_v128_load(a + 4 * j), wasm_v128_load(b + 4 * j));
        for (size_t j = 0; j < 4; j++) wasm_v128_store(out + 4 * j, y[j]);
    }
    for (; n >= 4; n -= 4, a += 4 * a_step, b += 4 * b_step, out += 4)
        wasm_v128_store(out, op(wasm_v128_load(a), wasm_v128_load(b)));
    if (n) lw_store_lanes(out, op(lw_load_lanes(a, n), lw_load_lanes(b, n)), n);
}

/* Three loops, for the operations that models use with one element and with columns: a third faster there. For all of
 * them the module would be 20 KB larger. */
static inline __attribute__((always_inline)) void three_loops(size_t n, const float *a, size_t a_step, const float *b,
                                                              size_t b_step, float *out, operation *op) {
    if (a_step == 0)
        loop(n, a, 0, b, 1, out, op);
    else if (b_step == 0)
        loop(n, a, 1, b, 0, out, op);
    else
        loop(n, a, 1, b, 1, out, op);
}

/* For operations of many instructions: one vector at a time, whatever the steps. */
static inline __attribute__((always_inline)) void
long_loop(size_t n, const void *a_data, size_t a_step, const void *b_data, size_t b_step, void *result, operation *op) {
    if (n == 0) return;
    const float *a = a_data, *b = b_data;
    float *out = result;
    const v128_t a0 = wasm_v128_load32_splat(a), b0 = wasm_v128_load32_splat(b);
    for (size_t i = 0; i < n; i += 4) {
        v128_t va = a0, vb = b0;
        if (a_step) va = lw_load_some(a + i, n - i);
        if (b_step) vb = lw_load_some(b + i, n - i);
        lw_store_some(out + i, op(va, vb), n - i);
    }
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

/* The remainder of the sizes in the two low lanes, where the quotient is small; else *small becomes false. */
static inline __attribute__((always_inline)) v128_t remainder_of_sizes(v128_t a, v128_t b, bool *small) {
    const v128_t x = wasm_f64x2_promote_low_f32x4(a);
    const v128_t y = wasm_f64x2_pmin(wasm_f64x2_promote_low_f32x4(b), wasm_f64x2_splat(1e300)); /* 0 inf is NaN */
    const v128_t quotient = wasm_f64x2_div(x, y);
    *small &= wasm_i64x2_all_true(wasm_f64x2_lt(quotient, wasm_f64x2_splat(LW_MOD_SMALL)));
    return wasm_f32x4_demote_f64x2_zero(wasm_f64x2_sub(x, wasm_f64x2_mul(wasm_f64x2_trunc(quotient), y)));
}
static inline __attribute__((always_inline)) v128_t mod_op(v128_t a, v128_t b) {
    const v128_t sign = wasm_f32x4_splat(-0.0f), zero = wasm_f32x4_splat(0.0f);
    const v128_t a_size = wasm_v128_andnot(a, sign), b_size = wasm_v128_andnot(b, sign);
    bool small = true;
    const v128_t low = remainder_of_sizes(a_size, b_size, &small);
    const v128_t high = remainder_of_sizes(lw_high_lanes(a_size), lw_high_lanes(b_size), &small);
    v128_t rest = wasm_v128_or(lw_join_lanes(low, high), wasm_v128_and(a, sign));
    if (!small) {
        float x[4], y[4];
        wasm_v128_store(x, a);
        wasm_v128_store(y, b);
        for (size_t i = 0; i < 4; i++) x[i] = lw_remainder(x[i], y[i]);
        rest = wasm_v128_load(x);
    }
    const v128_t opposite = wasm_v128_xor(wasm_f32x4_lt(rest, zero), wasm_f32x4_lt(b, zero));
    return lw_select(wasm_f32x4_add(rest, b), rest, wasm_v128_and(opposite, wasm_f32x4_ne(rest, zero)));
}

static void add(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    three_loops(n, a, a_step, b, b_step, out, add_op);
}
static void sub(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    three_loops(n, a, a_step, b, b_step, out, sub_op);
}
static void mul(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    three_loops(n, a, a_step, b, b_step, out, mul_op);
}
static void div_(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    three_loops(n, a, a_step, b, b_step, out, div_op);
}
static void min(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop(n, a, a_step, b, b_step, out, min_op);
}
static void max(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop(n, a, a_step, b, b_step, out, max_op);
}
static void floor_div(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop(n, a, a_step, b, b_step, out, floor_div_op);
}
static void squared_difference(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop(n, a, a_step, b, b_step, out, squared_difference_op);
}
static void prelu(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop(n, a, a_step, b, b_step, out, prelu_op);
}
static void mod(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    long_loop(n, a, a_step, b, b_step, out, mod_op);
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

/* The quotient of the two low lanes, rounded down or towards 0. */
static inline __attribute__((always_inline)) v128_t divide_lanes(v128_t a, v128_t b, bool down) {
    const v128_t quotient = wasm_f64x2_div(wasm_f64x2_convert_low_i32x4(a), wasm_f64x2_convert_low_i32x4(b));
    return wasm_i32x4_trunc_sat_f64x2_zero(down ? wasm_f64x2_floor(quotient) : quotient);
}
/* 0 where b is 0. The one quotient that is no int32 is INT32_MIN / -1, which wraps around. */
static inline __attribute__((always_inline)) v128_t divide(v128_t a, v128_t b, bool down) {
    const v128_t zero = wasm_i32x4_splat(0);
    const v128_t quotient =
        lw_join_lanes(divide_lanes(a, b, down), divide_lanes(lw_high_lanes(a), lw_high_lanes(b), down));
    const v128_t wrapped = lw_select(wasm_i32x4_neg(a), quotient, wasm_i32x4_eq(b, wasm_i32x4_splat(-1)));
    return wasm_v128_andnot(wrapped, wasm_i32x4_eq(b, zero));
}
static inline __attribute__((always_inline)) v128_t div_i32_op(v128_t a, v128_t b) {
    return divide(a, b, false);
}
static inline __attribute__((always_inline)) v128_t floor_div_i32_op(v128_t a, v128_t b) {
    return divide(a, b, true);
}
static inline __attribute__((always_inline)) v128_t mod_i32_op(v128_t a, v128_t b) {
    const v128_t rest = wasm_i32x4_sub(a, wasm_i32x4_mul(b, divide(a, b, true)));
    return wasm_v128_andnot(rest, wasm_i32x4_eq(b, wasm_i32x4_splat(0)));
}
static inline __attribute__((always_inline)) v128_t and_i32_op(v128_t a, v128_t b) {
    return wasm_v128_and(a, b);
}
static inline __attribute__((always_inline)) v128_t or_i32_op(v128_t a, v128_t b) {
    return wasm_v128_or(a, b);
}
static inline __attribute__((always_inline)) v128_t xor_i32_op(v128_t a, v128_t b) {
    return wasm_v128_xor(a, b);
}

static void add_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, add_i32_op);
}
static void sub_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, sub_i32_op);
}
static void mul_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, mul_i32_op);
}
static void min_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, min_i32_op);
}
static void max_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, max_i32_op);
}
static void squared_difference_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step,
                                   int32_t *out) {
    loop(n, a, a_step, b, b_step, out, squared_difference_i32_op);
}
static void div_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    long_loop(n, a, a_step, b, b_step, out, div_i32_op);
}
static void floor_div_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    long_loop(n, a, a_step, b, b_step, out, floor_div_i32_op);
}
static void mod_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    long_loop(n, a, a_step, b, b_step, out, mod_i32_op);
}
static void and_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, and_i32_op);
}
static void or_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, or_i32_op);
}
static void xor_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop(n, a, a_step, b, b_step, out, xor_i32_op);
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
    kernels->binary_f32[LW_BINARY_MOD] = mod;

    kernels->binary_i32[LW_BINARY_ADD] = add_i32;
    kernels->binary_i32[LW_BINARY_SUB] = sub_i32;
    kernels->binary_i32[LW_BINARY_MUL] = mul_i32;
    kernels->binary_i32[LW_BINARY_DIV] = div_i32;
    kernels->binary_i32[LW_BINARY_MIN] = min_i32;
    kernels->binary_i32[LW_BINARY_MAX] = max_i32;
    kernels->binary_i32[LW_BINARY_FLOOR_DIV] = floor_div_i32;
    kernels->binary_i32[LW_BINARY_MOD] = mod_i32;
    kernels->binary_i32[LW_BINARY_SQUARED_DIFFERENCE] = squared_difference_i32;
    kernels->binary_i32[LW_BINARY_BITWISE_AND] = and_i32;
    kernels->binary_i32[LW_BINARY_BITWISE_OR] = or_i32;
    kernels->binary_i32[LW_BINARY_BITWISE_XOR] = xor_i32;
}

void lw_simd128_prelu_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_PRELU] = prelu;
}

void lw_simd128_fold_install(struct lw_kernels *kernels) {
    kernels->fold_f32[LW_K_FOLD_MAX] = fold_max;
    kernels->fold_f32[LW_K_FOLD_MIN] = fold_min;
    kernels->fold_f32[LW_K_FOLD_PRODUCT] = fold_product;
    kernels->fold_i32[LW_K_FOLD_SUM] = fold_sum_i32;
    kernels->fold_i32[LW_K_FOLD_MAX] = fold_max_i32;
    kernels->fold_i32[LW_K_FOLD_MIN] = fold_min_i32;
    kernels->fold_i32[LW_K_FOLD_PRODUCT] = fold_product_i32;
}
