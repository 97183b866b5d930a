/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.c - the loop around libcurl's multi interface: which request may start when, and what
 * becomes of those that ended. What one transfer is lies in transfer.c.
 *
 * Two clocks: pacing and waiting go by the session's clock, which tests move by hand; timeouts of a
 * connection by the computer's.
 */
#include "http/session.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/random.h"
#include "base/text.h"
#include "http/address.h"
#include "http/retry.h"
#include "http/transfer.h"

enum { REDIRECTIONS = 5 };

struct host {
    struct mm_http_host rule;
    char *pattern;  /* ours; the rule's */
    double next_at; /* not before this */
    unsigned active;
};

enum state { WAITING, RUNNING, DONE };

struct job {
    const struct mm_http_request *request;
    enum state state;
    int tries;
    int redirections;
    size_t last_size; /* of the reply before, where its end was not marked; SIZE_MAX = none */
    double ready_at;
    char *url; /* the request's, or where it was redirected to */
    struct mm_address address;
    struct host *host;
    struct mm_transfer *transfer;
    struct mm_error fault; /* of the last try */
};

struct mm_http_session {
    struct mm_http_settings settings;
    struct mm_transfer_limits limits;
    struct mm_retry_policy policy;
    struct host *hosts;
    CURLM *multi;
    struct mm_random random;
    double resume_at;
};

/* ---- making ---- */

int mm_http_session_create(const struct mm_http_settings *settings, struct mm_http_session **out,
                           struct mm_error *err)
{
    mm_transfer_start_library();
    struct mm_http_session *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return mm_no_memory(err);
    s->settings = *settings;
    s->settings.clock = settings->clock ? settings->clock : mm_http_clock_default();
    s->limits = (struct mm_transfer_limits){
        .connect_s = settings->connect_s > 0 ? settings->connect_s : 15,
        .stall_s = settings->stall_s > 0 ? settings->stall_s : 30,
        .total_s = settings->total_s > 0 ? settings->total_s : 300,
    };
    s->policy = (struct mm_retry_policy){
        .tries = settings->tries > 0 ? settings->tries : 5,
        .max_wait_s = settings->max_wait_s > 0 ? settings->max_wait_s : 120,
    };
    s->random = mm_random_stream(settings->seed, 1);
    s->hosts = calloc(settings->n_hosts ? settings->n_hosts : 1, sizeof *s->hosts);
    s->multi = curl_multi_init();
    if (!s->hosts || !s->multi) {
        mm_http_session_destroy(s);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < settings->n_hosts; i++) {
        s->hosts[i].rule = settings->hosts[i];
        s->hosts[i].rule.pattern = s->hosts[i].pattern = mm_strdup(settings->hosts[i].pattern);
        if (!s->hosts[i].pattern) {
            mm_http_session_destroy(s);
            return mm_no_memory(err);
        }
        if (!s->hosts[i].rule.parallel)
            s->hosts[i].rule.parallel = 1;
        /* Who was killed and started again must not ask sooner than who went on. */
        s->hosts[i].next_at =
            s->settings.clock->now(s->settings.clock->ctx) + s->hosts[i].rule.gap_s;
    }
    *out = s;
    return 0;
}

void mm_http_session_destroy(struct mm_http_session *s)
{
    if (!s)
        return;
    curl_multi_cleanup(s->multi);
    for (size_t i = 0; s->hosts && i < s->settings.n_hosts; i++)
        free(s->hosts[i].pattern);
    free(s->hosts);
    free(s);
}

double mm_http_session_resume_at(const struct mm_http_session *s)
{
    return s->resume_at;
}

double mm_http_session_now(const struct mm_http_session *s)
{
    return s->settings.clock->now(s->settings.clock->ctx);
}

void mm_http_response_finish(struct mm_http_response *response)
{
    free(response->body);
    *response = (struct mm_http_response){0};
}

static void log_line(const struct mm_http_session *s, const struct job *job, const char *what)
{
    if (!s->settings.log)
        return;
    char line[1024];
    const struct mm_http_request *r = job->request;
    const char *method = r->put ? "PUT" : r->form || r->json ? "POST" : "GET";
    snprintf(line, sizeof line, "%s %s%s: %s", method, job->address.host, job->address.path, what);
    mm_text_clean_line(line);
    s->settings.log(s->settings.log_ctx, line);
}

/* ---- where to ---- */

