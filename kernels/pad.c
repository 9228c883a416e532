/* SPDX-License-Identifier: MIT */
/*
 * Padding. A dimension without padding merges into the one outside of it, so padding an NHWC image in H and W moves whole
 * pixels' rows; what is left is written front to back, one dimension inside of the other.
 *
 * With mirrored padding only the innermost dimensions without padding go together, as larger elements. What is inside of
 * a border is written first, and the border is a copy of that.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

#include <string.h>

struct dimension {
    size_t size, before, after;       /* elements, in units of what is inside of the dimension */
    size_t input_bytes, output_bytes; /* of one index of this dimension */
};

struct plan {
    struct dimension dimensions[LW_MAX_RANK]; /* outermost first; at least one */
    size_t rank, element_bytes;
    size_t skip;      /* mirrored: how far behind the border its image starts; 0 repeats the border itself */
    size_t count;     /* elements of the output */
    size_t last_size; /* the output's size in the last dimension, before merging */
    size_t input_count;
};

static enum lw_status make_plan(const struct lw_context *context, const struct lw_pad *pad, struct lw_problem *problem,
                                struct plan *plan) {
    *plan = (struct plan){.last_size = 1};
    enum lw_status status = lw_check(context, pad, sizeof *pad, problem);
    if (status != LW_OK) return status;
    const size_t element = pad->element_bytes;
    status = lw_element_check(pad->element_bytes, problem);
    if (status != LW_OK) return status;
    if (pad->rank > LW_MAX_RANK) return lw_wrong(problem, LW_BAD_SHAPE, "rank", "LW_MAX_RANK at most");
    if (pad->mode > LW_PAD_SYMMETRIC) return lw_wrong(problem, LW_BAD_ENUM, "mode", "one of enum lw_pad_mode");

    size_t input[LW_MAX_RANK + 1], output[LW_MAX_RANK + 1], bytes;
    plan->element_bytes = element;
    plan->skip = pad->mode == LW_PAD_REFLECT;
    for (size_t d = 0; d < pad->rank; d++) {
        input[d] = output[d] = pad->shape[d];
        if (!lw_add(&output[d], pad->before[d]) || !lw_add(&output[d], pad->after[d]) ||
            output[d] > UINT32_MAX) /* a shape's entries are uint32_t */
            return lw_too_large(problem, "output");
        plan->last_size = output[d];
    }
    input[pad->rank] = output[pad->rank] = element;
    if (!lw_product(output, pad->rank + (size_t)1, &bytes)) return lw_too_large(problem, "output");
    plan->count = bytes / element;
    if (!lw_product(input, pad->rank + (size_t)1, &bytes)) return lw_too_large(problem, "input");
    plan->input_count = bytes / element;
    for (size_t d = 0; d < pad->rank && pad->mode != LW_PAD_CONSTANT; d++) {
        const size_t most = pad->before[d] > pad->after[d] ? pad->before[d] : pad->after[d];
        if (most && (pad->shape[d] < plan->skip || most > pad->shape[d] - plan->skip))
            return lw_wrong(problem, LW_BAD_SHAPE, pad->before[d] > pad->after[d] ? "before" : "after",
                            "no more than there is to mirror");
    }
    if (plan->count == 0) return LW_OK;

    /* Nothing below overflows: every size is at most the output's. */
    plan->dimensions[0] = (struct dimension){.size = 1};
    plan->rank = 1;
    for (size_t d = 0; d < pad->rank; d++) {
        struct dimension *last = &plan->dimensions[plan->rank - 1];
        const bool is_padded = pad->before[d] || pad->after[d];
        if (!is_padded && (pad->mode == LW_PAD_CONSTANT || !(last->before || last->after))) {
            last->size *= pad->shape[d];
            last->before *= pad->shape[d];
            last->after *= pad->shape[d];
        } else if (last->size == 1 && last->before == 0 && last->after == 0) {
            *last = (struct dimension){.size = pad->shape[d], .before = pad->before[d], .after = pad->after[d]};
        } else {
            plan->dimensions[plan->rank++] =
                (struct dimension){.size = pad->shape[d], .before = pad->before[d], .after = pad->after[d]};
        }
    }
    if (pad->mode != LW_PAD_CONSTANT && plan->rank > 1) {
        const struct dimension *last = &plan->dimensions[plan->rank - 1];
        if (!last->before && !last->after) {
            plan->element_bytes *= last->size;
            plan->rank--;
        }
    }
    size_t input_bytes = plan->element_bytes, output_bytes = plan->element_bytes;
    for (size_t d = plan->rank; d-- > 0;) {
        struct dimension *p = &plan->dimensions[d];
        p->input_bytes = input_bytes;
        p->output_bytes = output_bytes;
        input_bytes *= p->size;
        output_bytes *= p->before + p->size + p->after;
    }
    return LW_OK;
}

