/* SPDX-License-Identifier: BSD-2-Clause */
/* serve.h - what the files of "musicmap serve" share. */
#ifndef CMD_SERVE_H
#define CMD_SERVE_H

#include "cmd/command.h"
#include "musicmap/view.h"

/* What is kept of the password in file, or else of $MUSICMAP_PASSWORD; "" = there is none. */
int cmd_serve_password(const char *file, char record[MM_PASSWORD_RECORD_SIZE],
                       struct mm_error *err);
/* Reads a password from standard input and puts what is kept of it into file. */
int cmd_serve_set_password(const struct command *self, const char *file);

#endif
