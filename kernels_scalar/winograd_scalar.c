/* SPDX-License-Identifier: MIT */
/*
 * The one-dimensional transforms of Winograd's convolution (kernels/winograd.c has the method), along taps:
 *
 *   input:  out[j][e] = sum over k of BT[j][k] in[k][e]     tile + 2 values from tile + 2
 *   output: out[i][e] = sum over j of AT[i][j] in[j][e]     tile values from tile + 2, then bias and clamp
 *
 * for the elements e = t step + c of every tile t and channel c. The matrices are sparse, so each is written out; the
 * order of operations is the contract.
 */
#include "kernels/winograd.h"
#include "kernels_scalar/install.h"

static void input2(size_t tiles, size_t channels, const float *const *in, size_t in_step, float *const *out,
                   size_t out_step) {
    for (size_t t = 0; t < tiles; t++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = t * in_step + c, o = t * out_step + c;
            const float d0 = in[0][i], d1 = in[1][i], d2 = in[2][i], d3 = in[3][i];
            out[0][o] = d0 - d2;
            out[1][o] = d1 + d2;
            out[2][o] = d2 - d1;
            out[3][o] = d1 - d3;
        }
    }
}

static void input4(size_t tiles, size_t channels, const float *const *in, size_t in_step, float *const *out,
                   size_t out_step) {
    const float p = LW_WINOGRAD_P, q = LW_WINOGRAD_Q;
    for (size_t t = 0; t < tiles; t++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = t * in_step + c, o = t * out_step + c;
            const float d0 = in[0][i], d1 = in[1][i], d2 = in[2][i], d3 = in[3][i], d4 = in[4][i], d5 = in[5][i];
            const float even_p = d2 * -2.0f + d4, odd_p = d1 * -2.0f + d3;
            const float even_q = d2 * -0.5f + d4, odd_q = d1 * -0.5f + d3;
            out[0][o] = d2 * -2.5f + (d0 + d4);
            out[1][o] = odd_p * p + even_p;
            out[2][o] = odd_p * -p + even_p;
            out[3][o] = odd_q * q + even_q;
            out[4][o] = odd_q * -q + even_q;
            out[5][o] = d3 * -2.5f + (d1 + d5);
        }
    }
}

static float finish(float y, size_t c, const float *bias, struct lw_clamp clamp) {
    if (!bias) return y;
    y += bias[c];
    y = y < clamp.lo ? clamp.lo : y;
    return clamp.hi < y ? clamp.hi : y;
}

static void output2(size_t tiles, size_t channels, const float *const *in, size_t in_step, const float *bias,
                    struct lw_clamp clamp, float *const *out, size_t out_step) {
    for (size_t t = 0; t < tiles; t++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = t * in_step + c, o = t * out_step + c;
            const float m0 = in[0][i], m1 = in[1][i], m2 = in[2][i], m3 = in[3][i];
            const float sum = m1 + m2, difference = m1 - m2;
            out[0][o] = finish(m0 + sum, c, bias, clamp);
            out[1][o] = finish(difference - m3, c, bias, clamp);
        }
    }
}

static void output4(size_t tiles, size_t channels, const float *const *in, size_t in_step, const float *bias,
                    struct lw_clamp clamp, float *const *out, size_t out_step) {
    const float p = LW_WINOGRAD_P, q = LW_WINOGRAD_Q;
    for (size_t t = 0; t < tiles; t++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = t * in_step + c, o = t * out_step + c;
            const float m0 = in[0][i], m1 = in[1][i], m2 = in[2][i], m3 = in[3][i], m4 = in[4][i], m5 = in[5][i];
            const float sum_p = m1 + m2, difference_p = m1 - m2, sum_q = m3 + m4, difference_q = m3 - m4;
            const float y0 = (m0 + sum_p) + sum_q;
            const float y1 = difference_q * q + difference_p * p;
            const float y2 = sum_q * 2.0f + sum_p * 0.5f;
            const float y3 = difference_q * (2.0f * q) + (difference_p * (0.5f * p) + m5);
            out[0][o] = finish(y0, c, bias, clamp);
            out[1][o] = finish(y1, c, bias, clamp);
            out[2][o] = finish(y2, c, bias, clamp);
            out[3][o] = finish(y3, c, bias, clamp);
        }
    }
}

void lw_scalar_winograd_install(struct lw_kernels *kernels) {
    kernels->winograd2_f32 = (struct lw_winograd_f32){input2, output2};
    kernels->winograd4_f32 = (struct lw_winograd_f32){input4, output4};
}
