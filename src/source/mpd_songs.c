/* SPDX-License-Identifier: BSD-2-Clause */
/* mpd_songs.c - reading an MPD's database, queue and playlists. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "source/mpd_client.h"
#include "source/service.h"

enum { MOST_FOUND = 50 };
#define MOST_SONGS ((size_t)5000000)

void mm_mpd_song_finish(struct mm_mpd_song *song)
{
    free(song->uri);
    mm_tags_finish(&song->tags);
    *song = (struct mm_mpd_song){0};
}

void mm_mpd_songs_finish(struct mm_mpd_songs *songs)
{
    for (size_t i = 0; i < songs->n; i++)
        mm_mpd_song_finish(&songs->list[i]);
    free(songs->list);
    *songs = (struct mm_mpd_songs){0};
}

void mm_mpd_folder_finish(struct mm_mpd_folder *folder)
{
    mm_mpd_songs_finish(&folder->songs);
    for (size_t i = 0; i < folder->n_folders; i++)
        free(folder->folders[i]);
    free(folder->folders);
    *folder = (struct mm_mpd_folder){0};
}

/* ---- songs ---- */

static int number(const struct mpd_song *song, enum mpd_tag_type tag)
{
    const char *text = mpd_song_get_tag(song, tag, 0);
    long value = text ? strtol(text, NULL, 10) : 0; /* "3/12" is 3, "2003-04-01" 2003 */
    return value > 0 && value < 10000 ? (int)value : 0;
}

static int copy_song(const struct mpd_song *from, struct mm_mpd_song *out)
{
    *out = (struct mm_mpd_song){.uri = mm_strdup(mpd_song_get_uri(from)),
                                .id = mpd_song_get_id(from),
                                .duration_s = mpd_song_get_duration_ms(from) / 1000.0,
                                .start_ms = mpd_song_get_start(from),
                                .part = mpd_song_get_start(from) || mpd_song_get_end(from)};
    struct mm_tags *t = &out->tags;
    const struct {
        char **member;
        enum mpd_tag_type tag;
    } texts[] = {{&t->title, MPD_TAG_TITLE},
                 {&t->artist, MPD_TAG_ARTIST},
                 {&t->album, MPD_TAG_ALBUM},
                 {&t->album_artist, MPD_TAG_ALBUM_ARTIST},
                 {&t->musicbrainz_id, MPD_TAG_MUSICBRAINZ_TRACKID}};
    int result = out->uri ? 0 : MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == 0; i++)
        result = mm_track_text(texts[i].member, mpd_song_get_tag(from, texts[i].tag, 0));
    const char *genre;
    for (unsigned i = 0;
         result == 0 && i < 32 && (genre = mpd_song_get_tag(from, MPD_TAG_GENRE, i)); i++)
        result = mm_tags_split_genres(t, genre, strnlen(genre, 4096));
    t->year = number(from, MPD_TAG_DATE);
    t->track = number(from, MPD_TAG_TRACK);
    t->disc = number(from, MPD_TAG_DISC);
    return result;
}

static int add_song(struct mm_mpd_songs *songs, const struct mpd_song *song, struct mm_error *err)
{
    if (songs->n >= MOST_SONGS)
        return mm_error_set(err, MM_ERR_LIMIT, "more than %zu songs", MOST_SONGS);
    if (mm_array_reserve(&songs->list, &songs->capacity, songs->n + 1) < 0)
        return mm_no_memory(err);
    return copy_song(song, &songs->list[songs->n++]) < 0 ? mm_no_memory(err) : 0;
}

/* The songs of a reply; sent: the question is on its way. */
static int take_songs(struct mm_mpd *mpd, bool sent, struct mm_mpd_songs *out, struct mm_error *err)
{
    mm_mpd_songs_finish(out); /* of a try before */
    int result = 0;
    struct mpd_song *song;
    while (sent && result == 0 && (song = mpd_recv_song(mpd->connection))) {
        result = add_song(out, song, err);
        mpd_song_free(song);
    }
    if (sent)
        mpd_response_finish(mpd->connection);
    int fault = mm_mpd_fault(mpd, result < 0 ? NULL : err);
    return result < 0 ? result : fault;
}

/* ---- folders ---- */

/* A name that stays where it is: no "..", no empty part, not absolute. */
static bool is_inside(const char *uri)
{
    for (const char *part = uri;; part++) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 1 && *part == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += n;
        if (!*part)
            return true;
    }
}

static bool lies_in(const char *uri, const char *folder)
{
    size_t n = strlen(folder);
    if (!is_inside(uri))
        return false;
    return n == 0 || (strncmp(uri, folder, n) == 0 && uri[n] == '/' && uri[n + 1]);
}

struct listing {
    const char *folder;
    struct mm_mpd_folder *out;
};

static int take_entity(struct listing *l, const struct mpd_entity *entity, struct mm_error *err)
{
    struct mm_mpd_folder *out = l->out;
    if (mpd_entity_get_type(entity) == MPD_ENTITY_TYPE_SONG) {
        const struct mpd_song *song = mpd_entity_get_song(entity);
        return lies_in(mpd_song_get_uri(song), l->folder) ? add_song(&out->songs, song, err) : 0;
    }
    if (mpd_entity_get_type(entity) != MPD_ENTITY_TYPE_DIRECTORY)
        return 0;
    const char *path = mpd_directory_get_path(mpd_entity_get_directory(entity));
    if (!lies_in(path, l->folder))
        return 0;
    char *copy = mm_strdup(path);
    if (!copy || mm_array_reserve(&out->folders, &out->folders_capacity, out->n_folders + 1) < 0) {
        free(copy);
        return mm_no_memory(err);
    }
    out->folders[out->n_folders++] = copy; /* NOLINT: it was made anew after it was freed */
    return 0;
}

