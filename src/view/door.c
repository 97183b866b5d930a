/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/door.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/secret.h"
#include "base/text.h"
#include "view/http.h"
#include "view/listen.h"
#include "view/login_page.h"
#include "view/session.h"
#include "view/throttle.h"

enum { BODY_BYTES = 256 * 1024, FORM_BYTES = 4096 };

/* Of one address: requests of a page that draws a large map at once, then a steady stream. One
 * without a session costs STRANGER of them; passwords have a count of their own. */
#define BURST       3000.0
#define RATE        200.0
#define STRANGER    20.0
#define TRIES       5.0
#define TRIES_A_SEC 0.1

struct mm_door {
    char *bound;  /* address that is listened at */
    char *origin; /* "https://music.example" as browsers name it; NULL = not told */
    char *record; /* of the password; NULL = there is no lock */
    struct mm_sessions *sessions;
    struct mm_throttle *requests, *tries;
    pthread_mutex_t checking; /* held while a password is checked: it costs 32 MB */
};

/* ---- making ---- */

/* "http[s]://name[:port]" out of a URL that has nothing else but a final slash. */
static int read_origin(const char *url, char **origin, struct mm_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-:[]";
    size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
                    : strncasecmp(url, "https://", 8) == 0 ? 8
                                                           : 0;
    size_t name = scheme ? strspn(url + scheme, allowed) : 0;
    const char *rest = url + scheme + name;
    if (name == 0 || *rest != '\0') {
        size_t path = name && *rest == '/' ? strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz"
                                                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                              "0123456789.-_/")
                                           : 0;
        if (name == 0 || *rest != '/' || rest[1 + path] != '\0')
            return mm_error_set(err, MM_ERR_USAGE,
                                "%s is no address of a server, as https://music.example", url);
    }
    *origin = mm_strndup(url, scheme + name);
    return *origin ? 0 : mm_no_memory(err);
}

int mm_door_create(const struct mm_server_settings *settings, struct mm_door **out,
                   struct mm_error *err)
{
    struct mm_door *door = calloc(1, sizeof *door);
    *out = NULL;
    if (!door)
        return mm_no_memory(err);
    pthread_mutex_init(&door->checking, NULL);
    int result = 0;
    door->bound = mm_strdup(settings->address ? settings->address : "127.0.0.1");
    door->record = mm_strdup(settings->password);
    if (!door->bound || (settings->password && !door->record))
        result = mm_no_memory(err);
    else if (door->record && !mm_password_is_record(door->record))
        result = mm_error_set(err, MM_ERR_USAGE, "that is no record of a password");
    else if (settings->url && !door->record)
        result = mm_error_set(err, MM_ERR_USAGE,
                              "a server that others reach at %s needs a password", settings->url);
    if (result == 0 && settings->url)
        result = read_origin(settings->url, &door->origin, err);
    if (result == 0)
        result = mm_sessions_create(&door->sessions, err);
    if (result == 0)
        result = mm_throttle_create(BURST, RATE, &door->requests, err);
    if (result == 0)
        result = mm_throttle_create(TRIES, TRIES_A_SEC, &door->tries, err);
    if (result < 0)
        mm_door_destroy(door);
    else
        *out = door;
    return result;
}

void mm_door_destroy(struct mm_door *door)
{
    if (!door)
        return;
    mm_throttle_destroy(door->tries);
    mm_throttle_destroy(door->requests);
    mm_sessions_destroy(door->sessions);
    pthread_mutex_destroy(&door->checking);
    free(door->record);
    free(door->origin);
    free(door->bound);
    free(door);
}

bool mm_door_is_locked(const struct mm_door *door)
{
    return door->record != NULL;
}

static bool is_secure(const struct mm_door *door)
{
    return door->origin && strncasecmp(door->origin, "https:", 6) == 0;
}

/* The prefix makes browsers refuse one that a neighbouring name or plain HTTP would plant. */
const char *mm_door_cookie(const struct mm_door *door)
{
    return is_secure(door) ? "__Host-musicmap" : "musicmap";
}

static bool is_form(const char *path)
{
    return strcmp(path, "/login") == 0 || strcmp(path, "/logout") == 0;
}

size_t mm_door_body_limit(const struct mm_door *door, const char *path)
{
    return mm_door_is_locked(door) && is_form(path) ? FORM_BYTES : BODY_BYTES;
}

/* ---- who it is ---- */

