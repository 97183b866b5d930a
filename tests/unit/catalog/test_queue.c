/* SPDX-License-Identifier: BSD-2-Clause */
/* Leases: nobody has what another has, nothing is stored twice, nothing is lost, nothing blocks. */
#include "musicmap/queue.h"

#include "catalog_check.h"

static const struct mm_queue_recipe recipe = {measure_settings, &timbre, 1};

enum { SONGS = 6 };

/* Songs 1 .. SONGS and two workers. */
struct shop {
    struct library *library;
    struct mm_catalog *catalog;
    struct mm_error *err;
    int64_t song[SONGS];
    struct mm_queue_worker a, b;
};

static struct shop open_shop(void **state, double lease_s)
{
    struct library *l = *state;
    struct shop s = {.library = l, .catalog = l->catalog, .err = &l->err};
    char key[8];
    size_t added;
    for (int i = 0; i < SONGS; i++) {
        snprintf(key, sizeof key, "/%d", i);
        s.song[i] = add_song(l, key, "x", "y");
    }
    assert_ok(mm_queue_join(s.catalog, &recipe, "here", 1, lease_s, &s.a, s.err), s.err);
    assert_ok(mm_queue_join(s.catalog, &recipe, "there", 2, 60, &s.b, s.err), s.err);
    assert_int_equal(s.a.recipe, s.b.recipe);
    assert_ok(mm_queue_fill(s.catalog, &s.a, &recipe, false, &added, s.err), s.err);
    assert_int_equal(added, SONGS);
    return s;
}

static size_t claim(struct shop *s, const struct mm_queue_worker *w, size_t max, int64_t *songs)
{
    size_t n;
    assert_ok(mm_queue_claim(s->catalog, w, max, songs, &n, s->err), s->err);
    return n;
}

static void count_lost(void *ctx, int64_t worker, const char *host, int64_t pid, size_t tasks)
{
    (void)worker;
    (void)pid;
    assert_string_equal(host, "here");
    *(size_t *)ctx += tasks;
}

/* Ends the lease of worker a, as time would. */
static void end_lease(const struct shop *s)
{
    char sql[128];
    snprintf(sql, sizeof sql,
             "UPDATE musicmap.worker SET lease_until = clock_timestamp() - interval '1 second'"
             " WHERE id = %d",
             (int)s->a.id);
    check_sql(check_postgres, sql);
}

static size_t reap(struct shop *s)
{
    size_t lost = 0;
    assert_ok(mm_queue_reap(s->catalog, count_lost, &lost, s->err), s->err);
    return lost;
}

static int finish(struct shop *s, const struct mm_queue_worker *w, int64_t song)
{
    assert_ok(mm_catalog_begin_beside(s->catalog, s->err), s->err);
    int result = mm_queue_finish(s->catalog, w, song, s->err);
    if (result == 0)
        embed_song(s->library, song);
    if (result == 0)
        assert_ok(mm_catalog_commit(s->catalog, s->err), s->err);
    else
        mm_catalog_rollback(s->catalog);
    return result;
}

static void a_song_is_leased_once(void **state)
{
    struct shop s = open_shop(state, 60);
    int64_t songs[SONGS];
    assert_int_equal(claim(&s, &s.a, 2, songs), 2);
    assert_int_equal(songs[0] + songs[1], s.song[0] + s.song[1]);
    assert_int_equal(claim(&s, &s.b, SONGS, songs), SONGS - 2);
    for (size_t i = 0; i < SONGS - 2; i++)
        assert_true(songs[i] > s.song[1]);
    assert_int_equal(claim(&s, &s.b, SONGS, songs), 0);
    struct mm_queue_counts counts;
    assert_ok(mm_queue_count(s.catalog, 0, &counts, s.err), s.err);
    assert_true(counts.free == 0 && counts.held == SONGS);
    assert_ok(mm_queue_leave(s.catalog, &s.b, s.err), s.err);
    assert_int_equal(claim(&s, &s.a, SONGS, songs), SONGS - 2);
}

