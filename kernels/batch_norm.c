/* SPDX-License-Identifier: MIT */
/* Batch normalisation: the statistics become a scale and a shift per channel, by the elementwise kernels, then one kernel
 * call. Where every element has statistics of its own (tf.layers' layer normalisation repeats them so), this is done in
 * blocks, whose scales and shifts stay in the first-level cache. */
#include "kernels/operator.h"

#include <math.h>

const struct lw_kernel_set *const lw_batch_norm_sets[] = {&lw_unary_set, &lw_binary_set, NULL};

enum { FOLD = 512, BLOCK = 2048 };

enum lw_status lw_batch_norm_fold(const struct lw_context *context, size_t channels, float epsilon, const float *mean,
                                  const float *variance, const float *scale, const float *offset, float *out_scale,
                                  float *out_shift) {
    if (!context) return LW_NULL_POINTER;
    if (channels > SIZE_MAX / sizeof(float)) return LW_TOO_LARGE;
    if (channels == 0) return LW_OK;
    if (!mean || !variance || !out_scale || !out_shift) return LW_NULL_POINTER;
    const struct lw_kernels *k = &context->kernels;
    const float one = 1.0f, zero = 0.0f;
    for (size_t c = 0; c < channels; c += FOLD) {
        const size_t n = channels - c < FOLD ? channels - c : FOLD;
        float s[FOLD], t[FOLD];
        k->binary_f32[LW_BINARY_ADD](n, variance + c, 1, &epsilon, 0, s);
        k->unary_f32[LW_K_SQRT](n, 0.0f, s, s);
        k->binary_f32[LW_BINARY_DIV](n, scale ? scale + c : &one, scale != NULL, s, 1, s);
        k->binary_f32[LW_BINARY_MUL](n, mean + c, 1, s, 1, t);
        k->binary_f32[LW_BINARY_SUB](n, offset ? offset + c : &zero, offset != NULL, t, 1, out_shift + c);
        memcpy(out_scale + c, s, n * sizeof *s);
    }
    return LW_OK;
}

enum lw_status lw_batch_norm_run(const struct lw_context *context, size_t rows, size_t channels, float epsilon,
                                 const float *input, const float *mean, const float *variance, const float *scale,
                                 const float *offset, void *scratch, float *output) {
    if (!context) return LW_NULL_POINTER;
    size_t bytes, scratch_bytes;
    if (!lw_product((const size_t[]){rows, channels, sizeof(float)}, 3, &bytes) ||
        !lw_product((const size_t[]){2, channels, sizeof(float)}, 3, &scratch_bytes))
        return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !mean || !variance || !scratch || !output) return LW_NULL_POINTER;

    const size_t block = rows == 1 && channels > BLOCK ? BLOCK : channels;
    float *s = scratch, *t = s + block; /* (block) each */
    const struct lw_clamp open = {-INFINITY, INFINITY};
    for (size_t c = 0; c < channels; c += block) {
        const size_t n = channels - c < block ? channels - c : block;
        lw_batch_norm_fold(context, n, epsilon, mean + c, variance + c, scale ? scale + c : NULL,
                           offset ? offset + c : NULL, s, t);
        lw_epilogue_rows(context, rows, n, input + c, s, t, NULL, open, output + c);
    }
    return LW_OK;
}
