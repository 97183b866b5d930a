/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CMD_MAP_UPDATE_H
#define CMD_MAP_UPDATE_H

#include "cmd/command.h"

/* Fills the record (release it) and says what came of it; an exit status. */
int cmd_run_map_update(const struct command *self, struct mm_catalog *catalog,
                       struct mm_map_record *record);

#endif
