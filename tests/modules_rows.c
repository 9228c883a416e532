/* SPDX-License-Identifier: MIT */
/*
 * Runs every row of the tests on the kernels of the embedded modules: modules_rows TIER [ASKED]. Fails unless the context
 * gets TIER; ASKED is handed to lw_kernels_embedded. The kernels are compared with those of the same tier where the
 * program has them linked in too, and must then give their bits; otherwise with the scalar ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanewise/modules.h"
#include "tests/modules_product.h"
#include "tests/rows.h"

static const char *running = "";

void lw_test_report(const char *message) {
    printf("not ok %s: %s\n0 passed, 1 failed\n", running, message);
    exit(1);
}

static const struct lw_context *create(const struct lw_context_options *options) {
    struct lw_context *context;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), options, &context) != LW_OK) return NULL;
    return context;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    dirty_heap();
    const struct lw_kernel_module *kernels = lw_kernels_embedded(argc > 2 ? argv[2] : NULL);
    printf("why: %s\n", lw_kernels_why());
    const struct lw_context *tested =
        create(&(struct lw_context_options){sizeof(struct lw_context_options), .kernels = kernels});
    if (!tested) lw_test_report("no context");
    printf("tier: %s\n", lw_context_tier(tested));
    if (strcmp(lw_context_tier(tested), argv[1])) lw_test_report("another tier");
    if (lw_kernels_embedded(argc > 2 ? argv[2] : NULL) != kernels) lw_test_report("loaded twice");

    if (!kernels) return 0; /* the program's own: nothing to compare */

    struct lw_context_options linked = {sizeof linked, .tier = argv[1]};
    const struct lw_context *reference = create(&linked);
    const bool same = reference != NULL;
    linked.tier = "scalar";
    if (!same) reference = create(&linked);
    size_t rows = 0;
    for (size_t f = 0; f < lw_families_count; f++) {
        for (size_t r = 0; r < lw_families[f]->count; r++) {
            static char name[96];
            snprintf(name, sizeof name, "%s/%s", lw_families[f]->name, lw_families[f]->rows[r].name);
            running = name;
            struct lw_test t;
            lw_test_begin(&t, reference, tested, name, 1, 0);
            t.slot = lw_families[f]->rows[r].slot;
            t.exact = t.exact || same;
            lw_families[f]->rows[r].check(&t);
            lw_test_end(&t);
            rows++;
        }
    }
    printf("compared with the %s kernels linked in\n%zu passed, 0 failed\n", lw_context_tier(reference), rows);
    return 0;
}
