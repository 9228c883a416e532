/* SPDX-License-Identifier: MIT */
/* Activations behind an operator: what the micro-kernel clamps by itself, and what is applied to its output. */
#include "kernels/operator.h"

#include <math.h>
#include <string.h>

enum lw_status lw_activation_check(const struct lw_activation *activation) {
    if (activation->kind > LW_CLAMP) return LW_BAD_ENUM;
    if (activation->kind == LW_CLAMP && !(activation->min <= activation->max)) return LW_BAD_SHAPE;
    return LW_OK;
}

struct lw_clamp lw_activation_clamp(const struct lw_activation *activation) {
    switch (activation->kind) {
    case LW_RELU: return (struct lw_clamp){0.0f, INFINITY};
    case LW_RELU6: return (struct lw_clamp){0.0f, 6.0f};
    case LW_CLAMP: return (struct lw_clamp){activation->min, activation->max};
    default: return (struct lw_clamp){-INFINITY, INFINITY};
    }
}

/* The kernel of an activation that micro-kernels don't fuse; NULL for linear, the clamps and prelu. */
static lw_unary_f32_fn *function_of(const struct lw_context *context, const struct lw_activation *activation) {
    lw_unary_f32_fn *const *unary = context->kernels.unary_f32;
    switch (activation->kind) {
    case LW_LEAKY_RELU: return unary[LW_K_LEAKY_RELU];
    case LW_ELU: return unary[LW_K_ELU];
    case LW_SIGMOID: return unary[LW_K_SIGMOID];
    case LW_TANH: return unary[LW_K_TANH];
    case LW_HARD_SWISH: return unary[LW_K_HARD_SWISH];
    default: return NULL;
    }
}

void lw_activation_apply(const struct lw_context *context, const struct lw_activation *activation, size_t count,
                         const float *x, float *out) {
    lw_unary_f32_fn *f = function_of(context, activation);
    if (f)
        f(count, activation->alpha, x, out);
    else if (activation->kind != LW_LINEAR)
        context->kernels.clamp_f32(count, lw_activation_clamp(activation), x, out);
    else if (out != x)
        memcpy(out, x, count * sizeof(float));
}

/* x[r][c] = prelu(x[r][c], slopes[c]). A call for each row would cost more than its arithmetic: the slopes are written
 * out a few times on the stack, and a call does several rows. */
static void prelu_rows(const struct lw_context *context, size_t rows, size_t channels, const float *slopes, float *x) {
    enum { EXPANDED = 1024 };
    lw_binary_f32_fn *prelu = context->kernels.binary_f32[LW_BINARY_PRELU];
    float expanded[EXPANDED];
    size_t most = channels ? EXPANDED / channels : 0;
    if (most > rows) most = rows;
    if (most > 1) lw_repeat(slopes, channels * sizeof *slopes, most * channels * sizeof *slopes, expanded);
    const float *repeated = most > 1 ? expanded : slopes;
    if (most == 0) most = 1;
    for (size_t r = 0; r < rows; r += most) {
        const size_t n = (rows - r < most ? rows - r : most) * channels;
        prelu(n, x + r * channels, 1, repeated, 1, x + r * channels);
    }
}

void lw_activation_finish(const struct lw_context *context, const struct lw_activation *activation, size_t rows,
                          size_t channels, size_t row_stride, const float *slopes, float *x) {
    if (activation->kind == LW_PRELU) {
        if (row_stride == channels)
            prelu_rows(context, rows, channels, slopes, x);
        else
            for (size_t r = 0; r < rows; r++, x += row_stride) prelu_rows(context, 1, channels, slopes, x);
        return;
    }

    lw_unary_f32_fn *f = function_of(context, activation);
    if (!f) return;
    if (row_stride == channels) {
        f(rows * channels, activation->alpha, x, x);
        return;
    }
    for (size_t r = 0; r < rows; r++, x += row_stride) f(channels, activation->alpha, x, x);
}
