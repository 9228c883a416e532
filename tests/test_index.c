/* SPDX-License-Identifier: MIT */
/* Arrays made by indices, and searches: the operators scatter, segment, search_sorted, range, multinomial,
 * non_max_suppression. All tiers give
 * the same bits, those of the plain loops here. */
#include <math.h>
#include <string.h>

#include "tests/rows.h"

/* Numbers of either type, some of them special, sealed. */
static void *random_numbers(struct lw_test *t, enum lw_type type, size_t n) {
    if (type == LW_FLOAT32) return lw_test_floats(t, n, lw_test_u32(t) % 2 ? LW_FILL_UNIFORM : LW_FILL_SPECIAL);
    const size_t bytes = type == LW_BOOL ? n : 4 * n;
    uint8_t *x = lw_test_buffer(t, bytes);
    for (size_t i = 0; i < bytes; i++) x[i] = (uint8_t)(type == LW_BOOL ? lw_test_u32(t) % 2 : lw_test_u32(t));
    lw_test_seal(t, x);
    return x;
}

static void same_numbers(const char *label, enum lw_type type, const void *want, const void *got, size_t n) {
    if (type == LW_FLOAT32)
        lw_test_same(label, want, got, n);
    else
        lw_test_same_bytes(label, want, got, type == LW_BOOL ? n : 4 * n);
}

/* y = or += x, one element of either type. */
static void put(enum lw_type type, bool add, const void *x, size_t i, void *y, size_t j) {
    if (type == LW_BOOL)
        ((uint8_t *)y)[j] = ((const uint8_t *)x)[i];
    else if (type == LW_FLOAT32)
        ((float *)y)[j] = (add ? ((const float *)y)[j] : -0.0f) + ((const float *)x)[i];
    else
        ((uint32_t *)y)[j] = (add ? ((const uint32_t *)y)[j] : 0) + ((const uint32_t *)x)[i];
}

/* ---- Scatter ---- */

