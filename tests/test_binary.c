/* SPDX-License-Identifier: MIT */
/* Functions of two elements: every slot of binary_f32 and binary_i32, and the operator with broadcasting. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"

/* ---- Oracles, from lanewise.h ---- */

static float f32_oracle(uint32_t op, float a, float b) {
    const double x = (double)a, y = (double)b;
    switch (op) {
    case LW_BINARY_ADD: return (float)(x + y); /* double and rounded once more: the same for these four */
    case LW_BINARY_SUB: return (float)(x - y);
    case LW_BINARY_MUL: return (float)(x * y);
    case LW_BINARY_DIV: return (float)(x / y);
    case LW_BINARY_MIN: return isnan(a) || isnan(b) ? NAN : b < a ? b : a;
    case LW_BINARY_MAX: return isnan(a) || isnan(b) ? NAN : a < b ? b : a;
    case LW_BINARY_FLOOR_DIV: return (float)floor((double)(float)(x / y));
    case LW_BINARY_SQUARED_DIFFERENCE: return (float)((double)(float)(x - y) * (double)(float)(x - y));
    case LW_BINARY_PRELU: return a < 0 ? (float)(y * x) : a;
    case LW_BINARY_MOD: {
        const float rest = (float)fmod(x, y); /* exact */
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    default: return NAN; /* POW and ATAN2 have checks of their own */
    }
}

static int32_t wrap(int64_t x) {
    const uint32_t low = (uint32_t)((uint64_t)x & 0xffffffffu);
    int32_t result;
    memcpy(&result, &low, sizeof low);
    return result;
}

static int32_t i32_oracle(uint32_t op, int32_t a, int32_t b) {
    const int64_t x = a, y = b;
    switch (op) {
    case LW_BINARY_ADD: return wrap(x + y);
    case LW_BINARY_SUB: return wrap(x - y);
    case LW_BINARY_MUL: return wrap(x * y);
    case LW_BINARY_DIV: return b == 0 ? 0 : wrap(x / y);
    case LW_BINARY_MIN: return b < a ? b : a;
    case LW_BINARY_MAX: return a < b ? b : a;
    case LW_BINARY_FLOOR_DIV: return b == 0 ? 0 : wrap((int64_t)floor((double)x / (double)y));
    case LW_BINARY_BITWISE_AND: return a & b;
    case LW_BINARY_BITWISE_OR: return a | b;
    case LW_BINARY_BITWISE_XOR: return a ^ b;
    case LW_BINARY_MOD: return b == 0 ? 0 : wrap(x - y * (int64_t)floor((double)x / (double)y));
    case LW_BINARY_POW: {
        if (b < 0) return a == 1 || a == -1 ? (b % 2 ? a : 1) : 0;
        uint32_t result = 1;
        for (int bit = 31; bit >= 0; bit--) result *= result * ((uint32_t)b >> bit & 1 ? (uint32_t)a : 1);
        return wrap(result);
    }
    default: return wrap((int64_t)wrap(x - y) * wrap(x - y));
    }
}

static int32_t *ints(struct lw_test *t, size_t n) {
    static const int32_t special[] = {0, 1, -1, 2, -2, 7, -7, INT32_MAX, INT32_MIN, INT32_MAX - 1, INT32_MIN + 1};
    int32_t *x = lw_test_buffer(t, n * sizeof *x);
    for (size_t i = 0; i < n; i++) {
        const uint32_t r = lw_test_u32(t);
        x[i] = r % 3 == 0   ? special[lw_test_range(t, 0, sizeof special / sizeof special[0] - 1)]
               : r % 3 == 1 ? (int32_t)lw_test_range(t, 0, 200) - 100
                            : wrap(lw_test_u32(t));
    }
    lw_test_seal(t, x);
    return x;
}

/* ---- The slots ---- */

static void check_f32(struct lw_test *t, uint32_t op) {
    for (int round = 0; round < 300; round++) {
        size_t n = round < 120 ? (size_t)round / 3 : lw_test_range(t, 0, 200);
        const size_t a_step = round % 3 != 1, b_step = round % 3 != 2;
        const int fill = round % 5 < 2 ? LW_FILL_SPECIAL : round % 5 == 2 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
        const float *a = lw_test_floats(t, a_step ? n : 1, fill), *b = lw_test_floats(t, b_step ? n : 1, fill);
        float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
        for (size_t i = 0; i < n; i++) want[i] = f32_oracle(op, a[i * a_step], b[i * b_step]);
        t->tested->kernels.binary_f32[op](n, a, a_step, b, b_step, got);
        lw_test_same("binary", want, got, n);
        if (a_step) {
            memcpy(got, a, n * sizeof *a);
            t->tested->kernels.binary_f32[op](n, got, 1, b, b_step, got);
            lw_test_same("out is a", want, got, n);
        }
        if (b_step) {
            memcpy(got, b, n * sizeof *b);
            t->tested->kernels.binary_f32[op](n, a, a_step, got, 1, got);
            lw_test_same("out is b", want, got, n);
        }
    }
}

static void check_i32(struct lw_test *t, uint32_t op) {
    for (int round = 0; round < 300; round++) {
        size_t n = round < 120 ? (size_t)round / 3 : lw_test_range(t, 0, 200);
        const size_t a_step = round % 3 != 1, b_step = round % 3 != 2;
        const int32_t *a = ints(t, a_step ? n : 1), *b = ints(t, b_step ? n : 1);
        int32_t *want = lw_test_buffer(t, n * sizeof *want), *got = lw_test_buffer(t, n * sizeof *got);
        for (size_t i = 0; i < n; i++) want[i] = i32_oracle(op, a[i * a_step], b[i * b_step]);
        t->tested->kernels.binary_i32[op](n, a, a_step, b, b_step, got);
        lw_test_same_bytes("binary", want, got, n * sizeof *got);
        if (a_step) {
            memcpy(got, a, n * sizeof *a);
            t->tested->kernels.binary_i32[op](n, got, 1, b, b_step, got);
            lw_test_same_bytes("out is a", want, got, n * sizeof *got);
        }
    }
}

/* Quotients of all sizes, and remainders of 0. */
static void check_mod_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_MOD);
    const size_t n = 4000;
    float *a = lw_test_floats(t, n, LW_FILL_WIDE), *b = lw_test_floats(t, n, LW_FILL_WIDE);
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 1) b[i] = a[i] * 0x1p-20f * lw_test_uniform(t, -1, 1);
        if (i % 4 == 2) b[i] = (float)lw_test_range(t, 1, 99), a[i] = b[i] * (float)lw_test_range(t, 0, 1000);
        if (i % 4 == 3) b[i] = lw_test_uniform(t, -1, 1), a[i] = b[i] * (float)lw_test_range(t, 1, 1 << 24);
        if (i % 8 == 3) a[i] = nextafterf(a[i], 0); /* just below a multiple */
    }
    lw_test_seal(t, a);
    lw_test_seal(t, b);
    float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
    for (size_t i = 0; i < n; i++) want[i] = f32_oracle(LW_BINARY_MOD, a[i], b[i]);
    t->tested->kernels.binary_f32[LW_BINARY_MOD](n, a, 1, b, 1, got);
    lw_test_same("mod", want, got, n);
}

