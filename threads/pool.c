/* SPDX-License-Identifier: MIT */
/*
 * The pool's algorithm. Where its threads come from is the business of pthread.c, or of JavaScript.
 *
 * Idle workers watch `generation`, which counts jobs, or sleep on it. A caller fills in its job, opens the `gate`, steps
 * the generation, and works on tasks as every worker does. When there are none left it closes the gate and waits until
 * nobody is inside. A worker that comes too late finds the gate closed, so nobody reads a job whose caller doesn't wait for
 * him.
 *
 * Each thread has a range of the tasks to begin with, then helps the others with theirs. Operators cut images from the top
 * to the bottom, so what a thread reads is mostly what it wrote in the job before, and still in its core's cache: with one
 * counter for all, half of an image came from the other core's, which took as long as many a kernel.
 *
 * Do the workers pay? For each kind of job the pool measures how long it takes with workers and without, does what is
 * faster, and now and then the other, to know. A worker that loses its processor inside of a task makes the caller wait for
 * as long as the system lets another program run, which is some milliseconds, and one that wakes up may take the caller's
 * processor. On a busy machine that happens all the time. So after such a stall the workers are left asleep for a while,
 * longer each time.
 */
#include "threads/pool_internal.h"

#define OPEN UINT32_C(0x80000000)

/* Nanoseconds. */
#define MILLISECOND UINT64_C(1000000)
/* How long a worker watches for the next job before it sleeps: longer than most programs take from one operator to the
 * next, since waking up takes tens of microseconds. */
#define WATCH MILLISECOND
/* How long a caller watches for the last tasks before it sleeps: tasks take some tens of microseconds. */
#define PATIENCE (MILLISECOND / 4)
/* A job of a kind is done the other way the second, the third, the fifth time and so on, then every so many times. */
#define RUNS 256
/* A job that takes so much longer with workers than without was held up. */
#define STALL MILLISECOND
/* How long the workers are left asleep then, first and at most, and how many jobs without a stall halve that. */
#define REST_MIN (10 * MILLISECOND)
#define REST_MAX (200 * MILLISECOND)
#define GOOD_JOBS 256
/* A worker that doesn't come back for so long is dead, unless the caller's own tasks took long too: then for so many times
 * as long; or unless it was the whole program that stood still: no two looks at the clock count as more than PAUSE. */
#define LOST (5000 * MILLISECOND)
#define LOST_TIMES 10
#define PAUSE (100 * MILLISECOND)
/* How often a watcher looks between two looks at the clock. */
#define LOOKS 256

size_t lw_pool_bytes(uint32_t threads) {
    if (threads == 0 || threads > LW_POOL_MAX_THREADS) return 0;
    return sizeof(struct lw_pool) + (threads - 1) * sizeof(struct lw_pool_thread) + _Alignof(struct lw_pool);
}

enum lw_status lw_pool_create(void *memory, size_t memory_bytes, const struct lw_pool_options *options,
                              struct lw_pool **pool) {
    if (!pool) return LW_NULL_POINTER;
    *pool = NULL;
    if (!memory || !options) return LW_NULL_POINTER;
    if (options->struct_bytes != sizeof *options) return LW_BAD_STRUCT_BYTES;
    if (options->threads == 0 || options->threads > LW_POOL_MAX_THREADS) return LW_BAD_SHAPE;
    if (memory_bytes < lw_pool_bytes(options->threads)) return LW_BUFFER_TOO_SMALL;

    const size_t alignment = _Alignof(struct lw_pool);
    struct lw_pool *p = (struct lw_pool *)(((uintptr_t)memory + alignment - 1) & ~(uintptr_t)(alignment - 1));
    *p = (struct lw_pool){.threads = options->threads,
                          .caller_spins = options->caller_spins != 0,
                          .begin = options->begin,
                          .begin_argument = options->begin_argument,
                          .rest = REST_MIN,
                          .lost_after = LOST};
    atomic_init(&p->limit, options->threads);
#ifndef __wasm__
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
#endif
    *pool = p;
    return LW_OK;
}

/* Watches `word` for a while; false when it still has the value then. */
static bool watch(const _Atomic uint32_t *word, uint32_t value, uint64_t nanoseconds) {
    const uint64_t start = lw_pool_now();
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != value) return true;
        }
    } while (lw_pool_now() - start < nanoseconds);
    return false;
}

