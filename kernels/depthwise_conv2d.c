/* SPDX-License-Identifier: MIT */
/*
 * Depthwise convolution. The micro-kernel makes columns of one output row out of the rows of the image that the window
 * reaches; rows above and below the image are left out. What lies left and right of it is handled in one of two ways:
 *
 * - In place: the columns whose taps are all inside of the image are made together; the others one by one, each with
 *   the taps that are inside. Nothing is copied.
 * - Copied: each row of the image is copied once into a ring of rows whose margins stay zero, and all columns are made
 *   together. The ring has as many rows as the window spans, and image row y lives in slot y % ring_rows, so the rows
 *   of one window never collide, and a row is overwritten only when the window has left it behind. It is done
 *     - where it costs less than many columns made one by one;
 *     - where pixels are a multiple of 4096 bytes apart (1024 for other kernels than 3x3), and all fall into a few sets
 *       of the first-level cache, where the rows and columns of one tile throw each other out. In the copy they are a
 *       cache line further apart;
 *     - with one to three channels and stride 1;
 *     - with a depth multiplier M: the copy repeats each channel M times. The rest is then an ordinary depthwise
 *       convolution of channels * M channels, and the filter already lies in its order.
 *
 * Where the dilation is no divisor of the stride, the columns are made in turns: those of one turn share pixels.
 * One to three channels with stride 1: several neighbouring pixels are taken for one of as many times the channels, so
 * that they fill a vector. The filter is repeated as often.
 */
#include <string.h>

#include "kernels/operator.h"
#include "kernels/parallel.h"

const struct lw_kernel_set *const lw_depthwise_conv2d_sets[] = {&lw_dwconv_set, NULL};

struct plan {
    struct lw_placed_window window;
    struct lw_strides strides; /* of the tensors */
    size_t input_elements, output_elements;
    size_t channels;               /* of the output: channels * depth_multiplier */
    size_t inner_begin, inner_end; /* output columns that read nothing but the image */
    size_t folded;                 /* pixels that are taken for one; 1 if none are */
    size_t turns, turn_step;       /* column x is made in turn x % turns; turn_step is stride * turns */
    bool copied;
    size_t pixel_stride; /* floats from one pixel of a row, copied or not, to the next */
    size_t row_pixels;   /* columns that the window reaches, padding included */
    size_t row_elements; /* one copied row: row_pixels * pixel_stride */
    size_t ring_rows;    /* 0 when nothing is copied */
    size_t packed_elements, folded_elements;
    size_t packed_bytes, share_bytes, scratch_bytes;
};

/* A packed filter of so many channels, in floats. */
static bool packed_filter(const struct lw_window *w, size_t channels, size_t *elements) {
    *elements = channels;
    if (!lw_add(elements, 3)) return false;
    *elements = *elements / 4 * 4;
    return lw_multiply(elements, w->kernel_height) && lw_multiply(elements, w->kernel_width);
}

/* Packed: the packed filter, the folded filter. Scratch, for each worker: the folded bias, kernel_height row pointers,
 * ring_rows numbers of the rows that the ring holds, whether it is prepared, the ring; rounded up to 16 bytes, so that a
 * buffer that ends where its memory ends is aligned too. */
static bool plan_scratch(const struct lw_context *context, const struct lw_depthwise_conv2d *d, struct plan *p) {
    size_t folded_channels = p->folded > 1 ? p->channels * p->folded : 0;
    if (!packed_filter(&d->window, p->channels, &p->packed_elements)) return false;
    if (!packed_filter(&d->window, folded_channels, &p->folded_elements)) return false;
    size_t pointers = d->window.kernel_height, held = p->ring_rows + 1, floats = p->ring_rows;
    if (!lw_multiply(&pointers, sizeof(float *)) || !lw_multiply(&held, sizeof(size_t))) return false;
    if (!lw_multiply(&floats, p->row_elements) || !lw_add(&floats, folded_channels) ||
        !lw_multiply(&floats, sizeof(float)))
        return false;
    p->packed_bytes = p->packed_elements;
    if (!lw_add(&p->packed_bytes, p->folded_elements) || !lw_multiply(&p->packed_bytes, sizeof(float))) return false;
    size_t bytes = pointers;
    if (!lw_add(&bytes, held) || !lw_add(&bytes, floats) || !lw_add(&bytes, 15)) return false;
    p->share_bytes = bytes / 16 * 16;
    return lw_share_scratch(context, &p->share_bytes, &p->scratch_bytes);
}

