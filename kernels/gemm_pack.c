/* SPDX-License-Identifier: MIT */
/* Laying out the operands of gemm_f32: panels of B, and how many rows of A at a time. */
#include "kernels/gemm_pack.h"

const struct lw_kernel_set *const lw_gemm_pack_sets[] = {&lw_gemm_set, NULL};

static size_t divide_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

bool lw_gemm_packed_elements(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t *elements) {
    const bool narrow = n < LW_GEMM_NARROW;
    const size_t factors[] = {narrow ? n : divide_up(n, gemm->nr), narrow ? 1 : gemm->nr, k, sizeof(float)};
    if (!lw_product(factors, 4, elements)) return false;
    *elements /= sizeof(float);
    return true;
}

/* rows rows of a whole panel. Constants for nr and n_step make fast code. */
static inline __attribute__((always_inline)) void pack_panel(const size_t nr, size_t rows, const float *from,
                                                             size_t k_step, const size_t n_step, float *to) {
    for (size_t i = 0; i < rows; i++, from += k_step, to += nr) {
        for (size_t c = 0; c < nr; c++) to[c] = from[c * n_step];
    }
}

void lw_gemm_pack(const struct lw_gemm_f32 *gemm, size_t k, size_t n, size_t first, size_t count, const float *b,
                  size_t k_step, size_t n_step, float *packed) {
    if (n < LW_GEMM_NARROW) {
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < count; i++) packed[j * k + first + i] = b[i * k_step + j * n_step];
        }
        return;
    }
    /* A few rows at a time, so that each page of b is gone through once, and whole cache lines are written. A transposed
     * matrix is read along its columns: all of them. */
    enum { ROWS = 16 };
    const size_t nr = gemm->nr, step = n_step == 1 ? ROWS : count;
    for (size_t start = 0; start < count; start += step) {
        const size_t rows = count - start < step ? count - start : step;
        for (size_t j = 0; j < n; j += nr) {
            const size_t width = n - j < nr ? n - j : nr;
            const float *from = b + start * k_step + j * n_step;
            float *to = packed + j * k + (first + start) * nr;
            if (width == 8 && nr == 8 && n_step == 1)
                pack_panel(8, rows, from, k_step, 1, to);
            else if (width == 8 && nr == 8)
                pack_panel(8, rows, from, k_step, n_step, to);
            else if (width == 16 && nr == 16 && n_step == 1)
                pack_panel(16, rows, from, k_step, 1, to);
            else if (width == 16 && nr == 16)
                pack_panel(16, rows, from, k_step, n_step, to);
            else {
                for (size_t i = 0; i < rows; i++, from += k_step, to += nr) {
                    for (size_t c = 0; c < nr; c++) to[c] = c < width ? from[c * n_step] : 0.0f;
                }
            }
        }
    }
}

/* What lw_gemm_pack_all works with, in units of PACK_ROWS rows. */
struct packing {
    const struct lw_gemm_f32 *gemm;
    size_t k, n, k_units;
    const float *b;
    size_t matrix_step, k_step, n_step;
    float *packed;
    size_t packed_step;
};
enum { PACK_ROWS = 32 };

static void pack_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct packing *p = state;
    for (size_t next; begin < end; begin = next) {
        const size_t matrix = begin / p->k_units, behind = (matrix + 1) * p->k_units;
        next = behind < end ? behind : end;
        const size_t first = begin % p->k_units * PACK_ROWS;
        const size_t count = next == behind ? p->k - first : (next - begin) * PACK_ROWS;
        lw_gemm_pack(p->gemm, p->k, p->n, first, count, p->b + matrix * p->matrix_step + first * p->k_step, p->k_step,
                     p->n_step, p->packed + matrix * p->packed_step);
    }
}

enum lw_status lw_gemm_pack_all(const struct lw_context *context, size_t matrices, size_t k, size_t n, const float *b,
                                size_t matrix_step, size_t k_step, size_t n_step, float *packed, size_t packed_step) {
    const size_t k_units = divide_up(k, PACK_ROWS);
    struct packing packing = {
        &context->kernels.gemm_f32, k, n, k_units, b, matrix_step, k_step, n_step, packed, packed_step};
    return lw_parallel(context, matrices * k_units, n * PACK_ROWS / 2, pack_part, &packing);
}

