/* SPDX-License-Identifier: MIT */
/*
 * Whole rows: softmax_f32, sum_f32, sum_rows_f32, epilogue_f32 and layer_norm_f32.
 *
 *   softmax:     out[r][c] = e[r][c] * (1 / sum of e[r]), e[r][c] = exp(x[r][c] - max of x[r])
 *   sum:         16 partial sums, x[i] in number i % 16, added up by a fixed tree
 *   sum_rows:    out[c] = sum over r of x[r][c]
 *   epilogue:    out[r][c] = clamp(x[r][c] * scale[c] + shift[c] + residual[r][c])
 *   layer_norm:  out[r][c] = (x[r][c] - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]
 *
 * The 16 partial sums are four vectors. What is left of a row at its end goes in as vectors padded with +0, which
 * change no partial sum: none of them is ever -0.
 */
#include <math.h>
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/exp_simd128.h"
#include "kernels_simd128/install.h"

/* The tree over the partial sums p[0..3]. */
static inline float add_up(const v128_t *p) {
    const v128_t q = wasm_f32x4_add(wasm_f32x4_add(p[0], p[1]), wasm_f32x4_add(p[2], p[3]));
    return (wasm_f32x4_extract_lane(q, 0) + wasm_f32x4_extract_lane(q, 1)) +
           (wasm_f32x4_extract_lane(q, 2) + wasm_f32x4_extract_lane(q, 3));
}

static float sum(size_t n, const float *x) {
    v128_t p[4];
    for (size_t v = 0; v < 4; v++) p[v] = wasm_f32x4_splat(0.0f);
    for (; n >= 16; n -= 16, x += 16)
        for (size_t v = 0; v < 4; v++) p[v] = wasm_f32x4_add(p[v], wasm_v128_load(x + 4 * v));
    for (size_t v = 0; v < 4 && n; v++, x += 4) {
        p[v] = wasm_f32x4_add(p[v], n < 4 ? lw_load_lanes(x, n) : wasm_v128_load(x));
        n -= n < 4 ? n : 4;
    }
    return add_up(p);
}

/* The order of the comparisons can't be seen: it decides only which zero is the maximum, and exp(x - 0) is the same for
 * both. A NaN is skipped in any order. */
static inline float largest(size_t n, const float *x) {
    v128_t m[4];
    for (size_t v = 0; v < 4; v++) m[v] = wasm_f32x4_splat(-INFINITY);
    for (; n >= 16; n -= 16, x += 16)
        for (size_t v = 0; v < 4; v++) m[v] = lw_max(m[v], wasm_v128_load(x + 4 * v));
    for (; n >= 4; n -= 4, x += 4) m[0] = lw_max(m[0], wasm_v128_load(x));
    for (; n; n--, x++) m[1] = lw_max(m[1], wasm_v128_load32_splat(x));
    v128_t all = lw_max(lw_max(m[0], m[1]), lw_max(m[2], m[3]));
    all = lw_max(all, wasm_i32x4_shuffle(all, all, 2, 3, 0, 1));
    all = lw_max(all, wasm_i32x4_shuffle(all, all, 1, 0, 3, 2));
    return wasm_f32x4_extract_lane(all, 0);
}

/* out = exp(x - shift); returns the sum of the results as sum() would. */
static inline float exp_and_sum(size_t n, const float *x, float shift, float *out) {
    const lw_table table = lw_hidden(lw_exp_constants);
    const v128_t s = wasm_f32x4_splat(shift);
    enum { PAIR = 4 * LW_VECTORS, PARTS = 4 };
    _Static_assert(PARTS % LW_VECTORS == 0, "the partial sums are whole groups of vectors");
    v128_t p[PARTS];
    for (size_t v = 0; v < PARTS; v++) p[v] = wasm_f32x4_splat(0.0f);
    for (; n >= 16; n -= 16, x += 16, out += 16) {
        for (size_t i = 0; i < PARTS; i += LW_VECTORS) {
            v128_t e[LW_VECTORS];
            LW_EACH(v) e[v] = wasm_f32x4_sub(wasm_v128_load(x + 4 * (i + v)), s);
            lw_exp_difference(table, e);
            LW_EACH(v) {
                wasm_v128_store(out + 4 * (i + v), e[v]);
                p[i + v] = wasm_f32x4_add(p[i + v], e[v]);
            }
        }
    }
    /* The rest through a buffer; what it has beyond the rest becomes 0 again before it is added. */
    float rest[16] = {0};
    for (size_t i = 0; i < n; i++) rest[i] = x[i];
    for (size_t i = 0; i < n; i += PAIR) {
        v128_t e[LW_VECTORS];
        LW_EACH(v) e[v] = wasm_f32x4_sub(wasm_v128_load(rest + i + 4 * v), s);
        lw_exp_difference(table, e);
        LW_EACH(v) wasm_v128_store(rest + i + 4 * v, e[v]);
    }
    for (size_t i = 0; i < n; i++) out[i] = rest[i];
    for (size_t i = n; i < 16; i++) rest[i] = 0.0f;
    for (size_t v = 0; v < PARTS; v++) p[v] = wasm_f32x4_add(p[v], wasm_v128_load(rest + 4 * v));
    return add_up(p);
}

