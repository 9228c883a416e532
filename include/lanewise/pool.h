/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads for Lanewise's operators: give lw_pool_run and a pool to a context (struct lw_context_options), and
 * operators spread their work over the pool's threads. It is a library of its own (lanewise-pool); programs that have a
 * pool already hand that to the context instead.
 *
 *     struct lw_pool *pool;
 *     lw_pool_create(malloc(lw_pool_bytes(4)), lw_pool_bytes(4), &(struct lw_pool_options){
 *         .struct_bytes = sizeof(struct lw_pool_options), .threads = 4}, &pool);
 *     lw_pool_start(pool);
 *     lw_context_create(memory, bytes, &(struct lw_context_options){
 *         .struct_bytes = sizeof(struct lw_context_options), .parallel_for = lw_pool_run, .pool = pool, .threads = 4},
 *         &context);
 *     ...
 *     lw_pool_stop(pool);
 *
 * The thread that calls an operator takes part in the work. The others look for work for a short while after each job,
 * then sleep; a job is over when its tasks are done, so a thread that wakes up late is not waited for. The pool measures
 * whether its threads pay: where they don't, because other programs need the processors, it leaves them asleep for a while
 * and tries again.
 */
#ifndef LANEWISE_POOL_H
#define LANEWISE_POOL_H

#include <stdbool.h>

#include "lanewise/lanewise.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lw_pool;

/* What a thread calls that lw_pool_start has made, before anything else; it works only if that returns true. */
typedef bool lw_pool_begin_fn(void *argument);

/* How a pool works. */
struct lw_pool_options {
    uint32_t struct_bytes; /* sizeof(struct lw_pool_options) */
    uint32_t threads;      /* 1 to LW_POOL_MAX_THREADS, the calling thread included */
    /* Not 0: a thread that runs a job never sleeps while it waits for the last tasks. For a browser's main thread, which
     * must not. */
    uint32_t caller_spins;
    lw_pool_begin_fn *begin; /* or NULL. Where kernels come from a module: lw_kernels_begin (lanewise/modules.h) */
    void *begin_argument;    /* handed to begin; for lw_kernels_begin the kernels */
};

/* The most threads of a pool. */
#define LW_POOL_MAX_THREADS 64

/* Bytes of memory that a pool of so many threads needs; 0 for a number that is not allowed. */
LW_API size_t lw_pool_bytes(uint32_t threads);

/* Makes a pool inside of `memory` (aligned as malloc aligns). No thread is started yet: until threads join, jobs run on
 * the thread that calls. Errors: LW_NULL_POINTER, LW_BAD_STRUCT_BYTES, LW_BAD_SHAPE (threads), LW_BUFFER_TOO_SMALL. */
LW_API enum lw_status lw_pool_create(void *memory, size_t memory_bytes, const struct lw_pool_options *options,
                                     struct lw_pool **pool);

/* Starts the threads, by pthread_create. They join as soon as they run; nobody needs to wait for that.
 * Errors: LW_NULL_POINTER, LW_NO_THREADS (not all could be started: the pool works with those that there are). */
LW_API enum lw_status lw_pool_start(struct lw_pool *pool);

/* Ends the threads that lw_pool_start started and waits for them; the pool then may be started again, or its memory be
 * reused. No job may run meanwhile. After LW_THREAD_LOST it waits for the lost thread too, for ever if need be. */
LW_API void lw_pool_stop(struct lw_pool *pool);

/* For threads that are made by other means (JavaScript's Workers): the calling thread works for the pool as its thread
 * number `worker` (1 to threads - 1, each once), and returns when the pool is told to end. */
LW_API void lw_pool_work(struct lw_pool *pool, uint32_t worker);

/* Tells all threads to leave lw_pool_work, and doesn't wait for them. Jobs then run on the thread that calls. */
LW_API void lw_pool_end(struct lw_pool *pool);

/* How many threads may work from now on, the calling one included; at least 1, and no more than the pool was made for.
 * Not after lw_pool_end; a pool that is started again has all its threads. */
LW_API void lw_pool_limit(struct lw_pool *pool, uint32_t threads);

/* How many threads work for the pool now, the calling one included. */
LW_API uint32_t lw_pool_threads(const struct lw_pool *pool);

/*
 * Runs a job: an lw_parallel_for_fn for struct lw_context_options, `pool` being a struct lw_pool. A pool runs one job at
 * a time: while it is busy, other threads' jobs, and those that tasks start, run on their own thread alone.
 * Errors: LW_NULL_POINTER; LW_THREAD_LOST when a thread has not come back from a task for five seconds, nor for ten times
 * as long as the calling thread's own tasks took, as when it was killed.
 * The job's output is then incomplete, its memory may still be written to should that thread be alive, and the pool never
 * uses its threads again: later jobs run on the thread that calls.
 */
LW_API enum lw_status lw_pool_run(void *pool, size_t count, size_t cost, lw_task_fn *task, void *state);

#ifdef __cplusplus
}
#endif

#endif
