/* SPDX-License-Identifier: BSD-2-Clause */
/* figures.c - what is known of the songs of a map, as one number each. */
#include <math.h>

#include "base/array.h"
#include "musicmap/work.h"

struct reading {
    const struct mm_map_record *map;
    enum mm_figure figure;
    size_t at; /* songs of the map before it are done; both lists ascend */
    float *out;
};

/* The song's place in the list, or n_songs when it is not on the map. */
static size_t find(struct reading *r, int64_t song)
{
    while (r->at < r->map->n_songs && r->map->songs[r->at].song < song)
        r->at++;
    return r->at < r->map->n_songs && r->map->songs[r->at].song == song ? r->at : r->map->n_songs;
}

/* Steps along the circle of fifths from C major, minor keys at their relative major. */
static float fifths(int key, enum mm_mode mode)
{
    int major = mode == MM_MODE_MINOR ? key + 3 : key;
    return (float)(major * 7 % 12);
}

static int take_measure(void *ctx, int64_t song, double duration_s,
                        const struct mm_measure *measure, struct mm_error *err)
{
    (void)duration_s;
    (void)err;
    struct reading *r = ctx;
    size_t i = find(r, song);
    if (i == r->map->n_songs)
        return 0;
    if (r->figure == MM_FIGURE_INTENSITY)
        r->out[i] = (float)measure->intensity;
    else if (r->figure == MM_FIGURE_TEMPO && measure->tempo_bpm > 0)
        r->out[i] = (float)measure->tempo_bpm;
    else if (r->figure == MM_FIGURE_KEY && measure->key >= 0)
        r->out[i] = fifths(measure->key, measure->mode);
    return 0;
}

static int take_year(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)err;
    struct reading *r = ctx;
    size_t i = find(r, song->id);
    if (i < r->map->n_songs && song->tags.year > 0)
        r->out[i] = (float)song->tags.year;
    return 0;
}

/* Of several players the most. */
static int take_fact(void *ctx, int64_t song, const char *source, const struct mm_fact *fact,
                     struct mm_error *err)
{
    struct reading *r = ctx;
    (void)source;
    (void)err;
    size_t i = find(r, song);
    float value = strtof(fact->value, NULL);
    if (i < r->map->n_songs && isfinite(value) && value >= 0)
        r->out[i] = fmaxf(r->out[i], value); /* NAN gives way */
    return 0;
}

int mm_map_figures(struct mm_catalog *catalog, const struct mm_map_record *map,
                   enum mm_figure figure, float *out, struct mm_error *err)
{
    struct reading r = {.map = map, .figure = figure, .out = out};
    for (size_t i = 0; i < map->n_songs; i++)
        out[i] = figure == MM_FIGURE_HONESTY ? map->songs[i].honesty : NAN;
    if (figure == MM_FIGURE_HONESTY)
        return 0;
    if (figure == MM_FIGURE_YEAR)
        return mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, take_year, &r, err);
    if (figure == MM_FIGURE_RATING || figure == MM_FIGURE_PLAYS)
        return mm_catalog_each_fact(catalog, 0, figure == MM_FIGURE_RATING ? "rating" : "plays",
                                    take_fact, &r, err);
    return mm_catalog_each_measure(catalog, take_measure, &r, err);
}

int mm_map_toward_centre(const struct mm_map_record *map, const float *value,
                         struct mm_correlation *out, struct mm_error *err)
{
    double *values = mm_calloc3(map->n_songs, 2, sizeof *values);
    if (!values)
        return mm_no_memory(err);
    double *far = values + map->n_songs;
    double middle[2] = {0};
    for (size_t i = 0; i < map->n_songs; i++) {
        middle[0] += map->songs[i].x / (double)map->n_songs;
        middle[1] += map->songs[i].y / (double)map->n_songs;
    }
    size_t n = 0;
    for (size_t i = 0; i < map->n_songs; i++)
        if (isfinite(value[i])) {
            far[n] = hypot(map->songs[i].x - middle[0], map->songs[i].y - middle[1]);
            values[n++] = value[i];
        }
    int result = mm_rank_correlation(values, far, n, out, err);
    free(values);
    return result;
}
