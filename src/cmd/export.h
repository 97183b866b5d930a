/* SPDX-License-Identifier: BSD-2-Clause */
/* export.h - what the files of "musicmap export" share. */
#ifndef CMD_EXPORT_H
#define CMD_EXPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "cmd/command.h"

/* .csv, .jsonl, .npz, .tsv */
bool cmd_export_data_knows(const char *path);
int cmd_export_data(const struct command *self, struct mm_catalog *catalog, const char *path,
                    const char *model);

#endif