static void what_is_done_stays_done(void **state)
{
    struct shop s = open_shop(state, 60);
    int64_t songs[SONGS];
    size_t added;
    int tries;
    bool measure;
    bool vector;
    assert_int_equal(claim(&s, &s.a, 1, songs), 1);
    assert_ok(mm_queue_lacks(s.catalog, &recipe, songs[0], &measure, &vector, s.err), s.err);
    assert_true(measure && vector);
    assert_ok(mm_queue_start(s.catalog, &s.a, songs[0], &tries, NULL, s.err), s.err);
    assert_int_equal(tries, 1);
    assert_int_equal(finish(&s, &s.b, songs[0]), MM_ERR_NOT_FOUND); /* not its own */
    assert_int_equal(finish(&s, &s.a, songs[0]), 0);
    assert_int_equal(finish(&s, &s.a, songs[0]), MM_ERR_NOT_FOUND);
    assert_ok(mm_queue_lacks(s.catalog, &recipe, songs[0], &measure, &vector, s.err), s.err);
    assert_false(measure || vector);
    assert_ok(mm_queue_fill(s.catalog, &s.a, &recipe, false, &added, s.err), s.err);
    assert_int_equal(added, 0);
    /* A song that failed is no task, unless one wants to try again. */
    const struct mm_failure failure = {
        .song = s.song[1], .path = "/1", .stage = "embed", .reason = "bad"};
    assert_int_equal(claim(&s, &s.a, 1, songs), 1);
    assert_int_equal(songs[0], s.song[1]);
    assert_ok(mm_catalog_begin_beside(s.catalog, s.err), s.err);
    assert_ok(mm_queue_finish(s.catalog, &s.a, songs[0], s.err), s.err);
    assert_ok(mm_catalog_put_failure(s.catalog, &failure, s.err), s.err);
    assert_ok(mm_catalog_commit(s.catalog, s.err), s.err);
    assert_ok(mm_queue_fill(s.catalog, &s.a, &recipe, false, &added, s.err), s.err);
    assert_int_equal(added, 0);
    assert_ok(mm_queue_fill(s.catalog, &s.a, &recipe, true, &added, s.err), s.err);
    assert_int_equal(added, 1);
}

static void a_lost_workers_songs_go_to_others(void **state)
{
    struct shop s = open_shop(state, 60);
    int64_t songs[SONGS];
    int tries;
    char *why = NULL;
    assert_int_equal(claim(&s, &s.a, 2, songs), 2);
    assert_ok(mm_queue_start(s.catalog, &s.a, s.song[0], &tries, NULL, s.err), s.err);
    assert_int_equal(reap(&s), 0); /* it lives */
    end_lease(&s);
    assert_int_equal(claim(&s, &s.a, 1, songs), 0); /* a dead worker gets nothing */
    assert_int_equal(reap(&s), 2);
    assert_int_equal(mm_queue_beat(s.catalog, &s.a, 0, 0, s.err), MM_ERR_NOT_FOUND);
    assert_int_equal(finish(&s, &s.a, s.song[0]), MM_ERR_NOT_FOUND);
    /* What was in hand comes last; what only waited has lost nothing. */
    assert_int_equal(claim(&s, &s.b, SONGS - 1, songs), SONGS - 1);
    for (size_t i = 0; i < SONGS - 1; i++)
        assert_true(songs[i] != s.song[0]);
    assert_int_equal(claim(&s, &s.b, 1, songs), 1);
    assert_int_equal(songs[0], s.song[0]);
    assert_ok(mm_queue_start(s.catalog, &s.b, songs[0], &tries, &why, s.err), s.err);
    assert_int_equal(tries, 2);
    assert_non_null(strstr(why, "process 1 of here"));
    free(why);
    assert_int_equal(finish(&s, &s.b, s.song[0]), 0);
}

