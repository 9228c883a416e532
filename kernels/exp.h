/* SPDX-License-Identifier: MIT */
/* The constants of exp, which every tier shares; kernels_scalar/exp_scalar.h explains their use. */
#ifndef LW_EXP_H
#define LW_EXP_H

#define LW_ROUND 0x1.8p23f /* added to |x| < 2^22, leaves x rounded to an integer in the low bits of the sum */
#define LW_LOG2_E 0x1.715476p+0f
#define LW_LN2_HIGH 0x1.62e4p-1f /* 16 bits */
#define LW_LN2_LOW 0x1.7f7d1cp-20f

/* expm1(r) = r + r^2 (Q0 + Q1 r + ... + Q4 r^4): minimax in relative error on |r| <= 1.0005 ln 2 / 2, where it is
 * 2^-26.1, by Lawson's iteration with the coefficients rounded to float one after the other. */
#define LW_EXP_Q0 0x1.fffffep-2f
#define LW_EXP_Q1 0x1.5554b4p-3f
#define LW_EXP_Q2 0x1.5556f2p-5f
#define LW_EXP_Q3 0x1.12254ap-7f
#define LW_EXP_Q4 0x1.6b9c68p-10f

#endif
