/* SPDX-License-Identifier: BSD-2-Clause */
/* players.h - the rows of the table in players.c; each is defined in a file of its own. */
#ifndef PLAYER_PLAYERS_H
#define PLAYER_PLAYERS_H

#include "musicmap/player.h"

extern const struct mm_player mm_player_mpd, mm_player_spotify, mm_player_subsonic;

/* check of players that have one place only. */
int mm_player_check_nowhere(const char *where, struct mm_error *err);

#endif