static int aim(struct mm_http_session *s, struct job *job, struct mm_error *err)
{
    job->host = NULL;
    bool good = mm_address_parse(job->url, &job->address);
    for (size_t i = 0; good && i < s->settings.n_hosts && !job->host; i++)
        if (mm_address_matches(&job->address, s->hosts[i].rule.pattern))
            job->host = &s->hosts[i];
    if (job->host)
        return 0;
    return mm_error_set(err, MM_ERR_USAGE, "an address on \"%s\" is not one this service may use",
                        good ? job->address.host : "?");
}

static int redirect(struct mm_http_session *s, struct job *job, struct mm_error *err)
{
    const char *location = mm_transfer_location(job->transfer);
    struct mm_address before = job->address;
    if (++job->redirections > REDIRECTIONS)
        return mm_error_set(err, MM_ERR_AGAIN, "%s sends us round in circles", before.host);
    char *url = mm_address_resolve(job->url, location);
    if (!url)
        return mm_error_set(err, MM_ERR_AGAIN, "%s sends us to no address", before.host);
    free(job->url);
    job->url = url;
    /* A hotel's login page, most likely: never followed, but it passes. */
    if (aim(s, job, err) < 0)
        return mm_error_set(err, MM_ERR_AGAIN, "%s sends us to \"%s\", where we do not go",
                            before.host, job->address.host);
    return 0;
}

/* ---- what became of a try ---- */

/* Every try begins at the request's own address. */
static int start_over(struct mm_http_session *s, struct job *job)
{
    char *url = mm_strdup(job->request->url);
    if (!url)
        return mm_no_memory(&job->fault);
    free(job->url);
    job->url = url;
    job->redirections = 0;
    return aim(s, job, &job->fault);
}

/* The next try, or the end of the job: 0 = it will be tried again. */
static int fail_try(struct mm_http_session *s, struct job *job, double asked_s)
{
    double wait;
    double now = mm_http_session_now(s);
    switch (mm_retry_decide(&s->policy, job->tries, asked_s, &s->random, &wait)) {
    case MM_RETRY_STOP:
        s->resume_at = now + wait;
        return mm_error_set(&job->fault, MM_ERR_LIMIT, "%s wants to be left alone for %.0f %s",
                            job->address.host, wait >= 7200 ? wait / 3600 : wait / 60,
                            wait >= 7200 ? "hours" : "minutes");
    case MM_RETRY_GIVE_UP:
        return job->fault.code;
    case MM_RETRY_WAIT:
        break;
    }
    job->ready_at = now + wait;
    if (asked_s >= 0 && job->host && job->host->next_at < job->ready_at)
        job->host->next_at = job->ready_at; /* it is the host that wants rest */
    job->state = WAITING;
    return start_over(s, job);
}

static double first_known(double a, double b)
{
    return a >= 0 ? a : b;
}

/* Looks at a reply that arrived. 1 = taken, 0 = tried again, else how the job ends. */
static int judge(struct mm_http_session *s, struct job *job, struct mm_http_response *response)
{
    double wait = MM_RETRY_UNKNOWN;
    enum mm_http_verdict verdict = MM_HTTP_TAKE;
    int status = response->status;
    if (status == 429) {
        verdict = MM_HTTP_BUSY;
        if (job->request->judge) /* the body may say for how long */
            job->request->judge(job->request->ctx, response, job->tries, &wait);
    } else if (status == 408 || status == 425 || status >= 500)
        verdict = response->retry_after_s >= 0 ? MM_HTTP_BUSY : MM_HTTP_AGAIN;
    else if (job->request->judge)
        verdict = job->request->judge(job->request->ctx, response, job->tries, &wait);
    if (verdict == MM_HTTP_TAKE)
        return 1;
    bool maybe_done = job->request->once && verdict == MM_HTTP_AGAIN;
    if (job->request->once && status != 429 && (status == 408 || status >= 500))
        maybe_done = true;
    mm_error_set(&job->fault, MM_ERR_AGAIN, "%s answers %d%s", job->address.host, status,
                 verdict == MM_HTTP_BUSY         ? " (too many requests)"
                 : status >= 200 && status < 300 ? ", and not what it should"
                                                 : "");
    if (maybe_done)
        return job->fault.code;
    if (verdict == MM_HTTP_BUSY) {
        wait = first_known(response->retry_after_s, first_known(wait, 5));
        /* Without a word from the server, patience grows; what ends the run is told as it is. */
        if (response->retry_after_s < 0)
            for (int i = 1; i < job->tries && wait <= s->policy.max_wait_s; i++)
                wait *= 2;
    } else {
        wait = MM_RETRY_UNKNOWN;
    }
    return fail_try(s, job, wait);
}

