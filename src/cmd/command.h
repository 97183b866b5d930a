/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.h - what all commands share. A command is one file with one function: it reads its
 * options, makes one or a few calls into the library, and says in words what came of it.
 * main.c has the table of commands.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "musicmap/catalog.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"
#include "musicmap/work.h"

/* How the program ends. */
enum cmd_exit {
    CMD_DONE = 0,
    CMD_PARTLY = 1, /* some songs failed: told how many, and where the list is */
    CMD_USAGE = 2,
    CMD_FAILED = 3,
};

/* One line of --help, and where its value goes. */
enum cmd_kind {
    CMD_FLAG,   /* bool */
    CMD_TEXT,   /* const char * */
    CMD_COUNT,  /* size_t, low .. high */
    CMD_NUMBER, /* double, low .. high */
    CMD_SEED,   /* uint64_t */
    CMD_BYTES,  /* size_t: 800M, 2G, 1.5G; units are powers of 1024 */
    CMD_LIST,   /* struct cmd_list: may be given several times */
};
struct cmd_list {
    const char **values; /* live as long as the program */
    size_t n;
};
struct cmd_option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* 0 = none */
    enum cmd_kind kind;
    void *target;
    const char *argument; /* "PATH"; NULL for flags */
    const char *help;
    double low, high; /* both 0 = no bounds */
};

struct command {
    const char *name;
    const char *arguments; /* "DIR...", for the usage line */
    const char *summary;   /* one line of `musicmap help` */
    int (*run)(const struct command *self, int argc, char **argv);
    bool hidden;
};

/* The options every command knows. */
struct cmd_common {
    const char *library;
    size_t jobs; /* 0 = one a core */
    uint64_t seed;
    bool json;
    bool quiet;
    bool verbose;
};
extern struct cmd_common cmd_common;

/*
 * Reads the configuration file and argv (argv[0] is the command's name) into the targets of options
 * (NULL-terminated) and cmd_common. What is left, the operands, is put at the front of argv and
 * counted in *n. --help prints and ends the program; a wrong option is told with the usage line.
 * Returns 0 or CMD_USAGE.
 */
int cmd_parse(const struct command *self, const struct cmd_option *options, int argc, char **argv,
              size_t min_operands, size_t max_operands, char ***operands, size_t *n);

/* *nearest = name where word looks more like it than like what it was (NULL at first, and as long
 * as nothing is like it). */
void cmd_nearer(const char *word, const char *name, const char **nearest);

/* Was the option with this target on the command line, and not only in the configuration? */
bool cmd_given(const void *target);

