/* SPDX-License-Identifier: MIT */
/*
 * The gradient of a convolution with respect to its filter, of images and volumes:
 *
 *   filter_gradient[kz][ky][kx][i][o] = sum over planes, y, x of input[...][iy][ix][i] output_gradient[...][y][x][o],
 *       iy = y stride - pad + ky dilation, ix likewise
 *
 * For each kz it is a product of matrices, whose sums run over pixels: A is the transposed image, (ky, kx, i) by
 * pixels, and B the gradient, pixels by o. gemm_f32 takes A's rows as pointers, one for each row of the image. So a
 * block of the image is copied with its channels first and with its padding, [channel][plane][row][phase][column]: the
 * columns of one phase of the stride lie side by side, and what (ky, kx, i) sees of an output row is one run of floats.
 * All kernel_height * kernel_width taps read the same copy. Where rows follow each other without a gap, as in a
 * pointwise convolution, the whole block is one run.
 *
 * The blocks are what fits a first-level cache: several whole planes, or several rows of one. Each adds the sum so far
 * as its residual. Since a residual may not be the output, the sums go to and fro between scratch memory and the
 * output, so that the last one lands there.
 */
#include <string.h>

#include "kernels/gemm_pack.h"

const struct lw_kernel_set *const lw_conv3d_filter_gradient_sets[] = {&lw_gemm_set, &lw_move_set, NULL};

/* Pixels of a block, about; pointers to rows of A for each call of gemm_f32, about. */
enum { BLOCK_PIXELS = 384, POINTERS = 4096, MAX_ROWS = 384 };

struct plan {
    size_t output_height, output_width, pad_top, pad_left;
    size_t input_elements, output_elements, filter_elements;
    size_t input_plane, output_plane;   /* elements */
    size_t group_inputs, group_outputs; /* channels */
    size_t rows;                        /* of A: kernel_height * kernel_width * group_inputs */

    size_t planes, plane_rows; /* of a block */
    size_t pixels;             /* planes * plane_rows * output_width */

    size_t copied_rows, phase_columns;                     /* of the image, for one plane of a block */
    size_t row_elements, plane_elements, channel_elements; /* of the copy */
    bool one_run;                                          /* rows and planes of the copy have no gap between them */
    size_t group_packed;                                   /* elements of B for one group */
    size_t block_rows;                                     /* of A for a call of the kernel, a multiple of mr */
    size_t copy_elements, packed_elements, sums_elements;
    size_t scratch_bytes;
};

static size_t divide_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

