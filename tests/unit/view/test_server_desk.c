/* SPDX-License-Identifier: BSD-2-Clause */
/* What the page asks beyond looking: what sounds alike, words, whole songs, folders, sets. */
#include "server_replies.h"

#include <stdbool.h>
#include <sys/stat.h>

#include "base/array.h"
#include "view/desktop.h"
#include "view/http.h"

/* Vectors on a half circle, so that song i is nearest to its neighbours. */
static int open_library_with_vectors(void **state)
{
    open_library_with_map(state);
    struct library *library = *state;
    const struct mm_vector_kind kind = {"timbre", "plain", ""};
    for (int i = 1; i <= TONE + 3; i++) {
        float v[3] = {(float)cos(0.4 * i), (float)sin(0.4 * i), 0.1F};
        assert_ok(mm_catalog_put_vector(library->catalog, i, &kind, v, 3, &library->err),
                  &library->err);
    }
    return 0;
}

/* POST as our own page does, or with other header lines; the connection to read the reply from. */
static int post_later(int port, const char *path, const char *headers, const char *body)
{
    char *own = mm_format("Origin: http://localhost\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n",
                          strlen(body));
    char *text = mm_format("POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n%s",
                           path, headers ? headers : own, body);
    int fd = client_connect(port);
    client_send(fd, text, strlen(text));
    free(text);
    free(own);
    return fd;
}

static struct reply reply_of(int fd)
{
    struct reply reply = client_read(fd);
    close(fd);
    return reply;
}

static struct reply post(int port, const char *path, const char *headers, const char *body)
{
    return reply_of(post_later(port, path, headers, body));
}

static void assert_post(int port, const char *path, const char *headers, const char *body,
                        int status)
{
    struct reply reply = post(port, path, headers, body);
    if (reply.status != status)
        fail_msg("%s %s: %d, not %d: %s", path, body, reply.status, status, reply.body);
    reply_finish(&reply);
}

static void posts_come_from_our_own_page_only(void **state)
{
    int port = ((struct library *)*state)->port;
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Content-Type: application/json\r\nContent-Length: 2\r\n", 403},
        {"Origin: http://evil.example\r\nContent-Type: application/json\r\n"
         "Content-Length: 2\r\n",
         403},
        {"Origin: null\r\nContent-Type: application/json\r\nContent-Length: 2\r\n", 403},
        {"Origin: http://localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n", 415},
        {"Origin: http://localhost\r\nContent-Type: application/json\r\n"
         "Content-Length: 99999999\r\n",
         413},
        {"Origin: http://localhost\r\nContent-Type: application/json\r\n"
         "Transfer-Encoding: chunked\r\n",
         413},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_post(port, "/api/set", cases[i].headers, "{}", cases[i].status);
    struct reply reply = client_get(port, "/api/set");
    assert_int_equal(reply.status, 405);
    assert_string_equal(reply_header(&reply, "Allow"), "POST");
    reply_finish(&reply);
    assert_post(port, "/api/map", NULL, "{}", 405);
    assert_true(mm_http_same_origin("http://localhost:8765", "localhost:8765"));
    assert_false(mm_http_same_origin("http://localhost:8765", "localhost"));
    assert_false(mm_http_same_origin("https://localhost", "localhost"));
    assert_false(mm_http_same_origin(NULL, "localhost"));
}

static void nearest_songs(void **state)
{
    struct library *library = *state;
    char token[17];
    current_map(library->port, token);
    char path[64];
    snprintf(path, sizeof path, "/api/similar/1?map=%s", token);
    struct reply reply = client_get(library->port, path);
    assert_int_equal(reply.status, 200);
    json_t *root = body_json(&reply);
    const json_t *songs = json_object_get(root, "songs");
    assert_int_equal(json_array_size(songs), 3);
    double last = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *song = json_array_get(songs, i);
        assert_in_range(json_integer_value(json_object_get(song, "id")), 2, 4);
        double distance = json_number_value(json_object_get(song, "distance"));
        assert_true(distance > last);
        last = distance;
    }
    json_decref(root);
    reply_finish(&reply);
    assert_int_equal(client_status(library->port, "/api/similar/1"), 400);
    assert_int_equal(client_status(library->port, "/api/similar/1?map=0"), 409);
    snprintf(path, sizeof path, "/api/similar/8?map=%s", token);
    assert_int_equal(client_status(library->port, path), 404);
    assert_int_equal(client_status(library->port, "/api/similar/x"), 404);
}

