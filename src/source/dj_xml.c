/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exports of Rekordbox (XML, "DJ_PLAYLISTS") and Traktor (NML), with libxml2's pull reader: no
 * entities are expanded, nothing is loaded from elsewhere. Both list the songs first and the
 * playlists behind them; the playlists a song is in become its crates.
 */
#include <libxml/xmlreader.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "source/dj.h"

struct reader {
    xmlTextReaderPtr xml;
    struct mm_playlist *list;
    bool any;            /* the root element was the right one */
    size_t song;         /* 1 + the open one; 0 = none */
    struct mm_text cues; /* of it */
    char *crate;         /* the open playlist's name */
    bool by_location;    /* it calls songs by their locations, not by their names */
    bool in_lists;
    char **names; /* [list->n] what playlists call a song */
    size_t names_capacity, n_names;
    struct mm_text *crates; /* [n_names] */
    size_t crates_capacity;
};

static void silent(void *ctx, const char *message, ...)
{
    (void)ctx;
    (void)message;
}

static char *attribute(struct reader *r, const char *name)
{
    return (char *)xmlTextReaderGetAttribute(r->xml, (const xmlChar *)name);
}

static double number(struct reader *r, const char *name)
{
    char *text = attribute(r, name);
    double value = text ? strtod(text, NULL) : 0;
    xmlFree(text);
    return isfinite(value) ? value : 0;
}

static int take_text(struct reader *r, const char *name, char **member)
{
    char *text = attribute(r, name);
    int result = text ? mm_playlist_text(member, text, strlen(text)) : 0;
    xmlFree(text);
    return result;
}

static int take_genre(struct reader *r, const char *name, struct mm_tags *tags)
{
    char *text = attribute(r, name);
    int result = text && *text ? mm_tags_split_genres(tags, text, strnlen(text, 1024)) : 0;
    xmlFree(text);
    return result;
}

static int take_key(struct reader *r, const char *name, struct mm_playlist_entry *entry)
{
    char *text = attribute(r, name);
    int result = text ? mm_dj_add_fact(entry, "key", mm_dj_key(text)) : 0;
    xmlFree(text);
    return result;
}

static struct mm_playlist_entry *open_song(struct reader *r)
{
    return r->song ? &r->list->entries[r->song - 1] : NULL;
}

/* Begins a song; takes the name by which playlists call it. */
static int begin_song(struct reader *r, char *called, struct mm_error *err)
{
    char *name = called ? mm_strdup(called) : mm_strdup("");
    xmlFree(called);
    struct mm_playlist_entry *entry = name ? mm_playlist_add(r->list, err) : NULL;
    if (!entry || mm_array_reserve(&r->names, &r->names_capacity, r->list->n) < 0 ||
        mm_array_reserve(&r->crates, &r->crates_capacity, r->list->n) < 0 || !r->names ||
        !r->crates) {
        free(name);
        return entry || !name ? mm_no_memory(err) : MM_ERR_LIMIT;
    }
    r->names[r->n_names] = name;
    r->crates[r->n_names++] = (struct mm_text){0};
    r->song = r->list->n;
    r->cues.length = 0;
    return 0;
}

static void add_cue(struct reader *r, double seconds)
{
    if (seconds >= 0 && seconds < 1e6 && r->cues.length < 1024)
        mm_text_addf(&r->cues, "%s%.3f", r->cues.length ? " " : "", seconds);
}

static int end_song(struct reader *r)
{
    struct mm_playlist_entry *entry = open_song(r);
    r->song = 0;
    return entry && r->cues.length ? mm_dj_add_fact(entry, "cues", r->cues.data) : 0;
}

/* ---- Rekordbox ---- */

