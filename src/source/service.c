/* SPDX-License-Identifier: BSD-2-Clause */
/* service.c - the table of services, and what they have in common. */
#include "source/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"
#include "http/address.h"

enum { N_SERVICES = 4, MAX_HOSTS = 12 };

static const struct mm_service *const services[N_SERVICES] = {
    &mm_service_deezer,
    &mm_service_itunes,
    &mm_service_jamendo,
    &mm_service_spotify,
};

const struct mm_service *mm_services(size_t *count, size_t i)
{
    *count = N_SERVICES;
    return i < N_SERVICES ? services[i] : NULL;
}

const struct mm_service *mm_service_find(const char *name)
{
    for (size_t i = 0; i < N_SERVICES; i++)
        if (strcmp(services[i]->name, name) == 0)
            return services[i];
    return NULL;
}

const char *mm_service_name(const struct mm_service *service)
{
    return service->name;
}

const char *mm_service_title(const struct mm_service *service)
{
    return service->title;
}

bool mm_service_may_be_silent(const struct mm_service *service)
{
    return service->may_be_silent;
}

double mm_service_gap(const struct mm_service *service)
{
    return service->gap_s;
}

int mm_service_send(struct mm_service_session *s, const struct mm_push *push, struct mm_pushed *out,
                    struct mm_error *err)
{
    *out = (struct mm_pushed){0};
    out->missing = mm_calloc3(push->n, 1, sizeof *out->missing);
    return out->missing ? s->service->send(s, push, out, err) : mm_no_memory(err);
}

void mm_pushed_finish(struct mm_pushed *pushed)
{
    free(pushed->link);
    free(pushed->missing);
    *pushed = (struct mm_pushed){0};
}

/* ---- tracks ---- */

void mm_track_finish(struct mm_track *track)
{
    free(track->id);
    free(track->link);
    free(track->licence);
    free(track->preview);
    mm_tags_finish(&track->tags);
    *track = (struct mm_track){0};
}

void mm_tracks_finish(struct mm_tracks *tracks)
{
    for (size_t i = 0; i < tracks->n; i++)
        mm_track_finish(&tracks->list[i]);
    free(tracks->list);
    *tracks = (struct mm_tracks){0};
}

struct mm_track *mm_tracks_add(struct mm_tracks *tracks)
{
    if (mm_array_reserve(&tracks->list, &tracks->capacity, tracks->n + 1) < 0)
        return NULL;
    tracks->list[tracks->n] = (struct mm_track){0};
    return &tracks->list[tracks->n++];
}

int mm_track_text(char **member, const char *text)
{
    char *clean = text ? mm_text_clean_utf8(text, strnlen(text, 4096)) : NULL;
    if (text && !clean)
        return MM_ERR_NO_MEMORY;
    free(*member);
    *member = clean && *clean ? clean : NULL;
    if (clean && !*clean)
        free(clean);
    return 0;
}

int mm_track_url(char **member, const char *url)
{
    struct mm_address address;
    if (!url || strlen(url) > 4096 || !mm_address_parse(url, &address))
        return 0;
    free(*member);
    *member = mm_strdup(url);
    if (*member) /* "HTTPS://" is an address, too, but readers look for "https://" */
        memcpy(*member, address.scheme, strlen(address.scheme));
    return *member ? 0 : MM_ERR_NO_MEMORY;
}

int mm_track_year(const char *date)
{
    long year = date ? strtol(date, NULL, 10) : 0;
    return year >= 1000 && year <= 9999 ? (int)year : 0;
}

bool mm_track_is_same(const struct mm_track *wanted, const struct mm_track *candidate)
{
    char *a = mm_match_recording(wanted->tags.artist, wanted->tags.title);
    char *b = mm_match_recording(candidate->tags.artist, candidate->tags.title);
    bool same = a && b && *a && strcmp(a, b) == 0 &&
                mm_match_duration(wanted->duration_s, candidate->duration_s);
    free(a);
    free(b);
    return same;
}

/* ---- sessions ---- */

/* The patterns of the base address (with its path) and of its host. */
struct patterns {
    char api[600];
    char host[300];
};

