/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol of doc/protocol.md, over a real socket, on a real library. */
#include "server_replies.h"

#include <stdbool.h>
#include <zlib.h>

#include "view/page_files.h"

static size_t inflate_all(const struct reply *reply, unsigned char *out, size_t room)
{
    z_stream z = {.next_in = (unsigned char *)reply->body,
                  .avail_in = (uInt)reply->size,
                  .next_out = out,
                  .avail_out = (uInt)room};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    inflateEnd(&z);
    return z.total_out;
}

/* ---- the page ---- */

static void the_page_is_served(void **state)
{
    struct library *library = *state;
    size_t assets = 0;
    for (size_t i = 0; i < mm_page_file_count; i++) {
        const struct mm_page_file *file = &mm_page_files[i];
        bool index = strcmp(file->path, "/index.html") == 0;
        struct reply reply = client_get(library->port, index ? "/" : file->path);
        assert_int_equal(reply.status, 200);
        assert_security(&reply);
        assert_string_equal(reply_header(&reply, "Content-Type"), file->mime);
        assert_string_equal(reply_header(&reply, "Content-Encoding"), "");
        assert_int_equal(reply.size, file->size);
        assert_memory_equal(reply.body, file->bytes, file->size);
        assert_string_equal(reply_header(&reply, "ETag"), file->etag);
        bool asset = strncmp(file->path, "/assets/", 8) == 0;
        assets += asset;
        assert_string_equal(reply_header(&reply, "Cache-Control"),
                            asset ? "public, max-age=31536000, immutable" : "no-cache");
        reply_finish(&reply);
    }
    assert_true(assets > 0);
}

static void the_page_is_compressed_and_conditional(void **state)
{
    struct library *library = *state;
    const struct mm_page_file *file = mm_page_files;
    while (!file->gzip)
        file++;
    struct reply reply =
        client_ask(library->port, "GET", file->path, "Accept-Encoding: gzip, br\r\n");
    assert_string_equal(reply_header(&reply, "Content-Encoding"), "gzip");
    assert_string_equal(reply_header(&reply, "Vary"), "Accept-Encoding");
    assert_int_equal(reply.size, file->gzip_size);
    unsigned char *plain = malloc(file->size + 1);
    assert_int_equal(inflate_all(&reply, plain, file->size + 1), file->size);
    assert_memory_equal(plain, file->bytes, file->size);
    free(plain);
    char tag[64];
    snprintf(tag, sizeof tag, "%s", reply_header(&reply, "ETag"));
    assert_string_not_equal(tag, file->etag);
    reply_finish(&reply);

    char *condition = mm_format("Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", tag);
    reply = client_ask(library->port, "GET", file->path, condition);
    assert_int_equal(reply.status, 304);
    assert_int_equal(reply.size, 0);
    assert_string_equal(reply_header(&reply, "ETag"), tag);
    assert_security(&reply);
    reply_finish(&reply);
    free(condition);

    condition = mm_format("If-None-Match: %s\r\n", tag); /* the tag of another representation */
    reply = client_ask(library->port, "GET", file->path, condition);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    free(condition);

    reply = client_ask(library->port, "HEAD", "/", "");
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.size, 0);
    assert_true(strtol(reply_header(&reply, "Content-Length"), NULL, 10) > 0);
    reply_finish(&reply);
}

/* ---- the map ---- */

static void without_a_map_there_is_none(void **state)
{
    struct library *library = *state;
    assert_error(library->port, "/api/map", 404);
    assert_error(library->port, "/api/tile/0?map=0123456789abcdef", 409);
    assert_error(library->port, "/api/tile/0", 400);
    struct reply reply = client_get(library->port, "/api/status");
    assert_int_equal(reply.status, 200);
    json_t *root = body_json(&reply);
    assert_true(json_is_null(json_object_get(root, "map")));
    assert_int_equal(json_integer_value(json_object_get(root, "songs")), N_SONGS - 2);
    assert_int_equal(json_integer_value(json_object_get(root, "missing")), 1);
    assert_int_equal(json_integer_value(json_object_get(root, "hidden")), 1);
    assert_int_equal(json_integer_value(json_object_get(root, "measured")), 1);
    assert_int_equal(json_integer_value(json_object_get(root, "embedded")), 0);
    assert_int_equal(json_integer_value(json_object_get(root, "failures")), 0);
    json_decref(root);
    reply_finish(&reply);
}

