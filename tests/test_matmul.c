/* SPDX-License-Identifier: MIT */
/* The operator matmul. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/epilogue.h"
#include "tests/oracle.h"
#include "tests/rows.h"

static void run(struct lw_test *t, const struct lw_context *context, const struct lw_matmul *d, const float *a,
                const float *b, const float *bias, const float *slopes, float *output) {
    struct lw_sizes sizes;
    lw_test_status(lw_matmul_sizes(context, d, &sizes), LW_OK, "matmul sizes");
    float *packed = lw_test_buffer(t, sizes.packed_bytes);
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_matmul_pack(context, d, b, packed), LW_OK, "matmul pack");
    lw_test_all_written(packed, sizes.packed_bytes);
    lw_test_seal(t, packed);
    const size_t elements = sizes.output_elements;
    const struct lw_epilogue steps = lw_test_steps(t, elements, d->n, bias, slopes);
    const struct lw_epilogue plain = lw_test_epilogue(bias, slopes);
    struct lw_matmul linear = *d;
    linear.activation.kind = LW_LINEAR;
    float *sums = lw_test_floats(t, elements, LW_FILL_POISON);
    lw_test_status(lw_matmul_run(context, &linear, a, packed, &plain, scratch, sums), LW_OK, "linear matmul run");
    lw_test_status(lw_matmul_run(context, d, a, packed, &steps, scratch, output), LW_OK, "matmul run with steps");
    lw_test_separate_steps(t, context, &d->activation, &steps, elements, d->n, sums, output);
    lw_test_status(lw_matmul_run(context, d, a, packed, &plain, scratch, output), LW_OK, "matmul run");
}

/* Elements of `batch` matrices that lie `stride` apart. */
static size_t extent(size_t batch, size_t stride, size_t matrix) {
    return batch && matrix ? (batch - 1) * stride + matrix : 0;
}

static void check_product(struct lw_test *t, const struct lw_matmul *d, bool has_bias) {
    char label[160];
    snprintf(label, sizeof label, "matmul %u x (%ux%ux%u) transposed %u %u strides %zu %zu activation %u", d->batch,
             d->m, d->n, d->k, d->transpose_a, d->transpose_b, d->a_batch_stride, d->b_batch_stride,
             d->activation.kind);
    size_t m = d->m, n = d->n, k = d->k, count = d->batch * m * n;
    struct lw_sizes sizes = {0};
    lw_test_status(lw_matmul_sizes(t->tested, d, &sizes), LW_OK, label);
    lw_test_true(sizes.output_elements == count && sizes.output_height == 1 && sizes.output_width == n, "%s: sizes",
                 label);

    const float *a = lw_test_floats(t, extent(d->batch, d->a_batch_stride, m * k), LW_FILL_UNIFORM);
    const float *b = lw_test_floats(t, extent(d->batch, d->b_batch_stride, k * n), LW_FILL_UNIFORM);
    const float *bias = has_bias ? lw_test_floats(t, n, LW_FILL_UNIFORM) : NULL;
    const float *slopes = d->activation.kind == LW_PRELU ? lw_test_floats(t, n, LW_FILL_UNIFORM) : NULL;
    float *got = lw_test_floats(t, count, LW_FILL_POISON), *other = lw_test_floats(t, count, LW_FILL_POISON);
    run(t, t->tested, d, a, b, bias, slopes, got);
    run(t, t->reference, d, a, b, bias, slopes, other);
    if (t->exact) lw_test_same(label, other, got, count);

    double *want = lw_test_buffer(t, count * sizeof *want), *bound = lw_test_buffer(t, count * sizeof *bound);
    for (size_t e = 0; e < count; e++) {
        size_t j = e % n, i = e / n % m, batch = e / n / m;
        double sum = bias ? (double)bias[j] : 0, magnitude = fabs(sum);
        for (size_t c = 0; c < k; c++) {
            double x = (double)a[batch * d->a_batch_stride + (d->transpose_a ? c * m + i : i * k + c)];
            double y = (double)b[batch * d->b_batch_stride + (d->transpose_b ? j * k + c : c * n + j)];
            sum += x * y;
            magnitude += fabs(x * y);
        }
        bound[e] = lw_test_gamma(k + 1, magnitude);
        want[e] = lw_oracle_activation(&d->activation, slopes ? (double)slopes[j] : 0, sum, &bound[e]);
    }
    lw_test_within(label, want, bound, got, count);
}

