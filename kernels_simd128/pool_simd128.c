/* SPDX-License-Identifier: MIT */
/*
 * Pooling of one output row: each output is the maximum or the mean of a window, channel by channel. With
 * t(ky, kx) = rows[ky][x * column_step + kx * tap_step + c]:
 *
 *   maxpool: out[x][c] = max over kx, and over ky for each kx, from -infinity: acc < t ? t : acc (a NaN is skipped)
 *   avgpool: out[x][c] = (sum over kx of (sum over ky of t)) / (float)(kernel_height * kernel_width), sums from -0
 *
 * A column of a window is its taps with the same kx. Windows that overlap share columns, and these are reduced once:
 *
 *   3x3, stride 2:  a b c d e     the windows abc and cde. A step along the row reduces two columns, and the last one
 *                   [out 0]       stays in registers for the next window: 6 loads for an output instead of 9.
 *                       [out 1]
 *
 * 2x2 and 3x3 with stride 1 and 2x2 with stride 2 are walked alike, with one, two or no columns kept. Of other windows
 * that overlap, the columns go to a buffer on the stack, some windows at a time. Where nothing is shared, windows are
 * reduced one by one. A block is four vectors of channels: an address is then computed once for 16 channels. The last
 * vector of channels overlaps the one before it when channels is no multiple of four.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#define BLOCK 4      /* vectors of channels */
#define BUFFERED 256 /* vectors in the buffer: 4 KB */
/* A row is walked in chunks, each for all channels before the next: of CHUNK floats of input, so that they stay in the
 * L1 cache, but of LEAST_CHUNK windows at least, since each chunk reduces one or two columns once more. Windows that
 * share nothing go in the order of memory. */
#define CHUNK 2048
#define CHUNK_APART 128
#define LEAST_CHUNK 4

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)") /* code for sizes known at run time only: small */
#else
#define UNROLL _Pragma("GCC unroll 32")
#define ROLLED _Pragma("GCC unroll 1")
#endif

struct row {
    size_t columns, channels, kernel_height, kernel_width, column_step, tap_step, out_step;
    const float *const *rows; /* (kernel_height) pointers */
};

static inline __attribute__((always_inline)) v128_t combine(bool average, v128_t acc, v128_t x) {
    return average ? wasm_f32x4_add(acc, x) : lw_max(acc, x);
}

/* What doesn't change a sum, not even its sign when it is 0, or a maximum. */
static inline __attribute__((always_inline)) v128_t neutral(bool average) {
    return lw_splat(average ? -0.0f : -INFINITY);
}

/* *p += step, and really so: LLVM would keep multiples of step in registers. */
static inline __attribute__((always_inline)) void advance(const float **p, size_t step) {
    *p += step;
#ifdef __wasm__
    __asm__ volatile("" : "+r"(*p));
#endif
}

static inline __attribute__((always_inline)) void put(bool average, size_t vectors, size_t lanes, const v128_t *acc,
                                                      v128_t divisor, float *out) {
    UNROLL for (size_t v = 0; v < vectors; v++) {
        v128_t y = average ? wasm_f32x4_div(acc[v], divisor) : acc[v];
        lw_store_some(out + 4 * v, y, lanes);
    }
}

/* Combines acc with a column, or makes it that column: `vectors` vectors of channels, `at` floats from where the rows
 * begin. A maximum goes on with acc; only in a sum the column is a term of its own. */
static inline __attribute__((always_inline)) void column(bool average, bool combining, size_t vectors, size_t lanes,
                                                         const struct row *r, size_t at, v128_t *acc) {
    v128_t sum[BLOCK], start = neutral(average), *to = average ? sum : acc;
    if (average || !combining) UNROLL for (size_t v = 0; v < vectors; v++) to[v] = start;
    ROLLED for (size_t ky = 0; ky < r->kernel_height; ky++) {
        const float *in = r->rows[ky] + at;
        UNROLL for (size_t v = 0; v < vectors; v++) {
            v128_t t = lw_load_some(in + 4 * v, lanes);
            to[v] = combine(average, to[v], t);
            lw_keep(&to[v]);
        }
    }
    if (average)
        UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = combining ? wasm_f32x4_add(acc[v], sum[v]) : sum[v];
}