static void words_are_a_line_a_song(void **state)
{
    struct library *library = *state;
    /* What a model says of a song is searched, too, where it is sure enough. */
    static const char *const names[] = {"rock", "pop", "mood_sad"};
    const struct mm_song_tags tags = {3, names, (const float[]){0.75F, 0.05F, 0.5F}};
    const struct mm_vector_kind kind = {"musicnn-msd", "v1", ""};
    const float vector[2] = {1, 2};
    assert_ok(mm_catalog_put_vector(library->catalog, 2, &kind, vector, 2, &library->err),
              &library->err);
    assert_ok(mm_catalog_put_tags(library->catalog, 2, &kind, &tags, &library->err), &library->err);
    char token[17];
    current_map(library->port, token);
    char path[64];
    snprintf(path, sizeof path, "/api/words?map=%s", token);
    struct reply reply = client_get(library->port, path);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "Content-Type"), "text/plain; charset=utf-8");
    size_t lines = 0;
    for (size_t i = 0; i < reply.size; i++)
        lines += reply.body[i] == '\n';
    assert_int_equal(lines, N_SONGS);
    assert_non_null(
        strstr(reply.body, "<b>Caf\xc3\xa9</b>\tAnn\tFirst\tLatin, Bossa \"Nova\" </script>\t\n"));
    assert_non_null(strstr(reply.body, "song 2.wav\t\t\t\trock, mood_sad\n"));
    /* Line i is of the song that /api/songs tells i-th. */
    struct reply songs;
    snprintf(path, sizeof path, "/api/songs?map=%s&first=0&count=%d", token, N_SONGS);
    songs = client_get(library->port, path);
    json_t *all = body_json(&songs);
    const char *line = reply.body;
    for (size_t i = 0; i < N_SONGS; i++, line = strchr(line, '\n') + 1) {
        const char *name = json_string_value(json_object_get(json_array_get(all, i), "path"));
        const char *title = json_string_value(json_object_get(json_array_get(all, i), "title"));
        const char *said = title ? title : name;
        assert_memory_equal(line, said, strlen(said));
    }
    json_decref(all);
    reply_finish(&songs);
    reply_finish(&reply);
    assert_int_equal(client_status(library->port, "/api/words?map=0"), 409);
}

static struct reply get_column(int port, const char *name)
{
    char token[17];
    current_map(port, token);
    char *path = mm_format("/api/column/%s?map=%s", name, token);
    struct reply reply = client_get(port, path);
    free(path);
    return reply;
}

/* Nothing was played yet: then there is nothing to tell apart. */
/* Asked of one map while every desk is busy, worked out when there is another: its lines would be
 * taken for songs of the first. */
static void words_are_of_the_map_they_were_asked_of(void **state)
{
    struct library *library = *state;
    enum { DESKS = 2, FEWER = 3 };
    char token[17];
    current_map(library->port, token);
    int desks[DESKS];
    for (int i = 0; i < DESKS; i++)
        desks[i] = post_later(library->port, "/api/set", NULL,
                              "{\"do\":\"make\",\"shape\":\"free\",\"minutes\":1,\"seconds\":2}");
    usleep(300000); /* were it too short, the words would be right for another reason */
    char *text = mm_format("GET /api/words?map=%s HTTP/1.1\r\nHost: localhost\r\n"
                           "Connection: close\r\n\r\n",
                           token);
    int words = client_connect(library->port);
    client_send(words, text, strlen(text));
    free(text);
    usleep(300000);
    put_map(library, FEWER, 1);
    current_map(library->port, token);
    struct reply reply = reply_of(words);
    size_t lines = 0;
    for (size_t i = 0; i < reply.size; i++)
        lines += reply.body[i] == '\n';
    assert_true(reply.status == 503 || (reply.status == 200 && lines == N_SONGS));
    reply_finish(&reply);
    for (int i = 0; i < DESKS; i++) {
        reply = reply_of(desks[i]);
        assert_int_equal(reply.status, 200);
        reply_finish(&reply);
    }
}

