/* SPDX-License-Identifier: MIT */
/*
 * Functions of two elements, with broadcasting.
 *
 * Aligned at the right, each dimension belongs to both operands or is repeated in one of them. Sizes of 1 go away and
 * neighbours of the same kind merge, so what is left alternates: equal shapes become one dimension, a bias over rows
 * two ([rows] repeated in b, [channels] in both). The innermost dimension is one call of the kernel, with step 0 for an
 * operand that is repeated in it; the others are loops.
 *
 * Calls cost more than the arithmetic of a few hundred elements. Where the innermost dimension is short, what an
 * operand repeats in the two innermost ones is written out on the stack, and one call does several rows.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <string.h>

const struct lw_kernel_set *const lw_binary_sets[] = {&lw_binary_set, &lw_prelu_set,   &lw_atan2_set,
                                                      &lw_pow_set,    &lw_compare_set, NULL};

/* Rows are joined to runs of at most EXPANDED elements. Those of MANY elements and more are left alone, also where they
 * are a single element repeated, which is slower to write out. */
enum { EXPANDED = 2048, MANY = 32 };

struct dimension {
    size_t size;
    bool in_a, in_b; /* not both false */
};

struct plan {
    struct dimension dimensions[LW_MAX_RANK]; /* outermost first */
    size_t rank;
    size_t count;            /* elements of the output */
    size_t last_size;        /* the output's size in the last dimension, before merging */
    size_t bytes, out_bytes; /* of an operand's element, and of the output's */
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_binary *binary,
                                struct lw_problem *problem, struct plan *plan) {
    *plan = (struct plan){.last_size = 1};
    const enum lw_status status = lw_check(context, binary, sizeof *binary, problem);
    if (status != LW_OK) return status;
    const uint32_t op = binary->op, type = binary->type;
    if (op > LW_BINARY_LOGICAL_OR || (op >= LW_K_BINARY_COUNT && op < LW_BINARY_EQUAL))
        return lw_wrong(problem, LW_BAD_ENUM, "op", "one of enum lw_binary_op");
    if (type > LW_BOOL) return lw_wrong(problem, LW_BAD_ENUM, "type", "one of enum lw_type");
    if (op < LW_BINARY_EQUAL) {
        const struct lw_kernels *kernels = &context->kernels;
        if (type == LW_BOOL || (type == LW_FLOAT32 ? !kernels->binary_f32[op] : !kernels->binary_i32[op]))
            return lw_wrong(problem, LW_UNSUPPORTED, "type", "one that the op takes");
    } else if (op >= LW_BINARY_LOGICAL_AND && type != LW_BOOL) {
        return lw_wrong(problem, LW_UNSUPPORTED, "type", "one that the op takes");
    }
    if (binary->a_rank > LW_MAX_RANK || binary->b_rank > LW_MAX_RANK)
        return lw_wrong(problem, LW_BAD_SHAPE, binary->a_rank > LW_MAX_RANK ? "a_rank" : "b_rank",
                        "LW_MAX_RANK at most");

    const size_t rank = binary->a_rank > binary->b_rank ? binary->a_rank : binary->b_rank;
    size_t sizes[LW_MAX_RANK];
    plan->bytes = type == LW_BOOL ? 1 : 4;
    plan->out_bytes = op >= LW_BINARY_EQUAL ? 1 : 4;
    for (size_t d = 0; d < rank; d++) {
        const size_t a = d + binary->a_rank < rank ? 1 : binary->a_shape[d + binary->a_rank - rank];
        const size_t b = d + binary->b_rank < rank ? 1 : binary->b_shape[d + binary->b_rank - rank];
        if (a != b && a != 1 && b != 1)
            return lw_wrong(problem, LW_BAD_SHAPE, "b_shape",
                            "a_shape's, or 1 in either, in each dimension from the last");
        sizes[d] = a == 1 ? b : a;
        plan->last_size = sizes[d];
        if (sizes[d] == 1) continue;

        struct dimension *last = plan->rank ? &plan->dimensions[plan->rank - 1] : NULL;
        const bool in_a = a != 1, in_b = b != 1;
        if (last && last->in_a == in_a && last->in_b == in_b) {
            if (!lw_multiply(&last->size, sizes[d])) return lw_too_large(problem, "output");
        } else {
            plan->dimensions[plan->rank++] = (struct dimension){sizes[d], in_a, in_b};
        }
    }
    if (!lw_product(sizes, rank, &plan->count) || plan->count > SIZE_MAX / 4) return lw_too_large(problem, "output");
    return LW_OK;
}

