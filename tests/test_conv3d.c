/* SPDX-License-Identifier: MIT */
/* The operators conv3d and conv3d_*_gradient, depthwise_conv2d_*_gradient with their slot, against plain sums in double
 * precision that follow lanewise.h's formulas. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/oracle.h"
#include "tests/rows.h"

enum which { FORWARD, INPUT_GRADIENT, FILTER_GRADIENT };
static const char *const names[] = {"conv3d", "conv3d_input_gradient", "conv3d_filter_gradient"};

static enum lw_status sizes_of(enum which which, const struct lw_context *c, const struct lw_conv3d *d,
                               struct lw_sizes *sizes) {
    if (which == FORWARD) return lw_conv3d_sizes(c, d, sizes);
    if (which == INPUT_GRADIENT) return lw_conv3d_input_gradient_sizes(c, d, sizes);
    return lw_conv3d_filter_gradient_sizes(c, d, sizes);
}

/* Runs one of the three; `weights` is the filter, or the gradient of the output. */
static enum lw_status run(struct lw_test *t, enum which which, const struct lw_context *c, const struct lw_conv3d *d,
                          const float *input, const float *weights, float *output) {
    struct lw_sizes sizes;
    lw_test_status(sizes_of(which, c, d, &sizes), LW_OK, names[which]);
    void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    if (which == FILTER_GRADIENT) return lw_conv3d_filter_gradient_run(c, d, input, weights, scratch, output);
    lw_test_status(which == FORWARD ? lw_conv3d_pack(c, d, weights, packed)
                                    : lw_conv3d_input_gradient_pack(c, d, weights, packed),
                   LW_OK, "pack");
    lw_test_all_written(packed, sizes.packed_bytes);
    lw_test_seal(t, packed);
    return which == FORWARD ? lw_conv3d_run(c, d, input, packed, scratch, output)
                            : lw_conv3d_input_gradient_run(c, d, input, packed, scratch, output);
}

/* Every product of the convolution: input element, filter element and output element. Returns how many there are. */
struct term {
    size_t input, filter, output;
};
static size_t terms_of(const struct lw_conv3d *d, struct lw_oracle_span rows, struct lw_oracle_span columns,
                       struct term *terms) {
    const struct lw_window *w = &d->window;
    const size_t inputs = d->input_channels / d->groups, outputs = d->output_channels / d->groups;
    size_t count = 0, output = 0;
    for (size_t n = 0; n < d->batch; n++) {
        for (long z = 0; z < (long)d->output_depth; z++) {
            for (long y = 0; y < rows.output; y++) {
                for (long x = 0; x < columns.output; x++) {
                    for (size_t o = 0; o < d->output_channels; o++, output++) {
                        for (long k = 0; k < (long)(d->kernel_depth * w->kernel_height * w->kernel_width); k++) {
                            const long kx = k % (long)w->kernel_width,
                                       ky = k / (long)w->kernel_width % (long)w->kernel_height;
                            const long kz = k / (long)w->kernel_width / (long)w->kernel_height;
                            const long iz =
                                z * (long)d->stride_depth + kz * (long)d->dilation_depth - (long)d->pad_front;
                            const long iy = y * (long)w->stride_height + ky * (long)w->dilation_height - rows.before;
                            const long ix = x * (long)w->stride_width + kx * (long)w->dilation_width - columns.before;
                            if (iz < 0 || iz >= (long)d->input_depth || iy < 0 || iy >= (long)d->input_height ||
                                ix < 0 || ix >= (long)d->input_width)
                                continue;
                            for (size_t i = 0; i < inputs; i++, count++) {
                                if (!terms) continue;
                                const size_t pixel =
                                    ((n * d->input_depth + (size_t)iz) * d->input_height + (size_t)iy) *
                                        d->input_width +
                                    (size_t)ix;
                                terms[count] = (struct term){pixel * d->input_channels + o / outputs * inputs + i,
                                                             ((size_t)k * inputs + i) * d->output_channels + o, output};
                            }
                        }
                    }
                }
            }
        }
    }
    return count;
}

