/* SPDX-License-Identifier: MIT */
/*
 * Finds people in pictures; what page.js calls. It is linked as a reactor: no main, no JavaScript of Emscripten's, no
 * imports. The page writes a network of ../network/export.mjs to where `reserve` says and calls `load` once. For each
 * picture it then writes RGBA bytes to `pixels` and calls `run`, which sets each pixel's alpha to how sure it is that
 * the pixel belongs to a person.
 */
#include "../network/network.h"
#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static void *file;
static struct network *network;
static unsigned char *picture;

EXPORT(reserve) void *reserve(size_t bytes) {
    return file = malloc(bytes);
}

/* Returns what is wrong, or NULL. */
EXPORT(load) const char *load(size_t bytes) {
    struct lw_context *context;
    const char *error;

    const enum lw_status status = lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), NULL, &context);
    if (status != LW_OK) return lw_status_string(status);
    network = network_create(context, file, bytes, &error);
    if (!network) return error;

    const struct network_tensor input = network_input(network), output = network_output(network);
    if (input.channels != 3 || output.height != input.height || output.width != input.width || output.channels != 1)
        return "this network doesn't make a mask of a picture";
    picture = malloc((size_t)input.height * input.width * 4);
    return picture ? NULL : "out of memory";
}

EXPORT(height) uint32_t height(void) {
    return network_input(network).height;
}

EXPORT(width) uint32_t width(void) {
    return network_input(network).width;
}

EXPORT(pixels) unsigned char *pixels(void) {
    return picture;
}

/* From 0 to 1 for each pixel; there is one after the first `run`. */
EXPORT(mask) const float *mask(void) {
    return network_output(network).data;
}

/* Returns what is wrong, or NULL. */
EXPORT(run) const char *run(void) {
    const struct network_header *header = network_header(network);
    const struct network_tensor input = network_input(network), output = network_output(network);
    const size_t count = (size_t)input.height * input.width;

    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++)
            input.data[3 * i + c] = (float)picture[4 * i + c] * header->scale + header->shift;
    const enum lw_status status = network_run(network);
    if (status != LW_OK) return lw_status_string(status);
    for (size_t i = 0; i < count; i++) picture[4 * i + 3] = (unsigned char)(output.data[i] * 255 + 0.5f);
    return NULL;
}