static void what_is_given_back_or_preferred_moves(void **state)
{
    struct shop s = open_shop(state, 60);
    int64_t songs[SONGS];
    int tries;
    char *why = NULL;
    assert_ok(mm_queue_prefer(s.catalog, s.song[4], s.err), s.err);
    assert_int_equal(claim(&s, &s.a, 1, songs), 1);
    assert_int_equal(songs[0], s.song[4]);
    assert_int_equal(claim(&s, &s.a, 1, songs), 1);
    assert_int_equal(songs[0], s.song[0]);
    assert_ok(mm_queue_start(s.catalog, &s.a, songs[0], &tries, NULL, s.err), s.err);
    assert_ok(mm_queue_give_back(s.catalog, &s.a, songs[0], "no \xff such file", s.err), s.err);
    assert_int_equal(mm_queue_start(s.catalog, &s.a, songs[0], &tries, NULL, s.err),
                     MM_ERR_NOT_FOUND);
    assert_int_equal(claim(&s, &s.b, SONGS - 1, songs), SONGS - 1);
    assert_ok(mm_queue_start(s.catalog, &s.b, s.song[0], &tries, &why, s.err), s.err);
    assert_int_equal(tries, 2);
    assert_non_null(strstr(why, "such file"));
    free(why);
    /* A deleted song takes its task along. */
    assert_ok(mm_catalog_delete_song(s.catalog, s.song[0], s.err), s.err);
    assert_int_equal(finish(&s, &s.b, s.song[0]), MM_ERR_NOT_FOUND);
}

static void new_songs_wake_who_waits(void **state)
{
    struct shop s = open_shop(state, 60);
    bool woken;
    struct mm_catalog *other;
    assert_ok(mm_catalog_open(check_postgres, false, &other, s.err), s.err);
    assert_ok(mm_queue_wait(other, 0, &woken, s.err), s.err); /* listens from now on */
    assert_false(woken);
    add_song(s.library, "/new", "x", "y");
    assert_ok(mm_queue_wait(other, 10, &woken, s.err), s.err);
    assert_true(woken);
    assert_ok(mm_catalog_begin(other, s.err), s.err);
    assert_int_equal(mm_queue_wait(other, 0, &woken, s.err), MM_ERR_USAGE);
    mm_catalog_close(other);
}

static int see(void *ctx, const struct mm_queue_worker_info *info, struct mm_error *err)
{
    size_t *n = ctx;
    (void)err;
    assert_string_equal(info->host, *n ? "there" : "here");
    assert_int_equal(info->pid, *n + 1);
    assert_int_equal(info->held, *n ? 0 : 2);
    assert_int_equal(info->done, *n ? 0 : 5);
    assert_true(info->alive && info->since_s >= 0);
    ++*n;
    return 0;
}

static void workers_are_listed(void **state)
{
    struct shop s = open_shop(state, 60);
    int64_t songs[SONGS];
    size_t n = 0;
    claim(&s, &s.a, 2, songs);
    assert_ok(mm_queue_beat(s.catalog, &s.a, 5, 1, s.err), s.err);
    assert_ok(mm_queue_each_worker(s.catalog, see, &n, s.err), s.err);
    assert_int_equal(n, 2);
}

static void a_library_of_one_machine_has_no_queue(void **state)
{
    struct library *l = *state;
    struct mm_catalog *catalog;
    struct mm_queue_worker worker;
    char *folder = check_make_folder();
    assert_ok(mm_catalog_open(folder, true, &catalog, &l->err), &l->err);
    assert_int_equal(mm_queue_join(catalog, &recipe, "here", 1, 60, &worker, &l->err),
                     MM_ERR_UNSUPPORTED);
    assert_non_null(strstr(l->err.message, "PostgreSQL"));
    mm_catalog_close(catalog);
    check_remove_folder(folder);
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_song_is_leased_once),
        test(what_is_done_stays_done),
        test(a_lost_workers_songs_go_to_others),
        test(what_is_given_back_or_preferred_moves),
        test(new_songs_wake_who_waits),
        test(workers_are_listed),
        test(a_library_of_one_machine_has_no_queue),
    };
    return run_on_server(tests);
}
