/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "view/clips.h"

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

static struct mm_blob *make_blob(size_t size, int seed)
{
    struct mm_error err = {0};
    struct mm_blob *blob;
    unsigned char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7 + (size_t)seed);
    assert_ok(mm_blob_create(bytes, size, "audio/mpeg", &blob, &err), &err);
    return blob;
}

static struct mm_clips *open_clips(uint64_t limit)
{
    struct mm_error err = {0};
    struct mm_clips *clips;
    char *path = mm_path_join(folder, "clips");
    assert_ok(mm_clips_create(path, limit, &clips, &err), &err);
    free(path);
    return clips;
}

static void put(struct mm_clips *clips, int64_t song, uint64_t tag, size_t size)
{
    struct mm_error err = {0};
    struct mm_blob *blob = make_blob(size, (int)song);
    assert_ok(mm_clips_put(clips, song, tag, blob, &err), &err);
    mm_blob_release(blob);
}

/* Whether the clip is there and is what put() wrote. */
static bool there(struct mm_clips *clips, int64_t song, uint64_t tag, size_t size)
{
    struct mm_clip_file file;
    if (!mm_clips_open(clips, song, tag, &file))
        return false;
    struct mm_blob *blob = make_blob(size, (int)song);
    unsigned char *data = malloc(size);
    assert_int_equal(file.size, size);
    assert_int_equal(pread(file.fd, data, size, file.offset), (ssize_t)size);
    assert_memory_equal(data, blob->bytes, size);
    assert_string_equal(file.mime, "audio/mpeg");
    assert_string_equal(file.etag, blob->etag);
    free(data);
    mm_blob_release(blob);
    close(file.fd);
    return true;
}

static char *clip_path(int64_t song, uint64_t tag)
{
    return mm_format("%s/clips/%lld-%016llx.clip", folder, (long long)song,
                     (unsigned long long)tag);
}

static void clips_outlive_the_process(void **state)
{
    (void)state;
    struct mm_clips *clips = open_clips(1 << 20);
    assert_false(there(clips, 1, 11, 1000));
    put(clips, 1, 11, 1000);
    put(clips, 2, UINT64_MAX, 5000);
    assert_true(there(clips, 1, 11, 1000));
    assert_false(there(clips, 1, 12, 1000)); /* made from something else */
    mm_clips_destroy(clips);
    clips = open_clips(1 << 20);
    assert_true(there(clips, 1, 11, 1000));
    assert_true(there(clips, 2, UINT64_MAX, 5000));
    put(clips, 1, 12, 900); /* the song changed: the old clip goes */
    assert_true(there(clips, 1, 12, 900));
    char *old = clip_path(1, 11);
    assert_int_equal(access(old, F_OK), -1);
    free(old);
    mm_clips_destroy(clips);
}

static void the_least_used_goes_first(void **state)
{
    (void)state;
    struct mm_clips *clips = open_clips(10000);
    put(clips, 1, 1, 3000);
    put(clips, 2, 1, 3000);
    put(clips, 3, 1, 3000);
    assert_true(mm_clips_bytes(clips) <= 10000);
    /* The order of use is kept in seconds: age two of them. */
    mm_clips_destroy(clips);
    const struct timespec ages[] = {{.tv_sec = 1000}, {.tv_sec = 500}};
    for (int64_t song = 1; song <= 2; song++) {
        char *path = clip_path(song, 1);
        struct timespec times[2] = {ages[song - 1], ages[song - 1]};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        free(path);
    }
    clips = open_clips(10000);
    put(clips, 4, 1, 3000);
    assert_true(mm_clips_bytes(clips) <= 10000);
    assert_false(there(clips, 2, 1, 3000));
    assert_true(there(clips, 1, 1, 3000)); /* and this is a use */
    put(clips, 5, 1, 20000);               /* larger than all the room: not kept */
    assert_false(there(clips, 5, 1, 20000));
    assert_true(there(clips, 1, 1, 3000));
    mm_clips_destroy(clips);
    clips = open_clips(4000); /* less room than last time */
    assert_true(mm_clips_bytes(clips) <= 4000);
    mm_clips_destroy(clips);
}