/* 1 = *response is the result, 0 = goes on, else the job failed with job->fault. */
static int end_try(struct mm_http_session *s, struct job *job, CURLcode code,
                   struct mm_http_response *response)
{
    struct mm_transfer *t = job->transfer;
    double now = mm_http_session_now(s);
    int result = mm_transfer_result(t, code, job->address.host, now, response, &job->fault);
    bool unmarked = mm_transfer_is_unmarked(t);
    bool once = job->request->once;
    if (result == 0 && response->status >= 300 && response->status < 400 &&
        mm_transfer_location(t) && !once) {
        log_line(s, job, "redirected");
        result = redirect(s, job, &job->fault);
        if (result == 0) {
            job->state = WAITING;
            job->tries--;
            return 0;
        }
    } else if (result == 0 && unmarked && !once && response->size != job->last_size &&
               job->tries < s->policy.tries) {
        /* Whole or cut? Nothing tells: the same length twice is believed. */
        job->last_size = response->size;
        mm_error_set(&job->fault, MM_ERR_AGAIN, "%s does not say where its reply ends",
                     job->address.host);
        return fail_try(s, job, MM_RETRY_UNKNOWN);
    } else if (result == 0) {
        char what[64];
        snprintf(what, sizeof what, "%d, %zu bytes", response->status, response->size);
        log_line(s, job, what);
        return judge(s, job, response);
    }
    log_line(s, job, job->fault.message);
    if (once)
        return result == MM_ERR_LIMIT ? MM_ERR_AGAIN : result;
    return result == MM_ERR_AGAIN || result == MM_ERR_LIMIT ? fail_try(s, job, MM_RETRY_UNKNOWN)
                                                            : result;
}

/* ---- the loop ---- */

struct batch {
    struct job *jobs;
    size_t n, left, running;
    mm_http_done_fn *done;
    void *ctx;
};

static int finish_job(struct batch *b, struct job *job, int result,
                      struct mm_http_response *response, struct mm_error *err)
{
    job->state = DONE;
    b->left--;
    int ended = b->done(b->ctx, (size_t)(job - b->jobs), result, response, &job->fault, err);
    mm_http_response_finish(response);
    return ended;
}

static int start_job(struct mm_http_session *s, struct batch *b, struct job *job,
                     struct mm_error *err)
{
    struct mm_address first;
    const char *authorization = job->request->authorization;
    if (authorization && (!mm_address_parse(job->request->url, &first) ||
                          !mm_address_same_place(&first, &job->address)))
        authorization = NULL;
    int result =
        mm_transfer_create(job->request, job->url, authorization, &s->limits, &job->transfer, err);
    if (result < 0)
        return result;
    if (curl_multi_add_handle(s->multi, mm_transfer_easy(job->transfer)) != CURLM_OK) {
        mm_transfer_destroy(job->transfer);
        job->transfer = NULL;
        return mm_no_memory(err);
    }
    job->state = RUNNING;
    job->tries++;
    job->host->active++;
    job->host->next_at = mm_http_session_now(s) + job->host->rule.gap_s;
    b->running++;
    return 0;
}

/* Starts what may start; *next_at = when the first of the others may. */
static int start_ready(struct mm_http_session *s, struct batch *b, double *next_at,
                       struct mm_error *err)
{
    double now = mm_http_session_now(s);
    int result = 0;
    *next_at = 0;
    for (size_t i = 0; i < b->n && result == 0; i++) {
        struct job *job = &b->jobs[i];
        if (job->state != WAITING)
            continue;
        double at = job->ready_at > job->host->next_at ? job->ready_at : job->host->next_at;
        if (at <= now && job->host->active < job->host->rule.parallel)
            result = start_job(s, b, job, err);
        else if (*next_at == 0 || at < *next_at)
            *next_at = at;
    }
    return result;
}

static void stop_transfer(struct mm_http_session *s, struct batch *b, struct job *job)
{
    curl_multi_remove_handle(s->multi, mm_transfer_easy(job->transfer));
    job->host->active--;
    b->running--;
}

static int end_running(struct mm_http_session *s, struct batch *b, struct job *job, CURLcode code,
                       struct mm_error *err)
{
    stop_transfer(s, b, job);
    struct mm_http_response response = {0};
    int result = end_try(s, job, code, &response);
    mm_transfer_destroy(job->transfer);
    job->transfer = NULL;
    if (result == 0) {
        mm_http_response_finish(&response);
        return 0;
    }
    if (s->resume_at > 0 && result == MM_ERR_LIMIT) { /* the run is over */
        mm_http_response_finish(&response);
        if (err)
            *err = job->fault;
        return result;
    }
    return finish_job(b, job, result == 1 ? 0 : result, &response, err);
}

