/* SPDX-License-Identifier: MIT */
/* Descriptors of all kinds: the sizes that they may have, and what lw_<descriptor>_validate says about wrong ones. */
#include <stdio.h>
#include <string.h>

#include "tests/rows.h"

/* A window that leads from 5 pixels to 5, or with padding VALID to 3. */
#define WINDOW                                                                                                         \
    { 3, 3, 1, 1, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0 }

static const struct lw_conv2d conv2d = {
    .struct_bytes = sizeof conv2d,
    .batch = 1,
    .input_height = 5,
    .input_width = 5,
    .input_channels = 4,
    .output_channels = 6,
    .groups = 2,
    .window = WINDOW,
};
static const struct lw_depthwise_conv2d depthwise = {
    .struct_bytes = sizeof depthwise,
    .batch = 1,
    .input_height = 5,
    .input_width = 5,
    .channels = 3,
    .depth_multiplier = 2,
    .window = WINDOW,
};
static const struct lw_conv2d_transpose transpose = {
    .struct_bytes = sizeof transpose,
    .batch = 1,
    .input_height = 5,
    .input_width = 5,
    .input_channels = 2,
    .output_height = 5,
    .output_width = 5,
    .output_channels = 2,
    .window = WINDOW,
};
static const struct lw_conv3d conv3d = {
    .struct_bytes = sizeof conv3d,
    .batch = 1,
    .input_depth = 3,
    .input_height = 5,
    .input_width = 5,
    .input_channels = 2,
    .output_depth = 2,
    .output_channels = 2,
    .groups = 1,
    .kernel_depth = 2,
    .stride_depth = 1,
    .dilation_depth = 1,
    .window = WINDOW,
};
static const struct lw_matmul matmul = {.struct_bytes = sizeof matmul, .batch = 1, .m = 2, .n = 3, .k = 4};
static const struct lw_pool2d pool2d = {
    .struct_bytes = sizeof pool2d, .batch = 1, .input_height = 5, .input_width = 5, .channels = 2, .window = WINDOW};
static const struct lw_pool3d pool3d = {
    .struct_bytes = sizeof pool3d,
    .batch = 1,
    .input_depth = 1,
    .input_height = 5,
    .input_width = 5,
    .channels = 2,
    .output_depth = 1,
    .output_height = 3,
    .output_width = 3,
    .kernel_depth = 1,
    .kernel_height = 3,
    .kernel_width = 3,
    .stride_depth = 1,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_depth = 1,
    .dilation_height = 1,
    .dilation_width = 1,
};
static const struct lw_dilation2d dilation2d = {
    .struct_bytes = sizeof dilation2d,
    .batch = 1,
    .input_height = 5,
    .input_width = 5,
    .channels = 2,
    .output_height = 3,
    .output_width = 3,
    .kernel_height = 3,
    .kernel_width = 3,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
};
static const struct lw_lrn lrn = {.struct_bytes = sizeof lrn, .channels = 4, .radius = 1, .pixels = 3};
static const struct lw_binary binary = {
    .struct_bytes = sizeof binary, .a_rank = 2, .b_rank = 1, .a_shape = {2, 3}, .b_shape = {3}};
static const struct lw_fft fft = {.struct_bytes = sizeof fft, .batch = 1, .length = 6};
static const struct lw_resize_bilinear bilinear = {.struct_bytes = sizeof bilinear,
                                                   .batch = 1,
                                                   .input_height = 2,
                                                   .input_width = 2,
                                                   .channels = 1,
                                                   .output_height = 3,
                                                   .output_width = 3};
static const struct lw_resize_nearest nearest = {.struct_bytes = sizeof nearest,
                                                 .element_bytes = 4,
                                                 .batch = 1,
                                                 .input_height = 2,
                                                 .input_width = 2,
                                                 .channels = 1,
                                                 .output_height = 3,
                                                 .output_width = 3};
