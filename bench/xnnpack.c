/* SPDX-License-Identifier: MIT */
/*
 * The layers of layers.h on an installed XNNPACK, through its subgraph API: of what XNNPACK offers, that has stayed the
 * same for years. Compiled where Meson's option xnnpack names a prefix with include/xnnpack.h and lib/.
 *
 * Each layer is a subgraph of one node, with one thread, made at its first call and kept until the program ends. Its
 * first output is compared with the scalar tier's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "bench/layers.h"

enum { INPUT, OUTPUT, FILTER, BIAS, VALUES }; /* numbers of a subgraph's values */

static void expect(bool good, const struct lw_layer *l, const char *what) {
    if (good) return;
    char message[200];
    snprintf(message, sizeof message, "XNNPACK, %s: %s", l->label, what);
    lw_test_report(message);
}

/* A copy that stays, with the bytes behind it that XNNPACK may read. */
static float *keep(const float *x, size_t n) {
    float *copy = calloc(n * sizeof *copy + XNN_EXTRA_BYTES, 1);
    memcpy(copy, x, n * sizeof *copy);
    return copy;
}

/* [ky][kx][input][output] to [output][ky][kx][input]. */
static float *output_first(const float *filter, size_t rows, size_t outputs) {
    float *turned = calloc(rows * outputs * sizeof *turned + XNN_EXTRA_BYTES, 1);
    for (size_t r = 0; r < rows; r++) {
        for (size_t o = 0; o < outputs; o++) turned[o * rows + r] = filter[r * outputs + o];
    }
    return turned;
}

static bool define_value(xnn_subgraph_t graph, uint32_t id, size_t rank, const size_t *shape, const float *data) {
    const uint32_t flags = id == INPUT    ? XNN_VALUE_FLAG_EXTERNAL_INPUT
                           : id == OUTPUT ? XNN_VALUE_FLAG_EXTERNAL_OUTPUT
                                          : 0;
    uint32_t got;
    return xnn_define_tensor_value(graph, xnn_datatype_fp32, rank, shape, data, id, flags, &got) == xnn_status_success;
}

static enum xnn_status define_activation(xnn_subgraph_t graph, const struct lw_activation *a) {
#ifdef LW_XNNPACK_UNARY
    union xnn_unary_params params;
    memset(&params, 0, sizeof params);
    enum xnn_unary_operator op = xnn_unary_clamp;
    switch (a->kind) {
    case LW_RELU6: params.clamp.max = 6; break;
    case LW_LEAKY_RELU: op = xnn_unary_leaky_relu, params.leaky_relu.negative_slope = a->alpha; break;
    case LW_SIGMOID: op = xnn_unary_sigmoid; break;
    case LW_TANH: op = xnn_unary_tanh; break;
    case LW_ELU: op = xnn_unary_elu, params.elu.alpha = 1; break;
    case LW_HARD_SWISH: op = xnn_unary_hardswish; break;
    default: return xnn_status_unsupported_parameter;
    }
    return xnn_define_unary(graph, op, &params, INPUT, OUTPUT, 0);
#else /* a version of before 2025 */
    switch (a->kind) {
    case LW_RELU6: return xnn_define_clamp(graph, 0, 6, INPUT, OUTPUT, 0);
    case LW_LEAKY_RELU: return xnn_define_leaky_relu(graph, a->alpha, INPUT, OUTPUT, 0);
    case LW_SIGMOID: return xnn_define_sigmoid(graph, INPUT, OUTPUT, 0);
    case LW_ELU: return xnn_define_elu(graph, 1, INPUT, OUTPUT, 0);
    case LW_HARD_SWISH: return xnn_define_hardswish(graph, INPUT, OUTPUT, 0);
    default: return xnn_status_unsupported_parameter;
    }
#endif
}

bool lw_xnnpack_has(const struct lw_layer *l) {
#ifdef LW_XNNPACK_UNARY
    (void)l;
    return true;
#else
    return l->kind != LW_LAYER_ACTIVATION || l->activation.kind != LW_TANH;
#endif
}

