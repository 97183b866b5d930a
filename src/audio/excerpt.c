/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rule. A song of at most excerpt_s + 1 seconds, or of unknown length, is taken from its start.
 * Of a longer one the level is measured at up to 32 moments spread evenly (three to an excerpt),
 * 0.4 s each, reached by seeking. Every moment is a candidate for the middle of the excerpt; its
 * score is the mean level in dB (floored at -60) of the moments inside, less 3 dB times its
 * distance from one third of the song, as part of the song's length. The highest score wins, the
 * earlier of equals; the start is rounded down to 0.1 s. So a chorus beats an intro, and of a song
 * that is equally loud all along the part at one third is taken, where most songs have settled.
 *
 * Where the file cannot be entered at all the excerpt begins at one third. A claimed length is not
 * believed: when the last moments cannot be reached, the song is taken to end before the first of
 * them and measured again.
 *
 * Intro and outro are the first and the last excerpt_s seconds that sound: silence of up to 30 s
 * (below -50 dB, looked at second by second) is passed over at either end. An outro of a file of
 * unknown length, or that ends where nobody can say, is its beginning.
 */
#include "audio/excerpt.h"

#include <math.h>

#define MAX_MOMENTS 32
#define SNIPPET_S   0.4
#define PREROLL_S   0.1 /* the level need not be exact */
#define FLOOR_DB    (-60.0)
#define PULL_DB     3.0
#define MAX_ROUNDS  12
#define SILENT_DB   (-50.0)
#define SILENCE_S   30
#define TOLERANCE_S 1.0

/* Level in dB of SNIPPET_S from `at` on: 1, 0 when the file cannot be entered there, or an error.
 */
static int measure_level(struct mm_decoder *decoder, double at, double *level, struct mm_error *err)
{
    int result = mm_decoder_seek(decoder, at, PREROLL_S, err);
    if (result == MM_ERR_UNSUPPORTED)
        return 0;
    double power = 0;
    double seconds = 0;
    size_t values = 0;
    struct mm_pcm pcm;
    while (result >= 0 && seconds < SNIPPET_S) {
        result = mm_decoder_read(decoder, &pcm, err);
        if (result <= 0)
            break;
        size_t n = pcm.frames * (size_t)pcm.channels;
        for (size_t i = 0; i < n; i++)
            power += (double)pcm.samples[i] * (double)pcm.samples[i];
        values += n;
        seconds += (double)pcm.frames / pcm.rate;
    }
    if (result < 0)
        return result;
    *level = values && power > 0 ? 10.0 * log10(power / (double)values) : FLOOR_DB;
    *level = fmax(*level, FLOOR_DB);
    return values > 0;
}

/*
 * Levels at n moments, (i + 0.5) / n of the duration. *reached: how many before the first of those
 * at the end that cannot be reached.
 */
static int measure_profile(struct mm_decoder *decoder, double duration, size_t n, double *levels,
                           size_t *reached, struct mm_error *err)
{
    *reached = 0;
    for (size_t i = 0; i < n; i++) {
        levels[i] = FLOOR_DB;
        int got = measure_level(decoder, ((double)i + 0.5) / (double)n * duration, &levels[i], err);
        if (got < 0)
            return got;
        if (got)
            *reached = i + 1;
    }
    return 0;
}

static double best_start(const double *levels, size_t n, double duration, double excerpt_s)
{
    double best = -HUGE_VAL;
    double middle = 0;
    for (size_t i = 0; i < n; i++) {
        double at = ((double)i + 0.5) / (double)n * duration;
        double sum = 0;
        size_t inside = 0;
        for (size_t j = 0; j < n; j++) {
            double other = ((double)j + 0.5) / (double)n * duration;
            if (fabs(other - at) <= excerpt_s / 2) {
                sum += levels[j];
                inside++;
            }
        }
        double score = sum / (double)inside - PULL_DB * fabs(at / duration - 1.0 / 3.0);
        if (score > best) {
            best = score;
            middle = at;
        }
    }
    double start = fmax(0, fmin(middle - excerpt_s / 2, duration - excerpt_s));
    return floor(start * 10) / 10;
}

/* Finds out how long the song really is, and its profile. *n 0: it fits into the excerpt. */
static int measure_song(struct mm_decoder *decoder, double excerpt_s, double *duration,
                        double levels[MAX_MOMENTS], size_t *n, struct mm_error *err)
{
    for (int round = 0; round<MAX_ROUNDS && * duration> excerpt_s + TOLERANCE_S; round++) {
        size_t reached;
        *n = (size_t)fmin(MAX_MOMENTS, ceil(3 * *duration / excerpt_s));
        int result = measure_profile(decoder, *duration, *n, levels, &reached, err);
        if (result < 0 || reached == *n)
            return result;
        *duration *= ((double)reached + 0.5) / (double)*n;
    }
    *n = 0;
    return 0;
}

/* The first moment that sounds, from `at` on in steps. */
static int skip_silence(struct mm_decoder *decoder, double at, double step, double *found,
                        struct mm_error *err)
{
    *found = at;
    for (int second = 0; second < SILENCE_S && at + second * step >= 0; second++) {
        double level = FLOOR_DB;
        int got = measure_level(decoder, at + second * step, &level, err);
        if (got < 0)
            return got;
        if (got && level > SILENT_DB) {
            *found = at + second * step;
            return 0;
        }
    }
    return 0;
}

static int choose_outro(struct mm_decoder *decoder, double duration, double excerpt_s,
                        struct mm_excerpt *out, struct mm_error *err)
{
    double level;
    int result = measure_level(decoder, duration - 1, &level, err);
    if (result == 0) {
        double levels[MAX_MOMENTS];
        size_t n;
        result = measure_song(decoder, excerpt_s, &duration, levels, &n, err);
    }
    double end = 0;
    if (result >= 0)
        result = skip_silence(decoder, fmax(0, duration - 1), -1, &end, err);
    out->start_s = fmax(0, floor((end + 1 - excerpt_s) * 10) / 10);
    return result;
}

int mm_excerpt_choose(struct mm_decoder *decoder, enum mm_audio_part part, double excerpt_s,
                      struct mm_excerpt *out, struct mm_error *err)
{
    double duration = mm_decoder_duration(decoder);
    *out = (struct mm_excerpt){.length_s = HUGE_VAL};
    if (excerpt_s == 0)
        return 0;
    out->length_s = excerpt_s + TOLERANCE_S;
    if (duration <= excerpt_s + TOLERANCE_S)
        return 0;
    out->moved = true;
    double levels[MAX_MOMENTS];
    int can_enter = measure_level(decoder, fmin(1.0, duration / 2), levels, err);
    if (can_enter < 0)
        return can_enter;
    out->length_s = excerpt_s;
    if (!can_enter) {
        out->start_s = part == MM_PART_EXCERPT ? floor(duration / 3 * 10) / 10
                       : part == MM_PART_OUTRO ? duration - excerpt_s
                                               : 0;
        return 0;
    }
    if (part == MM_PART_INTRO)
        return skip_silence(decoder, 0, 1, &out->start_s, err);
    if (part == MM_PART_OUTRO)
        return choose_outro(decoder, duration, excerpt_s, out, err);
    size_t n;
    int result = measure_song(decoder, excerpt_s, &duration, levels, &n, err);
    if (n)
        out->start_s = best_start(levels, n, duration, excerpt_s);
    return result;
}
