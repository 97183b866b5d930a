/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One recording, one song. Of several copies the best stays: a file of the user's own before a
 * preview, any sound before none, then the one that came first. It gets the origins of the others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/known.h"
#include "work/sounds.h"

/* How good a copy is; higher is better. One that was hidden never stands for one that is seen. */
static int worth(const struct mm_song *song)
{
    if (song->state == MM_SONG_HIDDEN)
        return 0;
    if (mm_source_is_files(song->source))
        return song->state == MM_SONG_MISSING ? 2 : 4;
    return song->file ? 3 : 1;
}

struct pair {
    int64_t keep, drop;
};

struct search {
    struct mm_catalog *catalog;
    struct mm_known *known;
    struct mm_dedupe_report *report;
    struct pair *pairs;
    size_t n, capacity;
    struct work *works;
    size_t n_works, works_capacity;
};

struct work {
    char *key;
    char *recording;
};

static int add_work(struct search *s, const struct mm_song *song, struct mm_error *err)
{
    struct work work = {mm_match_work(song->tags.artist, song->tags.title),
                        mm_match_recording(song->tags.artist, song->tags.title)};
    bool good = work.key && work.recording;
    if (good && *work.key && mm_array_reserve(&s->works, &s->works_capacity, s->n_works + 1) == 0) {
        s->works[s->n_works++] = work;
        return 0;
    }
    bool nameless = good && !*work.key;
    free(work.key);
    free(work.recording);
    return nameless ? 0 : mm_no_memory(err);
}

/* The first song that the index has for this recording: all others are its copies. */
static int look_at(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct search *s = ctx;
    int64_t first = song->id;
    if (song->state == MM_SONG_HIDDEN)
        return 0;
    int result = mm_known_first(s->known, song->id, &first, err);
    if (result < 0)
        return result;
    if (first == song->id)
        return add_work(s, song, err);
    if (mm_array_reserve(&s->pairs, &s->capacity, s->n + 1) < 0)
        return mm_no_memory(err);
    s->pairs[s->n++] = (struct pair){first, song->id};
    return 0;
}

static int compare_works(const void *a, const void *b)
{
    const struct work *x = a;
    const struct work *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : strcmp(x->recording, y->recording);
}

/* Works of which there are several different recordings. */
static void count_works(struct search *s)
{
    if (s->n_works)
        qsort(s->works, s->n_works, sizeof *s->works, compare_works);
    for (size_t i = 0; i < s->n_works;) {
        size_t versions = 1;
        size_t k = i + 1;
        for (; k < s->n_works && strcmp(s->works[k].key, s->works[i].key) == 0; k++)
            versions += strcmp(s->works[k].recording, s->works[k - 1].recording) != 0;
        if (versions > 1) {
            s->report->works++;
            s->report->versions += versions;
        }
        i = k;
    }
}

/* ---- joining ---- */

struct moving {
    struct mm_catalog *catalog;
    struct mm_origin *list;
    size_t n, capacity;
};

static int collect(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct moving *m = ctx;
    if (mm_array_reserve(&m->list, &m->capacity, m->n + 1) < 0)
        return mm_no_memory(err);
    struct mm_origin *copy = &m->list[m->n++];
    *copy = (struct mm_origin){.source = mm_strdup(origin->source),
                               .key = mm_strdup(origin->key),
                               .plan = mm_strdup(origin->plan),
                               .link = mm_strdup(origin->link),
                               .licence = mm_strdup(origin->licence),
                               .duration_s = origin->duration_s};
    return copy->source && copy->key ? 0 : mm_no_memory(err);
}

static int join(struct mm_catalog *catalog, const struct mm_song *keep, const struct mm_song *drop,
                struct mm_error *err)
{
    struct moving moving = {.catalog = catalog};
    int result = mm_catalog_each_origin(catalog, drop->id, collect, &moving, err);
    if (result == 0 && mm_source_is_files(drop->source)) {
        const struct mm_origin own = {
            .source = drop->source, .key = drop->key, .duration_s = drop->duration_s};
        result = collect(&moving, &own, err);
    }
    if (result == 0)
        result = mm_catalog_join_song(catalog, drop->id, keep->id, err);
    for (size_t i = 0; i < moving.n; i++) {
        moving.list[i].song = keep->id;
        if (result == 0)
            result = mm_catalog_put_origin(catalog, &moving.list[i], err);
        mm_origin_finish(&moving.list[i]);
    }
    free(moving.list);
    return result;
}

