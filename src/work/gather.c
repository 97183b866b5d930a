/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering files (folders, playlists, data sets): what the walk finds is compared with the catalog
 * in batches. What is new or changed is probed by the helpers in parallel, then written in the
 * order of the walk in one transaction, so that ids do not depend on timing and a killed run
 * continues where it stopped.
 *
 * A file at a new path whose content is that of a song whose own file is gone has moved: the song
 * keeps its id and all that is known of it. One that links lead to by two paths is one song: a
 * folder's walk names it as the link does, a playlist as it really lies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/pool.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/gone.h"
#include "work/known.h"

enum { BATCH = 128, MOVE_CANDIDATES = 64 };

/* A file on the disk is one song, whichever way it was found first. */
static const char *const file_sources[] = {"folder", "fma"};
static const char STAGE[] = "gather";

struct found {
    char *path;
    const char *source; /* one of file_sources */
    uint64_t size;
    int64_t mtime_ns;
    bool tags_win;         /* those below over those in the file */
    struct mm_tags tags;   /* what the source knows */
    struct mm_fact *facts; /* [n_facts] what it says of the song beside; values are heap strings */
    size_t n_facts;
    bool known;         /* song below is the catalog's */
    bool second_copy;   /* of that song, whose own file is another */
    bool takes_over;    /* a second copy, and that other file is gone */
    bool failed_before; /* this very content failed the last time */
    bool probe;         /* new or changed: look inside */
    struct mm_song song;
    struct mm_audio_info info;
    unsigned char hash[32];
    int result; /* of the probe */
    struct mm_error err;
};

/* What a list names and is no file: it may be a song of the library all the same. */
struct absent {
    char *location;
    double duration_s;
    struct mm_tags tags;
};

struct gather {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    struct mm_pool *pool;
    const struct mm_progress *progress;
    struct mm_gather_report *report;
    const struct mm_gather_request *request;
    struct absent *absents;
    size_t n_absents;
    size_t absents_capacity;
    char *root; /* told by a source that is named by an address */
    struct found batch[BATCH];
    size_t n_batch;
    int64_t *seen; /* ids of the songs that are there */
    size_t n_seen;
    size_t seen_capacity;
};

static void clear_batch(struct gather *g)
{
    for (size_t i = 0; i < g->n_batch; i++) {
        struct found *f = &g->batch[i];
        free(f->path);
        mm_tags_finish(&f->tags);
        for (size_t k = 0; k < f->n_facts; k++)
            free((char *)f->facts[k].value);
        free(f->facts);
        mm_song_finish(&f->song);
        mm_audio_info_finish(&f->info);
        *f = (struct found){0};
    }
    g->n_batch = 0;
}

/* ---- looking ---- */

/* A file that is another copy of a song, as dedupe has found: only its path is known. Where links
 * lead there it is the song's own file by another path: looked at as that. */
static int find_second_copy(struct gather *g, struct found *f, struct mm_error *err)
{
    struct mm_origin origin;
    int result = mm_catalog_find_origin(g->catalog, f->source, f->path, &origin, err);
    if (result == 0) {
        result = mm_catalog_get_song(g->catalog, origin.song, &f->song, err);
        f->takes_over =
            result == 0 && mm_source_is_files(f->song.source) && mm_file_is_gone(f->song.key);
        f->second_copy = result == 0 && !f->takes_over;
    }
    mm_origin_finish(&origin);
    if (f->second_copy && mm_source_is_files(f->song.source) &&
        mm_file_is_same(f->song.key, f->path)) {
        f->second_copy = false;
        free(f->path);
        f->path = mm_strdup(f->song.key);
        if (!f->path)
            return mm_no_memory(err);
    }
    return result;
}

