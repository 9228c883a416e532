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
    struct lw_gemm_cut cut;                                /* of a block's product, for each group */
    size_t copy_elements, packed_elements, sums_elements;
    size_t share_bytes, shares_bytes, scratch_bytes; /* row pointers for one worker, for all; and all there is */
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
        !lw_gemm_scratch_bytes(0, 0, floats, &plan->scratch_bytes) ||
        !lw_gemm_scratch_bytes(plan->block_rows, taps, 0, &plan->share_bytes) ||
        !lw_share_scratch(context, &plan->share_bytes, &plan->shares_bytes) ||
        !lw_add(&plan->scratch_bytes, plan->shares_bytes))
        return lw_too_large(problem, "scratch");
    plan->cut = lw_gemm_cut(context, plan->rows, plan->group_outputs, plan->pixels, plan->pixels, 0, plan->block_rows);
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

/* What the parts of a run share. */
struct work {
    const struct lw_context *context;
    const struct lw_conv3d *op;
    const struct plan *plan;
    const float *input, *gradient;
    char *shares;  /* (threads, share_bytes) */
    float *copy;   /* (channels, channel_elements): (channel, plane, row, phase, column) */
    float *packed; /* (groups, group_packed) */
    float *sums;   /* (kernel_height, kernel_width, group_inputs, output_channels) */

    /* For plane kz of the filter: output planes from begin up to begin + depth of each image see input planes that exist,
     * z stride + offset - pad_front. */
    size_t begin, depth, offset;

    /* The block: planes of these from `first` on, and `height` rows of each from y on. */
    size_t first, planes, y, height;
    const float *so_far; /* sums, or NULL */
    float *out;
};

/* Copies rows `from` up to `end` of what the block sees of a plane, channels first. The margins at the left and right are
 * zeros already. */
