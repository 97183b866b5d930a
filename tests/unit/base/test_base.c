/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <errno.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/text.h"
#include "musicmap/song.h"

static void error_keeps_code_and_one_clean_line(void **state)
{
    (void)state;
    struct mm_error err = {0};
    assert_int_equal(mm_error_set(&err, MM_ERR_INPUT, "a\nb\x1b[31m %d", 7), MM_ERR_INPUT);
    assert_string_equal(err.message, "a?b?[31m 7");
    mm_error_prefix(&err, "song %d", 3);
    assert_string_equal(err.message, "song 3: a?b?[31m 7");
    assert_int_equal(mm_error_errno(&err, ENOENT, "x"), MM_ERR_NOT_FOUND);
    assert_string_equal(err.message, "x: No such file or directory");
    assert_int_equal(mm_error_set(NULL, MM_ERR_IO, "-"), MM_ERR_IO);
}

static void errors_have_the_code_that_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        int fault;
        enum mm_err code;
        const char *name;
    } cases[] = {{ENOTDIR, MM_ERR_NOT_FOUND, "not found"},
                 {EBUSY, MM_ERR_AGAIN, "try again"},
                 {EINTR, MM_ERR_AGAIN, "try again"},
                 {ENOMEM, MM_ERR_NO_MEMORY, "out of memory"},
                 {ENOSPC, MM_ERR_IO, "input/output error"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mm_error err = {0};
        assert_int_equal(mm_error_errno(&err, cases[i].fault, "x"), cases[i].code);
        assert_string_equal(mm_err_name(err.code), cases[i].name);
    }
    for (int code = MM_ERR_BUG; code <= MM_OK; code++)
        assert_string_not_equal(mm_err_name((enum mm_err)code), "unknown error");
    assert_string_equal(mm_err_name((enum mm_err)(MM_ERR_BUG - 1)), "unknown error");
    assert_string_equal(mm_err_name((enum mm_err)1), "unknown error");
}

