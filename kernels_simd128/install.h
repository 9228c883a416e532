/* SPDX-License-Identifier: MIT */
/*
 * The families of the SIMD tiers. Every file of this folder but those of functions in double precision is compiled
 * twice: as it is for simd128, and with LW_RELAXED defined for relaxed. Both may be linked into one program, so the
 * second time the functions get other names.
 */
#ifndef LW_SIMD128_INSTALL_H
#define LW_SIMD128_INSTALL_H

#include "kernels/kernels.h"

#ifdef LW_RELAXED
#define lw_simd128_gemm_install lw_relaxed_gemm_install
#define lw_simd128_dwconv_install lw_relaxed_dwconv_install
#define lw_simd128_dwconv_gradient_install lw_relaxed_dwconv_gradient_install
#define lw_simd128_pool_install lw_relaxed_pool_install
#define lw_simd128_activation_install lw_relaxed_activation_install
#define lw_simd128_unary_install lw_relaxed_unary_install
#define lw_simd128_log_install lw_relaxed_log_install
#define lw_simd128_erf_install lw_relaxed_erf_install
#define lw_simd128_prelu_install lw_relaxed_prelu_install
#define lw_simd128_binary_install lw_relaxed_binary_install
#define lw_simd128_fold_install lw_relaxed_fold_install
#define lw_simd128_compare_install lw_relaxed_compare_install
#define lw_simd128_select_install lw_relaxed_select_install
#define lw_simd128_cast_install lw_relaxed_cast_install
#define lw_simd128_epilogue_install lw_relaxed_epilogue_install
#define lw_simd128_rows_install lw_relaxed_rows_install
#define lw_simd128_search_install lw_relaxed_search_install
#define lw_simd128_resize_install lw_relaxed_resize_install
#define lw_simd128_move_install lw_relaxed_move_install
#define lw_simd128_winograd_install lw_relaxed_winograd_install
#define lw_simd128_install lw_relaxed_install
#endif

void lw_simd128_gemm_install(struct lw_kernels *kernels);
void lw_simd128_dwconv_install(struct lw_kernels *kernels);
void lw_simd128_dwconv_gradient_install(struct lw_kernels *kernels);
void lw_simd128_pool_install(struct lw_kernels *kernels);
void lw_simd128_activation_install(struct lw_kernels *kernels); /* of convolutions and products */
void lw_simd128_unary_install(struct lw_kernels *kernels);      /* the others */
void lw_simd128_log_install(struct lw_kernels *kernels);
void lw_simd128_erf_install(struct lw_kernels *kernels);
void lw_simd128_prelu_install(struct lw_kernels *kernels);
void lw_simd128_binary_install(struct lw_kernels *kernels);
void lw_simd128_fold_install(struct lw_kernels *kernels);
void lw_simd128_compare_install(struct lw_kernels *kernels); /* comparisons, logic */
void lw_simd128_select_install(struct lw_kernels *kernels);
void lw_simd128_cast_install(struct lw_kernels *kernels);
void lw_simd128_epilogue_install(struct lw_kernels *kernels);
void lw_simd128_rows_install(struct lw_kernels *kernels);   /* softmax, sums, layer norm */
void lw_simd128_search_install(struct lw_kernels *kernels); /* find, argmax of columns */
void lw_simd128_resize_install(struct lw_kernels *kernels);
void lw_simd128_move_install(struct lw_kernels *kernels);
void lw_simd128_winograd_install(struct lw_kernels *kernels);

/* These are in double precision, where nothing is fused: both tiers have the same. */
void lw_simd128_circular_install(struct lw_kernels *kernels);
void lw_simd128_hyperbolic_install(struct lw_kernels *kernels);
void lw_simd128_atan2_install(struct lw_kernels *kernels);
void lw_simd128_pow_install(struct lw_kernels *kernels);

/* All of them. */
void lw_simd128_install(struct lw_kernels *kernels);

#endif
