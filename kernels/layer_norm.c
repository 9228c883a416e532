/* SPDX-License-Identifier: MIT */
/* Layer normalisation of the rows of [rows][columns]: one kernel call, for each part of the rows. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_layer_norm_sets[] = {&lw_rows_set, NULL};

struct run {
    const struct lw_context *context;
    size_t columns;
    float epsilon;
    const float *input, *scale, *shift;
    float *output;
};

static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t first = begin * run->columns;
    run->context->kernels.layer_norm_f32(end - begin, run->columns, run->epsilon, run->input + first, run->scale,
                                         run->shift, run->output + first);
}

enum lw_status lw_layer_norm_run(const struct lw_context *context, size_t rows, size_t columns, float epsilon,
                                 const float *input, const float *scale, const float *shift, float *output) {
    if (!context) return LW_NULL_POINTER;
    size_t bytes;
    if (!lw_product((const size_t[]){rows, columns, sizeof(float)}, 3, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;
    struct run run = {context, columns, epsilon, input, scale, shift, output};
    return lw_parallel(context, rows, columns / 4 + 1, run_rows, &run);
}