static void text_cleans_what_strangers_write(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t n;
        const char *out;
    } cases[] = {
        {"  a \t b\n", 7, "a b"},
        {"caf\xe9", 4, "caf\xef\xbf\xbd"},
        {"e\xcc\x81", 3, "\xc3\xa9"}, /* composed */
        {"x\xe2\x80\xaey", 5, "x y"}, /* right-to-left override */
        {"a\0b", 3, "a b"},
        {"\x1b]0;title\x07", 10, "]0;title"},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = mm_text_clean_utf8(cases[i].in, cases[i].n);
        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

static void genres_are_split_and_unique(void **state)
{
    (void)state;
    struct mm_tags tags = {0};
    static const char text[] = "Jazz; Latin/Bossa Nova,jazz\0 Chill ;;";
    assert_int_equal(mm_tags_split_genres(&tags, text, sizeof text - 1), 0);
    assert_int_equal(tags.n_genres, 4);
    assert_string_equal(tags.genres[0], "Jazz");
    assert_string_equal(tags.genres[2], "Bossa Nova");
    assert_string_equal(tags.genres[3], "Chill");
    mm_tags_finish(&tags);
}

static void files_are_written_whole_or_not_at_all(void **state)
{
    (void)state;
    struct mm_error err = {0};
    char *folder = check_make_folder();
    char *path = mm_path_join(folder, "a");
    assert_ok(mm_file_write(path, "old", 3, &err), &err);
    struct mm_file_write file;
    assert_ok(mm_file_write_begin(&file, path, &err), &err);
    fputs("half", file.stream);
    mm_file_write_abort(&file);
    char *data;
    size_t count;
    assert_ok(mm_file_read(path, 100, &data, &count, &err), &err);
    assert_string_equal(data, "old");
    free(data);
    assert_int_equal(mm_file_read(path, 2, &data, &count, &err), MM_ERR_LIMIT);
    free(path);
    path = mm_path_join(folder, "none/a");
    assert_int_equal(mm_file_write(path, "x", 1, &err), MM_ERR_NOT_FOUND);
    free(path);
    path = mm_path_join(folder, "x/y/z");
    assert_ok(mm_file_make_folder(path, &err), &err);
    assert_int_equal(access(path, F_OK), 0);
    free(path);
    check_remove_folder(folder);
}

static void a_folder_without_a_name_is_none(void **state)
{
    (void)state;
    struct mm_error err = {0};
    assert_int_equal(mm_file_make_folder("", &err), MM_ERR_NOT_FOUND);
}

static void hash_sees_size_and_blocks(void **state)
{
    (void)state;
    struct mm_error err = {0};
    char *folder = check_make_folder();
    char *path = mm_path_join(folder, "big");
    size_t size = 1000003;
    unsigned char *data = calloc(1, size);
    unsigned char one[MM_HASH_SIZE];
    unsigned char two[MM_HASH_SIZE];
    assert_ok(mm_file_write(path, data, size, &err), &err);
    assert_ok(mm_hash_file(path, one, &err), &err);
    data[size - 1] = 1; /* the last byte counts */
    assert_ok(mm_file_write(path, data, size, &err), &err);
    assert_ok(mm_hash_file(path, two, &err), &err);
    assert_memory_not_equal(one, two, sizeof one);
    assert_ok(mm_hash_bytes("abc", 3, one, &err), &err);
    char hex[2 * MM_HASH_SIZE + 1];
    mm_hash_hex(one, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    free(data);
    free(path);
    check_remove_folder(folder);
}

static void hash_says_what_cannot_be_read(void **state)
{
    (void)state;
    struct mm_error err = {0};
    unsigned char hash[MM_HASH_SIZE];
    char md5[33];
    char *folder = check_make_folder();
    char *path = mm_path_join(folder, "none");
    assert_int_equal(mm_hash_file(path, hash, &err), MM_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(mm_hash_file(folder, hash, &err), MM_ERR_IO); /* folders have no bytes */
    assert_ok(mm_hash_md5("abc", 3, md5, &err), &err);
    assert_string_equal(md5, "900150983cd24fb0d6963f7d28e17f72"); /* RFC 1321 */
    free(path);
    check_remove_folder(folder);
}

static void add_round(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    ((unsigned char *)ctx)[i]++;
}

static void pool_runs_every_round_once(void **state)
{
    (void)state;
    struct mm_error err = {0};
    for (size_t jobs = 1; jobs <= 5; jobs += 2) {
        struct mm_pool *pool;
        assert_ok(mm_pool_create(jobs, &pool, &err), &err);
        for (size_t n = 0; n < 300; n += 37) {
            unsigned char seen[300] = {0};
            mm_pool_run(pool, n, add_round, seen);
            for (size_t i = 0; i < 300; i++)
                assert_int_equal(seen[i], i < n);
        }
        mm_pool_destroy(pool);
    }
}

/* Where two thirds of all numbers have to be drawn again, none of the range is preferred. */
static void random_below_a_large_number(void **state)
{
    (void)state;
    struct mm_random r = {5};
    const size_t n = SIZE_MAX / 3 * 2;
    size_t low = 0;
    for (int i = 0; i < 3000; i++) {
        size_t x = mm_random_below(&r, n);
        assert_true(x < n);
        low += x < n / 2;
    }
    assert_in_range(low, 1400, 1600);
}

static void random_is_the_published_splitmix(void **state)
{
    (void)state;
    struct mm_random r = {1234567};
    assert_true(mm_random_next(&r) == UINT64_C(6457827717110365317));
    assert_true(mm_random_next(&r) == UINT64_C(3203168211198807973));
    double sum = 0;
    for (int i = 0; i < 100000; i++)
        sum += (double)mm_random_below(&r, 10);
    assert_true(sum / 100000 > 4.45 && sum / 100000 < 4.55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_keeps_code_and_one_clean_line),
        cmocka_unit_test(errors_have_the_code_that_says_what_to_do),
        cmocka_unit_test(text_cleans_what_strangers_write),
        cmocka_unit_test(genres_are_split_and_unique),
        cmocka_unit_test(files_are_written_whole_or_not_at_all),
        cmocka_unit_test(a_folder_without_a_name_is_none),
        cmocka_unit_test(hash_sees_size_and_blocks),
        cmocka_unit_test(hash_says_what_cannot_be_read),
        cmocka_unit_test(pool_runs_every_round_once),
        cmocka_unit_test(random_is_the_published_splitmix),
        cmocka_unit_test(random_below_a_large_number),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
