/* SPDX-License-Identifier: MIT */
/*
 * Strided copies: transpose, slice, concat, pack, unpack.
 *
 * 1. Dimensions of size 1 go away. The others are ordered by their output strides, so that writing goes forward, and
 *    neighbours that are contiguous in both arrays merge. A few contiguous elements become one larger element.
 * 2. The two innermost dimensions are one of three loops; the rest are counted through.
 *    - contiguous in both arrays: whole rows are copied;
 *    - the input contiguous in the other dimension (a transpose): elements of 4 bytes and single bytes by kernels, others
 *      in square tiles, each of which reads and writes whole cache lines while they are in the cache;
 *    - else element by element, rows of 4-byte elements by a kernel.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <string.h>

const struct lw_kernel_set *const lw_copy_sets[] = {&lw_move_set, NULL};

/* A tile's rows are TILE_BYTES long on both sides: a cache line. The kernels get BLOCK columns at a time, so that they
 * write to that many rows and not to more than there are entries for pages. A row shorter than SHORT isn't worth a call. */
enum { TILE_BYTES = 64, BLOCK = 64, SHORT = 8 };

struct dimension {
    size_t size;
    ptrdiff_t in, out; /* strides in bytes */
};

static size_t magnitude(ptrdiff_t x) {
    return x < 0 ? 0 - (size_t)x : (size_t)x;
}

/* element is a constant where this is inlined, so that memcpy becomes one load and one store. */
static inline __attribute__((always_inline)) void
copy_elements(size_t element, const struct dimension *outer, const struct dimension *inner, const char *in, char *out) {
    for (size_t i = 0; i < outer->size; i++) {
        const char *from = in + (ptrdiff_t)i * outer->in;
        char *to = out + (ptrdiff_t)i * outer->out;
        for (size_t j = 0; j < inner->size; j++, from += inner->in, to += inner->out) memcpy(to, from, element);
    }
}

static inline __attribute__((always_inline)) void copy_tiles(size_t element, const struct dimension *outer,
                                                             const struct dimension *inner, const char *in, char *out) {
    const size_t tile = TILE_BYTES / element;
    for (size_t i = 0; i < outer->size; i += tile) {
        const size_t rows = outer->size - i < tile ? outer->size - i : tile;
        for (size_t j = 0; j < inner->size; j += tile) {
            const size_t columns = inner->size - j < tile ? inner->size - j : tile;
            const struct dimension y = {rows, outer->in, outer->out}, x = {columns, inner->in, inner->out};
            copy_elements(element, &y, &x, in + (ptrdiff_t)i * y.in + (ptrdiff_t)j * x.in,
                          out + (ptrdiff_t)i * y.out + (ptrdiff_t)j * x.out);
        }
    }
}

/* Rows of `bytes` contiguous bytes. */
static void copy_rows(size_t bytes, const struct dimension *outer, const char *in, char *out) {
    for (size_t i = 0; i < outer->size; i++, in += outer->in, out += outer->out) lw_copy_bytes(bytes, in, out);
}

/* The transpose of elements of 4 bytes or 1: outer is contiguous in the input, inner in the output. */
static void transpose_plane(const struct lw_kernels *kernels, size_t element, const struct dimension *outer,
                            const struct dimension *inner, const char *in, char *out) {
    for (size_t j = 0; j < outer->size; j += BLOCK) {
        const size_t columns = outer->size - j < BLOCK ? outer->size - j : BLOCK;
        const char *from = in + j * element;
        char *to = out + (ptrdiff_t)j * outer->out;
        if (element == 4)
            kernels->transpose_u32(inner->size, columns, (const uint32_t *)from, inner->in / 4, (uint32_t *)to,
                                   outer->out / 4);
        else
            kernels->transpose_u8(inner->size, columns, (const uint8_t *)from, inner->in, (uint8_t *)to, outer->out);
    }
}

static inline __attribute__((always_inline)) void
copy_plane_of(size_t element, const struct dimension *outer, const struct dimension *inner, const char *in, char *out) {
    const bool is_transpose = magnitude(outer->in) == element && magnitude(inner->in) != element && inner->in != 0;
    if (is_transpose)
        copy_tiles(element, outer, inner, in, out);
    else
        copy_elements(element, outer, inner, in, out);
}