/* One window by itself. */
static inline __attribute__((always_inline)) void window(bool average, size_t vectors, size_t lanes,
                                                         const struct row *r, size_t at, float *out) {
    v128_t acc[BLOCK], start = neutral(average);
    UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = start;
    ROLLED for (size_t kx = 0; kx < r->kernel_width; kx++, at += r->tap_step)
        column(average, true, vectors, lanes, r, at, acc);
    put(average, vectors, lanes, acc, wasm_f32x4_splat((float)(r->kernel_height * r->kernel_width)), out);
}

static inline __attribute__((always_inline)) void run_windows(bool average, const struct row *r, float *out) {
    for (size_t x = 0; x < r->columns; x++, out += r->out_step) {
        size_t at = x * r->column_step, c = 0;
        if (r->channels < 4) {
            window(average, 1, r->channels, r, at, out);
            continue;
        }
        for (; c + 4 * BLOCK <= r->channels; c += 4 * BLOCK) window(average, BLOCK, 4, r, at + c, out + c);
        for (; c < r->channels; c += 4) {
            size_t last = c + 4 <= r->channels ? c : r->channels - 4;
            window(average, 1, 4, r, at + last, out + last);
        }
    }
}

/* Windows that overlap, `vectors` vectors from channel c on. */
static inline __attribute__((always_inline)) void buffered(bool average, size_t vectors, const struct row *r, size_t c,
                                                           float *out) {
    v128_t buffer[BUFFERED], divisor = wasm_f32x4_splat((float)(r->kernel_height * r->kernel_width));
    const size_t stride = r->column_step / r->tap_step;
    const size_t most = (BUFFERED / vectors - r->kernel_width) / stride + 1;
    for (size_t x = 0, windows; x < r->columns; x += windows) {
        windows = r->columns - x < most ? r->columns - x : most;
        size_t columns = (windows - 1) * stride + r->kernel_width, at = x * r->column_step + c;
        for (size_t j = 0; j < columns; j++, at += r->tap_step)
            column(average, false, vectors, 4, r, at, buffer + j * vectors);
        const v128_t *first = buffer;
        for (size_t i = 0; i < windows; i++, first += stride * vectors) {
            v128_t acc[BLOCK];
            UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = first[v];
            const v128_t *next = first;
            ROLLED for (size_t kx = 1; kx < r->kernel_width; kx++) {
                next += vectors;
                UNROLL for (size_t v = 0; v < vectors; v++) {
                    acc[v] = combine(average, acc[v], next[v]);
                    lw_keep(&acc[v]);
                }
            }
            put(average, vectors, 4, acc, divisor, out + (x + i) * r->out_step + c);
        }
    }
}

static inline __attribute__((always_inline)) void run_buffered(bool average, const struct row *r, float *out) {
    size_t c = 0;
    for (; c + 4 * BLOCK <= r->channels; c += 4 * BLOCK) buffered(average, BLOCK, r, c, out);
    for (; c < r->channels; c += 4) buffered(average, 1, r, c + 4 <= r->channels ? c : r->channels - 4, out);
}

