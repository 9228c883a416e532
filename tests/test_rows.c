/* SPDX-License-Identifier: MIT */
/* Rows: the slots softmax, sum, sum_rows, epilogue, layer_norm and the folds; the operators softmax, reduce, argmax
 * and argmin, cumulative, batch_norm, layer_norm. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"
#include "tests/strided.h"

/* ---- Softmax ---- */

/* Each exponential is within 4 units of 2^-24 relative and twice |x - max| of them, for the rounding of x - max and of
 * its product with log2(e), or 0 where it is under 2^-126; the sum has gamma_n: so the quotient is within this. Not for
 * special values. */
static double softmax_bound(size_t n, double want, double distance) {
    return want * (2 * distance + 12 + (double)n) * 0x1p-24 + 0x1p-126;
}

static void check_softmax(struct lw_test *t) {
    for (int round = 0; round < 150; round++) {
        const size_t rows = lw_test_range(t, 0, 6), columns = lw_test_range(t, 1, round % 4 ? 40 : 300);
        const size_t n = rows * columns;
        float *x = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_fill(t, x, n, LW_FILL_UNIFORM);
        const float scale = round % 3 == 0 ? 1 : round % 3 == 1 ? 20 : 200;
        for (size_t i = 0; i < n; i++) x[i] *= scale;
        lw_test_seal(t, x);
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        t->tested->kernels.softmax_f32(rows, columns, x, got);
        t->reference->kernels.softmax_f32(rows, columns, x, other);
        if (t->exact) lw_test_same("against scalar", other, got, n);
        memcpy(other, x, n * sizeof *x);
        lw_test_true(lw_softmax_run(t->tested, rows, columns, other, other) == LW_OK, "in place");
        lw_test_same("operator, in place", got, other, n);

        /* Rows that are parts of wider ones. */
        const size_t from_step = lw_test_stride(t, columns), to_step = lw_test_stride(t, columns);
        const size_t reach = rows ? (rows - 1) * (to_step ? to_step : columns) + columns : 0;
        float *spread = lw_test_floats(t, reach, LW_FILL_POISON);
        lw_test_status(lw_softmax_rows_run(t->tested, rows, columns, from_step, to_step,
                                           lw_test_spread(t, x, rows, columns, from_step), spread),
                       LW_OK, "strided");
        lw_test_same_spread(t, "strided", got, spread, rows, columns, to_step, reach);

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t r = 0; r < rows; r++) {
            double max = -INFINITY, sum = 0;
            for (size_t c = 0; c < columns; c++) max = fmax(max, (double)x[r * columns + c]);
            for (size_t c = 0; c < columns; c++) sum += exp((double)x[r * columns + c] - max);
            for (size_t c = 0; c < columns; c++) {
                const double distance = max - (double)x[r * columns + c];
                want[r * columns + c] = exp(-distance) / sum;
                bound[r * columns + c] = softmax_bound(columns, want[r * columns + c], distance);
            }
        }
        lw_test_within("softmax", want, bound, got, n);
    }

    /* Special values: the same as scalar's, and what the formula says. */
    for (int round = 0; round < 60; round++) {
        const size_t columns = lw_test_range(t, 1, 50);
        const float *x = lw_test_floats(t, columns, round % 2 ? LW_FILL_SPECIAL : LW_FILL_WIDE);
        float *got = lw_test_floats(t, columns, LW_FILL_POISON), *want = lw_test_floats(t, columns, LW_FILL_POISON);
        t->tested->kernels.softmax_f32(1, columns, x, got);
        t->reference->kernels.softmax_f32(1, columns, x, want);
        if (t->exact) lw_test_same("special values", want, got, columns);
        bool nan = false, all_low = true; /* infinity - infinity is a NaN */
        for (size_t c = 0; c < columns; c++) {
            nan |= isnan(x[c]) || x[c] == INFINITY;
            all_low &= x[c] == -INFINITY;
        }
        for (size_t c = 0; c < columns; c++)
            lw_test_true(!isnan(got[c]) == !(nan || all_low), "NaN in the whole row or nowhere");
    }
    const float x[3] = {-INFINITY, 0, -INFINITY}, want[3] = {0, 1, 0};
    float got[3];
    t->tested->kernels.softmax_f32(1, 3, x, got);
    lw_test_same("one finite", want, got, 3);
    const float nan[3] = {1, NAN, 2}, all_nan[3] = {NAN, NAN, NAN};
    t->tested->kernels.softmax_f32(1, 3, nan, got);
    lw_test_same("a NaN", all_nan, got, 3);

    float *untouched = lw_test_floats(t, 6, LW_FILL_POISON);
    lw_test_seal(t, untouched);
    lw_test_true(lw_softmax_run(NULL, 2, 3, x, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_softmax_run(t->tested, 2, 3, NULL, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_softmax_run(t->tested, 2, 3, x, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_softmax_run(t->tested, SIZE_MAX / 2, 3, x, untouched) == LW_TOO_LARGE, "too large");
    lw_test_status(lw_softmax_rows_run(t->tested, 2, 3, 2, 0, x, untouched), LW_BAD_SHAPE, "rows that overlap");
    lw_test_status(lw_softmax_rows_run(t->tested, 2, 3, 0, 2, x, untouched), LW_BAD_SHAPE, "rows that overlap");
    lw_test_status(lw_softmax_rows_run(t->tested, 8, 3, SIZE_MAX / 8, 0, x, untouched), LW_TOO_LARGE, "too large");
    lw_test_status(lw_softmax_rows_run(t->tested, 8, 3, 0, SIZE_MAX / 8, x, untouched), LW_TOO_LARGE, "too large");
    lw_test_status(lw_softmax_rows_run(t->tested, 2, 3, 4, 4, NULL, untouched), LW_NULL_POINTER, "no input");
    lw_test_true(lw_softmax_run(t->tested, 0, 3, NULL, NULL) == LW_OK, "no rows");
    lw_test_true(lw_softmax_run(t->tested, 3, 0, NULL, NULL) == LW_OK, "no columns");
}

/* ---- Sums ---- */

static double value_of(double sum, double magnitude, float got) {
    return magnitude > 1e38 ? (double)got : sum; /* partial sums may overflow where the whole does not */
}

static void check_sum(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t n = round < 100 ? (size_t)round : lw_test_range(t, 0, 3000);
        const int fill = round % 4 == 3 ? LW_FILL_SPECIAL : round % 4 == 2 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
        const float *x = lw_test_floats(t, n, fill);
        float got = t->tested->kernels.sum_f32(n, x), other = t->reference->kernels.sum_f32(n, x);
        lw_test_same("against scalar", &other, &got, 1); /* relaxed too: nothing to fuse */
        double sum = 0, magnitude = 0;
        for (size_t i = 0; i < n; i++) {
            sum += (double)x[i];
            if (isfinite(x[i])) magnitude += fabs((double)x[i]);
        }
        const double want = value_of(sum, magnitude, got), bound = lw_test_gamma(n, magnitude);
        lw_test_within("sum", &want, &bound, &got, 1);
    }
}

static void check_sum_rows(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        const size_t rows = lw_test_range(t, 0, 30), columns = lw_test_range(t, 0, 90);
        const size_t stride = columns + lw_test_range(t, 0, 3) * (size_t)(round % 2);
        const size_t n = rows ? (rows - 1) * stride + columns : 0;
        const float *x = lw_test_floats(t, n, round % 4 == 3 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        float *got = lw_test_floats(t, columns, LW_FILL_POISON), *other = lw_test_floats(t, columns, LW_FILL_POISON);
        t->tested->kernels.sum_rows_f32(rows, columns, x, stride, got);
        t->reference->kernels.sum_rows_f32(rows, columns, x, stride, other);
        lw_test_same("against scalar", other, got, columns);
        for (size_t c = 0; c < columns; c++) {
            double sum = 0, magnitude = 0;
            for (size_t r = 0; r < rows; r++) {
                sum += (double)x[r * stride + c];
                if (isfinite(x[r * stride + c])) magnitude += fabs((double)x[r * stride + c]);
            }
            const double want = value_of(sum, magnitude, got[c]), bound = lw_test_gamma(rows, magnitude);
            lw_test_within("sum_rows", &want, &bound, &got[c], 1);
        }
    }
}

/* ---- Folds ---- */

/* An operation of two values, without its rule for NaN. */
static double apply(enum lw_fold fold, double a, double b) {
    switch (fold) {
    case LW_K_FOLD_MAX: return a < b ? b : a;
    case LW_K_FOLD_MIN: return b < a ? b : a;
    case LW_K_FOLD_PRODUCT: return a * b;
    default: return a + b;
    }
}

static double neutral(enum lw_fold fold, bool integer) {
    switch (fold) {
    case LW_K_FOLD_MAX: return integer ? (double)INT32_MIN : (double)-INFINITY;
    case LW_K_FOLD_MIN: return integer ? (double)INT32_MAX : (double)INFINITY;
    default: return fold == LW_K_FOLD_PRODUCT;
    }
}

/* What the fold of n floats, `stride` apart, may be. */
static void fold_within(const char *label, enum lw_fold fold, size_t n, const float *x, size_t stride, float got) {
    double want = neutral(fold, false);
    bool nan = false;
    for (size_t i = 0; i < n; i++) {
        want = apply(fold, want, (double)x[i * stride]);
        nan = nan || isnan(x[i * stride]);
    }
    if (nan) want = NAN;
    double bound = fold == LW_K_FOLD_PRODUCT ? lw_test_gamma(n, fabs(want)) : 0;
    if (fold == LW_K_FOLD_PRODUCT && !(fabs(want) < 1e30 && fabs(want) > 1e-30)) want = (double)got; /* bits only */
    lw_test_within(label, &want, &bound, &got, 1);
}

/* The same of integers, exactly. */
static int32_t fold_exactly(enum lw_fold fold, size_t n, const int32_t *x, size_t stride) {
    uint32_t want = fold < LW_K_FOLD_PRODUCT ? (uint32_t)(int32_t)neutral(fold, true) : 1;
    for (size_t i = 0; i < n; i++) {
        const int32_t v = x[i * stride], w = (int32_t)want;
        if (fold == LW_K_FOLD_MAX)
            want = (uint32_t)(w < v ? v : w);
        else if (fold == LW_K_FOLD_MIN)
            want = (uint32_t)(v < w ? v : w);
        else
            want = fold == LW_K_FOLD_SUM ? want + (uint32_t)v : want * (uint32_t)v;
    }
    return (int32_t)want;
}

static void check_fold_f32(struct lw_test *t, enum lw_fold fold) {
    for (int round = 0; round < 200; round++) {
        const size_t n = lw_test_range(t, 0, round % 4 ? 50 : 200);
        float *x = lw_test_floats(t, n, round % 4 == 3 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        if (round % 8 == 2 && n) x[lw_test_range(t, 0, n - 1)] = NAN;
        if (round % 8 == 6) {
            for (size_t i = 0; i < n; i++) x[i] = lw_test_u32(t) % 2 ? 0.0f : -0.0f; /* which zero shows the order */
        }
        lw_test_seal(t, x);
        const float got = t->tested->kernels.fold_f32[fold](n, n ? x : NULL);
        const float other = t->reference->kernels.fold_f32[fold](n, n ? x : NULL);
        lw_test_same("against scalar", &other, &got, 1);
        /* Partial products of special values overflow, and underflow with it what a float can be. */
        if (fold != LW_K_FOLD_PRODUCT || round % 4 != 3) fold_within("fold", fold, n, x, 1, got);
    }
}

static int32_t *random_ints(struct lw_test *t, size_t n) {
    int32_t *x = lw_test_buffer(t, n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = (int32_t)lw_test_u32(t);
    lw_test_seal(t, x);
    return x;
}

static void check_fold_i32(struct lw_test *t, enum lw_fold fold) {
    for (int round = 0; round < 200; round++) {
        const size_t n = lw_test_range(t, 0, round % 4 ? 50 : 200);
        const int32_t *x = random_ints(t, n);
        const int32_t got = t->tested->kernels.fold_i32[fold](n, n ? x : NULL);
        const int32_t want = fold_exactly(fold, n, x, 1);
        lw_test_true(got == want, "fold of %zu: want %d, got %d", n, (int)want, (int)got);
    }
}

static void fold_max(struct lw_test *t) {
    check_fold_f32(t, LW_K_FOLD_MAX);
}
static void fold_min(struct lw_test *t) {
    check_fold_f32(t, LW_K_FOLD_MIN);
}
static void fold_product(struct lw_test *t) {
    check_fold_f32(t, LW_K_FOLD_PRODUCT);
}
static void fold_sum_i32(struct lw_test *t) {
    check_fold_i32(t, LW_K_FOLD_SUM);
}
static void fold_max_i32(struct lw_test *t) {
    check_fold_i32(t, LW_K_FOLD_MAX);
}
static void fold_min_i32(struct lw_test *t) {
    check_fold_i32(t, LW_K_FOLD_MIN);
}
static void fold_product_i32(struct lw_test *t) {
    check_fold_i32(t, LW_K_FOLD_PRODUCT);
}

static enum lw_fold fold_of(enum lw_reduce_op op) {
    static const enum lw_fold folds[] = {LW_K_FOLD_SUM, LW_K_FOLD_SUM, LW_K_FOLD_MAX, LW_K_FOLD_MIN, LW_K_FOLD_PRODUCT};
    return folds[op];
}

static void check_reduce_i32(struct lw_test *t) {
    for (int round = 0; round < 100; round++) {
        const size_t outer = lw_test_range(t, 0, 4), reduced = lw_test_range(t, 0, 50);
        const size_t inner = round % 3 ? lw_test_range(t, 0, 40) : 1;
        const enum lw_reduce_op op = (enum lw_reduce_op)(round % 5 == 1 ? 0 : round % 5);
        const int32_t *x = random_ints(t, outer * reduced * inner);
        int32_t *got = lw_test_buffer(t, outer * inner * sizeof *got);
        lw_test_status(lw_reduce_run(t->tested, op, LW_INT32, outer, reduced, inner, reduced ? x : NULL, got), LW_OK,
                       "reduce int32");
        for (size_t o = 0; o < outer; o++) {
            for (size_t i = 0; i < inner; i++) {
                const int32_t want = fold_exactly(fold_of(op), reduced, x + o * reduced * inner + i, inner);
                lw_test_true(got[o * inner + i] == want, "reduce int32 op %d", (int)op);
            }
        }
    }
}

static void check_reduce(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t outer = lw_test_range(t, 0, 4), reduced = lw_test_range(t, 0, 50);
        const size_t inner = round % 3 ? lw_test_range(t, 0, 40) : 1;
        const enum lw_reduce_op op = (enum lw_reduce_op)(round % 5);
        const bool special = op == LW_REDUCE_MAX || op == LW_REDUCE_MIN;
        const float *x = lw_test_floats(t, outer * reduced * inner, special ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        float *got = lw_test_floats(t, outer * inner, LW_FILL_POISON);
        float *other = lw_test_floats(t, outer * inner, LW_FILL_POISON);
        lw_test_status(lw_reduce_run(t->tested, op, LW_FLOAT32, outer, reduced, inner, reduced ? x : NULL, got), LW_OK,
                       "reduce");
        lw_test_status(lw_reduce_run(t->reference, op, LW_FLOAT32, outer, reduced, inner, reduced ? x : NULL, other),
                       LW_OK, "reduce");
        lw_test_same("reduce against scalar", other, got, outer * inner);
        for (size_t o = 0; o < outer; o++) {
            for (size_t i = 0; i < inner; i++) {
                const float *from = x + o * reduced * inner + i;
                if (op > LW_REDUCE_MEAN) {
                    fold_within("reduce", fold_of(op), reduced, from, inner, got[o * inner + i]);
                    continue;
                }
                double want = 0, magnitude = 0;
                for (size_t r = 0; r < reduced; r++) {
                    want += (double)from[r * inner];
                    magnitude += fabs((double)from[r * inner]);
                }
                if (op == LW_REDUCE_MEAN) want /= (double)reduced;
                const double bound = lw_test_gamma(reduced + 1, magnitude);
                lw_test_within("reduce", &want, &bound, &got[o * inner + i], 1);
            }
        }
    }
    check_reduce_i32(t);

    /* More columns than a block has. */
    enum { COLUMNS = 5000 };
    const float *wide = lw_test_floats(t, 3 * COLUMNS, LW_FILL_UNIFORM);
    float *largest = lw_test_floats(t, COLUMNS, LW_FILL_POISON);
    lw_test_status(lw_reduce_run(t->tested, LW_REDUCE_MAX, LW_FLOAT32, 1, 3, COLUMNS, wide, largest), LW_OK, "wide");
    for (size_t i = 0; i < COLUMNS; i++) fold_within("wide", LW_K_FOLD_MAX, 3, wide + i, COLUMNS, largest[i]);

    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM);
    float *untouched = lw_test_floats(t, 6, LW_FILL_POISON);
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    const enum lw_type f32 = LW_FLOAT32;
    lw_test_status(lw_reduce_run(NULL, LW_REDUCE_SUM, f32, 1, 2, 3, x, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_reduce_run(c, LW_REDUCE_SUM, f32, 1, 2, 3, NULL, untouched), LW_NULL_POINTER, "no input");
    lw_test_status(lw_reduce_run(c, LW_REDUCE_SUM, f32, 1, 2, 3, x, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_reduce_run(c, (enum lw_reduce_op)5, f32, 1, 2, 3, x, untouched), LW_BAD_ENUM, "bad op");
    lw_test_status(lw_reduce_run(c, LW_REDUCE_SUM, (enum lw_type)3, 1, 2, 3, x, untouched), LW_BAD_ENUM, "bad type");
    lw_test_status(lw_reduce_run(c, LW_REDUCE_SUM, LW_BOOL, 1, 2, 3, x, untouched), LW_UNSUPPORTED, "bool");
    lw_test_status(lw_reduce_run(c, LW_REDUCE_MEAN, LW_INT32, 1, 2, 3, x, untouched), LW_UNSUPPORTED, "int32 mean");
    lw_test_status(lw_reduce_run(c, LW_REDUCE_SUM, f32, SIZE_MAX / 4, 2, 3, x, untouched), LW_TOO_LARGE, "too large");
}

/* ---- Find ---- */

static void check_find_f32(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t n = lw_test_range(t, 0, round % 4 ? 50 : 200);
        float *x = lw_test_floats(t, n, LW_FILL_SPECIAL);
        const float value = round % 3 == 2 ? NAN : round % 3 ? 2.0f : -0.0f; /* a NaN is nowhere */
        for (size_t i = lw_test_range(t, 0, 3); i < n; i += lw_test_range(t, 1, 90))
            x[i] = round % 3 == 0 ? 0.0f : value;
        lw_test_seal(t, x);
        size_t want = 0;
        while (want < n && !(x[want] >= value && x[want] <= value)) want++;
        const size_t got = t->tested->kernels.find_f32(n, x, value);
        lw_test_true(got == want, "found at %zu of %zu, expected %zu", got, n, want);
    }
}

static void check_find_i32(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t n = lw_test_range(t, 0, round % 4 ? 50 : 200);
        int32_t *x = lw_test_buffer(t, n * sizeof *x);
        for (size_t i = 0; i < n; i++) x[i] = (int32_t)lw_test_range(t, 0, 60) - 30;
        lw_test_seal(t, x);
        size_t want = 0;
        while (want < n && x[want] - 7 != 0) want++;
        const size_t got = t->tested->kernels.find_i32(n, x, 7);
        lw_test_true(got == want, "found at %zu of %zu, expected %zu", got, n, want);
    }
}

/* ---- Argmax ---- */

/* x: floats, or else integers of the same size. */
static void check_arg_rows(struct lw_test *t, bool f32, bool least) {
    const struct lw_kernels *k = &t->tested->kernels;
    for (int round = 0; round < 150; round++) {
        const size_t rows = lw_test_range(t, 1, 40), columns = lw_test_range(t, 0, round % 9 ? 40 : 1200);
        const size_t stride = columns + lw_test_range(t, 0, 3), n = columns ? (rows - 1) * stride + columns : 0;
        float *x = lw_test_floats(t, n, round % 2 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        int32_t *ints = lw_test_buffer(t, n * sizeof *ints), *got = lw_test_buffer(t, columns * sizeof *got);
        for (size_t i = 0; i < n; i++) {
            ints[i] = (int32_t)lw_test_u32(t) >> (round % 4 ? 0 : 29);
            if (round % 4 == 2) x[i] = (float)lw_test_range(t, 0, 3);
        }
        lw_test_seal(t, x);
        lw_test_seal(t, ints);
        if (f32)
            (least ? k->argmin_rows_f32 : k->argmax_rows_f32)(rows, columns, x, stride, got);
        else
            (least ? k->argmin_rows_i32 : k->argmax_rows_i32)(rows, columns, ints, stride, got);
        for (size_t c = 0; c < columns; c++) {
            int32_t want = 0;
            double best = NAN;
            for (size_t r = 0; r < rows; r++) {
                const double value = f32 ? (double)x[r * stride + c] : (double)ints[r * stride + c];
                if (r && !(least ? value < best : value > best)) continue;
                best = value;
                want = (int32_t)r;
            }
            lw_test_true(got[c] == want, "column %zu of %zu: %d, expected %d", c, columns, (int)got[c], (int)want);
        }
    }
}
static void check_argmax_f32(struct lw_test *t) {
    check_arg_rows(t, true, false);
}
static void check_argmin_f32(struct lw_test *t) {
    check_arg_rows(t, true, true);
}
static void check_argmax_i32(struct lw_test *t) {
    check_arg_rows(t, false, false);
}
static void check_argmin_i32(struct lw_test *t) {
    check_arg_rows(t, false, true);
}

static void check_argmax(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t outer = lw_test_range(t, 0, 4), reduced = lw_test_range(t, 1, 30);
        const size_t inner = round % 3 ? lw_test_range(t, 0, round % 5 ? 10 : 150) : 1, n = outer * reduced * inner;
        const bool f32 = round % 2, least = round % 7 > 3;
        float *x = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_fill(t, x, n, round % 4 == 1 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        int32_t *ints = lw_test_buffer(t, n * sizeof *ints), *got = lw_test_buffer(t, outer * inner * sizeof *got);
        for (size_t i = 0; i < n; i++) {
            if (round % 8 > 3 && f32) x[i] = lw_test_u32(t) % 3 ? NAN : (float)lw_test_range(t, 0, 2) - INFINITY;
            ints[i] = round % 8 < 4 ? (int32_t)(lw_test_u32(t) / 2) - (1 << 30) : (int32_t)lw_test_range(t, 0, 3);
        }
        lw_test_seal(t, x);
        lw_test_seal(t, ints);
        lw_test_status((least ? lw_argmin_run : lw_argmax_run)(t->tested, f32 ? LW_FLOAT32 : LW_INT32, outer, reduced,
                                                               inner, f32 ? (const void *)x : ints, got),
                       LW_OK, "argmax or argmin");
        for (size_t o = 0; o < outer; o++) {
            for (size_t i = 0; i < inner; i++) {
                /* The largest, then the first that equals it; 0 when a NaN comes first. */
                double best = least ? INFINITY : -INFINITY;
                for (size_t r = 0; r < reduced; r++) {
                    const size_t at = (o * reduced + r) * inner + i;
                    const double value = f32 ? (double)x[at] : (double)ints[at];
                    best = least ? fmin(best, value) : fmax(best, value); /* both skip a NaN */
                }
                int32_t want = 0;
                const bool nan_first = f32 && isnan(x[o * reduced * inner + i]);
                for (size_t r = nan_first ? 0 : reduced; r-- > 0;) {
                    const size_t at = (o * reduced + r) * inner + i;
                    if ((f32 ? (double)x[at] : (double)ints[at]) == best) want = (int32_t)r;
                }
                lw_test_true(got[o * inner + i] == want, "%s[%zu][%zu] = %d, expected %d", least ? "argmin" : "argmax",
                             o, i, (int)got[o * inner + i], (int)want);
            }
        }
    }
    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM);
    int32_t *untouched = lw_test_buffer(t, 6 * sizeof *untouched);
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    lw_test_true(lw_argmax_run(NULL, LW_FLOAT32, 1, 2, 3, x, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_argmax_run(c, LW_FLOAT32, 1, 2, 3, NULL, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_argmax_run(c, LW_FLOAT32, 1, 2, 3, x, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_argmax_run(c, (enum lw_type)3, 1, 2, 3, x, untouched) == LW_BAD_ENUM, "bad type");
    lw_test_true(lw_argmax_run(c, LW_BOOL, 1, 2, 3, x, untouched) == LW_UNSUPPORTED, "bool");
    lw_test_true(lw_argmax_run(c, LW_FLOAT32, 1, 0, 3, x, untouched) == LW_BAD_SHAPE, "nothing to compare");
    lw_test_true(lw_argmax_run(c, LW_FLOAT32, SIZE_MAX / 4, 2, 3, x, untouched) == LW_TOO_LARGE, "too large");
    lw_test_true(lw_argmax_run(c, LW_FLOAT32, 0, 2, 3, NULL, NULL) == LW_OK, "empty");
}

/* ---- Find above, and the largest few ---- */

static void check_find_above_f32(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t n = lw_test_range(t, 0, round % 4 ? 50 : 200);
        float *x = lw_test_floats(t, n, LW_FILL_UNIFORM);
        const float value = round % 3 == 2 ? NAN : round % 3 ? 0.95f : 2.0f; /* nothing is above a NaN */
        for (size_t i = lw_test_range(t, 0, 60); i < n; i += lw_test_range(t, 1, 90))
            x[i] = lw_test_u32(t) % 2 ? NAN : lw_test_u32(t) % 2 ? value : INFINITY;
        lw_test_seal(t, x);
        size_t want = 0;
        while (want < n && !((double)x[want] - (double)value > 0)) want++;
        const size_t got = t->tested->kernels.find_above_f32(n, x, value);
        lw_test_true(got == want, "found at %zu of %zu, expected %zu", got, n, want);
    }
}

static void check_find_above_i32(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t n = lw_test_range(t, 0, round % 4 ? 50 : 200);
        int32_t *x = lw_test_buffer(t, n * sizeof *x);
        for (size_t i = 0; i < n; i++) x[i] = (int32_t)lw_test_range(t, 0, 60) - 30;
        if (n) x[lw_test_range(t, 0, n - 1)] = INT32_MIN;
        lw_test_seal(t, x);
        size_t want = 0;
        while (want < n && (double)x[want] < 28.5) want++;
        const size_t got = t->tested->kernels.find_above_i32(n, x, 28);
        lw_test_true(got == want, "found at %zu of %zu, expected %zu", got, n, want);
    }
}

static void check_top_k(struct lw_test *t) {
    for (int round = 0; round < 400; round++) {
        const size_t rows = lw_test_range(t, 0, 3), columns = lw_test_range(t, 0, round % 4 ? 40 : 500);
        const size_t k = round % 5 ? lw_test_range(t, 0, columns) : columns, n = rows * columns;
        const bool f32 = round % 2;
        float *x = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_fill(t, x, n, round % 4 == 1 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        int32_t *ints = lw_test_buffer(t, n * sizeof *ints);
        for (size_t i = 0; i < n; i++) {
            if (round % 8 > 3 && f32) x[i] = lw_test_u32(t) % 4 ? (float)lw_test_range(t, 0, 4) : NAN;
            ints[i] = round % 8 < 4 ? (int32_t)lw_test_u32(t) : (int32_t)lw_test_range(t, 0, 3);
        }
        lw_test_seal(t, x);
        lw_test_seal(t, ints);
        float *values = lw_test_floats(t, rows * k, LW_FILL_POISON);
        int32_t *indices = lw_test_buffer(t, rows * k * sizeof *indices);
        lw_test_status(lw_top_k_run(t->tested, f32 ? LW_FLOAT32 : LW_INT32, rows, columns, k,
                                    f32 ? (const void *)x : ints, values, indices),
                       LW_OK, "top k");
        for (size_t r = 0; r < rows; r++) {
            for (size_t c = 0; c < columns; c++) {
                /* Where an element belongs: behind all that are larger, and its equals of a lower position. */
                const double value = f32 ? (double)x[r * columns + c] : (double)ints[r * columns + c];
                size_t place = 0;
                for (size_t d = 0; d < columns; d++) {
                    const double other = f32 ? (double)x[r * columns + d] : (double)ints[r * columns + d];
                    const bool equal = !(other < value) && !(other > value) && isnan(other) == isnan(value);
                    place += equal ? d < c : other > value || (isnan(value) && !isnan(other));
                }
                if (place >= k) continue;
                lw_test_true(indices[r * k + place] == (int32_t)c, "place %zu of %zu: %d, expected %zu", place, k,
                             (int)indices[r * k + place], c);
                lw_test_same_bytes("top k's value", f32 ? (const void *)&x[r * columns + c] : &ints[r * columns + c],
                                   values + r * k + place, sizeof *values);
            }
        }
    }
    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM);
    float *y = lw_test_floats(t, 6, LW_FILL_POISON);
    int32_t *at = lw_test_buffer(t, 6 * sizeof *at);
    lw_test_seal(t, y);
    lw_test_seal(t, at);
    const struct lw_context *c = t->tested;
    lw_test_status(lw_top_k_run(NULL, LW_FLOAT32, 2, 3, 2, x, y, at), LW_NULL_POINTER, "no context");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, 2, 3, 2, NULL, y, at), LW_NULL_POINTER, "no input");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, 2, 3, 2, x, NULL, at), LW_NULL_POINTER, "no values");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, 2, 3, 2, x, y, NULL), LW_NULL_POINTER, "no indices");
    lw_test_status(lw_top_k_run(c, (enum lw_type)3, 2, 3, 2, x, y, at), LW_BAD_ENUM, "bad type");
    lw_test_status(lw_top_k_run(c, LW_BOOL, 2, 3, 2, x, y, at), LW_UNSUPPORTED, "bool");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, 2, 3, 4, x, y, at), LW_BAD_SHAPE, "more than there are");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, SIZE_MAX / 4, 3, 2, x, y, at), LW_TOO_LARGE, "too large");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, 2, (size_t)INT32_MAX + 1, 2, x, y, at), LW_TOO_LARGE, "too long");
    lw_test_status(lw_top_k_run(c, LW_FLOAT32, 2, 3, 0, NULL, NULL, NULL), LW_OK, "none");
}

