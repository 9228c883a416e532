/* SPDX-License-Identifier: MIT */
/*
 * The one-dimensional transforms of Winograd's convolution; kernels_scalar/winograd_scalar.c has the formulas, whose
 * order of operations is kept here.
 *
 *   input:  (tile + 2) taps -> (tile + 2) taps        in[k], out[j]: [tiles][channels], step floats apart
 *   output: (tile + 2) taps -> tile pixels            bias: [channels] or NULL
 *
 * Per 4 floats, F(4x4)'s input has 6 loads, 10 multiply-adds, 2 additions and 6 stores: the stores bound it, one a
 * cycle. Twelve pointers don't fit the general registers; two vectors an iteration halve their reloading.
 */
#include <stdbool.h>

#include "kernels/simd.h"
#include "kernels/winograd.h"
#include "kernels_simd128/install.h"

#define INLINE static inline __attribute__((always_inline))

/* The numbers in the matrices of F(4x4). */
struct numbers {
    v128_t p, q, half_p, twice_q, two, half, two_half;
};

INLINE struct numbers numbers(void) {
    return (struct numbers){lw_splat(LW_WINOGRAD_P),
                            lw_splat(LW_WINOGRAD_Q),
                            lw_splat(0.5f * LW_WINOGRAD_P),
                            lw_splat(2.0f * LW_WINOGRAD_Q),
                            lw_splat(2.0f),
                            lw_splat(0.5f),
                            lw_splat(2.5f)};
}

/* BT d for one vector, in place. */
INLINE void transform_input(const size_t tile, const struct numbers *x, v128_t *d) {
    if (tile == 2) {
        const v128_t d1 = d[1];
        d[0] = wasm_f32x4_sub(d[0], d[2]);
        d[1] = wasm_f32x4_add(d1, d[2]);
        d[2] = wasm_f32x4_sub(d[2], d1);
        d[3] = wasm_f32x4_sub(d1, d[3]);
        return;
    }
    const v128_t even_p = lw_nmadd(d[2], x->two, d[4]), odd_p = lw_nmadd(d[1], x->two, d[3]);
    const v128_t even_q = lw_nmadd(d[2], x->half, d[4]), odd_q = lw_nmadd(d[1], x->half, d[3]);
    d[0] = lw_nmadd(d[2], x->two_half, wasm_f32x4_add(d[0], d[4]));
    d[5] = lw_nmadd(d[3], x->two_half, wasm_f32x4_add(d[1], d[5]));
    d[1] = lw_madd(odd_p, x->p, even_p);
    d[2] = lw_nmadd(odd_p, x->p, even_p);
    d[3] = lw_madd(odd_q, x->q, even_q);
    d[4] = lw_nmadd(odd_q, x->q, even_q);
}

/* AT m for one vector, in place: the first `tile` of m. */
INLINE void transform_output(const size_t tile, const struct numbers *x, v128_t *m) {
    const v128_t sum_p = wasm_f32x4_add(m[1], m[2]), difference_p = wasm_f32x4_sub(m[1], m[2]);
    if (tile == 2) {
        m[0] = wasm_f32x4_add(m[0], sum_p);
        m[1] = wasm_f32x4_sub(difference_p, m[3]);
        return;
    }
    const v128_t sum_q = wasm_f32x4_add(m[3], m[4]), difference_q = wasm_f32x4_sub(m[3], m[4]);
    m[0] = wasm_f32x4_add(wasm_f32x4_add(m[0], sum_p), sum_q);
    m[1] = lw_madd(difference_q, x->q, wasm_f32x4_mul(difference_p, x->p));
    m[2] = lw_madd(sum_q, x->two, wasm_f32x4_mul(sum_p, x->half));
    m[3] = lw_madd(difference_q, x->twice_q, lw_madd(difference_p, x->half_p, m[5]));
}

