/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks over made trees. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "musicmap/source.h"

struct tree {
    char *folder; /* real path */
};

static int tree_open(void **state)
{
    struct tree *tree = calloc(1, sizeof *tree);
    char *made = check_make_folder();
    tree->folder = realpath(made, NULL);
    free(made);
    *state = tree;
    return 0;
}

static int tree_close(void **state)
{
    struct tree *tree = *state;
    check_remove_folder(tree->folder);
    free(tree);
    return 0;
}

static char *in_tree(const struct tree *tree, const char *name)
{
    static char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", tree->folder, name);
    return path;
}

static void make_folder(const struct tree *tree, const char *name)
{
    assert_int_equal(mkdir(in_tree(tree, name), 0777), 0);
}

static void make_file(const struct tree *tree, const char *name, const char *content)
{
    FILE *file = fopen(in_tree(tree, name), "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void make_link(const struct tree *tree, const char *name, const char *target)
{
    assert_int_equal(symlink(target, in_tree(tree, name)), 0);
}

/* ---- what a walk says ---- */

struct report {
    size_t prefix; /* bytes of the tree's own path, left out */
    struct mm_text items;
    struct mm_text skips;
    size_t stop_after;
    size_t n;
};

static int note_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    struct report *report = ctx;
    assert_string_equal(item->source, "folder");
    assert_non_null(item->tags->title);
    assert_true(strlen(item->key) < PATH_MAX);
    mm_text_addf(&report->items, "%s;", item->key + report->prefix);
    if (++report->n == report->stop_after)
        return mm_error_set(err, MM_ERR_CANCELLED, "enough");
    return 0;
}

static void note_skip(void *ctx, enum mm_skip kind, const char *path, const char *detail)
{
    struct report *report = ctx;
    static const char letters[] = "NEULS";
    assert_non_null(detail);
    mm_text_addf(&report->skips, "%c%s;", letters[kind],
                 strlen(path) > 300 ? "(long)" : path + report->prefix);
}

static int walk(const char *dir, size_t prefix, struct report *report, struct mm_error *err)
{
    const struct mm_source_events events = {.item = note_item, .skipped = note_skip, .ctx = report};
    report->prefix = prefix;
    mm_text_add(&report->items, "");
    mm_text_add(&report->skips, "");
    return mm_source_folder(dir, &events, NULL, err);
}

static void report_finish(struct report *report)
{
    mm_text_finish(&report->items);
    mm_text_finish(&report->skips);
}

static void assert_walk(const struct tree *tree, const char *items, const char *skips)
{
    for (int round = 0; round < 2; round++) { /* two walks agree */
        struct report report = {0};
        struct mm_error err = {0};
        assert_ok(walk(tree->folder, strlen(tree->folder) + 1, &report, &err), &err);
        assert_string_equal(report.items.data, items);
        assert_string_equal(report.skips.data, skips);
        report_finish(&report);
    }
}

/* ---- tests ---- */

static void names_come_in_byte_order(void **state)
{
    const struct tree *tree = *state;
    make_folder(tree, "b");
    make_folder(tree, "a");
    make_folder(tree, "a/deep");
    make_file(tree, "b/2.mp3", "x");
    make_file(tree, "b/10.mp3", "x");
    make_file(tree, "a/deep/x.flac", "x");
    make_file(tree, "a/z.ogg", "x");
    make_file(tree, "a.mp3", "x");
    make_file(tree, "Z.mp3", "x");
    make_file(tree, "\xc3\xa9.mp3", "x");
    make_file(tree, "\xff\xfe.mp3", "x"); /* not UTF-8 */
    make_file(tree, ".hidden.mp3", "x");
    make_file(tree, "cover.jpg", "x");
    make_file(tree, "empty.mp3", "");
    make_folder(tree, ".git");
    make_file(tree, ".git/x.mp3", "x");
    assert_walk(tree,
                "Z.mp3;a/deep/x.flac;a/z.ogg;a.mp3;b/10.mp3;b/2.mp3;\xc3\xa9.mp3;\xff\xfe.mp3;",
                "Ncover.jpg;Eempty.mp3;");
}

static int check_facts(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    (void)err;
    *(int *)ctx += 1;
    assert_int_equal(item->size, 5);
    assert_int_equal(item->mtime_ns, 1234567890123456789);
    assert_string_equal(item->tags->artist, "Artist");
    assert_string_equal(item->tags->album, "Album");
    assert_string_equal(item->tags->title, "Title");
    assert_int_equal(item->tags->track, 3);
    return 0;
}

static void facts_and_tags_come_along(void **state)
{
    const struct tree *tree = *state;
    make_folder(tree, "Artist");
    make_folder(tree, "Artist/Album");
    make_file(tree, "Artist/Album/03 - Title.mp3", "12345");
    const struct timespec times[2] = {{1, 0}, {1234567890, 123456789}};
    assert_int_equal(utimensat(AT_FDCWD, in_tree(tree, "Artist/Album/03 - Title.mp3"), times, 0),
                     0);
    int n = 0;
    const struct mm_source_events events = {.item = check_facts, .ctx = &n};
    struct mm_error err = {0};
    assert_ok(mm_source_folder(tree->folder, &events, NULL, &err), &err);
    assert_int_equal(n, 1);
}

static void links_are_followed_once(void **state)
{
    const struct tree *tree = *state;
    make_folder(tree, "real");
    make_file(tree, "real/song.mp3", "x");
    make_folder(tree, "outside"); /* of the folder that is walked */
    make_file(tree, "outside/far.mp3", "x");
    make_file(tree, "outside/far.txt", "x");
    make_folder(tree, "in");
    make_folder(tree, "in/z");
    make_file(tree, "in/z/song.mp3", "x");
    make_link(tree, "in/a", "z");                    /* the real path wins though it comes later */
    make_link(tree, "in/b", "../outside");           /* leads out */
    make_link(tree, "in/c", "../outside");           /* the second time */
    make_link(tree, "in/d.mp3", "z/song.mp3");       /* a favourite */
    make_link(tree, "in/e.mp3", "../real/song.mp3"); /* a file elsewhere */
    make_link(tree, "in/loop", "..");
    make_link(tree, "in/self.mp3", "self.mp3");
    make_link(tree, "in/z/up", "..");
    make_link(tree, "in/dangling.mp3", "nowhere.mp3");
    make_link(tree, "in/notes", "../outside/far.txt");

    struct report report = {0};
    struct mm_error err = {0};
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s/in", tree->folder);
    assert_ok(walk(dir, strlen(dir) + 1, &report, &err), &err);
    /* "loop" leads to the whole tree: what was not met yet comes by that name. */
    assert_string_equal(report.items.data, "z/song.mp3;b/far.mp3;e.mp3;");
    assert_string_equal(report.skips.data,
                        "Sdangling.mp3;Nnotes;Lself.mp3;La;Nb/far.txt;Lc;Ld.mp3;Lloop/in;"
                        "Lloop/outside;Lloop/real/song.mp3;Lz/up;");
    report_finish(&report);
}

static void special_files_are_not_opened(void **state)
{
    const struct tree *tree = *state;
    assert_int_equal(mkfifo(in_tree(tree, "a.mp3"), 0666), 0); /* opening it would wait for ever */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", in_tree(tree, "b.mp3"));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    make_link(tree, "c.mp3", "/dev/zero");
    make_file(tree, "d.mp3", "x");
    assert_walk(tree, "d.mp3;", "Sa.mp3;Sb.mp3;Sc.mp3;");
    close(fd);
}

/* Root may read everything, so the test gives that up first, in a process of its own. */
static int as_nobody(const struct tree *tree)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    struct report report = {0};
    struct mm_error err = {0};
    if (walk(tree->folder, strlen(tree->folder) + 1, &report, &err) < 0)
        return 2;
    bool right = strcmp(report.items.data, "c/song.mp3;") == 0 &&
                 strcmp(report.skips.data, "Ub.mp3;Ua;") == 0;
    report_finish(&report);
    if (!right)
        return 3;
    struct report locked = {0};
    int result = walk(in_tree(tree, "a"), 0, &locked, &err); /* dir itself */
    report_finish(&locked);
    return result == MM_ERR_IO ? 0 : 4;
}

