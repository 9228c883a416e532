/* SPDX-License-Identifier: MIT */
/*
 * Crops of images, each resized to one size.
 *
 * Bilinear: the columns between which a pixel lies are the same for all rows of a crop. The image's rows are interpolated
 * along them and kept, two at most, then each row of the crop is interpolated between two of those: as in
 * resize_bilinear.c. Nearest: whole pixels are copied, and a row of the crop that is of the same row of the image as the
 * one before it is a copy of that.
 *
 * A crop may reach beyond its image: what is outside has a value given. Since coordinates go one way, the pixels inside
 * are one range of columns. Coordinates are computed in double precision.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <math.h>

const struct lw_kernel_set *const lw_crop_and_resize_sets[] = {&lw_resize_set, NULL};

/* One dimension of a crop: position p lies at start + p * step of the image. */
struct axis {
    double start, step, last;
};

static struct axis make_axis(float low, float high, size_t input, size_t output) {
    const double last = (double)(input - 1), from = (double)low, to = (double)high;
    if (output > 1) return (struct axis){from * last, (to - from) * last / (double)(output - 1), last};
    return (struct axis){0.5 * (from + to) * last, 0, last};
}

static double locate(const struct axis *axis, size_t position) {
    return axis->start + (double)position * axis->step;
}

/* A coordinate that is a NaN is not outside: its pixels become NaN. */
static bool is_outside(const struct axis *axis, double at) {
    return at < 0 || at > axis->last;
}

static size_t round_to_nearest(double at) {
    const size_t down = (size_t)at;
    return at - (double)down >= 0.5 ? down + 1 : down;
}

static void fill(size_t n, float value, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = value;
}

struct plan {
    size_t input_elements, output_elements;
    size_t share_bytes, scratch_bytes; /* each worker's, and all */
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_crop_and_resize *d,
                                struct lw_problem *problem, struct plan *p) {
    *p = (struct plan){0};
    enum lw_status status = lw_check(context, d, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->nearest > 1) return lw_wrong(problem, LW_BAD_ENUM, "nearest", "0 or 1");

    /* Every tensor's bytes must fit; sizeof(float) is a factor to that end and divided out again. */
    const size_t input[] = {d->batch, d->input_height, d->input_width, d->channels, sizeof(float)};
    const size_t output[] = {d->boxes, d->crop_height, d->crop_width, d->channels, sizeof(float)};
    if (!lw_product(input, 5, &p->input_elements)) return lw_too_large(problem, "input");
    if (!lw_product(output, 5, &p->output_elements)) return lw_too_large(problem, "output");
    p->input_elements /= sizeof(float);
    p->output_elements /= sizeof(float);
    if (p->output_elements == 0) return LW_OK;
    if (d->input_height == 0 || d->input_width == 0) /* nothing to crop */
        return lw_wrong(problem, LW_BAD_SHAPE, d->input_height == 0 ? "input_height" : "input_width", "1 or more");

    /* The tables hold 32-bit offsets into a row. */
    if ((uint64_t)(d->input_width - 1) * d->channels > UINT32_MAX) return lw_too_large(problem, "input_width");
    const size_t tables[] = {d->crop_width, 2 * sizeof(uint32_t) + sizeof(float)};
    size_t rows = 2 * sizeof(float);
    if (!lw_multiply(&rows, (size_t)d->crop_width * d->channels) || !lw_product(tables, 2, &p->share_bytes) ||
        !lw_add(&p->share_bytes, rows) || !lw_share_scratch(context, &p->share_bytes, &p->scratch_bytes))
        return lw_too_large(problem, "scratch");
    return LW_OK;
}

enum lw_status lw_crop_and_resize_validate(const struct lw_context *context, const struct lw_crop_and_resize *op,
                                           struct lw_problem *problem) {
    struct plan p;
    return make_plan(context, op, problem, &p);
}

enum lw_status lw_crop_and_resize_sizes(const struct lw_context *context, const struct lw_crop_and_resize *d,
                                        struct lw_sizes *sizes) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = d->crop_height,
        .output_width = d->crop_width,
        .output_elements = p.output_elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* Rows top to bottom - 1 of a crop, whose columns first to end - 1 are inside of the image. */
struct crop {
    const struct lw_crop_and_resize *d;
    struct axis rows, columns;
    size_t top, bottom, first, end;
    const float *image;
};

