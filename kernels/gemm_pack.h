/* SPDX-License-Identifier: MIT */
/* How the operators on top of gemm_f32 (kernels.h) lay out its operands. Not installed. */
#ifndef LW_GEMM_PACK_H
#define LW_GEMM_PACK_H

#include "kernels/operator.h"

/* Elements of a packed [k][n] matrix, as gemm_f32 takes it: ceil(n / nr) panels of k rows of nr, or its columns when n <
 * LW_GEMM_NARROW; false when their bytes don't fit size_t. */
bool lw_gemm_packed_elements(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t *elements);

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

#endif