static void what_may_not_be_read_is_told(void **state)
{
    const struct tree *tree = *state;
    make_folder(tree, "a");
    make_file(tree, "a/song.mp3", "x");
    make_folder(tree, "c");
    make_file(tree, "c/song.mp3", "x");
    make_file(tree, "b.mp3", "x");
    assert_int_equal(chmod(tree->folder, 0755), 0);
    assert_int_equal(chmod(in_tree(tree, "b.mp3"), 0), 0);
    assert_int_equal(chmod(in_tree(tree, "a"), 0), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(as_nobody(tree));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(in_tree(tree, "a"), 0755), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Deeper than any path may be long, with a file on every level: made by relative names. */
static void paths_nobody_can_open_are_skipped(void **state)
{
    const struct tree *tree = *state;
    enum { LEVELS = 60 };
    char name[101];
    char file[128];
    memset(name, 'd', 100);
    name[100] = '\0';
    snprintf(file, sizeof file, "%s.mp3", name);
    int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_true(here >= 0 && chdir(tree->folder) == 0);
    for (int i = 0; i < LEVELS; i++) {
        int fd = open(file, O_WRONLY | O_CREAT, 0666);
        assert_true(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
        assert_true(mkdir(name, 0777) == 0 && chdir(name) == 0);
    }
    assert_true(fchdir(here) == 0 && close(here) == 0);
    struct report report = {0};
    struct mm_error err = {0};
    assert_ok(walk(tree->folder, strlen(tree->folder) + 1, &report, &err), &err);
    /* Every path that fits came, and where they end both folder and file are told of. */
    size_t fit = (PATH_MAX - 1 - strlen(tree->folder)) / 101;
    assert_in_range(report.n, fit - 1, fit);
    assert_true(strncmp(report.skips.data, "U(long);U(long);", 16) == 0);
    report_finish(&report);
}

static void many_levels_cost_no_descriptors(void **state)
{
    const struct tree *tree = *state;
    enum { LEVELS = 1500 };
    char path[2 * LEVELS + 16] = "";
    for (int i = 0; i < LEVELS; i++) {
        strcat(path, i ? "/d" : "d"); /* NOLINT: the room is counted above */
        make_folder(tree, path);
    }
    strcat(path, "/x.mp3"); /* NOLINT */
    make_file(tree, path, "x");
    strcat(path, ";"); /* NOLINT */
    assert_walk(tree, path, "");
}

static void a_single_file_will_do(void **state)
{
    const struct tree *tree = *state;
    make_file(tree, "01 - x.mp3", "x");
    make_file(tree, "x.txt", "x");
    make_link(tree, "link.mp3", "01 - x.mp3");
    size_t prefix = strlen(tree->folder) + 1;
    static const struct {
        const char *name, *items, *skips;
    } walks[] = {{"01 - x.mp3", "01 - x.mp3;", ""},
                 {"./01 - x.mp3", "01 - x.mp3;", ""},
                 {"link.mp3", "01 - x.mp3;", ""}, /* keys are real paths */
                 {"x.txt", "", "Nx.txt;"}};
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        struct report report = {0};
        struct mm_error err = {0};
        assert_ok(walk(in_tree(tree, walks[i].name), prefix, &report, &err), &err);
        assert_string_equal(report.items.data, walks[i].items);
        assert_string_equal(report.skips.data, walks[i].skips);
        report_finish(&report);
    }
    struct report report = {0};
    struct mm_error err = {0};
    assert_int_equal(walk(in_tree(tree, "none"), 0, &report, &err), MM_ERR_NOT_FOUND);
    assert_int_equal(walk(in_tree(tree, "x.txt/none"), 0, &report, &err), MM_ERR_NOT_FOUND);
    assert_int_equal(walk("", 0, &report, &err), MM_ERR_NOT_FOUND);
    report_finish(&report);
}

static void the_caller_can_stop_it(void **state)
{
    const struct tree *tree = *state;
    make_file(tree, "a.mp3", "x");
    make_file(tree, "b.mp3", "x");
    make_file(tree, "c.mp3", "x");
    struct report report = {.stop_after = 2};
    struct mm_error err = {0};
    assert_int_equal(walk(tree->folder, strlen(tree->folder) + 1, &report, &err), MM_ERR_CANCELLED);
    assert_string_equal(report.items.data, "a.mp3;b.mp3;");
    report_finish(&report);

    const atomic_int cancel = 1;
    const struct mm_progress progress = {.cancel = &cancel};
    struct report none = {0};
    const struct mm_source_events events = {.item = note_item, .skipped = note_skip, .ctx = &none};
    assert_int_equal(mm_source_folder(tree->folder, &events, &progress, &err), MM_ERR_CANCELLED);
    assert_int_equal(none.n, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, tree_open, tree_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(names_come_in_byte_order),        test(facts_and_tags_come_along),
        test(links_are_followed_once),         test(special_files_are_not_opened),
        test(what_may_not_be_read_is_told),    test(paths_nobody_can_open_are_skipped),
        test(many_levels_cost_no_descriptors), test(a_single_file_will_do),
        test(the_caller_can_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
