/* SPDX-License-Identifier: MIT */
#include "network.h"
#include <stdlib.h>
#include <string.h>

/* One layer, ready to run: which descriptor counts depends on the layer's op. */
struct step {
    struct network_layer layer;
    struct network_tensor input, other, output;
    union {
        struct lw_conv2d conv;
        struct lw_depthwise_conv2d depthwise;
        struct lw_conv2d_transpose transposed;
        struct lw_matmul dense;
        struct lw_pool2d pool;
        struct lw_resize_bilinear resize;
        struct lw_binary binary;
    } op;
    struct lw_activation activation;
    struct lw_sizes sizes;
    const float *filter, *bias;
    void *packed;
};

struct network {
    const struct lw_context *context;
    const struct network_header *header;
    const float *weights;
    struct network_tensor input;
    void *scratch, *memory; /* memory: all buffers */
    struct step steps[];
};

static size_t elements(struct network_tensor t) {
    return (size_t)t.height * t.width * t.channels;
}

/* `count` weights from `first` on; NULL when the file has no such weights. */
static const float *weights_at(const struct network *network, uint32_t first, size_t count) {
    const size_t all = network->header->weights;
    return first <= all && count <= all - first ? network->weights + first : NULL;
}

/* Fills the step's descriptor and asks for sizes. filter_count: how many weights the layer has. */
static enum lw_status plan(const struct network *network, struct step *step, size_t *filter_count) {
    const struct lw_context *context = network->context;
    const struct network_layer *layer = &step->layer;
    const struct network_tensor in = step->input;
    const uint32_t kernel_height = layer->kernel_height ? layer->kernel_height : in.height;
    const uint32_t kernel_width = layer->kernel_width ? layer->kernel_width : in.width;
    const struct lw_window window = {.kernel_height = kernel_height,
                                     .kernel_width = kernel_width,
                                     .stride_height = layer->stride,
                                     .stride_width = layer->stride,
                                     .dilation_height = 1,
                                     .dilation_width = 1,
                                     .padding = layer->same_padding ? LW_PADDING_SAME : LW_PADDING_VALID};
    const size_t taps = (size_t)kernel_height * kernel_width;
    const struct lw_activation activation = {.kind = layer->activation};
    struct network_tensor *out = &step->output;
    enum lw_status status = LW_OK;

