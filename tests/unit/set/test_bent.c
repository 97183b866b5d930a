/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every kind of rule, broken once by a set that is given: where, by how much, what is so and what
 * would be needed, and no word about what the library lacks that is not so.
 */
#include "check.h"

#include "musicmap/set.h"

enum { SONGS = 8, IN_SET = 4 };

/* Four minutes each. The set is the first four in order; Ada has three of them. */
static struct mm_set_library *make_library(void)
{
    static const char *const artists[SONGS] = {"Ada", "Ada", "Bob", "Ada", "Cy", "Di", "Ed", "Flo"};
    static const char *const titles[SONGS] = {"One", "Two (Explicit)", "Three", "Four", "Five",
                                              "Six", "Seven",          "Eight"};
    static const char *const countries[] = {"Jazz", "Rock"};
    struct mm_set_song songs[SONGS];
    float rows[SONGS][2];
    for (size_t i = 0; i < SONGS; i++) {
        songs[i] = (struct mm_set_song){.id = (int64_t)i + 1,
                                        .title = titles[i],
                                        .artist = artists[i],
                                        .source = "folder",
                                        .year = i < 2 ? 1975 : 1985,
                                        .duration_s = 240,
                                        .key = -1,
                                        .loudness_lufs = -14,
                                        .intensity = 0.5,
                                        .country = i % 2};
        rows[i][0] = 1;
        rows[i][1] = (float)i;
    }
    const struct mm_set_library_input input = {.n = SONGS,
                                               .songs = songs,
                                               .dim = 2,
                                               .rows = rows[0],
                                               .countries = countries,
                                               .n_countries = 2};
    struct mm_set_library *library;
    struct mm_error err = {0};
    assert_ok(mm_set_library_create(&input, &library, &err), &err);
    return library;
}

struct bent {
    const char *rules;
    uint32_t at;
    double amount;
    const char *unit, *what, *needed;
};

/* n songs from the first; the first bent rule is as told, and nothing is said where it holds. */
static void judge(const struct mm_set_request *request, size_t n, const struct bent *want)
{
    static const uint32_t line[SONGS] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct mm_error err = {0};
    struct mm_set_library *library = make_library();
    struct mm_set_rules *rules;
    struct mm_set *set;
    assert_ok(mm_set_rules_parse(want->rules, strlen(want->rules), "rules", &rules, &err), &err);
    assert_ok(mm_set_judge(library, rules, request, line, n, &set, &err), &err);
    assert_int_equal(set->n, n);
    if (!want->what) {
        assert_int_equal(set->n_bent, 0);
    } else {
        assert_true(set->n_bent > 0);
        const struct mm_set_bent *b = &set->bent[0];
        if (b->at != want->at || strcmp(b->unit, want->unit) != 0 ||
            b->amount < want->amount - 1e-6 || b->amount > want->amount + 1e-6 ||
            !strstr(b->what, want->what) || !strstr(b->needed, want->needed))
            fail_msg("%s: at %u by %g %s: \"%s\"; needed: \"%s\"", want->rules, b->at, b->amount,
                     b->unit, b->what, b->needed);
    }
    mm_set_destroy(set);
    mm_set_rules_destroy(rules);
    mm_set_library_destroy(library);
}

#define SET         "[set]\nminutes = 16\n"
#define ALL         "[set]\nminutes = 32\n"
#define LOOK_LONGER "not found beside the other rules"

static void each_kind_is_told(void **state)
{
    (void)state;
    static const struct bent cases[] = {
        {SET, 0, 0, NULL, NULL, NULL},
        {"[set]\nminutes = 20\n", MM_SET_NONE, 230, "seconds",
         "the set lasts 16:00, not 20:00 +- 10 s", "a song that is 4:00 longer"},
        {"[set]\nminutes = 12\n", MM_SET_NONE, 230, "seconds", "the set lasts 16:00, not 12:00",
         "a song that is 4:00 shorter"},
        {SET "[separation]\nartist = 60 min\n", 1, 3360, "seconds",
         "\"Two (Explicit)\": only 4:00 since the same artist began, not 1:00:00",
         "songs of more artists, or a shorter separation"},
        {SET "[separation]\ncountry = 3 songs\n", 2, 2, "songs",
         "\"Three\": only 1 songs since the same country, not 3", "songs of more countries"},
        {SET "[limit]\nartist = 2\n", 3, 1, "songs", "\"Four\" is number 3 of its artist, 2 are",
         LOOK_LONGER},
        {SET "[quota]\ngenre polka >= 2\n", MM_SET_NONE, 2, "songs", "0 songs, not at least 2",
         "the library has none"},
        {SET "[quota]\nexplicit >= 3\n", MM_SET_NONE, 2, "songs", "1 songs, not at least 3",
         "2 more such songs: the library has 1 that may be played"},
        {SET "[quota]\nexplicit >= 10 min\n", MM_SET_NONE, 6, "minutes",
         "4 minutes, not at least 10", "6 more minutes of such songs: the library has 4 that"},
        {SET "[quota]\nexplicit >= 50 %\n", MM_SET_NONE, 25, "percent",
         "25 percent, not at least 50", "1 more such songs: the library has 1 that"},
        {SET "[quota]\nartist Ada >= 100 %\n", MM_SET_NONE, 25, "percent", "75 percent",
         "1 more such songs: the library has 3 that"},
        {SET "[quota]\nsource folder <= 2\n", MM_SET_NONE, 2, "songs", "4 songs, not at most 2",
         "more songs that are not such: there are 0, the set has 4"},
        {SET "[quota]\nartist Ada <= 50 %\n", MM_SET_NONE, 25, "percent",
         "75 percent, not at most 50", LOOK_LONGER},
        {SET "[only]\nyear = 1970-1979\n", 2, 1, "songs", "\"Three\" is in the set all the same",
         "more songs that keep the rule: there are 2, the set has 4"},
        {SET "[never]\nexplicit = yes\n", 1, 1, "songs", "\"Two (Explicit)\" is in the set",
         LOOK_LONGER},
        {SET "start = 20:00\n[hours]\nexplicit = 22:00-06:00\n", 1, 6960, "seconds",
         "\"Two (Explicit)\" begins outside 22:00-06:00", LOOK_LONGER},
        {SET "[marks]\nevery = 6 min\nwithin = 30 s\n", 2, 90, "seconds",
         "no song ends within 30 s of the station ID",
         "a song boundary 90 s nearer, or within = 120"},
        {SET "[marks]\nevery = 270 s\nwithin = 30 s\n", 2, 30, "seconds",
         "near \"Three\" no song ends", "within = 60"},
        {SET "[marks]\nevery = 2.5 min\nwithin = 10 s\n", 1, 80, "seconds", "near", "within = 90"},
    };
    const struct mm_set_request request = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        judge(&request, IN_SET, &cases[i]);
}

