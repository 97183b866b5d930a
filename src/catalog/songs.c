/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * songs.c - the rows of table song. A song's key is bytes (a path need not be UTF-8), its tags are
 * text; its genres share one column, one a line, since nothing ever asks for songs of a genre.
 */
#include "catalog/catalog_impl.h"

#include <inttypes.h>
#include <math.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

/* In the order in which bind_song() and read_song() count. */
#define COLUMNS                                                                                    \
    "state, source, key, size, mtime_ns, hash, duration_s, sample_rate, channels, has_cover,"      \
    " codec, title, artist, album, album_artist, isrc, musicbrainz_id, genres, year, track, disc," \
    " file"
#define SELECT "SELECT id, " COLUMNS " FROM song "

void mm_song_finish(struct mm_song *song)
{
    if (!song)
        return;
    free(song->source);
    free(song->key);
    free(song->codec);
    free(song->file);
    mm_tags_finish(&song->tags);
    *song = (struct mm_song){0};
}

char *mm_song_path(const struct mm_catalog *catalog, const struct mm_song *song)
{
    return song->file ? mm_path_join(mm_catalog_path(catalog), song->file) : mm_strdup(song->key);
}

/* ---- writing ---- */

/* What is made from a song for its row. */
struct derived {
    char *genres;
    char *search;
};

static void derived_finish(struct derived *derived)
{
    free(derived->genres);
    free(derived->search);
}

static char *join_genres(const struct mm_tags *tags)
{
    struct mm_text text = {0};
    for (size_t i = 0; i < tags->n_genres; i++) {
        if (i)
            mm_text_add(&text, "\n");
        mm_text_add(&text, tags->genres[i]);
    }
    return mm_text_steal(&text);
}

/* What mm_catalog_search() looks in: folded "artist - title", the file's name for the untitled. */
static char *search_text(const struct mm_song *song)
{
    const struct mm_tags *tags = &song->tags;
    const char *name = mm_path_name(song->key);
    char *title = tags->title ? mm_strdup(tags->title) : mm_text_clean_utf8(name, strlen(name));
    char *line = NULL;
    char *folded = NULL;
    if (title)
        line =
            mm_format("%s%s%s", tags->artist ? tags->artist : "", tags->artist ? " - " : "", title);
    if (line)
        folded = mm_text_fold(line);
    free(line);
    free(title);
    return folded;
}

static int check_song(const struct mm_song *song, struct mm_error *err)
{
    if (!song->source || !*song->source || !song->key || !*song->key)
        return mm_error_set(err, MM_ERR_USAGE, "a song needs a source and a key");
    if (song->state < MM_SONG_PRESENT || song->state > MM_SONG_HIDDEN)
        return mm_error_set(err, MM_ERR_USAGE, "there is no song state %d", (int)song->state);
    if (song->size > INT64_MAX)
        return mm_error_set(err, MM_ERR_INPUT, "a file of %" PRIu64 " bytes cannot be", song->size);
    if (!isfinite(song->duration_s) || song->duration_s < 0.0)
        return mm_error_set(err, MM_ERR_INPUT, "a duration of %g s cannot be", song->duration_s);
    const struct mm_tags *tags = &song->tags;
    const struct {
        const char *text;
        const char *what;
    } texts[] = {
        {song->source, "source"}, {song->codec, "codec"},
        {tags->title, "title"},   {tags->artist, "artist"},
        {tags->album, "album"},   {tags->album_artist, "album artist"},
        {tags->isrc, "ISRC"},     {tags->musicbrainz_id, "MusicBrainz id"},
        {song->file, "file"},
    };
    int result = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == 0; i++)
        result = mm_check_text(texts[i].text, texts[i].what, err);
    for (size_t i = 0; i < tags->n_genres && result == 0; i++)
        result = mm_check_text(tags->genres[i], "genre", err);
    return result;
}

static int derive(const struct mm_song *song, struct derived *out, struct mm_error *err)
{
    *out = (struct derived){0};
    int result = check_song(song, err);
    if (result < 0)
        return result;
    out->search = search_text(song);
    if (song->tags.n_genres)
        out->genres = join_genres(&song->tags);
    if (!out->search || (song->tags.n_genres && !out->genres)) {
        derived_finish(out);
        *out = (struct derived){0};
        return mm_no_memory(err);
    }
    return 0;
}

