/* SPDX-License-Identifier: MIT */
/* What operators share: overflow-checked sizes, windows, activations. Not installed. */
#ifndef LW_OPERATOR_H
#define LW_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/sets.h"
#include "lanewise/lanewise.h"

/* *product *= factor; false when the result does not fit. */
static inline bool lw_multiply(size_t *product, size_t factor) {
    if (factor && *product > SIZE_MAX / factor) return false;
    *product *= factor;
    return true;
}

/* *sum += term; false when the result does not fit. */
static inline bool lw_add(size_t *sum, size_t term) {
    if (*sum > SIZE_MAX - term) return false;
    *sum += term;
    return true;
}

/* Multiplies count factors into *product, starting from 1. A zero anywhere makes the product 0 only when the others
 * fit too, so that a tensor's strides can be computed as well. */
bool lw_product(const size_t *factors, size_t count, size_t *product);

/* Fills `bytes` bytes of `to` with one row after the other, by copies of copies. row_bytes >= 1. */
static inline void lw_repeat(const void *row, size_t row_bytes, size_t bytes, void *to) {
    uint8_t *start = to;
    memcpy(start, row, row_bytes < bytes ? row_bytes : bytes);
    for (size_t done = row_bytes; done < bytes; done *= 2)
        memcpy(start + done, start, done < bytes - done ? done : bytes - done);
}

/* Copies a number of bytes that is often small: a call of memcpy costs more than copying so few in words. */
static inline __attribute__((always_inline)) void lw_copy_bytes(size_t bytes, const void *from, void *to) {
    const char *in = from;
    char *out = to;
    if (bytes >= 64) {
        memcpy(out, in, bytes);
        return;
    }
    size_t b = 0;
    for (; b + 8 <= bytes; b += 8) memcpy(out + b, in + b, 8);
    if (bytes & 4) {
        memcpy(out + b, in + b, 4);
        b += 4;
    }
    for (; b < bytes; b++) out[b] = in[b];
}

/* *slice = the flat index of the slice that an index of `rank` numbers names; false when it is out of range. */
static inline bool lw_locate(size_t rank, const uint32_t *shape, const int32_t *index, size_t *slice) {
    *slice = 0;
    for (size_t d = 0; d < rank; d++) {
        if (index[d] < 0 || (uint32_t)index[d] >= shape[d]) return false;
        *slice = *slice * shape[d] + (size_t)index[d];
    }
    return true;
}

/* out[i] = op(a[i * a_step], b[i * b_step]) for i < n, an op of the kernels binary_f32 and binary_i32; the steps are 0 or
 * 1, out may be a or b. type: LW_FLOAT32 or LW_INT32. */
static inline void lw_combine(const struct lw_context *context, enum lw_type type, enum lw_binary_op op, size_t n,
                              const void *a, size_t a_step, const void *b, size_t b_step, void *out) {
    if (type == LW_FLOAT32)
        context->kernels.binary_f32[op](n, a, a_step, b, b_step, out);
    else
        context->kernels.binary_i32[op](n, a, a_step, b, b_step, out);
}

/* *op = the product with all its strides, where 0 stands for dense. The descriptor has grown by a_row_stride. */
enum lw_status lw_matmul_read(const struct lw_context *context, const struct lw_matmul *given,
                              struct lw_problem *problem, struct lw_matmul *op);

/* Says what is wrong with a descriptor, if anyone wants to know, and returns the status. */
enum lw_status lw_wrong(struct lw_problem *problem, enum lw_status status, const char *field, const char *expected);

/* The same for what does not fit size_t. */
enum lw_status lw_too_large(struct lw_problem *problem, const char *what);

/* Checks a descriptor that is as it was in the first version: neither pointer is NULL, and struct_bytes, which comes first,
 * is its size. *problem, unless it is NULL, is cleared. */
enum lw_status lw_check(const struct lw_context *context, const void *op, size_t bytes, struct lw_problem *problem);

/* The same for one that has grown: what the caller gave goes to *op, as this version declares it, and what an older header
 * lacks is 0. `first` is the size in the first version: the offset of the first field that was added, which must lie
 * behind the older struct's end and not in its padding. The fields that were added have the alignment of size_t. */
enum lw_status lw_read(const void *given, size_t first, size_t bytes, void *op, struct lw_problem *problem);

/* lw_check for one that has grown and is used where it lies: only up to `first` may it be read. */
enum lw_status lw_check_grown(const struct lw_context *context, const void *op, size_t first, size_t bytes,
                              struct lw_problem *problem);

