/* SPDX-License-Identifier: MIT */
/*
 * Pooling in two and three dimensions. The micro-kernels take windows that lie inside of the image and are all of one
 * size; this file cuts each output row into such runs. What a window has outside of the image doesn't count, so at the
 * borders it is a smaller window. To a micro-kernel the rows of a window are a list: those of a window with depth are just
 * more rows.
 *
 * Integers are pooled by plain loops.
 */
#include <math.h>

#include "kernels/parallel.h"
#include "kernels/pool.h"

const struct lw_kernel_set *const lw_pool_sets[] = {&lw_pool_set, &lw_rows_set, &lw_binary_set, NULL};

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- Rows of windows ---- */

/* How a micro-kernel's windows are put together. */
struct pooling {
    const struct lw_context *context;
    lw_pool_f32_fn *kernel;
    bool average;
    float empty; /* what the average of a window without pixels is */
    size_t batch, channels, input_elements;
    struct lw_strides strides;
    const struct lw_slide *depth, *height, *width;
    const struct lw_activation *activation; /* NULL for none */
    const float *input;
    float *output;
    char *scratch;
    size_t share_bytes; /* of scratch, for each worker: the row pointers of one window */
};

/* Whether the one window is all that there is. */
static bool whole_image(const struct lw_slide *s) {
    return s->output == 1 && s->pad == 0 && s->dilation == 1 && s->kernel >= s->input;
}

/* Global average: the same sum without lists of pixels. A part's outputs [begin, end) are channels of several images. */
static void average_images(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct pooling *p = state;
    const struct lw_kernels *k = &p->context->kernels;
    const size_t pixels = (size_t)(p->depth->input * p->height->input * p->width->input), channels = p->channels;
    const size_t step = p->strides.input;
    const float divisor = (float)pixels;
    for (size_t i = begin, n; i < end; i += n) {
        const size_t image = i / channels, channel = i % channels;
        n = smaller(channels - channel, end - i);
        float *out = p->output + image * p->strides.output + channel;
        k->sum_rows_f32(pixels, n, p->input + image * pixels * step + channel, step, out);
        k->binary_f32[LW_BINARY_DIV](n, out, 1, &divisor, 0, out);
        if (p->activation) lw_activation_apply(p->context, p->activation, n, out, out);
    }
}

/* What follows the windows: pixels that follow each other are one row. */
static void activate(const struct pooling *p, size_t columns, float *output) {
    const size_t together = p->strides.output == p->channels ? columns : 1;
    for (size_t x = 0; x < columns; x += together, output += p->strides.output)
        lw_activation_apply(p->context, p->activation, together * p->channels, output, output);
}

/* Rows [begin, end) of the outputs of all images. */
static void pool_rows(void *state, size_t begin, size_t end, size_t worker) {
    const struct pooling *p = state;
    const size_t channels = p->channels, step = p->strides.input, output_step = p->strides.output;
    const size_t row_elements = (size_t)p->width->input * step;
    const size_t plane_elements = (size_t)p->height->input * row_elements;
    const size_t depth = (size_t)p->depth->output, height = (size_t)p->height->output, width = (size_t)p->width->output;
    const float **rows = (const float **)(void *)(p->scratch + worker * p->share_bytes);
    float *output = p->output + begin * width * output_step;
    for (size_t row = begin; row < end; row++) {
        const float *image = p->input + row / height / depth * (size_t)p->depth->input * plane_elements;
        const struct lw_taps in = lw_taps_inside(p->depth, row / height % depth);
        const struct lw_taps down = lw_taps_inside(p->height, row % height);
        for (size_t x = 0, columns; x < width; x += columns) {
            const struct lw_taps across = lw_taps_inside(p->width, x);
            columns = lw_windows_alike(p->width, x, &across);
            size_t count = 0;
            for (size_t kz = 0; kz < in.count; kz++) {
                const float *plane = image + (in.pixel + kz * (size_t)p->depth->dilation) * plane_elements;
                for (size_t ky = 0; ky < down.count; ky++)
                    rows[count++] =
                        plane + (down.pixel + ky * (size_t)p->height->dilation) * row_elements + across.pixel * step;
            }
            if (p->average && count * across.count == 0)
                for (size_t i = 0; i < columns * channels; i++)
                    output[i / channels * output_step + i % channels] = p->empty;
            else
                p->kernel(columns, channels, count, across.count, (size_t)p->width->stride * step,
                          (size_t)p->width->dilation * step, rows, output, output_step);
            if (p->activation) activate(p, columns, output);
            output += columns * output_step;
        }
    }
}

