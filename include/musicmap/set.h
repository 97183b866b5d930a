/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set.h - from a map and rules to an ordered radio set, and from a set to playlist files.
 *
 * Pure: memory in, memory out. A library is made once from songs and their vectors; rules are read
 * from the text of one INI file (doc/sets.md); mm_set_make() then chooses and orders songs so that
 * neighbours flow and the rules hold. Where rules clash the set is made all the same and says which
 * rule was bent, by how much, at which song and what would be needed.
 *
 *     mm_set_library_create(&input, &library, &err);
 *     mm_set_rules_parse(text, strlen(text), "rules.ini", &rules, &err);
 *     mm_set_make(library, rules, &request, NULL, &set, &err);
 *
 * Same library, rules, request and rounds: same set, whatever the number of jobs.
 *
 * Threads: a library and rules are read-only once made and may be shared; calls are self-contained.
 */
#ifndef MUSICMAP_SET_H
#define MUSICMAP_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"
#include "progress.h"
#include "song.h"

#define MM_SET_NONE UINT32_MAX /* no song, no country */

/* ---- what can be played ---- */

/* Strings are UTF-8; NULL = not known. */
struct mm_set_song {
    int64_t id;
    const char *title, *artist, *album;
    const char *source; /* "folder", ... */
    const char *path;   /* or the service's id; bytes */
    const char *isrc;
    const char *const *genres;
    size_t n_genres;
    int year;          /* 0 = unknown */
    double duration_s; /* songs of 0 s are never chosen */
    double tempo_bpm;  /* 0 = none */
    double tempo_confidence;
    int key; /* as in struct mm_measure; -1 = none */
    enum mm_mode mode;
    double key_confidence;
    double loudness_lufs; /* not finite = not measured */
    double intensity;     /* 0..1; NAN = not measured */
    float x, y;           /* place on the map; NAN = not on it */
    uint32_t country;     /* index into the countries; MM_SET_NONE */
    int64_t last_played;  /* by the play log: seconds since 1970, local; 0 = never */
    int64_t last_heard;   /* likewise by a player's counting */
    int rating;           /* 1..5 by a player; 0 = none */
    bool starred;
    long plays;         /* by a player's counting; 0 = none, or it does not say */
    uint32_t shows_ago; /* 1 = played in the last show logged; 0 = never */
};

struct mm_set_library_input {
    size_t n;
    const struct mm_set_song *songs; /* [n] */
    size_t dim;
    const float *rows;            /* [n][dim] what they sound like; compared by angle */
    const float *intros, *outros; /* [n][dim] of their beginnings and ends; both or neither */
    const char *const *countries; /* [n_countries] names */
    size_t n_countries;
};

struct mm_set_library;
/* Copies everything. Non-finite rows are MM_ERR_INPUT. */
int mm_set_library_create(const struct mm_set_library_input *input, struct mm_set_library **out,
                          struct mm_error *err);
void mm_set_library_destroy(struct mm_set_library *library);
size_t mm_set_library_size(const struct mm_set_library *library);
const struct mm_set_song *mm_set_library_song(const struct mm_set_library *library, size_t index);
const char *mm_set_library_country(const struct mm_set_library *library, uint32_t country);
/* Index of the song with this id, MM_SET_NONE when there is none. */
uint32_t mm_set_library_find(const struct mm_set_library *library, int64_t id);
/* Between calls, from one thread: the song was played at that second (rules of history ask); it
 * cannot be played (it gets no length). The library's hash stays. */
void mm_set_library_note_play(struct mm_set_library *library, uint32_t song, int64_t at);
void mm_set_library_withhold(struct mm_set_library *library, uint32_t song);
/* 64 hexadecimal digits: changes with every song, vector or measure that could change a set. */
const char *mm_set_library_hash(const struct mm_set_library *library);

struct mm_similar {
    uint32_t song; /* index */
    float cosine;  /* 1 = the same */
};
/*
 * The n songs that sound most like song, best first, the song itself left out; exact. *count <= n.
 * Where two are alike to the last bit the earlier one comes first.
 */
int mm_set_similar(const struct mm_set_library *library, size_t song, size_t n,
                   struct mm_similar *out, size_t *count, struct mm_error *err);

/* ---- transitions ---- */