static int look_up(struct gather *g, struct found *f, struct mm_error *err)
{
    int result = mm_catalog_find_key(g->catalog, f->source, f->path, &f->song, err);
    for (size_t i = 0; i < sizeof file_sources / sizeof *file_sources; i++)
        if (result == MM_ERR_NOT_FOUND && strcmp(file_sources[i], f->source) != 0)
            result = mm_catalog_find_key(g->catalog, file_sources[i], f->path, &f->song, err);
    if (result == MM_ERR_NOT_FOUND)
        result = find_second_copy(g, f, err);
    if (result < 0 && result != MM_ERR_NOT_FOUND)
        return result;
    f->known = result == 0;
    if (f->second_copy)
        return 0;
    if (f->takes_over) {
        f->probe = true;
        return 0;
    }
    bool same = f->known && f->song.size == f->size && f->song.mtime_ns == f->mtime_ns;
    if (f->known && strcmp(f->song.source, f->source) != 0) {
        if (f->tags_win)
            same = false; /* it learns more than the file alone could tell */
        else
            f->source = mm_source_find(f->song.source)->name;
    }
    if (!f->known) {
        result = mm_catalog_known_failure(g->catalog, f->path, STAGE, f->size, f->mtime_ns,
                                          &f->failed_before, err);
        if (result < 0)
            return result;
    }
    f->probe = !same && !f->failed_before;
    return 0;
}

static void probe_round(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    struct gather *g = ctx;
    struct found *f = &g->batch[i];
    if (!f->probe || mm_progress_cancelled(g->progress))
        return;
    f->result = mm_helpers_probe(g->helpers, f->path, &f->info, f->hash, &f->err);
}

/* ---- deciding ---- */

/* Fills what tags do not say from guess. */
static int merge_tags(struct mm_tags *tags, const struct mm_tags *guess)
{
    char **texts[][2] = {{&tags->title, (char **)&guess->title},
                         {&tags->artist, (char **)&guess->artist},
                         {&tags->album, (char **)&guess->album},
                         {&tags->album_artist, (char **)&guess->album_artist},
                         {&tags->isrc, (char **)&guess->isrc},
                         {&tags->musicbrainz_id, (char **)&guess->musicbrainz_id}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (*texts[i][0] || !*texts[i][1])
            continue;
        *texts[i][0] = mm_strdup(*texts[i][1]);
        if (!*texts[i][0])
            return MM_ERR_NO_MEMORY;
    }
    if (!tags->year)
        tags->year = guess->year;
    if (!tags->track)
        tags->track = guess->track;
    if (!tags->disc)
        tags->disc = guess->disc;
    int result = 0;
    for (size_t i = 0, had = tags->n_genres; i < guess->n_genres && had == 0 && result == 0; i++)
        result = mm_tags_add_genre(tags, guess->genres[i]);
    return result;
}

/* The tags a song gets, in f->info.tags. */
static int decide_tags(struct found *f)
{
    if (!f->tags_win)
        return merge_tags(&f->info.tags, &f->tags);
    if (merge_tags(&f->tags, &f->info.tags) < 0)
        return MM_ERR_NO_MEMORY;
    struct mm_tags own = f->info.tags;
    f->info.tags = f->tags;
    f->tags = own;
    return 0;
}

/* Moves what the probe read into the song; the strings change hands. */
static int take_probe(struct found *f)
{
    struct mm_song *song = &f->song;
    char *source = mm_strdup(f->source);
    char *key = mm_strdup(f->path);
    char *codec = mm_strdup(f->info.codec);
    if (!source || !key || !codec || decide_tags(f) < 0) {
        free(source);
        free(key);
        free(codec);
        return MM_ERR_NO_MEMORY;
    }
    int64_t id = song->id;
    enum mm_song_state state = song->state;
    mm_song_finish(song);
    *song = (struct mm_song){.id = id,
                             .state = state == MM_SONG_HIDDEN ? state : MM_SONG_PRESENT,
                             .source = source,
                             .key = key,
                             .codec = codec,
                             .size = f->size,
                             .mtime_ns = f->mtime_ns,
                             .duration_s = f->info.duration_s,
                             .sample_rate = f->info.sample_rate,
                             .channels = f->info.channels,
                             .has_cover = f->info.has_cover,
                             .tags = f->info.tags};
    memcpy(song->hash, f->hash, sizeof song->hash);
    f->info.tags = (struct mm_tags){0};
    return 0;
}

