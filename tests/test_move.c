/* SPDX-License-Identifier: MIT */
#include "tests/rows.h"

const struct lw_family lw_family_move = {"move", NULL, 0};
