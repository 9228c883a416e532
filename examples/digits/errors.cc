// SPDX-License-Identifier: MIT
// What lanewise.hpp throws: a test.
#include "lanewise.hpp"

#include <cstdio>

namespace {

int failed = 0;

template <class Action> void expect(std::string_view message, Action action) {
    try {
        action();
        std::printf("nothing was thrown, expected: %s\n", message.data());
    } catch (const lanewise::error &error) {
        if (std::string_view(error.what()).find(message) != std::string_view::npos) return;
        std::printf("thrown: %s\nexpected: %s\n", error.what(), message.data());
    }
    failed++;
}

} // namespace

int main() {
    const lanewise::context context;
    const lw_window window{.kernel_height = 1,
                           .kernel_width = 1,
                           .stride_height = 1,
                           .stride_width = 1,
                           .dilation_height = 1,
                           .dilation_width = 1};
    const lw_conv2d good{.batch = 1,
                         .input_height = 2,
                         .input_width = 2,
                         .input_channels = 1,
                         .output_channels = 3,
                         .groups = 1,
                         .window = window};
    const std::vector<float> weights(3), input(4);

    expect("tier", [] { lanewise::context unknown("avx512"); });
    expect("groups must be", [&] {
        lw_conv2d bad = good;
        bad.groups = 2;
        lanewise::layer layer(context, bad, weights);
    });
    expect("another size", [&] { lanewise::layer layer(context, good, std::vector<float>(2)); });
    expect("another size", [&] { lanewise::layer layer(context, good, weights, std::vector<float>(2)); });
    lanewise::layer layer(context, good, weights, {1, 2, 3});
    expect("another size", [&] { layer(weights); });
    const std::vector<float> output = layer(input);
    if (output != std::vector<float>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}) failed++;
    return failed;
}
