/* SPDX-License-Identifier: MIT */
/* The kernel modules as data of the program; embedded.S has the bytes. */
#include "lanewise/modules.h"

extern const unsigned char lw_module_simd128[], lw_module_relaxed[];
extern const uint32_t lw_module_bytes[2];

static int same_name(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct lw_kernel_module *lw_kernels_embedded(const char *tier) {
    static const char *const names[] = {"simd128", "relaxed"};
    const unsigned char *const modules[] = {lw_module_simd128, lw_module_relaxed};
    const struct lw_kernel_module *kernels = NULL;
    for (size_t i = 2; i-- > 0 && !kernels;)
        if (!tier || same_name(tier, names[i])) kernels = lw_kernels_load(names[i], modules[i], lw_module_bytes[i]);
    return kernels;
}
