/* SPDX-License-Identifier: MIT */
/* Kernels from a module on several threads: modules_threads [FOLDER]. Without a folder the module is the embedded one.
 * Each thread attaches, computes by itself and then works for a pool. Prints what tests/modules_fetch.c prints; the
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

static void *work(void *number) {
    if (kernels && !lw_kernels_attach(kernels)) {
        printf("not attached: %s\n", lw_kernels_why());
        exit(1);
    }
    if (kernels && !lw_kernels_attach(kernels)) exit(1); /* again */
    if (product(alone) != want) {
        printf("in another thread another product\n");
        exit(1);
    }
    lw_pool_work(pool, (uint32_t)(uintptr_t)number);
    return NULL;
}

static struct lw_context *create(struct lw_context_options *options) {
    struct lw_context *context;
    options->struct_bytes = sizeof *options;
    options->kernels = kernels;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), options, &context) != LW_OK) exit(1);
    return context;
}

static void loaded(const struct lw_kernel_module *set, void *user) {
    (void)user;
    kernels = set;
    const struct lw_pool_options options = {.struct_bytes = sizeof options, .threads = THREADS, .caller_spins = 1};
    if (lw_pool_create(malloc(lw_pool_bytes(THREADS)), lw_pool_bytes(THREADS), &options, &pool) != LW_OK) exit(1);
    alone = create(&(struct lw_context_options){.threads = 1});
    want = product(alone);
    for (uintptr_t i = 1; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    while (lw_pool_threads(pool) < THREADS) usleep(1000);

    struct lw_context *together =
        create(&(struct lw_context_options){.threads = THREADS, .parallel_for = lw_pool_run, .pool = pool});
    for (int i = 0; i < 50; i++) {
        if (product(together) != want) {
            printf("on several threads another product\n");
            exit(1);
        }
    }
    printf("tier: %s\nwhy: %s\nproduct: %08x\n", lw_context_tier(together), lw_kernels_why(), want);
    lw_pool_end(pool);
    for (int i = 1; i < THREADS; i++) pthread_join(threads[i], NULL);
    exit(0);
}

int main(int argc, char **argv) {
    if (argc > 1)
        lw_kernels_fetch(argv[1], NULL, loaded, NULL);
    else
        loaded(lw_kernels_embedded(NULL), NULL);
    return 0;
}
