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
 * matrices [tiles][input_channels]. The products go back the same way; pixels beyond the right border go to where nobody
 * reads.
 *
 * Some rows of tiles at a time, a block, go through these three steps, so that what is between them stays in the cache.
 * Where the filters are small each thread takes rows of its own through all of them. Else threads share the rows in the
 * transforms, and the matrices in the products: each then reads only its part of the filters, which are most of what is
 * read where images are small.
 */
#include "kernels/winograd.h"

#include <math.h>
#include <string.h>

#include "kernels/gemm_pack.h"

const struct lw_kernel_set *const lw_winograd_sets[] = {&lw_winograd_set, &lw_gemm_set, NULL};

enum { MAX_TAPS = 6 };

/* A transformed element, in or out, costs as much as this many multiplications of the products, and so does an element
 * of packed filters that don't fit the second-level cache; measured. */
enum { TRANSFORM_COST = 5, READ_COST = 3 };

/* Nanoseconds, for lw_parallel: packing a filter of one pair of channels, and 1 / TRANSFORMED of that of transforming one
 * value of the matrices. */
enum { PACK_COST = 30, TRANSFORMED = 6 };

/* Into how many pieces the transforms of a block are cut at least, if it has the tiles; of how many caches threads that
 * share a block's steps make use. */
enum { PIECES = 16, MOST_CACHES = 8 };

/* What it must save to be worth its errors. */
#define MARGIN 1.5

/* Floats of transformed data that are worked on at a time, so that they stay in the second-level cache; but enough
 * tiles that the packed filters, which each round reads, are worth it. */
enum { BLOCK_FLOATS = 256 * 1024, MIN_BLOCK_TILES = 24 };

/* Floats of packed filters up to which each thread goes through all of them. */
enum { SMALL_FILTERS = 64 * 1024 };

/* Of a page of memory, as far as it matters to how the filters are read. */
enum { PAGE_FLOATS = 4096 / sizeof(float) };

/* Matrices start on different cache lines modulo a page; rows a power of two apart would share a few. */
enum { STAGGER = 16 };

static size_t divide_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

/* The cost of the convolution in multiplications; tile 1 is the direct sum. Floating point, since it may be huge. The
 * batch does not count, so that an image's result does not depend on what else is in it. */
static double cost(const struct lw_conv2d *conv, const struct lw_placed_window *placed, size_t tile) {
    const double inputs = conv->input_channels, outputs = conv->output_channels;
    const double tiles = (double)divide_up(placed->output_height, tile) * (double)divide_up(placed->output_width, tile);
    const double products = tile == 1 ? 9 : (double)((tile + 2) * (tile + 2));
    const double transforms = tile == 1 ? 0 : TRANSFORM_COST * (inputs + outputs);
    const double filters = products * inputs * outputs;
    return tiles * products * (inputs * outputs + transforms) + (filters > BLOCK_FLOATS ? READ_COST * filters : 0);
}

static size_t block_tiles(const struct lw_winograd_plan *plan) {
    return plan->block_images * plan->block_high * plan->block_wide;
}

