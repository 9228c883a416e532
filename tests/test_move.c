/* SPDX-License-Identifier: MIT */
/* Moving data: the slots transpose, stride, pixels; the operators copy, pad, pixels, gather, gather_nd; and what every
 * program starts with: contexts, tiers, status texts. */
#include <math.h>
#include <string.h>

#include "kernels/sets.h"
#include "tests/rows.h"

/* n bytes at random, sealed. */
static uint8_t *random_bytes(struct lw_test *t, size_t n) {
    uint8_t *x = lw_test_buffer(t, n);
    for (size_t i = 0; i < n; i++) x[i] = (uint8_t)lw_test_u32(t);
    lw_test_seal(t, x);
    return x;
}

/* ---- Copy ---- */

/* Copies by the definition: each element at its index times the strides. */
static void copy_oracle(const struct lw_copy *d, const uint8_t *in, uint8_t *out) {
    size_t n = 1;
    for (uint32_t r = 0; r < d->rank; r++) n *= d->shape[r];
    for (size_t i = 0; i < n; i++) {
        ptrdiff_t from = 0, to = 0;
        size_t rest = i;
        for (uint32_t r = d->rank; r-- > 0; rest /= d->shape[r]) {
            const ptrdiff_t index = (ptrdiff_t)(rest % d->shape[r]);
            from += index * d->input_strides[r];
            to += index * d->output_strides[r];
        }
        memcpy(out + to * (ptrdiff_t)d->element_bytes, in + from * (ptrdiff_t)d->element_bytes, d->element_bytes);
    }
}

/* Strides of an array whose dimensions lie in memory in a random order, with gaps and some of them reversed. Returns
 * how many elements it spans; *start is the element at index 0. repeat lets strides be 0. */
static size_t random_strides(struct lw_test *t, uint32_t rank, const uint32_t *shape, bool plain, bool repeat,
                             ptrdiff_t *strides, size_t *start) {
    uint32_t order[LW_MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) order[i] = i;
    for (uint32_t i = 0; i < rank && !plain; i++) {
        const uint32_t other = (uint32_t)lw_test_range(t, 0, rank - 1), keep = order[i];
        order[i] = order[other];
        order[other] = keep;
    }
    size_t span = 1;
    *start = 0;
    for (uint32_t i = rank; i-- > 0;) {
        const uint32_t d = order[i];
        if (repeat && lw_test_u32(t) % 4 == 0) {
            strides[d] = 0;
            continue;
        }
        const size_t stride = span + (plain || lw_test_u32(t) % 4 ? 0 : lw_test_range(t, 0, 3));
        strides[d] = (ptrdiff_t)stride;
        if (shape[d] == 0) continue;
        if (!plain && lw_test_u32(t) % 5 == 0) {
            strides[d] = -(ptrdiff_t)stride;
            *start += (shape[d] - 1) * stride;
        }
        span += (shape[d] - 1) * stride;
    }
    return span;
}

