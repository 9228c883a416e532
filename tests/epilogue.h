/* SPDX-License-Identifier: MIT */
/* An epilogue's steps, and the same done by the operators that it replaces. */
#ifndef LW_TESTS_EPILOGUE_H
#define LW_TESTS_EPILOGUE_H

#include "tests/harness.h"

static inline struct lw_epilogue lw_test_epilogue(const float *bias, const float *slopes) {
    return (struct lw_epilogue){.struct_bytes = sizeof(struct lw_epilogue), .bias = bias, .slopes = slopes};
}

/* A scale and shift, a residual, or both, for an output of n elements. */
static inline struct lw_epilogue lw_test_steps(struct lw_test *t, size_t n, size_t channels, const float *bias,
                                               const float *slopes) {
    const size_t which = lw_test_range(t, 0, 2);
    struct lw_epilogue e = lw_test_epilogue(bias, slopes);
    if (which != 0) e.scale = lw_test_floats(t, channels, LW_FILL_UNIFORM);
    if (which != 0) e.shift = lw_test_floats(t, channels, LW_FILL_UNIFORM);
    if (which != 1) e.residual = lw_test_floats(t, n, LW_FILL_UNIFORM);
    return e;
}

/* Compares n outputs with what batch normalisation, addition and activation make of x, the sums, which are lost. */
static inline void lw_test_separate_steps(struct lw_test *t, const struct lw_context *context,
                                          const struct lw_activation *activation, const struct lw_epilogue *e, size_t n,
                                          size_t channels, float *x, const float *got) {
    if (n == 0) return;
    const uint32_t all = (uint32_t)n, one = (uint32_t)channels;
    if (e->scale) {
        float *mean = lw_test_buffer(t, channels * sizeof(float)),
              *variance = lw_test_buffer(t, channels * sizeof(float));
        float *scratch = lw_test_buffer(t, 2 * channels * sizeof(float));
        for (size_t c = 0; c < channels; c++) {
            mean[c] = 0;
            variance[c] = 1;
        }
        const enum lw_status status =
            lw_batch_norm_run(context, n / channels, channels, 0, x, mean, variance, e->scale, e->shift, scratch, x);
        lw_test_status(status, LW_OK, "batch norm");
    }
    struct lw_binary binary = {.struct_bytes = sizeof binary, .op = LW_BINARY_ADD, .type = LW_FLOAT32};
    if (e->residual) {
        binary.a_rank = binary.b_rank = 1;
        binary.a_shape[0] = binary.b_shape[0] = all;
        lw_test_status(lw_binary_run(context, &binary, x, e->residual, x), LW_OK, "residual");
    }
    if (activation->kind == LW_PRELU) {
        binary.op = LW_BINARY_PRELU;
        binary.a_rank = 2;
        binary.b_rank = 1;
        binary.a_shape[0] = all / one;
        binary.a_shape[1] = binary.b_shape[0] = one;
        lw_test_status(lw_binary_run(context, &binary, x, e->slopes, x), LW_OK, "prelu");
    } else {
        lw_test_status(lw_unary_run(context, LW_UNARY_ACTIVATION, activation, n, x, x), LW_OK, "activation");
    }
    lw_test_same("epilogue against separate operators", x, got, n);
}

#endif