static void without_a_log_there_is_no_column_of_plays(void **state)
{
    struct library *library = *state;
    struct reply reply = get_column(library->port, "played");
    assert_int_equal(reply.status, 404);
    reply_finish(&reply);
    reply = client_get(library->port, "/api/map");
    assert_null(strstr(reply.body, "\"played\""));
    reply_finish(&reply);
}

/* Two songs went out more than once, one once; the others not yet. */
static void plays_are_a_column(void **state)
{
    struct library *library = *state;
    static const int64_t played[] = {1, 2, 1, VANISHED, VANISHED, VANISHED};
    mm_server_stop(library->server); /* it has loaded the map, or is about to */
    for (size_t i = 0; i < sizeof played / sizeof *played; i++) {
        bool added;
        assert_ok(mm_catalog_add_play(library->catalog, played[i], 1000 + (int64_t)i, "evening",
                                      &added, &library->err),
                  &library->err);
    }
    struct mm_server_settings settings = {.port_tries = 1};
    assert_ok(mm_server_start(library->catalog, library->helpers, &settings, &library->server,
                              &library->err),
              &library->err);
    sscanf(mm_server_url(library->server), "http://127.0.0.1:%d/", &library->port);
    struct reply reply = get_column(library->port, "played");
    assert_int_equal(reply.status, 200);
    const unsigned char *at = (const unsigned char *)reply.body;
    size_t head = at[4] | (size_t)at[5] << 8; /* bytes; it is short */
    assert_int_equal(reply.size, 8 + head + 2 * N_SONGS);
    json_t *root = json_loadb((const char *)at + 8, head, 0, NULL);
    const json_t *names = json_object_get(root, "categories");
    assert_int_equal(json_array_size(names), 3);
    assert_string_equal(json_string_value(json_array_get(names, 0)), "Not yet played");
    json_decref(root);
    at += 8 + head;
    char path[64];
    char token[17];
    current_map(library->port, token);
    snprintf(path, sizeof path, "/api/songs?map=%s&first=0&count=%d", token, N_SONGS);
    struct reply songs = client_get(library->port, path);
    json_t *all = body_json(&songs);
    for (size_t i = 0; i < N_SONGS; i++, at += 2) {
        json_int_t id = json_integer_value(json_object_get(json_array_get(all, i), "id"));
        assert_int_equal(at[0] | at[1] << 8, id == 1 || id == VANISHED ? 2 : id == 2);
    }
    json_decref(all);
    reply_finish(&songs);
    reply_finish(&reply);
}

