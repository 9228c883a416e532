/* SPDX-License-Identifier: MIT */
/* A module without any C library, Emscripten or imports: its memory is all static. run.mjs runs it. */
#include <lanewise/lanewise.h>

enum { M = 2, K = 3, N = 4, BYTES = 65536 };

static _Alignas(16) unsigned char memory[BYTES], packed[BYTES], scratch[BYTES];
static float a[M * K], b[K * N], out[M * N];
static struct lw_context *context;

#define EXPORT(name) __attribute__((export_name(name)))

/* Where the host writes the factors, (2, 3) and (3, 4), and reads the product, (2, 4). */
EXPORT("a") float *left(void) {
    return a;
}
EXPORT("b") float *right(void) {
    return b;
}
EXPORT("out") float *product(void) {
    return out;
}
EXPORT("tier") const char *tier(void) {
    return lw_context_tier(context);
}

/* Returns an enum lw_status. */
EXPORT("multiply") int multiply(void) {
    const struct lw_matmul matmul = {.struct_bytes = sizeof matmul, .batch = 1, .m = M, .k = K, .n = N};
    struct lw_sizes sizes;
    enum lw_status status = context ? LW_OK : lw_context_create(memory, sizeof memory, 0, &context);
    if (status == LW_OK) status = lw_matmul_sizes(context, &matmul, &sizes);
    if (status != LW_OK) return status;
    if (sizes.packed_bytes > BYTES || sizes.scratch_bytes > BYTES) return LW_BUFFER_TOO_SMALL;
    status = lw_matmul_pack(context, &matmul, b, packed);
    return status == LW_OK ? lw_matmul_run(context, &matmul, a, packed, 0, scratch, out) : status;
}
