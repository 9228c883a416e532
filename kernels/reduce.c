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

static void fold_rows_f32(const struct lw_context *context, enum lw_fold fold, size_t rows, size_t columns,
                          const float *x, float *out) {
    const struct lw_kernels *k = &context->kernels;
    if (fold == LW_K_FOLD_SUM) {
        k->sum_rows_f32(rows, columns, x, columns, out);
        return;
    }
    if (rows == 0) {
        for (size_t c = 0; c < columns; c++) out[c] = k->fold_f32[fold](0, NULL);
        return;
    }
    for (size_t c = 0; c < columns; c += BLOCK) {
        const size_t width = columns - c < BLOCK ? columns - c : BLOCK;
        memcpy(out + c, x + c, width * sizeof *out);
        for (size_t r = 1; r < rows; r++)
            k->binary_f32[binary_of(fold)](width, out + c, 1, x + r * columns + c, 1, out + c);
    }
}

static void fold_rows_i32(const struct lw_context *context, enum lw_fold fold, size_t rows, size_t columns,
                          const int32_t *x, int32_t *out) {
    const struct lw_kernels *k = &context->kernels;
    if (rows == 0) {
        for (size_t c = 0; c < columns; c++) out[c] = k->fold_i32[fold](0, NULL);
        return;
    }
    for (size_t c = 0; c < columns; c += BLOCK) {
        const size_t width = columns - c < BLOCK ? columns - c : BLOCK;
        memcpy(out + c, x + c, width * sizeof *out);
        for (size_t r = 1; r < rows; r++)
            k->binary_i32[binary_of(fold)](width, out + c, 1, x + r * columns + c, 1, out + c);
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

    const struct lw_kernels *k = &context->kernels;
    const void *x = reduced ? input : output; /* nothing is read then, but kernels step their pointers */
    const enum lw_fold fold = fold_of(op);
    for (size_t o = 0; o < outer; o++) {
        const size_t from = o * reduced * inner, to = o * inner;
        if (type == LW_INT32) {
            const int32_t *in = (const int32_t *)x + from;
            int32_t *out = (int32_t *)output + to;
            if (inner == 1)
                *out = k->fold_i32[fold](reduced, in);
            else
                fold_rows_i32(context, fold, reduced, inner, in, out);
        } else {
            const float *in = (const float *)x + from;
            float *out = (float *)output + to;
            if (inner != 1)
                fold_rows_f32(context, fold, reduced, inner, in, out);
            else
                *out = fold == LW_K_FOLD_SUM ? k->sum_f32(reduced, in) : k->fold_f32[fold](reduced, in);
        }
    }
    if (op == LW_REDUCE_MEAN) {
        const float divisor = (float)reduced;
        k->binary_f32[LW_BINARY_DIV](outer * inner, output, 1, &divisor, 0, output);
    }
    return LW_OK;
}