/* What it costs to go from one song to the next: each part 0 (flows) .. 1 (jars), sound up to 2. */
struct mm_transition {
    double sound;    /* 1 - cosine: 1 is what two songs drawn by lot have */
    double tempo;    /* half and double time count as close */
    double key;      /* steps on the circle of fifths */
    double loudness; /* 12 LU and more = 1 */
    double cost;     /* weighted */
};
struct mm_set_weights {
    double sound, tempo, key, loudness; /* of a transition */
    double arc, shape;                  /* of a song */
};
/* sound 1, tempo 0.2, key 0.1, loudness 0.1, arc 1, shape 1 */
struct mm_set_weights mm_set_default_weights(void);
struct mm_transition mm_set_transition(const struct mm_set_library *library,
                                       const struct mm_set_weights *weights, size_t from,
                                       size_t to);

/* ---- rules ---- */

struct mm_set_rules;
/*
 * Reads the text of an INI file (format: doc/sets.md); name is for messages. MM_ERR_USAGE names
 * the line that is wrong and what would be right. count = 0 gives the default rules: 58 minutes, no
 * two versions of one work.
 */
int mm_set_rules_parse(const char *text, size_t count, const char *name, struct mm_set_rules **out,
                       struct mm_error *err);
void mm_set_rules_destroy(struct mm_set_rules *rules);
/* Replaces the total length; 0 < minutes <= 1440. */
void mm_set_rules_set_minutes(struct mm_set_rules *rules, double minutes);
/* "flat", "peak", "0:0.2, 1:0.9", ...: as "arc =" in the file. */
int mm_set_rules_set_arc(struct mm_set_rules *rules, const char *text, struct mm_error *err);
/* Seconds since 1970, local to the listener, at which the set goes on air. */
void mm_set_rules_set_start(struct mm_set_rules *rules, int64_t start);
bool mm_set_rules_start(const struct mm_set_rules *rules, int64_t *start); /* false: none given */
double mm_set_rules_crossfade(const struct mm_set_rules *rules);           /* seconds */
/* How long two songs overlap, all in seconds: a third of the shorter one at most, so that a jingle
 * between two songs is heard, not buried under both. Any thread. */
double mm_set_overlap(double crossfade_s, double before_s, double next_s);
const struct mm_set_weights *mm_set_rules_weights(const struct mm_set_rules *rules);

/* ---- asking ---- */

enum mm_set_shape {
    MM_SHAPE_FREE,   /* wherever it flows */
    MM_SHAPE_PATH,   /* from waypoint to waypoint */
    MM_SHAPE_AROUND, /* stays near one song or in one country */
    MM_SHAPE_TOUR,   /* from country to country, a round trip */
    MM_SHAPE_DRAWN,  /* along a line drawn on the map */
    MM_SHAPE_LIKE,   /* sounds like a playlist, song by song, but is others */
    MM_SHAPE_FILL,   /* the waypoints in their order, others between */
};

/* A song that was on air before the set: it began so many seconds before the set's beginning. */
struct mm_set_before {
    uint32_t song;
    double ago_s; /* >= 0 */
};

struct mm_set_request {
    enum mm_set_shape shape;
    const uint32_t *waypoints; /* PATH, FILL: in order; LIKE: the playlist; AROUND: one */
    size_t n_waypoints;
    bool from_first, to_last; /* PATH: the first waypoint opens, the last one closes the set */
    uint32_t country;         /* AROUND: this country when there is no waypoint */
    const double *line;       /* DRAWN: [n_line][2] points in map units */
    size_t n_line;
    const uint32_t *sibling_of; /* a set of which about (1 - vary) stays; NULL = none */
    size_t n_sibling;
    double vary; /* 0..1 */
    /* Oldest first: separations reach back to these, and the set goes on from the last of them. */
    const struct mm_set_before *before;
    size_t n_before;
    uint64_t seed;
    double seconds; /* look for something better for so long; 0 = until it is good */
    size_t rounds;  /* look in exactly so many rounds; 0 = see seconds */
    size_t jobs;    /* 0 = one a core */
};

/*
 * How a set was asked for, as it is kept (request of struct mm_set_record): songs by their ids,
 * a country by its name, the rules as text, so that it can be asked again of another library.
 * Zeroed = nothing said.
 */
