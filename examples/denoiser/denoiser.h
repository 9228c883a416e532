/* SPDX-License-Identifier: MIT */
/*
 * Takes noise out of a voice: 16 kHz, in frames of 10 ms. The output is one frame late.
 *
 *   spectrum = a window of two frames as cosines and sines      convolution, (1, 320), stride 160
 *   loudness = log of the energy in 24 bands                    square, product, log
 *   hidden   = what the last 5 frames' loudness shows           convolution, (1, 5), relu
 *   gain     = from 0 to 1, for each frequency                  product, clamp
 *   output   = the spectrum times the gain, as sound again      transposed convolution, (1, 320), stride 160
 *
 * Each layer keeps what its next run needs of the past. It makes no difference how many frames go into one run: every
 * sum has the same terms in the same order, so the output has the same bits.
 */
#ifndef DENOISER_H
#define DENOISER_H

#include <lanewise/lanewise.h>

enum { DENOISER_RATE = 16000, DENOISER_HOP = 160 };

struct denoiser;

/* weights: `count` floats from make.mjs. frames: how many come in one run, 1 or more.
 * Returns NULL, and in *error why, if they aren't that many or memory is short. */
struct denoiser *denoiser_create(const struct lw_context *context, const float *weights, size_t count, uint32_t frames,
                                 const char **error);
void denoiser_destroy(struct denoiser *denoiser); /* NULL is allowed */

/* Where the next samples go, and where a run puts its own: DENOISER_HOP for each frame. */
float *denoiser_input(struct denoiser *denoiser);
const float *denoiser_output(const struct denoiser *denoiser);

enum lw_status denoiser_run(struct denoiser *denoiser);

#endif