/* ---- Running sums and products ---- */

static void check_cumulative(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 400; round++) {
        const size_t outer = lw_test_range(t, 0, 9), size = lw_test_range(t, round % 10 ? 1 : 0, 20);
        const size_t inner = round % 3 ? lw_test_range(t, 0, 10) : round % 30 == 0 ? 2100 : 1, n = outer * size * inner;
        const bool f32 = lw_test_u32(t) % 2, product = lw_test_u32(t) % 2;
        const uint32_t exclusive = lw_test_u32(t) % 2, reverse = lw_test_u32(t) % 2;
        const float *x = lw_test_floats(t, n, round % 4 == 1 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM);
        uint32_t *ints = lw_test_buffer(t, n * sizeof *ints);
        for (size_t i = 0; i < n; i++) ints[i] = lw_test_u32(t);
        lw_test_seal(t, ints);
        float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
        uint32_t *int_want = lw_test_buffer(t, n * sizeof *int_want), *int_got = lw_test_buffer(t, n * sizeof *int_got);
        for (size_t i = 0; i < outer * inner && size; i++) {
            const size_t start = i / inner * size * inner + i % inner;
            for (size_t r = 0; r < size; r++) {
                const size_t at = start + (reverse ? size - 1 - r : r) * inner;
                float total = product ? 1 : 0; /* each result by itself, from its first term */
                uint32_t int_total = product ? 1 : 0;
                for (size_t s = 0; s < r + !exclusive; s++) {
                    const size_t from = start + (reverse ? size - 1 - s : s) * inner;
                    total = s == 0 && !exclusive ? x[from] : product ? total * x[from] : total + x[from];
                    int_total = product ? int_total * ints[from] : int_total + ints[from];
                }
                want[at] = total;
                int_want[at] = int_total;
            }
        }
        const enum lw_reduce_op op = product ? LW_REDUCE_PRODUCT : LW_REDUCE_SUM;
        if (f32) {
            lw_test_status(lw_cumulative_run(c, op, LW_FLOAT32, exclusive, reverse, outer, size, inner, x, got), LW_OK,
                           "cumulative");
            lw_test_same("cumulative", want, got, n);
        } else {
            lw_test_status(lw_cumulative_run(c, op, LW_INT32, exclusive, reverse, outer, size, inner, ints, int_got),
                           LW_OK, "cumulative of int32");
            lw_test_same_bytes("cumulative of int32", int_want, int_got, n * sizeof *int_got);
        }
    }
    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM);
    float *y = lw_test_floats(t, 6, LW_FILL_POISON);
    lw_test_seal(t, y);
    const enum lw_reduce_op sum = LW_REDUCE_SUM;
    const enum lw_type f32 = LW_FLOAT32;
    lw_test_status(lw_cumulative_run(NULL, sum, f32, 0, 0, 1, 2, 3, x, y), LW_NULL_POINTER, "no context");
    lw_test_status(lw_cumulative_run(c, sum, f32, 0, 0, 1, 2, 3, NULL, y), LW_NULL_POINTER, "no input");
    lw_test_status(lw_cumulative_run(c, sum, f32, 0, 0, 1, 2, 3, x, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_cumulative_run(c, (enum lw_reduce_op)5, f32, 0, 0, 1, 2, 3, x, y), LW_BAD_ENUM, "bad op");
    lw_test_status(lw_cumulative_run(c, sum, (enum lw_type)3, 0, 0, 1, 2, 3, x, y), LW_BAD_ENUM, "bad type");
    lw_test_status(lw_cumulative_run(c, sum, f32, 2, 0, 1, 2, 3, x, y), LW_BAD_ENUM, "bad exclusive");
    lw_test_status(lw_cumulative_run(c, sum, f32, 0, 2, 1, 2, 3, x, y), LW_BAD_ENUM, "bad reverse");
    lw_test_status(lw_cumulative_run(c, sum, LW_BOOL, 0, 0, 1, 2, 3, x, y), LW_UNSUPPORTED, "bool");
    lw_test_status(lw_cumulative_run(c, LW_REDUCE_MAX, f32, 0, 0, 1, 2, 3, x, y), LW_UNSUPPORTED, "max");
    lw_test_status(lw_cumulative_run(c, sum, f32, 0, 0, SIZE_MAX / 4, 2, 3, x, y), LW_TOO_LARGE, "too large");
    lw_test_status(lw_cumulative_run(c, sum, f32, 0, 0, 1, 0, 3, NULL, NULL), LW_OK, "empty");
}

