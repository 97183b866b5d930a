/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Subsonic API (subsonic.org/pages/api.jsp; opensubsonic.netlify.app), version 1.13, in JSON.
 * Errors come with status 200 (Supysonic: 4xx) and a code. Signing in is by token; servers that
 * keep no password that tokens could be made from say so with code 41 or 42, older ones miss the
 * parameter p (10): then the password is sent.
 */
#include "source/subsonic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/array.h"
#include "base/hash.h"
#include "http/address.h"
#include "http/client.h"

enum {
    MISSING_PARAMETER = 10,
    WRONG_PASSWORD = 40,
    NO_TOKENS = 41,
    NO_SUCH_MECHANISM = 42,
    NOT_ALLOWED = 50,
    NOT_THERE = 70,
    PAGE = 500,
    MOST_KBITS = 1000
};
#define LARGEST_SONG ((size_t)1 << 30)

static const char SALT_DIGITS[] = "0123456789abcdef";

/* ---- one call ---- */

/* The address of NAME, signed; wipe it after use. */
static int make_address(struct mm_remote *server, const char *name, const char *parameters,
                        struct mm_text *url, struct mm_error *err)
{
    unsigned char random[8];
    char salt[17] = "";
    char token[33] = "";
    int result = 0;
    mm_text_addf(url, "%s/rest/%s.view?v=1.13.0&c=musicmap&f=json&u=", server->address, name);
    mm_address_escape(url, server->user);
    if (server->plain) {
        mm_text_add(url, "&p=enc:");
        for (const unsigned char *p = (const unsigned char *)server->password; *p; p++)
            mm_text_addf(url, "%02x", *p);
    } else {
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
            return mm_error_set(err, MM_ERR_IO, "the system has no random numbers");
        for (size_t i = 0; i < 16; i++)
            salt[i] = SALT_DIGITS[random[i / 2] >> (i % 2 ? 4 : 0) & 15];
        char *salted = mm_format("%s%s", server->password, salt);
        result = salted ? mm_hash_md5(salted, strlen(salted), token, err) : mm_no_memory(err);
        if (salted)
            explicit_bzero(salted, strlen(salted));
        free(salted);
        mm_text_addf(url, "&t=%s&s=%s", token, salt);
    }
    if (parameters)
        mm_text_add(url, parameters);
    return url->failed ? mm_no_memory(err) : result;
}

static void wipe(struct mm_text *url)
{
    if (url->data)
        explicit_bzero(url->data, url->length);
    mm_text_finish(url);
}

/* Takes a reply's error, if it has one, to its code and words. */
static int error_code(const json_t *body, const char **words)
{
    const json_t *error = json_object_get(body, "error");
    *words = mm_json_text(error, "message");
    const char *status = mm_json_text(body, "status");
    if (!error && !(status && strcasecmp(status, "failed") == 0))
        return 0;
    long code = mm_json_count(error, "code", 1000);
    return code ? (int)code : -1;
}

static bool wants_password(int code)
{
    return code == MISSING_PARAMETER || code == NO_TOKENS || code == NO_SUCH_MECHANISM;
}

static int refused(const struct mm_remote *server, int status, int code, const char *words,
                   struct mm_error *err)
{
    if (code == WRONG_PASSWORD || status == 401)
        return mm_error_set(err, MM_ERR_IO,
                            "%s refuses SUBSONIC_USER and SUBSONIC_PASSWORD: %.200s",
                            server->address, words ? words : "wrong user or password");
    if (code == 0 && status < 400)
        return mm_error_set(err, MM_ERR_IO, "%s does not speak the Subsonic API", server->address);
    return mm_error_set(err, code == NOT_THERE || status == 404 ? MM_ERR_NOT_FOUND : MM_ERR_IO,
                        "%s refuses (%d): %.200s", server->address, code > 0 ? code : status,
                        words && *words ? words : "it does not say why");
}

static int ask_as_now(struct mm_remote *server, const char *name, const char *parameters, bool once,
                      json_t **json, int *status, struct mm_error *err)
{
    struct mm_text url = {0};
    int result = make_address(server, name, parameters, &url, err);
    const struct mm_service_call call = {.url = url.data, .once = once};
    if (result == 0)
        result = mm_service_do(server->session, &call, json, status, err);
    wipe(&url);
    return result;
}

