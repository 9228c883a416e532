/* SPDX-License-Identifier: MIT */
/*
 * THE CONTRACT between operators and micro-kernels. Kernels may also come from a module that was built apart (modules/):
 * a change that leaves the table's size as it is needs another LW_KERNELS_ABI, in lanewise.h.
 *
 * An operator (kernels/<op>.c) validates, packs, tiles and loops; the arithmetic on tensors' elements happens in
 * micro-kernels, which it reaches through the table below (what has no slot is plain C: docs/design.md says what).
 * Each tier fills the table: scalar first, which is the specification, then simd128, then relaxed, each overriding
 * what it has something better for.
 *
 * Rules for every slot
 * - Strides and counts are in elements. Any count may be 0 unless a slot says otherwise.
 * - A kernel reads and writes the elements its comment names and not one byte more.
 * - out does not overlap any input, unless a slot allows it.
 * - The order of every sum is part of the contract: scalar and simd128 give the same bits (a NaN is a NaN, whatever
 *   its payload). relaxed may fuse multiply and add, nothing else.
 * - min(a, b) is `b < a ? b : a` and max(a, b) is `a < b ? b : a` (wasm's pmin and pmax): with the data first and
 *   the bound second, a NaN in the data survives.
 */
#ifndef LW_KERNELS_H
#define LW_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanewise/lanewise.h"

/* clamp(x) = min(max(x, lo), hi): x < lo ? lo : x, then hi < x ? hi : x. No clamp: -infinity and +infinity. */
struct lw_clamp {
    float lo, hi;
};

/* What follows a sum that started from bias[j]:
 *   finish(sum) = clamp(sum * scale[j] + shift[j] + residual[i][j]), from left to right.
 * Any of the pointers may be NULL (scale and shift both or neither): that step is then left out. The multiply-add may be
 * fused in relaxed. */
struct lw_finish {
    const float *bias, *scale, *shift, *residual;
    struct lw_clamp clamp;
};

/*
 * Matrix product with gathered rows: pointwise and general convolution, transposed convolution, matmul.
 *
 *   out[i][j] = finish(bias[j] + sum over t, c ascending of rows_t(i)[c] * B[t * channels + c][j])
 *
 * for i < m, j < n, t < taps, c < channels. The accumulator starts at bias[j] (+0 when bias is NULL), and one
 * accumulator takes all terms of an output in order. With n < LW_GEMM_NARROW columns a vector of them would be mostly
 * empty; then the terms are taken four at a time:
 *
 *   out[i][j] = finish(((p0 + p1) + (p2 + p3)) + bias[j]), pl = sum over t, c ascending, c % 4 = l, of the same, from +0
 *
 * rows:  [ceil(m / mr)][taps][mr] pointers. rows_t(i) is rows[((i / mr) * taps + t) * mr + i % mr], each to
 *        `channels` floats. The pointers of the last block beyond m are not read. Padding is a pointer to zeros.
 * panels: B packed as [ceil(n / nr)][taps * channels][nr]; columns beyond n hold zeros. n < LW_GEMM_NARROW: B's columns,
 *         [n][taps * channels].
 * finish: see above; the residual's element [i][j] lies where out's does.
 * out:   [m] rows of n floats, out_stride apart.
 * m, n >= 1; taps * channels may be 0: the sum is then empty.
 *
 * mr and nr are the kernel's tile and travel with it: the operator lays rows and panels out accordingly, and the
 * result does not depend on them. mr <= LW_GEMM_MAX_MR, nr <= LW_GEMM_MAX_NR.
 */
typedef void lw_gemm_f32_fn(size_t m, size_t n, size_t taps, size_t channels, const float *const *rows,
                            const float *panels, const struct lw_finish *finish, float *out, size_t out_stride);
#define LW_GEMM_MAX_MR 8
#define LW_GEMM_MAX_NR 16
#define LW_GEMM_NARROW 4
struct lw_gemm_f32 {
    size_t mr, nr;
    lw_gemm_f32_fn *run;
};

