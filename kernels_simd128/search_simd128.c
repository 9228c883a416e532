/* SPDX-License-Identifier: MIT */
/*
 * Positions: of the first element with a value (find), of the first above one (find_above), and of the largest or the
 * smallest in each column (argmax_rows, argmin_rows).
 */
#include <stdbool.h>
#include <string.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

/* Before a loop that runs too seldom to be worth more space. */
#ifdef __clang__
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED _Pragma("GCC unroll 1")
#endif

/* Sixteen elements at a time, until one of them is it; then those one by one. */
static size_t find_f32(size_t n, const float *x, float value) {
    const v128_t v = wasm_f32x4_splat(value);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const float *at = x + i;
        const v128_t a = wasm_f32x4_eq(wasm_v128_load(at), v), b = wasm_f32x4_eq(wasm_v128_load(at + 4), v);
        const v128_t c = wasm_f32x4_eq(wasm_v128_load(at + 8), v), d = wasm_f32x4_eq(wasm_v128_load(at + 12), v);
        if (wasm_v128_any_true(wasm_v128_or(wasm_v128_or(a, b), wasm_v128_or(c, d)))) break;
    }
    while (i < n && x[i] != value) i++;
    return i;
}

static size_t find_i32(size_t n, const int32_t *x, int32_t value) {
    const v128_t v = wasm_i32x4_splat(value);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const int32_t *at = x + i;
        const v128_t a = wasm_i32x4_eq(wasm_v128_load(at), v), b = wasm_i32x4_eq(wasm_v128_load(at + 4), v);
        const v128_t c = wasm_i32x4_eq(wasm_v128_load(at + 8), v), d = wasm_i32x4_eq(wasm_v128_load(at + 12), v);
        if (wasm_v128_any_true(wasm_v128_or(wasm_v128_or(a, b), wasm_v128_or(c, d)))) break;
    }
    while (i < n && x[i] != value) i++;
    return i;
}

/* The same; the vector that has one tells which of its elements it is. */
static size_t find_above_f32(size_t n, const float *x, float value) {
    const v128_t v = wasm_f32x4_splat(value);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const float *at = x + i;
        const v128_t a = wasm_f32x4_gt(wasm_v128_load(at), v), b = wasm_f32x4_gt(wasm_v128_load(at + 4), v);
        const v128_t c = wasm_f32x4_gt(wasm_v128_load(at + 8), v), d = wasm_f32x4_gt(wasm_v128_load(at + 12), v);
        if (wasm_v128_any_true(wasm_v128_or(wasm_v128_or(a, b), wasm_v128_or(c, d)))) break;
    }
    for (; i + 4 <= n; i += 4) {
        const uint32_t found = (uint32_t)wasm_i32x4_bitmask(wasm_f32x4_gt(wasm_v128_load(x + i), v));
        if (found) return i + (size_t)__builtin_ctz(found);
    }
    while (i < n && !(x[i] > value)) i++;
    return i;
}

static size_t find_above_i32(size_t n, const int32_t *x, int32_t value) {
    const v128_t v = wasm_i32x4_splat(value);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const int32_t *at = x + i;
        const v128_t a = wasm_i32x4_gt(wasm_v128_load(at), v), b = wasm_i32x4_gt(wasm_v128_load(at + 4), v);
        const v128_t c = wasm_i32x4_gt(wasm_v128_load(at + 8), v), d = wasm_i32x4_gt(wasm_v128_load(at + 12), v);
        if (wasm_v128_any_true(wasm_v128_or(wasm_v128_or(a, b), wasm_v128_or(c, d)))) break;
    }
    for (; i + 4 <= n; i += 4) {
        const uint32_t found = (uint32_t)wasm_i32x4_bitmask(wasm_i32x4_gt(wasm_v128_load(x + i), v));
        if (found) return i + (size_t)__builtin_ctz(found);
    }
    while (i < n && x[i] <= value) i++;
    return i;
}

static inline v128_t extreme(bool f32, bool least, v128_t a, v128_t b) {
    if (f32) return least ? lw_min(a, b) : lw_max(a, b); /* a, where b is a NaN */
    return least ? wasm_i32x4_min(a, b) : wasm_i32x4_max(a, b);
}
static inline v128_t is_better(bool f32, bool least, v128_t a, v128_t b) {
    if (f32) return least ? wasm_f32x4_lt(a, b) : wasm_f32x4_gt(a, b);
    return least ? wasm_i32x4_lt(a, b) : wasm_i32x4_gt(a, b);
}

