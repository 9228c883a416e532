/* SPDX-License-Identifier: MIT */
/*
 * Images seen through a projection, or turned: each output pixel takes what lies at a place of the image computed for it,
 * the nearest pixel or what is interpolated between four. Places and interpolation are in double precision, as in
 * TensorFlow.js's reference, so that halves are rounded alike.
 */
#include <math.h>

#include "kernels/operator.h"
#include "kernels/parallel.h"

/* To the nearest integer, halves up. */
static double round_half_up(double x) {
    const double down = floor(x);
    return x - down >= 0.5 ? down + 1 : down;
}

static double clamp(double x, double last) {
    return x < 0 ? 0 : x > last ? last : x;
}

/* A coordinate that may be outside, brought into 0 to size - 1. NaN stays NaN. */
static double bring_inside(enum lw_edge edge, double at, double size) {
    if (edge == LW_EDGE_CONSTANT) return at;
    if (edge == LW_EDGE_NEAREST || (at >= 0 && at <= size - 1)) return clamp(at, size - 1);
    if (size <= 1) return isnan(at) ? at : 0;
    if (edge == LW_EDGE_WRAP) {
        const double period = size - 1;
        if (at < 0)
            at += size * (trunc(-at / period) + 1);
        else
            at -= size * trunc(at / period);
        return clamp(at, size - 1);
    }
    const double period = 2 * size;
    if (at < 0) {
        at += period * trunc(-at / period);
        at = at < -size ? at + period : -at - 1;
    } else {
        at -= period * trunc(at / period);
        if (at >= size) at = period - at - 1;
    }
    return clamp(at, size - 1);
}

/* An image's element as a double, and a double as an element: integers keep the low bits, as JavaScript's arrays do. */
static inline __attribute__((always_inline)) double load(enum lw_type type, const void *image, size_t i) {
    if (type == LW_FLOAT32) return (double)((const float *)image)[i];
    if (type == LW_INT32) return (double)((const int32_t *)image)[i];
    return (double)((const uint8_t *)image)[i];
}

static inline __attribute__((always_inline)) void store(enum lw_type type, double x, void *image, size_t i) {
    if (type == LW_FLOAT32) {
        ((float *)image)[i] = (float)x;
        return;
    }
    const uint32_t bits = fabs(x) < 0x1p63 ? (uint32_t)(uint64_t)(int64_t)x : 0;
    if (type == LW_INT32)
        memcpy((char *)image + 4 * i, &bits, 4);
    else
        ((uint8_t *)image)[i] = (uint8_t)bits;
}

struct sampler {
    double height, width, fill;
    size_t row, channels; /* elements of a row, and of a pixel */
};

/* The pixel's first element, or SIZE_MAX outside of the image. y and x are integers, or NaN or infinite. */
static size_t pixel_at(const struct sampler *s, double y, double x) {
    if (!(y >= 0 && y < s->height && x >= 0 && x < s->width)) return SIZE_MAX;
    return (size_t)y * s->row + (size_t)x * s->channels;
}

static inline __attribute__((always_inline)) double value_at(const struct sampler *s, enum lw_type type,
                                                             const void *image, size_t pixel, size_t c) {
    return pixel == SIZE_MAX ? s->fill : load(type, image, pixel + c);
}

/* One output pixel from the place (y, x). */
static inline __attribute__((always_inline)) void sample(const struct sampler *s, enum lw_type type, bool bilinear,
                                                         const void *image, double y, double x, void *out, size_t to) {
    if (!bilinear) {
        const size_t pixel = pixel_at(s, round_half_up(y), round_half_up(x));
        for (size_t c = 0; c < s->channels; c++) store(type, value_at(s, type, image, pixel, c), out, to + c);
        return;
    }
    const double top = floor(y), left = floor(x), down = y - top, across = x - left;
    const double up = top + 1 - y, back = left + 1 - x;
    const size_t a = pixel_at(s, top, left), b = pixel_at(s, top, left + 1);
    const size_t e = pixel_at(s, top + 1, left), f = pixel_at(s, top + 1, left + 1);
    for (size_t c = 0; c < s->channels; c++) {
        const double high = back * value_at(s, type, image, a, c) + across * value_at(s, type, image, b, c);
        const double low = back * value_at(s, type, image, e, c) + across * value_at(s, type, image, f, c);
        store(type, up * high + down * low, out, to + c);
    }
}

