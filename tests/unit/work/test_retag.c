/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are written, and helpers that do not do as they should: this test, run as
 * "... helper FD", is a helper that plans as the real one does, keeps a diary of who read what, and
 * does what $MISCHIEF says. The file of a song is "song..."; the new one beside it has another
 * name.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "musicmap/work.h"
#include "work/wire.h"

/* ---- the helper ---- */

static bool is_told(const char *mischief)
{
    const char *told = getenv("MISCHIEF");
    return told && strcmp(told, mischief) == 0;
}

static void note(const char *what, const char *path)
{
    FILE *f = fopen(getenv("DIARY"), "a");
    if (!f || fprintf(f, "%ld %s %s\n", (long)getpid(), what, strrchr(path, '/') + 1) < 0 ||
        fclose(f) != 0)
        _exit(1);
}

enum { IN_TITLE = 70 };

/* Another program's edit, of the kind that is hardest to see: in what is written anew, of the same
 * size, the old time put back. */
static void edit_quietly(const char *path)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || pwrite(fd, "!", 1, IN_TITLE) != 1 ||
        futimens(fd, (struct timespec[]){st.st_atim, st.st_mtim}) != 0 || close(fd) != 0)
        _exit(1);
}

static void send_failure(int fd, enum mm_err code, const char *words)
{
    struct mm_text body = {0};
    mm_wire_put_u64(&body, (uint64_t)(int64_t)code);
    mm_wire_put_string(&body, words);
    mm_wire_send(fd, MM_WIRE_FAILED, body.data, body.length, NULL);
    mm_text_finish(&body);
}

static void plan(int fd, const char *path, struct mm_wire_reader *in)
{
    struct mm_retag wanted;
    struct mm_retag_plan made;
    struct mm_text body = {0};
    struct mm_error err = {0};
    bool new_file = !strstr(path, "/song");
    mm_wire_get_retag(in, &wanted);
    note(new_file ? "verify" : wanted.hash ? "plan" : "look", path);
    int result = mm_audio_retag(path, &wanted, &made, &err);
    if ((is_told("edit while planned") && wanted.hash && !new_file) ||
        (is_told("edit while verified") && new_file))
        edit_quietly(getenv("SONG"));
    if (is_told("lie") && new_file)
        made.rest[0] ^= 1;
    if (result == 0)
        mm_wire_put_plan(&body, &made);
    if (result == 0)
        mm_wire_send(fd, MM_WIRE_DONE, body.data, body.length, NULL);
    else
        send_failure(fd, err.code, err.message);
    mm_text_finish(&body);
    mm_retag_plan_finish(&made);
    free((char *)wanted.key);
    free((char *)wanted.mood);
    free((char *)wanted.cluster);
}

static void probe(int fd, const char *path)
{
    note("probe", path);
    if (is_told("cannot be decoded")) {
        send_failure(fd, MM_ERR_INPUT, "no sound in it");
        return;
    }
    struct mm_text body = {0};
    struct mm_audio_info info = {.duration_s = 1, .sample_rate = 44100, .channels = 1};
    mm_text_add_bytes(&body, (unsigned char[32]){7}, 32);
    mm_wire_put_info(&body, &info);
    mm_wire_send(fd, MM_WIRE_DONE, body.data, body.length, NULL);
    mm_text_finish(&body);
}

static int help(int fd)
{
    struct mm_wire_message message = {0};
    while (mm_wire_receive(fd, &message, NULL) == 0) {
        struct mm_wire_reader in = mm_wire_reader(&message);
        char *path = mm_wire_get_string(&in);
        if (message.kind == MM_WIRE_RETAG)
            plan(fd, path, &in);
        else
            probe(fd, path);
        free(path);
    }
    free(message.data);
    return 0;
}

/* ---- a library of FLAC files: for the editor their blocks will do ---- */

enum { SONGS = 4, KNOWN = 1 /* says its key already */ };

static char *folder;
static char *paths[SONGS];
static int64_t ids[SONGS];
static struct mm_catalog *catalog;
static struct mm_helpers *helpers;

static size_t content_of(const char *path, unsigned char *bytes)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, 4096, f);
    fclose(f);
    return n;
}

static void write_song(const char *path, bool known)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite("fLaC\0\0\0\x22", 1, 8, f);
    for (int i = 0; i < 34; i++)
        fputc(i, f);
    fwrite("\x84\0\0\x1e\4\0\0\0mine\1\0\0\0\xe\0\0\0", 1, 20, f);
    fputs(known ? "INITIALKEY=C#m" : "TITLE=Whatever", f);
    for (int i = 0; i < 1000; i++)
        fputc(i * 7 & 0xff, f);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    (void)state;
    struct mm_error err = {0};
    folder = check_make_folder();
    char diary[4200];
    snprintf(diary, sizeof diary, "%s/diary", folder);
    setenv("DIARY", diary, 1);
    assert_ok(mm_catalog_open(folder, true, &catalog, &err), &err);
    for (int i = 0; i < SONGS; i++) {
        paths[i] = malloc(4200);
        snprintf(paths[i], 4200, "%s/song%d.flac", folder, i);
        write_song(paths[i], i == KNOWN);
        struct mm_song song = {.source = (char *)"folder", .key = paths[i], .size = 1};
        struct mm_measure measure = {.key = 9, .mode = MM_MODE_MINOR, .key_confidence = 1};
        assert_ok(mm_catalog_add_song(catalog, &song, &err), &err);
        assert_ok(mm_catalog_put_measure(catalog, song.id, "", &measure, &err), &err);
        ids[i] = song.id;
    }
    setenv("SONG", paths[0], 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mm_catalog_close(catalog);
    for (int i = 0; i < SONGS; i++)
        free(paths[i]);
    check_remove_folder(folder);
    return 0;
}

