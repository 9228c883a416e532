/* SPDX-License-Identifier: MIT */
/* Functions of one element: the clamp slot, every slot of enum lw_unary, and the operator. */
#include <math.h>
#include <string.h>

#include "tests/functions.h"
#include "tests/rows.h"

typedef double function(double x, double alpha);

/* Compares one slot on x with the doubles (exactly, or within the bound of tests/functions.h) and with scalar, into a
 * new buffer and in place. fused says whether relaxed may differ from scalar. */
static void compare(struct lw_test *t, size_t slot, function *f, bool fused, float alpha, const float *x, size_t n) {
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    float *in_place = lw_test_floats(t, n, LW_FILL_POISON);
    memcpy(in_place, x, n * sizeof *x);
    t->tested->kernels.unary_f32[slot](n, alpha, x, got);
    t->reference->kernels.unary_f32[slot](n, alpha, x, other);
    t->tested->kernels.unary_f32[slot](n, alpha, in_place, in_place);
    lw_test_same("in place", got, in_place, n);
    if (t->exact || !fused) lw_test_same("against scalar", other, got, n);

    const struct lw_function *rounds = lw_function_of(slot);
    for (size_t i = 0; i < n; i++) {
        const double want = f((double)x[i], (double)alpha), ulps = lw_ulps(rounds ? rounds->least : 0, got[i], want);
        lw_test_true(ulps <= (rounds ? rounds->ulps : 0), "f(%a) = %a, expected %a: off by %g ulps", (double)x[i],
                     (double)got[i], want, ulps);
    }
}

