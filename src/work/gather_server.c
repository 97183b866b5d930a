/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server's collection. It is read to its end first: only then it is known which songs are gone,
 * and a song that is new under its id may be one that is gone under another (servers give new ids
 * after a rescan). Those are matched by artist, title and a length within 2 s, those of the same
 * album first; each old song is given once. Then all is written in one transaction, so that a
 * server that breaks off in the middle changes nothing.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/known.h"

struct remote {
    struct mm_remote_song song;
    char *key;      /* ADDRESS#ID */
    int64_t id;     /* of the library's song; 0 = not known yet */
    bool by_origin; /* it is another source's song, which this key is an origin of */
};

/* A song of this server that the library has, by its key. */
struct own {
    char *key;
    int64_t song;
    bool origin, seen;
    bool given;      /* to a song with a new id */
    bool taken;      /* its id is another song's now */
    char *recording; /* normalised artist and title; NULL when they are not known */
    char *album;
    double duration_s;
};

struct gather {
    struct mm_catalog *catalog;
    const struct mm_progress *progress;
    struct mm_remote *server;
    struct mm_remote_report *report;
    struct remote *remotes;
    size_t n_remotes, remotes_capacity;
    struct own *own; /* sorted by key, then by recording */
    size_t n_own, own_capacity;
    struct mm_known *known;
};

/* ---- the server's songs ---- */

static int take_song(void *ctx, struct mm_remote_song *song, struct mm_error *err)
{
    struct gather *g = ctx;
    if (mm_progress_cancelled(g->progress))
        return mm_error_set(err, MM_ERR_CANCELLED, "stopped; nothing was changed");
    if (mm_array_reserve(&g->remotes, &g->remotes_capacity, g->n_remotes + 1) < 0)
        return mm_no_memory(err);
    struct remote *r = &g->remotes[g->n_remotes];
    *r = (struct remote){.key = mm_format("%s#%s", mm_remote_address(g->server), song->track.id)};
    if (!r->key)
        return mm_no_memory(err);
    r->song = *song;
    song->track = (struct mm_track){0};
    g->n_remotes++;
    if (g->n_remotes % 500 == 0)
        mm_progress_update(g->progress, "reading the server", g->n_remotes, 0);
    return 0;
}

static int by_remote_key(const void *a, const void *b)
{
    return strcmp(((const struct remote *)a)->key, ((const struct remote *)b)->key);
}

static void remote_finish(struct remote *r)
{
    mm_track_finish(&r->song.track);
    free(r->key);
}

/* A page that moved while it was read tells a song twice. The order is the server's. */
static int drop_doubles(struct gather *g, struct mm_error *err)
{
    struct remote *sorted = mm_calloc3(g->n_remotes, 1, sizeof *sorted);
    if (!sorted)
        return mm_no_memory(err);
    for (size_t i = 0; i < g->n_remotes; i++) {
        sorted[i] = g->remotes[i];
        sorted[i].id = (int64_t)i;
    }
    if (g->n_remotes)
        qsort(sorted, g->n_remotes, sizeof *sorted, by_remote_key);
    for (size_t i = 1; i < g->n_remotes; i++)
        if (strcmp(sorted[i - 1].key, sorted[i].key) == 0) {
            /* Whichever came first stays. */
            int64_t later = sorted[i - 1].id > sorted[i].id ? sorted[i - 1].id : sorted[i].id;
            int64_t first = sorted[i - 1].id + sorted[i].id - later;
            g->remotes[later].id = -1;
            sorted[i].id = first;
        }
    size_t n = 0;
    for (size_t i = 0; i < g->n_remotes; i++) {
        if (g->remotes[i].id < 0)
            remote_finish(&g->remotes[i]);
        else
            g->remotes[n++] = g->remotes[i];
    }
    g->n_remotes = n;
    free(sorted);
    return 0;
}

/* ---- what the library has of it ---- */

static int add_own(struct gather *g, const struct own *own, const struct mm_tags *tags,
                   struct mm_error *err)
{
    if (mm_array_reserve(&g->own, &g->own_capacity, g->n_own + 1) < 0)
        return mm_no_memory(err);
    struct own *o = &g->own[g->n_own++];
    *o = *own;
    o->key = mm_strdup(own->key);
    if (tags && tags->title) {
        o->recording = mm_match_recording(tags->artist, tags->title);
        o->album = mm_strdup(tags->album);
    }
    return o->key && (!tags || !tags->title || o->recording) ? 0 : mm_no_memory(err);
}

