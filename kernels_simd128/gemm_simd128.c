/* SPDX-License-Identifier: MIT */
/*
 * Matrix product with gathered rows:
 *
 *   out[i][j] = finish(bias[j] + sum over t, c ascending of rows_t(i)[c] * panels[t * channels + c][j])
 *
 * rows:   [ceil(m / MR)][taps][MR] pointers to channels floats
 * panels: [ceil(n / NR)][taps * channels][NR], columns beyond n are zeros
 * out:    [m] rows of n floats, out_stride apart
 *
 * A tile of MR x NR outputs stays in registers while a column of A and a row of B pass by:
 *
 *              B  [ b0 b1 ]        each b a vector of 4 columns
 *   A  a0 ->      acc  acc
 *      a1 ->      acc  acc         acc[i][v] += splat(a[i]) * b[v]
 *
 * V8 has 15 vector registers for this. With a fused multiply-add the best tile is 6 x 8: 12 accumulators, 2 b, 1 a.
 * A separate multiplication needs a register for the product, and 6 x 8 would spill; 2 x 16 (8 accumulators, 1 b, 2 a,
 * products) is the best of those that don't. lw_keep holds the compiler to the order written here, without which it
 * gathers loads ahead and spills. Small loops are unrolled by V8, so only the tile with few accumulators and many
 * barriers unrolls here.
 *
 * The order of the loops: a panel is the outer one, so that it stays in the first-level cache while the tiles of a
 * block pass by (the caller keeps a block of rows small enough for the second level).
 *
 * A scale, shift and residual join whole tiles while they are in registers; tails, of which there are many kinds, are
 * finished after they have been stored.
 *
 * Each tile that only some layers need is a function of its own: an engine makes its best code function by function,
 * on the side while slower code runs. So it has it soon, and makes none that a model has no use for.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

#ifdef LW_RELAXED
enum { MR = 6, VECTORS = 2, UNROLL = 1 };
#else
enum { MR = 2, VECTORS = 4, UNROLL = 4 };
#endif
enum { NR = 4 * VECTORS };

/* Short tails of rows (1 or 2) have too few accumulators to hide an addition's latency: they take several panels at
 * once, 8 accumulators as above. */
enum { GROUPED_ROWS = MR > 2 ? 2 : 1, GROUPED_VECTORS = 8 };

/* And so do narrow tails of columns (1 or 2 vectors) when MR is small: they take the rows of two blocks, TALL. */
enum { TALL = MR > 2 ? MR : 2 * MR, TALL_VECTORS = 2 };

#define INLINE static inline __attribute__((always_inline))
#define ALONE static __attribute__((noinline))

/* The terms of `unroll` consecutive c. a: [height] pointers at c. b: row c of the first panel; panels lie panel_step
 * apart, and `vectors` vectors are taken from each. acc: [height][panels * vectors]. */
INLINE void terms(const size_t unroll, const size_t height, const size_t panels, const size_t vectors,
                  const float *const *a, size_t c, const float *b, size_t panel_step, v128_t *acc) {
#pragma GCC unroll 4
    for (size_t u = 0; u < unroll; u++) {
        const size_t width = panels * vectors;
#ifdef LW_RELAXED
        v128_t bs[GROUPED_VECTORS];
#pragma GCC unroll 8
        for (size_t v = 0; v < width; v++)
            bs[v] = wasm_v128_load(b + v / vectors * panel_step + u * NR + v % vectors * 4);
#pragma GCC unroll 8
        for (size_t i = 0; i < height; i++) {
            const v128_t x = wasm_v128_load32_splat(a[i] + c + u);
#pragma GCC unroll 8
            for (size_t v = 0; v < width; v++) acc[i * width + v] = lw_madd(x, bs[v], acc[i * width + v]);
        }
#else
        v128_t x[TALL];
#pragma GCC unroll 8
        for (size_t i = 0; i < height; i++) x[i] = wasm_v128_load32_splat(a[i] + c + u);
#pragma GCC unroll 8
        for (size_t v = 0; v < width; v++) {
            const v128_t bv = wasm_v128_load(b + v / vectors * panel_step + u * NR + v % vectors * 4);
#pragma GCC unroll 8
            for (size_t i = 0; i < height; i++) {
                acc[i * width + v] = lw_madd(x[i], bv, acc[i * width + v]);
                lw_keep(&acc[i * width + v]);
            }
        }
#endif
    }
}

