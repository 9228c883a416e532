/* SPDX-License-Identifier: MIT */
/*
 * The position of the largest element along the middle dimension of [outer][reduced][inner].
 *
 * Columns are taken in blocks whose best values stay on the stack, so that the input is read once and in order.
 */
#include "kernels/operator.h"

enum { BLOCK = 64 };

/* x replaces best when it is larger, which a NaN never is, and than which nothing is. */
static void argmax_f32(size_t reduced, size_t inner, size_t columns, const float *x, int32_t *out) {
    float best[BLOCK];
    for (size_t c = 0; c < columns; c++) {
        best[c] = x[c];
        out[c] = 0;
    }
    for (size_t r = 1; r < reduced; r++) {
        x += inner;
        for (size_t c = 0; c < columns; c++) {
            if (x[c] > best[c]) {
                best[c] = x[c];
                out[c] = (int32_t)r;
            }
        }
    }
}

static void argmax_i32(size_t reduced, size_t inner, size_t columns, const int32_t *x, int32_t *out) {
    int32_t best[BLOCK];
    for (size_t c = 0; c < columns; c++) {
        best[c] = x[c];
        out[c] = 0;
    }
    for (size_t r = 1; r < reduced; r++) {
        x += inner;
        for (size_t c = 0; c < columns; c++) {
            if (x[c] > best[c]) {
                best[c] = x[c];
                out[c] = (int32_t)r;
            }
        }
    }
}

enum lw_status lw_argmax_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                             size_t inner, const void *input, int32_t *output) {
    if (!context) return LW_NULL_POINTER;
    if ((uint32_t)type > LW_BOOL) return LW_BAD_ENUM;
    if (type == LW_BOOL) return LW_UNSUPPORTED;
    if (reduced == 0) return LW_BAD_SHAPE;
    if (reduced > (size_t)INT32_MAX) return LW_TOO_LARGE; /* a position must fit the output's type */
    size_t bytes;
    if (!lw_product((const size_t[]){outer, reduced, inner, 4}, 4, &bytes)) return LW_TOO_LARGE;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    for (size_t o = 0; o < outer; o++) {
        for (size_t i = 0; i < inner; i += BLOCK) {
            const size_t columns = inner - i < BLOCK ? inner - i : BLOCK, start = o * reduced * inner + i;
            int32_t *out = output + o * inner + i;
            if (type == LW_FLOAT32)
                argmax_f32(reduced, inner, columns, (const float *)input + start, out);
            else
                argmax_i32(reduced, inner, columns, (const int32_t *)input + start, out);
        }
    }
    return LW_OK;
}
