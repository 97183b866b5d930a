/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/live.h"

/* The state is a number; and a bell that wake() rings. */
struct world {
    atomic_int state;
    atomic_int looks;
    pthread_mutex_t mutex;
    pthread_cond_t rung;
    int rings;
};

static int look(void *ctx, struct mm_blob **out, struct mm_error *err)
{
    struct world *world = ctx;
    char *text = malloc(32);
    snprintf(text, 32, "{\"state\":%d}", atomic_load(&world->state));
    atomic_fetch_add(&world->looks, 1);
    return mm_blob_create((unsigned char *)text, strlen(text), "application/json", out, err);
}

static void ring(void *ctx)
{
    struct world *world = ctx;
    pthread_mutex_lock(&world->mutex);
    world->rings++;
    pthread_cond_broadcast(&world->rung);
    pthread_mutex_unlock(&world->mutex);
}

static struct mm_live *begin(struct world *world)
{
    struct mm_error err = {0};
    struct mm_live *live;
    *world = (struct world){0};
    pthread_mutex_init(&world->mutex, NULL);
    pthread_cond_init(&world->rung, NULL);
    assert_ok(mm_live_create(look, world, &live, &err), &err);
    return live;
}

/* Reads until there is nothing more, in pieces; sleeps first where there is nothing. */
static void read_all(struct world *world, struct mm_listener *listener, char *out, size_t room)
{
    size_t length = 0;
    ssize_t got = mm_live_read(listener, out, 5);
    if (got == 0) {
        pthread_mutex_lock(&world->mutex);
        int before = world->rings;
        pthread_mutex_unlock(&world->mutex);
        mm_live_sleep(listener);
        pthread_mutex_lock(&world->mutex);
        while (world->rings == before)
            pthread_cond_wait(&world->rung, &world->mutex);
        pthread_mutex_unlock(&world->mutex);
        got = mm_live_read(listener, out, 5);
    }
    for (; got > 0 && length + 16 < room; got = mm_live_read(listener, out + length, 5))
        length += (size_t)got;
    out[length] = '\0';
}

static void a_listener_hears_the_state_and_every_change(void **state)
{
    (void)state;
    struct world world;
    char text[256];
    struct mm_live *live = begin(&world);
    struct mm_listener *listener = mm_live_join(live, ring, &world);
    read_all(&world, listener, text, sizeof text);
    assert_string_equal(text, "data: {\"state\":0}\n\n");
    atomic_store(&world.state, 7);
    read_all(&world, listener, text, sizeof text);
    assert_string_equal(text, "data: {\"state\":7}\n\n");
    mm_live_leave(listener);
    mm_live_destroy(live);
}

static void nobody_looks_while_nobody_listens(void **state)
{
    (void)state;
    struct world world;
    char text[256];
    struct mm_live *live = begin(&world);
    assert_int_equal(atomic_load(&world.looks), 0);
    struct mm_listener *listener = mm_live_join(live, ring, &world);
    read_all(&world, listener, text, sizeof text);
    mm_live_leave(listener);
    /* Who comes later is told the state of then, not of the last look. */
    atomic_store(&world.state, 3);
    listener = mm_live_join(live, ring, &world);
    do
        read_all(&world, listener, text, sizeof text);
    while (strcmp(text, "data: {\"state\":0}\n\n") == 0); /* half a second old at most */
    assert_string_equal(text, "data: {\"state\":3}\n\n");
    mm_live_leave(listener);
    mm_live_destroy(live);
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    struct world world;
    struct mm_live *live = begin(&world);
    struct mm_listener *all[MM_LIVE_LISTENERS];
    for (size_t i = 0; i < MM_LIVE_LISTENERS; i++)
        assert_non_null(all[i] = mm_live_join(live, ring, &world));
    assert_null(mm_live_join(live, ring, &world));
    mm_live_leave(all[5]);
    assert_non_null(all[5] = mm_live_join(live, ring, &world));
    for (size_t i = 0; i < MM_LIVE_LISTENERS; i++)
        mm_live_leave(all[i]);
    mm_live_destroy(live);
}

static void stopping_ends_the_streams(void **state)
{
    (void)state;
    struct world world;
    char text[256];
    struct mm_live *live = begin(&world);
    struct mm_listener *listener = mm_live_join(live, ring, &world);
    read_all(&world, listener, text, sizeof text);
    mm_live_sleep(listener);
    mm_live_stop(live); /* wakes it */
    pthread_mutex_lock(&world.mutex);
    assert_true(world.rings >= 1);
    pthread_mutex_unlock(&world.mutex);
    assert_int_equal(mm_live_read(listener, text, sizeof text), -1);
    assert_null(mm_live_join(live, ring, &world));
    mm_live_leave(listener);
    mm_live_destroy(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_hears_the_state_and_every_change),
        cmocka_unit_test(nobody_looks_while_nobody_listens),
        cmocka_unit_test(there_is_room_for_so_many),
        cmocka_unit_test(stopping_ends_the_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