struct mm_set_ask {
    enum mm_set_shape shape;
    int64_t *ids; /* [n_ids] the waypoints, or the playlist */
    size_t n_ids;
    bool from_first, to_last;
    char *country; /* AROUND a country: its name; NULL */
    double *line;  /* [n_line][2] */
    size_t n_line;
    char *rules;      /* text of the rules file; NULL = "" */
    char *rules_name; /* for messages; NULL = "rules" */
    char *arc;        /* NULL = as the rules say */
    double minutes;   /* 0 = as the rules say */
    int64_t start;    /* seconds since 1970, local; 0 = as the rules say */
    double seconds;
    size_t rounds;
    uint64_t seed;
    char *model; /* NULL = what most songs have */
    char *of;    /* the set this is a sibling of; NULL */
    double vary; /* 0..1 */
};
int mm_set_ask_add(struct mm_set_ask *ask, int64_t id, struct mm_error *err);
/* As JSON text; heap, NULL when memory is out. */
char *mm_set_ask_json(const struct mm_set_ask *ask);
/* And back. MM_ERR_INPUT: the text is none of mm_set_ask_json(). Finish it in any case. */
int mm_set_ask_from_json(const char *text, struct mm_set_ask *out, struct mm_error *err);
void mm_set_ask_finish(struct mm_set_ask *ask);

/* ---- the set ---- */

struct mm_set_item {
    uint32_t song;           /* index into the library */
    double start_s;          /* from the beginning of the set */
    struct mm_transition in; /* from the song before; zero for the first */
    double arc, arc_wanted;  /* rank of its intensity in the library; NAN when there is no arc */
    double shape;            /* distance from the shape, 0 = on it; NAN when there is none */
    char *why;               /* one sentence */
};

/* A rule that does not hold. */
struct mm_set_bent {
    int line; /* in the rules file; 0 = from an option or a default */
    bool soft;
    char *rule;       /* as written: "[limit] artist = 1" */
    uint32_t at;      /* position in the set; MM_SET_NONE = the set as a whole */
    double amount;    /* by how much, in unit */
    const char *unit; /* static: "seconds", "songs", "percent", "minutes", "positions" */
    char *what;       /* one sentence: what is so */
    char *needed;     /* one sentence: what would be needed */
};

struct mm_set {
    size_t n;
    struct mm_set_item *items;
    double length_s;
    double cost; /* mean transition + mean of arc and shape + soft rules; smaller is better */
    size_t n_bent;
    struct mm_set_bent *bent; /* in the order of the rules, then of the songs */
    size_t rounds;            /* that were run: give them back to make the same set again */
    uint64_t seed;
    bool has_start;
    int64_t start; /* seconds since 1970, local; less than a day: only the time of day is known */
    double crossfade_s;
};

/*
 * Makes a set. MM_ERR_NOT_FOUND only when no song at all may be played; MM_ERR_USAGE when the
 * request contradicts itself (a waypoint that is excluded, say).
 */
int mm_set_make(const struct mm_set_library *library, const struct mm_set_rules *rules,
                const struct mm_set_request *request, const struct mm_progress *progress,
                struct mm_set **out, struct mm_error *err);

/* The same account of songs that are given in order: times, costs, bent rules. */
int mm_set_judge(const struct mm_set_library *library, const struct mm_set_rules *rules,
                 const struct mm_set_request *request, const uint32_t *songs, size_t n,
                 struct mm_set **out, struct mm_error *err);
void mm_set_destroy(struct mm_set *set);

/* ---- out ---- */

struct mm_set_write {
    const struct mm_set_library *library;
    const struct mm_set *set;
    const char *title;    /* NULL = "Radio set" */
    const char *folder;   /* paths relative to this folder; NULL = absolute paths */
    const char *station;  /* SoundExchange: name of service; NULL = "" */
    const char *rendered; /* CUE: the one file the set was mixed down to; NULL = a FILE a song */
};

/* One row of a table in src/set/write.c. All strings are static. */
struct mm_set_format {
    const char *name;   /* "m3u8" */
    const char *ending; /* ".m3u8" */
    const char *summary;
    int (*write)(const struct mm_set_write *in, FILE *out, struct mm_error *err);
};
const struct mm_set_format *mm_set_formats(size_t *count);
/* By name; NULL = by the ending of path. NULL when there is none. */
const struct mm_set_format *mm_set_format_find(const char *name, const char *path);

#endif
