/* SPDX-License-Identifier: MIT */
/* Functions of one element: the clamp slot, every slot of enum lw_unary, and the operator. */
#include <math.h>
#include <string.h>

#include "tests/functions.h"
#include "tests/oracle.h"
#include "tests/rows.h"
#include "tests/strided.h"

/* Compares a slot on x with scalar, into a new buffer and in place. fused says whether relaxed may differ from scalar.
 * Returns the result. */
static const float *compare(struct lw_test *t, size_t slot, bool fused, float alpha, const float *x, size_t n) {
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    float *in_place = lw_test_floats(t, n, LW_FILL_POISON);
    memcpy(in_place, x, n * sizeof *x);
    t->tested->kernels.unary_f32[slot](n, alpha, x, got);
    t->reference->kernels.unary_f32[slot](n, alpha, x, other);
    t->tested->kernels.unary_f32[slot](n, alpha, in_place, in_place);
    lw_test_same("in place", got, in_place, n);
    if (t->exact || !fused) lw_test_same("against scalar", other, got, n);
    return got;
}

/* And with doubles. */
static void compare_function(struct lw_test *t, const struct lw_function *f, const float *x, size_t n) {
    const float *got = compare(t, f->slot, f->fused, 0.0f, x, n);
    for (size_t i = 0; i < n; i++) {
        const double want = f->exact((double)x[i]), ulps = lw_ulps(f, x[i], got[i], want);
        lw_test_true(ulps <= f->ulps, "%s(%a) = %a, expected %a: %g ULP", f->name, (double)x[i], (double)got[i], want,
                     ulps);
    }
}

