/* SPDX-License-Identifier: MIT */
/*
 * Matrix multiplication of integers, which wrap around: plain loops over operands of any orientation, seldom used and
 * not packed. Where B lies in rows, its rows are added up to rows of the output; otherwise each output is a sum by itself.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

/* What the parts of a run share. A[i][c] is a[i * a_row + c * a_column]; B and output have the
 * operator's row strides. */
struct run {
    const struct lw_matmul *op;
    const uint32_t *a, *b;
    size_t a_row, a_column;
    uint32_t *output;
};

/* Rows of all products. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t m = run->op->m, n = run->op->n, k = run->op->k, a_column = run->a_column;
    const size_t b_row = run->op->b_row_stride;
    for (size_t i = begin; i < end; i++) {
        const uint32_t *const row = k ? run->a + i / m * run->op->a_batch_stride + i % m * run->a_row : NULL;
        const uint32_t *const b = k ? run->b + i / m * run->op->b_batch_stride : NULL;
        uint32_t *const output =
            run->output + i / m * run->op->output_batch_stride + i % m * run->op->output_row_stride;
        if (run->op->transpose_b) {
            for (size_t j = 0; j < n; j++) {
                uint32_t sum = 0;
                for (size_t c = 0; c < k; c++) sum += row[c * a_column] * b[j * b_row + c];
                output[j] = sum;
            }
            continue;
        }
        memset(output, 0, n * sizeof *output);
        for (size_t c = 0; c < k; c++) {
            const uint32_t factor = row[c * a_column];
            for (size_t j = 0; j < n; j++) output[j] += factor * b[c * b_row + j];
        }
    }
}

enum lw_status lw_matmul_i32_run(const struct lw_context *context, const struct lw_matmul *op, const int32_t *a,
                                 const int32_t *b, int32_t *output) {
    struct lw_matmul whole;
    struct lw_sizes sizes;
    enum lw_status status = lw_matmul_read(context, op, NULL, &whole);
    if (status == LW_OK) status = lw_matmul_sizes(context, &whole, &sizes);
    if (status != LW_OK) return status;
    op = &whole;
    if (op->activation.kind != LW_LINEAR) return LW_UNSUPPORTED;
    if (sizes.output_elements == 0) return LW_OK;
    if ((op->k && (!a || !b)) || !output) return LW_NULL_POINTER;

    struct run run = {
        .op = op,
        .a = (const uint32_t *)a,
        .b = (const uint32_t *)b,
        .a_row = op->transpose_a ? 1 : op->a_row_stride,
        .a_column = op->transpose_a ? op->a_row_stride : 1,
        .output = (uint32_t *)output,
    };
    /* Plain loops make some two terms in a nanosecond. */
    return lw_parallel(context, (size_t)op->batch * op->m, (size_t)op->n * ((size_t)op->k + 1) / 2, run_part, &run);
}