struct told {
    int result;
    char message[512];
};

static int hear(void *ctx, const struct mm_song *song, int result, const struct mm_retag_plan *plan,
                const struct mm_error *fault, struct mm_error *err)
{
    struct told *told = ctx;
    (void)song;
    (void)plan;
    (void)err;
    told->result = result;
    strcpy(told->message, result < 0 ? fault->message : "");
    return 0;
}

static void write_tags(const char *mischief, size_t n, struct told *told,
                       struct mm_retag_report *report)
{
    struct mm_error err = {0};
    const struct mm_helper_settings settings = {.count = 2, .timeout_s = 30};
    const struct mm_retag_options options = {.fields = {[MM_RETAG_KEY] = true}, .write = true};
    setenv("MISCHIEF", mischief, 1);
    unlink(getenv("DIARY"));
    assert_ok(mm_helpers_create(&settings, &helpers, &err), &err);
    assert_ok(mm_retag_songs(catalog, helpers, ids, n, &options, NULL, hear, told, report, &err),
              &err);
    mm_helpers_destroy(helpers);
}

static void nothing_lies_beside(void)
{
    char command[4200];
    snprintf(command, sizeof command, "test -z \"$(find '%s' -name '.musicmap-tags-*')\"", folder);
    assert_int_equal(system(command), 0); /* NOLINT: a fixed command on a folder of our own */
}

/* ---- the tests ---- */

static void a_new_file_that_is_not_as_it_should_be_is_dropped(void **state)
{
    (void)state;
    static const char *const ways[] = {"cannot be decoded", "lie"};
    unsigned char before[4096];
    unsigned char after[4096];
    size_t n = content_of(paths[0], before);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct told told;
        struct mm_retag_report report;
        write_tags(ways[i], 1, &told, &report);
        assert_int_equal(report.failed, 1);
        assert_int_equal(report.change, 0);
        assert_non_null(strstr(told.message, "the new file is not as it should be"));
        assert_int_equal(content_of(paths[0], after), n);
        assert_memory_equal(after, before, n);
        nothing_lies_beside();
    }
}

static void what_another_program_wrote_meanwhile_stays(void **state)
{
    (void)state;
    static const char *const ways[] = {"edit while planned", "edit while verified"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct told told;
        struct mm_retag_report report;
        unsigned char before[4096];
        unsigned char after[4096];
        write_song(paths[0], false);
        size_t n = content_of(paths[0], before);
        write_tags(ways[i], 1, &told, &report);
        assert_int_equal(told.result, MM_ERR_AGAIN);
        assert_string_equal(told.message, "the file changed meanwhile");
        before[IN_TITLE] = '!';
        assert_int_equal(content_of(paths[0], after), n);
        assert_memory_equal(after, before, n);
        nothing_lies_beside();
    }
    write_song(paths[0], false);
}

struct line {
    long pid;
    char what[16], path[64];
};

static size_t read_diary(struct line *lines, size_t most)
{
    FILE *f = fopen(getenv("DIARY"), "r");
    size_t n = 0;
    assert_non_null(f);
    while (n < most && fscanf(f, "%ld %15s %63s", &lines[n].pid, lines[n].what, lines[n].path) == 3)
        n++;
    fclose(f);
    return n;
}

/* One that a file took over makes no other file's plan, and does not judge its own. */
static void who_plans_has_read_nothing_else_and_does_not_verify(void **state)
{
    (void)state;
    struct told told;
    struct mm_retag_report report;
    struct line lines[32];
    write_tags("", SONGS, &told, &report);
    assert_int_equal(report.change, SONGS - 1);
    size_t n = read_diary(lines, 32);
    size_t plans = 0;
    size_t verified = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_plan = strcmp(lines[i].what, "plan") == 0;
        bool is_verify = strcmp(lines[i].what, "verify") == 0;
        plans += is_plan;
        verified += is_verify;
        for (size_t k = 0; is_plan && k < n; k++)
            assert_true(k == i || lines[k].pid != lines[i].pid);
        for (size_t k = 0; is_verify && k < i; k++)
            assert_true(lines[k].pid != lines[i].pid);
    }
    assert_int_equal(plans, SONGS - 1);
    assert_int_equal(verified, SONGS - 1);

    /* Files that need nothing are looked at, all by one. */
    write_tags("", SONGS, &told, &report);
    assert_int_equal(report.change, 0);
    n = read_diary(lines, 32);
    assert_int_equal(n, SONGS);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(lines[i].what, "look");
        assert_true(lines[i].pid == lines[0].pid);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "helper") == 0)
        return help((int)strtol(argv[2], NULL, 10));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_that_is_not_as_it_should_be_is_dropped),
        cmocka_unit_test(what_another_program_wrote_meanwhile_stays),
        cmocka_unit_test(who_plans_has_read_nothing_else_and_does_not_verify),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
