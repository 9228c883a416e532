/* SPDX-License-Identifier: MIT */
/*
 * Scatters slices of updates (batch, count, slice) over an output (batch, shape..., slice):
 *   output[b][indices[b][i][0]][indices[b][i][1]]... = or += updates[b][i], i ascending.
 *
 * Indices (batch, count, index_rank) are checked before the first slice is written. Long rows are added by the elementwise
 * kernel of two operands; short ones here, for they cost less than a call.
 */
#include "kernels/operator.h"

const struct lw_kernel_set *const lw_scatter_sets[] = {&lw_binary_set, &lw_fold_set, NULL};

enum { LONG_ROW = 16 };

/* What one batch needs. update_step: slices from one update to the next, 0 or 1. */
struct part {
    const struct lw_scatter *op;
    const int32_t *indices;
    size_t update_step;
};

/* The flat index of update i; false when it is out of range. rank is a constant 1 where it is. */
static inline __attribute__((always_inline)) bool locate(const struct part *p, size_t rank, size_t i, size_t *slice) {
    return lw_locate(rank, p->op->shape, p->indices + i * rank, slice);
}

/* slice_bytes is a constant where it is small. */
static inline __attribute__((always_inline)) void set(const struct part *p, size_t rank, size_t slice_bytes,
                                                      const char *updates, char *out) {
    for (size_t i = 0; i < p->op->count; i++) {
        size_t slice;
        if (locate(p, rank, i, &slice))
            lw_copy_bytes(slice_bytes, updates + i * p->update_step * slice_bytes, out + slice * slice_bytes);
    }
}

/* Rows of n floats. rank and n are constants where both are 1. */
static inline __attribute__((always_inline)) void add_f32(const struct lw_context *context, const struct part *p,
                                                          size_t rank, size_t n, const float *updates, float *out) {
    for (size_t i = 0; i < p->op->count; i++) {
        size_t slice;
        if (!locate(p, rank, i, &slice)) continue;
        const float *x = updates + i * p->update_step * n;
        float *y = out + slice * n;
        if (n >= LONG_ROW)
            context->kernels.binary_f32[LW_BINARY_ADD](n, y, 1, x, 1, y);
        else
            for (size_t j = 0; j < n; j++) y[j] += x[j];
    }
}

static inline __attribute__((always_inline)) void add_i32(const struct lw_context *context, const struct part *p,
                                                          size_t rank, size_t n, const int32_t *updates, int32_t *out) {
    for (size_t i = 0; i < p->op->count; i++) {
        size_t slice;
        if (!locate(p, rank, i, &slice)) continue;
        const int32_t *x = updates + i * p->update_step * n;
        int32_t *y = out + slice * n;
        if (n >= LONG_ROW)
            context->kernels.binary_i32[LW_BINARY_ADD](n, y, 1, x, 1, y);
        else
            for (size_t j = 0; j < n; j++) y[j] = (int32_t)((uint32_t)y[j] + (uint32_t)x[j]);
    }
}

/* One batch. Single elements by single numbers have loops of their own. */
static void scatter(const struct lw_context *context, const struct part *p, size_t element, const void *updates,
                    void *out) {
    const struct lw_scatter *op = p->op;
    const size_t rank = op->index_rank, slice_bytes = op->slice * element;
    const bool single = rank == 1 && op->slice == 1;
    if (op->op == LW_SCATTER_ADD && op->type == LW_FLOAT32) {
        if (single)
            add_f32(context, p, 1, 1, updates, out);
        else
            add_f32(context, p, rank, op->slice, updates, out);
    } else if (op->op == LW_SCATTER_ADD) {
        if (single)
            add_i32(context, p, 1, 1, updates, out);
        else
            add_i32(context, p, rank, op->slice, updates, out);
    } else if (slice_bytes == 4) {
        if (rank == 1)
            set(p, 1, 4, updates, out);
        else
            set(p, rank, 4, updates, out);
    } else if (slice_bytes == 1) {
        set(p, rank, 1, updates, out);
    } else {
        set(p, rank, slice_bytes, updates, out);
    }
}

