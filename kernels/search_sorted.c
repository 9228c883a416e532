/* SPDX-License-Identifier: MIT */
/*
 * Where values (batch, count) would be inserted into sorted rows (batch, size): binary searches, each step of which waits
 * for the last. The steps don't branch, for no branch could be foreseen; four searches of one row go on side by side, in as
 * many steps as a row of that size can take.
 */
#include "kernels/operator.h"

/* An element as a double, which holds every float and integer. f32 is a constant where this is inlined. */
static inline __attribute__((always_inline)) double element(bool f32, const void *x, size_t i) {
    return f32 ? (double)((const float *)x)[i] : (double)((const int32_t *)x)[i];
}

/* Four searches for how many elements of a row of n are less than v[j], or with `upper` not more than it. n >= 1. */
static inline __attribute__((always_inline)) void search(bool f32, bool upper, size_t n, const void *row,
                                                         const double v[4], size_t found[4]) {
    size_t at[4] = {0};
    for (size_t half; n > 1; n -= half) {
        half = n / 2;
        for (size_t j = 0; j < 4; j++) {
            const double x = element(f32, row, at[j] + half - 1);
            at[j] += half & -(size_t)(upper ? x <= v[j] : x < v[j]);
        }
    }
    for (size_t j = 0; j < 4; j++) {
        const double x = element(f32, row, at[j]);
        found[j] = at[j] + (upper ? x <= v[j] : x < v[j]);
    }
}

enum lw_status lw_search_sorted_run(const struct lw_context *context, enum lw_type row_type, enum lw_type value_type,
                                    uint32_t upper, size_t batch, size_t size, size_t count, const void *sorted,
                                    const void *values, int32_t *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)row_type > LW_BOOL || (uint32_t)value_type > LW_BOOL || upper > 1) return LW_BAD_ENUM;
    if (row_type == LW_BOOL || value_type == LW_BOOL) return LW_UNSUPPORTED;
    size_t row_bytes, bytes;
    if (size > (size_t)INT32_MAX || !lw_product((const size_t[]){batch, size, 4}, 3, &row_bytes) ||
        !lw_product((const size_t[]){batch, count, 4}, 3, &bytes))
        return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!values || !output || (row_bytes && !sorted)) return LW_NULL_POINTER;
    if (size == 0) {
        memset(output, 0, bytes);
        return LW_OK;
    }
    const char *row = sorted;
    for (size_t b = 0; b < batch; b++, row += 4 * size) {
        for (size_t i = 0; i < count; i += 4) {
            const size_t some = count - i < 4 ? count - i : 4, first = b * count + i;
            double v[4] = {0};
            size_t found[4];
            for (size_t j = 0; j < some; j++) v[j] = element(value_type == LW_FLOAT32, values, first + j);
            if (row_type == LW_FLOAT32 && upper)
                search(true, true, size, row, v, found);
            else if (row_type == LW_FLOAT32)
                search(true, false, size, row, v, found);
            else if (upper)
                search(false, true, size, row, v, found);
            else
                search(false, false, size, row, v, found);
            for (size_t j = 0; j < some; j++) output[first + j] = (int32_t)found[j];
        }
    }
    return LW_OK;
}
