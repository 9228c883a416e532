/* SPDX-License-Identifier: MIT */
/* Comparisons and logic, and the choice by a bool: every slot, and the operators. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"

/* ---- Oracles, from lanewise.h; a double holds every int32, float32 and bool ---- */

static uint8_t oracle(uint32_t op, double a, double b) {
    switch (op) {
    case LW_BINARY_EQUAL: return a == b;
    case LW_BINARY_NOT_EQUAL: return !(a == b);
    case LW_BINARY_LESS: return isless(a, b) != 0;
    case LW_BINARY_LESS_EQUAL: return islessequal(a, b) != 0;
    case LW_BINARY_GREATER: return isgreater(a, b) != 0;
    case LW_BINARY_GREATER_EQUAL: return isgreaterequal(a, b) != 0;
    case LW_BINARY_LOGICAL_AND: return a != 0 && b != 0;
    default: return a != 0 || b != 0;
    }
}

static double element(enum lw_type type, const void *x, size_t i) {
    if (type == LW_FLOAT32) return (double)((const float *)x)[i];
    return type == LW_INT32 ? ((const int32_t *)x)[i] : ((const uint8_t *)x)[i];
}

static size_t bytes_of(enum lw_type type) {
    return type == LW_BOOL ? 1 : 4;
}

/* Few different values, so that many pairs are equal, and special ones. */
static void *elements(struct lw_test *t, enum lw_type type, size_t n) {
    static const float floats[] = {0, -0.0f, 1, 2, -1, INFINITY, -INFINITY, NAN, 1e-45f, -1e-45f, 3e38f};
    static const int32_t ints[] = {0, 1, -1, 2, INT32_MAX, INT32_MIN, 256, 65536, -256, 0x1000000, INT32_MIN + 1};
    uint8_t *x = lw_test_buffer(t, n * bytes_of(type));
    for (size_t i = 0; i < n; i++) {
        const size_t which = lw_test_range(t, 0, 10);
        if (type == LW_FLOAT32) memcpy(x + 4 * i, &floats[which], 4);
        if (type == LW_INT32) memcpy(x + 4 * i, &ints[which], 4);
        if (type == LW_BOOL) x[i] = lw_test_u32(t) % 2;
    }
    lw_test_seal(t, x);
    return x;
}

/* ---- The slots of comparisons ---- */

static void check_slot(struct lw_test *t, enum lw_type type, uint32_t op) {
    const size_t k = op == LW_BINARY_LOGICAL_AND  ? LW_K_AND
                     : op == LW_BINARY_LOGICAL_OR ? LW_K_OR
                                                  : op - LW_BINARY_EQUAL;
    for (int round = 0; round < 240; round++) {
        const size_t n = round < 120 ? (size_t)round / 3 : lw_test_range(t, 0, 300);
        const size_t a_step = round % 3 != 1, b_step = round % 3 != 2;
        const void *a = elements(t, type, a_step ? n : 1), *b = elements(t, type, b_step ? n : 1);
        uint8_t *want = lw_test_buffer(t, n), *got = lw_test_buffer(t, n);
        for (size_t i = 0; i < n; i++) want[i] = oracle(op, element(type, a, i * a_step), element(type, b, i * b_step));
        const struct lw_kernels *kernels = &t->tested->kernels;
        if (type == LW_FLOAT32)
            kernels->compare_f32[k](n, a, a_step, b, b_step, got);
        else if (type == LW_INT32)
            kernels->compare_i32[k](n, a, a_step, b, b_step, got);
        else
            kernels->compare_bool[k](n, a, a_step, b, b_step, got);
        lw_test_same_bytes("comparison", want, got, n);
    }
}

/* ---- The operator ---- */

/* One element of an operand at the output's index, by the broadcasting rule; both ranks are 4. */
static size_t position(const uint32_t *shape, const size_t *index) {
    size_t at = 0;
    for (size_t d = 0; d < 4; d++) at = at * shape[d] + (shape[d] == 1 ? 0 : index[d]);
    return at;
}

