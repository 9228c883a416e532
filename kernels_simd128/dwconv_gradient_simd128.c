/* SPDX-License-Identifier: MIT */
/*
 * What one row of an output's gradient adds to the gradient of a depthwise filter:
 *
 *   out[(ky * kernel_width + kx) * channels + c] += sum over x ascending, from +0, of
 *       rows[ky][x * column_step + kx * tap_step + c] * gradient[x * channels + c]
 *
 * Four channels make a vector, and the sums of several taps stay in registers while the row passes by. A 3x3 filter has
 * all nine there; with stride and dilation 1 two columns at a time share what they load:
 *
 *   column of the image    x   x+1  x+2  x+3
 *   times gradient[x]      kx0 kx1  kx2
 *   times gradient[x + 1]      kx0  kx1  kx2
 */
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels_simd128/install.h"

enum { MAX_WIDTH = 5, MAX_TAPS = 9 };

/* height x width taps, both constants, of four channels, or of the last `lanes`, from rows[ky] + offset on.
 * gradient: the channels' first column; out: the first tap. shared: 3x3 taps whose columns are neighbours. */
static inline __attribute__((always_inline)) void add_taps(const bool whole, size_t lanes, const size_t height,
                                                           const size_t width, const bool shared,
                                                           const struct lw_dwconv_gradient_f32 *d,
                                                           const float *const *rows, size_t offset,
                                                           const float *gradient, float *out) {
    v128_t acc[MAX_TAPS];
    const float *in[3];
    const size_t step = d->column_step, tap = d->tap_step, channels = d->channels;
#pragma GCC unroll 9
    for (size_t t = 0; t < height * width; t++) acc[t] = wasm_f32x4_splat(0.0f);
#pragma GCC unroll 3
    for (size_t ky = 0; ky < height; ky++) in[ky] = rows[ky] + offset;

    size_t x = 0;
    if (shared) {
        for (; x + 2 <= d->columns; x += 2, gradient += 2 * channels) {
            const v128_t g0 = wasm_v128_load(gradient), g1 = wasm_v128_load(gradient + channels);
#pragma GCC unroll 3
            for (size_t ky = 0; ky < 3; ky++) {
                const float *from = in[ky];
#pragma GCC unroll 4
                for (size_t q = 0; q < 4; q++, from += step) {
                    const v128_t v = wasm_v128_load(from);
                    if (q < 3) {
                        acc[ky * 3 + q] = lw_madd(v, g0, acc[ky * 3 + q]);
                        lw_keep(&acc[ky * 3 + q]);
                    }
                    if (q > 0) {
                        acc[ky * 3 + q - 1] = lw_madd(v, g1, acc[ky * 3 + q - 1]);
                        lw_keep(&acc[ky * 3 + q - 1]);
                    }
                }
                in[ky] += 2 * step;
            }
        }
    }
    for (; x < d->columns; x++, gradient += channels) {
        const v128_t g = whole ? wasm_v128_load(gradient) : lw_load_lanes(gradient, lanes);
#pragma GCC unroll 3
        for (size_t ky = 0; ky < height; ky++) {
            const float *from = in[ky];
#pragma GCC unroll 5
            for (size_t kx = 0; kx < width; kx++, from += tap) {
                const v128_t v = whole ? wasm_v128_load(from) : lw_load_lanes(from, lanes);
                acc[ky * width + kx] = lw_madd(v, g, acc[ky * width + kx]);
                lw_keep(&acc[ky * width + kx]);
            }
            in[ky] += step;
        }
    }
#pragma GCC unroll 9
    for (size_t t = 0; t < height * width; t++, out += channels) {
        if (whole)
            wasm_v128_store(out, wasm_f32x4_add(wasm_v128_load(out), acc[t]));
        else
            lw_store_lanes(out, wasm_f32x4_add(lw_load_lanes(out, lanes), acc[t]), lanes);
    }
}

/* All taps of four channels: 3x3 at once, others up to five of a row. */
static void add_four(const struct lw_dwconv_gradient_f32 *d, const float *const *rows, size_t channel,
                     const float *gradient, float *out) {
    if (d->kernel_height == 3 && d->kernel_width == 3) {
        if (d->column_step == d->tap_step)
            add_taps(true, 4, 3, 3, true, d, rows, channel, gradient, out);
        else
            add_taps(true, 4, 3, 3, false, d, rows, channel, gradient, out);
        return;
    }
    for (size_t ky = 0; ky < d->kernel_height; ky++, rows++) {
        for (size_t kx = 0, width; kx < d->kernel_width; kx += width) {
            const size_t rest = d->kernel_width - kx, offset = channel + kx * d->tap_step;
            width = rest < MAX_WIDTH ? rest : MAX_WIDTH;
            switch (width) {
            case 1: add_taps(true, 4, 1, 1, false, d, rows, offset, gradient, out); break;
            case 2: add_taps(true, 4, 1, 2, false, d, rows, offset, gradient, out); break;
            case 3: add_taps(true, 4, 1, 3, false, d, rows, offset, gradient, out); break;
            case 4: add_taps(true, 4, 1, 4, false, d, rows, offset, gradient, out); break;
            default: add_taps(true, 4, 1, MAX_WIDTH, false, d, rows, offset, gradient, out); break;
            }
            out += width * d->channels;
        }
    }
}

static void gradient(const struct lw_dwconv_gradient_f32 *d, const float *const *rows, const float *row, float *out) {
    size_t c = 0;
    for (; c + 4 <= d->channels; c += 4) add_four(d, rows, c, row + c, out + c);
    if (c == d->channels) return;
    float *to = out + c;
    for (size_t ky = 0; ky < d->kernel_height; ky++) {
        for (size_t kx = 0; kx < d->kernel_width; kx++, to += d->channels)
            add_taps(false, d->channels - c, 1, 1, false, d, rows + ky, c + kx * d->tap_step, row + c, to);
    }
}

void lw_simd128_dwconv_gradient_install(struct lw_kernels *kernels) {
    kernels->dwconv_gradient_f32 = gradient;
}
