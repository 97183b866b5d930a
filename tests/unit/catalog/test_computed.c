/* SPDX-License-Identifier: BSD-2-Clause */
/* What was computed from songs, measures and vectors; and what is still to be. */
#include "catalog_check.h"

#include <math.h>

static void measures_come_back(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", NULL, "A");
    struct mm_measure measure = some_measure();
    struct mm_measure read;
    assert_int_equal(mm_catalog_get_measure(library->catalog, id, &read, &library->err),
                     MM_ERR_NOT_FOUND);
    for (int round = 0; round < 2; round++) {
        assert_ok(
            mm_catalog_put_measure(library->catalog, id, measure_settings, &measure, &library->err),
            &library->err);
        assert_ok(mm_catalog_get_measure(library->catalog, id, &read, &library->err),
                  &library->err);
        assert_true(read.excerpt_start_s == measure.excerpt_start_s);
        assert_true(read.excerpt_length_s == measure.excerpt_length_s);
        assert_true(read.onset_s == measure.onset_s);
        assert_true(read.loudness_lufs == measure.loudness_lufs);
        assert_true(read.peak_dbfs == measure.peak_dbfs);
        assert_true(read.tempo_bpm == measure.tempo_bpm);
        assert_true(read.tempo_confidence == measure.tempo_confidence);
        assert_int_equal(read.key, measure.key);
        assert_int_equal(read.mode, measure.mode);
        assert_true(read.key_confidence == measure.key_confidence);
        assert_true(read.intensity == measure.intensity);
        /* once more: silence, no key, and every number another */
        measure = (struct mm_measure){1, 2, 3, -HUGE_VAL, -HUGE_VAL, 4, 5, -1, MM_MODE_MINOR, 6, 7};
    }
    measure.tempo_bpm = NAN;
    assert_int_equal(
        mm_catalog_put_measure(library->catalog, id, measure_settings, &measure, &library->err),
        MM_ERR_INPUT);
    measure = some_measure();
    measure.key = 12;
    assert_int_equal(
        mm_catalog_put_measure(library->catalog, id, measure_settings, &measure, &library->err),
        MM_ERR_INPUT);
}

static int note_measure(void *ctx, int64_t song, double duration_s,
                        const struct mm_measure *measure, struct mm_error *err)
{
    double *sum = ctx; /* weighted so that order and pairing count */
    *sum = *sum * 10 + (double)song * measure->onset_s + duration_s;
    return *sum > 1e6 ? mm_error_set(err, MM_ERR_CANCELLED, "enough") : 0;
}

static void all_measures_in_one_pass(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    struct mm_measure measure = some_measure();
    double sum = 0;
    assert_ok(mm_catalog_each_measure(catalog, note_measure, &sum, err), err);
    assert_true(sum == 0);
    for (int i = 0; i < 3; i++) {
        struct mm_song song = {.source = "folder",
                               .key = i == 0   ? "/a"
                                      : i == 1 ? "/b"
                                               : "/c",
                               .duration_s = 5 + i};
        assert_ok(mm_catalog_add_song(catalog, &song, err), err);
        measure.onset_s = i + 1;
        if (i != 1) /* the second has none */
            assert_ok(mm_catalog_put_measure(catalog, song.id, measure_settings, &measure, err),
                      err);
    }
    assert_ok(mm_catalog_each_measure(catalog, note_measure, &sum, err), err);
    assert_true(sum == (1 * 1 + 5) * 10 + (3 * 3 + 7));
    sum = 1e6;
    assert_int_equal(mm_catalog_each_measure(catalog, note_measure, &sum, err), MM_ERR_CANCELLED);
}