/* f(x) must be exactly want (a NaN any NaN), with its sign. */
static const struct {
    size_t slot;
    float x, want;
} values[] = {
    {LW_K_ELU, -INFINITY, -1.0f},
    {LW_K_ELU, -0x1p-149f, -0x1p-149f},
    {LW_K_ELU, -0x1p-30f, -0x1p-30f},
    {LW_K_ELU, -0.0f, -0.0f},
    {LW_K_ELU, INFINITY, INFINITY},
    {LW_K_SIGMOID, -INFINITY, 0.0f},
    {LW_K_SIGMOID, -100.0f, 0.0f},
    {LW_K_SIGMOID, 0.0f, 0.5f},
    {LW_K_SIGMOID, -0.0f, 0.5f},
    {LW_K_SIGMOID, 100.0f, 1.0f},
    {LW_K_SIGMOID, INFINITY, 1.0f},
    {LW_K_TANH, -INFINITY, -1.0f},
    {LW_K_TANH, INFINITY, 1.0f},
    {LW_K_TANH, 0x1p-149f, 0x1p-149f},
    {LW_K_TANH, -0x1p-20f, -0x1p-20f},
    {LW_K_TANH, -0.0f, -0.0f},
    {LW_K_HARD_SWISH, 3e38f, 3e38f},
    {LW_K_HARD_SWISH, -3e38f, -0.0f},
    {LW_K_HARD_SWISH, INFINITY, INFINITY},
    {LW_K_EXP, -INFINITY, 0.0f},
    {LW_K_EXP, -104.0f, 0.0f},
    {LW_K_EXP, -103.9f, 0x1p-149f},
    {LW_K_EXP, -0.0f, 1.0f},
    {LW_K_EXP, 88.8f, INFINITY},
    {LW_K_EXP, INFINITY, INFINITY},
    {LW_K_EXPM1, -0x1p-149f, -0x1p-149f},
    {LW_K_EXPM1, -0.0f, -0.0f},
    {LW_K_EXPM1, -INFINITY, -1.0f},
    {LW_K_EXPM1, 89.0f, INFINITY},
    {LW_K_LOG, -0.0f, -INFINITY},
    {LW_K_LOG, 1.0f, 0.0f},
    {LW_K_LOG, -1.0f, NAN},
    {LW_K_LOG, INFINITY, INFINITY},
    {LW_K_LOG1P, -0.0f, -0.0f},
    {LW_K_LOG1P, -0x1p-149f, -0x1p-149f},
    {LW_K_LOG1P, -1.0f, -INFINITY},
    {LW_K_LOG1P, -2.0f, NAN},
    {LW_K_LOG1P, INFINITY, INFINITY},
    {LW_K_SOFTPLUS, -INFINITY, 0.0f},
    {LW_K_SOFTPLUS, 100.0f, 100.0f},
    {LW_K_SOFTPLUS, INFINITY, INFINITY},
    {LW_K_SELU, -0.0f, -0.0f},
    {LW_K_ERF, -0.0f, -0.0f},
    {LW_K_ERF, 4.5f, 1.0f},
    {LW_K_ERF, -INFINITY, -1.0f},
    {LW_K_GELU, -0.0f, -0.0f},
    {LW_K_GELU, -6.0f, -0.0f},
    {LW_K_GELU, 6.0f, 6.0f},
    {LW_K_GELU, -INFINITY, -0.0f},
    {LW_K_GELU, INFINITY, INFINITY},
    {LW_K_GELU_TANH, -0.0f, -0.0f},
    {LW_K_GELU_TANH, 3e38f, 3e38f},
    {LW_K_GELU_TANH, -INFINITY, -0.0f},
    {LW_K_GELU_TANH, INFINITY, INFINITY},
    {LW_K_SIN, -0.0f, -0.0f},
    {LW_K_SIN, INFINITY, NAN},
    {LW_K_SIN, 0x1.f9cbe2p7f, 1.0f}, /* close to 161 pi / 2 */
    {LW_K_COS, 0x1.f9cbe2p7f, -0x1.1fa3bcp-28f},
    {LW_K_SIN, 0x1.f37c8ap95f, 1.0f}, /* the float closest to a multiple of pi / 2 */
    {LW_K_COS, 0x1.f37c8ap95f, -0x1.bbdd52p-30f},
    {LW_K_COS, -0.0f, 1.0f},
    {LW_K_COS, -INFINITY, NAN},
    {LW_K_TAN, -0.0f, -0.0f},
    {LW_K_TAN, INFINITY, NAN},
    {LW_K_ASIN, -0.0f, -0.0f},
    {LW_K_ASIN, 1.0f, 0x1.921fb6p0f},
    {LW_K_ASIN, 1.0000001f, NAN},
    {LW_K_ACOS, 1.0f, 0.0f},
    {LW_K_ACOS, -1.0f, 0x1.921fb6p1f},
    {LW_K_ACOS, -1.0000001f, NAN},
    {LW_K_ATAN, -0.0f, -0.0f},
    {LW_K_ATAN, -INFINITY, -0x1.921fb6p0f},
    {LW_K_SINH, -0.0f, -0.0f},
    {LW_K_SINH, -INFINITY, -INFINITY},
    {LW_K_SINH, 0x1p-149f, 0x1p-149f},
    {LW_K_COSH, -INFINITY, INFINITY},
    {LW_K_ASINH, -0.0f, -0.0f},
    {LW_K_ASINH, -INFINITY, -INFINITY},
    {LW_K_ASINH, 0x1p-149f, 0x1p-149f},
    {LW_K_ACOSH, 1.0f, 0.0f},
    {LW_K_ACOSH, 0.99999994f, NAN},
    {LW_K_ACOSH, -3e38f, NAN},
    {LW_K_ACOSH, -INFINITY, NAN},
    {LW_K_ACOSH, INFINITY, INFINITY},
    {LW_K_ATANH, -0.0f, -0.0f},
    {LW_K_ATANH, -1.0f, -INFINITY},
    {LW_K_ATANH, 1.0000001f, NAN},
    {LW_K_ATANH, -INFINITY, NAN},
    {LW_K_CEIL, -0.5f, -0.0f},
    {LW_K_ROUND, -0.5f, -0.0f},
    {LW_K_ROUND, 2.5f, 2.0f},
    {LW_K_ROUND, -3.5f, -4.0f},
    {LW_K_ROUND, 8388609.0f, 8388609.0f},
    {LW_K_RSQRT, -0.0f, -INFINITY},
    {LW_K_RSQRT, INFINITY, 0.0f},
    {LW_K_RSQRT, -1.0f, NAN},
    {LW_K_RECIPROCAL, -0.0f, -INFINITY},
    {LW_K_RECIPROCAL, -INFINITY, -0.0f},
    {LW_K_SIGN, -0.0f, 0.0f},
    {LW_K_SIGN, NAN, 0.0f},
};

