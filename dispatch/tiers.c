/* SPDX-License-Identifier: MIT */
/* The list of tiers, in order. LW_HAVE_SCALAR, LW_HAVE_SIMD128 and LW_HAVE_RELAXED say which of them this library was
 * built with: at least one, and any, since each tier fills the table by itself. */
#include "kernels/kernels.h"
#include "kernels_scalar/install.h"

void lw_simd128_install(struct lw_kernels *kernels);
void lw_relaxed_install(struct lw_kernels *kernels);

const struct lw_tier lw_tiers[] = {
#ifdef LW_HAVE_SCALAR
    {"scalar", lw_scalar_install},
#endif
#ifdef LW_HAVE_SIMD128
    {"simd128", lw_simd128_install},
#endif
#ifdef LW_HAVE_RELAXED
    {"relaxed", lw_relaxed_install},
#endif
};
const size_t lw_tiers_count = sizeof lw_tiers / sizeof lw_tiers[0];
