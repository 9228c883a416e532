/* SPDX-License-Identifier: MIT */
/*
 * The pool of threads by itself: each task is done once, whatever happens around it, and operators give the same bits on
 * any number of threads. scripts/stress runs it for longer:
 *
 *   --jobs N     jobs of random size in the test of that name
 *   --pools N    pools that come and go
 *   --seed N     other random numbers
 */
#include "threads/pool_internal.h" /* first: it asks for POSIX's functions */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COUNT = 5000 };
static const uint64_t MILLISECOND = 1000000;

static struct {
    size_t jobs, pools;
    uint32_t seed;
} options = {3000, 40, 1};

static uint32_t random_state;
static uint32_t below(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % limit;
}

static void doze(uint64_t nanoseconds) {
    nanosleep(&(struct timespec){(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}, NULL);
}

/* pthread_create fails (the linker puts ours in its place) once this many threads were started. */
static int may_start = 1000;
int __real_pthread_create(pthread_t *handle, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *handle, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *handle, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    if (may_start == 0) return 11; /* EAGAIN */
    may_start--;
    return __real_pthread_create(handle, attributes, run, argument);
}

static struct lw_pool *make(uint32_t threads, void **memory) {
    struct lw_pool *pool = NULL;
    *memory = malloc(lw_pool_bytes(threads));
    const struct lw_pool_options with = {.struct_bytes = sizeof with, .threads = threads};
    ck_assert_int_eq(lw_pool_create(*memory, lw_pool_bytes(threads), &with, &pool), LW_OK);
    return pool;
}

/* Waits until so many threads work for the pool. */
static void wait_for(const struct lw_pool *pool, uint32_t threads) {
    for (int i = 0; i < 20000 && lw_pool_threads(pool) != threads; i++) doze(MILLISECOND);
    ck_assert_uint_eq(lw_pool_threads(pool), threads);
}

/* Has the next job use the workers: the pool forgets what it knows about whether they pay. */
static void forget(struct lw_pool *pool) {
    memset(pool->records, 0, sizeof pool->records);
    pool->until = 0;
}

/* A job's tasks write to plain memory: ThreadSanitizer sees it when nothing orders that before what comes next. */
struct job {
    uint32_t threads, salt, spin;
    size_t count;
    struct lw_pool *nested;                        /* not NULL: tasks run jobs of their own on it */
    _Atomic uint32_t at_work[LW_POOL_MAX_THREADS]; /* by worker number */
    _Atomic uint32_t times[MAX_COUNT], wrong, met;
    _Atomic uint64_t workers; /* that had a task: a bit each */
    uint32_t output[MAX_COUNT];
};

static uint32_t result(uint32_t salt, size_t i, uint32_t spin) {
    uint32_t x = salt ^ (uint32_t)i;
    for (uint32_t k = x % (spin + 1) + 1; k > 0; k--) x = x * 1664525 + 1013904223;
    return x;
}

static void add(void *state, size_t i, size_t worker) {
    (void)worker;
    ((uint32_t *)state)[i] += (uint32_t)i;
}

static void do_task(void *state, size_t i, size_t worker) {
    struct job *job = state;
    if (worker >= job->threads || i >= job->count || atomic_exchange(&job->at_work[worker], 1)) {
        atomic_fetch_add(&job->wrong, 1);
        return;
    }
    atomic_fetch_or(&job->workers, UINT64_C(1) << worker);
    atomic_fetch_add(&job->times[i], 1);
    job->output[i] = result(job->salt, i, job->spin);
    if (job->nested) {
        uint32_t sums[7] = {0};
        if (lw_pool_run(job->nested, 7, 1000, add, sums) != LW_OK || sums[6] != 6) atomic_fetch_add(&job->wrong, 1);
    }
    atomic_store(&job->at_work[worker], 0);
}

/* Runs a job and checks it; returns what is wrong with it, or NULL. */
static const char *try_job(struct job *job, struct lw_pool *pool, size_t count, uint32_t threads) {
    for (size_t i = 0; i < job->count; i++) job->times[i] = 0;
    job->count = count;
    job->threads = threads;
    job->workers = 0;
    if (lw_pool_run(pool, count, count * 100, do_task, job) != LW_OK) return "its status";
    if (job->wrong) return "a worker's number, or an index";
    for (size_t i = 0; i < count; i++) {
        if (job->times[i] != 1) return "how often a task was done";
        if (job->output[i] != result(job->salt, i, job->spin)) return "a task's result";
    }
    return NULL;
}

static void run_job(struct job *job, struct lw_pool *pool, size_t count, uint32_t threads) {
    const char *wrong = try_job(job, pool, count, threads);
    ck_assert_msg(!wrong, "a job of %zu tasks on %u threads: %s is wrong", count, threads, wrong);
}

static struct job *new_job(void) {
    struct job *job = calloc(1, sizeof *job);
    ck_assert_ptr_nonnull(job);
    job->salt = below(UINT32_MAX);
    return job;
}

/* As many tasks as threads: none ends before all have begun. */
static void meet(void *state, size_t i, size_t worker) {
    struct job *job = state;
    (void)i;
    atomic_fetch_or(&job->workers, UINT64_C(1) << worker);
    atomic_fetch_add(&job->met, 1);
    for (int k = 0; k < 20000 && job->met < job->threads; k++) doze(MILLISECOND);
}

/* Has all threads in one job at the same time. */
static void all_meet(struct lw_pool *pool, uint32_t threads) {
    struct job *job = new_job();
    wait_for(pool, threads);
    job->threads = threads;
    forget(pool);
    ck_assert_int_eq(lw_pool_run(pool, threads, 1, meet, job), LW_OK);
    ck_assert_uint_eq(job->met, threads);
    ck_assert_uint_eq(job->workers, threads == 64 ? UINT64_MAX : (UINT64_C(1) << threads) - 1);
    free(job);
}

START_TEST(bad_arguments) {
    struct lw_pool *pool;
    struct lw_pool_options with = {.struct_bytes = sizeof with, .threads = 4};
    const size_t bytes = lw_pool_bytes(4);
    void *memory = malloc(bytes);
    ck_assert_uint_eq(lw_pool_bytes(0), 0);
    ck_assert_uint_eq(lw_pool_bytes(LW_POOL_MAX_THREADS + 1), 0);
    ck_assert_int_eq(lw_pool_create(memory, bytes, &with, NULL), LW_NULL_POINTER);
    ck_assert_int_eq(lw_pool_create(NULL, bytes, &with, &pool), LW_NULL_POINTER);
    ck_assert_ptr_null(pool);
    ck_assert_int_eq(lw_pool_create(memory, bytes, NULL, &pool), LW_NULL_POINTER);
    ck_assert_int_eq(lw_pool_create(memory, bytes - 1, &with, &pool), LW_BUFFER_TOO_SMALL);
    with.threads = 0;
    ck_assert_int_eq(lw_pool_create(memory, bytes, &with, &pool), LW_BAD_SHAPE);
    with.threads = LW_POOL_MAX_THREADS + 1;
    ck_assert_int_eq(lw_pool_create(memory, bytes, &with, &pool), LW_BAD_SHAPE);
    with.struct_bytes--;
    ck_assert_int_eq(lw_pool_create(memory, bytes, &with, &pool), LW_BAD_STRUCT_BYTES);
    ck_assert_ptr_null(pool);
    ck_assert_int_eq(lw_pool_start(NULL), LW_NULL_POINTER);
    lw_pool_stop(NULL);
    lw_pool_end(NULL);
    lw_pool_limit(NULL, 1);
    lw_pool_work(NULL, 1);
    ck_assert_uint_eq(lw_pool_threads(NULL), 1);
    ck_assert_int_eq(lw_pool_run(NULL, 1, 1, do_task, NULL), LW_NULL_POINTER);
    free(memory);

    pool = make(2, &memory);
    ck_assert_int_eq(lw_pool_run(pool, 1, 1, NULL, NULL), LW_NULL_POINTER);
    lw_pool_work(pool, 0); /* returns at once, as the next one does */
    lw_pool_work(pool, 2);
    struct job *job = new_job();
    run_job(job, pool, 100, 1); /* nobody has started the threads */
    run_job(job, pool, 0, 1);
    free(job);
    free(memory);
}
END_TEST

/* Lets every thread but the first that asks work. */
static bool all_but_one(void *asked) {
    return atomic_fetch_add((_Atomic uint32_t *)asked, 1) != 0;
}

START_TEST(threads_begin) {
    _Atomic uint32_t asked = 0;
    const struct lw_pool_options with = {
        .struct_bytes = sizeof with, .threads = 4, .begin = all_but_one, .begin_argument = &asked};
    struct lw_pool *pool;
    void *memory = malloc(lw_pool_bytes(4));
    ck_assert_int_eq(lw_pool_create(memory, lw_pool_bytes(4), &with, &pool), LW_OK);
    ck_assert_int_eq(lw_pool_start(pool), LW_OK);
    wait_for(pool, 3);
    struct job *job = new_job();
    run_job(job, pool, 100, 4);
    free(job);
    lw_pool_stop(pool);
    ck_assert_uint_eq(asked, 3);
    free(memory);
}
END_TEST

START_TEST(all_threads_work) {
    static const uint32_t counts[] = {1, 2, 3, 8, LW_POOL_MAX_THREADS};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        void *memory;
        struct lw_pool *pool = make(counts[i], &memory);
        for (int again = 0; again < 2; again++) {
            ck_assert_int_eq(lw_pool_start(pool), LW_OK);
            all_meet(pool, counts[i]);
            ck_assert_int_eq(lw_pool_start(pool), LW_OK); /* nothing left to do */
            doze(2 * MILLISECOND);                        /* all sleep */
            all_meet(pool, counts[i]);
            lw_pool_stop(pool);
            ck_assert_uint_eq(lw_pool_threads(pool), 1);
            lw_pool_stop(pool);
        }
        free(memory);
    }
}
END_TEST

