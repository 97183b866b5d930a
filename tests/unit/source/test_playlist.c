/* SPDX-License-Identifier: BSD-2-Clause */
/* Playlists as programs of all kinds write them, the tables of services, and the FMA data set. */
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "check.h"
#include "musicmap/source.h"
#include "source/csv.h"
#include "source/playlist.h"

static char *folder;

struct told {
    char items[16][256]; /* key, shortened to what lies below folder */
    char names[16][256]; /* "artist/title/album/isrc" */
    double seconds[16];
    size_t n;
    char absent[16][256]; /* "location|artist/title" */
    size_t n_absent;
    size_t skipped[MM_SKIP_KINDS];
};

static int on_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    (void)err;
    struct told *told = ctx;
    const struct mm_tags *t = item->tags;
    assert_true(told->n < 16);
    snprintf(told->items[told->n], 256, "%s", item->key + strlen(folder) + 1);
    snprintf(told->names[told->n], 256, "%s/%s/%s/%s", t->artist ? t->artist : "",
             t->title ? t->title : "", t->album ? t->album : "", t->isrc ? t->isrc : "");
    told->seconds[told->n++] = item->duration_s;
    assert_true(item->size > 0);
    return 0;
}

static int on_absent(void *ctx, const struct mm_source_absent *absent, struct mm_error *err)
{
    (void)err;
    struct told *told = ctx;
    const struct mm_tags *t = absent->tags;
    assert_true(told->n_absent < 16);
    snprintf(told->absent[told->n_absent++], 256, "%s|%s/%s",
             absent->location ? absent->location : "", t->artist ? t->artist : "",
             t->title ? t->title : "");
    return 0;
}

static void on_skipped(void *ctx, enum mm_skip kind, const char *path, const char *detail)
{
    (void)path;
    (void)detail;
    ((struct told *)ctx)->skipped[kind]++;
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    struct mm_error err = {0};
    char *path = mm_path_join(folder, name);
    char *parent = mm_strdup(path);
    *strrchr(parent, '/') = '\0';
    assert_ok(mm_file_make_folder(parent, &err), &err);
    assert_ok(mm_file_write(path, bytes, n, &err), &err);
    free(parent);
    free(path);
}

static int read_bytes(const char *name, const void *bytes, size_t n, struct told *told)
{
    struct mm_error err = {0};
    *told = (struct told){0};
    write_file(name, bytes, n);
    char *path = mm_path_join(folder, name);
    const struct mm_source_events events = {
        .item = on_item, .skipped = on_skipped, .absent = on_absent, .ctx = told};
    int result = mm_source_playlist(path, &events, NULL, &err);
    if (result < 0)
        assert_true(*err.message);
    free(path);
    return result;
}

static int read_text(const char *name, const char *text, struct told *told)
{
    return read_bytes(name, text, strlen(text), told);
}