static void damage_is_seen_and_removed(void **state)
{
    (void)state;
    struct mm_clips *clips = open_clips(1 << 20);
    for (int64_t song = 1; song <= 5; song++)
        put(clips, song, 1, 2000);
    mm_clips_destroy(clips);
    char *path[6];
    for (int64_t song = 1; song <= 5; song++)
        path[song] = clip_path(song, 1);
    assert_int_equal(truncate(path[1], 1500), 0);
    assert_int_equal(truncate(path[2], 0), 0);
    int fd = open(path[3], O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 1200), 1); /* one byte of the clip */
    close(fd);
    fd = open(path[4], O_WRONLY);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 8), 8); /* its size */
    close(fd);
    clips = open_clips(1 << 20);
    for (int64_t song = 1; song <= 4; song++) {
        assert_false(there(clips, song, 1, 2000));
        assert_int_equal(access(path[song], F_OK), -1);
        put(clips, song, 1, 2000);
        assert_true(there(clips, song, 1, 2000));
    }
    assert_true(there(clips, 5, 1, 2000));
    unlink(path[5]); /* behind our back */
    assert_false(there(clips, 5, 1, 2000));
    mm_clips_destroy(clips);
    for (int64_t song = 1; song <= 5; song++)
        free(path[song]);
}

static void strangers_files_are_left_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"notes.txt",
                                        "1.clip",
                                        "01-0000000000000001.clip",
                                        "1-1.clip",
                                        "-1-0000000000000001.clip",
                                        "1-000000000000000G.clip",
                                        "99999999999999999999-0000000000000001.clip",
                                        "x.clip.7.tmp"};
    struct mm_error err = {0};
    mm_clips_destroy(open_clips(1));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = mm_format("%s/clips/%s", folder, names[i]);
        assert_ok(mm_file_write(path, "mine", 4, &err), &err);
        free(path);
    }
    char *left = mm_format("%s/clips/7-0000000000000001.clip.123.tmp", folder);
    assert_ok(mm_file_write(left, "half", 4, &err), &err);
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    utimensat(AT_FDCWD, left, old, 0);
    struct mm_clips *clips = open_clips(1);
    assert_int_equal(mm_clips_bytes(clips), 0);
    mm_clips_destroy(clips);
    assert_int_equal(access(left, F_OK), -1); /* what an interrupted run left is removed */
    free(left);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = mm_format("%s/clips/%s", folder, names[i]);
        assert_int_equal(access(path, F_OK), 0);
        free(path);
    }
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void a_clip_is_the_measured_excerpt(void **state)
{
    (void)state;
    struct mm_song song = {.id = 1, .duration_s = 200, .size = 5};
    struct mm_measure m = {.excerpt_start_s = 60,
                           .excerpt_length_s = 30,
                           .onset_s = 64,
                           .loudness_lufs = -20,
                           .peak_dbfs = -6};
    struct mm_clip_plan plan = mm_clip_plan(&song, &m);
    assert_true(near(plan.start_s, 60) && near(plan.length_s, 30) && near(plan.onset_s, 4));
    assert_true(near(20 * log10(plan.gain), 4));
    uint64_t tag = plan.tag;
    m.peak_dbfs = -2; /* 4 dB more would clip */
    assert_true(near(20 * log10(mm_clip_plan(&song, &m).gain), 1));
    m.loudness_lufs = -HUGE_VAL;
    m.peak_dbfs = -HUGE_VAL;
    assert_true(near(mm_clip_plan(&song, &m).gain, 1));
    assert_true(mm_clip_plan(&song, &m).tag == tag); /* the gain is not in the clip */
    song.size++;
    assert_true(mm_clip_plan(&song, &m).tag != tag); /* another file */
    m.excerpt_start_s = 61;
    song.size--;
    assert_true(mm_clip_plan(&song, &m).tag != tag);
    m.excerpt_start_s = 0; /* all of it was measured */
    m.excerpt_length_s = 200;
    plan = mm_clip_plan(&song, &m);
    assert_true(near(plan.start_s, 62) && near(plan.onset_s, 2));
    m.onset_s = 199;
    plan = mm_clip_plan(&song, &m);
    assert_true(near(plan.start_s, 170) && near(plan.length_s, 30));
    song.duration_s = 30.4; /* a preview is its own clip */
    m = (struct mm_measure){.excerpt_start_s = 0, .excerpt_length_s = 30, .onset_s = 3};
    plan = mm_clip_plan(&song, &m);
    assert_true(near(plan.start_s, 0) && plan.length_s > 30.4 && near(plan.onset_s, 3));
    plan = mm_clip_plan(&song, NULL);
    assert_true(near(plan.gain, 1) && near(plan.onset_s, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clips_outlive_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_least_used_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_seen_and_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_files_are_left_alone, set_up, tear_down),
        cmocka_unit_test(a_clip_is_the_measured_excerpt),
    };
    return cmocka_run_group_tests_name("view clips", tests, NULL, NULL);
}
