/* SPDX-License-Identifier: MIT */
/*
 * Convolution as a matrix product with gathered rows (gemm_f32): an output pixel is a row, its sum runs over
 * k = (ky, kx, i), and B is the filter [kernel_height * kernel_width * group_inputs][group_outputs] of each group.
 * The input is not copied: for every pixel and tap there is a pointer to the input's channels there, or to a row of
 * zeros outside of the image.
 *
 * With few input channels (a network's first layer, or many groups) a pointer for every few floats costs more than the
 * arithmetic. Then the input rows that a block of output rows sees are copied into scratch memory with their padding,
 * for one group after the other. In such a row kernel_width pixels of the group follow each other, and one pointer
 * serves kernel_width * group_inputs terms; the order of the sum is the same.
 *
 * With one input channel in each of several groups it is a depthwise convolution, whose filter has the same layout
 * (depthwise_conv2d.c). 3x3 filters with stride 1 take Winograd's method (winograd.c) where that is faster.
 */
#include <string.h>

#include "kernels/gemm_pack.h"
#include "kernels/winograd.h"

const struct lw_kernel_set *const lw_conv2d_sets[] = {&lw_gemm_set, NULL};

struct plan {
    struct lw_placed_window window;
    struct lw_strides strides;
    size_t pixels; /* of the whole output: batch * output_height * output_width */
    size_t input_elements, output_elements;
    size_t group_inputs, group_outputs;
    size_t group_packed; /* elements of a group's packed filter */
    size_t block_rows;   /* output pixels for each call of the kernel, a multiple of mr */
    size_t packed_bytes, scratch_bytes;
    size_t share_bytes;     /* of scratch memory for each worker, on the two paths of this file */
    struct lw_gemm_cut cut; /* where nothing is copied */

    bool depthwise; /* the operator of that name */

    bool transforms; /* Winograd's method; all that follows is for the other paths */
    struct lw_winograd_plan winograd;

    bool copies;         /* input rows go through scratch memory */
    size_t patch_width;  /* floats of a copied row */
    size_t patch_height; /* rows that are copied for block_height output rows */
    size_t block_height;
};

/* Input channels of a group up to which rows are copied, and the largest patch in floats. */
enum { COPY_CHANNELS = 8, PATCH_FLOATS = 8 * 1024, MAX_PATCH_FLOATS = 32 * 1024 };

