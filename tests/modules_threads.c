/* SPDX-License-Identifier: MIT */
/* Kernels from a module on several threads: modules_threads [FOLDER]. Without a folder the module is the embedded one.
 * Each thread attaches, computes by itself and then works for a pool; then those of another pool. Prints what tests/modules_fetch.c prints; the
 * product must be the same in each thread, and of all together. */
#define _DEFAULT_SOURCE /* usleep */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lanewise/modules.h"
#include "lanewise/pool.h"
#include "tests/modules_product.h"

enum { THREADS = 3 };

static const struct lw_kernel_module *kernels;
static struct lw_pool *pool;
static pthread_t threads[THREADS];
static struct lw_context *alone;
static uint32_t want;

static void require(bool what, const char *message) {
    if (what) return;
    printf("%s: %s\n", message, lw_kernels_why());
    exit(1);
}

static struct lw_context *create(struct lw_context_options *options) {
    struct lw_context *context;
    options->struct_bytes = sizeof *options;
    require(lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), options, &context) == LW_OK,
            "no context");
    return context;
}

static void *work(void *number) {
    if (kernels) {
        require(lw_kernels_attach(kernels), "not attached");
        require(lw_kernels_attach(kernels), "not attached again");
    }
    require(lw_kernels_embedded(kernels ? kernels->tier : NULL) == kernels, "loaded what is attached");
    require(product(alone) == want, "in another thread another product");
    lw_pool_work(pool, (uint32_t)(uintptr_t)number);
    return NULL;
}

/* A thread that has loaded kernels by itself, where those of the others would have to be, keeps its own. */
static void *stubborn(void *unused) {
    const struct lw_kernel_module *own = lw_kernels_embedded("simd128");
    require(own && own != kernels, "no kernels of its own");
    require(!lw_kernels_attach(kernels), "attached where other kernels are");
    require(product(create(&(struct lw_context_options){.kernels = own})) ==
                product(create(&(struct lw_context_options){.tier = "scalar"})),
            "simd128 and scalar differ");
    return unused;
}

/* Has a pool compute that starts its threads by itself. */
static struct lw_pool *own_threads(void) {
    struct lw_pool *p;
    const struct lw_pool_options options = {.struct_bytes = sizeof options,
                                            .threads = THREADS,
                                            .caller_spins = 1,
                                            .begin = lw_kernels_begin,
                                            .begin_argument = (void *)kernels};
    if (lw_pool_create(malloc(lw_pool_bytes(THREADS)), lw_pool_bytes(THREADS), &options, &p) != LW_OK) exit(1);
    require(lw_pool_start(p) == LW_OK, "no threads");
    while (lw_pool_threads(p) < THREADS) usleep(1000);
    struct lw_context *together = create(
        &(struct lw_context_options){.threads = THREADS, .parallel_for = lw_pool_run, .pool = p, .kernels = kernels});
    for (int i = 0; i < 50; i++) require(product(together) == want, "on a pool's own threads another product");
    return p;
}

static void loaded(const struct lw_kernel_module *set, void *user) {
    (void)user;
    kernels = set;
    const struct lw_pool_options options = {.struct_bytes = sizeof options, .threads = THREADS, .caller_spins = 1};
    if (lw_pool_create(malloc(lw_pool_bytes(THREADS)), lw_pool_bytes(THREADS), &options, &pool) != LW_OK) exit(1);
    alone = create(&(struct lw_context_options){.kernels = kernels});
    want = product(alone);
    require(!kernels || lw_kernels_attach(kernels), "not attached in the thread that has loaded them");
    for (uintptr_t i = 1; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    while (lw_pool_threads(pool) < THREADS) usleep(1000);

    struct lw_context *together = create(&(struct lw_context_options){
        .threads = THREADS, .parallel_for = lw_pool_run, .pool = pool, .kernels = kernels});
    for (int i = 0; i < 50; i++) require(product(together) == want, "on several threads another product");
    printf("tier: %s\nwhy: %s\nproduct: %08x\n", lw_context_tier(together), lw_kernels_why(), want);
    struct lw_pool *other = own_threads();
    if (kernels) { /* before the others end, since it would be a Worker of theirs, attached */
        pthread_create(&threads[0], NULL, stubborn, NULL);
        pthread_join(threads[0], NULL);
    }
    lw_pool_end(pool);
    for (int i = 1; i < THREADS; i++) pthread_join(threads[i], NULL);
    lw_pool_stop(other);
    exit(0);
}

int main(int argc, char **argv) {
    dirty_heap();
    if (argc > 1)
        lw_kernels_fetch(argv[1], NULL, loaded, NULL);
    else
        loaded(lw_kernels_embedded(NULL), NULL);
    return 0;
}
