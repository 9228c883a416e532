/* SPDX-License-Identifier: MIT */
/*
 * The functions of one element that round: each in double precision, with the largest error that lanewise.h promises.
 * tests/test_unary.c holds a sample of all floats to it, scripts/ulp (bench/ulp.c) all of them.
 */
#ifndef LW_TESTS_FUNCTIONS_H
#define LW_TESTS_FUNCTIONS_H

#include <math.h>
#include <string.h>

#include "tests/harness.h"

struct lw_function {
    const char *name;
    size_t slot;
    double (*exact)(double x);
    double ulps;  /* the bound */
    double least; /* a result between 0 and this may be any number between them */
};

static inline double lw_exact_elu(double x) {
    return x < 0 ? expm1(x) : x;
}
static inline double lw_exact_sigmoid(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}
static inline double lw_exact_tanh(double x) {
    return tanh(x);
}
static inline double lw_exact_hard_swish(double x) {
    return x >= 3 ? x : x <= -3 ? x * 0 : x * (x + 3) / 6;
}
static inline double lw_exact_exp(double x) {
    return exp(x);
}

enum { LW_FUNCTIONS = 5 };
static const struct lw_function lw_functions[LW_FUNCTIONS] = {
    {"exp", LW_K_EXP, lw_exact_exp, 1.1, 0},
    {"elu", LW_K_ELU, lw_exact_elu, 1.1, 0},
    {"sigmoid", LW_K_SIGMOID, lw_exact_sigmoid, 2.6, 0x1p-126},
    {"tanh", LW_K_TANH, lw_exact_tanh, 3, 0},
    {"hard_swish", LW_K_HARD_SWISH, lw_exact_hard_swish, 2.5, 0},
};

/* The one of a slot, or NULL: a slot that doesn't round. */
static inline const struct lw_function *lw_function_of(size_t slot) {
    for (size_t i = 0; i < LW_FUNCTIONS; i++)
        if (lw_functions[i].slot == slot) return &lw_functions[i];
    return NULL;
}

/* The error of `got`, in distances between floats at `want` (2^-149 where that is denormal or 0). An infinite `got`
 * counts as 2^128. Infinite where one is NaN and the other isn't, where `want` is infinite and `got` something else,
 * where `got` has the wrong sign, and where it is above `least` and want isn't. */
static inline double lw_ulps(double least, float got, double want) {
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 0 : (double)INFINITY;
    if (isinf(want)) return (double)got == want ? 0 : (double)INFINITY;
    if (!signbit(got) != !signbit(want)) return (double)INFINITY;
    const double a = fmin(fabs((double)got), 0x1p128), b = fmin(fabs(want), 0x1p128);
    if (b < least) return a <= least ? 0 : (double)INFINITY;
    uint64_t bits;
    memcpy(&bits, &b, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    if (exponent < -126) exponent = -126;
    if (exponent > 127) exponent = 127;
    bits = (uint64_t)(23 - exponent + 1023) << 52;
    double floats;
    memcpy(&floats, &bits, sizeof floats);
    return fabs(a - b) * floats;
}

#endif
