/* SPDX-License-Identifier: MIT */
/*
 * Lanewise: neural-network operators on hand-written WebAssembly SIMD kernels.
 *
 * How every operator works
 * ------------------------
 * 1. Fill a descriptor (a plain struct; set it to zero first, then struct_bytes to its size). A later version may add
 *    fields at its end, whose 0 means what was before: programs that were compiled with the older, shorter struct go on
 *    working. struct_bytes may be any multiple of the struct's alignment from its first version's size on; a struct that
 *    is longer than this version's is LW_BAD_STRUCT_BYTES, since it may ask for what isn't there.
 *    lw_<descriptor>_validate() names the field that is wrong.
 * 2. Ask for sizes: lw_<op>_sizes() checks the descriptor and reports the output's shape and how many bytes
 *    of packed weights and of scratch the operator needs.
 * 3. Where the operator has weights: pack them once with lw_<op>_pack().
 * 4. Run it as often as wanted with lw_<op>_run().
 *
 * The caller owns all memory; the library never allocates, prints or aborts, has no global state, and never
 * reads or writes a byte outside of the buffers described here. Tensors and packed weights need the alignment of
 * their element type and no more; scratch is aligned as malloc aligns. A buffer that an operator reports as 0 bytes
 * may be NULL. A tensor with no elements may be NULL too.
 *
 * Layouts: images are NHWC, convolution filters HWIO, depthwise filters HWIM (M is the depth multiplier).
 * Elements are counted in elements and sizes in bytes, and the names say which.
 *
 * Pixel strides: where a descriptor has input_pixel_stride or output_pixel_stride, they are the elements from one pixel of
 * the tensor to the next, of its channels or more (else LW_BAD_SHAPE); 0 stands for the channels: dense. Larger ones let an
 * operator read, or write, some of the channels of a wider tensor, from the one that the pointer names on: splitting and
 * concatenating channels then takes no copy. Pixels, rows and images still follow each other. What lies between an
 * output's pixels isn't written, sizes.output_elements counts up to the last pixel's last channel, and a residual
 * has the output's strides. Results are those of dense tensors, bit for bit.
 *
 * Exactness: the tiers "scalar" and "simd128" give the same bits on every engine; a NaN is a NaN, whatever its
 * payload. The tier "relaxed" fuses multiply and add, so its sums round differently: each result stays within
 * gamma_k * sum |a||b| of the exact one (k terms, gamma_k = k u / (1 - k u), u = 2^-24). So do the other tiers' sums.
 * Where conv2d (in a group), conv2d_transpose or matmul makes fewer than 4 outputs of a pixel or row, its sum may be four
 * in place of the one stated below, of every fourth input channel (or k), added up at the end, and the bias last.
 * Native builds, which are for tests and tools, have no fused multiply-add: there "relaxed" rounds as "simd128" does.
 * In every tier the functions of one element are within so many ULP of the exact value, checked by scripts/ulp: those
 * from LW_UNARY_SIN to LW_UNARY_ATANH 0.51; log 1; exp and elu 1.1; 1 / sqrt 1.5; expm1, log1p and erf 2; selu and
 * hard-swish 2.5; sigmoid 2.6; tanh and softplus 3. gelu is within 4 ULP of x, its form with tanh within 3: far below 0
 * that may be more than the result.
 *
 * Zero sizes: batch, height, width and the extents of elementwise and row operators may be 0 where the output is then
 * empty or an empty sum. A window must fit its padded image all the same, which without padding it doesn't where there is
 * nothing (LW_BAD_SHAPE). A kernel, stride, dilation, group count, depth multiplier, or a channel count of conv2d or
 * conv2d_transpose, of 0 is LW_BAD_SHAPE.
 *
 * Aliasing: outputs must not overlap inputs, weights or scratch, unless an operator's comment allows it.
 *
 * Threads: contexts and packed weights never change once they are made, and descriptors, epilogues and inputs are only
 * read, during the call: any number of threads may use one at a time. Scratch and output belong to one call at a time.
 *
 * Versions: a program may be linked with a library of any later version that has the same LW_ABI_VERSION, without being
 * compiled again. It goes up when a symbol is gone, changes its arguments or its meaning, or when a struct changes other
 * than by growing at its end; LW_VERSION_MAJOR then goes up as well (before 1.0: LW_VERSION_MINOR). The numbers of enums
 * stay, and get new ones. What a new version may change: the bits of results within the bounds stated here (every
 * tier that promises the same bits changes alike), the sizes of packed weights, of scratch and of contexts, and what is
 * in them: ask for sizes, and pack, with the library that runs.
 *
 * Errors: every function that can fail returns an enum lw_status; on any value other than LW_OK nothing was
 * written to the output.
 */
#ifndef LANEWISE_LANEWISE_H
#define LANEWISE_LANEWISE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first of the three numbers of this header's version; what they promise is said at the top. */
#define LW_VERSION_MAJOR 0
/* The second. */
#define LW_VERSION_MINOR 1
/* The third. */
#define LW_VERSION_PATCH 0
/* All three. */
#define LW_VERSION_STRING "0.1.0"

/* Which programs a library fits: see Versions above. */
#define LW_ABI_VERSION 1

/* Marks what programs may call; everything else is hidden. */
#if defined(__GNUC__)
#define LW_API __attribute__((visibility("default")))
#else
#define LW_API
#endif

/* ---- Status --------------------------------------------------------------------------------------------- */

/* What functions that can fail return. */
enum lw_status {
    LW_OK = 0,               /* done */
    LW_NULL_POINTER = 1,     /* a pointer that is needed is NULL */
    LW_BAD_STRUCT_BYTES = 2, /* a descriptor's struct_bytes is not its size in this version or an older one */
    LW_BAD_ENUM = 3,         /* an enum field holds a value outside of its enum */
    LW_BAD_SHAPE = 4,        /* sizes that contradict each other, or a zero where one is not allowed */
    LW_TOO_LARGE = 5,        /* a size in bytes or elements does not fit size_t */
    LW_UNKNOWN_TIER = 6,     /* there is no tier of that name */
    LW_BUFFER_TOO_SMALL = 7, /* memory handed in is smaller than the size the library reported */
    LW_UNSUPPORTED = 8,      /* a valid request that this version has no code for */
    LW_BAD_INDEX = 9,        /* an index tensor points outside of the tensor it indexes */
    LW_NO_THREADS = 10,      /* the system did not start as many threads as were asked for */
    LW_THREAD_LOST = 11,     /* a thread died in the middle of a task: the output is incomplete */
    LW_BAD_KERNELS = 12      /* a set of kernels was built from other sources than the library that is to use it */
};

/* A short English sentence for a status; never NULL, also for values that are not in the enum. */
LW_API const char *lw_status_string(enum lw_status status);

/* LW_VERSION_STRING of the library that is linked, to compare with the header's. */
LW_API const char *lw_version(void);

/* LW_ABI_VERSION of the library that is linked. */
LW_API uint32_t lw_abi_version(void);

/* ---- Tiers and contexts --------------------------------------------------------------------------------- */

/* How many tiers are compiled in: 1 in a library that is installed. */
LW_API size_t lw_tier_count(void);

/* The name of each, slowest first: "scalar", "simd128", "relaxed". NULL when index is not below lw_tier_count(). */
LW_API const char *lw_tier_name(size_t index);

/* A context holds the kernels of one tier. It owns nothing: it needs no destroy call, and its memory may be freed or
 * reused as soon as no call uses it. */
struct lw_context;

/* The table between operators and kernels; programs don't look into it. */
struct lw_kernels;

/* Fills the table. */
typedef void lw_install_fn(struct lw_kernels *table);

/* Kernels that are not linked in: a program can have those of a better tier loaded when it starts, so that it needs no
 * SIMD instruction itself. lanewise/modules.h loads them; this is how a module describes itself. */
struct lw_kernel_module {
    uint32_t abi;           /* LW_KERNELS_ABI of the sources the kernels were built from */
    uint32_t table_bytes;   /* and their size of the table */
    const char *tier;       /* "simd128" or "relaxed" */
    lw_install_fn *install; /* fills the table */
    const void *module;     /* the loader's, as all that follow: the module's bytes */
    size_t module_bytes;    /* how many there are */
    void *data;             /* where its data begin */
    size_t slots;           /* the first of its slots in the function table */
};

/* The contract between operators and kernels; another number for every change that the table's size doesn't show. */
#define LW_KERNELS_ABI 1

/* Whether this library can use a set. Errors: LW_NULL_POINTER; LW_BAD_KERNELS when it was built from other sources. */
LW_API enum lw_status lw_kernel_module_check(const struct lw_kernel_module *kernels);

/* One piece of an operator's work. `index` says which; `worker`, below the context's number of threads, is no other
 * task's that runs at the same time. */
typedef void lw_task_fn(void *state, size_t index, size_t worker);

/* Calls task(state, index, worker) once for each index < count, in any order, on any threads, and returns when all calls
 * have returned. What it returns, if not LW_OK, the operator returns too. `pool` is what the context was given; `cost` is
 * a rough guess at how many nanoseconds all tasks together take on one thread. */
typedef enum lw_status lw_parallel_for_fn(void *pool, size_t count, size_t cost, lw_task_fn *task, void *state);