/* Only where all songs of the library are looked at can it be said what it has not got. */
static void what_the_library_lacks_is_told_when_it_is_so(void **state)
{
    (void)state;
    static const struct bent cases[] = {
        {"[set]\nminutes = 40\n", MM_SET_NONE, 470, "seconds", "the set lasts 32:00",
         "8:00 more music: all songs that may be played are not enough"},
        {ALL "[limit]\nartist = 1\n", 1, 1, "songs", "\"Two (Explicit)\" is number 2",
         "songs that differ in artist: there are 6 to choose from"},
    };
    const struct mm_set_request request = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        judge(&request, SONGS, &cases[i]);
}

/* A mix of two and a half hours: no song begins in the second hour, nor in the third. */
static void an_hour_without_songs_has_no_place(void **state)
{
    (void)state;
    const struct mm_set_song song = {
        .id = 1, .title = "Mix", .duration_s = 9000, .key = -1, .country = MM_SET_NONE};
    const float row = 1;
    const struct mm_set_library_input input = {.n = 1, .songs = &song, .dim = 1, .rows = &row};
    static const char text[] = "[set]\nminutes = 150\n[quota]\ngenre polka >= 1 per hour\n";
    struct mm_error err = {0};
    struct mm_set_library *library;
    struct mm_set_rules *rules;
    struct mm_set *set;
    assert_ok(mm_set_library_create(&input, &library, &err), &err);
    assert_ok(mm_set_rules_parse(text, strlen(text), "rules", &rules, &err), &err);
    assert_ok(
        mm_set_judge(library, rules, &(struct mm_set_request){0}, &(uint32_t){0}, 1, &set, &err),
        &err);
    assert_int_equal(set->n_bent, 3);
    assert_int_equal(set->bent[0].at, 0);
    assert_int_equal(set->bent[1].at, MM_SET_NONE);
    assert_int_equal(set->bent[2].at, MM_SET_NONE);
    mm_set_destroy(set);
    mm_set_rules_destroy(rules);
    mm_set_library_destroy(library);
}

static void requests_are_rules_too(void **state)
{
    (void)state;
    const uint32_t way[] = {3, 0};
    const struct mm_set_request path = {.shape = MM_SHAPE_FILL, .waypoints = way, .n_waypoints = 2};
    judge(&path, IN_SET,
          &(struct bent){SET, 0, 3, "positions", "\"One\" stands before a song it should follow",
                         "fewer songs to pass by"});
    const uint32_t ends[] = {1, 2};
    const struct mm_set_request from = {
        .shape = MM_SHAPE_PATH, .waypoints = ends, .n_waypoints = 2, .from_first = true};
    judge(&from, IN_SET,
          &(struct bent){SET, 0, 1, "positions", "\"One\" opens the set, where another song should",
                         "in its place"});
    const struct mm_set_request to = {
        .shape = MM_SHAPE_PATH, .waypoints = ends, .n_waypoints = 2, .to_last = true};
    judge(&to, IN_SET,
          &(struct bent){SET, 3, 1, "positions",
                         "\"Four\" closes the set, where another song should", ""});
    const uint32_t away[] = {0, 1, 2, 4};
    const struct mm_set_request sibling = {.sibling_of = away, .n_sibling = 4, .vary = 0};
    judge(&sibling, IN_SET,
          &(struct bent){SET, MM_SET_NONE, 1, "songs", "1 songs more or fewer than the 4",
                         LOOK_LONGER});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_told),
        cmocka_unit_test(what_the_library_lacks_is_told_when_it_is_so),
        cmocka_unit_test(an_hour_without_songs_has_no_place),
        cmocka_unit_test(requests_are_rules_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
