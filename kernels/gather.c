/* SPDX-License-Identifier: MIT */
/* Gathers along one dimension: output[b][o][i] = params[b][o][indices[b][i]], slices of slice_bytes bytes. All indices
 * are checked before the first slice is written. */
#include "kernels/operator.h"
#include "kernels/parallel.h"

/* Copies one row of slices, whose indices are in range. slice_bytes is a constant where it is small. */
static inline __attribute__((always_inline)) void copy_slices(size_t count, size_t slice_bytes, const char *params,
                                                              const int32_t *indices, char *out) {
    for (size_t i = 0; i < count; i++)
        lw_copy_bytes(slice_bytes, params + (size_t)indices[i] * slice_bytes, out + i * slice_bytes);
}

/* The sizes in bytes of the three tensors. */
struct bytes {
    size_t params, indices, output;
};

static enum lw_status check(const struct lw_context *context, const struct lw_gather *gather,
                            struct lw_problem *problem, struct bytes *bytes) {
    const enum lw_status status = lw_check(context, gather, sizeof *gather, problem);
    if (status != LW_OK) return status;
    const size_t slice = gather->slice_bytes;
    if (!lw_product((const size_t[]){gather->batch, gather->outer, gather->size, slice}, 4, &bytes->params))
        return lw_too_large(problem, "params");
    if (!lw_product((const size_t[]){gather->batch, gather->count, sizeof(int32_t)}, 3, &bytes->indices))
        return lw_too_large(problem, "indices");
    if (!lw_product((const size_t[]){gather->batch, gather->outer, gather->count, slice}, 4, &bytes->output))
        return lw_too_large(problem, "output");
    return LW_OK;
}

enum lw_status lw_gather_validate(const struct lw_context *context, const struct lw_gather *op,
                                  struct lw_problem *problem) {
    struct bytes bytes;
    return check(context, op, problem, &bytes);
}

struct run {
    const struct lw_gather *gather;
    const char *params;
    const int32_t *indices;
    char *output;
};

/* The slices [begin, end) of the output. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const size_t slice = run->gather->slice_bytes, size = run->gather->size, all = run->gather->count;
    const size_t outer = run->gather->outer;
    size_t row = begin / all, first = begin % all; /* a row is of one batch and one of outer */
    for (size_t i = begin, count; i < end; i += count, row++, first = 0) {
        count = all - first < end - i ? all - first : end - i;
        const char *from = run->params + row * size * slice;
        const int32_t *indices = run->indices + row / outer * all + first;
        char *out = run->output + i * slice;
        switch (slice) {
        case 1: copy_slices(count, 1, from, indices, out); break;
        case 4: copy_slices(count, 4, from, indices, out); break;
        case 8: copy_slices(count, 8, from, indices, out); break;
        case 16: copy_slices(count, 16, from, indices, out); break;
        default: copy_slices(count, slice, from, indices, out); break;
        }
    }
}

enum lw_status lw_gather_run(const struct lw_context *context, const struct lw_gather *gather,
                             const void *params,     /* (batch, outer, size, slice_bytes) */
                             const int32_t *indices, /* (batch, count) */
                             void *output)           /* (batch, outer, count, slice_bytes) */
{
    struct bytes bytes;
    const enum lw_status status = check(context, gather, NULL, &bytes);
    if (status != LW_OK) return status;
    const size_t slice = gather->slice_bytes;
    if (bytes.indices && !indices) return LW_NULL_POINTER;
    for (size_t i = 0; i < gather->batch * gather->count; i++)
        if (indices[i] < 0 || (uint32_t)indices[i] >= gather->size) return LW_BAD_INDEX;
    if (bytes.output == 0) return LW_OK;
    if (!params || !output) return LW_NULL_POINTER;

    struct run run = {gather, params, indices, output};
    return lw_parallel(context, (size_t)gather->batch * gather->outer * gather->count, slice / 32 + 1, run_part, &run);
}
