/* SPDX-License-Identifier: MIT */
/* The constants of atan2, which every tier shares; kernels_scalar/atan2_scalar.c explains their use. */
#ifndef LW_ATAN2_H
#define LW_ATAN2_H

enum { LW_ATAN_TERMS = 13 };

struct lw_atan2_constants {
    double terms[LW_ATAN_TERMS];
    double one, tan_8th; /* 1, tan(pi / 8) */
    double pi, half_pi, quarter_pi;
};

static const struct lw_atan2_constants lw_atan2_constants = {
    /* (-1)^i / (2 i + 1) */
    .terms =
        {
            0x1.0000000000000p+0,
            -0x1.5555555555555p-2,
            0x1.999999999999ap-3,
            -0x1.2492492492492p-3,
            0x1.c71c71c71c71cp-4,
            -0x1.745d1745d1746p-4,
            0x1.3b13b13b13b14p-4,
            -0x1.1111111111111p-4,
            0x1.e1e1e1e1e1e1ep-5,
            -0x1.af286bca1af28p-5,
            0x1.8618618618618p-5,
            -0x1.642c8590b2164p-5,
            0x1.47ae147ae147bp-5,
        },
    .one = 1.0,
    .tan_8th = 0x1.a827999fcef34p-2,
    .pi = 0x1.921fb54442d18p+1,
    .half_pi = 0x1.921fb54442d18p+0,
    .quarter_pi = 0x1.921fb54442d18p-1,
};

#endif