static void check_scatter(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 600; round++) {
        struct lw_scatter d = {.struct_bytes = sizeof d, .op = (uint32_t)round % 2, .type = (uint32_t)(round / 2) % 3};
        if (d.type == LW_BOOL) d.op = LW_SCATTER_SET;
        d.skip = lw_test_u32(t) % 3 == 0;
        d.repeat = lw_test_u32(t) % 4 == 0;
        d.index_rank = (uint32_t)lw_test_range(t, 1, round % 9 ? 3 : LW_MAX_RANK);
        d.batch = lw_test_range(t, round % 20 ? 1 : 0, 3);
        d.count = lw_test_range(t, 0, 20);
        d.slice = lw_test_range(t, round % 10 ? 1 : 0, round % 3 ? 5 : 40);
        size_t slices = 1;
        for (uint32_t i = 0; i < d.index_rank; i++)
            slices *= d.shape[i] = (uint32_t)lw_test_range(t, 1, d.index_rank > 3 ? 2 : 5);

        const enum lw_type type = (enum lw_type)d.type;
        const size_t element = type == LW_BOOL ? 1 : 4, out_n = d.batch * slices * d.slice;
        const size_t updates_n = d.repeat ? d.slice : d.batch * d.count * d.slice;
        const void *updates = random_numbers(t, type, updates_n), *before = random_numbers(t, type, out_n);
        int32_t *indices = lw_test_buffer(t, d.batch * d.count * d.index_rank * sizeof *indices);
        void *want = lw_test_buffer(t, out_n * element), *got = lw_test_buffer(t, out_n * element);
        memcpy(want, before, out_n * element);
        memcpy(got, before, out_n * element);
        for (size_t i = 0; i < d.batch * d.count; i++) {
            size_t slice = 0;
            bool inside = true;
            for (uint32_t r = 0; r < d.index_rank; r++) {
                const size_t most = d.shape[r] - 1, index = lw_test_range(t, 0, most);
                int32_t given = (int32_t)index;
                if (d.skip && lw_test_u32(t) % 5 == 0) {
                    given = lw_test_u32(t) % 2 ? -1 - (int32_t)index : (int32_t)(most + 1 + index);
                    inside = false;
                }
                indices[i * d.index_rank + r] = given;
                slice = slice * d.shape[r] + index;
            }
            const size_t to = (i / d.count * slices + slice) * d.slice, from = d.repeat ? 0 : i * d.slice;
            for (size_t j = 0; inside && j < d.slice; j++)
                put(type, d.op == LW_SCATTER_ADD, updates, from + j, want, to + j);
        }
        lw_test_status(lw_scatter_run(c, &d, indices, updates, got), LW_OK, "scatter");
        same_numbers("scatter", type, want, got, out_n);

        if (!d.skip && d.batch > 0 && d.count > 0) { /* one bad index, anywhere: nothing is written */
            const size_t at = lw_test_range(t, 0, d.batch * d.count * d.index_rank - 1);
            const int32_t bad[] = {-1, (int32_t)d.shape[at % d.index_rank], INT32_MIN, INT32_MAX};
            indices[at] = bad[round % 4];
            lw_test_seal(t, got);
            lw_test_status(lw_scatter_run(c, &d, indices, updates, got), LW_BAD_INDEX, "bad index");
        }
    }

    const int32_t zero[2] = {0, 0};
    const float *updates = lw_test_floats(t, 4, LW_FILL_UNIFORM);
    float *untouched = lw_test_floats(t, 8, LW_FILL_UNIFORM);
    const struct lw_scatter d = {
        .struct_bytes = sizeof d, .index_rank = 1, .shape = {4}, .batch = 1, .count = 2, .slice = 2};
    lw_test_status(lw_scatter_run(NULL, &d, zero, updates, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_scatter_run(c, NULL, zero, updates, untouched), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_scatter_run(c, &d, NULL, updates, untouched), LW_NULL_POINTER, "no indices");
    lw_test_status(lw_scatter_run(c, &d, zero, NULL, untouched), LW_NULL_POINTER, "no updates");
    lw_test_status(lw_scatter_run(c, &d, zero, updates, NULL), LW_NULL_POINTER, "no output");
    struct lw_scatter wrong[12];
    for (size_t i = 0; i < 12; i++) wrong[i] = d;
    wrong[0].struct_bytes++;
    wrong[1].op = 2;
    wrong[2].type = 3;
    wrong[3].skip = 2;
    wrong[4].repeat = 2;
    wrong[5].op = LW_SCATTER_ADD;
    wrong[5].type = LW_BOOL;
    wrong[6].index_rank = 0;
    wrong[7].index_rank = LW_MAX_RANK + 1;
    wrong[8].count = SIZE_MAX / 2;
    wrong[9].batch = SIZE_MAX / 16;
    wrong[10].slice = SIZE_MAX / 4;
    wrong[11].shape[0] = 0;
    const enum lw_status status[12] = {LW_BAD_STRUCT_BYTES, LW_BAD_ENUM,    LW_BAD_ENUM,  LW_BAD_ENUM,
                                       LW_BAD_ENUM,         LW_UNSUPPORTED, LW_BAD_SHAPE, LW_BAD_SHAPE,
                                       LW_TOO_LARGE,        LW_TOO_LARGE,   LW_TOO_LARGE, LW_BAD_INDEX};
    for (size_t i = 0; i < 12; i++)
        lw_test_status(lw_scatter_run(c, &wrong[i], zero, updates, untouched), status[i], "wrong descriptor");
    wrong[11].skip = 1;
    lw_test_status(lw_scatter_run(c, &wrong[11], zero, NULL, NULL), LW_OK, "all left out of an empty array");
}

/* ---- Segments ---- */

