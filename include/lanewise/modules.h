/* SPDX-License-Identifier: MIT */
/*
 * SIMD kernels for a program that has no SIMD instruction, loaded when it starts if the engine can run them: a program
 * built once with Emscripten for plain WebAssembly (linked with lanewise-scalar) then runs the kernels of "relaxed" or
 * "simd128" where there are such, and its own elsewhere. docs/embedding-kernel-modules.md shows how to build one.
 *
 *     const struct lw_context_options options = {.struct_bytes = sizeof options, .kernels = lw_kernels_embedded(NULL)};
 *     lw_context_create(memory, bytes, &options, &context);
 *
 * Kernels come as modules: small WebAssembly files that run on the program's own memory, stack and function table,
 * where each takes some slots (link with -sTABLE_BASE=512, which keeps 511 of them free) and 3 KB of malloc. A module
 * that can't be loaded, for whatever reason, is not: these functions then return NULL, a context made with that runs the
 * scalar kernels, and lw_kernels_why() has the reason. What is loaded stays, and a tier is loaded once: later calls give
 * the same kernels, wherever they came from.
 *
 * These functions are JavaScript (modules/lanewise-modules.js, for --js-library). They work in any thread, but kernels
 * that one thread has loaded can be called in another only after that has called lw_kernels_attach().
 */
#ifndef LANEWISE_MODULES_H
#define LANEWISE_MODULES_H

#include <stdbool.h>

#include "lanewise/lanewise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The best kernels that the engine can run of those that are linked into the program (lanewise-embedded, or with shared
 * memory lanewise-embedded-threads), or those of the tier that is named, "simd128" or "relaxed". NULL: none can be run.
 * The first call takes some milliseconds. In a browser's main thread older versions of Chromium refuse to compile as
 * much as this at once; lw_kernels_fetch works there too. */
const struct lw_kernel_module *lw_kernels_embedded(const char *tier);

/* What lw_kernels_fetch calls when it is done; kernels is NULL when there are none. */
typedef void lw_kernels_done_fn(const struct lw_kernel_module *kernels, void *user);

/* Fetches them: `folder` and one of the names
 *     lanewise-kernels-simd128.wasm           lanewise-kernels-relaxed.wasm
 *     lanewise-kernels-simd128-threads.wasm   lanewise-kernels-relaxed-threads.wasm    with shared memory
 * make the address. folder NULL: where the program's own .wasm file is looked for. tier as above; the best that can be
 * run is asked for first, and if it can't be had, the other.
 * done(kernels, user) is called later in the same thread. */
void lw_kernels_fetch(const char *folder, const char *tier, lw_kernels_done_fn *done, void *user);

/* Those of a module that is in memory, where its bytes must stay as they are; tier is what it holds. */
const struct lw_kernel_module *lw_kernels_load(const char *tier, const void *module, size_t module_bytes);

/* What became of every module that this thread tried to load, in English; never NULL. Valid until the next one. */
const char *lw_kernels_why(void);

/* Makes kernels that another thread has loaded callable in this one. Returns whether they are: not where their slots
 * hold others, which this thread has loaded by itself, or one that had its Worker before. A thread that runs an operator
 * without it is ended by the engine. */
bool lw_kernels_attach(const struct lw_kernel_module *kernels);

/* The same for the threads of a pool, as `begin` of struct lw_pool_options; kernels may be NULL, when there are none. */
static inline bool lw_kernels_begin(void *kernels) {
    return !kernels || lw_kernels_attach((const struct lw_kernel_module *)kernels);
}

#ifdef __cplusplus
}
#endif

#endif