/* Checks one operator; winograd_off keeps conv2d's stated order, whose bound is simple. */
static void check(struct lw_test *t, enum which which, const struct lw_conv3d *d) {
    const struct lw_window *w = &d->window;
    char label[200];
    snprintf(label, sizeof label,
             "%s %ux%ux%ux%ux%u to %ux%u, groups %u, kernel %ux%ux%u, strides %u %u %u, dilations %u %u %u",
             names[which], d->batch, d->input_depth, d->input_height, d->input_width, d->input_channels,
             d->output_depth, d->output_channels, d->groups, d->kernel_depth, w->kernel_height, w->kernel_width,
             d->stride_depth, w->stride_height, w->stride_width, d->dilation_depth, w->dilation_height,
             w->dilation_width);
    const struct lw_oracle_span rows = lw_oracle_rows(w, d->input_height),
                                columns = lw_oracle_columns(w, d->input_width);
    const size_t volume = (size_t)d->input_depth * d->input_height * d->input_width;
    const size_t inputs = d->batch * volume * d->input_channels;
    const size_t outputs =
        (size_t)d->batch * d->output_depth * (size_t)rows.output * (size_t)columns.output * d->output_channels;
    const size_t filters = (size_t)d->kernel_depth * w->kernel_height * w->kernel_width *
                           (d->input_channels / d->groups) * d->output_channels;
    const size_t a_count = which == INPUT_GRADIENT ? outputs : inputs,
                 b_count = which == FILTER_GRADIENT ? outputs : filters;
    const size_t n = which == FORWARD ? outputs : which == INPUT_GRADIENT ? inputs : filters;
    struct lw_sizes sizes = {0};
    lw_test_status(sizes_of(which, t->tested, d, &sizes), LW_OK, label);
    lw_test_true(sizes.output_elements == n, "%s: %zu elements, not %zu", label, sizes.output_elements, n);
    const float *a = lw_test_floats(t, a_count, LW_FILL_UNIFORM), *b = lw_test_floats(t, b_count, LW_FILL_UNIFORM);
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    lw_test_status(run(t, which, t->tested, d, a, b, got), LW_OK, label);
    lw_test_status(run(t, which, t->reference, d, a, b, other), LW_OK, label);
    if (t->exact) lw_test_same(label, other, got, n);

    const size_t count = terms_of(d, rows, columns, NULL);
    struct term *terms = lw_test_buffer(t, count * sizeof *terms);
    terms_of(d, rows, columns, terms);
    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    size_t *added = lw_test_buffer(t, n * sizeof *added);
    for (size_t i = 0; i < n; i++) want[i] = bound[i] = 0, added[i] = 1;
    for (size_t i = 0; i < count; i++) {
        const struct term *m = terms + i;
        const size_t to = which == FORWARD ? m->output : which == INPUT_GRADIENT ? m->input : m->filter;
        const double product = (double)a[which == INPUT_GRADIENT ? m->output : m->input] *
                               (double)b[which == FILTER_GRADIENT ? m->output : m->filter];
        want[to] += product;
        bound[to] += fabs(product);
        added[to]++;
    }
    /* A sum of partial sums, of which there are no more than its terms. */
    for (size_t i = 0; i < n; i++) bound[i] = lw_test_gamma(2 * added[i], bound[i]);
    lw_test_within(label, want, bound, got, n);
}

static struct lw_conv3d random_conv(struct lw_test *t, uint32_t round) {
    struct lw_conv3d d = {.struct_bytes = sizeof d, .winograd = LW_WINOGRAD_OFF};
    const bool volumes = round % 3 != 0;
    d.batch = (uint32_t)lw_test_range(t, round % 16 ? 1 : 0, 3);
    d.input_depth = (uint32_t)lw_test_range(t, 1, volumes ? 6 : 1);
    d.input_height = (uint32_t)lw_test_range(t, round % 16 == 1 ? 0 : 1, 9);
    d.input_width = (uint32_t)lw_test_range(t, round % 16 == 2 ? 0 : 1, 9);
    d.groups = round % 4 ? 1 : (uint32_t)lw_test_range(t, 1, 4);
    d.input_channels = d.groups * (uint32_t)lw_test_range(t, 1, 9 / d.groups);
    d.output_channels = d.groups * (uint32_t)lw_test_range(t, 1, round % 5 ? 5 : 19 / d.groups);
    d.kernel_depth = volumes ? (uint32_t)lw_test_range(t, 1, 3) : 1;
    d.stride_depth = volumes ? (uint32_t)lw_test_range(t, 1, 3) : 1;
    d.dilation_depth = volumes ? (uint32_t)lw_test_range(t, 1, 2) : 1;
    d.pad_front = volumes ? (uint32_t)lw_test_range(t, 0, 3) : 0;
    d.output_depth = (uint32_t)lw_test_range(t, round % 16 == 3 ? 0 : 1, volumes ? 5 : 1);
    d.window = lw_oracle_window(t, 3);
    return d;
}

