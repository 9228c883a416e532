/* SPDX-License-Identifier: MIT */
/*
 * One output row of a bilinear resize: a lerp along each of the two source rows, then one between them.
 *
 *   t = top[x0[x] + c] + (top[x1[x] + c] - top[x0[x] + c]) * fx[x], b the same of bottom
 *   out[x][c] = t + (b - t) * fy
 */
#include "kernels_scalar/install.h"

static void bilinear_row(size_t columns, size_t channels, const float *top,
                         const float *bottom,                    /* the two source rows */
                         const uint32_t *x0, const uint32_t *x1, /* (columns) offsets of left and right pixel */
                         const float *fx,                        /* (columns) weight of the right pixel */
                         float fy,                               /* weight of the bottom row */
                         float *out)                             /* (columns, channels) */
{
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            float t0 = top[x0[x] + c], b0 = bottom[x0[x] + c];
            float t = t0 + (top[x1[x] + c] - t0) * fx[x];
            float b = b0 + (bottom[x1[x] + c] - b0) * fx[x];
            *out++ = t + (b - t) * fy;
        }
    }
}

void lw_scalar_resize_install(struct lw_kernels *kernels) {
    kernels->bilinear_row_f32 = bilinear_row;
}