static void check_segment(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 400; round++) {
        struct lw_segment d = {.struct_bytes = sizeof d, .op = (uint32_t)round % 2, .type = (uint32_t)(round / 2) % 2};
        d.rows = lw_test_range(t, 1, 12);
        d.columns = lw_test_range(t, round % 10 ? 1 : 0, round % 3 ? 6 : 50);
        d.count = lw_test_range(t, 0, 25);
        d.segments = lw_test_range(t, 1, 8);
        const enum lw_type type = (enum lw_type)d.type;
        const size_t n = d.columns, out_n = d.segments * n;
        const void *data = random_numbers(t, type, d.rows * n);
        int32_t *indices = lw_test_buffer(t, 4 * d.count), *ids = lw_test_buffer(t, 4 * d.count);
        for (size_t i = 0; i < d.count; i++) {
            indices[i] = (int32_t)lw_test_range(t, 0, d.rows - 1);
            ids[i] = (int32_t)lw_test_range(t, i ? (size_t)ids[i - 1] : 0, d.segments - 1);
        }
        void *want = lw_test_buffer(t, 4 * out_n), *got = lw_test_buffer(t, 4 * out_n);
        memset(want, 0, 4 * out_n);
        for (size_t s = 0; s < d.segments; s++) {
            size_t rows = 0;
            for (size_t i = 0; i < d.count; i++) {
                if ((size_t)ids[i] != s) continue;
                rows++;
                for (size_t j = 0; j < n; j++) put(type, true, data, (size_t)indices[i] * n + j, want, s * n + j);
            }
            for (size_t j = s * n; d.op == LW_REDUCE_MEAN && rows && j < s * n + n; j++) {
                if (type == LW_FLOAT32)
                    ((float *)want)[j] /= (float)rows;
                else
                    ((int32_t *)want)[j] /= (int32_t)rows;
            }
        }
        lw_test_status(lw_segment_run(c, &d, data, indices, ids, got), LW_OK, "segments");
        same_numbers("segments", type, want, got, out_n);

        if (d.count == 0) continue;
        lw_test_seal(t, got);
        const size_t at = lw_test_range(t, 0, d.count - 1);
        const int32_t index = indices[at], id = ids[at];
        const int32_t bad_index[] = {-1, (int32_t)d.rows, INT32_MIN, INT32_MAX};
        indices[at] = bad_index[round % 4];
        lw_test_status(lw_segment_run(c, &d, data, indices, ids, got), LW_BAD_INDEX, "bad index");
        indices[at] = index;
        const int32_t bad_id[] = {-1, (int32_t)d.segments, INT32_MIN, INT32_MAX};
        ids[at] = bad_id[round % 4];
        lw_test_status(lw_segment_run(c, &d, data, indices, ids, got), LW_BAD_INDEX, "bad id");
        ids[at] = id;
        if (at && ids[at - 1] > 0) {
            ids[at] = ids[at - 1] - 1;
            lw_test_status(lw_segment_run(c, &d, data, indices, ids, got), LW_BAD_INDEX, "descending ids");
        }
    }

    const int32_t zero[2] = {0, 0};
    const float *data = lw_test_floats(t, 8, LW_FILL_UNIFORM);
    float *untouched = lw_test_floats(t, 8, LW_FILL_UNIFORM);
    const struct lw_segment d = {.struct_bytes = sizeof d, .rows = 4, .columns = 2, .count = 2, .segments = 4};
    lw_test_status(lw_segment_run(NULL, &d, data, zero, zero, untouched), LW_NULL_POINTER, "no context");
    lw_test_status(lw_segment_run(c, NULL, data, zero, zero, untouched), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_segment_run(c, &d, NULL, zero, zero, untouched), LW_NULL_POINTER, "no data");
    lw_test_status(lw_segment_run(c, &d, data, NULL, zero, untouched), LW_NULL_POINTER, "no indices");
    lw_test_status(lw_segment_run(c, &d, data, zero, NULL, untouched), LW_NULL_POINTER, "no ids");
    lw_test_status(lw_segment_run(c, &d, data, zero, zero, NULL), LW_NULL_POINTER, "no output");
    struct lw_segment wrong[9];
    for (size_t i = 0; i < 9; i++) wrong[i] = d;
    wrong[0].struct_bytes++;
    wrong[1].op = LW_REDUCE_PRODUCT + 1;
    wrong[2].op = LW_REDUCE_MAX;
    wrong[3].type = 3;
    wrong[4].type = LW_BOOL;
    wrong[5].rows = SIZE_MAX / 4;
    wrong[6].count = SIZE_MAX / 2;
    wrong[7].segments = SIZE_MAX / 4;
    wrong[8].rows = 0;
    const enum lw_status status[9] = {LW_BAD_STRUCT_BYTES, LW_BAD_ENUM,  LW_UNSUPPORTED, LW_BAD_ENUM, LW_UNSUPPORTED,
                                      LW_TOO_LARGE,        LW_TOO_LARGE, LW_TOO_LARGE,   LW_BAD_INDEX};
    for (size_t i = 0; i < 9; i++)
        lw_test_status(lw_segment_run(c, &wrong[i], data, zero, zero, untouched), status[i], "wrong descriptor");
}

/* ---- Searches ---- */

static double number(enum lw_type type, const void *x, size_t i) {
    return type == LW_FLOAT32 ? (double)((const float *)x)[i] : (double)((const int32_t *)x)[i];
}

