/* SPDX-License-Identifier: MIT */
/*
 * Moving elements: transposes, out[j][i] = in[i][j]; strides, out[i] = in[i * step]; pixels, out[i][c] = rgba[i][c].
 *
 * The unit of a transpose is a tile of 4x4: four vectors in, two rounds of four shuffles, four vectors out. Four tiles
 * below each other write 64 bytes of each row of out, a cache line's worth, so that a line is not left half written. The
 * last tiles overlap those before them. 2 or 3 rows or columns are loaded or stored in lanes.
 *
 * Rows of the input a multiple of 2 KiB apart share a few sets of the first-level cache, and would be driven out of it
 * before their lines are used up. There tiles go side by side through a buffer, so that every line of the input is read at
 * once and every line of the output written at once.
 *
 * Bytes are transposed in tiles of 8x8, by three rounds of shuffles.
 */
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

/* Before a loop that needs no unrolling. */
#ifdef __clang__
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED _Pragma("GCC unroll 1")
#endif

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

/* The two strips there are; of each one copy is enough. */
static __attribute__((noinline)) void strip_4(size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                                              ptrdiff_t out_step) {
    strip(4, columns, in, in_step, out, out_step);
}
static __attribute__((noinline)) void strip_1(size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                                              ptrdiff_t out_step) {
    strip(1, columns, in, in_step, out, out_step);
}

/* 16 x 16 elements through a buffer. */
static __attribute__((noinline)) void block(const uint32_t *in, ptrdiff_t in_step, uint32_t *out, ptrdiff_t out_step) {
    uint32_t buffer[16 * 16];
    ROLLED for (ptrdiff_t i = 0; i < 16; i += 4) ROLLED for (ptrdiff_t j = 0; j < 16; j += 4)
        tile(in + i * in_step + j, in_step, buffer + 16 * j + i, 16);
    ROLLED for (ptrdiff_t j = 0; j < 16; j++) for (ptrdiff_t i = 0; i < 16; i += 4)
        wasm_v128_store(out + j * out_step + i, wasm_v128_load(buffer + 16 * j + i));
}

/* 2 or 3 columns, a constant wherever this is inlined, of 4 rows or more. */
static inline __attribute__((always_inline)) void few_columns(const size_t columns, size_t rows, const uint32_t *in,
                                                              ptrdiff_t in_step, uint32_t *out, ptrdiff_t out_step) {
    for (;;) {
        v128_t r[4];
        for (ptrdiff_t i = 0; i < 4; i++) r[i] = lw_load_lanes((const float *)(in + i * in_step), columns);
        const v128_t ab = wasm_i32x4_shuffle(r[0], r[1], 0, 4, 1, 5), cd = wasm_i32x4_shuffle(r[2], r[3], 0, 4, 1, 5);
        wasm_v128_store(out, wasm_i64x2_shuffle(ab, cd, 0, 2));
        wasm_v128_store(out + out_step, wasm_i64x2_shuffle(ab, cd, 1, 3));
        if (columns > 2) {
            const v128_t ab2 = wasm_i32x4_shuffle(r[0], r[1], 2, 6, 3, 7);
            const v128_t cd2 = wasm_i32x4_shuffle(r[2], r[3], 2, 6, 3, 7);
            wasm_v128_store(out + 2 * out_step, wasm_i64x2_shuffle(ab2, cd2, 0, 2));
        }
        if (rows == 4) return;
        const size_t step = rows < 8 ? rows - 4 : 4;
        in += (ptrdiff_t)step * in_step;
        out += step;
        rows -= step;
    }
}

/* 2 or 3 rows, a constant likewise, of 4 columns or more. */
static inline __attribute__((always_inline)) void few_rows(const size_t rows, size_t columns, const uint32_t *in,
                                                           ptrdiff_t in_step, uint32_t *out, ptrdiff_t out_step) {
    for (;;) {
        const v128_t a = wasm_v128_load(in), b = wasm_v128_load(in + in_step);
        const v128_t c = rows > 2 ? wasm_v128_load(in + 2 * in_step) : a;
        const v128_t ab01 = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab23 = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
        lw_store_lanes((float *)out, wasm_i32x4_shuffle(ab01, c, 0, 1, 4, 4), rows);
        lw_store_lanes((float *)(out + out_step), wasm_i32x4_shuffle(ab01, c, 2, 3, 5, 5), rows);
        lw_store_lanes((float *)(out + 2 * out_step), wasm_i32x4_shuffle(ab23, c, 0, 1, 6, 6), rows);
        lw_store_lanes((float *)(out + 3 * out_step), wasm_i32x4_shuffle(ab23, c, 2, 3, 7, 7), rows);
        if (columns == 4) return;
        const size_t step = columns < 8 ? columns - 4 : 4;
        in += step;
        out += (ptrdiff_t)step * out_step;
        columns -= step;
    }
}