/* The check of every row whose function is in tests/functions.h. */
static void check_function(struct lw_test *t) {
    const struct lw_function *f = lw_functions;
    while (offsetof(struct lw_kernels, unary_f32) + f->slot * sizeof(lw_unary_f32_fn *) != t->slot) f++;

    for (int round = 0; round < 120; round++) {
        size_t n = round < 40 ? (size_t)round : lw_test_range(t, 0, 300);
        const float *x =
            lw_test_floats(t, n, round % 3 ? round % 3 == 1 ? LW_FILL_SPECIAL : LW_FILL_WIDE : LW_FILL_UNIFORM);
        compare_function(t, f, x, n);
    }

    /* Every exponent of both signs, 256 mantissas each, another set for each seed. */
    enum { MANTISSAS = 256, COUNT = 512 * MANTISSAS };
    float *sweep = lw_test_floats(t, COUNT, LW_FILL_POISON);
    uint32_t offset = lw_test_u32(t) % 32768;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t bits = i * 32768 + offset;
        memcpy(&sweep[i], &bits, sizeof bits);
    }
    lw_test_seal(t, sweep);
    compare_function(t, f, sweep, COUNT);

    /* Where exp and its relatives do something: -110 to 110, and the neighbourhood of 0. */
    enum { DENSE = 40000 };
    float *dense = lw_test_floats(t, DENSE, LW_FILL_POISON);
    for (size_t i = 0; i < DENSE; i++) dense[i] = i % 2 ? lw_test_uniform(t, -110, 110) : lw_test_uniform(t, -10, 10);
    lw_test_seal(t, dense);
    compare_function(t, f, dense, DENSE);

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (values[i].slot != f->slot) continue;
        float in[5], got[5], want[5]; /* a whole vector and a tail */
        for (size_t j = 0; j < 5; j++) in[j] = values[i].x, want[j] = values[i].want;
        t->tested->kernels.unary_f32[f->slot](5, 0.0f, in, got);
        lw_test_same("special value", want, got, 5);
    }
}

static void check_with_alpha(struct lw_test *t, size_t slot, float (*exact)(float x, float alpha)) {
    for (int round = 0; round < 120; round++) {
        const size_t n = round < 40 ? (size_t)round : lw_test_range(t, 0, 300);
        const float *x = lw_test_floats(t, n, round % 2 ? LW_FILL_SPECIAL : LW_FILL_WIDE);
        const float alpha = lw_test_uniform(t, -2, 2), *got = compare(t, slot, false, alpha, x, n);
        float *want = lw_test_floats(t, n, LW_FILL_POISON);
        for (size_t i = 0; i < n; i++) want[i] = exact(x[i], alpha);
        lw_test_same("with alpha", want, got, n);
    }
}
static float exact_leaky_relu(float x, float alpha) {
    return x < 0 ? alpha * x : x;
}
static float exact_step(float x, float alpha) {
    if (isnan(x)) return x;
    return x > 0 ? 1.0f : alpha;
}
static void check_leaky_relu(struct lw_test *t) {
    check_with_alpha(t, LW_K_LEAKY_RELU, exact_leaky_relu);
}
static void check_step(struct lw_test *t) {
    check_with_alpha(t, LW_K_STEP, exact_step);
}

static void check_clamp(struct lw_test *t) {
    for (int round = 0; round < 120; round++) {
        size_t n = round < 40 ? (size_t)round : lw_test_range(t, 0, 300);
        const float *x = lw_test_floats(t, n, round % 2 ? LW_FILL_SPECIAL : LW_FILL_WIDE);
        struct lw_clamp clamp = {lw_test_uniform(t, -1, 0), lw_test_uniform(t, 0, 1)};
        if (round % 3 == 1) clamp = (struct lw_clamp){0.0f, INFINITY};
        if (round % 3 == 2) clamp = (struct lw_clamp){-INFINITY, INFINITY};
        float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
        for (size_t i = 0; i < n; i++) {
            want[i] = x[i];
            if (x[i] < clamp.lo) want[i] = clamp.lo;
            if (x[i] > clamp.hi) want[i] = clamp.hi;
        }
        t->tested->kernels.clamp_f32(n, clamp, x, got);
        lw_test_same("clamp", want, got, n);
        memcpy(got, x, n * sizeof *x);
        t->tested->kernels.clamp_f32(n, clamp, got, got);
        lw_test_same("clamp in place", want, got, n);
    }
}

/* ---- The operator ---- */

