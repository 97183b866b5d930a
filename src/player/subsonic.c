/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * subsonic.c - a set as a playlist on a Subsonic server. The playlist of that name is read first:
 * when it says what it should, nothing is sent. It is read again behind every try, so that a reply
 * that was lost, or a call that was half done, is seen and mended.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/remote.h"
#include "player/players.h"

enum { TRIES = 3 };

struct sending {
    const struct mm_player_job *job;
    struct mm_player_sent *out;
    struct mm_remote *server;
    const char *name;
    char **ids; /* [n] of the songs that are there */
    size_t n;
};

static int describe(const struct mm_player_song *song, struct mm_track *out, struct mm_error *err)
{
    const struct mm_set_song *s = song->song;
    *out = (struct mm_track){.duration_s = s->duration_s};
    out->tags.title = mm_strdup(s->title);
    out->tags.artist = mm_strdup(s->artist);
    bool whole = (!s->title || out->tags.title) && (!s->artist || out->tags.artist);
    return whole ? 0 : mm_no_memory(err);
}

/* By the id it was gathered under, else by its names. */
static int find_song(struct sending *s, size_t i, char **id, struct mm_error *err)
{
    const struct mm_player_song *song = &s->job->songs[i];
    const char *key = mm_player_song_key(song, MM_REMOTE_SOURCE);
    const char *known = key ? mm_remote_id(s->server, key) : NULL;
    if (known) {
        *id = mm_strdup(known);
        return *id ? 0 : mm_no_memory(err);
    }
    struct mm_track wanted;
    int result = describe(song, &wanted, err);
    if (result == 0)
        result = mm_remote_find(s->server, &wanted, id, err);
    mm_track_finish(&wanted);
    s->out->found += result == 0 && *id;
    return result;
}

static int find_songs(struct sending *s, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < s->job->n && result == 0; i++) {
        char *id = NULL;
        if (mm_progress_cancelled(s->job->progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        result = find_song(s, i, &id, err);
        s->out->missing[i] = result == 0 && !id;
        if (id)
            s->ids[s->n++] = id;
    }
    return result;
}

/* How many of the songs stand at the list's end already, in order, from the first. */
static size_t at_end(const struct sending *s, const struct mm_remote_list *list)
{
    size_t most = s->n < list->n ? s->n : list->n;
    for (size_t k = most; k > 0; k--) {
        size_t i = 0;
        while (i < k && strcmp(list->ids[list->n - k + i], s->ids[i]) == 0)
            i++;
        if (i == k)
            return k;
    }
    return 0;
}

static bool is_the_set(const struct sending *s, const struct mm_remote_list *list)
{
    return list->id && list->n == s->n && at_end(s, list) == s->n;
}

/* How many of the songs the list had before: the others are added. */
static size_t count_there(const struct sending *s, const struct mm_remote_list *list)
{
    size_t there = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t k = 0;
        while (k < list->n && strcmp(list->ids[k], s->ids[i]) != 0)
            k++;
        there += k < list->n;
    }
    return there;
}

/* One look at the list and, where it is not as it should be, one write. *good: it is. */
static int try_once(struct sending *s, bool first, bool *good, struct mm_error *err)
{
    struct mm_remote_list list;
    bool append = s->job->append;
    int result = mm_remote_list(s->server, s->name, &list, err);
    if (result < 0)
        return result;
    size_t there = append ? at_end(s, &list) : 0;
    *good = append ? list.id && there == s->n : is_the_set(s, &list);
    if (first)
        s->out->added = s->n - (append ? there : count_there(s, &list));
    if (!*good) {
        result =
            mm_remote_list_write(s->server, s->name, &list, (const char *const *)s->ids + there,
                                 s->n - there, append, err);
        if (result == MM_ERR_AGAIN) /* it may have been done: the next look tells */
            result = 0;
    }
    mm_remote_list_finish(&list);
    return result;
}

static int write_list(struct sending *s, struct mm_error *err)
{
    bool good = false;
    int result = 0;
    for (int i = 0; i <= TRIES && result == 0 && !good; i++)
        result = try_once(s, i == 0, &good, err);
    if (result == 0 && !good)
        result = mm_error_set(err, MM_ERR_AGAIN, "%s does not keep playlist \"%s\" as it was sent",
                              mm_remote_address(s->server), s->name);
    s->out->songs = result == 0 ? s->n : 0;
    if (result == 0 && !(s->out->link = mm_format("playlist \"%s\"", s->name)))
        result = mm_no_memory(err);
    return result;
}

static int send_subsonic(const struct mm_player_job *job, struct mm_player_sent *out,
                         struct mm_error *err)
{
    const struct mm_remote_settings settings = {
        .seed = job->seed, .progress = job->progress, .log = job->log, .ctx = job->ctx};
    struct sending s = {.job = job, .out = out, .name = job->where ? job->where : job->title};
    s.ids = mm_calloc3(job->n, 1, sizeof *s.ids);
    int result = s.ids ? mm_remote_open(&settings, &s.server, err) : mm_no_memory(err);
    if (result == 0)
        result = find_songs(&s, err);
    if (result == 0 && s.n == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "%s has none of the songs",
                              mm_remote_address(s.server));
    if (result == 0)
        result = write_list(&s, err);
    if (s.server)
        out->resume_at = mm_remote_resume_at(s.server);
    mm_remote_close(s.server);
    for (size_t i = 0; i < s.n; i++)
        free(s.ids[i]);
    free(s.ids);
    return result;
}

static int check(const char *where, struct mm_error *err)
{
    if (!where)
        return 0;
    return *where && strlen(where) <= 200 && mm_text_is_utf8(where, strlen(where))
               ? 0
               : mm_error_set(err, MM_ERR_USAGE, "a playlist's name is 1 to 200 bytes of UTF-8");
}

const struct mm_player mm_player_subsonic = {
    .name = "subsonic",
    .title = "the Subsonic server",
    .target = "subsonic[:NAME]",
    .can_append = true,
    .check = check,
    .send = send_subsonic,
};
