/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags: what a model says of songs, kept beside its vectors. */
#include <math.h>

#include "raw.h"

static const struct mm_vector_kind musicnn = {"musicnn-msd", "v1 pool=mean", ""};
static const char *const names[] = {"rock", "female vocalists", "mood_sad"};

struct seen {
    size_t count;
    int64_t song[8];
    float values[8][3];
    char first[64];
    size_t n;
};

static int see(void *ctx, int64_t song, const struct mm_song_tags *tags, struct mm_error *err)
{
    (void)err;
    struct seen *seen = ctx;
    assert_true(seen->count < 8);
    seen->song[seen->count] = song;
    seen->n = tags->n;
    snprintf(seen->first, sizeof seen->first, "%s", tags->names[0]);
    memcpy(seen->values[seen->count++], tags->values, 3 * sizeof(float));
    return 0;
}

static struct seen look(struct library *library, int64_t from, int64_t to)
{
    struct seen seen = {0};
    assert_ok(mm_catalog_each_tags(library->catalog, from, to, see, &seen, &library->err),
              &library->err);
    return seen;
}

static int64_t add(struct library *library, const char *key, const float values[3])
{
    int64_t id = add_song(library, key, NULL, "T");
    const float vector[2] = {1, 2};
    struct mm_song_tags tags = {3, names, values};
    assert_ok(mm_catalog_put_vector(library->catalog, id, &musicnn, vector, 2, &library->err),
              &library->err);
    assert_ok(mm_catalog_put_tags(library->catalog, id, &musicnn, &tags, &library->err),
              &library->err);
    return id;
}

static void tags_come_back_in_order(void **state)
{
    struct library *library = *state;
    assert_int_equal(look(library, 1, INT64_MAX).count, 0);
    int64_t a = add(library, "/a", (const float[]){0.5F, 0.25F, 1});
    int64_t b = add(library, "/b", (const float[]){0, 1, 0.125F});
    add_song(library, "/none", NULL, "T");
    library_reopen(library);
    struct seen seen = look(library, 1, INT64_MAX);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.song[0], a);
    assert_int_equal(seen.song[1], b);
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.first, "rock");
    assert_true(seen.values[0][1] == 0.25F && seen.values[1][2] == 0.125F);
    assert_int_equal(look(library, b, b).count, 1);
    assert_int_equal(look(library, b + 1, INT64_MAX).count, 0);
    assert_ok(mm_catalog_delete_song(library->catalog, a, &library->err), &library->err);
    assert_int_equal(look(library, 1, INT64_MAX).count, 1);
}

static void wrong_tags_are_refused(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    const float fine[3] = {0, 0, 0};
    int64_t a = add(library, "/a", fine);
    int64_t bare = add_song(library, "/bare", NULL, "T");
    const char *const other[] = {"rock", "pop", "mood_sad"};
    const char *const lines[] = {"rock", "two\nlines", "x"};
    const char *const dirt[] = {"rock", "\xff", "x"};
    const float infinite[3] = {0, INFINITY, 0};
    const struct {
        int64_t song;
        struct mm_vector_kind kind;
        struct mm_song_tags tags;
        int code;
    } cases[] = {
        {bare, musicnn, {3, names, fine}, MM_ERR_NOT_FOUND},
        {a, timbre, {3, names, fine}, MM_ERR_USAGE},
        {a, musicnn, {3, other, fine}, MM_ERR_USAGE},
        {a, musicnn, {2, names, fine}, MM_ERR_USAGE},
        {a, musicnn, {0, names, fine}, MM_ERR_USAGE},
        {a, musicnn, {3, lines, fine}, MM_ERR_USAGE},
        {a, musicnn, {3, dirt, fine}, MM_ERR_INPUT},
        {a, musicnn, {3, names, infinite}, MM_ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        *err = (struct mm_error){0};
        assert_int_equal(
            mm_catalog_put_tags(catalog, cases[i].song, &cases[i].kind, &cases[i].tags, err),
            cases[i].code);
        assert_true(err->message[0]);
    }
}

/* A library of the version before tags gets the columns when it is opened. */
static void an_older_library_is_brought_up_to_date(void **state)
{
    struct library *library = *state;
    add(library, "/a", (const float[]){1, 1, 1});
    raw_run(library->folder,
            RAW_UNDO_ORIGINS "ALTER TABLE vector DROP COLUMN tags;"
                             "ALTER TABLE vector_kind DROP COLUMN tag_names;"
                             "DROP TABLE play; DROP TABLE set_song; DROP TABLE set_version;"
                             "DROP TABLE radio_set; DROP TABLE map_region;"
                             "ALTER TABLE map_cluster DROP COLUMN region;"
                             "PRAGMA user_version = 1");
    library_reopen(library);
    assert_int_equal(look(library, 1, INT64_MAX).count, 0);
    add(library, "/b", (const float[]){1, 0, 1});
    assert_int_equal(look(library, 1, INT64_MAX).count, 1);
}

/* Bytes that a damaged disk or another program left: no crash, the others come. */
static void damaged_tags_are_passed_over(void **state)
{
    struct library *library = *state;
    int64_t a = add(library, "/a", (const float[]){1, 1, 1});
    add(library, "/b", (const float[]){1, 0, 1});
    char sql[128];
    static const char *const values[] = {"x'00'", "x'0000c07f0000000000000000'", "zeroblob(4096)"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(sql, sizeof sql, "UPDATE vector SET tags = %s WHERE song = %d", values[i], (int)a);
        raw_run(library->folder, sql);
        library_reopen(library);
        assert_int_equal(look(library, 1, INT64_MAX).count, 1);
    }
    raw_run(library->folder, "UPDATE vector_kind SET tag_names = 'a'");
    library_reopen(library);
    assert_int_equal(look(library, 1, INT64_MAX).count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tags_come_back_in_order, library_open, library_close),
        cmocka_unit_test_setup_teardown(wrong_tags_are_refused, library_open, library_close),
    };
    const struct CMUnitTest of_files[] = {
        cmocka_unit_test_setup_teardown(an_older_library_is_brought_up_to_date, library_open,
                                        library_close),
        cmocka_unit_test_setup_teardown(damaged_tags_are_passed_over, library_open, library_close),
    };
    return cmocka_run_group_tests(of_files, NULL, NULL) + run_on_both_stores(tests);
}