static void products(struct lw_test *t) {
    for (uint32_t round = 0; round < 160; round++) {
        struct lw_matmul d = {.struct_bytes = sizeof d};
        d.batch = (uint32_t)lw_test_range(t, round % 16 ? 1 : 0, 4);
        d.m = (uint32_t)lw_test_range(t, round % 16 == 1 ? 0 : 1, round % 5 ? 9 : 40);
        d.n = (uint32_t)lw_test_range(t, round % 16 == 2 ? 0 : 1, round % 7 ? 20 : 50);
        d.k = (uint32_t)lw_test_range(t, 0, round % 3 ? 12 : 60);
        if (round % 8 == 4) d.m = 1;
        if (round % 16 == 3) d.k = 0;
        d.transpose_a = lw_test_u32(t) & 1;
        d.transpose_b = lw_test_u32(t) & 1;
        /* The same matrix for all batches, one behind the other, or with a gap. */
        size_t a_gap = lw_test_range(t, 0, 2), b_gap = lw_test_range(t, 0, 2);
        d.a_batch_stride = a_gap == 2 ? 0 : (size_t)d.m * d.k + a_gap * 3;
        d.b_batch_stride = b_gap == 2 ? 0 : (size_t)d.k * d.n + b_gap * 3;
        d.activation = lw_oracle_random_activation(t, round % (LW_ORACLE_ACTIVATIONS));
        check_product(t, &d, round % 3 != 1);
    }
    /* More columns than rows: threads share the columns, which end in few. */
    for (uint32_t m = 1; m < 8; m += 2) {
        struct lw_matmul d = {sizeof d, 2, m, 128 + m, 20, m == 7, m == 3, 20 * m, 20 * (128 + m), {LW_PRELU, 0, 0, 0},
                              0,        0, 0, 0};
        check_product(t, &d, true);
    }
    /* More rows than a block has. */
    for (uint32_t transpose = 0; transpose < 2; transpose++) {
        struct lw_matmul d = {sizeof d, 2, 500, 5, 7, transpose, 0, 3500, 0, {LW_TANH, 0, 0, 0}, 0, 0, 0, 0};
        check_product(t, &d, true);
    }
}

/* A product of matrices that are parts of wider ones gives the same bits as one of dense copies of them, and writes
 * nothing between the rows. */
