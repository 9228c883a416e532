/* SPDX-License-Identifier: MIT */
/*
 * Winograd's method for convolutions with a 3x3 filter, stride 1 and dilation 1 (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015): a tile of m x m output pixels is
 *
 *   Y = AT [ sum over input channels of (G g GT) .* (BT d B) ] A        d: (m + 2) x (m + 2) input pixels, g: 3 x 3
 *
 * so that it takes (m + 2)^2 multiplications for each pair of channels where the direct sum takes 9 m^2: 2.25 times
 * fewer for m = 2, 4 times fewer for m = 4. The products of all tiles are (m + 2)^2 matrix products
 * [tiles][input_channels] x [input_channels][output_channels].
 *
 * The matrices interpolate polynomials at m + 1 points and infinity. m = 2 has the points 0, 1, -1:
 *
 *   BT = | 1  0 -1  0 |      G = |  1    0    0  |      AT = | 1  1  1  0 |
 *        | 0  1  1  0 |          | 1/2  1/2  1/2 |           | 0  1 -1 -1 |
 *        | 0 -1  1  0 |          | 1/2 -1/2  1/2 |
 *        | 0  1  0 -1 |          |  0    0    1  |
 *
 * m = 4 has 0, p, -p, q, -q with p = 1 / sqrt 2 and q = sqrt 2, which err less than the usual 1, -1, 2, -2:
 *
 *   BT = | 1   0  -5/2   0   1  0 |   G = |   1       0      0   |   AT = | 1   1    1    1    1   0 |
 *        | 0  -2p  -2    p   1  0 |       | -2/3  -2/3 p   -1/3  |        | 0   p   -p    q   -q   0 |
 *        | 0   2p  -2   -p   1  0 |       | -2/3   2/3 p   -1/3  |        | 0  1/2  1/2   2    2   0 |
 *        | 0 -q/2 -1/2   q   1  0 |       |  1/6   1/6 q    1/3  |        | 0  p/2 -p/2  2q  -2q   1 |
 *        | 0  q/2 -1/2  -q   1  0 |       |  1/6  -1/6 q    1/3  |
 *        | 0   1    0  -5/2  0  1 |       |   0       0      1   |
 *
 * Each two-dimensional transform is two passes of one-dimensional ones over flat memory: no kernel knows of borders. A
 * row of tiles goes from m + 2 image rows (rows outside of the image are a row of zeros) through the vertical transform
 * into a strip with zeros at its left and right ends, and from there through the horizontal one into (m + 2)^2
 * matrices [tiles][input_channels]. The products go back the same way; pixels beyond the right border go into a row
 * that nobody reads.
 */
#include "kernels/winograd.h"

#include <math.h>
#include <string.h>

#include "kernels/gemm_pack.h"

enum { MAX_TAPS = 6 };

/* A transformed element, in or out, costs as much as this many multiplications of the products; measured. */
enum { TRANSFORM_COST = 5 };

/* What it must save to be worth its errors. */
#define MARGIN 1.5

/* Floats of transformed data that are worked on at a time, so that they stay in the second-level cache; but enough
 * tiles that the packed filters, which each round reads, are worth it. */
enum { BLOCK_FLOATS = 192 * 1024, MIN_BLOCK_TILES = 24 };

/* Matrices start on different cache lines modulo a page; rows a power of two apart would share a few. */
enum { STAGGER = 16 };

static size_t divide_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

/* The cost of the convolution per output image, in multiplications; floating point, since products may be huge. */
static double cost(const struct lw_conv2d *conv, const struct lw_placed_window *placed, size_t tile) {
    const double inputs = conv->input_channels, outputs = conv->output_channels;
    if (tile == 1) return 9.0 * (double)placed->output_height * (double)placed->output_width * inputs * outputs;
    const double tiles = (double)divide_up(placed->output_height, tile) * (double)divide_up(placed->output_width, tile);
    return tiles * (double)((tile + 2) * (tile + 2)) * (inputs * outputs + TRANSFORM_COST * (inputs + outputs));
}