static void describe(const struct mm_address *address, struct patterns *out)
{
    bool plain = strcmp(address->scheme, "https") == 0 && address->port == 443;
    if (plain)
        snprintf(out->host, sizeof out->host, "%s", address->host);
    else
        snprintf(out->host, sizeof out->host, "%s:%d", address->host, address->port);
    snprintf(out->api, sizeof out->api, "%s%.250s", out->host,
             strcmp(address->path, "/") == 0 ? "" : address->path);
}

static void read_timeouts(struct mm_http_settings *settings)
{
    const char *text = getenv("MUSICMAP_HTTP_TIMEOUTS");
    double *const members[] = {&settings->connect_s, &settings->stall_s, &settings->total_s};
    for (size_t i = 0; text && *text && i < 3; i++) {
        char *end;
        *members[i] = strtod(text, &end);
        text = *end == ',' ? end + 1 : end;
    }
}

static int open_http(struct mm_service_session *s, struct mm_error *err)
{
    struct mm_http_host hosts[MAX_HOSTS];
    size_t n = 0;
    struct mm_address address;
    struct mm_address accounts;
    struct patterns base;
    struct patterns login;
    if (!mm_address_parse(s->base, &address))
        return mm_error_set(err, MM_ERR_USAGE, "%s is no https address, or has a user in it",
                            s->service->url_variable);
    describe(&address, &base);
    hosts[n++] = (struct mm_http_host){base.api, s->service->gap_s, 1};
    const char *other = getenv("MUSICMAP_URL_SPOTIFY_ACCOUNTS");
    if (s->service == &mm_service_spotify &&
        mm_address_parse(other && *other ? other : "https://accounts.spotify.com", &accounts)) {
        describe(&accounts, &login);
        hosts[n++] = (struct mm_http_host){login.api, 0.2, 1};
    }
    for (size_t i = 0; i < s->service->n_sound_hosts && n < MAX_HOSTS - 1; i++)
        hosts[n++] = s->service->sound_hosts[i];
    if (strcmp(address.scheme, "http") == 0) /* a stand-in plays all hosts in one */
        hosts[n++] = (struct mm_http_host){base.host, 0, 6};
    struct mm_http_settings settings = {
        .hosts = hosts,
        .n_hosts = n,
        .offline = s->settings.offline,
        .seed = s->settings.seed,
        .progress = s->settings.progress,
        .log = s->settings.log,
        .log_ctx = s->settings.ctx,
    };
    read_timeouts(&settings);
    return mm_http_session_create(&settings, &s->http, err);
}

int mm_service_open(const struct mm_service *service, const struct mm_service_settings *settings,
                    struct mm_service_session **out, struct mm_error *err)
{
    struct mm_service_session *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return mm_no_memory(err);
    s->service = service;
    s->settings = *settings;
    const char *other = getenv(service->url_variable);
    s->base = mm_strdup(settings->address ? settings->address
                        : other && *other ? other
                                          : service->url);
    int result = s->base ? open_http(s, err) : mm_no_memory(err);
    if (result == 0 && service->open)
        result = service->open(s, err);
    if (result < 0) {
        mm_service_close(s);
        return result;
    }
    *out = s;
    return 0;
}

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void mm_service_close(struct mm_service_session *s)
{
    if (!s)
        return;
    if (s->service->close)
        s->service->close(s);
    mm_http_session_destroy(s->http);
    wipe(s->client_id);
    wipe(s->client_secret);
    free(s->base);
    free(s);
}

double mm_service_resume_at(const struct mm_service_session *s)
{
    return mm_http_session_resume_at(s->http);
}

int mm_service_page(struct mm_service_session *s, const struct mm_step *step, const char *cursor,
                    size_t want, struct mm_tracks *out, char **next, struct mm_error *err)
{
    *next = NULL;
    return s->service->page(s, step, cursor, want, out, next, err);
}

int mm_service_resolve(struct mm_service_session *s, const struct mm_track *wanted,
                       struct mm_track *out, bool *found, struct mm_error *err)
{
    *found = false;
    *out = (struct mm_track){0};
    return s->service->resolve(s, wanted, out, found, err);
}

