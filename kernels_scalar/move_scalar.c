/* SPDX-License-Identifier: MIT */
/* Moving elements: transposes, out[j][i] = in[i][j]; strides, out[i] = in[i * step]; pixels, out[i][c] = rgba[i][c]. */
#include "kernels_scalar/install.h"

static void transpose_u32(size_t rows, size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                          ptrdiff_t out_step) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[(ptrdiff_t)j * out_step + (ptrdiff_t)i] = in[(ptrdiff_t)i * in_step + (ptrdiff_t)j];
}

static void transpose_u8(size_t rows, size_t columns, const uint8_t *in, ptrdiff_t in_step, uint8_t *out,
                         ptrdiff_t out_step) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[(ptrdiff_t)j * out_step + (ptrdiff_t)i] = in[(ptrdiff_t)i * in_step + (ptrdiff_t)j];
}

static void stride_u32(size_t n, const uint32_t *in, ptrdiff_t step, uint32_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = in[(ptrdiff_t)i * step];
}

static void pixels_i32(size_t n, size_t channels, const uint8_t *rgba, int32_t *out) {
    for (size_t i = 0; i < n; i++, rgba += 4, out += channels) {
        /* Read as a whole: its place may be written. */
        const uint8_t red = rgba[0], green = rgba[1], blue = rgba[2], alpha = rgba[3];
        out[0] = red;
        if (channels > 1) out[1] = green;
        if (channels > 2) out[2] = blue;
        if (channels > 3) out[3] = alpha;
    }
}

void lw_scalar_move_install(struct lw_kernels *kernels) {
    kernels->transpose_u32 = transpose_u32;
    kernels->transpose_u8 = transpose_u8;
    kernels->stride_u32 = stride_u32;
    kernels->pixels_i32 = pixels_i32;
}