static int rekordbox_song(struct reader *r, struct mm_error *err)
{
    int result = begin_song(r, attribute(r, "TrackID"), err);
    if (result < 0)
        return result;
    struct mm_playlist_entry *e = open_song(r);
    result |= take_text(r, "Name", &e->tags.title);
    result |= take_text(r, "Artist", &e->tags.artist);
    result |= take_text(r, "Album", &e->tags.album);
    result |= take_text(r, "Location", &e->location);
    result |= take_genre(r, "Genre", &e->tags);
    double length = number(r, "TotalTime");
    double year = number(r, "Year");
    e->duration_s = length > 0 && length < 1e6 ? length : 0;
    e->tags.year = year >= 1000 && year <= 9999 ? (int)year : 0;
    result |= mm_dj_add_number(e, "bpm", number(r, "AverageBpm"), 2);
    result |= take_key(r, "Tonality", e);
    result |= mm_dj_add_number(e, "rating", fmin(5, round(number(r, "Rating") / 51)), 0);
    result |= mm_dj_add_number(e, "plays", number(r, "PlayCount"), 0);
    return result ? mm_no_memory(err) : 0;
}

/* ---- playlists of both ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct named {
    const char *name;
    size_t song;
};

static int begin_crate(struct reader *r, struct mm_error *err)
{
    char *name = attribute(r, r->in_lists ? "Name" : "NAME");
    free(r->crate);
    r->crate = NULL;
    r->by_location = number(r, "KeyType") == 1; /* Rekordbox's */
    int result = name ? mm_playlist_text(&r->crate, name, strlen(name)) : 0;
    xmlFree(name);
    return result < 0 ? mm_no_memory(err) : 0;
}

/* Songs are called by name, in no order: noted by the song's number when the end is reached. */
struct call {
    char *name, *crate;
    bool by_location;
};
struct calls {
    struct call *list;
    size_t n, capacity;
};

static int note_call(struct calls *calls, struct reader *r, const char *attribute_name,
                     struct mm_error *err)
{
    char *name = attribute(r, attribute_name);
    if (!name || !r->crate || calls->n >= 4 * MM_PLAYLIST_MAX_ENTRIES) {
        xmlFree(name);
        return 0;
    }
    if (mm_array_reserve(&calls->list, &calls->capacity, calls->n + 1) < 0) {
        xmlFree(name);
        return mm_no_memory(err);
    }
    calls->list[calls->n++] = (struct call){mm_strdup(name), mm_strdup(r->crate), r->by_location};
    xmlFree(name);
    return calls->list[calls->n - 1].name && calls->list[calls->n - 1].crate ? 0
                                                                             : mm_no_memory(err);
}

/* Twice in a playlist is once in the crate. */
static void add_crate(struct mm_text *text, const char *crate)
{
    size_t n = strlen(crate);
    bool there = text->length >= n && strcmp(text->data + text->length - n, crate) == 0 &&
                 (text->length == n || text->data[text->length - n - 1] == '\n');
    if (!there && text->length < 65536)
        mm_text_addf(text, "%s%s", text->length ? "\n" : "", crate);
}

/* The calls by name, or those by location. */
static void answer_calls(struct reader *r, const struct calls *calls, bool by_location,
                         struct named *sorted)
{
    for (size_t i = 0; i < r->n_names; i++) {
        const char *location = r->list->entries[i].location;
        sorted[i] = (struct named){by_location ? location ? location : "" : r->names[i], i};
    }
    if (r->n_names)
        qsort(sorted, r->n_names, sizeof *sorted, compare);
    for (size_t i = 0; i < calls->n && r->n_names; i++) {
        const struct named wanted = {calls->list[i].name, 0};
        const struct named *found =
            calls->list[i].by_location == by_location
                ? bsearch(&wanted, sorted, r->n_names, sizeof wanted, compare)
                : NULL;
        if (found)
            add_crate(&r->crates[found->song], calls->list[i].crate);
    }
}

static int add_crates(struct reader *r, const struct calls *calls, struct mm_error *err)
{
    struct named *sorted = mm_calloc3(r->n_names, 1, sizeof *sorted);
    if (!sorted)
        return mm_no_memory(err);
    answer_calls(r, calls, false, sorted);
    answer_calls(r, calls, true, sorted);
    int result = 0;
    for (size_t i = 0; i < r->n_names && result == 0; i++)
        if (r->crates[i].failed ||
            mm_dj_add_fact(&r->list->entries[i], "crates", r->crates[i].data) < 0)
            result = mm_no_memory(err);
    free(sorted);
    return result;
}

