/* SPDX-License-Identifier: MIT */
/* Complex numbers: the operators complex_abs, complex_multiply and fft. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"

static void check_abs(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 100; round++) {
        const size_t n = lw_test_range(t, 0, 70);
        float *x = lw_test_floats(t, 2 * n, round % 2 ? LW_FILL_SPECIAL : LW_FILL_WIDE);
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t i = 0; i < n; i++) {
            want[i] = hypot((double)x[2 * i], (double)x[2 * i + 1]);
            bound[i] = 0x0.83p-23 * want[i] + 0x1p-150;
        }
        lw_test_status(lw_complex_abs_run(c, n, x, got), LW_OK, "complex_abs");
        lw_test_within("complex_abs", want, bound, got, n);
        lw_test_status(lw_complex_abs_run(t->reference, n, x, other), LW_OK, "complex_abs");
        lw_test_same("complex_abs", other, got, n);
    }
    const float *in = lw_test_floats(t, 8, LW_FILL_UNIFORM);
    float *untouched = lw_test_buffer(t, 16);
    lw_test_seal(t, untouched);
    lw_test_status(lw_complex_abs_run(NULL, 4, in, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_complex_abs_run(c, 4, NULL, untouched), LW_NULL_POINTER, "no input");
    lw_test_status(lw_complex_abs_run(c, 4, in, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_complex_abs_run(c, SIZE_MAX / 4, in, untouched), LW_TOO_LARGE, "too large");
    lw_test_status(lw_complex_abs_run(c, 0, NULL, NULL), LW_OK, "empty");
}

static void check_multiply(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 100; round++) {
        const size_t n = lw_test_range(t, 0, 70);
        float *a = lw_test_floats(t, 2 * n, LW_FILL_POISON), *b = lw_test_floats(t, 2 * n, LW_FILL_POISON);
        float *got = lw_test_floats(t, 2 * n, LW_FILL_POISON), *want = lw_test_floats(t, 2 * n, LW_FILL_POISON);
        lw_test_fill(t, a, 2 * n, round % 2 ? LW_FILL_SPECIAL : LW_FILL_WIDE);
        lw_test_fill(t, b, 2 * n, round % 3 ? LW_FILL_UNIFORM : LW_FILL_WIDE);
        for (size_t i = 0; i < n; i++) {
            const double re = a[2 * i], im = a[2 * i + 1];
            want[2 * i] = (float)(re * (double)b[2 * i] - im * (double)b[2 * i + 1]);
            want[2 * i + 1] = (float)(re * (double)b[2 * i + 1] + im * (double)b[2 * i]);
        }
        lw_test_status(lw_complex_multiply_run(c, n, a, b, got), LW_OK, "complex_multiply");
        lw_test_same("complex_multiply", want, got, 2 * n);
        memcpy(got, a, 2 * n * sizeof *got);
        lw_test_status(lw_complex_multiply_run(c, n, got, b, got), LW_OK, "in place of a");
        lw_test_same("in place of a", want, got, 2 * n);
        memcpy(got, b, 2 * n * sizeof *got);
        lw_test_status(lw_complex_multiply_run(c, n, a, got, got), LW_OK, "in place of b");
        lw_test_same("in place of b", want, got, 2 * n);
    }
    const float *in = lw_test_floats(t, 8, LW_FILL_UNIFORM);
    float *untouched = lw_test_buffer(t, 32);
    lw_test_seal(t, untouched);
    lw_test_status(lw_complex_multiply_run(NULL, 4, in, in, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_complex_multiply_run(c, 4, NULL, in, untouched), LW_NULL_POINTER, "no a");
    lw_test_status(lw_complex_multiply_run(c, 4, in, NULL, untouched), LW_NULL_POINTER, "no b");
    lw_test_status(lw_complex_multiply_run(c, 4, in, in, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_complex_multiply_run(c, SIZE_MAX / 4, in, in, untouched), LW_TOO_LARGE, "too large");
    lw_test_status(lw_complex_multiply_run(c, 0, NULL, NULL, NULL), LW_OK, "empty");
}

/* The sum as it is defined; both parts have the same bound. */
static void oracle(const struct lw_fft *op, bool large_prime, const float *x, double *want, double *bound) {
    const size_t n = op->length;
    for (size_t k = 0; k < n; k++) {
        double re = 0, im = 0, size = 0;
        for (size_t j = 0; j < n; j++) {
            const double angle = (op->inverse ? 2 : -2) * acos(-1) * (double)(j * k % n) / (double)n;
            re += (double)x[2 * j] * cos(angle) - (double)x[2 * j + 1] * sin(angle);
            im += (double)x[2 * j] * sin(angle) + (double)x[2 * j + 1] * cos(angle);
            size += hypot((double)x[2 * j], (double)x[2 * j + 1]);
        }
        const double divisor = op->inverse ? (double)n : 1, m = size / divisor * (large_prime ? sqrt((double)n) : 1);
        want[2 * k] = re / divisor;
        want[2 * k + 1] = im / divisor;
        for (size_t i = 2 * k; i < 2 * k + 2; i++) bound[i] = 0x1p-24 * (fabs(want[i]) + 0x1p-19 * m) + 0x1p-150;
    }
}

