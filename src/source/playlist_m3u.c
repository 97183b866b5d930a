/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * M3U, M3U8 and PLS: lines.
 *
 * #EXTINF:SECONDS,Artist - Title stands above its path; #EXTART and #EXTALB may, too. Anything else
 * that begins with # is a comment. In PLS FileN, TitleN and LengthN carry their number in the key.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "source/playlist.h"

struct line {
    const char *at;
    size_t n;
};

/* The next line that has more than white space; false at the end. */
static bool next_line(const char **at, const char *end, struct line *out)
{
    while (*at < end) {
        const char *from = *at;
        const char *to = from;
        while (to < end && *to != '\n' && *to != '\r' && *to != '\0')
            to++;
        *at = to < end ? to + 1 : to;
        while (from < to && (*from == ' ' || *from == '\t'))
            from++;
        while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
            to--;
        if (to > from) {
            *out = (struct line){from, (size_t)(to - from)};
            return true;
        }
    }
    return false;
}

/* What stands behind the prefix; NULL when the line does not begin with it. */
static const char *behind(struct line line, const char *prefix)
{
    size_t n = strlen(prefix);
    return line.n >= n && strncasecmp(line.at, prefix, n) == 0 ? line.at + n : NULL;
}

static double seconds(const char *text)
{
    double value = strtod(text, NULL);
    return isfinite(value) && value > 0 && value < 1e6 ? value : 0;
}

/* "Artist - Title", or a title alone. */
static int set_names(struct mm_tags *tags, const char *text, size_t n)
{
    const char *dash = memmem(text, n, " - ", 3);
    if (!dash)
        return mm_playlist_text(&tags->title, text, n);
    int result = mm_playlist_text(&tags->artist, text, (size_t)(dash - text));
    if (result == 0)
        result = mm_playlist_text(&tags->title, dash + 3, n - (size_t)(dash + 3 - text));
    return result;
}

/* #EXTINF:213 logo="x",Artist - Title */
static int read_info(struct line line, const char *rest, struct mm_playlist_entry *about)
{
    const char *end = line.at + line.n;
    const char *comma = memchr(rest, ',', (size_t)(end - rest));
    about->duration_s = seconds(rest);
    return comma ? set_names(&about->tags, comma + 1, (size_t)(end - comma - 1)) : 0;
}

static int read_comment(struct line line, struct mm_playlist_entry *about)
{
    const char *rest;
    const char *end = line.at + line.n;
    if ((rest = behind(line, "#EXTINF:")))
        return read_info(line, rest, about);
    if ((rest = behind(line, "#EXTART:")))
        return mm_playlist_text(&about->tags.artist, rest, (size_t)(end - rest));
    if ((rest = behind(line, "#EXTALB:")))
        return mm_playlist_text(&about->tags.album, rest, (size_t)(end - rest));
    return 0;
}

int mm_playlist_read_m3u(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err)
{
    struct mm_playlist_entry about = {0}; /* what the comments say of the next path */
    bool informed = false;                /* #EXTINF has: another one is another path's */
    const char *at = bytes;
    struct line line;
    int result = 0;
    while (result == 0 && next_line(&at, bytes + n, &line)) {
        if (*line.at == '#') {
            bool info = behind(line, "#EXTINF:");
            if (info && informed) { /* its path is gone, or begins with # */
                mm_tags_finish(&about.tags);
                about = (struct mm_playlist_entry){0};
            }
            informed |= info;
            if (read_comment(line, &about) < 0)
                result = mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
            continue;
        }
        struct mm_playlist_entry *entry = mm_playlist_add(out, err);
        if (!entry) {
            result = err ? (int)err->code : MM_ERR_LIMIT;
            break;
        }
        *entry = about;
        about = (struct mm_playlist_entry){0};
        informed = false;
        entry->location = mm_strndup(line.at, line.n);
        if (!entry->location)
            result = mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    }
    mm_tags_finish(&about.tags);
    return result;
}

/* ---- PLS ---- */

/* The entry with this number, added with those before it; NULL for numbers that cannot be. */
static struct mm_playlist_entry *numbered(struct mm_playlist *list, unsigned long number,
                                          struct mm_error *err)
{
    /* Numbers rise by one; one that jumps far ahead is damage and would fill the memory. */
    if (number < 1 || number > list->n + 1000)
        return NULL;
    while (list->n < number)
        if (!mm_playlist_add(list, err))
            return NULL;
    return &list->entries[number - 1];
}

static int read_pair(struct line line, struct mm_playlist *list, struct mm_error *err)
{
    static const char *const keys[] = {"File", "Title", "Length"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *rest = behind(line, keys[k]);
        if (!rest || *rest < '0' || *rest > '9')
            continue;
        char *equals;
        unsigned long number = strtoul(rest, &equals, 10);
        const char *end = line.at + line.n;
        if (equals >= end || *equals != '=')
            return 0;
        struct mm_playlist_entry *entry = numbered(list, number, err);
        if (!entry)
            return err && err->code < 0 ? (int)err->code : 0;
        const char *value = equals + 1;
        size_t n = (size_t)(end - value);
        int result = 0;
        if (k == 0) {
            free(entry->location);
            entry->location = mm_strndup(value, n);
            result = entry->location ? 0 : MM_ERR_NO_MEMORY;
        } else if (k == 1) {
            result = set_names(&entry->tags, value, n);
        } else {
            entry->duration_s = seconds(value);
        }
        return result < 0 ? mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory") : 0;
    }
    return 0;
}

int mm_playlist_read_pls(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err)
{
    struct mm_error local = {0};
    const char *at = bytes;
    struct line line;
    int result = 0;
    while (result == 0 && next_line(&at, bytes + n, &line))
        result = read_pair(line, out, &local);
    if (result < 0 && err)
        *err = local;
    return result;
}
