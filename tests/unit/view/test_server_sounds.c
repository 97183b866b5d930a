/* SPDX-License-Identifier: BSD-2-Clause */
/* Clips and covers as doc/protocol.md has them, over a real socket, of a real library. */
#include "server_replies.h"

#include <glob.h>
#include <stdbool.h>

static size_t clip_files(const struct library *library)
{
    char *pattern = mm_format("%s/library/clips/*.clip", library->folder);
    glob_t found = {0};
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    free(pattern);
    return count;
}

static void a_clip_is_made_once_and_kept(void **state)
{
    struct library *library = *state;
    struct reply made = client_get(library->port, "/clip/1");
    assert_int_equal(made.status, 200);
    assert_security(&made);
    assert_memory_equal(reply_header(&made, "Content-Type"), "audio/", 6);
    assert_string_equal(reply_header(&made, "Accept-Ranges"), "bytes");
    assert_string_equal(reply_header(&made, "Cache-Control"), "no-cache");
    assert_true(made.size > 1000);
    stop_server(library); /* writes what it has in hand */
    assert_int_equal(clip_files(library), 1);
    char *path = mm_format("%s/music/song 1.wav", library->folder);
    unlink(path); /* from now on it can only come from the cache */
    free(path);
    start_server(library);
    struct reply kept = client_get(library->port, "/clip/1");
    assert_int_equal(kept.status, 200);
    assert_int_equal(kept.size, made.size);
    assert_memory_equal(kept.body, made.body, made.size);
    assert_string_equal(reply_header(&kept, "ETag"), reply_header(&made, "ETag"));
    assert_string_equal(reply_header(&kept, "Content-Type"), reply_header(&made, "Content-Type"));
    char *condition = mm_format("If-None-Match: %s\r\n", reply_header(&kept, "ETag"));
    reply_finish(&kept);
    kept = client_ask(library->port, "GET", "/clip/1", condition);
    assert_int_equal(kept.status, 304);
    reply_finish(&kept);
    free(condition);
    put_map(library, N_SONGS, 0);
    char token[17];
    current_map(library->port, token);
    path = mm_format("/clip/1?map=%s", token);
    kept = client_get(library->port, path);
    assert_string_equal(reply_header(&kept, "Cache-Control"), "private, max-age=604800, immutable");
    reply_finish(&kept);
    free(path);
    reply_finish(&made);
}

static void check_range(int port, const struct reply *whole, const char *range, int status,
                        size_t first, size_t count)
{
    char *header = mm_format("Range: %s\r\n", range);
    struct reply reply = client_ask(port, "GET", "/clip/1", header);
    if (reply.status != status)
        fail_msg("%s: %d, not %d", range, reply.status, status);
    assert_security(&reply);
    char *expected = mm_strdup("");
    if (status == 416) {
        free(expected);
        expected = mm_format("bytes */%zu", whole->size);
    } else {
        assert_int_equal(reply.size, count);
        assert_memory_equal(reply.body, whole->body + first, count);
    }
    if (status == 206) {
        free(expected);
        expected = mm_format("bytes %zu-%zu/%zu", first, first + count - 1, whole->size);
    }
    assert_string_equal(reply_header(&reply, "Content-Range"), expected);
    free(expected);
    reply_finish(&reply);
    if (status == 206) {
        reply = client_ask(port, "HEAD", "/clip/1", header);
        assert_int_equal(reply.size, 0);
        reply_finish(&reply);
    }
    free(header);
}

static void check_ranges(int port)
{
    struct reply whole = client_get(port, "/clip/1");
    assert_int_equal(whole.status, 200);
    size_t n = whole.size;
    check_range(port, &whole, "bytes=0-", 206, 0, n);
    check_range(port, &whole, "bytes=100-199", 206, 100, 100);
    check_range(port, &whole, "bytes=-5", 206, n - 5, 5);
    check_range(port, &whole, "bytes=5-3", 200, 0, n);
    check_range(port, &whole, "bytes=7-99999999999999999999999", 206, 7, n - 7);
    check_range(port, &whole, "bytes=99999999999999999999999-", 416, 0, 0);
    check_range(port, &whole, "bytes=-0", 416, 0, 0);
    check_range(port, &whole, "bytes=0-1,3-4", 200, 0, n);
    check_range(port, &whole, "lines=0-1", 200, 0, n);
    char *header = mm_format("Range: bytes=2-3\r\nIf-Range: %s\r\n", reply_header(&whole, "ETag"));
    struct reply reply = client_ask(port, "GET", "/clip/1", header);
    assert_int_equal(reply.status, 206);
    reply_finish(&reply);
    free(header);
    reply = client_ask(port, "GET", "/clip/1", "Range: bytes=2-3\r\nIf-Range: \"other\"\r\n");
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    reply = client_ask(port, "HEAD", "/clip/1", "");
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.size, 0);
    assert_int_equal(strtoul(reply_header(&reply, "Content-Length"), NULL, 10), n);
    reply_finish(&reply);
    reply_finish(&whole);
}

static void parts_of_a_clip(void **state)
{
    struct library *library = *state;
    check_ranges(library->port); /* from memory */
    stop_server(library);
    start_server(library);
    check_ranges(library->port); /* from disk */
}

static void clips_that_cannot_be(void **state)
{
    struct library *library = *state;
    static const struct {
        const char *path;
        int status;
    } cases[] = {{"/clip/4", 415},   {"/clip/4", 415},    {"/clip/5", 404},
                 {"/clip/6", 404},   {"/clip/7", 404},    {"/clip/7", 404},
                 {"/clip/999", 404}, {"/cover/999", 404}, {"/cover/1", 404}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_error(library->port, cases[i].path, cases[i].status);
        struct reply reply = client_get(library->port, cases[i].path);
        assert_null(strstr(reply.body, library->folder)); /* where files lie is not told */
        reply_finish(&reply);
    }
    assert_int_equal(clip_files(library), 0);
}

static void covers_are_pictures(void **state)
{
    struct library *library = *state;
    for (int i = 0; i < 2; i++) {
        struct reply reply = client_get(library->port, "/cover/3");
        if (reply.status != 200)
            fail_msg("%d: %s", reply.status, reply.body);
        assert_security(&reply);
        assert_string_equal(reply_header(&reply, "Content-Type"), "image/png");
        assert_int_equal(reply.size, sizeof tiny_png);
        assert_memory_equal(reply.body, tiny_png, sizeof tiny_png);
        reply_finish(&reply);
    }
    assert_error(library->port, "/cover/8", 404); /* a script that calls itself a PNG */
    assert_int_equal(client_status(library->port, "/clip/8"), 200);
}

int main(int argc, char **argv)
{
    SERVER_CHECK_HELPER;
#define ON_LIBRARY(test) cmocka_unit_test_setup_teardown(test, open_library, close_library)
    const struct CMUnitTest tests[] = {
        ON_LIBRARY(a_clip_is_made_once_and_kept),
        ON_LIBRARY(parts_of_a_clip),
        ON_LIBRARY(clips_that_cannot_be),
        ON_LIBRARY(covers_are_pictures),
    };
    return cmocka_run_group_tests_name("view sounds", tests, NULL, NULL);
}