    *filter_count = 0;
    step->activation = activation;
    *out = in; /* but for what follows */
    switch (layer->op) {
    case NETWORK_CONV:
        step->op.conv = (struct lw_conv2d){.struct_bytes = sizeof step->op.conv,
                                           .batch = 1,
                                           .input_height = in.height,
                                           .input_width = in.width,
                                           .input_channels = in.channels,
                                           .output_channels = layer->channels,
                                           .groups = 1,
                                           .window = window,
                                           .activation = activation};
        status = lw_conv2d_sizes(context, &step->op.conv, &step->sizes);
        *out = (struct network_tensor){step->sizes.output_height, step->sizes.output_width, layer->channels, NULL};
        *filter_count = taps * in.channels * layer->channels;
        break;
    case NETWORK_DEPTHWISE:
        step->op.depthwise = (struct lw_depthwise_conv2d){.struct_bytes = sizeof step->op.depthwise,
                                                          .batch = 1,
                                                          .input_height = in.height,
                                                          .input_width = in.width,
                                                          .channels = in.channels,
                                                          .depth_multiplier = 1,
                                                          .window = window,
                                                          .activation = activation};
        status = lw_depthwise_conv2d_sizes(context, &step->op.depthwise, &step->sizes);
        *out = (struct network_tensor){step->sizes.output_height, step->sizes.output_width, in.channels, NULL};
        *filter_count = taps * in.channels;
        break;
    case NETWORK_TRANSPOSED:
        step->op.transposed = (struct lw_conv2d_transpose){.struct_bytes = sizeof step->op.transposed,
                                                           .batch = 1,
                                                           .input_height = in.height,
                                                           .input_width = in.width,
                                                           .input_channels = in.channels,
                                                           .output_height = layer->height,
                                                           .output_width = layer->width,
                                                           .output_channels = layer->channels,
                                                           .window = window,
                                                           .activation = activation};
        status = lw_conv2d_transpose_sizes(context, &step->op.transposed, &step->sizes);
        *out = (struct network_tensor){layer->height, layer->width, layer->channels, NULL};
        *filter_count = taps * in.channels * layer->channels;
        break;
    case NETWORK_DENSE:
        step->op.dense = (struct lw_matmul){.struct_bytes = sizeof step->op.dense,
                                            .batch = 1,
                                            .m = 1,
                                            .n = layer->channels,
                                            .k = in.height * in.width * in.channels,
                                            .activation = activation};
        status = lw_matmul_sizes(context, &step->op.dense, &step->sizes);
        *out = (struct network_tensor){1, 1, layer->channels, NULL};
        *filter_count = elements(in) * layer->channels;
        break;
    case NETWORK_MAX_POOL:
    case NETWORK_AVERAGE_POOL:
        step->op.pool = (struct lw_pool2d){.struct_bytes = sizeof step->op.pool,
                                           .kind = layer->op == NETWORK_MAX_POOL ? LW_POOL_MAX : LW_POOL_AVERAGE,
                                           .batch = 1,
                                           .input_height = in.height,
                                           .input_width = in.width,
                                           .channels = in.channels,
                                           .window = window,
                                           .activation = activation};
        status = lw_pool2d_sizes(context, &step->op.pool, &step->sizes);
        *out = (struct network_tensor){step->sizes.output_height, step->sizes.output_width, in.channels, NULL};
        break;
    case NETWORK_RESIZE:
        step->op.resize = (struct lw_resize_bilinear){.struct_bytes = sizeof step->op.resize,
                                                      .batch = 1,
                                                      .input_height = in.height,
                                                      .input_width = in.width,
                                                      .channels = in.channels,
                                                      .output_height = layer->height,
                                                      .output_width = layer->width,
                                                      .half_pixel_centers = 1};
        status = lw_resize_bilinear_sizes(context, &step->op.resize, &step->sizes);
        *out = (struct network_tensor){layer->height, layer->width, in.channels, NULL};
        break;
    case NETWORK_ADD:
    case NETWORK_MUL:
        step->op.binary = (struct lw_binary){.struct_bytes = sizeof step->op.binary,
                                             .op = layer->op == NETWORK_ADD ? LW_BINARY_ADD : LW_BINARY_MUL,
                                             .type = LW_FLOAT32,
                                             .a_rank = 3,
                                             .b_rank = 3,
                                             .a_shape = {in.height, in.width, in.channels},
                                             .b_shape = {step->other.height, step->other.width, step->other.channels}};
        status = lw_binary_sizes(context, &step->op.binary, &step->sizes);
        if (elements(in) < elements(step->other)) *out = step->other;
        if (step->sizes.output_elements != elements(*out)) return LW_BAD_SHAPE; /* both are repeated */
        break;
    case NETWORK_ACTIVATION:
    case NETWORK_SOFTMAX: break;
    default: status = LW_BAD_ENUM;
    }
    return status;
}

static enum lw_status pack(const struct network *network, struct step *step) {
    switch (step->layer.op) {
    case NETWORK_CONV: return lw_conv2d_pack(network->context, &step->op.conv, step->filter, step->packed);
    case NETWORK_DEPTHWISE:
        return lw_depthwise_conv2d_pack(network->context, &step->op.depthwise, step->filter, step->packed);
    case NETWORK_TRANSPOSED:
        return lw_conv2d_transpose_pack(network->context, &step->op.transposed, step->filter, step->packed);
    case NETWORK_DENSE: return lw_matmul_pack(network->context, &step->op.dense, step->filter, step->packed);
    default: return LW_OK;
    }
}