START_TEST(random_jobs) {
    struct job *job = new_job();
    for (size_t done = 0; done < options.jobs;) {
        const uint32_t threads = 1 + below(8);
        void *memory;
        struct lw_pool *pool = make(threads, &memory);
        lw_pool_start(pool);
        uint32_t limit = threads;
        for (uint32_t left = 200 + below(600); left > 0 && done < options.jobs; left--, done++) {
            if (below(50) == 0) {
                limit = 1 + below(threads);
                lw_pool_limit(pool, limit);
            }
            if (below(100) == 0) doze(below(300) * 1000); /* about as long as a worker watches */
            if (below(4)) forget(pool);
            job->salt = below(UINT32_MAX);
            job->spin = below(8) ? below(300) : below(20000);
            job->nested = below(16) ? NULL : pool;
            run_job(job, pool, job->spin > 1000 ? below(20) : below(8) ? below(100) : below(MAX_COUNT), limit);
        }
        lw_pool_stop(pool);
        free(memory);
    }
    free(job);
}
END_TEST

START_TEST(pools_come_and_go) {
    struct job *job = new_job();
    for (size_t i = 0; i < options.pools; i++) {
        const uint32_t threads = 1 + below(8);
        void *memory;
        struct lw_pool *pool = make(threads, &memory);
        for (uint32_t times = below(3); times > 0; times--) {
            ck_assert_int_eq(lw_pool_start(pool), LW_OK);
            if (below(2)) wait_for(pool, threads);
            for (uint32_t jobs = below(4); jobs > 0; jobs--) run_job(job, pool, below(200), threads);
            if (below(4) == 0) doze(below(500) * 1000);
            lw_pool_stop(pool);
        }
        free(memory);
    }
    free(job);
}
END_TEST