static bool is_zero(const unsigned char hash[32])
{
    static const unsigned char zero[32];
    return memcmp(hash, zero, sizeof zero) == 0;
}

/* Parameters 1 to 23: COLUMNS, then search. */
static void bind_song(struct mm_statement *statement, const struct mm_song *song,
                      const struct derived *derived)
{
    const struct mm_tags *tags = &song->tags;
    mm_bind_int(statement, 1, song->state);
    mm_bind_text(statement, 2, song->source);
    mm_bind_bytes(statement, 3, song->key, strlen(song->key));
    mm_bind_int(statement, 4, (int64_t)song->size);
    mm_bind_int(statement, 5, song->mtime_ns);
    if (!is_zero(song->hash)) /* else it stays NULL */
        mm_bind_bytes(statement, 6, song->hash, sizeof song->hash);
    mm_bind_real(statement, 7, song->duration_s);
    mm_bind_int(statement, 8, song->sample_rate);
    mm_bind_int(statement, 9, song->channels);
    mm_bind_int(statement, 10, song->has_cover);
    mm_bind_text(statement, 11, song->codec);
    mm_bind_text(statement, 12, tags->title);
    mm_bind_text(statement, 13, tags->artist);
    mm_bind_text(statement, 14, tags->album);
    mm_bind_text(statement, 15, tags->album_artist);
    mm_bind_text(statement, 16, tags->isrc);
    mm_bind_text(statement, 17, tags->musicbrainz_id);
    mm_bind_text(statement, 18, derived->genres);
    mm_bind_int(statement, 19, tags->year);
    mm_bind_int(statement, 20, tags->track);
    mm_bind_int(statement, 21, tags->disc);
    mm_bind_text(statement, 22, song->file);
    mm_bind_text(statement, 23, derived->search);
}

static int same_key_error(int result, const struct mm_song *song, struct mm_error *err)
{
    if (result == MM_ERR_USAGE)
        return mm_error_set(err, result, "%s: in the library already (source %s)", song->key,
                            song->source);
    return result;
}

int mm_catalog_add_song(struct mm_catalog *catalog, struct mm_song *song, struct mm_error *err)
{
    struct derived derived;
    int result = derive(song, &derived, err);
    if (result < 0)
        return result;
    struct mm_store *store;
    result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        goto out;
    struct mm_statement *statement;
    int64_t id = 0;
    result = mm_store_prepare(store,
                              "INSERT INTO song (" COLUMNS ", search) VALUES (?1, ?2, ?3, ?4, ?5,"
                              " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
                              " ?20, ?21, ?22, ?23) RETURNING id",
                              &statement, err);
    if (result == 0) {
        bind_song(statement, song, &derived);
        result = mm_statement_number(statement, &id, err);
    }
    result = mm_catalog_leave_write(catalog, result, err);
    if (result == 0)
        song->id = id;
out:
    derived_finish(&derived);
    return same_key_error(result, song, err);
}

static int drop_derived_data(struct mm_store *store, int64_t id, struct mm_error *err)
{
    int result = mm_store_run_int(store, "DELETE FROM measure WHERE song = ?1", id, err);
    if (result == 0)
        result = mm_store_run_int(store, "DELETE FROM vector WHERE song = ?1", id, err);
    if (result == 0)
        result = mm_store_run_int(store, "DELETE FROM failure WHERE song = ?1", id, err);
    return result;
}

/* Failures are listed by path: those of a song that moved move along. */
static int move_failures(struct mm_store *store, const struct mm_song *song, struct mm_error *err)
{
    static const char *const steps[] = {
        /* What was said of the new path before this song came there is out of date. */
        "DELETE FROM failure WHERE path = ?2 AND (song IS NULL OR song <> ?1)"
        " AND NOT EXISTS (SELECT 1 FROM song s WHERE s.id = ?1 AND s.key = ?2)",
        "UPDATE failure SET path = ?2 WHERE song = ?1"
        " AND path = (SELECT s.key FROM song s WHERE s.id = ?1) AND path <> ?2",
    };
    int result = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && result == 0; i++) {
        struct mm_statement *statement;
        result = mm_store_prepare(store, steps[i], &statement, err);
        if (result < 0)
            break;
        mm_bind_int(statement, 1, song->id);
        mm_bind_bytes(statement, 2, song->key, strlen(song->key));
        result = mm_statement_finish(statement, err);
    }
    return result;
}