static void check_operator(struct lw_test *t) {
    for (int round = 0; round < 600; round++) {
        struct lw_binary d = {.struct_bytes = sizeof d, .a_rank = 4, .b_rank = 4};
        d.type = (uint32_t)lw_test_range(t, LW_FLOAT32, LW_BOOL);
        d.op = (uint32_t)lw_test_range(t, LW_BINARY_EQUAL,
                                       d.type == LW_BOOL ? LW_BINARY_LOGICAL_OR : LW_BINARY_GREATER_EQUAL);
        size_t shape[4], a_n = 1, b_n = 1, n = 1;
        for (size_t i = 0; i < 4; i++) {
            shape[i] = lw_test_range(t, 1, i == 3 && round % 4 == 0 ? 70 : 9);
            d.a_shape[i] = lw_test_u32(t) % 3 ? (uint32_t)shape[i] : 1;
            d.b_shape[i] = lw_test_u32(t) % 3 ? (uint32_t)shape[i] : 1;
            if (d.a_shape[i] == 1) shape[i] = d.b_shape[i];
            a_n *= d.a_shape[i];
            b_n *= d.b_shape[i];
            n *= shape[i];
        }
        const void *a = elements(t, d.type, a_n), *b = elements(t, d.type, b_n);
        uint8_t *want = lw_test_buffer(t, n), *got = lw_test_buffer(t, n);
        size_t index[4] = {0};
        for (size_t i = 0; i < n; i++) {
            want[i] = oracle(d.op, element(d.type, a, position(d.a_shape, index)),
                             element(d.type, b, position(d.b_shape, index)));
            for (size_t r = 4; r-- > 0 && ++index[r] == shape[r];) index[r] = 0;
        }
        lw_test_true(lw_binary_run(t->tested, &d, a, b, got) == LW_OK, "run");
        lw_test_same_bytes("comparison with broadcasting", want, got, n);
    }

    const struct lw_context *c = t->tested;
    const float *x = lw_test_floats(t, 1, LW_FILL_UNIFORM);
    uint8_t *untouched = lw_test_buffer(t, 1);
    lw_test_seal(t, untouched);
    struct lw_binary wrong = {.struct_bytes = sizeof wrong, .op = LW_BINARY_LOGICAL_AND};
    lw_test_true(lw_binary_run(c, &wrong, x, x, untouched) == LW_UNSUPPORTED, "float32 and float32");
    wrong.type = LW_INT32, wrong.op = LW_BINARY_LOGICAL_OR;
    lw_test_true(lw_binary_run(c, &wrong, x, x, untouched) == LW_UNSUPPORTED, "int32 or int32");
    wrong.op = LW_BINARY_EQUAL - 1;
    lw_test_true(lw_binary_run(c, &wrong, x, x, untouched) == LW_BAD_ENUM, "no such op");
    wrong.op = LW_BINARY_LOGICAL_OR + 1;
    lw_test_true(lw_binary_run(c, &wrong, x, x, untouched) == LW_BAD_ENUM, "behind the last op");
}

/* ---- Select ---- */

