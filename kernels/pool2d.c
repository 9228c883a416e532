/* SPDX-License-Identifier: MIT */
/*
 * Pooling. The micro-kernels take for each output pixel the list of its input pixels; this file makes those lists, for
 * as many pixels of an output row as fit LIST_POINTERS, leaving out what lies outside of the image.
 */
#include "kernels/operator.h"

/* Enough pixels in a list that a call costs nothing, and few enough that the list stays in the L1 cache. */
#define LIST_POINTERS 1024

struct plan {
    struct lw_placed_window window;
    size_t input_elements, output_elements;
    size_t list_pixels;   /* output pixels for one call of the micro-kernel */
    size_t list_pointers; /* that many pixels' pointers at most */
    size_t scratch_bytes;
};

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static enum lw_status make_plan(const struct lw_pool2d *d, struct plan *p) {
    *p = (struct plan){0};
    if (d->struct_bytes != sizeof *d) return LW_BAD_STRUCT_BYTES;
    if (d->kind > LW_POOL_AVERAGE) return LW_BAD_ENUM;
    enum lw_status status = lw_activation_check(&d->activation);
    if (status != LW_OK) return status;
    if (d->activation.kind == LW_PRELU) return LW_UNSUPPORTED;
    status = lw_window_place(&d->window, d->input_height, d->input_width, &p->window);
    if (status != LW_OK) return status;

    /* Every tensor's bytes must fit; sizeof(float) is a factor to that end and divided out again. */
    const size_t input[] = {d->batch, d->input_height, d->input_width, d->channels, sizeof(float)};
    const size_t output[] = {d->batch, p->window.output_height, p->window.output_width, d->channels, sizeof(float)};
    if (!lw_product(input, 5, &p->input_elements) || !lw_product(output, 5, &p->output_elements)) return LW_TOO_LARGE;
    p->input_elements /= sizeof(float);
    p->output_elements /= sizeof(float);
    if (p->window.output_height > UINT32_MAX || p->window.output_width > UINT32_MAX) return LW_TOO_LARGE;
    if (p->output_elements == 0) return LW_OK;

    size_t taps = smaller(d->window.kernel_height, d->input_height); /* of one pixel, at most */
    if (!lw_multiply(&taps, smaller(d->window.kernel_width, d->input_width)) || taps > UINT32_MAX) return LW_TOO_LARGE;
    p->list_pixels = taps < LIST_POINTERS ? LIST_POINTERS / (taps ? taps : 1) : 1;
    p->list_pixels = smaller(p->list_pixels, p->window.output_width);
    p->list_pointers = taps;
    size_t counts_bytes = p->list_pixels;
    if (!lw_multiply(&p->list_pointers, p->list_pixels) || !lw_multiply(&counts_bytes, sizeof(uint32_t)))
        return LW_TOO_LARGE;

    /* Scratch: the pointers, then the counts; rounded up to 16 bytes, so that a buffer that ends where its memory ends
     * is aligned too. */
    size_t bytes = p->list_pointers;
    if (!lw_multiply(&bytes, sizeof(float *)) || !lw_add(&bytes, counts_bytes) || !lw_add(&bytes, 15))
        return LW_TOO_LARGE;
    p->scratch_bytes = bytes / 16 * 16;
    return LW_OK;
}

/* Appends the pixels of one window, in ascending order, and returns how many they are. y and x are where the window
 * begins, counted from the first row and column of the padding. */
static uint32_t list_taps(const struct lw_pool2d *d, const struct plan *p, size_t y, size_t x, const float *image,
                          const float **taps) {
    uint32_t count = 0;
    for (size_t ky = 0; ky < d->window.kernel_height; ky++, y += d->window.dilation_height) {
        if (y < p->window.pad_top) continue;
        size_t image_y = y - p->window.pad_top;
        if (image_y >= d->input_height) break;
        const float *row = image + image_y * d->input_width * d->channels;
        size_t tap_x = x;
        for (size_t kx = 0; kx < d->window.kernel_width; kx++, tap_x += d->window.dilation_width) {
            if (tap_x < p->window.pad_left) continue;
            size_t image_x = tap_x - p->window.pad_left;
            if (image_x >= d->input_width) break;
            taps[count++] = row + image_x * d->channels;
        }
    }
    return count;
}

enum lw_status lw_pool2d_sizes(const struct lw_context *context, const struct lw_pool2d *d, struct lw_sizes *sizes) {
    if (!context || !d || !sizes) return LW_NULL_POINTER;
    struct plan p;
    enum lw_status status = make_plan(d, &p);
    if (status != LW_OK) return status;
    *sizes = (struct lw_sizes){
        .output_height = (uint32_t)p.window.output_height,
        .output_width = (uint32_t)p.window.output_width,
        .output_elements = p.output_elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* Whether the one window is the image. */
static bool whole_image(const struct lw_pool2d *d, const struct plan *p) {
    const struct lw_window *w = &d->window;
    return p->window.output_height == 1 && p->window.output_width == 1 && p->window.pad_top == 0 &&
           p->window.pad_left == 0 && w->dilation_height == 1 && w->dilation_width == 1 &&
           w->kernel_height >= d->input_height && w->kernel_width >= d->input_width;
}

/* Global average: the same sum without lists of pixels. */
static void run_whole_image(const struct lw_context *context, const struct lw_pool2d *d, const float *input,
                            float *output) {
    const struct lw_kernels *k = &context->kernels;
    const size_t pixels = (size_t)d->input_height * d->input_width;
    const float divisor = (float)pixels;
    for (size_t n = 0; n < d->batch; n++, input += pixels * d->channels, output += d->channels) {
        k->sum_rows_f32(pixels, d->channels, input, d->channels, output);
        k->binary_f32[LW_BINARY_DIV](d->channels, output, 1, &divisor, 0, output);
        lw_activation_apply(context, &d->activation, d->channels, output, output);
    }
}

enum lw_status lw_pool2d_run(const struct lw_context *context, const struct lw_pool2d *d,
                             const float *input,           /* (batch, input_height, input_width, channels) */
                             void *scratch, float *output) /* (batch, output_height, output_width, channels) */
{
    if (!context || !d) return LW_NULL_POINTER;
    struct plan p;
    enum lw_status status = make_plan(d, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !scratch || !output) return LW_NULL_POINTER;

    const struct lw_kernels *k = &context->kernels;
    if (d->kind == LW_POOL_AVERAGE && whole_image(d, &p)) {
        run_whole_image(context, d, input, output);
        return LW_OK;
    }
    lw_pool_f32_fn *kernel = d->kind == LW_POOL_MAX ? k->maxpool_f32 : k->avgpool_f32;
    const float **taps = scratch;                            /* (list_pointers) */
    uint32_t *counts = (uint32_t *)(taps + p.list_pointers); /* (list_pixels) */

    const float *image = input;
    for (size_t n = 0; n < d->batch; n++, image += (size_t)d->input_height * d->input_width * d->channels) {
        for (size_t y = 0; y < p.window.output_height; y++) {
            for (size_t x = 0; x < p.window.output_width; x += p.list_pixels) {
                size_t pixels = smaller(p.list_pixels, p.window.output_width - x), used = 0;
                for (size_t i = 0; i < pixels; i++) {
                    counts[i] = list_taps(d, &p, y * d->window.stride_height, (x + i) * d->window.stride_width, image,
                                          taps + used);
                    used += counts[i];
                }
                kernel(pixels, d->channels, counts, taps, output);
                lw_activation_apply(context, &d->activation, pixels * d->channels, output, output);
                output += pixels * d->channels;
            }
        }
    }
    return LW_OK;
}
