/* SPDX-License-Identifier: MIT */
/* How the operators on top of gemm_f32 (kernels.h) lay out its operands. Not installed. */
#ifndef LW_GEMM_PACK_H
#define LW_GEMM_PACK_H

#include "kernels/operator.h"
#include "kernels/parallel.h"

/* Elements of a packed [k][n] matrix, as gemm_f32 takes it: ceil(n / nr) panels of k rows of nr, or its columns when n <
 * LW_GEMM_NARROW; false when their bytes don't fit size_t. */
bool lw_gemm_packed_elements(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t *elements);

/* Packs `matrices` whole [k][n] matrices, matrix_step and packed_step floats apart, on the context's threads. */
enum lw_status lw_gemm_pack_all(const struct lw_context *context, size_t matrices, size_t k, size_t n, const float *b,
                                size_t matrix_step, size_t k_step, size_t n_step, float *packed, size_t packed_step);

/* Packs rows first to first + count - 1 of a [k][n] matrix, whose element [first + i][j] is b[i * k_step + j * n_step].
 * packed: the whole matrix's. */
void lw_gemm_pack(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t first, size_t count, const float *b,
                  size_t k_step, size_t n_step, float *packed);

/* How many of m rows, of `inputs` floats each, to hand to the kernel in one call with a packed [taps * inputs][n] matrix.
 * Many, so that a panel in the first-level cache serves many tiles; but few enough for the rows of A and of the output,
 * and for the pointers (taps per row), to stay in the second level. A matrix that doesn't fit there is read anew by each
 * call, which costs more than reading A anew: then there are more rows. A multiple of mr, 0 only when m is 0; the blocks
 * of m are of similar size. */
size_t lw_gemm_block_rows(const struct lw_gemm_f32 *gemm, size_t m, size_t taps, size_t inputs, size_t n);

/* Bytes of scratch for the row pointers of a block, [block_rows][taps], and `floats` floats behind them; rounded up to 16,
 * so that a buffer that ends where its memory ends is aligned too. False when that doesn't fit size_t. */
bool lw_gemm_scratch_bytes(size_t block_rows, size_t taps, size_t floats, size_t *bytes);

/*
 * How a product of m rows and n columns is cut into units of work, which are numbered along rows of units. A unit of
 * whole blocks of rows and all columns reads the least. Where those are few, columns are cut if B is the larger operand,
 * so that each core reads only its share of it; else blocks of rows are halved in columns, and so on. No result depends
 * on it: each sum lies in one unit.
 */
struct lw_gemm_cut {
    size_t m, n, row_step, column_step; /* the steps are multiples of mr and nr */
    size_t across, units;               /* units in a row of them, and in all */
    size_t unit_cost;                   /* for lw_parallel */
};

/* How to cut a product whose sums have k terms and that reads `inputs` floats for each row of A.
 * grain: columns that are not to be cut, nor is any multiple of them: a group's; 0 leaves it to the kernel. */
struct lw_gemm_cut lw_gemm_cut(const struct lw_context *context, size_t m, size_t n, size_t k, size_t inputs,
                               size_t grain, size_t block_rows);

struct lw_gemm_area {
    size_t product, row, rows, column, columns;
};

/* The largest rectangle that units from `begin` on, but before `end`, form in one product; returns the first unit behind
 * it. There may be several products, cut alike. */
size_t lw_gemm_area(const struct lw_gemm_cut *cut, size_t begin, size_t end, struct lw_gemm_area *area);

/* Applies the activations that are no clamps, in place, to `rows` rows of the area's columns. x: rows of
 * row_stride floats, from column 0 on. */
void lw_gemm_activate(const struct lw_context *context, const struct lw_activation *activation, const float *slopes,
                      const struct lw_gemm_area *area, size_t rows, float *x, size_t row_stride);

#endif
