/* SPDX-License-Identifier: MIT */
/* The micro-kernel gemm_f32. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/rows.h"

/* One product, laid out for no kernel in particular. */
struct product {
    size_t m, n, taps, channels, k;
    const float **row; /* (m, taps) pointers to channels floats */
    const float *b;    /* (k, n) */
    const float *bias; /* (n) or NULL */
    struct lw_clamp clamp;
    size_t out_stride;
    const float *scale, *shift; /* (n) or NULL */
    const float *residual;      /* as out, or NULL */
};

static size_t round_up(size_t x, size_t to) {
    return (x + to - 1) / to * to;
}

/* Runs a kernel on the product, laid out for its tile. Pointers that must not be read point nowhere. */
static float *run(struct lw_test *t, const struct lw_gemm_f32 *gemm, const struct product *p) {
    size_t mr = gemm->mr, nr = gemm->nr;
    const bool narrow = p->n < LW_GEMM_NARROW;
    size_t rows_count = round_up(p->m, mr) * p->taps, panels_count = (narrow ? p->n : round_up(p->n, nr)) * p->k;
    const float **rows = lw_test_buffer(t, rows_count * sizeof *rows);
    for (size_t i = 0; i < rows_count; i++) rows[i] = (const float *)(uintptr_t)4;
    for (size_t i = 0; i < p->m; i++) {
        for (size_t tap = 0; tap < p->taps; tap++)
            rows[(i / mr * p->taps + tap) * mr + i % mr] = p->row[i * p->taps + tap];
    }
    lw_test_seal(t, rows);
    float *panels = lw_test_buffer(t, panels_count * sizeof *panels);
    memset(panels, 0, panels_count * sizeof *panels);
    for (size_t k = 0; k < p->k; k++) {
        for (size_t j = 0; j < p->n; j++)
            panels[narrow ? j * p->k + k : (j / nr * p->k + k) * nr + j % nr] = p->b[k * p->n + j];
    }
    lw_test_seal(t, panels);

    size_t out_count = (p->m - 1) * p->out_stride + p->n;
    float *out = lw_test_floats(t, out_count, LW_FILL_POISON);
    const struct lw_finish finish = {p->bias, p->scale, p->shift, p->residual, p->clamp};
    gemm->run(p->m, p->n, p->taps, p->channels, rows, panels, &finish, out, p->out_stride);
    for (size_t i = 0; i < out_count; i++) {
        uint32_t bits;
        memcpy(&bits, &out[i], sizeof bits);
        lw_test_true(i % p->out_stride < p->n || bits == 0xFFA5A5A5u, "gemm wrote between rows: element %zu", i);
    }
    return out;
}

/* With special values sums are large or not finite: relaxed must give the same kind of result. */
static void same_classes(const char *label, const float *want, const float *got, size_t n) {
    for (size_t i = 0; i < n; i++) {
        lw_test_true(!isnan(want[i]) == !isnan(got[i]) && (!isinf(want[i]) || want[i] == got[i]) &&
                         isfinite(want[i]) == isfinite(got[i]),
                     "%s: [%zu]: want %.9g, got %.9g", label, i, (double)want[i], (double)got[i]);
    }
}

static void check_product(struct lw_test *t, const struct product *p, bool special) {
    char label[160];
    snprintf(label, sizeof label, "gemm m %zu n %zu taps %zu channels %zu stride %zu bias %d scale %d residual %d",
             p->m, p->n, p->taps, p->channels, p->out_stride, p->bias != NULL, p->scale != NULL, p->residual != NULL);
    size_t count = (p->m - 1) * p->out_stride + p->n;
    float *got = run(t, &t->tested->kernels.gemm_f32, p);
    float *other = run(t, &t->reference->kernels.gemm_f32, p);
    if (t->exact) lw_test_same(label, other, got, count);
    if (special) {
        if (!t->exact) same_classes(label, other, got, count);
        return;
    }

    double *want = lw_test_buffer(t, p->n * sizeof *want), *bound = lw_test_buffer(t, p->n * sizeof *bound);
    for (size_t i = 0; i < p->m; i++) {
        for (size_t j = 0; j < p->n; j++) {
            double sum = p->bias ? (double)p->bias[j] : 0, magnitude = fabs(sum);
            for (size_t k = 0; k < p->k; k++) {
                double term =
                    (double)p->row[i * p->taps + k / p->channels][k % p->channels] * (double)p->b[k * p->n + j];
                sum += term;
                magnitude += fabs(term);
            }
            if (p->scale) {
                sum = sum * (double)p->scale[j] + (double)p->shift[j];
                magnitude = magnitude * fabs((double)p->scale[j]) + fabs((double)p->shift[j]);
            }
            const double residual = p->residual ? (double)p->residual[i * p->out_stride + j] : 0;
            want[j] = fmin(fmax(sum + residual, (double)p->clamp.lo), (double)p->clamp.hi);
            bound[j] = lw_test_gamma(p->k + 4, magnitude + fabs(residual));
        }
        lw_test_within(label, want, bound, got + i * p->out_stride, p->n);
    }
}

