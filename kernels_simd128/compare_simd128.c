/* SPDX-License-Identifier: MIT */
/*
 * Comparisons and logic, whose result is a bool of one byte, and the choice by one: compare_f32, compare_i32,
 * compare_bool and select.
 *
 *   compare: out[i] = op(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *   select:  out[i] = condition[i] ? a[i] : b[i] for i < n
 *
 * Sixteen elements at a time, one vector of bools. The last sixteen overlap those before them, since no result is
 * written over an operand. An operand with step 0 is written out sixteen times and read again for each vector: loops of
 * their own for it would not be faster, as bytes in memory decide.
 */
#include <string.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

typedef v128_t operation(v128_t a, v128_t b);

/* Where an operand is read: in its place if it has sixteen elements, else in `sixteen`, to which it is copied as often
 * as it goes. Not inlined, to keep the module small. */
static __attribute__((noinline)) const void *operand(const void *x, size_t bytes, size_t n, size_t step,
                                                     uint8_t *sixteen) {
    if (step && n >= 16) return x;
    const size_t size = step ? n * bytes : bytes;
    for (size_t done = 0; done < 16 * bytes; done += size)
        memcpy(sixteen + done, x, size < 16 * bytes - done ? size : 16 * bytes - done);
    return sixteen;
}

/* ---- Elements of 4 bytes: op gives lanes of all ones or all zeros ---- */

/* Sixteen bools. Saturation keeps -1 and 0 what they are in fewer bits; the size of a bool's -1 is 1. */
static inline __attribute__((always_inline)) v128_t compare_16(const float *a, const float *b, operation *op) {
    v128_t mask[4];
    for (size_t v = 0; v < 4; v++) mask[v] = op(wasm_v128_load(a + 4 * v), wasm_v128_load(b + 4 * v));
    return wasm_i8x16_abs(
        wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(mask[0], mask[1]), wasm_i16x8_narrow_i32x4(mask[2], mask[3])));
}

/* Elements are moved as 4 bytes, so float32 and int32 share this. */
static inline __attribute__((always_inline)) void
loop_32(size_t n, const void *a_data, size_t a_step, const void *b_data, size_t b_step, uint8_t *out, operation *op) {
    if (n == 0) return;
    uint8_t a16[64], b16[64], last[16];
    const float *a = operand(a_data, 4, n, a_step, a16), *b = operand(b_data, 4, n, b_step, b16);
    uint8_t *to = n < 16 ? last : out;
    size_t blocks = n < 16 ? 1 : n / 16, rest = n < 16 ? 0 : n % 16;
    for (;;) {
        for (; blocks; blocks--, a += 16 * a_step, b += 16 * b_step, to += 16)
            wasm_v128_store(to, compare_16(a, b, op));
        if (rest == 0) break;
        a -= (16 - rest) * a_step, b -= (16 - rest) * b_step, to -= 16 - rest;
        blocks = 1, rest = 0;
    }
    if (n < 16) memcpy(out, last, n);
}

/* ---- float32 ---- */

static inline __attribute__((always_inline)) v128_t equal_f32_op(v128_t a, v128_t b) {
    return wasm_f32x4_eq(a, b);
}
static inline __attribute__((always_inline)) v128_t not_equal_f32_op(v128_t a, v128_t b) {
    return wasm_f32x4_ne(a, b);
}
static inline __attribute__((always_inline)) v128_t less_f32_op(v128_t a, v128_t b) {
    return wasm_f32x4_lt(a, b);
}
static inline __attribute__((always_inline)) v128_t less_equal_f32_op(v128_t a, v128_t b) {
    return wasm_f32x4_le(a, b);
}

static void equal_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, equal_f32_op);
}
static void not_equal_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, not_equal_f32_op);
}
static void less_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, less_f32_op);
}
static void less_equal_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, less_equal_f32_op);
}

/* ---- int32 ---- */

static inline __attribute__((always_inline)) v128_t equal_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_eq(a, b);
}
static inline __attribute__((always_inline)) v128_t not_equal_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_ne(a, b);
}
static inline __attribute__((always_inline)) v128_t less_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_lt(a, b);
}
static inline __attribute__((always_inline)) v128_t less_equal_i32_op(v128_t a, v128_t b) {
    return wasm_i32x4_le(a, b);
}

static void equal_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, equal_i32_op);
}
static void not_equal_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, not_equal_i32_op);
}
static void less_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, less_i32_op);
}
static void less_equal_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    loop_32(n, a, a_step, b, b_step, out, less_equal_i32_op);
}

/* ---- bool: op gives bytes of all ones or all zeros ---- */

