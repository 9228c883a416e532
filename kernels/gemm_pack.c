/* SPDX-License-Identifier: MIT */
/* Laying out the operands of gemm_f32: panels of B, and how many rows of A at a time. */
#include "kernels/gemm_pack.h"

static size_t divide_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

bool lw_gemm_packed_elements(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t *elements) {
    const bool narrow = n < LW_GEMM_NARROW;
    const size_t factors[] = {narrow ? n : divide_up(n, gemm->nr), narrow ? 1 : gemm->nr, k, sizeof(float)};
    if (!lw_product(factors, 4, elements)) return false;
    *elements /= sizeof(float);
    return true;
}

/* rows rows of a whole panel. Constants for nr and n_step make fast code. */
static inline __attribute__((always_inline)) void pack_panel(const size_t nr, size_t rows, const float *from,
                                                             size_t k_step, const size_t n_step, float *to) {
    for (size_t i = 0; i < rows; i++, from += k_step, to += nr) {
        for (size_t c = 0; c < nr; c++) to[c] = from[c * n_step];
    }
}

void lw_gemm_pack(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t first, size_t count, const float *b,
                  size_t k_step, size_t n_step, float *packed) {
    if (n < LW_GEMM_NARROW) {
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < count; i++) packed[j * k + first + i] = b[i * k_step + j * n_step];
        }
        return;
    }
    /* A few rows at a time, so that each page of b is gone through once, and whole cache lines are written. A transposed
     * matrix is read along its columns: all of them. */
    enum { ROWS = 16 };
    const size_t nr = gemm->nr, step = n_step == 1 ? ROWS : count;
    for (size_t start = 0; start < count; start += step) {
        const size_t rows = count - start < step ? count - start : step;
        for (size_t j = 0; j < n; j += nr) {
            const size_t width = n - j < nr ? n - j : nr;
            const float *from = b + start * k_step + j * n_step;
            float *to = packed + j * k + (first + start) * nr;
            if (width == 8 && nr == 8 && n_step == 1)
                pack_panel(8, rows, from, k_step, 1, to);
            else if (width == 8 && nr == 8)
                pack_panel(8, rows, from, k_step, n_step, to);
            else if (width == 16 && nr == 16 && n_step == 1)
                pack_panel(16, rows, from, k_step, 1, to);
            else if (width == 16 && nr == 16)
                pack_panel(16, rows, from, k_step, n_step, to);
            else {
                for (size_t i = 0; i < rows; i++, from += k_step, to += nr) {
                    for (size_t c = 0; c < nr; c++) to[c] = c < width ? from[c * n_step] : 0.0f;
                }
            }
        }
    }
}

size_t lw_gemm_block_rows(const struct lw_gemm_f32 *gemm, size_t m, size_t taps, size_t inputs, size_t n) {
    enum {
        FLOATS = 32 * 1024,
        LARGE_A = 384 * 1024,
        LARGE_B = 256 * 1024,
        POINTERS = 2048,
        MIN_ROWS = 48,
        MAX_ROWS = 384
    };
    size_t matrix = taps;
    const bool large = !lw_multiply(&matrix, inputs) || !lw_multiply(&matrix, n) || matrix > LARGE_B;
    const size_t row = large ? inputs : inputs + n;
    size_t block = (large ? LARGE_A : FLOATS) / (row ? row : 1);
    if (block < MIN_ROWS) block = MIN_ROWS;
    if (block > MAX_ROWS) block = MAX_ROWS;
    size_t tiles = block / gemm->mr;
    const size_t pointer_tiles = POINTERS / gemm->mr / (taps ? taps : 1);
    if (tiles > pointer_tiles) tiles = pointer_tiles ? pointer_tiles : 1;

    const size_t m_tiles = divide_up(m, gemm->mr);
    if (m_tiles == 0) return 0;
    return divide_up(m_tiles, divide_up(m_tiles, tiles)) * gemm->mr;
}

bool lw_gemm_scratch_bytes(size_t block_rows, size_t taps, size_t floats, size_t *bytes) {
    const size_t pointers[] = {block_rows, taps, sizeof(float *)};
    const size_t rest[] = {floats, sizeof(float)};
    size_t rest_bytes;
    *bytes = 0;
    if (!lw_product(pointers, 3, bytes) || !lw_product(rest, 2, &rest_bytes) || !lw_add(bytes, rest_bytes) ||
        !lw_add(bytes, 15))
        return false;
    *bytes &= ~(size_t)15;
    return true;
}