static void transpose_u32(size_t rows, size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                          ptrdiff_t out_step) {
    enum { ALIAS = 512 }; /* elements */
    if (columns == 2 && rows >= 4) {
        few_columns(2, rows, in, in_step, out, out_step);
        return;
    }
    if (columns == 3 && rows >= 4) {
        few_columns(3, rows, in, in_step, out, out_step);
        return;
    }
    if (rows == 2 && columns >= 4) {
        few_rows(2, columns, in, in_step, out, out_step);
        return;
    }
    if (rows == 3 && columns >= 4) {
        few_rows(3, columns, in, in_step, out, out_step);
        return;
    }
    if (rows < 4 || columns < 4) {
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                out[(ptrdiff_t)j * out_step + (ptrdiff_t)i] = in[(ptrdiff_t)i * in_step + (ptrdiff_t)j];
        return;
    }
    size_t done = 0; /* columns of the rows that make whole blocks */
    if (in_step % ALIAS == 0 && rows >= 16) {
        for (; done + 16 <= columns; done += 16)
            for (ptrdiff_t i = 0; i + 16 <= (ptrdiff_t)rows; i += 16)
                block(in + i * in_step + done, in_step, out + (ptrdiff_t)done * out_step + i, out_step);
        if (done < columns && done + 4 > columns) done = columns - 4;
    }
    for (; rows >= 16; rows -= 16, in += 16 * in_step, out += 16)
        if (done < columns) strip_4(columns - done, in + done, in_step, out + (ptrdiff_t)done * out_step, out_step);
    for (; rows >= 4; rows -= 4, in += 4 * in_step, out += 4) strip_1(columns, in, in_step, out, out_step);
    if (rows) {
        const size_t back = 4 - rows;
        strip_1(columns, in - (ptrdiff_t)back * in_step, in_step, out - back, out_step);
    }
}

static inline __attribute__((always_inline)) void tile_u8(const uint8_t *in, ptrdiff_t in_step, uint8_t *out,
                                                          ptrdiff_t out_step) {
    v128_t r[8], pairs[4];
    for (ptrdiff_t i = 0; i < 8; i++) r[i] = wasm_v128_load64_zero(in + i * in_step);
    for (size_t i = 0; i < 4; i++)
        pairs[i] = wasm_i8x16_shuffle(r[2 * i], r[2 * i + 1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const v128_t a = wasm_i16x8_shuffle(pairs[0], pairs[1], 0, 8, 1, 9, 2, 10, 3, 11);
    const v128_t b = wasm_i16x8_shuffle(pairs[2], pairs[3], 0, 8, 1, 9, 2, 10, 3, 11);
    const v128_t c = wasm_i16x8_shuffle(pairs[0], pairs[1], 4, 12, 5, 13, 6, 14, 7, 15);
    const v128_t d = wasm_i16x8_shuffle(pairs[2], pairs[3], 4, 12, 5, 13, 6, 14, 7, 15);
    const v128_t y[4] = {wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7),
                         wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7)};
    for (ptrdiff_t i = 0; i < 4; i++) {
        wasm_v128_store64_lane(out + 2 * i * out_step, y[i], 0);
        wasm_v128_store64_lane(out + (2 * i + 1) * out_step, y[i], 1);
    }
}

/* 64 rows at a time, for the same reason as above. */
static void transpose_u8(size_t rows, size_t columns, const uint8_t *in, ptrdiff_t in_step, uint8_t *out,
                         ptrdiff_t out_step) {
    enum { TILE = 8, STRIP = 64 };
    if (rows < TILE || columns < TILE) {
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                out[(ptrdiff_t)j * out_step + (ptrdiff_t)i] = in[(ptrdiff_t)i * in_step + (ptrdiff_t)j];
        return;
    }
    for (size_t start = 0; start < rows; start += STRIP) {
        const size_t end = rows - start < STRIP ? rows : start + STRIP;
        for (size_t column = 0; column < columns; column += TILE) {
            const size_t j = columns - column < TILE ? columns - TILE : column;
            for (size_t row = start; row < end; row += TILE) {
                const size_t i = rows - row < TILE ? rows - TILE : row;
                tile_u8(in + (ptrdiff_t)i * in_step + (ptrdiff_t)j, in_step,
                        out + (ptrdiff_t)j * out_step + (ptrdiff_t)i, out_step);
            }
        }
    }
}