/* Combines acc with a column of `size` pixels, or makes it that column, and steps to the next one. */
static inline __attribute__((always_inline)) void next_column(bool average, bool combining, size_t size, size_t vectors,
                                                              size_t step, v128_t start, const float **in,
                                                              v128_t *acc) {
    v128_t sum[BLOCK], *to = average ? sum : acc;
    UNROLL for (size_t ky = 0; ky < size; ky++) {
        UNROLL for (size_t v = 0; v < vectors; v++) {
            v128_t t = wasm_v128_load(in[ky] + 4 * v);
            if (ky > 0 || (combining && !average))
                to[v] = combine(average, to[v], t);
            else
                to[v] = average ? t : lw_max(start, t);
            lw_keep(&to[v]);
        }
        advance(&in[ky], step);
    }
    if (!average) return;
    UNROLL for (size_t v = 0; v < vectors; v++) {
        acc[v] = combining ? wasm_f32x4_add(acc[v], sum[v]) : sum[v];
        lw_keep(&acc[v]);
    }
}

/* `columns` >= 1 windows of 2x2 or 3x3 pixels, stride 1 or 2, from `at`, `vectors` vectors of channels. Neighbours
 * share size - stride columns. */
static inline __attribute__((always_inline)) void strip(bool average, size_t size, size_t stride, size_t vectors,
                                                        const struct row *r, size_t columns, size_t at, float *out) {
    const size_t step = r->tap_step, out_step = r->out_step, shared = size - stride;
    const float *in[3];
    UNROLL for (size_t ky = 0; ky < size; ky++) in[ky] = r->rows[ky] + at;
    v128_t divisor = lw_splat((float)(size * size)), start = neutral(average), acc[BLOCK], second[BLOCK], last[BLOCK];
    lw_keep(&start);
    if (shared) next_column(average, false, size, vectors, step, start, in, acc);
    if (shared == 2) next_column(average, false, size, vectors, step, start, in, second);
    do {
        if (shared == 0) next_column(average, false, size, vectors, step, start, in, acc);
        if (shared == 2) UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = combine(average, acc[v], second[v]);
        if (size == 3 && stride == 2) next_column(average, true, size, vectors, step, start, in, acc);
        next_column(average, false, size, vectors, step, start, in, last);
        UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = combine(average, acc[v], last[v]);
        put(average, vectors, 4, acc, divisor, out);
        UNROLL for (size_t v = 0; v < vectors; v++) {
            acc[v] = shared == 2 ? second[v] : last[v];
            second[v] = last[v];
        }
        out += out_step;
    } while (--columns);
}

static inline __attribute__((always_inline)) void run_strips(bool average, size_t size, size_t stride,
                                                             const struct row *r, float *out) {
    const size_t vectors = size - stride == 2 ? BLOCK / 2 : BLOCK; /* so that all stays in registers */
    size_t most = (size > stride ? CHUNK : CHUNK_APART) / r->column_step, least = size > stride ? LEAST_CHUNK : 1;
    if (most < least) most = least;
    size_t chunks = (r->columns + most - 1) / most, chunk = (r->columns + chunks - 1) / chunks;
    for (size_t x = 0; x < r->columns; x += chunk) {
        size_t columns = r->columns - x < chunk ? r->columns - x : chunk, at = x * r->column_step, c = 0;
        float *to = out + x * r->out_step;
        for (; c + 4 * vectors <= r->channels; c += 4 * vectors)
            strip(average, size, stride, vectors, r, columns, at + c, to + c);
        for (; c < r->channels; c += 4) {
            size_t last = c + 4 <= r->channels ? c : r->channels - 4;
            strip(average, size, stride, 1, r, columns, at + last, to + last);
        }
    }
}

