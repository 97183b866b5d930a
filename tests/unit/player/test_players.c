/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets as they are typed, and what is known of a song on its way. */
#include "check.h"
#include "musicmap/player.h"

static void targets(void **state)
{
    (void)state;
    struct mm_error err = {0};
    const char *where = "";
    for (size_t i = 0; mm_players(i); i++) {
        assert_non_null(mm_players(i)->title);
        assert_int_equal(
            strncmp(mm_players(i)->target, mm_players(i)->name, strlen(mm_players(i)->name)), 0);
    }
    const struct mm_player *player = mm_player_find("spotify", &where, &err);
    assert_non_null(player);
    assert_string_equal(player->name, "spotify");
    assert_null(where);
    assert_null(mm_player_find("spotif", &where, &err));
    assert_non_null(strstr(err.message, "cannot be \"spotif\": mpd[:play"));
    assert_null(mm_player_find("", &where, &err));
    assert_null(mm_player_find("spotify:", &where, &err));
    assert_int_equal(err.code, MM_ERR_USAGE);
    assert_non_null(strstr(err.message, "one place"));
}

static void what_is_known_of_a_song(void **state)
{
    (void)state;
    struct mm_origin origins[] = {{.source = "deezer", .key = "7"},
                                  {.source = "mpd", .key = "a/b"}};
    const struct mm_set_song bare = {.source = "folder", .path = "/m/a/b.mp3"};
    const struct mm_player_song song = {&bare, origins, 2};
    assert_string_equal(mm_player_song_key(&song, "folder"), "/m/a/b.mp3");
    assert_string_equal(mm_player_song_key(&song, "mpd"), "a/b");
    assert_null(mm_player_song_key(&song, "spotify"));
    char *name = mm_player_song_name(&song);
    assert_string_equal(name, "a song without a title");
    free(name);
    const struct mm_set_song named = {.artist = "A\nB", .title = "C"};
    const struct mm_player_song other = {&named, NULL, 0};
    name = mm_player_song_name(&other);
    assert_null(strchr(name, '\n'));
    assert_non_null(strstr(name, " - C"));
    free(name);
}

static void appending_where_it_cannot_be(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_player_sent sent;
    const struct mm_player_job job = {.name = "x", .title = "x", .append = true};
    const char *where;
    const struct mm_player *player = mm_player_find("spotify", &where, &err);
    assert_int_equal(mm_player_send(player, &job, &sent, &err), MM_ERR_USAGE);
    assert_non_null(strstr(err.message, "Spotify"));
    mm_player_sent_finish(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(what_is_known_of_a_song),
        cmocka_unit_test(appending_where_it_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
