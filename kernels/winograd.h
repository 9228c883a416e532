/* SPDX-License-Identifier: MIT */
/* Winograd's method for 3x3 convolutions (winograd.c), a path of conv2d.c. Not installed. */
#ifndef LW_WINOGRAD_H
#define LW_WINOGRAD_H

#include "kernels/operator.h"

/* The points of F(4x4) besides 0 and infinity are +-P and +-Q: 1 / sqrt 2 and sqrt 2, rounded to float. */
#define LW_WINOGRAD_P 0x1.6a09e6p-1f
#define LW_WINOGRAD_Q 0x1.6a09e6p+0f

struct lw_winograd_plan {
    size_t tile;                   /* 2 or 4 output pixels a side */
    size_t tiles_high, tiles_wide; /* of one image */
    size_t block_high, block_wide; /* tiles of each round; several rows only if they are whole, */
    size_t block_images;           /* and several images only if they are */
    size_t strip_floats;           /* one row of the padded image strip */
    size_t zeros_floats;           /* a row of zeros, as long as one of the strip and as output_channels */
    size_t input_step;             /* floats from one of the (tile + 2)^2 transformed inputs to the next */
    size_t output_step;            /* the same of the products */
    size_t product_packed;         /* elements of one of the (tile + 2)^2 packed filters */
    bool apart;                    /* a thread takes a block through all steps; else threads share each step */
    size_t share_bytes;            /* of scratch memory for each worker; what they share follows */
    size_t packed_bytes, scratch_bytes;
};

/* Whether the convolution, whose shapes are checked, should take this path, and how. */
bool lw_winograd_plan(const struct lw_context *context, const struct lw_conv2d *conv,
                      const struct lw_placed_window *placed, struct lw_winograd_plan *plan);

/* filter: [3][3][input_channels][output_channels]; packed: [(tile + 2)^2] matrices as gemm_f32 takes them. */
enum lw_status lw_winograd_pack(const struct lw_context *context, const struct lw_conv2d *conv,
                                const struct lw_winograd_plan *plan, const float *filter, float *packed);

/* As lw_conv2d_run; nothing is empty. */
enum lw_status lw_winograd_run(const struct lw_context *context, const struct lw_conv2d *conv,
                               const struct lw_placed_window *placed, const struct lw_strides *strides,
                               const struct lw_winograd_plan *plan, const float *input, const float *packed,
                               const struct lw_epilogue *epilogue, void *scratch, float *output);

#endif