static void check_search_sorted(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 400; round++) {
        const enum lw_type row_type = (enum lw_type)(round % 2), value_type = (enum lw_type)(round / 2 % 2);
        const uint32_t upper = (uint32_t)round / 4 % 2;
        const size_t batch = lw_test_range(t, round % 20 ? 1 : 0, 3), size = lw_test_range(t, 0, round % 3 ? 20 : 300);
        const size_t count = lw_test_range(t, 0, 13);
        void *sorted = lw_test_buffer(t, 4 * batch * size), *values = lw_test_buffer(t, 4 * batch * count);
        for (size_t i = 0; i < batch * size; i++) { /* ascending, some equal */
            const size_t step = i % size ? lw_test_range(t, 0, 2) : 0;
            if (row_type == LW_FLOAT32)
                ((float *)sorted)[i] = i % size ? ((float *)sorted)[i - 1] + 0.5f * (float)step : -10.0f;
            else
                ((int32_t *)sorted)[i] = i % size ? ((int32_t *)sorted)[i - 1] + (int32_t)step : -10;
        }
        if (row_type == LW_FLOAT32 && size && batch && round % 3) ((float *)sorted)[size - 1] = INFINITY;
        for (size_t i = 0; i < batch * count; i++) {
            if (value_type == LW_INT32)
                ((int32_t *)values)[i] = (int32_t)lw_test_range(t, 0, size + 4) - 12;
            else
                ((float *)values)[i] = lw_test_u32(t) % 9 ? 0.25f * (float)lw_test_range(t, 0, 4 * size + 9) - 11 : NAN;
        }
        lw_test_seal(t, sorted);
        lw_test_seal(t, values);
        int32_t *want = lw_test_buffer(t, 4 * batch * count), *got = lw_test_buffer(t, 4 * batch * count);
        for (size_t i = 0; i < batch * count; i++) {
            const double v = number(value_type, values, i);
            want[i] = 0;
            for (size_t j = 0; j < size; j++) {
                const double x = number(row_type, sorted, i / count * size + j);
                want[i] += upper ? x <= v : x < v;
            }
        }
        lw_test_status(lw_search_sorted_run(c, row_type, value_type, upper, batch, size, count, sorted, values, got),
                       LW_OK, "search");
        lw_test_same_bytes("search", want, got, 4 * batch * count);
    }

    /* Integers that no float holds. */
    const int32_t row[3] = {16777216, 16777217, 16777218}, value[1] = {16777217};
    int32_t found[1];
    lw_test_status(lw_search_sorted_run(c, LW_INT32, LW_INT32, 0, 1, 3, 1, row, value, found), LW_OK, "integers");
    lw_test_true(found[0] == 1, "%d", (int)found[0]);

    const float *x = lw_test_floats(t, 4, LW_FILL_UNIFORM);
    int32_t *y = lw_test_buffer(t, 8);
    lw_test_seal(t, y);
    const enum lw_type f32 = LW_FLOAT32, bad = (enum lw_type)3;
    lw_test_status(lw_search_sorted_run(NULL, f32, f32, 0, 1, 2, 2, x, x, y), LW_NULL_POINTER, "no context");
    lw_test_status(lw_search_sorted_run(c, f32, f32, 0, 1, 2, 2, NULL, x, y), LW_NULL_POINTER, "no row");
    lw_test_status(lw_search_sorted_run(c, f32, f32, 0, 1, 2, 2, x, NULL, y), LW_NULL_POINTER, "no values");
    lw_test_status(lw_search_sorted_run(c, f32, f32, 0, 1, 2, 2, x, x, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_search_sorted_run(c, bad, f32, 0, 1, 2, 2, x, x, y), LW_BAD_ENUM, "row type");
    lw_test_status(lw_search_sorted_run(c, f32, bad, 0, 1, 2, 2, x, x, y), LW_BAD_ENUM, "value type");
    lw_test_status(lw_search_sorted_run(c, f32, f32, 2, 1, 2, 2, x, x, y), LW_BAD_ENUM, "upper");
    lw_test_status(lw_search_sorted_run(c, LW_BOOL, f32, 0, 1, 2, 2, x, x, y), LW_UNSUPPORTED, "bool row");
    lw_test_status(lw_search_sorted_run(c, f32, LW_BOOL, 0, 1, 2, 2, x, x, y), LW_UNSUPPORTED, "bool values");
    lw_test_status(lw_search_sorted_run(c, f32, f32, 0, SIZE_MAX / 4, 2, 2, x, x, y), LW_TOO_LARGE, "batch");
    lw_test_status(lw_search_sorted_run(c, f32, f32, 0, 1, (size_t)INT32_MAX + 1, 2, x, x, y), LW_TOO_LARGE, "row");
}