static int write_back(struct mm_store *store, const struct mm_song *song,
                      const struct derived *derived, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store,
        "UPDATE song SET state = ?1, source = ?2, key = ?3, size = ?4, mtime_ns = ?5, hash = ?6,"
        " duration_s = ?7, sample_rate = ?8, channels = ?9, has_cover = ?10, codec = ?11,"
        " title = ?12, artist = ?13, album = ?14, album_artist = ?15, isrc = ?16,"
        " musicbrainz_id = ?17, genres = ?18, year = ?19, track = ?20, disc = ?21, file = ?22,"
        " search = ?23 WHERE id = ?24",
        &statement, err);
    if (result < 0)
        return result;
    bind_song(statement, song, derived);
    mm_bind_int(statement, 24, song->id);
    result = mm_statement_finish(statement, err);
    if (result == 0 && mm_store_changes(store) == 0)
        result = mm_no_song(song->id, err);
    return result;
}

int mm_catalog_update_song(struct mm_catalog *catalog, const struct mm_song *song,
                           bool content_changed, struct mm_error *err)
{
    struct derived derived;
    int result = derive(song, &derived, err);
    if (result < 0)
        return result;
    struct mm_store *store;
    result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        goto out;
    if (content_changed)
        result = drop_derived_data(store, song->id, err);
    if (result == 0)
        result = move_failures(store, song, err);
    if (result == 0)
        result = write_back(store, song, &derived, err);
    result = mm_catalog_leave_write(catalog, result, err);
out:
    derived_finish(&derived);
    return same_key_error(result, song, err);
}

int mm_catalog_set_state(struct mm_catalog *catalog, int64_t id, enum mm_song_state state,
                         struct mm_error *err)
{
    if (state < MM_SONG_PRESENT || state > MM_SONG_HIDDEN)
        return mm_error_set(err, MM_ERR_USAGE, "there is no song state %d", (int)state);
    struct mm_statement *statement;
    int result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                                 "UPDATE song SET state = ?1 WHERE id = ?2", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, state);
    mm_bind_int(statement, 2, id);
    size_t changed;
    result = mm_catalog_told(catalog, statement, &changed, err);
    return result == 0 && changed == 0 ? mm_no_song(id, err) : result;
}

int mm_catalog_delete_song(struct mm_catalog *catalog, int64_t id, struct mm_error *err)
{
    struct mm_statement *statement; /* the foreign keys take the rest along */
    int result =
        mm_catalog_tell(catalog, MM_STORE_WRITE, "DELETE FROM song WHERE id = ?1", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, id);
    size_t changed;
    result = mm_catalog_told(catalog, statement, &changed, err);
    return result == 0 && changed == 0 ? mm_no_song(id, err) : result;
}

static int needs(struct mm_store *store, int64_t id, struct mm_error *err)
{
    struct mm_statement *statement;
    int64_t there = 0;
    int result = mm_store_prepare(store, "SELECT 1 FROM song WHERE id = ?1", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, id);
    result = mm_statement_number(statement, &there, err);
    return result == 0 && !there ? mm_no_song(id, err) : result;
}

static int hand_over(struct mm_store *store, int64_t id, int64_t to, struct mm_error *err)
{
    static const char *const steps[] = {
        "UPDATE set_song SET song = ?2 WHERE song = ?1",
        "INSERT INTO play (song, played_at, show) SELECT CAST(?2 AS bigint), p.played_at, p.show"
        " FROM play p WHERE p.song = ?1 ON CONFLICT DO NOTHING",
        "INSERT INTO fact (song, source, name, value) SELECT CAST(?2 AS bigint), f.source, f.name,"
        " f.value FROM fact f WHERE f.song = ?1 ON CONFLICT DO NOTHING",
    };
    int result = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && result == 0; i++) {
        struct mm_statement *statement;
        result = mm_store_prepare(store, steps[i], &statement, err);
        if (result < 0)
            break;
        mm_bind_int(statement, 1, id);
        mm_bind_int(statement, 2, to);
        result = mm_statement_finish(statement, err);
    }
    return result;
}

