/* SPDX-License-Identifier: MIT */
/*
 * Matrix multiplication by gemm_f32. B is packed beforehand, from either orientation. Rows of A are used where they
 * lie; when A is stored transposed, a block of rows at a time is copied into scratch memory.
 */
#include "kernels/gemm_pack.h"

const struct lw_kernel_set *const lw_matmul_sets[] = {&lw_gemm_set, NULL};

struct plan {
    size_t batch, m;      /* batches that share B and follow each other in A are one tall matrix */
    size_t matrix_packed; /* elements of one packed B */
    size_t packed_matrices, packed_bytes;
    size_t a_elements, b_elements, output_elements; /* elements from the first to the last that is used */
    bool copies;                                    /* rows of A are gathered in scratch memory */
    size_t block_rows;                              /* a multiple of mr */
    size_t scratch_bytes;
};

/* Elements from the first to the last of `batch` matrices. */
static bool extent(size_t batch, size_t stride, size_t rows, size_t columns, size_t *elements) {
    const size_t matrix[] = {rows, columns};
    *elements = 0;
    if (!lw_product(matrix, 2, elements)) return false;
    if (batch == 0) *elements = 0;
    if (*elements == 0) return true;
    size_t distance = stride;
    if (!lw_multiply(&distance, batch - 1) || !lw_add(elements, distance)) return false;
    size_t bytes = *elements;
    return lw_multiply(&bytes, sizeof(float));
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_matmul *matmul, struct plan *plan) {
    if (!context || !matmul) return LW_NULL_POINTER;
    if (matmul->struct_bytes != sizeof *matmul) return LW_BAD_STRUCT_BYTES;
    if (matmul->transpose_a > 1 || matmul->transpose_b > 1) return LW_BAD_ENUM;
    const enum lw_status status = lw_activation_check(&matmul->activation);
    if (status != LW_OK) return status;

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    const size_t output[] = {matmul->batch, matmul->m, matmul->n, sizeof(float)};
    if (!extent(matmul->batch, matmul->a_batch_stride, matmul->m, matmul->k, &plan->a_elements) ||
        !extent(matmul->batch, matmul->b_batch_stride, matmul->k, matmul->n, &plan->b_elements) ||
        !lw_product(output, 4, &plan->output_elements) ||
        !lw_gemm_packed_elements(gemm, matmul->k, matmul->n, &plan->matrix_packed))
        return LW_TOO_LARGE;
    plan->output_elements /= sizeof(float);
    plan->packed_matrices = matmul->b_batch_stride || matmul->batch == 0 ? matmul->batch : 1;
    const size_t packed[] = {plan->packed_matrices, plan->matrix_packed, sizeof(float)};
    if (!lw_product(packed, 3, &plan->packed_bytes)) return LW_TOO_LARGE;

    plan->batch = matmul->batch;
    plan->m = matmul->m;
    const size_t matrix_elements = (size_t)matmul->m * matmul->k;
    if (matmul->b_batch_stride == 0 && !matmul->transpose_a && matmul->a_batch_stride == matrix_elements &&
        plan->output_elements != 0) {
        plan->batch = 1;
        plan->m *= matmul->batch;
    }
    plan->copies = matmul->transpose_a && matmul->m > 1; /* one row is a column too */
    plan->block_rows = lw_gemm_block_rows(gemm, plan->m, 1, matmul->k, matmul->n);
    const size_t copied[] = {plan->copies ? plan->block_rows : 0, matmul->k};
    size_t floats;
    if (!lw_product(copied, 2, &floats) || !lw_gemm_scratch_bytes(plan->block_rows, 1, floats, &plan->scratch_bytes))
        return LW_TOO_LARGE;
    return LW_OK;
}

enum lw_status lw_matmul_sizes(const struct lw_context *context, const struct lw_matmul *matmul,
                               struct lw_sizes *sizes) {
    struct plan plan;
    const enum lw_status status = make_plan(context, matmul, &plan);
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
    const enum lw_status status = make_plan(context, matmul, &plan);
    if (status != LW_OK) return status;
    if (plan.packed_bytes == 0) return LW_OK;
    if (!b || !packed) return LW_NULL_POINTER;

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    const size_t k = matmul->k, n = matmul->n;
    for (size_t i = 0; i < plan.packed_matrices; i++)
        lw_gemm_pack(gemm, k, n, 0, k, b + i * matmul->b_batch_stride, matmul->transpose_b ? 1 : n,
                     matmul->transpose_b ? k : 1, (float *)packed + i * plan.matrix_packed);
    return LW_OK;
}

/* Copies columns of a transposed A into rows, a few at a time: a cache line of A, and no more rows than stay in the cache
 * while they are written float by float. a: [k][m], from the first wanted column on; rows: [count][k] */
static void transpose_rows(size_t count, size_t m, size_t k, const float *a, float *rows) {
    enum { ROWS = 8 };
    size_t i = 0;
    for (; i + ROWS <= count; i += ROWS, rows += ROWS * k) {
        const float *from = a + i;
        for (size_t c = 0; c < k; c++, from += m) {
            for (size_t r = 0; r < ROWS; r++) rows[r * k + c] = from[r];
        }
    }
    for (; i < count; i++, rows += k) {
        for (size_t c = 0; c < k; c++) rows[c] = a[c * m + i];
    }
}

enum lw_status lw_matmul_run(const struct lw_context *context, const struct lw_matmul *matmul, const float *a,
                             const void *packed, const struct lw_epilogue *given, void *scratch, float *output) {
    struct plan plan;
    struct lw_epilogue epilogue;
    enum lw_status status = make_plan(context, matmul, &plan);
    if (status == LW_OK) status = lw_epilogue_read(&matmul->activation, given, &epilogue);
    if (status != LW_OK) return status;
    if ((!a && plan.a_elements) || (!packed && plan.packed_bytes) || (!scratch && plan.scratch_bytes) ||
        (!output && plan.output_elements))
        return LW_NULL_POINTER;
    if (plan.output_elements == 0) return LW_OK;

    const struct lw_gemm_f32 *gemm = &context->kernels.gemm_f32;
    const size_t n = matmul->n, k = matmul->k;
    const float **rows = scratch;
    float *copied = (float *)(rows + plan.block_rows); /* (block_rows, k) */

    for (size_t b = 0; b < plan.batch; b++) {
        /* (ceil(n / nr), k, nr). With k = 0 there is nothing to read, but the kernel steps from panel to panel. */
        const float *matrix = packed ? packed : copied;
        if (plan.packed_matrices > 1) matrix += b * plan.matrix_packed;
        for (size_t first = 0; first < plan.m; first += plan.block_rows) {
            const size_t count = plan.m - first < plan.block_rows ? plan.m - first : plan.block_rows;
            const size_t element = (b * plan.m + first) * n;
            if (k != 0) {
                const float *batch = a + b * matmul->a_batch_stride;
                if (plan.copies) transpose_rows(count, plan.m, k, batch + first, copied);
                const float *from = plan.copies ? copied : batch + first * k;
                for (size_t i = 0; i < count; i++) rows[i] = from + i * k;
            }
            const struct lw_finish finish = lw_epilogue_in_gemm(&matmul->activation, &epilogue, 0, element);
            gemm->run(count, n, k ? 1 : 0, k, rows, matrix, &finish, output + element, n);
            lw_activation_finish(context, &matmul->activation, epilogue.slopes, count, n, output + element);
        }
    }
    return LW_OK;
}
