/* SPDX-License-Identifier: MIT */
/*
 * Greyscale dilation of images, and its gradients: the largest sum of a pixel and a filter's tap,
 *
 *     output[n][y][x][c] = max over ky, kx of input[n][...][...][c] + filter[ky][kx][c]
 *
 * A gradient goes to the pixel, or the tap, of the first largest sum. Sums are compared in double, in which they are as
 * good as exact; rounded to float the largest stays the largest.
 */
#include "kernels/parallel.h"
#include "kernels/pool.h"

/* What a window with nothing above it gives: JavaScript's least safe integer, as TensorFlow.js has it. */
#define LEAST -9007199254740991.0

struct plan {
    struct lw_slide height, width;
    size_t input_elements, filter_elements, output_elements;
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_dilation2d *d,
                                struct lw_problem *problem, struct plan *p) {
    *p = (struct plan){0};
    enum lw_status status = lw_check(context, d, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->type > LW_BOOL) return lw_wrong(problem, LW_BAD_ENUM, "type", "one of enum lw_type");
    if (d->type == LW_BOOL) return lw_wrong(problem, LW_UNSUPPORTED, "type", "LW_FLOAT32 or LW_INT32");
    const struct lw_slide_names height = {"kernel_height", "stride_height", "dilation_height"};
    const struct lw_slide_names width = {"kernel_width", "stride_width", "dilation_width"};
    p->height = (struct lw_slide){d->input_height,  d->output_height,   d->kernel_height,
                                  d->stride_height, d->dilation_height, d->pad_top};
    p->width = (struct lw_slide){d->input_width,  d->output_width,   d->kernel_width,
                                 d->stride_width, d->dilation_width, d->pad_left};
    status = lw_slide_check(&p->height, &height, problem);
    if (status == LW_OK) status = lw_slide_check(&p->width, &width, problem);
    if (status != LW_OK) return status;
    const size_t input[] = {d->batch, d->input_height, d->input_width, d->channels, 4};
    const size_t filter[] = {d->kernel_height, d->kernel_width, d->channels, 4};
    const size_t output[] = {d->batch, d->output_height, d->output_width, d->channels, 4};
    if (!lw_product(input, 5, &p->input_elements)) return lw_too_large(problem, "input");
    if (!lw_product(output, 5, &p->output_elements)) return lw_too_large(problem, "output");
    if (!lw_product(filter, 4, &p->filter_elements)) return lw_too_large(problem, "filter");
    p->input_elements /= 4;
    p->filter_elements /= 4;
    p->output_elements /= 4;
    return LW_OK;
}

/* The part of a window that lies in the image; pixels and taps by elements from their first. */
struct window {
    struct lw_taps down, across;
    size_t pixel, row_step, column_step; /* of the image */
    size_t tap, filter_row_step, filter_column_step /* of the filter */;
};

static struct window find_window(const struct lw_dilation2d *d, const struct plan *p, size_t y, size_t x) {
    const size_t channels = d->channels, row = d->input_width * channels, filter_row = d->kernel_width * channels;
    struct window w = {.down = lw_taps_inside(&p->height, y), .across = lw_taps_inside(&p->width, x)};
    w.pixel = w.down.pixel * row + w.across.pixel * channels;
    w.row_step = d->dilation_height * row;
    w.column_step = d->dilation_width * channels;
    w.tap = w.down.first * filter_row + w.across.first * channels;
    w.filter_row_step = filter_row;
    w.filter_column_step = channels;
    return w;
}

static void dilate_f32(const struct window *w, size_t channels, const float *image, const float *filter, float *out) {
    for (size_t c = 0; c < channels; c++) {
        float most = (float)LEAST;
        for (size_t ky = 0; ky < w->down.count; ky++) {
            const float *x = image + w->pixel + ky * w->row_step + c,
                        *f = filter + w->tap + ky * w->filter_row_step + c;
            for (size_t kx = 0; kx < w->across.count; kx++, x += w->column_step, f += w->filter_column_step)
                most = *x + *f > most ? *x + *f : most;
        }
        out[c] = most;
    }
}

/* The low 32 bits of a sum, as JavaScript's arrays of integers keep them. */
static void dilate_i32(const struct window *w, size_t channels, const int32_t *image, const int32_t *filter,
                       int32_t *out) {
    for (size_t c = 0; c < channels; c++) {
        int64_t most = (int64_t)LEAST;
        for (size_t ky = 0; ky < w->down.count; ky++) {
            const int32_t *x = image + w->pixel + ky * w->row_step + c;
            const int32_t *f = filter + w->tap + ky * w->filter_row_step + c;
            for (size_t kx = 0; kx < w->across.count; kx++, x += w->column_step, f += w->filter_column_step)
                most = (int64_t)*x + *f > most ? (int64_t)*x + *f : most;
        }
        out[c] = (int32_t)(uint32_t)(uint64_t)most;
    }
}

enum lw_status lw_dilation2d_validate(const struct lw_context *context, const struct lw_dilation2d *op,
                                      struct lw_problem *problem) {
    struct plan p;
    return make_plan(context, op, problem, &p);
}

struct run {
    const struct lw_dilation2d *d;
    const struct plan *p;
    const void *input, *filter;
    void *output;
};

