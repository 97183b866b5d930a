/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * l3_frontend.h - from one window of samples to the picture that OpenL3 and EdgeL3 look at.
 *
 * Three programs computed it in three ways, and the embeddings differ (cosine 0.97 to 0.99):
 *
 *   trained  OpenL3 0.1 to 0.3 (kapre 0.1.4), what the published weights were trained on: zeros on
 *            both sides (TensorFlow's 'same'), HTK mel bank on the power spectrum, square root
 *   kapre    OpenL3 0.4's default: zeros at the end, Slaney's mel scale on the magnitude
 *   librosa  OpenL3 0.4's other one: n_fft / 2 zeros on both sides, Slaney's scale, magnitude
 *
 * Without mel bands (the linear representation) all three are one: no padding, the magnitude.
 * Then, per window: 10 log10(max(x, 1e-10)), less its largest value, not below -80.
 *
 * Threads: an object has scratch memory and belongs to one thread at a time.
 */
#ifndef EMBED_L3_FRONTEND_H
#define EMBED_L3_FRONTEND_H

#include <stddef.h>

#include "musicmap/error.h"

enum mm_l3_flavour { MM_L3_TRAINED, MM_L3_KAPRE, MM_L3_LIBROSA };

/* The flavour's name; mm_l3_flavour_parse: 0, or MM_ERR_USAGE with the names in the message. */
const char *mm_l3_flavour_name(enum mm_l3_flavour flavour);
int mm_l3_flavour_parse(const char *name, enum mm_l3_flavour *out, struct mm_error *err);

struct mm_l3_frontend_spec {
    int sample_rate; /* Hz; a window is one second */
    size_t n_fft, hop;
    size_t n_mels; /* 0 = linear */
    enum mm_l3_flavour flavour;
};

/* Shape of the picture: [*bins][*frames]. */
void mm_l3_frontend_shape(const struct mm_l3_frontend_spec *spec, size_t *bins, size_t *frames);

struct mm_l3_frontend;
int mm_l3_frontend_create(const struct mm_l3_frontend_spec *spec, struct mm_l3_frontend **out,
                          struct mm_error *err);
void mm_l3_frontend_destroy(struct mm_l3_frontend *frontend);

size_t mm_l3_frontend_bins(const struct mm_l3_frontend *frontend);
size_t mm_l3_frontend_frames(const struct mm_l3_frontend *frontend);

/* samples: [sample_rate], finite; out: [bins][frames] in dB, 0 at the loudest. */
void mm_l3_frontend_run(struct mm_l3_frontend *frontend, const float *samples, float *out);

#endif
