/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution of columns of one output row:
 *
 *   out[x * out_step + c] = clamp(bias[c] + sum over ky, kx ascending of
 *                                 rows[ky][begin + x * column_step + kx * tap_step + c] * weights(ky, kx, c))
 *
 * A multiply-add needs two loads, a pixel and a weight, and the machine does as many loads as multiply-adds in a
 * cycle: one output at a time would be bound by loads. So a tile is several neighbouring output columns of four or
 * eight channels. Its columns share each weight, and where the stride is a multiple of the dilation, 1 or 2 times, they
 * share the pixels too: pixel i of a row is tap kx of column (i - kx) / stride.
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
 * Eight columns of four channels load least: 13 times for 24 multiply-adds. But where the distance of two columns is
 * a multiple of 1024 bytes, what a tile touches falls into a few sets of the first-level cache: there four columns of
 * eight channels are faster, 18 loads that touch half the lines.
 *
 * docs/performance/depthwise.md has the figures.
 */
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#define MAX_ACCUMULATORS 8 /* of a tile */
#define MAX_SHARED_TAPS 5  /* with 8 accumulators, one pixel and these weights, 14 of 15 registers are used */
#define LINE 16            /* floats of a cache line */

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
#define TEMPLATE static inline __attribute__((always_inline))

/* The arguments of a call. */
struct call {
    struct lw_dwconv_f32 d;
    const float *const *rows; /* (kernel_height) pointers */
    const float *weights;     /* (ceil(channels / 4), filter_height, filter_width, 4) */
    const float *bias;        /* (channels) or NULL */
};

/* A tile is columns x vectors of channels, of `lanes` lanes. taps is the kernel's width where that is fixed, else 0;
 * stride 0 shares nothing. Constant wherever it is used. */
struct tile {
    size_t columns, vectors, lanes, taps, stride;
};

/* *p += step, and really so: LLVM would keep the multiples of step in registers, and there are not enough. */
TEMPLATE void advance(const float **p, size_t step) {
    *p += step;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(*p));
#endif
}

/* Adds `taps` taps of one kernel row to a tile whose columns share pixels. Only the newest pixel and the weights are
 * in registers, and every accumulator meets its taps in ascending order. block is the distance of two blocks of
 * weights. */
TEMPLATE void add_shared(struct tile t, size_t taps, const struct call *k, const float *in, const float *weights,
                         size_t block, v128_t *acc) {
    v128_t w[2 * MAX_SHARED_TAPS];
    UNROLL for (size_t i = 0; i < t.vectors * taps; i++) {
        w[i] = wasm_v128_load(weights + i / taps * block + i % taps * 4);
        lw_keep(&w[i]);
    }
    UNROLL for (size_t i = 0; i < (t.columns - 1) * t.stride + taps; i++) {
        UNROLL for (size_t v = 0; v < t.vectors; v++) {
            v128_t pixel = lw_load_some(in + 4 * v, t.lanes);
            UNROLL for (size_t kx = 0; kx < taps; kx++) {
                if (i < kx || (i - kx) % t.stride || (i - kx) / t.stride >= t.columns) continue;
                v128_t *a = &acc[(i - kx) / t.stride * t.vectors + v];
                *a = lw_madd(pixel, w[v * taps + kx], *a);
                lw_keep(a);
            }
        }
        advance(&in, k->d.tap_step);
    }
}

/* Adds one tap to a tile of one vector. */
TEMPLATE void add_tap(struct tile t, const struct call *k, const float *in, const float *weights, v128_t *acc) {
    v128_t w = wasm_v128_load(weights);
    UNROLL for (size_t j = 0; j < t.columns; j++) {
        acc[j] = lw_madd(lw_load_some(in, t.lanes), w, acc[j]);
        lw_keep(&acc[j]);
        advance(&in, k->d.column_step);
    }
}

/* Adds one kernel row to a tile. */
TEMPLATE void add_row(struct tile t, const struct call *k, const float *in, const float *weights, size_t block,
                      v128_t *acc) {
    if (t.taps) {
        add_shared(t, t.taps, k, in, weights, block, acc);
        return;
    }
    size_t kx = 0, step = k->d.tap_step;
    if (t.stride) {
        for (; kx + 4 <= k->d.kernel_width; kx += 4, weights += 16)
            add_shared(t, 4, k, in + kx * step, weights, block, acc);
        if (kx + 2 <= k->d.kernel_width) {
            add_shared(t, 2, k, in + kx * step, weights, block, acc);
            kx += 2;
            weights += 8;
        }
    }
    for (; kx < k->d.kernel_width; kx++, weights += 4) add_tap(t, k, in + kx * step, weights, acc);
}

