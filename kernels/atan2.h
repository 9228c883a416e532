/* SPDX-License-Identifier: MIT */
/* The constants of atan2, which every tier shares; kernels_scalar/atan2_scalar.c explains their use. */
#ifndef LW_ATAN2_H
#define LW_ATAN2_H

enum { LW_ATAN_TERMS = 8 };

struct lw_atan2_constants {
    double terms[LW_ATAN_TERMS];
    double one, tan_8th; /* 1, tan(pi / 8) */
    double pi, half_pi, quarter_pi;
};

static const struct lw_atan2_constants lw_atan2_constants = {
    /* atan(r) = r (1 + A1 r^2 + A2 r^4 + ...): minimax in relative error on |r| <= tan(pi / 8), 2^-40.2. */
    .terms =
        {
            0x1.0000000000000p+0,
            -0x1.5555554eddff6p-2,
            0x1.999991fab43cep-3,
            -0x1.2490c2ca81da2p-3,
            0x1.c6d1e2e4bfc4cp-4,
            -0x1.7082646d4f04cp-4,
            0x1.1e5ac4fd56335p-4,
            -0x1.36a7c152466b2p-5,
        },
    .one = 1.0,
    .tan_8th = 0x1.a827999fcef34p-2,
    .pi = 0x1.921fb54442d18p+1,
    .half_pi = 0x1.921fb54442d18p+0,
    .quarter_pi = 0x1.921fb54442d18p-1,
};

#endif
