/* SPDX-License-Identifier: BSD-2-Clause */
/* made.h - libraries of songs that do not exist, for the tests and benches of sets. */
#ifndef TESTS_SET_MADE_H
#define TESTS_SET_MADE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "musicmap/set.h"

enum { MADE_COUNTRIES = 12, MADE_GENRES = 12, MADE_SOURCES = 3 };

static const char *const made_genres[MADE_GENRES] = {"jazz",  "rock", "folk",    "house",
                                                     "blues", "ska",  "ambient", "soul",
                                                     "punk",  "dub",  "latin",   "funk"};
static const char *const made_sources[MADE_SOURCES] = {"folder", "deezer", "jamendo"};

struct made {
    size_t n, dim;
    struct mm_set_song *songs;
    char *(*texts)[4]; /* title, artist, album, path */
    const char *(*genres)[1];
    float *rows;
    const char *countries[MADE_COUNTRIES];
};

static void made_finish(struct made *m)
{
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < 4; k++)
            free(m->texts[i][k]);
    free(m->songs);
    free(m->texts);
    free(m->genres);
    free(m->rows);
}

static void *made_memory(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (!memory)
        abort();
    return memory;
}

static void made_song(struct made *m, size_t i, size_t n_artists, const float *centres,
                      struct mm_random *r)
{
    struct mm_set_song *s = &m->songs[i];
    size_t style = mm_random_below(r, MADE_COUNTRIES);
    size_t artist = mm_random_below(r, n_artists);
    m->texts[i][0] = mm_format("Song %zu", i);
    m->texts[i][1] = mm_format("Artist %zu", artist);
    m->texts[i][2] = mm_format("Album %zu", artist * 3 + mm_random_below(r, 3));
    m->texts[i][3] = mm_format("/music/%zu/%zu.mp3", artist, i);
    m->genres[i][0] = made_genres[mm_random_below(r, 8) ? style : mm_random_below(r, MADE_GENRES)];
    *s = (struct mm_set_song){
        .id = (int64_t)i + 1,
        .title = m->texts[i][0],
        .artist = m->texts[i][1],
        .album = m->texts[i][2],
        .path = m->texts[i][3],
        .source = made_sources[mm_random_below(r, MADE_SOURCES)],
        .genres = m->genres[i],
        .n_genres = 1,
        .year = 1960 + (int)mm_random_below(r, 65),
        .duration_s = floor((110 + 240 * mm_random_unit(r)) * 1000) / 1000,
        .tempo_bpm = 70 + 90 * mm_random_unit(r),
        .tempo_confidence = mm_random_unit(r),
        .key = (int)mm_random_below(r, 12),
        .mode = (enum mm_mode)mm_random_below(r, 2),
        .key_confidence = mm_random_unit(r),
        .loudness_lufs = -14 + 3 * mm_random_normal(r),
        .country = (uint32_t)style,
        .last_played = 0,
    };
    double spread = 0;
    for (size_t d = 0; d < m->dim; d++) {
        double noise = mm_random_normal(r);
        m->rows[i * m->dim + d] = centres[style * m->dim + d] + (float)(0.9 * noise);
        spread += noise;
    }
    s->intensity = 0.5 + 0.1 * tanh(spread / sqrt((double)m->dim)) + 0.02 * mm_random_unit(r);
    s->x =
        (float)(0.7 * cos(2 * M_PI * (double)style / MADE_COUNTRIES) + 0.1 * mm_random_normal(r));
    s->y =
        (float)(0.7 * sin(2 * M_PI * (double)style / MADE_COUNTRIES) + 0.1 * mm_random_normal(r));
}

static struct made made_songs(size_t n, size_t dim, size_t n_artists, uint64_t seed)
{
    struct mm_random r = mm_random_stream(seed, 5);
    struct made m = {.n = n, .dim = dim};
    m.songs = made_memory(n, sizeof *m.songs);
    m.texts = made_memory(n, sizeof *m.texts);
    m.genres = made_memory(n, sizeof *m.genres);
    m.rows = made_memory(n * dim, sizeof *m.rows);
    float *centres = made_memory(MADE_COUNTRIES * dim, sizeof *centres);
    for (size_t i = 0; i < MADE_COUNTRIES * dim; i++)
        centres[i] = (float)mm_random_normal(&r);
    for (size_t i = 0; i < n; i++)
        made_song(&m, i, n_artists, centres, &r);
    for (size_t c = 0; c < MADE_COUNTRIES; c++)
        m.countries[c] = made_genres[c];
    free(centres);
    return m;
}

static struct mm_set_library *made_library(const struct made *m)
{
    struct mm_set_library_input input = {.n = m->n,
                                         .songs = m->songs,
                                         .dim = m->dim,
                                         .rows = m->rows,
                                         .countries = m->countries,
                                         .n_countries = MADE_COUNTRIES};
    struct mm_set_library *library = NULL;
    struct mm_error err = {0};
    if (mm_set_library_create(&input, &library, &err) < 0)
        abort();
    return library;
}

#endif