/* Rows [begin, end) of the outputs of all images. */
static void dilate_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct lw_dilation2d *d = run->d;
    const size_t image = (size_t)d->input_height * d->input_width * d->channels;
    size_t element = begin * d->output_width * d->channels;
    for (size_t row = begin; row < end; row++) {
        const size_t first = row / d->output_height * image, y = row % d->output_height;
        for (size_t x = 0; x < d->output_width; x++, element += d->channels) {
            const struct window w = find_window(d, run->p, y, x);
            if (d->type == LW_FLOAT32)
                dilate_f32(&w, d->channels, (const float *)run->input + first, run->filter,
                           (float *)run->output + element);
            else
                dilate_i32(&w, d->channels, (const int32_t *)run->input + first, run->filter,
                           (int32_t *)run->output + element);
        }
    }
}

enum lw_status lw_dilation2d_run(const struct lw_context *context, const struct lw_dilation2d *d,
                                 const void *input,  /* (batch, input_height, input_width, channels) */
                                 const void *filter, /* (kernel_height, kernel_width, channels) */
                                 void *output)       /* (batch, output_height, output_width, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !filter || !output) return LW_NULL_POINTER;
    struct run run = {d, &p, input, filter, output};
    const size_t taps = (size_t)d->kernel_height * d->kernel_width;
    return lw_parallel(context, (size_t)d->batch * d->output_height, d->output_width * d->channels * (taps + 1),
                       dilate_rows, &run);
}

/* ---- Gradients ---- */

static double load(enum lw_type type, const void *x, size_t i) {
    return type == LW_FLOAT32 ? (double)((const float *)x)[i] : (double)((const int32_t *)x)[i];
}

static void add(enum lw_type type, const void *x, size_t i, void *sum, size_t at) {
    if (type == LW_FLOAT32)
        ((float *)sum)[at] += ((const float *)x)[i];
    else
        ((uint32_t *)sum)[at] += ((const uint32_t *)x)[i];
}

/* to_filter: the gradient of the filter, else that of the image. A window without a maximum gives to its first pixel
 * inside of the image, and to the filter's first tap. */
static enum lw_status run_gradient(const struct lw_context *context, const struct lw_dilation2d *d, bool to_filter,
                                   const void *input, const void *filter, const void *gradient, void *output) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    const size_t elements = to_filter ? p.filter_elements : p.input_elements;
    if (elements == 0) return LW_OK;
    if (!output) return LW_NULL_POINTER;
    if (p.output_elements && (!filter || !gradient || (p.input_elements && !input))) return LW_NULL_POINTER;
    memset(output, 0, elements * 4);
    const enum lw_type type = (enum lw_type)d->type;
    const size_t channels = d->channels, row = d->input_width * channels, image = d->input_height * row;
    size_t element = 0;
    for (size_t n = 0; n < d->batch; n++) {
        for (size_t y = 0; y < d->output_height; y++) {
            for (size_t x = 0; x < d->output_width; x++) {
                const struct window w = find_window(d, &p, y, x);
                const int64_t top = (int64_t)y * p.height.stride - p.height.pad;
                const int64_t left = (int64_t)x * p.width.stride - p.width.pad;
                const bool inside = top < p.height.input && left < p.width.input;
                const size_t corner =
                    inside ? (size_t)(top < 0 ? 0 : top) * row + (size_t)(left < 0 ? 0 : left) * channels : 0;
                for (size_t c = 0; c < channels; c++, element++) {
                    double most = LEAST;
                    bool found = false;
                    size_t pixel = corner, tap = 0;
                    for (size_t ky = 0; ky < w.down.count; ky++) {
                        for (size_t kx = 0; kx < w.across.count; kx++) {
                            const size_t from = w.pixel + ky * w.row_step + kx * w.column_step;
                            const size_t with = w.tap + ky * w.filter_row_step + kx * w.filter_column_step;
                            const double value = load(type, input, n * image + from + c) + load(type, filter, with + c);
                            if (!(value > most)) continue;
                            most = value;
                            found = true;
                            pixel = from;
                            tap = with;
                        }
                    }
                    if (to_filter)
                        add(type, gradient, element, output, tap + c);
                    else if (found || inside)
                        add(type, gradient, element, output, n * image + pixel + c);
                }
            }
        }
    }
    return LW_OK;
}

enum lw_status
lw_dilation2d_input_gradient_run(const struct lw_context *context, const struct lw_dilation2d *d,
                                 const void *input,    /* (batch, input_height, input_width, channels) */
                                 const void *filter,   /* (kernel_height, kernel_width, channels) */
                                 const void *gradient, /* (batch, output_height, output_width, channels) */
                                 void *output)         /* as input */
{
    return run_gradient(context, d, false, input, filter, gradient, output);
}

enum lw_status
lw_dilation2d_filter_gradient_run(const struct lw_context *context, const struct lw_dilation2d *d,
                                  const void *input,    /* (batch, input_height, input_width, channels) */
                                  const void *filter,   /* (kernel_height, kernel_width, channels) */
                                  const void *gradient, /* (batch, output_height, output_width, channels) */
                                  void *output)         /* as filter */
{
    return run_gradient(context, d, true, input, filter, gradient, output);
}
