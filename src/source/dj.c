/* SPDX-License-Identifier: BSD-2-Clause */
/* dj.c - the libraries of DJ programs as sources: Mixxx, Rekordbox, Traktor. */
#include "source/dj.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#define MOST_BYTES ((size_t)512 << 20) /* of an XML export: 300,000 songs */

int mm_dj_add_fact(struct mm_playlist_entry *entry, const char *name, const char *value)
{
    if (!value || !*value)
        return 0;
    struct mm_source_fact *grown =
        realloc(entry->facts, (entry->n_facts + 1) * sizeof *entry->facts);
    if (!grown)
        return MM_ERR_NO_MEMORY;
    entry->facts = grown;
    char *copy = mm_strdup(value);
    if (!copy)
        return MM_ERR_NO_MEMORY;
    entry->facts[entry->n_facts++] = (struct mm_source_fact){name, copy};
    return 0;
}

int mm_dj_add_number(struct mm_playlist_entry *entry, const char *name, double value, int digits)
{
    char text[64];
    if (!isfinite(value) || value <= 0 || value > 1e12)
        return 0;
    snprintf(text, sizeof text, "%.*f", digits, value);
    char *dot = strchr(text, '.');
    for (size_t n = strlen(text); dot && n && (text[n - 1] == '0' || text[n - 1] == '.'); n--) {
        bool end = text[n - 1] == '.';
        text[n - 1] = '\0';
        if (end)
            break;
    }
    return mm_dj_add_fact(entry, name, text);
}

/* ---- keys ---- */

/* Camelot 1..12, A minor, B major; Open Key m and d, seven steps on. */
static const char *by_wheel(long number, bool minor, bool open)
{
    if (open)
        number = (number + 6) % 12 + 1;
    int major = (int)((number + 4) * 7 % 12); /* a step is a fifth; 8B is C */
    return minor ? mm_key_name((major + 9) % 12, MM_MODE_MINOR) : mm_key_name(major, MM_MODE_MAJOR);
}

const char *mm_dj_key(const char *text)
{
    static const int letters[] = {9, 11, 0, 2, 4, 5, 7}; /* A .. G */
    while (isspace((unsigned char)*text))
        text++;
    if (isdigit((unsigned char)*text)) {
        char *end;
        long number = strtol(text, &end, 10);
        int kind = tolower((unsigned char)*end);
        bool known = kind && strchr("abmd", kind) && !end[1];
        return known && number >= 1 && number <= 12
                   ? by_wheel(number, kind == 'a' || kind == 'm', kind == 'm' || kind == 'd')
                   : NULL;
    }
    int letter = toupper((unsigned char)*text);
    if (letter < 'A' || letter > 'G')
        return NULL;
    int key = letters[letter - 'A'];
    text++;
    if (*text == '#' || strncmp(text, "\u266f", 3) == 0) {
        key++;
        text += *text == '#' ? 1 : 3;
    } else if (*text == 'b' || strncmp(text, "\u266d", 3) == 0) {
        key += 11;
        text += *text == 'b' ? 1 : 3;
    }
    while (isspace((unsigned char)*text))
        text++;
    bool minor = *text == 'm' && strncasecmp(text, "maj", 3) != 0;
    bool rest = !*text || strcmp(text, "m") == 0 || strncasecmp(text, "min", 3) == 0 ||
                strncasecmp(text, "maj", 3) == 0;
    return rest ? mm_key_name(key % 12, minor ? MM_MODE_MINOR : MM_MODE_MAJOR) : NULL;
}

/* ---- walking ---- */

static int walk_xml(const char *file,
                    int (*read)(const char *, size_t, struct mm_playlist *, struct mm_error *),
                    const struct mm_source_events *events, const struct mm_progress *progress,
                    struct mm_error *err)
{
    struct mm_playlist list = {0};
    char *bytes = NULL;
    size_t n = 0;
    int result = mm_file_read(file, MOST_BYTES, &bytes, &n, err);
    if (result == 0 && (result = read(bytes, n, &list, err)) < 0)
        mm_error_prefix(err, "%s", file);
    free(bytes);
    if (result == 0)
        result = mm_playlist_tell(&list, file, events, progress, err);
    mm_playlist_finish(&list);
    return result;
}

int mm_source_rekordbox(const char *file, const struct mm_source_events *events,
                        const struct mm_progress *progress, struct mm_error *err)
{
    return walk_xml(file, mm_dj_read_rekordbox, events, progress, err);
}

int mm_source_traktor(const char *file, const struct mm_source_events *events,
                      const struct mm_progress *progress, struct mm_error *err)
{
    return walk_xml(file, mm_dj_read_traktor, events, progress, err);
}

/* Where Mixxx keeps it when nothing else was said. */
static char *usual_place(struct mm_error *err)
{
    const char *home = getenv("HOME");
    static const char *const places[] = {".mixxx/mixxxdb.sqlite",
                                         ".var/app/org.mixxx.Mixxx/.mixxx/mixxxdb.sqlite"};
    for (size_t i = 0; home && i < 2; i++) {
        char *path = mm_path_join(home, places[i]);
        if (!path || access(path, F_OK) == 0)
            return path;
        free(path);
    }
    mm_error_set(err, MM_ERR_NOT_FOUND,
                 "there is no Mixxx library in its usual place (~/.mixxx): name the file");
    return NULL;
}

int mm_source_mixxx(const char *file, const struct mm_source_events *events,
                    const struct mm_progress *progress, struct mm_error *err)
{
    struct mm_playlist list = {0};
    char *place = file && *file ? mm_strdup(file) : usual_place(err);
    if (!place)
        return file && *file ? mm_no_memory(err) : MM_ERR_NOT_FOUND;
    int result = mm_dj_read_mixxx(place, &list, err);
    if (result == 0)
        result = mm_playlist_tell(&list, place, events, progress, err);
    mm_playlist_finish(&list);
    free(place);
    return result;
}
