/* SPDX-License-Identifier: MIT */
/* A 3x3 convolution with bias and relu6, from descriptor to output. It stands in the README too. */
#include <lanewise/lanewise.h>
#include <stdio.h>
#include <stdlib.h>

static void check(enum lw_status status) {
    if (status == LW_OK) return;
    fprintf(stderr, "lanewise: %s\n", lw_status_string(status));
    exit(1);
}

int main(void) {
    /* Of the tier of the library that is linked. */
    struct lw_context *context;
    check(lw_context_create(malloc(lw_context_bytes()), lw_context_bytes(), NULL, &context));

    struct lw_conv2d conv = {
        .struct_bytes = sizeof conv,
        .batch = 1,
        .input_height = 4,
        .input_width = 4,
        .input_channels = 1,
        .output_channels = 2,
        .groups = 1,
        .window = {.kernel_height = 3,
                   .kernel_width = 3,
                   .stride_height = 1,
                   .stride_width = 1,
                   .dilation_height = 1,
                   .dilation_width = 1,
                   .padding = LW_PADDING_SAME},
        .activation = {.kind = LW_RELU6},
    };
    struct lw_sizes sizes;
    check(lw_conv2d_sizes(context, &conv, &sizes));

    float input[4 * 4 * 1], filter[3 * 3 * 1 * 2], bias[2] = {0.5f, -1.0f};
    for (int i = 0; i < 16; i++) input[i] = (float)i / 16;
    for (int i = 0; i < 18; i++) filter[i] = i % 2 ? 1.0f : -0.25f;

    void *packed = malloc(sizes.packed_bytes), *scratch = malloc(sizes.scratch_bytes);
    float *output = malloc(sizes.output_elements * sizeof *output);
    check(lw_conv2d_pack(context, &conv, filter, packed));
    const struct lw_epilogue epilogue = {.struct_bytes = sizeof epilogue, .bias = bias};
    check(lw_conv2d_run(context, &conv, input, packed, &epilogue, scratch, output));

    printf("tier %s, output %u x %u x 2\n", lw_context_tier(context), sizes.output_height, sizes.output_width);
    for (unsigned y = 0; y < sizes.output_height; y++) {
        for (unsigned x = 0; x < sizes.output_width; x++)
            printf(" (%.3f %.3f)", output[(y * sizes.output_width + x) * 2],
                   output[(y * sizes.output_width + x) * 2 + 1]);
        printf("\n");
    }
    free(output);
    free(scratch);
    free(packed);
    free(context);
    return 0;
}
