/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalog.h - what we know: songs, their files, measures, vectors, failures and maps.
 *
 * A library is a directory that holds catalog.sqlite (and the clip cache), or, where many machines
 * share one, a PostgreSQL database named by its URI. One interface, two stores (doc/catalog.md). A
 * song is named by a positive id that never changes and is never given twice. A vector belongs to
 * (song, segment, model, settings).
 *
 * Ownership: structs filled by a call are released by their _finish. Callback arguments are valid
 * during the callback only; callbacks must not call back into the same catalog for writing.
 * Threads: a catalog handle may be used from many threads, one call at a time (it locks itself);
 * a transaction belongs to the thread that began it and keeps the others out until it ends.
 * Errors: MM_ERR_AGAIN when another process holds the lock for more than 10 s or the connection was
 * lost, MM_ERR_UNSUPPORTED when the library was written by a newer musicmap, MM_ERR_INPUT when it
 * is damaged.
 */
#ifndef MUSICMAP_CATALOG_H
#define MUSICMAP_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "progress.h"
#include "song.h"

struct mm_catalog;

/* Opens, and makes where create is set, the library in directory path, or the one in the database
 * postgresql://... (which must be there: createdb). */
int mm_catalog_open(const char *path, bool create, struct mm_catalog **out, struct mm_error *err);
void mm_catalog_close(struct mm_catalog *catalog);
/* The folder of its files, sounds and clips: the library directory; of a library in PostgreSQL,
 * $MUSICMAP_FILES, else a folder below $XDG_DATA_HOME/musicmap/shared. */
const char *mm_catalog_path(const struct mm_catalog *catalog);
/* For people: the directory, or the URI without a password. */
const char *mm_catalog_name(const struct mm_catalog *catalog);
/* The same on every machine that has it open. */
const char *mm_catalog_identity(const struct mm_catalog *catalog);
/* May other machines use it? */
bool mm_catalog_is_shared(const struct mm_catalog *catalog);

/*
 * Every call is done as a whole or not at all by itself; a transaction does so for many, and costs
 * one wait for the disk instead of one a call. A call that fails inside it leaves the rest of it
 * alone. They do not nest. A commit that fails has rolled back.
 */
int mm_catalog_begin(struct mm_catalog *catalog, struct mm_error *err);
/* The same for storing what was computed of songs (measures, vectors, tags, failures): in a shared
 * library other machines may do so at the same moment. */
int mm_catalog_begin_beside(struct mm_catalog *catalog, struct mm_error *err);
int mm_catalog_commit(struct mm_catalog *catalog, struct mm_error *err);
void mm_catalog_rollback(struct mm_catalog *catalog); /* no-op outside a transaction */

/* ---- songs ---- */

enum mm_song_state {
    MM_SONG_PRESENT,
    MM_SONG_MISSING, /* its file was not there at the last look; what is known stays */
    MM_SONG_HIDDEN   /* the user does not want it; a rescan leaves it alone */
};

struct mm_song {
    int64_t id;
    enum mm_song_state state;
    char *source;  /* "folder", ... */
    char *key;     /* path (bytes) or the service's id */
    uint64_t size; /* bytes of the file when last read */
    int64_t mtime_ns;
    unsigned char hash[32]; /* of the content (mm_hash_file); all zero = not yet read */
    double duration_s;
    int sample_rate;
    int channels;
    char *codec; /* NULL = not yet probed */
    char *file;  /* sound kept in the library, below its folder; NULL = key is the file's path */
    bool has_cover;
    struct mm_tags tags;
};
void mm_song_finish(struct mm_song *song);

/* Where the song's sound is, or would be; heap, NULL when memory is out. */
char *mm_song_path(const struct mm_catalog *catalog, const struct mm_song *song);

/* Adds a song (id and hash as given by *song; id is filled in). (source, key) must be new. */
int mm_catalog_add_song(struct mm_catalog *catalog, struct mm_song *song, struct mm_error *err);

/*
 * Writes all members of song back by id. When content_changed, its measures, vectors and failures
 * are dropped in the same transaction.
 */
int mm_catalog_update_song(struct mm_catalog *catalog, const struct mm_song *song,
                           bool content_changed, struct mm_error *err);
int mm_catalog_get_song(struct mm_catalog *catalog, int64_t id, struct mm_song *out,
                        struct mm_error *err);
