/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Libraries of DJ programs: exports of Rekordbox and Traktor, a database of Mixxx whose cells are
 * any bytes, and the keys in all of them. The first byte chooses.
 */
#include "fuzz.h"

#include <sqlite3.h>

#include "source/dj.h"

/* ---- Mixxx ---- */

static const char SCHEMA[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "CREATE TABLE library (id INTEGER PRIMARY KEY, artist, title, album, year, genre, tracknumber,"
    " location, duration, samplerate, bpm, key, key_id, rating, timesplayed, last_played_at,"
    " mixxx_deleted);"
    "CREATE TABLE track_locations (id INTEGER PRIMARY KEY, location);"
    "CREATE TABLE cues (id INTEGER PRIMARY KEY, track_id, type, position);"
    "CREATE TABLE crates (id INTEGER PRIMARY KEY, name);"
    "CREATE TABLE crate_tracks (crate_id, track_id);"
    "INSERT INTO track_locations VALUES (1, '/m/a.mp3');"
    "INSERT INTO library VALUES (1, 'A', 'T', 'L', 2001, 'G', 1, 1, 200, 44100, 120, 'Am', 22, 3, "
    "2,"
    " '2026-01-31 20:15:00', 0);"
    "INSERT INTO cues VALUES (1, 1, 1, 88200);"
    "INSERT INTO crates VALUES (1, 'C'); INSERT INTO crate_tracks VALUES (1, 1);";

/* A cell a line: its place (one byte), its type (one byte), its value. */
static void fill(sqlite3 *db, char *rest)
{
    static const char *const cells[] = {"library SET artist",
                                        "library SET title",
                                        "library SET album",
                                        "library SET year",
                                        "library SET genre",
                                        "library SET tracknumber",
                                        "library SET duration",
                                        "library SET samplerate",
                                        "library SET bpm",
                                        "library SET key",
                                        "library SET key_id",
                                        "library SET rating",
                                        "library SET timesplayed",
                                        "library SET last_played_at",
                                        "library SET mixxx_deleted",
                                        "cues SET position",
                                        "cues SET type",
                                        "crates SET name",
                                        "track_locations SET location"};
    while (rest) {
        const char *line = next_line(&rest);
        char sql[96];
        sqlite3_stmt *s;
        if (strlen(line) < 2)
            continue;
        snprintf(sql, sizeof sql, "UPDATE %s = ?1",
                 cells[(unsigned char)line[0] % (sizeof cells / sizeof *cells)]);
        must(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
        if (line[1] == 'r')
            sqlite3_bind_double(s, 1, strtod(line + 2, NULL));
        else if (line[1] == 'i')
            sqlite3_bind_int64(s, 1, strtoll(line + 2, NULL, 10));
        else if (line[1] == 'b')
            sqlite3_bind_blob(s, 1, line + 2, (int)strlen(line + 2), SQLITE_STATIC);
        else if (line[1] != 'n')
            sqlite3_bind_text(s, 1, line + 2, -1, SQLITE_STATIC);
        sqlite3_step(s);
        sqlite3_finalize(s);
    }
}

static int read_mixxx(char *text, struct mm_playlist *out, struct mm_error *err)
{
    char path[300];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/mixxxdb.sqlite", fuzz_folder());
    unlink(path);
    must(sqlite3_open(path, &db) == SQLITE_OK);
    must(sqlite3_exec(db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK);
    fill(db, text);
    sqlite3_close(db);
    return mm_dj_read_mixxx(path, out, err);
}

/* ---- all ---- */

static void must_be_entry(const struct mm_playlist_entry *entry)
{
    must_be_tags(&entry->tags);
    must_be_length(entry->duration_s);
    for (size_t i = 0; i < entry->n_facts; i++) {
        const char *value = entry->facts[i].value;
        must_be_clean(entry->facts[i].name);
        must(value && *value && mm_text_is_utf8(value, strlen(value)));
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 1)
        return 0;
    struct mm_playlist list = {0};
    struct mm_error err = {0};
    char *text = text_of(data + 1, size - 1);
    switch (data[0] == 1 ? 1 : data[0] % 4 * 2) { /* Mixxx's is a hundred times slower: seldom */
    case 0:
        must_be_clean(mm_dj_key(text));
        break;
    case 1:
        must_say(read_mixxx(text, &list, &err), &err);
        break;
    case 4:
        must_say(mm_dj_read_traktor(text, size - 1, &list, &err), &err);
        break;
    default:
        must_say(mm_dj_read_rekordbox(text, size - 1, &list, &err), &err);
    }
    for (size_t i = 0; i < list.n; i++)
        must_be_entry(&list.entries[i]);
    mm_playlist_finish(&list);
    free(text);
    return 0;
}
