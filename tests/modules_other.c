/* SPDX-License-Identifier: MIT */
/* A kernel module of other sources: its ABI number (LW_OTHER_ABI) or its table's size is another. Loading it must fail. */
#include "kernels/kernels.h"

static void install(struct lw_kernels *kernels) {
    (void)kernels;
}

static const struct lw_kernel_module module = {
#ifdef LW_OTHER_ABI
    .abi = LW_KERNELS_ABI + 1,
    .table_bytes = sizeof(struct lw_kernels),
#else
    .abi = LW_KERNELS_ABI,
    .table_bytes = sizeof(struct lw_kernels) + 4,
#endif
    .tier = "relaxed",
    .install = install,
};

LW_API const struct lw_kernel_module *lw_kernel_module(void);

const struct lw_kernel_module *lw_kernel_module(void) {
    return &module;
}
