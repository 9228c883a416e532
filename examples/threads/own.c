/* SPDX-License-Identifier: MIT */
/* A program's own pool in place of Lanewise's: here one of the simplest, a queue of one job under a lock. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "work.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    lw_task_fn *task;
    void *state;
    size_t count, next, left; /* tasks in all, the first that nobody has taken, those that have not ended */
    bool end;
};

struct worker {
    struct queue *queue;
    size_t number;
    pthread_t thread;
};

/* Does tasks as long as there are any; called and left with the lock. */
static void work(struct queue *q, size_t worker) {
    while (q->next < q->count) {
        const size_t i = q->next++;
        pthread_mutex_unlock(&q->lock);
        q->task(q->state, i, worker);
        pthread_mutex_lock(&q->lock);
        if (--q->left == 0) pthread_cond_signal(&q->done);
    }
}

static void *live(void *argument) {
    const struct worker *worker = argument;
    struct queue *q = worker->queue;
    pthread_mutex_lock(&q->lock);
    while (!q->end) {
        work(q, worker->number);
        pthread_cond_wait(&q->work, &q->lock);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* The parallel_for: each task once, and all have ended when it returns. The calling thread is worker 0. */
static enum lw_status run_tasks(void *pool, size_t count, size_t cost, lw_task_fn *task, void *state) {
    struct queue *q = pool;
    (void)cost; /* nanoseconds: a pool may leave its workers asleep when it is little */
    pthread_mutex_lock(&q->lock);
    q->task = task;
    q->state = state;
    q->next = 0;
    q->count = q->left = count;
    pthread_cond_broadcast(&q->work);
    work(q, 0);
    while (q->left > 0) pthread_cond_wait(&q->done, &q->lock);
    pthread_mutex_unlock(&q->lock);
    return LW_OK;
}

int main(int count, char **words) {
    const int threads = count > 1 ? atoi(words[1]) : 2;
    struct queue queue = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    for (int i = 1; i < threads; i++) {
        workers[i] = (struct worker){.queue = &queue, .number = (size_t)i};
        if (pthread_create(&workers[i].thread, NULL, live, &workers[i]) != 0) return 1;
    }
    const int result = compare(run_tasks, &queue, (uint32_t)threads);
    pthread_mutex_lock(&queue.lock);
    queue.end = true;
    pthread_cond_broadcast(&queue.work);
    pthread_mutex_unlock(&queue.lock);
    for (int i = 1; i < threads; i++) pthread_join(workers[i].thread, NULL);
    free(workers);
    return result;
}