static void whole_songs(void **state)
{
    struct library *library = *state;
    struct reply reply = client_get(library->port, "/api/song/1");
    assert_int_equal(reply.status, 200);
    assert_null(strstr(reply.body, library->folder));
    json_t *root = body_json(&reply);
    assert_string_equal(json_string_value(json_object_get(root, "full")), "audio/wav");
    assert_true(json_is_true(json_object_get(root, "folder")));
    json_decref(root);
    reply_finish(&reply);
    reply = client_ask(library->port, "GET", "/song/1", "Range: bytes=0-3\r\n");
    assert_int_equal(reply.status, 206);
    assert_memory_equal(reply.body, "RIFF", 4);
    assert_string_equal(reply_header(&reply, "Content-Range"), "bytes 0-3/32044");
    assert_string_equal(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
    reply_finish(&reply);
    static const char *const nothing[] = {"/song/5", "/song/6",  "/song/7",     "/song/99",
                                          "/song/0", "/song/..", "/api/song/6", "/api/song/99"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (client_status(library->port, nothing[i]) != 404)
            fail_msg("%s: %d", nothing[i], client_status(library->port, nothing[i]));
}

static void beginnings_and_ends(void **state)
{
    struct library *library = *state;
    assert_int_equal(client_status(library->port, "/clip/1?part=intro"), 200);
    assert_int_equal(client_status(library->port, "/clip/1?part=outro"), 200);
    assert_int_equal(client_status(library->port, "/clip/1?part=middle"), 400);
    assert_int_equal(client_status(library->port, "/clip/6?part=intro"), 404);
}

static void a_desktop_that_cannot_is_told(void **state)
{
    struct library *library = *state;
    struct mm_error err = {0};
    char *path = mm_strdup(getenv("PATH"));
    setenv("PATH", library->folder, 1); /* no program is there */
    char *song = mm_path_join(library->folder, "song.wav");
    assert_int_equal(mm_desktop_open(song, &err), MM_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "apt install xdg-utils"));
    assert_int_equal(mm_desktop_open("deezer:7", &err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_desktop_open("/nowhere at all/song.wav", &err), MM_ERR_NOT_FOUND);
    setenv("PATH", path, 1);
    free(song);
    free(path);
}

/* The desktop is a script that notes what it was asked to open. */
static void folders_open_on_the_desktop(void **state)
{
    struct library *library = *state;
    char *bin = mm_path_join(library->folder, "bin");
    char *script = mm_path_join(bin, "xdg-open");
    char *note = mm_path_join(library->folder, "opened");
    char *text =
        mm_format("#!/bin/sh\nprintf %%s \"$1\" >'%s.new'; mv '%s.new' '%s'\n", note, note, note);
    assert_ok(mm_file_make_folder(bin, &library->err), &library->err);
    assert_ok(mm_file_write(script, text, strlen(text), &library->err), &library->err);
    chmod(script, 0755);
    char *path = mm_format("%s:%s", bin, getenv("PATH"));
    setenv("PATH", path, 1);
    assert_post(library->port, "/api/open/99", NULL, "{}", 404);
    assert_post(library->port, "/api/open/1", "Content-Length: 2\r\n", "{}", 403);
    assert_post(library->port, "/api/open/1", NULL, "{}", 200);
    char *opened = NULL;
    size_t count;
    for (int i = 0; i < 500 && mm_file_read(note, 4096, &opened, &count, NULL) < 0; i++)
        usleep(20000);
    char *music = mm_path_join(library->folder, "music");
    assert_non_null(opened);
    assert_string_equal(opened, music);
    free(opened);
    /* And nothing at all where that is switched off. */
    mm_server_stop(library->server);
    struct mm_server_settings settings = {.port_tries = 1, .no_open = true};
    assert_ok(mm_server_start(library->catalog, library->helpers, &settings, &library->server,
                              &library->err),
              &library->err);
    sscanf(mm_server_url(library->server), "http://127.0.0.1:%d/", &library->port);
    assert_post(library->port, "/api/open/1", NULL, "{}", 403);
    struct reply reply = client_get(library->port, "/api/song/1");
    assert_non_null(strstr(reply.body, "\"folder\":false"));
    reply_finish(&reply);
    free(music);
    free(path);
    free(text);
    free(note);
    free(script);
    free(bin);
}

static json_t *ask_set(int port, const char *body)
{
    struct reply reply = post(port, "/api/set", NULL, body);
    if (reply.status != 200)
        fail_msg("%s: %d: %s", body, reply.status, reply.body);
    json_t *root = body_json(&reply);
    reply_finish(&reply);
    return root;
}

static void sets_are_made_judged_and_written(void **state)
{
    struct library *library = *state;
    json_t *set = ask_set(library->port,
                          "{\"do\":\"make\",\"client\":\"c\",\"shape\":\"path\",\"songs\":[1,4],"
                          "\"from_first\":true,\"to_last\":true,\"minutes\":1}");
    const json_t *songs = json_object_get(set, "songs");
    size_t n = json_array_size(songs);
    assert_true(n >= 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(songs, 0), "id")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(songs, n - 1), "id")), 4);
    assert_true(json_array_size(json_object_get(set, "bent")) >= 1); /* songs of 2 s: no minute */
    json_decref(set);
    set = ask_set(library->port, "{\"do\":\"judge\",\"shape\":\"free\",\"set\":[3,1,2]}");
    songs = json_object_get(set, "songs");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(songs, 1), "id")), 1);
    assert_int_equal((int)json_number_value(json_object_get(set, "length")), 6);
    json_decref(set);
    set = ask_set(library->port, "{\"do\":\"swap\",\"shape\":\"free\",\"set\":[3,1],\"at\":1}");
    const json_t *others = json_object_get(set, "others");
    assert_int_equal(json_array_size(others), 2); /* 2 and 4 */
    json_decref(set);
    struct reply reply = post(library->port, "/api/set", NULL,
                              "{\"do\":\"write\",\"shape\":\"free\",\"set\":[2,1],"
                              "\"format\":\"m3u8\",\"title\":\"a\\nb\"}");
    assert_int_equal(reply.status, 200);
    assert_memory_equal(reply.body, "#EXTM3U", 7);
    assert_non_null(strstr(reply.body, "song 2.wav\n"));
    reply_finish(&reply);
    set = ask_set(library->port,
                  "{\"do\":\"keep\",\"shape\":\"free\",\"set\":[2,1],\"name\":\"tea\"}");
    json_decref(set);
    struct mm_set_record record;
    assert_ok(mm_catalog_get_set(library->catalog, "tea", 0, &record, &library->err),
              &library->err);
    assert_int_equal(record.n_songs, 2);
    assert_int_equal(record.songs[0], 2);
    mm_set_record_finish(&record);
}

