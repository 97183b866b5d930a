/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * playlist.c - the table of playlist formats, and finding the files that entries name.
 *
 * A path is tried as it is written, then as other programs may have meant it: percent-encoded, with
 * backslashes, in the other Unicode form; at last, when it is absolute and not there (a list from
 * another computer), its ever shorter ends below the playlist's own folder.
 */
#include "source/playlist.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <utf8proc.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "source/inodes.h"

typedef int reader_fn(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err);

static const struct {
    const char *ending;
    reader_fn *read;
} formats[] = {
    {"m3u", mm_playlist_read_m3u},   {"m3u8", mm_playlist_read_m3u},  {"pls", mm_playlist_read_pls},
    {"xspf", mm_playlist_read_xspf}, {"jspf", mm_playlist_read_jspf}, {"cue", mm_playlist_read_cue},
    {"csv", mm_playlist_read_csv},   {"tsv", mm_playlist_read_csv},   {"txt", mm_playlist_read_csv},
    {"json", mm_playlist_read_jspf}, {"xml", mm_playlist_read_xspf},
};

/* ---- lists ---- */

void mm_playlist_finish(struct mm_playlist *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->entries[i].location);
        mm_tags_finish(&list->entries[i].tags);
        for (size_t k = 0; k < list->entries[i].n_facts; k++)
            free(list->entries[i].facts[k].value);
        free(list->entries[i].facts);
    }
    free(list->entries);
    *list = (struct mm_playlist){0};
}

struct mm_playlist_entry *mm_playlist_add(struct mm_playlist *list, struct mm_error *err)
{
    if (list->n == MM_PLAYLIST_MAX_ENTRIES) {
        mm_error_set(err, MM_ERR_LIMIT, "more than %zu entries", MM_PLAYLIST_MAX_ENTRIES);
        return NULL;
    }
    if (mm_array_reserve(&list->entries, &list->capacity, list->n + 1) < 0) {
        mm_no_memory(err);
        return NULL;
    }
    struct mm_playlist_entry *entry = &list->entries[list->n++];
    *entry = (struct mm_playlist_entry){0};
    return entry;
}

/* Latin-1 as UTF-8. */
static char *from_latin1(const char *text, size_t n)
{
    struct mm_text out = {0};
    for (size_t i = 0; i < n; i++) {
        utf8proc_uint8_t encoded[4];
        utf8proc_ssize_t used = utf8proc_encode_char((unsigned char)text[i], encoded);
        mm_text_add_bytes(&out, encoded, (size_t)used);
    }
    return mm_text_steal(&out);
}

int mm_playlist_text(char **member, const char *text, size_t n)
{
    free(*member);
    *member = NULL;
    char *converted = mm_text_is_utf8(text, n) ? NULL : from_latin1(text, n);
    char *clean =
        converted ? mm_text_clean_utf8(converted, strlen(converted)) : mm_text_clean_utf8(text, n);
    free(converted);
    if (!clean)
        return MM_ERR_NO_MEMORY;
    if (*clean)
        *member = clean;
    else
        free(clean);
    return 0;
}

/* ---- reading ---- */

/* UTF-16 with a byte order mark as UTF-8; unpaired surrogates become U+FFFD. */
static char *from_utf16(const unsigned char *bytes, size_t n, bool big, size_t *out_n)
{
    struct mm_text out = {0};
    for (size_t i = 0; i + 1 < n; i += 2) {
        utf8proc_int32_t code = bytes[i + !big] << 8 | bytes[i + big];
        if (code >= 0xd800 && code < 0xdc00 && i + 3 < n) {
            utf8proc_int32_t low = bytes[i + 2 + !big] << 8 | bytes[i + 2 + big];
            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        if (code >= 0xd800 && code < 0xe000)
            code = 0xfffd;
        utf8proc_uint8_t encoded[4];
        utf8proc_ssize_t used = utf8proc_encode_char(code, encoded);
        mm_text_add_bytes(&out, encoded, (size_t)used);
    }
    *out_n = out.length;
    return mm_text_steal(&out);
}

static reader_fn *reader_for(const char *name, const char *bytes, size_t n)
{
    const char *dot = strrchr(mm_path_name(name), '.');
    for (size_t i = 0; dot && i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(dot + 1, formats[i].ending) == 0)
            return formats[i].read;
    while (n && isspace((unsigned char)*bytes)) {
        bytes++;
        n--;
    }
    if (n && *bytes == '<')
        return mm_playlist_read_xspf;
    if (n && *bytes == '{')
        return mm_playlist_read_jspf;
    if (n >= 10 && strncasecmp(bytes, "[playlist]", 10) == 0)
        return mm_playlist_read_pls;
    return mm_playlist_read_m3u;
}

int mm_playlist_read(const char *name, const char *bytes, size_t n, struct mm_playlist *out,
                     struct mm_error *err)
{
    const unsigned char *b = (const unsigned char *)bytes;
    char *converted = NULL;
    if (n >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff))) {
        converted = from_utf16(b + 2, n - 2, b[0] == 0xfe, &n);
        if (!converted)
            return mm_no_memory(err);
        bytes = converted;
    } else if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        n -= 3;
    }
    int result = reader_for(name, bytes, n)(bytes, n, out, err);
    free(converted);
    return result;
}