/* How many taps of a window lie inside, at most. */
static int64_t taps_at_most(const struct lw_slide *s) {
    return s->kernel < s->input ? s->kernel : s->input;
}

static enum lw_status run_pooling(struct pooling *p) {
    const struct lw_slide *depth = p->depth, *height = p->height, *width = p->width;
    if (p->kernel == p->context->kernels.avgpool_f32 && p->input_elements && whole_image(depth) &&
        whole_image(height) && whole_image(width)) {
        const size_t pixels = (size_t)(depth->input * height->input * width->input);
        return lw_parallel_elements(p->context, p->batch * p->channels, pixels * LW_BLOCK / 16, average_images, p);
    }
    /* Some 16 elements of windows in a nanosecond. */
    const size_t taps = (size_t)(taps_at_most(depth) * taps_at_most(height) * taps_at_most(width));
    return lw_parallel(p->context, p->batch * (size_t)(depth->output * height->output),
                       (size_t)width->output * p->channels * (taps + 1) / 16, pool_rows, p);
}

/* ---- Two dimensions ---- */

struct plan {
    struct lw_slide height, width;
    struct lw_strides strides;
    size_t input_elements, output_elements;
    size_t share_bytes, scratch_bytes; /* the row pointers of one window, for each worker */
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_pool2d *d, struct lw_problem *problem,
                                struct plan *p) {
    *p = (struct plan){0};
    const size_t first = offsetof(struct lw_pool2d, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, d, first, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->kind > LW_POOL_AVERAGE) return lw_wrong(problem, LW_BAD_ENUM, "kind", "one of enum lw_pool_kind");
    status = lw_activation_check(&d->activation, problem);
    if (status != LW_OK) return status;
    if (d->activation.kind == LW_PRELU) return lw_wrong(problem, LW_UNSUPPORTED, "activation.kind", "any but LW_PRELU");
    const struct lw_window *w = &d->window;
    struct lw_placed_window placed;
    status = lw_window_place(w, d->input_height, d->input_width, problem, &placed);
    if (status == LW_OK) status = lw_strides_read(d, first, d->channels, d->channels, problem, &p->strides);
    if (status != LW_OK) return status;

    if (!lw_image_elements(d->batch, d->input_height, d->input_width, p->strides.input, d->channels,
                           &p->input_elements))
        return lw_too_large(problem, "input");
    if (!lw_image_elements(d->batch, placed.output_height, placed.output_width, p->strides.output, d->channels,
                           &p->output_elements))
        return lw_too_large(problem, "output");
    if (placed.output_height > UINT32_MAX || placed.output_width > UINT32_MAX) return lw_too_large(problem, "output");
    p->height = (struct lw_slide){d->input_height,    (int64_t)placed.output_height, w->kernel_height, w->stride_height,
                                  w->dilation_height, (int64_t)placed.pad_top};
    p->width = (struct lw_slide){d->input_width,    (int64_t)placed.output_width, w->kernel_width, w->stride_width,
                                 w->dilation_width, (int64_t)placed.pad_left};
    if (p->output_elements == 0) return LW_OK;

    size_t rows = smaller(w->kernel_height, d->input_height); /* of one window, at most */
    size_t taps = rows;
    if (!lw_multiply(&taps, smaller(w->kernel_width, d->input_width)) || taps > UINT32_MAX)
        return lw_too_large(problem, "window.kernel_height");
    /* Rounded up to 16 bytes, so that a buffer that ends where its memory ends is aligned too; never empty. */
    size_t bytes = rows;
    if (!lw_multiply(&bytes, sizeof(float *)) || !lw_add(&bytes, 16)) return lw_too_large(problem, "scratch");
    p->share_bytes = bytes / 16 * 16;
    return lw_share_scratch(context, &p->share_bytes, &p->scratch_bytes) ? LW_OK : lw_too_large(problem, "scratch");
}

