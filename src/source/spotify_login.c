/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's consent: Authorization Code with PKCE (RFC 7636). The browser is sent to Spotify and
 * comes back to a socket of ours on 127.0.0.1 (RFC 8252: a loopback literal, any port); the state
 * in its address proves that it comes from our question, the verifier that the code is ours to
 * trade.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/address.h"
#include "source/spotify.h"

enum { PATIENCE_S = 300, REQUEST = 8192 };

/* n bytes as base64url without padding: 4 characters for every 3. */
static void base64url(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t k = 0;
    unsigned bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            out[k++] = digits[held >> (bits - 6) & 63];
    }
    if (bits)
        out[k++] = digits[held << (6 - bits) & 63];
    out[k] = '\0';
}

static int random_word(char out[44], struct mm_error *err)
{
    unsigned char bytes[32];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return mm_error_errno(err, errno, "no random numbers");
    base64url(bytes, sizeof bytes, out);
    return 0;
}

struct login {
    int listener;
    char redirect[64];
    char verifier[44], state[44];
    char *code;
};

static int start_listening(struct login *login, struct mm_error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    login->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (login->listener < 0 ||
        bind(login->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(login->listener, 4) != 0 ||
        getsockname(login->listener, (struct sockaddr *)&address, &length) != 0)
        return mm_error_errno(err, errno, "cannot listen for the browser");
    snprintf(login->redirect, sizeof login->redirect, "http://127.0.0.1:%d/callback",
             ntohs(address.sin_port));
    return 0;
}

/* ---- what the browser brings ---- */

/* The byte that "%41" means, at the '%'; -1 when it means none. */
static int coded_byte(const char *at)
{
    char digits[3] = {at[1], at[1] ? at[2] : '\0', '\0'};
    if (at[0] != '%' || !isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
        return -1;
    return (int)strtol(digits, NULL, 16);
}

/* The value of name in a query that ends at a blank; heap, NULL when it is not there. */
static char *parameter(const char *query, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = query; *at && *at != ' '; at += strcspn(at, "& "), at += *at == '&') {
        if (strncmp(at, name, n) != 0 || at[n] != '=')
            continue;
        const char *value = at + n + 1;
        size_t length = strcspn(value, "& ");
        char *out = malloc(length + 1);
        size_t k = 0;
        for (size_t i = 0; out && i < length; i++) {
            int coded = i + 2 < length ? coded_byte(value + i) : -1;
            out[k++] = coded >= 0 ? (char)coded : value[i];
            i += coded >= 0 ? 2 : 0;
        }
        if (out)
            out[k] = '\0';
        return out;
    }
    return NULL;
}

static void reply(int fd, const char *status, const char *words)
{
    char *text = mm_format("HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
                           "Connection: close\r\n\r\n<!doctype html><title>musicmap</title><p>%s\n",
                           status, words);
    if (text && send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        (void)0; /* the browser has gone: the code is ours all the same */
    free(text);
}

/* 1 = the question is answered, 0 = that was something else, < 0 = refused. */
static int take_request(struct login *login, int fd, struct mm_error *err)
{
    char request[REQUEST];
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    size_t length = 0;
    while (length < sizeof request - 1) {
        ssize_t got = recv(fd, request + length, sizeof request - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    request[length] = '\0';
    if (strncmp(request, "GET /callback?", 14) != 0) {
        reply(fd, "404 Not Found", "Nothing here.");
        return 0;
    }
    char *state = parameter(request + 14, "state");
    char *refusal = parameter(request + 14, "error");
    char *code = parameter(request + 14, "code");
    int result = 0;
    if (!state || strcmp(state, login->state) != 0) {
        reply(fd, "400 Bad Request", "This answer belongs to another question.");
    } else if (code) {
        login->code = code;
        code = NULL;
        reply(fd, "200 OK", "Thank you. You can close this page and go back to musicmap.");
        result = 1;
    } else {
        reply(fd, "200 OK", "musicmap may not do that. You can close this page.");
        result = mm_error_set(err, MM_ERR_IO, "Spotify says that you did not consent (%.60s)",
                              refusal ? refusal : "no code");
    }
    explicit_bzero(request, sizeof request);
    free(code);
    free(refusal);
    free(state);
    return result;
}

static int wait_for_code(struct mm_service_session *s, struct login *login, struct mm_error *err)
{
    for (int tenths = 0; tenths < 10 * PATIENCE_S; tenths++) {
        struct pollfd ready = {.fd = login->listener, .events = POLLIN};
        if (mm_progress_cancelled(s->settings.progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped while waiting for your consent");
        if (poll(&ready, 1, 100) <= 0)
            continue;
        int fd = accept(login->listener, NULL, NULL);
        int result = fd < 0 ? 0 : take_request(login, fd, err);
        if (fd >= 0)
            close(fd);
        if (result != 0)
            return result < 0 ? result : 0;
    }
    return mm_error_set(err, MM_ERR_CANCELLED, "nobody consented within %d minutes",
                        PATIENCE_S / 60);
}

/* ---- the three steps ---- */

static int ask_browser(struct mm_service_session *s, const struct login *login,
                       struct mm_error *err)
{
    unsigned char digest[MM_HASH_SIZE];
    char challenge[48];
    int result = mm_hash_bytes(login->verifier, strlen(login->verifier), digest, err);
    if (result < 0)
        return result;
    base64url(digest, sizeof digest, challenge);
    struct mm_text url = {0};
    mm_text_addf(&url, "%s/authorize?response_type=code&client_id=", s->spotify->accounts);
    mm_address_escape(&url, s->client_id);
    mm_text_add(&url, "&redirect_uri=");
    mm_address_escape(&url, login->redirect);
    mm_text_add(&url, "&scope=");
    mm_address_escape(&url, s->settings.may_write ? MM_SPOTIFY_SCOPES " " MM_SPOTIFY_WRITE
                                                  : MM_SPOTIFY_SCOPES);
    mm_text_addf(&url, "&state=%s&code_challenge_method=S256&code_challenge=%s", login->state,
                 challenge);
    if (url.failed)
        result = mm_no_memory(err);
    else
        s->settings.browse(s->settings.ctx, url.data);
    mm_text_finish(&url);
    return result;
}

static int trade_code(struct mm_service_session *s, const struct login *login, struct mm_error *err)
{
    struct mm_text form = {0};
    bool dead;
    mm_text_add(&form, "grant_type=authorization_code&code=");
    mm_address_escape(&form, login->code);
    mm_text_add(&form, "&redirect_uri=");
    mm_address_escape(&form, login->redirect);
    mm_text_add(&form, "&client_id=");
    mm_address_escape(&form, s->client_id);
    mm_text_addf(&form, "&code_verifier=%s", login->verifier);
    int result =
        form.failed ? mm_no_memory(err) : mm_spotify_take_token(s, form.data, NULL, &dead, err);
    if (form.data)
        explicit_bzero(form.data, form.length);
    mm_text_finish(&form);
    return result;
}

int mm_spotify_login(struct mm_service_session *s, struct mm_error *err)
{
    if (!s->settings.browse)
        return mm_error_set(err, MM_ERR_USAGE,
                            "Spotify wants your consent: run this where a browser can be opened");
    struct login login = {.listener = -1};
    int result = start_listening(&login, err);
    if (result == 0)
        result = random_word(login.verifier, err);
    if (result == 0)
        result = random_word(login.state, err);
    if (result == 0)
        result = ask_browser(s, &login, err);
    if (result == 0)
        result = wait_for_code(s, &login, err);
    if (result == 0)
        result = trade_code(s, &login, err);
    if (login.listener >= 0)
        close(login.listener);
    if (login.code)
        explicit_bzero(login.code, strlen(login.code));
    free(login.code);
    explicit_bzero(&login, sizeof login);
    return result;
}
