/* SPDX-License-Identifier: BSD-2-Clause */
/* complete.h - what may stand behind a half-written command line. */
#ifndef CMD_COMPLETE_H
#define CMD_COMPLETE_H

#include "cmd/command.h"

/* Set by "musicmap complete": cmd_parse() then prints candidates and ends the program. */
extern bool cmd_completing;

/* Prints word and what it means if it goes on from what was begun. */
void cmd_offer(const char *word, const char *begun, const char *meaning);

/* Candidates for the last word of argv (argv[0] is the command's name). */
void cmd_complete_line(const struct command *self, const struct cmd_option *options,
                       const struct cmd_option *common, int argc, char **argv);

#endif
