/* SPDX-License-Identifier: BSD-2-Clause */
/* Where sets can be sent, and whether a target is one: what stands behind "musicmap set --send". */
#include <stdio.h>

#include <musicmap/player.h>

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    const char *where = NULL;
    const struct mm_player *player;
    for (size_t i = 0; argc < 2 && (player = mm_players(i)); i++)
        printf("%-10s %s\n", player->name, player->target);
    if (argc < 2)
        return 0;
    player = mm_player_find(argv[1], &where, &err);
    if (!player) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    printf("%s%s%s\n", player->title, where ? ", " : "", where ? where : "");
    return 0;
}
