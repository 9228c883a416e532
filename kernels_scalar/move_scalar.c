/* SPDX-License-Identifier: MIT */
/* Moving elements: transposes, out[j][i] = in[i][j], and strides, out[i] = in[i * step]. */
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

void lw_scalar_move_install(struct lw_kernels *kernels) {
    kernels->transpose_u32 = transpose_u32;
    kernels->transpose_u8 = transpose_u8;
    kernels->stride_u32 = stride_u32;
}
