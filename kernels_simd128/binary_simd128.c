/* SPDX-License-Identifier: MIT */
#include "kernels/simd.h"
#include "kernels_simd128/install.h"

void lw_simd128_binary_install(struct lw_kernels *kernels) {
    (void)kernels;
}
