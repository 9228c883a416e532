/* SPDX-License-Identifier: MIT */
/* What the oracles of image operators share, written from lanewise.h's formulas in double precision. */
#ifndef LW_TESTS_ORACLE_H
#define LW_TESTS_ORACLE_H

#include <math.h>

#include "tests/harness.h"

/* One dimension of a window. */
struct lw_oracle_span {
    long output, before; /* output size, and pads before the image; output < 0: the window does not fit */
};

static inline struct lw_oracle_span lw_oracle_place(uint32_t padding, long input, long kernel, long stride,
                                                    long dilation, long pad_before, long pad_after) {
    long extent = (kernel - 1) * dilation + 1;
    struct lw_oracle_span s = {0, 0};
    if (padding == LW_PADDING_SAME) {
        s.output = (input + stride - 1) / stride;
        long pads = (s.output - 1) * stride + extent - input;
        s.before = s.output > 0 && pads > 0 ? pads / 2 : 0;
        return s;
    }
    if (padding == LW_PADDING_EXPLICIT)
        s.before = pad_before;
    else
        pad_before = pad_after = 0;
    long room = input + pad_before + pad_after - extent;
    s.output = room < 0 ? -1 : room / stride + 1;
    return s;
}

static inline struct lw_oracle_span lw_oracle_rows(const struct lw_window *w, uint32_t input_height) {
    return lw_oracle_place(w->padding, input_height, w->kernel_height, w->stride_height, w->dilation_height, w->pad_top,
                           w->pad_bottom);
}

static inline struct lw_oracle_span lw_oracle_columns(const struct lw_window *w, uint32_t input_width) {
    return lw_oracle_place(w->padding, input_width, w->kernel_width, w->stride_width, w->dilation_width, w->pad_left,
                           w->pad_right);
}

/* Roots of 1/2 and 2. */
#define LW_ORACLE_P 0.70710678118654752440
#define LW_ORACLE_Q 1.41421356237309504880

enum { LW_ORACLE_ACTIVATIONS = LW_GELU_TANH + 1 }; /* how many kinds there are */

/* The activation of x; *bound, how far x may be off, becomes how far the result may be. */
static inline double lw_oracle_activation(const struct lw_activation *a, double slope, double x, double *bound) {
    double y = x, steepest = 1;
    switch (a->kind) {
    case LW_RELU: return x < 0 ? 0 : x;
    case LW_RELU6: return x < 0 ? 0 : 6 < x ? 6 : x;
    case LW_CLAMP: return x < (double)a->min ? (double)a->min : (double)a->max < x ? (double)a->max : x;
    case LW_LINEAR: return x;
    case LW_PRELU:
    case LW_LEAKY_RELU:
        if (a->kind == LW_LEAKY_RELU) slope = (double)a->alpha;
        y = x < 0 ? slope * x : x;
        steepest = fmax(1, fabs(slope));
        break;
    case LW_ELU: y = x < 0 ? expm1(x) : x; break;
    case LW_SIGMOID: y = 1 / (1 + exp(-x)); break;
    case LW_TANH: y = tanh(x); break;
    case LW_HARD_SWISH:
        y = x * fmin(fmax(x + 3, 0), 6) / 6;
        steepest = 1.5;
        break;
    case LW_GELU:
        y = isinf(x) && x < 0 ? -0.0 : x * erfc(-x * LW_ORACLE_P) / 2;
        steepest = 1.2;
        break;
    case LW_GELU_TANH:
        y = isinf(x) && x < 0 ? -0.0 : x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x))) / 2;
        steepest = 1.2;
        break;
    }
    *bound = *bound * steepest + 1e-6 * (fabs(y) + fabs(x)) + 1e-37;
    return y;
}

/* Row i of Winograd's matrices for tiles of 2 or 4 pixels, from kernels/winograd.c, in double precision. */
static inline const double *lw_oracle_winograd_bt(size_t tile, size_t i) {
    static const double bt2[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
    static const double bt4[6][6] = {{1, 0, -2.5, 0, 1, 0},
                                     {0, -2 * LW_ORACLE_P, -2, LW_ORACLE_P, 1, 0},
                                     {0, 2 * LW_ORACLE_P, -2, -LW_ORACLE_P, 1, 0},
                                     {0, -LW_ORACLE_Q / 2, -0.5, LW_ORACLE_Q, 1, 0},
                                     {0, LW_ORACLE_Q / 2, -0.5, -LW_ORACLE_Q, 1, 0},
                                     {0, 1, 0, -2.5, 0, 1}};
    return tile == 2 ? bt2[i] : bt4[i];
}
static inline const double *lw_oracle_winograd_g(size_t tile, size_t i) {
    static const double g2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    static const double g4[6][3] = {{1, 0, 0},
                                    {-2 / 3., -2 / 3. * LW_ORACLE_P, -1 / 3.},
                                    {-2 / 3., 2 / 3. * LW_ORACLE_P, -1 / 3.},
                                    {1 / 6., 1 / 6. * LW_ORACLE_Q, 1 / 3.},
                                    {1 / 6., -1 / 6. * LW_ORACLE_Q, 1 / 3.},
                                    {0, 0, 1}};
    return tile == 2 ? g2[i] : g4[i];
}
static inline const double *lw_oracle_winograd_at(size_t tile, size_t i) {
    static const double at2[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
    static const double at4[4][6] = {{1, 1, 1, 1, 1, 0},
                                     {0, LW_ORACLE_P, -LW_ORACLE_P, LW_ORACLE_Q, -LW_ORACLE_Q, 0},
                                     {0, 0.5, 0.5, 2, 2, 0},
                                     {0, LW_ORACLE_P / 2, -LW_ORACLE_P / 2, 2 * LW_ORACLE_Q, -2 * LW_ORACLE_Q, 1}};
    return tile == 2 ? at2[i] : at4[i];
}

/* A random window that may or may not fit. */
static inline struct lw_window lw_oracle_window(struct lw_test *t, size_t largest_kernel) {
    struct lw_window w = {0};
    w.kernel_height = (uint32_t)lw_test_range(t, 1, largest_kernel);
    w.kernel_width = (uint32_t)lw_test_range(t, 1, largest_kernel);
    w.stride_height = (uint32_t)lw_test_range(t, 1, 3);
    w.stride_width = (uint32_t)lw_test_range(t, 1, 3);
    w.dilation_height = lw_test_range(t, 0, 2) ? 1 : (uint32_t)lw_test_range(t, 2, 3);
    w.dilation_width = lw_test_range(t, 0, 2) ? 1 : (uint32_t)lw_test_range(t, 2, 3);
    w.padding = (uint32_t)lw_test_range(t, 0, 2);
    if (w.padding == LW_PADDING_EXPLICIT) {
        w.pad_top = (uint32_t)lw_test_range(t, 0, 4);
        w.pad_left = (uint32_t)lw_test_range(t, 0, 4);
        w.pad_bottom = (int32_t)lw_test_range(t, 0, 4 + 2) - 2;
        w.pad_right = (int32_t)lw_test_range(t, 0, 4 + 2) - 2;
    }
    return w;
}

/* A random activation of one kind. */
static inline struct lw_activation lw_oracle_random_activation(struct lw_test *t, uint32_t kind) {
    struct lw_activation a = {kind, 0, 0, 0};
    if (kind == LW_LEAKY_RELU) a.alpha = lw_test_uniform(t, -2, 2);
    if (kind == LW_CLAMP) {
        a.min = lw_test_uniform(t, -1, 0);
        a.max = lw_test_uniform(t, 0, 1);
    }
    return a;
}

#endif
