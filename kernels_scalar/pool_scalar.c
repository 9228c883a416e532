/* SPDX-License-Identifier: MIT */
/*
 * Pooling of one output row: each output is the maximum or the mean of a window, channel by channel. With
 * t(ky, kx) = rows[ky][x * column_step + kx * tap_step + c]:
 *
 *   maxpool: out[x][c] = max over kx, and over ky for each kx, from -infinity: acc < t ? t : acc (a NaN is skipped)
 *   avgpool: out[x][c] = (sum over kx of (sum over ky of t)) / (float)(kernel_height * kernel_width), sums from -0
 *
 * And where the maximum is: argpool compares pixels[t][x * column_step + c] for t ascending.
 */
#include <math.h>

#include "kernels_scalar/install.h"

static void maxpool(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                    size_t tap_step, const float *const *rows, /* (kernel_height) pointers */
                    float *out, size_t out_step)               /* (columns, channels), out_step apart */
{
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            float acc = -INFINITY;
            for (size_t kx = 0; kx < kernel_width; kx++) {
                for (size_t ky = 0; ky < kernel_height; ky++) {
                    float t = rows[ky][x * column_step + kx * tap_step + c];
                    acc = acc < t ? t : acc;
                }
            }
            out[x * out_step + c] = acc;
        }
    }
}

static void avgpool(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                    size_t tap_step, const float *const *rows, /* (kernel_height) pointers */
                    float *out, size_t out_step)               /* (columns, channels), out_step apart */
{
    const float divisor = (float)(kernel_height * kernel_width);
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            float sum = -0.0f;
            for (size_t kx = 0; kx < kernel_width; kx++) {
                float column = -0.0f;
                for (size_t ky = 0; ky < kernel_height; ky++) column += rows[ky][x * column_step + kx * tap_step + c];
                sum += column;
            }
            out[x * out_step + c] = sum / divisor;
        }
    }
}

static void argpool(size_t columns, size_t channels, size_t taps, size_t column_step, bool last,
                    const float *const *pixels, /* (taps) pointers */
                    int32_t *out)               /* (columns, channels) */
{
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            float best = -INFINITY;
            int32_t at = -1;
            for (size_t t = 0; t < taps; t++) {
                const float v = pixels[t][x * column_step + c];
                if (last ? v >= best : v > best) {
                    best = v;
                    at = (int32_t)t;
                }
            }
            *out++ = at;
        }
    }
}

void lw_scalar_pool_install(struct lw_kernels *kernels) {
    kernels->maxpool_f32 = maxpool;
    kernels->avgpool_f32 = avgpool;
    kernels->argpool_f32 = argpool;
}