/* A tile of height x (panels * vectors * 4) outputs, these three constants: all its columns exist. rows: one block, or
 * two when height > MR. bias: one for each column. finish: NULL, or what its scale, shift and residual are for column j
 * and element out[at]. */
INLINE void tile(const size_t height, const size_t panels, const size_t vectors, size_t taps, size_t channels,
                 const float *const *rows, const float *b, const float *bias, const struct lw_finish *finish, size_t j,
                 size_t at, struct lw_clamp clamp, float *out, size_t out_stride) {
    const size_t width = panels * vectors;
    const size_t panel_step = taps * channels * NR;
    v128_t acc[MR * VECTORS > GROUPED_VECTORS * GROUPED_ROWS ? MR * VECTORS : GROUPED_VECTORS * GROUPED_ROWS];
#pragma GCC unroll 8
    for (size_t i = 0; i < height; i++) {
#pragma GCC unroll 8
        for (size_t v = 0; v < width; v++) acc[i * width + v] = wasm_v128_load(bias + v * 4);
    }

    for (size_t t = 0; t < taps; t++, rows += MR) {
        const float *a[TALL];
#pragma GCC unroll 8
        for (size_t i = 0; i < height; i++) a[i] = rows[i / MR * taps * MR + i % MR];
        size_t c = 0;
        if (UNROLL > 1) {
            for (; c + UNROLL <= channels; c += UNROLL, b += UNROLL * NR)
                terms(UNROLL, height, panels, vectors, a, c, b, panel_step, acc);
        }
        for (; c < channels; c++, b += NR) terms(1, height, panels, vectors, a, c, b, panel_step, acc);
    }

    if (finish && finish->scale) {
#pragma GCC unroll 8
        for (size_t v = 0; v < width; v++) {
            const v128_t s = wasm_v128_load(finish->scale + j + v * 4), t = wasm_v128_load(finish->shift + j + v * 4);
#pragma GCC unroll 8
            for (size_t i = 0; i < height; i++) acc[i * width + v] = lw_madd(acc[i * width + v], s, t);
        }
    }
    if (finish && finish->residual) {
        const float *residual = finish->residual + at;
#pragma GCC unroll 8
        for (size_t i = 0; i < height; i++) {
#pragma GCC unroll 8
            for (size_t v = 0; v < width; v++)
                acc[i * width + v] =
                    wasm_f32x4_add(acc[i * width + v], wasm_v128_load(residual + i * out_stride + v * 4));
        }
    }
    const v128_t lo = wasm_f32x4_splat(clamp.lo), hi = wasm_f32x4_splat(clamp.hi);
#pragma GCC unroll 8
    for (size_t i = 0; i < height; i++) {
#pragma GCC unroll 8
        for (size_t v = 0; v < width; v++)
            wasm_v128_store(out + i * out_stride + v * 4, lw_min(lw_max(acc[i * width + v], lo), hi));
    }
}

/* All rows, a multiple of MR, of a panel whose columns begin at j. bias is that of column j, out of column 0. */
ALONE void whole_tiles(size_t m, size_t taps, size_t channels, const float *const *rows, const float *b,
                       const float *bias, const struct lw_finish *finish, size_t j, struct lw_clamp clamp, float *out,
                       size_t out_stride) {
    for (size_t i = 0; i < m; i += MR)
        tile(MR, 1, VECTORS, taps, channels, rows + i * taps, b, bias, finish, j, i * out_stride + j, clamp,
             out + i * out_stride + j, out_stride);
}

/* The same for any height <= MR and vectors <= VECTORS of one panel, or height TALL and vectors <= TALL_VECTORS: the
 * tails. */
typedef void tile_fn(size_t taps, size_t channels, const float *const *rows, const float *b, const float *bias,
                     struct lw_clamp clamp, float *out, size_t out_stride);

#define TILE(name, height, vectors)                                                                                    \
    static void name(size_t taps, size_t channels, const float *const *rows, const float *b, const float *bias,        \
                     struct lw_clamp clamp, float *out, size_t out_stride) {                                           \
        tile(height, 1, vectors, taps, channels, rows, b, bias, NULL, 0, 0, clamp, out, out_stride);                   \
    }
