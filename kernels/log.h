/* SPDX-License-Identifier: MIT */
/* The constants of the logarithm, which every tier shares; kernels_scalar/log_scalar.c explains their use. */
#ifndef LW_LOG_H
#define LW_LOG_H

#include "kernels/kernels.h"

#define LW_TWO_THIRDS 0x3f2aaaabu /* the bits of 2/3 */

/* log(1 + f) = f - f^2 / 2 + f^3 (L0 + L1 f + ... + L7 f^7): minimax in relative error on -1/3 <= f <= 1/3, where it is
 * 2^-27.7. */
#define LW_LOG_L0 0x1.555506p-2f
#define LW_LOG_L1 -0x1.fffefap-3f
#define LW_LOG_L2 0x1.99d05ap-3f
#define LW_LOG_L3 -0x1.559c34p-3f
#define LW_LOG_L4 0x1.1ed48p-3f
#define LW_LOG_L5 -0x1.f33b4ep-4f
#define LW_LOG_L6 0x1.1e71a2p-3f
#define LW_LOG_L7 -0x1.07ad8p-3f

#define LW_LOG1P_LARGE 0x1p126f /* from here log1p(x) is log(x) */

/* log1p(e) = e - e^2 R(e) / Q(e), Q0 = 1: on 0 <= e <= 1, to 2^-28.8. */
#define LW_LOG1P_R0 0x1.fffffap-2f
#define LW_LOG1P_R1 0x1.cd8d78p-2f
#define LW_LOG1P_R2 0x1.27f33ep-4f
#define LW_LOG1P_Q1 0x1.917114p+0f
#define LW_LOG1P_Q2 0x1.61444cp-1f
#define LW_LOG1P_Q3 0x1.36134cp-4f

/* The scalar kernels: they take what the others leave to them. */
lw_unary_f32_fn lw_scalar_log, lw_scalar_log1p;

#endif
