/* SPDX-License-Identifier: MIT */
/* The layers of layers.h through Lanewise's public API. */
#include "bench/layers.h"

#include <stdio.h>

#define RELU6                                                                                                          \
    { .kind = LW_RELU6 }

/* clang-format off */
const struct lw_layer lw_layers[] = {
    {"conv 1x1 56x56 64->128",       LW_LAYER_CONV,         56,   64,  128, 1, 1, RELU6},
    {"conv 1x1 28x28 256->256",      LW_LAYER_CONV,         28,  256,  256, 1, 1, RELU6},
    {"conv 1x1 14x14 512->512",      LW_LAYER_CONV,         14,  512,  512, 1, 1, RELU6},
    {"conv 1x1 7x7 1024->1024",      LW_LAYER_CONV,          7, 1024, 1024, 1, 1, RELU6},
    {"conv 1x1 112x112 32->64",      LW_LAYER_CONV,        112,   32,   64, 1, 1, RELU6},
    {"conv 1x1 28x28 96->2",         LW_LAYER_CONV,         28,   96,    2, 1, 1, RELU6},
    {"conv 1x1 56x56 24->144",       LW_LAYER_CONV,         56,   24,  144, 1, 1, RELU6},
    {"conv 1x1 56x56 144->24",       LW_LAYER_CONV,         56,  144,   24, 1, 1, RELU6},
    {"conv 3x3 56x56 64->64",        LW_LAYER_CONV,         56,   64,   64, 3, 1, RELU6},
    {"conv 3x3 28x28 128->128",      LW_LAYER_CONV,         28,  128,  128, 3, 1, RELU6},
    {"conv 3x3 14x14 256->256",      LW_LAYER_CONV,         14,  256,  256, 3, 1, RELU6},
    {"conv 3x3 7x7 512->512",        LW_LAYER_CONV,          7,  512,  512, 3, 1, RELU6},
    {"conv 3x3 s2 224x224 3->32",    LW_LAYER_CONV,        224,    3,   32, 3, 2, RELU6},
    {"conv 7x7 s2 224x224 3->64",    LW_LAYER_CONV,        224,    3,   64, 7, 2, RELU6},
    {"conv 5x5 s2 128x128 3->24",    LW_LAYER_CONV,        128,    3,   24, 5, 2, RELU6},
    {"depthwise 3x3 112x112 x32",    LW_LAYER_DEPTHWISE,   112,   32,    0, 3, 1, RELU6},
    {"depthwise 3x3 56x56 x128",     LW_LAYER_DEPTHWISE,    56,  128,    0, 3, 1, RELU6},
    {"depthwise 3x3 14x14 x512",     LW_LAYER_DEPTHWISE,    14,  512,    0, 3, 1, RELU6},
    {"depthwise 3x3 7x7 x1024",      LW_LAYER_DEPTHWISE,     7, 1024,    0, 3, 1, RELU6},
    {"depthwise 3x3 s2 112x112 x64", LW_LAYER_DEPTHWISE,   112,   64,    0, 3, 2, RELU6},
    {"depthwise 3x3 s2 28x28 x256",  LW_LAYER_DEPTHWISE,    28,  256,    0, 3, 2, RELU6},
    {"depthwise 5x5 32x32 x48",      LW_LAYER_DEPTHWISE,    32,   48,    0, 5, 1, RELU6},
    {"depthwise 7x7 28x28 x96",      LW_LAYER_DEPTHWISE,    28,   96,    0, 7, 1, RELU6},
    {"matmul 1x1024x1001",           LW_LAYER_MATMUL,        1, 1024, 1001, 0, 0, {0}},
    {"matmul 1x4096x1024",           LW_LAYER_MATMUL,        1, 4096, 1024, 0, 0, {0}},
    {"matmul 256x256x256",           LW_LAYER_MATMUL,      256,  256,  256, 0, 0, {0}},
    {"matmul 512x512x512",           LW_LAYER_MATMUL,      512,  512,  512, 0, 0, {0}},
    {"matmul 128x768x3072",          LW_LAYER_MATMUL,      128,  768, 3072, 0, 0, {0}},
    {"max pool 3x3 s2 112x112 x64",  LW_LAYER_MAX_POOL,    112,   64,    0, 3, 2, {0}},
    {"max pool 2x2 s2 112x112 x64",  LW_LAYER_MAX_POOL,    112,   64,    0, 2, 2, {0}},
    {"average pool 3x3 s2 112x112 x64", LW_LAYER_AVERAGE_POOL, 112, 64,  0, 3, 2, {0}},
    {"relu6 1e6",                    LW_LAYER_ACTIVATION, 1000000, 1,    0, 0, 0, RELU6},
    {"leaky relu 1e6",               LW_LAYER_ACTIVATION, 1000000, 1,    0, 0, 0, {LW_LEAKY_RELU, 0.2f, 0, 0}},
    {"sigmoid 1e6",                  LW_LAYER_ACTIVATION, 1000000, 1,    0, 0, 0, {.kind = LW_SIGMOID}},
    {"tanh 1e6",                     LW_LAYER_ACTIVATION, 1000000, 1,    0, 0, 0, {.kind = LW_TANH}},
    {"elu 1e6",                      LW_LAYER_ACTIVATION, 1000000, 1,    0, 0, 0, {.kind = LW_ELU}},
    {"hard swish 1e6",               LW_LAYER_ACTIVATION, 1000000, 1,    0, 0, 0, {.kind = LW_HARD_SWISH}},
};
/* clang-format on */
const size_t lw_layers_count = sizeof lw_layers / sizeof lw_layers[0];