/*
 * Output columns of one row of a depthwise convolution.
 *
 *   out[x * out_step + c] = clamp(bias[c] + sum over ky, kx ascending of
 *                                 rows[ky][begin + x * column_step + kx * tap_step + c] * weights(ky, kx, c))
 *
 * for x < columns, c < channels, ky < kernel_height, kx < kernel_width: a part of a filter of filter_height x
 * filter_width taps, since those that fall outside of the image are left out.
 * rows: kernel_height pointers. column_step is stride and tap_step dilation times the distance between two pixels,
 * which is channels or more.
 * weights: [ceil(channels / 4)][filter_height][filter_width][4], from the first tap of the part on. Block b holds
 * channels 4b to 4b + 3, and the last block the last four channels; with fewer than four channels zeros follow them.
 * bias: [channels] or NULL for +0. out_step is channels or more.
 * readable: so many elements from the pointers of the last row and of the one before it on may be read, though they are
 * not used: what follows the row will be needed next, and a kernel may have it fetched. 0: nothing but what is used.
 * dwconv3x3 takes filters of 3x3 and kernel_width 3 only, dwconv5x5 5x5 and 5; dwconv any.
 */
struct lw_dwconv_f32 {
    size_t columns, channels, kernel_height, kernel_width, filter_height, filter_width;
    size_t begin, column_step, tap_step, out_step, readable;
    struct lw_clamp clamp;
};
typedef void lw_dwconv_f32_fn(const struct lw_dwconv_f32 *d, const float *const *rows, const float *weights,
                              const float *bias, float *out);

/*
 * What one row of an output's gradient adds to the gradient of a depthwise filter:
 *
 *   out[(ky * kernel_width + kx) * channels + c] += sum over x ascending, from +0, of
 *       rows[ky][x * column_step + kx * tap_step + c] * gradient[x * channels + c]
 *
 * for ky < kernel_height, kx < kernel_width, c < channels, x < columns. Steps as in struct lw_dwconv_f32.
 */
struct lw_dwconv_gradient_f32 {
    size_t columns, channels, kernel_height, kernel_width, column_step, tap_step;
};
typedef void lw_dwconv_gradient_f32_fn(const struct lw_dwconv_gradient_f32 *d, const float *const *rows,
                                       const float *gradient, float *out);

/*
 * Windows of one output row of a pooling, all of the same size and inside of the image. With
 * t(ky, kx) = rows[ky][x * column_step + kx * tap_step + c] and out[x][c] for out[x * out_step + c]:
 *   maxpool: out[x][c] = max over kx, and over ky for each kx, ascending, from -infinity: acc < t ? t : acc (a NaN is
 *            skipped)
 *   avgpool: out[x][c] = (sum over kx ascending of (sum over ky ascending of t)) /
 *            (float)(kernel_height * kernel_width), each sum from -0, which is the same as from its first term
 * for x < columns, c < channels. Columns come first, so that windows side by side can share them.
 * rows: kernel_height pointers, read (columns - 1) * column_step + (kernel_width - 1) * tap_step + channels floats far.
 * kernel_height or kernel_width may be 0: -infinity, or NaN. out_step is channels or more.
 */
typedef void lw_pool_f32_fn(size_t columns, size_t channels, size_t kernel_height, size_t kernel_width,
                            size_t column_step, size_t tap_step, const float *const *rows, float *out, size_t out_step);

/*
 * Where the maxima of such windows are: out[x][c] = the t < taps whose pixels[t][x * column_step + c] is the largest, the
 * first of equals, or -1 when nothing is above -infinity: with best = -infinity and t ascending, v > best makes t the
 * result and v the best. With `last`, v >= best does. A NaN never is.
 * pixels: taps pointers, read (columns - 1) * column_step + channels floats far; taps may be 0. out: [columns][channels].
 */
typedef void lw_argpool_f32_fn(size_t columns, size_t channels, size_t taps, size_t column_step, bool last,
                               const float *const *pixels, int32_t *out);

