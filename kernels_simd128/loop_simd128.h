/* SPDX-License-Identifier: MIT */
/*
 * The loop of functions of many constants and steps, and what such functions are written with.
 *
 * Each works on LW_VECTORS vectors step by step, so that a constant is fetched once for all of them. The constants come
 * from memory: there are more than registers, and a v128.const inside of a loop costs V8 three instructions each time
 * (a function took three times as long with them).
 */
#ifndef LW_LOOP_SIMD128_H
#define LW_LOOP_SIMD128_H

#include <stdbool.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/simd.h"

enum { LW_VECTORS = 4, LW_BLOCK = 4 * LW_VECTORS };
#define LW_EACH(v) for (size_t v = 0; v < LW_VECTORS; v++)

/* Constants, each in all lanes of a vector. */
typedef const float (*lw_table)[4];
#define LW_FOUR(x)                                                                                                     \
    { x, x, x, x }

/* Keeps the compiler from knowing them. */
static inline lw_table lw_hidden(lw_table table) {
#ifdef __wasm__
    __asm__ volatile("" : "+r"(table));
#endif
    return table;
}
static inline __attribute__((always_inline)) v128_t lw_constant(lw_table table, size_t k) {
    return wasm_v128_load(table[k]);
}

/* The value as it is, computed here: lw_keep for expressions. */
static inline __attribute__((always_inline)) v128_t lw_kept(v128_t v) {
    lw_keep(&v);
    return v;
}

/* q = q r + k */
static inline __attribute__((always_inline)) void lw_horner(v128_t *q, const v128_t *r, v128_t k) {
    LW_EACH(v) q[v] = lw_kept(lw_madd(q[v], r[v], k));
}

/* q = c[count - 1] r^(count - 1) + ... + c[1] r + c[0], c in the table from `first` on */
static inline __attribute__((always_inline)) void lw_polynomial(lw_table table, size_t first, size_t count,
                                                                const v128_t *r, v128_t *q) {
    const v128_t highest = lw_constant(table, first + count - 1), next = lw_constant(table, first + count - 2);
    LW_EACH(v) q[v] = lw_kept(lw_madd(highest, r[v], next));
    for (size_t i = count - 2; i-- > 0;) lw_horner(q, r, lw_constant(table, first + i));
}

/* out[i] = f(x[i]) for i < n; out may be x. f works on a block of vectors in place. A block that has elements which f
 * can't do, as is_rare says, goes to `rare`, the scalar kernel; both may be NULL. What is left of x goes through a
 * buffer, filled up with ones. */
static inline __attribute__((always_inline)) void lw_loop(size_t n, const float *x, float *out, lw_table table,
                                                          void (*f)(lw_table table, v128_t *x),
                                                          bool (*is_rare)(lw_table table, const v128_t *x),
                                                          lw_unary_f32_fn *rare) {
    float rest[LW_BLOCK];
    const size_t left = n % LW_BLOCK;
    float *const end = out + (n - left);
    LW_EACH(i) wasm_v128_store(rest + 4 * i, wasm_f32x4_splat(1.0f));
    memcpy(rest, x + (n - left), left * sizeof *x);

    table = lw_hidden(table);
    size_t blocks = n / LW_BLOCK;
    for (bool more = left > 0;; more = false) {
        for (; blocks > 0; blocks--, x += LW_BLOCK, out += LW_BLOCK) {
            v128_t v[LW_VECTORS];
            LW_EACH(i) v[i] = wasm_v128_load(x + 4 * i);
            if (is_rare && is_rare(table, v)) {
                rare(LW_BLOCK, 0.0f, x, out);
                continue;
            }
            f(table, v);
            LW_EACH(i) wasm_v128_store(out + 4 * i, v[i]);
        }
        if (!more) break;
        x = out = rest;
        blocks = 1;
    }
    memcpy(end, rest, left * sizeof *end);
}

#endif