static int start(void **state)
{
    (void)state;
    char *made = check_make_folder();
    folder = realpath(made, NULL);
    free(made);
    write_file("music/Band/One.mp3", "x", 1);
    write_file("music/Band/Tw\xc3\xb6.mp3", "x", 1); /* composed */
    write_file("music/Band/100% #3.mp3", "x", 1);
    write_file("music/empty.mp3", "", 0);
    char *pipe = mm_path_join(folder, "music/pipe.mp3");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    free(pipe);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

static void test_m3u(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(read_text("music/list.m3u8",
                               "\xef\xbb\xbf#EXTM3U\r\n#PLAYLIST:mine\r\n"
                               "#EXTINF:213,Singer - The Song\r\nBand/One.mp3\r\n"
                               "# a comment\r\n\r\n"
                               "Band\\Two.mp3\r\n"
                               "Band\\Tw"
                               "o\xcc\x88.mp3\r\n"  /* decomposed, backslash */
                               "./Band/One.mp3\r\n" /* again */
                               "#EXTINF:-1,Radio\r\nhttp://example.com/stream\r\n"
                               "Band/100% #3.mp3\n"
                               "D:\\Old PC\\music\\Band\\One.mp3\n"
                               "empty.mp3\npipe.mp3\nBand\n",
                               &told),
                     0);
    assert_int_equal(told.n, 3);
    assert_string_equal(told.items[0], "music/Band/One.mp3");
    assert_string_equal(told.names[0], "Singer/The Song//");
    assert_true(told.seconds[0] == 213);
    assert_string_equal(told.items[1], "music/Band/Tw\xc3\xb6.mp3");
    assert_string_equal(told.items[2], "music/Band/100% #3.mp3");
    assert_int_equal(told.n_absent, 3); /* one misspelled, the stream, the folder */
    assert_string_equal(told.absent[1], "http://example.com/stream|/Radio");
    assert_int_equal(told.skipped[MM_SKIP_EMPTY], 1);
    assert_int_equal(told.skipped[MM_SKIP_SPECIAL], 1);
}

static void test_old_m3u(void **state)
{
    (void)state;
    struct told told;
    char text[512];
    /* Latin-1 names, and percent-encoded URIs. */
    snprintf(text, sizeof text,
             "#EXTINF:1,J\xf6rg - "
             "\xc4\nBand/Tw\xf6.mp3\nfile://localhost%s/music/Band/100%%25%%20%%233.mp3\n"
             "file:///nowhere/%%00.mp3\n",
             folder);
    assert_int_equal(read_text("music/old.m3u", text, &told), 0);
    assert_int_equal(told.n, 2);
    assert_string_equal(told.items[0], "music/Band/Tw\xc3\xb6.mp3");
    assert_string_equal(told.names[0], "J\xc3\xb6rg/\xc3\x84//");
    assert_string_equal(told.items[1], "music/Band/100% #3.mp3");
    assert_int_equal(told.n_absent, 1);
}

static void test_pls(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(
        read_text("list.pls",
                  "[playlist]\nNumberOfEntries=3\nFile2=music/Band/One.mp3\n"
                  "Title2=S - T\nLength2=7\nfile1=music/none.mp3\ntitle1=Just a title\n"
                  "File99999999999=x\nFile=x\nFile3\nLength1=-1\n",
                  &told),
        0);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.names[0], "S/T//");
    assert_true(told.seconds[0] == 7);
    assert_int_equal(told.n_absent, 1);
    assert_string_equal(told.absent[0], "music/none.mp3|/Just a title");
}

static void test_xspf(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(
        read_text("list.xspf",
                  "<?xml version='1.0'?><playlist version='1' xmlns='http://xspf.org/ns/0/'>"
                  "<title>no song</title><trackList><track><location>music/Band/100%25%20%233.mp3"
                  "</location><location>second.mp3</location><title>A &amp; B</title>"
                  "<creator><![CDATA[C]]></creator><duration>4500</duration>"
                  "<extension application='x'><title>not this</title></extension></track>"
                  "<track/><track><title>Nowhere</title></track></trackList></playlist>",
                  &told),
        0);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.names[0], "C/A & B//");
    assert_true(told.seconds[0] == 4.5);
    assert_int_equal(told.n_absent, 1);
    assert_string_equal(told.absent[0], "|/Nowhere");
    /* Entities are not expanded: neither bombs nor files. */
    assert_int_equal(read_text("bomb.xspf",
                               "<!DOCTYPE p [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>"
                               "<!ENTITY c SYSTEM 'file:///etc/passwd'>]>"
                               "<playlist><trackList><track><title>x&b;&c;</title></track>"
                               "</trackList></playlist>",
                               &told),
                     0);
    assert_string_equal(told.absent[0], "|/x");
    assert_int_equal(read_text("no.xspf", "<html><p>hello</html>", &told), MM_ERR_INPUT);
}

