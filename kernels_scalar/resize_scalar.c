/* SPDX-License-Identifier: MIT */
/*
 * Linear interpolation for a bilinear resize, lerp(a, b, f) = a + (b - a) * f: along a source row (lerp_columns), and
 * between two rows (lerp_rows).
 */
#include "kernels_scalar/install.h"

static void lerp_columns(size_t columns, size_t channels, const float *row, const uint32_t *x0,
                         const uint32_t *x1, /* (columns) offsets of left and right pixel */
                         const float *fx,    /* (columns) weight of the right pixel */
                         float *out)         /* (columns, channels) */
{
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            const float left = row[x0[x] + c];
            *out++ = left + (row[x1[x] + c] - left) * fx[x];
        }
    }
}

static void lerp_rows(size_t n, const float *top, const float *bottom, float fy, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = top[i] + (bottom[i] - top[i]) * fy;
}

void lw_scalar_resize_install(struct lw_kernels *kernels) {
    kernels->lerp_columns_f32 = lerp_columns;
    kernels->lerp_rows_f32 = lerp_rows;
}