/* out[i] = f(x[i]) for i < n; out may be x. alpha is the slope of leaky relu, what step gives up to 0, and ignored by
 * the others. The slots of this type, with their formulas, are in enum lw_unary below. */
typedef void lw_unary_f32_fn(size_t n, float alpha, const float *x, float *out);

enum lw_unary {
    LW_K_LEAKY_RELU, /* x < 0 ? alpha * x : x */
    LW_K_ELU,        /* x < 0 ? expm1(x) : x */
    LW_K_SIGMOID,    /* 1 / (1 + exp(-x)) */
    LW_K_TANH,
    LW_K_HARD_SWISH, /* x * (min(max(x + 3, 0), 6) * (1/6 rounded to float)) */
    LW_K_EXP,
    LW_K_SQRT,
    LW_K_ABS,
    LW_K_NEG,
    LW_K_FLOOR,
    LW_K_SQUARE,
    LW_K_CEIL,
    LW_K_ROUND,      /* to the nearest integer, half-way cases to the even one */
    LW_K_RSQRT,      /* 1 / sqrt(x), each rounded */
    LW_K_RECIPROCAL, /* 1 / x */
    LW_K_SIGN,       /* x < 0 ? -1 : x > 0 ? 1 : +0 */
    LW_K_STEP,       /* x > 0 ? 1 : alpha, NaN for NaN */
    LW_K_EXPM1,      /* exp(x) - 1 */
    LW_K_LOG,
    LW_K_LOG1P,    /* log(1 + x) */
    LW_K_SOFTPLUS, /* log(1 + exp(x)) */
    LW_K_SELU,     /* 1.0507009873554805 x where x >= 0, else 1.7580993408473768 expm1(x) */
    LW_K_ERF,
    LW_K_GELU,      /* x (1 + erf(x / sqrt(2))) / 2 */
    LW_K_GELU_TANH, /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
    LW_K_SIN,
    LW_K_COS,
    LW_K_TAN,
    LW_K_ASIN,
    LW_K_ACOS,
    LW_K_ATAN,
    LW_K_SINH,
    LW_K_COSH,
    LW_K_ASINH,
    LW_K_ACOSH,
    LW_K_ATANH,
    LW_K_UNARY_COUNT
};
/* Those that are no one operation are polynomials and fractions of our own (kernels_scalar/unary_scalar.c,
 * log_scalar.c, erf_scalar.c; in double precision circular_scalar.c, atan2_scalar.c, hyperbolic_scalar.c), evaluated
 * with the same operations in the same order in every tier; lanewise.h has their error bounds. */

/* out[i] = clamp(x[i]); out may be x. relu is {0, inf}, relu6 {0, 6}. */
typedef void lw_clamp_f32_fn(size_t n, struct lw_clamp clamp, const float *x, float *out);

/* out[i] = op(a[i * a_step], b[i * b_step]) for i < n, where each step is 0 or 1 (both 0 is not used: n is then 1).
 * out may be a or b where that step is 1. */
typedef void lw_binary_f32_fn(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out);
typedef void lw_binary_i32_fn(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step, int32_t *out);

/* Indexed by the public enum lw_binary_op, formulas there. min and max give NaN when either operand is NaN; else
 * min(a, b) and max(a, b) as above. POW and ATAN2 are evaluated in double precision, with the same operations in every tier
 * (kernels_scalar/pow_scalar.c, atan2_scalar.c). i32 wraps around. NULL are: PRELU and ATAN2 in
 * binary_i32, BITWISE_* in binary_f32. */
#define LW_K_BINARY_COUNT 15

/*
 * Comparisons and logic, with bools of one byte as the result, 0 or 1:
 *   out[i] = op(a[i * a_step], b[i * b_step]) for i < n, steps as above
 * Comparisons of float32 with a NaN are false, but for NOT_EQUAL; bytes of bools are compared as numbers. AND and OR
 * take any byte but 0 for true.
 */
typedef void lw_compare_f32_fn(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out);
typedef void lw_compare_i32_fn(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step,
                               uint8_t *out);
