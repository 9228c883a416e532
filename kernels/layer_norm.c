/* SPDX-License-Identifier: MIT */
/* Layer normalisation of the rows of [rows][columns]: one kernel call. */
#include "kernels/operator.h"

const struct lw_kernel_set *const lw_layer_norm_sets[] = {&lw_rows_set, NULL};

enum lw_status lw_layer_norm_run(const struct lw_context *context, size_t rows, size_t columns, float epsilon,
                                 const float *input, const float *scale, const float *shift, float *output) {
    if (!context) return LW_NULL_POINTER;
    size_t bytes;
    if (!lw_product((const size_t[]){rows, columns, sizeof(float)}, 3, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;
    context->kernels.layer_norm_f32(rows, columns, epsilon, input, scale, shift, output);
    return LW_OK;
}
