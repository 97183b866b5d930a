/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the server answers while memory runs out at the n-th request, for every n: an answer or an
 * error, nothing leaks, nothing that was kept is half of something, and with memory back the answer
 * is what it was. In one thread, without connections, so that every request is counted.
 */
#include "server_check.h"

#include "scarce.h"
#include "view/door.h"
#include "view/page_data.h"
#include "view/routes.h"
#include "view/words.h"

static const char *no_query(void *ctx, const char *name)
{
    return strcmp(name, "map") == 0 ? ctx : NULL;
}

struct desk {
    struct library *library;
    struct mm_site site;
    char token[MM_TOKEN_SIZE];
};

/* A map is taken out of the catalog, compressed and let go. */
static int make_map(struct desk *desk)
{
    struct mm_snapshot *snapshot = NULL;
    struct mm_error err = {0};
    int result = mm_snapshot_create(desk->library->catalog, &snapshot, &err);
    struct mm_blob *words = NULL;
    if (result == 0)
        result = mm_words_make(desk->library->catalog, snapshot->songs, snapshot->order,
                               snapshot->n, &words, &err);
    mm_blob_release(words);
    struct mm_blob *songs = NULL;
    if (result == 0)
        result = mm_page_songs(desk->library->catalog, snapshot, 0, snapshot->n, &songs, &err);
    mm_blob_release(songs);
    mm_snapshot_release(snapshot);
    assert_true(result == 0 || err.message[0]);
    return result;
}

static int ask(struct desk *desk, const char *path)
{
    struct mm_request request = {
        .path = path, .query = no_query, .query_ctx = desk->token, .body = "", .loopback = true};
    struct mm_reply reply;
    enum mm_job_kind kind;
    int64_t song;
    int status = 0;
    if (mm_route(&desk->site, &request, &reply, &kind, &song)) {
        status = (int)reply.status;
        assert_true(status == 200 ? reply.size > 0 || reply.fd >= 0 : reply.size > 0);
        mm_reply_finish(&reply);
    }
    return status == 200 ? 0 : status == 0 ? MM_ERR_AGAIN : -status;
}

static int ask_status(struct desk *desk)
{
    struct mm_blob *blob = NULL;
    int result = mm_page_status(desk->library->catalog, desk->token, &blob, NULL);
    mm_blob_release(blob);
    return result;
}
static int ask_map(struct desk *desk)
{
    return ask(desk, "/api/map");
}
static int ask_tile(struct desk *desk)
{
    return ask(desk, "/api/tile/0");
}
static int ask_song(struct desk *desk)
{
    return ask(desk, "/api/song/1");
}
static int ask_column(struct desk *desk)
{
    return ask(desk, "/api/column/tempo");
}
static int ask_page(struct desk *desk)
{
    return ask(desk, "/");
}

static const char *no_header(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "Host") == 0 ? "localhost" : NULL;
}

/* A door is made, and somebody is turned away from it. */
static int make_door(struct desk *desk)
{
    (void)desk;
    struct mm_server_settings settings = {0};
    struct mm_door *door = NULL;
    int result = mm_door_create(&settings, &door, NULL);
    if (result < 0)
        return result;
    struct mm_knock knock = {.method = "PUT", .path = "/", .header = no_header};
    struct mm_reply reply;
    bool refused = mm_door_refuse(door, &knock, &reply);
    assert_true(refused && (reply.status == 405 || reply.status == 429));
    mm_reply_finish(&reply);
    mm_door_destroy(door);
    return 0;
}

/* For every n, as long as that makes a difference; then once more with all the memory there is. */
static void run_out(struct desk *desk, const char *name, int (*call)(struct desk *desk))
{
    assert_int_equal(call(desk), 0);
    bool done = false;
    for (long n = 0; !done && n < 100000; n = scarce_next(n, 60, 97)) {
        held = 0;
        counting = true;
        requests_left = n;
        (void)call(desk);
        done = requests_left > 0;
        requests_left = -1;
        counting = false;
        if (held > 0)
            fail_msg("%s: %ld blocks are not given back at request %ld", name, held, n);
    }
    assert_true(done);
    assert_int_equal(call(desk), 0);
}

static void every_answer(void **state)
{
    static const struct {
        const char *name;
        int (*call)(struct desk *desk);
    } calls[] = {{"map made", make_map}, {"status", ask_status}, {"map", ask_map},
                 {"tile", ask_tile},     {"song", ask_song},     {"column", ask_column},
                 {"page", ask_page},     {"door", make_door}};
    if (!SCARCE_MEMORY)
        skip();
    struct library *library = *state;
    struct desk desk = {.library = library};
    stop_server(library);
    pthread_mutex_init(&desk.site.mutex, NULL);
    pthread_mutex_init(&desk.site.status_mutex, NULL);
    desk.site.catalog = library->catalog;
    struct mm_error err = {0};
    assert_ok(mm_snapshot_create(library->catalog, &desk.site.snapshot, &err), &err);
    memcpy(desk.token, desk.site.snapshot->token, sizeof desk.token);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        run_out(&desk, calls[i].name, calls[i].call);
    mm_snapshot_release(desk.site.snapshot);
    pthread_mutex_destroy(&desk.site.status_mutex);
    pthread_mutex_destroy(&desk.site.mutex);
}

/* Clips on the disk are whole or not there. */
static void kept_clips(void **state)
{
    struct library *library = *state;
    char *folder = mm_path_join(library->folder, "kept");
    struct mm_error err = {0};
    struct mm_clips *clips = NULL;
    assert_ok(mm_clips_create(folder, 1 << 20, &clips, &err), &err);
    unsigned char *bytes = malloc(5000);
    memset(bytes, 7, 5000);
    struct mm_blob *blob;
    assert_ok(mm_blob_create(bytes, 5000, "audio/mpeg", &blob, &err), &err);
    bool done = !SCARCE_MEMORY;
    for (long n = 0; !done; n++) {
        requests_left = n;
        int result = mm_clips_put(clips, n + 1, 77, blob, &err);
        done = requests_left > 0;
        requests_left = -1;
        struct mm_clip_file file;
        bool there = mm_clips_open(clips, n + 1, 77, &file);
        assert_int_equal(there, result == 0);
        if (there) {
            assert_int_equal(file.size, 5000);
            close(file.fd);
        }
    }
    mm_blob_release(blob);
    mm_clips_destroy(clips);
    free(folder);
}

int main(int argc, char **argv)
{
    SERVER_CHECK_HELPER;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_answer, open_library_with_map, close_library),
        cmocka_unit_test_setup_teardown(kept_clips, open_library, close_library),
    };
    return cmocka_run_group_tests_name("view scarce", tests, NULL, NULL);
}
