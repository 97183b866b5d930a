/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetching a model's files: only what is right gets in, and a cut costs nothing. */
#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/hash.h"
#include "check.h"
#include "http_server.h"
#include "musicmap/store.h"

#define SIZE 5000

static struct http_server server;
static char content[SIZE];
static char checksum[7 + 2 * MM_HASH_SIZE + 1];
static char *folder;

static int start(void **state)
{
    (void)state;
    unsigned char hash[MM_HASH_SIZE];
    unsetenv("http_proxy");
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(i * 7 + i / 256);
    http_server_start(&server, content, SIZE);
    mm_hash_bytes(content, SIZE, hash, NULL);
    memcpy(checksum, "sha256:", 7);
    mm_hash_hex(hash, checksum + 7);
    folder = check_make_folder();
    setenv("MUSICMAP_MODELS", folder, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_stop(&server);
    check_remove_folder(folder);
    return 0;
}

static char *path_of(const char *name)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Fetches a model of one file, "w", from this address of the server. */
static int fetch(const char *address, const struct mm_progress *progress,
                 struct mm_fetch_report *report, struct mm_error *err)
{
    char url[128];
    snprintf(url, sizeof url, "%s%s", server.base, address);
    const struct mm_model_file file = {.name = "w", .url = url, .checksum = checksum};
    const struct mm_model model = {.name = "m", .files = &file, .n_files = 1};
    int result = mm_store_fetch(&model, progress, report, err);
    assert_int_equal(mm_store_has(&model), access(path_of("w"), R_OK) == 0);
    return result;
}

static void assert_installed(bool yes)
{
    struct mm_error err = {0};
    char *bytes;
    size_t size;
    if (!yes) {
        assert_int_not_equal(access(path_of("w"), F_OK), 0);
        return;
    }
    assert_ok(mm_file_read(path_of("w"), SIZE, &bytes, &size, &err), &err);
    assert_int_equal(size, SIZE);
    assert_memory_equal(bytes, content, SIZE);
    free(bytes);
    assert_int_not_equal(access(path_of("w.part"), F_OK), 0);
}

static void start_over(void)
{
    unlink(path_of("w"));
    unlink(path_of("w.part"));
}

static void test_fetch(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_fetch_report report;
    start_over();
    assert_ok(fetch("/file", NULL, &report, &err), &err);
    assert_installed(true);
    assert_int_equal(report.files, 1);
    assert_int_equal(report.bytes, SIZE);
    int requests = server.requests;
    assert_ok(fetch("/file", NULL, &report, &err), &err);
    assert_int_equal(report.files, 0);
    assert_int_equal(report.present, 1);
    assert_int_equal(server.requests, requests);
    /* One that is there but wrong is replaced. */
    assert_ok(mm_file_write(path_of("w"), "x", 1, &err), &err);
    assert_ok(fetch("/plain", NULL, &report, &err), &err);
    assert_installed(true);
}

static void test_cuts_are_survived(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_fetch_report report;
    start_over();
    assert_ok(fetch("/cut", NULL, &report, &err), &err);
    assert_installed(true);
    assert_int_equal(report.bytes, SIZE);
    /* What an earlier run left is the beginning, and a wrong beginning is thrown away. */
    start_over();
    assert_ok(mm_file_write(path_of("w.part"), content, 4000, &err), &err);
    assert_ok(fetch("/file", NULL, &report, &err), &err);
    assert_installed(true);
    assert_int_equal(report.bytes, SIZE - 4000);
    start_over();
    assert_ok(mm_file_write(path_of("w.part"), "rubbish", 7, &err), &err);
    assert_ok(fetch("/file", NULL, &report, &err), &err);
    assert_installed(true);
    assert_int_equal(report.bytes, SIZE - 7 + SIZE);
}

static void test_nothing_wrong_is_installed(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        int code;
    } cases[] = {
        {"/wrong", MM_ERR_INPUT},
        {"/404", MM_ERR_NOT_FOUND},
        {"/503", MM_ERR_AGAIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mm_error err = {0};
        struct mm_fetch_report report;
        start_over();
        assert_int_equal(fetch(cases[i].address, NULL, &report, &err), cases[i].code);
        assert_true(err.message[0]);
        assert_installed(false);
        /* Nothing of a wrong file stays, and no empty one. */
        assert_int_not_equal(access(path_of("w.part"), F_OK), 0);
    }
}

/* A full disk, played by a limit on the size of files. */
static void test_full_disk(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_fetch_report report;
    struct rlimit old, tight;
    start_over();
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 2000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    int result = fetch("/file", NULL, &report, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_int_equal(result, MM_ERR_IO);
    assert_installed(false);
    assert_ok(fetch("/file", NULL, &report, &err), &err); /* goes on where the disk was full */
    assert_int_equal(report.bytes, SIZE - 2000);
    assert_installed(true);
}

static void cancel_it(void *ctx, const char *stage, size_t done, size_t total)
{
    (void)stage;
    (void)total;
    if (done > 0)
        *(atomic_int *)ctx = 1;
}

static void test_cancel(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_fetch_report report;
    atomic_int cancel = 0;
    struct mm_progress progress = {cancel_it, &cancel, &cancel};
    start_over();
    assert_int_equal(fetch("/stall", &progress, &report, &err), MM_ERR_CANCELLED);
    assert_installed(false);
    assert_ok(fetch("/file", NULL, &report, &err), &err);
    assert_int_equal(report.bytes, SIZE - 10);
    assert_installed(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_cuts_are_survived),
        cmocka_unit_test(test_nothing_wrong_is_installed),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
