/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * render.c - songs one after the other in one file, as a listener would hear the show.
 *
 * Each song is brought to the same loudness. What is quiet at its beginning and end is left out of
 * account: the next song begins `crossfade` seconds before the moment at which the one before has
 * become quiet for good, and both are faded with equal power. Only the last seconds of the song
 * before are kept in memory, however long the show.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/work.h"

#define RATE  44100
#define TAIL  ((size_t)25 * RATE) /* frames kept back: an end is looked for in these */
#define LEAD  ((size_t)10 * RATE) /* most of a quiet beginning that is passed over */
#define QUIET 0.0056              /* RMS, -45 dBFS */
#define KNEE  0.8F                /* samples above it are rounded off, none passes 1 */

enum { WINDOW = RATE / 20 }; /* frames a level is measured over */

struct mix {
    struct mm_sound_file *file; /* NULL: nothing is written */
    const struct mm_render *request;
    int rate;
    uint64_t *begin; /* [request->n] the frame each song begins at */
    size_t begun_n;  /* songs that have one */
    size_t told;     /* of these, passed on to the file */
    double level_sum;
    size_t level_n;
    float *pending; /* [n][2] not yet written */
    size_t n, capacity;
    uint64_t written; /* frames before pending */
    /* of the song that comes in */
    float gain;
    size_t fade;    /* frames that overlap; the first of them is pending[n_before - fade] */
    size_t at;      /* frames of it that are in pending or written */
    size_t overlap; /* where in pending its first frame lies */
    size_t passed;  /* frames of its quiet beginning that were left out */
    bool begun;
    double window_sum;
    size_t window_n;
};

static float round_off(float x)
{
    float a = fabsf(x);
    if (a <= KNEE)
        return x;
    return copysignf(KNEE + (1 - KNEE) * tanhf((a - KNEE) / (1 - KNEE)), x);
}

static int measure(struct mix *m, const float *samples, size_t frames, struct mm_error *err)
{
    struct mm_levels *levels = m->request->levels;
    size_t window = (size_t)(m->rate * MM_LEVEL_S);
    for (size_t i = 0; levels && i < frames; i++) {
        double left = samples[2 * i];
        double right = samples[2 * i + 1];
        m->level_sum += (left * left + right * right) / 2;
        if (++m->level_n < window)
            continue;
        if (mm_array_reserve(&levels->values, &levels->capacity, levels->n + 1) < 0)
            return mm_no_memory(err);
        double power = m->level_sum / (double)window;
        levels->values[levels->n++] = (float)fmax(10 * log10(power + 1e-30), -120);
        m->level_sum = 0;
        m->level_n = 0;
    }
    return 0;
}

/* To the file, which is told where a song begins. */
static int pass_on(struct mix *m, const float *samples, size_t frames, struct mm_error *err)
{
    int result = measure(m, samples, frames, err);
    uint64_t at = m->written;
    while (m->file && result == 0 && frames > 0) {
        size_t n = frames;
        if (m->told < m->begun_n && m->begin[m->told] <= at) {
            const struct mm_render_song *song = &m->request->songs[m->told++];
            result = mm_sound_file_next(m->file, song->artist, song->title, err);
        }
        if (m->told < m->begun_n && m->begin[m->told] > at && m->begin[m->told] - at < n)
            n = (size_t)(m->begin[m->told] - at);
        if (result == 0)
            result = mm_sound_file_write(m->file, samples, n, err);
        samples += 2 * n;
        frames -= n;
        at += n;
    }
    return result;
}

/* Writes all but the last `keep` frames. */
static int write_out(struct mix *m, size_t keep, struct mm_error *err)
{
    if (m->n <= keep)
        return 0;
    size_t frames = m->n - keep;
    for (size_t i = 0; i < 2 * frames; i++)
        m->pending[i] = round_off(m->pending[i]);
    int result = pass_on(m, m->pending, frames, err);
    memmove(m->pending, m->pending + 2 * frames, keep * 2 * sizeof *m->pending);
    m->n = keep;
    m->written += frames;
    m->overlap = m->overlap > frames ? m->overlap - frames : 0;
    return result;
}

static int take_frame(struct mix *m, float left, float right, struct mm_error *err)
{
    if (m->at < m->fade) {
        double turn = (double)m->at / (double)m->fade * (M_PI / 2);
        float *old = m->pending + 2 * (m->overlap + m->at);
        old[0] = old[0] * (float)cos(turn) + left * (float)sin(turn);
        old[1] = old[1] * (float)cos(turn) + right * (float)sin(turn);
    } else {
        if (mm_array_reserve(&m->pending, &m->capacity, 2 * (m->n + 1)) < 0)
            return mm_no_memory(err);
        m->pending[2 * m->n] = left;
        m->pending[2 * m->n++ + 1] = right;
    }
    m->at++;
    return 0;
}

/* A quiet beginning is passed over window by window. */
static bool still_quiet(struct mix *m, float left, float right)
{
    if (m->begun)
        return false;
    m->window_sum += ((double)left * (double)left + (double)right * (double)right) / 2;
    m->window_n++;
    if (fabsf(left) > 0.05F || fabsf(right) > 0.05F || m->passed >= LEAD) {
        m->begun = true;
        return false;
    }
    if (m->window_n == WINDOW) {
        m->begun = sqrt(m->window_sum / WINDOW) > QUIET;
        m->window_sum = 0;
        m->window_n = 0;
    }
    m->passed += !m->begun;
    return !m->begun;
}