static void strides(struct lw_test *t) {
    for (uint32_t round = 0; round < 80; round++) {
        const struct lw_context *c = t->tested;
        struct lw_matmul d = {.struct_bytes = sizeof d};
        d.batch = (uint32_t)lw_test_range(t, 1, 3);
        d.m = (uint32_t)lw_test_range(t, 1, round % 4 ? 12 : 60);
        d.n = (uint32_t)lw_test_range(t, 1, round % 4 ? 30 : 200);
        d.k = (uint32_t)lw_test_range(t, 1, 20);
        if (round % 8 == 3) d.m = 1;
        d.transpose_a = round & 1;
        d.transpose_b = round >> 1 & 1;
        d.activation = lw_oracle_random_activation(t, round % LW_ORACLE_ACTIVATIONS);
        const size_t m = d.m, n = d.n, k = d.k;
        struct lw_matmul dense = d;
        dense.a_batch_stride = m * k;
        dense.b_batch_stride = k * n;
        /* Rows of A may overlap. */
        const size_t a_rows = d.transpose_a ? k : m, a_columns = d.transpose_a ? m : k;
        const size_t b_rows = d.transpose_b ? n : k, b_columns = d.transpose_b ? k : n;
        d.a_row_stride = round % 5 == 1 ? 1 : a_columns + lw_test_range(t, 0, 3);
        d.b_row_stride = b_columns + lw_test_range(t, 0, 3);
        d.output_row_stride = n + lw_test_range(t, 0, 3);
        d.output_batch_stride = (m - 1) * d.output_row_stride + n + lw_test_range(t, 0, 3);
        d.a_batch_stride = a_rows * d.a_row_stride;
        d.b_batch_stride = round % 3 ? b_rows * d.b_row_stride : 0;
        if (round % 9 == 4) d.output_batch_stride = 0;
        const size_t batch_step = d.output_batch_stride ? d.output_batch_stride : m * d.output_row_stride;

        const float *a = lw_test_floats(t, (d.batch - 1) * d.a_batch_stride + (a_rows - 1) * d.a_row_stride + a_columns,
                                        LW_FILL_UNIFORM);
        const float *b = lw_test_floats(t, (d.batch - 1) * d.b_batch_stride + (b_rows - 1) * d.b_row_stride + b_columns,
                                        LW_FILL_UNIFORM);
        const size_t elements = (d.batch - 1) * batch_step + (m - 1) * d.output_row_stride + n;
        const float *residual = lw_test_floats(t, elements, LW_FILL_UNIFORM);
        float *dense_a = lw_test_buffer(t, d.batch * m * k * sizeof *a);
        float *dense_b = lw_test_buffer(t, d.batch * k * n * sizeof *a);
        float *dense_residual = lw_test_buffer(t, d.batch * m * n * sizeof *a);
        for (size_t i = 0; i < d.batch; i++) {
            for (size_t e = 0; e < m * k; e++)
                dense_a[i * m * k + e] = a[i * d.a_batch_stride + e / a_columns * d.a_row_stride + e % a_columns];
            for (size_t e = 0; e < k * n; e++)
                dense_b[i * k * n + e] = b[i * d.b_batch_stride + e / b_columns * d.b_row_stride + e % b_columns];
            for (size_t e = 0; e < m * n; e++)
                dense_residual[i * m * n + e] = residual[i * batch_step + e / n * d.output_row_stride + e % n];
        }
        const float *slopes = d.activation.kind == LW_PRELU ? lw_test_floats(t, n, LW_FILL_UNIFORM) : NULL;
        struct lw_epilogue steps = lw_test_epilogue(lw_test_floats(t, n, LW_FILL_UNIFORM), slopes);
        float *outputs[2];
        for (size_t i = 0; i < 2; i++) {
            const struct lw_matmul *op = i ? &d : &dense;
            struct lw_sizes sizes;
            steps.residual = round % 2 ? NULL : i ? residual : dense_residual;
            lw_test_status(lw_matmul_sizes(c, op, &sizes), LW_OK, "sizes of a strided product");
            lw_test_true(sizes.output_elements == (i ? elements : d.batch * m * n), "elements of a strided product");
            outputs[i] = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
            void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
            lw_test_status(lw_matmul_pack(c, op, i ? b : dense_b, packed), LW_OK, "pack of a strided product");
            lw_test_status(lw_matmul_run(c, op, i ? a : dense_a, packed, &steps, scratch, outputs[i]), LW_OK,
                           "strided");
        }
        float *want = lw_test_floats(t, elements, LW_FILL_POISON);
        for (size_t i = 0; i < d.batch; i++)
            for (size_t e = 0; e < m * n; e++)
                want[i * batch_step + e / n * d.output_row_stride + e % n] = outputs[0][i * m * n + e];
        lw_test_same_bytes("a strided product", want, outputs[1], elements * sizeof *want);

        /* The same of integers: the floats' bits do. */
        d.activation = dense.activation = (struct lw_activation){LW_LINEAR, 0, 0, 0};
        int32_t *from_dense = lw_test_buffer(t, d.batch * m * n * 4), *from_strided = lw_test_buffer(t, elements * 4);
        lw_test_status(lw_matmul_i32_run(c, &dense, (int32_t *)dense_a, (int32_t *)dense_b, from_dense), LW_OK,
                       "int32");
        lw_test_status(lw_matmul_i32_run(c, &d, (const int32_t *)a, (const int32_t *)b, from_strided), LW_OK, "int32");
        for (size_t i = 0; i < d.batch; i++)
            for (size_t y = 0; y < m; y++)
                lw_test_same_bytes("a strided product of int32", from_dense + (i * m + y) * n,
                                   from_strided + i * batch_step + y * d.output_row_stride, n * 4);
    }

    /* From a header before there were strides: what follows the older struct is not read. */
    const uint32_t older = offsetof(struct lw_matmul, a_row_stride);
    struct lw_matmul d = {.struct_bytes = older, .batch = 1, .m = 2, .n = 3, .k = 4};
    struct lw_sizes sizes;
    d.a_row_stride = d.b_row_stride = d.output_row_stride = d.output_batch_stride = SIZE_MAX;
    lw_test_status(lw_matmul_sizes(t->tested, &d, &sizes), LW_OK, "an older descriptor");
    lw_test_true(sizes.output_elements == 6, "an older descriptor's output");
    d.struct_bytes = sizeof d;
    lw_test_status(lw_matmul_sizes(t->tested, &d, &sizes), LW_TOO_LARGE, "strides that are too large");
    d.a_row_stride = d.b_row_stride = d.output_batch_stride = 0;
    d.output_row_stride = 2;
    lw_test_status(lw_matmul_sizes(t->tested, &d, &sizes), LW_BAD_SHAPE, "rows that overlap");
    d.output_row_stride = 0;
    d.output_batch_stride = 5;
    lw_test_status(lw_matmul_sizes(t->tested, &d, &sizes), LW_BAD_SHAPE, "matrices that overlap");
}

