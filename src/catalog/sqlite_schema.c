/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sqlite_schema.c - the tables of the SQLite store, as numbered steps. A step that was released is
 * never changed: a new one goes below it. doc/catalog.md tells what the tables are for.
 */
#include "catalog/care.h"
#include "catalog/catalog_impl.h"
#include "catalog/sqlite.h"

#include <inttypes.h>

/* "MMap": tells our files from other programs' SQLite files. */
#define APPLICATION_ID     0x4d4d6170
#define SET_APPLICATION_ID "PRAGMA application_id = 0x4d4d6170"

static const char *const step_1 =
    "CREATE TABLE song ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT," /* never given twice */
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),"
    " source TEXT NOT NULL,"
    " key BLOB NOT NULL," /* a path is bytes */
    " size INTEGER NOT NULL CHECK (size >= 0),"
    " mtime_ns INTEGER NOT NULL,"
    " hash BLOB CHECK (length(hash) = 32)," /* NULL = not yet read */
    " duration_s REAL NOT NULL,"
    " sample_rate INTEGER NOT NULL,"
    " channels INTEGER NOT NULL,"
    " has_cover INTEGER NOT NULL,"
    " codec TEXT," /* NULL = not yet probed */
    " title TEXT, artist TEXT, album TEXT, album_artist TEXT, isrc TEXT, musicbrainz_id TEXT,"
    " genres TEXT," /* one a line */
    " year INTEGER NOT NULL, track INTEGER NOT NULL, disc INTEGER NOT NULL,"
    " search TEXT NOT NULL," /* folded "artist - title" */
    " UNIQUE (key, source)) STRICT;"
    "CREATE INDEX song_state ON song (state);"
    "CREATE INDEX song_hash ON song (hash);"
    "CREATE INDEX song_search ON song (search, state);"

    "CREATE TABLE measure ("
    " song INTEGER PRIMARY KEY REFERENCES song (id) ON DELETE CASCADE,"
    " settings TEXT NOT NULL,"
    " excerpt_start_s REAL NOT NULL, excerpt_length_s REAL NOT NULL, onset_s REAL NOT NULL,"
    " loudness_lufs REAL NOT NULL, peak_dbfs REAL NOT NULL,"
    " tempo_bpm REAL NOT NULL, tempo_confidence REAL NOT NULL,"
    " key INTEGER NOT NULL, mode INTEGER NOT NULL, key_confidence REAL NOT NULL,"
    " intensity REAL NOT NULL) STRICT;"

    "CREATE TABLE vector_kind ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL, settings TEXT NOT NULL, segment TEXT NOT NULL,"
    " dim INTEGER NOT NULL CHECK (dim > 0),"
    " UNIQUE (model, settings, segment)) STRICT;"
    "CREATE TABLE vector ("
    " kind INTEGER NOT NULL REFERENCES vector_kind (id) ON DELETE CASCADE,"
    " song INTEGER NOT NULL REFERENCES song (id) ON DELETE CASCADE,"
    " data BLOB NOT NULL," /* float32, little-endian */
    " UNIQUE (kind, song)) STRICT;"
    "CREATE INDEX vector_song ON vector (song);"

    "CREATE TABLE failure ("
    " path BLOB NOT NULL, stage TEXT NOT NULL,"
    " song INTEGER REFERENCES song (id) ON DELETE CASCADE," /* NULL = no song came of it */
    " reason TEXT NOT NULL, tries INTEGER NOT NULL,"
    " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL," /* of the file that failed */
    " PRIMARY KEY (path, stage)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX failure_song ON failure (song, stage);"

    "CREATE TABLE root (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE) STRICT;"

    "CREATE TABLE map ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL, settings TEXT NOT NULL, report TEXT NOT NULL) STRICT;"
    "CREATE TABLE map_cluster ("
    " map INTEGER NOT NULL REFERENCES map (id) ON DELETE CASCADE,"
    " number INTEGER NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (map, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE map_song ("
    " map INTEGER NOT NULL REFERENCES map (id) ON DELETE CASCADE,"
    " song INTEGER NOT NULL REFERENCES song (id) ON DELETE CASCADE,"
    " x REAL NOT NULL, y REAL NOT NULL, cluster INTEGER NOT NULL,"
    " PRIMARY KEY (map, song)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX map_song_song ON map_song (song);";

/* What a model says in words: the names of a kind, one a line, and their values (float32,
 * little-endian). */
static const char *const step_2 = "ALTER TABLE vector_kind ADD COLUMN tag_names TEXT;"
                                  "ALTER TABLE vector ADD COLUMN tags BLOB;";
/* Sets, their versions, and the play log. */
static const char *const step_sets =
    "CREATE TABLE radio_set ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE set_version ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " radio_set INTEGER NOT NULL REFERENCES radio_set (id) ON DELETE CASCADE,"
    " version INTEGER NOT NULL CHECK (version > 0), made_at INTEGER NOT NULL,"
    " request TEXT NOT NULL, report TEXT NOT NULL,"
    " UNIQUE (radio_set, version)) STRICT;"
    "CREATE TABLE set_song ("
    " set_version INTEGER NOT NULL REFERENCES set_version (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " song INTEGER NOT NULL REFERENCES song (id) ON DELETE CASCADE,"
    " PRIMARY KEY (set_version, position)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX set_song_song ON set_song (song);"
    "CREATE TABLE play ("
    " song INTEGER NOT NULL REFERENCES song (id) ON DELETE CASCADE,"
    " played_at INTEGER NOT NULL," /* seconds since 1970 */
    " show TEXT NOT NULL,"
    " PRIMARY KEY (song, played_at)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX play_time ON play (played_at);";

