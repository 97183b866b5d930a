/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mixxx's library (mixxxdb.sqlite), from a copy: its database and the log beside it are copied, so
 * that Mixxx may run, and nothing of it is written. The copy is a stranger's: tables must be tables
 * and have the columns we read; no function of ours or extension can be called from its schema.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "source/dj.h"

enum { TRIES = 3, MOST_TEXT = 1 << 20 };

/* ---- the copy ---- */

static int copy_file(const char *from, const char *to, bool must, struct mm_error *err)
{
    char buffer[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return !must && errno == ENOENT ? 0 : mm_error_errno(err, errno, "%s", from);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int result = out < 0 ? mm_error_errno(err, errno, "%s", to) : 0;
    ssize_t n = 0;
    while (result == 0 && (n = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)n) != n)
            result = mm_error_errno(err, errno, "%s", to);
    if (result == 0 && n < 0)
        result = mm_error_errno(err, errno, "%s", from);
    close(in);
    if (out >= 0)
        close(out);
    return result;
}

struct copy {
    char *folder, *base, *log, *shared;
};

static void copy_finish(struct copy *c)
{
    char *const files[] = {c->base, c->log, c->shared};
    for (size_t i = 0; i < 3; i++) {
        if (files[i])
            unlink(files[i]);
        free(files[i]);
    }
    if (c->folder)
        rmdir(c->folder);
    free(c->folder);
}

static int copy_begin(struct copy *c, struct mm_error *err)
{
    const char *folder = getenv("TMPDIR");
    *c = (struct copy){.folder =
                           mm_format("%s/musicmap-XXXXXX", folder && *folder ? folder : "/tmp")};
    if (!c->folder)
        return mm_no_memory(err);
    if (!mkdtemp(c->folder)) {
        int result = mm_error_errno(err, errno, "cannot make %s", c->folder);
        free(c->folder);
        c->folder = NULL;
        return result;
    }
    c->base = mm_format("%s/mixxx.sqlite", c->folder);
    c->log = mm_format("%s/mixxx.sqlite-wal", c->folder);
    c->shared = mm_format("%s/mixxx.sqlite-shm", c->folder);
    return c->base && c->log && c->shared ? 0 : mm_no_memory(err);
}

static int copy_all(const struct copy *c, const char *file, struct mm_error *err)
{
    char *log = mm_format("%s-wal", file);
    bool whole = log && c->base && c->log;
    int result = whole ? copy_file(file, c->base, true, err) : mm_no_memory(err);
    if (whole && result == 0)
        result = copy_file(log, c->log, false, err);
    free(log);
    return result;
}

/* ---- reading ---- */

static bool holds(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    bool yes = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK &&
               sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0) != 0;
    sqlite3_finalize(s);
    return yes;
}

static const char TABLES[] =
    "SELECT count(*) = 5 FROM sqlite_schema WHERE type = 'table' AND name IN"
    " ('library', 'track_locations', 'cues', 'crates', 'crate_tracks')";
static const char CHECK[] = "SELECT quick_check = 'ok' FROM pragma_quick_check(1)";
static const char HAS_LAST[] =
    "SELECT count(*) FROM pragma_table_info('library') WHERE name = 'last_played_at'";
/* The copy is ours: looking crates and cues up by their song must not read all of them each. */
static const char INDEXES[] = "CREATE INDEX musicmap_cues ON cues (track_id);"
                              "CREATE INDEX musicmap_crates ON crate_tracks (track_id)";
#define SONGS(last)                                                                              \
    "SELECT l.id, t.location, l.title, l.artist, l.album, l.genre, l.year, l.tracknumber,"       \
    " l.duration, l.samplerate, l.bpm, l.key, l.key_id, l.rating, l.timesplayed, " last " FROM " \
    "library l JOIN track_locations t ON l.location = t.id WHERE l.mixxx_deleted = 0 ORDER BY "  \
    "l.id"
/* Hot cues and the main cue, in samples of both channels. */
static const char CUES[] = "SELECT position FROM cues WHERE track_id = ?1 AND type IN (1, 2)"
                           " AND position >= 0 ORDER BY position LIMIT 64";