static void copy_plane(const struct lw_kernels *kernels, size_t element, const struct dimension *outer,
                       const struct dimension *inner, const char *in, char *out) {
    if (inner->in == (ptrdiff_t)element && inner->out == (ptrdiff_t)element) {
        copy_rows(inner->size * element, outer, in, out);
        return;
    }
    const bool is_contiguous = outer->in == (ptrdiff_t)element && inner->out == (ptrdiff_t)element;
    if ((element == 4 || element == 1) && is_contiguous && inner->size > 1 && outer->size > 1) {
        transpose_plane(kernels, element, outer, inner, in, out);
        return;
    }
    if (element == 4 && inner->out == 4 && inner->size >= SHORT) {
        for (size_t i = 0; i < outer->size; i++, in += outer->in, out += outer->out)
            kernels->stride_u32(inner->size, (const uint32_t *)in, inner->in / 4, (uint32_t *)out);
        return;
    }
    switch (element) {
    case 1: copy_plane_of(1, outer, inner, in, out); break;
    case 2: copy_plane_of(2, outer, inner, in, out); break;
    case 4: copy_plane_of(4, outer, inner, in, out); break;
    case 8: copy_plane_of(8, outer, inner, in, out); break;
    default: copy_plane_of(16, outer, inner, in, out); break;
    }
}

/* Fills dimensions (outermost first) and *rank from the descriptor; *bytes is the size of the output. */
static enum lw_status simplify(const struct lw_copy *copy, struct lw_problem *problem, struct dimension *dimensions,
                               size_t *rank, size_t *bytes) {
    const size_t element = copy->element_bytes;
    size_t factors[LW_MAX_RANK + 1] = {element};
    for (size_t d = 0; d < copy->rank; d++) factors[d + 1] = copy->shape[d];
    if (!lw_product(factors, copy->rank + (size_t)1, bytes)) return lw_too_large(problem, "output");
    *rank = 0;
    if (*bytes == 0) return LW_OK;

    for (size_t d = 0; d < copy->rank; d++) {
        const ptrdiff_t in = copy->input_strides[d], out = copy->output_strides[d];
        if (copy->shape[d] == 1) continue;
        if (out == 0) return lw_wrong(problem, LW_BAD_SHAPE, "output_strides", "not 0");
        if (magnitude(in) > PTRDIFF_MAX / element) return lw_too_large(problem, "input_strides");
        if (magnitude(out) > PTRDIFF_MAX / element) return lw_too_large(problem, "output_strides");
        const struct dimension new = {copy->shape[d], in * (ptrdiff_t)element, out * (ptrdiff_t)element};
        size_t i = (*rank)++;
        for (; i > 0 && magnitude(dimensions[i - 1].out) < magnitude(new.out); i--) dimensions[i] = dimensions[i - 1];
        dimensions[i] = new;
    }

    /* Merge; unsigned multiplication, since a product that overflows is only ever compared. */
    size_t merged = 0;
    for (size_t d = 1; d < *rank; d++) {
        struct dimension *outer = &dimensions[merged], inner = dimensions[d];
        if ((size_t)outer->in == inner.size * (size_t)inner.in &&
            (size_t)outer->out == inner.size * (size_t)inner.out) {
            *outer = (struct dimension){outer->size * inner.size, inner.in, inner.out};
        } else {
            dimensions[++merged] = inner;
        }
    }
    if (*rank) *rank = merged + 1;
    return LW_OK;
}

static enum lw_status check(const struct lw_context *context, const struct lw_copy *copy, struct lw_problem *problem,
                            struct dimension *dimensions, size_t *rank, size_t *bytes) {
    enum lw_status status = lw_check(context, copy, sizeof *copy, problem);
    if (status != LW_OK) return status;
    status = lw_element_check(copy->element_bytes, problem);
    if (status != LW_OK) return status;
    if (copy->rank > LW_MAX_RANK) return lw_wrong(problem, LW_BAD_SHAPE, "rank", "LW_MAX_RANK at most");
    return simplify(copy, problem, dimensions, rank, bytes);
}

enum lw_status lw_copy_validate(const struct lw_context *context, const struct lw_copy *op,
                                struct lw_problem *problem) {
    struct dimension dimensions[LW_MAX_RANK];
    size_t rank, bytes;
    return check(context, op, problem, dimensions, &rank, &bytes);
}