static void check_slot(struct lw_test *t, size_t slot, function *f, bool fused) {
    for (int round = 0; round < 120; round++) {
        size_t n = round < 40 ? (size_t)round : lw_test_range(t, 0, 300);
        const float *x =
            lw_test_floats(t, n, round % 3 ? round % 3 == 1 ? LW_FILL_SPECIAL : LW_FILL_WIDE : LW_FILL_UNIFORM);
        compare(t, slot, f, fused, lw_test_uniform(t, -2, 2), x, n);
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
    compare(t, slot, f, fused, 0.3f, sweep, COUNT);

    /* Where exp and its relatives do something: -110 to 110, and the neighbourhood of 0. */
    enum { DENSE = 40000 };
    float *dense = lw_test_floats(t, DENSE, LW_FILL_POISON);
    for (size_t i = 0; i < DENSE; i++) dense[i] = i % 2 ? lw_test_uniform(t, -110, 110) : lw_test_uniform(t, -10, 10);
    lw_test_seal(t, dense);
    compare(t, slot, f, fused, 0.3f, dense, DENSE);
}

/* x must give exactly want (a NaN any NaN). */
static void exactly(struct lw_test *t, size_t slot, float x, float want) {
    float in[5], got[5], expected[5];
    for (size_t i = 0; i < 5; i++) in[i] = x, expected[i] = want; /* a whole vector and a tail */
    t->tested->kernels.unary_f32[slot](5, 0.0f, in, got);
    lw_test_same("special value", expected, got, 5);
}

static double f_leaky_relu(double x, double alpha) {
    return x < 0 ? (double)((float)alpha * (float)x) : x;
}
static double f_elu(double x, double alpha) {
    (void)alpha;
    return lw_exact_elu(x);
}
static double f_sigmoid(double x, double alpha) {
    (void)alpha;
    return lw_exact_sigmoid(x);
}
static double f_tanh(double x, double alpha) {
    (void)alpha;
    return lw_exact_tanh(x);
}
static double f_hard_swish(double x, double alpha) {
    (void)alpha;
    return lw_exact_hard_swish(x);
}
static double f_exp(double x, double alpha) {
    (void)alpha;
    return lw_exact_exp(x);
}
static double f_sqrt(double x, double alpha) {
    (void)alpha;
    return (double)(float)sqrt(x);
}
static double f_abs(double x, double alpha) {
    (void)alpha;
    return fabs(x);
}
static double f_neg(double x, double alpha) {
    (void)alpha;
    return -x;
}
static double f_floor(double x, double alpha) {
    (void)alpha;
    return floor(x);
}
static double f_square(double x, double alpha) {
    (void)alpha;
    return (double)(float)(x * x);
}

static void check_leaky_relu(struct lw_test *t) {
    check_slot(t, LW_K_LEAKY_RELU, f_leaky_relu, false);
}
static void check_elu(struct lw_test *t) {
    check_slot(t, LW_K_ELU, f_elu, true);
    exactly(t, LW_K_ELU, -INFINITY, -1.0f);
    exactly(t, LW_K_ELU, -0x1p-149f, -0x1p-149f);
    exactly(t, LW_K_ELU, -0x1p-30f, -0x1p-30f);
    exactly(t, LW_K_ELU, -0.0f, -0.0f);
    exactly(t, LW_K_ELU, INFINITY, INFINITY);
    exactly(t, LW_K_ELU, NAN, NAN);
}
static void check_sigmoid(struct lw_test *t) {
    check_slot(t, LW_K_SIGMOID, f_sigmoid, true);
    exactly(t, LW_K_SIGMOID, -INFINITY, 0.0f);
    exactly(t, LW_K_SIGMOID, -100.0f, 0.0f);
    exactly(t, LW_K_SIGMOID, 0.0f, 0.5f);
    exactly(t, LW_K_SIGMOID, -0.0f, 0.5f);
    exactly(t, LW_K_SIGMOID, 100.0f, 1.0f);
    exactly(t, LW_K_SIGMOID, INFINITY, 1.0f);
    exactly(t, LW_K_SIGMOID, NAN, NAN);
}
static void check_tanh(struct lw_test *t) {
    check_slot(t, LW_K_TANH, f_tanh, true);
    exactly(t, LW_K_TANH, -INFINITY, -1.0f);
    exactly(t, LW_K_TANH, INFINITY, 1.0f);
    exactly(t, LW_K_TANH, 0x1p-149f, 0x1p-149f);
    exactly(t, LW_K_TANH, -0x1p-20f, -0x1p-20f);
    exactly(t, LW_K_TANH, -0.0f, -0.0f);
    exactly(t, LW_K_TANH, NAN, NAN);
}
static void check_hard_swish(struct lw_test *t) {
    check_slot(t, LW_K_HARD_SWISH, f_hard_swish, false);
    exactly(t, LW_K_HARD_SWISH, 3e38f, 3e38f);
    exactly(t, LW_K_HARD_SWISH, -3e38f, -0.0f);
    exactly(t, LW_K_HARD_SWISH, INFINITY, INFINITY);
    exactly(t, LW_K_HARD_SWISH, NAN, NAN);
}
static void check_exp(struct lw_test *t) {
    check_slot(t, LW_K_EXP, f_exp, true);
    exactly(t, LW_K_EXP, -INFINITY, 0.0f);
    exactly(t, LW_K_EXP, -104.0f, 0.0f);
    exactly(t, LW_K_EXP, -103.9f, 0x1p-149f);
    exactly(t, LW_K_EXP, -0.0f, 1.0f);
    exactly(t, LW_K_EXP, 88.8f, INFINITY);
    exactly(t, LW_K_EXP, INFINITY, INFINITY);
    exactly(t, LW_K_EXP, NAN, NAN);
}
static void check_sqrt(struct lw_test *t) {
    check_slot(t, LW_K_SQRT, f_sqrt, false);
}
static void check_abs(struct lw_test *t) {
    check_slot(t, LW_K_ABS, f_abs, false);
}
static void check_neg(struct lw_test *t) {
    check_slot(t, LW_K_NEG, f_neg, false);
}
static void check_floor(struct lw_test *t) {
    check_slot(t, LW_K_FLOOR, f_floor, false);
}
static void check_square(struct lw_test *t) {
    check_slot(t, LW_K_SQUARE, f_square, false);
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

    static const struct {
        enum lw_unary_op op;
        size_t slot;
    } ops[] = {{LW_UNARY_EXP, LW_K_EXP}, {LW_UNARY_SQRT, LW_K_SQRT},   {LW_UNARY_ABS, LW_K_ABS},
               {LW_UNARY_NEG, LW_K_NEG}, {LW_UNARY_FLOOR, LW_K_FLOOR}, {LW_UNARY_SQUARE, LW_K_SQUARE}};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        k->unary_f32[ops[i].slot](N, 0.0f, x, want);
        lw_test_true(lw_unary_run(t->tested, ops[i].op, NULL, N, x, got) == LW_OK, "op %d", (int)ops[i].op);
        lw_test_same("operator", want, got, N);
    }

    for (uint32_t kind = LW_LINEAR; kind <= LW_CLAMP; kind++) {
        if (kind == LW_PRELU) continue;
        struct lw_activation a = {.kind = kind, .alpha = 0.25f, .min = -0.5f, .max = 0.5f};
        memcpy(want, x, N * sizeof *x);
        if (kind == LW_RELU || kind == LW_RELU6 || kind == LW_CLAMP) {
            float lo = kind == LW_CLAMP ? -0.5f : 0.0f;
            float hi = kind == LW_CLAMP ? 0.5f : kind == LW_RELU6 ? 6.0f : INFINITY;
            for (size_t i = 0; i < N; i++) want[i] = x[i] < lo ? lo : hi < x[i] ? hi : x[i];
        }
        static const uint8_t slots[] = {[LW_LEAKY_RELU] = LW_K_LEAKY_RELU,
                                        [LW_ELU] = LW_K_ELU,
                                        [LW_SIGMOID] = LW_K_SIGMOID,
                                        [LW_TANH] = LW_K_TANH,
                                        [LW_HARD_SWISH] = LW_K_HARD_SWISH};
        if (kind >= LW_LEAKY_RELU && kind <= LW_HARD_SWISH) k->unary_f32[slots[kind]](N, 0.25f, x, want);
        memcpy(got, x, N * sizeof *x);
        lw_test_true(lw_unary_run(t->tested, LW_UNARY_ACTIVATION, &a, N, got, got) == LW_OK, "activation %u", kind);
        lw_test_same("activation in place", want, got, N);
        lw_test_fill(t, got, N, LW_FILL_POISON);
        lw_test_true(lw_unary_run(t->tested, LW_UNARY_ACTIVATION, &a, N, x, got) == LW_OK, "activation %u", kind);
        lw_test_same("activation", want, got, N);
    }

    float *untouched = lw_test_floats(t, N, LW_FILL_POISON);
    lw_test_seal(t, untouched);
    struct lw_activation a = {.kind = LW_RELU};
    const struct lw_context *c = t->tested;
    lw_test_true(lw_unary_run(NULL, LW_UNARY_EXP, NULL, N, x, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, N, NULL, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, N, x, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, NULL, N, x, untouched) == LW_NULL_POINTER, "no activation");
    lw_test_true(lw_unary_run(c, (enum lw_unary_op)7, NULL, N, x, untouched) == LW_BAD_ENUM, "bad op");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, SIZE_MAX / 2, x, untouched) == LW_TOO_LARGE, "too large");
    lw_test_true(lw_unary_run(c, LW_UNARY_EXP, NULL, 0, NULL, NULL) == LW_OK, "empty");
    a.kind = LW_PRELU;
    lw_test_true(lw_unary_run(c, LW_UNARY_ACTIVATION, &a, N, x, untouched) == LW_UNSUPPORTED, "prelu");
    a.kind = 10;
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

