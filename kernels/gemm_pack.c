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

void lw_gemm_pack(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t first, size_t count, const float *b,
                  size_t k_step, size_t n_step, float *packed) {
    if (n < LW_GEMM_NARROW) {
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < count; i++) packed[j * k + first + i] = b[i * k_step + j * n_step];
        }
        return;
    }
    const size_t nr = gemm->nr;
    for (size_t j = 0; j < n; j += nr, packed += k * nr) {
        const size_t width = n - j < nr ? n - j : nr;
        for (size_t i = 0; i < count; i++) {
            const float *from = b + i * k_step + j * n_step;
            float *to = packed + (first + i) * nr;
            size_t c = 0;
            for (; c < width; c++) to[c] = from[c * n_step];
            for (; c < nr; c++) to[c] = 0.0f;
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
    if (!lw_product(pointers, 3, bytes) || !lw_product(rest, 2, &rest_bytes)) return false;
    return lw_add(bytes, rest_bytes) && lw_add(bytes, sizeof(float *) - sizeof(float));
}

const float **lw_gemm_scratch_rows(void *scratch) {
    const uintptr_t address = (uintptr_t)scratch, mask = sizeof(float *) - 1;
    return (const float **)((char *)scratch + ((mask + 1 - (address & mask)) & mask));
}
