/* SPDX-License-Identifier: MIT */
/*
 * The k largest elements of each row, sorted.
 *
 * The outputs of a row are a heap of the best so far, the worst of them on top. The row is searched for the next element
 * that is larger than that one, which few are after a while; it takes the worst one's place. At the end the worst go to
 * the back one after another, and the heap is the sorted result.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_top_k_sets[] = {&lw_search_set, NULL};

/* Four bytes of either type. */
typedef uint32_t element;

/* Whether a is smaller than b: a NaN is smaller than any number. f32 is a constant where this is inlined. */
static inline __attribute__((always_inline)) bool less(bool f32, element a, element b) {
    if (!f32) return (int32_t)a < (int32_t)b;
    float x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x < y || (x != x && y == y);
}

/* Whether the element a at i stands behind b at j in the result. */
static inline __attribute__((always_inline)) bool behind(bool f32, element a, int32_t i, element b, int32_t j) {
    return less(f32, a, b) || (i > j && !less(f32, b, a));
}

/* Puts an element into a heap of n whose place `at` is free, and whose places below that are in order. */
static inline __attribute__((always_inline)) void sink(bool f32, size_t n, size_t at, element value, int32_t index,
                                                       element *values, int32_t *indices) {
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && behind(f32, values[child + 1], indices[child + 1], values[child], indices[child])) child++;
        if (!behind(f32, values[child], indices[child], value, index)) break;
        values[at] = values[child];
        indices[at] = indices[child];
    }
    values[at] = value;
    indices[at] = index;
}

/* The next i >= start whose element is larger than `value`. */
static inline __attribute__((always_inline)) size_t next(const struct lw_context *context, bool f32, size_t start,
                                                         size_t n, const element *x, element value) {
    if (!f32) return start + context->kernels.find_above_i32(n - start, (const int32_t *)x + start, (int32_t)value);
    float v;
    memcpy(&v, &value, sizeof v);
    if (v == v) return start + context->kernels.find_above_f32(n - start, (const float *)x + start, v);
    while (start < n && !less(true, value, x[start])) start++; /* any number is larger than a NaN */
    return start;
}

/* k >= 1 */
static inline __attribute__((always_inline)) void top(const struct lw_context *context, bool f32, size_t n, size_t k,
                                                      const element *x, element *values, int32_t *indices) {
    for (size_t i = 0; i < k; i++) {
        values[i] = x[i];
        indices[i] = (int32_t)i;
    }
    for (size_t i = k / 2; i-- > 0;) sink(f32, k, i, values[i], indices[i], values, indices);
    for (size_t i = next(context, f32, k, n, x, values[0]); i < n; i = next(context, f32, i + 1, n, x, values[0]))
        sink(f32, k, 0, x[i], (int32_t)i, values, indices);
    for (size_t last = k - 1; last > 0; last--) {
        const element value = values[last];
        const int32_t index = indices[last];
        values[last] = values[0];
        indices[last] = indices[0];
        sink(f32, last, 0, value, index, values, indices);
    }
}

struct run {
    const struct lw_context *context;
    enum lw_type type;
    size_t columns, k;
    const element *input;
    element *values;
    int32_t *indices;
};

static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t columns = run->columns, k = run->k;
    for (size_t r = begin; r < end; r++) {
        const element *x = run->input + r * columns;
        if (run->type == LW_FLOAT32)
            top(run->context, true, columns, k, x, run->values + r * k, run->indices + r * k);
        else
            top(run->context, false, columns, k, x, run->values + r * k, run->indices + r * k);
    }
}

enum lw_status lw_top_k_run(const struct lw_context *context, enum lw_type type, size_t rows, size_t columns, size_t k,
                            const void *input, void *values, int32_t *indices) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    if (type == LW_BOOL) return LW_UNSUPPORTED;
    if (k > columns) return LW_BAD_SHAPE;
    if (columns > (size_t)INT32_MAX) return LW_TOO_LARGE; /* a position must fit its type */
    size_t bytes;
    if (!lw_product((const size_t[]){rows, columns, sizeof(element)}, 3, &bytes)) return LW_TOO_LARGE;
    if (rows == 0 || k == 0) return LW_OK;
    if (!input || !values || !indices) return LW_NULL_POINTER;

    struct run run = {context, type, columns, k, input, values, indices};
    return lw_parallel(context, rows, columns / 8 + 8 * k, run_rows, &run);
}