/* Output columns whose taps all lie inside of the image. */
static void place_inner(const struct lw_depthwise_conv2d *d, struct plan *p) {
    const struct lw_window *w = &d->window;
    size_t extent = (size_t)(w->kernel_width - 1) * w->dilation_width + 1, width = p->window.output_width;
    size_t padded = d->input_width + p->window.pad_left; /* the end of the image, in a row that begins with padding */
    size_t begin = p->window.pad_left / w->stride_width + (p->window.pad_left % w->stride_width != 0);
    size_t end = padded < extent ? 0 : (padded - extent) / w->stride_width + 1;
    if (end > width) end = width;
    if (begin >= end) begin = end = width;
    p->inner_begin = begin;
    p->inner_end = end;
}

/* Measured: to copy a pixel costs about as much as one tap of a column that is made alone. 3x3 with stride 1 is faster
 * copied up to 16 pixels wide, by 2 to 14 %, and in place from 24 on, by 3 to 20 %; 5x5 is faster copied at 32 and 64,
 * by 4 to 12 %, and with stride 2 in place, by 15 %. */
static bool copying_pays(const struct lw_depthwise_conv2d *d, const struct plan *p) {
    const struct lw_window *w = &d->window;
    size_t collision = w->kernel_height == 3 && w->kernel_width == 3 ? 1024 : 256; /* floats */
    if (d->depth_multiplier > 1 || p->channels % collision == 0) return true;
    if (p->channels < 4 && w->stride_width == 1) return true; /* such columns alone cost as much as many in a vector */
    /* Of one output row; in double, since kernels and strides may be huge. */
    double taps = (double)(p->inner_begin + p->window.output_width - p->inner_end) * w->kernel_height * w->kernel_width;
    return taps > (double)d->input_width * w->stride_height;
}

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b) {
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* How the columns that are made together are divided. */
static void divide_columns(const struct lw_depthwise_conv2d *d, struct plan *p) {
    const struct lw_window *w = &d->window;
    size_t columns = p->inner_end - p->inner_begin;
    p->folded = p->turns = 1;
    if (p->channels < 4 && w->stride_width == 1 && p->strides.output == p->channels) {
        size_t folded = p->channels == 2 ? 2 : 4;
        if (columns >= folded) p->folded = folded;
    } else if (p->channels >= 4 && w->kernel_width > 1) {
        /* With a dilation of d and a stride that is 1 or 2 modulo that many turns columns share pixels. */
        size_t turns = w->dilation_width / greatest_common_divisor(w->dilation_width, w->stride_width);
        size_t multiple = w->stride_width / greatest_common_divisor(w->dilation_width, w->stride_width);
        if (multiple <= 2 && columns >= 2 * turns) p->turns = turns;
    }
    p->turn_step = w->stride_width * p->turns;
}

static enum lw_status make_plan(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                struct lw_problem *problem, struct plan *p) {
    *p = (struct plan){0};
    const size_t first = offsetof(struct lw_depthwise_conv2d, input_pixel_stride);
    enum lw_status status = lw_check_grown(context, d, first, sizeof *d, problem);
    if (status != LW_OK) return status;
    status = lw_activation_check(&d->activation, problem);
    if (status != LW_OK) return status;
    if (d->depth_multiplier == 0) return lw_wrong(problem, LW_BAD_SHAPE, "depth_multiplier", "1 or more");
    const struct lw_window *w = &d->window;
    status = lw_window_place(w, d->input_height, d->input_width, problem, &p->window);
    if (status != LW_OK) return status;

    const size_t filter[] = {w->kernel_height, w->kernel_width, d->channels, d->depth_multiplier, sizeof(float)};
    size_t filter_bytes;
    p->channels = d->channels;
    if (!lw_multiply(&p->channels, d->depth_multiplier)) p->channels = SIZE_MAX; /* nor do the tensors fit */
    status = lw_strides_read(d, first, d->channels, p->channels, problem, &p->strides);
    if (status != LW_OK) return status;
    if (!lw_image_elements(d->batch, d->input_height, d->input_width, p->strides.input, d->channels,
                           &p->input_elements))
        return lw_too_large(problem, "input");
    if (!lw_product(filter, 5, &filter_bytes)) return lw_too_large(problem, "filter");
    if (!lw_image_elements(d->batch, p->window.output_height, p->window.output_width, p->strides.output, p->channels,
                           &p->output_elements))
        return lw_too_large(problem, "output");
    if (p->window.output_height > UINT32_MAX || p->window.output_width > UINT32_MAX)
        return lw_too_large(problem, "output");
    if (p->output_elements == 0) return LW_OK;

    /* lw_window_place has checked that the window's reach fits. */
    place_inner(d, p);
    p->copied = copying_pays(d, p);
    p->pixel_stride = p->strides.input;
    if (p->copied) {
        p->pixel_stride = p->channels;
        size_t rows_spanned = (size_t)(w->kernel_height - 1) * w->dilation_height + 1;
        p->ring_rows = rows_spanned < d->input_height ? rows_spanned : d->input_height;
        p->row_pixels =
            (p->window.output_width - 1) * w->stride_width + (size_t)(w->kernel_width - 1) * w->dilation_width + 1;
        if (p->channels % 256 == 0 && !lw_add(&p->pixel_stride, 16)) return lw_too_large(problem, "scratch");
        p->row_elements = p->row_pixels;
        if (!lw_multiply(&p->row_elements, p->pixel_stride)) return lw_too_large(problem, "scratch");
        p->inner_begin = 0;
        p->inner_end = p->window.output_width;
    }
    divide_columns(d, p);
    return plan_scratch(context, d, p) ? LW_OK : lw_too_large(problem, "scratch");
}

/* How many pixels of an image row the window reaches: they follow the pad_left pixels of the left margin, and what is
 * left of the row is the right margin. */
static size_t pixels_reached(const struct lw_depthwise_conv2d *d, const struct plan *p) {
    if (p->window.pad_left >= p->row_pixels) return 0;
    size_t pixels = p->row_pixels - p->window.pad_left;
    return pixels < d->input_width ? pixels : d->input_width;
}

static void clear_margins(const struct lw_depthwise_conv2d *d, const struct plan *p, float *ring_row) {
    size_t left = p->window.pad_left < p->row_pixels ? p->window.pad_left : p->row_pixels;
    size_t right = left + pixels_reached(d, p);
    memset(ring_row, 0, left * p->pixel_stride * sizeof(float));
    memset(ring_row + right * p->pixel_stride, 0, (p->row_pixels - right) * p->pixel_stride * sizeof(float));
}

/* Copies what the window reaches of one row of the image into one row of the ring. */
static void copy_row(const struct lw_depthwise_conv2d *d, const struct plan *p, const float *in, float *ring_row) {
    size_t pixels = pixels_reached(d, p), multiplier = d->depth_multiplier;
    if (pixels == 0) return;
    float *out = ring_row + p->window.pad_left * p->pixel_stride;
    if (multiplier == 1 && p->pixel_stride == p->channels && p->strides.input == p->channels) {
        memcpy(out, in, pixels * p->channels * sizeof(float));
        return;
    }
    for (size_t x = 0; x < pixels; x++, in += p->strides.input, out += p->pixel_stride) {
        if (multiplier == 1) {
            memcpy(out, in, p->channels * sizeof(float));
        } else {
            for (size_t c = 0; c < d->channels; c++)
                for (size_t m = 0; m < multiplier; m++) out[c * multiplier + m] = in[c];
        }
    }
}

enum lw_status lw_depthwise_conv2d_validate(const struct lw_context *context, const struct lw_depthwise_conv2d *op,
                                            struct lw_problem *problem) {
    struct plan p;
    return make_plan(context, op, problem, &p);
}

enum lw_status lw_depthwise_conv2d_sizes(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                         struct lw_sizes *sizes) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = (struct lw_sizes){
        .output_height = (uint32_t)p.window.output_height,
        .output_width = (uint32_t)p.window.output_width,
        .output_elements = p.output_elements,
        .packed_bytes = p.packed_bytes,
        .scratch_bytes = p.scratch_bytes,
    };
    return LW_OK;
}

