/* SPDX-License-Identifier: BSD-2-Clause */
/* Every call of catalog.h on a healthy library. */
#include "catalog_check.h"

#include <math.h>

/* ---- songs ---- */

static struct mm_song full_song(void)
{
    static char *genres[] = {"Jazz", "Bossa Nova"};
    struct mm_song song = {
        .state = MM_SONG_PRESENT,
        .source = "folder",
        .key = "/music/caf\xe9/01.mp3", /* Latin-1: not UTF-8 */
        .size = 1ull << 40,
        .mtime_ns = -5,
        .hash = {1, 2, 3, [31] = 9},
        .duration_s = 183.25,
        .sample_rate = 44100,
        .channels = 2,
        .codec = "mp3",
        .has_cover = true,
        .tags = {.title = "Caf\xc3\xa9",
                 .artist = "The Ann",
                 .album = "Album",
                 .album_artist = "Various",
                 .isrc = "USRC17607839",
                 .musicbrainz_id = "b1a9c0e9-d987-4042-ae91-78d6a3267d69",
                 .genres = genres,
                 .n_genres = 2,
                 .year = 1999,
                 .track = 3,
                 .disc = 2},
    };
    return song;
}

static void assert_same_song(const struct mm_song *a, const struct mm_song *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->source, b->source);
    assert_string_equal(a->key, b->key);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->mtime_ns, b->mtime_ns);
    assert_memory_equal(a->hash, b->hash, 32);
    assert_true(a->duration_s == b->duration_s);
    assert_int_equal(a->sample_rate, b->sample_rate);
    assert_int_equal(a->channels, b->channels);
    assert_string_equal(a->codec, b->codec);
    assert_int_equal(a->has_cover, b->has_cover);
    assert_string_equal(a->tags.title, b->tags.title);
    assert_string_equal(a->tags.artist, b->tags.artist);
    assert_string_equal(a->tags.album, b->tags.album);
    assert_string_equal(a->tags.album_artist, b->tags.album_artist);
    assert_string_equal(a->tags.isrc, b->tags.isrc);
    assert_string_equal(a->tags.musicbrainz_id, b->tags.musicbrainz_id);
    assert_int_equal(a->tags.n_genres, b->tags.n_genres);
    for (size_t i = 0; i < a->tags.n_genres; i++)
        assert_string_equal(a->tags.genres[i], b->tags.genres[i]);
    assert_int_equal(a->tags.year, b->tags.year);
    assert_int_equal(a->tags.track, b->tags.track);
    assert_int_equal(a->tags.disc, b->tags.disc);
}

static void songs_come_back_as_they_went_in(void **state)
{
    struct library *library = *state;
    struct mm_song song = full_song();
    assert_ok(mm_catalog_add_song(library->catalog, &song, &library->err), &library->err);
    library_reopen(library);

    struct mm_song read;
    assert_ok(mm_catalog_get_song(library->catalog, song.id, &read, &library->err), &library->err);
    assert_same_song(&song, &read);
    mm_song_finish(&read);
    assert_ok(mm_catalog_find_key(library->catalog, "folder", song.key, &read, &library->err),
              &library->err);
    assert_same_song(&song, &read);

    read.state = MM_SONG_MISSING;
    read.size = 7;
    read.tags.year = 2001;
    free(read.tags.title);
    read.tags.title = strdup("Other");
    assert_ok(mm_catalog_update_song(library->catalog, &read, false, &library->err), &library->err);
    struct mm_song again;
    assert_ok(mm_catalog_get_song(library->catalog, song.id, &again, &library->err), &library->err);
    assert_same_song(&read, &again);
    mm_song_finish(&read);
    mm_song_finish(&again);
}

