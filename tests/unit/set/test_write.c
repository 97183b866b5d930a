/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written of a set with the worst titles there are, read back by programs that are not
 * ours: xmllint, jq, Python's csv and json.
 */
#include "check.h"

#include <sys/wait.h>

#include "set/made.h"

static char *long_title(void)
{
    char *title = malloc(3 * 300 + 1);
    for (size_t i = 0; i < 300; i++)
        memcpy(title + 3 * i, "\xE2\x98\x83", 3); /* 300 snowmen */
    title[900] = '\0';
    return title;
}

/* Fifteen hostile songs and the set of them. */
struct world {
    struct made made;
    struct mm_set_library *library;
    struct mm_set *set;
    char *folder;
    char *title;
};

static int make_world(void **state)
{
    struct world *w = made_memory(1, sizeof *w);
    w->made = made_songs(15, 4, 5, 1);
    w->title = long_title();
    const char *hostile[] = {"quote \" and 'quote'",
                             "line\nbreak\r\nand tab\t",
                             "=cmd|' /C calc'!A0",
                             "+1",
                             "-1",
                             "@x",
                             "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAE evil",
                             w->title,
                             "]]> <script>alert(1)</script> & co",
                             "bad \xFF\xFE utf-8",
                             "#EXTINF:9,not a comment",
                             "\x01\x02 control \x7F",
                             "\xEF\xBF\xBE noncharacter",
                             "comma, semicolon; pipe|",
                             ""};
    uint32_t songs[15];
    for (size_t i = 0; i < 15; i++) {
        w->made.songs[i].title = hostile[i];
        w->made.songs[i].artist = hostile[(i + 3) % 15];
        w->made.songs[i].album = hostile[(i + 7) % 15];
        songs[i] = (uint32_t)i;
    }
    w->made.songs[3].path = "/music/#1 50% \"of\"\nthem/a b.mp3";
    w->made.songs[4].path = "/other/\xFF.mp3";
    w->made.songs[6].path = "/music/ blank.mp3";
    w->made.songs[7].path = "/music/file:colon.mp3";
    w->made.songs[5].isrc = "USRC17607839";
    w->library = made_library(&w->made);
    struct mm_set_rules *rules;
    struct mm_error err = {0};
    const char *text = "[set]\nstart = 2026-10-01 20:00\n";
    assert_ok(mm_set_rules_parse(text, strlen(text), "rules", &rules, &err), &err);
    struct mm_set_request request = {0};
    assert_ok(mm_set_judge(w->library, rules, &request, songs, 15, &w->set, &err), &err);
    mm_set_rules_destroy(rules);
    w->folder = check_make_folder();
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    mm_set_destroy(w->set);
    mm_set_library_destroy(w->library);
    made_finish(&w->made);
    check_remove_folder(w->folder);
    free(w->title);
    free(w);
    return 0;
}

/* Writes it and gives the file's name, which the caller frees. */
static char *write_as(const struct world *w, const char *format, const char *folder)
{
    const struct mm_set_format *f = mm_set_format_find(format, NULL);
    char *path = mm_format("%s/set%s", w->folder, f->ending);
    FILE *file = fopen(path, "w");
    struct mm_error err = {0};
    struct mm_set_write in = {.library = w->library,
                              .set = w->set,
                              .title = "An \"evening\"\nof <noise>",
                              .station = "=WXYZ",
                              .folder = folder};
    assert_ok(f->write(&in, file, &err), &err);
    fclose(file);
    return path;
}

static void run(const char *path, const char *format, const char *wanted)
{
    char *command = mm_format(format, path);
    FILE *pipe = popen(command, "r"); /* NOLINT: a fixed command on a file of our own */
    char out[8192] = "";
    size_t n = fread(out, 1, sizeof out - 1, pipe);
    out[n] = '\0';
    int status = pclose(pipe);
    if (status != 0 || strcmp(out, wanted) != 0)
        fail_msg("%s\nstatus %d: \"%s\", not \"%s\"", command, status, out, wanted);
    free(command);
}

static void xspf_is_xml(void **state)
{
    char *path = write_as(*state, "xspf", NULL);
    run(path, "xmllint --noout '%s' 2>&1", "");
    run(path, "xmllint --xpath 'count(//*[local-name()=\"track\"])' '%s'", "15\n");
    run(path,
        "xmllint --xpath 'string((//*[local-name()=\"track\"])[9]/*[local-name()=\"title\"])' '%s'",
        "]]> <script>alert(1)</script> & co\n");
    run(path,
        "xmllint --xpath 'string((//*[local-name()=\"track\"])[4]/*[local-name()=\"location\"])' "
        "'%s'",
        "file:///music/%231%2050%25%20%22of%22%0Athem/a%20b.mp3\n");
    free(path);
}