static void vectors_come_back_by_kind(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    int64_t a = add_song(library, "/a", NULL, "A");
    int64_t b = add_song(library, "/b", NULL, "B");
    const struct mm_vector_kind intro = {"timbre", "v1 pool=mean", "intro"};
    const float va[3] = {1.0f, -0.0f, 3.0e38f};
    const float vb[3] = {1e-45f, 5.0f, 6.0f};
    const float vi[2] = {7.0f, 8.0f};
    assert_ok(mm_catalog_put_vector(catalog, a, &timbre, vb, 3, err), err);
    assert_ok(mm_catalog_put_vector(catalog, a, &timbre, va, 3, err), err); /* replaces */
    assert_ok(mm_catalog_put_vector(catalog, b, &timbre, vb, 3, err), err);
    assert_ok(mm_catalog_put_vector(catalog, b, &intro, vi, 2, err), err);
    library_reopen(library);
    catalog = library->catalog;

    const int64_t ids[3] = {b, a, b};
    float read[9];
    assert_ok(mm_catalog_read_vectors(catalog, &timbre, ids, 3, 3, read, err), err);
    assert_memory_equal(read, vb, sizeof vb);
    assert_memory_equal(read + 3, va, sizeof va);
    assert_memory_equal(read + 6, vb, sizeof vb);
    assert_ok(mm_catalog_read_vectors(catalog, &intro, &b, 1, 2, read, err), err);
    assert_memory_equal(read, vi, sizeof vi);
    assert_int_equal(mm_catalog_read_vectors(catalog, &intro, &a, 1, 2, read, err),
                     MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_read_vectors(catalog, &timbre, &a, 1, 2, read, err), MM_ERR_USAGE);
    assert_int_equal(mm_catalog_put_vector(catalog, a, &timbre, vi, 2, err), MM_ERR_USAGE);
    assert_int_equal(mm_catalog_put_vector(catalog, a, &timbre, vi, 0, err), MM_ERR_USAGE);
    const float bad[3] = {0, INFINITY, 0};
    assert_int_equal(mm_catalog_put_vector(catalog, a, &timbre, bad, 3, err), MM_ERR_INPUT);

    struct mm_model_count models[4];
    size_t n;
    assert_ok(mm_catalog_list_models(catalog, models, 4, &n, err), err);
    assert_int_equal(n, 2);
    assert_string_equal(models[0].model, "timbre");
    assert_string_equal(models[0].settings, "v1 pool=mean");
    assert_string_equal(models[0].segment, "");
    assert_int_equal(models[0].dim, 3);
    assert_int_equal(models[0].songs, 2);
    assert_string_equal(models[1].segment, "intro");
    assert_int_equal(models[1].songs, 1);
    assert_ok(mm_catalog_set_state(catalog, a, MM_SONG_MISSING, err), err);
    assert_ok(mm_catalog_list_models(catalog, models, 1, &n, err), err);
    assert_int_equal(n, 1);
    assert_string_equal(models[0].segment, "intro"); /* as many songs, but newer */
}

/* In a row, with gaps, backward, one missing: however they are asked for. */
static void vectors_are_read_in_any_order(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    enum { N = 12, WITHOUT = 7 };
    int64_t id[N];
    float values[N][3];
    for (int i = 0; i < N; i++) {
        char key[8];
        snprintf(key, sizeof key, "/%d", i);
        id[i] = add_song(library, key, NULL, "t");
        if (i != WITHOUT)
            embed_song(library, id[i]);
    }
    const int64_t asked[][4] = {{id[0], id[1], id[2], id[3]},
                                {id[1], id[3], id[6], id[8]},
                                {id[0], id[1], id[2], id[11]},
                                {id[9], id[5], id[5], id[0]}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        assert_ok(mm_catalog_read_vectors(catalog, &timbre, asked[i], 4, 3, values[0], err), err);
        for (size_t j = 0; j < 4; j++)
            assert_true(values[j][0] == (float)asked[i][j] && values[j][2] == -1.0f);
    }
    assert_ok(mm_catalog_read_vectors(catalog, &timbre, id, 0, 3, values[0], err), err);
    for (size_t n = WITHOUT + 1; n <= N; n += N - WITHOUT - 1) { /* the last, one in between */
        char named[32];
        snprintf(named, sizeof named, "song %d ", (int)id[WITHOUT]);
        assert_int_equal(mm_catalog_read_vectors(catalog, &timbre, id, n, 3, values[0], err),
                         MM_ERR_NOT_FOUND);
        assert_non_null(strstr(err->message, named));
    }
}

