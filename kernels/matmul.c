/* SPDX-License-Identifier: MIT */
/*
 * Matrix multiplication by gemm_f32. B is packed beforehand, from either orientation. Rows of A are used where they
 * lie; when A is stored transposed, a block of rows at a time is copied into scratch memory.
 */
#include "kernels/gemm_pack.h"

const struct lw_kernel_set *const lw_matmul_sets[] = {&lw_gemm_set, NULL};

struct plan {
    struct lw_matmul op;  /* with all strides */
    size_t batch, m;      /* batches that share B and follow each other in A are one tall matrix */
    size_t matrix_packed; /* elements of one packed B */
    size_t packed_matrices, packed_bytes;
    size_t a_elements, b_elements, output_elements; /* elements from the first to the last that is used */
    bool copies;                                    /* rows of A are gathered in scratch memory */
    size_t block_rows;                              /* a multiple of mr */
    struct lw_gemm_cut cut;                         /* of one batch */
    size_t share_bytes, scratch_bytes;              /* for one worker, for all */
};

/* Elements from the first to the last of `batch` matrices. */
static bool extent(size_t batch, size_t stride, size_t rows, size_t row_stride, size_t columns, size_t *elements) {
    const size_t matrix[] = {rows, columns};
    *elements = 0;
    if (!lw_product(matrix, 2, elements)) return false;
    if (batch == 0) *elements = 0;
    if (*elements == 0) return true;
    size_t distance = stride, height = row_stride;
    if (!lw_multiply(&distance, batch - 1) || !lw_multiply(&height, rows - 1)) return false;
    *elements = columns;
    if (!lw_add(elements, distance) || !lw_add(elements, height)) return false;
    size_t bytes = *elements;
    return lw_multiply(&bytes, sizeof(float));
}

