/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpd.c - a set in a Music Player Daemon: played at once, behind its queue, or as a stored
 * playlist.
 *
 * MPD gives songs of a queue no marks of ours, so a set that was sent before is known by the songs
 * themselves: the queue ends with it, or with what is left of it where played songs are consumed.
 * A connection that is lost on the way leaves all or nothing of a change done (mpd_queue.c); what
 * it was is read back before anything is sent again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "player/mpd_match.h"
#include "player/players.h"

enum { TRIES = 3, MOST_NAME = 200 };

struct sending {
    const struct mm_player_job *job;
    struct mm_mpd *mpd;
    char **uris; /* [n] of the songs it has, in order */
    size_t n;
    struct mm_player_sent *out;
};

/* "save=NAME" -> NAME */
static const char *stored_name(const char *where)
{
    return where && strncmp(where, "save=", 5) == 0 ? where + 5 : NULL;
}

static int check(const char *where, struct mm_error *err)
{
    const char *name = stored_name(where);
    if (!where || strcmp(where, "play") == 0 || strcmp(where, "queue") == 0)
        return 0;
    if (!name)
        return mm_error_set(err, MM_ERR_USAGE, "\"mpd:play\", \"mpd:queue\" or \"mpd:save=NAME\"");
    if (!*name || strlen(name) > MOST_NAME || strpbrk(name, "/\n\r") || *name == '.')
        return mm_error_set(err, MM_ERR_USAGE,
                            "a playlist's name is up to %d characters, without a slash or a dot "
                            "in front",
                            MOST_NAME);
    return 0;
}