/* Output columns x to x + t.columns of the channels from c on, whose weights begin at `weights`. */
TEMPLATE void tile_at(struct tile t, const struct call *k, size_t x, size_t c, const float *weights, size_t weights_row,
                      size_t block, float *out) {
    v128_t acc[MAX_ACCUMULATORS];
    UNROLL for (size_t v = 0; v < t.vectors; v++) {
        v128_t start = k->bias ? lw_load_some(k->bias + c + 4 * v, t.lanes) : wasm_f32x4_splat(0.0f);
        UNROLL for (size_t j = 0; j < t.columns; j++) acc[j * t.vectors + v] = start;
    }

    size_t begin = k->d.begin + x * k->d.column_step + c;
    for (size_t ky = 0; ky < k->d.kernel_height; ky++, weights += weights_row)
        add_row(t, k, k->rows[ky] + begin, weights, block, acc);

    v128_t lo = wasm_f32x4_splat(k->d.clamp.lo), hi = wasm_f32x4_splat(k->d.clamp.hi);
    out += x * k->d.out_step + c;
    UNROLL for (size_t j = 0; j < t.columns; j++, out += k->d.out_step) {
        UNROLL for (size_t v = 0; v < t.vectors; v++) {
            v128_t y = lw_min(lw_max(acc[j * t.vectors + v], lo), hi);
            lw_store_some(out + 4 * v, y, t.lanes);
        }
    }
}

/* Four channels or more of output columns x to x + t.columns. With two vectors, channels is a multiple of eight. */
TEMPLATE void columns_at(struct tile t, const struct call *k, size_t x, float *out) {
    bool fixed = t.taps && t.columns > 1; /* then the filter is square */
    size_t weights_row = (fixed ? t.taps : k->d.filter_width) * 4;
    size_t block = weights_row * (fixed ? t.taps : k->d.filter_height);
    /* An image comes from the outer caches or from memory, and the machine does not foresee the way of these tiles: each
     * step reads one word of every line that the same step of the next tile will be the first to need. */
    size_t ahead = 0; /* channels for which that is allowed */
    const float *next[2] = {0};
    if (t.taps && t.columns > 1 && k->d.kernel_height >= 2) {
        size_t at = k->d.begin + (x + t.columns) * k->d.column_step + (t.taps - t.stride) * k->d.tap_step;
        if (at + t.columns * t.stride * k->d.channels <= k->d.readable) {
            ahead = k->d.channels / 4 * 4;
            UNROLL for (size_t i = 0; i < t.stride; i++) next[i] = k->rows[k->d.kernel_height - 1 - i] + at;
        }
    }
    const float *weights = k->weights;
    for (size_t c = 0; c < k->d.channels; c += 4 * t.vectors, weights += t.vectors * block) {
        if (c < ahead) {
            size_t floats = t.columns * t.stride * 4 * t.vectors;
            UNROLL for (size_t i = 0; i < t.stride; i++) {
                UNROLL for (size_t f = 0; f < floats; f += LINE) {
                    (void)*(const volatile float *)(next[i] + f);
                }
                next[i] += floats;
            }
        }
        /* One call for all channels: the code of a tile is long. */
        tile_at(t, k, x, c + 4 <= k->d.channels ? c : k->d.channels - 4, weights, weights_row, block, out);
    }
}

/* One column: there is nothing to share. */
static void run_single(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias,
                       float *out) {
    struct call k = {*d, rows, weights, bias};
    switch (d->kernel_width) {
    case 2: columns_at((struct tile){1, 1, 4, 2, 1}, &k, 0, out); return;
    case 3: columns_at((struct tile){1, 1, 4, 3, 1}, &k, 0, out); return;
    case 4: columns_at((struct tile){1, 1, 4, 4, 1}, &k, 0, out); return;
    case 5: columns_at((struct tile){1, 1, 4, 5, 1}, &k, 0, out); return;
    default: columns_at((struct tile){1, 1, 4, 0, 1}, &k, 0, out); return;
    }
}