static int on_samples(void *ctx, size_t rate_index, const float *samples, size_t count,
                      struct mm_error *err)
{
    struct mix *m = ctx;
    (void)rate_index;
    int result = 0;
    for (size_t i = 0; i + 1 < count && result == 0; i += 2) {
        float left = samples[i] * m->gain;
        float right = samples[i + 1] * m->gain;
        if (!still_quiet(m, left, right))
            result = take_frame(m, left, right, err);
    }
    /* Seldom and much at once: what is kept has to be moved each time. */
    if (result == 0 && m->at >= m->fade && m->n > 3 * TAIL)
        result = write_out(m, TAIL, err);
    return result;
}

/* Cuts what is quiet at the end of pending. */
static void cut_quiet_end(struct mix *m)
{
    while (m->n >= WINDOW) {
        double sum = 0;
        const float *window = m->pending + 2 * (m->n - WINDOW);
        for (size_t i = 0; i < (size_t)2 * WINDOW; i++)
            sum += (double)window[i] * (double)window[i];
        if (sqrt(sum / (2.0 * WINDOW)) > QUIET)
            return;
        m->n -= WINDOW;
    }
}

/* The next song begins in what is pending of the one before. */
static double begin_song(struct mix *m, double fade_s, double loudness, double target)
{
    cut_quiet_end(m);
    size_t fade = (size_t)(fade_s * m->rate);
    m->fade = fade < m->n ? fade : m->n;
    m->overlap = m->n - m->fade;
    m->at = m->passed = m->window_n = 0;
    m->window_sum = 0;
    m->begun = false;
    /* At most 18 dB: a nearly silent file stays one. */
    double gain = isfinite(loudness) ? fmin(fmax(target - loudness, -30), 18) : 0;
    m->gain = (float)pow(10, gain / 20);
    m->begin[m->begun_n++] = m->written + m->overlap;
    return (double)(m->written + m->overlap) / m->rate;
}

/* A fade that the song did not live to see the end of: the rest of it is faded out all the same. */
static void end_song(struct mix *m)
{
    for (size_t k = m->at; k < m->fade; k++) {
        float share = (float)cos((double)k / (double)m->fade * (M_PI / 2));
        m->pending[2 * (m->overlap + k)] *= share;
        m->pending[2 * (m->overlap + k) + 1] *= share;
    }
}

static int render_song(struct mix *m, struct mm_helpers *helpers, const struct mm_render *request,
                       size_t i, struct mm_rendered *out, struct mm_error *err)
{
    const struct mm_render_song *song = &request->songs[i];
    double fade =
        i ? mm_set_overlap(request->crossfade_s, song[-1].duration_s, song->duration_s) : 0;
    out->start_s = begin_song(m, fade, song->loudness_lufs, request->target_lufs);
    int result = mm_helpers_stereo(helpers, song->path, m->rate, on_samples, m, err);
    out->heard_s = (double)(m->at + m->passed) / m->rate;
    end_song(m);
    if (result == 0 && m->at == 0 && m->passed == 0)
        result = mm_error_set(err, MM_ERR_INPUT, "there is no sound in it");
    if (result < 0)
        mm_error_prefix(err, "%s", song->path);
    return result;
}

static int render_all(struct mix *m, struct mm_helpers *helpers, struct mm_rendered *songs,
                      double *length_s, const struct mm_progress *progress, struct mm_error *err)
{
    const struct mm_render *request = m->request;
    int result = 0;
    for (size_t i = 0; i < request->n && result == 0; i++) {
        mm_progress_update(progress, "mixing", i, request->n);
        if (mm_progress_cancelled(progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        else
            result = render_song(m, helpers, request, i, &songs[i], err);
    }
    if (result < 0)
        return result;
    cut_quiet_end(m);
    result = write_out(m, 0, err);
    *length_s = (double)m->written / m->rate;
    return result == 0 && m->file ? mm_sound_file_finish(m->file, err) : result;
}

int mm_render_songs(struct mm_helpers *helpers, const struct mm_render *request, const char *path,
                    struct mm_rendered *songs, double *length_s, const struct mm_progress *progress,
                    struct mm_error *err)
{
    struct mix m = {.request = request, .rate = path ? mm_sound_file_rate(path) : RATE};
    char *temporary = path ? mm_format("%s.part-%ld", path, (long)getpid()) : NULL;
    m.begin = mm_calloc3(request->n, 1, sizeof *m.begin);
    int result = m.begin && (temporary || !path) ? 0 : mm_no_memory(err);
    if (result == 0 && path)
        result = mm_sound_file_create(temporary, path, m.rate, &m.file, err);
    if (result == 0)
        result = render_all(&m, helpers, songs, length_s, progress, err);
    mm_sound_file_destroy(m.file);
    if (result == 0 && path)
        result = mm_file_rename(temporary, path, err);
    if (result < 0 && temporary)
        unlink(temporary);
    free(temporary);
    free(m.begin);
    free(m.pending);
    return result;
}
