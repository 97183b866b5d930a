/* SPDX-License-Identifier: BSD-2-Clause */
/* What names and paths say. */
#include "check.h"

#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "musicmap/source.h"

static void audio_is_known_by_its_ending(void **state)
{
    (void)state;
    static const char *const yes[] = {"a.mp3", "A.MP3",    "a.b.Flac", "x.ogg",  "x.opus", "x.m4a",
                                      "x.mp4", "x.aac",    "x.wav",    "x.aiff", "x.aif",  "x.wma",
                                      "x.ape", "x.wv",     "x.mpc",    "x.mod",  "x.xm",   "x.s3m",
                                      "x.it",  "/a/b.mp3", "\xff.mp3", "a..mp3"};
    static const char *const no[] = {"",     "mp3",    ".mp3",    "a.mp3.part",  "a.jpg",    "a.",
                                     "a.mp", "a.mp33", "a.mp3/b", "/x.mp3/.mp3", "cover.png"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!mm_source_is_audio_name(yes[i]))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (mm_source_is_audio_name(no[i]))
            fail_msg("%s", no[i]);
}

static void skips_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < MM_SKIP_KINDS; i++)
        assert_true(strlen(mm_skip_name((enum mm_skip)i)) > 3);
}

struct path_case {
    const char *path;
    const char *artist, *album, *title; /* NULL = nothing is to be said */
    int track, disc, year;
    const char *album_artist;
};

