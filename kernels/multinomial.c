/* SPDX-License-Identifier: MIT */
/* Draws from distributions: the probabilities of a row are summed up, and each number drawn is looked for in the sums. */
#include "kernels/operator.h"

const struct lw_kernel_set *const lw_multinomial_sets[] = {&lw_search_set, NULL};

enum lw_status lw_multinomial_run(const struct lw_context *context, size_t rows, size_t events, size_t count,
                                  const float *probabilities, const float *draws, void *scratch, int32_t *output) {
    if (!context) return LW_NULL_POINTER;
    if (events == 0) return LW_BAD_SHAPE;
    size_t bytes, output_bytes;
    if (events > (size_t)INT32_MAX || !lw_product((const size_t[]){rows, events, sizeof(float)}, 3, &bytes) ||
        !lw_product((const size_t[]){rows, count, sizeof *output}, 3, &output_bytes))
        return LW_TOO_LARGE;
    if (output_bytes == 0) return LW_OK;
    if (!probabilities || !draws || !scratch || !output) return LW_NULL_POINTER;

    float *sums = scratch;
    const size_t last = events - 1; /* what is left when no other event happened */
    for (size_t r = 0; r < rows; r++, probabilities += events, output += count) {
        float sum = 0;
        bool ascending = true; /* no probability is NaN or negative */
        for (size_t e = 0; e < last; e++) {
            const float next = sum + probabilities[e];
            ascending = ascending && next >= sum;
            sums[e] = sum = next;
        }
        if (ascending) {
            lw_search_sorted_run(context, LW_FLOAT32, LW_FLOAT32, 1, 1, last, count, sums, draws, output);
            continue;
        }
        for (size_t i = 0; i < count; i++) output[i] = (int32_t)context->kernels.find_above_f32(last, sums, draws[i]);
    }
    return LW_OK;
}
