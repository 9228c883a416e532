/* SPDX-License-Identifier: MIT */
/* The harness's own tests: assertions fail when they should and pass when they should, and a buffer that is written
 * where it may not be is noticed. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/rows.h"

static jmp_buf after_failure;
static char failure[2000]; /* the message of the last failure, or "" */

void lw_test_report(const char *message) {
    snprintf(failure, sizeof failure, "%s", message);
    longjmp(after_failure, 1);
}

static struct lw_context *context;
static struct lw_test t;

static void set_up(void) {
    context = NULL;
    void *memory = malloc(lw_context_bytes());
    ck_assert_int_eq(lw_context_create(memory, lw_context_bytes(), NULL, &context), LW_OK);
    lw_test_begin(&t, context, context, "family/row", 42, 0);
    failure[0] = 0;
}

static void tear_down(void) {
    lw_test_begin(&t, context, context, "", 0, 0); /* frees the buffers */
    lw_test_end(&t);
    free(context);
}

/* Runs a statement and keeps the message if it fails. */
#define TRY(statement)                                                                                                 \
    do {                                                                                                               \
        failure[0] = 0;                                                                                                \
        if (!setjmp(after_failure)) statement;                                                                         \
    } while (0)
#define PASSES(statement)                                                                                              \
    do {                                                                                                               \
        TRY(statement);                                                                                                \
        ck_assert_str_eq(failure, "");                                                                                 \
    } while (0)
#define FAILS(statement, message)                                                                                      \
    do {                                                                                                               \
        TRY(statement);                                                                                                \
        ck_assert_msg(strstr(failure, message), "expected a failure with \"%s\", got \"%s\"", message, failure);       \
    } while (0)

START_TEST(same) {
    float nan_a = NAN, nan_b = -NAN;
    float want[3] = {1, 0, nan_a}, got[3] = {1, 0, nan_b};
    PASSES(lw_test_same("x", want, got, 3));
    got[1] = -0.0f;
    FAILS(lw_test_same("x", want, got, 3),
          "x: 1 of 3 elements have other bits, first [1]: want 0 (0x00000000), got -0 (0x80000000)");
    FAILS(lw_test_same("x", want, got, 3), "--seed 42 --row family/row --tier scalar");
    got[1] = 0;
    got[2] = 5;
    FAILS(lw_test_same("x", want, got, 3), "first [2]: want nan");
    want[2] = 5;
    got[2] = NAN;
    FAILS(lw_test_same("x", want, got, 3), "first [2]: want 5 (0x40a00000), got nan");
    got[0] = nextafterf(1, 2);
    FAILS(lw_test_same("x", want, got, 3), "x: 2 of 3 elements have other bits, first [0]: want 1 (0x3f800000), got "
                                           "1.00000012 (0x3f800001)");
    PASSES(lw_test_same("x", want, got, 0));
}
END_TEST

START_TEST(same_bytes) {
    PASSES(lw_test_same_bytes("x", "abcd", "abcd", 4));
    FAILS(lw_test_same_bytes("x", "abcd", "abce", 4), "x: 1 of 4 bytes differ, first [3]: want 0x64, got 0x65");
    PASSES(lw_test_same_bytes("x", "abcd", "abce", 3));
}
END_TEST

static void within(double want, double bound, float got) {
    lw_test_within("x", &want, &bound, &got, 1);
}

START_TEST(bounds) {
    PASSES(within(1, 0, 1));
    PASSES(within(1, FLT_EPSILON, 1 + FLT_EPSILON));
    FAILS(within(1, FLT_EPSILON, 1 + 2 * FLT_EPSILON), "x: 1 of 1 elements are out of bounds, first [0]: want 1, got");
    FAILS(within(1, nextafter(FLT_EPSILON, 0), 1 + FLT_EPSILON), "out of bounds");
    FAILS(within(1, 1, NAN), "want 1, got nan");
    FAILS(within(NAN, 1, 1), "want nan, got 1");
    FAILS(within(1, NAN, 1), "out of bounds");
    PASSES(within(NAN, 1, NAN));
    PASSES(within(INFINITY, 0, INFINITY));
    FAILS(within(INFINITY, INFINITY, -INFINITY), "want inf, got -inf");
    FAILS(within(INFINITY, INFINITY, FLT_MAX), "want inf");
    FAILS(within(1, 1, INFINITY), "got inf");
    FAILS(within(FLT_MAX, 0, INFINITY), "got inf");
    PASSES(within(FLT_MAX, 1e31, INFINITY));
    FAILS(within(FLT_MAX, 1e31, -INFINITY), "got -inf");
    PASSES(within(-1e39, 1, -INFINITY));
}
END_TEST

START_TEST(gamma) {
    double u = ldexp(1, -24);
    ck_assert(lw_test_gamma(0, 100) == ldexp(1, -149));
    ck_assert(lw_test_gamma(1, 1) > u && lw_test_gamma(1, 1) < u * 1.001);
    ck_assert(lw_test_gamma(1000, 3) > 3000 * u && lw_test_gamma(1000, 3) < 3001 * u);
}
END_TEST

START_TEST(truth) {
    PASSES(lw_test_true(true, "no"));
    FAILS(lw_test_true(false, "status %d", 3), "status 3\n    again: --seed 42 --row family/row --tier scalar");
}
END_TEST