static struct job *job_of(struct batch *b, CURL *easy)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->jobs[i].transfer && mm_transfer_easy(b->jobs[i].transfer) == easy)
            return &b->jobs[i];
    return NULL;
}

static int take_ended(struct mm_http_session *s, struct batch *b, struct mm_error *err)
{
    CURLMsg *message;
    int queued;
    int result = 0;
    while (result == 0 && (message = curl_multi_info_read(s->multi, &queued))) {
        struct job *job = message->msg == CURLMSG_DONE ? job_of(b, message->easy_handle) : NULL;
        if (job)
            result = end_running(s, b, job, message->data.result, err);
    }
    for (size_t i = 0; i < b->n && result == 0; i++)
        if (b->jobs[i].state == RUNNING && mm_transfer_is_late(b->jobs[i].transfer, &s->limits))
            result = end_running(s, b, &b->jobs[i], CURLE_OPERATION_TIMEDOUT, err);
    return result;
}

/* Waits for the connections, or, when there are none, for the time at which the next may begin. */
static void rest(struct mm_http_session *s, const struct batch *b, double next_at)
{
    if (b->running) {
        curl_multi_poll(s->multi, NULL, 0, 50, NULL);
        return;
    }
    double seconds = next_at - mm_http_session_now(s);
    if (seconds > 0)
        s->settings.clock->wait(s->settings.clock->ctx, seconds < 0.25 ? seconds : 0.25);
}

static int run(struct mm_http_session *s, struct batch *b, struct mm_error *err)
{
    int result = 0;
    while (result == 0 && b->left) {
        double next_at;
        int running;
        if (mm_progress_cancelled(s->settings.progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped; what has arrived is kept");
        result = start_ready(s, b, &next_at, err);
        if (result == 0 && curl_multi_perform(s->multi, &running) != CURLM_OK)
            result = mm_error_set(err, MM_ERR_BUG, "libcurl gave up");
        if (result == 0)
            result = take_ended(s, b, err);
        if (result == 0 && b->left)
            rest(s, b, next_at);
    }
    return result;
}

/* Jobs whose address may not be used end at once. */
static int prepare(struct mm_http_session *s, struct batch *b,
                   const struct mm_http_request *requests, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < b->n && result == 0; i++) {
        struct job *job = &b->jobs[i];
        *job = (struct job){.request = &requests[i], .last_size = SIZE_MAX};
        job->url = mm_strdup(requests[i].url);
        if (!job->url)
            return mm_no_memory(err);
        int fault = s->settings.offline
                        ? mm_error_set(&job->fault, MM_ERR_USAGE, "offline: nothing is fetched")
                        : aim(s, job, &job->fault);
        struct mm_http_response none = {0};
        if (fault < 0)
            result = finish_job(b, job, fault, &none, err);
    }
    return result;
}

int mm_http_do_all(struct mm_http_session *s, const struct mm_http_request *requests, size_t n,
                   mm_http_done_fn *done, void *ctx, struct mm_error *err)
{
    if (n == 0)
        return 0;
    struct batch b = {.n = n, .left = n, .done = done, .ctx = ctx};
    b.jobs = mm_calloc3(n, 1, sizeof *b.jobs);
    if (!b.jobs)
        return mm_no_memory(err);
    int result = prepare(s, &b, requests, err);
    if (result == 0)
        result = run(s, &b, err);
    for (size_t i = 0; i < n; i++) {
        if (b.jobs[i].transfer) {
            stop_transfer(s, &b, &b.jobs[i]);
            mm_transfer_destroy(b.jobs[i].transfer);
        }
        free(b.jobs[i].url);
    }
    free(b.jobs);
    return result;
}

/* ---- one ---- */

struct one {
    int result;
    struct mm_http_response *out;
    struct mm_error fault;
};

static int take_one(void *ctx, size_t i, int result, struct mm_http_response *response,
                    const struct mm_error *fault, struct mm_error *err)
{
    (void)i;
    (void)err;
    struct one *one = ctx;
    one->result = result;
    one->fault = *fault;
    if (result == 0) {
        *one->out = *response;
        *response = (struct mm_http_response){0};
    }
    return 0;
}

int mm_http_do(struct mm_http_session *s, const struct mm_http_request *request,
               struct mm_http_response *out, struct mm_error *err)
{
    struct one one = {.out = out};
    *out = (struct mm_http_response){0};
    int result = mm_http_do_all(s, request, 1, take_one, &one, err);
    if (result == 0 && one.result < 0) {
        result = one.result;
        if (err)
            *err = one.fault;
    }
    return result;
}