/* ---- finding files ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 -> A, in place; false (and untouched) when there is nothing to decode or a NUL would come. */
static bool percent_decode(char *text)
{
    bool any = false;
    for (const char *p = text; *p; p++)
        if (*p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
            if (p[1] == '0' && p[2] == '0')
                return false;
            any = true;
        }
    if (!any)
        return false;
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
            *to = (char)(hex(from[1]) << 4 | hex(from[2]));
            from += 3;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return true;
}

struct search {
    const char *folder; /* of the playlist */
    char *found;        /* real path; NULL = not yet */
    struct stat st;
    bool no_memory;
};

/* path, below the playlist's folder when it is not absolute. True when there is such a thing. */
static bool try_path(struct search *s, const char *path)
{
    char *whole = *path == '/' ? mm_strdup(path) : mm_path_join(s->folder, path);
    if (!whole) {
        s->no_memory = true;
        return false;
    }
    if (stat(whole, &s->st) == 0 && !S_ISDIR(s->st.st_mode)) {
        s->found = realpath(whole, NULL);
        s->no_memory |= !s->found && errno == ENOMEM;
    }
    free(whole);
    return s->found != NULL;
}

/* The name as it is, then composed and decomposed, then as if it were Latin-1. */
static bool try_spellings(struct search *s, const char *path)
{
    if (try_path(s, path))
        return true;
    bool utf8 = mm_text_is_utf8(path, strlen(path));
    const utf8proc_option_t forms[] = {UTF8PROC_COMPOSE, UTF8PROC_DECOMPOSE};
    for (size_t i = 0; utf8 && i < 2; i++) {
        utf8proc_uint8_t *other = NULL;
        if (utf8proc_map((const utf8proc_uint8_t *)path, 0, &other,
                         UTF8PROC_NULLTERM | UTF8PROC_STABLE | forms[i]) < 0)
            continue;
        bool found = strcmp((char *)other, path) != 0 && try_path(s, (char *)other);
        free(other);
        if (found)
            return true;
    }
    char *latin = utf8 ? NULL : from_latin1(path, strlen(path));
    bool found = latin && try_path(s, latin);
    free(latin);
    return found;
}

/* "C:/Music/A/x.mp3" may be "A/x.mp3" or "x.mp3" beside the list. */
static bool try_ends(struct search *s, const char *path)
{
    const char *at = path;
    if (isalpha((unsigned char)at[0]) && at[1] == ':')
        at += 2;
    else if (*at != '/')
        return false;
    while ((at = strchr(at, '/'))) {
        while (*at == '/')
            at++;
        if (*at && try_spellings(s, at))
            return true;
    }
    return false;
}

static bool try_all(struct search *s, char *path)
{
    if (try_spellings(s, path))
        return true;
    bool slashes = false;
    for (char *p = path; *p; p++)
        if (*p == '\\') {
            *p = '/';
            slashes = true;
        }
    return (slashes && try_spellings(s, path)) || try_ends(s, path);
}

/* True for "http://...": what names no file of this computer. */
static bool is_remote(const char *location)
{
    const char *colon = strstr(location, "://");
    if (!colon || strncasecmp(location, "file:", 5) == 0)
        return false;
    for (const char *p = location; p < colon; p++)
        if (!isalnum((unsigned char)*p))
            return false;
    return colon - location > 1;
}