/* The song that this content is: its own file is the same one, by way of a link, or has moved. */
static int find_content(struct gather *g, struct found *f, bool *moved, struct mm_error *err)
{
    int64_t ids[MOVE_CANDIDATES];
    size_t count;
    *moved = false;
    int result = mm_catalog_find_hash(g->catalog, f->hash, ids, MOVE_CANDIDATES, &count, err);
    for (size_t i = 0; i < count && result == 0 && !f->second_copy; i++) {
        struct mm_song song = {0};
        result = mm_catalog_get_song(g->catalog, ids[i], &song, err);
        bool file = result == 0 && mm_source_is_files(song.source);
        f->second_copy = file && mm_file_is_same(song.key, f->path);
        if (f->second_copy || (file && !*moved && mm_file_is_gone(song.key))) {
            *moved = !f->second_copy;
            mm_song_finish(&f->song);
            f->song = song;
        } else {
            mm_song_finish(&song);
        }
    }
    return result;
}

/* Remembers that f's path is the song's, too: no second song, and not looked into again. */
static int put_second_path(struct gather *g, const struct found *f, struct mm_error *err)
{
    const struct mm_origin origin = {.song = f->song.id,
                                     .source = (char *)f->source,
                                     .key = f->path,
                                     .duration_s = f->song.duration_s};
    g->report->unchanged++;
    return mm_catalog_put_origin(g->catalog, &origin, err);
}

static int note_failure(struct gather *g, const char *path, int64_t song, uint64_t size,
                        int64_t mtime_ns, const char *reason, struct mm_error *err)
{
    g->report->failed++;
    struct mm_failure failure = {.song = song,
                                 .path = path,
                                 .stage = STAGE,
                                 .reason = reason,
                                 .tries = 1,
                                 .size = size,
                                 .mtime_ns = mtime_ns};
    return mm_catalog_put_failure(g->catalog, &failure, err);
}

/* The song's own place becomes the second one, should it come back. Two copies of one song may meet
 * here: the first is it. */
static int take_over(struct gather *g, struct found *f, struct mm_error *err)
{
    int64_t id = f->song.id;
    mm_song_finish(&f->song);
    int result = mm_catalog_get_song(g->catalog, id, &f->song, err);
    f->takes_over = result == 0 && mm_file_is_gone(f->song.key);
    f->second_copy = result == 0 && !f->takes_over;
    if (!f->takes_over)
        return result;
    const struct mm_origin old = {
        .song = id, .source = f->song.source, .key = f->song.key, .duration_s = f->song.duration_s};
    result = mm_catalog_delete_origin(g->catalog, f->source, f->path, err);
    return result == 0 ? mm_catalog_put_origin(g->catalog, &old, err) : result;
}

static int store_probed(struct gather *g, struct found *f, struct mm_error *err)
{
    if (f->result == 0 && f->takes_over) {
        int taken = take_over(g, f, err);
        g->report->unchanged += taken == 0 && f->second_copy;
        if (taken < 0 || f->second_copy)
            return taken;
    }
    if (f->result < 0)
        return note_failure(g, f->path, f->known ? f->song.id : 0, f->size, f->mtime_ns,
                            f->err.message, err);
    int result = mm_catalog_clear_failure(g->catalog, f->path, STAGE, err);
    if (result < 0)
        return result;
    bool same_content = f->known && memcmp(f->song.hash, f->hash, sizeof f->hash) == 0;
    bool moved = false;
    if (!f->known && (result = find_content(g, f, &moved, err)) < 0)
        return result;
    if (f->second_copy)
        return put_second_path(g, f, err);
    if (take_probe(f) < 0)
        return mm_no_memory(err);
    if (f->known || moved) {
        if (moved)
            g->report->moved++;
        else if (same_content)
            g->report->unchanged++;
        else
            g->report->changed++;
        return mm_catalog_update_song(g->catalog, &f->song, !moved && !same_content, err);
    }
    g->report->added++;
    return mm_catalog_add_song(g->catalog, &f->song, err);
}

static int store_one(struct gather *g, struct found *f, struct mm_error *err)
{
    int result = 0;
    if (f->probe) {
        result = store_probed(g, f, err);
    } else if (f->failed_before) {
        g->report->failed++;
    } else if (f->second_copy) {
        g->report->unchanged++;
    } else if (f->song.state == MM_SONG_MISSING) { /* back where it was */
        g->report->unchanged++;
        result = mm_catalog_set_state(g->catalog, f->song.id, MM_SONG_PRESENT, err);
    } else {
        g->report->unchanged++;
    }
    if (result < 0 || f->song.id == 0 || f->second_copy)
        return result;
    if (f->song.state == MM_SONG_HIDDEN)
        g->report->hidden++;
    if (mm_array_reserve(&g->seen, &g->seen_capacity, g->n_seen + 1) < 0)
        return mm_no_memory(err);
    g->seen[g->n_seen++] = f->song.id;
    return 0;
}