/* side: 0 puts the buffer's start at a guard page, 1 its end. */
START_TEST(canaries) {
    size_t bytes[] = {0, 1, 3, 4, 20, 4096, 4100};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        char message[100];
        lw_test_begin(&t, context, context, "family/row", 42, (unsigned)_i);
        unsigned char *x = lw_test_buffer(&t, bytes[i]);
        memset(x, 1, bytes[i]);
        PASSES(lw_test_end(&t));

        if (bytes[i] == 4096 && lw_test_pages()) continue; /* fills its page: no canaries, both sides are guard pages */
        lw_test_begin(&t, context, context, "family/row", 42, (unsigned)_i);
        x = lw_test_buffer(&t, bytes[i]);
        if (_i == 0)
            x[bytes[i]] = 1;
        else
            x[-1] = 1;
        snprintf(message, sizeof message, "(%zu bytes) was written out of bounds: byte %s is 0x01", bytes[i],
                 _i == 0 ? "0 from its end" : "-1 from its start");
        FAILS(lw_test_end(&t), message);
    }
}
END_TEST

START_TEST(seals) {
    float *x = lw_test_floats(&t, 5, LW_FILL_UNIFORM);
    PASSES(lw_test_end(&t));
    lw_test_begin(&t, context, context, "family/row", 42, 0);
    x = lw_test_floats(&t, 5, LW_FILL_UNIFORM);
    x[4] = 9;
    FAILS(lw_test_end(&t), "is an input and was written: byte 16 was");
    lw_test_begin(&t, context, context, "family/row", 42, 0);
    x = lw_test_floats(&t, 5, LW_FILL_UNIFORM);
    x[4] = 9;
    lw_test_seal(&t, x);
    PASSES(lw_test_end(&t));
    lw_test_begin(&t, context, context, "family/row", 42, 0);
    x = lw_test_floats(&t, 5, LW_FILL_POISON);
    ck_assert(isnan(x[0]));
    x[4] = 9;
    PASSES(lw_test_end(&t));
}
END_TEST

START_TEST(random_numbers) {
    float a[4], b[4];
    lw_test_fill(&t, a, 4, LW_FILL_UNIFORM);
    lw_test_begin(&t, context, context, "family/row", 42, 1);
    lw_test_fill(&t, b, 4, LW_FILL_UNIFORM);
    ck_assert_mem_eq(a, b, sizeof a);
    lw_test_begin(&t, context, context, "family/other", 42, 1);
    lw_test_fill(&t, b, 4, LW_FILL_UNIFORM);
    ck_assert_mem_ne(a, b, sizeof a);
    lw_test_begin(&t, context, context, "family/row", 43, 1);
    lw_test_fill(&t, b, 4, LW_FILL_UNIFORM);
    ck_assert_mem_ne(a, b, sizeof a);

    bool seen[5] = {false}, nan = false, infinite = false, denormal = false;
    for (int i = 0; i < 1000; i++) {
        size_t n = lw_test_range(&t, 3, 7);
        ck_assert(n >= 3 && n <= 7);
        seen[n - 3] = true;
        float x = lw_test_uniform(&t, -2, 3);
        ck_assert(x >= -2 && x <= 3);
        lw_test_fill(&t, &x, 1, LW_FILL_SPECIAL);
        nan |= isnan(x);
        infinite |= isinf(x) != 0;
        lw_test_fill(&t, &x, 1, LW_FILL_WIDE);
        ck_assert(isfinite(x));
        denormal |= fpclassify(x) == FP_SUBNORMAL;
    }
    for (int i = 0; i < 5; i++) ck_assert(seen[i]);
    ck_assert(nan && infinite && denormal);
}
END_TEST

/* Loads and stores that a compiler can't see through. */
static void touch(volatile unsigned char *x, bool store) {
    if (store)
        *x = 1;
    else
        (void)*x;
}

/* One byte before the start and one behind the end, read and written. */
START_TEST(guard_pages) {
    for (int i = 0; i < 4; i++) {
        bool end = i % 2, store = i / 2;
        lw_test_begin(&t, context, context, "family/row", 42, end);
        unsigned char *x = lw_test_buffer(&t, 12);
        PASSES(touch(x, true));
        PASSES(touch(x + 11, true));
        FAILS(touch(end ? x + 12 : x - 1, store),
              end ? "buffer 1 of the row (12 bytes) was read or written out of bounds: byte 0 from its end"
                  : "byte -1 from its start");
    }
}
END_TEST

/* A fault that is no buffer's stays one. */
START_TEST(stray_pointer) {
    touch(lw_test_buffer(&t, 12), true);
    touch((unsigned char *)(uintptr_t)_i, true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("harness");
    TCase *tcase = tcase_create("harness");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, same);
    tcase_add_test(tcase, same_bytes);
    tcase_add_test(tcase, bounds);
    tcase_add_test(tcase, gamma);
    tcase_add_test(tcase, truth);
    tcase_add_loop_test(tcase, canaries, 0, 2);
    tcase_add_test(tcase, seals);
    tcase_add_test(tcase, random_numbers);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    if (lw_test_pages()) tcase_add_test(tcase, guard_pages);
    if (lw_test_pages() && srunner_fork_status(runner) == CK_FORK) {
        TCase *strays = tcase_create("strays");
        tcase_add_checked_fixture(strays, set_up, NULL);
        tcase_add_loop_test_raise_signal(strays, stray_pointer, SIGSEGV, 16, 17);
        suite_add_tcase(suite, strays);
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