/* MM_ERR_NOT_FOUND without filling err->message when there is none: that is an answer. */
int mm_catalog_find_key(struct mm_catalog *catalog, const char *source, const char *key,
                        struct mm_song *out, struct mm_error *err);
/* Songs with this content, in order of id; returns how many ids (at most max) were written. */
int mm_catalog_find_hash(struct mm_catalog *catalog, const unsigned char hash[32], int64_t *ids,
                         size_t max, size_t *count, struct mm_error *err);
int mm_catalog_set_state(struct mm_catalog *catalog, int64_t id, enum mm_song_state state,
                         struct mm_error *err);
/* Removes the song and all that hangs on it. */
int mm_catalog_delete_song(struct mm_catalog *catalog, int64_t id, struct mm_error *err);
/*
 * The same for a song that is another's copy: its plays, its places in kept sets (a set that has
 * both then has to twice), and the facts that to has not, become to's. Its origins, measure and
 * vectors go. MM_ERR_NOT_FOUND when there is none of the two, MM_ERR_USAGE when they are one.
 */
int mm_catalog_join_song(struct mm_catalog *catalog, int64_t id, int64_t to, struct mm_error *err);

/*
 * The songs that a person's word may mean: "#12" or "12" an id, a path, else a case-insensitive
 * part of "artist - title" or all of its words. Best first; at most max.
 */
int mm_catalog_search(struct mm_catalog *catalog, const char *text, int64_t *ids, size_t max,
                      size_t *count, struct mm_error *err);

enum mm_song_filter {
    MM_SONGS_ALL,
    MM_SONGS_PRESENT,
    MM_SONGS_MISSING,
    MM_SONGS_HIDDEN,
};
typedef int mm_song_fn(void *ctx, const struct mm_song *song, struct mm_error *err);
/* In order of id; below: only keys that are this path or lie in it, NULL = all. */
int mm_catalog_each_song(struct mm_catalog *catalog, enum mm_song_filter filter, const char *below,
                         mm_song_fn *fn, void *ctx, struct mm_error *err);

/* ---- origins ---- */

/*
 * A further place where a song was found, or what a service said of it. A song's own place stands
 * in (source, key) of the song; a song of a service has an origin for that, too, since there is
 * more to say. They go with the song.
 */
struct mm_origin {
    int64_t song;
    char *source;
    char *key;
    char *plan;        /* what it was gathered for: a genre, a query, ...; NULL = nothing */
    char *link;        /* its page; NULL = not known */
    char *licence;     /* NULL = not known */
    double duration_s; /* of the recording; 0 = not known */
};
void mm_origin_finish(struct mm_origin *origin);

/* Writes it, over what is there for this source and key. */
int mm_catalog_put_origin(struct mm_catalog *catalog, const struct mm_origin *origin,
                          struct mm_error *err);
int mm_catalog_delete_origin(struct mm_catalog *catalog, const char *source, const char *key,
                             struct mm_error *err);
/* MM_ERR_NOT_FOUND without filling err->message when there is none. */
int mm_catalog_find_origin(struct mm_catalog *catalog, const char *source, const char *key,
                           struct mm_origin *out, struct mm_error *err);
typedef int mm_origin_fn(void *ctx, const struct mm_origin *origin, struct mm_error *err);
/* Those of a song, or all (song 0), in order of source and key. */
int mm_catalog_each_origin(struct mm_catalog *catalog, int64_t song, mm_origin_fn *fn, void *ctx,
                           struct mm_error *err);

/* ---- facts ---- */

/*
 * What a player, a server or a DJ program says of a song, by its own counting; source tells which:
 *
 *     rating    1 .. 5           starred   seconds since 1970 (1 = it does not say when)
 *     plays     how often        played    when last, seconds since 1970
 *     bpm       beats a minute   key       "F#m"
 *     cues      places in seconds, blanks between      crates    names, one a line
 *     modified  of the file there, or whatever tells that it changed
 */
struct mm_fact {
    const char *name, *value; /* UTF-8; value not empty */
};
/* Writes them in place of all that source said of the song; none: it says nothing any more. */
int mm_catalog_put_facts(struct mm_catalog *catalog, int64_t song, const char *source,
                         const struct mm_fact *facts, size_t n, struct mm_error *err);
typedef int mm_fact_fn(void *ctx, int64_t song, const char *source, const struct mm_fact *fact,
                       struct mm_error *err);
/* In order of song, source and name; name NULL = all, song 0 = of all songs. */
int mm_catalog_each_fact(struct mm_catalog *catalog, int64_t song, const char *name, mm_fact_fn *fn,
                         void *ctx, struct mm_error *err);

