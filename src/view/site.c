/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "musicmap/work.h"
#include "view/desktop.h"
#include "view/words.h"

/* What is kept in memory: some hundred clips, and the covers on screen. */
enum { MEMO_BYTES = 64 << 20, MEMO_ENTRIES = 2048 };

static const double EDGE_S = 15.0; /* of a song's beginning and end, to hear a transition */

/* A song that may be played, and what its clip is. */
struct subject {
    struct mm_song song;
    struct mm_clip_plan plan;
    struct mm_memo_key key;
};

static void choose_edge(enum mm_job_kind kind, double duration_s, struct mm_clip_plan *plan)
{
    bool late = kind == MM_JOB_OUTRO && duration_s > EDGE_S;
    plan->start_s = late ? duration_s - EDGE_S : 0;
    plan->length_s = EDGE_S;
}

static int look_up(struct mm_site *site, enum mm_job_kind kind, int64_t id, struct subject *out,
                   struct mm_error *err)
{
    *out = (struct subject){0};
    int result = mm_catalog_get_song(site->catalog, id, &out->song, err);
    if (result == MM_ERR_NOT_FOUND)
        return mm_error_set(err, result, "there is no song %lld", (long long)id);
    if (result < 0)
        return result;
    struct mm_measure measure;
    bool playable = out->song.state == MM_SONG_PRESENT && mm_can_lend(&out->song);
    /* From here on the key is where its sound is. */
    char *path = playable ? mm_song_path(site->catalog, &out->song) : NULL;
    if (playable && !path) {
        mm_song_finish(&out->song);
        return mm_no_memory(err);
    }
    if (path) {
        free(out->song.key);
        out->song.key = path;
    }
    if (!playable)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "song %lld is %s", (long long)id,
                              out->song.state == MM_SONG_HIDDEN ? "hidden" : "not here");
    else
        result = mm_catalog_get_measure(site->catalog, id, &measure, err);
    if (playable && (result == 0 || result == MM_ERR_NOT_FOUND)) { /* a measure is no must */
        out->plan = mm_clip_plan(&out->song, result == 0 ? &measure : NULL);
        if (kind == MM_JOB_INTRO || kind == MM_JOB_OUTRO)
            choose_edge(kind, out->song.duration_s, &out->plan);
        out->key = (struct mm_memo_key){.kind = (int)kind, .song = id, .tag = out->plan.tag};
        return 0;
    }
    mm_song_finish(&out->song);
    return result;
}

int mm_site_find(struct mm_site *site, enum mm_job_kind kind, int64_t song, struct mm_find *found,
                 struct mm_error *err)
{
    *found = (struct mm_find){.file.fd = -1};
    struct subject subject;
    int result = look_up(site, kind, song, &subject, err);
    if (result < 0)
        return result;
    struct mm_error failure = {0};
    if (kind == MM_JOB_COVER && !subject.song.has_cover)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "the song has no cover");
    else if (mm_memo_get(site->memo, &subject.key, &found->blob, &failure))
        result = found->blob ? 0 : mm_error_set(err, failure.code, "%s", failure.message);
    else if (kind != MM_JOB_CLIP ||
             !mm_clips_open(site->clips, song, subject.plan.tag, &found->file))
        found->to_make = true;
    mm_song_finish(&subject.song);
    return result;
}

void mm_site_file_finish(struct mm_site_file *file)
{
    free(file->path);
    mm_song_finish(&file->song);
    *file = (struct mm_site_file){0};
}

int mm_site_file(struct mm_site *site, int64_t id, struct mm_site_file *out, struct mm_error *err)
{
    *out = (struct mm_site_file){0};
    struct subject subject;
    int result = look_up(site, MM_JOB_CLIP, id, &subject, err);
    if (result < 0)
        return result;
    out->path = subject.song.key; /* look_up() put the sound's path there */
    subject.song.key = NULL;
    out->song = subject.song;
    out->clip_start_s = subject.plan.start_s;
    return 0;
}

