/* SPDX-License-Identifier: MIT */
/*
 * Local response normalization across the channels of a pixel, and its gradient:
 *
 *     norm[c] = bias + alpha * (sum over k from c - radius to c + radius of x[k]^2)
 *     y[c] = x[c] * norm[c]^-beta
 *     dx[k] = dy[k] * norm[k]^-beta - 2 alpha beta x[k] * (sum over c from k - radius to k + radius of y[c] dy[c] / norm[c])
 *
 * Sums over channels are taken for many pixels at once: with `radius` zeros behind each pixel's channels, the sums over
 * neighbours of a block of pixels are additions of the block to itself, shifted by one element after the other.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_lrn_sets[] = {&lw_binary_set, &lw_pow_set, NULL};

enum { BLOCK = 2048 }; /* floats, so that several such blocks stay in the first-level cache */

struct plan {
    size_t radius; /* no further than there are channels */
    size_t pitch;  /* from pixel to pixel in a block */
    size_t pixels; /* of a block */
    size_t block;  /* floats, with zeros before the first pixel */
    size_t elements;
    size_t share_bytes, scratch_bytes; /* four blocks for each worker */
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_lrn *d, struct lw_problem *problem,
                                struct plan *p) {
    *p = (struct plan){0};
    enum lw_status status = lw_check(context, d, sizeof *d, problem);
    if (status != LW_OK) return status;
    const size_t all[] = {d->pixels, d->channels, sizeof(float)};
    if (!lw_product(all, 3, &p->elements)) return lw_too_large(problem, "input");
    p->elements /= sizeof(float);
    if (p->elements == 0) return LW_OK;
    p->radius = d->radius < d->channels ? d->radius : d->channels - 1;
    p->pitch = d->channels;
    if (!lw_add(&p->pitch, p->radius)) return lw_too_large(problem, "scratch");
    p->pixels = p->pitch < BLOCK ? BLOCK / p->pitch : 1;
    if (p->pixels > d->pixels) p->pixels = d->pixels;
    p->block = p->pitch; /* times pixels: that is at most BLOCK, or p->pitch */
    if (!lw_multiply(&p->block, p->pixels) || !lw_add(&p->block, p->radius)) return lw_too_large(problem, "scratch");
    p->share_bytes = 4 * sizeof(float);
    if (!lw_multiply(&p->share_bytes, p->block)) return lw_too_large(problem, "scratch");
    return lw_share_scratch(context, &p->share_bytes, &p->scratch_bytes) ? LW_OK : lw_too_large(problem, "scratch");
}

enum lw_status lw_lrn_validate(const struct lw_context *context, const struct lw_lrn *op, struct lw_problem *problem) {
    struct plan p;
    return make_plan(context, op, problem, &p);
}

enum lw_status lw_lrn_sizes(const struct lw_context *context, const struct lw_lrn *d, struct lw_sizes *sizes) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = 1,
        .output_width = d->channels,
        .output_elements = p.elements,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* A block in work: n floats of its pixels, the last one without zeros behind it. */
struct block {
    const struct lw_context *context;
    const struct plan *p;
    size_t n;
};

static void combine(const struct block *b, enum lw_binary_op op, const float *x, const float *y, float *out) {
    b->context->kernels.binary_f32[op](b->n, x, 1, y, 1, out);
}

static void combine_scalar(const struct block *b, enum lw_binary_op op, const float *x, float y, float *out) {
    b->context->kernels.binary_f32[op](b->n, x, 1, &y, 0, out);
}

/* Puts pixels where their channels have zeros between; `to` begins with the first pixel's. */
static void spread(const struct block *b, size_t channels, const float *x, float *to) {
    for (size_t at = 0; at < b->n; at += b->p->pitch, x += channels) memcpy(to + at, x, channels * sizeof *x);
}

static void gather(const struct block *b, size_t channels, const float *x, float *to) {
    for (size_t at = 0; at < b->n; at += b->p->pitch, to += channels) memcpy(to, x + at, channels * sizeof *x);
}

/* Makes what lies between the pixels of x 0 again, whatever was computed there, and what lies before and behind. */
static void clear(const struct block *b, size_t channels, float *x) {
    memset(x - b->p->radius, 0, b->p->radius * sizeof *x);
    for (size_t at = channels; at < b->n + b->p->radius; at += b->p->pitch) memset(x + at, 0, b->p->radius * sizeof *x);
}

/* out[i] = the sum of x[i - radius] to x[i + radius], ascending. x has zeros around its pixels. */
static void sum_neighbours(const struct block *b, const float *x, float *out) {
    const float *from = x - b->p->radius;
    memcpy(out, from, b->n * sizeof *out);
    for (size_t i = 1; i <= 2 * b->p->radius; i++) combine(b, LW_BINARY_ADD, out, from + i, out);
}