/* Parts of a gathering that are done, so that one that was killed goes on behind them. */
int mm_catalog_put_done(struct mm_catalog *catalog, const char *run, const char *unit, size_t songs,
                        struct mm_error *err);
int mm_catalog_is_done(struct mm_catalog *catalog, const char *run, const char *unit, bool *done,
                       size_t *songs, struct mm_error *err);
/* Of all runs whose names begin with run. */
int mm_catalog_clear_done(struct mm_catalog *catalog, const char *run, struct mm_error *err);

/* ---- measures and vectors ---- */

/* settings: canonical line of what decides the numbers ("excerpt=30 peak=sample"). */
int mm_catalog_put_measure(struct mm_catalog *catalog, int64_t song, const char *settings,
                           const struct mm_measure *measure, struct mm_error *err);
/* The song's measure; MM_ERR_NOT_FOUND when it has none. */
int mm_catalog_get_measure(struct mm_catalog *catalog, int64_t song, struct mm_measure *out,
                           struct mm_error *err);
typedef int mm_measure_fn(void *ctx, int64_t song, double duration_s,
                          const struct mm_measure *measure, struct mm_error *err);
/* Every song's measure, in order of id; duration_s as in mm_song. */
int mm_catalog_each_measure(struct mm_catalog *catalog, mm_measure_fn *fn, void *ctx,
                            struct mm_error *err);

/* What a vector is of. segment: "" = the song as analysed, "intro", "outro". */
struct mm_vector_kind {
    const char *model;    /* "timbre" */
    const char *settings; /* mm_embedder_settings() and the excerpt */
    const char *segment;
};
int mm_catalog_put_vector(struct mm_catalog *catalog, int64_t song,
                          const struct mm_vector_kind *kind, const float *values, size_t dim,
                          struct mm_error *err);

/* Whether vectors that are stored from now on take two bytes a value (float16: 11 binary digits, up
 * to 65,504; one with a larger value takes four all the same) in place of four. All are read alike.
 */
int mm_catalog_keep_half(struct mm_catalog *catalog, bool half, struct mm_error *err);
int mm_catalog_keeps_half(struct mm_catalog *catalog, bool *half, struct mm_error *err);

struct mm_model_count {
    char model[64];
    char settings[192];
    char segment[16];
    size_t dim;
    size_t songs; /* present songs that have such a vector */
};
/* Every kind of vector in the library, most songs first, then newest; at most max. */
int mm_catalog_list_models(struct mm_catalog *catalog, struct mm_model_count *out, size_t max,
                           size_t *count, struct mm_error *err);

/* Ids (ascending; release with free) of the present songs that lack a measure of these settings
 * (NULL = do not ask) or a vector of this kind (NULL = do not ask) and have no failure of stage
 * "embed" since their content last changed; with retry, those too. */
int mm_catalog_todo(struct mm_catalog *catalog, const char *measure_settings,
                    const struct mm_vector_kind *kind, bool retry, int64_t **ids, size_t *count,
                    struct mm_error *err);

/* Ids (ascending; release with free) of the present songs with a vector of this kind. */
int mm_catalog_embedded(struct mm_catalog *catalog, const struct mm_vector_kind *kind,
                        int64_t **ids, size_t *count, struct mm_error *err);
/* values: [count][dim] for the given ids, in their order. MM_ERR_NOT_FOUND names a missing one. */
int mm_catalog_read_vectors(struct mm_catalog *catalog, const struct mm_vector_kind *kind,
                            const int64_t *ids, size_t count, size_t dim, float *values,
                            struct mm_error *err);

/* What a model says of a song in words. */
struct mm_song_tags {
    size_t n;
    const char *const *names; /* [n] one line each */
    const float *values;      /* [n] finite; most models give 0..1 */
};
/* They hang on the song's vector of this kind, which must be there (MM_ERR_NOT_FOUND), and all
 * songs of a kind have the same names (MM_ERR_USAGE). */
int mm_catalog_put_tags(struct mm_catalog *catalog, int64_t song, const struct mm_vector_kind *kind,
                        const struct mm_song_tags *tags, struct mm_error *err);
typedef int mm_song_tags_fn(void *ctx, int64_t song, const struct mm_song_tags *tags,
                            struct mm_error *err);
/* The tags of the songs with ids from .. to, in order of id, those of the newest kind of vector
 * that has any. Songs without tags are left out. */