static void check_many(struct lw_test *t, enum which which) {
    for (uint32_t round = 0, checked = 0; checked < 60; round++) {
        struct lw_conv3d d = random_conv(t, round);
        if (which == INPUT_GRADIENT) d.groups = 1;
        struct lw_sizes sizes;
        if (lw_oracle_rows(&d.window, d.input_height).output < 0 ||
            lw_oracle_columns(&d.window, d.input_width).output < 0) {
            lw_test_status(sizes_of(which, t->tested, &d, &sizes), LW_BAD_SHAPE, "a window that does not fit");
            continue;
        }
        check(t, which, &d);
        checked++;
    }
    /* Sums of many blocks: rows longer than one, several planes in one, with strides and groups. */
    static const struct {
        uint32_t batch, height, width, inputs, outputs, groups, kernel, stride;
    } large[] = {{1, 30, 31, 3, 5, 1, 3, 1}, {1, 41, 40, 7, 7, 7, 3, 2},  {9, 9, 11, 12, 8, 2, 3, 1},
                 {2, 3, 401, 2, 3, 1, 1, 1}, {3, 25, 24, 6, 12, 6, 5, 2}, {40, 5, 5, 4, 6, 1, 3, 1},
                 {1, 5, 6, 3, 70, 1, 3, 1}};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        struct lw_conv3d d = {.struct_bytes = sizeof d,
                              .batch = large[i].batch,
                              .input_depth = 1,
                              .input_height = large[i].height,
                              .input_width = large[i].width,
                              .input_channels = large[i].inputs,
                              .output_depth = 1,
                              .output_channels = large[i].outputs,
                              .groups = which == INPUT_GRADIENT ? 1 : large[i].groups,
                              .kernel_depth = 1,
                              .stride_depth = 1,
                              .dilation_depth = 1,
                              .winograd = LW_WINOGRAD_OFF};
        d.window = (struct lw_window){
            large[i].kernel, large[i].kernel, large[i].stride, large[i].stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0};
        check(t, which, &d);
    }
}

static void check_errors(struct lw_test *t, enum which which) {
    const struct lw_context *c = t->tested;
    const struct lw_conv3d good = {
        sizeof good,     2, 3, 5, 4, 6, 2, 8, 1, 2, 1, 1, 0, {3, 2, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
        LW_WINOGRAD_AUTO};
    struct lw_conv3d d;
    struct lw_sizes sizes;
    lw_test_status(sizes_of(which, c, &good, &sizes), LW_OK, "the valid convolution");
    const float *input = lw_test_floats(t, 2 * 3 * 5 * 4 * 8, LW_FILL_UNIFORM);
    const float *filter = lw_test_floats(t, 2 * 3 * 2 * 6 * 8, LW_FILL_UNIFORM);
    float *output = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
    float *poison = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
    void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
#define RUN(context, op, in, weights, work, out)                                                                       \
    (which == FORWARD          ? lw_conv3d_run(context, op, in, weights, work, out)                                    \
     : which == INPUT_GRADIENT ? lw_conv3d_input_gradient_run(context, op, in, weights, work, out)                     \
                               : lw_conv3d_filter_gradient_run(context, op, in, weights, work, out))
#define WRONG(status, change)                                                                                          \
    do {                                                                                                               \
        d = good;                                                                                                      \
        change;                                                                                                        \
        lw_test_status(sizes_of(which, c, &d, &sizes), status, #change " (sizes)");                                    \
        if (which == FORWARD) lw_test_status(lw_conv3d_pack(c, &d, filter, packed), status, #change " (pack)");        \
        if (which == INPUT_GRADIENT)                                                                                   \
            lw_test_status(lw_conv3d_input_gradient_pack(c, &d, filter, packed), status, #change " (pack)");           \
        lw_test_status(RUN(c, &d, input, packed, scratch, output), status, #change " (run)");                          \
    } while (0)
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes++);
    WRONG(LW_BAD_ENUM, d.window.padding = LW_PADDING_EXPLICIT + 1);
    WRONG(LW_BAD_ENUM, d.winograd = LW_WINOGRAD_OFF + 1);
    WRONG(LW_BAD_SHAPE, d.groups = 0);
    WRONG(LW_BAD_SHAPE, d.groups = 4);
    WRONG(LW_BAD_SHAPE, d.input_channels = 0);
    WRONG(LW_BAD_SHAPE, d.output_channels = 0);
    WRONG(LW_BAD_SHAPE, d.kernel_depth = 0);
    WRONG(LW_BAD_SHAPE, d.stride_depth = 0);
    WRONG(LW_BAD_SHAPE, d.dilation_depth = 0);
    WRONG(LW_BAD_SHAPE, d.window.kernel_height = 0);
    WRONG(LW_BAD_SHAPE, d.window.stride_width = 0);
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_VALID, d.window.kernel_height = 6));
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_EXPLICIT, d.window.pad_bottom = -4));
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_EXPLICIT, d.window.pad_right = INT32_MIN));
    WRONG(LW_TOO_LARGE, d.batch = d.input_height = d.input_width = UINT32_MAX);
    WRONG(LW_TOO_LARGE, d.output_channels = d.kernel_depth = d.window.kernel_width = UINT32_MAX - 1);
    if (which == INPUT_GRADIENT) WRONG(LW_UNSUPPORTED, d.groups = 2);
