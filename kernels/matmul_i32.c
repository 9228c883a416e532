/* SPDX-License-Identifier: MIT */
/*
 * Matrix multiplication of integers, which wrap around: plain loops over operands of any orientation, seldom used and
 * not packed. Where B lies in rows, its rows are added up to rows of the output; otherwise each output is a sum by itself.
 */
#include "kernels/operator.h"

/* One product. A[i][c] is a[i * a_row + c * a_column]; B and output have the operator's row strides. */
static void product(const struct lw_matmul *op, const uint32_t *a, size_t a_row, size_t a_column, const uint32_t *b,
                    uint32_t *output) {
    const size_t m = op->m, n = op->n, k = op->k, b_row = op->b_row_stride;
    for (size_t i = 0; i < m; i++, output += op->output_row_stride) {
        const uint32_t *const row = a + i * a_row;
        if (op->transpose_b) {
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

    const size_t k = op->k, row = op->a_row_stride;
    for (size_t i = 0; i < op->batch; i++)
        product(op, k ? (const uint32_t *)a + i * op->a_batch_stride : NULL, op->transpose_a ? 1 : row,
                op->transpose_a ? row : 1, k ? (const uint32_t *)b + i * op->b_batch_stride : NULL,
                (uint32_t *)output + i * op->output_batch_stride);
    return LW_OK;
}
