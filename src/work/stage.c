/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"

static void staged_finish(struct mm_staged *staged)
{
    mm_track_finish(&staged->track);
    mm_track_finish(&staged->found);
    mm_audio_info_finish(&staged->info);
    free(staged->file);
}

void mm_stage_finish(struct mm_stage *stage)
{
    for (size_t i = 0; i < stage->n; i++)
        staged_finish(&stage->list[i]);
    free(stage->list);
    *stage = (struct mm_stage){0};
}

struct mm_staged *mm_stage_add(struct mm_stage *stage, struct mm_track *track)
{
    if (mm_array_reserve(&stage->list, &stage->capacity, stage->n + 1) < 0)
        return NULL;
    struct mm_staged *staged = &stage->list[stage->n++];
    *staged = (struct mm_staged){.track = *track};
    *track = (struct mm_track){0};
    return staged;
}

void mm_stage_drop(struct mm_stage *stage, size_t i)
{
    staged_finish(&stage->list[i]);
    stage->n--;
    memmove(&stage->list[i], &stage->list[i + 1], (stage->n - i) * sizeof *stage->list);
}

static bool same_recording(const struct mm_track *a, const struct mm_track *b)
{
    if (a->tags.isrc && b->tags.isrc && strcmp(a->tags.isrc, b->tags.isrc) == 0)
        return true;
    if (!mm_match_duration(a->duration_s, b->duration_s))
        return false;
    char *x = mm_match_recording(a->tags.artist, a->tags.title);
    char *y = mm_match_recording(b->tags.artist, b->tags.title);
    bool same = x && y && *x && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

bool mm_stage_has(const struct mm_stage *stage, const struct mm_track *track)
{
    for (size_t i = 0; i < stage->n; i++)
        if (strcmp(stage->list[i].track.id, track->id) == 0 ||
            same_recording(&stage->list[i].track, track))
            return true;
    return false;
}

int mm_staged_probe(struct mm_staged *staged, const struct mm_catalog *catalog,
                    struct mm_helpers *helpers, struct mm_error *err)
{
    struct stat st;
    char *path = mm_format("%s/%s", mm_catalog_path(catalog), staged->file);
    int result = path ? mm_helpers_probe(helpers, path, &staged->info, staged->hash, err)
                      : mm_no_memory(err);
    if (result == 0 && stat(path, &st) == 0)
        staged->size = (uint64_t)st.st_size;
    free(path);
    return result;
}

/* ---- writing ---- */

static int put_origin(struct mm_catalog *catalog, int64_t song, const char *source,
                      const struct mm_track *track, const char *plan, struct mm_error *err)
{
    const struct mm_origin origin = {.song = song,
                                     .source = (char *)source,
                                     .key = track->id,
                                     .plan = (char *)plan,
                                     .link = track->link,
                                     .licence = track->licence,
                                     .duration_s = track->duration_s};
    return mm_catalog_put_origin(catalog, &origin, err);
}

/* The plan's genre first: it is what the song was found under. */
static int add_genre(struct mm_tags *tags, const char *genre)
{
    char **own = tags->genres;
    size_t n = tags->n_genres;
    tags->genres = NULL;
    tags->n_genres = 0;
    int result = mm_tags_add_genre(tags, genre);
    for (size_t i = 0; i < n; i++) {
        if (result == 0)
            result = mm_tags_add_genre(tags, own[i]);
        free(own[i]);
    }
    free(own);
    return result;
}

/* Gives song the staged sound; the strings change hands. */
static int take_sound(struct mm_staged *staged, struct mm_song *song, struct mm_error *err)
{
    char *codec = mm_strdup(staged->info.codec);
    if (!codec)
        return mm_no_memory(err);
    free(song->codec);
    free(song->file);
    song->codec = codec;
    song->file = staged->file;
    staged->file = NULL;
    song->state = song->state == MM_SONG_HIDDEN ? MM_SONG_HIDDEN : MM_SONG_PRESENT;
    song->size = staged->size;
    song->duration_s = staged->info.duration_s;
    song->sample_rate = staged->info.sample_rate;
    song->channels = staged->info.channels;
    song->has_cover = staged->info.has_cover;
    memcpy(song->hash, staged->hash, sizeof song->hash);
    return 0;
}

static int add_song(struct mm_staged *staged, struct mm_catalog *catalog, const char *source,
                    const char *genre, struct mm_error *err)
{
    struct mm_song song = {
        .state = MM_SONG_MISSING, /* until it has sound */
        .source = mm_strdup(source),
        .key = mm_strdup(staged->track.id),
        .duration_s = staged->track.duration_s,
        .tags = staged->track.tags,
    };
    staged->track.tags = (struct mm_tags){0};
    int result = song.source && song.key ? 0 : mm_no_memory(err);
    if (result == 0 && genre && add_genre(&song.tags, genre) < 0)
        result = mm_no_memory(err);
    if (result == 0 && staged->file)
        result = take_sound(staged, &song, err);
    if (result == 0)
        result = mm_catalog_add_song(catalog, &song, err);
    staged->song = song.id;
    mm_song_finish(&song);
    return result;
}

static int give_sound(struct mm_staged *staged, struct mm_catalog *catalog, struct mm_error *err)
{
    struct mm_song song = {0};
    int result = mm_catalog_get_song(catalog, staged->song, &song, err);
    if (result == 0)
        result = take_sound(staged, &song, err);
    if (result == 0)
        result = mm_catalog_update_song(catalog, &song, true, err);
    mm_song_finish(&song);
    return result;
}

int mm_staged_write(struct mm_staged *staged, struct mm_catalog *catalog, struct mm_known *known,
                    const char *source, const char *plan, bool is_genre, struct mm_error *err)
{
    const struct mm_track *t = &staged->track;
    int result;
    if (staged->kind == MM_STAGE_NEW) {
        /* Before the tags go into the song. */
        char *isrc = mm_strdup(t->tags.isrc);
        char *artist = mm_strdup(t->tags.artist);
        char *title = mm_strdup(t->tags.title);
        result = add_song(staged, catalog, source, is_genre ? plan : NULL, err);
        const struct mm_recording recording = {isrc, artist, title, t->duration_s};
        if (result == 0)
            result = mm_known_add(known, staged->song, &recording, err);
        free(isrc);
        free(artist);
        free(title);
    } else {
        result = staged->file ? give_sound(staged, catalog, err) : 0;
    }
    if (result == 0 && staged->kind != MM_STAGE_SOUND)
        result = put_origin(catalog, staged->song, source, t, plan, err);
    if (result == 0 && staged->found_at)
        result = put_origin(catalog, staged->song, staged->found_at, &staged->found, NULL, err);
    return result;
}