static void check_select(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 300; round++) {
        const enum lw_type type = (enum lw_type)(round % 3);
        const size_t rows = round < 120 ? (size_t)round / 3 : lw_test_range(t, 0, 300);
        const size_t columns = round % 2 ? 1 : lw_test_range(t, 0, 5), bytes = bytes_of(type), n = rows * columns;
        uint8_t *condition = lw_test_buffer(t, rows);
        for (size_t i = 0; i < rows; i++)
            condition[i] = lw_test_u32(t) % 2 ? 0 : round % 5 ? 1 : (uint8_t)lw_test_u32(t);
        lw_test_seal(t, condition);
        const uint8_t *a = elements(t, type, n), *b = elements(t, type, n);
        uint8_t *want = lw_test_buffer(t, n * bytes), *got = lw_test_buffer(t, n * bytes);
        for (size_t i = 0; i < n; i++) memcpy(want + i * bytes, (condition[i / columns] ? a : b) + i * bytes, bytes);
        lw_test_true(lw_select_run(c, type, rows, columns, condition, a, b, got) == LW_OK, "select");
        lw_test_same_bytes("select", want, got, n * bytes);
        memcpy(got, a, n * bytes);
        lw_test_true(lw_select_run(c, type, rows, columns, condition, got, b, got) == LW_OK, "select");
        lw_test_same_bytes("output is a", want, got, n * bytes);
        memcpy(got, b, n * bytes);
        lw_test_true(lw_select_run(c, type, rows, columns, condition, a, got, got) == LW_OK, "select");
        lw_test_same_bytes("output is b", want, got, n * bytes);
    }
    const uint8_t *in = lw_test_buffer(t, 16);
    uint8_t *untouched = lw_test_buffer(t, 16);
    lw_test_seal(t, untouched);
    lw_test_true(lw_select_run(NULL, LW_INT32, 4, 1, in, in, in, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_select_run(c, LW_INT32, 4, 1, NULL, in, in, untouched) == LW_NULL_POINTER, "no condition");
    lw_test_true(lw_select_run(c, LW_INT32, 4, 1, in, NULL, in, untouched) == LW_NULL_POINTER, "no a");
    lw_test_true(lw_select_run(c, LW_INT32, 4, 1, in, in, NULL, untouched) == LW_NULL_POINTER, "no b");
    lw_test_true(lw_select_run(c, LW_INT32, 4, 1, in, in, in, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_select_run(c, (enum lw_type)3, 4, 1, in, in, in, untouched) == LW_BAD_ENUM, "bad type");
    lw_test_true(lw_select_run(c, LW_BOOL, SIZE_MAX / 2, 1, in, in, in, untouched) == LW_TOO_LARGE, "too large");
    lw_test_true(lw_select_run(c, LW_BOOL, SIZE_MAX / 2, 3, in, in, in, untouched) == LW_TOO_LARGE, "overflow");
    lw_test_true(lw_select_run(c, LW_BOOL, 0, 3, NULL, NULL, NULL, NULL) == LW_OK, "empty");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_binary d;
    const void *a, *b;
    const uint8_t *condition;
    uint8_t *out;
};

static void bench_run(const struct lw_context *context, void *arg) {
    const struct bench_arg *x = arg;
    lw_binary_run(context, &x->d, x->a, x->b, x->out);
}

static void bench_one(struct lw_bench *b, const char *label, enum lw_type type, uint32_t op, uint32_t b_n) {
    struct bench_arg *x = lw_bench_buffer(b, sizeof *x);
    const uint32_t n = 1000000;
    x->d = (struct lw_binary){.struct_bytes = sizeof x->d, .op = op, .type = type, .a_rank = 1, .b_rank = 1};
    x->d.a_shape[0] = n;
    x->d.b_shape[0] = b_n;
    x->a = lw_bench_floats(b, n);
    x->b = lw_bench_floats(b, b_n);
    x->out = lw_bench_buffer(b, n);
    lw_bench_add(b, label, n, (double)bytes_of(type) * (n + b_n) + n, bench_run, x);
}

static void bench_op(struct lw_bench *b, enum lw_type type, uint32_t op) {
    bench_one(b, "same shape, 1e6", type, op, 1000000);
    bench_one(b, "scalar, 1e6", type, op, 1);
}

static void bench_select_run(const struct lw_context *context, void *arg) {
    const struct bench_arg *x = arg;
    lw_select_run(context, x->d.type, 1000000, 1, x->condition, x->a, x->b, x->out);
}
static void bench_select(struct lw_bench *b, enum lw_type type) {
    struct bench_arg *x = lw_bench_buffer(b, sizeof *x);
    const size_t n = 1000000;
    uint8_t *condition = lw_bench_buffer(b, n);
    for (size_t i = 0; i < n; i++) condition[i] = i * i % 7 < 3;
    x->d.type = type;
    x->a = lw_bench_floats(b, n);
    x->b = lw_bench_floats(b, n);
    x->condition = condition;
    x->out = lw_bench_buffer(b, n * 4);
    lw_bench_add(b, "1e6", 0, (3.0 * (double)bytes_of(type) + 1) * (double)n, bench_select_run, x);
}
static void bench_select_8(struct lw_bench *b) {
    bench_select(b, LW_BOOL);
}
static void bench_select_32(struct lw_bench *b) {
    bench_select(b, LW_FLOAT32);
}

static void check_equal_f32(struct lw_test *t) {
    check_slot(t, LW_FLOAT32, LW_BINARY_EQUAL);
}
static void bench_equal_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_EQUAL);
}
static void check_not_equal_f32(struct lw_test *t) {
    check_slot(t, LW_FLOAT32, LW_BINARY_NOT_EQUAL);
}
static void bench_not_equal_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_NOT_EQUAL);
}
static void check_less_f32(struct lw_test *t) {
    check_slot(t, LW_FLOAT32, LW_BINARY_LESS);
}
static void bench_less_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_LESS);
}
static void check_less_equal_f32(struct lw_test *t) {
    check_slot(t, LW_FLOAT32, LW_BINARY_LESS_EQUAL);
}
static void bench_less_equal_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_LESS_EQUAL);
}
static void check_equal_i32(struct lw_test *t) {
    check_slot(t, LW_INT32, LW_BINARY_EQUAL);
}
static void bench_equal_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_EQUAL);
}
static void check_not_equal_i32(struct lw_test *t) {
    check_slot(t, LW_INT32, LW_BINARY_NOT_EQUAL);
}
static void bench_not_equal_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_NOT_EQUAL);
}
static void check_less_i32(struct lw_test *t) {
    check_slot(t, LW_INT32, LW_BINARY_LESS);
}
static void bench_less_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_LESS);
}
static void check_less_equal_i32(struct lw_test *t) {
    check_slot(t, LW_INT32, LW_BINARY_LESS_EQUAL);
}
static void bench_less_equal_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_LESS_EQUAL);
}
static void check_equal_bool(struct lw_test *t) {
    check_slot(t, LW_BOOL, LW_BINARY_EQUAL);
}
static void bench_equal_bool(struct lw_bench *b) {
    bench_op(b, LW_BOOL, LW_BINARY_EQUAL);
}
static void check_not_equal_bool(struct lw_test *t) {
    check_slot(t, LW_BOOL, LW_BINARY_NOT_EQUAL);
}
static void bench_not_equal_bool(struct lw_bench *b) {
    bench_op(b, LW_BOOL, LW_BINARY_NOT_EQUAL);
}
static void check_less_bool(struct lw_test *t) {
    check_slot(t, LW_BOOL, LW_BINARY_LESS);
}
static void bench_less_bool(struct lw_bench *b) {
    bench_op(b, LW_BOOL, LW_BINARY_LESS);
}
static void check_less_equal_bool(struct lw_test *t) {
    check_slot(t, LW_BOOL, LW_BINARY_LESS_EQUAL);
}
static void bench_less_equal_bool(struct lw_bench *b) {
    bench_op(b, LW_BOOL, LW_BINARY_LESS_EQUAL);
}
static void check_and_bool(struct lw_test *t) {
    check_slot(t, LW_BOOL, LW_BINARY_LOGICAL_AND);
}
static void bench_and_bool(struct lw_bench *b) {
    bench_op(b, LW_BOOL, LW_BINARY_LOGICAL_AND);
}
static void check_or_bool(struct lw_test *t) {
    check_slot(t, LW_BOOL, LW_BINARY_LOGICAL_OR);
}
static void bench_or_bool(struct lw_bench *b) {
    bench_op(b, LW_BOOL, LW_BINARY_LOGICAL_OR);
}

