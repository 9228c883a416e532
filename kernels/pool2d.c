/* SPDX-License-Identifier: MIT */
/*
 * Pooling. The micro-kernels take windows that lie inside of the image and are all of one size; this file cuts each
 * output row into such runs. What a window has outside of the image doesn't count, so at the borders it is a smaller
 * window.
 */
#include "kernels/operator.h"

struct plan {
    struct lw_placed_window window;
    size_t input_elements, output_elements;
    size_t scratch_bytes; /* the row pointers of one window */
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

    size_t rows = smaller(d->window.kernel_height, d->input_height); /* of one window, at most */
    size_t taps = rows;
    if (!lw_multiply(&taps, smaller(d->window.kernel_width, d->input_width)) || taps > UINT32_MAX) return LW_TOO_LARGE;
    /* Rounded up to 16 bytes, so that a buffer that ends where its memory ends is aligned too; never empty. */
    size_t bytes = rows;
    if (!lw_multiply(&bytes, sizeof(float *)) || !lw_add(&bytes, 16)) return LW_TOO_LARGE;
    p->scratch_bytes = bytes / 16 * 16;
    return LW_OK;
}

/* Taps first to first + count of a window lie in the image, in one dimension; start + first * dilation is a pixel. */
struct span {
    size_t first, count, pixel;
};

/* start is where the window begins, counted from the first pixel of the padding. */
static struct span inside(size_t start, size_t pad, size_t size, size_t kernel, size_t dilation) {
    struct span s = {0, 0, 0};
    if (start < pad) s.first = (pad - start) / dilation + ((pad - start) % dilation != 0);
    if (s.first >= kernel || start + s.first * dilation >= pad + size) return s;
    s.pixel = start + s.first * dilation - pad;
    s.count = smaller((size - 1 - s.pixel) / dilation + 1, kernel - s.first);
    return s;
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
    const struct lw_window *w = &d->window;
    lw_pool_f32_fn *kernel = d->kind == LW_POOL_MAX ? k->maxpool_f32 : k->avgpool_f32;
    const float **rows = scratch;
    const size_t row_elements = (size_t)d->input_width * d->channels;

    for (size_t n = 0; n < d->batch; n++, input += d->input_height * row_elements) {
        for (size_t y = 0; y < p.window.output_height; y++) {
            struct span down =
                inside(y * w->stride_height, p.window.pad_top, d->input_height, w->kernel_height, w->dilation_height);
            for (size_t x = 0, columns; x < p.window.output_width; x += columns) {
                struct span across =
                    inside(x * w->stride_width, p.window.pad_left, d->input_width, w->kernel_width, w->dilation_width);
                columns = 1;
                if (across.count == w->kernel_width) { /* the whole window: so are the next ones, as far as they fit */
                    size_t last = across.pixel + (w->kernel_width - 1) * (size_t)w->dilation_width;
                    columns = smaller((d->input_width - 1 - last) / w->stride_width + 1, p.window.output_width - x);
                }
                for (size_t i = 0; i < down.count; i++)
                    rows[i] = input + (down.pixel + i * w->dilation_height) * row_elements + across.pixel * d->channels;
                kernel(columns, d->channels, down.count, across.count, (size_t)w->stride_width * d->channels,
                       (size_t)w->dilation_width * d->channels, rows, output);
                lw_activation_apply(context, &d->activation, columns * d->channels, output, output);
                output += columns * d->channels;
            }
        }
    }
    return LW_OK;
}