/* How a sum is cut. */
static void plan_blocks(struct plan *plan, size_t planes) {
    const size_t plane = plan->output_height * plan->output_width;
    plan->planes = plane < BLOCK_PIXELS ? BLOCK_PIXELS / plane : 1;
    if (plan->planes > planes) plan->planes = planes;
    size_t rows = BLOCK_PIXELS / plan->output_width;
    if (rows == 0) rows = 1;
    if (rows > plan->output_height) rows = plan->output_height;
    plan->plane_rows = divide_up(plan->output_height, divide_up(plan->output_height, rows)); /* of similar size */
    plan->pixels = plan->planes * plan->plane_rows * plan->output_width;
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_conv3d *op,
                                struct lw_problem *problem, struct plan *plan) {
    *plan = (struct plan){0};
    enum lw_status status = lw_check(context, op, sizeof *op, problem);
    if (status != LW_OK) return status;
    if (op->winograd > LW_WINOGRAD_OFF) return lw_wrong(problem, LW_BAD_ENUM, "winograd", "one of enum lw_winograd");
    const struct lw_window *w = &op->window;
    struct lw_placed_window placed;
    status = lw_window_place(w, op->input_height, op->input_width, problem, &placed);
    if (status != LW_OK) return status;
    status = lw_depth_check(op->kernel_depth, op->stride_depth, op->dilation_depth, problem);
    if (status != LW_OK) return status;
    status = lw_groups_check(op->groups, op->input_channels, op->output_channels, problem);
    if (status != LW_OK) return status;
    plan->output_height = placed.output_height;
    plan->output_width = placed.output_width;
    plan->pad_top = placed.pad_top;
    plan->pad_left = placed.pad_left;
    plan->group_inputs = op->input_channels / op->groups;
    plan->group_outputs = op->output_channels / op->groups;

    /* The window's whole reach, so that no coordinate overflows. */
    size_t last = op->output_depth, reach = op->kernel_depth;
    if (!lw_multiply(&last, op->stride_depth) || !lw_multiply(&reach, op->dilation_depth) || !lw_add(&last, reach) ||
        !lw_add(&last, op->pad_front))
        return lw_too_large(problem, "output_depth");

    const size_t input[] = {op->batch,       op->input_depth,    op->input_height,
                            op->input_width, op->input_channels, sizeof(float)};
    const size_t output[] = {op->batch,          op->output_depth,    plan->output_height,
                             plan->output_width, op->output_channels, sizeof(float)};
    const size_t filter[] = {op->kernel_depth,   w->kernel_height,    w->kernel_width,
                             plan->group_inputs, op->output_channels, sizeof(float)};
    if (!lw_product(input, 6, &plan->input_elements) || !lw_product(input + 2, 3, &plan->input_plane))
        return lw_too_large(problem, "input");
    if (!lw_product(output, 6, &plan->output_elements) || !lw_product(output + 2, 3, &plan->output_plane))
        return lw_too_large(problem, "output");
    if (!lw_product(filter, 6, &plan->filter_elements) || !lw_product(filter + 1, 3, &plan->rows))
        return lw_too_large(problem, "filter");
    plan->input_elements /= sizeof(float);
    plan->output_elements /= sizeof(float);
    plan->filter_elements /= sizeof(float);
    if (plan->input_elements == 0 || plan->output_elements == 0) return LW_OK; /* every sum is empty */

    plan_blocks(plan, (size_t)op->batch * op->output_depth);
    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    /* lw_window_place has checked the reach in both dimensions. */
    plan->copied_rows =
        (plan->plane_rows - 1) * w->stride_height + (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
    const size_t columns =
        (plan->output_width - 1) * w->stride_width + (size_t)(w->kernel_width - 1) * w->dilation_width + 1;
    plan->phase_columns = divide_up(columns, w->stride_width);
    plan->row_elements = plan->phase_columns;
    if (!lw_multiply(&plan->row_elements, w->stride_width)) return lw_too_large(problem, "scratch");
    plan->plane_elements = plan->copied_rows;
    if (!lw_multiply(&plan->plane_elements, plan->row_elements)) return lw_too_large(problem, "scratch");
    plan->channel_elements = plan->plane_elements;
    if (!lw_multiply(&plan->channel_elements, plan->planes)) return lw_too_large(problem, "scratch");
    /* Channels that lie a multiple of 1024 bytes apart would throw each other out of the first-level cache. */
    if (plan->channel_elements % 256 == 0 && !lw_add(&plan->channel_elements, 16))
        return lw_too_large(problem, "scratch");
    plan->one_run = plan->plane_elements == plan->plane_rows * plan->output_width;

    const size_t taps = plan->one_run ? 1 : plan->planes * plan->plane_rows;
    size_t block_rows = POINTERS / taps;
    if (block_rows > MAX_ROWS) block_rows = MAX_ROWS;
    if (block_rows > plan->rows) block_rows = plan->rows;
    plan->block_rows = divide_up(block_rows ? block_rows : 1, gemm->mr) * gemm->mr;
    const size_t copy[] = {op->input_channels, plan->channel_elements};
    if (!lw_product(copy, 2, &plan->copy_elements) ||
        !lw_gemm_packed_elements(gemm, plan->pixels, plan->group_outputs, &plan->group_packed))
        return lw_too_large(problem, "scratch");
    plan->packed_elements = plan->group_packed;
    plan->sums_elements = plan->filter_elements / op->kernel_depth;
    if (!lw_multiply(&plan->packed_elements, op->groups)) return lw_too_large(problem, "scratch");
    size_t floats = plan->copy_elements;
    if (!lw_add(&floats, plan->packed_elements) || !lw_add(&floats, plan->sums_elements) ||
        !lw_gemm_scratch_bytes(plan->block_rows, taps, floats, &plan->scratch_bytes))
        return lw_too_large(problem, "scratch");
    return LW_OK;
}

enum lw_status lw_conv3d_filter_gradient_sizes(const struct lw_context *context, const struct lw_conv3d *op,
                                               struct lw_sizes *sizes) {
    struct plan plan;
    const enum lw_status status = make_plan(context, op, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = op->window.kernel_height,
        .output_width = op->window.kernel_width,
        .output_elements = plan.filter_elements,
        .scratch_bytes = plan.scratch_bytes,
    };
    return LW_OK;
}

/* What a run works with. */
struct work {
    const struct lw_context *context;
    const struct lw_conv3d *op;
    const struct plan *plan;
    const float **rows; /* (block_rows / mr, taps, mr) */
    float *copy;        /* (channels, channel_elements): (channel, plane, row, phase, column) */
    float *packed;      /* (groups, group_packed) */
    float *sums;        /* (kernel_height, kernel_width, group_inputs, output_channels) */
};

/* Copies what `height` output rows from y on see of a plane, channels first. The margins at the left and right are
 * zeros already. */
static void copy_plane(const struct work *work, size_t y, size_t height, const float *plane, float *copy) {
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    const struct lw_window *w = &op->window;
    const size_t channels = op->input_channels, stride = w->stride_width;
    const size_t rows = (height - 1) * w->stride_height + (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
    size_t iy = y * w->stride_height - p->pad_top; /* above the image it wraps around to a huge number */
    for (size_t r = 0; r < rows; r++, iy++, copy += p->row_elements) {
        if (iy >= op->input_height) {
            for (size_t c = 0; c < channels; c++)
                memset(copy + c * p->channel_elements, 0, p->row_elements * sizeof *copy);
            continue;
        }
        const float *row = plane + iy * op->input_width * channels;
        for (size_t phase = 0; phase < stride; phase++) {
            /* Column j of the phase is pixel phase + j stride - pad_left: those inside of the image. */
            size_t first = p->pad_left > phase ? divide_up(p->pad_left - phase, stride) : 0;
            const size_t reach = p->pad_left + op->input_width;
            size_t end = reach > phase ? divide_up(reach - phase, stride) : 0;
            if (end > p->phase_columns) end = p->phase_columns;
            if (first >= end) continue;
            const float *from = row + (phase + first * stride - p->pad_left) * channels;
            float *to = copy + phase * p->phase_columns + first;
            work->context->kernels.transpose_u32(end - first, channels, (const uint32_t *)from,
                                                 (ptrdiff_t)(stride * channels), (uint32_t *)to,
                                                 (ptrdiff_t)p->channel_elements);
        }
    }
}

/* Lays out `count` pixels of the gradient as rows first to first + count - 1 of B, of `pixels` rows, for all groups. */
static void pack_gradient(const struct work *work, size_t pixels, size_t first, size_t count, const float *gradient) {
    const struct lw_kernels *kernels = &work->context->kernels;
    const struct plan *p = work->plan;
    const size_t outputs = work->op->output_channels;
    if (p->group_outputs < LW_GEMM_NARROW) { /* B's columns */
        kernels->transpose_u32(count, outputs, (const uint32_t *)gradient, (ptrdiff_t)outputs,
                               (uint32_t *)(work->packed + first), (ptrdiff_t)pixels);
        return;
    }
    for (size_t g = 0; g < work->op->groups; g++)
        lw_gemm_pack(&kernels->gemm_f32, pixels, p->group_outputs, first, count, gradient + g * p->group_outputs,
                     outputs, 1, work->packed + g * p->group_packed);
}

/* out = the sums over a block of `planes` planes and `height` rows of each, plus those so far, or NULL. */
static void multiply_block(const struct work *work, size_t planes, size_t height, const float *so_far, float *out) {
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    const struct lw_window *w = &op->window;
    const struct lw_gemm_f32 *gemm = &work->context->kernels.gemm_f32;
    const size_t pixels = planes * height * p->output_width, inputs = p->group_inputs;
    /* A last block with fewer rows has a gap behind each plane; it is one plane. */
    const size_t taps = p->one_run ? 1 : planes * height, run = pixels / taps;
    /* With fewer pixels than planned B's groups lie closer together, if they are columns. */
    const bool narrow = p->group_outputs < LW_GEMM_NARROW;
    const size_t group_packed = narrow ? p->group_outputs * pixels : p->group_packed;
    for (size_t g = 0; g < op->groups; g++) {
        for (size_t first = 0; first < p->rows; first += p->block_rows) {
            const size_t count = p->rows - first < p->block_rows ? p->rows - first : p->block_rows;
            for (size_t i = 0; i < count; i++) {
                const size_t channel = (first + i) % inputs, kx = (first + i) / inputs % w->kernel_width;
                const size_t ky = (first + i) / inputs / w->kernel_width, x = kx * w->dilation_width;
                const float *from = work->copy + (g * inputs + channel) * p->channel_elements +
                                    ky * w->dilation_height * p->row_elements + x % w->stride_width * p->phase_columns +
                                    x / w->stride_width;
                const float **to = work->rows + i / gemm->mr * gemm->mr * taps + i % gemm->mr;
                if (taps == 1) {
                    *to = from;
                    continue;
                }
                for (size_t plane = 0; plane < planes; plane++) {
                    for (size_t y = 0; y < height; y++, to += gemm->mr)
                        *to = from + plane * p->plane_elements + y * w->stride_height * p->row_elements;
                }
            }
            const size_t element = first * op->output_channels + g * p->group_outputs;
            const struct lw_finish finish = {.residual = so_far ? so_far + element : NULL,
                                             .clamp = {-__builtin_inff(), __builtin_inff()}};
            gemm->run(count, p->group_outputs, taps, run, work->rows, work->packed + g * group_packed, &finish,
                      out + element, op->output_channels);
        }
    }
}

/* The part of the gradient that belongs to plane kz of the filter. */
static void run_plane(const struct work *work, size_t kz, const float *input, const float *gradient, float *out) {
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    /* Output planes from begin up to end see input planes that exist: z stride + offset - pad_front. */
    const size_t offset = kz * op->dilation_depth;
    const size_t begin = offset < op->pad_front ? divide_up(op->pad_front - offset, op->stride_depth) : 0;
    const size_t behind = op->input_depth + op->pad_front;
    size_t end = offset < behind ? divide_up(behind - offset, op->stride_depth) : 0;
    if (end > op->output_depth) end = op->output_depth;
    if (begin >= end) {
        memset(out, 0, p->sums_elements * sizeof *out);
        return;
    }
    const size_t depth = end - begin, planes = op->batch * depth;
    size_t blocks = divide_up(planes, p->planes) * divide_up(p->output_height, p->plane_rows);
    const float *so_far = NULL;
    for (size_t first = 0; first < planes; first += p->planes) {
        const size_t count = planes - first < p->planes ? planes - first : p->planes;
        for (size_t y = 0; y < p->output_height; y += p->plane_rows) {
            const size_t rest = p->output_height - y, height = rest < p->plane_rows ? rest : p->plane_rows;
            const size_t plane_pixels = height * p->output_width;
            for (size_t i = 0; i < count; i++) {
                const size_t n = (first + i) / depth, z = begin + (first + i) % depth;
                const size_t iz = z * op->stride_depth + offset - op->pad_front;
                copy_plane(work, y, height, input + (n * op->input_depth + iz) * p->input_plane,
                           work->copy + i * p->plane_elements);
                pack_gradient(work, count * plane_pixels, i * plane_pixels, plane_pixels,
                              gradient + (n * op->output_depth + z) * p->output_plane +
                                  y * p->output_width * op->output_channels);
            }
            float *to = --blocks % 2 ? work->sums : out;
            multiply_block(work, count, height, so_far, to);
            so_far = to;
        }
    }
}

enum lw_status lw_conv3d_filter_gradient_run(const struct lw_context *context, const struct lw_conv3d *op,
                                             const float *input, const float *output_gradient, void *scratch,
                                             float *filter_gradient) {
    struct plan plan;
    const enum lw_status status = make_plan(context, op, NULL, &plan);
    if (status != LW_OK) return status;
    if ((!input && plan.input_elements) || (!output_gradient && plan.output_elements) ||
        (!scratch && plan.scratch_bytes) || !filter_gradient)
        return LW_NULL_POINTER;
    if (plan.input_elements == 0 || plan.output_elements == 0) {
        memset(filter_gradient, 0, plan.filter_elements * sizeof *filter_gradient);
        return LW_OK;
    }
    struct work work = {.context = context, .op = op, .plan = &plan, .rows = scratch};
    work.copy = (float *)(work.rows + plan.block_rows * (plan.one_run ? 1 : plan.planes * plan.plane_rows));
    work.packed = work.copy + plan.copy_elements;
    work.sums = work.packed + plan.packed_elements;
    memset(work.copy, 0, plan.copy_elements * sizeof *work.copy);
    for (size_t kz = 0; kz < op->kernel_depth; kz++)
        run_plane(&work, kz, input, output_gradient, filter_gradient + kz * plan.sums_elements);
    return LW_OK;
}
