/* SPDX-License-Identifier: MIT */
/* Softmax over the last dimension: one call of the kernel. */
#include "kernels/operator.h"

const struct lw_kernel_set *const lw_softmax_sets[] = {&lw_rows_set, NULL};

enum lw_status lw_softmax_run(const struct lw_context *context, size_t rows, size_t columns, const float *input,
                              float *output) {
    if (!context) return LW_NULL_POINTER;
    size_t bytes;
    if (!lw_product((const size_t[]){rows, columns, sizeof(float)}, 3, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;
    context->kernels.softmax_f32(rows, columns, input, output);
    return LW_OK;
}
