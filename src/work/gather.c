/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering folders: what the walk finds is compared with the catalog in batches. What is new or
 * changed is probed by the helpers in parallel, then written in the order of the walk in one
 * transaction, so that ids do not depend on timing and a killed run continues where it stopped.
 *
 * A file at a new path whose content is that of a song whose own file is gone has moved: the song
 * keeps its id and all that is known of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/pool.h"
#include "base/text.h"
#include "musicmap/work.h"

enum { BATCH = 128, MOVE_CANDIDATES = 64 };

static const char SOURCE[] = "folder";
static const char STAGE[] = "gather";

struct found {
    char *path;
    uint64_t size;
    int64_t mtime_ns;
    struct mm_tags path_tags;
    bool known;         /* song below is the catalog's */
    bool failed_before; /* this very content failed the last time */
    bool probe;         /* new or changed: look inside */
    struct mm_song song;
    struct mm_audio_info info;
    unsigned char hash[32];
    int result; /* of the probe */
    struct mm_error err;
};

struct gather {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    struct mm_pool *pool;
    const struct mm_progress *progress;
    struct mm_gather_report *report;
    void (*skipped)(void *ctx, enum mm_skip kind, const char *path, const char *detail);
    void *skipped_ctx;
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
        mm_tags_finish(&f->path_tags);
        mm_song_finish(&f->song);
        mm_audio_info_finish(&f->info);
        *f = (struct found){0};
    }
    g->n_batch = 0;
}

/* ---- looking ---- */

