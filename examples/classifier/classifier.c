/* SPDX-License-Identifier: MIT */
/*
 * Says what is in a picture:  classifier NETWORK PICTURE LABEL...
 *
 * NETWORK is a file of ../network/export.mjs, PICTURE raw RGB bytes of the size that the network reads, and the labels
 * name its outputs. Prints them, the best first. A network with one input channel sees the picture in grey.
 */
#include "../network/network.h"
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what, const char *why) {
    fprintf(stderr, "classifier: %s: %s\n", what, why);
    exit(1);
}

/* All bytes of a file. */
static unsigned char *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail(path, "cannot be read");
    const long end = ftell(file);
    unsigned char *data = malloc(end > 0 ? (size_t)end : 1);
    rewind(file);
    if (end < 0 || !data || fread(data, 1, (size_t)end, file) != (size_t)end) fail(path, "cannot be read");
    fclose(file);
    *bytes = (size_t)end;
    return data;
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage", "classifier NETWORK PICTURE LABEL...");
    size_t file_bytes, picture_bytes;
    unsigned char *file = read_file(argv[1], &file_bytes), *picture = read_file(argv[2], &picture_bytes);

    /* The kernels of the best tier that is linked. */
    struct lw_context *context;
    void *memory = malloc(lw_context_bytes());
    enum lw_status status = lw_context_create(memory, lw_context_bytes(), NULL, &context);
    if (status != LW_OK) fail("context", lw_status_string(status));

    const char *error;
    struct network *network = network_create(context, file, file_bytes, &error);
    if (!network) fail(argv[1], error);

    const struct network_header *header = network_header(network);
    const struct network_tensor input = network_input(network), output = network_output(network);
    const size_t pixels = (size_t)input.height * input.width;
    if (picture_bytes != pixels * 3) fail(argv[2], "is no RGB picture of the network's size");
    if (input.channels != 3 && input.channels != 1) fail(argv[1], "does not read pictures");
    for (size_t i = 0; i < pixels; i++) {
        const unsigned char *rgb = picture + 3 * i;
        if (input.channels == 3) {
            for (size_t c = 0; c < 3; c++) input.data[3 * i + c] = (float)rgb[c] * header->scale + header->shift;
        } else {
            const float grey = 0.299f * (float)rgb[0] + 0.587f * (float)rgb[1] + 0.114f * (float)rgb[2];
            input.data[i] = grey * header->scale + header->shift;
        }
    }

    status = network_run(network);
    if (status != LW_OK) fail(argv[1], lw_status_string(status));

    /* The best of those that are left, until none is. */
    printf("tier %s\n", lw_context_tier(context));
    for (uint32_t rank = 0; rank < output.channels; rank++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < output.channels; i++)
            if (output.data[i] > output.data[best]) best = i;
        printf("%.6f %s\n", output.data[best], (int)best < argc - 3 ? argv[3 + best] : "?");
        output.data[best] = -1;
    }
    network_destroy(network);
    free(memory);
    free(picture);
    free(file);
    return 0;
}
