/* SPDX-License-Identifier: MIT */
/*
 * Linear interpolation for a bilinear resize, lerp(a, b, f) = a + (b - a) * f: along a source row (lerp_columns), and
 * between two rows (lerp_rows).
 *
 * Along a row, four channels at a time. The last vector of channels overlaps the one before it; fewer than four
 * channels are loaded lane by lane (images of three channels are common here).
 */
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

static inline __attribute__((always_inline)) v128_t lerp(v128_t a, v128_t b, v128_t f) {
    return lw_madd(wasm_f32x4_sub(b, a), f, a);
}

/* `lanes` channels of one output pixel. */
static inline __attribute__((always_inline)) void pixel(size_t lanes, const float *left, const float *right, v128_t fx,
                                                        float *out) {
    lw_store_some(out, lerp(lw_load_some(left, lanes), lw_load_some(right, lanes), fx), lanes);
}

/* Rows of 1 to 3 channels; constant wherever this is inlined. */
static inline __attribute__((always_inline)) void narrow_columns(size_t columns, size_t channels, const float *row,
                                                                 const uint32_t *x0, const uint32_t *x1,
                                                                 const float *fx, float *out) {
    for (size_t x = 0; x < columns; x++, out += channels)
        pixel(channels, row + x0[x], row + x1[x], wasm_v128_load32_splat(fx + x), out);
}

static void lerp_columns(size_t columns, size_t channels, const float *row, const uint32_t *x0,
                         const uint32_t *x1, /* (columns) offsets of left and right pixel */
                         const float *fx,    /* (columns) weight of the right pixel */
                         float *out)         /* (columns, channels) */
{
    switch (channels) {
    case 0: return;
    case 1: narrow_columns(columns, 1, row, x0, x1, fx, out); return;
    case 2: narrow_columns(columns, 2, row, x0, x1, fx, out); return;
    case 3: narrow_columns(columns, 3, row, x0, x1, fx, out); return;
    }
    for (size_t x = 0; x < columns; x++, out += channels) {
        const float *left = row + x0[x], *right = row + x1[x];
        const v128_t vfx = wasm_v128_load32_splat(fx + x);
        size_t c = 0;
        for (; c + 16 <= channels; c += 16) {
            pixel(4, left + c, right + c, vfx, out + c);
            pixel(4, left + c + 4, right + c + 4, vfx, out + c + 4);
            pixel(4, left + c + 8, right + c + 8, vfx, out + c + 8);
            pixel(4, left + c + 12, right + c + 12, vfx, out + c + 12);
        }
        for (; c + 4 <= channels; c += 4) pixel(4, left + c, right + c, vfx, out + c);
        c = channels - 4;
        if (channels % 4) pixel(4, left + c, right + c, vfx, out + c);
    }
}

static void lerp_rows(size_t n, const float *top, const float *bottom, float fy, float *out) {
    const v128_t vfy = wasm_f32x4_splat(fy);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (size_t j = i; j < i + 16; j += 4)
            wasm_v128_store(out + j, lerp(wasm_v128_load(top + j), wasm_v128_load(bottom + j), vfy));
    }
    for (; i + 4 <= n; i += 4) wasm_v128_store(out + i, lerp(wasm_v128_load(top + i), wasm_v128_load(bottom + i), vfy));
    if (i < n) {
        const size_t rest = n - i;
        lw_store_lanes(out + i, lerp(lw_load_lanes(top + i, rest), lw_load_lanes(bottom + i, rest), vfy), rest);
    }
}

void lw_simd128_resize_install(struct lw_kernels *kernels) {
    kernels->lerp_columns_f32 = lerp_columns;
    kernels->lerp_rows_f32 = lerp_rows;
}
