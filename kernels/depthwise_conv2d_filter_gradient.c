/* SPDX-License-Identifier: MIT */
/*
 * The gradient of a depthwise convolution with respect to its filter:
 *
 *   filter_gradient[ky][kx][c][m] = sum over n, y of (sum over x of
 *       input[n][iy][ix][c] output_gradient[n][y][x][c M + m]),  iy = y stride - pad + ky dilation, ix likewise
 *
 * The micro-kernel adds what one row of the output's gradient does; rows outside of the image are left out. Each row of
 * the image is copied once between margins of zeros into a ring of as many rows as the window spans: image row y lives
 * in slot y % ring_rows. A depth multiplier M repeats channels while copying. Without margins and multiplier rows are
 * read where they lie.
 */
#include <string.h>

#include "kernels/operator.h"

const struct lw_kernel_set *const lw_depthwise_conv2d_filter_gradient_sets[] = {&lw_dwconv_gradient_set, NULL};

struct plan {
    struct lw_placed_window placed;
    size_t input_elements, output_elements, filter_elements;
    size_t channels;                /* of the output */
    size_t pixel_stride;            /* floats from one pixel of a row to the next */
    size_t row_pixels;              /* columns that the window reaches, margins included */
    size_t row_elements, ring_rows; /* 0 where nothing is copied */
    size_t scratch_bytes;
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                struct lw_problem *problem, struct plan *p) {
    *p = (struct plan){0};
    const size_t first = offsetof(struct lw_depthwise_conv2d, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, d, first, sizeof *d, problem);
    if (status == LW_OK) status = lw_strides_none(d, first, problem);
    if (status != LW_OK) return status;
    if (d->depth_multiplier == 0) return lw_wrong(problem, LW_BAD_SHAPE, "depth_multiplier", "1 or more");
    const struct lw_window *w = &d->window;
    status = lw_window_place(w, d->input_height, d->input_width, problem, &p->placed);
    if (status != LW_OK) return status;
    const size_t input[] = {d->batch, d->input_height, d->input_width, d->channels, sizeof(float)};
    const size_t output[] = {d->batch,    p->placed.output_height, p->placed.output_width,
                             d->channels, d->depth_multiplier,     sizeof(float)};
    const size_t filter[] = {w->kernel_height, w->kernel_width, d->channels, d->depth_multiplier, sizeof(float)};
    if (!lw_product(input, 5, &p->input_elements)) return lw_too_large(problem, "input");
    if (!lw_product(output, 6, &p->output_elements)) return lw_too_large(problem, "output");
    if (!lw_product(filter, 5, &p->filter_elements)) return lw_too_large(problem, "filter");
    p->input_elements /= sizeof(float);
    p->output_elements /= sizeof(float);
    p->filter_elements /= sizeof(float);
    if (p->input_elements == 0 || p->output_elements == 0) return LW_OK;

    p->channels = (size_t)d->channels * d->depth_multiplier;
    p->pixel_stride = p->channels;
    /* lw_window_place has checked the reach in both dimensions. */
    p->row_pixels =
        (p->placed.output_width - 1) * w->stride_width + (size_t)(w->kernel_width - 1) * w->dilation_width + 1;
    if (d->depth_multiplier > 1 || p->placed.pad_left > 0 || p->row_pixels > d->input_width) {
        const size_t spanned = (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
        p->ring_rows = spanned < d->input_height ? spanned : d->input_height;
        /* Pixels that lie a multiple of 512 bytes apart would throw each other out of the first-level cache. */
        if (p->channels % 128 == 0 && !lw_add(&p->pixel_stride, 16)) return lw_too_large(problem, "scratch");
        p->row_elements = p->row_pixels;
        if (!lw_multiply(&p->row_elements, p->pixel_stride)) return lw_too_large(problem, "scratch");
    }
    size_t pointers = w->kernel_height, held = p->ring_rows, floats = p->row_elements;
    if (!lw_multiply(&pointers, sizeof(float *)) || !lw_multiply(&held, sizeof(size_t)) ||
        !lw_multiply(&floats, p->ring_rows) || !lw_multiply(&floats, sizeof(float)) || !lw_add(&floats, held) ||
        !lw_add(&floats, pointers) || !lw_add(&floats, 15))
        return lw_too_large(problem, "scratch");
    p->scratch_bytes = floats & ~(size_t)15;
    return LW_OK;
}

enum lw_status lw_depthwise_conv2d_filter_gradient_sizes(const struct lw_context *context,
                                                         const struct lw_depthwise_conv2d *d, struct lw_sizes *sizes) {
    struct plan p;
    const enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = d->window.kernel_height,
        .output_width = d->window.kernel_width,
        .output_elements = p.filter_elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* Copies what the window reaches of one row of the image, with its margins. */
static void copy_row(const struct lw_depthwise_conv2d *d, const struct plan *p, const float *in, float *out) {
    const size_t left = p->placed.pad_left < p->row_pixels ? p->placed.pad_left : p->row_pixels;
    const size_t rest = p->row_pixels - left, pixels = rest < d->input_width ? rest : d->input_width;
    const size_t multiplier = d->depth_multiplier, stride = p->pixel_stride;
    memset(out, 0, left * stride * sizeof *out);
    out += left * stride;
    if (stride == d->channels) {
        memcpy(out, in, pixels * stride * sizeof *out);
        out += pixels * stride;
    } else {
        for (size_t x = 0; x < pixels; x++, in += d->channels, out += stride) {
            if (multiplier == 1) {
                memcpy(out, in, d->channels * sizeof *out);
            } else {
                for (size_t c = 0; c < d->channels; c++)
                    for (size_t m = 0; m < multiplier; m++) out[c * multiplier + m] = in[c];
            }
        }
    }
    memset(out, 0, (rest - pixels) * stride * sizeof *out);
}

enum lw_status lw_depthwise_conv2d_filter_gradient_run(const struct lw_context *context,
                                                       const struct lw_depthwise_conv2d *d, const float *input,
                                                       const float *output_gradient, void *scratch,
                                                       float *filter_gradient) {
    struct plan p;
    const enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.filter_elements == 0) return LW_OK;
    const bool empty = p.input_elements == 0 || p.output_elements == 0;
    if (!filter_gradient || (!empty && (!input || !output_gradient || !scratch))) return LW_NULL_POINTER;
    memset(filter_gradient, 0, p.filter_elements * sizeof *filter_gradient);
    if (empty) return LW_OK;

    const struct lw_window *w = &d->window;
    const float **rows = scratch;                       /* (kernel_height) */
    size_t *held = (size_t *)(rows + w->kernel_height); /* (ring_rows) which image row is in each slot */
    float *ring = (float *)(held + p.ring_rows);        /* (ring_rows, row_elements) */
    struct lw_dwconv_gradient_f32 call = {
        .columns = p.placed.output_width,
        .channels = p.channels,
        .kernel_width = w->kernel_width,
        .column_step = w->stride_width * p.pixel_stride,
        .tap_step = w->dilation_width * p.pixel_stride,
    };
    for (size_t n = 0; n < d->batch; n++, input += p.input_elements / d->batch) {
        memset(held, 0xff, p.ring_rows * sizeof *held); /* no row has the number SIZE_MAX */
        for (size_t y = 0; y < p.placed.output_height; y++, output_gradient += p.placed.output_width * p.channels) {
            /* The taps whose rows exist: they follow each other. */
            size_t first = 0;
            call.kernel_height = 0;
            for (size_t ky = 0; ky < w->kernel_height; ky++) {
                /* Above the image it wraps around to a huge number. */
                const size_t iy = y * w->stride_height + ky * w->dilation_height - p.placed.pad_top;
                if (iy >= d->input_height) continue;
                if (call.kernel_height == 0) first = ky;
                const float *row = input + iy * d->input_width * d->channels;
                if (p.ring_rows) {
                    const size_t slot = iy % p.ring_rows;
                    float *copy = ring + slot * p.row_elements;
                    if (held[slot] != iy) copy_row(d, &p, row, copy);
                    held[slot] = iy;
                    row = copy;
                }
                rows[call.kernel_height++] = row;
            }
            context->kernels.dwconv_gradient_f32(&call, rows, output_gradient,
                                                 filter_gradient + first * w->kernel_width * p.channels);
        }
    }
    return LW_OK;
}
