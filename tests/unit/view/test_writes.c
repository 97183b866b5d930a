/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the view writes while the disk fails, or takes half, at the n-th write, for every n: the
 * call says so, and each file is whole or is not there; nothing is left beside it.
 */
#include "server_check.h"

#include <ftw.h>

#define SCARCE_STREAMS
#include "scarce.h"
#include "synthetic.h"
#include "view/clips.h"

/* Seen by nftw(), which takes no context. */
static struct {
    const char *folder, *reference;
    size_t files;
} compared;

static bool ends_in(const char *name, const char *ending)
{
    size_t n = strlen(name);
    size_t m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

static char *content(const char *path, size_t *size)
{
    struct mm_error err = {0};
    char *bytes = NULL;
    assert_ok(mm_file_read(path, (size_t)64 << 20, &bytes, size, &err), &err);
    return bytes;
}

static int compare_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)at;
    (void)st;
    if (type != FTW_F)
        return 0;
    if (ends_in(path, ".tmp"))
        fail_msg("%s is left behind", path);
    char *whole = mm_format("%s%s", compared.reference, path + strlen(compared.folder));
    size_t size;
    size_t wanted;
    char *bytes = content(path, &size);
    char *expected = content(whole, &wanted);
    if (size != wanted)
        fail_msg("%s has %zu bytes of %zu", path, size, wanted);
    if (!ends_in(path, ".pdf")) /* tells when it was made */
        assert_memory_equal(bytes, expected, size);
    free(expected);
    free(bytes);
    free(whole);
    compared.files++;
    return 0;
}

/* How many files are in a folder, all of which must be those of the reference. */
static size_t compare(const char *folder, const char *reference)
{
    compared.folder = folder;
    compared.reference = reference;
    compared.files = 0;
    assert_int_equal(nftw(folder, compare_file, 8, FTW_PHYS), 0);
    return compared.files;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level > 0 ? remove(path) : 0;
}

typedef int writer(void *ctx, const char *folder, struct mm_error *err);

/* Undisturbed into one folder, then with each n-th write failing into another. */
static void disturb(writer *write_it, void *ctx)
{
    if (access("/dev/shm", W_OK) == 0) /* hundreds of files are made: spare the disk */
        setenv("TMPDIR", "/dev/shm", 1);
    struct mm_error err = {0};
    char *reference = check_make_folder();
    char *folder = check_make_folder();
    assert_ok(write_it(ctx, reference, &err), &err);
    size_t files = compare(reference, reference);
    assert_true(files > 0);
    for (int stop_short = 0; stop_short < 2; stop_short++) {
        bool done = false;
        long told = 0;
        for (long n = 0; !done; n = scarce_next(n, SANITIZED ? 1 : 4, SANITIZED ? 97 : 23)) {
            assert_int_equal(nftw(folder, remove_one, 8, FTW_PHYS | FTW_DEPTH), 0);
            err = (struct mm_error){0};
            writes_left = n;
            writes_refused = 0;
            writes_short = stop_short;
            int result = write_it(ctx, folder, &err);
            done = writes_refused == 0;
            writes_left = -1;
            writes_short = false;
            size_t there = compare(folder, reference);
            assert_true(result < 0 || there == files);
            if (result < 0 && !strstr(err.message, "No space left") &&
                !strstr(err.message, "Input/output error"))
                fail_msg("write %ld: \"%s\" does not say why", n, err.message);
            told += result < 0;
            assert_true(n < 5000);
        }
        assert_true(told > 0 || stop_short);
    }
    check_remove_folder(reference);
    check_remove_folder(folder);
}

/* ---- pictures ---- */

static int draw_three(void *ctx, const char *folder, struct mm_error *err)
{
    static const char *const names[] = {"map.svg", "map.png", "map.pdf"};
    struct mm_draw_settings settings = {MM_DRAW_SONGS, "Everything", 200, 200, NULL, NULL};
    int result = 0;
    for (size_t i = SANITIZED; i < 3 - SANITIZED && result == 0; i++) {
        char *path = mm_path_join(folder, names[i]);
        result = mm_draw(ctx, &settings, path, NULL, err);
        free(path);
    }
    return result;
}

static void pictures(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene;
    struct mm_error err = {0};
    synthetic_make(&s, 12, 2, 1, 0.1);
    assert_ok(mm_scene_create(&s.input, &scene, &err), &err);
    disturb(draw_three, scene);
    mm_scene_destroy(scene);
    synthetic_finish(&s);
}

static int draw_sheets(void *ctx, const char *folder, struct mm_error *err)
{
    (void)ctx;
    static const double k[] = {2, 3, 5};
    static const double score[] = {0.1, 0.5, 0.2};
    static const float xy[] = {0, 0, 0.5f, 0.5f, -0.5f, 0.1f};
    static const uint32_t group[] = {0, 1, UINT32_MAX};
    struct mm_curve curve = {"How many?", "clusters", "score", 3, k, score, 3};
    struct mm_contact contact = {3, xy, group, "one", "note"};
    char *first = mm_path_join(folder, "curve.svg");
    char *second = mm_path_join(folder, "sheet.png");
    int result = mm_draw_curve(&curve, first, err);
    if (result == 0)
        result = mm_draw_contacts(&contact, 1, second, err);
    free(first);
    free(second);
    return result;
}

static void sheets(void **state)
{
    (void)state;
    disturb(draw_sheets, NULL);
}

/* ---- the page as files ---- */

static int export(struct library *library, const char *path, bool single, struct mm_error *err)
{
    struct mm_page_export what = {.path = path, .single = single, .jobs = 1};
    struct mm_page_export_report report;
    return mm_export_page(library->catalog, library->helpers, &what, NULL, &report, err);
}

static int export_folder(void *ctx, const char *folder, struct mm_error *err)
{
    return export(ctx, folder, false, err);
}

static int export_file(void *ctx, const char *folder, struct mm_error *err)
{
    char *path = mm_path_join(folder, "map.html");
    int result = export(ctx, path, true, err);
    free(path);
    return result;
}

static void pages(void **state)
{
    disturb(export_folder, *state);
}

static void one_page(void **state)
{
    disturb(export_file, *state);
}

/* ---- clips that are kept ---- */

static int keep_clip(void *ctx, const char *folder, struct mm_error *err)
{
    struct mm_clips *clips = NULL;
    int result = mm_clips_create(folder, 1 << 20, &clips, err);
    if (result == 0)
        result = mm_clips_put(clips, 1, 77, ctx, err);
    struct mm_clip_file file;
    bool there = result == 0 && mm_clips_open(clips, 1, 77, &file);
    if (there)
        close(file.fd);
    assert_int_equal(there, result == 0);
    mm_clips_destroy(clips);
    return result;
}

static void kept_clips(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_blob *blob;
    unsigned char *bytes = malloc(50000);
    memset(bytes, 7, 50000);
    assert_ok(mm_blob_create(bytes, 50000, "audio/mpeg", &blob, &err), &err);
    disturb(keep_clip, blob);
    mm_blob_release(blob);
}

int main(int argc, char **argv)
{
    SERVER_CHECK_HELPER;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures),
        cmocka_unit_test(sheets),
        cmocka_unit_test_setup_teardown(pages, open_library_with_map, close_library),
        cmocka_unit_test_setup_teardown(one_page, open_library_with_map, close_library),
        cmocka_unit_test(kept_clips),
    };
    return cmocka_run_group_tests_name("view writes", tests, NULL, NULL);
}