static int take_own_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct gather *g = ctx;
    if (strcmp(song->source, MM_REMOTE_SOURCE) != 0 || !mm_remote_id(g->server, song->key))
        return 0;
    const struct own own = {.key = song->key, .song = song->id, .duration_s = song->duration_s};
    return add_own(g, &own, &song->tags, err);
}

static int take_own_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct gather *g = ctx;
    if (strcmp(origin->source, MM_REMOTE_SOURCE) != 0 || !mm_remote_id(g->server, origin->key))
        return 0;
    const struct own own = {.key = origin->key, .song = origin->song, .origin = true};
    return add_own(g, &own, NULL, err);
}

static int by_own_key(const void *a, const void *b)
{
    return strcmp(((const struct own *)a)->key, ((const struct own *)b)->key);
}

/* Servers number anew, too: then an id leads to a song of other names and another length. */
static bool is_another(const struct own *own, const struct mm_track *track)
{
    if (own->origin || !own->recording || !track->tags.title ||
        mm_match_duration(own->duration_s, track->duration_s))
        return false;
    char *recording = mm_match_recording(track->tags.artist, track->tags.title);
    bool another = recording && strcmp(recording, own->recording) != 0;
    free(recording);
    return another;
}

static void find_known(struct gather *g)
{
    if (g->n_own)
        qsort(g->own, g->n_own, sizeof *g->own, by_own_key);
    for (size_t i = 0; i < g->n_remotes && g->n_own; i++) {
        const struct own wanted = {.key = g->remotes[i].key};
        struct own *own = bsearch(&wanted, g->own, g->n_own, sizeof wanted, by_own_key);
        if (!own)
            continue;
        own->taken = is_another(own, &g->remotes[i].song.track);
        if (own->taken)
            continue;
        own->seen = true;
        g->remotes[i].id = own->song;
        g->remotes[i].by_origin = own->origin;
    }
}

static int by_recording(const void *a, const void *b)
{
    const struct own *x = a;
    const struct own *y = b;
    int order = strcmp(x->recording ? x->recording : "", y->recording ? y->recording : "");
    return order ? order : (x->song > y->song) - (x->song < y->song);
}

