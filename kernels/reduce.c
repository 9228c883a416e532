/* SPDX-License-Identifier: MIT */
/*
 * Reductions of [outer][reduced][inner] over the middle dimension.
 *
 * With inner = 1 each result is made of one contiguous row (sum_f32, and fold_f32 or fold_i32 for the others). Else rows
 * of `inner` elements are combined one after another: float32 sums by sum_rows_f32, the others by the elementwise kernel
 * of two operands, which may write to one of them. A block of columns at a time, so that what has been combined so far
 * stays in the first-level cache.
 */
#include <string.h>

#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_reduce_sets[] = {&lw_rows_set, &lw_fold_set, &lw_binary_set, NULL};

enum { BLOCK = 2048 };

/* The fold of an operation but LW_REDUCE_MEAN, and the elementwise operation that it repeats. */
static enum lw_fold fold_of(enum lw_reduce_op op) {
    switch (op) {
    case LW_REDUCE_MAX: return LW_K_FOLD_MAX;
    case LW_REDUCE_MIN: return LW_K_FOLD_MIN;
    case LW_REDUCE_PRODUCT: return LW_K_FOLD_PRODUCT;
    default: return LW_K_FOLD_SUM;
    }
}

static enum lw_binary_op binary_of(enum lw_fold fold) {
    static const enum lw_binary_op operations[] = {
        [LW_K_FOLD_SUM] = LW_BINARY_ADD,
        [LW_K_FOLD_MAX] = LW_BINARY_MAX,
        [LW_K_FOLD_MIN] = LW_BINARY_MIN,
        [LW_K_FOLD_PRODUCT] = LW_BINARY_MUL,
    };
    return operations[fold];
}

/* One contiguous row of n elements; out: one. */
static void fold_row(const struct lw_context *context, enum lw_type type, enum lw_fold fold, size_t n, const void *x,
                     void *out) {
    const struct lw_kernels *k = &context->kernels;
    if (type == LW_INT32)
        *(int32_t *)out = k->fold_i32[fold](n, x);
    else
        *(float *)out = fold == LW_K_FOLD_SUM ? k->sum_f32(n, x) : k->fold_f32[fold](n, x);
}

/* Rows of `columns` elements, row_stride elements apart. */
static void fold_rows(const struct lw_context *context, enum lw_type type, enum lw_fold fold, size_t rows,
                      size_t columns, const void *x, size_t row_stride, void *out) {
    if (type == LW_FLOAT32 && fold == LW_K_FOLD_SUM) {
        context->kernels.sum_rows_f32(rows, columns, x, row_stride, out);
        return;
    }
    if (rows == 0) {
        for (size_t c = 0; c < columns; c++) fold_row(context, type, fold, 0, NULL, (char *)out + 4 * c);
        return;
    }
    for (size_t c = 0; c < columns; c += BLOCK) {
        const size_t width = columns - c < BLOCK ? columns - c : BLOCK;
        const char *in = (const char *)x + 4 * c;
        char *folded = (char *)out + 4 * c;
        memcpy(folded, in, 4 * width);
        for (size_t r = 1; r < rows; r++)
            lw_combine(context, type, binary_of(fold), width, folded, 1, in + 4 * r * row_stride, 1, folded);
    }
}

struct run {
    const struct lw_context *context;
    enum lw_reduce_op op;
    enum lw_type type;
    size_t reduced, inner;
    const char *input;
    char *output;
};

/* The outputs [begin, end): columns of several matrices, or rows. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const enum lw_fold fold = fold_of(run->op);
    const size_t reduced = run->reduced, inner = run->inner;
    char *out = run->output + 4 * begin;
    if (inner == 1) {
        const char *in = run->input + 4 * begin * reduced;
        for (size_t i = begin; i < end; i++, in += 4 * reduced, out += 4)
            fold_row(run->context, run->type, fold, reduced, in, out);
    } else {
        size_t o = begin / inner, column = begin % inner;
        for (size_t i = begin, n; i < end; i += n, o++, column = 0, out += 4 * n) {
            n = inner - column < end - i ? inner - column : end - i;
            const char *in = run->input + 4 * (o * reduced * inner + column);
            fold_rows(run->context, run->type, fold, reduced, n, in, inner, out);
        }
    }
    if (run->op == LW_REDUCE_MEAN) {
        const float divisor = (float)reduced;
        out = run->output + 4 * begin;
        lw_combine(run->context, run->type, LW_BINARY_DIV, end - begin, out, 1, &divisor, 0, out);
    }
}

enum lw_status lw_reduce_run(const struct lw_context *context, enum lw_reduce_op op, enum lw_type type, size_t outer,
                             size_t reduced, size_t inner, const void *input, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)op > LW_REDUCE_PRODUCT || (uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    if (type == LW_BOOL || (type == LW_INT32 && op == LW_REDUCE_MEAN)) return LW_UNSUPPORTED;
    size_t input_bytes, output_bytes;
    if (!lw_product((const size_t[]){outer, reduced, inner, 4}, 4, &input_bytes) ||
        !lw_product((const size_t[]){outer, inner, 4}, 3, &output_bytes))
        return LW_TOO_LARGE;
    if (output_bytes == 0) return LW_OK;
    if (!output || (!input && input_bytes)) return LW_NULL_POINTER;

    const void *x = reduced ? input : output; /* nothing is read then, but kernels step their pointers */
    struct run run = {context, op, type, reduced, inner, x, output};
    if (inner == 1) return lw_parallel(context, outer, reduced / 16 + 1, run_part, &run);
    return lw_parallel_elements(context, outer * inner, reduced * LW_BLOCK / 16 + 1, run_part, &run);
}
