/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution of one output row, for any kernel size:
 *
 *   out[x][c] = clamp(bias[c] + sum over ky, kx ascending of
 *                     rows[ky][x * column_step + kx * tap_step + c] * weights[ky][kx][c])
 *
 * The loops below are the order that every other tier keeps.
 */
#include "kernels_scalar/install.h"

static void dwconv(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                   size_t tap_step, const float *const *rows, /* (kernel_height) pointers */
                   const float *weights,                      /* (kernel_height, kernel_width, channels) */
                   const float *bias,                         /* (channels) or NULL */
                   struct lw_clamp clamp, float *out)         /* (columns, channels) */
{
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            float sum = bias ? bias[c] : 0.0f;
            const float *w = weights + c;
            for (size_t ky = 0; ky < kernel_height; ky++) {
                const float *in = rows[ky] + x * column_step + c;
                for (size_t kx = 0; kx < kernel_width; kx++, w += channels) sum += in[kx * tap_step] * *w;
            }
            sum = sum < clamp.lo ? clamp.lo : sum;
            out[x * channels + c] = clamp.hi < sum ? clamp.hi : sum;
        }
    }
}

void lw_scalar_dwconv_install(struct lw_kernels *kernels) {
    kernels->dwconv3x3_f32 = dwconv;
    kernels->dwconv5x5_f32 = dwconv;
    kernels->dwconv_f32 = dwconv;
}
