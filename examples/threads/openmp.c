/* SPDX-License-Identifier: MIT */
/* OpenMP's threads: most other pools have a parallel loop as well, and take as few lines. */
#include <omp.h>
#include <stdlib.h>

#include "work.h"

/* Each task once, on any thread and in any order; two that run at the same time have different worker numbers, below the
 * context's threads. */
static enum lw_status run_tasks(void *pool, size_t count, size_t cost, lw_task_fn *task, void *state) {
    const int *threads = pool;
    (void)cost;
#pragma omp parallel for schedule(dynamic) num_threads(*threads)
    for (size_t i = 0; i < count; i++) task(state, i, (size_t)omp_get_thread_num());
    return LW_OK;
}

int main(int count, char **words) {
    int threads = count > 1 ? atoi(words[1]) : 2;
    return compare(run_tasks, &threads, (uint32_t)threads);
}
