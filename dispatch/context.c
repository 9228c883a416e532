/* SPDX-License-Identifier: MIT */
/* Contexts: one tier's table of kernels, filled once and never changed. */
#include "kernels/sets.h"
#include "lanewise/lanewise.h"

/* Nanoseconds. Work that takes less than ALONE is not worth waking anyone for. A task of PART is long enough that handing
 * it out, which takes some tens of nanoseconds, doesn't show, and short enough that threads end together. */
enum { ALONE = 16000, PART = 6000 };

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

enum lw_status lw_context_create(void *memory, size_t memory_bytes, const struct lw_context_options *options,
                                 struct lw_context **context) {
    if (!context) return LW_NULL_POINTER;
    *context = NULL;
    if (!memory) return LW_NULL_POINTER;
    if (memory_bytes < sizeof(struct lw_context)) return LW_BUFFER_TOO_SMALL;
    if (options && options->struct_bytes != sizeof *options) return LW_BAD_STRUCT_BYTES;

    size_t tier = lw_tiers_count - 1;
    if (options && options->tier) {
        for (tier = 0; tier < lw_tiers_count && !same_name(lw_tiers[tier].name, options->tier);) tier++;
        if (tier == lw_tiers_count) return LW_UNKNOWN_TIER;
    }

    if (options && options->threads > 1 && !options->parallel_for) return LW_NULL_POINTER;

    struct lw_context *c = memory;
    *c = (struct lw_context){.tier = &lw_tiers[tier], .threads = 1, .alone = ALONE, .part = PART};
    if (options && options->threads > 1) {
        c->threads = options->threads;
        c->parallel_for = options->parallel_for;
        c->pool = options->pool;
    }
    for (size_t i = 0; i <= tier; i++) lw_install(i, &c->kernels);
    *context = c;
    return LW_OK;
}

const char *lw_context_tier(const struct lw_context *context) {
    return context ? context->tier->name : NULL;
}

const char *lw_version(void) {
    return LW_VERSION_STRING;
}

const char *lw_status_string(enum lw_status status) {
    switch (status) {
    case LW_OK: return "success";
    case LW_NULL_POINTER: return "a pointer that is needed is NULL";
    case LW_BAD_STRUCT_BYTES: return "struct_bytes is not the descriptor's size";
    case LW_BAD_ENUM: return "an enum field holds a value outside of its enum";
    case LW_BAD_SHAPE: return "sizes contradict each other, or one that must not be zero is zero";
    case LW_TOO_LARGE: return "a size does not fit the address space";
    case LW_UNKNOWN_TIER: return "no tier of that name is compiled in";
    case LW_BUFFER_TOO_SMALL: return "the memory handed in is too small";
    case LW_UNSUPPORTED: return "the request is valid, but this version has no code for it";
    case LW_NO_THREADS: return "the system did not start as many threads as were asked for";
    case LW_THREAD_LOST: return "a thread died in the middle of a task";
    case LW_BAD_INDEX: return "an index points outside of the tensor it indexes";
    }
    return "unknown status";
}
