/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution of columns of one output row, for any kernel size:
 *
 *   out[x * out_step + c] = clamp(bias[c] + sum over ky, kx ascending of
 *                                 rows[ky][begin + x * column_step + kx * tap_step + c] * weights(ky, kx, c))
 *
 * The loops below are the order that every other tier keeps.
 */
#include "kernels_scalar/install.h"

static void dwconv(const struct lw_dwconv_f32 *d, const float *const *rows, /* (kernel_height) pointers */
                   const float *weights, /* (ceil(channels / 4), filter_height, filter_width, 4) */
                   const float *bias,    /* (channels) or NULL */
                   float *out)           /* (columns, out_step) */
{
    for (size_t x = 0; x < d->columns; x++) {
        for (size_t c = 0; c < d->channels; c++) {
            float sum = bias ? bias[c] : 0.0f;
            size_t block = c / 4, first = block * 4; /* and the first channel of the block */
            if (first + 4 > d->channels) first = d->channels < 4 ? 0 : d->channels - 4;
            const float *w = weights + block * d->filter_height * d->filter_width * 4 + c - first;
            for (size_t ky = 0; ky < d->kernel_height; ky++, w += d->filter_width * 4) {
                const float *in = rows[ky] + d->begin + x * d->column_step + c;
                for (size_t kx = 0; kx < d->kernel_width; kx++) sum += in[kx * d->tap_step] * w[kx * 4];
            }
            sum = sum < d->clamp.lo ? d->clamp.lo : sum;
            out[x * d->out_step + c] = d->clamp.hi < sum ? d->clamp.hi : sum;
        }
    }
}

/* Adds to out, (kernel_height, kernel_width, channels), what one row of the output's gradient, (columns, channels), does
 * to the gradient of the filter. Again the order that every other tier keeps. */
static void gradient(const struct lw_dwconv_gradient_f32 *d, const float *const *rows, const float *row, float *out) {
    for (size_t ky = 0; ky < d->kernel_height; ky++) {
        for (size_t kx = 0; kx < d->kernel_width; kx++, out += d->channels) {
            for (size_t c = 0; c < d->channels; c++) {
                const float *in = rows[ky] + kx * d->tap_step + c;
                float sum = 0.0f;
                for (size_t x = 0; x < d->columns; x++) sum += in[x * d->column_step] * row[x * d->channels + c];
                out[c] += sum;
            }
        }
    }
}

void lw_scalar_dwconv_install(struct lw_kernels *kernels) {
    kernels->dwconv3x3_f32 = dwconv;
    kernels->dwconv5x5_f32 = dwconv;
    kernels->dwconv_f32 = dwconv;
}

void lw_scalar_dwconv_gradient_install(struct lw_kernels *kernels) {
    kernels->dwconv_gradient_f32 = gradient;
}
