/* SPDX-License-Identifier: MIT */
/*
 * Which operators are linked. Each that takes kernels from the table defines a list of their sets (kernels/sets.h). Here the
 * lists are weak: referring to one doesn't link its operator, and that of an operator which isn't linked is NULL.
 * Where an object format has no such symbols all operators are linked.
 */
#include "kernels/sets.h"

#if defined(__ELF__) || defined(__wasm__)
#define IF_LINKED __attribute__((weak))
#else
#define IF_LINKED
#endif

extern const struct lw_kernel_set *const lw_activation_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_argmax_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_batch_norm_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_binary_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_cast_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_conv2d_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_conv2d_transpose_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_conv3d_filter_gradient_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_copy_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_crop_and_resize_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_cumulative_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_depthwise_conv2d_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_depthwise_conv2d_filter_gradient_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_depthwise_conv2d_input_gradient_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_gemm_pack_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_layer_norm_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_lrn_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_matmul_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_multinomial_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_pixels_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_pool_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_pool_gradient_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_reduce_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_resize_bilinear_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_scatter_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_segment_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_select_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_softmax_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_top_k_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_unary_sets[] IF_LINKED;
extern const struct lw_kernel_set *const lw_winograd_sets[] IF_LINKED;

static const struct lw_kernel_set *const *const linked[] = {
    lw_activation_sets,
    lw_argmax_sets,
    lw_batch_norm_sets,
    lw_binary_sets,
    lw_cast_sets,
    lw_conv2d_sets,
    lw_conv2d_transpose_sets,
    lw_conv3d_filter_gradient_sets,
    lw_copy_sets,
    lw_crop_and_resize_sets,
    lw_cumulative_sets,
    lw_depthwise_conv2d_sets,
    lw_depthwise_conv2d_filter_gradient_sets,
    lw_depthwise_conv2d_input_gradient_sets,
    lw_gemm_pack_sets,
    lw_layer_norm_sets,
    lw_lrn_sets,
    lw_matmul_sets,
    lw_multinomial_sets,
    lw_pixels_sets,
    lw_pool_sets,
    lw_pool_gradient_sets,
    lw_reduce_sets,
    lw_resize_bilinear_sets,
    lw_scatter_sets,
    lw_segment_sets,
    lw_select_sets,
    lw_softmax_sets,
    lw_top_k_sets,
    lw_unary_sets,
    lw_winograd_sets,
};

void lw_install(size_t tier, struct lw_kernels *kernels) {
    for (size_t i = 0; i < sizeof linked / sizeof linked[0]; i++) {
        for (const struct lw_kernel_set *const *set = linked[i]; set && *set; set++) (*set)->install[tier](kernels);
    }
}