static enum lw_status run(const struct network *network, const struct step *step) {
    const struct lw_context *context = network->context;
    const float *input = step->input.data;
    float *output = step->output.data;
    const struct lw_epilogue epilogue = {
        .struct_bytes = sizeof epilogue, .bias = step->bias, .residual = step->other.data};
    enum lw_status status;

    switch (step->layer.op) {
    case NETWORK_CONV:
        return lw_conv2d_run(context, &step->op.conv, input, step->packed, &epilogue, network->scratch, output);
    case NETWORK_DEPTHWISE:
        return lw_depthwise_conv2d_run(context, &step->op.depthwise, input, step->packed, &epilogue, network->scratch,
                                       output);
    case NETWORK_TRANSPOSED:
        return lw_conv2d_transpose_run(context, &step->op.transposed, input, step->packed, &epilogue, network->scratch,
                                       output);
    case NETWORK_DENSE:
        return lw_matmul_run(context, &step->op.dense, input, step->packed, &epilogue, network->scratch, output);
    case NETWORK_MAX_POOL:
    case NETWORK_AVERAGE_POOL: return lw_pool2d_run(context, &step->op.pool, input, network->scratch, output);
    case NETWORK_SOFTMAX:
        return lw_softmax_run(context, (size_t)step->input.height * step->input.width, step->input.channels, input,
                              output);
    /* These have no activation of their own: it follows, in place. */
    case NETWORK_RESIZE:
        status = lw_resize_bilinear_run(context, &step->op.resize, input, network->scratch, output);
        break;
    case NETWORK_ADD:
    case NETWORK_MUL: status = lw_binary_run(context, &step->op.binary, input, step->other.data, output); break;
    default: /* NETWORK_ACTIVATION */
        return lw_unary_run(context, LW_UNARY_ACTIVATION, &step->activation, elements(step->input), input, output);
    }
    if (status != LW_OK || step->activation.kind == LW_LINEAR) return status;
    return lw_unary_run(context, LW_UNARY_ACTIVATION, &step->activation, elements(step->output), output, output);
}

struct buffer {
    struct network_tensor tensor; /* the latest that was planned to be in it */
    size_t bytes;                 /* of the largest */
};

/* Plans one layer: which tensors it reads and makes, with which weights. Returns what is wrong, or NULL. */
static const char *create_step(struct network *network, struct step *step, struct buffer *buffers) {
    const struct network_header *header = network->header;
    const struct network_layer *layer = &step->layer;
    const int binary = layer->op == NETWORK_ADD || layer->op == NETWORK_MUL;
    const int has_other = layer->other != NETWORK_NONE, has_bias = layer->bias != NETWORK_NONE;
    size_t filter_count;

    if (layer->input >= header->buffers || layer->output >= header->buffers || layer->output == layer->input)
        return "a layer names a buffer that it cannot have";
    if (has_other ? layer->other >= header->buffers || layer->output == layer->other : binary)
        return "a layer names a second operand that it cannot have";
    step->input = buffers[layer->input].tensor;
    if (has_other) step->other = buffers[layer->other].tensor;

    const enum lw_status status = plan(network, step, &filter_count);
    if (status != LW_OK) return lw_status_string(status);
    if (has_other && !binary && elements(step->other) != elements(step->output))
        return "a residual has another shape than what it is added to";
    if (filter_count > 0) {
        step->filter = weights_at(network, layer->filter, filter_count);
        if (has_bias) step->bias = weights_at(network, layer->bias, step->output.channels);
        if (!step->filter || (has_bias && !step->bias)) return "weights are missing";
        step->packed = malloc(step->sizes.packed_bytes);
        if (!step->packed) return "out of memory";
        if (pack(network, step) != LW_OK) return "weights cannot be packed";
    }

    struct buffer *output = &buffers[layer->output];
    const size_t bytes = elements(step->output) * sizeof(float);
    output->tensor = step->output;
    if (output->bytes < bytes) output->bytes = bytes;
    return NULL;
}