#undef WRONG
    lw_test_status(sizes_of(which, NULL, &good, &sizes), LW_NULL_POINTER, "sizes without a context");
    lw_test_status(sizes_of(which, c, NULL, &sizes), LW_NULL_POINTER, "sizes without a descriptor");
    lw_test_status(sizes_of(which, c, &good, NULL), LW_NULL_POINTER, "sizes without sizes");
    lw_test_status(RUN(NULL, &good, input, packed, scratch, output), LW_NULL_POINTER, "no context");
    lw_test_status(RUN(c, &good, NULL, packed, scratch, output), LW_NULL_POINTER, "no input");
    lw_test_status(RUN(c, &good, input, NULL, scratch, output), LW_NULL_POINTER, "no weights");
    lw_test_status(RUN(c, &good, input, packed, NULL, output), LW_NULL_POINTER, "no scratch");
    lw_test_status(RUN(c, &good, input, packed, scratch, NULL), LW_NULL_POINTER, "no output");
    if (which != FILTER_GRADIENT) {
        lw_test_status(which == FORWARD ? lw_conv3d_pack(c, &good, NULL, packed)
                                        : lw_conv3d_input_gradient_pack(c, &good, NULL, packed),
                       LW_NULL_POINTER, "pack without a filter");
        lw_test_status(which == FORWARD ? lw_conv3d_pack(c, &good, filter, NULL)
                                        : lw_conv3d_input_gradient_pack(c, &good, filter, NULL),
                       LW_NULL_POINTER, "pack to nowhere");
        d = good;
        d.batch = 0;
        lw_test_status(RUN(c, &d, NULL, packed, scratch, NULL), LW_OK, "an empty batch");
    }
    lw_test_same_bytes("the output after an error", poison, output, 4);
#undef RUN
}

static void forward_row(struct lw_test *t) {
    check_many(t, FORWARD);
    check_errors(t, FORWARD);
}

static void input_gradient_row(struct lw_test *t) {
    check_many(t, INPUT_GRADIENT);
    check_errors(t, INPUT_GRADIENT);
}

static void filter_gradient_row(struct lw_test *t) {
    check_many(t, FILTER_GRADIENT);
    check_errors(t, FILTER_GRADIENT);
}

/* ---- Gradients of depthwise convolutions ---- */

/* One of the two; `b` is the filter, or the gradient of the output. */
static enum lw_status depthwise_sizes(enum which which, const struct lw_context *c, const struct lw_depthwise_conv2d *d,
                                      struct lw_sizes *sizes) {
    return which == INPUT_GRADIENT ? lw_depthwise_conv2d_input_gradient_sizes(c, d, sizes)
                                   : lw_depthwise_conv2d_filter_gradient_sizes(c, d, sizes);
}
static enum lw_status depthwise_run(enum which which, const struct lw_context *c, const struct lw_depthwise_conv2d *d,
                                    const float *a, const float *b, void *scratch, float *output) {
    return which == INPUT_GRADIENT ? lw_depthwise_conv2d_input_gradient_run(c, d, a, b, scratch, output)
                                   : lw_depthwise_conv2d_filter_gradient_run(c, d, a, b, scratch, output);
}

