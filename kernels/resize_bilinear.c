/* SPDX-License-Identifier: MIT */
/*
 * Bilinear resize. Each output pixel lies between two columns and two rows of the image; the columns are the same for
 * all rows, so they are computed once into tables. The rows of the image that an output row lies between are
 * interpolated along their columns first, and kept: enlarging, several output rows lie between the same two. An output
 * row that lies on a row of the image is that, without more: then it is interpolated to where it belongs, and its kept
 * form is the output's.
 *
 * Coordinates are computed in double precision: in float, a coordinate in a wide image has too few bits left for its
 * fraction. TensorFlow.js's reference does the same. The interpolation itself is in float.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <string.h>

const struct lw_kernel_set *const lw_resize_bilinear_sets[] = {&lw_resize_set, NULL};

/* Where one output coordinate lies between two input coordinates: at before + fraction. */
struct source {
    size_t before, after;
    double fraction;
};

static struct source find_source(const struct lw_resize_bilinear *d, size_t position, size_t input, size_t output) {
    double scale = (double)input / (double)output;
    if (d->align_corners && output > 1) scale = (double)(input - 1) / (double)(output - 1);
    double at = d->half_pixel_centers ? ((double)position + 0.5) * scale - 0.5 : (double)position * scale;
    if (at < 0) at = 0;
    struct source s;
    s.before = (size_t)at;                          /* the floor, since it is not negative */
    if (s.before > input - 1) s.before = input - 1; /* should rounding ever carry it there */
    s.fraction = at - (double)s.before;
    s.after = (double)s.before < at && s.before + 1 < input ? s.before + 1 : s.before;
    return s;
}

/* The first output row from y on, before end, that lies on the image's row `row`, which is not before y's; else SIZE_MAX. */
static size_t find_row_on(const struct lw_resize_bilinear *d, size_t y, size_t end, size_t row) {
    for (; y < end; y++) {
        const struct source s = find_source(d, y, d->input_height, d->output_height);
        if (s.before > row) break;
        if (s.before == row && s.after == row) return y;
    }
    return SIZE_MAX;
}

struct plan {
    struct lw_strides strides;
    size_t input_elements, output_elements;
    size_t table_bytes; /* for the columns */
    size_t share_bytes; /* of each worker: two rows */
    size_t scratch_bytes;
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_resize_bilinear *d,
                                struct lw_problem *problem, struct plan *p) {
    *p = (struct plan){0};
    const size_t first = offsetof(struct lw_resize_bilinear, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, d, first, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->align_corners > 1 || d->half_pixel_centers > 1)
        return lw_wrong(problem, LW_BAD_ENUM, d->align_corners > 1 ? "align_corners" : "half_pixel_centers", "0 or 1");
    if (d->align_corners && d->half_pixel_centers)
        return lw_wrong(problem, LW_BAD_SHAPE, "half_pixel_centers", "0 where align_corners is 1");

    status = lw_strides_read(d, first, d->channels, d->channels, problem, &p->strides);
    if (status != LW_OK) return status;
    if (!lw_image_elements(d->batch, d->input_height, d->input_width, p->strides.input, d->channels,
                           &p->input_elements))
        return lw_too_large(problem, "input");
    if (!lw_image_elements(d->batch, d->output_height, d->output_width, p->strides.output, d->channels,
                           &p->output_elements))
        return lw_too_large(problem, "output");
    if (p->output_elements == 0) return LW_OK;
    if (p->input_elements == 0) /* nothing to interpolate between */
        return lw_wrong(problem, LW_BAD_SHAPE, d->input_height == 0 ? "input_height" : "input_width", "1 or more");

    /* The tables hold 32-bit offsets into a row. */
    if ((uint64_t)(d->input_width - 1) * p->strides.input > UINT32_MAX) return lw_too_large(problem, "input_width");
    const size_t tables[] = {d->output_width, 2 * sizeof(uint32_t) + sizeof(float)};
    p->share_bytes = 2 * sizeof(float);
    if (!lw_multiply(&p->share_bytes, (size_t)d->output_width * d->channels) ||
        !lw_product(tables, 2, &p->table_bytes) || !lw_share_scratch(context, &p->share_bytes, &p->scratch_bytes) ||
        !lw_add(&p->scratch_bytes, p->table_bytes))
        return lw_too_large(problem, "scratch");
    return LW_OK;
}

enum lw_status lw_resize_bilinear_validate(const struct lw_context *context, const struct lw_resize_bilinear *op,
                                           struct lw_problem *problem) {
    struct plan p;
    return make_plan(context, op, problem, &p);
}

enum lw_status lw_resize_bilinear_sizes(const struct lw_context *context, const struct lw_resize_bilinear *d,
                                        struct lw_sizes *sizes) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
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

struct run {
    const struct lw_context *context;
    const struct lw_resize_bilinear *d;
    const struct plan *p;
    const uint32_t *x0, *x1; /* (output_width) */
    const float *fx;         /* (output_width) */
    const float *input;
    char *shares;
    float *output;
};

/* Makes a row of the output out of the two that it lies between, or of the one that it lies on. Pixels that follow each
 * other are taken together. */