typedef void lw_compare_bool_fn(size_t n, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step,
                                uint8_t *out);
enum lw_compare {
    LW_K_EQUAL,
    LW_K_NOT_EQUAL,
    LW_K_LESS,
    LW_K_LESS_EQUAL,
    LW_K_COMPARE_COUNT,
    LW_K_AND = LW_K_COMPARE_COUNT, /* bool only, as is OR */
    LW_K_OR,
    LW_K_COMPARE_BOOL_COUNT
};

/* out[i] = condition[i] ? a[i] : b[i] for i < n; a condition is any byte but 0. out may be a or b. */
typedef void lw_select_8_fn(size_t n, const uint8_t *condition, const uint8_t *a, const uint8_t *b, uint8_t *out);
typedef void lw_select_32_fn(size_t n, const uint8_t *condition, const uint32_t *a, const uint32_t *b, uint32_t *out);

/* Casts, out[i] = (type)x[i] for i < n:
 *   f32_to_i32: truncates towards 0, modulo 2^32; 0 for NaN and the infinities. out may be x.
 *   i32_to_f32: rounds to the nearest, ties to even. out may be x.
 *   bool_to_*:  1 for any byte but 0 */
typedef void lw_f32_to_i32_fn(size_t n, const float *x, int32_t *out);
typedef void lw_i32_to_f32_fn(size_t n, const int32_t *x, float *out);
typedef void lw_bool_to_f32_fn(size_t n, const uint8_t *x, float *out);
typedef void lw_bool_to_i32_fn(size_t n, const uint8_t *x, int32_t *out);

/* out[r][c] = e[r][c] * (1 / sum of e[r]), e[r][c] = exp(x[r][c] - max of x[r]). out may be x. The max is taken in
 * ascending order from -infinity with max(acc, x); the sum is sum_f32's. An e under 2^-126 may be 0. columns >= 1. */
typedef void lw_softmax_f32_fn(size_t rows, size_t columns, const float *x, float *out);

/* Sum of n floats: 16 partial sums p[l] = sum over i ascending of x[16 i + l], each from +0; then
 * q[l] = (p[l] + p[l + 4]) + (p[l + 8] + p[l + 12]) for l < 4, and the result (q[0] + q[1]) + (q[2] + q[3]). */
typedef float lw_sum_f32_fn(size_t n, const float *x);

/* out[c] = sum over r ascending of x[r * row_stride + c], from +0, for c < columns. */
typedef void lw_sum_rows_f32_fn(size_t rows, size_t columns, const float *x, size_t row_stride, float *out);

/*
 * One value of n elements, by an operation of enum lw_fold: 16 partial results p[l] = the operation over i ascending of
 * x[16 i + l], each from the operation's neutral element; then, with op the operation,
 * q[l] = op(op(p[l], p[l + 4]), op(p[l + 8], p[l + 12])) for l < 4, and the result op(op(q[0], q[1]), op(q[2], q[3])).
 * max and min give NaN when any element is NaN, else as binary_f32; int32 wraps around. x may be NULL when n is 0.
 */
typedef float lw_fold_f32_fn(size_t n, const float *x);
typedef int32_t lw_fold_i32_fn(size_t n, const int32_t *x);
enum lw_fold {
    LW_K_FOLD_SUM, /* int32 only: float32 has sum_f32 */
    LW_K_FOLD_MAX, /* from -infinity or INT32_MIN */
    LW_K_FOLD_MIN, /* from +infinity or INT32_MAX */
    LW_K_FOLD_PRODUCT,
    LW_K_FOLD_COUNT
};

/* The first i < n with x[i] == value, or n. */
typedef size_t lw_find_f32_fn(size_t n, const float *x, float value);
typedef size_t lw_find_i32_fn(size_t n, const int32_t *x, int32_t value);
/* find_above, of the same types: the first i < n with x[i] > value, or n. */

