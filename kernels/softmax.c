/* SPDX-License-Identifier: MIT */
/* Softmax over the last dimension: one call of the kernel, for each part of the rows. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_softmax_sets[] = {&lw_rows_set, NULL};

struct run {
    const struct lw_context *context;
    size_t columns;
    struct lw_strides strides; /* from row to row */
    const float *input;
    float *output;
};

static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    /* Rows that follow each other are done in one call. */
    const bool dense = run->strides.input == run->columns && run->strides.output == run->columns;
    for (size_t r = begin, count; r < end; r += count) {
        count = dense ? end - begin : 1;
        run->context->kernels.softmax_f32(count, run->columns, run->input + r * run->strides.input,
                                          run->output + r * run->strides.output);
    }
}

enum lw_status lw_softmax_run(const struct lw_context *context, size_t rows, size_t columns, const float *input,
                              float *output) {
    return lw_softmax_rows_run(context, rows, columns, 0, 0, input, output);
}

enum lw_status lw_softmax_rows_run(const struct lw_context *context, size_t rows, size_t columns, size_t input_stride,
                                   size_t output_stride, const float *input, float *output) {
    if (!context) return LW_NULL_POINTER;
    struct run run = {context, columns, {0, 0}, input, output};
    const enum lw_status status = lw_rows_read(rows, columns, input_stride, output_stride, &run.strides);
    if (status != LW_OK || rows == 0 || columns == 0) return status;
    if (!input || !output) return LW_NULL_POINTER;
    return lw_parallel(context, rows, columns / 2 + 1, run_rows, &run);
}