/* Takes the song's folder out of a message: where files lie is nobody's business in a page. */
static void hide_folder(struct mm_error *err, const char *path)
{
    size_t length = (size_t)(mm_path_name(path) - path);
    char *folder = mm_strndup(path, length);
    if (!folder) {
        err->message[0] = '\0';
        return;
    }
    mm_text_clean_line(folder); /* as the message was */
    for (char *at = err->message; length > 1 && *at;) {
        size_t rest = strlen(at);
        if (rest >= length && memcmp(at, folder, length) == 0)
            memmove(at, at + length, rest - length + 1);
        else if (rest > 1 && rest < length && memcmp(at, folder, rest) == 0)
            *at = '\0'; /* the message was cut inside the folder */
        else
            at++;
    }
    free(folder);
}

/* The type of a picture by its first bytes; NULL = none that every browser shows. */
static const char *picture_type(const struct mm_bytes *picture)
{
    static const struct {
        const char *type;
        const char *bytes;
        size_t count;
    } types[] = {{"image/jpeg", "\xff\xd8\xff", 3},
                 {"image/png", "\x89PNG\r\n\x1a\n", 8},
                 {"image/gif", "GIF87a", 6},
                 {"image/gif", "GIF89a", 6}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (picture->size > types[i].count &&
            memcmp(picture->data, types[i].bytes, types[i].count) == 0)
            return types[i].type;
    if (picture->size > 12 && memcmp(picture->data, "RIFF", 4) == 0 &&
        memcmp(picture->data + 8, "WEBP", 4) == 0)
        return "image/webp";
    return NULL;
}

static int make_bytes(struct mm_site *site, const struct subject *subject, struct mm_blob **out,
                      struct mm_error *err)
{
    struct mm_bytes bytes = {0};
    const char *type = bytes.mime;
    struct mm_loan loan;
    int result = mm_lend(site->lender, &subject->song, &loan, err);
    if (result < 0)
        return result;
    if (subject->key.kind == MM_JOB_COVER) {
        result = mm_helpers_cover(site->helpers, loan.path, &bytes, err);
        type = result == 0 ? picture_type(&bytes) : NULL;
        if (result == 0 && !type)
            result = mm_error_set(err, MM_ERR_NOT_FOUND, "the cover is no JPEG, PNG, WebP or GIF");
    } else {
        result = mm_helpers_clip(site->helpers, loan.path, subject->plan.start_s,
                                 subject->plan.length_s, &bytes, err);
        if (result == 0 && strncmp(bytes.mime, "audio/", 6) != 0)
            result = mm_error_set(err, MM_ERR_BUG, "the clip is no audio");
    }
    mm_loan_return(&loan);
    if (result == 0) {
        result = mm_blob_create(bytes.data, bytes.size, type, out, err);
        bytes.data = NULL; /* it is the blob's now */
    }
    mm_bytes_finish(&bytes);
    return result;
}

/* Failures that depend on the file alone, so that trying again would only cost time. */
static bool will_fail_again(enum mm_job_kind kind, int code)
{
    switch (code) {
    case MM_ERR_INPUT:
    case MM_ERR_UNSUPPORTED:
    case MM_ERR_LIMIT:
    case MM_ERR_CRASHED:
        return true;
    case MM_ERR_NOT_FOUND:
        return kind == MM_JOB_COVER;
    default:
        return false;
    }
}

static int make_media(struct mm_site *site, enum mm_job_kind kind, int64_t song,
                      struct mm_blob **out, struct mm_error *err)
{
    struct subject subject;
    int result = look_up(site, kind, song, &subject, err);
    if (result < 0)
        return result;
    struct mm_error failure = {0};
    if (mm_memo_get(site->memo, &subject.key, out, &failure)) {
        /* Somebody else's job made it between this request's look and its asking. */
        result = *out ? 0 : mm_error_set(err, failure.code, "%s", failure.message);
    } else {
        result = make_bytes(site, &subject, out, err);
        if (result == 0) {
            (*out)->tag = subject.plan.tag;
            mm_memo_put(site->memo, &subject.key, *out, NULL);
        } else {
            hide_folder(err, subject.song.key);
            if (will_fail_again(kind, result))
                mm_memo_put(site->memo, &subject.key, NULL, err);
        }
    }
    mm_song_finish(&subject.song);
    return result;
}

static int load_map(struct mm_site *site, struct mm_error *err)
{
    bool current;
    int result = mm_site_map_is_current(site, &current, err);
    if (result < 0 || current)
        return result;
    struct mm_snapshot *fresh;
    result = mm_snapshot_create(site->catalog, &fresh, err);
    if (result < 0)
        return result;
    pthread_mutex_lock(&site->mutex);
    struct mm_snapshot *old = site->snapshot;
    site->snapshot = fresh;
    pthread_mutex_unlock(&site->mutex);
    mm_snapshot_release(old);
    return 0;
}

/* Where the song's file is must be the caller's, that is this computer's, business. */
static int open_folder(struct mm_site *site, int64_t song, struct mm_error *err)
{
    struct mm_site_file file;
    int result = mm_site_file(site, song, &file, err);
    if (result == 0) {
        result = mm_desktop_open(file.path, err);
        mm_site_file_finish(&file);
    }
    return result;
}

/* Lines are told apart by their places alone: those of another map would be of other songs. */
static int make_words(struct mm_site *site, int64_t map_id, struct mm_blob **out,
                      struct mm_error *err)
{
    struct mm_snapshot *snapshot = mm_site_snapshot(site);
    int result =
        snapshot && snapshot->map_id == map_id
            ? mm_words_make(site->catalog, snapshot->songs, snapshot->order, snapshot->n, out, err)
            : mm_error_set(err, MM_ERR_AGAIN, "there is a newer map; ask for its words");
    mm_snapshot_release(snapshot);
    return result;
}

static int make(void *ctx, enum mm_job_kind kind, int64_t song, struct mm_blob **out,
                struct mm_error *err)
{
    struct mm_site *site = ctx;
    switch (kind) {
    case MM_JOB_MAP:
        return load_map(site, err);
    case MM_JOB_SIMILAR:
        return mm_desk_similar(site->desk, song, out, err);
    case MM_JOB_TASK:
        return mm_desk_run(site->desk, song, out, err);
    case MM_JOB_UPDATE:
        return mm_site_update_map(site, err);
    case MM_JOB_OPEN:
        return open_folder(site, song, err);
    case MM_JOB_WORDS:
        return make_words(site, song, out, err);
    default:
        return make_media(site, kind, song, out, err);
    }
}

static void keep(void *ctx, enum mm_job_kind kind, int64_t song, struct mm_blob *blob)
{
    struct mm_site *site = ctx;
    /* A full disk costs speed later, nothing else: the clip was served from memory. */
    if (kind == MM_JOB_CLIP)
        (void)mm_clips_put(site->clips, song, blob->tag, blob, NULL);
}

static int by_id(const void *one, const void *two)
{
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    return (a > b) - (a < b);
}

static bool on_map(void *ctx, int64_t song)
{
    struct mm_snapshot *snapshot = mm_site_snapshot(ctx);
    uint32_t id = (uint32_t)song;
    bool there = snapshot && song > 0 && song <= UINT32_MAX &&
                 bsearch(&id, snapshot->songs, snapshot->n, sizeof id, by_id);
    mm_snapshot_release(snapshot);
    return there;
}

int mm_site_init(struct mm_site *site, struct mm_catalog *catalog, struct mm_helpers *helpers,
                 uint64_t clip_cache, struct mm_error *err)
{
    *site = (struct mm_site){.catalog = catalog, .helpers = helpers};
    pthread_mutex_init(&site->mutex, NULL);
    pthread_mutex_init(&site->status_mutex, NULL);
    struct mm_job_work work = {.make = make, .keep = keep, .ctx = site};
    const struct mm_desk_map map = {.has = on_map, .ctx = site};
    size_t makers = mm_helpers_count(helpers);
    char *folder = mm_path_join(mm_catalog_path(catalog), "clips");
    int result =
        folder ? mm_clips_create(folder, clip_cache, &site->clips, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_lender_create(catalog, NULL, &site->lender, err);
    if (result == 0)
        result = mm_memo_create(MEMO_BYTES, MEMO_ENTRIES, &site->memo, err);
    if (result == 0)
        result = mm_desk_create(catalog, &map, &site->desk, err);
    if (result == 0)
        result = mm_jobs_create(makers ? makers : 1, &work, &site->jobs, err);
    if (result == 0)
        result = mm_live_create(mm_site_look, site, &site->live, err);
    free(folder);
    if (result < 0)
        mm_site_finish(site);
    return result;
}

void mm_site_stop(struct mm_site *site)
{
    mm_live_stop(site->live); /* first: looking asks for jobs */
    mm_desk_stop(site->desk);
    mm_jobs_stop(site->jobs);
}

void mm_site_finish(struct mm_site *site)
{
    mm_live_destroy(site->live);
    mm_jobs_destroy(site->jobs);
    mm_desk_destroy(site->desk);
    mm_memo_destroy(site->memo);
    mm_lender_destroy(site->lender);
    mm_clips_destroy(site->clips);
    mm_snapshot_release(site->snapshot);
    mm_blob_release(site->status);
    pthread_mutex_destroy(&site->status_mutex);
    pthread_mutex_destroy(&site->mutex);
}

struct mm_snapshot *mm_site_snapshot(struct mm_site *site)
{
    pthread_mutex_lock(&site->mutex);
    struct mm_snapshot *snapshot = site->snapshot ? mm_snapshot_hold(site->snapshot) : NULL;
    pthread_mutex_unlock(&site->mutex);
    return snapshot;
}

int mm_site_map_is_current(struct mm_site *site, bool *current, struct mm_error *err)
{
    *current = false;
    int64_t id = 0;
    int result = mm_catalog_map_id(site->catalog, &id, err);
    if (result < 0)
        return result;
    if (id == 0)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "there is no map yet");
    pthread_mutex_lock(&site->mutex);
    *current = site->snapshot && site->snapshot->map_id == id;
    pthread_mutex_unlock(&site->mutex);
    return 0;
}

void mm_site_keep_up(struct mm_site *site)
{
    bool current = false;
    if (mm_site_map_is_current(site, &current, NULL) == 0 && !current)
        mm_job_release(site->jobs, mm_jobs_ask(site->jobs, MM_JOB_MAP, 0, NULL));
}

int mm_site_status(struct mm_site *site, struct mm_blob **out, struct mm_error *err)
{
    enum { REST = 20 }; /* times as long as counting took */
    *out = NULL;
    char token[MM_TOKEN_SIZE] = "";
    struct mm_snapshot *snapshot = mm_site_snapshot(site);
    if (snapshot)
        snprintf(token, sizeof token, "%s", snapshot->token);
    mm_snapshot_release(snapshot);

    int result = 0;
    pthread_mutex_lock(&site->status_mutex);
    double start = mm_clock_s();
    if (!site->status || start > site->status_until || strcmp(site->status_token, token) != 0) {
        struct mm_blob *fresh;
        result = mm_page_status(site->catalog, token[0] ? token : NULL, &fresh, err);
        if (result == 0) {
            mm_blob_release(site->status);
            site->status = fresh;
            memcpy(site->status_token, token, sizeof token);
            double end = mm_clock_s();
            site->status_until = end + REST * (end - start);
        }
    }
    if (result == 0)
        *out = mm_blob_hold(site->status);
    pthread_mutex_unlock(&site->status_mutex);
    return result;
}
