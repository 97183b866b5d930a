/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads from a server that behaves well, badly and not at all. */
#include "base/file.h"
#include "check.h"
#include "http/client.h"
#include "http_server.h"

#define SIZE 5000

static struct http_server server;
static char content[SIZE];
static char *folder;
static char path[4200];

static int start(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(i * 31 + i / 256);
    http_server_start(&server, content, SIZE);
    folder = check_make_folder();
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_stop(&server);
    check_remove_folder(folder);
    return 0;
}

static int fetch(const char *name, size_t limit, const struct mm_progress *progress,
                 struct mm_http_result *result, struct mm_error *err)
{
    char url[128];
    snprintf(url, sizeof url, "%s%s", server.base, name);
    struct mm_http_download what = {url, path, limit, "fetching"};
    return mm_http_fetch(&what, progress, result, err);
}

static void write_beginning(size_t count)
{
    struct mm_error err = {0};
    assert_ok(mm_file_write(path, content, count, &err), &err);
}

static void assert_file(size_t count)
{
    struct mm_error err = {0};
    char *bytes;
    size_t size;
    assert_ok(mm_file_read(path, 1 << 20, &bytes, &size, &err), &err);
    assert_int_equal(size, count);
    assert_memory_equal(bytes, content, count);
    free(bytes);
}

static void test_whole(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_http_result result;
    unlink(path);
    assert_ok(fetch("/file", SIZE, NULL, &result, &err), &err);
    assert_int_equal(result.received, SIZE);
    assert_false(result.resumed);
    assert_file(SIZE);
    unlink(path);
    assert_ok(fetch("/moved", SIZE, NULL, &result, &err), &err);
    assert_file(SIZE);
}

static void test_resume(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_http_result result;
    write_beginning(1234);
    assert_ok(fetch("/file", SIZE, NULL, &result, &err), &err);
    assert_true(result.resumed);
    assert_int_equal(result.received, SIZE - 1234);
    assert_file(SIZE);
    assert_ok(fetch("/file", SIZE, NULL, &result, &err), &err); /* it is all there */
    assert_int_equal(result.received, 0);
    assert_file(SIZE);
    write_beginning(1234);
    assert_ok(fetch("/plain", SIZE, NULL, &result, &err), &err); /* from the start again */
    assert_false(result.resumed);
    assert_int_equal(result.received, SIZE);
    assert_file(SIZE);
}

static void test_cut(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_http_result result;
    unlink(path);
    for (size_t had = 1000; had < SIZE; had += 1000) {
        assert_int_equal(fetch("/cut", SIZE, NULL, &result, &err), MM_ERR_AGAIN);
        assert_int_equal(result.received, 1000);
        assert_file(had);
    }
    assert_ok(fetch("/cut", SIZE, NULL, &result, &err), &err);
    assert_file(SIZE);
}

static void test_refusals(void **state)
{
    (void)state;
    struct mm_http_result result;
    static const struct {
        const char *name;
        size_t limit;
        int code;
    } cases[] = {
        {"/404", SIZE, MM_ERR_NOT_FOUND},   {"/503", SIZE, MM_ERR_AGAIN},
        {"/file", SIZE - 1, MM_ERR_LIMIT},  {"/endless", 100000, MM_ERR_LIMIT},
        {"/endless", 100001, MM_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mm_error err = {0};
        unlink(path);
        assert_int_equal(fetch(cases[i].name, cases[i].limit, NULL, &result, &err), cases[i].code);
        assert_true(err.message[0]);
        assert_true(result.received <= cases[i].limit);
    }
    static const char *const addresses[] = {"http://example.com/x", "ftp://127.0.0.1/x",
                                            "file:///etc/passwd", "no address",
                                            "http://127.0.0.1.example.com/"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct mm_http_download what = {addresses[i], path, SIZE, "x"};
        assert_int_equal(mm_http_fetch(&what, NULL, &result, NULL), MM_ERR_USAGE);
    }
    /* Nobody listens on the port of a socket that was closed. */
    struct http_server gone;
    struct mm_error err = {0};
    http_server_start(&gone, content, SIZE);
    http_server_stop(&gone);
    struct mm_http_download what = {gone.base, path, SIZE, "x"};
    assert_int_equal(mm_http_fetch(&what, NULL, &result, &err), MM_ERR_AGAIN);
    struct mm_http_download nowhere = {server.base, "/no/such/folder/x", SIZE, "x"};
    assert_int_equal(mm_http_fetch(&nowhere, NULL, &result, &err), MM_ERR_NOT_FOUND);
}

struct stopper {
    atomic_int cancel;
    size_t seen;
};

static void stop_at_once(void *ctx, const char *stage, size_t done, size_t total)
{
    struct stopper *s = ctx;
    assert_string_equal(stage, "fetching");
    assert_int_equal(total, SIZE);
    s->seen = done;
    s->cancel = 1;
}

static void test_cancel(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_http_result result;
    struct stopper stopper = {0};
    struct mm_progress progress = {stop_at_once, &stopper, &stopper.cancel};
    unlink(path);
    assert_int_equal(fetch("/stall", SIZE, &progress, &result, &err), MM_ERR_CANCELLED);
    assert_int_equal(stopper.seen, 10);
    assert_file(10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),    cmocka_unit_test(test_resume), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
