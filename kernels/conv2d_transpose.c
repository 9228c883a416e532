/* SPDX-License-Identifier: MIT */
/*
 * Transposed convolution as matrix products with gathered rows (gemm_f32), without multiplying by the zeros between
 * the input's pixels.
 *
 * Input row iy reaches output row y through tap ky when y + pad_top = iy stride + ky dilation. So the taps that an
 * output row sees depend on its phase, (y + pad_top) mod stride, only: ky dilation has the same remainder. The taps of
 * one phase are first, first + period, first + 2 period, ... with period = stride / gcd(stride, dilation); columns
 * likewise. For stride 2 and a 3 x 3 kernel:
 *
 *   taps of the phases (row, column):  even, even: ky 0 2, kx 0 2    even, odd: ky 0 2, kx 1
 *                                      odd, even:  ky 1,   kx 0 2    odd, odd:  ky 1,   kx 1
 *
 * A call of the kernel computes pixels of one phase in one output row. The filter is packed phase after phase, each
 * as a matrix [its taps * input_channels][output_channels]; phases are ordered by their first taps.
 *
 * With few output channels such products would be narrow. Where the kernel is no larger than the stride, each input
 * pixel makes a patch of the output of its own, and all taps are columns of one product: the filter is packed as
 * [input_channels][kernel_height * kernel_width * output_channels], and a block of rows of patches is copied to its
 * places. The sums are the same.
 */
#include "kernels/gemm_pack.h"

#include <string.h>

const struct lw_kernel_set *const lw_conv2d_transpose_sets[] = {&lw_gemm_set, NULL};

/* One dimension: where its phases' taps are. */
struct axis {
    size_t kernel, stride, dilation, period;
};

/* The taps of one phase along one dimension; count is 0 when no tap reaches the phase. */
struct phase {
    size_t first, count;
    size_t before; /* taps of the phases before it */
};

struct plan {
    struct lw_strides strides;
    struct axis y, x;
    size_t pad_top, pad_left;
    size_t input_elements, output_elements;
    size_t tap_packed; /* elements of one packed tap */
    size_t packed_bytes;
    size_t max_taps;   /* of any phase */
    size_t block_rows; /* output pixels for each call of the kernel, a multiple of mr; in patches input pixels */
    size_t share_bytes, scratch_bytes; /* for one worker, for all */

    bool patches;
    size_t patch_width, patch_elements; /* kernel_width * output_channels; all of a patch */
};

/* Output channels up to which patches are made. */
enum { PATCH_CHANNELS = 8 };

static struct axis make_axis(size_t kernel, size_t stride, size_t dilation) {
    size_t a = stride, b = dilation; /* Euclid: a becomes the greatest common divisor */
    while (b) {
        const size_t r = a % b;
        a = b;
        b = r;
    }
    return (struct axis){kernel, stride, dilation, stride / a};
}

/* The phase whose first tap is `first` < min(period, kernel). */
static struct phase phase_of_tap(const struct axis *axis, size_t first) {
    const size_t longer = axis->kernel % axis->period; /* so many phases have one tap more than the rest */
    return (struct phase){
        .first = first,
        .count = axis->kernel / axis->period + (first < longer),
        .before = axis->kernel / axis->period * first + (first < longer ? first : longer),
    };
}

static size_t phases(const struct axis *axis) {
    return axis->period < axis->kernel ? axis->period : axis->kernel;
}

/* The phase of a padded output position. */
static struct phase phase_of_position(const struct axis *axis, size_t position) {
    for (size_t first = 0; first < phases(axis); first++) {
        if (first * axis->dilation % axis->stride == position % axis->stride) return phase_of_tap(axis, first);
    }
    return (struct phase){0};
}