bool mm_service_owns(const struct mm_service_session *s, const char *url)
{
    struct mm_address base;
    struct mm_address other;
    return mm_address_parse(s->base, &base) && mm_address_parse(url, &other) &&
           mm_address_same_place(&base, &other);
}

/* ---- JSON ---- */

struct reading {
    const struct mm_service *service;
    json_t *json;
};

static enum mm_http_verdict judge_json(void *ctx, const struct mm_http_response *response,
                                       int tries, double *wait_s)
{
    (void)tries;
    struct reading *r = ctx;
    json_decref(r->json);
    r->json = NULL;
    struct mm_error ignored;
    bool good = response->status >= 200 && response->status < 300;
    if (mm_json_parse(response->body, response->size, &r->json, &ignored) < 0 && good)
        return MM_HTTP_AGAIN; /* cut short, or a hotel's login page */
    if (good && !json_is_object(r->json))
        return MM_HTTP_AGAIN;
    return r->service->judge ? r->service->judge(response, r->json, wait_s) : MM_HTTP_TAKE;
}

/* A refusal in plain words, as errors in JSON have it: {"error": words}. NULL: it has none. */
static json_t *plain_words(const struct mm_http_response *response)
{
    if (response->status < 400 || strcmp(response->type, "text/plain") != 0)
        return NULL;
    size_t n = response->size < 300 ? response->size : 300;
    char *words = mm_text_clean_utf8(response->body, n);
    json_t *json = words && *words ? json_pack("{s:s}", "error", words) : NULL;
    free(words);
    return json;
}

int mm_service_do(struct mm_service_session *s, const struct mm_service_call *call, json_t **json,
                  int *status, struct mm_error *err)
{
    struct reading reading = {.service = s->service};
    char *body = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
    const struct mm_http_request request = {
        .url = call->url,
        .authorization = call->authorization,
        .json = body,
        .put = call->put,
        .once = call->once,
        .limit = MM_SERVICE_MAX_REPLY,
        .judge = judge_json,
        .ctx = &reading,
    };
    struct mm_http_response response = {0};
    *json = NULL;
    *status = 0;
    int result =
        call->body && !body ? mm_no_memory(err) : mm_http_do(s->http, &request, &response, err);
    free(body);
    if (result < 0) {
        json_decref(reading.json);
        return result;
    }
    *status = response.status;
    *json = reading.json ? reading.json : plain_words(&response);
    mm_http_response_finish(&response);
    return 0;
}

int mm_service_json(struct mm_service_session *s, const char *url, const char *authorization,
                    json_t **json, int *status, struct mm_error *err)
{
    const struct mm_service_call call = {.url = url, .authorization = authorization};
    return mm_service_do(s, &call, json, status, err);
}

int mm_service_refused(const struct mm_service_session *s, int status, const char *words,
                       struct mm_error *err)
{
    return mm_error_set(err, status == 404 || status == 200 ? MM_ERR_NOT_FOUND : MM_ERR_IO,
                        "%s refuses (%d): %.200s", s->service->title, status,
                        words && *words ? words : "it does not say why");
}

/* ---- sound ---- */

enum { SOUND_TRIES = 3 };

/* By the first bytes, whatever the server calls it; NULL: not sound. */
static const char *ending_of(const unsigned char *b, size_t n)
{
    if (n < 512)
        return NULL;
    if (memcmp(b, "ID3", 3) == 0 || (b[0] == 0xff && (b[1] & 0xe0) == 0xe0 && (b[1] & 0x06)))
        return "mp3";
    if (memcmp(b + 4, "ftyp", 4) == 0)
        return "m4a";
    if (memcmp(b, "OggS", 4) == 0)
        return "ogg";
    if (memcmp(b, "fLaC", 4) == 0)
        return "flac";
    return memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WAVE", 4) == 0 ? "wav" : NULL;
}

/* What was no sound three times is that song's fault: the others go on. ctx counts them: tries that
 * the net broke off say nothing about the song. */