static void test_jspf(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(read_text("list.jspf",
                               "{\"playlist\":{\"track\":[{\"location\":[\"music/Band/One.mp3\"],"
                               "\"title\":\"T\",\"creator\":\"C\",\"duration\":\"2000\"},"
                               "{\"location\":\"music/none.mp3\",\"title\":5},7,null]}}",
                               &told),
                     0);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.names[0], "C/T//");
    assert_true(told.seconds[0] == 2);
    assert_string_equal(told.absent[0], "music/none.mp3|/");
    assert_int_equal(read_text("list.jspf", "{\"playlist\":", &told), MM_ERR_INPUT);
    assert_int_equal(read_text("list.jspf", "[]", &told), MM_ERR_INPUT);
}

static void test_cue(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(
        read_text("list.cue",
                  "REM GENRE \"Deep House\"\r\nPERFORMER \"The DJ\"\r\nTITLE \"The Mix\"\r\n"
                  "FILE \"music/Band/One.mp3\" MP3\r\n"
                  "  TRACK 01 AUDIO\r\n    TITLE \"First\"\r\n    PERFORMER \"A\"\r\n"
                  "  TRACK 02 AUDIO\r\n    TITLE \"Second\"\r\n    PERFORMER \"B\"\r\n"
                  "FILE \"music/Band/100% #3.mp3\" MP3\r\n"
                  "  TRACK 03 AUDIO\r\n    TITLE \"Alone\"\r\n    ISRC USRC17607839\r\n",
                  &told),
        0);
    assert_int_equal(told.n, 2);
    assert_string_equal(told.names[0], "The DJ/The Mix//");
    assert_string_equal(told.names[1], "The DJ/Alone/The Mix/USRC17607839");
}

static void test_m3u_without_path(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(read_text("gap.m3u",
                               "#EXTM3U\n#EXTINF:213,Somebody - Gone\n#1 hit.mp3\n"
                               "#EXTINF:-1,Lonely\nmusic/Band/One.mp3\n",
                               &told),
                     0);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.names[0], "Band/Lonely//");
}

static void test_csv(void **state)
{
    (void)state;
    struct told told;
    assert_int_equal(
        read_text("export.csv",
                  "\"Track URI\",\"Track Name\",\"Artist Name(s)\",\"Album Name\","
                  "\"Track Duration (ms)\",\"ISRC\"\n"
                  "spotify:track:x,\"He said \"\"hi\"\", then\nleft\",A,B,61500,USRC17607839\n",
                  &told),
        0);
    assert_int_equal(told.n_absent, 1);
    assert_string_equal(told.absent[0], "|A/He said \"hi\", then left");
    assert_int_equal(read_text("export.txt",
                               "Name;Time;Location\r\nOne;3:33;music\\Band\\One.mp3\r\n;;\r\n",
                               &told),
                     0);
    assert_int_equal(told.n, 1);
    assert_true(told.seconds[0] == 213);
    /* Twenty minutes: more than a million milliseconds. */
    assert_int_equal(
        read_text("long.csv", "title,path,duration_ms\nOne,music/Band/One.mp3,1200000\n", &told),
        0);
    assert_true(told.n == 1 && told.seconds[0] == 1200);
    /* UTF-16 with a byte order mark, tabs. */
    static const char utf16[] =
        "\xff\xfen\0a\0m\0e\0\t\0p\0a\0t\0h\0\n\0\xf6\0\t\0x\0\n\0=\xd8\x00\xde\t\0y\0";
    assert_int_equal(read_bytes("u.tsv", utf16, sizeof utf16 - 1, &told), 0);
    assert_int_equal(told.n_absent, 2);
    assert_string_equal(told.absent[0], "x|/\xc3\xb6");
    assert_string_equal(told.absent[1], "y|/\xf0\x9f\x98\x80");
    assert_int_equal(read_text("bad.csv", "a,b\n1,2\n", &told), MM_ERR_INPUT);
    assert_int_equal(read_text("bad.csv", "", &told), MM_ERR_INPUT);
}

