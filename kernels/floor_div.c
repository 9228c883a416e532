/* SPDX-License-Identifier: MIT */
/*
 * The floor of the quotient of floats as int32. The quotient is one of double precision: in single precision one just
 * below an integer may be rounded to it, and one beyond 2^24 is no exact integer.
 */
#include <math.h>

#include "kernels/operator.h"

/* An integer modulo 2^32; 0 of what isn't finite. Beyond 2^31, x = m 2^e with m < 2^53. */
static int32_t wrap(double x) {
    if (fabs(x) < 0x1p31) return (int32_t)x;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int exponent = (int)(bits >> 52 & 2047) - 1075;
    const uint64_t m = (bits & 0xfffffffffffffu) | 0x10000000000000u;
    if (exponent > 31) return 0;
    const uint32_t size = (uint32_t)(exponent < 0 ? m >> -exponent : m << exponent);
    return (int32_t)(x < 0 ? 0 - size : size);
}

enum lw_status lw_floor_div_run(const struct lw_context *context, size_t count, const float *a, const float *b,
                                int32_t *output) {
    if (!context) return LW_NULL_POINTER;
    if (count > SIZE_MAX / 4) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!a || !b || !output) return LW_NULL_POINTER;
    for (size_t i = 0; i < count; i++) output[i] = wrap(floor((double)a[i] / (double)b[i]));
    return LW_OK;
}