/* Packs a filter as the micro-kernels take it, each of its rows of channels repeated side by side: blocks of four
 * channels, of which the last one may overlap the one before. */
static void pack(const struct lw_depthwise_conv2d *d, const struct plan *p, const float *filter, size_t repeated,
                 float *packed) {
    size_t taps = (size_t)d->window.kernel_height * d->window.kernel_width, channels = p->channels * repeated;
    for (size_t c = 0; c < channels; c += 4) {
        size_t first = channels < 4 ? 0 : c + 4 <= channels ? c : channels - 4;
        const float *from = filter;
        for (size_t t = 0; t < taps; t++, packed += 4, from += p->channels) {
            if (repeated == 1 && channels >= 4) {
                memcpy(packed, from + first, 4 * sizeof(float));
            } else {
                for (size_t i = 0; i < 4; i++)
                    packed[i] = first + i < channels ? from[(first + i) % p->channels] : 0.0f;
            }
        }
    }
}

enum lw_status lw_depthwise_conv2d_pack(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                        const float *filter, /* (kernel_height, kernel_width, channels, multiplier) */
                                        void *packed) {
    struct plan p;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK || p.packed_bytes == 0) return status;
    if (!filter || !packed) return LW_NULL_POINTER;
    pack(d, &p, filter, 1, packed);
    if (p.folded > 1) pack(d, &p, filter, p.folded, (float *)packed + p.packed_elements);
    return LW_OK;
}

