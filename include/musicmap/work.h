/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.h - moves songs through the stages: gather, embed, map. Results go into the catalog.
 *
 * Everything that touches a stranger's audio runs in helper processes: separate programs, started
 * with posix_spawn, that read requests from and write results to a socket. One that dies or hangs
 * costs the file it had in hand.
 *
 * Any call can be killed at any point and started again; what is done is not done twice.
 */
#ifndef MUSICMAP_WORK_H
#define MUSICMAP_WORK_H

#include "audio.h"
#include "catalog.h"
#include "embed.h"
#include "map.h"
#include "progress.h"
#include "remote.h"
#include "service.h"
#include "set.h"
#include "source.h"

/* ---- helpers ---- */

struct mm_helpers;

struct mm_helper_settings {
    const char *program; /* executable that calls mm_helper_main() when run as "PROGRAM helper";
                            NULL = $MUSICMAP_HELPER, or /proc/self/exe */
    size_t count;        /* processes at most; 0 = one a core */
    double timeout_s;    /* without any sign of life; 0 = 60 */
    /* Once it is not 0, a call that waits for a silent helper ends with MM_ERR_CANCELLED within a
     * fraction of a second; NULL = not wanted. */
    const atomic_int *cancel;
};
int mm_helpers_create(const struct mm_helper_settings *settings, struct mm_helpers **out,
                      struct mm_error *err);
void mm_helpers_destroy(struct mm_helpers *helpers);
size_t mm_helpers_count(const struct mm_helpers *helpers);
/* Ends the idle ones: what is asked next is answered by a process that has read nothing yet (as
 * long as no other thread asks). From any thread. */
void mm_helpers_renew(struct mm_helpers *helpers);

/* The calls of audio.h, done by a helper; each waits for a free one. From any thread. A helper that
 * dies gives MM_ERR_CRASHED with the signal in words, one that is silent for too long, or has no
 * memory left, MM_ERR_LIMIT: faults of the file.
 */
int mm_helpers_probe(struct mm_helpers *helpers, const char *path, struct mm_audio_info *info,
                     unsigned char hash[32], struct mm_error *err);
int mm_helpers_cover(struct mm_helpers *helpers, const char *path, struct mm_bytes *out,
                     struct mm_error *err);
int mm_helpers_analyse(struct mm_helpers *helpers, const char *path,
                       const struct mm_audio_request *request, mm_audio_sink *sink, void *sink_ctx,
                       struct mm_measure *measure, struct mm_error *err);
/* mm_audio_stereo(). */
int mm_helpers_stereo(struct mm_helpers *helpers, const char *path, int rate, mm_audio_sink *sink,
                      void *sink_ctx, struct mm_error *err);
int mm_helpers_clip(struct mm_helpers *helpers, const char *path, double start_s, double length_s,
                    struct mm_bytes *out, struct mm_error *err);
int mm_helpers_small_clip(struct mm_helpers *helpers, const char *path, double start_s,
                          double length_s, struct mm_bytes *out, struct mm_error *err);

/* mm_audio_retag(). */
int mm_helpers_retag(struct mm_helpers *helpers, const char *path, const struct mm_retag *wanted,
                     struct mm_retag_plan *plan, struct mm_error *err);

/* What mm_embed_settings.read_weights wants, with the helpers as its ctx. */
int mm_helpers_weights(void *helpers, const char *path, struct mm_bytes *out, struct mm_error *err);

/* The whole life of a helper process: serves requests on descriptor fd until it closes. Returns the
 * process's exit status. */
int mm_helper_main(int fd);

/* ---- stages ---- */

struct mm_gather_report {
    size_t found; /* audio files seen */
    size_t added;
    size_t changed; /* content differs from last time */
    size_t moved;   /* known content at a new path */
    size_t unchanged;
    size_t missing;    /* known, but no longer there */
    size_t hidden;     /* seen, but the user hid them */
    size_t failed;     /* could not be read; listed by mm_catalog_each_failure */
    size_t in_library; /* named by a list without a file, and in the library already */
    size_t absent;     /* named by a list, and nowhere */
    size_t skipped[MM_SKIP_KINDS];
};
/* What to gather, and who is told of what was passed over. */
struct mm_gather_request {
    const struct mm_source *source; /* one of mm_sources() */
    const char *const *paths;       /* [n] folders, playlists, ... as the source wants them */
    size_t n;
    const char *mapped; /* where this computer has the files of a source on another; or NULL */
    void (*skipped)(void *ctx, enum mm_skip kind, const char *path, const char *detail);
    /* A list names it, and neither this computer nor the library has it. location may be NULL. */
    void (*absent)(void *ctx, const char *location, const struct mm_tags *tags);
    void *ctx;
};
/* Brings the catalog up to date with the files of a source. MM_ERR_NOT_FOUND: no such path. */
int mm_gather_files(struct mm_catalog *catalog, struct mm_helpers *helpers,
                    const struct mm_gather_request *request, const struct mm_progress *progress,
                    struct mm_gather_report *report, struct mm_error *err);