/* ---- Ranges and draws ---- */

static void check_range(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 200; round++) {
        const size_t n = lw_test_range(t, 0, 50);
        const double start = (double)lw_test_uniform(t, -100, 100) * (round % 5 ? 1 : 1e8);
        const double step = (double)lw_test_uniform(t, -3, 3) * (round % 5 ? 1 : 1e8);
        float *floats = lw_test_buffer(t, 4 * n), *want = lw_test_buffer(t, 4 * n);
        int32_t *integers = lw_test_buffer(t, 4 * n);
        lw_test_status(lw_range_run(c, LW_FLOAT32, start, step, n, floats), LW_OK, "floats");
        lw_test_status(lw_range_run(c, LW_INT32, start, step, n, integers), LW_OK, "integers");
        for (size_t i = 0; i < n; i++) {
            const double x = start + (double)i * step;
            want[i] = (float)x;
            const double whole = x < INT32_MIN ? INT32_MIN : x > INT32_MAX ? INT32_MAX : trunc(x);
            lw_test_true((double)integers[i] == whole, "element %zu: %d for %g", i, (int)integers[i], x);
        }
        lw_test_same("floats", want, floats, n);
    }
    int32_t none[2] = {7, 7};
    lw_test_status(lw_range_run(c, LW_INT32, NAN, 1, 2, none), LW_OK, "NaN");
    lw_test_true(none[0] == 0 && none[1] == 0, "NaN is 0");
    float y[1];
    lw_test_status(lw_range_run(NULL, LW_FLOAT32, 0, 1, 1, y), LW_NULL_POINTER, "no context");
    lw_test_status(lw_range_run(c, LW_FLOAT32, 0, 1, 1, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_range_run(c, (enum lw_type)3, 0, 1, 1, y), LW_BAD_ENUM, "type");
    lw_test_status(lw_range_run(c, LW_BOOL, 0, 1, 1, y), LW_UNSUPPORTED, "bool");
    lw_test_status(lw_range_run(c, LW_FLOAT32, 0, 1, SIZE_MAX / 2, y), LW_TOO_LARGE, "count");
}

static void check_multinomial(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 200; round++) {
        const size_t rows = lw_test_range(t, 0, 4), events = lw_test_range(t, 1, round % 3 ? 8 : 200);
        const size_t count = lw_test_range(t, 0, 30);
        float *p = lw_test_floats(t, rows * events, LW_FILL_UNIFORM);
        for (size_t i = 0; i < rows * events; i++) p[i] = fabsf(p[i]) * 2 / (float)events;
        if (rows && round % 7 == 0) p[lw_test_range(t, 0, rows * events - 1)] = round % 2 ? NAN : -0.2f;
        lw_test_seal(t, p);
        float *draws = lw_test_floats(t, count, LW_FILL_UNIFORM);
        for (size_t i = 0; i < count; i++) draws[i] = fabsf(draws[i]);
        lw_test_seal(t, draws);
        int32_t *want = lw_test_buffer(t, 4 * rows * count), *got = lw_test_buffer(t, 4 * rows * count);
        for (size_t i = 0; i < rows * count; i++) {
            float sum = 0;
            size_t e = 0;
            for (; e + 1 < events; e++) {
                sum += p[i / count * events + e];
                if (draws[i % count] < sum) break;
            }
            want[i] = (int32_t)e;
        }
        void *scratch = lw_test_buffer(t, events * sizeof(float));
        lw_test_status(lw_multinomial_run(c, rows, events, count, p, draws, scratch, got), LW_OK, "draws");
        lw_test_same_bytes("draws", want, got, 4 * rows * count);
    }
    const float *x = lw_test_floats(t, 4, LW_FILL_UNIFORM);
    int32_t *y = lw_test_buffer(t, 8);
    lw_test_seal(t, y);
    float scratch[2];
    lw_test_status(lw_multinomial_run(NULL, 1, 2, 2, x, x, scratch, y), LW_NULL_POINTER, "no context");
    lw_test_status(lw_multinomial_run(c, 1, 2, 2, NULL, x, scratch, y), LW_NULL_POINTER, "no probabilities");
    lw_test_status(lw_multinomial_run(c, 1, 2, 2, x, NULL, scratch, y), LW_NULL_POINTER, "no draws");
    lw_test_status(lw_multinomial_run(c, 1, 2, 2, x, x, NULL, y), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_multinomial_run(c, 1, 2, 2, x, x, scratch, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_multinomial_run(c, 1, 0, 2, x, x, scratch, y), LW_BAD_SHAPE, "no events");
    lw_test_status(lw_multinomial_run(c, SIZE_MAX / 4, 2, 2, x, x, scratch, y), LW_TOO_LARGE, "rows");
    lw_test_status(lw_multinomial_run(c, 1, (size_t)INT32_MAX + 1, 2, x, x, scratch, y), LW_TOO_LARGE, "events");
}