/* What a run works with; from folded_bias on it belongs to one worker. */
struct work {
    const struct lw_context *context;
    const struct lw_depthwise_conv2d *d;
    const struct plan *p;
    const struct lw_epilogue *epilogue;
    const float *filter, *folded_filter; /* packed */
    const float *input, *bias;
    float *output;
    char *scratch;
    float *folded_bias; /* (channels * folded), NULL without a bias */
    const float **rows; /* (kernel_height) */
    size_t *held;       /* (ring_rows) which row of all images is in each slot of the ring; [ring_rows]: see share_of */
    float *ring;        /* (ring_rows, row_elements) */
};

/* The taps of a window that lie inside of an image, when its first tap lies at `begin` of a row or column with `before`
 * pixels of padding in front. */
struct span {
    size_t begin, end;
};
static struct span taps_inside(size_t begin, size_t taps, size_t dilation, size_t before, size_t size) {
    struct span s = {0, taps};
    size_t last = begin + (taps - 1) * dilation;
    for (size_t at = begin; s.begin < s.end && at < before; at += dilation) s.begin++;
    for (; s.begin < s.end && last >= before + size; last -= dilation) s.end--;
    return s;
}

/* Points rows at what the kernel rows ky.begin to ky.end of output row y of image n read: the image, or copies, and makes
 * those that are missing. */
static void point_rows(const struct work *work, size_t n, size_t y, struct span ky, const float *image) {
    const struct lw_depthwise_conv2d *d = work->d;
    const struct plan *p = work->p;
    for (size_t i = 0; i < ky.end - ky.begin; i++) {
        size_t image_y = y * d->window.stride_height + (ky.begin + i) * d->window.dilation_height - p->window.pad_top;
        const float *image_row = image + image_y * d->input_width * p->strides.input;
        work->rows[i] = image_row;
        if (!p->copied) continue;
        size_t slot = image_y % p->ring_rows, row = n * d->input_height + image_y;
        float *ring_row = work->ring + slot * p->row_elements;
        if (work->held[slot] != row) copy_row(d, p, image_row, ring_row);
        work->held[slot] = row;
        work->rows[i] = ring_row;
    }
}