/* Elements from one pixel to the next. Descriptors of images have grown by the two fields input_pixel_stride and
 * output_pixel_stride, from `first` on, where 0 stands for the number of channels. Error: LW_BAD_SHAPE when less. */
struct lw_strides {
    size_t input, output;
};
enum lw_status lw_strides_read(const void *op, size_t first, size_t input_channels, size_t output_channels,
                               struct lw_problem *problem, struct lw_strides *strides);

/* The same for rows of `columns` floats: LW_BAD_SHAPE, or LW_TOO_LARGE when their bytes don't fit size_t. */
enum lw_status lw_rows_read(size_t rows, size_t columns, size_t input_stride, size_t output_stride,
                            struct lw_strides *strides);

/* For operators that share the descriptor and have no strides: LW_UNSUPPORTED unless both are 0. */
enum lw_status lw_strides_none(const void *op, size_t first, struct lw_problem *problem);

/* *elements = how many an image tensor has from its first to its last; false when its bytes don't fit size_t. */
bool lw_image_elements(size_t batch, size_t height, size_t width, size_t stride, size_t channels, size_t *elements);

/* A window whose padding is resolved for one image size. */
struct lw_placed_window {
    size_t output_height, output_width;
    size_t pad_top, pad_left; /* pixels before the image; how far the window reaches behind it follows */
};

/* Checks the window and places it. Errors: LW_BAD_ENUM, LW_BAD_SHAPE, LW_TOO_LARGE. */
enum lw_status lw_window_place(const struct lw_window *window, size_t input_height, size_t input_width,
                               struct lw_problem *problem, struct lw_placed_window *placed);

/* Checks an activation. Errors: LW_BAD_ENUM, LW_BAD_SHAPE (LW_CLAMP with min > max or a NaN). */
enum lw_status lw_activation_check(const struct lw_activation *activation, struct lw_problem *problem);

/* Checks that both counts of channels are 1 or more and divided by the groups. */
enum lw_status lw_groups_check(uint32_t groups, uint32_t input_channels, uint32_t output_channels,
                               struct lw_problem *problem);

/* Checks the third dimension of a window: 1 or more of each. */
enum lw_status lw_depth_check(uint32_t kernel, uint32_t stride, uint32_t dilation, struct lw_problem *problem);

/* Checks a size of elements that move as they are: 1, 2, 4, 8 or 16 bytes. */
enum lw_status lw_element_check(uint32_t element_bytes, struct lw_problem *problem);

/* The part of an activation that micro-kernels fuse: the bounds of relu, relu6 and clamp, else no bounds. */
struct lw_clamp lw_activation_clamp(const struct lw_activation *activation);

/* Applies a whole activation but LW_PRELU: out[i] = activation(x[i]) for i < count; out may be x. */
void lw_activation_apply(const struct lw_context *context, const struct lw_activation *activation, size_t count,
                         const float *x, float *out);

/* One call of epilogue_f32, or what is faster: rows of few channels are taken several together, as one row with scale and
 * shift repeated. */
void lw_epilogue_rows(const struct lw_context *context, size_t rows, size_t channels, const float *x,
                      const float *scale, const float *shift, const float *residual, struct lw_clamp clamp, float *out);

/* *epilogue = what the caller gave, or nothing when that is NULL. Errors: those of struct lw_epilogue. */
enum lw_status lw_epilogue_read(const struct lw_activation *activation, const struct lw_epilogue *given,
                                struct lw_problem *problem, struct lw_epilogue *epilogue);

/* The clamp for the micro-kernel that computes the sum: the activation's, unless something comes between the two. */
struct lw_clamp lw_epilogue_clamp(const struct lw_activation *activation, const struct lw_epilogue *epilogue);

/* The epilogue that gemm_f32 does by itself, all but the activations that are no clamps, for output channels from
 * `channel` and elements from `element` on. */
struct lw_finish lw_epilogue_in_gemm(const struct lw_activation *activation, const struct lw_epilogue *epilogue,
                                     size_t channel, size_t element);

/* Applies the activations that are no clamps, in place, to `rows` rows of `channels` floats, which lie row_stride apart. */
void lw_activation_finish(const struct lw_context *context, const struct lw_activation *activation, const float *slopes,
                          size_t rows, size_t channels, size_t row_stride, float *x);

/* Applies what other micro-kernels leave to be done, in place, to such rows from element `first` of the output on.
 * Operators call it for each block of output they have just written, while it is in the cache. */
void lw_epilogue_finish(const struct lw_context *context, const struct lw_activation *activation,
                        const struct lw_epilogue *epilogue, size_t rows, size_t channels, size_t row_stride,
                        size_t first, float *output);

#endif
