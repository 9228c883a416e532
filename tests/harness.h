/* SPDX-License-Identifier: MIT */
/*
 * The harness that tests and benchmarks share. A row names a kernel or an operator and knows how to check and to time
 * it; tests/run.c puts every row before Check once per tier, bench/bench.cc before Google Benchmark.
 *
 * A check compares two contexts: `reference` is the scalar tier, `tested` the tier under test (also scalar, so that
 * the scalar tier itself meets the double-precision oracle). Buffers come from the harness: natively each ends at, or
 * starts behind, a page that may not be touched; in wasm canaries around it are checked when the row ends. Every row
 * runs twice on the same random numbers, with those two sides swapped. All buffers are freed when the row ends.
 * Random numbers come from one printed seed (--seed N) and the row's name, so a row can be rerun alone.
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

#ifdef __GNUC__
#define LW_TEST_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define LW_TEST_PRINTF(text, first)
#endif

struct lw_test {
    const struct lw_context *reference; /* scalar */
    const struct lw_context *tested;
    bool exact;     /* tested must give reference's bits: true for scalar and simd128, false for relaxed */
    uint64_t state; /* of the random numbers */
    /* The harness's own: */
    const char *row;              /* "family/row" */
    size_t slot;                  /* the row's; tests/run.c sets it */
    uint64_t seed;                /* the --seed that runs this row again with the same numbers */
    unsigned side;                /* which side of the next buffer gets the guard page */
    struct lw_test_block *blocks; /* all buffers, newest first */
};

/* Random numbers. */
uint32_t lw_test_u32(struct lw_test *t);
size_t lw_test_range(struct lw_test *t, size_t low, size_t high); /* low <= result <= high */
float lw_test_uniform(struct lw_test *t, float low, float high);

/* A guarded buffer of `bytes` bytes filled with 0xA5; never NULL, also for 0 bytes. Its end lies right at a guard page
 * on one call and its start right behind one on the next; the row's second run swaps them. A buffer that ends at the
 * page is aligned only as its size is, so one of 3 floats has the alignment of a float and no more. */
void *lw_test_buffer(struct lw_test *t, size_t bytes);
/* The same for n floats, filled by lw_test_fill. */
float *lw_test_floats(struct lw_test *t, size_t n, int fill);
/* Seals a buffer's content: the harness fails the row if it has changed when the row ends (inputs must not be
 * written). lw_test_floats seals by itself, unless the fill is LW_FILL_POISON: that is an output. Seal again after
 * changing a sealed buffer; lw_test_fill does that by itself. */
void lw_test_seal(struct lw_test *t, const void *buffer);

enum lw_test_fill {
    LW_FILL_UNIFORM, /* -1 to 1 */
    LW_FILL_WIDE,    /* random sign and exponent over the whole range, denormals included */
    LW_FILL_SPECIAL, /* uniform mixed with NaN, infinities, signed zeros, denormals, huge values */
    LW_FILL_POISON   /* the NaN 0xFFA5A5A5, for outputs: an element that is not written, or read, shows */
};
void lw_test_fill(struct lw_test *t, float *x, size_t n, int fill);

/* Assertions; each names the first wrong element with both values and the label. */

/* Same bits, where any NaN equals any NaN. */
void lw_test_same(const char *label, const float *want, const float *got, size_t n);
void lw_test_same_bytes(const char *label, const void *want, const void *got, size_t bytes);
/* |got - want| <= bound[i], NaN where want is NaN, the same infinity where want is infinite. An infinity is also right
 * where want +- bound reaches beyond the largest float. */
void lw_test_within(const char *label, const double *want, const double *bound, const float *got, size_t n);
/* gamma_k * magnitude + k denormals (each product may underflow): the bound for a sum of k products with sum of
 * magnitudes `magnitude`. */
double lw_test_gamma(size_t k, double magnitude);
/* Fails with a printf-style message unless ok. */
LW_TEST_PRINTF(2, 3) void lw_test_true(bool ok, const char *format, ...);
/* Fails unless got is want. */
void lw_test_status(enum lw_status got, enum lw_status want, const char *label);
/* Fails when four bytes of a buffer still hold what lw_test_buffer filled it with: packing must write everything. */
void lw_test_all_written(const void *buffer, size_t bytes);

/* ---- Rows ---- */

struct lw_bench;
struct lw_row;

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

/* ---- For the programs: tests/run.c, tests/test_harness.c, bench/bench.cc ---- */

/* Starts a row: tier is lw_tiers[tier], row is "family/row", seed the --seed, and side (0 or 1) says which side of the
 * first buffer gets the guard page. Frees what an earlier row left behind, should it have failed. */
void lw_test_begin(struct lw_test *t, const struct lw_context *reference, const struct lw_context *tested,
                   const char *row, uint64_t seed, unsigned side);
/* Ends it: fails if a canary or a sealed buffer has changed, and frees the buffers. */
void lw_test_end(struct lw_test *t);

/* Whether buffers have guard pages (natively) or canaries only (wasm). */
bool lw_test_pages(void);

/* The program's own: passes a failure on to its framework. Must not return. */
void lw_test_report(const char *message);

/* What a row's bench function talks to. The program fills in add, which is called for each lw_bench_add. */
struct lw_bench {
    const struct lw_context *context;
    const struct lw_row *row;
    void (*add)(struct lw_bench *b, const char *label, double flops, double bytes, lw_bench_fn *run, void *arg);
    void *user;                    /* the program's */
    struct lw_bench_block *blocks; /* the buffers */
};
void lw_bench_free(struct lw_bench *b); /* frees the buffers */

#ifdef __cplusplus
}
#endif

#endif