static inline void scale(size_t n, float factor, float *x) {
    const v128_t f = wasm_f32x4_splat(factor);
    for (; n >= 16; n -= 16, x += 16)
        for (size_t v = 0; v < 4; v++) wasm_v128_store(x + 4 * v, wasm_f32x4_mul(wasm_v128_load(x + 4 * v), f));
    for (; n >= 4; n -= 4, x += 4) wasm_v128_store(x, wasm_f32x4_mul(wasm_v128_load(x), f));
    if (n) lw_store_lanes(x, wasm_f32x4_mul(lw_load_lanes(x, n), f), n);
}

static void softmax(size_t rows, size_t columns, const float *x, /* (rows, columns) */ float *out) {
    for (size_t r = 0; r < rows; r++, x += columns, out += columns)
        scale(columns, 1.0f / exp_and_sum(columns, x, largest(columns, x), out), out);
}

/* Adds `count` rows to out, which holds the sums of those before; count is a constant, and 0 + x is x where first. */
static inline __attribute__((always_inline)) void add_rows(const size_t count, bool first, size_t columns,
                                                           const float *x, size_t row_stride, float *out) {
    const v128_t zero = wasm_f32x4_splat(0.0f);
    size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
        v128_t acc = first ? zero : wasm_v128_load(out + c);
        for (size_t r = 0; r < count; r++) acc = wasm_f32x4_add(acc, wasm_v128_load(x + r * row_stride + c));
        wasm_v128_store(out + c, acc);
    }
    if (c < columns) {
        v128_t acc = first ? zero : lw_load_lanes(out + c, columns - c);
        for (size_t r = 0; r < count; r++)
            acc = wasm_f32x4_add(acc, lw_load_lanes(x + r * row_stride + c, columns - c));
        lw_store_lanes(out + c, acc, columns - c);
    }
}

/* Four rows at a time are read from their beginning to their end, as the caches like it, and added to the sums so far,
 * which stay in the first-level cache where they fit. (Down the columns, with the sums in registers, 49 rows of 1024
 * took four times as long: each row lies in another page. Eight rows a page apart are slower than four.) Few columns are done over all rows at once. */
static void sum_rows(size_t rows, size_t columns, const float *x, size_t row_stride, float *out) {
    enum { BLOCK = 2048 }; /* columns: 8 KB of sums */
    if (rows == 0) add_rows(0, true, columns, x, row_stride, out);
    for (; columns; x += BLOCK, out += BLOCK) {
        const size_t width = columns < BLOCK ? columns : BLOCK;
        const float *row = x;
        size_t left = rows;
        for (; left >= 4; left -= 4, row += 4 * row_stride) add_rows(4, left == rows, width, row, row_stride, out);
        for (; left; left--, row += row_stride) add_rows(1, left == rows, width, row, row_stride, out);
        columns -= width;
    }
}

struct operands {
    const float *scale, *shift, *residual;
    v128_t lo, hi;
};

/* n <= 4 channels of `rows` rows, which share the loads of scale and shift. */
static inline __attribute__((always_inline)) void finish(bool scales, bool adds, size_t n, size_t rows, size_t channels,
                                                         const struct operands *o, size_t c, const float *x,
                                                         float *out) {
    const v128_t zero = wasm_f32x4_splat(0.0f);
    const v128_t s = scales ? lw_load_some(o->scale + c, n) : zero, t = scales ? lw_load_some(o->shift + c, n) : zero;
    for (size_t r = 0, i = c; r < rows; r++, i += channels) {
        v128_t y = lw_load_some(x + i, n);
        if (scales) y = lw_madd(y, s, t);
        if (adds) y = wasm_f32x4_add(y, lw_load_some(o->residual + i, n));
        y = lw_min(lw_max(y, o->lo), o->hi);
        lw_store_some(out + i, y, n);
    }
}

static inline __attribute__((always_inline)) void all_rows(bool scales, bool adds, size_t rows, size_t channels,
                                                           struct operands o, const float *x, float *out) {
    for (size_t together; rows > 0; rows -= together) {
        size_t c = 0;
        together = rows > 1 ? 2 : 1;
        if (together == 2)
            for (; c + 4 <= channels; c += 4) finish(scales, adds, 4, 2, channels, &o, c, x, out);
        else
            for (; c + 4 <= channels; c += 4) finish(scales, adds, 4, 1, channels, &o, c, x, out);
        if (c < channels) finish(scales, adds, channels - c, together, channels, &o, c, x, out);
        x += together * channels;
        out += together * channels;
        if (adds) o.residual += together * channels;
    }
}

