/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the page's server is asked, past the door: "GET /path?query" or "POST /path" on the first
 * line, the body behind it. "MAP" in a query stands for the loaded map's token. Every answer is one
 * of ours: never an error of the server, JSON where it says so. Sets are judged, written and
 * kept; what was kept is forgotten again.
 */
#include "library.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "musicmap/work.h"
#include "view/routes.h"

static struct mm_site site;
static struct mm_catalog *catalog;
static struct mm_set_library *library;
static char token[MM_TOKEN_SIZE];

struct waiting {
    struct mm_job_waiter waiter;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    bool done;
};

static void wake(struct mm_job_waiter *waiter)
{
    struct waiting *w = (struct waiting *)waiter;
    pthread_mutex_lock(&w->mutex);
    w->done = true;
    pthread_cond_signal(&w->woken);
    pthread_mutex_unlock(&w->mutex);
}

static void begin(void)
{
    struct mm_helpers *helpers;
    const struct mm_helper_settings settings = {.program = "/bin/false", .count = 1};
    struct waiting w = {
        .waiter.wake = wake, .mutex = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};
    make_library(fuzz_folder());
    must(mm_catalog_open(fuzz_folder(), false, &catalog, NULL) == 0);
    must(mm_helpers_create(&settings, &helpers, NULL) == 0);
    must(mm_site_init(&site, catalog, helpers, 1 << 20, NULL) == 0);
    struct mm_job *job = mm_jobs_ask(site.jobs, MM_JOB_MAP, 0, &w.waiter);
    pthread_mutex_lock(&w.mutex);
    while (!w.done)
        pthread_cond_wait(&w.woken, &w.mutex);
    pthread_mutex_unlock(&w.mutex);
    mm_job_release(site.jobs, job);
    must(site.snapshot);
    memcpy(token, site.snapshot->token, sizeof token);
    must(mm_load_set_library(catalog, NULL, 1, NULL, &library, NULL) == 0);
}

static bool is_on_map(void *ctx, int64_t song)
{
    (void)ctx;
    return song % 2;
}

/* ---- asking ---- */

struct question {
    char *names[8], *values[8];
    size_t n;
};

static const char *query(void *ctx, const char *name)
{
    const struct question *q = ctx;
    for (size_t i = 0; i < q->n; i++)
        if (strcmp(q->names[i], name) == 0)
            return strcmp(q->values[i], "MAP") == 0 ? token : q->values[i];
    return NULL;
}

static void take_query(char *text, struct question *q)
{
    while (text && q->n < 8) {
        char *value = strsep(&text, "&");
        q->names[q->n] = strsep(&value, "=");
        q->values[q->n++] = value ? value : (char *)"";
    }
}

/* ---- answers ---- */

static void must_be_blob(const struct mm_blob *blob)
{
    if (!blob || strcmp(blob->mime, "application/json") != 0)
        return;
    json_t *json = json_loadb((const char *)blob->bytes, blob->size, 0, NULL);
    must(json);
    json_decref(json);
}

static void must_be_reply(const struct mm_reply *reply)
{
    static const unsigned known[] = {200, 400, 403, 404, 405, 409, 415, 503};
    bool good = reply->events; /* a stream: no body, no status yet */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        good |= reply->status == known[i];
    must(good);
    must(reply->fd < 0 && (reply->blob || reply->bytes || reply->events));
    must_be_blob(reply->blob);
}

/* A task as the desk does it, but that no set is sought for long. */
static int do_task(const struct mm_request *request, struct mm_blob **out, struct mm_error *err)
{
    const struct mm_desk_map map = {.has = is_on_map};
    atomic_int cancel = strstr(request->body, "make") != NULL;
    int result = mm_set_shelf_task(catalog, request->body, request->body_size, out, err);
    if (result == 1)
        result = mm_look_task(catalog, &map, request->body, request->body_size, out, err);
    if (result == 1)
        result =
            mm_set_task(catalog, library, request->body, request->body_size, &cancel, out, err);
    return result;
}

/* What a worker would do. */
static void do_job(const struct mm_request *request, enum mm_job_kind kind, int64_t song)
{
    struct mm_blob *blob = NULL;
    struct mm_error err = {0};
    int result = 0;
    must(mm_catalog_begin(catalog, NULL) == 0);
    if (kind == MM_JOB_TASK)
        result = do_task(request, &blob, &err);
    else if (kind == MM_JOB_SIMILAR)
        result = mm_desk_similar(site.desk, song, &blob, &err);
    mm_catalog_rollback(catalog);
    must_say(result, &err);
    must(result != MM_ERR_BUG && result != MM_ERR_IO && result != MM_ERR_NO_MEMORY);
    must_be_blob(blob);
    mm_blob_release(blob);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (!catalog)
        begin();
    char *text = text_of(data, size);
    char *body = text;
    char *line = next_line(&body);
    char *path = strchr(line, ' ');
    if (!path || path[1] != '/') {
        free(text);
        return 0;
    }
    char *rest = path + 1;
    struct question q = {0};
    struct mm_request request = {.path = strsep(&rest, "?"),
                                 .query = query,
                                 .query_ctx = &q,
                                 .post = *line == 'P',
                                 .loopback = true,
                                 .body = body ? body : "",
                                 .body_size = body ? size - (size_t)(body - text) : 0};
    take_query(rest, &q);
    struct mm_reply reply;
    enum mm_job_kind kind = MM_JOB_KINDS;
    int64_t song = 0;
    if (mm_route(&site, &request, &reply, &kind, &song))
        must_be_reply(&reply);
    else
        do_job(&request, kind, song);
    mm_reply_finish(&reply);
    free(text);
    return 0;
}