/* What to gather from a service: genres, or a query, or a playlist, or the user's liked songs. */
struct mm_service_request {
    const struct mm_service *service;
    struct mm_service_settings settings;
    const char *const *genres; /* [n_genres] of mm_genres() */
    size_t n_genres;
    size_t per_genre;
    const char *query, *playlist;
    bool liked;
    bool resolve; /* look elsewhere for the sound of songs that come without */
    size_t limit; /* new songs at most; 0 = no limit */
};

struct mm_unit_report {
    char name[64]; /* the genre; "query", ... */
    size_t wanted; /* 0 = all there is */
    size_t songs;
    size_t sounding; /* of these, with sound; not counted for units that were done before */
};
struct mm_service_report {
    size_t added;    /* songs new to the library */
    size_t joined;   /* found to be songs that the library had from elsewhere */
    size_t known;    /* gathered before */
    size_t silent;   /* songs without sound, kept (Spotify) or passed over (others) */
    size_t resolved; /* of the silent ones, those whose sound was found elsewhere */
    size_t failed;   /* sounds that could not be fetched or read; listed as failures */
    size_t fetched;  /* sounds fetched by this run */
    uint64_t bytes;  /* of them */
    size_t n_units;
    struct mm_unit_report *units; /* [n_units] in the order asked for */
    bool complete;                /* nothing is left to be done */
    double resume_at;             /* when the service may be asked again; 0 = at any time */
};
void mm_service_report_finish(struct mm_service_report *report);

/*
 * Gathers. Songs are written a genre (or a page) at a time with their sounds in the library's
 * folder "previews", so that a run that ended early, for whatever reason, goes on where it was and
 * ends with the same library. The report is filled also after an error; release it in any case.
 * MM_ERR_AGAIN: the service keeps failing. MM_ERR_LIMIT: it wants to be left alone until resume_at.
 */
int mm_gather_service(struct mm_catalog *catalog, struct mm_helpers *helpers,
                      const struct mm_service_request *request, const struct mm_progress *progress,
                      struct mm_service_report *report, struct mm_error *err);

struct mm_remote_report {
    size_t found;
    size_t added;
    size_t joined;  /* songs that the library had from elsewhere */
    size_t known;   /* under the same id */
    size_t renamed; /* known, under a new id */
    size_t missing; /* known, and not there any more */
    double resume_at;
};
/*
 * Brings the library up to date with a server: names, lengths, stars, ratings and plays; no sound.
 * A song whose id changed keeps what is known of it: it is found by names, album and length here,
 * and by its content when it is fetched. Nothing is written unless the server was read to its end.
 */
int mm_gather_server(struct mm_catalog *catalog, const struct mm_remote_settings *settings,
                     const struct mm_progress *progress, struct mm_remote_report *report,
                     struct mm_error *err);

/*
 * Writes what was learned of a song of a server (its hash is known now). When a song that is
 * missing has this content, its id changed and its names, too: that song gets this one's place and
 * names, and this one is removed. *same: so it was.
 */
int mm_remote_song_known(struct mm_catalog *catalog, const struct mm_song *song, bool *same,
                         struct mm_error *err);

/* ---- songs on loan ---- */

/*
 * The sound of any song as a file: its own, or, of a song of a server, one that is fetched for the
 * moment. As many are there at once as are in hand. The server is asked for when the first is.
 * Threads: any.
 */
struct mm_lender;
int mm_lender_create(struct mm_catalog *catalog, const struct mm_progress *progress,
                     struct mm_lender **out, struct mm_error *err);
void mm_lender_destroy(struct mm_lender *lender); /* NULL is allowed */
struct mm_loan {
    char *path;
    bool fetched;
};
/* Does the song have sound that can be lent? */
bool mm_can_lend(const struct mm_song *song);
/* MM_ERR_NOT_FOUND: the server has it no more. MM_ERR_USAGE: no account for its server. */
int mm_lend(struct mm_lender *lender, const struct mm_song *song, struct mm_loan *out,
            struct mm_error *err);
