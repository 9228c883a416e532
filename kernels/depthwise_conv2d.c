/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution. The micro-kernel makes one output row out of kernel_height input rows that already hold
 * their padding; this file gives it those rows:
 *
 * - A row that lies above or below the image is the one row of zeros.
 * - Where no column of the window leaves the image, rows are the image's own: nothing is copied.
 * - Otherwise a row of the image is copied once into a ring of rows whose margins stay zero. The ring has as many
 *   rows as the window spans, and image row y lives in slot y % ring_rows, so the rows of one window never collide,
 *   and a row is overwritten only when the window has left it behind.
 * - Pixels whose distance is a multiple of 1024 bytes all fall into a few sets of the L1 cache, and the rows and columns
 *   of one tile throw each other out. Such images are copied too, their pixels a cache line further apart: 14x14x512
 *   went from 15 to 30 GFLOP/s.
 * - With a depth multiplier M the copy repeats each channel M times. The rest is then an ordinary depthwise
 *   convolution of channels * M channels, and the filter already lies in its order.
 */
#include <string.h>

#include "kernels/operator.h"

struct plan {
    struct lw_placed_window window;
    size_t input_elements, output_elements;
    size_t channels;     /* of the output: channels * depth_multiplier */
    size_t pixel_stride; /* floats from one pixel of a row to the next */
    size_t row_pixels;   /* columns that the window reaches, padding included */
    size_t row_elements; /* one padded row: row_pixels * pixel_stride */
    bool direct;         /* rows of the image serve as they are */
    size_t ring_rows;    /* 0 when direct */
    size_t scratch_bytes;
};

/* Scratch: kernel_height row pointers, ring_rows numbers of the rows that the ring holds, the row of zeros, the ring;
 * rounded up to 16 bytes, so that a buffer that ends where its memory ends is aligned too. */
static bool plan_scratch(const struct lw_depthwise_conv2d *d, struct plan *p) {
    size_t pointers = d->window.kernel_height, held = p->ring_rows, floats = p->ring_rows;
    if (!lw_multiply(&pointers, sizeof(float *)) || !lw_multiply(&held, sizeof(size_t))) return false;
    if (!lw_add(&floats, 1) || !lw_multiply(&floats, p->row_elements) || !lw_multiply(&floats, sizeof(float)))
        return false;
    size_t bytes = pointers;
    if (!lw_add(&bytes, held) || !lw_add(&bytes, floats) || !lw_add(&bytes, 15)) return false;
    p->scratch_bytes = bytes / 16 * 16;
    return true;
}

static enum lw_status make_plan(const struct lw_depthwise_conv2d *d, struct plan *p) {
    *p = (struct plan){0};
    if (d->struct_bytes != sizeof *d) return LW_BAD_STRUCT_BYTES;
    enum lw_status status = lw_activation_check(&d->activation);
    if (status != LW_OK) return status;
    if (d->depth_multiplier == 0) return LW_BAD_SHAPE;
    const struct lw_window *w = &d->window;
    status = lw_window_place(w, d->input_height, d->input_width, &p->window);
    if (status != LW_OK) return status;

    /* Every tensor's bytes must fit; sizeof(float) is a factor to that end and divided out again. */
    const size_t input[] = {d->batch, d->input_height, d->input_width, d->channels, sizeof(float)};
    const size_t filter[] = {w->kernel_height, w->kernel_width, d->channels, d->depth_multiplier, sizeof(float)};
    const size_t output[] = {d->batch,    p->window.output_height, p->window.output_width,
                             d->channels, d->depth_multiplier,     sizeof(float)};
    size_t filter_bytes;
    if (!lw_product(input, 5, &p->input_elements) || !lw_product(filter, 5, &filter_bytes) ||
        !lw_product(output, 6, &p->output_elements))
        return LW_TOO_LARGE;
    p->input_elements /= sizeof(float);
    p->output_elements /= sizeof(float);
    if (p->window.output_height > UINT32_MAX || p->window.output_width > UINT32_MAX) return LW_TOO_LARGE;
    if (p->output_elements == 0) return LW_OK;