int mm_catalog_join_song(struct mm_catalog *catalog, int64_t id, int64_t to, struct mm_error *err)
{
    struct mm_store *store;
    if (id == to)
        return mm_error_set(err, MM_ERR_USAGE, "a song is not joined to itself");
    int result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    result = needs(store, id, err);
    if (result == 0)
        result = needs(store, to, err);
    if (result == 0)
        result = hand_over(store, id, to, err);
    if (result == 0)
        result = mm_store_run_int(store, "DELETE FROM song WHERE id = ?1", id, err);
    return mm_catalog_leave_write(catalog, result, err);
}

/* ---- reading ---- */

static int read_genres(struct mm_statement *statement, int column, struct mm_tags *tags)
{
    char *lines = NULL;
    if (mm_column_take_text(statement, column, &lines) < 0)
        return MM_ERR_NO_MEMORY;
    if (!lines)
        return 0;
    size_t n = 1;
    for (const char *p = lines; *p; p++)
        n += *p == '\n';
    tags->genres = calloc(n, sizeof *tags->genres);
    int result = tags->genres ? 0 : MM_ERR_NO_MEMORY;
    for (char *rest = lines, *line; result == 0 && (line = strsep(&rest, "\n"));) {
        if (!*line)
            continue;
        char *copy = mm_strdup(line);
        if (copy)
            tags->genres[tags->n_genres++] = copy;
        else
            result = MM_ERR_NO_MEMORY;
    }
    free(lines);
    return result;
}

static int read_texts(struct mm_statement *statement, struct mm_song *song)
{
    struct mm_tags *tags = &song->tags;
    char **const texts[] = {&song->codec,        &tags->title, &tags->artist,        &tags->album,
                            &tags->album_artist, &tags->isrc,  &tags->musicbrainz_id};
    int result = mm_column_take_text(statement, 2, &song->source);
    if (result == 0)
        result = mm_column_take_text(statement, 22, &song->file);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == 0; i++)
        result = mm_column_take_text(statement, 11 + (int)i, texts[i]);
    if (result == 0)
        result = read_genres(statement, 18, tags);
    return result;
}

/* A number from a row that may be damaged. */
static int small_int(struct mm_statement *statement, int column)
{
    int64_t value = mm_column_int(statement, column);
    return value < 0 || value > INT32_MAX ? 0 : (int)value;
}

/* Column 0 is the id, COLUMNS follow. *out is empty after an error. */
static int read_song(struct mm_statement *statement, struct mm_song *out, struct mm_error *err)
{
    *out = (struct mm_song){.id = mm_column_int(statement, 0)};
    size_t hash_bytes;
    const void *hash = mm_column_bytes(statement, 6, &hash_bytes);
    int state = small_int(statement, 1);
    int64_t size = mm_column_int(statement, 4);
    if (state > MM_SONG_HIDDEN || size < 0 || (hash && hash_bytes != sizeof out->hash))
        return mm_error_set(err, MM_ERR_INPUT, "the library is damaged: song %" PRId64, out->id);
    out->state = (enum mm_song_state)state;
    out->size = (uint64_t)size;
    out->mtime_ns = mm_column_int(statement, 5);
    if (hash)
        memcpy(out->hash, hash, sizeof out->hash);
    double duration = mm_column_real(statement, 7);
    out->duration_s = isfinite(duration) && duration > 0.0 ? duration : 0.0;
    out->sample_rate = small_int(statement, 8);
    out->channels = small_int(statement, 9);
    out->has_cover = mm_column_int(statement, 10) != 0;
    out->tags.year = small_int(statement, 19);
    out->tags.track = small_int(statement, 20);
    out->tags.disc = small_int(statement, 21);
    int result = mm_column_take_path(statement, 3, &out->key, err);
    if (result == 0 && read_texts(statement, out) < 0)
        result = mm_no_memory(err);
    if (result == 0 && (!out->source || out->id <= 0))
        result = mm_error_set(err, MM_ERR_INPUT, "the library is damaged: song %" PRId64, out->id);
    if (result < 0)
        mm_song_finish(out);
    return result;
}

int mm_catalog_get_song(struct mm_catalog *catalog, int64_t id, struct mm_song *out,
                        struct mm_error *err)
{
    *out = (struct mm_song){0};
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, SELECT "WHERE id = ?1", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, id);
    result = mm_statement_step(statement, err);
    if (result == 1)
        result = read_song(statement, out, err);
    else if (result == 0)
        result = mm_no_song(id, err);
    return mm_catalog_answered(catalog, statement, result);
}

