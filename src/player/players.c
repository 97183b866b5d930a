/* SPDX-License-Identifier: BSD-2-Clause */
/* players.c - the table of players. A new one is one new file and one new line here. */
#include "player/players.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

enum { N_PLAYERS = 3 };
static const struct mm_player *const players[N_PLAYERS] = {
    &mm_player_mpd,
    &mm_player_spotify,
    &mm_player_subsonic,
};

const struct mm_player *mm_players(size_t i)
{
    return i < N_PLAYERS ? players[i] : NULL;
}

int mm_player_check_nowhere(const char *where, struct mm_error *err)
{
    return where ? mm_error_set(err, MM_ERR_USAGE, "there is only one place for songs there") : 0;
}

/* "spotify, mpd[:play] or ..." */
static void list_targets(char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < N_PLAYERS && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s",
                              i == 0               ? ""
                              : i + 1 == N_PLAYERS ? " or "
                                                   : ", ",
                              players[i]->target);
}

const struct mm_player *mm_player_find(const char *target, const char **where, struct mm_error *err)
{
    size_t length = strcspn(target, ":");
    *where = target[length] ? target + length + 1 : NULL;
    for (size_t i = 0; i < N_PLAYERS; i++) {
        if (strncmp(players[i]->name, target, length) != 0 || players[i]->name[length])
            continue;
        struct mm_error fault = {0};
        if (players[i]->check(*where, &fault) == 0)
            return players[i];
        mm_error_set(err, MM_ERR_USAGE, "\"%s\": %s", target, fault.message);
        return NULL;
    }
    char targets[512] = "";
    list_targets(targets, sizeof targets);
    mm_error_set(err, MM_ERR_USAGE, "cannot be \"%s\": %s", target, targets);
    return NULL;
}

const char *mm_player_song_key(const struct mm_player_song *song, const char *source)
{
    if (song->song->source && strcmp(song->song->source, source) == 0)
        return song->song->path;
    for (size_t i = 0; i < song->n_origins; i++)
        if (strcmp(song->origins[i].source, source) == 0)
            return song->origins[i].key;
    return NULL;
}

char *mm_player_song_name(const struct mm_player_song *song)
{
    const struct mm_set_song *s = song->song;
    char *name = mm_format("%s%s%s", s->artist ? s->artist : "", s->artist ? " - " : "",
                           s->title ? s->title : "a song without a title");
    char *line = name ? mm_text_clean_utf8(name, strlen(name)) : NULL;
    free(name);
    return line;
}

int mm_player_send(const struct mm_player *player, const struct mm_player_job *job,
                   struct mm_player_sent *out, struct mm_error *err)
{
    *out = (struct mm_player_sent){0};
    if (job->append && !player->can_append)
        return mm_error_set(err, MM_ERR_USAGE,
                            "nothing can be appended at %s: a playlist there is the set itself",
                            player->title);
    out->missing = mm_calloc3(job->n, 1, sizeof *out->missing);
    return out->missing ? player->send(job, out, err) : mm_no_memory(err);
}

void mm_player_sent_finish(struct mm_player_sent *sent)
{
    free(sent->link);
    free(sent->missing);
    *sent = (struct mm_player_sent){0};
}