static void the_map_has_its_countries(void **state)
{
    struct library *library = *state;
    struct reply reply = client_get(library->port, "/api/map");
    assert_int_equal(reply.status, 200);
    assert_security(&reply);
    assert_string_equal(reply_header(&reply, "Content-Type"), "application/json");
    json_t *root = body_json(&reply);
    assert_int_equal(json_integer_value(json_object_get(root, "songs")), N_SONGS);
    assert_string_equal(json_string_value(json_object_get(root, "model")), "timbre");
    json_t *box = json_object_get(root, "box");
    assert_int_equal(json_array_size(box), 4);
    assert_true(json_number_value(json_array_get(box, 0)) <
                json_number_value(json_array_get(box, 2)));
    assert_true(json_number_value(json_object_get(root, "coast")) > 0);
    json_t *clusters = json_object_get(root, "clusters");
    assert_int_equal(json_array_size(clusters), 2);
    json_t *first = json_array_get(clusters, 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "Bossa <i>");
    assert_int_equal(json_integer_value(json_object_get(first, "id")), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "songs")), N_SONGS / 2);
    const char *colour = json_string_value(json_object_get(first, "colour"));
    assert_true(colour[0] == '#' && strlen(colour) == 7);
    assert_true(json_number_value(json_object_get(first, "radius")) > 0);
    json_decref(root);
    reply_finish(&reply);
}

static uint32_t get_u32(const unsigned char **at)
{
    const unsigned char *p = *at;
    *at += 4;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static float get_f32(const unsigned char **at)
{
    uint32_t bits = get_u32(at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t get_u16(const unsigned char **at)
{
    const unsigned char *p = *at;
    *at += 2;
    return (uint16_t)(p[0] | p[1] << 8);
}

/* The songs' ids in the order of the page, for the next call. */
static void check_tile(const unsigned char *at, size_t size, uint32_t ids[N_SONGS])
{
    const unsigned char *end = at + size;
    assert_memory_equal(at, "MMP1", 4);
    at += 4;
    uint32_t n = get_u32(&at);
    assert_int_equal(n, N_SONGS);
    assert_int_equal(size, 8 + 12 * n + 6 * (n + n % 2));
    bool seen[N_SONGS] = {false};
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = get_u32(&at);
        assert_in_range(ids[i], 1, N_SONGS);
        assert_false(seen[ids[i] - 1]);
        seen[ids[i] - 1] = true;
    }
    for (uint32_t i = 0; i < n; i++) {
        assert_true(fabs(get_f32(&at) - cos(ids[i] - 1)) < 1e-6);
        assert_true(fabs(get_f32(&at) - sin((ids[i] - 1) * 2.5)) < 1e-6);
    }
    for (uint32_t i = 0; i < n + n % 2; i++)
        assert_int_equal(get_u16(&at), i < n ? (ids[i] - 1) % 2 : 0);
    for (uint32_t i = 0; i < n + n % 2; i++) /* -22 LUFS: 6 dB up; the others have no measure */
        assert_int_equal(get_u16(&at), i < n && ids[i] == 1 ? 600 : 0);
    for (uint32_t i = 0; i < n + n % 2; i++)
        assert_int_equal(get_u16(&at), i < n && ids[i] == 1 ? 500 : 0);
    assert_ptr_equal(at, end);
}

static void the_tiles_are_as_documented(void **state)
{
    struct library *library = *state;
    char token[17];
    uint32_t ids[N_SONGS];
    current_map(library->port, token);
    char *path = mm_format("/api/tile/0?map=%s", token);
    struct reply reply = client_get(library->port, path);
    assert_int_equal(reply.status, 200);
    assert_security(&reply);
    assert_string_equal(reply_header(&reply, "Content-Type"), "application/octet-stream");
    assert_string_equal(reply_header(&reply, "Cache-Control"),
                        "public, max-age=31536000, immutable");
    check_tile((const unsigned char *)reply.body, reply.size, ids);
    size_t size = reply.size;
    reply_finish(&reply);

    reply = client_ask(library->port, "GET", path, "Accept-Encoding: gzip\r\n");
    if (reply_header(&reply, "Content-Encoding")[0]) { /* a small tile may not be worth it */
        unsigned char *plain = malloc(size + 1);
        assert_int_equal(inflate_all(&reply, plain, size + 1), size);
        check_tile(plain, size, ids);
        free(plain);
    }
    reply_finish(&reply);
    free(path);
    path = mm_format("/api/tile/1?map=%s", token);
    assert_error(library->port, path, 404);
    free(path);
    path = mm_format("/api/tile/x?map=%s", token);
    assert_error(library->port, path, 404);
    free(path);
    assert_error(library->port, "/api/tile/0?map=0000000000000000", 409);
    assert_error(library->port, "/api/tile/0?map=", 409);
    assert_error(library->port, "/api/tile/0", 400);
}

/* The countries' pixels lie where their songs are. */
static void the_overview_is_as_documented(void **state)
{
    struct library *library = *state;
    char token[17];
    current_map(library->port, token);
    char *path = mm_format("/api/overview?map=%s", token);
    struct reply reply = client_get(library->port, path);
    free(path);
    assert_int_equal(reply.status, 200);
    const unsigned char *at = (const unsigned char *)reply.body;
    assert_memory_equal(at, "MMO1", 4);
    at += 4;
    uint32_t width = get_u32(&at);
    uint32_t height = get_u32(&at);
    assert_int_equal(reply.size, 28 + 2 * (size_t)width * height);
    double box[4];
    for (int i = 0; i < 4; i++)
        box[i] = get_f32(&at);
    for (int i = 0; i < N_SONGS; i++) {
        double x = (cos(i) - box[0]) / (box[2] - box[0]) * width;
        double y = (box[3] - sin(i * 2.5)) / (box[3] - box[1]) * height;
        const unsigned char *pixel = at + 2 * ((size_t)y * width + (size_t)x);
        assert_int_equal(pixel[0] | pixel[1] << 8, i % 2);
    }
    assert_int_equal(at[0] | at[1] << 8, 0xffff); /* the corner is sea */
    reply_finish(&reply);
    assert_error(library->port, "/api/overview?map=0000000000000000", 409);
}

/* Intensity, tempo and key are known of the first song only; the others are told as unknown. */
static void the_columns_are_as_documented(void **state)
{
    struct library *library = *state;
    char token[17];
    uint32_t ids[N_SONGS];
    current_map(library->port, token);
    char *path = mm_format("/api/tile/0?map=%s", token);
    struct reply tile = client_get(library->port, path);
    free(path);
    check_tile((const unsigned char *)tile.body, tile.size, ids);
    reply_finish(&tile);
    path = mm_format("/api/column/tempo?map=%s", token);
    struct reply reply = client_get(library->port, path);
    free(path);
    assert_int_equal(reply.status, 200);
    const unsigned char *at = (const unsigned char *)reply.body;
    assert_memory_equal(at, "MMV1", 4);
    at += 4;
    uint32_t head = get_u32(&at);
    assert_int_equal(reply.size, 8 + head + 2 * N_SONGS);
    json_t *root = json_loadb((const char *)at, head, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "title")), "Tempo");
    assert_string_equal(json_string_value(json_object_get(root, "unit")), "bpm");
    json_decref(root);
    at += head;
    for (int i = 0; i < N_SONGS; i++)
        assert_int_equal(get_u16(&at) != 0xffff, ids[i] == 1);
    reply_finish(&reply);
    path = mm_format("/api/column/nothing?map=%s", token);
    assert_error(library->port, path, 404);
    free(path);
    assert_error(library->port, "/api/column/tempo?map=0000000000000000", 409);
}