/* Whether all `updates` indices are in range. */
static bool all_inside(const struct lw_context *context, const struct lw_scatter *op, size_t updates,
                       const int32_t *indices) {
    if (op->index_rank == 1) {
        const int32_t least = context->kernels.fold_i32[LW_K_FOLD_MIN](updates, indices);
        const int32_t most = context->kernels.fold_i32[LW_K_FOLD_MAX](updates, indices);
        return updates == 0 || (least >= 0 && (uint32_t)most < op->shape[0]);
    }
    for (size_t i = 0; i < updates; i++) {
        size_t slice;
        if (!lw_locate(op->index_rank, op->shape, indices + i * op->index_rank, &slice)) return false;
    }
    return true;
}

struct bytes {
    size_t batch, output, indices; /* of one batch of the output, of all of it, and of the indices */
};

static enum lw_status check(const struct lw_context *context, const struct lw_scatter *op, struct lw_problem *problem,
                            struct bytes *bytes) {
    const enum lw_status status = lw_check(context, op, sizeof *op, problem);
    if (status != LW_OK) return status;
    if (op->op > LW_SCATTER_ADD) return lw_wrong(problem, LW_BAD_ENUM, "op", "one of enum lw_scatter_op");
    if (op->type > LW_BOOL) return lw_wrong(problem, LW_BAD_ENUM, "type", "one of enum lw_type");
    if (op->skip > 1 || op->repeat > 1)
        return lw_wrong(problem, LW_BAD_ENUM, op->skip > 1 ? "skip" : "repeat", "0 or 1");
    if (op->op == LW_SCATTER_ADD && op->type == LW_BOOL)
        return lw_wrong(problem, LW_UNSUPPORTED, "type", "LW_FLOAT32 or LW_INT32 for LW_SCATTER_ADD");
    if (op->index_rank == 0 || op->index_rank > LW_MAX_RANK)
        return lw_wrong(problem, LW_BAD_SHAPE, "index_rank", "1 to LW_MAX_RANK");

    const size_t element = op->type == LW_BOOL ? 1 : 4;
    size_t factors[LW_MAX_RANK + 2], update_bytes;
    for (size_t d = 0; d < op->index_rank; d++) factors[d] = op->shape[d];
    factors[op->index_rank] = op->slice;
    factors[op->index_rank + 1] = element;
    if (!lw_product(factors, op->index_rank + (size_t)2, &bytes->batch) ||
        !lw_product((const size_t[]){bytes->batch, op->batch}, 2, &bytes->output))
        return lw_too_large(problem, "output");
    if (!lw_product((const size_t[]){op->slice, element, op->repeat ? 1 : op->count, op->repeat ? 1 : op->batch}, 4,
                    &update_bytes))
        return lw_too_large(problem, "updates");
    if (!lw_product((const size_t[]){op->batch, op->count, op->index_rank, sizeof(int32_t)}, 4, &bytes->indices))
        return lw_too_large(problem, "indices");
    return LW_OK;
}

enum lw_status lw_scatter_validate(const struct lw_context *context, const struct lw_scatter *op,
                                   struct lw_problem *problem) {
    struct bytes bytes;
    return check(context, op, problem, &bytes);
}

enum lw_status lw_scatter_run(const struct lw_context *context, const struct lw_scatter *op, const int32_t *indices,
                              const void *updates, void *output) {
    struct bytes bytes;
    const enum lw_status status = check(context, op, NULL, &bytes);
    if (status != LW_OK) return status;
    const size_t element = op->type == LW_BOOL ? 1 : 4;
    if (bytes.indices && !indices) return LW_NULL_POINTER;

    if (!op->skip && !all_inside(context, op, op->batch * op->count, indices)) return LW_BAD_INDEX;
    if (bytes.output == 0 || op->count == 0) return LW_OK;
    if (!updates || !output) return LW_NULL_POINTER;

    const char *from = updates;
    char *out = output;
    struct part part = {op, indices, op->repeat ? 0 : 1};
    for (size_t b = 0; b < op->batch; b++) {
        scatter(context, &part, element, from, out);
        part.indices += op->count * op->index_rank;
        from += part.update_step * op->count * op->slice * element;
        out += bytes.batch;
    }
    return LW_OK;
}
