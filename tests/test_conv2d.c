/* SPDX-License-Identifier: MIT */
/* The operators conv2d and conv2d_transpose. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/epilogue.h"
#include "tests/oracle.h"
#include "tests/rows.h"
#include "tests/strided.h"

/* A tensor's element in double precision. */
static double at(const float *x, size_t i) {
    return (double)x[i];
}

static void untouched(struct lw_test *t, const float *output, size_t n) {
    float *poison = lw_test_floats(t, n, LW_FILL_POISON);
    lw_test_same_bytes("the output after an error", poison, output, n * sizeof *output);
}

/* The sum of one output before its activation. */
struct sum {
    double value, magnitude;
    size_t terms;
};

static struct sum sum_from(const float *bias, size_t channel) {
    double x = bias ? at(bias, channel) : 0;
    return (struct sum){x, fabs(x), 1};
}

static void sum_add(struct sum *s, double a, double b) {
    s->value += a * b;
    s->magnitude += fabs(a * b);
    s->terms++;
}

static double sum_activate(const struct sum *s, const struct lw_activation *a, const float *slopes, size_t channel,
                           double *bound) {
    *bound = lw_test_gamma(s->terms, s->magnitude);
    return lw_oracle_activation(a, a->kind == LW_PRELU ? at(slopes, channel) : 0, s->value, bound);
}

/* ---- conv2d ---- */

static void conv_run(struct lw_test *t, const struct lw_context *context, const struct lw_conv2d *d, const float *input,
                     const float *filter, const float *bias, const float *slopes, float *output) {
    struct lw_sizes sizes;
    lw_test_status(lw_conv2d_sizes(context, d, &sizes), LW_OK, "conv2d sizes");
    float *packed = lw_test_buffer(t, sizes.packed_bytes);
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_conv2d_pack(context, d, filter, packed), LW_OK, "conv2d pack");
    lw_test_all_written(packed, sizes.packed_bytes);
    lw_test_seal(t, packed);
    const size_t n = sizes.output_elements, channels = d->output_channels;
    const struct lw_epilogue steps = lw_test_steps(t, n, channels, bias, slopes),
                             plain = lw_test_epilogue(bias, slopes);
    struct lw_conv2d linear = *d;
    linear.activation.kind = LW_LINEAR;
    float *sums = lw_test_floats(t, n, LW_FILL_POISON);
    lw_test_status(lw_conv2d_run(context, &linear, input, packed, &plain, scratch, sums), LW_OK, "linear conv2d run");
    lw_test_status(lw_conv2d_run(context, d, input, packed, &steps, scratch, output), LW_OK, "conv2d run with steps");
    lw_test_separate_steps(t, context, &d->activation, &steps, n, channels, sums, output);
    /* On scratch memory that was used. */
    lw_test_status(lw_conv2d_run(context, d, input, packed, &plain, scratch, output), LW_OK, "conv2d run");
}

/* The same convolution from and to parts of wider pixels. */
static void conv_strided(struct lw_test *t, const struct lw_conv2d *dense, const float *input, const float *filter,
                         const float *bias, const float *slopes, const float *want) {
    struct lw_conv2d d = *dense;
    const size_t inputs = d.input_channels, outputs = d.output_channels;
    d.input_pixel_stride = lw_test_stride(t, inputs);
    d.output_pixel_stride = lw_test_stride(t, outputs);
    struct lw_sizes sizes;
    lw_test_status(lw_conv2d_sizes(t->tested, &d, &sizes), LW_OK, "strided conv2d sizes");
    const size_t pixels = (size_t)d.batch * sizes.output_height * sizes.output_width;
    const float *from =
        lw_test_spread(t, input, (size_t)d.batch * d.input_height * d.input_width, inputs, d.input_pixel_stride);
    void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_conv2d_pack(t->tested, &d, filter, packed), LW_OK, "strided conv2d pack");
    struct lw_epilogue steps = lw_test_epilogue(bias, slopes);
    float *got = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
    lw_test_status(lw_conv2d_run(t->tested, &d, from, packed, &steps, scratch, got), LW_OK, "strided conv2d run");
    lw_test_same_spread(t, "strided conv2d", want, got, pixels, outputs, d.output_pixel_stride, sizes.output_elements);

    /* With all steps; weights and scratch memory don't depend on strides. */
    steps = lw_test_steps(t, pixels * outputs, outputs, bias, slopes);
    float *dense_got = lw_test_floats(t, pixels * outputs, LW_FILL_POISON);
    lw_test_status(lw_conv2d_run(t->tested, dense, input, packed, &steps, scratch, dense_got), LW_OK, "conv2d run");
    if (steps.residual) steps.residual = lw_test_spread(t, steps.residual, pixels, outputs, d.output_pixel_stride);
    got = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
    lw_test_status(lw_conv2d_run(t->tested, &d, from, packed, &steps, scratch, got), LW_OK, "strided conv2d, steps");
    lw_test_same_spread(t, "strided conv2d with steps", dense_got, got, pixels, outputs, d.output_pixel_stride,
                        sizes.output_elements);
}

/* The side of Winograd's tiles that the convolution uses, or 0: packed weights tell. */
static size_t winograd_tile(struct lw_test *t, const struct lw_conv2d *d) {
    struct lw_conv2d direct = *d;
    direct.winograd = LW_WINOGRAD_OFF;
    struct lw_sizes sizes, direct_sizes;
    lw_test_status(lw_conv2d_sizes(t->tested, d, &sizes), LW_OK, "conv2d sizes");
    lw_test_status(lw_conv2d_sizes(t->tested, &direct, &direct_sizes), LW_OK, "conv2d sizes without Winograd");
    if (sizes.packed_bytes == direct_sizes.packed_bytes) return 0;
    size_t tile = sizes.packed_bytes * 9 == direct_sizes.packed_bytes * 16 ? 2 : 4;
    lw_test_true(tile == 2 || sizes.packed_bytes * 9 == direct_sizes.packed_bytes * 36, "packed bytes %zu and %zu",
                 sizes.packed_bytes, direct_sizes.packed_bytes);
    lw_test_true(d->winograd == LW_WINOGRAD_AUTO || (d->winograd == LW_WINOGRAD_F2 && tile == 2), "tiles of %zu pixels",
                 tile);
    return tile;
}

/* |matrix| x |matrix|T of a square x, all [from][from] to [to][to]; row(tile, i) has `from` elements. */
static void absolute(size_t tile, size_t to, size_t from, const double *(*row)(size_t, size_t), const double *x,
                     double *out) {
    double half[36];
    for (size_t i = 0; i < to; i++) {
        for (size_t j = 0; j < from; j++) {
            half[i * from + j] = 0;
            for (size_t k = 0; k < from; k++) half[i * from + j] += fabs(row(tile, i)[k] * x[k * from + j]);
        }
    }
    for (size_t i = 0; i < to; i++) {
        for (size_t j = 0; j < to; j++) {
            out[i * to + j] = 0;
            for (size_t k = 0; k < from; k++) out[i * to + j] += fabs(row(tile, j)[k] * half[i * from + k]);
        }
    }
}