/* "musicmap NAME: message" to stderr (no NAME where self is NULL); returns status. */
int cmd_fail(const struct command *self, enum cmd_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The exit status for a failed call, its message told. A cancelled one is told as such. */
int cmd_fail_error(const struct command *self, const struct mm_error *err);

/* A line for the person, on stderr, unless --quiet or --json. */
void cmd_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text of strangers on stdout, padded to width, without what a terminal would obey. */
void cmd_put(int width, const char *text);

/* Of a count of something: "1 song", "2 songs". */
static inline const char *cmd_s(size_t n)
{
    return n == 1 ? "" : "s";
}

/* --library, else $MUSICMAP_LIBRARY, else $XDG_DATA_HOME/musicmap: a folder or an URI. Heap. */
char *cmd_library_path(void);
/* Opens it; on failure tells why and returns NULL. */
struct mm_catalog *cmd_open_library(const struct command *self, bool create);
/* The folder of its files; heap. On failure tells why and returns NULL. */
char *cmd_library_folder(const struct command *self);
struct mm_helpers *cmd_start_helpers(const struct command *self);

/* Progress as a bar on a terminal and as plain lines elsewhere; Ctrl-C sets its cancel. */
const struct mm_progress *cmd_progress(void);
/* The same, and a note in the library for pages that look at it meanwhile; task: "embed". */
const struct mm_progress *cmd_work_progress(const struct mm_catalog *catalog, const char *task);
/* The work is done: takes the note away. */
void cmd_work_end(void);
/* Ends the line of a bar; call before printing anything else. */
void cmd_progress_end(void);
bool cmd_interrupted(void);
/* Waits until Ctrl-C or SIGTERM. */
void cmd_wait_for_interrupt(void);

/* Prints json (which is released) to stdout; NULL: there was no memory for it. */
struct json_t;
void cmd_print_json(struct json_t *json);

/* Text for JSON; NULL gives null. Names of files need not be UTF-8, which JSON must be. */
struct json_t *cmd_json_text(const char *text);

/* ---- stages that more than one command runs ---- */

struct cmd_embed_options {
    const char *model;
    const char *excerpt; /* "full" or seconds */
    bool true_peak;
    bool retry;
    const char *pool; /* NULL = mean */
    const char *weights, *front_end, *cpu;
    double hop; /* seconds; 0 = the model's */
    bool center, no_center;
};
/* Turns the texts into options; tells what is wrong and returns CMD_USAGE. */
int cmd_embed_options(const struct command *self, const struct cmd_embed_options *in,
                      struct mm_embed_options *out);
/* clang-format off */
#define CMD_EMBED_OPTIONS(o)                                                                      \
    {"model", 0, CMD_TEXT, &(o).model, "NAME", "model to embed with, or several: A+B (\"musicmap model list\")", 0, 0}, \
    {"excerpt", 0, CMD_TEXT, &(o).excerpt, "SECONDS|full",                                        \
     "analyse this much of each song (default 30)", 0, 0},                                        \
    {"pool", 0, CMD_TEXT, &(o).pool, "mean|max|meanmax",                                          \
     "how a song's windows become one vector (default mean)", 0, 0},                              \
    {"hop", 0, CMD_NUMBER, &(o).hop, "SECONDS", "from one window to the next", 0.001, 3600},      \
    {"center", 0, CMD_FLAG, &(o).center, NULL, "first window around the song's beginning", 0, 0}, \
    {"no-center", 0, CMD_FLAG, &(o).no_center, NULL, "first window from its beginning on", 0, 0}, \
    {"frontend", 0, CMD_TEXT, &(o).front_end, "trained|kapre|librosa",                            \
     "which OpenL3's spectrogram (default trained)", 0, 0},                                       \
    {"weights", 0, CMD_TEXT, &(o).weights, "FILE", "weights in place of the installed ones", 0, 0}, \
    {"cpu", 0, CMD_TEXT, &(o).cpu, "NAME", "kernels: avx512, avx2, neon, generic, reference", 0, 0},                  \
    {"true-peak", 0, CMD_FLAG, &(o).true_peak, NULL, "measure true peaks (slower)", 0, 0}
/* clang-format on */

struct cmd_map_options {
    const char *model;
    const char *clusters; /* "auto" or a number */
    const char *clusterer;
    const char *layout;
    size_t memory; /* bytes; 0 = no limit */
};
int cmd_map_options(const struct command *self, const struct cmd_map_options *in,
                    struct mm_map_options *out);

/* What to gather from: a source and its paths. */
struct cmd_gathering {
    const struct mm_source *source;
    char **paths; /* [n] */
    size_t n;
    const char *mapped; /* where the files of a source on another computer are here; NULL */
};
/* Each runs a stage and tells what came of it; returns an exit status. report may be NULL. */
int cmd_run_gather(const struct command *self, struct mm_catalog *catalog,
                   struct mm_helpers *helpers, const struct cmd_gathering *what,
                   struct mm_gather_report *report);
int cmd_run_embed(const struct command *self, struct mm_catalog *catalog,
                  struct mm_helpers *helpers, const struct mm_embed_options *options,
                  struct mm_embed_report *report);
int cmd_run_map(const struct command *self, struct mm_catalog *catalog,
                const struct mm_map_options *options, struct mm_map_record *record);
/* Vectors of a .npy file for the songs of a list; any of them may be NULL. */
int cmd_run_import(const struct command *self, const char *vectors, const char *songs,
                   const char *model);
/* Serves until interrupted. */
struct cmd_serve_options {
    size_t port;
    const char *listen, *password_file, *url; /* NULL = as usual */
    bool no_open, no_update;
    bool mpd;                /* follow a Music Player Daemon */
    const char *mpd_address; /* NULL = the usual one */
};
int cmd_run_serve(const struct command *self, struct mm_catalog *catalog,
                  struct mm_helpers *helpers, const struct cmd_serve_options *options);

/* ---- the commands ---- */
int cmd_explore(const struct command *self, int argc, char **argv);
int cmd_gather(const struct command *self, int argc, char **argv);
int cmd_embed(const struct command *self, int argc, char **argv);
int cmd_map(const struct command *self, int argc, char **argv);
int cmd_draw(const struct command *self, int argc, char **argv);
int cmd_serve(const struct command *self, int argc, char **argv);
int cmd_export(const struct command *self, int argc, char **argv);
int cmd_status(const struct command *self, int argc, char **argv);
int cmd_tags(const struct command *self, int argc, char **argv);
int cmd_worker(const struct command *self, int argc, char **argv);
int cmd_features(const struct command *self, int argc, char **argv);
int cmd_eval(const struct command *self, int argc, char **argv);
int cmd_lab(const struct command *self, int argc, char **argv);
int cmd_model(const struct command *self, int argc, char **argv);
int cmd_set(const struct command *self, int argc, char **argv);
int cmd_radio(const struct command *self, int argc, char **argv);
int cmd_similar(const struct command *self, int argc, char **argv);
int cmd_forget(const struct command *self, int argc, char **argv);
int cmd_doctor(const struct command *self, int argc, char **argv);
int cmd_backup(const struct command *self, int argc, char **argv);
int cmd_restore(const struct command *self, int argc, char **argv);
int cmd_copy(const struct command *self, int argc, char **argv);
int cmd_dedupe(const struct command *self, int argc, char **argv);
int cmd_helper(const struct command *self, int argc, char **argv);

#endif
