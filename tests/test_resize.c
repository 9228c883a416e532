/* SPDX-License-Identifier: MIT */
/* Bilinear resize: the micro-kernels and the operators; operators of nearest-neighbour resize, crops, and images
 * seen through a projection or turned. */
#include <math.h>
#include <string.h>

#include "tests/harness.h"
#include "tests/rows.h"
#include "tests/strided.h"

/* One output pixel from its four corners; each of the three lerps a + (b - a) f rounds three times. */
static double lerp(double a, double b, double f) {
    return a + (b - a) * f;
}

static void expect(double t0, double t1, double b0, double b1, double fx, double fy, float got, double *want,
                   double *bound) {
    double magnitude = fabs(t0) + fabs(t1) + fabs(b0) + fabs(b1);
    *want = lerp(lerp(t0, t1, fx), lerp(b0, b1, fx), fy);
    *bound = lw_test_gamma(12, 2 * magnitude);
    if (magnitude > 1e37 || !isfinite(magnitude)) *want = (double)got; /* differences may overflow, or be NaN */
}

/* ---- The slots ---- */

static void check_columns(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        size_t columns = lw_test_range(t, 0, 19), channels = lw_test_range(t, 0, round % 2 ? 4 : 21);
        size_t pixels = lw_test_range(t, 1, 9); /* of the source row */
        int fill = round % 5 == 3 ? LW_FILL_SPECIAL : round % 5 == 4 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
        const float *row = lw_test_floats(t, pixels * channels, fill);
        uint32_t *x0 = lw_test_buffer(t, columns * sizeof *x0), *x1 = lw_test_buffer(t, columns * sizeof *x1);
        float *fx = lw_test_floats(t, columns, LW_FILL_POISON);
        for (size_t x = 0; x < columns; x++) {
            x0[x] = (uint32_t)(lw_test_range(t, 0, pixels - 1) * channels);
            x1[x] = (uint32_t)(lw_test_range(t, 0, pixels - 1) * channels);
            fx[x] = lw_test_range(t, 0, 3) ? lw_test_uniform(t, 0, 1) : 0;
        }
        lw_test_seal(t, x0);
        lw_test_seal(t, x1);
        lw_test_seal(t, fx);

        size_t n = columns * channels;
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        t->tested->kernels.lerp_columns_f32(columns, channels, row, x0, x1, fx, got);
        t->reference->kernels.lerp_columns_f32(columns, channels, row, x0, x1, fx, other);
        if (t->exact) lw_test_same("lerp_columns against scalar", other, got, n);

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t i = 0; i < n; i++) {
            size_t x = i / channels, c = i % channels;
            double left = (double)row[x0[x] + c], right = (double)row[x1[x] + c];
            expect(left, right, left, right, (double)fx[x], 0, got[i], &want[i], &bound[i]);
        }
        lw_test_within("lerp_columns against doubles", want, bound, got, n);
    }
}

static void check_rows(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        size_t n = lw_test_range(t, 0, round % 2 ? 9 : 60);
        int fill = round % 5 == 3 ? LW_FILL_SPECIAL : round % 5 == 4 ? LW_FILL_WIDE : LW_FILL_UNIFORM;
        const float *top = lw_test_floats(t, n, fill);
        const float *bottom = lw_test_range(t, 0, 3) ? lw_test_floats(t, n, fill) : top;
        float fy = lw_test_range(t, 0, 3) ? lw_test_uniform(t, 0, 1) : 0;
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        t->tested->kernels.lerp_rows_f32(n, top, bottom, fy, got);
        t->reference->kernels.lerp_rows_f32(n, top, bottom, fy, other);
        if (t->exact) lw_test_same("lerp_rows against scalar", other, got, n);

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t i = 0; i < n; i++)
            expect((double)top[i], (double)top[i], (double)bottom[i], (double)bottom[i], 0, (double)fy, got[i],
                   &want[i], &bound[i]);
        lw_test_within("lerp_rows against doubles", want, bound, got, n);
    }
}

/* ---- The operator ---- */

static void run(struct lw_test *t, const struct lw_context *context, const struct lw_resize_bilinear *d,
                const float *input, float *output) {
    struct lw_sizes sizes;
    enum lw_status status = lw_resize_bilinear_sizes(context, d, &sizes);
    lw_test_true(status == LW_OK, "resize_bilinear sizes: %s", lw_status_string(status));
    lw_test_true(sizes.output_height == d->output_height && sizes.output_width == d->output_width &&
                     sizes.output_elements == (size_t)d->batch * d->output_height * d->output_width * d->channels &&
                     sizes.packed_bytes == 0,
                 "the output's size");
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    status = lw_resize_bilinear_run(context, d, input, scratch, output);
    lw_test_true(status == LW_OK, "resize_bilinear run: %s", lw_status_string(status));
}

/* The header's formula: where output coordinate `at` lies in the input. */
static double source(const struct lw_resize_bilinear *d, size_t at, size_t input, size_t output) {
    double scale = (double)input / (double)output;
    if (d->align_corners && output > 1) scale = ((double)input - 1) / ((double)output - 1);
    return d->half_pixel_centers ? fmax(0, ((double)at + 0.5) * scale - 0.5) : (double)at * scale;
}

/* The same resize from and to parts of wider pixels. */
static void check_strided(struct lw_test *t, const struct lw_resize_bilinear *dense, const float *input,
                          const float *want) {
    struct lw_resize_bilinear d = *dense;
    d.input_pixel_stride = lw_test_stride(t, d.channels);
    d.output_pixel_stride = lw_test_stride(t, d.channels);
    struct lw_sizes sizes;
    lw_test_status(lw_resize_bilinear_sizes(t->tested, &d, &sizes), LW_OK, "strided resize_bilinear sizes");
    void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
    float *got = lw_test_floats(t, sizes.output_elements, LW_FILL_POISON);
    const float *from =
        lw_test_spread(t, input, (size_t)d.batch * d.input_height * d.input_width, d.channels, d.input_pixel_stride);
    lw_test_status(lw_resize_bilinear_run(t->tested, &d, from, scratch, got), LW_OK, "strided resize_bilinear");
    lw_test_same_spread(t, "strided resize_bilinear", want, got, (size_t)d.batch * d.output_height * d.output_width,
                        d.channels, d.output_pixel_stride, sizes.output_elements);
}