bool lw_winograd_plan(const struct lw_context *context, const struct lw_conv2d *conv,
                      const struct lw_placed_window *placed, struct lw_winograd_plan *plan) {
    const struct lw_window *w = &conv->window;
    if (conv->winograd == LW_WINOGRAD_OFF || conv->groups != 1 || conv->batch == 0) return false;
    if (conv->output_channels < LW_GEMM_NARROW) return false; /* transforms would cost more than the products */
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
    plan->apart = (double)products * (double)inputs * (double)outputs <= SMALL_FILTERS;
    /* Threads that share a block have a cache each. */
    const size_t caches = plan->apart ? 1 : context->threads < MOST_CACHES ? context->threads : MOST_CACHES;
    size_t block = BLOCK_FLOATS * caches / products / (inputs + outputs);
    if (block < MIN_BLOCK_TILES) block = MIN_BLOCK_TILES;
    plan->block_wide = plan->tiles_wide < block ? plan->tiles_wide : block;
    plan->block_high = block / plan->tiles_wide;
    if (plan->block_high == 0) plan->block_high = 1;
    if (plan->block_high > plan->tiles_high) plan->block_high = plan->tiles_high;
    /* Blocks of similar size. */
    plan->block_wide = divide_up(plan->tiles_wide, divide_up(plan->tiles_wide, plan->block_wide));
    plan->block_high = divide_up(plan->tiles_high, divide_up(plan->tiles_high, plan->block_high));
    const size_t image_tiles = plan->tiles_high * plan->tiles_wide;
    plan->block_images = image_tiles <= block / 2 ? block / image_tiles : 1;
    if (plan->block_images > conv->batch) plan->block_images = conv->batch;
    if (plan->block_images > 1 || plan->block_wide < plan->tiles_wide) plan->apart = false;

    /* What does not fit size_t leaves this path to the direct one, which may need less. */
    const size_t tiles = block_tiles(plan); /* no more than pixels of the output */
    const size_t strip[] = {plan->block_wide * tile + 2, inputs, sizeof(float)};
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
    /* Shared: the row of zeros (a missing bias is one too), and unless threads work apart the matrices before and after the
     * products. Each worker's: row pointers, a strip, the pixel that nobody reads, and matrices if they aren't shared. */
    plan->zeros_floats = plan->strip_floats > outputs ? plan->strip_floats : outputs;
    size_t matrices = plan->input_step, share = plan->strip_floats, shared = plan->zeros_floats, bytes;
    if (!lw_add(&matrices, plan->output_step) || !lw_multiply(&matrices, products) || !lw_multiply(&share, taps) ||
        !lw_add(&share, outputs) || !lw_add(plan->apart ? &share : &shared, matrices) ||
        !lw_gemm_scratch_bytes(0, 0, shared, &bytes) ||
        !lw_gemm_scratch_bytes(divide_up(tiles, gemm->mr) * gemm->mr, 1, share, &plan->share_bytes) ||
        !lw_share_scratch(context, &plan->share_bytes, &plan->scratch_bytes))
        return false;
    return lw_add(&plan->scratch_bytes, bytes);
}

/* to = G g for one row or column g of a filter, of tile + 2 values; tile is a constant. In double precision, so that a
 * transformed filter is rounded once. */
static inline __attribute__((always_inline)) void transform_filter(const size_t tile, const double *g, size_t g_step,
                                                                   double *to, size_t to_step) {
    const double g0 = g[0], g1 = g[g_step], g2 = g[2 * g_step];
    to[0] = g0;
    if (tile == 2) {
        const double even = (g0 + g2) / 2, odd = g1 / 2;
        to[to_step] = even + odd;
        to[2 * to_step] = even - odd;
    } else {
        const double even_p = (2 * g0 + g2) * (-1.0 / 3), odd_p = g1 * (-2.0 / 3 * (double)LW_WINOGRAD_P);
        const double even_q = (g0 + 2 * g2) * (1.0 / 6), odd_q = g1 * (1.0 / 6 * (double)LW_WINOGRAD_Q);
        to[to_step] = even_p + odd_p;
        to[2 * to_step] = even_p - odd_p;
        to[3 * to_step] = even_q + odd_q;
        to[4 * to_step] = even_q - odd_q;
    }
    to[(tile + 1) * to_step] = g2;
}

/* Floats that are collected for each product before they are written: the products lie a power of two apart more
 * often than not, and lines that share a set of the cache had better be written once. */
enum { COLLECTED = 64 };
_Static_assert(COLLECTED >= LW_GEMM_MAX_NR, "a row of a panel is collected");

/* Packs the filters of `rows` input channels and the output channels of one panel, `width` of which exist; rows * nr <=
 * COLLECTED. filter: [3][3] matrices of matrix_step floats, rows of which are filter_step floats long.
 * packed: [(tile + 2)^2] matrices product_packed floats apart. tile is a constant. */