/* ---- Epilogue, batch normalisation ---- */

static void check_epilogue(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t rows = lw_test_range(t, 0, 9), channels = lw_test_range(t, 0, 50), n = rows * channels;
        const int fill = round % 4 == 3 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM, steps = round % 3;
        const struct lw_clamp clamp = {round % 5 ? -1.0f : -INFINITY, round % 7 ? 6.0f : INFINITY};
        const float *x = lw_test_floats(t, n, fill);
        const float *scale = steps != 0 ? lw_test_floats(t, channels, fill) : NULL;
        const float *shift = steps != 0 ? lw_test_floats(t, channels, fill) : NULL;
        const float *residual = steps != 1 ? lw_test_floats(t, n, fill) : NULL;
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        t->tested->kernels.epilogue_f32(rows, channels, x, scale, shift, residual, clamp, got);
        t->reference->kernels.epilogue_f32(rows, channels, x, scale, shift, residual, clamp, other);
        if (t->exact) lw_test_same("against scalar", other, got, n);
        memcpy(other, x, n * sizeof *x);
        t->tested->kernels.epilogue_f32(rows, channels, other, scale, shift, residual, clamp, other);
        lw_test_same("in place", got, other, n);
        for (size_t i = 0; i < n; i++) {
            const double s = scale ? (double)scale[i % channels] : 1, b = shift ? (double)shift[i % channels] : 0;
            const double product = (double)x[i] * s, added = residual ? (double)residual[i] : 0;
            double want = product + b + added, bound = lw_test_gamma(3, fabs(product) + fabs(b) + fabs(added));
            if (want < (double)clamp.lo) want = (double)clamp.lo;
            if (want > (double)clamp.hi) want = (double)clamp.hi;
            if (fabs(product) > 1e38 || fabs(b) > 1e38)
                want = (double)got[i]; /* may overflow on the way, unless fused */
            if (!isfinite(bound)) bound = 0;
            lw_test_within("epilogue", &want, &bound, &got[i], 1);
        }
    }
}