/* The input coordinate that reaches a padded output position through a tap of its phase; SIZE_MAX before the image. */
static size_t input_of(const struct axis *axis, size_t position, size_t tap) {
    const size_t offset = tap * axis->dilation;
    return position < offset ? SIZE_MAX : (position - offset) / axis->stride;
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_conv2d_transpose *conv,
                                struct lw_problem *problem, struct plan *plan) {
    const size_t first = offsetof(struct lw_conv2d_transpose, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, conv, first, sizeof *conv, problem);
    if (status != LW_OK) return status;
    status = lw_activation_check(&conv->activation, problem);
    if (status != LW_OK) return status;
    struct lw_placed_window placed;
    status = lw_window_place(&conv->window, conv->output_height, conv->output_width, problem, &placed);
    if (status != LW_OK) return status;
    status = lw_groups_check(1, conv->input_channels, conv->output_channels, problem);
    if (status == LW_OK)
        status = lw_strides_read(conv, first, conv->input_channels, conv->output_channels, problem, &plan->strides);
    if (status != LW_OK) return status;
    if (placed.output_height != conv->input_height || placed.output_width != conv->input_width)
        return lw_wrong(problem, LW_BAD_SHAPE,
                        placed.output_height != conv->input_height ? "input_height" : "input_width",
                        "what the window makes of the output's size");

    const struct lw_window *w = &conv->window;
    plan->y = make_axis(w->kernel_height, w->stride_height, w->dilation_height);
    plan->x = make_axis(w->kernel_width, w->stride_width, w->dilation_width);
    plan->pad_top = placed.pad_top;
    plan->pad_left = placed.pad_left;

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    if (!lw_image_elements(conv->batch, conv->input_height, conv->input_width, plan->strides.input,
                           conv->input_channels, &plan->input_elements))
        return lw_too_large(problem, "input");
    if (!lw_image_elements(conv->batch, conv->output_height, conv->output_width, plan->strides.output,
                           conv->output_channels, &plan->output_elements))
        return lw_too_large(problem, "output");
    if (!lw_gemm_packed_elements(gemm, conv->input_channels, conv->output_channels, &plan->tap_packed))
        return lw_too_large(problem, "filter");
    const size_t packed[] = {w->kernel_height, w->kernel_width, plan->tap_packed, sizeof(float)};
    if (!lw_product(packed, 4, &plan->packed_bytes)) return lw_too_large(problem, "filter");

    /* Without padding the last patch ends inside of the output. No overflow: a patch is no larger than a filter. */
    plan->patches = conv->output_channels <= PATCH_CHANNELS && w->kernel_height <= w->stride_height &&
                    w->kernel_width <= w->stride_width && w->dilation_height == 1 && w->dilation_width == 1 &&
                    placed.pad_top == 0 && placed.pad_left == 0 && conv->input_height && conv->input_width &&
                    (size_t)(conv->input_height - 1) * w->stride_height + w->kernel_height <= conv->output_height &&
                    (size_t)(conv->input_width - 1) * w->stride_width + w->kernel_width <= conv->output_width;
    if (plan->patches) {
        plan->patch_width = (size_t)w->kernel_width * conv->output_channels;
        plan->patch_elements = w->kernel_height * plan->patch_width;
        size_t elements, floats = plan->patch_elements;
        if (!lw_gemm_packed_elements(gemm, conv->input_channels, plan->patch_elements, &elements))
            return lw_too_large(problem, "filter");
        plan->packed_bytes = elements * sizeof(float);
        plan->block_rows = lw_gemm_block_rows(gemm, conv->input_width, 1, conv->input_channels, plan->patch_elements);
        if (!lw_multiply(&floats, plan->block_rows + 1) ||
            !lw_gemm_scratch_bytes(plan->block_rows, 1, floats, &plan->share_bytes) ||
            !lw_share_scratch(context, &plan->share_bytes, &plan->scratch_bytes))
            return lw_too_large(problem, "scratch");
        return LW_OK;
    }

    plan->max_taps = phase_of_tap(&plan->y, 0).count * phase_of_tap(&plan->x, 0).count;
    const size_t widest = conv->output_width / w->stride_width + (conv->output_width % w->stride_width != 0);
    plan->block_rows = lw_gemm_block_rows(gemm, widest, plan->max_taps, conv->input_channels, conv->output_channels);
    if (!lw_gemm_scratch_bytes(plan->block_rows, plan->max_taps, conv->input_channels, &plan->share_bytes) ||
        !lw_share_scratch(context, &plan->share_bytes, &plan->scratch_bytes))
        return lw_too_large(problem, "scratch");
    return LW_OK;
}