static inline __attribute__((always_inline)) void pack_rows(const size_t tile, size_t rows, size_t nr, size_t width,
                                                            const float *filter, size_t filter_step, size_t matrix_step,
                                                            float *packed, size_t product_packed) {
    const size_t taps = tile + 2, products = taps * taps;
    float collected[MAX_TAPS * MAX_TAPS][COLLECTED];
    for (size_t e = 0; e < rows * nr; e++) {
        double g[9] = {0}, half[3 * MAX_TAPS], whole[MAX_TAPS];
        if (e % nr < width) {
            const float *from = filter + e / nr * filter_step + e % nr;
            for (size_t k = 0; k < 9; k++) g[k] = (double)from[k * matrix_step];
        }
        for (size_t kx = 0; kx < 3; kx++) transform_filter(tile, g + kx, 3, half + kx, 3);
        for (size_t r = 0; r < taps; r++) {
            transform_filter(tile, half + r * 3, 1, whole, 1);
            for (size_t k = 0; k < taps; k++) collected[r * taps + k][e] = (float)whole[k];
        }
    }
    for (size_t k = 0; k < products; k++)
        memcpy(packed + k * product_packed, collected[k], rows * nr * sizeof **collected);
}

struct packing {
    const struct lw_conv2d *conv;
    const struct lw_winograd_plan *plan;
    size_t nr;
    const float *filter;
    float *packed;
};

/* Panels of all products. */
static void pack_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct packing *p = state;
    const size_t inputs = p->conv->input_channels, outputs = p->conv->output_channels, nr = p->nr;
    const size_t step = COLLECTED / nr, size = p->plan->product_packed;
    for (size_t o = begin * nr; o < end * nr && o < outputs; o += nr) {
        const size_t width = outputs - o < nr ? outputs - o : nr;
        for (size_t i = 0; i < inputs; i += step) {
            const size_t rows = inputs - i < step ? inputs - i : step;
            const float *from = p->filter + i * outputs + o;
            float *to = p->packed + o * inputs + i * nr; /* lw_gemm_pack's layout */
            if (p->plan->tile == 2)
                pack_rows(2, rows, nr, width, from, outputs, inputs * outputs, to, size);
            else
                pack_rows(4, rows, nr, width, from, outputs, inputs * outputs, to, size);
        }
    }
}

enum lw_status lw_winograd_pack(const struct lw_context *context, const struct lw_conv2d *conv,
                                const struct lw_winograd_plan *plan, const float *filter, float *packed) {
    const size_t nr = context->kernels.gemm_f32.nr;
    struct packing packing = {conv, plan, nr, filter, packed};
    return lw_parallel(context, divide_up(conv->output_channels, nr), PACK_COST * conv->input_channels * nr, pack_part,
                       &packing);
}

/* What the steps of a run share. */
struct run {
    const struct lw_context *context;
    const struct lw_conv2d *conv;
    const struct lw_placed_window *placed;
    const struct lw_strides *strides;
    const struct lw_winograd_plan *plan;
    const struct lw_winograd_f32 *kernel;
    const struct lw_epilogue *epilogue;
    const float *input, *packed, *bias;
    float *output;
    char *scratch;
    float *transformed, *products; /* [(tile + 2)^2] matrices input_step and output_step apart */
    float *zeros;                  /* [zeros_floats] */

    /* The block: `images` images from `image` on, and `high` rows of `wide` tiles of each. */
    size_t image, images, ty, high, tx, wide;
    size_t pieces, piece_wide; /* of a row */
};

/* What a worker has for itself. */
struct share {
    const float **rows;   /* of a product's left matrix */
    float *strip, *trash; /* [tile + 2][strip_floats]; [output_channels] */
    float *matrices;      /* if threads work apart: transformed and products */
};

static struct share share_of(const struct run *run, size_t worker) {
    struct share share = {.rows = (const float **)(void *)(run->scratch + worker * run->plan->share_bytes)};
    const size_t mr = run->context->kernels.gemm_f32.mr;
    share.strip = (float *)(share.rows + divide_up(block_tiles(run->plan), mr) * mr);
    share.trash = share.strip + (run->plan->tile + 2) * run->plan->strip_floats;
    share.matrices = share.trash + run->conv->output_channels;
    return share;
}