/* Rows [begin, end) of one image. */
static inline __attribute__((always_inline)) void transform(const struct lw_transform *d, enum lw_type type,
                                                            const struct sampler *s, const void *image,
                                                            const float *matrix, size_t begin, size_t end, void *out,
                                                            size_t to) {
    const enum lw_edge edge = (enum lw_edge)d->edge;
    double m[8];
    for (size_t i = 0; i < 8; i++) m[i] = (double)matrix[i];
    for (size_t row = begin; row < end; row++) {
        for (size_t column = 0; column < d->output_width; column++, to += s->channels) {
            const double y = (double)row, x = (double)column, depth = m[6] * x + m[7] * y + 1;
            if (depth == 0) { /* infinitely far */
                for (size_t c = 0; c < s->channels; c++) store(type, s->fill, out, to + c);
                continue;
            }
            const double from_x = bring_inside(edge, (m[0] * x + m[1] * y + m[2]) / depth, s->width);
            const double from_y = bring_inside(edge, (m[3] * x + m[4] * y + m[5]) / depth, s->height);
            sample(s, type, d->bilinear, image, from_y, from_x, out, to);
        }
    }
}

static enum lw_status check_transform(const struct lw_context *context, const struct lw_transform *d,
                                      struct lw_problem *problem, size_t *input_bytes, size_t *output_bytes) {
    const enum lw_status status = lw_check(context, d, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->type > LW_BOOL) return lw_wrong(problem, LW_BAD_ENUM, "type", "one of enum lw_type");
    if (d->bilinear > 1) return lw_wrong(problem, LW_BAD_ENUM, "bilinear", "0 or 1");
    if (d->edge > LW_EDGE_NEAREST) return lw_wrong(problem, LW_BAD_ENUM, "edge", "one of enum lw_edge");
    if (d->transforms != 1 && d->transforms != d->batch)
        return lw_wrong(problem, LW_BAD_SHAPE, "transforms", "1 or the batch");
    const size_t bytes = d->type == LW_BOOL ? 1 : 4;
    const size_t in[] = {d->batch, d->input_height, d->input_width, d->channels, bytes};
    const size_t out[] = {d->batch, d->output_height, d->output_width, d->channels, bytes};
    if (!lw_product(in, 5, input_bytes)) return lw_too_large(problem, "input");
    if (!lw_product(out, 5, output_bytes)) return lw_too_large(problem, "output");
    return LW_OK;
}

enum lw_status lw_transform_validate(const struct lw_context *context, const struct lw_transform *op,
                                     struct lw_problem *problem) {
    size_t input_bytes, output_bytes;
    return check_transform(context, op, problem, &input_bytes, &output_bytes);
}

struct transforming {
    const struct lw_transform *d;
    const struct sampler *s;
    const char *input;
    size_t image_bytes;
    const float *transforms;
    void *output;
};

/* Rows [begin, end) of the outputs of all images. */
static void transform_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct transforming *run = state;
    const struct lw_transform *d = run->d;
    for (size_t i = begin, rows; i < end; i += rows) {
        const size_t n = i / d->output_height, first = i % d->output_height, left = d->output_height - first;
        rows = left < end - i ? left : end - i;
        const void *image = run->image_bytes ? run->input + n * run->image_bytes : NULL;
        const float *matrix = run->transforms + (d->transforms == 1 ? 0 : 8 * n);
        const size_t to = i * d->output_width * d->channels;
        if (d->type == LW_FLOAT32)
            transform(d, LW_FLOAT32, run->s, image, matrix, first, first + rows, run->output, to);
        else /* with its type looked up for each element */
            transform(d, (enum lw_type)d->type, run->s, image, matrix, first, first + rows, run->output, to);
    }
}