static lw_dwconv_f32_fn *kernel_for(const struct work *work, size_t taps) {
    const struct lw_window *w = &work->d->window;
    if (w->kernel_height == 3 && w->kernel_width == 3 && taps == 3) return work->context->kernels.dwconv3x3_f32;
    if (w->kernel_height == 5 && w->kernel_width == 5 && taps == 5) return work->context->kernels.dwconv5x5_f32;
    return work->context->kernels.dwconv_f32;
}

/* The columns that are made together. `call` has what all columns of the row share. */
static void run_inner(const struct work *work, struct lw_dwconv_f32 call, size_t first_tap, float *output_row) {
    const struct plan *p = work->p;
    size_t columns = p->inner_end - p->inner_begin, stride = work->d->window.stride_width * p->pixel_stride;
    lw_dwconv_f32_fn *kernel = kernel_for(work, call.kernel_width);
    if (!p->copied) call.begin = (p->inner_begin * work->d->window.stride_width - p->window.pad_left) * p->pixel_stride;
    output_row += p->inner_begin * p->strides.output;
    if (p->folded > 1) {
        call.channels = p->folded * p->channels;
        call.columns = columns / p->folded;
        call.column_step = call.out_step = call.channels;
        const float *filter = work->folded_filter + first_tap * 4;
        kernel(&call, work->rows, filter, work->folded_bias, output_row);
        if (columns % p->folded == 0) return;
        size_t last = (columns - p->folded) * p->channels; /* overlaps what is there */
        call.columns = 1;
        call.begin += last;
        kernel(&call, work->rows, filter, work->folded_bias, output_row + last);
        return;
    }
    call.column_step = p->turn_step * p->pixel_stride;
    call.out_step = p->turns * p->strides.output;
    for (size_t turn = 0; turn < p->turns; turn++, call.begin += stride, output_row += p->strides.output) {
        call.columns = (columns - turn + p->turns - 1) / p->turns;
        kernel(&call, work->rows, work->filter + first_tap * 4, work->bias, output_row);
    }
}

/* One column some of whose taps may be outside of the image. */
static void run_alone(const struct work *work, struct lw_dwconv_f32 call, size_t first_tap, size_t x,
                      float *output_row) {
    const struct lw_window *w = &work->d->window;
    size_t begin = x * w->stride_width, before = work->p->window.pad_left;
    struct span kx = taps_inside(begin, w->kernel_width, w->dilation_width, before, work->d->input_width);
    call.kernel_width = kx.end - kx.begin;
    if (call.kernel_width == 0) call.kernel_height = 0;
    if (call.kernel_height) call.begin = (begin + kx.begin * w->dilation_width - before) * work->p->pixel_stride;
    call.columns = 1;
    kernel_for(work, call.kernel_width)(&call, work->rows, work->filter + (first_tap + kx.begin) * 4, work->bias,
                                        output_row + x * work->p->strides.output);
}

/* A worker's share of the scratch memory. Its first part prepares it; held[ring_rows] says whether it is. The next parts
 * are those below, mostly, and find rows in the ring that the last one copied. */
static struct work share_of(const struct work *all, size_t worker) {
    const struct plan *p = all->p;
    struct work work = *all;
    work.folded_bias = (float *)(void *)(work.scratch + worker * p->share_bytes);
    work.rows = (const float **)(work.folded_bias + (p->folded > 1 ? p->channels * p->folded : 0));
    work.held = (size_t *)(work.rows + work.d->window.kernel_height);
    work.ring = (float *)(work.held + p->ring_rows + 1);
    return work;
}

static struct work work_of(const struct work *all, size_t worker) {
    const struct plan *p = all->p;
    struct work work = share_of(all, worker);
    float *folded_bias = work.folded_bias;
    if (!work.bias) work.folded_bias = NULL;
    if (work.held[p->ring_rows]) return work;
    work.held[p->ring_rows] = true;
    const size_t folded = p->folded > 1 ? p->channels * p->folded : 0;
    for (size_t i = 0; work.bias && i < folded; i++) folded_bias[i] = work.bias[i % p->channels];
    for (size_t i = 0; i < p->ring_rows; i++) {
        work.held[i] = SIZE_MAX; /* no row */
        clear_margins(work.d, p, work.ring + i * p->row_elements);
    }
    return work;
}