/* POW and ATAN2 against the library's in double precision: within 0.51 units in the last place. */
static void check_function(struct lw_test *t, uint32_t op, size_t n, const float *a, size_t a_step, const float *b,
                           size_t b_step) {
    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *same = lw_test_floats(t, n, LW_FILL_POISON);
    for (size_t i = 0; i < n; i++) {
        const double x = (double)a[i * a_step], y = (double)b[i * b_step];
        want[i] = op == LW_BINARY_POW ? pow(x, y) : atan2(x, y);
        const double ulp = ldexp(1, fmax(isinf(want[i]) || want[i] == 0 ? 0 : ilogb(want[i]), -126) - 23);
        bound[i] = want[i] == 0 || isinf(want[i]) || isnan(want[i]) ? 0 : 0.51 * ulp;
    }
    t->tested->kernels.binary_f32[op](n, a, a_step, b, b_step, got);
    lw_test_within("function", want, bound, got, n);
    for (size_t i = 0; i < n; i++) { /* a zero's sign, which that doesn't see */
        if (want[i] == 0)
            lw_test_true(!signbit(want[i]) == !signbit(got[i]), "sign of f(%g, %g)", (double)a[i * a_step],
                         (double)b[i * b_step]);
    }
    /* In every tier the same bits, also in relaxed. */
    t->reference->kernels.binary_f32[op](n, a, a_step, b, b_step, same);
    lw_test_same("function of scalar", same, got, n);
}

