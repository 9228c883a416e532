/* SPDX-License-Identifier: MIT */
#include "kernels_simd128/install.h"

void lw_simd128_install(struct lw_kernels *kernels) {
    lw_simd128_gemm_install(kernels);
    lw_simd128_dwconv_install(kernels);
    lw_simd128_dwconv_gradient_install(kernels);
    lw_simd128_pool_install(kernels);
    lw_simd128_activation_install(kernels);
    lw_simd128_unary_install(kernels);
    lw_simd128_log_install(kernels);
    lw_simd128_erf_install(kernels);
    lw_simd128_prelu_install(kernels);
    lw_simd128_binary_install(kernels);
    lw_simd128_fold_install(kernels);
    lw_simd128_compare_install(kernels);
    lw_simd128_select_install(kernels);
    lw_simd128_cast_install(kernels);
    lw_simd128_epilogue_install(kernels);
    lw_simd128_rows_install(kernels);
    lw_simd128_search_install(kernels);
    lw_simd128_resize_install(kernels);
    lw_simd128_move_install(kernels);
    lw_simd128_winograd_install(kernels);
    lw_simd128_circular_install(kernels);
    lw_simd128_hyperbolic_install(kernels);
    lw_simd128_atan2_install(kernels);
    lw_simd128_pow_install(kernels);
}