/* The kernel of each comparison; where it is that of another, the operands are swapped. */
static const struct {
    uint8_t kernel;
    bool swapped;
} comparisons[] = {
    [LW_BINARY_EQUAL - LW_BINARY_EQUAL] = {LW_K_EQUAL, false},
    [LW_BINARY_NOT_EQUAL - LW_BINARY_EQUAL] = {LW_K_NOT_EQUAL, false},
    [LW_BINARY_LESS - LW_BINARY_EQUAL] = {LW_K_LESS, false},
    [LW_BINARY_LESS_EQUAL - LW_BINARY_EQUAL] = {LW_K_LESS_EQUAL, false},
    [LW_BINARY_GREATER - LW_BINARY_EQUAL] = {LW_K_LESS, true},
    [LW_BINARY_GREATER_EQUAL - LW_BINARY_EQUAL] = {LW_K_LESS_EQUAL, true},
    [LW_BINARY_LOGICAL_AND - LW_BINARY_EQUAL] = {LW_K_AND, false},
    [LW_BINARY_LOGICAL_OR - LW_BINARY_EQUAL] = {LW_K_OR, false},
};

static void compare(const struct lw_context *context, const struct lw_binary *binary, size_t n, const void *a,
                    size_t a_step, const void *b, size_t b_step, uint8_t *out) {
    const struct lw_kernels *kernels = &context->kernels;
    const size_t kernel = comparisons[binary->op - LW_BINARY_EQUAL].kernel;
    if (binary->type == LW_FLOAT32)
        kernels->compare_f32[kernel](n, a, a_step, b, b_step, out);
    else if (binary->type == LW_INT32)
        kernels->compare_i32[kernel](n, a, a_step, b, b_step, out);
    else
        kernels->compare_bool[kernel](n, a, a_step, b, b_step, out);
}

static void call(const struct lw_context *context, const struct lw_binary *binary, size_t n, const void *a,
                 size_t a_step, const void *b, size_t b_step, void *out) {
    if (binary->op < LW_BINARY_EQUAL)
        lw_combine(context, binary->type, binary->op, n, a, a_step, b, b_step, out);
    else if (comparisons[binary->op - LW_BINARY_EQUAL].swapped)
        compare(context, binary, n, b, b_step, a, a_step, out);
    else
        compare(context, binary, n, a, a_step, b, b_step, out);
}

/* How many rows of the two innermost dimensions one call does. */
static size_t rows_at_once(const struct dimension *outer, const struct dimension *inner) {
    const bool rows_repeated = inner->in_a && inner->in_b;
    if (inner->size > (rows_repeated ? EXPANDED / 2 : MANY)) return 1;
    const size_t most = EXPANDED / inner->size;
    /* A row that is not short is worth writing out for several uses only. */
    const size_t useful = inner->size < MANY ? outer->size : outer->size / 4;
    return most < useful ? most : useful ? useful : 1;
}

/* Rows i to i + rows of the two innermost dimensions of an operand, whose elements have `bytes` bytes: its own, or what
 * it repeats, in `expanded`. */
static const uint8_t *rows_of(const uint8_t *x, size_t bytes, bool in_outer, bool in_inner, size_t i, size_t rows,
                              size_t columns, uint32_t *expanded) {
    if (in_outer && in_inner) return x + i * columns * bytes;
    if (in_outer && bytes == 1) {
        for (size_t r = 0; r < rows; r++) memset((uint8_t *)expanded + r * columns, x[i + r], columns);
    } else if (in_outer) {
        /* Two at a time, at an odd number of columns one beyond the row. */
        const uint32_t *elements = (const uint32_t *)(const void *)x + i;
        for (size_t r = 0; r < rows; r++) {
            const uint32_t pair[2] = {elements[r], elements[r]};
            for (size_t c = 0; c < columns; c += 2) memcpy(expanded + r * columns + c, pair, sizeof pair);
        }
    } else if (i == 0) { /* else it is there already */
        lw_repeat(x, columns * bytes, rows * columns * bytes, expanded);
    }
    return (const uint8_t *)expanded;
}

/* The two innermost dimensions. */
static void run_inner(const struct lw_context *context, const struct lw_binary *binary, const struct plan *plan,
                      const struct dimension *outer, const struct dimension *inner, const uint8_t *a, const uint8_t *b,
                      uint8_t *out) {
    const size_t most = rows_at_once(outer, inner), columns = inner->size, bytes = plan->bytes;
    if (most == 1) {
        const size_t a_row = !outer->in_a ? 0 : inner->in_a ? columns * bytes : bytes;
        const size_t b_row = !outer->in_b ? 0 : inner->in_b ? columns * bytes : bytes;
        for (size_t i = 0; i < outer->size; i++, a += a_row, b += b_row, out += columns * plan->out_bytes)
            call(context, binary, columns, a, inner->in_a, b, inner->in_b, out);
        return;
    }
    uint32_t expanded[EXPANDED + 1],
        expanded_too[EXPANDED + 1]; /* both operands are repeated in [rows][1] and [columns] */
    for (size_t i = 0; i < outer->size; i += most) {
        const size_t rows = outer->size - i < most ? outer->size - i : most;
        const uint8_t *a_rows = rows_of(a, bytes, outer->in_a, inner->in_a, i, rows, columns, expanded);
        const uint8_t *b_rows = rows_of(b, bytes, outer->in_b, inner->in_b, i, rows, columns, expanded_too);
        call(context, binary, rows * columns, a_rows, 1, b_rows, 1, out + i * columns * plan->out_bytes);
    }
}

