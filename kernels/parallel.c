/* SPDX-License-Identifier: MIT */
/* Cuts an operator's work into tasks: none shorter than the context says, and few for each thread, since each has something
 * to prepare. */
#include "kernels/parallel.h"

enum { TASKS_PER_THREAD = 8 }; /* at least, less than twice as many */

struct job {
    lw_part_fn *part;
    void *state;
    size_t units, step;
};

static void run_part(void *state, size_t index, size_t worker) {
    const struct job *job = state;
    const size_t begin = index * job->step, left = job->units - begin;
    job->part(job->state, begin, begin + (left < job->step ? left : job->step), worker);
}

enum lw_status lw_parallel(const struct lw_context *context, size_t units, size_t unit_cost, lw_part_fn *part,
                           void *state) {
    if (units == 0) return LW_OK;
    if (unit_cost == 0) unit_cost = 1;
    if (context->threads == 1 || units == 1 || units < context->alone / unit_cost) {
        part(state, 0, units, 0);
        return LW_OK;
    }
    const size_t least = units / TASKS_PER_THREAD / context->threads, wanted = context->part / unit_cost + 1;
    struct job job = {part, state, units, wanted > least ? wanted : least};
    const size_t cost = units > SIZE_MAX / unit_cost ? SIZE_MAX : units * unit_cost;
    return context->parallel_for(context->pool, (units - 1) / job.step + 1, cost, run_part, &job);
}

struct elements {
    lw_part_fn *part;
    void *state;
    size_t count;
};

static void run_elements(void *state, size_t begin, size_t end, size_t worker) {
    const struct elements *e = state;
    e->part(e->state, begin * LW_BLOCK, end > e->count / LW_BLOCK ? e->count : end * LW_BLOCK, worker);
}

enum lw_status lw_parallel_elements(const struct lw_context *context, size_t count, size_t block_cost, lw_part_fn *part,
                                    void *state) {
    struct elements elements = {part, state, count};
    return lw_parallel(context, count / LW_BLOCK + (count % LW_BLOCK != 0), block_cost, run_elements, &elements);
}
