/* SPDX-License-Identifier: MIT */
/* The remainder of two floats, of which every tier makes the remainder with the divisor's sign. */
#ifndef LW_MOD_H
#define LW_MOD_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A quotient below this has so few bits that its product with a float is a double without rounding. */
#define LW_MOD_SMALL 0x1p29

/* a - n * b with n = a / b truncated; exact. NaN where a is infinite, b is 0, or either is NaN.
 * x - trunc(x / y) * y has no rounding in double for quotients below 2^29: two floats' quotient is too far from an
 * integer above it to be rounded to that. A larger quotient is taken in pieces of 28 bits, from the top; what is left
 * each time is a multiple of the divisor's unit with at most 24 bits. */
static inline float lw_remainder(float a, float b) {
    if (!(a - a == 0.0f) || b == 0.0f || b != b) return NAN;
    const double whole = a < 0.0f ? -(double)a : (double)a, y = b < 0.0f ? -(double)b : (double)b;
    if (whole < y) return a;
    double x = whole;
    while (x >= y) {
        const double quotient = x / y;
        double divisor = y;
        if (quotient >= LW_MOD_SMALL) {
            uint64_t bits;
            memcpy(&bits, &quotient, sizeof bits);
            bits = (bits & 0x7ff0000000000000) - ((uint64_t)28 << 52); /* 2^-28 times the quotient's power of two */
            double scale;
            memcpy(&scale, &bits, sizeof scale);
            divisor *= scale;
        }
        x -= (double)(int32_t)(x / divisor) * divisor;
    }
    return a < 0.0f ? -(float)x : (float)x;
}

#endif