/* Planes are cut along the longer of their dimensions into pieces of so many indices. */
enum { PIECE = 64 };

struct run {
    const struct lw_kernels *kernels;
    size_t element, rank;
    const struct dimension *dimensions; /* (rank) outside of the planes */
    struct dimension outer, inner;      /* of a plane */
    bool along;                         /* pieces are cut along inner */
    size_t pieces;                      /* of a plane */
    const char *input;
    char *output;
};

/* The pieces [begin, end) of all planes; those of one plane that follow one another are one. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct dimension *dimensions = run->dimensions;
    size_t index[LW_MAX_RANK] = {0}, piece = 0;
    const char *in = run->input;
    char *out = run->output;
    if (begin) {
        size_t plane = begin / run->pieces;
        piece = begin % run->pieces;
        for (size_t d = run->rank; d-- > 0; plane /= dimensions[d].size) {
            index[d] = plane % dimensions[d].size;
            in += (ptrdiff_t)index[d] * dimensions[d].in;
            out += (ptrdiff_t)index[d] * dimensions[d].out;
        }
    }
    for (;;) {
        const size_t left = run->pieces - piece, pieces = left < end - begin ? left : end - begin;
        struct dimension outer = run->outer, inner = run->inner, *cut = run->along ? &inner : &outer;
        const size_t first = piece * PIECE;
        cut->size = pieces == left ? cut->size - first : pieces * PIECE;
        copy_plane(run->kernels, run->element, &outer, &inner, in + (ptrdiff_t)first * cut->in,
                   out + (ptrdiff_t)first * cut->out);
        begin += pieces;
        if (begin == end) return;
        piece = 0;
        size_t d = run->rank - 1;
        for (; index[d] + 1 == dimensions[d].size; d--) {
            in -= (ptrdiff_t)index[d] * dimensions[d].in;
            out -= (ptrdiff_t)index[d] * dimensions[d].out;
            index[d] = 0;
        }
        index[d]++;
        in += dimensions[d].in;
        out += dimensions[d].out;
    }
}

enum lw_status lw_copy_run(const struct lw_context *context, const struct lw_copy *copy, const void *input,
                           void *output) {
    struct dimension dimensions[LW_MAX_RANK];
    size_t rank, bytes;
    const enum lw_status status = check(context, copy, NULL, dimensions, &rank, &bytes);
    if (status != LW_OK) return status;
    size_t element = copy->element_bytes;
    if (bytes == 0) return LW_OK;
    if (!input || !output) return LW_NULL_POINTER;

    if (element >= 4 && rank >= 1) {
        const struct dimension last = dimensions[rank - 1];
        const size_t together = element * last.size;
        if (last.in == (ptrdiff_t)element && last.out == last.in && (together == 8 || together == 16)) {
            element = together;
            rank--;
        }
    }

    /* A plane needs two dimensions; one or none gets dimensions of size 1. */
    struct dimension outer = {1, 0, 0}, inner = {1, (ptrdiff_t)element, (ptrdiff_t)element};
    if (rank >= 1) inner = dimensions[--rank];
    if (rank >= 1) outer = dimensions[--rank];

    /* A transpose may have its other dimension further out: NHWC to NCHW with H and W apart, say. */
    if (inner.in != (ptrdiff_t)element && magnitude(outer.in) != element) {
        for (size_t d = 0; d < rank; d++) {
            if (magnitude(dimensions[d].in) == element) {
                const struct dimension swapped = dimensions[d];
                dimensions[d] = outer;
                outer = swapped;
            }
        }
    }

    struct run run = {&context->kernels,       element, rank,  dimensions, outer, inner,
                      inner.size > outer.size, 0,       input, output};
    const size_t longer = run.along ? inner.size : outer.size, shorter = run.along ? outer.size : inner.size;
    run.pieces = (longer - 1) / PIECE + 1;
    size_t pieces = run.pieces;
    for (size_t d = 0; d < rank; d++) pieces *= dimensions[d].size;
    return lw_parallel(context, pieces, (longer < PIECE ? longer : PIECE) * shorter * element / 32, run_part, &run);
}