static const struct lw_crop_and_resize crop = {.struct_bytes = sizeof crop,
                                               .batch = 1,
                                               .input_height = 2,
                                               .input_width = 2,
                                               .channels = 1,
                                               .boxes = 1,
                                               .crop_height = 3,
                                               .crop_width = 3};
static const struct lw_transform transform = {.struct_bytes = sizeof transform,
                                              .batch = 2,
                                              .input_height = 2,
                                              .input_width = 2,
                                              .channels = 1,
                                              .output_height = 3,
                                              .output_width = 3,
                                              .transforms = 1};
static const struct lw_rotate rotate = {
    .struct_bytes = sizeof rotate, .element_bytes = 4, .batch = 1, .height = 2, .width = 2, .channels = 1};
static const struct lw_copy copy = {.struct_bytes = sizeof copy,
                                    .element_bytes = 4,
                                    .rank = 2,
                                    .shape = {2, 3},
                                    .input_strides = {1, 2},
                                    .output_strides = {3, 1}};
static const struct lw_pad pad = {
    .struct_bytes = sizeof pad, .element_bytes = 4, .rank = 1, .shape = {3}, .before = {1}, .after = {2}};
static const struct lw_gather_nd gather_nd = {
    .struct_bytes = sizeof gather_nd, .index_rank = 1, .params_shape = {4}, .count = 2, .slice_bytes = 4};
static const struct lw_gather gather = {
    .struct_bytes = sizeof gather, .size = 4, .batch = 1, .outer = 1, .count = 2, .slice_bytes = 4};
static const struct lw_scatter scatter = {
    .struct_bytes = sizeof scatter, .index_rank = 1, .shape = {4}, .batch = 1, .count = 2, .slice = 1};
static const struct lw_segment segment = {
    .struct_bytes = sizeof segment, .rows = 2, .columns = 3, .count = 2, .segments = 2};
static const struct lw_epilogue epilogue = {.struct_bytes = sizeof epilogue};
static const struct lw_context_options options = {.struct_bytes = sizeof options};

/* Bytes of a descriptor at the end of a buffer that has no byte more, and its struct_bytes. */
static const void *cut(struct lw_test *t, const void *valid, size_t bytes, size_t struct_bytes) {
    const uint32_t size = (uint32_t)struct_bytes;
    char *room = lw_test_buffer(t, bytes);
    memcpy(room, valid, bytes);
    memcpy(room, &size, sizeof size);
    lw_test_seal(t, room);
    return room;
}

/* Every multiple of the alignment from the first version's size to the present one is right, and no other. The library
 * reads no byte behind the size that is told: the buffer ends there, at a multiple of 8 bytes because it must be aligned.
 */