/* Several threads that use one pool. */
struct caller {
    struct lw_pool *pool;
    struct job *job;
    const char *wrong;
    pthread_t handle;
};

static void *call(void *argument) {
    struct caller *caller = argument;
    for (int i = 0; i < 300 && !caller->wrong; i++) caller->wrong = try_job(caller->job, caller->pool, 1 + i % 90, 3);
    return NULL;
}

START_TEST(two_callers) {
    void *memory;
    struct lw_pool *pool = make(3, &memory);
    ck_assert_int_eq(lw_pool_start(pool), LW_OK);
    wait_for(pool, 3);
    struct caller callers[3];
    for (int i = 0; i < 3; i++) {
        callers[i] = (struct caller){.pool = pool, .job = new_job()};
        callers[i].job->spin = 200;
        ck_assert_int_eq(pthread_create(&callers[i].handle, NULL, call, &callers[i]), 0);
    }
    for (uint32_t i = 0; i < 200; i++) lw_pool_limit(pool, 1 + i % 3); /* and one that changes its mind */
    for (int i = 0; i < 3; i++) {
        pthread_join(callers[i].handle, NULL);
        ck_assert_msg(!callers[i].wrong, "a caller's job: %s is wrong", callers[i].wrong);
        free(callers[i].job);
    }
    lw_pool_limit(pool, 3);
    all_meet(pool, 3);
    lw_pool_stop(pool);
    free(memory);
}
END_TEST

START_TEST(limits) {
    void *memory;
    struct lw_pool *pool = make(5, &memory);
    struct job *job = new_job();
    job->spin = 2000;
    ck_assert_int_eq(lw_pool_start(pool), LW_OK);
    static const uint32_t limits[] = {5, 1, 3, 2, 5, 4};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        lw_pool_limit(pool, limits[i]);
        for (int k = 0; k < 50; k++) {
            forget(pool);
            run_job(job, pool, 60, limits[i]); /* no worker beyond the limit has a task, not even the first time */
        }
        all_meet(pool, limits[i]);
    }
    lw_pool_limit(pool, 0);
    ck_assert_uint_eq(lw_pool_threads(pool), 1);
    lw_pool_limit(pool, UINT32_MAX);
    all_meet(pool, 5);
    lw_pool_end(pool);
    lw_pool_limit(pool, 3); /* doesn't call them back */
    ck_assert_uint_eq(lw_pool_threads(pool), 1);
    run_job(job, pool, 100, 1);
    lw_pool_stop(pool);
    free(job);
    free(memory);
}
END_TEST

