/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpd_queue.c - changing an MPD's queue and playlists. A change is one command list: the server
 * reads all of it before it does the first of it, so that a connection that breaks leaves either
 * all or nothing done. One song it does not know stops a list in the middle: uris are those that
 * the server was asked for before.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "source/mpd_client.h"

/* Ends the list that was begun; ok: every command went out. */
static int run_list(struct mm_mpd *mpd, bool ok, struct mm_error *err)
{
    if (ok && mpd_command_list_end(mpd->connection))
        mpd_response_finish(mpd->connection);
    return mm_mpd_fault(mpd, err);
}

/* A connection that broke while nothing was under way is made anew. */
static int begin_list(struct mm_mpd *mpd, struct mm_error *err)
{
    if (!mpd->connection || mpd_connection_get_error(mpd->connection) != MPD_ERROR_SUCCESS) {
        int result = mm_mpd_reconnect(mpd, err);
        if (result < 0)
            return result;
    }
    return mpd_command_list_begin(mpd->connection, false) ? 0 : mm_mpd_fault(mpd, err);
}

int mm_mpd_add(struct mm_mpd *mpd, const char *const *uris, size_t n, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < n && result == 0;) {
        result = begin_list(mpd, err);
        bool ok = result == 0;
        size_t end = n - i > MM_MPD_BATCH ? i + MM_MPD_BATCH : n;
        for (; i < end && ok; i++)
            ok = mpd_send_add(mpd->connection, uris[i]);
        if (result == 0)
            result = run_list(mpd, ok, err);
    }
    return result;
}

int mm_mpd_add_one(struct mm_mpd *mpd, const char *uri, unsigned *id, struct mm_error *err)
{
    *id = 0;
    if (mpd_connection_get_error(mpd->connection) != MPD_ERROR_SUCCESS) {
        int result = mm_mpd_reconnect(mpd, err);
        if (result < 0)
            return result;
    }
    int added = mpd_run_add_id(mpd->connection, uri);
    *id = added > 0 ? (unsigned)added : 0;
    struct mm_error fault = {0};
    bool refused = mpd_connection_get_error(mpd->connection) == MPD_ERROR_SERVER;
    int result = mm_mpd_fault(mpd, &fault);
    if (refused && result != MM_ERR_USAGE)
        return 0; /* not there, not readable, no format it knows */
    if (result < 0 && err)
        *err = fault;
    return result;
}

int mm_mpd_replace(struct mm_mpd *mpd, const char *const *uris, size_t n, struct mm_error *err)
{
    int result = begin_list(mpd, err);
    bool ok = result == 0 && mpd_send_clear(mpd->connection);
    for (size_t i = 0; i < n && ok; i++)
        ok = mpd_send_add(mpd->connection, uris[i]);
    ok = ok && (n == 0 || mpd_send_play_pos(mpd->connection, 0));
    return result < 0 ? result : run_list(mpd, ok, err);
}

int mm_mpd_play(struct mm_mpd *mpd, unsigned position, struct mm_error *err)
{
    int result = begin_list(mpd, err);
    bool ok = result == 0 && mpd_send_play_pos(mpd->connection, position);
    return result < 0 ? result : run_list(mpd, ok, err);
}

int mm_mpd_play_now(struct mm_mpd *mpd, const char *uri, struct mm_error *err)
{
    struct mm_mpd_status status = {0};
    int result = mm_mpd_status(mpd, &status, err);
    unsigned at = status.position >= 0 ? (unsigned)status.position + 1 : (unsigned)status.length;
    if (result == 0)
        result = begin_list(mpd, err);
    bool ok = result == 0 && mpd_send_add_id_to(mpd->connection, uri, at) &&
              mpd_send_play_pos(mpd->connection, at);
    return result < 0 ? result : run_list(mpd, ok, err);
}

static int is_stored(struct mm_mpd *mpd, const char *name, bool *out, struct mm_error *err)
{
    struct mm_mpd_songs songs;
    int result = mm_mpd_playlist(mpd, name, &songs, err);
    *out = result == 0;
    mm_mpd_songs_finish(&songs);
    return result == MM_ERR_NOT_FOUND ? 0 : result;
}

/* Fills a list beside and moves it to the name in one step. */
static int save_beside(struct mm_mpd *mpd, const char *name, const char *beside,
                       const char *const *uris, size_t n, struct mm_error *err)
{
    bool known = false; /* there is one of this name already */
    bool left = false;  /* a run that was cut off left some beside */
    int result = is_stored(mpd, name, &known, err);
    if (result == 0)
        result = is_stored(mpd, beside, &left, err);
    for (size_t i = 0; i < n && result == 0;) {
        result = begin_list(mpd, err);
        bool ok = result == 0 && (i > 0 || !left || mpd_send_rm(mpd->connection, beside));
        size_t end = n - i > MM_MPD_BATCH ? i + MM_MPD_BATCH : n;
        for (; i < end && ok; i++)
            ok = mpd_send_playlist_add(mpd->connection, beside, uris[i]);
        if (result == 0)
            result = run_list(mpd, ok, err);
    }
    if (result == 0)
        result = begin_list(mpd, err);
    if (result < 0)
        return result;
    bool ok = (!known || mpd_send_rm(mpd->connection, name)) &&
              mpd_send_rename(mpd->connection, beside, name);
    return run_list(mpd, ok, err);
}

int mm_mpd_save(struct mm_mpd *mpd, const char *name, const char *const *uris, size_t n,
                struct mm_error *err)
{
    char *beside = mm_format("%s (musicmap is writing)", name);
    if (!beside)
        return mm_no_memory(err);
    int result = save_beside(mpd, name, beside, uris, n, err);
    free(beside);
    return result;
}