static const char CRATES[] = "SELECT c.name FROM crate_tracks t JOIN crates c ON c.id = t.crate_id"
                             " WHERE t.track_id = ?1 ORDER BY c.name LIMIT 1000";

enum { ID, LOCATION, TITLE, ARTIST, ALBUM, GENRE, YEAR, TRACK, DURATION, RATE, BPM, KEY, KEY_ID };
enum { RATING = KEY_ID + 1, PLAYS, LAST };

struct reader {
    sqlite3 *db;
    sqlite3_stmt *songs, *cues, *crates;
    struct mm_playlist *list;
};

static const char *text_at(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? text : "";
}

static int set_text(char **member, sqlite3_stmt *s, int column)
{
    const char *text = text_at(s, column);
    return mm_playlist_text(member, text, strlen(text));
}

/* Mixxx numbers keys from 1: C major .. B major, then C minor .. B minor. */
static const char *key_of(sqlite3_stmt *s)
{
    int id = sqlite3_column_int(s, KEY_ID);
    if (id >= 1 && id <= 24)
        return mm_key_name((id - 1) % 12, id <= 12 ? MM_MODE_MAJOR : MM_MODE_MINOR);
    return mm_dj_key(text_at(s, KEY));
}

/* "2026-01-31 20:15:00" or with a T, in UTC. */
static double date_of(const char *text)
{
    int64_t seconds = 0;
    sqlite3_stmt *s = NULL;
    sqlite3 *none = NULL;
    if (*text && sqlite3_open(":memory:", &none) == SQLITE_OK &&
        sqlite3_prepare_v2(none, "SELECT unixepoch(?1)", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        seconds = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(none);
    return (double)seconds;
}

static int add_cues(struct reader *r, struct mm_playlist_entry *entry, int64_t id, double rate)
{
    struct mm_text text = {0};
    sqlite3_bind_int64(r->cues, 1, id);
    while (rate > 0 && sqlite3_step(r->cues) == SQLITE_ROW)
        mm_text_addf(&text, "%s%.3f", text.length ? " " : "",
                     sqlite3_column_double(r->cues, 0) / (2 * rate));
    sqlite3_reset(r->cues);
    int result = text.failed ? MM_ERR_NO_MEMORY : mm_dj_add_fact(entry, "cues", text.data);
    mm_text_finish(&text);
    return result;
}

static int add_crates(struct reader *r, struct mm_playlist_entry *entry, int64_t id)
{
    struct mm_text text = {0};
    sqlite3_bind_int64(r->crates, 1, id);
    while (sqlite3_step(r->crates) == SQLITE_ROW) {
        const char *name = text_at(r->crates, 0);
        char *clean = mm_text_clean_utf8(name, strlen(name));
        if (clean && *clean)
            mm_text_addf(&text, "%s%s", text.length ? "\n" : "", clean);
        text.failed |= !clean;
        free(clean);
    }
    sqlite3_reset(r->crates);
    int result = text.failed ? MM_ERR_NO_MEMORY : mm_dj_add_fact(entry, "crates", text.data);
    mm_text_finish(&text);
    return result;
}

static int add_facts(struct reader *r, struct mm_playlist_entry *entry)
{
    sqlite3_stmt *s = r->songs;
    int64_t id = sqlite3_column_int64(s, ID);
    double rating = sqlite3_column_double(s, RATING);
    int result = mm_dj_add_number(entry, "bpm", sqlite3_column_double(s, BPM), 2);
    if (result == 0)
        result = mm_dj_add_fact(entry, "key", key_of(s));
    if (result == 0)
        result = mm_dj_add_number(entry, "rating", rating <= 5 ? rating : 0, 0);
    if (result == 0)
        result = mm_dj_add_number(entry, "plays", sqlite3_column_double(s, PLAYS), 0);
    if (result == 0)
        result = mm_dj_add_number(entry, "played", date_of(text_at(s, LAST)), 0);
    if (result == 0)
        result = add_cues(r, entry, id, sqlite3_column_double(s, RATE));
    return result == 0 ? add_crates(r, entry, id) : result;
}

static int add_song(struct reader *r, struct mm_error *err)
{
    sqlite3_stmt *s = r->songs;
    struct mm_playlist_entry *entry = mm_playlist_add(r->list, err);
    if (!entry)
        return MM_ERR_LIMIT;
    const char *location = text_at(s, LOCATION);
    const char *genre = text_at(s, GENRE);
    double duration = sqlite3_column_double(s, DURATION);
    entry->duration_s = duration > 0 && duration < 1e6 ? duration : 0;
    entry->location = *location ? mm_strdup(location) : NULL;
    int result = *location && !entry->location ? MM_ERR_NO_MEMORY : 0;
    if (result == 0)
        result = set_text(&entry->tags.title, s, TITLE);
    if (result == 0)
        result = set_text(&entry->tags.artist, s, ARTIST);
    if (result == 0)
        result = set_text(&entry->tags.album, s, ALBUM);
    if (result == 0 && *genre && mm_text_is_utf8(genre, strlen(genre)))
        result = mm_tags_split_genres(&entry->tags, genre, strlen(genre));
    if (result == 0)
        result = add_facts(r, entry);
    return result < 0 ? mm_no_memory(err) : 0;
}

static int read_songs(struct reader *r, struct mm_error *err)
{
    bool last = holds(r->db, HAS_LAST);
    sqlite3_exec(r->db, INDEXES, NULL, NULL, NULL); /* without them it is only slower */
    if (sqlite3_prepare_v2(r->db, last ? SONGS("l.last_played_at") : SONGS("''"), -1, &r->songs,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(r->db, CUES, -1, &r->cues, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(r->db, CRATES, -1, &r->crates, NULL) != SQLITE_OK)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "a Mixxx library of a version that is not known (2.1 to 2.5 are): %s",
                            sqlite3_errmsg(r->db));
    int step;
    int result = 0;
    while (result == 0 && (step = sqlite3_step(r->songs)) != SQLITE_DONE)
        result = step == SQLITE_ROW
                     ? add_song(r, err)
                     : mm_error_set(err, MM_ERR_INPUT, "the Mixxx library is damaged: %s",
                                    sqlite3_errmsg(r->db));
    return result;
}

/* 1 = it was read; 0 = the copy was taken in the middle of a change. */
static int read_copy(const struct copy *copy, struct mm_playlist *list, struct mm_error *err)
{
    struct reader r = {.list = list};
    int result = 0;
    if (sqlite3_open_v2(copy->base, &r.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        result = mm_error_set(err, MM_ERR_INPUT, "it is no database");
    } else {
        sqlite3_db_config(r.db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(r.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(r.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        sqlite3_db_config(r.db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
        sqlite3_limit(r.db, SQLITE_LIMIT_LENGTH, MOST_TEXT);
        if (holds(r.db, CHECK) && !holds(r.db, TABLES))
            result = mm_error_set(err, MM_ERR_INPUT, "it is no library of Mixxx");
        else if (holds(r.db, CHECK))
            result = read_songs(&r, err) < 0 ? (int)err->code : 1;
    }
    sqlite3_finalize(r.songs);
    sqlite3_finalize(r.cues);
    sqlite3_finalize(r.crates);
    sqlite3_close(r.db);
    return result;
}

int mm_dj_read_mixxx(const char *file, struct mm_playlist *out, struct mm_error *err)
{
    struct mm_error local = {0};
    struct copy copy;
    int result = copy_begin(&copy, &local);
    int got = 0;
    for (int i = 0; i < TRIES && result == 0 && got == 0; i++) {
        result = copy_all(&copy, file, &local);
        if (result == 0)
            got = read_copy(&copy, out, &local);
        unlink(copy.shared ? copy.shared : "");
    }
    if (result == 0 && got <= 0)
        result =
            got < 0 ? got : mm_error_set(&local, MM_ERR_INPUT, "it is damaged, or no database");
    copy_finish(&copy);
    if (result < 0 && err) {
        *err = local;
        mm_error_prefix(err, "%s", file);
    }
    return result;
}
