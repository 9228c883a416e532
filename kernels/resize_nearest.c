/* SPDX-License-Identifier: MIT */
/*
 * Nearest-neighbour resize: output[n][y][x] = input[n][row(y)][column(x)], whole pixels of `channels` elements.
 * Enlarging, several output rows are of the same row of the image: it is resized once, and the result copied.
 *
 * Coordinates are computed in double precision, as in TensorFlow.js's reference: which pixel is nearest may hang on the
 * last bit.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

/* One dimension: output position p lies at (p + offset) * scale of the image. */
struct axis {
    double scale, offset;
    bool round; /* to the nearest index, halves up; else down */
    size_t last;
};

static struct axis make_axis(const struct lw_resize_nearest *d, size_t input, size_t output) {
    const bool corners = d->align_corners && output > 1;
    return (struct axis){
        .scale = corners ? (double)(input - 1) / (double)(output - 1) : (double)input / (double)output,
        .offset = d->half_pixel_centers ? 0.5 : 0,
        .round = d->align_corners,
        .last = input - 1,
    };
}

static inline size_t find_source(const struct axis *axis, size_t position) {
    const double at = ((double)position + axis->offset) * axis->scale;
    size_t source = (size_t)at; /* the floor, since it is not negative */
    if (axis->round && at - (double)source >= 0.5) source++;
    return source < axis->last ? source : axis->last;
}

/* The steps, in bytes, and pixel_bytes are constants where pixels are small and follow each other, so that memcpy becomes
 * a few loads and stores. */
static inline __attribute__((always_inline)) void copy_pixels(struct axis axis, size_t columns, size_t pixel_bytes,
                                                              struct lw_strides steps, const char *row, char *out) {
    for (size_t x = 0; x < columns; x++, out += steps.output)
        lw_copy_bytes(pixel_bytes, row + find_source(&axis, x) * steps.input, out);
}

static inline __attribute__((always_inline)) void copy_dense(struct axis axis, size_t columns, size_t pixel_bytes,
                                                             const char *row, char *out) {
    copy_pixels(axis, columns, pixel_bytes, (struct lw_strides){pixel_bytes, pixel_bytes}, row, out);
}

static void resize_row(struct axis axis, size_t columns, size_t pixel_bytes, struct lw_strides steps, const char *row,
                       char *out) {
    const bool dense = steps.input == pixel_bytes && steps.output == pixel_bytes;
    switch (dense ? pixel_bytes : 0) {
    case 1: copy_dense(axis, columns, 1, row, out); break;
    case 4: copy_dense(axis, columns, 4, row, out); break;
    case 8: copy_dense(axis, columns, 8, row, out); break;
    case 12: copy_dense(axis, columns, 12, row, out); break;
    case 16: copy_dense(axis, columns, 16, row, out); break;
    default: copy_pixels(axis, columns, pixel_bytes, steps, row, out); break;
    }
}

enum { FIRST_BYTES = offsetof(struct lw_resize_nearest, input_pixel_stride) };

/* *input_bytes and *output_bytes are those of the tensors, but 0 where there are no channels. */
static enum lw_status check(const struct lw_context *context, const struct lw_resize_nearest *d,
                            struct lw_problem *problem, struct lw_strides *strides, size_t *input_bytes,
                            size_t *output_bytes) {
    enum lw_status status = lw_check_grown(context, d, FIRST_BYTES, sizeof *d, problem);
    if (status != LW_OK) return status;
    if (d->align_corners > 1 || d->half_pixel_centers > 1)
        return lw_wrong(problem, LW_BAD_ENUM, d->align_corners > 1 ? "align_corners" : "half_pixel_centers", "0 or 1");
    if (d->align_corners && d->half_pixel_centers)
        return lw_wrong(problem, LW_BAD_SHAPE, "half_pixel_centers", "0 where align_corners is 1");
    status = lw_element_check(d->element_bytes, problem);
    if (status == LW_OK) status = lw_strides_read(d, FIRST_BYTES, d->channels, d->channels, problem, strides);
    if (status != LW_OK) return status;
    if (!lw_product((const size_t[]){d->batch, d->input_height, d->input_width, strides->input, d->element_bytes}, 5,
                    input_bytes))
        return lw_too_large(problem, "input");
    if (!lw_product((const size_t[]){d->batch, d->output_height, d->output_width, strides->output, d->element_bytes}, 5,
                    output_bytes))
        return lw_too_large(problem, "output");
    if (d->channels == 0) *input_bytes = *output_bytes = 0;
    if (*output_bytes && *input_bytes == 0) /* no pixel to take */
        return lw_wrong(problem, LW_BAD_SHAPE, d->input_height == 0 ? "input_height" : "input_width", "1 or more");
    return LW_OK;
}

