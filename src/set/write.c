/* SPDX-License-Identifier: BSD-2-Clause */
/* write.c - the table of playlist formats, and what their writers share. */
#include "set/write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/array.h"
#include "base/file.h"

static const struct mm_set_format formats[] = {
    {"m3u8", ".m3u8", "extended M3U playlist", mm_write_m3u8},
    {"xspf", ".xspf", "XSPF playlist (XML)", mm_write_xspf},
    {"jspf", ".jspf", "JSPF playlist (JSON)", mm_write_jspf},
    {"json", ".json", "everything that is known of the set", mm_write_json},
    {"cue", ".cue", "CUE sheet", mm_write_cue},
    {"spinitron", ".csv", "spins for Spinitron (CSV)", mm_write_spinitron},
    {"soundexchange", ".soundexchange.csv", "SoundExchange report of use (CSV)",
     mm_write_soundexchange},
    {"text", ".txt", "times, artists and titles for reading on air", mm_write_text},
};

const struct mm_set_format *mm_set_formats(size_t *count)
{
    *count = sizeof formats / sizeof *formats;
    return formats;
}

const struct mm_set_format *mm_set_format_find(const char *name, const char *path)
{
    const struct mm_set_format *found = NULL;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct mm_set_format *f = &formats[i];
        size_t ending = strlen(f->ending);
        if (name ? strcasecmp(name, f->name) == 0
                 : path && strlen(path) > ending &&
                       strcasecmp(path + strlen(path) - ending, f->ending) == 0)
            /* The longest ending wins: .soundexchange.csv is a .csv, too. */
            if (!found || ending > strlen(found->ending))
                found = f;
    }
    return found;
}

/* ---- texts ---- */

static char *clean(const char *text)
{
    return mm_text_clean_utf8(text ? text : "", text ? strlen(text) : 0);
}

int mm_line_texts_init(struct mm_line_texts *t, const struct mm_set_write *in, size_t i,
                       struct mm_error *err)
{
    const struct mm_set_item *item = &in->set->items[i];
    const struct mm_set_song *song = mm_set_library_song(in->library, item->song);
    const char *title = song->title && *song->title ? song->title
                        : song->path                ? mm_path_name(song->path)
                                                    : "";
    *t = (struct mm_line_texts){.song = song,
                                .item = item,
                                .title = clean(title),
                                .artist = clean(song->artist),
                                .album = clean(song->album),
                                .genre = clean(song->n_genres ? song->genres[0] : NULL)};
    if (t->title && t->artist && t->album && t->genre)
        return 0;
    mm_line_texts_finish(t);
    return mm_no_memory(err);
}

void mm_line_texts_finish(struct mm_line_texts *t)
{
    free(t->title);
    free(t->artist);
    free(t->album);
    free(t->genre);
    t->title = t->artist = t->album = t->genre = NULL;
}

char *mm_set_title(const struct mm_set_write *in)
{
    return clean(in->title && *in->title ? in->title : "Radio set");
}

/* ---- paths ---- */

/* path as seen from folder, both absolute: "../b/c.mp3". */
static char *relative_to(const char *folder, const char *path)
{
    size_t same = 0; /* bytes up to and with the last slash they share */
    size_t i = 0;
    for (; folder[i] && folder[i] == path[i]; i++)
        if (path[i] == '/')
            same = i + 1;
    if (!folder[i] && path[i] == '/')
        same = i + 1;
    struct mm_text text = {0};
    const char *rest = folder + (same <= strlen(folder) ? same : strlen(folder));
    if (*rest)
        mm_text_add(&text, "../");
    for (; *rest; rest++)
        if (*rest == '/' && rest[1])
            mm_text_add(&text, "../");
    mm_text_add(&text, path + same);
    return mm_text_steal(&text);
}

static bool is_url(const char *path)
{
    return strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
}

static bool has_file(const struct mm_set_song *song)
{
    return song->path && (song->path[0] == '/' || is_url(song->path));
}

/* As the first thing of a line: '#' begins a remark, blanks are cut off, and a colon in the first
 * part would read as a scheme or a drive. */
static char *guard(char *path)
{
    size_t first = strcspn(path, "/");
    bool odd = *path == '#' || *path == ' ' || *path == '\t' || memchr(path, ':', first);
    char *guarded = odd ? mm_format("./%s", path) : path;
    if (odd)
        free(path);
    return guarded;
}

char *mm_set_path(const struct mm_set_write *in, const struct mm_set_song *song, bool *failed)
{
    *failed = false;
    if (!has_file(song))
        return NULL;
    bool relative = in->folder && in->folder[0] == '/' && song->path[0] == '/';
    char *path = relative ? relative_to(in->folder, song->path) : mm_strdup(song->path);
    path = path && relative ? guard(path) : path;
    *failed = !path;
    for (char *p = path; p && *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = '?'; /* a playlist has no way to write such a name */
    return path;
}

char *mm_set_uri(const struct mm_set_write *in, const struct mm_set_song *song, bool *failed)
{
    *failed = false;
    if (!has_file(song))
        return NULL;
    if (is_url(song->path)) {
        char *url = mm_text_clean_utf8(song->path, strlen(song->path));
        *failed = !url;
        return url;
    }
    bool relative = in->folder && in->folder[0] == '/';
    char *path = relative ? relative_to(in->folder, song->path) : mm_strdup(song->path);
    struct mm_text text = {0};
    if (!relative)
        mm_text_add(&text, "file://");
    else if (path && strchr(path, ':') &&
             (!strchr(path, '/') || strchr(path, ':') < strchr(path, '/')))
        mm_text_add(&text, "./"); /* a colon in the first part would read as a scheme */
    for (const unsigned char *p = (const unsigned char *)path; p && *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~/", *p);
        if (plain)
            mm_text_add_bytes(&text, p, 1);
        else
            mm_text_addf(&text, "%%%02X", *p);
    }
    char *uri = path ? mm_text_steal(&text) : NULL;
    mm_text_finish(&text);
    free(path);
    *failed = !uri;
    return uri;
}

/* ---- the rest ---- */

void mm_set_time(const struct mm_set *set, double s, char out[32])
{
    *out = '\0';
    if (!set->has_start)
        return;
    time_t at = (time_t)(set->start + (int64_t)floor(s + 0.5));
    const char *format = set->start < 86400 ? "%H:%M:%S" : "%Y-%m-%dT%H:%M:%S";
    struct tm tm;
    if (gmtime_r(&at, &tm)) /* the start is local time already, counted as if it were UTC */
        strftime(out, 32, format, &tm);
}

int mm_stream_check(FILE *out, struct mm_error *err)
{
    if (fflush(out) != 0 || ferror(out))
        return mm_error_errno(err, errno ? errno : EIO, "cannot write the set");
    return 0;
}