/* The same as the gradient of an ordinary convolution with as many groups as channels. */
static void depthwise_check(struct lw_test *t, enum which which, const struct lw_depthwise_conv2d *d) {
    const struct lw_window *w = &d->window;
    char label[160];
    snprintf(label, sizeof label, "%ux%ux%ux%u, multiplier %u, kernel %ux%u, strides %u %u, dilations %u %u", d->batch,
             d->input_height, d->input_width, d->channels, d->depth_multiplier, w->kernel_height, w->kernel_width,
             w->stride_height, w->stride_width, w->dilation_height, w->dilation_width);
    const struct lw_oracle_span rows = lw_oracle_rows(w, d->input_height),
                                columns = lw_oracle_columns(w, d->input_width);
    const size_t channels = (size_t)d->channels * d->depth_multiplier;
    const size_t inputs = (size_t)d->batch * d->input_height * d->input_width * d->channels;
    const size_t outputs = (size_t)d->batch * (size_t)rows.output * (size_t)columns.output * channels;
    const size_t filters = w->kernel_height * w->kernel_width * channels;
    const size_t n = which == INPUT_GRADIENT ? inputs : filters;
    const float *a = lw_test_floats(t, which == INPUT_GRADIENT ? outputs : inputs, LW_FILL_UNIFORM);
    const float *b = lw_test_floats(t, which == INPUT_GRADIENT ? filters : outputs, LW_FILL_UNIFORM);
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    struct lw_sizes sizes = {0};
    lw_test_status(depthwise_sizes(which, t->tested, d, &sizes), LW_OK, label);
    lw_test_true(sizes.output_elements == n, "%s: %zu elements, not %zu", label, sizes.output_elements, n);
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(depthwise_run(which, t->tested, d, a, b, scratch, got), LW_OK, label);
    lw_test_status(depthwise_run(which, t->reference, d, a, b, scratch, other), LW_OK, label);
    if (t->exact) lw_test_same(label, other, got, n);
    if (n == 0 || channels == 0) return;

    const struct lw_conv3d conv = {
        sizeof conv, d->batch, 1, d->input_height, d->input_width, d->channels, 1, (uint32_t)channels, d->channels, 1,
        1,           1,        0, d->window,       LW_WINOGRAD_OFF};
    const size_t count = terms_of(&conv, rows, columns, NULL);
    struct term *terms = lw_test_buffer(t, count * sizeof *terms);
    terms_of(&conv, rows, columns, terms);
    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    size_t *added = lw_test_buffer(t, n * sizeof *added);
    for (size_t i = 0; i < n; i++) want[i] = bound[i] = 0, added[i] = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t to = which == INPUT_GRADIENT ? terms[i].input : terms[i].filter;
        const double product = (double)a[which == INPUT_GRADIENT ? terms[i].output : terms[i].input] *
                               (double)b[which == INPUT_GRADIENT ? terms[i].filter : terms[i].output];
        want[to] += product;
        bound[to] += fabs(product);
        added[to]++;
    }
    for (size_t i = 0; i < n; i++) bound[i] = lw_test_gamma(2 * added[i], bound[i]); /* sums of sums */
    lw_test_within(label, want, bound, got, n);
}