static void check_pow(struct lw_test *t, size_t n, const float *a, size_t a_step, const float *b, size_t b_step) {
    check_function(t, LW_BINARY_POW, n, a, a_step, b, b_step);
}

static void check_atan2_f32(struct lw_test *t) {
    static const float special[] = {0,   -0.0f,  1,       -1,      2.5f,      INFINITY,    -INFINITY,
                                    NAN, 1e-45f, -1e-45f, 3.4e38f, 0x1p-126f, 0.41421357f, 2.4142135f};
    enum { COUNT = sizeof special / sizeof special[0] };
    for (size_t i = 0; i < COUNT; i++) {
        float *a = lw_test_floats(t, COUNT, LW_FILL_POISON), *b = lw_test_floats(t, 1, LW_FILL_POISON);
        memcpy(a, special, sizeof special);
        *b = special[i];
        check_function(t, LW_BINARY_ATAN2, COUNT, a, 1, b, 0);
        check_function(t, LW_BINARY_ATAN2, COUNT, b, 0, a, 1);
    }
    for (int round = 0; round < 200; round++) {
        const size_t n = round < 100 ? (size_t)round / 4 : lw_test_range(t, 0, 500);
        const int fill = round % 3 == 0 ? LW_FILL_WIDE : round % 3 == 1 ? LW_FILL_SPECIAL : LW_FILL_UNIFORM;
        const float *a = lw_test_floats(t, n, fill), *b = lw_test_floats(t, n, fill);
        check_function(t, LW_BINARY_ATAN2, n, a, 1, b, 1);
    }
}

static void check_pow_f32(struct lw_test *t) {
    static const float special[] = {
        0,    -0.0f,   1,          -1,        2,        -2,        3,        -3,        0.5f,          -0.5f,
        1.5f, -1.5f,   INFINITY,   -INFINITY, NAN,      1e-45f,    -1e-45f,  3.4e38f,   127,           -149,
        -150, 4194305, 8388607.5f, 16777216,  16777215, -16777215, 33554432, 0x1p-126f, 0x1.fffffep-1f};
    enum { COUNT = sizeof special / sizeof special[0] };
    for (size_t i = 0; i < COUNT; i++) {
        float *a = lw_test_floats(t, COUNT, LW_FILL_POISON), *b = lw_test_floats(t, 1, LW_FILL_POISON);
        memcpy(a, special, sizeof special);
        *b = special[i];
        check_pow(t, COUNT, a, 1, b, 0);
        check_pow(t, COUNT, b, 0, a, 1);
    }
    for (int round = 0; round < 200; round++) {
        const size_t n = round < 100 ? (size_t)round / 4 : lw_test_range(t, 0, 500);
        float *a = lw_test_floats(t, n, round % 2 ? LW_FILL_WIDE : LW_FILL_SPECIAL),
              *b = lw_test_floats(t, n, LW_FILL_POISON);
        for (size_t i = 0; i < n; i++) {
            /* Results over the whole range, integers, and bases close to 1 with large powers. */
            const float logarithm = a[i] == 0 || isnan(a[i]) ? 1 : log2f(fabsf(a[i]));
            const uint32_t kind = lw_test_u32(t) % 4;
            if (kind == 0) b[i] = lw_test_uniform(t, -152, 130) / logarithm;
            if (kind == 1) b[i] = (float)lw_test_range(t, 0, 20) - 10;
            if (kind == 2) a[i] = 1 + lw_test_uniform(t, -1e-4f, 1e-4f), b[i] = lw_test_uniform(t, -1e6f, 1e6f);
            if (kind == 3) b[i] = lw_test_uniform(t, -4, 4);
        }
        lw_test_seal(t, a);
        check_pow(t, n, a, 1, b, 1);
    }
    /* y = 2 is x * x, whether all powers are 2 or one is. */
    float *x = lw_test_floats(t, 100, LW_FILL_SPECIAL), *want = lw_test_floats(t, 100, LW_FILL_POISON);
    float *y = lw_test_floats(t, 100, LW_FILL_POISON), *got = lw_test_floats(t, 100, LW_FILL_POISON);
    for (size_t i = 0; i < 100; i++) want[i] = x[i] * x[i], y[i] = 2;
    t->tested->kernels.binary_f32[LW_BINARY_POW](100, x, 1, y, 0, got);
    lw_test_same("x ^ 2, step 0", want, got, 100);
    t->tested->kernels.binary_f32[LW_BINARY_POW](100, x, 1, y, 1, got);
    lw_test_same("x ^ 2", want, got, 100);
}