static void check_geometry(struct lw_test *t, const struct lw_resize_bilinear *d) {
    size_t row = (size_t)d->input_width * d->channels;
    size_t n = (size_t)d->batch * d->output_height * d->output_width * d->channels;
    const float *input = lw_test_floats(t, d->batch * d->input_height * row, LW_FILL_UNIFORM);
    float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
    run(t, t->tested, d, input, got);
    run(t, t->reference, d, input, other);
    if (t->exact) lw_test_same("resize_bilinear against scalar", other, got, n);
    check_strided(t, d, input, got);

    double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
    size_t i = 0;
    for (size_t b = 0; b < d->batch; b++, input += d->input_height * row) {
        for (size_t y = 0; y < d->output_height; y++) {
            double sy = source(d, y, d->input_height, d->output_height), y0 = floor(sy);
            double y1 = fmin(y0 + 1, d->input_height - 1.0);
            for (size_t x = 0; x < d->output_width; x++) {
                double sx = source(d, x, d->input_width, d->output_width), x0 = floor(sx);
                double x1 = fmin(x0 + 1, d->input_width - 1.0);
                const float *top = input + (size_t)y0 * row, *bottom = input + (size_t)y1 * row;
                for (size_t c = 0; c < d->channels; c++, i++) {
                    size_t left = (size_t)x0 * d->channels + c, right = (size_t)x1 * d->channels + c;
                    expect((double)top[left], (double)top[right], (double)bottom[left], (double)bottom[right], sx - x0,
                           sy - y0, got[i], &want[i], &bound[i]);
                }
            }
        }
    }
    lw_test_within("resize_bilinear against doubles", want, bound, got, n);
}

/* A small descriptor that is right. */
static struct lw_resize_bilinear right(void) {
    return (struct lw_resize_bilinear){
        .struct_bytes = sizeof(struct lw_resize_bilinear),
        .batch = 2,
        .input_height = 3,
        .input_width = 4,
        .channels = 3,
        .output_height = 5,
        .output_width = 7,
    };
}

static void check_rejected(struct lw_test *t, const char *what, struct lw_resize_bilinear d, enum lw_status want) {
    static const float input[1024];
    static uint32_t scratch[1024];
    struct lw_sizes sizes = {7, 7, 7, 7, 7}, same = sizes;
    enum lw_status status = lw_resize_bilinear_sizes(t->tested, &d, &sizes);
    lw_test_true(status == want, "%s: sizes gives %s", what, lw_status_string(status));
    lw_test_same_bytes(what, &same, &sizes, sizeof sizes);
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    status = lw_resize_bilinear_run(t->tested, &d, input, scratch, output);
    lw_test_true(status == want, "%s: run gives %s", what, lw_status_string(status));
}