static void a_new_map_has_a_new_name(void **state)
{
    struct library *library = *state;
    char first[17];
    char second[17];
    char again[17];
    current_map(library->port, first);
    put_map(library, N_SONGS - 1, 1);
    current_map(library->port, second);
    assert_string_not_equal(first, second);
    struct reply status = client_get(library->port, "/api/status"); /* told at once */
    assert_non_null(strstr(status.body, second));
    reply_finish(&status);
    char *path = mm_format("/api/tile/0?map=%s", first);
    assert_error(library->port, path, 409);
    free(path);
    stop_server(library);
    start_server(library);
    current_map(library->port, again); /* the same map, the same name */
    assert_string_equal(second, again);
}

/* ---- songs ---- */

static json_t *songs(int port, const char *token, int first, int count)
{
    char *path = mm_format("/api/songs?map=%s&first=%d&count=%d", token, first, count);
    struct reply reply = client_get(port, path);
    free(path);
    assert_int_equal(reply.status, 200);
    assert_security(&reply);
    assert_string_equal(reply_header(&reply, "Cache-Control"), "no-cache");
    assert_null(strstr(reply.body, "/music")); /* no folder is told */
    json_t *root = body_json(&reply);
    reply_finish(&reply);
    return root;
}

/* The song of an id among those of an answer, and where it stands. */
static json_t *by_id(json_t *all, int id, int *place)
{
    size_t i;
    json_t *song;
    json_array_foreach(all, i, song)
    {
        *place = (int)i;
        if (json_integer_value(json_object_get(song, "id")) == id)
            return song;
    }
    return NULL;
}

