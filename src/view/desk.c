/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/desk.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/work.h"

enum { MAX_TASKS = 32, CLIENT_SIZE = 40 };

/* The library for one map; the last holder destroys it. */
struct shelf {
    unsigned holders; /* guarded by the desk's mutex */
    int64_t map_id;
    struct mm_set_library *library;
};

struct task {
    int64_t ticket; /* 0 = a free place */
    bool running;
    char client[CLIENT_SIZE]; /* "" = of nobody */
    char *body;
    size_t size;
    atomic_int cancel;
};

struct mm_desk {
    struct mm_catalog *catalog;
    struct mm_desk_map map;
    pthread_mutex_t mutex;   /* of the members below */
    pthread_mutex_t loading; /* one at a time */
    struct shelf *shelf;     /* NULL = nothing was asked yet */
    struct task tasks[MAX_TASKS];
    int64_t last_ticket;
    atomic_int stopped;
};

int mm_desk_create(struct mm_catalog *catalog, const struct mm_desk_map *map, struct mm_desk **out,
                   struct mm_error *err)
{
    struct mm_desk *desk = *out = calloc(1, sizeof *desk);
    if (!desk)
        return mm_no_memory(err);
    desk->catalog = catalog;
    desk->map = *map;
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_mutex_init(&desk->loading, NULL);
    return 0;
}

void mm_desk_stop(struct mm_desk *desk)
{
    if (!desk)
        return;
    atomic_store(&desk->stopped, 1);
    pthread_mutex_lock(&desk->mutex);
    for (size_t i = 0; i < MAX_TASKS; i++)
        atomic_store(&desk->tasks[i].cancel, 1);
    pthread_mutex_unlock(&desk->mutex);
}

/* ---- the library ---- */

static void put_back(struct mm_desk *desk, struct shelf *shelf)
{
    if (!shelf)
        return;
    pthread_mutex_lock(&desk->mutex);
    bool last = --shelf->holders == 0;
    pthread_mutex_unlock(&desk->mutex);
    if (!last)
        return;
    mm_set_library_destroy(shelf->library);
    free(shelf);
}

void mm_desk_destroy(struct mm_desk *desk)
{
    if (!desk)
        return;
    put_back(desk, desk->shelf);
    for (size_t i = 0; i < MAX_TASKS; i++)
        free(desk->tasks[i].body);
    pthread_mutex_destroy(&desk->loading);
    pthread_mutex_destroy(&desk->mutex);
    free(desk);
}

/* The shelf of this map, held for the caller; NULL = another one stands there. */
static struct shelf *hold(struct mm_desk *desk, int64_t map_id)
{
    pthread_mutex_lock(&desk->mutex);
    struct shelf *shelf = desk->shelf && desk->shelf->map_id == map_id ? desk->shelf : NULL;
    if (shelf)
        shelf->holders++;
    pthread_mutex_unlock(&desk->mutex);
    return shelf;
}

static int load(struct mm_desk *desk, int64_t map_id, struct shelf **out, struct mm_error *err)
{
    struct shelf *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return mm_no_memory(err);
    struct mm_progress progress = {.cancel = &desk->stopped};
    *fresh = (struct shelf){.holders = 2, .map_id = map_id}; /* the desk and the caller */
    int result = mm_load_set_library(desk->catalog, NULL, 0, &progress, &fresh->library, err);
    if (result < 0) {
        free(fresh);
        return result;
    }
    pthread_mutex_lock(&desk->mutex);
    struct shelf *old = desk->shelf;
    desk->shelf = fresh;
    pthread_mutex_unlock(&desk->mutex);
    put_back(desk, old);
    *out = fresh;
    return 0;
}

static int take(struct mm_desk *desk, struct shelf **out, struct mm_error *err)
{
    int64_t map_id = 0;
    *out = NULL;
    int result = mm_catalog_map_id(desk->catalog, &map_id, err);
    if (result < 0)
        return result;
    pthread_mutex_lock(&desk->loading);
    *out = hold(desk, map_id);
    if (!*out)
        result = load(desk, map_id, out, err);
    pthread_mutex_unlock(&desk->loading);
    return result;
}

/* ---- alike ---- */

