/* SPDX-License-Identifier: MIT */
/*
 * Runs every row of every family once per tier under Check: one suite per family, one test case per tier. Besides
 * them the table gate: no micro-kernel without a row.
 *
 *   --list             print the rows and tiers
 *   --row NAME         only rows of that name ("family/row" or "row")
 *   --tier NAME        only that tier
 *   --seed N           other random numbers; "random" takes the clock
 *   --repeat N         run each row with N seeds: N, N + 1, ...
 *   --gate             only the table gate
 *   --threads N        operators spread their work over so many threads
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/sets.h"
#ifdef LW_TEST_THREADS
#include "lanewise/pool.h"
#endif
#include "tests/rows.h"

enum { MAX_TIERS = 3, WORKERS = 3, SECONDS_PER_TEST = 240 };

static struct {
    const char *row, *tier;
    uint64_t seed;
    unsigned repeat;
    bool list, gate_only;
    uint32_t threads;
} options = {.seed = 1, .repeat = 1, .threads = 1};

/* Every row of every family, in order. */
struct test {
    char name[96]; /* "family/row" */
    const struct lw_row *row;
    TTest check; /* what Check calls a test: a name and a function that gets a number */
};
static struct test *tests;
static size_t tests_count;
static struct lw_context *contexts[MAX_TIERS]; /* on one thread */
static struct lw_context *parted[MAX_TIERS];   /* their work is cut into as many tasks as it can be */
#ifdef LW_TEST_THREADS
static struct lw_pool *pool;
#endif
static void *pool_memory;

void lw_test_report(const char *message) {
    ck_abort_msg("%s", message);
}

/* Without threads, what they may do to an operator: its tasks in another order, on any worker. */
static enum lw_status scramble(void *state, size_t count, size_t cost, lw_task_fn *task, void *task_state) {
    (void)state;
    (void)cost;
    for (size_t i = count; i-- > 0;) task(task_state, i, i * 7 % WORKERS);
    return LW_OK;
}

/* Runs a row once with its buffers' guards on one side. */
static void run_side(const struct test *test, const struct lw_context *tested, size_t repetition, unsigned side) {
    static struct lw_test t; /* outlives a failing test's longjmp: the next row frees its buffers */
    lw_test_begin(&t, contexts[0], tested, test->name, options.seed + repetition, side);
    t.slot = test->row->slot;
    test->row->check(&t);
    lw_test_end(&t);
}

/* number says which tier, row and repetition: (tier * tests_count + row) * repeat + repetition. */
static void run_row(int number) {
    size_t repetition = (size_t)number % options.repeat;
    size_t index = (size_t)number / options.repeat;
    const struct test *test = &tests[index % tests_count];
    const size_t tier = index / tests_count;
#ifdef LW_TEST_THREADS
    if (options.threads > 1) {
        if (lw_pool_start(pool) != LW_OK) lw_test_report("can't start the threads"); /* here: a fork loses threads */
        run_side(test, parted[tier], repetition, 0);
        run_side(test, parted[tier], repetition, 1);
        lw_pool_stop(pool);
        return;
    }
#endif
    run_side(test, contexts[tier], repetition, 0);
    run_side(test, parted[tier], repetition, 1);
}

/*
 * The table gate: every slot of struct lw_kernels has a row that names its offset, in particular each that a tier
 * overrides. A slot is a word of the struct, since it holds nothing but function pointers (one for each entry of an
 * array) and the two numbers of gemm_f32, which travel with its kernel and which the operators read.
 */
_Static_assert(sizeof(struct lw_kernels) % sizeof(void (*)(void)) == 0, "slots are words");
_Static_assert(sizeof(size_t) == sizeof(void (*)(void)), "gemm_f32's mr and nr are a word each");

static bool is_number(size_t offset) {
    return offset == offsetof(struct lw_kernels, gemm_f32.mr) || offset == offsetof(struct lw_kernels, gemm_f32.nr);
}

static bool may_be_null(size_t offset) {
    return offset == offsetof(struct lw_kernels, binary_i32[LW_BINARY_PRELU]) ||
           offset == offsetof(struct lw_kernels, binary_i32[LW_BINARY_ATAN2]) ||
           offset == offsetof(struct lw_kernels, binary_f32[LW_BINARY_BITWISE_AND]) ||
           offset == offsetof(struct lw_kernels, binary_f32[LW_BINARY_BITWISE_OR]) ||
           offset == offsetof(struct lw_kernels, binary_f32[LW_BINARY_BITWISE_XOR]) ||
           offset == offsetof(struct lw_kernels, fold_f32[LW_K_FOLD_SUM]);
}

