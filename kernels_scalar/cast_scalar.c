/* SPDX-License-Identifier: MIT */
/*
 * Conversion between element types: out[i] = (type)x[i] for i < n.
 * To bool is a comparison: compare_f32 and compare_i32 with 0.
 */
#include "kernels/cast.h"
#include "kernels_scalar/install.h"

#include <math.h>
#include <string.h>

/* Beyond 2^31, x is an integer m 2^e with m < 2^24 and e > 7. */
static int32_t truncate(float x) {
    if (fabsf(x) < 0x1p31f) return (int32_t)x;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t exponent = (bits >> 23 & 255) - 150; /* 105 of an infinity and a NaN */
    if (exponent > 31) return 0;
    const uint32_t size = ((bits & 0x7fffffu) | 0x800000u) << exponent;
    return (int32_t)(x < 0.0f ? 0 - size : size);
}

void lw_scalar_f32_to_i32(size_t n, const float *x, int32_t *out) {
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
    kernels->f32_to_i32 = lw_scalar_f32_to_i32;
    kernels->i32_to_f32 = i32_to_f32;
    kernels->bool_to_f32 = bool_to_f32;
    kernels->bool_to_i32 = bool_to_i32;
}
