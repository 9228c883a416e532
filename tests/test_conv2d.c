/* SPDX-License-Identifier: MIT */
#include "tests/rows.h"

const struct lw_family lw_family_conv2d = {"conv2d", NULL, 0};
