/* SPDX-License-Identifier: MIT */
/* The transforms of Winograd's convolution. The convolution itself is in test_conv2d.c. */
#include <math.h>

#include "tests/oracle.h"
#include "tests/rows.h"

enum { MAX_TAPS = 6 };

/* Random strides and, for each tap, a guarded buffer that ends with the last element the kernel may touch. */
struct call {
    size_t tile, tiles, channels, in_step, out_step;
    int fill;
};

static struct call random_call(struct lw_test *t, size_t tile, int round) {
    struct call c = {.tile = tile};
    c.tiles = lw_test_range(t, round % 8 ? 1 : 0, 5);
    c.channels = lw_test_range(t, round % 8 == 1 ? 0 : 1, round % 3 ? 9 : 40);
    c.in_step = c.channels + (round % 3 == 1 ? lw_test_range(t, 0, 7) : 0);
    c.out_step = c.channels + (round % 3 == 2 ? lw_test_range(t, 0, 7) : 0);
    c.fill = round % 5 == 3 ? LW_FILL_SPECIAL : round % 5 == 4 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
    return c;
}

static size_t extent(const struct call *c, size_t step) {
    return c->tiles ? (c->tiles - 1) * step + c->channels : 0;
}

/* Compares one output array with what `matrix` [tile + 2] makes of the inputs; roundings counts those of one value. */
static void check_one(struct lw_test *t, const char *label, const struct call *c, const double *matrix,
                      const float *const *in, const float *bias, struct lw_clamp clamp, const float *want_bits,
                      const float *got) {
    size_t n = extent(c, c->out_step);
    if (t->exact) lw_test_same(label, want_bits, got, n);
    for (size_t i = 0; i < c->tiles; i++) {
        double want[64], bound[64];
        for (size_t ch = 0; ch < c->channels; ch++) {
            double sum = bias ? (double)bias[ch] : 0, magnitude = fabs(sum);
            for (size_t k = 0; k < c->tile + 2; k++) {
                double x = (double)in[k][i * c->in_step + ch];
                sum += matrix[k] * x;
                magnitude += fabs(matrix[k] * x);
            }
            /* A product with a zero of the matrix is left out by the kernel, so what is not finite is for the bits. */
            float bits = got[i * c->out_step + ch];
            if (bias) sum = fmin(fmax(sum, (double)clamp.lo), (double)clamp.hi);
            want[ch] = isfinite(magnitude) && magnitude < 1e37 ? sum : (double)bits;
            bound[ch] = isfinite(magnitude) ? lw_test_gamma(7, magnitude) : 0;
        }
        lw_test_within(label, want, bound, got + i * c->out_step, c->channels);
    }
}

static void check_input(struct lw_test *t, size_t tile, lw_winograd_input_f32_fn *tested,
                        lw_winograd_input_f32_fn *reference) {
    for (int round = 0; round < 120; round++) {
        struct call c = random_call(t, tile, round);
        const float *in[MAX_TAPS];
        float *got[MAX_TAPS], *other[MAX_TAPS];
        for (size_t k = 0; k < tile + 2; k++) {
            in[k] = lw_test_floats(t, extent(&c, c.in_step), c.fill);
            got[k] = lw_test_floats(t, extent(&c, c.out_step), LW_FILL_POISON);
            other[k] = lw_test_floats(t, extent(&c, c.out_step), LW_FILL_POISON);
        }
        tested(c.tiles, c.channels, in, c.in_step, got, c.out_step);
        reference(c.tiles, c.channels, in, c.in_step, other, c.out_step);
        for (size_t k = 0; k < tile + 2; k++)
            check_one(t, "winograd input", &c, lw_oracle_winograd_bt(tile, k), in, NULL,
                      (struct lw_clamp){-INFINITY, INFINITY}, other[k], got[k]);
    }
}

