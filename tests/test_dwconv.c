/* SPDX-License-Identifier: MIT */
/* Depthwise convolution: the three micro-kernels and the operator. */
#include <math.h>
#include <string.h>

#include "tests/epilogue.h"
#include "tests/oracle.h"
#include "tests/rows.h"
#include "tests/strided.h"

/* ---- The slots ---- */

/* The sum of one output with all that a bound needs. */
struct sum {
    double value, magnitude; /* magnitude leaves out what is not finite */
    size_t terms;
};

static void add(struct sum *s, double term) {
    s->value += term;
    if (isfinite(term)) s->magnitude += fabs(term);
    s->terms++;
}

/* Ready for lw_test_within. Where partial sums may exceed the floats, doubles can't tell what happens: take any. */
static void expect(struct sum s, float got, double *want, double *bound) {
    *want = s.magnitude > 1e38 ? (double)got : s.value;
    *bound = lw_test_gamma(s.terms + 1, s.magnitude);
}

static void check_slot(struct lw_test *t, lw_dwconv_f32_fn *reference, lw_dwconv_f32_fn *tested, size_t fixed_size) {
    for (int round = 0; round < 200; round++) {
        size_t channels = lw_test_range(t, 0, round % 8 ? 13 : 70);
        if (round % 16 == 7) channels = 128u * lw_test_range(t, 1, 4);          /* columns that collide in the cache */
        size_t distance = channels + (round % 4 ? 0 : lw_test_range(t, 1, 17)); /* of two pixels */
        struct lw_dwconv_f32 d = {
            .columns = lw_test_range(t, 0, 18),
            .channels = channels,
            .filter_height = fixed_size ? fixed_size : lw_test_range(t, 1, 9),
            .filter_width = fixed_size ? fixed_size : lw_test_range(t, 1, 9),
            .begin = lw_test_range(t, 0, 2) * distance,
            .column_step = lw_test_range(t, 1, 3) * distance,
            .tap_step = lw_test_range(t, 1, 3) * distance,
            .out_step = channels + (round % 5 ? 0 : lw_test_range(t, 1, 9)),
            .clamp = {-INFINITY, INFINITY},
        };
        if (round % 3 == 0) d.column_step = d.tap_step;
        if (lw_test_range(t, 0, 1)) d.clamp = (struct lw_clamp){lw_test_uniform(t, -1, 0), lw_test_uniform(t, 0, 1)};
        int fill = round % 5 == 3 ? LW_FILL_SPECIAL : round % 5 == 4 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
        /* A part of the filter. */
        size_t first_row = round % 2 ? 0 : lw_test_range(t, 0, d.filter_height);
        size_t first_column = round % 2 || fixed_size ? 0 : lw_test_range(t, 0, d.filter_width);
        d.kernel_height = d.filter_height - first_row;
        d.kernel_width = d.filter_width - first_column;
        if (round % 4 == 2 && d.kernel_height) d.kernel_height--;

        size_t row_floats = 0;
        if (d.columns && d.kernel_width)
            row_floats = d.begin + (d.columns - 1) * d.column_step + (d.kernel_width - 1) * d.tap_step + channels;
        size_t following = round % 3 == 2 ? lw_test_range(t, 0, 400) : 0;
        if (round % 3 != 1) d.readable = row_floats + following;
        const float *rows[9];
        for (size_t ky = 0; ky < d.kernel_height; ky++) rows[ky] = lw_test_floats(t, row_floats + following, fill);
        size_t blocks = (channels + 3) / 4, block = d.filter_height * d.filter_width * 4;
        const float *values =
            lw_test_floats(t, block / 4 * channels, fill); /* (filter_height, filter_width, channels) */
        float *weights = lw_test_buffer(t, blocks * block * sizeof(float));
        for (size_t i = 0; i < blocks * block; i++) {
            size_t start = i / block * 4, tap = i % block / 4, lane = i % 4;
            if (channels >= 4 && start > channels - 4) start = channels - 4;
            weights[i] = start + lane < channels ? values[tap * channels + start + lane] : 0.0f;
        }
        const float *part = weights + (first_row * d.filter_width + first_column) * 4;
        if (channels == 0) part = weights;
        const float *bias = lw_test_range(t, 0, 2) ? lw_test_floats(t, channels, fill) : NULL;

        size_t n = d.columns ? (d.columns - 1) * d.out_step + channels : 0;
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        tested(&d, rows, part, bias, got);
        reference(&d, rows, part, bias, other);
        if (t->exact) lw_test_same("dwconv against scalar", other, got, n);

        float *poison = lw_test_floats(t, n, LW_FILL_POISON);
        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t x = 0; x < d.columns; x++) {
            for (size_t c = 0; c < d.out_step && x * d.out_step + c < n; c++) {
                size_t i = x * d.out_step + c;
                if (c >= channels) { /* between two columns nothing is written */
                    lw_test_same_bytes("dwconv's gaps", &poison[i], &got[i], sizeof(float));
                    want[i] = (double)got[i];
                    bound[i] = 0;
                    continue;
                }
                struct sum s = {0, 0, 0};
                if (bias) add(&s, (double)bias[c]);
                for (size_t ky = 0; ky < d.kernel_height; ky++) {
                    for (size_t kx = 0; kx < d.kernel_width; kx++) {
                        size_t tap = (first_row + ky) * d.filter_width + first_column + kx;
                        add(&s, (double)rows[ky][d.begin + x * d.column_step + kx * d.tap_step + c] *
                                    (double)values[tap * channels + c]);
                    }
                }
                if (s.value < (double)d.clamp.lo) s.value = (double)d.clamp.lo;
                if ((double)d.clamp.hi < s.value) s.value = (double)d.clamp.hi;
                expect(s, got[i], &want[i], &bound[i]);
            }
        }
        lw_test_within("dwconv against doubles", want, bound, got, n);
    }
}