static void take_tasks(struct lw_pool *p, size_t worker) {
    for (size_t r = 0; r < p->range_count; r++) {
        struct lw_pool_range *range = &p->ranges[(worker + r) % p->range_count];
        size_t i;
        while ((i = atomic_fetch_add_explicit(&range->next, 1, memory_order_relaxed)) < range->end)
            p->task(p->state, i, worker);
    }
}

void lw_pool_work(struct lw_pool *p, uint32_t worker) {
    if (!p || worker == 0 || worker >= p->threads) return;
    atomic_fetch_add(&p->joined, 1);
    uint32_t seen = atomic_load(&p->generation);
    for (;;) {
        const uint32_t limit = atomic_load(&p->limit);
        if (limit == 0) break;
        if (worker >= limit) {
            lw_sleep(p, &p->limit, limit, -1);
            continue;
        }
        if (!watch(&p->generation, seen, WATCH)) {
            atomic_fetch_add(&p->sleepers, 1);
            lw_sleep(p, &p->generation, seen, -1);
            atomic_fetch_sub(&p->sleepers, 1);
            continue;
        }
        seen = atomic_load(&p->generation);
        /* The limit once more: only inside of the gate is it the one that the job's caller knows. */
        if ((atomic_fetch_add(&p->gate, 1) & OPEN) && worker < atomic_load(&p->limit)) take_tasks(p, worker);
        if (atomic_fetch_sub(&p->gate, 1) == 1 && atomic_load(&p->caller_sleeps)) lw_wake(p, &p->gate);
    }
    atomic_fetch_sub(&p->joined, 1);
}

void lw_pool_end(struct lw_pool *p) {
    if (!p) return;
    atomic_store(&p->limit, 0);
    atomic_fetch_add(&p->generation, 1);
    lw_wake(p, &p->limit);
    lw_wake(p, &p->generation);
}

void lw_pool_limit(struct lw_pool *p, uint32_t threads) {
    if (!p) return;
    const uint32_t limit = threads == 0 ? 1 : threads < p->threads ? threads : p->threads;
    uint32_t old = atomic_load(&p->limit);
    do {
        if (old == 0) return; /* the workers were told to leave */
    } while (!atomic_compare_exchange_weak(&p->limit, &old, limit));
    atomic_fetch_add(&p->generation, 1); /* those beyond the limit shall see it */
    lw_wake(p, &p->limit);
}

uint32_t lw_pool_threads(const struct lw_pool *p) {
    if (!p || p->lost) return 1;
    const uint32_t there = atomic_load(&p->joined) + 1, limit = atomic_load(&p->limit);
    return limit == 0 ? 1 : there < limit ? there : limit;
}

/* Waits until no worker is inside of the closed gate. start: when the job began. */
static void wait_for_workers(struct lw_pool *p, uint64_t start) {
    uint64_t before = 0, waited = 0, patience = p->lost_after;
    for (uint32_t inside; (inside = atomic_load_explicit(&p->gate, memory_order_acquire)) != 0;) {
        const uint64_t time = lw_pool_now(), passed = before == 0 ? 0 : time - before;
        if (before == 0 && patience < LOST_TIMES * (time - start)) patience = LOST_TIMES * (time - start);
        before = time;
        waited += passed < PAUSE ? passed : PAUSE;
        if (waited > patience) {
            p->lost = true;
            return;
        }
        if (waited < PATIENCE || p->caller_spins) {
            watch(&p->gate, inside, 0);
        } else {
            atomic_store(&p->caller_sleeps, 1);
            lw_sleep(p, &p->gate, inside, (int64_t)PAUSE);
            atomic_store(&p->caller_sleeps, 0);
        }
    }
}

/* Looks in a few places from where the kind's is, since a record that is lost has to be learnt anew. */
static struct lw_pool_record *record_of(struct lw_pool *p, size_t count, size_t cost) {
    enum { PLACES = 8 };
    /* Costs are round numbers: the product's upper bits depend on all of theirs. */
    const uint32_t first = (((uint32_t)cost + (uint32_t)count) * UINT32_C(2654435769)) >> 24;
    struct lw_pool_record *record = NULL;
    for (uint32_t i = 0; i < PLACES; i++) {
        record = &p->records[(first + i) % LW_POOL_RECORDS];
        if (record->count == count && record->cost == cost) return record;
        if (record->count == 0) break;
    }
    if (record->count) record = &p->records[(first + p->forgotten++ % PLACES) % LW_POOL_RECORDS];
    *record = (struct lw_pool_record){.count = count, .cost = cost};
    return record;
}