/* norm = bias + alpha * (sum of squares); squares is working memory. */
static void compute_norm(const struct block *b, const struct lw_lrn *d, const float *x, float *squares, float *norm) {
    combine(b, LW_BINARY_MUL, x, x, squares);
    clear(b, d->channels, squares);
    sum_neighbours(b, squares, norm);
    combine_scalar(b, LW_BINARY_MUL, norm, d->alpha, norm);
    combine_scalar(b, LW_BINARY_ADD, norm, d->bias, norm);
}

/* Four blocks in a share; the first three have room for zeros before them. */
static float *block_at(const struct plan *p, void *share, size_t i) {
    return (float *)share + i * p->block + p->radius;
}

struct run {
    const struct lw_context *context;
    const struct lw_lrn *d;
    const struct plan *p;
    const float *input, *result, *gradient;
    char *scratch;
    float *output;
};

/* Blocks [begin, end) of p->pixels pixels. */
static void run_blocks(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_lrn *d = run->d;
    const struct plan *p = run->p;
    char *share = run->scratch + worker * p->share_bytes;
    float *x = block_at(p, share, 0), *work = block_at(p, share, 1), *norm = block_at(p, share, 2);
    memset(share, 0, p->share_bytes);
    for (size_t i = begin; i < end; i++) {
        const size_t pixel = i * p->pixels, left = d->pixels - pixel, pixels = left < p->pixels ? left : p->pixels;
        const struct block b = {run->context, p, pixels * p->pitch - p->radius};
        const size_t at = pixel * d->channels;
        spread(&b, d->channels, run->input + at, x);
        compute_norm(&b, d, x, work, norm);
        combine_scalar(&b, LW_BINARY_POW, norm, -d->beta, norm);
        combine(&b, LW_BINARY_MUL, x, norm, norm);
        gather(&b, d->channels, norm, run->output + at);
    }
}

static void run_gradient(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_lrn *d = run->d;
    const struct plan *p = run->p;
    char *share = run->scratch + worker * p->share_bytes;
    float *x = block_at(p, share, 0), *work = block_at(p, share, 1), *norm = block_at(p, share, 2);
    float *dy = block_at(p, share, 3);
    memset(share, 0, p->share_bytes);
    for (size_t i = begin; i < end; i++) {
        const size_t pixel = i * p->pixels, left = d->pixels - pixel, pixels = left < p->pixels ? left : p->pixels;
        const struct block b = {run->context, p, pixels * p->pitch - p->radius};
        const size_t at = pixel * d->channels;
        spread(&b, d->channels, run->input + at, x);
        compute_norm(&b, d, x, work, norm);
        combine_scalar(&b, LW_BINARY_MUL, x, -2 * d->alpha * d->beta, x);
        spread(&b, d->channels, run->result + at, work);
        spread(&b, d->channels, run->gradient + at, dy);
        combine(&b, LW_BINARY_MUL, work, dy, work);
        combine(&b, LW_BINARY_DIV, work, norm, work);
        clear(&b, d->channels, work);
        combine_scalar(&b, LW_BINARY_POW, norm, -d->beta, norm);
        combine(&b, LW_BINARY_MUL, dy, norm, norm);
        sum_neighbours(&b, work, dy);
        combine(&b, LW_BINARY_MUL, x, dy, x);
        combine(&b, LW_BINARY_ADD, norm, x, norm);
        gather(&b, d->channels, norm, run->output + at);
    }
}

/* Most of the time is the power's. */
static enum lw_status run_parts(struct run *run, lw_part_fn *part) {
    const size_t blocks = (run->d->pixels - 1) / run->p->pixels + 1;
    return lw_parallel(run->context, blocks, run->p->block * 4, part, run);
}

enum lw_status lw_lrn_run(const struct lw_context *context, const struct lw_lrn *d,
                          const float *input,           /* (pixels, channels) */
                          void *scratch, float *output) /* (pixels, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.elements == 0) return LW_OK;
    if (!input || !scratch || !output) return LW_NULL_POINTER;
    struct run run = {context, d, &p, input, NULL, NULL, scratch, output};
    return run_parts(&run, run_blocks);
}

enum lw_status lw_lrn_gradient_run(const struct lw_context *context, const struct lw_lrn *d,
                                   const float *input,           /* (pixels, channels) */
                                   const float *result,          /* (pixels, channels) what lw_lrn_run gave */
                                   const float *gradient,        /* (pixels, channels) of the result */
                                   void *scratch, float *output) /* (pixels, channels) */
{
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (p.elements == 0) return LW_OK;
    if (!input || !result || !gradient || !scratch || !output) return LW_NULL_POINTER;
    struct run run = {context, d, &p, input, result, gradient, scratch, output};
    return run_parts(&run, run_gradient);
}