static void crop_bilinear(const struct lw_kernels *k, const struct crop *crop, void *scratch, float *out) {
    const struct lw_crop_and_resize *d = crop->d;
    const size_t channels = d->channels, width = d->crop_width * channels, n = (crop->end - crop->first) * channels;
    uint32_t *x0 = scratch, *x1 = x0 + d->crop_width; /* (crop_width) */
    float *fx = (float *)(x1 + d->crop_width);        /* (crop_width) */
    float *kept[2];                                   /* (crop_width, channels) */
    kept[0] = fx + d->crop_width;
    kept[1] = kept[0] + width;
    for (size_t x = crop->first; x < crop->end; x++) {
        const double at = locate(&crop->columns, x);
        const size_t before = isnan(at) ? 0 : (size_t)at; /* the floor, since it is not negative */
        fx[x] = (float)(at - (double)before);
        x0[x] = (uint32_t)(before * channels);
        x1[x] = (uint32_t)((before + ((double)before < at)) * channels);
    }
    size_t held[2] = {SIZE_MAX, SIZE_MAX}; /* which rows of the image are kept */
    for (size_t y = crop->top; y < crop->bottom; y++, out += width) {
        const double at = locate(&crop->rows, y);
        if (is_outside(&crop->rows, at) || n == 0) {
            fill(width, d->extrapolation, out);
            continue;
        }
        const size_t before = isnan(at) ? 0 : (size_t)at;
        const size_t wanted[2] = {before, before + ((double)before < at)};
        for (size_t i = 0; i < 2; i++) {
            const size_t slot = wanted[i] % 2; /* neighbours never share one */
            if (held[slot] == wanted[i]) continue;
            k->lerp_columns_f32(crop->end - crop->first, channels, crop->image + wanted[i] * d->input_width * channels,
                                x0 + crop->first, x1 + crop->first, fx + crop->first, kept[slot]);
            held[slot] = wanted[i];
        }
        fill(crop->first * channels, d->extrapolation, out);
        k->lerp_rows_f32(n, kept[wanted[0] % 2], kept[wanted[1] % 2], (float)(at - (double)before),
                         out + crop->first * channels);
        fill(width - crop->end * channels, d->extrapolation, out + crop->end * channels);
    }
}

static void crop_nearest(const struct crop *crop, float *out) {
    const struct lw_crop_and_resize *d = crop->d;
    const size_t channels = d->channels, width = d->crop_width * channels;
    size_t before = SIZE_MAX; /* which row of the image the last row of the crop is of */
    for (size_t y = crop->top; y < crop->bottom; y++, out += width) {
        const double at = locate(&crop->rows, y);
        if (is_outside(&crop->rows, at) || isnan(at)) {
            fill(width, d->extrapolation, out);
            if (isnan(at)) fill((crop->end - crop->first) * channels, NAN, out + crop->first * channels);
            before = SIZE_MAX;
            continue;
        }
        const size_t row = round_to_nearest(at);
        if (row == before) {
            memcpy(out, out - width, width * sizeof *out);
            continue;
        }
        before = row;
        const float *from = crop->image + row * d->input_width * channels;
        fill(width, d->extrapolation, out);
        for (size_t x = crop->first; x < crop->end; x++) {
            const double column = locate(&crop->columns, x);
            if (isnan(column))
                fill(channels, NAN, out + x * channels);
            else
                lw_copy_bytes(channels * sizeof *out, from + round_to_nearest(column) * channels, out + x * channels);
        }
    }
}

struct run {
    const struct lw_context *context;
    const struct lw_crop_and_resize *d;
    const float *input, *boxes;
    const int32_t *indices;
    char *scratch;
    size_t share_bytes;
    float *output;
};

/* Rows [begin, end) of all crops. */
static void crop_rows(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_crop_and_resize *d = run->d;
    const size_t image = (size_t)d->input_height * d->input_width * d->channels, height = d->crop_height;
    const size_t width = (size_t)d->crop_width * d->channels;
    for (size_t row = begin, rows; row < end; row += rows) {
        const size_t b = row / height, top = row % height;
        rows = height - top < end - row ? height - top : end - row;
        float *output = run->output + row * width;
        if (run->indices[b] < 0 || (uint32_t)run->indices[b] >= d->batch) {
            fill(rows * width, 0, output);
            continue;
        }
        const float *box = run->boxes + 4 * b;
        struct crop crop = {.d = d, .top = top, .bottom = top + rows};
        crop.image = run->input + (size_t)run->indices[b] * image;
        crop.rows = make_axis(box[0], box[2], d->input_height, height);
        crop.columns = make_axis(box[1], box[3], d->input_width, d->crop_width);
        while (crop.first < d->crop_width && is_outside(&crop.columns, locate(&crop.columns, crop.first))) crop.first++;
        crop.end = crop.first;
        while (crop.end < d->crop_width && !is_outside(&crop.columns, locate(&crop.columns, crop.end))) crop.end++;
        if (d->nearest)
            crop_nearest(&crop, output);
        else
            crop_bilinear(&run->context->kernels, &crop, run->scratch + worker * run->share_bytes, output);
    }
}

enum lw_status lw_crop_and_resize_run(const struct lw_context *context, const struct lw_crop_and_resize *d,
                                      const float *input,           /* (batch, input_height, input_width, channels) */
                                      const float *boxes,           /* (boxes, 4) */
                                      const int32_t *indices,       /* (boxes) */
                                      void *scratch, float *output) /* (boxes, crop_height, crop_width, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((!input && p.input_elements) || !boxes || !indices || !scratch || !output) return LW_NULL_POINTER;

    struct run run = {context, d, input, boxes, indices, scratch, p.share_bytes, output};
    const size_t row_cost = d->crop_width * ((size_t)d->channels / 8 + 1);
    return lw_parallel(context, (size_t)d->boxes * d->crop_height, row_cost, crop_rows, &run);
}