/* `tile` is a constant. */
INLINE void input(const size_t tile, size_t tiles, size_t channels, const float *const *in, size_t in_step,
                  float *const *out, size_t out_step) {
    const size_t taps = tile + 2;
    const struct numbers x = numbers();
    for (size_t t = 0; t < tiles; t++) {
        const float *from[6];
        float *to[6];
#pragma GCC unroll 6
        for (size_t k = 0; k < taps; k++) {
            from[k] = in[k] + t * in_step;
            to[k] = out[k] + t * out_step;
        }
        size_t c = 0;
        for (; c + 8 <= channels; c += 8) {
#pragma GCC unroll 2
            for (size_t v = 0; v < 8; v += 4) {
                v128_t d[6];
#pragma GCC unroll 6
                for (size_t k = 0; k < taps; k++) d[k] = wasm_v128_load(from[k] + c + v);
                transform_input(tile, &x, d);
#pragma GCC unroll 6
                for (size_t k = 0; k < taps; k++) wasm_v128_store(to[k] + c + v, d[k]);
            }
        }
        for (; c < channels; c += 4) {
            const size_t lanes = channels - c;
            v128_t d[6];
#pragma GCC unroll 6
            for (size_t k = 0; k < taps; k++)
                d[k] = lanes < 4 ? lw_load_lanes(from[k] + c, lanes) : wasm_v128_load(from[k] + c);
            transform_input(tile, &x, d);
#pragma GCC unroll 6
            for (size_t k = 0; k < taps; k++) {
                if (lanes < 4)
                    lw_store_lanes(to[k] + c, d[k], lanes);
                else
                    wasm_v128_store(to[k] + c, d[k]);
            }
        }
    }
}

INLINE void output(const size_t tile, const bool has_bias, size_t tiles, size_t channels, const float *const *in,
                   size_t in_step, const float *bias, struct lw_clamp clamp, float *const *out, size_t out_step) {
    const size_t taps = tile + 2;
    const struct numbers x = numbers();
    const v128_t lo = wasm_f32x4_splat(clamp.lo), hi = wasm_f32x4_splat(clamp.hi);
    for (size_t t = 0; t < tiles; t++) {
        const float *from[6];
        float *to[4];
#pragma GCC unroll 6
        for (size_t k = 0; k < taps; k++) from[k] = in[k] + t * in_step;
#pragma GCC unroll 4
        for (size_t k = 0; k < tile; k++) to[k] = out[k] + t * out_step;
        size_t c = 0;
        for (; c + 4 <= channels; c += 4) {
            v128_t m[6];
#pragma GCC unroll 6
            for (size_t k = 0; k < taps; k++) m[k] = wasm_v128_load(from[k] + c);
            transform_output(tile, &x, m);
#pragma GCC unroll 4
            for (size_t k = 0; k < tile; k++) {
                if (has_bias) m[k] = lw_min(lw_max(wasm_f32x4_add(m[k], wasm_v128_load(bias + c)), lo), hi);
                wasm_v128_store(to[k] + c, m[k]);
            }
        }
        if (c < channels) {
            const size_t lanes = channels - c;
            v128_t m[6];
#pragma GCC unroll 6
            for (size_t k = 0; k < taps; k++) m[k] = lw_load_lanes(from[k] + c, lanes);
            transform_output(tile, &x, m);
#pragma GCC unroll 4
            for (size_t k = 0; k < tile; k++) {
                if (has_bias) m[k] = lw_min(lw_max(wasm_f32x4_add(m[k], lw_load_lanes(bias + c, lanes)), lo), hi);
                lw_store_lanes(to[k] + c, m[k], lanes);
            }
        }
    }
}

static void input2(size_t tiles, size_t channels, const float *const *in, size_t in_step, float *const *out,
                   size_t out_step) {
    input(2, tiles, channels, in, in_step, out, out_step);
}

static void input4(size_t tiles, size_t channels, const float *const *in, size_t in_step, float *const *out,
                   size_t out_step) {
    input(4, tiles, channels, in, in_step, out, out_step);
}

static void output2(size_t tiles, size_t channels, const float *const *in, size_t in_step, const float *bias,
                    struct lw_clamp clamp, float *const *out, size_t out_step) {
    if (bias)
        output(2, true, tiles, channels, in, in_step, bias, clamp, out, out_step);
    else
        output(2, false, tiles, channels, in, in_step, bias, clamp, out, out_step);
}

static void output4(size_t tiles, size_t channels, const float *const *in, size_t in_step, const float *bias,
                    struct lw_clamp clamp, float *const *out, size_t out_step) {
    if (bias)
        output(4, true, tiles, channels, in, in_step, bias, clamp, out, out_step);
    else
        output(4, false, tiles, channels, in, in_step, bias, clamp, out, out_step);
}

void lw_simd128_winograd_install(struct lw_kernels *kernels) {
    kernels->winograd2_f32 = (struct lw_winograd_f32){input2, output2};
    kernels->winograd4_f32 = (struct lw_winograd_f32){input4, output4};
}
