/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/secret.h"

enum { DAY = 24 * 3600 };

struct session {
    bool taken;
    unsigned char hash[MM_HASH_SIZE];
    int64_t begun, used;
};

struct mm_sessions {
    pthread_mutex_t mutex;
    struct session all[MM_SESSIONS];
};

int mm_sessions_create(struct mm_sessions **out, struct mm_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    pthread_mutex_init(&(*out)->mutex, NULL);
    return 0;
}

void mm_sessions_destroy(struct mm_sessions *sessions)
{
    if (!sessions)
        return;
    pthread_mutex_destroy(&sessions->mutex);
    free(sessions);
}

static bool ended(const struct session *session, int64_t now)
{
    return now - session->begun > (int64_t)MM_SESSION_DAYS * DAY ||
           now - session->used > (int64_t)MM_SESSION_IDLE_DAYS * DAY;
}

/* Looks at all of them, so that time tells nothing. NULL = none; the lock is held. */
static struct session *find(struct mm_sessions *sessions, const unsigned char hash[MM_HASH_SIZE])
{
    struct session *found = NULL;
    for (size_t i = 0; i < MM_SESSIONS; i++) {
        struct session *session = &sessions->all[i];
        bool same = mm_secret_equal(session->hash, hash, MM_HASH_SIZE);
        if (session->taken && same)
            found = session;
    }
    return found;
}

static bool name_hash(const char *name, unsigned char hash[MM_HASH_SIZE])
{
    return name && strlen(name) == MM_SESSION_NAME - 1 &&
           mm_hash_bytes(name, MM_SESSION_NAME - 1, hash, NULL) == 0;
}

int mm_session_begin(struct mm_sessions *sessions, int64_t now, char name[MM_SESSION_NAME],
                     struct mm_error *err)
{
    unsigned char bytes[MM_HASH_SIZE];
    struct session fresh = {.taken = true, .begun = now, .used = now};
    int result = mm_secret_random(bytes, sizeof bytes, err);
    if (result < 0)
        return result;
    mm_hash_hex(bytes, name);
    result = mm_hash_bytes(name, MM_SESSION_NAME - 1, fresh.hash, err);
    if (result < 0)
        return result;
    pthread_mutex_lock(&sessions->mutex);
    struct session *place = &sessions->all[0];
    for (size_t i = 0; i < MM_SESSIONS && place->taken; i++) {
        struct session *session = &sessions->all[i];
        if (!session->taken || ended(session, now) || session->used < place->used)
            place = session;
        if (ended(session, now))
            session->taken = false;
    }
    *place = fresh;
    pthread_mutex_unlock(&sessions->mutex);
    return 0;
}

bool mm_session_is(struct mm_sessions *sessions, int64_t now, const char *name)
{
    unsigned char hash[MM_HASH_SIZE];
    if (!name_hash(name, hash))
        return false;
    pthread_mutex_lock(&sessions->mutex);
    struct session *session = find(sessions, hash);
    bool good = session && !ended(session, now);
    if (good)
        session->used = now;
    else if (session)
        session->taken = false;
    pthread_mutex_unlock(&sessions->mutex);
    return good;
}

void mm_session_end(struct mm_sessions *sessions, const char *name)
{
    unsigned char hash[MM_HASH_SIZE];
    if (!name_hash(name, hash))
        return;
    pthread_mutex_lock(&sessions->mutex);
    struct session *session = find(sessions, hash);
    if (session)
        *session = (struct session){0};
    pthread_mutex_unlock(&sessions->mutex);
}