static int ask_folder(struct mm_mpd *mpd, void *ctx, struct mm_error *err)
{
    struct listing *l = ctx;
    mm_mpd_folder_finish(l->out);
    int result = 0;
    if (!mpd_send_list_meta(mpd->connection, l->folder))
        return mm_mpd_fault(mpd, err);
    struct mpd_entity *entity;
    while (result == 0 && (entity = mpd_recv_entity(mpd->connection))) {
        result = take_entity(l, entity, err);
        mpd_entity_free(entity);
    }
    mpd_response_finish(mpd->connection);
    int fault = mm_mpd_fault(mpd, result < 0 ? NULL : err);
    return result < 0 ? result : fault;
}

int mm_mpd_read_folder(struct mm_mpd *mpd, const char *folder, struct mm_mpd_folder *out,
                       struct mm_error *err)
{
    *out = (struct mm_mpd_folder){0};
    struct listing listing = {folder, out};
    return mm_mpd_read(mpd, ask_folder, &listing, err);
}

/* ---- finding ---- */

struct finding {
    const char *uri, *artist, *title;
    struct mm_mpd_songs *out;
};

static int ask_find(struct mm_mpd *mpd, void *ctx, struct mm_error *err)
{
    const struct finding *f = ctx;
    struct mpd_connection *c = mpd->connection;
    bool sent = mpd_search_db_songs(c, f->uri != NULL);
    if (sent && f->uri)
        sent = mpd_search_add_uri_constraint(c, MPD_OPERATOR_DEFAULT, f->uri);
    if (sent && f->title)
        sent = mpd_search_add_tag_constraint(c, MPD_OPERATOR_DEFAULT, MPD_TAG_TITLE, f->title);
    if (sent && f->artist)
        sent = mpd_search_add_tag_constraint(c, MPD_OPERATOR_DEFAULT, MPD_TAG_ARTIST, f->artist);
    if (sent)
        sent = mpd_search_add_window(c, 0, MOST_FOUND) && mpd_search_commit(c);
    return take_songs(mpd, sent, f->out, err);
}

int mm_mpd_find_uri(struct mm_mpd *mpd, const char *uri, struct mm_mpd_song *out,
                    struct mm_error *err)
{
    struct mm_mpd_songs songs = {0};
    struct finding finding = {.uri = uri, .out = &songs};
    *out = (struct mm_mpd_song){0};
    int result = mm_mpd_read(mpd, ask_find, &finding, err);
    if (result == 0 && songs.n == 0)
        result = MM_ERR_NOT_FOUND;
    if (result == 0) {
        *out = songs.list[0];
        songs.list[0] = (struct mm_mpd_song){0};
    }
    mm_mpd_songs_finish(&songs);
    return result;
}

int mm_mpd_find_title(struct mm_mpd *mpd, const char *artist, const char *title,
                      struct mm_mpd_songs *out, struct mm_error *err)
{
    *out = (struct mm_mpd_songs){0};
    struct finding finding = {.artist = artist, .title = title, .out = out};
    return mm_mpd_read(mpd, ask_find, &finding, err);
}

/* ---- queue and playlists ---- */

static int ask_queue(struct mm_mpd *mpd, void *ctx, struct mm_error *err)
{
    return take_songs(mpd, mpd_send_list_queue_meta(mpd->connection), ctx, err);
}

int mm_mpd_queue(struct mm_mpd *mpd, struct mm_mpd_songs *out, struct mm_error *err)
{
    *out = (struct mm_mpd_songs){0};
    return mm_mpd_read(mpd, ask_queue, out, err);
}

struct naming {
    const char *name;
    struct mm_mpd_songs *out;
};

static int ask_playlist(struct mm_mpd *mpd, void *ctx, struct mm_error *err)
{
    const struct naming *n = ctx;
    return take_songs(mpd, mpd_send_list_playlist(mpd->connection, n->name), n->out, err);
}

int mm_mpd_playlist(struct mm_mpd *mpd, const char *name, struct mm_mpd_songs *out,
                    struct mm_error *err)
{
    *out = (struct mm_mpd_songs){0};
    struct naming naming = {name, out};
    return mm_mpd_read(mpd, ask_playlist, &naming, err);
}

static int ask_status(struct mm_mpd *mpd, void *ctx, struct mm_error *err)
{
    struct mm_mpd_status *out = ctx;
    struct mpd_status *s = mpd_run_status(mpd->connection);
    if (!s)
        return mm_mpd_fault(mpd, err);
    enum mpd_state state = mpd_status_get_state(s);
    *out = (struct mm_mpd_status){.state = state == MPD_STATE_PLAY    ? MM_MPD_PLAYING
                                           : state == MPD_STATE_PAUSE ? MM_MPD_PAUSED
                                                                      : MM_MPD_STOPPED,
                                  .position = mpd_status_get_song_pos(s),
                                  .elapsed_s = mpd_status_get_elapsed_ms(s) / 1000.0,
                                  .length = mpd_status_get_queue_length(s),
                                  .random = mpd_status_get_random(s),
                                  .repeat = mpd_status_get_repeat(s),
                                  .single = mpd_status_get_single(s),
                                  .consume = mpd_status_get_consume(s),
                                  .crossfade_s = mpd_status_get_crossfade(s)};
    int id = mpd_status_get_song_id(s);
    out->id = id > 0 ? (unsigned)id : 0;
    mpd_status_free(s);
    return 0;
}

int mm_mpd_status(struct mm_mpd *mpd, struct mm_mpd_status *out, struct mm_error *err)
{
    return mm_mpd_read(mpd, ask_status, out, err);
}
