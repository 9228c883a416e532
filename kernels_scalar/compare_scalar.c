/* SPDX-License-Identifier: MIT */
/*
 * Comparisons and logic, whose result is a bool of one byte, and the choice by one: compare_f32, compare_i32,
 * compare_bool and select.
 *
 *   compare: out[i] = op(a[i * a_step], b[i * b_step]) for i < n, steps 0 or 1
 *   select:  out[i] = condition[i] ? a[i] : b[i] for i < n
 */
#include "kernels_scalar/install.h"

/* ---- float32: every comparison with a NaN is false but NOT_EQUAL ---- */

static void equal_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] == b[i * b_step];
}
static void not_equal_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] != b[i * b_step];
}
static void less_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] < b[i * b_step];
}
static void less_equal_f32(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] <= b[i * b_step];
}

/* ---- int32 ---- */

static void equal_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] == b[i * b_step];
}
static void not_equal_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] != b[i * b_step];
}
static void less_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] < b[i * b_step];
}
static void less_equal_i32(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] <= b[i * b_step];
}

/* ---- bool ---- */

static void equal_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] == b[i * b_step];
}
static void not_equal_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] != b[i * b_step];
}
static void less_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] < b[i * b_step];
}
static void less_equal_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] <= b[i * b_step];
}
static void and_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] && b[i * b_step];
}
static void or_bool(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = a[i * a_step] || b[i * b_step];
}

/* ---- Select ---- */

static void select_8(size_t n, const uint8_t *condition, const uint8_t *a, const uint8_t *b, uint8_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = condition[i] ? a[i] : b[i];
}
static void select_32(size_t n, const uint8_t *condition, const uint32_t *a, const uint32_t *b, uint32_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = condition[i] ? a[i] : b[i];
}

void lw_scalar_compare_install(struct lw_kernels *kernels) {
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

void lw_scalar_select_install(struct lw_kernels *kernels) {
    kernels->select_8 = select_8;
    kernels->select_32 = select_32;
}
