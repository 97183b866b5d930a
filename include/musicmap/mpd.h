/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpd.h - a Music Player Daemon: what is in its database, its queue and its stored playlists.
 *
 * A connection is opened once and mended by itself: a read that fails since the server was
 * restarted is tried again on a new connection, some times, with growing waits. Calls that change
 * something are never repeated by themselves; who makes them looks first what is there.
 *
 * An address is "HOST", "HOST:PORT", "[IPv6]:PORT", a socket's path ("/..." or "~..."), or "@name"
 * for an abstract one. NULL = $MPD_HOST and $MPD_PORT as every client of MPD reads them, else the
 * usual sockets, else localhost:6600. Passwords come from $MPD_HOST ("password@host"), from
 * $MPD_PASSWORD or from the file of credentials, never from an address that was typed.
 * $MPD_TIMEOUT: seconds without an answer after which it is silent (30).
 *
 * Errors: MM_ERR_IO there is nobody, or it refuses, in its words; MM_ERR_AGAIN it stopped
 * answering; MM_ERR_USAGE a password is missing or wrong; MM_ERR_INPUT it is no MPD;
 * MM_ERR_NOT_FOUND what was named is not there; MM_ERR_CANCELLED.
 *
 * Threads: a connection belongs to one thread at a time.
 */
#ifndef MUSICMAP_MPD_H
#define MUSICMAP_MPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "progress.h"
#include "song.h"

struct mm_mpd;

/* progress may be NULL and is only asked whether to stop; it must live as long as the connection.
 */
int mm_mpd_open(const char *address, const struct mm_progress *progress, struct mm_mpd **out,
                struct mm_error *err);
void mm_mpd_close(struct mm_mpd *mpd);             /* NULL is allowed */
const char *mm_mpd_name(const struct mm_mpd *mpd); /* "localhost:6600", "/run/mpd/socket" */
/* Over a socket of this computer: it tells its folder and takes files from outside of it. */
bool mm_mpd_is_local(const struct mm_mpd *mpd);
/* Connects anew, whatever the old connection's state; once. */
int mm_mpd_reconnect(struct mm_mpd *mpd, struct mm_error *err);

/* A song of its database or queue. Heap strings. */
struct mm_mpd_song {
    char *uri; /* below music_directory, without a slash at the beginning; bytes */
    struct mm_tags tags;
    double duration_s; /* 0 = not known */
    unsigned id;       /* in the queue */
    unsigned start_ms; /* of a part of a file (CUE); 0 */
    bool part;         /* it is one */
};
struct mm_mpd_songs {
    struct mm_mpd_song *list;
    size_t n, capacity;
};
void mm_mpd_song_finish(struct mm_mpd_song *song);
void mm_mpd_songs_finish(struct mm_mpd_songs *songs);

/* ---- its database ---- */

/* The folder its songs lie in, as the server sees it; heap. MM_ERR_UNSUPPORTED: it tells that to
 * those who come by a local socket only. */
int mm_mpd_music_folder(struct mm_mpd *mpd, char **out, struct mm_error *err);

struct mm_mpd_folder {
    struct mm_mpd_songs songs;
    char **folders; /* [n_folders] */
    size_t n_folders, folders_capacity;
};
/* What lies in one folder ("" = the top). Names that lead out of it are left out. */
int mm_mpd_read_folder(struct mm_mpd *mpd, const char *folder, struct mm_mpd_folder *out,
                       struct mm_error *err);
void mm_mpd_folder_finish(struct mm_mpd_folder *folder);

/* The song with this uri; MM_ERR_NOT_FOUND. */
int mm_mpd_find_uri(struct mm_mpd *mpd, const char *uri, struct mm_mpd_song *out,
                    struct mm_error *err);
/* Those with this title (and artist, unless NULL), compared without case; at most 50. */
int mm_mpd_find_title(struct mm_mpd *mpd, const char *artist, const char *title,
                      struct mm_mpd_songs *out, struct mm_error *err);

/* ---- what it plays ---- */

enum mm_mpd_state { MM_MPD_STOPPED, MM_MPD_PAUSED, MM_MPD_PLAYING };
struct mm_mpd_status {
    enum mm_mpd_state state;
    int position; /* in the queue, of the current song; -1 = none */
    unsigned id;  /* of the current song */
    double elapsed_s;
    size_t length; /* of the queue */
    bool random, repeat, single, consume;
    double crossfade_s;
};
int mm_mpd_status(struct mm_mpd *mpd, struct mm_mpd_status *out, struct mm_error *err);
int mm_mpd_queue(struct mm_mpd *mpd, struct mm_mpd_songs *out, struct mm_error *err);
/* Waits until it plays or queues something else, at most so many seconds. */
int mm_mpd_wait(struct mm_mpd *mpd, double seconds, bool *changed, struct mm_error *err);

/* ---- changes; each is done as a whole or not at all ---- */

/* Appends to the queue; at most MM_MPD_BATCH at once are one change. */
#define MM_MPD_BATCH ((size_t)500)
int mm_mpd_add(struct mm_mpd *mpd, const char *const *uris, size_t n, struct mm_error *err);
/* One; *id = its name in the queue, 0: the server cannot play it. */
int mm_mpd_add_one(struct mm_mpd *mpd, const char *uri, unsigned *id, struct mm_error *err);
/* These in place of what is in the queue (n <= MM_MPD_BATCH), and the first one plays. */
int mm_mpd_replace(struct mm_mpd *mpd, const char *const *uris, size_t n, struct mm_error *err);
/* Adds one song behind the current one and plays it. */
int mm_mpd_play_now(struct mm_mpd *mpd, const char *uri, struct mm_error *err);
int mm_mpd_play(struct mm_mpd *mpd, unsigned position, struct mm_error *err);

/* The uris of a stored playlist; MM_ERR_NOT_FOUND. */
int mm_mpd_playlist(struct mm_mpd *mpd, const char *name, struct mm_mpd_songs *out,
                    struct mm_error *err);
/* Makes the stored playlist these songs; what was there stays until all of the new is. */
int mm_mpd_save(struct mm_mpd *mpd, const char *name, const char *const *uris, size_t n,
                struct mm_error *err);

#endif