/* The magnitude of the header's bound for Winograd's method, for each output: [batch][height][width][outputs]. */
static double *winograd_magnitude(struct lw_test *t, const struct lw_conv2d *d, size_t tile, size_t height,
                                  size_t width, long before_y, long before_x, const float *input, const float *filter) {
    const size_t inputs = d->input_channels, outputs = d->output_channels, taps = tile + 2, products = taps * taps;
    double *g = lw_test_buffer(t, inputs * outputs * products * sizeof *g); /* (inputs, outputs, products) */
    for (size_t i = 0; i < inputs * outputs; i++) {
        double from[9];
        for (size_t k = 0; k < 9; k++) from[k] = at(filter, k * inputs * outputs + i);
        absolute(tile, taps, 3, lw_oracle_winograd_g, from, g + i * products);
    }
    double *magnitude = lw_test_buffer(t, d->batch * height * width * outputs * sizeof *magnitude);
    double *transformed = lw_test_buffer(t, inputs * products * sizeof *transformed);
    for (size_t n = 0; n < d->batch; n++) {
        for (size_t ty = 0; ty < height; ty += tile) {
            for (size_t tx = 0; tx < width; tx += tile) {
                for (size_t i = 0; i < inputs; i++) {
                    double from[36];
                    for (size_t k = 0; k < products; k++) {
                        long y = (long)(ty + k / taps) - before_y, x = (long)(tx + k % taps) - before_x;
                        bool inside = y >= 0 && y < (long)d->input_height && x >= 0 && x < (long)d->input_width;
                        size_t pixel = (n * d->input_height + (size_t)y) * d->input_width + (size_t)x;
                        from[k] = inside ? at(input, pixel * inputs + i) : 0;
                    }
                    absolute(tile, taps, taps, lw_oracle_winograd_bt, from, transformed + i * products);
                }
                for (size_t o = 0; o < outputs; o++) {
                    double sums[36] = {0}, out[16];
                    for (size_t i = 0; i < inputs; i++) {
                        for (size_t k = 0; k < products; k++)
                            sums[k] += transformed[i * products + k] * g[(i * outputs + o) * products + k];
                    }
                    absolute(tile, tile, taps, lw_oracle_winograd_at, sums, out);
                    for (size_t k = 0; k < tile * tile; k++) {
                        size_t y = ty + k / tile, x = tx + k % tile;
                        if (y < height && x < width) magnitude[((n * height + y) * width + x) * outputs + o] = out[k];
                    }
                }
            }
        }
    }
    return magnitude;
}

/* Multiplies n numbers by powers of two from 2^-20 to 2^20. */
static void widen(struct lw_test *t, float *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = ldexpf(x[i], (int)lw_test_range(t, 0, 40) - 20);
    lw_test_seal(t, x);
}

static void conv_check_range(struct lw_test *t, const struct lw_conv2d *d, bool has_bias, bool wide) {
    const struct lw_window *w = &d->window;
    char label[200];
    snprintf(label, sizeof label,
             "conv2d %ux%ux%ux%u -> %u groups %u kernel %ux%u stride %ux%u dilation %ux%u padding %u activation %u",
             d->batch, d->input_height, d->input_width, d->input_channels, d->output_channels, d->groups,
             w->kernel_height, w->kernel_width, w->stride_height, w->stride_width, w->dilation_height,
             w->dilation_width, w->padding, d->activation.kind);
    struct lw_oracle_span rows = lw_oracle_rows(w, d->input_height), columns = lw_oracle_columns(w, d->input_width);
    struct lw_sizes sizes = {0};
    enum lw_status status = lw_conv2d_sizes(t->tested, d, &sizes);
    if (rows.output < 0 || columns.output < 0) {
        lw_test_status(status, LW_BAD_SHAPE, "a window that does not fit");
        return;
    }
    lw_test_status(status, LW_OK, label);
    size_t height = (size_t)rows.output, width = (size_t)columns.output, outputs = d->output_channels;
    size_t n = d->batch * height * width * outputs;
    lw_test_true(sizes.output_height == height && sizes.output_width == width && sizes.output_elements == n,
                 "%s: output %u x %u, want %zu x %zu", label, sizes.output_height, sizes.output_width, height, width);

    size_t inputs = d->input_channels / d->groups, group_outputs = outputs / d->groups;
    const size_t input_size = (size_t)d->batch * d->input_height * d->input_width * d->input_channels;
    const size_t filter_size = (size_t)w->kernel_height * w->kernel_width * inputs * outputs;
    float *input = lw_test_floats(t, input_size, LW_FILL_UNIFORM);
    float *filter = lw_test_floats(t, filter_size, LW_FILL_UNIFORM);
    if (wide) {
        widen(t, input, input_size);
        widen(t, filter, filter_size);
    }
    const float *bias = has_bias ? lw_test_floats(t, outputs, LW_FILL_UNIFORM) : NULL;
    const float *slopes = d->activation.kind == LW_PRELU ? lw_test_floats(t, outputs, LW_FILL_UNIFORM) : NULL;
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    conv_run(t, t->tested, d, input, filter, bias, slopes, got);
    conv_run(t, t->reference, d, input, filter, bias, slopes, other);
    if (t->exact) lw_test_same(label, other, got, n);
    conv_strided(t, d, input, filter, bias, slopes, got);

    size_t tile = winograd_tile(t, d);
    const double *magnitude =
        tile ? winograd_magnitude(t, d, tile, height, width, rows.before, columns.before, input, filter) : NULL;
    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    for (size_t i = 0; i < n; i++) {
        size_t o = i % outputs, pixel = i / outputs, image = pixel / width / height;
        struct sum s = sum_from(bias, o);
        for (long ky = 0; ky < (long)w->kernel_height; ky++) {
            for (long kx = 0; kx < (long)w->kernel_width; kx++) {
                long y =
                    (long)(pixel / width % height * w->stride_height) - rows.before + ky * (long)w->dilation_height;
                long x = (long)(pixel % width * w->stride_width) - columns.before + kx * (long)w->dilation_width;
                if (y < 0 || y >= (long)d->input_height || x < 0 || x >= (long)d->input_width) continue;
                const float *in =
                    input + ((image * d->input_height + (size_t)y) * d->input_width + (size_t)x) * d->input_channels +
                    o / group_outputs * inputs;
                const float *f = filter + (size_t)(ky * (long)w->kernel_width + kx) * inputs * outputs + o;
                for (size_t c = 0; c < inputs; c++) sum_add(&s, at(in, c), at(f, c * outputs));
            }
        }
        if (tile) { /* the header's bound, in place of that of the direct sum */
            s.magnitude = magnitude[i] + (bias ? fabs(at(bias, o)) : 0);
            s.terms = inputs + 25;
        }
        want[i] = sum_activate(&s, &d->activation, slopes, o, &bound[i]);
    }
    lw_test_within(label, want, bound, got, n);
}