#define REJECT(change, status)                                                                                         \
    do {                                                                                                               \
        struct lw_resize_bilinear d = right();                                                                         \
        d.change;                                                                                                      \
        check_rejected(t, #change, d, status);                                                                         \
    } while (0)

static void check_errors(struct lw_test *t) {
    REJECT(struct_bytes = 0, LW_BAD_STRUCT_BYTES);
    REJECT(struct_bytes = offsetof(struct lw_resize_bilinear, input_pixel_stride) - 1, LW_BAD_STRUCT_BYTES);
    REJECT(input_pixel_stride = 2, LW_BAD_SHAPE);
    REJECT(output_pixel_stride = 2, LW_BAD_SHAPE);
    REJECT(struct_bytes++, LW_BAD_STRUCT_BYTES);
    REJECT(align_corners = 2, LW_BAD_ENUM);
    REJECT(half_pixel_centers = 2, LW_BAD_ENUM);
    REJECT(align_corners = d.half_pixel_centers = 1, LW_BAD_SHAPE);
    REJECT(input_height = 0, LW_BAD_SHAPE);
    REJECT(input_width = 0, LW_BAD_SHAPE);

    struct lw_resize_bilinear d = right();
    d.batch = d.input_height = d.input_width = d.channels = UINT32_MAX;
    check_rejected(t, "a huge input", d, LW_TOO_LARGE);
    d.batch = 0;
    check_rejected(t, "a huge input without batch", d, LW_TOO_LARGE);
    d = right();
    d.output_height = d.output_width = d.channels = UINT32_MAX;
    check_rejected(t, "a huge output", d, LW_TOO_LARGE);
    d = right();
    d.input_width = d.channels = 1u << 20;
    check_rejected(t, "a row of 2^40 floats", d, LW_TOO_LARGE);

    /* Pointers. */
    d = right();
    static const float input[1024];
    static uint32_t scratch[1024];
    float *output = lw_test_floats(t, 2 * 5 * 7 * 3, LW_FILL_POISON);
    lw_test_seal(t, output);
    struct lw_sizes sizes;
    lw_test_true(lw_resize_bilinear_sizes(NULL, &d, &sizes) == LW_NULL_POINTER, "no context");
    lw_test_true(lw_resize_bilinear_sizes(t->tested, NULL, &sizes) == LW_NULL_POINTER, "no descriptor");
    lw_test_true(lw_resize_bilinear_sizes(t->tested, &d, NULL) == LW_NULL_POINTER, "no sizes");
    for (int missing = 0; missing < 5; missing++) {
        enum lw_status status = lw_resize_bilinear_run(missing == 0 ? NULL : t->tested, missing == 1 ? NULL : &d,
                                                       missing == 2 ? NULL : input, missing == 3 ? NULL : scratch,
                                                       missing == 4 ? NULL : output);
        lw_test_true(status == LW_NULL_POINTER, "argument %d missing: %s", missing, lw_status_string(status));
    }

    /* What has no output needs no pointers, and no input either. */
    for (int empty = 0; empty < 4; empty++) {
        d = right();
        if (empty == 0) d.batch = 0;
        if (empty == 1) d.channels = 0;
        if (empty == 2) d.output_height = d.input_height = 0;
        if (empty == 3) d.output_width = 0;
        lw_test_true(lw_resize_bilinear_run(t->tested, &d, NULL, NULL, NULL) == LW_OK, "empty output %d", empty);
    }
}

static void check_operator(struct lw_test *t) {
    for (int round = 0; round < 150; round++) {
        struct lw_resize_bilinear d = right();
        d.batch = (uint32_t)lw_test_range(t, 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, 1, 9);
        d.input_width = (uint32_t)lw_test_range(t, 1, 9);
        d.channels = (uint32_t)lw_test_range(t, 0, 9);
        d.output_height = (uint32_t)lw_test_range(t, 0, 19);
        d.output_width = (uint32_t)lw_test_range(t, 0, 19);
        d.align_corners = round % 3 == 1;
        d.half_pixel_centers = round % 3 == 2;
        check_geometry(t, &d);
    }
    check_errors(t);
}

/* ---- Nearest neighbour ---- */

/* The header's formula: which pixel output coordinate `at` takes. */
static size_t nearest(const struct lw_resize_nearest *d, size_t at, size_t input, size_t output) {
    double scale = (double)input / (double)output;
    if (d->align_corners && output > 1) scale = ((double)input - 1) / ((double)output - 1);
    const double x = ((double)at + (d->half_pixel_centers ? 0.5 : 0)) * scale;
    return (size_t)fmin(d->align_corners ? round(x) : floor(x), (double)input - 1);
}

static void check_nearest(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        struct lw_resize_nearest d = {.struct_bytes = sizeof d, .element_bytes = 1u << lw_test_range(t, 0, 4)};
        if (round % 2) d.element_bytes = 4;
        d.batch = (uint32_t)lw_test_range(t, 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, 1, 9);
        d.input_width = (uint32_t)lw_test_range(t, 1, 9);
        d.channels = (uint32_t)lw_test_range(t, 0, round % 5 ? 5 : 40);
        d.output_height = (uint32_t)lw_test_range(t, 0, 19);
        d.output_width = (uint32_t)lw_test_range(t, 0, 19);
        d.align_corners = round % 3 == 1;
        d.half_pixel_centers = round % 3 == 2;
        const size_t pixel = (size_t)d.channels * d.element_bytes, row = d.input_width * pixel;
        const size_t in_bytes = d.batch * d.input_height * row;
        const size_t out_bytes = d.batch * d.output_height * d.output_width * pixel;
        uint8_t *in = lw_test_buffer(t, in_bytes);
        for (size_t i = 0; i < in_bytes; i++) in[i] = (uint8_t)lw_test_u32(t);
        lw_test_seal(t, in);
        uint8_t *want = lw_test_buffer(t, out_bytes), *got = lw_test_buffer(t, out_bytes), *to = want;
        for (size_t n = 0; n < d.batch; n++) {
            for (size_t y = 0; y < d.output_height; y++) {
                const uint8_t *from = in + (n * d.input_height + nearest(&d, y, d.input_height, d.output_height)) * row;
                for (size_t x = 0; x < d.output_width; x++, to += pixel)
                    memcpy(to, from + nearest(&d, x, d.input_width, d.output_width) * pixel, pixel);
            }
        }
        lw_test_status(lw_resize_nearest_run(t->tested, &d, in, got), LW_OK, "resize_nearest");
        lw_test_same_bytes("resize_nearest", want, got, out_bytes);

        /* From and to parts of wider pixels; got keeps what is between them. */
        d.input_pixel_stride = lw_test_stride(t, d.channels);
        d.output_pixel_stride = lw_test_stride(t, d.channels);
        const size_t pixels = (size_t)d.batch * d.input_height * d.input_width;
        const size_t places = (size_t)d.batch * d.output_height * d.output_width;
        const size_t in_step = d.input_pixel_stride ? (size_t)d.input_pixel_stride * d.element_bytes : pixel;
        const size_t out_step = d.output_pixel_stride ? (size_t)d.output_pixel_stride * d.element_bytes : pixel;
        const size_t out_reach = places && pixel ? (places - 1) * out_step + pixel : 0;
        uint8_t *spread = lw_test_buffer(t, pixels && pixel ? (pixels - 1) * in_step + pixel : 0);
        for (size_t i = 0; i < pixels && pixel; i++) memcpy(spread + i * in_step, in + i * pixel, pixel);
        lw_test_seal(t, spread);
        uint8_t *want_spread = lw_test_buffer(t, out_reach), *got_spread = lw_test_buffer(t, out_reach);
        for (size_t i = 0; i < places && pixel; i++) memcpy(want_spread + i * out_step, want + i * pixel, pixel);
        lw_test_status(lw_resize_nearest_run(t->tested, &d, spread, got_spread), LW_OK, "strided resize_nearest");
        lw_test_same_bytes("strided resize_nearest", want_spread, got_spread, out_reach);
    }

    const struct lw_context *c = t->tested;
    const struct lw_resize_nearest right = {sizeof right, 4, 2, 3, 4, 3, 5, 7, 0, 0, 0, 0};
    static const float input[1024];
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, output);
    struct {
        const char *what;
        enum lw_status status;
        struct lw_resize_nearest d;
    } wrong[] = {
        {"struct_bytes", LW_BAD_STRUCT_BYTES, right},
        {"element_bytes 0", LW_BAD_SHAPE, right},
        {"element_bytes 3", LW_BAD_SHAPE, right},
        {"element_bytes 32", LW_BAD_SHAPE, right},
        {"align_corners", LW_BAD_ENUM, right},
        {"half_pixel_centers", LW_BAD_ENUM, right},
        {"both", LW_BAD_SHAPE, right},
        {"no height", LW_BAD_SHAPE, right},
        {"no width", LW_BAD_SHAPE, right},
        {"huge input", LW_TOO_LARGE, right},
        {"huge output", LW_TOO_LARGE, right},
        {"input_pixel_stride", LW_BAD_SHAPE, right},
        {"output_pixel_stride", LW_BAD_SHAPE, right},
    };
    wrong[0].d.struct_bytes = offsetof(struct lw_resize_nearest, input_pixel_stride) - 1;
    wrong[11].d.input_pixel_stride = wrong[12].d.output_pixel_stride = 2;
    wrong[1].d.element_bytes = 0;
    wrong[2].d.element_bytes = 3;
    wrong[3].d.element_bytes = 32;
    wrong[4].d.align_corners = 2;
    wrong[5].d.half_pixel_centers = 2;
    wrong[6].d.align_corners = wrong[6].d.half_pixel_centers = 1;
    wrong[7].d.input_height = 0;
    wrong[8].d.input_width = 0;
    wrong[9].d.input_height = wrong[9].d.input_width = UINT32_MAX;
    wrong[10].d.output_height = wrong[10].d.output_width = UINT32_MAX;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        lw_test_status(lw_resize_nearest_run(c, &wrong[i].d, input, output), wrong[i].status, wrong[i].what);

    lw_test_status(lw_resize_nearest_run(NULL, &right, input, output), LW_NULL_POINTER, "no context");
    lw_test_status(lw_resize_nearest_run(c, NULL, input, output), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_resize_nearest_run(c, &right, NULL, output), LW_NULL_POINTER, "no input");
    lw_test_status(lw_resize_nearest_run(c, &right, input, NULL), LW_NULL_POINTER, "no output");
    struct lw_resize_nearest empty = right;
    empty.output_width = empty.input_height = 0;
    lw_test_status(lw_resize_nearest_run(c, &empty, NULL, NULL), LW_OK, "empty");
}

