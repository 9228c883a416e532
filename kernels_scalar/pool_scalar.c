/* SPDX-License-Identifier: MIT */
/*
 * Pooling: each output pixel is the maximum or the mean of the pixels its taps point to, channel by channel.
 *
 *   maxpool: out[p][c] = max over the taps of p in order, from -infinity: acc < x ? x : acc (a NaN is skipped)
 *   avgpool: out[p][c] = (sum over the taps of p in order, from +0) / (float)counts[p]
 */
#include <math.h>

#include "kernels_scalar/install.h"

static void maxpool(size_t pixels, size_t channels, const uint32_t *counts, /* (pixels) */
                    const float *const *taps, /* the pointers of pixel 0, of pixel 1, ... */
                    float *out)               /* (pixels, channels) */
{
    for (size_t p = 0; p < pixels; p++) {
        for (size_t c = 0; c < channels; c++) {
            float acc = -INFINITY;
            for (uint32_t t = 0; t < counts[p]; t++) {
                float x = taps[t][c];
                acc = acc < x ? x : acc;
            }
            *out++ = acc;
        }
        taps += counts[p];
    }
}

static void avgpool(size_t pixels, size_t channels, const uint32_t *counts, /* (pixels) */
                    const float *const *taps, /* the pointers of pixel 0, of pixel 1, ... */
                    float *out)               /* (pixels, channels) */
{
    for (size_t p = 0; p < pixels; p++) {
        for (size_t c = 0; c < channels; c++) {
            float sum = 0.0f;
            for (uint32_t t = 0; t < counts[p]; t++) sum += taps[t][c];
            *out++ = sum / (float)counts[p];
        }
        taps += counts[p];
    }
}

void lw_scalar_pool_install(struct lw_kernels *kernels) {
    kernels->maxpool_f32 = maxpool;
    kernels->avgpool_f32 = avgpool;
}
