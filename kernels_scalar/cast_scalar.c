/* SPDX-License-Identifier: MIT */
/*
 * Conversion between element types: out[i] = (type)x[i] for i < n.
 * To bool is a comparison: compare_f32 and compare_i32 with 0.
 */
#include "kernels_scalar/install.h"

/* 2^31 is a float, 2^31 - 1 is not. */
static int32_t truncate(float x) {
    if (x >= 0x1p31f) return INT32_MAX;
    if (x < -0x1p31f) return INT32_MIN;
    return x == x ? (int32_t)x : 0;
}

static void f32_to_i32(size_t n, const float *x, int32_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = truncate(x[i]);
}
static void i32_to_f32(size_t n, const int32_t *x, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = (float)x[i];
}
static void bool_to_f32(size_t n, const uint8_t *x, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] != 0 ? 1.0f : 0.0f;
}
static void bool_to_i32(size_t n, const uint8_t *x, int32_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] != 0;
}

void lw_scalar_cast_install(struct lw_kernels *kernels) {
    kernels->f32_to_i32 = f32_to_i32;
    kernels->i32_to_f32 = i32_to_f32;
    kernels->bool_to_f32 = bool_to_f32;
    kernels->bool_to_i32 = bool_to_i32;
}