enum lw_status lw_binary_validate(const struct lw_context *context, const struct lw_binary *op,
                                  struct lw_problem *problem) {
    struct plan plan;
    return make_plan(context, op, problem, &plan);
}

struct run {
    const struct lw_context *context;
    const struct lw_binary *binary;
    const struct plan *plan;
    const uint8_t *a, *b;
    uint8_t *output;
};

/* Where there is one dimension. */
static void run_elements(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct dimension *all = run->plan->dimensions;
    const size_t start = begin * run->plan->bytes;
    call(run->context, run->binary, end - begin, run->a + (all->in_a ? start : 0), all->in_a,
         run->b + (all->in_b ? start : 0), all->in_b, run->output + begin * run->plan->out_bytes);
}

/* Rows [begin, end) of the innermost dimension. run_inner does the last two dimensions, or what of them belongs to the
 * part; the others are loops. */
static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct plan *plan = run->plan;
    const struct dimension *dimensions = plan->dimensions;
    const size_t rank = plan->rank - 2;
    const struct dimension *inner = &dimensions[rank + 1];
    struct dimension outer = dimensions[rank];

    /* How many bytes each operand moves when an index grows by 1: over what it has of the dimensions inside of it. */
    size_t a_strides[LW_MAX_RANK], b_strides[LW_MAX_RANK], a_size = plan->bytes, b_size = plan->bytes;
    for (size_t d = plan->rank; d-- > 0;) {
        a_strides[d] = dimensions[d].in_a ? a_size : 0;
        b_strides[d] = dimensions[d].in_b ? b_size : 0;
        if (dimensions[d].in_a) a_size *= dimensions[d].size;
        if (dimensions[d].in_b) b_size *= dimensions[d].size;
    }

    size_t index[LW_MAX_RANK] = {0}, rest = begin, row = 0;
    const uint8_t *a = run->a, *b = run->b;
    uint8_t *out = run->output + begin * inner->size * plan->out_bytes;
    if (begin) {
        row = rest % outer.size;
        rest /= outer.size;
        for (size_t d = rank; d-- > 0; rest /= dimensions[d].size) {
            index[d] = rest % dimensions[d].size;
            a += index[d] * a_strides[d];
            b += index[d] * b_strides[d];
        }
    }
    for (;;) {
        outer.size = dimensions[rank].size - row;
        if (outer.size > end - begin) outer.size = end - begin;
        run_inner(run->context, run->binary, plan, &outer, inner, a + row * a_strides[rank], b + row * b_strides[rank],
                  out);
        begin += outer.size;
        if (begin == end) return;
        out += outer.size * inner->size * plan->out_bytes;
        row = 0;
        size_t d = rank - 1;
        for (; index[d] + 1 == dimensions[d].size; d--) {
            a -= index[d] * a_strides[d];
            b -= index[d] * b_strides[d];
            index[d] = 0;
        }
        index[d]++;
        a += a_strides[d];
        b += b_strides[d];
    }
}

enum lw_status lw_binary_sizes(const struct lw_context *context, const struct lw_binary *binary,
                               struct lw_sizes *sizes) {
    struct plan plan;
    enum lw_status status = make_plan(context, binary, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes =
        (struct lw_sizes){.output_height = 1, .output_width = (uint32_t)plan.last_size, .output_elements = plan.count};
    return LW_OK;
}

enum lw_status lw_binary_run(const struct lw_context *context, const struct lw_binary *binary, const void *a,
                             const void *b, void *output) {
    struct plan plan;
    enum lw_status status = make_plan(context, binary, NULL, &plan);
    if (status != LW_OK) return status;
    if (plan.count == 0) return LW_OK;
    if (!a || !b || !output) return LW_NULL_POINTER;

    if (plan.rank == 0) {
        call(context, binary, 1, a, 1, b, 1, output);
        return LW_OK;
    }
    const struct dimension *inner = &plan.dimensions[plan.rank - 1];
    struct run run = {context, binary, &plan, a, b, output};
    /* Nanoseconds of 8 elements. */
    const bool is_function =
        binary->op == LW_BINARY_POW || binary->op == LW_BINARY_ATAN2 || binary->op == LW_BINARY_MOD;
    const size_t cost = is_function ? 32 : 1;
    if (plan.rank == 1) return lw_parallel_elements(context, inner->size, LW_BLOCK / 8 * cost, run_elements, &run);
    return lw_parallel(context, plan.count / inner->size, inner->size * cost / 8 + 1, run_rows, &run);
}
