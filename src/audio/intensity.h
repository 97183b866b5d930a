/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUDIO_INTENSITY_H
#define AUDIO_INTENSITY_H

/* 0..1 from loudness (LUFS), relative spectral flux and onsets a second; formula in intensity.c. */
double mm_intensity(double loudness_lufs, double flux, double onset_rate);

#endif
