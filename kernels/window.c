/* SPDX-License-Identifier: MIT */
/* What descriptors share: how their problems are told, and sliding windows, from padding mode, kernel, stride and dilation to output size and pads (TensorFlow's rules). */
#include "kernels/operator.h"

bool lw_product(const size_t *factors, size_t count, size_t *product) {
    size_t nonzero = 1;
    bool zero = false;
    for (size_t i = 0; i < count; i++) {
        if (factors[i] == 0)
            zero = true;
        else if (!lw_multiply(&nonzero, factors[i]))
            return false;
    }
    *product = zero ? 0 : nonzero;
    return true;
}

enum lw_status lw_wrong(struct lw_problem *problem, enum lw_status status, const char *field, const char *expected) {
    if (problem) *problem = (struct lw_problem){field, expected};
    return status;
}

enum lw_status lw_too_large(struct lw_problem *problem, const char *what) {
    return lw_wrong(problem, LW_TOO_LARGE, what, "smaller: its size does not fit size_t");
}

static enum lw_status bad_struct_bytes(struct lw_problem *problem) {
    return lw_wrong(problem, LW_BAD_STRUCT_BYTES, "struct_bytes",
                    "the size of the struct in a header of this version or an older one");
}

enum lw_status lw_check_grown(const struct lw_context *context, const void *op, size_t first, size_t bytes,
                              struct lw_problem *problem) {
    if (problem) *problem = (struct lw_problem){0};
    if (!context || !op) return lw_wrong(problem, LW_NULL_POINTER, context ? "op" : "context", "not NULL");
    const uint32_t size = *(const uint32_t *)op;
    return size >= first && size <= bytes && size % sizeof size == 0 ? LW_OK : bad_struct_bytes(problem);
}

enum lw_status lw_check(const struct lw_context *context, const void *op, size_t bytes, struct lw_problem *problem) {
    return lw_check_grown(context, op, bytes, bytes, problem);
}

enum lw_status lw_read(const void *given, size_t first, size_t bytes, void *op, struct lw_problem *problem) {
    if (problem) *problem = (struct lw_problem){0};
    if (!given) return lw_wrong(problem, LW_NULL_POINTER, "op", "not NULL");
    uint32_t size; /* struct_bytes, which comes first in every descriptor */
    memcpy(&size, given, sizeof size);
    if (size == bytes) {
        memcpy(op, given, bytes);
        return LW_OK;
    }
    if (size < first || size > bytes || size % sizeof(size_t)) return bad_struct_bytes(problem);
    memset(op, 0, bytes);
    memcpy(op, given, size);
    size = (uint32_t)bytes;
    memcpy(op, &size, sizeof size);
    return LW_OK;
}

/* The two fields, 0 where an older header lacks them. */
static void read_strides(const void *op, size_t first, uint32_t strides[2]) {
    const size_t there = *(const uint32_t *)op - first, bytes = 2 * sizeof *strides;
    strides[0] = strides[1] = 0;
    memcpy(strides, (const char *)op + first, there < bytes ? there : bytes);
}

enum lw_status lw_strides_read(const void *op, size_t first, size_t input_channels, size_t output_channels,
                               struct lw_problem *problem, struct lw_strides *strides) {
    uint32_t given[2];
    read_strides(op, first, given);
    *strides = (struct lw_strides){given[0] ? given[0] : input_channels, given[1] ? given[1] : output_channels};
    if (strides->input < input_channels)
        return lw_wrong(problem, LW_BAD_SHAPE, "input_pixel_stride", "0, or the input's channels or more");
    if (strides->output < output_channels)
        return lw_wrong(problem, LW_BAD_SHAPE, "output_pixel_stride", "0, or the output's channels or more");
    return LW_OK;
}

enum lw_status lw_strides_none(const void *op, size_t first, struct lw_problem *problem) {
    uint32_t given[2];
    read_strides(op, first, given);
    if (!given[0] && !given[1]) return LW_OK;
    return lw_wrong(problem, LW_UNSUPPORTED, given[0] ? "input_pixel_stride" : "output_pixel_stride", "0");
}

enum lw_status lw_rows_read(size_t rows, size_t columns, size_t input_stride, size_t output_stride,
                            struct lw_strides *strides) {
    *strides = (struct lw_strides){input_stride ? input_stride : columns, output_stride ? output_stride : columns};
    if (strides->input < columns || strides->output < columns) return LW_BAD_SHAPE;
    size_t elements;
    if (!lw_image_elements(1, 1, rows, strides->input, columns, &elements) ||
        !lw_image_elements(1, 1, rows, strides->output, columns, &elements))
        return LW_TOO_LARGE;
    return LW_OK;
}