static void check_output(struct lw_test *t, size_t tile, lw_winograd_output_f32_fn *tested,
                         lw_winograd_output_f32_fn *reference) {
    for (int round = 0; round < 120; round++) {
        struct call c = random_call(t, tile, round);
        const bool in_place = round % 4 == 3;
        if (in_place) c.out_step = c.in_step;
        const struct lw_clamp clamp = {round % 3 ? -INFINITY : 0, round % 3 == 1 ? 1 : INFINITY};
        const float *bias = round % 2 ? lw_test_floats(t, c.channels, c.fill) : NULL;
        const float *in[MAX_TAPS], *moving[MAX_TAPS];
        float *got[MAX_TAPS], *other[MAX_TAPS];
        size_t n = extent(&c, c.in_step);
        for (size_t k = 0; k < tile + 2; k++) {
            in[k] = moving[k] = lw_test_floats(t, n, c.fill);
            if (k >= tile) continue;
            got[k] = lw_test_floats(t, extent(&c, c.out_step), LW_FILL_POISON);
            other[k] = lw_test_floats(t, extent(&c, c.out_step), LW_FILL_POISON);
            if (in_place) {
                for (size_t i = 0; i < n; i++) got[k][i] = in[k][i];
                moving[k] = got[k];
            }
        }
        tested(c.tiles, c.channels, moving, c.in_step, bias, clamp, got, c.out_step);
        reference(c.tiles, c.channels, in, c.in_step, bias, clamp, other, c.out_step);
        if (in_place) { /* what lies between two tiles is the input's */
            for (size_t k = 0; k < tile; k++) {
                for (size_t i = 0; i < n; i++) {
                    if (i % c.in_step >= c.channels) other[k][i] = in[k][i];
                }
            }
        }
        for (size_t k = 0; k < tile; k++)
            check_one(t, "winograd output", &c, lw_oracle_winograd_at(tile, k), in, bias, clamp, other[k], got[k]);
    }
}

static void input2(struct lw_test *t) {
    check_input(t, 2, t->tested->kernels.winograd2_f32.input, t->reference->kernels.winograd2_f32.input);
}

static void output2(struct lw_test *t) {
    check_output(t, 2, t->tested->kernels.winograd2_f32.output, t->reference->kernels.winograd2_f32.output);
}

static void input4(struct lw_test *t) {
    check_input(t, 4, t->tested->kernels.winograd4_f32.input, t->reference->kernels.winograd4_f32.input);
}

static void output4(struct lw_test *t) {
    check_output(t, 4, t->tested->kernels.winograd4_f32.output, t->reference->kernels.winograd4_f32.output);
}

/* ---- Benchmarks ---- */

struct bench_call {
    size_t tile, tiles, channels;
    const float *in[MAX_TAPS];
    float *out[MAX_TAPS], *bias;
};

static void bench_input_run(const struct lw_context *context, void *arg) {
    const struct bench_call *c = arg;
    const struct lw_kernels *k = &context->kernels;
    (c->tile == 2 ? &k->winograd2_f32 : &k->winograd4_f32)
        ->input(c->tiles, c->channels, c->in, c->channels, c->out, c->channels);
}

static void bench_output_run(const struct lw_context *context, void *arg) {
    const struct bench_call *c = arg;
    const struct lw_kernels *k = &context->kernels;
    (c->tile == 2 ? &k->winograd2_f32 : &k->winograd4_f32)
        ->output(c->tiles, c->channels, c->in, c->channels, c->bias, (struct lw_clamp){0, INFINITY}, c->out,
                 c->channels);
}

static void bench(struct lw_bench *b, size_t tile, bool input) {
    struct bench_call *c = lw_bench_buffer(b, sizeof *c);
    *c = (struct bench_call){.tile = tile, .tiles = 4, .channels = 128, .bias = lw_bench_floats(b, 128)};
    size_t n = c->tiles * c->channels, outputs = input ? tile + 2 : tile;
    for (size_t k = 0; k < tile + 2; k++) {
        c->in[k] = lw_bench_floats(b, n);
        c->out[k] = lw_bench_floats(b, n);
    }
    lw_bench_add(b, "4 tiles x 128", 0, 4 * (double)(n * (tile + 2 + outputs)),
                 input ? bench_input_run : bench_output_run, c);
}

static void bench_input2(struct lw_bench *b) {
    bench(b, 2, true);
}
static void bench_output2(struct lw_bench *b) {
    bench(b, 2, false);
}
static void bench_input4(struct lw_bench *b) {
    bench(b, 4, true);
}
static void bench_output4(struct lw_bench *b) {
    bench(b, 4, false);
}

static const struct lw_row rows[] = {
    {"winograd2_input", offsetof(struct lw_kernels, winograd2_f32.input), input2, bench_input2},
    {"winograd2_output", offsetof(struct lw_kernels, winograd2_f32.output), output2, bench_output2},
    {"winograd4_input", offsetof(struct lw_kernels, winograd4_f32.input), input4, bench_input4},
    {"winograd4_output", offsetof(struct lw_kernels, winograd4_f32.output), output4, bench_output4},
};

const struct lw_family lw_family_winograd = {"winograd", rows, sizeof rows / sizeof rows[0]};
