/* SPDX-License-Identifier: MIT */
/*
 * The gradient of a depthwise convolution with respect to its input:
 *
 *   input_gradient[iy][ix][c] = sum over m, ky, kx of output_gradient[y][x][c M + m] filter[ky][kx][c][m],
 *       y stride - pad + ky dilation = iy, and the same for x
 *
 * Which taps see a row of the input depends on its phase, (iy + pad) mod stride, only, as in conv2d_transpose.c: they
 * are first, first + period, ... with period = stride / gcd(stride, dilation), and from one to the next y goes back by
 * dilation / gcd. So all rows and columns of a phase make a depthwise convolution of the output's gradient, with stride
 * 1 and its own part of the filter, turned around. The micro-kernel makes one row of it at a time, of an image that was
 * copied with zeros at its sides. A depth multiplier M makes M channels of one: they are added up afterwards.
 */
#include <string.h>

#include "kernels/operator.h"

const struct lw_kernel_set *const lw_depthwise_conv2d_input_gradient_sets[] = {&lw_dwconv_set, NULL};

/* One dimension. */
struct axis {
    size_t kernel, stride, dilation, pad;
    size_t period, step;   /* taps from one of a phase to the next, and how far y goes back then */
    size_t before;         /* y may be so far below 0 */
    size_t inputs, copied; /* positions of the input; of the output those that it sees, from 0 on */
};

struct plan {
    struct axis y, x;
    struct lw_placed_window placed;
    size_t channels; /* of the output */
    size_t input_elements, output_elements;
    size_t copied_width; /* pixels of a copied row: before, the image, zeros behind */
    size_t packed_elements, copy_elements, row_elements;
    size_t scratch_bytes;
};

static enum lw_status place(struct axis *axis, size_t kernel, size_t stride, size_t dilation, size_t pad, size_t inputs,
                            size_t outputs) {
    size_t a = stride, b = dilation; /* Euclid: a becomes the greatest common divisor */
    while (b) {
        const size_t r = a % b;
        a = b;
        b = r;
    }
    *axis = (struct axis){kernel, stride, dilation, pad, stride / a, dilation / a, 0, inputs, 0};
    const size_t reach = (kernel - 1) * dilation; /* lw_window_place has checked it */
    axis->before = reach / stride;
    size_t last = inputs;
    if (!lw_add(&last, pad) || !lw_add(&last, reach)) return LW_TOO_LARGE;
    const size_t seen = (inputs + pad - 1) / stride + 1;
    axis->copied = seen < outputs ? seen : outputs;
    return LW_OK;
}

/* The taps of the phase whose first tap this is. */
static size_t taps_of(const struct axis *axis, size_t first) {
    return (axis->kernel - first - 1) / axis->period + 1;
}

static size_t phases(const struct axis *axis) {
    return axis->period < axis->kernel ? axis->period : axis->kernel;
}

/* The first input position of the phase whose first tap this is. */
static size_t first_position(const struct axis *axis, size_t first) {
    const size_t phase = first * axis->dilation % axis->stride, pad = axis->pad % axis->stride;
    return phase >= pad ? phase - pad : phase + axis->stride - pad;
}