/* Regions: groups of a map's clusters. NULL = the map has none. */
static const char *const step_regions =
    "CREATE TABLE map_region ("
    " map INTEGER NOT NULL REFERENCES map (id) ON DELETE CASCADE,"
    " number INTEGER NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (map, number)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE map_cluster ADD COLUMN region INTEGER;";

/* Songs of services: their sound lies in the library, and one song may come from several places. */
static const char *const step_origins =
    "ALTER TABLE song ADD COLUMN file TEXT;" /* below the library's folder; NULL = key is its path
                                              */
    "CREATE TABLE origin ("
    " source TEXT NOT NULL, key BLOB NOT NULL,"
    " song INTEGER NOT NULL REFERENCES song (id) ON DELETE CASCADE,"
    " plan TEXT," /* what it was gathered for: a genre, a query */
    " link TEXT, licence TEXT,"
    " duration_s REAL NOT NULL," /* of the recording, not of a preview */
    " PRIMARY KEY (source, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX origin_song ON origin (song);"
    "CREATE TABLE done (" /* parts of a gathering that need not be gathered again */
    " run TEXT NOT NULL, unit TEXT NOT NULL, songs INTEGER NOT NULL,"
    " PRIMARY KEY (run, unit)) STRICT, WITHOUT ROWID;";

/* How far a song's surroundings can be believed; NULL = not measured. */
static const char *const step_honesty = "ALTER TABLE map_song ADD COLUMN honesty REAL;";

/* What a player or another program says of a song: stars, plays, a tempo of its own. */
static const char *const step_facts =
    "CREATE TABLE fact ("
    " song INTEGER NOT NULL REFERENCES song (id) ON DELETE CASCADE,"
    " source TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (song, source, name)) STRICT, WITHOUT ROWID;";

/* What the library itself was told: "vectors" is "float16" or "float32". */
static const char *const step_setting =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

/* steps[n] leads from version n to n + 1. set_version stands beside it since a PRAGMA takes no
 * parameters. */
static const struct step {
    const char *sql;
    const char *set_version;
} steps[] = {
    {step_1, "PRAGMA user_version = 1"},       {step_2, "PRAGMA user_version = 2"},
    {step_sets, "PRAGMA user_version = 3"},    {step_regions, "PRAGMA user_version = 4"},
    {step_origins, "PRAGMA user_version = 5"}, {step_honesty, "PRAGMA user_version = 6"},
    {step_facts, "PRAGMA user_version = 7"},   {step_setting, "PRAGMA user_version = 8"},
};

enum { VERSION = sizeof steps / sizeof *steps };

int mm_sqlite_version(void)
{
    return VERSION;
}

/* *version gets 0 for a database that nobody has written to yet. */
static int identify(struct mm_store *store, int64_t *version, struct mm_error *err)
{
    int64_t application = 0;
    int64_t tables = 0;
    *version = 0;
    int result = mm_store_number(store, "PRAGMA application_id", &application, err);
    if (result == 0)
        result = mm_store_number(store, "PRAGMA user_version", version, err);
    if (result == 0)
        result = mm_store_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (result < 0)
        return result;
    bool empty = application == 0 && *version == 0 && tables == 0;
    if (!empty && (application != APPLICATION_ID || *version < 1))
        return mm_error_set(err, MM_ERR_INPUT, "%s is a database, but not one of musicmap's",
                            mm_store_name(store));
    if (*version > VERSION)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "%s was written by a newer musicmap (its tables are of version "
                            "%" PRId64 ", this program knows %d): update musicmap",
                            mm_store_name(store), *version, VERSION);
    return 0;
}

static int take_step(struct mm_store *store, bool *done, struct mm_error *err)
{
    int64_t version;
    int result = mm_store_begin(store, MM_STORE_WRITE, err);
    if (result < 0)
        return result;
    /* Again, now that the lock is ours: another process may have been faster. */
    result = identify(store, &version, err);
    *done = result == 0 && version == VERSION;
    if (result == 0 && !*done) {
        result = mm_store_exec(store, steps[version].sql, err);
        if (result == 0)
            result = mm_store_exec(store, steps[version].set_version, err);
        if (result == 0 && version == 0)
            result = mm_store_exec(store, SET_APPLICATION_ID, err);
    }
    if (result == 0)
        result = mm_store_commit(store, err);
    if (result < 0)
        mm_store_rollback(store);
    return result;
}

int mm_sqlite_migrate(struct mm_store *store, struct mm_error *err)
{
    int64_t version = 0;
    /* One transaction, so that all it reads is of one moment: others may be making the tables. */
    int result = mm_store_begin(store, MM_STORE_READ, err);
    if (result == 0) {
        result = identify(store, &version, err);
        mm_store_rollback(store);
    }
    bool done = version == VERSION;
    while (result == 0 && !done)
        result = take_step(store, &done, err);
    return result;
}
