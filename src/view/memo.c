/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/memo.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/array.h"

/* A failure may have come from a machine under load: it is not held against a file for good. */
enum { FAILURE_SECONDS = 600 };

struct entry {
    struct mm_memo_key key;
    struct mm_blob *blob;
    struct mm_error *failure;
    time_t made;   /* monotonic seconds */
    uint64_t used; /* value of the memo's clock at the last use */
};

struct mm_memo {
    pthread_mutex_t mutex;
    size_t max_bytes;
    size_t max_entries;
    size_t bytes;
    uint64_t clock;
    size_t count;
    struct entry *entries; /* [max_entries], the first count in use, in no order */
};

int mm_memo_create(size_t max_bytes, size_t max_entries, struct mm_memo **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_memo *memo = calloc(1, sizeof *memo);
    if (!memo)
        return mm_no_memory(err);
    memo->entries = calloc(max_entries, sizeof *memo->entries);
    if (!memo->entries) {
        free(memo);
        return mm_no_memory(err);
    }
    pthread_mutex_init(&memo->mutex, NULL);
    memo->max_bytes = max_bytes;
    memo->max_entries = max_entries;
    *out = memo;
    return 0;
}

static size_t entry_bytes(const struct entry *entry)
{
    return entry->blob ? entry->blob->size : sizeof *entry->failure;
}

static void remove_entry(struct mm_memo *memo, size_t i)
{
    struct entry gone = memo->entries[i];
    size_t last = --memo->count;
    memo->entries[i] = memo->entries[last];
    memo->entries[last] = (struct entry){0};
    memo->bytes -= entry_bytes(&gone);
    mm_blob_release(gone.blob);
    free(gone.failure);
}

void mm_memo_destroy(struct mm_memo *memo)
{
    if (!memo)
        return;
    while (memo->count)
        remove_entry(memo, memo->count - 1);
    pthread_mutex_destroy(&memo->mutex);
    free(memo->entries);
    free(memo);
}

static time_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Index of the entry for this kind and song, count when there is none. */
static size_t find(const struct mm_memo *memo, const struct mm_memo_key *key)
{
    size_t i = 0;
    while (i < memo->count &&
           (memo->entries[i].key.song != key->song || memo->entries[i].key.kind != key->kind))
        i++;
    return i;
}

bool mm_memo_get(struct mm_memo *memo, const struct mm_memo_key *key, struct mm_blob **out,
                 struct mm_error *failure)
{
    *out = NULL;
    pthread_mutex_lock(&memo->mutex);
    size_t i = find(memo, key);
    struct entry *entry = i < memo->count ? &memo->entries[i] : NULL;
    if (entry &&
        (entry->key.tag != key->tag || (entry->failure && now() - entry->made > FAILURE_SECONDS))) {
        remove_entry(memo, i);
        entry = NULL;
    }
    if (entry) {
        entry->used = ++memo->clock;
        if (entry->blob)
            *out = mm_blob_hold(entry->blob);
        else if (entry->failure)
            *failure = *entry->failure;
    }
    pthread_mutex_unlock(&memo->mutex);
    return entry != NULL;
}

static void remove_oldest(struct mm_memo *memo)
{
    size_t oldest = 0;
    for (size_t i = 1; i < memo->count; i++)
        if (memo->entries[i].used < memo->entries[oldest].used)
            oldest = i;
    remove_entry(memo, oldest);
}

void mm_memo_put(struct mm_memo *memo, const struct mm_memo_key *key, struct mm_blob *blob,
                 const struct mm_error *failure)
{
    struct entry entry = {.key = *key, .made = now()};
    if (blob) {
        entry.blob = mm_blob_hold(blob);
    } else {
        entry.failure = malloc(sizeof *entry.failure);
        if (!entry.failure)
            return;
        *entry.failure = *failure;
    }
    pthread_mutex_lock(&memo->mutex);
    size_t i = find(memo, key);
    if (i < memo->count)
        remove_entry(memo, i);
    size_t bytes = entry_bytes(&entry);
    while (memo->count &&
           (memo->count == memo->max_entries || memo->bytes + bytes > memo->max_bytes))
        remove_oldest(memo);
    if (bytes <= memo->max_bytes) {
        entry.used = ++memo->clock;
        memo->entries[memo->count++] = entry;
        memo->bytes += bytes;
        entry = (struct entry){0};
    }
    pthread_mutex_unlock(&memo->mutex);
    mm_blob_release(entry.blob);
    free(entry.failure);
}
