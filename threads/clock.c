/* SPDX-License-Identifier: MIT */
/* The pool's clock. The web modules have one of their own (dispatch/module_threads.c). */
#include "threads/pool_internal.h"

uint64_t lw_pool_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