/* Facts are a DJ's or a player's, by the name of the source that told them. */
static int store_with_facts(struct gather *g, struct found *f, struct mm_error *err)
{
    int result = store_one(g, f, err);
    if (result == 0 && f->song.id && g->request->source->facts && (f->n_facts || !f->second_copy))
        result = mm_catalog_put_facts(g->catalog, f->song.id, g->request->source->name, f->facts,
                                      f->n_facts, err);
    return result;
}

/* A helper that crashed may have been the victim of its neighbour: the file is tried again alone.
 */
static void retry_crashed(struct gather *g)
{
    for (size_t i = 0; i < g->n_batch; i++)
        if (g->batch[i].probe && g->batch[i].result == MM_ERR_CRASHED)
            probe_round(g, i, 0);
}

static int flush(struct gather *g, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < g->n_batch && result == 0; i++)
        result = look_up(g, &g->batch[i], err);
    if (result == 0) {
        mm_pool_run(g->pool, g->n_batch, probe_round, g);
        retry_crashed(g);
        if (mm_progress_cancelled(g->progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    }
    if (result == 0)
        result = mm_catalog_begin(g->catalog, err);
    if (result == 0) {
        for (size_t i = 0; i < g->n_batch && result == 0; i++)
            result = store_with_facts(g, &g->batch[i], err);
        if (result == 0)
            result = mm_catalog_commit(g->catalog, err);
        if (result < 0)
            mm_catalog_rollback(g->catalog);
    }
    clear_batch(g);
    mm_progress_update(g->progress, "reading tags", g->report->found, 0);
    return result;
}

/* ---- the walk's events ---- */

static int take_facts(struct found *f, const struct mm_source_item *item)
{
    f->facts = item->n_facts ? mm_calloc3(item->n_facts, 1, sizeof *f->facts) : NULL;
    if (item->n_facts && !f->facts)
        return MM_ERR_NO_MEMORY;
    for (; f->n_facts < item->n_facts; f->n_facts++) {
        const struct mm_source_fact *fact = &item->facts[f->n_facts];
        /* Sources make text clean; a value that is not is no reason to lose the song. */
        char *value = mm_text_is_utf8(fact->value, strlen(fact->value)) ? mm_strdup(fact->value)
                                                                        : mm_strdup("?");
        if (!value)
            return MM_ERR_NO_MEMORY;
        f->facts[f->n_facts] = (struct mm_fact){fact->name, value};
    }
    return 0;
}

static int on_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    struct gather *g = ctx;
    struct found *f = &g->batch[g->n_batch++];
    g->report->found++;
    f->path = mm_strdup(item->key);
    f->source = item->source;
    f->size = item->size;
    f->mtime_ns = item->mtime_ns;
    f->tags_win = item->tags_win;
    if (!f->path || (item->tags && merge_tags(&f->tags, item->tags) < 0) || take_facts(f, item) < 0)
        return mm_no_memory(err);
    return g->n_batch == BATCH ? flush(g, err) : 0;
}

static void on_skipped(void *ctx, enum mm_skip kind, const char *path, const char *detail)
{
    struct gather *g = ctx;
    g->report->skipped[kind]++;
    /* Somebody expects a song there: it belongs into the list of failures. */
    if (kind == MM_SKIP_EMPTY || kind == MM_SKIP_UNREADABLE)
        note_failure(g, path, 0, 0, 0, detail && *detail ? detail : mm_skip_name(kind), NULL);
    if (g->request->skipped)
        g->request->skipped(g->request->ctx, kind, path, detail);
}

static int on_absent(void *ctx, const struct mm_source_absent *absent, struct mm_error *err)
{
    struct gather *g = ctx;
    if (mm_array_reserve(&g->absents, &g->absents_capacity, g->n_absents + 1) < 0)
        return mm_no_memory(err);
    struct absent *a = &g->absents[g->n_absents++];
    *a = (struct absent){.location = mm_strdup(absent->location), .duration_s = absent->duration_s};
    if ((absent->location && !a->location) || merge_tags(&a->tags, absent->tags) < 0)
        return mm_no_memory(err);
    return 0;
}