static void expect(enum lw_status status, const struct lw_layer *l) {
    if (status == LW_OK) return;
    char message[200];
    snprintf(message, sizeof message, "%s: %s", l->label, lw_status_string(status));
    lw_test_report(message);
}

struct lw_layer_call *lw_layer_prepare(struct lw_bench *b, const struct lw_layer *l) {
    const struct lw_context *context = lw_bench_context(b);
    const struct lw_window window = {l->kernel, l->kernel, l->stride, l->stride, 1, 1, LW_PADDING_SAME, 0, 0, 0, 0};
    const size_t taps = (size_t)l->kernel * l->kernel;
    size_t terms = 0; /* of the sum that is one output */
    struct lw_layer_call *c = lw_bench_buffer(b, sizeof *c);
    struct lw_sizes sizes = {0};
    c->layer = l;
    c->input_elements = (size_t)l->size * l->size * l->inputs;
    switch (l->kind) {
    case LW_LAYER_CONV:
        c->op.conv =
            (struct lw_conv2d){sizeof c->op.conv, 1, l->size, l->size, l->inputs, l->outputs, 1, window, l->activation,
                               LW_WINOGRAD_AUTO,  0, 0};
        terms = taps * l->inputs;
        c->filter_elements = terms * l->outputs;
        c->bias_elements = l->outputs;
        expect(lw_conv2d_sizes(context, &c->op.conv, &sizes), l);
        break;
    case LW_LAYER_DEPTHWISE:
        c->op.depthwise = (struct lw_depthwise_conv2d){
            sizeof c->op.depthwise, 1, l->size, l->size, l->inputs, 1, window, l->activation, 0, 0};
        terms = taps;
        c->filter_elements = taps * l->inputs;
        c->bias_elements = l->inputs;
        expect(lw_depthwise_conv2d_sizes(context, &c->op.depthwise, &sizes), l);
        break;
    case LW_LAYER_MATMUL:
        c->op.matmul = (struct lw_matmul){sizeof c->op.matmul, 1, l->size, l->outputs, l->inputs, 0, 0, 0, 0,
                                          l->activation,       0, 0,       0,          0};
        terms = l->inputs;
        c->input_elements = (size_t)l->size * l->inputs;
        c->filter_elements = terms * l->outputs;
        expect(lw_matmul_sizes(context, &c->op.matmul, &sizes), l);
        break;
    case LW_LAYER_MAX_POOL:
    case LW_LAYER_AVERAGE_POOL:
        c->op.pool = (struct lw_pool2d){sizeof c->op.pool,
                                        l->kind == LW_LAYER_MAX_POOL ? LW_POOL_MAX : LW_POOL_AVERAGE,
                                        1,
                                        l->size,
                                        l->size,
                                        l->inputs,
                                        window,
                                        l->activation,
                                        0,
                                        0};
        expect(lw_pool2d_sizes(context, &c->op.pool, &sizes), l);
        break;
    case LW_LAYER_ACTIVATION: c->input_elements = sizes.output_elements = l->size; break;
    }
    c->output_size = sizes.output_height;
    c->output_elements = sizes.output_elements;
    c->flops = 2 * (double)terms * (double)c->output_elements;
    c->bytes = 4 * ((double)c->input_elements + (double)c->filter_elements + (double)c->output_elements);

    c->input = lw_bench_floats(b, c->input_elements);
    c->filter = lw_bench_floats(b, c->filter_elements);
    c->bias = lw_bench_floats(b, c->bias_elements);
    c->epilogue = (struct lw_epilogue){.struct_bytes = sizeof c->epilogue, .bias = c->bias};
    c->output = lw_bench_buffer(b, c->output_elements * sizeof *c->output);
    c->packed = lw_bench_buffer(b, sizes.packed_bytes);
    c->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    if (l->kind == LW_LAYER_CONV) expect(lw_conv2d_pack(context, &c->op.conv, c->filter, c->packed), l);
    if (l->kind == LW_LAYER_DEPTHWISE) {
        expect(lw_depthwise_conv2d_pack(context, &c->op.depthwise, c->filter, c->packed), l);
    }
    if (l->kind == LW_LAYER_MATMUL) expect(lw_matmul_pack(context, &c->op.matmul, c->filter, c->packed), l);
    return c;
}

void lw_layer_run(const struct lw_context *context, void *call) {
    const struct lw_layer_call *c = call;
    switch (c->layer->kind) {
    case LW_LAYER_CONV:
        lw_conv2d_run(context, &c->op.conv, c->input, c->packed, &c->epilogue, c->scratch, c->output);
        break;
    case LW_LAYER_DEPTHWISE:
        lw_depthwise_conv2d_run(context, &c->op.depthwise, c->input, c->packed, &c->epilogue, c->scratch, c->output);
        break;
    case LW_LAYER_MATMUL:
        lw_matmul_run(context, &c->op.matmul, c->input, c->packed, NULL, c->scratch, c->output);
        break;
    case LW_LAYER_MAX_POOL:
    case LW_LAYER_AVERAGE_POOL: lw_pool2d_run(context, &c->op.pool, c->input, c->scratch, c->output); break;
    case LW_LAYER_ACTIVATION:
        lw_unary_run(context, LW_UNARY_ACTIVATION, &c->layer->activation, c->input_elements, c->input, c->output);
        break;
    }
}

static void bench(struct lw_bench *b) {
    for (size_t i = 0; i < lw_layers_count; i++) {
        struct lw_layer_call *c = lw_layer_prepare(b, &lw_layers[i]);
        lw_bench_add(b, lw_layers[i].label, c->flops, c->bytes, lw_layer_run, c);
    }
}

static const struct lw_row rows[] = {{"layer", LW_NO_SLOT, NULL, bench}};
const struct lw_family lw_layers_family = {"model", rows, 1};
