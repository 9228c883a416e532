/* SPDX-License-Identifier: MIT */
/* The list of tiers, in order. LW_HAVE_SCALAR, LW_HAVE_SIMD128 and LW_HAVE_RELAXED say which of them this library was
 * built with: at least one, and any, since each tier fills the table by itself. */
#include "kernels/kernels.h"

const struct lw_tier lw_tiers[] = {
#ifdef LW_HAVE_SCALAR
    {"scalar"},
#endif
#ifdef LW_HAVE_SIMD128
    {"simd128"},
#endif
#ifdef LW_HAVE_RELAXED
    {"relaxed"},
#endif
};
const size_t lw_tiers_count = sizeof lw_tiers / sizeof lw_tiers[0];