bool lw_winograd_plan(const struct lw_context *context, const struct lw_conv2d *conv,
                      const struct lw_placed_window *placed, struct lw_winograd_plan *plan) {
    const struct lw_window *w = &conv->window;
    if (conv->winograd == LW_WINOGRAD_OFF || conv->groups != 1 || conv->batch == 0) return false;
    if (w->kernel_height != 3 || w->kernel_width != 3 || w->stride_height != 1 || w->stride_width != 1 ||
        w->dilation_height != 1 || w->dilation_width != 1)
        return false;

    /* At equal cost the smaller tile, which errs less. */
    const double direct = cost(conv, placed, 1), cost2 = cost(conv, placed, 2), cost4 = cost(conv, placed, 4);
    plan->tile = conv->winograd == LW_WINOGRAD_AUTO && cost4 < cost2 ? 4 : 2;
    if (!((plan->tile == 4 ? cost4 : cost2) * MARGIN < direct)) return false;

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    const size_t inputs = conv->input_channels, outputs = conv->output_channels;
    const size_t tile = plan->tile, taps = tile + 2, products = taps * taps;
    plan->tiles_high = divide_up(placed->output_height, tile);
    plan->tiles_wide = divide_up(placed->output_width, tile);
    plan->block_high = BLOCK_FLOATS / products / (inputs + outputs) / plan->tiles_wide;
    const size_t least = divide_up(MIN_BLOCK_TILES, plan->tiles_wide);
    if (plan->block_high < least) plan->block_high = least;
    if (plan->block_high > plan->tiles_high) plan->block_high = plan->tiles_high;
    plan->block_high = divide_up(plan->tiles_high, divide_up(plan->tiles_high, plan->block_high)); /* similar blocks */

    /* What does not fit size_t leaves this path to the direct one, which may need less. */
    const size_t tiles = plan->block_high * plan->tiles_wide; /* no more than pixels of the output */
    const size_t strip[] = {plan->tiles_wide * tile + 2, inputs, sizeof(float)};
    if (!lw_product(strip, 3, &plan->strip_floats) ||
        !lw_gemm_packed_elements(gemm, inputs, outputs, &plan->product_packed))
        return false;
    plan->strip_floats /= sizeof(float);
    plan->packed_bytes = plan->product_packed;
    if (!lw_multiply(&plan->packed_bytes, products * sizeof(float))) return false;

    plan->input_step = tiles;
    plan->output_step = tiles;
    if (!lw_multiply(&plan->input_step, inputs) || !lw_add(&plan->input_step, STAGGER) ||
        !lw_multiply(&plan->output_step, outputs) || !lw_add(&plan->output_step, STAGGER))
        return false;
    /* The matrices before and after the products, the strip, the row of zeros, and the row that nobody reads. */
    plan->zeros_floats = plan->strip_floats > outputs ? plan->strip_floats : outputs;
    size_t floats = plan->input_step, strips = plan->strip_floats;
    if (!lw_add(&floats, plan->output_step) || !lw_multiply(&floats, products) || !lw_multiply(&strips, taps) ||
        !lw_add(&floats, strips) || !lw_add(&floats, plan->zeros_floats) || !lw_add(&floats, outputs))
        return false;
    return lw_gemm_scratch_bytes(divide_up(tiles, gemm->mr) * gemm->mr, 1, floats, &plan->scratch_bytes);
}

/* to = G g for one column g of the filter, of tile + 2 values. In double precision: packing is not where time goes. */
static void transform_filter(size_t tile, const double *g, size_t g_step, double *to, size_t to_step) {
    const double g0 = g[0], g1 = g[g_step], g2 = g[2 * g_step];
    to[0] = g0;
    if (tile == 2) {
        to[to_step] = (g0 + g1 + g2) / 2;
        to[2 * to_step] = (g0 - g1 + g2) / 2;
    } else {
        const double p = (double)LW_WINOGRAD_P, q = (double)LW_WINOGRAD_Q;
        to[to_step] = -(2 * g0 + 2 * p * g1 + g2) / 3;
        to[2 * to_step] = -(2 * g0 - 2 * p * g1 + g2) / 3;
        to[3 * to_step] = (g0 + q * g1 + 2 * g2) / 6;
        to[4 * to_step] = (g0 - q * g1 + 2 * g2) / 6;
    }
    to[(tile + 1) * to_step] = g2;
}

