/* SPDX-License-Identifier: MIT */
/*
 * What kernels cost that come from a module: every benchmark of the tests' rows on one tier's kernels, linked in and
 * loaded, by turns on the same buffers. bench_modules TIER [PART OF A NAME]...
 *
 * Prints the time of one call with each, the best of ROUNDS bursts, and two ratios of loaded to linked in: that of these
 * times, and of bursts side by side, the median with the smallest and the largest, which other programs make large.
 */
#include <emscripten.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanewise/modules.h"
#include "tests/harness.h"

enum { ROUNDS = 31, MAX_CASES = 4096 };
static const double BURST = 0.5, WARM_UP = 60; /* milliseconds */

static const struct lw_context *linked, *loaded;
static char **parts;
static int parts_count;
static const char *family;
static double ratios[MAX_CASES];
static size_t cases;

void lw_test_report(const char *message) {
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_of(const struct lw_context *context, lw_bench_fn *run, void *arg, int count) {
    const double start = emscripten_get_now();
    for (int i = 0; i < count; i++) run(context, arg);
    return emscripten_get_now() - start;
}

static void compare(const char *name, lw_bench_fn *run, void *arg) {
    /* V8 first runs functions in its baseline compiler. */
    int count = 0;
    double spent = 0;
    for (; spent < WARM_UP; count++) spent += time_of(linked, run, arg, 1) + time_of(loaded, run, arg, 1);
    count = (int)(BURST * count * 2 / spent) + 1;
    double best[2] = {1e9, 1e9}, ratio[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double t[2];
        for (int i = 0; i < 2; i++) { /* each is first in every other round */
            const int which = (round + i) % 2;
            t[which] = time_of(which ? loaded : linked, run, arg, count) / count;
            if (t[which] < best[which]) best[which] = t[which];
        }
        ratio[round] = t[1] / t[0];
    }
    qsort(ratio, ROUNDS, sizeof *ratio, ascending);
    printf("%-64s %10.3f %10.3f %6.3f   %6.3f %6.3f %6.3f\n", name, best[0] * 1e3, best[1] * 1e3, best[1] / best[0],
           ratio[ROUNDS / 2], ratio[0], ratio[ROUNDS - 1]);
    if (cases < MAX_CASES) ratios[cases++] = best[1] / best[0];
}

static void add(struct lw_bench *b, const char *label, double flops, double bytes, lw_bench_fn *run, void *arg) {
    (void)flops;
    (void)bytes;
    char name[160];
    snprintf(name, sizeof name, "%s/%s/%s", family, b->row->name, label);
    int wanted = parts_count == 0;
    for (int i = 0; i < parts_count; i++) wanted |= strstr(name, parts[i]) != NULL;
    if (wanted) compare(name, run, arg);
}

/* One call through the table that does nothing, a thousand times. */
static void call(const struct lw_context *context, void *arg) {
    for (int i = 0; i < 1000; i++) context->kernels.clamp_f32(0, (struct lw_clamp){0, 1}, arg, arg);
}

static const struct lw_context *create(const char *tier, const struct lw_kernel_module *kernels) {
    const struct lw_context_options options = {.struct_bytes = sizeof options, .tier = tier, .kernels = kernels};
    struct lw_context *context;
    if (lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), &options, &context) != LW_OK) return NULL;
    return context;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    parts = argv + 2;
    parts_count = argc - 2;
    const double start = emscripten_get_now();
    const struct lw_kernel_module *kernels = lw_kernels_embedded(argv[1]);
    const double loading = emscripten_get_now() - start;
    linked = create(argv[1], NULL);
    loaded = kernels ? create(argv[1], kernels) : NULL;
    if (!linked || !loaded) {
        fprintf(stderr, "no kernels of that tier: %s\n", lw_kernels_why());
        return 1;
    }
    printf("%s: loaded in %.2f ms\n%-64s %10s %10s %6s   %s\n", argv[1], loading, "us of one call", "linked in",
           "loaded", "ratio", "median    min    max");
    float x = 0;
    compare("a thousand calls that do nothing", call, &x);
    cases = 0; /* not one of the operators' */
    for (size_t f = 0; f < lw_families_count; f++) {
        family = lw_families[f]->name;
        for (size_t r = 0; r < lw_families[f]->count; r++) {
            const struct lw_row *row = &lw_families[f]->rows[r];
            struct lw_bench bench = {.context = linked, .row = row, .add = add};
            if (row->bench) row->bench(&bench);
            lw_bench_free(&bench);
        }
    }
    if (!cases) return 0;
    qsort(ratios, cases, sizeof *ratios, ascending);
    printf("%zu benchmarks; the ratios of their times: median %.3f, from %.3f to %.3f; 1 of 10 below %.3f, 1 of 10 "
           "above %.3f\n",
           cases, ratios[cases / 2], ratios[0], ratios[cases - 1], ratios[cases / 10], ratios[cases - 1 - cases / 10]);
    return 0;
}