static void check_fft(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    static const uint32_t lengths[] = {1,  2,  3,  4,  5,  6,   7,   8,   9,   10,  11,  12,  13,  15,  16,
                                       17, 20, 21, 24, 25, 27,  29,  30,  31,  32,  33,  35,  36,  37,  40,
                                       41, 48, 60, 64, 93, 100, 101, 111, 120, 128, 169, 211, 256, 360, 512};
    for (int round = 0; round < 90; round++) {
        struct lw_fft op = {.struct_bytes = sizeof op,
                            .batch = (uint32_t)lw_test_range(t, 1, 3),
                            .length = lengths[round % 45],
                            .inverse = round / 45};
        struct lw_sizes sizes;
        lw_test_status(lw_fft_sizes(c, &op, &sizes), LW_OK, "sizes");
        const size_t n = op.length, elements = 2 * n * op.batch;
        bool large_prime = false;
        for (size_t p = 37; p <= n; p++) {
            bool prime = true;
            for (size_t d = 2; d < p; d++) prime = prime && p % d;
            large_prime = large_prime || (prime && n % p == 0);
        }
        lw_test_true(sizes.output_elements == n * op.batch, "%zu elements", sizes.output_elements);
        void *packed = lw_test_buffer(t, sizes.packed_bytes), *scratch = lw_test_buffer(t, sizes.scratch_bytes);
        lw_test_status(lw_fft_pack(c, &op, scratch, packed), LW_OK, "pack");
        lw_test_all_written(packed, sizes.packed_bytes);
        lw_test_seal(t, packed);
        float *x = lw_test_floats(t, elements, LW_FILL_UNIFORM), *got = lw_test_floats(t, elements, LW_FILL_POISON);
        float *other = lw_test_floats(t, elements, LW_FILL_POISON);
        double *want = lw_test_buffer(t, elements * sizeof *want), *bound = lw_test_buffer(t, elements * sizeof *bound);
        for (size_t b = 0; b < op.batch; b++)
            oracle(&op, large_prime, x + 2 * n * b, want + 2 * n * b, bound + 2 * n * b);
        lw_test_status(lw_fft_run(c, &op, x, packed, scratch, got), LW_OK, "fft");
        lw_test_within("fft", want, bound, got, elements);
        lw_test_status(lw_fft_run(t->reference, &op, x, packed, scratch, other), LW_OK, "fft");
        lw_test_same("fft", other, got, elements);
        memcpy(other, x, elements * sizeof *x);
        lw_test_status(lw_fft_run(c, &op, other, packed, scratch, other), LW_OK, "in place");
        lw_test_same("in place", got, other, elements);
    }

    struct lw_fft op = {.struct_bytes = sizeof op, .batch = 1, .length = 8}, bad;
    struct lw_sizes sizes;
    float *x = lw_test_floats(t, 16, LW_FILL_UNIFORM), *untouched = lw_test_buffer(t, 64);
    double *packed = lw_test_buffer(t, 128), *scratch = lw_test_buffer(t, 256);
    lw_test_seal(t, untouched);
    lw_test_seal(t, packed);
    lw_test_status(lw_fft_sizes(NULL, &op, &sizes), LW_NULL_POINTER, "no context");
    lw_test_status(lw_fft_sizes(c, NULL, &sizes), LW_NULL_POINTER, "no op");
    lw_test_status(lw_fft_sizes(c, &op, NULL), LW_NULL_POINTER, "no sizes");
    lw_test_status(lw_fft_pack(NULL, &op, scratch, packed), LW_NULL_POINTER, "no context");
    lw_test_status(lw_fft_pack(c, NULL, scratch, packed), LW_NULL_POINTER, "no op");
    lw_test_status(lw_fft_pack(c, &op, NULL, packed), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_fft_pack(c, &op, scratch, NULL), LW_NULL_POINTER, "no table");
    lw_test_status(lw_fft_run(NULL, &op, x, packed, scratch, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_fft_run(c, NULL, x, packed, scratch, untouched), LW_NULL_POINTER, "no op");
    lw_test_status(lw_fft_run(c, &op, NULL, packed, scratch, untouched), LW_NULL_POINTER, "no input");
    lw_test_status(lw_fft_run(c, &op, x, NULL, scratch, untouched), LW_NULL_POINTER, "no table");
    lw_test_status(lw_fft_run(c, &op, x, packed, NULL, untouched), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_fft_run(c, &op, x, packed, scratch, NULL), LW_NULL_POINTER, "no output");
    bad = op, bad.struct_bytes = 3;
    lw_test_status(lw_fft_run(c, &bad, x, packed, scratch, untouched), LW_BAD_STRUCT_BYTES, "bad size");
    bad = op, bad.inverse = 2;
    lw_test_status(lw_fft_run(c, &bad, x, packed, scratch, untouched), LW_BAD_ENUM, "bad direction");
    bad = op, bad.length = 0;
    lw_test_status(lw_fft_sizes(c, &bad, &sizes), LW_BAD_SHAPE, "no length");
    if (sizeof(size_t) == 4) {
        bad = op, bad.length = UINT32_MAX; /* a multiple of 65537 */
        lw_test_status(lw_fft_sizes(c, &bad, &sizes), LW_TOO_LARGE, "too long");
        bad = op, bad.length = 0x80000000u;
        lw_test_status(lw_fft_sizes(c, &bad, &sizes), LW_TOO_LARGE, "too long");
        bad = op, bad.batch = UINT32_MAX;
        lw_test_status(lw_fft_sizes(c, &bad, &sizes), LW_TOO_LARGE, "too many");
    }
    bad = op, bad.batch = 0;
    lw_test_status(lw_fft_run(c, &bad, NULL, NULL, NULL, NULL), LW_OK, "empty");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_fft op;
    const float *x;
    void *packed, *scratch;
    float *out;
};

static void bench_run(const struct lw_context *context, void *arg) {
    const struct bench_arg *a = arg;
    lw_fft_run(context, &a->op, a->x, a->packed, a->scratch, a->out);
}

static void bench_one(struct lw_bench *b, const char *label, uint32_t batch, uint32_t length) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    *a = (struct bench_arg){.op = {.struct_bytes = sizeof a->op, .batch = batch, .length = length}};
    struct lw_sizes sizes;
    lw_fft_sizes(lw_bench_context(b), &a->op, &sizes);
    a->x = lw_bench_floats(b, 2 * sizes.output_elements);
    a->out = lw_bench_floats(b, 2 * sizes.output_elements);
    a->packed = lw_bench_buffer(b, sizes.packed_bytes);
    a->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    lw_fft_pack(lw_bench_context(b), &a->op, a->scratch, a->packed);
    const double n = length;
    lw_bench_add(b, label, 5 * n * log2(n) * batch, 16 * n * batch, bench_run, a);
}

static void bench_fft(struct lw_bench *b) {
    bench_one(b, "64x256", 64, 256);
    bench_one(b, "1024", 1, 1024);
    bench_one(b, "1000", 1, 1000);
    bench_one(b, "1009, a prime", 1, 1009);
    bench_one(b, "65536", 1, 65536);
}

static const struct lw_row rows[] = {
    {"complex_abs", LW_NO_SLOT, check_abs, NULL},
    {"complex_multiply", LW_NO_SLOT, check_multiply, NULL},
    {"fft", LW_NO_SLOT, check_fft, bench_fft},
};
const struct lw_family lw_family_complex = {"complex", rows, sizeof rows / sizeof rows[0]};