static void empty_members_stay_empty(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", NULL, NULL);
    struct mm_song song;
    assert_ok(mm_catalog_get_song(library->catalog, id, &song, &library->err), &library->err);
    assert_null(song.codec);
    assert_null(song.tags.title);
    assert_null(song.tags.isrc);
    assert_null(song.tags.genres);
    static const unsigned char zero[32];
    assert_memory_equal(song.hash, zero, 32);
    mm_song_finish(&song);
    mm_song_finish(NULL);
    int64_t ids[1];
    size_t n;
    assert_ok(mm_catalog_find_hash(library->catalog, zero, ids, 1, &n, &library->err),
              &library->err);
    assert_int_equal(n, 0); /* "not yet read" is no content */
}

static void a_key_is_there_once_a_source(void **state)
{
    struct library *library = *state;
    add_song(library, "/a", NULL, "A");
    struct mm_song same = {.source = "folder", .key = "/a"};
    assert_int_equal(mm_catalog_add_song(library->catalog, &same, &library->err), MM_ERR_USAGE);
    assert_non_null(strstr(library->err.message, "/a"));
    same.source = "other";
    assert_ok(mm_catalog_add_song(library->catalog, &same, &library->err), &library->err);
    int64_t b = add_song(library, "/b", NULL, "B");
    struct mm_song song;
    assert_ok(mm_catalog_get_song(library->catalog, b, &song, &library->err), &library->err);
    song.key[1] = 'a';
    assert_int_equal(mm_catalog_update_song(library->catalog, &song, false, &library->err),
                     MM_ERR_USAGE);
    mm_song_finish(&song);
}