int mm_subsonic_ask(struct mm_remote *server, const char *name, const char *parameters, bool once,
                    json_t **json, const json_t **body, struct mm_error *err)
{
    int status = 0;
    const char *words = NULL;
    *json = NULL;
    int result = ask_as_now(server, name, parameters, once, json, &status, err);
    if (result < 0)
        return result;
    *body = json_object_get(*json, "subsonic-response");
    int code = error_code(*body, &words);
    if (wants_password(code) && !server->plain) {
        server->plain = true; /* nothing was done: it did not let us in */
        json_decref(*json);
        result = ask_as_now(server, name, parameters, once, json, &status, err);
        if (result < 0)
            return result;
        *body = json_object_get(*json, "subsonic-response");
        code = error_code(*body, &words);
    }
    if (*body && code == 0 && status < 400)
        return 0;
    result = refused(server, status, code, words, err);
    json_decref(*json);
    *json = NULL;
    *body = NULL;
    return result;
}

/* ---- opening ---- */

const struct mm_service mm_service_subsonic = {
    .name = MM_REMOTE_SOURCE,
    .title = "The Subsonic server",
    .url = "",
    .url_variable = "SUBSONIC_URL",
    .gap_s = 0, /* it is the user's own: one call at a time is pace enough */
};

/* "https://host/music/rest/" -> "https://host/music" */
static char *tidy(const char *url)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    if (n > 5 && strncmp(url + n - 5, "/rest", 5) == 0)
        n -= 5;
    while (n && url[n - 1] == '/')
        n--;
    return mm_strndup(url, n);
}

static int read_account(struct mm_remote *server, const char *url, struct mm_error *err)
{
    struct mm_error none = {0};
    struct mm_address address;
    char *named = url ? mm_strdup(url) : mm_credential("SUBSONIC_URL", err);
    if (!named)
        return MM_ERR_USAGE;
    server->address = tidy(named);
    free(named);
    if (!server->address)
        return mm_no_memory(err);
    if (!mm_address_parse(server->address, &address) || strpbrk(server->address, "?# "))
        return mm_error_set(err, MM_ERR_USAGE,
                            "this is no address that a password may be sent to: https, or http "
                            "to this machine, with no user or password in it");
    server->user = mm_credential("SUBSONIC_USER", err);
    server->password = server->user ? mm_credential("SUBSONIC_PASSWORD", err) : NULL;
    if (!server->password)
        return MM_ERR_USAGE;
    char *rate = mm_credential("SUBSONIC_BITRATE", &none);
    unsigned long kbits = rate ? strtoul(rate, NULL, 10) : 0;
    server->bitrate = kbits > MOST_KBITS ? MOST_KBITS : (unsigned)kbits;
    free(rate);
    return 0;
}

int mm_remote_open(const struct mm_remote_settings *settings, struct mm_remote **out,
                   struct mm_error *err)
{
    struct mm_remote *server = calloc(1, sizeof *server);
    json_t *json = NULL;
    const json_t *body;
    *out = NULL;
    if (!server)
        return mm_no_memory(err);
    int result = read_account(server, settings->url, err);
    if (result == 0) {
        const struct mm_service_settings inner = {.address = server->address,
                                                  .seed = settings->seed,
                                                  .progress = settings->progress,
                                                  .log = settings->log,
                                                  .ctx = settings->ctx};
        result = mm_service_open(&mm_service_subsonic, &inner, &server->session, err);
    }
    if (result == 0)
        result = mm_subsonic_ask(server, "ping", NULL, false, &json, &body, err);
    json_decref(json);
    if (result < 0) {
        mm_remote_close(server);
        return result;
    }
    *out = server;
    return 0;
}

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void mm_remote_close(struct mm_remote *server)
{
    if (!server)
        return;
    mm_service_close(server->session);
    forget(server->user);
    forget(server->password);
    free(server->address);
    free(server);
}