static void copy_rows(const struct work *work, size_t from, size_t end, const float *plane, float *copy) {
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    const struct lw_window *w = &op->window;
    const size_t channels = op->input_channels, stride = w->stride_width;
    copy += from * p->row_elements;
    size_t iy = work->y * w->stride_height + from - p->pad_top; /* above the image it wraps around to a huge number */
    for (size_t r = from; r < end; r++, iy++, copy += p->row_elements) {
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
            size_t behind = reach > phase ? divide_up(reach - phase, stride) : 0;
            if (behind > p->phase_columns) behind = p->phase_columns;
            if (first >= behind) continue;
            const float *pixels = row + (phase + first * stride - p->pad_left) * channels;
            float *to = copy + phase * p->phase_columns + first;
            work->context->kernels.transpose_u32(behind - first, channels, (const uint32_t *)pixels,
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

/* The block's rows of the output, with what they see of the input, of one plane after the other. */
static void copy_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct work *work = state;
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    const struct lw_window *w = &op->window;
    const size_t height = work->height, width = p->output_width, stride = w->stride_height;
    const size_t copied = (height - 1) * stride + (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
    for (size_t next; begin < end; begin = next) {
        const size_t plane = begin / height, behind = (plane + 1) * height;
        next = behind < end ? behind : end;
        const size_t y = begin % height;
        const size_t n = (work->first + plane) / work->depth, z = work->begin + (work->first + plane) % work->depth;
        const size_t iz = z * op->stride_depth + work->offset - op->pad_front;
        copy_rows(work, y * stride, next == behind ? copied : (y + next - begin) * stride,
                  work->input + (n * op->input_depth + iz) * p->input_plane, work->copy + plane * p->plane_elements);
        pack_gradient(work, work->planes * height * width, begin * width, (next - begin) * width,
                      work->gradient + (n * op->output_depth + z) * p->output_plane +
                          (work->y + y) * width * op->output_channels);
    }
}

/* Units of plan->cut, of one group after the other: out = the sums over the block, plus those so far. */
static void multiply_part(void *state, size_t begin, size_t end, size_t worker) {
    const struct work *work = state;
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    const struct lw_window *w = &op->window;
    const struct lw_gemm_f32 *gemm = &work->context->kernels.gemm_f32;
    const size_t planes = work->planes, height = work->height, inputs = p->group_inputs;
    const size_t pixels = planes * height * p->output_width;
    /* A last block with fewer rows has a gap behind each plane; it is one plane. */
    const size_t taps = p->one_run ? 1 : planes * height, run = pixels / taps;
    /* With fewer pixels than planned B's groups lie closer together, if they are columns. */
    const bool narrow = p->group_outputs < LW_GEMM_NARROW;
    const size_t group_packed = narrow ? p->group_outputs * pixels : p->group_packed;
    const float **rows =
        (const float **)(void *)(work->shares + worker * p->share_bytes); /* (block_rows / mr, taps, mr) */

    struct lw_gemm_area area;
    while (begin < end) {
        begin = lw_gemm_area(&p->cut, begin, end, &area);
        const size_t g = area.product, last_row = area.row + area.rows;
        for (size_t first = area.row; first < last_row; first += p->block_rows) {
            const size_t count = last_row - first < p->block_rows ? last_row - first : p->block_rows;
            for (size_t i = 0; i < count; i++) {
                const size_t channel = (first + i) % inputs, kx = (first + i) / inputs % w->kernel_width;
                const size_t ky = (first + i) / inputs / w->kernel_width, x = kx * w->dilation_width;
                const float *from = work->copy + (g * inputs + channel) * p->channel_elements +
                                    ky * w->dilation_height * p->row_elements + x % w->stride_width * p->phase_columns +
                                    x / w->stride_width;
                const float **to = rows + i / gemm->mr * gemm->mr * taps + i % gemm->mr;
                if (taps == 1) {
                    *to = from;
                    continue;
                }
                for (size_t plane = 0; plane < planes; plane++) {
                    for (size_t y = 0; y < height; y++, to += gemm->mr)
                        *to = from + plane * p->plane_elements + y * w->stride_height * p->row_elements;
                }
            }
            const size_t element = first * op->output_channels + g * p->group_outputs + area.column;
            const struct lw_finish finish = {.residual = work->so_far ? work->so_far + element : NULL,
                                             .clamp = {-__builtin_inff(), __builtin_inff()}};
            gemm->run(count, area.columns, taps, run, rows, work->packed + g * group_packed + area.column * pixels,
                      &finish, work->out + element, op->output_channels);
        }
    }
}

/* The part of the gradient that belongs to plane kz of the filter. */
static enum lw_status run_plane(struct work *work, size_t kz, float *out) {
    const struct lw_conv3d *op = work->op;
    const struct plan *p = work->plan;
    const size_t offset = kz * op->dilation_depth;
    const size_t begin = offset < op->pad_front ? divide_up(op->pad_front - offset, op->stride_depth) : 0;
    const size_t behind = op->input_depth + op->pad_front;
    size_t end = offset < behind ? divide_up(behind - offset, op->stride_depth) : 0;
    if (end > op->output_depth) end = op->output_depth;
    if (begin >= end) {
        memset(out, 0, p->sums_elements * sizeof *out);
        return LW_OK;
    }
    work->offset = offset;
    work->begin = begin;
    work->depth = end - begin;
    work->so_far = NULL;
    const size_t planes = op->batch * work->depth;
    size_t blocks = divide_up(planes, p->planes) * divide_up(p->output_height, p->plane_rows);
    /* Transposing moves a few floats in a nanosecond. */
    const size_t row_cost =
        (p->row_elements * op->window.stride_height * op->input_channels + p->output_width * op->output_channels) / 4;
    for (work->first = 0; work->first < planes; work->first += p->planes) {
        work->planes = planes - work->first < p->planes ? planes - work->first : p->planes;
        for (work->y = 0; work->y < p->output_height; work->y += p->plane_rows) {
            const size_t rest = p->output_height - work->y;
            work->height = rest < p->plane_rows ? rest : p->plane_rows;
            work->out = --blocks % 2 ? work->sums : out;
            enum lw_status status = lw_parallel(work->context, work->planes * work->height, row_cost, copy_part, work);
            if (status == LW_OK)
                status = lw_parallel(work->context, op->groups * p->cut.units, p->cut.unit_cost, multiply_part, work);
            if (status != LW_OK) return status;
            work->so_far = work->out;
        }
    }
    return LW_OK;
}

enum lw_status lw_conv3d_filter_gradient_run(const struct lw_context *context, const struct lw_conv3d *op,
                                             const float *input, const float *output_gradient, void *scratch,
                                             float *filter_gradient) {
    struct plan plan;
    enum lw_status status = make_plan(context, op, NULL, &plan);
    if (status != LW_OK) return status;
    if ((!input && plan.input_elements) || (!output_gradient && plan.output_elements) ||
        (!scratch && plan.scratch_bytes) || !filter_gradient)
        return LW_NULL_POINTER;
    if (plan.input_elements == 0 || plan.output_elements == 0) {
        memset(filter_gradient, 0, plan.filter_elements * sizeof *filter_gradient);
        return LW_OK;
    }
    struct work work = {
        .context = context, .op = op, .plan = &plan, .input = input, .gradient = output_gradient, .shares = scratch};
    work.copy = (float *)(void *)(work.shares + plan.shares_bytes);
    work.packed = work.copy + plan.copy_elements;
    work.sums = work.packed + plan.packed_elements;
    memset(work.copy, 0, plan.copy_elements * sizeof *work.copy);
    for (size_t kz = 0; kz < op->kernel_depth && status == LW_OK; kz++)
        status = run_plane(&work, kz, filter_gradient + kz * plan.sums_elements);
    return status;
}
