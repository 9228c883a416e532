/* SPDX-License-Identifier: MIT */
/*
 * One program for every engine: built for plain WebAssembly, without a SIMD instruction, it runs the relaxed or simd128
 * kernels where the engine has them. It times a matrix product. docs/embedding-kernel-modules.md explains it.
 *
 *     emcc -O2 -mcpu=mvp -Iinclude examples/modules.c -Lbuild/wasm -Lbuild/wasm/modules -llanewise-scalar
 *         -llanewise-embedded --js-library modules/lanewise-modules.js -sTABLE_BASE=512 -o app.js
 */
#include <lanewise/modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(void) {
    /* The one line: kernels. They are NULL where the engine has no SIMD, and the program's own kernels run. */
    const struct lw_context_options options = {.struct_bytes = sizeof options, .kernels = lw_kernels_embedded(NULL)};
    struct lw_context *context;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), &options, &context) != LW_OK) return 1;
    printf("tier %s (%s)\n", lw_context_tier(context), lw_kernels_why());

    enum { SIZE = 256, ROUNDS = 20 };
    const struct lw_matmul matmul = {.struct_bytes = sizeof matmul, .batch = 1, .m = SIZE, .n = SIZE, .k = SIZE};
    struct lw_sizes sizes;
    if (lw_matmul_sizes(context, &matmul, &sizes) != LW_OK) return 1;
    static float a[SIZE * SIZE], b[SIZE * SIZE], c[SIZE * SIZE];
    for (int i = 0; i < SIZE * SIZE; i++) {
        a[i] = (float)(i % 17) / 16;
        b[i] = (float)(i % 19) / 18;
    }
    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes);
    if (lw_matmul_pack(context, &matmul, b, packed) != LW_OK) return 1;
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        const clock_t start = clock();
        if (lw_matmul_run(context, &matmul, a, packed, NULL, scratch, c) != LW_OK) return 1;
        const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (i > 2 && seconds < best) best = seconds;
    }
    printf("c[0][0] = %.4f, %d x %d x %d in %.2f ms\n", c[0], SIZE, SIZE, SIZE, best * 1e3);
    return 0;
}
