/* SPDX-License-Identifier: MIT */
/*
 * The functions of one element: each in double precision, with the largest error that lanewise.h promises.
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
    double ulps;  /* the bound; 0.5: correctly rounded */
    double least; /* a result between 0 and this may be any number between them */
    bool fused;   /* relaxed may differ from scalar */
    bool of_x;    /* the error counts in comparison with x, not with the result */
};

static inline double lw_exact_elu(double x) {
    return x < 0 ? expm1(x) : x;
}
static inline double lw_exact_sigmoid(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}
static inline double lw_exact_hard_swish(double x) {
    return x >= 3 ? x : x <= -3 ? x * 0 : x * (x + 3) / 6;
}
static inline double lw_exact_neg(double x) {
    return -x;
}
static inline double lw_exact_square(double x) {
    return x * x;
}
static inline double lw_exact_rsqrt(double x) {
    return 1 / sqrt(x);
}
static inline double lw_exact_reciprocal(double x) {
    return 1 / x;
}
static inline double lw_exact_sign(double x) {
    return x < 0 ? -1 : x > 0 ? 1 : 0;
}

static inline double lw_exact_softplus(double x) {
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}
static inline double lw_exact_selu(double x) {
    return x < 0 ? 1.7580993408473768599402175208123 * expm1(x) : 1.0507009873554804934193349852946 * x;
}
static inline double lw_exact_gelu(double x) {
    return isinf(x) ? x < 0 ? -0.0 : x : x * (0.5 * erfc(x * -0.70710678118654752440));
}
static inline double lw_exact_gelu_tanh(double x) {
    const double u = 0.79788456080286535588 * (x + 0.044715 * x * x * x);
    return isinf(x) ? x < 0 ? -0.0 : x : x * lw_exact_sigmoid(2 * u);
}

static inline double lw_exact_acosh(double x) {
    return x < 1 ? (double)NAN : acosh(x); /* musl's is wrong below 0 */
}

static const struct lw_function lw_functions[] = {
    {"exp", LW_K_EXP, exp, 1.1, 0, true, false},
    {"elu", LW_K_ELU, lw_exact_elu, 1.1, 0, true, false},
    {"sigmoid", LW_K_SIGMOID, lw_exact_sigmoid, 2.6, 0x1p-126, true, false},
    {"tanh", LW_K_TANH, tanh, 3, 0, true, false},
    {"hard_swish", LW_K_HARD_SWISH, lw_exact_hard_swish, 2.5, 0, false, false},
    {"sqrt", LW_K_SQRT, sqrt, 0.5, 0, false, false},
    {"abs", LW_K_ABS, fabs, 0, 0, false, false},
    {"neg", LW_K_NEG, lw_exact_neg, 0, 0, false, false},
    {"floor", LW_K_FLOOR, floor, 0, 0, false, false},
    {"square", LW_K_SQUARE, lw_exact_square, 0.5, 0, false, false},
    {"ceil", LW_K_CEIL, ceil, 0, 0, false, false},
    {"round", LW_K_ROUND, nearbyint, 0, 0, false, false},
    {"rsqrt", LW_K_RSQRT, lw_exact_rsqrt, 1.5, 0, false, false},
    {"reciprocal", LW_K_RECIPROCAL, lw_exact_reciprocal, 0.5, 0, false, false},
    {"sign", LW_K_SIGN, lw_exact_sign, 0, 0, false, false},
    {"expm1", LW_K_EXPM1, expm1, 2, 0, true, false},
    {"log", LW_K_LOG, log, 1, 0, true, false},
    {"log1p", LW_K_LOG1P, log1p, 2, 0, true, false},
    {"softplus", LW_K_SOFTPLUS, lw_exact_softplus, 3, 0x1p-126, true, false},
    {"selu", LW_K_SELU, lw_exact_selu, 2.5, 0, true, false},
    {"erf", LW_K_ERF, erf, 2, 0, true, false},
    {"gelu", LW_K_GELU, lw_exact_gelu, 4, 0, true, true},
    {"gelu_tanh", LW_K_GELU_TANH, lw_exact_gelu_tanh, 3, 0, true, true},
    {"sin", LW_K_SIN, sin, 0.51, 0, false, false},
    {"cos", LW_K_COS, cos, 0.51, 0, false, false},
    {"tan", LW_K_TAN, tan, 0.51, 0, false, false},
    {"asin", LW_K_ASIN, asin, 0.51, 0, false, false},
    {"acos", LW_K_ACOS, acos, 0.51, 0, false, false},
    {"atan", LW_K_ATAN, atan, 0.51, 0, false, false},
    {"sinh", LW_K_SINH, sinh, 0.51, 0, false, false},
    {"cosh", LW_K_COSH, cosh, 0.51, 0, false, false},
    {"asinh", LW_K_ASINH, asinh, 0.51, 0, false, false},
    {"acosh", LW_K_ACOSH, lw_exact_acosh, 0.51, 0, false, false},
    {"atanh", LW_K_ATANH, atanh, 0.51, 0, false, false},
};
enum { LW_FUNCTIONS = sizeof lw_functions / sizeof lw_functions[0] };

/* The error of `got`, in distances between floats at `want`, or at x with f->of_x (2^-149 where that is denormal or 0). An infinite `got`
 * counts as 2^128. Infinite where one is NaN and the other isn't, where `want` is infinite and `got` something else,
 * where `got` has the wrong sign, and where it is above `f->least` and want isn't. */
static inline double lw_ulps(const struct lw_function *f, float x, float got, double want) {
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 0 : (double)INFINITY;
    if (isinf(want)) return (double)got == want ? 0 : (double)INFINITY;
    if (!signbit(got) != !signbit(want)) return (double)INFINITY;
    const double a = fmin(fabs((double)got), 0x1p128), b = fmin(fabs(want), 0x1p128);
    if (b < f->least) return a <= f->least ? 0 : (double)INFINITY;
    const double unit = f->of_x ? fmin(fabs((double)x), 0x1p127) : b;
    uint64_t bits;
    memcpy(&bits, &unit, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    if (exponent < -126) exponent = -126;
    if (exponent > 127) exponent = 127;
    bits = (uint64_t)(23 - exponent + 1023) << 52;
    double floats;
    memcpy(&floats, &bits, sizeof floats);
    return fabs(a - b) * floats;
}

#endif