/* Some of the block's tiles: `wide` of an image's row ty from column tx on, `first` and up of the block. */
struct span {
    size_t image, ty, tx, wide, first;
};

/* Units of the transforms are pieces of rows of tiles. The longest span that units from `begin` on, but before `end`, form
 * in one row; returns the first unit behind it. */
static size_t span_of(const struct run *run, size_t begin, size_t end, struct span *span) {
    const size_t row = begin / run->pieces, piece = begin % run->pieces;
    const size_t behind = end - begin < run->pieces - piece ? piece + end - begin : run->pieces;
    const size_t from = piece * run->piece_wide, to = behind * run->piece_wide;
    const size_t wide = (to < run->wide ? to : run->wide) - from;
    *span = (struct span){run->image + row / run->high, run->ty + row % run->high, run->tx + from, wide,
                          row * run->wide + from};
    return begin + behind - piece;
}

/* Transforms the input of some tiles into the matrices. strips: [tile + 2][strip_floats] */
static void transform_input(const struct run *run, const struct span *span, float *strips) {
    const struct lw_winograd_plan *plan = run->plan;
    const size_t tile = plan->tile, taps = tile + 2, inputs = run->conv->input_channels;
    const size_t height = run->conv->input_height, width = run->conv->input_width, pad = run->placed->pad_left;
    const size_t step = run->strides->input;
    const float *image = run->input + span->image * height * width * step;
    const float *in[MAX_TAPS];
    float *out[MAX_TAPS];

    /* Of the strip's pixels `left` lie left of the image, then `middle` in it from `start` on, the others behind. */
    const size_t pixels = span->wide * tile + 2, x = span->tx * tile;
    const size_t left = x >= pad ? 0 : pad - x < pixels ? pad - x : pixels;
    const size_t start = x >= pad ? x - pad : 0, rest = pixels - left;
    const size_t middle = start >= width ? 0 : width - start < rest ? width - start : rest;

    size_t iy = span->ty * tile - run->placed->pad_top; /* above the image it wraps around to a huge number */
    for (size_t k = 0; k < taps; k++, iy++) {
        float *strip = strips + k * plan->strip_floats;
        memset(strip, 0, left * inputs * sizeof *strip);
        memset(strip + (left + middle) * inputs, 0, (rest - middle) * inputs * sizeof *strip);
        in[k] = iy < height && middle ? image + (iy * width + start) * step : run->zeros;
        out[k] = strip + left * inputs;
    }
    /* Pixels that follow each other are one row; else they are taken one by one, and the row of zeros stays where it is. */
    const size_t together = step == inputs ? middle : 1;
    for (size_t i = 0; i < middle; i += together) {
        run->kernel->input(1, together * inputs, in, 0, out, 0);
        for (size_t k = 0; k < taps; k++) {
            if (in[k] != run->zeros) in[k] += step;
            out[k] += inputs;
        }
    }

    for (size_t r = 0; r < taps; r++) {
        for (size_t k = 0; k < taps; k++) {
            in[k] = strips + r * plan->strip_floats + k * inputs;
            out[k] = run->transformed + (r * taps + k) * plan->input_step + span->first * inputs;
        }
        run->kernel->input(span->wide, inputs, in, tile * inputs, out, inputs);
    }
}