static const char *header(const struct mm_knock *knock, const char *name)
{
    return knock->header(knock->ctx, name);
}

bool mm_door_is_near(const struct mm_door *door, const struct mm_knock *knock)
{
    return !door->origin && mm_listen_is_loopback(knock->from);
}

/* Who asks; behind a proxy on this machine, whom it heard: it writes that at the end. */
static uint64_t who(const struct mm_door *door, const struct mm_knock *knock)
{
    const char *list = header(knock, "X-Forwarded-For");
    if (door->origin && list && mm_listen_is_loopback(knock->from)) {
        const char *comma = strrchr(list, ',');
        const char *last = comma ? comma + 1 : list;
        uint64_t heard = mm_throttle_who_text(last + strspn(last, " \t"));
        if (heard)
            return heard;
    }
    return mm_throttle_who(knock->from);
}

static bool has_session(struct mm_door *door, const struct mm_knock *knock)
{
    return mm_session_is(door->sessions, (int64_t)knock->now, knock->session);
}

/* ---- what is refused ---- */

static bool refuse(struct mm_reply *reply, unsigned status, const char *why)
{
    mm_reply_error(reply, status, why);
    return true;
}

static bool host_is_ours(const struct mm_door *door, const char *host)
{
    if (door->origin && host && strcasecmp(strstr(door->origin, "//") + 2, host) == 0)
        return true;
    return mm_http_host_allowed(host, door->bound);
}

static bool origin_is_ours(const struct mm_door *door, const struct mm_knock *knock)
{
    const char *origin = header(knock, "Origin");
    if (door->origin && origin && strcasecmp(door->origin, origin) == 0)
        return true;
    return mm_http_same_origin(origin, header(knock, "Host"));
}

/* What a stranger may ask for: the form, and to send it. */
static bool is_open(const struct mm_knock *knock)
{
    bool post = strcmp(knock->method, "POST") == 0;
    return strcmp(knock->path, "/login.css") == 0 || strcmp(knock->path, "/login") == 0 ||
           (post && strcmp(knock->path, "/logout") == 0);
}

/* A POST must come from our own page, which alone can send its type (a stranger's page would have
 * to ask first; a form is of our origin), and be small. */
static bool refuse_post(struct mm_door *door, const struct mm_knock *knock, struct mm_reply *reply)
{
    bool form = mm_door_is_locked(door) && is_form(knock->path);
    if (!origin_is_ours(door, knock))
        return refuse(reply, 403, "only this server's own page may ask for that");
    const char *type = header(knock, "Content-Type");
    if (!type || strcmp(type, form ? "application/x-www-form-urlencoded" : "application/json") != 0)
        return refuse(reply, 415,
                      form ? "the body must be that of a form"
                           : "the body must be application/json");
    uint64_t length;
    if (header(knock, "Transfer-Encoding") ||
        !mm_http_number(header(knock, "Content-Length"), mm_door_body_limit(door, knock->path),
                        &length))
        return refuse(reply, 413, "the body is too large, or its length was not told before");
    return false;
}

static bool refuse_method(struct mm_door *door, const struct mm_knock *knock,
                          struct mm_reply *reply)
{
    bool post = strcmp(knock->method, "POST") == 0;
    if (post &&
        (mm_route_is_post(knock->path) || (mm_door_is_locked(door) && is_form(knock->path))))
        return refuse_post(door, knock, reply);
    if (strcmp(knock->method, "GET") != 0 && strcmp(knock->method, "HEAD") != 0)
        return refuse(reply, 405, "only GET and HEAD are answered");
    const char *length = header(knock, "Content-Length");
    if ((length && strcmp(length, "0") != 0) || header(knock, "Transfer-Encoding"))
        return refuse(reply, 413, "a request has no body here");
    return false;
}

static bool refuse_stranger(const struct mm_knock *knock, struct mm_reply *reply)
{
    refuse(reply, 401, "the password has to be given first, at /login");
    if (strcmp(knock->path, "/") == 0 && strcmp(knock->method, "POST") != 0) {
        reply->status = 303;
        reply->location = "login";
    }
    return true;
}

