/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens. Without a user: client credentials, asked for anew when they end. With one: a refresh
 * token from a consent (spotify_login.c), kept in a file of mode 0600; Spotify may replace it at
 * every use, and ends it six months after the consent, whatever its use.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "http/address.h"
#include "source/spotify.h"

/* ---- the token file ---- */

static int make_parent(const char *path, struct mm_error *err)
{
    char *folder = mm_strndup(path, (size_t)(mm_path_name(path) - path));
    int result = folder ? mm_file_make_folder(folder, err) : mm_no_memory(err);
    free(folder);
    return result;
}

/* The file is there whole or not at all, and never readable by others, not even for a moment. */
static int save_refresh(const struct mm_spotify *spotify, struct mm_error *err)
{
    char *temporary = mm_format("%s.%ld", spotify->token_file, (long)getpid());
    char *text = mm_format("%s\n", spotify->refresh);
    int fd = -1;
    int result = temporary && text ? make_parent(spotify->token_file, err) : mm_no_memory(err);
    if (result == 0) {
        unlink(temporary);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        size_t n = strlen(text);
        if (fd < 0 || write(fd, text, n) != (ssize_t)n || fsync(fd) != 0 ||
            rename(temporary, spotify->token_file) != 0)
            result = mm_error_errno(err, errno, "cannot keep the token in %s", spotify->token_file);
    }
    if (fd >= 0)
        close(fd);
    if (result < 0 && temporary)
        unlink(temporary);
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    free(temporary);
    return result;
}

static void load_refresh(struct mm_spotify *spotify)
{
    char *text = NULL;
    size_t n;
    if (mm_file_read(spotify->token_file, 4096, &text, &n, NULL) < 0)
        return;
    size_t length = strcspn(text, "\r\n");
    if (length && length < 2048)
        spotify->refresh = mm_strndup(text, length);
    explicit_bzero(text, n);
    free(text);
}

static void wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static void forget_consent(struct mm_spotify *spotify)
{
    wipe(&spotify->refresh);
    wipe(&spotify->authorization);
    unlink(spotify->token_file);
}

/* Runs share one consent, and a refresh token is good for one use: who uses it does so alone. A
 * descriptor to close; -1 = it could not be had in a minute, or there is no folder yet. */
static int lock_tokens(const struct mm_service_session *s)
{
    const char *file = s->spotify->token_file;
    char *folder = mm_strndup(file, (size_t)(mm_path_name(file) - file));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    for (int tenths = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; tenths++) {
        if (tenths == 600 || mm_progress_cancelled(s->settings.progress)) {
            close(fd);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return fd;
}

int mm_service_logout(const struct mm_service *service, struct mm_error *err)
{
    if (service != &mm_service_spotify)
        return 0;
    char *path = mm_config_path("spotify-token");
    int result = 0;
    if (path && unlink(path) != 0 && errno != ENOENT)
        result = mm_error_errno(err, errno, "cannot remove %s", path);
    free(path);
    return result;
}

/* ---- life ---- */

int mm_spotify_open(struct mm_service_session *s, struct mm_error *err)
{
    if (s->settings.offline)
        return 0;
    const char *other = getenv("MUSICMAP_URL_SPOTIFY_ACCOUNTS");
    s->spotify = calloc(1, sizeof *s->spotify);
    if (!s->spotify)
        return mm_no_memory(err);
    s->spotify->accounts = mm_strdup(other && *other ? other : "https://accounts.spotify.com");
    s->spotify->token_file = mm_config_path("spotify-token");
    if (!s->spotify->accounts || !s->spotify->token_file)
        return mm_error_set(err, MM_ERR_USAGE, "there is no home folder to keep a token in");
    s->client_id = mm_credential("SPOTIFY_CLIENT_ID", err);
    if (s->client_id && !s->settings.as_user)
        s->client_secret = mm_credential("SPOTIFY_CLIENT_SECRET", err);
    if (!s->client_id || (!s->settings.as_user && !s->client_secret)) {
        mm_error_prefix(err, "Spotify wants an app of your own (developer.spotify.com)");
        return MM_ERR_USAGE;
    }
    if (s->settings.as_user)
        load_refresh(s->spotify);
    return 0;
}

void mm_spotify_close(struct mm_service_session *s)
{
    struct mm_spotify *spotify = s->spotify;
    if (!spotify)
        return;
    wipe(&spotify->refresh);
    wipe(&spotify->authorization);
    free(spotify->accounts);
    free(spotify->token_file);
    free(spotify);
    s->spotify = NULL;
}

/* ---- asking for tokens ---- */

struct grant {
    json_t *json;
};

/* A token or an error in JSON; else it is asked again. */
static enum mm_http_verdict judge(void *ctx, const struct mm_http_response *response, int tries,
                                  double *wait_s)
{
    (void)tries;
    (void)wait_s;
    struct grant *grant = ctx;
    struct mm_error ignored;
    json_decref(grant->json);
    if (mm_json_parse(response->body, response->size, &grant->json, &ignored) < 0 ||
        !json_is_object(grant->json))
        return MM_HTTP_AGAIN;
    if (response->status < 400 && !mm_json_text(grant->json, "access_token"))
        return MM_HTTP_AGAIN;
    return MM_HTTP_TAKE;
}

static int take_reply(struct mm_service_session *s, const json_t *json, struct mm_error *err)
{
    struct mm_spotify *spotify = s->spotify;
    const char *refresh = mm_json_text(json, "refresh_token");
    double life = mm_json_number(json, "expires_in", 1, 1e6);
    /* A replaced refresh token is kept before anything else: the old one is dead already. */
    if (refresh && (!spotify->refresh || strcmp(refresh, spotify->refresh) != 0)) {
        wipe(&spotify->refresh);
        spotify->refresh = mm_strdup(refresh);
        int result = spotify->refresh ? save_refresh(spotify, err) : mm_no_memory(err);
        if (result < 0)
            return result;
    }
    const char *scope = mm_json_text(json, "scope");
    spotify->narrow = s->settings.may_write && scope && !strstr(scope, MM_SPOTIFY_WRITE);
    wipe(&spotify->authorization);
    spotify->authorization = mm_format("Bearer %s", mm_json_text(json, "access_token"));
    spotify->dies = mm_http_session_now(s->http) + (life > 0 ? life : 3600) - 30;
    return spotify->authorization ? 0 : mm_no_memory(err);
}

int mm_spotify_take_token(struct mm_service_session *s, const char *form, const char *authorization,
                          bool *dead, struct mm_error *err)
{
    char *url = mm_format("%s/api/token", s->spotify->accounts);
    struct grant grant = {0};
    const struct mm_http_request request = {.url = url,
                                            .form = form,
                                            .authorization = authorization,
                                            .limit = 65536,
                                            .judge = judge,
                                            .ctx = &grant};
    struct mm_http_response response = {0};
    *dead = false;
    int result = url ? mm_http_do(s->http, &request, &response, err) : mm_no_memory(err);
    if (result == 0 && response.status >= 400) {
        const char *error = mm_json_text(grant.json, "error");
        const char *words = mm_json_text(grant.json, "error_description");
        *dead = error && strcmp(error, "invalid_grant") == 0;
        result = mm_error_set(err, MM_ERR_USAGE, "Spotify gives no token: %.200s",
                              words   ? words
                              : error ? error
                                      : "it does not say why");
    } else if (result == 0) {
        result = take_reply(s, grant.json, err);
    }
    if (response.body)
        explicit_bzero(response.body, response.size);
    mm_http_response_finish(&response);
    json_decref(grant.json);
    free(url);
    return result;
}

/* "Basic " + base64(id:secret) */
static char *basic(const char *id, const char *secret)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *pair = mm_format("%s:%s", id, secret);
    struct mm_text out = {0};
    mm_text_add(&out, "Basic ");
    size_t n = pair ? strlen(pair) : 0;
    for (size_t i = 0; i < n; i += 3) {
        unsigned group = (unsigned)(unsigned char)pair[i] << 16;
        group |= i + 1 < n ? (unsigned)(unsigned char)pair[i + 1] << 8 : 0;
        group |= i + 2 < n ? (unsigned)(unsigned char)pair[i + 2] : 0;
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        i + 1 < n ? digits[group >> 6 & 63] : '=',
                        i + 2 < n ? digits[group & 63] : '='};
        mm_text_add_bytes(&out, four, 4);
    }
    out.failed |= !pair;
    wipe(&pair);
    return mm_text_steal(&out);
}