void mm_loan_return(struct mm_loan *loan);

struct mm_forget_report {
    size_t songs;   /* removed */
    size_t origins; /* songs that stay, since they are from elsewhere, too */
    size_t files;   /* sounds removed from the library */
};
/* Removes all that came from a source, with the sounds that were fetched from it. */
int mm_forget_source(struct mm_catalog *catalog, const char *source,
                     struct mm_forget_report *report, struct mm_error *err);

/* Songs that are one recording. keep and drop are valid during the call. */
typedef int mm_duplicate_fn(void *ctx, const struct mm_song *keep, const struct mm_song *drop,
                            struct mm_error *err);
struct mm_dedupe_report {
    size_t duplicates; /* songs that are another song's recording */
    size_t works;      /* works of which there are several recordings: live, remix, ... */
    size_t versions;   /* their recordings */
};
/* Tells duplicates, best copy first, and joins them where mend is set: the song that stays has the
 * origins of both. */
int mm_dedupe(struct mm_catalog *catalog, bool mend, mm_duplicate_fn *fn, void *ctx,
              struct mm_dedupe_report *report, struct mm_error *err);

/* ---- tags back into files ---- */

struct mm_retag_options {
    bool fields[MM_RETAG_FIELDS]; /* these */
    bool replace;                 /* also where the file says something already */
    bool write;                   /* else the files are only looked at */
};
/* What came of one file: result 0 and its plan, or why not. */
typedef int mm_retagged_fn(void *ctx, const struct mm_song *song, int result,
                           const struct mm_retag_plan *plan, const struct mm_error *fault,
                           struct mm_error *err);
struct mm_retag_report {
    size_t files;  /* looked at */
    size_t change; /* of these, to be written, or written */
    size_t fields; /* in them */
    size_t failed; /* that could not be, and are as they were */
    size_t other;  /* kinds of files that tags are not written into */
};
/*
 * Tempo, key, mood and the name of the country on the map, into the files of songs (ids: [n]). What
 * was measured with too little confidence is left out. A file is written beside the old one, held
 * against it (what else is in it and all sound must be the same, the tags must read as meant) and
 * only then takes its place. The library knows it as the same song: nothing is measured again.
 */
int mm_retag_songs(struct mm_catalog *catalog, struct mm_helpers *helpers, const int64_t *ids,
                   size_t n, const struct mm_retag_options *options,
                   const struct mm_progress *progress, mm_retagged_fn *fn, void *ctx,
                   struct mm_retag_report *report, struct mm_error *err);

struct mm_embed_options {
    struct mm_embed_settings model; /* its name may be a join: all parts are embedded with */
    double excerpt_s;               /* 30; 0 = whole songs */
    bool true_peak;
    bool retry;    /* songs that failed before, too */
    bool segments; /* also how songs begin and how they end: "intro" and "outro", 15 s each */
};
struct mm_embed_report {
    size_t todo;
    size_t embedded;
    size_t failed;
    double seconds;
};
/* Measures and embeds the present songs that lack it. */
int mm_embed_songs(struct mm_catalog *catalog, struct mm_helpers *helpers,
                   const struct mm_embed_options *options, const struct mm_progress *progress,
                   struct mm_embed_report *report, struct mm_error *err);

struct mm_copy_report {
    size_t rows;
    size_t sounds;          /* files of services' songs */
    size_t absent;          /* of these, not there any more */
    unsigned char hash[32]; /* of what both libraries say */
};
/* mm_catalog_copy() and the sounds in the library's folder; both are read again and compared. */
int mm_copy_library(struct mm_catalog *from, struct mm_catalog *to,
                    const struct mm_progress *progress, struct mm_copy_report *report,
                    struct mm_error *err);

/* Looks at what belongs to a library that opens: files of songs, kept clips, leftovers, the map.
 * mend: what belongs to nothing is removed. Findings come as of mm_catalog_examine(). */
int mm_library_examine(struct mm_catalog *catalog, bool mend, const struct mm_progress *progress,
                       mm_finding_fn *fn, void *ctx, struct mm_error *err);

/* ---- workers of a shared library ---- */

