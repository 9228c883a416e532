/* SPDX-License-Identifier: MIT */
/*
 * Sums or means of rows of data (rows, columns), which are gathered by indices (count), over segments:
 *   output[s] = sum over i with ids[i] = s, ascending from +0, of data[indices[i]]; a mean divides by how many there were
 *
 * ids (count) ascend, so the rows of a segment follow one another. All are checked before the output (segments, columns) is
 * written.
 */
#include "kernels/operator.h"

const struct lw_kernel_set *const lw_segment_sets[] = {&lw_binary_set, NULL};

/* Adds one row; short ones cost less here than the call of a kernel. */
static void add_row(const struct lw_context *context, enum lw_type type, size_t n, const void *row, void *out) {
    enum { LONG_ROW = 16 };
    if (n >= LONG_ROW) {
        lw_combine(context, type, LW_BINARY_ADD, n, out, 1, row, 1, out);
    } else if (type == LW_FLOAT32) {
        const float *x = row;
        float *y = out;
        for (size_t j = 0; j < n; j++) y[j] += x[j];
    } else {
        const uint32_t *x = row;
        uint32_t *y = out;
        for (size_t j = 0; j < n; j++) y[j] += x[j];
    }
}

/* int32 truncates towards 0. */
static void divide_row(const struct lw_context *context, enum lw_type type, size_t n, size_t count, void *out) {
    if (type == LW_FLOAT32) {
        const float divisor = (float)count;
        context->kernels.binary_f32[LW_BINARY_DIV](n, out, 1, &divisor, 0, out);
    } else {
        int32_t *y = out;
        for (size_t j = 0; j < n; j++) y[j] = (int32_t)((int64_t)y[j] / (int64_t)count);
    }
}

static enum lw_status check(const struct lw_context *context, const struct lw_segment *op, struct lw_problem *problem,
                            size_t *output_bytes) {
    const enum lw_status status = lw_check(context, op, sizeof *op, problem);
    if (status != LW_OK) return status;
    if (op->op > LW_REDUCE_PRODUCT) return lw_wrong(problem, LW_BAD_ENUM, "op", "one of enum lw_reduce_op");
    if (op->type > LW_BOOL) return lw_wrong(problem, LW_BAD_ENUM, "type", "one of enum lw_type");
    if (op->type == LW_BOOL) return lw_wrong(problem, LW_UNSUPPORTED, "type", "LW_FLOAT32 or LW_INT32");
    if (op->op != LW_REDUCE_SUM && op->op != LW_REDUCE_MEAN)
        return lw_wrong(problem, LW_UNSUPPORTED, "op", "LW_REDUCE_SUM or LW_REDUCE_MEAN");
    size_t row_bytes, bytes;
    if (!lw_product((const size_t[]){op->columns, 4}, 2, &row_bytes) ||
        !lw_product((const size_t[]){op->rows, row_bytes}, 2, &bytes))
        return lw_too_large(problem, "data");
    if (!lw_product((const size_t[]){op->count, sizeof(int32_t)}, 2, &bytes)) return lw_too_large(problem, "ids");
    if (!lw_product((const size_t[]){op->segments, row_bytes}, 2, output_bytes)) return lw_too_large(problem, "output");
    return LW_OK;
}

enum lw_status lw_segment_validate(const struct lw_context *context, const struct lw_segment *op,
                                   struct lw_problem *problem) {
    size_t bytes;
    return check(context, op, problem, &bytes);
}

enum lw_status lw_segment_run(const struct lw_context *context, const struct lw_segment *op, const void *data,
                              const int32_t *indices, const int32_t *ids, void *output) {
    size_t bytes;
    const enum lw_status status = check(context, op, NULL, &bytes);
    if (status != LW_OK) return status;
    if (op->count && (!indices || !ids)) return LW_NULL_POINTER;
    for (size_t i = 0; i < op->count; i++) {
        if (indices[i] < 0 || (size_t)indices[i] >= op->rows) return LW_BAD_INDEX;
        if (ids[i] < 0 || (size_t)ids[i] >= op->segments || (i && ids[i] < ids[i - 1])) return LW_BAD_INDEX;
    }
    if (bytes == 0) return LW_OK;
    if (!output || (op->count && !data)) return LW_NULL_POINTER;

    const enum lw_type type = (enum lw_type)op->type;
    const size_t row_bytes = op->columns * 4;
    memset(output, 0, bytes);
    for (size_t i = 0; i < op->count;) {
        const size_t first = i, segment = (size_t)ids[i];
        char *out = (char *)output + segment * row_bytes;
        for (; i < op->count && (size_t)ids[i] == segment; i++)
            add_row(context, type, op->columns, (const char *)data + (size_t)indices[i] * row_bytes, out);
        if (op->op == LW_REDUCE_MEAN) divide_row(context, type, op->columns, i - first, out);
    }
    return LW_OK;
}
