/* SPDX-License-Identifier: MIT */
/* The list of families. Each tests/test_<family>.c defines its rows as a struct lw_family. */
#include "tests/rows.h"

const struct lw_family *const lw_families[] = {
    &lw_family_gemm,    &lw_family_conv2d,      &lw_family_conv3d, &lw_family_matmul,
    &lw_family_dwconv,  &lw_family_pool,        &lw_family_unary,  &lw_family_binary,
    &lw_family_compare, &lw_family_cast,        &lw_family_rows,
#ifndef LW_TEST_WITHOUT_RESIZE /* the twin of the table gate leaves it out: see run.c */
    &lw_family_resize,
#endif
    &lw_family_filters, &lw_family_winograd,    &lw_family_index,  &lw_family_move,
    &lw_family_complex, &lw_family_descriptors,
};
const size_t lw_families_count = sizeof lw_families / sizeof lw_families[0];