const char *mm_remote_address(const struct mm_remote *server)
{
    return server->address;
}

const char *mm_remote_id(const struct mm_remote *server, const char *key)
{
    size_t n = strlen(server->address);
    return strncmp(key, server->address, n) == 0 && key[n] == '#' ? key + n + 1 : NULL;
}

double mm_remote_resume_at(const struct mm_remote *server)
{
    return mm_service_resume_at(server->session);
}

/* ---- all songs ---- */

struct walk {
    mm_remote_song_fn *fn;
    void *ctx;
    size_t told;
    char *first; /* id that the last page began with: a server that ignores offsets never ends */
};

/* Tells the songs of an array; *n = how many objects there were, 0 when it is the last page again.
 */
static int tell(struct walk *walk, const json_t *songs, size_t *n, struct mm_error *err)
{
    int result = 0;
    *n = json_array_size(songs);
    char *first = mm_json_id(json_array_get(songs, 0), "id");
    if (first && walk->first && strcmp(first, walk->first) == 0)
        *n = 0;
    free(walk->first);
    walk->first = first;
    for (size_t i = 0; i < *n && result == 0; i++) {
        struct mm_remote_song song;
        bool good;
        result = mm_remote_read_song(json_array_get(songs, i), &song, &good);
        if (result < 0)
            return mm_no_memory(err);
        if (good) {
            walk->told++;
            result = walk->fn(walk->ctx, &song, err);
        }
        mm_track_finish(&song.track);
    }
    return result;
}

static int search_page(struct mm_remote *server, struct walk *walk, size_t offset, size_t *n,
                       struct mm_error *err)
{
    json_t *json;
    const json_t *body;
    char parameters[128];
    snprintf(parameters, sizeof parameters,
             "&query=&artistCount=0&albumCount=0&songCount=%d&songOffset=%zu", PAGE, offset);
    *n = 0;
    int result = mm_subsonic_ask(server, "search3", parameters, false, &json, &body, err);
    if (result == 0)
        result =
            tell(walk, json_object_get(json_object_get(body, "searchResult3"), "song"), n, err);
    json_decref(json);
    return result;
}

static int tell_album(struct mm_remote *server, struct walk *walk, const char *id,
                      struct mm_error *err)
{
    json_t *json;
    const json_t *body;
    size_t n;
    struct mm_text parameters = {0};
    mm_text_add(&parameters, "&id=");
    mm_address_escape(&parameters, id);
    int result = parameters.failed ? mm_no_memory(err)
                                   : mm_subsonic_ask(server, "getAlbum", parameters.data, false,
                                                     &json, &body, err);
    mm_text_finish(&parameters);
    if (result == MM_ERR_NOT_FOUND) /* removed since it was listed */
        return 0;
    if (result < 0)
        return result;
    free(walk->first);
    walk->first = NULL;
    result = tell(walk, json_object_get(json_object_get(body, "album"), "song"), &n, err);
    json_decref(json);
    return result;
}

/* Older servers find nothing when asked for nothing: album by album. */
static int each_album(struct mm_remote *server, struct walk *walk, struct mm_error *err)
{
    int result = 0;
    for (size_t offset = 0, n = 1; n && result == 0; offset += n) {
        json_t *json;
        const json_t *body;
        char parameters[96];
        snprintf(parameters, sizeof parameters, "&type=alphabeticalByName&size=%d&offset=%zu", PAGE,
                 offset);
        result = mm_subsonic_ask(server, "getAlbumList2", parameters, false, &json, &body, err);
        if (result < 0)
            return result;
        const json_t *albums = json_object_get(json_object_get(body, "albumList2"), "album");
        n = json_array_size(albums);
        static const size_t MOST = 10000000;
        if (offset > MOST)
            n = 0;
        for (size_t i = 0; i < n && result == 0; i++) {
            char *id = mm_json_id(json_array_get(albums, i), "id");
            result = id ? tell_album(server, walk, id, err) : 0;
            free(id);
        }
        json_decref(json);
    }
    return result;
}