int mm_catalog_find_key(struct mm_catalog *catalog, const char *source, const char *key,
                        struct mm_song *out, struct mm_error *err)
{
    *out = (struct mm_song){0};
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, SELECT "WHERE key = ?1 AND source = ?2", &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, key, strlen(key));
    mm_bind_text(statement, 2, source);
    result = mm_statement_step(statement, err);
    if (result == 1)
        result = read_song(statement, out, err);
    else if (result == 0)
        result = MM_ERR_NOT_FOUND;
    return mm_catalog_answered(catalog, statement, result);
}

int mm_catalog_find_hash(struct mm_catalog *catalog, const unsigned char hash[32], int64_t *ids,
                         size_t max, size_t *count, struct mm_error *err)
{
    *count = 0;
    struct mm_statement *statement;
    int result =
        mm_catalog_ask(catalog, "SELECT id FROM song WHERE hash = ?1 ORDER BY id", &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, hash, 32);
    while (*count < max && (result = mm_statement_step(statement, err)) == 1)
        ids[(*count)++] = mm_column_int(statement, 0);
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}

/* ---- listing ---- */

/* By way of the ids, so that ids are sorted and not whole rows. */
#define BELOW "WHERE id IN (SELECT id FROM song WHERE key = ?1 OR (key >= ?2 AND key < ?3)) "

/* The range of keys inside folder below is below + "/" .. below + "0": '0' follows '/'. */
struct range {
    char *self;
    char *from;
    char *to;
};

static void range_finish(struct range *range)
{
    free(range->self);
    free(range->from);
    free(range->to);
}

static int range_of(const char *below, struct range *out, struct mm_error *err)
{
    size_t length = strlen(below);
    while (length && below[length - 1] == '/')
        length--;
    out->self = mm_strndup(below, length);
    out->from = out->self ? mm_format("%s/", out->self) : NULL;
    out->to = out->self ? mm_format("%s0", out->self) : NULL;
    return out->from && out->to ? 0 : mm_no_memory(err);
}

static int each_row(struct mm_statement *statement, mm_song_fn *fn, void *ctx, struct mm_error *err)
{
    for (;;) {
        int result = mm_statement_step(statement, err);
        if (result != 1)
            return result;
        struct mm_song song;
        result = read_song(statement, &song, err);
        if (result == 0)
            result = fn(ctx, &song, err);
        mm_song_finish(&song);
        if (result != 0)
            return result;
    }
}

int mm_catalog_each_song(struct mm_catalog *catalog, enum mm_song_filter filter, const char *below,
                         mm_song_fn *fn, void *ctx, struct mm_error *err)
{
    static const int states[] = {[MM_SONGS_ALL] = 0,
                                 [MM_SONGS_PRESENT] = MM_SONG_PRESENT,
                                 [MM_SONGS_MISSING] = MM_SONG_MISSING,
                                 [MM_SONGS_HIDDEN] = MM_SONG_HIDDEN};
    const char *sql;
    if (below)
        sql = filter == MM_SONGS_ALL ? SELECT BELOW "ORDER BY id"
                                     : SELECT BELOW "AND state = ?4 ORDER BY id";
    else
        sql = filter == MM_SONGS_ALL ? SELECT "ORDER BY id" : SELECT "WHERE state = ?1 ORDER BY id";
    struct range range = {0};
    int result = below ? range_of(below, &range, err) : 0;
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        goto out;
    struct mm_statement *statement;
    result = mm_store_prepare(store, sql, &statement, err);
    if (result == 0) {
        if (below) {
            mm_bind_bytes(statement, 1, range.self, strlen(range.self));
            mm_bind_bytes(statement, 2, range.from, strlen(range.from));
            mm_bind_bytes(statement, 3, range.to, strlen(range.to));
        }
        if (filter != MM_SONGS_ALL)
            mm_bind_int(statement, below ? 4 : 1, states[filter]);
        result = each_row(statement, fn, ctx, err);
    }
    mm_statement_release(statement);
    mm_catalog_leave_read(catalog);
out:
    range_finish(&range);
    return result;
}
