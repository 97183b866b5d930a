/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a set goes in an MPD, as it is typed. */
#include "check.h"
#include "musicmap/player.h"

static void targets(void **state)
{
    (void)state;
    static const char *const good[] = {"mpd", "mpd:play", "mpd:queue", "mpd:save=Late show",
                                       "mpd:save=a=b:c"};
    static const char *const bad[] = {
        "mpd:", "mpd:loud", "mpd:save=", "mpd:save=../x", "mpd:save=a\nb", "mpd:save=.hidden"};
    struct mm_error err = {0};
    const char *where;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_non_null(mm_player_find(good[i], &where, &err));
    assert_string_equal(where, "save=a=b:c");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(mm_player_find(bad[i], &where, &err));
        assert_int_equal(err.code, MM_ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(targets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
