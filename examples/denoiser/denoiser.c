/* SPDX-License-Identifier: MIT */
#include "denoiser.h"
#include <stdlib.h>
#include <string.h>

enum {
    HOP = DENOISER_HOP,
    WINDOW = 2 * HOP,
    BINS = HOP + 1,
    PARTS = 2 * BINS, /* cosines, then sines */
    BANDS = 24,
    CONTEXT = 5,
    HIDDEN = 64
};

/* The weights, as make.mjs writes them. */
struct weights {
    float analysis[WINDOW][PARTS];
    float bands[PARTS][BANDS];
    float hidden[CONTEXT][BANDS][HIDDEN], hidden_bias[HIDDEN];
    float gain[HIDDEN][BINS], gain_bias[BINS];
    float synthesis[WINDOW][PARTS];
};

struct denoiser {
    const struct lw_context *context;
    const struct weights *weights;
    uint32_t frames;
    struct lw_conv2d analysis, hidden;
    struct lw_matmul bands, gain;
    struct lw_binary mask;
    struct lw_conv2d_transpose synthesis;
    void *packed_analysis, *packed_bands, *packed_hidden, *packed_gain, *packed_synthesis;
    void *scratch;
    size_t scratch_bytes;
    /* With what was left from the run before in front: */
    float *sound;    /* (1 + frames, HOP) */
    float *loudness; /* (CONTEXT - 1 + frames, BANDS) */
    float *masked;   /* (1 + frames, PARTS) */
    /* And without: */
    float *spectrum, *energy; /* (frames, PARTS) */
    float *seen;              /* (frames, HIDDEN) */
    float *gains;             /* (frames, BINS) */
    float *output;            /* (frames, HOP) */
};

/* A window in time: images are one row high. */
static struct lw_window in_time(uint32_t width, uint32_t stride, uint32_t pad) {
    return (struct lw_window){.kernel_height = 1,
                              .kernel_width = width,
                              .stride_height = 1,
                              .stride_width = stride,
                              .dilation_height = 1,
                              .dilation_width = 1,
                              .padding = LW_PADDING_EXPLICIT,
                              .pad_left = pad,
                              .pad_right = (int32_t)pad};
}

static void describe(struct denoiser *d) {
    const uint32_t frames = d->frames;
    d->analysis = (struct lw_conv2d){.struct_bytes = sizeof d->analysis,
                                     .batch = 1,
                                     .input_height = 1,
                                     .input_width = (1 + frames) * HOP,
                                     .input_channels = 1,
                                     .output_channels = PARTS,
                                     .groups = 1,
                                     .window = in_time(WINDOW, HOP, 0)};
    d->bands = (struct lw_matmul){.struct_bytes = sizeof d->bands, .batch = 1, .m = frames, .n = BANDS, .k = PARTS};
    d->hidden = (struct lw_conv2d){.struct_bytes = sizeof d->hidden,
                                   .batch = 1,
                                   .input_height = 1,
                                   .input_width = CONTEXT - 1 + frames,
                                   .input_channels = BANDS,
                                   .output_channels = HIDDEN,
                                   .groups = 1,
                                   .window = in_time(CONTEXT, 1, 0),
                                   .activation = {.kind = LW_RELU}};
    d->gain = (struct lw_matmul){.struct_bytes = sizeof d->gain,
                                 .batch = 1,
                                 .m = frames,
                                 .n = BINS,
                                 .k = HIDDEN,
                                 .activation = {.kind = LW_CLAMP, .min = 0, .max = 1}};
    /* One gain for both parts of a frequency. */
    d->mask = (struct lw_binary){.struct_bytes = sizeof d->mask,
                                 .op = LW_BINARY_MUL,
                                 .type = LW_FLOAT32,
                                 .a_rank = 3,
                                 .b_rank = 3,
                                 .a_shape = {frames, 2, BINS},
                                 .b_shape = {frames, 1, BINS}};
    /* Frames overlap by half. What is cut off at both ends lacks a frame, of the run before or of the next. */
    d->synthesis = (struct lw_conv2d_transpose){.struct_bytes = sizeof d->synthesis,
                                                .batch = 1,
                                                .input_height = 1,
                                                .input_width = 1 + frames,
                                                .input_channels = PARTS,
                                                .output_height = 1,
                                                .output_width = frames * HOP,
                                                .output_channels = 1,
                                                .window = in_time(WINDOW, HOP, HOP)};
}

/* Memory for packed weights; scratch grows to what the largest layer needs. NULL when there is none. */
static void *reserve(struct denoiser *d, enum lw_status status, const struct lw_sizes *sizes) {
    if (status != LW_OK) return NULL;
    if (d->scratch_bytes < sizes->scratch_bytes) d->scratch_bytes = sizes->scratch_bytes;
    return malloc(sizes->packed_bytes);
}

static float *zeros(size_t rows, size_t columns) {
    return calloc(rows * columns, sizeof(float));
}

