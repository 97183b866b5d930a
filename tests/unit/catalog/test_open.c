/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening what is there, what is not there, and what is something else. */
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static int folder_open(void **state)
{
    *state = check_make_folder();
    return 0;
}

static int folder_close(void **state)
{
    check_remove_folder(*state);
    return 0;
}

static char *below(const char *folder, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void assert_fails(const char *path, bool create, int code, const char *words)
{
    struct mm_catalog *catalog = (struct mm_catalog *)1;
    struct mm_error err = {0};
    int result = mm_catalog_open(path, create, &catalog, &err);
    if (result != code || !strstr(err.message, words))
        fail_msg("%s: %d (%s), not %d (%s)", path, result, err.message, code, words);
    assert_null(catalog);
}

static void assert_opens(const char *path, bool create)
{
    struct mm_catalog *catalog;
    struct mm_error err = {0};
    assert_ok(mm_catalog_open(path, create, &catalog, &err), &err);
    struct mm_catalog_counts counts;
    assert_ok(mm_catalog_count(catalog, &counts, &err), &err);
    mm_catalog_close(catalog);
}

static void a_library_is_made_where_asked_for(void **state)
{
    const char *folder = *state;
    const char *path = below(folder, "some/where");
    assert_fails(path, false, MM_ERR_NOT_FOUND, "make one with 'musicmap gather");
    assert_fails(folder, false, MM_ERR_NOT_FOUND, "holds no library");
    assert_opens(path, true);
    assert_opens(path, false);
    assert_opens(path, true);
    assert_fails("", true, MM_ERR_USAGE, "needs a path");
    assert_fails(NULL, true, MM_ERR_USAGE, "needs a path");
    mm_catalog_close(NULL);
}

static void its_path_is_absolute(void **state)
{
    const char *folder = *state;
    int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_true(here >= 0 && chdir(folder) == 0);
    struct mm_catalog *catalog;
    struct mm_error err = {0};
    int result = mm_catalog_open("lib", true, &catalog, &err);
    assert_true(fchdir(here) == 0 && close(here) == 0);
    assert_ok(result, &err);
    char *real = realpath(below(folder, "lib"), NULL);
    assert_string_equal(mm_catalog_path(catalog), real);
    free(real);
    mm_catalog_close(catalog);
}

static void what_is_no_library_is_told(void **state)
{
    const char *folder = *state;
    char garbage[5000];
    memset(garbage, 'x', sizeof garbage);
    write_file(below(folder, "file"), garbage, sizeof garbage);
    for (int create = 0; create < 2; create++) {
        assert_fails(below(folder, "file"), create, MM_ERR_INPUT, "a library is a folder");
        assert_fails(below(folder, "file/below"), create, MM_ERR_NOT_FOUND, "Not a directory");
    }
    assert_int_equal(mkdir(below(folder, "a"), 0777), 0);
    assert_int_equal(mkdir(below(folder, "a/catalog.sqlite"), 0777), 0);
    assert_fails(below(folder, "a"), true, MM_ERR_INPUT, "not a regular file");
    assert_int_equal(mkdir(below(folder, "b"), 0777), 0);
    assert_int_equal(mkfifo(below(folder, "b/catalog.sqlite"), 0666), 0);
    assert_fails(below(folder, "b"), true, MM_ERR_INPUT, "not a regular file");
    assert_int_equal(mkdir(below(folder, "c"), 0777), 0);
    write_file(below(folder, "c/catalog.sqlite"), garbage, sizeof garbage);
    assert_fails(below(folder, "c"), true, MM_ERR_INPUT, "is not a musicmap library");
    assert_int_equal(mkdir(below(folder, "d"), 0777), 0);
    raw_run(below(folder, "d"), "CREATE TABLE bookmarks (url)");
    assert_fails(below(folder, "d"), true, MM_ERR_INPUT, "not one of musicmap's");
    assert_int_equal(raw_int(below(folder, "d"), "SELECT count(*) FROM sqlite_schema"), 1);
    char *longer = malloc(3000);
    memset(longer, 'x', 2999);
    longer[2999] = '\0';
    for (size_t i = 200; i < 2999; i += 200)
        longer[i] = '/';
    assert_fails(below(folder, longer), true, MM_ERR_LIMIT, "too long");
    free(longer);
}

/* Whatever libpq makes of an address, no part of its password is told. */
static void passwords_are_not_told(void **state)
{
    (void)state;
    static const char *const uris[] = {
        "postgresql://anna:top100%secret@host/db",
        "postgresql://anna:topsecret@[::1/music",
        "postgresql://anna:top@secret@localhost/music",
        "postgresql://anna:top/secret@localhost/music",
        "postgresql://anna:1/topsecret@localhost/music",
    };
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct mm_catalog *catalog;
        struct mm_error err = {0};
        assert_int_equal(mm_catalog_open(uris[i], false, &catalog, &err), MM_ERR_USAGE);
        if (strstr(err.message, "top") || strstr(err.message, "secret"))
            fail_msg("%s: %s", uris[i], err.message);
    }
}

static void an_empty_file_is_filled(void **state)
{
    const char *folder = *state;
    write_file(below(folder, "catalog.sqlite"), "", 0); /* killed in the moment of making it */
    assert_opens(folder, false);
}