enum lw_status lw_resize_nearest_validate(const struct lw_context *context, const struct lw_resize_nearest *op,
                                          struct lw_problem *problem) {
    struct lw_strides strides;
    size_t input_bytes, output_bytes;
    return check(context, op, problem, &strides, &input_bytes, &output_bytes);
}

struct run {
    const struct lw_resize_nearest *d;
    struct axis rows, columns;
    size_t pixel_bytes;
    struct lw_strides steps; /* in bytes */
    const char *input;
    char *output;
};

/* Rows [begin, end) of the outputs of all images. */
static void resize_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct lw_resize_nearest *d = run->d;
    const size_t input_row = d->input_width * run->steps.input, output_row = d->output_width * run->steps.output;
    const bool dense = run->steps.output == run->pixel_bytes;
    const char *image = run->input + begin / d->output_height * d->input_height * input_row;
    char *out = run->output + begin * output_row;
    size_t before = SIZE_MAX; /* which row of the image the last output row is of */
    for (size_t i = begin, y = begin % d->output_height; i < end; i++, y++, out += output_row) {
        if (y == d->output_height) {
            y = 0;
            image += d->input_height * input_row;
            before = SIZE_MAX;
        }
        const size_t row = find_source(&run->rows, y);
        if (row == before && dense)
            memcpy(out, out - output_row, output_row);
        else
            resize_row(run->columns, d->output_width, run->pixel_bytes, run->steps, image + row * input_row, out);
        before = row;
    }
}

enum lw_status lw_resize_nearest_run(const struct lw_context *context, const struct lw_resize_nearest *d,
                                     const void *input, /* (batch, input_height, input_width, channels) */
                                     void *output)      /* (batch, output_height, output_width, channels) */
{
    struct lw_strides strides;
    size_t input_bytes, output_bytes;
    enum lw_status status = check(context, d, NULL, &strides, &input_bytes, &output_bytes);
    if (status != LW_OK || output_bytes == 0) return status;
    if (!input || !output) return LW_NULL_POINTER;

    struct run run = {
        .d = d,
        .rows = make_axis(d, d->input_height, d->output_height),
        .columns = make_axis(d, d->input_width, d->output_width),
        .pixel_bytes = (size_t)d->channels * d->element_bytes,
        .steps = {strides.input * d->element_bytes, strides.output * d->element_bytes},
        .input = input,
        .output = output,
    };
    const size_t row_cost = d->output_width * (1 + run.pixel_bytes / 32);
    return lw_parallel(context, (size_t)d->batch * d->output_height, row_cost, resize_rows, &run);
}

/* How many output positions from *next on are of this pixel of the image: they are neighbours. *next goes past them. */
static size_t count_of(const struct axis *axis, size_t pixel, size_t positions, size_t *next) {
    const size_t first = *next;
    while (*next < positions && find_source(axis, *next) == pixel) ++*next;
    return *next - first;
}

enum lw_status
lw_resize_nearest_gradient_run(const struct lw_context *context, const struct lw_resize_nearest *d,
                               const float *gradient, /* (batch, output_height, output_width, channels) */
                               float *output)         /* (batch, input_height, input_width, channels) */
{
    struct lw_strides strides;
    size_t input_bytes, output_bytes;
    enum lw_status status = check(context, d, NULL, &strides, &input_bytes, &output_bytes);
    if (status == LW_OK) status = lw_strides_none(d, FIRST_BYTES, NULL);
    if (status != LW_OK) return status;
    if (d->element_bytes != sizeof(float)) return LW_BAD_SHAPE;
    if (input_bytes == 0) return LW_OK;
    if ((output_bytes && !gradient) || !output) return LW_NULL_POINTER;
    if (output_bytes == 0) {
        memset(output, 0, input_bytes);
        return LW_OK;
    }
    const struct axis rows = make_axis(d, d->input_height, d->output_height);
    const struct axis columns = make_axis(d, d->input_width, d->output_width);
    const size_t channels = d->channels, row = d->output_width * channels;
    for (size_t n = 0; n < d->batch; n++, gradient += d->output_height * row) {
        size_t y = 0;
        for (size_t iy = 0; iy < d->input_height; iy++) {
            const float *top = gradient + y * row;
            const size_t high = count_of(&rows, iy, d->output_height, &y);
            size_t x = 0;
            for (size_t ix = 0; ix < d->input_width; ix++) {
                const float *from = top + x * channels;
                const size_t wide = count_of(&columns, ix, d->output_width, &x);
                for (size_t c = 0; c < channels; c++, from++) {
                    double sum = 0;
                    for (size_t j = 0; j < high; j++)
                        for (size_t i = 0; i < wide; i++) sum += (double)from[j * row + i * channels];
                    *output++ = (float)sum;
                }
            }
        }
    }
    return LW_OK;
}
