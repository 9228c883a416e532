/* SPDX-License-Identifier: MIT */
/*
 * Convolution of volumes, and its gradient with respect to the input, plane after plane:
 *
 *   output[n][z]         = sum over kz of conv2d(input[n][z stride - pad + kz dilation], filter[kz])
 *   input_gradient[n][z] = sum over kz of conv2d_transpose(output_gradient[n][zo], filter[kz]),
 *                          where zo stride - pad + kz dilation = z
 *
 * The operators of images do the work; each adds the sum so far as its residual. Since a residual may not be the
 * output, the sums go to and fro between a plane of scratch memory and the output, so that the last one lands there.
 */
#include <string.h>

#include "kernels/operator.h"

enum direction { FORWARD, BACKWARD };

/* Of one plane: the operator, its sizes, and the elements of a plane read and of one written. */
struct plan {
    enum direction direction;
    struct lw_conv2d conv;
    struct lw_conv2d_transpose transpose;
    struct lw_sizes plane;
    size_t depth_in, depth_out; /* planes of a volume read, and of one written */
    size_t plane_in, plane_out, filter_plane;
    size_t elements_in, elements_out;
    size_t packed_bytes, scratch_bytes;
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_conv3d *op, enum direction direction,
                                struct lw_problem *problem, struct plan *plan) {
    *plan = (struct plan){.direction = direction};
    enum lw_status status = lw_check(context, op, sizeof *op, problem);
    if (status != LW_OK) return status;
    plan->conv = (struct lw_conv2d){
        .struct_bytes = sizeof plan->conv,
        .batch = 1,
        .input_height = op->input_height,
        .input_width = op->input_width,
        .input_channels = op->input_channels,
        .output_channels = op->output_channels,
        .groups = op->groups,
        .window = op->window,
        .winograd = op->winograd,
    };
    struct lw_sizes forward;
    status = lw_conv2d_sizes(context, &plan->conv, &forward);
    if (status != LW_OK) return problem ? lw_conv2d_validate(context, &plan->conv, problem) : status;
    status = lw_depth_check(op->kernel_depth, op->stride_depth, op->dilation_depth, problem);
    if (status != LW_OK) return status;

    /* The window's whole reach, so that no coordinate overflows. */
    size_t last = op->output_depth, reach = op->kernel_depth;
    if (!lw_multiply(&last, op->stride_depth) || !lw_multiply(&reach, op->dilation_depth) || !lw_add(&last, reach) ||
        !lw_add(&last, op->input_depth) || !lw_add(&last, op->pad_front))
        return lw_too_large(problem, "output_depth");

    const size_t input[] = {op->batch,       op->input_depth,    op->input_height,
                            op->input_width, op->input_channels, sizeof(float)};
    const size_t output[] = {op->batch, op->output_depth, forward.output_elements, sizeof(float)};
    const size_t filter[] = {op->window.kernel_height, op->window.kernel_width, op->input_channels / op->groups,
                             op->output_channels};
    size_t inputs, outputs, input_plane;
    if (!lw_product(input, 6, &inputs) || !lw_product(input + 2, 3, &input_plane))
        return lw_too_large(problem, "input");
    if (!lw_product(output, 4, &outputs)) return lw_too_large(problem, "output");
    if (!lw_product(filter, 4, &plan->filter_plane)) return lw_too_large(problem, "filter");
    inputs /= sizeof(float);
    outputs /= sizeof(float);

    if (direction == FORWARD) {
        plan->plane = forward;
        plan->depth_in = op->input_depth;
        plan->depth_out = op->output_depth;
        plan->plane_in = input_plane;
        plan->plane_out = forward.output_elements;
        plan->elements_in = inputs;
        plan->elements_out = outputs;
    } else {
        if (op->groups != 1) return lw_wrong(problem, LW_UNSUPPORTED, "groups", "1");
        plan->transpose = (struct lw_conv2d_transpose){
            .struct_bytes = sizeof plan->transpose,
            .batch = 1,
            .input_height = forward.output_height,
            .input_width = forward.output_width,
            .input_channels = op->output_channels,
            .output_height = op->input_height,
            .output_width = op->input_width,
            .output_channels = op->input_channels,
            .window = op->window,
        };
        status = lw_conv2d_transpose_sizes(context, &plan->transpose, &plan->plane);
        if (status != LW_OK) return status;
        plan->depth_in = op->output_depth;
        plan->depth_out = op->input_depth;
        plan->plane_in = forward.output_elements;
        plan->plane_out = input_plane;
        plan->elements_in = outputs;
        plan->elements_out = inputs;
    }
    plan->packed_bytes = plan->plane.packed_bytes;
    plan->scratch_bytes = plan->plane.scratch_bytes;
    const size_t plane[] = {op->kernel_depth > 1 ? plan->plane_out : 0, sizeof(float)};
    size_t plane_bytes;
    if (!lw_multiply(&plan->packed_bytes, op->kernel_depth)) return lw_too_large(problem, "filter");
    if (!lw_product(plane, 2, &plane_bytes) || !lw_add(&plan->scratch_bytes, plane_bytes) ||
        !lw_add(&plan->scratch_bytes, 15))
        return lw_too_large(problem, "scratch");
    plan->scratch_bytes &= ~(size_t)15;
    return LW_OK;
}