static void what_is_not_there_is_told(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    struct mm_song song;
    struct mm_measure measure = some_measure();
    float value = 1.0f;
    assert_int_equal(mm_catalog_get_song(catalog, 12, &song, err), MM_ERR_NOT_FOUND);
    assert_string_equal(err->message, "there is no song 12");
    *err = (struct mm_error){0};
    assert_int_equal(mm_catalog_find_key(catalog, "folder", "/x", &song, err), MM_ERR_NOT_FOUND);
    assert_string_equal(err->message, "");
    assert_int_equal(mm_catalog_set_state(catalog, 12, MM_SONG_HIDDEN, err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_delete_song(catalog, 12, err), MM_ERR_NOT_FOUND);
    song = (struct mm_song){.id = 12, .source = "folder", .key = "/x"};
    assert_int_equal(mm_catalog_update_song(catalog, &song, false, err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_put_measure(catalog, 12, "", &measure, err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_get_measure(catalog, 12, &measure, err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_put_vector(catalog, 12, &timbre, &value, 1, err), MM_ERR_NOT_FOUND);
    assert_string_equal(err->message, "there is no song 12");
    int64_t id = 12;
    assert_int_equal(mm_catalog_read_vectors(catalog, &timbre, &id, 1, 1, &value, err),
                     MM_ERR_NOT_FOUND);
    struct mm_failure failure = {12, "/x", "embed", "why", 1, 0, 0};
    assert_int_equal(mm_catalog_put_failure(catalog, &failure, err), MM_ERR_NOT_FOUND);
    struct mm_map_record map;
    assert_int_equal(mm_catalog_get_map(catalog, &map, err), MM_ERR_NOT_FOUND);
    mm_map_record_finish(&map);
    int64_t map_id = 5;
    assert_ok(mm_catalog_map_id(catalog, &map_id, err), err);
    assert_int_equal(map_id, 0);
    struct mm_model_count models[2];
    size_t n = 9;
    assert_ok(mm_catalog_list_models(catalog, models, 2, &n, err), err);
    assert_int_equal(n, 0);
}

static void ids_are_never_given_twice(void **state)
{
    struct library *library = *state;
    int64_t first = add_song(library, "/a", NULL, "A");
    assert_ok(mm_catalog_delete_song(library->catalog, first, &library->err), &library->err);
    library_reopen(library);
    assert_true(add_song(library, "/a", NULL, "A") > first);
}

static void impossible_songs_are_refused(void **state)
{
    struct library *library = *state;
    struct mm_song good = {.source = "folder", .key = "/a"};
    struct mm_song bad[8];
    for (size_t i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].source = NULL;
    bad[1].key = "";
    bad[2].state = (enum mm_song_state)3;
    bad[3].size = UINT64_MAX;
    bad[4].duration_s = NAN;
    bad[5].duration_s = -1.0;
    bad[6].tags.title = "\xff";
    bad[7].codec = "mp\xe9";
    for (size_t i = 0; i < 8; i++)
        assert_true(mm_catalog_add_song(library->catalog, &bad[i], &library->err) < 0);
    assert_int_equal(
        mm_catalog_set_state(library->catalog, 1, (enum mm_song_state)9, &library->err),
        MM_ERR_USAGE);
    assert_ok(mm_catalog_add_song(library->catalog, &good, &library->err), &library->err);
}

static void equal_content_is_found(void **state)
{
    struct library *library = *state;
    int64_t added[3];
    for (int i = 0; i < 3; i++) {
        char key[8] = {'/', (char)('a' + i), 0};
        struct mm_song song = {
            .source = "folder", .key = key, .hash = {42, (unsigned char)(i / 2)}};
        assert_ok(mm_catalog_add_song(library->catalog, &song, &library->err), &library->err);
        added[i] = song.id;
    }
    static const unsigned char hash[32] = {42, 0};
    int64_t ids[4] = {0};
    size_t n;
    assert_ok(mm_catalog_find_hash(library->catalog, hash, ids, 4, &n, &library->err),
              &library->err);
    assert_int_equal(n, 2);
    assert_int_equal(ids[0], added[0]);
    assert_int_equal(ids[1], added[1]);
    assert_ok(mm_catalog_find_hash(library->catalog, hash, ids, 1, &n, &library->err),
              &library->err);
    assert_int_equal(n, 1);
}

/* ---- listing ---- */

struct listing {
    struct library *library;
    char keys[512];
    int stop_after;
};

static int list_key(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct listing *listing = ctx;
    strcat(strcat(listing->keys, song->key), " "); /* NOLINT: the keys are ours and short */
    if (listing->stop_after && --listing->stop_after == 0)
        return mm_error_set(err, MM_ERR_CANCELLED, "enough");
    return 0;
}

static void assert_lists(struct library *library, enum mm_song_filter filter, const char *below,
                         const char *keys)
{
    struct listing listing = {0};
    assert_ok(
        mm_catalog_each_song(library->catalog, filter, below, list_key, &listing, &library->err),
        &library->err);
    assert_string_equal(listing.keys, keys);
}

static void listing_keeps_to_folder_and_state(void **state)
{
    struct library *library = *state;
    static const char *const keys[] = {"/m/b/2", "/m/a",     "/m/a/1",
                                       "/m/a0",  "/m/a-x/1", "/m/a/\xff"};
    int64_t ids[6];
    for (size_t i = 0; i < 6; i++)
        ids[i] = add_song(library, keys[i], NULL, "T");
    assert_lists(library, MM_SONGS_ALL, NULL, "/m/b/2 /m/a /m/a/1 /m/a0 /m/a-x/1 /m/a/\xff ");
    assert_lists(library, MM_SONGS_ALL, "/m/a", "/m/a /m/a/1 /m/a/\xff ");
    assert_lists(library, MM_SONGS_ALL, "/m/a//", "/m/a /m/a/1 /m/a/\xff ");
    assert_lists(library, MM_SONGS_ALL, "/", "/m/b/2 /m/a /m/a/1 /m/a0 /m/a-x/1 /m/a/\xff ");
    assert_lists(library, MM_SONGS_ALL, "/n", "");
    assert_ok(mm_catalog_set_state(library->catalog, ids[1], MM_SONG_HIDDEN, &library->err),
              &library->err);
    assert_ok(mm_catalog_set_state(library->catalog, ids[2], MM_SONG_MISSING, &library->err),
              &library->err);
    assert_lists(library, MM_SONGS_PRESENT, "/m/a", "/m/a/\xff ");
    assert_lists(library, MM_SONGS_HIDDEN, NULL, "/m/a ");
    assert_lists(library, MM_SONGS_MISSING, NULL, "/m/a/1 ");
    assert_lists(library, MM_SONGS_PRESENT, NULL, "/m/b/2 /m/a0 /m/a-x/1 /m/a/\xff ");

    struct listing listing = {.stop_after = 2};
    assert_int_equal(mm_catalog_each_song(library->catalog, MM_SONGS_ALL, NULL, list_key, &listing,
                                          &library->err),
                     MM_ERR_CANCELLED);
    assert_string_equal(listing.keys, "/m/b/2 /m/a ");
}

static int ask_inside(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct library *library = ctx;
    struct mm_song other;
    assert_ok(mm_catalog_get_song(library->catalog, song->id, &other, err), err);
    mm_song_finish(&other);
    assert_lists(library, MM_SONGS_ALL, NULL, "/a /b "); /* the same statement once more */
    assert_int_equal(mm_catalog_set_state(library->catalog, song->id, MM_SONG_HIDDEN, err),
                     MM_ERR_USAGE);
    assert_int_equal(mm_catalog_begin(library->catalog, err), MM_ERR_USAGE);
    return 0;
}

static void callbacks_may_ask_but_not_write(void **state)
{
    struct library *library = *state;
    add_song(library, "/a", NULL, "A");
    add_song(library, "/b", NULL, "B");
    assert_ok(mm_catalog_each_song(library->catalog, MM_SONGS_ALL, NULL, ask_inside, library,
                                   &library->err),
              &library->err);
    assert_ok(mm_catalog_begin(library->catalog, &library->err), &library->err);
    assert_ok(mm_catalog_each_song(library->catalog, MM_SONGS_ALL, NULL, ask_inside, library,
                                   &library->err),
              &library->err);
    assert_ok(mm_catalog_commit(library->catalog, &library->err), &library->err);
    add_song(library, "/c", NULL, "C");
}

/* ---- failures and roots ---- */

static int list_failure(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    (void)err;
    char *out = ctx;
    sprintf(out + strlen(out), "%d %s %s %s %d;", (int)failure->song, failure->path, failure->stage,
            failure->reason, failure->tries);
    return 0;
}

static void assert_failures(struct library *library, const char *expected)
{
    char out[512] = "";
    assert_ok(mm_catalog_each_failure(library->catalog, list_failure, out, &library->err),
              &library->err);
    assert_string_equal(out, expected);
}

static void failures_are_kept_by_path_and_stage(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    int64_t id = add_song(library, "/b", NULL, "B");
    const struct mm_failure rows[] = {{0, "/z\xff", "gather", "no audio", 1, 500, -7},
                                      {id, "/b", "embed", "crashed", 0, 0, 0},
                                      {id, "/b", "embed", "crashed again", 0, 0, 0},
                                      {id, "/b", "gather", "odd", 7, 0, 0}};
    for (size_t i = 0; i < 4; i++)
        assert_ok(mm_catalog_put_failure(catalog, &rows[i], err), err);
    assert_failures(library, "1 /b embed crashed again 2;1 /b gather odd 7;"
                             "0 /z\xff gather no audio 1;");
    static const struct {
        const char *path, *stage;
        uint64_t size;
        int64_t mtime_ns;
        bool known;
    } asked[] = {{"/z\xff", "gather", 500, -7, true},  {"/z\xff", "gather", 501, -7, false},
                 {"/z\xff", "gather", 500, 7, false},  {"/z\xff", "embed", 500, -7, false},
                 {"/never", "gather", 500, -7, false}, {"/b", "embed", 0, 0, false}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        bool known;
        assert_ok(mm_catalog_known_failure(catalog, asked[i].path, asked[i].stage, asked[i].size,
                                           asked[i].mtime_ns, &known, err),
                  err);
        assert_int_equal(known, asked[i].known);
    }
    assert_ok(mm_catalog_clear_failure(catalog, "/b", "gather", err), err);
    assert_ok(mm_catalog_clear_failure(catalog, "/never", "gather", err), err);
    assert_failures(library, "1 /b embed crashed again 2;0 /z\xff gather no audio 1;");

    /* The song moves to where a failure was noted: its own moves along, the old one goes. */
    struct mm_song song;
    assert_ok(mm_catalog_get_song(catalog, id, &song, err), err);
    free(song.key);
    song.key = strdup("/z\xff");
    assert_ok(mm_catalog_update_song(catalog, &song, false, err), err);
    mm_song_finish(&song);
    assert_failures(library, "1 /z\xff embed crashed again 2;");
    const struct mm_failure bad = {0, "/x", "embed", NULL, 1, 0, 0};
    assert_int_equal(mm_catalog_put_failure(catalog, &bad, err), MM_ERR_USAGE);
}

static int list_root(void *ctx, const char *path, struct mm_error *err)
{
    (void)err;
    strcat(strcat(ctx, path), " "); /* NOLINT: our own short paths */
    return 0;
}

static void roots_are_kept_once(void **state)
{
    struct library *library = *state;
    static const char *const paths[] = {"/z", "/a\xff", "/z"};
    for (size_t i = 0; i < 3; i++)
        assert_ok(mm_catalog_add_root(library->catalog, paths[i], &library->err), &library->err);
    char out[64] = "";
    assert_ok(mm_catalog_each_root(library->catalog, list_root, out, &library->err), &library->err);
    assert_string_equal(out, "/z /a\xff ");
}

static void changed_content_drops_what_was_computed(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    int64_t a = add_song(library, "/a", NULL, "A");
    int64_t b = add_song(library, "/b", NULL, "B");
    embed_song(library, a);
    embed_song(library, b);
    struct mm_failure failure = {a, "/a", "embed", "crashed", 1, 0, 0};
    assert_ok(mm_catalog_put_failure(catalog, &failure, err), err);
    struct mm_song song;
    assert_ok(mm_catalog_get_song(catalog, a, &song, err), err);
    assert_ok(mm_catalog_update_song(catalog, &song, false, err), err);
    float values[3];
    assert_ok(mm_catalog_read_vectors(catalog, &timbre, &a, 1, 3, values, err), err);
    assert_ok(mm_catalog_update_song(catalog, &song, true, err), err);
    mm_song_finish(&song);
    struct mm_measure measure;
    assert_int_equal(mm_catalog_read_vectors(catalog, &timbre, &a, 1, 3, values, err),
                     MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_get_measure(catalog, a, &measure, err), MM_ERR_NOT_FOUND);
    assert_failures(library, "");
    assert_ok(mm_catalog_read_vectors(catalog, &timbre, &b, 1, 3, values, err), err);
    assert_ok(mm_catalog_get_measure(catalog, b, &measure, err), err);
}

/* ---- search ---- */

static void search_finds_what_a_person_means(void **state)
{
    struct library *library = *state;
    static const struct {
        const char *key, *artist, *title;
    } songs[] = {
        {"/m/1.mp3", "ABBA", "Dancing Queen"},         /* 1 */
        {"/m/2.mp3", "Queen", "Bohemian Rhapsody"},    /* 2 */
        {"/m/3.mp3", "Bj\xc3\xb6rk", "J\xc3\xb3ga"},   /* 3 */
        {"/m/4.mp3", "The Smashing Pumpkins", "1979"}, /* 4 */
        {"/m/5.mp3", NULL, "4"},                       /* 5 */
        {"/m/Lost Tape.mp3", NULL, NULL},              /* 6 */
        {"/m/7.mp3", "Aqueena", "Untitled - Queen"},   /* 7 */
        {"/m/8.mp3", "Someone", "100% Pure_Love"},     /* 8 */
    };
    for (size_t i = 0; i < sizeof songs / sizeof *songs; i++)
        assert_int_equal(add_song(library, songs[i].key, songs[i].artist, songs[i].title), i + 1);
    static const struct {
        const char *text;
        const char *ids;
    } cases[] = {
        {"#4", "4 "},
        {"4", "4 5 "}, /* the id, then the title */
        {"#44", ""},
        {"1979", "4 "},
        {"/m/3.mp3", "3 "},
        {"queen", "2 1 7 "}, /* at the start, as a word (1, 7) */
        {"QUEEN - BOHEMIAN", "2 "},
        {"rhapsody queen", "2 "}, /* words in any order */
        {"bj\xc3\x96rk", "3 "},
        {"lost tape", "6 "},
        {"%", "8 "},
        {"_", "8 "},
        {"nothing", ""},
        {"", ""},
        {"  ", ""},
        {"99999999999999999999", ""},
        {"' OR 1=1 --", ""},
        {"\xff\xfe", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ids[8];
        size_t n;
        assert_ok(mm_catalog_search(library->catalog, cases[i].text, ids, 8, &n, &library->err),
                  &library->err);
        char out[64] = "";
        for (size_t k = 0; k < n; k++)
            sprintf(out + strlen(out), "%d ", (int)ids[k]);
        assert_string_equal(out, cases[i].ids);
    }
    int64_t ids[1];
    size_t n;
    assert_ok(mm_catalog_search(library->catalog, "queen", ids, 1, &n, &library->err),
              &library->err);
    assert_int_equal(n, 1);
    assert_int_equal(ids[0], 2);
    assert_ok(mm_catalog_set_state(library->catalog, 1, MM_SONG_HIDDEN, &library->err),
              &library->err);
    int64_t three[3];
    assert_ok(mm_catalog_search(library->catalog, "queen", three, 3, &n, &library->err),
              &library->err);
    assert_int_equal(three[1], 7); /* what is there comes before what is hidden */
    assert_int_equal(three[2], 1);
}

/* ---- transactions ---- */

static void transactions_are_all_or_nothing(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    mm_catalog_rollback(catalog); /* no-op */
    assert_int_equal(mm_catalog_commit(catalog, err), MM_ERR_USAGE);
    assert_ok(mm_catalog_begin(catalog, err), err);
    assert_int_equal(mm_catalog_begin(catalog, err), MM_ERR_USAGE);
    add_song(library, "/gone", NULL, "A");
    assert_lists(library, MM_SONGS_ALL, NULL, "/gone ");
    mm_catalog_rollback(catalog);
    assert_lists(library, MM_SONGS_ALL, NULL, "");

    assert_ok(mm_catalog_begin(catalog, err), err);
    int64_t kept = add_song(library, "/kept", NULL, "A");
    struct mm_song same = {.source = "folder", .key = "/kept"};
    assert_int_equal(mm_catalog_add_song(catalog, &same, err), MM_ERR_USAGE);
    /* A call of several statements that fails half-way is undone by itself. */
    const float value = 1.0f;
    const struct mm_vector_kind fresh = {"fresh", "", ""};
    assert_int_equal(mm_catalog_put_vector(catalog, kept + 99, &fresh, &value, 1, err),
                     MM_ERR_NOT_FOUND);
    const float two[2] = {1, 2};
    assert_ok(mm_catalog_put_vector(catalog, kept, &fresh, two, 2, err), err);
    assert_ok(mm_catalog_commit(catalog, err), err);
    library_reopen(library);
    assert_lists(library, MM_SONGS_ALL, NULL, "/kept ");

    assert_ok(mm_catalog_begin(library->catalog, err), err);
    add_song(library, "/open", NULL, "A");
    library_reopen(library); /* closing an open transaction undoes it */
    assert_lists(library, MM_SONGS_ALL, NULL, "/kept ");
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(songs_come_back_as_they_went_in),
        test(empty_members_stay_empty),
        test(a_key_is_there_once_a_source),
        test(what_is_not_there_is_told),
        test(ids_are_never_given_twice),
        test(impossible_songs_are_refused),
        test(equal_content_is_found),
        test(listing_keeps_to_folder_and_state),
        test(callbacks_may_ask_but_not_write),
        test(failures_are_kept_by_path_and_stage),
        test(roots_are_kept_once),
        test(changed_content_drops_what_was_computed),
        test(search_finds_what_a_person_means),
        test(transactions_are_all_or_nothing),
    };
    return run_on_both_stores(tests);
}