/* ---- The operator ---- */

/* One element of an operand at the output's index, by the broadcasting rule. */
static size_t position(const uint32_t *shape, uint32_t rank, const uint32_t *index, uint32_t out_rank) {
    size_t at = 0;
    for (uint32_t d = 0; d < rank; d++) at = at * shape[d] + (shape[d] == 1 ? 0 : index[out_rank - rank + d]);
    return at;
}

static void check_operator(struct lw_test *t) {
    for (int round = 0; round < 800; round++) {
        struct lw_binary d = {.struct_bytes = sizeof d};
        d.type = round % 3 ? LW_FLOAT32 : LW_INT32;
        do d.op = (uint32_t)lw_test_range(t, 0, d.type == LW_FLOAT32 ? LW_BINARY_MOD : LW_BINARY_BITWISE_XOR);
        while (d.type == LW_INT32 && (d.op == LW_BINARY_PRELU || d.op == LW_BINARY_ATAN2));
        uint32_t shape[LW_MAX_RANK], rank = (uint32_t)lw_test_range(t, 0, round % 7 ? 4 : LW_MAX_RANK);
        d.a_rank = round % 2 ? rank : (uint32_t)lw_test_range(t, 0, rank);
        d.b_rank = round % 2 ? (uint32_t)lw_test_range(t, 0, rank) : rank;
        size_t a_n = 1, b_n = 1, n = 1, most = rank > 4 ? 3 : 9;
        for (uint32_t i = 0; i < rank; i++) {
            shape[i] = (uint32_t)lw_test_range(t, round % 50 ? 1 : 0, i + 1 == rank && round % 4 == 0 ? 70 : most);
            uint32_t a = shape[i], b = shape[i];
            if (lw_test_u32(t) % 3 == 0)
                a = 1;
            else if (lw_test_u32(t) % 3 == 0)
                b = 1;
            if (i + d.a_rank < rank)
                a = 1;
            else
                a_n *= d.a_shape[i + d.a_rank - rank] = a;
            if (i + d.b_rank < rank)
                b = 1;
            else
                b_n *= d.b_shape[i + d.b_rank - rank] = b;
            shape[i] = a == 1 ? b : a;
            n *= shape[i];
        }
        const bool f32 = d.type == LW_FLOAT32;
        const void *a = f32 ? (const void *)lw_test_floats(t, a_n, LW_FILL_SPECIAL) : ints(t, a_n);
        const void *b = f32 ? (const void *)lw_test_floats(t, b_n, LW_FILL_SPECIAL) : ints(t, b_n);
        float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
        uint32_t index[LW_MAX_RANK] = {0};
        for (size_t i = 0; i < n; i++) {
            size_t ia = position(d.a_shape, d.a_rank, index, rank), ib = position(d.b_shape, d.b_rank, index, rank);
            if (f32) {
                want[i] = f32_oracle(d.op, ((const float *)a)[ia], ((const float *)b)[ib]);
            } else {
                const int32_t x = i32_oracle(d.op, ((const int32_t *)a)[ia], ((const int32_t *)b)[ib]);
                memcpy(&want[i], &x, sizeof x);
            }
            for (uint32_t r = rank; r-- > 0 && ++index[r] == shape[r];) index[r] = 0;
        }

        struct lw_sizes sizes;
        lw_test_true(lw_binary_sizes(t->tested, &d, &sizes) == LW_OK && sizes.output_elements == n &&
                         sizes.scratch_bytes == 0 && sizes.packed_bytes == 0 && sizes.output_height == 1 &&
                         sizes.output_width == (rank ? shape[rank - 1] : 1),
                     "sizes");
        lw_test_true(lw_binary_run(t->tested, &d, a, b, got) == LW_OK, "run");
        if (f32)
            lw_test_same("operator", want, got, n);
        else
            lw_test_same_bytes("operator", want, got, n * sizeof *got);
        if (a_n == n) {
            memcpy(got, a, n * sizeof *got);
            lw_test_true(lw_binary_run(t->tested, &d, got, b, got) == LW_OK, "run in place");
            if (f32)
                lw_test_same("output is a", want, got, n);
            else
                lw_test_same_bytes("output is a", want, got, n * sizeof *got);
        }
        if (b_n == n) {
            memcpy(got, b, n * sizeof *got);
            lw_test_true(lw_binary_run(t->tested, &d, a, got, got) == LW_OK, "run in place");
            if (f32)
                lw_test_same("output is b", want, got, n);
            else
                lw_test_same_bytes("output is b", want, got, n * sizeof *got);
        }
    }
}

