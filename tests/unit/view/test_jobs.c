/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "view/jobs.h"
#include "view/memo.h"

/* A gate that the makers stand at, so that the test decides what runs when. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool open;
    int at_gate;
    int64_t order[1000]; /* songs in the order they were made */
    size_t made;
    atomic_int kept;
};

struct wait {
    struct mm_job_waiter waiter; /* first */
    struct gate *gate;
    int woken;
};

static void wake(struct mm_job_waiter *waiter)
{
    struct wait *wait = (struct wait *)waiter;
    pthread_mutex_lock(&wait->gate->mutex);
    wait->woken++;
    pthread_cond_broadcast(&wait->gate->changed);
    pthread_mutex_unlock(&wait->gate->mutex);
}

static int make(void *ctx, enum mm_job_kind kind, int64_t song, struct mm_blob **out,
                struct mm_error *err)
{
    (void)kind;
    struct gate *gate = ctx;
    pthread_mutex_lock(&gate->mutex);
    gate->order[gate->made++] = song;
    gate->at_gate++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    gate->at_gate--;
    pthread_mutex_unlock(&gate->mutex);
    if (song % 2 == 0)
        return mm_error_set(err, MM_ERR_INPUT, "song %lld is even", (long long)song);
    return mm_blob_create(calloc(1, 10), 10, "x/y", out, err);
}

static void keep(void *ctx, enum mm_job_kind kind, int64_t song, struct mm_blob *blob)
{
    (void)kind;
    (void)song;
    assert_int_equal(blob->size, 10);
    atomic_fetch_add(&((struct gate *)ctx)->kept, 1);
}

static struct mm_jobs *start(struct gate *gate, size_t makers)
{
    struct mm_error err = {0};
    struct mm_jobs *jobs;
    *gate = (struct gate){0};
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, NULL);
    struct mm_job_work work = {.make = make, .keep = keep, .ctx = gate};
    assert_ok(mm_jobs_create(makers, &work, &jobs, &err), &err);
    return jobs;
}

static void wait_at_gate(struct gate *gate, int count)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->at_gate != count)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void wait_woken(struct wait *wait)
{
    pthread_mutex_lock(&wait->gate->mutex);
    while (!wait->woken)
        pthread_cond_wait(&wait->gate->changed, &wait->gate->mutex);
    pthread_mutex_unlock(&wait->gate->mutex);
}

static void what_many_want_is_made_once(void **state)
{
    (void)state;
    enum { WAITERS = 50 };
    struct gate gate;
    struct mm_jobs *jobs = start(&gate, 2);
    struct wait waits[WAITERS];
    struct mm_job *held[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        waits[i] = (struct wait){.waiter.wake = wake, .gate = &gate};
        held[i] = mm_jobs_ask(jobs, MM_JOB_CLIP, 1 + i % 2, &waits[i].waiter);
        if (i == 10)
            wait_at_gate(&gate, 2); /* some join it queued, some running */
    }
    open_gate(&gate);
    for (int i = 0; i < WAITERS; i++) {
        struct mm_error err = {0};
        struct mm_blob *blob;
        wait_woken(&waits[i]);
        assert_int_equal(mm_job_result(held[i], &blob, &err), i % 2 ? MM_ERR_INPUT : 0);
        assert_true((blob != NULL) == (i % 2 == 0));
        if (i % 2)
            assert_string_equal(err.message, "song 2 is even");
        mm_job_release(jobs, held[i]);
    }
    mm_jobs_destroy(jobs);
    assert_int_equal(gate.made, 2);
    assert_int_equal(atomic_load(&gate.kept), 1);
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(waits[i].woken, 1);
}

static void the_newest_goes_first_and_the_oldest_is_given_up(void **state)
{
    (void)state;
    enum { ASKED = 300 };
    struct gate gate;
    struct mm_jobs *jobs = start(&gate, 1);
    struct wait waits[ASKED + 1];
    struct mm_job *held[ASKED + 1];
    for (int i = 0; i <= ASKED; i++) {
        waits[i] = (struct wait){.waiter.wake = wake, .gate = &gate};
        held[i] = mm_jobs_ask(jobs, MM_JOB_CLIP, 2 * i + 1, &waits[i].waiter);
        if (i == 0)
            wait_at_gate(&gate, 1);
    }
    struct mm_blob *blob;
    struct mm_error err = {0};
    wait_woken(&waits[1]); /* although the gate is shut */
    assert_int_equal(mm_job_result(held[1], &blob, &err), MM_ERR_AGAIN);
    assert_int_equal(waits[ASKED].woken, 0);
    open_gate(&gate);
    for (int i = 0; i <= ASKED; i++) {
        wait_woken(&waits[i]);
        mm_job_release(jobs, held[i]);
    }
    mm_jobs_destroy(jobs);
    assert_int_equal(gate.order[0], 1);
    assert_int_equal(gate.order[1], 2 * ASKED + 1);
    assert_int_equal(gate.made, 1 + 256);
}

