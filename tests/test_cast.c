/* SPDX-License-Identifier: MIT */
/* Conversion between element types: the slots, all of them through the operator. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"

static void check_cast(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 200; round++) {
        const size_t n = lw_test_range(t, 0, 70);
        float *f = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_fill(t, f, n, round % 2 ? LW_FILL_SPECIAL : LW_FILL_WIDE);
        int32_t *i32 = lw_test_buffer(t, n * sizeof *i32);
        uint8_t *b = lw_test_buffer(t, n);
        for (size_t i = 0; i < n; i++) {
            if (i % 3 == 0) f[i] = lw_test_uniform(t, -1e10f, 1e10f);
            if (i % 3 == 1) f[i] = lw_test_uniform(t, -9, 9);
            const uint32_t bits = lw_test_u32(t) % 4 ? lw_test_u32(t) : 0;
            memcpy(&i32[i], &bits, sizeof bits);
            b[i] = lw_test_u32(t) % 2;
        }
        if (n > 60 && round % 4 < 2) /* blocks without large numbers, too */
            for (size_t i = 0; i < 32; i++) f[i] = lw_test_uniform(t, -0x1p31f, 0x1p31f);
        if (n > 3 && round % 3) f[0] = 0x1p31f, f[1] = -0x1p31f, f[2] = 0x1.fffffep30f, f[3] = -0x1.000002p31f;
        lw_test_seal(t, f);
        lw_test_seal(t, i32);
        lw_test_seal(t, b);

        float *to_f = lw_test_floats(t, n, LW_FILL_POISON), *want_f = lw_test_floats(t, n, LW_FILL_POISON);
        int32_t *to_i = lw_test_buffer(t, n * sizeof *to_i), *want_i = lw_test_buffer(t, n * sizeof *want_i);
        uint8_t *to_b = lw_test_buffer(t, n), *want_b = lw_test_buffer(t, n);
        for (size_t i = 0; i < n; i++) {
            const double x = (double)f[i];
            want_f[i] = (float)(double)i32[i];
            want_i[i] = isfinite(x) ? (int32_t)(uint32_t)(int64_t)fmod(trunc(x), 0x1p32) : 0;
            want_b[i] = isnan(x) || x != 0;
        }
        lw_test_true(lw_cast_run(c, LW_INT32, LW_FLOAT32, n, i32, to_f) == LW_OK, "cast");
        lw_test_same("int32 to float32", want_f, to_f, n);
        lw_test_true(lw_cast_run(c, LW_FLOAT32, LW_INT32, n, f, to_i) == LW_OK, "cast");
        lw_test_same_bytes("float32 to int32", want_i, to_i, n * sizeof *to_i);
        lw_test_true(lw_cast_run(c, LW_FLOAT32, LW_BOOL, n, f, to_b) == LW_OK, "cast");
        lw_test_same_bytes("float32 to bool", want_b, to_b, n);
        for (size_t i = 0; i < n; i++) want_b[i] = i32[i] != 0;
        lw_test_true(lw_cast_run(c, LW_INT32, LW_BOOL, n, i32, to_b) == LW_OK, "cast");
        lw_test_same_bytes("int32 to bool", want_b, to_b, n);
        for (size_t i = 0; i < n; i++) want_f[i] = b[i], want_i[i] = b[i];
        lw_test_true(lw_cast_run(c, LW_BOOL, LW_FLOAT32, n, b, to_f) == LW_OK, "cast");
        lw_test_same("bool to float32", want_f, to_f, n);
        lw_test_true(lw_cast_run(c, LW_BOOL, LW_INT32, n, b, to_i) == LW_OK, "cast");
        lw_test_same_bytes("bool to int32", want_i, to_i, n * sizeof *to_i);
        lw_test_true(lw_cast_run(c, LW_FLOAT32, LW_FLOAT32, n, f, to_f) == LW_OK, "cast");
        lw_test_same_bytes("float32 to float32", f, to_f, n * sizeof *f);
        lw_test_true(lw_cast_run(c, LW_INT32, LW_INT32, n, i32, to_i) == LW_OK, "cast");
        lw_test_same_bytes("int32 to int32", i32, to_i, n * sizeof *to_i);
        lw_test_true(lw_cast_run(c, LW_BOOL, LW_BOOL, n, b, to_b) == LW_OK, "cast");
        lw_test_same_bytes("bool to bool", b, to_b, n);

        for (size_t i = 0; i < n; i++) want_f[i] = (float)(double)i32[i];
        memcpy(to_f, i32, n * sizeof *to_f);
        lw_test_true(lw_cast_run(c, LW_INT32, LW_FLOAT32, n, to_f, to_f) == LW_OK, "cast");
        lw_test_same("int32 to float32 in place", want_f, to_f, n);
        lw_cast_run(c, LW_FLOAT32, LW_INT32, n, f, want_i);
        memcpy(to_i, f, n * sizeof *to_i);
        lw_test_true(lw_cast_run(c, LW_FLOAT32, LW_INT32, n, to_i, to_i) == LW_OK, "cast");
        lw_test_same_bytes("float32 to int32 in place", want_i, to_i, n * sizeof *to_i);
    }
    const uint8_t *in = lw_test_buffer(t, 16);
    uint8_t *untouched = lw_test_buffer(t, 16);
    lw_test_seal(t, untouched);
    lw_test_true(lw_cast_run(NULL, LW_INT32, LW_BOOL, 4, in, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_cast_run(c, LW_INT32, LW_BOOL, 4, NULL, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_cast_run(c, LW_INT32, LW_BOOL, 4, in, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_cast_run(c, (enum lw_type)3, LW_BOOL, 4, in, untouched) == LW_BAD_ENUM, "bad from");
    lw_test_true(lw_cast_run(c, LW_BOOL, (enum lw_type)3, 4, in, untouched) == LW_BAD_ENUM, "bad to");
    lw_test_true(lw_cast_run(c, LW_BOOL, LW_INT32, SIZE_MAX / 2, in, untouched) == LW_TOO_LARGE, "too large");
    lw_test_true(lw_cast_run(c, LW_BOOL, LW_INT32, 0, NULL, NULL) == LW_OK, "empty");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    enum lw_type from, to;
    size_t n;
    const void *in;
    void *out;
};

static void bench_run(const struct lw_context *context, void *arg) {
    const struct bench_arg *x = arg;
    lw_cast_run(context, x->from, x->to, x->n, x->in, x->out);
}

static void bench_one(struct lw_bench *b, const char *label, enum lw_type from, enum lw_type to) {
    struct bench_arg *x = lw_bench_buffer(b, sizeof *x);
    const size_t n = 1000000;
    const double bytes = (from == LW_BOOL ? 1 : 4) + (to == LW_BOOL ? 1 : 4);
    *x = (struct bench_arg){from, to, n, lw_bench_floats(b, n), lw_bench_buffer(b, n * sizeof(float))};
    lw_bench_add(b, label, 0, bytes * (double)n, bench_run, x);
}
static void bench_f32_to_i32(struct lw_bench *b) {
    bench_one(b, "1e6", LW_FLOAT32, LW_INT32);
}
static void bench_i32_to_f32(struct lw_bench *b) {
    bench_one(b, "1e6", LW_INT32, LW_FLOAT32);
}
static void bench_bool_to_f32(struct lw_bench *b) {
    bench_one(b, "1e6", LW_BOOL, LW_FLOAT32);
}
static void bench_bool_to_i32(struct lw_bench *b) {
    bench_one(b, "1e6", LW_BOOL, LW_INT32);
}
static void bench_to_bool(struct lw_bench *b) {
    bench_one(b, "float32 to bool, 1e6", LW_FLOAT32, LW_BOOL);
    bench_one(b, "int32 to bool, 1e6", LW_INT32, LW_BOOL);
}

static const struct lw_row rows[] = {
    {"f32_to_i32", offsetof(struct lw_kernels, f32_to_i32), check_cast, bench_f32_to_i32},
    {"i32_to_f32", offsetof(struct lw_kernels, i32_to_f32), check_cast, bench_i32_to_f32},
    {"bool_to_f32", offsetof(struct lw_kernels, bool_to_f32), check_cast, bench_bool_to_f32},
    {"bool_to_i32", offsetof(struct lw_kernels, bool_to_i32), check_cast, bench_bool_to_i32},
    {"cast", LW_NO_SLOT, check_cast, bench_to_bool},
};
const struct lw_family lw_family_cast = {"cast", rows, sizeof rows / sizeof rows[0]};