/* A song that is gone under its old id and fits: of the same album, else any. */
static struct own *find_gone(struct gather *g, const struct mm_track *track, const char *recording)
{
    size_t low = 0;
    for (size_t high = g->n_own; low < high;) {
        size_t middle = low + (high - low) / 2;
        const char *there = g->own[middle].recording;
        if (strcmp(there ? there : "", recording) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct own *best = NULL;
    for (; low < g->n_own; low++) {
        struct own *own = &g->own[low];
        if (!own->recording || strcmp(own->recording, recording) != 0)
            break;
        if (own->seen || own->given || own->origin ||
            !mm_match_duration(own->duration_s, track->duration_s))
            continue;
        const char *album = track->tags.album;
        bool same = own->album && album && strcmp(own->album, album) == 0;
        if (same)
            return own;
        best = best ? best : own;
    }
    return best;
}

static int find_renamed(struct gather *g, struct mm_error *err)
{
    if (g->n_own)
        qsort(g->own, g->n_own, sizeof *g->own, by_recording);
    for (size_t i = 0; i < g->n_remotes; i++) {
        struct remote *r = &g->remotes[i];
        const struct mm_tags *t = &r->song.track.tags;
        if (r->id || !t->title || !t->artist)
            continue;
        char *recording = mm_match_recording(t->artist, t->title);
        if (!recording)
            return mm_no_memory(err);
        struct own *own = *recording ? find_gone(g, &r->song.track, recording) : NULL;
        free(recording);
        if (!own)
            continue;
        own->given = true;
        r->id = own->song;
        g->report->renamed++;
    }
    return 0;
}

/* ---- writing ---- */

static void swap_tags(struct mm_song *song, struct mm_tags *tags)
{
    struct mm_tags old = song->tags;
    song->tags = *tags;
    *tags = old;
    /* What the server does not say, the file did when it was looked into. */
    char **texts[][2] = {{&song->tags.isrc, &old.isrc},
                         {&song->tags.musicbrainz_id, &old.musicbrainz_id},
                         {&song->tags.album_artist, &old.album_artist}};
    for (size_t i = 0; i < 3; i++)
        if (!*texts[i][0]) {
            *texts[i][0] = *texts[i][1];
            char **from = i == 0   ? &tags->isrc
                          : i == 1 ? &tags->musicbrainz_id
                                   : &tags->album_artist;
            *from = NULL;
        }
}

static int update_song(struct gather *g, struct remote *r, struct mm_error *err)
{
    struct mm_song song = {0};
    int result = mm_catalog_get_song(g->catalog, r->id, &song, err);
    if (result < 0)
        return result;
    char *key = mm_strdup(r->key);
    if (!key)
        result = mm_no_memory(err);
    free(song.key);
    song.key = key;
    /* Some servers tell another length than the file has, or none, whenever they are asked. */
    bool changed =
        song.size != r->song.size && !mm_match_duration(song.duration_s, r->song.track.duration_s);
    if (song.state == MM_SONG_MISSING)
        song.state = MM_SONG_PRESENT;
    if (changed || !song.codec)
        song.duration_s = r->song.track.duration_s;
    song.size = r->song.size;
    swap_tags(&song, &r->song.track.tags);
    if (result == 0)
        result = mm_catalog_update_song(g->catalog, &song, changed, err);
    mm_song_finish(&song);
    return result;
}

static int add_song(struct gather *g, struct remote *r, struct mm_error *err)
{
    struct mm_song song = {.state = MM_SONG_PRESENT,
                           .source = (char *)MM_REMOTE_SOURCE,
                           .key = r->key,
                           .size = r->song.size,
                           .duration_s = r->song.track.duration_s,
                           .tags = r->song.track.tags};
    int result = mm_catalog_add_song(g->catalog, &song, err);
    r->id = song.id;
    g->report->added += result == 0;
    return result;
}

/* The library may have the recording from a folder: then its file is at hand. */
static int find_elsewhere(struct gather *g, struct remote *r, struct mm_error *err)
{
    const struct mm_track *t = &r->song.track;
    const struct mm_recording recording = {t->tags.isrc, t->tags.artist, t->tags.title,
                                           t->duration_s};
    int64_t found;
    struct mm_song song = {0};
    int result = mm_known_find(g->known, &recording, false, &found, err);
    if (result < 0 || !found)
        return result;
    result = mm_catalog_get_song(g->catalog, found, &song, err);
    if (result == 0 && strcmp(song.source, MM_REMOTE_SOURCE) != 0 && mm_can_lend(&song) &&
        song.state != MM_SONG_MISSING) {
        const struct mm_origin origin = {.song = found,
                                         .source = (char *)MM_REMOTE_SOURCE,
                                         .key = r->key,
                                         .duration_s = t->duration_s};
        result = mm_catalog_put_origin(g->catalog, &origin, err);
        r->id = found;
        g->report->joined += result == 0;
    }
    mm_song_finish(&song);
    return result;
}

static int put_facts(struct gather *g, const struct remote *r, struct mm_error *err)
{
    const struct mm_remote_song *s = &r->song;
    char values[4][32];
    struct mm_fact facts[4];
    size_t n = 0;
    const struct {
        const char *name;
        bool said;
        int64_t value;
    } all[] = {{"played", s->played > 0, s->played},
               {"plays", s->plays >= 0, s->plays},
               {"rating", s->rating > 0, s->rating},
               {"starred", s->starred > 0, s->starred}};
    for (size_t i = 0; i < 4; i++)
        if (all[i].said) {
            snprintf(values[n], sizeof values[n], "%" PRId64, all[i].value);
            facts[n] = (struct mm_fact){all[i].name, values[n]};
            n++;
        }
    return mm_catalog_put_facts(g->catalog, r->id, MM_REMOTE_SOURCE, facts, n, err);
}

static int write_one(struct gather *g, struct remote *r, struct mm_error *err)
{
    int result = 0;
    if (r->id && !r->by_origin)
        result = update_song(g, r, err);
    g->report->known += r->id != 0;
    if (!r->id)
        result = find_elsewhere(g, r, err);
    if (result == 0 && !r->id)
        result = add_song(g, r, err);
    return result == 0 ? put_facts(g, r, err) : result;
}

/* Frees the key for whose it is now; ids have no blanks. */
static int set_aside(struct gather *g, const struct own *own, struct mm_error *err)
{
    struct mm_song song = {0};
    int result = mm_catalog_get_song(g->catalog, own->song, &song, err);
    if (result < 0)
        return result;
    free(song.key);
    song.key = mm_format("%s was of song %" PRId64, own->key, own->song);
    result = song.key ? mm_catalog_update_song(g->catalog, &song, false, err) : mm_no_memory(err);
    mm_song_finish(&song);
    return result;
}

/* Not there any more: a song of the server's is missing, an origin of another's song goes. */
static int write_gone(struct gather *g, const struct own *own, struct mm_error *err)
{
    int aside =
        !own->seen && !own->origin && (own->given || own->taken) ? set_aside(g, own, err) : 0;
    if (own->seen || own->given || aside < 0)
        return aside;
    if (own->origin)
        return mm_catalog_delete_origin(g->catalog, MM_REMOTE_SOURCE, own->key, err);
    struct mm_song song = {0};
    int result = mm_catalog_get_song(g->catalog, own->song, &song, err);
    if (result == 0 && song.state == MM_SONG_PRESENT) {
        g->report->missing++;
        result = mm_catalog_set_state(g->catalog, own->song, MM_SONG_MISSING, err);
    }
    mm_song_finish(&song);
    return result;
}

static int write_all(struct gather *g, struct mm_error *err)
{
    int result = mm_catalog_begin(g->catalog, err);
    if (result < 0)
        return result;
    /* Keys that are free now come first: a new id may be another song's old one. */
    for (size_t i = 0; i < g->n_own && result == 0; i++)
        result = write_gone(g, &g->own[i], err);
    for (size_t i = 0; i < g->n_remotes && result == 0; i++) {
        if (i % 500 == 0)
            mm_progress_update(g->progress, "writing", i, g->n_remotes);
        result = write_one(g, &g->remotes[i], err);
    }
    if (result == 0)
        result = mm_catalog_commit(g->catalog, err);
    if (result < 0)
        mm_catalog_rollback(g->catalog);
    g->report->known -= result == 0 ? g->report->renamed : 0;
    return result;
}

int mm_gather_server(struct mm_catalog *catalog, const struct mm_remote_settings *settings,
                     const struct mm_progress *progress, struct mm_remote_report *report,
                     struct mm_error *err)
{
    struct gather g = {.catalog = catalog, .progress = progress, .report = report};
    *report = (struct mm_remote_report){0};
    int result = mm_remote_open(settings, &g.server, err);
    if (result == 0)
        result = mm_remote_each(g.server, take_song, &g, err);
    if (result == 0)
        result = drop_doubles(&g, err);
    report->found = g.n_remotes;
    if (result == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, take_own_song, &g, err);
    if (result == 0)
        result = mm_catalog_each_origin(catalog, 0, take_own_origin, &g, err);
    if (result == 0) {
        find_known(&g);
        result = find_renamed(&g, err);
    }
    if (result == 0)
        result = mm_known_create(catalog, &g.known, err);
    if (result == 0)
        result = write_all(&g, err);
    if (g.server)
        report->resume_at = mm_remote_resume_at(g.server);
    for (size_t i = 0; i < g.n_remotes; i++)
        remote_finish(&g.remotes[i]);
    for (size_t i = 0; i < g.n_own; i++) {
        free(g.own[i].key);
        free(g.own[i].recording);
        free(g.own[i].album);
    }
    free(g.remotes);
    free(g.own);
    mm_known_destroy(g.known);
    mm_remote_close(g.server);
    return result;
}

/* ---- by content ---- */

/* A song that is missing, from a server, with this content, on the map or not. */
static int find_missing(struct mm_catalog *catalog, const struct mm_song *song, struct mm_song *out,
                        bool *found, struct mm_error *err)
{
    int64_t ids[64];
    size_t n = 0;
    *found = false;
    int result = mm_catalog_find_hash(catalog, song->hash, ids, sizeof ids / sizeof *ids, &n, err);
    for (size_t i = 0; i < n && result == 0 && !*found; i++) {
        result = mm_catalog_get_song(catalog, ids[i], out, err);
        *found = result == 0 && out->id != song->id && out->state == MM_SONG_MISSING &&
                 strcmp(out->source, MM_REMOTE_SOURCE) == 0;
        if (!*found)
            mm_song_finish(out);
    }
    return result;
}

int mm_remote_song_known(struct mm_catalog *catalog, const struct mm_song *song, bool *same,
                         struct mm_error *err)
{
    struct mm_song old = {0};
    *same = false;
    int result = mm_catalog_begin(catalog, err);
    if (result < 0)
        return result;
    result = find_missing(catalog, song, &old, same, err);
    if (result == 0 && *same) {
        struct mm_song now = *song; /* borrows its strings */
        now.id = old.id;
        result = mm_catalog_delete_song(catalog, song->id, err);
        if (result == 0)
            result = mm_catalog_update_song(catalog, &now, false, err);
    } else if (result == 0) {
        result = mm_catalog_update_song(catalog, song, false, err);
    }
    if (result == 0)
        result = mm_catalog_commit(catalog, err);
    if (result < 0)
        mm_catalog_rollback(catalog);
    mm_song_finish(&old);
    return result;
}
