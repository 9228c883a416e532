/* SPDX-License-Identifier: MIT */
/* Operators: greyscale dilation, local response normalization, and their gradients. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"

/* ---- Dilation ---- */

static struct lw_dilation2d right(void) {
    return (struct lw_dilation2d){
        .struct_bytes = sizeof(struct lw_dilation2d),
        .type = LW_FLOAT32,
        .batch = 2,
        .input_height = 5,
        .input_width = 6,
        .channels = 3,
        .output_height = 4,
        .output_width = 5,
        .kernel_height = 2,
        .kernel_width = 3,
        .stride_height = 1,
        .stride_width = 1,
        .dilation_height = 1,
        .dilation_width = 1,
        .pad_top = 0,
        .pad_left = 1,
    };
}

static size_t inputs(const struct lw_dilation2d *d) {
    return (size_t)d->batch * d->input_height * d->input_width * d->channels;
}

static size_t filters(const struct lw_dilation2d *d) {
    return (size_t)d->kernel_height * d->kernel_width * d->channels;
}

static size_t outputs(const struct lw_dilation2d *d) {
    return (size_t)d->batch * d->output_height * d->output_width * d->channels;
}

/* The header's formula for output element i: the largest sum, its pixel and its tap; -1 for none. */
struct sum {
    double value;
    long pixel, tap;
};

static struct sum largest(const struct lw_dilation2d *d, size_t i, const float *f, const int32_t *n, const float *ff,
                          const int32_t *fn) {
    struct sum s = {-9007199254740991.0, -1, 0};
    const long c = (long)(i % d->channels), p = (long)(i / d->channels), width = d->output_width;
    const long image = p / width / (long)d->output_height, row = p / width % (long)d->output_height, column = p % width;
    const long top = row * (long)d->stride_height - d->pad_top, left = column * (long)d->stride_width - d->pad_left;
    const long height = d->input_height, across = d->input_width, channels = d->channels;
    if (height && across && top < height && left < across) {
        const long y = top < 0 ? 0 : top, x = left < 0 ? 0 : left;
        s.pixel = ((image * height + y) * across + x) * channels + c;
    }
    for (long ky = 0; ky < (long)d->kernel_height; ky++) {
        for (long kx = 0; kx < (long)d->kernel_width; kx++) {
            const long y = top + ky * (long)d->dilation_height, x = left + kx * (long)d->dilation_width;
            if (y < 0 || y >= height || x < 0 || x >= across) continue;
            const long at = ((image * height + y) * across + x) * channels + c;
            const long tap = (ky * (long)d->kernel_width + kx) * channels + c;
            const double value =
                d->type == LW_INT32 ? (double)n[at] + (double)fn[tap] : (double)f[at] + (double)ff[tap];
            if (value > s.value) s = (struct sum){value, at, tap / channels * channels};
        }
    }
    return s;
}

static void check_all(struct lw_test *t, const struct lw_dilation2d *d) {
    const size_t in = inputs(d), taps = filters(d), out = outputs(d);
    const bool ints = d->type == LW_INT32;
    const float *f = lw_test_floats(t, in, LW_FILL_SPECIAL), *ff = lw_test_floats(t, taps, LW_FILL_UNIFORM);
    const float *dy = lw_test_floats(t, out, LW_FILL_UNIFORM);
    int32_t *n = lw_test_buffer(t, in * 4), *fn = lw_test_buffer(t, taps * 4), *dn = lw_test_buffer(t, out * 4);
    for (size_t i = 0; i < in; i++) n[i] = (int32_t)lw_test_u32(t) >> lw_test_range(t, 0, 31);
    for (size_t i = 0; i < taps; i++) fn[i] = (int32_t)lw_test_u32(t) >> lw_test_range(t, 0, 31);
    for (size_t i = 0; i < out; i++) dn[i] = (int32_t)lw_test_u32(t);
    lw_test_seal(t, n);
    lw_test_seal(t, fn);
    lw_test_seal(t, dn);
    const void *x = ints ? (const void *)n : f, *filter = ints ? (const void *)fn : ff;
    const void *gradient = ints ? (const void *)dn : dy;

    float *got = lw_test_floats(t, out, LW_FILL_POISON), *want = lw_test_floats(t, out, LW_FILL_POISON);
    float *dx = lw_test_floats(t, in, LW_FILL_POISON), *want_dx = lw_test_buffer(t, in * 4);
    float *df = lw_test_floats(t, taps, LW_FILL_POISON), *want_df = lw_test_buffer(t, taps * 4);
    memset(want_dx, 0, in * 4);
    memset(want_df, 0, taps * 4);
    lw_test_status(lw_dilation2d_run(t->tested, d, x, filter, got), LW_OK, "dilation2d");
    lw_test_status(lw_dilation2d_input_gradient_run(t->tested, d, x, filter, gradient, dx), LW_OK, "input gradient");
    lw_test_status(lw_dilation2d_filter_gradient_run(t->tested, d, x, filter, gradient, df), LW_OK, "filter gradient");
    for (size_t i = 0; i < out; i++) {
        const struct sum s = largest(d, i, f, n, ff, fn);
        const size_t tap = (size_t)s.tap + i % d->channels;
        if (ints) {
            const int32_t low = (int32_t)(uint32_t)(int64_t)s.value;
            memcpy(&want[i], &low, 4);
            if (s.pixel >= 0) ((uint32_t *)want_dx)[s.pixel] += (uint32_t)dn[i];
            ((uint32_t *)want_df)[tap] += (uint32_t)dn[i];
        } else {
            want[i] = (float)s.value;
            if (s.pixel >= 0) want_dx[s.pixel] += dy[i];
            want_df[tap] += dy[i];
        }
    }
    if (ints) {
        lw_test_same_bytes("dilation2d", want, got, out * 4);
        lw_test_same_bytes("input gradient", want_dx, dx, in * 4);
        lw_test_same_bytes("filter gradient", want_df, df, taps * 4);
    } else {
        lw_test_same("dilation2d", want, got, out);
        lw_test_same("input gradient", want_dx, dx, in);
        lw_test_same("filter gradient", want_df, df, taps);
    }
}