static void conv_check(struct lw_test *t, const struct lw_conv2d *d, bool has_bias) {
    conv_check_range(t, d, has_bias, false);
}

/* A pixel that is not finite: the outputs that depend on it are not finite either, and those of the tiles that don't
 * see it have the same bits as before. */
static void conv_not_finite(struct lw_test *t, uint32_t option, float special) {
    enum { HEIGHT = 15, WIDTH = 18, INPUTS = 32, OUTPUTS = 24 };
    struct lw_conv2d d = {sizeof d,
                          1,
                          HEIGHT,
                          WIDTH,
                          INPUTS,
                          OUTPUTS,
                          1,
                          {3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                          {LW_LINEAR, 0, 0, 0},
                          option,
                          0,
                          0};
    const size_t n = HEIGHT * WIDTH * OUTPUTS, tile = winograd_tile(t, &d);
    lw_test_true(tile == (option == LW_WINOGRAD_AUTO ? 4 : 2), "tiles of %zu", tile);
    float *input = lw_test_floats(t, HEIGHT * WIDTH * INPUTS, LW_FILL_UNIFORM);
    const float *filter = lw_test_floats(t, 9 * INPUTS * OUTPUTS, LW_FILL_UNIFORM);
    float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
    conv_run(t, t->tested, &d, input, filter, NULL, NULL, want);
    const size_t py = lw_test_range(t, 0, HEIGHT - 1), px = lw_test_range(t, 0, WIDTH - 1);
    input[(py * WIDTH + px) * INPUTS + lw_test_range(t, 0, INPUTS - 1)] = special;
    lw_test_seal(t, input);
    conv_run(t, t->tested, &d, input, filter, NULL, NULL, got);
    for (size_t i = 0; i < n; i++) {
        const size_t y = i / OUTPUTS / WIDTH, x = i / OUTPUTS % WIDTH;
        const bool depends = y + 1 >= py && y <= py + 1 && x + 1 >= px && x <= px + 1;
        const size_t ty = y / tile * tile, tx = x / tile * tile;
        const bool sees = py + 1 >= ty && py < ty + tile + 1 && px + 1 >= tx && px < tx + tile + 1;
        lw_test_true(!depends || !isfinite(got[i]), "a sum with %g is %g", (double)special, (double)got[i]);
        if (!sees) lw_test_same("an output whose tile does not see the special pixel", want + i, got + i, 1);
    }
}

/* An image's result does not depend on the batch. */
static void conv_batch(struct lw_test *t) {
    struct lw_conv2d d = {sizeof d,          5, 7, 6, 16, 20, 1, {3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                          {LW_ELU, 0, 0, 0}, 0, 0, 0};
    const size_t n = 7 * 6 * 20, image = 7 * 6 * 16;
    lw_test_true(winograd_tile(t, &d) > 0, "Winograd's method is not taken");
    float *input = lw_test_floats(t, 5 * image, LW_FILL_UNIFORM);
    const float *filter = lw_test_floats(t, 9 * 16 * 20, LW_FILL_UNIFORM);
    float *all = lw_test_floats(t, 5 * n, LW_FILL_POISON), *one = lw_test_floats(t, n, LW_FILL_POISON);
    conv_run(t, t->tested, &d, input, filter, NULL, NULL, all);
    d.batch = 1;
    for (size_t i = 0; i < 5; i++) {
        conv_run(t, t->tested, &d, input + i * image, filter, NULL, NULL, one);
        lw_test_same("an image alone", one, all + i * n, n);
    }
}

/* Images, channels and paddings where Winograd's method is taken. */
static void conv_winograd(struct lw_test *t) {
    size_t tiles[5] = {0};
    for (uint32_t round = 0; round < 24; round++) {
        struct lw_conv2d d = {.struct_bytes = sizeof d, .groups = 1};
        d.batch = (uint32_t)lw_test_range(t, 1, 2);
        d.input_height = (uint32_t)lw_test_range(t, 1, round % 4 ? 9 : 21);
        d.input_width = (uint32_t)lw_test_range(t, 1, round % 4 ? 11 : 19);
        d.input_channels = (uint32_t)lw_test_range(t, 8, round % 3 ? 24 : 40);
        d.output_channels = (uint32_t)lw_test_range(t, 8, round % 3 == 1 ? 40 : 21);
        d.window = (struct lw_window){3, 3, 1, 1, 1, 1, round % 3, 0, 0, 0, 0};
        if (d.window.padding == LW_PADDING_EXPLICIT) {
            d.window.pad_top = (uint32_t)lw_test_range(t, 0, 7);
            d.window.pad_left = (uint32_t)lw_test_range(t, 0, 7);
            d.window.pad_bottom = (int32_t)lw_test_range(t, 0, 7 + 2) - 2;
            d.window.pad_right = (int32_t)lw_test_range(t, 0, 7 + 2) - 2;
        }
        d.activation = lw_oracle_random_activation(t, round % (LW_ORACLE_ACTIVATIONS));
        if (round % 5 == 4) { /* tiles of 2 pay with more channels */
            d.winograd = LW_WINOGRAD_F2;
            d.input_channels += 24;
            d.output_channels += 24;
        }
        conv_check_range(t, &d, round % 4 != 1, round % 2);
        struct lw_sizes sizes;
        if (lw_conv2d_sizes(t->tested, &d, &sizes) != LW_OK) continue; /* checked: the window does not fit */
        tiles[winograd_tile(t, &d)]++;
        d.winograd = LW_WINOGRAD_OFF;
        lw_test_true(winograd_tile(t, &d) == 0, "Winograd's method although it is off");
    }
    lw_test_true(tiles[4] > 0, "%zu shapes took tiles of 2, %zu of 4", tiles[2], tiles[4]);

    for (uint32_t option = LW_WINOGRAD_AUTO; option < LW_WINOGRAD_OFF; option++) {
        conv_not_finite(t, option, NAN);
        conv_not_finite(t, option, -INFINITY);
    }
    conv_batch(t);

    static const uint32_t sides[][2] = {{10, 12}, {11, 12}, {10, 13}}; /* whole tiles of 2 pixels and parts */
    for (size_t i = 0; i < 3; i++) {
        struct lw_conv2d two = {sizeof two,
                                2,
                                sides[i][0],
                                sides[i][1],
                                37,
                                42,
                                1,
                                {3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                                {LW_LEAKY_RELU, 0.5f, 0, 0},
                                LW_WINOGRAD_F2,
                                0,
                                0};
        lw_test_true(winograd_tile(t, &two) == 2, "tiles of 2 pixels are not taken");
        conv_check_range(t, &two, true, i == 1);
    }

    /* Large filters: threads share each step, and in the transforms a row of tiles. */
    for (uint32_t batch = 1; batch <= 3; batch++) {
        struct lw_conv2d d = {.struct_bytes = sizeof d, .batch = batch, .groups = 1};
        d.input_height = batch == 1 ? 13 : 7;
        d.input_width = batch == 1 ? 43 : 6 + batch;
        d.input_channels = 48;
        d.output_channels = 46 + batch;
        d.window = (struct lw_window){3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0};
        d.activation = lw_oracle_random_activation(t, batch == 2 ? LW_PRELU : LW_SIGMOID);
        lw_test_true(winograd_tile(t, &d) == 4, "large filters do not take Winograd's method");
        conv_check(t, &d, batch % 2);
    }
    /* A huge pad on one side: the image is not in the strip at all. */
    struct lw_conv2d d = {
        sizeof d, 1, 4, 5, 16, 16, 1, {3, 3, 1, 1, 1, 1, LW_PADDING_EXPLICIT, 3, 40, 3, 2}, {LW_LINEAR, 0, 0, 0},
        0,        0, 0};
    conv_check(t, &d, true);
    /* Tiny images take the direct sum, whatever the channels. */
    d = (struct lw_conv2d){sizeof d,           2, 1, 1, 32, 32, 1, {3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                           {LW_RELU, 0, 0, 0}, 0, 0, 0};
    lw_test_true(winograd_tile(t, &d) == 0, "one pixel takes Winograd's method");
    conv_check(t, &d, true);
    /* More tiles in a row than a block has: the row is cut. */
    d = (struct lw_conv2d){
        sizeof d, 1, 2, 1100, 64, 64, 1, {3, 3, 1, 1, 1, 1, LW_PADDING_EXPLICIT, 1, 2, 1, 3}, {LW_SIGMOID, 0, 0, 0},
        0,        0, 0};
    lw_test_true(winograd_tile(t, &d) > 0, "a wide image does not take Winograd's method");
    conv_check(t, &d, true);
}

static void conv_geometries(struct lw_test *t) {
    for (uint32_t round = 0; round < 110; round++) {
        struct lw_conv2d d = {.struct_bytes = sizeof d};
        d.batch = (uint32_t)lw_test_range(t, round % 16 ? 1 : 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, round % 16 == 1 ? 0 : 1, 9);
        d.input_width = (uint32_t)lw_test_range(t, round % 16 == 2 ? 0 : 1, 12);
        d.groups = round % 4 ? 1 : (uint32_t)lw_test_range(t, 1, 4);
        d.input_channels = d.groups * (uint32_t)lw_test_range(t, 1, round % 3 ? 9 : 20 / d.groups);
        d.output_channels = d.groups * (uint32_t)lw_test_range(t, 1, 19 / d.groups);
        d.window = lw_oracle_window(t, round % 5 ? 3 : 5);
        if (round % 6 == 5) d.window.kernel_height = d.window.kernel_width = 1;
        d.activation = lw_oracle_random_activation(t, round % (LW_ORACLE_ACTIVATIONS));
        conv_check(t, &d, round % 3 != 1);
    }
    /* More pixels than a block has: pointwise, gathered and copied, and a depthwise one by groups. */
    static const struct {
        uint32_t inputs, outputs, groups, kernel, stride;
    } large[] = {{5, 9, 1, 1, 1}, {5, 9, 1, 1, 2},  {11, 4, 1, 3, 1}, {3, 6, 1, 3, 1}, {2, 5, 1, 5, 2},
                 {4, 4, 4, 3, 1}, {6, 18, 6, 3, 2}, {8, 1, 1, 3, 1},  {9, 3, 1, 3, 2}, {8, 12, 2, 3, 1},
                 {9, 6, 3, 3, 1}, {16, 8, 2, 3, 2}, {10, 10, 5, 1, 1}};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        struct lw_conv2d d = {sizeof d, 2, 21, 23, large[i].inputs, large[i].outputs, large[i].groups, {0},
                              {0},      0, 0,  0};
        d.window = (struct lw_window){
            large[i].kernel, large[i].kernel, large[i].stride, large[i].stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0};
        conv_check(t, &d, true);
    }
    /* More channels than pixels: threads share the columns of the product. */
    static const struct {
        uint32_t inputs, outputs, groups, kernel;
    } wide[] = {{40, 130, 1, 1}, {20, 83, 1, 3}, {40, 115, 5, 1}, {12, 18, 6, 1}, {30, 200, 2, 3}};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        for (uint32_t width = 1; width <= 5; width += 4) {
            struct lw_conv2d d = {sizeof d, 1, 2, width, wide[i].inputs, wide[i].outputs, wide[i].groups, {0},
                                  {0},      0, 0, 0};
            d.window = (struct lw_window){wide[i].kernel, wide[i].kernel, 2, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0};
            d.activation = lw_oracle_random_activation(t, (uint32_t)i % 2 ? LW_PRELU : LW_SIGMOID);
            conv_check(t, &d, i % 2);
        }
    }
}

/* A valid convolution: 2 x 5 x 4 x 6 -> 2 x 5 x 4 x 8. */
static struct lw_conv2d conv_valid(void) {
    return (struct lw_conv2d){
        sizeof(struct lw_conv2d), 2, 5, 4, 6, 8, 2, {3, 2, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
        {LW_LINEAR, 0, 0, 0},     0, 0, 0};
}

static void conv_errors(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    struct lw_conv2d good = conv_valid(), d;
    struct lw_sizes sizes;
    lw_test_status(lw_conv2d_sizes(c, &good, &sizes), LW_OK, "the valid convolution");
    size_t n = sizes.output_elements;
    const float *input = lw_test_floats(t, 2 * 5 * 4 * 6, LW_FILL_UNIFORM);
    const float *filter = lw_test_floats(t, 3 * 2 * 3 * 8, LW_FILL_UNIFORM);
    float *output = lw_test_floats(t, n, LW_FILL_POISON);
    void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_conv2d_pack(c, &good, filter, packed), LW_OK, "pack");

#define WRONG(status, change)                                                                                          \
    do {                                                                                                               \
        d = good;                                                                                                      \
        change;                                                                                                        \
        lw_test_status(lw_conv2d_sizes(c, &d, &sizes), status, #change " (sizes)");                                    \
        lw_test_status(lw_conv2d_pack(c, &d, filter, packed), status, #change " (pack)");                              \
        lw_test_status(lw_conv2d_run(c, &d, input, packed, NULL, scratch, output), status, #change " (run)");          \
    } while (0)
    WRONG(LW_BAD_SHAPE, d.input_pixel_stride = 5);
    WRONG(LW_BAD_SHAPE, d.output_pixel_stride = 7);
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes = 0);
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes++);
    WRONG(LW_BAD_ENUM, d.window.padding = LW_PADDING_EXPLICIT + 1);
    WRONG(LW_BAD_ENUM, d.activation.kind = LW_ORACLE_ACTIVATIONS);
    WRONG(LW_BAD_ENUM, d.winograd = LW_WINOGRAD_OFF + 1);
    WRONG(LW_BAD_SHAPE, d.activation = ((struct lw_activation){LW_CLAMP, 0, 1, 0}));
    WRONG(LW_BAD_SHAPE, d.activation = ((struct lw_activation){LW_CLAMP, 0, NAN, 0}));
    WRONG(LW_BAD_SHAPE, d.groups = 0);
    WRONG(LW_BAD_SHAPE, d.groups = 3);
    WRONG(LW_BAD_SHAPE, d.groups = 4);
    WRONG(LW_BAD_SHAPE, d.input_channels = 0);
    WRONG(LW_BAD_SHAPE, d.output_channels = 0);
    WRONG(LW_BAD_SHAPE, d.window.kernel_height = 0);
    WRONG(LW_BAD_SHAPE, d.window.kernel_width = 0);
    WRONG(LW_BAD_SHAPE, d.window.stride_height = 0);
    WRONG(LW_BAD_SHAPE, d.window.stride_width = 0);
    WRONG(LW_BAD_SHAPE, d.window.dilation_height = 0);
    WRONG(LW_BAD_SHAPE, d.window.dilation_width = 0);
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_VALID, d.window.kernel_height = 6));
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_VALID, d.input_width = 1));
    WRONG(LW_TOO_LARGE, d.batch = d.input_height = d.input_width = UINT32_MAX);
    WRONG(LW_TOO_LARGE, (d.batch = 0, d.input_height = d.input_width = d.input_channels = UINT32_MAX - 1));
    WRONG(LW_TOO_LARGE, d.output_channels = d.window.kernel_height = d.window.kernel_width = UINT32_MAX - 1);
    WRONG(LW_TOO_LARGE,
          (d.window.padding = LW_PADDING_EXPLICIT, d.window.pad_top = UINT32_MAX, d.window.pad_bottom = INT32_MAX));
