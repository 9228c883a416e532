/* SPDX-License-Identifier: MIT */
/* Denoises a file:  denoise WEIGHTS INPUT OUTPUT FRAMES  (raw float32 at 16 kHz, FRAMES of 10 ms in each run). */
#include "denoiser.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void fail(const char *what, const char *why) {
    fprintf(stderr, "denoise: %s: %s\n", what, why);
    exit(1);
}

/* All numbers of a file. */
static float *read_floats(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail(path, "cannot be read");
    *count = (size_t)ftell(file) / sizeof(float);
    float *data = malloc(*count * sizeof(float) + 1);
    rewind(file);
    if (!data || fread(data, sizeof(float), *count, file) != *count) fail(path, "cannot be read");
    fclose(file);
    return data;
}

static double seconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 5) fail("usage", "denoise WEIGHTS INPUT OUTPUT FRAMES");
    size_t weight_count, sample_count;
    float *weights = read_floats(argv[1], &weight_count), *samples = read_floats(argv[2], &sample_count);
    const uint32_t frames = (uint32_t)strtoul(argv[4], NULL, 10);

    struct lw_context *context;
    void *memory = malloc(lw_context_bytes());
    const enum lw_status status = lw_context_create(memory, lw_context_bytes(), NULL, &context);
    if (status != LW_OK) fail("context", lw_status_string(status));
    const char *error;
    struct denoiser *denoiser = denoiser_create(context, weights, weight_count, frames, &error);
    if (!denoiser) fail(argv[1], error);

    FILE *file = fopen(argv[3], "wb");
    if (!file) fail(argv[3], "cannot be written");
    const size_t run = (size_t)frames * DENOISER_HOP;
    double busy = 0;
    size_t at = 0;
    for (; at + run <= sample_count; at += run) {
        float *input = denoiser_input(denoiser);
        for (size_t i = 0; i < run; i++) input[i] = samples[at + i];
        const double begin = seconds();
        if (denoiser_run(denoiser) != LW_OK) fail(argv[2], "could not be denoised");
        busy += seconds() - begin;
        if (fwrite(denoiser_output(denoiser), sizeof(float), run, file) != run) fail(argv[3], "cannot be written");
    }
    if (fclose(file) != 0) fail(argv[3], "cannot be written");
    printf("tier %s, real-time factor %.4f\n", lw_context_tier(context), busy * DENOISER_RATE / (double)(at ? at : 1));

    denoiser_destroy(denoiser);
    free(memory);
    free(samples);
    free(weights);
    return 0;
}
