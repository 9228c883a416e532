/* SPDX-License-Identifier: MIT */
/*
 * Where the maxima of a pooling are, and the gradients of both kinds.
 *
 * Maximum: the micro-kernel finds each window's maximum as the number of a tap, and a window's gradient goes to that
 * tap's pixel. A tap's pixel is known by its distance from the image's first element, which is also what argmax gives.
 *
 * Average: each pixel takes a share of the gradients of all windows that hold it. Those of a row of pixels are summed
 * down first, in whole rows, and then across.
 */
#include "kernels/parallel.h"
#include "kernels/pool.h"

const struct lw_kernel_set *const lw_pool_gradient_sets[] = {&lw_pool_set, &lw_binary_set, NULL};

/* ---- Maximum ---- */

/* What the taps of one run of windows are. */
struct taps {
    const float **pixels; /* (count) of the first window */
    size_t *offsets;      /* (count) the same from the image's first element */
    int32_t *at;          /* (columns, channels) which tap each maximum is, or -1 */
};

/* The same as the micro-kernel for integers. */
static void argpool_i32(size_t columns, size_t channels, size_t taps, size_t column_step, bool last,
                        const float *const *pixels, int32_t *out) {
    for (size_t x = 0; x < columns; x++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = x * column_step + c;
            int32_t at = taps ? 0 : -1;
            for (size_t t = 1; t < taps; t++) {
                const int32_t best = ((const int32_t *)pixels[at])[i], value = ((const int32_t *)pixels[t])[i];
                if (last ? value >= best : value > best) at = (int32_t)t;
            }
            *out++ = at;
        }
    }
}

/* Calls `take` for each run of windows, in order, with its taps and maxima. element: of the output, where the run begins. */
typedef void take_fn(const struct lw_pool3d *d, const struct taps *taps, size_t image, size_t columns, size_t element,
                     const float *gradient, void *output);

static void walk_maxima(const struct lw_context *context, const struct lw_pool3d *d, const struct lw_pool_plan *p,
                        const float *input, void *scratch, take_fn *take, const float *gradient, void *output) {
    const size_t channels = d->channels, row_elements = (size_t)d->input_width * channels;
    const size_t plane_elements = d->input_height * row_elements, image_elements = d->input_depth * plane_elements;
    struct taps taps = {.pixels = scratch};
    taps.offsets = (size_t *)(taps.pixels + p->taps);
    taps.at = (int32_t *)(taps.offsets + p->taps);
    size_t element = 0;
    for (size_t n = 0; n < d->batch; n++, input += image_elements) {
        for (size_t zy = 0; zy < (size_t)d->output_depth * d->output_height; zy++) {
            const struct lw_taps in = lw_taps_inside(&p->depth, zy / d->output_height);
            const struct lw_taps down = lw_taps_inside(&p->height, zy % d->output_height);
            for (size_t x = 0, columns; x < d->output_width; x += columns) {
                const struct lw_taps across = lw_taps_inside(&p->width, x);
                columns = lw_windows_alike(&p->width, x, &across);
                size_t count = 0;
                for (size_t kz = 0; kz < in.count; kz++) {
                    for (size_t ky = 0; ky < down.count; ky++) {
                        const size_t row = (in.pixel + kz * d->dilation_depth) * plane_elements +
                                           (down.pixel + ky * d->dilation_height) * row_elements;
                        for (size_t kx = 0; kx < across.count; kx++, count++) {
                            taps.offsets[count] = row + (across.pixel + kx * d->dilation_width) * channels;
                            taps.pixels[count] = input + taps.offsets[count];
                        }
                    }
                }
                (d->type == LW_INT32 ? argpool_i32 : context->kernels.argpool_f32)(
                    columns, channels, count, d->stride_width * channels, d->last, taps.pixels, taps.at);
                take(d, &taps, n * image_elements, columns, element, gradient, output);
                element += columns * channels;
            }
        }
    }
}

static void take_positions(const struct lw_pool3d *d, const struct taps *taps, size_t image, size_t columns,
                           size_t element, const float *gradient, void *output) {
    (void)gradient;
    int32_t *out = (int32_t *)output + element;
    const int32_t *at = taps->at;
    const size_t base = d->with_batch ? image : 0;
    for (size_t x = 0; x < columns; x++) {
        const size_t pixel = base + x * d->stride_width * d->channels;
        for (size_t c = 0; c < d->channels; c++, at++)
            *out++ = *at < 0 ? -1 : (int32_t)(pixel + taps->offsets[*at] + c);
    }
}

static void take_gradient(const struct lw_pool3d *d, const struct taps *taps, size_t image, size_t columns,
                          size_t element, const float *gradient, void *output) {
    const float *dy = gradient + element;
    const int32_t *at = taps->at;
    for (size_t x = 0; x < columns; x++) {
        float *dx = (float *)output + image + x * d->stride_width * d->channels;
        for (size_t c = 0; c < d->channels; c++, at++, dy++)
            if (*at >= 0) dx[taps->offsets[*at] + c] += *dy;
    }
}

/* ---- Average ---- */

/* The next window from `window` on that has a tap at this pixel; the number of windows where there is none. */
static int64_t next_window(const struct lw_slide *s, int64_t pixel, int64_t window) {
    const int64_t end = pixel + s->pad, before = end - s->kernel * s->dilation; /* it starts behind that */
    if (before >= 0 && window <= before / s->stride) window = before / s->stride + 1;
    for (; window < s->output && window * s->stride <= end; window++)
        if ((end - window * s->stride) % s->dilation == 0) return window;
    return s->output;
}

