/* SPDX-License-Identifier: MIT */
/*
 * Whole rows: softmax_f32, sum_f32, sum_rows_f32, epilogue_f32 and layer_norm_f32.
 *
 *   softmax:     out[r][c] = e[r][c] * (1 / sum of e[r]), e[r][c] = exp(x[r][c] - max of x[r])
 *   sum:         16 partial sums, x[i] in number i % 16, added up by a fixed tree
 *   sum_rows:    out[c] = sum over r of x[r][c]
 *   epilogue:    out[r][c] = clamp(x[r][c] * scale[c] + shift[c] + residual[r][c])
 *   layer_norm:  out[r][c] = (x[r][c] - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]
 *
 * 16 partial sums keep four vectors of additions under way, and are more accurate than a single one.
 */
#include "kernels_scalar/exp_scalar.h"
#include "kernels_scalar/install.h"

#include <math.h>

/* The tree over the partial sums. */
static float add_up(const float *p) {
    float q[4];
    for (size_t l = 0; l < 4; l++) q[l] = (p[l] + p[l + 4]) + (p[l + 8] + p[l + 12]);
    return (q[0] + q[1]) + (q[2] + q[3]);
}

static float sum(size_t n, const float *x) {
    float p[16] = {0};
    for (size_t i = 0; i < n; i++) p[i % 16] += x[i];
    return add_up(p);
}

static void softmax(size_t rows, size_t columns, const float *x, /* (rows, columns) */ float *out) {
    for (size_t r = 0; r < rows; r++, x += columns, out += columns) {
        float largest = -INFINITY;
        for (size_t c = 0; c < columns; c++) largest = lw_scalar_max(largest, x[c]);
        for (size_t c = 0; c < columns; c++) out[c] = lw_exp_difference(x[c] - largest);
        float factor = 1.0f / sum(columns, out);
        for (size_t c = 0; c < columns; c++) out[c] *= factor;
    }
}

static void sum_rows(size_t rows, size_t columns, const float *x, size_t row_stride, float *out) {
    for (size_t c = 0; c < columns; c++) {
        float total = 0.0f;
        for (size_t r = 0; r < rows; r++) total += x[r * row_stride + c];
        out[c] = total;
    }
}

static void epilogue(size_t rows, size_t channels, const float *x, const float *scale, const float *shift,
                     const float *residual, struct lw_clamp clamp, float *out) {
    for (size_t r = 0, i = 0; r < rows; r++) {
        for (size_t c = 0; c < channels; c++, i++) {
            float y = x[i];
            if (scale) y = y * scale[c] + shift[c];
            if (residual) y = y + residual[i];
            y = y < clamp.lo ? clamp.lo : y;
            out[i] = clamp.hi < y ? clamp.hi : y;
        }
    }
}

static void layer_norm(size_t rows, size_t columns, float epsilon, const float *x, const float *scale,
                       const float *shift, float *out) {
    const float one = 1.0f, zero = 0.0f;
    const size_t scale_step = scale ? 1 : 0, shift_step = shift ? 1 : 0;
    if (!scale) scale = &one;
    if (!shift) shift = &zero;
    for (size_t r = 0; r < rows; r++, x += columns, out += columns) {
        const float mean = sum(columns, x) / (float)columns;
        float p[16] = {0};
        for (size_t c = 0; c < columns; c++) p[c % 16] += (x[c] - mean) * (x[c] - mean);
        const float factor = 1.0f / sqrtf(add_up(p) / (float)columns + epsilon);
        for (size_t c = 0; c < columns; c++)
            out[c] = (x[c] - mean) * factor * scale[c * scale_step] + shift[c * shift_step];
    }
}

void lw_scalar_rows_install(struct lw_kernels *kernels) {
    kernels->softmax_f32 = softmax;
    kernels->sum_f32 = sum;
    kernels->sum_rows_f32 = sum_rows;
    kernels->layer_norm_f32 = layer_norm;
}

void lw_scalar_epilogue_install(struct lw_kernels *kernels) {
    kernels->epilogue_f32 = epilogue;
}