/* Below the root "/m". */
static const struct path_case cases[] = {
    /* the header's three */
    {"Artist/Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    {"Artist - Title.mp3", "Artist", NULL, "Title", 0, 0, 0, NULL},
    {"Title.mp3", NULL, NULL, "Title", 0, 0, 0, NULL},
    /* track numbers */
    {"A/B/03. Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/03.Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/03 Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/3. Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/03-Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/12 Title.mp3", "A", "B", "Title", 12, 0, 0, NULL},
    {"A/B/(03) Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/[03] - Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/1-03 Title.mp3", "A", "B", "Title", 3, 1, 0, NULL},
    {"A/B/2.11 - Title.mp3", "A", "B", "Title", 11, 2, 0, NULL},
    {"A/B/003 - Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/03 \xe2\x80\x93 Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/Track 07.mp3", "A", "B", "Track 07", 7, 0, 0, NULL},
    {"A/B/07.mp3", "A", "B", "07", 7, 0, 0, NULL},
    /* numbers that are none */
    {"99 Luftballons.mp3", NULL, NULL, "99 Luftballons", 0, 0, 0, NULL},
    {"A/B/99 Luftballons.mp3", "A", "B", "99 Luftballons", 0, 0, 0, NULL},
    {"21 Guns.mp3", NULL, NULL, "21 Guns", 0, 0, 0, NULL},
    {"A/B/7-11.mp3", "A", "B", "7-11", 0, 0, 0, NULL},
    {"A/B/3.5 Inches.mp3", "A", "B", "3.5 Inches", 0, 0, 0, NULL},
    {"A/B/1979.mp3", "A", "B", "1979", 0, 0, 0, NULL},
    {"A/B/1979 Nights.mp3", "A", "B", "1979 Nights", 0, 0, 0, NULL},
    {"A/B/04 - 99 Luftballons.mp3", "A", "B", "99 Luftballons", 4, 0, 0, NULL},
    {"A/B/01 - 1999.mp3", "A", "B", "1999", 1, 0, 0, NULL},
    {"A/B/05 .mp3", "A", "B", "05", 5, 0, 0, NULL},
    /* names in pieces */
    {"Artist - Album - 03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    {"Artist - Album - 03 Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    {"Artist - Album - CD2 - 03 - Title.mp3", "Artist", "Album", "Title", 3, 2, 0, NULL},
    {"Artist - 03 - Title.mp3", "Artist", NULL, "Title", 3, 0, 0, NULL},
    {"Artist - 03. Title.mp3", "Artist", NULL, "Title", 3, 0, 0, NULL},
    {"Artist - Album - Title.mp3", "Artist", "Album", "Title", 0, 0, 0, NULL},
    {"03 - Artist - Title.mp3", "Artist", NULL, "Title", 3, 0, 0, NULL},
    {"03 - Artist - Title - Live.mp3", "Artist", NULL, "Title - Live", 3, 0, 0, NULL},
    {"Artist_-_Title_Of_It.mp3", "Artist", NULL, "Title Of It", 0, 0, 0, NULL},
    {"03_-_Title_Of_It.mp3", NULL, NULL, "Title Of It", 3, 0, 0, NULL},
    {"A b_c.mp3", NULL, NULL, "A b_c", 0, 0, 0, NULL},
    {"Half-Life - Self-Made.mp3", "Half-Life", NULL, "Self-Made", 0, 0, 0, NULL},
    {"A/B/A - B - 03 - Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/A - Title.mp3", "A", "B", "Title", 0, 0, 0, NULL},
    {"A/B/B - 03 - Title.mp3", "A", "B", "Title", 3, 0, 0, NULL},
    {"A/B/A - Song - Live.mp3", "A", "B", "Song - Live", 0, 0, 0, NULL},
    /* folders */
    {"Artist/Title.mp3", "Artist", NULL, "Title", 0, 0, 0, NULL},
    {"Album/03 - Title.mp3", NULL, "Album", "Title", 3, 0, 0, NULL},
    {"Genre/Artist/Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    {"Artist/Album/Disc 2/03 - Title.mp3", "Artist", "Album", "Title", 3, 2, 0, NULL},
    {"Artist/Album/CD1/03 - Title.mp3", "Artist", "Album", "Title", 3, 1, 0, NULL},
    {"Artist/Album/cd 02 - Live/03 - Title.mp3", "Artist", "Album", "Title", 3, 2, 0, NULL},
    {"Artist - Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    {"Artist - 1999 - Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 1999, NULL},
    {"Artist/1999 - Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 1999, NULL},
    {"Artist/(1999) Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 1999, NULL},
    {"Artist/Album (1999) [FLAC]/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 1999, NULL},
    {"Artist/Album (Live)/03 - Title.mp3", "Artist", "Album (Live)", "Title", 3, 0, 0, NULL},
    {"Prince/1999/03 - Title.mp3", "Prince", "1999", "Title", 3, 0, 0, NULL},
    {"Artist/Artist - Album/03 - Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    {"Various Artists/Hits/03 - X - Title.mp3", "X", "Hits", "Title", 3, 0, 0, "Various Artists"},
    {"Various Artists/Hits/03 - Title.mp3", NULL, "Hits", "Title", 3, 0, 0, "Various Artists"},
    {"Unknown Artist/Unknown Album/Title.mp3", NULL, NULL, "Title", 0, 0, 0, NULL},
    {"Music/Title.mp3", NULL, NULL, "Title", 0, 0, 0, NULL},
    {"Music/Artist/Album/03 Title.mp3", "Artist", "Album", "Title", 3, 0, 0, NULL},
    /* odd bytes */
    {"Bj\xf6rk - J\xf3ga.mp3", "Bj\xef\xbf\xbdrk", NULL, "J\xef\xbf\xbdga", 0, 0, 0, NULL},
    {"A\x1b[31m - B\nC.mp3", "A [31m", NULL, "B C", 0, 0, 0, NULL},
    {"\xff\xfe/\x80.mp3", "\xef\xbf\xbd\xef\xbf\xbd", NULL, "\xef\xbf\xbd", 0, 0, 0, NULL},
    {"No Ending", NULL, NULL, "No Ending", 0, 0, 0, NULL},
    {"Mr. Brightside.mp3", NULL, NULL, "Mr. Brightside", 0, 0, 0, NULL},
    {" - .mp3", NULL, NULL, "-", 0, 0, 0, NULL},
    {"-.mp3", NULL, NULL, "-", 0, 0, 0, NULL},
};

static void assert_said(const char *path, const char *what, const char *is, const char *expected)
{
    if (!is != !expected || (is && strcmp(is, expected) != 0))
        fail_msg("%s: %s is %s, not %s", path, what, is ? is : "-", expected ? expected : "-");
}

static void paths_say_what_people_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path_case *c = &cases[i];
        char path[256];
        snprintf(path, sizeof path, "/m/%s", c->path);
        struct mm_tags tags = {0};
        assert_int_equal(mm_tags_from_path(path, "/m", &tags), 0);
        assert_said(c->path, "artist", tags.artist, c->artist);
        assert_said(c->path, "album", tags.album, c->album);
        assert_said(c->path, "title", tags.title, c->title);
        assert_said(c->path, "album artist", tags.album_artist, c->album_artist);
        if (tags.track != c->track || tags.disc != c->disc || tags.year != c->year)
            fail_msg("%s: track %d disc %d year %d", c->path, tags.track, tags.disc, tags.year);
        mm_tags_finish(&tags);
    }
}

static void the_root_is_no_artist(void **state)
{
    (void)state;
    static const struct {
        const char *path, *root, *artist, *album;
    } roots[] = {
        {"/home/ann/Tunes/A/B/01 - T.mp3", "/home/ann/Tunes", "A", "B"},
        {"/home/ann/Tunes/A/B/01 - T.mp3", "/home/ann/Tunes//", "A", "B"},
        {"/home/ann/Tunes/01 - T.mp3", "/home/ann/Tunes", NULL, NULL},
        {"/home/ann/Tunes/01 - T.mp3", "/home/ann/Tun", NULL, NULL}, /* no prefix of names */
        {"/home/ann/01 - T.mp3", NULL, NULL, NULL},
        {"/home/ann/Music/A/B/01 - T.mp3", NULL, "A", "B"},
        {"A/B/01 - T.mp3", NULL, "A", "B"},
        {"/01 - T.mp3", "/", NULL, NULL},
        {"/A/B/01 - T.mp3", "/", "A", "B"},
        {"/A/B/01 - T.mp3", "", "A", "B"},
    };
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        struct mm_tags tags = {0};
        assert_int_equal(mm_tags_from_path(roots[i].path, roots[i].root, &tags), 0);
        assert_said(roots[i].path, "artist", tags.artist, roots[i].artist);
        assert_said(roots[i].path, "album", tags.album, roots[i].album);
        assert_string_equal(tags.title, "T");
        mm_tags_finish(&tags);
    }
}

static void what_is_known_is_left_alone(void **state)
{
    (void)state;
    struct mm_tags tags = {.title = strdup("Mine"), .track = 9, .disc = 8, .year = 7};
    assert_int_equal(mm_tags_from_path("A/1999 - B/CD2/03 - T.mp3", NULL, &tags), 0);
    assert_string_equal(tags.title, "Mine");
    assert_string_equal(tags.artist, "A");
    assert_string_equal(tags.album, "B");
    assert_int_equal(tags.track, 9);
    assert_int_equal(tags.disc, 8);
    assert_int_equal(tags.year, 7);
    mm_tags_finish(&tags);
}

/* Whatever the bytes: clean text or nothing, numbers in bounds, and no sanitizer's complaint. */
static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char *const bits[] = {
        " - ",      "-",     ".",    " ",    "/",    "(",  ")",      "[", "]",
        "03",       "1999",  "7",    "_",    "\xff", "CD", "disc 1", "A", "\xe2\x80\x93",
        "\xe2\x80", "Music", ".mp3", "Track"};
    struct mm_random random = {7};
    for (int round = 0; round < 20000; round++) {
        struct mm_text path = {0};
        size_t n = mm_random_below(&random, 14);
        mm_text_add(&path, round % 2 ? "/m/" : "");
        for (size_t i = 0; i < n; i++)
            mm_text_add(&path, bits[mm_random_below(&random, sizeof bits / sizeof *bits)]);
        char *exact = strdup(path.data); /* so that a read beyond the end is seen */
        struct mm_tags tags = {0};
        assert_int_equal(mm_tags_from_path(exact, round % 3 ? "/m" : NULL, &tags), 0);
        const char *const texts[] = {tags.title, tags.artist, tags.album, tags.album_artist};
        for (size_t i = 0; i < 4; i++) {
            if (!texts[i])
                continue;
            assert_true(*texts[i] && mm_text_is_utf8(texts[i], strlen(texts[i])));
            assert_true(texts[i][0] != ' ' && texts[i][strlen(texts[i]) - 1] != ' ');
        }
        assert_in_range(tags.track, 0, 999);
        assert_in_range(tags.disc, 0, 99);
        assert_true(tags.year == 0 || (tags.year >= 1900 && tags.year <= 2099));
        mm_tags_finish(&tags);
        free(exact);
        mm_text_finish(&path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audio_is_known_by_its_ending), cmocka_unit_test(skips_have_names),
        cmocka_unit_test(paths_say_what_people_mean),   cmocka_unit_test(the_root_is_no_artist),
        cmocka_unit_test(what_is_known_is_left_alone),  cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
