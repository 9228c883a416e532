/* SPDX-License-Identifier: MIT */
/* Batch normalisation: the statistics become a scale and a shift per channel, by the elementwise kernels, then one kernel
 * call. Where every element has statistics of its own (tf.layers' layer normalisation repeats them so), this is done in
 * blocks, whose scales and shifts stay in the first-level cache. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

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

struct run {
    const struct lw_context *context;
    size_t channels;
    float epsilon;
    const float *input, *mean, *variance, *scale, *offset;
    float *scratch, *output;
};

static const struct lw_clamp open = {-INFINITY, INFINITY};

/* Rows [begin, end), by the scales and shifts in scratch. */
static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t first = begin * run->channels;
    lw_epilogue_rows(run->context, end - begin, run->channels, run->input + first, run->scratch,
                     run->scratch + run->channels, NULL, open, run->output + first);
}

/* Elements [begin, end) of the one row, whose share of the scratch memory is theirs. */
static void run_elements(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t block = end - begin < BLOCK ? end - begin : BLOCK;
    float *s = run->scratch + 2 * begin, *t = s + block; /* (block) each */
    for (size_t c = begin; c < end; c += block) {
        const size_t n = end - c < block ? end - c : block;
        lw_batch_norm_fold(run->context, n, run->epsilon, run->mean + c, run->variance + c,
                           run->scale ? run->scale + c : NULL, run->offset ? run->offset + c : NULL, s, t);
        lw_epilogue_rows(run->context, 1, n, run->input + c, s, t, NULL, open, run->output + c);
    }
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

    struct run run = {context, channels, epsilon, input, mean, variance, scale, offset, scratch, output};
    if (rows == 1) return lw_parallel_elements(context, channels, LW_BLOCK / 2, run_elements, &run);
    const enum lw_status status = lw_batch_norm_fold(context, channels, epsilon, mean, variance, scale, offset,
                                                     run.scratch, run.scratch + channels);
    if (status != LW_OK) return status;
    return lw_parallel(context, rows, channels / 8 + 1, run_rows, &run);
}