static void json_is_json(void **state)
{
    char *path = write_as(*state, "json", NULL);
    run(path, "jq -r '.songs | length' '%s'", "15\n");
    run(path, "jq -r '.songs[1].title' '%s'", "line break and tab\n");
    run(path, "jq -r '.bent[] | select(.needed == \"\" or .what == \"\")' '%s'", "");
    free(path);
    path = write_as(*state, "jspf", NULL);
    run(path, "jq -r '.playlist.track | length' '%s'", "15\n");
    run(path, "jq -r '.playlist.track[2].title' '%s'", "=cmd|' /C calc'!A0\n");
    run(path, "jq -r '.playlist.track[0].duration | type' '%s'", "number\n");
    free(path);
}

#define PYTHON_CSV \
    "python3 -c \"import csv,sys; r=list(csv.reader(open('%s',newline='',encoding='utf-8'))); "

static void csv_is_csv_and_no_formula(void **state)
{
    static const char *const formats[] = {"spinitron", "soundexchange"};
    for (size_t i = 0; i < 2; i++) {
        char *path = write_as(*state, formats[i], NULL);
        run(path, PYTHON_CSV "print(len(r), {len(x) for x in r})\"", "16 {8}\n");
        run(path, PYTHON_CSV "print(sum(c[:1] in list('=+-@') for x in r for c in x))\"", "0\n");
        run(path, PYTHON_CSV "print(sum(chr(10) in c or chr(0) in c for x in r for c in x))\"",
            "0\n");
        free(path);
    }
    char *path = write_as(*state, "spinitron", NULL);
    run(path, PYTHON_CSV "print(r[3][3])\"", "'=cmd|' /C calc'!A0\n");
    run(path, PYTHON_CSV "print(r[1][0])\"", "2026-10-01T20:00:00\n");
    free(path);
}

static void m3u8_has_two_lines_a_song(void **state)
{
    char *path = write_as(*state, "m3u8", "/music");
    run(path, "grep -c '^#EXTINF:[0-9]*,' '%s'", "15\n");
    run(path, "grep -vac '^#' '%s'", "15\n");
    run(path, "grep -a '50%%' '%s'", "./#1 50% \"of\"?them/a b.mp3\n");
    run(path, "grep -ac '^\\.\\./other' '%s'", "1\n");
    run(path, "grep -a 'blank\\|file:' '%s'", "./ blank.mp3\n./file:colon.mp3\n");
    free(path);
}

static void cue_keeps_its_quotes_balanced(void **state)
{
    char *path = write_as(*state, "cue", NULL);
    run(path, "grep -c '  TRACK [0-9][0-9] AUDIO' '%s'", "15\n");
    run(path,
        "python3 -c \"print({x.count(chr(34)) for x in "
        "open('%s','rb').read().decode('utf-8','replace').split(chr(10))})\"",
        "{0, 2}\n");
    run(path, "grep -c 'ISRC USRC17607839' '%s'", "1\n");
    free(path);
}

static void text_is_one_line_a_song(void **state)
{
    char *path = write_as(*state, "text", NULL);
    run(path, "grep -c '^2[0-9]:[0-5][0-9]:[0-5][0-9]  ' '%s'", "15\n");
    run(path, "python3 -c \"print(sum(c < ' ' and c != chr(10) for c in open('%s').read()))\"",
        "0\n");
    free(path);
}

/* Midnight is a time; a day that is not known is left out. */
static void times_are_told_as_far_as_they_are_known(void **state)
{
    struct world *w = *state;
    const struct mm_set set = *w->set;
    w->set->start = 0;
    char *path = write_as(w, "spinitron", NULL);
    run(path, PYTHON_CSV "print(r[1][0])\"", "00:00:00\n");
    free(path);
    path = write_as(w, "text", NULL);
    run(path, "grep -c '^0[0-9]:[0-5][0-9]:[0-5][0-9]  ' '%s'", "15\n");
    free(path);
    w->set->has_start = false;
    path = write_as(w, "spinitron", NULL);
    run(path, PYTHON_CSV "print(r[1][0])\"", "\n");
    free(path);
    path = write_as(w, "text", NULL);
    run(path, "grep -c '^ *0:00  ' '%s'", "1\n");
    free(path);
    *w->set = set;
}

static void formats_are_found_by_name_and_ending(void **state)
{
    (void)state;
    assert_string_equal(mm_set_format_find(NULL, "a/b.CSV")->name, "spinitron");
    assert_string_equal(mm_set_format_find(NULL, "x.soundexchange.csv")->name, "soundexchange");
    assert_string_equal(mm_set_format_find("XSPF", NULL)->name, "xspf");
    assert_null(mm_set_format_find(NULL, "a.doc"));
    assert_null(mm_set_format_find("doc", "a.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xspf_is_xml),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(csv_is_csv_and_no_formula),
        cmocka_unit_test(m3u8_has_two_lines_a_song),
        cmocka_unit_test(cue_keeps_its_quotes_balanced),
        cmocka_unit_test(text_is_one_line_a_song),
        cmocka_unit_test(times_are_told_as_far_as_they_are_known),
        cmocka_unit_test(formats_are_found_by_name_and_ending),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