static void check_dwconv3x3(struct lw_test *t) {
    check_slot(t, t->reference->kernels.dwconv3x3_f32, t->tested->kernels.dwconv3x3_f32, 3);
}

static void check_dwconv5x5(struct lw_test *t) {
    check_slot(t, t->reference->kernels.dwconv5x5_f32, t->tested->kernels.dwconv5x5_f32, 5);
}

static void check_dwconv(struct lw_test *t) {
    check_slot(t, t->reference->kernels.dwconv_f32, t->tested->kernels.dwconv_f32, 0);
}

/* ---- The operator ---- */

static void run(struct lw_test *t, const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                const float *input, const float *filter, const float *bias, const float *slopes, float *output) {
    struct lw_sizes sizes;
    enum lw_status status = lw_depthwise_conv2d_sizes(context, d, &sizes);
    lw_test_true(status == LW_OK, "depthwise_conv2d sizes: %s", lw_status_string(status));
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    void *packed = lw_test_buffer(t, sizes.packed_bytes);
    status = lw_depthwise_conv2d_pack(context, d, filter, packed);
    lw_test_true(status == LW_OK, "depthwise_conv2d pack: %s", lw_status_string(status));
    const size_t n = sizes.output_elements, channels = (size_t)d->channels * d->depth_multiplier;
    const struct lw_epilogue steps = lw_test_steps(t, n, channels, bias, slopes),
                             plain = lw_test_epilogue(bias, slopes);
    struct lw_depthwise_conv2d linear = *d;
    linear.activation.kind = LW_LINEAR;
    float *sums = lw_test_floats(t, n, LW_FILL_POISON);
    status = lw_depthwise_conv2d_run(context, &linear, input, packed, &plain, scratch, sums);
    lw_test_true(status == LW_OK, "linear depthwise_conv2d run: %s", lw_status_string(status));
    status = lw_depthwise_conv2d_run(context, d, input, packed, &steps, scratch, output);
    lw_test_true(status == LW_OK, "depthwise_conv2d run with steps: %s", lw_status_string(status));
    lw_test_separate_steps(t, context, &d->activation, &steps, n, channels, sums, output);
    status = lw_depthwise_conv2d_run(context, d, input, packed, &plain, scratch, output);
    lw_test_true(status == LW_OK, "depthwise_conv2d run: %s", lw_status_string(status));
}

