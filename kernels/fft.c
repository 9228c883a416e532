/* SPDX-License-Identifier: MIT */
/*
 * The discrete Fourier transform of rows of n complex numbers: y[k] = sum over j of x[j] w^(j k), w = exp(-2 pi i / n).
 *
 * In double precision throughout: the input is widened, the result rounded once.
 *
 * n is the product of radices 4, 2 and odd primes. A pass of radix p sees the data as x[p][m][s], where s is the product
 * of the radices before and p m s = n, and writes
 *
 *     y[q][t][k] = w^(s q t) (sum over r of x[r][q][k] w_p^(r t)),   q < m, t < p, k < s, w_p = exp(-2 pi i / p)
 *
 * from one buffer into another, so that the numbers come out in order (Stockham). A pass of a prime takes about n p
 * multiplications of a complex number by a real one. Where a prime is over LARGEST_PRIME, Bluestein's form takes over:
 * with c[j] = exp(-pi i j^2 / n), and since 2 j k = j^2 + k^2 - (k - j)^2,
 *
 *     y[k] = c[k] (sum over j of (x[j] c[j]) conj(c[k - j])),
 *
 * a convolution, done as a product of transforms whose length is a power of 2 and at least 2 n - 1.
 *
 * The inverse is the same with the real and imaginary parts of input and output changed over, and divided by n.
 */
#include "kernels/operator.h"
#include "kernels/parallel.h"

enum { LARGEST_PRIME = 31, MOST_RADICES = 32 };

struct complex {
    double re, im;
};

struct plan {
    size_t n;     /* numbers in a row */
    size_t inner; /* n, or Bluestein's power of 2 */
    size_t count, radices[MOST_RADICES];
    size_t share_bytes; /* of scratch, for each worker: two buffers */
};

/* Splits plan->inner into radices and returns what is left over: 1, or a product of large primes. */
static size_t split(struct plan *plan) {
    size_t rest = plan->inner;
    plan->count = 0;
    for (; rest % 4 == 0; rest /= 4) plan->radices[plan->count++] = 4;
    for (size_t p = 2; p <= LARGEST_PRIME; p += p == 2 ? 1 : 2)
        for (; rest % p == 0; rest /= p) plan->radices[plan->count++] = p;
    return rest;
}

static enum lw_status plan_of(const struct lw_context *context, const struct lw_fft *op, struct lw_problem *problem,
                              struct plan *plan, struct lw_sizes *sizes) {
    *plan = (struct plan){0};
    const enum lw_status status = lw_check(context, op, sizeof *op, problem);
    if (status != LW_OK) return status;
    if (op->inverse > 1) return lw_wrong(problem, LW_BAD_ENUM, "inverse", "0 or 1");
    if (op->length == 0) return lw_wrong(problem, LW_BAD_SHAPE, "length", "1 or more");
    plan->n = plan->inner = op->length;
    if (split(plan) > 1) {
        for (plan->inner = 4; plan->inner < 2 * plan->n - 1; plan->inner *= 2)
            if (plan->inner > SIZE_MAX / 8) return lw_too_large(problem, "length");
        split(plan);
    }
    /* The roots, and for Bluestein's form c and the transform of its conjugate; two buffers. */
    const size_t table = plan->inner == plan->n ? plan->n : 2 * plan->inner + plan->n;
    plan->share_bytes = 2 * sizeof(struct complex);
    size_t elements, output_bytes, scratch, packed = sizeof(struct complex);
    if (!lw_product((const size_t[]){op->batch, op->length}, 2, &elements) ||
        !lw_product((const size_t[]){elements, 2 * sizeof(float)}, 2, &output_bytes) || plan->inner > SIZE_MAX / 8 ||
        !lw_multiply(&plan->share_bytes, plan->inner) || !lw_share_scratch(context, &plan->share_bytes, &scratch) ||
        !lw_multiply(&packed, table))
        return lw_too_large(problem, "length");
    *sizes = (struct lw_sizes){1, op->length, elements, packed, scratch};
    return LW_OK;
}

/* exp(-2 pi i k / n), k < n: by Taylor's series within an eighth of the circle, which the others mirror. */
static struct complex root(uint64_t k, uint64_t n) {
    const double quarter_pi = 0x1.921fb54442d18p-1;
    const uint64_t eighth = 8 * k / n, rest = 8 * k % n;
    const double angle = quarter_pi * ((double)(eighth & 1 ? n - rest : rest) / (double)n), square = angle * angle;
    double s = 1, c = 1;
    for (double i = 20; i > 0; i -= 2) { /* 1 - x^2 / (2 3) (1 - x^2 / (4 5) (...)), and with 1 2, 3 4, ... */
        s = 1 - square / (i * (i + 1)) * s;
        c = 1 - square / ((i - 1) * i) * c;
    }
    s *= angle;
    const bool swapped = (eighth + 1) & 2; /* eighths 1, 2, 5 and 6: nearer to the imaginary axis */
    const double x = swapped ? s : c, y = swapped ? c : s;
    return (struct complex){eighth >= 2 && eighth < 6 ? -x : x, eighth >= 4 ? y : -y};
}

