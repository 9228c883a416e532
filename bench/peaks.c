/* SPDX-License-Identifier: MIT */
/*
 * What the machine allows, for scripts/bench to set the kernels' figures against: a module of a few loops that do
 * nothing but one thing. Each function returns something that depends on its work, so that none is left out.
 */
#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name)))

enum { CHAINS = 12, VECTORS = 8 };

static float sum(v128_t v) {
    return wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1) + wasm_f32x4_extract_lane(v, 2) +
           wasm_f32x4_extract_lane(v, 3);
}

/* `rounds` times CHAINS fused multiply-adds of 4 lanes in independent chains: 8 * CHAINS operations a round. */
EXPORT("madd") float peak_madd(uint32_t rounds, float a, float b) {
    const v128_t x = wasm_f32x4_splat(a), y = wasm_f32x4_splat(b);
    v128_t acc[CHAINS];
    for (size_t i = 0; i < CHAINS; i++) acc[i] = wasm_f32x4_splat((float)i);
    for (uint32_t r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < CHAINS; i++) acc[i] = wasm_f32x4_relaxed_madd(acc[i], x, y);
    }
    for (size_t i = 1; i < CHAINS; i++) acc[0] = wasm_f32x4_add(acc[0], acc[i]);
    return sum(acc[0]);
}

/* The same with a multiplication and an addition, each an instruction of its own. */
EXPORT("mul_add") float peak_mul_add(uint32_t rounds, float a, float b) {
    const v128_t x = wasm_f32x4_splat(a);
    v128_t y = wasm_f32x4_splat(b), acc[CHAINS];
    for (size_t i = 0; i < CHAINS; i++) acc[i] = wasm_f32x4_splat((float)i);
    for (uint32_t r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < CHAINS; i++) {
            /* The product is the same each time; the barrier keeps it from being computed once. */
            __asm__ volatile("" : "+r"(y));
            acc[i] = wasm_f32x4_add(acc[i], wasm_f32x4_mul(x, y));
        }
    }
    for (size_t i = 1; i < CHAINS; i++) acc[0] = wasm_f32x4_add(acc[0], acc[i]);
    return sum(acc[0]);
}

/* Reads `bytes` bytes, a multiple of 128, `rounds` times. */
EXPORT("read") float peak_read(const float *from, size_t bytes, uint32_t rounds) {
    v128_t acc[VECTORS];
    for (size_t i = 0; i < VECTORS; i++) acc[i] = wasm_f32x4_splat(0.0f);
    for (uint32_t r = 0; r < rounds; r++) {
        for (const float *p = from, *end = from + bytes / 4; p < end; p += 4 * VECTORS) {
#pragma clang loop unroll(full)
            for (size_t i = 0; i < VECTORS; i++) acc[i] = wasm_v128_or(acc[i], wasm_v128_load(p + 4 * i));
        }
    }
    for (size_t i = 1; i < VECTORS; i++) acc[0] = wasm_v128_or(acc[0], acc[i]);
    return sum(acc[0]);
}

/* Copies `bytes` bytes, a multiple of 128, `rounds` times. */
EXPORT("copy") float peak_copy(float *to, const float *from, size_t bytes, uint32_t rounds) {
    for (uint32_t r = 0; r < rounds; r++) {
        for (size_t at = 0; at < bytes / 4; at += 4 * VECTORS) {
            v128_t v[VECTORS];
#pragma clang loop unroll(full)
            for (size_t i = 0; i < VECTORS; i++) v[i] = wasm_v128_load(from + at + 4 * i);
#pragma clang loop unroll(full)
            for (size_t i = 0; i < VECTORS; i++) {
                __asm__ volatile("" : "+r"(v[i])); /* or it would become a call of memcpy */
                wasm_v128_store(to + at + 4 * i, v[i]);
            }
        }
    }
    return to[0];
}
