/* SPDX-License-Identifier: MIT */
/*
 * Fetches a kernel module and computes with it: modules_fetch FOLDER [TIER [full]]. Prints the tier that the context got,
 * why, and a number made of a matrix product's bits. full: while there is no memory left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanewise/modules.h"
#include "tests/modules_product.h"

static struct block { struct block *next; } * eaten;

static void again(const struct lw_kernel_module *kernels, void *first) {
    if (kernels == first) return;
    printf("fetched twice\n");
    exit(1);
}

static void loaded(const struct lw_kernel_module *kernels, void *user) {
    (void)user;
    while (eaten) {
        struct block *next = eaten->next;
        free(eaten);
        eaten = next;
    }
    const struct lw_context_options options = {.struct_bytes = sizeof options, .kernels = kernels};
    struct lw_context *context;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), &options, &context) != LW_OK) exit(1);
    printf("tier: %s\nwhy: %s\nproduct: %08x\n", lw_context_tier(context), lw_kernels_why(), product(context));
    if (kernels) lw_kernels_fetch(NULL, kernels->tier, again, (void *)kernels);
}

int main(int argc, char **argv) {
    dirty_heap();
    if (argc > 3 && !strcmp(argv[3], "full"))
        for (size_t bytes = 1 << 20; bytes >= 16; bytes /= 2)
            for (struct block *b; (b = malloc(bytes)); eaten = b) b->next = eaten;
    lw_kernels_fetch(argc > 1 && argv[1][0] ? argv[1] : NULL, argc > 2 && argv[2][0] ? argv[2] : NULL, loaded, NULL);
    return 0;
}