static int look_up(struct gather *g, struct found *f, struct mm_error *err)
{
    int result = mm_catalog_find_key(g->catalog, SOURCE, f->path, &f->song, err);
    if (result < 0 && result != MM_ERR_NOT_FOUND)
        return result;
    f->known = result == 0;
    bool same = f->known && f->song.size == f->size && f->song.mtime_ns == f->mtime_ns;
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

/* Fills what the container did not say from the path. */
static int merge_tags(struct mm_tags *tags, const struct mm_tags *guess)
{
    char **texts[][2] = {{&tags->title, (char **)&guess->title},
                         {&tags->artist, (char **)&guess->artist},
                         {&tags->album, (char **)&guess->album},
                         {&tags->album_artist, (char **)&guess->album_artist}};
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
    return 0;
}

/* Moves what the probe read into the song; the strings change hands. */
static int take_probe(struct found *f)
{
    struct mm_song *song = &f->song;
    char *source = mm_strdup(SOURCE);
    char *key = mm_strdup(f->path);
    char *codec = mm_strdup(f->info.codec);
    if (!source || !key || !codec || merge_tags(&f->info.tags, &f->path_tags) < 0) {
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

static bool is_gone(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* The song that this content was, if its own file is no longer there. */
static int find_moved(struct gather *g, struct found *f, bool *moved, struct mm_error *err)
{
    int64_t ids[MOVE_CANDIDATES];
    size_t count;
    *moved = false;
    int result = mm_catalog_find_hash(g->catalog, f->hash, ids, MOVE_CANDIDATES, &count, err);
    for (size_t i = 0; i < count && result == 0 && !*moved; i++) {
        struct mm_song song = {0};
        result = mm_catalog_get_song(g->catalog, ids[i], &song, err);
        if (result == 0 && strcmp(song.source, SOURCE) == 0 && is_gone(song.key)) {
            mm_song_finish(&f->song);
            f->song = song;
            *moved = true;
        } else {
            mm_song_finish(&song);
        }
    }
    return result;
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

static int store_probed(struct gather *g, struct found *f, struct mm_error *err)
{
    if (f->result < 0)
        return note_failure(g, f->path, f->known ? f->song.id : 0, f->size, f->mtime_ns,
                            f->err.message, err);
    int result = mm_catalog_clear_failure(g->catalog, f->path, STAGE, err);
    if (result < 0)
        return result;
    bool same_content = f->known && memcmp(f->song.hash, f->hash, sizeof f->hash) == 0;
    bool moved = false;
    if (!f->known && (result = find_moved(g, f, &moved, err)) < 0)
        return result;
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
    } else if (f->song.state == MM_SONG_MISSING) { /* back where it was */
        g->report->unchanged++;
        result = mm_catalog_set_state(g->catalog, f->song.id, MM_SONG_PRESENT, err);
    } else {
        g->report->unchanged++;
    }
    if (result < 0 || f->song.id == 0)
        return result;
    if (f->song.state == MM_SONG_HIDDEN)
        g->report->hidden++;
    if (mm_array_reserve(&g->seen, &g->seen_capacity, g->n_seen + 1) < 0)
        return mm_no_memory(err);
    g->seen[g->n_seen++] = f->song.id;
    return 0;
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
            result = store_one(g, &g->batch[i], err);
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

static int on_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    struct gather *g = ctx;
    struct found *f = &g->batch[g->n_batch++];
    g->report->found++;
    f->path = mm_strdup(item->key);
    f->size = item->size;
    f->mtime_ns = item->mtime_ns;
    if (!f->path || (item->tags && merge_tags(&f->path_tags, item->tags) < 0))
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
    if (g->skipped)
        g->skipped(g->skipped_ctx, kind, path, detail);
}

/* ---- what is no longer there ---- */

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct missing {
    const struct gather *g;
    int64_t *ids;
    size_t count;
    size_t capacity;
};

static int collect_missing(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct missing *m = ctx;
    const struct gather *g = m->g;
    if (strcmp(song->source, SOURCE) != 0 ||
        (g->n_seen && bsearch(&song->id, g->seen, g->n_seen, sizeof *g->seen, compare_ids)))
        return 0;
    /* Not seen, and yet there: the walk could not read its folder, or the file itself failed. */
    if (!is_gone(song->key))
        return 0;
    if (mm_array_reserve(&m->ids, &m->capacity, m->count + 1) < 0)
        return mm_no_memory(err);
    m->ids[m->count++] = song->id;
    return 0;
}

static int mark_missing(struct gather *g, const char *folder, struct mm_error *err)
{
    if (g->n_seen)
        qsort(g->seen, g->n_seen, sizeof *g->seen, compare_ids);
    struct missing m = {.g = g};
    int result =
        mm_catalog_each_song(g->catalog, MM_SONGS_PRESENT, folder, collect_missing, &m, err);
    if (result == 0)
        result = mm_catalog_begin(g->catalog, err);
    if (result == 0) {
        for (size_t i = 0; i < m.count && result == 0; i++)
            result = mm_catalog_set_state(g->catalog, m.ids[i], MM_SONG_MISSING, err);
        if (result == 0)
            result = mm_catalog_commit(g->catalog, err);
        if (result < 0)
            mm_catalog_rollback(g->catalog);
    }
    g->report->missing += m.count;
    free(m.ids);
    return result;
}

/* A failure of a file that is no longer there is no news. */
struct stale_failures {
    const char *folder;
    char **paths;
    size_t count;
    size_t capacity;
};

static int collect_stale(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    struct stale_failures *list = ctx;
    size_t length = strlen(list->folder);
    bool below = strncmp(failure->path, list->folder, length) == 0;
    if (!below || strcmp(failure->stage, STAGE) != 0 || !is_gone(failure->path))
        return 0;
    if (mm_array_reserve(&list->paths, &list->capacity, list->count + 1) < 0 ||
        !(list->paths[list->count] = mm_strdup(failure->path)))
        return mm_no_memory(err);
    list->count++;
    return 0;
}

static int clear_stale_failures(struct gather *g, const char *folder, struct mm_error *err)
{
    struct stale_failures list = {.folder = folder};
    int result = mm_catalog_each_failure(g->catalog, collect_stale, &list, err);
    for (size_t i = 0; i < list.count; i++) {
        if (result == 0)
            result = mm_catalog_clear_failure(g->catalog, list.paths[i], STAGE, err);
        free(list.paths[i]);
    }
    free(list.paths);
    return result;
}

static int gather_one(struct gather *g, const char *folder, struct mm_error *err)
{
    char *real = realpath(folder, NULL);
    if (!real)
        return mm_error_errno(err, errno, "cannot gather %s", folder);
    /* The walk runs ahead of the tags by a batch: only theirs is progress. */
    const struct mm_progress cancel_only = {.cancel = g->progress ? g->progress->cancel : NULL};
    struct mm_source_events events = {.item = on_item, .skipped = on_skipped, .ctx = g};
    int result = mm_catalog_add_root(g->catalog, real, err);
    if (result == 0)
        result = mm_source_folder(real, &events, &cancel_only, err);
    if (result == 0)
        result = flush(g, err);
    if (result == 0)
        result = mark_missing(g, real, err);
    if (result == 0)
        result = clear_stale_failures(g, real, err);
    clear_batch(g);
    free(real);
    return result;
}

int mm_gather_folders(struct mm_catalog *catalog, struct mm_helpers *helpers,
                      const char *const *folders, size_t n_folders,
                      void (*skipped)(void *ctx, enum mm_skip kind, const char *path,
                                      const char *detail),
                      void *skipped_ctx, const struct mm_progress *progress,
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
                         .skipped = skipped,
                         .skipped_ctx = skipped_ctx};
    int result = mm_pool_create(mm_helpers_count(helpers), &g->pool, err);
    for (size_t i = 0; i < n_folders && result == 0; i++)
        result = gather_one(g, folders[i], err);
    mm_progress_update(progress, "reading tags", report->found, report->found);
    mm_pool_destroy(g->pool);
    free(g->seen);
    free(g);
    return result;
}
