/* SPDX-License-Identifier: MIT */
/* The web module for several threads: the library, the pool, and what they need from and for JavaScript. */
#include "lanewise/pool.h"
#include "threads/pool_internal.h"

/* The pool's parallel_for as a number, which JavaScript puts into the context's options. */
LW_API uintptr_t lw_module_parallel_for(void) {
    return (uintptr_t)lw_pool_run;
}

/* performance.now(): milliseconds. By way of clock_gettime the time would be a BigInt, which costs a microsecond. */
__attribute__((import_module("env"), import_name("now"))) double lw_module_now(void);

uint64_t lw_pool_now(void) {
    return (uint64_t)(lw_module_now() * 1e6);
}