/* ---- Crops ---- */

/* Where position p of a crop lies, by the header's formula. */
static double crop_at(float low, float high, size_t p, size_t input, size_t output) {
    const double last = (double)input - 1, a = (double)low, b = (double)high;
    return output > 1 ? a * last + (double)p * ((b - a) * last / ((double)output - 1)) : 0.5 * (a + b) * last;
}

/* Pixel (y, x) of crop b, channel c; *bound is how far the result may be off. */
static double crop_pixel(const struct lw_crop_and_resize *d, const float *input, const float *box, int32_t index,
                         size_t y, size_t x, size_t c, double *bound) {
    *bound = 0;
    if (index < 0 || (uint32_t)index >= d->batch) return 0;
    const double row = crop_at(box[0], box[2], y, d->input_height, d->crop_height);
    const double column = crop_at(box[1], box[3], x, d->input_width, d->crop_width);
    if (row < 0 || row > d->input_height - 1.0 || column < 0 || column > d->input_width - 1.0)
        return (double)d->extrapolation;
    if (isnan(row) || isnan(column)) return NAN;
    const float *image = input + (size_t)index * d->input_height * d->input_width * d->channels + c;
    if (d->nearest)
        return (double)image[((size_t)floor(row + 0.5) * d->input_width + (size_t)floor(column + 0.5)) * d->channels];
    double sum = 0;
    for (int corner = 0; corner < 4; corner++) {
        const double r = corner / 2 ? ceil(row) : floor(row), k = corner % 2 ? ceil(column) : floor(column);
        const double down = row - floor(row), across = column - floor(column);
        const double weight = (corner / 2 ? down : 1 - down) * (corner % 2 ? across : 1 - across);
        const double pixel = (double)image[((size_t)r * d->input_width + (size_t)k) * d->channels];
        sum += weight * pixel;
        *bound += lw_test_gamma(8, fabs(pixel));
    }
    return sum;
}

