// SPDX-License-Identifier: MIT
// The C API for C++20: memory has owners, and a status that isn't LW_OK is thrown. Take it into your program and add
// the operators that you need.
#ifndef LANEWISE_HPP
#define LANEWISE_HPP

#include <lanewise/lanewise.h>

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lanewise {

struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void check(lw_status status) {
    if (status != LW_OK) throw error(lw_status_string(status));
}

inline void check(lw_status status, const lw_problem &problem) {
    if (status == LW_OK) return;
    throw error(std::string(lw_status_string(status)) + ": " + problem.field + " must be " + problem.expected);
}

inline void check_size(std::size_t size, std::size_t wanted) {
    if (size != wanted) throw error("a tensor has another size than its operator says");
}

// The kernels of one tier: the named one, or the best that is linked. Threads may share it.
class context {
  public:
    explicit context(const char *tier = nullptr) : memory(new std::byte[lw_context_bytes()]) {
        const lw_context_options options{.struct_bytes = sizeof options, .tier = tier};
        check(lw_context_create(memory.get(), lw_context_bytes(), &options, &created));
    }
    std::string_view tier() const {
        return lw_context_tier(created);
    }
    operator const lw_context *() const {
        return created;
    }

  private:
    std::unique_ptr<std::byte[]> memory;
    lw_context *created = nullptr;
};

// Of an operator with weights: its functions, and how many numbers it reads.
template <class Descriptor> struct about;

template <> struct about<lw_conv2d> {
    static constexpr auto validate = lw_conv2d_validate;
    static constexpr auto sizes = lw_conv2d_sizes;
    static constexpr auto pack = lw_conv2d_pack;
    static constexpr auto run = lw_conv2d_run;
    static std::size_t inputs(const lw_conv2d &op) {
        return std::size_t{op.batch} * op.input_height * op.input_width * op.input_channels;
    }
    static std::size_t weights(const lw_conv2d &op) {
        return std::size_t{op.window.kernel_height} * op.window.kernel_width * (op.input_channels / op.groups) *
               op.output_channels;
    }
    static std::size_t channels(const lw_conv2d &op) {
        return op.output_channels;
    }
};

template <> struct about<lw_depthwise_conv2d> {
    static constexpr auto validate = lw_depthwise_conv2d_validate;
    static constexpr auto sizes = lw_depthwise_conv2d_sizes;
    static constexpr auto pack = lw_depthwise_conv2d_pack;
    static constexpr auto run = lw_depthwise_conv2d_run;
    static std::size_t inputs(const lw_depthwise_conv2d &op) {
        return std::size_t{op.batch} * op.input_height * op.input_width * op.channels;
    }
    static std::size_t weights(const lw_depthwise_conv2d &op) {
        return std::size_t{op.window.kernel_height} * op.window.kernel_width * channels(op);
    }
    static std::size_t channels(const lw_depthwise_conv2d &op) {
        return std::size_t{op.channels} * op.depth_multiplier;
    }
};

// An operator with its weights, packed, and the memory that it works in: one thread at a time. The context must outlive
// it.
template <class Descriptor> class layer {
  public:
    layer(const context &context, const Descriptor &descriptor, std::span<const float> weights,
          std::vector<float> bias_of_outputs = {})
        : kernels(context), op(descriptor), bias(std::move(bias_of_outputs)) {
        op.struct_bytes = sizeof op;
        lw_problem problem;
        const lw_status status = about<Descriptor>::validate(kernels, &op, &problem);
        check(status, problem);
        check(about<Descriptor>::sizes(kernels, &op, &sizes));
        check_size(weights.size(), about<Descriptor>::weights(op));
        if (!bias.empty()) check_size(bias.size(), about<Descriptor>::channels(op));
        packed.reset(new std::byte[sizes.packed_bytes]);
        scratch.reset(new std::byte[sizes.scratch_bytes]);
        check(about<Descriptor>::pack(kernels, &op, weights.data(), packed.get()));
    }

    std::vector<float> operator()(std::span<const float> input) {
        check_size(input.size(), about<Descriptor>::inputs(op));
        std::vector<float> output(sizes.output_elements);
        const lw_epilogue epilogue{.struct_bytes = sizeof epilogue, .bias = bias.empty() ? nullptr : bias.data()};
        check(
            about<Descriptor>::run(kernels, &op, input.data(), packed.get(), &epilogue, scratch.get(), output.data()));
        return output;
    }

    lw_sizes sizes{};

  private:
    const lw_context *kernels;
    Descriptor op;
    std::vector<float> bias;
    std::unique_ptr<std::byte[]> packed, scratch;
};

} // namespace lanewise

#endif
