/* SPDX-License-Identifier: MIT */
/* The constants of exp and its relatives, which every tier shares; kernels_scalar/exp_scalar.h explains their use. */
#ifndef LW_EXP_H
#define LW_EXP_H

#define LW_ROUND 0x1.8p23f /* added to |x| < 2^22, leaves x rounded to an integer in the low bits of the sum */
#define LW_LOG2_E 0x1.715476p+0f
#define LW_LN2_HIGH 0x1.62e4p-1f /* 16 bits */
#define LW_LN2_LOW 0x1.7f7d1cp-20f
#define LW_LN2 0x1.62e43p-1f

/* expm1(r) = r + r^2 (Q0 + Q1 r + ... + Q4 r^4): minimax in relative error on |r| <= 1.0005 ln 2 / 2, where it is
 * 2^-26.1, by Lawson's iteration with the coefficients rounded to float one after the other. */
#define LW_EXP_Q0 0x1.fffffep-2f
#define LW_EXP_Q1 0x1.5554b4p-3f
#define LW_EXP_Q2 0x1.5556f2p-5f
#define LW_EXP_Q3 0x1.12254ap-7f
#define LW_EXP_Q4 0x1.6b9c68p-10f

/* exp(r) = (A + r B) / (A - r B), A = A0 + A1 r^2, B = B0 + r^2: on the same r, to 2^-30. */
#define LW_EXP_A0 0x1.e0b8e4p6f
#define LW_EXP_A1 0x1.807b24p3f
#define LW_EXP_B0 0x1.e0b8e4p5f

/* selu's scale, and that times its alpha */
#define LW_SELU 0x1.0cfabep+0f
#define LW_SELU_ALPHA 0x1.c212ccp+0f

/* 2 sqrt(2 / pi) and 0.044715 times that */
#define LW_GELU0 0x1.988454p+0f
#define LW_GELU1 0x1.2444f2p-4f

/* 2^f = E0 + E1 f + ... + E5 f^5 on |f| <= 1/2: minimax in relative error, 2^-22.9. */
#define LW_EXP2_E0 0x1.000002p+0f
#define LW_EXP2_E1 0x1.62e438p-1f
#define LW_EXP2_E2 0x1.ebf80ap-3f
#define LW_EXP2_E3 0x1.c6a2c2p-5f
#define LW_EXP2_E4 0x1.3d5aa4p-7f
#define LW_EXP2_E5 0x1.657be6p-10f

#endif
