/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of an MPD as people type them. */
#include "check.h"
#include "source/mpd_client.h"

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *password;
        unsigned port;
    } good[] = {
        {"nas", "nas", NULL, 0},
        {"nas:6601", "nas", NULL, 6601},
        {"/run/mpd/socket", "/run/mpd/socket", NULL, 0},
        {"/tmp/a@b:c", "/tmp/a@b:c", NULL, 0},
        {"@mpd", "@mpd", NULL, 0},
        {"secret@nas:6601", "nas", "secret", 6601},
        {"a@b@nas", "nas", "a@b", 0},
        {"secret@/run/mpd/socket", "/run/mpd/socket", "secret", 0},
        {"[::1]:6601", "::1", NULL, 6601},
        {"[::1]", "::1", NULL, 0},
        {"fe80::1", "fe80::1", NULL, 0},
    };
    static const char *const bad[] = {"",     "nas:",   "nas:0", "nas:65536", "nas:x",
                                      "[::1", "[::1]x", ":6600", "nas:-1",    "x@:1"};
    struct mm_error err = {0};
    struct mm_mpd_place place;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(mm_mpd_read_address(good[i].text, &place, &err), &err);
        assert_string_equal(place.host, good[i].host);
        assert_int_equal(place.port, good[i].port);
        if (good[i].password)
            assert_string_equal(place.password, good[i].password);
        else
            assert_null(place.password);
        mm_mpd_place_finish(&place);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(mm_mpd_read_address(bad[i], &place, &err), MM_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