static void too_long_names_of_kinds_are_refused(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", NULL, "A");
    char line[300];
    memset(line, 'x', sizeof line);
    line[299] = '\0';
    const float value = 1.0f;
    const struct mm_vector_kind kinds[] = {{line, "", ""}, {"m", line, ""}, {"m", "", line}};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            mm_catalog_put_vector(library->catalog, id, &kinds[i], &value, 1, &library->err),
            MM_ERR_LIMIT);
}

static void assert_ids(int64_t *ids, size_t n, const int64_t *expected, size_t n_expected)
{
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ids[i], expected[i]);
    free(ids);
}

static void todo_is_what_lacks_something(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    int64_t song[6];
    for (int i = 0; i < 6; i++) {
        char key[8] = {'/', (char)('a' + i), 0};
        song[i] = add_song(library, key, NULL, "T");
    }
    int64_t *ids;
    size_t n;
    assert_ok(mm_catalog_todo(catalog, measure_settings, &timbre, false, &ids, &n, err), err);
    assert_ids(ids, n, song, 6);

    embed_song(library, song[0]); /* all done */
    const float value[3] = {1, 2, 3};
    struct mm_measure measure = some_measure();
    assert_ok(mm_catalog_put_vector(catalog, song[1], &timbre, value, 3, err), err);
    assert_ok(mm_catalog_put_measure(catalog, song[2], measure_settings, &measure, err), err);
    assert_ok(mm_catalog_put_measure(catalog, song[3], "other", &measure, err), err);
    struct mm_failure failure = {song[4], "/e", "embed", "broken", 1, 0, 0};
    assert_ok(mm_catalog_put_failure(catalog, &failure, err), err);
    failure = (struct mm_failure){song[3], "/d", "gather", "odd", 1, 0, 0};
    assert_ok(mm_catalog_put_failure(catalog, &failure, err), err);
    assert_ok(mm_catalog_set_state(catalog, song[5], MM_SONG_HIDDEN, err), err);

    assert_ok(mm_catalog_todo(catalog, measure_settings, &timbre, false, &ids, &n, err), err);
    assert_ids(ids, n, song + 1, 3);
    assert_ok(mm_catalog_todo(catalog, measure_settings, &timbre, true, &ids, &n, err), err);
    assert_ids(ids, n, song + 1, 4);
    const int64_t unmeasured[] = {song[1], song[3]};
    assert_ok(mm_catalog_todo(catalog, measure_settings, NULL, false, &ids, &n, err), err);
    assert_ids(ids, n, unmeasured, 2);
    assert_ok(mm_catalog_todo(catalog, NULL, &timbre, false, &ids, &n, err), err);
    assert_ids(ids, n, song + 2, 2);
    assert_ok(mm_catalog_todo(catalog, NULL, NULL, true, &ids, &n, err), err);
    assert_ids(ids, n, NULL, 0);
    assert_ok(mm_catalog_embedded(catalog, &timbre, &ids, &n, err), err);
    assert_ids(ids, n, song, 2);
    const struct mm_vector_kind other = {"other", "", ""};
    assert_ok(mm_catalog_embedded(catalog, &other, &ids, &n, err), err);
    assert_ids(ids, n, NULL, 0);
    assert_ok(mm_catalog_set_state(catalog, song[0], MM_SONG_MISSING, err), err);
    assert_ok(mm_catalog_embedded(catalog, &timbre, &ids, &n, err), err);
    assert_ids(ids, n, song + 1, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(measures_come_back),
        test(all_measures_in_one_pass),
        test(vectors_come_back_by_kind),
        test(vectors_are_read_in_any_order),
        test(too_long_names_of_kinds_are_refused),
        test(todo_is_what_lacks_something),
    };
    return run_on_both_stores(tests);
}