static const struct lw_row rows[] = {
    {"equal_f32", offsetof(struct lw_kernels, compare_f32[LW_K_EQUAL]), check_equal_f32, bench_equal_f32},
    {"not_equal_f32", offsetof(struct lw_kernels, compare_f32[LW_K_NOT_EQUAL]), check_not_equal_f32,
     bench_not_equal_f32},
    {"less_f32", offsetof(struct lw_kernels, compare_f32[LW_K_LESS]), check_less_f32, bench_less_f32},
    {"less_equal_f32", offsetof(struct lw_kernels, compare_f32[LW_K_LESS_EQUAL]), check_less_equal_f32,
     bench_less_equal_f32},
    {"equal_i32", offsetof(struct lw_kernels, compare_i32[LW_K_EQUAL]), check_equal_i32, bench_equal_i32},
    {"not_equal_i32", offsetof(struct lw_kernels, compare_i32[LW_K_NOT_EQUAL]), check_not_equal_i32,
     bench_not_equal_i32},
    {"less_i32", offsetof(struct lw_kernels, compare_i32[LW_K_LESS]), check_less_i32, bench_less_i32},
    {"less_equal_i32", offsetof(struct lw_kernels, compare_i32[LW_K_LESS_EQUAL]), check_less_equal_i32,
     bench_less_equal_i32},
    {"equal_bool", offsetof(struct lw_kernels, compare_bool[LW_K_EQUAL]), check_equal_bool, bench_equal_bool},
    {"not_equal_bool", offsetof(struct lw_kernels, compare_bool[LW_K_NOT_EQUAL]), check_not_equal_bool,
     bench_not_equal_bool},
    {"less_bool", offsetof(struct lw_kernels, compare_bool[LW_K_LESS]), check_less_bool, bench_less_bool},
    {"less_equal_bool", offsetof(struct lw_kernels, compare_bool[LW_K_LESS_EQUAL]), check_less_equal_bool,
     bench_less_equal_bool},
    {"and_bool", offsetof(struct lw_kernels, compare_bool[LW_K_AND]), check_and_bool, bench_and_bool},
    {"or_bool", offsetof(struct lw_kernels, compare_bool[LW_K_OR]), check_or_bool, bench_or_bool},
    {"comparison", LW_NO_SLOT, check_operator, NULL},
    {"select_8", offsetof(struct lw_kernels, select_8), check_select, bench_select_8},
    {"select_32", offsetof(struct lw_kernels, select_32), check_select, bench_select_32},
};
const struct lw_family lw_family_compare = {"compare", rows, sizeof rows / sizeof rows[0]};