struct mm_worker_options {
    struct mm_embed_options embed;
    double lease_s;          /* 60: a worker that is silent for so long has lost its songs */
    size_t tries;            /* 3: a song that so many tries did not get through is a failure */
    size_t batch;            /* songs leased at once; 0 = two a helper */
    bool until_done;         /* ends when nothing is left to do, instead of waiting for more */
    const char *const *maps; /* [n_maps] "/FROM=/TO" or "/FROM=https://...": where files are here */
    size_t n_maps;
    /* A line of the log, from any thread, one at a time; NULL = not wanted. */
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
};
struct mm_worker_report {
    size_t done;
    size_t failed; /* of these, how many were parked after too many tries: */
    size_t parked;
    size_t given_back; /* to be tried once more by somebody */
    size_t lost;       /* another had done or taken it: nothing was stored */
    double seconds;
};
/* MM_ERR_USAGE unless map is of the form that mm_worker_options.maps wants. */
int mm_worker_check_map(const char *map, struct mm_error *err);
/*
 * Measures and embeds what the queue has (queue.h) until progress is cancelled; the songs in hand
 * are finished then. A lost connection is waited for. library: of a database in PostgreSQL.
 */
int mm_run_worker(const char *library, struct mm_helpers *helpers,
                  const struct mm_worker_options *options, const struct mm_progress *progress,
                  struct mm_worker_report *report, struct mm_error *err);

/* Vectors that another program computed. From then on they are a model like the others. */
struct mm_import {
    const char *vectors; /* .npy file, [rows][values] of floats */
    const char *songs;   /* list of as many songs (work/song_list.h): .txt or .csv */
    const char *model;   /* what to call them: no model of the table */
    /* Called for each name that is no song of the library, or not of one only. May be NULL. */
    void (*unmatched)(void *ctx, size_t line, const char *name, const char *why);
    void *ctx;
};
struct mm_import_report {
    size_t rows, values;
    size_t matched, unmatched; /* rows */
    size_t lacking;            /* present songs without such a vector, after it */
};
/* All that matches is stored, or, after an error, nothing. Vectors that were imported under this
 * name before stay, and must have as many values (MM_ERR_USAGE). */
int mm_import_vectors(struct mm_catalog *catalog, const struct mm_import *what,
                      struct mm_import_report *report, struct mm_error *err);

/* The pooling in a vector's settings ("timbre ... pool=max" -> "max"); false: none is told. */
bool mm_vectors_pooled(const char *settings, char *out, size_t room);

struct mm_map_options {
    const char
        *model; /* or a join of models (join.h); NULL = the one most songs are embedded with */
    struct mm_map_settings settings;
};
/*
 * Clusters, names and lays out what is embedded, and stores it as the current map. The report in
 * the record is a JSON object. It lies as the last map did (mm_map_settings.previous is seen to).
 * MM_ERR_NOT_FOUND when nothing is embedded.
 */
int mm_map_songs(struct mm_catalog *catalog, const struct mm_map_options *options,
                 const struct mm_progress *progress, struct mm_map_record *out,
                 struct mm_error *err);

/* How far a map has come from what it was made of, by updates. */
struct mm_map_drift {
    size_t songs;  /* on the map now */
    size_t placed; /* of these, new with this update */
    size_t gone;   /* taken off by it */
    size_t made_of;
    size_t all_placed, all_gone; /* by all updates since it was made */
    double changed;              /* (all_placed + all_gone) / made_of */
    double honesty;              /* mean of the songs that were on the map before */
    double honesty_new;          /* and of those that were not */
    bool fresh_map_due;
};
/*
 * Puts the songs that were embedded since onto the current map: the others keep their places and
 * clusters exactly, songs that left are taken off. seed and jobs of settings are read.
 * MM_ERR_NOT_FOUND: there is no map; MM_ERR_USAGE: it was made from vectors of other settings.
 */
int mm_map_update(struct mm_catalog *catalog, const struct mm_map_settings *settings,
                  const struct mm_progress *progress, struct mm_map_record *out,
                  struct mm_map_drift *drift, struct mm_error *err);

/* *stale = mm_map_songs would make another map: songs came or went, a song's vector is another one
 * (its file was replaced), or settings differ. Reads all vectors. */
int mm_map_is_stale(struct mm_catalog *catalog, const struct mm_map_options *options, bool *stale,
                    struct mm_error *err);