/* ---- Boxes ---- */

/* The intersection of two boxes divided by their union. */
static double overlap_oracle(const float *a, const float *b) {
    double common = 1, area_a = 1, area_b = 1;
    for (int d = 0; d < 2; d++) {
        const double low_a = fmin(a[d], a[d + 2]), high_a = fmax(a[d], a[d + 2]);
        const double low_b = fmin(b[d], b[d + 2]), high_b = fmax(b[d], b[d + 2]);
        common *= fmax(fmin(high_a, high_b) - fmax(low_a, low_b), 0);
        area_a *= high_a - low_a;
        area_b *= high_b - low_b;
    }
    return area_a > 0 && area_b > 0 ? common / (area_a + area_b - common) : 0;
}

static void check_non_max_suppression(struct lw_test *t) {
    const struct lw_context *c = t->tested;
    for (int round = 0; round < 300; round++) {
        const size_t n = lw_test_range(t, 0, round % 5 ? 30 : 200), most = lw_test_range(t, 0, n + 3);
        const double iou_threshold = lw_test_uniform(t, 0, 1), sigma = round % 2 ? lw_test_uniform(t, 0, 1) : 0;
        const double score_threshold = round % 3 ? (double)lw_test_uniform(t, 0, 0.5f) : (double)-INFINITY;
        float *boxes = lw_test_floats(t, 4 * n, LW_FILL_UNIFORM), *scores = lw_test_floats(t, n, LW_FILL_UNIFORM);
        for (size_t i = 0; i < n; i++) {
            if (round % 4 == 0) scores[i] = (float)lw_test_range(t, 0, 3); /* equal ones */
            if (i && lw_test_u32(t) % 4 == 0) memcpy(boxes + 4 * i, boxes + 4 * (i - 1), 4 * sizeof(float));
        }
        lw_test_seal(t, boxes);
        lw_test_seal(t, scores);

        /* The best of those left, again and again. A score below all means that the box is out. */
        double *left = lw_test_buffer(t, n * sizeof *left);
        size_t *compared = lw_test_buffer(t, n * sizeof *compared), count = 0;
        for (size_t i = 0; i < n; i++) {
            left[i] = scores[i] > score_threshold ? scores[i] : -(double)INFINITY;
            compared[i] = 0;
        }
        const size_t room = most < n ? most : n;
        int32_t *want = lw_test_buffer(t, room * sizeof *want);
        float *want_scores = lw_test_buffer(t, room * sizeof *want_scores);
        while (count < most) {
            size_t best = 0;
            for (size_t i = 1; i < n; i++)
                if (left[i] > left[best]) best = i;
            if (n == 0 || left[best] == -(double)INFINITY) break;
            const double before = left[best];
            for (size_t j = count; j > compared[best] && left[best] > score_threshold; j--) {
                const double iou = overlap_oracle(boxes + 4 * best, boxes + 4 * (size_t)want[j - 1]);
                left[best] = iou >= iou_threshold ? -(double)INFINITY
                             : sigma > 0          ? left[best] * exp(-iou * iou / (2 * sigma))
                                                  : left[best];
            }
            compared[best] = count;
            if (left[best] <= score_threshold) left[best] = -(double)INFINITY;
            if (left[best] != before) continue;
            want[count] = (int32_t)best;
            want_scores[count++] = (float)before;
            left[best] = -(double)INFINITY;
        }

        int32_t *got = lw_test_buffer(t, room * sizeof *got);
        float *got_scores = round % 7 ? lw_test_buffer(t, room * sizeof *got_scores) : NULL;
        void *scratch = lw_test_buffer(t, 16 * n);
        size_t selected = 12345;
        lw_test_status(lw_non_max_suppression_run(c, n, most, iou_threshold, score_threshold, sigma, boxes, scores,
                                                  scratch, got, got_scores, &selected),
                       LW_OK, "boxes");
        lw_test_true(selected == count, "%zu boxes, not %zu", selected, count);
        lw_test_same_bytes("boxes", want, got, 4 * count);
        for (size_t i = 0; got_scores && i < count; i++)
            lw_test_true(fabsf(got_scores[i] - want_scores[i]) <= 1e-7f * fabsf(want_scores[i]), "score %zu", i);
    }

    /* A box that is no number overlaps nobody and everybody: its score is 0 after the first comparison. */
    const float boxes[12] = {0, 0, 1, 1, 0, NAN, 1, 1, 5, 5, 6, 6}, scores[3] = {0.9f, 0.8f, 0.7f};
    int32_t indices[3];
    double scratch[6];
    size_t n;
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, -1, 0, boxes, scores, scratch, indices, NULL, &n), LW_OK,
                   "NaN");
    lw_test_true(n == 3 && indices[0] == 0 && indices[1] == 2 && indices[2] == 1, "NaN goes last");
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, 0, 0, boxes, scores, scratch, indices, NULL, &n), LW_OK,
                   "NaN");
    lw_test_true(n == 2 && indices[0] == 0 && indices[1] == 2, "NaN is left out");

    lw_test_status(lw_non_max_suppression_run(NULL, 3, 3, 0.5, 0, 0, boxes, scores, scratch, indices, NULL, &n),
                   LW_NULL_POINTER, "no context");
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, 0, 0, NULL, scores, scratch, indices, NULL, &n),
                   LW_NULL_POINTER, "no boxes");
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, 0, 0, boxes, NULL, scratch, indices, NULL, &n),
                   LW_NULL_POINTER, "no scores");
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, 0, 0, boxes, scores, NULL, indices, NULL, &n),
                   LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, 0, 0, boxes, scores, scratch, NULL, NULL, &n),
                   LW_NULL_POINTER, "no output");
    lw_test_status(lw_non_max_suppression_run(c, 3, 3, 0.5, 0, 0, boxes, scores, scratch, indices, NULL, NULL),
                   LW_NULL_POINTER, "no count");
    lw_test_status(lw_non_max_suppression_run(c, SIZE_MAX / 2, 3, 0.5, 0, 0, boxes, scores, scratch, indices, NULL, &n),
                   LW_TOO_LARGE, "too many");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_scatter scatter;
    struct lw_segment segment;
    size_t rows, columns, count;
    float *x, *out;
    int32_t *indices, *ids;
};

