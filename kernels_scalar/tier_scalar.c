/* SPDX-License-Identifier: MIT */
#include "kernels_scalar/install.h"

void lw_scalar_install(struct lw_kernels *kernels) {
    lw_scalar_gemm_install(kernels);
    lw_scalar_dwconv_install(kernels);
    lw_scalar_dwconv_gradient_install(kernels);
    lw_scalar_pool_install(kernels);
    lw_scalar_activation_install(kernels);
    lw_scalar_unary_install(kernels);
    lw_scalar_log_install(kernels);
    lw_scalar_erf_install(kernels);
    lw_scalar_prelu_install(kernels);
    lw_scalar_binary_install(kernels);
    lw_scalar_fold_install(kernels);
    lw_scalar_atan2_install(kernels);
    lw_scalar_circular_install(kernels);
    lw_scalar_hyperbolic_install(kernels);
    lw_scalar_pow_install(kernels);
    lw_scalar_compare_install(kernels);
    lw_scalar_select_install(kernels);
    lw_scalar_cast_install(kernels);
    lw_scalar_epilogue_install(kernels);
    lw_scalar_rows_install(kernels);
    lw_scalar_search_install(kernels);
    lw_scalar_resize_install(kernels);
    lw_scalar_move_install(kernels);
    lw_scalar_winograd_install(kernels);
}