static void epilogue(size_t rows, size_t channels, const float *x, const float *scale, const float *shift,
                     const float *residual, struct lw_clamp clamp, float *out) {
    const struct operands o = {scale, shift, residual, wasm_f32x4_splat(clamp.lo), wasm_f32x4_splat(clamp.hi)};
    if (!residual)
        all_rows(true, false, rows, channels, o, x, out);
    else if (scale)
        all_rows(true, true, rows, channels, o, x, out);
    else
        all_rows(false, true, 1, rows * channels, o, x, out); /* one long row */
}

/* What is left of a row at its end. Not inlined: it is seldom worth the space. */
static __attribute__((noinline)) void subtract(size_t n, const float *x, float mean, float *out) {
    for (; n; n--) *out++ = *x++ - mean;
}

/* The mean over each of two rows, `stride` apart, of x or, with squares, of (x - mean)^2; a row's sum is in sum's order.
 * One row alone would wait for the latency of its four chains of additions. */
static inline __attribute__((always_inline)) void average(bool squares, size_t columns, const float *x, size_t stride,
                                                          const float *means, float *out) {
    v128_t p[2][4], m[2];
    for (size_t r = 0; r < 2; r++) {
        m[r] = wasm_f32x4_splat(squares ? means[r] : 0.0f);
        for (size_t v = 0; v < 4; v++) p[r][v] = wasm_f32x4_splat(0.0f);
    }
    size_t n = columns;
    for (; n >= 16; n -= 16, x += 16) {
        for (size_t v = 0; v < 4; v++) {
            for (size_t r = 0; r < 2; r++) {
                const v128_t y = wasm_v128_load(x + r * stride + 4 * v), d = wasm_f32x4_sub(y, m[r]);
                p[r][v] = squares ? lw_madd(d, d, p[r][v]) : wasm_f32x4_add(p[r][v], y);
            }
        }
    }
    if (n) {
        float rest[2][16] = {{0}};
        for (size_t r = 0; r < 2; r++) subtract(n, x + r * stride, squares ? means[r] : 0.0f, rest[r]);
        for (size_t v = 0; v < 4; v++) {
            for (size_t r = 0; r < 2; r++) {
                const v128_t d = wasm_v128_load(rest[r] + 4 * v);
                p[r][v] = squares ? lw_madd(d, d, p[r][v]) : wasm_f32x4_add(p[r][v], d);
            }
        }
    }
    for (size_t r = 0; r < 2; r++) out[r] = add_up(p[r]) / (float)columns;
}

/* Two rows, `stride` apart: 0 for one alone. Three passes, of which the first brings them into the first-level cache. */
static inline __attribute__((always_inline)) void norm_rows(size_t columns, size_t stride, float epsilon,
                                                            const float *x, const float *scale, const float *shift,
                                                            float *out) {
    static const float ones[4] = {1, 1, 1, 1}, zeros[4] = {0};
    const size_t scale_step = scale ? 4 : 0, shift_step = shift ? 4 : 0;
    if (!scale) scale = ones;
    if (!shift) shift = zeros;
    float mean[2], variance[2], factor[2];
    average(false, columns, x, stride, NULL, mean);
    average(true, columns, x, stride, mean, variance);
    for (size_t r = 0; r < 2; r++) factor[r] = 1.0f / sqrtf(variance[r] + epsilon);
    const v128_t m0 = wasm_f32x4_splat(mean[0]), m1 = wasm_f32x4_splat(mean[1]);
    const v128_t f0 = wasm_f32x4_splat(factor[0]), f1 = wasm_f32x4_splat(factor[1]);
    for (; columns >= 4; columns -= 4, x += 4, out += 4, scale += scale_step, shift += shift_step) {
        const v128_t s = wasm_v128_load(scale), t = wasm_v128_load(shift);
        const v128_t a = wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(x), m0), f0);
        const v128_t b = wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(x + stride), m1), f1);
        wasm_v128_store(out, lw_madd(a, s, t));
        wasm_v128_store(out + stride, lw_madd(b, s, t));
    }
    for (; columns; columns--, x++, out++, scale += scale_step / 4, shift += shift_step / 4) {
        const float a = (x[0] - mean[0]) * factor[0] * *scale + *shift;
        const float b = (x[stride] - mean[1]) * factor[1] * *scale + *shift;
        out[0] = a;
        out[stride] = b;
    }
}

static void layer_norm(size_t rows, size_t columns, float epsilon, const float *x, const float *scale,
                       const float *shift, float *out) {
    for (; rows; x += 2 * columns, out += 2 * columns) {
        norm_rows(columns, rows > 1 ? columns : 0, epsilon, x, scale, shift, out);
        rows -= rows > 1 ? 2 : 1;
    }
}

void lw_simd128_rows_install(struct lw_kernels *kernels) {
    kernels->softmax_f32 = softmax;
    kernels->sum_f32 = sum;
    kernels->sum_rows_f32 = sum_rows;
    kernels->layer_norm_f32 = layer_norm;
}

void lw_simd128_epilogue_install(struct lw_kernels *kernels) {
    kernels->epilogue_f32 = epilogue;
}