/* Backwards and every other element by shuffles. Four elements of any other stride make a vector. */
static void stride_u32(size_t n, const uint32_t *in, ptrdiff_t step, uint32_t *out) {
    size_t i = 0;
    if (step == -1) {
        for (; i + 4 <= n; i += 4, in -= 4) {
            const v128_t x = wasm_v128_load(in - 3);
            wasm_v128_store(out + i, wasm_i32x4_shuffle(x, x, 3, 2, 1, 0));
        }
    } else if (step == 2) {
        for (; i + 5 <= n; i += 4, in += 8) /* the eighth element is not ours, unless a fifth follows */
            wasm_v128_store(out + i, wasm_i32x4_shuffle(wasm_v128_load(in), wasm_v128_load(in + 4), 0, 2, 4, 6));
    } else {
        for (; i + 4 <= n; i += 4, in += 4 * step) {
            v128_t x = wasm_v128_load32_zero(in);
            x = wasm_v128_load32_lane(in + step, x, 1);
            x = wasm_v128_load32_lane(in + 2 * step, x, 2);
            wasm_v128_store(out + i, wasm_v128_load32_lane(in + 3 * step, x, 3));
        }
    }
    for (; i < n; i++, in += step) out[i] = *in;
}

/* Four pixels at a time, a vector of bytes, which one shuffle for each vector of integers spreads. */
static inline __attribute__((always_inline)) void spread(const size_t channels, size_t n, const uint8_t *rgba,
                                                         int32_t *out) {
/* Byte c of pixel p and three zeros. */
#define AT(p, c) 4 * (p) + (c), 255, 255, 255
    static const uint8_t orders[4][4][16] = {
        {{AT(0, 0), AT(1, 0), AT(2, 0), AT(3, 0)}},
        {{AT(0, 0), AT(0, 1), AT(1, 0), AT(1, 1)}, {AT(2, 0), AT(2, 1), AT(3, 0), AT(3, 1)}},
        {{AT(0, 0), AT(0, 1), AT(0, 2), AT(1, 0)},
         {AT(1, 1), AT(1, 2), AT(2, 0), AT(2, 1)},
         {AT(2, 2), AT(3, 0), AT(3, 1), AT(3, 2)}},
        {{AT(0, 0), AT(0, 1), AT(0, 2), AT(0, 3)},
         {AT(1, 0), AT(1, 1), AT(1, 2), AT(1, 3)},
         {AT(2, 0), AT(2, 1), AT(2, 2), AT(2, 3)},
         {AT(3, 0), AT(3, 1), AT(3, 2), AT(3, 3)}},
    };
#undef AT
    v128_t order[4];
    for (size_t v = 0; v < channels; v++) {
        order[v] = wasm_v128_load(orders[channels - 1][v]);
        lw_keep(&order[v]); /* in a register: a constant costs three instructions wherever it is used */
    }
    ROLLED for (; n >= 4; n -= 4, rgba += 16, out += 4 * channels) {
        const v128_t four = wasm_v128_load(rgba);
        for (size_t v = 0; v < channels; v++) wasm_v128_store(out + 4 * v, wasm_i8x16_swizzle(four, order[v]));
    }
    ROLLED for (; n > 0; n--, rgba += 4, out += channels) {
        const uint8_t pixel[4] = {rgba[0], rgba[1], rgba[2], rgba[3]};
        for (size_t c = 0; c < channels; c++) out[c] = pixel[c];
    }
}

static void pixels_i32(size_t n, size_t channels, const uint8_t *rgba, int32_t *out) {
    switch (channels) {
    case 1: spread(1, n, rgba, out); break;
    case 2: spread(2, n, rgba, out); break;
    case 3: spread(3, n, rgba, out); break;
    default: spread(4, n, rgba, out); break;
    }
}

void lw_simd128_move_install(struct lw_kernels *kernels) {
    kernels->transpose_u32 = transpose_u32;
    kernels->transpose_u8 = transpose_u8;
    kernels->stride_u32 = stride_u32;
    kernels->pixels_i32 = pixels_i32;
}
