/* SPDX-License-Identifier: MIT */
/*
 * Runs a network of images that export.mjs has written: a list of layers, in the order to run them, and weights.
 *
 * The file, little-endian: struct network_header, then its layers, then all weights as float32.
 * Tensors live in buffers, by number; a buffer is used again when no later layer needs what it holds. Buffer 0 holds
 * the input. There is one image, so a tensor is [height][width][channels].
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <lanewise/lanewise.h>

#define NETWORK_NONE 0xffffffffu /* no such operand */

enum network_op {
    /* With weights, bias and activation; `other` is the residual. */
    NETWORK_CONV,
    NETWORK_DEPTHWISE,
    NETWORK_TRANSPOSED,
    NETWORK_DENSE, /* a product of all that the input holds with a matrix */
    /* Without. */
    NETWORK_MAX_POOL,
    NETWORK_AVERAGE_POOL,
    NETWORK_RESIZE,     /* bilinear, half_pixel_centers */
    NETWORK_ADD,        /* input and `other`, with broadcasting */
    NETWORK_MUL,        /* likewise */
    NETWORK_ACTIVATION, /* nothing but the activation */
    NETWORK_SOFTMAX     /* over the channels */
};

struct network_header {
    char magic[4]; /* "LWN1" */
    uint32_t layers, buffers, weights;
    uint32_t height, width, channels; /* of the input */
    float scale, shift;               /* the input is a picture's bytes times scale plus shift */
};

struct network_layer {
    uint32_t op;                                                /* enum network_op */
    uint32_t input, other, output;                              /* buffers */
    uint32_t kernel_height, kernel_width, stride, same_padding; /* kernel 0: as large as the input */
    uint32_t height, width, channels;                           /* of the output, where nothing else says it */
    uint32_t activation;                                        /* enum lw_activation_kind */
    uint32_t filter, bias;                                      /* where they begin among the weights */
};

struct network_tensor {
    uint32_t height, width, channels;
    float *data;
};

struct network;

/* Plans the layers, packs the weights and allocates everything; `file` must stay where it is, at a multiple of 4.
 * Returns NULL, and in *error why, when the file is damaged or memory is short. */
struct network *network_create(const struct lw_context *context, const void *file, size_t file_bytes,
                               const char **error);
void network_destroy(struct network *network); /* NULL is allowed */

/* What the network reads and what it makes. The input must be written before each run. */
struct network_tensor network_input(const struct network *network);
struct network_tensor network_output(const struct network *network);
const struct network_header *network_header(const struct network *network);

enum lw_status network_run(struct network *network);

#endif
