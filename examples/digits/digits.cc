// SPDX-License-Identifier: MIT
// Draws digits, pours noise over them and reads them again:  digits DIGITS [NOISE]
//
//   picture   [28][28 per digit][1]    ink is 1, paper 0
//   smooth    the same size            depthwise 3x3, a blur
//   match     [8][.. - 14][10]         convolution 21x15: how well each digit fits at each place
//   best      [1][digits][10]          max pooling: the best place in each digit's square
//   sure      softmax over the 10
#include "lanewise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

namespace {

constexpr std::uint32_t GLYPH_HEIGHT = 7, GLYPH_WIDTH = 5, ZOOM = 3, CELL = 28;
constexpr std::uint32_t HEIGHT = GLYPH_HEIGHT * ZOOM, WIDTH = GLYPH_WIDTH * ZOOM, DIGITS = 10;

// One bit for each dot, rows from the top, the leftmost dot first.
constexpr std::array<std::array<std::uint8_t, GLYPH_HEIGHT>, DIGITS> FONT{{
    {0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110},
    {0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110},
    {0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111},
    {0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110},
    {0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010},
    {0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110},
    {0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110},
    {0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000},
    {0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110},
    {0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100},
}};

float ink(std::size_t digit, std::uint32_t y, std::uint32_t x) {
    return FONT[digit][y / ZOOM] >> (GLYPH_WIDTH - 1 - x / ZOOM) & 1 ? 1.0f : 0.0f;
}

// Engines are the same everywhere, the standard library's distributions are not.
class noise {
  public:
    explicit noise(float deviation) : deviation(deviation) {}
    float operator()() {
        float sum = 0; // four uniform numbers: near enough to a normal one
        for (int i = 0; i < 4; i++) sum += static_cast<float>(random() >> 8) / 16777216.0f - 0.5f;
        return sum * std::sqrt(3.0f) * deviation;
    }

  private:
    std::mt19937 random;
    float deviation;
};

// Each digit somewhere in its square, noise on everything.
std::vector<float> draw(std::string_view digits, float deviation) {
    const auto width = static_cast<std::uint32_t>(digits.size()) * CELL;
    std::vector<float> picture(CELL * width);
    std::mt19937 places;
    noise noise(deviation);
    for (std::uint32_t i = 0; i < digits.size(); i++) {
        const std::uint32_t top = places() % (CELL - HEIGHT), left = i * CELL + places() % (CELL - WIDTH);
        for (std::uint32_t y = 0; y < HEIGHT; y++)
            for (std::uint32_t x = 0; x < WIDTH; x++)
                picture[(top + y) * width + left + x] = ink(static_cast<std::size_t>(digits[i] - '0'), y, x);
    }
    for (float &pixel : picture) pixel += noise();
    return picture;
}

// The weights of the convolution, [HEIGHT][WIDTH][1][DIGITS]: each digit's ink, with mean 0 and of one length, so that
// none fits better than another only because it is bolder.
std::vector<float> templates() {
    std::vector<float> weights(HEIGHT * WIDTH * DIGITS);
    for (std::uint32_t digit = 0; digit < DIGITS; digit++) {
        float mean = 0, square = 0;
        for (std::uint32_t i = 0; i < HEIGHT * WIDTH; i++) mean += ink(digit, i / WIDTH, i % WIDTH);
        mean /= HEIGHT * WIDTH;
        for (std::uint32_t i = 0; i < HEIGHT * WIDTH; i++) {
            const float value = ink(digit, i / WIDTH, i % WIDTH) - mean;
            weights[i * DIGITS + digit] = value;
            square += value * value;
        }
        for (std::uint32_t i = 0; i < HEIGHT * WIDTH; i++) weights[i * DIGITS + digit] *= 2 / std::sqrt(square);
    }
    return weights;
}

constexpr lw_window window(std::uint32_t height, std::uint32_t width, std::uint32_t stride, lw_padding padding) {
    return {.kernel_height = height,
            .kernel_width = width,
            .stride_height = stride,
            .stride_width = stride,
            .dilation_height = 1,
            .dilation_width = 1,
            .padding = static_cast<std::uint32_t>(padding)};
}

// Reads pictures of `count` squares.
class reader {
  public:
    reader(const lanewise::context &context, std::uint32_t count)
        : context(context), count(count),
          blur(context,
               lw_depthwise_conv2d{.batch = 1,
                                   .input_height = CELL,
                                   .input_width = count * CELL,
                                   .channels = 1,
                                   .depth_multiplier = 1,
                                   .window = window(3, 3, 1, LW_PADDING_SAME)},
               std::array{1 / 16.f, 2 / 16.f, 1 / 16.f, 2 / 16.f, 4 / 16.f, 2 / 16.f, 1 / 16.f, 2 / 16.f, 1 / 16.f}),
          match(context,
                lw_conv2d{.batch = 1,
                          .input_height = CELL,
                          .input_width = count * CELL,
                          .input_channels = 1,
                          .output_channels = DIGITS,
                          .groups = 1,
                          .window = window(HEIGHT, WIDTH, 1, LW_PADDING_VALID)},
                templates()) {
        best.struct_bytes = sizeof best;
        best.kind = LW_POOL_MAX;
        best.batch = 1;
        best.input_height = match.sizes.output_height;
        best.input_width = match.sizes.output_width;
        best.channels = DIGITS;
        best.window = window(CELL - HEIGHT + 1, CELL - WIDTH + 1, CELL, LW_PADDING_VALID);
        lanewise::check(lw_pool2d_sizes(context, &best, &best_sizes));
        scratch.reset(new std::byte[best_sizes.scratch_bytes]);
    }