static inline __attribute__((always_inline)) void pool(bool average, size_t columns, size_t channels,
                                                       size_t kernel_height, size_t kernel_width, size_t column_step,
                                                       size_t tap_step, const float *const *rows, float *out,
                                                       size_t out_step) {
    if (columns == 0 || channels == 0) return;
    /* Few channels: as one pixel with many, if all follow each other; the formula is the same. */
    if (channels < 4 && column_step == channels && out_step == channels) {
        channels *= columns;
        columns = 1;
    }
    const struct row r = {columns, channels, kernel_height, kernel_width, column_step, tap_step, out_step, rows};
    size_t stride = 0; /* in columns; 0: windows are taken one by one */
    if (channels >= 4 && columns > 1 && kernel_width > 1 && column_step % tap_step == 0)
        stride = column_step / tap_step;
    const size_t size = kernel_height == kernel_width ? kernel_width : 0;

    if (size == 3 && stride == 2)
        run_strips(average, 3, 2, &r, out);
    else if (size == 3 && stride == 1)
        run_strips(average, 3, 1, &r, out);
    else if (size == 2 && stride == 1)
        run_strips(average, 2, 1, &r, out);
    else if (size == 2 && stride == 2)
        run_strips(average, 2, 2, &r, out);
    else if (stride && kernel_width <= BUFFERED / BLOCK && /* loads and stores by the buffer against loads without it */
             stride * (kernel_height + 1) + kernel_width < kernel_height * kernel_width)
        run_buffered(average, &r, out);
    else
        run_windows(average, &r, out);
}

static void maxpool(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                    size_t tap_step, const float *const *rows, float *out, size_t out_step) {
    pool(false, columns, channels, kernel_height, kernel_width, column_step, tap_step, rows, out, out_step);
}

static void avgpool(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width, size_t column_step,
                    size_t tap_step, const float *const *rows, float *out, size_t out_step) {
    pool(true, columns, channels, kernel_height, kernel_width, column_step, tap_step, rows, out, out_step);
}

/* ---- Where the maximum is ---- */

/* One window: `vectors` vectors of channels, `at` floats from the taps' pixels. */
static inline __attribute__((always_inline)) void find_maximum(bool last, size_t vectors, size_t lanes, size_t taps,
                                                               const float *const *pixels, size_t at, int32_t *out) {
    v128_t best[BLOCK], which[BLOCK];
    UNROLL for (size_t v = 0; v < vectors; v++) {
        best[v] = lw_splat(-INFINITY);
        which[v] = wasm_i32x4_splat(-1);
    }
    ROLLED for (size_t t = 0; t < taps; t++) {
        const float *in = pixels[t] + at;
        const v128_t tap = wasm_i32x4_splat((int32_t)t);
        UNROLL for (size_t v = 0; v < vectors; v++) {
            const v128_t x = lw_load_some(in + 4 * v, lanes);
            const v128_t above = last ? wasm_f32x4_ge(x, best[v]) : wasm_f32x4_gt(x, best[v]);
            best[v] = lw_select(x, best[v], above);
            which[v] = lw_select(tap, which[v], above);
        }
    }
    UNROLL for (size_t v = 0; v < vectors; v++) lw_store_some((float *)out + 4 * v, which[v], lanes);
}

static inline __attribute__((always_inline)) void argpool_ordered(bool last, size_t columns, size_t channels,
                                                                  size_t taps, size_t column_step,
                                                                  const float *const *pixels, int32_t *out) {
    if (channels == 0) return;
    for (size_t x = 0; x < columns; x++, out += channels) {
        const size_t at = x * column_step;
        if (channels < 4) {
            find_maximum(last, 1, channels, taps, pixels, at, out);
            continue;
        }
        size_t c = 0;
        for (; c + 8 <= channels; c += 8) find_maximum(last, 2, 4, taps, pixels, at + c, out + c);
        for (; c < channels; c += 4) {
            const size_t from = c + 4 <= channels ? c : channels - 4;
            find_maximum(last, 1, 4, taps, pixels, at + from, out + from);
        }
    }
}

static void argpool(size_t columns, size_t channels, size_t taps, size_t column_step, bool last,
                    const float *const *pixels, int32_t *out) {
    if (last)
        argpool_ordered(true, columns, channels, taps, column_step, pixels, out);
    else
        argpool_ordered(false, columns, channels, taps, column_step, pixels, out);
}

void lw_simd128_pool_install(struct lw_kernels *kernels) {
    kernels->maxpool_f32 = maxpool;
    kernels->avgpool_f32 = avgpool;
    kernels->argpool_f32 = argpool;
}
