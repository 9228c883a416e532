/* SPDX-License-Identifier: MIT */
/* Some work for threads, the same in all programs of this folder. */
#ifndef WORK_H
#define WORK_H

#include <lanewise/lanewise.h>

/* Ends the program when a call has failed. */
void check(enum lw_status status);

/* Computes a layer in a context of its own, on `threads` threads that `parallel_for` and `pool` bring, and on one;
 * prints how long each took. Returns main's result: 0 when the two outputs have the same bits. */
int compare(lw_parallel_for_fn *parallel_for, void *pool, uint32_t threads);

#endif