int mm_catalog_each_tags(struct mm_catalog *catalog, int64_t from, int64_t to, mm_song_tags_fn *fn,
                         void *ctx, struct mm_error *err);

/* ---- failures ---- */

struct mm_failure {
    int64_t song; /* 0 = no song came of it */
    const char *path;
    const char *stage; /* "gather", "embed" */
    const char *reason;
    int tries;     /* 0 when putting = one more than is recorded for this path and stage */
    uint64_t size; /* of the file that failed, 0 = not known: unchanged it need not fail again */
    int64_t mtime_ns;
};
/* Replaces what is recorded for this path and stage. */
int mm_catalog_put_failure(struct mm_catalog *catalog, const struct mm_failure *failure,
                           struct mm_error *err);
/* *known = this stage failed on path when it had this size and time. */
int mm_catalog_known_failure(struct mm_catalog *catalog, const char *path, const char *stage,
                             uint64_t size, int64_t mtime_ns, bool *known, struct mm_error *err);
int mm_catalog_clear_failure(struct mm_catalog *catalog, const char *path, const char *stage,
                             struct mm_error *err);
typedef int mm_failure_fn(void *ctx, const struct mm_failure *failure, struct mm_error *err);
int mm_catalog_each_failure(struct mm_catalog *catalog, mm_failure_fn *fn, void *ctx,
                            struct mm_error *err);

/* ---- folders that were gathered ---- */

int mm_catalog_add_root(struct mm_catalog *catalog, const char *path, struct mm_error *err);
int mm_catalog_each_root(struct mm_catalog *catalog,
                         int (*fn)(void *ctx, const char *path, struct mm_error *err), void *ctx,
                         struct mm_error *err);

/* ---- maps ---- */

struct mm_map_song {
    int64_t song;
    float x, y;
    uint32_t cluster; /* index into the clusters of the map */
    float honesty;    /* 0..1, see mm_map; NAN: made by a version that did not measure it */
};

/* A map as it is kept. */
struct mm_map_record {
    int64_t id;     /* grows with each map */
    char *model;    /* of the vectors it was made from */
    char *settings; /* canonical line: clusterer, layout, k, seed, ... */
    char *report;   /* JSON object: figures of the run (k curve, quality) */
    size_t n_songs;
    struct mm_map_song *songs; /* [n_songs] in order of song id */
    size_t n_clusters;
    char **cluster_names; /* [n_clusters] */
    /* Groups of clusters; 0 and NULL when there are none. */
    size_t n_regions;
    char **region_names; /* [n_regions] */
    uint32_t *region;    /* [n_clusters] index into region_names */
};
void mm_map_record_finish(struct mm_map_record *map);

/* Stores the map, fills in its id and makes it the current one, in one transaction; older maps are
 * dropped. Songs that were deleted since it was begun are left out. */
int mm_catalog_put_map(struct mm_catalog *catalog, struct mm_map_record *map, struct mm_error *err);
/* MM_ERR_NOT_FOUND when no map was made yet. */
int mm_catalog_get_map(struct mm_catalog *catalog, struct mm_map_record *out, struct mm_error *err);
/* Id of the current map, 0 = none: cheap, to see whether it changed. */
int mm_catalog_map_id(struct mm_catalog *catalog, int64_t *out, struct mm_error *err);

/* ---- sets and what was played ---- */

/* A radio set as it is kept. Making a set of a name that is there adds a version to it. */
struct mm_set_record {
    char *name;
    int version;     /* from 1; filled in when put */
    int64_t made_at; /* seconds since 1970; 0 when putting = now */
    char *request;   /* JSON object: how it was asked for, rules and all */
    char *report;    /* JSON object: the set as it was made, bent rules and reasons */
    size_t n_songs;
    int64_t *songs; /* [n_songs] in order; a song that was deleted since is left out */
};
void mm_set_record_finish(struct mm_set_record *set);

int mm_catalog_put_set(struct mm_catalog *catalog, struct mm_set_record *set, struct mm_error *err);
/* version 0 = the newest. MM_ERR_NOT_FOUND names what is not there. */
int mm_catalog_get_set(struct mm_catalog *catalog, const char *name, int version,
                       struct mm_set_record *out, struct mm_error *err);
typedef int mm_set_fn(void *ctx, const char *name, int version, int64_t made_at, size_t n_songs,
                      struct mm_error *err);