static void bench_scatter_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_scatter_run(context, &a->scatter, a->indices, a->x, a->out);
}
static void bench_scattered(struct lw_bench *b, const char *label, uint32_t op, size_t slices, size_t count,
                            size_t slice) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->scatter = (struct lw_scatter){.struct_bytes = sizeof a->scatter,
                                     .op = op,
                                     .index_rank = 1,
                                     .shape = {(uint32_t)slices},
                                     .batch = 1,
                                     .count = count,
                                     .slice = slice};
    a->x = lw_bench_floats(b, count * slice);
    a->out = lw_bench_floats(b, slices * slice);
    a->indices = lw_bench_buffer(b, 4 * count);
    for (size_t i = 0; i < count; i++) a->indices[i] = (int32_t)(i * 7919 % slices);
    lw_bench_add(b, label, 0, 8.0 * (double)(count * slice), bench_scatter_run, a);
}
static void bench_scatter(struct lw_bench *b) {
    bench_scattered(b, "set 100000 of 1", LW_SCATTER_SET, 200000, 100000, 1);
    bench_scattered(b, "add 100000 of 1", LW_SCATTER_ADD, 1000, 100000, 1);
    bench_scattered(b, "add 100000 of 8", LW_SCATTER_ADD, 1000, 100000, 8);
    bench_scattered(b, "add 100000 of 16", LW_SCATTER_ADD, 1000, 100000, 16);
    bench_scattered(b, "add 10000 of 64", LW_SCATTER_ADD, 1000, 10000, 64);
    bench_scattered(b, "set 10000 of 64", LW_SCATTER_SET, 10000, 10000, 64);
}

