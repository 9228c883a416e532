/* SPDX-License-Identifier: MIT */
/* The sets of kernels. LW_HAVE_SCALAR, LW_HAVE_SIMD128 and LW_HAVE_RELAXED say which tiers this library was built with: at
 * least one, and any, since each tier has all kernels. */
#include "kernels/sets.h"

#include "kernels_scalar/install.h"
#include "kernels_simd128/install.h"

#ifdef LW_HAVE_SCALAR
#define SCALAR(install) install,
#else
#define SCALAR(install)
#endif
#ifdef LW_HAVE_SIMD128
#define SIMD128(install) install,
#else
#define SIMD128(install)
#endif
#ifdef LW_HAVE_RELAXED
#define RELAXED(install) install,
#else
#define RELAXED(install)
#endif
#define SET(scalar, simd128, relaxed)                                                                                  \
    {                                                                                                                  \
        { SCALAR(scalar) SIMD128(simd128) RELAXED(relaxed) }                                                           \
    }

void lw_relaxed_gemm_install(struct lw_kernels *kernels);
void lw_relaxed_dwconv_install(struct lw_kernels *kernels);
void lw_relaxed_dwconv_gradient_install(struct lw_kernels *kernels);
void lw_relaxed_pool_install(struct lw_kernels *kernels);
void lw_relaxed_activation_install(struct lw_kernels *kernels);
void lw_relaxed_unary_install(struct lw_kernels *kernels);
void lw_relaxed_log_install(struct lw_kernels *kernels);
void lw_relaxed_erf_install(struct lw_kernels *kernels);
void lw_relaxed_prelu_install(struct lw_kernels *kernels);
void lw_relaxed_binary_install(struct lw_kernels *kernels);
void lw_relaxed_fold_install(struct lw_kernels *kernels);
void lw_relaxed_compare_install(struct lw_kernels *kernels);
void lw_relaxed_select_install(struct lw_kernels *kernels);
void lw_relaxed_cast_install(struct lw_kernels *kernels);
void lw_relaxed_epilogue_install(struct lw_kernels *kernels);
void lw_relaxed_rows_install(struct lw_kernels *kernels);
void lw_relaxed_search_install(struct lw_kernels *kernels);
void lw_relaxed_resize_install(struct lw_kernels *kernels);
void lw_relaxed_move_install(struct lw_kernels *kernels);
void lw_relaxed_winograd_install(struct lw_kernels *kernels);

const struct lw_kernel_set lw_gemm_set = SET(lw_scalar_gemm_install, lw_simd128_gemm_install, lw_relaxed_gemm_install);
const struct lw_kernel_set lw_dwconv_set =
    SET(lw_scalar_dwconv_install, lw_simd128_dwconv_install, lw_relaxed_dwconv_install);
const struct lw_kernel_set lw_dwconv_gradient_set =
    SET(lw_scalar_dwconv_gradient_install, lw_simd128_dwconv_gradient_install, lw_relaxed_dwconv_gradient_install);
const struct lw_kernel_set lw_pool_set = SET(lw_scalar_pool_install, lw_simd128_pool_install, lw_relaxed_pool_install);
const struct lw_kernel_set lw_activation_set =
    SET(lw_scalar_activation_install, lw_simd128_activation_install, lw_relaxed_activation_install);
const struct lw_kernel_set lw_unary_set =
    SET(lw_scalar_unary_install, lw_simd128_unary_install, lw_relaxed_unary_install);
const struct lw_kernel_set lw_log_set = SET(lw_scalar_log_install, lw_simd128_log_install, lw_relaxed_log_install);
const struct lw_kernel_set lw_erf_set = SET(lw_scalar_erf_install, lw_simd128_erf_install, lw_relaxed_erf_install);
const struct lw_kernel_set lw_prelu_set =
    SET(lw_scalar_prelu_install, lw_simd128_prelu_install, lw_relaxed_prelu_install);
const struct lw_kernel_set lw_binary_set =
    SET(lw_scalar_binary_install, lw_simd128_binary_install, lw_relaxed_binary_install);
const struct lw_kernel_set lw_fold_set = SET(lw_scalar_fold_install, lw_simd128_fold_install, lw_relaxed_fold_install);
const struct lw_kernel_set lw_atan2_set =
    SET(lw_scalar_atan2_install, lw_simd128_atan2_install, lw_simd128_atan2_install);
const struct lw_kernel_set lw_circular_set =
    SET(lw_scalar_circular_install, lw_simd128_circular_install, lw_simd128_circular_install);
const struct lw_kernel_set lw_hyperbolic_set =
    SET(lw_scalar_hyperbolic_install, lw_simd128_hyperbolic_install, lw_simd128_hyperbolic_install);
const struct lw_kernel_set lw_pow_set = SET(lw_scalar_pow_install, lw_simd128_pow_install, lw_simd128_pow_install);
const struct lw_kernel_set lw_compare_set =
    SET(lw_scalar_compare_install, lw_simd128_compare_install, lw_relaxed_compare_install);
const struct lw_kernel_set lw_select_set =
    SET(lw_scalar_select_install, lw_simd128_select_install, lw_relaxed_select_install);
const struct lw_kernel_set lw_cast_set = SET(lw_scalar_cast_install, lw_simd128_cast_install, lw_relaxed_cast_install);
const struct lw_kernel_set lw_epilogue_set =
    SET(lw_scalar_epilogue_install, lw_simd128_epilogue_install, lw_relaxed_epilogue_install);
const struct lw_kernel_set lw_rows_set = SET(lw_scalar_rows_install, lw_simd128_rows_install, lw_relaxed_rows_install);
const struct lw_kernel_set lw_search_set =
    SET(lw_scalar_search_install, lw_simd128_search_install, lw_relaxed_search_install);
const struct lw_kernel_set lw_resize_set =
    SET(lw_scalar_resize_install, lw_simd128_resize_install, lw_relaxed_resize_install);
const struct lw_kernel_set lw_move_set = SET(lw_scalar_move_install, lw_simd128_move_install, lw_relaxed_move_install);
const struct lw_kernel_set lw_winograd_set =
    SET(lw_scalar_winograd_install, lw_simd128_winograd_install, lw_relaxed_winograd_install);