/* All columns, in as few tiles as there can be, that differ by one column at most. */
TEMPLATE void run(size_t vectors, size_t taps, size_t stride, const struct lw_dwconv_f32 *d, const float *const *rows,
                  const float *weights, const float *bias, float *out) {
    if (d->columns <= 1) {
        if (d->columns) run_single(d, rows, weights, bias, out);
        return;
    }
    struct call k = {*d, rows, weights, bias}; /* does not escape: its members are local variables */
    size_t most = MAX_ACCUMULATORS / vectors, tiles = (d->columns + most - 1) / most;
    size_t wider = d->columns % tiles; /* so many tiles have one column more */
    for (size_t i = 0, x = 0, n = d->columns / tiles + (wider > 0); x < k.d.columns; x += n, i++) {
        if (wider && i == wider) n--;
        switch (n) {
        case 8:
            if (vectors == 1) columns_at((struct tile){8, vectors, 4, taps, stride}, &k, x, out);
            break;
        case 7:
            if (vectors == 1) columns_at((struct tile){7, vectors, 4, taps, stride}, &k, x, out);
            break;
        case 6:
            if (vectors == 1) columns_at((struct tile){6, vectors, 4, taps, stride}, &k, x, out);
            break;
        case 5:
            if (vectors == 1) columns_at((struct tile){5, vectors, 4, taps, stride}, &k, x, out);
            break;
        case 4: columns_at((struct tile){4, vectors, 4, taps, stride}, &k, x, out); break;
        case 3: columns_at((struct tile){3, vectors, 4, taps, stride}, &k, x, out); break;
        case 2: columns_at((struct tile){2, vectors, 4, taps, stride}, &k, x, out); break;
        }
    }
}

/* Rows of 1 to 3 channels; constant wherever this is inlined. */
TEMPLATE void run_narrow(size_t channels, const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights,
                         const float *bias, float *out) {
    struct call copy = {*d, rows, weights, bias}, *k = &copy;
    size_t x = 0, weights_row = d->filter_width * 4;
    for (; x + 4 <= k->d.columns; x += 4)
        tile_at((struct tile){4, 1, channels, 0, 0}, k, x, 0, k->weights, weights_row, 0, out);
    for (; x < k->d.columns; x++)
        tile_at((struct tile){1, 1, channels, 0, 0}, k, x, 0, k->weights, weights_row, 0, out);
}

/* Any stride and dilation, and any number of channels. */
static void run_unshared(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights,
                         const float *bias, float *out) {
    switch (d->channels) {
    case 0: return;
    case 1: run_narrow(1, d, rows, weights, bias, out); return;
    case 2: run_narrow(2, d, rows, weights, bias, out); return;
    case 3: run_narrow(3, d, rows, weights, bias, out); return;
    default: run(1, 0, 0, d, rows, weights, bias, out); return;
    }
}

/* Whether columns share pixels, and are `stride` pixels apart. */
static bool shared(const struct lw_dwconv_f32 *d, size_t stride) {
    return d->channels >= 4 && d->kernel_width > 1 && d->column_step == stride * d->tap_step;
}

/* Columns that collide in the first-level cache, and that can be had in eights of channels. */
static bool colliding(const struct lw_dwconv_f32 *d) {
    return d->column_step % 256 == 0 && d->channels % 8 == 0;
}

static void dwconv3x3(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias,
                      float *out) {
    if (shared(d, 1) && colliding(d))
        run(2, 3, 1, d, rows, weights, bias, out);
    else if (shared(d, 1))
        run(1, 3, 1, d, rows, weights, bias, out);
    else if (shared(d, 2) && colliding(d))
        run(2, 3, 2, d, rows, weights, bias, out);
    else if (shared(d, 2))
        run(1, 3, 2, d, rows, weights, bias, out);
    else
        run_unshared(d, rows, weights, bias, out);
}

static void dwconv5x5(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias,
                      float *out) {
    if (shared(d, 1))
        run(1, 5, 1, d, rows, weights, bias, out);
    else if (shared(d, 2))
        run(1, 5, 2, d, rows, weights, bias, out);
    else
        run_unshared(d, rows, weights, bias, out);
}

static void dwconv(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias,
                   float *out) {
    if (shared(d, 1))
        run(1, 0, 1, d, rows, weights, bias, out);
    else if (shared(d, 2))
        run(1, 0, 2, d, rows, weights, bias, out);
    else
        run_unshared(d, rows, weights, bias, out);
}

void lw_simd128_dwconv_install(struct lw_kernels *kernels) {
    kernels->dwconv3x3_f32 = dwconv3x3;
    kernels->dwconv5x5_f32 = dwconv5x5;
    kernels->dwconv_f32 = dwconv;
}