/* The output position that an input position of this phase sees through its last tap, plus `before`. */
static size_t begin_of(const struct axis *axis, size_t first, size_t position) {
    const size_t last = first + (taps_of(axis, first) - 1) * axis->period;
    return (position + axis->pad + axis->before * axis->stride - last * axis->dilation) / axis->stride;
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                struct lw_problem *problem, struct plan *p) {
    *p = (struct plan){0};
    const size_t first = offsetof(struct lw_depthwise_conv2d, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, d, first, sizeof *d, problem);
    if (status == LW_OK) status = lw_strides_none(d, first, problem);
    if (status != LW_OK) return status;
    if (d->depth_multiplier == 0) return lw_wrong(problem, LW_BAD_SHAPE, "depth_multiplier", "1 or more");
    const struct lw_window *w = &d->window;
    status = lw_window_place(w, d->input_height, d->input_width, problem, &p->placed);
    if (status != LW_OK) return status;
    const size_t input[] = {d->batch, d->input_height, d->input_width, d->channels, sizeof(float)};
    const size_t output[] = {d->batch,    p->placed.output_height, p->placed.output_width,
                             d->channels, d->depth_multiplier,     sizeof(float)};
    if (!lw_product(input, 5, &p->input_elements)) return lw_too_large(problem, "input");
    if (!lw_product(output, 6, &p->output_elements)) return lw_too_large(problem, "output");
    p->input_elements /= sizeof(float);
    p->output_elements /= sizeof(float);
    if (p->input_elements == 0 || p->output_elements == 0) return LW_OK;
    p->channels = (size_t)d->channels * d->depth_multiplier;

    status = place(&p->y, w->kernel_height, w->stride_height, w->dilation_height, p->placed.pad_top, d->input_height,
                   p->placed.output_height);
    if (status == LW_OK)
        status = place(&p->x, w->kernel_width, w->stride_width, w->dilation_width, p->placed.pad_left, d->input_width,
                       p->placed.output_width);
    if (status != LW_OK) return lw_too_large(problem, "input");

    /* A row reaches as far as the last column of the input sees. */
    p->copied_width = (d->input_width - 1 + p->placed.pad_left) / w->stride_width + 1;
    if (!lw_add(&p->copied_width, p->x.before)) return lw_too_large(problem, "scratch");
    size_t blocks = p->channels;
    if (!lw_add(&blocks, 3)) return lw_too_large(problem, "scratch");
    const size_t packed[] = {blocks / 4 * 4, w->kernel_height, w->kernel_width};
    const size_t copy[] = {p->y.copied, p->copied_width, p->channels};
    const size_t row[] = {d->depth_multiplier > 1 ? d->input_width : 0, p->channels};
    size_t pointers = w->kernel_height, floats;
    if (!lw_product(packed, 3, &p->packed_elements) || !lw_product(copy, 3, &p->copy_elements) ||
        !lw_product(row, 2, &p->row_elements) || !lw_multiply(&pointers, sizeof(float *)))
        return lw_too_large(problem, "scratch");
    floats = p->packed_elements;
    if (!lw_add(&floats, p->copy_elements) || !lw_add(&floats, p->row_elements) ||
        !lw_multiply(&floats, sizeof(float)) || !lw_add(&floats, pointers) || !lw_add(&floats, 15))
        return lw_too_large(problem, "scratch");
    p->scratch_bytes = floats & ~(size_t)15;
    return LW_OK;
}