bool mm_door_refuse(struct mm_door *door, const struct mm_knock *knock, struct mm_reply *reply)
{
    *reply = (struct mm_reply){.fd = -1};
    if (!host_is_ours(door, header(knock, "Host")))
        return refuse(reply, 421, "this server does not answer to that name");
    bool known = !mm_door_is_locked(door) || has_session(door, knock);
    if (!mm_door_is_near(door, knock) &&
        !mm_throttle_take(door->requests, who(door, knock), knock->now, known ? 1 : STRANGER))
        return refuse(reply, 429, "that is more than one address may ask for");
    if (refuse_method(door, knock, reply))
        return true;
    if (known || is_open(knock))
        return false;
    return refuse_stranger(knock, reply);
}

/* ---- the form ---- */

static bool answer_text(struct mm_reply *reply, unsigned status, const char *mime, const char *text)
{
    *reply = (struct mm_reply){.fd = -1,
                               .status = status,
                               .mime = mime,
                               .bytes = (const unsigned char *)text,
                               .size = strlen(text),
                               .form = true,
                               .caching = MM_CACHE_NO_STORE};
    return true;
}

static bool answer_html(struct mm_reply *reply, unsigned status, const char *text)
{
    return answer_text(reply, status, "text/html; charset=utf-8", text);
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* The field "password" of a form; false: it has none, or one that nobody typed. */
static bool read_form(const char *body, char password[MM_PASSWORD_MAX + 1])
{
    static const char name[] = "password=";
    while (strncmp(body, name, sizeof name - 1) != 0) {
        body = strchr(body, '&');
        if (!body++)
            return false;
    }
    size_t n = 0;
    for (const char *p = body + sizeof name - 1; *p && *p != '&'; p++) {
        int c = (unsigned char)*p;
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = digit(p[1]);
            int low = high < 0 ? -1 : digit(p[2]);
            if (low < 0)
                return false;
            c = 16 * high + low;
            p += 2;
        }
        if (c == 0 || n == MM_PASSWORD_MAX)
            return false;
        password[n++] = (char)c;
    }
    password[n] = '\0';
    return true;
}

static bool answer_login(struct mm_door *door, const struct mm_knock *knock, const char *body,
                         struct mm_reply *reply)
{
    char password[MM_PASSWORD_MAX + 1];
    char name[MM_SESSION_NAME];
    if (!mm_throttle_take(door->tries, who(door, knock), knock->now, 1))
        return answer_html(reply, 429, mm_login_too_often);
    if (pthread_mutex_trylock(&door->checking) != 0)
        return answer_html(reply, 503, mm_login_busy);
    bool fits = read_form(body, password) && mm_password_fits(password, door->record);
    pthread_mutex_unlock(&door->checking);
    explicit_bzero(password, sizeof password);
    if (!fits)
        return answer_html(reply, 401, mm_login_wrong);
    if (mm_session_begin(door->sessions, (int64_t)knock->now, name, NULL) < 0)
        return answer_html(reply, 503, mm_login_busy);
    answer_html(reply, 303, "");
    reply->location = "./";
    snprintf(reply->cookie, sizeof reply->cookie,
             "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", mm_door_cookie(door), name,
             MM_SESSION_DAYS * 24 * 3600, is_secure(door) ? "; Secure" : "");
    return true;
}

static bool answer_logout(struct mm_door *door, const struct mm_knock *knock,
                          struct mm_reply *reply)
{
    mm_session_end(door->sessions, knock->session);
    answer_html(reply, 303, "");
    reply->location = "login";
    snprintf(reply->cookie, sizeof reply->cookie,
             "%s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict%s", mm_door_cookie(door),
             is_secure(door) ? "; Secure" : "");
    return true;
}

bool mm_door_answer(struct mm_door *door, const struct mm_knock *knock, const char *body,
                    struct mm_reply *reply)
{
    if (!mm_door_is_locked(door))
        return false;
    bool post = strcmp(knock->method, "POST") == 0;
    if (strcmp(knock->path, "/login.css") == 0)
        return answer_text(reply, 200, "text/css; charset=utf-8", mm_login_style);
    if (strcmp(knock->path, "/login") == 0 && post)
        return answer_login(door, knock, body, reply);
    if (strcmp(knock->path, "/login") == 0)
        return answer_html(reply, 200, has_session(door, knock) ? mm_login_inside : mm_login_form);
    if (strcmp(knock->path, "/logout") == 0 && post)
        return answer_logout(door, knock, reply);
    return false;
}

int mm_serve_password(const char *password, char record[MM_PASSWORD_RECORD_SIZE],
                      struct mm_error *err)
{
    return mm_password_record(password, record, err);
}
