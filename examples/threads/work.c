/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200112L /* clock_gettime */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZE = 56, CHANNELS = 64, OUTPUTS = SIZE * SIZE * CHANNELS, FILTER = 3 * 3 * CHANNELS * CHANNELS, RUNS = 100 };

void check(enum lw_status status) {
    if (status == LW_OK) return;
    fprintf(stderr, "lanewise: %s\n", lw_status_string(status));
    exit(1);
}

static double milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A 3x3 convolution, several times; returns the shortest time. */
static double convolve(const struct lw_context_options *options, const float *input, const float *filter,
                       float *output) {
    struct lw_context *context;
    check(lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), options, &context));
    const struct lw_conv2d conv = {
        .struct_bytes = sizeof conv,
        .batch = 1,
        .input_height = SIZE,
        .input_width = SIZE,
        .input_channels = CHANNELS,
        .output_channels = CHANNELS,
        .groups = 1,
        .window = {.kernel_height = 3,
                   .kernel_width = 3,
                   .stride_height = 1,
                   .stride_width = 1,
                   .dilation_height = 1,
                   .dilation_width = 1,
                   .padding = LW_PADDING_SAME},
    };
    struct lw_sizes sizes; /* of the context's own threads: more need more scratch memory */
    check(lw_conv2d_sizes(context, &conv, &sizes));
    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes);
    check(lw_conv2d_pack(context, &conv, filter, packed));
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        const double start = milliseconds();
        check(lw_conv2d_run(context, &conv, input, packed, NULL, scratch, output));
        const double time = milliseconds() - start;
        if (time < best) best = time;
    }
    free(scratch);
    free(packed);
    free(context);
    return best;
}

int compare(lw_parallel_for_fn *parallel_for, void *pool, uint32_t threads) {
    static float input[OUTPUTS], filter[FILTER], one[OUTPUTS], many[OUTPUTS];
    for (int i = 0; i < OUTPUTS; i++) input[i] = (float)(i * 37 % 101) / 50 - 1;
    for (int i = 0; i < FILTER; i++) filter[i] = (float)(i * 53 % 89) / 500 - 0.09f;

    const struct lw_context_options alone = {.struct_bytes = sizeof alone};
    const struct lw_context_options together = {
        .struct_bytes = sizeof together, .parallel_for = parallel_for, .pool = pool, .threads = threads};
    printf("1 thread: %.2f ms\n", convolve(&alone, input, filter, one));
    printf("%u threads: %.2f ms\n", (unsigned)threads, convolve(&together, input, filter, many));
    const int same = memcmp(one, many, sizeof one) == 0;
    printf("%s bits\n", same ? "the same" : "other");
    return same ? 0 : 1;
}
