/* SPDX-License-Identifier: MIT */
/* Activations behind an operator: what the micro-kernel clamps by itself, and what is applied to its output. */
#include "kernels/operator.h"

#include <math.h>

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

void lw_activation_finish(const struct lw_context *context, const struct lw_activation *activation, size_t rows,
                          size_t channels, size_t row_stride, const float *slopes, float *x) {
    const struct lw_kernels *k = &context->kernels;
    if (activation->kind == LW_PRELU) {
        for (size_t r = 0; r < rows; r++, x += row_stride) k->binary_f32[LW_BINARY_PRELU](channels, x, 1, slopes, 1, x);
        return;
    }

    lw_unary_f32_fn *f;
    switch (activation->kind) {
    case LW_LEAKY_RELU: f = k->unary_f32[LW_K_LEAKY_RELU]; break;
    case LW_ELU: f = k->unary_f32[LW_K_ELU]; break;
    case LW_SIGMOID: f = k->unary_f32[LW_K_SIGMOID]; break;
    case LW_TANH: f = k->unary_f32[LW_K_TANH]; break;
    case LW_HARD_SWISH: f = k->unary_f32[LW_K_HARD_SWISH]; break;
    default: return;
    }
    if (row_stride == channels) {
        f(rows * channels, activation->alpha, x, x);
        return;
    }
    for (size_t r = 0; r < rows; r++, x += row_stride) f(channels, activation->alpha, x, x);
}