static void check_copy(struct lw_test *t) {
    for (int round = 0; round < 1200; round++) {
        struct lw_copy d = {.struct_bytes = sizeof d, .element_bytes = 1u << (round % 5)};
        d.rank = (uint32_t)lw_test_range(t, 0, round % 9 ? 4 : LW_MAX_RANK);
        const size_t most = d.rank < 3 ? 80 : d.rank < 5 ? 12 : 3;
        for (uint32_t i = 0; i < d.rank; i++) d.shape[i] = (uint32_t)lw_test_range(t, round % 40 ? 1 : 0, most);
        size_t in_start, out_start;
        const size_t in_span =
            random_strides(t, d.rank, d.shape, round % 3 == 0, round % 4 == 1, d.input_strides, &in_start);
        const size_t out_span = random_strides(t, d.rank, d.shape, round % 3 == 1, false, d.output_strides, &out_start);
        const uint8_t *in = random_bytes(t, in_span * d.element_bytes);
        uint8_t *got = lw_test_buffer(t, out_span * d.element_bytes);
        uint8_t *want = lw_test_buffer(t, out_span * d.element_bytes); /* both 0xA5 where nothing is copied */
        copy_oracle(&d, in + in_start * d.element_bytes, want + out_start * d.element_bytes);
        lw_test_true(lw_copy_run(t->tested, &d, in + in_start * d.element_bytes, got + out_start * d.element_bytes) ==
                         LW_OK,
                     "copy");
        lw_test_same_bytes("copy", want, got, out_span * d.element_bytes);
    }

    const uint8_t *in = random_bytes(t, 64);
    uint8_t *untouched = lw_test_buffer(t, 64);
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    struct lw_copy d = {.struct_bytes = sizeof d,
                        .element_bytes = 4,
                        .rank = 2,
                        .shape = {2, 3},
                        .input_strides = {3, 1},
                        .output_strides = {1, 2}};
    lw_test_true(lw_copy_run(NULL, &d, in, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_copy_run(c, NULL, in, untouched) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_copy_run(c, &d, NULL, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_copy_run(c, &d, in, NULL) == LW_NULL_POINTER, "no output");
    struct lw_copy wrong = d;
    wrong.struct_bytes++;
    lw_test_true(lw_copy_run(c, &wrong, in, untouched) == LW_BAD_STRUCT_BYTES, "struct_bytes");
    wrong = d;
    wrong.rank = LW_MAX_RANK + 1;
    lw_test_true(lw_copy_run(c, &wrong, in, untouched) == LW_BAD_SHAPE, "rank");
    wrong = d;
    wrong.output_strides[0] = 0;
    lw_test_true(lw_copy_run(c, &wrong, in, untouched) == LW_BAD_SHAPE, "output stride 0");
    const uint32_t bad_bytes[] = {0, 3, 5, 32};
    for (size_t i = 0; i < 4; i++) {
        wrong = d;
        wrong.element_bytes = bad_bytes[i];
        lw_test_true(lw_copy_run(c, &wrong, in, untouched) == LW_BAD_SHAPE, "element_bytes %u", (unsigned)bad_bytes[i]);
    }
    wrong = d;
    wrong.input_strides[1] = PTRDIFF_MAX;
    lw_test_true(lw_copy_run(c, &wrong, in, untouched) == LW_TOO_LARGE, "stride");
    wrong = d;
    wrong.rank = 3;
    wrong.shape[0] = wrong.shape[1] = wrong.shape[2] = UINT32_MAX;
    lw_test_true(lw_copy_run(c, &wrong, in, untouched) == LW_TOO_LARGE, "shape");
    wrong = d;
    wrong.shape[0] = 0;
    lw_test_true(lw_copy_run(c, &wrong, NULL, NULL) == LW_OK, "empty");
}

/* ---- Transpose: the slot ---- */

static void check_transpose(struct lw_test *t) {
    for (int round = 0; round < 400; round++) {
        const size_t rows = lw_test_range(t, 0, round % 3 ? 9 : 70), columns = lw_test_range(t, 0, round % 5 ? 9 : 40);
        const size_t apart = columns + lw_test_range(t, 0, 3), out_step = rows + lw_test_range(t, 0, 3);
        const size_t in_step = round % 7 ? apart : 512; /* such rows share sets of the cache */
        const size_t in_span = rows && columns ? (rows - 1) * in_step + columns : 0;
        const size_t out_span = rows && columns ? (columns - 1) * out_step + rows : 0;
        const uint32_t *in = (const uint32_t *)random_bytes(t, in_span * sizeof *in);
        uint32_t *got = lw_test_buffer(t, out_span * sizeof *got), *want = lw_test_buffer(t, out_span * sizeof *want);
        /* Either side may go backwards: it then starts at its last row. */
        const bool up = round % 4 == 1, back = round % 4 == 2;
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                want[(back ? columns - 1 - j : j) * out_step + i] = in[(up ? rows - 1 - i : i) * in_step + j];
        t->tested->kernels.transpose_u32(rows, columns, in + (up && in_span ? (rows - 1) * in_step : 0),
                                         up ? -(ptrdiff_t)in_step : (ptrdiff_t)in_step,
                                         got + (back && out_span ? (columns - 1) * out_step : 0),
                                         back ? -(ptrdiff_t)out_step : (ptrdiff_t)out_step);
        lw_test_same_bytes("transpose", want, got, out_span * sizeof *got);
    }
}

static void check_transpose_u8(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        const size_t rows = lw_test_range(t, 0, round % 3 ? 20 : 150),
                     columns = lw_test_range(t, 0, round % 5 ? 20 : 80);
        const size_t in_step = columns + lw_test_range(t, 0, 3), out_step = rows + lw_test_range(t, 0, 3);
        const size_t in_span = rows && columns ? (rows - 1) * in_step + columns : 0;
        const size_t out_span = rows && columns ? (columns - 1) * out_step + rows : 0;
        const uint8_t *in = random_bytes(t, in_span);
        uint8_t *got = lw_test_buffer(t, out_span), *want = lw_test_buffer(t, out_span);
        const bool up = round % 4 == 1, back = round % 4 == 2; /* as above */
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                want[(back ? columns - 1 - j : j) * out_step + i] = in[(up ? rows - 1 - i : i) * in_step + j];
        t->tested->kernels.transpose_u8(rows, columns, in + (up && in_span ? (rows - 1) * in_step : 0),
                                        up ? -(ptrdiff_t)in_step : (ptrdiff_t)in_step,
                                        got + (back && out_span ? (columns - 1) * out_step : 0),
                                        back ? -(ptrdiff_t)out_step : (ptrdiff_t)out_step);
        lw_test_same_bytes("transpose", want, got, out_span);
    }
}

static void check_stride(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        const size_t n = lw_test_range(t, 0, 40), step = round % 4 ? lw_test_range(t, 0, 2) : lw_test_range(t, 0, 9);
        const bool back = round % 3 == 1;
        const size_t span = n ? (n - 1) * step + 1 : 0;
        const uint32_t *in = (const uint32_t *)random_bytes(t, span * sizeof *in);
        uint32_t *got = lw_test_buffer(t, n * sizeof *got), *want = lw_test_buffer(t, n * sizeof *want);
        for (size_t i = 0; i < n; i++) want[i] = in[(back ? n - 1 - i : i) * step];
        t->tested->kernels.stride_u32(n, in + (back && n ? (n - 1) * step : 0),
                                      back ? -(ptrdiff_t)step : (ptrdiff_t)step, got);
        lw_test_same_bytes("stride", want, got, n * sizeof *got);
    }
}