/* element_bytes is a constant where this is inlined. */
static inline __attribute__((always_inline)) char *fill_elements(char *out, size_t bytes, const void *value,
                                                                 size_t element_bytes) {
    for (char *end = out + bytes; out < end; out += element_bytes) memcpy(out, value, element_bytes);
    return out;
}

static char *fill(char *out, size_t bytes, const void *value, size_t element_bytes) {
    switch (element_bytes) {
    case 1: return fill_elements(out, bytes, value, 1);
    case 2: return fill_elements(out, bytes, value, 2);
    case 4: return fill_elements(out, bytes, value, 4);
    case 8: return fill_elements(out, bytes, value, 8);
    default: return fill_elements(out, bytes, value, 16);
    }
}

/* Writes dimension d and all that is inside of it; returns the output's end. At most LW_MAX_RANK deep. */
static char *write(const struct plan *plan, size_t d, const char *in, const void *value, char *out) {
    const struct dimension *p = &plan->dimensions[d];
    out = fill(out, p->before * p->output_bytes, value, plan->element_bytes);
    if (d + 1 == plan->rank) {
        const size_t bytes = p->size * p->input_bytes;
        if (bytes) memcpy(out, in, bytes);
        out += bytes;
    } else {
        for (size_t i = 0; i < p->size; i++, in += p->input_bytes) out = write(plan, d + 1, in, value, out);
    }
    return fill(out, p->after * p->output_bytes, value, plan->element_bytes);
}

struct run {
    const struct plan *plan;
    const char *input;
    const void *value;
    char *output;
};

/* The indices [begin, end) of the output's outermost dimension, which is not the only one. */
static void write_part(void *state, size_t begin, size_t end, size_t worker) {
    (void)worker;
    const struct run *run = state;
    const struct dimension *p = run->plan->dimensions;
    const size_t element = run->plan->element_bytes, inside = p->before + p->size;
    char *out = run->output + begin * p->output_bytes;
    if (begin < p->before) {
        const size_t last = end < p->before ? end : p->before;
        out = fill(out, (last - begin) * p->output_bytes, run->value, element);
        begin = last;
    }
    for (; begin < end && begin < inside; begin++)
        out = write(run->plan, 1, run->input + (begin - p->before) * p->input_bytes, run->value, out);
    fill(out, (end - begin) * p->output_bytes, run->value, element);
}

/* The same with the border mirrored. */
static void write_mirrored(const struct plan *plan, size_t d, const char *in, char *out) {
    const struct dimension *p = &plan->dimensions[d];
    const size_t step = p->output_bytes;
    char *const first = out + p->before * step, *const end = first + p->size * step;
    if (d + 1 == plan->rank) {
        memcpy(first, in, p->size * step);
    } else {
        for (size_t i = 0; i < p->size; i++, in += p->input_bytes) write_mirrored(plan, d + 1, in, first + i * step);
    }
    for (size_t i = 1; i <= p->before; i++) lw_copy_bytes(step, first + (i - 1 + plan->skip) * step, first - i * step);
    for (size_t i = 0; i < p->after; i++) lw_copy_bytes(step, end - (i + 1 + plan->skip) * step, end + i * step);
}

enum lw_status lw_pad_validate(const struct lw_context *context, const struct lw_pad *op, struct lw_problem *problem) {
    struct plan plan;
    return make_plan(context, op, problem, &plan);
}

enum lw_status lw_pad_sizes(const struct lw_context *context, const struct lw_pad *pad, struct lw_sizes *sizes) {
    struct plan plan;
    enum lw_status status = make_plan(context, pad, NULL, &plan);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes =
        (struct lw_sizes){.output_height = 1, .output_width = (uint32_t)plan.last_size, .output_elements = plan.count};
    return LW_OK;
}

enum lw_status lw_pad_run(const struct lw_context *context, const struct lw_pad *pad, const void *input,
                          const void *value, void *output) {
    struct plan plan;
    enum lw_status status = make_plan(context, pad, NULL, &plan);
    if (status != LW_OK) return status;
    if (plan.count == 0) return LW_OK;
    if (!output || (!input && plan.input_count)) return LW_NULL_POINTER;
    if (pad->mode != LW_PAD_CONSTANT) {
        write_mirrored(&plan, 0, input, output);
        return LW_OK;
    }
    if (!value) return LW_NULL_POINTER;
    struct run run = {&plan, input, value, output};
    const struct dimension *outermost = plan.dimensions;
    if (plan.rank == 1) {
        write(&plan, 0, input, value, output);
        return LW_OK;
    }
    return lw_parallel(context, outermost->before + outermost->size + outermost->after,
                       outermost->output_bytes / 32 + 1, write_part, &run);
}