/* How a context works. */
struct lw_context_options {
    uint32_t struct_bytes; /* sizeof(struct lw_context_options) */
    const char *tier;      /* tier to force, or NULL for the best that there is */
    /* Spreads work over threads; NULL: operators run on the thread that calls them. lanewise/pool.h has one. The results
     * have the same bits, whatever the number of threads. */
    lw_parallel_for_fn *parallel_for;
    void *pool; /* handed to parallel_for; must outlive the context's calls */
    /* How many workers parallel_for tells apart, so no fewer than a pool has threads; scratch memory grows with it. 0 is 1. */
    uint32_t threads;
    /* Kernels of a module, which come before those that are compiled in; or NULL. */
    const struct lw_kernel_module *kernels;
};

/* Bytes of memory that lw_context_create needs. */
LW_API size_t lw_context_bytes(void);

/* Makes a context inside `memory` (aligned as malloc aligns).
 * options: may be NULL for all defaults.
 * Errors: LW_NULL_POINTER (also for threads without a parallel_for), LW_BAD_STRUCT_BYTES, LW_BUFFER_TOO_SMALL,
 * LW_UNKNOWN_TIER, LW_BAD_KERNELS; *context is then NULL. */
LW_API enum lw_status lw_context_create(void *memory, size_t memory_bytes, const struct lw_context_options *options,
                                        struct lw_context **context);

/* The name of the context's tier; NULL for a NULL context. */
LW_API const char *lw_context_tier(const struct lw_context *context);

/* ---- What descriptors share ----------------------------------------------------------------------------- */

/* The most dimensions of a tensor. */
#define LW_MAX_RANK 8

/* What is wrong with a descriptor, as lw_<descriptor>_validate tells it: "<field> must be <expected>". Both are constant
 * strings that need no freeing, and NULL when nothing is wrong. field is the name of a field, such as "window.padding", or
 * of an argument whose size follows from several fields, such as "input", "packed" or "scratch". The operator with the
 * descriptor's name returns the same status for it; others that take the descriptor may ask for more, as they say.
 * `problem` may be NULL. */
struct lw_problem {
    const char *field;    /* the field that is wrong */
    const char *expected; /* what it must be */
};

/* What is wrong with the options, which may be NULL. */
LW_API enum lw_status lw_context_options_validate(const struct lw_context_options *options, struct lw_problem *problem);

/* A function of each element of an output. A NaN goes through every one as a NaN. */
enum lw_activation_kind {
    LW_LINEAR = 0,     /* x */
    LW_RELU = 1,       /* x < 0 ? 0 : x */
    LW_RELU6 = 2,      /* the same, and 6 < x ? 6 : x */
    LW_LEAKY_RELU = 3, /* x < 0 ? alpha x : x */
    LW_PRELU = 4,      /* x < 0 ? slope[channel] x : x */
    LW_ELU = 5,        /* x < 0 ? exp(x) - 1 : x */
    LW_SIGMOID = 6,    /* 1 / (1 + exp(-x)); may be 0 where that is under 2^-126 */
    LW_TANH = 7,       /* tanh(x) */
    LW_HARD_SWISH = 8, /* x clamp(x + 3, 0, 6) / 6 */
    LW_CLAMP = 9,      /* min and max: x < min ? min : x, then max < x ? max : x */
    LW_GELU = 10,      /* x (1 + erf(x / sqrt(2))) / 2 */
    LW_GELU_TANH = 11  /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
};

/* An activation and its numbers. Zeros are LW_LINEAR. */
struct lw_activation {
    uint32_t kind;  /* enum lw_activation_kind */
    float alpha;    /* LW_LEAKY_RELU only */
    float min, max; /* LW_CLAMP only; LW_BAD_SHAPE unless min <= max */
};

/* How a window treats an image's border. */
enum lw_padding {
    LW_PADDING_VALID = 0,   /* none */
    LW_PADDING_SAME = 1,    /* output = ceil(input / stride); an odd pad's extra row goes to the bottom and right */
    LW_PADDING_EXPLICIT = 2 /* as the four pad_ fields say, in pixels */
};

/* What follows an operator's sum. Every pointer may be NULL for a step that there is not; so may the whole epilogue.
 *
 *   output = activation(sum' scale[o] + shift[o] + residual),   sum' = the sum, which starts from bias[o]
 *
 * bias, scale, shift, slopes: one value for each output channel o. scale and shift: both or neither; slopes: LW_PRELU
 * needs them, the other activations ignore them. residual: a tensor of the output's shape, which it may not overlap.
 * Each step rounds as the operator of its own would (lw_batch_norm_run's last line, LW_BINARY_ADD, lw_unary_run): the
 * bits are the same, in fewer passes over memory.
 * Errors: LW_BAD_STRUCT_BYTES; LW_NULL_POINTER when scale or shift is missing beside the other, or slopes. */
struct lw_epilogue {
    uint32_t struct_bytes; /* sizeof(struct lw_epilogue) */
    const float *bias;     /* of each output channel, or NULL for 0 */
    const float *scale;    /* the same, or NULL for 1; with a shift */
    const float *shift;    /* the same, or NULL for 0; with a scale */
    const float *residual; /* of the output's shape, or NULL for 0 */
    const float *slopes;   /* of each output channel; LW_PRELU only */
};

/* What is wrong with an epilogue, which may be NULL, for an operator that has this activation. */
LW_API enum lw_status lw_epilogue_validate(const struct lw_activation *activation, const struct lw_epilogue *epilogue,
                                           struct lw_problem *problem);

/* A sliding window over the height and width of an image.
 * output = floor((input + pads - ((kernel - 1) dilation + 1)) / stride) + 1 for VALID and EXPLICIT.
 * All kernel, stride and dilation fields are 1 or more; LW_BAD_SHAPE otherwise. */
struct lw_window {
    uint32_t kernel_height, kernel_width;     /* taps */
    uint32_t stride_height, stride_width;     /* pixels from one place of the window to the next */
    uint32_t dilation_height, dilation_width; /* pixels from one tap to the next */
    uint32_t padding;                         /* enum lw_padding */
    uint32_t pad_top, pad_left;               /* LW_PADDING_EXPLICIT only, as are the others */
    int32_t pad_bottom, pad_right; /* below 0: so many rows or columns at the end of the image are left out */
};

/* What an operator needs and makes. */
struct lw_sizes {
    uint32_t output_height, output_width; /* of images; elsewhere 1 and the size of the output's last dimension */
    size_t output_elements;               /* elements of the whole output */
    size_t packed_bytes;                  /* bytes for lw_<op>_pack to fill; 0 when there is nothing to pack */
    size_t scratch_bytes;                 /* bytes of working memory for lw_<op>_run */
};

/* ---- Convolution ---------------------------------------------------------------------------------------- */

/* How far lw_conv2d may use Winograd's method, which takes 2.25 (tiles of 2x2 output pixels) or 4 times (4x4) fewer
 * multiplications for 3x3 filters with stride 1, dilation 1 and one group. The shapes of one image and of
 * the filter decide whether it pays and which tile it is, alike in every tier: tiny images and few channels take the
 * direct sum. Its packed weights take 16/9 or 36/9 of the filter's memory.
 *
 * It rounds otherwise than the direct sum: apart from underflow, each result stays within gamma_(C + 25) (|bias| + M)
 * of the exact one, where C is input_channels, M = |AT| (sum over i of (|G| |g| |GT|) .* (|BT| |d| |B|)) |A| at the
 * output's place in its tile, and the matrices are those of kernels/winograd.c. Measured on uniform data, the mean
 * error is 2/3 of the direct sum's with 2x2 tiles and twice it with 4x4, the largest 0.3 to 0.4 and 1.0 to 1.7 times.
 *
 * What is infinite or NaN makes the outputs that depend on it infinite or NaN, and may make any other output of the
 * tiles that see it NaN. Intermediate values reach 4 times the largest input with 2x2 tiles and 27 times with 4x4, and
 * M may be as many times larger than the sum, so overflow, to infinities or NaN, comes earlier than in the direct sum.
 */
enum lw_winograd {
    LW_WINOGRAD_AUTO = 0, /* as it pays */
    LW_WINOGRAD_F2 = 1,   /* tiles of 2x2 at most */
    LW_WINOGRAD_OFF = 2   /* never: the sum in its stated order */
};

/* output[n][y][x][o] = epilogue(bias[o] + sum over ky, kx, i of
 *     input[n][y stride - pad_top + ky dilation][x stride - pad_left + kx dilation][g I + i] filter[ky][kx][i][o])
 * summed in ascending (ky, kx, i), starting from the bias, unless Winograd's method is taken (see above);
 * I = input_channels / groups, and g is the group of o. Pixels outside of the image count as 0. The formula is
 * TensorFlow's conv2d.
 *
 * filter: [kernel_height][kernel_width][input_channels / groups][output_channels]
 * Errors: LW_BAD_SHAPE also when groups does not divide both channel counts, or when the window does not fit. */