/* ---- Pixels: the slot, through its operator ---- */

static void check_pixels(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 200; round++) {
        const uint32_t channels = 1 + (uint32_t)round % 4;
        const size_t n = lw_test_range(t, 0, round % 3 ? 9 : 70);
        const uint8_t *rgba = random_bytes(t, 4 * n);
        int32_t *got = lw_test_buffer(t, n * channels * sizeof *got);
        int32_t *want = lw_test_buffer(t, n * channels * sizeof *want);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < channels; k++) want[i * channels + k] = rgba[4 * i + k];
        lw_test_true(lw_pixels_run(c, n, channels, rgba, got) == LW_OK, "pixels");
        lw_test_same_bytes("pixels", want, got, n * channels * sizeof *got);

        uint8_t *last = (uint8_t *)(got + n * channels) - 4 * n;
        memcpy(last, rgba, 4 * n);
        lw_test_true(lw_pixels_run(c, n, channels, last, got) == LW_OK, "pixels in place");
        lw_test_same_bytes("pixels in place", want, got, n * channels * sizeof *got);
    }
    const uint8_t *in = random_bytes(t, 16);
    int32_t *untouched = lw_test_buffer(t, 64);
    lw_test_seal(t, untouched);
    lw_test_true(lw_pixels_run(NULL, 4, 4, in, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_pixels_run(c, 4, 4, NULL, untouched) == LW_NULL_POINTER, "no pixels");
    lw_test_true(lw_pixels_run(c, 4, 4, in, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_pixels_run(c, 4, 0, in, untouched) == LW_BAD_SHAPE, "no channels");
    lw_test_true(lw_pixels_run(c, 4, 5, in, untouched) == LW_BAD_SHAPE, "channels");
    lw_test_true(lw_pixels_run(c, SIZE_MAX / 8, 1, in, untouched) == LW_TOO_LARGE, "too large");
    lw_test_true(lw_pixels_run(c, 0, 3, NULL, NULL) == LW_OK, "empty");
}

/* ---- Pad ---- */

static void check_pad(struct lw_test *t) {
    for (int round = 0; round < 500; round++) {
        struct lw_pad d = {.struct_bytes = sizeof d, .element_bytes = 1u << (round % 5)};
        d.rank = (uint32_t)lw_test_range(t, 0, round % 9 ? 4 : LW_MAX_RANK);
        size_t in_n = 1, out_n = 1;
        uint32_t out_shape[LW_MAX_RANK];
        d.mode = (uint32_t)lw_test_range(t, 0, 2);
        const size_t repeats = d.mode == LW_PAD_SYMMETRIC; /* of the mirrored border */
        for (uint32_t i = 0; i < d.rank; i++) {
            d.shape[i] = (uint32_t)lw_test_range(t, round % 20 ? 1 : 0, d.rank > 4 ? 2 : 7);
            size_t most = d.rank > 4 ? 1 : 3;
            if (d.mode != LW_PAD_CONSTANT && most + 1 > d.shape[i] + repeats)
                most = d.shape[i] ? d.shape[i] + repeats - 1 : 0;
            if (lw_test_u32(t) % 2) d.before[i] = (uint32_t)lw_test_range(t, 0, most);
            if (lw_test_u32(t) % 2) d.after[i] = (uint32_t)lw_test_range(t, 0, most);
            in_n *= d.shape[i];
            out_n *= out_shape[i] = d.before[i] + d.shape[i] + d.after[i];
        }
        const size_t e = d.element_bytes;
        const uint8_t *in = random_bytes(t, in_n * e), *value = random_bytes(t, e);
        uint8_t *want = lw_test_buffer(t, out_n * e), *got = lw_test_buffer(t, out_n * e);
        for (size_t i = 0; i < out_n; i++) {
            size_t rest = i, from = 0, step = 1;
            bool inside = true;
            for (uint32_t r = d.rank; r-- > 0; rest /= out_shape[r], step *= d.shape[r]) {
                size_t index = rest % out_shape[r];
                if (d.mode != LW_PAD_CONSTANT) { /* back into the image */
                    const size_t first = d.before[r], last = first + d.shape[r] - 1;
                    if (index < first) index = 2 * first - repeats - index;
                    if (index > last) index = 2 * last + repeats - index;
                }
                inside &= index >= d.before[r] && index < d.before[r] + d.shape[r];
                from += (index - d.before[r]) * step; /* may wrap around; then it isn't used */
            }
            memcpy(want + i * e, inside ? in + from * e : value, e);
        }
        struct lw_sizes sizes;
        lw_test_true(lw_pad_sizes(t->tested, &d, &sizes) == LW_OK && sizes.output_elements == out_n &&
                         sizes.scratch_bytes == 0,
                     "sizes");
        lw_test_true(lw_pad_run(t->tested, &d, in_n ? in : NULL, d.mode ? NULL : value, got) == LW_OK, "pad");
        lw_test_same_bytes("pad", want, got, out_n * e);
    }

    const uint8_t *in = random_bytes(t, 64);
    uint8_t *untouched = lw_test_buffer(t, 64);
    lw_test_seal(t, untouched);
    const struct lw_context *c = t->tested;
    const struct lw_pad d = {.struct_bytes = sizeof d, .element_bytes = 4, .rank = 1, .shape = {2}, .before = {1}};
    struct lw_sizes sizes;
    lw_test_true(lw_pad_run(NULL, &d, in, in, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_pad_run(c, NULL, in, in, untouched) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_pad_run(c, &d, NULL, in, untouched) == LW_NULL_POINTER, "no input");
    lw_test_true(lw_pad_run(c, &d, in, NULL, untouched) == LW_NULL_POINTER, "no value");
    lw_test_true(lw_pad_run(c, &d, in, in, NULL) == LW_NULL_POINTER, "no output");
    lw_test_true(lw_pad_sizes(c, &d, NULL) == LW_NULL_POINTER, "no sizes");
    const struct {
        enum lw_status status;
        struct lw_pad d;
    } wrong[] = {
        {LW_BAD_STRUCT_BYTES, {.struct_bytes = 1, .element_bytes = 4}},
        {LW_BAD_SHAPE, {.struct_bytes = sizeof d, .element_bytes = 3}},
        {LW_BAD_SHAPE, {.struct_bytes = sizeof d, .element_bytes = 4, .rank = LW_MAX_RANK + 1}},
        {LW_BAD_ENUM, {.struct_bytes = sizeof d, .element_bytes = 4, .mode = LW_PAD_SYMMETRIC + 1}},
        {LW_BAD_SHAPE,
         {.struct_bytes = sizeof d, .element_bytes = 4, .rank = 1, .shape = {3}, .after = {3}, .mode = LW_PAD_REFLECT}},
        {LW_BAD_SHAPE,
         {.struct_bytes = sizeof d,
          .element_bytes = 4,
          .rank = 1,
          .shape = {3},
          .before = {4},
          .mode = LW_PAD_SYMMETRIC}},
        {LW_BAD_SHAPE,
         {.struct_bytes = sizeof d, .element_bytes = 4, .rank = 1, .before = {1}, .mode = LW_PAD_REFLECT}},
        {LW_BAD_SHAPE,
         {.struct_bytes = sizeof d, .element_bytes = 1, .rank = 1, .before = {UINT32_MAX}, .mode = LW_PAD_REFLECT}},
        {LW_BAD_SHAPE, /* although nothing is to be mirrored */
         {.struct_bytes = sizeof d,
          .element_bytes = 4,
          .rank = 2,
          .shape = {3, 0},
          .before = {9, 0},
          .mode = LW_PAD_REFLECT}},
        {LW_TOO_LARGE, {.struct_bytes = sizeof d, .element_bytes = 1, .rank = 1, .shape = {UINT32_MAX}, .after = {2}}},
        {LW_TOO_LARGE,
         {.struct_bytes = sizeof d,
          .element_bytes = 16,
          .rank = 3,
          .shape = {1, 1, 1},
          .before = {UINT32_MAX - 2, UINT32_MAX - 2, UINT32_MAX - 2},
          .after = {1, 1, 1}}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lw_test_true(lw_pad_run(c, &wrong[i].d, in, in, untouched) == wrong[i].status, "wrong descriptor %zu", i);
        lw_test_true(lw_pad_sizes(c, &wrong[i].d, &sizes) == wrong[i].status, "wrong descriptor %zu's sizes", i);
    }
}

/* ---- Gather ---- */

static void check_gather_nd(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 300; round++) {
        struct lw_gather_nd d = {.struct_bytes = sizeof d};
        d.index_rank = (uint32_t)lw_test_range(t, 0, round % 9 ? 3 : LW_MAX_RANK);
        d.count = lw_test_range(t, 0, 20);
        d.slice_bytes = round % 3 ? (size_t)1 << lw_test_range(t, 0, 5) : lw_test_range(t, 0, 100);
        size_t slices = 1;
        for (uint32_t i = 0; i < d.index_rank; i++)
            slices *= d.params_shape[i] = (uint32_t)lw_test_range(t, 1, d.index_rank > 3 ? 2 : 6);
        const uint8_t *params = random_bytes(t, slices * d.slice_bytes);
        int32_t *indices = lw_test_buffer(t, d.count * d.index_rank * sizeof *indices);
        uint8_t *want = lw_test_buffer(t, d.count * d.slice_bytes), *got = lw_test_buffer(t, d.count * d.slice_bytes);
        for (size_t i = 0; i < d.count; i++) {
            size_t slice = 0;
            for (uint32_t r = 0; r < d.index_rank; r++) {
                const size_t index = lw_test_range(t, 0, d.params_shape[r] - 1);
                indices[i * d.index_rank + r] = (int32_t)index;
                slice = slice * d.params_shape[r] + index;
            }
            memcpy(want + i * d.slice_bytes, params + slice * d.slice_bytes, d.slice_bytes);
        }
        lw_test_true(lw_gather_nd_run(c, &d, params, indices, got) == LW_OK, "gather");
        lw_test_same_bytes("gather", want, got, d.count * d.slice_bytes);

        if (d.count && d.index_rank) { /* one bad index, anywhere: nothing is written */
            const size_t at = lw_test_range(t, 0, d.count * d.index_rank - 1);
            const int32_t bad[] = {-1, (int32_t)d.params_shape[at % d.index_rank], INT32_MIN, INT32_MAX};
            indices[at] = bad[round % 4];
            lw_test_seal(t, got);
            lw_test_true(lw_gather_nd_run(c, &d, params, indices, got) == LW_BAD_INDEX, "bad index %d",
                         (int)bad[round % 4]);
        }
    }
    const uint8_t *params = random_bytes(t, 16);
    const int32_t zero[2] = {0, 0};
    uint8_t *untouched = lw_test_buffer(t, 16);
    lw_test_seal(t, untouched);
    const struct lw_gather_nd d = {
        .struct_bytes = sizeof d, .index_rank = 1, .params_shape = {4}, .count = 2, .slice_bytes = 4};
    lw_test_true(lw_gather_nd_run(NULL, &d, params, zero, untouched) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_gather_nd_run(c, NULL, params, zero, untouched) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_gather_nd_run(c, &d, NULL, zero, untouched) == LW_NULL_POINTER, "no params");
    lw_test_true(lw_gather_nd_run(c, &d, params, NULL, untouched) == LW_NULL_POINTER, "no indices");
    lw_test_true(lw_gather_nd_run(c, &d, params, zero, NULL) == LW_NULL_POINTER, "no output");
    struct lw_gather_nd wrong = d;
    wrong.struct_bytes = 0;
    lw_test_true(lw_gather_nd_run(c, &wrong, params, zero, untouched) == LW_BAD_STRUCT_BYTES, "struct_bytes");
    wrong = d;
    wrong.index_rank = LW_MAX_RANK + 1;
    lw_test_true(lw_gather_nd_run(c, &wrong, params, zero, untouched) == LW_BAD_SHAPE, "rank");
    wrong = d;
    wrong.count = SIZE_MAX / 2;
    lw_test_true(lw_gather_nd_run(c, &wrong, params, zero, untouched) == LW_TOO_LARGE, "count");
    wrong = d;
    wrong.params_shape[0] = 0;
    lw_test_true(lw_gather_nd_run(c, &wrong, NULL, zero, untouched) == LW_BAD_INDEX, "an empty tensor has no index");
}

static void check_gather(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 300; round++) {
        struct lw_gather d = {.struct_bytes = sizeof d, .size = (uint32_t)lw_test_range(t, 1, 9)};
        d.batch = lw_test_range(t, 0, 3);
        d.outer = lw_test_range(t, round % 7 ? 1 : 0, 4);
        d.count = lw_test_range(t, 0, 12);
        d.slice_bytes = round % 3 ? (size_t)1 << lw_test_range(t, 0, 5) : lw_test_range(t, 0, 100);
        const size_t slice = d.slice_bytes, indices_n = d.batch * d.count;
        const size_t out_bytes = d.batch * d.outer * d.count * slice;
        const uint8_t *params = random_bytes(t, d.batch * d.outer * d.size * slice);
        int32_t *indices = lw_test_buffer(t, indices_n * sizeof *indices);
        for (size_t i = 0; i < indices_n; i++) indices[i] = (int32_t)lw_test_range(t, 0, d.size - 1);
        uint8_t *want = lw_test_buffer(t, out_bytes), *got = lw_test_buffer(t, out_bytes);
        for (size_t i = 0; i < d.batch * d.outer * d.count && slice; i++) {
            const size_t row = i / d.count, index = (size_t)indices[row / d.outer * d.count + i % d.count];
            memcpy(want + i * slice, params + (row * d.size + index) * slice, slice);
        }
        lw_test_status(lw_gather_run(c, &d, params, indices, got), LW_OK, "gather");
        lw_test_same_bytes("gather", want, got, out_bytes);

        if (indices_n) { /* one bad index, anywhere: nothing is written */
            const int32_t bad[] = {-1, (int32_t)d.size, INT32_MIN, INT32_MAX};
            indices[lw_test_range(t, 0, indices_n - 1)] = bad[round % 4];
            lw_test_seal(t, got);
            lw_test_status(lw_gather_run(c, &d, params, indices, got), LW_BAD_INDEX, "bad index");
        }
    }
    const uint8_t *params = random_bytes(t, 48);
    const int32_t zero[2] = {0, 0};
    uint8_t *untouched = lw_test_buffer(t, 48);
    lw_test_seal(t, untouched);
    const struct lw_gather d = {sizeof d, 3, 1, 2, 2, 8};
    lw_test_status(lw_gather_run(NULL, &d, params, zero, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_gather_run(c, NULL, params, zero, untouched), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_gather_run(c, &d, NULL, zero, untouched), LW_NULL_POINTER, "no params");
    lw_test_status(lw_gather_run(c, &d, params, NULL, untouched), LW_NULL_POINTER, "no indices");
    lw_test_status(lw_gather_run(c, &d, params, zero, NULL), LW_NULL_POINTER, "no output");
    struct lw_gather wrong = d;
    wrong.struct_bytes++;
    lw_test_status(lw_gather_run(c, &wrong, params, zero, untouched), LW_BAD_STRUCT_BYTES, "struct_bytes");
    wrong = d;
    wrong.count = SIZE_MAX / 2;
    lw_test_status(lw_gather_run(c, &wrong, params, zero, untouched), LW_TOO_LARGE, "count");
    wrong = d;
    wrong.outer = SIZE_MAX / 16;
    lw_test_status(lw_gather_run(c, &wrong, params, zero, untouched), LW_TOO_LARGE, "outer");
    wrong = d;
    wrong.size = 0;
    lw_test_status(lw_gather_run(c, &wrong, NULL, zero, untouched), LW_BAD_INDEX, "an empty dimension has no index");
    const int32_t negative[2] = {0, INT32_MIN};
    wrong = d;
    wrong.outer = 1;
    wrong.size = UINT32_MAX;
    wrong.slice_bytes = 0;
    lw_test_status(lw_gather_run(c, &wrong, params, negative, untouched), LW_BAD_INDEX, "a negative index");
}

/* ---- Contexts ---- */

static void install_scalar(struct lw_kernels *table) {
    lw_install(0, table);
}

static void check_context(struct lw_test *t) {
    static const char *const names[] = {"scalar", "simd128", "relaxed"};
    const size_t bytes = lw_context_bytes(), tiers = lw_tier_count();
    struct lw_context_options options = {.struct_bytes = sizeof options};
    struct lw_context *context;
    void *memory = lw_test_buffer(t, bytes);

    lw_test_true(tiers >= 1 && tiers <= 3, "%zu tiers", tiers);
    for (size_t i = 0; i < tiers; i++) {
        lw_test_true(!strcmp(lw_tier_name(i), names[i]), "tier %zu is %s", i, lw_tier_name(i));
        options.tier = names[i];
        lw_test_true(lw_context_create(memory, bytes, &options, &context) == LW_OK, "create %s", names[i]);
        lw_test_true(!strcmp(lw_context_tier(context), names[i]), "%s for %s", lw_context_tier(context), names[i]);
    }
    lw_test_true(lw_tier_name(tiers) == NULL && lw_tier_name(SIZE_MAX) == NULL, "no tier has no name");
    options.tier = NULL;
    const struct lw_context_options *const best[] = {NULL, &options};
    for (size_t i = 0; i < 2; i++) {
        lw_test_true(lw_context_create(memory, bytes, best[i], &context) == LW_OK, "create the best");
        lw_test_true(!strcmp(lw_context_tier(context), names[tiers - 1]), "the best is %s", lw_context_tier(context));
    }

    lw_test_true(lw_context_create(memory, bytes, NULL, NULL) == LW_NULL_POINTER, "no context");
    const struct {
        enum lw_status status;
        void *memory;
        size_t bytes;
        struct lw_context_options options;
    } wrong[] = {
        {LW_NULL_POINTER, NULL, bytes, options},
        {LW_BUFFER_TOO_SMALL, memory, bytes - 1, options},
        {LW_BUFFER_TOO_SMALL, memory, 0, options},
        {LW_BAD_STRUCT_BYTES, memory, bytes, {.struct_bytes = 0}},
        {LW_BAD_STRUCT_BYTES, memory, bytes, {.struct_bytes = sizeof options + 8}},
        {LW_UNKNOWN_TIER, memory, bytes, {.struct_bytes = sizeof options, .tier = "avx512"}},
        {LW_UNKNOWN_TIER, memory, bytes, {.struct_bytes = sizeof options, .tier = ""}},
        {LW_UNKNOWN_TIER, memory, bytes, {.struct_bytes = sizeof options, .tier = "scala"}},
        {LW_UNKNOWN_TIER, memory, bytes, {.struct_bytes = sizeof options, .tier = "scalars"}},
        {LW_NULL_POINTER, memory, bytes, {.struct_bytes = sizeof options, .threads = 2}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        context = memory;
        lw_test_true(lw_context_create(wrong[i].memory, wrong[i].bytes, &wrong[i].options, &context) == wrong[i].status,
                     "wrong options %zu", i);
        lw_test_true(context == NULL, "wrong options %zu give a context", i);
    }
    /* Kernels that were loaded, here the scalar ones again: they come first, unless another tier is asked for. */
    struct lw_kernel_module set = {
        .abi = LW_KERNELS_ABI, .table_bytes = sizeof(struct lw_kernels), .tier = "loaded", .install = install_scalar};
    struct lw_context_options loaded = {.struct_bytes = sizeof loaded, .kernels = &set};
    static const char *const asked[] = {NULL, "loaded", "scalar"}, *const got[] = {"loaded", "loaded", "scalar"};
    for (size_t i = 0; i < 3; i++) {
        loaded.tier = asked[i];
        lw_test_status(lw_context_create(memory, bytes, &loaded, &context), LW_OK, "a context of loaded kernels");
        lw_test_true(!strcmp(lw_context_tier(context), got[i]), "tier %s", lw_context_tier(context));
    }
    loaded.tier = "relaxe";
    lw_test_status(lw_context_create(memory, bytes, &loaded, &context), LW_UNKNOWN_TIER,
                   "neither loaded nor compiled in");
    loaded.tier = NULL;
    lw_test_status(lw_kernel_module_check(&set), LW_OK, "check");
    lw_test_status(lw_kernel_module_check(NULL), LW_NULL_POINTER, "check nothing");
    struct lw_kernel_module other[] = {set, set, set, set};
    other[0].abi++;
    other[1].table_bytes += 4;
    other[2].install = NULL;
    other[3].tier = NULL;
    for (size_t i = 0; i < 4; i++) {
        loaded.kernels = &other[i];
        lw_test_status(lw_kernel_module_check(&other[i]), i < 2 ? LW_BAD_KERNELS : LW_NULL_POINTER,
                       "check another set");
        lw_test_status(lw_context_create(memory, bytes, &loaded, &context), LW_BAD_KERNELS, "a context of another set");
        lw_test_true(context == NULL, "another set gives a context");
    }
    lw_test_true(lw_context_tier(NULL) == NULL, "the tier of no context");
    lw_test_true(!strcmp(lw_version(), LW_VERSION_STRING), "version %s", lw_version());
    lw_test_true(lw_abi_version() == LW_ABI_VERSION, "ABI version %u", (unsigned)lw_abi_version());
}

static void check_status_string(struct lw_test *t) {
    (void)t;
    for (int a = LW_OK; a <= LW_BAD_KERNELS; a++)
        for (int b = LW_OK; b <= LW_BAD_KERNELS + 1; b++)
            lw_test_true((a == b) == !strcmp(lw_status_string((enum lw_status)a), lw_status_string((enum lw_status)b)),
                         "texts of %d and %d", a, b);
    lw_test_true(lw_status_string((enum lw_status)1000) != NULL, "text of an unknown status");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_copy copy;
    struct lw_pad pad;
    const float *in;
    float *out;
};

static void bench_copy_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_copy_run(context, &a->copy, a->in, a->out);
}
static void bench_transpose(struct lw_bench *b, const char *label, uint32_t rows, uint32_t columns) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    const size_t n = (size_t)rows * columns;
    a->copy = (struct lw_copy){.struct_bytes = sizeof a->copy,
                               .element_bytes = 4,
                               .rank = 2,
                               .shape = {columns, rows},
                               .input_strides = {1, (ptrdiff_t)columns},
                               .output_strides = {(ptrdiff_t)rows, 1}};
    a->in = lw_bench_floats(b, n);
    a->out = lw_bench_buffer(b, n * sizeof(float));
    lw_bench_add(b, label, 0, 8.0 * (double)n, bench_copy_run, a);
}
static void bench_strided(struct lw_bench *b, const char *label, uint32_t element, size_t in, const uint32_t *shape,
                          const ptrdiff_t *strides) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    const size_t n = (size_t)shape[0] * shape[1] * shape[2];
    a->copy = (struct lw_copy){.struct_bytes = sizeof a->copy,
                               .element_bytes = element,
                               .rank = 3,
                               .shape = {shape[0], shape[1], shape[2]},
                               .input_strides = {strides[0], strides[1], strides[2]},
                               .output_strides = {(ptrdiff_t)shape[1] * shape[2], (ptrdiff_t)shape[2], 1}};
    const size_t last = strides[2] < 0 ? shape[2] - 1 : 0;
    a->in = (const float *)((const char *)lw_bench_buffer(b, in * element) + last * element);
    a->out = lw_bench_buffer(b, n * element);
    lw_bench_add(b, label, 0, 2.0 * element * (double)n, bench_copy_run, a);
}
static void bench_copy(struct lw_bench *b) {
    bench_transpose(b, "transpose 512x512", 512, 512);
    bench_transpose(b, "transpose 1000x1000", 1000, 1000);
    bench_transpose(b, "transpose 1024x1024", 1024, 1024);
    bench_transpose(b, "transpose 12544x64", 12544, 64);
    bench_transpose(b, "transpose 64x12544", 64, 12544);
    bench_transpose(b, "transpose 50176x3", 50176, 3);
    bench_transpose(b, "transpose 3x50176", 3, 50176);
    bench_strided(b, "swap 196x12x64", 4, 196 * 12 * 64, (const uint32_t[]){12, 196, 64},
                  (const ptrdiff_t[]){64, 12 * 64, 1});
    bench_strided(b, "swap 196x192x4", 4, 196 * 192 * 4, (const uint32_t[]){192, 196, 4},
                  (const ptrdiff_t[]){4, 192 * 4, 1});
    bench_strided(b, "swap 196x24x24", 4, 196 * 24 * 24, (const uint32_t[]){24, 196, 24},
                  (const ptrdiff_t[]){24, 24 * 24, 1});
    bench_strided(b, "reverse rows 400x400", 4, 400 * 400, (const uint32_t[]){1, 400, 400},
                  (const ptrdiff_t[]){0, 400, -1});
    bench_strided(b, "every other 400x400", 4, 2 * 400 * 400, (const uint32_t[]){1, 400, 400},
                  (const ptrdiff_t[]){0, 800, 2});
    bench_strided(b, "repeat 400x400", 4, 400 * 400, (const uint32_t[]){1, 400, 400}, (const ptrdiff_t[]){0, 1, 0});
    bench_strided(b, "bytes transposed 512x512", 1, 512 * 512, (const uint32_t[]){1, 512, 512},
                  (const ptrdiff_t[]){0, 1, 512});
}