#undef WRONG

    lw_test_status(lw_conv2d_sizes(NULL, &good, &sizes), LW_NULL_POINTER, "sizes without a context");
    lw_test_status(lw_conv2d_sizes(c, NULL, &sizes), LW_NULL_POINTER, "sizes without a descriptor");
    lw_test_status(lw_conv2d_sizes(c, &good, NULL), LW_NULL_POINTER, "sizes without sizes");
    lw_test_status(lw_conv2d_pack(c, &good, NULL, packed), LW_NULL_POINTER, "pack without a filter");
    lw_test_status(lw_conv2d_pack(c, &good, filter, NULL), LW_NULL_POINTER, "pack to nowhere");
    lw_test_status(lw_conv2d_run(c, &good, NULL, packed, NULL, scratch, output), LW_NULL_POINTER, "no input");
    lw_test_status(lw_conv2d_run(c, &good, input, NULL, NULL, scratch, output), LW_NULL_POINTER, "no packed filter");
    lw_test_status(lw_conv2d_run(c, &good, input, packed, NULL, NULL, output), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_conv2d_run(c, &good, input, packed, NULL, scratch, NULL), LW_NULL_POINTER, "no output");
    d = good;
    d.activation.kind = LW_PRELU;
    lw_test_status(lw_conv2d_run(c, &d, input, packed, NULL, scratch, output), LW_NULL_POINTER, "PReLU without slopes");
    untouched(t, output, n);

    d = good;
    d.batch = 0;
    lw_test_status(lw_conv2d_run(c, &d, NULL, packed, NULL, scratch, NULL), LW_OK, "an empty batch");

    d.input_channels = d.output_channels = d.groups = 4; /* depthwise */
    lw_test_status(lw_conv2d_pack(c, &d, input, NULL), LW_OK, "an empty batch in groups: nothing to pack");
    lw_test_status(lw_conv2d_run(c, &d, NULL, NULL, NULL, NULL, NULL), LW_OK, "an empty batch in groups");

    struct lw_epilogue e = lw_test_epilogue(input, NULL);
    e.struct_bytes--;
    lw_test_status(lw_conv2d_run(c, &good, input, packed, &e, scratch, output), LW_BAD_STRUCT_BYTES, "epilogue's size");
    e = lw_test_epilogue(NULL, NULL);
    e.scale = input;
    lw_test_status(lw_conv2d_run(c, &good, input, packed, &e, scratch, output), LW_NULL_POINTER, "no shift");
    e.scale = NULL;
    e.shift = input;
    lw_test_status(lw_conv2d_run(c, &good, input, packed, &e, scratch, output), LW_NULL_POINTER, "no scale");
}

