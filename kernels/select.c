/* SPDX-License-Identifier: MIT */
/* The choice between two arrays by an array of bools: one kernel call, or a copy for each row. */
#include "kernels/operator.h"

#include <string.h>

const struct lw_kernel_set *const lw_select_sets[] = {&lw_select_set, NULL};

enum lw_status lw_select_run(const struct lw_context *context, enum lw_type type, size_t rows, size_t columns,
                             const uint8_t *condition, const void *a, const void *b, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    const size_t bytes = type == LW_BOOL ? 1 : 4;
    size_t count = rows;
    if (!lw_multiply(&count, columns) || count > SIZE_MAX / 4) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!condition || !a || !b || !output) return LW_NULL_POINTER;

    if (columns > 1) {
        const uint8_t *pa = a, *pb = b;
        uint8_t *out = output;
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *from = (condition[r] ? pa : pb) + r * columns * bytes;
            if (from != out + r * columns * bytes) memcpy(out + r * columns * bytes, from, columns * bytes);
        }
    } else if (bytes == 1) {
        context->kernels.select_8(count, condition, a, b, output);
    } else {
        context->kernels.select_32(count, condition, a, b, output);
    }
    return LW_OK;
}
