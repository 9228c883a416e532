/* SPDX-License-Identifier: MIT */
/*
 * Matrix product with gathered rows, the specification:
 *
 *   out[i][j] = clamp(bias[j] + sum over t, c ascending of rows_t(i)[c] * panels[t * channels + c][j])
 *
 * rows:   [ceil(m / MR)][taps][MR] pointers to channels floats
 * panels: [ceil(n / NR)][taps * channels][NR], columns beyond n are zeros
 * out:    [m] rows of n floats, out_stride apart
 *
 * For n < LW_GEMM_NARROW see kernels.h: four partial sums, and B's columns in the place of panels.
 *
 * Outputs are computed in tiles of MR x NR, one accumulator each: a value that is loaded serves a whole row or column
 * of the tile. Every accumulator takes its terms in order, so the tile doesn't change the result.
 */
#include "kernels_scalar/install.h"

enum { MR = 2, NR = 4 };

/* One tile of `height` rows, a constant of 1 to MR, and the first `width` <= NR of its columns are stored. */
static inline __attribute__((always_inline)) void tile(const size_t height, size_t width, size_t taps, size_t channels,
                                                       const float *const *rows, const float *panel, const float *bias,
                                                       struct lw_clamp clamp, float *out, size_t out_stride) {
    float acc[MR][NR] = {{0.0f}};
    for (size_t i = 0; i < height; i++) {
        for (size_t j = 0; bias && j < width; j++) acc[i][j] = bias[j];
    }

    for (size_t t = 0; t < taps; t++, rows += MR) {
        for (size_t c = 0; c < channels; c++, panel += NR) {
            for (size_t i = 0; i < height; i++) {
                const float a = rows[i][c];
                for (size_t j = 0; j < NR; j++) acc[i][j] += a * panel[j];
            }
        }
    }

    for (size_t i = 0; i < height; i++, out += out_stride) {
        for (size_t j = 0; j < width; j++) {
            float x = acc[i][j];
            x = x < clamp.lo ? clamp.lo : x;
            out[j] = clamp.hi < x ? clamp.hi : x;
        }
    }
}

/* n < LW_GEMM_NARROW. b: [n][taps * channels] */
static void narrow(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows, const float *b,
                   const float *bias, struct lw_clamp clamp, float *out, size_t out_stride) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float p[4] = {0.0f};
            for (size_t t = 0; t < taps; t++) {
                const float *a = rows[(i / MR * taps + t) * MR + i % MR];
                for (size_t c = 0; c < channels; c++) p[c % 4] += a[c] * b[(j * taps + t) * channels + c];
            }
            float x = ((p[0] + p[1]) + (p[2] + p[3])) + (bias ? bias[j] : 0.0f);
            x = x < clamp.lo ? clamp.lo : x;
            out[i * out_stride + j] = clamp.hi < x ? clamp.hi : x;
        }
    }
}

static void gemm(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows, const float *panels,
                 const float *bias, struct lw_clamp clamp, float *out, size_t out_stride) {
    if (n < LW_GEMM_NARROW) {
        narrow(m, n, taps, channels, rows, panels, bias, clamp, out, out_stride);
        return;
    }
    for (size_t j = 0; j < n; j += NR, panels += taps * channels * NR) {
        const size_t width = n - j < NR ? n - j : NR;
        const float *tile_bias = bias ? bias + j : NULL;
        size_t i = 0;
        for (; i + MR <= m; i += MR)
            tile(MR, width, taps, channels, rows + i * taps, panels, tile_bias, clamp, out + i * out_stride + j,
                 out_stride);
        if (i < m)
            tile(1, width, taps, channels, rows + i * taps, panels, tile_bias, clamp, out + i * out_stride + j,
                 out_stride);
    }
}

void lw_scalar_gemm_install(struct lw_kernels *kernels) {
    kernels->gemm_f32 = (struct lw_gemm_f32){MR, NR, gemm};
}
