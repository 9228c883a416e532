/* SPDX-License-Identifier: MIT */
/* matmul.c with kernels that are loaded when it starts: those of the embedded modules or, with FETCHED, a folder's name,
 * of a module in that folder. Prints the tier and the result. */
#include <lanewise/modules.h>
#include <stdio.h>
#include <stdlib.h>

static void start(const struct lw_kernel_module *kernels, void *user) {
    (void)user;
    const struct lw_context_options options = {.struct_bytes = sizeof options, .kernels = kernels};
    struct lw_context *context;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), &options, &context) != LW_OK) exit(1);
    if (!kernels) fprintf(stderr, "%s\n", lw_kernels_why());

    const struct lw_matmul matmul = {.struct_bytes = sizeof matmul, .batch = 1, .m = 2, .k = 3, .n = 4};
    const float a[2 * 3] = {1, 2, 3, 4, 5, 6};
    const float b[3 * 4] = {1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1};
    float out[2 * 4] = {0};
    struct lw_sizes sizes;
    if (lw_matmul_sizes(context, &matmul, &sizes) != LW_OK) exit(1);
    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes);
    if (lw_matmul_pack(context, &matmul, b, packed) != LW_OK) exit(1);
    if (lw_matmul_run(context, &matmul, a, packed, NULL, scratch, out) != LW_OK) exit(1);

    printf("%s:", lw_context_tier(context));
    for (int i = 0; i < 2 * 4; i++) printf(" %d", (int)out[i]);
    printf("\n");
}

int main(void) {
#ifdef FETCHED
    lw_kernels_fetch(FETCHED, NULL, start, NULL);
#else
    start(lw_kernels_embedded(NULL), NULL);
#endif
    return 0;
}
