/* SPDX-License-Identifier: MIT */
/*
 * Sets of kernels: what is linked and installed together. Not installed.
 *
 * An operator that takes kernels from a context's table names their sets in a list of its own, lw_<file>_sets, which ends
 * with NULL. Nothing else refers to a set, and contexts are filled from the lists that are there (dispatch/linked.c): so
 * a program that uses some of the operators links their kernels and no others, without having to say so.
 */
#ifndef LW_SETS_H
#define LW_SETS_H

#include "kernels/kernels.h"

/* One install function for each tier that is compiled in, in the order of lw_tiers. */
struct lw_kernel_set {
    void (*install[LW_MAX_TIERS])(struct lw_kernels *kernels);
};

extern const struct lw_kernel_set lw_gemm_set;
extern const struct lw_kernel_set lw_dwconv_set;
extern const struct lw_kernel_set lw_dwconv_gradient_set;
extern const struct lw_kernel_set lw_pool_set;
extern const struct lw_kernel_set lw_activation_set;
extern const struct lw_kernel_set lw_unary_set;
extern const struct lw_kernel_set lw_log_set;
extern const struct lw_kernel_set lw_erf_set;
extern const struct lw_kernel_set lw_prelu_set;
extern const struct lw_kernel_set lw_binary_set;
extern const struct lw_kernel_set lw_fold_set;
extern const struct lw_kernel_set lw_atan2_set;
extern const struct lw_kernel_set lw_circular_set;
extern const struct lw_kernel_set lw_hyperbolic_set;
extern const struct lw_kernel_set lw_pow_set;
extern const struct lw_kernel_set lw_compare_set;
extern const struct lw_kernel_set lw_select_set;
extern const struct lw_kernel_set lw_cast_set;
extern const struct lw_kernel_set lw_epilogue_set;
extern const struct lw_kernel_set lw_rows_set;
extern const struct lw_kernel_set lw_search_set;
extern const struct lw_kernel_set lw_resize_set;
extern const struct lw_kernel_set lw_move_set;
extern const struct lw_kernel_set lw_winograd_set;

/* Fills the table with one tier's kernels: all that the operators which are linked take from it. */
void lw_install(size_t tier, struct lw_kernels *kernels);

#endif