bool lw_image_elements(size_t batch, size_t height, size_t width, size_t stride, size_t channels, size_t *elements) {
    const size_t sizes[] = {batch, height, width, stride, sizeof(float)};
    if (!lw_product(sizes, 5, elements)) return false;
    *elements /= sizeof(float);
    if (*elements) *elements = channels ? *elements - (stride - channels) : 0;
    return true;
}

enum lw_status lw_element_check(uint32_t element_bytes, struct lw_problem *problem) {
    if (element_bytes == 0 || element_bytes > 16 || (element_bytes & (element_bytes - 1)))
        return lw_wrong(problem, LW_BAD_SHAPE, "element_bytes", "1, 2, 4, 8 or 16");
    return LW_OK;
}

enum lw_status lw_groups_check(uint32_t groups, uint32_t input_channels, uint32_t output_channels,
                               struct lw_problem *problem) {
    if (groups == 0 || input_channels == 0 || output_channels == 0)
        return lw_wrong(problem, LW_BAD_SHAPE,
                        groups == 0           ? "groups"
                        : input_channels == 0 ? "input_channels"
                                              : "output_channels",
                        "1 or more");
    if (input_channels % groups || output_channels % groups)
        return lw_wrong(problem, LW_BAD_SHAPE, "groups", "a divisor of input_channels and of output_channels");
    return LW_OK;
}

enum lw_status lw_depth_check(uint32_t kernel, uint32_t stride, uint32_t dilation, struct lw_problem *problem) {
    if (kernel && stride && dilation) return LW_OK;
    return lw_wrong(problem, LW_BAD_SHAPE,
                    kernel == 0   ? "kernel_depth"
                    : stride == 0 ? "stride_depth"
                                  : "dilation_depth",
                    "1 or more");
}

/* The fields of one dimension of the window, for messages. */
struct names {
    const char *kernel, *stride, *dilation, *pad_before, *pad_after;
};

/* One dimension of the window. */
static enum lw_status place(uint32_t padding, size_t input, size_t kernel, size_t stride, size_t dilation,
                            size_t pad_before, int32_t pad_after, const struct names *names, struct lw_problem *problem,
                            size_t *output, size_t *before) {
    if (kernel == 0 || stride == 0 || dilation == 0)
        return lw_wrong(problem, LW_BAD_SHAPE,
                        kernel == 0   ? names->kernel
                        : stride == 0 ? names->stride
                                      : names->dilation,
                        "1 or more");
    size_t extent = kernel - 1;
    if (!lw_multiply(&extent, dilation) || !lw_add(&extent, 1)) return lw_too_large(problem, names->dilation);

    if (padding == LW_PADDING_SAME) {
        *output = input / stride + (input % stride != 0);
        size_t reach = *output ? (*output - 1) * stride : 0; /* < input, so it can't overflow */
        if (!lw_add(&reach, extent)) return lw_too_large(problem, names->kernel);
        *before = *output && reach > input ? (reach - input) / 2 : 0;
        return LW_OK;
    }

    size_t padded = input;
    if (padding == LW_PADDING_EXPLICIT) {
        if (!lw_add(&padded, pad_before) || (pad_after > 0 && !lw_add(&padded, (size_t)pad_after)))
            return lw_too_large(problem, names->pad_before);
        const size_t left_out = pad_after < 0 ? 0 - (size_t)pad_after : 0;
        if (padded < left_out)
            return lw_wrong(problem, LW_BAD_SHAPE, names->pad_after, "such that it leaves out no more than there is");
        padded -= left_out;
        *before = pad_before;
    } else {
        *before = 0;
    }
    if (padded < extent)
        return lw_wrong(problem, LW_BAD_SHAPE, names->kernel,
                        "small enough that the dilated window fits the padded image");
    *output = (padded - extent) / stride + 1;
    return LW_OK;
}

enum lw_status lw_window_place(const struct lw_window *w, size_t input_height, size_t input_width,
                               struct lw_problem *problem, struct lw_placed_window *placed) {
    static const struct names height = {"window.kernel_height", "window.stride_height", "window.dilation_height",
                                        "window.pad_top", "window.pad_bottom"};
    static const struct names width = {"window.kernel_width", "window.stride_width", "window.dilation_width",
                                       "window.pad_left", "window.pad_right"};
    if (w->padding > LW_PADDING_EXPLICIT)
        return lw_wrong(problem, LW_BAD_ENUM, "window.padding", "one of enum lw_padding");
    enum lw_status status =
        place(w->padding, input_height, w->kernel_height, w->stride_height, w->dilation_height, w->pad_top,
              w->pad_bottom, &height, problem, &placed->output_height, &placed->pad_top);
    if (status != LW_OK) return status;
    return place(w->padding, input_width, w->kernel_width, w->stride_width, w->dilation_width, w->pad_left,
                 w->pad_right, &width, problem, &placed->output_width, &placed->pad_left);
}