static void check_batch_norm(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        const size_t rows = round % 20 == 7 ? 1 : lw_test_range(t, 0, 9);
        const size_t channels = lw_test_range(t, 0, round % 20 == 7 ? 5000 : 50), n = rows * channels;
        const float *x = lw_test_floats(t, n, LW_FILL_UNIFORM), *mean = lw_test_floats(t, channels, LW_FILL_UNIFORM);
        float *variance = lw_test_floats(t, channels, LW_FILL_POISON);
        for (size_t c = 0; c < channels; c++) variance[c] = lw_test_uniform(t, 0, 3);
        lw_test_seal(t, variance);
        const float *scale = round % 3 ? lw_test_floats(t, channels, LW_FILL_UNIFORM) : NULL;
        const float *offset = round % 2 ? lw_test_floats(t, channels, LW_FILL_UNIFORM) : NULL;
        float *scratch = lw_test_buffer(t, 2 * channels * sizeof(float));
        float *got = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_true(lw_batch_norm_run(t->tested, rows, channels, 1e-3f, x, mean, variance, scale, offset, scratch,
                                       got) == LW_OK,
                     "batch norm");
        for (size_t i = 0; i < n; i++) {
            const size_t c = i % channels;
            const double s = (scale ? (double)scale[c] : 1) / sqrt((double)variance[c] + (double)1e-3f);
            const double b = offset ? (double)offset[c] : 0;
            const double want = ((double)x[i] - (double)mean[c]) * s + b;
            const double bound = lw_test_gamma(8, fabs((double)x[i] * s) + fabs((double)mean[c] * s) + fabs(b));
            lw_test_within("batch norm", &want, &bound, &got[i], 1);
        }
    }
    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM);
    float *untouched = lw_test_floats(t, 6, LW_FILL_POISON), scratch[6];
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    const float *const null = NULL;
    lw_test_true(lw_batch_norm_run(NULL, 2, 3, 0, x, x, x, x, x, scratch, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_batch_norm_run(c, 2, 3, 0, null, x, x, x, x, scratch, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_batch_norm_run(c, 2, 3, 0, x, null, x, x, x, scratch, untouched) == LW_NULL_POINTER, "no mean");
    lw_test_true(lw_batch_norm_run(c, 2, 3, 0, x, x, null, x, x, scratch, untouched) == LW_NULL_POINTER, "no variance");
    lw_test_true(lw_batch_norm_run(c, 2, 3, 0, x, x, x, x, x, NULL, untouched) == LW_NULL_POINTER, "no scratch");
    lw_test_true(lw_batch_norm_run(c, 2, 3, 0, x, x, x, x, x, scratch, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_batch_norm_run(c, SIZE_MAX / 4, 3, 0, x, x, x, x, x, scratch, untouched) == LW_TOO_LARGE,
                 "too large");
    lw_test_true(lw_batch_norm_run(c, 0, 3, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == LW_OK, "empty");

    float shift[3];
    lw_test_status(lw_batch_norm_fold(NULL, 3, 0, x, x, x, x, untouched, shift), LW_NULL_POINTER, "no context");
    lw_test_status(lw_batch_norm_fold(c, 3, 0, NULL, x, x, x, untouched, shift), LW_NULL_POINTER, "no mean");
    lw_test_status(lw_batch_norm_fold(c, 3, 0, x, NULL, x, x, untouched, shift), LW_NULL_POINTER, "no variance");
    lw_test_status(lw_batch_norm_fold(c, 3, 0, x, x, x, x, NULL, shift), LW_NULL_POINTER, "no scale");
    lw_test_status(lw_batch_norm_fold(c, 3, 0, x, x, x, x, untouched, NULL), LW_NULL_POINTER, "no shift");
    lw_test_status(lw_batch_norm_fold(c, SIZE_MAX / 2, 0, x, x, x, x, untouched, shift), LW_TOO_LARGE, "too large");
    lw_test_status(lw_batch_norm_fold(c, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL), LW_OK, "no channels");
}

/* ---- Layer normalisation ---- */

static void check_layer_norm(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        const size_t rows = lw_test_range(t, 0, 5), columns = lw_test_range(t, 1, round % 4 ? 50 : 300);
        const size_t n = rows * columns;
        float *x = lw_test_floats(t, n, LW_FILL_UNIFORM);
        const float away = round % 5 ? 0.25f : 30; /* a mean far larger than the deviations */
        for (size_t i = 0; i < n; i++) x[i] = round % 8 == 7 ? away : x[i] + away;
        if (round % 16 == 5) lw_test_fill(t, x, n, LW_FILL_SPECIAL);
        lw_test_seal(t, x);
        const float *scale = round % 3 ? lw_test_floats(t, columns, LW_FILL_UNIFORM) : NULL;
        const float *shift = round % 2 ? lw_test_floats(t, columns, LW_FILL_UNIFORM) : NULL;
        const float epsilon = 1e-3f;
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        t->tested->kernels.layer_norm_f32(rows, columns, epsilon, x, scale, shift, got);
        t->reference->kernels.layer_norm_f32(rows, columns, epsilon, x, scale, shift, other);
        if (t->exact) lw_test_same("against scalar", other, got, n);
        memcpy(other, x, n * sizeof *x);
        lw_test_status(lw_layer_norm_run(t->tested, rows, columns, epsilon, other, scale, shift, other), LW_OK,
                       "in place");
        lw_test_same("operator, in place", got, other, n);
        if (round % 16 == 5) continue;

        for (size_t r = 0; r < rows; r++) {
            const float *row = x + r * columns;
            double mean = 0, size = 0, variance = 0, spread = 0, k = (double)columns;
            for (size_t c = 0; c < columns; c++) {
                mean += (double)row[c] / k;
                size += fabs((double)row[c]);
            }
            for (size_t c = 0; c < columns; c++) {
                const double d = (double)row[c] - mean;
                variance += d * d / k;
                spread = fmax(spread, fabs(d));
            }
            /* How far a deviation, then the variance, then the factor may be off. */
            const double off = lw_test_gamma(columns + 1, size) / k + lw_test_gamma(1, spread);
            const double wide = 2 * spread * off + off * off + lw_test_gamma(columns + 3, variance);
            const double factor = 1 / sqrt(variance + (double)epsilon);
            const double relative = wide / (variance + (double)epsilon) + lw_test_gamma(4, 1);
            for (size_t c = 0; c < columns; c++) {
                const double s = scale ? (double)scale[c] : 1, b = shift ? (double)shift[c] : 0;
                const double y = ((double)row[c] - mean) * factor * s, want = y + b;
                const double bound = (off * factor + fabs(y / (s != 0 ? s : 1)) * relative) * 1.01 * fabs(s) +
                                     lw_test_gamma(3, fabs(y) + fabs(b));
                lw_test_within("layer norm", &want, &bound, &got[r * columns + c], 1);
            }
        }
    }
    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM), *const null = NULL;
    float *untouched = lw_test_floats(t, 6, LW_FILL_POISON);
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    lw_test_status(lw_layer_norm_run(NULL, 2, 3, 0, x, x, x, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_layer_norm_run(c, 2, 3, 0, null, x, x, untouched), LW_NULL_POINTER, "no input");
    lw_test_status(lw_layer_norm_run(c, 2, 3, 0, x, x, x, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_layer_norm_run(c, SIZE_MAX / 4, 3, 0, x, x, x, untouched), LW_TOO_LARGE, "too large");
    lw_test_status(lw_layer_norm_run(c, 0, 3, 0, NULL, NULL, NULL, NULL), LW_OK, "no rows");
    lw_test_status(lw_layer_norm_run(c, 3, 0, 0, NULL, NULL, NULL, NULL), LW_OK, "no columns");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    size_t rows, columns;
    const float *x;
    float *statistics, *scratch, *out;
};

static struct bench_arg *bench_data(struct lw_bench *b, size_t rows, size_t columns) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    *a = (struct bench_arg){rows,
                            columns,
                            lw_bench_floats(b, rows * columns),
                            lw_bench_buffer(b, columns * sizeof(float)),
                            lw_bench_buffer(b, 2 * columns * sizeof(float)),
                            lw_bench_buffer(b, rows * columns * sizeof(float))};
    return a;
}

static void bench_softmax_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_softmax_run(context, a->rows, a->columns, a->x, a->out);
}
static void bench_softmax(struct lw_bench *b) {
    lw_bench_add(b, "1x1001", 0, 8.0 * 1001, bench_softmax_run, bench_data(b, 1, 1001));
    lw_bench_add(b, "1000x1000", 0, 8e6, bench_softmax_run, bench_data(b, 1000, 1000));
}
static void bench_sum_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_reduce_run(context, LW_REDUCE_SUM, LW_FLOAT32, a->rows, a->columns, 1, a->x, a->out);
}
static void bench_sum(struct lw_bench *b) {
    lw_bench_add(b, "10x1000", 1e4, 4e4, bench_sum_run, bench_data(b, 10, 1000));
    lw_bench_add(b, "1000x1000", 1e6, 4e6, bench_sum_run, bench_data(b, 1000, 1000));
}
static void bench_mean_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_reduce_run(context, LW_REDUCE_MEAN, LW_FLOAT32, 1, a->rows, a->columns, a->x, a->out);
}
static void bench_sum_rows(struct lw_bench *b) {
    lw_bench_add(b, "mean of 7x7x1024", 49 * 1024, 4.0 * 50 * 1024, bench_mean_run, bench_data(b, 49, 1024));
}
static void bench_max_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_reduce_run(context, LW_REDUCE_MAX, LW_FLOAT32, a->rows, a->columns, 1, a->x, a->out);
}
static void bench_max_rows_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_reduce_run(context, LW_REDUCE_MAX, LW_FLOAT32, 1, a->rows, a->columns, a->x, a->out);
}
static void bench_max(struct lw_bench *b) {
    lw_bench_add(b, "of 1000 rows of 1000", 1e6, 4e6, bench_max_run, bench_data(b, 1000, 1000));
    lw_bench_add(b, "of 1000 columns of 1000", 1e6, 4e6, bench_max_rows_run, bench_data(b, 1000, 1000));
}
static void bench_argmax_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_argmax_run(context, LW_FLOAT32, a->rows, a->columns, 1, a->x, (int32_t *)a->out);
}
static void bench_argmax_rows_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_argmax_run(context, LW_FLOAT32, 1, a->rows, a->columns, a->x, (int32_t *)a->out);
}
static void bench_argmax_rows(struct lw_bench *b) {
    lw_bench_add(b, "1000x1000", 0, 4e6, bench_argmax_rows_run, bench_data(b, 1000, 1000));
    lw_bench_add(b, "2304x17", 0, 4.0 * 2304 * 17, bench_argmax_rows_run, bench_data(b, 2304, 17));
}
static void bench_argmax(struct lw_bench *b) {
    lw_bench_add(b, "1000x1000", 0, 4e6, bench_argmax_run, bench_data(b, 1000, 1000));
}
static void bench_top_k_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_top_k_run(context, LW_FLOAT32, 1, a->columns, a->rows, a->x, a->out, (int32_t *)a->scratch);
}
static void bench_top_k(struct lw_bench *b) {
    struct bench_arg *five = bench_data(b, 1, 1001), *hundred = bench_data(b, 1, 10000), *all = bench_data(b, 1, 1000);
    five->rows = 5;
    hundred->rows = 100;
    all->rows = 1000;
    lw_bench_add(b, "5 of 1001", 0, 4004, bench_top_k_run, five);
    lw_bench_add(b, "100 of 10000", 0, 4e4, bench_top_k_run, hundred);
    lw_bench_add(b, "1000 of 1000", 0, 4e3, bench_top_k_run, all);
}
static void bench_batch_norm_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_batch_norm_run(context, a->rows, a->columns, 1e-3f, a->x, a->statistics, a->statistics, NULL, NULL, a->scratch,
                      a->out);
}
static void bench_batch_norm(struct lw_bench *b) {
    const double n = 112 * 112 * 32;
    lw_bench_add(b, "batch norm 112x112x32", 2 * n, 8 * n, bench_batch_norm_run, bench_data(b, 112 * 112, 32));
}

