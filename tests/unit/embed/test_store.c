/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of weight files: where it is, what gets in. */
#include "base/file.h"
#include "base/hash.h"
#include "check.h"
#include "embed/files.h"
#include "musicmap/store.h"

static void test_folder(void **state)
{
    (void)state;
    struct mm_error err = {0};
    static const struct {
        const char *own, *data, *home, *want;
    } cases[] = {
        {"/m", "/d", "/h", "/m"},
        {"", "/d", "/h", "/d/musicmap/models"},
        {NULL, "not absolute", "/h", "/h/.local/share/musicmap/models"},
        {NULL, NULL, "/h", "/h/.local/share/musicmap/models"},
        {NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const names[3] = {"MUSICMAP_MODELS", "XDG_DATA_HOME", "HOME"};
        const char *const values[3] = {cases[i].own, cases[i].data, cases[i].home};
        for (int v = 0; v < 3; v++)
            if (values[v])
                setenv(names[v], values[v], 1);
            else
                unsetenv(names[v]);
        char *got = NULL;
        int result = mm_store_folder(&got, &err);
        if (cases[i].want)
            assert_string_equal(got, cases[i].want);
        else
            assert_int_equal(result, MM_ERR_NOT_FOUND);
        free(got);
    }
}

/* git hash-object of "hello\n" */
static void test_git_blob(void **state)
{
    (void)state;
    static const unsigned char want[MM_HASH_GIT_SIZE] = {0xce, 0x01, 0x36, 0x25, 0x03, 0x0b, 0xa8,
                                                         0xdb, 0xa9, 0x06, 0xf7, 0x56, 0x96, 0x7f,
                                                         0x9e, 0x9c, 0xa3, 0x94, 0x46, 0x4a};
    unsigned char got[MM_HASH_GIT_SIZE];
    assert_int_equal(mm_hash_git_blob("hello\n", 6, got, NULL), 0);
    assert_memory_equal(got, want, sizeof want);
}

static void test_verify_and_install(void **state)
{
    (void)state;
    struct mm_error err = {0};
    char *folder = check_make_folder();
    char path[4200];
    snprintf(path, sizeof path, "%s/new/models", folder);
    setenv("MUSICMAP_MODELS", path, 1);
    snprintf(path, sizeof path, "%s/file", folder);
    assert_ok(mm_file_write(path, "hello\n", 6, &err), &err);
    const struct mm_model_file by_git = {
        .name = "x", .checksum = "git:ce013625030ba8dba906f756967f9e9ca394464a"};
    const struct mm_model_file by_sha = {
        .name = "x",
        .checksum = "sha256:"
                    "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"};
    assert_ok(mm_store_verify(path, &by_git, &err), &err);
    assert_ok(mm_store_verify(path, &by_sha, &err), &err);
    assert_ok(mm_file_write(path, "hellO\n", 6, &err), &err);
    assert_int_equal(mm_store_verify(path, &by_git, &err), MM_ERR_INPUT);
    assert_int_equal(mm_store_verify(path, &by_sha, &err), MM_ERR_INPUT);
    const struct mm_model_file *file;
    assert_int_equal(mm_store_install(path, &file, &err), MM_ERR_UNSUPPORTED);
    assert_null(file);
    assert_int_equal(mm_store_install("/none", &file, &err), MM_ERR_NOT_FOUND);
    assert_false(mm_store_has(mm_model_find("openl3-music-mel256-512")));
    assert_true(mm_store_has(mm_model_find("timbre")));
    check_remove_folder(folder);
}

static void test_keep(void **state)
{
    (void)state;
    struct mm_error err = {0};
    char *folder = check_make_folder();
    char path[4200];
    snprintf(path, sizeof path, "%s/new/models", folder);
    setenv("MUSICMAP_MODELS", path, 1);
    /* The first of a model's files, and what it then says of the others. */
    const struct mm_model *model = mm_model_find("musicnn-msd");
    assert_ok(mm_files_keep(&model->files[0], "hello\n", 6, &err), &err);
    char *found;
    char *bytes;
    size_t count;
    assert_ok(mm_files_find(model, &(struct mm_embed_settings){0}, 0, &found, &err), &err);
    assert_int_equal(strncmp(found, path, strlen(path)), 0);
    assert_ok(mm_file_read(found, 100, &bytes, &count, &err), &err);
    assert_int_equal(count, 6);
    assert_memory_equal(bytes, "hello\n", 6);
    free(bytes);
    free(found);
    assert_false(mm_store_has(model));
    assert_int_equal(mm_files_find(model, &(struct mm_embed_settings){0}, 1, &found, &err),
                     MM_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, model->files[1].name));
    /* A file stands where the folder should. */
    snprintf(path, sizeof path, "%s/new/models/%s/x", folder, model->files[0].name);
    setenv("MUSICMAP_MODELS", path, 1);
    assert_true(mm_files_keep(&model->files[0], "x", 1, &err) < 0);
    assert_non_null(strstr(err.message, model->files[0].name));
    check_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_git_blob),
        cmocka_unit_test(test_verify_and_install),
        cmocka_unit_test(test_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