static enum lw_status sizes_of(const struct lw_context *context, const struct lw_conv3d *op, enum direction direction,
                               struct lw_sizes *sizes) {
    struct plan plan;
    const enum lw_status status = make_plan(context, op, direction, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = plan.plane.output_height,
        .output_width = plan.plane.output_width,
        .output_elements = plan.elements_out,
        .packed_bytes = plan.packed_bytes,
        .scratch_bytes = plan.scratch_bytes,
    };
    return LW_OK;
}

static enum lw_status pack(const struct lw_context *context, const struct lw_conv3d *op, enum direction direction,
                           const float *filter, void *packed) {
    struct plan plan;
    enum lw_status status = make_plan(context, op, direction, NULL, &plan);
    if (status != LW_OK) return status;
    if (!filter || (!packed && plan.packed_bytes)) return LW_NULL_POINTER;
    char *to = packed;
    for (size_t kz = 0; kz < op->kernel_depth && status == LW_OK; kz++) {
        const float *from = filter + kz * plan.filter_plane;
        status = direction == FORWARD ? lw_conv2d_pack(context, &plan.conv, from, to)
                                      : lw_conv2d_transpose_pack(context, &plan.transpose, from, to);
        to += plan.plane.packed_bytes;
    }
    return status;
}

/* The plane that plane z of what is written reads through kz; SIZE_MAX when there is none. */
static size_t plane_through(const struct lw_conv3d *op, const struct plan *plan, size_t z, size_t kz) {
    size_t from;
    if (plan->direction == FORWARD) {
        from = z * op->stride_depth + kz * op->dilation_depth - op->pad_front; /* wraps around before the volume */
    } else {
        const size_t offset = kz * op->dilation_depth, position = z + op->pad_front;
        if (position < offset || (position - offset) % op->stride_depth) return SIZE_MAX;
        from = (position - offset) / op->stride_depth;
    }
    return from < plan->depth_in ? from : SIZE_MAX;
}

static enum lw_status run(const struct lw_context *context, const struct lw_conv3d *op, enum direction direction,
                          const float *input, const void *packed, void *scratch, float *output) {
    struct plan plan;
    enum lw_status status = make_plan(context, op, direction, NULL, &plan);
    if (status != LW_OK) return status;
    if ((!input && plan.elements_in) || (!packed && plan.packed_bytes) || (!scratch && plan.scratch_bytes) ||
        (!output && plan.elements_out))
        return LW_NULL_POINTER;
    if (plan.elements_out == 0) return LW_OK;

    float *spare = op->kernel_depth > 1 ? (float *)((char *)scratch + plan.plane.scratch_bytes) : NULL; /* a plane */
    for (size_t i = 0; i < op->batch * plan.depth_out; i++, output += plan.plane_out) {
        const size_t n = i / plan.depth_out, z = i % plan.depth_out;
        size_t count = 0;
        for (size_t kz = 0; kz < op->kernel_depth; kz++) count += plane_through(op, &plan, z, kz) != SIZE_MAX;
        if (count == 0 || plan.plane_in == 0) {
            memset(output, 0, plan.plane_out * sizeof *output);
            continue;
        }
        struct lw_epilogue epilogue = {.struct_bytes = sizeof epilogue};
        for (size_t kz = 0; kz < op->kernel_depth && status == LW_OK; kz++) {
            const size_t from = plane_through(op, &plan, z, kz);
            if (from == SIZE_MAX) continue;
            const float *plane = input + (n * plan.depth_in + from) * plan.plane_in;
            const char *weights = packed ? (const char *)packed + kz * plan.plane.packed_bytes : NULL;
            float *to = --count % 2 ? spare : output;
            status = direction == FORWARD
                         ? lw_conv2d_run(context, &plan.conv, plane, weights, &epilogue, scratch, to)
                         : lw_conv2d_transpose_run(context, &plan.transpose, plane, weights, &epilogue, scratch, to);
            epilogue.residual = to;
        }
    }
    return status;
}

enum lw_status lw_conv3d_validate(const struct lw_context *context, const struct lw_conv3d *op,
                                  struct lw_problem *problem) {
    struct plan plan;
    return make_plan(context, op, FORWARD, problem, &plan);
}

enum lw_status lw_conv3d_sizes(const struct lw_context *context, const struct lw_conv3d *op, struct lw_sizes *sizes) {
    return sizes_of(context, op, FORWARD, sizes);
}

enum lw_status lw_conv3d_pack(const struct lw_context *context, const struct lw_conv3d *op, const float *filter,
                              void *packed) {
    return pack(context, op, FORWARD, filter, packed);
}

enum lw_status lw_conv3d_run(const struct lw_context *context, const struct lw_conv3d *op, const float *input,
                             const void *packed, void *scratch, float *output) {
    return run(context, op, FORWARD, input, packed, scratch, output);
}

enum lw_status lw_conv3d_input_gradient_sizes(const struct lw_context *context, const struct lw_conv3d *op,
                                              struct lw_sizes *sizes) {
    return sizes_of(context, op, BACKWARD, sizes);
}

enum lw_status lw_conv3d_input_gradient_pack(const struct lw_context *context, const struct lw_conv3d *op,
                                             const float *filter, void *packed) {
    return pack(context, op, BACKWARD, filter, packed);
}

enum lw_status lw_conv3d_input_gradient_run(const struct lw_context *context, const struct lw_conv3d *op,
                                            const float *output_gradient, const void *packed, void *scratch,
                                            float *input_gradient) {
    return run(context, op, BACKWARD, output_gradient, packed, scratch, input_gradient);
}