/* Many rows of few channels, which go through the stack buffers in several pieces, and few rows of many, which don't.
 * An operand has both dimensions (way 0), the channels (1) or the rows (2). */
static void check_rows(struct lw_test *t) {
    static const uint32_t some[] = {47, 64, 100, 255, 511, 1000, 1024, 1025, 2047, 2048, 2049, 3000};
    for (uint32_t round = 0; round < 6 * (40 + 12); round++) {
        static const int ways[6][2] = {{0, 1}, {0, 2}, {1, 0}, {2, 0}, {1, 2}, {2, 1}};
        const int *way = ways[round % 6];
        const uint32_t channels = round / 6 < 40 ? round / 6 + 1 : some[round / 6 - 40];
        const uint32_t rows = channels < 40 ? 4100 / channels + 3 : (uint32_t)lw_test_range(t, 2, 24);
        struct lw_binary d = {.struct_bytes = sizeof d, .op = LW_BINARY_SUB, .a_rank = 3, .b_rank = 3};
        const uint32_t shapes[3][3] = {{2, rows, channels}, {2, 1, channels}, {2, rows, 1}};
        memcpy(d.a_shape, shapes[way[0]], sizeof shapes[0]);
        memcpy(d.b_shape, shapes[way[1]], sizeof shapes[0]);
        const size_t n = (size_t)2 * rows * channels;
        const float *a = lw_test_floats(t, (size_t)2 * d.a_shape[1] * d.a_shape[2], LW_FILL_UNIFORM);
        const float *b = lw_test_floats(t, (size_t)2 * d.b_shape[1] * d.b_shape[2], LW_FILL_UNIFORM);
        float *want = lw_test_floats(t, n, LW_FILL_POISON), *got = lw_test_floats(t, n, LW_FILL_POISON);
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t index[3] = {i / (rows * channels), i / channels % rows, i % channels};
            want[i] = a[position(d.a_shape, 3, index, 3)] - b[position(d.b_shape, 3, index, 3)];
        }
        lw_test_true(lw_binary_run(t->tested, &d, a, b, got) == LW_OK, "rows of %u", channels);
        lw_test_same("rows", want, got, n);
    }
}