static void add(const struct lw_context *context, size_t n, const float *x, float *sum) {
    if (n < 8) /* a call would take longer */
        for (size_t i = 0; i < n; i++) sum[i] += x[i];
    else
        context->kernels.binary_f32[LW_BINARY_ADD](n, sum, 1, x, 1, sum);
}

/* Adds a row of windows' gradients to the row of pixels, so that each pixel takes its windows in ascending order: window
 * after window, or where they are one pixel apart tap after tap, the last first, for all windows at once. */
static void add_across(const struct lw_context *context, const struct lw_slide *s, size_t channels, const float *dy,
                       float *dx) {
    if (s->stride > 1) {
        for (int64_t x = 0; x < s->output; x++, dy += channels) {
            const struct lw_taps taps = lw_taps_inside(s, (size_t)x);
            float *pixel = dx + taps.pixel * channels;
            for (size_t i = 0; i < taps.count; i++, pixel += s->dilation * channels) add(context, channels, dy, pixel);
        }
        return;
    }
    const int64_t most = (s->input - 1 + s->pad) / s->dilation; /* taps behind it are outside of the image */
    for (int64_t tap = most < s->kernel ? most : s->kernel - 1; tap >= 0; tap--) {
        const int64_t start = tap * s->dilation - s->pad; /* of the first window */
        const int64_t x = start < 0 ? -start : 0;
        const int64_t end = s->input - start < s->output ? s->input - start : s->output;
        if (x >= s->output) return; /* as are those before this one */
        if (x < end)
            add(context, (size_t)(end - x) * channels, dy + (size_t)x * channels, dx + (size_t)(start + x) * channels);
    }
}

struct average {
    const struct lw_context *context;
    const struct lw_pool3d *d;
    const struct lw_pool_plan *p;
    const float *gradient;
    char *scratch;
    float *output;
};

/* Rows [begin, end) of the pixels of all images. */
static void average_rows(void *state, size_t begin, size_t end, size_t worker) {
    const struct average *run = state;
    const struct lw_context *context = run->context;
    const struct lw_pool3d *d = run->d;
    const struct lw_pool_plan *p = run->p;
    const size_t channels = d->channels, row = (size_t)d->input_width * channels;
    const size_t gradient_row = (size_t)d->output_width * channels;
    const size_t gradient_image = (size_t)(p->depth.output * p->height.output) * gradient_row;
    const float count = (float)((double)d->kernel_depth * d->kernel_height * d->kernel_width);
    float *sum = (float *)(void *)(run->scratch + worker * p->share_bytes), *output = run->output + begin * row;
    for (size_t i = begin; i < end; i++, output += row) {
        const size_t plane = i / d->input_height;
        const int64_t z = (int64_t)(plane % d->input_depth), y = (int64_t)(i % d->input_height);
        const float *gradient = run->gradient + plane / d->input_depth * gradient_image;
        size_t windows = 0; /* rows of them that are in the sum */
        for (int64_t wz = -1; (wz = next_window(&p->depth, z, wz + 1)) < p->depth.output;) {
            for (int64_t wy = -1; (wy = next_window(&p->height, y, wy + 1)) < p->height.output;) {
                const float *dy = gradient + (size_t)(wz * p->height.output + wy) * gradient_row;
                if (windows++ == 0)
                    memcpy(sum, dy, gradient_row * sizeof *sum);
                else
                    add(context, gradient_row, dy, sum);
            }
        }
        memset(output, 0, row * sizeof *output);
        if (windows == 0) continue;
        add_across(context, &p->width, channels, sum, output);
        context->kernels.binary_f32[LW_BINARY_DIV](row, output, 1, &count, 0, output);
    }
}

/* ---- The operators ---- */

enum lw_status lw_pool3d_argmax_run(const struct lw_context *context, const struct lw_pool3d *d,
                                    const void *input, /* (batch, input_depth, _height, _width, channels) */
                                    void *scratch,
                                    int32_t *output) /* (batch, output_depth, _height, _width, channels) */
{
    struct lw_pool_plan p;
    enum lw_status status = lw_pool_plan_make(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (d->with_batch > 1) return LW_BAD_ENUM;
    if (p.input_elements > INT32_MAX) return LW_TOO_LARGE; /* a position must fit the output's type */
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !scratch || !output) return LW_NULL_POINTER;
    walk_maxima(context, d, &p, input, scratch, take_positions, NULL, output);
    return LW_OK;
}

enum lw_status lw_pool3d_gradient_run(const struct lw_context *context, const struct lw_pool3d *d,
                                      const void *input,     /* (batch, input_depth, _height, _width, channels) */
                                      const float *gradient, /* (batch, output_depth, _height, _width, channels) */
                                      void *scratch, float *output) /* as input */
{
    struct lw_pool_plan p;
    enum lw_status status = lw_pool_plan_make(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.input_elements == 0) return LW_OK;
    const bool maximum = d->kind == LW_POOL_MAX;
    if ((maximum && !input) || (p.output_elements && !gradient) || !scratch || !output) return LW_NULL_POINTER;
    if (p.output_elements == 0 || maximum) memset(output, 0, p.input_elements * sizeof *output);
    if (p.output_elements == 0) return LW_OK;
    if (maximum) {
        walk_maxima(context, d, &p, input, scratch, take_gradient, gradient, output);
        return LW_OK;
    }
    struct average run = {context, d, &p, gradient, scratch, output};
    const size_t row = (size_t)d->input_width * d->channels;
    return lw_parallel(context, (size_t)d->batch * d->input_depth * d->input_height,
                       row * ((size_t)d->kernel_width + 2) / 8 + 1, average_rows, &run);
}
