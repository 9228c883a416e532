/* SPDX-License-Identifier: MIT */
/*
 * Non-maximum suppression: the boxes with the highest scores, without those that overlap one of them too much; with a
 * sigma, overlap lowers a box's score before it is compared with the others again.
 *
 * Candidates wait in a heap, the best on top. It is compared with the boxes selected since it was last looked at, from the
 * newest on; when its score is still the same it is selected, else it goes back. All is in double precision, as in
 * TensorFlow.js, so that the same boxes are selected.
 */
#include <math.h>

#include "kernels/operator.h"
#include "kernels/pow.h"

struct candidate {
    double score;
    uint32_t box, compared; /* with so many of the selected boxes */
};

struct box {
    double top, left, bottom, right, area;
};

static struct box box_of(const float *corners) /* (4): y, x of a corner, y, x of the one opposite */
{
    const double y0 = corners[0], x0 = corners[1], y1 = corners[2], x1 = corners[3];
    struct box box = {
        .top = y0 < y1 ? y0 : y1,
        .left = x0 < x1 ? x0 : x1,
        .bottom = y0 < y1 ? y1 : y0,
        .right = x0 < x1 ? x1 : x0,
    };
    box.area = (box.bottom - box.top) * (box.right - box.left);
    return box;
}

/* The intersection of two boxes divided by their union. */
static double overlap(const struct box *a, const struct box *b) {
    if (a->area <= 0 || b->area <= 0) return 0;
    if (isnan(a->area + b->area)) return (double)NAN;
    const double top = a->top > b->top ? a->top : b->top, left = a->left > b->left ? a->left : b->left;
    const double bottom = a->bottom < b->bottom ? a->bottom : b->bottom;
    const double right = a->right < b->right ? a->right : b->right;
    const double height = bottom > top ? bottom - top : 0, width = right > left ? right - left : 0;
    const double both = height * width;
    return both / (a->area + b->area - both);
}

/* exp(x) for x <= 0, to 2^-37: 2^n 2^f with n + f = x log2(e), |f| <= 1/2. */
static double exp_of(double x) {
    const struct lw_pow_constants *k = &lw_pow_constants;
    const double t = x * k->log2_e;
    if (t < -1000) return 0;
    const double n = t + k->round - k->round, f = t - n;
    double sum = k->exp2[LW_EXP2_TERMS - 1];
    for (size_t i = LW_EXP2_TERMS - 1; i-- > 0;) sum = sum * f + k->exp2[i];
    const uint64_t bits = (uint64_t)(int64_t)(n + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

/* Whether a is looked at before b. */
static bool before(const struct candidate *a, const struct candidate *b) {
    return a->score > b->score || (a->score == b->score && a->box < b->box);
}

/* Puts a candidate into a heap of n whose place `at` is free, and whose places below that are in order. */
static void sink(struct candidate *heap, size_t n, size_t at, struct candidate c) {
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(&heap[child + 1], &heap[child])) child++;
        if (!before(&heap[child], &c)) break;
        heap[at] = heap[child];
    }
    heap[at] = c;
}

enum lw_status lw_non_max_suppression_run(const struct lw_context *context, size_t count, size_t most,
                                          double iou_threshold, double score_threshold, double sigma,
                                          const float *boxes, const float *scores, void *scratch, int32_t *indices,
                                          float *selected_scores, size_t *selected) {
    if (!context || !selected) return LW_NULL_POINTER;
    if (count > (size_t)INT32_MAX / sizeof(struct candidate)) return LW_TOO_LARGE;
    if (count == 0 || most == 0) {
        *selected = 0;
        return LW_OK;
    }
    if (!boxes || !scores || !scratch || !indices) return LW_NULL_POINTER;

    struct candidate *heap = scratch;
    size_t n = 0, found = 0;
    for (size_t i = 0; i < count; i++)
        if (scores[i] > score_threshold) heap[n++] = (struct candidate){scores[i], (uint32_t)i, 0};
    for (size_t i = n / 2; i-- > 0;) sink(heap, n, i, heap[i]);

    const double scale = sigma > 0 ? -0.5 / sigma : 0;
    while (n > 0 && found < most) {
        struct candidate best = heap[0];
        const double score = best.score;
        const struct box box = box_of(boxes + 4 * (size_t)best.box);
        bool ignored = false;
        for (size_t j = found; !ignored && j > best.compared; j--) {
            const struct box other = box_of(boxes + 4 * (size_t)indices[j - 1]);
            const double iou = overlap(&box, &other);
            if (iou >= iou_threshold)
                ignored = true;
            else if (!(iou == 0))
                best.score *= iou <= iou_threshold ? exp_of(scale * iou * iou) : 0;
            if (best.score <= score_threshold) break;
        }
        best.compared = (uint32_t)found;
        if (!ignored && best.score == score) {
            indices[found] = (int32_t)best.box;
            if (selected_scores) selected_scores[found] = (float)score;
            found++;
        }
        if (!ignored && best.score != score && best.score > score_threshold) {
            sink(heap, n, 0, best);
        } else {
            n--;
            sink(heap, n, 0, heap[n]);
        }
    }
    *selected = found;
    return LW_OK;
}
