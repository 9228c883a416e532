/* SPDX-License-Identifier: MIT */
/* Pixels of four bytes as integers, of one to four channels. */
#include "kernels/operator.h"

const struct lw_kernel_set *const lw_pixels_sets[] = {&lw_move_set, NULL};

enum lw_status lw_pixels_run(const struct lw_context *context, size_t pixels, uint32_t channels, const uint8_t *rgba,
                             int32_t *output) {
    if (!context) return LW_NULL_POINTER;
    if (channels < 1 || channels > 4) return LW_BAD_SHAPE;
    if (pixels > PTRDIFF_MAX / (4 * sizeof *output)) return LW_TOO_LARGE;
    if (pixels == 0) return LW_OK;
    if (!rgba || !output) return LW_NULL_POINTER;
    context->kernels.pixels_i32(pixels, channels, rgba, output);
    return LW_OK;
}