enum lw_status lw_depthwise_conv2d_input_gradient_sizes(const struct lw_context *context,
                                                        const struct lw_depthwise_conv2d *d, struct lw_sizes *sizes) {
    struct plan p;
    const enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = d->input_height,
        .output_width = d->input_width,
        .output_elements = p.input_elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* Packs the filter's taps of each pair of phases as the micro-kernel takes them, the last tap first. */
static void pack(const struct lw_depthwise_conv2d *d, const struct plan *p, const float *filter, float *packed) {
    const size_t channels = p->channels;
    for (size_t first_y = 0; first_y < phases(&p->y); first_y++) {
        for (size_t first_x = 0; first_x < phases(&p->x); first_x++) {
            const size_t height = taps_of(&p->y, first_y), width = taps_of(&p->x, first_x);
            for (size_t c = 0; c < channels; c += 4) {
                const size_t first = channels < 4 ? 0 : c + 4 <= channels ? c : channels - 4;
                for (size_t t = height * width; t-- > 0; packed += 4) {
                    const size_t ky = first_y + t / width * p->y.period, kx = first_x + t % width * p->x.period;
                    const float *tap = filter + (ky * d->window.kernel_width + kx) * channels;
                    for (size_t i = 0; i < 4; i++) packed[i] = first + i < channels ? tap[first + i] : 0.0f;
                }
            }
        }
    }
}

/* Copies the rows of an image that are seen, each between zeros. */
static void copy_image(const struct plan *p, const float *image, float *copy) {
    const size_t row = p->copied_width * p->channels, before = p->x.before * p->channels;
    const size_t inside = p->x.copied * p->channels;
    for (size_t y = 0; y < p->y.copied; y++, copy += row, image += p->placed.output_width * p->channels) {
        memset(copy, 0, before * sizeof *copy);
        memcpy(copy + before, image, inside * sizeof *copy);
        memset(copy + before + inside, 0, (row - before - inside) * sizeof *copy);
    }
}

/* out[x * out_step + c] = sum over m of row[x][c][m] */
static void add_multiplied(size_t columns, size_t channels, size_t multiplier, const float *row, float *out,
                           size_t out_step) {
    for (size_t x = 0; x < columns; x++, out += out_step) {
        for (size_t c = 0; c < channels; c++, row += multiplier) {
            float sum = row[0];
            for (size_t m = 1; m < multiplier; m++) sum += row[m];
            out[c] = sum;
        }
    }
}

enum lw_status lw_depthwise_conv2d_input_gradient_run(const struct lw_context *context,
                                                      const struct lw_depthwise_conv2d *d, const float *output_gradient,
                                                      const float *filter, void *scratch, float *input_gradient) {
    struct plan p;
    const enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.input_elements == 0) return LW_OK;
    if (!input_gradient) return LW_NULL_POINTER;
    if (p.output_elements == 0) {
        memset(input_gradient, 0, p.input_elements * sizeof *input_gradient);
        return LW_OK;
    }
    if (!output_gradient || !filter || !scratch) return LW_NULL_POINTER;

    const struct lw_window *w = &d->window;
    const struct lw_kernels *kernels = &context->kernels;
    const size_t channels = d->channels, image = p.input_elements / d->batch;
    const float **rows = scratch;                       /* (kernel_height) */
    float *packed = (float *)(rows + w->kernel_height); /* phase after phase */
    float *copy = packed + p.packed_elements;           /* (y.copied, copied_width, p.channels) */
    float *row = copy + p.copy_elements;                /* (columns, p.channels), where the multiplier is not 1 */
    pack(d, &p, filter, packed);
    /* What no tap sees. */
    if (phases(&p.y) < w->stride_height || phases(&p.x) < w->stride_width)
        memset(input_gradient, 0, p.input_elements * sizeof *input_gradient);

    for (size_t n = 0; n < d->batch; n++, input_gradient += image) {
        copy_image(&p, output_gradient + n * (p.output_elements / d->batch), copy);
        const float *weights = packed;
        for (size_t first_y = 0; first_y < phases(&p.y); first_y++) {
            for (size_t first_x = 0; first_x < phases(&p.x); first_x++) {
                const size_t height = taps_of(&p.y, first_y), width = taps_of(&p.x, first_x);
                const size_t x = first_position(&p.x, first_x);
                struct lw_dwconv_f32 call = {
                    .columns = x < d->input_width ? (d->input_width - x - 1) / w->stride_width + 1 : 0,
                    .channels = p.channels,
                    .kernel_width = width,
                    .filter_height = height,
                    .filter_width = width,
                    .begin = begin_of(&p.x, first_x, x) * p.channels,
                    .column_step = p.channels,
                    .tap_step = p.x.step * p.channels,
                    .out_step = d->depth_multiplier > 1 ? p.channels : w->stride_width * channels,
                    .clamp = {-__builtin_inff(), __builtin_inff()},
                };
                lw_dwconv_f32_fn *kernel = height == 3 && width == 3   ? kernels->dwconv3x3_f32
                                           : height == 5 && width == 5 ? kernels->dwconv5x5_f32
                                                                       : kernels->dwconv_f32;
                for (size_t y = first_position(&p.y, first_y); y < d->input_height && call.columns;
                     y += w->stride_height) {
                    /* The taps whose rows exist: they follow each other. */
                    const size_t top = begin_of(&p.y, first_y, y);
                    size_t skipped = 0;
                    call.kernel_height = 0;
                    for (size_t t = 0; t < height; t++) {
                        const size_t oy = top + t * p.y.step - p.y.before; /* wraps around above the image */
                        if (oy < p.y.copied)
                            rows[call.kernel_height++] = copy + oy * p.copied_width * p.channels;
                        else if (call.kernel_height == 0)
                            skipped++;
                    }
                    float *out = input_gradient + (y * d->input_width + x) * channels;
                    kernel(&call, rows, weights + skipped * width * 4, NULL, d->depth_multiplier > 1 ? row : out);
                    if (d->depth_multiplier > 1)
                        add_multiplied(call.columns, channels, d->depth_multiplier, row, out,
                                       w->stride_width * channels);
                }
                weights += (p.channels + 3) / 4 * 4 * height * width;
            }
        }
    }
    return LW_OK;
}
