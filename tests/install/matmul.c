/* SPDX-License-Identifier: MIT */
/* A program that uses nothing but a matrix product, and prints its tier and the result. tests/install/run builds it in
 * each way that docs/embedding.md shows. */
#include <lanewise/lanewise.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    struct lw_context *context;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), NULL, &context) != LW_OK) return 1;

    const struct lw_matmul matmul = {.struct_bytes = sizeof matmul, .batch = 1, .m = 2, .k = 3, .n = 4};
    const float a[2 * 3] = {1, 2, 3, 4, 5, 6};
    const float b[3 * 4] = {1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1};
    float out[2 * 4] = {0};
    struct lw_sizes sizes;
    if (lw_matmul_sizes(context, &matmul, &sizes) != LW_OK) return 1;
    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes);
    if (lw_matmul_pack(context, &matmul, b, packed) != LW_OK) return 1;
    if (lw_matmul_run(context, &matmul, a, packed, NULL, scratch, out) != LW_OK) return 1;

    printf("%s:", lw_context_tier(context));
    for (int i = 0; i < 2 * 4; i++) printf(" %d", (int)out[i]);
    printf("\n");
    free(scratch);
    free(packed);
    free(context);
    return 0;
}