static int take_pair(struct search *s, struct pair pair, bool mend, mm_duplicate_fn *fn, void *ctx,
                     char **file, struct mm_error *err)
{
    struct mm_song keep = {0};
    struct mm_song drop = {0};
    int result = mm_catalog_get_song(s->catalog, pair.keep, &keep, err);
    if (result == 0)
        result = mm_catalog_get_song(s->catalog, pair.drop, &drop, err);
    if (result == 0 && fn)
        result = fn(ctx, &keep, &drop, err);
    if (result == 0 && mend)
        result = join(s->catalog, &keep, &drop, err);
    if (result == 0 && mend && drop.file) {
        *file = drop.file;
        drop.file = NULL;
    }
    mm_song_finish(&keep);
    mm_song_finish(&drop);
    return result;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    if (x->keep != y->keep)
        return x->keep < y->keep ? -1 : 1;
    return (x->drop > y->drop) - (x->drop < y->drop);
}

/* Within a group the best stays, not the first: pairs of one group have the same keep. */
static int choose_best(struct search *s, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < s->n && result == 0;) {
        size_t end = i;
        while (end < s->n && s->pairs[end].keep == s->pairs[i].keep)
            end++;
        int64_t first = s->pairs[i].keep;
        int64_t best = first;
        int most = -1;
        for (size_t k = i; k <= end && result == 0; k++) {
            int64_t id = k == i ? first : s->pairs[k - 1].drop;
            struct mm_song song = {0};
            result = mm_catalog_get_song(s->catalog, id, &song, err);
            if (result == 0 && worth(&song) > most) {
                most = worth(&song);
                best = id;
            }
            mm_song_finish(&song);
        }
        for (size_t k = i; k < end; k++) {
            s->pairs[k].drop = s->pairs[k].drop == best ? first : s->pairs[k].drop;
            s->pairs[k].keep = best;
        }
        i = end;
    }
    return result;
}

static int take_pairs(struct search *s, bool mend, mm_duplicate_fn *fn, void *ctx,
                      struct mm_error *err)
{
    char **files = mm_calloc3(s->n, 1, sizeof *files);
    int result = files ? 0 : mm_no_memory(err);
    if (result == 0 && mend)
        result = mm_catalog_begin(s->catalog, err);
    for (size_t i = 0; i < s->n && result == 0; i++)
        result = take_pair(s, s->pairs[i], mend, fn, ctx, &files[i], err);
    if (result == 0 && mend)
        result = mm_catalog_commit(s->catalog, err);
    if (result < 0 && mend)
        mm_catalog_rollback(s->catalog);
    for (size_t i = 0; i < s->n && files; i++) {
        if (result == 0 && files[i])
            mm_sound_remove(s->catalog, files[i], NULL);
        free(files[i]);
    }
    free(files);
    return result;
}

int mm_dedupe(struct mm_catalog *catalog, bool mend, mm_duplicate_fn *fn, void *ctx,
              struct mm_dedupe_report *report, struct mm_error *err)
{
    *report = (struct mm_dedupe_report){0};
    struct search s = {.catalog = catalog, .report = report};
    int result = mm_known_create(catalog, &s.known, err);
    if (result == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, look_at, &s, err);
    if (result == 0) {
        if (s.n)
            qsort(s.pairs, s.n, sizeof *s.pairs, compare_pairs);
        report->duplicates = s.n;
        count_works(&s);
        result = choose_best(&s, err);
    }
    if (result == 0)
        result = take_pairs(&s, mend, fn, ctx, err);
    for (size_t i = 0; i < s.n_works; i++) {
        free(s.works[i].key);
        free(s.works[i].recording);
    }
    free(s.works);
    free(s.pairs);
    mm_known_destroy(s.known);
    return result;
}
