/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/song_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#define LIMIT ((size_t)256 << 20)

/* ---- the list ---- */

static int add_name(struct mm_song_list *list, size_t *capacity, char *name, size_t line,
                    struct mm_error *err)
{
    size_t lines = *capacity;
    if (mm_array_reserve(&list->names, capacity, list->n + 1) < 0 ||
        mm_array_reserve(&list->line, &lines, list->n + 1) < 0)
        return mm_no_memory(err);
    list->names[list->n] = name;
    list->line[list->n++] = line;
    return 0;
}

static int split_lines(struct mm_song_list *list, struct mm_error *err)
{
    size_t capacity = 0;
    size_t line = 0;
    int result = 0;
    for (char *at = list->text; *at && result == 0;) {
        char *end = at + strcspn(at, "\n");
        char *next = *end ? end + 1 : end;
        if (end > at && end[-1] == '\r')
            end--;
        *end = '\0';
        result = add_name(list, &capacity, at, ++line, err);
        at = next;
    }
    return result;
}

/* Takes the field at *at apart, in place: quotes go, the field ends with a NUL. *at gets what
 * follows; false at the row's last field. */
static bool next_field(char **at, char **field, size_t *line)
{
    char *from = *at;
    char *to = *at;
    *field = to;
    if (*from == '"') {
        for (from++; *from && !(*from == '"' && from[1] != '"'); from++) {
            *line += *from == '\n';
            from += *from == '"'; /* of two, the second stays */
            *to++ = *from;
        }
        from += *from == '"';
    }
    while (*from && *from != ',' && *from != '\n')
        *to++ = *from++;
    bool more = *from == ',';
    *line += *from == '\n';
    *at = from + (*from != '\0');
    if (!more && to > *field && to[-1] == '\r')
        to--;
    *to = '\0';
    return more;
}

static bool is_heading(const char *field)
{
    static const char *const headings[] = {"path", "file", "filename", "song", "id"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (strcasecmp(field, headings[i]) == 0)
            return true;
    return false;
}

static int split_table(struct mm_song_list *list, struct mm_error *err)
{
    size_t capacity = 0;
    size_t wanted = 0;
    size_t line = 1;
    bool first = true;
    for (char *at = list->text; *at;) {
        char *name = NULL;
        char *field;
        bool heading = false;
        bool more = true;
        size_t begin = line;
        for (size_t column = 0; more; column++) {
            more = next_field(&at, &field, &line);
            if (first && !heading && is_heading(field)) {
                heading = true;
                wanted = column;
            }
            if (column == wanted)
                name = field;
        }
        first = false;
        int result = heading ? 0 : add_name(list, &capacity, name ? name : field, begin, err);
        if (result < 0)
            return result;
    }
    return 0;
}

int mm_song_list_read(const char *path, struct mm_song_list *out, struct mm_error *err)
{
    *out = (struct mm_song_list){0};
    size_t size;
    int result = mm_file_read(path, LIMIT, &out->text, &size, err);
    if (result < 0)
        return result;
    size_t length = strlen(path);
    bool table = length > 4 && strcasecmp(path + length - 4, ".csv") == 0;
    if (memchr(out->text, '\0', size))
        result = mm_error_set(err, MM_ERR_INPUT, "%s is no text: it holds a zero byte", path);
    else if (memcmp(out->text, "\xEF\xBB\xBF", size < 3 ? size : 3) == 0 && size >= 3)
        memmove(out->text, out->text + 3, size - 2); /* a byte order mark; the NUL comes along */
    if (result == 0)
        result = table ? split_table(out, err) : split_lines(out, err);
    if (result < 0)
        mm_song_list_finish(out);
    return result;
}

void mm_song_list_finish(struct mm_song_list *list)
{
    free(list->names);
    free(list->line);
    free(list->text);
    *list = (struct mm_song_list){0};
}

/* ---- finding ---- */

struct entry {
    int64_t id;
    char *key;
    const char *name; /* the last part of key */
};

struct mm_song_finder {
    char *folder;          /* real path, or NULL */
    struct entry *entries; /* [n] by name, then key */
    size_t n, capacity;
};

static int add_entry(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct mm_song_finder *finder = ctx;
    char *key = mm_strdup(song->key);
    if (!key || mm_array_reserve(&finder->entries, &finder->capacity, finder->n + 1) < 0) {
        free(key);
        return mm_no_memory(err);
    }
    finder->entries[finder->n++] = (struct entry){song->id, key, mm_path_name(key)};
    return 0;
}

static int compare_entries(const void *one, const void *two)
{
    const struct entry *a = one;
    const struct entry *b = two;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->key, b->key);
}

int mm_song_finder_create(struct mm_catalog *catalog, const char *folder,
                          struct mm_song_finder **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_song_finder *finder = calloc(1, sizeof *finder);
    if (!finder)
        return mm_no_memory(err);
    finder->folder = folder ? realpath(folder, NULL) : NULL;
    int result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, add_entry, finder, err);
    if (result < 0) {
        mm_song_finder_destroy(finder);
        return result;
    }
    if (finder->n)
        qsort(finder->entries, finder->n, sizeof *finder->entries, compare_entries);
    *out = finder;
    return 0;
}

void mm_song_finder_destroy(struct mm_song_finder *finder)
{
    if (!finder)
        return;
    for (size_t i = 0; i < finder->n; i++)
        free(finder->entries[i].key);
    free(finder->entries);
    free(finder->folder);
    free(finder);
}

static int64_t find_number(const struct mm_song_finder *finder, const char *digits)
{
    char *end;
    errno = 0;
    long long id = strtoll(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || errno || id < 1)
        return 0;
    for (size_t i = 0; i < finder->n; i++)
        if (finder->entries[i].id == id)
            return id;
    return 0;
}

/* Does the path end with all of name, from the start of a part on? */
static bool ends_with(const char *key, const char *name)
{
    size_t length = strlen(key);
    size_t n = strlen(name);
    return length >= n && strcmp(key + length - n, name) == 0 &&
           (length == n || key[length - n - 1] == '/');
}

/* The first entry that is not before this last part of a path. */
static size_t lower_bound(const struct mm_song_finder *finder, const char *name)
{
    size_t low = 0;
    size_t high = finder->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(finder->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Songs whose path ends with name; *id gets the last one, or the one that is below the folder. */
static size_t count_endings(const struct mm_song_finder *finder, const char *name, int64_t *id)
{
    const char *last = mm_path_name(name);
    size_t count = 0;
    for (size_t i = lower_bound(finder, last);
         i < finder->n && strcmp(finder->entries[i].name, last) == 0; i++) {
        const struct entry *entry = &finder->entries[i];
        if (!ends_with(entry->key, name))
            continue;
        *id = entry->id;
        size_t above = finder->folder ? strlen(finder->folder) : 0;
        if (above && strncmp(entry->key, finder->folder, above) == 0 && entry->key[above] == '/' &&
            strcmp(entry->key + above + 1, name) == 0)
            return 1;
        count++;
    }
    return count;
}

int64_t mm_song_finder_find(const struct mm_song_finder *finder, const char *name, const char **why)
{
    int64_t id = 0;
    *why = "no such song in the library";
    while (strncmp(name, "./", 2) == 0)
        name += 2;
    if (!*name) {
        *why = "no name";
        return 0;
    }
    if (*name == '#' && (id = find_number(finder, name + 1)))
        return id;
    size_t count = count_endings(finder, name, &id);
    if (count > 1)
        *why = "several songs are called so; give more of the path";
    return count == 1 ? id : 0;
}