static void check_depthwise(struct lw_test *t, enum which which) {
    for (uint32_t round = 0, checked = 0; checked < 90; round++) {
        struct lw_depthwise_conv2d d = {.struct_bytes = sizeof d};
        d.batch = (uint32_t)lw_test_range(t, round % 16 ? 1 : 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, round % 16 == 1 ? 0 : 1, 11);
        d.input_width = (uint32_t)lw_test_range(t, round % 16 == 2 ? 0 : 1, 13);
        d.channels = (uint32_t)lw_test_range(t, round % 16 == 3 ? 0 : 1, round % 3 ? 9 : 20);
        d.depth_multiplier = round % 3 ? 1 : (uint32_t)lw_test_range(t, 1, 4);
        d.window = lw_oracle_window(t, round % 4 ? 3 : 6);
        if (round % 6 == 5) d.window.stride_width = d.window.stride_height = 4;
        struct lw_sizes sizes;
        if (lw_oracle_rows(&d.window, d.input_height).output < 0 ||
            lw_oracle_columns(&d.window, d.input_width).output < 0) {
            lw_test_status(depthwise_sizes(which, t->tested, &d, &sizes), LW_BAD_SHAPE, "a window that does not fit");
            continue;
        }
        depthwise_check(t, which, &d);
        checked++;
    }

    const struct lw_context *c = t->tested;
    const struct lw_depthwise_conv2d good = {
        sizeof good, 2, 5, 4, 6, 2, {3, 3, 2, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0}, {LW_LINEAR, 0, 0, 0}, 0, 0};
    struct lw_depthwise_conv2d d;
    struct lw_sizes sizes;
    lw_test_status(depthwise_sizes(which, c, &good, &sizes), LW_OK, "the valid convolution");
    const float *a = lw_test_floats(t, 2 * 5 * 4 * 12, LW_FILL_UNIFORM);
    const float *b = lw_test_floats(t, 2 * 5 * 4 * 12, LW_FILL_UNIFORM);
    const size_t n = sizes.output_elements;
    float *output = lw_test_floats(t, n, LW_FILL_POISON);
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
#define WRONG(status, change)                                                                                          \
    do {                                                                                                               \
        d = good;                                                                                                      \
        change;                                                                                                        \
        lw_test_status(depthwise_sizes(which, c, &d, &sizes), status, #change " (sizes)");                             \
        lw_test_status(depthwise_run(which, c, &d, a, b, scratch, output), status, #change " (run)");                  \
    } while (0)
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes++);
    WRONG(LW_UNSUPPORTED, d.input_pixel_stride = 6);
    WRONG(LW_UNSUPPORTED, d.output_pixel_stride = 13);
    WRONG(LW_BAD_ENUM, d.window.padding = 3);
    WRONG(LW_BAD_SHAPE, d.depth_multiplier = 0);
    WRONG(LW_BAD_SHAPE, d.window.kernel_width = 0);
    WRONG(LW_BAD_SHAPE, (d.window.padding = LW_PADDING_VALID, d.window.kernel_height = 6));
    WRONG(LW_TOO_LARGE, d.batch = d.input_height = d.input_width = UINT32_MAX);
#undef WRONG
    lw_test_status(depthwise_sizes(which, NULL, &good, &sizes), LW_NULL_POINTER, "no context");
    lw_test_status(depthwise_sizes(which, c, NULL, &sizes), LW_NULL_POINTER, "no descriptor");
    lw_test_status(depthwise_sizes(which, c, &good, NULL), LW_NULL_POINTER, "no sizes");
    lw_test_status(depthwise_run(which, c, NULL, a, b, scratch, output), LW_NULL_POINTER, "no descriptor");
    lw_test_status(depthwise_run(which, c, &good, NULL, b, scratch, output), LW_NULL_POINTER, "no first tensor");
    lw_test_status(depthwise_run(which, c, &good, a, NULL, scratch, output), LW_NULL_POINTER, "no second tensor");
    lw_test_status(depthwise_run(which, c, &good, a, b, NULL, output), LW_NULL_POINTER, "no scratch");
    lw_test_status(depthwise_run(which, c, &good, a, b, scratch, NULL), LW_NULL_POINTER, "no output");
    float *poison = lw_test_floats(t, n, LW_FILL_POISON);
    lw_test_same_bytes("the output after an error", poison, output, n * sizeof *output);
}

static void depthwise_input_row(struct lw_test *t) {
    check_depthwise(t, INPUT_GRADIENT);
}

static void depthwise_filter_row(struct lw_test *t) {
    check_depthwise(t, FILTER_GRADIENT);
}

/* ---- The slot dwconv_gradient_f32 ---- */

static void gradient_row(struct lw_test *t) {
    for (uint32_t round = 0; round < 60; round++) {
        struct lw_dwconv_gradient_f32 d = {
            .columns = lw_test_range(t, round % 8 ? 1 : 0, 9),
            .channels = lw_test_range(t, round % 8 == 1 ? 0 : 1, 11),
            .kernel_height = round % 3 ? lw_test_range(t, round % 8 == 2 ? 0 : 1, 4) : 3,
            .kernel_width = round % 3 ? lw_test_range(t, 1, 12) : 3,
        };
        const size_t pixel = d.channels + lw_test_range(t, 0, 2);
        d.column_step = pixel * lw_test_range(t, 1, 2);
        d.tap_step = pixel * lw_test_range(t, 1, 2);
        const int fill = round % 4 ? LW_FILL_UNIFORM : round % 8 ? LW_FILL_WIDE : LW_FILL_SPECIAL;
        const size_t reach = d.columns && d.channels
                                 ? (d.columns - 1) * d.column_step + (d.kernel_width - 1) * d.tap_step + d.channels
                                 : 0;
        const size_t taps = d.kernel_height * d.kernel_width, n = taps * d.channels;
        const float *rows[4];
        for (size_t ky = 0; ky < d.kernel_height; ky++) rows[ky] = lw_test_floats(t, reach, fill);
        const float *gradient = lw_test_floats(t, d.columns * d.channels, fill);
        const float *before = lw_test_floats(t, n, LW_FILL_UNIFORM);
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        memcpy(got, before, n * sizeof *got);
        memcpy(other, before, n * sizeof *other);
        t->tested->kernels.dwconv_gradient_f32(&d, rows, gradient, got);
        t->reference->kernels.dwconv_gradient_f32(&d, rows, gradient, other);
        if (t->exact) lw_test_same("dwconv_gradient_f32", other, got, n);
        if (fill != LW_FILL_UNIFORM) continue;

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t i = 0; i < n; i++) {
            const size_t c = i % d.channels, kx = i / d.channels % d.kernel_width, ky = i / d.channels / d.kernel_width;
            want[i] = (double)before[i];
            bound[i] = fabs(want[i]);
            for (size_t x = 0; x < d.columns; x++) {
                const double product =
                    (double)rows[ky][x * d.column_step + kx * d.tap_step + c] * (double)gradient[x * d.channels + c];
                want[i] += product;
                bound[i] += fabs(product);
            }
            bound[i] = lw_test_gamma(d.columns + 2, bound[i]);
        }
        lw_test_within("dwconv_gradient_f32", want, bound, got, n);
    }
}

