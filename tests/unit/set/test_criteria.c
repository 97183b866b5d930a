/* SPDX-License-Identifier: BSD-2-Clause */
/* Which songs a rule means. */
#include <time.h>

#include "base/clock.h"
#include "check.h"
#include "set/made.h"
#include "set/rules.h"

enum { SONGS = 4 };

/* Bit i: song i is meant by the first criterion of the rules. */
static unsigned meant(const struct made *m, const char *text)
{
    struct mm_error err = {0};
    struct mm_set_rules *rules;
    assert_ok(mm_set_rules_parse(text, strlen(text), "rules", &rules, &err), &err);
    struct mm_set_library *library = made_library(m);
    uint64_t marks[SONGS] = {0};
    assert_ok(mm_criterion_mark(rules, &rules->criteria[0], library, 1, marks, &err), &err);
    unsigned bits = 0;
    for (size_t i = 0; i < SONGS; i++)
        bits |= (unsigned)marks[i] << i;
    mm_set_library_destroy(library);
    mm_set_rules_destroy(rules);
    return bits;
}

/* The log is in the station's own time, wherever the station is. */
static void hours_and_days_are_local(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC0", "PST8", "AEST-10"};
    struct made m = made_songs(SONGS, 4, SONGS, 1);
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        setenv("TZ", zones[z], 1);
        tzset();
        int64_t now = mm_clock_local((int64_t)time(NULL));
        m.songs[0].last_played = now - 3600;
        m.songs[1].last_played = now - 5 * 3600;
        m.songs[2].last_played = now - 9 * 3600;
        assert_int_equal(meant(&m, "[history]\nhours = 6\n"), 3);
        /* A time of day alone is no date. */
        assert_int_equal(meant(&m, "[set]\nstart = 20:00\n[history]\nhours = 6\n"), 3);
        m.songs[2].last_played = now - 25 * 3600;
        assert_int_equal(meant(&m, "[history]\ndays = 1\n"), 3);
    }
    unsetenv("TZ");
    tzset();
    made_finish(&m);
}

/* What a player counted at home was not on air. */
static void history_goes_by_the_log(void **state)
{
    (void)state;
    struct made m = made_songs(SONGS, 4, SONGS, 1);
    int64_t now = mm_clock_local((int64_t)time(NULL));
    m.songs[0].last_played = now - 3600;
    m.songs[1].last_heard = now - 3600;
    assert_int_equal(meant(&m, "[history]\nhours = 6\n"), 1);
    assert_int_equal(meant(&m, "[history]\ndays = 2\n"), 1);
    assert_int_equal(meant(&m, "[only]\nunplayed = yes\n"), 14);
    assert_int_equal(meant(&m, "[only]\nnot played since = 2000-01-01\n"), 12);
    made_finish(&m);
}

static void paths_fit_patterns_of_two_signs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool fits;
    } cases[] = {{"*/Live [2011]/*", "/m/Live [2011]/a.mp3", true},
                 {"*/Live [2011]/*", "/m/Live 2/a.mp3", false},
                 {"*/back\\slash*", "/m/back\\slash.mp3", true},
                 {"*.mp3", "/m/a.mp3", true},
                 {"*.mp3", "/m/a.mp3.flac", false},
                 {"/m/?.mp3", "/m/a.mp3", true},
                 {"/m/?.mp3", "/m/\xC3\xA9.mp3", true},
                 {"/m/?.mp3", "/m/\xE9.mp3", true},
                 {"/m/?.mp3", "/m/ab.mp3", false},
                 {"*a*b*c*", "/aab/bcb", true},
                 {"*a*b*c", "/aab/bcb", false},
                 {"*", "", true}};
    struct made m = made_songs(SONGS, 4, SONGS, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        m.songs[2].path = cases[i].path;
        m.songs[0].path = m.songs[1].path = m.songs[3].path = NULL;
        char *text = mm_format("[never]\npath = %s\n", cases[i].pattern);
        if (meant(&m, text) != (cases[i].fits ? 4 : 0))
            fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].path);
        free(text);
    }
    made_finish(&m);
}

/* Whatever a rule or a shape goes by. */
static void the_hash_changes_with_what_changes_sets(void **state)
{
    (void)state;
    struct made m = made_songs(SONGS, 4, SONGS, 1);
    char hashes[8][65];
    for (size_t k = 0; k < 8; k++) {
        struct mm_set_song *s = &m.songs[1];
        const struct mm_set_song was = *s;
        switch (k) {
        case 1:
            s->path = "/elsewhere.mp3";
            break;
        case 2:
            s->x += 0.5F;
            break;
        case 3:
            s->rating = 4;
            break;
        case 4:
            s->starred = true;
            break;
        case 5:
            s->plays = 7;
            break;
        case 6:
            s->title = "Other";
            break;
        case 7:
            m.rows[5] += 1;
            break;
        default:
            break;
        }
        struct mm_set_library *library = made_library(&m);
        strcpy(hashes[k], mm_set_library_hash(library));
        mm_set_library_destroy(library);
        *s = was;
        for (size_t i = 0; i < k; i++)
            assert_string_not_equal(hashes[i], hashes[k]);
    }
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_and_days_are_local),
        cmocka_unit_test(history_goes_by_the_log),
        cmocka_unit_test(paths_fit_patterns_of_two_signs),
        cmocka_unit_test(the_hash_changes_with_what_changes_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