static void check_rejected(struct lw_test *t, const char *what, struct lw_dilation2d d, enum lw_status want) {
    static const float input[1024];
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    lw_test_status(lw_dilation2d_run(t->tested, &d, input, input, output), want, what);
    lw_test_status(lw_dilation2d_input_gradient_run(t->tested, &d, input, input, input, output), want, what);
    lw_test_status(lw_dilation2d_filter_gradient_run(t->tested, &d, input, input, input, output), want, what);
}

#define REJECT(change, status)                                                                                         \
    do {                                                                                                               \
        struct lw_dilation2d d = right();                                                                              \
        d.change;                                                                                                      \
        check_rejected(t, #change, d, status);                                                                         \
    } while (0)

static void check_dilation2d(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        struct lw_dilation2d d = right();
        d.type = round % 3 ? LW_FLOAT32 : LW_INT32;
        d.batch = (uint32_t)lw_test_range(t, 1, 2);
        d.channels = (uint32_t)lw_test_range(t, round % 9 ? 1 : 0, round % 5 ? 5 : 20);
        uint32_t *sizes[] = {&d.input_height,    &d.input_width,   &d.output_height, &d.output_width,
                             &d.kernel_height,   &d.kernel_width,  &d.stride_height, &d.stride_width,
                             &d.dilation_height, &d.dilation_width};
        for (size_t i = 0; i < 10; i++)
            *sizes[i] = (uint32_t)lw_test_range(t, i < 4 && round % 7 == 0 ? 0 : 1, i < 4 ? 7 : i < 6 ? 4 : 2);
        d.pad_top = (int32_t)lw_test_range(t, 0, 6) - 2;
        d.pad_left = (int32_t)lw_test_range(t, 0, 6) - 2;
        check_all(t, &d);
    }
    REJECT(struct_bytes--, LW_BAD_STRUCT_BYTES);
    REJECT(type = LW_BOOL + 1, LW_BAD_ENUM);
    REJECT(type = LW_BOOL, LW_UNSUPPORTED);
    REJECT(kernel_height = 0, LW_BAD_SHAPE);
    REJECT(kernel_width = 0, LW_BAD_SHAPE);
    REJECT(stride_height = 0, LW_BAD_SHAPE);
    REJECT(stride_width = 0, LW_BAD_SHAPE);
    REJECT(dilation_height = 0, LW_BAD_SHAPE);
    REJECT(dilation_width = 0, LW_BAD_SHAPE);
    struct lw_dilation2d d = right();
    d.batch = d.input_height = d.input_width = d.channels = UINT32_MAX;
    check_rejected(t, "everything huge", d, LW_TOO_LARGE);
    d = right();
    static const float input[1024];
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    for (int missing = 0; missing < 6; missing++) {
        const struct lw_context *context = missing == 0 ? NULL : t->tested;
        const struct lw_dilation2d *op = missing == 1 ? NULL : &d;
        const float *x = missing == 2 ? NULL : input, *filter = missing == 3 ? NULL : input;
        const float *dy = missing == 5 ? NULL : input;
        float *out = missing == 4 ? NULL : output;
        lw_test_status(lw_dilation2d_input_gradient_run(context, op, x, filter, dy, out), LW_NULL_POINTER, "input");
        lw_test_status(lw_dilation2d_filter_gradient_run(context, op, x, filter, dy, out), LW_NULL_POINTER, "filter");
        if (missing < 5) lw_test_status(lw_dilation2d_run(context, op, x, filter, out), LW_NULL_POINTER, "run");
    }
    d.channels = 0;
    lw_test_status(lw_dilation2d_run(t->tested, &d, NULL, NULL, NULL), LW_OK, "no channels");
    lw_test_status(lw_dilation2d_input_gradient_run(t->tested, &d, NULL, NULL, NULL, NULL), LW_OK, "no channels");
}

