/* SPDX-License-Identifier: MIT */
/*
 * Functions of two elements: binary_f32 and binary_i32.
 *
 *   out[i] = op(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *
 * An operand with step 0 is one element, repeated.
 */
#include "kernels/mod.h"
#include "kernels_scalar/install.h"
#include "lanewise/lanewise.h"

#include <math.h>

typedef float operation_f32(float a, float b);
typedef int32_t operation_i32(int32_t a, int32_t b);

static inline __attribute__((always_inline)) void loop_f32(size_t n, const float *a, size_t a_step, const float *b,
                                                           size_t b_step, float *out, operation_f32 *op) {
    for (size_t i = 0; i < n; i++) out[i] = op(a[i * a_step], b[i * b_step]);
}
static inline __attribute__((always_inline)) void loop_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b,
                                                           size_t b_step, int32_t *out, operation_i32 *op) {
    for (size_t i = 0; i < n; i++) out[i] = op(a[i * a_step], b[i * b_step]);
}

/* ---- float32 ---- */

static inline float add_op(float a, float b) {
    return a + b;
}
static inline float sub_op(float a, float b) {
    return a - b;
}
static inline float mul_op(float a, float b) {
    return a * b;
}
static inline float div_op(float a, float b) {
    return a / b;
}
/* A NaN in a fails the comparison and stays; one in b is looked for. */
static inline float min_op(float a, float b) {
    return b < a || b != b ? b : a;
}
static inline float max_op(float a, float b) {
    return a < b || b != b ? b : a;
}
static inline float floor_div_op(float a, float b) {
    return floorf(a / b);
}
static inline float squared_difference_op(float a, float b) {
    return (a - b) * (a - b);
}
static inline float prelu_op(float a, float b) {
    return a < 0.0f ? b * a : a;
}
static inline float mod_op(float a, float b) {
    const float rest = lw_remainder(a, b);
    return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

static void add(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, add_op);
}
static void sub(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, sub_op);
}
static void mul(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, mul_op);
}
static void div_(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, div_op);
}
static void min(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, min_op);
}
static void max(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, max_op);
}
static void floor_div(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, floor_div_op);
}
static void squared_difference(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, squared_difference_op);
}
static void prelu(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, prelu_op);
}
static void mod(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
    loop_f32(n, a, a_step, b, b_step, out, mod_op);
}

/* ---- int32: computed unsigned, which wraps around ---- */

static inline int32_t add_i32_op(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}
static inline int32_t sub_i32_op(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}
static inline int32_t mul_i32_op(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a * (uint32_t)b);
}
static inline int32_t min_i32_op(int32_t a, int32_t b) {
    return b < a ? b : a;
}
static inline int32_t max_i32_op(int32_t a, int32_t b) {
    return a < b ? b : a;
}
/* INT32_MIN / -1 wraps to itself. */
static inline int32_t div_i32_op(int32_t a, int32_t b) {
    if (b == 0) return 0;
    return b == -1 ? sub_i32_op(0, a) : a / b;
}
/* C rounds towards 0, so a negative quotient with a remainder is one too high. */
static inline int32_t floor_div_i32_op(int32_t a, int32_t b) {
    if (b == 0) return 0;
    if (b == -1) return sub_i32_op(0, a);
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static inline int32_t mod_i32_op(int32_t a, int32_t b) {
    if (b == 0 || b == -1) return 0;
    const int32_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
static inline int32_t squared_difference_i32_op(int32_t a, int32_t b) {
    return mul_i32_op(sub_i32_op(a, b), sub_i32_op(a, b));
}
static inline int32_t and_i32_op(int32_t a, int32_t b) {
    return a & b;
}
static inline int32_t or_i32_op(int32_t a, int32_t b) {
    return a | b;
}
static inline int32_t xor_i32_op(int32_t a, int32_t b) {
    return a ^ b;
}

static void add_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, add_i32_op);
}
static void sub_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, sub_i32_op);
}
static void mul_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, mul_i32_op);
}
static void min_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, min_i32_op);
}
static void max_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, max_i32_op);
}
static void div_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, div_i32_op);
}
static void floor_div_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, floor_div_i32_op);
}
static void mod_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, mod_i32_op);
}
static void squared_difference_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step,
                                   int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, squared_difference_i32_op);
}

/* ---- Folds ---- */

static inline float fold_f32(size_t n, const float *x, float neutral, float (*op)(float, float)) {
    float p[16], q[4];
    for (size_t l = 0; l < 16; l++) p[l] = neutral;
    for (size_t i = 0; i < n; i++) p[i % 16] = op(p[i % 16], x[i]);
    for (size_t l = 0; l < 4; l++) q[l] = op(op(p[l], p[l + 4]), op(p[l + 8], p[l + 12]));
    return op(op(q[0], q[1]), op(q[2], q[3]));
}
static inline int32_t fold_i32(size_t n, const int32_t *x, int32_t neutral, int32_t (*op)(int32_t, int32_t)) {
    for (size_t i = 0; i < n; i++) neutral = op(neutral, x[i]); /* integers: the order can't be seen */
    return neutral;
}

static float fold_max(size_t n, const float *x) {
    return fold_f32(n, x, -INFINITY, max_op);
}
static float fold_min(size_t n, const float *x) {
    return fold_f32(n, x, INFINITY, min_op);
}
static float fold_product(size_t n, const float *x) {
    return fold_f32(n, x, 1.0f, mul_op);
}
static int32_t fold_sum_i32(size_t n, const int32_t *x) {
    return fold_i32(n, x, 0, add_i32_op);
}
static int32_t fold_max_i32(size_t n, const int32_t *x) {
    return fold_i32(n, x, INT32_MIN, max_i32_op);
}
static int32_t fold_min_i32(size_t n, const int32_t *x) {
    return fold_i32(n, x, INT32_MAX, min_i32_op);
}
static int32_t fold_product_i32(size_t n, const int32_t *x) {
    return fold_i32(n, x, 1, mul_i32_op);
}
static void and_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, and_i32_op);
}
static void or_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, or_i32_op);
}
static void xor_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out) {
    loop_i32(n, a, a_step, b, b_step, out, xor_i32_op);
}

void lw_scalar_binary_install(struct lw_kernels *kernels) {
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

void lw_scalar_prelu_install(struct lw_kernels *kernels) {
    kernels->binary_f32[LW_BINARY_PRELU] = prelu;
}

void lw_scalar_fold_install(struct lw_kernels *kernels) {
    kernels->fold_f32[LW_K_FOLD_MAX] = fold_max;
    kernels->fold_f32[LW_K_FOLD_MIN] = fold_min;
    kernels->fold_f32[LW_K_FOLD_PRODUCT] = fold_product;
    kernels->fold_i32[LW_K_FOLD_SUM] = fold_sum_i32;
    kernels->fold_i32[LW_K_FOLD_MAX] = fold_max_i32;
    kernels->fold_i32[LW_K_FOLD_MIN] = fold_min_i32;
    kernels->fold_i32[LW_K_FOLD_PRODUCT] = fold_product_i32;
}
