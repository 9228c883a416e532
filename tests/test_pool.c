/* SPDX-License-Identifier: MIT */
/* Pooling: the micro-kernels and the operators. */
#include <math.h>
#include <string.h>

#include "tests/oracle.h"
#include "tests/rows.h"
#include "tests/strided.h"

/* One output in doubles, tap by tap. */
struct pool {
    bool average;
    double value, magnitude; /* magnitude leaves out what is not finite */
    size_t taps;
};

static struct pool start(bool average) {
    return (struct pool){average, average ? 0 : -INFINITY, 0, 0};
}

static void add(struct pool *p, float x) {
    if (p->average)
        p->value += (double)x;
    else if (p->value < (double)x)
        p->value = (double)x;
    if (isfinite(x)) p->magnitude += fabs((double)x);
    p->taps++;
}

/* Ready for lw_test_within. Where partial sums may exceed the floats, doubles can't tell what happens: take any. */
static void expect(struct pool p, float got, double *want, double *bound) {
    *want = p.value;
    *bound = 0;
    if (!p.average) return;
    *want = p.magnitude > 1e38 ? (double)got : p.value / (double)p.taps;
    *bound = p.taps ? lw_test_gamma(p.taps + 1, p.magnitude / (double)p.taps) : 0;
}

/* ---- The slots ---- */

static void check_slot(struct lw_test *t, bool average, lw_pool_f32_fn *reference, lw_pool_f32_fn *tested) {
    enum { ROWS = 7 };
    for (int round = 0; round < 300; round++) {
        size_t columns = lw_test_range(t, 0, round % 8 < 2 ? 90 : 9);
        size_t channels = lw_test_range(t, 0, round % 8 == 4 ? 90 : 21);
        size_t height = lw_test_range(t, 0, 4), width = lw_test_range(t, 0, 4), stride = lw_test_range(t, 1, 4);
        size_t dilation = round % 4 == 1 ? lw_test_range(t, 1, 3) : 1;
        if (round % 4 == 0) height = width = lw_test_range(t, 2, 3), stride = lw_test_range(t, 1, 2); /* as in models */
        if (round % 8 == 3) height = lw_test_range(t, 0, ROWS), width = lw_test_range(t, 1, 90);
        size_t pitch = channels + (round % 8 ? 0 : lw_test_range(t, 0, 5)); /* a channel slice of wider pixels */
        size_t column_step = stride * pitch, tap_step = dilation * pitch;
        size_t length = columns && width ? (columns - 1) * column_step + (width - 1) * tap_step + channels : 0;

        /* Rows and the list of them lie in guarded buffers of just their size. */
        int fill = round % 5 == 3 ? LW_FILL_SPECIAL : round % 5 == 4 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
        const float **rows = lw_test_buffer(t, height * sizeof *rows);
        for (size_t ky = 0; ky < height; ky++) rows[ky] = lw_test_floats(t, length, fill);
        lw_test_seal(t, rows);

        size_t n = columns * channels, out_step = channels + (round % 3 ? 0 : lw_test_range(t, 0, 5));
        size_t reach = columns ? (columns - 1) * out_step + channels : 0;
        float *spread = lw_test_floats(t, reach, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
        float *other = lw_test_floats(t, n, LW_FILL_POISON);
        tested(columns, channels, height, width, column_step, tap_step, rows, spread, out_step);
        for (size_t x = 0; x < columns; x++) memcpy(got + x * channels, spread + x * out_step, channels * sizeof *got);
        reference(columns, channels, height, width, column_step, tap_step, rows, other, channels);
        lw_test_same_spread(t, "pool into wider pixels", other, spread, columns, channels, out_step,
                            channels ? reach : 0);
        lw_test_same("pool against scalar", other, got, n); /* relaxed too: there is nothing to fuse */

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t i = 0; i < n; i++) {
            struct pool one = start(average);
            for (size_t tap = 0; tap < height * width; tap++)
                add(&one, rows[tap / width][i / channels * column_step + tap % width * tap_step + i % channels]);
            expect(one, got[i], &want[i], &bound[i]);
        }
        lw_test_within("pool against doubles", want, bound, got, n);
    }
}

static void check_maxpool(struct lw_test *t) {
    check_slot(t, false, t->reference->kernels.maxpool_f32, t->tested->kernels.maxpool_f32);
}

static void check_avgpool(struct lw_test *t) {
    check_slot(t, true, t->reference->kernels.avgpool_f32, t->tested->kernels.avgpool_f32);
}