TILE(tile_1_1, 1, 1)
TILE(tile_1_2, 1, 2)
TILE(tile_2_1, 2, 1)
TILE(tile_2_2, 2, 2)
#ifdef LW_RELAXED
TILE(tile_3_1, 3, 1)
TILE(tile_3_2, 3, 2)
TILE(tile_4_1, 4, 1)
TILE(tile_4_2, 4, 2)
TILE(tile_5_1, 5, 1)
TILE(tile_5_2, 5, 2)
TILE(tile_6_1, 6, 1)
TILE(tile_6_2, 6, 2)
#else
TILE(tile_1_3, 1, 3)
TILE(tile_1_4, 1, 4)
TILE(tile_2_3, 2, 3)
TILE(tile_2_4, 2, 4)
TILE(tile_tall_1, TALL, 1)
TILE(tile_tall_2, TALL, 2)
#endif
#undef TILE

static void any_tile(size_t height, size_t vectors, size_t taps, size_t channels, const float *const *rows,
                     const float *b, const float *bias, struct lw_clamp clamp, float *out, size_t out_stride) {
    static tile_fn *const tiles[TALL][VECTORS] = {
#ifdef LW_RELAXED
        {tile_1_1, tile_1_2}, {tile_2_1, tile_2_2}, {tile_3_1, tile_3_2},
        {tile_4_1, tile_4_2}, {tile_5_1, tile_5_2}, {tile_6_1, tile_6_2},
#else
        {tile_1_1, tile_1_2, tile_1_3, tile_1_4},
        {tile_2_1, tile_2_2, tile_2_3, tile_2_4},
        [TALL - 1] = {tile_tall_1, tile_tall_2},
#endif
    };
    tiles[height - 1][vectors - 1](taps, channels, rows, b, bias, clamp, out, out_stride);
}

/* height rows (as any_tile takes them) of the last panel, of which only n < NR columns exist. When n is no multiple of
 * 4 the tile goes through a buffer, since bias and out end at column n. */
static void narrow_tile(size_t height, size_t n, size_t taps, size_t channels, const float *const *rows, const float *b,
                        const float *bias, struct lw_clamp clamp, float *out, size_t out_stride) {
    const size_t vectors = (n + 3) / 4;
    if (n % 4 == 0) {
        any_tile(height, vectors, taps, channels, rows, b, bias, clamp, out, out_stride);
        return;
    }
    float whole_bias[NR] = {0.0f}, whole[TALL * NR];
    for (size_t j = 0; j < n; j++) whole_bias[j] = bias[j];
    any_tile(height, vectors, taps, channels, rows, b, whole_bias, clamp, whole, NR);
    for (size_t i = 0; i < height; i++) {
        for (size_t j = 0; j < n; j++) out[i * out_stride + j] = whole[i * NR + j];
    }
}

/* The first `height` <= GROUPED_ROWS rows of a block, over all whole panels; returns the columns it computed. */
ALONE size_t grouped_rows(size_t height, size_t n, size_t taps, size_t channels, const float *const *rows,
                          const float *panels, const float *bias, size_t bias_step, struct lw_clamp clamp, float *out,
                          size_t out_stride) {
    enum { PANELS_1 = GROUPED_VECTORS / VECTORS, PANELS_2 = GROUPED_VECTORS / VECTORS / 2 };
    const size_t panel_step = taps * channels * NR;
    size_t j = 0;
    if (height == 1) {
        for (; j + PANELS_1 * NR <= n; j += PANELS_1 * NR, panels += PANELS_1 * panel_step)
            tile(1, PANELS_1, VECTORS, taps, channels, rows, panels, bias + j * bias_step, NULL, 0, 0, clamp, out + j,
                 out_stride);
    } else if (PANELS_2 > 1) {
        for (; j + PANELS_2 * NR <= n; j += PANELS_2 * NR, panels += PANELS_2 * panel_step)
            tile(2, PANELS_2, VECTORS, taps, channels, rows, panels, bias + j * bias_step, NULL, 0, 0, clamp, out + j,
                 out_stride);
    }
    return j;
}