static void check_operator(struct lw_test *t) {
    enum { N = 37 };
    const float *x = lw_test_floats(t, N, LW_FILL_SPECIAL);
    float *got = lw_test_floats(t, N, LW_FILL_POISON), *want = lw_test_floats(t, N, LW_FILL_POISON);
    const struct lw_kernels *k = &t->tested->kernels;

    static const uint8_t ops[] = {
        [LW_UNARY_EXP] = LW_K_EXP,           [LW_UNARY_SQRT] = LW_K_SQRT,   [LW_UNARY_ABS] = LW_K_ABS,
        [LW_UNARY_NEG] = LW_K_NEG,           [LW_UNARY_FLOOR] = LW_K_FLOOR, [LW_UNARY_SQUARE] = LW_K_SQUARE,
        [LW_UNARY_CEIL] = LW_K_CEIL,         [LW_UNARY_ROUND] = LW_K_ROUND, [LW_UNARY_RSQRT] = LW_K_RSQRT,
        [LW_UNARY_SIGN] = LW_K_SIGN,         [LW_UNARY_STEP] = LW_K_STEP,   [LW_UNARY_RECIPROCAL] = LW_K_RECIPROCAL,
        [LW_UNARY_EXPM1] = LW_K_EXPM1,       [LW_UNARY_LOG] = LW_K_LOG,     [LW_UNARY_LOG1P] = LW_K_LOG1P,
        [LW_UNARY_SOFTPLUS] = LW_K_SOFTPLUS, [LW_UNARY_SELU] = LW_K_SELU,   [LW_UNARY_ERF] = LW_K_ERF,
        [LW_UNARY_SIN] = LW_K_SIN,           [LW_UNARY_COS] = LW_K_COS,     [LW_UNARY_TAN] = LW_K_TAN,
        [LW_UNARY_ASIN] = LW_K_ASIN,         [LW_UNARY_ACOS] = LW_K_ACOS,   [LW_UNARY_ATAN] = LW_K_ATAN,
        [LW_UNARY_SINH] = LW_K_SINH,         [LW_UNARY_COSH] = LW_K_COSH,   [LW_UNARY_ASINH] = LW_K_ASINH,
        [LW_UNARY_ACOSH] = LW_K_ACOSH,       [LW_UNARY_ATANH] = LW_K_ATANH,

    };
    enum { OPS = sizeof ops };
    const struct lw_activation alpha = {.alpha = 0.25f};
    for (uint32_t op = LW_UNARY_EXP; op < OPS; op++) {
        k->unary_f32[ops[op]](N, 0.25f, x, want);
        const struct lw_activation *given = op == LW_UNARY_STEP ? &alpha : NULL;
        lw_test_true(lw_unary_run(t->tested, (enum lw_unary_op)op, given, N, x, got) == LW_OK, "op %u", op);
        lw_test_same("operator", want, got, N);
    }

    for (uint32_t kind = LW_LINEAR; kind <= LW_GELU_TANH; kind++) {
        if (kind == LW_PRELU) continue;
        struct lw_activation a = {.kind = kind, .alpha = 0.25f, .min = -0.5f, .max = 0.5f};
        memcpy(want, x, N * sizeof *x);
        if (kind == LW_RELU || kind == LW_RELU6 || kind == LW_CLAMP) {
            float lo = kind == LW_CLAMP ? -0.5f : 0.0f;
            float hi = kind == LW_CLAMP ? 0.5f : kind == LW_RELU6 ? 6.0f : INFINITY;
            for (size_t i = 0; i < N; i++) want[i] = x[i] < lo ? lo : hi < x[i] ? hi : x[i];
        }
        static const uint8_t slots[] = {[LW_LEAKY_RELU] = LW_K_LEAKY_RELU, [LW_ELU] = LW_K_ELU,
                                        [LW_SIGMOID] = LW_K_SIGMOID,       [LW_TANH] = LW_K_TANH,
                                        [LW_HARD_SWISH] = LW_K_HARD_SWISH, [LW_GELU] = LW_K_GELU,
                                        [LW_GELU_TANH] = LW_K_GELU_TANH};
        if (kind >= LW_LEAKY_RELU && kind != LW_CLAMP) k->unary_f32[slots[kind]](N, 0.25f, x, want);
        memcpy(got, x, N * sizeof *x);
        lw_test_true(lw_unary_run(t->tested, LW_UNARY_ACTIVATION, &a, N, got, got) == LW_OK, "activation %u", kind);
        lw_test_same("activation in place", want, got, N);
        lw_test_fill(t, got, N, LW_FILL_POISON);
        lw_test_true(lw_unary_run(t->tested, LW_UNARY_ACTIVATION, &a, N, x, got) == LW_OK, "activation %u", kind);
        lw_test_same("activation", want, got, N);
    }

    /* Rows that are parts of wider ones. */
    const struct lw_context *c = t->tested;
    for (uint32_t round = 0; round < 60; round++) {
        const size_t columns = lw_test_range(t, 0, round % 4 ? 9 : 90), rows = lw_test_range(t, 0, 9);
        const size_t from_step = lw_test_stride(t, columns),
                     to_step = round % 3 ? lw_test_stride(t, columns) : from_step;
        const size_t n = rows * columns, step = to_step ? to_step : columns;
        const size_t reach = n ? (rows - 1) * step + columns : 0;
        const enum lw_unary_op op = (enum lw_unary_op)lw_test_range(t, LW_UNARY_ACTIVATION, OPS - 1);
        struct lw_activation a = lw_oracle_random_activation(t, round % LW_ORACLE_ACTIVATIONS);
        if (a.kind == LW_PRELU) a.kind = LW_LINEAR;
        const float *dense = lw_test_floats(t, n, LW_FILL_UNIFORM);
        float *expected = lw_test_floats(t, n, LW_FILL_POISON), *spread = lw_test_floats(t, reach, LW_FILL_POISON);
        const float *from = lw_test_spread(t, dense, rows, columns, from_step);
        const bool in_place = from_step == to_step && n;
        if (in_place) memcpy(spread, from, reach * sizeof *from);
        lw_test_status(lw_unary_run(c, op, &a, n, dense, expected), LW_OK, "dense rows");
        lw_test_status(
            lw_unary_rows_run(c, op, &a, rows, columns, from_step, to_step, in_place ? spread : from, spread), LW_OK,
            "rows");
        lw_test_same_spread(t, "rows", expected, spread, rows, columns, to_step, reach);
    }

    float *untouched = lw_test_floats(t, N, LW_FILL_POISON);
    lw_test_seal(t, untouched);
    struct lw_activation a = {.kind = LW_RELU};
    lw_test_status(lw_unary_rows_run(NULL, LW_UNARY_EXP, NULL, 2, 3, 0, 0, x, untouched), LW_NULL_POINTER, "context");
    lw_test_status(lw_unary_rows_run(c, LW_UNARY_EXP, NULL, 2, 3, 0, 0, x, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_unary_rows_run(c, (enum lw_unary_op)OPS, NULL, 2, 3, 0, 0, x, untouched), LW_BAD_ENUM, "bad op");
    lw_test_status(lw_unary_rows_run(c, LW_UNARY_EXP, NULL, 2, 3, 2, 0, x, untouched), LW_BAD_SHAPE, "input overlaps");
    lw_test_status(lw_unary_rows_run(c, LW_UNARY_EXP, NULL, 2, 3, 0, 2, x, untouched), LW_BAD_SHAPE, "output overlaps");
    lw_test_status(lw_unary_rows_run(c, LW_UNARY_EXP, NULL, SIZE_MAX / 4, 3, 4, 0, x, untouched), LW_TOO_LARGE,
                   "large");
    lw_test_true(lw_unary_run(NULL, LW_UNARY_EXP, NULL, N, x, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, N, NULL, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, N, x, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, NULL, N, x, untouched) == LW_NULL_POINTER, "no activation");
    lw_test_true(lw_unary_run(c, (enum lw_unary_op)OPS, NULL, N, x, untouched) == LW_BAD_ENUM, "bad op");
    lw_test_true(lw_unary_run(c, LW_UNARY_STEP, NULL, N, x, untouched) == LW_NULL_POINTER, "no alpha");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, SIZE_MAX / 2, x, untouched) == LW_TOO_LARGE, "too large");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, 0, NULL, NULL) == LW_OK, "empty");
    a.kind = LW_PRELU;
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, &a, N, x, untouched) == LW_UNSUPPORTED, "prelu");
    a.kind = LW_GELU_TANH + 1;
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, &a, N, x, untouched) == LW_BAD_ENUM, "bad activation");
    a = (struct lw_activation){.kind = LW_CLAMP, .min = 1, .max = 0};
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, &a, N, x, untouched) == LW_BAD_SHAPE, "min > max");
    a.max = NAN;
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, &a, N, x, untouched) == LW_BAD_SHAPE, "NaN bound");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    size_t slot, n;
    const float *x;
    float *out;
};

