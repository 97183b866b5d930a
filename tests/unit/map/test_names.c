/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <strings.h>

#include "base/random.h"
#include "musicmap/map.h"

/* Songs as text: "cluster: artist: genre; genre". */
struct library {
    size_t n, n_clusters;
    uint32_t cluster[512];
    const char *label[512][4];
    const char *const *labels[512];
    size_t n_labels[512];
    const char *artist[512];
};

static void add(struct library *l, size_t count, uint32_t cluster, const char *artist,
                const char *one, const char *two)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = l->n++;
        l->cluster[at] = cluster;
        l->artist[at] = artist;
        l->label[at][0] = one;
        l->label[at][1] = two;
        l->labels[at] = l->label[at];
        l->n_labels[at] = two ? 2 : one ? 1 : 0;
        if (cluster >= l->n_clusters)
            l->n_clusters = cluster + 1;
    }
}

static struct mm_naming naming(const struct library *l)
{
    return (struct mm_naming){.n = l->n,
                              .labels = l->labels,
                              .n_labels = l->n_labels,
                              .fallback = l->artist,
                              .cluster = l->cluster,
                              .n_clusters = l->n_clusters};
}

static void check_names(char **names, size_t n)
{
    for (size_t a = 0; a < n; a++) {
        assert_true(names[a] && *names[a]);
        for (size_t b = 0; b < a; b++)
            assert_string_not_equal(names[a], names[b]);
    }
}

static char **choose(const struct library *l)
{
    struct mm_error err = {0};
    struct mm_naming in = naming(l);
    char **names;
    char **regions;
    assert_ok(mm_names_choose(&in, &names, &regions, &err), &err);
    assert_null(regions);
    check_names(names, l->n_clusters);
    return names;
}

static void the_telling_genre_beats_the_frequent_one(void **state)
{
    (void)state;
    struct library l = {0};
    add(&l, 8, 0, "A", "Rock", "Surf");
    add(&l, 2, 0, "A", "Rock", NULL);
    add(&l, 30, 1, "B", "Rock", "Metal");
    add(&l, 20, 2, "C", "Jazz", "Swing");
    add(&l, 6, 3, "D", "Jazz", "Bebop");
    char **names = choose(&l);
    assert_string_equal(names[0], "Surf");
    assert_string_equal(names[1], "Metal");
    assert_true(strcmp(names[2], "Swing") == 0 || strcmp(names[2], "Jazz") == 0);
    assert_string_equal(names[3], "Bebop");
    mm_names_destroy(names, l.n_clusters);
}

static void one_song_with_an_odd_tag_names_no_cluster(void **state)
{
    (void)state;
    struct library l = {0};
    add(&l, 19, 0, "A", "Techno", NULL);
    add(&l, 1, 0, "A", "Donkey Music", NULL);
    add(&l, 20, 1, "B", "Ambient", NULL);
    add(&l, 10, 1, "B", "Techno", NULL);
    char **names = choose(&l);
    assert_string_equal(names[0], "Techno");
    assert_string_equal(names[1], "Ambient");
    mm_names_destroy(names, l.n_clusters);
}

static void clusters_that_want_the_same_genre_share_it(void **state)
{
    (void)state;
    struct library l = {0};
    add(&l, 30, 0, "Ella", "Jazz", NULL);
    add(&l, 20, 1, "Duke", "Jazz", NULL);
    add(&l, 4, 1, "Duke", "Jazz", "Swing");
    add(&l, 20, 2, "Miles", "JAZZ ", NULL);
    add(&l, 60, 3, "Bach", "Baroque", NULL);
    char **names = choose(&l);
    assert_string_equal(names[0], "Jazz");
    assert_string_equal(names[1], "Jazz \xC2\xB7 Swing");
    assert_string_equal(names[2], "Jazz \xC2\xB7 Miles");
    assert_string_equal(names[3], "Baroque");
    mm_names_destroy(names, l.n_clusters);
}

static void artists_help_where_genres_do_not(void **state)
{
    (void)state;
    struct library l = {0};
    add(&l, 9, 0, "Ella", NULL, NULL);
    add(&l, 8, 1, "Duke", NULL, NULL);
    add(&l, 7, 2, NULL, NULL, NULL);
    add(&l, 6, 3, NULL, NULL, NULL);
    char **names = choose(&l);
    assert_string_equal(names[0], "Ella");
    assert_string_equal(names[1], "Duke");
    assert_string_equal(names[2], "Country 3");
    assert_string_equal(names[3], "Country 4");
    mm_names_destroy(names, l.n_clusters);

    struct mm_error err = {0};
    struct mm_naming in = naming(&l);
    char **regions;
    in.fallback = NULL;
    assert_ok(mm_names_choose(&in, &names, &regions, &err), &err);
    assert_string_equal(names[0], "Country 1");
    mm_names_destroy(names, l.n_clusters);
}

static void one_genre_for_all_still_gives_different_names(void **state)
{
    (void)state;
    struct library l = {0};
    for (uint32_t c = 0; c < 40; c++)
        add(&l, 12 - c / 4, c, c % 2 ? "Same" : NULL, "Rock", NULL);
    add(&l, 3, 40, "x", "Country 42", NULL); /* looks like one of ours */
    add(&l, 2, 41, NULL, NULL, NULL);
    char **names = choose(&l);
    mm_names_destroy(names, l.n_clusters);

    struct library one = {0};
    add(&one, 5, 0, "Ella", "Jazz", NULL);
    names = choose(&one);
    assert_string_equal(names[0], "Jazz");
    mm_names_destroy(names, 1);
}

