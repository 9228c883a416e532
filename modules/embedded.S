/* SPDX-License-Identifier: MIT */
/* Two kernel modules as data. LW_SIMD128 and LW_RELAXED are their files' names, in quotes. */
    .section .rodata.lw_module_simd128,"",@
    .globl lw_module_simd128
lw_module_simd128:
    .incbin LW_SIMD128
.Lsimd128_end:
    .size lw_module_simd128, .Lsimd128_end - lw_module_simd128

    .section .rodata.lw_module_relaxed,"",@
    .globl lw_module_relaxed
lw_module_relaxed:
    .incbin LW_RELAXED
.Lrelaxed_end:
    .size lw_module_relaxed, .Lrelaxed_end - lw_module_relaxed

    .section .rodata.lw_module_bytes,"",@
    .globl lw_module_bytes
    .p2align 2
lw_module_bytes: /* how long each is */
    .int32 .Lsimd128_end - lw_module_simd128
    .int32 .Lrelaxed_end - lw_module_relaxed
    .size lw_module_bytes, 8
