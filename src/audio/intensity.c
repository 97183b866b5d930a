/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intensity = 0.5 L + 0.25 F + 0.25 R, each part cut to 0..1:
 *
 *     L = (loudness + 35 LU) / 27      from a whisper (-35 LUFS) to a loud master (-8 LUFS)
 *     F = flux / 0.18                  how much of the spectrum is new from frame to frame
 *     R = onsets a second / 8
 *
 * Silence has intensity 0.
 */
#include "audio/intensity.h"

#include <math.h>

static double cut(double x)
{
    return fmin(1.0, fmax(0.0, x));
}

double mm_intensity(double loudness_lufs, double flux, double onset_rate)
{
    if (!isfinite(loudness_lufs))
        return 0;
    double loud = cut((loudness_lufs + 35.0) / 27.0);
    return 0.5 * loud + 0.25 * cut(flux / 0.18) + 0.25 * cut(onset_rate / 8.0);
}
