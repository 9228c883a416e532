/* SPDX-License-Identifier: MIT */
/*
 * Positions: of the first element with a value (find), of the first above one (find_above), and of the largest or the
 * smallest in each column (argmax_rows, argmin_rows).
 */
#include "kernels_scalar/install.h"

static size_t find_f32(size_t n, const float *x, float value) {
    size_t i = 0;
    while (i < n && x[i] != value) i++;
    return i;
}

static size_t find_i32(size_t n, const int32_t *x, int32_t value) {
    size_t i = 0;
    while (i < n && x[i] != value) i++;
    return i;
}

static size_t find_above_f32(size_t n, const float *x, float value) {
    size_t i = 0;
    while (i < n && !(x[i] > value)) i++;
    return i;
}

static size_t find_above_i32(size_t n, const int32_t *x, int32_t value) {
    size_t i = 0;
    while (i < n && x[i] <= value) i++;
    return i;
}

static void argmax_rows_f32(size_t rows, size_t columns, const float *x, size_t row_stride, int32_t *out) {
    for (size_t c = 0; c < columns; c++) {
        size_t best = 0;
        for (size_t r = 1; r < rows; r++)
            if (x[r * row_stride + c] > x[best * row_stride + c]) best = r;
        out[c] = (int32_t)best;
    }
}

static void argmin_rows_f32(size_t rows, size_t columns, const float *x, size_t row_stride, int32_t *out) {
    for (size_t c = 0; c < columns; c++) {
        size_t best = 0;
        for (size_t r = 1; r < rows; r++)
            if (x[r * row_stride + c] < x[best * row_stride + c]) best = r;
        out[c] = (int32_t)best;
    }
}

static void argmax_rows_i32(size_t rows, size_t columns, const int32_t *x, size_t row_stride, int32_t *out) {
    for (size_t c = 0; c < columns; c++) {
        size_t best = 0;
        for (size_t r = 1; r < rows; r++)
            if (x[r * row_stride + c] > x[best * row_stride + c]) best = r;
        out[c] = (int32_t)best;
    }
}

static void argmin_rows_i32(size_t rows, size_t columns, const int32_t *x, size_t row_stride, int32_t *out) {
    for (size_t c = 0; c < columns; c++) {
        size_t best = 0;
        for (size_t r = 1; r < rows; r++)
            if (x[r * row_stride + c] < x[best * row_stride + c]) best = r;
        out[c] = (int32_t)best;
    }
}

void lw_scalar_search_install(struct lw_kernels *kernels) {
    kernels->find_f32 = find_f32;
    kernels->find_i32 = find_i32;
    kernels->find_above_f32 = find_above_f32;
    kernels->find_above_i32 = find_above_i32;
    kernels->argmax_rows_f32 = argmax_rows_f32;
    kernels->argmin_rows_f32 = argmin_rows_f32;
    kernels->argmax_rows_i32 = argmax_rows_i32;
    kernels->argmin_rows_i32 = argmin_rows_i32;
}
