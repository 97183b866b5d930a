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
 */
#include "audio/excerpt.h"

#include <math.h>

#define MAX_MOMENTS 32
#define SNIPPET_S   0.4
#define PREROLL_S   0.1 /* the level need not be exact */
#define FLOOR_DB    (-60.0)
#define PULL_DB     3.0
#define MAX_ROUNDS  12
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

int mm_excerpt_choose(struct mm_decoder *decoder, double excerpt_s, struct mm_excerpt *out,
                      struct mm_error *err)
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
    out->start_s = floor(duration / 3 * 10) / 10;
    if (!can_enter)
        return 0;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        if (duration <= excerpt_s + TOLERANCE_S) {
            out->start_s = 0;
            return 0;
        }
        size_t n = (size_t)fmin(MAX_MOMENTS, ceil(3 * duration / excerpt_s));
        size_t reached;
        int result = measure_profile(decoder, duration, n, levels, &reached, err);
        if (result < 0)
            return result;
        if (reached == n) {
            out->start_s = best_start(levels, n, duration, excerpt_s);
            return 0;
        }
        duration *= ((double)reached + 0.5) / (double)n;
    }
    out->start_s = 0;
    return 0;
}