static void check_gemm(struct lw_test *t) {
    enum { SOURCES = 9 };
    for (int round = 0; round < 320; round++) {
        struct product p = {
            .m = lw_test_range(t, 1, round % 4 ? 14 : 1 + (size_t)round % 3),
            .n = lw_test_range(t, 1, round % 3 ? 37 : 90),
            .taps = round % 2 ? 1 : lw_test_range(t, 0, 5),
            .channels = lw_test_range(t, 0, round % 8 ? 23 : 150),
            .clamp = {-INFINITY, INFINITY},
        };
        p.k = p.taps * p.channels;
        p.out_stride = p.n + (round % 5 ? 0 : lw_test_range(t, 1, 9));
        if (round % 3 == 1) p.clamp = (struct lw_clamp){0, round % 2 ? INFINITY : 1};
        bool special = round % 6 == 5;
        int fill = special ? LW_FILL_SPECIAL : LW_FILL_UNIFORM;

        /* Few different rows, each in a guarded buffer of just its size. */
        const float *sources[SOURCES];
        for (size_t i = 0; i < SOURCES; i++) sources[i] = lw_test_floats(t, p.channels, fill);
        p.row = lw_test_buffer(t, p.m * p.taps * sizeof *p.row);
        for (size_t i = 0; i < p.m * p.taps; i++) p.row[i] = sources[lw_test_range(t, 0, SOURCES - 1)];
        /* Not where sums are fused: a product that overflows is infinite there only once it is added. */
        p.b = lw_test_floats(t, p.k * p.n, round % 12 == 5 && t->exact ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        p.bias = round % 4 == 1 ? NULL : lw_test_floats(t, p.n, fill);
        const size_t steps = round < 160 ? 0 : lw_test_range(t, 1, 3);
        if (steps & 1) p.scale = lw_test_floats(t, p.n, fill);
        if (steps & 1) p.shift = lw_test_floats(t, p.n, fill);
        if (steps & 2) p.residual = lw_test_floats(t, (p.m - 1) * p.out_stride + p.n, fill);
        check_product(t, &p, special);
    }
}

/* A sum that shows its order and its clamp's rule: every other order gives other bits. */
static void check_order(struct lw_test *t) {
    static const float a[4] = {0x1p24f, 1.0f, -0x1p24f, 1.0f};
    const float *row = a;
    float b[16], bias[4] = {1, 1, 1, 1};
    for (size_t i = 0; i < 16; i++) b[i] = 1;
    struct product p = {1, 4, 1, 4, 4, &row, b, bias, {-INFINITY, INFINITY}, 4, NULL, NULL, NULL};
    float *got = run(t, &t->tested->kernels.gemm_f32, &p);
    /* 1 + 2^24 = 2^24 (ties to even), + 1 again, - 2^24 = 0, + 1; products are exact, so fused is the same. */
    lw_test_true(*got == 1.0f, "the order of the sum: want 1, got %g", (double)*got);
    p.n = p.out_stride = 1;
    got = run(t, &t->tested->kernels.gemm_f32, &p);
    /* ((2^24 + 1) + (1 - 2^24)) + 1 */
    lw_test_true(*got == 2.0f, "the order of a narrow sum: want 2, got %g", (double)*got);

    static const float nan_row[4] = {NAN, 0, 0, 0}, minus[4] = {-1, 0, 0, 0};
    row = nan_row;
    p.clamp = (struct lw_clamp){0, 6};
    lw_test_true(isnan(*run(t, &t->tested->kernels.gemm_f32, &p)), "a NaN must survive the clamp");
    row = minus;
    float zero = *run(t, &t->tested->kernels.gemm_f32, &p); /* 1 - 1 */
    lw_test_true(zero == 0 && !signbit(zero), "want +0");
}

static void check(struct lw_test *t) {
    const struct lw_gemm_f32 *gemm = &t->tested->kernels.gemm_f32;
    lw_test_true(gemm->mr >= 1 && gemm->mr <= LW_GEMM_MAX_MR && gemm->nr >= 1 && gemm->nr <= LW_GEMM_MAX_NR,
                 "tile %zu x %zu", gemm->mr, gemm->nr);
    check_gemm(t);
    check_order(t);
}

/* ---- Benchmarks ---- */

struct call {
    size_t m, n, k;
    const float **rows;
    float *panels, *bias, *out;
};

static void bench_run(const struct lw_context *context, void *arg) {
    const struct call *c = arg;
    const struct lw_finish finish = {.bias = c->bias, .clamp = {-INFINITY, INFINITY}};
    context->kernels.gemm_f32.run(c->m, c->n, 1, c->k, c->rows, c->panels, &finish, c->out, c->n);
}

static void bench(struct lw_bench *b) {
    static const struct {
        const char *label;
        size_t m, n, k;
    } shapes[] = {
        {"tile 6x16x256", 6, 16, 256},    {"48x128x64", 48, 128, 64},     {"48x512x512", 48, 512, 512},
        {"49x1024x1024", 49, 1024, 1024}, {"96x64x576", 96, 64, 576},     {"48x32x27", 48, 32, 27},
        {"48x24x24", 48, 24, 24},         {"1x1001x1024", 1, 1001, 1024}, {"2x1024x256", 2, 1024, 256},
        {"256x256x256", 256, 256, 256},
    };
    const struct lw_gemm_f32 *gemm = &lw_bench_context(b)->kernels.gemm_f32;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        size_t m = shapes[s].m, n = shapes[s].n, k = shapes[s].k;
        struct call *c = lw_bench_buffer(b, sizeof *c);
        *c = (struct call){m,
                           n,
                           k,
                           lw_bench_buffer(b, m * sizeof *c->rows),
                           lw_bench_floats(b, round_up(n, gemm->nr) * k),
                           lw_bench_floats(b, n),
                           lw_bench_floats(b, m * n)};
        const float *a = lw_bench_floats(b, m * k);
        for (size_t i = 0; i < m; i++) c->rows[i] = a + i * k;
        lw_bench_add(b, shapes[s].label, 2.0 * (double)m * (double)n * (double)k, 4.0 * (double)(m * k + k * n + m * n),
                     bench_run, c);
    }
}

static const struct lw_row rows[] = {
    {"gemm_f32", offsetof(struct lw_kernels, gemm_f32.run), check, bench},
};

const struct lw_family lw_family_gemm = {"gemm", rows, sizeof rows / sizeof rows[0]};