static int match_songs(struct sending *s, struct mm_error *err)
{
    struct mm_mpd_match match = {.mpd = s->mpd};
    int result = 0;
    s->n = 0;
    s->out->found = 0;
    for (size_t i = 0; i < s->job->n && result == 0; i++) {
        char *uri = NULL;
        bool looked = false;
        if (mm_progress_cancelled(s->job->progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        else
            result = mm_mpd_match_song(&match, s->job->songs[i].song, &uri, &looked, err);
        s->out->missing[i] = result == 0 && !uri;
        s->out->found += result == 0 && looked;
        if (uri)
            s->uris[s->n++] = uri;
        mm_progress_update(s->job->progress, "looking for songs", i + 1, s->job->n);
    }
    mm_mpd_match_finish(&match);
    return result;
}

/* ---- what is there ---- */

static bool same_at(const struct sending *s, const struct mm_mpd_songs *there, size_t at,
                    size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(there->list[at + i].uri, s->uris[from + i]) != 0)
            return false;
    return true;
}

/* How many of the set's songs, from its first on, the list ends with. */
static size_t begun(const struct sending *s, const struct mm_mpd_songs *there)
{
    for (size_t k = s->n < there->n ? s->n : there->n; k > 0; k--)
        if (same_at(s, there, there->n - k, 0, k))
            return k;
    return 0;
}

/* Played songs leave such a queue: it is the end of the set and nothing else. */
static bool is_rest(const struct sending *s, const struct mm_mpd_songs *there)
{
    return there->n && there->n <= s->n && same_at(s, there, 0, s->n - there->n, there->n);
}

/* ---- the three ways ---- */

static int link_to(struct sending *s, const char *what, const char *name, struct mm_error *err)
{
    free(s->out->link);
    s->out->link = name ? mm_format("%s \"%s\" at %s", what, name, mm_mpd_name(s->mpd))
                        : mm_format("%s at %s", what, mm_mpd_name(s->mpd));
    return s->out->link ? 0 : mm_no_memory(err);
}

/* Behind what is in the queue; *first = where the set begins there. */
static int send_queue(struct sending *s, unsigned *first, struct mm_error *err)
{
    struct mm_mpd_songs queue;
    struct mm_mpd_status status;
    int result = mm_mpd_queue(s->mpd, &queue, err);
    if (result == 0)
        result = mm_mpd_status(s->mpd, &status, err);
    size_t have = result == 0 ? begun(s, &queue) : 0;
    if (result == 0 && have < s->n && status.consume && is_rest(s, &queue)) {
        have = s->n;
        *first = 0;
    } else {
        *first = (unsigned)(queue.n - have);
    }
    if (result == 0 && have < s->n)
        result = mm_mpd_add(s->mpd, (const char *const *)s->uris + have, s->n - have, err);
    if (result == 0) {
        s->out->added += s->n - have;
        s->out->songs = s->n;
    }
    mm_mpd_songs_finish(&queue);
    return result;
}

static int send_play(struct sending *s, struct mm_error *err)
{
    unsigned first = 0;
    struct mm_mpd_songs queue = {0};
    int result = 0;
    if (s->job->append) {
        result = send_queue(s, &first, err);
    } else {
        result = mm_mpd_queue(s->mpd, &queue, err);
        bool there = result == 0 && queue.n == s->n && begun(s, &queue) == s->n;
        size_t head = s->n < MM_MPD_BATCH ? s->n : MM_MPD_BATCH;
        mm_mpd_songs_finish(&queue);
        if (result == 0 && !there)
            result = mm_mpd_replace(s->mpd, (const char *const *)s->uris, head, err);
        if (result == 0 && !there && head < s->n)
            result = mm_mpd_add(s->mpd, (const char *const *)s->uris + head, s->n - head, err);
        if (result == 0) {
            s->out->added += there ? 0 : s->n;
            s->out->songs = s->n;
        }
    }
    if (result == 0)
        result = mm_mpd_play(s->mpd, first, err);
    return result == 0 ? link_to(s, "playing", NULL, err) : result;
}

static int send_stored(struct sending *s, const char *name, struct mm_error *err)
{
    struct mm_mpd_songs there;
    int result = mm_mpd_playlist(s->mpd, name, &there, err);
    if (result == MM_ERR_NOT_FOUND)
        result = 0;
    size_t have = result == 0 ? begun(s, &there) : 0;
    size_t keep = s->job->append ? there.n - have : 0; /* songs of others, in front */
    bool same = result == 0 && have == s->n && there.n == keep + have;
    const char **all = mm_calloc3(keep + s->n, 1, sizeof *all);
    if (result == 0 && !all)
        result = mm_no_memory(err);
    for (size_t i = 0; result == 0 && i < keep + s->n; i++)
        all[i] = i < keep ? there.list[i].uri : s->uris[i - keep];
    if (result == 0 && !same)
        result = mm_mpd_save(s->mpd, name, all, keep + s->n, err);
    if (result == 0) {
        s->out->added += same ? 0 : s->n - (s->job->append ? have : 0);
        s->out->songs = s->n;
        result = link_to(s, "playlist", name, err);
    }
    free(all);
    mm_mpd_songs_finish(&there);
    return result;
}

static int send_once(struct sending *s, struct mm_error *err)
{
    const char *where = s->job->where;
    unsigned first;
    if (stored_name(where))
        return send_stored(s, stored_name(where), err);
    if (where && strcmp(where, "play") == 0)
        return send_play(s, err);
    int result = send_queue(s, &first, err);
    return result == 0 ? link_to(s, "queue", NULL, err) : result;
}

static void forget_uris(struct sending *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->uris[i]);
    s->n = 0;
}

static int send(const struct mm_player_job *job, struct mm_player_sent *out, struct mm_error *err)
{
    struct sending s = {.job = job, .out = out};
    int result = mm_mpd_open(NULL, job->progress, &s.mpd, err);
    if (result == 0 && !(s.uris = mm_calloc3(job->n, 1, sizeof *s.uris)))
        result = mm_no_memory(err);
    if (result == 0)
        result = match_songs(&s, err);
    if (result == 0 && s.n == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "the MPD at %s has none of these songs",
                              mm_mpd_name(s.mpd));
    /* A reply that was lost: what is there is read again, and what lacks is sent. */
    for (int round = 0; s.n && round < TRIES; round++) {
        result = send_once(&s, err);
        if (result != MM_ERR_AGAIN)
            break;
    }
    if (s.uris)
        forget_uris(&s);
    free(s.uris);
    mm_mpd_close(s.mpd);
    return result;
}

const struct mm_player mm_player_mpd = {
    .name = "mpd",
    .title = "MPD",
    .target = "mpd[:play|:queue|:save=NAME]",
    .can_append = true,
    .check = check,
    .send = send,
};