static void hostile_tags_stay_readable(void **state)
{
    (void)state;
    struct library l = {0};
    char longest[3000];
    for (size_t i = 0; i + 2 < sizeof longest; i += 2)
        memcpy(longest + i, "\xC3\xA9", 3);
    add(&l, 5, 0, "a", longest, NULL);
    add(&l, 5, 1, "b", "  \t ", "");
    add(&l, 5, 2, "c", "Po\x1bp\n", "\xff");
    char **names = choose(&l);
    assert_true(strlen(names[0]) <= 64);
    assert_string_equal(names[1], "b");
    assert_null(strpbrk(names[2], "\x1b\n"));
    mm_names_destroy(names, l.n_clusters);

    struct mm_error err = {0};
    l.cluster[3] = 9;
    struct mm_naming in = naming(&l);
    char **regions;
    assert_int_equal(mm_names_choose(&in, &names, &regions, &err), MM_ERR_USAGE);
    assert_null(names);
    mm_names_destroy(NULL, 0);
}

static void a_narrow_word_stands_alone(void **state)
{
    (void)state;
    struct library l = {0};
    add(&l, 40, 0, "A", "Rock", NULL);
    add(&l, 20, 1, "B", "Rock", "Heavy Metal");
    add(&l, 20, 2, "C", "Jazz", NULL);
    add(&l, 9, 3, "D", "Jazz", "Gypsy Jazz");
    add(&l, 1, 3, "D", "Jazz", NULL);
    char **names = choose(&l);
    assert_string_equal(names[0], "Rock");
    assert_string_equal(names[1], "Heavy Metal");
    assert_string_equal(names[2], "Jazz");
    assert_string_equal(names[3], "Gypsy Jazz");
    mm_names_destroy(names, l.n_clusters);
}

static void regions_take_the_broad_words(void **state)
{
    (void)state;
    struct library l = {0};
    static const char *const narrow[] = {"Salsa", "Samba", "Bebop", "Swing", "Techno", "Polka"};
    static const char *const broad[] = {"Latin", "Latin", "Jazz", "Jazz", NULL, NULL};
    static const uint32_t region[] = {0, 0, 1, 1, 2, 2, 2};
    for (uint32_t c = 0; c < 6; c++)
        add(&l, 20 - c, c, "A", narrow[c], broad[c]);
    add(&l, 3, 6, "B", NULL, NULL);
    struct mm_naming in = naming(&l);
    struct mm_error err = {0};
    char **names;
    char **regions;
    in.region = region;
    in.n_regions = 3;
    assert_ok(mm_names_choose(&in, &names, &regions, &err), &err);
    check_names(names, 7);
    for (size_t c = 0; c < 6; c++)
        assert_string_equal(names[c], narrow[c]);
    assert_string_equal(regions[0], "Latin");
    assert_string_equal(regions[1], "Jazz");
    assert_string_equal(regions[2], "Techno & Polka");
    mm_names_destroy(names, 7);
    mm_names_destroy(regions, 3);

    in.n_regions = 2; /* cluster 4 would be in region 2 */
    assert_int_equal(mm_names_choose(&in, &names, &regions, &err), MM_ERR_USAGE);
    assert_null(regions);
}

/* Words that look like the names the program makes of others. */
static const char *pick_word(struct mm_random *random)
{
    static const char *const words[] = {"Jazz",   "jazz",        "JAZZ ",     "Jazz 2",
                                        "Jazz 3", "Rock",        "Rock 2",    "Jazz & Rock",
                                        "Pop",    "Rock & Jazz", "",          "Jazz \xC2\xB7 Pop",
                                        "Pop 2",  "Unknown",     "Country 1", "South",
                                        "2",      "Region 1",    NULL,        "Jazz \xC2\xB7 Rock"};
    return words[mm_random_below(random, sizeof words / sizeof *words)];
}

/* Whatever songs are called: a name for every country and region, and no two alike. */
static void no_two_things_have_one_name(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct mm_random random = mm_random_stream(seed, 3);
        struct library l = {0};
        uint32_t region[40];
        size_t k = 1 + mm_random_below(&random, 40);
        for (uint32_t c = 0; c < k; c++)
            for (size_t i = 1 + mm_random_below(&random, 9); i > 0; i--) {
                const char *first = pick_word(&random);
                add(&l, 1, c, pick_word(&random), first, first ? pick_word(&random) : NULL);
            }
        struct mm_naming in = naming(&l);
        in.n_regions = 1 + mm_random_below(&random, k);
        for (size_t c = 0; c < k; c++)
            region[c] = (uint32_t)(c % in.n_regions);
        in.region = region;
        char **names;
        char **regions;
        struct mm_error err = {0};
        assert_ok(mm_names_choose(&in, &names, &regions, &err), &err);
        for (size_t a = 0; a < k + in.n_regions; a++) {
            const char *one = a < k ? names[a] : regions[a - k];
            assert_true(one && *one);
            for (size_t b = 0; b < a; b++) {
                const char *two = b < k ? names[b] : regions[b - k];
                if (strcasecmp(one, two) == 0)
                    fail_msg("library %d: two things are called \"%s\"", (int)seed, one);
            }
        }
        mm_names_destroy(names, k);
        mm_names_destroy(regions, in.n_regions);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_telling_genre_beats_the_frequent_one),
        cmocka_unit_test(one_song_with_an_odd_tag_names_no_cluster),
        cmocka_unit_test(clusters_that_want_the_same_genre_share_it),
        cmocka_unit_test(artists_help_where_genres_do_not),
        cmocka_unit_test(one_genre_for_all_still_gives_different_names),
        cmocka_unit_test(a_narrow_word_stands_alone),
        cmocka_unit_test(regions_take_the_broad_words),
        cmocka_unit_test(hostile_tags_stay_readable),
        cmocka_unit_test(no_two_things_have_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