static void songs_are_told_as_far_as_known(void **state)
{
    struct library *library = *state;
    int at = 0;
    char token[17];
    current_map(library->port, token);
    json_t *all = songs(library->port, token, 0, 1000);
    assert_int_equal(json_array_size(all), N_SONGS);
    char *said = json_dumps(by_id(all, 1, &at), JSON_COMPACT | JSON_REAL_PRECISION(6));
    assert_string_equal(
        said, "{\"id\":1,\"title\":\"<b>Caf\xc3\xa9</b>\",\"artist\":\"Ann\",\"album\":\"First\","
              "\"genres\":[\"Latin\",\"Bossa \\\"Nova\\\" </script>\"],\"year\":1999,"
              "\"duration\":2.0,\"path\":\"song 1.wav\",\"tempo\":126.5,\"key\":\"F#m\","
              "\"intensity\":0.25,\"loudness\":-22.0}");
    free(said);
    said = json_dumps(by_id(all, 2, &at), JSON_COMPACT);
    assert_string_equal(said, "{\"id\":2,\"duration\":2.0,\"path\":\"song 2.wav\"}");
    free(said);
    assert_true(json_is_true(json_object_get(by_id(all, 3, &at), "cover")));
    json_decref(all);
    json_t *some = songs(library->port, token, N_SONGS - 2, 5);
    assert_int_equal(json_array_size(some), 2);
    json_decref(some);
    some = songs(library->port, token, 4000000, 5);
    assert_int_equal(json_array_size(some), 0);
    json_decref(some);
    static const char *const bad[] = {"first=0&count=1001", "first=0&count=0", "first=-1&count=5",
                                      "first=x&count=5",    "first=0",         "count=5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = mm_format("/api/songs?map=%s&%s", token, bad[i]);
        assert_error(library->port, path, 400);
        free(path);
    }
    assert_error(library->port, "/api/songs?map=1&first=0&count=5", 409);
    /* What a model says of a song: words that are strong enough, and moods. */
    static const char *const names[] = {"rock", "pop", "mood_sad", "danceability"};
    const struct mm_song_tags tags = {4, names, (const float[]){0.75F, 0.05F, 0.02F, 1}};
    const struct mm_vector_kind kind = {"musicnn-msd", "v1", ""};
    const float vector[2] = {1, 2};
    assert_ok(mm_catalog_put_vector(library->catalog, NAMELESS, &kind, vector, 2, &library->err),
              &library->err);
    assert_ok(mm_catalog_put_tags(library->catalog, NAMELESS, &kind, &tags, &library->err),
              &library->err);
    some = songs(library->port, token, 0, N_SONGS);
    assert_null(json_object_get(by_id(some, 1, &at), "tags"));
    json_t *song = by_id(some, NAMELESS, &at);
    assert_int_equal(json_object_size(json_object_get(song, "tags")), 1);
    assert_true(json_number_value(json_object_get(json_object_get(song, "tags"), "rock")) == 0.75);
    json_t *moods = json_object_get(song, "moods");
    assert_int_equal(json_object_size(moods), 2);
    assert_true(json_number_value(json_object_get(moods, "sad")) == 0.02);
    json_decref(some);
    /* A song that is deleted while the map stays is an id, and silence. */
    assert_ok(mm_catalog_delete_song(library->catalog, NAMELESS, &library->err), &library->err);
    some = songs(library->port, token, at, 1);
    said = json_dumps(some, JSON_COMPACT);
    assert_string_equal(said, "[{\"id\":2}]");
    free(said);
    json_decref(some);
    assert_error(library->port, "/clip/2", 404);
}

int main(int argc, char **argv)
{
    SERVER_CHECK_HELPER;
#define ON_LIBRARY(test) cmocka_unit_test_setup_teardown(test, open_library, close_library)
#define ON_MAP(test)     cmocka_unit_test_setup_teardown(test, open_library_with_map, close_library)
    const struct CMUnitTest tests[] = {
        ON_LIBRARY(the_page_is_served),          ON_LIBRARY(the_page_is_compressed_and_conditional),
        ON_LIBRARY(without_a_map_there_is_none), ON_MAP(the_map_has_its_countries),
        ON_MAP(the_tiles_are_as_documented),     ON_MAP(the_overview_is_as_documented),
        ON_MAP(the_columns_are_as_documented),   ON_MAP(a_new_map_has_a_new_name),
        ON_MAP(songs_are_told_as_far_as_known),
    };
    return cmocka_run_group_tests_name("view server", tests, NULL, NULL);
}