/* Each tier's table without those below: the web's modules hold one tier. */
static struct lw_context alone[3];

static uintptr_t word_at(const struct lw_context *context, size_t offset) {
    uintptr_t word;
    memcpy(&word, (const char *)&context->kernels + offset, sizeof word);
    return word;
}

/* Prints and counts the slots that are NULL or without a row, and the rows that name no slot; *last is the offset of
 * the last one. */
static size_t count_gaps(size_t *last) {
    size_t gaps = 0, tiers = lw_tier_count();
    for (size_t tier = 0; tier < tiers; tier++) lw_install(tier, &alone[tier].kernels);
    const char *before = "the start"; /* the last row in front of a slot, to find it by */
    for (size_t offset = 0; offset < sizeof(struct lw_kernels); offset += sizeof(void (*)(void))) {
        if (is_number(offset)) continue;
        const char *row = NULL;
        for (size_t i = 0; i < tests_count; i++) {
            if (tests[i].row->slot == offset) row = tests[i].name;
        }
        for (size_t tier = 0; tier < tiers; tier++) {
            bool null = !word_at(contexts[tier], offset) || !word_at(&alone[tier], offset);
            if (null && may_be_null(offset)) continue;
            bool own = tier == 0 || word_at(contexts[tier], offset) != word_at(contexts[tier - 1], offset);
            if (row ? !null : !own) continue;
            printf("gate: the slot at offset %zu of struct lw_kernels (after %s) %s in tier %s\n", offset, before,
                   null ? "is NULL" : "has a kernel and no row", lw_tier_name(tier));
            if (*last != offset) gaps++;
            *last = offset;
        }
        if (row) before = row;
    }
    for (size_t i = 0; i < tests_count; i++) {
        size_t slot = tests[i].row->slot;
        if (slot == LW_NO_SLOT) continue;
        if (slot % sizeof(void (*)(void)) || slot >= sizeof(struct lw_kernels) || is_number(slot)) {
            printf("gate: row %s names offset %zu of struct lw_kernels, which is no slot\n", tests[i].name, slot);
            *last = slot;
            gaps++;
        }
    }
    fflush(stdout);
    return gaps;
}

START_TEST(table_gate) {
    size_t last = LW_NO_SLOT, gaps = count_gaps(&last);
    if (gaps) ck_abort_msg("%zu slots of struct lw_kernels are not tested; they are printed above", gaps);
}
END_TEST

static bool collect_tests(void) {
    for (size_t f = 0; f < lw_families_count; f++) tests_count += lw_families[f]->count;
    tests = calloc(tests_count + 1, sizeof *tests);
    if (!tests) return false;
    struct test *test = tests;
    for (size_t f = 0; f < lw_families_count; f++) {
        for (size_t r = 0; r < lw_families[f]->count; r++, test++) {
            test->row = &lw_families[f]->rows[r];
            snprintf(test->name, sizeof test->name, "%s/%s", lw_families[f]->name, test->row->name);
            test->check = (TTest){test->name, run_row, __FILE__, __LINE__};
        }
    }
    return true;
}

static bool make_contexts(void) {
#ifdef LW_TEST_THREADS
    const struct lw_pool_options with = {.struct_bytes = sizeof with, .threads = options.threads};
    pool_memory = malloc(lw_pool_bytes(options.threads));
    if (lw_pool_create(pool_memory, lw_pool_bytes(options.threads), &with, &pool) != LW_OK) return false;
#endif
    for (size_t tier = 0; tier < lw_tier_count(); tier++) {
        struct lw_context_options forced = {.struct_bytes = sizeof forced, .tier = lw_tier_name(tier)};
        void *memory = malloc(lw_context_bytes());
        if (lw_context_create(memory, lw_context_bytes(), &forced, &contexts[tier]) != LW_OK) return false;

        forced.parallel_for = scramble;
        forced.threads = WORKERS;
#ifdef LW_TEST_THREADS
        if (options.threads > 1) {
            forced.parallel_for = lw_pool_run;
            forced.pool = pool;
            forced.threads = options.threads;
        }
#endif
        memory = malloc(lw_context_bytes());
        if (lw_context_create(memory, lw_context_bytes(), &forced, &parted[tier]) != LW_OK) return false;
        parted[tier]->alone = parted[tier]->part = 0;
    }
    return true;
}

static bool row_chosen(const struct test *test) {
    return !options.row || !strcmp(options.row, test->name) || !strcmp(options.row, test->row->name);
}

static bool tier_chosen(size_t tier) {
    return !options.tier || !strcmp(options.tier, lw_tier_name(tier));
}