/* Every version of every set, by name and version. */
int mm_catalog_each_set(struct mm_catalog *catalog, mm_set_fn *fn, void *ctx, struct mm_error *err);

/* All versions of it. MM_ERR_NOT_FOUND. */
int mm_catalog_remove_set(struct mm_catalog *catalog, const char *name, struct mm_error *err);
/* All versions of it. MM_ERR_NOT_FOUND; MM_ERR_USAGE: "to" is the name of another one. */
int mm_catalog_rename_set(struct mm_catalog *catalog, const char *name, const char *to,
                          struct mm_error *err);

/* Notes that song was played at that second, as part of show (a name). *added is false when that
 * was known. */
int mm_catalog_add_play(struct mm_catalog *catalog, int64_t song, int64_t at, const char *show,
                        bool *added, struct mm_error *err);
typedef int mm_play_fn(void *ctx, int64_t song, int64_t at, const char *show, struct mm_error *err);
/* Newest first. */
int mm_catalog_each_play(struct mm_catalog *catalog, mm_play_fn *fn, void *ctx,
                         struct mm_error *err);

/* ---- whole libraries ---- */

/* Everything that from holds, into a library that holds nothing (MM_ERR_USAGE), of the same store
 * or the other; all or nothing. Sounds are not copied: work.h does that. */
int mm_catalog_copy(struct mm_catalog *from, struct mm_catalog *to,
                    const struct mm_progress *progress, size_t *rows, struct mm_error *err);
/* SHA-256 of everything it holds: the same for libraries that say the same, whatever their store.
 */
int mm_catalog_hash(struct mm_catalog *catalog, unsigned char out[32], size_t *rows,
                    struct mm_error *err);

/* ---- care (SQLite; a shared library is its server's to look after) ---- */

/* What was found wrong, one thing a call. */
enum mm_finding_kind {
    MM_FINDING_DAMAGE, /* the catalog itself: rows may be lost */
    MM_FINDING_STRAY,  /* rows or files that belong to nothing */
    MM_FINDING_LACK,   /* something that should be there is not */
    MM_FINDING_STATE   /* the catalog is sound, but cannot be used as things are */
};
struct mm_finding {
    enum mm_finding_kind kind;
    const char *what;   /* one sentence */
    const char *advice; /* what to do; NULL = nothing need be done */
    bool mended;        /* it was put right just now */
};
typedef void mm_finding_fn(void *ctx, const struct mm_finding *finding);

/* Looks at the catalog of the library at path, which need not open. The error is that it could not
 * be looked at at all. */
int mm_catalog_examine(const char *path, mm_finding_fn *fn, void *ctx, struct mm_error *err);

struct mm_salvage_report {
    size_t rows;    /* taken over */
    size_t refused; /* read, but belonging to rows that are lost, or twice there */
    size_t torn;    /* places where reading broke off: rows were lost there */
    char kept[512]; /* where the old file lies now */
};
/*
 * Puts a new catalog in the place of the one of the library at path, with every row of it that can
 * still be read; the old one is kept beside it. MM_ERR_AGAIN: somebody is using it. MM_ERR_INPUT:
 * nothing of it can be read.
 */
int mm_catalog_rebuild(const char *path, const struct mm_progress *progress,
                       struct mm_salvage_report *report, struct mm_error *err);

/* A copy of the whole catalog, of whatever store, as of one moment, while others write: one file,
 * checked, at its name only when it is whole. */
int mm_catalog_backup(struct mm_catalog *catalog, const char *file,
                      const struct mm_progress *progress, unsigned char hash[32], size_t *rows,
                      struct mm_error *err);
/*
 * Puts a backup into the library at path (a folder or an URI), made when it is missing. A catalog
 * that is there is kept beside it, under the name in kept, where replace is set, else MM_ERR_USAGE;
 * a shared library must be empty. What was written is read again: hash is of that.
 */
int mm_catalog_restore(const char *file, const char *path, bool replace,
                       const struct mm_progress *progress, char kept[512], unsigned char hash[32],
                       size_t *rows, struct mm_error *err);

/* ---- figures ---- */

struct mm_catalog_counts {
    size_t present, missing, hidden;
    size_t probed;   /* present songs whose tags were read */
    size_t measured; /* present songs with a measure */
    size_t failures;
    double duration_s; /* of the present songs */
    size_t map_songs;
};
int mm_catalog_count(struct mm_catalog *catalog, struct mm_catalog_counts *out,
                     struct mm_error *err);

#endif
