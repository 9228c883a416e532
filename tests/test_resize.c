/* SPDX-License-Identifier: MIT */
#include "tests/rows.h"

const struct lw_family lw_family_resize = {"resize", NULL, 0};
