/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CUE sheets. musicmap's songs are whole files: a sheet gives one entry a FILE. Where a FILE holds
 * one TRACK its title and performer are the track's; one that holds several (an album in one file,
 * a DJ's mix) is one song with the sheet's title and performer.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"
#include "source/playlist.h"

struct sheet {
    struct mm_tags album; /* title and artist of the sheet, its genre */
    struct mm_tags track; /* of the track that is being read */
    size_t tracks;        /* in the current FILE */
    struct mm_playlist_entry *entry;
};

struct word {
    const char *at;
    size_t n;
};

/* A word, or what stands in quotes; there is no escape for a quote. */
static struct word next_word(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    const char *from = *at;
    if (from < end && *from == '"') {
        const char *close = memchr(from + 1, '"', (size_t)(end - from - 1));
        *at = close ? close + 1 : end;
        return (struct word){from + 1, (size_t)((close ? close : end) - from - 1)};
    }
    while (*at < end && **at != ' ' && **at != '\t')
        ++*at;
    return (struct word){from, (size_t)(*at - from)};
}

static bool is(struct word word, const char *name)
{
    return word.n == strlen(name) && strncasecmp(word.at, name, word.n) == 0;
}

static int copy(char **to, const char *from)
{
    free(*to);
    *to = mm_strdup(from);
    return *to || !from ? 0 : MM_ERR_NO_MEMORY;
}

/* The FILE's tracks are known: says what the entry is. */
static int end_file(struct sheet *s)
{
    if (!s->entry)
        return 0;
    struct mm_tags *tags = &s->entry->tags;
    bool one = s->tracks == 1;
    const char *artist = one && s->track.artist ? s->track.artist : s->album.artist;
    int result = copy(&tags->title, one ? s->track.title : s->album.title);
    if (result == 0)
        result = copy(&tags->artist, artist);
    if (result == 0 && one)
        result = copy(&tags->album, s->album.title);
    if (result == 0 && one)
        result = copy(&tags->isrc, s->track.isrc);
    for (size_t i = 0; i < s->album.n_genres && result == 0; i++)
        result = mm_tags_add_genre(tags, s->album.genres[i]);
    if (one)
        tags->track = s->track.track;
    mm_tags_finish(&s->track);
    s->tracks = 0;
    s->entry = NULL;
    return result;
}

static int begin_file(struct sheet *s, struct word name, struct mm_playlist *out,
                      struct mm_error *err)
{
    if (end_file(s) < 0)
        return mm_no_memory(err);
    s->entry = mm_playlist_add(out, err);
    if (!s->entry)
        return err->code;
    s->entry->location = mm_strndup(name.at, name.n);
    return s->entry->location ? 0 : mm_no_memory(err);
}

static int read_remark(struct sheet *s, const char *at, const char *end)
{
    struct word what = next_word(&at, end);
    struct word value = next_word(&at, end);
    if (is(what, "GENRE"))
        return mm_tags_split_genres(&s->album, value.at, value.n);
    return 0;
}

static int read_line(struct sheet *s, const char *at, const char *end, struct mm_playlist *out,
                     struct mm_error *err)
{
    struct word command = next_word(&at, end);
    struct word value = {at, 0};
    if (!is(command, "REM"))
        value = next_word(&at, end);
    struct mm_tags *tags = s->tracks ? &s->track : &s->album;
    int result = 0;
    if (is(command, "FILE"))
        return begin_file(s, value, out, err);
    if (is(command, "TRACK") && s->entry) {
        long number = strtol(value.at, NULL, 10);
        if (++s->tracks == 1)
            s->track.track = number > 0 && number < 10000 ? (int)number : 0;
    } else if (is(command, "TITLE")) {
        if (s->tracks <= 1)
            result = mm_playlist_text(&tags->title, value.at, value.n);
    } else if (is(command, "PERFORMER")) {
        if (s->tracks <= 1)
            result = mm_playlist_text(&tags->artist, value.at, value.n);
    } else if (is(command, "ISRC") && s->tracks == 1) {
        result = mm_playlist_text(&tags->isrc, value.at, value.n);
    } else if (is(command, "REM")) {
        result = read_remark(s, at, end);
    }
    return result < 0 ? mm_no_memory(err) : 0;
}

int mm_playlist_read_cue(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err)
{
    struct mm_error local = {0};
    struct sheet s = {0};
    int result = 0;
    const char *end = bytes + n;
    for (const char *at = bytes; at < end && result == 0;) {
        const char *line_end = at;
        while (line_end < end && *line_end != '\n' && *line_end != '\r')
            line_end++;
        result = read_line(&s, at, line_end, out, &local);
        at = line_end + 1;
    }
    if (result == 0 && end_file(&s) < 0)
        result = mm_no_memory(&local);
    mm_tags_finish(&s.album);
    mm_tags_finish(&s.track);
    if (result < 0 && err)
        *err = local;
    return result;
}