static void bench_segment_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_segment_run(context, &a->segment, a->x, a->indices, a->ids, a->out);
}
static void bench_segment(struct lw_bench *b) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->segment = (struct lw_segment){sizeof a->segment, LW_REDUCE_MEAN, LW_FLOAT32, 5000, 64, 10000, 1000};
    a->x = lw_bench_floats(b, 5000 * 64);
    a->out = lw_bench_floats(b, 1000 * 64);
    a->indices = lw_bench_buffer(b, 4 * 10000);
    a->ids = lw_bench_buffer(b, 4 * 10000);
    for (size_t i = 0; i < 10000; i++) {
        a->indices[i] = (int32_t)(i * 7919 % 5000);
        a->ids[i] = (int32_t)(i / 10);
    }
    lw_bench_add(b, "mean of 10000 rows of 64", 0, 4.0 * 64 * 10000, bench_segment_run, a);
}

static void bench_search_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_search_sorted_run(context, LW_FLOAT32, LW_FLOAT32, 0, 1, a->columns, a->count, a->x, a->out, a->indices);
}
static void bench_search(struct lw_bench *b) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->columns = 100000;
    a->count = 10000;
    a->x = lw_bench_floats(b, a->columns);
    for (size_t i = 0; i < a->columns; i++) a->x[i] = (float)i / (float)a->columns * 2 - 1;
    a->out = lw_bench_floats(b, a->count);
    a->indices = lw_bench_buffer(b, 4 * a->count);
    lw_bench_add(b, "10000 in 100000", 0, 8e4, bench_search_run, a);
}

static void bench_range_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_range_run(context, LW_FLOAT32, 1, 0.5, a->count, a->out);
}
static void bench_range(struct lw_bench *b) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->count = 100000;
    a->out = lw_bench_floats(b, a->count);
    lw_bench_add(b, "100000", 0, 4e5, bench_range_run, a);
}

static void bench_multinomial_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_multinomial_run(context, a->rows, a->columns, a->count, a->x, a->out + a->columns, a->out, a->indices);
}
static void bench_multinomial(struct lw_bench *b) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->rows = 10;
    a->columns = a->count = 1000;
    a->x = lw_bench_floats(b, 10000);
    for (size_t i = 0; i < 10000; i++) a->x[i] = fabsf(a->x[i]) / 500;
    a->out = lw_bench_floats(b, 2000);
    for (size_t i = 1000; i < 2000; i++) a->out[i] = fabsf(a->out[i]);
    a->indices = lw_bench_buffer(b, 4 * 10000);
    lw_bench_add(b, "10 times 1000 of 1000", 0, 8e4, bench_multinomial_run, a);
}

static void bench_boxes_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    size_t selected;
    lw_non_max_suppression_run(context, a->count, 100, 0.5, 0.1, 0, a->x, a->x + 4 * a->count, a->out, a->indices, NULL,
                               &selected);
}
static void bench_boxes(struct lw_bench *b) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->count = 2000;
    a->x = lw_bench_floats(b, 5 * a->count);
    for (size_t i = 0; i < a->count; i++) {
        a->x[4 * i + 2] = a->x[4 * i] + 0.2f;
        a->x[4 * i + 3] = a->x[4 * i + 1] + 0.2f;
    }
    a->out = lw_bench_floats(b, 4 * a->count);
    a->indices = lw_bench_buffer(b, 400);
    lw_bench_add(b, "100 of 2000", 0, 4.0 * 5 * 2000, bench_boxes_run, a);
}

static const struct lw_row rows[] = {
    {"scatter", LW_NO_SLOT, check_scatter, bench_scatter},
    {"segment", LW_NO_SLOT, check_segment, bench_segment},
    {"search_sorted", LW_NO_SLOT, check_search_sorted, bench_search},
    {"range", LW_NO_SLOT, check_range, bench_range},
    {"multinomial", LW_NO_SLOT, check_multinomial, bench_multinomial},
    {"non_max_suppression", LW_NO_SLOT, check_non_max_suppression, bench_boxes},
};
const struct lw_family lw_family_index = {"index", rows, sizeof rows / sizeof rows[0]};
