/* SPDX-License-Identifier: MIT */
#ifndef LW_TESTS_ROWS_H
#define LW_TESTS_ROWS_H

#include "tests/harness.h"

extern const struct lw_family lw_family_gemm;        /* the gemm slot */
extern const struct lw_family lw_family_conv2d;      /* operators: conv2d, conv2d_transpose */
extern const struct lw_family lw_family_conv3d;      /* operators: conv3d; gradients of convolutions, with their slot */
extern const struct lw_family lw_family_matmul;      /* operator */
extern const struct lw_family lw_family_dwconv;      /* slots and operator */
extern const struct lw_family lw_family_pool;        /* slots and operator */
extern const struct lw_family lw_family_unary;       /* slots (clamp too) and operator */
extern const struct lw_family lw_family_binary;      /* slots and operator, f32 and i32 */
extern const struct lw_family lw_family_compare;     /* slots of comparisons and select, and operators */
extern const struct lw_family lw_family_cast;        /* slots and operator */
extern const struct lw_family lw_family_complex;     /* operators complex_abs, complex_multiply, fft */
extern const struct lw_family lw_family_rows;        /* slots softmax, sum, sum_rows, epilogue, layer_norm; operators
                                                     softmax, reduce, argmax, top_k, cumulative, batch_norm */
extern const struct lw_family lw_family_resize;      /* slots lerp_columns and lerp_rows, and operators */
extern const struct lw_family lw_family_filters;     /* operators dilation2d and lrn */
extern const struct lw_family lw_family_winograd;    /* the slots of its transforms */
extern const struct lw_family lw_family_index;       /* operators scatter, segment, search_sorted, range, multinomial,
                                                     non_max_suppression */
extern const struct lw_family lw_family_descriptors; /* sizes of descriptors, and what is said about wrong ones */
extern const struct lw_family lw_family_move;        /* operators copy, pad, gather, gather_nd; context and status */

#endif
