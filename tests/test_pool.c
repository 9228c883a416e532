/* SPDX-License-Identifier: MIT */
/* Pooling: the two micro-kernels and the operator. */
#include <math.h>

#include "tests/oracle.h"
#include "tests/rows.h"

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

        size_t n = columns * channels;
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        tested(columns, channels, height, width, column_step, tap_step, rows, got);
        reference(columns, channels, height, width, column_step, tap_step, rows, other);
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
    REJECT(struct_bytes--, LW_BAD_STRUCT_BYTES);
    REJECT(struct_bytes++, LW_BAD_STRUCT_BYTES);
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

static const struct lw_row rows[] = {
    {"maxpool_f32", offsetof(struct lw_kernels, maxpool_f32), check_maxpool, bench_maxpool},
    {"avgpool_f32", offsetof(struct lw_kernels, avgpool_f32), check_avgpool, bench_avgpool},
    {"pool2d", LW_NO_SLOT, check_operator, NULL},
};
const struct lw_family lw_family_pool = {"pool", rows, sizeof rows / sizeof rows[0]};