int mm_remote_each(struct mm_remote *server, mm_remote_song_fn *fn, void *ctx, struct mm_error *err)
{
    struct walk walk = {.fn = fn, .ctx = ctx};
    size_t n = 0;
    int result = search_page(server, &walk, 0, &n, err);
    for (size_t offset = n; result == 0 && n; offset += n)
        result = search_page(server, &walk, offset, &n, err);
    bool refused = result == MM_ERR_IO || result == MM_ERR_NOT_FOUND; /* it knows no such call */
    if ((result == 0 || refused) && !walk.told)
        result = each_album(server, &walk, err);
    free(walk.first);
    return result;
}

/* ---- sound ---- */

/* Errors come as text where sound was asked for; *code gets it. */
static bool is_words(const char *path, int *code)
{
    char text[4096];
    json_t *json = NULL;
    const char *words;
    struct mm_error ignored;
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        fclose(f);
    *code = 0;
    if (n == 0 || n == sizeof text || (text[0] != '{' && text[0] != '<'))
        return false;
    if (mm_json_parse(text, n, &json, &ignored) == 0)
        *code = error_code(json_object_get(json, "subsonic-response"), &words);
    json_decref(json);
    return true;
}

static int fetch_as_now(struct mm_remote *server, const char *id, const char *path,
                        const struct mm_progress *progress, int *code, struct mm_error *err)
{
    struct mm_text url = {0};
    struct mm_text parameters = {0};
    struct mm_http_result got;
    bool stream = server->bitrate || server->no_download;
    *code = 0;
    mm_text_add(&parameters, "&id=");
    mm_address_escape(&parameters, id);
    if (server->bitrate)
        mm_text_addf(&parameters, "&format=mp3&maxBitRate=%u", server->bitrate);
    int result = parameters.failed ? mm_no_memory(err)
                                   : make_address(server, stream ? "stream" : "download",
                                                  parameters.data, &url, err);
    if (result == 0) {
        const struct mm_http_download what = {
            .url = url.data, .path = path, .limit = LARGEST_SONG, .stage = "fetching"};
        const struct mm_progress quiet = {.cancel = progress ? progress->cancel : NULL};
        struct mm_error secret = {0}; /* its words hold the address, and that the token */
        result = mm_http_fetch(&what, &quiet, &got, &secret);
        if (result < 0 && result != MM_ERR_CANCELLED)
            result = mm_error_set(err, (enum mm_err)result, "%s did not give song %.100s%s",
                                  server->address, id,
                                  result == MM_ERR_NOT_FOUND ? ": it is not there any more"
                                  : result == MM_ERR_LIMIT   ? ": it is larger than 1 GiB"
                                                             : "");
        else if (result < 0)
            mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        explicit_bzero(&secret, sizeof secret);
    }
    wipe(&url);
    mm_text_finish(&parameters);
    if (result == MM_ERR_AGAIN && is_words(path, code))
        unlink(path); /* half of an error is no beginning of a song */
    if (result == 0 && is_words(path, code))
        result = *code == NOT_THERE
                     ? mm_error_set(err, MM_ERR_NOT_FOUND, "%s: song %.100s is not there any more",
                                    server->address, id)
                     : mm_error_set(err, MM_ERR_IO, "%s refuses to give song %.100s (%d)",
                                    server->address, id, *code);
    return result;
}

int mm_remote_fetch(struct mm_remote *server, const char *id, const char *path,
                    const struct mm_progress *progress, struct mm_error *err)
{
    enum { TRIES = 5 };
    int code;
    /* Threads: the way in was found when it was opened; what this call learns is its own. */
    struct mm_remote own = *server;
    int result = MM_ERR_AGAIN;
    for (int i = 0; i < TRIES && result == MM_ERR_AGAIN; i++) {
        if (i > 0)
            usleep(100000U << i); /* what has arrived stays: it goes on behind it */
        result = fetch_as_now(&own, id, path, progress, &code, err);
        if (result < 0 && code == NOT_ALLOWED && !own.no_download) {
            own.no_download = true; /* this user may hear, but not have */
            unlink(path);
            result = MM_ERR_AGAIN;
            i = -1; /* that was no try, but the way in */
        }
    }
    if (result < 0)
        unlink(path);
    return result;
}
