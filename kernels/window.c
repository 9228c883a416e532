/* SPDX-License-Identifier: MIT */
/* Sliding windows: from padding mode, kernel, stride and dilation to output size and pads (TensorFlow's rules). */
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

/* One dimension of the window. */
static enum lw_status place(uint32_t padding, size_t input, size_t kernel, size_t stride, size_t dilation,
                            size_t pad_before, int32_t pad_after, size_t *output, size_t *before) {
    if (kernel == 0 || stride == 0 || dilation == 0) return LW_BAD_SHAPE;
    size_t extent = kernel - 1;
    if (!lw_multiply(&extent, dilation) || !lw_add(&extent, 1)) return LW_TOO_LARGE;

    if (padding == LW_PADDING_SAME) {
        *output = input / stride + (input % stride != 0);
        size_t reach = *output ? (*output - 1) * stride : 0; /* < input, so it can't overflow */
        if (!lw_add(&reach, extent)) return LW_TOO_LARGE;
        *before = *output && reach > input ? (reach - input) / 2 : 0;
        return LW_OK;
    }

    size_t padded = input;
    if (padding == LW_PADDING_EXPLICIT) {
        if (!lw_add(&padded, pad_before) || (pad_after > 0 && !lw_add(&padded, (size_t)pad_after))) return LW_TOO_LARGE;
        const size_t left_out = pad_after < 0 ? 0 - (size_t)pad_after : 0;
        if (padded < left_out) return LW_BAD_SHAPE;
        padded -= left_out;
        *before = pad_before;
    } else {
        *before = 0;
    }
    if (padded < extent) return LW_BAD_SHAPE;
    *output = (padded - extent) / stride + 1;
    return LW_OK;
}

enum lw_status lw_window_place(const struct lw_window *w, size_t input_height, size_t input_width,
                               struct lw_placed_window *placed) {
    if (w->padding > LW_PADDING_EXPLICIT) return LW_BAD_ENUM;
    enum lw_status status = place(w->padding, input_height, w->kernel_height, w->stride_height, w->dilation_height,
                                  w->pad_top, w->pad_bottom, &placed->output_height, &placed->pad_top);
    if (status != LW_OK) return status;
    return place(w->padding, input_width, w->kernel_width, w->stride_width, w->dilation_width, w->pad_left,
                 w->pad_right, &placed->output_width, &placed->pad_left);
}
