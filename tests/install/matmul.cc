// SPDX-License-Identifier: MIT
// matmul.c in C++.
#include <lanewise/lanewise.h>

#include <cstddef>
#include <iostream>
#include <vector>

int main() {
    std::vector<std::max_align_t> memory(lw_context_bytes() / sizeof(std::max_align_t) + 1);
    lw_context *context;
    if (lw_context_create(memory.data(), lw_context_bytes(), nullptr, &context) != LW_OK) return 1;

    lw_matmul matmul{};
    matmul.struct_bytes = sizeof matmul;
    matmul.batch = 1;
    matmul.m = 2;
    matmul.k = 3;
    matmul.n = 4;
    const std::vector<float> a{1, 2, 3, 4, 5, 6}, b{1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1};
    lw_sizes sizes;
    if (lw_matmul_sizes(context, &matmul, &sizes) != LW_OK) return 1;
    std::vector<float> packed(sizes.packed_bytes / sizeof(float)), out(sizes.output_elements);
    std::vector<std::max_align_t> scratch(sizes.scratch_bytes / sizeof(std::max_align_t) + 1);
    if (lw_matmul_pack(context, &matmul, b.data(), packed.data()) != LW_OK) return 1;
    if (lw_matmul_run(context, &matmul, a.data(), packed.data(), nullptr, scratch.data(), out.data()) != LW_OK)
        return 1;

    std::cout << lw_context_tier(context) << ':';
    for (float x : out) std::cout << ' ' << x;
    std::cout << '\n';
    return 0;
}
