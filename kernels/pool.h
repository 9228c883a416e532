/* SPDX-License-Identifier: MIT */
/* What pooling, its gradients and dilation share: which taps of a window lie inside of the image. Not installed. */
#ifndef LW_POOL_H
#define LW_POOL_H

#include "kernels/operator.h"

/* One dimension: window w begins at pixel w * stride - pad, which may lie outside, and has a tap every `dilation`. */
struct lw_slide {
    int64_t input, output, kernel, stride, dilation, pad;
};

/* The descriptor's fields, for messages. */
struct lw_slide_names {
    const char *kernel, *stride, *dilation;
};

/* Checks that the kernel's, stride's and dilation's size is 1 or more, and that every pixel that a window may name fits. */
static inline enum lw_status lw_slide_check(const struct lw_slide *s, const struct lw_slide_names *names,
                                            struct lw_problem *problem) {
    if (s->kernel == 0) return lw_wrong(problem, LW_BAD_SHAPE, names->kernel, "1 or more");
    if (s->stride == 0) return lw_wrong(problem, LW_BAD_SHAPE, names->stride, "1 or more");
    if (s->dilation == 0) return lw_wrong(problem, LW_BAD_SHAPE, names->dilation, "1 or more");
    const int64_t most = INT64_MAX / 4;
    if (s->output > most / s->stride) return lw_too_large(problem, names->stride);
    if (s->kernel > most / s->dilation) return lw_too_large(problem, names->dilation);
    return LW_OK;
}

/* The taps of one window that lie inside: `count` of them, from the tap `first` on, which is at `pixel`. */
struct lw_taps {
    size_t count, first, pixel;
};

static inline struct lw_taps lw_taps_inside(const struct lw_slide *s, size_t window) {
    const int64_t start = (int64_t)window * s->stride - s->pad;
    const int64_t first = start < 0 ? (-start - 1) / s->dilation + 1 : 0, pixel = start + first * s->dilation;
    if (first >= s->kernel || pixel >= s->input) return (struct lw_taps){0, 0, 0};
    const int64_t room = (s->input - 1 - pixel) / s->dilation + 1, left = s->kernel - first;
    return (struct lw_taps){(size_t)(room < left ? room : left), (size_t)first, (size_t)pixel};
}

/* How many windows from this one on, whose taps are these, have the same taps at the same distance from their start. */
static inline size_t lw_windows_alike(const struct lw_slide *s, size_t window, const struct lw_taps *taps) {
    if ((int64_t)taps->count != s->kernel) return 1;
    const int64_t last = (int64_t)taps->pixel + (s->kernel - 1) * s->dilation;
    const int64_t fit = (s->input - 1 - last) / s->stride + 1, left = s->output - (int64_t)window;
    return (size_t)(fit < left ? fit : left);
}

struct lw_pool_plan {
    struct lw_slide depth, height, width;
    size_t input_elements, output_elements; /* of the whole batch */
    size_t taps;                            /* of one window, at most */
    size_t share_bytes;   /* of each worker, for any run: taps pointers, taps offsets, a row of outputs */
    size_t scratch_bytes; /* of all workers */
};

enum lw_status lw_pool_plan_make(const struct lw_context *context, const struct lw_pool3d *d,
                                 struct lw_problem *problem, struct lw_pool_plan *p);

#endif