/* The same convolution from and to parts of wider pixels. */
static void check_strided(struct lw_test *t, const struct lw_depthwise_conv2d *dense, const float *input,
                          const float *filter, const float *bias, const float *slopes, const float *want) {
    struct lw_depthwise_conv2d d = *dense;
    const size_t channels = (size_t)d.channels * d.depth_multiplier;
    d.input_pixel_stride = lw_test_stride(t, d.channels);
    d.output_pixel_stride = lw_test_stride(t, channels);
    for (int with_steps = 0; with_steps < 2; with_steps++) {
        struct lw_sizes sizes;
        lw_test_status(lw_depthwise_conv2d_sizes(t->tested, &d, &sizes), LW_OK, "strided sizes");
        const size_t pixels = (size_t)d.batch * sizes.output_height * sizes.output_width;
        const float *from = lw_test_spread(t, input, (size_t)d.batch * d.input_height * d.input_width, d.channels,
                                           d.input_pixel_stride);
        struct lw_epilogue steps = lw_test_epilogue(bias, slopes);
        float *dense_got = lw_test_floats(t, pixels * channels, LW_FILL_POISON);
        if (with_steps) {
            steps = lw_test_steps(t, pixels * channels, channels, bias, slopes);
            void *packed, *scratch;
            struct lw_sizes dense_sizes;
            lw_test_status(lw_depthwise_conv2d_sizes(t->tested, dense, &dense_sizes), LW_OK, "sizes");
            packed = lw_test_buffer(t, dense_sizes.packed_bytes);
            scratch = lw_test_buffer(t, dense_sizes.scratch_bytes);
            lw_test_status(lw_depthwise_conv2d_pack(t->tested, dense, filter, packed), LW_OK, "pack");
            lw_test_status(lw_depthwise_conv2d_run(t->tested, dense, input, packed, &steps, scratch, dense_got), LW_OK,
                           "run with steps");
            if (steps.residual)
                steps.residual = lw_test_spread(t, steps.residual, pixels, channels, d.output_pixel_stride);
        }
        void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
        float *got = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
        lw_test_status(lw_depthwise_conv2d_pack(t->tested, &d, filter, packed), LW_OK, "strided pack");
        lw_test_status(lw_depthwise_conv2d_run(t->tested, &d, from, packed, &steps, scratch, got), LW_OK,
                       "strided run");
        lw_test_same_spread(t, with_steps ? "strided depthwise_conv2d with steps" : "strided depthwise_conv2d",
                            with_steps ? dense_got : want, got, pixels, channels, d.output_pixel_stride,
                            sizes.output_elements);
    }
}

