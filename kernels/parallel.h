/* SPDX-License-Identifier: MIT */
/* How operators spread their work over threads. Not installed. */
#ifndef LW_PARALLEL_H
#define LW_PARALLEL_H

#include "kernels/kernels.h"
#include "lanewise/lanewise.h"

/* The units [begin, end) of an operator's work; `worker`, below context->threads, tells apart parts that run at the same
 * time: each has a share of the scratch memory of its own. */
typedef void lw_part_fn(void *state, size_t begin, size_t end, size_t worker);

/*
 * Has `part` do `units` units of work, in parts that are cut by the amount of work and the number of threads.
 *
 * unit_cost: about how many nanoseconds one unit takes on one core with simd128 (gemm makes some 50 multiply-adds in one,
 * copying moves some 40 bytes). Little work stays on the calling thread, in one part.
 * Parts must not depend on one another, nor may a result on where they are cut.
 */
enum lw_status lw_parallel(const struct lw_context *context, size_t units, size_t unit_cost, lw_part_fn *part,
                           void *state);

/* The same for `count` elements of arrays: part gets elements, from a multiple of LW_BLOCK on, so that two parts don't
 * write to one cache line. block_cost is that of LW_BLOCK elements. */
enum { LW_BLOCK = 64 };
enum lw_status lw_parallel_elements(const struct lw_context *context, size_t count, size_t block_cost, lw_part_fn *part,
                                    void *state);

/* Scratch memory for a share of *share bytes for each worker; several shares are rounded up to whole cache lines. Worker
 * w's begins at w * *share. False when *bytes, that of all, does not fit. */
static inline bool lw_share_scratch(const struct lw_context *context, size_t *share, size_t *bytes) {
    if (context->threads > 1) {
        if (*share > SIZE_MAX - 63) return false;
        *share = (*share + 63) / 64 * 64;
        if (*share > SIZE_MAX / context->threads) return false;
    }
    *bytes = *share * context->threads;
    return true;
}

#endif