static void bench_slot_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    context->kernels.unary_f32[a->slot](a->n, 0.25f, a->x, a->out);
}
static void bench_clamp_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    context->kernels.clamp_f32(a->n, (struct lw_clamp){0.0f, 6.0f}, a->x, a->out);
}

static void bench_both(struct lw_bench *b, lw_bench_fn *run) {
    const size_t slot = (b->row->slot - offsetof(struct lw_kernels, unary_f32)) / sizeof(lw_unary_f32_fn *);
    for (size_t n = 10000; n <= 1000000; n *= 100) {
        struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
        float *x = lw_bench_floats(b, n);
        for (size_t i = 0; slot == LW_K_LOG && i < n; i++) x[i] = x[i] < 0 ? -x[i] : x[i] + 0.5f;
        *a = (struct bench_arg){slot, n, x, lw_bench_buffer(b, n * sizeof(float))};
        lw_bench_add(b, n == 10000 ? "1e4" : "1e6", 0, 8.0 * (double)n, run, a);
    }
}
static void bench(struct lw_bench *b) {
    bench_both(b, bench_slot_run);
}
static void bench_clamp(struct lw_bench *b) {
    bench_both(b, bench_clamp_run);
}

#define SLOT(k) offsetof(struct lw_kernels, unary_f32[k])