static void check_crops(struct lw_test *t) {
    for (int round = 0; round < 300; round++) {
        struct lw_crop_and_resize d = {.struct_bytes = sizeof d, .extrapolation = lw_test_uniform(t, -1, 1)};
        d.batch = (uint32_t)lw_test_range(t, 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, 1, 9);
        d.input_width = (uint32_t)lw_test_range(t, 1, 9);
        d.channels = (uint32_t)lw_test_range(t, 0, round % 5 ? 5 : 30);
        d.boxes = (uint32_t)lw_test_range(t, 0, 4);
        d.crop_height = (uint32_t)lw_test_range(t, 0, 9);
        d.crop_width = (uint32_t)lw_test_range(t, 0, 9);
        d.nearest = round % 2;
        const size_t in_n = (size_t)d.batch * d.input_height * d.input_width * d.channels;
        const size_t n = (size_t)d.boxes * d.crop_height * d.crop_width * d.channels;
        const float *input = lw_test_floats(t, in_n, LW_FILL_UNIFORM);
        float *boxes = lw_test_floats(t, 4 * (size_t)d.boxes, LW_FILL_POISON);
        int32_t *indices = lw_test_buffer(t, d.boxes * sizeof *indices);
        for (size_t i = 0; i < 4 * (size_t)d.boxes; i++) {
            const float odd[] = {0, 1, NAN, INFINITY, -INFINITY};
            boxes[i] = round % 3 ? lw_test_uniform(t, 0, 1) : lw_test_uniform(t, -0.5f, 1.5f);
            if (lw_test_u32(t) % 8 == 0) boxes[i] = odd[lw_test_range(t, 0, round % 4 ? 1 : 4)];
        }
        for (size_t i = 0; i < d.boxes; i++) indices[i] = (int32_t)lw_test_range(t, 0, d.batch + 1) - 1;
        lw_test_seal(t, boxes);
        lw_test_seal(t, indices);

        struct lw_sizes sizes;
        lw_test_status(lw_crop_and_resize_sizes(t->tested, &d, &sizes), LW_OK, "sizes");
        lw_test_true(sizes.output_height == d.crop_height && sizes.output_width == d.crop_width &&
                         sizes.output_elements == n,
                     "sizes");
        void *scratch = lw_test_buffer(t, sizes.scratch_bytes);
        float *got = lw_test_floats(t, n, LW_FILL_POISON), *other = lw_test_floats(t, n, LW_FILL_POISON);
        lw_test_status(lw_crop_and_resize_run(t->tested, &d, input, boxes, indices, scratch, got), LW_OK, "crop");
        lw_test_status(lw_crop_and_resize_run(t->reference, &d, input, boxes, indices, scratch, other), LW_OK, "crop");
        if (t->exact || d.nearest) lw_test_same("against scalar", other, got, n);
        for (size_t i = 0; i < n; i++) {
            const size_t c = i % d.channels, x = i / d.channels % d.crop_width;
            const size_t y = i / d.channels / d.crop_width % d.crop_height, b = i / (n / d.boxes);
            double bound, want = crop_pixel(&d, input, boxes + 4 * b, indices[b], y, x, c, &bound);
            lw_test_within("crop", &want, &bound, got + i, 1);
        }
    }

    const struct lw_context *c = t->tested;
    static const float input[1024];
    const float box[8] = {0, 0, 1, 1, 0, 0, 1, 1};
    const int32_t index[2] = {0, 0};
    float *output = lw_test_floats(t, 1024, LW_FILL_POISON), scratch[64];
    lw_test_seal(t, output);
    const struct lw_crop_and_resize right = {sizeof right, 2, 3, 4, 3, 2, 2, 2, 0, 0};
    struct {
        const char *what;
        enum lw_status status;
        struct lw_crop_and_resize d;
    } wrong[] = {
        {"struct_bytes", LW_BAD_STRUCT_BYTES, right}, {"nearest", LW_BAD_ENUM, right},
        {"no height", LW_BAD_SHAPE, right},           {"no width", LW_BAD_SHAPE, right},
        {"huge input", LW_TOO_LARGE, right},          {"huge output", LW_TOO_LARGE, right},
    };
    wrong[0].d.struct_bytes--;
    wrong[1].d.nearest = 2;
    wrong[2].d.input_height = 0;
    wrong[3].d.input_width = 0;
    wrong[4].d.input_height = wrong[4].d.input_width = UINT32_MAX;
    wrong[5].d.crop_height = wrong[5].d.crop_width = UINT32_MAX;
    struct lw_sizes sizes;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lw_test_status(lw_crop_and_resize_sizes(c, &wrong[i].d, &sizes), wrong[i].status, wrong[i].what);
        lw_test_status(lw_crop_and_resize_run(c, &wrong[i].d, input, box, index, scratch, output), wrong[i].status,
                       wrong[i].what);
    }
    lw_test_status(lw_crop_and_resize_sizes(c, &right, NULL), LW_NULL_POINTER, "no sizes");
    lw_test_status(lw_crop_and_resize_run(NULL, &right, input, box, index, scratch, output), LW_NULL_POINTER,
                   "context");
    lw_test_status(lw_crop_and_resize_run(c, NULL, input, box, index, scratch, output), LW_NULL_POINTER, "descriptor");
    lw_test_status(lw_crop_and_resize_run(c, &right, NULL, box, index, scratch, output), LW_NULL_POINTER, "no input");
    lw_test_status(lw_crop_and_resize_run(c, &right, input, NULL, index, scratch, output), LW_NULL_POINTER, "no boxes");
    lw_test_status(lw_crop_and_resize_run(c, &right, input, box, NULL, scratch, output), LW_NULL_POINTER, "no indices");
    lw_test_status(lw_crop_and_resize_run(c, &right, input, box, index, NULL, output), LW_NULL_POINTER, "no scratch");
    lw_test_status(lw_crop_and_resize_run(c, &right, input, box, index, scratch, NULL), LW_NULL_POINTER, "no output");
    struct lw_crop_and_resize empty = right;
    empty.boxes = empty.input_height = 0;
    lw_test_status(lw_crop_and_resize_run(c, &empty, NULL, NULL, NULL, NULL, NULL), LW_OK, "empty");
}

/* ---- Gradients of resizing ---- */