static void check_argpool(struct lw_test *t) {
    enum { TAPS = 12 };
    for (int round = 0; round < 300; round++) {
        size_t columns = lw_test_range(t, 0, 9), channels = lw_test_range(t, 0, round % 4 ? 9 : 40);
        size_t taps = lw_test_range(t, 0, TAPS), column_step = lw_test_range(t, 0, 2 * channels);
        bool last = round % 2;
        size_t length = columns ? (columns - 1) * column_step + channels : 0, n = columns * channels;
        const float **pixels = lw_test_buffer(t, taps * sizeof *pixels);
        for (size_t i = 0; i < taps; i++) {
            float *x = lw_test_floats(t, length, round % 3 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
            for (size_t j = 0; j < length; j++) /* equals */
                if (lw_test_range(t, 0, 2) == 0) x[j] = round % 5 ? rintf(x[j]) : -INFINITY;
            lw_test_seal(t, x);
            pixels[i] = x;
        }
        lw_test_seal(t, pixels);
        int32_t *got = lw_test_buffer(t, n * sizeof *got), *other = lw_test_buffer(t, n * sizeof *other);
        t->tested->kernels.argpool_f32(columns, channels, taps, column_step, last, pixels, got);
        t->reference->kernels.argpool_f32(columns, channels, taps, column_step, last, pixels, other);
        lw_test_same_bytes("argpool against scalar", other, got, n * sizeof *got);
        for (size_t i = 0; i < n; i++) {
            size_t at = i / channels * column_step + i % channels;
            int32_t want = -1;
            for (size_t k = 0; k < taps; k++) { /* from the other side: what nothing before and after it beats */
                size_t tap = last ? taps - 1 - k : k;
                float v = pixels[tap][at], best = want < 0 ? -INFINITY : pixels[want][at];
                if (v > best || (last && want < 0 && v >= best)) want = (int32_t)tap;
            }
            lw_test_true(got[i] == want, "argpool: element %zu is %d, want %d", i, got[i], want);
        }
    }
}

/* ---- The operator ---- */

static void run(struct lw_test *t, const struct lw_context *context, const struct lw_pool2d *d, const float *input,
                float *output) {
    struct lw_sizes sizes;
    enum lw_status status = lw_pool2d_sizes(context, d, &sizes);
    lw_test_true(status == LW_OK, "pool2d sizes: %s", lw_status_string(status));
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    status = lw_pool2d_run(context, d, input, scratch, output);
    lw_test_true(status == LW_OK, "pool2d run: %s", lw_status_string(status));
}

/* The same pooling from and to parts of wider pixels. */
static void check_strided(struct lw_test *t, const struct lw_pool2d *dense, const float *input, const float *want) {
    struct lw_pool2d d = *dense;
    d.input_pixel_stride = lw_test_stride(t, d.channels);
    d.output_pixel_stride = lw_test_stride(t, d.channels);
    struct lw_sizes sizes;
    lw_test_status(lw_pool2d_sizes(t->tested, &d, &sizes), LW_OK, "strided pool2d sizes");
    const size_t pixels = (size_t)d.batch * d.input_height * d.input_width;
    float *got = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
    run(t, t->tested, &d, lw_test_spread(t, input, pixels, d.channels, d.input_pixel_stride), got);
    lw_test_same_spread(t, "strided pool2d", want, got, (size_t)d.batch * sizes.output_height * sizes.output_width,
                        d.channels, d.output_pixel_stride, sizes.output_elements);
}

static void check_geometry(struct lw_test *t, const struct lw_pool2d *d) {
    struct lw_oracle_span rows = lw_oracle_rows(&d->window, d->input_height);
    struct lw_oracle_span columns = lw_oracle_columns(&d->window, d->input_width);
    struct lw_sizes sizes = {0};
    enum lw_status status = lw_pool2d_sizes(t->tested, d, &sizes);
    if (rows.output < 0 || columns.output < 0) {
        lw_test_true(status == LW_BAD_SHAPE, "a window that does not fit: %s", lw_status_string(status));
        return;
    }
    lw_test_true(status == LW_OK, "sizes: %s", lw_status_string(status));
    size_t height = (size_t)rows.output, width = (size_t)columns.output;
    size_t n = (size_t)d->batch * height * width * d->channels;
    lw_test_true(sizes.output_height == height && sizes.output_width == width && sizes.output_elements == n &&
                     sizes.packed_bytes == 0,
                 "output is %u x %u, want %zu x %zu", sizes.output_height, sizes.output_width, height, width);

    /* Special values go through the pools, but an exponential of them is another test's business. */
    bool special = d->activation.kind == LW_LINEAR || d->activation.kind == LW_CLAMP;
    const float *input = lw_test_floats(t, (size_t)d->batch * d->input_height * d->input_width * d->channels,
                                        special ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    run(t, t->tested, d, input, got);
    run(t, t->reference, d, input, other);
    if (t->exact) lw_test_same("pool2d against scalar", other, got, n);
    check_strided(t, d, input, got);

    const struct lw_window *w = &d->window;
    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    size_t i = 0;
    for (size_t b = 0; b < d->batch; b++) {
        for (size_t p = 0; p < height * width; p++) {
            for (size_t c = 0; c < d->channels; c++, i++) {
                struct pool one = start(d->kind == LW_POOL_AVERAGE);
                for (long ky = 0; ky < (long)w->kernel_height; ky++) {
                    for (long kx = 0; kx < (long)w->kernel_width; kx++) {
                        long y = (long)(p / width * w->stride_height) - rows.before + ky * (long)w->dilation_height;
                        long x = (long)(p % width * w->stride_width) - columns.before + kx * (long)w->dilation_width;
                        if (y < 0 || y >= (long)d->input_height || x < 0 || x >= (long)d->input_width) continue;
                        add(&one,
                            input[((b * d->input_height + (size_t)y) * d->input_width + (size_t)x) * d->channels + c]);
                    }
                }
                expect(one, got[i], &want[i], &bound[i]);
                /* An empty window: the activation of NaN or of -infinity; only the bound can't be computed. */
                double off = bound[i];
                want[i] = lw_oracle_activation(&d->activation, 0, want[i], &off);
                bound[i] = isfinite(off) ? off : 1e-30;
            }
        }
    }
    lw_test_within("pool2d against doubles", want, bound, got, n);
}

/* A small descriptor that is right: 2 images of 5 x 6 x 3, 3 x 3 taps, SAME. */
static struct lw_pool2d right(void) {
    return (struct lw_pool2d){
        .struct_bytes = sizeof(struct lw_pool2d),
        .kind = LW_POOL_AVERAGE,
        .batch = 2,
        .input_height = 5,
        .input_width = 6,
        .channels = 3,
        .window = {3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0},
        .activation = {LW_LINEAR, 0, 0, 0},
    };
}

static void check_rejected(struct lw_test *t, const char *what, struct lw_pool2d d, enum lw_status want) {
    static const float input[1024];
    static max_align_t scratch[1024];
    struct lw_sizes sizes = {7, 7, 7, 7, 7}, same = sizes;
    enum lw_status status = lw_pool2d_sizes(t->tested, &d, &sizes);
    lw_test_true(status == want, "%s: sizes gives %s", what, lw_status_string(status));
    lw_test_same_bytes(what, &same, &sizes, sizeof sizes);
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    status = lw_pool2d_run(t->tested, &d, input, scratch, output);
    lw_test_true(status == want, "%s: run gives %s", what, lw_status_string(status));
}

#define REJECT(change, status)                                                                                         \
    do {                                                                                                               \
        struct lw_pool2d d = right();                                                                                  \
        d.change;                                                                                                      \
        check_rejected(t, #change, d, status);                                                                         \
    } while (0)

static void check_errors(struct lw_test *t) {
    REJECT(struct_bytes = 0, LW_BAD_STRUCT_BYTES);
    REJECT(struct_bytes = offsetof(struct lw_pool2d, input_pixel_stride) - 1, LW_BAD_STRUCT_BYTES);
    REJECT(struct_bytes++, LW_BAD_STRUCT_BYTES);
    REJECT(input_pixel_stride = 2, LW_BAD_SHAPE);
    REJECT(output_pixel_stride = 2, LW_BAD_SHAPE);
    REJECT(kind = LW_POOL_AVERAGE + 1, LW_BAD_ENUM);
    REJECT(window.kernel_height = 0, LW_BAD_SHAPE);
    REJECT(window.kernel_width = 0, LW_BAD_SHAPE);
    REJECT(window.stride_height = 0, LW_BAD_SHAPE);
    REJECT(window.stride_width = 0, LW_BAD_SHAPE);
    REJECT(window.dilation_height = 0, LW_BAD_SHAPE);
    REJECT(window.dilation_width = 0, LW_BAD_SHAPE);
    REJECT(window.padding = 3, LW_BAD_ENUM);
    REJECT(activation.kind = LW_PRELU, LW_UNSUPPORTED);
    REJECT(activation.kind = LW_ORACLE_ACTIVATIONS, LW_BAD_ENUM);
    REJECT(activation = ((struct lw_activation){LW_CLAMP, 0, 1, 0}), LW_BAD_SHAPE);
    REJECT(activation = ((struct lw_activation){LW_CLAMP, 0, NAN, 0}), LW_BAD_SHAPE);
    REJECT(activation = ((struct lw_activation){LW_CLAMP, 0, 0, NAN}), LW_BAD_SHAPE);
    REJECT(window = ((struct lw_window){6, 3, 1, 1, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0}), LW_BAD_SHAPE);
    REJECT(window = ((struct lw_window){3, 7, 1, 1, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0}), LW_BAD_SHAPE);

    /* Every size 2^32 - 1: the products exceed 64 bits, and a zero among the factors does not hide it. */
    struct lw_pool2d d = right();
    d.batch = d.input_height = d.input_width = d.channels = UINT32_MAX;
    check_rejected(t, "everything huge", d, LW_TOO_LARGE);
    d.batch = 0;
    check_rejected(t, "everything huge but the batch", d, LW_TOO_LARGE);

    /* Pointers. */
    d = right();
    static const float input[1024];
    static max_align_t scratch[1024];
    float *output = lw_test_floats(t, 2 * 5 * 6 * 3, LW_FILL_POISON);
    lw_test_seal(t, output);
    struct lw_sizes sizes;
    lw_test_true(lw_pool2d_sizes(NULL, &d, &sizes) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_pool2d_sizes(t->tested, NULL, &sizes) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_pool2d_sizes(t->tested, &d, NULL) == LW_NULL_POINTER, "no sizes");
    for (int missing = 0; missing < 5; missing++) {
        enum lw_status status =
            lw_pool2d_run(missing == 0 ? NULL : t->tested, missing == 1 ? NULL : &d, missing == 2 ? NULL : input,
                          missing == 3 ? NULL : scratch, missing == 4 ? NULL : output);
        lw_test_true(status == LW_NULL_POINTER, "argument %d missing: %s", missing, lw_status_string(status));
    }

    /* What has no output needs no pointers. */
    d = right();
    d.batch = 0;
    lw_test_true(lw_pool2d_run(t->tested, &d, NULL, NULL, NULL) == LW_OK, "batch 0");
    d = right();
    d.channels = 0;
    lw_test_true(lw_pool2d_run(t->tested, &d, NULL, NULL, NULL) == LW_OK, "no channels");
}

static void check_operator(struct lw_test *t) {
    for (int round = 0; round < 180; round++) {
        struct lw_pool2d d = right();
        d.kind = (uint32_t)lw_test_range(t, LW_POOL_MAX, LW_POOL_AVERAGE);
        d.batch = (uint32_t)lw_test_range(t, 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, 0, 11);
        d.input_width = (uint32_t)lw_test_range(t, 0, 11);
        d.channels = (uint32_t)lw_test_range(t, 0, round % 8 ? 9 : 40);
        d.window = lw_oracle_window(t, 6);
        d.activation = lw_oracle_random_activation(t, (uint32_t)round % (LW_ORACLE_ACTIVATIONS));
        if (d.activation.kind == LW_PRELU) d.activation.kind = LW_LINEAR;
        if (round % 10 == 0) { /* global */
            d.window =
                (struct lw_window){d.input_height + 1, d.input_width + 1, 1, 1, 1, 1, LW_PADDING_VALID, 0, 0, 0, 0};
            d.input_height++;
            d.input_width++;
        }
        check_geometry(t, &d);
    }
    /* More pointers in an output row, and in one window, than one call of the micro-kernel takes. */
    struct lw_pool2d d = right();
    d.batch = 1;
    d.input_width = 300;
    check_geometry(t, &d);
    d.input_width = 220;
    d.window.kernel_height = 7;
    d.window.kernel_width = 301;
    check_geometry(t, &d);
    check_errors(t);
}

/* ---- Three dimensions, argmax and gradients ---- */

static struct lw_pool3d right3d(void) {
    return (struct lw_pool3d){
        .struct_bytes = sizeof(struct lw_pool3d),
        .kind = LW_POOL_MAX,
        .type = LW_FLOAT32,
        .batch = 2,
        .input_depth = 3,
        .input_height = 4,
        .input_width = 5,
        .channels = 3,
        .output_depth = 2,
        .output_height = 3,
        .output_width = 5,
        .kernel_depth = 2,
        .kernel_height = 2,
        .kernel_width = 3,
        .stride_depth = 1,
        .stride_height = 1,
        .stride_width = 1,
        .dilation_depth = 1,
        .dilation_height = 1,
        .dilation_width = 1,
        .pad_left = 1,
        .empty = 0.5f,
    };
}

static size_t input3d(const struct lw_pool3d *d) {
    return (size_t)d->batch * d->input_depth * d->input_height * d->input_width * d->channels;
}

static size_t output3d(const struct lw_pool3d *d) {
    return (size_t)d->batch * d->output_depth * d->output_height * d->output_width * d->channels;
}

/* The element of the input that a tap of output element i meets, or -1. */
static long tap3d(const struct lw_pool3d *d, size_t i, uint32_t kz, uint32_t ky, uint32_t kx) {
    long c = (long)(i % d->channels), rest = (long)(i / d->channels);
    long x = rest % d->output_width, y = rest / d->output_width % d->output_height;
    long z = rest / d->output_width / d->output_height % d->output_depth;
    long n = rest / d->output_width / d->output_height / d->output_depth;
    z = z * (long)d->stride_depth - d->pad_front + (long)kz * (long)d->dilation_depth;
    y = y * (long)d->stride_height - d->pad_top + (long)ky * (long)d->dilation_height;
    x = x * (long)d->stride_width - d->pad_left + (long)kx * (long)d->dilation_width;
    if (z < 0 || z >= (long)d->input_depth || y < 0 || y >= (long)d->input_height || x < 0 || x >= (long)d->input_width)
        return -1;
    return (((n * (long)d->input_depth + z) * (long)d->input_height + y) * (long)d->input_width + x) *
               (long)d->channels +
           c;
}

/* All that the operators may give for one output element. */
struct window3d {
    struct pool maximum, average;
    long at;      /* element of the maximum */
    int64_t sum;  /* of integers */
    int32_t most; /* likewise */
};

static struct window3d visit3d(const struct lw_pool3d *d, size_t i, const float *f, const int32_t *n) {
    struct window3d w = {start(false), start(true), -1, 0, INT32_MIN};
    for (uint32_t kz = 0; kz < d->kernel_depth; kz++) {
        for (uint32_t ky = 0; ky < d->kernel_height; ky++) {
            for (uint32_t kx = 0; kx < d->kernel_width; kx++) {
                long at = tap3d(d, i, kz, ky, kx);
                if (at < 0) continue;
                float best = w.at < 0 ? -INFINITY : f[w.at];
                if (d->type == LW_INT32 ? w.at < 0 || n[at] > n[w.at] || (d->last && n[at] == n[w.at])
                                        : f[at] > best || (d->last && f[at] >= best))
                    w.at = at;
                add(&w.maximum, f[at]);
                add(&w.average, f[at]);
                w.sum += n[at];
                if (n[at] > w.most) w.most = n[at];
            }
        }
    }
    return w;
}

static void check_gradient3d(struct lw_test *t, const struct lw_pool3d *d, const void *input, const float *f,
                             const int32_t *numbers, void *scratch) {
    size_t n = input3d(d), outputs = output3d(d);
    const float *dy = lw_test_floats(t, outputs, LW_FILL_UNIFORM);
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    enum lw_status status = lw_pool3d_gradient_run(t->tested, d, input, dy, scratch, got);
    lw_test_true(status == LW_OK, "gradient: %s", lw_status_string(status));
    lw_pool3d_gradient_run(t->reference, d, input, dy, scratch, other);
    lw_test_same("gradient against scalar", other, got, n); /* relaxed too: there is nothing to fuse */

    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    size_t *terms = lw_test_buffer(t, n * sizeof *terms);
    for (size_t i = 0; i < n; i++) want[i] = bound[i] = 0, terms[i] = 0;
    double count = (double)(d->kernel_depth * d->kernel_height * d->kernel_width);
    for (size_t i = 0; i < outputs; i++) {
        if (d->kind == LW_POOL_MAX) {
            long at = visit3d(d, i, f, numbers).at;
            if (at < 0) continue;
            want[at] += (double)dy[i];
            bound[at] += fabs((double)dy[i]);
            terms[at]++;
            continue;
        }
        for (size_t tap = 0; tap < (size_t)count; tap++) {
            long at = tap3d(d, i, (uint32_t)(tap / d->kernel_width / d->kernel_height),
                            (uint32_t)(tap / d->kernel_width % d->kernel_height), (uint32_t)(tap % d->kernel_width));
            if (at < 0) continue;
            want[at] += (double)dy[i] / count;
            bound[at] += fabs((double)dy[i]) / count;
            terms[at]++;
        }
    }
    for (size_t i = 0; i < n; i++) bound[i] = lw_test_gamma(terms[i] + 1, bound[i]);
    lw_test_within("gradient against doubles", want, bound, got, n);
}

static void check_all3d(struct lw_test *t, const struct lw_pool3d *d) {
    size_t n = input3d(d), outputs = output3d(d);
    struct lw_sizes sizes = {0};
    enum lw_status status = lw_pool3d_sizes(t->tested, d, &sizes);
    lw_test_true(status == LW_OK, "pool3d sizes: %s", lw_status_string(status));
    lw_test_true(sizes.output_elements == outputs && sizes.packed_bytes == 0, "pool3d sizes");
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);

    float *f = lw_test_floats(t, n, d->kind == LW_POOL_MAX ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
    int32_t *numbers = lw_test_buffer(t, n * sizeof *numbers);
    for (size_t i = 0; i < n; i++) {
        numbers[i] = (int32_t)lw_test_u32(t) >> lw_test_range(t, 0, 31);
        if (lw_test_range(t, 0, 3) == 0) f[i] = rintf(2 * lw_test_uniform(t, -1, 1)); /* equals */
    }
    lw_test_seal(t, f);
    lw_test_seal(t, numbers);
    const void *input = d->type == LW_INT32 ? (const void *)numbers : f;

    float *got = lw_test_floats(t, outputs, LW_FILL_POISON), *other = lw_test_floats(t, outputs, LW_FILL_POISON);
    int32_t *at = lw_test_buffer(t, outputs * sizeof *at);
    status = lw_pool3d_run(t->tested, d, input, scratch, got);
    lw_test_true(status == LW_OK, "pool3d run: %s", lw_status_string(status));
    status = lw_pool3d_run(t->reference, d, input, scratch, other);
    lw_test_same_bytes("pool3d against scalar", other, got, d->type == LW_INT32 ? outputs * sizeof *got : 0);
    if (d->type == LW_FLOAT32) lw_test_same("pool3d against scalar", other, got, outputs);
    status = lw_pool3d_argmax_run(t->tested, d, input, scratch, at);
    lw_test_true(status == LW_OK, "pool3d argmax: %s", lw_status_string(status));

    double *want = lw_test_buffer(t, outputs * sizeof *want), *bound = lw_test_buffer(t, outputs * sizeof *bound);
    for (size_t i = 0; i < outputs; i++) {
        struct window3d w = visit3d(d, i, f, numbers);
        size_t image = d->batch ? n / d->batch : 0, of = i / (outputs / d->batch);
        long where = w.at < 0 || d->with_batch ? w.at : w.at - (long)(of * image);
        lw_test_true(at[i] == where, "argmax: element %zu is %d, want %ld", i, at[i], where);
        bool average = d->kind == LW_POOL_AVERAGE;
        if (d->type == LW_INT32) {
            int32_t number, right = w.average.taps == 0 ? 0
                                    : average           ? (int32_t)(w.sum / (int64_t)w.average.taps)
                                                        : w.most;
            memcpy(&number, &got[i], sizeof number);
            lw_test_true(number == right, "pool3d: element %zu is %d, want %d", i, number, right);
        } else {
            expect(average ? w.average : w.maximum, got[i], &want[i], &bound[i]);
            if (average && w.average.taps == 0) want[i] = (double)d->empty;
        }
    }
    if (d->type == LW_FLOAT32) lw_test_within("pool3d against doubles", want, bound, got, outputs);
    check_gradient3d(t, d, input, f, numbers, scratch);
}

static void check_rejected3d(struct lw_test *t, const char *what, struct lw_pool3d d, enum lw_status want) {
    static const float input[1024];
    static max_align_t scratch[1024];
    struct lw_sizes sizes = {7, 7, 7, 7, 7}, same = sizes;
    enum lw_status status = lw_pool3d_sizes(t->tested, &d, &sizes);
    lw_test_true(status == want, "%s: sizes gives %s", what, lw_status_string(status));
    lw_test_same_bytes(what, &same, &sizes, sizeof sizes);
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    lw_test_status(lw_pool3d_run(t->tested, &d, input, scratch, output), want, what);
    lw_test_status(lw_pool3d_argmax_run(t->tested, &d, input, scratch, (int32_t *)output), want, what);
    lw_test_status(lw_pool3d_gradient_run(t->tested, &d, input, input, scratch, output), want, what);
}

#define REJECT3D(change, status)                                                                                       \
    do {                                                                                                               \
        struct lw_pool3d d = right3d();                                                                                \
        d.change;                                                                                                      \
        check_rejected3d(t, #change, d, status);                                                                       \
    } while (0)

static void check_errors3d(struct lw_test *t) {
    REJECT3D(struct_bytes--, LW_BAD_STRUCT_BYTES);
    REJECT3D(kind = LW_POOL_AVERAGE + 1, LW_BAD_ENUM);
    REJECT3D(type = LW_BOOL + 1, LW_BAD_ENUM);
    REJECT3D(type = LW_BOOL, LW_UNSUPPORTED);
    REJECT3D(last = 2, LW_BAD_ENUM);
    REJECT3D(kernel_depth = 0, LW_BAD_SHAPE);
    REJECT3D(kernel_height = 0, LW_BAD_SHAPE);
    REJECT3D(kernel_width = 0, LW_BAD_SHAPE);
    REJECT3D(stride_depth = 0, LW_BAD_SHAPE);
    REJECT3D(stride_height = 0, LW_BAD_SHAPE);
    REJECT3D(stride_width = 0, LW_BAD_SHAPE);
    REJECT3D(dilation_depth = 0, LW_BAD_SHAPE);
    REJECT3D(dilation_height = 0, LW_BAD_SHAPE);
    REJECT3D(dilation_width = 0, LW_BAD_SHAPE);
    struct lw_pool3d d = right3d();
    d.batch = d.input_depth = d.input_height = d.input_width = d.channels = UINT32_MAX;
    check_rejected3d(t, "everything huge", d, LW_TOO_LARGE);
    d = right3d();
    d.batch = 0; /* no element, but the last window begins too far away to be named */
    d.output_width = d.stride_width = UINT32_MAX;
    check_rejected3d(t, "far windows", d, LW_TOO_LARGE);

    d = right3d();
    static const float input[1024];
    static max_align_t scratch[1024];
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    d.with_batch = 2;
    lw_test_status(lw_pool3d_argmax_run(t->tested, &d, input, scratch, (int32_t *)output), LW_BAD_ENUM, "with_batch");
    d.with_batch = 0;
    struct lw_sizes sizes;
    lw_test_status(lw_pool3d_sizes(NULL, &d, &sizes), LW_NULL_POINTER, "no context");
    lw_test_status(lw_pool3d_sizes(t->tested, NULL, &sizes), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_pool3d_sizes(t->tested, &d, NULL), LW_NULL_POINTER, "no sizes");
    for (int missing = 0; missing < 6; missing++) {
        const struct lw_context *context = missing == 0 ? NULL : t->tested;
        const struct lw_pool3d *op = missing == 1 ? NULL : &d;
        const float *x = missing == 2 ? NULL : input, *dy = missing == 5 ? NULL : input;
        void *work = missing == 3 ? NULL : scratch;
        float *out = missing == 4 ? NULL : output;
        lw_test_status(lw_pool3d_gradient_run(context, op, x, dy, work, out), LW_NULL_POINTER, "gradient");
        if (missing == 5) continue;
        lw_test_status(lw_pool3d_run(context, op, x, work, out), LW_NULL_POINTER, "run");
        lw_test_status(lw_pool3d_argmax_run(context, op, x, work, (int32_t *)out), LW_NULL_POINTER, "argmax");
    }
    d.channels = 0;
    lw_test_status(lw_pool3d_run(t->tested, &d, NULL, NULL, NULL), LW_OK, "no channels");
    lw_test_status(lw_pool3d_argmax_run(t->tested, &d, NULL, NULL, NULL), LW_OK, "no channels");
    lw_test_status(lw_pool3d_gradient_run(t->tested, &d, NULL, NULL, NULL, NULL), LW_OK, "no channels");
}

static void check_pool3d(struct lw_test *t) {
    for (int round = 0; round < 240; round++) {
        struct lw_pool3d d = right3d();
        bool plane = round % 2;
        uint32_t *values[] = {&d.input_depth,  &d.input_height, &d.input_width,   &d.output_depth, &d.output_height,
                              &d.output_width, &d.kernel_depth, &d.kernel_height, &d.kernel_width};
        for (size_t i = 0; i < 9; i++)
            *values[i] = (uint32_t)lw_test_range(t, i < 6 && round % 9 == 0 ? 0 : 1, i < 6 ? 6 : 4);
        uint32_t *steps[] = {&d.stride_depth,   &d.stride_height,   &d.stride_width,
                             &d.dilation_depth, &d.dilation_height, &d.dilation_width};
        for (size_t i = 0; i < 6; i++) *steps[i] = (uint32_t)lw_test_range(t, 1, i < 3 ? 3 : round % 3 ? 1 : 2);
        int32_t *pads[] = {&d.pad_front, &d.pad_top, &d.pad_left};
        for (size_t i = 0; i < 3; i++) *pads[i] = (int32_t)lw_test_range(t, 0, 5) - 2;
        if (plane) d.input_depth = d.output_depth = d.kernel_depth = 1, d.pad_front = 0;
        d.batch = (uint32_t)lw_test_range(t, 1, 2);
        d.channels = (uint32_t)lw_test_range(t, 1, round % 5 ? 9 : 20);
        d.kind = (uint32_t)round / 2 % 2;
        d.type = round % 3 ? LW_FLOAT32 : LW_INT32;
        d.last = (uint32_t)lw_test_range(t, 0, 1);
        d.with_batch = (uint32_t)lw_test_range(t, 0, 1);
        if (round % 20 == 2) { /* the whole image */
            d.output_depth = d.output_height = d.output_width = 1;
            d.dilation_depth = d.dilation_height = d.dilation_width = 1;
            d.pad_front = d.pad_top = d.pad_left = 0;
            d.kernel_depth = d.kernel_height = d.kernel_width = 6;
        }
        check_all3d(t, &d);
    }
    check_errors3d(t);
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_pool2d d;
    const float *input;
    void *scratch;
    float *output;
};

static void bench_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_pool2d_run(context, &a->d, a->input, a->scratch, a->output);
}

static void bench_layer(struct lw_bench *b, const char *label, uint32_t kind, uint32_t size, uint32_t channels,
                        uint32_t kernel, uint32_t stride, uint32_t padding) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->d = right();
    a->d.kind = kind;
    a->d.batch = 1;
    a->d.input_height = a->d.input_width = size;
    a->d.channels = channels;
    a->d.window = (struct lw_window){kernel, kernel, stride, stride, 1, 1, padding, 0, 0, 0, 0};
    struct lw_sizes sizes;
    if (lw_pool2d_sizes(lw_bench_context(b), &a->d, &sizes) != LW_OK) return;
    size_t input = (size_t)size * size * channels;
    a->input = lw_bench_floats(b, input);
    a->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    a->output = lw_bench_buffer(b, sizes.output_elements * sizeof(float));
    lw_bench_add(b, label, (double)sizes.output_elements * kernel * kernel,
                 4.0 * (double)(input + sizes.output_elements), bench_run, a);
}

static void bench_maxpool(struct lw_bench *b) {
    bench_layer(b, "112x112x64 3x3 s2", LW_POOL_MAX, 112, 64, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "112x112x64 2x2 s2", LW_POOL_MAX, 112, 64, 2, 2, LW_PADDING_SAME);
    bench_layer(b, "56x56x24 3x3 s2", LW_POOL_MAX, 56, 24, 3, 2, LW_PADDING_VALID);
    bench_layer(b, "56x56x64 3x3 s1", LW_POOL_MAX, 56, 64, 3, 1, LW_PADDING_SAME);
    bench_layer(b, "56x56x64 2x2 s1", LW_POOL_MAX, 56, 64, 2, 1, LW_PADDING_SAME);
    bench_layer(b, "28x28x64 5x5 s1", LW_POOL_MAX, 28, 64, 5, 1, LW_PADDING_SAME);
    bench_layer(b, "13x13x512 13x13 s1", LW_POOL_MAX, 13, 512, 13, 1, LW_PADDING_SAME);
    bench_layer(b, "28x28x256 3x3 s2", LW_POOL_MAX, 28, 256, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "56x56x128 3x3 s2", LW_POOL_MAX, 56, 128, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "14x14x512 3x3 s1", LW_POOL_MAX, 14, 512, 3, 1, LW_PADDING_SAME);
    bench_layer(b, "14x14x512 3x3 s2", LW_POOL_MAX, 14, 512, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "7x7x1024 3x3 s2", LW_POOL_MAX, 7, 1024, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "112x112x1 3x3 s2", LW_POOL_MAX, 112, 1, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "112x112x3 3x3 s1", LW_POOL_MAX, 112, 3, 3, 1, LW_PADDING_SAME);
    bench_layer(b, "112x112x8 2x2 s2", LW_POOL_MAX, 112, 8, 2, 2, LW_PADDING_SAME);
}

static void bench_avgpool(struct lw_bench *b) {
    bench_layer(b, "112x112x64 3x3 s2", LW_POOL_AVERAGE, 112, 64, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "56x56x64 3x3 s2", LW_POOL_AVERAGE, 56, 64, 3, 2, LW_PADDING_SAME);
    bench_layer(b, "28x28x256 3x3 s1", LW_POOL_AVERAGE, 28, 256, 3, 1, LW_PADDING_SAME);
    bench_layer(b, "112x112x64 2x2 s2", LW_POOL_AVERAGE, 112, 64, 2, 2, LW_PADDING_SAME);
    bench_layer(b, "7x7x1024 global", LW_POOL_AVERAGE, 7, 1024, 7, 1, LW_PADDING_VALID);
}

struct gradient_arg {
    struct lw_pool3d d;
    const float *input, *gradient;
    void *scratch;
    float *output;
};

static void gradient_run(const struct lw_context *context, void *arg) {
    struct gradient_arg *a = arg;
    lw_pool3d_gradient_run(context, &a->d, a->input, a->gradient, a->scratch, a->output);
}

static void bench_gradient(struct lw_bench *b, const char *label, uint32_t kind, uint32_t size, uint32_t channels,
                           uint32_t kernel, uint32_t stride) {
    struct gradient_arg *a = lw_bench_buffer(b, sizeof *a);
    const uint32_t output = (size - kernel) / stride + 1;
    a->d = right3d();
    a->d.kind = kind;
    a->d.batch = 8;
    a->d.input_depth = a->d.output_depth = a->d.kernel_depth = 1;
    a->d.input_height = a->d.input_width = size;
    a->d.channels = channels;
    a->d.output_height = a->d.output_width = output;
    a->d.kernel_height = a->d.kernel_width = kernel;
    a->d.stride_height = a->d.stride_width = stride;
    a->d.pad_left = 0;
    struct lw_sizes sizes;
    if (lw_pool3d_sizes(lw_bench_context(b), &a->d, &sizes) != LW_OK) return;
    a->input = lw_bench_floats(b, input3d(&a->d));
    a->gradient = lw_bench_floats(b, sizes.output_elements);
    a->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    a->output = lw_bench_buffer(b, input3d(&a->d) * sizeof(float));
    const double moved = (kind == LW_POOL_MAX ? 2.0 : 1.0) * (double)input3d(&a->d) + (double)sizes.output_elements;
    lw_bench_add(b, label, (double)sizes.output_elements * kernel * kernel, 4.0 * moved, gradient_run, a);
}

static void bench_pool3d(struct lw_bench *b) {
    bench_gradient(b, "max gradient 8x28x28x32 2x2 s2", LW_POOL_MAX, 28, 32, 2, 2);
    bench_gradient(b, "max gradient 8x55x55x64 3x3 s2", LW_POOL_MAX, 55, 64, 3, 2);
    bench_gradient(b, "max gradient 8x28x28x1 2x2 s2", LW_POOL_MAX, 28, 1, 2, 2);
    bench_gradient(b, "average gradient 8x28x28x32 2x2 s2", LW_POOL_AVERAGE, 28, 32, 2, 2);
    bench_gradient(b, "average gradient 8x28x28x64 3x3 s1", LW_POOL_AVERAGE, 28, 64, 3, 1);
}

static const struct lw_row rows[] = {
    {"maxpool_f32", offsetof(struct lw_kernels, maxpool_f32), check_maxpool, bench_maxpool},
    {"avgpool_f32", offsetof(struct lw_kernels, avgpool_f32), check_avgpool, bench_avgpool},
    {"argpool_f32", offsetof(struct lw_kernels, argpool_f32), check_argpool, NULL},
    {"pool2d", LW_NO_SLOT, check_operator, NULL},
    {"pool3d", LW_NO_SLOT, check_pool3d, bench_pool3d},
};
const struct lw_family lw_family_pool = {"pool", rows, sizeof rows / sizeof rows[0]};
