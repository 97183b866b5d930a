/* SPDX-License-Identifier: BSD-2-Clause */
/* spotify.c - a set as a private playlist of the user's Spotify account. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/service.h"
#include "player/players.h"

static int describe(const struct mm_player_song *song, struct mm_track *out, struct mm_error *err)
{
    const struct mm_set_song *s = song->song;
    const char *id = mm_player_song_key(song, "spotify");
    out->id = mm_strdup(id);
    out->tags.title = mm_strdup(s->title);
    out->tags.artist = mm_strdup(s->artist);
    out->tags.isrc = mm_strdup(s->isrc);
    out->duration_s = s->duration_s;
    bool whole = (!id || out->id) && (!s->title || out->tags.title) &&
                 (!s->artist || out->tags.artist) && (!s->isrc || out->tags.isrc);
    return whole ? 0 : mm_no_memory(err);
}

static int push_tracks(const struct mm_player_job *job, const struct mm_track *tracks,
                       struct mm_player_sent *out, struct mm_error *err)
{
    const struct mm_service_settings settings = {.as_user = true,
                                                 .may_write = true,
                                                 .seed = job->seed,
                                                 .progress = job->progress,
                                                 .log = job->log,
                                                 .browse = job->browse,
                                                 .ctx = job->ctx};
    const struct mm_push push = {
        .name = job->name, .title = job->title, .tracks = tracks, .n = job->n};
    struct mm_pushed pushed = {0};
    struct mm_service_session *session;
    int result = mm_service_open(mm_service_find("spotify"), &settings, &session, err);
    if (result < 0)
        return result;
    result = mm_service_send(session, &push, &pushed, err);
    out->resume_at = mm_service_resume_at(session);
    mm_service_close(session);
    out->songs = pushed.sent;
    out->added = pushed.added;
    out->found = pushed.found;
    if (pushed.missing)
        memcpy(out->missing, pushed.missing, job->n * sizeof *out->missing);
    out->link = pushed.link;
    pushed.link = NULL;
    mm_pushed_finish(&pushed);
    return result;
}

static int send_spotify(const struct mm_player_job *job, struct mm_player_sent *out,
                        struct mm_error *err)
{
    struct mm_track *tracks = mm_calloc3(job->n, 1, sizeof *tracks);
    int result = tracks ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < job->n && result == 0; i++)
        result = describe(&job->songs[i], &tracks[i], err);
    if (result == 0)
        result = push_tracks(job, tracks, out, err);
    for (size_t i = 0; tracks && i < job->n; i++)
        mm_track_finish(&tracks[i]);
    free(tracks);
    return result;
}

const struct mm_player mm_player_spotify = {
    .name = "spotify",
    .title = "Spotify",
    .target = "spotify",
    .check = mm_player_check_nowhere,
    .send = send_spotify,
};