/* Both are the transposes of their operators, which are linear. */
static void check_gradients(struct lw_test *t) {
    for (int round = 0; round < 200; round++) {
        struct lw_resize_bilinear d = right();
        d.batch = (uint32_t)lw_test_range(t, 0, 2);
        d.input_height = (uint32_t)lw_test_range(t, 1, 9);
        d.input_width = (uint32_t)lw_test_range(t, 1, 9);
        d.channels = (uint32_t)lw_test_range(t, 0, 5);
        d.output_height = (uint32_t)lw_test_range(t, 0, 19);
        d.output_width = (uint32_t)lw_test_range(t, 0, 19);
        d.align_corners = round % 3 == 1;
        d.half_pixel_centers = round % 3 == 2;
        const bool bilinear = round % 2;
        const struct lw_resize_nearest nearest_d = {sizeof nearest_d,
                                                    4,
                                                    d.batch,
                                                    d.input_height,
                                                    d.input_width,
                                                    d.channels,
                                                    d.output_height,
                                                    d.output_width,
                                                    d.align_corners,
                                                    d.half_pixel_centers,
                                                    0,
                                                    0};
        const size_t row = (size_t)d.input_width * d.channels, n = d.batch * d.input_height * row;
        const float *dy =
            lw_test_floats(t, (size_t)d.batch * d.output_height * d.output_width * d.channels, LW_FILL_UNIFORM);
        float *got = lw_test_floats(t, n, LW_FILL_POISON);
        const enum lw_status status = bilinear ? lw_resize_bilinear_gradient_run(t->tested, &d, dy, got)
                                               : lw_resize_nearest_gradient_run(t->tested, &nearest_d, dy, got);
        lw_test_status(status, LW_OK, "gradient");

        double *want = lw_test_buffer(t, n * sizeof *want), *bound = lw_test_buffer(t, n * sizeof *bound);
        for (size_t i = 0; i < n; i++) want[i] = bound[i] = 0;
        for (size_t b = 0; b < d.batch; b++) {
            for (size_t y = 0; y < d.output_height; y++) {
                double sy = source(&d, y, d.input_height, d.output_height), y0 = floor(sy);
                double y1 = fmin(y0 + 1, d.input_height - 1.0);
                if (!bilinear) y0 = y1 = sy = (double)nearest(&nearest_d, y, d.input_height, d.output_height);
                for (size_t x = 0; x < d.output_width; x++) {
                    double sx = source(&d, x, d.input_width, d.output_width), x0 = floor(sx);
                    double x1 = fmin(x0 + 1, d.input_width - 1.0);
                    if (!bilinear) x0 = x1 = sx = (double)nearest(&nearest_d, x, d.input_width, d.output_width);
                    for (size_t c = 0; c < d.channels; c++, dy++) {
                        for (int corner = 0; corner < 4; corner++) {
                            const double fy = corner < 2 ? 1 - (sy - y0) : sy - y0;
                            const double fx = corner % 2 ? sx - x0 : 1 - (sx - x0);
                            const size_t iy = (size_t)(corner < 2 ? y0 : y1), ix = (size_t)(corner % 2 ? x1 : x0);
                            const size_t at = (b * d.input_height + iy) * row + ix * d.channels + c;
                            want[at] += (double)*dy * fy * fx;
                            bound[at] += fabs((double)*dy * fy * fx) + 1e-7;
                        }
                    }
                }
            }
        }
        for (size_t i = 0; i < n; i++) bound[i] = lw_test_gamma(400, bound[i]);
        lw_test_within("gradient against doubles", want, bound, got, n);
    }

    const struct lw_context *context = t->tested;
    const struct lw_resize_bilinear d = right();
    struct lw_resize_nearest n = {sizeof n, 4, 2, 3, 4, 3, 5, 7, 0, 0, 0, 0};
    static const float dy[1024];
    float *dx = lw_test_floats(t, 1024, LW_FILL_POISON);
    lw_test_seal(t, dx);
    lw_test_status(lw_resize_bilinear_gradient_run(NULL, &d, dy, dx), LW_NULL_POINTER, "no context");
    lw_test_status(lw_resize_bilinear_gradient_run(context, NULL, dy, dx), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_resize_bilinear_gradient_run(context, &d, NULL, dx), LW_NULL_POINTER, "no gradient");
    lw_test_status(lw_resize_bilinear_gradient_run(context, &d, dy, NULL), LW_NULL_POINTER, "no output");
    lw_test_status(lw_resize_nearest_gradient_run(NULL, &n, dy, dx), LW_NULL_POINTER, "no context");
    lw_test_status(lw_resize_nearest_gradient_run(context, NULL, dy, dx), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_resize_nearest_gradient_run(context, &n, NULL, dx), LW_NULL_POINTER, "no gradient");
    lw_test_status(lw_resize_nearest_gradient_run(context, &n, dy, NULL), LW_NULL_POINTER, "no output");
    n.element_bytes = 8;
    lw_test_status(lw_resize_nearest_gradient_run(context, &n, dy, dx), LW_BAD_SHAPE, "element_bytes");
    struct lw_resize_bilinear wrong = d;
    wrong.struct_bytes++;
    lw_test_status(lw_resize_bilinear_gradient_run(context, &wrong, dy, dx), LW_BAD_STRUCT_BYTES, "struct_bytes");
    wrong = d;
    wrong.output_pixel_stride = 3;
    lw_test_status(lw_resize_bilinear_gradient_run(context, &wrong, dy, dx), LW_UNSUPPORTED, "strides");
    n.element_bytes = 4;
    n.input_pixel_stride = 3;
    lw_test_status(lw_resize_nearest_gradient_run(context, &n, dy, dx), LW_UNSUPPORTED, "strides");
}

/* ---- Projections and turns ---- */

/* Where a coordinate takes its value from; what the header draws, for places not far outside. */
static double brought(uint32_t edge, double at, double n) {
    if (edge == LW_EDGE_CONSTANT || (at >= 0 && at <= n - 1)) return at;
    if (edge == LW_EDGE_WRAP) at = at < 0 ? at + n : at - n;
    if (edge == LW_EDGE_REFLECT) at = at < 0 ? -1 - at : at >= n ? 2 * n - 1 - at : at;
    return fmin(fmax(at, 0), n - 1);
}

static double element(const struct lw_transform *d, const void *image, size_t b, double y, double x, size_t c) {
    if (y < 0 || x < 0 || y >= d->input_height || x >= d->input_width) return (double)d->fill;
    const size_t at = ((b * d->input_height + (size_t)y) * d->input_width + (size_t)x) * d->channels + c;
    if (d->type == LW_FLOAT32) return (double)((const float *)image)[at];
    return d->type == LW_INT32 ? (double)((const int32_t *)image)[at] : (double)((const uint8_t *)image)[at];
}