void lw_winograd_pack(const struct lw_context *context, const struct lw_conv2d *conv,
                      const struct lw_winograd_plan *plan, const float *filter, float *packed) {
    const size_t inputs = conv->input_channels, outputs = conv->output_channels, nr = context->kernels.gemm_f32.nr;
    const size_t taps = plan->tile + 2, padded = divide_up(outputs, nr) * nr;
    for (size_t i = 0; i < inputs; i++) {
        for (size_t o = 0; o < padded; o++) {
            double g[9] = {0}, half[3 * MAX_TAPS], whole[MAX_TAPS * MAX_TAPS];
            for (size_t k = 0; o < outputs && k < 9; k++) g[k] = (double)filter[(k * inputs + i) * outputs + o];
            for (size_t kx = 0; kx < 3; kx++) transform_filter(plan->tile, g + kx, 3, half + kx, 3);
            for (size_t r = 0; r < taps; r++) transform_filter(plan->tile, half + r * 3, 1, whole + r * taps, 1);
            float *to = packed + o / nr * inputs * nr + i * nr + o % nr;
            for (size_t k = 0; k < taps * taps; k++) to[k * plan->product_packed] = (float)whole[k];
        }
    }
}

/* What the steps of a run share. */
struct run {
    const struct lw_context *context;
    const struct lw_conv2d *conv;
    const struct lw_placed_window *placed;
    const struct lw_winograd_plan *plan;
    const struct lw_winograd_f32 *kernel;
    const float **rows;            /* of a product's left matrix */
    float *transformed, *products; /* [(tile + 2)^2] matrices input_step and output_step apart */
    float *strip, *zeros, *trash;  /* [tile + 2] rows and one of strip_floats; [output_channels] */
    size_t left, middle;           /* floats of the strip before the image's own, and those */
};

/* Transforms the input of tile row `ty` of an image into the matrices, as tiles from `first` on. */
static void transform_input(const struct run *run, const float *image, size_t ty, size_t first) {
    const struct lw_winograd_plan *plan = run->plan;
    const size_t tile = plan->tile, taps = tile + 2, inputs = run->conv->input_channels;
    const size_t image_width = (size_t)run->conv->input_width * inputs;
    const float *in[MAX_TAPS];
    float *out[MAX_TAPS];

    size_t iy = ty * tile - run->placed->pad_top; /* above the image it wraps around to a huge number */
    for (size_t k = 0; k < taps; k++, iy++) {
        in[k] = iy < run->conv->input_height ? image + iy * image_width : run->zeros;
        out[k] = run->strip + k * plan->strip_floats + run->left;
    }
    run->kernel->input(1, run->middle, in, 0, out, 0);

    for (size_t r = 0; r < taps; r++) {
        for (size_t k = 0; k < taps; k++) {
            in[k] = run->strip + r * plan->strip_floats + k * inputs;
            out[k] = run->transformed + (r * taps + k) * plan->input_step + first * inputs;
        }
        run->kernel->input(plan->tiles_wide, inputs, in, tile * inputs, out, inputs);
    }
}