static void clear_absents(struct gather *g)
{
    for (size_t i = 0; i < g->n_absents; i++) {
        free(g->absents[i].location);
        mm_tags_finish(&g->absents[i].tags);
    }
    g->n_absents = 0;
}

/* Tells those that the library has not got either: a list may name songs, not files. */
static int tell_absents(struct gather *g, struct mm_error *err)
{
    struct mm_known *known = NULL;
    int result = g->n_absents ? mm_known_create(g->catalog, &known, err) : 0;
    for (size_t i = 0; i < g->n_absents && result == 0; i++) {
        const struct absent *a = &g->absents[i];
        const struct mm_recording recording = {a->tags.isrc, a->tags.artist, a->tags.title,
                                               a->duration_s};
        int64_t song;
        result = mm_known_find(known, &recording, true, &song, err);
        if (result == 0 && song) {
            g->report->in_library++;
        } else if (result == 0) {
            g->report->absent++;
            if (g->request->absent)
                g->request->absent(g->request->ctx, a->location, &a->tags);
        }
    }
    mm_known_destroy(known);
    clear_absents(g);
    return result;
}

/* ---- one root ---- */

static int on_root(void *ctx, const char *folder, struct mm_error *err)
{
    struct gather *g = ctx;
    free(g->root);
    g->root = mm_strdup(folder);
    return g->root ? 0 : mm_no_memory(err);
}

/* The walk, and what it told stored; *root = the folder it went through. */
static int walk_path(struct gather *g, const char *path, char **root, struct mm_error *err)
{
    const struct mm_source *source = g->request->source;
    /* The walk runs ahead of the tags by a batch: only theirs is progress. */
    const struct mm_progress cancel_only = {.cancel = g->progress ? g->progress->cancel : NULL};
    struct mm_source_events events = {.item = on_item,
                                      .skipped = on_skipped,
                                      .absent = on_absent,
                                      .root = on_root,
                                      .mapped = g->request->mapped,
                                      .ctx = g};
    *root = source->address ? NULL : realpath(path, NULL);
    if (!*root && !source->address)
        return mm_error_errno(err, errno, "cannot gather %s", path);
    int result = *root && source->complete ? mm_catalog_add_root(g->catalog, *root, err) : 0;
    if (result == 0)
        result = source->walk(*root ? *root : path, &events, &cancel_only, err);
    if (result == 0)
        result = flush(g, err);
    if (result == 0 && !*root && g->root) {
        *root = g->root;
        g->root = NULL;
        result = source->complete ? mm_catalog_add_root(g->catalog, *root, err) : 0;
    }
    return result;
}

static int gather_one(struct gather *g, const char *path, struct mm_error *err)
{
    char *real = NULL;
    int result = walk_path(g, path, &real, err);
    if (result == 0 && g->request->source->complete)
        result = mm_gone_songs(g->catalog, real, g->seen, g->n_seen, &g->report->missing, err);
    if (result == 0 && real)
        result = mm_gone_failures(g->catalog, real, STAGE, err);
    if (result == 0)
        result = tell_absents(g, err);
    clear_batch(g);
    clear_absents(g);
    free(real);
    return result;
}

int mm_gather_files(struct mm_catalog *catalog, struct mm_helpers *helpers,
                    const struct mm_gather_request *request, const struct mm_progress *progress,
                    struct mm_gather_report *report, struct mm_error *err)
{
    *report = (struct mm_gather_report){0};
    struct gather *g = calloc(1, sizeof *g);
    if (!g)
        return mm_no_memory(err);
    *g = (struct gather){.catalog = catalog,
                         .helpers = helpers,
                         .progress = progress,
                         .report = report,
                         .request = request};
    int result = mm_pool_create(mm_helpers_count(helpers), &g->pool, err);
    for (size_t i = 0; i < request->n && result == 0; i++)
        result = gather_one(g, request->paths[i], err);
    mm_progress_update(progress, "reading tags", report->found, report->found);
    mm_pool_destroy(g->pool);
    free(g->absents);
    free(g->seen);
    free(g->root);
    free(g);
    return result;
}
