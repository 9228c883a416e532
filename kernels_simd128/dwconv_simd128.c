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
static __attribute__((noinline)) void run_single(const struct lw_dwconv_f32 *d, const float *const *rows,
                                                 const float *weights, const float *bias, float *out) {
    struct call k = {*d, rows, weights, bias};
    switch (d->kernel_width) {
    case 2: columns_at((struct tile){1, 1, 4, 2, 1}, &k, 0, out); return;
    case 3: columns_at((struct tile){1, 1, 4, 3, 1}, &k, 0, out); return;
    case 4: columns_at((struct tile){1, 1, 4, 4, 1}, &k, 0, out); return;
    case 5: columns_at((struct tile){1, 1, 4, 5, 1}, &k, 0, out); return;
    default: columns_at((struct tile){1, 1, 4, 0, 1}, &k, 0, out); return;
    }
}

/*
 * The code of a tile is long, and there are many. Each is a function of its own: an engine makes its best code function
 * by function, on the side while slower code runs. So it has it soon, and makes none that a model has no use for.
 *
 * Output columns x to end, a multiple of the tile's.
 */
typedef void columns_fn(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights,
                        const float *bias, size_t x, size_t end, float *out);

#define COLUMNS(name, columns, vectors, taps, stride)                                                                  \
    static void name(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias, \
                     size_t x, size_t end, float *out) {                                                               \
        struct call k = {*d, rows, weights, bias}; /* does not escape: its members are local variables */              \
        for (; x < end; x += columns) columns_at((struct tile){columns, vectors, 4, taps, stride}, &k, x, out);        \
    }

COLUMNS(three_1_2, 2, 1, 3, 1)
COLUMNS(three_1_3, 3, 1, 3, 1)
COLUMNS(three_1_4, 4, 1, 3, 1)
COLUMNS(three_1_5, 5, 1, 3, 1)
COLUMNS(three_1_6, 6, 1, 3, 1)
COLUMNS(three_1_7, 7, 1, 3, 1)
COLUMNS(three_1_8, 8, 1, 3, 1)
static columns_fn *const three_1[] = {NULL,      NULL,      three_1_2, three_1_3, three_1_4,
                                      three_1_5, three_1_6, three_1_7, three_1_8};

COLUMNS(three_2_2, 2, 1, 3, 2)
COLUMNS(three_2_3, 3, 1, 3, 2)
COLUMNS(three_2_4, 4, 1, 3, 2)
COLUMNS(three_2_5, 5, 1, 3, 2)
COLUMNS(three_2_6, 6, 1, 3, 2)
COLUMNS(three_2_7, 7, 1, 3, 2)
COLUMNS(three_2_8, 8, 1, 3, 2)
static columns_fn *const three_2[] = {NULL,      NULL,      three_2_2, three_2_3, three_2_4,
                                      three_2_5, three_2_6, three_2_7, three_2_8};

COLUMNS(three_1_pair_2, 2, 2, 3, 1)
COLUMNS(three_1_pair_3, 3, 2, 3, 1)
COLUMNS(three_1_pair_4, 4, 2, 3, 1)
static columns_fn *const three_1_pair[] = {NULL, NULL, three_1_pair_2, three_1_pair_3, three_1_pair_4};

COLUMNS(three_2_pair_2, 2, 2, 3, 2)
COLUMNS(three_2_pair_3, 3, 2, 3, 2)
COLUMNS(three_2_pair_4, 4, 2, 3, 2)
static columns_fn *const three_2_pair[] = {NULL, NULL, three_2_pair_2, three_2_pair_3, three_2_pair_4};

COLUMNS(five_1_2, 2, 1, 5, 1)
COLUMNS(five_1_3, 3, 1, 5, 1)
COLUMNS(five_1_4, 4, 1, 5, 1)
COLUMNS(five_1_5, 5, 1, 5, 1)
COLUMNS(five_1_6, 6, 1, 5, 1)
COLUMNS(five_1_7, 7, 1, 5, 1)
COLUMNS(five_1_8, 8, 1, 5, 1)
static columns_fn *const five_1[] = {NULL, NULL, five_1_2, five_1_3, five_1_4, five_1_5, five_1_6, five_1_7, five_1_8};

