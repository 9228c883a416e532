/* SPDX-License-Identifier: MIT */
/* What a kernel module says about itself. It is linked from one tier's kernels, position-independent, and this file;
 * lanewise-modules.js loads it. */
#include "kernels_simd128/install.h"

static struct lw_kernel_module set = {
    .abi = LW_KERNELS_ABI,
    .table_bytes = sizeof(struct lw_kernels),
#ifdef LW_RELAXED
    .tier = "relaxed",
#else
    .tier = "simd128",
#endif
    .install = lw_simd128_install, /* install.h makes it relaxed's */
};

/* The loader calls it once, with what it knows. */
LW_API const struct lw_kernel_module *lw_kernel_module(const void *module, size_t module_bytes, void *data,
                                                       size_t slots);

const struct lw_kernel_module *lw_kernel_module(const void *module, size_t module_bytes, void *data, size_t slots) {
    set.module = module;
    set.module_bytes = module_bytes;
    set.data = data;
    set.slots = slots;
    return &set;
}