enum lw_status lw_conv2d_transpose_validate(const struct lw_context *context, const struct lw_conv2d_transpose *op,
                                            struct lw_problem *problem) {
    struct plan plan;
    return make_plan(context, op, problem, &plan);
}

enum lw_status lw_conv2d_transpose_sizes(const struct lw_context *context, const struct lw_conv2d_transpose *conv,
                                         struct lw_sizes *sizes) {
    struct plan plan;
    const enum lw_status status = make_plan(context, conv, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = conv->output_height,
        .output_width = conv->output_width,
        .output_elements = plan.output_elements,
        .packed_bytes = plan.packed_bytes,
        .scratch_bytes = plan.scratch_bytes,
    };
    return LW_OK;
}

/* Where a phase's matrix starts, in packed taps. */
static size_t packed_taps_before(const struct plan *plan, struct phase y, struct phase x) {
    return y.before * plan->x.kernel + y.count * x.before;
}

struct packing {
    const struct lw_context *context;
    const struct lw_conv2d_transpose *conv;
    const struct plan *plan;
    const float *filter;
    float *packed;
};

/* Taps of the filter. */
static void pack_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct packing *p = state;
    const struct plan *plan = p->plan;
    const size_t inputs = p->conv->input_channels, outputs = p->conv->output_channels;
    for (size_t tap = begin; tap < end; tap++) {
        const size_t ky = tap / plan->x.kernel, kx = tap % plan->x.kernel;
        const struct phase y = phase_of_tap(&plan->y, ky % plan->y.period);
        const struct phase x = phase_of_tap(&plan->x, kx % plan->x.period);
        const size_t t = ky / plan->y.period * x.count + kx / plan->x.period;
        lw_gemm_pack(&p->context->kernels.gemm_f32, y.count * x.count * inputs, outputs, t * inputs, inputs,
                     p->filter + tap * outputs * inputs, 1, inputs, /* (outputs, inputs) */
                     p->packed + packed_taps_before(plan, y, x) * plan->tap_packed);
    }
}

enum lw_status lw_conv2d_transpose_pack(const struct lw_context *context, const struct lw_conv2d_transpose *conv,
                                        const float *filter, void *packed) {
    struct plan plan;
    const enum lw_status status = make_plan(context, conv, NULL, &plan);
    if (status != LW_OK) return status;
    if (!filter || !packed) return LW_NULL_POINTER;

    const size_t inputs = conv->input_channels;
    if (plan.patches) /* (kernel_height, kernel_width, outputs, inputs) is (patch_elements, inputs) */
        return lw_gemm_pack_all(context, 1, inputs, plan.patch_elements, filter, 0, 1, inputs, packed, 0);
    struct packing packing = {context, conv, &plan, filter, packed};
    return lw_parallel(context, plan.y.kernel * plan.x.kernel, inputs * conv->output_channels / 2, pack_part, &packing);
}

/* Points rows at the input of `count` output pixels of one phase: padded position y, and x, x + stride, ...
 * image: [input_height][input_width] pixels; zeros: [input_channels] */
static void gather(const struct lw_conv2d_transpose *conv, const struct plan *plan, struct phase phase_y,
                   struct phase phase_x, size_t y, size_t x, size_t count, const float *image, const float *zeros,
                   size_t mr, const float **rows) {
    const size_t taps = phase_y.count * phase_x.count;
    for (size_t ty = 0; ty < phase_y.count; ty++) {
        const size_t iy = input_of(&plan->y, y, phase_y.first + ty * plan->y.period);
        for (size_t tx = 0; tx < phase_x.count; tx++) {
            const size_t t = ty * phase_x.count + tx, kx = phase_x.first + tx * plan->x.period;
            for (size_t i = 0; i < count; i++) {
                const size_t ix = input_of(&plan->x, x + i * plan->x.stride, kx);
                const bool inside = iy < conv->input_height && ix < conv->input_width;
                rows[(i / mr * taps + t) * mr + i % mr] =
                    inside ? image + (iy * conv->input_width + ix) * plan->strides.input : zeros;
            }
        }
    }
}