/* ---- Local response normalization ---- */

/* The sum of squares around channel c of a pixel, or of what `terms` has there. */
static double around(const struct lw_lrn *d, const double *terms, size_t c) {
    double sum = 0;
    for (size_t k = 0; k < d->channels; k++)
        if ((uint64_t)k + d->radius >= c && k <= (uint64_t)c + d->radius) sum += terms[k];
    return sum;
}

static void check_lrn(struct lw_test *t) {
    for (int round = 0; round < 120; round++) {
        struct lw_lrn d = {.struct_bytes = sizeof d};
        d.pixels = lw_test_range(t, 0, round % 10 ? 9 : 900);
        d.channels = (uint32_t)lw_test_range(t, 0, round % 4 ? 12 : 70);
        d.radius = round % 11 ? (uint32_t)lw_test_range(t, 0, 6) : UINT32_MAX;
        if (round % 50 == 5) d.channels = 3000, d.pixels = 2;
        if (d.radius > 6 && d.channels > 100) d.radius = 6;
        d.bias = lw_test_uniform(t, 0.5f, 2);
        d.alpha = lw_test_uniform(t, 0, 1);
        d.beta = round % 2 ? 0.75f : lw_test_uniform(t, 0, 2);
        const size_t n = d.pixels * d.channels;
        const float *x = lw_test_floats(t, n, LW_FILL_UNIFORM), *dy = lw_test_floats(t, n, LW_FILL_UNIFORM);
        float *y = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        float *dx = lw_test_floats(t, n, LW_FILL_POISON), *other_dx = lw_test_floats(t, n, LW_FILL_POISON);
        struct lw_sizes sizes;
        lw_test_status(lw_lrn_sizes(t->tested, &d, &sizes), LW_OK, "lrn sizes");
        lw_test_true(sizes.output_elements == n, "lrn sizes");
        void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
        lw_test_status(lw_lrn_run(t->tested, &d, x, scratch, y), LW_OK, "lrn");
        lw_lrn_run(t->reference, &d, x, scratch, other);
        lw_test_seal(t, y);
        lw_test_status(lw_lrn_gradient_run(t->tested, &d, x, y, dy, scratch, dx), LW_OK, "lrn gradient");
        lw_lrn_gradient_run(t->reference, &d, x, y, dy, scratch, other_dx);
        lw_test_same("lrn against scalar", other, y, n); /* relaxed too: there is nothing to fuse */
        lw_test_same("lrn gradient against scalar", other_dx, dx, n);

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        double *want_dx = lw_test_buffer(t, n * sizeof *want), *bound_dx = lw_test_buffer(t, n * sizeof *bound);
        double *squares = lw_test_buffer(t, d.channels * sizeof *squares);
        double *norm = lw_test_buffer(t, d.channels * sizeof *norm);
        double *terms = lw_test_buffer(t, d.channels * sizeof *terms),
               *sizes_of = lw_test_buffer(t, d.channels * sizeof *terms);
        const size_t near = 2 * (size_t)(d.radius < 200 ? d.radius : 200) + 8; /* roundings on the way to a norm */
        for (size_t p = 0; p < d.pixels; p++) {
            const size_t at = p * d.channels;
            for (size_t c = 0; c < d.channels; c++) squares[c] = (double)x[at + c] * (double)x[at + c];
            for (size_t c = 0; c < d.channels; c++) {
                norm[c] = (double)d.bias + (double)d.alpha * around(&d, squares, c);
                want[at + c] = (double)x[at + c] * pow(norm[c], -(double)d.beta);
                bound[at + c] = lw_test_gamma((size_t)((double)near * (1 + (double)d.beta)), fabs(want[at + c]));
                terms[c] = (double)y[at + c] * (double)dy[at + c] / norm[c];
                sizes_of[c] = fabs(terms[c]);
            }
            for (size_t c = 0; c < d.channels; c++) {
                const double own = (double)dy[at + c] * pow(norm[c], -(double)d.beta);
                const double factor = -2 * (double)d.alpha * (double)d.beta * (double)x[at + c];
                want_dx[at + c] = own + factor * around(&d, terms, c);
                const double size = fabs(own) + fabs(factor) * around(&d, sizes_of, c);
                bound_dx[at + c] = lw_test_gamma((size_t)((double)(2 * near) * (2 + (double)d.beta)), size);
            }
        }
        lw_test_within("lrn against doubles", want, bound, y, n);
        lw_test_within("lrn gradient against doubles", want_dx, bound_dx, dx, n);
    }

    struct lw_lrn d = {sizeof d, 5, 2, 7, 1, 1, 0.5f};
    static const float input[64];
    static max_align_t scratch[4096];
    float *output = lw_test_floats(t, 64, LW_FILL_POISON);
    lw_test_seal(t, output);
    struct lw_sizes sizes;
    for (int missing = 0; missing < 7; missing++) {
        const struct lw_context *context = missing == 0 ? NULL : t->tested;
        const struct lw_lrn *op = missing == 1 ? NULL : &d;
        const float *x = missing == 2 ? NULL : input;
        void *work = missing == 3 ? NULL : scratch;
        float *out = missing == 4 ? NULL : output;
        if (missing < 5) lw_test_status(lw_lrn_run(context, op, x, work, out), LW_NULL_POINTER, "lrn");
        if (missing < 2) lw_test_status(lw_lrn_sizes(context, op, &sizes), LW_NULL_POINTER, "lrn sizes");
        lw_test_status(
            lw_lrn_gradient_run(context, op, x, missing == 5 ? NULL : input, missing == 6 ? NULL : input, work, out),
            LW_NULL_POINTER, "lrn gradient");
    }
    lw_test_status(lw_lrn_sizes(t->tested, &d, NULL), LW_NULL_POINTER, "no sizes");
    struct lw_lrn wrong = d;
    wrong.struct_bytes++;
    lw_test_status(lw_lrn_run(t->tested, &wrong, input, scratch, output), LW_BAD_STRUCT_BYTES, "struct_bytes");
    wrong = d;
    wrong.pixels = SIZE_MAX;
    lw_test_status(lw_lrn_run(t->tested, &wrong, input, scratch, output), LW_TOO_LARGE, "huge");
    wrong.pixels = 0;
    lw_test_status(lw_lrn_run(t->tested, &wrong, NULL, NULL, NULL), LW_OK, "no pixels");
}