static void check_geometry(struct lw_test *t, const struct lw_depthwise_conv2d *d) {
    struct lw_oracle_span rows = lw_oracle_rows(&d->window, d->input_height);
    struct lw_oracle_span columns = lw_oracle_columns(&d->window, d->input_width);
    struct lw_sizes sizes = {0};
    enum lw_status status = lw_depthwise_conv2d_sizes(t->tested, d, &sizes);
    if (rows.output < 0 || columns.output < 0) {
        lw_test_true(status == LW_BAD_SHAPE, "a window that does not fit: %s", lw_status_string(status));
        return;
    }
    lw_test_true(status == LW_OK, "sizes: %s", lw_status_string(status));
    size_t height = (size_t)rows.output, width = (size_t)columns.output, M = d->depth_multiplier;
    size_t channels = d->channels * M, n = d->batch * height * width * channels;
    lw_test_true(sizes.output_height == height && sizes.output_width == width && sizes.output_elements == n,
                 "output is %u x %u, want %zu x %zu", sizes.output_height, sizes.output_width, height, width);

    const struct lw_window *w = &d->window;
    const float *input =
        lw_test_floats(t, (size_t)d->batch * d->input_height * d->input_width * d->channels, LW_FILL_UNIFORM);
    const float *filter = lw_test_floats(t, w->kernel_height * w->kernel_width * channels, LW_FILL_UNIFORM);
    const float *bias = lw_test_range(t, 0, 2) ? lw_test_floats(t, channels, LW_FILL_UNIFORM) : NULL;
    const float *slopes = d->activation.kind == LW_PRELU ? lw_test_floats(t, channels, LW_FILL_UNIFORM) : NULL;
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    run(t, t->tested, d, input, filter, bias, slopes, got);
    run(t, t->reference, d, input, filter, bias, slopes, other);
    if (t->exact) lw_test_same("depthwise_conv2d against scalar", other, got, n);
    check_strided(t, d, input, filter, bias, slopes, got);

    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    size_t i = 0;
    for (size_t b = 0; b < d->batch; b++) {
        for (size_t p = 0; p < height * width; p++) {
            for (size_t o = 0; o < channels; o++, i++) {
                struct sum s = {0, 0, 0};
                if (bias) add(&s, (double)bias[o]);
                for (long ky = 0; ky < (long)w->kernel_height; ky++) {
                    for (long kx = 0; kx < (long)w->kernel_width; kx++) {
                        long y = (long)(p / width * w->stride_height) - rows.before + ky * (long)w->dilation_height;
                        long x = (long)(p % width * w->stride_width) - columns.before + kx * (long)w->dilation_width;
                        if (y < 0 || y >= (long)d->input_height || x < 0 || x >= (long)d->input_width) continue;
                        size_t pixel = (b * d->input_height + (size_t)y) * d->input_width + (size_t)x;
                        size_t tap = (size_t)ky * w->kernel_width + (size_t)kx;
                        add(&s, (double)input[pixel * d->channels + o / M] * (double)filter[tap * channels + o]);
                    }
                }
                expect(s, got[i], &want[i], &bound[i]);
                want[i] = lw_oracle_activation(&d->activation, slopes ? (double)slopes[o] : 0, want[i], &bound[i]);
            }
        }
    }
    lw_test_within("depthwise_conv2d against doubles", want, bound, got, n);
}