static int similar_blob(const struct mm_set_library *library, int64_t song,
                        const struct mm_similar *found, size_t count, struct mm_blob **out,
                        struct mm_error *err)
{
    json_t *songs = json_array();
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        json_int_t id = (json_int_t)mm_set_library_song(library, found[i].song)->id;
        failed |= json_array_append_new(
            songs, json_pack("{s:I, s:f}", "id", id, "distance", 1 - (double)found[i].cosine));
    }
    json_t *root = json_pack("{s:I, s:o}", "song", (json_int_t)song, "songs", songs);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(5)) : NULL;
    json_decref(root);
    if (failed || !text) {
        free(text);
        return mm_no_memory(err);
    }
    return mm_blob_create((unsigned char *)text, strlen(text), "application/json", out, err);
}

int mm_desk_similar(struct mm_desk *desk, int64_t song, struct mm_blob **out, struct mm_error *err)
{
    struct shelf *shelf;
    int result = take(desk, &shelf, err);
    if (result < 0)
        return result;
    struct mm_similar found[MM_DESK_SIMILAR];
    size_t count = 0;
    uint32_t index = mm_set_library_find(shelf->library, song);
    if (index == MM_SET_NONE)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "nothing is known of how that song sounds");
    else
        result = mm_set_similar(shelf->library, index, MM_DESK_SIMILAR, found, &count, err);
    if (result == 0)
        result = similar_blob(shelf->library, song, found, count, out, err);
    put_back(desk, shelf);
    return result;
}

/* ---- tasks ---- */

static void clear(struct task *task)
{
    free(task->body);
    task->body = NULL;
    task->ticket = 0;
    task->running = false;
}

/* A place for a task: a free one, else that of the oldest that nobody works on. NULL = none. */
static struct task *find_place(struct mm_desk *desk)
{
    struct task *oldest = NULL;
    for (size_t i = 0; i < MAX_TASKS; i++) {
        struct task *task = &desk->tasks[i];
        if (task->ticket == 0)
            return task;
        if (!task->running && (!oldest || task->ticket < oldest->ticket))
            oldest = task;
    }
    if (oldest)
        clear(oldest);
    return oldest;
}

static void read_client(const char *body, size_t size, char client[CLIENT_SIZE])
{
    json_t *json = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(json, "client"));
    client[0] = '\0';
    if (name && strlen(name) < CLIENT_SIZE)
        memcpy(client, name, strlen(name) + 1);
    json_decref(json);
}

int mm_desk_put(struct mm_desk *desk, const char *body, size_t size, int64_t *ticket,
                struct mm_error *err)
{
    char client[CLIENT_SIZE];
    read_client(body, size, client);
    char *copy = mm_strndup(body, size);
    if (!copy)
        return mm_no_memory(err);
    pthread_mutex_lock(&desk->mutex);
    for (size_t i = 0; i < MAX_TASKS && client[0]; i++)
        if (desk->tasks[i].ticket && strcmp(desk->tasks[i].client, client) == 0)
            atomic_store(&desk->tasks[i].cancel, 1);
    struct task *task = find_place(desk);
    if (task) {
        task->ticket = *ticket = ++desk->last_ticket;
        task->body = copy;
        task->size = size;
        memcpy(task->client, client, sizeof client);
        atomic_store(&task->cancel, atomic_load(&desk->stopped));
    }
    pthread_mutex_unlock(&desk->mutex);
    if (task)
        return 0;
    free(copy);
    return mm_error_set(err, MM_ERR_AGAIN, "too many sets are being made; ask again");
}

int mm_desk_run(struct mm_desk *desk, int64_t ticket, struct mm_blob **out, struct mm_error *err)
{
    struct task *task = NULL;
    pthread_mutex_lock(&desk->mutex);
    for (size_t i = 0; i < MAX_TASKS; i++)
        if (desk->tasks[i].ticket == ticket && !desk->tasks[i].running)
            task = &desk->tasks[i];
    if (task)
        task->running = true;
    pthread_mutex_unlock(&desk->mutex);
    if (!task)
        return mm_error_set(err, MM_ERR_AGAIN, "too many sets are being made; ask again");
    struct shelf *shelf = NULL;
    int result = atomic_load(&task->cancel)
                     ? mm_error_set(err, MM_ERR_CANCELLED, "something newer was asked")
                     : mm_set_shelf_task(desk->catalog, task->body, task->size, out, err);
    if (result == 1)
        result = mm_look_task(desk->catalog, &desk->map, task->body, task->size, out, err);
    if (result == 1) {
        result = take(desk, &shelf, err);
        if (result == 0)
            result = mm_set_task(desk->catalog, shelf->library, task->body, task->size,
                                 &task->cancel, out, err);
    }
    put_back(desk, shelf);
    pthread_mutex_lock(&desk->mutex);
    clear(task);
    pthread_mutex_unlock(&desk->mutex);
    return result;
}