static void errors(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    const struct lw_matmul good = {sizeof good, 2, 5, 6, 7, 0, 0, 35, 42, {LW_LINEAR, 0, 0, 0}, 0, 0, 0, 0};
    struct lw_matmul d;
    struct lw_sizes sizes;
    lw_test_status(lw_matmul_sizes(c, &good, &sizes), LW_OK, "the valid product");
    size_t n = sizes.output_elements;
    const float *a = lw_test_floats(t, 2 * 35, LW_FILL_UNIFORM), *b = lw_test_floats(t, 2 * 42, LW_FILL_UNIFORM);
    float *output = lw_test_floats(t, n, LW_FILL_POISON), *poison = lw_test_floats(t, n, LW_FILL_POISON);
    void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    lw_test_status(lw_matmul_pack(c, &good, b, packed), LW_OK, "pack");

#define WRONG(status, change)                                                                                          \
    do {                                                                                                               \
        d = good;                                                                                                      \
        change;                                                                                                        \
        lw_test_status(lw_matmul_sizes(c, &d, &sizes), status, #change " (sizes)");                                    \
        lw_test_status(lw_matmul_pack(c, &d, b, packed), status, #change " (pack)");                                   \
        lw_test_status(lw_matmul_run(c, &d, a, packed, NULL, scratch, output), status, #change " (run)");              \
    } while (0)
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes = 8);
    WRONG(LW_BAD_STRUCT_BYTES, d.struct_bytes++);
    WRONG(LW_BAD_ENUM, d.transpose_a = 2);
    WRONG(LW_BAD_ENUM, d.transpose_b = 2);
    WRONG(LW_BAD_ENUM, d.activation.kind = LW_ORACLE_ACTIVATIONS);
    WRONG(LW_BAD_SHAPE, d.activation = ((struct lw_activation){LW_CLAMP, 0, 1, 0}));
    WRONG(LW_TOO_LARGE, d.m = d.n = d.batch = UINT32_MAX);
    WRONG(LW_TOO_LARGE, d.m = d.k = UINT32_MAX);
    WRONG(LW_TOO_LARGE, d.k = d.n = UINT32_MAX);
    WRONG(LW_TOO_LARGE, d.a_batch_stride = SIZE_MAX / 4);
    WRONG(LW_TOO_LARGE, d.b_batch_stride = SIZE_MAX / 4);
    WRONG(LW_TOO_LARGE, (d.batch = 3, d.b_batch_stride = SIZE_MAX / 2));
#undef WRONG

    lw_test_status(lw_matmul_sizes(NULL, &good, &sizes), LW_NULL_POINTER, "sizes without a context");
    lw_test_status(lw_matmul_sizes(c, NULL, &sizes), LW_NULL_POINTER, "sizes without a descriptor");
    lw_test_status(lw_matmul_sizes(c, &good, NULL), LW_NULL_POINTER, "sizes without sizes");
    lw_test_status(lw_matmul_pack(c, &good, NULL, packed), LW_NULL_POINTER, "pack without B");
    lw_test_status(lw_matmul_pack(c, &good, b, NULL), LW_NULL_POINTER, "pack to nowhere");
    lw_test_status(lw_matmul_run(c, &good, NULL, packed, NULL, scratch, output), LW_NULL_POINTER, "no A");
    lw_test_status(lw_matmul_run(c, &good, a, NULL, NULL, scratch, output), LW_NULL_POINTER, "no packed B");
    lw_test_status(lw_matmul_run(c, &good, a, packed, NULL, NULL, output), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_matmul_run(c, &good, a, packed, NULL, scratch, NULL), LW_NULL_POINTER, "no output");
    d = good;
    d.activation.kind = LW_PRELU;
    lw_test_status(lw_matmul_run(c, &d, a, packed, NULL, scratch, output), LW_NULL_POINTER, "PReLU without slopes");
    lw_test_same_bytes("the output after an error", poison, output, n * sizeof *output);

    d = good;
    d.k = 0;
    lw_test_status(lw_matmul_pack(c, &d, NULL, NULL), LW_OK, "packing nothing");
    lw_test_status(lw_matmul_run(c, &d, NULL, NULL, NULL, scratch, output), LW_OK, "k = 0 without operands");
    for (size_t i = 0; i < n; i++) lw_test_true(output[i] == 0, "an empty sum is %g", (double)output[i]);
    d.batch = 0;
    lw_test_status(lw_matmul_run(c, &d, NULL, NULL, NULL, scratch, NULL), LW_OK, "an empty batch");
}

static void check(struct lw_test *t) {
    products(t);
    strides(t);
    errors(t);
}

static void check_i32(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (uint32_t round = 0; round < 80; round++) {
        struct lw_matmul d = {.struct_bytes = sizeof d};
        d.batch = (uint32_t)lw_test_range(t, round % 16 ? 1 : 0, 3);
        d.m = (uint32_t)lw_test_range(t, round % 16 == 1 ? 0 : 1, 9);
        d.n = (uint32_t)lw_test_range(t, round % 16 == 2 ? 0 : 1, 20);
        d.k = (uint32_t)lw_test_range(t, round % 16 == 3 ? 0 : 1, 12);
        d.transpose_a = round & 1;
        d.transpose_b = round >> 1 & 1;
        const size_t m = d.m, n = d.n, k = d.k, count = d.batch * m * n;
        d.a_batch_stride = round % 3 ? m * k + round % 2 : 0;
        d.b_batch_stride = round % 5 ? k * n + round % 4 : 0;
        const size_t a_count = extent(d.batch, d.a_batch_stride, m * k);
        const size_t b_count = extent(d.batch, d.b_batch_stride, k * n);
        int32_t *a = lw_test_buffer(t, a_count * sizeof *a), *b = lw_test_buffer(t, b_count * sizeof *b);
        for (size_t i = 0; i < a_count; i++) a[i] = (int32_t)(lw_test_u32(t) >> round % 32);
        for (size_t i = 0; i < b_count; i++) b[i] = (int32_t)(0 - (lw_test_u32(t) >> round % 29));
        lw_test_seal(t, a);
        lw_test_seal(t, b);
        int32_t *got = lw_test_buffer(t, count * sizeof *got), *want = lw_test_buffer(t, count * sizeof *want);
        for (size_t e = 0; e < count; e++) {
            const size_t j = e % n, i = e / n % m, batch = e / n / m;
            uint64_t sum = 0; /* modulo 2^64, of which the low half is the sum modulo 2^32 */
            for (size_t q = 0; q < k; q++)
                sum += (uint64_t)(int64_t)a[batch * d.a_batch_stride + (d.transpose_a ? q * m + i : i * k + q)] *
                       (uint64_t)(int64_t)b[batch * d.b_batch_stride + (d.transpose_b ? j * k + q : q * n + j)];
            want[e] = (int32_t)(uint32_t)sum;
        }
        lw_test_status(lw_matmul_i32_run(c, &d, a, b, got), LW_OK, "matmul of int32");
        lw_test_same_bytes("matmul of int32", want, got, count * sizeof *got);
    }
    struct lw_matmul d = {sizeof d, 1, 2, 2, 2, 0, 0, 4, 4, {LW_LINEAR, 0, 0, 0}, 0, 0, 0, 0};
    const int32_t *x = lw_test_buffer(t, 16);
    int32_t *untouched = lw_test_buffer(t, 16);
    lw_test_seal(t, untouched);
    lw_test_status(lw_matmul_i32_run(NULL, &d, x, x, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_matmul_i32_run(c, NULL, x, x, untouched), LW_NULL_POINTER, "no op");
    lw_test_status(lw_matmul_i32_run(c, &d, NULL, x, untouched), LW_NULL_POINTER, "no a");
    lw_test_status(lw_matmul_i32_run(c, &d, x, NULL, untouched), LW_NULL_POINTER, "no b");
    lw_test_status(lw_matmul_i32_run(c, &d, x, x, NULL), LW_NULL_POINTER, "no output");
    d.activation.kind = LW_RELU;
    lw_test_status(lw_matmul_i32_run(c, &d, x, x, untouched), LW_UNSUPPORTED, "an activation");
    d.transpose_a = 2;
    lw_test_status(lw_matmul_i32_run(c, &d, x, x, untouched), LW_BAD_ENUM, "bad orientation");
}

/* ---- Benchmarks ---- */

struct call {
    struct lw_matmul matmul;
    float *a, *b, *output;
    void *packed, *scratch;
};

static void bench_run(const struct lw_context *context, void *arg) {
    const struct call *c = arg;
    lw_matmul_run(context, &c->matmul, c->a, c->packed, NULL, c->scratch, c->output);
}

static void bench_pack(const struct lw_context *context, void *arg) {
    const struct call *c = arg;
    lw_matmul_pack(context, &c->matmul, c->b, c->packed);
}

static void bench(struct lw_bench *b) {
    static const struct {
        const char *label;
        uint32_t batch, m, n, k, transpose_a, transpose_b;
        bool pack;
    } shapes[] = {
        {"64x64x64", 1, 64, 64, 64, 0, 0, false},
        {"128x128x128", 1, 128, 128, 128, 0, 0, false},
        {"256x256x256", 1, 256, 256, 256, 0, 0, false},
        {"512x512x512", 1, 512, 512, 512, 0, 0, false},
        {"256x256x256 A transposed", 1, 256, 256, 256, 1, 0, false},
        {"1x1001x1024", 1, 1, 1001, 1024, 0, 0, false},
        {"8 x 64x64x32", 8, 64, 64, 32, 0, 0, false},
        {"pack B 512x512", 1, 512, 512, 512, 0, 0, true},
        {"pack B 512x512 transposed", 1, 512, 512, 512, 0, 1, true},
    };
    const struct lw_context *context = lw_bench_context(b);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct call *c = lw_bench_buffer(b, sizeof *c);
        size_t m = shapes[i].m, n = shapes[i].n, k = shapes[i].k, batch = shapes[i].batch;
        c->matmul = (struct lw_matmul){sizeof c->matmul,
                                       shapes[i].batch,
                                       shapes[i].m,
                                       shapes[i].n,
                                       shapes[i].k,
                                       shapes[i].transpose_a,
                                       shapes[i].transpose_b,
                                       m * k,
                                       k * n,
                                       {LW_LINEAR, 0, 0, 0},
                                       0,
                                       0,
                                       0,
                                       0};
        struct lw_sizes sizes;
        if (lw_matmul_sizes(context, &c->matmul, &sizes) != LW_OK) return;
        c->a = lw_bench_floats(b, batch * m * k);
        c->b = lw_bench_floats(b, batch * k * n);
        c->output = lw_bench_floats(b, sizes.output_elements);
        c->packed = lw_bench_buffer(b, sizes.packed_bytes);
        c->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
        if (lw_matmul_pack(context, &c->matmul, c->b, c->packed) != LW_OK) return;
        double operands = (double)(batch * (m * k + k * n)) + (double)sizes.output_elements;
        if (shapes[i].pack)
            lw_bench_add(b, shapes[i].label, 0, 8 * (double)(k * n), bench_pack, c);
        else
            lw_bench_add(b, shapes[i].label, 2 * (double)(batch * m * n) * (double)k, 4 * operands, bench_run, c);
    }
}

static const struct lw_row rows[] = {
    {"matmul", LW_NO_SLOT, check, bench},
    {"matmul_i32", LW_NO_SLOT, check_i32, NULL},
};

const struct lw_family lw_family_matmul = {"matmul", rows, sizeof rows / sizeof rows[0]};
