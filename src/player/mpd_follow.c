/* SPDX-License-Identifier: BSD-2-Clause */
/* mpd_follow.c - what an MPD plays, as a song of the library; and songs of the library played
 * there. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/follow.h"
#include "player/mpd_match.h"

#define WAIT_S 0.4 /* a wish is heard within this */
#define AWAY_S 2.0

struct mm_mpd_follow {
    struct mm_catalog *catalog;
    char *address; /* NULL = the usual one */
    struct mm_mpd *mpd;
    struct mm_mpd_match match;
    struct mm_companion companion;
    struct mm_progress progress;
    pthread_t thread;
    atomic_int quit;
    _Atomic int64_t song; /* on air; 0 = none of the library's */
    _Atomic int64_t wish; /* to be played; 0 = none */
    unsigned seen;        /* the daemon's id of what song was found for */
};

/* ---- which song is it? ---- */

static int64_t by_path(struct mm_mpd_follow *f, const char *root, const char *uri)
{
    char *path = mm_path_join(root, uri);
    struct mm_song song = {0};
    int64_t id = 0;
    if (path && mm_catalog_find_key(f->catalog, "folder", path, &song, NULL) == 0)
        id = song.id;
    mm_song_finish(&song);
    free(path);
    return id;
}

/* By the daemon's names, and the end of its path or its length. */
static int64_t by_name(struct mm_mpd_follow *f, const struct mm_mpd_song *there)
{
    int64_t ids[20];
    size_t count = 0;
    const struct mm_tags *t = &there->tags;
    char *words =
        t->title ? mm_format("%s%s%s", t->artist ? t->artist : "", t->artist ? " - " : "", t->title)
                 : NULL;
    if (words && mm_catalog_search(f->catalog, words, ids, 20, &count, NULL) < 0)
        count = 0;
    free(words);
    int64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct mm_song song = {0};
        if (mm_catalog_get_song(f->catalog, ids[i], &song, NULL) == 0) {
            size_t n = strlen(there->uri);
            size_t m = strlen(song.key);
            bool same_end =
                m > n && song.key[m - n - 1] == '/' && strcmp(song.key + m - n, there->uri) == 0;
            bool same_length = fabs(song.duration_s - there->duration_s) <= 2;
            if (same_end || (same_length && !found))
                found = song.id;
            if (same_end)
                i = count;
        }
        mm_song_finish(&song);
    }
    return found;
}

static int64_t find_song(struct mm_mpd_follow *f, const struct mm_mpd_song *there)
{
    char *root = NULL;
    char *real = NULL;
    int64_t id = 0;
    if (mm_mpd_music_folder(f->mpd, &root, NULL) == 0 && (real = realpath(root, NULL)))
        id = by_path(f, real, there->uri);
    free(real);
    free(root);
    return id ? id : by_name(f, there);
}

static int look(struct mm_mpd_follow *f)
{
    struct mm_mpd_status status;
    struct mm_mpd_songs queue = {0};
    int result = mm_mpd_status(f->mpd, &status, NULL);
    bool on = result == 0 && status.state != MM_MPD_STOPPED && status.position >= 0;
    if (on && status.id == f->seen)
        return 0;
    if (on)
        result = mm_mpd_queue(f->mpd, &queue, NULL);
    int64_t song = 0;
    f->seen = 0;
    for (size_t i = 0; on && result == 0 && i < queue.n; i++)
        if (queue.list[i].id == status.id) {
            song = find_song(f, &queue.list[i]);
            f->seen = status.id;
        }
    atomic_store(&f->song, song);
    mm_mpd_songs_finish(&queue);
    return result;
}

static int grant(struct mm_mpd_follow *f, int64_t id)
{
    struct mm_song song = {0};
    char *uri = NULL;
    bool looked;
    int result = mm_catalog_get_song(f->catalog, id, &song, NULL);
    const struct mm_set_song wanted = {.path = song.key,
                                       .source = song.source,
                                       .title = song.tags.title,
                                       .artist = song.tags.artist,
                                       .duration_s = song.duration_s};
    if (result == 0)
        result = mm_mpd_match_song(&f->match, &wanted, &uri, &looked, NULL);
    if (result == 0 && uri)
        result = mm_mpd_play_now(f->mpd, uri, NULL);
    free(uri);
    mm_song_finish(&song);
    return result;
}

/* ---- the thread ---- */

static void nap(struct mm_mpd_follow *f)
{
    for (double left = AWAY_S; left > 0 && !atomic_load(&f->quit); left -= 0.1)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

static void let_go(struct mm_mpd_follow *f)
{
    mm_mpd_match_finish(&f->match);
    mm_mpd_close(f->mpd);
    f->mpd = NULL;
    f->seen = 0;
    atomic_store(&f->song, 0);
}

static void *run(void *ctx)
{
    struct mm_mpd_follow *f = ctx;
    while (!atomic_load(&f->quit)) {
        if (!f->mpd && mm_mpd_open(f->address, &f->progress, &f->mpd, NULL) < 0) {
            nap(f);
            continue;
        }
        f->match.mpd = f->mpd;
        int64_t wish = atomic_exchange(&f->wish, 0);
        bool changed;
        int result = wish ? grant(f, wish) : 0;
        if (result == 0 || result == MM_ERR_NOT_FOUND || result == MM_ERR_IO)
            result = look(f);
        if (result == 0)
            result = mm_mpd_wait(f->mpd, WAIT_S, &changed, NULL);
        if (result < 0)
            let_go(f);
    }
    return NULL;
}

static int64_t playing(void *ctx)
{
    struct mm_mpd_follow *f = ctx;
    return atomic_load(&f->song);
}

static void play(void *ctx, int64_t song)
{
    struct mm_mpd_follow *f = ctx;
    atomic_store(&f->wish, song);
}

int mm_mpd_follow_start(const char *address, struct mm_catalog *catalog, struct mm_mpd_follow **out,
                        struct mm_error *err)
{
    struct mm_mpd_follow *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f || (address && !(f->address = mm_strdup(address)))) {
        free(f);
        return mm_no_memory(err);
    }
    f->catalog = catalog;
    f->progress.cancel = &f->quit;
    f->companion = (struct mm_companion){"MPD", playing, play, f};
    int result = mm_mpd_open(address, &f->progress, &f->mpd, err);
    if (result == MM_ERR_IO || result == MM_ERR_AGAIN)
        result = 0;
    if (result == 0 && pthread_create(&f->thread, NULL, run, f) != 0)
        result = mm_error_set(err, MM_ERR_IO, "cannot start a thread");
    if (result < 0) {
        mm_mpd_close(f->mpd);
        free(f->address);
        free(f);
        return result;
    }
    *out = f;
    return 0;
}

const struct mm_companion *mm_mpd_follow_companion(const struct mm_mpd_follow *f)
{
    return &f->companion;
}

void mm_mpd_follow_stop(struct mm_mpd_follow *f)
{
    if (!f)
        return;
    atomic_store(&f->quit, 1);
    pthread_join(f->thread, NULL);
    let_go(f);
    free(f->address);
    free(f);
}