struct lw_conv2d {
    uint32_t struct_bytes;                                     /* sizeof(struct lw_conv2d) */
    uint32_t batch, input_height, input_width, input_channels; /* input: [batch][height][width][channels] */
    uint32_t output_channels; /* output: [batch][sizes.output_height][sizes.output_width][output_channels] */
    uint32_t groups;          /* 1 for an ordinary convolution; more, and input_channels: the same as a depthwise one */
    struct lw_window window;  /* over the input */
    struct lw_activation activation;                  /* the epilogue's last step */
    uint32_t winograd;                                /* enum lw_winograd */
    uint32_t input_pixel_stride, output_pixel_stride; /* see Pixel strides; 0: input_channels, output_channels */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_conv2d_validate(const struct lw_context *context, const struct lw_conv2d *op,
                                         struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_conv2d_sizes(const struct lw_context *context, const struct lw_conv2d *op,
                                      struct lw_sizes *sizes);
/* Packs the filter, for any number of runs. packed: sizes.packed_bytes. */
LW_API enum lw_status lw_conv2d_pack(const struct lw_context *context, const struct lw_conv2d *op, const float *filter,
                                     void *packed);
/* Convolves. packed: from lw_conv2d_pack; scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_conv2d_run(const struct lw_context *context, const struct lw_conv2d *op, const float *input,
                                    const void *packed, const struct lw_epilogue *epilogue, void *scratch,
                                    float *output);

/* ---- Depthwise convolution ------------------------------------------------------------------------------ */

/* output[n][y][x][c M + m] = epilogue(bias[c M + m] + sum over ky, kx of
 *     input[n][...][...][c] filter[ky][kx][c][m]),  M = depth_multiplier, ascending (ky, kx), from the bias.
 * Pixels outside of the image, and the taps that meet them, are left out.
 * filter: [kernel_height][kernel_width][channels][depth_multiplier] */
struct lw_depthwise_conv2d {
    uint32_t struct_bytes;                               /* sizeof(struct lw_depthwise_conv2d) */
    uint32_t batch, input_height, input_width, channels; /* input: [batch][height][width][channels] */
    uint32_t depth_multiplier;                           /* 1 or more */
    struct lw_window window;                             /* over the input */
    struct lw_activation activation;                     /* the epilogue's last step */
    uint32_t input_pixel_stride, output_pixel_stride;    /* see Pixel strides; 0: channels, channels depth_multiplier */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_depthwise_conv2d_validate(const struct lw_context *context,
                                                   const struct lw_depthwise_conv2d *op, struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_depthwise_conv2d_sizes(const struct lw_context *context, const struct lw_depthwise_conv2d *op,
                                                struct lw_sizes *sizes);
/* Packs the filter, for any number of runs. packed: sizes.packed_bytes. */
LW_API enum lw_status lw_depthwise_conv2d_pack(const struct lw_context *context, const struct lw_depthwise_conv2d *op,
                                               const float *filter, void *packed);
/* Convolves. packed: from lw_depthwise_conv2d_pack; output: [batch][sizes.output_height][sizes.output_width][channels depth_multiplier]. */
LW_API enum lw_status lw_depthwise_conv2d_run(const struct lw_context *context, const struct lw_depthwise_conv2d *op,
                                              const float *input, const void *packed,
                                              const struct lw_epilogue *epilogue, void *scratch, float *output);

/* ---- Transposed convolution ----------------------------------------------------------------------------- */

/* The gradient of conv2d with respect to its input (TensorFlow's conv2d_backprop_input):
 * output[n][y][x][o] = epilogue(bias[o] + sum over (ky, kx, i) with y = iy stride - pad_top + ky dilation and the
 *     same for x, of input[n][iy][ix][i] filter[ky][kx][o][i]), ascending (ky, kx, i), from the bias.
 * filter: [kernel_height][kernel_width][output_channels][input_channels]
 * The window describes the forward convolution, which goes from the output's size to the input's, so
 * output_height and output_width are part of the descriptor; LW_BAD_SHAPE when the window does not lead from
 * them to input_height and input_width. */
struct lw_conv2d_transpose {
    uint32_t struct_bytes;                                     /* sizeof(struct lw_conv2d_transpose) */
    uint32_t batch, input_height, input_width, input_channels; /* input: [batch][height][width][channels] */
    uint32_t output_height, output_width,
        output_channels;             /* output: [batch][output_height][output_width][output_channels] */
    struct lw_window window;         /* over the output */
    struct lw_activation activation; /* the epilogue's last step */
    uint32_t input_pixel_stride, output_pixel_stride; /* see Pixel strides; 0: input_channels, output_channels */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_conv2d_transpose_validate(const struct lw_context *context,
                                                   const struct lw_conv2d_transpose *op, struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_conv2d_transpose_sizes(const struct lw_context *context, const struct lw_conv2d_transpose *op,
                                                struct lw_sizes *sizes);
/* Packs the filter, for any number of runs. packed: sizes.packed_bytes. */
LW_API enum lw_status lw_conv2d_transpose_pack(const struct lw_context *context, const struct lw_conv2d_transpose *op,
                                               const float *filter, void *packed);
/* Convolves. packed: from lw_conv2d_transpose_pack; scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_conv2d_transpose_run(const struct lw_context *context, const struct lw_conv2d_transpose *op,
                                              const float *input, const void *packed,
                                              const struct lw_epilogue *epilogue, void *scratch, float *output);

/* ---- Convolution in three dimensions, gradients of filters ---------------------------------------------- */

/* A convolution of volumes, and what its gradients start from. The window slides over the height and width of each
 * plane; with a depth, kernel_depth and stride_depth of 1 it is a convolution of images.
 * Plane z of the output sees planes z stride_depth - pad_front + kz dilation_depth of the input, kz < kernel_depth;
 * those outside of the input count as 0.
 * filter: [kernel_depth][kernel_height][kernel_width][input_channels / groups][output_channels]
 * Errors: those of struct lw_conv2d; LW_BAD_SHAPE also when kernel_depth, stride_depth or dilation_depth is 0. */
struct lw_conv3d {
    uint32_t struct_bytes;                                                  /* sizeof(struct lw_conv3d) */
    uint32_t batch, input_depth, input_height, input_width, input_channels; /* input: see lw_conv3d_sizes */
    uint32_t output_depth, output_channels; /* of the output; its height and width follow from the window */
    uint32_t groups;                        /* 1 for an ordinary convolution; divides both channel counts */
    uint32_t kernel_depth, stride_depth, dilation_depth, pad_front; /* the window's third dimension, in planes */
    struct lw_window window;                                        /* over the height and width of a plane */
    uint32_t winograd;                                              /* enum lw_winograd, of lw_conv3d only */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_conv3d_validate(const struct lw_context *context, const struct lw_conv3d *op,
                                         struct lw_problem *problem);
/* output[n][z] = sum over kz ascending of lw_conv2d's output for the input's plane and filter[kz]; one sum after the
 * other is added to those before.
 * input: [batch][input_depth][input_height][input_width][input_channels]
 * output: [batch][output_depth][output_height][output_width][output_channels] */
LW_API enum lw_status lw_conv3d_sizes(const struct lw_context *context, const struct lw_conv3d *op,
                                      struct lw_sizes *sizes);
/* Packs the filter, for any number of runs. packed: sizes.packed_bytes. */
LW_API enum lw_status lw_conv3d_pack(const struct lw_context *context, const struct lw_conv3d *op, const float *filter,
                                     void *packed);
/* Convolves. packed: from lw_conv3d_pack; scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_conv3d_run(const struct lw_context *context, const struct lw_conv3d *op, const float *input,
                                    const void *packed, void *scratch, float *output);

/* The gradient with respect to the input: input_gradient[n][z] = sum over kz ascending of lw_conv2d_transpose's output
 * for the plane of output_gradient that sees plane z through kz, and filter[kz]; added up as above. The tensors have the
 * shapes of input and output. LW_UNSUPPORTED: more than one group. */
LW_API enum lw_status lw_conv3d_input_gradient_sizes(const struct lw_context *context, const struct lw_conv3d *op,
                                                     struct lw_sizes *sizes);
/* Packs the filter, for any number of runs. packed: sizes.packed_bytes. */
LW_API enum lw_status lw_conv3d_input_gradient_pack(const struct lw_context *context, const struct lw_conv3d *op,
                                                    const float *filter, void *packed);
/* Computes the gradient. packed: from lw_conv3d_input_gradient_pack. */
LW_API enum lw_status lw_conv3d_input_gradient_run(const struct lw_context *context, const struct lw_conv3d *op,
                                                   const float *output_gradient, const void *packed, void *scratch,
                                                   float *input_gradient);

/* The gradient with respect to the filter:
 *   filter_gradient[kz][ky][kx][i][o] = sum over n, z, y, x of
 *       input[n][z stride_depth - pad_front + kz dilation_depth][...][...][g I + i] output_gradient[n][z][y][x][o]
 * with I and g as in lw_conv2d. Pixels outside of the image count as 0. The sum is made in blocks of some hundred
 * pixels: several whole planes, or several rows of one; each is summed in ascending order, or four partial sums where a
 * group has fewer than 4 outputs, and added to those before. The blocks depend on the shape alone.
 * sizes: output_height and output_width are the kernel's. */
LW_API enum lw_status lw_conv3d_filter_gradient_sizes(const struct lw_context *context, const struct lw_conv3d *op,
                                                      struct lw_sizes *sizes);
/* Computes the gradient. Both tensors have the shapes of lw_conv3d_run's input and output. */
LW_API enum lw_status lw_conv3d_filter_gradient_run(const struct lw_context *context, const struct lw_conv3d *op,
                                                    const float *input, const float *output_gradient, void *scratch,
                                                    float *filter_gradient);

/* The gradient of a depthwise convolution with respect to its input:
 *   input_gradient[n][iy][ix][c] = sum over m of (sum over the (y, x) that see it through a tap (ky, kx), ascending, of
 *       output_gradient[n][y][x][c M + m] filter[ky][kx][c][m])
 * from +0, and over m from the first term. op->activation is ignored. LW_UNSUPPORTED: pixel strides that aren't 0. */
LW_API enum lw_status lw_depthwise_conv2d_input_gradient_sizes(const struct lw_context *context,
                                                               const struct lw_depthwise_conv2d *op,
                                                               struct lw_sizes *sizes);
/* Computes the gradient. The filter is not packed. */
LW_API enum lw_status lw_depthwise_conv2d_input_gradient_run(const struct lw_context *context,
                                                             const struct lw_depthwise_conv2d *op,
                                                             const float *output_gradient, const float *filter,
                                                             void *scratch, float *input_gradient);

/* And with respect to the filter:
 *   filter_gradient[ky][kx][c][m] = sum over n, y of (sum over x of
 *       input[n][...][...][c] output_gradient[n][y][x][c M + m]), ascending, each from +0
 * Rows outside of the image are left out, columns outside of it count as 0. sizes: output_height and output_width are
 * the kernel's. op->activation is ignored. LW_UNSUPPORTED: pixel strides that aren't 0. */
LW_API enum lw_status lw_depthwise_conv2d_filter_gradient_sizes(const struct lw_context *context,
                                                                const struct lw_depthwise_conv2d *op,
                                                                struct lw_sizes *sizes);
/* Computes the gradient, of the shape of the filter. */
LW_API enum lw_status lw_depthwise_conv2d_filter_gradient_run(const struct lw_context *context,
                                                              const struct lw_depthwise_conv2d *op, const float *input,
                                                              const float *output_gradient, void *scratch,
                                                              float *filter_gradient);

/* ---- Matrix multiplication ------------------------------------------------------------------------------ */

/* output[b][i][j] = epilogue(bias[j] + sum over k ascending of A[b][i][k] B[b][k][j]), from the bias.
 * A is stored [m][k], or [k][m] when transpose_a is 1; B [k][n], or [n][k] when transpose_b is 1.
 * Batches lie a_batch_stride and b_batch_stride elements apart; 0 uses the same matrix for every batch.
 * Rows of A and B as they are stored, and of the output, lie row_stride elements apart: more than their length where they
 * are part of wider matrices. Those of A and B may also be less than their length: rows then overlap, as the windows of a
 * signal do. What lies between the output's rows isn't written, and a residual has the output's strides.
 * lw_matmul_pack packs B: all batches of it, or the one. The epilogue's channels are the columns j. */
struct lw_matmul {
    uint32_t struct_bytes;                 /* sizeof(struct lw_matmul) */
    uint32_t batch, m, n, k;               /* k = 0 is allowed: the sum is then empty */
    uint32_t transpose_a, transpose_b;     /* 0 or 1 */
    size_t a_batch_stride, b_batch_stride; /* in elements; 0: all batches share one matrix */
    struct lw_activation activation;       /* the epilogue's last step */
    size_t a_row_stride, b_row_stride;     /* in elements; 0: rows follow each other */
    size_t output_row_stride;              /* in elements, n or more; 0: n */
    size_t output_batch_stride;            /* in elements, those of an output matrix or more; 0: m output_row_stride */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_matmul_validate(const struct lw_context *context, const struct lw_matmul *op,
                                         struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_matmul_sizes(const struct lw_context *context, const struct lw_matmul *op,
                                      struct lw_sizes *sizes);
/* Packs B, for any number of runs. packed: sizes.packed_bytes. */
LW_API enum lw_status lw_matmul_pack(const struct lw_context *context, const struct lw_matmul *op, const float *b,
                                     void *packed);
/* Multiplies. packed: from lw_matmul_pack; output: [batch][m][n], sizes.output_elements from the first to the last. */
LW_API enum lw_status lw_matmul_run(const struct lw_context *context, const struct lw_matmul *op, const float *a,
                                    const void *packed, const struct lw_epilogue *epilogue, void *scratch,
                                    float *output);

/* The same product of int32, which wraps around, without bias. Nothing is packed. LW_UNSUPPORTED: an activation that isn't
 * LW_LINEAR. */
LW_API enum lw_status lw_matmul_i32_run(const struct lw_context *context, const struct lw_matmul *op, const int32_t *a,
                                        const int32_t *b, int32_t *output);

/* ---- Pooling -------------------------------------------------------------------------------------------- */

/* What pooling makes of a window. */
enum lw_pool_kind {
    LW_POOL_MAX = 0,    /* the largest; -infinity when the window has no pixel in the image; a NaN is skipped */
    LW_POOL_AVERAGE = 1 /* the sum over the window's pixels that lie inside of the image, divided by their number; NaN
                           when there is none. Each column of the window is summed in ascending order, then the
                           columns are; a window that is the whole image is summed row by row */
};

/* Global average pooling is this with the window the size of the image, or lw_reduce with LW_REDUCE_MEAN. */
struct lw_pool2d {
    uint32_t struct_bytes;                               /* sizeof(struct lw_pool2d) */
    uint32_t kind;                                       /* enum lw_pool_kind */
    uint32_t batch, input_height, input_width, channels; /* input: [batch][height][width][channels] */
    struct lw_window window;                             /* over the input */
    struct lw_activation activation;                     /* LW_PRELU is LW_UNSUPPORTED */
    uint32_t input_pixel_stride, output_pixel_stride;    /* see Pixel strides; 0: channels */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_pool2d_validate(const struct lw_context *context, const struct lw_pool2d *op,
                                         struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_pool2d_sizes(const struct lw_context *context, const struct lw_pool2d *op,
                                      struct lw_sizes *sizes);
/* Pools. output: [batch][sizes.output_height][sizes.output_width][channels]. */
LW_API enum lw_status lw_pool2d_run(const struct lw_context *context, const struct lw_pool2d *op, const float *input,
                                    void *scratch, float *output);

/* The same for images with depth, or where the output's size does not follow from padding: window (z, y, x) of the output
 * begins at pixel (z stride_depth - pad_front, y stride_height - pad_top, x stride_width - pad_left), wherever that is,
 * and has a tap at every dilation. With depths and kernel_depth of 1 images have two dimensions.
 * input: [batch][input_depth][input_height][input_width][channels], output: likewise.
 * Rows of a window with depth are summed as if they lay below one another: each column in ascending order, then the
 * columns. LW_INT32: the sum is exact, the mean truncated, and 0 stands for a window without pixels.
 * Errors: LW_BAD_SHAPE for a kernel, stride or dilation of 0; LW_UNSUPPORTED for LW_BOOL. */
struct lw_pool3d {
    uint32_t struct_bytes;                                            /* sizeof(struct lw_pool3d) */
    uint32_t kind;                                                    /* enum lw_pool_kind */
    uint32_t type;                                                    /* enum lw_type: LW_FLOAT32 or LW_INT32 */
    uint32_t batch, input_depth, input_height, input_width, channels; /* of the input */
    uint32_t output_depth, output_height, output_width;               /* windows */
    uint32_t kernel_depth, kernel_height, kernel_width;               /* taps; 1 or more */
    uint32_t stride_depth, stride_height, stride_width;               /* pixels from window to window; 1 or more */
    uint32_t dilation_depth, dilation_height, dilation_width;         /* pixels from tap to tap; 1 or more */
    int32_t pad_front, pad_top, pad_left; /* may be negative: the first window then begins inside of the image */
    float empty;                          /* LW_FLOAT32: what the average of a window without pixels is */
    uint32_t last;       /* argmax and gradient: 0: the first of equal maxima counts, and -infinity is none; 1: the last
                            counts, also if it is -infinity */
    uint32_t with_batch; /* argmax: 0 or 1 */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_pool3d_validate(const struct lw_context *context, const struct lw_pool3d *op,
                                         struct lw_problem *problem);
/* scratch_bytes are enough for each of the three. */
LW_API enum lw_status lw_pool3d_sizes(const struct lw_context *context, const struct lw_pool3d *op,
                                      struct lw_sizes *sizes);
/* Pools. Both tensors are of op->type. */
LW_API enum lw_status lw_pool3d_run(const struct lw_context *context, const struct lw_pool3d *op, const void *input,
                                    void *scratch, void *output);
/* Where each window's maximum is, whatever the kind: the element's index in its image or, with with_batch, in the whole
 * input; -1 when there is none. Taps are compared in ascending order; a NaN is never the maximum.
 * LW_TOO_LARGE when an index doesn't fit int32. */
LW_API enum lw_status lw_pool3d_argmax_run(const struct lw_context *context, const struct lw_pool3d *op,
                                           const void *input, void *scratch, int32_t *output);
/* The gradient with respect to the input, given that of the output. Always float32; type is the input's.
 * LW_POOL_MAX: each window's gradient is added, in the order of the windows, to the pixel that argmax names.
 * LW_POOL_AVERAGE: the sum of the gradients of all windows that have a tap at the pixel, divided by kernel_depth *
 * kernel_height * kernel_width, also where a window has fewer pixels: TensorFlow.js's rule. The windows' rows are summed
 * in ascending order, then the windows of a row. input is not read and may be NULL. */
LW_API enum lw_status lw_pool3d_gradient_run(const struct lw_context *context, const struct lw_pool3d *op,
                                             const void *input, const float *gradient, void *scratch, float *output);

/* ---- Dilation ------------------------------------------------------------------------------------------- */

/* Greyscale dilation: output[n][y][x][c] = max over ky, kx of
 *     input[n][y stride - pad_top + ky dilation][x stride - pad_left + kx dilation][c] + filter[ky][kx][c]
 * over the taps that meet the image. A sum is the largest only if it is above -(2^53 - 1), as in TensorFlow.js, which is
 * also the result when there is none; a NaN never is. LW_INT32: sums are exact, and of the result the low 32 bits count.
 * Errors: LW_BAD_SHAPE for a kernel, stride or dilation of 0; LW_UNSUPPORTED for LW_BOOL. */
struct lw_dilation2d {
    uint32_t struct_bytes;                               /* sizeof(struct lw_dilation2d) */
    uint32_t type;                                       /* enum lw_type: LW_FLOAT32 or LW_INT32 */
    uint32_t batch, input_height, input_width, channels; /* input: [batch][height][width][channels] */
    uint32_t output_height, output_width;                /* output: [batch][output_height][output_width][channels] */
    uint32_t kernel_height, kernel_width;                /* filter: [kernel_height][kernel_width][channels] */
    uint32_t stride_height, stride_width;                /* pixels from window to window; 1 or more */
    uint32_t dilation_height, dilation_width;            /* pixels from tap to tap; 1 or more */
    int32_t pad_top, pad_left; /* pixels that the first window begins before the image; may be negative */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_dilation2d_validate(const struct lw_context *context, const struct lw_dilation2d *op,
                                             struct lw_problem *problem);
/* Dilates. All three tensors are of op->type. */
LW_API enum lw_status lw_dilation2d_run(const struct lw_context *context, const struct lw_dilation2d *op,
                                        const void *input, const void *filter, void *output);
/* The gradients with respect to the input and to the filter, given that of the output; all of the one type. Each
 * output's gradient is added, in their order, to the pixel and the tap of its sum, the first of equals. Where there is
 * none it goes to the window's first pixel at or behind the image's border, if there is one, and to tap 0. */
LW_API enum lw_status lw_dilation2d_input_gradient_run(const struct lw_context *context, const struct lw_dilation2d *op,
                                                       const void *input, const void *filter, const void *gradient,
                                                       void *output);
/* The gradient with respect to the filter: see lw_dilation2d_input_gradient_run. */
LW_API enum lw_status lw_dilation2d_filter_gradient_run(const struct lw_context *context,
                                                        const struct lw_dilation2d *op, const void *input,
                                                        const void *filter, const void *gradient, void *output);

/* ---- Local response normalization ----------------------------------------------------------------------- */

/* output[p][c] = input[p][c] norm^-beta,
 * norm = bias + alpha (sum of input[p][k]^2 for k from c - radius to c + radius, ascending, without those that there are not)
 * pow is that of LW_BINARY_POW. */
struct lw_lrn {
    uint32_t struct_bytes;     /* sizeof(struct lw_lrn) */
    uint32_t channels, radius; /* of a pixel; of the neighbours that count, on either side */
    size_t pixels;             /* input: [pixels][channels] */
    float bias, alpha, beta;   /* as in the formula */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_lrn_validate(const struct lw_context *context, const struct lw_lrn *op,
                                      struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_lrn_sizes(const struct lw_context *context, const struct lw_lrn *op, struct lw_sizes *sizes);
/* Normalizes. scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_lrn_run(const struct lw_context *context, const struct lw_lrn *op, const float *input,
                                 void *scratch, float *output);
/* The gradient with respect to the input, given what lw_lrn_run gave and the gradient of that:
 * output[k] = gradient[k] norm[k]^-beta + (-2 alpha beta input[k]) (sum over c of result[c] gradient[c] / norm[c]),
 * c from k - radius to k + radius, ascending. scratch: as for lw_lrn_run. */
LW_API enum lw_status lw_lrn_gradient_run(const struct lw_context *context, const struct lw_lrn *op, const float *input,
                                          const float *result, const float *gradient, void *scratch, float *output);

/* ---- Elementwise ---------------------------------------------------------------------------------------- */

/* Functions of one element; how exact they are is said at the top. */
enum lw_unary_op {
    LW_UNARY_ACTIVATION = 0,  /* the activation given (any but LW_PRELU: that is LW_BINARY_PRELU) */
    LW_UNARY_EXP = 1,         /* e to the power of x */
    LW_UNARY_SQRT = 2,        /* correctly rounded */
    LW_UNARY_ABS = 3,         /* |x| */
    LW_UNARY_NEG = 4,         /* -x */
    LW_UNARY_FLOOR = 5,       /* the largest integer not above x */
    LW_UNARY_SQUARE = 6,      /* x x */
    LW_UNARY_CEIL = 7,        /* the smallest integer not below x */
    LW_UNARY_ROUND = 8,       /* to the nearest integer, half-way cases to the even one */
    LW_UNARY_RSQRT = 9,       /* 1 / sqrt(x) */
    LW_UNARY_RECIPROCAL = 10, /* 1 / x */
    LW_UNARY_SIGN = 11,       /* x < 0 ? -1 : x > 0 ? 1 : 0; so 0 for a NaN */
    LW_UNARY_STEP = 12,       /* x > 0 ? 1 : alpha of the activation given; a NaN for a NaN */
    LW_UNARY_EXPM1 = 13,      /* exp(x) - 1 */
    LW_UNARY_LOG = 14,        /* the natural logarithm; NaN below 0 */
    LW_UNARY_LOG1P = 15,      /* log(1 + x) */
    LW_UNARY_SOFTPLUS = 16,   /* log(1 + exp(x)); may be 0 where that is under 2^-126 */
    LW_UNARY_SELU = 17,       /* 1.0507009873554805 x where x >= 0, else 1.7580993408473768 (exp(x) - 1) */
    LW_UNARY_ERF = 18,        /* the error function */
    LW_UNARY_SIN = 19,        /* sine; x in radians, as in COS and TAN */
    LW_UNARY_COS = 20,        /* cosine */
    LW_UNARY_TAN = 21,        /* tangent */
    LW_UNARY_ASIN = 22,       /* inverse sine, -pi / 2 to pi / 2 */
    LW_UNARY_ACOS = 23,       /* inverse cosine, 0 to pi */
    LW_UNARY_ATAN = 24,       /* inverse tangent, -pi / 2 to pi / 2 */
    LW_UNARY_SINH = 25,       /* hyperbolic sine */
    LW_UNARY_COSH = 26,       /* hyperbolic cosine */
    LW_UNARY_ASINH = 27,      /* inverse hyperbolic sine */
    LW_UNARY_ACOSH = 28,      /* inverse hyperbolic cosine; NaN below 1 */
    LW_UNARY_ATANH = 29       /* inverse hyperbolic tangent; NaN outside of -1 to 1 */
};

/* output[i] = op(input[i]) for count elements. output may be input. activation: for LW_UNARY_ACTIVATION and
 * LW_UNARY_STEP, whose alpha alone it is; may be NULL for other ops. */
LW_API enum lw_status lw_unary_run(const struct lw_context *context, enum lw_unary_op op,
                                   const struct lw_activation *activation, size_t count, const float *input,
                                   float *output);
/* The same for rows of `columns` elements that are parts of wider ones: input_stride and output_stride are the elements
 * from one row to the next, columns or more (else LW_BAD_SHAPE), or 0 for columns. What lies between the output's rows
 * isn't written. output may be input where both strides are the same. */
LW_API enum lw_status lw_unary_rows_run(const struct lw_context *context, enum lw_unary_op op,
                                        const struct lw_activation *activation, size_t rows, size_t columns,
                                        size_t input_stride, size_t output_stride, const float *input, float *output);

/* What a tensor holds. */
enum lw_type {
    LW_FLOAT32 = 0, /* IEEE 754 binary32 */
    LW_INT32 = 1,   /* two's complement */
    LW_BOOL = 2     /* one byte, 0 or 1 */
};

/* Functions of two elements. */
enum lw_binary_op {
    LW_BINARY_ADD = 0,                /* a + b */
    LW_BINARY_SUB = 1,                /* a - b */
    LW_BINARY_MUL = 2,                /* a b */
    LW_BINARY_DIV = 3,                /* of int32: rounded towards 0; a division by 0 gives 0 */
    LW_BINARY_MIN = 4,                /* b < a ? b : a, but a NaN in either operand gives NaN */
    LW_BINARY_MAX = 5,                /* a < b ? b : a, but a NaN in either operand gives NaN */
    LW_BINARY_FLOOR_DIV = 6,          /* floor(a / b); an int32 division by 0 gives 0 */
    LW_BINARY_SQUARED_DIFFERENCE = 7, /* (a - b)^2 */
    LW_BINARY_PRELU = 8,              /* a < 0 ? b a : a; float32 only */
    LW_BINARY_MOD = 9,    /* r = the exact remainder of the division rounded towards 0, or r + b where r isn't 0 and has
                            not b's sign; NaN, or 0 of int32, where b is 0 */
    LW_BINARY_POW = 10,   /* a to the power of b. float32: within 0.51 units in the last place, with IEEE 754's special
                            cases; int32: a negative power truncates to 0 unless a is 1 or -1 */
    LW_BINARY_ATAN2 = 11, /* the angle of the point (b, a), -pi to pi; float32 only; within 0.51 units as well */
    LW_BINARY_BITWISE_AND = 12, /* int32 only, as are OR and XOR */
    LW_BINARY_BITWISE_OR = 13,  /* int32 only */
    LW_BINARY_BITWISE_XOR = 14, /* int32 only */

    /* From here on the output is LW_BOOL. Every comparison with a NaN is false, but for NOT_EQUAL; bools are compared
     * as 0 and 1, so NOT_EQUAL is their exclusive or, and EQUAL with a false their negation. */
    LW_BINARY_EQUAL = 16,         /* a = b */
    LW_BINARY_NOT_EQUAL = 17,     /* of an array and itself: where it is NaN */
    LW_BINARY_LESS = 18,          /* a < b */
    LW_BINARY_LESS_EQUAL = 19,    /* a <= b */
    LW_BINARY_GREATER = 20,       /* a > b */
    LW_BINARY_GREATER_EQUAL = 21, /* a >= b */
    LW_BINARY_LOGICAL_AND = 22,   /* LW_BOOL only, as is OR */
    LW_BINARY_LOGICAL_OR = 23     /* LW_BOOL only */
};

/* output = op(a, b) with broadcasting: shapes are aligned at the right, and a size of 1 is repeated.
 * The output's shape is [max(a_shape[d], b_shape[d])], 0 if either is 0. type is that of both operands. Arithmetic takes
 * LW_FLOAT32 or LW_INT32, which wraps around, and gives the same type; there output may be a or b if that operand has
 * the output's shape. Comparisons take every type and give LW_BOOL; their output may not overlap an operand.
 * LW_UNSUPPORTED: an op that doesn't have the type. */
struct lw_binary {
    uint32_t struct_bytes;                               /* sizeof(struct lw_binary) */
    uint32_t op;                                         /* enum lw_binary_op */
    uint32_t type;                                       /* enum lw_type, of a and b */
    uint32_t a_rank, b_rank;                             /* 0 to LW_MAX_RANK */
    uint32_t a_shape[LW_MAX_RANK], b_shape[LW_MAX_RANK]; /* the first *_rank entries count */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_binary_validate(const struct lw_context *context, const struct lw_binary *op,
                                         struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_binary_sizes(const struct lw_context *context, const struct lw_binary *op,
                                      struct lw_sizes *sizes);
/* Computes op(a, b). */
LW_API enum lw_status lw_binary_run(const struct lw_context *context, const struct lw_binary *op, const void *a,
                                    const void *b, void *output);

/* output[i] = floor(a[i] / b[i]) in double precision, as int32 modulo 2^32; 0 where that isn't finite. (LW_BINARY_FLOOR_DIV
 * is single precision's.) output may be a or b. */
LW_API enum lw_status lw_floor_div_run(const struct lw_context *context, size_t count, const float *a, const float *b,
                                       int32_t *output);

/* output[r][c] = condition[r] ? a[r][c] : b[r][c], r < rows, c < columns; columns is 1 where each element has a condition
 * of its own. condition: LW_BOOL. type: that of a, b and output. output may be a or b, but not overlap condition. */
LW_API enum lw_status lw_select_run(const struct lw_context *context, enum lw_type type, size_t rows, size_t columns,
                                    const uint8_t *condition, const void *a, const void *b, void *output);

/* ---- Rows: softmax, reductions, normalisation ---------------------------------------------------------- */

/* output[r][c] = exp(x[r][c] - max_c x[r]) / sum over c of the same; a NaN in a row makes the whole row NaN.
 * output may be input. */
LW_API enum lw_status lw_softmax_run(const struct lw_context *context, size_t rows, size_t columns, const float *input,
                                     float *output);
/* The same for rows that are parts of wider ones, with strides as in lw_unary_rows_run. output may be input where both
 * strides are the same. */
LW_API enum lw_status lw_softmax_rows_run(const struct lw_context *context, size_t rows, size_t columns,
                                          size_t input_stride, size_t output_stride, const float *input, float *output);

/* What many elements become. */
enum lw_reduce_op {
    LW_REDUCE_SUM = 0,    /* 0 of nothing */
    LW_REDUCE_MEAN = 1,   /* the sum divided by `reduced`; NaN when that is 0 */
    LW_REDUCE_MAX = 2,    /* NaN when any element is; -infinity, or INT32_MIN, of nothing */
    LW_REDUCE_MIN = 3,    /* NaN when any element is; +infinity, or INT32_MAX, of nothing */
    LW_REDUCE_PRODUCT = 4 /* 1 of nothing */
};

/* output[o][i] = op over r of input[o][r][i]; input is [outer][reduced][inner]. Any set of axes becomes this after a
 * transpose (lw_copy). type, of input and output: LW_FLOAT32, or LW_INT32, which wraps around and has no mean
 * (LW_UNSUPPORTED, as is LW_BOOL). */
LW_API enum lw_status lw_reduce_run(const struct lw_context *context, enum lw_reduce_op op, enum lw_type type,
                                    size_t outer, size_t reduced, size_t inner, const void *input, void *output);

/* output[o][r][i] = op over s from 0 to r, ascending, of input[o][s][i]: running sums (LW_REDUCE_SUM) or products
 * (LW_REDUCE_PRODUCT; any other op is LW_UNSUPPORTED) along the middle of [outer][size][inner], output's shape too.
 * exclusive: s stops before r, and the first is 0, or 1 of products. reverse: s goes from size - 1 down to r. Both are
 * 0 or 1, else LW_BAD_ENUM. type: LW_FLOAT32, or LW_INT32, which wraps around (LW_BOOL: LW_UNSUPPORTED). */
LW_API enum lw_status lw_cumulative_run(const struct lw_context *context, enum lw_reduce_op op, enum lw_type type,
                                        uint32_t exclusive, uint32_t reverse, size_t outer, size_t size, size_t inner,
                                        const void *input, void *output);

/* output[o][i] = the r found by starting at 0 and going on to each r whose input[o][r][i] is larger: the first of the
 * largest. A NaN at 0 stays, one behind it is skipped. LW_BAD_SHAPE when reduced is 0, LW_TOO_LARGE when it is over
 * INT32_MAX. type: LW_FLOAT32 or LW_INT32. */
LW_API enum lw_status lw_argmax_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                                    size_t inner, const void *input, int32_t *output);

/* The same for the first of the smallest. */
LW_API enum lw_status lw_argmin_run(const struct lw_context *context, enum lw_type type, size_t outer, size_t reduced,
                                    size_t inner, const void *input, int32_t *output);

/* values[r][i] = input[r][indices[r][i]]: the k largest of each row, from the largest on, equal ones from the lowest
 * position on; a NaN is smaller than any number. input: [rows][columns]; values, of the same type, and indices:
 * [rows][k]. LW_BAD_SHAPE when k is over columns, LW_TOO_LARGE when columns is over INT32_MAX.
 * type: LW_FLOAT32 or LW_INT32. */
LW_API enum lw_status lw_top_k_run(const struct lw_context *context, enum lw_type type, size_t rows, size_t columns,
                                   size_t k, const void *input, void *values, int32_t *indices);

/* Batch normalisation, (x - mean[c]) * scale[c] / sqrt(variance[c] + epsilon) + offset[c], as a scale and a shift of each
 * channel, such as an epilogue takes: out_scale = scale / sqrt(variance + epsilon), out_shift = offset - mean * out_scale.
 * scale and offset may be NULL for 1 and 0. out_scale may be any of the inputs but mean and offset; out_shift any but
 * out_scale. */
LW_API enum lw_status lw_batch_norm_fold(const struct lw_context *context, size_t channels, float epsilon,
                                         const float *mean, const float *variance, const float *scale,
                                         const float *offset, float *out_scale, float *out_shift);

/* output[r][c] = input[r][c] * s[c] + t[c] with the scale s and shift t of lw_batch_norm_fold.
 * scale and offset may be NULL for 1 and 0. scratch: 2 * channels floats. output may be input. */
LW_API enum lw_status lw_batch_norm_run(const struct lw_context *context, size_t rows, size_t channels, float epsilon,
                                        const float *input, const float *mean, const float *variance,
                                        const float *scale, const float *offset, void *scratch, float *output);

/* output[r][c] = (input[r][c] - mean) / sqrt(variance + epsilon) * scale[c] + shift[c], with the mean and the variance
 * (the mean of the squared deviations) of row r. input, output: [rows][columns]; scale, shift: [columns], or NULL for 1
 * and 0. Both sums are lw_reduce's. output may be input. */
LW_API enum lw_status lw_layer_norm_run(const struct lw_context *context, size_t rows, size_t columns, float epsilon,
                                        const float *input, const float *scale, const float *shift, float *output);

/* ---- Complex numbers: (re, im) pairs of floats ---------------------------------------------------------- */

/* output[i] = sqrt(re^2 + im^2), within 0.51 units in the last place; infinite where either part is. input: [count] pairs */
LW_API enum lw_status lw_complex_abs_run(const struct lw_context *context, size_t count, const float *input,
                                         float *output);

/* output[i] = a[i] b[i], each part computed in double precision and rounded once more. All are [count] pairs; output may be
 * a or b. */
LW_API enum lw_status lw_complex_multiply_run(const struct lw_context *context, size_t count, const float *a,
                                              const float *b, float *output);

/* output[b][k] = sum over j of input[b][j] exp(-2 pi i j k / length): the discrete Fourier transform, of any length. The
 * inverse has the other sign, and divides by length. input, output: [batch][length] complex numbers; output may be input.
 * The transform itself is in double precision: each part of each output is within u (|part| + 2^-19 M) of the exact one,
 * where u = 2^-24 and M is the sum of the row's absolute values, divided by length for the inverse; M is to be multiplied
 * by sqrt(length) where length has a prime factor above 31. A row with an infinity or a NaN gives infinities and NaN.
 * lw_fft_pack fills the table of a length, for both directions; it needs scratch as lw_fft_run does.
 * LW_BAD_SHAPE: length is 0. */
struct lw_fft {
    uint32_t struct_bytes;  /* sizeof(struct lw_fft) */
    uint32_t batch, length; /* of the input, [batch][length] complex numbers; length is 1 or more */
    uint32_t inverse;       /* 0 or 1 */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_fft_validate(const struct lw_context *context, const struct lw_fft *op,
                                      struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_fft_sizes(const struct lw_context *context, const struct lw_fft *op, struct lw_sizes *sizes);
/* Fills the table of a length. packed: sizes.packed_bytes; scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_fft_pack(const struct lw_context *context, const struct lw_fft *op, void *scratch,
                                  void *packed);
/* Transforms. packed: from lw_fft_pack. */
LW_API enum lw_status lw_fft_run(const struct lw_context *context, const struct lw_fft *op, const float *input,
                                 const void *packed, void *scratch, float *output);

/* ---- Images --------------------------------------------------------------------------------------------- */

/* Bilinear resize. The source coordinate of output pixel y is y * scale, or (y + 0.5) * scale - 0.5 clamped to 0 with
 * half_pixel_centers; scale is input / output, or (input - 1) / (output - 1) with align_corners and output > 1. */
struct lw_resize_bilinear {
    uint32_t struct_bytes;                               /* sizeof(struct lw_resize_bilinear) */
    uint32_t batch, input_height, input_width, channels; /* input: [batch][height][width][channels] */
    uint32_t output_height, output_width;                /* output: [batch][output_height][output_width][channels] */
    uint32_t align_corners, half_pixel_centers;          /* 0 or 1; not both 1 */
    uint32_t input_pixel_stride, output_pixel_stride;    /* see Pixel strides; 0: channels */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_resize_bilinear_validate(const struct lw_context *context, const struct lw_resize_bilinear *op,
                                                  struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_resize_bilinear_sizes(const struct lw_context *context, const struct lw_resize_bilinear *op,
                                               struct lw_sizes *sizes);
/* Resizes. scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_resize_bilinear_run(const struct lw_context *context, const struct lw_resize_bilinear *op,
                                             const float *input, void *scratch, float *output);

/* Nearest-neighbour resize: output[n][y][x] = input[n][row(y)][column(x)], pixels of `channels` elements.
 * row(y) = floor(y * scale), or floor((y + 0.5) * scale) with half_pixel_centers, or y * scale rounded, halves up, with
 * align_corners; input_height - 1 at most. scale is as in lw_resize_bilinear, in double precision; column(x) likewise.
 * LW_BAD_SHAPE when there is an output and no input, or element_bytes is none of those below. */
struct lw_resize_nearest {
    uint32_t struct_bytes;                               /* sizeof(struct lw_resize_nearest) */
    uint32_t element_bytes;                              /* 1, 2, 4, 8 or 16 */
    uint32_t batch, input_height, input_width, channels; /* input: [batch][height][width][channels] */
    uint32_t output_height, output_width;                /* output: [batch][output_height][output_width][channels] */
    uint32_t align_corners, half_pixel_centers;          /* 0 or 1; not both 1 */
    uint32_t input_pixel_stride, output_pixel_stride;    /* see Pixel strides; 0: channels */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_resize_nearest_validate(const struct lw_context *context, const struct lw_resize_nearest *op,
                                                 struct lw_problem *problem);
/* Resizes. It needs no scratch. */
LW_API enum lw_status lw_resize_nearest_run(const struct lw_context *context, const struct lw_resize_nearest *op,
                                            const void *input, void *output);

/* Crops of images, resized. Box b is of image indices[b]; its corners boxes[b] = {top, left, bottom, right} are fractions
 * of the image's height - 1 and width - 1 and may lie outside of 0 to 1, or the other way round. Row y of the crop lies at
 *     top (H - 1) + y ((bottom - top) (H - 1) / (crop_height - 1)),  or (top + bottom) / 2 (H - 1) if crop_height is 1,
 * H = input_height, in double precision; columns likewise. Pixels outside of the image are `extrapolation`; the others are
 * interpolated, or the nearest one (halves away from the origin). A coordinate that is NaN makes NaN. The last row or
 * column of a crop up to the image's border may round to a place beyond it, as in TensorFlow.js.
 * An index outside of the batch makes a crop of zeros. LW_BAD_SHAPE: an image without pixels.
 * input: [batch][input_height][input_width][channels], output: [boxes][crop_height][crop_width][channels] */
struct lw_crop_and_resize {
    uint32_t struct_bytes;                               /* sizeof(struct lw_crop_and_resize) */
    uint32_t batch, input_height, input_width, channels; /* of the images */
    uint32_t boxes, crop_height, crop_width;             /* of the crops */
    uint32_t nearest;                                    /* 0 or 1 */
    float extrapolation;                                 /* what pixels outside of the image are */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_crop_and_resize_validate(const struct lw_context *context, const struct lw_crop_and_resize *op,
                                                  struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_crop_and_resize_sizes(const struct lw_context *context, const struct lw_crop_and_resize *op,
                                               struct lw_sizes *sizes);
/* Crops. boxes: [boxes][4], indices: [boxes]; scratch: sizes.scratch_bytes. */
LW_API enum lw_status lw_crop_and_resize_run(const struct lw_context *context, const struct lw_crop_and_resize *op,
                                             const float *input, const float *boxes, const int32_t *indices,
                                             void *scratch, float *output);

/* Non-maximum suppression: indices[0], indices[1]... are the boxes with the highest scores above score_threshold, the best
 * first (of equal ones the first), `most` at most; *selected says how many. A box whose intersection with an earlier one,
 * divided by their union, is iou_threshold or more is left out. With a sigma above 0 each other overlap u first
 * multiplies its score by exp(-u^2 / (2 sigma)), and the box waits for its turn. In double precision, the exponential to
 * 2^-37. boxes: (count, 4), y, x of a corner and of the one opposite; scores: (count); indices, and selected_scores unless
 * that is NULL: `most`, or count where that is less; scratch: 16 * count bytes. */
LW_API enum lw_status lw_non_max_suppression_run(const struct lw_context *context, size_t count, size_t most,
                                                 double iou_threshold, double score_threshold, double sigma,
                                                 const float *boxes, const float *scores, void *scratch,
                                                 int32_t *indices, float *selected_scores, size_t *selected);

/* The gradients of both ways of resizing with respect to the image, given that of the output. They need no scratch.
 * Bilinear: each output pixel gives its gradient to its four pixels, times their weights, in double, each sum rounded.
 * Nearest: each pixel's sum in double. LW_BAD_SHAPE: element_bytes is not 4. LW_UNSUPPORTED: pixel strides that aren't 0.
 * gradient: [batch][output_height][output_width][channels], output: [batch][input_height][input_width][channels] */
LW_API enum lw_status lw_resize_bilinear_gradient_run(const struct lw_context *context,
                                                      const struct lw_resize_bilinear *op, const float *gradient,
                                                      float *output);
/* The gradient of lw_resize_nearest_run: see lw_resize_bilinear_gradient_run. */
LW_API enum lw_status lw_resize_nearest_gradient_run(const struct lw_context *context,
                                                     const struct lw_resize_nearest *op, const float *gradient,
                                                     float *output);

/* Where a place outside of the image takes its pixel from. With abcd a row: */
enum lw_edge {
    LW_EDGE_CONSTANT = 0, /* nowhere: `fill` is taken */
    LW_EDGE_REFLECT = 1,  /* dcba abcd dcba */
    LW_EDGE_WRAP = 2,     /* abcd abcd abcd */
    LW_EDGE_NEAREST = 3   /* aaaa abcd dddd */
};

/* An image seen through a projection: with m a row of `transforms`, output pixel (x, y) takes what lies at
 *     ((m0 x + m1 y + m2) / (m6 x + m7 y + 1), (m3 x + m4 y + m5) / (m6 x + m7 y + 1))
 * in double precision: the nearest pixel (halves up), or what is interpolated between four. Where the divisor is 0 it
 * is `fill`. Integers, if interpolated, are truncated.
 * input: [batch][input_height][input_width][channels], output: [batch][output_height][output_width][channels],
 * transforms: [transforms][8]. LW_BAD_SHAPE: transforms is not 1 or the batch. */
struct lw_transform {
    uint32_t struct_bytes;                               /* sizeof(struct lw_transform) */
    uint32_t type;                                       /* enum lw_type */
    uint32_t batch, input_height, input_width, channels; /* of the input */
    uint32_t output_height, output_width;                /* of the output */
    uint32_t transforms;                                 /* one for each image of the batch, or 1 for all */
    uint32_t bilinear;                                   /* 0 or 1 */
    uint32_t edge;                                       /* enum lw_edge */
    float fill;                                          /* for LW_EDGE_CONSTANT, and where the divisor is 0 */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_transform_validate(const struct lw_context *context, const struct lw_transform *op,
                                            struct lw_problem *problem);
/* Projects. Input and output are of op->type. */
LW_API enum lw_status lw_transform_run(const struct lw_context *context, const struct lw_transform *op,
                                       const void *input, const float *transforms, void *output);

/* An image turned about a center: output pixel (x, y) is the one nearest (halves up) to
 *     ((x - center_x) cosine - (y - center_y) sine + center_x, (x - center_x) sine + (y - center_y) cosine + center_y)
 * and outside of the image *fill, one pixel. element_bytes: 1, 2, 4, 8 or 16.
 * input, output: [batch][height][width][channels], fill: [channels] */
struct lw_rotate {
    uint32_t struct_bytes;                   /* sizeof(struct lw_rotate) */
    uint32_t element_bytes;                  /* 1, 2, 4, 8 or 16 */
    uint32_t batch, height, width, channels; /* of input and output */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_rotate_validate(const struct lw_context *context, const struct lw_rotate *op,
                                         struct lw_problem *problem);
/* Turns. Angles are given by their sine and cosine, the center in pixels. */
LW_API enum lw_status lw_rotate_run(const struct lw_context *context, const struct lw_rotate *op, double sine,
                                    double cosine, double center_x, double center_y, const void *input,
                                    const void *fill, void *output);

/* ---- Moving data (any element size) --------------------------------------------------------------------- */

/* Copies an n-dimensional array from one stride pattern to another: transpose, slice, concat, pack and unpack are all
 * this. Strides are in elements and may be 0 (input only: repeat) or negative (then the pointer names the element
 * at index 0). element_bytes: 1, 2, 4, 8 or 16. The caller promises that all addresses lie inside of its buffers. */
struct lw_copy {
    uint32_t struct_bytes;       /* sizeof(struct lw_copy) */
    uint32_t element_bytes;      /* 1, 2, 4, 8 or 16 */
    uint32_t rank;               /* 0 to LW_MAX_RANK */
    uint32_t shape[LW_MAX_RANK]; /* the first `rank` entries count, as in the strides */
    ptrdiff_t input_strides[LW_MAX_RANK],
        output_strides[LW_MAX_RANK]; /* in elements; no output stride is 0, unless its dimension's size is 1 */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_copy_validate(const struct lw_context *context, const struct lw_copy *op,
                                       struct lw_problem *problem);
/* Copies. input and output name the elements at index 0. */
LW_API enum lw_status lw_copy_run(const struct lw_context *context, const struct lw_copy *op, const void *input,
                                  void *output);

/* What an array is surrounded with. */
enum lw_pad_mode {
    LW_PAD_CONSTANT = 0, /* copies of *value, which has element_bytes bytes */
    LW_PAD_REFLECT = 1,  /* the input mirrored at its first and last index: at most size - 1 of each dimension */
    LW_PAD_SYMMETRIC =
        2 /* the same, with that index repeated: at most size. value is ignored in both, and may be NULL */
};

/* output is input with before[d] and after[d] elements around it in each dimension.
 * LW_BAD_SHAPE: more mirrored elements than there are. */
struct lw_pad {
    uint32_t struct_bytes;                            /* sizeof(struct lw_pad) */
    uint32_t element_bytes;                           /* 1, 2, 4, 8 or 16 */
    uint32_t rank;                                    /* 0 to LW_MAX_RANK */
    uint32_t shape[LW_MAX_RANK];                      /* of the input; the first `rank` entries count */
    uint32_t before[LW_MAX_RANK], after[LW_MAX_RANK]; /* elements that are added in each dimension */
    uint32_t mode;                                    /* enum lw_pad_mode */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_pad_validate(const struct lw_context *context, const struct lw_pad *op,
                                      struct lw_problem *problem);
/* Checks the descriptor and fills *sizes. */
LW_API enum lw_status lw_pad_sizes(const struct lw_context *context, const struct lw_pad *op, struct lw_sizes *sizes);
/* Pads. value: one element, for LW_PAD_CONSTANT. */
LW_API enum lw_status lw_pad_run(const struct lw_context *context, const struct lw_pad *op, const void *input,
                                 const void *value, void *output);

/* output[i][c] = rgba[i][c], c < channels: the channels of pixels as integers. channels: 1 to 4, else LW_BAD_SHAPE.
 * rgba: (pixels, 4), output: (pixels, channels). rgba may be the last bytes of output; otherwise they don't overlap. */
LW_API enum lw_status lw_pixels_run(const struct lw_context *context, size_t pixels, uint32_t channels,
                                    const uint8_t *rgba, int32_t *output);

/* output[i] = the slice of slice_bytes bytes at params[indices[i][0]][indices[i][1]]...; indices is
 * [count][index_rank], params_shape the first index_rank dimensions of params.
 * LW_BAD_INDEX when an index is out of range; nothing is written then. */
struct lw_gather_nd {
    uint32_t struct_bytes;              /* sizeof(struct lw_gather_nd) */
    uint32_t index_rank;                /* 0 to LW_MAX_RANK */
    uint32_t params_shape[LW_MAX_RANK]; /* the first index_rank dimensions of params */
    size_t count, slice_bytes;          /* of indices; of what each names, in bytes */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_gather_nd_validate(const struct lw_context *context, const struct lw_gather_nd *op,
                                            struct lw_problem *problem);
/* Gathers. output: [count][slice_bytes]. */
LW_API enum lw_status lw_gather_nd_run(const struct lw_context *context, const struct lw_gather_nd *op,
                                       const void *params, const int32_t *indices, void *output);

/* output[b][o][i] = params[b][o][indices[b][i]]: slices of slice_bytes bytes, chosen along one dimension.
 * params: (batch, outer, size, slice_bytes), indices: (batch, count), output: (batch, outer, count, slice_bytes)
 * LW_BAD_INDEX when an index is not in 0 to size - 1; nothing is written then. */
struct lw_gather {
    uint32_t struct_bytes;                   /* sizeof(struct lw_gather) */
    uint32_t size;                           /* of the dimension that indices choose from */
    size_t batch, outer, count, slice_bytes; /* as in the formula; a slice is in bytes */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_gather_validate(const struct lw_context *context, const struct lw_gather *op,
                                         struct lw_problem *problem);
/* Gathers. */
LW_API enum lw_status lw_gather_run(const struct lw_context *context, const struct lw_gather *op, const void *params,
                                    const int32_t *indices, void *output);

/* What becomes of what the output holds. */
enum lw_scatter_op {
    LW_SCATTER_SET = 0, /* of updates for the same slice the last one stays */
    LW_SCATTER_ADD = 1  /* in ascending order; int32 wraps around. Not for LW_BOOL: LW_UNSUPPORTED */
};

/* output[b][indices[b][i]] = or += updates[b][i]: slices of `slice` elements, laid or added over what output holds.
 * indices: (batch, count, index_rank), each index_rank numbers the index of a slice of `shape`;
 * updates: (batch, count, slice), or one slice for all of them with `repeat`; output: (batch, shape..., slice).
 * LW_BAD_INDEX when an index is out of range, unless `skip` has that update left out.
 * A one-hot array is this with a batch of scalars, a bincount adds the same scalar everywhere. */
struct lw_scatter {
    uint32_t struct_bytes;       /* sizeof(struct lw_scatter) */
    uint32_t op;                 /* enum lw_scatter_op */
    uint32_t type;               /* enum lw_type, of updates and output */
    uint32_t skip, repeat;       /* 0 or 1 */
    uint32_t index_rank;         /* 1 to LW_MAX_RANK */
    uint32_t shape[LW_MAX_RANK]; /* of the output, in slices; the first index_rank entries count */
    size_t batch, count, slice;  /* of updates: (batch, count, slice), a slice in elements */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_scatter_validate(const struct lw_context *context, const struct lw_scatter *op,
                                          struct lw_problem *problem);
/* Scatters. */
LW_API enum lw_status lw_scatter_run(const struct lw_context *context, const struct lw_scatter *op,
                                     const int32_t *indices, const void *updates, void *output);

/* output[s][c] = the sum or mean over i with ids[i] = s, ascending, of data[indices[i]][c]; 0 where there is no such i.
 * data: (rows, columns), indices and ids: (count), output: (segments, columns). ids must not descend.
 * int32 wraps around, and its mean truncates towards 0.
 * LW_BAD_INDEX when an index is not in 0 to rows - 1, an id not in 0 to segments - 1, or less than the one before. */
struct lw_segment {
    uint32_t struct_bytes;                 /* sizeof(struct lw_segment) */
    uint32_t op;                           /* LW_REDUCE_SUM or LW_REDUCE_MEAN */
    uint32_t type;                         /* LW_FLOAT32 or LW_INT32, of data and output */
    size_t rows, columns, count, segments; /* as in the formula */
};

/* What is wrong with the descriptor: see struct lw_problem. */
LW_API enum lw_status lw_segment_validate(const struct lw_context *context, const struct lw_segment *op,
                                          struct lw_problem *problem);
/* Sums the segments. */
LW_API enum lw_status lw_segment_run(const struct lw_context *context, const struct lw_segment *op, const void *data,
                                     const int32_t *indices, const int32_t *ids, void *output);

/* output[b][i] = how many of sorted[b] are less than values[b][i], or with upper = 1 not more: where the value goes into
 * the row, which must ascend (or is told anything from 0 to size). Of a NaN: 0.
 * sorted: (batch, size), values and output: (batch, count). The types are LW_FLOAT32 or LW_INT32 and may differ. */
LW_API enum lw_status lw_search_sorted_run(const struct lw_context *context, enum lw_type row_type,
                                           enum lw_type value_type, uint32_t upper, size_t batch, size_t size,
                                           size_t count, const void *sorted, const void *values, int32_t *output);

/* output[i] = start + i * step for i < count, in double precision. type: LW_FLOAT32, or LW_INT32, which truncates towards
 * 0 and saturates. */
LW_API enum lw_status lw_range_run(const struct lw_context *context, enum lw_type type, double start, double step,
                                   size_t count, void *output);

/* output[r][i] = the first e < events - 1 for which probabilities[r][0] + ... + probabilities[r][e] > draws[i], added up
 * from left to right, or events - 1. probabilities: (rows, events), draws: (count), numbers from 0 to 1 that serve every
 * row; output: (rows, count); scratch: events floats. LW_BAD_SHAPE without events. */
LW_API enum lw_status lw_multinomial_run(const struct lw_context *context, size_t rows, size_t events, size_t count,
                                         const float *probabilities, const float *draws, void *scratch,
                                         int32_t *output);

/* Converts count elements. float32 to int32 truncates towards zero, modulo 2^32 as JavaScript does, and makes NaN and
 * infinities 0; any type to bool is x != 0 (NaN is true); bool to number is 0 or 1; int32 to float32 rounds to nearest.
 * output may be input where both types have the same size. */
LW_API enum lw_status lw_cast_run(const struct lw_context *context, enum lw_type from, enum lw_type to, size_t count,
                                  const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif
