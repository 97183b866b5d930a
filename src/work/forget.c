/* SPDX-License-Identifier: BSD-2-Clause */
/* Forgetting a source: songs that only it had go; others stay, without what it said and sounded. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/sounds.h"

struct ids {
    int64_t *list;
    size_t n, capacity;
};

static int add_id(struct ids *ids, int64_t id, struct mm_error *err)
{
    if (mm_array_reserve(&ids->list, &ids->capacity, ids->n + 1) < 0)
        return mm_no_memory(err);
    ids->list[ids->n++] = id;
    return 0;
}

struct search {
    const char *source;
    struct ids ids;
};

static int from_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct search *s = ctx;
    return strcmp(song->source, s->source) == 0 ? add_id(&s->ids, song->id, err) : 0;
}

static int from_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct search *s = ctx;
    return strcmp(origin->source, s->source) == 0 ? add_id(&s->ids, origin->song, err) : 0;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A song's origins: which of them go, and the first that stays. */
struct split {
    const char *source;
    char *stays_source, *stays_key;
    char **keys; /* of those that go */
    size_t n, capacity;
};

static int split_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct split *split = ctx;
    if (strcmp(origin->source, split->source) != 0) {
        if (split->stays_source)
            return 0;
        split->stays_source = mm_strdup(origin->source);
        split->stays_key = mm_strdup(origin->key);
        return split->stays_source && split->stays_key ? 0 : mm_no_memory(err);
    }
    if (mm_array_reserve(&split->keys, &split->capacity, split->n + 1) < 0 ||
        !(split->keys[split->n] = mm_strdup(origin->key)))
        return mm_no_memory(err);
    split->n++;
    return 0;
}

/* What song becomes without the source. */
static int keep(struct mm_catalog *catalog, struct mm_song *song, struct split *split,
                struct mm_error *err)
{
    bool changed = false;
    if (song->file && mm_sound_is_from(song->file, split->source)) {
        free(song->file);
        free(song->codec);
        song->file = NULL;
        song->codec = NULL;
        song->size = 0;
        memset(song->hash, 0, sizeof song->hash);
        if (song->state == MM_SONG_PRESENT && !mm_source_is_files(song->source))
            song->state = MM_SONG_MISSING;
        changed = true;
    }
    int result = 0;
    if (strcmp(song->source, split->source) == 0) {
        bool file = mm_source_is_files(split->stays_source);
        free(song->source);
        free(song->key);
        song->source = split->stays_source;
        song->key = split->stays_key;
        split->stays_source = split->stays_key = NULL;
        if (!song->file)
            song->state = MM_SONG_MISSING; /* a file comes back with the next gather */
        changed |= !song->file;
        if (file) /* its place stands in the song alone */
            result = mm_catalog_delete_origin(catalog, song->source, song->key, err);
    }
    return result < 0 ? result : mm_catalog_update_song(catalog, song, changed, err);
}

static int forget_song(struct mm_catalog *catalog, int64_t id, const char *source,
                       struct mm_forget_report *report, struct mm_error *err)
{
    struct split split = {.source = source};
    struct mm_song song = {0};
    int result = mm_catalog_get_song(catalog, id, &song, err);
    if (result == 0)
        result = mm_catalog_each_origin(catalog, id, split_origin, &split, err);
    bool elsewhere = result == 0 && (split.stays_source || strcmp(song.source, source) != 0);
    for (size_t i = 0; i < split.n; i++) {
        if (result == 0 && elsewhere)
            result = mm_catalog_delete_origin(catalog, source, split.keys[i], err);
        free(split.keys[i]);
    }
    if (result == 0 && elsewhere) {
        report->origins++;
        result = keep(catalog, &song, &split, err);
    } else if (result == 0) {
        report->songs++;
        result = mm_catalog_delete_song(catalog, id, err);
    }
    free(split.keys);
    free(split.stays_source);
    free(split.stays_key);
    mm_song_finish(&song);
    return result;
}

/* What a run that was broken off has noted as done is done no more. */
static int clear_notes(struct mm_catalog *catalog, const char *source, struct mm_error *err)
{
    char *run = mm_format("%s ", source);
    int result = run ? mm_catalog_clear_done(catalog, run, err) : mm_no_memory(err);
    free(run);
    return result;
}

int mm_forget_source(struct mm_catalog *catalog, const char *source,
                     struct mm_forget_report *report, struct mm_error *err)
{
    struct search search = {.source = source};
    *report = (struct mm_forget_report){0};
    int result = mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, from_song, &search, err);
    if (result == 0)
        result = mm_catalog_each_origin(catalog, 0, from_origin, &search, err);
    if (search.ids.n)
        qsort(search.ids.list, search.ids.n, sizeof *search.ids.list, compare);
    if (result == 0)
        result = mm_catalog_begin(catalog, err);
    if (result == 0) {
        for (size_t i = 0; i < search.ids.n && result == 0; i++)
            if (i == 0 || search.ids.list[i] != search.ids.list[i - 1])
                result = forget_song(catalog, search.ids.list[i], source, report, err);
        if (result == 0)
            result = clear_notes(catalog, source, err);
        if (result == 0)
            result = mm_catalog_commit(catalog, err);
        if (result < 0)
            mm_catalog_rollback(catalog);
    }
    /* Behind the commit: a kill in between leaves sounds that the next time removes. */
    if (result == 0 && !mm_source_is_files(source))
        report->files = mm_sounds_remove_all(catalog, source);
    free(search.ids.list);
    return result;
}