/* The last 1 to 3 channels. Not inlined: it is rare, and there are many places. */
ALONE v128_t load_tail(const float *p, size_t n) {
    return lw_load_lanes(p, n);
}

/* The terms of channels c to c + 3, or of the last `lanes` when tail is set. */
INLINE void dot_terms(const bool tail, size_t lanes, const size_t height, const size_t columns, const float *const *a,
                      size_t c, const float *b, size_t column_step, v128_t *acc) {
    v128_t bs[2];
#pragma GCC unroll 2
    for (size_t j = 0; j < columns; j++)
        bs[j] = tail ? load_tail(b + j * column_step + c, lanes) : wasm_v128_load(b + j * column_step + c);
#pragma GCC unroll 6
    for (size_t i = 0; i < height; i++) {
        const v128_t x = tail ? load_tail(a[i] + c, lanes) : wasm_v128_load(a[i] + c);
#pragma GCC unroll 2
        for (size_t j = 0; j < columns; j++) {
            acc[i * columns + j] = lw_madd(x, bs[j], acc[i * columns + j]);
            lw_keep(&acc[i * columns + j]);
        }
    }
}

/* a0 + a1, a2 + a3, b0 + b1, b2 + b3 */
INLINE v128_t add_pairs(v128_t a, v128_t b) {
    return wasm_f32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}

/* height x columns outputs, both constants, of a matrix with fewer than LW_GEMM_NARROW columns: a vector holds four
 * terms of one sum. rows: one block, or two when height > MR. b: [columns][taps * channels] */
INLINE void dots(const size_t height, const size_t columns, size_t taps, size_t channels, const float *const *rows,
                 const float *b, const float *bias, struct lw_clamp clamp, float *out, size_t out_stride) {
    const size_t column_step = taps * channels;
    v128_t acc[2 * TALL];
#pragma GCC unroll 12
    for (size_t i = 0; i < height * columns; i++) acc[i] = wasm_f32x4_splat(0.0f);
    for (size_t t = 0; t < taps; t++, rows += MR, b += channels) {
        const float *a[TALL];
#pragma GCC unroll 6
        for (size_t i = 0; i < height; i++) a[i] = rows[i / MR * taps * MR + i % MR];
        size_t c = 0;
        for (; c + 4 <= channels; c += 4) dot_terms(false, 4, height, columns, a, c, b, column_step, acc);
        if (c < channels) dot_terms(true, channels - c, height, columns, a, c, b, column_step, acc);
    }
    const v128_t lo = wasm_f32x4_splat(clamp.lo), hi = wasm_f32x4_splat(clamp.hi);
    const v128_t biases = columns == 2 ? wasm_v128_load64_splat(bias) : wasm_v128_load32_splat(bias);
    const size_t sums = height * columns;
#pragma GCC unroll 3
    for (size_t e = 0; e < sums; e += 4) { /* four outputs at a time, (p0 + p1) + (p2 + p3) each */
        const v128_t low = add_pairs(acc[e], acc[e + 1 < sums ? e + 1 : e]);
        const v128_t high = e + 2 < sums ? add_pairs(acc[e + 2], acc[e + 3 < sums ? e + 3 : e + 2]) : low;
        const v128_t y = lw_min(lw_max(wasm_f32x4_add(add_pairs(low, high), biases), lo), hi);
        float *to = out + e / columns * out_stride;
        if (columns == 2) {
            wasm_v128_store64_lane(to, y, 0);
            if (e + 2 < sums) wasm_v128_store64_lane(to + out_stride, y, 1);
        } else {
            wasm_v128_store32_lane(to, y, 0);
            if (e + 1 < sums) wasm_v128_store32_lane(to + out_stride, y, 1);
            if (e + 2 < sums) wasm_v128_store32_lane(to + 2 * out_stride, y, 2);
            if (e + 3 < sums) wasm_v128_store32_lane(to + 3 * out_stride, y, 3);
        }
    }
}