START_TEST(without_threads) {
    void *memory;
    struct lw_pool *pool = make(4, &memory);
    struct job *job = new_job();
    may_start = 1;
    ck_assert_int_eq(lw_pool_start(pool), LW_NO_THREADS);
    all_meet(pool, 2);
    run_job(job, pool, 500, 2);
    ck_assert_int_eq(lw_pool_start(pool), LW_NO_THREADS);
    may_start = 1000;
    ck_assert_int_eq(lw_pool_start(pool), LW_OK); /* the missing ones */
    all_meet(pool, 4);
    lw_pool_stop(pool);
    may_start = 0;
    ck_assert_int_eq(lw_pool_start(pool), LW_NO_THREADS);
    run_job(job, pool, 500, 1);
    lw_pool_stop(pool);
    may_start = 1000;
    free(job);
    free(memory);
}
END_TEST

/* A worker that takes a task and doesn't come back before it is told to. */
static _Atomic uint32_t held, release_held;

static void hold(void *state, size_t i, size_t worker) {
    (void)state, (void)i;
    for (int k = 0; worker == 0 && k < 20000 && !held; k++) doze(MILLISECOND); /* the others shall get a task */
    if (worker == 0) return;
    held = 1;
    while (!release_held) doze(MILLISECOND);
}

START_TEST(a_lost_thread) {
    for (uint32_t spins = 0; spins < 2; spins++) {
        void *memory = malloc(lw_pool_bytes(2));
        struct lw_pool *pool;
        const struct lw_pool_options with = {.struct_bytes = sizeof with, .threads = 2, .caller_spins = spins};
        ck_assert_int_eq(lw_pool_create(memory, lw_pool_bytes(2), &with, &pool), LW_OK);
        ck_assert_uint_eq(pool->lost_after, 5000 * MILLISECOND);
        pool->lost_after = 150 * MILLISECOND;
        struct job *job = new_job();
        ck_assert_int_eq(lw_pool_start(pool), LW_OK);
        wait_for(pool, 2);
        held = release_held = 0;
        ck_assert_int_eq(lw_pool_run(pool, 2, 1, hold, NULL), LW_THREAD_LOST);
        ck_assert_uint_eq(lw_pool_threads(pool), 1);
        for (int i = 0; i < 20; i++) run_job(job, pool, 100, 1);
        release_held = 1; /* it was alive, and does no harm when it comes back */
        for (int i = 0; i < 20; i++) run_job(job, pool, 100, 1);
        lw_pool_stop(pool);
        ck_assert_int_eq(lw_pool_start(pool), LW_OK);
        run_job(job, pool, 100, 1); /* never again */
        lw_pool_stop(pool);
        free(job);
        free(memory);
    }
}
END_TEST

/* One that only takes long is waited for. */
START_TEST(a_slow_thread) {
    void *memory;
    struct lw_pool *pool = make(2, &memory);
    ck_assert_int_eq(lw_pool_start(pool), LW_OK);
    wait_for(pool, 2);
    held = 0;
    release_held = 1;
    for (int i = 0; i < 3; i++) {
        struct job *job = new_job();
        job->spin = 100;
        run_job(job, pool, 50, 2);
        free(job);
        all_meet(pool, 2);
    }
    forget(pool);
    ck_assert_int_eq(lw_pool_run(pool, 2, 1, hold, NULL), LW_OK);
    lw_pool_stop(pool);
    free(memory);
}
END_TEST

/* Where the caller's own task takes long, a worker's may take longer than it takes to call a worker lost. */
static void both_slow(void *state, size_t i, size_t worker) {
    (void)state, (void)i;
    if (worker) held = 1;
    for (int k = 0; worker == 0 && k < 20000 && !held; k++) doze(MILLISECOND);
    for (int k = 0; k < (worker ? 150 : 50); k++) doze(MILLISECOND);
}

START_TEST(slow_tasks) {
    void *memory;
    struct lw_pool *pool = make(2, &memory);
    pool->lost_after = 10 * MILLISECOND;
    ck_assert_int_eq(lw_pool_start(pool), LW_OK);
    wait_for(pool, 2);
    held = 0;
    ck_assert_int_eq(lw_pool_run(pool, 2, 1, both_slow, NULL), LW_OK);
    lw_pool_stop(pool);
    free(memory);
}
END_TEST

