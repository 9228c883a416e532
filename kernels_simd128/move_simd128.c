/* SPDX-License-Identifier: MIT */
/*
 * Moving elements of 4 bytes: a transpose, out[j][i] = in[i][j].
 *
 * The unit is a tile of 4x4: four vectors in, two rounds of four shuffles, four vectors out. Four tiles below each other
 * write 64 bytes of each row of out, a cache line's worth, so that a line is not left half written. The last tiles
 * overlap those before them. A matrix with fewer than 4 rows or columns goes element by element.
 */
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

static inline __attribute__((always_inline)) void tile(const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                                                       ptrdiff_t out_step) {
    const v128_t a = wasm_v128_load(in), b = wasm_v128_load(in + in_step), c = wasm_v128_load(in + 2 * in_step),
                 d = wasm_v128_load(in + 3 * in_step);
    const v128_t ab01 = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab23 = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
    const v128_t cd01 = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd23 = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
    wasm_v128_store(out, wasm_i64x2_shuffle(ab01, cd01, 0, 2));
    wasm_v128_store(out + out_step, wasm_i64x2_shuffle(ab01, cd01, 1, 3));
    wasm_v128_store(out + 2 * out_step, wasm_i64x2_shuffle(ab23, cd23, 0, 2));
    wasm_v128_store(out + 3 * out_step, wasm_i64x2_shuffle(ab23, cd23, 1, 3));
}

/* `tiles` tiles below each other, over all columns (4 or more); tiles is a constant where this is inlined. */
static inline __attribute__((always_inline)) void strip(const size_t tiles, size_t columns, const uint32_t *in,
                                                        ptrdiff_t in_step, uint32_t *out, ptrdiff_t out_step) {
    for (;;) {
        for (size_t t = 0; t < tiles; t++) tile(in + (ptrdiff_t)(4 * t) * in_step, in_step, out + 4 * t, out_step);
        if (columns == 4) return;
        const size_t step = columns < 8 ? columns - 4 : 4;
        in += step;
        out += (ptrdiff_t)step * out_step;
        columns -= step;
    }
}

static void transpose(size_t rows, size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                      ptrdiff_t out_step) {
    if (rows < 4 || columns < 4) {
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                out[(ptrdiff_t)j * out_step + (ptrdiff_t)i] = in[(ptrdiff_t)i * in_step + (ptrdiff_t)j];
        return;
    }
    for (; rows >= 16; rows -= 16, in += 16 * in_step, out += 16) strip(4, columns, in, in_step, out, out_step);
    for (; rows >= 4; rows -= 4, in += 4 * in_step, out += 4) strip(1, columns, in, in_step, out, out_step);
    if (rows) {
        const size_t back = 4 - rows;
        strip(1, columns, in - (ptrdiff_t)back * in_step, in_step, out - back, out_step);
    }
}

void lw_simd128_move_install(struct lw_kernels *kernels) {
    kernels->transpose_u32 = transpose;
}
