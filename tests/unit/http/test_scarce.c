/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads while memory runs out or the disk is full, at every n-th request: told, nothing leaks,
 * and what has arrived is a beginning of the file, from which the next try goes on. */
#include "base/file.h"
#include "check.h"
#include "http/client.h"
#include "http_server.h"
#include "scarce.h"

#define SIZE 100000

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

static int fetch(const char *name, struct mm_error *err)
{
    char url[128];
    snprintf(url, sizeof url, "%s%s", server.base, name);
    struct mm_http_download what = {url, path, SIZE, "fetching"};
    struct mm_http_result result;
    return mm_http_fetch(&what, NULL, &result, err);
}

/* What is there is a beginning of the file; whole where the call said so. */
static void assert_beginning(int result)
{
    char *bytes = NULL;
    size_t size = 0;
    int read = mm_file_read(path, 1 << 20, &bytes, &size, NULL);
    assert_true(read == 0 || read == MM_ERR_NOT_FOUND);
    assert_true(size <= SIZE && (result < 0 || size == SIZE));
    if (bytes)
        assert_memory_equal(bytes, content, size);
    free(bytes);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    if (!SCARCE_MEMORY)
        skip();
    struct mm_error err = {0};
    unlink(path);
    assert_ok(fetch("/file", &err), &err); /* what is set up once is set up */
    size_t told = 0;
    bool done = false;
    for (long n = 0; !done; n = scarce_next(n, 200, 23)) {
        unlink(path);
        err = (struct mm_error){0};
        held = 0;
        counting = true;
        requests_left = n;
        int result = fetch("/file", &err);
        done = requests_left > 0;
        requests_left = -1;
        counting = false;
        if (result < 0) {
            told++;
            assert_true(err.message[0] != '\0');
        }
        assert_beginning(result);
        assert_true(held <= 0); /* libcurl's caches may have let go of what they held */
    }
    assert_true(told > 5);
}

static void disks_may_be_full(void **state)
{
    (void)state;
    for (int stop_short = 0; stop_short < 2; stop_short++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            struct mm_error err = {0};
            unlink(path);
            writes_left = n;
            writes_refused = 0;
            writes_short = stop_short;
            int result = fetch("/file", &err);
            done = writes_refused == 0;
            writes_left = -1;
            writes_short = false;
            assert_beginning(result);
            if (!done && !stop_short)
                assert_true(result < 0);
            assert_ok(fetch("/file", &err), &err); /* goes on */
            assert_beginning(0);
            if (n > 500)
                fail_msg("it writes without end");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(disks_may_be_full),
    };
    return cmocka_run_group_tests_name("http scarce", tests, start, stop);
}
