/* SPDX-License-Identifier: BSD-2-Clause */
/* mpd_match.c - songs of ours in an MPD's database. */
#include "player/mpd_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"

void mm_mpd_match_finish(struct mm_mpd_match *match)
{
    free(match->root);
    *match = (struct mm_mpd_match){0};
}

static bool lengths_agree(double a, double b)
{
    return a <= 0 || b <= 0 || fabs(a - b) <= 2;
}

/* True when the server has uri and it is as long as the song. */
static int try_uri(struct mm_mpd_match *m, const struct mm_set_song *song, const char *uri,
                   bool *found, struct mm_error *err)
{
    struct mm_mpd_song there;
    int result = mm_mpd_find_uri(m->mpd, uri, &there, err);
    *found = result == 0 && lengths_agree(song->duration_s, there.duration_s);
    mm_mpd_song_finish(&there);
    return result == MM_ERR_NOT_FOUND ? 0 : result;
}

/* Behind the root that is known; NULL = path is not below it. */
static const char *below_root(const struct mm_mpd_match *m, const char *path)
{
    size_t n = m->root ? strlen(m->root) : 0;
    return m->root && strncmp(path, m->root, n) == 0 && path[n] ? path + n : NULL;
}

static int ask_root(struct mm_mpd_match *m, struct mm_error *err)
{
    char *folder = NULL;
    struct mm_error fault = {0};
    m->root_tried = true;
    int result = mm_mpd_music_folder(m->mpd, &folder, &fault);
    if (result == MM_ERR_UNSUPPORTED)
        return 0;
    if (result < 0) {
        if (err)
            *err = fault;
        return result;
    }
    char *real = realpath(folder, NULL); /* as our paths are */
    const char *name = real ? real : folder;
    size_t n = strlen(name);
    m->root = mm_format(n && name[n - 1] == '/' ? "%s" : "%s/", name);
    free(real);
    free(folder);
    return m->root ? 0 : mm_no_memory(err);
}

/* "/home/ada/Music/A/x.mp3" may be "Music/A/x.mp3", "A/x.mp3" or "x.mp3" there. */
static int try_ends(struct mm_mpd_match *m, const struct mm_set_song *song, char **uri,
                    struct mm_error *err)
{
    int result = 0;
    for (const char *at = song->path; result == 0 && !*uri && at;) {
        const char *end = at + 1;
        bool found;
        result = try_uri(m, song, end, &found, err);
        if (result == 0 && found) {
            *uri = mm_strdup(end);
            free(m->root);
            m->root = mm_strndup(song->path, (size_t)(end - song->path));
            if (!*uri || !m->root)
                result = mm_no_memory(err);
        }
        at = strchr(end, '/');
    }
    return result;
}

static int by_file(struct mm_mpd_match *m, const struct mm_set_song *song, char **uri,
                   struct mm_error *err)
{
    int result = m->root_tried ? 0 : ask_root(m, err);
    const char *below = below_root(m, song->path);
    bool found = false;
    if (result == 0 && below)
        result = try_uri(m, song, below, &found, err);
    if (result == 0 && found)
        *uri = mm_strdup(below);
    if (result == 0 && found && !*uri)
        result = mm_no_memory(err);
    return result < 0 || found ? result : try_ends(m, song, uri, err);
}

static int by_name(struct mm_mpd_match *m, const struct mm_set_song *song, char **uri,
                   struct mm_error *err)
{
    struct mm_mpd_songs there;
    int result = mm_mpd_find_title(m->mpd, song->artist, song->title, &there, err);
    char *wanted = mm_match_recording(song->artist, song->title);
    for (size_t i = 0; result == 0 && wanted && !*uri && i < there.n; i++) {
        const struct mm_mpd_song *s = &there.list[i];
        char *name = mm_match_recording(s->tags.artist, s->tags.title);
        if (name && !s->part && strcmp(name, wanted) == 0 &&
            mm_match_duration(song->duration_s, s->duration_s) && !(*uri = mm_strdup(s->uri)))
            result = mm_no_memory(err);
        free(name);
    }
    free(wanted);
    mm_mpd_songs_finish(&there);
    return result;
}

int mm_mpd_match_song(struct mm_mpd_match *m, const struct mm_set_song *song, char **uri,
                      bool *looked, struct mm_error *err)
{
    bool file = song->path && *song->path == '/';
    *uri = NULL;
    *looked = false;
    int result = file ? by_file(m, song, uri, err) : 0;
    if (result == 0 && !*uri && song->title && song->artist) {
        result = by_name(m, song, uri, err);
        *looked = *uri != NULL;
    }
    if (result == 0 && !*uri && file && mm_mpd_is_local(m->mpd) && access(song->path, R_OK) == 0 &&
        !(*uri = mm_format("file://%s", song->path)))
        result = mm_no_memory(err);
    return result;
}