static void conv_row(struct lw_test *t) {
    conv_geometries(t);
    conv_winograd(t);
    conv_errors(t);
}

/* ---- conv2d_transpose ---- */

static void transpose_run(struct lw_test *t, const struct lw_context *context, const struct lw_conv2d_transpose *d,
                          const float *input, const float *filter, const float *bias, const float *slopes,
                          float *output) {
    struct lw_sizes sizes;
    lw_test_status(lw_conv2d_transpose_sizes(context, d, &sizes), LW_OK, "conv2d_transpose sizes");
    float *packed = lw_test_buffer(t, sizes.packed_bytes);
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_conv2d_transpose_pack(context, d, filter, packed), LW_OK, "conv2d_transpose pack");
    lw_test_all_written(packed, sizes.packed_bytes);
    lw_test_seal(t, packed);
    const size_t n = sizes.output_elements, channels = d->output_channels;
    const struct lw_epilogue steps = lw_test_steps(t, n, channels, bias, slopes),
                             plain = lw_test_epilogue(bias, slopes);
    struct lw_conv2d_transpose linear = *d;
    linear.activation.kind = LW_LINEAR;
    float *sums = lw_test_floats(t, n, LW_FILL_POISON);
    lw_test_status(lw_conv2d_transpose_run(context, &linear, input, packed, &plain, scratch, sums), LW_OK,
                   "linear conv2d_transpose run");
    lw_test_status(lw_conv2d_transpose_run(context, d, input, packed, &steps, scratch, output), LW_OK,
                   "conv2d_transpose run with steps");
    lw_test_separate_steps(t, context, &d->activation, &steps, n, channels, sums, output);
    lw_test_status(lw_conv2d_transpose_run(context, d, input, packed, &plain, scratch, output), LW_OK,
                   "conv2d_transpose run");
}

