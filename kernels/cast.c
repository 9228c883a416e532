/* SPDX-License-Identifier: MIT */
/* Conversion between element types. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <string.h>

const struct lw_kernel_set *const lw_cast_sets[] = {&lw_cast_set, &lw_compare_set, NULL};

struct run {
    const struct lw_kernels *kernels;
    enum lw_type from, to;
    const char *input;
    char *output;
};

static size_t size_of(enum lw_type type) {
    return type == LW_BOOL ? 1 : 4;
}

static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct lw_kernels *kernels = run->kernels;
    const enum lw_type from = run->from, to = run->to;
    const size_t count = end - begin;
    const void *input = run->input + begin * size_of(from);
    void *output = run->output + begin * size_of(to);
    if (from == to) {
        if (output != input) memcpy(output, input, count * size_of(from));
    } else if (to == LW_BOOL) {
        const float zero = 0.0f;
        const int32_t none = 0;
        if (from == LW_FLOAT32)
            kernels->compare_f32[LW_K_NOT_EQUAL](count, input, 1, &zero, 0, output);
        else
            kernels->compare_i32[LW_K_NOT_EQUAL](count, input, 1, &none, 0, output);
    } else if (from == LW_BOOL) {
        if (to == LW_FLOAT32)
            kernels->bool_to_f32(count, input, output);
        else
            kernels->bool_to_i32(count, input, output);
    } else if (to == LW_FLOAT32) {
        kernels->i32_to_f32(count, input, output);
    } else {
        kernels->f32_to_i32(count, input, output);
    }
}

enum lw_status lw_cast_run(const struct lw_context *context, enum lw_type from, enum lw_type to, size_t count,
                           const void *input, void *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)from > LW_BOOL || (uint32_t)to > LW_BOOL) return LW_BAD_ENUM;
    if (count > SIZE_MAX / 4) return LW_TOO_LARGE;
    if (count == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    struct run run = {&context->kernels, from, to, input, output};
    return lw_parallel_elements(context, count, LW_BLOCK / 8, run_part, &run);
}
