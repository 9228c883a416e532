/* SPDX-License-Identifier: MIT */
/*
 * The error function and what is made of it: ERF and GELU of unary_f32. out[i] = f(x[i]) for i < n; out may be x.
 *
 * The operations of kernels_scalar/erf_scalar.c, which explains them, in the same order.
 */
#include "kernels/erf.h"
#include "kernels/exp.h"
#include "kernels_simd128/install.h"
#include "kernels_simd128/loop_simd128.h"

enum {
    S0,
    S1,
    S2,
    S3,
    S4,
    S5,
    G0,
    G1,
    G2,
    G3,
    G4,
    G5,
    G6,
    E0,
    E1,
    E2,
    E3,
    E4,
    E5,
    P0,
    P1,
    P2,
    P3,
    P4,
    P5,
    Q0,
    Q1,
    Q2,
    Q3,
    Q4,
    Q5,
    ROUND_127,
    ONE,
    SIGN,
    LIMIT,
    MOST,
    ROOT_HALF,
    LEAST,
    CONSTANTS
};
static const float constants[CONSTANTS][4] = {
    [S0] = LW_FOUR(LW_ERF_S0),
    [S1] = LW_FOUR(LW_ERF_S1),
    [S2] = LW_FOUR(LW_ERF_S2),
    [S3] = LW_FOUR(LW_ERF_S3),
    [S4] = LW_FOUR(LW_ERF_S4),
    [S5] = LW_FOUR(LW_ERF_S5),
    [G0] = LW_FOUR(LW_ERF_G0),
    [G1] = LW_FOUR(LW_ERF_G1),
    [G2] = LW_FOUR(LW_ERF_G2),
    [G3] = LW_FOUR(LW_ERF_G3),
    [G4] = LW_FOUR(LW_ERF_G4),
    [G5] = LW_FOUR(LW_ERF_G5),
    [G6] = LW_FOUR(LW_ERF_G6),
    [E0] = LW_FOUR(LW_EXP2_E0),
    [E1] = LW_FOUR(LW_EXP2_E1),
    [E2] = LW_FOUR(LW_EXP2_E2),
    [E3] = LW_FOUR(LW_EXP2_E3),
    [E4] = LW_FOUR(LW_EXP2_E4),
    [E5] = LW_FOUR(LW_EXP2_E5),
    [P0] = LW_FOUR(LW_GELU_P0),
    [P1] = LW_FOUR(LW_GELU_P1),
    [P2] = LW_FOUR(LW_GELU_P2),
    [P3] = LW_FOUR(LW_GELU_P3),
    [P4] = LW_FOUR(LW_GELU_P4),
    [P5] = LW_FOUR(LW_GELU_P5),
    [Q0] = LW_FOUR(LW_GELU_Q0),
    [Q1] = LW_FOUR(LW_GELU_Q1),
    [Q2] = LW_FOUR(LW_GELU_Q2),
    [Q3] = LW_FOUR(LW_GELU_Q3),
    [Q4] = LW_FOUR(LW_GELU_Q4),
    [Q5] = LW_FOUR(LW_GELU_Q5),
    [ROUND_127] = LW_FOUR(LW_ROUND + 127.0f),
    [ONE] = LW_FOUR(1.0f),
    [SIGN] = LW_FOUR(-0.0f),
    [LIMIT] = LW_FOUR(LW_ERF_LIMIT),
    [MOST] = LW_FOUR(LW_ERF_MOST),
    [ROOT_HALF] = LW_FOUR(LW_ROOT_HALF),
    [LEAST] = LW_FOUR(LW_GELU_LEAST),
};

static inline __attribute__((always_inline)) void erf_op(lw_table table, v128_t *x) {
    v128_t a[LW_VECTORS], g[LW_VECTORS], e[LW_VECTORS], t[LW_VECTORS];
    const v128_t sign = lw_constant(table, SIGN), most = lw_constant(table, MOST);
    LW_EACH(v) a[v] = lw_kept(lw_min(wasm_v128_andnot(x[v], sign), most));
    lw_polynomial(table, G0, 7, a, g);
    const v128_t shift = lw_constant(table, ROUND_127);
    LW_EACH(v) t[v] = lw_kept(wasm_f32x4_add(g[v], shift));
    LW_EACH(v) g[v] = lw_kept(wasm_f32x4_sub(g[v], wasm_f32x4_sub(t[v], shift)));
    lw_polynomial(table, E0, 6, g, e);
    const v128_t one = lw_constant(table, ONE);
    LW_EACH(v) e[v] = lw_kept(lw_nmadd(e[v], wasm_i32x4_shl(t[v], 23), one));

    LW_EACH(v) t[v] = lw_kept(wasm_f32x4_mul(a[v], a[v]));
    lw_polynomial(table, S0, 6, t, g);
    const v128_t limit = lw_constant(table, LIMIT);
    LW_EACH(v) {
        const v128_t size = lw_select(lw_madd(g[v], a[v], a[v]), e[v], wasm_f32x4_lt(a[v], limit));
        x[v] = lw_kept(wasm_v128_or(size, wasm_v128_and(x[v], sign)));
    }
}
static void erf_(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    lw_loop(n, x, out, constants, erf_op, NULL, NULL);
}

static inline __attribute__((always_inline)) void gelu_op(lw_table table, v128_t *x) {
    v128_t y[LW_VECTORS], square[LW_VECTORS], p[LW_VECTORS], q[LW_VECTORS];
    const v128_t least = lw_constant(table, LEAST), root_half = lw_constant(table, ROOT_HALF);
    const v128_t most = lw_constant(table, MOST);
    LW_EACH(v) x[v] = lw_kept(lw_max(x[v], least));
    LW_EACH(v) y[v] = lw_kept(lw_min(wasm_f32x4_mul(x[v], root_half), most));
    LW_EACH(v) square[v] = lw_kept(wasm_f32x4_mul(y[v], y[v]));
    lw_polynomial(table, P0, 6, square, p);
    lw_polynomial(table, Q0, 6, square, q);
    const v128_t zero = wasm_f32x4_splat(0.0f);
    LW_EACH(v) {
        const v128_t twice = wasm_f32x4_add(q[v], q[v]), sum = lw_madd(y[v], p[v], q[v]);
        x[v] = lw_kept(wasm_f32x4_mul(x[v], wasm_f32x4_div(lw_min(lw_max(sum, zero), twice), twice)));
    }
}
static void gelu(size_t n, float alpha, const float *x, float *out) {
    (void)alpha;
    lw_loop(n, x, out, constants, gelu_op, NULL, NULL);
}

void lw_simd128_erf_install(struct lw_kernels *kernels) {
    kernels->unary_f32[LW_K_ERF] = erf_;
    kernels->unary_f32[LW_K_GELU] = gelu;
}
