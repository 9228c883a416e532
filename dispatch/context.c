/* SPDX-License-Identifier: MIT */
/* Contexts: one tier's table of kernels, filled once and never changed. */
#include "kernels/operator.h"
#include "kernels/sets.h"

/* Nanoseconds. Work that takes less than ALONE is not worth waking anyone for. A task of PART is long enough that handing
 * it out, which takes some tens of nanoseconds, doesn't show, and short enough that threads end together. */
enum { ALONE = 6000, PART = 3000 };

static int same_name(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

size_t lw_tier_count(void) {
    return lw_tiers_count;
}

const char *lw_tier_name(size_t index) {
    return index < lw_tiers_count ? lw_tiers[index].name : NULL;
}

size_t lw_context_bytes(void) {
    return sizeof(struct lw_context);
}

enum lw_status lw_kernel_module_check(const struct lw_kernel_module *kernels) {
    if (!kernels || !kernels->tier || !kernels->install) return LW_NULL_POINTER;
    const bool same = kernels->abi == LW_KERNELS_ABI && kernels->table_bytes == sizeof(struct lw_kernels);
    return same ? LW_OK : LW_BAD_KERNELS;
}

/* Checks the options, and finds the tier: options->kernels is NULL when it is one that is compiled in. */
static enum lw_status read_options(const struct lw_context_options *given, struct lw_problem *problem,
                                   struct lw_context_options *options, size_t *tier) {
    static const struct lw_context_options defaults = {.struct_bytes = sizeof defaults};
    const enum lw_status status = lw_read(given ? given : &defaults, offsetof(struct lw_context_options, parallel_for),
                                          sizeof defaults, options, problem);
    if (status != LW_OK) return status;
    if (options->threads > 1 && !options->parallel_for)
        return lw_wrong(problem, LW_NULL_POINTER, "parallel_for", "there for more than one thread");
    if (options->kernels && lw_kernel_module_check(options->kernels) != LW_OK)
        return lw_wrong(problem, LW_BAD_KERNELS, "kernels",
                        "NULL or kernels that were built from this library's sources");
    *tier = lw_tiers_count - 1;
    if (!options->tier || (options->kernels && same_name(options->kernels->tier, options->tier))) return LW_OK;
    options->kernels = NULL;
    for (*tier = 0; *tier < lw_tiers_count; ++*tier)
        if (same_name(lw_tiers[*tier].name, options->tier)) return LW_OK;
    return lw_wrong(problem, LW_UNKNOWN_TIER, "tier", "NULL or one of the names that lw_tier_name gives");
}

enum lw_status lw_context_options_validate(const struct lw_context_options *given, struct lw_problem *problem) {
    struct lw_context_options options;
    size_t tier;
    return read_options(given, problem, &options, &tier);
}

enum lw_status lw_context_create(void *memory, size_t memory_bytes, const struct lw_context_options *given,
                                 struct lw_context **context) {
    if (!context) return LW_NULL_POINTER;
    *context = NULL;
    if (!memory) return LW_NULL_POINTER;
    if (memory_bytes < sizeof(struct lw_context)) return LW_BUFFER_TOO_SMALL;
    struct lw_context_options options;
    size_t tier;
    const enum lw_status status = read_options(given, NULL, &options, &tier);
    if (status != LW_OK) return status;

    struct lw_context *c = memory;
    *c = (struct lw_context){.tier = options.kernels ? options.kernels->tier : lw_tiers[tier].name,
                             .threads = 1,
                             .alone = ALONE,
                             .part = PART};
    if (options.threads > 1) {
        c->threads = options.threads;
        c->parallel_for = options.parallel_for;
        c->pool = options.pool;
    }
    for (size_t i = 0; i <= tier; i++) lw_install(i, &c->kernels);
    if (options.kernels) options.kernels->install(&c->kernels);
    *context = c;
    return LW_OK;
}

const char *lw_context_tier(const struct lw_context *context) {
    return context ? context->tier : NULL;
}

const char *lw_version(void) {
    return LW_VERSION_STRING;
}

uint32_t lw_abi_version(void) {
    return LW_ABI_VERSION;
}

const char *lw_status_string(enum lw_status status) {
    switch (status) {
    case LW_OK: return "success";
    case LW_NULL_POINTER: return "a pointer that is needed is NULL";
    case LW_BAD_STRUCT_BYTES: return "struct_bytes is not the size of a descriptor that this version knows";
    case LW_BAD_ENUM: return "an enum field holds a value outside of its enum";
    case LW_BAD_SHAPE: return "sizes contradict each other, or one that must not be zero is zero";
    case LW_TOO_LARGE: return "a size does not fit the address space";
    case LW_UNKNOWN_TIER: return "there is no tier of that name";
    case LW_BUFFER_TOO_SMALL: return "the memory handed in is too small";
    case LW_UNSUPPORTED: return "the request is valid, but this version has no code for it";
    case LW_NO_THREADS: return "the system did not start as many threads as were asked for";
    case LW_THREAD_LOST: return "a thread died in the middle of a task";
    case LW_BAD_KERNELS: return "the kernels were built from other sources than this library";
    case LW_BAD_INDEX: return "an index points outside of the tensor it indexes";
    }
    return "unknown status";
}
