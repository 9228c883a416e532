/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution. The micro-kernel makes one output row out of kernel_height input rows that already hold
 * their padding; this file gives it those rows:
 *
 * - A row that lies above or below the image is the one row of zeros.
 * - Where no column of the window leaves the image, rows are the image's own: nothing is copied.
 * - In a wide image that holds for most columns: they read the image, and what follows is done for the pixels that the
 *   first and last columns reach. These few columns make poor tiles, so it takes enough pixels that need no copy.
 * - Otherwise a row of the image is copied once into a ring of rows whose margins stay zero. The ring has as many
 *   rows as the window spans, and image row y lives in slot y % ring_rows, so the rows of one window never collide,
 *   and a row is overwritten only when the window has left it behind.
 * - Pixels whose distance is a multiple of 1024 bytes all fall into a few sets of the L1 cache, and the rows and
 *   columns of one tile throw each other out. Such images are copied too, their pixels a cache line further apart:
 *   14x14x512 went from 15 to 30 GFLOP/s.
 * - With a depth multiplier M the copy repeats each channel M times. The rest is then an ordinary depthwise
 *   convolution of channels * M channels, and the filter already lies in its order.
 */
#include <string.h>

#include "kernels/operator.h"

/* Pixels not copied for each output row, from which on it pays to compute the columns at the border by themselves: at
 * 54 it cost 6 % and at 110 it gained 6 % with stride 1; with stride 2, 220 gained 26 %. */
#define SPLIT_PIXELS 64

