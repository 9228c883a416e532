/* SPDX-License-Identifier: MIT */
/*
 * Pooling: each output pixel is the maximum or the mean of the pixels its taps point to, channel by channel.
 *
 *   maxpool: out[p][c] = max over the taps of p in order, from -infinity: acc < x ? x : acc (a NaN is skipped)
 *   avgpool: out[p][c] = (sum over the taps of p in order, from +0) / (float)counts[p]
 *
 * The taps are the inner loop, so the accumulators of one block of channels stay in registers. A block is four
 * vectors: one tap pointer is then loaded for 16 channels, and four independent chains hide the latency of the
 * additions, whose order may not change (global average pooling is a single chain of 49 per channel). What is left
 * of the channels goes in single vectors, and the last of these overlaps the one before.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

/* `vectors` vectors of `lanes` channels from channel c on, all taps of one pixel. vectors and average are constants
 * wherever this is inlined. */
static inline __attribute__((always_inline)) void block(size_t vectors, size_t lanes, bool average, uint32_t count,
                                                        const float *const *taps, size_t c, float *out) {
    v128_t acc[4];
    for (size_t v = 0; v < vectors; v++) acc[v] = wasm_f32x4_splat(average ? 0.0f : -INFINITY);
    for (uint32_t t = 0; t < count; t++) {
        const float *in = taps[t] + c;
        for (size_t v = 0; v < vectors; v++) {
            v128_t x = lanes == 4 ? wasm_v128_load(in + 4 * v) : lw_load_lanes(in, lanes);
            acc[v] = average ? wasm_f32x4_add(acc[v], x) : lw_max(acc[v], x);
        }
    }
    v128_t divisor = wasm_f32x4_splat((float)count);
    for (size_t v = 0; v < vectors; v++) {
        v128_t y = average ? wasm_f32x4_div(acc[v], divisor) : acc[v];
        if (lanes == 4)
            wasm_v128_store(out + c + 4 * v, y);
        else
            lw_store_lanes(out + c, y, lanes);
    }
}

static inline __attribute__((always_inline)) void pool(bool average, size_t pixels, size_t channels,
                                                       const uint32_t *counts,   /* (pixels) */
                                                       const float *const *taps, /* pixel 0's, pixel 1's, ... */
                                                       float *out)               /* (pixels, channels) */
{
    if (channels == 0) return;
    for (size_t p = 0; p < pixels; p++, out += channels) {
        uint32_t count = counts[p];
        if (channels < 4) {
            block(1, channels, average, count, taps, 0, out);
        } else {
            size_t c = 0;
            for (; c + 16 <= channels; c += 16) block(4, 4, average, count, taps, c, out);
            for (; c + 4 <= channels; c += 4) block(1, 4, average, count, taps, c, out);
            if (c < channels) block(1, 4, average, count, taps, channels - 4, out);
        }
        taps += count;
    }
}

static void maxpool(size_t pixels, size_t channels, const uint32_t *counts, const float *const *taps, float *out) {
    pool(false, pixels, channels, counts, taps, out);
}

static void avgpool(size_t pixels, size_t channels, const uint32_t *counts, const float *const *taps, float *out) {
    pool(true, pixels, channels, counts, taps, out);
}

void lw_simd128_pool_install(struct lw_kernels *kernels) {
    kernels->maxpool_f32 = maxpool;
    kernels->avgpool_f32 = avgpool;
}