/* Nobody waits for it, so nobody would ask again: the map would stay as it is for good. */
static void an_update_of_the_map_is_not_given_up(void **state)
{
    (void)state;
    enum { DESKS = 2, ASKED = 300 };
    struct gate gate;
    struct mm_jobs *jobs = start(&gate, 1);
    for (int i = 0; i < DESKS; i++) /* sets are being made */
        mm_job_release(jobs, mm_jobs_ask(jobs, MM_JOB_TASK, 1001 + 2 * i, NULL));
    wait_at_gate(&gate, DESKS);
    struct mm_job *update = mm_jobs_ask(jobs, MM_JOB_UPDATE, 0, NULL);
    for (int i = 0; i < ASKED; i++) /* a flight over clips that must be made */
        mm_job_release(jobs, mm_jobs_ask(jobs, MM_JOB_CLIP, 2 * i + 1, NULL));
    struct mm_blob *blob;
    int given_up = mm_job_result(update, &blob, NULL);
    open_gate(&gate);
    struct wait last = {.waiter.wake = wake, .gate = &gate};
    struct mm_job *joined = mm_jobs_ask(jobs, MM_JOB_UPDATE, 0, &last.waiter);
    wait_woken(&last);
    mm_job_release(jobs, joined);
    mm_job_release(jobs, update);
    mm_jobs_destroy(jobs);
    assert_int_equal(given_up, 0);
}

static void covers_do_not_stand_behind_clips(void **state)
{
    (void)state;
    struct gate gate;
    struct mm_jobs *jobs = start(&gate, 1);
    for (int i = 0; i < 10; i++)
        mm_job_release(jobs, mm_jobs_ask(jobs, MM_JOB_CLIP, 2 * i + 1, NULL));
    wait_at_gate(&gate, 1);
    mm_job_release(jobs, mm_jobs_ask(jobs, MM_JOB_COVER, 101, NULL));
    wait_at_gate(&gate, 2); /* would not return otherwise */
    open_gate(&gate);
    mm_jobs_destroy(jobs);
}

static void stopping_ends_everything(void **state)
{
    (void)state;
    struct gate gate;
    struct mm_jobs *jobs = start(&gate, 1);
    struct wait waits[3];
    struct mm_job *held[3];
    for (int i = 0; i < 2; i++) {
        waits[i] = (struct wait){.waiter.wake = wake, .gate = &gate};
        held[i] = mm_jobs_ask(jobs, MM_JOB_CLIP, 2 * i + 1, &waits[i].waiter);
        if (i == 0)
            wait_at_gate(&gate, 1);
    }
    open_gate(&gate);
    mm_jobs_stop(jobs);
    waits[2] = (struct wait){.waiter.wake = wake, .gate = &gate};
    held[2] = mm_jobs_ask(jobs, MM_JOB_CLIP, 9, &waits[2].waiter);
    for (int i = 0; i < 3; i++) {
        struct mm_blob *blob;
        struct mm_error err = {0};
        assert_int_equal(waits[i].woken, 1);
        int result = mm_job_result(held[i], &blob, &err);
        assert_true(i == 0 ? result == 0 : i == 2 ? result == MM_ERR_AGAIN : true);
        mm_job_release(jobs, held[i]);
    }
    mm_jobs_destroy(jobs);
}

static struct mm_blob *blob_of(size_t size)
{
    struct mm_blob *blob;
    assert_int_equal(mm_blob_create(calloc(1, size), size, "x/y", &blob, NULL), 0);
    return blob;
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_memo *memo;
    struct mm_blob *got;
    assert_ok(mm_memo_create(10000, 8, &memo, &err), &err);
    for (int i = 0; i < 100; i++) {
        struct mm_blob *blob = blob_of(2000);
        mm_memo_put(memo, &(struct mm_memo_key){.kind = 1, .song = i, .tag = 5}, blob, NULL);
        mm_blob_release(blob);
        /* Song 0 is used again and again: it stays. */
        assert_true(mm_memo_get(memo, &(struct mm_memo_key){1, 0, 5}, &got, &err));
        mm_blob_release(got);
    }
    size_t left = 0;
    for (int i = 0; i < 100; i++) {
        if (!mm_memo_get(memo, &(struct mm_memo_key){1, i, 5}, &got, &err))
            continue;
        left++;
        mm_blob_release(got);
    }
    assert_int_equal(left, 5);
    struct mm_blob *huge = blob_of(20000);
    mm_memo_put(memo, &(struct mm_memo_key){1, 7, 5}, huge, NULL);
    mm_blob_release(huge);
    assert_false(mm_memo_get(memo, &(struct mm_memo_key){1, 7, 5}, &got, &err));
    mm_memo_destroy(memo);
}

static void failures_are_remembered_for_the_same_content(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_error failure = {.code = MM_ERR_INPUT, .message = "broken"};
    struct mm_memo *memo;
    struct mm_blob *got;
    assert_ok(mm_memo_create(100000, 8, &memo, &err), &err);
    mm_memo_put(memo, &(struct mm_memo_key){1, 2, 3}, NULL, &failure);
    assert_true(mm_memo_get(memo, &(struct mm_memo_key){1, 2, 3}, &got, &err));
    assert_null(got);
    assert_int_equal(err.code, MM_ERR_INPUT);
    assert_string_equal(err.message, "broken");
    assert_false(mm_memo_get(memo, &(struct mm_memo_key){2, 2, 3}, &got, &err));
    assert_false(mm_memo_get(memo, &(struct mm_memo_key){1, 2, 4}, &got, &err));
    assert_false(mm_memo_get(memo, &(struct mm_memo_key){1, 2, 3}, &got, &err)); /* was replaced */
    mm_memo_destroy(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_many_want_is_made_once),
        cmocka_unit_test(the_newest_goes_first_and_the_oldest_is_given_up),
        cmocka_unit_test(an_update_of_the_map_is_not_given_up),
        cmocka_unit_test(covers_do_not_stand_behind_clips),
        cmocka_unit_test(stopping_ends_everything),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(failures_are_remembered_for_the_same_content),
    };
    return cmocka_run_group_tests_name("view jobs", tests, NULL, NULL);
}
