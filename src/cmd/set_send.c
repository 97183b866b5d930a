/* SPDX-License-Identifier: BSD-2-Clause */
/* set_send.c - set ... --send PLAYER: a set as a playlist or a queue elsewhere. */
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/gather.h"
#include "cmd/set.h"
#include "musicmap/player.h"

/* ---- the songs, with all places they were found at ---- */

struct origins {
    struct mm_origin *list;
    size_t n, capacity;
};

static int on_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct origins *o = ctx;
    if (mm_array_reserve(&o->list, &o->capacity, o->n + 1) < 0)
        return mm_no_memory(err);
    struct mm_origin *copy = &o->list[o->n++];
    *copy = (struct mm_origin){.song = origin->song,
                               .source = mm_strdup(origin->source),
                               .key = mm_strdup(origin->key),
                               .duration_s = origin->duration_s};
    return copy->source && copy->key ? 0 : mm_no_memory(err);
}

static void free_songs(struct mm_player_song *songs, struct origins *origins, size_t n)
{
    for (size_t i = 0; origins && i < n; i++) {
        for (size_t k = 0; k < origins[i].n; k++)
            mm_origin_finish(&origins[i].list[k]);
        free(origins[i].list);
    }
    free(origins);
    free(songs);
}

static int describe(struct mm_catalog *catalog, const struct made_set *made,
                    struct mm_player_song *songs, struct origins *origins, struct mm_error *err)
{
    int result = songs && origins ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < made->set->n && result == 0; i++) {
        songs[i].song = mm_set_library_song(made->library, made->set->items[i].song);
        result = mm_catalog_each_origin(catalog, songs[i].song->id, on_origin, &origins[i], err);
        songs[i].origins = origins[i].list;
        songs[i].n_origins = origins[i].n;
    }
    return result;
}

/* ---- what became of it ---- */

/* The songs that are not there; how many. */
static size_t tell_missing(const struct command *self, const struct mm_player *player,
                           const struct mm_player_job *job, const struct mm_player_sent *sent,
                           json_t *told)
{
    size_t count = 0;
    for (size_t i = 0; sent->missing && i < job->n; i++) {
        if (!sent->missing[i])
            continue;
        char *name = mm_player_song_name(&job->songs[i]);
        cmd_fail(self, CMD_PARTLY, "not found at %s: %s", player->title, name ? name : "");
        json_array_append_new(told, json_pack("{s:I, s:o}", "position", (json_int_t)i + 1, "name",
                                              cmd_json_text(name)));
        free(name);
        count++;
    }
    return count;
}

static json_t *report(const struct mm_player *player, const struct mm_player_sent *sent,
                      json_t *missing)
{
    return json_pack("{s:s, s:s?, s:I, s:I, s:I, s:O}", "service", player->name, "link", sent->link,
                     "songs", (json_int_t)sent->songs, "added", (json_int_t)sent->added,
                     "looked_up", (json_int_t)sent->found, "missing", missing);
}

int set_send(const struct command *self, struct mm_catalog *catalog, const struct set_options *in,
             const char *name, const struct made_set *made, json_t **told)
{
    struct mm_error err = {0};
    size_t n = made->set->n;
    struct mm_player_song *songs = mm_calloc3(n, 1, sizeof *songs);
    struct origins *origins = mm_calloc3(n, 1, sizeof *origins);
    struct mm_player_job job = {.name = name,
                                .title = in->title ? in->title : name,
                                .append = in->append,
                                .songs = songs,
                                .n = n,
                                .seed = cmd_common.seed,
                                .progress = cmd_progress(),
                                .log = cmd_log_request,
                                .browse = cmd_open_browser};
    struct mm_player_sent sent = {0};
    const struct mm_player *player = mm_player_find(in->send, &job.where, &err);
    int result = player ? describe(catalog, made, songs, origins, &err) : MM_ERR_USAGE;
    if (result == 0)
        result = mm_player_send(player, &job, &sent, &err);
    cmd_progress_end();
    json_t *missing = json_array();
    size_t absent = player ? tell_missing(self, player, &job, &sent, missing) : 0;
    int status = absent ? CMD_PARTLY : CMD_DONE;
    if (result < 0)
        status = cmd_say_interrupted(self, sent.resume_at, &err);
    else
        cmd_say("sent to %s: %zu songs, %zu of them new there: %s", player->title, sent.songs,
                sent.added, sent.link ? sent.link : "");
    *told = player ? report(player, &sent, missing) : NULL;
    json_decref(missing);
    mm_player_sent_finish(&sent);
    free_songs(songs, origins, n);
    return status;
}

int set_check_send(const struct command *self, const struct set_options *in)
{
    struct mm_error err = {0};
    const char *where;
    if (!in->send)
        return in->append ? cmd_fail(self, CMD_USAGE, "--append goes with --send") : CMD_DONE;
    const struct mm_player *player = mm_player_find(in->send, &where, &err);
    if (!player)
        return cmd_fail(self, CMD_USAGE, "--send %s", err.message);
    if (in->append && !player->can_append)
        return cmd_fail(self, CMD_USAGE, "--append cannot be at %s: a playlist there is the set",
                        player->title);
    return CMD_DONE;
}
