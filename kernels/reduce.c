/* SPDX-License-Identifier: MIT */
/*
 * Reductions of [outer][reduced][inner] over the middle dimension: sum and mean.
 *
 * With inner = 1 each sum is one contiguous row (sum_f32); else rows of `inner` floats are added up (sum_rows_f32).
 */
#include "kernels/operator.h"

enum lw_status lw_reduce_run(const struct lw_context *context, enum lw_reduce_op op, size_t outer, size_t reduced,
                             size_t inner, const float *input, float *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)op > LW_REDUCE_MEAN) return LW_BAD_ENUM;
    size_t input_bytes, output_bytes;
    if (!lw_product((const size_t[]){outer, reduced, inner, sizeof(float)}, 4, &input_bytes) ||
        !lw_product((const size_t[]){outer, inner, sizeof(float)}, 3, &output_bytes))
        return LW_TOO_LARGE;
    if (output_bytes == 0) return LW_OK;
    if (!output || (!input && input_bytes)) return LW_NULL_POINTER;

    const struct lw_kernels *k = &context->kernels;
    const float *x = reduced ? input : output; /* nothing is read then, but kernels step their pointers */
    if (inner == 1) {
        for (size_t o = 0; o < outer; o++) output[o] = k->sum_f32(reduced, x + o * reduced);
    } else {
        for (size_t o = 0; o < outer; o++)
            k->sum_rows_f32(reduced, inner, x + o * reduced * inner, inner, output + o * inner);
    }
    if (op == LW_REDUCE_MEAN) {
        const float divisor = (float)reduced;
        k->binary_f32[LW_BINARY_DIV](outer * inner, output, 1, &divisor, 0, output);
    }
    return LW_OK;
}
