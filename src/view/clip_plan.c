/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which part of a song is its clip. Measures are of an excerpt of about 30 s, and the clip is just
 * that; where all of a longer song was measured, it is the 30 s around its onset.
 */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "view/clips.h"

static const double CLIP_S = 30.0;
static const double WHOLE_S = 31.0;  /* a song up to this long is its own clip */
static const double LEAD_IN_S = 2.0; /* before the onset, where the measure gives no excerpt */
static const double TARGET_LUFS = -16.0;
static const double PEAK_DBFS = -1.0;

static double limit(double x, double low, double high)
{
    return x > low ? (x < high ? x : high) : low; /* NAN becomes low */
}

static void choose_part(const struct mm_song *song, const struct mm_measure *measure,
                        struct mm_clip_plan *plan)
{
    double duration = song->duration_s;
    plan->length_s = CLIP_S;
    if (duration > 0 && duration <= WHOLE_S) {
        plan->length_s = WHOLE_S;
    } else if (measure && measure->excerpt_length_s <= WHOLE_S) {
        plan->start_s = limit(measure->excerpt_start_s, 0, 1e6);
    } else if (measure) {
        double last = duration > 0 ? duration - CLIP_S : 1e6;
        plan->start_s = limit(measure->onset_s - LEAD_IN_S, 0, last);
    }
    if (measure) {
        double onset = measure->onset_s - plan->start_s;
        /* An onset at the very end would leave nothing to hear. */
        plan->onset_s = onset > 0 && onset < plan->length_s - 1 ? onset : 0;
    }
}

static double choose_gain(const struct mm_measure *measure)
{
    double loudness = measure->loudness_lufs;
    double peak = measure->peak_dbfs;
    if (!isfinite(loudness) || !isfinite(peak))
        return 1.0;
    return pow(10.0, fmin(TARGET_LUFS - loudness, PEAK_DBFS - peak) / 20.0);
}

struct mm_clip_plan mm_clip_plan(const struct mm_song *song, const struct mm_measure *measure)
{
    struct mm_clip_plan plan = {.gain = measure ? choose_gain(measure) : 1.0};
    choose_part(song, measure, &plan);
    /* The file's size and time stand in for the hash of a song that has none yet. */
    struct {
        unsigned char hash[MM_HASH_SIZE];
        uint64_t size;
        int64_t mtime_ns;
        double start_s;
        double length_s;
    } parts = {.start_s = plan.start_s, .length_s = plan.length_s};
    static const unsigned char none[MM_HASH_SIZE];
    memcpy(parts.hash, song->hash, sizeof parts.hash);
    if (memcmp(parts.hash, none, sizeof none) == 0) {
        parts.size = song->size;
        parts.mtime_ns = song->mtime_ns;
    }
    unsigned char digest[MM_HASH_SIZE];
    if (mm_hash_bytes(&parts, sizeof parts, digest, NULL) == 0)
        memcpy(&plan.tag, digest, sizeof plan.tag);
    return plan;
}
