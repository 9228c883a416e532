/* SPDX-License-Identifier: MIT */
/* Conversion between element types. */
#include "kernels/operator.h"

#include <string.h>

/* Truncates towards zero and saturates; NaN becomes 0. 2^31 is a float, 2^31 - 1 is not. */
static int32_t truncate(float x) {
    if (x >= 0x1p31f) return INT32_MAX;
    if (x < -0x1p31f) return INT32_MIN;
    return x == x ? (int32_t)x : 0;
}

enum lw_status lw_cast_run(const struct lw_context *context, enum lw_type from, enum lw_type to, size_t count,
                           const void *input, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)from > LW_BOOL || (uint32_t)to > LW_BOOL) return LW_BAD_ENUM;
    if (count > SIZE_MAX / 4) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    const float *f = input;
    const int32_t *i = input;
    const uint8_t *b = input;
    if (from == to) {
        memcpy(output, input, count * (from == LW_BOOL ? 1 : 4));
    } else if (to == LW_FLOAT32) {
        float *out = output;
        if (from == LW_INT32)
            for (size_t n = 0; n < count; n++) out[n] = (float)i[n];
        else
            for (size_t n = 0; n < count; n++) out[n] = b[n] != 0 ? 1.0f : 0.0f;
    } else if (to == LW_INT32) {
        int32_t *out = output;
        if (from == LW_FLOAT32)
            for (size_t n = 0; n < count; n++) out[n] = truncate(f[n]);
        else
            for (size_t n = 0; n < count; n++) out[n] = b[n] != 0;
    } else {
        uint8_t *out = output;
        if (from == LW_FLOAT32)
            for (size_t n = 0; n < count; n++) out[n] = f[n] != 0.0f; /* true for NaN */
        else
            for (size_t n = 0; n < count; n++) out[n] = i[n] != 0;
    }
    return LW_OK;
}