/* Transforms the products of some tiles into pixels. trash: [output_channels] */
static void transform_output(const struct run *run, const struct span *span, float *trash) {
    const struct lw_winograd_plan *plan = run->plan;
    const struct lw_activation *activation = &run->conv->activation;
    const struct lw_clamp clamp = lw_epilogue_clamp(activation, run->epilogue);
    const size_t tile = plan->tile, taps = tile + 2, outputs = run->conv->output_channels;
    const size_t height = run->placed->output_height, width = run->placed->output_width;
    const size_t first = span->ty * tile, high = height - first < tile ? height - first : tile; /* rows of pixels */
    const size_t whole = span->tx + span->wide > width / tile ? width / tile - span->tx : span->wide;
    const float *in[MAX_TAPS];
    float *out[MAX_TAPS];

    for (size_t k = 0; k < taps; k++) {
        for (size_t r = 0; r < taps; r++) {
            float *matrix = run->products + (r * taps + k) * plan->output_step + span->first * outputs;
            in[r] = matrix;
            out[r] = matrix;
        }
        run->kernel->output(1, span->wide * outputs, in, 0, NULL, clamp, out, 0);
    }

    const size_t step = run->strides->output;
    const size_t element = ((span->image * height + first) * width + span->tx * tile) * step;
    for (size_t y = 0; y < high; y++) {
        float *row = run->output + element + y * width * step;
        for (size_t k = 0; k < taps; k++)
            in[k] = run->products + (y * taps + k) * plan->output_step + span->first * outputs;
        for (size_t x = 0; x < tile; x++) out[x] = row + x * step;
        run->kernel->output(whole, outputs, in, outputs, run->bias, clamp, out, tile * step);
        if (whole == span->wide) continue;

        for (size_t k = 0; k < taps; k++) in[k] += whole * outputs;
        for (size_t x = 0; x < tile; x++)
            out[x] = (span->tx + whole) * tile + x < width ? row + (whole * tile + x) * step : trash;
        run->kernel->output(1, outputs, in, 0, run->bias, clamp, out, 0);
    }

    const size_t rest = width - span->tx * tile, pixels = span->wide * tile < rest ? span->wide * tile : rest;
    if (pixels == width) {
        lw_epilogue_finish(run->context, activation, run->epilogue, high * width, outputs, step, element, run->output);
        return;
    }
    for (size_t y = 0; y < high; y++)
        lw_epilogue_finish(run->context, activation, run->epilogue, pixels, outputs, step, element + y * width * step,
                           run->output);
}

/* The three steps of a block. Pieces of rows of tiles: */
static void input_part(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct share share = share_of(run, worker);
    for (struct span span; begin < end;) {
        begin = span_of(run, begin, end, &span);
        transform_input(run, &span, share.strip);
    }
}

/* Products of all tiles by packed filters. The filters of a layer may be tens of megabytes that are read once: one word of
 * each page of the next ones is touched ahead, so that the machine looks up many pages at a time, where the product,
 * which reads them in order, would wait at the start of each. */
static void products_part(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_winograd_plan *plan = run->plan;
    const struct lw_gemm_f32 *gemm = &run->context->kernels.gemm_f32;
    const struct lw_finish nothing = {.clamp = {-INFINITY, INFINITY}};
    const struct share share = share_of(run, worker);
    const size_t inputs = run->conv->input_channels, outputs = run->conv->output_channels;
    const size_t tiles = run->images * run->high * run->wide;
    for (size_t k = begin; k < end; k++) {
        const float *packed = run->packed + k * plan->product_packed;
        for (size_t i = 0; i < plan->product_packed; i += PAGE_FLOATS) (void)*(const volatile float *)(packed + i);
        for (size_t t = 0; t < tiles; t++) share.rows[t] = run->transformed + k * plan->input_step + t * inputs;
        gemm->run(tiles, outputs, 1, inputs, share.rows, packed, &nothing, run->products + k * plan->output_step,
                  outputs);
    }
}

/* Pieces of rows of tiles. */
static void output_part(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct share share = share_of(run, worker);
    for (struct span span; begin < end;) {
        begin = span_of(run, begin, end, &span);
        transform_output(run, &span, share.trash);
    }
}

static size_t products_of(const struct lw_winograd_plan *plan) {
    return (plan->tile + 2) * (plan->tile + 2);
}

/* The cost of so many tiles in the transforms of so many channels. */
static size_t transform_cost(const struct run *run, size_t tiles, size_t channels) {
    return tiles * products_of(run->plan) * channels / TRANSFORMED;
}