/* Adds one family's chosen rows; returns how many tests they make. */
static size_t add_family(SRunner *runner, size_t family, size_t first_test) {
    Suite *suite = suite_create(lw_families[family]->name);
    size_t added = 0;
    for (size_t tier = 0; tier < lw_tier_count(); tier++) {
        TCase *tcase = tcase_create(lw_tier_name(tier));
        tcase_set_timeout(tcase, SECONDS_PER_TEST);
        for (size_t i = first_test; i < first_test + lw_families[family]->count; i++) {
            if (!tier_chosen(tier) || !row_chosen(&tests[i])) continue;
            int number = (int)((tier * tests_count + i) * options.repeat);
            tcase_add_loop_test(tcase, &tests[i].check, number, number + (int)options.repeat);
            added += options.repeat;
        }
        suite_add_tcase(suite, tcase);
    }
    srunner_add_suite(runner, suite);
    return added;
}

static bool parse(int count, char **words) {
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : NULL;
        char *end = "";
        if (!strcmp(words[i], "--list")) {
            options.list = true;
            continue;
        } else if (!strcmp(words[i], "--gate")) {
            options.gate_only = true;
            continue;
        } else if (!value) {
            return false;
        } else if (!strcmp(words[i], "--row")) {
            options.row = value;
        } else if (!strcmp(words[i], "--tier")) {
            options.tier = value;
        } else if (!strcmp(words[i], "--seed")) {
            options.seed = strcmp(value, "random") ? strtoull(value, &end, 10) : (uint64_t)time(NULL);
        } else if (!strcmp(words[i], "--repeat")) {
            options.repeat = (unsigned)strtoul(value, &end, 10);
        } else if (!strcmp(words[i], "--threads")) {
            options.threads = (uint32_t)strtoul(value, &end, 10);
#ifndef LW_TEST_THREADS
            if (options.threads != 1) return false;
#endif
        } else {
            return false;
        }
        if (*end || !options.repeat || options.repeat > 100000) return false;
        i++;
    }
    return true;
}

int main(int count, char **words) {
    if (!parse(count, words)) {
        fprintf(stderr,
                "usage: %s [--list] [--row NAME] [--tier NAME] [--seed N|random] [--repeat N] [--gate] "
                "[--threads N]\n",
                words[0]);
        return 2;
    }
    if (!collect_tests() || !make_contexts()) {
        fprintf(stderr, "can't start: no memory, or a tier that can't be created\n");
        return 2;
    }
    if (options.list) {
        for (size_t tier = 0; tier < lw_tier_count(); tier++) printf("tier %s\n", lw_tier_name(tier));
        for (size_t i = 0; i < tests_count; i++) printf("row %s\n", tests[i].name);
        return 0;
    }
    printf("seed %" PRIu64 "\n", options.seed);

    Suite *table = suite_create("table");
    TCase *gate = tcase_create("gate");
    tcase_add_test(gate, table_gate);
    suite_add_tcase(table, gate);
    SRunner *runner = srunner_create(table);
#ifdef __wasm__
    srunner_set_fork_status(runner, CK_NOFORK);
#endif
    size_t added = 0, first_test = 0;
    for (size_t family = 0; family < lw_families_count && !options.gate_only; family++) {
        added += add_family(runner, family, first_test);
        first_test += lw_families[family]->count;
    }
    if (!added && !options.gate_only) {
        fprintf(stderr, "no such row or tier; see --list\n");
        return 2;
    }
    fflush(stdout);
#ifdef LW_TEST_WITHOUT_RESIZE
    /* The gate's twin: rows.c was compiled without the family resize, and the gate must miss its two slots. Meson is
     * told to expect failure; any other failure than this one must not pass for it: 99 is an error to Meson in any
     * case. Silent, since a failure that is wanted should not be counted among Check's. */
    srunner_run_all(runner, CK_SILENT);
#else
    srunner_run_all(runner, CK_ENV);
#endif
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
#ifdef LW_TEST_WITHOUT_RESIZE
    size_t last = LW_NO_SLOT, gaps = count_gaps(&last);
    if (gaps != 2 || last != offsetof(struct lw_kernels, lerp_rows_f32)) {
        printf("twin: the gate should have missed two slots, the second at offset %zu, and no other\n",
               offsetof(struct lw_kernels, lerp_rows_f32));
        return 99;
    }
#endif
    for (size_t tier = 0; tier < lw_tier_count(); tier++) {
        free(contexts[tier]);
        free(parted[tier]);
    }
    free(pool_memory);
    free(tests);
    return failed ? 1 : 0;
}