/* ---- Benchmarks ---- */

struct call {
    enum which which;
    struct lw_conv3d conv;
    struct lw_depthwise_conv2d depthwise;
    const float *a, *b;
    void *packed, *scratch;
    float *output;
};

static void bench_run(const struct lw_context *context, void *arg) {
    const struct call *c = arg;
    if (c->depthwise.struct_bytes)
        depthwise_run(c->which, context, &c->depthwise, c->a, c->b, c->scratch, c->output);
    else if (c->which == FORWARD)
        lw_conv3d_run(context, &c->conv, c->a, c->packed, c->scratch, c->output);
    else if (c->which == INPUT_GRADIENT)
        lw_conv3d_input_gradient_run(context, &c->conv, c->a, c->packed, c->scratch, c->output);
    else
        lw_conv3d_filter_gradient_run(context, &c->conv, c->a, c->b, c->scratch, c->output);
}

static void bench(struct lw_bench *b, enum which which, bool volumes) {
    static const struct {
        const char *label;
        bool volume;
        uint32_t batch, depth, size, inputs, outputs, groups, kernel, stride;
    } layers[] = {
        {"3x3 56x56 64->64", false, 1, 1, 56, 64, 64, 1, 3, 1},
        {"3x3 14x14 256->256", false, 1, 1, 14, 256, 256, 1, 3, 1},
        {"3x3 s2 112x112 3->32", false, 1, 1, 112, 3, 32, 1, 3, 2},
        {"5x5 32x28x28 1->16", false, 32, 1, 28, 1, 16, 1, 5, 1},
        {"1x1 8x14x14 96->96", false, 8, 1, 14, 96, 96, 1, 1, 1},
        {"1x1 8x7x7 512->512", false, 8, 1, 7, 512, 512, 1, 1, 1},
        {"3x3x3 16x28x28 16->32", true, 1, 16, 28, 16, 32, 1, 3, 1},
        {"3x3x3 16x28x28 1->16", true, 1, 16, 28, 1, 16, 1, 3, 1},
        {"3x3x3 s2 16x28x28 16->32", true, 1, 16, 28, 16, 32, 1, 3, 2},
    };
    const struct lw_context *context = lw_bench_context(b);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        if ((volumes && !layers[i].volume) || (which == INPUT_GRADIENT && layers[i].groups > 1)) continue;
        const uint32_t size = layers[i].size, kernel = layers[i].kernel, stride = layers[i].stride;
        const uint32_t depth = layers[i].volume ? kernel : 1, step = layers[i].volume ? stride : 1;
        struct call *c = lw_bench_buffer(b, sizeof *c);
        c->which = which;
        c->conv = (struct lw_conv3d){sizeof c->conv,
                                     layers[i].batch,
                                     layers[i].depth,
                                     size,
                                     size,
                                     layers[i].inputs,
                                     (layers[i].depth + step - 1) / step,
                                     layers[i].outputs,
                                     layers[i].groups,
                                     depth,
                                     step,
                                     1,
                                     depth / 2,
                                     {kernel, kernel, stride, stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                                     LW_WINOGRAD_AUTO};
        struct lw_sizes sizes;
        if (sizes_of(which, context, &c->conv, &sizes) != LW_OK) return;
        const size_t side = (size + stride - 1) / stride;
        const size_t input = (size_t)layers[i].batch * layers[i].depth * size * size * layers[i].inputs;
        const size_t output = layers[i].batch * c->conv.output_depth * side * side * layers[i].outputs;
        const size_t filter =
            (size_t)depth * kernel * kernel * (layers[i].inputs / layers[i].groups) * layers[i].outputs;
        c->a = lw_bench_floats(b, which == INPUT_GRADIENT ? output : input);
        c->b = lw_bench_floats(b, which == FILTER_GRADIENT ? output : filter);
        c->output = lw_bench_floats(b, sizes.output_elements);
        c->packed = lw_bench_buffer(b, sizes.packed_bytes);
        c->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
        if (which == FORWARD && lw_conv3d_pack(context, &c->conv, c->b, c->packed) != LW_OK) return;
        if (which == INPUT_GRADIENT && lw_conv3d_input_gradient_pack(context, &c->conv, c->b, c->packed) != LW_OK)
            return;
        lw_bench_add(b, layers[i].label, 2 * (double)output / layers[i].outputs * (double)filter,
                     4 * (double)(input + output + filter), bench_run, c);
    }
}