static const struct lw_row rows[] = {
    {"clamp_f32", offsetof(struct lw_kernels, clamp_f32), check_clamp, bench_clamp},
    {"leaky_relu_f32", SLOT(LW_K_LEAKY_RELU), check_leaky_relu, bench},
    {"elu_f32", SLOT(LW_K_ELU), check_function, bench},
    {"sigmoid_f32", SLOT(LW_K_SIGMOID), check_function, bench},
    {"tanh_f32", SLOT(LW_K_TANH), check_function, bench},
    {"hard_swish_f32", SLOT(LW_K_HARD_SWISH), check_function, bench},
    {"exp_f32", SLOT(LW_K_EXP), check_function, bench},
    {"sqrt_f32", SLOT(LW_K_SQRT), check_function, bench},
    {"abs_f32", SLOT(LW_K_ABS), check_function, bench},
    {"neg_f32", SLOT(LW_K_NEG), check_function, bench},
    {"floor_f32", SLOT(LW_K_FLOOR), check_function, bench},
    {"square_f32", SLOT(LW_K_SQUARE), check_function, bench},
    {"ceil_f32", SLOT(LW_K_CEIL), check_function, bench},
    {"round_f32", SLOT(LW_K_ROUND), check_function, bench},
    {"rsqrt_f32", SLOT(LW_K_RSQRT), check_function, bench},
    {"reciprocal_f32", SLOT(LW_K_RECIPROCAL), check_function, bench},
    {"sign_f32", SLOT(LW_K_SIGN), check_function, bench},
    {"step_f32", SLOT(LW_K_STEP), check_step, bench},
    {"expm1_f32", SLOT(LW_K_EXPM1), check_function, bench},
    {"log_f32", SLOT(LW_K_LOG), check_function, bench},
    {"log1p_f32", SLOT(LW_K_LOG1P), check_function, bench},
    {"softplus_f32", SLOT(LW_K_SOFTPLUS), check_function, bench},
    {"selu_f32", SLOT(LW_K_SELU), check_function, bench},
    {"erf_f32", SLOT(LW_K_ERF), check_function, bench},
    {"gelu_f32", SLOT(LW_K_GELU), check_function, bench},
    {"gelu_tanh_f32", SLOT(LW_K_GELU_TANH), check_function, bench},
    {"sin_f32", SLOT(LW_K_SIN), check_function, bench},
    {"cos_f32", SLOT(LW_K_COS), check_function, bench},
    {"tan_f32", SLOT(LW_K_TAN), check_function, bench},
    {"asin_f32", SLOT(LW_K_ASIN), check_function, bench},
    {"acos_f32", SLOT(LW_K_ACOS), check_function, bench},
    {"atan_f32", SLOT(LW_K_ATAN), check_function, bench},
    {"sinh_f32", SLOT(LW_K_SINH), check_function, bench},
    {"cosh_f32", SLOT(LW_K_COSH), check_function, bench},
    {"asinh_f32", SLOT(LW_K_ASINH), check_function, bench},
    {"acosh_f32", SLOT(LW_K_ACOSH), check_function, bench},
    {"atanh_f32", SLOT(LW_K_ATANH), check_function, bench},
    {"unary", LW_NO_SLOT, check_operator, NULL},
};
const struct lw_family lw_family_unary = {"unary", rows, sizeof rows / sizeof rows[0]};