static void bench_pad_run(const struct lw_context *context, void *arg) {
    static const float zero = 0;
    struct bench_arg *a = arg;
    lw_pad_run(context, &a->pad, a->in, &zero, a->out);
}
static void bench_mirrored(struct lw_bench *b, const char *label, uint32_t side, uint32_t channels, uint32_t by) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->pad = (struct lw_pad){.struct_bytes = sizeof a->pad,
                             .element_bytes = 4,
                             .rank = 4,
                             .shape = {1, side, side, channels},
                             .before = {0, by, by, 0},
                             .after = {0, by, by, 0},
                             .mode = LW_PAD_REFLECT};
    const size_t in = (size_t)side * side * channels, out = (size_t)(side + 2 * by) * (side + 2 * by) * channels;
    a->in = lw_bench_floats(b, in);
    a->out = lw_bench_buffer(b, out * sizeof(float));
    lw_bench_add(b, label, 0, 4.0 * (double)(in + out), bench_pad_run, a);
}
static void bench_pad(struct lw_bench *b) {
    bench_mirrored(b, "224x224x3 by 3, mirrored", 224, 3, 3);
    bench_mirrored(b, "56x56x64 by 1, mirrored", 56, 64, 1);
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->pad = (struct lw_pad){.struct_bytes = sizeof a->pad,
                             .element_bytes = 4,
                             .rank = 4,
                             .shape = {1, 112, 112, 32},
                             .before = {0, 1, 1, 0},
                             .after = {0, 1, 1, 0}};
    const double in = 112 * 112 * 32, out = 114 * 114 * 32;
    a->in = lw_bench_floats(b, (size_t)in);
    a->out = lw_bench_buffer(b, (size_t)out * sizeof(float));
    lw_bench_add(b, "112x112x32 by 1", 0, 4 * (in + out), bench_pad_run, a);
}

