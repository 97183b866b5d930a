/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * moment.h - a telling moment to start listening at, and how often something begins.
 *
 * Memory does not grow with the length of the song. One thread at a time.
 */
#ifndef AUDIO_MOMENT_H
#define AUDIO_MOMENT_H

#include "audio/onset.h"

#define MM_MOMENT_CELLS 512

/* A stretch of the song. */
struct mm_moment_cell {
    double power;    /* sum over its frames */
    float strongest; /* total flux of its strongest onset */
    size_t frame;    /* where that is */
};

/* Zero-initialise. */
struct mm_moment {
    struct mm_moment_cell cells[MM_MOMENT_CELLS];
    size_t n_cells;
    size_t width;    /* frames a cell */
    size_t frames;   /* in all */
    float recent[2]; /* total flux of the two frames before */
    double mean;     /* running mean of total flux */
    size_t last_onset;
    size_t onsets;
    double flux, level; /* sums over frames */
};

void mm_moment_push(struct mm_moment *moment, const struct mm_onset_frame *frame);

/* Seconds from the first frame; the rule is written in moment.c. */
double mm_moment_find(const struct mm_moment *moment);
/* Onsets a second. */
double mm_moment_onset_rate(const struct mm_moment *moment);
/* Rise of the compressed spectrum from frame to frame as a part of its level. */
double mm_moment_flux(const struct mm_moment *moment);

#endif