static bool define(xnn_subgraph_t graph, const struct lw_layer_call *c) {
    const struct lw_layer *l = c->layer;
    const uint32_t k = l->kernel, s = l->stride, same = XNN_FLAG_TENSORFLOW_SAME_PADDING;
    const size_t channels = l->outputs ? l->outputs : l->inputs;
    const size_t in[] = {1, l->size, l->size, l->inputs}, out[] = {1, c->output_size, c->output_size, channels};
    /* Matrices and activations have two dimensions. */
    const bool image = l->kind != LW_LAYER_MATMUL && l->kind != LW_LAYER_ACTIVATION;
    const size_t rows[] = {l->size, l->inputs}, made[] = {l->size, channels};
    if (!define_value(graph, INPUT, image ? 4 : 2, image ? in : rows, NULL)) return false;
    if (!define_value(graph, OUTPUT, image ? 4 : 2, image ? out : made, NULL)) return false;
    if (c->bias_elements && !define_value(graph, BIAS, 1, &c->bias_elements, keep(c->bias, c->bias_elements))) {
        return false;
    }
    const float low = l->activation.kind == LW_RELU6 ? 0 : -INFINITY;
    const float high = l->activation.kind == LW_RELU6 ? 6 : INFINITY;
    switch (l->kind) {
    case LW_LAYER_CONV: {
        const size_t shape[] = {l->outputs, k, k, l->inputs};
        const float *filter = output_first(c->filter, (size_t)k * k * l->inputs, l->outputs);
        return define_value(graph, FILTER, 4, shape, filter) &&
               xnn_define_convolution_2d(graph, 0, 0, 0, 0, k, k, s, s, 1, 1, 1, l->inputs, l->outputs, low, high,
                                         INPUT, FILTER, BIAS, OUTPUT, same) == xnn_status_success;
    }
    case LW_LAYER_DEPTHWISE: {
        const size_t shape[] = {1, k, k, l->inputs};
        return define_value(graph, FILTER, 4, shape, keep(c->filter, c->filter_elements)) &&
               xnn_define_depthwise_convolution_2d(graph, 0, 0, 0, 0, k, k, s, s, 1, 1, 1, l->inputs, low, high, INPUT,
                                                   FILTER, BIAS, OUTPUT, same) == xnn_status_success;
    }
    case LW_LAYER_MATMUL: {
        const size_t shape[] = {l->outputs, l->inputs};
        const float *filter = output_first(c->filter, l->inputs, l->outputs);
        return define_value(graph, FILTER, 2, shape, filter) &&
               xnn_define_fully_connected(graph, low, high, INPUT, FILTER, XNN_INVALID_VALUE_ID, OUTPUT, 0) ==
                   xnn_status_success;
    }
    case LW_LAYER_MAX_POOL:
        return xnn_define_max_pooling_2d(graph, 0, 0, 0, 0, k, k, s, s, 1, 1, low, high, INPUT, OUTPUT, same) ==
               xnn_status_success;
    case LW_LAYER_AVERAGE_POOL:
        return xnn_define_average_pooling_2d(graph, 0, 0, 0, 0, k, k, s, s, low, high, INPUT, OUTPUT, same) ==
               xnn_status_success;
    case LW_LAYER_ACTIVATION: return define_activation(graph, &l->activation) == xnn_status_success;
    }
    return false;
}

static xnn_runtime_t create(const struct lw_context *context, struct lw_layer_call *c) {
    const struct lw_layer *l = c->layer;
    xnn_subgraph_t graph;
    xnn_runtime_t runtime;
    expect(xnn_initialize(NULL) == xnn_status_success, l, "can't be initialized");
    expect(xnn_create_subgraph(VALUES, 0, &graph) == xnn_status_success, l, "no subgraph");
    expect(define(graph, c), l, "refuses the layer");
    expect(xnn_create_runtime_v2(graph, NULL, 0, &runtime) == xnn_status_success, l, "no runtime");

    float *output = calloc(c->output_elements * sizeof *output + XNN_EXTRA_BYTES, 1);
    const struct xnn_external_value values[] = {{INPUT, keep(c->input, c->input_elements)}, {OUTPUT, output}};
    expect(xnn_setup_runtime(runtime, 2, values) == xnn_status_success, l, "no setup");
    expect(xnn_invoke_runtime(runtime) == xnn_status_success, l, "doesn't run");

    lw_layer_run(context, c);
    float largest = 0;
    for (size_t i = 0; i < c->output_elements; i++) largest = fmaxf(largest, fabsf(c->output[i]));
    for (size_t i = 0; i < c->output_elements; i++) {
        expect(fabsf(output[i] - c->output[i]) <= 1e-3f * largest, l, "its output differs");
    }
    return runtime;
}

static void run(const struct lw_context *context, void *arg) {
    static xnn_runtime_t *runtimes;
    if (!runtimes) runtimes = calloc(lw_layers_count, sizeof *runtimes);
    struct lw_layer_call *c = arg;
    xnn_runtime_t *runtime = &runtimes[c->layer - lw_layers];
    if (!*runtime) *runtime = create(context, c);
    xnn_invoke_runtime(*runtime);
}

void lw_xnnpack_bench(struct lw_bench *b) {
    for (size_t i = 0; i < lw_layers_count; i++) {
        struct lw_layer_call *c = lw_layer_prepare(b, &lw_layers[i]);
        lw_bench_add(b, lw_layers[i].label, c->flops, c->bytes, run, c);
    }
}
