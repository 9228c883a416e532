/* SPDX-License-Identifier: MIT */
/* For builds without a C library (-Ifreestanding): what Lanewise uses of string.h. With -mbulk-memory both become
 * instructions; without, the program has to define them. */
#ifndef LW_FREESTANDING_STRING_H
#define LW_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

#endif
