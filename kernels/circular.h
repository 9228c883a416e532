/* SPDX-License-Identifier: MIT */
/* The constants of sine and cosine, which every tier shares; kernels_scalar/circular_scalar.c explains their use. */
#ifndef LW_CIRCULAR_H
#define LW_CIRCULAR_H

#include "kernels/kernels.h"

enum { LW_SINE_TERMS = 4 };
#define LW_CIRCULAR_MOST 0x1p20f /* for larger |x| only the scalar kernels have code */

struct lw_circular_constants {
    double sine[LW_SINE_TERMS], cosine[LW_SINE_TERMS];
    double one, two_over_pi;
    double half_pi_high, half_pi_low; /* the first has 33 bits */
    double round;                     /* added to |x| < 2^51, leaves x rounded to an integer in the low bits */
};

static const struct lw_circular_constants lw_circular_constants = {
    /* sin(r) = r (1 + S0 r^2 + S1 r^4 + ...), cos(r) = 1 + C0 r^2 + C1 r^4 + ...: minimax in relative error on
     * |r| <= pi / 4, 2^-37.5 and 2^-33.9. */
    .sine = {-0x1.5555554c5f9c7p-3, 0x1.1111085d1aec1p-7, -0x1.a00f746d5a292p-13, 0x1.6ccf60fbb1b31p-19},
    .cosine = {-0x1.ffffffcb377cap-2, 0x1.55553c5bcc593p-5, -0x1.6c07e5758f5dap-10, 0x1.9913b652feab9p-16},
    .one = 1.0,
    .two_over_pi = 0x1.45f306dc9c883p-1,
    .half_pi_high = 0x1.921fb544p+0,
    .half_pi_low = 0x1.0b4611a626331p-34,
    .round = 0x1.8p52,
};

/* The scalar kernels: they take what the others leave to them. */
lw_unary_f32_fn lw_scalar_sin, lw_scalar_cos, lw_scalar_tan;

#endif