/* Decides whether input rows are copied, and how many output rows make a block. */
static void plan_copies(const struct lw_gemm_f32 *gemm, const struct lw_conv2d *conv, struct plan *plan) {
    const struct lw_window *w = &conv->window;
    plan->copies = false;
    if (w->dilation_width != 1 || w->kernel_width == 1 || plan->group_inputs > COPY_CHANNELS) return;
    if (plan->pixels == 0) return;

    /* No overflow: a patch is no larger than the padded image, which lw_window_place has measured, and the sizes of
     * one side times COPY_CHANNELS are compared by division. */
    const size_t width = (plan->window.output_width - 1) * w->stride_width + w->kernel_width;
    const size_t extent = (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
    if (width > MAX_PATCH_FLOATS / plan->group_inputs) return;
    plan->patch_width = width * plan->group_inputs;
    if (extent > MAX_PATCH_FLOATS / plan->patch_width) return;

    const size_t block = lw_gemm_block_rows(gemm, plan->pixels, w->kernel_height,
                                            (size_t)conv->input_channels * w->stride_width, conv->output_channels);
    size_t height = block / plan->window.output_width;
    const size_t patch_rows = PATCH_FLOATS / plan->patch_width;
    const size_t fitting = patch_rows > extent ? (patch_rows - extent) / w->stride_height + 1 : 1;
    if (height > fitting) height = fitting;
    if (height > plan->window.output_height) height = plan->window.output_height;
    if (height == 0) height = 1;

    plan->copies = true;
    plan->block_height = height;
    plan->patch_height = (height - 1) * w->stride_height + extent;
    plan->block_rows = (height * plan->window.output_width + gemm->mr - 1) / gemm->mr * gemm->mr;
}

/* The same convolution with input_channels groups. */
static struct lw_depthwise_conv2d depthwise_of(const struct lw_conv2d *conv, const struct lw_strides *strides) {
    return (struct lw_depthwise_conv2d){
        .struct_bytes = sizeof(struct lw_depthwise_conv2d),
        .batch = conv->batch,
        .input_height = conv->input_height,
        .input_width = conv->input_width,
        .channels = conv->input_channels,
        .depth_multiplier = conv->output_channels / conv->input_channels,
        .window = conv->window,
        .activation = conv->activation,
        .input_pixel_stride = (uint32_t)strides->input,
        .output_pixel_stride = (uint32_t)strides->output,
    };
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_conv2d *conv,
                                struct lw_problem *problem, struct plan *plan) {
    const size_t first = offsetof(struct lw_conv2d, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, conv, first, sizeof *conv, problem);
    if (status != LW_OK) return status;
    if (conv->winograd > LW_WINOGRAD_OFF) return lw_wrong(problem, LW_BAD_ENUM, "winograd", "one of enum lw_winograd");
    status = lw_activation_check(&conv->activation, problem);
    if (status != LW_OK) return status;
    status = lw_window_place(&conv->window, conv->input_height, conv->input_width, problem, &plan->window);
    if (status != LW_OK) return status;
    status = lw_groups_check(conv->groups, conv->input_channels, conv->output_channels, problem);
    if (status == LW_OK)
        status = lw_strides_read(conv, first, conv->input_channels, conv->output_channels, problem, &plan->strides);
    if (status != LW_OK) return status;
    if (plan->window.output_height > UINT32_MAX || plan->window.output_width > UINT32_MAX)
        return lw_too_large(problem, "output");

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    plan->group_inputs = conv->input_channels / conv->groups;
    plan->group_outputs = conv->output_channels / conv->groups;
    const size_t output[] = {conv->batch, plan->window.output_height, plan->window.output_width};
    const size_t terms[] = {conv->window.kernel_height, conv->window.kernel_width, plan->group_inputs};
    size_t k;
    if (!lw_image_elements(conv->batch, conv->input_height, conv->input_width, plan->strides.input,
                           conv->input_channels, &plan->input_elements))
        return lw_too_large(problem, "input");
    if (!lw_image_elements(output[0], output[1], output[2], plan->strides.output, conv->output_channels,
                           &plan->output_elements) ||
        !lw_product(output, 3, &plan->pixels))
        return lw_too_large(problem, "output");
    if (!lw_product(terms, 3, &k) || !lw_gemm_packed_elements(gemm, k, plan->group_outputs, &plan->group_packed))
        return lw_too_large(problem, "filter");
    const size_t packed[] = {conv->groups, plan->group_packed, sizeof(float)};
    if (!lw_product(packed, 3, &plan->packed_bytes)) return lw_too_large(problem, "filter");

    plan->depthwise = conv->groups > 1 && conv->groups == conv->input_channels;
    if (plan->depthwise) {
        const struct lw_depthwise_conv2d depthwise = depthwise_of(conv, &plan->strides);
        struct lw_sizes sizes;
        status = lw_depthwise_conv2d_sizes(context, &depthwise, &sizes);
        plan->packed_bytes = sizes.packed_bytes;
        plan->scratch_bytes = sizes.scratch_bytes;
        return status == LW_OK ? LW_OK : lw_wrong(problem, status, "input", "smaller");
    }
    plan->transforms = lw_winograd_plan(context, conv, &plan->window, &plan->winograd);
    if (plan->transforms) {
        plan->packed_bytes = plan->winograd.packed_bytes;
        plan->scratch_bytes = plan->winograd.scratch_bytes;
        return LW_OK;
    }
    plan_copies(gemm, conv, plan);
    size_t taps = conv->window.kernel_height;
    size_t floats = plan->group_inputs; /* the row of zeros */
    if (plan->copies) {
        floats = plan->patch_height * plan->patch_width;
    } else {
        taps *= conv->window.kernel_width;
        plan->block_rows = lw_gemm_block_rows(gemm, plan->pixels, taps, conv->input_channels, conv->output_channels);
    }
    if (!lw_gemm_scratch_bytes(plan->block_rows, taps, floats, &plan->share_bytes) ||
        !lw_share_scratch(context, &plan->share_bytes, &plan->scratch_bytes))
        return lw_too_large(problem, "scratch");
    plan->cut = lw_gemm_cut(context, plan->pixels, conv->output_channels, k, conv->input_channels,
                            conv->groups > 1 ? plan->group_outputs : 0, plan->block_rows);
    return LW_OK;
}

enum lw_status lw_conv2d_validate(const struct lw_context *context, const struct lw_conv2d *op,
                                  struct lw_problem *problem) {
    struct plan plan;
    return make_plan(context, op, problem, &plan);
}

enum lw_status lw_conv2d_sizes(const struct lw_context *context, const struct lw_conv2d *conv, struct lw_sizes *sizes) {
    struct plan plan;
    const enum lw_status status = make_plan(context, conv, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = (uint32_t)plan.window.output_height,
        .output_width = (uint32_t)plan.window.output_width,
        .output_elements = plan.output_elements,
        .packed_bytes = plan.packed_bytes,
        .scratch_bytes = plan.scratch_bytes,
    };
    return LW_OK;
}

enum lw_status lw_conv2d_pack(const struct lw_context *context, const struct lw_conv2d *conv, const float *filter,
                              void *packed) {
    struct plan plan;
    const enum lw_status status = make_plan(context, conv, NULL, &plan);
    if (status != LW_OK) return status;
    if (!filter || (!packed && plan.packed_bytes)) return LW_NULL_POINTER;
    if (plan.depthwise) {
        const struct lw_depthwise_conv2d depthwise = depthwise_of(conv, &plan.strides);
        return lw_depthwise_conv2d_pack(context, &depthwise, filter, packed);
    }
    if (plan.transforms) return lw_winograd_pack(context, conv, &plan.winograd, filter, packed);

    const size_t k = (size_t)conv->window.kernel_height * conv->window.kernel_width * plan.group_inputs;
    return lw_gemm_pack_all(context, conv->groups, k, plan.group_outputs, filter, plan.group_outputs,
                            conv->output_channels, 1, packed, plan.group_packed);
}

/* What the parts of a run share. */
struct run {
    const struct lw_context *context;
    const struct lw_conv2d *conv;
    const struct plan *plan;
    const struct lw_epilogue *epilogue;
    const float *input, *packed;
    char *scratch;
    float *output;
};

/* A worker's row pointers; what else it has follows them. */
static const float **rows_of(const struct run *run, size_t worker) {
    return (const float **)(void *)(run->scratch + worker * run->plan->share_bytes);
}

/* Points rows at the input of output pixels first to first + count - 1.
 * input: [batch][height][width] pixels, from the group's first channel on; zeros: [group_inputs] */
static void gather(const struct lw_conv2d *conv, const struct plan *plan, size_t first, size_t count,
                   const float *input, const float *zeros, size_t mr, const float **rows) {
    const struct lw_window *w = &conv->window;
    const struct lw_placed_window *placed = &plan->window;
    const size_t height = conv->input_height, width = conv->input_width, step = plan->strides.input;
    const size_t taps = (size_t)w->kernel_height * w->kernel_width;
    if (taps == 1 && w->stride_height == 1 && w->stride_width == 1 && placed->pad_top == 0 && placed->pad_left == 0 &&
        placed->output_height == height && placed->output_width == width) {
        for (size_t i = 0; i < count; i++) rows[i] = input + (first + i) * step; /* output pixel = input pixel */
        return;
    }

    size_t x = first % placed->output_width, y = first / placed->output_width % placed->output_height;
    size_t n = first / placed->output_width / placed->output_height;

    for (size_t i = 0; i < count; i++) {
        const float **to = rows + i / mr * mr * taps + i % mr;
        /* Left of or above the image a coordinate wraps around to a huge number: not below width or height either. */
        size_t iy = y * w->stride_height - placed->pad_top;
        for (size_t ky = 0; ky < w->kernel_height; ky++, iy += w->dilation_height) {
            const size_t row = iy < height ? (n * height + iy) * width : 0;
            const size_t row_width = iy < height ? width : 0;
            size_t ix = x * w->stride_width - placed->pad_left;
            for (size_t kx = 0; kx < w->kernel_width; kx++, ix += w->dilation_width, to += mr)
                *to = ix < row_width ? input + (row + ix) * step : zeros;
        }
        if (++x == placed->output_width) {
            x = 0;
            if (++y == placed->output_height) {
                y = 0;
                n++;
            }
        }
    }
}

/* Units of plan->cut. */
static void run_gathered(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_conv2d *conv = run->conv;
    const struct plan *plan = run->plan;
    const struct lw_gemm_f32 *gemm = &run->context->kernels.gemm_f32;
    const size_t taps = (size_t)conv->window.kernel_height * conv->window.kernel_width;
    const size_t inputs = plan->group_inputs, output_step = plan->strides.output;
    const float **rows = rows_of(run, worker);
    float *zeros = (float *)(rows + plan->block_rows * taps); /* (group_inputs) */
    memset(zeros, 0, inputs * sizeof *zeros);

    struct lw_gemm_area area;
    while (begin < end) {
        begin = lw_gemm_area(&plan->cut, begin, end, &area);
        const size_t last_row = area.row + area.rows, last_channel = area.column + area.columns;
        for (size_t first = area.row; first < last_row; first += plan->block_rows) {
            const size_t count = last_row - first < plan->block_rows ? last_row - first : plan->block_rows;
            size_t g = conv->groups == 1 ? 0 : area.column / plan->group_outputs;
            for (size_t channel = area.column, next; channel < last_channel; channel = next, g++) {
                next = (g + 1) * plan->group_outputs < last_channel ? (g + 1) * plan->group_outputs : last_channel;
                gather(conv, plan, first, count, run->input ? run->input + g * inputs : zeros, zeros, gemm->mr, rows);
                const float *panels = run->packed + g * plan->group_packed;
                panels += (channel - g * plan->group_outputs) * taps * inputs;
                const size_t element = first * output_step + channel;
                const struct lw_finish finish = lw_epilogue_in_gemm(&conv->activation, run->epilogue, channel, element);
                gemm->run(count, next - channel, taps, inputs, rows, panels, &finish, run->output + element,
                          output_step);
            }
            lw_gemm_activate(run->context, &conv->activation, run->epilogue->slopes, &area, count,
                             run->output + first * output_step, output_step);
        }
    }
}

/* Copies count pixels of `channels` floats, which lie step apart. */
static inline void copy_pixels(const size_t channels, size_t count, size_t step, const float *from, float *to) {
    for (size_t x = 0; x < count; x++, from += step, to += channels) {
        for (size_t c = 0; c < channels; c++) to[c] = from[c];
    }
}

/* Copies the input rows that output rows from y on see, with their padding; of each pixel, one group's channels.
 * image: [height][width] pixels, from the group's first channel on; patch: [rows][patch_width] */
static void copy_patch(const struct lw_conv2d *conv, const struct plan *plan, size_t y, size_t rows, const float *image,
                       float *patch) {
    const size_t channels = plan->group_inputs, step = plan->strides.input;
    const size_t pixels = plan->patch_width / channels;
    const size_t left = plan->window.pad_left < pixels ? plan->window.pad_left : pixels;
    const size_t middle = conv->input_width < pixels - left ? conv->input_width : pixels - left;
    const size_t right = pixels - left - middle;

    size_t iy = y * conv->window.stride_height - plan->window.pad_top; /* wraps around above the image, as in gather */
    for (size_t r = 0; r < rows; r++, iy++, patch += plan->patch_width) {
        if (iy >= conv->input_height || middle == 0) {
            memset(patch, 0, plan->patch_width * sizeof *patch);
            continue;
        }
        const float *from = image + iy * conv->input_width * step;
        float *to = patch + left * channels;
        memset(patch, 0, left * channels * sizeof *patch);
        if (channels == step)
            memcpy(to, from, middle * channels * sizeof *to);
        else if (channels == 2)
            copy_pixels(2, middle, step, from, to);
        else if (channels == 4)
            copy_pixels(4, middle, step, from, to);
        else if (channels == 8)
            copy_pixels(8, middle, step, from, to);
        else
            copy_pixels(channels, middle, step, from, to);
        memset(to + middle * channels, 0, right * channels * sizeof *to);
    }
}

/* Rows of the outputs of all images. */
static void run_copied(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_conv2d *conv = run->conv;
    const struct plan *plan = run->plan;
    const struct lw_gemm_f32 *gemm = &run->context->kernels.gemm_f32;
    const struct lw_window *w = &conv->window;
    const size_t taps = w->kernel_height, output_step = plan->strides.output;
    const size_t output_height = plan->window.output_height, output_width = plan->window.output_width;
    const float **rows = rows_of(run, worker);
    float *patch = (float *)(rows + plan->block_rows * taps); /* (patch_height, patch_width) */

    /* A worker's patch lies at the same place for every block, so the pointers into it are made once. */
    const bool made = rows[0] != NULL;
    for (size_t i = 0; !made && i < plan->block_height * output_width; i++) {
        const size_t y = i / output_width, x = i % output_width;
        const float **to = rows + i / gemm->mr * gemm->mr * taps + i % gemm->mr;
        const float *from = patch + y * w->stride_height * plan->patch_width + x * w->stride_width * plan->group_inputs;
        for (size_t ky = 0; ky < taps; ky++) to[ky * gemm->mr] = from + ky * w->dilation_height * plan->patch_width;
    }

    for (size_t height; begin < end; begin += height) {
        const size_t n = begin / output_height, y = begin % output_height;
        height = end - begin < output_height - y ? end - begin : output_height - y;
        if (height > plan->block_height) height = plan->block_height;
        const float *image = run->input + n * conv->input_height * conv->input_width * plan->strides.input;
        const size_t count = height * output_width, first = begin * output_width * output_step;
        const size_t patch_rows = plan->patch_height - (plan->block_height - height) * w->stride_height;
        for (size_t g = 0; g < conv->groups; g++) {
            copy_patch(conv, plan, y, patch_rows, image + g * plan->group_inputs, patch);
            const size_t channel = g * plan->group_outputs;
            const struct lw_finish finish =
                lw_epilogue_in_gemm(&conv->activation, run->epilogue, channel, first + channel);
            gemm->run(count, plan->group_outputs, taps, w->kernel_width * plan->group_inputs, rows,
                      run->packed + g * plan->group_packed, &finish, run->output + first + channel, output_step);
        }
        lw_activation_finish(run->context, &conv->activation, run->epilogue->slopes, count, conv->output_channels,
                             output_step, run->output + first);
    }
}

enum lw_status lw_conv2d_run(const struct lw_context *context, const struct lw_conv2d *conv, const float *input,
                             const void *packed, const struct lw_epilogue *given, void *scratch, float *output) {
    struct plan plan;
    struct lw_epilogue epilogue;
    enum lw_status status = make_plan(context, conv, NULL, &plan);
    if (status == LW_OK) status = lw_epilogue_read(&conv->activation, given, NULL, &epilogue);
    if (status != LW_OK) return status;
    if ((!input && plan.input_elements) || (!packed && plan.packed_bytes) || (!scratch && plan.scratch_bytes) ||
        (!output && plan.output_elements))
        return LW_NULL_POINTER;
    if (plan.output_elements == 0) return LW_OK;

    if (plan.depthwise) {
        const struct lw_depthwise_conv2d depthwise = depthwise_of(conv, &plan.strides);
        return lw_depthwise_conv2d_run(context, &depthwise, input, packed, &epilogue, scratch, output);
    }
    if (plan.transforms)
        return lw_winograd_run(context, conv, &plan.window, &plan.strides, &plan.winograd, input, packed, &epilogue,
                               scratch, output);
    struct run run = {context, conv, &plan, &epilogue, input, packed, scratch, output};
    if (!plan.copies) return lw_parallel(context, plan.cut.units, plan.cut.unit_cost, run_gathered, &run);

    for (size_t i = 0; i < context->threads; i++) rows_of(&run, i)[0] = NULL; /* they are not made yet */
    /* A row of the output: its terms, and copying what it sees. */
    const size_t terms = (size_t)conv->window.kernel_height * conv->window.kernel_width * plan.group_inputs;
    const size_t row_cost = plan.window.output_width * conv->output_channels * (terms + 8) / 32;
    return lw_parallel(context, (size_t)conv->batch * plan.window.output_height,
                       row_cost + plan.patch_width * conv->groups / 4, run_copied, &run);
}
