/* SPDX-License-Identifier: MIT */
/* Batch normalisation: once per call the statistics become a scale and a shift per channel, then one kernel call. */
#include "kernels/operator.h"

#include <math.h>

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
    for (size_t c = 0; c < channels; c++) {
        s[c] = (scale ? scale[c] : 1.0f) / sqrtf(variance[c] + epsilon);
        t[c] = (offset ? offset[c] : 0.0f) - mean[c] * s[c];
    }
    context->kernels.scale_shift_f32(rows, channels, input, s, t, output);
    return LW_OK;
}