/* Transforms the products of tile row `ty`, whose tiles start at `first`, into rows of the output image. */
static void transform_output(const struct run *run, const float *bias, struct lw_clamp clamp, size_t ty, size_t first,
                             float *image) {
    const struct lw_winograd_plan *plan = run->plan;
    const size_t tile = plan->tile, taps = tile + 2, outputs = run->conv->output_channels;
    const size_t height = run->placed->output_height, width = run->placed->output_width;
    const size_t whole = width / tile;
    const float *in[MAX_TAPS];
    float *out[MAX_TAPS];

    for (size_t k = 0; k < taps; k++) {
        for (size_t r = 0; r < taps; r++) {
            float *matrix = run->products + (r * taps + k) * plan->output_step + first * outputs;
            in[r] = matrix;
            out[r] = matrix;
        }
        run->kernel->output(1, plan->tiles_wide * outputs, in, 0, NULL, clamp, out, 0);
    }

    for (size_t y = 0; y < tile && ty * tile + y < height; y++) {
        float *row = image + (ty * tile + y) * width * outputs;
        for (size_t k = 0; k < taps; k++) in[k] = run->products + (y * taps + k) * plan->output_step + first * outputs;
        for (size_t x = 0; x < tile; x++) out[x] = row + x * outputs;
        run->kernel->output(whole, outputs, in, outputs, bias, clamp, out, tile * outputs);
        if (whole == plan->tiles_wide) continue;

        for (size_t k = 0; k < taps; k++) in[k] += whole * outputs;
        for (size_t x = 0; x < tile; x++)
            out[x] = whole * tile + x < width ? row + (whole * tile + x) * outputs : run->trash;
        run->kernel->output(1, outputs, in, 0, bias, clamp, out, 0);
    }
}

void lw_winograd_run(const struct lw_context *context, const struct lw_conv2d *conv,
                     const struct lw_placed_window *placed, const struct lw_winograd_plan *plan, const float *input,
                     const float *packed, const float *bias, const float *slopes, void *scratch, float *output) {
    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    const struct lw_clamp clamp = lw_activation_clamp(&conv->activation), open = {-INFINITY, INFINITY};
    const size_t inputs = conv->input_channels, outputs = conv->output_channels;
    const size_t tile = plan->tile, taps = tile + 2;
    const size_t output_image = placed->output_height * placed->output_width * outputs;

    struct run run = {.context = context, .conv = conv, .placed = placed, .plan = plan};
    run.kernel = tile == 2 ? &context->kernels.winograd2_f32 : &context->kernels.winograd4_f32;
    run.rows = lw_gemm_scratch_rows(scratch);
    run.transformed = (float *)(run.rows + divide_up(plan->block_high * plan->tiles_wide, gemm->mr) * gemm->mr);
    run.products = run.transformed + taps * taps * plan->input_step;
    run.strip = run.products + taps * taps * plan->output_step;
    run.zeros = run.strip + taps * plan->strip_floats;
    run.trash = run.zeros + plan->zeros_floats;

    const size_t strip_pixels = plan->strip_floats / inputs;
    const size_t left = placed->pad_left < strip_pixels ? placed->pad_left : strip_pixels;
    const size_t rest = strip_pixels - left;
    run.left = left * inputs;
    run.middle = (conv->input_width < rest ? conv->input_width : rest) * inputs;
    memset(run.strip, 0, (taps * plan->strip_floats + plan->zeros_floats) * sizeof *run.strip); /* the ends, and the row of zeros */

    for (size_t n = 0; n < conv->batch; n++) {
        const float *image = input + n * conv->input_height * conv->input_width * inputs;
        for (size_t ty = 0; ty < plan->tiles_high; ty += plan->block_high) {
            const size_t left_high = plan->tiles_high - ty;
            const size_t high = left_high < plan->block_high ? left_high : plan->block_high;
            const size_t tiles = high * plan->tiles_wide;
            for (size_t y = 0; y < high; y++) transform_input(&run, image, ty + y, y * plan->tiles_wide);

            for (size_t k = 0; k < taps * taps; k++) {
                for (size_t t = 0; t < tiles; t++) run.rows[t] = run.transformed + k * plan->input_step + t * inputs;
                gemm->run(tiles, outputs, 1, inputs, run.rows, packed + k * plan->product_packed, NULL, open,
                          run.products + k * plan->output_step, outputs);
            }

            for (size_t y = 0; y < high; y++)
                transform_output(&run, bias ? bias : run.zeros, clamp, ty + y, y * plan->tiles_wide,
                                 output + n * output_image);
            const size_t first = ty * tile, after = (ty + high) * tile;
            const size_t end = after < placed->output_height ? after : placed->output_height;
            const size_t pixels = (end - first) * placed->output_width;
            lw_activation_finish(context, &conv->activation, pixels, outputs, outputs, slopes,
                                 output + n * output_image + first * placed->output_width * outputs);
        }
    }
}