static void find_file(struct search *s, const char *location)
{
    if (!location || !*location || is_remote(location))
        return;
    bool uri = strncasecmp(location, "file:", 5) == 0;
    const char *path = location;
    if (uri) {
        path += 5;
        if (strncmp(path, "//", 2) == 0) {
            path += 2;
            path += strcspn(path, "/"); /* the host: empty or localhost */
        }
        /* file:///C:/Music */
        if (path[0] == '/' && isalpha((unsigned char)path[1]) && path[2] == ':')
            path++;
    }
    char *copy = mm_strdup(path);
    char *decoded = mm_strdup(path);
    if (!copy || !decoded)
        s->no_memory = true;
    else if (!(uri && percent_decode(decoded) && try_all(s, decoded)) && !try_all(s, copy) &&
             !uri && percent_decode(decoded))
        try_all(s, decoded);
    free(decoded);
    free(copy);
}

/* ---- telling ---- */

struct list {
    const struct mm_source_events *events;
    const char *folder;
    struct inode_set seen;
};

static int emit_file(struct list *list, const struct mm_playlist_entry *entry, struct search *s,
                     struct mm_error *err)
{
    bool added;
    struct inode inode = {s->st.st_dev, s->st.st_ino};
    if (inode_set_add(&list->seen, inode, &added) < 0)
        return mm_no_memory(err);
    if (!added)
        return 0; /* twice in the list is once in the library */
    enum mm_skip skip = MM_SKIP_KINDS;
    if (!S_ISREG(s->st.st_mode))
        skip = MM_SKIP_SPECIAL;
    else if (s->st.st_size == 0)
        skip = MM_SKIP_EMPTY;
    if (skip != MM_SKIP_KINDS) {
        if (list->events->skipped)
            list->events->skipped(list->events->ctx, skip, s->found, NULL);
        return 0;
    }
    const struct mm_source_item item = {
        .source = "folder",
        .key = s->found,
        .size = (uint64_t)s->st.st_size,
        .mtime_ns = s->st.st_mtim.tv_sec * INT64_C(1000000000) + s->st.st_mtim.tv_nsec,
        .duration_s = entry->duration_s,
        .tags = &entry->tags,
        .facts = entry->facts,
        .n_facts = entry->n_facts,
    };
    return list->events->item(list->events->ctx, &item, err);
}

static int emit(struct list *list, struct mm_playlist_entry *entry, struct mm_error *err)
{
    struct search search = {.folder = list->folder};
    find_file(&search, entry->location);
    if (search.no_memory) {
        free(search.found);
        return mm_no_memory(err);
    }
    int result = 0;
    if (search.found) {
        if (mm_tags_from_path(search.found, NULL, &entry->tags) < 0)
            result = mm_no_memory(err);
        else
            result = emit_file(list, entry, &search, err);
    } else if ((entry->location || entry->tags.title) && list->events->absent) {
        const struct mm_source_absent absent = {entry->location, entry->duration_s, &entry->tags};
        result = list->events->absent(list->events->ctx, &absent, err);
    }
    free(search.found);
    return result;
}

/* The folder of the real file; heap. */
static char *folder_of(const char *file, struct mm_error *err)
{
    char *real = realpath(file, NULL);
    if (!real) {
        mm_error_errno(err, errno, "%s", file);
        return NULL;
    }
    char *slash = strrchr(real, '/');
    slash[slash == real] = '\0';
    return real;
}

int mm_playlist_tell(struct mm_playlist *playlist, const char *file,
                     const struct mm_source_events *events, const struct mm_progress *progress,
                     struct mm_error *err)
{
    struct list list = {.events = events};
    char *folder = folder_of(file, err);
    int result = folder ? 0 : err ? (int)err->code : MM_ERR_NOT_FOUND;
    list.folder = folder;
    for (size_t i = 0; i < playlist->n && result == 0; i++) {
        if (mm_progress_cancelled(progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped while reading %s", file);
        else
            result = emit(&list, &playlist->entries[i], err);
        mm_progress_update(progress, "looking for songs", i + 1, playlist->n);
    }
    inode_set_finish(&list.seen);
    free(folder);
    return result;
}

int mm_source_playlist(const char *file, const struct mm_source_events *events,
                       const struct mm_progress *progress, struct mm_error *err)
{
    struct mm_error local = {0};
    struct mm_playlist playlist = {0};
    char *bytes = NULL;
    size_t n = 0;
    int result = mm_file_read(file, MM_PLAYLIST_MAX_BYTES, &bytes, &n, &local);
    if (result == 0 && (result = mm_playlist_read(file, bytes, n, &playlist, &local)) < 0)
        mm_error_prefix(&local, "%s", file);
    if (result == 0)
        result = mm_playlist_tell(&playlist, file, events, progress, &local);
    free(bytes);
    mm_playlist_finish(&playlist);
    if (result < 0 && err)
        *err = local;
    return result;
}