/*
 * Operators: the bits of one thread on any number of them, on each tier. Their own tests have every operator on three
 * threads; here are many numbers of them, and work that is cut as it is in programs.
 */
static void fill(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = (float)below(20001) / 5000 - 2;
}

enum { M = 150, K = 260, N = 130, WIDE = 60000, PRODUCT = M * N, OUTPUTS = PRODUCT + 2 * WIDE };

static void compute(const struct lw_context *context, const float *a, const float *b, float *output) {
    const struct lw_matmul matmul = {.struct_bytes = sizeof matmul, .batch = 1, .m = M, .k = K, .n = N};
    struct lw_sizes sizes;
    ck_assert_int_eq(lw_matmul_sizes(context, &matmul, &sizes), LW_OK);
    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes + 1);
    ck_assert_int_eq(lw_matmul_pack(context, &matmul, b, packed), LW_OK);
    ck_assert_int_eq(lw_matmul_run(context, &matmul, a, packed, NULL, scratch, output), LW_OK);
    free(packed);
    free(scratch);
    ck_assert_int_eq(lw_softmax_run(context, WIDE / 300, 300, a, output + PRODUCT), LW_OK);
    ck_assert_int_eq(lw_unary_run(context, LW_UNARY_SIN, NULL, WIDE, a, output + PRODUCT + WIDE), LW_OK);
}

START_TEST(same_bits) {
    float *a = malloc(WIDE * sizeof *a), *b = malloc(K * N * sizeof *b);
    float *expected = malloc(OUTPUTS * sizeof *expected), *output = malloc(OUTPUTS * sizeof *output);
    fill(a, WIDE);
    fill(b, K * N);
    for (size_t tier = 0; tier < lw_tier_count(); tier++) {
        static const uint32_t counts[] = {1, 2, 3, 5, 8};
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            void *memory, *context_memory = malloc(lw_context_bytes());
            struct lw_pool *pool = make(counts[i], &memory);
            ck_assert_int_eq(lw_pool_start(pool), LW_OK);
            wait_for(pool, counts[i]);
            struct lw_context *context;
            const struct lw_context_options with = {.struct_bytes = sizeof with,
                                                    .tier = lw_tier_name(tier),
                                                    .parallel_for = lw_pool_run,
                                                    .pool = pool,
                                                    .threads = counts[i]};
            ck_assert_int_eq(lw_context_create(context_memory, lw_context_bytes(), &with, &context), LW_OK);
            for (int again = 0; again < 3; again++) {
                forget(pool);
                memset(output, 0, OUTPUTS * sizeof *output);
                compute(context, a, b, i == 0 ? expected : output);
                ck_assert_msg(i == 0 || !memcmp(output, expected, OUTPUTS * sizeof *output),
                              "%s on %u threads has other bits than on one", lw_tier_name(tier), counts[i]);
            }
            lw_pool_stop(pool);
            free(context_memory);
            free(memory);
        }
    }
    free(output);
    free(expected);
    free(b);
    free(a);
}
END_TEST

int main(int count, char **words) {
    for (int i = 1; i < count; i += 2) {
        char *end = NULL;
        const unsigned long value = i + 1 < count ? strtoul(words[i + 1], &end, 10) : 0;
        const bool number = end && *end == 0 && end != words[i + 1];
        if (number && !strcmp(words[i], "--jobs")) {
            options.jobs = value;
        } else if (number && !strcmp(words[i], "--pools")) {
            options.pools = value;
        } else if (number && !strcmp(words[i], "--seed")) {
            options.seed = (uint32_t)value;
        } else {
            fprintf(stderr, "usage: %s [--jobs N] [--pools N] [--seed N]\n", words[0]);
            return 2;
        }
    }
    random_state = options.seed * 2654435761u | 1;
    Suite *suite = suite_create("threads");
    TCase *tests = tcase_create("pool");
    tcase_set_timeout(tests, 1200);
    tcase_add_test(tests, bad_arguments);
    tcase_add_test(tests, threads_begin);
    tcase_add_test(tests, all_threads_work);
    tcase_add_test(tests, random_jobs);
    tcase_add_test(tests, pools_come_and_go);
    tcase_add_test(tests, two_callers);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, without_threads);
    tcase_add_test(tests, a_lost_thread);
    tcase_add_test(tests, a_slow_thread);
    tcase_add_test(tests, slow_tasks);
    tcase_add_test(tests, same_bits);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
