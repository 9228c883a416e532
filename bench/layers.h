/* SPDX-License-Identifier: MIT */
/*
 * Layers as models have them, timed through the public API: bench/layers.c. Where Meson's option xnnpack names an
 * installed XNNPACK, bench/xnnpack.c adds XNNPACK's time on the same numbers.
 */
#ifndef LW_BENCH_LAYERS_H
#define LW_BENCH_LAYERS_H

#include "tests/harness.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lw_layer_kind {
    LW_LAYER_CONV,
    LW_LAYER_DEPTHWISE,
    LW_LAYER_MATMUL, /* by a constant matrix: a fully connected layer */
    LW_LAYER_MAX_POOL,
    LW_LAYER_AVERAGE_POOL,
    LW_LAYER_ACTIVATION
};

/* All have batch 1, square windows and TensorFlow's padding SAME. */
struct lw_layer {
    const char *label;
    enum lw_layer_kind kind;
    uint32_t size;            /* an image's height and width; a matrix's rows; an activation's elements */
    uint32_t inputs, outputs; /* channels; a matrix product's k and n. outputs is 0 where it is inputs */
    uint32_t kernel, stride;  /* of windows */
    struct lw_activation activation;
};

extern const struct lw_layer lw_layers[];
extern const size_t lw_layers_count;

/* One layer in one tier, ready to run. */
struct lw_layer_call {
    const struct lw_layer *layer;
    union {
        struct lw_conv2d conv;
        struct lw_depthwise_conv2d depthwise;
        struct lw_matmul matmul;
        struct lw_pool2d pool;
    } op;
    size_t input_elements, filter_elements, bias_elements, output_elements; /* 0 for what the layer doesn't have */
    uint32_t output_size;                                                   /* an image's height and width */
    double flops, bytes;                                                    /* as lw_bench_add wants them */
    struct lw_epilogue epilogue;                                            /* of convolutions */
    const float *input, *filter, *bias; /* filters as the API has them: [ky][kx][input][output], [k][n] */
    float *output;
    void *packed, *scratch;
};

/* Buffers come from b, as does the context; the numbers are the same every time. */
struct lw_layer_call *lw_layer_prepare(struct lw_bench *b, const struct lw_layer *layer);
void lw_layer_run(const struct lw_context *context, void *call);

/* The family that bench.cc adds to those of the tests. */
extern const struct lw_family lw_layers_family;

/* What that family's row does, on XNNPACK: the same layers in the same order. */
void lw_xnnpack_bench(struct lw_bench *b);
/* Whether the installed version has such a layer. */
bool lw_xnnpack_has(const struct lw_layer *layer);

#ifdef __cplusplus
}
#endif

#endif
