/* SPDX-License-Identifier: MIT */
/* Moving elements of 4 bytes: a transpose, out[j][i] = in[i][j]. */
#include "kernels_scalar/install.h"

static void transpose(size_t rows, size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                      ptrdiff_t out_step) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[(ptrdiff_t)j * out_step + (ptrdiff_t)i] = in[(ptrdiff_t)i * in_step + (ptrdiff_t)j];
}

void lw_scalar_move_install(struct lw_kernels *kernels) {
    kernels->transpose_u32 = transpose;
}
