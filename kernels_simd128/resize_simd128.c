/* SPDX-License-Identifier: MIT */
/*
 * One output row of a bilinear resize: a lerp along each of the two source rows, then one between them.
 *
 *   t = top[x0[x] + c] + (top[x1[x] + c] - top[x0[x] + c]) * fx[x], b the same of bottom
 *   out[x][c] = t + (b - t) * fy
 *
 * Four channels at a time. The last vector of channels overlaps the one before it; fewer than four channels are
 * loaded lane by lane (images of three channels are common here).
 */
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

static inline __attribute__((always_inline)) v128_t lerp(v128_t a, v128_t b, v128_t f) {
    return lw_madd(wasm_f32x4_sub(b, a), f, a);
}

static inline __attribute__((always_inline)) v128_t load(const float *p, size_t lanes) {
    return lanes == 4 ? wasm_v128_load(p) : lw_load_lanes(p, lanes);
}

/* `lanes` channels of one output pixel; the pointers name its four source pixels. */
static inline __attribute__((always_inline)) void pixel(size_t lanes, const float *t0, const float *t1, const float *b0,
                                                        const float *b1, v128_t fx, v128_t fy, float *out) {
    v128_t t = lerp(load(t0, lanes), load(t1, lanes), fx);
    v128_t b = lerp(load(b0, lanes), load(b1, lanes), fx);
    v128_t y = lerp(t, b, fy);
    if (lanes == 4)
        wasm_v128_store(out, y);
    else
        lw_store_lanes(out, y, lanes);
}

/* Rows of 1 to 3 channels; constant wherever this is inlined. */
static inline __attribute__((always_inline)) void narrow_row(size_t columns, size_t channels, const float *top,
                                                             const float *bottom, const uint32_t *x0,
                                                             const uint32_t *x1, const float *fx, v128_t fy,
                                                             float *out) {
    for (size_t x = 0; x < columns; x++, out += channels)
        pixel(channels, top + x0[x], top + x1[x], bottom + x0[x], bottom + x1[x], wasm_v128_load32_splat(fx + x), fy,
              out);
}

static void bilinear_row(size_t columns, size_t channels, const float *top,
                         const float *bottom,                    /* the two source rows */
                         const uint32_t *x0, const uint32_t *x1, /* (columns) offsets of left and right pixel */
                         const float *fx,                        /* (columns) weight of the right pixel */
                         float fy,                               /* weight of the bottom row */
                         float *out)                             /* (columns, channels) */
{
    v128_t vfy = wasm_f32x4_splat(fy);
    switch (channels) {
    case 0: return;
    case 1: narrow_row(columns, 1, top, bottom, x0, x1, fx, vfy, out); return;
    case 2: narrow_row(columns, 2, top, bottom, x0, x1, fx, vfy, out); return;
    case 3: narrow_row(columns, 3, top, bottom, x0, x1, fx, vfy, out); return;
    }
    for (size_t x = 0; x < columns; x++, out += channels) {
        const float *t0 = top + x0[x], *t1 = top + x1[x], *b0 = bottom + x0[x], *b1 = bottom + x1[x];
        v128_t vfx = wasm_v128_load32_splat(fx + x);
        size_t c = 0;
        for (; c + 4 <= channels; c += 4) pixel(4, t0 + c, t1 + c, b0 + c, b1 + c, vfx, vfy, out + c);
        c = channels - 4;
        if (channels % 4) pixel(4, t0 + c, t1 + c, b0 + c, b1 + c, vfx, vfy, out + c);
    }
}

void lw_simd128_resize_install(struct lw_kernels *kernels) {
    kernels->bilinear_row_f32 = bilinear_row;
}
