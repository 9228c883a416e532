/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution of one output row:
 *
 *   out[x][c] = clamp(bias[c] + sum over ky, kx ascending of
 *                     rows[ky][x * column_step + kx * tap_step + c] * weights[ky][kx][c])
 *
 * A multiply-add needs two loads, a pixel and a weight, and the machine does as many loads as multiply-adds in a
 * cycle: one output at a time would be bound by loads. So a tile is several neighbouring output columns of four
 * channels. Its columns share each weight, and where the stride is a multiple of the dilation, 1 or 2 times, they share
 * the pixels too: pixel i of a row is tap kx of column (i - kx) / stride.
 *
 *   rows[ky]:  p0 p1 p2 p3 p4 p5        stride 1: column j adds p[j] w0, then p[j + 1] w1, then p[j + 2] w2
 *              [out 0 ]
 *                 [out 1 ]              These four columns: 9 loads for 12 multiply-adds.
 *                    [out 2 ]
 *                       [out 3 ]
 *
 * Channels are the inner loop: pixels, weights and outputs are then walked in memory order. The last vector of
 * channels overlaps the one before it when channels is no multiple of four: the same lanes are computed twice, to
 * the same bits.
 *
 * What made it fast under V8, in GFLOP/s for 3x3 of 112x112x32 and 5x5 of 64x64x24, relaxed:
 *   34 25  four columns           43 15  eight, and an lw_keep after each multiply-add: LLVM leaves the order alone
 *   34 37  eight columns          43 51  and loops over pixels and taps unrolled: accumulators stay in registers
 * The loop over kernel rows needs no unrolling.
 */
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#define MAX_TILE 8
#define MAX_SHARED_TAPS 5 /* with 8 accumulators, one pixel and these weights, 14 of 15 registers are used */

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* What a tile needs to know about the row. */
struct row {
    size_t channels, kernel_height, kernel_width, column_step, tap_step;
    const float *const *rows; /* (kernel_height) pointers */
    const float *weights;     /* (kernel_height, kernel_width, channels) */
    const float *bias;        /* (channels) or NULL */
    struct lw_clamp clamp;
};

static inline __attribute__((always_inline)) v128_t load(const float *p, size_t lanes) {
    return lanes == 4 ? wasm_v128_load(p) : lw_load_lanes(p, lanes);
}

/* *p += step, and really so: LLVM would keep the multiples of step in registers, and there are not enough. */
static inline __attribute__((always_inline)) void advance(const float **p, size_t step) {
    *p += step;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(*p));
#endif
}

/* Adds `taps` taps of one kernel row to a tile whose columns share pixels. Only the newest pixel and the weights are
 * in registers, and every accumulator meets its taps in ascending order. */
static inline __attribute__((always_inline)) void add_shared(size_t tile, size_t taps, size_t stride, size_t lanes,
                                                             const struct row *r, const float *in, const float *weights,
                                                             v128_t *acc) {
    v128_t w[MAX_SHARED_TAPS];
    UNROLL for (size_t kx = 0; kx < taps; kx++) {
        w[kx] = load(weights, lanes);
        advance(&weights, r->channels);
    }
    UNROLL for (size_t i = 0; i < (tile - 1) * stride + taps; i++) {
        v128_t pixel = load(in, lanes);
        advance(&in, r->tap_step);
        UNROLL for (size_t kx = 0; kx < taps; kx++) {
            if (i < kx || (i - kx) % stride || (i - kx) / stride >= tile) continue;
            v128_t *a = &acc[(i - kx) / stride];
            *a = lw_madd(pixel, w[kx], *a);
            lw_keep(a);
        }
    }
}

/* Adds one tap to a tile. */
static inline __attribute__((always_inline)) void add_tap(size_t tile, size_t lanes, const struct row *r,
                                                          const float *in, const float *weights, v128_t *acc) {
    v128_t w = load(weights, lanes);
    UNROLL for (size_t j = 0; j < tile; j++) {
        acc[j] = lw_madd(load(in, lanes), w, acc[j]);
        lw_keep(&acc[j]);
        advance(&in, r->column_step);
    }
}

/* Adds one kernel row to a tile. taps is the kernel's width where that is fixed, else 0; stride 0 shares nothing. */
static inline __attribute__((always_inline)) void add_row(size_t tile, size_t taps, size_t stride, size_t lanes,
                                                          const struct row *r, const float *in, const float *weights,
                                                          v128_t *acc) {
    if (stride && taps) {
        add_shared(tile, taps, stride, lanes, r, in, weights, acc);
        return;
    }
    size_t kx = 0;
    if (stride) {
        for (; kx + 4 <= r->kernel_width; kx += 4)
            add_shared(tile, 4, stride, lanes, r, in + kx * r->tap_step, weights + kx * r->channels, acc);
    }
    for (; kx < r->kernel_width; kx++) add_tap(tile, lanes, r, in + kx * r->tap_step, weights + kx * r->channels, acc);
}

