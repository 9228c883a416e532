/* SPDX-License-Identifier: MIT */
/* output[i] = start + i * step, in double precision: each element is rounded once, however long the range is. */
#include "kernels/operator.h"

enum lw_status lw_range_run(const struct lw_context *context, enum lw_type type, double start, double step,
                            size_t count, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    if (type == LW_BOOL) return LW_UNSUPPORTED;
    if (count > SIZE_MAX / 4) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!output) return LW_NULL_POINTER;
    if (type == LW_FLOAT32) {
        float *out = output;
        for (size_t i = 0; i < count; i++) out[i] = (float)(start + (double)i * step);
    } else {
        int32_t *out = output;
        for (size_t i = 0; i < count; i++) {
            const double x = start + (double)i * step;
            out[i] = x >= INT32_MAX ? INT32_MAX : x > INT32_MIN ? (int32_t)x : x <= INT32_MIN ? INT32_MIN : 0;
        }
    }
    return LW_OK;
}
