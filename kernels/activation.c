/* SPDX-License-Identifier: MIT */
/* What follows an operator's sum: what the micro-kernel clamps by itself, and what is applied to its output. */
#include "kernels/operator.h"

#include <math.h>
#include <string.h>

const struct lw_kernel_set *const lw_activation_sets[] = {&lw_activation_set, &lw_erf_set, &lw_prelu_set,
                                                          &lw_epilogue_set, NULL};

enum lw_status lw_activation_check(const struct lw_activation *activation, struct lw_problem *problem) {
    if (activation->kind > LW_GELU_TANH)
        return lw_wrong(problem, LW_BAD_ENUM, "activation.kind", "one of enum lw_activation_kind");
    if (activation->kind == LW_CLAMP && !(activation->min <= activation->max))
        return lw_wrong(problem, LW_BAD_SHAPE, "activation.min", "at most activation.max");
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
    case LW_GELU: return unary[LW_K_GELU];
    case LW_GELU_TANH: return unary[LW_K_GELU_TANH];
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

void lw_epilogue_rows(const struct lw_context *context, size_t rows, size_t channels, const float *x,
                      const float *scale, const float *shift, const float *residual, struct lw_clamp clamp,
                      float *out) {
    enum { FEW = 64, EXPANDED = 256 };
    lw_epilogue_f32_fn *finish = context->kernels.epilogue_f32;
    const size_t together = channels && channels < FEW ? EXPANDED / channels / 4 * 4 : 1;
    if (scale && together > 1 && rows >= 2 * together) {
        float scales[EXPANDED], shifts[EXPANDED];
        const size_t done = rows / together * together, bytes = channels * sizeof *x;
        lw_repeat(scale, bytes, together * bytes, scales);
        lw_repeat(shift, bytes, together * bytes, shifts);
        finish(done / together, together * channels, x, scales, shifts, residual, clamp, out);
        rows -= done;
        x += done * channels;
        out += done * channels;
        if (residual) residual += done * channels;
    }
    if (rows) finish(rows, channels, x, scale, shift, residual, clamp, out);
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

enum lw_status lw_epilogue_read(const struct lw_activation *activation, const struct lw_epilogue *given,
                                struct lw_problem *problem, struct lw_epilogue *epilogue) {
    static const struct lw_epilogue none = {.struct_bytes = sizeof none};
    const enum lw_status status = lw_read(given ? given : &none, sizeof none, sizeof none, epilogue, problem);
    if (status != LW_OK) return status;
    if (!epilogue->scale != !epilogue->shift)
        return lw_wrong(problem, LW_NULL_POINTER, epilogue->scale ? "shift" : "scale", "there when the other is");
    if (activation->kind == LW_PRELU && !epilogue->slopes)
        return lw_wrong(problem, LW_NULL_POINTER, "slopes", "there for LW_PRELU");
    return LW_OK;
}

enum lw_status lw_epilogue_validate(const struct lw_activation *activation, const struct lw_epilogue *given,
                                    struct lw_problem *problem) {
    struct lw_epilogue epilogue;
    if (problem) *problem = (struct lw_problem){0};
    if (!activation) return lw_wrong(problem, LW_NULL_POINTER, "activation", "not NULL");
    return lw_epilogue_read(activation, given, problem, &epilogue);
}

struct lw_clamp lw_epilogue_clamp(const struct lw_activation *activation, const struct lw_epilogue *epilogue) {
    if (epilogue->scale || epilogue->residual) return (struct lw_clamp){-INFINITY, INFINITY};
    return lw_activation_clamp(activation);
}

struct lw_finish lw_epilogue_in_gemm(const struct lw_activation *activation, const struct lw_epilogue *epilogue,
                                     size_t channel, size_t element) {
    return (struct lw_finish){
        .bias = epilogue->bias ? epilogue->bias + channel : NULL,
        .scale = epilogue->scale ? epilogue->scale + channel : NULL,
        .shift = epilogue->shift ? epilogue->shift + channel : NULL,
        .residual = epilogue->residual ? epilogue->residual + element : NULL,
        .clamp = lw_activation_clamp(activation),
    };
}

void lw_activation_finish(const struct lw_context *context, const struct lw_activation *activation, const float *slopes,
                          size_t rows, size_t channels, size_t row_stride, float *x) {
    lw_unary_f32_fn *f = function_of(context, activation);
    if (!f && activation->kind != LW_PRELU) return;
    const size_t together = row_stride == channels ? rows : 1;
    for (size_t r = 0; r < rows; r += together, x += row_stride) {
        if (f)
            f(together * channels, activation->alpha, x, x);
        else
            prelu_rows(context, together, channels, slopes, x);
    }
}

void lw_epilogue_finish(const struct lw_context *context, const struct lw_activation *activation,
                        const struct lw_epilogue *epilogue, size_t rows, size_t channels, size_t row_stride,
                        size_t first, float *output) {
    const bool steps = epilogue->scale || epilogue->residual;
    const bool passes = activation->kind == LW_PRELU || function_of(context, activation);
    if (!steps && !passes) return;

    /* Two passes go over a few rows at a time, which the second finds in the first-level cache. */
    enum { CHUNK = 8192 };
    size_t most = !steps || !passes ? rows : channels < CHUNK ? CHUNK / channels : 1;
    if (row_stride != channels) most = 1;
    const struct lw_clamp clamp = lw_activation_clamp(activation);
    for (size_t r = 0, height; r < rows; r += height, first += height * row_stride) {
        height = rows - r < most ? rows - r : most;
        float *x = output + first;
        const float *residual = epilogue->residual ? epilogue->residual + first : NULL;
        if (steps) lw_epilogue_rows(context, height, channels, x, epilogue->scale, epilogue->shift, residual, clamp, x);
        if (passes) lw_activation_finish(context, activation, epilogue->slopes, height, channels, channels, x);
    }
}