static void versions_are_told_apart(void **state)
{
    const char *folder = *state;
    assert_opens(folder, true);
    assert_int_equal(raw_int(folder, "PRAGMA application_id"), 0x4d4d6170);
    int64_t version = raw_int(folder, "PRAGMA user_version");
    assert_true(version >= 4);
    raw_run(folder, "PRAGMA user_version = 1000");
    assert_fails(folder, true, MM_ERR_UNSUPPORTED, "newer musicmap");
    raw_run(folder, "PRAGMA user_version = -1");
    assert_fails(folder, true, MM_ERR_INPUT, "not one of musicmap's");
    char restore[64];
    snprintf(restore, sizeof restore, "PRAGMA user_version = %d; PRAGMA application_id = 5",
             (int)version);
    raw_run(folder, restore);
    assert_fails(folder, true, MM_ERR_INPUT, "not one of musicmap's");
    raw_run(folder, "PRAGMA application_id = 0x4d4d6170");
    assert_opens(folder, false);
}

/* Every moment of the file cut short: an answer, never a crash. */
static void truncated_files_give_errors(void **state)
{
    const char *folder = *state;
    assert_opens(folder, true);
    char *path = library_file(folder);
    char *bytes;
    size_t n;
    struct mm_error read_err = {0};
    assert_ok(mm_file_read(path, 1 << 24, &bytes, &n, &read_err), &read_err);
    for (size_t cut = 2; /* one byte counts as an empty file */ cut < n;
         cut += cut < 200 ? 13 : 4099) {
        write_file(path, bytes, cut);
        struct mm_catalog *catalog;
        struct mm_error err = {0};
        int result = mm_catalog_open(folder, true, &catalog, &err);
        if (result == 0) {
            struct mm_catalog_counts counts;
            result = mm_catalog_count(catalog, &counts, &err);
            mm_catalog_close(catalog);
        }
        if (result == 0 && cut > n - 8192) /* in the last page, which was not asked for */
            continue;
        if (result != MM_ERR_INPUT)
            fail_msg("cut at %zu of %zu: %d", cut, n, result);
        assert_true(strstr(err.message, "damaged") || strstr(err.message, "is not a musicmap"));
    }
    write_file(path, bytes, n);
    assert_opens(folder, false);
    free(bytes);
    free(path);
}

/* Root may write everywhere, so the tests of permissions give that up in a process of their own. */
static int try_as_nobody(const char *folder, const char *words)
{
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(1);
        struct mm_catalog *catalog;
        struct mm_error err = {0};
        int result = mm_catalog_open(folder, true, &catalog, &err);
        if (result == 0) {
            struct mm_song song = {.source = "folder", .key = "/a"};
            result = mm_catalog_add_song(catalog, &song, &err);
        }
        _exit(result == MM_ERR_IO && strstr(err.message, words) ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_may_not_be_written_is_told(void **state)
{
    const char *folder = *state;
    assert_opens(below(folder, "lib"), true);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(below(folder, "lib"), 0555), 0);
    assert_int_equal(chmod(below(folder, "lib/catalog.sqlite"), 0444), 0);
    assert_int_equal(try_as_nobody(below(folder, "lib"), "may not"), 0);
    assert_int_equal(chmod(below(folder, "lib/catalog.sqlite"), 0666), 0);
    assert_int_equal(try_as_nobody(below(folder, "lib"), "catalog.sqlite: "), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(try_as_nobody(below(folder, "new"), "cannot make the folder"), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(below(folder, "lib"), 0000), 0);
    assert_int_equal(try_as_nobody(below(folder, "lib"), "Permission denied"), 0);
    assert_int_equal(chmod(below(folder, "lib"), 0755), 0);
}

/* All of them make the library at the same moment, and each adds a song. */
static void many_may_open_a_new_library_at_once(void **state)
{
    const char *folder = *state;
    enum { PROCESSES = 8 };
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i])
            continue;
        char c;
        close(gate[1]);
        if (read(gate[0], &c, 1) != 0) /* ends when the parent lets go */
            _exit(1);
        struct mm_catalog *catalog;
        struct mm_error err = {0};
        if (mm_catalog_open(below(folder, "lib"), true, &catalog, &err) < 0) {
            fprintf(stderr, "# %s\n", err.message);
            _exit(2);
        }
        char key[8] = {'/', (char)('a' + i), 0};
        struct mm_song song = {.source = "folder", .key = key};
        if (mm_catalog_add_song(catalog, &song, &err) < 0)
            _exit(3);
        mm_catalog_close(catalog);
        _exit(0);
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(raw_int(below(folder, "lib"), "SELECT count(*) FROM song"), PROCESSES);
    assert_sound(below(folder, "lib"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, folder_open, folder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_library_is_made_where_asked_for),
        test(its_path_is_absolute),
        test(what_is_no_library_is_told),
        test(passwords_are_not_told),
        test(an_empty_file_is_filled),
        test(versions_are_told_apart),
        test(truncated_files_give_errors),
        test(what_may_not_be_written_is_told),
        test(many_may_open_a_new_library_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