enum lw_status lw_pool2d_validate(const struct lw_context *context, const struct lw_pool2d *op,
                                  struct lw_problem *problem) {
    struct plan p;
    return make_plan(context, op, problem, &p);
}

enum lw_status lw_pool2d_sizes(const struct lw_context *context, const struct lw_pool2d *d, struct lw_sizes *sizes) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = (uint32_t)p.height.output,
        .output_width = (uint32_t)p.width.output,
        .output_elements = p.output_elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

enum lw_status lw_pool2d_run(const struct lw_context *context, const struct lw_pool2d *d,
                             const float *input,           /* (batch, input_height, input_width, channels) */
                             void *scratch, float *output) /* (batch, output_height, output_width, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !scratch || !output) return LW_NULL_POINTER;

    const bool average = d->kind == LW_POOL_AVERAGE;
    const struct lw_kernels *k = &context->kernels;
    const struct lw_slide flat = {1, 1, 1, 1, 1, 0};
    struct pooling pooling = {
        .context = context,
        .kernel = average ? k->avgpool_f32 : k->maxpool_f32,
        .average = average,
        .empty = NAN,
        .batch = d->batch,
        .channels = d->channels,
        .input_elements = p.input_elements,
        .strides = p.strides,
        .depth = &flat,
        .height = &p.height,
        .width = &p.width,
        .activation = &d->activation,
        .input = input,
        .output = output,
        .scratch = scratch,
        .share_bytes = p.share_bytes,
    };
    return run_pooling(&pooling);
}

/* ---- Three dimensions ---- */

enum lw_status lw_pool_plan_make(const struct lw_context *context, const struct lw_pool3d *d,
                                 struct lw_problem *problem, struct lw_pool_plan *p) {
    *p = (struct lw_pool_plan){0};
    enum lw_status status = lw_check(context, d, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->kind > LW_POOL_AVERAGE) return lw_wrong(problem, LW_BAD_ENUM, "kind", "one of enum lw_pool_kind");
    if (d->type > LW_BOOL) return lw_wrong(problem, LW_BAD_ENUM, "type", "one of enum lw_type");
    if (d->last > 1) return lw_wrong(problem, LW_BAD_ENUM, "last", "0 or 1");
    if (d->type == LW_BOOL) return lw_wrong(problem, LW_UNSUPPORTED, "type", "LW_FLOAT32 or LW_INT32");
    const struct lw_slide_names depth = {"kernel_depth", "stride_depth", "dilation_depth"};
    const struct lw_slide_names height = {"kernel_height", "stride_height", "dilation_height"};
    const struct lw_slide_names width = {"kernel_width", "stride_width", "dilation_width"};
    p->depth = (struct lw_slide){d->input_depth,  d->output_depth,   d->kernel_depth,
                                 d->stride_depth, d->dilation_depth, d->pad_front};
    p->height = (struct lw_slide){d->input_height,  d->output_height,   d->kernel_height,
                                  d->stride_height, d->dilation_height, d->pad_top};
    p->width = (struct lw_slide){d->input_width,  d->output_width,   d->kernel_width,
                                 d->stride_width, d->dilation_width, d->pad_left};
    status = lw_slide_check(&p->depth, &depth, problem);
    if (status == LW_OK) status = lw_slide_check(&p->height, &height, problem);
    if (status == LW_OK) status = lw_slide_check(&p->width, &width, problem);
    if (status != LW_OK) return status;

    /* Every tensor's bytes must fit; 4 is a factor to that end and divided out again. */
    const size_t input[] = {d->batch, d->input_depth, d->input_height, d->input_width, d->channels, 4};
    const size_t output[] = {d->batch, d->output_depth, d->output_height, d->output_width, d->channels, 4};
    if (!lw_product(input, 6, &p->input_elements)) return lw_too_large(problem, "input");
    if (!lw_product(output, 6, &p->output_elements)) return lw_too_large(problem, "output");
    p->input_elements /= 4;
    p->output_elements /= 4;

    const size_t taps[] = {smaller(d->kernel_depth, d->input_depth), smaller(d->kernel_height, d->input_height),
                           d->input_width ? smaller(d->kernel_width, d->input_width) : 1 /* a list of rows even so */};
    const size_t row[] = {d->output_width, d->channels, 4};
    size_t bytes, row_bytes;
    if (!lw_product(taps, 3, &p->taps) || p->taps > INT32_MAX || !lw_product(row, 3, &row_bytes))
        return lw_too_large(problem, "scratch");
    /* Rounded up to 16 bytes, so that a buffer that ends where its memory ends is aligned too; never empty. */
    bytes = p->taps;
    if (!lw_multiply(&bytes, sizeof(float *) + sizeof(size_t)) || !lw_add(&bytes, row_bytes) || !lw_add(&bytes, 16))
        return lw_too_large(problem, "scratch");
    p->share_bytes = bytes / 16 * 16;
    return lw_share_scratch(context, &p->share_bytes, &p->scratch_bytes) ? LW_OK : lw_too_large(problem, "scratch");
}