/* What is known of a song, as one number. */
enum mm_figure {
    MM_FIGURE_HONESTY,   /* 0..1, see mm_map */
    MM_FIGURE_INTENSITY, /* 0..1 */
    MM_FIGURE_TEMPO,     /* beats a minute */
    MM_FIGURE_KEY,       /* 0..11 steps along the circle of fifths; minor at its relative major */
    MM_FIGURE_YEAR,
    MM_FIGURE_RATING, /* 1..5, by a player or server */
    MM_FIGURE_PLAYS,  /* by its counting */
};
/* out: [map->n_songs]; NAN where it is not known. */
int mm_map_figures(struct mm_catalog *catalog, const struct mm_map_record *map,
                   enum mm_figure figure, float *out, struct mm_error *err);
/* How value: [map->n_songs] (NAN is passed over) goes with the distance to the middle of all songs:
 * r < 0 = it rises toward the middle. */
int mm_map_toward_centre(const struct mm_map_record *map, const float *value,
                         struct mm_correlation *out, struct mm_error *err);

enum mm_label_kind { MM_LABEL_GENRE, MM_LABEL_FOLDER };
/* Figures of the current map against a song's first genre or its parent folder's name. */
int mm_eval_map(struct mm_catalog *catalog, enum mm_label_kind label, size_t jobs,
                struct mm_quality *out, struct mm_error *err);

/* ---- sets ---- */

/*
 * Everything a set is made of: the present songs that are embedded with model (NULL = with
 * whichever most are), their tags, measures, places on the map, and when they were played.
 */
int mm_load_set_library(struct mm_catalog *catalog, const char *model, size_t jobs,
                        const struct mm_progress *progress, struct mm_set_library **out,
                        struct mm_error *err);

/* Songs mixed into one file: equally loud, overlapping where they are quiet. */
struct mm_render_song {
    const char *path;
    double duration_s;
    double loudness_lufs;       /* not finite: as it is */
    const char *artist, *title; /* told in the file, where its format can; NULL = not known */
};
/* How loud the mix is, every 50 ms: dBFS (RMS), -120 = nothing. Free values. */
struct mm_levels {
    float *values; /* [n] */
    size_t n, capacity;
};
#define MM_LEVEL_S 0.05
struct mm_render {
    size_t n;
    const struct mm_render_song *songs; /* [n] */
    double crossfade_s;                 /* at most a third of the shorter song: mm_set_overlap() */
    double target_lufs;
    struct mm_levels *levels; /* appended to; NULL = not wanted */
};
struct mm_rendered {
    double start_s; /* where the song begins in the file */
    double heard_s; /* of it there were: less than its duration when its file is cut short */
};
/* path: .mp3, .flac, .wav or .opus; there whole or not at all; NULL: only measured. songs: [n]. A
 * song that cannot be decoded ends it; the message names the file. */
int mm_render_songs(struct mm_helpers *helpers, const struct mm_render *request, const char *path,
                    struct mm_rendered *songs, double *length_s, const struct mm_progress *progress,
                    struct mm_error *err);

/* ---- what is being done to a library ---- */

/* A note in the library's folder of how far a long call of some process is, for the page. */
struct mm_notice {
    char task[16];      /* "gather", "embed", "map" */
    char stage[48];     /* of it: "placing songs"; UTF-8, without tabs */
    size_t done, total; /* total 0 = not known */
};
/* Writes this process's note over what is there; where that fails nobody is told. Call it twice a
 * second at most. */
void mm_notice_put(const char *library, const struct mm_notice *notice);
/* Takes it away, if it is this process's. */
void mm_notice_end(const char *library);
/* False: nothing is being done. A note whose process has ended does not count. */
bool mm_notice_get(const char *library, struct mm_notice *out);

/* ---- the library as a table ---- */

struct mm_table_row {
    struct mm_song song;
    bool measured;
    struct mm_measure measure;
    const struct mm_map_song *place; /* in the table's map; NULL = not on it */
};
struct mm_table {
    size_t n, dim;
    struct mm_table_row *rows; /* [n] in order of id: the present songs that have vectors */
    float *vectors;            /* [n][dim] */
    char *model;               /* of the vectors */
    struct mm_map_record map;  /* without songs when there is none */
};
/* model NULL = whichever most songs have. MM_ERR_NOT_FOUND: no song has vectors. */
int mm_load_table(struct mm_catalog *catalog, const char *model, struct mm_table *out,
                  struct mm_error *err);
void mm_table_finish(struct mm_table *table);

#endif