enum lw_status lw_matmul_read(const struct lw_context *context, const struct lw_matmul *given,
                              struct lw_problem *problem, struct lw_matmul *op) {
    if (!context || !given) return lw_check(context, given, 0, problem);
    const enum lw_status status = lw_read(given, offsetof(struct lw_matmul, a_row_stride), sizeof *op, op, problem);
    if (status != LW_OK) return status;
    if (op->a_row_stride == 0) op->a_row_stride = op->transpose_a ? op->m : op->k;
    if (op->b_row_stride == 0) op->b_row_stride = op->transpose_b ? op->k : op->n;
    if (op->output_row_stride == 0) op->output_row_stride = op->n;
    if (op->output_row_stride < op->n) return lw_wrong(problem, LW_BAD_SHAPE, "output_row_stride", "0, or n or more");
    const size_t between = op->m ? op->m - 1 : 0; /* rows but the last, which may be shorter */
    size_t matrix = op->output_row_stride;
    if (!lw_multiply(&matrix, between) || !lw_add(&matrix, op->m ? op->n : 0)) return lw_too_large(problem, "output");
    if (op->output_batch_stride != 0 && op->output_batch_stride < matrix)
        return lw_wrong(problem, LW_BAD_SHAPE, "output_batch_stride", "0, or the elements of a matrix or more");
    if (op->output_batch_stride == 0) {
        op->output_batch_stride = op->output_row_stride;
        if (!lw_multiply(&op->output_batch_stride, op->m)) return lw_too_large(problem, "output");
    }
    return LW_OK;
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_matmul *given,
                                struct lw_problem *problem, struct plan *plan) {
    const struct lw_matmul *matmul = &plan->op;
    enum lw_status status = lw_matmul_read(context, given, problem, &plan->op);
    if (status != LW_OK) return status;
    if (matmul->transpose_a > 1 || matmul->transpose_b > 1)
        return lw_wrong(problem, LW_BAD_ENUM, matmul->transpose_a > 1 ? "transpose_a" : "transpose_b", "0 or 1");
    status = lw_activation_check(&matmul->activation, problem);
    if (status != LW_OK) return status;

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    const size_t m = matmul->m, n = matmul->n, k = matmul->k, output[] = {matmul->batch, m, n, sizeof(float)};
    if (!extent(matmul->batch, matmul->a_batch_stride, matmul->transpose_a ? k : m, matmul->a_row_stride,
                matmul->transpose_a ? m : k, &plan->a_elements))
        return lw_too_large(problem, "a");
    if (!extent(matmul->batch, matmul->b_batch_stride, matmul->transpose_b ? n : k, matmul->b_row_stride,
                matmul->transpose_b ? k : n, &plan->b_elements) ||
        !lw_gemm_packed_elements(gemm, matmul->k, matmul->n, &plan->matrix_packed))
        return lw_too_large(problem, "b");
    if (!lw_product(output, 4, &plan->output_elements) ||
        !extent(matmul->batch, matmul->output_batch_stride, m, matmul->output_row_stride, n, &plan->output_elements))
        return lw_too_large(problem, "output");
    plan->packed_matrices = matmul->b_batch_stride || matmul->batch == 0 ? matmul->batch : 1;
    const size_t packed[] = {plan->packed_matrices, plan->matrix_packed, sizeof(float)};
    if (!lw_product(packed, 3, &plan->packed_bytes)) return lw_too_large(problem, "b");

    plan->batch = matmul->batch;
    plan->m = matmul->m;
    /* No overflow where there is an output: both tensors have been measured. */
    if (matmul->b_batch_stride == 0 && !matmul->transpose_a && plan->output_elements != 0 &&
        matmul->a_batch_stride == m * matmul->a_row_stride &&
        matmul->output_batch_stride == m * matmul->output_row_stride) {
        plan->batch = 1;
        plan->m *= matmul->batch;
    }
    plan->copies = matmul->transpose_a && matmul->a_row_stride > 1; /* else one row is a column too */
    plan->block_rows = lw_gemm_block_rows(gemm, plan->m, 1, matmul->k, matmul->n);
    const size_t copied[] = {plan->copies ? plan->block_rows : 0, matmul->k};
    size_t floats;
    if (!lw_product(copied, 2, &floats) || !lw_gemm_scratch_bytes(plan->block_rows, 1, floats, &plan->share_bytes) ||
        !lw_share_scratch(context, &plan->share_bytes, &plan->scratch_bytes))
        return lw_too_large(problem, "scratch");
    plan->cut =
        lw_gemm_cut(context, plan->m, matmul->n, matmul->k, matmul->k, plan->copies ? matmul->n : 0, plan->block_rows);
    return LW_OK;
}

enum lw_status lw_matmul_validate(const struct lw_context *context, const struct lw_matmul *op,
                                  struct lw_problem *problem) {
    struct plan plan;
    return make_plan(context, op, problem, &plan);
}

enum lw_status lw_matmul_sizes(const struct lw_context *context, const struct lw_matmul *matmul,
                               struct lw_sizes *sizes) {
    struct plan plan;
    const enum lw_status status = make_plan(context, matmul, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = 1,
        .output_width = matmul->n,
        .output_elements = plan.output_elements,
        .packed_bytes = plan.packed_bytes,
        .scratch_bytes = plan.scratch_bytes,
    };
    return LW_OK;
}

enum lw_status lw_matmul_pack(const struct lw_context *context, const struct lw_matmul *matmul, const float *b,
                              void *packed) {
    struct plan plan;
    const enum lw_status status = make_plan(context, matmul, NULL, &plan);
    if (status != LW_OK) return status;
    if (plan.packed_bytes == 0) return LW_OK;
    if (!b || !packed) return LW_NULL_POINTER;

    const size_t row = plan.op.b_row_stride;
    return lw_gemm_pack_all(context, plan.packed_matrices, matmul->k, matmul->n, b, matmul->b_batch_stride,
                            matmul->transpose_b ? 1 : row, matmul->transpose_b ? row : 1, packed, plan.matrix_packed);
}

/* Copies columns of a transposed A into rows, a few at a time: a cache line of A, and no more rows than stay in the cache
 * while they are written float by float. a: k rows, from the first wanted column on; rows: [count][k] */