/* Rows [begin, end) of the outputs of all images. */
static void run_part(void *state, size_t begin, size_t end, size_t worker) {
    const struct work work = work_of(state, worker);
    const struct lw_depthwise_conv2d *d = work.d;
    const struct plan *p = work.p;
    const struct lw_window *w = &d->window;
    struct lw_dwconv_f32 call = {
        .channels = p->channels,
        .kernel_width = w->kernel_width,
        .filter_height = w->kernel_height,
        .filter_width = w->kernel_width,
        .column_step = w->stride_width * p->pixel_stride,
        .tap_step = w->dilation_width * p->pixel_stride,
        .out_step = p->strides.output,
        .clamp = lw_epilogue_clamp(&d->activation, work.epilogue),
    };
    const size_t width = p->window.output_width, height = p->window.output_height;
    const size_t image_elements = (size_t)d->input_height * d->input_width * p->strides.input;
    const size_t behind = p->strides.input - d->channels; /* elements after the last pixel, which may not be there */
    const size_t row_elements = width * p->strides.output;
    size_t n = begin / height;
    const float *image = work.input + n * image_elements;
    size_t first = begin * row_elements; /* element of the output */
    for (size_t row = begin, y = begin % height; row < end; row++, y++, first += row_elements) {
        if (y == height) {
            y = 0;
            n++;
            image += image_elements;
        }
        struct span ky =
            taps_inside(y * w->stride_height, w->kernel_height, w->dilation_height, p->window.pad_top, d->input_height);
        point_rows(&work, n, y, ky, image);
        call.kernel_height = ky.end - ky.begin;
        if (!p->copied && call.kernel_height)
            call.readable = (size_t)(image + image_elements - behind - work.rows[call.kernel_height - 1]);
        size_t first_tap = ky.begin * w->kernel_width;
        float *output = work.output + first;
        for (size_t x = 0; x < p->inner_begin; x++) run_alone(&work, call, first_tap, x, output);
        if (p->inner_begin < p->inner_end) run_inner(&work, call, first_tap, output);
        for (size_t x = p->inner_end; x < width; x++) run_alone(&work, call, first_tap, x, output);
        lw_epilogue_finish(work.context, &d->activation, work.epilogue, width, p->channels, p->strides.output, first,
                           work.output);
    }
}

enum lw_status lw_depthwise_conv2d_run(const struct lw_context *context, const struct lw_depthwise_conv2d *d,
                                       const float *input, /* (batch, input_height, input_width, channels) */
                                       const void *packed, const struct lw_epilogue *given, void *scratch,
                                       float *output) /* (batch, output_height, output_width, channels * multiplier) */
{
    struct plan p;
    struct lw_epilogue epilogue;
    enum lw_status status = make_plan(context, d, NULL, &p);
    if (status != LW_OK) return status;
    status = lw_epilogue_read(&d->activation, given, NULL, &epilogue);
    if (status != LW_OK) return status;
    if (p.output_elements == 0) return LW_OK;
    if ((p.input_elements && !input) || !packed || !scratch || !output) return LW_NULL_POINTER;

    struct work work = {
        .context = context,
        .d = d,
        .p = &p,
        .epilogue = &epilogue,
        .filter = packed,
        .folded_filter = (const float *)packed + p.packed_elements,
        .input = input,
        .bias = epilogue.bias,
        .output = output,
        .scratch = scratch,
    };
    for (size_t i = 0; i < context->threads; i++) share_of(&work, i).held[p.ring_rows] = false;
    /* Some 15 multiply-adds in a nanosecond, and what moves. */
    const size_t terms = (size_t)d->window.kernel_height * d->window.kernel_width + 3;
    const size_t row_cost = p.window.output_width * p.channels * terms / 16;
    return lw_parallel(context, d->batch * p.window.output_height, row_cost, run_part, &work);
}