enum lw_status lw_transform_run(const struct lw_context *context, const struct lw_transform *d,
                                const void *input,       /* (batch, input_height, input_width, channels) */
                                const float *transforms, /* (transforms, 8) */
                                void *output)            /* (batch, output_height, output_width, channels) */
{
    size_t input_bytes, output_bytes;
    const enum lw_status status = check_transform(context, d, NULL, &input_bytes, &output_bytes);
    if (status != LW_OK) return status;
    if (output_bytes == 0) return LW_OK;
    if ((input_bytes && !input) || !transforms || !output) return LW_NULL_POINTER;
    const struct sampler s = {
        .height = d->input_height,
        .width = d->input_width,
        .fill = (double)d->fill,
        .row = (size_t)d->input_width * d->channels,
        .channels = d->channels,
    };
    struct transforming run = {d, &s, input, input_bytes / d->batch, transforms, output};
    return lw_parallel(context, (size_t)d->batch * d->output_height, (size_t)d->output_width * (16 + 4 * d->channels),
                       transform_rows, &run);
}

static enum lw_status check_rotate(const struct lw_context *context, const struct lw_rotate *d,
                                   struct lw_problem *problem, size_t *bytes) {
    enum lw_status status = lw_check(context, d, sizeof *d, problem);
    if (status == LW_OK) status = lw_element_check(d->element_bytes, problem);
    if (status != LW_OK) return status;
    const size_t all[] = {d->batch, d->height, d->width, d->channels, d->element_bytes};
    return lw_product(all, 5, bytes) ? LW_OK : lw_too_large(problem, "input");
}

enum lw_status lw_rotate_validate(const struct lw_context *context, const struct lw_rotate *op,
                                  struct lw_problem *problem) {
    size_t bytes;
    return check_rotate(context, op, problem, &bytes);
}

struct rotating {
    const struct lw_rotate *d;
    const struct sampler *s;
    double sine, cosine, center_x, center_y;
    const char *input;
    const void *fill;
    char *output;
};

/* Rows [begin, end) of the outputs of all images. */
static void rotate_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct rotating *run = state;
    const struct lw_rotate *d = run->d;
    const size_t pixel = run->s->channels;
    const double sine = run->sine, cosine = run->cosine, center_x = run->center_x, center_y = run->center_y;
    char *out = run->output + begin * run->s->row;
    for (size_t i = begin; i < end; i++) {
        const char *image = run->input + i / d->height * d->height * run->s->row;
        const double y = (double)(i % d->height) - center_y;
        for (size_t column = 0; column < d->width; column++, out += pixel) {
            const double x = (double)column - center_x;
            const size_t from = pixel_at(run->s, round_half_up(x * sine + y * cosine + center_y),
                                         round_half_up(x * cosine - y * sine + center_x));
            lw_copy_bytes(pixel, from == SIZE_MAX ? run->fill : image + from, out);
        }
    }
}

enum lw_status lw_rotate_run(const struct lw_context *context, const struct lw_rotate *d, double sine, double cosine,
                             double center_x, double center_y, const void *input, /* (batch, height, width, channels) */
                             const void *fill,                                    /* (channels) */
                             void *output)                                        /* (batch, height, width, channels) */
{
    size_t bytes;
    const enum lw_status status = check_rotate(context, d, NULL, &bytes);
    if (status != LW_OK) return status;
    if (bytes == 0) return LW_OK;
    if (!input || !fill || !output) return LW_NULL_POINTER;
    const size_t pixel = (size_t)d->channels * d->element_bytes;
    const struct sampler s = {.height = d->height, .width = d->width, .row = d->width * pixel, .channels = pixel};
    struct rotating run = {d, &s, sine, cosine, center_x, center_y, input, fill, output};
    return lw_parallel(context, (size_t)d->batch * d->height, (size_t)d->width * (4 + pixel / 16), rotate_rows, &run);
}