static enum mm_http_verdict judge_sound(void *ctx, const struct mm_http_response *response,
                                        int tries, double *wait_s)
{
    (void)tries;
    (void)wait_s;
    int *silent = ctx;
    if (response->status != 200 || ending_of((const unsigned char *)response->body, response->size))
        return MM_HTTP_TAKE;
    return ++*silent >= SOUND_TRIES ? MM_HTTP_TAKE : MM_HTTP_AGAIN;
}

struct sounds {
    struct mm_service_session *session;
    const struct mm_track *const *tracks;
    const size_t *index; /* of the requests into tracks */
    bool *expired;       /* [n] set for those refused with 403; NULL in the second round */
    mm_sound_fn *done;
    void *ctx;
};

static int take_sound(void *ctx, size_t i, int result, struct mm_http_response *response,
                      const struct mm_error *fault, struct mm_error *err)
{
    struct sounds *s = ctx;
    struct mm_error own = *fault;
    size_t at = s->index[i];
    if (result == 0 && response->status == 403 && s->expired) {
        s->expired[at] = true;
        return 0;
    }
    if (result == 0 && response->status != 200)
        result = mm_service_refused(s->session, response->status, "no such sound", &own);
    const char *ending =
        result == 0 ? ending_of((const unsigned char *)response->body, response->size) : NULL;
    if (result == 0 && !ending)
        result =
            mm_service_refused(s->session, response->status, "what it sends is no sound", &own);
    return s->done(s->ctx, at, result, response->body, response->size, ending, &own, err);
}

static int fetch(struct sounds *s, char *const *urls, size_t n, struct mm_error *err)
{
    struct mm_http_request *requests = mm_calloc3(n, 1, sizeof *requests);
    int *silent = mm_calloc3(n, 1, sizeof *silent);
    int result = requests && silent ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < n && result == 0; i++)
        requests[i] = (struct mm_http_request){.url = urls[i],
                                               .limit = MM_SERVICE_MAX_SOUND,
                                               .plain = true,
                                               .judge = judge_sound,
                                               .ctx = &silent[i]};
    if (result == 0)
        result = mm_http_do_all(s->session->http, requests, n, take_sound, s, err);
    free(silent);
    free(requests);
    return result;
}

/* Those whose addresses have died get new ones, once. */
static int fetch_renewed(struct sounds *s, const bool *expired, size_t n, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        if (!expired[i])
            continue;
        char *url = NULL;
        struct mm_error fault = {0};
        int renewed = s->session->service->renew(s->session, s->tracks[i], &url, &fault);
        if (renewed == 0 && url) {
            s->index = &i;
            result = fetch(s, &url, 1, err);
            s->index = NULL;
        } else if (renewed == MM_ERR_LIMIT || renewed == MM_ERR_CANCELLED) {
            result = renewed;
            if (err)
                *err = fault;
        } else {
            if (renewed == 0)
                renewed = mm_service_refused(s->session, 403, "no such sound any more", &fault);
            result = s->done(s->ctx, i, renewed, NULL, 0, NULL, &fault, err);
        }
        free(url);
    }
    return result;
}

int mm_service_sounds(struct mm_service_session *session, const struct mm_track *const *tracks,
                      size_t n, mm_sound_fn *done, void *ctx, struct mm_error *err)
{
    char **urls = mm_calloc3(n, 1, sizeof *urls);
    size_t *index = mm_calloc3(n, 1, sizeof *index);
    bool *expired = mm_calloc3(n, 1, sizeof *expired);
    int result = urls && index && expired ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < n && result == 0; i++) {
        urls[i] = tracks[i]->preview;
        index[i] = i;
    }
    struct sounds s = {.session = session,
                       .tracks = tracks,
                       .index = index,
                       .expired = session->service->renew ? expired : NULL,
                       .done = done,
                       .ctx = ctx};
    if (result == 0)
        result = fetch(&s, urls, n, err);
    s.expired = NULL;
    if (result == 0)
        result = fetch_renewed(&s, expired, n, err);
    free(expired);
    free(index);
    free(urls);
    return result;
}