/* A small descriptor that is right: 2 images of 5 x 6 x 3, 3 x 3 taps, SAME. */
static struct lw_depthwise_conv2d right(void) {
    return (struct lw_depthwise_conv2d){
        .struct_bytes = sizeof(struct lw_depthwise_conv2d),
        .batch = 2,
        .input_height = 5,
        .input_width = 6,
        .channels = 3,
        .depth_multiplier = 2,
        .window = {3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
        .activation = {LW_LINEAR, 0, 0, 0},
    };
}

static void check_rejected(struct lw_test *t, const char *what, struct lw_depthwise_conv2d d, enum lw_status want) {
    static const float some[1024];
    static max_align_t scratch[1024];
    struct lw_sizes sizes = {7, 7, 7, 7, 7}, same = sizes;
    enum lw_status status = lw_depthwise_conv2d_sizes(t->tested, &d, &sizes);
    lw_test_true(status == want, "%s: sizes gives %s", what, lw_status_string(status));
    lw_test_same_bytes(what, &same, &sizes, sizeof sizes);
    float *output = lw_test_floats(t, 2048, LW_FILL_POISON);
    lw_test_seal(t, output);
    const struct lw_epilogue epilogue = lw_test_epilogue(some, some);
    status = lw_depthwise_conv2d_run(t->tested, &d, some, some, &epilogue, scratch, output);
    lw_test_true(status == want, "%s: run gives %s", what, lw_status_string(status));
    status = lw_depthwise_conv2d_pack(t->tested, &d, some, output);
    lw_test_true(status == want, "%s: pack gives %s", what, lw_status_string(status));
}

#define REJECT(change, status)                                                                                         \
    do {                                                                                                               \
        struct lw_depthwise_conv2d d = right();                                                                        \
        d.change;                                                                                                      \
        check_rejected(t, #change, d, status);                                                                         \
    } while (0)

static void check_errors(struct lw_test *t) {
    REJECT(struct_bytes = 0, LW_BAD_STRUCT_BYTES);
    REJECT(struct_bytes = offsetof(struct lw_depthwise_conv2d, input_pixel_stride) - 1, LW_BAD_STRUCT_BYTES);
    REJECT(struct_bytes++, LW_BAD_STRUCT_BYTES);
    REJECT(depth_multiplier = 0, LW_BAD_SHAPE);
    REJECT(input_pixel_stride = 2, LW_BAD_SHAPE);
    REJECT(output_pixel_stride = 5, LW_BAD_SHAPE);
    REJECT(window.kernel_height = 0, LW_BAD_SHAPE);
    REJECT(window.kernel_width = 0, LW_BAD_SHAPE);
    REJECT(window.stride_height = 0, LW_BAD_SHAPE);
    REJECT(window.stride_width = 0, LW_BAD_SHAPE);
    REJECT(window.dilation_height = 0, LW_BAD_SHAPE);
    REJECT(window.dilation_width = 0, LW_BAD_SHAPE);
    REJECT(window.padding = 3, LW_BAD_ENUM);
    REJECT(activation.kind = LW_ORACLE_ACTIVATIONS, LW_BAD_ENUM);
    REJECT(activation = ((struct lw_activation){LW_CLAMP, 0, 1, 0}), LW_BAD_SHAPE);
    REJECT(activation = ((struct lw_activation){LW_CLAMP, 0, NAN, 0}), LW_BAD_SHAPE);
    REJECT(activation = ((struct lw_activation){LW_CLAMP, 0, 0, NAN}), LW_BAD_SHAPE);
    REJECT(window = ((struct lw_window){6, 3, 1, 1, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0}), LW_BAD_SHAPE);
    REJECT(window = ((struct lw_window){3, 7, 1, 1, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0}), LW_BAD_SHAPE);

    /* Every size 2^32 - 1: the products exceed 64 bits, and a zero among the factors does not hide it. */
    struct lw_depthwise_conv2d d = right();
    d.batch = d.input_height = d.input_width = d.channels = d.depth_multiplier = UINT32_MAX;
    check_rejected(t, "everything huge", d, LW_TOO_LARGE);
    d.batch = 0;
    check_rejected(t, "everything huge but the batch", d, LW_TOO_LARGE);
    /* Tensors that fit beside a ring of rows that doesn't. */
    d = right();
    d.window.kernel_height = d.window.kernel_width = d.window.dilation_height = d.window.dilation_width = 1u << 16;
    d.channels = 1u << 16;
    d.depth_multiplier = 1u << 16;
    check_rejected(t, "a filter that is too large", d, LW_TOO_LARGE);
    d = right();
    d.input_height = 1;
    d.window.kernel_width = d.window.dilation_width = UINT32_MAX;
    d.channels = 1u << 16;
    check_rejected(t, "rows that are too large", d, LW_TOO_LARGE);

    /* Pointers. */
    d = right();
    static const float some[1024];
    static max_align_t scratch[1024];
    float *output = lw_test_floats(t, 5 * 6 * 3 * 2 * 2, LW_FILL_POISON);
    lw_test_seal(t, output);
    struct lw_sizes sizes;
    lw_test_true(lw_depthwise_conv2d_sizes(NULL, &d, &sizes) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_depthwise_conv2d_sizes(t->tested, NULL, &sizes) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_depthwise_conv2d_sizes(t->tested, &d, NULL) == LW_NULL_POINTER, "no sizes");
    const struct lw_epilogue epilogue = lw_test_epilogue(some, some);
    for (int missing = 0; missing < 7; missing++) {
        d.activation.kind = missing == 6 ? LW_PRELU : LW_LINEAR;
        enum lw_status status = lw_depthwise_conv2d_run(missing == 0 ? NULL : t->tested, missing == 1 ? NULL : &d,
                                                        missing == 2 ? NULL : some, missing == 3 ? NULL : some,
                                                        missing == 6 ? NULL : &epilogue, missing == 4 ? NULL : scratch,
                                                        missing == 5 ? NULL : output);
        lw_test_true(status == LW_NULL_POINTER, "argument %d missing: %s", missing, lw_status_string(status));
    }

    d.activation.kind = LW_LINEAR;
    for (int missing = 0; missing < 4; missing++) {
        enum lw_status status = lw_depthwise_conv2d_pack(missing == 0 ? NULL : t->tested, missing == 1 ? NULL : &d,
                                                         missing == 2 ? NULL : some, missing == 3 ? NULL : output);
        lw_test_true(status == LW_NULL_POINTER, "argument %d of pack missing: %s", missing, lw_status_string(status));
    }

    /* What has no output needs no pointers. */
    d = right();
    d.batch = 0;
    lw_test_true(lw_depthwise_conv2d_run(t->tested, &d, NULL, NULL, NULL, NULL, NULL) == LW_OK, "batch 0");
    lw_test_true(lw_depthwise_conv2d_pack(t->tested, &d, NULL, NULL) == LW_OK, "batch 0: nothing to pack");
    d = right();
    d.channels = 0;
    lw_test_true(lw_depthwise_conv2d_run(t->tested, &d, NULL, NULL, NULL, NULL, NULL) == LW_OK, "no channels");
    const struct lw_epilogue bad = {.struct_bytes = 3};
    lw_test_true(lw_depthwise_conv2d_run(t->tested, &d, NULL, NULL, &bad, NULL, NULL) == LW_BAD_STRUCT_BYTES,
                 "no channels and a bad epilogue");
}

/* Kernels may fetch what follows a row ahead of need, but nothing behind the last pixel's channels. */
static void check_readable(struct lw_test *t) {
    for (uint32_t width = 9; width < 40; width++) {
        for (uint32_t stride = 1; stride <= 2; stride++) {
            struct lw_depthwise_conv2d d = right();
            d.batch = d.depth_multiplier = 1;
            d.input_height = 3;
            d.input_width = width;
            d.channels = 8;
            d.window = (struct lw_window){3, 3, stride, stride, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0};
            d.input_pixel_stride = 30 * d.channels;
            struct lw_sizes sizes;
            lw_test_status(lw_depthwise_conv2d_sizes(t->tested, &d, &sizes), LW_OK, "sizes");
            const float *input = lw_test_floats(t, (3 * (size_t)width - 1) * d.input_pixel_stride + 8, LW_FILL_UNIFORM);
            void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
            float *output = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
            const float *filter = lw_test_floats(t, 9 * 8, LW_FILL_UNIFORM);
            lw_test_status(lw_depthwise_conv2d_pack(t->tested, &d, filter, packed), LW_OK, "pack");
            lw_test_status(lw_depthwise_conv2d_run(t->tested, &d, input, packed, NULL, scratch, output), LW_OK, "run");
        }
    }
}

static void check_operator(struct lw_test *t) {
    check_readable(t);
    for (int round = 0; round < 150; round++) {
        struct lw_depthwise_conv2d d = right();
        d.batch = (uint32_t)lw_test_range(t, 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, 0, 11);
        d.input_width = (uint32_t)lw_test_range(t, 0, 11);
        if (round % 7 == 0) d.input_width = (uint32_t)lw_test_range(t, 12, 120); /* wide: nothing is copied */
        d.channels = (uint32_t)lw_test_range(t, 0, 9);
        d.depth_multiplier = round % 2 ? 1 : (uint32_t)lw_test_range(t, 1, 4);
        d.window = lw_oracle_window(t, 6);
        if (round % 3 == 0) d.window.kernel_height = d.window.kernel_width = 3;
        if (round % 3 == 1) d.window.kernel_height = d.window.kernel_width = 5;
        d.activation = lw_oracle_random_activation(t, (uint32_t)round % (LW_ORACLE_ACTIVATIONS));
        check_geometry(t, &d);
    }
    /* Pixels that collide in the cache: tiles of eight channels, or copies laid out in another way. */
    for (uint32_t padding = LW_PADDING_VALID; padding <= LW_PADDING_SAME; padding++) {
        for (uint32_t stride = 1; stride <= 2; stride++) {
            struct lw_depthwise_conv2d d = right();
            d.depth_multiplier = 1;
            d.window.padding = padding;
            d.window.stride_height = d.window.stride_width = stride;
            d.batch = 1;
            d.input_width = 31;
            d.channels = 256;
            check_geometry(t, &d);
            d.input_width = 7;
            d.channels = 1024;
            check_geometry(t, &d);
            d.channels = 128;
            d.depth_multiplier = 2;
            check_geometry(t, &d);
        }
    }
    /* A window that reaches nothing but padding. */
    struct lw_depthwise_conv2d d = right();
    d.window = (struct lw_window){2, 2, 1, 1, 1, 1, LW_PADDING_EXPLICIT, 4, 3, 4, 3};
    check_geometry(t, &d);
    d.depth_multiplier = 1;
    check_geometry(t, &d);
    d.input_width = 40;
    check_geometry(t, &d);
    check_errors(t);
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_depthwise_conv2d d;
    const float *input, *bias;
    void *packed, *scratch;
    float *output;
};

static void bench_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    const struct lw_epilogue epilogue = lw_test_epilogue(a->bias, NULL);
    lw_depthwise_conv2d_run(context, &a->d, a->input, a->packed, &epilogue, a->scratch, a->output);
}

static void bench_layer(struct lw_bench *b, const char *label, uint32_t size, uint32_t channels, uint32_t kernel,
                        uint32_t stride) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->d = right();
    a->d.batch = a->d.depth_multiplier = 1;
    a->d.input_height = a->d.input_width = size;
    a->d.channels = channels;
    a->d.window.kernel_height = a->d.window.kernel_width = kernel;
    a->d.window.stride_height = a->d.window.stride_width = stride;
    a->d.activation.kind = LW_RELU6;
    struct lw_sizes sizes;
    if (lw_depthwise_conv2d_sizes(lw_bench_context(b), &a->d, &sizes) != LW_OK) return;
    size_t input = (size_t)size * size * channels, filter = (size_t)kernel * kernel * channels;
    a->input = lw_bench_floats(b, input);
    a->packed = lw_bench_buffer(b, sizes.packed_bytes);
    if (lw_depthwise_conv2d_pack(lw_bench_context(b), &a->d, lw_bench_floats(b, filter), a->packed) != LW_OK) return;
    a->bias = lw_bench_floats(b, channels);
    a->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    a->output = lw_bench_buffer(b, sizes.output_elements * sizeof(float));
    lw_bench_add(b, label, 2.0 * (double)sizes.output_elements * kernel * kernel,
                 4.0 * (double)(input + filter + channels + sizes.output_elements), bench_run, a);
}

