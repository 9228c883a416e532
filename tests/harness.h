/* SPDX-License-Identifier: MIT */
/*
 * The harness that tests and benchmarks share. A row names a kernel or an operator and knows how to check and to time
 * it; tests/run.c puts every row before Check once per tier, bench/bench.cc before Google Benchmark.
 *
 * A check compares two contexts: `reference` is the scalar tier, `tested` the tier under test (also scalar, so that
 * the scalar tier itself meets the double-precision oracle). Buffers come from the harness: natively each ends at, or
 * starts behind, a page that may not be touched; in wasm canaries around it are checked when the row ends. All
 * buffers are freed when the row ends. Random numbers come from one printed seed (--seed N).
 */
#ifndef LW_TESTS_HARNESS_H
#define LW_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "lanewise/lanewise.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lw_test {
    const struct lw_context *reference; /* scalar */
    const struct lw_context *tested;
    bool exact;     /* tested must give reference's bits: true for scalar and simd128, false for relaxed */
    uint64_t state; /* of the random numbers */
};

/* Random numbers. */
uint32_t lw_test_u32(struct lw_test *t);
size_t lw_test_range(struct lw_test *t, size_t low, size_t high); /* low <= result <= high */
float lw_test_uniform(struct lw_test *t, float low, float high);

/* A guarded buffer of `bytes` bytes filled with 0xA5; never NULL, also for 0 bytes. The buffer's end lies right at a
 * guard page on one call and its start right behind one on the next. */
void *lw_test_buffer(struct lw_test *t, size_t bytes);
/* The same for n floats, filled by lw_test_fill. */
float *lw_test_floats(struct lw_test *t, size_t n, int fill);
/* Seals a buffer's content: the harness fails the row if it has changed when the row ends (inputs must not be
 * written). lw_test_floats seals by itself. */
void lw_test_seal(struct lw_test *t, const void *buffer);

enum lw_test_fill {
    LW_FILL_UNIFORM, /* -1 to 1 */
    LW_FILL_WIDE,    /* random sign and exponent over the whole range, denormals included */
    LW_FILL_SPECIAL, /* uniform mixed with NaN, infinities, signed zeros, denormals, huge values */
    LW_FILL_POISON   /* signalling 0xA5 pattern: for outputs */
};
void lw_test_fill(struct lw_test *t, float *x, size_t n, int fill);

/* Assertions; each names the first wrong element with both values and the label. */

/* Same bits, where any NaN equals any NaN. */
void lw_test_same(const char *label, const float *want, const float *got, size_t n);
void lw_test_same_bytes(const char *label, const void *want, const void *got, size_t bytes);
/* |got - want| <= bound[i], NaN where want is NaN, the same infinity where want is infinite. */
void lw_test_within(const char *label, const double *want, const double *bound, const float *got, size_t n);
/* gamma_k * magnitude + one denormal: the bound for a sum of k products with sum of magnitudes `magnitude`. */
double lw_test_gamma(size_t k, double magnitude);
/* Fails with a printf-style message unless ok. */
void lw_test_true(bool ok, const char *format, ...);

/* ---- Rows ---- */

struct lw_bench; /* known to bench/bench.cc only */

/* Adds one benchmark: `label` names the shape, flops and bytes are what one call does and moves; run(context, arg) is
 * what is timed. Buffers for it come from lw_bench_floats, which live until the program ends. */
typedef void lw_bench_fn(const struct lw_context *context, void *arg);
void lw_bench_add(struct lw_bench *b, const char *label, double flops, double bytes, lw_bench_fn *run, void *arg);
void *lw_bench_buffer(struct lw_bench *b, size_t bytes);       /* zeroed */
float *lw_bench_floats(struct lw_bench *b, size_t n);          /* uniform, -1 to 1 */
const struct lw_context *lw_bench_context(struct lw_bench *b); /* the tier this row is being added for */

#define LW_NO_SLOT ((size_t)-1)

struct lw_row {
    const char *name; /* the slot's name, or the operator's */
    size_t slot;      /* offset of the function pointer in struct lw_kernels, or LW_NO_SLOT for an operator */
    void (*check)(struct lw_test *t);
    void (*bench)(struct lw_bench *b); /* may be NULL */
};

/* All rows: tests/rows.c lists the families, one for each tests/test_<family>.c. */
struct lw_family {
    const char *name;
    const struct lw_row *rows;
    size_t count;
};
extern const struct lw_family *const lw_families[];
extern const size_t lw_families_count;

#ifdef __cplusplus
}
#endif

#endif
