/* SPDX-License-Identifier: MIT */
/* Softmax over the last dimension: one call of the kernel, for each part of the rows. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_softmax_sets[] = {&lw_rows_set, NULL};

struct run {
    const struct lw_context *context;
    size_t columns;
    const float *input;
    float *output;
};

static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t first = begin * run->columns;
    run->context->kernels.softmax_f32(end - begin, run->columns, run->input + first, run->output + first);
}

enum lw_status lw_softmax_run(const struct lw_context *context, size_t rows, size_t columns, const float *input,
                              float *output) {
    if (!context) return LW_NULL_POINTER;
    size_t bytes;
    if (!lw_product((const size_t[]){rows, columns, sizeof(float)}, 3, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;
    struct run run = {context, columns, input, output};
    return lw_parallel(context, rows, columns / 2 + 1, run_rows, &run);
}
