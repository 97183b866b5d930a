/* SPDX-License-Identifier: BSD-2-Clause */
/* set.h - what the files of "musicmap set" share. */
#ifndef CMD_SET_H
#define CMD_SET_H

#include <jansson.h>

#include "cmd/command.h"
#include "musicmap/set.h"

/* The options of "musicmap set" as they are typed. */
struct set_options {
    const char *from, *to, *around, *draw, *like, *fill, *rules, *arc, *start, *model, *name, *of,
        *format, *paths, *title, *station, *picture, *send;
    struct cmd_list via, output;
    double minutes, seconds, vary;
    size_t rounds;
    bool tour, keep_not, append;
};
/* clang-format off */
#define SEND_OPTIONS(o)                                                                              \
    {"send", 0, CMD_TEXT, &(o).send, "PLAYER", "to a player: mpd, spotify, subsonic (doc/players.md)", 0, 0},       \
    {"append", 0, CMD_FLAG, &(o).append, NULL, "with --send: behind what is there, not in its place", 0, 0}
/* clang-format on */
/* Turns words into songs and files into text. Returns 0 or tells what is wrong. */
int set_ask_read(const struct command *self, struct mm_catalog *catalog,
                 const struct set_options *in, struct mm_set_ask *out);

/* A set and what it was made of. */
struct made_set {
    struct mm_set_library *library;
    struct mm_set_rules *rules;
    struct mm_set *set;
    size_t gone;     /* songs of a kept set that the library has no more */
    int64_t gone_id; /* the first of them */
};
int set_make(struct mm_catalog *catalog, const struct mm_set_ask *ask, struct made_set *out,
             struct mm_error *err);
/* All that a set is made of, without making it: library and rules, and the request, which points
 * into ask and indices. Finish both, whatever the result. */
struct set_indices {
    uint32_t *way, *sibling;
    size_t n_way, n_sibling;
};
int set_prepare(struct mm_catalog *catalog, const struct mm_set_ask *ask, struct made_set *out,
                struct set_indices *indices, struct mm_set_request *request, struct mm_error *err);
void set_indices_finish(struct set_indices *indices);
/* The same account of a kept set's songs, as the library is today. */
int set_judge(struct mm_catalog *catalog, const struct mm_set_ask *ask, const int64_t *ids,
              size_t n, struct made_set *out, struct mm_error *err);
void made_set_finish(struct made_set *made);

/* The id that a word of a person means, told when it is not one. */
int set_find_song(struct mm_catalog *catalog, const char *word, int64_t *id, struct mm_error *err);

/* The song of that name, as another program writes it ("" = no artist); unlike words that a person
 * types, nothing that only begins or sounds so. MM_ERR_NOT_FOUND. */
int set_find_named(struct mm_catalog *catalog, const char *artist, const char *title, int64_t *id,
                   struct mm_error *err);

/* Keeps the set as a version of name. */
int set_keep(struct mm_catalog *catalog, const char *name, const struct mm_set_ask *ask,
             const struct made_set *made, int *version, struct mm_error *err);

/* MM_ERR_NOT_FOUND, told with a name, when songs of a kept set are gone. */
int set_check_whole(struct mm_catalog *catalog, const struct made_set *made, struct mm_error *err);

/* The kept set that "evening" or "evening@2" means. */
int set_get(struct mm_catalog *catalog, const char *word, struct mm_set_record *out,
            struct mm_error *err);

/* ---- out ---- */

void set_print(const struct made_set *made);
/* CMD_USAGE, told, when in->paths or in->format is none. */
int set_check_write(const struct command *self, const struct set_options *in);
/* Writes every -o; the format by its ending unless format is given. */
int set_write_files(const struct command *self, struct mm_catalog *catalog,
                    const struct set_options *in, const char *name, const struct made_set *made);
/* The set as JSON text (mm_set_format "json"); heap string. */
char *set_json(const struct made_set *made, const char *title, struct mm_error *err);

/* Prints the set; sent: what set_send() told, taken; NULL = nothing. */
void set_tell(const struct made_set *made, const char *name, json_t *sent);

/* set_send.c: CMD_USAGE, told, when in->send is no player; NULL is fine. */
int set_check_send(const struct command *self, const struct set_options *in);
/* The set to the player in->send; *told = what became of it. */
int set_send(const struct command *self, struct mm_catalog *catalog, const struct set_options *in,
             const char *name, const struct made_set *made, json_t **told);

/* set_draw.c: the route on the map, the arc beneath; .png, .svg or .pdf. */
int set_draw(struct mm_catalog *catalog, const struct made_set *made, const char *title,
             const char *path, struct mm_error *err);

/* set_render.c: what to mix. songs: [set->n], pointing into the library. crossfade negative = the
 * set's, or 3 s. */
int set_fill_render(const struct made_set *made, double crossfade, double lufs,
                    struct mm_render_song *songs, struct mm_render *out, struct mm_error *err);

/* CMD_DONE, or CMD_PARTLY when a hard rule was bent. */
int set_status(const struct mm_set *set);
/* cmd_fail_error() for what is not kept when it is stopped, and begins anew. */
int set_fail(const struct command *self, const struct mm_error *err);

/* ---- set list, show, ... ---- */
int set_list(const struct command *self, int argc, char **argv);
int set_show(const struct command *self, int argc, char **argv);
int set_diff(const struct command *self, int argc, char **argv);
int set_refresh(const struct command *self, int argc, char **argv);
int set_render(const struct command *self, int argc, char **argv);
int set_play(const struct command *self, int argc, char **argv);
int set_log(const struct command *self, int argc, char **argv);

#endif
