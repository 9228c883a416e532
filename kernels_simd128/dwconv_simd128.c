/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution of one output row:
 *
 *   out[x][c] = clamp(bias[c] + sum over ky, kx ascending of
 *                     rows[ky][x * column_step + kx * tap_step + c] * weights[ky][kx][c])
 *
 * A multiply-add needs two loads, a pixel and a weight, and the machine does as many loads as multiply-adds in a
 * cycle: one output at a time would be bound by loads. So a tile is several neighbouring output columns of four
 * channels. Its columns share each weight, and where the columns of a tap are the next tap's columns moved by one
 * (stride 1, dilation 1) they share the pixels too: T columns of a 3-wide kernel load T + 2 pixels of a row instead
 * of 3 T, and 3 weights instead of 3 T.
 *
 *   rows[ky]:  p0 p1 p2 p3 p4 p5        column j adds p[j] w0, then p[j + 1] w1, then p[j + 2] w2
 *              [out 0 ]
 *                 [out 1 ]              A tile of four columns: 9 loads for 12 multiply-adds.
 *                    [out 2 ]
 *                       [out 3 ]
 *
 * Channels are the inner loop: pixels, weights and outputs are then walked in memory order. The last vector of
 * channels overlaps the one before it when channels is no multiple of four: the same lanes are computed twice, to
 * the same bits.
 */
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#define TILE_COLUMNS 4

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

/* One row of a kernel whose taps share pixels: pixel i is tap kx of column i - kx. Only the newest pixel and the
 * weights are in registers, and every accumulator meets its taps in ascending order. */
static inline __attribute__((always_inline)) void add_row_shared(size_t tile, size_t kernel_width, size_t lanes,
                                                                 size_t step, const float *in, const float *weights,
                                                                 size_t channels, v128_t *acc) {
    v128_t w[5];
    for (size_t kx = 0; kx < kernel_width; kx++) w[kx] = load(weights + kx * channels, lanes);
    for (size_t i = 0; i < tile + kernel_width - 1; i++) {
        v128_t pixel = load(in + i * step, lanes);
        for (size_t kx = 0; kx < kernel_width; kx++) {
            if (i >= kx && i - kx < tile) acc[i - kx] = lw_madd(pixel, w[kx], acc[i - kx]);
        }
    }
    for (size_t j = 0; j < tile; j++) lw_keep(&acc[j]);
}

/* One row of any kernel: a tap at a time. */
static inline __attribute__((always_inline)) void add_row(size_t tile, size_t kernel_width, size_t lanes,
                                                          size_t column_step, size_t tap_step, const float *in,
                                                          const float *weights, size_t channels, v128_t *acc) {
    for (size_t kx = 0; kx < kernel_width; kx++) {
        v128_t w = load(weights + kx * channels, lanes);
        const float *pixel = in + kx * tap_step;
        for (size_t j = 0; j < tile; j++, pixel += column_step) acc[j] = lw_madd(load(pixel, lanes), w, acc[j]);
        for (size_t j = 0; j < tile; j++) lw_keep(&acc[j]);
    }
}

/* Output columns x to x + tile of channels c to c + lanes. tile and shared are constants wherever this is inlined,
 * and so are kernel_height and kernel_width where the kernel's size is fixed. */
static inline __attribute__((always_inline)) void tile_at(size_t tile, size_t kernel_height, size_t kernel_width,
                                                          bool shared, size_t lanes, const struct row *r, size_t x,
                                                          size_t c, float *out) {
    v128_t acc[TILE_COLUMNS];
    v128_t start = r->bias ? load(r->bias + c, lanes) : wasm_f32x4_splat(0.0f);
    for (size_t j = 0; j < tile; j++) acc[j] = start;

    const float *weights = r->weights + c;
    for (size_t ky = 0; ky < kernel_height; ky++, weights += kernel_width * r->channels) {
        const float *in = r->rows[ky] + x * r->column_step + c;
        if (shared) add_row_shared(tile, kernel_width, lanes, r->column_step, in, weights, r->channels, acc);
        else add_row(tile, kernel_width, lanes, r->column_step, r->tap_step, in, weights, r->channels, acc);
    }

    v128_t lo = wasm_f32x4_splat(r->clamp.lo), hi = wasm_f32x4_splat(r->clamp.hi);
    out += x * r->channels + c;
    for (size_t j = 0; j < tile; j++, out += r->channels) {
        v128_t y = lw_min(lw_max(acc[j], lo), hi);
        if (lanes == 4) wasm_v128_store(out, y);
        else lw_store_lanes(out, y, lanes);
    }
}

/* All channels of output columns x to x + tile. */
static inline __attribute__((always_inline)) void columns_at(size_t tile, size_t kernel_height, size_t kernel_width,
                                                             bool shared, const struct row *r, size_t x, float *out) {
    if (r->channels < 4) {
        tile_at(tile, kernel_height, kernel_width, shared, r->channels, r, x, 0, out);
        return;
    }
    for (size_t c = 0; c + 4 <= r->channels; c += 4)
        tile_at(tile, kernel_height, kernel_width, shared, 4, r, x, c, out);
    if (r->channels % 4) tile_at(tile, kernel_height, kernel_width, shared, 4, r, x, r->channels - 4, out);
}

static inline __attribute__((always_inline)) void run(size_t kernel_height, size_t kernel_width, bool shared,
                                                      size_t columns, const struct row *r, float *out) {
    if (r->channels == 0) return;
    size_t x = 0;
    for (; x + TILE_COLUMNS <= columns; x += TILE_COLUMNS)
        columns_at(TILE_COLUMNS, kernel_height, kernel_width, shared, r, x, out);
    switch (columns - x) {
    case 3: columns_at(3, kernel_height, kernel_width, shared, r, x, out); break;
    case 2: columns_at(2, kernel_height, kernel_width, shared, r, x, out); break;
    case 1: columns_at(1, kernel_height, kernel_width, shared, r, x, out); break;
    }
}

static void dwconv3x3(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                      size_t tap_step, const float *const *rows, const float *weights, const float *bias,
                      struct lw_clamp clamp, float *out) {
    struct row r = {channels, kernel_height, kernel_width, column_step, tap_step, rows, weights, bias, clamp};
    if (column_step == tap_step) run(3, 3, true, columns, &r, out);
    else run(3, 3, false, columns, &r, out);
}

static void dwconv5x5(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                      size_t tap_step, const float *const *rows, const float *weights, const float *bias,
                      struct lw_clamp clamp, float *out) {
    struct row r = {channels, kernel_height, kernel_width, column_step, tap_step, rows, weights, bias, clamp};
    if (column_step == tap_step) run(5, 5, true, columns, &r, out);
    else run(5, 5, false, columns, &r, out);
}

static void dwconv(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                   size_t tap_step, const float *const *rows, const float *weights, const float *bias,
                   struct lw_clamp clamp, float *out) {
    struct row r = {channels, kernel_height, kernel_width, column_step, tap_step, rows, weights, bias, clamp};
    run(kernel_height, kernel_width, false, columns, &r, out);
}

void lw_simd128_dwconv_install(struct lw_kernels *kernels) {
    kernels->dwconv3x3_f32 = dwconv3x3;
    kernels->dwconv5x5_f32 = dwconv5x5;
    kernels->dwconv_f32 = dwconv;
}