static void bench_dwconv3x3(struct lw_bench *b) {
    bench_layer(b, "112x112x32 3x3 s1", 112, 32, 3, 1);
    bench_layer(b, "56x56x128 3x3 s1", 56, 128, 3, 1);
    bench_layer(b, "28x28x256 3x3 s1", 28, 256, 3, 1);
    bench_layer(b, "14x14x512 3x3 s1", 14, 512, 3, 1);
    bench_layer(b, "7x7x1024 3x3 s1", 7, 1024, 3, 1);
    bench_layer(b, "112x112x64 3x3 s2", 112, 64, 3, 2);
    bench_layer(b, "56x56x128 3x3 s2", 56, 128, 3, 2);
}

static void bench_dwconv5x5(struct lw_bench *b) {
    bench_layer(b, "64x64x24 5x5 s1", 64, 24, 5, 1);
    bench_layer(b, "32x32x48 5x5 s1", 32, 48, 5, 1);
}

static void bench_dwconv(struct lw_bench *b) {
    bench_layer(b, "28x28x96 7x7 s1", 28, 96, 7, 1);
}

static const struct lw_row rows[] = {
    {"dwconv3x3_f32", offsetof(struct lw_kernels, dwconv3x3_f32), check_dwconv3x3, bench_dwconv3x3},
    {"dwconv5x5_f32", offsetof(struct lw_kernels, dwconv5x5_f32), check_dwconv5x5, bench_dwconv5x5},
    {"dwconv_f32", offsetof(struct lw_kernels, dwconv_f32), check_dwconv, bench_dwconv},
    {"depthwise_conv2d", LW_NO_SLOT, check_operator, NULL},
};
const struct lw_family lw_family_dwconv = {"dwconv", rows, sizeof rows / sizeof rows[0]};
