/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.h - for clusterers whose work grows with the square of the songs: they look at a sample,
 * and every other song goes where the song of the sample nearest to it went.
 */
#ifndef MAP_SAMPLE_H
#define MAP_SAMPLE_H

#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"

/* Songs that ward, hdbscan and spectral look at: a few seconds of work. */
#define MM_SAMPLE_MOST ((size_t)10000)

struct mm_sample {
    struct mm_points
        points;    /* of the songs drawn, in their order; all of them where they are few */
    float *x;      /* what points points at; NULL: the caller's points */
    uint32_t *row; /* [points.n] which songs they are; NULL: all */
};

/* Draws `most` of the points with the seed; all of them where there are not more. */
int mm_sample_create(const struct mm_points *all, size_t most, uint64_t seed, struct mm_sample *out,
                     struct mm_error *err);
void mm_sample_finish(struct mm_sample *sample);

/* group: [sample->points.n]; out: [all->n] the group of the nearest point of the sample, ties to
 * the first. Points of the sample keep their own. */
int mm_sample_spread(const struct mm_sample *sample, const uint32_t *group,
                     const struct mm_points *all, struct mm_pool *pool, uint32_t *out,
                     struct mm_error *err);

#endif