static void check_errors(struct lw_test *t) {
    const float *x = lw_test_floats(t, 6, LW_FILL_UNIFORM);
    float *untouched = lw_test_floats(t, 6, LW_FILL_POISON);
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    const struct lw_binary right = {
        .struct_bytes = sizeof right, .type = LW_FLOAT32, .a_rank = 2, .b_rank = 1, .a_shape = {2, 3}, .b_shape = {3}};
    struct lw_sizes sizes;
    lw_test_true(lw_binary_run(NULL, &right, x, x, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_binary_run(c, NULL, x, x, untouched) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_binary_run(c, &right, NULL, x, untouched) == LW_NULL_POINTER, "no a");
    lw_test_true(lw_binary_run(c, &right, x, NULL, untouched) == LW_NULL_POINTER, "no b");
    lw_test_true(lw_binary_run(c, &right, x, x, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_binary_sizes(c, &right, NULL) == LW_NULL_POINTER, "no sizes");

    const struct {
        enum lw_status status;
        struct lw_binary d;
    } wrong[] = {
        {LW_BAD_STRUCT_BYTES, {.struct_bytes = sizeof right - 1}},
        {LW_BAD_ENUM, {.struct_bytes = sizeof right, .op = LW_BINARY_BITWISE_XOR + 1}},
        {LW_UNSUPPORTED, {.struct_bytes = sizeof right, .op = LW_BINARY_BITWISE_OR}},
        {LW_UNSUPPORTED, {.struct_bytes = sizeof right, .type = LW_INT32, .op = LW_BINARY_ATAN2}},
        {LW_BAD_ENUM, {.struct_bytes = sizeof right, .type = 3}},
        {LW_UNSUPPORTED, {.struct_bytes = sizeof right, .type = LW_BOOL}},
        {LW_UNSUPPORTED, {.struct_bytes = sizeof right, .type = LW_INT32, .op = LW_BINARY_PRELU}},
        {LW_BAD_SHAPE, {.struct_bytes = sizeof right, .a_rank = LW_MAX_RANK + 1}},
        {LW_BAD_SHAPE, {.struct_bytes = sizeof right, .b_rank = LW_MAX_RANK + 1}},
        {LW_BAD_SHAPE, {.struct_bytes = sizeof right, .a_rank = 1, .b_rank = 1, .a_shape = {2}, .b_shape = {3}}},
        {LW_BAD_SHAPE, {.struct_bytes = sizeof right, .a_rank = 1, .b_rank = 1, .a_shape = {0}, .b_shape = {3}}},
        {LW_TOO_LARGE, {.struct_bytes = sizeof right, .a_rank = 3, .a_shape = {UINT32_MAX, UINT32_MAX, UINT32_MAX}}},
        {LW_TOO_LARGE, {.struct_bytes = sizeof right, .a_rank = 4, .a_shape = {0, UINT32_MAX, UINT32_MAX, UINT32_MAX}}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lw_test_true(lw_binary_run(c, &wrong[i].d, x, x, untouched) == wrong[i].status, "wrong descriptor %zu", i);
        lw_test_true(lw_binary_sizes(c, &wrong[i].d, &sizes) == wrong[i].status, "wrong descriptor %zu's sizes", i);
    }
    struct lw_binary empty = right;
    empty.a_shape[0] = 0;
    lw_test_true(lw_binary_run(c, &empty, NULL, x, NULL) == LW_OK, "empty");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_binary d;
    const float *a, *b;
    float *out;
};

static void bench_run(const struct lw_context *context, void *arg) {
    struct bench_arg *x = arg;
    lw_binary_run(context, &x->d, x->a, x->b, x->out);
}

/* a is [rows][channels]; b has b_rank dimensions of it: 2 all, 1 a bias, 0 a scalar. */
static void bench_one(struct lw_bench *b, const char *label, uint32_t type, uint32_t op, uint32_t rows,
                      uint32_t channels, uint32_t b_rank) {
    struct bench_arg *x = lw_bench_buffer(b, sizeof *x);
    const size_t n = (size_t)rows * channels, m = b_rank == 2 ? n : b_rank ? channels : 1;
    x->d = (struct lw_binary){.struct_bytes = sizeof x->d,
                              .op = op,
                              .type = type,
                              .a_rank = 2,
                              .b_rank = b_rank,
                              .a_shape = {rows, channels}};
    x->d.b_shape[0] = b_rank == 2 ? rows : channels;
    x->d.b_shape[1] = channels;
    float *base = lw_bench_floats(b, n);
    for (size_t i = 0; op == LW_BINARY_POW && type == LW_FLOAT32 && i < n; i++) base[i] = fabsf(base[i]);
    x->a = base;
    x->b = lw_bench_floats(b, m);
    x->out = lw_bench_buffer(b, n * sizeof(float));
    lw_bench_add(b, label, (double)n, 4.0 * (double)(2 * n + m), bench_run, x);
}

static void bench_op(struct lw_bench *b, uint32_t type, uint32_t op) {
    bench_one(b, "same shape, 1e4", type, op, 100, 100, 2);
    bench_one(b, "same shape, 1e6", type, op, 1000, 1000, 2);
    bench_one(b, "scalar, 1e6", type, op, 1000, 1000, 0);
    bench_one(b, "bias, 10000x100", type, op, 10000, 100, 1);
    bench_one(b, "bias, 333333x3", type, op, 333333, 3, 1);
}

static void check_add_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_ADD);
}
static void bench_add_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_ADD);
}
static void check_sub_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_SUB);
}
static void bench_sub_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_SUB);
}
static void check_mul_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_MUL);
}
static void bench_mul_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_MUL);
}
static void check_div_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_DIV);
}
static void bench_div_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_DIV);
}
static void check_min_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_MIN);
}
static void bench_min_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_MIN);
}
static void check_max_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_MAX);
}
static void bench_max_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_MAX);
}
static void check_floor_div_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_FLOOR_DIV);
}
static void bench_floor_div_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_FLOOR_DIV);
}
static void check_squared_difference_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_SQUARED_DIFFERENCE);
}
static void bench_squared_difference_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_SQUARED_DIFFERENCE);
}
static void check_prelu_f32(struct lw_test *t) {
    check_f32(t, LW_BINARY_PRELU);
}
static void bench_prelu_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_PRELU);
}
static void bench_mod_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_MOD);
}
static void bench_atan2_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_ATAN2);
}
static void bench_pow_f32(struct lw_bench *b) {
    bench_op(b, LW_FLOAT32, LW_BINARY_POW);
}
static void check_add_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_ADD);
}
static void bench_add_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_ADD);
}
static void check_sub_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_SUB);
}
static void bench_sub_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_SUB);
}
static void check_mul_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_MUL);
}
static void bench_mul_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_MUL);
}
static void check_min_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_MIN);
}
static void bench_min_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_MIN);
}
static void check_max_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_MAX);
}
static void bench_max_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_MAX);
}
static void check_floor_div_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_FLOOR_DIV);
}
static void bench_floor_div_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_FLOOR_DIV);
}
static void check_squared_difference_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_SQUARED_DIFFERENCE);
}
static void bench_squared_difference_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_SQUARED_DIFFERENCE);
}
static void check_div_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_DIV);
}
static void bench_div_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_DIV);
}
static void check_mod_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_MOD);
}
static void bench_mod_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_MOD);
}
static void check_pow_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_POW);
}
static void bench_pow_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_POW);
}
static void check_and_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_BITWISE_AND);
}
static void bench_and_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_BITWISE_AND);
}
static void check_or_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_BITWISE_OR);
}
static void bench_or_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_BITWISE_OR);
}
static void check_xor_i32(struct lw_test *t) {
    check_i32(t, LW_BINARY_BITWISE_XOR);
}
static void bench_xor_i32(struct lw_bench *b) {
    bench_op(b, LW_INT32, LW_BINARY_BITWISE_XOR);
}