#define CHECK_ALIGNED_SIZES(valid, first, alignment, validate)                                                         \
    for (size_t size = 0; size <= sizeof valid + 16; size++) {                                                         \
        const bool right = size >= (first) && size <= sizeof valid && size % (alignment) == 0;                         \
        const size_t bytes = size <= 8 ? 8 : size < sizeof valid ? (size + 7) / 8 * 8 : sizeof valid;                  \
        const void *op = cut(t, &valid, bytes < sizeof valid ? bytes : sizeof valid, size);                            \
        struct lw_problem problem = {"untouched", "untouched"};                                                        \
        snprintf(label, sizeof label, #valid " with struct_bytes %zu", size);                                          \
        lw_test_status(validate, right ? LW_OK : LW_BAD_STRUCT_BYTES, label);                                          \
        lw_test_true(right ? !problem.field && !problem.expected                                                       \
                           : problem.field && problem.expected && !strcmp(problem.field, "struct_bytes"),              \
                     "%s: field %s", label, problem.field ? problem.field : "NULL");                                   \
    }

/* Where all the fields that were added have 4 bytes, or none was. */
#define CHECK_SIZES(valid, first, validate) CHECK_ALIGNED_SIZES(valid, first, 4, validate)

static void check_sizes(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    const struct lw_activation linear = {LW_LINEAR, 0, 0, 0};
    char label[100];
    CHECK_SIZES(conv2d, offsetof(struct lw_conv2d, input_pixel_stride), lw_conv2d_validate(c, op, &problem));
    CHECK_SIZES(depthwise, offsetof(struct lw_depthwise_conv2d, input_pixel_stride),
                lw_depthwise_conv2d_validate(c, op, &problem));
    CHECK_SIZES(transpose, offsetof(struct lw_conv2d_transpose, input_pixel_stride),
                lw_conv2d_transpose_validate(c, op, &problem));
    CHECK_SIZES(conv3d, sizeof conv3d, lw_conv3d_validate(c, op, &problem));
    CHECK_ALIGNED_SIZES(matmul, offsetof(struct lw_matmul, a_row_stride), sizeof(size_t),
                        lw_matmul_validate(c, op, &problem));
    CHECK_SIZES(pool2d, offsetof(struct lw_pool2d, input_pixel_stride), lw_pool2d_validate(c, op, &problem));
    CHECK_SIZES(pool3d, sizeof pool3d, lw_pool3d_validate(c, op, &problem));
    CHECK_SIZES(dilation2d, sizeof dilation2d, lw_dilation2d_validate(c, op, &problem));
    CHECK_SIZES(lrn, sizeof lrn, lw_lrn_validate(c, op, &problem));
    CHECK_SIZES(binary, sizeof binary, lw_binary_validate(c, op, &problem));
    CHECK_SIZES(fft, sizeof fft, lw_fft_validate(c, op, &problem));
    CHECK_SIZES(bilinear, offsetof(struct lw_resize_bilinear, input_pixel_stride),
                lw_resize_bilinear_validate(c, op, &problem));
    CHECK_SIZES(nearest, offsetof(struct lw_resize_nearest, input_pixel_stride),
                lw_resize_nearest_validate(c, op, &problem));
    CHECK_SIZES(crop, sizeof crop, lw_crop_and_resize_validate(c, op, &problem));
    CHECK_SIZES(transform, sizeof transform, lw_transform_validate(c, op, &problem));
    CHECK_SIZES(rotate, sizeof rotate, lw_rotate_validate(c, op, &problem));
    CHECK_SIZES(copy, sizeof copy, lw_copy_validate(c, op, &problem));
    CHECK_SIZES(pad, sizeof pad, lw_pad_validate(c, op, &problem));
    CHECK_SIZES(gather_nd, sizeof gather_nd, lw_gather_nd_validate(c, op, &problem));
    CHECK_SIZES(gather, sizeof gather, lw_gather_validate(c, op, &problem));
    CHECK_SIZES(scatter, sizeof scatter, lw_scatter_validate(c, op, &problem));
    CHECK_SIZES(segment, sizeof segment, lw_segment_validate(c, op, &problem));
    CHECK_SIZES(epilogue, sizeof epilogue, lw_epilogue_validate(&linear, op, &problem));
    CHECK_ALIGNED_SIZES(options, offsetof(struct lw_context_options, tier) + sizeof options.tier, sizeof(size_t),
                        lw_context_options_validate(op, &problem));
}

/* One field of a valid descriptor is made wrong; the field that is named must be `named`. */
#define WRONG(type, valid, change, want, named)                                                                        \
    do {                                                                                                               \
        struct type d = valid;                                                                                         \
        struct lw_problem problem = {NULL, NULL};                                                                      \
        d.change;                                                                                                      \
        lw_test_status(type##_validate(c, &d, &problem), want, #type ": " #change);                                    \
        lw_test_true(problem.field &&problem.expected && !strcmp(problem.field, named), "%s: %s, not %s",              \
                     #type ": " #change, problem.field ? problem.field : "NULL", named);                               \
        lw_test_status(type##_validate(c, &d, NULL), want, #type ": " #change ", nobody asks");                        \
    } while (0)

static void install_nothing(struct lw_kernels *kernels) {
    (void)kernels;
}

static void check_problems(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    const uint32_t most = UINT32_MAX;

    WRONG(lw_conv2d, conv2d, input_channels = 0, LW_BAD_SHAPE, "input_channels");
    WRONG(lw_conv2d, conv2d, output_channels = 0, LW_BAD_SHAPE, "output_channels");
    WRONG(lw_conv2d, conv2d, groups = 0, LW_BAD_SHAPE, "groups");
    WRONG(lw_conv2d, conv2d, groups = 4, LW_BAD_SHAPE, "groups");
    WRONG(lw_conv2d, conv2d, winograd = 3, LW_BAD_ENUM, "winograd");
    WRONG(lw_conv2d, conv2d, activation.kind = LW_GELU_TANH + 1, LW_BAD_ENUM, "activation.kind");
    WRONG(lw_conv2d, conv2d, activation = ((struct lw_activation){LW_CLAMP, 0, 2, 1}), LW_BAD_SHAPE, "activation.min");
    WRONG(lw_conv2d, conv2d, window.padding = 3, LW_BAD_ENUM, "window.padding");
    WRONG(lw_conv2d, conv2d, window.kernel_height = 0, LW_BAD_SHAPE, "window.kernel_height");
    WRONG(lw_conv2d, conv2d, window.kernel_width = 0, LW_BAD_SHAPE, "window.kernel_width");
    WRONG(lw_conv2d, conv2d, window.stride_height = 0, LW_BAD_SHAPE, "window.stride_height");
    WRONG(lw_conv2d, conv2d, window.stride_width = 0, LW_BAD_SHAPE, "window.stride_width");
    WRONG(lw_conv2d, conv2d, window.dilation_height = 0, LW_BAD_SHAPE, "window.dilation_height");
    WRONG(lw_conv2d, conv2d, window.dilation_width = 0, LW_BAD_SHAPE, "window.dilation_width");
    WRONG(lw_conv2d, conv2d, window = ((struct lw_window){.kernel_height = 1, 6, 1, 1, 1, 1}), LW_BAD_SHAPE,
          "window.kernel_width");
    WRONG(lw_conv2d, conv2d, window = ((struct lw_window){1, 1, 1, 1, 1, 1, LW_PADDING_EXPLICIT, 0, 0, -6, 0}),
          LW_BAD_SHAPE, "window.pad_bottom");
    WRONG(lw_conv2d, conv2d, batch = d.input_height = d.input_channels = 1u << 30, LW_TOO_LARGE, "input");
    WRONG(lw_conv2d, conv2d, input_pixel_stride = 3, LW_BAD_SHAPE, "input_pixel_stride");
    WRONG(lw_conv2d, conv2d, output_pixel_stride = 5, LW_BAD_SHAPE, "output_pixel_stride");
    WRONG(lw_conv2d, conv2d, batch = d.input_height = d.input_pixel_stride = 1u << 30, LW_TOO_LARGE, "input");
    WRONG(lw_depthwise_conv2d, depthwise, input_pixel_stride = 2, LW_BAD_SHAPE, "input_pixel_stride");
    WRONG(lw_depthwise_conv2d, depthwise, output_pixel_stride = 5, LW_BAD_SHAPE, "output_pixel_stride");
    WRONG(lw_depthwise_conv2d, depthwise, depth_multiplier = 0, LW_BAD_SHAPE, "depth_multiplier");
    WRONG(lw_depthwise_conv2d, depthwise, batch = d.channels = d.depth_multiplier = most, LW_TOO_LARGE, "input");
    WRONG(lw_depthwise_conv2d, depthwise, window.kernel_height = 0, LW_BAD_SHAPE, "window.kernel_height");
    WRONG(lw_conv2d_transpose, transpose, input_pixel_stride = 1, LW_BAD_SHAPE, "input_pixel_stride");
    WRONG(lw_conv2d_transpose, transpose, output_pixel_stride = 1, LW_BAD_SHAPE, "output_pixel_stride");
    WRONG(lw_conv2d_transpose, transpose, input_height = 4, LW_BAD_SHAPE, "input_height");
    WRONG(lw_conv2d_transpose, transpose, input_width = 4, LW_BAD_SHAPE, "input_width");
    WRONG(lw_conv2d_transpose, transpose, output_channels = 0, LW_BAD_SHAPE, "output_channels");
    WRONG(lw_conv3d, conv3d, kernel_depth = 0, LW_BAD_SHAPE, "kernel_depth");
    WRONG(lw_conv3d, conv3d, stride_depth = 0, LW_BAD_SHAPE, "stride_depth");
    WRONG(lw_conv3d, conv3d, dilation_depth = 0, LW_BAD_SHAPE, "dilation_depth");
    WRONG(lw_conv3d, conv3d, groups = 0, LW_BAD_SHAPE, "groups");
    WRONG(lw_conv3d, conv3d, window.stride_width = 0, LW_BAD_SHAPE, "window.stride_width");
    WRONG(lw_matmul, matmul, transpose_a = 2, LW_BAD_ENUM, "transpose_a");
    WRONG(lw_matmul, matmul, transpose_b = 2, LW_BAD_ENUM, "transpose_b");
    WRONG(lw_matmul, matmul, activation.kind = 99, LW_BAD_ENUM, "activation.kind");
    WRONG(lw_matmul, matmul, batch = d.n = (d.m = 1u << 20, 1u << 24), LW_TOO_LARGE, "output");
    WRONG(lw_matmul, matmul, m = d.k = (d.n = 0, most), LW_TOO_LARGE, "a");
    WRONG(lw_matmul, matmul, n = d.k = (d.m = 0, most), LW_TOO_LARGE, "b");
    WRONG(lw_matmul, matmul, output_row_stride = 2, LW_BAD_SHAPE, "output_row_stride");
    WRONG(lw_matmul, matmul, output_batch_stride = 5, LW_BAD_SHAPE, "output_batch_stride");
    WRONG(lw_pool2d, pool2d, input_pixel_stride = 1, LW_BAD_SHAPE, "input_pixel_stride");
    WRONG(lw_pool2d, pool2d, output_pixel_stride = 1, LW_BAD_SHAPE, "output_pixel_stride");
    WRONG(lw_pool2d, pool2d, kind = 2, LW_BAD_ENUM, "kind");
    WRONG(lw_pool2d, pool2d, activation.kind = LW_PRELU, LW_UNSUPPORTED, "activation.kind");
    WRONG(lw_pool2d, pool2d, window.kernel_height = 0, LW_BAD_SHAPE, "window.kernel_height");
    WRONG(lw_pool3d, pool3d, kind = 2, LW_BAD_ENUM, "kind");
    WRONG(lw_pool3d, pool3d, type = 3, LW_BAD_ENUM, "type");
    WRONG(lw_pool3d, pool3d, type = LW_BOOL, LW_UNSUPPORTED, "type");
    WRONG(lw_pool3d, pool3d, last = 2, LW_BAD_ENUM, "last");
    WRONG(lw_pool3d, pool3d, kernel_depth = 0, LW_BAD_SHAPE, "kernel_depth");
    WRONG(lw_pool3d, pool3d, stride_height = 0, LW_BAD_SHAPE, "stride_height");
    WRONG(lw_pool3d, pool3d, dilation_width = 0, LW_BAD_SHAPE, "dilation_width");
    WRONG(lw_dilation2d, dilation2d, type = LW_BOOL, LW_UNSUPPORTED, "type");
    WRONG(lw_dilation2d, dilation2d, stride_width = 0, LW_BAD_SHAPE, "stride_width");
    WRONG(lw_dilation2d, dilation2d, batch = d.input_height = d.input_width = most, LW_TOO_LARGE, "input");
    WRONG(lw_lrn, lrn, channels = d.pixels = most, LW_TOO_LARGE, "input");
    WRONG(lw_binary, binary, op = 99, LW_BAD_ENUM, "op");
    WRONG(lw_binary, binary, type = 3, LW_BAD_ENUM, "type");
    WRONG(lw_binary, binary, type = LW_BOOL, LW_UNSUPPORTED, "type");
    WRONG(lw_binary, binary, a_rank = LW_MAX_RANK + 1, LW_BAD_SHAPE, "a_rank");
    WRONG(lw_binary, binary, b_rank = LW_MAX_RANK + 1, LW_BAD_SHAPE, "b_rank");
    WRONG(lw_binary, binary, b_shape[0] = 2, LW_BAD_SHAPE, "b_shape");
    WRONG(lw_fft, fft, inverse = 2, LW_BAD_ENUM, "inverse");
    WRONG(lw_fft, fft, length = 0, LW_BAD_SHAPE, "length");
    WRONG(lw_resize_bilinear, bilinear, channels = (d.input_pixel_stride = 1, 2), LW_BAD_SHAPE, "input_pixel_stride");
    WRONG(lw_resize_bilinear, bilinear, channels = (d.output_pixel_stride = 1, 2), LW_BAD_SHAPE, "output_pixel_stride");
    WRONG(lw_resize_bilinear, bilinear, align_corners = 2, LW_BAD_ENUM, "align_corners");
    WRONG(lw_resize_bilinear, bilinear, align_corners = d.half_pixel_centers = 1, LW_BAD_SHAPE, "half_pixel_centers");
    WRONG(lw_resize_bilinear, bilinear, input_width = 0, LW_BAD_SHAPE, "input_width");
    WRONG(lw_resize_nearest, nearest, channels = (d.input_pixel_stride = 1, 2), LW_BAD_SHAPE, "input_pixel_stride");
    WRONG(lw_resize_nearest, nearest, channels = (d.output_pixel_stride = 1, 2), LW_BAD_SHAPE, "output_pixel_stride");
    WRONG(lw_resize_nearest, nearest, element_bytes = 3, LW_BAD_SHAPE, "element_bytes");
    WRONG(lw_resize_nearest, nearest, half_pixel_centers = 2, LW_BAD_ENUM, "half_pixel_centers");
    WRONG(lw_resize_nearest, nearest, input_height = 0, LW_BAD_SHAPE, "input_height");
    WRONG(lw_crop_and_resize, crop, nearest = 2, LW_BAD_ENUM, "nearest");
    WRONG(lw_crop_and_resize, crop, input_height = 0, LW_BAD_SHAPE, "input_height");
    WRONG(lw_transform, transform, type = 3, LW_BAD_ENUM, "type");
    WRONG(lw_transform, transform, bilinear = 2, LW_BAD_ENUM, "bilinear");
    WRONG(lw_transform, transform, edge = 4, LW_BAD_ENUM, "edge");
    WRONG(lw_transform, transform, transforms = 3, LW_BAD_SHAPE, "transforms");
    WRONG(lw_rotate, rotate, element_bytes = 0, LW_BAD_SHAPE, "element_bytes");
    WRONG(lw_copy, copy, element_bytes = 32, LW_BAD_SHAPE, "element_bytes");
    WRONG(lw_copy, copy, rank = LW_MAX_RANK + 1, LW_BAD_SHAPE, "rank");
    WRONG(lw_copy, copy, output_strides[0] = 0, LW_BAD_SHAPE, "output_strides");
    WRONG(lw_copy, copy, input_strides[0] = PTRDIFF_MAX, LW_TOO_LARGE, "input_strides");
    WRONG(lw_pad, pad, mode = 3, LW_BAD_ENUM, "mode");
    WRONG(lw_pad, pad, element_bytes = 3, LW_BAD_SHAPE, "element_bytes");
    WRONG(lw_pad, pad, rank = LW_MAX_RANK + 1, LW_BAD_SHAPE, "rank");
    WRONG(lw_pad, pad, mode = (d.after[0] = 3, LW_PAD_REFLECT), LW_BAD_SHAPE, "after");
    WRONG(lw_gather_nd, gather_nd, index_rank = LW_MAX_RANK + 1, LW_BAD_SHAPE, "index_rank");
    WRONG(lw_gather_nd, gather_nd, slice_bytes = SIZE_MAX, LW_TOO_LARGE, "params");
    WRONG(lw_gather, gather, count = SIZE_MAX, LW_TOO_LARGE, "indices");
    WRONG(lw_scatter, scatter, op = 2, LW_BAD_ENUM, "op");
    WRONG(lw_scatter, scatter, repeat = 2, LW_BAD_ENUM, "repeat");
    WRONG(lw_scatter, scatter, index_rank = 0, LW_BAD_SHAPE, "index_rank");
    WRONG(lw_scatter, scatter, op = (d.type = LW_BOOL, LW_SCATTER_ADD), LW_UNSUPPORTED, "type");
    WRONG(lw_segment, segment, op = LW_REDUCE_MAX, LW_UNSUPPORTED, "op");
    WRONG(lw_segment, segment, type = LW_BOOL, LW_UNSUPPORTED, "type");
    WRONG(lw_segment, segment, segments = SIZE_MAX, LW_TOO_LARGE, "output");

    struct lw_problem problem = {"untouched", "untouched"};
    lw_test_status(lw_conv2d_validate(NULL, &conv2d, &problem), LW_NULL_POINTER, "no context");
    lw_test_true(problem.field && !strcmp(problem.field, "context"), "no context");
    lw_test_status(lw_conv2d_validate(c, NULL, &problem), LW_NULL_POINTER, "no descriptor");
    lw_test_true(problem.field && !strcmp(problem.field, "op"), "no descriptor");
    lw_test_status(lw_conv2d_validate(c, &conv2d, &problem), LW_OK, "a right one after a wrong one");
    lw_test_true(!problem.field && !problem.expected, "a problem of a right one");

    const struct lw_activation prelu = {LW_PRELU, 0, 0, 0}, linear = {LW_LINEAR, 0, 0, 0};
    struct lw_epilogue e = epilogue;
    const float one = 1;
    e.scale = &one;
    lw_test_status(lw_epilogue_validate(&linear, &e, &problem), LW_NULL_POINTER, "a scale alone");
    lw_test_true(!strcmp(problem.field, "shift"), "a scale alone");
    lw_test_status(lw_epilogue_validate(&prelu, &epilogue, &problem), LW_NULL_POINTER, "no slopes");
    lw_test_true(!strcmp(problem.field, "slopes"), "no slopes");
    lw_test_status(lw_epilogue_validate(NULL, &epilogue, &problem), LW_NULL_POINTER, "no activation");
    lw_test_status(lw_epilogue_validate(&linear, NULL, &problem), LW_OK, "no epilogue");
    struct lw_context_options o = options;
    o.tier = "mmx";
    lw_test_status(lw_context_options_validate(&o, &problem), LW_UNKNOWN_TIER, "a tier of another kind");
    lw_test_true(!strcmp(problem.field, "tier"), "a tier of another kind");
    o = options;
    o.threads = 2;
    lw_test_status(lw_context_options_validate(&o, &problem), LW_NULL_POINTER, "threads from nowhere");
    lw_test_true(!strcmp(problem.field, "parallel_for"), "threads from nowhere");
    o = options;
    const struct lw_kernel_module other = {.abi = LW_KERNELS_ABI + 1, .tier = "relaxed", .install = install_nothing};
    o.kernels = &other;
    lw_test_status(lw_context_options_validate(&o, &problem), LW_BAD_KERNELS, "kernels of other sources");
    lw_test_true(!strcmp(problem.field, "kernels"), "kernels of other sources");
    lw_test_status(lw_context_options_validate(NULL, &problem), LW_OK, "no options");
    lw_test_true(!problem.field, "no options");
}

static const struct lw_row rows[] = {
    {"sizes", LW_NO_SLOT, check_sizes, NULL},
    {"problems", LW_NO_SLOT, check_problems, NULL},
};
const struct lw_family lw_family_descriptors = {"descriptors", rows, sizeof rows / sizeof rows[0]};
