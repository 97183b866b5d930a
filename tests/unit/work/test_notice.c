/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "musicmap/work.h"

static char folder[] = "/tmp/musicmap-notice-XXXXXX";

static void lay(const char *text)
{
    struct mm_error err = {0};
    char *path = mm_path_join(folder, "working");
    assert_ok(mm_file_write(path, text, strlen(text), &err), &err);
    free(path);
}

static void a_note_is_read_until_it_is_taken_away(void **state)
{
    (void)state;
    struct mm_notice got;
    const struct mm_notice notice = {"embed", "measuring and embedding", 3, 40};
    assert_false(mm_notice_get(folder, &got));
    mm_notice_put(folder, &notice);
    assert_true(mm_notice_get(folder, &got));
    assert_string_equal(got.task, "embed");
    assert_string_equal(got.stage, "measuring and embedding");
    assert_int_equal(got.done, 3);
    assert_int_equal(got.total, 40);
    mm_notice_end(folder);
    assert_false(mm_notice_get(folder, &got));
}

static void a_note_of_a_process_that_ended_does_not_count(void **state)
{
    (void)state;
    struct mm_notice got;
    pid_t child = fork();
    if (child == 0) {
        const struct mm_notice notice = {"map", "placing songs", 1, 2};
        mm_notice_put(folder, &notice);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(mm_notice_get(folder, &got));
    mm_notice_end(folder); /* not ours: it stays */
    char *path = mm_path_join(folder, "working");
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    free(path);
}

static void what_is_no_note_is_none(void **state)
{
    (void)state;
    struct mm_notice got;
    char *own = mm_format("%ld\tembed\t", (long)getpid());
    const char *rests[] = {"", "stage without figures", "\xff\xfe\t1\t2\n"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *text = mm_format("%s%s", own, rests[i]);
        lay(text);
        assert_false(mm_notice_get(folder, &got));
        free(text);
    }
    char *longer = mm_format("%s%0200d\t1\t2\n", own, 1);
    lay(longer);
    assert_false(mm_notice_get(folder, &got));
    lay("");
    assert_false(mm_notice_get(folder, &got));
    lay("-1\tembed\tstage\t1\t2\n");
    assert_false(mm_notice_get(folder, &got));
    lay("no number at all");
    assert_false(mm_notice_get(folder, &got));
    char *path = mm_path_join(folder, "working");
    unlink(path);
    rmdir(folder);
    free(path);
    free(longer);
    free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_is_read_until_it_is_taken_away),
        cmocka_unit_test(a_note_of_a_process_that_ended_does_not_count),
        cmocka_unit_test(what_is_no_note_is_none),
    };
    return mkdtemp(folder) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
