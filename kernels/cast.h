/* SPDX-License-Identifier: MIT */
/* The scalar kernel that takes what the others leave to it: kernels_scalar/cast_scalar.c. */
#ifndef LW_CAST_H
#define LW_CAST_H

#include "kernels/kernels.h"

lw_f32_to_i32_fn lw_scalar_f32_to_i32;

#endif