/* n < LW_GEMM_NARROW: one or two columns at a time, TALL rows at a time and then each of the rest. */
ALONE void narrow(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows, const float *b,
                  const float *bias, struct lw_clamp clamp, float *out, size_t out_stride) {
    for (size_t j = 0, columns; j < n; j += columns, b += columns * taps * channels, bias += columns, out += columns) {
        columns = n - j < 2 ? 1 : 2;
        size_t i = 0;
        for (; i + TALL <= m; i += TALL) {
            if (columns == 1)
                dots(TALL, 1, taps, channels, rows + i * taps, b, bias, clamp, out + i * out_stride, out_stride);
            else
                dots(TALL, 2, taps, channels, rows + i * taps, b, bias, clamp, out + i * out_stride, out_stride);
        }
        for (; i < m; i++) {
            const float *const *row = rows + i / MR * MR * taps + i % MR;
            if (columns == 1)
                dots(1, 1, taps, channels, row, b, bias, clamp, out + i * out_stride, out_stride);
            else
                dots(1, 2, taps, channels, row, b, bias, clamp, out + i * out_stride, out_stride);
        }
    }
}

/* scale, shift, residual and clamp of height x width sums from row i and column j on. */
static void finish_stored(const struct lw_finish *f, size_t i, size_t height, size_t j, size_t width, float *out,
                          size_t out_stride) {
    const v128_t lo = wasm_f32x4_splat(f->clamp.lo), hi = wasm_f32x4_splat(f->clamp.hi);
    for (; height > 0; height--, i++) {
        for (size_t c = j; c < j + width; c += 4) {
            const size_t n = j + width - c, at = i * out_stride + c;
            v128_t y = lw_load_some(out + at, n);
            if (f->scale) y = lw_madd(y, lw_load_some(f->scale + c, n), lw_load_some(f->shift + c, n));
            if (f->residual) y = wasm_f32x4_add(y, lw_load_some(f->residual + at, n));
            lw_store_some(out + at, lw_min(lw_max(y, lo), hi), n);
        }
    }
}

static void gemm(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows, const float *panels,
                 const struct lw_finish *f, float *out, size_t out_stride) {
    static const float zeros[4 * GROUPED_VECTORS];
    const size_t bias_step = f->bias ? 1 : 0; /* without a bias every tile starts from the same zeros */
    const float *bias = f->bias ? f->bias : zeros;
    const struct lw_finish *finish = f->scale || f->residual ? f : NULL;
    const struct lw_clamp clamp = finish ? (struct lw_clamp){-INFINITY, INFINITY} : f->clamp; /* the tails' */
    if (n < LW_GEMM_NARROW) {
        narrow(m, n, taps, channels, rows, panels, bias, clamp, out, out_stride);
        if (finish) finish_stored(f, 0, m, 0, n, out, out_stride);
        return;
    }
    const size_t panel_step = taps * channels * NR;
    const size_t tail = m % MR, whole = m - tail;

    size_t grouped = 0; /* columns of the tail rows that are done */
    if (tail > 0 && tail <= GROUPED_ROWS)
        grouped = grouped_rows(tail, n, taps, channels, rows + whole * taps, panels, bias, bias_step, clamp,
                               out + whole * out_stride, out_stride);

    size_t j = 0;
    for (; j + NR <= n && (grouped < n || whole > 0); j += NR, panels += panel_step) {
        const float *tile_bias = bias + j * bias_step;
        whole_tiles(whole, taps, channels, rows, panels, tile_bias, finish, j, f->clamp, out, out_stride);
        if (tail > 0 && j >= grouped)
            any_tile(tail, VECTORS, taps, channels, rows + whole * taps, panels, tile_bias, clamp,
                     out + whole * out_stride + j, out_stride);
    }
    if (finish && tail > 0) finish_stored(f, whole, tail, 0, j > grouped ? j : grouped, out, out_stride);
    if (j < n && grouped < n) {
        const size_t tall = n - j <= TALL_VECTORS * 4 ? TALL : MR;
        for (size_t i = 0, height; i < m; i += height) {
            const size_t rest = m - i;
            height = rest >= tall ? tall : rest >= MR ? MR : rest;
            narrow_tile(height, n - j, taps, channels, rows + i * taps, panels, bias + j * bias_step, clamp,
                        out + i * out_stride + j, out_stride);
        }
        if (finish) finish_stored(f, 0, m, j, n - j, out, out_stride);
    }
}

void lw_simd128_gemm_install(struct lw_kernels *kernels) {
    kernels->gemm_f32 = (struct lw_gemm_f32){MR, NR, gemm};
}
