/* SPDX-License-Identifier: MIT */
/*
 * lanewise-ulp TIER FUNCTION [STEP]: the largest error of a function of one element over all 2^32 floats, or every
 * STEP-th of them, against double precision. Prints one line of the table of scripts/ulp; the status is 1 where the
 * bound is exceeded.
 * lanewise-ulp TIER: the names of the functions that round. In relaxed, of those that fuse; the others are simd128's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/functions.h"

enum { BLOCK = 65536 };

int main(int argc, char **argv) {
    const struct lw_function *f = NULL;
    for (size_t i = 0; argc >= 3 && i < LW_FUNCTIONS; i++)
        if (strcmp(argv[2], lw_functions[i].name) == 0) f = &lw_functions[i];
    struct lw_context *context = NULL;
    struct lw_context_options options = {.struct_bytes = sizeof options, .tier = argv[1]};
    for (size_t i = 0; argc == 2 && i < LW_FUNCTIONS; i++)
        if (lw_functions[i].ulps > 0 && (lw_functions[i].fused || strcmp(argv[1], "relaxed") != 0))
            puts(lw_functions[i].name);
    if (argc == 2) return 0;
    const uint32_t step = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
    if (!f || step == 0 ||
        lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), &options, &context) != LW_OK) {
        fprintf(stderr, "usage: lanewise-ulp TIER [FUNCTION [STEP]]\n");
        return 2;
    }

    static float x[BLOCK], got[BLOCK];
    double worst = 0;
    float at = 0, value = 0;
    uint32_t beyond = 0, mismatches = 0;
    for (uint64_t next = 0; next >> 32 == 0;) {
        for (uint32_t i = 0; i < BLOCK; i++, next += step) {
            const uint32_t bits = (uint32_t)next; /* at the end some come twice */
            memcpy(&x[i], &bits, sizeof bits);
        }
        context->kernels.unary_f32[f->slot](BLOCK, 0.0f, x, got);
        for (uint32_t i = 0; i < BLOCK; i++) {
            const double want = f->exact((double)x[i]), ulps = lw_ulps(f, x[i], got[i], want);
            beyond += ulps > f->ulps;
            mismatches += isinf(ulps);
            if (ulps > worst) worst = ulps, at = x[i], value = got[i];
        }
    }
    printf("%-8s %-11s %8.4f %6.2f  f(%a) = %a, %.9g%*s %u\n", argv[1], f->name, worst, f->ulps, (double)at,
           (double)value, f->exact((double)at), 1, "", mismatches);
    return beyond > 0 || mismatches > 0;
}
