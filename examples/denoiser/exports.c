/* SPDX-License-Identifier: MIT */
/* The denoiser for worklet.js, frame by frame; linked as a reactor, without any import. */
#include "denoiser.h"
#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static float *weights;
static struct denoiser *denoiser;

/* Where the weights go. */
EXPORT(reserve) float *reserve(size_t count) {
    return weights = malloc(count * sizeof *weights);
}

/* Returns what is wrong, or NULL. */
EXPORT(create) const char *create(size_t count) {
    struct lw_context *context;
    const char *error;

    const enum lw_status status = lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), NULL, &context);
    if (status != LW_OK) return lw_status_string(status);
    denoiser = denoiser_create(context, weights, count, 1, &error);
    return error;
}

EXPORT(input) float *input(void) {
    return denoiser_input(denoiser);
}

EXPORT(output) const float *output(void) {
    return denoiser_output(denoiser);
}

EXPORT(run) enum lw_status run(void) {
    return denoiser_run(denoiser);
}