struct lw_gemm_cut lw_gemm_cut(const struct lw_context *context, size_t m, size_t n, size_t k, size_t inputs,
                               size_t grain, size_t block_rows) {
    enum {
        UNITS = 32,
        COLUMNS = 16,
        ROW_COLUMNS = 32
    }; /* the kernel takes more columns of one or two rows at a time */
    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    struct lw_gemm_cut cut = {.m = m, .n = n, .row_step = m, .column_step = n, .across = 1, .units = 1};
    if (context->threads == 1 || m == 0 || n == 0) return cut;

    if (n < LW_GEMM_NARROW) grain = n;
    if (grain == 0) grain = divide_up(m <= 2 ? ROW_COLUMNS : COLUMNS, gemm->nr) * gemm->nr;
    const size_t grains = n > grain ? n / grain : 1, tiles = divide_up(m, gemm->mr);
    size_t down, across;
    if ((double)k * (double)n > (double)m * (double)inputs) {
        across = grains < UNITS ? grains : UNITS;
        down = UNITS / across;
    } else {
        down = divide_up(m, block_rows);
        across = divide_up(UNITS, down);
        if (across > divide_up(grains, 2)) across = divide_up(grains, 2);
        if (down < UNITS / across) down = UNITS / across;
    }
    cut.row_step = divide_up(tiles, down < tiles ? down : tiles) * gemm->mr;
    cut.column_step = divide_up(grains, across) * grain;
    cut.across = divide_up(n, cut.column_step);
    /* The kernel takes fewer than LW_GEMM_NARROW columns in another layout: let the unit before have them too. */
    const size_t tail = n % cut.column_step;
    if (cut.across > 1 && tail && tail < LW_GEMM_NARROW) cut.across--;
    cut.units = divide_up(m, cut.row_step) * cut.across;
    /* An output costs its terms and its store; reading a row of a panel costs as much as the terms of four outputs. */
    const double rows = (double)(m < cut.row_step ? m : cut.row_step), terms = (double)k;
    const double cost = (double)cut.column_step * (rows * (terms + 8) + 4 * terms) / 32;
    cut.unit_cost = cost < 1e9 ? (size_t)cost : 1000000000;
    return cut;
}

size_t lw_gemm_area(const struct lw_gemm_cut *cut, size_t begin, size_t end, struct lw_gemm_area *area) {
    if (cut->units == 1) {
        *area = (struct lw_gemm_area){begin, 0, cut->m, 0, cut->n};
        return begin + 1;
    }
    const size_t unit = begin % cut->units, left = cut->units - unit;
    const size_t row = unit / cut->across, column = unit % cut->across;
    size_t count = end - begin < left ? end - begin : left, down = 1;
    if (column != 0 || count < cut->across) {
        if (count > cut->across - column) count = cut->across - column;
    } else {
        down = count / cut->across;
        count = down * cut->across;
    }
    area->product = begin / cut->units;
    area->row = row * cut->row_step;
    area->rows = cut->m - area->row < down * cut->row_step ? cut->m - area->row : down * cut->row_step;
    area->column = column * cut->column_step;
    const size_t last = column + (down > 1 ? cut->across : count); /* the first unit behind */
    area->columns = (last >= cut->across ? cut->n : last * cut->column_step) - area->column;
    return begin + count;
}

void lw_gemm_activate(const struct lw_context *context, const struct lw_activation *activation, const float *slopes,
                      const struct lw_gemm_area *area, size_t rows, float *x, size_t row_stride) {
    lw_activation_finish(context, activation, slopes ? slopes + area->column : NULL, rows, area->columns, row_stride,
                         x + area->column);
}

size_t lw_gemm_block_rows(const struct lw_gemm_f32 *gemm, size_t m, size_t taps, size_t inputs, size_t n) {
    enum {
        FLOATS = 32 * 1024,
        LARGE_A = 384 * 1024,
        LARGE_B = 256 * 1024,
        POINTERS = 2048,
        MIN_ROWS = 48,
        MAX_ROWS = 384
    };
    size_t matrix = taps;
    const bool large = !lw_multiply(&matrix, inputs) || !lw_multiply(&matrix, n) || matrix > LARGE_B;
    const size_t row = large ? inputs : inputs + n;
    size_t block = (large ? LARGE_A : FLOATS) / (row ? row : 1);
    if (block < MIN_ROWS) block = MIN_ROWS;
    if (block > MAX_ROWS) block = MAX_ROWS;
    size_t tiles = block / gemm->mr;
    const size_t pointer_tiles = POINTERS / gemm->mr / (taps ? taps : 1);
    if (tiles > pointer_tiles) tiles = pointer_tiles ? pointer_tiles : 1;

    const size_t m_tiles = divide_up(m, gemm->mr);
    if (m_tiles == 0) return 0;
    return divide_up(m_tiles, divide_up(m_tiles, tiles)) * gemm->mr;
}

bool lw_gemm_scratch_bytes(size_t block_rows, size_t taps, size_t floats, size_t *bytes) {
    const size_t pointers[] = {block_rows, taps, sizeof(float *)};
    const size_t rest[] = {floats, sizeof(float)};
    size_t rest_bytes;
    *bytes = 0;
    if (!lw_product(pointers, 3, bytes) || !lw_product(rest, 2, &rest_bytes) || !lw_add(bytes, rest_bytes) ||
        !lw_add(bytes, 15))
        return false;
    *bytes &= ~(size_t)15;
    return true;
}