static inline __attribute__((always_inline)) void loop_8(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b,
                                                         size_t b_step, uint8_t *out, operation *op) {
    if (n == 0) return;
    uint8_t a16[16], b16[16], last[16];
    a = operand(a, 1, n, a_step, a16), b = operand(b, 1, n, b_step, b16);
    uint8_t *to = n < 16 ? last : out;
    size_t blocks = n < 16 ? 1 : n / 16, rest = n < 16 ? 0 : n % 16;
    for (;;) {
        for (; blocks; blocks--, a += 16 * a_step, b += 16 * b_step, to += 16)
            wasm_v128_store(to, wasm_i8x16_abs(op(wasm_v128_load(a), wasm_v128_load(b))));
        if (rest == 0) break;
        a -= (16 - rest) * a_step, b -= (16 - rest) * b_step, to -= 16 - rest;
        blocks = 1, rest = 0;
    }
    if (n < 16) memcpy(out, last, n);
}

static inline __attribute__((always_inline)) v128_t equal_bool_op(v128_t a, v128_t b) {
    return wasm_i8x16_eq(a, b);
}
static inline __attribute__((always_inline)) v128_t not_equal_bool_op(v128_t a, v128_t b) {
    return wasm_i8x16_ne(a, b);
}
static inline __attribute__((always_inline)) v128_t less_bool_op(v128_t a, v128_t b) {
    return wasm_u8x16_lt(a, b);
}
static inline __attribute__((always_inline)) v128_t less_equal_bool_op(v128_t a, v128_t b) {
    return wasm_u8x16_le(a, b);
}
static inline __attribute__((always_inline)) v128_t and_bool_op(v128_t a, v128_t b) {
    return wasm_i8x16_ne(wasm_u8x16_min(a, b), wasm_i8x16_splat(0));
}
static inline __attribute__((always_inline)) v128_t or_bool_op(v128_t a, v128_t b) {
    return wasm_i8x16_ne(wasm_v128_or(a, b), wasm_i8x16_splat(0));
}

static void equal_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    loop_8(n, a, a_step, b, b_step, out, equal_bool_op);
}
static void not_equal_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    loop_8(n, a, a_step, b, b_step, out, not_equal_bool_op);
}
static void less_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    loop_8(n, a, a_step, b, b_step, out, less_bool_op);
}
static void less_equal_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    loop_8(n, a, a_step, b, b_step, out, less_equal_bool_op);
}
static void and_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    loop_8(n, a, a_step, b, b_step, out, and_bool_op);
}
static void or_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    loop_8(n, a, a_step, b, b_step, out, or_bool_op);
}

/* ---- Select ---- */

static void select_8(size_t n, const uint8_t *condition, const uint8_t *a, const uint8_t *b, uint8_t *out) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const v128_t no = wasm_i8x16_eq(wasm_v128_load(condition + i), wasm_i8x16_splat(0));
        wasm_v128_store(out + i, wasm_v128_bitselect(wasm_v128_load(b + i), wasm_v128_load(a + i), no));
    }
    for (; i < n; i++) out[i] = condition[i] ? a[i] : b[i];
}

static void select_32(size_t n, const uint8_t *condition, const uint32_t *a, const uint32_t *b, uint32_t *out) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const v128_t no = wasm_i8x16_eq(wasm_v128_load(condition + i), wasm_i8x16_splat(0));
        const v128_t low = wasm_i16x8_extend_low_i8x16(no), high = wasm_i16x8_extend_high_i8x16(no);
        const v128_t mask[4] = {wasm_i32x4_extend_low_i16x8(low), wasm_i32x4_extend_high_i16x8(low),
                                wasm_i32x4_extend_low_i16x8(high), wasm_i32x4_extend_high_i16x8(high)};
        v128_t y[4];
        for (size_t v = 0; v < 4; v++)
            y[v] = lw_select(wasm_v128_load(b + i + 4 * v), wasm_v128_load(a + i + 4 * v), mask[v]);
        for (size_t v = 0; v < 4; v++) wasm_v128_store(out + i + 4 * v, y[v]);
    }
    for (; i < n; i++) out[i] = condition[i] ? a[i] : b[i];
}

void lw_simd128_compare_install(struct lw_kernels *kernels) {
    kernels->compare_f32[LW_K_EQUAL] = equal_f32;
    kernels->compare_f32[LW_K_NOT_EQUAL] = not_equal_f32;
    kernels->compare_f32[LW_K_LESS] = less_f32;
    kernels->compare_f32[LW_K_LESS_EQUAL] = less_equal_f32;

    kernels->compare_i32[LW_K_EQUAL] = equal_i32;
    kernels->compare_i32[LW_K_NOT_EQUAL] = not_equal_i32;
    kernels->compare_i32[LW_K_LESS] = less_i32;
    kernels->compare_i32[LW_K_LESS_EQUAL] = less_equal_i32;

    kernels->compare_bool[LW_K_EQUAL] = equal_bool;
    kernels->compare_bool[LW_K_NOT_EQUAL] = not_equal_bool;
    kernels->compare_bool[LW_K_LESS] = less_bool;
    kernels->compare_bool[LW_K_LESS_EQUAL] = less_equal_bool;
    kernels->compare_bool[LW_K_AND] = and_bool;
    kernels->compare_bool[LW_K_OR] = or_bool;
}

void lw_simd128_select_install(struct lw_kernels *kernels) {
    kernels->select_8 = select_8;
    kernels->select_32 = select_32;
}
