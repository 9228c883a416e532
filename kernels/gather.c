/* SPDX-License-Identifier: MIT */
/* Gathers along one dimension: output[b][o][i] = params[b][o][indices[b][i]], slices of slice_bytes bytes. All indices
 * are checked before the first slice is written. */
#include "kernels/operator.h"

/* Copies one row of slices, whose indices are in range. slice_bytes is a constant where it is small. */
static inline __attribute__((always_inline)) void copy_slices(size_t count, size_t slice_bytes, const char *params,
                                                              const int32_t *indices, char *out) {
    for (size_t i = 0; i < count; i++)
        lw_copy_bytes(slice_bytes, params + (size_t)indices[i] * slice_bytes, out + i * slice_bytes);
}

enum lw_status lw_gather_run(const struct lw_context *context, const struct lw_gather *gather,
                             const void *params,     /* (batch, outer, size, slice_bytes) */
                             const int32_t *indices, /* (batch, count) */
                             void *output)           /* (batch, outer, count, slice_bytes) */
{
    if (!context || !gather) return LW_NULL_POINTER;
    if (gather->struct_bytes != sizeof *gather) return LW_BAD_STRUCT_BYTES;
    const size_t slice = gather->slice_bytes;
    size_t params_bytes, index_bytes, output_bytes;
    if (!lw_product((const size_t[]){gather->batch, gather->outer, gather->size, slice}, 4, &params_bytes) ||
        !lw_product((const size_t[]){gather->batch, gather->count, sizeof *indices}, 3, &index_bytes) ||
        !lw_product((const size_t[]){gather->batch, gather->outer, gather->count, slice}, 4, &output_bytes))
        return LW_TOO_LARGE;
    if (index_bytes && !indices) return LW_NULL_POINTER;
    for (size_t i = 0; i < gather->batch * gather->count; i++)
        if (indices[i] < 0 || (uint32_t)indices[i] >= gather->size) return LW_BAD_INDEX;
    if (output_bytes == 0) return LW_OK;
    if (!params || !output) return LW_NULL_POINTER;

    const char *from = params;
    char *out = output;
    for (size_t b = 0; b < gather->batch; b++, indices += gather->count) {
        for (size_t o = 0; o < gather->outer; o++, from += gather->size * slice, out += gather->count * slice) {
            switch (slice) {
            case 1: copy_slices(gather->count, 1, from, indices, out); break;
            case 4: copy_slices(gather->count, 4, from, indices, out); break;
            case 8: copy_slices(gather->count, 8, from, indices, out); break;
            case 16: copy_slices(gather->count, 16, from, indices, out); break;
            default: copy_slices(gather->count, slice, from, indices, out); break;
            }
        }
    }
    return LW_OK;
}