struct pixels_arg {
    size_t n;
    uint32_t channels;
    const uint8_t *rgba;
    int32_t *out;
};

static void bench_pixels_run(const struct lw_context *context, void *arg) {
    const struct pixels_arg *a = arg;
    lw_pixels_run(context, a->n, a->channels, a->rgba, a->out);
}
static void bench_pixels(struct lw_bench *b) {
    static const char *const labels[] = {"640x480x1", "640x480x2", "640x480x3", "640x480x4"};
    const size_t n = 640 * 480;
    for (uint32_t channels = 1; channels <= 4; channels++) {
        struct pixels_arg *a = lw_bench_buffer(b, sizeof *a);
        *a = (struct pixels_arg){n, channels, lw_bench_buffer(b, 4 * n), lw_bench_buffer(b, 4 * n * channels)};
        lw_bench_add(b, labels[channels - 1], 0, 4.0 * (double)n * (1 + channels), bench_pixels_run, a);
    }
}

struct gather_arg {
    struct lw_gather gather;
    const float *params;
    int32_t *indices;
    float *out;
};

static void bench_gather_run(const struct lw_context *context, void *arg) {
    struct gather_arg *a = arg;
    lw_gather_run(context, &a->gather, a->params, a->indices, a->out);
}
static void bench_slices(struct lw_bench *b, const char *label, uint32_t size, size_t outer, size_t count,
                         size_t slice) {
    struct gather_arg *a = lw_bench_buffer(b, sizeof *a);
    a->gather = (struct lw_gather){sizeof a->gather, size, 1, outer, count, slice * sizeof(float)};
    a->params = lw_bench_floats(b, outer * size * slice);
    a->indices = lw_bench_buffer(b, count * sizeof *a->indices);
    for (size_t i = 0; i < count; i++) a->indices[i] = (int32_t)(i * 7919 % size);
    a->out = lw_bench_buffer(b, outer * count * slice * sizeof(float));
    lw_bench_add(b, label, 0, 8.0 * (double)(outer * count * slice), bench_gather_run, a);
}
static void bench_gather(struct lw_bench *b) {
    bench_slices(b, "10000 rows of 64", 1000, 1, 10000, 64);
    bench_slices(b, "10000 rows of 7", 1000, 1, 10000, 7);
    bench_slices(b, "1000 columns of 1000x1000", 1000, 1000, 1000, 1);
}

static const struct lw_row rows[] = {
    {"transpose_u32", offsetof(struct lw_kernels, transpose_u32), check_transpose, NULL},
    {"transpose_u8", offsetof(struct lw_kernels, transpose_u8), check_transpose_u8, NULL},
    {"stride_u32", offsetof(struct lw_kernels, stride_u32), check_stride, NULL},
    {"pixels_i32", offsetof(struct lw_kernels, pixels_i32), check_pixels, bench_pixels},
    {"copy", LW_NO_SLOT, check_copy, bench_copy},
    {"pad", LW_NO_SLOT, check_pad, bench_pad},
    {"gather", LW_NO_SLOT, check_gather, bench_gather},
    {"gather_nd", LW_NO_SLOT, check_gather_nd, NULL},
    {"context", LW_NO_SLOT, check_context, NULL},
    {"status_string", LW_NO_SLOT, check_status_string, NULL},
};
const struct lw_family lw_family_move = {"move", rows, sizeof rows / sizeof rows[0]};
