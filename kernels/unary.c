/* SPDX-License-Identifier: MIT */
/* Functions of one element: each is one call of one kernel, for each part of the elements. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_unary_sets[] = {&lw_unary_set,      &lw_log_set,   &lw_erf_set, &lw_circular_set,
                                                     &lw_hyperbolic_set, &lw_atan2_set, NULL};

static const uint8_t kernel_of[] = {
    [LW_UNARY_EXP] = LW_K_EXP,     [LW_UNARY_SQRT] = LW_K_SQRT,
    [LW_UNARY_ABS] = LW_K_ABS,     [LW_UNARY_NEG] = LW_K_NEG,
    [LW_UNARY_FLOOR] = LW_K_FLOOR, [LW_UNARY_SQUARE] = LW_K_SQUARE,
    [LW_UNARY_CEIL] = LW_K_CEIL,   [LW_UNARY_ROUND] = LW_K_ROUND,
    [LW_UNARY_RSQRT] = LW_K_RSQRT, [LW_UNARY_RECIPROCAL] = LW_K_RECIPROCAL,
    [LW_UNARY_SIGN] = LW_K_SIGN,   [LW_UNARY_STEP] = LW_K_STEP,
    [LW_UNARY_EXPM1] = LW_K_EXPM1, [LW_UNARY_LOG] = LW_K_LOG,
    [LW_UNARY_LOG1P] = LW_K_LOG1P, [LW_UNARY_SOFTPLUS] = LW_K_SOFTPLUS,
    [LW_UNARY_SELU] = LW_K_SELU,   [LW_UNARY_ERF] = LW_K_ERF,
    [LW_UNARY_SIN] = LW_K_SIN,     [LW_UNARY_COS] = LW_K_COS,
    [LW_UNARY_TAN] = LW_K_TAN,     [LW_UNARY_ASIN] = LW_K_ASIN,
    [LW_UNARY_ACOS] = LW_K_ACOS,   [LW_UNARY_ATAN] = LW_K_ATAN,
    [LW_UNARY_SINH] = LW_K_SINH,   [LW_UNARY_COSH] = LW_K_COSH,
    [LW_UNARY_ASINH] = LW_K_ASINH, [LW_UNARY_ACOSH] = LW_K_ACOSH,
    [LW_UNARY_ATANH] = LW_K_ATANH,

};

struct run {
    const struct lw_context *context;
    enum lw_unary_op op;
    const struct lw_activation *activation;
    const float *input;
    float *output;
    size_t columns;            /* of rows */
    struct lw_strides strides; /* from row to row */
};

static void run_span(const struct run *run, size_t count, const float *input, float *output) {
    if (run->op == LW_UNARY_ACTIVATION)
        lw_activation_apply(run->context, run->activation, count, input, output);
    else
        run->context->kernels.unary_f32[kernel_of[run->op]](
            count, run->op == LW_UNARY_STEP ? run->activation->alpha : 0.0f, input, output);
}

static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    run_span(run, end - begin, run->input + begin, run->output + begin);
}

static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    for (size_t r = begin; r < end; r++)
        run_span(run, run->columns, run->input + r * run->strides.input, run->output + r * run->strides.output);
}

/* Nanoseconds for LW_BLOCK elements: where there is next to nothing to compute, memory's; a polynomial's; one's in double
 * precision. */
static size_t block_cost(enum lw_unary_op op) {
    switch (op) {
    case LW_UNARY_ABS:
    case LW_UNARY_NEG:
    case LW_UNARY_FLOOR:
    case LW_UNARY_SQUARE:
    case LW_UNARY_CEIL:
    case LW_UNARY_ROUND:
    case LW_UNARY_SIGN:
    case LW_UNARY_STEP: return LW_BLOCK / 8;
    case LW_UNARY_SIN:
    case LW_UNARY_COS:
    case LW_UNARY_TAN:
    case LW_UNARY_ASIN:
    case LW_UNARY_ACOS:
    case LW_UNARY_ATAN:
    case LW_UNARY_SINH:
    case LW_UNARY_COSH:
    case LW_UNARY_ASINH:
    case LW_UNARY_ACOSH:
    case LW_UNARY_ATANH: return LW_BLOCK * 2;
    default: return LW_BLOCK / 4;
    }
}

static enum lw_status check(const struct lw_context *context, enum lw_unary_op op,
                            const struct lw_activation *activation) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)op >= sizeof kernel_of) return LW_BAD_ENUM;
    if (!activation && (op == LW_UNARY_ACTIVATION || op == LW_UNARY_STEP)) return LW_NULL_POINTER;
    if (op == LW_UNARY_ACTIVATION) {
        enum lw_status status = lw_activation_check(activation, NULL);
        if (status != LW_OK) return status;
        if (activation->kind == LW_PRELU) return LW_UNSUPPORTED;
    }
    return LW_OK;
}

enum lw_status lw_unary_run(const struct lw_context *context, enum lw_unary_op op,
                            const struct lw_activation *activation, size_t count, const float *input, float *output) {
    const enum lw_status status = check(context, op, activation);
    if (status != LW_OK) return status;
    if (count > SIZE_MAX / sizeof(float)) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    struct run run = {context, op, activation, input, output, 0, {0, 0}};
    return lw_parallel_elements(context, count, block_cost(op), run_part, &run);
}

enum lw_status lw_unary_rows_run(const struct lw_context *context, enum lw_unary_op op,
                                 const struct lw_activation *activation, size_t rows, size_t columns,
                                 size_t input_stride, size_t output_stride, const float *input, float *output) {
    enum lw_status status = check(context, op, activation);
    struct run run = {context, op, activation, input, output, columns, {0, 0}};
    if (status == LW_OK) status = lw_rows_read(rows, columns, input_stride, output_stride, &run.strides);
    if (status != LW_OK || rows == 0 || columns == 0) return status;
    if (!input || !output) return LW_NULL_POINTER;
    return lw_parallel(context, rows, block_cost(op) * (columns / LW_BLOCK + 1), run_rows, &run);
}