    /* lw_window_place has checked that the window's reach fits. */
    size_t rows_spanned = (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
    p->channels = (size_t)d->channels * d->depth_multiplier;
    p->row_pixels = (p->window.output_width - 1) * w->stride_width + (size_t)(w->kernel_width - 1) * w->dilation_width + 1;
    bool colliding = p->channels % 256 == 0; /* multiples of 1024 bytes */
    p->pixel_stride = p->channels;
    if (colliding && !lw_add(&p->pixel_stride, 16)) return LW_TOO_LARGE;
    p->row_elements = p->row_pixels;
    if (!lw_multiply(&p->row_elements, p->pixel_stride)) return LW_TOO_LARGE;
    p->direct = d->depth_multiplier == 1 && !colliding && p->window.pad_left == 0 && p->row_pixels <= d->input_width;
    p->ring_rows = p->direct ? 0 : rows_spanned < d->input_height ? rows_spanned : d->input_height;
    return plan_scratch(d, p) ? LW_OK : LW_TOO_LARGE;
}

/* How many pixels of an image row the window reaches: they follow the pad_left pixels of the left margin, and what is
 * left of the row is the right margin. */
static size_t pixels_reached(const struct lw_depthwise_conv2d *d, const struct plan *p) {
    if (p->window.pad_left >= p->row_pixels) return 0;
    size_t pixels = p->row_pixels - p->window.pad_left;
    return pixels < d->input_width ? pixels : d->input_width;
}

static void clear_margins(const struct lw_depthwise_conv2d *d, const struct plan *p, float *ring_row) {
    size_t left = p->window.pad_left < p->row_pixels ? p->window.pad_left : p->row_pixels;
    size_t right = left + pixels_reached(d, p);
    memset(ring_row, 0, left * p->pixel_stride * sizeof(float));
    memset(ring_row + right * p->pixel_stride, 0, (p->row_pixels - right) * p->pixel_stride * sizeof(float));
}

/* Copies one row of the image between the margins of one row of the ring. */
static void copy_row(const struct lw_depthwise_conv2d *d, const struct plan *p, const float *in, float *ring_row) {
    size_t pixels = pixels_reached(d, p), multiplier = d->depth_multiplier;
    float *out = ring_row + p->window.pad_left * p->pixel_stride;
    if (multiplier == 1 && p->pixel_stride == p->channels) {
        memcpy(out, in, pixels * p->channels * sizeof(float));
        return;
    }
    for (size_t x = 0; x < pixels; x++, in += d->channels, out += p->pixel_stride) {
        if (multiplier == 1) {
            memcpy(out, in, p->channels * sizeof(float));
        } else {
            for (size_t c = 0; c < d->channels; c++)
                for (size_t m = 0; m < multiplier; m++) out[c * multiplier + m] = in[c];
        }
    }
}

enum lw_status lw_depthwise_conv2d_sizes(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                         struct lw_sizes *sizes) {
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

enum lw_status lw_depthwise_conv2d_run(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                       const float *input,  /* (batch, input_height, input_width, channels) */
                                       const float *filter, /* (kernel_height, kernel_width, channels, multiplier) */
                                       const float *bias,   /* (channels * multiplier) or NULL */
                                       const float *slopes, /* (channels * multiplier) for LW_PRELU */
                                       void *scratch,
                                       float *output) /* (batch, output_height, output_width, channels * multiplier) */
{
    if (!context || !d) return LW_NULL_POINTER;
    struct plan p;
    enum lw_status status = make_plan(d, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !filter || !scratch || !output) return LW_NULL_POINTER;
    if (d->activation.kind == LW_PRELU && !slopes) return LW_NULL_POINTER;

    const struct lw_window *w = &d->window;
    const float **rows = scratch;
    size_t *held = (size_t *)(rows + w->kernel_height); /* (ring_rows) which image row is in each slot */
    float *zeros = (float *)(held + p.ring_rows);       /* (row_elements) */
    float *ring = zeros + p.row_elements;               /* (ring_rows, row_elements) */
    memset(zeros, 0, p.row_elements * sizeof(float));
    for (size_t i = 0; i < p.ring_rows; i++) clear_margins(d, &p, ring + i * p.row_elements);

    lw_dwconv_f32_fn *kernel = context->kernels.dwconv_f32;
    if (w->kernel_height == 3 && w->kernel_width == 3) kernel = context->kernels.dwconv3x3_f32;
    if (w->kernel_height == 5 && w->kernel_width == 5) kernel = context->kernels.dwconv5x5_f32;
    struct lw_clamp clamp = lw_activation_clamp(&d->activation);
    size_t image_row_elements = (size_t)d->input_width * d->channels;

    for (size_t n = 0; n < d->batch; n++, input += d->input_height * image_row_elements) {
        memset(held, 0xff, p.ring_rows * sizeof *held); /* no row has the number SIZE_MAX */
        for (size_t y = 0; y < p.window.output_height; y++) {
            for (size_t ky = 0; ky < w->kernel_height; ky++) {
                size_t padded_y = y * w->stride_height + ky * w->dilation_height;
                size_t image_y = padded_y - p.window.pad_top;
                if (padded_y < p.window.pad_top || image_y >= d->input_height) {
                    rows[ky] = zeros;
                } else if (p.direct) {
                    rows[ky] = input + image_y * image_row_elements;
                } else {
                    size_t slot = image_y % p.ring_rows;
                    float *ring_row = ring + slot * p.row_elements;
                    if (held[slot] != image_y) copy_row(d, &p, input + image_y * image_row_elements, ring_row);
                    held[slot] = image_y;
                    rows[ky] = ring_row;
                }
            }
            kernel(p.window.output_width, p.channels, w->kernel_height, w->kernel_width, w->stride_width * p.pixel_stride,
                   w->dilation_width * p.pixel_stride, rows, filter, bias, clamp, output);
            lw_activation_finish(context, &d->activation, p.window.output_width, p.channels, p.channels, slopes,
                                 output);
            output += p.window.output_width * p.channels;
        }
    }
    return LW_OK;
}
