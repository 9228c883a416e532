/* SPDX-License-Identifier: MIT */
/* A matrix product of made numbers, as one number: a hash of its bits. For programs that are linked with the scalar kernels
 * and tell by it which others they got. */
#ifndef LW_TESTS_MODULES_PRODUCT_H
#define LW_TESTS_MODULES_PRODUCT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanewise/lanewise.h"

/* Memory that malloc gives out next, but not as zeros: a module's data must be cleared before it is used. */
static inline void dirty_heap(void) {
    enum { BYTES = 1 << 20 };
    volatile uint8_t *memory = malloc(BYTES);
    for (int i = 0; memory && i < BYTES; i++) memory[i] = 0xa5;
    free((void *)memory);
}

static inline uint32_t product(const struct lw_context *context) {
    enum { M = 67, N = 61, K = 129 };
    const struct lw_matmul d = {.struct_bytes = sizeof d, .batch = 1, .m = M, .n = N, .k = K};
    float *a = malloc(M * K * sizeof *a), *b = malloc(K * N * sizeof *b), *c = malloc(M * N * sizeof *c);
    uint32_t state = 1;
    for (int i = 0; i < M * K; i++) a[i] = (float)((state = state * 1664525 + 1013904223) >> 8) * 0x1p-23f - 1;
    for (int i = 0; i < K * N; i++) b[i] = (float)((state = state * 1664525 + 1013904223) >> 8) * 0x1p-23f - 1;
    struct lw_sizes sizes;
    if (lw_matmul_sizes(context, &d, &sizes) != LW_OK) exit(1);
    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes);
    if (lw_matmul_pack(context, &d, b, packed) != LW_OK ||
        lw_matmul_run(context, &d, a, packed, NULL, scratch, c) != LW_OK)
        exit(1);
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < M * N * sizeof *c; i++) hash = (hash ^ ((const uint8_t *)c)[i]) * 16777619;
    free(scratch);
    free(packed);
    free(c);
    free(b);
    free(a);
    return hash;
}

#endif