/* ---- Benchmarks ---- */

struct arg {
    struct lw_dilation2d d;
    struct lw_lrn lrn;
    const float *input, *filter;
    void *scratch;
    float *output;
};

static void run_dilation(const struct lw_context *context, void *arg) {
    struct arg *a = arg;
    lw_dilation2d_run(context, &a->d, a->input, a->filter, a->output);
}

static void bench_dilation2d(struct lw_bench *b) {
    struct arg *a = lw_bench_buffer(b, sizeof *a);
    a->d = right();
    a->d.batch = 1;
    a->d.input_height = a->d.input_width = a->d.output_height = a->d.output_width = 56;
    a->d.kernel_height = a->d.kernel_width = 3;
    a->d.channels = 32;
    a->d.pad_top = 1;
    a->input = lw_bench_floats(b, inputs(&a->d));
    a->filter = lw_bench_floats(b, filters(&a->d));
    a->output = lw_bench_buffer(b, outputs(&a->d) * sizeof(float));
    lw_bench_add(b, "56x56x32 3x3", 9.0 * (double)outputs(&a->d), 8.0 * (double)inputs(&a->d), run_dilation, a);
}

static void run_lrn(const struct lw_context *context, void *arg) {
    struct arg *a = arg;
    lw_lrn_run(context, &a->lrn, a->input, a->scratch, a->output);
}

static void bench_lrn(struct lw_bench *b) {
    struct arg *a = lw_bench_buffer(b, sizeof *a);
    a->lrn = (struct lw_lrn){sizeof a->lrn, 96, 5, 55 * 55, 1, 1e-4f, 0.75f};
    struct lw_sizes sizes;
    if (lw_lrn_sizes(lw_bench_context(b), &a->lrn, &sizes) != LW_OK) return;
    a->input = lw_bench_floats(b, sizes.output_elements);
    a->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    a->output = lw_bench_buffer(b, sizes.output_elements * sizeof(float));
    lw_bench_add(b, "55x55x96 radius 5", 14.0 * (double)sizes.output_elements, 8.0 * (double)sizes.output_elements,
                 run_lrn, a);
}

static const struct lw_row rows[] = {
    {"dilation2d", LW_NO_SLOT, check_dilation2d, bench_dilation2d},
    {"lrn", LW_NO_SLOT, check_lrn, bench_lrn},
};
const struct lw_family lw_family_filters = {"filters", rows, sizeof rows / sizeof rows[0]};
