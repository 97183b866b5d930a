/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was measured, back into the files. A helper reads the file and says what the new one is made
 * of; this process copies the pieces and understands none of them. The new file lies beside the old
 * one until a helper has read it, too: then it takes the old one's name. Whatever goes wrong
 * before, the old file has not been touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/work.h"

/* Below it a tempo is often the half or the double, a key its neighbour. */
#define SURE_TEMPO 0.3
#define SURE_KEY   0.3
#define SURE_MOOD  0.6F

/* ---- one file ---- */

struct rewrite {
    struct mm_helpers *helpers;
    const struct mm_retag *wanted;
    const struct mm_retag_plan *plan;
    const char *path;
    char *temporary;
    int in, out;
    struct stat before; /* from before the plan was made */
    struct stat after;  /* the new file, and its sum, as the library knows files */
    unsigned char hash[32];
};

/* The time of change, too: many programs that write tags put the other one back. */
static bool is_as_before(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int copy_range(struct rewrite *w, uint64_t from, uint64_t length, struct mm_error *err)
{
    char buffer[65536];
    if (from > (uint64_t)w->before.st_size || length > (uint64_t)w->before.st_size - from)
        return mm_error_set(err, MM_ERR_CRASHED, "the helper process talks nonsense");
    while (length) {
        ssize_t n = pread(w->in, buffer, length < sizeof buffer ? (size_t)length : sizeof buffer,
                          (off_t)from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? mm_error_set(err, MM_ERR_AGAIN, "the file changed meanwhile")
                          : mm_error_errno(err, errno, "cannot read");
        for (ssize_t done = 0; done < n;) {
            ssize_t put = write(w->out, buffer + done, (size_t)(n - done));
            if (put < 0 && errno != EINTR)
                return mm_error_errno(err, errno, "cannot write %s", w->temporary);
            done += put > 0 ? put : 0;
        }
        from += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return 0;
}

static int put_bytes(struct rewrite *w, const unsigned char *bytes, size_t n, struct mm_error *err)
{
    while (n) {
        ssize_t put = write(w->out, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return mm_error_errno(err, errno, "cannot write %s", w->temporary);
        bytes += put;
        n -= (size_t)put;
    }
    return 0;
}

static int write_pieces(struct rewrite *w, struct mm_error *err)
{
    struct stat now;
    int result = 0;
    for (size_t i = 0; i < w->plan->n && result == 0; i++) {
        const struct mm_piece *piece = &w->plan->pieces[i];
        result = piece->bytes ? put_bytes(w, piece->bytes, (size_t)piece->length, err)
                              : copy_range(w, piece->from, piece->length, err);
    }
    /* Owner first: a change of owner takes mode bits away. Where it is not ours to give, it stays
     * with whoever runs this; the group must not be lost, for it may be how others reach the file.
     */
    if (result == 0 && fchown(w->out, w->before.st_uid, w->before.st_gid) != 0 &&
        fchown(w->out, (uid_t)-1, w->before.st_gid) != 0 &&
        (fstat(w->out, &now) != 0 || now.st_gid != w->before.st_gid))
        result = mm_error_errno(err, errno, "cannot keep the group of the file");
    if (result == 0 && fchmod(w->out, w->before.st_mode & 0777) != 0)
        result = mm_error_errno(err, errno, "cannot set the mode of %s", w->temporary);
    if (result == 0 && fsync(w->out) != 0)
        result = mm_error_errno(err, errno, "cannot write %s", w->temporary);
    if (result == 0 && fstat(w->out, &w->after) != 0)
        result = mm_error_errno(err, errno, "cannot open %s", w->temporary);
    return result;
}

static bool equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The new file says what it was to say, and all else as before. */
static int verify(struct rewrite *w, struct mm_error *err)
{
    struct mm_retag_plan again;
    struct stat now;
    mm_helpers_renew(w->helpers); /* who made the plan does not judge it */
    int result = mm_helpers_retag(w->helpers, w->temporary, w->wanted, &again, err);
    if (result < 0)
        return mm_error_prefix(err, "the new file is not as it should be");
    bool good = again.n == 0 && memcmp(again.rest, w->plan->rest, sizeof again.rest) == 0;
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        const char *meant = w->plan->writes[f] ? w->plan->value[f] : w->plan->had[f];
        good &= !meant || equal(again.had[f], meant);
    }
    mm_retag_plan_finish(&again);
    if (!good)
        return mm_error_set(err, MM_ERR_BUG, "the new file is not as it should be");
    /* It still sounds, and the library will know it. */
    struct mm_audio_info info;
    result = mm_helpers_probe(w->helpers, w->temporary, &info, w->hash, err);
    if (result < 0)
        return mm_error_prefix(err, "the new file is not as it should be");
    mm_audio_info_finish(&info);
    if (stat(w->path, &now) != 0 || !is_as_before(&now, &w->before))
        return mm_error_set(err, MM_ERR_AGAIN, "the file changed meanwhile");
    return 0;
}

static void sync_folder(const char *path)
{
    char *folder = mm_strndup(path, (size_t)(mm_path_name(path) - path));
    int fd = folder && *folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

/* The new file, whole and looked at, takes the old one's name. */
static int replace_file(struct rewrite *w, struct mm_error *err)
{
    w->out = mkostemp(w->temporary, O_CLOEXEC);
    if (w->out < 0)
        return mm_error_errno(err, errno, "cannot write beside it");
    int result = write_pieces(w, err);
    if (result == 0)
        result = verify(w, err);
    if (result == 0 && rename(w->temporary, w->path) != 0)
        result = mm_error_errno(err, errno, "cannot put the new file in its place");
    if (result < 0)
        unlink(w->temporary);
    else
        sync_folder(w->path);
    close(w->out);
    return result;
}

/* path: no link. */
static int rewrite_file(struct rewrite *w, struct mm_error *err)
{
    size_t folder = (size_t)(mm_path_name(w->path) - w->path);
    struct stat now;
    w->in = open(w->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool opened = w->in >= 0 && fstat(w->in, &now) == 0;
    if (!opened || !is_as_before(&now, &w->before)) {
        int result = opened ? mm_error_set(err, MM_ERR_AGAIN, "the file changed meanwhile")
                            : mm_error_errno(err, errno, "cannot open");
        if (w->in >= 0)
            close(w->in);
        return result;
    }
    w->temporary = mm_format("%.*s.musicmap-tags-XXXXXX", (int)folder, w->path);
    int result = w->temporary ? replace_file(w, err) : mm_no_memory(err);
    close(w->in);
    free(w->temporary);
    return result;
}

/* ---- one song ---- */

struct retag {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    const struct mm_retag_options *options;
    struct mm_map_record map;
    struct mm_retag_report *report;
};

/* The strongest mood that a model heard; mood: room for it. */
struct mood {
    float value;
    char name[64];
};

static int take_mood(void *ctx, int64_t song, const struct mm_song_tags *tags, struct mm_error *err)
{
    struct mood *mood = ctx;
    (void)song;
    (void)err;
    for (size_t i = 0; i < tags->n; i++)
        if (strncmp(tags->names[i], "mood_", 5) == 0 && tags->values[i] > mood->value) {
            mood->value = tags->values[i];
            snprintf(mood->name, sizeof mood->name, "%s", tags->names[i] + 5);
        }
    return 0;
}

static const char *country_of(const struct mm_map_record *map, int64_t song)
{
    size_t low = 0;
    for (size_t high = map->n_songs; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (map->songs[middle].song < song)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == map->n_songs || map->songs[low].song != song)
        return NULL;
    uint32_t cluster = map->songs[low].cluster;
    return cluster < map->n_clusters ? map->cluster_names[cluster] : NULL;
}

static int find_wanted(struct retag *r, int64_t song, struct mood *mood, struct mm_retag *out,
                       struct mm_error *err)
{
    const bool *fields = r->options->fields;
    struct mm_measure measure;
    *mood = (struct mood){.value = SURE_MOOD};
    *out = (struct mm_retag){.replace = r->options->replace};
    int result = mm_catalog_get_measure(r->catalog, song, &measure, err);
    if (result == 0) {
        if (fields[MM_RETAG_BPM] && measure.tempo_confidence >= SURE_TEMPO)
            out->bpm = measure.tempo_bpm;
        if (fields[MM_RETAG_KEY] && measure.key >= 0 && measure.key_confidence >= SURE_KEY)
            out->key = mm_key_name(measure.key, measure.mode);
    }
    if (result == MM_ERR_NOT_FOUND)
        result = 0;
    if (result == 0 && fields[MM_RETAG_MOOD])
        result = mm_catalog_each_tags(r->catalog, song, song, take_mood, mood, err);
    if (*mood->name)
        out->mood = mood->name;
    if (fields[MM_RETAG_CLUSTER])
        out->cluster = country_of(&r->map, song);
    return result;
}

/* One process has a look at all files. It may have been taken over by one of them, so the plan that
 * is followed is made by another, which has read this file alone. */
static int make_plan(struct rewrite *w, struct mm_retag *wanted, struct mm_retag_plan *plan,
                     bool write, struct mm_error *err)
{
    int result = mm_helpers_retag(w->helpers, w->path, wanted, plan, err);
    if (result < 0 || !write || plan->n == 0)
        return result;
    mm_retag_plan_finish(plan);
    mm_helpers_renew(w->helpers);
    wanted->hash = true;
    if (stat(w->path, &w->before) != 0)
        return mm_error_errno(err, errno, "cannot find the file");
    return mm_helpers_retag(w->helpers, w->path, wanted, plan, err);
}

static void take_new(const struct rewrite *w, struct mm_song *song)
{
    memcpy(song->hash, w->hash, sizeof song->hash);
    song->size = (uint64_t)w->after.st_size;
    song->mtime_ns = (int64_t)w->after.st_mtim.tv_sec * 1000000000 + w->after.st_mtim.tv_nsec;
}

/* song becomes that of the new file; the library is not told yet. */
static int retag_file(struct retag *r, struct mm_song *song, struct mm_retag_plan *plan,
                      struct mm_error *err)
{
    struct mood mood;
    struct mm_retag wanted;
    char *named = mm_song_path(r->catalog, song);
    char *path = named ? realpath(named, NULL) : NULL;
    if (!path) {
        int result = mm_error_errno(err, named ? errno : ENOMEM, "cannot find the file");
        free(named);
        return result;
    }
    struct rewrite w = {.helpers = r->helpers, .wanted = &wanted, .plan = plan, .path = path};
    int result = find_wanted(r, song->id, &mood, &wanted, err);
    if (result == 0)
        result = make_plan(&w, &wanted, plan, r->options->write, err);
    if (result == 0 && r->options->write && plan->n) {
        result = rewrite_file(&w, err);
        if (result == 0)
            take_new(&w, song);
    }
    free(path);
    free(named);
    return result;
}

/* Faults of the run, not of a file. */
static bool ends_the_run(int code)
{
    return code == MM_ERR_CANCELLED || code == MM_ERR_NO_MEMORY;
}

/* So that the next gather sees the file it knows. A fault here is the library's, not the file's. */
static int know_file(struct retag *r, const struct mm_song *song, struct mm_error *err)
{
    int result = mm_catalog_update_song(r->catalog, song, false, err);
    return result < 0 ? mm_error_prefix(err,
                                        "tags are written, but the library could not be told "
                                        "(\"musicmap gather\" will see to it) of %s",
                                        song->key)
                      : 0;
}

static int retag_song(struct retag *r, int64_t id, mm_retagged_fn *fn, void *ctx,
                      struct mm_error *err)
{
    struct mm_song song = {0};
    struct mm_retag_plan plan = {0};
    struct mm_error fault = {0};
    int result = mm_catalog_get_song(r->catalog, id, &song, err);
    if (result == 0 && song.state == MM_SONG_PRESENT && mm_source_is_files(song.source)) {
        int done = retag_file(r, &song, &plan, &fault);
        r->report->files++;
        r->report->other += done == MM_ERR_UNSUPPORTED;
        r->report->failed += done < 0 && done != MM_ERR_UNSUPPORTED;
        r->report->change += done == 0 && plan.n > 0;
        for (int f = 0; f < MM_RETAG_FIELDS; f++)
            r->report->fields += done == 0 && plan.writes[f];
        if (ends_the_run(done)) {
            result = done;
            if (err)
                *err = fault;
        } else {
            if (done == 0 && r->options->write && plan.n)
                result = know_file(r, &song, err);
            if (result == 0)
                result = fn(ctx, &song, done, &plan, &fault, err);
        }
    }
    mm_retag_plan_finish(&plan);
    mm_song_finish(&song);
    return result;
}

int mm_retag_songs(struct mm_catalog *catalog, struct mm_helpers *helpers, const int64_t *ids,
                   size_t n, const struct mm_retag_options *options,
                   const struct mm_progress *progress, mm_retagged_fn *fn, void *ctx,
                   struct mm_retag_report *report, struct mm_error *err)
{
    struct retag r = {.catalog = catalog, .helpers = helpers, .options = options, .report = report};
    *report = (struct mm_retag_report){0};
    int result = mm_catalog_get_map(catalog, &r.map, err);
    if (result == MM_ERR_NOT_FOUND) /* then there are no countries */
        result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        mm_progress_update(progress, options->write ? "writing tags" : "reading tags", i, n);
        result = mm_progress_cancelled(progress)
                     ? mm_error_set(err, MM_ERR_CANCELLED, "stopped; what is done is kept")
                     : retag_song(&r, ids[i], fn, ctx, err);
    }
    mm_map_record_finish(&r.map);
    return result;
}