/* Whether to do the next job of a kind with workers. */
static bool pays(const struct lw_pool *p, struct lw_pool_record *record, uint64_t start) {
    if (start < p->until) return false;
    if (record->woke) return true;
    const uint32_t runs = record->runs++;
    if (runs == 0 || record->time[0] == 0) return runs == 0;
    const bool faster = record->time[1] <= record->time[0] - record->time[0] / 16;
    return (runs & (runs - 1)) == 0 || runs % RUNS == 0 ? !faster : faster;
}

/* `woke`: workers had to be woken up, as for a trial after a while without them. It says nothing of how long the job takes
 * when they are awake: then the next one counts, whether they slept again or not. */
static void learn(struct lw_pool *p, struct lw_pool_record *record, bool workers, bool woke, uint64_t end,
                  uint64_t time) {
    uint64_t *usual = &record->time[workers];
    if (workers && record->time[0] && time > record->time[0] + STALL) {
        p->until = end + p->rest;
        p->rest = p->rest * 2 < REST_MAX ? p->rest * 2 : REST_MAX;
        p->good = 0;
    } else if (workers && ++p->good == GOOD_JOBS) {
        p->rest = p->rest / 2 < REST_MIN ? REST_MIN : p->rest / 2;
        p->good = 0;
    }
    const bool again = woke && !record->woke;
    if (workers) record->woke = again;
    if (again) return;
    /* The first times are those of code that the engine hasn't compiled well yet, and a bad time alone shall not decide. */
    if (*usual == 0)
        *usual = time + 1;
    else if (time < *usual)
        *usual = (*usual + 3 * time) / 4;
    else
        *usual += (time < 2 * *usual ? time - *usual : *usual) / 8;
}

/* Of tasks that don't divide evenly the first ranges have one more. */
static void share_out(struct lw_pool *p, size_t count) {
    p->range_count = lw_pool_threads(p);
    const size_t each = count / p->range_count, more = count % p->range_count;
    size_t begin = 0;
    for (size_t r = 0; r < p->range_count; r++) {
        p->ranges[r].end = begin + each + (r < more);
        atomic_store_explicit(&p->ranges[r].next, begin, memory_order_relaxed);
        begin = p->ranges[r].end;
    }
}

enum lw_status lw_pool_run(void *pool, size_t count, size_t cost, lw_task_fn *task, void *state) {
    struct lw_pool *p = pool;
    if (!p || !task) return LW_NULL_POINTER;
    /* A range's `next` counts beyond its end. A busy pool may have been lost when it is free again. */
    bool alone = count < 2 || count > SIZE_MAX / 2 || lw_pool_threads(p) < 2 || atomic_exchange(&p->busy, 1);
    if (!alone && p->lost) {
        atomic_store(&p->busy, 0);
        alone = true;
    }
    if (alone) {
        for (size_t i = 0; i < count; i++) task(state, i, 0);
        return LW_OK;
    }
    struct lw_pool_record *record = record_of(p, count, cost);
    const uint64_t start = lw_pool_now();
    const bool workers = pays(p, record, start), woke = workers && atomic_load(&p->sleepers);
    if (!workers) {
        for (size_t i = 0; i < count; i++) task(state, i, 0);
    } else {
        share_out(p, count);
        p->task = task;
        p->state = state;
        atomic_fetch_or(&p->gate, OPEN);
        atomic_fetch_add(&p->generation, 1);
        if (atomic_load(&p->sleepers)) lw_wake(p, &p->generation); /* not `woke`: one may have gone to sleep since */
        take_tasks(p, 0);
        atomic_fetch_and(&p->gate, ~OPEN);
        wait_for_workers(p, start);
    }
    const uint64_t end = lw_pool_now();
    learn(p, record, workers, woke, end, end - start);
    const bool lost = p->lost;
    atomic_store(&p->busy, 0);
    return lost ? LW_THREAD_LOST : LW_OK;
}
