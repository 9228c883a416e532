/* SPDX-License-Identifier: MIT */
/* Gathers slices of params. All indices are checked before the first slice is written. */
#include "kernels/operator.h"

#include <string.h>

/* Copies slices that are known to be in range. slice_bytes is a constant where it is small. */
static inline __attribute__((always_inline)) void copy_slices(const struct lw_gather_nd *gather, size_t slice_bytes,
                                                              const char *params, const int32_t *indices, char *out) {
    for (size_t i = 0; i < gather->count; i++) {
        size_t slice;
        lw_locate(gather->index_rank, gather->params_shape, indices + i * gather->index_rank, &slice);
        memcpy(out + i * slice_bytes, params + slice * slice_bytes, slice_bytes);
    }
}

static enum lw_status check(const struct lw_context *context, const struct lw_gather_nd *gather,
                            struct lw_problem *problem, size_t *index_bytes) {
    const enum lw_status status = lw_check(context, gather, sizeof *gather, problem);
    if (status != LW_OK) return status;
    if (gather->index_rank > LW_MAX_RANK) return lw_wrong(problem, LW_BAD_SHAPE, "index_rank", "LW_MAX_RANK at most");
    size_t factors[LW_MAX_RANK + 1], bytes;
    for (size_t d = 0; d < gather->index_rank; d++) factors[d] = gather->params_shape[d];
    factors[gather->index_rank] = gather->slice_bytes;
    if (!lw_product(factors, gather->index_rank + (size_t)1, &bytes)) return lw_too_large(problem, "params");
    if (!lw_product((const size_t[]){gather->count, gather->slice_bytes}, 2, &bytes))
        return lw_too_large(problem, "output");
    if (!lw_product((const size_t[]){gather->count, gather->index_rank, sizeof(int32_t)}, 3, index_bytes))
        return lw_too_large(problem, "indices");
    return LW_OK;
}

enum lw_status lw_gather_nd_validate(const struct lw_context *context, const struct lw_gather_nd *op,
                                     struct lw_problem *problem) {
    size_t index_bytes;
    return check(context, op, problem, &index_bytes);
}

enum lw_status lw_gather_nd_run(const struct lw_context *context, const struct lw_gather_nd *gather, const void *params,
                                const int32_t *indices, void *output) {
    size_t index_bytes;
    const enum lw_status status = check(context, gather, NULL, &index_bytes);
    if (status != LW_OK) return status;
    if (index_bytes && !indices) return LW_NULL_POINTER;

    for (size_t i = 0; i < gather->count; i++) {
        size_t slice;
        const int32_t *index = gather->index_rank ? indices + i * gather->index_rank : NULL;
        if (!lw_locate(gather->index_rank, gather->params_shape, index, &slice)) return LW_BAD_INDEX;
    }
    if (gather->count == 0 || gather->slice_bytes == 0) return LW_OK;
    if (!params || !output) return LW_NULL_POINTER;

    switch (gather->slice_bytes) {
    case 1: copy_slices(gather, 1, params, indices, output); break;
    case 4: copy_slices(gather, 4, params, indices, output); break;
    case 8: copy_slices(gather, 8, params, indices, output); break;
    case 16: copy_slices(gather, 16, params, indices, output); break;
    default: copy_slices(gather, gather->slice_bytes, params, indices, output); break;
    }
    return LW_OK;
}