COLUMNS(five_2_2, 2, 1, 5, 2)
COLUMNS(five_2_3, 3, 1, 5, 2)
COLUMNS(five_2_4, 4, 1, 5, 2)
COLUMNS(five_2_5, 5, 1, 5, 2)
COLUMNS(five_2_6, 6, 1, 5, 2)
COLUMNS(five_2_7, 7, 1, 5, 2)
COLUMNS(five_2_8, 8, 1, 5, 2)
static columns_fn *const five_2[] = {NULL, NULL, five_2_2, five_2_3, five_2_4, five_2_5, five_2_6, five_2_7, five_2_8};

COLUMNS(wide_1_2, 2, 1, 0, 1)
COLUMNS(wide_1_3, 3, 1, 0, 1)
COLUMNS(wide_1_4, 4, 1, 0, 1)
COLUMNS(wide_1_5, 5, 1, 0, 1)
COLUMNS(wide_1_6, 6, 1, 0, 1)
COLUMNS(wide_1_7, 7, 1, 0, 1)
COLUMNS(wide_1_8, 8, 1, 0, 1)
static columns_fn *const wide_1[] = {NULL, NULL, wide_1_2, wide_1_3, wide_1_4, wide_1_5, wide_1_6, wide_1_7, wide_1_8};

COLUMNS(wide_2_2, 2, 1, 0, 2)
COLUMNS(wide_2_3, 3, 1, 0, 2)
COLUMNS(wide_2_4, 4, 1, 0, 2)
COLUMNS(wide_2_5, 5, 1, 0, 2)
COLUMNS(wide_2_6, 6, 1, 0, 2)
COLUMNS(wide_2_7, 7, 1, 0, 2)
COLUMNS(wide_2_8, 8, 1, 0, 2)
static columns_fn *const wide_2[] = {NULL, NULL, wide_2_2, wide_2_3, wide_2_4, wide_2_5, wide_2_6, wide_2_7, wide_2_8};

COLUMNS(unshared_2, 2, 1, 0, 0)
COLUMNS(unshared_3, 3, 1, 0, 0)
COLUMNS(unshared_4, 4, 1, 0, 0)
COLUMNS(unshared_5, 5, 1, 0, 0)
COLUMNS(unshared_6, 6, 1, 0, 0)
COLUMNS(unshared_7, 7, 1, 0, 0)
COLUMNS(unshared_8, 8, 1, 0, 0)
static columns_fn *const unshared[] = {NULL,       NULL,       unshared_2, unshared_3, unshared_4,
                                       unshared_5, unshared_6, unshared_7, unshared_8};

#undef COLUMNS

/* All columns, in as few tiles as there can be, that differ by one column at most. tiles: by columns, 2 to most. */
static void run(columns_fn *const *tiles, size_t most, const struct lw_dwconv_f32 *d, const float *const *rows,
                const float *weights, const float *bias, float *out) {
    if (d->columns <= 1) {
        if (d->columns) run_single(d, rows, weights, bias, out);
        return;
    }
    size_t count = (d->columns + most - 1) / most, n = d->columns / count;
    size_t end = d->columns % count * (n + 1); /* so many tiles have one column more */
    if (end) tiles[n + 1](d, rows, weights, bias, 0, end, out);
    tiles[n](d, rows, weights, bias, end, d->columns, out);
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
    default: run(unshared, 8, d, rows, weights, bias, out); return;
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
        run(three_1_pair, 4, d, rows, weights, bias, out);
    else if (shared(d, 1))
        run(three_1, 8, d, rows, weights, bias, out);
    else if (shared(d, 2) && colliding(d))
        run(three_2_pair, 4, d, rows, weights, bias, out);
    else if (shared(d, 2))
        run(three_2, 8, d, rows, weights, bias, out);
    else
        run_unshared(d, rows, weights, bias, out);
}

static void dwconv5x5(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias,
                      float *out) {
    if (shared(d, 1))
        run(five_1, 8, d, rows, weights, bias, out);
    else if (shared(d, 2))
        run(five_2, 8, d, rows, weights, bias, out);
    else
        run_unshared(d, rows, weights, bias, out);
}

static void dwconv(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights, const float *bias,
                   float *out) {
    if (shared(d, 1))
        run(wide_1, 8, d, rows, weights, bias, out);
    else if (shared(d, 2))
        run(wide_2, 8, d, rows, weights, bias, out);
    else
        run_unshared(d, rows, weights, bias, out);
}

void lw_simd128_dwconv_install(struct lw_kernels *kernels) {
    kernels->dwconv3x3_f32 = dwconv3x3;
    kernels->dwconv5x5_f32 = dwconv5x5;
    kernels->dwconv_f32 = dwconv;
}