static void bench_both(struct lw_bench *b, size_t slot, lw_bench_fn *run) {
    for (size_t n = 10000; n <= 1000000; n *= 100) {
        struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
        *a = (struct bench_arg){slot, n, lw_bench_floats(b, n), lw_bench_buffer(b, n * sizeof(float))};
        lw_bench_add(b, n == 10000 ? "1e4" : "1e6", 0, 8.0 * (double)n, run, a);
    }
}
static void bench_leaky_relu(struct lw_bench *b) {
    bench_both(b, LW_K_LEAKY_RELU, bench_slot_run);
}
static void bench_elu(struct lw_bench *b) {
    bench_both(b, LW_K_ELU, bench_slot_run);
}
static void bench_sigmoid(struct lw_bench *b) {
    bench_both(b, LW_K_SIGMOID, bench_slot_run);
}
static void bench_tanh(struct lw_bench *b) {
    bench_both(b, LW_K_TANH, bench_slot_run);
}
static void bench_hard_swish(struct lw_bench *b) {
    bench_both(b, LW_K_HARD_SWISH, bench_slot_run);
}
static void bench_exp(struct lw_bench *b) {
    bench_both(b, LW_K_EXP, bench_slot_run);
}
static void bench_sqrt(struct lw_bench *b) {
    bench_both(b, LW_K_SQRT, bench_slot_run);
}
static void bench_abs(struct lw_bench *b) {
    bench_both(b, LW_K_ABS, bench_slot_run);
}
static void bench_neg(struct lw_bench *b) {
    bench_both(b, LW_K_NEG, bench_slot_run);
}
static void bench_floor(struct lw_bench *b) {
    bench_both(b, LW_K_FLOOR, bench_slot_run);
}
static void bench_square(struct lw_bench *b) {
    bench_both(b, LW_K_SQUARE, bench_slot_run);
}
static void bench_clamp(struct lw_bench *b) {
    bench_both(b, 0, bench_clamp_run);
}

#define SLOT(k) offsetof(struct lw_kernels, unary_f32[k])

static const struct lw_row rows[] = {
    {"clamp_f32", offsetof(struct lw_kernels, clamp_f32), check_clamp, bench_clamp},
    {"leaky_relu_f32", SLOT(LW_K_LEAKY_RELU), check_leaky_relu, bench_leaky_relu},
    {"elu_f32", SLOT(LW_K_ELU), check_elu, bench_elu},
    {"sigmoid_f32", SLOT(LW_K_SIGMOID), check_sigmoid, bench_sigmoid},
    {"tanh_f32", SLOT(LW_K_TANH), check_tanh, bench_tanh},
    {"hard_swish_f32", SLOT(LW_K_HARD_SWISH), check_hard_swish, bench_hard_swish},
    {"exp_f32", SLOT(LW_K_EXP), check_exp, bench_exp},
    {"sqrt_f32", SLOT(LW_K_SQRT), check_sqrt, bench_sqrt},
    {"abs_f32", SLOT(LW_K_ABS), check_abs, bench_abs},
    {"neg_f32", SLOT(LW_K_NEG), check_neg, bench_neg},
    {"floor_f32", SLOT(LW_K_FLOOR), check_floor, bench_floor},
    {"square_f32", SLOT(LW_K_SQUARE), check_square, bench_square},
    {"unary", LW_NO_SLOT, check_operator, NULL},
};
const struct lw_family lw_family_unary = {"unary", rows, sizeof rows / sizeof rows[0]};