/* Where the largest element of each column is (argmax_rows), or the smallest (argmin_rows): out[c] = the r found by
 * starting at 0 and going on to each r < rows whose x[r * row_stride + c] is larger (smaller) than the one found before,
 * for c < columns. So a NaN at 0 stays, and any other is skipped. rows >= 1. */
typedef void lw_arg_rows_f32_fn(size_t rows, size_t columns, const float *x, size_t row_stride, int32_t *out);
typedef void lw_arg_rows_i32_fn(size_t rows, size_t columns, const int32_t *x, size_t row_stride, int32_t *out);

/* out[r][c] = clamp(x[r][c] * scale[c] + shift[c] + residual[r][c]), from left to right; x, residual and out are
 * [rows][channels]. Without a scale and shift (both NULL), or a residual, that step is left out; one of the two there is.
 * out may be x. The multiply-add may be fused in relaxed. */
typedef void lw_epilogue_f32_fn(size_t rows, size_t channels, const float *x, const float *scale, const float *shift,
                                const float *residual, struct lw_clamp clamp, float *out);

/* Layer normalisation of each row, d[c] = x[r][c] - sum_f32(x[r]) / columns:
 *   out[r][c] = (d[c] * (1 / sqrt(v + epsilon))) * scale[c] + shift[c], v = sum over c of d[c] * d[c] / columns,
 * where the sum's order is sum_f32's. scale NULL: 1, shift NULL: +0. columns >= 1. out may be x. Both multiply-adds may be
 * fused in relaxed. */
typedef void lw_layer_norm_f32_fn(size_t rows, size_t columns, float epsilon, const float *x, const float *scale,
                                  const float *shift, float *out);

/* Linear interpolation, lerp(a, b, f) = a + (b - a) * f, for a bilinear resize. The multiply-add may be fused in relaxed.
 *   lerp_columns: out[x][c] = lerp(row[x0[x] + c], row[x1[x] + c], fx[x]), x < columns, c < channels; x0 and x1 are offsets
 *                 in elements
 *   lerp_rows:    out[i] = lerp(top[i], bottom[i], fy), i < n; top may be bottom */
typedef void lw_lerp_columns_f32_fn(size_t columns, size_t channels, const float *row, const uint32_t *x0,
                                    const uint32_t *x1, const float *fx, float *out);
typedef void lw_lerp_rows_f32_fn(size_t n, const float *top, const float *bottom, float fy, float *out);

/* out[j * out_step + i] = in[i * in_step + j] for i < rows, j < columns: a transpose of 4-byte elements of any type. Steps
 * may be negative. */
typedef void lw_transpose_u32_fn(size_t rows, size_t columns, const uint32_t *in, ptrdiff_t in_step, uint32_t *out,
                                 ptrdiff_t out_step);
/* The same of bytes. */
typedef void lw_transpose_u8_fn(size_t rows, size_t columns, const uint8_t *in, ptrdiff_t in_step, uint8_t *out,
                                ptrdiff_t out_step);
/* out[i] = in[i * step] for i < n, of 4-byte elements; step may be 0 or negative. */
typedef void lw_stride_u32_fn(size_t n, const uint32_t *in, ptrdiff_t step, uint32_t *out);
/* out[i * channels + c] = rgba[4 * i + c] for i < n, c < channels, 1 to 4: bytes to integers. rgba may be the last 4 n
 * bytes of out. */
typedef void lw_pixels_i32_fn(size_t n, size_t channels, const uint8_t *rgba, int32_t *out);

/*
 * The one-dimensional transforms of Winograd's convolution, F(tile, 3); kernels/winograd.c has the method and the
 * matrices, kernels_scalar/winograd_scalar.c the order of operations. With e the elements t * step + c, t < tiles and
 * c < channels:
 *   input:  out[j][e] = sum over k < tile + 2 of BT[j][k] * in[k][e]                              j < tile + 2
 *   output: out[i][e] = clamp(sum over j < tile + 2 of AT[i][j] * in[j][e] + bias[c])             i < tile
 * in has in_step as its step, out out_step. bias: [channels], or NULL: then the sum is neither added to nor clamped.
 * out[i] of output may be in[i], with the same step. The multiply-adds may be fused in relaxed.
 */
