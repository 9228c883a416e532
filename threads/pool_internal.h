/* SPDX-License-Identifier: MIT */
/* What the two files of the pool share: its state, and how threads sleep. Not installed. */
#ifndef LW_POOL_INTERNAL_H
#define LW_POOL_INTERNAL_H

#define _POSIX_C_SOURCE 200112L /* clock_gettime, pthread_cond_timedwait */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "lanewise/pool.h"

/* One that lw_pool_start started. */
struct lw_pool_thread {
    struct lw_pool *pool;
    uint32_t worker;
    pthread_t handle;
};

/* Tasks of a job, for one thread to begin with. */
struct lw_pool_range {
    _Alignas(64) _Atomic size_t next; /* the first that nobody has taken; beyond end when there is none */
    size_t end;
};

/* What the pool knows of jobs of one kind: those with the same number of tasks and the same cost. */
struct lw_pool_record {
    size_t count, cost;
    uint64_t time[2]; /* how long they take without workers and with; 0 when that isn't known */
    uint32_t runs;
    bool woke; /* the last time with workers was not counted */
};
#define LW_POOL_RECORDS 256 /* what 8 bits tell apart */

struct lw_pool {
    /* Words that different threads write lie in different cache lines. */
    _Alignas(64) _Atomic uint32_t generation; /* steps with each job; scripts/bench ops reads it */
    _Atomic uint32_t sleepers;                /* workers that sleep, or are about to, on generation */
    _Atomic uint32_t limit;                   /* threads that may work; 0 tells the workers to leave */
    _Atomic uint32_t joined;                  /* workers in lw_pool_work */
    _Alignas(64) _Atomic uint32_t gate;       /* OPEN, and how many workers are inside */
    _Atomic uint32_t caller_sleeps;           /* on gate */
    struct lw_pool_range ranges[LW_POOL_MAX_THREADS];
    _Alignas(64) _Atomic uint32_t busy; /* a job is under way: what follows belongs to its caller */
    size_t range_count;
    lw_task_fn *task;
    void *state;
    struct lw_pool_record records[LW_POOL_RECORDS];
    uint32_t forgotten;  /* records that others took the place of */
    uint64_t rest;       /* how long the workers are left asleep after the next stall */
    uint64_t until;      /* how long they are left asleep now */
    uint32_t good;       /* jobs with workers since the last stall, or since rest was halved */
    uint64_t lost_after; /* how long a worker may be away before it counts as dead; less in tests */
    _Atomic bool lost;   /* a worker died: the pool has only callers from then on */

    uint32_t threads;
    bool caller_spins;
    lw_pool_begin_fn *begin;
    void *begin_argument;
#ifndef __wasm__
    pthread_mutex_t mutex;
    pthread_cond_t changed;
#endif
    uint32_t started_count;
    struct lw_pool_thread started[]; /* [threads - 1] */
};

/* A clock that only goes forward, in nanoseconds. It is asked twice for each job. */
uint64_t lw_pool_now(void);

/* Sleeps until `word` is no longer `value` and somebody wakes those that sleep on it, or for so many nanoseconds (negative:
 * for ever). May return early. */
static inline void lw_sleep(struct lw_pool *pool, _Atomic uint32_t *word, uint32_t value, int64_t nanoseconds) {
#ifdef __wasm__
    (void)pool;
    __builtin_wasm_memory_atomic_wait32((int *)word, (int)value, nanoseconds);
#else
    pthread_mutex_lock(&pool->mutex);
    if (atomic_load(word) == value) {
        if (nanoseconds < 0) {
            pthread_cond_wait(&pool->changed, &pool->mutex);
        } else {
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            nanoseconds += until.tv_nsec;
            until.tv_sec += (time_t)(nanoseconds / 1000000000);
            until.tv_nsec = (long)(nanoseconds % 1000000000);
            pthread_cond_timedwait(&pool->changed, &pool->mutex, &until);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
#endif
}

/* Wakes all that sleep on `word`. */
static inline void lw_wake(struct lw_pool *pool, _Atomic uint32_t *word) {
#ifdef __wasm__
    (void)pool;
    __builtin_wasm_memory_atomic_notify((int *)word, UINT32_MAX);
#else
    (void)word;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
#endif
}

#endif
