/* SPDX-License-Identifier: MIT */
/*
 * The position of the largest or smallest element along the middle dimension of [outer][reduced][inner].
 *
 * A contiguous row (inner = 1) is folded to its extreme value, which is then looked for. Else all columns are taken at
 * once, row after row.
 */
#include <math.h>

#include "kernels/operator.h"

const struct lw_kernel_set *const lw_argmax_sets[] = {&lw_search_set, &lw_fold_set, NULL};

static void columns_f32(const struct lw_context *context, bool least, size_t reduced, size_t columns, const float *x,
                        int32_t *out) {
    const struct lw_kernels *k = &context->kernels;
    (least ? k->argmin_rows_f32 : k->argmax_rows_f32)(reduced, columns, x, columns, out);
}

static void columns_i32(const struct lw_context *context, bool least, size_t reduced, size_t columns, const int32_t *x,
                        int32_t *out) {
    const struct lw_kernels *k = &context->kernels;
    (least ? k->argmin_rows_i32 : k->argmax_rows_i32)(reduced, columns, x, columns, out);
}

/* A row without a NaN has the first element that equals its extreme value; a NaN leaves the row to columns_f32. */
static void row_f32(const struct lw_context *context, bool least, size_t reduced, const float *x, int32_t *out) {
    const float best = context->kernels.fold_f32[least ? LW_K_FOLD_MIN : LW_K_FOLD_MAX](reduced, x);
    if (isnan(best)) {
        columns_f32(context, least, reduced, 1, x, out);
        return;
    }
    *out = (int32_t)context->kernels.find_f32(reduced, x, best);
}

static void row_i32(const struct lw_context *context, bool least, size_t reduced, const int32_t *x, int32_t *out) {
    const int32_t best = context->kernels.fold_i32[least ? LW_K_FOLD_MIN : LW_K_FOLD_MAX](reduced, x);
    *out = (int32_t)context->kernels.find_i32(reduced, x, best);
}

static enum lw_status run(const struct lw_context *context, bool least, enum lw_type type, size_t outer, size_t reduced,
                          size_t inner, const void *input, int32_t *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    if (type == LW_BOOL) return LW_UNSUPPORTED;
    if (reduced == 0) return LW_BAD_SHAPE;
    if (reduced > (size_t)INT32_MAX) return LW_TOO_LARGE; /* a position must fit the output's type */
    size_t bytes;
    if (!lw_product((const size_t[]){outer, reduced, inner, 4}, 4, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    const float *f32 = input;
    const int32_t *i32 = input;
    for (size_t o = 0; o < outer; o++) {
        const size_t start = o * reduced * inner;
        int32_t *out = output + o * inner;
        if (inner == 1 && type == LW_FLOAT32)
            row_f32(context, least, reduced, f32 + start, out);
        else if (inner == 1)
            row_i32(context, least, reduced, i32 + start, out);
        else if (type == LW_FLOAT32)
            columns_f32(context, least, reduced, inner, f32 + start, out);
        else
            columns_i32(context, least, reduced, inner, i32 + start, out);
    }
    return LW_OK;
}

enum lw_status lw_argmax_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                             size_t inner, const void *input, int32_t *output) {
    return run(context, false, type, outer, reduced, inner, input, output);
}

enum lw_status lw_argmin_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                             size_t inner, const void *input, int32_t *output) {
    return run(context, true, type, outer, reduced, inner, input, output);
}