static int authorize_app(struct mm_service_session *s, struct mm_error *err)
{
    char *authorization = basic(s->client_id, s->client_secret);
    bool dead;
    int result = authorization ? mm_spotify_take_token(s, "grant_type=client_credentials",
                                                       authorization, &dead, err)
                               : mm_no_memory(err);
    wipe(&authorization);
    return result;
}

static int refresh(struct mm_service_session *s, bool *dead, struct mm_error *err)
{
    struct mm_text form = {0};
    mm_text_add(&form, "grant_type=refresh_token&refresh_token=");
    mm_address_escape(&form, s->spotify->refresh);
    mm_text_add(&form, "&client_id=");
    mm_address_escape(&form, s->client_id);
    int result =
        form.failed ? mm_no_memory(err) : mm_spotify_take_token(s, form.data, NULL, dead, err);
    if (form.data)
        explicit_bzero(form.data, form.length);
    mm_text_finish(&form);
    return result;
}

/* Renews by the token in the file, which another run may have put there since ours. */
static int refresh_alone(struct mm_service_session *s, bool *needs_consent, struct mm_error *err)
{
    struct mm_spotify *spotify = s->spotify;
    bool dead = false;
    int result = 0;
    int lock = lock_tokens(s);
    wipe(&spotify->refresh);
    load_refresh(spotify);
    *needs_consent = !spotify->refresh;
    if (spotify->refresh) {
        result = refresh(s, &dead, err);
        *needs_consent = dead || (result == 0 && spotify->narrow);
        if (dead)
            forget_consent(spotify); /* never tried again: only a new consent helps */
    }
    if (lock >= 0)
        close(lock);
    return result;
}

int mm_spotify_authorize(struct mm_service_session *s, bool force, struct mm_error *err)
{
    struct mm_spotify *spotify = s->spotify;
    if (!spotify)
        return mm_error_set(err, MM_ERR_USAGE, "offline: nothing is fetched");
    if (!force && spotify->authorization && mm_http_session_now(s->http) < spotify->dies)
        return 0;
    if (!s->settings.as_user)
        return authorize_app(s, err);
    bool needs_consent;
    int result = refresh_alone(s, &needs_consent, err);
    if (!needs_consent)
        return result;
    result = mm_spotify_login(s, err);
    if (result == 0 && spotify->narrow)
        return mm_error_set(err, MM_ERR_IO, "Spotify does not let musicmap change your playlists");
    return result;
}