/*
 * Eight rows at a time, a block of columns whose best values stay in the first-level cache. Most eights have nothing
 * better, which their extreme tells; else they are gone through once more. To do so twice with a row, or a column,
 * changes nothing: so the last rows, and the last vector of columns, may overlap those before them.
 */
static inline __attribute__((always_inline)) void arg_rows(bool f32, bool least, size_t rows, size_t columns,
                                                           const int32_t *x, size_t row_stride, int32_t *out) {
    enum { GROUP = 8, BLOCK = 512 };
    int32_t best[BLOCK];
    for (size_t start = 0; start < columns; start += BLOCK) {
        if (columns - start < 4) start = columns - 4;
        const size_t width = columns - start < BLOCK ? columns - start : BLOCK;
        const int32_t *block = x + start;
        int32_t *at = out + start;
        memcpy(best, block, width * sizeof *best);
        memset(at, 0, width * sizeof *at);
        for (size_t r = 1; r < rows; r += GROUP) {
            const int32_t *row[GROUP];
            for (size_t i = 0; i < GROUP; i++) row[i] = block + (r + i < rows ? r + i : rows - 1) * row_stride;
            for (size_t v = 0; v < width; v += 4) {
                const size_t c = v + 4 <= width ? v : width - 4;
                const v128_t before = wasm_v128_load(best + c);
                v128_t b = before;
                for (size_t i = 0; i < GROUP; i++) b = extreme(f32, least, b, wasm_v128_load(row[i] + c));
                if (!wasm_v128_any_true(is_better(f32, least, b, before))) continue;
                wasm_v128_store(best + c, b);
                b = before;
                v128_t index = wasm_v128_load(at + c);
                ROLLED for (size_t i = 0; i < GROUP; i++) {
                    const v128_t y = wasm_v128_load(row[i] + c), better = is_better(f32, least, y, b);
                    b = extreme(f32, least, b, y);
                    index = lw_select(wasm_i32x4_splat((int32_t)(r + i)), index, better);
                }
                wasm_v128_store(at + c, index);
            }
        }
    }
}

/* Fewer columns than a vector has. */
static inline __attribute__((always_inline)) void arg_few(bool f32, bool least, size_t rows, size_t columns,
                                                          const int32_t *x, size_t row_stride, int32_t *out) {
    for (size_t c = 0; c < columns; c++) {
        v128_t best = wasm_v128_load32_splat(x + c);
        out[c] = 0;
        for (size_t r = 1; r < rows; r++) {
            const v128_t y = wasm_v128_load32_splat(x + r * row_stride + c);
            if (!wasm_v128_any_true(is_better(f32, least, y, best))) continue;
            best = y;
            out[c] = (int32_t)r;
        }
    }
}

static inline __attribute__((always_inline)) void arg(bool f32, bool least, size_t rows, size_t columns,
                                                      const int32_t *x, size_t row_stride, int32_t *out) {
    if (columns < 4)
        arg_few(f32, least, rows, columns, x, row_stride, out);
    else
        arg_rows(f32, least, rows, columns, x, row_stride, out);
}
static void argmax_rows_f32(size_t rows, size_t columns, const float *x, size_t row_stride, int32_t *out) {
    arg(true, false, rows, columns, (const int32_t *)x, row_stride, out);
}
static void argmin_rows_f32(size_t rows, size_t columns, const float *x, size_t row_stride, int32_t *out) {
    arg(true, true, rows, columns, (const int32_t *)x, row_stride, out);
}
static void argmax_rows_i32(size_t rows, size_t columns, const int32_t *x, size_t row_stride, int32_t *out) {
    arg(false, false, rows, columns, x, row_stride, out);
}
static void argmin_rows_i32(size_t rows, size_t columns, const int32_t *x, size_t row_stride, int32_t *out) {
    arg(false, true, rows, columns, x, row_stride, out);
}

void lw_simd128_search_install(struct lw_kernels *kernels) {
    kernels->find_f32 = find_f32;
    kernels->find_i32 = find_i32;
    kernels->find_above_f32 = find_above_f32;
    kernels->find_above_i32 = find_above_i32;
    kernels->argmax_rows_f32 = argmax_rows_f32;
    kernels->argmin_rows_f32 = argmin_rows_f32;
    kernels->argmax_rows_i32 = argmax_rows_i32;
    kernels->argmin_rows_i32 = argmin_rows_i32;
}
