/* SPDX-License-Identifier: BSD-2-Clause */
/* One recording under many names, and recordings that only look alike. */
#include "base/match.h"
#include "check.h"

struct pair {
    const char *artist_a, *title_a, *artist_b, *title_b;
    bool recording, work;
};

static const struct pair pairs[] = {
    {"Beyonc\xc3\xa9", "Halo", "BEYONCE", "halo", true, true},
    {"The Beatles", "Let It Be - Remastered 2009", "Beatles", "Let It Be", true, true},
    {"Queen", "Don't Stop Me Now (2011 Remaster)", "Queen", "Don\xe2\x80\x99t Stop Me Now", true,
     true},
    {"Calvin Harris, Rihanna", "We Found Love", "Calvin Harris feat. Rihanna",
     "We Found Love (feat. Rihanna)", true, true},
    {"A", "Song ft. B & C", "A", "Song", true, true},
    {"A", "Song (Radio Edit)", "A", "Song", true, true},
    {"Simon & Garfunkel", "America", "Simon and Garfunkel", "America", true, true},
    {"\xef\xbc\xa1\xef\xbc\xa2", "\xef\xbc\x91", "ab", "1", true, true}, /* full-width letters */
    {"A", "Song (Live at Wembley)", "A", "Song", false, true},
    {"A", "Song - Acoustic", "A", "Song", false, true},
    {"A", "Song (Sped Up)", "A", "Song (Slowed + Reverb)", false, true},
    {"A", "Song (B Remix)", "A", "Song (C Remix)", false, true},
    {"A", "Song (B Remix)", "A", "Song [b remix]", true, true},
    {"A", "Song (Karaoke Version)", "A", "Song", false, true},
    {"A", "Song (Instrumental)", "A", "Song (Instrumental)", true, true},
    {"Wings", "Live and Let Die", "Wings", "Let Die", false, false},
    {"Stones", "(I Can't Get No) Satisfaction", "Stones", "Satisfaction", false, false},
    {"A", "One", "B", "One", false, false},
    {"A", "Part 1", "A", "Part 2", false, false},
};

static bool equal(char *a, char *b)
{
    assert_non_null(a);
    assert_non_null(b);
    bool same = *a && strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct pair *p = &pairs[i];
        if (equal(mm_match_recording(p->artist_a, p->title_a),
                  mm_match_recording(p->artist_b, p->title_b)) != p->recording ||
            equal(mm_match_work(p->artist_a, p->title_a), mm_match_work(p->artist_b, p->title_b)) !=
                p->work)
            fail_msg("%s - %s against %s - %s", p->artist_a, p->title_a, p->artist_b, p->title_b);
    }
}

static void test_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "", "?!", "()", " - ", "\xff\xfe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *key = mm_match_recording("Artist", texts[i]);
        assert_string_equal(key, "");
        free(key);
        key = mm_match_work(texts[i], "Title");
        assert_string_equal(key, "");
        free(key);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    assert_true(mm_match_duration(200, 202));
    assert_false(mm_match_duration(200, 202.5));
    assert_false(mm_match_duration(0, 0));
    char isrc[13];
    assert_true(mm_match_isrc("us-rc1-76-07839", isrc));
    assert_string_equal(isrc, "USRC17607839");
    assert_false(mm_match_isrc("USRC1760783", isrc));
    assert_false(mm_match_isrc("USRC1760783X", isrc));
    assert_false(mm_match_isrc("USRC176078390", isrc));
    assert_false(mm_match_isrc(NULL, isrc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