enum lw_status lw_pool3d_validate(const struct lw_context *context, const struct lw_pool3d *op,
                                  struct lw_problem *problem) {
    struct lw_pool_plan p;
    return lw_pool_plan_make(context, op, problem, &p);
}

enum lw_status lw_pool3d_sizes(const struct lw_context *context, const struct lw_pool3d *d, struct lw_sizes *sizes) {
    struct lw_pool_plan p;
    enum lw_status status = lw_pool_plan_make(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = d->output_height,
        .output_width = d->output_width,
        .output_elements = p.output_elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* Integers, behind the micro-kernels' signature: rows and out are int32. 0 for a window without pixels. */
static void maxpool_i32(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                        size_t tap_step, const float *const *rows, float *out, size_t out_step) {
    int32_t *to = (int32_t *)out;
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            int32_t most = kernel_height && kernel_width ? INT32_MIN : 0;
            for (size_t ky = 0; ky < kernel_height; ky++) {
                const int32_t *row = (const int32_t *)rows[ky] + x * column_step + c;
                for (size_t kx = 0; kx < kernel_width; kx++)
                    most = most < row[kx * tap_step] ? row[kx * tap_step] : most;
            }
            to[x * out_step + c] = most;
        }
    }
}

static void avgpool_i32(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                        size_t tap_step, const float *const *rows, float *out, size_t out_step) {
    const int64_t count = (int64_t)(kernel_height * kernel_width);
    int32_t *to = (int32_t *)out;
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            int64_t sum = 0;
            for (size_t ky = 0; ky < kernel_height; ky++) {
                const int32_t *row = (const int32_t *)rows[ky] + x * column_step + c;
                for (size_t kx = 0; kx < kernel_width; kx++) sum += row[kx * tap_step];
            }
            to[x * out_step + c] = (int32_t)(sum / count);
        }
    }
}

enum lw_status lw_pool3d_run(const struct lw_context *context, const struct lw_pool3d *d,
                             const void *input,           /* (batch, input_depth, _height, _width, channels) */
                             void *scratch, void *output) /* (batch, output_depth, _height, _width, channels) */
{
    struct lw_pool_plan p;
    enum lw_status status = lw_pool_plan_make(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !scratch || !output) return LW_NULL_POINTER;

    const struct lw_kernels *k = &context->kernels;
    const bool average = d->kind == LW_POOL_AVERAGE;
    lw_pool_f32_fn *kernel = average ? k->avgpool_f32 : k->maxpool_f32;
    if (d->type == LW_INT32) kernel = average ? avgpool_i32 : maxpool_i32;
    struct pooling pooling = {
        .context = context,
        .kernel = kernel,
        .average = average,
        .empty = d->type == LW_INT32 ? 0 : d->empty, /* 0.0f is an int32 0 too */
        .batch = d->batch,
        .channels = d->channels,
        .input_elements = p.input_elements,
        .strides = {d->channels, d->channels},
        .depth = &p.depth,
        .height = &p.height,
        .width = &p.width,
        .input = input,
        .output = output,
        .scratch = scratch,
        .share_bytes = p.share_bytes,
    };
    return run_pooling(&pooling);
}