/* What the parts of a run share. */
struct run {
    const struct lw_context *context;
    const struct lw_conv2d_transpose *conv;
    const struct plan *plan;
    const struct lw_epilogue *epilogue;
    const float *input, *packed;
    char *scratch;
    float *output;
};

/* Rows of the inputs of all images, where each input pixel makes a patch of the output. */
static void run_patches(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_conv2d_transpose *conv = run->conv;
    const struct plan *plan = run->plan;
    const struct lw_gemm_f32 *gemm = &run->context->kernels.gemm_f32;
    const struct lw_clamp clamp = lw_epilogue_clamp(&conv->activation, run->epilogue);
    const float *bias = run->epilogue->bias;
    const struct lw_window *w = &conv->window;
    const size_t outputs = conv->output_channels, step = plan->strides.output;
    const size_t row_elements = conv->output_width * step;
    const size_t together = step == outputs ? plan->patch_width : outputs; /* of a patch's row */
    const float **rows = (const float **)(void *)(run->scratch + worker * plan->share_bytes);
    float *patch_bias = (float *)(rows + plan->block_rows); /* (patch_elements) */
    float *patches = patch_bias + plan->patch_elements;     /* (block_rows, kernel_height, patch_width) */
    for (size_t i = 0; i < plan->patch_elements; i++) patch_bias[i] = bias ? bias[i % outputs] : 0.0f;

    const struct lw_finish finish = {.bias = patch_bias, .clamp = clamp};

    /* What no patch covers has an empty sum. */
    const bool gaps = w->kernel_height < w->stride_height || w->kernel_width < w->stride_width ||
                      (size_t)conv->input_height * w->stride_height < conv->output_height ||
                      (size_t)conv->input_width * w->stride_width < conv->output_width;

    for (; begin < end; begin++) {
        const float *input_row = run->input + begin * conv->input_width * plan->strides.input;
        const size_t n = begin / conv->input_height, iy = begin % conv->input_height, y = iy * w->stride_height;
        /* The last row's patches are followed by what the others leave. */
        const size_t height = iy + 1 < conv->input_height ? w->stride_height : conv->output_height - y;
        const size_t element = (n * conv->output_height + y) * row_elements;
        float *output_rows = run->output + element;
        for (size_t i = 0; gaps && i < height * conv->output_width; i++) {
            for (size_t o = 0; o < outputs; o++) {
                const float x = bias ? bias[o] : 0.0f, above = x < clamp.lo ? clamp.lo : x;
                output_rows[i * step + o] = clamp.hi < above ? clamp.hi : above;
            }
        }
        for (size_t first = 0; first < conv->input_width; first += plan->block_rows) {
            const size_t rest = conv->input_width - first;
            const size_t count = rest < plan->block_rows ? rest : plan->block_rows;
            for (size_t i = 0; i < count; i++) rows[i] = input_row + (first + i) * plan->strides.input;
            gemm->run(count, plan->patch_elements, 1, conv->input_channels, rows, run->packed, &finish, patches,
                      plan->patch_elements);
            for (size_t ky = 0; ky < w->kernel_height; ky++) {
                const float *from = patches + ky * plan->patch_width;
                float *to = output_rows + ky * row_elements + first * w->stride_width * step;
                for (size_t i = 0; i < count; i++, from += plan->patch_elements, to += w->stride_width * step) {
                    float *pixel = to;
                    for (size_t next = 0, j = 0; j < plan->patch_width; j = next, pixel += step) {
                        next += together;
                        for (size_t e = j; e < next; e++) pixel[e - j] = from[e];
                    }
                }
            }
        }
        lw_epilogue_finish(run->context, &conv->activation, run->epilogue, height * conv->output_width, outputs, step,
                           element, run->output);
    }
}