/* The three steps of a block, one after the other. */
static enum lw_status run_block(struct run *run) {
    const size_t inputs = run->conv->input_channels, outputs = run->conv->output_channels;
    const size_t rows = run->images * run->high;
    /* A piece's ends are transformed twice: rows are cut only if there are few, and not into single tiles. */
    run->pieces = divide_up(PIECES, rows);
    if (run->pieces > divide_up(run->wide, 2)) run->pieces = divide_up(run->wide, 2);
    run->piece_wide = divide_up(run->wide, run->pieces);
    run->pieces = divide_up(run->wide, run->piece_wide);
    const size_t pieces = rows * run->pieces;
    /* Reading a filter costs as much as multiplying some tiles by it. */
    const size_t product_cost = (rows * run->wide + 8) * inputs * outputs / 32;
    enum lw_status status =
        lw_parallel(run->context, pieces, transform_cost(run, run->piece_wide, inputs), input_part, run);
    if (status == LW_OK) status = lw_parallel(run->context, products_of(run->plan), product_cost, products_part, run);
    if (status == LW_OK)
        status = lw_parallel(run->context, pieces, transform_cost(run, run->piece_wide, outputs), output_part, run);
    return status;
}

/* Rows of tiles of all images, a block after the other. */
static void apart_part(void *state, size_t begin, size_t end, size_t worker) {
    struct run run = *(const struct run *)state;
    const struct lw_winograd_plan *plan = run.plan;
    run.transformed = share_of(&run, worker).matrices;
    run.products = run.transformed + products_of(plan) * plan->input_step;
    for (; begin < end; begin += run.high) {
        run.image = begin / plan->tiles_high;
        run.ty = begin % plan->tiles_high;
        run.high = end - begin < plan->tiles_high - run.ty ? end - begin : plan->tiles_high - run.ty;
        if (run.high > plan->block_high) run.high = plan->block_high;
        input_part(&run, 0, run.high, worker);
        products_part(&run, 0, products_of(plan), worker);
        output_part(&run, 0, run.high, worker);
    }
}

enum lw_status lw_winograd_run(const struct lw_context *context, const struct lw_conv2d *conv,
                               const struct lw_placed_window *placed, const struct lw_strides *strides,
                               const struct lw_winograd_plan *plan, const float *input, const float *packed,
                               const struct lw_epilogue *epilogue, void *scratch, float *output) {
    struct run run = {
        .context = context,
        .conv = conv,
        .placed = placed,
        .strides = strides,
        .plan = plan,
        .kernel = plan->tile == 2 ? &context->kernels.winograd2_f32 : &context->kernels.winograd4_f32,
        .epilogue = epilogue,
        .input = input,
        .packed = packed,
        .output = output,
        .scratch = scratch,
    };
    run.transformed = (float *)(void *)(run.scratch + context->threads * plan->share_bytes);
    run.products = run.transformed + products_of(plan) * plan->input_step;
    run.zeros = plan->apart ? run.transformed : run.products + products_of(plan) * plan->output_step;
    memset(run.zeros, 0, plan->zeros_floats * sizeof *run.zeros);
    run.bias = epilogue->bias ? epilogue->bias : run.zeros;
    if (plan->apart) {
        const size_t inputs = conv->input_channels, outputs = conv->output_channels;
        run.images = 1;
        run.wide = run.piece_wide = plan->tiles_wide;
        run.pieces = 1;
        const size_t row_cost =
            transform_cost(&run, run.wide, inputs + outputs) + run.wide * products_of(plan) * inputs * outputs / 32;
        return lw_parallel(context, (size_t)conv->batch * plan->tiles_high, row_cost, apart_part, &run);
    }

    for (run.image = 0; run.image < conv->batch; run.image += run.images) {
        const size_t images = conv->batch - run.image;
        run.images = images < plan->block_images ? images : plan->block_images;
        for (run.ty = 0; run.ty < plan->tiles_high; run.ty += run.high) {
            const size_t high = plan->tiles_high - run.ty;
            run.high = high < plan->block_high ? high : plan->block_high;
            for (run.tx = 0; run.tx < plan->tiles_wide; run.tx += run.wide) {
                const size_t wide = plan->tiles_wide - run.tx;
                run.wide = wide < plan->block_wide ? wide : plan->block_wide;
                const enum lw_status status = run_block(&run);
                if (status != LW_OK) return status;
            }
        }
    }
    return LW_OK;
}
