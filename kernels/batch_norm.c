/* SPDX-License-Identifier: MIT */
/* Batch normalisation: once per call the statistics become a scale and a shift per channel, then one kernel call. */
#include "kernels/operator.h"

#include <math.h>

enum lw_status lw_batch_norm_fold(const struct lw_context *context, size_t channels, float epsilon, const float *mean,
                                  const float *variance, const float *scale, const float *offset, float *out_scale,
                                  float *out_shift) {
    if (!context) return LW_NULL_POINTER;
    if (channels > SIZE_MAX / sizeof(float)) return LW_TOO_LARGE;
    if (channels == 0) return LW_OK;
    if (!mean || !variance || !out_scale || !out_shift) return LW_NULL_POINTER;
    for (size_t c = 0; c < channels; c++) {
        out_scale[c] = (scale ? scale[c] : 1.0f) / sqrtf(variance[c] + epsilon);
        out_shift[c] = (offset ? offset[c] : 0.0f) - mean[c] * out_scale[c];
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

    float *s = scratch, *t = s + channels; /* (channels) each */
    const enum lw_status status = lw_batch_norm_fold(context, channels, epsilon, mean, variance, scale, offset, s, t);
    const struct lw_clamp open = {-INFINITY, INFINITY};
    if (status == LW_OK) lw_epilogue_rows(context, rows, channels, input, s, t, NULL, open, output);
    return status;
}
