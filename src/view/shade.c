/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shade.c - a scale from light sand to deep teal: its lightness falls evenly, so that it is read
 * rightly by every eye and in grey. A circle (keys) goes round the hues at one lightness.
 */
#include "view/shade.h"

#include <math.h>
#include <stdio.h>

#include "view/colour.h"

#define UNKNOWN 0xd9d6cf
#define TURN    6.283185307179586

uint32_t mm_shade_colour(const struct mm_shade *shade, size_t step)
{
    if (step >= MM_SHADE_STEPS)
        return UNKNOWN;
    double part = (double)step / (MM_SHADE_STEPS - (shade->circular ? 0 : 1));
    struct mm_lab lab;
    if (shade->circular)
        lab = (struct mm_lab){72, 34 * cos(TURN * part), 34 * sin(TURN * part)};
    else
        lab = (struct mm_lab){93 - 58 * part, 2 - 22 * sin(TURN / 2 * part), 22 - 40 * part};
    return mm_colour_from_lab(lab, NULL);
}

size_t mm_shade_step(const struct mm_shade *shade, double value)
{
    if (!isfinite(value))
        return MM_SHADE_STEPS;
    double part = shade->high > shade->low ? (value - shade->low) / (shade->high - shade->low) : 0;
    part = fmax(fmin(part, 1), 0);
    size_t step = (size_t)(part * MM_SHADE_STEPS);
    return step < MM_SHADE_STEPS ? step : shade->circular ? 0 : MM_SHADE_STEPS - 1;
}

void mm_shade_number(double value, char *out, size_t room)
{
    /* Three digits where there is a point: a year has four, and no power of ten. */
    snprintf(out, room, fabs(value) < 999.5 ? "%.3g" : "%.0f", value);
}

size_t mm_shade_country(const struct mm_picture *p, size_t country)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < p->songs->n_songs && !p->shade->circular; i++)
        if (p->songs->cluster[i] == country && isfinite(p->shade->value[i])) {
            sum += p->shade->value[i];
            count++;
        }
    return mm_shade_step(p->shade, count ? sum / (double)count : NAN);
}