/* Output columns x to x + tile of channels c to c + lanes. tile, taps and stride are constants wherever this is
 * inlined. */
static inline __attribute__((always_inline)) void tile_at(size_t tile, size_t taps, size_t stride, size_t lanes,
                                                          const struct row *r, size_t x, size_t c, float *out) {
    v128_t acc[MAX_TILE];
    v128_t start = r->bias ? load(r->bias + c, lanes) : wasm_f32x4_splat(0.0f);
    UNROLL for (size_t j = 0; j < tile; j++) acc[j] = start;

    const float *weights = r->weights + c;
    for (size_t ky = 0; ky < r->kernel_height; ky++, weights += r->kernel_width * r->channels)
        add_row(tile, taps, stride, lanes, r, r->rows[ky] + x * r->column_step + c, weights, acc);

    v128_t lo = wasm_f32x4_splat(r->clamp.lo), hi = wasm_f32x4_splat(r->clamp.hi);
    out += x * r->channels + c;
    UNROLL for (size_t j = 0; j < tile; j++, out += r->channels) {
        v128_t y = lw_min(lw_max(acc[j], lo), hi);
        if (lanes == 4)
            wasm_v128_store(out, y);
        else
            lw_store_lanes(out, y, lanes);
    }
}

/* Four channels or more of output columns x to x + tile. */
static inline __attribute__((always_inline)) void columns_at(size_t tile, size_t taps, size_t stride,
                                                             const struct row *r, size_t x, float *out) {
    for (size_t c = 0; c < r->channels; c += 4) /* in one place: the code of a tile is long */
        tile_at(tile, taps, stride, 4, r, x, c + 4 <= r->channels ? c : r->channels - 4, out);
}

/* The whole row, in tiles of MAX_TILE columns and one of what is left. */
static inline __attribute__((always_inline)) void run(size_t taps, size_t stride, size_t columns, const struct row *r,
                                                      float *out) {
    size_t x = 0;
    for (; x + MAX_TILE <= columns; x += MAX_TILE) columns_at(MAX_TILE, taps, stride, r, x, out);
    switch (columns - x) {
    case 7: columns_at(7, taps, stride, r, x, out); break;
    case 6: columns_at(6, taps, stride, r, x, out); break;
    case 5: columns_at(5, taps, stride, r, x, out); break;
    case 4: columns_at(4, taps, stride, r, x, out); break;
    case 3: columns_at(3, taps, stride, r, x, out); break;
    case 2: columns_at(2, taps, stride, r, x, out); break;
    case 1: columns_at(1, taps, stride, r, x, out); break;
    }
}

/* Rows of 1 to 3 channels; constant wherever this is inlined. */
static inline __attribute__((always_inline)) void run_narrow(size_t channels, size_t columns, const struct row *r,
                                                             float *out) {
    size_t x = 0;
    for (; x + 4 <= columns; x += 4) tile_at(4, 0, 0, channels, r, x, 0, out);
    for (; x < columns; x++) tile_at(1, 0, 0, channels, r, x, 0, out);
}

/* Any stride and dilation, and any number of channels. */
static void run_unshared(size_t columns, const struct row *r, float *out) {
    switch (r->channels) {
    case 0: return;
    case 1: run_narrow(1, columns, r, out); return;
    case 2: run_narrow(2, columns, r, out); return;
    case 3: run_narrow(3, columns, r, out); return;
    default: run(0, 0, columns, r, out); return;
    }
}

static inline __attribute__((always_inline)) void choose(size_t taps, size_t columns, const struct row *r, float *out) {
    if (r->channels >= 4 && r->column_step == r->tap_step)
        run(taps, 1, columns, r, out);
    else if (r->channels >= 4 && r->column_step == 2 * r->tap_step)
        run(taps, 2, columns, r, out);
    else
        run_unshared(columns, r, out);
}

static void dwconv3x3(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                      size_t tap_step, const float *const *rows, const float *weights, const float *bias,
                      struct lw_clamp clamp, float *out) {
    struct row r = {channels, kernel_height, kernel_width, column_step, tap_step, rows, weights, bias, clamp};
    choose(3, columns, &r, out);
}

static void dwconv5x5(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                      size_t tap_step, const float *const *rows, const float *weights, const float *bias,
                      struct lw_clamp clamp, float *out) {
    struct row r = {channels, kernel_height, kernel_width, column_step, tap_step, rows, weights, bias, clamp};
    choose(5, columns, &r, out);
}

static void dwconv(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                   size_t tap_step, const float *const *rows, const float *weights, const float *bias,
                   struct lw_clamp clamp, float *out) {
    struct row r = {channels, kernel_height, kernel_width, column_step, tap_step, rows, weights, bias, clamp};
    choose(0, columns, &r, out);
}

void lw_simd128_dwconv_install(struct lw_kernels *kernels) {
    kernels->dwconv3x3_f32 = dwconv3x3;
    kernels->dwconv5x5_f32 = dwconv5x5;
    kernels->dwconv_f32 = dwconv;
}