/* All buffers lie in one block of memory, each a quarter of a page further from a page's start than the one before: a
 * tensor that is read and one that is written at the same distance modulo 4096 would slow each other down. */
static const char *place_buffers(struct network *network, struct buffer *buffers) {
    const struct network_header *header = network->header;
    size_t total = 0, scratch_bytes = 4096;

    for (uint32_t i = 0; i < header->buffers; i++) total += (buffers[i].bytes + 2 * 4096 - 1) / 4096 * 4096;
    for (uint32_t i = 0; i < header->layers; i++)
        if (scratch_bytes < network->steps[i].sizes.scratch_bytes)
            scratch_bytes = network->steps[i].sizes.scratch_bytes;
    network->scratch = malloc(scratch_bytes);
    network->memory = aligned_alloc(4096, total);
    if (!network->scratch || !network->memory) return "out of memory";

    char *page = network->memory;
    for (uint32_t i = 0; i < header->buffers; i++) {
        buffers[i].tensor.data = (float *)(void *)(page + i % 4 * 1024);
        page += (buffers[i].bytes + 2 * 4096 - 1) / 4096 * 4096;
    }
    for (uint32_t i = 0; i < header->layers; i++) {
        struct step *step = &network->steps[i];
        step->input.data = buffers[step->layer.input].tensor.data;
        if (step->layer.other != NETWORK_NONE) step->other.data = buffers[step->layer.other].tensor.data;
        step->output.data = buffers[step->layer.output].tensor.data;
    }
    network->input.data = buffers[0].tensor.data;
    return NULL;
}

static const char *create(struct network *network, const struct network_layer *layers) {
    const struct network_header *header = network->header;
    struct buffer *buffers = calloc(header->buffers, sizeof *buffers);
    if (!buffers) return "out of memory";

    const char *error = NULL;
    network->input = (struct network_tensor){header->height, header->width, header->channels, NULL};
    buffers[0].tensor = network->input;
    buffers[0].bytes = elements(network->input) * sizeof(float);
    for (uint32_t i = 0; !error && i < header->layers; i++) {
        network->steps[i].layer = layers[i];
        error = create_step(network, &network->steps[i], buffers);
    }
    if (!error) error = place_buffers(network, buffers);
    free(buffers);
    return error;
}

struct network *network_create(const struct lw_context *context, const void *file, size_t file_bytes,
                               const char **error) {
    const struct network_header *header = file;
    *error = "this is no network that export.mjs has written";
    if (file_bytes < sizeof *header || memcmp(header->magic, "LWN1", 4) != 0) return NULL;
    const uint64_t wanted = sizeof *header + (uint64_t)header->layers * sizeof(struct network_layer) +
                            (uint64_t)header->weights * sizeof(float);
    if (wanted != file_bytes || header->layers == 0 || header->buffers == 0) return NULL;

    struct network *network = calloc(1, sizeof *network + header->layers * sizeof *network->steps);
    *error = "out of memory";
    if (!network) return NULL;
    const struct network_layer *layers = (const struct network_layer *)(header + 1);
    network->context = context;
    network->header = header;
    network->weights = (const float *)(layers + header->layers);
    *error = create(network, layers);
    if (!*error) return network;
    network_destroy(network);
    return NULL;
}

void network_destroy(struct network *network) {
    if (!network) return;
    for (uint32_t i = 0; i < network->header->layers; i++) free(network->steps[i].packed);
    free(network->scratch);
    free(network->memory);
    free(network);
}

struct network_tensor network_input(const struct network *network) {
    return network->input;
}

struct network_tensor network_output(const struct network *network) {
    return network->steps[network->header->layers - 1].output;
}

const struct network_header *network_header(const struct network *network) {
    return network->header;
}

enum lw_status network_run(struct network *network) {
    enum lw_status status = LW_OK;
    for (uint32_t i = 0; status == LW_OK && i < network->header->layers; i++) status = run(network, &network->steps[i]);
    return status;
}
