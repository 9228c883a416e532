/* SPDX-License-Identifier: MIT */
/*
 * Running sums and products of [outer][size][inner] along the middle dimension: one operation for each element, on the
 * result before it.
 *
 * With inner > 1 whole rows of results are combined with rows of the input by the elementwise kernel of two operands, a
 * block of columns at a time, so that the row before is still in the first-level cache. With inner = 1 each operation
 * waits for the last: plain C, several rows side by side.
 */
#include <string.h>

#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_cumulative_sets[] = {&lw_binary_set, NULL};

enum { BLOCK = 2048, CHAINS = 4 };

/* What is done along the middle dimension; step is negative with reverse, and pointers then name the last element. */
struct walk {
    bool product, exclusive;
    size_t size;
    ptrdiff_t step;
};

/* `rows` rows of w->size contiguous elements; a constant where this is inlined. */
static inline __attribute__((always_inline)) void chains_f32(const struct walk *w, bool product, size_t rows,
                                                             const float *x, float *out) {
    float total[CHAINS];
    for (size_t j = 0; j < rows; j++)
        total[j] = out[j * w->size] = w->exclusive ? (product ? 1.0f : 0.0f) : x[j * w->size];
    ptrdiff_t at = 0;
    const ptrdiff_t behind = w->exclusive ? w->step : 0;
    for (size_t r = 1; r < w->size; r++) {
        at += w->step;
        for (size_t j = 0; j < rows; j++) {
            const ptrdiff_t i = at + (ptrdiff_t)(j * w->size);
            total[j] = product ? total[j] * x[i - behind] : total[j] + x[i - behind];
            out[i] = total[j];
        }
    }
}

static inline __attribute__((always_inline)) void chains_i32(const struct walk *w, bool product, size_t rows,
                                                             const uint32_t *x, uint32_t *out) {
    uint32_t total[CHAINS];
    for (size_t j = 0; j < rows; j++) total[j] = out[j * w->size] = w->exclusive ? (product ? 1u : 0u) : x[j * w->size];
    ptrdiff_t at = 0;
    const ptrdiff_t behind = w->exclusive ? w->step : 0;
    for (size_t r = 1; r < w->size; r++) {
        at += w->step;
        for (size_t j = 0; j < rows; j++) {
            const ptrdiff_t i = at + (ptrdiff_t)(j * w->size);
            total[j] = product ? total[j] * x[i - behind] : total[j] + x[i - behind];
            out[i] = total[j];
        }
    }
}

static void rows_f32(const struct walk *w, size_t rows, const float *x, float *out) {
    size_t o = 0;
    for (; o + CHAINS <= rows; o += CHAINS) {
        if (w->product)
            chains_f32(w, true, CHAINS, x + o * w->size, out + o * w->size);
        else
            chains_f32(w, false, CHAINS, x + o * w->size, out + o * w->size);
    }
    for (; o < rows; o++) chains_f32(w, w->product, 1, x + o * w->size, out + o * w->size);
}

static void rows_i32(const struct walk *w, size_t rows, const uint32_t *x, uint32_t *out) {
    size_t o = 0;
    for (; o + CHAINS <= rows; o += CHAINS) {
        if (w->product)
            chains_i32(w, true, CHAINS, x + o * w->size, out + o * w->size);
        else
            chains_i32(w, false, CHAINS, x + o * w->size, out + o * w->size);
    }
    for (; o < rows; o++) chains_i32(w, w->product, 1, x + o * w->size, out + o * w->size);
}

/* `count` columns, of floats or integers. */
static void columns(const struct lw_context *context, enum lw_type type, const struct walk *w, size_t count,
                    const char *x, char *out) {
    const enum lw_binary_op op = w->product ? LW_BINARY_MUL : LW_BINARY_ADD;
    const ptrdiff_t step = 4 * w->step, behind = w->exclusive ? step : 0;
    const float neutral_f32 = w->product ? 1 : 0;
    const int32_t neutral_i32 = w->product ? 1 : 0;
    if (w->exclusive)
        lw_repeat(type == LW_FLOAT32 ? (const void *)&neutral_f32 : &neutral_i32, 4, 4 * count, out);
    else
        memcpy(out, x, 4 * count);
    for (size_t r = 1; r < w->size; r++) {
        x += step;
        out += step;
        lw_combine(context, type, op, count, out - step, 1, x - behind, 1, out);
    }
}

struct run {
    const struct lw_context *context;
    enum lw_type type;
    const struct walk *walk;
    size_t outer, inner;
    const char *input; /* its first element in the walk's direction */
    char *output;
};

/* With inner = 1: rows, CHAINS for one unit. */
static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct walk *w = run->walk;
    const size_t first = begin * CHAINS, rows = (end * CHAINS < run->outer ? end * CHAINS : run->outer) - first;
    const void *x = run->input + 4 * first * w->size;
    void *out = run->output + 4 * first * w->size;
    if (run->type == LW_FLOAT32)
        rows_f32(w, rows, x, out);
    else
        rows_i32(w, rows, x, out);
}

/* Columns of several matrices. */
static void run_columns(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    size_t o = begin / run->inner, c = begin % run->inner;
    for (size_t i = begin, width; i < end; i += width) {
        width = run->inner - c < end - i ? run->inner - c : end - i;
        if (width > BLOCK) width = BLOCK;
        const size_t at = 4 * (o * run->walk->size * run->inner + c);
        columns(run->context, run->type, run->walk, width, run->input + at, run->output + at);
        c += width;
        if (c == run->inner) {
            c = 0;
            o++;
        }
    }
}

enum lw_status lw_cumulative_run(const struct lw_context *context, enum lw_reduce_op op, enum lw_type type,
                                 uint32_t exclusive, uint32_t reverse, size_t outer, size_t size, size_t inner,
                                 const void *input, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)op > LW_REDUCE_PRODUCT || (uint32_t)type > LW_BOOL || exclusive > 1 || reverse > 1)
        return LW_BAD_ENUM;
    if (type == LW_BOOL || (op != LW_REDUCE_SUM && op != LW_REDUCE_PRODUCT)) return LW_UNSUPPORTED;
    size_t bytes;
    if (!lw_product((const size_t[]){outer, size, inner, 4}, 4, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    const struct walk w = {
        .product = op == LW_REDUCE_PRODUCT,
        .exclusive = exclusive,
        .size = size,
        .step = reverse ? -(ptrdiff_t)inner : (ptrdiff_t)inner,
    };
    const size_t start = reverse ? (size - 1) * inner : 0;
    struct run run = {context, type, &w, outer, inner, (const char *)input + 4 * start, (char *)output + 4 * start};
    if (inner > 1) return lw_parallel_elements(context, outer * inner, size * LW_BLOCK / 8 + 1, run_columns, &run);
    return lw_parallel(context, outer / CHAINS + (outer % CHAINS != 0), size, run_rows, &run);
}