static char *set_names(int port)
{
    json_t *said = ask_set(port, "{\"do\":\"list\"}");
    char *text = json_dumps(json_object_get(said, "sets"), JSON_COMPACT);
    json_decref(said);
    return text;
}

static void kept_sets_are_worked_on(void **state)
{
    struct library *library = *state;
    int port = library->port;
    char *names = set_names(port);
    assert_string_equal(names, "[]");
    free(names);
    static const char keep[] =
        "{\"do\":\"keep\",\"shape\":\"drawn\",\"line\":[[0.5,-0.25],[1,0]],\"set\":[2,1,3],"
        "\"minutes\":7,\"seed\":3,\"arc\":\"rise\",\"rules\":\"[limit]\\nartist = "
        "9\",\"name\":\"tea\"}";
    json_decref(ask_set(port, keep));
    json_decref(ask_set(port, keep));
    json_decref(ask_set(port, "{\"do\":\"rename\",\"name\":\"tea\",\"to\":\"five o'clock\"}"));
    json_decref(ask_set(port, keep));
    names = set_names(port);
    assert_non_null(strstr(names, "\"five o'clock\",\"version\":2"));
    assert_non_null(strstr(names, "\"tea\",\"version\":1"));
    free(names);
    assert_post(port, "/api/set", NULL,
                "{\"do\":\"rename\",\"name\":\"tea\",\"to\":\"five o'clock\"}", 400);
    assert_ok(mm_catalog_delete_song(library->catalog, 3, &library->err), &library->err);
    json_t *set = ask_set(port, "{\"do\":\"open\",\"name\":\"five o'clock\"}");
    char *text = json_dumps(set, JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(strstr(text, "\"line\":[[0.5,-0.25],[1.0,0.0]]"));
    assert_non_null(strstr(text, "\"rules\":\"[limit]\\nartist = 9\""));
    assert_non_null(strstr(text, "\"set\":[2,1],\"shape\":\"drawn\""));
    assert_string_equal(json_string_value(json_object_get(set, "arc")), "rise");
    assert_int_equal((int)json_number_value(json_object_get(set, "minutes")), 7);
    assert_int_equal(json_integer_value(json_object_get(set, "seed")), 3);
    free(text);
    json_decref(set);
    json_decref(ask_set(port, "{\"do\":\"remove\",\"name\":\"tea\"}"));
    assert_post(port, "/api/set", NULL, "{\"do\":\"remove\",\"name\":\"tea\"}", 404);
    assert_post(port, "/api/set", NULL, "{\"do\":\"open\",\"name\":\"tea\"}", 404);
}

/* Of all songs by "Ann" those are told that are not on the map: one that was added, none that is
 * there. */
static void what_is_looked_for_and_not_on_the_map(void **state)
{
    struct library *library = *state;
    struct mm_tags tags = {.title = "Late", .artist = "Ann"};
    struct mm_song late = {.source = "folder", .key = "/late.wav", .tags = tags};
    struct mm_song gone = {.source = "folder", .key = "/gone.wav", .tags = tags};
    assert_ok(mm_catalog_add_song(library->catalog, &late, &library->err), &library->err);
    assert_ok(mm_catalog_add_song(library->catalog, &gone, &library->err), &library->err);
    assert_ok(mm_catalog_set_state(library->catalog, gone.id, MM_SONG_HIDDEN, &library->err),
              &library->err);
    char token[17];
    current_map(library->port, token); /* it is loaded */
    json_t *said = ask_set(library->port, "{\"do\":\"look\",\"words\":\"ann\"}");
    const json_t *songs = json_object_get(said, "songs");
    assert_int_equal(json_array_size(songs), 1);
    const json_t *song = json_array_get(songs, 0);
    assert_int_equal(json_integer_value(json_object_get(song, "id")), late.id);
    assert_string_equal(json_string_value(json_object_get(song, "title")), "Late");
    assert_true(json_is_false(json_object_get(said, "first"))); /* nobody to tell */
    json_decref(said);
    assert_post(library->port, "/api/set", NULL, "{\"do\":\"look\",\"words\":\"\"}", 400);
    assert_post(library->port, "/api/set", NULL, "{\"do\":\"look\"}", 400);
}

static void senseless_sets_are_refused(void **state)
{
    struct library *library = *state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{\"do\":1}",
        "{\"do\":\"fly\",\"shape\":\"free\"}",
        "{\"do\":\"make\",\"shape\":\"round\"}",
        "{\"do\":\"make\",\"shape\":\"free\",\"minutes\":1e9}",
        "{\"do\":\"make\",\"shape\":\"free\",\"minutes\":\"x\"}",
        "{\"do\":\"make\",\"shape\":\"free\",\"seed\":-1}",
        "{\"do\":\"make\",\"shape\":\"free\",\"rules\":\"[moon]\\nx = 1\"}",
        "{\"do\":\"make\",\"shape\":\"free\",\"arc\":\"up\"}",
        "{\"do\":\"make\",\"shape\":\"drawn\",\"line\":[[1e300,0]]}",
        "{\"do\":\"make\",\"shape\":\"drawn\",\"line\":[[\"a\",{}]]}",
        "{\"do\":\"make\",\"shape\":\"drawn\",\"line\":[1,2]}",
        "{\"do\":\"make\",\"shape\":\"drawn\"}",
        "{\"do\":\"make\",\"shape\":\"path\",\"songs\":[77]}",
        "{\"do\":\"make\",\"shape\":\"path\",\"songs\":[\"1\"]}",
        "{\"do\":\"make\",\"shape\":\"around\",\"country\":99}",
        "{\"do\":\"judge\",\"shape\":\"free\",\"set\":[]}",
        "{\"do\":\"judge\",\"shape\":\"free\",\"set\":[1,1]}",
        "{\"do\":\"swap\",\"shape\":\"free\",\"set\":[1,2]}",
        "{\"do\":\"swap\",\"shape\":\"free\",\"set\":[1,2],\"at\":2}",
        "{\"do\":\"write\",\"shape\":\"free\",\"set\":[1],\"format\":\"exe\"}",
        "{\"do\":\"write\",\"shape\":\"free\",\"set\":[],\"format\":\"m3u8\"}",
        "{\"do\":\"keep\",\"shape\":\"free\",\"set\":[1],\"name\":\"a@2\"}",
        "{\"do\":\"keep\",\"shape\":\"free\",\"set\":[1],\"name\":\"\"}",
        "{\"do\":\"rename\",\"name\":\"tea\",\"to\":\"a@2\"}",
        "{\"do\":\"rename\",\"to\":\"tea\"}",
        "{\"do\":\"remove\",\"name\":7}",
        "{\"do\":\"open\"}",
        "{\"do\":\"make\",\"do\":\"make\",\"shape\":\"free\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_post(library->port, "/api/set", NULL, bodies[i], 400);
    char *deep = malloc(100001);
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    assert_post(library->port, "/api/set", NULL, deep, 400);
    free(deep);
}

int main(int argc, char **argv)
{
    SERVER_CHECK_HELPER;
#define WITH_VECTORS(f) cmocka_unit_test_setup_teardown(f, open_library_with_vectors, close_library)
    const struct CMUnitTest tests[] = {
        WITH_VECTORS(posts_come_from_our_own_page_only),
        WITH_VECTORS(nearest_songs),
        WITH_VECTORS(words_are_a_line_a_song),
        WITH_VECTORS(words_are_of_the_map_they_were_asked_of),
        WITH_VECTORS(without_a_log_there_is_no_column_of_plays),
        WITH_VECTORS(plays_are_a_column),
        WITH_VECTORS(whole_songs),
        WITH_VECTORS(beginnings_and_ends),
        WITH_VECTORS(a_desktop_that_cannot_is_told),
        WITH_VECTORS(folders_open_on_the_desktop),
        WITH_VECTORS(sets_are_made_judged_and_written),
        WITH_VECTORS(kept_sets_are_worked_on),
        WITH_VECTORS(what_is_looked_for_and_not_on_the_map),
        WITH_VECTORS(senseless_sets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
