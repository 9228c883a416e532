/* SPDX-License-Identifier: MIT */
/*
 * Conversion between element types: out[i] = (type)x[i] for i < n.
 * To bool is a comparison: compare_f32 and compare_i32 with 0.
 */
#include "kernels/cast.h"
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

typedef v128_t conversion(v128_t x);

/* ---- 4 bytes to 4 bytes ---- */

static inline __attribute__((always_inline)) void loop(size_t n, const void *data, void *result, conversion *convert) {
    const float *x = data; /* elements are moved as 4 bytes */
    float *out = result;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v128_t y[4];
        for (size_t v = 0; v < 4; v++) y[v] = convert(wasm_v128_load(x + i + 4 * v));
        for (size_t v = 0; v < 4; v++) wasm_v128_store(out + i + 4 * v, y[v]);
    }
    for (; i + 4 <= n; i += 4) wasm_v128_store(out + i, convert(wasm_v128_load(x + i)));
    if (i < n) lw_store_lanes(out + i, convert(lw_load_lanes(x + i, n - i)), n - i);
}

static inline __attribute__((always_inline)) v128_t to_float(v128_t x) {
    return wasm_f32x4_convert_i32x4(x);
}

/* Beyond 2^31 in size i32x4.trunc_sat saturates where the contract wraps: a block that has such numbers is left to the
 * scalar kernel. A NaN is none, and becomes 0 as it should. */
static void f32_to_i32(size_t n, const float *x, int32_t *out) {
    const v128_t limit = lw_splat(0x1p31f);
    for (; n >= 16; n -= 16, x += 16, out += 16) {
        v128_t y[4], size = wasm_f32x4_splat(0.0f);
        for (size_t v = 0; v < 4; v++) y[v] = wasm_v128_load(x + 4 * v);
        for (size_t v = 0; v < 4; v++) size = wasm_v128_or(size, wasm_f32x4_ge(wasm_f32x4_abs(y[v]), limit));
        if (wasm_v128_any_true(size)) {
            lw_scalar_f32_to_i32(16, x, out);
            continue;
        }
        for (size_t v = 0; v < 4; v++) wasm_v128_store(out + 4 * v, wasm_i32x4_trunc_sat_f32x4(y[v]));
    }
    lw_scalar_f32_to_i32(n, x, out);
}
static void i32_to_f32(size_t n, const int32_t *x, float *out) {
    loop(n, x, out, to_float);
}

/* ---- bool to 4 bytes: `one` where a byte isn't 0 ---- */

static inline __attribute__((always_inline)) void spread(size_t n, const uint8_t *x, uint32_t *out, uint32_t one) {
    const v128_t ones = wasm_i32x4_splat((int32_t)one);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const v128_t mask = wasm_i8x16_ne(wasm_v128_load(x + i), wasm_i8x16_splat(0));
        const v128_t low = wasm_i16x8_extend_low_i8x16(mask), high = wasm_i16x8_extend_high_i8x16(mask);
        wasm_v128_store(out + i, wasm_v128_and(wasm_i32x4_extend_low_i16x8(low), ones));
        wasm_v128_store(out + i + 4, wasm_v128_and(wasm_i32x4_extend_high_i16x8(low), ones));
        wasm_v128_store(out + i + 8, wasm_v128_and(wasm_i32x4_extend_low_i16x8(high), ones));
        wasm_v128_store(out + i + 12, wasm_v128_and(wasm_i32x4_extend_high_i16x8(high), ones));
    }
    for (; i < n; i++) out[i] = x[i] ? one : 0;
}

static void bool_to_f32(size_t n, const uint8_t *x, float *out) {
    spread(n, x, (uint32_t *)out, 0x3f800000); /* the bits of 1.0f */
}
static void bool_to_i32(size_t n, const uint8_t *x, int32_t *out) {
    spread(n, x, (uint32_t *)out, 1);
}

void lw_simd128_cast_install(struct lw_kernels *kernels) {
    kernels->f32_to_i32 = f32_to_i32;
    kernels->i32_to_f32 = i32_to_f32;
    kernels->bool_to_f32 = bool_to_f32;
    kernels->bool_to_i32 = bool_to_i32;
}
