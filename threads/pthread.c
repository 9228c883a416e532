/* SPDX-License-Identifier: MIT */
/* A pool's threads from pthreads, natively and in programs that Emscripten links with -pthread. */
#include "threads/pool_internal.h"

static void *work(void *argument) {
    const struct lw_pool_thread *thread = argument;
    struct lw_pool *pool = thread->pool;
    if (!pool->begin || pool->begin(pool->begin_argument)) lw_pool_work(pool, thread->worker);
    return NULL;
}

enum lw_status lw_pool_start(struct lw_pool *p) {
    if (!p) return LW_NULL_POINTER;
    uint32_t none = 0;
    atomic_compare_exchange_strong(&p->limit, &none, p->threads); /* after lw_pool_stop */
    while (p->started_count + 1 < p->threads) {
        struct lw_pool_thread *thread = &p->started[p->started_count];
        *thread = (struct lw_pool_thread){.pool = p, .worker = p->started_count + 1};
        if (pthread_create(&thread->handle, NULL, work, thread) != 0) break;
        p->started_count++;
    }
    return p->started_count + 1 < p->threads ? LW_NO_THREADS : LW_OK;
}

void lw_pool_stop(struct lw_pool *p) {
    if (!p) return;
    lw_pool_end(p);
    while (p->started_count) pthread_join(p->started[--p->started_count].handle, NULL);
}
