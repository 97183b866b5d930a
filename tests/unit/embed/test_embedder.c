/* SPDX-License-Identifier: BSD-2-Clause */
/* The dispatcher and the pooling: settings line, refusals, cuts, reuse, kinds of pooling. */
#include <math.h>

#include "check.h"
#include "embed/pooling.h"
#include "musicmap/embed.h"

static void settings_line_names_what_decides_the_numbers(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_embed_settings settings = {.model = "timbre", .pool = MM_POOL_MEANMAX};
    struct mm_embedder *embedder;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    const char *line = mm_embedder_settings(embedder);
    assert_int_equal(line[0], 'v');
    assert_non_null(strstr(line, " pool=meanmax"));
    assert_int_equal(mm_embedder_dim(embedder), 2 * mm_embedder_model(embedder)->dim);
    mm_embedder_destroy(embedder);
    mm_embedder_destroy(NULL);
}

static void senseless_settings_are_refused(void **state)
{
    (void)state;
    const struct mm_embed_settings bad[] = {
        {.model = NULL},
        {.model = "no such model"},
        {.model = "timbre", .pool = (enum mm_pool_kind)9},
        {.model = "timbre", .hop_s = NAN},
        {.model = "timbre", .hop_s = -1},
        {.model = "timbre", .center = 2},
        {.model = "timbre", .hop_s = 0.5},
        {.model = "timbre", .front_end = "kapre"},
        {.model = "timbre", .weights = "file"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mm_error err = {0};
        struct mm_embedder *embedder = (struct mm_embedder *)&err;
        assert_int_equal(mm_embedder_create(&bad[i], &embedder, &err), MM_ERR_USAGE);
        assert_null(embedder);
        assert_true(err.message[0]);
    }
}

static void every_model_of_the_table_is_complete(void **state)
{
    (void)state;
    size_t count;
    const struct mm_model *models = mm_models(&count);
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(mm_model_find(models[i].name), &models[i]);
        assert_true(models[i].summary && models[i].licence && models[i].citation);
        assert_true(models[i].sample_rate > 0 && models[i].dim > 0 && models[i].ops);
        assert_true(!models[i].files == !models[i].n_files);
        for (size_t f = 0; f < models[i].n_files; f++) {
            const struct mm_model_file *file = &models[i].files[f];
            assert_true(file->name && strncmp(file->url, "https://", 8) == 0);
            assert_true(
                (strncmp(file->checksum, "git:", 4) == 0 && strlen(file->checksum) == 44) ||
                (strncmp(file->checksum, "sha256:", 7) == 0 && strlen(file->checksum) == 71));
        }
    }
    assert_null(mm_model_find("no such model"));
}

static void nothing_is_no_song(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_embed_settings settings = {.model = "timbre"};
    struct mm_embedder *embedder;
    struct mm_embed_stream *stream;
    struct mm_embedding embedding;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    assert_ok(mm_embed_stream_create(embedder, &stream, &err), &err);
    assert_ok(mm_embed_stream_push(stream, NULL, 0, &err), &err);
    assert_int_equal(mm_embed_stream_finish(stream, &embedding, &err), MM_ERR_INPUT);
    assert_null(embedding.values);
    mm_embed_stream_destroy(stream);
    mm_embed_stream_destroy(NULL);
    mm_embedder_destroy(embedder);
}

static void pool_two_windows(enum mm_pool_kind kind, struct mm_embedding *out)
{
    static const char *const tags[] = {"loud"};
    struct mm_error err = {0};
    struct mm_pooling *pooling;
    assert_ok(mm_pooling_create(kind, 2, tags, 1, &pooling, &err), &err);
    /* What an earlier song left must not count. */
    assert_ok(mm_pooling_add(pooling, (float[]){90, 90}, (float[]){1}, 0, &err), &err);
    mm_pooling_reset(pooling);
    assert_ok(mm_pooling_add(pooling, (float[]){1, -4}, (float[]){0.5f}, 0.5, &err), &err);
    assert_ok(mm_pooling_add(pooling, (float[]){3, -8}, (float[]){1}, 1.5, &err), &err);
    assert_ok(mm_pooling_take(pooling, out, &err), &err);
    assert_int_equal(out->n_tags, 1);
    assert_string_equal(out->tag_names[0], "loud");
    assert_float_equal(out->tag_values[0], 0.75f, 0);
    assert_float_equal(out->timestamps[0], 0.5, 0);
    struct mm_embedding none;
    assert_int_equal(mm_pooling_take(pooling, &none, &err), MM_ERR_BUG);
    mm_pooling_destroy(pooling);
}

static void each_pooling_gives_its_values(void **state)
{
    (void)state;
    static const struct {
        enum mm_pool_kind kind;
        size_t n_windows, dim;
        float values[4];
    } cases[] = {
        {MM_POOL_MEAN, 1, 2, {2, -6}},
        {MM_POOL_MAX, 1, 2, {3, -4}},
        {MM_POOL_MEANMAX, 1, 4, {2, -6, 3, -4}},
        {MM_POOL_NONE, 2, 2, {1, -4, 3, -8}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mm_embedding out;
        pool_two_windows(cases[i].kind, &out);
        assert_int_equal(out.n_windows, cases[i].n_windows);
        assert_int_equal(out.dim, cases[i].dim);
        assert_memory_equal(out.values, cases[i].values,
                            out.n_windows * out.dim * sizeof *out.values);
        mm_embedding_finish(&out);
    }
}

static void numbers_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pooling *pooling;
    assert_ok(mm_pooling_create(MM_POOL_MEAN, 2, NULL, 0, &pooling, &err), &err);
    assert_int_equal(mm_pooling_add(pooling, (float[]){1, NAN}, NULL, 0, &err), MM_ERR_INPUT);
    assert_int_equal(mm_pooling_add(pooling, (float[]){INFINITY, 1}, NULL, 0, &err), MM_ERR_INPUT);
    mm_pooling_destroy(pooling);
    mm_pooling_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_line_names_what_decides_the_numbers),
        cmocka_unit_test(senseless_settings_are_refused),
        cmocka_unit_test(every_model_of_the_table_is_complete),
        cmocka_unit_test(nothing_is_no_song),
        cmocka_unit_test(each_pooling_gives_its_values),
        cmocka_unit_test(numbers_that_are_not_finite_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