static void bench_forward(struct lw_bench *b) {
    bench(b, FORWARD, true);
}
static void bench_input_gradient(struct lw_bench *b) {
    bench(b, INPUT_GRADIENT, true);
}
static void bench_filter_gradient(struct lw_bench *b) {
    bench(b, FILTER_GRADIENT, false);
}

static void bench_depthwise(struct lw_bench *b, enum which which) {
    static const struct {
        const char *label;
        uint32_t size, channels, multiplier, kernel, stride;
    } layers[] = {{"3x3 56x56x128", 56, 128, 1, 3, 1},
                  {"3x3 s2 112x112x64", 112, 64, 1, 3, 2},
                  {"3x3 14x14x96", 14, 96, 1, 3, 1},
                  {"5x5 14x14x240", 14, 240, 1, 5, 1},
                  {"3x3 28x28x32 times 2", 28, 32, 2, 3, 1}};
    const struct lw_context *context = lw_bench_context(b);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        const uint32_t size = layers[i].size, kernel = layers[i].kernel, stride = layers[i].stride;
        struct call *c = lw_bench_buffer(b, sizeof *c);
        c->depthwise = (struct lw_depthwise_conv2d){sizeof c->depthwise,
                                                    1,
                                                    size,
                                                    size,
                                                    layers[i].channels,
                                                    layers[i].multiplier,
                                                    {kernel, kernel, stride, stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
                                                    {LW_LINEAR, 0, 0, 0},
                                                    0,
                                                    0};
        struct lw_sizes sizes;
        if (depthwise_sizes(which, context, &c->depthwise, &sizes) != LW_OK) return;
        const size_t side = (size + stride - 1) / stride, channels = (size_t)layers[i].channels * layers[i].multiplier;
        const size_t input = (size_t)size * size * layers[i].channels, output = side * side * channels;
        c->which = which;
        c->a = lw_bench_floats(b, which == INPUT_GRADIENT ? output : input);
        c->b = lw_bench_floats(b, which == INPUT_GRADIENT ? kernel * kernel * channels : output);
        c->output = lw_bench_floats(b, sizes.output_elements);
        c->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
        lw_bench_add(b, layers[i].label, 2.0 * (double)(output * kernel * kernel), 4 * (double)(input + output),
                     bench_run, c);
    }
}

static void bench_depthwise_input(struct lw_bench *b) {
    bench_depthwise(b, INPUT_GRADIENT);
}
static void bench_depthwise_filter(struct lw_bench *b) {
    bench_depthwise(b, FILTER_GRADIENT);
}

static const struct lw_row rows[] = {
    {"conv3d", LW_NO_SLOT, forward_row, bench_forward},
    {"conv3d_input_gradient", LW_NO_SLOT, input_gradient_row, bench_input_gradient},
    {"conv3d_filter_gradient", LW_NO_SLOT, filter_gradient_row, bench_filter_gradient},
    {"depthwise_conv2d_input_gradient", LW_NO_SLOT, depthwise_input_row, bench_depthwise_input},
    {"depthwise_conv2d_filter_gradient", LW_NO_SLOT, depthwise_filter_row, bench_depthwise_filter},
    {"dwconv_gradient_f32", offsetof(struct lw_kernels, dwconv_gradient_f32), gradient_row, NULL},
};
const struct lw_family lw_family_conv3d = {"conv3d", rows, sizeof rows / sizeof rows[0]};