static inline struct complex times(struct complex a, struct complex b) {
    return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
static inline struct complex plus(struct complex a, struct complex b) {
    return (struct complex){a.re + b.re, a.im + b.im};
}
static inline struct complex minus(struct complex a, struct complex b) {
    return (struct complex){a.re - b.re, a.im - b.im};
}

static void pass2(size_t m, size_t s, const struct complex *w, const struct complex *x, struct complex *y) {
    const size_t half = m * s;
    for (size_t q = 0; q < m; q++, y += s) {
        const struct complex w1 = w[s * q];
        for (size_t k = 0; k < s; k++, x++, y++) {
            const struct complex a = x[0], b = x[half];
            y[0] = plus(a, b);
            y[s] = times(w1, minus(a, b));
        }
    }
}

static void pass4(size_t m, size_t s, const struct complex *w, const struct complex *x, struct complex *y) {
    const size_t quarter = m * s;
    for (size_t q = 0; q < m; q++, y += 3 * s) {
        const struct complex w1 = w[s * q], w2 = w[2 * s * q], w3 = w[3 * s * q];
        for (size_t k = 0; k < s; k++, x++, y++) {
            const struct complex a = x[0], b = x[quarter], c = x[2 * quarter], d = x[3 * quarter];
            const struct complex sum = plus(a, c), difference = minus(a, c), other = plus(b, d), turned = minus(b, d);
            const struct complex minus_i = {turned.im, -turned.re};
            y[0] = plus(sum, other);
            y[s] = times(w1, plus(difference, minus_i));
            y[2 * s] = times(w2, minus(sum, other));
            y[3 * s] = times(w3, minus(difference, minus_i));
        }
    }
}

/* The terms r and p - r of a sum share their cosine and, but for its sign, their sine; so do the sums t and p - t. */
static void pass_odd(size_t p, size_t m, size_t s, const struct complex *w, const struct complex *x,
                     struct complex *y) {
    const size_t part = m * s, half = (p - 1) / 2;
    struct complex sums[(LARGEST_PRIME - 1) / 2 + 1], differences[(LARGEST_PRIME - 1) / 2 + 1];
    for (size_t q = 0; q < m; q++, y += (p - 1) * s) {
        for (size_t k = 0; k < s; k++, x++, y++) {
            struct complex total = x[0];
            for (size_t r = 1; r <= half; r++) {
                sums[r] = plus(x[r * part], x[(p - r) * part]);
                differences[r] = minus(x[r * part], x[(p - r) * part]);
                total = plus(total, sums[r]);
            }
            y[0] = total;
            for (size_t t = 1; t <= half; t++) {
                struct complex even = x[0], odd = {0, 0};
                for (size_t r = 1, at = t; r <= half; r++, at += t) {
                    at = at >= p ? at - p : at;
                    const struct complex turn = w[at * part];
                    even.re += turn.re * sums[r].re;
                    even.im += turn.re * sums[r].im;
                    odd.re -= turn.im * differences[r].im; /* i times the difference */
                    odd.im += turn.im * differences[r].re;
                }
                y[t * s] = times(w[s * q * t], plus(even, odd));
                y[(p - t) * s] = times(w[s * q * (p - t)], minus(even, odd));
            }
        }
    }
}

/* The transform of x into x or y, whichever is returned. */
static struct complex *transform(const struct plan *plan, const struct complex *w, struct complex *x,
                                 struct complex *y) {
    size_t m = plan->inner, s = 1;
    for (size_t i = 0; i < plan->count; i++) {
        const size_t p = plan->radices[i];
        m /= p;
        if (p == 2)
            pass2(m, s, w, x, y);
        else if (p == 4)
            pass4(m, s, w, x, y);
        else
            pass_odd(p, m, s, w, x, y);
        s *= p;
        struct complex *const swap = x;
        x = y;
        y = swap;
    }
    return x;
}

enum lw_status lw_fft_validate(const struct lw_context *context, const struct lw_fft *op, struct lw_problem *problem) {
    struct plan plan;
    struct lw_sizes sizes;
    return plan_of(context, op, problem, &plan, &sizes);
}

enum lw_status lw_fft_sizes(const struct lw_context *context, const struct lw_fft *op, struct lw_sizes *sizes) {
    struct plan plan;
    struct lw_sizes of;
    const enum lw_status status = plan_of(context, op, NULL, &plan, &of);
    if (status != LW_OK) return status;
    if (!sizes) return LW_NULL_POINTER;
    *sizes = of;
    return LW_OK;
}

enum lw_status lw_fft_pack(const struct lw_context *context, const struct lw_fft *op, void *scratch, void *packed) {
    struct plan plan;
    struct lw_sizes sizes;
    const enum lw_status status = plan_of(context, op, NULL, &plan, &sizes);
    if (status != LW_OK) return status;
    if (!scratch || !packed) return LW_NULL_POINTER;

    const size_t n = plan.n, inner = plan.inner;
    struct complex *const w = packed;
    for (size_t k = 0; k < inner; k++) w[k] = root(k, inner);
    if (inner == n) return LW_OK;

    struct complex *const c = w + inner, *const spectrum = c + n, *const x = scratch, *const y = x + inner;
    memset(x, 0, inner * sizeof *x);
    uint64_t square = 0; /* k^2 modulo 2 n */
    for (size_t k = 0; k < n; k++) {
        c[k] = root(square, 2 * (uint64_t)n);
        x[k] = x[k ? inner - k : 0] = (struct complex){c[k].re, -c[k].im};
        square = (square + 2 * (uint64_t)k + 1) % (2 * (uint64_t)n);
    }
    memcpy(spectrum, transform(&plan, w, x, y), inner * sizeof *x);
    return LW_OK;
}

/* Rows of floats as double precision, with the parts changed over for the inverse. */
static inline struct complex load(const float *x, bool inverse) {
    return inverse ? (struct complex){x[1], x[0]} : (struct complex){x[0], x[1]};
}
static inline void store(struct complex y, bool inverse, double scale, float *out) {
    out[0] = (float)(scale * (inverse ? y.im : y.re));
    out[1] = (float)(scale * (inverse ? y.re : y.im));
}

struct run {
    const struct plan *plan;
    bool inverse;
    const struct complex *packed;
    const float *input;
    char *scratch;
    float *output;
};

static void run_rows(void *state, size_t begin, size_t end, size_t worker) {
    const struct run *run = state;
    const struct plan *plan = run->plan;
    const size_t n = plan->n, inner = plan->inner;
    const bool inverse = run->inverse;
    const double scale = inverse ? 1.0 / (double)n : 1.0;
    const struct complex *const w = run->packed;
    struct complex *const x = (struct complex *)(void *)(run->scratch + worker * plan->share_bytes), *const y =
                                                                                                         x + inner;
    const float *input = run->input + 2 * n * begin;
    float *output = run->output + 2 * n * begin;
    for (size_t row = begin; row < end; row++, input += 2 * n, output += 2 * n) {
        if (inner == n) {
            for (size_t j = 0; j < n; j++) x[j] = load(input + 2 * j, inverse);
            const struct complex *const result = transform(plan, w, x, y);
            for (size_t k = 0; k < n; k++) store(result[k], inverse, scale, output + 2 * k);
            continue;
        }
        const struct complex *const c = w + inner, *const spectrum = c + n;
        for (size_t j = 0; j < n; j++) x[j] = times(load(input + 2 * j, inverse), c[j]);
        memset(x + n, 0, (inner - n) * sizeof *x);
        struct complex *const product = transform(plan, w, x, y), *const other = product == x ? y : x;
        for (size_t k = 0; k < inner; k++) { /* the parts changed over, so that the same transform is the inverse one */
            const struct complex z = times(product[k], spectrum[k]);
            product[k] = (struct complex){z.im, z.re};
        }
        const struct complex *const sum = transform(plan, w, product, other);
        for (size_t k = 0; k < n; k++) {
            const struct complex z = times((struct complex){sum[k].im, sum[k].re}, c[k]);
            store(z, inverse, scale / (double)inner, output + 2 * k);
        }
    }
}

enum lw_status lw_fft_run(const struct lw_context *context, const struct lw_fft *op, const float *input,
                          const void *packed, void *scratch, float *output) {
    struct plan plan;
    struct lw_sizes sizes;
    const enum lw_status status = plan_of(context, op, NULL, &plan, &sizes);
    if (status != LW_OK) return status;
    if (sizes.output_elements == 0) return LW_OK;
    if (!input || !packed || !scratch || !output) return LW_NULL_POINTER;

    struct run run = {&plan, op->inverse, packed, input, scratch, output};
    /* Some nanosecond for a number in each pass. */
    const size_t passes = plan.inner == plan.n ? plan.count + 1 : 2 * plan.count + 3;
    return lw_parallel(context, op->batch, plan.inner * passes, run_rows, &run);
}