struct plan {
    struct lw_placed_window window;
    size_t input_elements, output_elements;
    size_t channels;               /* of the output: channels * depth_multiplier */
    size_t pixel_stride;           /* floats from one pixel of a row to the next */
    size_t row_pixels;             /* columns that the window reaches, padding included */
    size_t row_elements;           /* one padded row: row_pixels * pixel_stride */
    size_t inner_begin, inner_end; /* output columns that read the image as it is; none when equal */
    size_t ring_rows;              /* 0 when all columns do */
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

/* Output columns whose taps all lie inside of the image. */
static void place_inner(const struct lw_depthwise_conv2d *d, struct plan *p, bool possible) {
    const struct lw_window *w = &d->window;
    size_t extent = (size_t)(w->kernel_width - 1) * w->dilation_width + 1, width = p->window.output_width;
    size_t padded = d->input_width + p->window.pad_left; /* the end of the image, in a row that begins with padding */
    size_t begin = p->window.pad_left / w->stride_width + (p->window.pad_left % w->stride_width != 0);
    size_t end = padded < extent ? 0 : (padded - extent) / w->stride_width + 1;
    if (end > width) end = width;
    bool all = begin == 0 && end == width;
    size_t saved = SPLIT_PIXELS; /* stops at that: strides may be huge */
    if (begin < end && end - begin < SPLIT_PIXELS && w->stride_width < SPLIT_PIXELS && w->stride_height < SPLIT_PIXELS)
        saved = (end - begin) * w->stride_width * w->stride_height;
    if (!possible || begin >= end || (!all && saved < SPLIT_PIXELS)) begin = end = 0;
    p->inner_begin = begin;
    p->inner_end = end;
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
    p->row_pixels =
        (p->window.output_width - 1) * w->stride_width + (size_t)(w->kernel_width - 1) * w->dilation_width + 1;
    bool colliding = p->channels % 256 == 0; /* multiples of 1024 bytes */
    p->pixel_stride = p->channels;
    if (colliding && !lw_add(&p->pixel_stride, 16)) return LW_TOO_LARGE;
    p->row_elements = p->row_pixels;
    if (!lw_multiply(&p->row_elements, p->pixel_stride)) return LW_TOO_LARGE;
    place_inner(d, p, !colliding && d->depth_multiplier == 1);
    bool ring = p->inner_begin > 0 || p->inner_end < p->window.output_width;
    p->ring_rows = !ring ? 0 : rows_spanned < d->input_height ? rows_spanned : d->input_height;
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

/* Copies pixels begin to end of one row of the image to where they belong in one row of the ring. */
static void copy_pixels(const struct lw_depthwise_conv2d *d, const struct plan *p, size_t begin, size_t end,
                        const float *image_row, float *ring_row) {
    const float *in = image_row + begin * d->channels;
    float *out = ring_row + (p->window.pad_left + begin) * p->pixel_stride;
    size_t multiplier = d->depth_multiplier;
    if (multiplier == 1 && p->pixel_stride == p->channels) {
        memcpy(out, in, (end - begin) * p->channels * sizeof(float));
        return;
    }
    for (size_t x = begin; x < end; x++, in += d->channels, out += p->pixel_stride) {
        if (multiplier == 1) {
            memcpy(out, in, p->channels * sizeof(float));
        } else {
            for (size_t c = 0; c < d->channels; c++)
                for (size_t m = 0; m < multiplier; m++) out[c * multiplier + m] = in[c];
        }
    }
}

/* Copies what the columns outside of inner_begin to inner_end reach of one row of the image. */
static void copy_row(const struct lw_depthwise_conv2d *d, const struct plan *p, const float *image_row,
                     float *ring_row) {
    size_t reached = pixels_reached(d, p);
    if (p->inner_begin == p->inner_end) {
        if (reached) copy_pixels(d, p, 0, reached, image_row, ring_row);
        return;
    }
    size_t stride = d->window.stride_width, left = p->window.pad_left;
    if (p->inner_begin > 0) {
        size_t end = (p->inner_begin - 1) * stride + p->row_pixels - (p->window.output_width - 1) * stride;
        if (end > left) copy_pixels(d, p, 0, end - left < reached ? end - left : reached, image_row, ring_row);
    }
    if (p->inner_end < p->window.output_width) {
        size_t begin = p->inner_end * stride - left; /* an inner column came before: it is past the left margin */
        if (begin < reached) copy_pixels(d, p, begin, reached, image_row, ring_row);
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

/* Points rows at the image rows under output row y, from the first pixel of inner_begin on. */
static void point_into_image(const struct lw_depthwise_conv2d *d, const struct plan *p, size_t y, const float *image,
                             const float *zeros, const float **rows) {
    size_t first = p->inner_begin * d->window.stride_width - p->window.pad_left;
    for (size_t ky = 0; ky < d->window.kernel_height; ky++) {
        size_t padded_y = y * d->window.stride_height + ky * d->window.dilation_height;
        size_t image_y = padded_y - p->window.pad_top;
        bool inside = padded_y >= p->window.pad_top && image_y < d->input_height;
        rows[ky] = inside ? image + (image_y * d->input_width + first) * d->channels : zeros;
    }
}

/* Points rows at copies of the image rows under output row y, and makes those that are missing. */
static void point_into_ring(const struct lw_depthwise_conv2d *d, const struct plan *p, size_t y, const float *image,
                            const float *zeros, float *ring, size_t *held, const float **rows) {
    for (size_t ky = 0; ky < d->window.kernel_height; ky++) {
        size_t padded_y = y * d->window.stride_height + ky * d->window.dilation_height;
        size_t image_y = padded_y - p->window.pad_top;
        if (padded_y < p->window.pad_top || image_y >= d->input_height) {
            rows[ky] = zeros;
            continue;
        }
        size_t slot = image_y % p->ring_rows;
        float *ring_row = ring + slot * p->row_elements;
        if (held[slot] != image_y) copy_row(d, p, image + image_y * d->input_width * d->channels, ring_row);
        held[slot] = image_y;
        rows[ky] = ring_row;
    }
}

/* Output columns begin to end of one row; rows begin with the first pixel of column begin. */
static void run_columns(const struct lw_context *context, const struct lw_depthwise_conv2d *d, const struct plan *p,
                        size_t begin, size_t end, const float *const *rows, const float *filter, const float *bias,
                        float *output_row) {
    const struct lw_window *w = &d->window;
    lw_dwconv_f32_fn *kernel = context->kernels.dwconv_f32;
    if (w->kernel_height == 3 && w->kernel_width == 3) kernel = context->kernels.dwconv3x3_f32;
    if (w->kernel_height == 5 && w->kernel_width == 5) kernel = context->kernels.dwconv5x5_f32;
    if (begin == end) return;
    kernel(end - begin, p->channels, w->kernel_height, w->kernel_width, w->stride_width * p->pixel_stride,
           w->dilation_width * p->pixel_stride, rows, filter, bias, lw_activation_clamp(&d->activation),
           output_row + begin * p->channels);
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

    size_t width = p.window.output_width;
    for (size_t n = 0; n < d->batch; n++, input += (size_t)d->input_height * d->input_width * d->channels) {
        memset(held, 0xff, p.ring_rows * sizeof *held); /* no row has the number SIZE_MAX */
        for (size_t y = 0; y < p.window.output_height; y++, output += width * p.channels) {
            if (p.inner_begin < p.inner_end) {
                point_into_image(d, &p, y, input, zeros, rows);
                run_columns(context, d, &p, p.inner_begin, p.inner_end, rows, filter, bias, output);
            }
            if (p.inner_end - p.inner_begin < width) {
                point_into_ring(d, &p, y, input, zeros, ring, held, rows);
                size_t end = p.inner_begin < p.inner_end ? p.inner_begin : width;
                run_columns(context, d, &p, 0, end, rows, filter, bias, output);
                if (end < width) {
                    size_t skip = p.inner_end * w->stride_width * p.pixel_stride;
                    for (size_t ky = 0; ky < w->kernel_height; ky++) rows[ky] += skip;
                    run_columns(context, d, &p, p.inner_end, width, rows, filter, bias, output);
                }
            }
            lw_activation_finish(context, &d->activation, width, p.channels, p.channels, slopes, output);
        }
    }
    return LW_OK;
}
