/* SPDX-License-Identifier: MIT */
/*
 * Complex numbers, (re, im) pairs of floats. In double precision, where the product of two floats is exact: each result
 * has one rounding more than the exact one, and nothing overflows on the way.
 */
#include <math.h>

#include "kernels/operator.h"
#include "kernels/parallel.h"

struct run {
    const float *a, *b;
    float *output;
};

static void abs_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    for (size_t i = begin; i < end; i++) {
        const double re = run->a[2 * i], im = run->a[2 * i + 1];
        const double size = sqrt(re * re + im * im);
        /* What is infinite in one direction is, though it may be NaN in the other. */
        run->output[i] = fabs(re) == INFINITY || fabs(im) == INFINITY ? INFINITY : (float)size;
    }
}

static void multiply_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const float *a = run->a, *b = run->b;
    float *output = run->output;
    for (size_t i = 2 * begin; i < 2 * end; i += 2) {
        const double a_re = a[i], a_im = a[i + 1], b_re = b[i], b_im = b[i + 1];
        output[i] = (float)(a_re * b_re - a_im * b_im);
        output[i + 1] = (float)(a_re * b_im + a_im * b_re);
    }
}

enum lw_status lw_complex_abs_run(const struct lw_context *context, size_t count, const float *input, float *output) {
    if (!context) return LW_NULL_POINTER;
    if (count > SIZE_MAX / 8) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;
    struct run run = {.a = input, .output = output};
    return lw_parallel_elements(context, count, LW_BLOCK * 2, abs_part, &run);
}

enum lw_status lw_complex_multiply_run(const struct lw_context *context, size_t count, const float *a, const float *b,
                                       float *output) {
    if (!context) return LW_NULL_POINTER;
    if (count > SIZE_MAX / 8) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!a || !b || !output) return LW_NULL_POINTER;
    struct run run = {a, b, output};
    return lw_parallel_elements(context, count, LW_BLOCK * 2, multiply_part, &run);
}
