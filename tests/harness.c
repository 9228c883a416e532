/* SPDX-License-Identifier: MIT */
/* Guarded buffers, random numbers and assertions: see harness.h. Knows no test framework; failures go to
 * lw_test_report, which the program defines. */
#ifndef __wasm__
#define _DEFAULT_SOURCE /* mmap's MAP_ANONYMOUS */
#endif
#include "tests/harness.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __wasm__
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

/* The row that runs now: assertions name it. */
static struct lw_test *current;

/* ---- Failures ---- */

LW_TEST_PRINTF(1, 2) static _Noreturn void fail(const char *format, ...) {
    char text[800], message[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (current) {
        snprintf(message, sizeof message, "%s\n    again: --seed %llu --row %s --tier %s", text,
                 (unsigned long long)current->seed, current->row, lw_context_tier(current->tested));
    } else {
        snprintf(message, sizeof message, "%s", text);
    }
    lw_test_report(message);
    abort();
}

void lw_test_true(bool ok, const char *format, ...) {
    if (ok) return;
    char text[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail("%s", text);
}

void lw_test_status(enum lw_status got, enum lw_status want, const char *label) {
    lw_test_true(got == want, "%s: want %s, got %s", label, lw_status_string(want), lw_status_string(got));
}

void lw_test_all_written(const void *buffer, size_t bytes) {
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t bits;
        memcpy(&bits, (const char *)buffer + i, sizeof bits);
        lw_test_true(bits != 0xA5A5A5A5u, "bytes %zu to %zu of %zu were not written", i, i + 3, bytes);
    }
}

/* ---- Random numbers: splitmix64 ---- */

static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint32_t lw_test_u32(struct lw_test *t) {
    return (uint32_t)(next(&t->state) >> 32);
}

size_t lw_test_range(struct lw_test *t, size_t low, size_t high) {
    uint64_t count = (uint64_t)(high - low) + 1; /* 0 for all 64-bit numbers */
    return low + (size_t)(count ? next(&t->state) % count : next(&t->state));
}

float lw_test_uniform(struct lw_test *t, float low, float high) {
    float unit = (float)(next(&t->state) >> 40) * 0x1p-24f; /* [0, 1), all 24 bits random */
    float x = low + (high - low) * unit;
    return x < high ? x : high; /* the sum may round up beyond high */
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Any finite float, all exponents alike. */
static float wide(struct lw_test *t) {
    uint32_t exponent = (uint32_t)lw_test_range(t, 0, 254);
    return float_of((lw_test_u32(t) & 0x807FFFFFu) | exponent << 23);
}

static float special(struct lw_test *t) {
    static const uint32_t bits[] = {
        0x7FC00000u, /* NaN */
        0xFFC12345u, /* a negative NaN with a payload */
        0x7F800000u, /* infinity */
        0xFF800000u, /* -infinity */
        0x00000000u, /* 0 */
        0x80000000u, /* -0 */
        0x00000001u, /* the smallest denormal */
        0x807FFFFFu, /* the largest denormal, negative */
        0x00800000u, /* the smallest normal */
        0x7F7FFFFFu, /* the largest float */
        0xFF7FFFFFu, /* the lowest */
        0x4B000000u, /* 2^23: from here on all floats are integers */
    };
    return float_of(bits[lw_test_range(t, 0, sizeof bits / sizeof bits[0] - 1)]);
}

/* ---- Buffers ---- */

enum { CANARY = 0xA5 };

/* A buffer and what surrounds it: [map, map + map_bytes) is readable and writable memory that holds canaries outside
 * of [data, data + bytes). Natively the pages on both sides of it can't be touched. */
struct lw_test_block {
    struct lw_test_block *next;
    unsigned char *map, *data;
    size_t map_bytes, bytes;
    unsigned char *seal; /* a copy of a sealed buffer's content, else NULL */
    size_t number;       /* first buffer of the row is 1 */
};

bool lw_test_pages(void) {
#ifdef __wasm__
    return false;
#else
    return true;
#endif
}

#ifdef __wasm__
static unsigned char *map_memory(size_t bytes, size_t *map_bytes) {
    *map_bytes = 64 + (bytes + 15) / 16 * 16 + 64;
    return malloc(*map_bytes);
}

static void unmap_memory(unsigned char *map, size_t map_bytes) {
    (void)map_bytes;
    free(map);
}

/* There are no pages to guard with. Sides still matter: they give the buffer different alignments. */
static size_t data_offset(size_t map_bytes, size_t bytes, unsigned side) {
    return side ? map_bytes - 64 - bytes : 64;
}

static void catch_faults(void) {}
#else
static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static unsigned char *map_memory(size_t bytes, size_t *map_bytes) {
    size_t page = page_bytes();
    *map_bytes = bytes ? (bytes + page - 1) / page * page : page;
    unsigned char *guard = mmap(NULL, *map_bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard == MAP_FAILED) return NULL;
    if (mprotect(guard + page, *map_bytes, PROT_READ | PROT_WRITE)) return NULL;
    return guard + page;
}

static void unmap_memory(unsigned char *map, size_t map_bytes) {
    munmap(map - page_bytes(), map_bytes + 2 * page_bytes());
}

/* The size of an array is a multiple of its element's alignment, so an array that ends at the page is aligned. */
static size_t data_offset(size_t map_bytes, size_t bytes, unsigned side) {
    return side ? map_bytes - bytes : 0;
}

/* Says which buffer a fault belongs to. Elsewhere the fault happens again without this handler, and the framework
 * sees it. What runs here is not safe in a handler in general; but the fault is a kernel's, not the C library's. */
static void on_fault(int number, siginfo_t *info, void *machine) {
    (void)machine;
    unsigned char *at = info->si_addr;
    for (struct lw_test_block *block = current ? current->blocks : NULL; block; block = block->next) {
        if (at >= block->map - page_bytes() && at < block->map + block->map_bytes + page_bytes()) {
            bool before = at < block->map;
            fail("buffer %zu of the row (%zu bytes) was read or written out of bounds: byte %td from its %s",
                 block->number, block->bytes, before ? at - block->data : at - block->data - (ptrdiff_t)block->bytes,
                 before ? "start" : "end");
        }
    }
    signal(number, SIG_DFL);
}

static void catch_faults(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER}; /* fail() jumps out */
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}
#endif

static struct lw_test_block *find_block(struct lw_test *t, const void *buffer) {
    struct lw_test_block *block = t->blocks;
    while (block && block->data != buffer) block = block->next;
    return block;
}

void *lw_test_buffer(struct lw_test *t, size_t bytes) {
    struct lw_test_block *block = calloc(1, sizeof *block);
    if (!block) fail("no memory");
    block->map = map_memory(bytes, &block->map_bytes);
    if (!block->map) {
        free(block);
        fail("no memory for a buffer of %zu bytes", bytes);
    }
    memset(block->map, CANARY, block->map_bytes);
    block->data = block->map + data_offset(block->map_bytes, bytes, t->side);
    block->bytes = bytes;
    block->number = t->blocks ? t->blocks->number + 1 : 1;
    block->next = t->blocks;
    t->blocks = block;
    t->side ^= 1;
    return block->data;
}

void lw_test_seal(struct lw_test *t, const void *buffer) {
    struct lw_test_block *block = find_block(t, buffer);
    if (!block) fail("lw_test_seal: not the start of a buffer of the harness");
    if (!block->seal) block->seal = malloc(block->bytes ? block->bytes : 1);
    if (!block->seal) fail("no memory");
    memcpy(block->seal, block->data, block->bytes);
}

void lw_test_fill(struct lw_test *t, float *x, size_t n, int fill) {
    for (size_t i = 0; i < n; i++) {
        uint32_t poison = 0xFFA5A5A5u;
        switch (fill) {
        case LW_FILL_WIDE: x[i] = wide(t); break;
        case LW_FILL_SPECIAL: x[i] = lw_test_range(t, 0, 3) ? lw_test_uniform(t, -1, 1) : special(t); break;
        case LW_FILL_POISON: memcpy(&x[i], &poison, sizeof poison); break; /* as bits: it must stay signalling */
        default: x[i] = lw_test_uniform(t, -1, 1);
        }
    }
    struct lw_test_block *block = find_block(t, x);
    if (block && block->seal) lw_test_seal(t, x);
}

float *lw_test_floats(struct lw_test *t, size_t n, int fill) {
    float *x = lw_test_buffer(t, n * sizeof *x);
    lw_test_fill(t, x, n, fill);
    if (fill != LW_FILL_POISON) lw_test_seal(t, x);
    return x;
}

/* Canaries and seals, oldest buffer last. */
static void check_block(const struct lw_test_block *block) {
    for (size_t i = 0; i < block->map_bytes; i++) {
        if (block->map + i == block->data) i += block->bytes;
        if (i == block->map_bytes) break;
        if (block->map[i] == CANARY) continue;
        ptrdiff_t at = block->map + i - block->data;
        fail("buffer %zu of the row (%zu bytes) was written out of bounds: byte %td from its %s is 0x%02x",
             block->number, block->bytes, at < 0 ? at : at - (ptrdiff_t)block->bytes, at < 0 ? "start" : "end",
             block->map[i]);
    }
    if (!block->seal) return;
    for (size_t i = 0; i < block->bytes; i++) {
        if (block->seal[i] != block->data[i]) {
            fail("buffer %zu of the row (%zu bytes) is an input and was written: byte %zu was 0x%02x and is 0x%02x",
                 block->number, block->bytes, i, block->seal[i], block->data[i]);
        }
    }
}

static void free_blocks(struct lw_test *t) {
    while (t->blocks) {
        struct lw_test_block *block = t->blocks;
        t->blocks = block->next;
        unmap_memory(block->map, block->map_bytes);
        free(block->seal);
        free(block);
    }
}

/* ---- Rows ---- */

void lw_test_begin(struct lw_test *t, const struct lw_context *reference, const struct lw_context *tested,
                   const char *row, uint64_t seed, unsigned side) {
    if (current) free_blocks(current);
    uint64_t state = seed;
    for (const char *c = row; *c; c++) {
        state ^= (unsigned char)*c;
        next(&state);
    }
    *t = (struct lw_test){
        .reference = reference,
        .tested = tested,
        .exact = strcmp(lw_context_tier(tested), "relaxed") != 0,
        .state = state,
        .row = row,
        .seed = seed,
        .side = side,
    };
    current = t;
    catch_faults();
}

void lw_test_end(struct lw_test *t) {
    for (const struct lw_test_block *block = t->blocks; block; block = block->next) check_block(block);
    free_blocks(t);
    current = NULL;
}

/* ---- Assertions ---- */

static bool same(float want, float got) {
    return (isnan(want) && isnan(got)) || bits_of(want) == bits_of(got);
}

void lw_test_same(const char *label, const float *want, const float *got, size_t n) {
    size_t wrong = 0, first = 0;
    for (size_t i = n; i-- > 0;) {
        if (!same(want[i], got[i])) {
            wrong++;
            first = i;
        }
    }
    if (wrong) {
        fail("%s: %zu of %zu elements have other bits, first [%zu]: want %.9g (0x%08x), got %.9g (0x%08x)", label,
             wrong, n, first, (double)want[first], (unsigned)bits_of(want[first]), (double)got[first],
             (unsigned)bits_of(got[first]));
    }
}

void lw_test_same_bytes(const char *label, const void *want, const void *got, size_t bytes) {
    const unsigned char *w = want, *g = got;
    size_t wrong = 0, first = 0;
    for (size_t i = bytes; i-- > 0;) {
        if (w[i] != g[i]) {
            wrong++;
            first = i;
        }
    }
    if (wrong) {
        fail("%s: %zu of %zu bytes differ, first [%zu]: want 0x%02x, got 0x%02x", label, wrong, bytes, first, w[first],
             g[first]);
    }
}

static bool within(double want, double bound, float got) {
    if (isnan(want)) return isnan(got);
    if (isinf(want)) return (double)got == want;
    if (isinf(got)) return got > 0 ? want + bound > (double)FLT_MAX : want - bound < -(double)FLT_MAX;
    return fabs((double)got - want) <= bound; /* false when got or bound is NaN */
}

void lw_test_within(const char *label, const double *want, const double *bound, const float *got, size_t n) {
    size_t wrong = 0, first = 0;
    for (size_t i = n; i-- > 0;) {
        if (!within(want[i], bound[i], got[i])) {
            wrong++;
            first = i;
        }
    }
    if (wrong) {
        fail("%s: %zu of %zu elements are out of bounds, first [%zu]: want %.17g, got %.9g (0x%08x), off by %g, "
             "allowed %g",
             label, wrong, n, first, want[first], (double)got[first], (unsigned)bits_of(got[first]),
             fabs((double)got[first] - want[first]), bound[first]);
    }
}

double lw_test_gamma(size_t k, double magnitude) {
    double ku = (double)k * 0x1p-24;
    return ku / (1 - ku) * magnitude + (double)(k ? k : 1) * 0x1p-149;
}

/* ---- Benchmarks ---- */

struct lw_bench_block {
    struct lw_bench_block *next;
    _Alignas(64) char data[]; /* as in the JavaScript heap, no vector lies across two cache lines */
};

void lw_bench_add(struct lw_bench *b, const char *label, double flops, double bytes, lw_bench_fn *run, void *arg) {
    b->add(b, label, flops, bytes, run, arg);
}

void *lw_bench_buffer(struct lw_bench *b, size_t bytes) {
    const size_t whole = sizeof(struct lw_bench_block) + (bytes + 63) / 64 * 64;
    struct lw_bench_block *block = aligned_alloc(64, whole);
    if (!block) {
        lw_test_report("no memory for a benchmark's buffer");
        abort();
    }
    memset(block, 0, whole);
    block->next = b->blocks;
    b->blocks = block;
    return block->data;
}

float *lw_bench_floats(struct lw_bench *b, size_t n) {
    struct lw_test t = {.state = n};
    float *x = lw_bench_buffer(b, n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = lw_test_uniform(&t, -1, 1);
    return x;
}

const struct lw_context *lw_bench_context(struct lw_bench *b) {
    return b->context;
}

void lw_bench_free(struct lw_bench *b) {
    while (b->blocks) {
        struct lw_bench_block *block = b->blocks;
        b->blocks = block->next;
        free(block);
    }
}