/* The same transposed convolution from and to parts of wider pixels. */
static void transpose_strided(struct lw_test *t, const struct lw_conv2d_transpose *dense, const float *input,
                              const float *filter, const float *bias, const float *slopes) {
    struct lw_conv2d_transpose d = *dense;
    const size_t inputs = d.input_channels, outputs = d.output_channels;
    const size_t pixels = (size_t)d.batch * d.output_height * d.output_width;
    const struct lw_epilogue steps = lw_test_range(t, 0, 1) ? lw_test_steps(t, pixels * outputs, outputs, bias, slopes)
                                                            : lw_test_epilogue(bias, slopes);
    float *results[2] = {NULL, NULL};
    struct lw_sizes sizes;
    for (size_t i = 0; i < 2; i++) {
        struct lw_epilogue e = steps;
        if (i) {
            d.input_pixel_stride = lw_test_stride(t, inputs);
            d.output_pixel_stride = lw_test_stride(t, outputs);
            if (e.residual) e.residual = lw_test_spread(t, e.residual, pixels, outputs, d.output_pixel_stride);
        }
        const float *from =
            lw_test_spread(t, input, (size_t)d.batch * d.input_height * d.input_width, inputs, d.input_pixel_stride);
        lw_test_status(lw_conv2d_transpose_sizes(t->tested, &d, &sizes), LW_OK, "strided conv2d_transpose sizes");
        void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
        results[i] = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
        lw_test_status(lw_conv2d_transpose_pack(t->tested, &d, filter, packed), LW_OK, "strided conv2d_transpose pack");
        lw_test_status(lw_conv2d_transpose_run(t->tested, &d, from, packed, &e, scratch, results[i]), LW_OK,
                       "strided conv2d_transpose run");
    }
    lw_test_same_spread(t, "strided conv2d_transpose", results[0], results[1], pixels, outputs, d.output_pixel_stride,
                        sizes.output_elements);
}

static void transpose_check(struct lw_test *t, const struct lw_conv2d_transpose *d, bool has_bias) {
    const struct lw_window *w = &d->window;
    char label[200];
    snprintf(
        label, sizeof label,
        "conv2d_transpose %ux%ux%ux%u -> %ux%ux%u kernel %ux%u stride %ux%u dilation %ux%u padding %u activation %u",
        d->batch, d->input_height, d->input_width, d->input_channels, d->output_height, d->output_width,
        d->output_channels, w->kernel_height, w->kernel_width, w->stride_height, w->stride_width, w->dilation_height,
        w->dilation_width, w->padding, d->activation.kind);
    struct lw_oracle_span rows = lw_oracle_rows(w, d->output_height), columns = lw_oracle_columns(w, d->output_width);
    size_t height = d->output_height, width = d->output_width, outputs = d->output_channels, inputs = d->input_channels;
    size_t n = d->batch * height * width * outputs;
    struct lw_sizes sizes = {0};
    lw_test_status(lw_conv2d_transpose_sizes(t->tested, d, &sizes), LW_OK, label);
    lw_test_true(sizes.output_height == height && sizes.output_width == width && sizes.output_elements == n,
                 "%s: output %u x %u", label, sizes.output_height, sizes.output_width);

    const float *input =
        lw_test_floats(t, (size_t)d->batch * d->input_height * d->input_width * inputs, LW_FILL_UNIFORM);
    const float *filter =
        lw_test_floats(t, (size_t)w->kernel_height * w->kernel_width * inputs * outputs, LW_FILL_UNIFORM);
    const float *bias = has_bias ? lw_test_floats(t, outputs, LW_FILL_UNIFORM) : NULL;
    const float *slopes = d->activation.kind == LW_PRELU ? lw_test_floats(t, outputs, LW_FILL_UNIFORM) : NULL;
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    transpose_run(t, t->tested, d, input, filter, bias, slopes, got);
    transpose_run(t, t->reference, d, input, filter, bias, slopes, other);
    if (t->exact) lw_test_same(label, other, got, n);
    transpose_strided(t, d, input, filter, bias, slopes);

    /* Scattered, as a gradient is defined: every input pixel adds to the output pixels it was made from. */
    struct sum *sums = lw_test_buffer(t, n * sizeof *sums);
    for (size_t i = 0; i < n; i++) sums[i] = sum_from(bias, i % outputs);
    for (size_t p = 0; p < (size_t)d->batch * d->input_height * d->input_width; p++) {
        size_t image = p / d->input_width / d->input_height;
        for (long ky = 0; ky < (long)w->kernel_height; ky++) {
            for (long kx = 0; kx < (long)w->kernel_width; kx++) {
                long y = (long)(p / d->input_width % d->input_height * w->stride_height) - rows.before +
                         ky * (long)w->dilation_height;
                long x = (long)(p % d->input_width * w->stride_width) - columns.before + kx * (long)w->dilation_width;
                if (y < 0 || y >= (long)height || x < 0 || x >= (long)width) continue;
                for (size_t o = 0; o < outputs; o++) {
                    const float *f = filter + ((size_t)(ky * (long)w->kernel_width + kx) * outputs + o) * inputs;
                    for (size_t c = 0; c < inputs; c++)
                        sum_add(&sums[((image * height + (size_t)y) * width + (size_t)x) * outputs + o],
                                at(input, p * inputs + c), at(f, c));
                }
            }
        }
    }
    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    for (size_t i = 0; i < n; i++) want[i] = sum_activate(&sums[i], &d->activation, slopes, i % outputs, &bound[i]);
    lw_test_within(label, want, bound, got, n);
}

static void transpose_geometries(struct lw_test *t) {
    for (uint32_t round = 0, checked = 0; checked < 90; round++) {
        struct lw_conv2d_transpose d = {.struct_bytes = sizeof d};
        d.batch = (uint32_t)lw_test_range(t, round % 16 ? 1 : 0, 2);
        d.output_height = (uint32_t)lw_test_range(t, round % 16 == 1 ? 0 : 1, 11);
        d.output_width = (uint32_t)lw_test_range(t, 1, 13);
        d.input_channels = (uint32_t)lw_test_range(t, 1, 11);
        d.output_channels = (uint32_t)lw_test_range(t, 1, 11);
        d.window = lw_oracle_window(t, round % 5 ? 3 : 5);
        if (round % 7 == 6) d.window.stride_width = d.window.stride_height = 4;
        struct lw_oracle_span rows = lw_oracle_rows(&d.window, d.output_height);
        struct lw_oracle_span columns = lw_oracle_columns(&d.window, d.output_width);
        if (rows.output < 0 || columns.output < 0) continue; /* conv2d has the test of windows that don't fit */
        d.input_height = (uint32_t)rows.output;
        d.input_width = (uint32_t)columns.output;
        d.activation = lw_oracle_random_activation(t, checked % (LW_ORACLE_ACTIVATIONS));
        transpose_check(t, &d, checked % 3 != 1);
        checked++;
    }
    /* Rows longer than a block. */
    struct lw_conv2d_transpose d = {sizeof d, 1, 2, 300, 2, 4, 600, 3, {0}, {0}, 0, 0};
    d.window = (struct lw_window){3, 3, 2, 2, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0};
    transpose_check(t, &d, true);
    /* Patches side by side, with gaps between them and without, and output behind the last. */
    for (uint32_t kernel = 1; kernel <= 3; kernel++) {
        d.window = (struct lw_window){kernel, 2, 3, 2, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0};
        d.output_height = 3 + kernel;
        d.output_width = 601;
        d.activation = lw_oracle_random_activation(t, kernel == 1 ? LW_PRELU : LW_RELU6);
        transpose_check(t, &d, kernel != 2);
    }
}