static void check_transform(struct lw_test *t) {
    for (int round = 0; round < 240; round++) {
        struct lw_transform d = {.struct_bytes = sizeof d, .type = (uint32_t)lw_test_range(t, LW_FLOAT32, LW_BOOL)};
        d.batch = (uint32_t)lw_test_range(t, 0, 3);
        d.input_height = (uint32_t)lw_test_range(t, 5, 9);
        d.input_width = (uint32_t)lw_test_range(t, 5, 9);
        d.channels = (uint32_t)lw_test_range(t, 0, 4);
        d.output_height = (uint32_t)lw_test_range(t, 0, 6);
        d.output_width = (uint32_t)lw_test_range(t, 0, 6);
        d.transforms = round % 2 ? 1 : d.batch;
        d.bilinear = round / 2 % 2;
        d.edge = (uint32_t)round / 4 % 4;
        d.fill = (float)lw_test_range(t, 0, 3);
        const size_t bytes = d.type == LW_BOOL ? 1 : 4;
        const size_t n = (size_t)d.batch * d.output_height * d.output_width * d.channels;
        const size_t elements = (size_t)d.batch * d.input_height * d.input_width * d.channels;
        void *image = lw_test_buffer(t, elements * bytes);
        for (size_t i = 0; i < elements; i++) {
            if (d.type == LW_FLOAT32)
                ((float *)image)[i] = lw_test_uniform(t, -1, 1);
            else if (d.type == LW_INT32)
                ((int32_t *)image)[i] = (int32_t)lw_test_range(t, 0, 1 << 30) - (1 << 29);
            else
                ((uint8_t *)image)[i] = (uint8_t)lw_test_range(t, 0, 1);
        }
        lw_test_seal(t, image);
        float *matrices = lw_test_floats(t, (size_t)d.transforms * 8, LW_FILL_POISON);
        for (size_t i = 0; i < (size_t)d.transforms * 8; i++) { /* in quarters, and no further than a width outside */
            const size_t at = i % 8;
            matrices[i] =
                at > 5 ? 0
                       : ((float)lw_test_range(t, 0, at == 2 || at == 5 ? 16 : 4) - (at == 2 || at == 5 ? 8 : 2)) / 4;
            if (at == 6 && round % 5 == 0) matrices[i] = -0.5f; /* 0 at x = 2 */
        }
        lw_test_seal(t, matrices);
        uint8_t *got = lw_test_buffer(t, n * bytes), *want = lw_test_buffer(t, n * bytes);
        lw_test_status(lw_transform_run(t->tested, &d, image, matrices, got), LW_OK, "transform");
        size_t i = 0;
        for (size_t b = 0; b < d.batch; b++) {
            const float *m = matrices + (d.transforms == 1 ? 0 : 8 * b);
            for (size_t p = 0; p < (size_t)d.output_height * d.output_width; p++) {
                const double x = (double)(p % d.output_width), y = (double)(p / d.output_width);
                const double depth = (double)m[6] * x + (double)m[7] * y + 1;
                const double px = ((double)m[0] * x + (double)m[1] * y + (double)m[2]) / depth;
                const double py = ((double)m[3] * x + (double)m[4] * y + (double)m[5]) / depth;
                const double sx = brought(d.edge, px, d.input_width), sy = brought(d.edge, py, d.input_height);
                for (size_t c = 0; c < d.channels; c++, i++) {
                    double value;
                    if (depth == 0) {
                        value = (double)d.fill;
                    } else if (d.bilinear) {
                        const double y0 = floor(sy), x0 = floor(sx);
                        value = (y0 + 1 - sy) * ((x0 + 1 - sx) * element(&d, image, b, y0, x0, c) +
                                                 (sx - x0) * element(&d, image, b, y0, x0 + 1, c)) +
                                (sy - y0) * ((x0 + 1 - sx) * element(&d, image, b, y0 + 1, x0, c) +
                                             (sx - x0) * element(&d, image, b, y0 + 1, x0 + 1, c));
                    } else {
                        value = element(&d, image, b, floor(sy + 0.5), floor(sx + 0.5), c);
                    }
                    if (d.type == LW_FLOAT32)
                        ((float *)want)[i] = (float)value;
                    else if (d.type == LW_INT32)
                        ((int32_t *)want)[i] = (int32_t)value;
                    else
                        want[i] = (uint8_t)value;
                    /* What lies far outside is TensorFlow.js's business: its tests compare it. */
                    const bool far = px <= 1 - (double)d.input_width || px >= 2 * (double)d.input_width - 2 ||
                                     py <= 1 - (double)d.input_height || py >= 2 * (double)d.input_height - 2;
                    if (far && (d.edge == LW_EDGE_WRAP || d.edge == LW_EDGE_REFLECT))
                        memcpy(want + i * bytes, got + i * bytes, bytes);
                }
            }
        }
        lw_test_same_bytes("transform", want, got, n * bytes);
    }

    const struct lw_transform d = {.struct_bytes = sizeof d,
                                   .batch = 2,
                                   .input_height = 2,
                                   .input_width = 2,
                                   .channels = 2,
                                   .output_height = 2,
                                   .output_width = 2,
                                   .transforms = 1};
    static const float image[64];
    float *out = lw_test_floats(t, 64, LW_FILL_POISON);
    lw_test_seal(t, out);
    struct lw_transform w[] = {d, d, d, d, d, d};
    static const enum lw_status status[] = {LW_BAD_STRUCT_BYTES, LW_BAD_ENUM,  LW_BAD_ENUM,
                                            LW_BAD_ENUM,         LW_BAD_SHAPE, LW_TOO_LARGE};
    w[0].struct_bytes++;
    w[1].type = LW_BOOL + 1;
    w[2].bilinear = 2;
    w[3].edge = LW_EDGE_NEAREST + 1;
    w[4].transforms = 3;
    w[5].output_height = w[5].output_width = w[5].channels = UINT32_MAX;
    for (size_t i = 0; i < 6; i++)
        lw_test_status(lw_transform_run(t->tested, &w[i], image, image, out), status[i], "transform");
    lw_test_status(lw_transform_run(NULL, &d, image, image, out), LW_NULL_POINTER, "no context");
    lw_test_status(lw_transform_run(t->tested, NULL, image, image, out), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_transform_run(t->tested, &d, NULL, image, out), LW_NULL_POINTER, "no image");
    lw_test_status(lw_transform_run(t->tested, &d, image, NULL, out), LW_NULL_POINTER, "no transforms");
    lw_test_status(lw_transform_run(t->tested, &d, image, image, NULL), LW_NULL_POINTER, "no output");
}

