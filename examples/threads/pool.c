/* SPDX-License-Identifier: MIT */
/* Lanewise's own pool. */
#include <lanewise/pool.h>
#include <stdio.h>
#include <stdlib.h>

#include "work.h"

int main(int count, char **words) {
    const uint32_t threads = count > 1 ? (uint32_t)atoi(words[1]) : 2;
    struct lw_pool *pool;
    void *memory = malloc(lw_pool_bytes(threads));
    check(lw_pool_create(memory, lw_pool_bytes(threads),
                         &(struct lw_pool_options){.struct_bytes = sizeof(struct lw_pool_options), .threads = threads},
                         &pool));
    if (lw_pool_start(pool) == LW_NO_THREADS) fprintf(stderr, "not all threads could be started\n");
    const int result = compare(lw_pool_run, pool, threads);
    printf("%u threads in the pool\n", (unsigned)lw_pool_threads(pool));
    lw_pool_stop(pool);
    free(memory);
    return result;
}
