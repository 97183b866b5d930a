/* SPDX-License-Identifier: BSD-2-Clause */
/* gather.h - the options of gather that only services know, and what they lead to. */
#ifndef CMD_GATHER_H
#define CMD_GATHER_H

#include "cmd/command.h"

struct cmd_service_options {
    const char *genres, *query, *playlist, *market;
    size_t per_genre, limit;
    bool liked, resolve, dry_run, offline;
};
/* clang-format off */
#define CMD_SERVICE_OPTIONS(o)                                                                     \
    {"genres", 0, CMD_TEXT, &(o).genres, "all|A,B,...",                                            \
     "services: these of the 126 genres (default all)", 0, 0},                                     \
    {"per-genre", 0, CMD_COUNT, &(o).per_genre, "N", "services: songs of each genre (default 10)", \
     1, 1000},                                                                                     \
    {"query", 0, CMD_TEXT, &(o).query, "TEXT", "services: what this search finds", 0, 0},          \
    {"playlist", 0, CMD_TEXT, &(o).playlist, "ID|URL", "services: this playlist", 0, 0},           \
    {"liked", 0, CMD_FLAG, &(o).liked, NULL, "spotify: the songs you have saved", 0, 0},           \
    {"market", 0, CMD_TEXT, &(o).market, "CC", "services: as seen from this country", 0, 0},       \
    {"resolve", 0, CMD_FLAG, &(o).resolve, NULL,                                                   \
     "spotify: look for missing sound at Deezer and iTunes (mind their terms)", 0, 0},             \
    {"limit", 0, CMD_COUNT, &(o).limit, "N", "services: at most so many new songs", 0, 1000000},   \
    {"dry-run", 0, CMD_FLAG, &(o).dry_run, NULL, "services: say what would be asked, ask nothing", \
     0, 0},                                                                                        \
    {"offline", 0, CMD_FLAG, &(o).offline, NULL, "services: say what is there, fetch nothing", 0, 0}
/* clang-format on */

/* Gathers from a service, tells what came of it; returns an exit status. */
int cmd_run_service(const struct command *self, struct mm_catalog *catalog,
                    struct mm_helpers *helpers, const struct mm_service *service,
                    const struct cmd_service_options *options);

/* Whether options make sense together; tells what does not and returns CMD_USAGE. */
int cmd_check_service(const struct command *self, const struct mm_service *service,
                      const struct cmd_service_options *options);

/* Gathers from a server at url (NULL = $SUBSONIC_URL), tells what came of it. */
int cmd_run_server(const struct command *self, struct mm_catalog *catalog, const char *url);

/* What would be asked, without a library and without the net. */
int cmd_plan_service(const struct command *self, const struct mm_service *service,
                     const struct cmd_service_options *options);

/* For a service's session: opens an address in the user's browser; a line for -v. */
void cmd_open_browser(void *ctx, const char *url);
void cmd_log_request(void *ctx, const char *line);
/* A service that could not go on: what happened, and when the same command goes on. */
int cmd_say_interrupted(const struct command *self, double resume_at, const struct mm_error *err);

#endif