static void transpose_rows(size_t count, size_t row_stride, size_t k, const float *a, float *rows) {
    enum { ROWS = 8 };
    size_t i = 0;
    for (; i + ROWS <= count; i += ROWS, rows += ROWS * k) {
        const float *from = a + i;
        for (size_t c = 0; c < k; c++, from += row_stride) {
            for (size_t r = 0; r < ROWS; r++) rows[r * k + c] = from[r];
        }
    }
    for (; i < count; i++, rows += k) {
        for (size_t c = 0; c < k; c++) rows[c] = a[c * row_stride + i];
    }
}

/* What the parts of a run share. */
struct run {
    const struct lw_context *context;
    const struct lw_matmul *matmul;
    const struct plan *plan;
    const struct lw_epilogue *epilogue;
    const float *a, *packed;
    char *scratch;
    float *output;
};

/* Units of plan->cut, for one batch after the other. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct lw_matmul *matmul = run->matmul;
    const struct plan *plan = run->plan;
    const struct lw_gemm_f32 *gemm = &run->context->kernels.gemm_f32;
    const size_t k = matmul->k;
    const float **rows = (const float **)(void *)(run->scratch + worker * plan->share_bytes);
    float *copied = (float *)(rows + plan->block_rows); /* (block_rows, k) */

    struct lw_gemm_area area;
    while (begin < end) {
        begin = lw_gemm_area(&plan->cut, begin, end, &area);
        /* (ceil(n / nr), k, nr). With k = 0 there is nothing to read, but the kernel steps from panel to panel. */
        const float *matrix = run->packed ? run->packed : copied;
        if (plan->packed_matrices > 1) matrix += area.product * plan->matrix_packed;
        const size_t last_row = area.row + area.rows;
        for (size_t first = area.row; first < last_row; first += plan->block_rows) {
            const size_t count = last_row - first < plan->block_rows ? last_row - first : plan->block_rows;
            if (k != 0) {
                const float *batch = run->a + area.product * matmul->a_batch_stride;
                if (plan->copies) transpose_rows(count, matmul->a_row_stride, k, batch + first, copied);
                /* In a single stored column (transposed, one row or not) the rows are a float apart. */
                const size_t step = matmul->transpose_a ? 1 : matmul->a_row_stride;
                const float *from = plan->copies ? copied : batch + first * step;
                for (size_t i = 0; i < count; i++) rows[i] = from + i * (plan->copies ? k : step);
            }
            float *output =
                run->output + area.product * matmul->output_batch_stride + first * matmul->output_row_stride;
            const size_t element = (size_t)(output - run->output) + area.column;
            const struct lw_finish finish =
                lw_epilogue_in_gemm(&matmul->activation, run->epilogue, area.column, element);
            gemm->run(count, area.columns, k ? 1 : 0, k, rows, matrix + area.column * k, &finish, output + area.column,
                      matmul->output_row_stride);
            lw_gemm_activate(run->context, &matmul->activation, run->epilogue->slopes, &area, count, output,
                             matmul->output_row_stride);
        }
    }
}

enum lw_status lw_matmul_run(const struct lw_context *context, const struct lw_matmul *matmul, const float *a,
                             const void *packed, const struct lw_epilogue *given, void *scratch, float *output) {
    struct plan plan;
    struct lw_epilogue epilogue;
    enum lw_status status = make_plan(context, matmul, NULL, &plan);
    if (status == LW_OK) status = lw_epilogue_read(&matmul->activation, given, NULL, &epilogue);
    if (status != LW_OK) return status;
    if ((!a && plan.a_elements) || (!packed && plan.packed_bytes) || (!scratch && plan.scratch_bytes) ||
        (!output && plan.output_elements))
        return LW_NULL_POINTER;
    if (plan.output_elements == 0) return LW_OK;

    struct run run = {context, &plan.op, &plan, &epilogue, a, packed, scratch, output};
    return lw_parallel(context, plan.batch * plan.cut.units, plan.cut.unit_cost, run_part, &run);
}
