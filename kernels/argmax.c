/* SPDX-License-Identifier: MIT */
/*
 * The position of the largest or smallest element along the middle dimension of [outer][reduced][inner].
 *
 * A contiguous row (inner = 1) is folded to its extreme value, which is then looked for. Else all columns are taken at
 * once, row after row.
 */
#include <math.h>

#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_argmax_sets[] = {&lw_search_set, &lw_fold_set, NULL};

static void columns_f32(const struct lw_context *context, bool least, size_t reduced, size_t columns, const float *x,
                        size_t row_stride, int32_t *out) {
    const struct lw_kernels *k = &context->kernels;
    (least ? k->argmin_rows_f32 : k->argmax_rows_f32)(reduced, columns, x, row_stride, out);
}

static void columns_i32(const struct lw_context *context, bool least, size_t reduced, size_t columns, const int32_t *x,
                        size_t row_stride, int32_t *out) {
    const struct lw_kernels *k = &context->kernels;
    (least ? k->argmin_rows_i32 : k->argmax_rows_i32)(reduced, columns, x, row_stride, out);
}

/* A row without a NaN has the first element that equals its extreme value; a NaN leaves the row to columns_f32. */
static void row_f32(const struct lw_context *context, bool least, size_t reduced, const float *x, int32_t *out) {
    const float best = context->kernels.fold_f32[least ? LW_K_FOLD_MIN : LW_K_FOLD_MAX](reduced, x);
    if (isnan(best)) {
        columns_f32(context, least, reduced, 1, x, 1, out);
        return;
    }
    *out = (int32_t)context->kernels.find_f32(reduced, x, best);
}

static void row_i32(const struct lw_context *context, bool least, size_t reduced, const int32_t *x, int32_t *out) {
    const int32_t best = context->kernels.fold_i32[least ? LW_K_FOLD_MIN : LW_K_FOLD_MAX](reduced, x);
    *out = (int32_t)context->kernels.find_i32(reduced, x, best);
}

struct run {
    const struct lw_context *context;
    bool least;
    enum lw_type type;
    size_t reduced, inner;
    const void *input;
    int32_t *output;
};

/* The outputs [begin, end): columns of several matrices, or rows. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct lw_context *context = run->context;
    const bool least = run->least;
    const float *f32 = run->input;
    const int32_t *i32 = run->input;
    const size_t reduced = run->reduced, inner = run->inner;
    size_t o = begin / inner, column = begin % inner;
    for (size_t i = begin, n; i < end; i += n, o++, column = 0) {
        n = inner - column < end - i ? inner - column : end - i;
        const size_t start = o * reduced * inner + column;
        int32_t *out = run->output + i;
        if (inner == 1 && run->type == LW_FLOAT32)
            row_f32(context, least, reduced, f32 + start, out);
        else if (inner == 1)
            row_i32(context, least, reduced, i32 + start, out);
        else if (run->type == LW_FLOAT32)
            columns_f32(context, least, reduced, n, f32 + start, inner, out);
        else
            columns_i32(context, least, reduced, n, i32 + start, inner, out);
    }
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

    struct run state = {context, least, type, reduced, inner, input, output};
    if (inner == 1) return lw_parallel(context, outer, reduced / 8 + 1, run_part, &state);
    return lw_parallel_elements(context, outer * inner, reduced * LW_BLOCK / 8, run_part, &state);
}

enum lw_status lw_argmax_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                             size_t inner, const void *input, int32_t *output) {
    return run(context, false, type, outer, reduced, inner, input, output);
}

enum lw_status lw_argmin_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                             size_t inner, const void *input, int32_t *output) {
    return run(context, true, type, outer, reduced, inner, input, output);
}