#define F32(op) offsetof(struct lw_kernels, binary_f32[op])
#define I32(op) offsetof(struct lw_kernels, binary_i32[op])

/* The floor of a quotient as int32. */
static void check_floor_div(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 100; round++) {
        const size_t n = lw_test_range(t, 0, 70);
        float *a = lw_test_floats(t, n, LW_FILL_POISON), *b = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_fill(t, a, n, round % 3 ? LW_FILL_WIDE : LW_FILL_SPECIAL);
        lw_test_fill(t, b, n, round % 2 ? LW_FILL_UNIFORM : LW_FILL_SPECIAL);
        for (size_t i = 0; i < n; i += 2) a[i] = lw_test_uniform(t, -1, 1) * (round % 2 ? 1e10f : 100.0f);
        lw_test_seal(t, a);
        lw_test_seal(t, b);
        int32_t *got = lw_test_buffer(t, n * sizeof *got), *want = lw_test_buffer(t, n * sizeof *want);
        for (size_t i = 0; i < n; i++) {
            const double quotient = floor((double)a[i] / (double)b[i]);
            want[i] = isfinite(quotient) ? (int32_t)(uint32_t)(int64_t)fmod(quotient, 0x1p32) : 0;
        }
        lw_test_status(lw_floor_div_run(c, n, a, b, got), LW_OK, "floor_div");
        lw_test_same_bytes("floor_div", want, got, n * sizeof *got);
        memcpy(got, a, n * sizeof *got);
        lw_test_status(lw_floor_div_run(c, n, (const float *)(const void *)got, b, got), LW_OK, "floor_div in place");
        lw_test_same_bytes("floor_div in place", want, got, n * sizeof *got);
    }
    const float *x = lw_test_floats(t, 4, LW_FILL_UNIFORM);
    int32_t *untouched = lw_test_buffer(t, 16);
    lw_test_seal(t, untouched);
    lw_test_status(lw_floor_div_run(NULL, 4, x, x, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_floor_div_run(c, 4, NULL, x, untouched), LW_NULL_POINTER, "no a");
    lw_test_status(lw_floor_div_run(c, 4, x, NULL, untouched), LW_NULL_POINTER, "no b");
    lw_test_status(lw_floor_div_run(c, 4, x, x, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_floor_div_run(c, SIZE_MAX / 2, x, x, untouched), LW_TOO_LARGE, "too large");
    lw_test_status(lw_floor_div_run(c, 0, NULL, NULL, NULL), LW_OK, "empty");
}

static const struct lw_row rows[] = {
    {"add_f32", F32(LW_BINARY_ADD), check_add_f32, bench_add_f32},
    {"sub_f32", F32(LW_BINARY_SUB), check_sub_f32, bench_sub_f32},
    {"mul_f32", F32(LW_BINARY_MUL), check_mul_f32, bench_mul_f32},
    {"div_f32", F32(LW_BINARY_DIV), check_div_f32, bench_div_f32},
    {"min_f32", F32(LW_BINARY_MIN), check_min_f32, bench_min_f32},
    {"max_f32", F32(LW_BINARY_MAX), check_max_f32, bench_max_f32},
    {"floor_div_f32", F32(LW_BINARY_FLOOR_DIV), check_floor_div_f32, bench_floor_div_f32},
    {"squared_difference_f32", F32(LW_BINARY_SQUARED_DIFFERENCE), check_squared_difference_f32,
     bench_squared_difference_f32},
    {"prelu_f32", F32(LW_BINARY_PRELU), check_prelu_f32, bench_prelu_f32},
    {"mod_f32", F32(LW_BINARY_MOD), check_mod_f32, bench_mod_f32},
    {"pow_f32", F32(LW_BINARY_POW), check_pow_f32, bench_pow_f32},
    {"atan2_f32", F32(LW_BINARY_ATAN2), check_atan2_f32, bench_atan2_f32},
    {"add_i32", I32(LW_BINARY_ADD), check_add_i32, bench_add_i32},
    {"sub_i32", I32(LW_BINARY_SUB), check_sub_i32, bench_sub_i32},
    {"mul_i32", I32(LW_BINARY_MUL), check_mul_i32, bench_mul_i32},
    {"div_i32", I32(LW_BINARY_DIV), check_div_i32, bench_div_i32},
    {"min_i32", I32(LW_BINARY_MIN), check_min_i32, bench_min_i32},
    {"max_i32", I32(LW_BINARY_MAX), check_max_i32, bench_max_i32},
    {"floor_div_i32", I32(LW_BINARY_FLOOR_DIV), check_floor_div_i32, bench_floor_div_i32},
    {"squared_difference_i32", I32(LW_BINARY_SQUARED_DIFFERENCE), check_squared_difference_i32,
     bench_squared_difference_i32},
    {"mod_i32", I32(LW_BINARY_MOD), check_mod_i32, bench_mod_i32},
    {"pow_i32", I32(LW_BINARY_POW), check_pow_i32, bench_pow_i32},
    {"and_i32", I32(LW_BINARY_BITWISE_AND), check_and_i32, bench_and_i32},
    {"or_i32", I32(LW_BINARY_BITWISE_OR), check_or_i32, bench_or_i32},
    {"xor_i32", I32(LW_BINARY_BITWISE_XOR), check_xor_i32, bench_xor_i32},
    {"floor_div", LW_NO_SLOT, check_floor_div, NULL},
    {"binary", LW_NO_SLOT, check_operator, NULL},
    {"binary rows", LW_NO_SLOT, check_rows, NULL},
    {"binary errors", LW_NO_SLOT, check_errors, NULL},
};
const struct lw_family lw_family_binary = {"binary", rows, sizeof rows / sizeof rows[0]};