static void check_rotate(struct lw_test *t) {
    for (int round = 0; round < 120; round++) {
        struct lw_rotate d = {sizeof d,
                              1u << lw_test_range(t, 0, 4),
                              (uint32_t)lw_test_range(t, 0, 2),
                              (uint32_t)lw_test_range(t, 1, 9),
                              (uint32_t)lw_test_range(t, 1, 9),
                              (uint32_t)lw_test_range(t, 0, round % 5 ? 4 : 30)};
        const double angle = (double)lw_test_uniform(t, -4, 4), sine = sin(angle), cosine = cos(angle);
        const double cx = (double)lw_test_uniform(t, 0, 8), cy = (double)lw_test_uniform(t, 0, 8);
        const size_t pixel = (size_t)d.channels * d.element_bytes, n = (size_t)d.batch * d.height * d.width * pixel;
        uint8_t *in = lw_test_buffer(t, n), *fill = lw_test_buffer(t, pixel);
        for (size_t i = 0; i < n; i++) in[i] = (uint8_t)lw_test_u32(t);
        for (size_t i = 0; i < pixel; i++) fill[i] = (uint8_t)lw_test_u32(t);
        lw_test_seal(t, in);
        lw_test_seal(t, fill);
        uint8_t *got = lw_test_buffer(t, n), *want = lw_test_buffer(t, n), *to = want;
        lw_test_status(lw_rotate_run(t->tested, &d, sine, cosine, cx, cy, in, fill, got), LW_OK, "rotate");
        for (size_t p = 0; p < (size_t)d.batch * d.height * d.width; p++, to += pixel) {
            const double x = (double)(p % d.width) - cx, y = (double)(p / d.width % d.height) - cy;
            const double sx = floor(x * cosine - y * sine + cx + 0.5), sy = floor(x * sine + y * cosine + cy + 0.5);
            const bool inside = sx >= 0 && sy >= 0 && sx < d.width && sy < d.height;
            const uint8_t *from = fill;
            if (inside) from = in + (((p / d.width / d.height) * d.height + (size_t)sy) * d.width + (size_t)sx) * pixel;
            memcpy(to, from, pixel);
        }
        lw_test_same_bytes("rotate", want, got, n);
    }
    struct lw_rotate d = {sizeof d, 4, 1, 2, 2, 3}, wrong = d;
    static const float image[64];
    float *out = lw_test_floats(t, 64, LW_FILL_POISON);
    lw_test_seal(t, out);
    wrong.struct_bytes--;
    lw_test_status(lw_rotate_run(t->tested, &wrong, 0, 1, 0, 0, image, image, out), LW_BAD_STRUCT_BYTES,
                   "struct_bytes");
    wrong = d;
    wrong.element_bytes = 3;
    lw_test_status(lw_rotate_run(t->tested, &wrong, 0, 1, 0, 0, image, image, out), LW_BAD_SHAPE, "element_bytes");
    wrong = d;
    wrong.height = wrong.width = wrong.channels = UINT32_MAX;
    lw_test_status(lw_rotate_run(t->tested, &wrong, 0, 1, 0, 0, image, image, out), LW_TOO_LARGE, "huge");
    lw_test_status(lw_rotate_run(NULL, &d, 0, 1, 0, 0, image, image, out), LW_NULL_POINTER, "no context");
    lw_test_status(lw_rotate_run(t->tested, NULL, 0, 1, 0, 0, image, image, out), LW_NULL_POINTER, "no descriptor");
    lw_test_status(lw_rotate_run(t->tested, &d, 0, 1, 0, 0, NULL, image, out), LW_NULL_POINTER, "no image");
    lw_test_status(lw_rotate_run(t->tested, &d, 0, 1, 0, 0, image, NULL, out), LW_NULL_POINTER, "no fill");
    lw_test_status(lw_rotate_run(t->tested, &d, 0, 1, 0, 0, image, image, NULL), LW_NULL_POINTER, "no output");
}

/* ---- Benchmarks ---- */

struct bench_arg {
    struct lw_resize_bilinear d;
    const float *input;
    void *scratch;
    float *output;
};

static void bench_run(const struct lw_context *context, void *arg) {
    struct bench_arg *a = arg;
    lw_resize_bilinear_run(context, &a->d, a->input, a->scratch, a->output);
}

static void bench_double(struct lw_bench *b, const char *label, uint32_t size, uint32_t channels, uint32_t centers) {
    struct bench_arg *a = lw_bench_buffer(b, sizeof *a);
    a->d = (struct lw_resize_bilinear){sizeof a->d, 1, size, size, channels, 2 * size, 2 * size, 0, centers, 0, 0};
    struct lw_sizes sizes;
    if (lw_resize_bilinear_sizes(lw_bench_context(b), &a->d, &sizes) != LW_OK) return;
    size_t input = (size_t)size * size * channels;
    a->input = lw_bench_floats(b, input);
    a->scratch = lw_bench_buffer(b, sizes.scratch_bytes);
    a->output = lw_bench_buffer(b, sizes.output_elements * sizeof(float));
    lw_bench_add(b, label, 9.0 * (double)sizes.output_elements, 4.0 * (double)(input + sizes.output_elements),
                 bench_run, a);
}

static void bench_resize(struct lw_bench *b) {
    bench_double(b, "64x64x64 to 128x128", 64, 64, 0);
    bench_double(b, "64x64x64 to 128x128, half-pixel centers", 64, 64, 1);
    bench_double(b, "64x64x3 to 128x128", 64, 3, 0);
    bench_double(b, "64x64x3 to 128x128, half-pixel centers", 64, 3, 1);
}

static const struct lw_row rows[] = {
    {"lerp_columns_f32", offsetof(struct lw_kernels, lerp_columns_f32), check_columns, NULL},
    {"lerp_rows_f32", offsetof(struct lw_kernels, lerp_rows_f32), check_rows, NULL},
    {"resize_bilinear", LW_NO_SLOT, check_operator, bench_resize},
    {"resize_nearest", LW_NO_SLOT, check_nearest, NULL},
    {"crop_and_resize", LW_NO_SLOT, check_crops, NULL},
    {"resize_gradients", LW_NO_SLOT, check_gradients, NULL},
    {"transform", LW_NO_SLOT, check_transform, NULL},
    {"rotate", LW_NO_SLOT, check_rotate, NULL},
};
const struct lw_family lw_family_resize = {"resize", rows, sizeof rows / sizeof rows[0]};