/* Rows of the outputs of all images. */
static void run_phases(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_conv2d_transpose *conv = run->conv;
    const struct plan *plan = run->plan;
    const struct lw_gemm_f32 *gemm = &run->context->kernels.gemm_f32;
    const size_t inputs = conv->input_channels, outputs = conv->output_channels, step = plan->strides.output;
    const size_t width = conv->output_width, stride = plan->x.stride;
    const size_t image_elements = (size_t)conv->input_height * conv->input_width * plan->strides.input;
    const float **rows = (const float **)(void *)(run->scratch + worker * plan->share_bytes);
    float *zeros = (float *)(rows + plan->block_rows * plan->max_taps);
    memset(zeros, 0, inputs * sizeof *zeros);

    for (size_t row = begin; row < end; row++) {
        const float *image = run->input ? run->input + row / conv->output_height * image_elements : zeros;
        const size_t y = row % conv->output_height + plan->pad_top;
        const struct phase phase_y = phase_of_position(&plan->y, y);
        for (size_t start = 0; start < stride && start < width; start++) {
            const struct phase phase_x = phase_of_position(&plan->x, start + plan->pad_left);
            const float *matrix = run->packed + packed_taps_before(plan, phase_y, phase_x) * plan->tap_packed;
            const size_t pixels = (width - start - 1) / stride + 1; /* of this phase */
            for (size_t i = 0; i < pixels; i += plan->block_rows) {
                const size_t count = pixels - i < plan->block_rows ? pixels - i : plan->block_rows;
                const size_t x = start + i * stride;
                gather(conv, plan, phase_y, phase_x, y, x + plan->pad_left, count, image, zeros, gemm->mr, rows);
                const size_t element = (row * width + x) * step;
                const struct lw_finish finish = lw_epilogue_in_gemm(&conv->activation, run->epilogue, 0, element);
                gemm->run(count, outputs, phase_y.count * phase_x.count, inputs, rows, matrix, &finish,
                          run->output + element, stride * step);
            }
        }
        lw_activation_finish(run->context, &conv->activation, run->epilogue->slopes, width, outputs, step,
                             run->output + row * width * step);
    }
}

enum lw_status lw_conv2d_transpose_run(const struct lw_context *context, const struct lw_conv2d_transpose *conv,
                                       const float *input, const void *packed, const struct lw_epilogue *given,
                                       void *scratch, float *output) {
    struct plan plan;
    struct lw_epilogue epilogue;
    enum lw_status status = make_plan(context, conv, NULL, &plan);
    if (status == LW_OK) status = lw_epilogue_read(&conv->activation, given, NULL, &epilogue);
    if (status != LW_OK) return status;
    if ((!input && plan.input_elements) || !packed || (!scratch && plan.scratch_bytes) ||
        (!output && plan.output_elements))
        return LW_NULL_POINTER;
    if (plan.output_elements == 0) return LW_OK;

    struct run run = {context, conv, &plan, &epilogue, input, packed, scratch, output};
    const struct lw_window *w = &conv->window;
    if (plan.patches)
        return lw_parallel(context, (size_t)conv->batch * conv->input_height,
                           conv->input_width * plan.patch_elements * ((size_t)conv->input_channels + 16) / 32,
                           run_patches, &run);
    /* Of an output's taps only those of its phase count. */
    const size_t taps = (size_t)w->kernel_height * w->kernel_width / w->stride_height / w->stride_width;
    const size_t row_cost =
        (size_t)conv->output_width * conv->output_channels * ((taps ? taps : 1) * conv->input_channels + 16) / 32;
    return lw_parallel(context, (size_t)conv->batch * conv->output_height, row_cost, run_phases, &run);
}