static void bench_layer_norm_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_layer_norm_run(context, a->rows, a->columns, 1e-3f, a->x, a->scratch, a->scratch + a->columns, a->out);
}
static void bench_layer_norm(struct lw_bench *b) {
    lw_bench_add(b, "196x768", 0, 8.0 * 196 * 768, bench_layer_norm_run, bench_data(b, 196, 768));
    lw_bench_add(b, "4096x64", 0, 8.0 * 4096 * 64, bench_layer_norm_run, bench_data(b, 4096, 64));
}

#define SLOT(name) offsetof(struct lw_kernels, name)

static const struct lw_row rows[] = {
    {"softmax_f32", SLOT(softmax_f32), check_softmax, bench_softmax},
    {"sum_f32", SLOT(sum_f32), check_sum, bench_sum},
    {"sum_rows_f32", SLOT(sum_rows_f32), check_sum_rows, bench_sum_rows},
    {"epilogue_f32", SLOT(epilogue_f32), check_epilogue, bench_batch_norm},
    {"layer_norm_f32", SLOT(layer_norm_f32), check_layer_norm, bench_layer_norm},
    {"fold_max_f32", SLOT(fold_f32[LW_K_FOLD_MAX]), fold_max, bench_max},
    {"fold_min_f32", SLOT(fold_f32[LW_K_FOLD_MIN]), fold_min, NULL},
    {"fold_product_f32", SLOT(fold_f32[LW_K_FOLD_PRODUCT]), fold_product, NULL},
    {"fold_sum_i32", SLOT(fold_i32[LW_K_FOLD_SUM]), fold_sum_i32, NULL},
    {"fold_max_i32", SLOT(fold_i32[LW_K_FOLD_MAX]), fold_max_i32, NULL},
    {"fold_min_i32", SLOT(fold_i32[LW_K_FOLD_MIN]), fold_min_i32, NULL},
    {"fold_product_i32", SLOT(fold_i32[LW_K_FOLD_PRODUCT]), fold_product_i32, NULL},
    {"find_f32", SLOT(find_f32), check_find_f32, NULL},
    {"find_i32", SLOT(find_i32), check_find_i32, NULL},
    {"find_above_f32", SLOT(find_above_f32), check_find_above_f32, NULL},
    {"find_above_i32", SLOT(find_above_i32), check_find_above_i32, NULL},
    {"argmax_rows_f32", SLOT(argmax_rows_f32), check_argmax_f32, bench_argmax_rows},
    {"argmin_rows_f32", SLOT(argmin_rows_f32), check_argmin_f32, NULL},
    {"argmax_rows_i32", SLOT(argmax_rows_i32), check_argmax_i32, NULL},
    {"argmin_rows_i32", SLOT(argmin_rows_i32), check_argmin_i32, NULL},
    {"top_k", LW_NO_SLOT, check_top_k, bench_top_k},
    {"reduce", LW_NO_SLOT, check_reduce, NULL},
    {"argmax", LW_NO_SLOT, check_argmax, bench_argmax},
    {"cumulative", LW_NO_SLOT, check_cumulative, NULL},
    {"batch_norm", LW_NO_SLOT, check_batch_norm, NULL},
};
const struct lw_family lw_family_rows = {"rows", rows, sizeof rows / sizeof rows[0]};