static int rekordbox_node(struct reader *r, struct calls *calls, int type, const char *name,
                          struct mm_error *err)
{
    bool begins = type == XML_READER_TYPE_ELEMENT;
    bool empty = begins && xmlTextReaderIsEmptyElement(r->xml);
    int result = 0;
    if (begins && strcmp(name, "DJ_PLAYLISTS") == 0)
        r->any = true;
    else if (begins && strcmp(name, "PLAYLISTS") == 0)
        r->in_lists = true;
    else if (begins && strcmp(name, "NODE") == 0 && r->in_lists)
        result = begin_crate(r, err);
    else if (begins && strcmp(name, "TRACK") == 0 && r->in_lists)
        result = note_call(calls, r, "Key", err);
    else if (begins && strcmp(name, "TRACK") == 0)
        result = rekordbox_song(r, err);
    else if (begins && strcmp(name, "POSITION_MARK") == 0 && r->song)
        add_cue(r, number(r, "Start"));
    if (result == 0 && (empty || type == XML_READER_TYPE_END_ELEMENT) &&
        strcmp(name, "TRACK") == 0 && r->song && end_song(r) < 0)
        result = mm_no_memory(err);
    return result;
}

/* ---- Traktor ---- */

enum { GRID = 4 }; /* the cue that the beat grid hangs on: every analysed song has one */

/* "/:Users/:ada/:a.mp3" of folder and name; ":" of the volume's name stays in calls. */
static char *traktor_path(const char *dir, const char *file)
{
    struct mm_text path = {0};
    for (const char *p = dir; *p; p++)
        if (strncmp(p, "/:", 2) == 0) {
            mm_text_add(&path, "/");
            p++;
        } else {
            mm_text_add_bytes(&path, p, 1);
        }
    mm_text_add(&path, file);
    return mm_text_steal(&path);
}

static int traktor_location(struct reader *r, struct mm_error *err)
{
    struct mm_playlist_entry *e = open_song(r);
    char *dir = attribute(r, "DIR");
    char *file = attribute(r, "FILE");
    char *volume = attribute(r, "VOLUME");
    int result = 0;
    if (dir && file && !e->location) {
        e->location = traktor_path(dir, file);
        char *called = mm_format("%s%s%s", volume ? volume : "", dir, file);
        if (e->location && called) {
            free(r->names[r->song - 1]);
            r->names[r->song - 1] = called;
        } else {
            free(called);
            result = mm_no_memory(err);
        }
    }
    xmlFree(dir);
    xmlFree(file);
    xmlFree(volume);
    return result;
}

static int traktor_part(struct reader *r, const char *name, struct mm_error *err)
{
    struct mm_playlist_entry *e = open_song(r);
    int result = 0;
    if (strcmp(name, "LOCATION") == 0)
        return traktor_location(r, err);
    if (strcmp(name, "ALBUM") == 0) {
        result = take_text(r, "TITLE", &e->tags.album);
    } else if (strcmp(name, "INFO") == 0) {
        double length = number(r, "PLAYTIME_FLOAT");
        length = length > 0 ? length : number(r, "PLAYTIME");
        e->duration_s = length > 0 && length < 1e6 ? length : 0;
        result |= take_genre(r, "GENRE", &e->tags);
        result |= mm_dj_add_number(e, "plays", number(r, "PLAYCOUNT"), 0);
        result |= mm_dj_add_number(e, "rating", fmin(5, round(number(r, "RANKING") / 51)), 0);
    } else if (strcmp(name, "TEMPO") == 0) {
        result = mm_dj_add_number(e, "bpm", number(r, "BPM"), 2);
    } else if (strcmp(name, "MUSICAL_KEY") == 0) {
        char *value = attribute(r, "VALUE"); /* 0..11 major from C, 12..23 minor */
        long key = value && *value ? strtol(value, NULL, 10) : -1;
        xmlFree(value);
        if (key >= 0 && key < 24)
            result = mm_dj_add_fact(
                e, "key", mm_key_name((int)key % 12, key < 12 ? MM_MODE_MAJOR : MM_MODE_MINOR));
    } else if (strcmp(name, "CUE_V2") == 0) {
        if (number(r, "TYPE") != GRID)
            add_cue(r, number(r, "START") / 1000);
    }
    return result < 0 ? mm_no_memory(err) : 0;
}