typedef void lw_winograd_input_f32_fn(size_t tiles, size_t channels, const float *const *in, size_t in_step,
                                      float *const *out, size_t out_step);
typedef void lw_winograd_output_f32_fn(size_t tiles, size_t channels, const float *const *in, size_t in_step,
                                       const float *bias, struct lw_clamp clamp, float *const *out, size_t out_step);
struct lw_winograd_f32 {
    lw_winograd_input_f32_fn *input;
    lw_winograd_output_f32_fn *output;
};

struct lw_kernels {
    struct lw_gemm_f32 gemm_f32;
    struct lw_winograd_f32 winograd2_f32, winograd4_f32;
    lw_dwconv_f32_fn *dwconv3x3_f32, *dwconv5x5_f32, *dwconv_f32;
    lw_dwconv_gradient_f32_fn *dwconv_gradient_f32;
    lw_pool_f32_fn *maxpool_f32, *avgpool_f32;
    lw_argpool_f32_fn *argpool_f32;
    lw_clamp_f32_fn *clamp_f32;
    lw_unary_f32_fn *unary_f32[LW_K_UNARY_COUNT];
    lw_binary_f32_fn *binary_f32[LW_K_BINARY_COUNT];
    lw_binary_i32_fn *binary_i32[LW_K_BINARY_COUNT];
    lw_compare_f32_fn *compare_f32[LW_K_COMPARE_COUNT];
    lw_compare_i32_fn *compare_i32[LW_K_COMPARE_COUNT];
    lw_compare_bool_fn *compare_bool[LW_K_COMPARE_BOOL_COUNT];
    lw_select_8_fn *select_8;
    lw_select_32_fn *select_32;
    lw_f32_to_i32_fn *f32_to_i32;
    lw_i32_to_f32_fn *i32_to_f32;
    lw_bool_to_f32_fn *bool_to_f32;
    lw_bool_to_i32_fn *bool_to_i32;
    lw_softmax_f32_fn *softmax_f32;
    lw_sum_f32_fn *sum_f32;
    lw_sum_rows_f32_fn *sum_rows_f32;
    lw_fold_f32_fn *fold_f32[LW_K_FOLD_COUNT]; /* [LW_K_FOLD_SUM] is NULL */
    lw_fold_i32_fn *fold_i32[LW_K_FOLD_COUNT];
    lw_find_f32_fn *find_f32;
    lw_find_i32_fn *find_i32;
    lw_find_f32_fn *find_above_f32;
    lw_find_i32_fn *find_above_i32;
    lw_arg_rows_f32_fn *argmax_rows_f32, *argmin_rows_f32;
    lw_arg_rows_i32_fn *argmax_rows_i32, *argmin_rows_i32;
    lw_epilogue_f32_fn *epilogue_f32;
    lw_layer_norm_f32_fn *layer_norm_f32;
    lw_lerp_columns_f32_fn *lerp_columns_f32;
    lw_lerp_rows_f32_fn *lerp_rows_f32;
    lw_transpose_u32_fn *transpose_u32;
    lw_transpose_u8_fn *transpose_u8;
    lw_stride_u32_fn *stride_u32;
    lw_pixels_i32_fn *pixels_i32;
};

/* The tiers that are compiled in, in order. Each fills the whole table; that of a context is filled by all up to its own,
 * so that a slot which a new tier doesn't have yet is the one before's. */
struct lw_tier {
    const char *name;
};
enum { LW_MAX_TIERS = 3 };
extern const struct lw_tier lw_tiers[];
extern const size_t lw_tiers_count;

struct lw_context {
    struct lw_kernels kernels;
    const char *tier;
    lw_parallel_for_fn *parallel_for; /* called only if threads > 1 */
    void *pool;
    size_t threads;     /* at least 1 */
    size_t alone, part; /* nanoseconds: what is faster stays on the calling thread, and how long a task is to take */
};

#endif
