/* SPDX-License-Identifier: MIT */
/* Functions of one element: each is one call of one kernel. */
#include "kernels/operator.h"

static const uint8_t kernel_of[] = {
    [LW_UNARY_EXP] = LW_K_EXP, [LW_UNARY_SQRT] = LW_K_SQRT,   [LW_UNARY_ABS] = LW_K_ABS,
    [LW_UNARY_NEG] = LW_K_NEG, [LW_UNARY_FLOOR] = LW_K_FLOOR, [LW_UNARY_SQUARE] = LW_K_SQUARE,
};

enum lw_status lw_unary_run(const struct lw_context *context, enum lw_unary_op op,
                            const struct lw_activation *activation, size_t count, const float *input, float *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)op > LW_UNARY_SQUARE) return LW_BAD_ENUM;
    if (op == LW_UNARY_ACTIVATION) {
        if (!activation) return LW_NULL_POINTER;
        enum lw_status status = lw_activation_check(activation);
        if (status != LW_OK) return status;
        if (activation->kind == LW_PRELU) return LW_UNSUPPORTED;
    }
    if (count > SIZE_MAX / sizeof(float)) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    if (op == LW_UNARY_ACTIVATION)
        lw_activation_apply(context, activation, count, input, output);
    else
        context->kernels.unary_f32[kernel_of[op]](count, 0.0f, input, output);
    return LW_OK;
}