static void transpose_errors(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    const struct lw_conv2d_transpose good = {
        sizeof good, 2, 3, 2, 5, 6, 4, 7, {3, 2, 2, 2, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0}, {LW_LINEAR, 0, 0, 0}, 0, 0};
    struct lw_conv2d_transpose d;
    struct lw_sizes sizes;
    lw_test_status(lw_conv2d_transpose_sizes(c, &good, &sizes), LW_OK, "the valid convolution");
    size_t n = sizes.output_elements;
    const float *input = lw_test_floats(t, 2 * 3 * 2 * 5, LW_FILL_UNIFORM);
    const float *filter = lw_test_floats(t, 3 * 2 * 7 * 5, LW_FILL_UNIFORM);
    float *output = lw_test_floats(t, n, LW_FILL_POISON);
    void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_conv2d_transpose_pack(c, &good, filter, packed), LW_OK, "pack");

#define WRONG(status, change)                                                                                          \
    do {                                                                                                               \
        d = good;                                                                                                      \
        change;                                                                                                        \
        lw_test_status(lw_conv2d_transpose_sizes(c, &d, &sizes), status, #change " (sizes)");                          \
        lw_test_status(lw_conv2d_transpose_pack(c, &d, filter, packed), status, #change " (pack)");                    \
        lw_test_status(lw_conv2d_transpose_run(c, &d, input, packed, NULL, scratch, output), status,                   \
                       #change " (run)");                                                                              \
    } while (0)
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes++);
    WRONG(LW_BAD_SHAPE, d.input_pixel_stride = 4);
    WRONG(LW_BAD_SHAPE, d.output_pixel_stride = 6);
    WRONG(LW_BAD_ENUM, d.window.padding = 3);
    WRONG(LW_BAD_ENUM, d.activation.kind = LW_ORACLE_ACTIVATIONS);
    WRONG(LW_BAD_SHAPE, d.activation = ((struct lw_activation){LW_CLAMP, 0, 1, 0}));
    WRONG(LW_BAD_SHAPE, d.input_channels = 0);
    WRONG(LW_BAD_SHAPE, d.output_channels = 0);
    WRONG(LW_BAD_SHAPE, d.input_height = 4);
    WRONG(LW_BAD_SHAPE, d.input_width = 3);
    WRONG(LW_BAD_SHAPE, d.output_height = 7);
    WRONG(LW_BAD_SHAPE, d.output_width = 2);
    WRONG(LW_BAD_SHAPE, d.window.kernel_height = 0);
    WRONG(LW_BAD_SHAPE, d.window.stride_width = 0);
    WRONG(LW_BAD_SHAPE, d.window.dilation_height = 0);
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_VALID, d.window.kernel_height = 7));
    WRONG(LW_TOO_LARGE, (d.batch = d.output_channels = UINT32_MAX - 1));
    WRONG(LW_TOO_LARGE, (d.window.kernel_height = d.window.kernel_width = d.input_channels = UINT32_MAX - 1));
#undef WRONG

    lw_test_status(lw_conv2d_transpose_sizes(NULL, &good, &sizes), LW_NULL_POINTER, "sizes without a context");
    lw_test_status(lw_conv2d_transpose_sizes(c, NULL, &sizes), LW_NULL_POINTER, "sizes without a descriptor");
    lw_test_status(lw_conv2d_transpose_sizes(c, &good, NULL), LW_NULL_POINTER, "sizes without sizes");
    lw_test_status(lw_conv2d_transpose_pack(c, &good, NULL, packed), LW_NULL_POINTER, "pack without a filter");
    lw_test_status(lw_conv2d_transpose_pack(c, &good, filter, NULL), LW_NULL_POINTER, "pack to nowhere");
    lw_test_status(lw_conv2d_transpose_run(c, &good, NULL, packed, NULL, scratch, output), LW_NULL_POINTER, "no input");
    lw_test_status(lw_conv2d_transpose_run(c, &good, input, NULL, NULL, scratch, output), LW_NULL_POINTER, "no packed");
    lw_test_status(lw_conv2d_transpose_run(c, &good, input, packed, NULL, NULL, output), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_conv2d_transpose_run(c, &good, input, packed, NULL, scratch, NULL), LW_NULL_POINTER, "no output");
    d = good;
    d.activation.kind = LW_PRELU;
    lw_test_status(lw_conv2d_transpose_run(c, &d, input, packed, NULL, scratch, output), LW_NULL_POINTER,
                   "PReLU without slopes");
    untouched(t, output, n);
    d = good;
    d.batch = 0;
    lw_test_status(lw_conv2d_transpose_run(c, &d, NULL, packed, NULL, scratch, NULL), LW_OK, "an empty batch");
}

static void transpose_row(struct lw_test *t) {
    transpose_geometries(t);
    transpose_errors(t);
}

/* ---- Benchmarks ---- */

struct call {
    struct lw_conv2d conv;
    struct lw_conv2d_transpose transpose;
    float *input, *bias, *output;
    void *packed, *scratch;
};

static void bench_conv_run(const struct lw_context *context, void *arg) {
    const struct call *c = arg;
    const struct lw_epilogue epilogue = lw_test_epilogue(c->bias, NULL);
    lw_conv2d_run(context, &c->conv, c->input, c->packed, &epilogue, c->scratch, c->output);
}

static void bench_transpose_run(const struct lw_context *context, void *arg) {
    const struct call *c = arg;
    const struct lw_epilogue epilogue = lw_test_epilogue(c->bias, NULL);
    lw_conv2d_transpose_run(context, &c->transpose, c->input, c->packed, &epilogue, c->scratch, c->output);
}