static int traktor_node(struct reader *r, struct calls *calls, int type, const char *name,
                        struct mm_error *err)
{
    bool begins = type == XML_READER_TYPE_ELEMENT;
    int result = 0;
    if (begins && strcmp(name, "NML") == 0) {
        r->any = true;
    } else if (begins && strcmp(name, "PLAYLISTS") == 0) {
        r->song = 0;
        r->in_lists = true;
    } else if (begins && r->in_lists && strcmp(name, "NODE") == 0) {
        r->in_lists = false; /* NAME is written large */
        result = begin_crate(r, err);
        r->in_lists = true;
    } else if (begins && r->in_lists && strcmp(name, "PRIMARYKEY") == 0) {
        result = note_call(calls, r, "KEY", err);
    } else if (begins && !r->in_lists && strcmp(name, "ENTRY") == 0) {
        result = begin_song(r, NULL, err);
        struct mm_playlist_entry *e = result == 0 ? open_song(r) : NULL;
        if (e && (take_text(r, "TITLE", &e->tags.title) < 0 ||
                  take_text(r, "ARTIST", &e->tags.artist) < 0))
            result = mm_no_memory(err);
    } else if (begins && !r->in_lists && r->song) {
        result = traktor_part(r, name, err);
    } else if (type == XML_READER_TYPE_END_ELEMENT && !r->in_lists && r->song &&
               strcmp(name, "ENTRY") == 0 && end_song(r) < 0) {
        result = mm_no_memory(err);
    }
    return result;
}

/* ---- the whole ---- */

typedef int node_fn(struct reader *r, struct calls *calls, int type, const char *name,
                    struct mm_error *err);

static int read_all(const char *bytes, size_t n, node_fn *node, const char *what,
                    struct mm_playlist *out, struct mm_error *err)
{
    struct mm_error local = {0};
    struct reader r = {.list = out};
    struct calls calls = {0};
    r.xml = n <= INT32_MAX
                ? xmlReaderForMemory(bytes, (int)n, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                : NULL;
    if (!r.xml)
        return mm_no_memory(err);
    xmlTextReaderSetErrorHandler(r.xml, (xmlTextReaderErrorFunc)silent, NULL);
    int result = 0;
    bool closed = false;
    while (result == 0 && xmlTextReaderRead(r.xml) == 1) {
        const char *name = (const char *)xmlTextReaderConstLocalName(r.xml);
        int type = xmlTextReaderNodeType(r.xml);
        closed |= type == XML_READER_TYPE_END_ELEMENT && xmlTextReaderDepth(r.xml) == 0;
        result = node(&r, &calls, type, name ? name : "", &local);
    }
    if (result == 0 && !closed && r.any) /* half a collection would look like songs that left */
        result = mm_error_set(&local, MM_ERR_INPUT, "it is damaged at line %d",
                              xmlTextReaderGetParserLineNumber(r.xml));
    if (result == 0 && !r.any)
        result = mm_error_set(&local, MM_ERR_INPUT, "not an export of %s", what);
    if (result == 0)
        result = add_crates(&r, &calls, &local);
    xmlFreeTextReader(r.xml);
    for (size_t i = 0; i < r.n_names; i++) {
        free(r.names[i]);
        mm_text_finish(&r.crates[i]);
    }
    for (size_t i = 0; i < calls.n; i++) {
        free(calls.list[i].name);
        free(calls.list[i].crate);
    }
    free(calls.list);
    free(r.names);
    free(r.crates);
    free(r.crate);
    mm_text_finish(&r.cues);
    if (result < 0 && err)
        *err = local;
    return result;
}

int mm_dj_read_rekordbox(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err)
{
    return read_all(bytes, n, rekordbox_node, "Rekordbox", out, err);
}

int mm_dj_read_traktor(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err)
{
    return read_all(bytes, n, traktor_node, "Traktor", out, err);
}
