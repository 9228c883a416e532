/* SPDX-License-Identifier: MIT */
/* The choice between two arrays by an array of bools: one kernel call, or a copy for each row. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <string.h>

const struct lw_kernel_set *const lw_select_sets[] = {&lw_select_set, NULL};

struct run {
    const struct lw_context *context;
    size_t columns, bytes;
    const uint8_t *condition, *a, *b;
    uint8_t *output;
};

static void copy_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t bytes = run->columns * run->bytes;
    for (size_t r = begin; r < end; r++) {
        const uint8_t *from = (run->condition[r] ? run->a : run->b) + r * bytes;
        if (from != run->output + r * bytes) memcpy(run->output + r * bytes, from, bytes);
    }
}

static void select_elements(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t n = end - begin, at = begin * run->bytes;
    const void *a = run->a + at, *b = run->b + at;
    void *output = run->output + at;
    if (run->bytes == 1)
        run->context->kernels.select_8(n, run->condition + begin, a, b, output);
    else
        run->context->kernels.select_32(n, run->condition + begin, a, b, output);
}

enum lw_status lw_select_run(const struct lw_context *context, enum lw_type type, size_t rows, size_t columns,
                             const uint8_t *condition, const void *a, const void *b, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    const size_t bytes = type == LW_BOOL ? 1 : 4;
    size_t count = rows;
    if (!lw_multiply(&count, columns) || count > SIZE_MAX / 4) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!condition || !a || !b || !output) return LW_NULL_POINTER;

    struct run run = {context, columns, bytes, condition, a, b, output};
    if (columns > 1) return lw_parallel(context, rows, columns * bytes / 32 + 1, copy_rows, &run);
    return lw_parallel_elements(context, count, LW_BLOCK * bytes / 16, select_elements, &run);
}
