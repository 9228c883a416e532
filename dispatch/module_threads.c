/* SPDX-License-Identifier: MIT */
/* The web module for several threads: the library, the pool, and the pool's parallel_for as a number, which JavaScript
 * puts into the context's options. */
#include "lanewise/pool.h"

LW_API uintptr_t lw_module_parallel_for(void) {
    return (uintptr_t)lw_pool_run;
}