static void put_row(const struct run *run, const float *top, const float *bottom, float fraction, float *output) {
    const size_t step = run->p->strides.output, channels = run->d->channels;
    const size_t together = step == channels ? run->d->output_width : 1, n = together * channels;
    for (size_t x = 0; x < run->d->output_width; x += together, top += n, bottom += n, output += step) {
        if (top != bottom)
            run->context->kernels.lerp_rows_f32(n, top, bottom, fraction, output);
        else if (top != output)
            memcpy(output, top, n * sizeof *output);
    }
}

/* Rows [begin, end) of the outputs of all images. */
static void resize_rows(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_kernels *k = &run->context->kernels;
    const struct lw_resize_bilinear *d = run->d;
    const struct lw_strides *strides = &run->p->strides;
    const size_t input_row = d->input_width * strides->input, output_row = d->output_width * strides->output;
    const bool dense = strides->output == d->channels; /* else what is interpolated along columns is kept elsewhere */
    float *kept[2];                                    /* (output_width, channels) */
    kept[0] = (float *)(void *)(run->shares + worker * run->p->share_bytes);
    kept[1] = kept[0] + (size_t)d->output_width * d->channels;
    for (size_t row = begin; row < end;) {
        const size_t n = row / d->output_height, left = end - n * d->output_height;
        const size_t last = left < d->output_height ? left : d->output_height;
        const float *image = run->input + n * d->input_height * input_row;
        size_t held[2] = {SIZE_MAX, SIZE_MAX}; /* which rows of the image are kept */
        const float *at[2] = {NULL, NULL};     /* and where */
        for (size_t y = row % d->output_height; y < last; y++, row++) {
            float *output = run->output + row * output_row;
            const struct source s = find_source(d, y, d->input_height, d->output_height);
            const size_t wanted[2] = {s.before, s.after};
            for (size_t i = 0; i < 2; i++) {
                const size_t slot = wanted[i] % 2; /* neighbours never share one */
                if (held[slot] == wanted[i]) continue;
                const size_t own = dense ? find_row_on(d, y, last, wanted[i]) : SIZE_MAX;
                float *to = own == SIZE_MAX ? kept[slot] : output + (own - y) * output_row;
                k->lerp_columns_f32(d->output_width, d->channels, image + wanted[i] * input_row, run->x0, run->x1,
                                    run->fx, to);
                held[slot] = wanted[i];
                at[slot] = to;
            }
            put_row(run, at[s.before % 2], at[s.after % 2], (float)s.fraction, output);
        }
    }
}

enum lw_status lw_resize_bilinear_run(const struct lw_context *context, const struct lw_resize_bilinear *d,
                                      const float *input,           /* (batch, input_height, input_width, channels) */
                                      void *scratch, float *output) /* (batch, output_height, output_width, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if (!input || !scratch || !output) return LW_NULL_POINTER;

    uint32_t *x0 = (uint32_t *)(void *)((char *)scratch + p.scratch_bytes - p.table_bytes), *x1 = x0 + d->output_width;
    float *fx = (float *)(x1 + d->output_width);
    for (size_t x = 0; x < d->output_width; x++) {
        struct source s = find_source(d, x, d->input_width, d->output_width);
        x0[x] = (uint32_t)(s.before * p.strides.input);
        x1[x] = (uint32_t)(s.after * p.strides.input);
        fx[x] = (float)s.fraction;
    }
    struct run run = {context, d, &p, x0, x1, fx, input, scratch, output};
    const size_t row_cost = d->output_width * ((size_t)d->channels / 8 + 1);
    return lw_parallel(context, (size_t)d->batch * d->output_height, row_cost, resize_rows, &run);
}

/* One pixel's gradient given to four, each time rounded to float. */
static void give(size_t channels, const float *gradient, double weight, float *pixel) {
    for (size_t c = 0; c < channels; c++) pixel[c] = (float)((double)pixel[c] + (double)gradient[c] * weight);
}

enum lw_status
lw_resize_bilinear_gradient_run(const struct lw_context *context, const struct lw_resize_bilinear *d,
                                const float *gradient, /* (batch, output_height, output_width, channels) */
                                float *output)         /* (batch, input_height, input_width, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status == LW_OK) status = lw_strides_none(d, offsetof(struct lw_resize_bilinear, input_pixel_stride), NULL);
    if (status != LW_OK) return status;
    if (p.input_elements == 0) return LW_OK;
    if ((p.output_elements && !gradient) || !output) return LW_NULL_POINTER;
    memset(output, 0, p.input_elements * sizeof *output);
    if (p.output_elements == 0) return LW_OK;
    const size_t channels = d->channels, row = d->input_width * channels;
    for (size_t n = 0; n < d->batch; n++, output += d->input_height * row) {
        for (size_t y = 0; y < d->output_height; y++) {
            const struct source down = find_source(d, y, d->input_height, d->output_height);
            float *top = output + down.before * row, *bottom = output + down.after * row;
            for (size_t x = 0; x < d->output_width; x++, gradient += channels) {
                const struct source across = find_source(d, x, d->input_width, d->output_width);
                const size_t left = across.before * channels, right = across.after * channels;
                const double up = 1 - down.fraction, back = 1 - across.fraction;
                give(channels, gradient, up * back, top + left);
                give(channels, gradient, up * across.fraction, top + right);
                give(channels, gradient, down.fraction * back, bottom + left);
                give(channels, gradient, down.fraction * across.fraction, bottom + right);
            }
        }
    }
    return LW_OK;
}
