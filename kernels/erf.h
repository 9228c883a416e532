/* SPDX-License-Identifier: MIT */
/* The constants of the error function, which every tier shares; kernels_scalar/erf_scalar.c explains their use. */
#ifndef LW_ERF_H
#define LW_ERF_H

/* erf(x) = x + x (S0 + S1 x^2 + ... + S5 x^10), to 2^-27.3 on |x| <= LIMIT */
#define LW_ERF_LIMIT 0.84f
#define LW_ERF_S0 0x1.06eba8p-3f
#define LW_ERF_S1 -0x1.812728p-2f
#define LW_ERF_S2 0x1.ce25fep-4f
#define LW_ERF_S3 -0x1.b741e4p-6f
#define LW_ERF_S4 0x1.4bd384p-8f
#define LW_ERF_S5 -0x1.4ec07cp-11f

/* erf(x) = 1 - 2^(G0 + G1 x + ... + G6 x^6), to 2^-28.8 from LIMIT on; it is 1 in float from MOST on */
#define LW_ERF_MOST 4.1f
#define LW_ERF_G0 -0x1.1c140ep-13f
#define LW_ERF_G1 -0x1.a0a4dp+0f
#define LW_ERF_G2 -0x1.d61c44p-1f
#define LW_ERF_G3 -0x1.350f34p-3f
#define LW_ERF_G4 0x1.0a9794p-5f
#define LW_ERF_G5 -0x1.27ba6cp-8f
#define LW_ERF_G6 0x1.35b5dep-12f

/* erf(y) = y P(y^2) / Q(y^2), to 2^-25.5 on |y| <= 3.92; at MOST the quotient is 1 + 2^-20.6. Q0 is where P0 / Q0 is
 * 2 / sqrt(pi) to 2^-41. */
#define LW_GELU_P0 0x1.216c66p+0f
#define LW_GELU_P1 0x1.86b5d8p-3f
#define LW_GELU_P2 0x1.b0f43p-5f
#define LW_GELU_P3 0x1.ee86b4p-9f
#define LW_GELU_P4 0x1.2b4ab2p-12f
#define LW_GELU_P5 0x1.13acep-19f
#define LW_GELU_Q0 0x1.007eaep+0f
#define LW_GELU_Q1 0x1.018f8ep-1f
#define LW_GELU_Q2 0x1.d44c1ap-4f
#define LW_GELU_Q3 0x1.eb7668p-7f
#define LW_GELU_Q4 0x1.3156eep-10f
#define LW_GELU_Q5 0x1.402448p-15f

#define LW_ROOT_HALF 0x1.6a09e6p-1f
#define LW_GELU_LEAST -5.8f /* -MOST / ROOT_HALF, and a little more */

#endif
