/* SPDX-License-Identifier: MIT */
/*
 * Matrix product with gathered rows, the specification:
 *
 *   out[i][j] = finish(bias[j] + sum over t, c ascending of rows_t(i)[c] * panels[t * channels + c][j])
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

/* element: out's number of the output, column: its j */
static inline float finish(float x, const struct lw_finish *f, size_t element, size_t column) {
    if (f->scale) x = x * f->scale[column] + f->shift[column];
    if (f->residual) x = x + f->residual[element];
    x = x < f->clamp.lo ? f->clamp.lo : x;
    return f->clamp.hi < x ? f->clamp.hi : x;
}

/* One tile of `height` rows, a constant of 1 to MR, from row first and column j on, and the first `width` <= NR of its
 * columns are stored. */
static inline __attribute__((always_inline)) void tile(const size_t height, size_t width, size_t taps, size_t channels,
                                                       const float *const *rows, const float *panel,
                                                       const struct lw_finish *f, size_t first, size_t j, float *out,
                                                       size_t out_stride) {
    float acc[MR][NR] = {{0.0f}};
    for (size_t i = 0; i < height; i++) {
        for (size_t v = 0; f->bias && v < width; v++) acc[i][v] = f->bias[j + v];
    }

    for (size_t t = 0; t < taps; t++, rows += MR) {
        for (size_t c = 0; c < channels; c++, panel += NR) {
            for (size_t i = 0; i < height; i++) {
                const float a = rows[i][c];
                for (size_t v = 0; v < NR; v++) acc[i][v] += a * panel[v];
            }
        }
    }

    for (size_t i = 0; i < height; i++) {
        const size_t element = (first + i) * out_stride + j;
        for (size_t v = 0; v < width; v++) out[element + v] = finish(acc[i][v], f, element + v, j + v);
    }
}

/* n < LW_GEMM_NARROW. b: [n][taps * channels] */
static void narrow(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows, const float *b,
                   const struct lw_finish *f, float *out, size_t out_stride) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float p[4] = {0.0f};
            for (size_t t = 0; t < taps; t++) {
                const float *a = rows[(i / MR * taps + t) * MR + i % MR];
                for (size_t c = 0; c < channels; c++) p[c % 4] += a[c] * b[(j * taps + t) * channels + c];
            }
            const float x = ((p[0] + p[1]) + (p[2] + p[3])) + (f->bias ? f->bias[j] : 0.0f);
            out[i * out_stride + j] = finish(x, f, i * out_stride + j, j);
        }
    }
}

static void gemm(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows, const float *panels,
                 const struct lw_finish *f, float *out, size_t out_stride) {
    if (n < LW_GEMM_NARROW) {
        narrow(m, n, taps, channels, rows, panels, f, out, out_stride);
        return;
    }
    for (size_t j = 0; j < n; j += NR, panels += taps * channels * NR) {
        const size_t width = n - j < NR ? n - j : NR;
        size_t i = 0;
        for (; i + MR <= m; i += MR) tile(MR, width, taps, channels, rows + i * taps, panels, f, i, j, out, out_stride);
        if (i < m) tile(1, width, taps, channels, rows + i * taps, panels, f, i, j, out, out_stride);
    }
}

void lw_scalar_gemm_install(struct lw_kernels *kernels) {
    kernels->gemm_f32 = (struct lw_gemm_f32){MR, NR, gemm};
}