static void test_csv_rows(void **state)
{
    (void)state;
    struct mm_error err = {0};
    char text[] = "a,\"b\nc\",d\"e\r\n\r\n\"x\"\"y\"\r,\n\"open";
    FILE *stream = fmemopen(text, strlen(text), "r");
    struct mm_csv csv;
    mm_csv_init(&csv, stream, ',');
    assert_int_equal(mm_csv_next(&csv, &err), 1);
    assert_int_equal(csv.n_cells, 3);
    assert_string_equal(mm_csv_cell(&csv, 1), "b\nc");
    assert_string_equal(mm_csv_cell(&csv, 2), "d\"e");
    assert_string_equal(mm_csv_cell(&csv, 3), "");
    assert_int_equal(mm_csv_next(&csv, &err), 1);
    assert_int_equal(csv.line, 4);
    assert_string_equal(mm_csv_cell(&csv, 0), "x\"y");
    assert_int_equal(mm_csv_next(&csv, &err), 1);
    assert_int_equal(csv.n_cells, 2);
    assert_int_equal(mm_csv_next(&csv, &err), 1);
    assert_string_equal(mm_csv_cell(&csv, 0), "open");
    assert_int_equal(mm_csv_next(&csv, &err), 0);
    mm_csv_finish(&csv);
    fclose(stream);
}

static void test_fma(void **state)
{
    (void)state;
    struct mm_error err = {0};
    static const char table[] =
        ",album,album,artist,set,set,track,track,track,track,track,track\n"
        ",date_released,title,name,split,subset,duration,genre_top,genres,license,number,title\n"
        "track_id,,,,,,,,,,,\n"
        "2,2009-01-05 00:00:00,\"Awol, a\nWay\",AWOL,training,small,168,Hip-Hop,\"[21, 45]\",CC "
        "BY,3,Food\n"
        "5,,,AWOL,training,small,206,Hip-Hop,[21],,4,This World\n"
        "10,,,Kurt,training,medium,161,,[],,,Freeway\n"
        "123456,,,X,training,small,30,,[7],,1,Far\n";
    write_file("fma/fma_metadata/tracks.csv", table, strlen(table));
    static const char genres[] = "genre_id,#tracks,parent,title,top_level\n21,1,0,Hip-Hop,21\n"
                                 "45,1,38,\"Loud, Rock\",12\n";
    write_file("fma/fma_metadata/genres.csv", genres, strlen(genres));
    write_file("fma/fma_small/000/000002.mp3", "x", 1);
    write_file("fma/fma_small/123/123456.mp3", "x", 1);
    struct told told = {0};
    const struct mm_source_events events = {
        .item = on_item, .skipped = on_skipped, .absent = on_absent, .ctx = &told};
    char *path = mm_path_join(folder, "fma");
    assert_ok(mm_source_fma(path, &events, NULL, &err), &err);
    assert_int_equal(told.n, 2);
    assert_string_equal(told.items[0], "fma/fma_small/000/000002.mp3");
    assert_string_equal(told.names[0], "AWOL/Food/Awol, a Way/");
    assert_string_equal(told.items[1], "fma/fma_small/123/123456.mp3");
    assert_int_equal(told.n_absent, 1); /* 5; 10 is not in small */
    free(path);
    path = mm_path_join(folder, "music");
    assert_int_equal(mm_source_fma(path, &events, NULL, &err), MM_ERR_NOT_FOUND);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_m3u),
        cmocka_unit_test(test_old_m3u),
        cmocka_unit_test(test_pls),
        cmocka_unit_test(test_xspf),
        cmocka_unit_test(test_jspf),
        cmocka_unit_test(test_cue),
        cmocka_unit_test(test_m3u_without_path),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_rows),
        cmocka_unit_test(test_fma),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