static void bench_conv(struct lw_bench *b) {
    static const struct {
        const char *label;
        uint32_t size, inputs, outputs, kernel, stride, winograd, groups; /* 0 groups: 1 */
    } layers[] = {
        {"1x1 56x56 64->128", 56, 64, 128, 1, 1, 0, 0},
        {"1x1 28x28 128->256", 28, 128, 256, 1, 1, 0, 0},
        {"1x1 14x14 512->512", 14, 512, 512, 1, 1, 0, 0},
        {"1x1 7x7 1024->1024", 7, 1024, 1024, 1, 1, 0, 0},
        {"1x1 112x112 32->16", 112, 32, 16, 1, 1, 0, 0},
        {"1x1 56x56 144->24", 56, 144, 24, 1, 1, 0, 0},
        {"1x1 s2 56x56 64->128", 56, 64, 128, 1, 2, 0, 0},
        {"3x3 56x56 64->64", 56, 64, 64, 3, 1, 0, 0},
        {"3x3 28x28 128->128", 28, 128, 128, 3, 1, 0, 0},
        {"3x3 14x14 256->256", 14, 256, 256, 3, 1, 0, 0},
        {"3x3 7x7 512->512", 7, 512, 512, 3, 1, 0, 0},
        {"3x3 56x56 16->16", 56, 16, 16, 3, 1, 0, 0},
        {"3x3 14x14 8->8", 14, 8, 8, 3, 1, 0, 0},
        {"3x3 F2 56x56 64->64", 56, 64, 64, 3, 1, LW_WINOGRAD_F2, 0},
        {"3x3 direct 56x56 64->64", 56, 64, 64, 3, 1, LW_WINOGRAD_OFF, 0},
        {"3x3 direct 56x56 16->16", 56, 16, 16, 3, 1, LW_WINOGRAD_OFF, 0},
        {"3x3 direct 14x14 8->8", 14, 8, 8, 3, 1, LW_WINOGRAD_OFF, 0},
        {"3x3 256x256 8->1", 256, 8, 1, 3, 1, 0, 0},
        {"1x1 28x28 96->2", 28, 96, 2, 1, 1, 0, 0},
        {"3x3 s2 28x28 128->128", 28, 128, 128, 3, 2, 0, 0},
        {"3x3 s2 224x224 3->32", 224, 3, 32, 3, 2, 0, 0},
        {"5x5 s2 128x128 3->24", 128, 3, 24, 5, 2, 0, 0},
        {"1x1 1x1 1024->1001", 1, 1024, 1001, 1, 1, 0, 0},
        {"3x3 56x56 64->64, 32 groups", 56, 64, 64, 3, 1, 0, 32},
        {"3x3 56x56 64->64, 16 groups", 56, 64, 64, 3, 1, 0, 16},
        {"3x3 56x56 64->64, 8 groups", 56, 64, 64, 3, 1, 0, 8},
    };
    const struct lw_context *context = lw_bench_context(b);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        struct call *c = lw_bench_buffer(b, sizeof *c);
        uint32_t groups = layers[i].groups ? layers[i].groups : 1;
        uint32_t size = layers[i].size, kernel = layers[i].kernel, stride = layers[i].stride;
        c->conv = (struct lw_conv2d){sizeof c->conv,
                                     1,
                                     size,
                                     size,
                                     layers[i].inputs,
                                     layers[i].outputs,
                                     groups,
                                     {kernel, kernel, stride, stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                                     {LW_RELU6, 0, 0, 0},
                                     layers[i].winograd,
                                     0,
                                     0};
        struct lw_sizes sizes;
        if (lw_conv2d_sizes(context, &c->conv, &sizes) != LW_OK) return;
        size_t input = (size_t)size * size * layers[i].inputs;
        size_t filter = (size_t)kernel * kernel * layers[i].inputs / groups * layers[i].outputs;
        c->input = lw_bench_floats(b, input);
        c->bias = lw_bench_floats(b, layers[i].outputs);
        c->output = lw_bench_floats(b, sizes.output_elements);
        c->packed = lw_bench_buffer(b, sizes.packed_bytes);
        c->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
        if (lw_conv2d_pack(context, &c->conv, lw_bench_floats(b, filter), c->packed) != LW_OK) return;
        double pixels = (double)sizes.output_height * sizes.output_width;
        lw_bench_add(b, layers[i].label, 2 * pixels * (double)filter,
                     4 * (double)(input + filter + sizes.output_elements), bench_conv_run, c);
    }
}

static void bench_transpose(struct lw_bench *b) {
    static const struct {
        const char *label;
        uint32_t size, inputs, outputs, kernel, stride;
    } layers[] = {
        {"2x2 s2 32x32 64->64", 32, 64, 64, 2, 2}, {"2x2 s2 128x128 16->1", 128, 16, 1, 2, 2},
        {"3x3 s2 32x32 64->64", 32, 64, 64, 3, 2}, {"4x4 s2 16x16 128->64", 16, 128, 64, 4, 2},
        {"3x3 s1 28x28 64->32", 28, 64, 32, 3, 1},
    };
    const struct lw_context *context = lw_bench_context(b);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        struct call *c = lw_bench_buffer(b, sizeof *c);
        uint32_t size = layers[i].size, kernel = layers[i].kernel, stride = layers[i].stride;
        c->transpose = (struct lw_conv2d_transpose){sizeof c->transpose,
                                                    1,
                                                    size,
                                                    size,
                                                    layers[i].inputs,
                                                    size * stride,
                                                    size * stride,
                                                    layers[i].outputs,
                                                    {kernel, kernel, stride, stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                                                    {LW_RELU, 0, 0, 0},
                                                    0,
                                                    0};
        struct lw_sizes sizes;
        if (lw_conv2d_transpose_sizes(context, &c->transpose, &sizes) != LW_OK) return;
        size_t input = (size_t)size * size * layers[i].inputs;
        size_t filter = (size_t)kernel * kernel * layers[i].inputs * layers[i].outputs;
        c->input = lw_bench_floats(b, input);
        c->bias = lw_bench_floats(b, layers[i].outputs);
        c->output = lw_bench_floats(b, sizes.output_elements);
        c->packed = lw_bench_buffer(b, sizes.packed_bytes);
        c->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
        if (lw_conv2d_transpose_pack(context, &c->transpose, lw_bench_floats(b, filter), c->packed) != LW_OK) return;
        lw_bench_add(b, layers[i].label, 2.0 * size * size * (double)filter,
                     4 * (double)(input + filter + sizes.output_elements), bench_transpose_run, c);
    }
}

static const struct lw_row rows[] = {
    {"conv2d", LW_NO_SLOT, conv_row, bench_conv},
    {"conv2d_transpose", LW_NO_SLOT, transpose_row, bench_transpose},
};

const struct lw_family lw_family_conv2d = {"conv2d", rows, sizeof rows / sizeof rows[0]};
