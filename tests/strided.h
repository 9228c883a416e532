/* SPDX-License-Identifier: MIT */
/* Pixels that are parts of wider ones: the same result as of dense ones, and nothing between them is read or written. */
#ifndef LW_TESTS_STRIDED_H
#define LW_TESTS_STRIDED_H

#include <string.h>

#include "tests/harness.h"

/* A random pixel stride: 0, the channels, some more, or several times as many. */
static inline uint32_t lw_test_stride(struct lw_test *t, size_t channels) {
    const size_t kind = lw_test_range(t, 0, 4);
    if (kind == 0) return 0;
    return (uint32_t)((kind == 1 ? lw_test_range(t, 1, 8) : 1) * channels + lw_test_range(t, 0, 5));
}

/* The same pixels stride elements apart (0: dense), with poison between them and no byte behind the last. */
static inline float *lw_test_spread(struct lw_test *t, const float *dense, size_t pixels, size_t channels,
                                    size_t stride) {
    const size_t step = stride ? stride : channels;
    float *x = lw_test_floats(t, pixels && channels ? (pixels - 1) * step + channels : 0, LW_FILL_POISON);
    for (size_t p = 0; p < pixels && channels; p++) memcpy(x + p * step, dense + p * channels, channels * sizeof *x);
    lw_test_seal(t, x);
    return x;
}

/* Compares the pixels of a strided output with dense ones, and what is between them with the poison it had. */
static inline void lw_test_same_spread(struct lw_test *t, const char *label, const float *dense, float *got,
                                       size_t pixels, size_t channels, size_t stride, size_t elements) {
    const size_t step = stride ? stride : channels, want = pixels && channels ? (pixels - 1) * step + channels : 0;
    lw_test_true(elements == want, "%s: %zu elements, want %zu", label, elements, want);
    float *compact = lw_test_floats(t, pixels * channels, LW_FILL_POISON);
    float *poison = lw_test_floats(t, elements, LW_FILL_POISON);
    for (size_t p = 0; p < pixels && channels; p++) {
        memcpy(compact + p * channels, got + p * step, channels * sizeof *got);
        memcpy(got + p * step, poison, channels * sizeof *got);
    }
    lw_test_same(label, dense, compact, pixels * channels);
    lw_test_same_bytes("between the pixels", poison, got, elements * sizeof *got);
}

#endif
