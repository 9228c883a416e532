/* SPDX-License-Identifier: MIT */
/* Functions of one element: each is one call of one kernel. */
#include "kernels/operator.h"

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

enum lw_status lw_unary_run(const struct lw_context *context, enum lw_unary_op op,
                            const struct lw_activation *activation, size_t count, const float *input, float *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)op >= sizeof kernel_of) return LW_BAD_ENUM;
    if (!activation && (op == LW_UNARY_ACTIVATION || op == LW_UNARY_STEP)) return LW_NULL_POINTER;
    if (op == LW_UNARY_ACTIVATION) {
        enum lw_status status = lw_activation_check(activation, NULL);
        if (status != LW_OK) return status;
        if (activation->kind == LW_PRELU) return LW_UNSUPPORTED;
    }
    if (count > SIZE_MAX / sizeof(float)) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    if (op == LW_UNARY_ACTIVATION)
        lw_activation_apply(context, activation, count, input, output);
    else
        context->kernels.unary_f32[kernel_of[op]](count, op == LW_UNARY_STEP ? activation->alpha : 0.0f, input, output);
    return LW_OK;
}