static int allocate(struct denoiser *d) {
    const struct lw_context *context = d->context;
    const size_t frames = d->frames;
    struct lw_sizes sizes;

    d->packed_analysis = reserve(d, lw_conv2d_sizes(context, &d->analysis, &sizes), &sizes);
    d->packed_bands = reserve(d, lw_matmul_sizes(context, &d->bands, &sizes), &sizes);
    d->packed_hidden = reserve(d, lw_conv2d_sizes(context, &d->hidden, &sizes), &sizes);
    d->packed_gain = reserve(d, lw_matmul_sizes(context, &d->gain, &sizes), &sizes);
    d->packed_synthesis = reserve(d, lw_conv2d_transpose_sizes(context, &d->synthesis, &sizes), &sizes);
    d->scratch = malloc(d->scratch_bytes + 1);
    d->sound = zeros(1 + frames, HOP);
    d->loudness = zeros(CONTEXT - 1 + frames, BANDS);
    d->masked = zeros(1 + frames, PARTS);
    d->spectrum = zeros(frames, PARTS);
    d->energy = zeros(frames, PARTS);
    d->seen = zeros(frames, HIDDEN);
    d->gains = zeros(frames, BINS);
    d->output = zeros(frames, HOP);
    return d->packed_analysis && d->packed_bands && d->packed_hidden && d->packed_gain && d->packed_synthesis &&
           d->scratch && d->sound && d->loudness && d->masked && d->spectrum && d->energy && d->seen && d->gains &&
           d->output;
}

struct denoiser *denoiser_create(const struct lw_context *context, const float *weights, size_t count, uint32_t frames,
                                 const char **error) {
    struct denoiser *d = calloc(1, sizeof *d);
    *error = "out of memory";
    if (!d) return NULL;
    d->context = context;
    d->weights = (const struct weights *)(const void *)weights;
    d->frames = frames;
    describe(d);
    if (count * sizeof(float) != sizeof(struct weights))
        *error = "these are not the denoiser's weights";
    else if (frames == 0 || frames > 1000000)
        *error = "frames must be 1 to 1000000";
    else if (allocate(d)) {
        lw_conv2d_pack(context, &d->analysis, &d->weights->analysis[0][0], d->packed_analysis);
        lw_matmul_pack(context, &d->bands, &d->weights->bands[0][0], d->packed_bands);
        lw_conv2d_pack(context, &d->hidden, &d->weights->hidden[0][0][0], d->packed_hidden);
        lw_matmul_pack(context, &d->gain, &d->weights->gain[0][0], d->packed_gain);
        lw_conv2d_transpose_pack(context, &d->synthesis, &d->weights->synthesis[0][0], d->packed_synthesis);
        *error = NULL;
        return d;
    }
    denoiser_destroy(d);
    return NULL;
}

void denoiser_destroy(struct denoiser *d) {
    if (!d) return;
    void *const all[] = {d->packed_analysis, d->packed_bands, d->packed_hidden, d->packed_gain, d->packed_synthesis,
                         d->scratch,         d->sound,        d->loudness,      d->masked,      d->spectrum,
                         d->energy,          d->seen,         d->gains,         d->output,      d};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

float *denoiser_input(struct denoiser *d) {
    return d->sound + HOP;
}

const float *denoiser_output(const struct denoiser *d) {
    return d->output;
}

/* The last `rows` rows become those in front of the next run's. */
static void keep(float *data, size_t rows, size_t frames, size_t columns) {
    memmove(data, data + frames * columns, rows * columns * sizeof *data);
}

enum lw_status denoiser_run(struct denoiser *d) {
    const struct lw_context *context = d->context;
    const struct weights *w = d->weights;
    const size_t frames = d->frames;
    float least[BANDS]; /* so that there is a logarithm of silence */
    for (size_t i = 0; i < BANDS; i++) least[i] = 1e-6f;
    const struct lw_epilogue floor = {.struct_bytes = sizeof floor, .bias = least};
    const struct lw_epilogue hidden = {.struct_bytes = sizeof hidden, .bias = w->hidden_bias};
    const struct lw_epilogue gain = {.struct_bytes = sizeof gain, .bias = w->gain_bias};
    float *loudness = d->loudness + (CONTEXT - 1) * BANDS, *masked = d->masked + PARTS;
    enum lw_status status;

    status = lw_conv2d_run(context, &d->analysis, d->sound, d->packed_analysis, NULL, d->scratch, d->spectrum);
    if (status == LW_OK) status = lw_unary_run(context, LW_UNARY_SQUARE, NULL, frames * PARTS, d->spectrum, d->energy);
    if (status == LW_OK)
        status = lw_matmul_run(context, &d->bands, d->energy, d->packed_bands, &floor, d->scratch, loudness);
    if (status == LW_OK) status = lw_unary_run(context, LW_UNARY_LOG, NULL, frames * BANDS, loudness, loudness);
    if (status == LW_OK)
        status = lw_conv2d_run(context, &d->hidden, d->loudness, d->packed_hidden, &hidden, d->scratch, d->seen);
    if (status == LW_OK)
        status = lw_matmul_run(context, &d->gain, d->seen, d->packed_gain, &gain, d->scratch, d->gains);
    if (status == LW_OK) status = lw_binary_run(context, &d->mask, d->spectrum, d->gains, masked);
    if (status == LW_OK)
        status = lw_conv2d_transpose_run(context, &d->synthesis, d->masked, d->packed_synthesis, NULL, d->scratch,
                                         d->output);

    keep(d->sound, 1, frames, HOP);
    keep(d->loudness, CONTEXT - 1, frames, BANDS);
    keep(d->masked, 1, frames, PARTS);
    return status;
}
