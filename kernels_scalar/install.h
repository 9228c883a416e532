/* SPDX-License-Identifier: MIT */
/* The families of the scalar tier: each fills its slots of the table. */
#ifndef LW_SCALAR_INSTALL_H
#define LW_SCALAR_INSTALL_H

#include "kernels/kernels.h"

void lw_scalar_gemm_install(struct lw_kernels *kernels);
void lw_scalar_dwconv_install(struct lw_kernels *kernels);
void lw_scalar_dwconv_gradient_install(struct lw_kernels *kernels);
void lw_scalar_pool_install(struct lw_kernels *kernels);
void lw_scalar_activation_install(struct lw_kernels *kernels); /* of convolutions and products */
void lw_scalar_unary_install(struct lw_kernels *kernels);      /* the others */
void lw_scalar_log_install(struct lw_kernels *kernels);
void lw_scalar_erf_install(struct lw_kernels *kernels);
void lw_scalar_prelu_install(struct lw_kernels *kernels);
void lw_scalar_binary_install(struct lw_kernels *kernels);
void lw_scalar_fold_install(struct lw_kernels *kernels);
void lw_scalar_atan2_install(struct lw_kernels *kernels);
void lw_scalar_circular_install(struct lw_kernels *kernels);
void lw_scalar_hyperbolic_install(struct lw_kernels *kernels);
void lw_scalar_pow_install(struct lw_kernels *kernels);
void lw_scalar_compare_install(struct lw_kernels *kernels); /* comparisons, logic */
void lw_scalar_select_install(struct lw_kernels *kernels);
void lw_scalar_cast_install(struct lw_kernels *kernels);
void lw_scalar_epilogue_install(struct lw_kernels *kernels);
void lw_scalar_rows_install(struct lw_kernels *kernels);   /* softmax, sums, layer norm */
void lw_scalar_search_install(struct lw_kernels *kernels); /* find, argmax of columns */
void lw_scalar_resize_install(struct lw_kernels *kernels);
void lw_scalar_move_install(struct lw_kernels *kernels);
void lw_scalar_winograd_install(struct lw_kernels *kernels);

/* All of them. */
void lw_scalar_install(struct lw_kernels *kernels);

#endif