    // How sure it is that square i shows digit d: [count][DIGITS].
    std::vector<float> operator()(std::span<const float> picture) {
        const std::vector<float> fits = match(blur(picture));
        std::vector<float> sure(best_sizes.output_elements);
        lanewise::check(lw_pool2d_run(context, &best, fits.data(), scratch.get(), sure.data()));
        lanewise::check(lw_softmax_run(context, count, DIGITS, sure.data(), sure.data()));
        return sure;
    }

  private:
    const lanewise::context &context;
    std::uint32_t count;
    lanewise::layer<lw_depthwise_conv2d> blur;
    lanewise::layer<lw_conv2d> match;
    lw_pool2d best{};
    lw_sizes best_sizes{};
    std::unique_ptr<std::byte[]> scratch;
};

} // namespace

int main(int argc, char **argv) {
    const std::string_view digits = argc > 1 ? argv[1] : "";
    const float deviation = argc > 2 ? std::strtof(argv[2], nullptr) : 0.3f;
    const bool are_digits = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    if (digits.empty() || digits.size() > 1000 || !are_digits) {
        std::fprintf(stderr, "usage: digits DIGITS [NOISE], for example: digits 31415926 0.5\n");
        return 1;
    }

    const lanewise::context context;
    reader read(context, static_cast<std::uint32_t>(digits.size()));
    const std::vector<float> picture = draw(digits, deviation), sure = read(picture);

    const char shades[] = " .:-=+*#%@";
    for (std::uint32_t y = 0; digits.size() <= 4 && y < CELL; y += 2) { // characters are twice as high as wide
        for (std::uint32_t x = 0; x < digits.size() * CELL; x++) {
            const float pixel = picture[y * digits.size() * CELL + x];
            std::putchar(shades[static_cast<int>(std::clamp(pixel, 0.0f, 1.0f) * 9)]);
        }
        std::putchar('\n');
    }
    float least = 1;
    std::printf("tier %s reads ", context.tier().data());
    for (std::size_t i = 0; i < digits.size(); i++) {
        const auto begin = sure.begin() + static_cast<std::ptrdiff_t>(i * DIGITS);
        const auto found = std::max_element(begin, begin + DIGITS);
        least = std::min(least, *found);
        std::putchar(static_cast<char>('0' + (found - begin)));
    }
    std::printf(", at least %.6f sure\n", static_cast<double>(least));
    return 0;
}
